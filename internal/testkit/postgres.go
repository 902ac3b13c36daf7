package testkit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/testkit/cluster"
)

// The roles of the tests, as in production: one owns the schema, the other serves.
const (
	OwnerRole = "pendopo_owner"
	AppRole   = "pendopo_app"
)

// server is found or started once a process. Its leash ends it with the process.
var server = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address := os.Getenv("PENDOPO_TEST_POSTGRES")
	if address == "" {
		c, err := cluster.Start(ctx)
		if err != nil {
			return "", err
		}
		address = c.URL
	}
	return address, roles(ctx, address)
})

// Postgres is the address of a PostgreSQL server as its superuser: the one that PENDOPO_TEST_POSTGRES
// names, or a private one. Where there is none the test fails; it never skips.
func Postgres(tb testing.TB) string {
	tb.Helper()
	address, err := server()
	if err != nil {
		tb.Fatal(err)
	}
	return address
}

// roles makes the two roles. Several test processes do so at once, on one server.
func roles(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `select pg_advisory_lock(20261123);
		do $$ begin
		  if not exists (select from pg_roles where rolname = '`+OwnerRole+`') then
		    create role `+OwnerRole+` login nosuperuser nobypassrls;
		  end if;
		  if not exists (select from pg_roles where rolname = '`+AppRole+`') then
		    create role `+AppRole+` login nosuperuser nobypassrls;
		  end if;
		end $$;
		select pg_advisory_unlock(20261123)`)
	return err
}

// schema makes an empty schema that the owner's role owns, gives its name, and drops it at the end.
func schema(tb testing.TB) string {
	tb.Helper()
	var b [6]byte
	_, _ = rand.Read(b[:])
	name := "t_" + hex.EncodeToString(b[:])
	super(tb, "create schema "+name+" authorization "+OwnerRole)
	tb.Cleanup(func() { super(tb, "set client_min_messages = error; drop schema "+name+" cascade") })
	return name
}

// super runs SQL as the superuser.
func super(tb testing.TB, sql string) {
	tb.Helper()
	// Not the test's context: this also runs while the test is being cleaned up.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, Postgres(tb))
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// address is the server's as another role, with the schema as its search path: all that a process
// needs to work in a test's schema.
func address(tb testing.TB, role, schema string) string {
	tb.Helper()
	u, err := url.Parse(Postgres(tb))
	if err != nil {
		tb.Fatal(err)
	}
	u.User = url.User(role)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
