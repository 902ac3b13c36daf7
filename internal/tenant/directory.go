package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Directory is what a region offers, where and when: its declared rows, linked. It is immutable and
// belongs to one version of the tenant. What has been retired is found by identifier, so that old
// tickets keep their names, and stands in no list.
type Directory struct {
	Venues   []*Venue
	Agencies []*Agency
	Closures []Closure

	missed   atomic.Bool // something newer than this directory has been asked for
	venues   map[id.ID]*Venue
	zones    map[id.ID]*Zone
	agencies map[id.ID]*Agency
	series   map[id.ID]*Series
	counters map[id.ID]*Counter
	services map[id.ID]*Service
}

// Venue is a lokasi with its zones and hours.
type Venue struct {
	VenueRow
	Zones []*Zone
	Hours []tenants.Hours
	// GivesFrom is from when numbers are given here; until then another system gives them. Zero: always.
	GivesFrom time.Time
}

// Zone is a part of a venue with its venue and counters.
type Zone struct {
	ZoneRow
	Venue    *Venue
	Counters []*Counter
}

// Agency is an instansi with what it offers here.
type Agency struct {
	AgencyRow
	Services []*Service
	Series   []*Series
	Counters []*Counter
}

// Series is a seri antrean with its agency, venue and counters.
type Series struct {
	SeriesRow
	Agency   *Agency
	Venue    *Venue
	Counters []*Counter
}

// Counter is a loket with its agency, zone and the series that it calls.
type Counter struct {
	CounterRow
	Agency *Agency
	Venue  *Venue
	Zone   *Zone
	Series []*Series
}

// Service is a layanan with its agency and, unless it is only handed off, its series.
type Service struct {
	ServiceRow
	Agency   *Agency
	Series   []*Series           // one at each venue where it is given, as declared; none: no numbers
	Standard *catalogue.Standard // nil: named only
}

// Venue finds a venue, also a retired one. The other finders do likewise.
func (d *Directory) Venue(i id.ID) (*Venue, bool)     { v, ok := d.venues[i]; return v, ok }
func (d *Directory) Zone(i id.ID) (*Zone, bool)       { v, ok := d.zones[i]; return v, ok }
func (d *Directory) Agency(i id.ID) (*Agency, bool)   { v, ok := d.agencies[i]; return v, ok }
func (d *Directory) Series(i id.ID) (*Series, bool)   { v, ok := d.series[i]; return v, ok }
func (d *Directory) Counter(i id.ID) (*Counter, bool) { v, ok := d.counters[i]; return v, ok }
func (d *Directory) Service(i id.ID) (*Service, bool) { v, ok := d.services[i]; return v, ok }

// Missed says that a row names something that is not here: another process has applied a newer manifest
// and this one has not heard of it yet. The next Of reads again.
func (d *Directory) Missed() { d.missed.Store(true) }

// Services lists what is offered, by agency.
func (d *Directory) Services() []*Service {
	var out []*Service
	for _, a := range d.Agencies {
		out = append(out, a.Services...)
	}
	return out
}

// Directories keeps the newest directory of each tenant.
type Directories struct {
	db *store.DB
	mu sync.Mutex
	m  map[ID]*dirEntry
}

type dirEntry struct {
	version int64
	once    sync.Once
	loaded  atomic.Bool
	dir     *Directory
	err     error
}

// NewDirectories makes an empty cache.
func NewDirectories(db *store.DB) *Directories {
	return &Directories{db: db, m: map[ID]*dirEntry{}}
}

// Of gives the tenant's directory, reading it once a version.
func (c *Directories) Of(ctx context.Context, t *Tenant) (*Directory, error) {
	c.mu.Lock()
	e := c.m[t.ID]
	if e == nil || e.version < t.Version || e.loaded.Load() && e.dir.missed.Load() {
		e = &dirEntry{version: t.Version}
		c.m[t.ID] = e
	}
	c.mu.Unlock()
	e.once.Do(func() {
		e.err = errors.New("tenant: the directory could not be read") // should reading panic
		look, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second)
		defer cancel()
		e.err = c.db.View(look, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			e.dir, err = loadDirectory(ctx, tx)
			return err
		})
		e.loaded.Store(e.err == nil)
	})
	if e.err != nil {
		c.mu.Lock()
		if c.m[t.ID] == e {
			delete(c.m, t.ID) // the next one tries again
		}
		c.mu.Unlock()
	}
	return e.dir, e.err
}

