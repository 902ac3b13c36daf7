package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Each layer of the isolation holds by itself. These tests run twice: as usual, and in a build with
// the tag pendopo_layers, in which they take the tenant predicate out of the scoped handle, so that only the
// database's own layer is left (PostgreSQL: row level security; SQLite: the views).

// rawRegions makes two tenants with one venue and one counter each, past the handle: in the build
// without the predicate SQLite's guard refuses what the handle would write.
func rawRegions(t *testing.T, db *store.DB) (a, b store.TenantID) {
	t.Helper()
	a, b = store.NewTenantID(), store.NewTenantID()
	for i, at := range []store.TenantID{a, b} {
		code := fmt.Sprintf("19.0%d", i+1)
		agency, place, zone := id.New(), id.New(), id.New()
		rawExec(t, db,
			fmt.Sprintf("insert into tenants (id, code, slug, name, zone, manifest, version, created_at, updated_at) values ('%s', '%s', 'uji-%d', '%[2]s', 'WIB', '{}', 1, '2026-11-23', '2026-11-23')", at, code, i),
			fmt.Sprintf("insert into agencies (tenant_id, id, code, name, short, sort) values ('%s', '%s', 'dukcapil', 'milik %s', 'd', 0)", at, agency, code),
			fmt.Sprintf("insert into venues (tenant_id, id, code, name, kind, hours, sort) values ('%s', '%s', 'mal', 'milik %s', 'office', '[]', 0)", at, place, code),
			fmt.Sprintf("insert into zones (tenant_id, id, venue_id, code, name, sort) values ('%s', '%s', '%s', 'a', 'milik %s', 0)", at, zone, place, code),
			fmt.Sprintf("insert into counters (tenant_id, id, agency_id, venue_id, zone_id, code, name, sort) values ('%s', '%s', '%s', '%s', '%s', '1', 'milik %s', 0)", at, id.New(), agency, place, zone, code),
		)
	}
	return a, b
}

