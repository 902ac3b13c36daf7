package auth_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

const password = "kunci pendopo 2026"

var hasher = audit.NewHasher([]byte("a key of the tests"))

var home = at("203.0.113.7")

func at(address string) auth.From { return auth.From{IP: netip.MustParseAddr(address), Agent: "Uji"} }

var hashed = sync.OnceValue(func() string {
	h, err := auth.Hash(context.Background(), tenant.ID{}, password)
	if err != nil {
		panic(err)
	}
	return h
})

// world is two regions and a clock on both databases.
type world struct {
	db    *store.DB
	clock *testkit.Clock
	a, b  *testkit.Region
	s     *auth.Service
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			c := testkit.NewClock(testkit.Morning)
			models := slices.Concat(seal.Models, tenant.Models, auth.Models)
			w := &world{clock: c}
			w.db = testkit.Open(t, dialect, testkit.WithClock(c), testkit.WithModels(models))
			w.a, w.b = testkit.Two(t, w.db, testkit.PasswordHash(hashed()))
			w.s = auth.New(w.db, auth.Options{Hasher: hasher})
			fn(t, w)
		})
	}
}

func of(r *testkit.Region) *tenant.Tenant {
	return &tenant.Tenant{ID: r.ID, Code: r.Code, Slug: r.Slug, Scope: r.Scope, Loc: clock.WIB, State: tenant.Active}
}

func (w *world) signIn(t *testing.T, r *testkit.Region, who string) auth.Session {
	t.Helper()
	s, err := w.s.SignIn(t.Context(), of(r), r.Email(who), password, auth.Bearer, home)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// change writes to the tenant's rows as another part of the service would.
func (w *world) change(t *testing.T, r *testkit.Region, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := w.db.In(t.Context(), r.ID, fn); err != nil {
		t.Fatal(err)
	}
}

type record struct {
	Actor  string `bun:"actor"`
	Action string `bun:"action"`
	Target string `bun:"target"`
	Record string `bun:"record"`
}

func (w *world) records(t *testing.T, r *testkit.Region) (rows []record) {
	t.Helper()
	err := w.db.View(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[record](ctx, tx, store.From{"audit"}, "select actor, action, target, record from audit where action like 'auth:%' order by seq")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.s.SignIn(t.Context(), of(w.a), "  "+strings.ToUpper(w.a.Email("officer")), password, auth.Bearer, home)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Token) != 43 || !s.ExpiresAt.Equal(testkit.Morning.Add(auth.Absolute)) {
			t.Errorf("token of %d signs, until %v", len(s.Token), s.ExpiresAt)
		}
		got, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer)
		if err != nil {
			t.Fatal(err)
		}
		if got.UserID != w.a.Officer || got.SessionID != s.Actor.SessionID || got.Email != w.a.Email("officer") || got.Channel != "counter" {
			t.Errorf("resolved %+v", got.Identity)
		}
		if !got.HasRole(authz.RoleOfficer) || got.HasRole(authz.RoleAdmin) {
			t.Errorf("grants %v", got.Grants())
		}
		rows := w.records(t, w.a)
		if len(rows) != 1 || rows[0].Action != "auth:session:create" || rows[0].Actor != "user:"+w.a.Officer.String() || !strings.Contains(rows[0].Record, `"ok":true`) {
			t.Errorf("records %+v", rows)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(
				testkit.AddUser(ctx, tx, tenant.User{ID: newID(), PasswordHash: hashed(), Retired: true, CreatedAt: tx.Now()}, "retired@a.test", "R"),
				testkit.AddUser(ctx, tx, tenant.User{ID: newID(), CreatedAt: tx.Now()}, "nopassword@a.test", "N"),
				testkit.AddUser(ctx, tx, tenant.User{ID: newID(), PasswordHash: "$argon2id$v=19$m=9999999,t=2,p=1$AAAA$AAAA", CreatedAt: tx.Now()}, "broken@a.test", "B"))
		})
		for name, c := range map[string]struct{ email, password, code string }{
			"wrong password":       {w.a.Email("officer"), "salah", "auth.wrong"},
			"no account":           {"nobody@a.test", password, "auth.wrong"},
			"another region's":     {w.b.Email("officer"), password, "auth.wrong"},
			"retired":              {"retired@a.test", password, "auth.wrong"},
			"without a password":   {"nopassword@a.test", "x", "auth.wrong"},
			"a hash nobody reads":  {"broken@a.test", password, "auth.wrong"},
			"a very long password": {w.a.Email("officer"), strings.Repeat("a", auth.MaxPassword+1), "auth.wrong"},
			"NUL in the e-mail":    {"a\x00b", password, "auth.wrong"},
			"empty":                {"", "", "invalid"},
		} {
			_, err := w.s.SignIn(t.Context(), of(w.a), c.email, c.password, auth.Cookie, home)
			if !fault.Is(err, c.code) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, r := range w.records(t, w.a) {
			for _, secret := range []string{"@", password, "203.0.113"} {
				if strings.Contains(r.Record+r.Target, secret) {
					t.Errorf("the record shows %q: %s", secret, r.Record)
				}
			}
		}
		if rows := w.records(t, w.a); len(rows) == 0 || !slices.ContainsFunc(rows, func(r record) bool {
			return r.Target == auth.Account(hasher, w.a.ID, w.a.Email("officer")) && strings.Contains(r.Record, `"ok":false`)
		}) {
			t.Errorf("no record of the failure under the account's pseudonym: %+v", rows)
		}
	})
}

