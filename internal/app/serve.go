package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/store"
)

func serve(ctx context.Context, e env, args []string) error {
	cfg, rest, log, err := settings("serve", e, config.Default(), args, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("serve takes no arguments, not %q", rest)
	}
	if cfg.OwnerDatabaseURL != "" {
		log.Warn("PENDOPO_OWNER_DATABASE_URL is set and not used: serve needs no owner's password, give it to migrate only")
	}
	if text, _ := masterKeyText(cfg); strings.Contains(text, demoMasterKey) { // openDB says why there is none
		return errors.New("the master key is the demo's, which everybody knows: make one with pendopo keys new")
	}
	if !cfg.Limits {
		log.Warn("PENDOPO_LIMITS=off: nothing slows whoever guesses at passwords or takes all numbers; for races and benchmarks only")
	}
	if store.Eavesdropped(cfg.DatabaseURL) {
		log.Warn("the connection to PostgreSQL leaves this machine, and whoever stands between could read or answer it: add sslmode=verify-full&sslrootcert=FILE to PENDOPO_DATABASE_URL")
	}
	db, err := openDB(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer db.Close()
	a, err := New(ctx, cfg, db, log)
	if err != nil {
		return err
	}
	if err := a.checkKeys(ctx); err != nil {
		return err
	}
	for _, t := range a.Registry.Tenants() {
		if t.Demo {
			return fmt.Errorf("%s %s is a demo's, whose passwords everybody knows: run this database with pendopo demo, or serve another one (--data, PENDOPO_DATABASE_URL)", t.Code, t.Name)
		}
	}
	ln, err := listen(cfg.Addr)
	if err != nil {
		return err
	}
	if err := a.listenTLS(); err != nil {
		return errors.Join(err, ln.Close())
	}
	return a.Serve(ctx, ln, func() {
		url := baseURL(cfg, ln)
		if cfg.Format == "json" {
			_ = json.NewEncoder(e.stdout).Encode(announcement{URL: url, Logins: []login{}, Regions: a.announced(ln, nil)})
			return
		}
		fmt.Fprintf(e.stdout, "Pendopo %s, %d daerah\n", url, len(a.Registry.All()))
	})
}
