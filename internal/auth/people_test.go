package auth_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// told keeps the notices of a test.
type told struct {
	mu   sync.Mutex
	said []string
}

func (n *told) Notice(_ context.Context, _ *store.Tx, user id.ID, kind string, data map[string]string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, user.String()+" "+kind+" "+data["by"]+data["left"])
	return nil
}

// Sessions are listed and ended through one service, and are over in the other within a second.
func TestSessionsAreListedAndEnded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := auth.New(w.db, auth.Options{})
		mine := w.signIn(t, w.a, "officer")
		w.clock.Advance(time.Minute)
		second, third := w.signIn(t, w.a, "officer"), w.signIn(t, w.a, "officer")
		list := func() (ids []id.ID) {
			rows, err := other.Sessions(t.Context(), of(w.a), w.a.Officer)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Agent != "Uji" || r.Kind != auth.Bearer || r.CreatedAt.IsZero() {
					t.Errorf("%+v", r)
				}
				ids = append(ids, r.ID)
			}
			return ids
		}
		if got := list(); len(got) != 3 || got[2] != mine.Actor.SessionID {
			t.Errorf("listed %v", got)
		}
		over := func(what, token string) {
			t.Helper()
			for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
				if _, err := other.Resolve(t.Context(), of(w.a), token, auth.Bearer); fault.Is(err, "auth.session") {
					return
				}
				if time.Since(start) > time.Second {
					t.Fatalf("%s: not over within a second", what)
				}
			}
		}
		for _, s := range []auth.Session{second, third} {
			if _, err := other.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); err != nil { // the other process believes it now
				t.Fatal(err)
			}
		}
		stranger := w.signInAdmin(t)
		is(t, "another's", w.s.EndSession(t.Context(), of(w.a), stranger.Actor, stranger.Actor.UserID, second.Actor.SessionID), "not_found")
		is(t, "in the other region", w.s.EndSession(t.Context(), of(w.b), mine.Actor, w.a.Officer, second.Actor.SessionID), "not_found")
		if err := w.s.EndSession(t.Context(), of(w.a), mine.Actor, w.a.Officer, second.Actor.SessionID); err != nil {
			t.Fatal(err)
		}
		over("one", second.Token)
		if n, err := w.s.EndOthers(t.Context(), of(w.a), mine.Actor); err != nil || n != 1 {
			t.Errorf("%d others, %v", n, err)
		}
		over("the others", third.Token)
		if got := list(); !slices.Equal(got, []id.ID{mine.Actor.SessionID}) {
			t.Errorf("left: %v", got)
		}
	})
}

func (w *world) signInAdmin(t *testing.T) auth.Session {
	t.Helper()
	return testkit.SignIn(t, w.db, w.s, of(w.a), w.a.Email("admin"), password, auth.Cookie)
}

