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
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// simulation is the demo's working day: people take numbers and counters call them, in every demo
// region, until the program stops. It goes through the same services as the pages, as a user of its
// own, so that records show what it did.
type simulation struct {
	hall *queue.Hall
	dirs *tenant.Directories
	log  *slog.Logger
	// pace is how long a minute of the simulated day takes.
	pace time.Duration
}

// The user in whose name the simulated day happens.
const (
	simulatorName = "Simulasi hari kerja"
	simulatorUser = "user/simulation"
)

// run simulates one region until ctx ends.
func (s *simulation) run(ctx context.Context, t *tenant.Tenant) {
	dir, err := s.dirs.Of(ctx, t)
	if err != nil {
		s.log.Error("demo: no directory", "tenant", t.Code, "error", err)
		return
	}
	actor := authz.NewActor(authz.Identity{UserID: simulatorID(t), Name: simulatorName},
		[]authz.Grant{{Role: authz.RoleManager, Scope: t.Scope}, {Role: authz.RoleOfficer, Scope: t.Scope}})
	rng := rand.New(rand.NewPCG(uint64(len(t.Name)), uint64(t.Version)))
	var wg sync.WaitGroup
	for _, agency := range dir.Agencies {
		for _, series := range agency.Series {
			var services []*tenant.Service
			for _, o := range agency.Services {
				if slices.Contains(o.Series, series) {
					services = append(services, o)
				}
			}
			if len(services) > 0 {
				wg.Go(func() { s.arrive(ctx, t, series, services, seeded(rng)) })
			}
		}
		for i, counter := range agency.Counters {
			wg.Go(func() { s.work(ctx, t, counter, actor, i, seeded(rng)) })
		}
	}
	wg.Wait()
}

// simulatorID is the identifier of the demo's user in a region.
func simulatorID(t *tenant.Tenant) id.ID { return id.Named(t.ID, simulatorUser) }

var seedMu sync.Mutex

func seeded(rng *rand.Rand) *rand.Rand {
	seedMu.Lock()
	defer seedMu.Unlock()
	return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
}

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

// arrive lets people take numbers of a series, some at once when the day begins.
func (s *simulation) arrive(ctx context.Context, t *tenant.Tenant, series *tenant.Series, services []*tenant.Service, rng *rand.Rand) {
	channels := []queue.Channel{queue.Web, queue.Web, queue.Kiosk, queue.AtCounter}
	// How many wait before nobody more comes: some series are quiet, some busy, and whoever tries the
	// demo does not wait for an hour.
	aim := 1 + rng.IntN(6*max(len(series.Counters), 1))
	for n := 0; ; n++ {
		crowd, err := s.hall.Crowd(ctx, t)
		if err == nil && crowd[series.ID] < aim {
			_, err = s.hall.Issue(ctx, t, queue.Request{ServiceID: services[rng.IntN(len(services))].ID, SeriesID: series.ID, Channel: channels[rng.IntN(len(channels))]})
		}
		if err != nil && ctx.Err() == nil {
			s.log.Debug("demo: nobody came", "tenant", t.Code, "series", series.Code, "error", err)
		}
		gap := rng.ExpFloat64() * 9 / float64(max(len(series.Counters), 1))
		if n < 4 {
			gap = 0.02 // the doors have just opened
		}
		if !s.wait(ctx, min(gap, 25)) {
			return
		}
	}
}

// work lets a counter call, serve and finish. A person who signs in and calls at the counter takes it
// over: it is then left alone for a while.
func (s *simulation) work(ctx context.Context, t *tenant.Tenant, counter *tenant.Counter, actor *authz.Actor, i int, rng *rand.Rand) {
	if !s.wait(ctx, 0.5+float64(i)+rng.Float64()*2) {
		return
	}
	var mine id.ID // the ticket that the simulation called last
	for first := true; ; first = false {
		view, err := s.hall.View(ctx, t, actor, counter.ID)
		if first && err == nil && view.Current != nil {
			mine = view.Current.ID // of the day before the last stop: the simulation goes on with it
		}
		switch {
		case err != nil:
			if ctx.Err() == nil {
				s.log.Debug("demo: counter", "tenant", t.Code, "counter", counter.Code, "error", err)
			}
		case view.Current != nil && view.Current.ID != mine:
			if !s.wait(ctx, 60) { // somebody works here
				return
			}
			mine = view.Current.ID
		default:
			if p, ok, err := s.hall.CallNext(ctx, t, actor, queue.Press{CounterID: counter.ID}); err == nil && ok {
				mine = p.ID
				if !s.serve(ctx, t, p.ID, actor, rng, max(p.Service.Minutes, 5)) {
					return
				}
			}
		}
		if !s.wait(ctx, 0.3+rng.Float64()) {
			return
		}
	}
}

// serve brings one called ticket to its end.
func (s *simulation) serve(ctx context.Context, t *tenant.Tenant, ticket id.ID, actor *authz.Actor, rng *rand.Rand, minutes int) bool {
	if !s.wait(ctx, 0.5+rng.Float64()*1.5) {
		return false
	}
	if rng.IntN(20) == 0 { // one in twenty does not come, after a second call
		_, _ = s.hall.Do(ctx, t, actor, ticket, queue.Recall)
		if !s.wait(ctx, 2) {
			return false
		}
		_, _ = s.hall.Do(ctx, t, actor, ticket, queue.Absent)
		return true
	}
	_, _ = s.hall.Do(ctx, t, actor, ticket, queue.Serve)
	if !s.wait(ctx, float64(minutes)*(0.5+rng.Float64())) {
		return false
	}
	_, _ = s.hall.Do(ctx, t, actor, ticket, queue.Finish)
	return true
}