func TestTokenIsBoundToItsTenant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		for range 2 { // the second look could be answered by the cache
			if _, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer); err != nil {
				t.Fatal(err)
			}
			if a, err := w.s.Resolve(t.Context(), of(w.b), s.Token, auth.Bearer); !fault.Is(err, "auth.session") {
				t.Fatalf("in the other region the token is %v, %v", a, err)
			}
		}
		for _, token := range []string{"", "x", strings.Repeat("A", 43), s.Token + "A"} {
			if _, err := w.s.Resolve(t.Context(), of(w.a), token, auth.Bearer); !fault.Is(err, "auth.session") {
				t.Errorf("%q: %v", token, err)
			}
		}
	})
}

func TestTokenIsNotStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		type row struct {
			TokenHash []byte `bun:"token_hash"`
		}
		err := w.db.View(t.Context(), w.a.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[row](ctx, tx, store.From{"sessions"}, "select token_hash from sessions")
			want := sha256.Sum256([]byte(s.Token))
			if len(rows) != 1 || string(rows[0].TokenHash) != string(want[:]) {
				t.Errorf("stored %+v", rows)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// Looks without the cache, which counts by the machine's clock.
		alive := func(token string) bool {
			_, err := auth.New(w.db, auth.Options{}).Resolve(t.Context(), of(w.a), token, auth.Bearer)
			if err != nil && !fault.Is(err, "auth.session") {
				t.Fatal(err)
			}
			return err == nil
		}
		idle := w.signIn(t, w.a, "officer")
		w.clock.Advance(auth.Idle - time.Second)
		if !alive(idle.Token) {
			t.Error("ended before the idle time")
		}
		w.clock.Advance(auth.Idle - time.Second) // the look above was written down
		if !alive(idle.Token) {
			t.Error("a request did not renew the idle time")
		}
		w.clock.Advance(auth.Idle)
		if alive(idle.Token) {
			t.Error("did not end after the idle time")
		}
		used := w.signIn(t, w.a, "officer")
		for range 4 {
			w.clock.Advance(auth.Absolute/4 - time.Second)
			if !alive(used.Token) {
				t.Error("ended though in use")
			}
		}
		w.clock.Advance(4 * time.Second)
		if alive(used.Token) {
			t.Error("did not end after the absolute time")
		}
		out := w.signIn(t, w.a, "officer")
		if err := w.s.SignOut(t.Context(), of(w.a), out.Actor); err != nil {
			t.Fatal(err)
		}
		if alive(out.Token) {
			t.Error("signed out and still in")
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), out.Token, auth.Bearer); !fault.Is(err, "auth.session") {
			t.Error("signed out and still in this process's cache")
		}
		if err := w.s.Sweep(t.Context(), w.a.ID); err != nil {
			t.Fatal(err)
		}
		err := w.db.View(t.Context(), w.a.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[struct {
				N int `bun:"n"`
			}](ctx, tx, store.From{"sessions"}, "select count(*) as n from sessions")
			if err == nil && rows[0].N != 0 {
				t.Errorf("%d ended sessions are left", rows[0].N)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestRevocation takes away what somebody has, behind the back of a process that has just looked.
func TestRevocation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		look := func() *authz.Actor {
			a, err := w.s.Resolve(t.Context(), of(w.a), s.Token, auth.Bearer)
			if err != nil && !fault.Is(err, "auth.session") {
				t.Fatal(err)
			}
			return a
		}
		within := func(what string, done func() bool) {
			t.Helper()
			look()
			for start := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
				if time.Since(start) > time.Second {
					t.Fatalf("%s: not within a second", what)
				}
			}
		}
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ?", w.a.Officer)
			return err
		})
		within("a role that was taken away", func() bool { return !look().HasRole(authz.RoleOfficer) })
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.User](tx).Set("retired = ?", true).Where("id = ?", w.a.Officer).Exec(ctx)
			return err
		})
		within("an account that was retired", func() bool { return look() == nil })
	})
}

func TestGuessingIsSlowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		guess := func(email, password string, ip auth.From) error {
			_, err := w.s.SignIn(t.Context(), of(w.a), email, password, auth.Cookie, ip)
			return err
		}
		for i := range 10 {
			if err := guess(w.a.Email("officer"), "salah", home); !fault.Is(err, "auth.wrong") {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		err := guess(w.a.Email("officer"), password, home)
		if !fault.Is(err, "auth.slow") || fault.Of(err).RetryAfter <= 0 || fault.Of(err).RetryAfter > 15*time.Minute {
			t.Fatalf("the eleventh: %v, retry after %v", err, fault.Of(err).RetryAfter)
		}
		if err := guess("nobody@a.test", "salah", home); !fault.Is(err, "auth.wrong") {
			t.Errorf("another account from the same address: %v", err)
		}
		if err := guess(w.a.Email("officer"), password, at("198.51.100.1")); err != nil {
			t.Errorf("the owner at another address: %v", err)
		}
		if _, err := w.s.SignIn(t.Context(), of(w.b), w.b.Email("officer"), password, auth.Cookie, home); err != nil {
			t.Errorf("another region: %v", err)
		}
		off := auth.New(w.db, auth.Options{LimitsOff: true})
		if _, err := off.SignIn(t.Context(), of(w.a), w.a.Email("officer"), password, auth.Cookie, home); err != nil {
			t.Errorf("limits off: %v", err)
		}
		w.clock.Advance(15 * time.Minute)
		if err := guess(w.a.Email("officer"), password, home); err != nil {
			t.Errorf("in the next window: %v", err)
		}
	})
}

// TestSuccessIsNotCounted lets somebody sign in more often than anyone may fail.
func TestSuccessIsNotCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 12 {
			w.signIn(t, w.a, "officer")
		}
	})
}

