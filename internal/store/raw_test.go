package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// app opens a connection as the serving role, as a bug or an intruder with its password would have it.
func app(t *testing.T, db *store.DB) *pgx.Conn {
	t.Helper()
	return connect(t, testkit.URLs(db).App)
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// tenantsIn are the tenants whose rows a connection sees in a table.
func tenantsIn(ctx context.Context, conn interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, table string) (string, error) {
	rows, err := conn.Query(ctx, "select distinct tenant_id::text from "+table+" order by 1")
	if err != nil {
		return "", err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(all, " "), err
}

func TestPostgreSQLBehindTheHandle(t *testing.T) {
	t.Parallel()
	db := testkit.Open(t, testkit.PostgreSQL)
	a, b := testkit.Two(t, db)
	conn := app(t, db)
	ctx := t.Context()
	exec := func(tx pgx.Tx, sql string) (int64, error) {
		tag, err := tx.Exec(ctx, sql)
		return tag.RowsAffected(), err
	}
	// Each step has its transaction, which never stays.
	step := func(scope string, fn func(tx pgx.Tx)) {
		t.Helper()
		tx, err := conn.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(ctx) }()
		if scope != "" {
			if _, err := tx.Exec(ctx, scope); err != nil {
				t.Fatal(err)
			}
		}
		fn(tx)
	}
	scopeA := "set local app.tenant_id = '" + a.ID.String() + "'"
	for _, table := range db.OwnedTables() {
		for _, none := range []string{"", "set local app.tenant_id = ''", "set local app.tenant_id = '" + store.NewTenantID().String() + "'"} {
			step(none, func(tx pgx.Tx) {
				if got, err := tenantsIn(ctx, tx, table); got != "" || err != nil {
					t.Errorf("%s shows %q with %q: %v", table, got, none, err)
				}
			})
		}
		step(scopeA, func(tx pgx.Tx) {
			if got, err := tenantsIn(ctx, tx, table); got != "" && got != a.ID.String() || err != nil {
				t.Errorf("%s shows %q to A: %v", table, got, err)
			}
		})
	}
	step(scopeA, func(tx pgx.Tx) {
		if got, err := tenantsIn(ctx, tx, "venues"); got != a.ID.String() || err != nil {
			t.Errorf("A does not see its own: %q %v", got, err)
		}
		// After a transaction the setting is empty, which is no tenant at all.
	})
	if got, err := tenantsIn(ctx, conn, "venues"); got != "" || err != nil {
		t.Errorf("after a transaction the connection shows %q: %v", got, err)
	}
	for sql, want := range map[string]string{
		"update venues set name = 'x' where tenant_id = '" + b.ID.String() + "'":       "0 rows",
		"update venues set name = 'x'":                                                 "1 rows",
		"delete from user_counters where tenant_id = '" + b.ID.String() + "'":          "0 rows",
		"insert into throttles values ('" + b.ID.String() + "', 'k', now(), 1)":        "row-level security",
		"update venues set tenant_id = '" + b.ID.String() + "'":                        "row-level security",
		"insert into user_counters select * from user_counters on conflict do nothing": "0 rows",
	} {
		step(scopeA, func(tx pgx.Tx) {
			n, err := exec(tx, sql)
			if got := fmt.Sprintf("%d rows %v", n, err); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", sql, got, want)
			}
		})
	}
	// What the serving role cannot do at all, even to its own tenant's rows.
	for _, sql := range []string{
		"update audit set record = '{}'", "delete from audit", "truncate audit", "update events set data = '{}'", "delete from events",
		"update system_log set reason = ''", "delete from system_log", "delete from schema_migrations",
		"delete from audit_heads", "insert into schema_migration_locks (table_name) values ('x')",
		"alter table venues disable row level security", "alter table venues no force row level security", "drop policy tenant on venues",
		"create policy all_rows on venues using (true)", "drop table venues", "select isolate_by_tenant('venues')",
		"set role " + testkit.OwnerRole, "alter role " + testkit.AppRole + " bypassrls", "create table leak (id int)",
	} {
		step(scopeA, func(tx pgx.Tx) {
			if _, err := exec(tx, sql); err == nil || !(strings.Contains(err.Error(), "42501") || strings.Contains(err.Error(), "must be owner")) {
				t.Errorf("%s: %v", sql, err)
			}
		})
	}
}

func TestSQLiteBehindTheHandle(t *testing.T) {
	t.Parallel()
	db := testkit.Open(t, testkit.SQLite, testkit.WithConns(1))
	a, b := testkit.Two(t, db)
	for name, run := range map[string]func(context.Context, store.TenantID, func(context.Context, *store.Tx) error) error{
		"writer": db.In,
		"reader": db.View,
	} {
		err := run(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, table := range db.OwnedTables() {
				var seen []string
				if err := tx.Raw().NewRaw("select distinct tenant_id from "+table).Scan(ctx, &seen); err != nil {
					return err
				}
				if got := strings.Join(seen, " "); got != "" && got != a.ID.String() {
					t.Errorf("%s: %s shows %q to A", name, table, got)
				}
				var n int
				// Joined with itself without a word of tenants.
				if err := tx.Raw().NewRaw("select count(*) from "+table+" x cross join "+table+" y where x.tenant_id <> y.tenant_id").Scan(ctx, &n); err != nil || n != 0 {
					t.Errorf("%s: %s has %d pairs of different tenants: %v", name, table, n, err)
				}
				for _, sql := range []string{
					"delete from " + table, "update " + table + " set tenant_id = ''", "insert into " + table + " select * from " + table,
				} {
					if _, err := tx.Raw().ExecContext(ctx, sql); err == nil || !strings.Contains(err.Error(), "because it is a view") {
						t.Errorf("%s: %s: %v", name, sql, err)
					}
				}
			}
			if name == "reader" {
				if _, err := tx.Raw().ExecContext(ctx, "delete from main.venues"); err == nil || !strings.Contains(err.Error(), "readonly") {
					t.Errorf("a reader writes: %v", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// After a transaction, whether it stayed or not, the connection shows nothing.
	_ = db.In(t.Context(), a.ID, func(context.Context, *store.Tx) error { return context.Canceled })
	in(t, db, b.ID, func(context.Context, *store.Tx) error { return nil })
	for name, raw := range map[string]func() (int, error){
		"writer": func() (n int, err error) {
			err = db.Writer().QueryRowContext(t.Context(), "select count(*) from venues").Scan(&n)
			return n, err
		},
		"reader": func() (n int, err error) {
			err = db.Readers().QueryRowContext(t.Context(), "select count(*) from venues").Scan(&n)
			return n, err
		},
	} {
		if n, err := raw(); n != 0 || err != nil {
			t.Errorf("%s: %d rows after a transaction: %v", name, n, err)
		}
	}
}
