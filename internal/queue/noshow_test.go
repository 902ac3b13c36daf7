package queue_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// frontOffice is somebody at the region's front desk.
func (m *mall) frontOffice() *authz.Actor {
	return authz.NewActor(authz.Identity{UserID: m.Admin}, []authz.Grant{{Role: authz.RoleFrontOffice, Scope: m.Scope}})
}

// miss takes a number, calls it to a counter and notes that nobody came.
func (m *mall) miss(t *testing.T, key string, counter int) queue.Place {
	t.Helper()
	m.issue(t, key)
	p, ok := m.call(t, counter)
	if !ok {
		t.Fatal("nobody waits")
	}
	p, err := m.hall.Do(t.Context(), m.tenant, m.officer, p.ID, queue.Absent)
	if err != nil || p.Status != queue.NoShow {
		t.Fatal(p.Status, err)
	}
	return p
}

func (m *mall) again(counter int, ticket id.ID, key string) (queue.Place, error) {
	return m.hall.CallAgain(context.Background(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[counter], Key: key}, ticket)
}

func (m *mall) giveBack(ticket id.ID) (queue.Place, error) {
	return m.hall.Return(context.Background(), m.tenant, m.frontOffice(), ticket)
}

func (m *mall) place(t *testing.T, ticket id.ID) queue.Place {
	t.Helper()
	p, err := m.hall.Place(t.Context(), m.tenant, ticket)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// count counts the events of a kind and the records of an action about a ticket.
func (m *mall) count(t *testing.T, ticket id.ID, kind, action string) (events, records int) {
	t.Helper()
	err := m.db.View(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.EventsAfter(ctx, 0, 100000)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.Kind == kind && strings.Contains(string(e.Data), ticket.String()) {
				events++
			}
		}
		type row struct {
			N int `bun:"n"`
		}
		rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select count(*) as n from audit where action = ? and target = ?", action, "ticket:"+ticket.String())
		if err == nil {
			records = rows[0].N
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events, records
}

func TestAFreeCounterCallsAgainWhoWasNotThere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		p, err := m.again(0, a.ID, "press")
		if err != nil || p.Status != queue.Called || p.CounterID != m.Counters[0] || p.Calls != 2 || !p.EndedAt.IsZero() {
			t.Fatalf("%+v %v", p.Ticket, err)
		}
		if !p.CreatedAt.Equal(a.CreatedAt) || p.CalledAt.Before(a.CalledAt) {
			t.Errorf("taken at %v, called at %v", p.CreatedAt, p.CalledAt)
		}
		// The same press again, and another one for somebody who is called here already, are no further call.
		for _, key := range []string{"press", "other"} {
			if p, err := m.again(0, a.ID, key); err != nil || p.Calls != 2 {
				t.Errorf("again by %q: %d calls, %v", key, p.Calls, err)
			}
		}
		if events, records := m.count(t, a.ID, "ticket.called", "queue:ticket:call"); events != 2 || records != 2 {
			t.Errorf("%d events and %d records of two calls", events, records)
		}
		// A press that was sent once more, long after, does not call a third time.
		if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, a.ID, queue.Absent); err != nil {
			t.Fatal(err)
		}
		if p, err := m.again(0, a.ID, "press"); err != nil || p.Status != queue.NoShow {
			t.Errorf("the old press: %s, %v", p.Status, err)
		}
		// Whoever is served goes on as everybody does.
		if _, err := m.again(0, a.ID, "third"); err != nil {
			t.Fatal(err)
		}
		for _, move := range []queue.Move{queue.Serve, queue.Finish} {
			if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, a.ID, move); err != nil {
				t.Fatal(move, err)
			}
		}
		m.verifyChain(t, 1)
	})
}

