package signin_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"
	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
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

// The whole way, of somebody who is known here and of somebody who is not, through the real routes.
func TestProvider(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		user := m.employ(t, "juhari@kantor.test", m.officer())
		b := m.browser(t)
		res := b.get(t, m.at(m.a, "/masuk?next=/petugas"))
		if !strings.Contains(res.text, "Masuk dengan akun Dukcapil "+m.a.Canary) || !strings.Contains(res.text, `name="next" value="/petugas"`) {
			t.Errorf("the page: %s", res.text)
		}
		if res := b.get(t, m.at(m.b, "/masuk")); strings.Contains(res.text, "/masuk/instansi") {
			t.Error("the other region has a button")
		}
		to := b.begin(t, m.a)
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) != 43 || len(q.Get("state")) != 43 ||
			q.Get("response_type") != "code" || q.Get("scope") != "openid email profile" || q.Get("redirect_uri") != m.at(m.a, "/masuk/instansi/dukcapil/kembali") {
			t.Errorf("asked for %v", q)
		}
		back := b.consent(t, to, person("sub-1", "Juhari@Kantor.test"))
		if res = b.get(t, back); !res.in() {
			t.Fatalf("%d %s", res.StatusCode, note(res.text))
		}
		for _, c := range res.Cookies() {
			if c.Name == "sid" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "") {
				t.Errorf("cookie %+v", c)
			}
		}
		if in := b.get(t, m.at(m.a, "/petugas")); in.text != "juhari@kantor.test in uji-a" {
			t.Errorf("signed in: %d %s", in.StatusCode, in.text)
		}
		got := m.p.seen[0]
		if got.Get("code_verifier") == "" || got.Get("client_secret") != m.p.ClientSecret || got.Get("redirect_uri") != m.at(m.a, "/masuk/instansi/dukcapil/kembali") {
			t.Errorf("token request %v", got)
		}
		// How it began is kept, and shown.
		if rows, err := m.auth.Sessions(t.Context(), m.tenantOf(t), user); err != nil || len(rows) != 1 || rows[0].Via != "dukcapil" || rows[0].Factor != "" {
			t.Errorf("%v %+v", err, rows)
		}
		if res := b.get(t, m.at(m.a, "/petugas/akun")); !strings.Contains(res.text, "Lewat akun Dukcapil "+m.a.Canary) || !strings.Contains(res.text, "Akun instansi: Dukcapil") {
			t.Errorf("the account: %s", res.text)
		}
		// No key is planted: it would open the account when the provider may not any more.
		by := authz.NewActor(authz.Identity{Tenant: m.a.ID, UserID: user, Via: "dukcapil"}, nil)
		if _, err := m.auth.BeginPasskey(t.Context(), m.tenantOf(t), by, auth.Site{Origin: m.at(m.a, ""), Name: "MPP"}); !fault.Is(err, "auth.provider.no_key") {
			t.Errorf("a passkey by a provider's session: %v", err)
		}
		if _, _, err := m.auth.AddPasskey(t.Context(), m.tenantOf(t), by, auth.Site{Origin: m.at(m.a, ""), Name: "MPP"}, "x", "Ponsel", nil); !fault.Is(err, "auth.provider.no_key") {
			t.Errorf("a passkey by a provider's session, at its end: %v", err)
		}
		if res := b.get(t, m.at(m.a, "/petugas/akun")); strings.Contains(res.text, `href="/petugas/akun/passkey"`) {
			t.Error("the account page offers a passkey")
		}
		// The same code, once more, and the same address.
		if res := b.get(t, back); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("replayed: %d", res.StatusCode)
		}
		// Signing out ends it.
		b.post(t, m.at(m.a, "/keluar"), nil)
		if in := b.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther {
			t.Errorf("after signing out: %d", in.StatusCode)
		}
		// Again, by the same account, whose address has changed: the account counts.
		if res := m.browser(t).signIn(t, person("sub-1", "juhari.baru@kantor.test")); !res.in() {
			t.Errorf("again: %d %s", res.StatusCode, note(res.text))
		}
		// Nothing secret is in the log.
		for _, secret := range []string{m.p.ClientSecret, q.Get("state"), q.Get("nonce"), got.Get("code_verifier"), got.Get("code"), "juhari"} {
			if strings.Contains(m.log.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	}, testkit.WithModels(models))
}

