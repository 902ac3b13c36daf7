package tenant

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// SeriesGate is from when a series gives numbers: a mall that changes over from another system has numbers given by that
// one until then. Zero is always. The gate is on the series' row and no part of what a manifest declares.
type SeriesGate struct {
	bun.BaseModel `bun:"table:series,alias:series_gate"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	GivesFrom time.Time `bun:"gives_from,nullzero"`
	Retired   bool      `bun:"retired"`
}

// Never is a gate that stays shut until somebody opens it.
var Never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Changed runs a change of something that directories hold beside the manifest, and makes every process read the
// directory again. It waits for an apply that runs, as an apply does.
func Changed(ctx context.Context, db *store.DB, t ID, reason string, fn func(context.Context, *store.Tx) error) error {
	return db.Provision(ctx, reason, t, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		version, err := bump(ctx, s)
		if err != nil {
			return err
		}
		if _, err := store.SysUpdate[Row](ctx, s, "version = ?, updated_at = ?", []any{version, tx.Now()}, "id = ?", t); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

// holdNew shuts series that an apply adds while the region's others are shut: the old system gives their numbers too.
func holdNew(ctx context.Context, tx *store.Tx) error {
	shut, err := store.Select[SeriesGate](tx).Where("gives_from is not null and not retired").Order("gives_from desc").Limit(1).All(ctx)
	if err != nil || len(shut) == 0 {
		return err
	}
	_, err = store.Update[SeriesGate](tx).Set("gives_from = ?", shut[0].GivesFrom).Where("gives_from is null and not retired").Exec(ctx)
	return err
}

// loadGates tells venues from when their series give numbers.
func (d *Directory) loadGates(ctx context.Context, tx *store.Tx) error {
	gates, err := store.Select[SeriesGate](tx).Where("gives_from is not null and not retired").All(ctx)
	for _, g := range gates {
		if s, ok := d.series[g.ID]; ok && g.GivesFrom.After(s.Venue.GivesFrom) {
			s.Venue.GivesFrom = g.GivesFrom
		}
	}
	return err
}
