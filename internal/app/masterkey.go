package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// demoMasterKey is that of a demo on PostgreSQL which was given none. Everybody knows it: serve refuses it.
const demoMasterKey = "cGVuZG9wbyBkZW1vLCBrbm93biB0byBldmVyeWJvZHk="

var errNoMasterKey = errors.New("PENDOPO_MASTER_KEY is missing, under which the regions' personal data is sealed. " +
	"Make one with pendopo keys new, keep it apart from the database and its backups, and give the same to every process; " +
	"PENDOPO_MASTER_KEY_FILE reads it from a file")

// newMasterKey makes a master key, as PENDOPO_MASTER_KEY takes it.
func newMasterKey() string {
	key := make([]byte, seal.MasterLen)
	_, _ = rand.Read(key) // does not fail
	return base64.StdEncoding.EncodeToString(key)
}

// masterKeyText is the master key as it was given; fs.ErrNotExist means that its file is not there.
func masterKeyText(cfg config.Config) (string, error) {
	if cfg.MasterKey != "" {
		return cfg.MasterKey, nil
	}
	path := cfg.MasterKeyPath()
	if path == "" {
		return "", errNoMasterKey
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the master key: %w", err)
	}
	return string(raw), nil
}

func keyring(cfg config.Config) (*seal.Keyring, error) {
	text, err := masterKeyText(cfg)
	if err != nil {
		return nil, err
	}
	keys, err := config.MasterKeys(text)
	if err != nil {
		return nil, fmt.Errorf("the master key in %s: %w", masterKeySource(cfg), err)
	}
	return seal.NewKeyring(keys...)
}

func masterKeySource(cfg config.Config) string {
	if cfg.MasterKey != "" {
		return "PENDOPO_MASTER_KEY"
	}
	return cfg.MasterKeyPath()
}

// useMasterKey gives the open database its master key. Beside SQLite's file one is made at the first start.
func useMasterKey(ctx context.Context, cfg config.Config, db *store.DB, log *slog.Logger, made func(file string)) error {
	ring, err := keyring(cfg)
	if errors.Is(err, fs.ErrNotExist) && cfg.MasterKeyFile == "" {
		if ring, err = firstMasterKey(ctx, cfg, db); err == nil {
			made(cfg.MasterKeyPath())
		}
	}
	if err != nil {
		return err
	}
	if open := othersMayRead(cfg); open != "" {
		log.Warn("everybody on this machine can read the master key", "file", open, "mend", "chmod 600 "+open)
	}
	seal.Use(db, ring)
	return nil
}

// othersMayRead is the master key's file, if it is open to all of the machine's users.
func othersMayRead(cfg config.Config) string {
	if cfg.MasterKey != "" {
		return ""
	}
	info, err := os.Stat(cfg.MasterKeyPath())
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return ""
	}
	return cfg.MasterKeyPath()
}

// firstMasterKey makes the master key of a new SQLite database. Where something is sealed already the key is
// not missing but lost, and another one would be of no use.
func firstMasterKey(ctx context.Context, cfg config.Config, db *store.DB) (*seal.Keyring, error) {
	path := cfg.MasterKeyPath()
	rows, err := (&tenant.Provisioner{DB: db}).Tenants(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if has, err := seal.HasKeys(ctx, db, r.ID); err != nil {
			return nil, err
		} else if has {
			return nil, fmt.Errorf("%s is not there, and %s has data that was sealed under it: put the file back, or set PENDOPO_MASTER_KEY", path, r.Name)
		}
	}
	if err := writeNew(path, newMasterKey()+"\n"); err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	return keyring(cfg)
}

// writeNew writes a file that only its owner reads. Of two processes at once one writes it, whole.
func writeNew(path, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".master-key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// The name too must outlive a power cut: what is sealed from now on does.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// checkKeys refuses to serve when the master key opens none of the keys that are there, and then gives keys to regions
// that have none, and to the platform: not before, or a wrong master key would make some and open these. That one
// region's are spoilt keeps the others from nothing.
func (a *App) checkKeys(ctx context.Context) error {
	vault := seal.Of(a.DB)
	if vault == nil {
		return errNoMasterKey
	}
	opened, closed := 0, []string(nil)
	var wrong error
	var without []tenant.ID
	for _, t := range a.Registry.Tenants() {
		st, err := vault.Status(ctx, t.ID)
		switch {
		case err != nil:
			return err
		case st.None:
			without = append(without, t.ID)
		case st.Unopened != nil:
			closed, wrong = append(closed, t.Code), fmt.Errorf("%s: %w", t.Name, st.Unopened)
		case !st.Erased:
			opened++
		}
	}
	if opened == 0 && wrong != nil {
		return wrong
	}
	for _, t := range without {
		if err := vault.Ensure(ctx, t); err != nil {
			return err
		}
	}
	if wrong != nil {
		a.log.Error("personal data of some regions cannot be read", "tenants", closed, "error", wrong)
	}
	return nil
}
