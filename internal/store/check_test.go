package store_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func TestCheckIsolation(t *testing.T) {
	t.Parallel()
	sqlite := testkit.Open(t, testkit.SQLite)
	if f, err := sqlite.CheckIsolation(t.Context()); err != nil || len(f) > 0 {
		t.Errorf("sqlite: %v %v", f, err)
	}
	db := testkit.Open(t, testkit.PostgreSQL)
	check := func(db *store.DB, want ...string) {
		t.Helper()
		found, err := db.CheckIsolation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range found {
			text += f.String() + "\n"
			if f.Mend == "" {
				t.Errorf("no word on how to mend: %s", f)
			}
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q is missing in\n%s", w, text)
			}
		}
		if len(want) == 0 && text != "" {
			t.Errorf("found\n%s", text)
		}
	}
	check(db)
	a := testkit.URLs(db)
	check(testkit.Again(t, testkit.Addresses{App: a.Owner}), `role "pendopo_owner" owns table "venues"`)
	super, err := store.Open(t.Context(), store.Config{URL: testkit.Postgres(t), Schema: a.Schema, Models: testkit.Models})
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close()
	check(super, "is a superuser or has BYPASSRLS")

	rawExec(t, db, "grant update (record) on audit to "+testkit.AppRole, "grant truncate on system_log to "+testkit.AppRole)
	check(db, `role "pendopo_app" may change or delete records in "audit"`, `in "system_log"`)
	rawExec(t, db, "revoke update (record) on audit from "+testkit.AppRole, "revoke truncate on system_log from "+testkit.AppRole)
	check(db)
	rawExec(t, db, "alter table venues no force row level security")
	check(db, `table "venues" holds tenants' rows without row level security`, "isolate_by_tenant")
	rawExec(t, db, "alter table venues force row level security", "drop policy tenant on zones")
	check(db, `table "zones"`, "policies 0")
	rawExec(t, db, "select isolate_by_tenant('zones')")
	check(db)
	rawExec(t, db, "create policy everything on zones using (true)")
	check(db, `table "zones" has a policy that isolate_by_tenant did not make`)
	rawExec(t, db, "drop policy everything on zones", "drop policy tenant on zones", "create policy tenant on zones using (true or current_setting('app.tenant_id') is null)")
	check(db, `table "zones" has a policy that isolate_by_tenant did not make`)
	rawExec(t, db, "drop policy tenant on zones", "select isolate_by_tenant('zones')", "create table extra (tenant_id uuid not null)")
	check(db, `table "extra"`)
	rawExec(t, db, "drop table extra", "drop table closures")
	check(db, "tables are missing: closures", "pendopo migrate")
}

// What the error offers for the variable is what the configuration takes.
func TestOpenNamesWhatAnOperatorMaySet(t *testing.T) {
	_, err := store.Open(t.Context(), store.Config{URL: "mysql://u:geheim@x"})
	if err == nil || !strings.Contains(err.Error(), "postgres://") || strings.Contains(err.Error(), "sqlite:") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
}
