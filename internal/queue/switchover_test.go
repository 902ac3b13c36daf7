package queue_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// changing is a mall with a manager who changes over from an old system, on a clock that the test sets.
type changing struct {
	*mall
	clock   *testkit.Clock
	manager *authz.Actor
}

func eachChanging(t *testing.T, fn func(t *testing.T, m *changing), opts ...testkit.RegionOption) {
	t.Helper()
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			now := testkit.NewClock(testkit.Morning)
			m := newMall(t, testkit.Open(t, dialect, testkit.WithClock(now)), opts...)
			fn(t, &changing{m, now, authz.NewActor(authz.Identity{UserID: m.Admin}, []authz.Grant{{Role: authz.RoleManager, Scope: m.Scope}})})
		})
	}
}

func (m *changing) plan(t *testing.T, at time.Time, numbers ...queue.Running) error {
	t.Helper()
	return m.hall.PlanSwitch(t.Context(), m.tenant, m.manager, at, numbers)
}

func (m *changing) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until goes on once something is so, which others are about to bring about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		if t.Context().Err() != nil {
			t.Fatalf("never: %s", what)
		}
		runtime.Gosched()
	}
}

// state is what the change-over's page would say, by series: "parallel A 40/35 40 B 0/0 0".
func (m *changing) state(t *testing.T) string {
	t.Helper()
	v, err := m.hall.Switchover(t.Context(), m.tenant, m.manager)
	m.must(t, err)
	out := string(v.State)
	for _, s := range v.Series {
		out += fmt.Sprintf(" %s %d/%d %d", s.Prefix, s.Running.Given, s.Called, s.Issued)
	}
	return out
}

// fresh reads the region as a process does that has heard of the last change.
func (m *changing) fresh(t *testing.T) {
	t.Helper()
	reg := tenant.NewRegistry(m.db, "localhost", nil)
	m.must(t, reg.Refresh(t.Context()))
	m.tenant, _ = reg.ByHost(m.Host("localhost"))
}

