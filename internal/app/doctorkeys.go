package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// keys looks at the master key and opens every region's own keys with it.
func (d *diagnosis) keys(ctx context.Context, cfg config.Config, db *store.DB) {
	rows, err := (&tenant.Provisioner{DB: db}).Tenants(ctx)
	if err != nil {
		return // said above
	}
	ring, err := keyring(cfg)
	if errors.Is(err, fs.ErrNotExist) && cfg.MasterKeyFile == "" && !d.anyKeys(ctx, db, rows) {
		d.good("keys", "none yet: the first start makes "+cfg.MasterKeyPath())
		return
	}
	if err != nil {
		d.wrong("keys", err.Error(), "Put the master key back, from where its copy is kept; without it what is sealed cannot be read. Set PENDOPO_MASTER_KEY or PENDOPO_MASTER_KEY_FILE as for serve")
		return
	}
	if open := othersMayRead(cfg); open != "" {
		d.wrong("keys", "everybody on this machine can read "+open, "chmod 600 "+open)
	}
	vault := seal.Use(db, ring)
	var closed, old, turning, erased []string
	for _, r := range rows {
		st, err := vault.Status(ctx, r.ID)
		if err != nil {
			d.wrong("keys", r.Code+": "+err.Error(), "Run pendopo migrate")
			return
		}
		switch {
		case st.Unopened != nil:
			closed = append(closed, r.Code)
		case st.Erased:
			erased = append(erased, r.Code)
		case !st.Current:
			old = append(old, r.Code)
		case st.Turning:
			turning = append(turning, r.Code)
		}
	}
	for _, f := range []struct {
		codes      []string
		what, mend string
	}{
		{closed, "the master key does not open the keys of", "Use the key with which they were wrapped: several stand in PENDOPO_MASTER_KEY, separated by commas"},
		{old, "an older master key still wraps the keys of", "Run pendopo keys rewrap, then take the older key away"},
		{turning, "a rotation has begun and not ended in", "If none is running: pendopo keys rotate CODE finishes it"},
	} {
		if len(f.codes) > 0 {
			d.wrong("keys", f.what+" "+strings.Join(f.codes, ", "), f.mend)
		}
	}
	if len(closed)+len(old)+len(turning) == 0 {
		regions := slices.DeleteFunc(rows, func(r tenant.Row) bool { return r.IsPlatform() || slices.Contains(erased, r.Code) })
		detail := fmt.Sprintf("the master key opens those of %d regions, and the platform's own", len(regions))
		if len(erased) > 0 {
			detail += "; destroyed: " + strings.Join(erased, ", ")
		}
		d.good("keys", detail)
	}
}

func (d *diagnosis) anyKeys(ctx context.Context, db *store.DB, rows []tenant.Row) bool {
	for _, r := range rows {
		if has, err := seal.HasKeys(ctx, db, r.ID); has || err != nil {
			return true
		}
	}
	return false
}
