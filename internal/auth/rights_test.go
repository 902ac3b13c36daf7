package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// second gives the region another agency, imigrasi, with a counter.
func (w *world) second(t *testing.T) (counter id.ID) {
	t.Helper()
	counter = newID()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		agency := &tenant.AgencyRow{ID: newID(), Code: "imigrasi", Name: "Imigrasi", Short: "Imigrasi", Sort: 9}
		return errors.Join(store.Insert(ctx, tx, agency),
			store.Insert(ctx, tx, &tenant.CounterRow{ID: counter, AgencyID: agency.ID, VenueID: w.a.Venue, ZoneID: w.a.Hall, Code: "9", Name: "Loket 9"}))
	})
	return counter
}

// somebody adds a person with these roles, each as "role scope".
func (w *world) somebody(t *testing.T, name string, grants ...string) id.ID {
	t.Helper()
	user := newID()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		if err := testkit.AddUser(ctx, tx, tenant.User{ID: user, PasswordHash: hashed(), CreatedAt: tx.Now()}, name+"@rights.test", name); err != nil {
			return err
		}
		for _, g := range grants {
			role, scope, _ := strings.Cut(g, " ")
			if err := store.Insert(ctx, tx, &tenant.Grant{UserID: user, Role: role, Scope: scope}); err != nil {
				return err
			}
		}
		return nil
	})
	return user
}

func (w *world) grantsOf(t *testing.T, user id.ID) (out []string) {
	t.Helper()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.Grant](tx).Where("user_id = ?", user).Order("role", "scope").All(ctx)
		out = nil
		for _, g := range rows {
			out = append(out, g.Role+" "+g.Scope)
		}
		return err
	})
	return out
}

// as is somebody with what they hold, as a request finds them.
func (w *world) as(t *testing.T, user id.ID) *authz.Actor {
	t.Helper()
	var grants []authz.Grant
	for _, g := range w.grantsOf(t, user) {
		role, scope, _ := strings.Cut(g, " ")
		grants = append(grants, authz.Grant{Role: role, Scope: scope})
	}
	return authz.NewActor(authz.Identity{UserID: user, SessionID: id.New()}, grants)
}

func (w *world) grant(t *testing.T, user id.ID, grant string, there bool) {
	t.Helper()
	role, scope, _ := strings.Cut(grant, " ")
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) (err error) {
		if there {
			_, err = store.InsertNew(ctx, tx, &tenant.Grant{UserID: user, Role: role, Scope: scope})
		} else {
			_, err = store.Delete[tenant.Grant](ctx, tx, "user_id = ? and role = ? and scope = ?", user, role, scope)
		}
		return err
	})
}

// refusal says in the plainest words what the rules are: why somebody with one role may not give a post to somebody
// who holds these; "" is that they may.
func refusal(actor string, region string, holds []string, p auth.Post) string {
	role, scope, _ := strings.Cut(actor, " ")
	switch role {
	case "admin":
		return "" // everybody in the region, and every role that is given there
	case "agency-admin":
		for _, h := range holds {
			if _, at, _ := strings.Cut(h, " "); at != scope {
				return "not_found" // works for somebody else too
			}
		}
		if len(holds) == 0 {
			return "not_found"
		}
		if region+"/"+p.Agency != scope || p.Role != "officer" && p.Role != "agency-admin" {
			return "auth.not_yours"
		}
		return ""
	}
	return "not_found"
}