// Each answer that does not fit is refused, nobody is signed in, and the page says what to do; an honest answer right
// after is taken.
func TestProviderRefusals(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, func(s *tenants.SignIn) { s.Create = true })
		m.employ(t, "juhari@kantor.test", m.officer())
		juhari := func() *mockoidc.MockUser { return person("sub-1", "juhari@kantor.test") }
		claim := func(name string, value any) func() {
			return func() { m.p.claims = func(c jwt.MapClaims) { c[name] = value } }
		}
		const untrue = "tidak sesuai, jadi kami menolaknya"
		for _, c := range []struct {
			name   string
			spoil  func()
			user   *mockoidc.MockUser
			status int
			says   string
		}{
			{"another nonce", claim("nonce", "x"), nil, 401, untrue},
			{"no nonce", func() { m.p.claims = func(c jwt.MapClaims) { delete(c, "nonce") } }, nil, 401, untrue},
			{"another audience", claim("aud", "other"), nil, 401, untrue},
			{"several audiences, for nobody in particular", claim("aud", []string{"other", m.p.ClientID}), nil, 401, untrue},
			{"another party", claim("azp", "other"), nil, 401, untrue},
			{"another issuer", claim("iss", "https://evil.test"), nil, 401, untrue},
			{"no subject", claim("sub", ""), nil, 401, untrue},
			{"expired", func() { m.p.claims = func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() } }, nil, 401, "Jam di server"},
			{"from the future", func() { m.p.claims = func(c jwt.MapClaims) { c["iat"] = time.Now().Add(time.Hour).Unix() } }, nil, 401, "Jam di server"},
			{"not signed", func() {
				m.p.sign = func(c jwt.MapClaims) string {
					s, _ := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
					return s
				}
			}, nil, 401, untrue},
			{"signed with what both know", func() {
				m.p.sign = func(c jwt.MapClaims) string {
					s, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(m.p.ClientSecret))
					return s
				}
			}, nil, 401, untrue},
			{"signed with the public key as a secret", func() {
				public, _ := m.p.Keypair.JWKS()
				m.p.sign = func(c jwt.MapClaims) string {
					token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
					token.Header["kid"], _ = m.p.Keypair.KeyID()
					s, _ := token.SignedString(public)
					return s
				}
			}, nil, 401, untrue},
			{"signed by somebody else", func() {
				other, err := mockoidc.RandomKeypair(2048)
				if err != nil {
					panic(err)
				}
				m.p.sign = func(c jwt.MapClaims) string { s, _ := other.SignJWT(c); return s }
			}, nil, 401, untrue},
			{"changed after it was signed", func() {
				m.p.after[mockoidc.TokenEndpoint] = func(w http.ResponseWriter, _ *http.Request, body []byte) {
					var answer map[string]any
					_ = json.Unmarshal(body, &answer)
					parts := strings.Split(answer["id_token"].(string), ".")
					claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
					parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(claims, []byte("juhari@"), []byte("admin@"), 1))
					answer["id_token"] = strings.Join(parts, ".")
					body, _ = json.Marshal(answer)
					_, _ = w.Write(body)
				}
			}, nil, 401, untrue},
			{"no ID token", func() {
				m.p.after[mockoidc.TokenEndpoint] = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"access_token":"a","token_type":"bearer"}`)
				}
			}, nil, 401, untrue},
			{"not verified", nil, &mockoidc.MockUser{Subject: "sub-1", Email: "juhari@kantor.test"}, 403, "alamat surel yang sudah dipastikan di kantor.test"},
			{"two addresses", nil, person("sub-1", "luar@lain.test, juhari@kantor.test"), 403, "alamat surel"},
			{"a sign that nobody sees", nil, person("sub-1", "juhari\u200b@kantor.test"), 403, "alamat surel"},
			{"no address", nil, &mockoidc.MockUser{Subject: "sub-1", EmailVerified: true}, 403, "alamat surel"},
			{"a foreign domain", nil, person("sub-1", "juhari@lain.test"), 403, "alamat surel"},
			{"a subdomain", nil, person("sub-1", "juhari@x.kantor.test"), 403, "alamat surel"},
			{"two addresses in one", nil, person("sub-1", "juhari@kantor.test@lain.test"), 403, "alamat surel"},
			{"a token endpoint that is broken", func() {
				m.p.after[mockoidc.TokenEndpoint] = func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(500) }
			}, nil, 503, "tidak menjawab"},
			{"a token endpoint that leads elsewhere", func() {
				m.p.after[mockoidc.TokenEndpoint] = func(w http.ResponseWriter, r *http.Request, _ []byte) {
					http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
				}
			}, nil, 503, "tidak menjawab"},
			{"a token without an end", func() {
				m.p.after[mockoidc.TokenEndpoint] = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"access_token":"a","id_token":"`)
					for range 1000 {
						if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
							return
						}
					}
				}
			}, nil, 503, "tidak menjawab"},
			{"another secret", func() {
				m.p.before = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path != mockoidc.TokenEndpoint {
						return false
					}
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(401)
					_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
					return true
				}
			}, nil, 503, "belum diatur dengan benar"},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := m.browser(t)
				back := b.consent(t, b.begin(t, m.a), cmp.Or(c.user, juhari()))
				if c.spoil != nil {
					m.p.set(c.spoil)
				}
				b.refused(t, b.get(t, back), c.status, c.says)
				m.p.honest()
				if c.user != nil {
					return
				}
				if res := m.browser(t).signIn(t, juhari()); !res.in() {
					t.Errorf("honestly: %d %s", res.StatusCode, note(res.text))
				}
			})
		}
		// In English too.
		b := m.browser(t)
		back := b.consent(t, b.begin(t, m.a), person("sub-1", "x@lain.test"))
		if res := b.get(t, back+"&lang=en"); !strings.Contains(res.text, "brings no verified e-mail address at kantor.test") {
			t.Errorf("English: %s", note(res.text))
		}
		if n := people(t, m, "lain.test"); n != 0 {
			t.Errorf("%d accounts of a foreign domain", n)
		}
	}, testkit.WithModels(models))
}

// everybody is who has an account, as regional IT sees it.
func (m *mall) everybody(t *testing.T) ([]auth.Person, error) {
	t.Helper()
	in := m.tenantOf(t)
	by := authz.NewActor(authz.Identity{Tenant: in.ID, UserID: id.New()}, []authz.Grant{{Role: authz.RoleAdmin, Scope: in.Scope}})
	all, _, err := m.auth.People(t.Context(), in, by, auth.Filter{})
	return all, err
}

// people counts the accounts whose address has an end.
func people(t *testing.T, m *mall, end string) (n int) {
	t.Helper()
	all, err := m.everybody(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if strings.HasSuffix(p.Email, end) {
			n++
		}
	}
	return n
}

