package signin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// step is the cookie of a sign-in that waits, as the browser sends it back.
func step(res *http.Response) string {
	for _, c := range res.Cookies() {
		if strings.HasSuffix(c.Name, "step") && c.Value != "" {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func code(t *testing.T, shift time.Duration) string {
	t.Helper()
	return testkit.AppCode(t, testkit.TOTPSecret, time.Now().Add(shift))
}

func TestSecondStepPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "https")
		a, b := d.a.Host("localhost"), d.b.Host("localhost")
		res, _ := d.form(t, a, "/masuk", credentials(d.a.Email("admin"), password, "/petugas?x=1"))
		waits := step(res)
		if res.StatusCode != 303 || res.Header.Get("Location") != "/masuk/langkah-kedua?next=%2Fpetugas%3Fx%3D1" || !strings.HasPrefix(waits, "__Host-step=") || cookie(res) != "" {
			t.Fatalf("%d %q %q %q", res.StatusCode, res.Header.Get("Location"), waits, cookie(res))
		}
		res, body := d.ask(t, "GET", a, "/masuk/langkah-kedua?next=%2Fpetugas%3Fx%3D1", nil, "Cookie", waits)
		for _, want := range []string{`name="code"`, `autocomplete="one-time-code"`, `name="next" value="/petugas?x=1"`} {
			if res.StatusCode != 200 || !strings.Contains(body, want) {
				t.Errorf("the page lacks %s: %d %s", want, res.StatusCode, body)
			}
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", strings.Replace(waits, "step", "sid", 1)); res.StatusCode != 303 {
			t.Errorf("the wait is taken for a session: %d", res.StatusCode)
		}
		if res, _ := d.ask(t, "GET", b, "/masuk/langkah-kedua", nil, "Cookie", waits); res.StatusCode != 401 {
			t.Errorf("in the other region: %d", res.StatusCode)
		}
		if res, _ := d.ask(t, "GET", a, "/masuk/langkah-kedua", nil); res.StatusCode != 303 || res.Header.Get("Location") != "/masuk" {
			t.Errorf("without a first step: %d", res.StatusCode)
		}
		res, body = d.form(t, a, "/masuk/langkah-kedua", url.Values{"code": {"000000"}, "next": {"/petugas?x=1"}}, "Cookie", waits)
		if res.StatusCode != 401 || !strings.Contains(body, "sudah dipakai") || strings.Contains(body, "000000") || !strings.Contains(body, `href="#code"`) {
			t.Errorf("wrong: %d %s", res.StatusCode, body)
		}
		res, _ = d.form(t, a, "/masuk/langkah-kedua", url.Values{"code": {code(t, 0)}, "next": {"/petugas?x=1"}}, "Cookie", waits)
		sid := cookie(res)
		if res.StatusCode != 303 || res.Header.Get("Location") != "/petugas?x=1" || sid == "" {
			t.Fatalf("right: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		if res, body := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid); res.StatusCode != 200 || body != d.a.Email("admin")+" in uji-a" {
			t.Errorf("signed in: %d %s", res.StatusCode, body)
		}
		res, body = d.form(t, a, "/masuk/langkah-kedua", url.Values{"code": {code(t, 30*time.Second)}}, "Cookie", waits)
		if res.StatusCode != 401 || !strings.Contains(body, "Silakan masuk lagi") || cookie(res) != "" {
			t.Errorf("the same wait again: %d %s", res.StatusCode, body)
		}
	}, testkit.WithModels(models))
}

func TestSecondStepOfTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "https")
		a, b := d.a.Host("localhost"), d.b.Host("localhost")
		post := func(host, path string, body map[string]string) (int, map[string]any) {
			t.Helper()
			text, _ := json.Marshal(body)
			res, answer := d.ask(t, "POST", host, "/api/v1/sessions"+path, strings.NewReader(string(text)), "Content-Type", "application/json")
			var got map[string]any
			if err := json.Unmarshal([]byte(answer), &got); err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, got
		}
		status, p := post(a, "", map[string]string{"email": d.a.Email("admin"), "password": password})
		challenge, _ := p["challenge"].(string)
		if status != 401 || p["code"] != "mfa_required" || len(challenge) != 43 || !strings.HasSuffix(p["expires_at"].(string), "+07:00") || p["methods"].([]any)[0] != "totp" {
			t.Fatalf("%d %v", status, p)
		}
		for what, c := range map[string]struct {
			host, challenge, code string
			status                int
			want                  string
		}{
			"wrong":                {a, challenge, "000000", 401, "auth.code"},
			"nothing":              {a, challenge, "", 422, "invalid"},
			"in the other region":  {b, challenge, code(t, 0), 401, "auth.step"},
			"no challenge of ours": {a, "x", code(t, 0), 401, "auth.step"},
		} {
			if status, p := post(c.host, "/verify", map[string]string{"challenge": c.challenge, "code": c.code}); status != c.status || p["code"] != c.want {
				t.Errorf("%s: %d %v", what, status, p)
			}
		}
		status, p = post(a, "/verify", map[string]string{"challenge": challenge, "code": code(t, 0)})
		token, _ := p["token"].(string)
		if status != 200 || token == "" || p["expires_at"] == "" {
			t.Fatalf("%d %v", status, p)
		}
		if res, body := d.ask(t, "GET", a, "/api/v1/me", nil, "Authorization", "Bearer "+token); res.StatusCode != 200 {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		// Pages that would give another token have none to give to a program.
		res, _ := d.form(t, a, "/petugas/akun/pastikan", url.Values{"secret": {password}}, "Authorization", "Bearer "+token)
		if res.StatusCode != 403 || cookie(res) != "" {
			t.Errorf("a program proves itself: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

var (
	typed = regexp.MustCompile(`<code>([A-Z2-7 ]{30,})</code>`)
	codes = regexp.MustCompile(`<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){5})</code>`)
)

// in signs the officer in by the form and gives the cookie.
func (d *door) in(t *testing.T, agent string) string {
	t.Helper()
	res, _ := d.form(t, d.a.Host("localhost"), "/masuk", credentials(d.a.Email("officer"), password, ""), "User-Agent", agent)
	sid := cookie(res)
	if sid == "" {
		t.Fatalf("not signed in: %d", res.StatusCode)
	}
	return sid
}

const chromeOnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

func TestAccountPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		sid, other := d.in(t, chromeOnWindows), d.in(t, "")
		get := func(path string) (*http.Response, string) {
			t.Helper()
			return d.ask(t, "GET", a, path, nil, "Cookie", sid)
		}
		_, body := get("/petugas/akun")
		for _, want := range []string{"Chrome, Windows", "Perangkat lain", "Yang ini", "Belum diatur", d.a.Email("officer")} {
			if !strings.Contains(body, want) {
				t.Errorf("the account lacks %q", want)
			}
		}
		if strings.Contains(body, "Akun petugas") {
			t.Error("an officer is shown the way to others' accounts")
		}

		// An app.
		_, body = get("/petugas/akun/aplikasi-kode")
		m := typed.FindStringSubmatch(body)
		if m == nil || !strings.Contains(body, `class="p-qr"`) {
			t.Fatalf("no secret: %s", body)
		}
		secret := strings.ReplaceAll(m[1], " ", "")
		// On the phone that has the app, a link opens it.
		if link := regexp.MustCompile(`href="(otpauth://totp/[^"]+)"`).FindStringSubmatch(body); link == nil || !strings.Contains(link[1], "secret="+secret) {
			t.Errorf("no link to the app: %v", link)
		}
		res, body := d.form(t, a, "/petugas/akun/aplikasi-kode", url.Values{"code": {"1"}}, "Cookie", sid)
		if res.StatusCode != 422 || !strings.Contains(body, m[1]) {
			t.Errorf("a wrong code: %d, another secret", res.StatusCode)
		}
		res, body = d.form(t, a, "/petugas/akun/aplikasi-kode", url.Values{"code": {testkit.AppCode(t, secret, time.Now())}}, "Cookie", sid)
		shown := codes.FindAllStringSubmatch(body, -1)
		if res.StatusCode != 200 || len(shown) != 10 || cookie(res) == "" || cookie(res) == sid {
			t.Fatalf("confirmed: %d, %d codes, %q", res.StatusCode, len(shown), cookie(res))
		}
		old := sid
		sid = cookie(res)
		for _, gone := range []string{old, other} {
			if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", gone); res.StatusCode != 303 {
				t.Errorf("a session without the app goes on: %d", res.StatusCode)
			}
		}
		if _, body = get("/petugas/akun"); !strings.Contains(body, "Tersisa 10 kode cadangan") || codes.MatchString(body) {
			t.Error("the account after enrolment")
		}

		// A sign-in with a recovery code, seen in the list and ended from there.
		res, _ = d.form(t, a, "/masuk", credentials(d.a.Email("officer"), password, ""))
		res, _ = d.form(t, a, "/masuk/langkah-kedua", url.Values{"code": {shown[0][1]}}, "Cookie", step(res))
		second := cookie(res)
		if res.StatusCode != 303 || second == "" {
			t.Fatalf("a recovery code: %d", res.StatusCode)
		}
		_, body = get("/petugas/akun")
		ends := regexp.MustCompile(`action="(/petugas/akun/sesi/[0-9a-f-]{36}/akhiri)"`).FindAllStringSubmatch(body, -1)
		if !strings.Contains(body, "Tersisa 9 kode cadangan") || len(ends) != 2 {
			t.Fatalf("%d sessions", len(ends))
		}
		for _, e := range ends {
			if _, own := get("/petugas/akun"); regexp.MustCompile(`Yang ini[\s\S]{0,900}` + regexp.QuoteMeta(e[1])).MatchString(own) {
				continue
			}
			if res, _ := d.form(t, a, e[1], nil, "Cookie", sid); res.StatusCode != 303 {
				t.Errorf("ending: %d", res.StatusCode)
			}
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", second); res.StatusCode != 303 {
			t.Errorf("the ended session: %d", res.StatusCode)
		}

		// Password, and the app goes.
		res, _ = d.form(t, a, "/petugas/akun/sandi", url.Values{"current": {password}, "new": {"pendek"}}, "Cookie", sid)
		if res.StatusCode != 422 {
			t.Errorf("a short password: %d", res.StatusCode)
		}
		res, _ = d.form(t, a, "/petugas/akun/sandi", url.Values{"current": {password}, "new": {"kunci yang lain sekali"}}, "Cookie", sid)
		if sid = cookie(res); res.StatusCode != 303 || sid == "" {
			t.Fatalf("another password: %d", res.StatusCode)
		}
		res, _ = d.form(t, a, "/petugas/akun/aplikasi-kode/hapus", nil, "Cookie", sid)
		if _, body = get("/petugas/akun?kabar=aplikasi-hapus"); res.StatusCode != 303 || !strings.Contains(body, "Aplikasi kode sudah dihapus") || !strings.Contains(body, "Belum diatur") {
			t.Errorf("removed: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

// Sensitive pages ask again after ten minutes and lead back.
func TestProvePages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		sid := d.in(t, "")
		d.ago(t, db, 11*time.Minute)
		res, _ := d.ask(t, "GET", a, "/petugas/akun/aplikasi-kode", nil, "Cookie", sid)
		to := res.Header.Get("Location")
		if res.StatusCode != 303 || to != "/petugas/akun/pastikan?next=%2Fpetugas%2Fakun%2Faplikasi-kode" {
			t.Fatalf("%d %q", res.StatusCode, to)
		}
		if res, body := d.ask(t, "GET", a, to, nil, "Cookie", sid); res.StatusCode != 200 || !strings.Contains(body, `type="password"`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		res, _ = d.form(t, a, "/petugas/akun/pastikan", url.Values{"secret": {"salah"}, "next": {"/petugas/akun/aplikasi-kode"}}, "Cookie", sid)
		if res.StatusCode != 422 || cookie(res) != "" {
			t.Errorf("wrong: %d", res.StatusCode)
		}
		res, _ = d.form(t, a, "/petugas/akun/pastikan", url.Values{"secret": {password}, "next": {"/petugas/akun/aplikasi-kode"}}, "Cookie", sid)
		fresh := cookie(res)
		if res.StatusCode != 303 || res.Header.Get("Location") != "/petugas/akun/aplikasi-kode" || fresh == "" || fresh == sid {
			t.Fatalf("right: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		if res, _ := d.ask(t, "GET", a, "/petugas/akun/aplikasi-kode", nil, "Cookie", fresh); res.StatusCode != 200 {
			t.Errorf("then: %d", res.StatusCode)
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid); res.StatusCode != 303 {
			t.Errorf("the token from before: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

// Ending sessions elsewhere asks again who one is; leaving this one does not.
func TestEndingSessionsAsksAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		other, sid := d.in(t, chromeOnWindows), d.in(t, "")
		d.ago(t, db, 11*time.Minute)
		_, body := d.ask(t, "GET", a, "/petugas/akun", nil, "Cookie", sid)
		ends := regexp.MustCompile(`action="(/petugas/akun/sesi/[0-9a-f-]{36}/akhiri)"`).FindAllStringSubmatch(body, -1)
		own := regexp.MustCompile(`Yang ini[\s\S]{0,900}?(/petugas/akun/sesi/[0-9a-f-]{36}/akhiri)`).FindStringSubmatch(body)
		if len(ends) != 2 || own == nil {
			t.Fatalf("%d sessions", len(ends))
		}
		paths := []string{"/petugas/akun/sesi/akhiri-lain"}
		for _, e := range ends {
			if e[1] != own[1] {
				paths = append(paths, e[1])
			}
		}
		lively := func(sid string) bool {
			res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid)
			return res.StatusCode == 200
		}
		for _, path := range paths {
			res, _ := d.form(t, a, path, nil, "Cookie", sid)
			if to := res.Header.Get("Location"); res.StatusCode != 303 || !strings.HasPrefix(to, "/petugas/akun/pastikan") || !lively(other) {
				t.Errorf("%s: %d %q", path, res.StatusCode, to)
			}
		}
		res, _ := d.form(t, a, "/petugas/akun/pastikan", url.Values{"secret": {password}}, "Cookie", sid)
		fresh := cookie(res)
		if res, _ := d.form(t, a, paths[1], nil, "Cookie", fresh); res.Header.Get("Location") != "/petugas/akun?kabar=sesi" || lively(other) {
			t.Errorf("proved: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
		d.ago(t, db, 11*time.Minute)
		if res, _ := d.form(t, a, own[1], nil, "Cookie", fresh); res.Header.Get("Location") != "/masuk" || lively(fresh) {
			t.Errorf("this one: %d %q", res.StatusCode, res.Header.Get("Location"))
		}
	}, testkit.WithModels(models))
}

func TestPeoplePages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		officer := d.in(t, "")
		if res, _ := d.ask(t, "GET", a, "/petugas/orang", nil, "Cookie", officer); res.StatusCode != 403 {
			t.Errorf("an officer among others' accounts: %d", res.StatusCode)
		}
		res, _ := d.form(t, a, "/masuk", credentials(d.a.Email("admin"), password, ""))
		res, _ = d.form(t, a, "/masuk/langkah-kedua", url.Values{"code": {code(t, 0)}}, "Cookie", step(res))
		sid := cookie(res)
		res, body := d.ask(t, "GET", a, "/petugas/orang", nil, "Cookie", sid)
		if res.StatusCode != 200 || !strings.Contains(body, d.a.Email("officer")) || strings.Contains(body, d.b.Canary) {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		path := "/petugas/orang/" + d.a.Officer.String()
		do := func(what string, values url.Values) int {
			res, _ := d.form(t, a, path+what, values, "Cookie", sid)
			return res.StatusCode
		}
		if got := do("/bekukan", url.Values{"reason": {""}}); got != 422 {
			t.Errorf("without a reason: %d", got)
		}
		if got := do("/bekukan", url.Values{"reason": {"pindah tugas"}}); got != 303 {
			t.Errorf("suspend: %d", got)
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", officer); res.StatusCode != 303 {
			t.Errorf("the suspended officer: %d", res.StatusCode)
		}
		if _, body := d.ask(t, "GET", a, path, nil, "Cookie", sid); !strings.Contains(body, "pindah tugas") {
			t.Error("the reason is not shown")
		}
		if got := do("/atur-ulang", nil); got != 422 {
			t.Errorf("a second factor taken away without a word on who asks: %d", got)
		}
		for what, with := range map[string]url.Values{"/pulihkan": nil, "/atur-ulang": {"recognised": {"called"}}, "/akhiri-sesi": nil} {
			if got := do(what, with); got != 303 {
				t.Errorf("%s: %d", what, got)
			}
		}
		for _, other := range []string{d.b.Officer.String(), "x"} {
			if res, body := d.ask(t, "GET", a, "/petugas/orang/"+other, nil, "Cookie", sid); res.StatusCode != 404 || strings.Contains(body, d.b.Canary) {
				t.Errorf("%s: %d", other, res.StatusCode)
			}
		}
		path = "/petugas/orang/" + d.a.Admin.String()
		if got := do("/bekukan", url.Values{"reason": {"x"}}); got != 409 {
			t.Errorf("oneself: %d", got)
		}
	}, testkit.WithModels(models))
}

// TestASessionWithoutTheFactor: who has a factor, in a session that has not shown it, is led to show it and cannot put
// another one in its place.
func TestASessionWithoutTheFactor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		sid := d.in(t, chromeOnWindows)
		err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error { return testkit.GiveFactor(ctx, tx, d.a.Officer) })
		if err != nil {
			t.Fatal(err)
		}
		d.asks(t, db, tenants.RoleOfficer)
		for path, want := range map[string]string{
			"/petugas":                    "/petugas/akun/wajib?next=%2Fpetugas",
			"/petugas/akun/wajib":         "/petugas/akun/pastikan",
			"/petugas/akun/aplikasi-kode": "/petugas/akun/pastikan?next=%2Fpetugas%2Fakun%2Faplikasi-kode",
			"/petugas/akun/passkey":       "/petugas/akun/pastikan?next=%2Fpetugas%2Fakun%2Fpasskey",
		} {
			if res, _ := d.ask(t, "GET", a, path, nil, "Cookie", sid); res.StatusCode != 303 || res.Header.Get("Location") != want {
				t.Errorf("%s: %d %s", path, res.StatusCode, res.Header.Get("Location"))
			}
		}
		res, _ := d.form(t, a, "/petugas/akun/pastikan", url.Values{"secret": {code(t, 0)}, "next": {"/petugas"}}, "Cookie", sid)
		sid = cookie(res)
		if res.StatusCode != 303 || sid == "" {
			t.Fatalf("%d", res.StatusCode)
		}
		if res, _ := d.ask(t, "GET", a, "/petugas", nil, "Cookie", sid); res.StatusCode != 200 {
			t.Errorf("shown: %d", res.StatusCode)
		}
	}, testkit.WithModels(models))
}