// Who may give whom which role where, and take it away: every role against every kind of person and every post.
func TestWhoMayGiveWhat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.second(t)
		r := w.a.Scope
		capil, imigrasi := r+"/dukcapil", r+"/imigrasi"
		actors := map[string]id.ID{}
		for i, a := range []string{
			"officer " + capil, "agency-admin " + capil, "agency-admin " + imigrasi, "front-office " + r, "manager " + r, "admin " + r,
			"province-overseer id/19", "national-overseer id", "operator id", "citizen " + r,
		} {
			actors[a] = w.somebody(t, fmt.Sprintf("pelaku%d", i), a)
		}
		targets := map[string]id.ID{"nothing": w.somebody(t, "kosong")}
		for i, held := range [][]string{
			{"officer " + capil}, {"officer " + imigrasi}, {"agency-admin " + capil}, {"officer " + capil, "front-office " + r},
			{"officer " + capil, "officer " + imigrasi}, {"manager " + r}, {"admin " + r}, {"province-overseer id/19"}, {"officer " + capil, "agency-admin " + capil},
		} {
			targets[strings.Join(held, " and ")] = w.somebody(t, fmt.Sprintf("sasaran%d", i), held...)
		}
		var posts []auth.Post
		for _, role := range auth.GivenRoles {
			if auth.OfAgency(role) {
				posts = append(posts, auth.Post{Role: role, Agency: "dukcapil"}, auth.Post{Role: role, Agency: "imigrasi"})
			} else {
				posts = append(posts, auth.Post{Role: role})
			}
		}
		cases := 0
		for actorRole, actorID := range actors {
			by := actor(actorID)
			for what, target := range targets {
				for _, p := range posts {
					cases++
					scope := r
					if p.Agency != "" {
						scope += "/" + p.Agency
					}
					post, before := p.Role+" "+scope, w.grantsOf(t, target)
					had := slices.Contains(before, post)
					label := fmt.Sprintf("%s gives %s to %s", actorRole, post, what)
					want := refusal(actorRole, r, before, p)
					changed, err := w.s.Give(t.Context(), of(w.a), by, target, p)
					is(t, label, err, want)
					if changed != (want == "" && !had) || slices.Contains(w.grantsOf(t, target), post) != (had || want == "") {
						t.Errorf("%s: changed %v, now %q", label, changed, w.grantsOf(t, target))
					}
					w.grant(t, target, post, true)
					holds := w.grantsOf(t, target)
					want = refusal(actorRole, r, holds, p)
					if want == "" && len(holds) == 1 {
						want = "auth.last_role"
					}
					changed, err = w.s.Take(t.Context(), of(w.a), by, target, p)
					is(t, strings.Replace(label, "gives", "takes", 1), err, want)
					if changed != (want == "") || slices.Contains(w.grantsOf(t, target), post) == (want == "") {
						t.Errorf("%s, taken: changed %v, now %q", label, changed, w.grantsOf(t, target))
					}
					w.grant(t, target, post, had)
				}
			}
			for _, p := range posts {
				cases++
				_, err := w.s.Give(t.Context(), of(w.a), by, actorID, p)
				is(t, actorRole+" raises themselves", err, "auth.own_roles")
			}
			_, err := w.s.Give(t.Context(), of(w.a), by, w.b.Officer, posts[0])
			is(t, actorRole+" and somebody of another region", err, "not_found")
			is(t, actorRole+" removes themselves", w.s.Remove(t.Context(), of(w.a), by, actorID), "auth.own_roles")
		}
		boss := actor(actors["admin "+r])
		for what, p := range map[string]auth.Post{
			"an overseer's role": {Role: authz.RoleNationalOverseer}, "an operator's": {Role: authz.RoleOperator}, "none": {}, "one that is none": {Role: "boss"},
			"an officer of no agency": {Role: authz.RoleOfficer}, "a manager of an agency": {Role: authz.RoleManager, Agency: "dukcapil"},
			"an agency that is none": {Role: authz.RoleOfficer, Agency: "kua"},
		} {
			_, err := w.s.Give(t.Context(), of(w.a), boss, w.a.Officer, p)
			is(t, what, err, "invalid")
		}
		_, err := w.s.Give(t.Context(), of(w.a), boss, w.a.Officer, auth.Post{Role: authz.RoleOfficer, Agency: "../19.02/dukcapil"})
		is(t, "a path", err, "auth.not_yours")
		t.Logf("%d posts", cases)
	})
}

// From no role one gets by giving to a role that is not in one's own list: an agency's administrator never becomes
// regional IT by way of somebody else.
func TestGivingDoesNotClimb(t *testing.T) {
	may := map[string][]string{authz.RoleAgencyAdmin: {authz.RoleOfficer, authz.RoleAgencyAdmin}, authz.RoleAdmin: auth.GivenRoles}
	here := &tenant.Tenant{Scope: "id/19/19.01"}
	for _, role := range authz.Roles() {
		for _, scope := range []string{here.Scope, here.Scope + "/dukcapil"} {
			a := authz.NewActor(authz.Identity{}, []authz.Grant{{Role: role, Scope: scope}})
			for _, given := range authz.Roles() {
				p := auth.Post{Role: given}
				if auth.OfAgency(given) {
					p.Agency = "dukcapil"
				}
				want := slices.Contains(may[role], given) && (auth.OfAgency(given) || scope == here.Scope)
				if auth.MayGive(a, here, p) != want {
					t.Errorf("%s in %s gives %s: %v", role, scope, given, !want)
				}
			}
		}
	}
}

