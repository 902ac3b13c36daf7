package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// loopback are the networks in which the tests' provider is.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// provider is a real identity provider in the test's process. Its answers can be spoilt on their way.
type provider struct {
	*mockoidc.MockOIDC
	mu     sync.Mutex
	claims func(jwt.MapClaims)                                         // changes an ID token before it is signed
	sign   func(jwt.MapClaims) string                                  // signs it otherwise
	before func(http.ResponseWriter, *http.Request) (answered bool)    // stands before everything
	after  map[string]func(http.ResponseWriter, *http.Request, []byte) // answers instead, by path
	asked  map[string]int                                              // by path
	seen   []url.Values                                                // of requests for tokens
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m, asked: map[string]int{}, after: map[string]func(http.ResponseWriter, *http.Request, []byte){}}
	if err := m.AddMiddleware(p.spoil); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(ln, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Server.Close() })
	return p
}

// recorder holds an answer back.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (p *provider) spoil(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		before, after := p.before, p.after[r.URL.Path]
		claims, sign := p.claims, p.sign
		p.mu.Unlock()
		if r.URL.Path == mockoidc.TokenEndpoint {
			_ = r.ParseForm()
			p.mu.Lock()
			p.seen = append(p.seen, r.PostForm)
			p.mu.Unlock()
		}
		if before != nil && before(w, r) {
			return
		}
		held := &recorder{ResponseWriter: w, status: 200}
		next.ServeHTTP(held, r)
		body := held.body.Bytes()
		if r.URL.Path == mockoidc.TokenEndpoint && held.status == 200 && (claims != nil || sign != nil) {
			body = p.resign(body, claims, sign)
		}
		if after != nil {
			after(w, r, body)
			return
		}
		w.WriteHeader(held.status)
		_, _ = w.Write(body)
	})
}

// resign changes what an ID token says and signs it again.
func (p *provider) resign(body []byte, change func(jwt.MapClaims), sign func(jwt.MapClaims) string) []byte {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		panic(err)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(answer["id_token"].(string), claims); err != nil {
		panic(err)
	}
	if change != nil {
		change(claims)
	}
	var err error
	if sign != nil {
		answer["id_token"] = sign(claims)
	} else if answer["id_token"], err = p.Keypair.SignJWT(claims); err != nil {
		panic(err)
	}
	body, err = json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return body
}

// set changes how the provider answers from here on.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// honest makes it answer as it should again.
func (p *provider) honest() {
	p.set(func() {
		p.claims, p.sign, p.before = nil, nil, nil
		clear(p.after)
	})
}

// mall is a service of two regions of which the first has an agency with a provider.
type mall struct {
	*door
	p    *provider
	db   *store.DB
	log  *bytes.Buffer
	port string
}

// declared is what the region declares of its agency's provider.
func (p *provider) declared() tenants.SignIn {
	return tenants.SignIn{Issuer: p.Issuer(), ClientID: p.ClientID, Role: tenants.RoleOfficer, Domains: []string{"kantor.test"}}
}

func openMall(t *testing.T, db *store.DB, change func(*tenants.SignIn)) *mall {
	t.Helper()
	p := startProvider(t)
	m := &mall{p: p, db: db, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(&locked{w: m.log}, nil))
	stored, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	client := idp.New(idp.Options{Networks: loopback, Now: clock.System.Now, Silent: time.Nanosecond})
	d := &door{auth: auth.New(db, auth.Options{Providers: client, Log: log})}
	d.a, d.b = testkit.Two(t, db, testkit.PasswordHash(stored))
	d.registry = tenant.NewRegistry(db, "localhost", nil)
	m.door = d
	declared := p.declared()
	if change != nil {
		change(&declared)
	}
	m.declare(t, d.a, declared)
	m.secret(t, d.a, declared)
	d.App = web.New(web.Config{Registry: d.registry, Sessions: d.auth, Scheme: "http", Log: log, LimitsOff: true})
	signin.Routes(d.Tenant(), d.auth)
	show := func(c *web.Ctx) error {
		return c.Blob(200, "text/plain", []byte(c.Actor.Email+" in "+c.Tenant.Slug))
	}
	d.Tenant().Get("/petugas", authz.SignedIn, show)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Serve(ln) }()
	t.Cleanup(func() {
		_ = d.Shutdown(context.Background())
		<-done
	})
	_, m.port, _ = net.SplitHostPort(ln.Addr().String())
	return m
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// declare makes a region declare an agency's provider, as an apply of its manifest would.
func (m *mall) declare(t *testing.T, r *testkit.Region, s tenants.SignIn, more ...tenants.Agency) {
	t.Helper()
	m.change(t, r, func(region *tenants.Region) {
		region.Agencies = append([]tenants.Agency{{Code: "dukcapil", SignIn: s}}, more...)
	})
}

