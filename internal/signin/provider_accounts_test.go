package signin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"
	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

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