// What a browser brings back is taken from the browser that began, once, for the agency and the region where it began.
func TestProviderAnswersBelongToTheirFlow(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		m.employ(t, "juhari@kantor.test", m.officer())
		juhari := func() *mockoidc.MockUser { return person("sub-1", "juhari@kantor.test") }
		const begin = "Silakan mulai lagi dari halaman ini"
		with := func(address, name, value string) string {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if q.Set(name, value); value == "" {
				q.Del(name)
			}
			u.RawQuery = q.Encode()
			return u.String()
		}
		tokens := func() int { m.p.mu.Lock(); defer m.p.mu.Unlock(); return m.p.asked[mockoidc.TokenEndpoint] }

		b := m.browser(t)
		back := b.consent(t, b.begin(t, m.a), juhari())
		before := tokens()
		b.refused(t, b.get(t, with(back, "state", "x")), 401, begin)
		b.refused(t, b.get(t, back), 401, begin) // used up by the first try
		back = b.consent(t, b.begin(t, m.a), juhari())
		b.refused(t, b.get(t, with(back, "state", "")), 401, begin)
		// In another browser, as somebody would who wants another person to be signed in as them.
		back = b.consent(t, b.begin(t, m.a), juhari())
		other := m.browser(t)
		other.refused(t, other.get(t, back), 401, begin)
		otherBack := other.begin(t, m.a)
		other.refused(t, other.get(t, back), 401, begin)
		if tokens() != before {
			t.Error("the provider was asked for a token")
		}
		_ = otherBack
		// At another agency's address, though of the same region and provider.
		m.declare(t, m.a, m.p.declared(), tenants.Agency{Code: "lain", SignIn: m.p.declared()})
		back = b.consent(t, b.begin(t, m.a), juhari())
		b.refused(t, b.get(t, strings.Replace(back, "/dukcapil/", "/lain/", 1)), 401, begin)
		b.refused(t, b.get(t, strings.Replace(back, "/dukcapil/", "/tidak-ada/", 1)), 401, begin)
		// At another region, with the cookie that a browser would not send there. The region has the same provider.
		m.declare(t, m.b, m.p.declared())
		m.secret(t, m.b, m.p.declared())
		back = b.consent(t, b.begin(t, m.a), juhari())
		here, _ := url.Parse(m.at(m.a, "/masuk"))
		there, _ := url.Parse(m.at(m.b, "/masuk"))
		foreign := m.browser(t)
		foreign.Jar.SetCookies(there, b.Jar.Cookies(here))
		moved := strings.Replace(back, m.a.Host("localhost"), m.b.Host("localhost"), 1)
		res := foreign.get(t, moved)
		if res.StatusCode != 401 || !strings.Contains(res.text, begin) || strings.Contains(res.text, m.a.Canary) {
			t.Errorf("in the other region: %d %s", res.StatusCode, note(res.text))
		}
		// And it still is good where it began.
		if res := b.get(t, back); !res.in() {
			t.Errorf("where it began: %d %s", res.StatusCode, note(res.text))
		}
		// An address of this region's provider is nobody in the other one, though that one has the same provider.
		o := m.browser(t)
		res = o.get(t, o.consent(t, o.begin(t, m.b), juhari()))
		if res.StatusCode != 403 || !strings.Contains(res.text, "belum terdaftar") {
			t.Errorf("the other region: %d %s", res.StatusCode, note(res.text))
		}
		// A code that another flow has used, in a flow that is right by itself.
		c := m.browser(t)
		first := c.consent(t, c.begin(t, m.a), juhari())
		if res := c.get(t, first); !res.in() {
			t.Fatalf("%d", res.StatusCode)
		}
		d := m.browser(t)
		second := d.consent(t, d.begin(t, m.a), juhari())
		used, _ := url.Parse(first)
		d.refused(t, d.get(t, with(second, "code", used.Query().Get("code"))), 401, "tidak sesuai")
		// A code of another browser's flow that nobody has used yet: PKCE binds it to that one (RFC 7636).
		e, f := m.browser(t), m.browser(t)
		stolen, _ := url.Parse(e.consent(t, e.begin(t, m.a), juhari()))
		own := f.consent(t, f.begin(t, m.a), juhari())
		f.refused(t, f.get(t, with(own, "code", stolen.Query().Get("code"))), 401, "tidak sesuai")
		// The issuer in the address (RFC 9207): ours is taken, another is not.
		g := m.browser(t)
		back = g.consent(t, g.begin(t, m.a), juhari())
		g.refused(t, g.get(t, with(back, "iss", "https://evil.test")), 401, "tidak sesuai")
		back = g.consent(t, g.begin(t, m.a), juhari())
		if res := g.get(t, with(back, "iss", m.p.Issuer())); !res.in() {
			t.Errorf("with the issuer: %d %s", res.StatusCode, note(res.text))
		}
		// Cancelled, and refused; a stranger's cancelling is not taken for ours.
		h := m.browser(t)
		back = h.consent(t, h.begin(t, m.a), juhari())
		h.refused(t, h.get(t, with(with(back, "code", ""), "error", "access_denied")), 401, "dibatalkan")
		back = h.consent(t, h.begin(t, m.a), juhari())
		h.refused(t, h.get(t, with(with(back, "code", ""), "error", "server_error<script>")), 401, "menolak permintaan ini")
		back = h.consent(t, h.begin(t, m.a), juhari())
		h.refused(t, h.get(t, with(with(back, "state", "x"), "error", "access_denied")), 401, begin)
		// Begun by another site's form, or without a provider.
		r, _ := http.NewRequest(http.MethodPost, m.at(m.a, "/masuk/instansi"), strings.NewReader("agency=dukcapil"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if res := h.do(t, r); res.StatusCode != http.StatusForbidden || res.Header.Get("Refresh") != "" {
			t.Errorf("from another site: %d", res.StatusCode)
		}
		if res := h.post(t, m.at(m.a, "/masuk/instansi"), url.Values{"agency": {"tidak-ada"}}); res.StatusCode != 404 || !strings.Contains(res.text, "tidak punya halaman masuk sendiri") {
			t.Errorf("no provider: %d %s", res.StatusCode, note(res.text))
		}
	}, testkit.WithModels(models))
}

