package app_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// twoSeries is oneSeries with a second series, B, whose only counter is the last one.
func twoSeries() *tenants.Region {
	r := oneSeries("19.01", "WIB")
	a := &r.Agencies[0]
	a.Series = append(a.Series, tenants.Series{Code: "kk", Prefix: "B", Venue: "mal"})
	a.Services[1].Series = tenants.Codes{"kk"}
	a.Counters[7].Series = []string{"kk"}
	return r
}

// A manifest that takes a series and a counter away says who waits there, and touches nobody unless it is
// told to. Whoever takes a number in that moment is not left waiting either.
func TestAnApplyStrandsNobody(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			db := testkit.Open(t, dialect)
			row := apply(t, db, twoSeries())
			server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
			here := siteOf(server, row.Slug)
			service := id.Named(row.ID, "service/dukcapil/kk-baru").String()
			take := func() ticket {
				t.Helper()
				var got ticket
				if status, err := here.do("POST", "/api/v1/tickets", "", map[string]string{"service_id": service}, &got); err != nil || status != 201 {
					t.Fatalf("%d %v", status, err)
				}
				return got
			}
			is := func(who ticket, want string) {
				t.Helper()
				var got ticket
				if status, err := here.do("GET", "/api/v1/tickets/"+who.ID, "", nil, &got); err != nil || status != 200 || got.Status != want {
					t.Errorf("%s is %q, want %q (%d %v)", who.Label, got.Status, want, status, err)
				}
			}
			called, first, second := take(), take(), take()
			here.signIn(t, "loket8@contoh.test")
			if status, err := here.do("POST", "/api/v1/counters/"+id.Named(row.ID, "counter/mal/8").String()+"/next", "", nil, nil); err != nil || status != 200 {
				t.Fatalf("%d %v", status, err)
			}
			here.token = ""

			dir := folder(t, without())
			out, err := pendopo(t, db, "tenant", "plan", dir)
			if err != nil || !strings.Contains(out, "2 orang menunggu pada seri B, ") || !strings.Contains(out, "1 orang di Loket 8") || !strings.Contains(out, "--end-tickets") {
				t.Errorf("the plan says nothing of who waits: %v\n%s", err, out)
			}
			out, err = pendopo(t, db, "tenant", "apply", "--lang", "en", dir)
			if err == nil || !strings.Contains(out, "Nothing has been changed") || !strings.Contains(out, "2 waiting in series B") {
				t.Errorf("the apply was not refused: %v\n%s", err, out)
			}
			is(called, "called")
			is(first, "waiting")

			var stop atomic.Bool
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for !stop.Load() {
						var got ticket
						if status, err := here.do("POST", "/api/v1/tickets", "", map[string]string{"service_id": service}, &got); err != nil && status != 409 && status != 404 {
							t.Errorf("a number asked for during the apply: %d %v", status, err)
							return
						}
					}
				})
			}
			if out, err := pendopo(t, db, "tenant", "apply", "--end-tickets", dir); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			stop.Store(true)
			wg.Wait()
			is(called, "finished")
			is(first, "cancelled")
			is(second, "cancelled")
			waiting := -1
			err = db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
				rows, err := store.Query[struct {
					N int `bun:"n"`
				}](ctx, tx, store.From{"tickets", "series"}, `select count(*) as n from tickets t join series s on s.id = t.series_id
					where s.retired and t.status in ('waiting', 'called', 'serving')`)
				if err == nil {
					waiting = rows[0].N
				}
				return err
			})
			if err != nil || waiting != 0 {
				t.Errorf("%d wait for a call that cannot come (%v)", waiting, err)
			}
			if out, err := pendopo(t, db, "tenant", "plan", dir); err != nil || strings.Contains(out, "orang") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// without is the region after it gave the second series and its counter up.
func without() *tenants.Region {
	r := oneSeries("19.01", "WIB")
	r.Agencies[0].Counters = r.Agencies[0].Counters[:7]
	r.Staff = append(r.Staff[:7], r.Staff[8:]...)
	return r
}
