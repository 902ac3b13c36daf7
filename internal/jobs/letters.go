package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// How long a job is kept once it has ended. Until then its key keeps the same work from being added again.
const (
	KeepDone = 7 * 24 * time.Hour
	KeepDead = 90 * 24 * time.Hour
)

// Entry is a job as a person sees it.
type Entry struct {
	ID        id.ID
	Kind      string
	Key       string
	State     State
	Attempts  int
	LastError string // a code; "" before the first failure
	CreatedAt time.Time
	RunAt     time.Time // of a queued one: not before
	DoneAt    time.Time // of one that has ended
}

// List reads a tenant's jobs in a state, the newest first; at most limit.
func List(ctx context.Context, tx *store.Tx, s State, limit int) ([]Entry, error) {
	rows, err := store.Select[row](tx).Where("state = ?", s).Order("created_at desc", "id desc").Limit(limit).All(ctx)
	out := make([]Entry, len(rows))
	for i, j := range rows {
		out[i] = Entry{j.ID, j.Kind, j.Key, j.State, j.Attempts, j.LastError, j.CreatedAt, j.RunAt, j.DoneAt}
	}
	return out, err
}

// Counts tells how many jobs a tenant has in each state.
func Counts(ctx context.Context, tx *store.Tx) (map[State]int, error) {
	type line struct {
		State State `bun:"state"`
		N     int   `bun:"n"`
	}
	lines, err := store.Query[line](ctx, tx, store.From{"jobs"}, "select state, count(*) as n from jobs group by state")
	out := map[State]int{}
	for _, l := range lines {
		out[l.State] = l.N
	}
	return out, err
}

// Retry sends dead jobs back to the queue with all their attempts before them, and tells how many: those
// that are named, or every dead one. actor is who asks, as audit records name them.
func Retry(ctx context.Context, tx *store.Tx, actor string, which ...id.ID) (int, error) {
	u := store.Update[row](tx).Set("state = 'queued', attempts = 0, run_at = ?, done_at = null", tx.Now()).Where("state = 'dead'")
	target := "jobs:dead"
	if len(which) > 0 {
		u.Where("id in ?", bun.Tuple(which))
	}
	if len(which) == 1 {
		target = "job:" + which[0].String()
	}
	n, err := u.Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("jobs: retry: %w", err)
	}
	if n > 0 {
		tx.Audit(store.Record{Actor: actor, Action: "jobs:job:retry", Target: target, Data: struct {
			Jobs int `json:"jobs"`
		}{n}})
		tx.Wake()
	}
	return n, nil
}

// Drop deletes jobs of a kind that wait and are not wanted any more, by their keys. One that is being run stays.
func Drop(ctx context.Context, tx *store.Tx, kind string, keys ...string) error {
	if _, err := store.Delete[row](ctx, tx, "kind = ? and state = 'queued' and key in ?", kind, bun.Tuple(keys)); err != nil {
		return fmt.Errorf("jobs: drop: %w", err)
	}
	return nil
}

// Sweep deletes a tenant's jobs that ended long ago. Run it now and then.
func Sweep(ctx context.Context, db *store.DB, t store.TenantID) error {
	return db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[row](ctx, tx, "state = 'done' and done_at <= ? or state = 'dead' and done_at <= ?",
			tx.Now().Add(-KeepDone), tx.Now().Add(-KeepDead))
		return err
	})
}
