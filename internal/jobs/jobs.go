// Package jobs does work after a commit: a job is written in the transaction of the change that it follows
// from, so that neither is there without the other, and some process of the service runs it, now or after
// a restart, until it has succeeded or is put aside as a dead letter.
//
// A job runs at least once. Whoever needs exactly once makes its effect idempotent, or writes it to the
// database and calls Run.Done in the same transaction.
package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Job is work to be done.
type Job struct {
	Kind string
	// Key names the work within its kind: adding it twice is adding it once, as long as the first is
	// kept (see Sweep). Empty: work of its own.
	Key string
	// RunAt is not before when. Zero: at once.
	RunAt time.Time
	// Data becomes JSON. Like the key it names rows and holds nothing personal and no secret: those are read
	// or made when the job runs.
	Data any
}

// State of a job.
type State string

// The states. A dead job has failed for good, or too often, and waits for a person.
const (
	Queued   State = "queued"
	Running  State = "running"
	Finished State = "done"
	Dead     State = "dead"
)

// row is a job as it is stored.
type row struct {
	bun.BaseModel `bun:"table:jobs,alias:job"`
	store.Owned
	ID         id.ID     `bun:"id,pk"`
	Kind       string    `bun:"kind"`
	Key        string    `bun:"key"`
	Data       string    `bun:"data"`
	State      State     `bun:"state"`
	RunAt      time.Time `bun:"run_at"`
	Attempts   int       `bun:"attempts"` // begun since it was added or sent back by a person
	Lease      id.ID     `bun:"lease"`
	LeaseUntil time.Time `bun:"lease_until,nullzero"`
	LastError  string    `bun:"last_error"`
	CreatedAt  time.Time `bun:"created_at"`
	DoneAt     time.Time `bun:"done_at,nullzero"`
}

// Models are this package's tables.
var Models = store.Models{(*row)(nil)}

// Add writes jobs in the caller's transaction. They run after its commit, in any process that knows
// their kind, and not at all without it.
func Add(ctx context.Context, tx *store.Tx, list ...Job) error {
	rows := make([]*row, len(list))
	for i, j := range list {
		if j.Kind == "" {
			return fmt.Errorf("jobs: a job without a kind")
		}
		data := []byte("{}")
		if j.Data != nil {
			var err error
			if data, err = json.Marshal(j.Data); err != nil {
				return fmt.Errorf("jobs: %s: %w", j.Kind, err)
			}
		}
		r := &row{ID: id.New(), Kind: j.Kind, Key: j.Key, Data: string(data), State: Queued, RunAt: tx.Now(), CreatedAt: tx.Now()}
		if j.RunAt.After(r.RunAt) {
			r.RunAt = j.RunAt.UTC().Truncate(time.Microsecond)
		}
		if r.Key == "" {
			r.Key = r.ID.String()
		}
		rows[i] = r
	}
	added, err := store.InsertNew(ctx, tx, rows...)
	if added > 0 {
		tx.Wake()
	}
	return err
}
