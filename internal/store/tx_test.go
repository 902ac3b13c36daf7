package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// in and view run fn and fail the test when it does.
func in(t *testing.T, db *store.DB, at store.TenantID, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := db.In(t.Context(), at, fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, db *store.DB, at store.TenantID, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), at, fn); err != nil {
		t.Fatal(err)
	}
}

// venue is a row to write.
func venue(code string) *tenant.VenueRow {
	return &tenant.VenueRow{ID: id.New(), Code: code, Name: code, Kind: "office", Hours: "[]"}
}

// venues are the codes of a tenant's venues, in order, joined by spaces.
func venues(t *testing.T, db *store.DB, at store.TenantID) string {
	t.Helper()
	var codes []string
	view(t, db, at, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.VenueRow](tx).Order("code").All(ctx)
		for _, r := range rows {
			codes = append(codes, r.Code)
		}
		return err
	})
	return strings.Join(codes, " ")
}

func TestIn(t *testing.T) {
	now := testkit.NewClock(testkit.Morning)
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		var after []string
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			if tx.Tenant() != a.ID || !tx.Now().Equal(testkit.Morning) || tx.Dialect() != db.Dialect() {
				t.Errorf("tenant %s, now %s, dialect %s", tx.Tenant(), tx.Now(), tx.Dialect())
			}
			tx.After(func() { after = append(after, venues(t, db, a.ID)) })
			return store.Insert(ctx, tx, venue("baru"))
		})
		if len(after) != 1 || after[0] != "baru mal" {
			t.Errorf("After ran %d times and saw %v", len(after), after)
		}

		// What fails leaves nothing, runs no After, and comes back as it is.
		own := errors.New("no, thank you")
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			tx.After(func() { t.Error("After ran though nothing was committed") })
			tx.Audit(store.Record{Action: "x"})
			if err := store.Insert(ctx, tx, venue("gagal")); err != nil {
				return err
			}
			return own
		})
		if err != own {
			t.Errorf("got %v, want the error of fn itself", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a panic was swallowed")
				}
			}()
			_ = db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				_ = store.Insert(ctx, tx, venue("panik"))
				panic("out")
			})
		}()
		if got := venues(t, db, a.ID); got != "baru mal" {
			t.Errorf("venues are %q", got)
		}
	}, testkit.WithClock(now))
}

func TestView(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		err := db.View(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, venue("diam"))
		})
		if err == nil {
			t.Error("a view has written")
		}
		err = db.View(t.Context(), a.ID, func(_ context.Context, tx *store.Tx) error {
			tx.Audit(store.Record{Action: "x"})
			return nil
		})
		if err == nil {
			t.Error("a view has lost a record without a word")
		}
		if got := venues(t, db, a.ID); got != "mal" {
			t.Errorf("venues are %q", got)
		}
	})
}

func TestTransactionsThatAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		nothing := func(context.Context, *store.Tx) error { t.Error("ran"); return nil }
		system := func(context.Context, *store.SysTx) error { t.Error("ran"); return nil }
		for name, err := range map[string]error{
			"In of no tenant":   db.In(t.Context(), store.TenantID{}, nothing),
			"View of no tenant": db.View(t.Context(), store.TenantID{}, nothing),
			"Provision of no tenant": db.Provision(t.Context(), "test", store.TenantID{},
				func(context.Context, *store.SysTx, *store.Tx) error { t.Error("ran"); return nil }),
		} {
			if err == nil || !strings.Contains(err.Error(), "without a tenant") {
				t.Errorf("%s: %v", name, err)
			}
		}
		nested := map[string]func(context.Context) error{
			"In":         func(ctx context.Context) error { return db.In(ctx, a.ID, nothing) },
			"View":       func(ctx context.Context) error { return db.View(ctx, a.ID, nothing) },
			"System":     func(ctx context.Context) error { return db.System(ctx, "test", system) },
			"SystemView": func(ctx context.Context) error { return db.SystemView(ctx, system) },
		}
		for name, inner := range nested {
			outer := map[string]func() error{
				"In": func() error {
					return db.In(t.Context(), a.ID, func(ctx context.Context, _ *store.Tx) error { return inner(ctx) })
				},
				"View": func() error {
					return db.View(t.Context(), a.ID, func(ctx context.Context, _ *store.Tx) error { return inner(ctx) })
				},
				"System": func() error {
					return db.System(t.Context(), "test", func(ctx context.Context, _ *store.SysTx) error { return inner(ctx) })
				},
			}
			for around, run := range outer {
				if err := run(); err == nil || !strings.Contains(err.Error(), "within a transaction") {
					t.Errorf("%s within %s: %v", name, around, err)
				}
			}
		}
	})
}

// Two transactions take two rows in opposite orders: PostgreSQL ends one of them, which runs again.
// SQLite has one writer, and they follow each other.
func TestInRunsAgainAfterADeadlock(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, venue("satu"), venue("dua"))
		})
		var met sync.WaitGroup
		if db.Dialect() == testkit.PostgreSQL {
			met.Add(2)
		}
		var runs sync.Map
		work := func(first, second string) error {
			return db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				_, again := runs.Swap(first, true)
				for i, code := range []string{first, second} {
					if n, err := store.Update[tenant.VenueRow](tx).Set("sort = sort + 1").Where("code = ?", code).Exec(ctx); err != nil || n != 1 {
						return fmt.Errorf("%d rows: %w", n, err)
					}
					if i == 0 && !again && db.Dialect() == testkit.PostgreSQL {
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
		}
		errs := make(chan error, 2)
		go func() { errs <- work("satu", "dua") }()
		go func() { errs <- work("dua", "satu") }()
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		view(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			n, err := store.Select[tenant.VenueRow](tx).Where("sort = 2").Count(ctx)
			if n != 2 {
				t.Errorf("%d rows of 2 have both updates", n)
			}
			return err
		})
	})
}