// rawExec runs SQL as somebody whom nothing holds back: PostgreSQL's superuser, SQLite's plain file.
func rawExec(t *testing.T, db *store.DB, statements ...string) {
	t.Helper()
	if db.Dialect() == testkit.PostgreSQL {
		conn := connect(t, testkit.Postgres(t))
		if _, err := conn.Exec(t.Context(), "set search_path = "+testkit.URLs(db).Schema); err != nil {
			t.Fatal(err)
		}
		for _, s := range statements {
			if _, err := conn.Exec(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		return
	}
	file, err := sql.Open("sqlite", strings.TrimPrefix(testkit.URLs(db).App, "sqlite:")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, s := range statements {
		if _, err := file.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// readsNothingForeign reads through the handle in each way there is, as A, with conditions that know
// no tenant, and fails the test for each foreign row.
func readsNothingForeign(t *testing.T, db *store.DB, a, b store.TenantID) {
	t.Helper()
	type row struct {
		Tenant store.TenantID `bun:"tenant_id"`
		Name   string         `bun:"name"`
	}
	view(t, db, a, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.VenueRow](tx).Where("1 = 1").All(ctx)
		if err != nil || len(rows) != 1 || rows[0].TenantID != a {
			t.Errorf("Select: %+v %v", rows, err)
		}
		if n, err := store.Select[tenant.CounterRow](tx).Count(ctx); n != 1 || err != nil {
			t.Errorf("Count: %d %v", n, err)
		}
		if ok, err := store.Select[tenant.CounterRow](tx).Where("tenant_id = ?", b).Exists(ctx); ok || err != nil {
			t.Errorf("Exists: %v %v", ok, err)
		}
		if one, err := store.Select[tenant.ZoneRow](tx).Where("tenant_id = ?", b).One(ctx); err == nil {
			t.Errorf("One: %+v", one)
		}
		got, err := store.Query[row](ctx, tx, store.From{"venues", "counters", "zones", "agencies"},
			"select v.tenant_id, v.name from venues v cross join counters cross join zones cross join agencies union all select tenant_id, name from counters")
		if err != nil || len(got) != 2 {
			t.Errorf("Query: %d rows, %v", len(got), err)
		}
		for _, r := range got {
			if r.Tenant != a {
				t.Errorf("Query: a foreign row: %+v", r)
			}
		}
		return nil
	})
}

// names gives the names that a table holds, all tenants', past every layer.
func allNames(t *testing.T, db *store.DB, table string) (names []string) {
	t.Helper()
	if db.Dialect() == testkit.SQLite {
		if err := db.Readers().NewRaw("select name from main."+table+" order by 1").Scan(t.Context(), &names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	rows, err := connect(t, testkit.Postgres(t)).Query(t.Context(), "select name from "+testkit.URLs(db).Schema+"."+table+" order by 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		names = append(names, s)
	}
	return names
}

func TestLayerOfTheDatabase(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := rawRegions(t, db)
		view(t, db, a, func(_ context.Context, tx *store.Tx) error {
			text, err := tx.ScopedText(store.From{"venues"}, "select 1")
			if strings.Contains(text, "tenant_id") != store.Predicate() {
				t.Errorf("this build (predicate %v) says %q", store.Predicate(), text)
			}
			return err
		})
		readsNothingForeign(t, db, a, b)
		readsNothingForeign(t, db, b, a)
	})
}

// The handle's writes, told to reach everything, reach the tenant's own rows. In the build without the
// predicate PostgreSQL still confines them, and SQLite's guard refuses them altogether.
func TestLayerOfTheDatabaseAgainstWrites(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := rawRegions(t, db)
		refused := !store.Predicate() && db.Dialect() == testkit.SQLite
		for i, write := range []func(context.Context, *store.Tx) (int, error){
			func(ctx context.Context, tx *store.Tx) (int, error) {
				return store.Update[tenant.VenueRow](tx).Set("name = 'diubah'").Where("1 = 1").Exec(ctx)
			},
			func(ctx context.Context, tx *store.Tx) (int, error) {
				return store.Delete[tenant.CounterRow](ctx, tx, "1 = 1")
			},
			func(ctx context.Context, tx *store.Tx) (int, error) {
				row := venue("baru")
				row.TenantID = b
				return 1, store.Insert(ctx, tx, row)
			},
		} {
			name := []string{"update", "delete", "insert"}[i]
			var n int
			err := db.In(t.Context(), a, func(ctx context.Context, tx *store.Tx) (err error) {
				n, err = write(ctx, tx)
				return err
			})
			switch {
			case refused && (err == nil || !strings.Contains(err.Error(), "because it is a view")):
				t.Errorf("%s: %v, want the guard's refusal", name, err)
			case !refused && (err != nil || n != 1):
				t.Errorf("%s: %d rows, %v", name, n, err)
			}
		}
		want := map[string]string{"venues": "baru diubah milik 19.02", "counters": "milik 19.02"}
		if refused {
			want = map[string]string{"venues": "milik 19.01 milik 19.02", "counters": "milik 19.01 milik 19.02"}
		}
		for table, names := range want {
			if got := strings.Join(allNames(t, db, table), " "); got != names {
				t.Errorf("%s hold %q, want %q", table, got, names)
			}
		}
	})
}

// With the database's own layer taken away, the scoped handle still shows and reaches no foreign row.
func TestScopedHandleAlone(t *testing.T) {
	if !store.Predicate() {
		t.Skip("this build has no predicate")
	}
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := rawRegions(t, db)
		plain := func(tx *store.Tx) (n int) {
			if err := tx.Raw().NewRaw("select count(*) from venues").Scan(t.Context(), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if db.Dialect() == testkit.PostgreSQL {
			for _, table := range db.OwnedTables() {
				rawExec(t, db, "alter table "+table+" no force row level security", "alter table "+table+" disable row level security", "drop policy tenant on "+table)
			}
		} else {
			for _, table := range db.OwnedTables() {
				for _, conn := range []interface {
					ExecContext(context.Context, string, ...any) (sql.Result, error)
				}{db.Readers(), db.Writer()} {
					// A reader of this test is one connection; query_only holds for temporary views too.
					if _, err := conn.ExecContext(t.Context(), "pragma query_only = 0; drop view temp."+table); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		view(t, db, a, func(_ context.Context, tx *store.Tx) error {
			if n := plain(tx); n != 2 {
				t.Errorf("the database's layer is still there: plain SQL sees %d venues", n)
			}
			return nil
		})
		readsNothingForeign(t, db, a, b)
		in(t, db, a, func(ctx context.Context, tx *store.Tx) error {
			if n, err := store.Update[tenant.VenueRow](tx).Set("name = 'diubah'").Where("1 = 1 or 1 = 1").Exec(ctx); n != 1 || err != nil {
				t.Errorf("updated %d: %v", n, err)
			}
			if n, err := store.Delete[tenant.CounterRow](ctx, tx, "1 = 1 or 1 = 1"); n != 1 || err != nil {
				t.Errorf("deleted %d: %v", n, err)
			}
			if err := store.Lock[tenant.VenueRow](ctx, tx, id.New()); err == nil {
				t.Error("locked a row that is not there")
			}
			row := venue("baru")
			row.TenantID = b
			return store.Insert(ctx, tx, row)
		})
		if got := strings.Join(allNames(t, db, "venues"), " ") + ", " + strings.Join(allNames(t, db, "counters"), " "); got != "baru diubah milik 19.02, milik 19.02" {
			t.Errorf("the tables hold %q", got)
		}
	}, testkit.WithConns(1))
}
