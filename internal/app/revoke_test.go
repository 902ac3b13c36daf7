package app_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// What is taken away in one process is taken away in the others: a role by an apply or on the page, an account by a suspension or a removal,
// while the person's session goes on being used. A process believes what it has read for half a second (auth.fresh);
// how long it took is logged, and a limit far above that only keeps the test from waiting for ever.
func TestWhatIsTakenAwayIsGoneInOtherProcesses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := oneSeries("19.05", "WIB")
		row := apply(t, db, r)
		server := siteOf(testkit.Serve(t, []string{"serve"}, serveEnv(db)...), row.Slug)
		gone := func(what string, email string, take func()) {
			t.Helper()
			s := *server
			s.signIn(t, email)
			if status, err := s.do("GET", "/api/v1/counters", "", nil, nil); err != nil {
				t.Fatalf("%s: %d %v", what, status, err)
			}
			take()
			began := time.Now()
			for {
				status, _ := s.do("GET", "/api/v1/counters", "", nil, nil)
				if status == http.StatusForbidden || status == http.StatusUnauthorized {
					t.Logf("%s: refused with %d after %v", what, status, time.Since(began).Round(time.Millisecond))
					return
				}
				if time.Since(began) > 30*time.Second {
					t.Fatalf("%s: still allowed: %d", what, status)
				}
			}
		}
		gone("a role", "loket1@contoh.test", func() {
			at := slices.IndexFunc(r.Staff, func(p tenants.Person) bool { return p.Email == "loket1@contoh.test" })
			r.Staff[at].Role, r.Staff[at].Agency, r.Staff[at].Counters = tenants.Role(authz.RoleProvinceOverseer), "", nil
			apply(t, db, r)
		})
		gone("a person", "loket2@contoh.test", func() {
			r.Staff = slices.DeleteFunc(r.Staff, func(p tenants.Person) bool { return p.Email == "loket2@contoh.test" })
			apply(t, db, r)
		})
		gone("an account", "loket3@contoh.test", func() {
			here, by, officer := people(t, db, row, "loket3@contoh.test")
			if err := auth.New(db, auth.Options{}).Suspend(t.Context(), here, by, officer, "uji"); err != nil {
				t.Fatal(err)
			}
		})
		gone("a role, on the page", "loket4@contoh.test", func() {
			here, by, officer := people(t, db, row, "loket4@contoh.test")
			err := db.In(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error { // who keeps something may still sign in
				return store.Insert(ctx, tx, &tenant.Grant{UserID: officer, Role: authz.RoleProvinceOverseer, Scope: "id/19"})
			})
			if err != nil {
				t.Fatal(err)
			}
			changed, err := auth.New(db, auth.Options{}).Take(t.Context(), here, by, officer, auth.Post{Role: authz.RoleOfficer, Agency: "dukcapil"})
			if err != nil || !changed {
				t.Fatal(changed, err)
			}
		})
		gone("a person, on the page", "loket5@contoh.test", func() {
			here, by, officer := people(t, db, row, "loket5@contoh.test")
			if err := auth.New(db, auth.Options{}).Remove(t.Context(), here, by, officer); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// people are the region, its administrator and somebody who is known by their e-mail.
func people(t *testing.T, db *store.DB, row tenant.Row, email string) (here *tenant.Tenant, by *authz.Actor, who id.ID) {
	t.Helper()
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	here, _ = reg.ByCode(row.Code)
	err := db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
		admin, err := tenant.UserByEmail(ctx, tx, "ti@contoh.test")
		if err != nil {
			return err
		}
		by = authz.NewActor(authz.Identity{UserID: admin.ID}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
		other, err := tenant.UserByEmail(ctx, tx, email)
		if err == nil {
			who = other.ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return here, by, who
}
