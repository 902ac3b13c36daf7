package onboarding_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// letters notes what is written, and makes the link that a letter would carry.
type letters struct {
	mu    sync.Mutex
	wrote []string
	claim id.ID
}

func (l *letters) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrote = append(l.wrote, text)
}

func (l *letters) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.wrote)
}

func (l *letters) Invite(_ context.Context, _ *store.Tx, user id.ID, _ string) error {
	l.note("invite " + user.String())
	return nil
}

func (l *letters) Claim(_ context.Context, _ *store.Tx, claim id.ID, kind string) error {
	l.claim = claim
	l.note(kind)
	return nil
}

func (l *letters) Waiting(_ context.Context, _ *store.Tx, user id.ID, region string) error {
	l.note("waiting " + user.String() + " " + region)
	return nil
}

type world struct {
	db      *store.DB
	clock   *testkit.Clock
	reg     *tenant.Registry
	svc     *onboarding.Service
	prov    *tenant.Provisioner
	letters *letters
}

func newWorld(t *testing.T, db *store.DB, clock *testkit.Clock) *world {
	t.Helper()
	w := &world{db: db, clock: clock, reg: tenant.NewRegistry(db, "localhost", nil), letters: &letters{}}
	if _, err := tenant.OpenPlatform(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := w.reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.prov = &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "", "", nil }}
	w.svc = onboarding.New(db, w.reg, onboarding.Options{Provisioner: w.prov, Letters: w.letters, Officials: []string{"go.id"}})
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	clock := testkit.NewClock(testkit.Morning)
	testkit.Each(t, func(t *testing.T, db *store.DB) { fn(t, newWorld(t, db, clock)) }, testkit.WithClock(clock))
}

// prepared is a region whose people set it up, and two of them.
func (w *world) prepared(t *testing.T, code string) (tn *tenant.Tenant, rina, budi *authz.Actor) {
	t.Helper()
	var first id.ID
	row, err := w.prov.Prepare(t.Context(), code, tenant.Membership{Name: "Rina", Email: "rina@bantulkab.go.id", Role: authz.RoleAdmin}, "system:test",
		func(_ context.Context, _ *store.Tx, g tenant.Given) error { first = g.User; return nil })
	if err != nil {
		t.Fatal(err)
	}
	second := id.New()
	err = w.db.In(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
		return testkit.AddUser(ctx, tx, tenant.User{ID: second, CreatedAt: tx.Now(), Source: tenant.FromPage}, "budi@bantulkab.go.id", "Budi")
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	tn, _ = w.reg.ByCode(code)
	actor := func(user id.ID) *authz.Actor {
		return authz.NewActor(authz.Identity{Tenant: tn.ID, UserID: user}, []authz.Grant{{Role: authz.RoleAdmin, Scope: tn.Scope}})
	}
	return tn, actor(first), actor(second)
}

func (w *world) save(t *testing.T, tn *tenant.Tenant, by *authz.Actor, changes ...onboarding.Change) []onboarding.Result {
	t.Helper()
	out, _, err := w.svc.Save(t.Context(), tn, by, changes)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) draft(t *testing.T, tn *tenant.Tenant) *onboarding.Draft {
	t.Helper()
	d, err := w.svc.Draft(t.Context(), tn)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Two people fill in at once: what they change apart is all kept, and what they change alike is nobody's to overwrite
// unseen.
func TestTwoPeopleFillIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		w.save(t, tn, rina, onboarding.Change{Path: "contact/phone", Value: "(0274) 555"})
		if got := w.save(t, tn, budi, onboarding.Change{Path: "contact/email", Value: "mpp@bantulkab.go.id"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("another field: %+v", got)
		}
		// Budi's page still shows no phone.
		got := w.save(t, tn, budi, onboarding.Change{Path: "contact/phone", Was: "", Value: "(0274) 777"})
		if got[0].Outcome != onboarding.Conflict || got[0].Value != "(0274) 555" || got[0].By != rina.UserID {
			t.Errorf("the same field: %+v", got)
		}
		if f := w.draft(t, tn).Fields; f["contact/phone"] != "(0274) 555" || f["contact/email"] != "mpp@bantulkab.go.id" {
			t.Errorf("kept %v", f)
		}
		// Having seen it, he may; and saying the same as the other is no conflict.
		if got := w.save(t, tn, budi, onboarding.Change{Path: "contact/phone", Was: "(0274) 555", Value: "(0274) 777"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("having seen it: %+v", got)
		}
		if got := w.save(t, tn, rina, onboarding.Change{Path: "contact/phone", Was: "(0274) 555", Value: "(0274) 777"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("the same value: %+v", got)
		}
		// What belongs to something that is gone is not lost silently.
		code, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Kota", tenants.Office)
		if err != nil {
			t.Fatal(err)
		}
		at := "venues/" + code
		if err := w.svc.Remove(t.Context(), tn, rina, at); err != nil {
			t.Fatal(err)
		}
		if got := w.save(t, tn, budi, onboarding.Change{Path: at + "/address", Value: "Jalan Satu"}); got[0].Outcome != onboarding.Gone || got[0].By != rina.UserID {
			t.Errorf("of a venue that is gone: %+v", got)
		}
		if d := w.draft(t, tn); len(d.Fields.Under(at)) > 0 {
			t.Errorf("left of the venue: %v", d.Fields.Under(at))
		}
	})
}

// Many save at once, in several batches: each field has one of the values that were sent, no save is lost, and every
// refusal says what stands there.
func TestManySaveAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		var wg sync.WaitGroup
		var mu sync.Mutex
		saved := map[string][]string{}
		for i := range 8 {
			by := []*authz.Actor{rina, budi}[i%2]
			wg.Go(func() {
				own := fmt.Sprintf("contact/%s", []string{"phone", "email", "website", "complaints"}[i/2])
				value := fmt.Sprint("nilai ", i)
				out, _, err := w.svc.Save(context.Background(), tn, by, []onboarding.Change{{Path: own, Value: value}})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if out[0].Outcome == onboarding.Saved {
					saved[own] = append(saved[own], value)
				} else if out[0].Outcome != onboarding.Conflict || out[0].Value == "" {
					t.Errorf("%+v", out[0])
				}
			})
		}
		wg.Wait()
		f := w.draft(t, tn).Fields
		for path, values := range saved {
			if len(values) != 1 || f[path] != values[0] {
				t.Errorf("%s: saved %v, stands %q", path, values, f[path])
			}
		}
		if len(saved) != 4 {
			t.Errorf("%d fields were saved", len(saved))
		}
	})
}

