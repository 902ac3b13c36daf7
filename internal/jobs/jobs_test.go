package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// add adds jobs to a tenant and commits.
func add(t testing.TB, db *store.DB, at store.TenantID, list ...jobs.Job) {
	t.Helper()
	if err := db.In(context.Background(), at, func(ctx context.Context, tx *store.Tx) error { return jobs.Add(ctx, tx, list...) }); err != nil {
		t.Fatal(err)
	}
}

// list reads a tenant's jobs in a state.
func list(t testing.TB, db *store.DB, at store.TenantID, s jobs.State) (out []jobs.Entry) {
	t.Helper()
	err := db.View(context.Background(), at, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = jobs.List(ctx, tx, s, 100000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// only reads the one job that a tenant has of a kind, "test" unless it is named.
func only(t testing.TB, db *store.DB, at store.TenantID, kind ...string) jobs.Entry {
	t.Helper()
	var all []jobs.Entry
	err := db.View(context.Background(), at, func(ctx context.Context, tx *store.Tx) error {
		for _, s := range []jobs.State{jobs.Queued, jobs.Running, jobs.Finished, jobs.Dead} {
			some, err := jobs.List(ctx, tx, s, 1000)
			if err != nil {
				return err
			}
			all = append(all, slices.DeleteFunc(some, func(e jobs.Entry) bool { return e.Kind != append(kind, "test")[0] })...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d jobs instead of one: %+v", len(all), all)
	}
	return all[0]
}

// worker is a runner under test, for some tenants.
type worker struct {
	*jobs.Runner
	t       testing.TB
	settled chan store.TenantID
	looked  chan store.TenantID
}

// newWorker makes a runner that a test stops. Its jitter takes nothing away, and it sweeps never.
func newWorker(t testing.TB, db *store.DB, tenants ...store.TenantID) *worker {
	t.Helper()
	return newWorkerWith(t, db, jobs.Options{
		Tenants: func() []store.TenantID { return tenants }, Sweep: 24 * time.Hour, Chance: func() float64 { return 0 },
	})
}

func newWorkerWith(t testing.TB, db *store.DB, opt jobs.Options) *worker {
	t.Helper()
	opt.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	w := &worker{Runner: jobs.New(db, opt), t: t, settled: make(chan store.TenantID, 100000), looked: make(chan store.TenantID, 100000)}
	w.Observe(func(what string, at store.TenantID) {
		ch := w.settled
		if what == "looked" {
			ch = w.looked
		}
		select {
		case ch <- at:
		default:
		}
	})
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = w.Stop(ended)
	})
	return w
}

// next waits for something. The time is for a test that would hang otherwise.
func next[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(60 * time.Second):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func none[T any](t testing.TB, what string, from <-chan T) {
	t.Helper()
	select {
	case v := <-from:
		t.Fatalf("%s: %v", what, v)
	default:
	}
}

func TestAJobIsThereWithItsChangeAndNotWithoutIt(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Tenant(t, db), testkit.Tenant(t, db)
		type payload struct {
			Ticket string `json:"ticket"`
		}
		ran := make(chan *jobs.Run, 10)
		w := newWorker(t, db, a.ID, b.ID)
		w.Register(jobs.Kind{Name: "test", Handler: func(_ context.Context, r *jobs.Run) error { ran <- r; return nil }})
		w.Start()
		gone := errors.New("rolled back")
		if err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			if err := jobs.Add(ctx, tx, jobs.Job{Kind: "test", Key: "x", Data: payload{"none"}}); err != nil {
				return err
			}
			return gone
		}); err != gone {
			t.Fatal(err)
		}
		add(t, db, a.ID, jobs.Job{Kind: "test", Key: "x", Data: payload{"A-1"}})
		run := next(t, "the job", ran)
		var got payload
		if err := run.Into(&got); err != nil || got.Ticket != "A-1" || run.Tenant != a.ID || run.Key != "x" || run.Attempt != 1 || run.Last {
			t.Errorf("%+v %+v %v", run, got, err)
		}
		next(t, "its end", w.settled)
		if j := only(t, db, a.ID); j.State != jobs.Finished || j.Attempts != 1 || j.DoneAt.IsZero() {
			t.Errorf("%+v", j)
		}
		// The same key again is the same work, also when it is done; another tenant's key is its own.
		add(t, db, a.ID, jobs.Job{Kind: "test", Key: "x"})
		add(t, db, b.ID, jobs.Job{Kind: "test", Key: "x"})
		if run := next(t, "the other tenant's", ran); run.Tenant != b.ID {
			t.Errorf("%+v", run)
		}
		next(t, "its end", w.settled)
		only(t, db, a.ID)
		none(t, "an extra run", ran)
	})
}

// Many transactions in two processes add the same key at once: one job, and no transaction fails for it.
func TestAKeyIsOneJobWhoeverAddsIt(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		handles := []*store.DB{db, testkit.Again(t, testkit.URLs(db))}
		const keys, each = 20, 8
		start := make(chan struct{})
		errs := make(chan error, each)
		for i := range each {
			go func() {
				<-start
				errs <- func() error {
					for k := range keys {
						// In both orders, so that they meet each other half-way.
						if i%4 >= 2 {
							k = keys - 1 - k
						}
						err := handles[i%2].In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
							return jobs.Add(ctx, tx, jobs.Job{Kind: "test.race", Key: fmt.Sprint(k)}, jobs.Job{Kind: "test.race", Key: fmt.Sprint((k + 7) % keys)})
						})
						if err != nil {
							return err
						}
					}
					return nil
				}()
			}()
		}
		close(start)
		for range each {
			if err := next(t, "an adder", errs); err != nil {
				t.Error(err)
			}
		}
		seen := map[string]int{}
		for _, j := range list(t, db, a.ID, jobs.Queued) {
			seen[j.Key]++
		}
		if len(seen) != keys {
			t.Errorf("%d keys", len(seen))
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("key %s is %d jobs", k, n)
			}
		}
	})
}

