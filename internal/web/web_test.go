package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// regions is a registry without a database.
type regions struct{ byHost sync.Map }

func (r *regions) ByHost(host string) (*tenant.Tenant, bool) {
	t, ok := r.byHost.Load(host)
	if !ok {
		return nil, false
	}
	return t.(*tenant.Tenant), true
}
func (r *regions) Domain() string                    { return "localhost" }
func (r *regions) Host(t *tenant.Tenant) string      { return t.Slug + ".localhost" }
func (r *regions) Label(host string) (string, bool)  { return strings.CutSuffix(host, ".localhost") }
func (r *regions) set(host string, t *tenant.Tenant) { r.byHost.Store(host, t) }

func newTenant(slug, code string) *tenant.Tenant {
	return &tenant.Tenant{
		ID: store.NewTenantID(), Code: code, Slug: slug, Name: "Kabupaten " + slug, Zone: "WIB", Loc: clock.WIB,
		State: tenant.Active, Scope: tenant.ScopeOf(code), Version: 1,
		Region: &tenants.Region{Code: code, Organiser: "DPMPTSP", Brand: tenants.Brand{Colour: "#8a1538"}},
	}
}

// tokens are the sessions of a test: by tenant and token.
type tokens map[tenant.ID]map[string]*authz.Actor

func (s tokens) Look(ctx context.Context, t *tenant.Tenant, token string, kind authz.Kind) (*authz.Actor, error) {
	return s.Resolve(ctx, t, token, kind)
}

func (s tokens) Resolve(_ context.Context, t *tenant.Tenant, token string, _ authz.Kind) (*authz.Actor, error) {
	if a, ok := s[t.ID][token]; ok {
		return a, nil
	}
	return nil, fault.New(fault.Unauthenticated, "auth.session")
}

var (
	permDesk  = authz.Declare("web:desk:use", "Memakai loket", "Use a desk")
	permOther = authz.Declare("web:other:use", "Lainnya", "Something else")
)

