package queue

import (
	"context"
	"slices"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// There are two ways back for somebody who was not there when called: a counter that is free calls them
// again, or the front desk puts them back into the line. Both on the ticket's own day only.
//
// The first takes the locks as a call does, counter before ticket. The second takes the ticket's alone: it
// takes the ticket off its counter, and every reader of a counter asks whether the ticket that the
// counter's row names is still there (counter_id). The row itself may go on naming it. Before the ticket it
// keeps the series, as the statement that issues does: an apply that takes the series away waits for it, or
// it for the apply.

var permReturn = authz.Declare("queue:ticket:return", "Mengembalikan nomor yang tidak hadir ke antrean", "Put absent tickets back into the line")

const actionReturn = "queue:ticket:return"

// CallAgain calls somebody who was not there to the counter of the press, which must be free and call the
// ticket's series. The same press again changes nothing. Faults: as for CallNext, and "queue.counter_busy",
// "queue.other_series", "queue.illegal_move" (409: the ticket is not absent, or not today's).
func (h *Hall) CallAgain(ctx context.Context, t *tenant.Tenant, a *authz.Actor, p Press, ticketID id.ID) (Place, error) {
	_, counter, err := h.counter(ctx, t, a, permCall, p.CounterID)
	if err != nil {
		return Place{}, err
	}
	if err := validKey(p.Key); err != nil {
		return Place{}, err
	}
	err = h.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		return callAgain(ctx, tx, counter, p, ticketID, t.Today(tx.Now()), a.String())
	})
	if err != nil {
		return Place{}, err
	}
	return h.Place(ctx, t, ticketID)
}

func callAgain(ctx context.Context, tx *store.Tx, at *tenant.Counter, p Press, ticketID id.ID, today clock.Day, actor string) error {
	if err := store.Lock[callState](ctx, tx, at.ID); err != nil {
		return err
	}
	if err := store.Lock[Ticket](ctx, tx, ticketID); err != nil {
		return err
	}
	d, err := store.Select[callState](tx).Where("id = ?", at.ID).One(ctx)
	if err != nil {
		return err
	}
	if d.Retired { // since the directory was read
		return fault.New(fault.NotFound, "not_found")
	}
	ticket, err := store.Select[Ticket](tx).Where("id = ?", ticketID).One(ctx)
	if err != nil {
		return err
	}
	cur, err := standing(ctx, tx, d)
	if err != nil {
		return err
	}
	earlier, err := store.Select[pressed](tx).Where("counter_id = ?", at.ID).Where("key = ?", p.Key).All(ctx)
	if err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(at.Series, func(s *tenant.Series) bool { return s.ID == ticket.SeriesID }):
		return fault.New(fault.Conflict, "queue.other_series")
	case len(earlier) > 0 && earlier[0].TicketID == ticketID:
		return nil // this press was done already, whatever has become of the ticket since
	case len(earlier) > 0, !p.Seen.IsZero() && d.TicketID != p.Seen, p.SawNobody && !d.TicketID.IsZero():
		return fault.New(fault.Conflict, "queue.stale")
	case cur != nil && cur.ID == ticketID:
		_, _, err := ticket.Status.next(Reinstate) // called here already, or served
		return err
	case cur != nil && cur.Day == today:
		return fault.New(fault.Conflict, "queue.counter_busy")
	}
	to, err := back(ticket, Reinstate, today)
	if err != nil {
		return err
	}
	if cur != nil { // left standing on another day
		if err := finish(ctx, tx, actor, *cur, at.ID, at.Zone.ID); err != nil {
			return err
		}
	}
	_, err = store.Update[Ticket](tx).Set("status = ?", to).Set("counter_id = ?", at.ID).Set("called_at = ?", tx.Now()).
		Set("calls = calls + 1").Set("ended_at = null").Where("id = ?", ticketID).Exec(ctx)
	if err != nil {
		return err
	}
	if _, err = store.Update[callState](tx).Set("ticket_id = ?", ticketID).Where("id = ?", at.ID).Exec(ctx); err != nil {
		return err
	}
	if p.Key != "" {
		if err := store.Insert(ctx, tx, &pressed{CounterID: at.ID, Key: p.Key, TicketID: ticketID, At: tx.Now()}); err != nil {
			return err
		}
	}
	noteMove(tx, actor, actionCall, "ticket."+eventOf(Reinstate), ticket, at.ID, at.Zone.ID, statusThen{ticket.Status}, statusThen{to})
	return nil
}

