package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
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

// A series that moves to another venue, or whose prefix changes, strands who waits in it as a removal does: their
// tickets say where and under which letter they wait.
func TestASeriesDoesNotMoveUnderWhoWaits(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		second := func(prefix, venue string) *tenants.Region {
			r := twoSeries()
			gerai := r.Venues[0]
			gerai.Code, gerai.Name = "gerai", "Gerai Pasar"
			r.Venues = append(r.Venues, gerai)
			s := &r.Agencies[0].Series[1]
			s.Prefix, s.Venue = prefix, venue
			if venue == "gerai" { // its counter stays for the other series, and a new one calls it there
				r.Agencies[0].Counters[7].Series = []string{"umum"}
				r.Agencies[0].Counters = append(r.Agencies[0].Counters, tenants.Counter{Code: "1", Venue: "gerai", Series: []string{"kk"}})
			}
			return r
		}
		row := apply(t, db, second("B", "mal"))
		hall := queue.New(db, tenant.NewDirectories(db))
		reg := tenant.NewRegistry(db, "localhost", nil)
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		here, _ := reg.ByCode("19.01")
		one, err := hall.Issue(t.Context(), here, queue.Request{ServiceID: id.Named(row.ID, "service/dukcapil/kk-baru"), Key: "a", Channel: queue.Web})
		if err != nil {
			t.Fatal(err)
		}
		prov := &tenant.Provisioner{DB: db, Queues: hall}
		for _, c := range []struct {
			to   *tenants.Region
			want tenant.Stranded
		}{
			{second("B", "gerai"), tenant.Stranded{Series: "B, Kependudukan", Venue: "Gerai Pasar", People: 1}},
			{second("K", "mal"), tenant.Stranded{Series: "B, Kependudukan", Prefix: "K", People: 1}},
		} {
			if p, err := prov.Plan(t.Context(), c.to); err != nil || len(p.Held) != 1 || p.Held[0] != c.want {
				t.Errorf("the plan says %+v (%v)", p.Held, err)
			}
			var refused *tenant.StrandedError
			if _, err := prov.Apply(t.Context(), c.to, tenant.Options{Actor: "system:test"}); !errors.As(err, &refused) {
				t.Errorf("applied: %v", err)
			}
		}
		if p, err := hall.Place(t.Context(), here, one.ID); err != nil || p.Status != queue.Waiting || p.Label != "B-001" {
			t.Errorf("%s is %s (%v)", p.Label, p.Status, err)
		}
		out, err := pendopo(t, db, "tenant", "plan", folder(t, second("K", "mal")))
		if err != nil || !strings.Contains(out, "1 orang menunggu pada seri B, Kependudukan, yang awalannya menjadi K") {
			t.Errorf("%v\n%s", err, out)
		}
		if _, err := prov.Apply(t.Context(), second("K", "gerai"), tenant.Options{Actor: "system:test", EndTickets: true}); err != nil {
			t.Fatal(err)
		}
		if p, err := hall.Place(t.Context(), here, one.ID); err != nil || p.Status != queue.Cancelled {
			t.Errorf("%s is %s (%v)", p.Label, p.Status, err)
		}
	})
}

// without is the region after it gave the second series and its counter up.
func without() *tenants.Region {
	r := oneSeries("19.01", "WIB")
	r.Agencies[0].Counters = r.Agencies[0].Counters[:7]
	r.Staff = append(r.Staff[:7], r.Staff[8:]...)
	return r
}