func TestFaults(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		insert := func(row *tenant.VenueRow) error {
			return db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Insert(ctx, tx, row) })
		}
		if err := insert(venue("mal")); !fault.Is(err, "duplicate") || fault.KindOf(err) != fault.Conflict {
			t.Errorf("the same code again: %v", err)
		}
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			// B's venue is there, under B: a reference to it from A cannot be stored.
			return store.Insert(ctx, tx, &tenant.ZoneRow{ID: id.New(), VenueID: b.Venue, Code: "x", Name: "x"})
		})
		if !fault.Is(err, "constraint") {
			t.Errorf("a reference to another tenant's row: %v", err)
		}
		err = db.View(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Select[tenant.VenueRow](tx).Where("id = ?", b.Venue).One(ctx)
			return err
		})
		if !fault.Is(err, "not_found") || fault.KindOf(err) != fault.NotFound {
			t.Errorf("a row that is not there: %v", err)
		}
		err = db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Lock[tenant.VenueRow](ctx, tx, b.Venue) })
		if !fault.Is(err, "not_found") {
			t.Errorf("a lock on another tenant's row: %v", err)
		}
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Lock[tenant.VenueRow](ctx, tx, a.Venue) })
		err = db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Keep[tenant.VenueRow](ctx, tx, b.Venue) })
		if !fault.Is(err, "not_found") {
			t.Errorf("another tenant's row was kept: %v", err)
		}
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Keep[tenant.VenueRow](ctx, tx, a.Venue) })

		// What fn has already turned into a fault stays what it is.
		err = db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			return fault.Wrap(store.Insert(ctx, tx, venue("mal")), fault.Conflict, "venue.taken")
		})
		if !fault.Is(err, "venue.taken") {
			t.Errorf("a fault of fn became %v", err)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		err = db.In(gone, a.ID, func(context.Context, *store.Tx) error { return nil })
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("out of time: %v", err)
		}
	})
}

func TestSystem(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		log := func() (n int) {
			t.Helper()
			err := db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
				return s.Raw().NewRaw("select count(*) from system_log where reason = ?", "uji pintu").Scan(ctx, &n)
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := db.System(t.Context(), "uji pintu", func(ctx context.Context, s *store.SysTx) error {
			n, err := store.SysUpdate[tenant.Row](ctx, s, "name = ?", []any{"Kabupaten Lain"}, "id = ?", a.ID)
			if n != 1 {
				t.Errorf("%d tenants renamed", n)
			}
			return err
		})
		if err != nil || log() != 1 {
			t.Errorf("%v; %d entries in the log", err, log())
		}
		// What fails is not logged either: nothing has happened.
		_ = db.System(t.Context(), "uji pintu", func(context.Context, *store.SysTx) error { return errors.New("no") })
		if n := log(); n != 1 {
			t.Errorf("%d entries after a failure", n)
		}
		err = db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
			rows, err := store.SysSelect[tenant.Row](ctx, s, "name = ?", "Kabupaten Lain")
			if len(rows) != 1 || rows[0].ID != a.ID || !rows[0].CreatedAt.Equal(rows[0].CreatedAt.UTC()) {
				t.Errorf("read %+v", rows)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		// The door to the control plane does not lead to a tenant's rows, by whatever name.
		for _, where := range []string{
			"exists (select 1 from venues)", "exists (select 1 from main.venues)", "exists (select 1 from public.venues)",
			"id in (select tenant_id from VENUES)", `exists (select 1 from "venues")`, "1=1) or (1=1", "1=1; delete from venues",
		} {
			err := db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
				_, err := store.SysSelect[tenant.Row](ctx, s, where)
				return err
			})
			if err == nil || !strings.HasPrefix(err.Error(), "store: ") {
				t.Errorf("%s: %v", where, err)
			}
		}
		err = db.System(t.Context(), "uji", func(ctx context.Context, s *store.SysTx) error {
			var n int
			if err := s.Raw().NewRaw("select count(*) from venues").Scan(ctx, &n); err != nil || n != 0 {
				t.Errorf("raw SQL behind the door sees %d venues: %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestProvisionIsAllOrNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		new := store.NewTenantID()
		row := &tenant.Row{ID: new, Code: "99.01", Slug: "baru", Name: "Baru", Zone: "WIB", State: tenant.Active, Manifest: "{}", CreatedAt: db.Now(), UpdatedAt: db.Now()}
		make := func(fail error) error {
			return db.Provision(t.Context(), "uji", new, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
				if err := store.SysInsert(ctx, s, row); err != nil {
					return err
				}
				if err := tx.StartChain(ctx); err != nil {
					return err
				}
				if err := store.Insert(ctx, tx, venue("mal")); err != nil {
					return err
				}
				return fail
			})
		}
		count := func() (n int) {
			_ = db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
				rows, err := store.SysSelect[tenant.Row](ctx, s, "")
				n = len(rows)
				return err
			})
			return n
		}
		if err := make(errors.New("half-way")); err == nil || count() != 0 || venues(t, db, new) != "" {
			t.Errorf("half a tenant: %v, %d rows, venues %q", err, count(), venues(t, db, new))
		}
		if err := make(nil); err != nil || count() != 1 || venues(t, db, new) != "mal" {
			t.Errorf("no tenant: %v, %d rows, venues %q", err, count(), venues(t, db, new))
		}
	})
}