func TestCallingAgainIsRefusedWithTheReason(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		m.issue(t, "b")
		b, _ := m.call(t, 0)
		waits := m.issue(t, "c")
		refused := func(what, code string, err error) {
			t.Helper()
			if !fault.Is(err, code) {
				t.Errorf("%s: %v, want %s", what, err, code)
			}
		}
		_, err := m.again(0, a.ID, "1")
		refused("a counter that is not free", "queue.counter_busy", err)
		_, err = m.again(1, b.ID, "2")
		refused("somebody who is called elsewhere", "queue.illegal_move", err)
		_, err = m.again(1, waits.ID, "3")
		refused("somebody who waits", "queue.illegal_move", err)
		_, err = m.again(1, id.New(), "4")
		refused("nobody", "not_found", err)
		_, err = m.hall.CallAgain(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[1], Key: "5", Seen: a.ID}, a.ID)
		refused("a counter that has moved on", "queue.stale", err)
		_, err = m.hall.CallAgain(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], Key: "6", SawNobody: true}, a.ID)
		refused("a counter that has called since", "queue.stale", err)
		_, err = m.hall.CallAgain(t.Context(), m.tenant, m.frontOffice(), queue.Press{CounterID: m.Counters[1]}, a.ID)
		refused("somebody who calls nobody", "authz.forbidden", err)
		bound := authz.NewActor(authz.Identity{UserID: m.Officer}, []authz.Grant{{Role: authz.RoleOfficer, Scope: m.Scope + "/dukcapil"}})
		_, err = m.hall.CallAgain(t.Context(), m.tenant, bound, queue.Press{CounterID: m.Counters[1]}, a.ID)
		refused("an officer of another counter", "queue.not_your_counter", err)
		for _, move := range []queue.Move{queue.Reinstate, queue.Return} {
			if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, a.ID, move); err == nil {
				t.Errorf("%s went past its own checks", move)
			}
		}
		if p := m.place(t, a.ID); p.Status != queue.NoShow || p.Calls != 1 {
			t.Errorf("after refusals: %s, %d calls", p.Status, p.Calls)
		}
		// Another counter of the series is free, and may.
		if p, err := m.again(1, a.ID, "7"); err != nil || p.CounterID != m.Counters[1] {
			t.Errorf("the other counter: %v, %v", p.CounterID, err)
		}
		// The counter that had called it first is left with whom it has.
		if v, err := m.hall.View(t.Context(), m.tenant, m.officer, m.Counters[0]); err != nil || v.Current == nil || v.Current.ID != b.ID {
			t.Errorf("the first counter: %+v, %v", v.Current, err)
		}
	})
}

func TestACounterCallsAgainOnlyItsOwnSeries(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		err := db.In(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Delete[tenant.CounterSeries](ctx, tx, "counter_id = ? and series_id = ?", m.Counters[1], m.Series[0])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		m.hall = queue.New(db, tenant.NewDirectories(db))
		if _, err := m.again(1, a.ID, "1"); !fault.Is(err, "queue.other_series") {
			t.Errorf("a counter of another series: %v", err)
		}
	})
}

func TestTheFrontDeskPutsSomebodyBackIntoTheLine(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		b, c := m.issue(t, "b"), m.issue(t, "c")
		p, err := m.giveBack(a.ID)
		if err != nil || p.Status != queue.Waiting || p.Position() != 1 || p.Counter != nil || p.Calls != 0 || !p.CalledAt.IsZero() || !p.EndedAt.IsZero() {
			t.Fatalf("%+v at %d, %v", p.Ticket, p.Position(), err)
		}
		if !p.CreatedAt.Equal(a.CreatedAt) || p.Number != a.Number {
			t.Errorf("taken at %v as %d", p.CreatedAt, p.Number)
		}
		if now := m.place(t, b.ID); now.Position() != 2 {
			t.Errorf("%s is at %d", now.Label, now.Position())
		}
		if _, err := m.giveBack(a.ID); err != nil { // an answer that was lost
			t.Error(err)
		}
		if events, records := m.count(t, a.ID, "ticket.returned", "queue:ticket:return"); events != 1 || records != 1 {
			t.Errorf("%d events, %d records", events, records)
		}
		// The oldest is called first, by another counter; the one that missed it is not confused.
		first, _ := m.call(t, 1)
		if first.ID != a.ID || first.CounterID != m.Counters[1] || first.Calls != 1 {
			t.Fatalf("called %s to %v for the %d. time", first.Label, first.CounterID, first.Calls)
		}
		if next, _ := m.call(t, 0); next.ID != b.ID {
			t.Errorf("then %s", next.Label)
		}
		if p := m.place(t, a.ID); p.Status != queue.Called || p.CounterID != m.Counters[1] {
			t.Errorf("the first counter's call did something to %s: %s", p.Label, p.Status)
		}
		if _, err := m.giveBack(a.ID); !fault.Is(err, "queue.illegal_move") || fault.Of(err).Extra["status"] != "called" {
			t.Errorf("back into the line when called: %v", err)
		}
		if _, err := m.hall.Return(t.Context(), m.tenant, m.officer, a.ID); !fault.Is(err, "authz.forbidden") {
			t.Errorf("an officer: %v", err)
		}
		if _, err := m.giveBack(id.New()); !fault.Is(err, "not_found") {
			t.Errorf("no such ticket: %v", err)
		}
		m.call(t, 0)
		if p := m.place(t, c.ID); p.Status != queue.Called {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
		m.verifyChain(t, 3)
	})
}

