package app

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
)

// keyring gives a key for each purpose, so that none of them serves two.
type keyring interface {
	Derive(purpose string) []byte
}

// The purposes.
const (
	keyCheckpoints = "audit checkpoints"
	keyHashes      = "audit hashes"
)

// openKeys gives the installation's keys; nil with the error.
func openKeys(cfg config.Config) (keyring, error) {
	keys, err := openSecret(cfg)
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// secret is the simplest keyring: one secret that is configured, or that lies in the data folder.
type secret []byte

// Derive implements keyring.
func (s secret) Derive(purpose string) []byte {
	m := hmac.New(sha256.New, s)
	m.Write([]byte(purpose))
	return m.Sum(nil)
}

func openSecret(cfg config.Config) (secret, error) {
	if cfg.CheckpointKey != "" {
		return secret(cfg.CheckpointKey), nil
	}
	path := cfg.SecretPath()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the secret of the checkpoints: %w; set PENDOPO_CHECKPOINT_KEY, or choose a data folder that can be written", err)
	}
	if text := strings.TrimSpace(string(text)); len(text) >= 32 {
		return secret(text), nil
	}
	return nil, fmt.Errorf("the secret in %s is too short: restore it, or set PENDOPO_CHECKPOINT_KEY", path)
}

// makeSecret writes a new secret, whole or not at all. Of several processes that begin at once one's is taken.
func makeSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random)                                    // does not fail
	file, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, werr := file.WriteString(hex.EncodeToString(random) + "\n")
	if err := errors.Join(werr, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
