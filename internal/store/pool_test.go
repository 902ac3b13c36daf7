package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Two tenants' transactions take turns on two connections, some of them failing half-way: whatever a
// connection was for before, each sees its own rows, through the handle and in plain SQL alike.
func TestConnectionsCarryNoTenantOver(t *testing.T) {
	const workers, turns = 8, 250 // 2,000 transactions
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		both := []*testkit.Region{a, b}
		var wrong, done atomic.Int64
		look := func(ctx context.Context, tx *store.Tx, me *testkit.Region) error {
			var plain []string
			if err := tx.Raw().NewRaw("select distinct tenant_id from services").Scan(ctx, &plain); err != nil {
				return err
			}
			if len(plain) != 1 || plain[0] != me.ID.String() {
				wrong.Add(1)
				t.Errorf("plain SQL shows %v to %s", plain, me.Slug)
			}
			n, err := store.Select[tenant.ServiceRow](tx).Where("id in (?, ?)", me.Services[0], me.Services[1]).Count(ctx)
			if err == nil && n != 2 {
				wrong.Add(1)
				t.Errorf("%s sees %d of its rows", me.Slug, n)
			}
			return err
		}
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				for i := range turns {
					if wrong.Load() > 0 {
						return
					}
					me := both[(w+i)%2]
					run := db.View
					if i%5 == 0 { // writers are few, and SQLite has one
						run = db.In
					}
					// Some change their mind, and some callers go away in the middle.
					stop, left := error(nil), i%7 == 5
					if i%7 == 3 {
						stop = errGiveUp
					}
					ctx, leave := context.WithCancel(t.Context())
					err := run(ctx, me.ID, func(ctx context.Context, tx *store.Tx) error {
						if err := look(ctx, tx, me); err != nil {
							return err
						}
						if left {
							leave()
						}
						return stop
					})
					leave()
					if err != stop && !left {
						wrong.Add(1)
						t.Errorf("%v, want %v", err, stop)
					}
					done.Add(1)
				}
			})
		}
		wait.Wait()
		if done.Load() != workers*turns && wrong.Load() == 0 {
			t.Errorf("%d transactions", done.Load())
		}
		// And at rest no connection shows anything.
		for range 8 {
			var n int
			if err := db.Readers().QueryRowContext(t.Context(), "select count(*) from services").Scan(&n); err != nil || n != 0 {
				t.Errorf("a connection at rest shows %d rows: %v", n, err)
			}
		}
	}, testkit.WithConns(2))
}

var errGiveUp = errors.New("changed my mind")
