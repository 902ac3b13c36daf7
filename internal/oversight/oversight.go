// Package oversight is what the platform's people see on the bare domain: an agency's head office its counters in
// every region, provinces and the nation their regions, and who runs the platform how it stands. They see counts of
// the day and what regions declare in public; no number, no case and no name reaches them, because what reads across
// regions (store.Across) gives identifiers and numbers only.
package oversight

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// What is recorded of who looks has the name of what allows it.
const (
	actionAgency   = "oversight:agency:view"
	actionRegions  = "oversight:region:view"
	actionPlatform = "oversight:platform:view"
)

// The permissions.
var (
	permAgency = authz.Declare(actionAgency,
		"Melihat loket dan jumlah hari ini dari satu instansi di semua daerah", "See one agency's counters and today's counts in every region")
	permRegions = authz.Declare(actionRegions,
		"Melihat jumlah hari ini dari daerah-daerah", "See today's counts of regions")
	permPlatform = authz.Declare(actionPlatform,
		"Melihat keadaan semua daerah di platform, tanpa isinya", "See how all regions stand on the platform, without what is in them")
)

// noted is how long it makes one record that somebody looks at the same figures again and again.
const noted = 10 * time.Minute

// Registry knows which regions are here; tenant.Registry is one.
type Registry interface{ All() []*tenant.Tenant }

// Service answers what the platform's people may ask.
type Service struct {
	db    *store.DB
	reg   Registry
	log   *slog.Logger
	reads *audit.Reads

	mu    sync.Mutex
	known map[tenant.ID]*declared
	shelf shelf
}

// New makes the service.
func New(db *store.DB, reg Registry, log *slog.Logger) *Service {
	return &Service{db: db, reg: reg, log: log, reads: audit.NewReads(db, noted), known: map[tenant.ID]*declared{}}
}

// Looker is who looks: somebody of the platform's.
type Looker struct {
	Platform *tenant.Tenant
	Actor    *authz.Actor
}

// note records that somebody looks, in the platform's own chain, before anything is shown.
func (s *Service) note(ctx context.Context, who Looker, p authz.Permission, target string) error {
	return s.reads.Note(ctx, who.Platform.ID, store.Record{Actor: who.Actor.String(), Action: p.Name(), Target: target})
}

func reason(who Looker, p authz.Permission, target string) string {
	return p.Name() + " " + target + " " + who.Actor.String()
}

// AgencyView is one agency in every region that has it. At is the moment that the counts are of.
type AgencyView struct {
	Agency  *catalogue.Agency
	At      time.Time
	Regions []AgencyRegion
	Counts  Counts // of all of them
	Open    int    // counters whose place is open now
	Of      int    // counters
}

// AgencyRegion is the agency in one region. Name is what the region calls it.
type AgencyRegion struct {
	Tenant   *tenant.Tenant
	Name     string
	NameEN   string
	Venues   []AgencyVenue
	Counts   Counts
	Open, Of int
}

// agencyRead is what is read of an agency at one moment.
type agencyRead struct {
	figures  []venueRow
	standing []counterRow
}

// AgencyVenue is a place in which the agency serves.
type AgencyVenue struct {
	Name, NameEN string
	Opening      tenant.Opening
	Counters     []Counter
	Services     []*tenants.ResolvedService
	Counts       Counts
}

// Counter is one of the agency's counters.
type Counter struct {
	Name    string
	Open    bool // its place is open now
	Serving bool // a number stands at it now
}