// What waits at a provider ends with the manifest that named it, after five minutes, and with the account.
func TestProviderFlowsEnd(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		user := m.employ(t, "juhari@kantor.test", m.officer())
		juhari := func() *mockoidc.MockUser { return person("sub-1", "juhari@kantor.test") }
		admin := authz.NewActor(authz.Identity{UserID: m.a.Admin, Name: "Admin"}, nil)
		b := m.browser(t)
		back := b.consent(t, b.begin(t, m.a), juhari())
		changed := m.p.declared()
		changed.ClientID = "another"
		m.declare(t, m.a, changed)
		b.refused(t, b.get(t, back), 401, "Silakan mulai lagi")
		// The secret was given for the client before: it goes to no other.
		asked := m.p.asked[mockoidc.AuthorizationEndpoint]
		if res := b.post(t, m.at(m.a, "/masuk/instansi"), url.Values{"agency": {"dukcapil"}}); res.StatusCode != 503 || !strings.Contains(res.text, "belum diatur dengan benar") {
			t.Errorf("with another client's secret: %d %s", res.StatusCode, note(res.text))
		}
		if m.p.asked[mockoidc.AuthorizationEndpoint] != asked {
			t.Error("it was asked")
		}
		m.declare(t, m.a, m.p.declared())
		// It waits for five minutes.
		back = b.consent(t, b.begin(t, m.a), juhari())
		m.expire(t)
		b.refused(t, b.get(t, back), 401, "Silakan mulai lagi")
		// Suspended while at the provider, before a bond and with one.
		for range 2 {
			back = b.consent(t, b.begin(t, m.a), juhari())
			if err := m.auth.Suspend(t.Context(), m.tenantOf(t), admin, user, "cuti"); err != nil {
				t.Fatal(err)
			}
			b.refused(t, b.get(t, back), 403, "sedang tidak berlaku")
			if err := m.auth.Resume(t.Context(), m.tenantOf(t), admin, user); err != nil {
				t.Fatal(err)
			}
			if res := m.browser(t).signIn(t, juhari()); !res.in() {
				t.Errorf("resumed: %d %s", res.StatusCode, note(res.text))
			}
		}
		// A session that the provider began ends with the provider.
		if res := b.signIn(t, juhari()); !res.in() {
			t.Fatalf("%d %s", res.StatusCode, note(res.text))
		}
		m.declare(t, m.a, tenants.SignIn{})
		m.auth.Forget(m.a.ID, user)
		if in := b.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther {
			t.Errorf("without the provider: %d", in.StatusCode)
		}
	}, testkit.WithModels(models))
}

