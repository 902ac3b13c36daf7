package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// InsertNew leaves alone what is there, whichever key it meets, and another tenant's row is not there.
func TestInsertNewLeavesWhatIsThere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Tenant(t, db), testkit.Tenant(t, db)
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			first, again := venue("baru"), venue("baru")
			again.Name = "lain"
			for i, want := range []int{1, 0} {
				if n, err := store.InsertNew(ctx, tx, []*tenant.VenueRow{first, again}[i]); n != want || err != nil {
					t.Errorf("%d rows, %v; want %d", n, err, want)
				}
			}
			if n, err := store.InsertNew(ctx, tx, venue("satu"), again, venue("dua")); n != 2 || err != nil {
				t.Errorf("%d rows, %v", n, err)
			}
			rows, err := store.Select[tenant.VenueRow](tx).Where("code = ?", "baru").All(ctx)
			if err != nil || len(rows) != 1 || rows[0].ID != first.ID || rows[0].Name != "baru" {
				t.Errorf("%+v %v", rows, err)
			}
			return nil
		})
		in(t, db, b.ID, func(ctx context.Context, tx *store.Tx) error {
			row := venue("baru")
			row.TenantID = a.ID // it is stamped all the same
			n, err := store.InsertNew(ctx, tx, row)
			if n != 1 {
				t.Errorf("%d rows", n)
			}
			return err
		})
		if x, y := venues(t, db, a.ID), venues(t, db, b.ID); x != "baru dua mal satu" || y != "baru mal" {
			t.Errorf("%q, %q", x, y)
		}
	})
}

// Two transactions that claim at once get different rows, and neither waits for the other.
func TestClaimPassesOverWhatAnotherHolds(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL) // SQLite has one writer
	a, other := testkit.Tenant(t, db), testkit.Tenant(t, db)
	in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
		return store.Insert(ctx, tx, venue("a"), venue("b"), venue("c"))
	})
	claim := func(ctx context.Context, tx *store.Tx, n int) (codes string) {
		rows, err := store.Select[tenant.VenueRow](tx).Where("code <> 'mal'").Order("code").Limit(n).Claim().All(ctx)
		if err != nil {
			t.Error(err)
		}
		for _, r := range rows {
			codes += r.Code
		}
		return codes
	}
	in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
		if got := claim(ctx, tx, 2); got != "ab" {
			t.Errorf("the first got %q", got)
		}
		// Beside it, in transactions of their own.
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			if got := claim(ctx, tx, 2); got != "c" {
				t.Errorf("the second got %q", got)
			}
			return nil
		})
		in(t, db, other.ID, func(ctx context.Context, tx *store.Tx) error {
			if got := claim(ctx, tx, 9); got != "" {
				t.Errorf("another tenant got %q", got)
			}
			return nil
		})
		return nil
	})
	in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
		if got := claim(ctx, tx, 9); got != "abc" {
			t.Errorf("afterwards: %q", got)
		}
		return nil
	})
}

// Wake is heard after the commit and not otherwise, by those who asked for it and not by those who follow
// events.
func TestWakeIsHeardAfterTheCommit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		var heard []string
		db.OnWake(func(at store.TenantID) { heard = append(heard, "work of "+at.String()+": "+venues(t, db, at)) })
		db.OnCommit(func(store.TenantID) { heard = append(heard, "events") })
		gone := errors.New("no")
		if err := db.In(t.Context(), a.ID, func(_ context.Context, tx *store.Tx) error { tx.Wake(); return gone }); err != gone {
			t.Fatal(err)
		}
		in(t, db, a.ID, func(context.Context, *store.Tx) error { return nil })
		if len(heard) > 0 {
			t.Errorf("heard %q", heard)
		}
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			tx.Wake()
			tx.Wake()
			return store.Insert(ctx, tx, &tenant.VenueRow{ID: id.New(), Code: "baru", Name: "x", Kind: "office", Hours: "[]"})
		})
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error { tx.Emit("x", 1); return nil })
		if want := []string{"work of " + a.ID.String() + ": baru mal", "events"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q", heard)
		}
	})
}

// Another process hears it as well, on PostgreSQL.
func TestWakeReachesTheOtherProcess(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	a := testkit.Tenant(t, db)
	other := testkit.Again(t, testkit.URLs(db))
	db.StartNotifier()
	other.StartNotifier()
	heard := make(chan string, 1000)
	tell := func(what string) func(store.TenantID) {
		return func(at store.TenantID) {
			if at == a.ID {
				heard <- what
			}
		}
	}
	other.OnWake(tell("work"))
	other.OnCommit(tell("events"))
	// LISTEN begins when it begins: until it is heard, every commit tells again.
	for range 600 {
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error { tx.Wake(); return nil })
		select {
		case what := <-heard:
			if !strings.HasPrefix(what, "work") {
				t.Errorf("heard %q", what)
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("not heard")
}
