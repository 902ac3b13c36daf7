package auth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

func (w *world) password(t *testing.T, r *testkit.Region, who string, kind auth.Kind) (auth.Step, error) {
	t.Helper()
	_, err := w.s.SignIn(t.Context(), of(r), r.Email(who), password, kind, home)
	step, _ := auth.StepOf(err)
	return step, err
}

// first is a sign-in up to its second step.
func (w *world) first(t *testing.T, r *testkit.Region, who string) auth.Step {
	t.Helper()
	step, err := w.password(t, r, who, auth.Bearer)
	if !fault.Is(err, "mfa_required") {
		t.Fatalf("the password alone: %v", err)
	}
	return step
}

func (w *world) code(t *testing.T, shift time.Duration) string {
	t.Helper()
	return testkit.AppCode(t, testkit.TOTPSecret, w.clock.Now().Add(shift))
}

func (w *world) verify(t *testing.T, r *testkit.Region, step auth.Step, code string) (auth.Session, error) {
	t.Helper()
	return w.s.Verify(t.Context(), of(r), step.Challenge, code, auth.Bearer, home)
}

func is(t *testing.T, what string, err error, code string) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func TestSecondStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		step, err := w.password(t, w.a, "admin", auth.Bearer)
		e := fault.Of(err)
		if e == nil || e.Code != "mfa_required" || e.Kind != fault.Unauthenticated || e.Extra["challenge"] != step.Challenge ||
			!slices.Equal(step.Methods, []auth.Method{auth.TOTP}) || e.Extra["expires_at"] != "2026-11-23T09:10:00+07:00" {
			t.Fatalf("%v %+v", err, e)
		}
		if strings.Contains(err.Error(), step.Challenge) {
			t.Error("the error's text, which is logged, has the challenge")
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), step.Challenge, auth.Bearer); !fault.Is(err, "auth.session") {
			t.Errorf("the challenge is taken for a session: %v", err)
		}
		_, err = w.verify(t, w.a, step, "000000")
		is(t, "a wrong code", err, "auth.code")
		_, err = w.verify(t, w.a, step, "")
		is(t, "no code", err, "invalid")
		_, err = w.verify(t, w.b, step, w.code(t, 0))
		is(t, "in the other region", err, "auth.step")
		_, err = w.verify(t, w.a, auth.Step{Challenge: strings.Repeat("A", 43)}, w.code(t, 0))
		is(t, "another challenge", err, "auth.step")
		_, err = w.s.Verify(t.Context(), of(w.a), step.Challenge, w.code(t, 0), auth.Cookie, home)
		is(t, "a program's challenge in a browser", err, "auth.step")
		_, err = w.verify(t, w.a, step, w.code(t, -time.Minute))
		is(t, "a code of a minute ago", err, "auth.code")
		_, err = w.verify(t, w.a, step, w.code(t, time.Minute))
		is(t, "a code of the next minute", err, "auth.code")

		s, err := w.verify(t, w.a, step, w.code(t, 0)[:3]+" "+w.code(t, 0)[3:])
		if err != nil {
			t.Fatal(err)
		}
		if a, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); err != nil || a.UserID != w.a.Admin || a.MustEnrol || !a.ProvedAt.Equal(w.clock.Now()) {
			t.Errorf("signed in: %+v %v", a, err)
		}
		if !s.ExpiresAt.Equal(w.clock.Now().Add(8 * time.Hour)) {
			t.Errorf("an administrator's session ends %v", s.ExpiresAt)
		}
		_, err = w.verify(t, w.a, step, w.code(t, 30*time.Second))
		is(t, "the same challenge again", err, "auth.step")

		again := w.first(t, w.a, "admin")
		_, err = w.verify(t, w.a, again, w.code(t, 0))
		is(t, "a code that was used", err, "auth.code")
		_, err = w.verify(t, w.a, again, w.code(t, -30*time.Second))
		is(t, "the code before one that was used", err, "auth.code")
		_, err = w.verify(t, w.a, again, w.code(t, 30*time.Second))
		is(t, "the next one", err, "")

		late := w.first(t, w.a, "admin")
		w.clock.Advance(10 * time.Minute)
		_, err = w.verify(t, w.a, late, w.code(t, 0))
		is(t, "too late", err, "auth.step")
		for _, r := range w.records(t, w.a) {
			if strings.Contains(r.Record, "@") || strings.Contains(r.Record, testkit.TOTPSecret) {
				t.Errorf("the record shows too much: %s", r.Record)
			}
		}
	})
}

