package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Both regions of testkit.Two have rows with the same codes, so every statement below would meet
// foreign rows if it could.

func TestSelectSeesOnlyItsOwn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		view(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, where := range []string{
				"1 = 1", "code = 'a' or 1 = 1", "tenant_id is not null", "not (1 = 0)",
				"tenant_id <> '" + a.ID.String() + "' or 1 = 1", "tenant_id = '" + b.ID.String() + "' or 1 = 1",
				"id is not null", "(select 1) = 1", "service.tenant_id is not null",
			} {
				rows, err := store.Select[tenant.ServiceRow](tx).Where(where).Order("code desc", "id").All(ctx)
				if err != nil || len(rows) != 2 {
					t.Errorf("%s: %d rows, %v", where, len(rows), err)
				}
				for _, r := range rows {
					if r.TenantID != a.ID || !strings.Contains(r.Name, a.Canary) {
						t.Errorf("%s: a foreign row: %+v", where, r)
					}
				}
				if n, err := store.Select[tenant.ServiceRow](tx).Where(where).Count(ctx); n != 2 || err != nil {
					t.Errorf("%s: counts %d, %v", where, n, err)
				}
			}
			foreign := func() *store.Sel[tenant.ServiceRow] {
				return store.Select[tenant.ServiceRow](tx).Where("id = ?", b.Services[0])
			}
			if ok, err := foreign().Exists(ctx); ok || err != nil {
				t.Errorf("a foreign row exists: %v", err)
			}
			if n, err := foreign().Count(ctx); n != 0 || err != nil {
				t.Errorf("a foreign row counts: %v", err)
			}
			if rows, err := foreign().All(ctx); len(rows) != 0 || err != nil {
				t.Errorf("a foreign row: %v %v", rows, err)
			}
			if ok, err := store.Select[tenant.ServiceRow](tx).Where("id = ?", a.Services[1]).Exists(ctx); !ok || err != nil {
				t.Errorf("its own row is not there: %v", err)
			}
			rows, err := store.Select[tenant.ServiceRow](tx).Order("code desc").Limit(1).All(ctx)
			if err != nil || len(rows) != 1 || rows[0].Code != "layanan-b" {
				t.Errorf("order and limit: %+v %v", rows, err)
			}
			return nil
		})
	})
}

func TestHandleRefusesWhatGoesAround(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		bad := []string{
			"1=1) or (1=1", "1=1)) or ((1=1", "id in (select id from services)", "exists (select 1 from main.services)",
			"1=1; delete from services", "1=1 --", "id in (select id from " + strings.ToUpper("tenants") + ")", "name like '%?%'",
		}
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, sql := range bad {
				tries := map[string]func() error{
					"Where":  func() error { _, err := store.Select[tenant.ServiceRow](tx).Where(sql).All(ctx); return err },
					"Order":  func() error { _, err := store.Select[tenant.ServiceRow](tx).Order(sql).All(ctx); return err },
					"Count":  func() error { _, err := store.Select[tenant.ServiceRow](tx).Where(sql).Count(ctx); return err },
					"Exists": func() error { _, err := store.Select[tenant.ServiceRow](tx).Where(sql).Exists(ctx); return err },
					"One":    func() error { _, err := store.Select[tenant.ServiceRow](tx).Where(sql).One(ctx); return err },
					"Update.Where": func() error {
						_, err := store.Update[tenant.ServiceRow](tx).Set("sort = 0").Where(sql).Exec(ctx)
						return err
					},
					"Update.Set": func() error {
						_, err := store.Update[tenant.ServiceRow](tx).Set("name = " + sql).Where("1 = 1").Exec(ctx)
						return err
					},
					"Delete": func() error { _, err := store.Delete[tenant.ServiceRow](ctx, tx, sql); return err },
				}
				for name, try := range tries {
					if err := try(); err == nil || !strings.HasPrefix(err.Error(), "store: ") {
						t.Errorf("%s(%s): %v", name, sql, err)
					}
				}
			}
			for what, from := range map[string]store.From{"no table": nil, "a table of the control plane": {"tenants"}, "no such table": {"nothing"}, "a qualified table": {"main.services"}} {
				if _, err := store.Query[tenant.ServiceRow](ctx, tx, from, "select 1"); err == nil || !strings.HasPrefix(err.Error(), "store: ") {
					t.Errorf("From %s: %v", what, err)
				}
			}
			for _, sql := range []string{
				"select * from agencies", "select * from services, agencies", "select * from public.services", "select * from main.services",
				"select * from services; delete from services", "delete from services returning id", "select * from services) select * from (select * from services",
				"update services set name = '' returning id", "select * from services /* agencies */",
			} {
				if _, err := store.Query[tenant.ServiceRow](ctx, tx, store.From{"services"}, sql); err == nil || !strings.HasPrefix(err.Error(), "store: ") {
					t.Errorf("Query(%s): %v", sql, err)
				}
			}
			if _, err := store.Update[tenant.ServiceRow](tx).Set("sort = 0").Exec(ctx); err == nil {
				t.Error("an update without a condition")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, db, b.ID); got != "layanan-a layanan-b" {
			t.Errorf("B's services are %q", got)
		}
	})
}

