package store_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// asOwner runs a statement past the handle, as who owns the tables.
func asOwner(t *testing.T, db *store.DB, statement string) {
	t.Helper()
	at := testkit.URLs(db)
	if at.Schema != "" {
		if _, err := connect(t, at.Owner).Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		return
	}
	file, err := sql.Open("sqlite", strings.TrimPrefix(at.App, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// Which tables have a tenant's rows the database says, and no list: one that nobody registered is named instead of being
// left out of an archive, and is erased all the same.
func TestATableThatNobodyRegisteredIsNotLeftOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		before, err := db.TenantTables(t.Context())
		if err != nil || !slices.Contains(before, "audit") || before[0] != "tenants" || !slices.Contains(before, "domains") {
			t.Fatal(before, err)
		}
		kind := map[string]string{testkit.SQLite: "text", testkit.PostgreSQL: "uuid"}[db.Dialect()]
		asOwner(t, db, "create table forgotten (tenant_id "+kind+" not null references tenants (id), note text)")
		asOwner(t, db, "insert into forgotten values ('"+a.ID.String()+"', 'x'), ('"+b.ID.String()+"', 'y')")
		nothing := func(string) error { return nil }
		if err := db.Carry(t.Context(), b.ID, nothing, func(string, store.Cells) error { return nil }); err == nil || !strings.Contains(err.Error(), "forgotten") {
			t.Errorf("an archive would be without it: %v", err)
		}
		owner := db
		if db.Dialect() == testkit.PostgreSQL {
			owner = testkit.Again(t, testkit.Addresses{App: testkit.URLs(db).Owner})
		}
		keeper, err := tenant.OpenPlatform(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		erase := func(by *store.DB, of store.TenantID) (map[string]int, error) {
			return by.Erase(t.Context(), store.Erasure{Tenant: of, Reason: "a test", Keeper: keeper.ID, Record: store.Record{Actor: "system:test", Action: "tenant:archive:erase"},
				Also: func(context.Context, *store.SysTx) error { return nil }})
		}
		if db.Dialect() == testkit.PostgreSQL {
			if _, err := erase(db, a.ID); err == nil {
				t.Error("the role that serves erases a region")
			}
		}
		gone, err := erase(owner, a.ID)
		if err != nil || gone["forgotten"] != 1 || gone["tenants"] != 1 {
			t.Errorf("%v %v", gone, err)
		}
		if _, err := erase(owner, a.ID); !fault.Is(err, "not_found") {
			t.Errorf("erased again: %v", err)
		}
		if _, err := erase(owner, keeper.ID); err == nil {
			t.Error("whoever keeps the record is erased")
		}
		gone, err = erase(owner, b.ID)
		if err != nil || gone["forgotten"] != 1 {
			t.Errorf("the other one's rows were %v, %v", gone, err)
		}
	})
}
