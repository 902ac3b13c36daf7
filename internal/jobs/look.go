package jobs

import (
	"context"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// lookAt asks for a look at a tenant at a moment, or earlier if somebody asks for that.
func (r *Runner) lookAt(t store.TenantID, at time.Time) {
	r.mu.Lock()
	have, ok := r.next[t]
	if ok && at.Before(have) {
		r.next[t] = at
	}
	r.mu.Unlock()
	if ok {
		r.ring()
	} // else it has not been looked at yet, and will be
}

func (r *Runner) ring() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

func (r *Runner) isActive(t store.TenantID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active[t]
}

// follow looks at tenants when it is their time.
func (r *Runner) follow() {
	every := time.NewTicker(tick)
	defer every.Stop()
	r.list()
	for {
		due, wait := r.due()
		for i, t := range due {
			select {
			case <-r.stopping:
				return
			default:
			}
			if err := r.look(t); err != nil {
				// The database does not answer: the others need not be tried, nor the log be filled.
				r.opt.Log.Warn("jobs not looked for", "tenants", len(due)-i, "error", err)
				for _, t := range due[i:] {
					r.lookAt(t, r.db.Now().Add(5*time.Second))
				}
				break
			}
		}
		if len(due) > 0 {
			wait = rest
		}
		timer := time.NewTimer(wait)
		kick := r.kick
		if len(due) > 0 {
			kick = nil // what is asked for meanwhile is done in one go afterwards
		}
		select {
		case <-kick:
		case <-timer.C:
		case <-every.C:
			r.list()
		case <-r.stopping:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// list renews the list of tenants whose jobs run.
func (r *Runner) list() {
	active := map[store.TenantID]bool{}
	for _, t := range r.opt.Tenants() {
		active[t] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for t := range r.next {
		if !active[t] {
			delete(r.next, t) // when it comes back it is looked at first thing
		}
	}
	r.active = active
}

// due gives the tenants whose time has come, and how long until the next one's.
func (r *Runner) due() (due []store.TenantID, wait time.Duration) {
	now := r.db.Now()
	wait = tick
	r.mu.Lock()
	defer r.mu.Unlock()
	for t := range r.active {
		at, ok := r.next[t]
		left := at.Sub(now)
		// Further away than any look is ever put off: the clock has been set back.
		if !ok || left <= 0 || left > 2*r.opt.Sweep {
			due = append(due, t)
			r.next[t] = now.Add(r.opt.Sweep) // unless the look finds something earlier
		} else {
			wait = min(wait, left)
		}
	}
	return due, wait
}

// found is when the first waiting job of a kind falls due, and when the first lease of one ends.
type found struct {
	Kind  string    `bun:"kind"`
	Due   time.Time `bun:"due"`
	Lease time.Time `bun:"lease"`
}

// look sees what a tenant has to do, and tells the kinds' drivers about what is due.
func (r *Runner) look(t store.TenantID) error {
	now := r.db.Now()
	// Spread, so that five hundred tenants do not come at once, nor several processes.
	next := now.Add(r.opt.Sweep - time.Duration(r.opt.Chance()*float64(r.opt.Sweep)/4))
	first, err := r.peek(t)
	for _, f := range first {
		for _, at := range []time.Time{f.Due, f.Lease} {
			if !at.IsZero() && at.After(now) && at.Before(next) {
				next = at
			}
		}
		due, expired := !f.Due.IsZero() && !f.Due.After(now), !f.Lease.IsZero() && !f.Lease.After(now)
		if due || expired {
			r.lanes[f.Kind].push(t, expired)
		}
	}
	r.lookAt(t, next)
	r.seen("looked", t)
	return err
}

// peek reads when there is something to do. Most tenants have nothing, most of the time: that is found with
// two probes of an index. The rest is two probes for each kind, however many jobs wait.
func (r *Runner) peek(t store.TenantID) (first []found, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kinds := strings.TrimSuffix(strings.Repeat("select ? as kind union all ", len(r.names)), " union all ")
	args := make([]any, len(r.names))
	for i, name := range r.names {
		args[i] = name
	}
	err = r.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		some, err := store.Query[struct {
			N int `bun:"n"`
		}](ctx, tx, store.From{"jobs"}, "select 1 as n where exists (select 1 from jobs where state = 'queued') or exists (select 1 from jobs where state = 'running')")
		if err != nil || len(some) == 0 {
			return err
		}
		first, err = store.Query[found](ctx, tx, store.From{"jobs"}, `select kind,
			(select min(run_at) from jobs where state = 'queued' and kind = k.kind) as due,
			(select min(lease_until) from jobs where state = 'running' and kind = k.kind) as lease
			from (`+kinds+`) as k`, args...)
		return err
	})
	return first, err
}