// The counter that missed somebody calls them again by the line, and finishes them by its next call.
func TestTheSameCounterCallsWhoCameBackIntoTheLine(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		if _, err := m.giveBack(a.ID); err != nil {
			t.Fatal(err)
		}
		b := m.issue(t, "b")
		if p, _ := m.call(t, 0); p.ID != a.ID {
			t.Fatalf("called %s", p.Label)
		}
		if p, _ := m.call(t, 0); p.ID != b.ID {
			t.Fatalf("then %s", p.Label)
		}
		if p := m.place(t, a.ID); p.Status != queue.Finished {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
	})
}

// A ticket that is called again is the same ticket: a screen that was drawn while the counter was free
// must not finish it unseen.
func TestAFreeScreenIsStaleAfterACallAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		b := m.issue(t, "b")
		seen := queue.Press{CounterID: m.Counters[0], Key: "old screen", Seen: a.ID, SawFree: true}
		if _, err := m.again(0, a.ID, "new screen"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, seen); !fault.Is(err, "queue.stale") {
			t.Errorf("the old screen's press: %v", err)
		}
		if p, q := m.place(t, a.ID), m.place(t, b.ID); p.Status != queue.Called || q.Status != queue.Waiting {
			t.Errorf("%s is %s, %s is %s", p.Label, p.Status, q.Label, q.Status)
		}
		if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, a.ID, queue.Absent); err != nil {
			t.Fatal(err)
		}
		if p, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, seen); err != nil || !ok || p.ID != b.ID {
			t.Errorf("free again as it was seen: %s, %v", p.Label, err)
		}
	})
}

// A manifest may have taken the series away since: nobody would ever call the number.
func TestNobodyGoesBackIntoASeriesThatIsGone(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.miss(t, "a", 0)
		ticket := front + "/nomor/" + a.ID.String()
		h.see(t, ticket, "front", "/kembali")
		if err := h.db.In(t.Context(), h.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.SeriesRow](tx).Set("retired = ?", true).Where("id = ?", h.Series[0]).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.giveBack(a.ID); !fault.Is(err, "queue.series_gone") || fault.KindOf(err) != fault.Conflict {
			t.Errorf("given back: %v", err)
		}
		if p := h.place(t, a.ID); p.Status != queue.NoShow || p.CounterID != h.Counters[0] {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
		if to := h.send(t, ticket+"/kembali", "front", url.Values{}); to != ticket+"?kabar=seri" {
			t.Errorf("it leads to %s", to)
		}
		h.see(t, ticket+"?kabar=seri", "front", "Seri nomor ini sudah tidak dipakai")
		resp, body := h.ask(t, "POST", "/api/v1/tickets/"+a.ID.String()+"/return", "", nil, "Authorization", "Bearer front")
		if resp.StatusCode != 409 || !strings.Contains(body, `"code":"queue.series_gone"`) || !strings.Contains(body, "Mohon ambil nomor baru.") {
			t.Errorf("the API: %d %s", resp.StatusCode, body)
		}
	})
}

// An apply that is just taking the series away is waited for.
func TestAWayBackWaitsForAnApply(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL) // SQLite has one writer
	m := newMall(t, db)
	a := m.miss(t, "a", 0)
	locked, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			if err := store.Lock[tenant.SeriesRow](ctx, tx, m.Series[0]); err != nil {
				return err
			}
			close(locked)
			<-free
			_, err := store.Update[tenant.SeriesRow](tx).Set("retired = ?", true).Where("id = ?", m.Series[0]).Exec(ctx)
			return err
		})
	}()
	<-locked
	back := make(chan error, 1)
	go func() {
		_, err := m.giveBack(a.ID)
		back <- err
	}()
	testkit.Waiting(t, db, 1)
	close(free)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := <-back; !fault.Is(err, "queue.series_gone") {
		t.Errorf("given back: %v", err)
	}
}

// A counter that was taken away since its screen was drawn calls nobody, as with the big button.
func TestACounterThatIsGoneCallsNobodyAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a := m.miss(t, "a", 0)
		if err := db.In(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.CounterRow](tx).Set("retired = ?", true).Where("id = ?", m.Counters[0]).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// The directory does not know it yet: the rows do.
		if _, err := m.again(0, a.ID, "x"); !fault.Is(err, "not_found") {
			t.Errorf("called again: %v", err)
		}
		if p := m.place(t, a.ID); p.Status != queue.NoShow {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
		if _, err := m.again(1, a.ID, "y"); err != nil {
			t.Error(err)
		}
	})
}

