package tenant

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// Queues is the queue, as far as an apply needs it: a manifest may take a series away in which people wait.
type Queues interface {
	// Held is how many wait in each series and stand at each counter on a local day; who has nobody is left out.
	Held(ctx context.Context, tx *store.Tx, day clock.Day, series, counters []id.ID) (map[id.ID]int, error)
	// End cancels the tickets of those who wait there and finishes those of who stands there.
	End(ctx context.Context, tx *store.Tx, day clock.Day, series, counters []id.ID, actor string) error
}

// Stranded is how many people a change would leave waiting for a call that cannot come, or that would come
// elsewhere or under another name than their ticket says.
type Stranded struct {
	Series  string // "A, Kependudukan"; empty: they stand at a counter
	Counter string // "Loket 3"
	Venue   string // the series moves there: "MPP Keliling"; empty: it does not
	Prefix  string // the series' prefix becomes this; empty: it stays
	People  int
}

// StrandedError says that an apply was refused because of who waits.
type StrandedError struct{ Held []Stranded }

func (e *StrandedError) Error() string {
	var all []string
	for _, h := range e.Held {
		all = append(all, fmt.Sprintf("%d in %s", h.People, strings.TrimSpace(h.Series+h.Counter)))
	}
	return "people wait in what this manifest takes away or changes: " + strings.Join(all, "; ")
}

// gone is what a manifest takes away, and the region's today. A series that moves to another venue or gets
// another prefix is gone for who waits in it: their tickets name the place and the prefix of before.
type gone struct {
	series   []SeriesRow
	becomes  map[id.ID]tenants.ResolvedSeries // of the series that stay, by identifier
	venues   map[string]string                // names by code
	counters []CounterRow
	day      clock.Day
}

// leaving compares what there is with what the manifest declares.
func leaving(ctx context.Context, tx *store.Tx, r *tenants.Resolved) (g gone, err error) {
	p := projection{tx: tx}
	keep := map[id.ID]bool{}
	g.becomes, g.venues = map[id.ID]tenants.ResolvedSeries{}, map[string]string{}
	for _, v := range r.Venues {
		g.venues[v.Code] = v.Name
	}
	for _, a := range r.Agencies {
		for _, s := range a.Series {
			g.becomes[p.seriesID(a.Code, s.Code)] = s
		}
		for _, c := range a.Counters {
			keep[p.counter(c.Venue, c.Code)] = true
		}
	}
	g.day = clock.DayOf(tx.Now(), r.Location)
	series, err := store.Select[SeriesRow](tx).Where("not retired").Order("prefix").All(ctx)
	if err != nil {
		return g, err
	}
	g.series = slices.DeleteFunc(series, func(s SeriesRow) bool {
		to, stays := g.becomes[s.ID]
		return stays && s.VenueID == p.venue(to.Venue) && s.Prefix == to.Prefix
	})
	counters, err := store.Select[CounterRow](tx).Where("not retired").Order("sort").All(ctx)
	if err != nil {
		return g, err
	}
	g.counters = slices.DeleteFunc(counters, func(c CounterRow) bool { return keep[c.ID] })
	return g, nil
}

func (g gone) ids() (series, counters []id.ID) {
	for _, s := range g.series {
		series = append(series, s.ID)
	}
	for _, c := range g.counters {
		counters = append(counters, c.ID)
	}
	return series, counters
}

// lock waits for the numbers that are just being given in these series, and lets no more be given: whoever
// asks now sees what this transaction makes of them. In the order in which the queue takes them.
func (g gone) lock(ctx context.Context, tx *store.Tx) error {
	series, _ := g.ids()
	slices.SortFunc(series, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, s := range series {
		if err := store.Lock[SeriesRow](ctx, tx, s); err != nil {
			return err
		}
	}
	return nil
}

func (g gone) held(ctx context.Context, tx *store.Tx, q Queues) (out []Stranded, err error) {
	if q == nil || len(g.series)+len(g.counters) == 0 {
		return nil, nil
	}
	series, counters := g.ids()
	n, err := q.Held(ctx, tx, g.day, series, counters)
	for _, s := range g.series {
		if n[s.ID] > 0 {
			who := Stranded{Series: s.Prefix + ", " + s.Name, People: n[s.ID]}
			if to, stays := g.becomes[s.ID]; stays {
				if s.VenueID != VenueID(tx.Tenant(), to.Venue) {
					who.Venue = g.venues[to.Venue]
				}
				if s.Prefix != to.Prefix {
					who.Prefix = to.Prefix
				}
			}
			out = append(out, who)
		}
	}
	for _, c := range g.counters {
		if n[c.ID] > 0 {
			out = append(out, Stranded{Counter: c.Name, People: n[c.ID]})
		}
	}
	return out, err
}

// end refuses to strand people, or ends their tickets where that was asked for.
func (g gone) end(ctx context.Context, tx *store.Tx, q Queues, opt Options) error {
	held, err := g.held(ctx, tx, q)
	if err != nil || len(held) == 0 {
		return err
	}
	if !opt.EndTickets {
		return &StrandedError{held}
	}
	series, counters := g.ids()
	return q.End(ctx, tx, g.day, series, counters, opt.Actor)
}