func TestAdministration(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		notices := &told{}
		w.s = auth.New(w.db, auth.Options{Notices: notices})
		boss := w.signInAdmin(t)
		in := func() auth.Session { return w.signIn(t, w.a, "officer") }
		gone := func(what string, s auth.Session) {
			t.Helper()
			if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); !fault.Is(err, "auth.session") {
				t.Errorf("%s: %v", what, err)
			}
		}
		s := in()
		is(t, "end all", w.s.EndAll(t.Context(), of(w.a), boss.Actor, w.a.Officer), "")
		gone("ended", s)

		s, _, _ = w.enrol(t, in())
		is(t, "reset", w.s.ResetFactors(t.Context(), of(w.a), boss.Actor, w.a.Officer, auth.ByMeeting), "")
		is(t, "reset of nobody knows whom", w.s.ResetFactors(t.Context(), of(w.a), boss.Actor, w.a.Officer, "mailed"), "invalid")
		gone("reset", s)
		if f, _ := w.s.FactorsOf(t.Context(), of(w.a), w.a.Officer); f != (auth.Factors{}) {
			t.Errorf("left: %+v", f)
		}

		s = in()
		is(t, "no reason", w.s.Suspend(t.Context(), of(w.a), boss.Actor, w.a.Officer, "  "), "invalid")
		is(t, "suspend", w.s.Suspend(t.Context(), of(w.a), boss.Actor, w.a.Officer, "pindah tugas"), "")
		gone("suspended", s)
		p, err := w.s.Person(t.Context(), of(w.a), boss.Actor, w.a.Officer)
		if err != nil || !p.Suspended || p.SuspendedReason != "pindah tugas" || len(p.Held) != 1 || p.Held[0].Post.Role != "officer" {
			t.Errorf("%+v %v", p, err)
		}
		is(t, "resume", w.s.Resume(t.Context(), of(w.a), boss.Actor, w.a.Officer), "")
		in()

		for what, err := range map[string]error{
			"oneself":       w.s.Suspend(t.Context(), of(w.a), boss.Actor, w.a.Admin, "x"),
			"oneself reset": w.s.ResetFactors(t.Context(), of(w.a), boss.Actor, w.a.Admin, auth.ByMeeting),
		} {
			is(t, what, err, "auth.self")
		}
		is(t, "of the other region", w.s.EndAll(t.Context(), of(w.a), boss.Actor, w.b.Officer), "not_found")
		all, n, err := w.s.People(t.Context(), of(w.a), boss.Actor, auth.Filter{})
		if err != nil || len(all) != 2 || n != 2 {
			t.Errorf("%+v %v", all, err)
		}
		by := " user:" + w.a.Admin.String()
		want := []string{}
		for _, kind := range []string{auth.NoticeSessionsEnded + by, auth.NoticeTOTPAdded + " ", auth.NoticeFactorsReset + by, auth.NoticeSuspended + by, auth.NoticeResumed + by} {
			want = append(want, w.a.Officer.String()+" "+kind)
		}
		if !slices.Equal(notices.said, want) {
			t.Errorf("told\n%q, want\n%q", notices.said, want)
		}
		is(t, "from the command line", w.s.ResetFactorsOf(t.Context(), w.a.ID, w.a.Email("admin"), "system:cli"), "")
		gone("the administrator", boss)
	})
}

// TestSuspensionAnywhere: an account that another process suspends is out within a second.
func TestSuspensionAnywhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); err != nil {
			t.Fatal(err)
		}
		if err := auth.New(w.db, auth.Options{}).Suspend(t.Context(), of(w.a), actor(w.a.Admin), w.a.Officer, "x"); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); fault.Is(err, "auth.session") {
				return
			}
			if time.Since(start) > time.Second {
				t.Fatal("not within a second")
			}
		}
	})
}

func TestOwnPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, other := w.signIn(t, w.a, "officer"), w.signIn(t, w.a, "officer")
		change := func(current, replacement string) (auth.Session, error) {
			return w.s.ChangePassword(t.Context(), of(w.a), s.Actor, current, replacement, home)
		}
		for what, c := range map[string][3]string{
			"empty": {"", "", "current"}, "short": {password, "pendek", "new"}, "the same": {password, password, "new"}, "a wrong one": {"salah", "rahasia yang baru", "current"},
		} {
			_, err := change(c[0], c[1])
			if e := fault.Of(err); e == nil || e.Code != "invalid" || e.Fields[0].Name != c[2] {
				t.Errorf("%s: %v", what, err)
			}
		}
		after, err := change(password, "rahasia yang baru")
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{s.Token, other.Token} {
			if _, err := w.s.Resolve(t.Context(), of(w.a), token, auth.Bearer); !fault.Is(err, "auth.session") {
				t.Errorf("a token from before: %v", err)
			}
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), after.Token, auth.Bearer); err != nil {
			t.Errorf("the new token: %v", err)
		}
		_, err = w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), "rahasia yang baru", auth.Cookie, home)
		is(t, "the new password", err, "")
	})
}

// Prove asks for what the person has, and gives the session a new token.
func TestProve(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		w.clock.Advance(time.Hour)
		prove := func(secret string) (auth.Session, error) {
			return w.s.Prove(t.Context(), of(w.a), s.Actor, secret, home)
		}
		_, err := prove("salah")
		is(t, "a wrong password", err, "invalid")
		after, err := prove(password)
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.s.Resolve(t.Context(), of(w.a), after.Token, auth.Bearer)
		if err != nil || !a.ProvedAt.Equal(w.clock.Now()) {
			t.Errorf("%+v %v", a, err)
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); !fault.Is(err, "auth.session") {
			t.Errorf("the token from before: %v", err)
		}
		_, secret, _ := w.enrol(t, after)
		w.clock.Advance(time.Minute)
		_, err = prove(password)
		is(t, "the password of somebody with an app", err, "invalid")
		_, err = prove(testkit.AppCode(t, secret, w.clock.Now()))
		is(t, "a code", err, "")
	})
}