// Two administrators who take the role from each other at the same moment, in two processes: one of them stays.
func TestTwoWhoTakeFromEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := auth.New(w.db, auth.Options{Hasher: hasher})
		second := w.secondAdmin(t)
		w.grant(t, w.a.Admin, "manager "+w.a.Scope, true)
		w.grant(t, second, "manager "+w.a.Scope, true)
		p := auth.Post{Role: authz.RoleAdmin}
		for i := range 6 {
			var wg sync.WaitGroup
			errs := make([]error, 2)
			for i, try := range []func() error{
				func() error { _, err := w.s.Take(t.Context(), of(w.a), actor(w.a.Admin), second, p); return err },
				func() error { _, err := other.Take(t.Context(), of(w.a), actor(second), w.a.Admin, p); return err },
			} {
				wg.Go(func() { errs[i] = try() })
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), "not_found") {
				t.Fatalf("round %d: %v, %v", i, errs[0], errs[1])
			}
			if n := w.count(t, w.a, "grants", "role = 'admin'"); n != 1 {
				t.Fatalf("%d administrators are left", n)
			}
			w.grant(t, w.a.Admin, "admin "+w.a.Scope, true)
			w.grant(t, second, "admin "+w.a.Scope, true)
		}
		// The operator meets the same rule.
		cli := authz.NewActor(authz.Identity{System: "system:cli"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: w.a.Scope}})
		_, err := w.s.Take(t.Context(), of(w.a), cli, second, p)
		is(t, "one of two", err, "")
		_, err = w.s.Take(t.Context(), of(w.a), cli, w.a.Admin, p)
		is(t, "the last one", err, "auth.last_admin")
		is(t, "the last one, removed", w.s.Remove(t.Context(), of(w.a), cli, w.a.Admin), "auth.last_admin")
		is(t, "the last one, suspended", w.s.Suspend(t.Context(), of(w.a), cli, w.a.Admin, "x"), "auth.last_admin")
	})
}

func TestInviteRemoveReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		notices := &told{}
		w.s = auth.New(w.db, auth.Options{Notices: notices, Hasher: hasher})
		foreign := w.second(t)
		boss, chief := w.as(t, w.a.Admin), w.as(t, w.somebody(t, "kepala", "agency-admin "+w.a.Scope+"/dukcapil"))
		officer := auth.Post{Role: authz.RoleOfficer, Agency: "dukcapil"}
		someone := auth.Newcomer{Name: "  Siti   Aminah ", Email: " Siti@Contoh.test", Post: officer, Counters: []id.ID{w.a.Counters[1]}}

		for what, n := range map[string]auth.Newcomer{
			"no name": {Email: "a@b.test", Post: officer}, "no address": {Name: "A", Post: officer}, "not an address": {Name: "A", Email: "A <a@b.test>", Post: officer},
			"no role": {Name: "A", Email: "a@b.test"}, "a long name": {Name: strings.Repeat("a", 201), Email: "a@b.test", Post: officer},
		} {
			_, _, err := w.s.Add(t.Context(), of(w.a), boss, n)
			is(t, what, err, "invalid")
		}
		elsewhere := someone
		elsewhere.Agency, elsewhere.Counters = "imigrasi", nil
		_, _, err := w.s.Add(t.Context(), of(w.a), chief, elsewhere)
		is(t, "into another agency", err, "auth.not_yours")
		wrong := someone
		wrong.Counters = []id.ID{foreign}
		_, _, err = w.s.Add(t.Context(), of(w.a), chief, wrong)
		is(t, "at another agency's counter", err, "not_found")
		if n := w.count(t, w.a, "users", "source = 'page'"); n != 0 {
			t.Fatalf("%d were added all the same", n)
		}

		user, added, err := w.s.Add(t.Context(), of(w.a), chief, someone)
		if err != nil || !added {
			t.Fatal(added, err)
		}
		again, added, err := w.s.Add(t.Context(), of(w.a), chief, someone)
		if err != nil || added || again != user {
			t.Errorf("asked twice: %v %v %v", again, added, err)
		}
		p, err := w.s.Person(t.Context(), of(w.a), boss, user)
		if err != nil || p.Name != "Siti Aminah" || p.Email != "siti@contoh.test" || p.State != auth.StateInvited || !slices.Equal(p.Counters, []id.ID{w.a.Counters[1]}) ||
			len(p.Held) != 1 || p.Held[0].Post != officer || p.Held[0].Source != tenant.FromPage {
			t.Fatalf("%+v %v", p, err)
		}
		manager := someone
		manager.Post, manager.Counters = auth.Post{Role: authz.RoleManager}, nil
		whose, _, err := w.s.Add(t.Context(), of(w.a), boss, manager)
		is(t, "the address of somebody whom one looks after", err, "auth.taken")
		if whose != user {
			t.Error("it is not said whose")
		}
		theirs := auth.Newcomer{Name: "X", Email: w.a.Email("admin"), Post: officer}
		whose, _, err = w.s.Add(t.Context(), of(w.a), chief, theirs)
		is(t, "the address of somebody else's", err, "auth.taken")
		if !whose.IsZero() {
			t.Error("an agency learns who has an address")
		}

		is(t, "removed", w.s.Remove(t.Context(), of(w.a), chief, user), "")
		if w.count(t, w.a, "grants", "user_id = '"+user.String()+"'")+w.count(t, w.a, "user_counters", "user_id = '"+user.String()+"'") != 0 {
			t.Error("roles are left")
		}
		_, err = w.s.Person(t.Context(), of(w.a), chief, user)
		is(t, "the agency's no more", err, "not_found")
		list, n, err := w.s.People(t.Context(), of(w.a), boss, auth.Filter{State: auth.StateRemoved})
		if err != nil || n != 1 || list[0].ID != user || list[0].Name != "Siti Aminah" {
			t.Errorf("removed: %+v %v", list, err)
		}
		_, err = w.s.Give(t.Context(), of(w.a), boss, user, officer)
		is(t, "to somebody who was removed", err, "not_found")
		is(t, "brought back by an agency", w.s.Return(t.Context(), of(w.a), chief, user, officer), "not_found")
		is(t, "brought back", w.s.Return(t.Context(), of(w.a), boss, user, officer), "")
		p, err = w.s.Person(t.Context(), of(w.a), chief, user)
		if err != nil || p.State != auth.StateInvited || p.Name != "Siti Aminah" || len(p.Counters) != 0 {
			t.Errorf("back: %+v %v", p, err)
		}
		is(t, "removed again", w.s.Remove(t.Context(), of(w.a), boss, user), "")
		other := someone
		other.Name = "Nama Lain"
		back, added, err := w.s.Add(t.Context(), of(w.a), chief, other)
		if err != nil || !added || back != user {
			t.Errorf("invited again: %v %v %v", back, added, err)
		}
		if p, err = w.s.Person(t.Context(), of(w.a), chief, user); err != nil || p.Name != "Siti Aminah" {
			t.Errorf("an agency renames whose records stand elsewhere: %+v %v", p, err)
		}

		by := func(a *authz.Actor) string { return " " + a.String() }
		want := []string{}
		for _, said := range []string{auth.LetterInvitation + " ", auth.NoticeRemoved + by(chief), auth.LetterInvitation + " ", auth.NoticeRemoved + by(boss), auth.LetterInvitation + " "} {
			want = append(want, user.String()+" "+said)
		}
		if !slices.Equal(notices.said, want) {
			t.Errorf("told\n%q, want\n%q", notices.said, want)
		}
	})
}

