//go:build pendopo_layers

package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// sample is who asks where all would take too long: who is nobody, who works at a counter, who runs the mall, and who
// may most. Each route lets at least one of them in.
var sample = []string{public, authz.RoleOfficer, authz.RoleManager, authz.RoleAdmin}

// Each layer alone: the suite once more with one of the four taken out, and nothing leaks. On SQLite without the
// predicate whatever writes is refused by the guard. With the two layers below one another taken out together, the
// suite must find leaks: else it would find none anywhere.
func TestLayerOfRoutes(t *testing.T) {
	predicate := func(t *testing.T, w *world) { store.Scope(false) }
	dropped := map[*world]bool{} // they do not come back
	policies := func(t *testing.T, w *world) {
		if !dropped[w] {
			dropPolicies(t, w.db)
			dropped[w] = true
		}
	}
	for _, c := range []struct {
		name, dialect    string
		remove           []func(*testing.T, *world)
		noGuard          bool
		refuses, leaking bool
	}{
		{name: "without the predicate", dialect: testkit.SQLite, remove: []func(*testing.T, *world){predicate}, refuses: true},
		{name: "without the predicate", dialect: testkit.PostgreSQL, remove: []func(*testing.T, *world){predicate}},
		{name: "without the policies", dialect: testkit.PostgreSQL, remove: []func(*testing.T, *world){policies}},
		{name: "without SQLite's guard", dialect: testkit.SQLite, noGuard: true},
		{name: "without the binding", dialect: testkit.SQLite, remove: []func(*testing.T, *world){func(*testing.T, *world) { auth.Bind(false) }}},
		{name: "without the binding", dialect: testkit.PostgreSQL, remove: []func(*testing.T, *world){func(*testing.T, *world) { auth.Bind(false) }}},
		{name: "without the predicate and the guard", dialect: testkit.SQLite, remove: []func(*testing.T, *world){predicate}, noGuard: true, refuses: true, leaking: true},
		{name: "without the predicate and the policies", dialect: testkit.PostgreSQL, remove: []func(*testing.T, *world){predicate, policies}, refuses: true, leaking: true},
	} {
		t.Run(c.dialect+" "+c.name, func(t *testing.T) {
			whole := func() { store.Scope(true); auth.Bind(true) }
			t.Cleanup(func() { whole(); store.Guard(true) })
			store.Guard(!c.noGuard)
			w := newWorld(t, testkit.Open(t, c.dialect))
			j := newJudge(w)
			j.roles, j.refuses = sample, c.refuses
			remove := func() {
				for _, r := range c.remove {
					r(t, w)
				}
			}
			j.whole = func(make func()) {
				whole()
				make()
				if len(c.remove) > 0 {
					remove()
				}
			}
			remove()
			routes, cases := w.ap.Web.Routes(), routeCases
			if c.leaking { // some are enough
				some := []string{"GET /antrean/:id", "POST /antrean/:id/batal", "GET /api/v1/tickets/:id", "GET /petugas/meja-depan/nomor/:id", "GET /petugas/orang/:id"}
				cases = slices.DeleteFunc(slices.Clone(cases), func(c routeCase) bool { return !slices.Contains(some, c.route) })
				routes = slices.DeleteFunc(routes, func(r web.Route) bool { return !slices.Contains(some, nameOf(r)) })
			}
			j.run(t, routes, cases)
			if !c.leaking {
				j.report(t)
				if c.refuses {
					t.Logf("%d times the guard refused", j.guarded)
					if n := strings.Count(w.log.String(), "because it is a view"); n < j.guarded || j.guarded == 0 {
						t.Errorf("the guard refused %d times, and %d answers were errors", n, j.guarded)
					}
				}
				return
			}
			leaks := 0
			for _, f := range j.findings {
				if strings.Contains(f.says, "of the other region") || strings.Contains(f.says, "have changed") {
					leaks++
				}
			}
			t.Logf("%d leaks are found", leaks)
			if leaks == 0 {
				t.Error("two layers are gone and the suite finds no leak")
			}
		})
	}
}

// dropPolicies takes row level security out of a test's database.
func dropPolicies(t *testing.T, db *store.DB) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, table := range db.OwnedTables() {
		name := testkit.URLs(db).Schema + "." + table
		for _, s := range []string{"alter table " + name + " no force row level security", "alter table " + name + " disable row level security", "drop policy if exists tenant on " + name} {
			if _, err := conn.Exec(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
}