// site is an app with two regions, a suspended one, and some routes.
type site struct {
	*App
	bangka, belitung, tutup *tenant.Tenant
	sessions                tokens
	registry                *regions
	clock                   *testClock
	log                     *logBuffer
}

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func newSite(t testing.TB, change func(*Config)) *site {
	t.Helper()
	s := &site{
		bangka: newTenant("bangka", "19.01"), belitung: newTenant("belitung", "19.02"), tutup: newTenant("tutup", "19.03"),
		clock: &testClock{now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}, log: &logBuffer{},
	}
	s.tutup.State = tenant.Suspended
	s.registry = &regions{}
	for _, t := range []*tenant.Tenant{s.bangka, s.belitung, s.tutup} {
		s.registry.set(t.Slug+".localhost", t)
	}
	s.sessions = tokens{
		s.bangka.ID: {
			"officer": authz.NewActor(authz.Identity{Tenant: s.bangka.ID, UserID: id.New(), Name: "Budi"}, []authz.Grant{{Role: authz.RoleOfficer, Scope: "id/19/19.01/dukcapil"}}),
		},
		s.belitung.ID: {
			"officer2": authz.NewActor(authz.Identity{Tenant: s.belitung.ID, UserID: id.New(), Name: "Siti"}, []authz.Grant{{Role: authz.RoleOfficer, Scope: "id/19/19.02/dukcapil"}}),
		},
	}
	cfg := Config{
		Registry: s.registry,
		Sessions: s.sessions, Clock: s.clock, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	s.App = New(cfg)
	return s
}

// say answers with a line of text.
func say(text string) Handler {
	return func(c *Ctx) error { return c.Blob(200, "text/plain; charset=utf-8", []byte(text)) }
}

// ask sends a request; header lines are "Name: value".
func (s *site) ask(t testing.TB, method, host, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = host
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	res, err := s.Test(r)
	if err != nil {
		t.Fatalf("%s %s%s: %v", method, host, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func problemOf(t testing.TB, body string) map[string]any {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, body)
	}
	return p
}

func TestHosts(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.TrustedProxies = []string{"0.0.0.0"} // where app.Test comes from
		c.NotHere = func(c *Ctx, label string) error { return c.Blob(404, "text/plain", []byte("tidak ada: "+label)) }
		c.Suspended = func(c *Ctx) error { return c.Blob(503, "text/plain", []byte("dihentikan: "+c.Tenant.Slug)) }
	})
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error { return say("daerah " + c.Tenant.Slug)(c) })
	s.Bare().Get("/", authz.Public, say("pendopo"))
	s.Tenant().Get("/api/v1/x", authz.Public, func(c *Ctx) error { return say(c.Tenant.Slug)(c) })
	for _, c := range []struct {
		host, path string
		status     int
		want       string
		header     []string
	}{
		{"bangka.localhost", "/", 200, "daerah bangka", nil},
		{"bangka.localhost:8080", "/", 200, "daerah bangka", nil},
		{"BANGKA.Localhost.:8080", "/", 200, "daerah bangka", nil},
		{"belitung.localhost", "/", 200, "daerah belitung", nil},
		{"localhost:8080", "/", 200, "pendopo", nil},
		{"bangka.localhost", "/", 200, "daerah bangka", []string{"X-Forwarded-Host: belitung.localhost"}},
		{"bangka.localhost", "/", 200, "daerah bangka", []string{"Forwarded: host=belitung.localhost", "X-Host: belitung.localhost", "X-Original-Host: belitung.localhost"}},
		{"localhost", "/", 200, "pendopo", []string{"X-Forwarded-Host: bangka.localhost"}},
		{"pali.localhost", "/", 404, "tidak ada: pali", nil},
		{"pali.localhost", "/layanan", 404, "tidak ada: pali", nil},
		{"a.bangka.localhost", "/", 404, "tidak ada: a.bangka", nil},
		{"evil.test", "/", 404, "tidak ada: ", nil},
		{"pali.localhost", "/api/v1/x", 404, `"code":"not_here"`, nil},
		{"[::1]:8080", "/", 404, "tidak ada: ", nil},
		{"tutup.localhost", "/", 503, "dihentikan: tutup", nil},
		{"tutup.localhost", "/nowhere", 503, "dihentikan: tutup", nil},
		{"tutup.localhost", "/api/v1/x", 503, `"code":"suspended"`, nil},
		{"tutup.localhost", "/api/v1/boards/x/events", 503, `"code":"suspended"`, nil},
		{"tutup.localhost", "/healthz", 200, "ok", nil},
		{"anything", "/healthz", 200, "ok", nil},
		{"bangka.localhost", "/nowhere", 404, "Alamatnya mungkin salah ketik", nil},
	} {
		res, body := s.ask(t, "GET", c.host, c.path, "", c.header...)
		if res.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s%s %v: %d %.300s", c.host, c.path, c.header, res.StatusCode, body)
		}
	}
	if res, _ := s.ask(t, "POST", "bangka.localhost", "/", ""); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
		t.Errorf("POST where only GET is: %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
}

// TestNothingRunsForASuspendedTenant: neither handlers nor sessions.
func TestNothingRunsForASuspendedTenant(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Sessions = resolver(func() (*authz.Actor, error) { panic("a session was looked up") })
	})
	s.Tenant().Post("/api/v1/x", authz.Public, func(*Ctx) error { panic("a handler ran") })
	res, _ := s.ask(t, "POST", "tutup.localhost", "/api/v1/x", "", "Authorization: Bearer x")
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
}

type resolver func() (*authz.Actor, error)

func (r resolver) Resolve(context.Context, *tenant.Tenant, string, authz.Kind) (*authz.Actor, error) {
	return r()
}

func (r resolver) Look(context.Context, *tenant.Tenant, string, authz.Kind) (*authz.Actor, error) {
	return r()
}