// Counters are the agency's, given by who may appoint its officers.
func TestCountersAreTheAgencys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		foreign := w.second(t)
		chief, boss := actor(w.somebody(t, "kepala", "agency-admin "+w.a.Scope+"/dukcapil")), actor(w.a.Admin)
		set := func(by *authz.Actor, agency string, counters ...id.ID) (bool, error) {
			return w.s.SetCounters(t.Context(), of(w.a), by, w.a.Officer, agency, counters)
		}
		changed, err := set(chief, "dukcapil", w.a.Counters[1])
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		if changed, err = set(chief, "dukcapil", w.a.Counters[1]); err != nil || changed {
			t.Errorf("again: %v %v", changed, err)
		}
		for what, c := range map[string]struct {
			by      *authz.Actor
			agency  string
			counter id.ID
			want    string
		}{
			"another agency's counter": {boss, "dukcapil", foreign, "not_found"}, "another region's": {boss, "dukcapil", w.b.Counters[0], "not_found"},
			"where they are no officer": {boss, "imigrasi", foreign, "auth.no_officer"}, "not one's agency": {chief, "imigrasi", foreign, "auth.not_yours"},
			"no agency": {boss, "kua", foreign, "auth.no_officer"},
		} {
			_, err := set(c.by, c.agency, c.counter)
			is(t, what, err, c.want)
		}
		if changed, err = set(boss, "dukcapil"); err != nil || !changed || w.count(t, w.a, "user_counters", "true") != 0 {
			t.Errorf("all: %v %v", changed, err)
		}
		if _, err = set(boss, "dukcapil", w.a.Counters[0]); err != nil {
			t.Fatal(err)
		}
		w.grant(t, w.a.Officer, "front-office "+w.a.Scope, true)
		if _, err := w.s.Take(t.Context(), of(w.a), boss, w.a.Officer, auth.Post{Role: authz.RoleOfficer, Agency: "dukcapil"}); err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, w.a, "user_counters", "true"); n != 0 {
			t.Errorf("%d counters of a role that is gone", n)
		}
	})
}

// What somebody may do about an account goes no further than whose it is, in every way there is.
func TestAnAgencyLooksAfterItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.second(t)
		chief := w.as(t, w.somebody(t, "kepala", "agency-admin "+w.a.Scope+"/dukcapil"))
		stranger := w.somebody(t, "asing", "officer "+w.a.Scope+"/imigrasi")
		both := w.somebody(t, "dua", "officer "+w.a.Scope+"/dukcapil", "officer "+w.a.Scope+"/imigrasi")
		ways := func(user id.ID) map[string]error {
			_, seen := w.s.Person(t.Context(), of(w.a), chief, user)
			return map[string]error{
				"seen": seen, "end all": w.s.EndAll(t.Context(), of(w.a), chief, user), "reset": w.s.ResetFactors(t.Context(), of(w.a), chief, user, auth.ByMeeting),
				"suspend": w.s.Suspend(t.Context(), of(w.a), chief, user, "x"), "resume": w.s.Resume(t.Context(), of(w.a), chief, user),
				"invite": w.s.Invite(t.Context(), of(w.a), chief, user),
			}
		}
		for what, user := range map[string]id.ID{"another agency's": stranger, "somebody with a role elsewhere": both, "regional IT": w.a.Admin, "another region's": w.b.Officer} {
			for way, err := range ways(user) {
				is(t, what+": "+way, err, "not_found")
			}
			is(t, what+": removed", w.s.Remove(t.Context(), of(w.a), chief, user), "not_found")
		}
		for way, err := range ways(w.a.Officer) {
			is(t, "the agency's own: "+way, err, "")
		}
		list, n, err := w.s.People(t.Context(), of(w.a), chief, auth.Filter{})
		if err != nil || n != 2 || len(list) != 2 {
			t.Errorf("an agency lists %d: %+v %v", n, list, err)
		}
	})
}

// A password that somebody else chose opens nothing after its time; its owner's own does, and a link is the way back.
func TestAFirstPasswordRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := func(secret string) error {
			_, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), secret, auth.Cookie, home)
			return err
		}
		handed := func() {
			t.Helper()
			if err := w.s.SetPassword(t.Context(), w.a.ID, w.a.Email("officer"), "dari operator", "system:cli"); err != nil {
				t.Fatal(err)
			}
		}
		handed()
		w.clock.Advance(auth.FirstPassword - time.Second)
		is(t, "in time", in("dari operator"), "")
		w.clock.Advance(time.Second)
		is(t, "too late", in("dari operator"), "auth.expired")
		is(t, "a wrong one", in("bukan itu"), "auth.wrong")
		p, err := w.s.Person(t.Context(), of(w.a), actor(w.a.Officer), w.a.Officer)
		if err != nil || !p.Expired || p.PasswordUntil.IsZero() {
			t.Errorf("%+v %v", p, err)
		}
		var token string
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) (err error) {
			token, _, err = auth.MakeLink(ctx, tx, w.a.Officer, auth.LetterInvitation)
			return err
		})
		is(t, "a link", w.s.UseLink(t.Context(), of(w.a), token, "gerbang lontar biru 71"), "")
		w.clock.Advance(10 * auth.FirstPassword)
		is(t, "their own", in("gerbang lontar biru 71"), "")

		handed()
		s, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), "dari operator", auth.Bearer, home)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.ChangePassword(t.Context(), of(w.a), s.Actor, "dari operator", "lontar gerbang ungu 17", home); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(10 * auth.FirstPassword)
		is(t, "changed in time", in("lontar gerbang ungu 17"), "")
	})
}

