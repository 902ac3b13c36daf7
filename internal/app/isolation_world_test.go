package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// public is how the suite calls who has not signed in.
const public = "public"

// world is two regions in one application, each with somebody in every role who is signed in, both ways.
type world struct {
	db    *store.DB
	ap    *app.App
	hash  string // of password
	a, b  *side
	log   *safeBuffer
	idp   *mockoidc.MockOIDC
	dns   *testkit.NameServer
	roles []string // the public first
}

// side is one of the regions.
type side struct {
	*testkit.Region
	w       *world
	t       *tenant.Tenant
	domain  string             // its proved own domain
	wanted  string             // another one, that it may ask for
	people  map[string]*person // by role
	persons map[string]bool    // the identifiers of all there are
	known   map[string]bool    // what must not be seen elsewhere, beside the canary and the phone
}

// person is somebody of a region, and their sessions.
type person struct {
	id             id.ID
	email          string
	cookie, bearer string
	session        id.ID  // the one of the bearer
	factor         string // what the sessions were begun with
}

// safeBuffer is a log that is written by many.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// passwordHash is made once: it is slow on purpose.
var passwordHash = sync.OnceValues(func() (string, error) {
	return auth.Hash(context.Background(), tenant.ID{}, password)
})

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, hash: hash, log: &safeBuffer{}, roles: append([]string{public}, authz.Roles()...)}
	if w.idp, err = mockoidc.Run(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.idp.Shutdown() })
	// Each region's agency has a provider, the same one: what differs is whom it vouches for.
	provider := testkit.Declares(func(r *tenants.Region) {
		_, domain, _ := strings.Cut(r.Contact.Email, "@")
		domain = strings.TrimSuffix(r.Contact.Email, "@"+domain) + ".test" // as testkit's people have it
		r.Agencies = []tenants.Agency{{
			Code: "dukcapil", SignIn: tenants.SignIn{
				Issuer: w.idp.Issuer(), ClientID: w.idp.ClientID, Role: tenants.RoleOfficer, Domains: []string{domain}},
			// As much as a manifest must have, of testkit's rows: what people change of it can be applied.
			Series:   []tenants.Series{{Code: "a", Prefix: "A", Venue: "mal"}},
			Services: []tenants.Service{{Code: "layanan-a", Name: "Layanan " + domain, Execution: "native", Series: tenants.Codes{"a"}}},
			Counters: []tenants.Counter{{Code: "1", Venue: "mal", Zone: "a", Series: []string{"a"}}},
		}}
	})
	ra, rb := testkit.Two(t, db, testkit.PasswordHash(hash), provider)
	for _, r := range []*testkit.Region{ra, rb} {
		everyRole(t, db, r, hash)
	}
	cfg := config.Default()
	cfg.SSONetworks = []string{"127.0.0.0/8"}
	w.dns = testkit.NewNameServer(t)
	cfg.NameServer = w.dns.Address
	cfg.Limits, cfg.Data, cfg.SecurityContact = false, t.TempDir(), "mailto:keamanan@contoh.test"
	// Everything, so that a line which shows something is found at any level.
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.ap, err = app.New(t.Context(), cfg, db, log); err != nil {
		t.Fatal(err)
	}
	w.a, w.b = w.side(t, ra), w.side(t, rb)
	for _, s := range []*side{w.a, w.b} {
		s.changedOver(t) // now: where a layer is taken out later, nothing of this kind can be written any more
		w.bind(t, s)
	}
	if err := w.ap.Registry.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// proof is a name server that shows one record.
type proof struct{ name, value string }

func (p proof) LookupTXT(_ context.Context, name string) ([]string, error) {
	if strings.TrimSuffix(name, ".") != p.name {
		return nil, nil
	}
	return []string{p.value}, nil
}

