package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

var (
	permCall    = authz.Declare("queue:ticket:call", "Memanggil nomor antrean ke loket", "Call tickets to a counter")
	permFinish  = authz.Declare("queue:ticket:finish", "Melayani, menyelesaikan, dan mencatat yang tidak hadir", "Serve, finish and mark tickets as absent")
	permCounter = authz.Declare("queue:counter:list", "Melihat loket dan antreannya", "See counters and their queues")
)

// Press is one press of "Panggil berikutnya".
type Press struct {
	CounterID id.ID
	Key       string // names the press; the same again calls nobody else
	Seen      id.ID  // the ticket that the officer saw at the counter; zero: any
	SawNobody bool   // the counter had called nobody yet when the officer looked
	SawFree   bool   // nobody stood at the counter when the officer looked: whoever it has called had gone
}

// CallNext calls the ticket that has waited longest in the counter's series, and finishes the one that
// stands at the counter. ok is false when nobody waits; nothing has changed then. Faults: "not_found",
// "authz.forbidden", "queue.stale" (the counter has moved on since the officer looked).
func (h *Hall) CallNext(ctx context.Context, t *tenant.Tenant, a *authz.Actor, p Press) (called Place, ok bool, err error) {
	dir, counter, err := h.counter(ctx, t, a, permCall, p.CounterID)
	if err != nil {
		return Place{}, false, err
	}
	if err := validKey(p.Key); err != nil {
		return Place{}, false, err
	}
	if p.Key == "" {
		p.Key = id.New().String() // so that a lost connection can be tried again without a second call
	}
	seen := p.Seen.String()
	if p.SawNobody {
		seen = nobody
	}
	q := callQuery{
		CounterID: counter.ID, ZoneID: counter.Zone.ID, Day: t.Today(h.db.Now()), Key: p.Key, Seen: seen, Free: p.SawFree, Actor: a.String(),
		From: store.Origin(ctx, t.ID),
	}
	row, err := h.call.Do(ctx, t.ID, q)
	if err != nil {
		return Place{}, false, err
	}
	switch row.Outcome {
	case "called":
		ticket, err := row.ticket(q)
		return place(dir, ticket, 0), err == nil, err
	case "none":
		return Place{}, false, nil
	case "gone":
		return Place{}, false, fault.New(fault.NotFound, "not_found")
	case "stale":
		return Place{}, false, fault.New(fault.Conflict, "queue.stale")
	}
	ticketID, err := id.Parse(row.ID) // of the press that was done already: the ticket may have gone on since
	if err != nil {
		return Place{}, false, err
	}
	var ticket Ticket
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		ticket, err = store.Select[Ticket](tx).Where("id = ?", ticketID).One(ctx)
		return err
	})
	return place(dir, ticket, 0), err == nil, err
}

// counter finds a counter and checks that the actor may do this at it. A counter of another agency of
// the same region is forbidden; another region's does not exist.
func (h *Hall) counter(ctx context.Context, t *tenant.Tenant, a *authz.Actor, perm authz.Permission, counterID id.ID) (*tenant.Directory, *tenant.Counter, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	counter, ok := dir.Counter(counterID)
	if !ok || counter.Retired {
		return nil, nil, fault.New(fault.NotFound, "not_found")
	}
	if !a.Can(perm, AgencyScope(t, counter.Agency)) {
		return nil, nil, fault.New(fault.Forbidden, "authz.forbidden")
	}
	mine, err := h.assigned(ctx, t, a)
	if err != nil {
		return nil, nil, err
	}
	if len(mine) > 0 && !slices.Contains(mine, counterID) {
		return nil, nil, fault.New(fault.Forbidden, "queue.not_your_counter")
	}
	return dir, counter, nil
}

// AgencyScope is the path of an agency in a region: "id/19/19.01/dukcapil".
func AgencyScope(t *tenant.Tenant, a *tenant.Agency) string { return t.AgencyScope(a.Code) }