// Three hundred people: a page at a time, found by a part of a name or a whole address.
func TestManyPeople(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			for i := range 300 {
				user := tenant.User{ID: newID(), PasswordHash: hashed(), CreatedAt: tx.Now()}
				if err := testkit.AddUser(ctx, tx, user, fmt.Sprintf("petugas%03d@rights.test", i), fmt.Sprintf("Petugas %03d Wahyuni", i)); err != nil {
					return err
				}
				if err := store.Insert(ctx, tx, &tenant.Grant{UserID: user.ID, Role: "officer", Scope: w.a.Scope + "/dukcapil"}); err != nil {
					return err
				}
			}
			return nil
		})
		boss := w.as(t, w.a.Admin)
		ask := func(f auth.Filter) ([]auth.Person, int) {
			t.Helper()
			list, n, err := w.s.People(t.Context(), of(w.a), boss, f)
			if err != nil {
				t.Fatal(err)
			}
			return list, n
		}
		seen := map[id.ID]bool{}
		last := ""
		for page := 1; page <= 7; page++ {
			list, n := ask(auth.Filter{Page: page})
			if n != 302 || len(list) != min(auth.PageSize, 302-(page-1)*auth.PageSize) {
				t.Errorf("page %d: %d of %d", page, len(list), n)
			}
			for _, p := range list {
				if seen[p.ID] || strings.ToLower(p.Name) < last {
					t.Errorf("%s on page %d", p.Name, page)
				}
				seen[p.ID], last = true, strings.ToLower(p.Name)
			}
		}
		for _, c := range []struct {
			f auth.Filter
			n int
		}{
			{auth.Filter{Text: "petugas 01"}, 10}, {auth.Filter{Text: " WAHYUNI "}, 300}, {auth.Filter{Text: "PETUGAS007@rights.test"}, 1},
			{auth.Filter{Text: "petugas007@"}, 0}, {auth.Filter{Role: "admin"}, 1}, {auth.Filter{Agency: "dukcapil"}, 301}, {auth.Filter{Agency: "dukcapil", Role: "admin"}, 0},
			{auth.Filter{State: auth.StateSuspended}, 0}, {auth.Filter{State: auth.StateActive}, 302}, {auth.Filter{Page: 99}, 302},
		} {
			if _, n := ask(c.f); n != c.n {
				t.Errorf("%+v: %d, want %d", c.f, n, c.n)
			}
		}
	})
}

// Letters to one person are few in an hour, whoever sends them, and a command's are the operator's own.
func TestInvitationsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		chief := w.as(t, w.somebody(t, "kepala", "admin "+w.a.Scope))
		user := w.somebody(t, "baru", "officer "+w.a.Scope+"/dukcapil")
		for i := range 6 {
			err := w.s.Invite(t.Context(), of(w.a), chief, user)
			is(t, fmt.Sprint("letter ", i+1), err, map[bool]string{true: "auth.letters", false: ""}[i == 5])
			if i == 5 && fault.Of(err).RetryAfter <= 0 {
				t.Error("it does not say when")
			}
		}
		other := w.somebody(t, "lain", "officer "+w.a.Scope+"/dukcapil")
		is(t, "to somebody else", w.s.Invite(t.Context(), of(w.a), chief, other), "")
		operator := authz.NewActor(authz.Identity{System: "system:cli"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: w.a.Scope}})
		is(t, "by a command", w.s.Invite(t.Context(), of(w.a), operator, user), "")
	})
}