// waiting mirrors what waits for an answer.
type waiting struct {
	bun.BaseModel `bun:"table:challenges,alias:challenge"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// expire ends what waits, as time would.
func (m *mall) expire(t *testing.T) {
	t.Helper()
	err := m.db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[waiting](tx).Set("expires_at = ?", tx.Now()).Where("true").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Who may come in by a provider: those of its agency alone. The provider would else be a way to become anybody.
func TestProviderOpensItsAgencyAlone(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		scope := m.a.Scope
		for email, c := range map[string]struct {
			grants []tenant.Grant
			status int
			says   string
		}{
			"officer@kantor.test":    {[]tenant.Grant{m.officer()}, 303, ""},
			"kepala@kantor.test":     {[]tenant.Grant{{Role: authz.RoleAgencyAdmin, Scope: scope + "/dukcapil"}}, 303, ""},
			"tanpa@kantor.test":      {nil, 403, "belum terdaftar"},
			"ti@kantor.test":         {[]tenant.Grant{{Role: authz.RoleAdmin, Scope: scope}}, 403, "di luar instansi ini"},
			"keduanya@kantor.test":   {[]tenant.Grant{m.officer(), {Role: authz.RoleAdmin, Scope: scope}}, 403, "di luar instansi ini"},
			"manajer@kantor.test":    {[]tenant.Grant{{Role: authz.RoleManager, Scope: scope}}, 403, "di luar instansi ini"},
			"lain@kantor.test":       {[]tenant.Grant{{Role: authz.RoleOfficer, Scope: scope + "/imigrasi"}}, 403, "di luar instansi ini"},
			"mirip@kantor.test":      {[]tenant.Grant{{Role: authz.RoleOfficer, Scope: scope + "/dukcapil2"}}, 403, "di luar instansi ini"},
			"pusat@kantor.test":      {[]tenant.Grant{m.officer(), {Role: authz.RoleOfficer, Scope: "agency/dukcapil"}}, 403, "di luar instansi ini"},
			"aneh@kantor.test":       {[]tenant.Grant{{Role: authz.RoleManager, Scope: scope + "/dukcapil"}}, 403, "di luar instansi ini"},
			"siapa-saja@kantor.test": {nil, 403, "belum terdaftar"},
		} {
			if email != "siapa-saja@kantor.test" {
				m.employ(t, email, c.grants...)
			}
			b := m.browser(t)
			res := b.signIn(t, person("sub "+email, email))
			if c.status == 303 {
				if !res.in() {
					t.Errorf("%s: %d %s", email, res.StatusCode, note(res.text))
				}
				continue
			}
			b.refused(t, res, c.status, c.says)
		}
		// The region's own administrator, by an address that the provider claims.
		region := m.p.declared()
		region.Domains = append(region.Domains, m.a.Canary+".test")
		region.Create = true
		m.declare(t, m.a, region)
		b := m.browser(t)
		b.refused(t, b.signIn(t, person("sub-admin", m.a.Email("admin"))), 403, "di luar instansi ini")

		// Who is given more while signed in by a provider is signed out.
		user := m.employ(t, "naik@kantor.test", m.officer())
		if res := b.signIn(t, person("sub-naik", "naik@kantor.test")); !res.in() {
			t.Fatalf("%d %s", res.StatusCode, note(res.text))
		}
		err := m.db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, &tenant.Grant{UserID: user, Role: authz.RoleManager, Scope: scope})
		})
		if err != nil {
			t.Fatal(err)
		}
		m.auth.Forget(m.a.ID, user)
		if in := b.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther {
			t.Errorf("with another role: %d", in.StatusCode)
		}
	}, testkit.WithModels(models))
}

// Who is not known gets an account where the manifest says so: the one role, at the agency, once.
func TestProviderCreates(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, func(s *tenants.SignIn) { s.Create, s.Role = true, tenants.RoleAgencyAdmin })
		m.p.set(func() { m.p.claims = func(c jwt.MapClaims) { c["name"] = " Siti\n\u202e  Aminah " } })
		b := m.browser(t)
		// Twice at once, in two browsers.
		o := m.browser(t)
		backs := []string{b.consent(t, b.begin(t, m.a), person("sub-9", "siti@kantor.test")), o.consent(t, o.begin(t, m.a), person("sub-9", "siti@kantor.test"))}
		var both sync.WaitGroup
		for i, br := range []*browser{b, o} {
			both.Go(func() {
				if res := br.get(t, backs[i]); !res.in() {
					t.Errorf("%d: %d %s", i, res.StatusCode, note(res.text))
				}
			})
		}
		both.Wait()
		all, err := m.everybody(t)
		if err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(p auth.Person) bool { return p.Email != "siti@kantor.test" })
		if len(all) != 1 || all[0].Name != "Siti Aminah" || all[0].Password || !slices.Equal(all[0].Bound, []string{"dukcapil"}) || len(all[0].Grants) != 1 ||
			all[0].Grants[0] != (authz.Grant{Role: authz.RoleAgencyAdmin, Scope: m.a.Scope + "/dukcapil"}) {
			t.Fatalf("%+v", all)
		}
		// No password opens it, not even none.
		for _, typed := range []string{"", "x", password} {
			if res, _ := m.form(t, m.a.Host("localhost"), "/masuk", credentials("siti@kantor.test", typed, "")); cookie(res) != "" {
				t.Errorf("a password %q opens it", typed)
			}
		}
		// Retired, they stay out: an account is not made anew.
		err = m.db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.User](tx).Set("retired = true").Where("id = ?", all[0].ID).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c := m.browser(t)
		c.refused(t, c.signIn(t, person("sub-9", "siti@kantor.test")), 403, "sedang tidak berlaku")
		c.refused(t, c.signIn(t, person("sub-10", "siti@kantor.test")), 403, "sedang tidak berlaku")
	}, testkit.WithModels(models))
}

// An address that the agency gave to somebody else later opens nothing, until an administrator loosens the bond.
func TestProviderRecycledAddress(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		user := m.employ(t, "juhari@kantor.test", m.officer())
		b := m.browser(t)
		if res := b.signIn(t, person("sub-1", "juhari@kantor.test")); !res.in() {
			t.Fatalf("%d %s", res.StatusCode, note(res.text))
		}
		o := m.browser(t)
		o.refused(t, o.signIn(t, person("sub-2", "juhari@kantor.test")), 403, "melepas akun yang lama di halaman Akun petugas")
		// Subjects are compared sign by sign.
		o.refused(t, o.signIn(t, person("SUB-1", "juhari@kantor.test")), 403, "melepas akun")
		// An administrator loosens it on the person's page.
		admin := m.browser(t)
		s := testkit.SignIn(t, db, m.auth, m.tenantOf(t), m.a.Email("admin"), password, auth.Cookie)
		here, _ := url.Parse(m.at(m.a, "/"))
		admin.Jar.SetCookies(here, []*http.Cookie{{Name: "sid", Value: s.Token, Path: "/"}})
		path := m.at(m.a, "/petugas/orang/"+user.String())
		if res := admin.get(t, path); !strings.Contains(res.text, "Lepas akun instansi") || !strings.Contains(res.text, "Terhubung dengan akun di Dukcapil") {
			t.Fatalf("the person's page: %d %s", res.StatusCode, res.text)
		}
		if res := o.post(t, path+"/lepas-akun-instansi", nil); res.StatusCode == http.StatusSeeOther && strings.Contains(res.Header.Get("Location"), "lepas") {
			t.Errorf("anybody loosens: %d", res.StatusCode)
		}
		if res := admin.post(t, path+"/lepas-akun-instansi", nil); res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(res.Header.Get("Location"), "?kabar=lepas") {
			t.Fatalf("%d %s", res.StatusCode, res.text)
		}
		if res := admin.get(t, path+"?kabar=lepas"); !strings.Contains(res.text, "Akun instansi sudah dilepas") || strings.Contains(res.text, "Lepas akun instansi") {
			t.Errorf("afterwards: %s", res.text)
		}
		// Whoever was in by the old account is out, and the new one is bound now.
		if in := b.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther {
			t.Errorf("the old account's session: %d", in.StatusCode)
		}
		if res := o.signIn(t, person("sub-2", "juhari@kantor.test")); !res.in() {
			t.Errorf("the new account: %d %s", res.StatusCode, note(res.text))
		}
		b.refused(t, b.signIn(t, person("sub-1", "juhari@kantor.test")), 403, "melepas akun")
		// An agency that moves to another provider: its accounts there are bound at the first sign-in.
		m.p.set(func() { m.p.sign, m.p.claims = nil, nil })
		q := startProvider(t)
		q.ClientID, q.ClientSecret = m.p.ClientID, m.p.ClientSecret
		m.p = q
		m.declare(t, m.a, q.declared())
		m.secret(t, m.a, q.declared())
		if res := m.browser(t).signIn(t, person("sub-1", "juhari@kantor.test")); !res.in() {
			t.Errorf("at another provider: %d %s", res.StatusCode, note(res.text))
		}
		// An administrator does not loosen their own.
		if err := m.auth.Loosen(t.Context(), m.tenantOf(t), authz.NewActor(authz.Identity{UserID: user}, nil), user); !fault.Is(err, "auth.self") {
			t.Errorf("one's own: %v", err)
		}
	}, testkit.WithModels(models))
}

// Whether the provider's second factor counts is said in the manifest; else ours is asked for.
func TestProviderAndTheSecondFactor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, func(s *tenants.SignIn) { s.SecondFactor = []string{"mfa", "urn:kantor:kuat"} })
		user := m.employ(t, "juhari@kantor.test", m.officer())
		juhari := func() *mockoidc.MockUser { return person("sub-1", "juhari@kantor.test") }
		says := func(name string, value any) {
			m.p.set(func() { m.p.claims = func(c jwt.MapClaims) { c[name] = value } })
		}
		factor := func() auth.Method {
			rows, err := m.auth.Sessions(t.Context(), m.tenantOf(t), user)
			if err != nil || len(rows) == 0 {
				t.Fatal(err, rows)
			}
			slices.SortFunc(rows, func(a, b auth.SignedIn) int { return b.CreatedAt.Compare(a.CreatedAt) })
			return rows[0].Factor
		}
		asks := func(roles ...tenants.Role) {
			m.change(t, m.a, func(r *tenants.Region) { r.Security.SecondFactor = roles })
		}
		for _, c := range []struct {
			claim string
			value any
			want  auth.Method
		}{
			{"amr", []string{"pwd", "mfa"}, auth.ByProvider}, {"amr", "mfa", auth.ByProvider}, {"acr", "urn:kantor:kuat", auth.ByProvider},
			{"amr", []string{"pwd"}, ""}, {"acr", "urn:kantor:lemah", ""}, {"acr", "0", ""},
		} {
			says(c.claim, c.value)
			if res := m.browser(t).signIn(t, juhari()); !res.in() || factor() != c.want {
				t.Errorf("%s %v: %d, factor %q", c.claim, c.value, res.StatusCode, factor())
			}
		}
		// The region asks officers for a second factor: who comes without one is led to set one up.
		asks(tenants.RoleOfficer)
		says("amr", []string{"mfa"})
		strong := m.browser(t)
		if res := strong.signIn(t, juhari()); !res.in() {
			t.Errorf("%d %s", res.StatusCode, note(res.text))
		}
		if in := strong.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusOK {
			t.Errorf("with the provider's factor: %d", in.StatusCode)
		}
		says("amr", []string{"pwd"})
		weak := m.browser(t)
		weak.signIn(t, juhari())
		if in := weak.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther || !strings.HasPrefix(in.Header.Get("Location"), "/petugas/akun/wajib") {
			t.Errorf("without a factor: %d %q", in.StatusCode, in.Header.Get("Location"))
		}
		// The page that sets one up asks who they are, and their provider answers that, newly.
		app := m.at(m.a, "/petugas/akun/aplikasi-kode")
		res := weak.get(t, app)
		if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/petugas/akun/pastikan") {
			t.Fatalf("sudo: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		res = weak.get(t, m.at(m.a, res.Header.Get("Location")))
		if !strings.Contains(res.text, "Masuk sekali lagi dengan akun Dukcapil") || strings.Contains(res.text, `type="password"`) || !strings.Contains(res.text, `value="/petugas/akun/aplikasi-kode"`) {
			t.Fatalf("the page: %s", res.text)
		}
		to := weak.begin(t, m.a, "fresh", "1", "next", "/petugas/akun/aplikasi-kode")
		if q, _ := url.Parse(to); q.Query().Get("prompt") != "login" || q.Query().Get("max_age") != "0" {
			t.Errorf("asked with %s", to)
		}
		// A provider that does not say when it asked, or asked long ago, has not asked.
		weak.refused2(t, weak.get(t, weak.consent(t, to, juhari())), 401, "tidak sesuai")
		m.p.set(func() {
			m.p.claims = func(c jwt.MapClaims) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() }
		})
		weak.refused2(t, weak.get(t, weak.consent(t, weak.begin(t, m.a, "fresh", "1"), juhari())), 401, "tidak sesuai")
		m.p.set(func() { m.p.claims = func(c jwt.MapClaims) { c["auth_time"] = time.Now().Unix() } })
		res = weak.get(t, weak.consent(t, weak.begin(t, m.a, "fresh", "1", "next", "/petugas/akun/aplikasi-kode"), juhari()))
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/petugas/akun/aplikasi-kode" {
			t.Fatalf("proved: %d %q %s", res.StatusCode, res.Header.Get("Location"), note(res.text))
		}
		if res := weak.get(t, app); res.StatusCode != http.StatusOK {
			t.Errorf("the page that sets one up: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		// Who has one of ours is asked for it, and the session says by what it began.
		err := db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error { return testkit.GiveFactor(ctx, tx, user) })
		if err != nil {
			t.Fatal(err)
		}
		says("amr", []string{"pwd"})
		two := m.browser(t)
		res = two.signIn(t, juhari())
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/masuk/langkah-kedua?next=%2Fpetugas" {
			t.Fatalf("%d %q", res.StatusCode, res.Header.Get("Location"))
		}
		if res := two.get(t, m.at(m.a, "/masuk/langkah-kedua")); !strings.Contains(res.text, "Akun instansi Anda sudah diperiksa") || strings.Contains(res.text, "Kata sandi Anda benar") {
			t.Errorf("the step: %s", res.text)
		}
		if in := two.get(t, m.at(m.a, "/petugas")); in.StatusCode != http.StatusSeeOther {
			t.Errorf("before the step: %d", in.StatusCode)
		}
		code := url.Values{"code": {testkit.AppCode(t, testkit.TOTPSecret, time.Now())}, "next": {"/petugas"}}
		if res := two.post(t, m.at(m.a, "/masuk/langkah-kedua"), code); !res.in() || factor() != auth.TOTP {
			t.Errorf("the step: %d %s", res.StatusCode, note(res.text))
		}
		if rows, _ := m.auth.Sessions(t.Context(), m.tenantOf(t), user); rows[0].Via != "dukcapil" {
			t.Errorf("%+v", rows[0])
		}
		// A password that is set, or a suspension, ends what waits for its second step.
		for name, end := range map[string]func() error{
			"password": func() error {
				return m.auth.SetPassword(t.Context(), m.a.ID, "juhari@kantor.test", "kata sandi lain 2026", "system:test")
			},
			"loosened": func() error {
				_, err := m.auth.LoosenOf(t.Context(), m.a.ID, "juhari@kantor.test", "system:test")
				return err
			},
		} {
			three := m.browser(t)
			three.signIn(t, juhari())
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if res := three.get(t, m.at(m.a, "/masuk/langkah-kedua")); res.StatusCode != 401 {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
		}
	}, testkit.WithModels(models))
}

// refused2 is refused of somebody who stays signed in as they were.
func (b *browser) refused2(t *testing.T, res page, status int, says string) {
	t.Helper()
	if res.StatusCode != status || !strings.Contains(res.text, says) {
		t.Errorf("%d, want %d with %q: %s", res.StatusCode, status, says, note(res.text))
	}
}

// A provider that is down, slow, large or leads elsewhere costs a bounded time, and the page says so. A client without
// a secret proves itself by PKCE alone.
func TestProviderThatFails(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := openMall(t, db, nil)
		m.employ(t, "juhari@kantor.test", m.officer())
		b := m.browser(t)
		start := func() page { return b.post(t, m.at(m.a, "/masuk/instansi"), url.Values{"agency": {"dukcapil"}}) }
		discovery := func(answer func(http.ResponseWriter, *http.Request)) {
			m.p.set(func() {
				m.p.after[mockoidc.DiscoveryEndpoint] = func(w http.ResponseWriter, r *http.Request, _ []byte) { answer(w, r) }
			})
		}
		hang := make(chan struct{})
		defer close(hang)
		for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
			"broken": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
			"redirects": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:"+m.port+"/", http.StatusFound)
			},
			"huge": func(w http.ResponseWriter, _ *http.Request) {
				for range 4096 {
					if _, err := io.WriteString(w, strings.Repeat(" ", 4096)); err != nil {
						return
					}
				}
			},
			"no document": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
			"another issuer": func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"issuer":"https://evil.test","authorization_endpoint":"https://evil.test/a","token_endpoint":"https://evil.test/t","jwks_uri":"https://evil.test/k"}`)
			},
			"endpoints without TLS": func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"http://evil.test/a","token_endpoint":"https://evil.test/t","jwks_uri":"https://evil.test/k"}`, m.p.Issuer())
			},
			"an endpoint that is a script": func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"javascript:alert(1)","token_endpoint":"https://evil.test/t","jwks_uri":"https://evil.test/k"}`, m.p.Issuer())
			},
			"no PKCE": func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer":%[1]q,"authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/t","jwks_uri":"%[1]s/k","code_challenge_methods_supported":["plain"]}`, m.p.Issuer())
			},
			"slow": func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-hang:
				case <-r.Context().Done():
				}
			},
		} {
			discovery(answer)
			if res := start(); res.StatusCode != 503 || !strings.Contains(res.text, "tidak menjawab saat ini") || res.Header.Get("Refresh") != "" {
				t.Errorf("%s: %d %s", name, res.StatusCode, note(res.text))
			}
		}
		// A document that is right, behind a redirect.
		m.p.set(func() {
			m.p.after[mockoidc.DiscoveryEndpoint] = func(w http.ResponseWriter, r *http.Request, body []byte) {
				if r.URL.RawQuery == "" {
					http.Redirect(w, r, r.URL.Path+"?x", http.StatusFound)
					return
				}
				_, _ = w.Write(body)
			}
		})
		if res := start(); res.StatusCode != 503 || res.Header.Get("Refresh") != "" {
			t.Errorf("a redirect was followed: %d", res.StatusCode)
		}
		m.p.honest()
		// Its keys cannot be had.
		m.p.set(func() {
			m.p.after[mockoidc.JWKSEndpoint] = func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(500) }
		})
		b.refused(t, b.signIn(t, person("sub-1", "juhari@kantor.test")), 503, "tidak menjawab")
		m.p.honest()
		// Without a secret. The provider of the tests knows no such clients: the test gives it what it wants to see.
		if err := auth.SetProviderSecret(t.Context(), db, m.a.ID, "dukcapil", m.p.declared(), "", "system:test"); err != nil {
			t.Fatal(err)
		}
		given := 0
		m.p.set(func() {
			m.p.before = func(_ http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == mockoidc.TokenEndpoint {
					if r.PostForm.Has("client_secret") || r.Header.Get("Authorization") != "" || r.PostForm.Get("client_id") != m.p.ClientID || r.PostForm.Get("code_verifier") == "" {
						t.Errorf("a public client asks with %v", r.PostForm)
					}
					r.Form.Set("client_secret", m.p.ClientSecret)
					given++
				}
				return false
			}
		})
		if res := b.signIn(t, person("sub-1", "juhari@kantor.test")); !res.in() || given != 1 {
			t.Errorf("a public client: %d %s", res.StatusCode, note(res.text))
		}
		m.p.honest()
		// Gone altogether; what it said is remembered for some minutes, so the browser finds out itself, or the code does.
		o := m.browser(t)
		back := o.consent(t, o.begin(t, m.a), person("sub-1", "juhari@kantor.test"))
		_ = m.p.Server.Close()
		o.refused(t, o.get(t, back), 503, "tidak menjawab")
	}, testkit.WithModels(models))
}