// Agency is what an agency's head office sees: its own counters and counts everywhere. Faults: "authz.forbidden" (403),
// "oversight.agency" (404: the catalogue has no such agency).
func (s *Service) Agency(ctx context.Context, who Looker, code string) (AgencyView, error) {
	if !who.Actor.Can(permAgency, tenant.AgencyAxis+"/"+code) {
		return AgencyView{}, fault.New(fault.Forbidden, "authz.forbidden")
	}
	agency, ok := catalogue.Default().Agency(code)
	if !ok {
		return AgencyView{}, fault.New(fault.NotFound, "oversight.agency")
	}
	view := AgencyView{Agency: agency, At: s.db.Now()}
	var asked []store.Asked
	places := map[id.ID]*AgencyVenue{}
	counters := map[id.ID]*Counter{}
	for _, t := range s.reg.All() {
		if t.State != tenant.Active {
			continue
		}
		a, d := (*tenants.ResolvedAgency)(nil), s.declared(t)
		if d != nil {
			a = d.agencies[code]
		}
		if a == nil || a.Own {
			continue
		}
		asked = append(asked, store.Asked{Tenant: t.ID, Day: t.Today(view.At)})
		r := AgencyRegion{Tenant: t, Name: a.Name, NameEN: a.NameEN}
		r.Venues = agencyVenues(t, d, a, view.At, places, counters)
		view.Regions = append(view.Regions, r)
	}
	target := "agency:" + code
	if err := s.note(ctx, who, permAgency, target); err != nil {
		return AgencyView{}, err
	}
	read, at, err := keep(ctx, s, target, asked, func(ctx context.Context) (out agencyRead, err error) {
		if out.figures, err = store.Across(ctx, s.db, reason(who, permAgency, target), agencyFigures, asked, code); err != nil {
			return out, err
		}
		out.standing, err = store.Across(ctx, s.db, reason(who, permAgency, target), agencyCounters, asked, code)
		return out, err
	})
	if err != nil {
		return AgencyView{}, err
	}
	view.At = at
	for _, f := range read.figures {
		if v := places[f.VenueID]; v != nil { // else a place that has gone since the day began
			v.Counts.add(f.counts())
		}
	}
	for _, c := range read.standing {
		if k := counters[c.CounterID]; k != nil {
			k.Serving = true
		}
	}
	for i := range view.Regions {
		view.Regions[i].sum()
		r := &view.Regions[i]
		view.Counts.add(r.Counts)
		view.Open, view.Of = view.Open+r.Open, view.Of+r.Of
	}
	return view, nil
}

func (r *AgencyRegion) sum() {
	for _, v := range r.Venues {
		r.Counts.add(v.Counts)
		r.Of += len(v.Counters)
		for _, c := range v.Counters {
			if c.Open {
				r.Open++
			}
		}
	}
}

// agencyVenues are the places in which an agency has counters or gives services, in the region's order. places and
// counters find them again by their identifiers, which are unlike in any two regions.
func agencyVenues(t *tenant.Tenant, d *declared, a *tenants.ResolvedAgency, now time.Time, places map[id.ID]*AgencyVenue, counters map[id.ID]*Counter) []AgencyVenue {
	out := make([]AgencyVenue, 0, len(d.hours.Venues)) // never grows: places points into it
	for _, v := range d.hours.Venues {
		one := AgencyVenue{Name: v.Name, NameEN: v.NameEN, Opening: d.hours.Opening(t, v, now)}
		var ids []id.ID
		for _, c := range a.Counters {
			if c.Venue == v.Code {
				one.Counters = append(one.Counters, Counter{Name: c.Name, Open: one.Opening.Open})
				ids = append(ids, tenant.CounterID(t.ID, c.Key()))
			}
		}
		for i := range a.Services {
			for _, code := range a.Services[i].Venues {
				if code == v.Code {
					one.Services = append(one.Services, &a.Services[i])
				}
			}
		}
		if len(one.Counters)+len(one.Services) == 0 {
			continue
		}
		out = append(out, one)
		kept := &out[len(out)-1]
		places[v.ID] = kept
		for i, c := range ids {
			counters[c] = &kept.Counters[i]
		}
	}
	return out
}

// RegionsView is what provinces and the nation see. At is the moment that the counts are of.
type RegionsView struct {
	At        time.Time
	Provinces []Province
	Sum       Figures
}

// Figures are a region's, or several regions' together.
type Figures struct {
	On     int // regions that are on
	Seats  int // kabupaten and kota that could be
	Open   int // counters whose place is open now
	Of     int // counters
	Counts Counts
}

func (f *Figures) add(o Figures) {
	f.On, f.Seats, f.Open, f.Of = f.On+o.On, f.Seats+o.Seats, f.Open+o.Open, f.Of+o.Of
	f.Counts.add(o.Counts)
}

// Province is a province with those of its regions that are here.
type Province struct {
	areas.Province
	Regions []Region
	Sum     Figures
}

// Region is one region.
type Region struct {
	Tenant *tenant.Tenant
	Figures
}

