package app_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// Who is taken out of the manifest and put back begins anew: nothing that they, or somebody with their phone, signed in
// with before opens anything.
func TestWhoComesBackBeginsAnew(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		prov, err := app.NewProvisioner(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		region := oneSeries("19.01", "WIB")
		apply := func() tenant.Result {
			t.Helper()
			res, err := prov.Apply(t.Context(), region, tenant.Options{Actor: "system:test"})
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		first := apply()
		who := slices.IndexFunc(region.Staff, func(p tenants.Person) bool { return p.Role == tenants.RoleOfficer })
		email := region.Staff[who].Email
		account := first.Accounts[slices.IndexFunc(first.Accounts, func(a tenant.Account) bool { return a.Email == email })]
		reg := tenant.NewRegistry(db, "localhost", nil)
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		here, _ := reg.ByCode(region.Code)
		door := auth.New(db, auth.Options{})
		from := auth.From{IP: netip.MustParseAddr("203.0.113.7")}
		s, err := door.SignIn(t.Context(), here, email, account.Password, auth.Bearer, from)
		if err != nil {
			t.Fatal(err)
		}
		e, err := door.StartTOTP(t.Context(), here, s.Actor)
		if err != nil {
			t.Fatal(err)
		}
		var now string
		err = db.View(t.Context(), here.ID, func(_ context.Context, tx *store.Tx) error {
			now = testkit.AppCode(t, e.Secret, tx.Now())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := door.ConfirmTOTP(t.Context(), here, s.Actor, now, from)
		if err != nil {
			t.Fatal(err)
		}
		staff := slices.Clone(region.Staff)
		region.Staff = slices.Delete(slices.Clone(staff), who, who+1)
		apply()
		if f, err := door.FactorsOf(t.Context(), here, s.Actor.UserID); err != nil || f != (auth.Factors{}) {
			t.Errorf("gone, and left: %+v %v", f, err)
		}
		// As if a process of before this rule had left them.
		err = db.In(t.Context(), here.ID, func(ctx context.Context, tx *store.Tx) error { return testkit.GiveFactor(ctx, tx, s.Actor.UserID) })
		if err != nil {
			t.Fatal(err)
		}
		region.Staff = staff
		back := apply()
		if len(back.Accounts) != 1 || back.Accounts[0].Email != email {
			t.Fatalf("%+v", back.Accounts)
		}
		if _, err := auth.New(db, auth.Options{}).Resolve(t.Context(), here, after.Token, auth.Bearer); !fault.Is(err, "auth.session") {
			t.Errorf("the session of before: %v", err)
		}
		if f, err := door.FactorsOf(t.Context(), here, s.Actor.UserID); err != nil || f != (auth.Factors{}) {
			t.Errorf("back, and has: %+v %v", f, err)
		}
		if _, err := door.SignIn(t.Context(), here, email, back.Accounts[0].Password, auth.Bearer, from); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

// Somebody whom a demo's database has not, or no more, keeps nobody after them from their app.
func TestADemoGivesEverybodyTheirFactor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		region := oneSeries("19.01", "WIB")
		prov, err := app.NewProvisioner(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		res, err := prov.Apply(t.Context(), region, tenant.Options{Actor: "system:test", Demo: true})
		if err != nil {
			t.Fatal(err)
		}
		missing := tenants.Person{Email: "belum@contoh.test", Name: "Belum Ada", Role: tenants.RoleAdmin}
		region.Staff = append([]tenants.Person{missing}, region.Staff...)
		if err := app.GiveFactors(t.Context(), db, res.Tenant, region); err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), res.Tenant.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[struct {
				N int `bun:"n"`
			}](ctx, tx, store.From{"totps"}, "select count(*) as n from totps")
			if err == nil && rows[0].N != 1 {
				t.Errorf("%d apps for one administrator", rows[0].N)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// The command line is the way back for somebody who is suspended, and says so to whoever sets their password.
func TestTheWayBackOfAnAccount(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		region := oneSeries("19.01", "WIB")
		prov, err := app.NewProvisioner(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		res, err := prov.Apply(t.Context(), region, tenant.Options{Actor: "system:test"})
		if err != nil {
			t.Fatal(err)
		}
		const email = "loket1@contoh.test"
		run := func(want string, args ...string) {
			t.Helper()
			if out, err := pendopo(t, db, append([]string{"tenant"}, args...)...); err != nil || !strings.Contains(out, want) {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		}
		run("tidak dibekukan", "account", "19.01", email, "resume")
		var who *tenant.User
		err = db.View(t.Context(), res.Tenant.ID, func(ctx context.Context, tx *store.Tx) error {
			who, err = tenant.UserByEmail(ctx, tx, email)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		here := &tenant.Tenant{ID: res.Tenant.ID, Scope: tenant.ScopeOf("19.01")}
		by := authz.NewActor(authz.Identity{System: "system:test"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
		if err := auth.New(db, auth.Options{}).Suspend(t.Context(), here, by, who.ID, "cuti"); err != nil {
			t.Fatal(err)
		}
		run("pendopo tenant account 19.01 "+email+" resume", "password", "19.01", email)
		run("sudah dipulihkan", "account", "19.01", strings.ToUpper(email), "resume")
		if out, err := pendopo(t, db, "tenant", "account", "19.01", email, "suspend"); err == nil || !strings.Contains(out, "hanya resume") {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := pendopo(t, db, "tenant", "account", "19.01", "loket11@contoh.test", "resume"); err == nil || !strings.Contains(out, email) {
			t.Errorf("a mistyped address: %v\n%s", err, out)
		}
	})
}
