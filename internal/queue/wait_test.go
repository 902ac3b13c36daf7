package queue_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// held keeps a counter's row (on SQLite the writer) until release is called.
func held(t *testing.T, m *mall, counter int) (release func()) {
	t.Helper()
	locked, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			err := store.Lock[tenant.CounterRow](ctx, tx, m.Counters[counter])
			close(locked)
			<-free
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-locked
	return func() { close(free); <-done }
}

// Two screens of one counter press while somebody else holds its row. The second press must see what the
// first has done: one ticket is finished, one is called, nobody is left called without a counter.
func TestTwoPressesAtOneCounterWhileItIsHeld(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a, b := m.issue(t, "a"), m.issue(t, "b")
		release := held(t, m, 0)
		var wg sync.WaitGroup
		var ready sync.WaitGroup
		for range 2 {
			ready.Add(1)
			wg.Go(func() {
				ready.Done()
				if _, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0]}); err != nil || !ok {
					t.Error(ok, err)
				}
			})
		}
		ready.Wait()
		testkit.Waiting(t, db, 2)
		release()
		wg.Wait()
		states := map[queue.Status]int{}
		for _, p := range []queue.Place{a, b} {
			now, err := m.hall.Place(t.Context(), m.tenant, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			states[now.Status]++
		}
		if states[queue.Finished] != 1 || states[queue.Called] != 1 {
			t.Errorf("after two presses: %v", states)
		}
	})
}

// A screen that was drawn when the counter had called nobody calls nobody else after another screen has.
func TestAnEmptyScreenIsStaleAfterACall(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		m.issue(t, "a")
		m.issue(t, "b")
		press := func() error {
			_, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], SawNobody: true})
			return err
		}
		if err := press(); err != nil {
			t.Fatal(err)
		}
		if err := press(); err == nil {
			t.Error("the second press called somebody")
		}
	})
}

// Officers of one region wait for a lock; another region's citizens still get numbers.
func TestOneRegionsLockDoesNotStopAnother(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL) // SQLite has one writer for all
	a := newMall(t, db, testkit.Code("19.01"), testkit.Slug("satu"))
	b := newMall(t, db, testkit.Code("19.02"), testkit.Slug("dua"))
	b.hall = a.hall // one process
	a.issue(t, "a")
	release := held(t, a, 0)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			// Refused after a while or done after the release: both are right, standing in others' way is not.
			_, _, _ = a.hall.CallNext(context.Background(), a.tenant, a.officer, queue.Press{CounterID: a.Counters[0]})
		})
	}
	for i := range 20 {
		b.issue(t, string(rune('a'+i)))
	}
	release()
	wg.Wait()
}

// Somebody holds a counter and a series for longer than a statement waits for a lock, as a slow apply of the
// region may: who presses and who asks for a number get their answer late, and nobody a failure. Another region
// notices nothing.
func TestALockThatIsHeldForLongFailsNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := newMall(t, db, testkit.Code("19.01"), testkit.Slug("satu"))
		b := newMall(t, db, testkit.Code("19.02"), testkit.Slug("dua"))
		b.hall = a.hall // one process
		for i := range 6 {
			a.issue(t, "a"+string(rune('0'+i)))
			b.issue(t, "b"+string(rune('0'+i)))
		}
		counter := held(t, a, 0)
		free := func() {}
		if db.Dialect() == testkit.PostgreSQL {
			free = heldSeries(t, a)
		}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if _, _, err := a.hall.CallNext(t.Context(), a.tenant, a.officer, queue.Press{CounterID: a.Counters[0]}); err != nil {
					t.Errorf("a call failed: %v", err)
				}
			})
			wg.Go(func() { // not the test's fatal: this is another goroutine
				req := queue.Request{ServiceID: a.Services[0], Key: "late" + string(rune('0'+i)), Channel: queue.Web}
				if _, err := a.hall.Issue(t.Context(), a.tenant, req); err != nil {
					t.Errorf("a number failed: %v", err)
				}
			})
		}
		begin := time.Now()
		if db.Dialect() == testkit.PostgreSQL { // SQLite has one writer for all
			for range 5 { // the lock is held until after this: whoever waited for it would wait for ever
				if _, ok := b.call(t, 0); !ok {
					t.Error("another region's call got nobody")
				}
			}
		}
		time.Sleep(1500*time.Millisecond - time.Since(begin))
		counter()
		free()
		wg.Wait()
	})
}

// heldSeries keeps the first series' row, as an apply does that takes the series away.
func heldSeries(t *testing.T, m *mall) (release func()) {
	t.Helper()
	locked, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			err := store.Lock[tenant.SeriesRow](ctx, tx, m.Series[0])
			close(locked)
			<-free
			return err
		})
	}()
	<-locked
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAKeyIsTextThatBothDatabasesKeep(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		for key, code := range map[string]string{
			"a\xffb": "queue.key_text", "a\x00b": "queue.key_text", "a\nb": "queue.key_text", strings.Repeat("é", 129): "queue.bad_key",
		} {
			if _, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: key, Channel: queue.Web}); !fault.Is(err, code) {
				t.Errorf("the key %q: %v, want %s", key, err, code)
			}
			if _, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], Key: key}); !fault.Is(err, code) {
				t.Errorf("the key %q for a call: %v, want %s", key, err, code)
			}
		}
		m.issue(t, strings.Repeat("é", 128)) // as many characters as are allowed
	})
}
