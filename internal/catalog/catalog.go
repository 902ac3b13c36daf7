// Package catalog is what a region services, as citizens see it: the region's home, the services and
// their standards, how full it is and when it is open.
package catalog

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// Waiting is how many wait, by series.
type Waiting = map[id.ID]int

// Crowd tells how many wait. The queue answers it.
type Crowd interface {
	Crowd(ctx context.Context, t *tenant.Tenant) (Waiting, error)
}

// Catalog answers what is offered.
type Catalog struct {
	dirs  *tenant.Directories
	crowd Crowd

	mu       sync.Mutex
	prepared map[*tenant.Directory]*prepared
}

// prepared is what follows from a directory alone: the search index, and what people often come for. It is made
// once a version of the tenant.
type prepared struct {
	once     sync.Once
	index    []index
	popular  []Popular
	services []*tenant.Service // those that people often come for first
}

// New makes a catalog.
func New(dirs *tenant.Directories, crowd Crowd) *Catalog {
	return &Catalog{dirs: dirs, crowd: crowd, prepared: map[*tenant.Directory]*prepared{}}
}

// maxPrepared bounds the directories that are kept prepared. There is one a tenant, and a few old ones.
const maxPrepared = 1200

func (c *Catalog) prepare(d *tenant.Directory) *prepared {
	c.mu.Lock()
	x, ok := c.prepared[d]
	if !ok {
		if len(c.prepared) >= maxPrepared {
			clear(c.prepared)
		}
		x = &prepared{}
		c.prepared[d] = x
	}
	c.mu.Unlock()
	x.once.Do(func() {
		x.index = newIndex(d)
		x.popular, x.services = demand(d, x.index)
	})
	return x
}

// Find searches the region's services; see search.
func (c *Catalog) Find(d *tenant.Directory, query string) []*tenant.Service {
	return search(c.prepare(d).index, query)
}

// Help tells what to try when a search has found nothing; see help.
func (c *Catalog) Help(d *tenant.Directory, query string) Help {
	return help(c.prepare(d).index, query)
}

// Load says how full a series or an agency is.
type Load int

const (
	Quiet  Load = 1 // Lengang
	Steady Load = 2 // Sedang
	Busy   Load = 3 // Ramai
)

// loadOf weighs who waits against the counters that call them.
func loadOf(waiting, counters int) Load {
	switch n := max(counters, 1); {
	case waiting <= n:
		return Quiet
	case waiting <= 4*n:
		return Steady
	}
	return Busy
}

// ServiceNow is a service at the moment.
type ServiceNow struct {
	*tenant.Service
	Places  []PlaceNow // one a series, as declared; none: the service gives no numbers
	Default int        // which of them is meant where nobody says so
}

// PlaceNow is a service at one of its venues, with the line of its series there.
type PlaceNow struct {
	*tenant.Series
	Opening     tenant.Opening
	NextTickets time.Time // when numbers are given again; zero while they are, and when none is in sight
	Today       []tenants.Period
	Waiting     int
	Load        Load
}

// Services gives services as they stand now: all of them by agency, those that a query finds with the best
// first, or one agency's.
func (c *Catalog) Services(ctx context.Context, t *tenant.Tenant, query, agency string) ([]ServiceNow, error) {
	out, _, err := c.services(ctx, t, query, agency)
	return out, err
}

// services is Services, and tells whether what a query has found has all its words.
func (c *Catalog) services(ctx context.Context, t *tenant.Tenant, query, agency string) (out []ServiceNow, whole bool, err error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return nil, false, err
	}
	services, whole := d.Services(), true
	if strings.TrimSpace(query) != "" {
		hits, all := find(c.prepare(d).index, query)
		services, whole = servicesOf(hits), all
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return nil, false, err
	}
	for _, o := range services {
		if agency == "" || o.Agency.Code == agency {
			out = append(out, c.serviceNow(d, t, o, crowd))
		}
	}
	return out, whole, nil
}

func (c *Catalog) serviceNow(d *tenant.Directory, t *tenant.Tenant, o *tenant.Service, crowd Waiting) ServiceNow {
	x := ServiceNow{Service: o}
	now := c.dirs.Now()
	def := d.Default(t, o, now)
	for i, s := range o.Series {
		at := PlaceNow{Series: s, Waiting: crowd[s.ID], Load: loadOf(crowd[s.ID], len(s.Counters))}
		at.Opening, at.NextTickets = standing(d, t, s.Venue, now)
		at.Today, _ = d.Periods(s.Venue, t.Today(now))
		x.Places = append(x.Places, at)
		if s == def {
			x.Default = i
		}
	}
	return x
}

// standing is how a venue stands, and when it gives numbers again if it does not now.
func standing(d *tenant.Directory, t *tenant.Tenant, v *tenant.Venue, now time.Time) (tenant.Opening, time.Time) {
	o := d.Opening(t, v, now)
	if o.Tickets {
		return o, time.Time{}
	}
	return o, d.NextTickets(t, v, now)
}

// Service finds one service by its agency's and its own code, as in its address. ok is false for what is
// not offered here, or no more.
func (c *Catalog) Service(ctx context.Context, t *tenant.Tenant, agency, code string) (o ServiceNow, ok bool, err error) {
	return c.one(ctx, t, func(d *tenant.Directory) *tenant.Service {
		for _, o := range d.Services() {
			if o.Agency.Code == agency && o.Code == code {
				return o
			}
		}
		return nil
	})
}

// ServiceByID finds one service by its identifier.
func (c *Catalog) ServiceByID(ctx context.Context, t *tenant.Tenant, i id.ID) (o ServiceNow, ok bool, err error) {
	return c.one(ctx, t, func(d *tenant.Directory) *tenant.Service {
		if o, ok := d.Service(i); ok && !o.Retired {
			return o
		}
		return nil
	})
}

func (c *Catalog) one(ctx context.Context, t *tenant.Tenant, find func(*tenant.Directory) *tenant.Service) (ServiceNow, bool, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return ServiceNow{}, false, err
	}
	o := find(d)
	if o == nil {
		return ServiceNow{}, false, nil
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return ServiceNow{}, false, err
	}
	return c.serviceNow(d, t, o, crowd), true, nil
}