// Several counters call and several people take numbers, in two processes, while the time of the switch comes: before it
// nobody gets a number, from it on the numbers go on, none twice and none left out, and whoever holds a paper of the old
// system is called first. Then it is taken back.
func TestARunningMallChangesOver(t *testing.T) {
	eachChanging(t, func(t *testing.T, m *changing) {
		second := testkit.Again(t, testkit.URLs(m.db), testkit.WithClock(m.clock))
		halls := []*queue.Hall{m.hall, queue.New(second, tenant.NewDirectories(second))}
		at := testkit.Morning.Add(time.Hour)
		m.must(t, m.plan(t, at, queue.Running{SeriesID: m.Series[0], Given: 40, Called: 30}))
		if got := m.state(t); got != "parallel A 40/30 40 B 0/0 0" {
			t.Errorf("planned: %s", got)
		}
		if _, ok := m.call(t, 0); ok {
			t.Error("a paper is called while the old system calls it")
		}
		const people, each, calls = 4, 12, 10
		var refused atomic.Int64
		var mu sync.Mutex
		var issued, called []int64
		var wg sync.WaitGroup
		for i := range people {
			hall := halls[i%2]
			wg.Go(func() {
				for k := 0; k < each; {
					p, err := hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: fmt.Sprintf("%d-%d", i, k), Channel: queue.Web})
					switch {
					case fault.Is(err, "queue.old_system"):
						if !m.clock.Now().Before(at.Add(time.Minute)) {
							t.Error("refused after the switch")
							return
						}
						refused.Add(1)
						runtime.Gosched()
						continue
					case err != nil:
						t.Error(err)
						return
					}
					if p.CreatedAt.Before(at) {
						t.Errorf("%s was given at %s", p.Label, p.CreatedAt)
					}
					mu.Lock()
					issued = append(issued, p.Number)
					mu.Unlock()
					k++
				}
			})
		}
		for i := range 2 {
			hall := halls[i]
			wg.Go(func() {
				for k := 0; k < calls; {
					p, ok, err := hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[i]})
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						runtime.Gosched()
						continue
					}
					if k++; p.Number <= 40 && p.Origin != queue.OldSystem {
						t.Errorf("%s is not the old system's", p.Label)
					}
					mu.Lock()
					called = append(called, p.Number)
					mu.Unlock()
				}
			})
		}
		until(t, "somebody has asked too early", func() bool { return refused.Load() >= 3*people })
		m.clock.Set(at)
		wg.Wait()
		slices.Sort(issued)
		slices.Sort(called)
		for i, n := range issued {
			if n != int64(41+i) {
				t.Fatalf("the numbers are %v", issued)
			}
		}
		if len(issued) != people*each || len(called) != 2*calls || len(slices.Compact(slices.Clone(called))) != 2*calls {
			t.Fatalf("%d issued, called %v", len(issued), called)
		}
		if !slices.Equal(called[:10], []int64{31, 32, 33, 34, 35, 36, 37, 38, 39, 40}) {
			t.Errorf("the papers were not called first: %v", called)
		}
		if got := m.state(t); got != "switched A 40/30 88 B 0/0 0" {
			t.Errorf("switched: %s", got)
		}

		m.clock.Advance(time.Hour)
		m.must(t, m.hall.RollBack(t.Context(), m.tenant, m.manager))
		for i, hall := range halls {
			if _, err := hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Channel: queue.Web}); !fault.Is(err, "queue.old_system") {
				t.Errorf("process %d gives a number after it was taken back: %v", i, err)
			}
		}
		r, err := m.hall.SwitchReport(t.Context(), m.tenant, m.manager)
		m.must(t, err)
		a := r.Series[0]
		if a.Prefix != "A" || a.Old.Given != 40 || a.Old.Called != 30 || a.LastIssued != 88 || a.Issued != 48 || a.Waiting != 10+48-20 || a.LastCalled != called[len(called)-1] {
			t.Errorf("the report: %+v", a)
		}
		if len(r.Tickets) != 58 || r.Tickets[0].Label != "A-031" || r.Tickets[57].Label != "A-088" {
			t.Errorf("%d numbers in the report", len(r.Tickets))
		}
		for _, p := range r.Tickets {
			if was := slices.Contains(called, p.Number); was == p.CalledAt.IsZero() {
				t.Errorf("%s: called %v, and the report says %v", p.Label, was, p.CalledAt)
			}
		}
		if _, ok := m.call(t, 0); !ok {
			t.Error("a number of ours cannot be called to its end")
		}
	})
}

// A number that is being given while the switch is taken back: either it was given before, and stands in the report, or
// it is refused.
func TestTakenBackWhileNumbersAreGiven(t *testing.T) {
	eachChanging(t, func(t *testing.T, m *changing) {
		m.must(t, m.plan(t, time.Time{}))
		var given atomic.Int64
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for {
					_, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Channel: queue.Web})
					if fault.Is(err, "queue.old_system") {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					given.Add(1)
				}
			})
		}
		until(t, "numbers are given", func() bool { return given.Load() > 20 })
		m.must(t, m.hall.RollBack(t.Context(), m.tenant, m.manager))
		r, err := m.hall.SwitchReport(t.Context(), m.tenant, m.manager)
		m.must(t, err)
		wg.Wait()
		if int(given.Load()) != len(r.Tickets) || r.Series[0].LastIssued != given.Load() {
			t.Errorf("%d were given, and the report of when it was taken back has %d, to %d", given.Load(), len(r.Tickets), r.Series[0].LastIssued)
		}
	})
}