// What waits ends with the account, and with a password that somebody else sets.
func TestStepEndsWithTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		step := w.first(t, w.a, "admin")
		boss := actor(w.secondAdmin(t))
		if err := w.s.Suspend(t.Context(), of(w.a), boss, w.a.Admin, "cuti"); err != nil {
			t.Fatal(err)
		}
		_, err := w.verify(t, w.a, step, w.code(t, 0))
		is(t, "suspended", err, "auth.step")
		_, err = w.password(t, w.a, "admin", auth.Cookie)
		is(t, "suspended, the password", err, "auth.wrong")
		if err := w.s.Resume(t.Context(), of(w.a), boss, w.a.Admin); err != nil {
			t.Fatal(err)
		}
		step = w.first(t, w.a, "admin")
		if err := w.s.SetPassword(t.Context(), w.a.ID, w.a.Email("admin"), "baru sekali", "system:test"); err != nil {
			t.Fatal(err)
		}
		_, err = w.verify(t, w.a, step, w.code(t, 0))
		is(t, "another password", err, "auth.step")
	})
}

func actor(user id.ID) *authz.Actor {
	return authz.NewActor(authz.Identity{UserID: user, SessionID: id.New(), Email: "lain@a.test"}, nil)
}

// TestGuessingCodesIsSlowed guesses through two services, as of two processes, and from many addresses.
func TestGuessingCodesIsSlowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		services := []*auth.Service{w.s, auth.New(w.db, auth.Options{})}
		step := w.first(t, w.a, "admin")
		guess := func(i int, ip string) error {
			_, err := services[i%2].Verify(t.Context(), of(w.a), step.Challenge, fmt.Sprintf("%06d", i), auth.Bearer, at(ip))
			return err
		}
		for i := range 10 {
			is(t, "a guess", guess(i, "203.0.113.7"), "auth.code")
		}
		is(t, "the eleventh", guess(10, "203.0.113.7"), "auth.slow")
		_, err := w.verify(t, w.a, step, w.code(t, 0))
		is(t, "the right one, from there", err, "auth.slow")
		for i := range 10 {
			is(t, "from elsewhere", guess(i, fmt.Sprintf("198.51.100.%d", i)), "auth.code")
		}
		is(t, "from everywhere", guess(1, "198.51.100.99"), "auth.slow")
		w.clock.Advance(time.Hour)
		step = w.first(t, w.a, "admin")
		_, err = w.verify(t, w.a, step, w.code(t, 0))
		is(t, "an hour later", err, "")
	})
}

// enrol gives the officer an app and recovery codes.
func (w *world) enrol(t *testing.T, s auth.Session) (after auth.Session, secret string, codes []string) {
	t.Helper()
	e, err := w.s.StartTOTP(t.Context(), of(w.a), s.Actor)
	if err != nil {
		t.Fatal(err)
	}
	after, codes, err = w.s.ConfirmTOTP(t.Context(), of(w.a), s.Actor, testkit.AppCode(t, e.Secret, w.clock.Now()), home)
	if err != nil {
		t.Fatal(err)
	}
	return after, e.Secret, codes
}

