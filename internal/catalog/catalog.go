// Package catalog is what a region offers, as citizens see it: the region's home, the services and
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
	once    sync.Once
	index   []index
	popular []Popular
	offers  []*tenant.Offer // those that people often come for first
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
		x.popular, x.offers = demand(d, x.index)
	})
	return x
}

// Find searches the region's services; see search.
func (c *Catalog) Find(d *tenant.Directory, query string) []*tenant.Offer {
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

// OfferNow is a service at the moment.
type OfferNow struct {
	*tenant.Offer
	Opening     tenant.Opening
	NextTickets time.Time // when numbers are given again; zero while they are, and when none is in sight
	Today       []tenants.Period
	Waiting     int
	Load        Load
}

// Offers gives services as they stand now: all of them by agency, those that a query finds with the best
// first, or one agency's.
func (c *Catalog) Offers(ctx context.Context, t *tenant.Tenant, query, agency string) ([]OfferNow, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	offers := d.Services()
	if strings.TrimSpace(query) != "" {
		offers = c.Find(d, query)
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return nil, err
	}
	var out []OfferNow
	for _, o := range offers {
		if agency == "" || o.Agency.Code == agency {
			out = append(out, c.offerNow(d, t, o, crowd))
		}
	}
	return out, nil
}

func (c *Catalog) offerNow(d *tenant.Directory, t *tenant.Tenant, o *tenant.Offer, crowd Waiting) OfferNow {
	x := OfferNow{Offer: o}
	if o.Line != nil {
		now := c.dirs.Now()
		x.Opening, x.NextTickets = standing(d, t, o.Line.Venue, now)
		x.Today, _ = d.Periods(o.Line.Venue, t.Today(now))
		x.Waiting = crowd[o.Line.ID]
		x.Load = loadOf(x.Waiting, len(o.Line.Counters))
	}
	return x
}

// standing is how a venue stands, and when it gives numbers again if it does not now.
func standing(d *tenant.Directory, t *tenant.Tenant, v *tenant.Place, now time.Time) (tenant.Opening, time.Time) {
	o := d.Opening(t, v, now)
	if o.Tickets {
		return o, time.Time{}
	}
	return o, d.NextTickets(t, v, now)
}

// Offer finds one service by its agency's and its own code, as in its address. ok is false for what is
// not offered here, or no more.
func (c *Catalog) Offer(ctx context.Context, t *tenant.Tenant, agency, code string) (o OfferNow, ok bool, err error) {
	return c.one(ctx, t, func(d *tenant.Directory) *tenant.Offer {
		for _, o := range d.Services() {
			if o.Agency.Code == agency && o.Code == code {
				return o
			}
		}
		return nil
	})
}

// OfferByID finds one service by its identifier.
func (c *Catalog) OfferByID(ctx context.Context, t *tenant.Tenant, i id.ID) (o OfferNow, ok bool, err error) {
	return c.one(ctx, t, func(d *tenant.Directory) *tenant.Offer {
		if o, ok := d.Offer(i); ok && !o.Retired {
			return o
		}
		return nil
	})
}

func (c *Catalog) one(ctx context.Context, t *tenant.Tenant, find func(*tenant.Directory) *tenant.Offer) (OfferNow, bool, error) {
	d, err := c.dirs.Of(ctx, t)
	if err != nil {
		return OfferNow{}, false, err
	}
	o := find(d)
	if o == nil {
		return OfferNow{}, false, nil
	}
	crowd, err := c.crowd.Crowd(ctx, t)
	if err != nil {
		return OfferNow{}, false, err
	}
	return c.offerNow(d, t, o, crowd), true, nil
}
