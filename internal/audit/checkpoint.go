package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Checkpoint says where a tenant's chain stood at a moment.
type Checkpoint struct {
	Tenant store.TenantID
	Seq    int64
	Hash   []byte
	At     time.Time // when it was made
}

// Sink keeps checkpoints outside the database. Folder is one; an object store in another place, whose
// versions cannot be deleted, would be another.
type Sink interface {
	// Put keeps a checkpoint, unless there is one of the same record or a later one, or one that is younger
	// than every. It gives the newest one that is kept then. Where that was made with an older key, it keeps one more, of
	// the same record, that vouches for it with the newest key. It keeps none behind one whose key it does not
	// have: ErrOtherKey. Several processes may call it.
	Put(ctx context.Context, c Checkpoint, every time.Duration) (newest Checkpoint, err error)
	// Read gives a tenant's checkpoints in their order, as they are when it is called. What was tampered with
	// comes as a *LineError between them, and what a later one vouches for, but was made with a key that is no longer
	// given, as a KeyGone.
	Read(ctx context.Context, t store.TenantID) iter.Seq2[Checkpoint, error]
}

// LineError is a checkpoint that is not what was written.
type LineError struct {
	File string
	Line int
	Seq  int64 // what it says, or 0
	What string
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// KeyGone is how many checkpoints in a row were made with keys that are no longer given. They prove nothing any
// more, and need not: the next one says that they were whole when its own key took their key's place.
type KeyGone int64

func (n KeyGone) Error() string {
	return fmt.Sprintf("%d checkpoints were made with a key that is no longer given", int64(n))
}

// ErrOtherKey is that of Put, where the newest checkpoint was made with a key that is not given.
var ErrOtherKey = errors.New("the newest line was made with a key that is not given: give it too, among PENDOPO_MASTER_KEY")

// line is a checkpoint as it is written. Its MAC is made under a key that the database does not have, over
// everything else in it, the MAC of the line before too: so a line cannot be changed, invented, moved to
// another tenant or taken out from between others.
type line struct {
	Tenant string `json:"tenant"`
	Seq    int64  `json:"seq"`
	Hash   string `json:"hash"`
	At     string `json:"at"`
	Prev   string `json:"prev"`
	Key    string `json:"key"` // which key made it, so that another key is not taken for tampering
	// Vouches is the key of the line before, where that is another one: whoever made this line had it, and found the
	// line before whole. So its key need not be kept for ever.
	Vouches string `json:"vouches,omitempty"`
	MAC     string `json:"mac"`
}

// sealer makes lines under a key, and checks those that it or an older one has made.
type sealer struct {
	key   []byte
	name  string
	older []sealer
}

// minKey is the least length of a key, in bytes.
const minKey = 16

func newSealer(keys ...[]byte) (s sealer, err error) {
	if len(keys) == 0 {
		return s, errors.New("audit: no key for the checkpoints")
	}
	for i, key := range keys {
		if len(key) < minKey {
			return sealer{}, fmt.Errorf("audit: a key of %d bytes, at least %d are needed", len(key), minKey)
		}
		one := sealer{key: key}
		one.name = hex.EncodeToString(one.sum("name"))[:8]
		if i == 0 {
			s = one
		} else {
			s.older = append(s.older, one)
		}
	}
	return s, nil
}

// named is the sealer of that name, whose older ones count too.
func (s sealer) named(name string) (sealer, bool) {
	for _, one := range append([]sealer{s}, s.older...) {
		if one.name == name {
			return one, true
		}
	}
	return sealer{}, false
}

func (s sealer) sum(text string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("pendopo checkpoint\n" + text))
	return m.Sum(nil)
}

func (s sealer) mac(l line) string {
	parts := []string{l.Tenant, strconv.FormatInt(l.Seq, 10), l.Hash, l.At, l.Prev, l.Key}
	if l.Vouches != "" {
		parts = append(parts, l.Vouches)
	}
	return hex.EncodeToString(s.sum(strings.Join(parts, "\n")))
}

// seal makes the line of a checkpoint that follows one with the MAC prev, made with a key of that name; "" is the first.
func (s sealer) seal(c Checkpoint, prev, key string) line {
	l := line{Tenant: c.Tenant.String(), Seq: c.Seq, Hash: hex.EncodeToString(c.Hash), At: store.TimeText(c.At), Prev: prev, Key: s.name}
	if key != s.name {
		l.Vouches = key
	}
	l.MAC = s.mac(l)
	return l
}

var (
	errUnreadable = errors.New("the line cannot be read")
	errOtherKey   = errors.New("the line was made with another key")
	errAltered    = errors.New("the line is not what was written")
	errOtherChain = errors.New("the line belongs to another tenant")
)

// open checks a line by itself; what it follows is the reader's matter.
func (s sealer) open(t store.TenantID, text []byte) (line, Checkpoint, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || l.MAC == "" {
		return l, Checkpoint{}, errUnreadable
	}
	by, known := s.named(l.Key)
	hash, herr := hex.DecodeString(l.Hash)
	at, terr := time.Parse(time.RFC3339Nano, l.At)
	switch {
	case herr != nil || terr != nil:
		return l, Checkpoint{}, errUnreadable
	case !known:
		return l, Checkpoint{}, errOtherKey
	case !hmac.Equal([]byte(l.MAC), []byte(by.mac(l))):
		return l, Checkpoint{}, errAltered
	case l.Tenant != t.String():
		return l, Checkpoint{}, errOtherChain
	}
	return l, Checkpoint{Tenant: t, Seq: l.Seq, Hash: hash, At: at.UTC()}, nil
}
