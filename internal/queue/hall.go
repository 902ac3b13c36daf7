package queue

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Hall runs the queues of all tenants.
type Hall struct {
	db    *store.DB
	dirs  *tenant.Directories
	issue *store.Hot[issueQuery, issueRow]
	call  *store.Hot[callQuery, callRow]

	attendance attendance
}

// New makes the hall. Call it once, before the first request.
func New(db *store.DB, dirs *tenant.Directories) *Hall {
	return &Hall{db: db, dirs: dirs, issue: newIssuer(db), call: newCaller(db)}
}

// Request asks for a number.
type Request struct {
	ServiceID id.ID
	SeriesID  id.ID  // which of the service's series; zero: the first that gives numbers now, else the first
	Key       string // the caller's idempotency key, 1 to 128 signs; "": one is made
	Channel   Channel
	Actor     *authz.Actor // nil: the public
}

// scopedKey is the key among those of whoever asks: what one person's client counts up (1, 2, 3) is not
// another's. The public shares one scope, since nothing tells its people apart: their keys must not be
// guessable, as the API's document says.
func (r Request) scopedKey() string { return r.Actor.String() + "/" + r.Key }

// maxKey bounds an idempotency key.
const maxKey = 128

// validKey takes what both databases can store: the key comes from anyone, and a batch that it spoils is
// everybody's.
func validKey(key string) error {
	switch {
	case !utf8.ValidString(key), strings.ContainsFunc(key, unicode.IsControl):
		return fault.New(fault.Malformed, "queue.key_text")
	case utf8.RuneCountInString(key) > maxKey:
		return fault.New(fault.Malformed, "queue.bad_key", maxKey)
	}
	return nil
}

// Issue gives a number. The same key again gives the same ticket; with another service, or another
// series if one is named, it is the fault "queue.key_reused" (422). Faults: "queue.no_service" (404),
// "invalid" (422: the series is none of the service's), "queue.no_numbers" (409: a service that is only
// handed off), "queue.closed", "queue.old_system" (another system gives the numbers) and "queue.full" (409, all with
// next_opening).
func (h *Hall) Issue(ctx context.Context, t *tenant.Tenant, r Request) (Place, error) {
	if err := validKey(r.Key); err != nil {
		return Place{}, err
	}
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return Place{}, err
	}
	service, ok := dir.Service(r.ServiceID)
	if !ok || service.Retired {
		return Place{}, fault.New(fault.NotFound, "queue.no_service")
	}
	now := h.db.Now()
	choice, err := choices(dir, t, service, r.SeriesID, now)
	if err != nil {
		return Place{}, err
	}
	venue := choice[0].Venue
	open := dir.Opening(t, venue, now)
	q := issueQuery{
		ID: id.New(), SeriesID: choice[0].ID, ServiceID: service.ID, Day: t.Today(now),
		Key: r.scopedKey(), Channel: r.Channel, Actor: r.Actor.String(),
		From: store.Origin(ctx, t.ID),
	}
	if r.Key == "" {
		q.Key = q.ID.String()
	}
	webOff := r.Channel == Web && !t.On(tenant.WebTickets)
	if !open.Tickets || webOff {
		// A retry after closing time still gets the ticket that it was given.
		if old, err := h.byKey(ctx, t, q.Key); err != nil || old != nil {
			return h.replayed(ctx, t, dir, r, old, err)
		}
		if webOff {
			return Place{}, fault.New(fault.Conflict, "queue.web_off")
		}
		return Place{}, notNow(closedBy(open), dir.NextTickets(t, venue, now), open.Closure, t)
	}
	row, err := h.issue.Do(ctx, t.ID, q)
	for _, next := range choice[1:] {
		if err != nil || row.Outcome != "full" {
			break
		}
		q.SeriesID = next.ID
		row, err = h.issue.Do(ctx, t.ID, q)
	}
	if err != nil {
		return Place{}, err
	}
	if row.Outcome == "full" {
		if shut, err := h.shut(ctx, t, q.SeriesID, now); err != nil || shut {
			return Place{}, cmp.Or(err, notNow("queue.old_system", dir.NextTickets(t, venue, now), nil, t))
		}
		return Place{}, notNow("queue.full", dir.NextTickets(t, venue, now), nil, t)
	}
	ticket := Ticket{
		SeriesID: q.SeriesID, ServiceID: q.ServiceID, Day: q.Day, Number: row.Number, Status: Status(row.Status),
		Channel: q.Channel, CreatedAt: row.CreatedAt,
	}
	if row.Outcome == "same" {
		old, err := h.byKey(ctx, t, q.Key)
		return h.replayed(ctx, t, dir, r, old, err)
	}
	if ticket.ID, err = id.Parse(row.ID); err != nil {
		return Place{}, err
	}
	return place(dir, ticket, int(row.Ahead)), nil
}

