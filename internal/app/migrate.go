package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/migrations"
)

func migrate(ctx context.Context, e env, args []string) error {
	cfg, rest, log, err := settings("migrate", e, config.Default(), args, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("migrate takes no arguments, not %q", rest)
	}
	names, err := migrateUp(ctx, cfg, log)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		fmt.Fprintln(e.stdout, "Basis data sudah mutakhir · the database is up to date")
	}
	for _, n := range names {
		fmt.Fprintln(e.stdout, "+", n)
	}
	return nil
}

// migrateUp applies the missing migrations, on PostgreSQL with the owner's role.
func migrateUp(ctx context.Context, cfg config.Config, log *slog.Logger) ([]string, error) {
	address := cfg.OwnerDatabaseURL
	if address == "" {
		address = cfg.DatabaseURL
	}
	db, err := store.Open(ctx, store.Config{URL: address, Path: cfg.SQLitePath(), Models: Models, Log: log, ReadConns: 2})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	m, err := store.NewMigrator(db, migrations.Files)
	if err != nil {
		return nil, err
	}
	return m.Up(ctx, servingRole(cfg))
}

// servingRole is the role that serve signs in with: the user of PENDOPO_DATABASE_URL where the owner's
// address is given beside it, else PENDOPO_APP_ROLE.
func servingRole(cfg config.Config) string {
	if cfg.OwnerDatabaseURL != "" && cfg.DatabaseURL != "" {
		if u, err := url.Parse(cfg.DatabaseURL); err == nil && u.User.Username() != "" {
			return u.User.Username()
		}
	}
	return cfg.AppRole
}

// noData is that of a command which works with what is there: SQLite's file is not.
func noData(cfg config.Config) error {
	if cfg.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(cfg.SQLitePath()); !errors.Is(err, fs.ErrNotExist) {
		return nil // another error is the database's to say
	}
	return fmt.Errorf("tidak ada data di folder %[1]s: periksa --data · no data in that folder, %[1]s: check --data (PENDOPO_DATA)", cfg.Data)
}

// openThere is openDB for a command that works with what is there. Of a folder that somebody mistyped it makes nothing.
func openThere(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.DB, error) {
	if err := noData(cfg); err != nil {
		return nil, err
	}
	return openDB(ctx, cfg, log)
}

// openDB opens the database for serving, with its master key, and refuses one that is not ready or not safe.
func openDB(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.DB, error) {
	return openMaking(ctx, cfg, log, func(file string) {
		log.Warn("a master key was made, under which personal data is sealed: without it the data cannot be read. Keep a copy apart from the database's", "file", file)
	})
}

// openMaking is openDB that calls made when it has made a master key, with its file.
func openMaking(ctx context.Context, cfg config.Config, log *slog.Logger, made func(file string)) (*store.DB, error) {
	db, err := store.Open(ctx, store.Config{URL: cfg.DatabaseURL, Path: cfg.SQLitePath(), Models: Models, Log: log})
	if err != nil {
		return nil, err
	}
	if err = ready(ctx, db); err == nil {
		err = useMasterKey(ctx, cfg, db, log, made)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// ready brings SQLite up to date, which has no owner's role, and checks PostgreSQL.
func ready(ctx context.Context, db *store.DB) error {
	m, err := store.NewMigrator(db, migrations.Files)
	if err != nil {
		return err
	}
	if db.Dialect() == "sqlite" {
		_, err := m.Up(ctx, "")
		return err
	}
	pending, err := m.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return fmt.Errorf("migrations are missing (%s): run pendopo migrate with the owner's address", strings.Join(pending, ", "))
	}
	findings, err := db.CheckIsolation(ctx)
	if err != nil {
		return err
	}
	var all []error
	for _, f := range findings {
		all = append(all, errors.New(f.String()))
	}
	return errors.Join(all...)
}
