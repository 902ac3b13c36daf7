package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// The coalescer's own logic, on SQLite: its Lite function needs no table. The queue's tests run the
// whole of it on both databases and over several processes.

type ask struct{ key, order string }
type answer struct{ text string }

// hot opens an operation whose answers are its questions, and tells in calls what ran together.
func hot(t *testing.T, most int, lite func(context.Context, *Tx, []ask) ([]answer, error)) (*Hot[ask, answer], *DB) {
	t.Helper()
	db, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "hot.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return NewHot(db, HotSpec[ask, answer]{
		Name: "ask", Max: most, Lite: lite,
		Key:     func(q ask) string { return q.key },
		Compare: func(a, b ask) int { return cmp.Compare(a.order, b.order) },
		Missing: func(ask) answer { return answer{"missing"} },
		Wrote:   func(answer) bool { return true },
	}), db
}

func echo(_ context.Context, tx *Tx, qs []ask) (out []answer, err error) {
	for _, q := range qs {
		out = append(out, answer{tx.Tenant().String()[35:] + q.key})
	}
	return out, nil
}

func jobsOf(t TenantID, qs ...ask) (jobs []*job[ask, answer]) {
	for _, q := range qs {
		jobs = append(jobs, &job[ask, answer]{tenant: t, q: q, done: make(chan struct{})})
	}
	return jobs
}

func TestHotPutsTheSameKeyAside(t *testing.T) {
	h, _ := hot(t, 8, echo)
	a, b := NewTenantID(), NewTenantID()
	batch := append(jobsOf(a, ask{key: "1"}, ask{key: "2"}, ask{key: "1"}, ask{key: "1"}), jobsOf(b, ask{key: "1"})...)
	now, later := h.distinct(batch)
	if len(now) != 3 || len(later) != 2 || now[0] != batch[0] || now[1] != batch[1] || now[2] != batch[4] || later[0] != batch[2] || later[1] != batch[3] {
		t.Errorf("now %d, later %d", len(now), len(later))
	}
	// The ones put aside come one by one, each in a round of its own.
	if now, later = h.distinct(later); len(now) != 1 || len(later) != 1 {
		t.Errorf("then now %d, later %d", len(now), len(later))
	}
}

func TestHotGroupsByTenant(t *testing.T) {
	h, _ := hot(t, 3, echo)
	a, b := NewTenantID(), NewTenantID()
	jobs := append(jobsOf(a, make([]ask, 7)...), jobsOf(b, make([]ask, 2)...)...)
	var sizes []string
	for _, g := range h.groups(jobs) {
		sizes = append(sizes, fmt.Sprint(len(g)))
		for _, j := range g {
			if j.tenant != g[0].tenant {
				t.Error("two tenants share a statement")
			}
		}
	}
	if got := strings.Join(sizes, " "); got != "3 3 1 2" {
		t.Errorf("groups of %s", got)
	}
	if h.spec.Max = 0; len(h.groups(jobs)) != len(jobs) {
		t.Error("without a Max each runs by itself")
	}
}

func TestHotAnswersEachItsOwn(t *testing.T) {
	var mu sync.Mutex
	var orders []string
	h, _ := hot(t, 4, func(ctx context.Context, tx *Tx, qs []ask) ([]answer, error) {
		var order []string
		for _, q := range qs {
			order = append(order, q.order)
		}
		mu.Lock()
		orders = append(orders, strings.Join(order, ""))
		mu.Unlock()
		return echo(ctx, tx, qs)
	})
	tenants := []TenantID{NewTenantID(), NewTenantID(), NewTenantID()}
	var wait sync.WaitGroup
	for i := range 60 {
		wait.Go(func() {
			at, key := tenants[i%3], fmt.Sprint("key", i/2)
			got, err := h.Do(t.Context(), at, ask{key: key, order: string(rune('a' + i%5))})
			if want := at.String()[35:] + key; err != nil || got.text != want {
				t.Errorf("asked %s, got %v %v", want, got, err)
			}
		})
	}
	wait.Wait()
	all := 0
	for _, o := range orders {
		all += len(o)
		for i := 1; i < len(o); i++ {
			if o[i] < o[i-1] {
				t.Errorf("a statement locks in the order %q", o)
			}
		}
	}
	if all != 60 {
		t.Errorf("%d requests ran", all)
	}
}

func TestHotFindsTheOneThatSpoilsIt(t *testing.T) {
	h, _ := hot(t, 8, func(ctx context.Context, tx *Tx, qs []ask) ([]answer, error) {
		for _, q := range qs {
			if q.key == "bad" {
				return nil, errors.New("spoilt")
			}
		}
		if len(qs) == 2 {
			return make([]answer, 1), nil // too few: nobody may get another's answer
		}
		return echo(ctx, tx, qs)
	})
	jobs := jobsOf(NewTenantID(), ask{key: "1"}, ask{key: "bad"}, ask{key: "3"})
	h.run(t.Context(), jobs)
	if jobs[0].err != nil || jobs[2].err != nil || !strings.HasSuffix(jobs[2].r.text, "3") || jobs[1].err == nil {
		t.Errorf("%v %v %v", jobs[0].err, jobs[1].err, jobs[2].err)
	}
	jobs = jobsOf(NewTenantID(), ask{key: "1"}, ask{key: "2"})
	h.run(t.Context(), jobs)
	if jobs[0].err != nil || jobs[1].err != nil || !strings.HasSuffix(jobs[1].r.text, "2") {
		t.Errorf("%v %v %v", jobs[0].err, jobs[1].err, jobs[1].r)
	}
}

func TestHotRefusesAndEnds(t *testing.T) {
	started, release := make(chan struct{}, 8), make(chan struct{})
	h, db := hot(t, 2, func(ctx context.Context, tx *Tx, qs []ask) ([]answer, error) {
		started <- struct{}{}
		<-release
		return echo(ctx, tx, qs)
	})
	a := NewTenantID()
	err := db.In(t.Context(), a, func(ctx context.Context, _ *Tx) error {
		_, err := h.Do(ctx, a, ask{key: "nested"})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "within a transaction") {
		t.Errorf("nested: %v", err)
	}
	results := make(chan error, 2)
	go func() { _, err := h.Do(t.Context(), a, ask{key: "under way"}); results <- err }()
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.Do(ctx, a, ask{key: "impatient"}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("impatient: %v", err)
	}
	// What is under way is answered; what waits behind it is told at once that the service ends.
	go func() { _, err := h.Do(t.Context(), a, ask{key: "under way"}); results <- err }()
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	close(release)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for range 2 {
		select {
		case err := <-results:
			if err != nil && !fault.Is(err, "busy") {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a request hangs after the end")
		}
	}
	if _, err := h.Do(t.Context(), a, ask{key: "late"}); !fault.Is(err, "busy") {
		t.Errorf("late: %v", err)
	}
}

func TestAgain(t *testing.T) {
	if !again(errors.New("connection reset")) {
		t.Error("a lost connection is worth another try")
	}
}
