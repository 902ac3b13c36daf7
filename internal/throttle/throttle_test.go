package throttle_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// take counts once and tells.
func take(t *testing.T, db *store.DB, at store.TenantID, key string, most int) (ok bool, wait time.Duration) {
	t.Helper()
	err := db.In(t.Context(), at, func(ctx context.Context, tx *store.Tx) (err error) {
		ok, wait, err = throttle.Take(ctx, tx, key, time.Hour, most)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return ok, wait
}

func TestAWindowFillsAndEnds(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			now := testkit.NewClock(testkit.Morning.Add(20 * time.Minute))
			db := testkit.Open(t, dialect, testkit.WithClock(now))
			a, b := testkit.Tenant(t, db), testkit.Tenant(t, db)
			for i := range 4 {
				ok, wait := take(t, db, a.ID, "x", 3)
				if ok != (i < 3) || !ok && wait != 40*time.Minute {
					t.Errorf("%d: %v %v", i, ok, wait)
				}
			}
			for key, at := range map[string]store.TenantID{"x": b.ID, "y": a.ID} { // another tenant's, another key
				if ok, _ := take(t, db, at, key, 3); !ok {
					t.Errorf("%s is full", key)
				}
			}
			if err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				return throttle.GiveBack(ctx, tx, "x", time.Hour, tx.Now())
			}); err != nil {
				t.Error(err)
			}
			for _, want := range []bool{true, false} {
				if ok, _ := take(t, db, a.ID, "x", 3); ok != want {
					t.Errorf("after one was given back: %v", ok)
				}
			}
			now.Advance(40 * time.Minute)
			if ok, _ := take(t, db, a.ID, "x", 3); !ok {
				t.Error("the next window is full")
			}
			type line struct {
				N int `bun:"n"`
			}
			err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				if err := throttle.Sweep(ctx, tx, tx.Now().Add(-time.Hour)); err != nil {
					return err
				}
				rows, err := store.Query[line](ctx, tx, store.From{"throttles"}, "select n from throttles")
				if len(rows) != 1 {
					t.Errorf("%d windows are left", len(rows))
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Many at once, in two processes, on a window that none of them has begun: no more than may.
func TestAWindowHoldsUnderARace(t *testing.T) {
	clock := testkit.WithClock(testkit.NewClock(testkit.Morning))
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		handles := []*store.DB{db, testkit.Again(t, testkit.URLs(db), clock)}
		for round := range 5 {
			var passed atomic.Int64
			done := make(chan struct{}, 8)
			for i := range 8 {
				go func() {
					defer func() { done <- struct{}{} }()
					for range 3 {
						if ok, _ := take(t, handles[i%2], a.ID, fmt.Sprint(round), 7); ok {
							passed.Add(1)
						}
					}
				}()
			}
			for range 8 {
				<-done
			}
			if passed.Load() != 7 {
				t.Errorf("%d passed", passed.Load())
			}
		}
	}, clock)
}