// Limits are those of the roles of the moment.
func TestLimitsByRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, &tenant.Grant{UserID: w.a.Officer, Role: "manager", Scope: w.a.Scope})
		})
		w.clock.Advance(2*time.Hour - time.Second)
		alive := func() bool {
			_, err := auth.New(w.db, auth.Options{}).Resolve(t.Context(), of(w.a), s.Token, auth.Bearer)
			return err == nil
		}
		if !alive() {
			t.Error("ended too early")
		}
		w.clock.Advance(2 * time.Hour)
		if alive() {
			t.Error("a manager's session outlives its idle time")
		}
	})
}

// A token is worth something only the way that it was made for: a browser's is none in a header, and a program's is no
// cookie.
func TestATokenTravelsOneWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := map[auth.Kind]auth.Kind{auth.Cookie: auth.Bearer, auth.Bearer: auth.Cookie}
		for kind, wrong := range other {
			s := testkit.SignIn(t, w.db, w.s, of(w.a), w.a.Email("officer"), password, kind)
			for range 2 { // the second look could be answered by the cache
				if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, kind); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
				_, err := w.s.Resolve(t.Context(), of(w.a), s.Token, wrong)
				is(t, string(kind)+" as "+string(wrong), err, "auth.session")
			}
		}
	})
}

// A screen that is left open looks again and again, and its session ends unused all the same; a request between two
// looks counts, also when it is answered from memory.
func TestLookingIsNoUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		look := func(s *auth.Service, token string) error {
			_, err := s.Look(t.Context(), of(w.a), token, auth.Bearer)
			return err
		}
		anew := func() *auth.Service { return auth.New(w.db, auth.Options{}) }
		for range 4 {
			w.clock.Advance(auth.Idle/4 - time.Second)
			is(t, "an open screen", look(anew(), s.Token), "")
		}
		w.clock.Advance(4 * time.Second)
		is(t, "after the idle time", look(anew(), s.Token), "auth.session")

		s = w.signIn(t, w.a, "officer")
		w.clock.Advance(auth.Idle / 2)
		one := anew()
		is(t, "looked", look(one, s.Token), "")
		if _, err := one.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(auth.Idle / 2)
		is(t, "in use since", look(anew(), s.Token), "")
	})
}

// secondAdmin adds another administrator, kedua@a.test.
func (w *world) secondAdmin(t *testing.T) id.ID {
	t.Helper()
	user := newID()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		err := testkit.AddUser(ctx, tx, tenant.User{ID: user, PasswordHash: hashed(), CreatedAt: tx.Now()}, "kedua@a.test", "Kedua")
		if err != nil {
			return err
		}
		return store.Insert(ctx, tx, &tenant.Grant{UserID: user, Role: "admin", Scope: w.a.Scope})
	})
	return user
}

// TestTheLastAdministrator: two who suspend each other at once do not both succeed, the last one stays, and the command
// line is the way back.
func TestTheLastAdministrator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		second := w.secondAdmin(t)
		for range 4 {
			var wg sync.WaitGroup
			errs := make([]error, 2)
			for i, pair := range [][2]id.ID{{w.a.Admin, second}, {second, w.a.Admin}} {
				wg.Go(func() { errs[i] = w.s.Suspend(t.Context(), of(w.a), actor(pair[0]), pair[1], "x") })
			}
			wg.Wait()
			// Who comes second may nothing any more.
			if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errs[0], "authz.forbidden") && !fault.Is(errs[1], "authz.forbidden") {
				t.Fatalf("%v, %v", errs[0], errs[1])
			}
			if n := w.count(t, w.a, "users", "suspended"); n != 1 {
				t.Fatalf("%d are suspended", n)
			}
			for _, email := range []string{w.a.Email("admin"), "kedua@a.test"} {
				was, err := w.s.SuspendedOf(t.Context(), w.a.ID, email)
				if err != nil {
					t.Fatal(err)
				}
				if changed, err := w.s.ResumeOf(t.Context(), w.a.ID, email, "system:cli"); err != nil || changed != was {
					t.Errorf("%s: %v %v, was suspended %v", email, changed, err, was)
				}
			}
		}
		_, err := w.s.ResumeOf(t.Context(), w.b.ID, w.a.Email("admin"), "system:cli")
		is(t, "in the other region", err, "not_found")
		is(t, "an officer", w.s.Suspend(t.Context(), of(w.a), actor(second), w.a.Officer, "x"), "")
	})
}