// names are the codes of a tenant's services.
func names(t *testing.T, db *store.DB, at store.TenantID) string {
	t.Helper()
	var codes []string
	view(t, db, at, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.ServiceRow](tx).Order("code").All(ctx)
		for _, r := range rows {
			codes = append(codes, r.Code)
		}
		return err
	})
	return strings.Join(codes, " ")
}

func TestUpdateAndDeleteReachOnlyTheirOwn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		before := dump(t, db, b.ID)
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			if n, err := store.Update[tenant.ServiceRow](tx).Set("name = ?", "diubah").Set("sort = sort + 1").Where("1 = 1").Where("code = ? or 1 = 1", "x").Exec(ctx); n != 2 || err != nil {
				t.Errorf("updated %d: %v", n, err)
			}
			if n, err := store.Update[tenant.ServiceRow](tx).Set("name = ?", "diubah").Where("id = ?", b.Services[0]).Exec(ctx); n != 0 || err != nil {
				t.Errorf("updated a foreign row: %d %v", n, err)
			}
			if n, err := store.Update[tenant.ServiceRow](tx).Set("name = ?", "diubah").Where("tenant_id = ?", b.ID).Exec(ctx); n != 0 || err != nil {
				t.Errorf("updated foreign rows: %d %v", n, err)
			}
			if n, err := store.Delete[tenant.ServiceRow](ctx, tx, "tenant_id = ? or id = ?", b.ID, b.Services[0]); n != 0 || err != nil {
				t.Errorf("deleted foreign rows: %d %v", n, err)
			}
			if n, err := store.Delete[tenant.UserCounter](ctx, tx, "1 = 1 or 1 = 1"); n != 1 || err != nil {
				t.Errorf("deleted %d: %v", n, err)
			}
			return nil
		})
		if got := dump(t, db, b.ID); got != before {
			t.Errorf("B's rows have changed:\n%s\n%s", before, got)
		}
	})
}

// dump is all that a tenant has, as text.
func dump(t *testing.T, db *store.DB, at store.TenantID) string {
	t.Helper()
	var b strings.Builder
	view(t, db, at, func(ctx context.Context, tx *store.Tx) error {
		for _, table := range db.OwnedTables() {
			rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select * from "+table)
			if err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			texts := make([]string, len(rows))
			for i, row := range rows {
				texts[i] = fmt.Sprint(row)
			}
			slices.Sort(texts)
			fmt.Fprintln(&b, table, texts)
		}
		return nil
	})
	return b.String()
}

