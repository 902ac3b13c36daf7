package signin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/throttle"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

const password = "kunci pendopo 2026"

// door is the service of two regions, with a staff's page beside the sign-in.
type door struct {
	*web.App
	a, b     *testkit.Region
	auth     *auth.Service
	registry *tenant.Registry
}

// asks makes the region ask roles for a second factor, as an apply of its manifest would.
func (d *door) asks(t *testing.T, db *store.DB, roles ...tenants.Role) {
	t.Helper()
	now, ok := d.registry.ByHost(d.a.Host("localhost"))
	if !ok {
		t.Fatal("not in the registry")
	}
	region := *now.Region
	region.Security.SecondFactor = roles
	text, err := json.Marshal(region)
	if err != nil {
		t.Fatal(err)
	}
	err = db.System(t.Context(), "test", func(ctx context.Context, s *store.SysTx) error {
		if _, err := store.SysUpdate[tenant.Row](ctx, s, "manifest = ?, version = version + 1", []any{string(text)}, "code = ?", d.a.Code); err != nil {
			return err
		}
		_, err := store.SysUpdate[registryRow](ctx, s, "version = version + 1", nil, "id = 1")
		return err
	})
	if err == nil {
		err = d.registry.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Forget(d.a.ID, d.a.Officer)
}

// registryRow mirrors the row whose version tells processes to read the list of tenants again.
type registryRow struct {
	bun.BaseModel `bun:"table:registry,alias:registry"`
	store.Shared
	ID      int   `bun:"id,pk"`
	Version int64 `bun:"version"`
}

func open(t *testing.T, db *store.DB, scheme string) *door {
	t.Helper()
	stored, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{auth: auth.New(db, auth.Options{})}
	d.a, d.b = testkit.Two(t, db, testkit.PasswordHash(stored))
	d.registry = tenant.NewRegistry(db, "localhost", nil)
	if err := d.registry.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.App = web.New(web.Config{Registry: d.registry, Sessions: d.auth, Scheme: scheme})
	signin.Routes(d.Tenant(), d.auth)
	show := func(c *web.Ctx) error {
		return c.Blob(200, "text/plain", []byte(c.Actor.Email+" in "+c.Tenant.Slug))
	}
	d.Tenant().Get("/petugas", authz.SignedIn, show)
	d.Tenant().Get("/api/v1/me", authz.SignedIn, show)
	return d
}

// shift mirrors what says when a session's person last showed who they are.
type shift struct {
	bun.BaseModel `bun:"table:sessions,alias:session"`
	store.Owned
	ID       id.ID     `bun:"id,pk"`
	ProvedAt time.Time `bun:"proved_at"`
}

// counted mirrors how often a passkey was used.
type counted struct {
	bun.BaseModel `bun:"table:passkeys,alias:passkey"`
	store.Owned
	ID        id.ID `bun:"id,pk"`
	SignCount int64 `bun:"sign_count"`
}

// ago puts that moment of everybody's sessions into the past, and makes the service look.
func (d *door) ago(t *testing.T, db *store.DB, by time.Duration) {
	t.Helper()
	err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[shift](tx).Set("proved_at = ?", tx.Now().Add(-by)).Where("true").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Forget(d.a.ID, d.a.Officer)
}

var models = slices.Concat(tenant.Models, auth.Models)

func (d *door) ask(t *testing.T, method, host, path string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := d.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// form posts a form as our own page does.
func (d *door) form(t *testing.T, host, path string, values url.Values, header ...string) (*http.Response, string) {
	t.Helper()
	header = append(header, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	return d.ask(t, "POST", host, path, strings.NewReader(values.Encode()), header...)
}

func credentials(email, password, next string) url.Values {
	return url.Values{"email": {email}, "password": {password}, "next": {next}}
}

// cookie is the cookie that a response sets, as the browser sends it back.
func cookie(res *http.Response) string {
	for _, c := range res.Cookies() {
		if strings.HasSuffix(c.Name, "sid") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a, b := d.a.Host("localhost"), d.b.Host("localhost")

		res, body := d.ask(t, "GET", a, "/masuk?next=/petugas%3Fx%3D1", nil)
		for _, want := range []string{`<label for="email">Surel`, `type="password"`, `name="next" value="/petugas?x=1"`, `autocomplete="current-password"`} {
			if res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("the page lacks %s: %d %s", want, res.StatusCode, body)
			}
		}
		if _, body := d.ask(t, "GET", a, "/masuk?next=//evil.test/x", nil); strings.Contains(body, "evil.test/x") && strings.Contains(body, `name="next"`) {
			t.Error("the form leads elsewhere")
		}

		res, body = d.form(t, a, "/masuk", credentials("", "", ""))
		if res.StatusCode != http.StatusUnprocessableEntity || strings.Count(body, "Mohon isi bagian ini.") != 4 || !strings.Contains(body, `href="#email"`) || !strings.Contains(body, `aria-invalid`) {
			t.Errorf("empty: %d %s", res.StatusCode, body)
		}
		res, body = d.form(t, a, "/masuk", credentials(d.a.Email("officer"), "salah sekali", "/petugas"))
		if res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "tidak cocok") || strings.Contains(body, "salah sekali") ||
			!strings.Contains(body, d.a.Email("officer")) || !strings.Contains(body, `name="next" value="/petugas"`) || cookie(res) != "" {
			t.Errorf("wrong: %d %s", res.StatusCode, body)
		}
		_, unknown := d.form(t, a, "/masuk", credentials("nobody@a.test", "salah sekali", "/petugas"))
		reference := regexp.MustCompile(`[A-Z2-7]{16}`)
		if plain := func(s, email string) string { return reference.ReplaceAllString(strings.ReplaceAll(s, email, ""), "") }; plain(body, d.a.Email("officer")) != plain(unknown, "nobody@a.test") {
			t.Error("the page tells whether the account exists")
		}

		res, _ = d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, "//evil.test"))
		sid := cookie(res)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/petugas" || sid == "" {
			t.Fatalf("%d %q %q", res.StatusCode, res.Header.Get("Location"), sid)
		}
		if c := res.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "sid=") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") ||
			!strings.Contains(c, "path=/") || strings.Contains(strings.ToLower(c), "domain") || strings.Contains(strings.ToLower(c), "secure") {
			t.Errorf("Set-Cookie: %s", c)
		}
		if res, body := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid); res.StatusCode != http.StatusOK || body != d.a.Email("officer")+" in uji-a" {
			t.Errorf("signed in: %d %s", res.StatusCode, body)
		}
		if res, body := d.ask(t, "GET", b, "/petugas", nil, "Cookie", sid); res.StatusCode != http.StatusSeeOther || strings.Contains(body, d.a.Canary) {
			t.Errorf("in the other region: %d %s", res.StatusCode, body)
		}
		if res, _ := d.ask(t, "GET", a, "/masuk?next=/x", nil, "Cookie", sid); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/x" {
			t.Errorf("the page, already in: %d", res.StatusCode)
		}

		// Signing in once more gives another session and ends the first.
		res, _ = d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, "/petugas?x=1"), "Cookie", sid)
		second := cookie(res)
		if res.Header.Get("Location") != "/petugas?x=1" || second == "" || second == sid {
			t.Errorf("again: %q, %q", res.Header.Get("Location"), second)
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid); res.StatusCode != http.StatusSeeOther {
			t.Errorf("the first session: %d", res.StatusCode)
		}

		if res, _ := d.ask(t, "POST", a, "/keluar", nil, "Cookie", second, "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusForbidden {
			t.Errorf("signed out from elsewhere: %d", res.StatusCode)
		}
		res, _ = d.form(t, a, "/keluar", nil, "Cookie", second)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || cookie(res) != "sid=" || !strings.Contains(res.Header.Get("Clear-Site-Data"), `"cache"`) {
			t.Errorf("signed out: %d %q %q", res.StatusCode, res.Header.Get("Location"), cookie(res))
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", second); res.StatusCode != http.StatusSeeOther {
			t.Errorf("after signing out: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

func TestAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "https")
		a, b := d.a.Host("localhost"), d.b.Host("localhost")
		post := func(host, body string) (*http.Response, string) {
			return d.ask(t, "POST", host, "/api/v1/sessions", strings.NewReader(body), "Content-Type", "application/json")
		}
		login := func(email, password string) string {
			b, _ := json.Marshal(map[string]string{"email": email, "password": password})
			return string(b)
		}
		for _, c := range []struct {
			host, body string
			status     int
			want       string
		}{
			{a, login(d.a.Email("officer"), "salah"), 401, `"code":"auth.wrong"`},
			{b, login(d.a.Email("officer"), password), 401, `"code":"auth.wrong"`},
			{a, login("", ""), 422, `"errors":[{"field":"email","code":"required"`},
			{a, `{"email":"a","password":"b","role":"admin"}`, 422, `"errors":[{"field":"role","code":"unknown"`},
			{a, `{`, 400, `"code":"json.syntax"`},
		} {
			if res, body := post(c.host, c.body); res.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s %s: %d %s", c.host, c.body, res.StatusCode, body)
			}
		}
		res, body := post(a, login(d.a.Email("officer"), password))
		var got struct {
			Token     string    `json:"token"`
			ExpiresAt time.Time `json:"expires_at"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != http.StatusOK || got.Token == "" || !strings.Contains(body, "+07:00") {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		if left := time.Until(got.ExpiresAt); left < 11*time.Hour || left > 12*time.Hour {
			t.Errorf("it ends in %v", left)
		}
		if res.Header.Get("Set-Cookie") != "" || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", res.Header)
		}
		bearer := "Bearer " + got.Token
		if res, body := d.ask(t, "GET", a, "/api/v1/me", nil, "Authorization", bearer); res.StatusCode != http.StatusOK || body != d.a.Email("officer")+" in uji-a" {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		if res, body := d.ask(t, "GET", b, "/api/v1/me", nil, "Authorization", bearer); res.StatusCode != http.StatusUnauthorized || strings.Contains(body, d.a.Canary) {
			t.Errorf("in the other region: %d %s", res.StatusCode, body)
		}
		if res, _ := d.ask(t, "DELETE", b, "/api/v1/sessions/current", nil, "Authorization", bearer); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("ended from the other region: %d", res.StatusCode)
		}
		if res, body := d.ask(t, "DELETE", a, "/api/v1/sessions/current", nil, "Authorization", bearer); res.StatusCode != http.StatusNoContent || body != "" {
			t.Errorf("ended: %d %s", res.StatusCode, body)
		}
		if res, _ := d.ask(t, "GET", a, "/api/v1/me", nil, "Authorization", bearer); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("after its end: %d", res.StatusCode)
		}
		res, _ = d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, ""))
		if c := res.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-sid=") || !strings.Contains(strings.ToLower(c), "secure") {
			t.Errorf("Set-Cookie over https: %s", c)
		}
	}, testkit.WithModels(models))
}

// TestSlow fails often: the page says when to come back, in words and in a header.
func TestSlow(t *testing.T) {
	d := open(t, testkit.Open(t, testkit.SQLite, testkit.WithModels(models)), "http")
	var res *http.Response
	var body string
	for range 11 {
		res, body = d.form(t, d.a.Host("localhost"), "/masuk", credentials(d.a.Email("officer"), "salah", ""))
	}
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "menit lalu coba lagi") {
		t.Errorf("%d %q %s", res.StatusCode, res.Header.Get("Retry-After"), body)
	}
}

// A browser in which somebody has signed in is known by a cookie of this host alone, and goes on being when strangers
// have used up what an account may be guessed at.
func TestAKnownBrowser(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "https")
		a := d.a.Host("localhost")
		res, _ := d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, ""))
		var device *http.Cookie
		for _, c := range res.Cookies() {
			if c.Name == "__Host-device" {
				device = c
			}
		}
		if device == nil || !device.Secure || !device.HttpOnly || device.Domain != "" || device.Path != "/" || time.Until(device.Expires) < 100*24*time.Hour {
			t.Fatalf("%+v", device)
		}
		err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error {
			for range 2000 {
				if _, _, err := throttle.Take(ctx, tx, "tenant", 15*time.Minute, 2000); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if res, _ := d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, "")); res.StatusCode != http.StatusTooManyRequests {
			t.Errorf("a stranger: %d", res.StatusCode)
		}
		if res, _ := d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, ""), "Cookie", device.Name+"="+device.Value); res.StatusCode != http.StatusSeeOther {
			t.Errorf("the known browser: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}
