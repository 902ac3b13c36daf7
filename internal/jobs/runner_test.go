package jobs_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A job whose process has gone is taken over when its lease is over, and not before; what the first process
// then still says of it does not count, and its handler is told.
func TestAJobIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		dialect string
		answer  error // of the first process, which has lost it: it believes that it has done it, or failed
	}{
		"sqlite, done": {testkit.SQLite, nil}, "sqlite, failed": {testkit.SQLite, errors.New("cut")},
		"postgres, done": {testkit.PostgreSQL, nil}, "postgres, failed": {testkit.PostgreSQL, errors.New("cut")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := testkit.NewClock(testkit.Morning)
			db := testkit.Open(t, c.dialect, testkit.WithClock(now))
			a := testkit.Tenant(t, db)
			first, second := newWorker(t, db, a.ID), newWorker(t, testkit.Again(t, testkit.URLs(db), testkit.WithClock(now)), a.ID)
			began, told := make(chan *jobs.Run, 1), make(chan error, 1)
			// With room for one, so that it does not take its own job over.
			first.Register(jobs.Kind{Name: "test", Concurrency: 1, Handler: func(ctx context.Context, r *jobs.Run) error {
				began <- r
				<-ctx.Done()
				told <- context.Cause(ctx)
				return c.answer
			}})
			again := make(chan *jobs.Run, 1)
			finish := make(chan struct{})
			second.Register(jobs.Kind{Name: "test", Handler: func(_ context.Context, r *jobs.Run) error { again <- r; <-finish; return nil }})
			first.Start()
			second.Start()
			next(t, "the second's look", second.looked)
			add(t, db, a.ID, jobs.Job{Kind: "test"})
			run := next(t, "the first process", began)
			now.Advance(time.Minute - time.Microsecond)
			first.RenewAll() // a sign of life
			now.Advance(time.Minute - time.Microsecond)
			second.Look(a.ID)
			if second.Waits("test", a.ID) {
				t.Fatal("it was taken over while it was held")
			}
			now.Advance(time.Microsecond)
			second.Look(a.ID)
			if got := next(t, "the second process", again); got.ID != run.ID || got.Attempt != 2 {
				t.Errorf("%+v", got)
			}
			first.RenewAll()
			if err := next(t, "the handler to be told", told); err != jobs.ErrLost {
				t.Errorf("told %v", err)
			}
			next(t, "the first to see that it is lost", first.settled)
			if j := only(t, db, a.ID); j.State != jobs.Running || j.Attempts != 2 || j.LastError != "lost" {
				t.Errorf("%+v", j)
			}
			if err := db.In(t.Context(), a.ID, run.Done); err != jobs.ErrLost {
				t.Errorf("the first process could still end it: %v", err)
			}
			close(finish)
			next(t, "the second's end", second.settled)
			if j := only(t, db, a.ID); j.State != jobs.Finished {
				t.Errorf("%+v", j)
			}
		})
	}
}

// A job that takes its process with it each time is dead after its attempts.
func TestAJobThatKillsItsProcessDies(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			now := testkit.NewClock(testkit.Morning)
			db := testkit.Open(t, dialect, testkit.WithClock(now))
			a := testkit.Tenant(t, db)
			began := make(chan int, 10)
			kind := jobs.Kind{Name: "test", MaxAttempts: 2, Concurrency: 1, Handler: func(ctx context.Context, r *jobs.Run) error { began <- r.Attempt; <-ctx.Done(); return nil }}
			add(t, db, a.ID, jobs.Job{Kind: "test"})
			for attempt := 1; attempt <= 3; attempt++ {
				w := newWorker(t, db, a.ID) // those before it hang as if they were gone
				w.Register(kind)
				w.Start()
				if attempt < 3 {
					if got := next(t, "an attempt", began); got != attempt {
						t.Errorf("attempt %d is %d", attempt, got)
					}
					now.Advance(time.Minute)
					continue
				}
				for only(t, db, a.ID).State == jobs.Running {
					next(t, "a look", w.looked)
					w.Look(a.ID)
				}
			}
			if j := only(t, db, a.ID); j.State != jobs.Dead || j.LastError != "lost" || j.Attempts != 2 {
				t.Errorf("%+v", j)
			}
			none(t, "an attempt beyond the last", began)
		})
	}
}

