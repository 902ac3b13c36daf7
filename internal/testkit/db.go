// Package testkit is what the tests share: databases of both dialects, small tenants with canaries in
// every text, a clock that they set, request tables, real server processes and a real browser. Only
// tests import it.
package testkit

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/migrations"
)

// The dialects.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgres"
)

// MasterKey is the master key of every test's database, as PENDOPO_MASTER_KEY takes it. On SQLite it lies
// beside the file as master.key, so that a process needs to be told of it on PostgreSQL only.
const MasterKey = "dGhlIG1hc3RlciBrZXkgb2YgdGhlIHRlc3RzLCAzMmI="

// MasterBytes is MasterKey, decoded.
func MasterBytes() []byte {
	key, err := base64.StdEncoding.DecodeString(MasterKey)
	if err != nil {
		panic(err)
	}
	return key
}

// UseMasterKey gives a database the tests' master key, as Again does.
func UseMasterKey(db *store.DB) {
	ring, err := seal.NewKeyring(MasterBytes())
	if err != nil {
		panic(err)
	}
	seal.Use(db, ring)
}

// Option changes how a test's database is opened.
type Option func(*store.Config)

// WithClock opens with a clock of the test's.
func WithClock(c clock.Clock) Option { return func(cfg *store.Config) { cfg.Clock = c } }

// WithConns bounds the pool: of SQLite the readers, of PostgreSQL all.
func WithConns(n int) Option { return func(cfg *store.Config) { cfg.ReadConns = n } }

// WithModels opens with these models instead of all.
func WithModels(m store.Models) Option { return func(cfg *store.Config) { cfg.Models = m } }

// Addresses is where a test's database is, for processes that open it themselves. Each is a whole
// PENDOPO_DATABASE_URL.
type Addresses struct {
	Owner  string // who migrates; on SQLite the same as App
	App    string // who serves
	Schema string // PostgreSQL's, else ""
}

var addresses sync.Map // *store.DB -> Addresses

// URLs tells where the database of an Open or an Each is.
func URLs(db *store.DB) Addresses {
	a, ok := addresses.Load(db)
	if !ok {
		panic("testkit: a database that testkit did not open")
	}
	return a.(Addresses)
}

// Open makes an empty, migrated database of a dialect: on SQLite a temporary file, on PostgreSQL a
// schema of its own, migrated by the owner's role. The handle is that of the serving role. Everything
// is gone when the test ends.
func Open(tb testing.TB, dialect string, opts ...Option) *store.DB {
	tb.Helper()
	a := Empty(tb, dialect)
	Migrate(tb, a)
	return Again(tb, a, opts...)
}

// Empty makes a database without tables and tells where it is.
func Empty(tb testing.TB, dialect string) Addresses {
	tb.Helper()
	switch dialect {
	case SQLite:
		dir := tb.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "master.key"), []byte(MasterKey+"\n"), 0o600); err != nil {
			tb.Fatal(err)
		}
		at := "sqlite:" + filepath.Join(dir, "pendopo.db")
		return Addresses{Owner: at, App: at}
	case PostgreSQL:
		notQuick(tb)
		name := schema(tb)
		return Addresses{Owner: address(tb, OwnerRole, name), App: address(tb, AppRole, name), Schema: name}
	}
	tb.Fatalf("testkit: no dialect %q", dialect)
	return Addresses{}
}

// Migrate applies the migrations as the owner and gives the serving role its rights.
func Migrate(tb testing.TB, a Addresses) {
	tb.Helper()
	// Not tb.Context: a Cleanup of the test may migrate as well.
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: a.Owner, Models: Models, ReadConns: 2})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	m, err := store.NewMigrator(db, migrations.Files)
	if err == nil {
		_, err = m.Up(ctx, AppRole)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Again opens a database once more, as another process of the service would.
func Again(tb testing.TB, a Addresses, opts ...Option) *store.DB {
	tb.Helper()
	cfg := store.Config{URL: a.App, Models: Models, ReadConns: 8}
	for _, opt := range opts {
		opt(&cfg)
	}
	db, err := store.Open(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	UseMasterKey(db)
	addresses.Store(db, a)
	tb.Cleanup(func() {
		addresses.Delete(db)
		if err := db.Close(); err != nil {
			tb.Errorf("testkit: close: %v", err)
		}
	})
	return db
}

// Each runs a test on both databases, at the same time. scripts/test quick leaves PostgreSQL out, as a
// test that is skipped; nothing else does.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB), opts ...Option) {
	t.Helper()
	for _, dialect := range []string{SQLite, PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			fn(t, Open(t, dialect, opts...))
		})
	}
}
