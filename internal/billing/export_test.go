package billing

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
)

// InWords is an amount in words.
var InWords = inWords

// PutNumber writes a number of an invoice as it is told.
func PutNumber(ctx context.Context, sys *store.SysTx, year, n, prev int64, region string) error {
	return store.SysInsert(ctx, sys, &numberRow{Year: year, N: n, Prev: prev, RegionCode: region, InvoiceID: id.New()})
}

// Drain runs the jobs of some tenants that are due, until none is.
func Drain(ctx context.Context, db *store.DB, r *jobs.Runner, tenants ...store.TenantID) error {
	r.Start()
	defer func() { _ = r.Stop(context.WithoutCancel(ctx)) }()
	for {
		waiting := 0
		for _, t := range tenants {
			n, err := due(ctx, db, t)
			if err != nil {
				return err
			}
			waiting += n
		}
		if waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// jobRow mirrors a job, as far as these tests count them.
type jobRow struct {
	bun.BaseModel `bun:"table:jobs,alias:job"`
	store.Owned
	ID    id.ID     `bun:"id,pk"`
	State string    `bun:"state"`
	RunAt time.Time `bun:"run_at"`
}

func due(ctx context.Context, db *store.DB, t store.TenantID) (n int, err error) {
	err = db.View(ctx, t, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = store.Select[jobRow](tx).Where("state in ('queued', 'running') and run_at <= ?", tx.Now()).Count(ctx)
		return err
	})
	return n, err
}

// CountJobs counts a tenant's jobs in a state.
func CountJobs(tb testing.TB, db *store.DB, t store.TenantID, state string) (n int) {
	tb.Helper()
	err := db.View(context.Background(), t, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = store.Select[jobRow](tx).Where("state = ?", state).Count(ctx)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// CountEvents counts the events in a state.
func CountEvents(tb testing.TB, db *store.DB, state string) int {
	tb.Helper()
	var rows []eventRow
	err := db.SystemView(context.Background(), func(ctx context.Context, sys *store.SysTx) (err error) {
		rows, err = store.SysSelect[eventRow](ctx, sys, "state = ?", state)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return len(rows)
}

// Read checks and reads what a webhook was told.
func Read(ctx context.Context, p *StripeProvider, body []byte, signature string) error {
	_, err := p.read(ctx, body, signature)
	return err
}
