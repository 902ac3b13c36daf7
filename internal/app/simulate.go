package app

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/rehearsal"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// simulation is the demo's working day: people take numbers and counters call them, in every demo region
// that is served, until the program stops. It goes through the same services as the pages, as a user of its
// own, so that records show what it did. A counter at which a person sits is left to them.
type simulation struct {
	hall    *queue.Hall
	dirs    *tenant.Directories
	regions *tenant.Registry
	log     *slog.Logger
	// pace is how long a minute of the simulated day takes.
	pace time.Duration

	days map[tenant.ID]*day // of the regions that are simulated now; only follow touches it
}

// The user in whose name the simulated day happens.
const (
	simulatorName = "Simulasi hari kerja"
	simulatorUser = "user/simulation"
)

const (
	// leftAlone is for how many minutes a counter is left alone after a person has left it.
	leftAlone = 60
	// actLimit bounds one action, which is brought to its end also when its day is stopped.
	actLimit = 10 * time.Second
)

// run simulates until ctx ends. A region that is suspended, resumed or applied anew is noticed as soon as
// the registry knows.
func (s *simulation) run(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.follow(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	for _, d := range s.days {
		d.end()
	}
}

// follow begins and ends what is simulated, as the regions are now: a day for each demo region that is
// served, and in it somebody for each series and each counter. When it returns nothing happens any more in
// a region that is suspended.
func (s *simulation) follow(ctx context.Context) {
	if s.days == nil {
		s.days = map[tenant.ID]*day{}
	}
	for i, d := range s.days {
		if _, ok := s.region(d); !ok {
			d.end()
			delete(s.days, i)
		}
	}
	for _, t := range s.regions.All() {
		if !simulated(t) {
			continue
		}
		dir, err := s.dirs.Of(ctx, t)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Error("demo: no directory", "tenant", t.Code, "error", err)
			}
			continue
		}
		d := s.days[t.ID]
		if d == nil {
			d = newDay(ctx, t)
			s.days[t.ID] = d
		}
		for _, agency := range dir.Agencies {
			for _, series := range agency.Series {
				d.begin(series.ID, func(ctx context.Context, rng *rand.Rand) { s.arrive(ctx, d, series.ID, rng) })
			}
			for i, counter := range agency.Counters {
				d.begin(counter.ID, func(ctx context.Context, rng *rand.Rand) { s.work(ctx, d, counter.ID, i, rng) })
			}
		}
	}
}

// simulated tells whether a simulated day runs in a region.
func simulated(t *tenant.Tenant) bool { return t.Demo && t.State == tenant.Active }

// region is the newest that is known of a day's region; false when it is not simulated any more.
func (s *simulation) region(d *day) (*tenant.Tenant, bool) {
	t, ok := s.regions.ByCode(d.code)
	return t, ok && t.ID == d.tenant && simulated(t)
}

// look gives a day's region and what it declares now; false when its day is over. Every action begins with it.
func (s *simulation) look(ctx context.Context, d *day) (*tenant.Tenant, *tenant.Directory, bool) {
	t, ok := s.region(d)
	if !ok || ctx.Err() != nil {
		return nil, nil, false
	}
	dir, err := s.dirs.Of(ctx, t)
	return t, dir, err == nil
}

// day is a region's simulated day.
type day struct {
	tenant tenant.ID
	code   string
	actor  *authz.Actor
	rng    *rand.Rand
	ctx    context.Context
	stop   context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	busy   map[id.ID]bool // series and counters for which somebody acts
}

func newDay(ctx context.Context, t *tenant.Tenant) *day {
	d := &day{tenant: t.ID, code: t.Code, rng: rand.New(rand.NewPCG(uint64(len(t.Name)), uint64(t.Version))), busy: map[id.ID]bool{}}
	d.ctx, d.stop = context.WithCancel(ctx)
	d.actor = authz.NewActor(authz.Identity{UserID: simulatorID(t), Name: simulatorName},
		[]authz.Grant{{Role: authz.RoleManager, Scope: t.Scope}, {Role: authz.RoleOfficer, Scope: t.Scope}})
	return d
}

// begin lets somebody act for a series or a counter unless somebody does. They stop by themselves when it is
// not declared any more.
func (d *day) begin(what id.ID, act func(context.Context, *rand.Rand)) {
	d.mu.Lock()
	busy := d.busy[what]
	d.busy[what] = true
	d.mu.Unlock()
	if busy {
		return
	}
	rng := rand.New(rand.NewPCG(d.rng.Uint64(), d.rng.Uint64()))
	d.wg.Go(func() {
		act(d.ctx, rng)
		d.mu.Lock()
		delete(d.busy, what)
		d.mu.Unlock()
	})
}

// end stops the day and waits for what is under way.
func (d *day) end() {
	d.stop()
	d.wg.Wait()
}

// simulatorID is the identifier of the demo's user in a region.
func simulatorID(t *tenant.Tenant) id.ID { return id.Named(t.ID, simulatorUser) }

// wait sleeps for about the given simulated minutes; false when the day is over.
func (s *simulation) wait(ctx context.Context, minutes float64) bool {
	timer := time.NewTimer(time.Duration(minutes * float64(s.pace)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// acting is the context of one action: once it has begun, its end is waited for.
func acting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), actLimit)
}

