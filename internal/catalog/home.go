package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// AgencyNow is an agency with its queue at the moment.
type AgencyNow struct {
	*tenant.Agency
	Waiting int
	Load    Load
	Tickets bool // numbers are given for at least one of its series
}

// VenueNow is a venue with how it stands and its week.
type VenueNow struct {
	*tenant.Venue
	Opening     tenant.Opening
	NextTickets time.Time // when numbers are given again; zero while they are
	Today       []tenants.Period
	Week        []DayHours // Monday first
}

// Digital tells whether the venue is no place at all.
func (p VenueNow) Digital() bool { return p.Kind == string(tenants.Digital) }

// DayHours is one day of this week. No period: closed, by the closure if there is one.
type DayHours struct {
	Day     time.Weekday
	Today   bool
	Periods []tenants.Period
	Closure *tenant.Closure
}

// Home is what the region's home shows.
type Home struct {
	Now      time.Time
	Agencies []AgencyNow // those with most counters first
	Venues   []VenueNow
	Closures []tenant.Closure // that are coming, by day
	Count    int              // services
	Popular  []Popular
	Services []*tenant.Service // all services, those that people often come for first
}

// Popular is something that people often come for, as far as the region has it.
type Popular struct {
	Key   string // names its text: "catalog.popular.ktp"
	Query string
	Only  *tenant.Service // when nothing else is found
}

// How far ahead closures are told, in days, and how many.
const (
	closuresAhead = 60
	closuresMost  = 4
)

// Home reads the region's home.
func (c *Catalog) Home(ctx context.Context, t *tenant.Tenant, now time.Time) (Home, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return Home{}, err
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return Home{}, err
	}
	x := c.prepare(d)
	h := Home{Now: now, Popular: x.popular, Services: x.services, Closures: coming(d, t, now)}
	for _, p := range d.Venues {
		h.Venues = append(h.Venues, venueNow(d, t, p, now))
	}
	for _, o := range d.Agencies {
		h.Agencies = append(h.Agencies, agencyNow(d, t, o, crowd, now))
		h.Count += len(o.Services)
	}
	// Counters are where the region expects most people. Who waits now would change the order under
	// people's eyes.
	slices.SortStableFunc(h.Agencies, func(a, b AgencyNow) int {
		return cmp.Or(len(b.Counters)-len(a.Counters), len(b.Services)-len(a.Services))
	})
	return h, nil
}

// Agencies gives the agencies as they stand now, in the region's own order.
func (c *Catalog) Agencies(ctx context.Context, t *tenant.Tenant, now time.Time) ([]AgencyNow, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return nil, err
	}
	out := make([]AgencyNow, 0, len(d.Agencies))
	for _, o := range d.Agencies {
		out = append(out, agencyNow(d, t, o, crowd, now))
	}
	return out, nil
}

func agencyNow(d *tenant.Directory, t *tenant.Tenant, o *tenant.Agency, crowd Waiting, now time.Time) AgencyNow {
	x := AgencyNow{Agency: o}
	for _, l := range o.Series {
		x.Waiting += crowd[l.ID]
		x.Tickets = x.Tickets || d.Opening(t, l.Venue, now).Tickets
	}
	x.Load = loadOf(x.Waiting, len(o.Counters))
	return x
}

func venueNow(d *tenant.Directory, t *tenant.Tenant, p *tenant.Venue, now time.Time) VenueNow {
	x := VenueNow{Venue: p}
	x.Opening, x.NextTickets = standing(d, t, p, now)
	today := t.Today(now)
	x.Today, _ = d.Periods(p, today)
	monday := today.Add(-((int(today.Weekday()) + 6) % 7))
	for i := range 7 {
		day := monday.Add(i)
		row := DayHours{Day: day.Weekday(), Today: day == today}
		row.Periods, row.Closure = d.Periods(p, day)
		x.Week = append(x.Week, row)
	}
	return x
}

// coming are the closures of the next weeks, today's included, of venues that are still there.
func coming(d *tenant.Directory, t *tenant.Tenant, now time.Time) (out []tenant.Closure) {
	today := t.Today(now)
	last := today.Add(closuresAhead)
	for _, x := range d.Closures {
		if x.LastDay.Before(today) || last.Before(x.FirstDay) || len(out) == closuresMost {
			continue
		}
		if v, ok := d.Venue(x.VenueID); ok && v.Retired {
			continue
		}
		out = append(out, x)
	}
	return out
}

// asked is what most people come for, by the words that find it; the keys name what the chips say.
var asked = []struct{ key, query string }{
	{"catalog.popular.ktp", "KTP-el"}, {"catalog.popular.kk", "Kartu Keluarga"}, {"catalog.popular.birth", "akta kelahiran"},
	{"catalog.popular.passport", "paspor"}, {"catalog.popular.skck", "SKCK"}, {"catalog.popular.nib", "NIB"},
	{"catalog.popular.vehicle", "pajak kendaraan"}, {"catalog.popular.bpjs", "BPJS Kesehatan"}, {"catalog.popular.land", "sertipikat"},
}

// popularMost is how many chips fit under the search box without becoming a list.
const popularMost = 6

// demand gives the chips, and all services with those first that the words of asked find.
func demand(d *tenant.Directory, idx []index) (popular []Popular, services []*tenant.Service) {
	all := d.Services()
	seen := make(map[*tenant.Service]bool, len(all))
	add := func(list []*tenant.Service) {
		for _, o := range list {
			if !seen[o] {
				seen[o] = true
				services = append(services, o)
			}
		}
	}
	for _, a := range asked {
		hits := searchWhole(idx, a.query)
		if len(hits) > 0 && len(popular) < popularMost {
			p := Popular{Key: a.key, Query: a.query}
			if len(hits) == 1 {
				p.Only = hits[0]
			}
			popular = append(popular, p)
		}
		add(hits)
	}
	add(all)
	return popular, services
}