func TestPermissions(t *testing.T) {
	s := newSite(t, nil)
	tr := s.Tenant()
	tr.Get("/", authz.Public, func(c *Ctx) error { return say("halo " + c.Actor.String()[:4])(c) })
	tr.Get("/petugas", authz.SignedIn, say("petugas"))
	tr.Get("/loket", permDesk, say("loket"))
	tr.Get("/api/v1/counters", permDesk, say("loket"))
	tr.Get("/api/v1/me", authz.SignedIn, func(c *Ctx) error { return say(c.Actor.Name)(c) })
	tr.Get("/api/v1/narrow", authz.SignedIn, func(c *Ctx) error {
		if err := c.Must(permOther, "id/19/19.01/samsat"); err != nil {
			return err
		}
		return c.NoContent()
	})
	bearer, cookie := "Authorization: Bearer officer", "Cookie: sid=officer"
	for _, c := range []struct {
		name, host, path string
		header           []string
		status           int
		want, location   string
	}{
		{"public", "bangka", "/", nil, 200, "halo publ", ""},
		{"public, signed in", "bangka", "/", []string{cookie}, 200, "halo user", ""},
		{"public, an old cookie", "bangka", "/", []string{"Cookie: sid=gone"}, 200, "halo publ", ""},
		{"page, nobody", "bangka", "/petugas?a=b", nil, 303, "", "/masuk?next=%2Fpetugas%3Fa%3Db"},
		{"page, nobody, htmx", "bangka", "/petugas", []string{"HX-Request: true", "HX-Current-URL: http://bangka.localhost/loket?x=1"}, 200, "", ""},
		{"page, signed in", "bangka", "/petugas", []string{cookie}, 200, "petugas", ""},
		{"page, another region's cookie", "belitung", "/petugas", []string{cookie}, 303, "", "/masuk?next=%2Fpetugas"},
		{"page, without the permission", "bangka", "/loket", []string{cookie}, 403, "bukan untuk akun Anda", ""},
		{"API, nobody", "bangka", "/api/v1/counters", nil, 401, `"code":"auth.needed"`, ""},
		{"API, without the permission", "bangka", "/api/v1/counters", []string{bearer}, 403, `"code":"authz.forbidden"`, ""},
		{"API, signed in", "bangka", "/api/v1/me", []string{bearer}, 200, "Budi", ""},
		{"API, a cookie does not count", "bangka", "/api/v1/me", []string{cookie}, 401, `"code":"auth.needed"`, ""},
		{"API, another region's token", "belitung", "/api/v1/me", []string{bearer}, 401, `"code":"auth.session"`, ""},
		{"public API, a bad token", "bangka", "/api/v1/me", []string{"Authorization: Bearer x"}, 401, `"code":"auth.session"`, ""},
		{"a bad token beside a good cookie", "bangka", "/petugas", []string{"Authorization: Bearer x", cookie}, 401, "Silakan masuk", ""},
		{"another scheme", "bangka", "/api/v1/me", []string{"Authorization: Basic eDp5"}, 401, `"code":"auth.bearer"`, ""},
		{"a narrower scope", "bangka", "/api/v1/narrow", []string{bearer}, 403, `"code":"authz.forbidden"`, ""},
	} {
		res, body := s.ask(t, "GET", c.host+".localhost", c.path, "", c.header...)
		if res.StatusCode != c.status || !strings.Contains(body, c.want) || res.Header.Get("Location") != c.location {
			t.Errorf("%s: %d %q %.300s", c.name, res.StatusCode, res.Header.Get("Location"), body)
		}
		if c.name == "page, nobody, htmx" && res.Header.Get("HX-Redirect") != "/masuk?next=%2Floket%3Fx%3D1" {
			t.Errorf("%s: HX-Redirect %q", c.name, res.Header.Get("HX-Redirect"))
		}
		if c.name == "public, an old cookie" && !strings.Contains(res.Header.Get("Set-Cookie"), "sid=; ") {
			t.Errorf("%s: the cookie stays: %q", c.name, res.Header.Get("Set-Cookie"))
		}
		if res.StatusCode == http.StatusUnauthorized && res.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: WWW-Authenticate %q", c.name, res.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestBoot(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		routes func(*App)
		want   string
	}{
		"no permission": {nil, func(a *App) { a.Tenant().Get("/x", authz.Permission{}, say("x")) }, "GET /x on tenant hosts declares no permission"},
		"twice": {nil, func(a *App) {
			a.Tenant().Get("/x", authz.Public, say("x"))
			a.Tenant().Get("/x", authz.Public, say("y"))
		}, "registered twice"},
		"a session elsewhere": {nil, func(a *App) { a.Bare().Get("/x", authz.SignedIn, say("x")) }, "tenants' hosts only"},
		"a proxy":             {func(c *Config) { c.TrustedProxies = []string{"localhost"} }, func(*App) {}, `trusted proxy "localhost"`},
		"a scheme":            {func(c *Config) { c.Scheme = "ftp" }, func(*App) {}, "http or https"},
	} {
		s := newSite(t, c.change)
		c.routes(s.App)
		if err := s.Ready(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Serve(nil); err == nil {
			t.Errorf("%s: it serves all the same", name)
		}
	}
	s := newSite(t, nil)
	s.Tenant().Get("/x", authz.Public, say("x"))
	s.Bare().Get("/x", authz.Public, say("x"))
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
	last := s.Routes()[len(s.Routes())-1]
	if last.Method != http.MethodGet || last.Path != "/x" || last.Kind != OnBare || last.Permission != authz.Public {
		t.Errorf("%+v", last)
	}
}

// TestKeptStrings keeps what requests sent, and looks again after other requests have gone through the
// same memory.
func TestKeptStrings(t *testing.T) {
	s := newSite(t, nil)
	var mu sync.Mutex
	kept := map[string][]string{}
	s.Tenant().Get("/p/:name", authz.Public, func(c *Ctx) error {
		mu.Lock()
		defer mu.Unlock()
		kept[c.Query("n")] = []string{c.Param("name"), c.Cookie("sid2"), c.Header("X-Mark"), c.Path(), c.Host(), c.Origin()}
		return c.NoContent()
	})
	for i := range 50 {
		n := strings.Repeat(string(rune('a'+i%26)), 8) + string(rune('0'+i/26))
		s.ask(t, "GET", "bangka.localhost", "/p/"+n+"?n="+n, "", "Cookie: sid2="+n, "X-Mark: "+n)
	}
	for n, all := range kept {
		want := []string{n, n, n, "/p/" + n, "bangka.localhost", "http://bangka.localhost"}
		for i := range want {
			if all[i] != want[i] {
				t.Errorf("%s: kept %q, now %q", n, want[i], all[i])
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Scheme = "https"
		c.TrustedProxies = []string{"0.0.0.0"} // where app.Test comes from
	})
	s.Tenant().Get("/", authz.Public, say("x"))
	s.Tenant().Get("/panic", authz.Public, func(*Ctx) error { panic("rahasia dapur") })
	for _, path := range []string{"/", "/panic", "/nowhere", "/healthz"} {
		res, _ := s.ask(t, "GET", "bangka.localhost", path, "", "X-Request-Id: abc-12345")
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; script-src 'self'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "strict-origin-when-cross-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Permissions-Policy":           "camera=()",
			"Strict-Transport-Security":    "max-age=31536000",
			"X-Request-Id":                 "abc-12345",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := res.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if got := res.Header.Get("Server"); got != "" {
			t.Errorf("%s: Server is %q", path, got)
		}
	}
	for _, bad := range []string{"", "short", "with space in it", "line\tbreak12", strings.Repeat("a", 65)} {
		res, _ := s.ask(t, "GET", "bangka.localhost", "/", "", "X-Request-Id: "+bad)
		if got := res.Header.Get("X-Request-Id"); got == bad || len(got) != 16 {
			t.Errorf("request id %q became %q", bad, got)
		}
	}
}

// A request's name is taken from a proxy of ours only: somebody else's would make two requests look like one.
func TestOnlyAProxyNamesARequest(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/", authz.Public, say("x"))
	res, _ := s.ask(t, "GET", "bangka.localhost", "/", "", "X-Request-Id: abc-12345")
	if got := res.Header.Get("X-Request-Id"); got == "abc-12345" || len(got) != 16 {
		t.Errorf("a stranger named the request %q", got)
	}
}

// A refusal says who was refused and why, by an identifier.
func TestTheLogSaysWhoWasRefused(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/rahasia", authz.Public, func(c *Ctx) error { return fault.New(fault.Forbidden, "authz.forbidden") })
	s.Tenant().Get("/petugas", authz.SignedIn, say("x"))
	s.ask(t, "GET", "bangka.localhost", "/rahasia", "", "Authorization: Bearer officer")
	s.ask(t, "GET", "bangka.localhost", "/petugas", "", "Accept: application/json")
	log := s.log.String()
	for _, want := range []string{"status=403 stream=false", "code=authz.forbidden who=user:"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

func TestLogNamesNobody(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/api/v1/tickets/:id", authz.Public, say("x"))
	s.ask(t, "GET", "bangka.localhost", "/api/v1/tickets/rahasia-1?nik=1901010101010001", "", "Cookie: sid=rahasia-2", "Authorization: Bearer officer")
	s.ask(t, "GET", "bangka.localhost", "/nowhere/rahasia-3", "")
	log := s.log.String()
	for _, secret := range []string{"rahasia", "1901010101010001", "officer", "Budi"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "route=/api/v1/tickets/:id") || !strings.Contains(log, "tenant=19.01") || !strings.Contains(log, "status=200") {
		t.Errorf("the log says too little:\n%s", log)
	}
}

func TestLocale(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error { return say(string(c.Locale) + " " + c.P.TimeZone(c.Now()))(c) })
	for _, c := range []struct{ path, accept, cookie, want, set string }{
		{"/", "", "", "id 09.00 WIB", ""},
		{"/", "en", "", "id 09.00 WIB", ""},
		{"/", "", "en", "en 09:00 WIB", ""},
		{"/?lang=en", "", "", "en 09:00 WIB", "lang=en"},
		{"/?lang=en", "", "en", "en 09:00 WIB", ""},
		{"/?lang=xx", "", "", "id 09.00 WIB", ""},
	} {
		res, body := s.ask(t, "GET", "bangka.localhost", c.path, "", "Accept-Language: "+c.accept, "Cookie: lang="+c.cookie)
		if body != c.want || !strings.HasPrefix(res.Header.Get("Set-Cookie"), c.set) || c.set == "" && res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%+v: %s, Set-Cookie %q", c, body, res.Header.Get("Set-Cookie"))
		}
	}
}

// Over https the choice of a language is kept for this host alone, too.
func TestTheLocalesCookieIsThisHosts(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Scheme = "https" })
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error { return say(string(c.Locale))(c) })
	res, _ := s.ask(t, "GET", "bangka.localhost", "/?lang=en", "")
	if got := res.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-lang=en") {
		t.Errorf("Set-Cookie %q", got)
	}
	if _, body := s.ask(t, "GET", "bangka.localhost", "/", "", "Cookie: __Host-lang=en; lang=id"); body != "en" {
		t.Errorf("spoke %q", body)
	}
}

func TestHealth(t *testing.T) {
	var broken error
	s := newSite(t, func(c *Config) { c.Ready = func(context.Context) error { return broken } })
	status := func(path string) int {
		res, _ := s.ask(t, "GET", "10.0.0.7:8080", path, "")
		return res.StatusCode
	}
	if status("/healthz") != 200 || status("/readyz") != 200 {
		t.Error("not well from the start")
	}
	broken = io.ErrUnexpectedEOF
	if status("/healthz") != 200 || status("/readyz") != 503 {
		t.Error("without a database: up, and not ready")
	}
	broken = nil
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if status("/readyz") != 503 {
		t.Error("ready while it stops")
	}
}

func BenchmarkRequest(b *testing.B) {
	s := newSite(b, func(c *Config) { c.Log = nil })
	s.Tenant().Get("/", authz.Public, say("x"))
	if err := s.Ready(); err != nil {
		b.Fatal(err)
	}
	h := s.fiber.Handler()
	ctx := newRequestCtx("bangka.localhost", "/")
	b.ReportAllocs()
	for b.Loop() {
		h(ctx)
		ctx.Response.Reset()
	}
}