func TestEnrolment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, other := w.signIn(t, w.a, "officer"), w.signIn(t, w.a, "officer")
		first, err := w.s.StartTOTP(t.Context(), of(w.a), s.Actor)
		if err != nil {
			t.Fatal(err)
		}
		same, _ := w.s.StartTOTP(t.Context(), of(w.a), s.Actor)
		if first != same || !strings.HasPrefix(first.URL, "otpauth://totp/MPP%20") || !strings.Contains(first.URL, "secret="+first.Secret) {
			t.Errorf("%+v, then %+v", first, same)
		}
		_, _, err = w.s.ConfirmTOTP(t.Context(), of(w.a), s.Actor, "123", home)
		is(t, "a wrong code", err, "invalid")
		if f, _ := w.s.FactorsOf(t.Context(), of(w.a), w.a.Officer); f.Any() {
			t.Error("in force before it was confirmed")
		}
		after, secret, codes := w.enrol(t, s)
		if secret != first.Secret || len(codes) != 10 || slices.ContainsFunc(codes, func(c string) bool { return len(c) != 29 }) {
			t.Errorf("%q %q", secret, codes)
		}
		for name, gone := range map[string]string{"the token from before": s.Token, "the other session": other.Token} {
			if _, err := w.s.Resolve(t.Context(), of(w.a), gone, auth.Bearer); !fault.Is(err, "auth.session") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), after.Token, auth.Bearer); err != nil {
			t.Errorf("the new token: %v", err)
		}
		_, _, err = w.s.ConfirmTOTP(t.Context(), of(w.a), s.Actor, "123456", home)
		is(t, "confirmed twice", err, "auth.enrolment")

		step := w.first(t, w.a, "officer")
		_, err = w.verify(t, w.a, step, testkit.AppCode(t, secret, w.clock.Now()))
		is(t, "the code that confirmed it", err, "auth.code")
		_, err = w.verify(t, w.a, step, strings.ToUpper(codes[3]))
		is(t, "a recovery code", err, "")
		step = w.first(t, w.a, "officer")
		_, err = w.verify(t, w.a, step, codes[3])
		is(t, "the same recovery code", err, "auth.code")
		if f, _ := w.s.FactorsOf(t.Context(), of(w.a), w.a.Officer); f.Codes != 9 {
			t.Errorf("%d codes are left", f.Codes)
		}
		fresh, err := w.s.RenewCodes(t.Context(), of(w.a), after.Actor)
		if err != nil || len(fresh) != 10 {
			t.Fatal(err, fresh)
		}
		_, err = w.verify(t, w.a, step, codes[4])
		is(t, "a code of the old set", err, "auth.code")

		if err := w.s.RemoveTOTP(t.Context(), of(w.a), after.Actor); err != nil {
			t.Fatal(err)
		}
		if f, _ := w.s.FactorsOf(t.Context(), of(w.a), w.a.Officer); f.Any() || f.Codes != 0 {
			t.Errorf("left after removal: %+v", f)
		}
		_, err = w.s.RenewCodes(t.Context(), of(w.a), after.Actor)
		is(t, "codes for nothing", err, "auth.no_factor")
		_, err = w.password(t, w.a, "officer", auth.Bearer)
		is(t, "the password is enough again", err, "")
	})
}

