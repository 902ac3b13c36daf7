package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Kind says how jobs of a kind are run.
type Kind struct {
	Name string
	// Handler does the work. Its context ends at the time-out, when the job is lost to another process,
	// and when the grace of a stop is over.
	Handler func(context.Context, *Run) error
	// Concurrency is how many run at once in this process; 0 is 4. Each kind has room of its own, so a
	// slow one delays no other.
	Concurrency int
	// MaxAttempts is after how many failures a job is dead; 0 is 20, which with the usual backoff is some
	// ten hours.
	MaxAttempts int
	Backoff     Backoff
	// Timeout bounds one attempt; 0 is 2 minutes.
	Timeout time.Duration
}

// Backoff is the time between attempts: First, doubled with each failure up to Most, and of that a
// random half is taken away, so that what failed together does not come back together.
type Backoff struct {
	First time.Duration // 0 is 10 s
	Most  time.Duration // 0 is 1 h
}

func (k Kind) complete() Kind {
	orInt := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	orTime := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	orInt(&k.Concurrency, 4)
	orInt(&k.MaxAttempts, 20)
	orTime(&k.Backoff.First, 10*time.Second)
	orTime(&k.Backoff.Most, time.Hour)
	orTime(&k.Timeout, 2*time.Minute)
	return k
}

// after is how long to wait after the n-th failure, from 1; chance is from 0 to 1.
func (b Backoff) after(n int, chance float64) time.Duration {
	d := b.First
	for ; n > 1 && d < b.Most; n-- {
		d *= 2
	}
	d = min(d, b.Most)
	return d - time.Duration(chance*float64(d/2))
}

// Run is one attempt at a job.
type Run struct {
	Tenant  store.TenantID
	ID      id.ID
	Kind    string
	Key     string
	Attempt int  // from 1
	Last    bool // no attempt follows this one by itself
	Data    json.RawMessage
	Created time.Time

	lease  id.ID
	done   atomic.Bool
	cancel context.CancelCauseFunc
}

// Into reads the job's data.
func (r *Run) Into(v any) error {
	if err := json.Unmarshal(r.Data, v); err != nil {
		return Permanent("jobs.data", fmt.Errorf("jobs: %s: %w", r.Kind, err))
	}
	return nil
}

// ErrLost is that somebody else has the job: this process was away for longer than its lease.
var ErrLost = errors.New("jobs: the job has been taken over")

// Done marks the job as done in the handler's transaction, so that what it writes and that it is done are
// committed together. With ErrLost the transaction must not be committed.
func (r *Run) Done(ctx context.Context, tx *store.Tx) error {
	n, err := store.Update[row](tx).
		Set("state = 'done', done_at = ?, lease = null, lease_until = null, last_error = ''", tx.Now()).
		Where("id = ? and lease = ? and state = 'running'", r.ID, r.lease).Exec(ctx)
	if err == nil && n == 0 {
		err = ErrLost
	}
	if err == nil {
		tx.After(func() { r.done.Store(true) })
	}
	return err
}

// failure says what becomes of a job that has not succeeded. Any other error is a failure that counts and
// is tried again.
type failure struct {
	code      string
	after     time.Duration
	permanent bool
	free      bool // does not count as an attempt
	cause     error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.code + ": " + f.cause.Error()
	}
	return f.code
}

func (f *failure) Unwrap() error { return f.cause }

// Permanent is a failure that trying again would not mend: the job is dead at once. The code is kept and
// shown; the cause is logged, so neither may hold anything personal.
func Permanent(code string, cause error) error {
	return &failure{code: code, permanent: true, cause: cause}
}

// Again is a failure that time may mend. It is tried again when the backoff says, and not before after.
func Again(code string, after time.Duration, cause error) error {
	return &failure{code: code, after: after, cause: cause}
}

// Postpone puts a job off: it runs again after a while, and this attempt does not count.
func Postpone(code string, after time.Duration) error {
	return &failure{code: code, after: after, free: true}
}

var safeCode = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,79}$`)

// verdict reads an error of a handler. A fault gives its code and its Retry-After.
func verdict(err error) failure {
	var f *failure
	var known *fault.Error
	out := failure{code: "internal", cause: err}
	switch {
	case errors.As(err, &f):
		out = *f
	case errors.Is(err, context.DeadlineExceeded):
		out.code = "timeout"
	case errors.As(err, &known):
		out.code, out.after = known.Code, known.RetryAfter
	}
	if !safeCode.MatchString(out.code) {
		out.code = "internal"
	}
	return out
}