func TestRunningNumbersAreCorrectedUntilTheFirstIsGiven(t *testing.T) {
	eachChanging(t, func(t *testing.T, m *changing) {
		a, b := m.Series[0], m.Series[1]
		at := testkit.Morning.Add(30 * time.Minute)
		for _, wrong := range []queue.Running{{a, 5, 6}, {a, -1, 0}, {a, 100_000, 0}, {a, 9000, 10}} {
			if err := m.plan(t, at, wrong); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		if err := m.plan(t, testkit.Morning.Add(-time.Second)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("in the past: %v", err)
		}
		if err := m.plan(t, at, queue.Running{SeriesID: m.Agency}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no series: %v", err)
		}
		m.must(t, m.plan(t, at, queue.Running{SeriesID: a, Given: 12, Called: 4}, queue.Running{SeriesID: b, Given: 1, Called: 1}))
		m.must(t, m.plan(t, at, queue.Running{SeriesID: a, Given: 9, Called: 7}))
		if got := m.state(t); got != "parallel A 9/7 9 B 1/1 1" {
			t.Errorf("corrected: %s", got)
		}
		m.fresh(t)
		_, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Channel: queue.Web})
		if f := fault.Of(err); f.Code != "queue.old_system" || f.Extra["next_opening"] != "2026-11-23T09:30:00+07:00" {
			t.Errorf("who asks too early is told %v %v", err, f.Extra)
		}
		m.clock.Set(at)
		if p, ok := m.call(t, 0); !ok || p.Label != "A-008" {
			t.Fatalf("called %v", p.Label)
		}
		// What was called cannot have been given by nobody.
		if err := m.plan(t, at, queue.Running{SeriesID: a, Given: 7, Called: 7}); !fault.Is(err, "queue.switch.low") {
			t.Errorf("lower than what was called: %v", err)
		}
		m.must(t, m.plan(t, at, queue.Running{SeriesID: a, Given: 11, Called: 7})) // the old machine had gone on
		if p := m.issue(t, "satu"); p.Label != "A-012" || p.Ahead != 3 {
			t.Errorf("the first of ours is %s with %d ahead", p.Label, p.Ahead)
		}
		if err := m.plan(t, at, queue.Running{SeriesID: a, Given: 15, Called: 7}); !fault.Is(err, "queue.switch.fixed") {
			t.Errorf("after the first: %v", err)
		}
		m.must(t, m.plan(t, at, queue.Running{SeriesID: b, Given: 2, Called: 1})) // in the other series there was none
		if err := m.plan(t, at.Add(time.Hour)); !fault.Is(err, "queue.switch.done") {
			t.Errorf("another time once it has come: %v", err)
		}
		// B gives three a day, and the old system's two count.
		p, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Channel: queue.Web})
		if err != nil || p.Label != "B-003" {
			t.Errorf("%v %v", p.Label, err)
		}
		if _, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Channel: queue.Web}); !fault.Is(err, "queue.full") {
			t.Errorf("over the quota: %v", err)
		}
	})
}

// Back and forth on one day, and given up: the numbers stay unique whatever the old system did in between.
func TestBackAndForthOnOneDay(t *testing.T) {
	eachChanging(t, func(t *testing.T, m *changing) {
		a := m.Series[0]
		m.must(t, m.plan(t, time.Time{}, queue.Running{SeriesID: a, Given: 3, Called: 1}))
		for i := range 3 {
			if p := m.issue(t, fmt.Sprint(i)); p.Number != int64(4+i) {
				t.Fatalf("%s", p.Label)
			}
		}
		if err := m.hall.CancelSwitch(t.Context(), m.tenant, m.manager); !fault.Is(err, "queue.switch.done") {
			t.Errorf("given up after the time: %v", err)
		}
		m.must(t, m.hall.RollBack(t.Context(), m.tenant, m.manager))
		m.must(t, m.hall.RollBack(t.Context(), m.tenant, m.manager)) // pressed twice
		m.clock.Advance(time.Hour)
		// The old system called on to 5 and gave up to 9.
		if err := m.plan(t, time.Time{}, queue.Running{SeriesID: a, Given: 5, Called: 5}); !fault.Is(err, "queue.switch.low") {
			t.Errorf("lower than what we gave: %v", err)
		}
		m.must(t, m.plan(t, time.Time{}, queue.Running{SeriesID: a, Given: 9, Called: 5}))
		var order []string
		for {
			p, ok := m.call(t, 0)
			if !ok {
				break
			}
			order = append(order, p.Label)
		}
		slices.Sort(order)
		if fmt.Sprint(order) != "[A-006 A-007 A-008 A-009]" {
			t.Errorf("called: %v", order)
		}
		if p := m.issue(t, "lagi"); p.Label != "A-010" {
			t.Errorf("then %s", p.Label)
		}
		m.clock.Advance(24 * time.Hour)
		if err := m.hall.RollBack(t.Context(), m.tenant, m.manager); !fault.Is(err, "queue.switch.late") {
			t.Errorf("on another day: %v", err)
		}
		if p := m.issue(t, "besok"); p.Label != "A-001" {
			t.Errorf("the next day begins with %s", p.Label)
		}
		// Planned for tomorrow, moved by a day, given up: nothing is left of it.
		tomorrow := m.clock.Now().Add(24 * time.Hour)
		m.must(t, m.plan(t, tomorrow, queue.Running{SeriesID: a, Given: 2}))
		m.must(t, m.plan(t, tomorrow.Add(24*time.Hour)))
		m.must(t, m.hall.CancelSwitch(t.Context(), m.tenant, m.manager))
		if p := m.issue(t, "terus"); p.Label != "A-002" {
			t.Errorf("given up: %s", p.Label)
		}
		m.clock.Set(tomorrow)
		if p := m.issue(t, "bersih"); p.Label != "A-001" {
			t.Errorf("what was planned left %s", p.Label)
		}
	})
}