// back is the status after a way back. It is open to who is absent today; where the ticket stands already
// on the other end is for the caller to judge, since a ticket may be called at another counter.
func back(t Ticket, m Move, today clock.Day) (Status, error) {
	if t.Day != today {
		return t.Status, past.refuse(m)
	}
	to, changed, err := t.Status.next(m)
	if err == nil && !changed {
		err = t.Status.refuse(m)
	}
	return to, err
}

// Return puts somebody who was not there back into the line. The ticket keeps its number and the moment it was
// taken, by which it is called, to any counter of its series, as if it had not been called before. One
// that waits already stays as it is. Faults: "not_found", "authz.forbidden", "queue.illegal_move",
// "queue.series_gone" (409: the region does not use the series any more, and nobody would call the number).
func (h *Hall) Return(ctx context.Context, t *tenant.Tenant, a *authz.Actor, ticketID id.ID) (Place, error) {
	p, err := h.Place(ctx, t, ticketID)
	if err != nil {
		return Place{}, err
	}
	if !a.Can(permReturn, AgencyScope(t, p.Series.Agency)) {
		return Place{}, fault.New(fault.Forbidden, "authz.forbidden")
	}
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return Place{}, err
	}
	err = h.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := store.Keep[tenant.SeriesRow](ctx, tx, p.SeriesID); err != nil {
			return err
		}
		if err := store.Lock[Ticket](ctx, tx, ticketID); err != nil {
			return err
		}
		ticket, err := store.Select[Ticket](tx).Where("id = ?", ticketID).One(ctx)
		if err != nil {
			return err
		}
		today := t.Today(tx.Now())
		if ticket.Status == Waiting && ticket.Day == today {
			return nil // an answer that was lost
		}
		to, err := back(ticket, Return, today)
		if err != nil {
			return err
		}
		series, err := store.Select[tenant.SeriesRow](tx).Where("id = ?", ticket.SeriesID).One(ctx)
		if err != nil {
			return err
		}
		if series.Retired {
			return fault.New(fault.Conflict, "queue.series_gone")
		}
		_, err = store.Update[Ticket](tx).Set("status = ?", to).Set("counter_id = null").Set("calls = 0").
			Set("called_at = null").Set("ended_at = null").Where("id = ?", ticketID).Exec(ctx)
		if err != nil {
			return err
		}
		var zone id.ID
		if at, ok := dir.Counter(ticket.CounterID); ok {
			zone = at.Zone.ID
		}
		noteMove(tx, a.String(), actionReturn, "ticket."+eventOf(Return), ticket, ticket.CounterID, zone, statusThen{ticket.Status}, statusThen{to})
		return nil
	})
	if err != nil {
		return Place{}, err
	}
	return h.Place(ctx, t, ticketID)
}

// missedMost is how many of those who did not come a counter's screen lists.
const missedMost = 3

// missedAt are today's last absent tickets of the series that a counter calls, the newest first.
func (h *Hall) missedAt(ctx context.Context, t *tenant.Tenant, counter id.ID) ([]Place, error) {
	return h.missed(ctx, t, missedMost, store.From{"tickets", "counter_series"}, `
		t.series_id in (select cs.series_id from counter_series cs where cs.counter_id = ?)`, counter)
}

func (h *Hall) missed(ctx context.Context, t *tenant.Tenant, most int, from store.From, cond string, args ...any) ([]Place, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	var rows []Ticket
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[Ticket](ctx, tx, from, "select t.* from tickets t where t.day = ? and t.status = 'no_show' and "+cond+
			" order by t.ended_at desc, t.number desc limit ?", append(append([]any{t.Today(tx.Now())}, args...), most)...)
		return err
	})
	out := make([]Place, len(rows))
	for i, r := range rows {
		out[i] = place(dir, r, 0)
	}
	return out, err
}