func (m *mall) change(t *testing.T, r *testkit.Region, change func(*tenants.Region)) {
	t.Helper()
	err := m.db.System(t.Context(), "test", func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[tenant.Row](ctx, s, "code = ?", r.Code)
		if err != nil {
			return err
		}
		var region tenants.Region
		if err := json.Unmarshal([]byte(rows[0].Manifest), &region); err != nil {
			return err
		}
		change(&region)
		text, err := json.Marshal(region)
		if err != nil {
			return err
		}
		if _, err := store.SysUpdate[tenant.Row](ctx, s, "manifest = ?, version = version + 1", []any{string(text)}, "code = ?", r.Code); err != nil {
			return err
		}
		_, err = store.SysUpdate[registryRow](ctx, s, "version = version + 1", nil, "id = 1")
		return err
	})
	if err == nil {
		err = m.registry.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *mall) secret(t *testing.T, r *testkit.Region, s tenants.SignIn) {
	t.Helper()
	if err := auth.SetProviderSecret(t.Context(), m.db, r.ID, "dukcapil", s, m.p.ClientSecret, "system:test"); err != nil {
		t.Fatal(err)
	}
}

// person is a user of the provider.
func person(subject, email string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: true, PreferredUsername: "x"}
}

// browser is one, with a jar of cookies of its own.
type browser struct {
	*http.Client
	m *mall
}

func (m *mall) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(addr)
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{&http.Client{
		Jar: jar, Transport: transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, m}
}

func (m *mall) at(r *testkit.Region, path string) string {
	return "http://" + r.Host("localhost") + ":" + m.port + path
}

// page is an answer that has been read.
type page struct {
	*http.Response
	text string
}

func (b *browser) do(t *testing.T, r *http.Request) page {
	t.Helper()
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{res, string(text)}
}

func (b *browser) get(t *testing.T, address string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, r)
}

func (b *browser) post(t *testing.T, address string, values url.Values) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

var onward = regexp.MustCompile(`id="lanjut"[^>]* href="([^"]+)"`)

// begin presses the agency's button and gives the address at the provider.
func (b *browser) begin(t *testing.T, r *testkit.Region, more ...string) string {
	t.Helper()
	values := url.Values{"agency": {"dukcapil"}, "next": {"/petugas"}}
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	res := b.post(t, b.m.at(r, "/masuk/instansi"), values)
	m := onward.FindStringSubmatch(res.text)
	if res.StatusCode != http.StatusOK || m == nil {
		t.Fatalf("begin: %d %s", res.StatusCode, res.text)
	}
	to := strings.ReplaceAll(m[1], "&amp;", "&")
	if res.Header.Get("Refresh") != "0; url="+to {
		t.Errorf("Refresh %q, link %q", res.Header.Get("Refresh"), to)
	}
	return to
}

// consent is the provider's page: it sends the browser back with a code.
func (b *browser) consent(t *testing.T, to string, u *mockoidc.MockUser) string {
	t.Helper()
	b.m.p.QueueUser(u)
	res := b.get(t, to)
	if res.StatusCode != http.StatusFound {
		t.Fatalf("the provider: %d %s", res.StatusCode, res.text)
	}
	return res.Header.Get("Location")
}

// signIn is a whole sign-in.
func (b *browser) signIn(t *testing.T, u *mockoidc.MockUser) page {
	t.Helper()
	return b.get(t, b.consent(t, b.begin(t, b.m.a), u))
}

func (p page) in() bool {
	return p.StatusCode == http.StatusSeeOther && p.Header.Get("Location") == "/petugas"
}

// refused checks that an answer is the sign-in page with a status and a sentence, and that nobody is signed in.
func (b *browser) refused(t *testing.T, res page, status int, says string) {
	t.Helper()
	if res.StatusCode != status || !strings.Contains(res.text, says) || !strings.Contains(res.text, `id="password"`) {
		t.Errorf("%d, want %d with %q: %s", res.StatusCode, status, says, note(res.text))
	}
	if strings.Contains(res.text, "code=") || strings.Contains(res.text, "state=") {
		t.Error("the page has the provider's address in it")
	}
	if in := b.get(t, b.m.at(b.m.a, "/petugas")); in.StatusCode == http.StatusOK {
		t.Errorf("signed in: %s", in.text)
	}
}

var alert = regexp.MustCompile(`(?s)p-note-bad.*?<p>(.*?)</p>`)

func note(text string) string {
	if m := alert.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text
}

// employ gives the region's officer an address of the agency's.
func (m *mall) employ(t *testing.T, email string, grants ...tenant.Grant) id.ID {
	t.Helper()
	user := id.New()
	err := m.db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := testkit.AddUser(ctx, tx, tenant.User{ID: user, PasswordHash: "", CreatedAt: tx.Now()}, email, "Juhari"); err != nil {
			return err
		}
		for _, g := range grants {
			g.UserID = user
			if err := store.Insert(ctx, tx, &g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func (m *mall) officer() tenant.Grant {
	return tenant.Grant{Role: authz.RoleOfficer, Scope: m.a.Scope + "/dukcapil"}
}

func (m *mall) tenantOf(t *testing.T) *tenant.Tenant {
	t.Helper()
	tn, ok := m.registry.ByHost(m.a.Host("localhost"))
	if !ok {
		t.Fatal("no tenant")
	}
	return tn
}