func TestBackoffGrowsUpToItsMostAndNeverBelowHalf(t *testing.T) {
	b := jobs.Backoff{First: 10 * time.Second, Most: time.Hour}
	for n, want := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second, 9: 2560 * time.Second, 10: time.Hour, 1000: time.Hour} {
		if got := b.After(n, 0); got != want {
			t.Errorf("after %d: %v instead of %v", n, got, want)
		}
		if got := b.After(n, 1); got != want/2 {
			t.Errorf("after %d, at most jitter: %v", n, got)
		}
	}
}

// A job that fails waits twice as long each time by the clock, is dead after its attempts, is shown with its
// code, and a person sends it back with all its attempts before it.
func TestAFailingJobWaitsLongerAndDiesAndIsSentBack(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			now := testkit.NewClock(testkit.Morning)
			db := testkit.Open(t, dialect, testkit.WithClock(now))
			a := testkit.Tenant(t, db)
			ran := make(chan int, 10)
			answer := error(fault.New(fault.Unavailable, "gateway.503"))
			w := newWorker(t, db, a.ID)
			w.Register(jobs.Kind{Name: "test", MaxAttempts: 4, Backoff: jobs.Backoff{First: time.Minute, Most: 3 * time.Minute},
				Handler: func(_ context.Context, r *jobs.Run) error { ran <- r.Attempt; return answer }})
			w.Start()
			add(t, db, a.ID, jobs.Job{Kind: "test", Key: "x"})
			wake := func() {
				if err := db.In(t.Context(), a.ID, func(_ context.Context, tx *store.Tx) error { tx.Wake(); return nil }); err != nil {
					t.Error(err)
				}
			}
			// looks counts two looks that begin after this moment.
			looks := func() {
				for len(w.looked) > 0 {
					<-w.looked
				}
				wake()
				next(t, "a look", w.looked)
				wake()
				next(t, "another look", w.looked)
			}
			for attempt, pause := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute} {
				if got := next(t, "an attempt", ran); got != attempt+1 {
					t.Fatalf("attempt %d is numbered %d", attempt+1, got)
				}
				next(t, "its end", w.settled)
				j := only(t, db, a.ID)
				if j.State != jobs.Queued || j.LastError != "gateway.503" || !j.RunAt.Equal(now.Now().Add(pause)) {
					t.Fatalf("after attempt %d: %+v, now %v", attempt+1, j, now.Now())
				}
				now.Advance(pause - time.Microsecond)
				looks()
				none(t, "an attempt before its time", ran)
				now.Advance(time.Microsecond)
				wake()
			}
			next(t, "the last attempt", ran)
			next(t, "its end", w.settled)
			dead := only(t, db, a.ID)
			if dead.State != jobs.Dead || dead.Attempts != 4 || dead.LastError != "gateway.503" {
				t.Fatalf("%+v", dead)
			}
			now.Advance(48 * time.Hour)
			looks()
			none(t, "a dead job ran", ran)

			answer = nil
			var sent int
			if err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) (err error) {
				if n, err := jobs.Retry(ctx, tx, "system:test", id.New()); n != 0 || err != nil {
					t.Errorf("an unknown job: %d %v", n, err)
				}
				sent, err = jobs.Retry(ctx, tx, "system:test", dead.ID)
				return err
			}); err != nil || sent != 1 {
				t.Fatal(sent, err)
			}
			if got := next(t, "the attempt that a person asked for", ran); got != 1 {
				t.Errorf("attempt %d", got)
			}
			next(t, "its end", w.settled)
			if j := only(t, db, a.ID); j.State != jobs.Finished {
				t.Errorf("%+v", j)
			}
			// It is on record who asked.
			type line struct {
				Actor  string `bun:"actor"`
				Target string `bun:"target"`
			}
			_ = db.View(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				rows, err := store.Query[line](ctx, tx, store.From{"audit"}, "select actor, target from audit where action = 'jobs:job:retry'")
				if err != nil || len(rows) != 1 || rows[0].Actor != "system:test" || rows[0].Target != "job:"+dead.ID.String() {
					t.Errorf("%+v %v", rows, err)
				}
				return nil
			})
			// It is kept for a while, so that its key stays taken, and then goes.
			for _, step := range []struct {
				after time.Duration
				left  int
			}{{jobs.KeepDone - time.Second, 1}, {time.Second, 0}} {
				now.Advance(step.after)
				if err := jobs.Sweep(t.Context(), db, a.ID); err != nil {
					t.Fatal(err)
				}
				if n := len(list(t, db, a.ID, jobs.Finished)); n != step.left {
					t.Errorf("%d jobs are left instead of %d", n, step.left)
				}
			}
		})
	}
}

