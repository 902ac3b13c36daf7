package app

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// Simulation is a demo's simulated day for tests, which set its pace.
type Simulation struct{ sim *simulation }

// NewSimulation simulates the app's demo regions, a minute in the given time.
func NewSimulation(a *App, pace time.Duration) *Simulation {
	return &Simulation{&simulation{hall: a.Hall, dirs: a.Dirs, regions: a.Registry, log: a.log, pace: pace}}
}

// Run is what the demo runs.
func (s *Simulation) Run(ctx context.Context) { s.sim.run(ctx) }

// Follow is one look of Run at the regions.
func (s *Simulation) Follow(ctx context.Context) { s.sim.follow(ctx) }

// Acting is for how many series and counters somebody acts.
func (s *Simulation) Acting() (n int) {
	for _, d := range s.sim.days {
		d.mu.Lock()
		n += len(d.busy)
		d.mu.Unlock()
	}
	return n
}

// CheckKeys is what serve does before it serves.
func (a *App) CheckKeys(ctx context.Context) error { return a.checkKeys(ctx) }

// NewProvisioner is what the commands of a region apply with.
func NewProvisioner(ctx context.Context, db *store.DB) (*tenant.Provisioner, error) {
	return newProvisioner(ctx, db)
}

// GiveFactors gives a demo region's people the second factors that the demo prints.
func GiveFactors(ctx context.Context, db *store.DB, row tenant.Row, r *tenants.Region) error {
	return giveFactors(ctx, db, row, r)
}

// NewMessages knows everything that is written to people.
func NewMessages(db *store.DB, opt notify.Options) (*notify.Service, error) {
	return newMessages(db, opt)
}

// Notices tell people what happened to their accounts, as the service does.
func Notices(s *notify.Service) auth.Notices { return notices{s} }

// Self is how a program at a path is called.
func Self(path string) string { return self(path, nil) }
