package store_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/migrations"
)

var dialects = []string{testkit.SQLite, testkit.PostgreSQL}

// owner opens a database that has no tables yet, as who migrates it.
func owner(t *testing.T, a testkit.Addresses) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: a.Owner, Models: testkit.Models, ReadConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func migrator(t *testing.T, db *store.DB) *store.Migrator {
	t.Helper()
	m, err := store.NewMigrator(db, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMigrate(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			a := testkit.Empty(t, dialect)
			m := migrator(t, owner(t, a))
			all, err := m.Pending(t.Context())
			if err != nil || len(all) == 0 || all[0] != "0001_house" {
				t.Fatalf("pending: %v %v", all, err)
			}
			done, err := m.Up(t.Context(), testkit.AppRole)
			if err != nil || !slices.Equal(done, all) {
				t.Errorf("applied %v of %v: %v", done, all, err)
			}
			if left, err := m.Pending(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("still pending: %v %v", left, err)
			}
			if again, err := m.Up(t.Context(), testkit.AppRole); err != nil || len(again) != 0 {
				t.Errorf("applied again: %v %v", again, err)
			}
			// Who serves can tell what is missing, too.
			if left, err := migrator(t, testkit.Again(t, a)).Pending(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("seen by the serving role: %v %v", left, err)
			}
		})
	}
}

// Several processes start at once, as the replicas of a deployment do: each migration is applied once.
func TestMigrateAtOnce(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			a := testkit.Empty(t, dialect)
			var mu sync.Mutex
			var applied []string
			var wait sync.WaitGroup
			for range 4 {
				m := migrator(t, owner(t, a))
				wait.Go(func() {
					done, err := m.Up(t.Context(), testkit.AppRole)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					applied = append(applied, done...)
					mu.Unlock()
				})
			}
			wait.Wait()
			slices.Sort(applied)
			if one := slices.Compact(slices.Clone(applied)); len(applied) == 0 || len(one) != len(applied) {
				t.Errorf("applied %v", applied)
			}
			if left, err := migrator(t, testkit.Again(t, a)).Pending(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("still pending: %v %v", left, err)
			}
		})
	}
}

// Who migrates waits for another who does so longer than for a lock, and no connection of the pool keeps that: the
// migrations, and all that comes after, wait as long as any statement.
func TestMigrateWaitsForOthersOnly(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := owner(t, testkit.Empty(t, testkit.PostgreSQL))
	m, err := store.NewMigrator(db, fstest.MapFS{"postgres/0001_one.tx.up.sql": {Data: []byte(
		"create table one as select current_setting('lock_timeout') as waits;")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(ctx, ""); err != nil {
		t.Fatal(err)
	}
	var during string
	if err := db.Writer().QueryRowContext(ctx, "select waits from one").Scan(&during); err != nil || during != "8s" {
		t.Errorf("a migration waits %s, %v", during, err)
	}
	for range 4 { // all at once, so that each is another one
		conn, err := db.Writer().Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var after string
		if err := conn.QueryRowContext(ctx, "show lock_timeout").Scan(&after); err != nil || after != "8s" {
			t.Errorf("a connection waits %s afterwards, %v", after, err)
		}
	}
}

// A migration that fails half-way leaves nothing, is not taken for applied, and runs once it is mended.
func TestMigrateFailsAsAWhole(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db := owner(t, testkit.Empty(t, dialect))
			files := func(second string) fstest.MapFS {
				return fstest.MapFS{
					dialect + "/0001_one.tx.up.sql": {Data: []byte("create table one (id integer);")},
					dialect + "/0002_two.tx.up.sql": {Data: []byte("create table two (id integer);\n" + second)},
				}
			}
			up := func(second string) ([]string, error) {
				m, err := store.NewMigrator(db, files(second))
				if err != nil {
					t.Fatal(err)
				}
				return m.Up(t.Context(), "")
			}
			if _, err := up("insert into nothing values (1);"); err == nil {
				t.Fatal("the wrong migration was applied")
			}
			if done, err := up("create table three (id integer);"); err != nil || !slices.Equal(done, []string{"0002_two"}) {
				t.Errorf("mended: %v %v", done, err)
			}
		})
	}
}

func TestMigrateForAWrongRole(t *testing.T) {
	db := owner(t, testkit.Empty(t, testkit.PostgreSQL))
	for role, want := range map[string]string{
		"nobody_here":                `create role "nobody_here" login`,
		testkit.OwnerRole:            "cannot be the role that serves",
		`x"; drop table tenants; --`: `create role "x""; drop table tenants; --" login`,
		"Pendopo":                    `create role "Pendopo" login`,
	} {
		if _, err := migrator(t, db).Up(t.Context(), role); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", role, err, want)
		}
	}
}