// What a handler can answer, and what becomes of the job.
func TestVerdicts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		for i, c := range []struct {
			name    string
			handler func(context.Context, *jobs.Run) error
			want    jobs.Entry
		}{
			{"a panic", func(context.Context, *jobs.Run) error { panic("siti@contoh.test") }, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "panic"}},
			{"a mistake", func(_ context.Context, r *jobs.Run) error { _ = r.Data[len(r.Data)]; return nil }, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "panic"}},
			{"unknown", func(context.Context, *jobs.Run) error { return errors.New("550 siti@contoh.test") }, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "internal"}},
			{"permanent", func(context.Context, *jobs.Run) error {
				return fmt.Errorf("so: %w", jobs.Permanent("smtp.550", errors.New("siti@contoh.test")))
			}, jobs.Entry{State: jobs.Dead, Attempts: 1, LastError: "smtp.550"}},
			{"an unsafe code", func(context.Context, *jobs.Run) error { return jobs.Permanent("Siti@contoh.test", nil) }, jobs.Entry{State: jobs.Dead, Attempts: 1, LastError: "internal"}},
			{"again", func(context.Context, *jobs.Run) error { return jobs.Again("busy", time.Hour, nil) }, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "busy", RunAt: testkit.Morning.Add(time.Hour)}},
			{"a fault's wait", func(context.Context, *jobs.Run) error {
				return fault.New(fault.TooMany, "slow").Retry(3 * time.Hour)
			}, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "slow", RunAt: testkit.Morning.Add(3 * time.Hour)}},
			{"put off", func(context.Context, *jobs.Run) error { return jobs.Postpone("later", time.Minute) }, jobs.Entry{State: jobs.Queued, Attempts: 0, LastError: "later", RunAt: testkit.Morning.Add(time.Minute)}},
			{"too slow", func(ctx context.Context, _ *jobs.Run) error { <-ctx.Done(); return ctx.Err() }, jobs.Entry{State: jobs.Queued, Attempts: 1, LastError: "timeout"}},
			{"done in its own transaction", func(ctx context.Context, r *jobs.Run) error {
				if err := db.In(ctx, r.Tenant, r.Done); err != nil {
					return err
				}
				return errors.New("too late to matter")
			}, jobs.Entry{State: jobs.Finished, Attempts: 1}},
			{"done and rolled back", func(ctx context.Context, r *jobs.Run) error {
				return db.In(ctx, r.Tenant, func(ctx context.Context, tx *store.Tx) error {
					if err := r.Done(ctx, tx); err != nil {
						return err
					}
					return jobs.Permanent("after.all", nil)
				})
			}, jobs.Entry{State: jobs.Dead, Attempts: 1, LastError: "after.all"}},
		} {
			w := newWorker(t, db, a.ID)
			kind := fmt.Sprint("test.", i)
			timeout := time.Duration(0)
			if c.name == "too slow" {
				timeout = 10 * time.Millisecond
			}
			w.Register(jobs.Kind{Name: kind, Handler: c.handler, Timeout: timeout, Backoff: jobs.Backoff{First: time.Hour, Most: time.Hour}})
			w.Start()
			add(t, db, a.ID, jobs.Job{Kind: kind})
			next(t, c.name, w.settled)
			got := only(t, db, a.ID, kind)
			if got.State != c.want.State || got.Attempts != c.want.Attempts || got.LastError != c.want.LastError || !c.want.RunAt.IsZero() && !got.RunAt.Equal(c.want.RunAt) {
				t.Errorf("%s: %+v", c.name, got)
			}
			if err := w.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}, testkit.WithClock(clock.Fixed(testkit.Morning)))
}
