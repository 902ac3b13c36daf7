package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/rehearsal"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// NewRehearsals plays regions' days on copies that are thrown away.
func NewRehearsals() *rehearsal.Runner {
	return &rehearsal.Runner{Stage: stage}
}

// copied is a region's queues on a database of their own.
type copied struct {
	hall     *queue.Hall
	tenant   *tenant.Tenant
	officers map[string]*authz.Actor // by agency
	agency   map[string]string       // of a counter, by "venue/code"
	series   map[string]id.ID        // "agency/series"
	services map[string]id.ID        // "agency/service"
	counters map[string]id.ID        // "venue/code"
	at       map[string]string       // the counter that called a ticket
}

// stage opens a region on a new SQLite database, sealed under a key that nobody keeps.
func stage(ctx context.Context, dir string, region *tenants.Region, now clock.Clock) (rehearsal.Mall, func() error, error) {
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "rehearsal.db"), Models: Models, Clock: now, ReadConns: 2, Fleeting: true})
	if err != nil {
		return nil, nil, err
	}
	m, err := openCopy(ctx, db, region)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return m, db.Close, nil
}

func openCopy(ctx context.Context, db *store.DB, region *tenants.Region) (*copied, error) {
	if err := ready(ctx, db); err != nil {
		return nil, err
	}
	keys, err := config.MasterKeys(newMasterKey())
	if err != nil {
		return nil, err
	}
	ring, err := seal.NewKeyring(keys...)
	if err != nil {
		return nil, err
	}
	seal.Use(db, ring)
	staffed := *region
	staffed.Staff = madeUp(region)
	// "!" is no hash: nobody can sign in to a copy.
	prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "", "!", nil }}
	res, err := prov.Apply(ctx, &staffed, tenant.Options{Actor: "system:rehearsal", Confirm: []string{tenant.ConfirmAll}})
	if err != nil {
		return nil, fmt.Errorf("rehearsal: apply: %w", err)
	}
	registry := tenant.NewRegistry(db, "localhost", slog.New(slog.DiscardHandler))
	if err := registry.Refresh(ctx); err != nil {
		return nil, err
	}
	t, ok := registry.ByCode(region.Code)
	if !ok {
		return nil, fmt.Errorf("rehearsal: %s is not there after it was applied", region.Code)
	}
	return newCopied(ctx, db, t, res.Tenant, &staffed)
}

// madeUp is an officer for each agency.
func madeUp(region *tenants.Region) (out []tenants.Person) {
	for i, a := range region.Agencies {
		out = append(out, tenants.Person{
			Email: fmt.Sprintf("petugas%d@latihan.invalid", i+1), Name: fmt.Sprintf("Petugas %d", i+1), Role: tenants.RoleOfficer, Agency: a.Code,
		})
	}
	return out
}

func newCopied(ctx context.Context, db *store.DB, t *tenant.Tenant, row tenant.Row, region *tenants.Region) (*copied, error) {
	dirs := tenant.NewDirectories(db)
	dir, err := dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &copied{
		hall: queue.New(db, dirs), tenant: t, officers: map[string]*authz.Actor{}, agency: map[string]string{},
		series: map[string]id.ID{}, services: map[string]id.ID{}, counters: map[string]id.ID{}, at: map[string]string{},
	}
	for _, a := range dir.Agencies {
		for _, s := range a.Series {
			m.series[a.Code+"/"+s.Code] = s.ID
		}
		for _, s := range a.Services {
			m.services[a.Code+"/"+s.Code] = s.ID
		}
		for _, c := range a.Counters {
			key := c.Venue.Code + "/" + c.Code
			m.counters[key], m.agency[key] = c.ID, a.Code
		}
	}
	err = db.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, p := range region.Staff {
			u, err := tenant.UserByEmail(ctx, tx, p.Email)
			if err != nil || u == nil {
				return errors.Join(err, errors.New("rehearsal: an officer was not made"))
			}
			m.officers[p.Agency] = authz.NewActor(authz.Identity{Tenant: row.ID, UserID: u.ID, Name: p.Name},
				[]authz.Grant{{Role: authz.RoleOfficer, Scope: t.AgencyScope(p.Agency)}})
		}
		return nil
	})
	return m, err
}

// Issue implements rehearsal.Mall.
func (m *copied) Issue(ctx context.Context, series, service string) (string, bool, error) {
	p, err := m.hall.Issue(ctx, m.tenant, queue.Request{ServiceID: m.services[service], SeriesID: m.series[series], Channel: queue.Kiosk})
	if fault.Is(err, "queue.closed") || fault.Is(err, "queue.full") {
		return "", false, nil
	}
	return p.ID.String(), err == nil, err
}

// Call implements rehearsal.Mall.
func (m *copied) Call(ctx context.Context, counter string) (string, bool, error) {
	p, ok, err := m.hall.CallNext(ctx, m.tenant, m.officers[m.agency[counter]], queue.Press{CounterID: m.counters[counter]})
	if err != nil || !ok {
		return "", false, err
	}
	m.at[p.ID.String()] = counter
	return p.ID.String(), true, nil
}

// Move implements rehearsal.Mall.
func (m *copied) Move(ctx context.Context, ticket string, move rehearsal.Move) error {
	i, err := id.Parse(ticket)
	if err != nil {
		return err
	}
	_, err = m.hall.Do(ctx, m.tenant, m.officers[m.agency[m.at[ticket]]], i, queue.Move(move))
	return err
}