func TestWhoMayChangeOver(t *testing.T) {
	eachChanging(t, func(t *testing.T, m *changing) {
		for role, may := range map[string]bool{authz.RoleAdmin: true, authz.RoleFrontOffice: false, authz.RoleAgencyAdmin: false, authz.RoleOfficer: false} {
			scope := m.Scope
			if !may && role != authz.RoleFrontOffice {
				scope += "/dukcapil"
			}
			who := authz.NewActor(authz.Identity{UserID: m.Admin}, []authz.Grant{{Role: role, Scope: scope}})
			for name, err := range map[string]error{
				"plan": m.hall.PlanSwitch(t.Context(), m.tenant, who, m.clock.Now().Add(time.Hour), nil), "cancel": m.hall.CancelSwitch(t.Context(), m.tenant, who),
			} {
				if (err == nil) != may {
					t.Errorf("%s, %s: %v", role, name, err)
				}
			}
			if err := m.hall.RollBack(t.Context(), m.tenant, who); !may && !fault.Is(err, "authz.forbidden") {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}

// A series that an apply adds while the old system gives the numbers gives none either.
func TestASeriesThatComesMeanwhileWaitsToo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		region, problems := tenants.LoadDir("../../tenants/regions/19.01-bangka")
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		p := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }}
		apply := func() *tenant.Tenant {
			t.Helper()
			if _, err := p.Apply(t.Context(), region, tenant.Options{Actor: "system:test", Demo: true}); err != nil {
				t.Fatal(err)
			}
			reg := tenant.NewRegistry(db, "localhost", nil)
			if err := reg.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			here, _ := reg.ByCode("19.01")
			return here
		}
		here := apply()
		hall := queue.New(db, tenant.NewDirectories(db))
		boss := authz.NewActor(authz.Identity{System: "system:test"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
		if err := hall.PlanSwitch(t.Context(), here, boss, db.Now().Add(time.Hour), nil); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(region.Agencies, func(a tenants.Agency) bool { return a.Code == "dukcapil" })
		a := &region.Agencies[i]
		a.Series = append(slices.Clone(a.Series), tenants.Series{Code: "baru", Prefix: "ZZ", Venue: "sungailiat"})
		a.Counters[0].Series = append(slices.Clone(a.Counters[0].Series), "baru")
		a.Services = append(slices.Clone(a.Services), tenants.Service{Code: "akta-mati-baru", Name: "Baru", Execution: catalogue.Native, Series: tenants.Codes{"baru"}})
		here = apply()
		v, err := hall.Switchover(t.Context(), here, boss)
		if err != nil || v.State != queue.SwitchParallel {
			t.Fatalf("%v %v", v.State, err)
		}
		for _, s := range v.Series {
			for _, o := range s.Agency.Services {
				if o.At(s.ID) == nil {
					continue
				}
				_, err := hall.Issue(context.Background(), here, queue.Request{ServiceID: o.ID, SeriesID: s.ID, Channel: queue.Web})
				if !fault.Is(err, "queue.old_system") {
					t.Errorf("%s gives a number: %v", s.Prefix, err)
				}
				break
			}
		}
	})
}