// Regions is what somebody may see of regions: all of those that lie in the scopes they hold. The fault is
// "authz.forbidden" (403) for who holds none.
func (s *Service) Regions(ctx context.Context, who Looker) (RegionsView, error) {
	view := RegionsView{At: s.db.Now()}
	rows := map[string][]Region{} // by province
	var asked []store.Asked
	for _, t := range s.reg.All() {
		if !who.Actor.Can(permRegions, t.Scope) {
			continue
		}
		r := Region{Tenant: t}
		if t.State == tenant.Active {
			r.On = 1
			if d := s.declared(t); d != nil {
				r.Of, r.Open = d.counters, d.openCounters(d.open(t, view.At))
			}
			asked = append(asked, store.Asked{Tenant: t.ID, Day: t.Today(view.At)})
		}
		rows[t.Province.Code] = append(rows[t.Province.Code], r)
	}
	for _, p := range areas.Provinces() {
		if who.Actor.CanWithin(permRegions, tenant.ScopeOf(p.Code)) {
			view.Provinces = append(view.Provinces, Province{Province: p, Regions: rows[p.Code]})
		}
	}
	if len(view.Provinces) == 0 {
		return RegionsView{}, fault.New(fault.Forbidden, "authz.forbidden")
	}
	target := "scope:" + firstOf(who.Actor.Scopes(permRegions))
	if err := s.note(ctx, who, permRegions, target); err != nil {
		return RegionsView{}, err
	}
	figures, at, err := keep(ctx, s, "regions", asked, func(ctx context.Context) ([]regionRow, error) {
		return store.Across(ctx, s.db, reason(who, permRegions, target), regionFigures, asked)
	})
	if err != nil {
		return RegionsView{}, err
	}
	view.At = at
	of := make(map[store.TenantID]Counts, len(figures))
	for _, f := range figures {
		of[f.TenantID] = f.counts()
	}
	for i := range view.Provinces {
		p := &view.Provinces[i]
		for j := range p.Regions {
			p.Regions[j].Counts = of[p.Regions[j].Tenant.ID]
			p.Sum.add(p.Regions[j].Figures)
		}
		for _, seat := range areas.SeatsOf(p.Code) {
			if who.Actor.Can(permRegions, tenant.ScopeOf(seat.Code)) {
				p.Sum.Seats++
			}
		}
		view.Sum.add(p.Sum)
	}
	return view, nil
}

func firstOf(scopes []string) string {
	if len(scopes) == 0 {
		return ""
	}
	return scopes[0]
}

// PlatformView is how the platform stands. At is the moment that the figures are of.
type PlatformView struct {
	At      time.Time
	Regions []Standing
	Served  int
}

// Standing is how a region stands. Nothing that is in it is here.
type Standing struct {
	Tenant *tenant.Tenant
	Queued int64 // work that waits
	Dead   int64 // work that has failed for good

	Last   time.Time // when something was last recorded; zero: never
	Issued int64     // numbers given today
	Unsent int64     // messages that were not sent
	Failed int64     // requests of the last 24 hours that failed
	Shed   int64     // and that were turned away
}

// Platform is what who runs the platform sees. The fault is "authz.forbidden" (403).
func (s *Service) Platform(ctx context.Context, who Looker) (PlatformView, error) {
	if !who.Actor.Can(permPlatform, tenant.PlatformCode) {
		return PlatformView{}, fault.New(fault.Forbidden, "authz.forbidden")
	}
	view := PlatformView{At: s.db.Now()}
	var asked []store.Asked
	for _, t := range s.reg.All() {
		if t.State == tenant.Active {
			view.Served++
		}
		view.Regions = append(view.Regions, Standing{Tenant: t})
		asked = append(asked, store.Asked{Tenant: t.ID, Day: t.Today(view.At)})
	}
	if err := s.note(ctx, who, permPlatform, "tenant:"+tenant.PlatformCode); err != nil {
		return PlatformView{}, err
	}
	work, at, err := keep(ctx, s, "work", asked, func(ctx context.Context) ([]workRow, error) {
		return store.Across(ctx, s.db, reason(who, permPlatform, "tenant:"+tenant.PlatformCode), regionWork, asked)
	})
	if err != nil {
		return PlatformView{}, err
	}
	view.At = at
	of := make(map[store.TenantID]workRow, len(work))
	for _, w := range work {
		of[w.TenantID] = w
	}
	why := reason(who, permPlatform, "tenant:"+tenant.PlatformCode)
	health, err := store.Across(ctx, s.db, why, regionHealth, asked, view.At.Add(-24*time.Hour).Truncate(time.Hour))
	if err != nil {
		return PlatformView{}, err
	}
	figures, err := store.Across(ctx, s.db, why, regionFigures, asked)
	if err != nil {
		return PlatformView{}, err
	}
	well, issued := make(map[store.TenantID]healthRow, len(health)), make(map[store.TenantID]int64, len(figures))
	for _, h := range health {
		well[h.TenantID] = h
	}
	for _, f := range figures {
		issued[f.TenantID] = f.Issued
	}
	for i := range view.Regions {
		r := &view.Regions[i]
		w, h := of[r.Tenant.ID], well[r.Tenant.ID]
		r.Queued, r.Dead, r.Issued, r.Unsent, r.Failed, r.Shed = w.Queued, w.Dead, issued[r.Tenant.ID], h.Unsent, h.Failed, h.Shed
		if h.LastAt > 0 {
			r.Last = time.Unix(h.LastAt, 0).UTC()
		}
	}
	return view, nil
}
