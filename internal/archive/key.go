package archive

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/pendopo-id/pendopo/internal/seal"
)

// KeyHead says how the archive's key is made. Nothing in it is secret.
type KeyHead struct {
	Kind   string `json:"kind"` // "passphrase" or "file"
	Salt   []byte `json:"salt,omitempty"`
	Memory uint32 `json:"memory_kib,omitempty"` // argon2id
	Passes uint32 `json:"passes,omitempty"`
}

const (
	kindPassphrase = "passphrase"
	kindFile       = "file"

	// OWASP's cost is for a server that checks many; this is paid once an archive, against somebody who has the file
	// and all the time in the world.
	archiveMemory = 64 << 10 // KiB
	archivePasses = 4

	// What an archive may ask of who opens it.
	mostMemory = 1 << 20
	mostPasses = 64

	saltLen = 16
	// PassphraseLen is how many signs a passphrase has at least.
	PassphraseLen = 16
)

// Secret is what somebody keeps an archive with: one of the two.
type Secret struct {
	Passphrase string
	Key        []byte // 32 random bytes, as pendopo keys new prints them
}

var errSecret = fmt.Errorf("an archive needs a passphrase of at least %d signs, or a key file", PassphraseLen)

// Key wraps a region's keys within an archive and vouches for its manifest.
type Key struct {
	head KeyHead
	ring *seal.Keyring
	mac  []byte
}

// NewKey makes the key of a new archive.
func NewKey(ctx context.Context, s Secret) (*Key, error) {
	h := KeyHead{Kind: kindFile}
	if len(s.Key) == 0 {
		if utf8.RuneCountInString(s.Passphrase) < PassphraseLen {
			return nil, errSecret
		}
		h = KeyHead{Kind: kindPassphrase, Salt: make([]byte, saltLen), Memory: archiveMemory, Passes: archivePasses}
		_, _ = rand.Read(h.Salt) // does not fail
	}
	return keyOf(ctx, h, s)
}

// keyOf makes the key of an archive as its head says.
func keyOf(ctx context.Context, h KeyHead, s Secret) (*Key, error) {
	raw := s.Key
	switch h.Kind {
	case kindFile:
		if len(raw) == 0 {
			return nil, errors.New("the archive was made with a key file: give that")
		}
	case kindPassphrase:
		if s.Passphrase == "" {
			return nil, errors.New("the archive was made with a passphrase: give that")
		}
		if len(h.Salt) != saltLen || h.Memory == 0 || h.Memory > mostMemory || h.Passes == 0 || h.Passes > mostPasses {
			return nil, fmt.Errorf("%w: the passphrase's parameters", ErrSpoilt)
		}
		raw = argon2.IDKey([]byte(s.Passphrase), h.Salt, h.Passes, h.Memory, 1, seal.MasterLen)
	default:
		return nil, fmt.Errorf("%w: a key of the kind %q", ErrFormat, h.Kind)
	}
	ring, err := seal.NewKeyring(raw)
	if err != nil {
		return nil, err
	}
	keys, err := ring.Derive(ctx, "archive manifest")
	if err != nil {
		return nil, err
	}
	return &Key{h, ring, keys[0]}, nil
}

// vouch is the MAC of a manifest, in hex.
func (k *Key) vouch(manifest []byte) string {
	m := hmac.New(sha256.New, k.mac)
	m.Write(manifest)
	return hex.EncodeToString(m.Sum(nil))
}
