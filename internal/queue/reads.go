package queue

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// aheadSQL is how many are in front of a waiting ticket t: those who have waited longer in its series, or
// in one that a counter of its series calls too. Such a counter calls by age, so none of these is left
// behind; somebody else's counter may take some of them, so it is at most so many.
const aheadSQL = `(select count(*) from series_peers sp join tickets w on w.tenant_id = sp.tenant_id and w.series_id = sp.peer_id
	where sp.series_id = t.series_id and w.day = t.day and w.status = 'waiting'
	  and (w.created_at, w.number, w.id) < (t.created_at, t.number, t.id))`

func ahead(ctx context.Context, tx *store.Tx, ticket id.ID) (int, error) {
	rows, err := store.Query[struct {
		N int `bun:"n"`
	}](ctx, tx, store.From{"tickets", "series_peers"}, "select "+aheadSQL+" as n from tickets t where t.id = ?", ticket)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].N, nil
}

// Place reads a ticket and how many are in front of it, in one statement: screens look again at every
// event. No such ticket: the fault "not_found".
func (h *Hall) Place(ctx context.Context, t *tenant.Tenant, ticketID id.ID) (Place, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return Place{}, err
	}
	type row struct {
		Ticket `bun:",extend"`
		Ahead  int `bun:"ahead"`
	}
	var rows []row
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"tickets", "series_peers"}, `
			select t.*, case when t.status = 'waiting' then `+aheadSQL+` else 0 end as ahead from tickets t where t.id = ?`, ticketID)
		return err
	})
	switch {
	case err != nil:
		return Place{}, err
	case len(rows) == 0:
		return Place{}, fault.New(fault.NotFound, "not_found")
	}
	return place(dir, rows[0].Ticket, rows[0].Ahead), nil
}

// counterPast is what a counter's screen shows of what has been: the ticket that its row names, whatever
// became of it, and the ticket that ended here last today.
type counterPast struct {
	Seen id.ID
	Last *Place
}

func (h *Hall) counterPast(ctx context.Context, t *tenant.Tenant, counter id.ID) (p counterPast, err error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return p, err
	}
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		d, err := store.Select[callState](tx).Where("id = ?", counter).One(ctx)
		if err != nil {
			return err
		}
		p.Seen = d.TicketID
		ended, err := store.Select[Ticket](tx).Where("counter_id = ?", counter).Where("day = ?", t.Today(tx.Now())).
			Where("ended_at is not null").Order("ended_at desc", "number desc").Limit(1).All(ctx)
		if err == nil && len(ended) > 0 {
			last := place(dir, ended[0], 0)
			p.Last = &last
		}
		return err
	})
	return p, err
}

// atCounters is who stands at which counter today, called or served.
func (h *Hall) atCounters(ctx context.Context, t *tenant.Tenant) (map[id.ID]Place, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	var rows []Ticket
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[Ticket](ctx, tx, store.From{"tickets", "counters"}, `
			select t.* from counters c join tickets t on t.tenant_id = c.tenant_id and t.id = c.ticket_id and t.counter_id = c.id
			where t.day = ? and t.status in ('called', 'serving')`, t.Today(tx.Now()))
		return err
	})
	out := make(map[id.ID]Place, len(rows))
	for _, r := range rows {
		out[r.CounterID] = place(dir, r, 0)
	}
	return out, err
}

// boardCalls are calls in a zone today.
type boardCalls struct {
	Seq       int64           // the event log's end when they were read: a stream that goes on from here misses nothing
	Recent    []Place         // the newest first, boardRecent and one more
	ByCounter map[id.ID]Place // the newest of each counter
}

// boardRecent is how many past calls a board lists.
const boardRecent = 5

func (h *Hall) boardCalls(ctx context.Context, t *tenant.Tenant, zone *tenant.Zone) (b boardCalls, err error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return b, err
	}
	var rows []Ticket
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		if b.Seq, err = tx.LastEvent(ctx); err != nil {
			return err
		}
		// A counter has its few dozen calls a day, so the day's calls of a zone are read whole.
		rows, err = store.Query[Ticket](ctx, tx, store.From{"tickets", "counters"}, `
			select t.* from tickets t join counters c on c.tenant_id = t.tenant_id and c.id = t.counter_id
			where c.zone_id = ? and t.day = ? and t.called_at is not null
			order by t.called_at desc, t.number desc`, zone.ID, t.Today(tx.Now()))
		return err
	})
	b.ByCounter = make(map[id.ID]Place, len(zone.Counters))
	for i, r := range rows {
		p := place(dir, r, 0)
		if i <= boardRecent {
			b.Recent = append(b.Recent, p)
		}
		if _, ok := b.ByCounter[r.CounterID]; !ok {
			b.ByCounter[r.CounterID] = p
		}
	}
	return b, err
}

// waitingSeries is a series with who is called next in it.
type waitingSeries struct {
	*tenant.Series
	Next    []string // labels, in the order of calling
	Waiting int
}

// waitingIn reads the next n of every series that the zone's counters call. Those in which somebody
// waits come first, else in the order of their prefixes.
func (h *Hall) waitingIn(ctx context.Context, t *tenant.Tenant, zone *tenant.Zone, n int) ([]waitingSeries, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	type row struct {
		SeriesID id.ID `bun:"series_id"`
		Number   int64 `bun:"number"`
		Total    int   `bun:"total"`
	}
	var rows []row
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"tickets", "counters", "counter_series"}, `
			select q.series_id, q.number, q.total from (
			  select t.series_id, t.number, row_number() over (partition by t.series_id order by t.created_at, t.number) as k,
			    count(*) over (partition by t.series_id) as total
			  from tickets t where t.day = ? and t.status = 'waiting' and t.series_id in (
			    select cs.series_id from counter_series cs join counters c on c.tenant_id = cs.tenant_id and c.id = cs.counter_id
			    where c.zone_id = ? and not c.retired)
			) q where q.k <= ? order by q.series_id, q.k`, t.Today(tx.Now()), zone.ID, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]*waitingSeries{}
	var all []*waitingSeries
	for _, d := range zone.Counters {
		for _, s := range d.Series {
			if byID[s.ID] == nil && !s.Retired {
				byID[s.ID] = &waitingSeries{Series: s}
				all = append(all, byID[s.ID])
			}
		}
	}
	for _, r := range rows {
		s := byID[r.SeriesID]
		if s == nil {
			continue // declared after this directory was read
		}
		known, _ := dir.Series(r.SeriesID)
		s.Next, s.Waiting = append(s.Next, Label(known.Prefix, r.Number)), r.Total
	}
	return busyFirst(all), nil
}

// averageMinutes rounds a mean time of service up to whole minutes; nothing was measured: 0.
func averageMinutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

func dayIsOver(p Place, today clock.Day) bool { return p.Day.Before(today) }