func loadDirectory(ctx context.Context, tx *store.Tx) (*Directory, error) {
	d := &Directory{
		venues: map[id.ID]*Venue{}, zones: map[id.ID]*Zone{}, agencies: map[id.ID]*Agency{},
		series: map[id.ID]*Series{}, counters: map[id.ID]*Counter{}, services: map[id.ID]*Service{},
	}
	for _, step := range []func(context.Context, *store.Tx) error{
		d.loadVenues, d.loadAgencies, d.loadGates, d.loadCounters, d.loadServices,
	} {
		if err := step(ctx, tx); err != nil {
			return nil, fmt.Errorf("tenant: directory: %w", err)
		}
	}
	return d, nil
}

func (d *Directory) loadVenues(ctx context.Context, tx *store.Tx) error {
	venues, err := store.Select[VenueRow](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, v := range venues {
		p := &Venue{VenueRow: v}
		if err := json.Unmarshal([]byte(v.Hours), &p.Hours); err != nil {
			return fmt.Errorf("hours of %s: %w", v.Code, err)
		}
		d.venues[v.ID] = p
		if !v.Retired {
			d.Venues = append(d.Venues, p)
		}
	}
	zones, err := store.Select[ZoneRow](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, z := range zones {
		h := &Zone{ZoneRow: z, Venue: d.venues[z.VenueID]}
		d.zones[z.ID] = h
		if !z.Retired {
			h.Venue.Zones = append(h.Venue.Zones, h)
		}
	}
	d.Closures, err = store.Select[Closure](tx).Order("first_day").All(ctx)
	return err
}

func (d *Directory) loadAgencies(ctx context.Context, tx *store.Tx) error {
	agencies, err := store.Select[AgencyRow](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, a := range agencies {
		o := &Agency{AgencyRow: a}
		d.agencies[a.ID] = o
		if !a.Retired {
			d.Agencies = append(d.Agencies, o)
		}
	}
	series, err := store.Select[SeriesRow](tx).Order("prefix").All(ctx)
	if err != nil {
		return err
	}
	for _, s := range series {
		l := &Series{SeriesRow: s, Agency: d.agencies[s.AgencyID], Venue: d.venues[s.VenueID]}
		d.series[s.ID] = l
		if !s.Retired {
			l.Agency.Series = append(l.Agency.Series, l)
		}
	}
	return nil
}

func (d *Directory) loadCounters(ctx context.Context, tx *store.Tx) error {
	counters, err := store.Select[CounterRow](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, c := range counters {
		k := &Counter{CounterRow: c, Agency: d.agencies[c.AgencyID], Venue: d.venues[c.VenueID], Zone: d.zones[c.ZoneID]}
		d.counters[c.ID] = k
		if !c.Retired {
			k.Agency.Counters = append(k.Agency.Counters, k)
			k.Zone.Counters = append(k.Zone.Counters, k)
		}
	}
	links, err := store.Select[CounterSeries](tx).All(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		k, s := d.counters[l.CounterID], d.series[l.SeriesID]
		k.Series = append(k.Series, s)
		if !k.Retired {
			s.Counters = append(s.Counters, k)
		}
	}
	for _, k := range d.counters {
		slices.SortFunc(k.Series, func(a, b *Series) int { return strings.Compare(a.Prefix, b.Prefix) })
	}
	for _, s := range d.series {
		slices.SortFunc(s.Counters, func(a, b *Counter) int { return a.Sort - b.Sort })
	}
	return nil
}

func (d *Directory) loadServices(ctx context.Context, tx *store.Tx) error {
	services, err := store.Select[ServiceRow](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, s := range services {
		o := &Service{ServiceRow: s, Agency: d.agencies[s.AgencyID]}
		if s.Standard != "" {
			o.Standard = new(catalogue.Standard)
			if err := json.Unmarshal([]byte(s.Standard), o.Standard); err != nil {
				return fmt.Errorf("standard of %s: %w", s.Code, err)
			}
		}
		d.services[s.ID] = o
		if !s.Retired {
			o.Agency.Services = append(o.Agency.Services, o)
		}
	}
	links, err := store.Select[ServiceSeries](tx).Order("sort").All(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		o := d.services[l.ServiceID]
		o.Series = append(o.Series, d.series[l.SeriesID])
	}
	return nil
}

// At finds one of the service's series; nil: it gives no such numbers.
func (o *Service) At(series id.ID) *Series {
	for _, s := range o.Series {
		if s.ID == series {
			return s
		}
	}
	return nil
}

// Words gives words that were stored one a line.
func Words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// Now is the database's clock.
func (c *Directories) Now() time.Time { return c.db.Now() }