// Only the set-up's own fields can be changed, and only to what they can be.
func TestWhatCannotBeSaved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		for path, value := range map[string]string{
			"code": "19.01", "timezone": "WIT", "example": "true", "staff/x": "{}", "agencies/dukcapil/sign_in/issuer": "https://x.test",
			"venues/A B/name": "x", "brand/colour": "merah", "venues/a/hours/mon": "pagi", "venues/a/tickets_stop": "-1", "contact/phone": "a\x00b", "organiser": strings.Repeat("x", 2000),
			"../x": "y", "": "z",
		} {
			if got := w.save(t, tn, rina, onboarding.Change{Path: path, Value: value}); got[0].Outcome != onboarding.Refused || got[0].Problem == "" {
				t.Errorf("%s = %.20q: %+v", path, value, got[0])
			}
		}
		if d := w.draft(t, tn); len(d.Changed) > 0 {
			t.Errorf("changed %v", d.Changed)
		}
	})
}

// From nothing to a region that is open: what the screens do, by the service. Who is new is invited, the draft is
// empty afterwards, and what others typed meanwhile stays.
func TestOpening(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		if all := w.svc.Check(w.draft(t, tn)); len(all) == 0 {
			t.Error("nothing is wrong with an empty region")
		}
		if _, err := w.svc.Apply(t.Context(), tn, rina, 0, w.draft(t, tn).Base); !fault.Is(err, "onboarding.wrong") {
			t.Errorf("an empty region: %v", err)
		}
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil", "imigrasi"}); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.ConfirmAll(t.Context(), tn, budi, "dukcapil"); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.TakeProposal(t.Context(), tn, budi, 120, false); err != nil {
			t.Fatal(err)
		}
		people := []tenants.Person{
			{Name: "Sari", Email: "sari@bantulkab.go.id", Role: tenants.RoleOfficer, Agency: "dukcapil"},
			{Name: "Made", Email: "made@bantulkab.go.id", Role: tenants.RoleManager},
		}
		// What one may not give on the page of accounts one does not give here either.
		boss := authz.NewActor(authz.Identity{Tenant: tn.ID, UserID: id.New()}, []authz.Grant{{Role: authz.RoleManager, Scope: tn.Scope}})
		if err := w.svc.AddPeople(t.Context(), tn, boss, []tenants.Person{{Name: "Saya", Email: "saya@bantulkab.go.id", Role: tenants.RoleAdmin}}); !fault.Is(err, "onboarding.not_yours") {
			t.Errorf("a manager makes an administrator: %v", err)
		}
		if err := w.svc.AddPeople(t.Context(), tn, rina, []tenants.Person{{Name: "Budi", Email: "budi@bantulkab.go.id", Role: tenants.RoleManager}}); !fault.Is(err, "invalid") {
			t.Errorf("somebody who has an account: %v", err)
		}
		if err := w.svc.AddPeople(t.Context(), tn, rina, people); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.AddPeople(t.Context(), tn, rina, people[:1]); !fault.Is(err, "invalid") {
			t.Errorf("somebody twice: %v", err)
		}
		d := w.draft(t, tn)
		for _, x := range w.svc.Check(d) {
			if !x.Warning {
				t.Errorf("wrong: %s: %s", x.Path, x.TextEN)
			}
		}
		if _, err := w.svc.Apply(t.Context(), tn, rina, d.Version-1, d.Base); !fault.Is(err, "onboarding.moved") {
			t.Errorf("an old version: %v", err)
		}
		res, err := w.svc.Apply(t.Context(), tn, rina, d.Version, d.Base)
		if err != nil {
			t.Fatal(err)
		}
		if !res.Opened || len(res.Accounts) != 2 {
			t.Errorf("opened %v, %d accounts", res.Opened, len(res.Accounts))
		}
		n := 0
		for _, x := range w.letters.all() {
			if strings.HasPrefix(x, "invite ") {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d invitations: %v", n, w.letters.all())
		}
		open, _ := w.reg.ByCode("34.02")
		if open.State != tenant.Active || len(open.Region.Agencies) != 2 || len(open.Region.Agencies[0].Counters) == 0 {
			t.Errorf("the region: %s %+v", open.State, open.Region)
		}
		if d := w.draft(t, open); len(d.Changed) > 0 || d.Fields["venues/balai-pelayanan/name"] != "Balai Pelayanan" {
			t.Errorf("left of the draft: %v", d.Changed)
		}
		// Afterwards a change is a draft again, and the manifest is what it was until it is applied.
		w.save(t, open, budi, onboarding.Change{Path: "contact/phone", Value: "112"})
		if now, _ := w.reg.ByCode("34.02"); now.Region.Contact.Phone != "" {
			t.Errorf("in force already: %s", now.Region.Contact.Phone)
		}
		plan, err := w.svc.Plan(t.Context(), w.draft(t, open))
		if err != nil || len(plan.Changes) != 1 || plan.Changes[0].New != "112" {
			t.Errorf("plan: %+v %v", plan, err)
		}
		if err := w.svc.Discard(t.Context(), open, budi); err != nil {
			t.Fatal(err)
		}
		if d := w.draft(t, open); len(d.Changed) > 0 || d.Fields["contact/phone"] != "" {
			t.Errorf("after taking back: %v", d.Changed)
		}
	})
}