// arrive lets people take numbers of a series, some at once when the day begins.
func (s *simulation) arrive(ctx context.Context, d *day, seriesID id.ID, rng *rand.Rand) {
	channels := []queue.Channel{queue.Web, queue.Web, queue.Kiosk, queue.AtCounter}
	// How many wait before nobody more comes: some series are quiet, some busy, and whoever tries the
	// demo does not wait for an hour.
	share := rng.Float64()
	for n := 0; ; n++ {
		t, dir, ok := s.look(ctx, d)
		if !ok {
			return
		}
		series, ok := dir.Series(seriesID)
		if !ok || series.Retired {
			return
		}
		services := slices.DeleteFunc(slices.Clone(series.Agency.Services), func(o *tenant.Service) bool { return !slices.Contains(o.Series, series) })
		counters := max(len(series.Counters), 1)
		if len(services) > 0 {
			if err := s.come(ctx, t, d.actor, series, services[rng.IntN(len(services))], channels[rng.IntN(len(channels))], 1+int(share*6*float64(counters))); err != nil {
				s.log.Debug("demo: nobody came", "tenant", t.Code, "series", series.Code, "error", err)
			}
		}
		gap := rng.ExpFloat64() * 9 / float64(counters)
		if n < 4 {
			gap = 0.02 // the doors have just opened
		}
		if !s.wait(ctx, min(gap, 25)) {
			return
		}
	}
}

// come lets one person take a number unless so many wait already. At the front desk the simulation's user gives it.
func (s *simulation) come(ctx context.Context, t *tenant.Tenant, desk *authz.Actor, series *tenant.Series, service *tenant.Service, by queue.Channel, most int) error {
	ctx, cancel := acting(ctx)
	defer cancel()
	crowd, err := s.hall.Crowd(ctx, t)
	if err != nil || crowd[series.ID] >= most {
		return err
	}
	r := queue.Request{ServiceID: service.ID, SeriesID: series.ID, Channel: by}
	if by == queue.AtCounter {
		r.Actor = desk
	}
	_, err = s.hall.Issue(ctx, t, r)
	return err
}

// free looks whether the simulation may act at a counter now: gone when its day or the counter is over,
// taken while a person sits there and for a good while after.
func (s *simulation) free(ctx context.Context, d *day, counterID id.ID) (t *tenant.Tenant, gone, taken bool) {
	t, dir, ok := s.look(ctx, d)
	if !ok {
		return nil, true, false
	}
	counter, ok := dir.Counter(counterID)
	if !ok || counter.Retired {
		return nil, true, false
	}
	return t, false, s.hall.Attended(t, counterID, leftAlone*s.pace)
}

// work lets a counter call, serve and finish. A person who signs in and opens its screen takes it over from
// that moment; one who calls there past this process's screens does so with the call.
func (s *simulation) work(ctx context.Context, d *day, counter id.ID, i int, rng *rand.Rand) {
	if !s.wait(ctx, 0.5+float64(i)+rng.Float64()*2) {
		return
	}
	var mine id.ID // the ticket that the simulation called last
	for adopt := true; ; {
		t, gone, taken := s.free(ctx, d, counter)
		if gone {
			return
		}
		pause := 0.3 + rng.Float64()
		if taken {
			adopt = true // whoever is there when they have left
		} else if current, err := s.current(ctx, t, d.actor, counter); err != nil {
			s.log.Debug("demo: counter", "tenant", t.Code, "counter", counter, "error", err)
		} else {
			// A ticket from before the simulation began or a person left is gone on with.
			if adopt && !current.IsZero() {
				mine = current
			}
			adopt = false
			if !current.IsZero() && current != mine { // somebody works here
				pause, adopt = leftAlone, true
			} else if p, ok := s.call(ctx, t, d.actor, counter); ok {
				mine = p.ID
				s.serve(ctx, d, counter, p.ID, rng, max(p.Service.Minutes, 5))
			}
		}
		if !s.wait(ctx, pause) {
			return
		}
	}
}

// current is the ticket that stands at a counter; zero: none.
func (s *simulation) current(ctx context.Context, t *tenant.Tenant, a *authz.Actor, counter id.ID) (id.ID, error) {
	ctx, cancel := acting(ctx)
	defer cancel()
	view, err := s.hall.View(ctx, t, a, counter)
	if err != nil || view.Current == nil {
		return id.ID{}, err
	}
	return view.Current.ID, nil
}

func (s *simulation) call(ctx context.Context, t *tenant.Tenant, a *authz.Actor, counter id.ID) (queue.Place, bool) {
	ctx, cancel := acting(ctx)
	defer cancel()
	p, ok, err := s.hall.CallNext(ctx, t, a, queue.Press{CounterID: counter})
	return p, ok && err == nil
}

// serve brings one called ticket to its end, unless a person takes the counter over on the way.
func (s *simulation) serve(ctx context.Context, d *day, counter, ticket id.ID, rng *rand.Rand, minutes int) {
	do := func(after float64, m queue.Move) bool {
		if !s.wait(ctx, after) {
			return false
		}
		t, gone, taken := s.free(ctx, d, counter)
		if gone || taken {
			return false
		}
		ctx, cancel := acting(ctx)
		defer cancel()
		_, _ = s.hall.Do(ctx, t, d.actor, ticket, m)
		return true
	}
	until := rehearsal.Way(rng)
	if rehearsal.StaysAway(rng) {
		_ = do(until, queue.Recall) && do(rehearsal.RecallFor, queue.Absent)
		return
	}
	_ = do(until, queue.Serve) && do(rehearsal.Serving(rng, minutes), queue.Finish)
}