// A tenant with very many jobs does not keep another one's waiting.
func TestNobodysBacklogKeepsAnotherWaiting(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		many, few := testkit.Tenant(t, db), testkit.Tenant(t, db)
		var load []jobs.Job
		for range 1000 {
			load = append(load, jobs.Job{Kind: "test"})
		}
		for range 10 {
			add(t, db, many.ID, load...)
		}
		const room = 3
		began, finish := make(chan store.TenantID, 100), make(chan struct{}, 100)
		w := newWorker(t, db, many.ID, few.ID)
		w.Register(jobs.Kind{Name: "test", Concurrency: room, Handler: func(ctx context.Context, r *jobs.Run) error {
			began <- r.Tenant
			select {
			case <-finish:
			case <-ctx.Done():
			}
			return nil
		}})
		w.Start()
		for range 2 * room {
			if at := next(t, "the backlog", began); at != many.ID {
				t.Fatal("the wrong tenant")
			}
			finish <- struct{}{}
		}
		for range room {
			next(t, "full rooms", began)
		}
		add(t, db, few.ID, load[:100]...)
		for !w.Waits("test", few.ID) {
			next(t, "a look", w.looked)
		}
		// The room that is free next may have been claimed for the backlog already, and no more than that.
		turn := 0
		for {
			finish <- struct{}{}
			if turn++; next(t, "a job", began) == few.ID {
				break
			}
			if turn > room+1 {
				t.Fatalf("%d jobs of the backlog went before the other tenant's first", turn)
			}
		}
		// From here on they take turns.
		turns := map[store.TenantID]int{}
		for range 40 {
			finish <- struct{}{}
			turns[next(t, "a job", began)]++
		}
		if turns[few.ID] < 15 || turns[many.ID] < 15 {
			t.Errorf("of 40 jobs %d are of the one tenant and %d of the other", turns[few.ID], turns[many.ID])
		}
		t.Logf("the first was number %d; then %d and %d", turn, turns[few.ID], turns[many.ID])
	})
}

// A kind that is slow holds its own room only.
func TestASlowKindDelaysNoOther(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		w := newWorker(t, db, a.ID)
		slow, quick := make(chan struct{}, 10), make(chan struct{}, 10)
		w.Register(jobs.Kind{Name: "test.slow", Concurrency: 1, Handler: func(ctx context.Context, _ *jobs.Run) error { slow <- struct{}{}; <-ctx.Done(); return nil }})
		w.Register(jobs.Kind{Name: "test.quick", Handler: func(context.Context, *jobs.Run) error { quick <- struct{}{}; return nil }})
		w.Start()
		add(t, db, a.ID, jobs.Job{Kind: "test.slow"}, jobs.Job{Kind: "test.slow"})
		next(t, "the slow one", slow)
		add(t, db, a.ID, jobs.Job{Kind: "test.quick"}, jobs.Job{Kind: "test.nobody.knows"})
		next(t, "the quick one", quick)
		next(t, "its end", w.settled)
		if n := len(list(t, db, a.ID, jobs.Queued)); n != 2 {
			t.Errorf("%d wait: the second slow one, and the one that nobody knows", n)
		}
	})
}