// TestGuessesAtOnce guesses in parallel, through services as of several processes: no more guesses are
// looked at than one at a time would be.
func TestGuessesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		services := []*auth.Service{w.s, auth.New(w.db, auth.Options{})}
		var wrong, slow, busy atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				_, err := services[i%2].SignIn(t.Context(), of(w.a), w.a.Email("admin"), fmt.Sprint(i), auth.Cookie, home)
				switch {
				case fault.Is(err, "auth.wrong"):
					wrong.Add(1)
				case fault.Is(err, "auth.slow"):
					slow.Add(1)
				case fault.Is(err, "auth.busy"): // counted, and not looked at: the machine has much to do
					busy.Add(1)
				default:
					t.Errorf("guess: %v", err)
				}
			})
		}
		wg.Wait()
		if wrong.Load()+busy.Load() != 10 || slow.Load() != 6 {
			t.Errorf("%d looked at, %d put off, %d refused", wrong.Load(), busy.Load(), slow.Load())
		}
	})
}

// TestManyAddresses: guessing one account from everywhere ends too, and one IPv6 network is one address.
func TestManyAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("60 passwords")
	}
	w := &world{clock: testkit.NewClock(testkit.Morning)}
	w.db = testkit.Open(t, testkit.SQLite, testkit.WithClock(w.clock), testkit.WithModels(slices.Concat(seal.Models, tenant.Models, auth.Models)))
	w.a, _ = testkit.Two(t, w.db, testkit.PasswordHash(hashed()))
	w.s = auth.New(w.db, auth.Options{})
	for i := range 61 {
		ip := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		_, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), "salah", auth.Cookie, auth.From{IP: ip})
		if want := map[bool]string{true: "auth.slow", false: "auth.wrong"}[i == 60]; !fault.Is(err, want) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	for i := range 11 {
		ip := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)})
		_, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("admin"), "salah", auth.Cookie, auth.From{IP: ip})
		if want := map[bool]string{true: "auth.slow", false: "auth.wrong"}[i == 10]; !fault.Is(err, want) {
			t.Fatalf("guess %d from one IPv6 network: %v", i, err)
		}
	}
}

// TestSameAnswer: whether an account exists shows neither in the answer nor in how long it takes.
func TestSameAnswer(t *testing.T) {
	w := &world{}
	w.db = testkit.Open(t, testkit.SQLite, testkit.WithModels(slices.Concat(seal.Models, tenant.Models, auth.Models)))
	w.a, _ = testkit.Two(t, w.db, testkit.PasswordHash(hashed()))
	w.s = auth.New(w.db, auth.Options{LimitsOff: true})
	took := func(email string) time.Duration {
		start := time.Now()
		_, err := w.s.SignIn(t.Context(), of(w.a), email, "salah", auth.Cookie, home)
		if e := fault.Of(err); e == nil || e.Code != "auth.wrong" || len(e.Extra)+len(e.Fields) != 0 {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	took("warm@a.test") // makes the hash of nobody
	// The shortest of each, since other work on the machine only ever makes one longer.
	known, unknown := time.Hour, time.Hour
	for i := range 60 {
		known, unknown = min(known, took(w.a.Email("officer"))), min(unknown, took("nobody@a.test"))
		if i >= 4 && unknown > known*2/3 && known > unknown*2/3 {
			t.Logf("known account %v, unknown %v", known, unknown)
			return
		}
	}
	t.Errorf("known account %v, unknown %v", known, unknown)
}

func TestSetPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.signIn(t, w.a, "officer")
		if err := w.s.SetPassword(t.Context(), w.a.ID, w.a.Email("officer"), "baru sekali", "system:test"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Resolve(t.Context(), of(w.a), old.Token, auth.Bearer); !fault.Is(err, "auth.session") {
			t.Errorf("the old session: %v", err)
		}
		if _, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), password, auth.Cookie, home); !fault.Is(err, "auth.wrong") {
			t.Errorf("the old password: %v", err)
		}
		if _, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), "baru sekali", auth.Cookie, home); err != nil {
			t.Errorf("the new password: %v", err)
		}
		if err := w.s.SetPassword(t.Context(), w.b.ID, w.a.Email("officer"), "x", "system:test"); !fault.Is(err, "not_found") {
			t.Errorf("in the other region: %v", err)
		}
		// The record tells the stored passwords apart, and shows none of them.
		found := false
		for _, r := range w.records(t, w.a) {
			if r.Action != "auth:password:set" {
				continue
			}
			found = true
			was := hasher.Personal(w.a.ID, "password", hashed())
			if !strings.Contains(r.Record, `"before":{"password":"`+was+`"},"after":{"password":"hash:`) || strings.Count(r.Record, was) != 1 ||
				strings.Contains(r.Record, "argon2") || r.Target != "user:"+w.a.Officer.String() || r.Actor != "system:test" {
				t.Errorf("the record: %+v", r)
			}
		}
		if !found {
			t.Error("no record")
		}
	})
}

