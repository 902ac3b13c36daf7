package tenant

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Feature is something of a region's that the operator of the platform can switch.
type Feature string

// The features. Each is asked for by On, and nowhere else.
const (
	WebTickets Feature = "web-tickets" // people take numbers by themselves, on the page and by the API
	PublicAPI  Feature = "public-api"  // programs read services, tickets and boards without an account
)

// features are all there are, in the order of the operator's page, each with how it stands where nobody switched it. The
// text "tenant.feature.NAME" says what it is.
var features = []struct {
	name    Feature
	enabled bool
}{{WebTickets, true}, {PublicAPI, true}}

// Features are all features.
func Features() (out []Feature) {
	for _, f := range features {
		out = append(out, f.name)
	}
	return out
}

// On tells whether a feature is on in this region.
func (t *Tenant) On(f Feature) bool {
	if on, switched := t.switched[f]; switched {
		return on
	}
	i := slices.IndexFunc(features, func(k struct {
		name    Feature
		enabled bool
	}) bool {
		return k.name == f
	})
	return i >= 0 && features[i].enabled
}

// featureRow is a feature that was switched.
type featureRow struct {
	bun.BaseModel `bun:"table:features,alias:feature"`
	store.Shared
	Code      string    `bun:"region_code,pk"`
	Feature   Feature   `bun:"feature,pk"`
	Enabled   bool      `bun:"enabled"`
	ChangedAt time.Time `bun:"changed_at"`
}

// SetFeature switches a feature of a region; changed is false when it stood so already. Every process follows within its next look
// at the list, and what it has kept of the region's pages is drawn anew. Faults: "not_found" for a region or feature that is none.
func (p *Provisioner) SetFeature(ctx context.Context, code string, f Feature, on bool, actor string) (changed bool, err error) {
	if !slices.Contains(Features(), f) || code == PlatformCode {
		return false, fault.New(fault.NotFound, "not_found")
	}
	row, err := p.row(ctx, code)
	if err != nil {
		return false, err
	}
	err = p.DB.Provision(ctx, "feature of "+code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		changed = false
		have, err := store.SysSelect[featureRow](ctx, s, "region_code = ?", code)
		if err != nil {
			return err
		}
		now := Tenant{switched: switchedOf(have, code)}
		if now.On(f) == on {
			return nil
		}
		n, err := store.SysUpdate[featureRow](ctx, s, "enabled = ?, changed_at = ?", []any{on, tx.Now()}, "region_code = ? and feature = ?", code, f)
		if err == nil && n == 0 {
			err = store.SysInsert(ctx, s, &featureRow{Code: code, Feature: f, Enabled: on, ChangedAt: tx.Now()})
		}
		if err != nil {
			return err
		}
		if err := touch(ctx, s, tx, code); err != nil {
			return err
		}
		changed = true
		type standing struct {
			Enabled bool `json:"enabled"`
		}
		tx.Audit(store.Record{Actor: actor, Action: "tenant:feature:switch", Target: "feature:" + string(f), Before: standing{!on}, After: standing{on}})
		return nil
	})
	return changed, err
}

// touch gives a region's row a new version, so that whatever was kept of it is made anew.
func touch(ctx context.Context, s *store.SysTx, tx *store.Tx, code string) error {
	version, err := bump(ctx, s)
	if err == nil {
		_, err = store.SysUpdate[Row](ctx, s, "version = ?, updated_at = ?", []any{version, tx.Now()}, "code = ?", code)
	}
	return err
}

// row is a region's row in the list; the fault is "not_found".
func (p *Provisioner) row(ctx context.Context, code string) (row Row, err error) {
	err = p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[Row](ctx, s, "code = ?", code)
		if err == nil && len(rows) == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// switchedOf are a region's features that were switched.
func switchedOf(rows []featureRow, code string) map[Feature]bool {
	out := map[Feature]bool{}
	for _, r := range rows {
		if r.Code == code {
			out[r.Feature] = r.Enabled
		}
	}
	return out
}
