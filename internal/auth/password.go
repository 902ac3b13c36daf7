package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/pendopo-id/pendopo/internal/fair"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// The cost of a password: OWASP's argon2id with 19 MiB and two passes, about 28 ms on a server's core.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1
	saltLen = 16
	keyLen  = 32
)

// MaxPassword bounds what is hashed at all.
const MaxPassword = 1024

// MinPassword is the least number of signs of a password that somebody chooses.
const MinPassword = 12

// slots are the passwords that may be worked on at once, each tenant in its turn, and patience is how long
// one waits for a slot: without them a flood of sign-ins takes the whole server, 20 MB and 28 ms each. Half
// the cores are left to everything else.
var slots = fair.New[tenant.ID](max(1, runtime.GOMAXPROCS(0)/2), 256)

// It is longer than the queue of a morning at which everybody signs in at once, on a slow machine.
const patience = 6 * time.Second

// slot waits for a place. The fault is "auth.busy".
func slot(ctx context.Context, t tenant.ID) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := slots.Enter(ctx, t); err != nil {
		return fault.Wrap(err, fault.Unavailable, "auth.busy").Retry(patience)
	}
	return nil
}

// Hash makes the text that is stored for a password, in the PHC form "$argon2id$v=19$m=...". It waits
// its turn; the fault is "auth.busy".
func Hash(ctx context.Context, t tenant.ID, password string) (string, error) {
	if err := slot(ctx, t); err != nil {
		return "", err
	}
	defer slots.Leave()
	return hash(password), nil
}

func hash(password string) string { return hashAt(password, memory, passes) }

func hashAt(password string, memory, passes uint32) string {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // does not fail
	key := argon2.IDKey([]byte(password), salt, passes, memory, threads, keyLen)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads, b64(salt), b64(key))
}

// Verify tells whether a password is the one that was stored. A stored text that cannot be read, such
// as the empty one of an account without a password, is an error. The fault is "auth.busy".
func Verify(ctx context.Context, t tenant.ID, stored, password string) (bool, error) {
	h, err := parse(stored)
	if err != nil {
		return false, err
	}
	if err := slot(ctx, t); err != nil {
		return false, err
	}
	defer slots.Leave()
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

// phc is a stored hash, with the cost that it was made at.
type phc struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

var errPHC = errors.New("auth: the stored hash is not argon2id in the PHC form")

func parse(s string) (h phc, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errPHC
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); n != 3 || err != nil {
		return h, errPHC
	}
	// A row that somebody wrote must not make one sign-in take the machine.
	if h.memory < 8 || h.memory > 256<<10 || h.passes < 1 || h.passes > 16 || h.threads < 1 || h.threads > 16 {
		return h, errPHC
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return h, errPHC
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return h, errPHC
	}
	return h, nil
}

// nobody is a hash of a password that nobody has: what is verified where there is no account, so that
// the answer takes as long as for one.
var nobody = sync.OnceValue(func() string { return hash(rand.Text()) })