func TestThereIsAWayBackOnTheTicketsOwnDayOnly(t *testing.T) {
	for zone, utc := range map[string]int{"WIB": 17, "WIT": 15} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			midnight := time.Date(2026, 11, 23, utc, 0, 0, 0, time.UTC)
			testkit.Each(t, func(t *testing.T, db *store.DB) {
				now := testkit.NewClock(midnight.Add(-time.Second))
				db = testkit.Again(t, testkit.URLs(db), testkit.WithClock(now))
				m := newMall(t, db, testkit.Zone(zone))
				a, b := m.miss(t, "a", 0), m.miss(t, "b", 0)
				m.issue(t, "c")
				left, _ := m.call(t, 1) // and nobody finishes it
				now.Set(midnight)
				if _, err := m.giveBack(a.ID); !fault.Is(err, "queue.illegal_move") || fault.Of(err).Extra["status"] != "past" {
					t.Errorf("into the line on the next day: %v", err)
				}
				if _, err := m.again(0, b.ID, "x"); !fault.Is(err, "queue.illegal_move") {
					t.Errorf("called again on the next day: %v", err)
				}
				// What was left standing yesterday does not keep a counter from its day's work.
				missed := m.miss(t, "d", 0)
				if _, err := m.again(1, missed.ID, "y"); err != nil {
					t.Error(err)
				}
				if p := m.place(t, left.ID); p.Status != queue.Finished {
					t.Errorf("%s of yesterday is %s", p.Label, p.Status)
				}
				if clock.DayOf(now.Now(), m.tenant.Loc) == left.Day {
					t.Error("it is still the same day")
				}
			})
		})
	}
}

// A counter begins its day with yesterday's last ticket in its row, and its screen says it is free.
func TestAFreeScreenCallsOnTheNextDay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		now := testkit.NewClock(testkit.Morning)
		db = testkit.Again(t, testkit.URLs(db), testkit.WithClock(now))
		m := newMall(t, db)
		m.issue(t, "a")
		left, _ := m.call(t, 0)
		now.Advance(24 * time.Hour)
		b := m.issue(t, "b")
		p, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], Key: "k", Seen: left.ID, SawFree: true})
		if err != nil || !ok || p.ID != b.ID {
			t.Errorf("%s, %v", p.Label, err)
		}
	})
}

// Two counters and the front desk want the same person at once: one of them gets them, and the others are
// told. Two handles, as two processes have them.
func TestOneOfManyGetsWhoWasNotThere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		other := *m
		other.hall = queue.New(testkit.Again(t, testkit.URLs(db)), tenant.NewDirectories(db))
		halls := []*mall{m, &other}
		const rounds = 15
		for i := range rounds {
			a := m.miss(t, fmt.Sprint(i), 0)
			var mu sync.Mutex
			done := map[string]int{}
			var wg sync.WaitGroup
			try := func(what string, fn func() error) {
				wg.Go(func() {
					err := fn()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						done[what]++
					case !fault.Is(err, "queue.illegal_move"):
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			for n, from := range halls {
				for counter := range 2 {
					try(fmt.Sprint("counter ", counter), func() error { _, err := from.again(counter, a.ID, fmt.Sprint(i, n, counter)); return err })
				}
				try("line", func() error { _, err := from.giveBack(a.ID); return err })
			}
			wg.Wait()
			// A press that came second finds done what it wanted.
			if len(done) != 1 {
				t.Fatalf("round %d: %v", i, done)
			}
			p := m.place(t, a.ID)
			calls, _ := m.count(t, a.ID, "ticket.called", "")
			returns, _ := m.count(t, a.ID, "ticket.returned", "")
			if calls-1+returns != 1 || (p.Status == queue.Waiting) != (returns == 1) {
				t.Errorf("round %d: %s after %d calls and %d returns", i, p.Status, calls, returns)
			}
			if p.Status == queue.Waiting {
				if p, _ = m.call(t, 0); p.ID != a.ID {
					t.Fatalf("round %d: %s is called before %s", i, p.Label, a.Label)
				}
			}
			if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, a.ID, queue.Finish); err != nil {
				t.Fatal(err)
			}
		}
		m.verifyChain(t, rounds)
	})
}