// TestPasswordStrength: the page says how strong a new password is, without a script, and refuses a weak one.
func TestPasswordStrength(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		d := open(t, db, "http")
		a := d.a.Host("localhost")
		sid := d.in(t, chromeOnWindows)
		_, body := d.ask(t, "GET", a, "/petugas/akun/sandi", nil, "Cookie", sid)
		if strings.Contains(body, "<meter") || !strings.Contains(body, `formaction="/petugas/akun/sandi/kekuatan"`) || !strings.Contains(body, `role="status"`) {
			t.Errorf("before: %s", body)
		}
		for password, want := range map[string][2]string{
			"password1234": {`value="0"`, "sangat lemah"}, "v9Kq-rT2x-Lm7p": {`value="4"`, "baru: kuat"},
		} {
			res, body := d.form(t, a, "/petugas/akun/sandi/kekuatan", url.Values{"new": {password}}, "Cookie", sid)
			if res.StatusCode != 200 || !strings.Contains(body, "<meter") || !strings.Contains(body, want[0]) || !strings.Contains(body, want[1]) || strings.Contains(body, password) {
				t.Errorf("%s: %d %s", password, res.StatusCode, body)
			}
		}
		res, body := d.form(t, a, "/petugas/akun/sandi", url.Values{"current": {password}, "new": {"password1234"}}, "Cookie", sid)
		if res.StatusCode != 422 || !strings.Contains(body, "mudah ditebak. Mohon") || !strings.Contains(body, "<meter") {
			t.Errorf("weak: %d %s", res.StatusCode, body)
		}
	}, testkit.WithModels(models))
}