// A stop waits for what runs and claims nothing more. When its time is over, what still runs goes back to
// the queue as if it had not begun, and another process takes it.
func TestAStopFinishesOrReturns(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		began, finish := make(chan struct{}, 10), make(chan struct{})
		handler := func(ctx context.Context, _ *jobs.Run) error {
			began <- struct{}{}
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return errors.New("cut short")
			}
		}
		first := newWorker(t, db, a.ID)
		first.Register(jobs.Kind{Name: "test", Handler: handler, Concurrency: 1})
		first.Start()
		add(t, db, a.ID, jobs.Job{Kind: "test", Key: "one"}, jobs.Job{Kind: "test", Key: "two"})
		next(t, "a job", began)
		stopped := make(chan error, 1)
		patient, over := context.WithCancel(t.Context())
		go func() { stopped <- first.Stop(patient) }()
		none(t, "it stopped before its job had ended", stopped)
		finish <- struct{}{}
		if err := next(t, "the stop", stopped); err != nil {
			t.Error(err)
		}
		if d, q := list(t, db, a.ID, jobs.Finished), list(t, db, a.ID, jobs.Queued); len(d) < 1 || len(q) != 1 || q[0].Attempts != 0 {
			t.Errorf("done %+v, waiting %+v", d, q)
		}
		over()

		second := newWorker(t, db, a.ID)
		second.Register(jobs.Kind{Name: "test", Handler: handler})
		second.Start()
		next(t, "the other job", began)
		hurried, hurry := context.WithCancel(t.Context())
		hurry()
		if err := second.Stop(hurried); err != nil {
			t.Error(err)
		}
		if q := list(t, db, a.ID, jobs.Queued); len(q) != 1 || q[0].Attempts != 0 || q[0].LastError != "" {
			t.Errorf("%+v", q)
		}
		third := newWorker(t, db, a.ID)
		third.Register(jobs.Kind{Name: "test", Handler: handler})
		third.Start()
		next(t, "the job that was returned", began)
		close(finish)
		next(t, "its end", third.settled)
		if n := len(list(t, db, a.ID, jobs.Queued)) + len(list(t, db, a.ID, jobs.Running)); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// A suspended tenant's jobs wait, and run when it is resumed.
func TestASuspendedTenantsJobsWait(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Tenant(t, db), testkit.Tenant(t, db)
		var mu sync.Mutex
		active := []store.TenantID{b.ID}
		ran := make(chan store.TenantID, 10)
		w := newWorkerWith(t, db, jobs.Options{Sweep: 24 * time.Hour, Tenants: func() []store.TenantID {
			mu.Lock()
			defer mu.Unlock()
			return active
		}})
		w.Register(jobs.Kind{Name: "test", Handler: func(_ context.Context, r *jobs.Run) error { ran <- r.Tenant; return nil }})
		w.Start()
		add(t, db, a.ID, jobs.Job{Kind: "test"})
		add(t, db, b.ID, jobs.Job{Kind: "test"})
		if at := next(t, "the active tenant's", ran); at != b.ID {
			t.Error("a suspended tenant's job ran")
		}
		next(t, "its end", w.settled)
		if j := only(t, db, a.ID); j.State != jobs.Queued || j.Attempts != 0 {
			t.Errorf("%+v", j)
		}
		mu.Lock()
		active = append(active, a.ID)
		mu.Unlock()
		w.Relist()
		if at := next(t, "the resumed tenant's", ran); at != a.ID {
			t.Error("the wrong tenant's")
		}
	})
}

// Another process hears of a job: on PostgreSQL at once, through the notifier; and both databases have the
// sweep for when nothing is heard.
func TestAnotherProcessTakesTheJob(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		other := testkit.Again(t, testkit.URLs(db))
		opt := jobs.Options{Tenants: func() []store.TenantID { return []store.TenantID{a.ID} }, Sweep: 24 * time.Hour}
		if db.Dialect() == testkit.PostgreSQL {
			db.StartNotifier()
			other.StartNotifier()
		} else {
			opt.Sweep = 20 * time.Millisecond
		}
		ran := make(chan struct{}, 1000)
		w := newWorkerWith(t, other, opt)
		w.Register(jobs.Kind{Name: "test", Handler: func(context.Context, *jobs.Run) error { ran <- struct{}{}; return nil }})
		w.Start()
		next(t, "its first look", w.looked)
		// LISTEN begins when it begins: until it is heard, every commit tells again.
		for range 600 {
			add(t, db, a.ID, jobs.Job{Kind: "test"})
			select {
			case <-ran:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
		t.Fatal("not heard")
	})
}

func TestRegisterRefusesWhatCannotWork(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	h := func(context.Context, *jobs.Run) error { return nil }
	for name, kinds := range map[string][]jobs.Kind{"no name": {{Handler: h}}, "no handler": {{Name: "x"}}, "twice": {{Name: "x", Handler: h}, {Name: "x", Handler: h}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			r := jobs.New(db, jobs.Options{Tenants: func() []store.TenantID { return nil }})
			for _, k := range kinds {
				r.Register(k)
			}
		}()
	}
	a := testkit.Tenant(t, db)
	err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error { return jobs.Add(ctx, tx, jobs.Job{Key: "x"}) })
	if err == nil {
		t.Error("a job without a kind was added")
	}
}