// What was taken away on the page of accounts stays away when settings are applied; and a draft that was looked at before
// somebody applied a folder is not applied over it.
func TestAnApplyGivesNothingBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		region := tenants.Region{
			Code: "34.02", Timezone: "WIB", Organiser: "DPMPTSP",
			Venues: []tenants.Venue{{Code: "balai", Name: "Balai", Kind: tenants.Office, Hours: []tenants.Hours{{Days: "mon-fri", Open: "08:00", Close: "15:00"}}}},
			Staff: []tenants.Person{
				{Email: "made@bantulkab.go.id", Name: "Made", Role: tenants.RoleManager}, {Email: "wati@bantulkab.go.id", Name: "Wati", Role: tenants.RoleFrontOffice},
			},
		}
		if _, err := w.prov.Apply(t.Context(), &region, tenant.Options{Actor: "system:test"}); err != nil {
			t.Fatal(err)
		}
		if err := w.reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		tn, _ := w.reg.ByCode("34.02")
		admin := authz.NewActor(authz.Identity{Tenant: tn.ID, UserID: id.New()}, []authz.Grant{{Role: authz.RoleAdmin, Scope: tn.Scope}})
		err := w.db.In(t.Context(), tn.ID, func(ctx context.Context, tx *store.Tx) error {
			made, err := tenant.UserByEmail(ctx, tx, "made@bantulkab.go.id")
			if err != nil {
				return err
			}
			if _, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ?", made.ID); err != nil {
				return err
			}
			_, err = store.Update[tenant.User](tx).Set("retired = true").Where("id = ?", made.ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.save(t, tn, admin, onboarding.Change{Path: "contact/phone", Value: "112"})
		seen := w.draft(t, tn)
		other := region
		other.Organiser = "Sekretariat Daerah"
		if _, err := w.prov.Apply(t.Context(), &other, tenant.Options{Actor: "system:test"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.svc.Apply(t.Context(), tn, admin, seen.Version, seen.Base); !fault.Is(err, "onboarding.moved") {
			t.Errorf("over a folder that was applied meanwhile: %v", err)
		}
		again := w.draft(t, tn)
		if again.Fields["organiser"] != "Sekretariat Daerah" || again.Fields["contact/phone"] != "112" {
			t.Errorf("the draft: %v", again.Fields)
		}
		// The folder gave Made back; the page takes it again.
		err = w.db.In(t.Context(), tn.ID, func(ctx context.Context, tx *store.Tx) error {
			made, err := tenant.UserByEmail(ctx, tx, "made@bantulkab.go.id")
			if err != nil {
				return err
			}
			if _, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ?", made.ID); err != nil {
				return err
			}
			_, err = store.Update[tenant.User](tx).Set("retired = true").Where("id = ?", made.ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		res, err := w.svc.Apply(t.Context(), tn, admin, again.Version, again.Base)
		if err != nil || len(res.Accounts) != 0 {
			t.Fatalf("apply: %+v %v", res.Accounts, err)
		}
		err = w.db.View(t.Context(), tn.ID, func(ctx context.Context, tx *store.Tx) error {
			for email, retired := range map[string]bool{"made@bantulkab.go.id": true, "wati@bantulkab.go.id": false} {
				u, err := tenant.UserByEmail(ctx, tx, email)
				if err != nil {
					return err
				}
				if u.Retired != retired {
					t.Errorf("%s: retired %v", email, u.Retired)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A part of a standard that is changed makes the standard the region's own, with the rest as the catalogue has it; and
// looking at it and sending it back changes nothing.
func TestAPartOfAStandard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		if err := w.svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil"}); err != nil {
			t.Fatal(err)
		}
		at := "agencies/dukcapil/services/ktp-baru/standard/"
		before := w.draft(t, tn)
		if got := w.save(t, tn, rina, onboarding.Change{Path: at + "fee", Was: "Gratis", Value: "Gratis"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("the same: %+v", got)
		}
		if after := w.draft(t, tn); after.Version != before.Version {
			t.Errorf("nothing was changed, and the version moved to %d", after.Version)
		}
		if got := w.save(t, tn, rina, onboarding.Change{Path: at + "fee", Was: "Gratis", Value: "Rp10.000"}); got[0].Outcome != onboarding.Saved {
			t.Fatalf("the fee: %+v", got)
		}
		region, _ := w.draft(t, tn).Region()
		i := slices.IndexFunc(region.Agencies[0].Services, func(s tenants.Service) bool { return s.Code == "ktp-baru" })
		std := region.Agencies[0].Services[i].Standard
		if std == nil || std.Fee != "Rp10.000" || len(std.Requirements) == 0 || std.Time == "" {
			t.Errorf("the standard: %+v", std)
		}
	})
}

// A region is asked for, proven, confirmed by its province's own, and prepared; an address that is not official, a
// region that is here, a link that is old and a claim of another province are refused.
func TestClaims(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		wish := onboarding.Wish{Region: "34.02", Name: "Rina Puspita", Post: "Pranata Komputer", Email: "Rina@BantulKab.go.id ", Locale: "id"}
		for field, bad := range map[string]onboarding.Wish{
			"email": {Region: "34.02", Name: "R", Post: "P", Email: "rina@gmail.com"}, "region": {Region: "99.99", Name: "R", Post: "P", Email: "r@x.go.id"},
			"name": {Region: "34.02", Post: "P", Email: "r@x.go.id"}, "post": {Region: "34.02", Name: "R", Email: "r@x.go.id"},
		} {
			err := w.svc.Ask(t.Context(), bad)
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := w.svc.Ask(t.Context(), wish); err != nil {
			t.Fatal(err)
		}
		babel := overseer(w, authz.RoleProvinceOverseer, "id/19")
		yogya := overseer(w, authz.RoleProvinceOverseer, "id/34")
		waits := func(by *authz.Actor) []onboarding.Claim {
			t.Helper()
			waiting, _, err := w.svc.Claims(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			return waiting
		}
		if got := waits(yogya); len(got) > 0 {
			t.Errorf("before the address is proven: %+v", got)
		}
		token := w.token(t)
		if c, err := w.svc.Proof(t.Context(), token); err != nil || c.Name != "Rina Puspita" || c.Email != "rina@bantulkab.go.id" {
			t.Errorf("the link: %+v %v", c, err)
		}
		if _, err := w.svc.Proof(t.Context(), token+"x"); !fault.Is(err, "onboarding.link") {
			t.Errorf("another link: %v", err)
		}
		w.give(t, "biro@diy.go.id", authz.RoleProvinceOverseer, "id/34")
		if _, err := w.svc.Prove(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, err := w.svc.Prove(t.Context(), token); err != nil { // pressed twice
			t.Errorf("again: %v", err)
		}
		told := 0
		for _, x := range w.letters.all() {
			if strings.HasPrefix(x, "waiting ") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d letters to who confirms", told)
		}
		if got := waits(babel); len(got) > 0 {
			t.Errorf("another province sees it: %+v", got)
		}
		got := waits(yogya)
		if len(got) != 1 || got[0].Region.Code != "34.02" {
			t.Fatalf("waiting: %+v", got)
		}
		if _, err := w.svc.Confirm(t.Context(), babel, got[0].ID); !fault.Is(err, "not_found") {
			t.Errorf("another province confirms: %v", err)
		}
		if err := w.svc.Refuse(t.Context(), yogya, got[0].ID, " "); !fault.Is(err, "invalid") {
			t.Errorf("without a reason: %v", err)
		}
		// Two press at once: one region.
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 2 {
			wg.Go(func() {
				_, err := w.svc.Confirm(context.Background(), yogya, got[0].ID)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !fault.Is(err, "not_found") {
					t.Errorf("confirm: %v", err)
				}
			})
		}
		wg.Wait()
		tn, here := w.reg.ByCode("34.02")
		if done != 1 || !here || tn.State != tenant.Preparing {
			t.Fatalf("confirmed %d times, %+v", done, tn)
		}
		if err := w.svc.Ask(t.Context(), wish); !fault.Is(err, "onboarding.here") {
			t.Errorf("a region that is here: %v", err)
		}
		if err := w.svc.Ask(t.Context(), onboarding.Wish{Region: "34.01", Name: "R", Post: "P", Email: "rina@bantulkab.go.id"}); err != nil {
			t.Errorf("another region: %v", err)
		}
		old := w.token(t)
		w.clock.Advance(25 * time.Hour)
		defer w.clock.Set(testkit.Morning)
		if _, err := w.svc.Prove(t.Context(), old); !fault.Is(err, "onboarding.link") {
			t.Errorf("an old link: %v", err)
		}
	})
}

// claimRow mirrors what is written of a claim when it is confirmed.
type claimRow struct {
	bun.BaseModel `bun:"table:claims,alias:claim"`
	store.Owned
	ID        id.ID            `bun:"id,pk"`
	State     onboarding.State `bun:"state"`
	DecidedAt time.Time        `bun:"decided_at,nullzero"`
}

// A process that ends between confirming a claim and making its region leaves a claim that can be confirmed again, after a
// moment; one whose region is here stays decided.
func TestAClaimSurvivesACrash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		defer w.clock.Set(testkit.Morning)
		if err := w.svc.Ask(t.Context(), onboarding.Wish{Region: "34.02", Name: "Rina", Post: "Staf", Email: "rina@bantulkab.go.id"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.svc.Prove(t.Context(), w.token(t)); err != nil {
			t.Fatal(err)
		}
		yogya := overseer(w, authz.RoleProvinceOverseer, "id/34")
		listed := func() (waiting, decided []onboarding.Claim) {
			t.Helper()
			waiting, decided, err := w.svc.Claims(t.Context(), yogya)
			if err != nil {
				t.Fatal(err)
			}
			return waiting, decided
		}
		waiting, _ := listed()
		which := waiting[0].ID
		p, _ := w.reg.Platform()
		err := w.db.In(t.Context(), p.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[claimRow](tx).Set("state = ?", onboarding.Confirmed).Set("decided_at = ?", tx.Now()).Where("id = ?", which).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if waiting, _ := listed(); len(waiting) > 0 {
			t.Error("it waits again while its region may still be made")
		}
		if _, err := w.svc.Confirm(t.Context(), yogya, which); !fault.Is(err, "not_found") {
			t.Errorf("confirmed again at once: %v", err)
		}
		w.clock.Advance(2 * time.Minute)
		if waiting, _ := listed(); len(waiting) != 1 {
			t.Error("it does not wait again")
		}
		if _, err := w.svc.Confirm(t.Context(), yogya, which); err != nil {
			t.Fatalf("confirmed again: %v", err)
		}
		if _, here := w.reg.ByCode("34.02"); !here {
			t.Error("the region is not there")
		}
		w.clock.Advance(2 * time.Minute)
		letters := len(w.letters.all())
		if _, err := w.svc.Confirm(t.Context(), yogya, which); !fault.Is(err, "onboarding.here") {
			t.Errorf("confirmed once more: %v", err)
		}
		waiting, decided := listed()
		if len(waiting) > 0 || len(decided) != 1 || decided[0].State != onboarding.Confirmed || len(w.letters.all()) != letters {
			t.Errorf("after that: %d wait, decided %+v, %d letters more", len(waiting), decided, len(w.letters.all())-letters)
		}
	})
}

// Nobody can make us write to a mailbox again and again.
func TestLettersAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		wish := onboarding.Wish{Region: "34.02", Name: "Rina", Post: "Staf", Email: "rina@bantulkab.go.id"}
		var last error
		for range 5 {
			last = w.svc.Ask(t.Context(), wish)
		}
		if f := fault.Of(last); f == nil || f.Code != "onboarding.letters" || f.RetryAfter <= 0 {
			t.Errorf("the fifth: %v", last)
		}
		if n := len(w.letters.all()); n != 3 {
			t.Errorf("%d letters", n)
		}
	})
}

func overseer(w *world, role, scope string) *authz.Actor {
	p, _ := w.reg.Platform()
	return authz.NewActor(authz.Identity{Tenant: p.ID, UserID: id.New()}, []authz.Grant{{Role: role, Scope: scope}})
}

// give gives somebody a role on the platform.
func (w *world) give(t *testing.T, email, role, scope string) {
	t.Helper()
	_, err := w.prov.GivePlatform(t.Context(), tenant.Membership{Name: "Biro", Email: email, Role: role, Scope: scope}, "system:test",
		func(context.Context, *store.Tx, tenant.Given) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// token makes the link of the letter that was written last.
func (w *world) token(t *testing.T) (token string) {
	t.Helper()
	p, _ := w.reg.Platform()
	err := w.db.In(t.Context(), p.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		token, _, _, _, err = onboarding.ProofOf(ctx, tx, w.letters.claim)
		return err
	})
	if err != nil || token == "" {
		t.Fatalf("no link: %v", err)
	}
	return token
}
