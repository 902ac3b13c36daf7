package auditlog_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

const password = "kunci pendopo 2026"

var hashed = sync.OnceValue(func() string {
	h, err := auth.Hash(context.Background(), tenant.ID{}, password)
	if err != nil {
		panic(err)
	}
	return h
})

// world is two regions with a day's work in the first, and the pages on it.
type world struct {
	*web.App
	db     *store.DB
	clock  *testkit.Clock
	a, b   *testkit.Region
	hall   *queue.Hall
	auth   *auth.Service
	log    *auditlog.Log
	reg    *tenant.Registry
	tokens map[string]string // by role, of A
	users  map[string]id.ID
	hasher *audit.Hasher
}

func (w *world) of(t testing.TB, r *testkit.Region) *tenant.Tenant {
	t.Helper()
	tn, ok := w.reg.ByHost(r.Host("localhost"))
	if !ok {
		t.Fatal("the region is not in the registry")
	}
	return tn
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			fn(t, newWorld(t, dialect))
		})
	}
}

func newWorld(t *testing.T, dialect string) *world {
	t.Helper()
	w := &world{clock: testkit.NewClock(testkit.Morning), tokens: map[string]string{}, users: map[string]id.ID{}}
	models := slices.Concat(tenant.Models, auth.Models, queue.Models)
	w.db = testkit.Open(t, dialect, testkit.WithClock(w.clock), testkit.WithModels(models))
	w.a, w.b = testkit.Two(t, w.db, testkit.PasswordHash(hashed()))
	w.user(t, w.a, "manager", "Melati")
	w.user(t, w.a, "front-office", "Fitri")
	w.reg = tenant.NewRegistry(w.db, "localhost", nil)
	if err := w.reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	dirs, hasher := tenant.NewDirectories(w.db), audit.NewHasher([]byte("a key of the tests"), []byte("an older key of the tests"))
	w.hasher = hasher
	w.hall = queue.New(w.db, dirs)
	w.auth = auth.New(w.db, auth.Options{Hasher: hasher})
	w.log = auditlog.New(w.db, dirs, auditlog.Options{
		Label: queue.Label, Tickets: w.hall.Labelled,
		Accounts: func(of tenant.ID, email string) []string { return auth.Accounts(w.hasher, of, email) },
	})
	w.App = web.New(web.Config{Registry: w.reg, Sessions: w.auth, Clock: w.clock, Origin: hasher.Origin})
	auditlog.Routes(w.Tenant(), w.log)
	signin.Routes(w.Tenant(), w.auth)
	w.signIn(t)
	w.users["officer"], w.users["admin"] = w.a.Officer, w.a.Admin
	return w
}

// signIn signs everybody in, anew when the clock has been moved on.
func (w *world) signIn(t *testing.T) {
	t.Helper()
	for _, role := range []string{"officer", "admin", "manager", "front-office"} {
		s := testkit.SignIn(t, w.db, w.auth, w.of(t, w.a), w.a.Email(role), password, auth.Bearer)
		w.tokens[role] = s.Token
	}
}

// user adds somebody with a role in the whole region.
func (w *world) user(t *testing.T, r *testkit.Region, role, name string) id.ID {
	t.Helper()
	u := tenant.User{ID: id.New(), PasswordHash: hashed(), CreatedAt: w.clock.Now()}
	err := w.db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := testkit.AddUser(ctx, tx, u, r.Email(role), name); err != nil {
			return err
		}
		return store.Insert(ctx, tx, &tenant.Grant{UserID: u.ID, Role: role, Scope: r.Scope})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.users[role] = u.ID
	return u.ID
}

// records writes records of the first region, one a transaction.
func (w *world) records(t *testing.T, records ...store.Record) {
	t.Helper()
	for _, r := range records {
		err := w.db.In(t.Context(), w.a.ID, func(_ context.Context, tx *store.Tx) error { tx.Audit(r); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// many are n records of an action by somebody.
func many(n int, actor, action string) []store.Record {
	out := make([]store.Record, n)
	for i := range out {
		out[i] = store.Record{Actor: actor, Action: action, Target: fmt.Sprint("test:", i)}
	}
	return out
}

// day is a ticket's way through the mall: taken, called, called again, served, finished; and one that did not come.
func (w *world) day(t *testing.T) (first, second queue.Place) {
	t.Helper()
	at, officer := w.of(t, w.a), authz.NewActor(authz.Identity{UserID: w.a.Officer}, []authz.Grant{{Role: authz.RoleOfficer, Scope: w.a.Scope + "/dukcapil"}})
	issue := func(ch queue.Channel, by *authz.Actor) queue.Place {
		p, err := w.hall.Issue(t.Context(), at, queue.Request{ServiceID: w.a.Services[0], Channel: ch, Actor: by})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute)
		return p
	}
	call := func() {
		if _, ok, err := w.hall.CallNext(t.Context(), at, officer, queue.Press{CounterID: w.a.Counters[0]}); err != nil || !ok {
			t.Fatal(ok, err)
		}
		w.clock.Advance(time.Minute)
	}
	move := func(p queue.Place, m queue.Move) {
		if _, err := w.hall.Do(t.Context(), at, officer, p.ID, m); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute)
	}
	first, second = issue(queue.Web, nil), issue(queue.AtCounter, officer)
	call()
	move(first, queue.Recall)
	move(first, queue.Serve)
	move(first, queue.Finish)
	call()
	move(second, queue.Absent)
	third := issue(queue.Web, nil)
	if _, err := w.hall.Withdraw(t.Context(), at, third.ID); err != nil {
		t.Fatal(err)
	}
	return first, second
}

// ask asks for a path of a region, as somebody.
func (w *world) ask(t *testing.T, r *testkit.Region, path, token string) (*http.Response, string) {
	t.Helper()
	q := httptest.NewRequest(http.MethodGet, path, nil)
	q.Host = r.Host("localhost")
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := w.Test(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// page asks for a page that must be there.
func (w *world) page(t *testing.T, path, role string) string {
	t.Helper()
	res, body := w.ask(t, w.a, path, w.tokens[role])
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s as %s: %d %.300s", path, role, res.StatusCode, body)
	}
	return body
}

// actions are what has been recorded in a region, in order.
func (w *world) actions(t *testing.T, r *testkit.Region) (out []string) {
	t.Helper()
	type row struct {
		Actor  string `bun:"actor"`
		Action string `bun:"action"`
		Target string `bun:"target"`
	}
	err := w.db.View(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select actor, action, target from audit order by seq")
		for _, x := range rows {
			out = append(out, x.Actor+" "+x.Action+" "+x.Target)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var loopback = auth.From{IP: netip.MustParseAddr("127.0.0.1")}

func registry(t testing.TB, db *store.DB) *tenant.Registry {
	t.Helper()
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return reg
}

func directories(db *store.DB) *tenant.Directories { return tenant.NewDirectories(db) }