// bind gives a region a proved domain of its own, at which it is served beside its host.
func (w *world) bind(t *testing.T, s *side) {
	t.Helper()
	s.domain = "mpp." + s.Slug + ".go.id"
	prov := &tenant.Provisioner{DB: w.db}
	var row tenant.Row
	err := w.db.SystemView(t.Context(), func(ctx context.Context, sys *store.SysTx) error {
		rows, err := store.SysSelect[tenant.Row](ctx, sys, "id = ?", s.ID)
		if err == nil {
			row = rows[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := prov.AskDomain(t.Context(), row, s.domain, "system:test")
	if err != nil {
		t.Fatal(err)
	}
	name, value := asked.Record()
	if _, err := prov.ProveDomain(t.Context(), proof{name, value}, row, s.domain, "system:test"); err != nil {
		t.Fatal(err)
	}
}

func (w *world) side(t *testing.T, r *testkit.Region) *side {
	t.Helper()
	leaveWork(t, w.db, w.ap, r)
	s := &side{Region: r, w: w, wanted: "layanan." + r.Slug + ".go.id", people: map[string]*person{}, known: map[string]bool{}, persons: map[string]bool{}}
	var ok bool
	if s.t, ok = w.ap.Registry.ByHost(r.Host("localhost")); !ok {
		t.Fatal("not in the registry")
	}
	declared, _ := auth.SignInOf(s.t, "dukcapil")
	if err := auth.SetProviderSecret(t.Context(), w.db, r.ID, "dukcapil", declared, w.idp.ClientSecret, "system:test"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []id.ID{r.Venue, r.Hall, r.Agency, r.Officer, r.Admin, r.Series[0], r.Series[1], r.Counters[0], r.Counters[1], r.Services[0], r.Services[1]} {
		s.keep(id.String())
	}
	s.keep(r.ID.String())
	err := w.db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, role := range authz.Roles() {
			u, err := tenant.UserByEmail(ctx, tx, r.Email(role))
			if err != nil {
				return err
			}
			p := &person{id: u.ID, email: r.Email(role), factor: factorOf(role)}
			if err := s.enter(ctx, tx, p); err != nil {
				return err
			}
			s.people[role] = p
			s.keep(p.id.String())
			s.persons[p.id.String()] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keep notes what another region must not see.
func (s *side) keep(texts ...string) {
	for _, x := range texts {
		s.known[x] = true
	}
}

func factorOf(role string) string {
	if auth.NeedsFactor(&tenant.Tenant{}, role) {
		return string(auth.TOTP)
	}
	return ""
}

// sessionRow mirrors a session, so that one can be begun without the slow hash of a password. That signing in makes
// just such a row is shown by the routes of the suite that do.
type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:session"`
	store.Owned
	ID        id.ID      `bun:"id,pk"`
	UserID    id.ID      `bun:"user_id"`
	TokenHash []byte     `bun:"token_hash"`
	Kind      authz.Kind `bun:"kind"`
	CreatedAt time.Time  `bun:"created_at"`
	SeenAt    time.Time  `bun:"seen_at"`
	ExpiresAt time.Time  `bun:"expires_at"`
	Factor    string     `bun:"factor"`
	Agent     string     `bun:"agent"`
	ProvedAt  time.Time  `bun:"proved_at"`
}

// enter begins a session of each kind.
func (s *side) enter(ctx context.Context, tx *store.Tx, p *person) error {
	for kind, token := range map[authz.Kind]*string{auth.Cookie: &p.cookie, auth.Bearer: &p.bearer} {
		b := make([]byte, 32)
		_, _ = rand.Read(b)
		*token = base64.RawURLEncoding.EncodeToString(b)
		sum := sha256.Sum256([]byte(*token))
		row := &sessionRow{
			ID: id.New(), UserID: p.id, TokenHash: sum[:], Kind: kind, CreatedAt: tx.Now(), SeenAt: tx.Now(),
			ExpiresAt: tx.Now().Add(time.Hour), Factor: p.factor, Agent: "Uji " + s.Canary, ProvedAt: tx.Now(),
		}
		if err := store.Insert(ctx, tx, row); err != nil {
			return err
		}
		s.keep(*token, row.ID.String())
		if kind == auth.Bearer {
			p.session = row.ID
		}
	}
	return nil
}

// fresh makes somebody new in a role, signed in. with gives them an app for codes.
func (s *side) fresh(t *testing.T, role string, with bool) *person {
	t.Helper()
	p := &person{id: id.New()}
	p.email = "baru-" + p.id.String() + "@" + s.Canary + ".test"
	with = with || factorOf(role) != ""
	if with {
		p.factor = string(auth.TOTP)
	}
	err := s.w.db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
		user := tenant.User{ID: p.id, PasswordHash: s.w.hash, CreatedAt: tx.Now()}
		if err := testkit.AddUser(ctx, tx, user, p.email, "Orang "+s.Canary); err != nil {
			return err
		}
		scope := s.Scope
		if role == authz.RoleOfficer {
			scope += "/dukcapil"
		}
		if err := store.Insert(ctx, tx, &tenant.Grant{UserID: p.id, Role: role, Scope: scope}); err != nil {
			return err
		}
		if with {
			if err := testkit.GiveFactor(ctx, tx, p.id); err != nil {
				return err
			}
		}
		return s.enter(ctx, tx, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.keep(p.id.String())
	s.persons[p.id.String()] = true
	return p
}

// actor is who somebody is to the services below the routes.
func (s *side) actor(t *testing.T, p *person) *authz.Actor {
	t.Helper()
	a, err := s.w.ap.Auth.Resolve(t.Context(), s.t, p.cookie, auth.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// waiting takes a number.
func (s *side) waiting(t *testing.T) string {
	t.Helper()
	p, err := s.w.ap.Hall.Issue(t.Context(), s.t, queue.Request{ServiceID: s.Services[0], Channel: queue.Web})
	if err != nil {
		t.Fatal(err)
	}
	s.keep(p.ID.String(), queue.Code(p.ID))
	return p.ID.String()
}

// called takes a number and calls somebody to the first counter. Who stood there has gone.
func (s *side) called(t *testing.T) string {
	t.Helper()
	s.waiting(t)
	p, ok, err := s.w.ap.Hall.CallNext(t.Context(), s.t, s.actor(t, s.people[authz.RoleOfficer]), queue.Press{CounterID: s.Counters[0]})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return p.ID.String()
}

func (s *side) moved(t *testing.T, m queue.Move) string {
	t.Helper()
	ticket := s.called(t)
	parsed, err := id.Parse(ticket)
	if err == nil {
		_, err = s.w.ap.Hall.Do(t.Context(), s.t, s.actor(t, s.people[authz.RoleOfficer]), parsed, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// served is somebody who stands at the first counter; missed is somebody who was not there.
func (s *side) served(t *testing.T) string { t.Helper(); return s.moved(t, queue.Serve) }
func (s *side) missed(t *testing.T) string { t.Helper(); return s.moved(t, queue.Absent) }

// waits is a sign-in that waits for its second step.
func (s *side) waits(t *testing.T, p *person, kind auth.Kind) string {
	t.Helper()
	_, err := s.w.ap.Auth.SignIn(t.Context(), s.t, p.email, password, kind, auth.From{Agent: "Uji"})
	step, ok := auth.StepOf(err)
	if !ok {
		t.Fatal(err)
	}
	s.keep(step.Challenge)
	return step.Challenge
}

// link is the token of a letter.
func (s *side) link(t *testing.T, p *person) (token string) {
	t.Helper()
	err := s.w.db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		token, _, err = auth.MakeLink(ctx, tx, p.id, auth.LetterReset)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.keep(token)
	return token
}

// announced is what the operator tells this region's staff.
func (s *side) announced(t *testing.T) string {
	t.Helper()
	now := s.w.db.Now()
	prov := &tenant.Provisioner{DB: s.w.db}
	a, err := prov.Announce(t.Context(), tenant.Announcement{Code: s.Region.Code, Audience: tenant.ForStaff, Text: "Uji " + s.Canary, TextEN: "Test " + s.Canary, From: now, Until: now.Add(time.Hour)}, "system:test")
	if err == nil {
		err = s.w.ap.Registry.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	s.keep(a.ID.String())
	return a.ID.String()
}

// helping is an operator's way into this region, which allows it.
func (s *side) helping(t *testing.T) string {
	t.Helper()
	platform, ok := s.w.ap.Registry.Platform()
	if !ok {
		t.Fatal("there is no platform")
	}
	if err := s.w.ap.Operator.Allow(t.Context(), s.t, s.actor(t, s.people[authz.RoleAdmin]), 2, false); err != nil {
		t.Fatal(err)
	}
	op := authz.NewActor(authz.Identity{Tenant: platform.ID, UserID: id.New(), Name: "Pemantau Uji"}, []authz.Grant{{Role: authz.RoleOperator, Scope: tenant.PlatformCode}})
	token, _, err := s.w.ap.Operator.Open(t.Context(), operator.Who{Platform: platform, Actor: op}, s.Region.Code)
	if err != nil {
		t.Fatal(err)
	}
	s.keep(token)
	return token
}

func (s *side) site() auth.Site {
	return auth.Site{Origin: "http://" + s.Host("localhost"), Name: "MPP Uji"}
}

// vouched is an answer of the provider for somebody, as their browser brings it back.
func (s *side) vouched(t *testing.T, p *person) call {
	t.Helper()
	step, err := s.w.ap.Auth.BeginProvider(t.Context(), s.t, s.site(), "dukcapil", "", false, auth.From{Agent: "Uji"})
	if err != nil {
		t.Fatal(err)
	}
	s.w.idp.QueueUser(&mockoidc.MockUser{Subject: p.id.String(), Email: p.email, EmailVerified: true})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, step.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	out := call{params: texts{"agency": "dukcapil"}, query: texts{}, cookies: texts{"provider": step.Token}}
	for _, name := range []string{"code", "state"} {
		out.query[name] = back.Query().Get(name)
	}
	s.keep(step.Token, out.query["code"], out.query["state"])
	return out
}

// withKey gives somebody a passkey.
func (s *side) withKey(t *testing.T, p *person) *passkey {
	t.Helper()
	actor := s.actor(t, p)
	c, err := s.w.ap.Auth.BeginPasskey(t.Context(), s.t, actor, s.site())
	if err != nil {
		t.Fatal(err)
	}
	k := newPasskey(t, s.site(), p.id)
	if _, _, err := s.w.ap.Auth.AddPasskey(t.Context(), s.t, actor, s.site(), c.Token, "Ponsel "+s.Canary, k.made(t, c)); err != nil {
		t.Fatal(err)
	}
	p.factor = string(auth.Passkey)
	if err := s.w.db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error { return s.enter(ctx, tx, p) }); err != nil {
		t.Fatal(err)
	}
	return k
}

// snapshot is every row of a tenant, table by table, and its row in the list of regions.
func snapshot(t *testing.T, db *store.DB, of store.TenantID) map[string]string {
	t.Helper()
	out := map[string]string{}
	names := columnsOf(t)
	err := db.View(t.Context(), of, func(ctx context.Context, tx *store.Tx) error {
		for _, table := range db.OwnedTables() {
			what := "*"
			// SQLite's driver takes a column's type from the first row, and bun panics at a blob below a null. As literals, all are texts.
			if strings.HasPrefix(testkit.URLs(db).App, "sqlite:") {
				what = "quote(" + strings.Join(names[table], ") || ',' || quote(") + ") as all_of_it"
			}
			rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select "+what+" from "+table)
			if err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			var lines []string
			for _, r := range rows {
				lines = append(lines, fmt.Sprint(r))
			}
			slices.Sort(lines)
			out[table] = strings.Join(lines, "\n")
		}
		return nil
	})
	if err == nil {
		err = db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
			rows, err := store.SysSelect[tenant.Row](ctx, s, "id = ?", of)
			out["tenants"] = fmt.Sprintf("%+v", rows)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	columnsOnce sync.Once
	columnsRead map[string][]string
)

// columnsOf are the columns of each table, read once.
func columnsOf(t *testing.T) map[string][]string {
	t.Helper()
	columnsOnce.Do(func() {
		columnsRead = map[string][]string{}
		for _, name := range columns(t) {
			table, column, _ := strings.Cut(name, ".")
			columnsRead[table] = append(columnsRead[table], column)
		}
	})
	return columnsRead
}

// changed names the tables that differ.
func changed(before, after map[string]string) (tables []string) {
	for table, rows := range before {
		if after[table] != rows {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables
}

// leaveWork gives the region a job and a message.
func leaveWork(t *testing.T, db *store.DB, ap *app.App, r *testkit.Region) {
	t.Helper()
	err := db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			jobs.Add(ctx, tx, jobs.Job{Kind: "uji", Key: r.Canary, Data: r.Canary}),
			ap.Messages.Send(ctx, tx, notify.Message{Kind: auth.NoticePassword, Key: r.Canary, To: notify.User(r.Officer), Data: r.Canary}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// everyRole gives the region a person for each role that has none yet, with the region's whole scope.
func everyRole(t *testing.T, db *store.DB, r *testkit.Region, hash string) {
	t.Helper()
	err := db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, role := range authz.Roles() {
			if role == authz.RoleOfficer || role == authz.RoleAdmin {
				continue // testkit has made them
			}
			user := tenant.User{ID: id.New(), PasswordHash: hash, CreatedAt: tx.Now()}
			if err := testkit.AddUser(ctx, tx, user, r.Email(role), "Orang "+r.Canary); err != nil {
				return err
			}
			if err := store.Insert(ctx, tx, &tenant.Grant{UserID: user.ID, Role: role, Scope: r.Scope}); err != nil {
				return err
			}
			if factorOf(role) != "" {
				if err := testkit.GiveFactor(ctx, tx, user.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
