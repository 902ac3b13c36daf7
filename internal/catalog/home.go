package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// OfficeNow is an agency with its queue at the moment.
type OfficeNow struct {
	*tenant.Office
	Waiting int
	Load    Load
	Tickets bool // numbers are given for at least one of its series
}

// PlaceNow is a venue with how it stands and its week.
type PlaceNow struct {
	*tenant.Place
	Opening     tenant.Opening
	NextTickets time.Time // when numbers are given again; zero while they are
	Today       []tenants.Period
	Week        []DayHours // Monday first
}

// Digital tells whether the venue is no place at all.
func (p PlaceNow) Digital() bool { return p.Kind == string(tenants.Digital) }

// DayHours is one day of this week. No period: closed, by the closure if it has a reason.
type DayHours struct {
	Day     time.Weekday
	Today   bool
	Periods []tenants.Period
	Closure string
}

// Home is what the region's home shows.
type Home struct {
	Now      time.Time
	Offices  []OfficeNow // those with most counters first
	Places   []PlaceNow
	Closures []tenant.Closure // that are coming, by day
	Services int
	Popular  []Popular
	Offers   []*tenant.Offer // all services, those that people often come for first
}

// Popular is something that people often come for, as far as the region has it.
type Popular struct {
	Key   string // names its text: "catalog.popular.ktp"
	Query string
	Only  *tenant.Offer // when nothing else is found
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
	h := Home{Now: now, Popular: x.popular, Offers: x.offers, Closures: coming(d, t, now)}
	for _, p := range d.Venues {
		h.Places = append(h.Places, placeNow(d, t, p, now))
	}
	for _, o := range d.Agencies {
		h.Offices = append(h.Offices, officeNow(d, t, o, crowd, now))
		h.Services += len(o.Services)
	}
	// Counters are where the region expects most people. Who waits now would change the order under
	// people's eyes.
	slices.SortStableFunc(h.Offices, func(a, b OfficeNow) int {
		return cmp.Or(len(b.Counters)-len(a.Counters), len(b.Services)-len(a.Services))
	})
	return h, nil
}

// Offices gives the agencies as they stand now, in the region's own order.
func (c *Catalog) Offices(ctx context.Context, t *tenant.Tenant, now time.Time) ([]OfficeNow, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return nil, err
	}
	out := make([]OfficeNow, 0, len(d.Agencies))
	for _, o := range d.Agencies {
		out = append(out, officeNow(d, t, o, crowd, now))
	}
	return out, nil
}

func officeNow(d *tenant.Directory, t *tenant.Tenant, o *tenant.Office, crowd Waiting, now time.Time) OfficeNow {
	x := OfficeNow{Office: o}
	for _, l := range o.Series {
		x.Waiting += crowd[l.ID]
		x.Tickets = x.Tickets || d.Opening(t, l.Venue, now).Tickets
	}
	x.Load = loadOf(x.Waiting, len(o.Counters))
	return x
}

func placeNow(d *tenant.Directory, t *tenant.Tenant, p *tenant.Place, now time.Time) PlaceNow {
	x := PlaceNow{Place: p}
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
		if v, ok := d.Place(x.VenueID); ok && v.Retired {
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
func demand(d *tenant.Directory, idx []index) (popular []Popular, offers []*tenant.Offer) {
	all := d.Services()
	seen := make(map[*tenant.Offer]bool, len(all))
	add := func(list []*tenant.Offer) {
		for _, o := range list {
			if !seen[o] {
				seen[o] = true
				offers = append(offers, o)
			}
		}
	}
	for _, a := range asked {
		hits := search(idx, a.query)
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
	return popular, offers
}
