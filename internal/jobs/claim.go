package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// claim takes up to room due jobs of a tenant. Of several processes each gets others.
func (r *Runner) claim(t store.TenantID, k Kind, room int, expired bool) (runs []*Run, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = r.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		runs = nil
		if expired {
			if err := r.reap(ctx, tx, k); err != nil {
				return err
			}
		}
		rows, err := store.Select[row](tx).Where("state = 'queued' and kind = ? and run_at <= ?", k.Name, tx.Now()).
			Order("run_at").Limit(room).Claim().All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		lease := id.New()
		ids := make([]id.ID, len(rows))
		for i, j := range rows {
			ids[i] = j.ID
			runs = append(runs, &Run{
				Tenant: t, ID: j.ID, Kind: j.Kind, Key: j.Key, Data: json.RawMessage(j.Data), Created: j.CreatedAt,
				Attempt: j.Attempts + 1, Last: j.Attempts+1 >= k.MaxAttempts, lease: lease,
			})
		}
		_, err = store.Update[row](tx).
			Set("state = 'running', attempts = attempts + 1, lease = ?, lease_until = ?", lease, tx.Now().Add(r.opt.Lease)).
			Where("id in ?", bun.Tuple(ids)).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return runs, nil
}

// reap takes back the jobs whose process has gone. What has taken its process with it too often is dead.
func (r *Runner) reap(ctx context.Context, tx *store.Tx, k Kind) error {
	const gone = "state = 'running' and kind = ? and lease_until <= ?"
	dead, err := store.Update[row](tx).
		Set("state = 'dead', done_at = ?, lease = null, lease_until = null, last_error = 'lost'", tx.Now()).
		Where(gone+" and attempts >= ?", k.Name, tx.Now(), k.MaxAttempts).Exec(ctx)
	if err != nil {
		return err
	}
	back, err := store.Update[row](tx).
		Set("state = 'queued', run_at = ?, lease = null, lease_until = null, last_error = 'lost'", tx.Now()).
		Where(gone, k.Name, tx.Now()).Exec(ctx)
	if dead+back > 0 {
		tx.After(func() {
			r.opt.Log.Warn("jobs of a process that has gone", "kind", k.Name, "taken_back", back, "dead", dead)
		})
	}
	return err
}

// settle writes down what came of an attempt. While the database does not answer it tries again: a success
// that is forgotten is an effect that happens twice.
func (r *Runner) settle(k Kind, run *Run, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.opt.Lease)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		werr := r.write(ctx, k, run, err)
		if werr == nil {
			return
		}
		if errors.Is(werr, ErrLost) || ctx.Err() != nil {
			r.opt.Log.Warn("what came of a job could not be written; it runs again", "kind", k.Name, "job", run.ID.String(), "error", werr)
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

func (r *Runner) write(ctx context.Context, k Kind, run *Run, err error) error {
	if err == nil {
		return r.db.In(ctx, run.Tenant, run.Done)
	}
	v := verdict(err)
	back := r.handling.Err() != nil || errors.Is(err, errStopping)
	var again time.Time
	werr := r.db.In(ctx, run.Tenant, func(ctx context.Context, tx *store.Tx) error {
		u := store.Update[row](tx).Set("lease = null, lease_until = null")
		switch {
		case back: // not its fault
			again = tx.Now()
			u.Set("state = 'queued', attempts = attempts - 1, run_at = ?", again)
			tx.Wake() // another process may take it at once
		case v.free:
			again = tx.Now().Add(v.after)
			u.Set("state = 'queued', attempts = attempts - 1, run_at = ?, last_error = ?", again, v.code)
		case v.permanent || run.Last:
			u.Set("state = 'dead', done_at = ?, last_error = ?", tx.Now(), v.code)
		default:
			again = tx.Now().Add(max(v.after, k.Backoff.after(run.Attempt, r.opt.Chance())))
			u.Set("state = 'queued', run_at = ?, last_error = ?", again, v.code)
		}
		n, err := u.Where("id = ? and lease = ? and state = 'running'", run.ID, run.lease).Exec(ctx)
		if err == nil && n == 0 {
			err = ErrLost
		}
		return err
	})
	if werr != nil || back {
		return werr
	}
	if !again.IsZero() {
		r.lookAt(run.Tenant, again)
	}
	r.log(k, run, v, again)
	return nil
}

// log says that a job has failed: with its code only, unless it is a mistake of ours.
func (r *Runner) log(k Kind, run *Run, v failure, again time.Time) {
	if v.free {
		return
	}
	args := []any{"kind", k.Name, "job", run.ID.String(), "attempt", run.Attempt, "code", v.code}
	if v.code == "internal" || fault.KindOf(v.cause) == fault.Unavailable {
		args = append(args, "error", v.cause)
	}
	if again.IsZero() {
		r.opt.Log.Error("a job is dead", args...)
		return
	}
	r.opt.Log.Warn("a job failed and is tried again", append(args, "at", again)...)
}

// renew lengthens the leases of what runs, until nothing can run any more.
func (r *Runner) renew() {
	every := time.NewTicker(r.opt.Lease / 3)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			r.renewAll()
		case <-r.handling.Done():
			return
		}
	}
}

// renewAll lengthens the leases of what runs, and ends what another process has taken over.
func (r *Runner) renewAll() {
	r.mu.Lock()
	runs := slices.Collect(maps.Keys(r.running))
	r.mu.Unlock()
	for _, run := range runs {
		ctx, cancel := context.WithTimeout(r.handling, r.opt.Lease/3)
		err := r.db.In(ctx, run.Tenant, func(ctx context.Context, tx *store.Tx) error {
			n, err := store.Update[row](tx).Set("lease_until = ?", tx.Now().Add(r.opt.Lease)).
				Where("id = ? and lease = ? and state = 'running'", run.ID, run.lease).Exec(ctx)
			if err == nil && n == 0 && !run.done.Load() {
				run.cancel(ErrLost)
			}
			return err
		})
		cancel()
		if err != nil && r.handling.Err() == nil {
			r.opt.Log.Warn("a job's lease was not renewed", "kind", run.Kind, "job", run.ID.String(), "error", err)
		}
	}
}