// assigned gives the counters that the person is bound to; none: all that the scope allows.
func (h *Hall) assigned(ctx context.Context, t *tenant.Tenant, a *authz.Actor) ([]id.ID, error) {
	var rows []tenant.UserCounter
	err := h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Select[tenant.UserCounter](tx).Where("user_id = ?", a.UserID).All(ctx)
		return err
	})
	out := make([]id.ID, len(rows))
	for i, r := range rows {
		out[i] = r.CounterID
	}
	return out, err
}

// Counters lists the counters at which the person may work, in the region's order.
func (h *Hall) Counters(ctx context.Context, t *tenant.Tenant, a *authz.Actor) ([]*tenant.Counter, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	mine, err := h.assigned(ctx, t, a)
	if err != nil {
		return nil, err
	}
	var out []*tenant.Counter
	for _, o := range dir.Agencies {
		if !a.Can(permCounter, AgencyScope(t, o)) {
			continue
		}
		for _, d := range o.Counters {
			if len(mine) == 0 || slices.Contains(mine, d.ID) {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// Do moves a ticket: recall, serve, finish, no-show. It answers with the ticket as it then stands; a
// move that was done already changes nothing. Faults: "not_found", "authz.forbidden",
// "queue.not_your_counter", "queue.illegal_move".
func (h *Hall) Do(ctx context.Context, t *tenant.Tenant, a *authz.Actor, ticketID id.ID, m Move) (Place, error) {
	p, err := h.Place(ctx, t, ticketID)
	if err != nil {
		return Place{}, err
	}
	perm := permFinish
	if m == Recall {
		perm = permCall
	}
	if p.Counter == nil {
		// Not called yet: whoever may work in its agency is told so, others learn nothing.
		if !a.Can(perm, AgencyScope(t, p.Series.Agency)) {
			return Place{}, fault.New(fault.Forbidden, "authz.forbidden")
		}
		_, _, err := p.Status.next(m)
		return p, err
	}
	if _, _, err := h.counter(ctx, t, a, perm, p.Counter.ID); err != nil {
		return Place{}, err
	}
	if err := h.move(ctx, t, ticketID, p.Counter, change{Move: m, Actor: a.String()}); err != nil {
		return Place{}, err
	}
	return h.Place(ctx, t, ticketID)
}

// Withdraw gives a place back. Whoever has the ticket's address may do it.
func (h *Hall) Withdraw(ctx context.Context, t *tenant.Tenant, ticketID id.ID) (Place, error) {
	p, err := h.Place(ctx, t, ticketID)
	if err != nil {
		return Place{}, err
	}
	if err := h.move(ctx, t, ticketID, p.Counter, change{Cancel, ByOwner, "public"}); err != nil {
		return Place{}, err
	}
	return h.Place(ctx, t, ticketID)
}

// change is a move and who makes it.
type change struct {
	Move  Move
	By    Canceller // of Cancel
	Actor string
}

// move changes a ticket's status in one transaction.
func (h *Hall) move(ctx context.Context, t *tenant.Tenant, ticketID id.ID, at *tenant.Counter, c change) error {
	var counter, zone id.ID
	if at != nil {
		counter, zone = at.ID, at.Zone.ID
	}
	return h.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		return moveIn(ctx, tx, ticketID, counter, zone, c)
	})
}

// moveIn is move within a transaction. The counter, if there is one, is locked before the ticket, as in the
// statement that calls.
func moveIn(ctx context.Context, tx *store.Tx, ticketID, counter, zone id.ID, c change) error {
	m := c.Move
	if !counter.IsZero() {
		if err := store.Lock[callState](ctx, tx, counter); err != nil {
			return err
		}
	}
	if err := store.Lock[Ticket](ctx, tx, ticketID); err != nil {
		return err
	}
	ticket, err := store.Select[Ticket](tx).Where("id = ?", ticketID).One(ctx)
	if err != nil {
		return err
	}
	if !counter.IsZero() && ticket.CounterID != counter {
		// It went back to the line after the caller had looked, and perhaps on to a counter of somebody else's.
		// The person may give the place up wherever it is; nobody moves it for a counter that it has left.
		if counter, zone = (id.ID{}), (id.ID{}); m != Cancel {
			return ticket.Status.refuse(m)
		}
	}
	if c.By == ByMall && ticket.Status != Waiting {
		return nil // called in the meantime, by a counter that stays: then it is served there
	}
	to, changed, err := ticket.Status.next(m)
	if err != nil || !changed {
		return err
	}
	u := store.Update[Ticket](tx).Set("status = ?", to).Where("id = ?", ticketID)
	switch m {
	case Recall:
		u = u.Set("calls = calls + 1").Set("called_at = ?", tx.Now())
	case Serve:
		u = u.Set("served_at = ?", tx.Now())
	case Finish, Absent:
		u = u.Set("ended_at = ?", tx.Now())
	case Cancel:
		u = u.Set("ended_at = ?", tx.Now()).Set("cancelled_by = ?", c.By)
	default:
		return fmt.Errorf("queue: %q is not made here", m) // a way back, see noshow.go
	}
	if _, err := u.Exec(ctx); err != nil {
		return err
	}
	action := map[Move]string{Recall: actionCall, Cancel: "queue:ticket:cancel"}[m]
	if action == "" {
		action = actionFinish
	}
	noteMove(tx, c.Actor, action, "ticket."+eventOf(m), ticket, counter, zone, statusThen{ticket.Status}, statusThen{to})
	return nil
}

func eventOf(m Move) string {
	return map[Move]string{
		Recall: "called", Serve: "serving", Finish: "finished", Absent: "no_show", Cancel: "cancelled", Reinstate: "called", Return: "returned",
	}[m]
}

// CounterView is a counter as its officer sees it.
type CounterView struct {
	Counter *tenant.Counter
	Current *Place  // called or being served; nil: free
	Line    []Place // who waits, in the order of calling, at most lineLimit
	Waiting int     // how many wait in all
	Served  int     // finished here today
	Average time.Duration
}

const lineLimit = 50

// View reads a counter's screen. Faults as for CallNext.
func (h *Hall) View(ctx context.Context, t *tenant.Tenant, a *authz.Actor, counter id.ID) (CounterView, error) {
	dir, at, err := h.counter(ctx, t, a, permCounter, counter)
	if err != nil {
		return CounterView{}, err
	}
	v := CounterView{Counter: at}
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		day := t.Today(tx.Now())
		d, err := store.Select[callState](tx).Where("id = ?", counter).One(ctx)
		if err != nil {
			return err
		}
		if !d.TicketID.IsZero() {
			cur, err := store.Select[Ticket](tx).Where("id = ?", d.TicketID).Where("counter_id = ?", counter).
				Where("status in ('called', 'serving')").Where("day = ?", day).All(ctx)
			if err != nil {
				return err
			}
			if len(cur) > 0 {
				p := place(dir, cur[0], 0)
				v.Current = &p
			}
		}
		if v.Line, v.Waiting, err = h.line(ctx, tx, dir, at, day.String()); err != nil {
			return err
		}
		done, err := store.Select[Ticket](tx).Where("counter_id = ?", counter).Where("day = ?", day).Where("status = 'finished'").All(ctx)
		if err != nil {
			return err
		}
		var sum time.Duration
		for _, f := range done {
			sum += f.EndedAt.Sub(f.CalledAt)
		}
		if v.Served = len(done); v.Served > 0 {
			v.Average = sum / time.Duration(v.Served)
		}
		return nil
	})
	return v, err
}

func (h *Hall) line(ctx context.Context, tx *store.Tx, dir *tenant.Directory, at *tenant.Counter, day string) ([]Place, int, error) {
	type row struct {
		Ticket `bun:",extend"`
		Total  int `bun:"total"`
	}
	rows, err := store.Query[row](ctx, tx, store.From{"tickets", "counter_series", "series"}, `
		select t.*, count(*) over () as total from tickets t where t.day = ? and t.status = 'waiting'
		  and t.series_id in (select cs.series_id from counter_series cs where cs.counter_id = ?) and `+oursNow+`
		order by t.created_at, t.number, t.id limit ?`, day, at.ID, tx.Now(), lineLimit)
	out := make([]Place, len(rows))
	total := 0
	for i, r := range rows {
		out[i] = place(dir, r.Ticket, i)
		total = r.Total
	}
	return out, total, err
}
