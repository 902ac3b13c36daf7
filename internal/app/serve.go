package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
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
	ln, err := listen(cfg.Addr)
	if err != nil {
		return err
	}
	return a.Serve(ctx, ln, func() {
		url := baseURL(cfg, ln)
		if cfg.Format == "json" {
			_ = json.NewEncoder(e.stdout).Encode(announcement{URL: url, Regions: a.announced(ln, nil)})
			return
		}
		fmt.Fprintf(e.stdout, "Pendopo %s, %d daerah\n", url, len(a.Registry.All()))
	})
}