// A few agencies stand on the page by themselves, many behind a choice.
func TestProvidersOnThePage(t *testing.T) {
	m := openMall(t, testkit.Open(t, testkit.SQLite, testkit.WithModels(models)), nil)
	b := m.browser(t)
	m.manyAgencies(t, 4)
	res := b.get(t, m.at(m.a, "/masuk"))
	if strings.Count(res.text, "<option") != 5 || !strings.Contains(res.text, `<select`) || strings.Contains(res.text, `id="instansi-dukcapil"`) {
		t.Errorf("five: %s", res.text)
	}
	m.declare(t, m.a, m.p.declared())
	if res := b.get(t, m.at(m.a, "/masuk?lang=en")); strings.Contains(res.text, "<select") || !strings.Contains(res.text, "Sign in with your Civil "+m.a.Canary+" account") {
		t.Errorf("one: %s", res.text)
	}
	m.declare(t, m.a, tenants.SignIn{})
	if res := b.get(t, m.at(m.a, "/masuk")); strings.Contains(res.text, "Akun instansi") {
		t.Error("none, and the page speaks of it")
	}
}

// manyAgencies adds agencies with the same provider.
func (m *mall) manyAgencies(t *testing.T, n int) {
	t.Helper()
	var more []tenants.Agency
	err := m.db.In(t.Context(), m.a.ID, func(ctx context.Context, tx *store.Tx) error {
		for i := range n {
			code := fmt.Sprintf("instansi-%d", i)
			if err := store.Insert(ctx, tx, &tenant.AgencyRow{ID: id.New(), Code: code, Name: code, Short: fmt.Sprintf("Kantor Urusan Contoh yang Panjang %d", i), Sort: 10 + i}); err != nil {
				return err
			}
			more = append(more, tenants.Agency{Code: code, SignIn: m.p.declared()})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.declare(t, m.a, m.p.declared(), more...)
}

// TestProviderInABrowser goes through the button as a person does, at three widths; and looks at the pages with axe.
func TestProviderInABrowser(t *testing.T) {
	testkit.Browser(t)
	m := openMall(t, testkit.Open(t, testkit.SQLite, testkit.WithModels(models)), nil)
	user := m.employ(t, "juhari@kantor.test", m.officer())
	home := m.at(m.a, "")
	look := func(p *testkit.Page, name string, width int) {
		t.Helper()
		p.Accessible(t)
		if wide := p.Wide(t); wide > 0 {
			t.Errorf("%s at %d: %d pixels too wide", name, width, wide)
		}
		p.Screenshot(t, fmt.Sprintf("provider-%s-%d", name, width))
	}
	for _, width := range []int{360, 768, 1280} {
		m.declare(t, m.a, m.p.declared())
		m.p.QueueUser(person("sub-1", "juhari@kantor.test"))
		c := testkit.Browser(t)
		p := c.Page(home+"/masuk?next=/petugas", width, 740)
		look(p, "one", width)
		p.MustElement("#instansi-dukcapil button").MustClick()
		p.MustWait(`() => location.pathname === "/petugas" && document.readyState === "complete"`)
		if text := p.MustElement("body").MustText(); text != "juhari@kantor.test in uji-a" {
			t.Errorf("%d: after signing in: %.200s", width, text)
		}
		for _, problem := range p.Problems() {
			if !strings.Contains(problem, "favicon") { // of the plain text behind the door
				t.Errorf("%d: %s", width, problem)
			}
		}
		p = c.Page(home+"/petugas/akun", width, 740)
		look(p, "account", width)
		// The page between goes on by itself: without the header that says so it stays to be looked at.
		between := testkit.Browser(t).Page(home+"/masuk", width, 740)
		enable := proto.FetchEnable{Patterns: []*proto.FetchRequestPattern{{URLPattern: "*/masuk/instansi", RequestStage: proto.FetchRequestStageResponse}}}
		if err := enable.Call(between); err != nil {
			t.Fatal(err)
		}
		go between.EachEvent(func(e *proto.FetchRequestPaused) {
			headers := slices.DeleteFunc(e.ResponseHeaders, func(h *proto.FetchHeaderEntry) bool { return strings.EqualFold(h.Name, "Refresh") })
			_ = proto.FetchContinueResponse{RequestID: e.RequestID, ResponseCode: e.ResponseStatusCode, ResponseHeaders: headers}.Call(between)
		})()
		between.Press(t, "#instansi-dukcapil button")
		if text := between.MustElement("h1").MustText(); text != "Ke halaman masuk instansi Anda" {
			t.Errorf("%d: between: %q", width, text)
		}
		look(between, "between", width)
		// Somebody else with the address: what happened is said where one can go on.
		m.p.QueueUser(person("sub-2", "juhari@kantor.test"))
		other := testkit.Browser(t)
		q := other.Page(home+"/masuk", width, 740)
		q.MustElement("#instansi-dukcapil button").MustClick()
		q.MustWait(`() => location.pathname.endsWith("/kembali") && document.readyState === "complete"`)
		if text := q.MustElement(".p-note-bad").MustText(); !strings.Contains(text, "melepas akun yang lama") {
			t.Errorf("%d: refused: %q", width, text)
		}
		look(q, "refused", width)
	}
	m.manyAgencies(t, 6)
	for _, width := range []int{360, 768, 1280} {
		p := testkit.Browser(t).Page(home+"/masuk", width, 740)
		look(p, "many", width)
		s := testkit.SignIn(t, m.db, m.auth, m.tenantOf(t), m.a.Email("admin"), password, auth.Cookie)
		as := testkit.Browser(t).Page(home+"/masuk", width, 740)
		as.MustSetCookies(&proto.NetworkCookieParam{Name: "sid", Value: s.Token, URL: home, HTTPOnly: true})
		as.MustNavigate(home + "/petugas/orang/" + user.String()).MustWaitLoad()
		if text := as.MustElement("#instansi").MustText(); !strings.Contains(text, "Akun instansi") {
			t.Errorf("%q", text)
		}
		look(as, "person", width)
	}
}