// A whole bad day at once: two counters call, miss and call again while two front desks put everybody back. In the
// end each ticket has been finished once, no counter is left with anybody, and no ticket was at two counters.
func TestABusyDayOfComingAndGoing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		other := *m
		other.hall = queue.New(testkit.Again(t, testkit.URLs(db)), tenant.NewDirectories(db))
		const tickets = 24
		all := make([]id.ID, tickets)
		for i := range all {
			all[i] = m.issue(t, fmt.Sprint(i)).ID
		}
		over := make(chan struct{})
		var desks, counters sync.WaitGroup
		for n, from := range []*mall{m, &other} {
			desks.Go(func() {
				for {
					for _, ticket := range all {
						select {
						case <-over:
							return
						default:
						}
						if _, err := from.giveBack(ticket); err != nil && !fault.Is(err, "queue.illegal_move") {
							t.Error(err)
							return
						}
					}
				}
			})
			counters.Go(func() {
				missed := map[id.ID]int{}
				for turn := 0; ; turn++ {
					p, ok, err := from.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[n]})
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						// Those whom nobody has put back yet: the counter calls them itself, or the desk has.
						left := false
						for ticket := range missed {
							q, err := from.again(n, ticket, "")
							switch {
							case err == nil && q.Status == queue.Called:
								p, ok = q, true
							case err != nil && !fault.Is(err, "queue.illegal_move"):
								t.Error(err)
								return
							}
							if ok {
								break
							}
							left = left || m.place(t, ticket).Status == queue.Waiting
						}
						if !ok && !left {
							return
						}
						if !ok {
							continue
						}
					}
					move := queue.Finish
					if missed[p.ID] < 2 && turn%2 == 0 {
						missed[p.ID]++
						move = queue.Absent
					}
					if _, err := from.hall.Do(t.Context(), m.tenant, m.officer, p.ID, move); err != nil {
						t.Errorf("%s of %s: %v", move, p.Label, err)
						return
					}
				}
			})
		}
		counters.Wait()
		close(over)
		desks.Wait()
		// What the desks put back after the counters had looked last.
		for {
			if _, ok := m.call(t, 0); !ok {
				break
			}
		}
		if v, err := m.hall.View(t.Context(), m.tenant, m.officer, m.Counters[0]); err != nil {
			t.Fatal(err)
		} else if v.Current != nil {
			if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, v.Current.ID, queue.Finish); err != nil {
				t.Fatal(err)
			}
		}
		for _, ticket := range all {
			p := m.place(t, ticket)
			if p.Status == queue.NoShow { // missed last by the other counter, when everybody had gone
				continue
			}
			finished, _ := m.count(t, ticket, "ticket.finished", "")
			if p.Status != queue.Finished || finished != 1 {
				t.Errorf("%s is %s and was finished %d times", p.Label, p.Status, finished)
			}
			calls, _ := m.count(t, ticket, "ticket.called", "")
			missed, _ := m.count(t, ticket, "ticket.no_show", "")
			if calls != missed+1 {
				t.Errorf("%s: %d calls, %d times not there", p.Label, calls, missed)
			}
		}
		m.verifyChain(t, tickets)
	})
}

// A move that waits for a counter finds that the ticket has gone on to another: it is not moved there, where the
// officer has no say.
func TestAMoveDoesNotFollowATicketToAnotherCounter(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		m.issue(t, "a")
		a, _ := m.call(t, 0)
		bound := authz.NewActor(authz.Identity{UserID: m.Officer}, []authz.Grant{{Role: authz.RoleOfficer, Scope: m.Scope + "/dukcapil"}})
		locked, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			done <- m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
				if err := store.Lock[tenant.CounterRow](ctx, tx, m.Counters[0]); err != nil {
					return err
				}
				close(locked)
				<-free
				_, err := store.Update[queue.Ticket](tx).Set("counter_id = ?", m.Counters[1]).Where("id = ?", a.ID).Exec(ctx)
				return err
			})
		}()
		<-locked
		moved := make(chan error, 1)
		go func() {
			_, err := m.hall.Do(context.Background(), m.tenant, bound, a.ID, queue.Finish)
			moved <- err
		}()
		testkit.Waiting(t, db, 1)
		close(free)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		// On SQLite the officer may have looked only afterwards, and is told that the counter is not theirs.
		if err := <-moved; !fault.Is(err, "queue.illegal_move") && !fault.Is(err, "queue.not_your_counter") {
			t.Errorf("moved: %v", err)
		}
		if p := m.place(t, a.ID); p.Status != queue.Called || p.CounterID != m.Counters[1] {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
	})
}
