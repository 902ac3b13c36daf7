package operator_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Counts of many requests at once, of two regions, are all there after two processes have written them; a region sees its
// own, and old ones go.
func TestTally(t *testing.T) {
	clock := testkit.NewClock(testkit.Morning)
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		one, two := operator.NewTally(db, slog.New(slog.DiscardHandler)), operator.NewTally(db, slog.New(slog.DiscardHandler))
		var wg sync.WaitGroup
		for _, tally := range []*operator.Tally{one, two} {
			for range 50 {
				wg.Go(func() {
					tally.Count(a.ID, "busy", true)
					tally.Count(a.ID, "internal", false)
					tally.Count(b.ID, "busy", true)
				})
			}
		}
		wg.Wait()
		for range 2 { // what has been written is not written again
			for _, tally := range []*operator.Tally{one, two} {
				if err := tally.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		counts := func(r *testkit.Region) map[string]int64 {
			t.Helper()
			out := map[string]int64{}
			err := db.View(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
				rows, err := store.Select[operator.FaultCount](tx).All(ctx)
				for _, f := range rows {
					out[f.Code] += f.N
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := counts(a); len(got) != 2 || got["busy"] != 100 || got["internal"] != 100 {
			t.Errorf("the first region's: %v", got)
		}
		if got := counts(b); len(got) != 1 || got["busy"] != 100 {
			t.Errorf("the second region's: %v", got)
		}
		later := operator.NewTally(db, slog.New(slog.DiscardHandler))
		if err := later.Sweep(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		if got := counts(a); len(got) != 2 {
			t.Errorf("today's were swept away: %v", got)
		}
		// A region that has gone is no reason not to count the others.
		one.Count(store.NewTenantID(), "busy", true)
		one.Count(a.ID, "busy", true)
		if err := one.Flush(t.Context()); err == nil {
			t.Error("counts of no region were written")
		}
		if got := counts(a); got["busy"] != 101 {
			t.Errorf("beside a region that is gone: %v", got)
		}
	}, testkit.WithClock(clock))
}
