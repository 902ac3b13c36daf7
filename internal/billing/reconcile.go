package billing

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
)

// The kinds of jobs.
const (
	kindEvent   = "billing.event"
	kindNightly = "billing.nightly"
)

// eventJob is news to be processed: whose it is. What it says is asked of the provider, since news comes in any order.
type eventJob struct {
	Event   string
	Account id.ID
}

// nightAt is when accounts are held against their provider: three in the morning, WIB, in minutes of the day.
const nightAt = 3 * 60

// Work tells the runner how this package's jobs are run.
func (s *Service) Work(r *jobs.Runner) {
	r.Register(jobs.Kind{Name: kindEvent, Handler: s.runEvent, MaxAttempts: 12})
	r.Register(jobs.Kind{Name: kindNightly, Handler: s.runNightly, MaxAttempts: 5})
}

// Nightly plans the next night's look at a tenant's accounts, once, however often it is called. A tenant without an
// account needs none.
func (s *Service) Nightly(ctx context.Context, t store.TenantID) error {
	needed := false
	err := s.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) (err error) {
		needed, err = store.Select[accountRow](tx).Exists(ctx)
		return err
	})
	if err != nil || !needed {
		return err
	}
	return s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		at := clock.DayOf(tx.Now(), clock.WIB).At(nightAt, clock.WIB)
		if !tx.Now().Before(at) {
			at = clock.DayOf(tx.Now(), clock.WIB).Add(1).At(nightAt, clock.WIB)
		}
		return jobs.Add(ctx, tx, jobs.Job{Kind: kindNightly, Key: clock.DayOf(at, clock.WIB).String(), RunAt: at})
	})
}

func (s *Service) runNightly(ctx context.Context, run *jobs.Run) error {
	_, err := s.Reconcile(ctx, run.Tenant)
	if err != nil {
		return err
	}
	return s.Nightly(ctx, run.Tenant)
}

// Reconcile holds a tenant's accounts against what their providers say, and takes over what differs: what a lost
// webhook would have told, and, of our own invoices, what the calendar says. It tells how many accounts differed.
func (s *Service) Reconcile(ctx context.Context, t store.TenantID) (changed int, err error) {
	at, ok := s.opt.Registry.ByID(t)
	if !ok {
		return 0, nil
	}
	var accounts []accountRow
	err = s.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) (err error) {
		accounts, err = store.Select[accountRow](tx).Order("scope").All(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, a := range accounts {
		p := Payer{at, a.Scope}
		before, err := s.View(ctx, p)
		if err == nil {
			err = s.Sync(ctx, p)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		after, err := s.View(ctx, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !alike(before, after) {
			changed++
			s.log.Warn("billing was behind its provider, and has caught up", slog.String("tenant", at.Code), slog.String("scope", a.Scope), slog.String("provider", a.Provider))
		}
	}
	return changed, errors.Join(errs...)
}

// alike tells whether two views say the same of a subscription and its invoices.
func alike(a, b View) bool {
	x, y := a.Account.snapshot(), b.Account.snapshot()
	same := x.Plan == y.Plan && x.Status == y.Status && x.Quantity == y.Quantity && x.PeriodEnd.Equal(y.PeriodEnd) && x.NextPlan == y.NextPlan &&
		x.CancelAtEnd == y.CancelAtEnd && len(a.Invoices) == len(b.Invoices)
	for i := 0; same && i < len(a.Invoices); i++ {
		m, n := a.Invoices[i], b.Invoices[i]
		same = m.ID == n.ID && m.Status == n.Status && m.Disputed == n.Disputed && m.Due == n.Due
	}
	return same
}

// Sync asks a payer's provider how things stand, and writes it down unless somebody who asked later already has.
func (s *Service) Sync(ctx context.Context, p Payer) error {
	o, turn, prov, err := s.turn(ctx, p, "sync")
	if err != nil {
		return err
	}
	snap, err := prov.Fetch(ctx, o)
	if err != nil {
		return lost(err)
	}
	return s.finish(ctx, p, answer{account: o.Account.ID, turn: turn, snap: snap, actor: byProvider})
}

// runEvent processes news: it asks the provider anew, so that neither order nor repeats matter.
func (s *Service) runEvent(ctx context.Context, run *jobs.Run) error {
	var job eventJob
	if err := run.Into(&job); err != nil {
		return err
	}
	err := s.processEvent(ctx, run.Tenant, job)
	if err == nil {
		return s.setEvent(ctx, job.Event, "done", "")
	}
	if run.Last || fault.KindOf(err) != fault.Unavailable && fault.KindOf(err) != fault.Internal {
		if serr := s.setEvent(ctx, job.Event, "dead", fault.Of(err).Code); serr != nil {
			return serr
		}
		return jobs.Permanent("billing.event", err)
	}
	return err
}

func (s *Service) processEvent(ctx context.Context, t store.TenantID, job eventJob) error {
	at, ok := s.opt.Registry.ByID(t)
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	var scope string
	err := s.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.Select[accountRow](tx).Where("id = ?", job.Account).One(ctx)
		scope = row.Scope
		return err
	})
	if err != nil {
		return err
	}
	return s.Sync(ctx, Payer{at, scope})
}

func (s *Service) setEvent(ctx context.Context, event, state, code string) error {
	return s.db.System(ctx, "news of payments", func(ctx context.Context, sys *store.SysTx) error {
		_, err := store.SysUpdate[eventRow](ctx, sys, "state = ?, code = ?, tries = tries + 1, done_at = ?", []any{state, code, sys.Now()}, "id = ?", event)
		return err
	})
}

// receive takes news of a provider's in: told again, it is known. The fault is "busy" where it could not be kept, and
// the provider then tells it again.
func (s *Service) receive(ctx context.Context, e eventRow, matters bool) error {
	var have []eventRow
	err := s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) (err error) {
		have, err = store.SysSelect[eventRow](ctx, sys, "id = ?", e.ID)
		return err
	})
	if err != nil || len(have) > 0 {
		return err
	}
	e.ReceivedAt = s.db.Now().Truncate(time.Microsecond)
	if matters {
		err = s.queue(ctx, e, false)
	} else {
		e.State = "ignored"
		err = s.db.System(ctx, "news of payments", func(ctx context.Context, sys *store.SysTx) error { return keepEvent(ctx, sys, e, false) })
	}
	if fault.Is(err, "duplicate") { // told twice at once
		return nil
	}
	return err
}
