package testkit

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Waiting returns when n sessions of the test's database wait for a lock. SQLite's wait in the process.
func Waiting(tb testing.TB, db *store.DB, n int) {
	tb.Helper()
	a := URLs(db)
	if a.Schema == "" {
		return
	}
	conn, err := pgx.Connect(tb.Context(), a.App)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	for found := 0; found < n; {
		rows, err := conn.Query(tb.Context(), `select count(*) from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace s on s.oid = c.relnamespace
			where l.locktype = 'tuple' and s.nspname = $1 or not l.granted and l.pid in
			(select pid from pg_locks x join pg_class y on y.oid = x.relation join pg_namespace z on z.oid = y.relnamespace where z.nspname = $1)`, a.Schema)
		if err == nil {
			found, err = pgx.CollectOneRow(rows, pgx.RowTo[int])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}