func TestInsertStampsTheTenant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		before := dump(t, db, b.ID)
		stray := venue("tersesat")
		in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			stray.TenantID = b.ID // a row that claims to be another tenant's
			if err := store.Insert(ctx, tx, stray, venue("kedua")); err != nil {
				return err
			}
			taken := venue("direbut")
			taken.ID, taken.TenantID = b.Venue, b.ID // and one that has the key of another tenant's row
			return store.Upsert(ctx, tx, taken)
		})
		if stray.TenantID != a.ID {
			t.Errorf("the row says %s", stray.TenantID)
		}
		if got := venues(t, db, a.ID); got != "direbut kedua mal tersesat" {
			t.Errorf("A has %q", got)
		}
		if got := dump(t, db, b.ID); got != before {
			t.Errorf("B's rows have changed:\n%s\n%s", before, got)
		}
		for _, set := range []string{"tenant_id = ?", "TENANT_ID = ?", `"tenant_id" = ?`, "name = 'x', tenant_id = ?"} {
			err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				_, err := store.Update[tenant.VenueRow](tx).Set(set, b.ID).Where("1 = 1").Exec(ctx)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "cannot change its tenant") {
				t.Errorf("%s: %v", set, err)
			}
		}
	})
}

func TestUpsert(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		row := venue("balai")
		for i := range 2 {
			in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
				row.Name, row.Sort = fmt.Sprint("ke-", i), i
				if err := store.Upsert(ctx, tx, row, venue(fmt.Sprint("lain-", i))); err != nil {
					return err
				}
				// A row that is all key is there or it is not.
				return store.Upsert(ctx, tx, &tenant.UserCounter{UserID: a.Officer, CounterID: a.Counters[0]})
			})
		}
		view(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			got, err := store.Select[tenant.VenueRow](tx).Where("id = ?", row.ID).One(ctx)
			if got.Name != "ke-1" || got.Sort != 1 {
				t.Errorf("%+v", got)
			}
			return err
		})
		if got := venues(t, db, a.ID); got != "balai lain-0 lain-1 mal" {
			t.Errorf("venues %q", got)
		}
		if err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Insert[tenant.VenueRow](ctx, tx) }); err != nil {
			t.Errorf("no rows: %v", err)
		}
	})
}

func TestQueryJoinsItsOwn(t *testing.T) {
	type row struct {
		Name   string         `bun:"name"`
		Tenant store.TenantID `bun:"tenant_id"`
		N      int            `bun:"n"`
	}
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		view(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			for sql, want := range map[string]int{
				// On purpose without the tenant in the joins: the tables themselves are A's.
				"select s.name, s.tenant_id, 1 as n from services s join agencies g on true join counters c on true":       4,
				"select s.name, s.tenant_id, (select count(*) from counters) as n from services s, agencies":               2,
				"select s.name, s.tenant_id, 1 as n from services s union all select name, tenant_id, 1 from agencies":     3,
				"with x as (select * from services) select x.name, x.tenant_id, 1 as n from x, counters":                   4,
				"WITH\nx as (select * from services) select x.name, x.tenant_id, 1 as n from x":                            2,
				"select name, tenant_id, count(*) over () as n from services where agency_id in (select id from agencies)": 2,
			} {
				rows, err := store.Query[row](ctx, tx, store.From{"services", "agencies", "counters"}, sql)
				if err != nil || len(rows) != want {
					t.Errorf("%s: %d rows instead of %d, %v", sql, len(rows), want, err)
				}
				for _, r := range rows {
					if r.Tenant != a.ID || !strings.Contains(r.Name, a.Canary) || r.N > 2 {
						t.Errorf("%s: a foreign row: %+v", sql, r)
					}
				}
			}
			rows, err := store.Query[row](ctx, tx, store.From{"services"}, "select * from services where tenant_id = ? or code = ?", b.ID, "x")
			if len(rows) != 0 || err != nil {
				t.Errorf("foreign rows by their tenant: %v %v", rows, err)
			}
			return nil
		})
	})
}
