package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// demoRegionOf applies a region as a demo or not.
func demoRegionOf(t *testing.T, db *store.DB, r *tenants.Region, demo bool) tenant.Row {
	t.Helper()
	hash := sync.OnceValues(func() (string, error) { return auth.Hash(t.Context(), tenant.ID{}, password) })
	prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) {
		h, err := hash()
		return password, h, err
	}}
	res, err := prov.Apply(t.Context(), r, tenant.Options{Actor: "system:test", Demo: demo})
	if err != nil {
		t.Fatal(err)
	}
	return res.Tenant
}

// happened is what has happened at counters after an event, and the newest event.
type happened struct {
	last  int64
	calls map[id.ID]int // by counter
	moves map[id.ID]int // calls and all else
}

func since(t *testing.T, db *store.DB, region store.TenantID, after int64) happened {
	t.Helper()
	h := happened{last: after, calls: map[id.ID]int{}, moves: map[id.ID]int{}}
	err := db.View(t.Context(), region, func(ctx context.Context, tx *store.Tx) error {
		events, err := tx.EventsAfter(ctx, after, 1_000_000)
		for _, e := range events {
			h.last = e.Seq
			var d struct{ Counter id.ID }
			if json.Unmarshal(e.Data, &d) != nil || d.Counter.IsZero() {
				continue
			}
			h.moves[d.Counter]++
			if e.Kind == "ticket.called" {
				h.calls[d.Counter]++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sum(m map[id.ID]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// A number that the simulated front desk gives is the simulation's in the records: no citizen gives numbers.
func TestTheSimulatedFrontDeskGivesInItsOwnName(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	demoRegionOf(t, db, oneSeries("19.01", "WIB"), true)
	a := newApp(t, db)
	region, _ := a.Registry.ByCode("19.01")
	day, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { app.NewSimulation(a, 2*time.Millisecond).Run(day) })
	defer running.Wait()
	defer stop()
	given := 0
	eventually(t, "the front desk gives numbers", func() bool {
		given = 0
		err := a.Records.Each(t.Context(), region, auditlog.Filter{Action: "queue:ticket:issue"}, func(_ context.Context, records []auditlog.Record) error {
			for _, r := range records {
				desk := strings.Contains(string(r.Data), `"channel":"counter"`)
				if desk == (r.Actor == "public") {
					t.Errorf("%s by %s", r.Data, r.Actor)
				}
				if desk {
					given++
				}
			}
			return nil
		})
		return err == nil && given > 0
	})
}

// Somebody signs in and opens a counter's screen in the middle of the simulated day: from then on the
// counter is theirs, while the others go on. Some time after they have left it is simulated again.
func TestTheSimulationLeavesACounterToAPerson(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	row := demoRegionOf(t, db, oneSeries("19.01", "WIB"), true)
	a := newApp(t, db)
	officer := siteAt(serveApp(t, a)("x", ""), row.Slug)
	officer.signIn(t, "loket1@contoh.test")
	region, _ := a.Registry.ByCode("19.01")
	counter := id.Named(row.ID, "counter/mal/1")

	day, stop := context.WithCancel(t.Context())
	defer stop()
	const pace = 10 * time.Millisecond
	var running sync.WaitGroup
	running.Go(func() { app.NewSimulation(a, pace).Run(day) })
	defer running.Wait()
	defer stop()
	eventually(t, "the counter is simulated", func() bool { return since(t, db, row.ID, 0).calls[counter] > 2 })

	screen, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(screen, "GET", officer.base+"/petugas/loket/"+counter.String()+"/langsung", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = officer.host
	req.Header.Set("Authorization", "Bearer "+officer.token)
	officer.Timeout = 0
	res, err := officer.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the screen: %v %v", res, err)
	}
	defer res.Body.Close()
	eventually(t, "the screen is open", func() bool { return a.Hall.Attended(region, counter, 0) })
	from := since(t, db, row.ID, 0).last
	var then happened
	eventually(t, "the other counters go on", func() bool {
		then = since(t, db, row.ID, from)
		return sum(then.calls) > 20
	})
	// One action may have been under way.
	if n := then.moves[counter]; n > 1 {
		t.Errorf("of %d things that happened the simulation did %d at the person's counter", sum(then.moves), n)
	}
	// What the person does stays as they leave it.
	var called ticket
	eventually(t, "somebody waits for the person", func() bool {
		status, err := officer.do("POST", "/api/v1/counters/"+counter.String()+"/next", "", nil, &called)
		if err != nil {
			t.Fatal(err)
		}
		return status == http.StatusOK
	})
	from = since(t, db, row.ID, 0).last
	eventually(t, "the other counters go on", func() bool { return sum(since(t, db, row.ID, from).calls) > 20 })
	if _, err := officer.do("GET", "/api/v1/tickets/"+called.ID, "", nil, &called); err != nil || called.Status != "called" {
		t.Errorf("the person's ticket is %s (%v)", called.Status, err)
	}
	leave()
	eventually(t, "the counter is simulated again", func() bool { return since(t, db, row.ID, from).calls[counter] > 2 })
}

// The simulated day is that of the regions as they are: none in a suspended one, again when it is resumed,
// and with the counters and series of the newest manifest.
func TestTheSimulationFollowsTheRegions(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	row := demoRegionOf(t, db, oneSeries("19.01", "WIB"), true)
	staid := demoRegionOf(t, db, oneSeries("19.02", "WIB"), false)
	a := newApp(t, db)
	day, stop := context.WithCancel(t.Context())
	defer stop()
	sim := app.NewSimulation(a, 10*time.Millisecond)
	look := func() {
		t.Helper()
		if err := a.Registry.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		sim.Follow(day)
	}
	prov := &tenant.Provisioner{DB: db}
	state := func(state string) {
		t.Helper()
		if _, err := prov.SetState(t.Context(), "19.01", state, "pemeliharaan", "system:test"); err != nil {
			t.Fatal(err)
		}
		look()
	}
	sim.Follow(day)
	goesOn := func(from int64) { // the simulated day, after an event
		t.Helper()
		eventually(t, "people are called", func() bool { return sum(since(t, db, row.ID, from).calls) > 5 })
	}
	goesOn(0)
	if n := sim.Acting(); n != 9 {
		t.Errorf("somebody acts for %d series and counters, want 9", n)
	}

	state(tenant.Suspended)
	stopped := since(t, db, row.ID, 0).last
	if n := sim.Acting(); n != 0 {
		t.Errorf("somebody acts for %d series and counters of a suspended region", n)
	}
	look() // nobody begins again
	if now := since(t, db, row.ID, stopped); sim.Acting() != 0 || now.last != stopped {
		t.Errorf("%d things happened in a suspended region", now.last-stopped)
	}
	state(tenant.Active)
	goesOn(since(t, db, row.ID, 0).last)

	// A counter less, one more, and a second series.
	r := oneSeries("19.01", "WIB")
	agency := &r.Agencies[0]
	agency.Series = append(agency.Series, tenants.Series{Code: "kk", Prefix: "B", Venue: "mal"})
	agency.Services[1].Series = tenants.Codes{"kk"}
	agency.Counters = append(agency.Counters[1:], tenants.Counter{Code: "9", Venue: "mal", Series: []string{"kk"}})
	r.Staff = r.Staff[1:]
	demoRegionOf(t, db, r, true)
	look()
	from := since(t, db, row.ID, 0).last
	eventually(t, "the new counter calls the new series", func() bool {
		return since(t, db, row.ID, from).calls[id.Named(row.ID, "counter/mal/9")] > 2
	})
	eventually(t, "the old counter has been given up", func() bool { return sim.Acting() == 10 })
	from = since(t, db, row.ID, 0).last
	goesOn(from)
	if n := since(t, db, row.ID, from).moves[id.Named(row.ID, "counter/mal/1")]; n > 0 {
		t.Errorf("a counter that is not declared any more did %d things", n)
	}
	if n := sum(since(t, db, staid.ID, 0).moves); n > 0 {
		t.Errorf("%d things were simulated in a real region", n)
	}

	// It becomes a real one.
	demoRegionOf(t, db, r, false)
	look()
	if n := sim.Acting(); n != 0 {
		t.Errorf("somebody acts for %d series and counters of a real region", n)
	}
}