// TestSecretsAreNotStored: neither a token nor a recovery code can be read in the database.
func TestSecretsAreNotStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, _, codes := w.enrol(t, w.signIn(t, w.a, "officer"))
		step := w.first(t, w.a, "officer")
		err := w.db.View(t.Context(), w.a.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, table := range w.db.OwnedTables() {
				rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select * from "+table)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("%s", rows)
				for _, secret := range append(codes, step.Challenge, strings.ReplaceAll(codes[0], "-", "")) {
					if strings.Contains(text, secret) {
						t.Errorf("%s has %s", table, secret)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestOneCodeOnce takes the same recovery code, and the same code of the app, in parallel through two services:
// one of them is let in.
func TestOneCodeOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, secret, codes := w.enrol(t, w.signIn(t, w.a, "officer"))
		w.clock.Advance(time.Minute)
		services := []*auth.Service{w.s, auth.New(w.db, auth.Options{})}
		for what, code := range map[string]string{"a recovery code": codes[0], "the app's code": testkit.AppCode(t, secret, w.clock.Now())} {
			var in, out atomic.Int32
			var wg sync.WaitGroup
			for i := range 6 {
				step := w.first(t, w.a, "officer")
				wg.Go(func() {
					_, err := services[i%2].Verify(t.Context(), of(w.a), step.Challenge, code, auth.Bearer, at(fmt.Sprintf("192.0.2.%d", i)))
					switch {
					case err == nil:
						in.Add(1)
					case fault.Is(err, "auth.code"):
						out.Add(1)
					default:
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 || out.Load() != 5 {
				t.Errorf("%s let %d in and kept %d out", what, in.Load(), out.Load())
			}
		}
	})
}

// TestWhoMustHaveOne: the region's policy holds at the next request, the house's own roles always.
func TestWhoMustHaveOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		strict := of(w.a)
		strict.Region = &tenants.Region{Security: tenants.Security{SecondFactor: []tenants.Role{tenants.RoleOfficer}}}
		look := func(t *testing.T, tn *tenant.Tenant) bool {
			a, err := auth.New(w.db, auth.Options{}).Resolve(t.Context(), tn, s.Token, auth.Bearer)
			if err != nil {
				t.Fatal(err)
			}
			return a.MustEnrol
		}
		if look(t, of(w.a)) || !look(t, strict) {
			t.Error("the policy does not hold for who is signed in")
		}
		_, err := w.s.SignIn(t.Context(), strict, w.a.Email("officer"), password, auth.Bearer, home)
		is(t, "a program", err, "mfa_enrol")
		in, err := w.s.SignIn(t.Context(), strict, w.a.Email("officer"), password, auth.Cookie, home)
		if err != nil || !in.Actor.MustEnrol {
			t.Fatalf("a browser: %v", err)
		}
		e, err := w.s.StartTOTP(t.Context(), strict, in.Actor)
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := w.s.ConfirmTOTP(t.Context(), strict, in.Actor, testkit.AppCode(t, e.Secret, w.clock.Now()), home)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := w.s.Resolve(t.Context(), strict, after.Token, auth.Cookie); err != nil || a.MustEnrol {
			t.Errorf("enrolled: %v %v", a, err)
		}
		is(t, "the last one", w.s.RemoveTOTP(t.Context(), strict, in.Actor), "auth.last_factor")
		for _, role := range []string{authz.RoleAdmin, authz.RoleProvinceOverseer, authz.RoleNationalOverseer, authz.RoleOperator} {
			if !auth.NeedsFactor(of(w.a), role) {
				t.Errorf("%s need not", role)
			}
		}
		if auth.NeedsFactor(of(w.a), authz.RoleManager) {
			t.Error("a manager must without being asked to")
		}
	})
}

// tables counts rows of a region.
func (w *world) count(t *testing.T, r *testkit.Region, table, where string) int {
	t.Helper()
	n := 0
	err := w.db.View(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[struct {
			N int `bun:"n"`
		}](ctx, tx, store.From{table}, "select count(*) as n from "+table+" where "+where)
		if err == nil {
			n = rows[0].N
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnAppIsSetUpInOneSession: who knows the password alone reads no secret that the owner then confirms, whichever of
// the two comes first, and what was begun does not outlive its quarter of an hour, its session or the password.
func TestAnAppIsSetUpInOneSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn := of(w.a)
		start := func(s auth.Session) string {
			t.Helper()
			e, err := w.s.StartTOTP(t.Context(), tn, s.Actor)
			if err != nil {
				t.Fatal(err)
			}
			return e.Secret
		}
		confirm := func(s auth.Session, secret string) error {
			_, _, err := w.s.ConfirmTOTP(t.Context(), tn, s.Actor, testkit.AppCode(t, secret, w.clock.Now()), home)
			return err
		}
		open := func(what string, want int) {
			t.Helper()
			if n := w.count(t, w.a, "totps", "not confirmed"); n != want {
				t.Errorf("%s: %d apps are being set up, want %d", what, n, want)
			}
		}
		owner, thief := w.signIn(t, w.a, "officer"), w.signIn(t, w.a, "officer")
		read := start(thief)
		mine := start(owner)
		if read == mine {
			t.Fatal("another session reads the owner's secret")
		}
		is(t, "another session's secret", confirm(owner, read), "invalid")
		open("two sessions", 2)
		is(t, "one's own", confirm(owner, mine), "")
		open("confirmed", 0)
		w.clock.Advance(time.Minute)
		is(t, "what the other had begun", confirm(thief, read), "auth.enrolment")

		if err := w.s.ResetFactorsOf(t.Context(), w.a.ID, w.a.Email("officer"), "system:test"); err != nil {
			t.Fatal(err)
		}
		owner = w.signIn(t, w.a, "officer")
		mine = start(owner)
		w.clock.Advance(15 * time.Minute)
		is(t, "a quarter of an hour later", confirm(owner, mine), "auth.enrolment")
		if err := w.s.Sweep(t.Context(), w.a.ID); err != nil {
			t.Fatal(err)
		}
		open("swept", 0)
		if start(owner) == mine {
			t.Error("the old secret again")
		}
		if err := w.s.SignOut(t.Context(), tn, owner.Actor); err != nil {
			t.Fatal(err)
		}
		open("signed out", 0)

		owner = w.signIn(t, w.a, "officer")
		start(owner)
		owner, err := w.s.ChangePassword(t.Context(), tn, owner.Actor, password, "rahasia yang lain", home)
		if err != nil {
			t.Fatal(err)
		}
		open("another password", 0)
		start(owner)
		if err := w.s.SetPassword(t.Context(), w.a.ID, w.a.Email("officer"), password, "system:test"); err != nil {
			t.Fatal(err)
		}
		open("a password from the command line", 0)
	})
}

// TestTwoPagesAtOnce: the page that shows the secret is asked for several times at once, and all show the same.
func TestTwoPagesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		for range 5 {
			var seen sync.Map
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					e, err := w.s.StartTOTP(t.Context(), of(w.a), s.Actor)
					if err != nil {
						t.Error(err)
					}
					seen.Store(e.Secret, true)
				})
			}
			wg.Wait()
			n := 0
			seen.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Errorf("%d secrets", n)
			}
			w.clock.Advance(15 * time.Minute)
		}
	})
}