// TestASignInInFlight: a sign-in whose password was right when it was looked at comes to nothing when another password
// is set before it ends, whichever way, also while that is being committed.
func TestASignInInFlight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const fresh = "baru sekali lagi"
		now := password
		around := func(who, password string, between func()) error {
			_, err := w.s.SignInAround(t.Context(), of(w.a), w.a.Email(who), password, auth.Bearer, home, between)
			return err
		}
		set := func(who, password string) func() {
			return func() {
				if err := w.s.SetPassword(t.Context(), w.a.ID, w.a.Email(who), password, "system:test"); err != nil {
					t.Error(err)
				}
			}
		}
		is(t, "nothing happened", around("officer", now, func() {}), "")
		is(t, "another password", around("officer", now, set("officer", fresh)), "auth.wrong")
		is(t, "another password of somebody with an app", around("admin", now, set("admin", fresh)), "auth.wrong")
		is(t, "changed by its owner", around("officer", fresh, func() {
			s, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), fresh, auth.Cookie, home)
			if err == nil {
				_, err = w.s.ChangePassword(t.Context(), of(w.a), s.Actor, fresh, "hujan payung kerikil", home)
			}
			if err != nil {
				t.Error(err)
			}
		}), "auth.wrong")

		// The other password is set, and not committed yet.
		slow := &stopping{at: auth.NoticePassword, there: make(chan struct{}), on: make(chan struct{})}
		other := auth.New(w.db, auth.Options{Notices: slow})
		var wg sync.WaitGroup
		var err error
		is(t, "while it is set", around("officer", "hujan payung kerikil", func() {
			wg.Go(func() {
				err = other.SetPassword(t.Context(), w.a.ID, w.a.Email("officer"), fresh, "system:test")
			})
			<-slow.there
			time.AfterFunc(200*time.Millisecond, func() { close(slow.on) })
		}), "auth.wrong")
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, w.a, "sessions", "true"); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// TestAChangeInFlight: neither does a change of the password, whose current one is not the current one any more.
func TestAChangeInFlight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		w.s = auth.New(w.db, auth.Options{LimitsOff: true}) // or the guesses would wait for one another
		slow := &stopping{at: auth.NoticePassword, there: make(chan struct{}), on: make(chan struct{})}
		other := auth.New(w.db, auth.Options{Notices: slow, LimitsOff: true})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := other.ChangePassword(t.Context(), of(w.a), s.Actor, password, "rahasia yang pertama", home); err != nil {
				t.Error(err)
			}
		})
		<-slow.there
		time.AfterFunc(300*time.Millisecond, func() { close(slow.on) })
		_, err := w.s.ChangePassword(t.Context(), of(w.a), s.Actor, password, "rahasia yang kedua", home)
		is(t, "the slower of two changes", err, "invalid")
		wg.Wait()
		_, err = w.s.SignIn(t.Context(), of(w.a), w.a.Email("officer"), "rahasia yang pertama", auth.Cookie, home)
		is(t, "the password of the first", err, "")
	})
}

// stopping waits where a kind of notice is told, in the midst of a transaction.
type stopping struct {
	at        string
	there, on chan struct{}
}

func (n *stopping) Notice(_ context.Context, _ *store.Tx, _ id.ID, kind string, _ map[string]string) error {
	if kind == n.at {
		close(n.there)
		<-n.on
	}
	return nil
}
