package seal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/store"
)

// row is a version of a tenant's keys, wrapped by the master key. The newest is in force. Older ones stay
// until whoever still seals with them has ended: see Rotate.
type row struct {
	bun.BaseModel `bun:"table:keysets,alias:keyset"`
	store.Owned
	Version   int64     `bun:"version,pk"`
	SealKeys  []byte    `bun:"seal_keys"` // NULL: destroyed
	IndexKeys []byte    `bun:"index_keys"`
	Erasures  int       `bun:"erasures"` // how often the tenant's keys have been destroyed
	CreatedAt time.Time `bun:"created_at"`
}

// Models are this package's tables.
var Models = store.Models{(*row)(nil)}

// handles are a row's keys, unwrapped: those that seal (AES-256-GCM) and those that index (HMAC-SHA256).
type handles struct{ seal, index *keyset.Handle }

func newHandles() (h handles, err error) {
	if h.seal, err = keyset.NewHandle(aead.AES256GCMKeyTemplate()); err != nil {
		return h, fmt.Errorf("seal: new key: %w", err)
	}
	if h.index, err = keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate()); err != nil {
		return h, fmt.Errorf("seal: new key: %w", err)
	}
	return h, nil
}

// keysFor is what a wrapped keyset is tied to: another tenant's, or the other column's, does not open.
func keysFor(t store.TenantID, column string) []byte {
	return []byte("pendopo keyset 1\n" + t.String() + "\n" + column)
}

// wrap puts the keys into a row.
func (h handles) wrap(ctx context.Context, m Master, t store.TenantID, r *row) (err error) {
	if r.SealKeys, err = wrapOne(ctx, m, h.seal, keysFor(t, "seal_keys")); err != nil {
		return err
	}
	r.IndexKeys, err = wrapOne(ctx, m, h.index, keysFor(t, "index_keys"))
	return err
}

func wrapOne(ctx context.Context, m Master, h *keyset.Handle, bound []byte) ([]byte, error) {
	var out carrier
	if err := h.WriteWithContext(ctx, &out, wrapper{m}, bound); err != nil {
		return nil, fmt.Errorf("seal: the master key does not wrap: %w", err)
	}
	return out.wrapped, nil
}

// carrier is where Tink writes a wrapped keyset and reads it from: the bytes that Wrap gave and nothing
// around them. In clear it carries none.
type carrier struct{ wrapped []byte }

var errClear = errors.New("seal: a keyset in clear")

func (c *carrier) WriteEncrypted(k *tinkpb.EncryptedKeyset) error {
	c.wrapped = k.GetEncryptedKeyset()
	return nil
}

func (c *carrier) ReadEncrypted() (*tinkpb.EncryptedKeyset, error) {
	return &tinkpb.EncryptedKeyset{EncryptedKeyset: c.wrapped}, nil
}

func (c *carrier) Write(*tinkpb.Keyset) error { return errClear }

func (c *carrier) Read() (*tinkpb.Keyset, error) { return nil, errClear }

func unwrap(ctx context.Context, m Master, t store.TenantID, r row) (h handles, err error) {
	if h.seal, err = unwrapOne(ctx, m, r.SealKeys, keysFor(t, "seal_keys")); err != nil {
		return h, err
	}
	h.index, err = unwrapOne(ctx, m, r.IndexKeys, keysFor(t, "index_keys"))
	return h, err
}

// ErrMaster says that the master key is another one than that which wrapped a tenant's keys.
var ErrMaster = errors.New("the master key does not open this region's keys: is it the one that they were wrapped with?")

func unwrapOne(ctx context.Context, m Master, wrapped, bound []byte) (*keyset.Handle, error) {
	h, err := keyset.ReadWithContext(ctx, &carrier{wrapped}, wrapper{m}, bound)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrMaster, err)
	}
	return h, nil
}

// prefix is how everything begins that a Tink key of this name has encrypted.
func prefix(name uint32) []byte { return binary.BigEndian.AppendUint32([]byte{1}, name) }

func hasPrefix(b, p []byte) bool { return len(p) > 0 && bytes.HasPrefix(b, p) }

// set is a row's keys, ready for use. It is immutable and shared by transactions.
type set struct {
	row    row
	until  time.Time
	aead   tink.AEAD
	first  []byte   // how what is sealed now begins
	others [][]byte // how what the older keys have sealed begins
	index  []*indexKey
}

// erased tells whether the keys have been destroyed.
func (s *set) erased() bool { return s.row.SealKeys == nil }

// turning tells whether a rotation has begun and not ended.
func (s *set) turning() bool { return len(s.others) > 0 || len(s.index) > 1 }

// knows tells whether one of the keys has sealed this, going by what it says of itself.
func (s *set) knows(sealed []byte) bool {
	if hasPrefix(sealed, s.first) {
		return true
	}
	for _, p := range s.others {
		if hasPrefix(sealed, p) {
			return true
		}
	}
	return false
}

func newSet(ctx context.Context, m Master, t store.TenantID, r row) (*set, error) {
	s := &set{row: r}
	if s.erased() {
		return s, nil
	}
	h, err := unwrap(ctx, m, t, r)
	if err != nil {
		return nil, err
	}
	if s.aead, err = aead.New(h.seal); err != nil {
		return nil, fmt.Errorf("seal: keys: %w", err)
	}
	for i := range h.seal.Len() {
		e, err := h.seal.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("seal: keys: %w", err)
		}
		if e.IsPrimary() {
			s.first = prefix(e.KeyID())
		} else {
			s.others = append(s.others, prefix(e.KeyID()))
		}
	}
	prfs, err := prf.NewPRFSet(h.index)
	if err != nil {
		return nil, fmt.Errorf("seal: keys: %w", err)
	}
	s.index = []*indexKey{{name: prfs.PrimaryID, prf: prfs.PRFs[prfs.PrimaryID]}}
	for name, p := range prfs.PRFs {
		if name != prfs.PrimaryID {
			s.index = append(s.index, &indexKey{name: name, prf: p})
		}
	}
	return s, nil
}

// indexKey is a key of indexes. Each field has one of its own, made out of it.
type indexKey struct {
	name uint32
	prf  prf.PRF
	mine sync.Map // purpose -> []byte
}

// indexLen is how much of the hash stands in an index: no two of a tenant's values will ever share it.
const indexLen = 16

// prefix is how the indexes of this key begin, so that a row that needs another one is found.
func (k *indexKey) prefix() []byte { return binary.BigEndian.AppendUint32(nil, k.name) }