// choices are the series that a number may come from, in the order in which they are tried: the one that is
// named; else those that give numbers now, or the first where none does.
func choices(dir *tenant.Directory, t *tenant.Tenant, o *tenant.Service, named id.ID, now time.Time) ([]*tenant.Series, error) {
	if !named.IsZero() {
		if s := o.At(named); s != nil {
			return []*tenant.Series{s}, nil
		}
		return nil, fault.New(fault.Invalid, "invalid").Field("series_id", "queue.not_its_series")
	}
	if len(o.Series) == 0 {
		return nil, fault.New(fault.Conflict, "queue.no_numbers")
	}
	var open []*tenant.Series
	for _, s := range o.Series {
		if dir.Opening(t, s.Venue, now).Tickets {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return o.Series[:1], nil
	}
	return open, nil
}

// closedBy is why a venue gives no numbers now.
func closedBy(o tenant.Opening) string {
	if o.Old {
		return "queue.old_system"
	}
	return "queue.closed"
}

func notNow(code string, next time.Time, closure *tenant.Closure, t *tenant.Tenant) error {
	f := fault.New(fault.Conflict, code)
	if !next.IsZero() {
		f.With("next_opening", next.In(t.Loc).Format(time.RFC3339))
	}
	if closure != nil {
		f.With("closure", closure.Reason)
		if closure.ReasonEN != "" {
			f.With("closure_en", closure.ReasonEN)
		}
	}
	return f
}

func (h *Hall) byKey(ctx context.Context, t *tenant.Tenant, key string) (*Ticket, error) {
	var found []Ticket
	err := h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = store.Select[Ticket](tx).Where("idem_key = ?", key).Limit(1).All(ctx)
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (h *Hall) replayed(ctx context.Context, t *tenant.Tenant, dir *tenant.Directory, r Request, old *Ticket, err error) (Place, error) {
	switch {
	case err != nil:
		return Place{}, err
	case old == nil:
		return Place{}, fault.New(fault.Unavailable, "busy")
	case old.ServiceID != r.ServiceID, !r.SeriesID.IsZero() && old.SeriesID != r.SeriesID:
		return Place{}, fault.New(fault.Invalid, "queue.key_reused")
	}
	return h.Place(ctx, t, old.ID)
}

// Place is a ticket as its person sees it.
type Place struct {
	Ticket
	Label   string // "A-027"
	Ahead   int    // people in front; 0 when next or no longer waiting
	Service *tenant.Service
	Series  *tenant.Series
	Counter *tenant.Counter // where it has been called to; nil before
}

// Position is the place in the line, from 1; 0 when the ticket no longer waits.
func (p Place) Position() int {
	if p.Status != Waiting {
		return 0
	}
	return p.Ahead + 1
}

func place(dir *tenant.Directory, t Ticket, ahead int) Place {
	p := Place{Ticket: t, Ahead: ahead}
	var served, lined bool
	p.Service, served = dir.Service(t.ServiceID)
	p.Series, lined = dir.Series(t.SeriesID)
	if !served || !lined {
		// The ticket is newer than the directory, by a second at most. It is shown without names once.
		dir.Missed()
		agency, venue := &tenant.Agency{}, &tenant.Venue{}
		p.Series = &tenant.Series{Agency: agency, Venue: venue}
		p.Service = &tenant.Service{Agency: agency, Series: []*tenant.Series{p.Series}}
	}
	if !t.CounterID.IsZero() {
		var known bool
		if p.Counter, known = dir.Counter(t.CounterID); !known {
			dir.Missed()
			p.Counter = &tenant.Counter{Agency: p.Series.Agency, Venue: p.Series.Venue, Zone: &tenant.Zone{Venue: p.Series.Venue}}
		}
	}
	p.Label = Label(p.Series.Prefix, t.Number)
	return p
}

// Crowd is how many wait, by series, on the tenant's local today.
func (h *Hall) Crowd(ctx context.Context, t *tenant.Tenant) (map[id.ID]int, error) {
	type row struct {
		SeriesID id.ID `bun:"series_id"`
		N        int   `bun:"n"`
	}
	var rows []row
	err := h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"tickets"},
			"select series_id, count(*) as n from tickets where day = ? and status = 'waiting' group by series_id", t.Today(tx.Now()))
		return err
	})
	out := make(map[id.ID]int, len(rows))
	for _, r := range rows {
		out[r.SeriesID] = r.N
	}
	return out, err
}

// pressesKept is how long a press of a counter's button is remembered: longer than any client tries again.
const pressesKept = 48 * time.Hour

// Sweep forgets old presses of one tenant.
func (h *Hall) Sweep(ctx context.Context, t tenant.ID) error {
	return h.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[pressed](ctx, tx, "at < ?", tx.Now().Add(-pressesKept))
		return err
	})
}