// TestTheSessionCounts: a factor that somebody has makes no session better that began without it, until it is shown
// there.
func TestTheSessionCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		strict := of(w.a)
		strict.Region = &tenants.Region{Security: tenants.Security{SecondFactor: []tenants.Role{tenants.RoleOfficer}}}
		look := func(tn *tenant.Tenant, s auth.Session) *authz.Actor {
			t.Helper()
			a, err := auth.New(w.db, auth.Options{}).Resolve(t.Context(), tn, s.Token, auth.Bearer)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		alone := w.signIn(t, w.a, "officer")
		if a := look(of(w.a), alone); a.MustEnrol || a.ProvedAt.IsZero() {
			t.Errorf("nobody has a factor: %+v", a)
		}
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error { return testkit.GiveFactor(ctx, tx, w.a.Officer) })
		if a := look(of(w.a), alone); a.MustEnrol || !a.ProvedAt.IsZero() {
			t.Errorf("the person has one, the session has not shown it: %+v", a)
		}
		if a := look(strict, alone); !a.MustEnrol || !a.ProvedAt.IsZero() {
			t.Errorf("where an officer must: %+v", a)
		}
		shown, err := w.s.Prove(t.Context(), strict, look(strict, alone), w.code(t, 0), home)
		if err != nil {
			t.Fatal(err)
		}
		if a := look(strict, shown); a.MustEnrol || a.ProvedAt.IsZero() {
			t.Errorf("shown: %+v", a)
		}
		if err := w.s.RemoveTOTP(t.Context(), of(w.a), shown.Actor); err != nil {
			t.Fatal(err)
		}
		if !look(strict, shown).MustEnrol {
			t.Error("the factor that was shown is gone")
		}
		// One's own new factor counts as shown.
		after, _, _ := w.enrol(t, shown)
		if a := look(strict, after); a.MustEnrol || a.ProvedAt.IsZero() {
			t.Errorf("enrolled: %+v", a)
		}
		list, err := w.s.Sessions(t.Context(), strict, w.a.Officer)
		if err != nil || len(list) != 1 || list[0].Factor != auth.TOTP {
			t.Errorf("%+v %v", list, err)
		}
	})
}
