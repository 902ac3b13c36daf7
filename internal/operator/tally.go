package operator

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Tally counts requests that failed or were turned away, by region, hour and code, and writes the counts to the database
// now and then: a flood of refusals must not become a flood of writes.
type Tally struct {
	db  *store.DB
	log *slog.Logger

	mu sync.Mutex
	n  map[tallyKey]int64
}

type tallyKey struct {
	tenant store.TenantID
	hour   time.Time
	code   string
	shed   bool
}

const (
	// maxTally bounds the memory; what is beyond it is not counted.
	maxTally = 10_000
	// kept is how long counts are kept.
	kept = 14 * 24 * time.Hour
	// FlushEvery is how old counts in memory are at the most.
	FlushEvery = time.Minute
)

// NewTally makes one.
func NewTally(db *store.DB, log *slog.Logger) *Tally {
	return &Tally{db: db, log: log, n: map[tallyKey]int64{}}
}

// Count counts one request. It never waits for the database.
func (c *Tally) Count(t store.TenantID, code string, shed bool) {
	k := tallyKey{t, c.db.Now().Truncate(time.Hour), code, shed}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.n[k]; known || len(c.n) < maxTally {
		c.n[k]++
	}
}

// Run writes the counts until ctx ends. The last ones are the caller's: Flush.
func (c *Tally) Run(ctx context.Context) {
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := c.Flush(ctx); err != nil && ctx.Err() == nil {
				c.log.Warn("counts of failed requests were not written", "error", err)
			}
		}
	}
}

// Flush writes what was counted since the last time, tenant by tenant. What could not be written is counted on, unless its
// tenant has gone.
func (c *Tally) Flush(ctx context.Context) (err error) {
	c.mu.Lock()
	counted := c.n
	c.n = map[tallyKey]int64{}
	c.mu.Unlock()
	of := map[store.TenantID][]tallyKey{}
	for k := range counted {
		of[k.tenant] = append(of[k.tenant], k)
	}
	for t, keys := range of {
		werr := c.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
			for _, k := range keys {
				row := &FaultCount{Hour: k.hour, Code: k.code, Shed: k.shed}
				if _, err := store.InsertNew(ctx, tx, row); err != nil {
					return err
				}
				if _, err := store.Update[FaultCount](tx).Set("n = n + ?", counted[k]).Where("hour = ? and code = ?", k.hour, k.code).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if werr == nil {
			continue
		}
		err = errors.Join(err, werr)
		c.mu.Lock()
		for _, k := range keys {
			if len(c.n) < maxTally && c.db.Now().Sub(k.hour) < 2*time.Hour {
				c.n[k] += counted[k]
			}
		}
		c.mu.Unlock()
	}
	return err
}

// Sweep deletes a tenant's old counts.
func (c *Tally) Sweep(ctx context.Context, t store.TenantID) error {
	return c.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[FaultCount](ctx, tx, "hour < ?", tx.Now().Add(-kept))
		return err
	})
}
