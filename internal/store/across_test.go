package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

type queued struct {
	TenantID store.TenantID `bun:"tenant_id"`
	Queued   int64          `bun:"queued"`
	Dead     int64          `bun:"dead"`
}

// work is a migration's own, so that both databases have it.
var work = store.DeclareAggregate[queued]("work", store.From{"jobs"}, `
	select j.tenant_id, count(*) filter (where j.state = 'queued') as queued, count(*) filter (where j.state = 'dead') as dead
	from asked a cross join jobs j on j.tenant_id = a.tenant_id where j.state in ('queued', 'dead') group by j.tenant_id`)

// Across answers for those who are asked and for no other, says so in the log of the door before it reads, and leaves
// the connection with no tenant: on a pool of one, whoever comes next sees their own rows and nothing else.
func TestAcross(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		c := testkit.Tenant(t, db, testkit.Code("35.78"), testkit.Slug("uji-c"))
		for _, r := range []struct {
			at store.TenantID
			n  int
		}{{a.ID, 2}, {b.ID, 3}, {c.ID, 5}} {
			in(t, db, r.at, func(ctx context.Context, tx *store.Tx) error {
				for range r.n {
					if err := jobs.Add(ctx, tx, jobs.Job{Kind: "uji", Key: id.New().String()}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		today := clock.DayOf(db.Now(), time.UTC)
		asked := []store.Asked{{Tenant: a.ID, Day: today}, {Tenant: b.ID, Day: today}}
		rows, err := store.Across(t.Context(), db, "uji lintas", work, asked)
		if err != nil {
			t.Fatal(err)
		}
		got := map[store.TenantID]int64{}
		for _, r := range rows {
			got[r.TenantID] = r.Queued
		}
		if len(got) != 2 || got[a.ID] != 2 || got[b.ID] != 3 {
			t.Errorf("%v", got)
		}
		if s := venues(t, db, c.ID); s != "mal" {
			t.Errorf("after it another tenant sees %q", s)
		}
		err = db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
			var n, logged int
			if err := s.Raw().NewRaw("select count(*) from jobs").Scan(ctx, &n); err != nil || n != 0 {
				t.Errorf("behind the door %d jobs are left to see: %v", n, err)
			}
			if err := s.Raw().NewRaw("select count(*) from system_log where reason = 'uji lintas'").Scan(ctx, &logged); err != nil || logged != 1 {
				t.Errorf("%d entries in the log: %v", logged, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if db.Dialect() == testkit.PostgreSQL { // within the very transaction that asked, too
			err := db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
				for _, call := range []string{
					"across_agency(array[?]::uuid[], array['2026-11-23']::date[], 'dukcapil')", "across_counters(array[?]::uuid[], array['2026-11-23']::date[], 'dukcapil')",
					"across_regions(array[?]::uuid[], array['2026-11-23']::date[])", "across_work(array[?]::uuid[], array['2026-11-23']::date[])",
				} {
					var n, left int
					if err := s.Raw().NewRaw("select count(*) from "+call, a.ID.String()).Scan(ctx, &n); err != nil {
						return err
					}
					if err := s.Raw().NewRaw("select count(*) from venues").Scan(ctx, &left); err != nil || left != 0 {
						t.Errorf("after %s the transaction sees %d venues: %v", call, left, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		if rows, err := store.Across(t.Context(), db, "uji", work, nil); len(rows) != 0 || err != nil {
			t.Errorf("nobody asked: %v %v", rows, err)
		}
		// A tenant's own transaction cannot ask.
		err = db.View(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Query[queued](ctx, tx, store.From{"jobs"}, "select * from across_work(?, ?)", "{}", "{}")
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "only Across does") {
			t.Errorf("a query asks several tenants: %v", err)
		}
		if err := db.View(t.Context(), a.ID, func(ctx context.Context, _ *store.Tx) error {
			_, err := store.Across(ctx, db, "uji", work, asked)
			return err
		}); err == nil || !strings.Contains(err.Error(), "within a transaction") {
			t.Errorf("within a tenant's transaction: %v", err)
		}
	}, testkit.WithConns(1))
}

// An answer that could hold a text does not come about.
func TestAnAnswerAcrossTenantsHoldsNoText(t *testing.T) {
	type leaky struct {
		TenantID store.TenantID `bun:"tenant_id"`
		Name     string         `bun:"name"`
	}
	type bytes struct {
		Email []byte `bun:"email"`
	}
	for name, declare := range map[string]func(){
		"text":  func() { store.DeclareAggregate[leaky]("leaky", store.From{"users"}, "select 1") },
		"bytes": func() { store.DeclareAggregate[bytes]("bytes", store.From{"users"}, "select 1") },
		"twice": func() { store.DeclareAggregate[queued]("work", store.From{"jobs"}, "select 1") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			declare()
		}()
	}
}
