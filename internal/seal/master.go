package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xchacha20poly1305"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Master wraps the tenants' keys. It is shaped as a key management service is, so that the master key may
// stay in one: Keyring is the one that the service holds itself.
type Master interface {
	// Wrap encrypts a key; bound must be given again to unwrap it.
	Wrap(ctx context.Context, key, bound []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error)
	// Current tells whether wrapped is under the key with which Wrap wraps now.
	Current(wrapped []byte) bool
	// Derive makes keys of 32 bytes for another purpose, such as "audit checkpoints": one of each master key.
	// The first makes, all of them check. There is at least one.
	Derive(ctx context.Context, purpose string) ([][]byte, error)
}

// MasterLen is a master key's length in bytes.
const MasterLen = 32

// Keyring is a Master of keys that the process holds. The first wraps, each unwraps: that is how one takes
// the place of another.
type Keyring struct {
	keys    [][]byte
	current []byte // how what the first has wrapped begins
	aead    tink.AEAD
}

// NewKeyring makes a keyring of at least one key of MasterLen random bytes.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no master key")
	}
	r := &Keyring{}
	params, err := xchacha20poly1305.NewParameters(xchacha20poly1305.VariantTink)
	if err != nil {
		return nil, fmt.Errorf("seal: master key: %w", err)
	}
	m := keyset.NewManager()
	for i, key := range keys {
		if len(key) != MasterLen {
			return nil, fmt.Errorf("seal: master key %d has %d bytes instead of %d", i+1, len(key), MasterLen)
		}
		r.keys = append(r.keys, append([]byte(nil), key...))
		// Named after itself, so that every process calls it the same.
		name := binary.BigEndian.Uint32(derive(key, "id", 4)) | 1
		k, err := xchacha20poly1305.NewKey(secretdata.NewBytesFromData(derive(key, "wrap", 32), insecuresecretdataaccess.Token{}), name, params)
		if err != nil {
			return nil, fmt.Errorf("seal: master key: %w", err)
		}
		if _, err := m.AddKey(k); err != nil {
			return nil, fmt.Errorf("seal: master key %d is there twice", i+1)
		}
		if i == 0 {
			r.current = prefix(name)
			if err := m.SetPrimary(name); err != nil {
				return nil, fmt.Errorf("seal: master key: %w", err)
			}
		}
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("seal: master key: %w", err)
	}
	if r.aead, err = aead.New(handle); err != nil {
		return nil, fmt.Errorf("seal: master key: %w", err)
	}
	return r, nil
}

// derive makes a key for one purpose out of a master key, which itself encrypts nothing.
func derive(key []byte, purpose string, n int) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "pendopo "+purpose, n)
	if err != nil {
		panic(err) // n is a constant and small
	}
	return out
}

// Wrap implements Master.
func (r *Keyring) Wrap(_ context.Context, key, bound []byte) ([]byte, error) {
	return r.aead.Encrypt(key, bound)
}

// Unwrap implements Master.
func (r *Keyring) Unwrap(_ context.Context, wrapped, bound []byte) ([]byte, error) {
	return r.aead.Decrypt(wrapped, bound)
}

// Current implements Master.
func (r *Keyring) Current(wrapped []byte) bool { return hasPrefix(wrapped, r.current) }

// Derive implements Master.
func (r *Keyring) Derive(_ context.Context, purpose string) ([][]byte, error) {
	out := make([][]byte, len(r.keys))
	for i, key := range r.keys {
		out[i] = derive(key, "for "+purpose, 32)
	}
	return out, nil
}

// wrapper is a Master as Tink asks for one.
type wrapper struct{ Master }

func (w wrapper) EncryptWithContext(ctx context.Context, plain, bound []byte) ([]byte, error) {
	return w.Wrap(ctx, plain, bound)
}

func (w wrapper) DecryptWithContext(ctx context.Context, wrapped, bound []byte) ([]byte, error) {
	return w.Unwrap(ctx, wrapped, bound)
}
