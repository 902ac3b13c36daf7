package signin_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

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
		if q.Get("max_age") != "43200" || q.Has("prompt") {
			t.Errorf("how long ago it may have asked: %v", q)
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
			{"asked yesterday", claim("auth_time", time.Now().Add(-13*time.Hour).Unix()), nil, 401, "lebih dari 12 jam"},
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
