package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

var wayIn = regexp.MustCompile(`/petugas/bantuan/masuk\?k=([\w-]+)`)

// An operator comes into a region by its leave only, once for each way in; the region's staff see it on their pages and in
// their records by name; withdrawn, it has ended, also what was opened before. Nothing can be kept of it.
func TestAnOperatorComesInByTheRegionsLeaveOnly(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		hash, err := passwordHash()
		if err != nil {
			t.Fatal(err)
		}
		r, other := testkit.Two(t, db, testkit.PasswordHash(hash))
		a := newApp(t, db)
		invitePlatform(t, db)
		platform, _ := a.Registry.Platform()
		here, _ := a.Registry.ByCode(r.Code)
		there, _ := a.Registry.ByCode(other.Code)
		sid := func(email string) string {
			return "sid=" + testkit.SignIn(t, db, a.Auth, here, email, password, auth.Cookie).Token
		}
		admin, officer := sid(r.Email("admin")), sid(r.Email("officer"))
		operator := "sid=" + testkit.SignIn(t, db, a.Auth, platform, overseerEmail("operator"), password, auth.Cookie).Token
		host := r.Host("localhost")
		open := calls{method: "POST", host: "localhost", path: "/petugas/platform/" + r.Code + "/bantuan", cookie: operator, body: "x=1"}
		allow := func(kind string) {
			t.Helper()
			if status, text, _ := (calls{method: "POST", host: host, path: "/petugas/bantuan", cookie: admin, body: "hours=2&kind=" + kind}).do(t, a); status != 303 {
				t.Fatalf("allow: %d %s", status, text)
			}
		}
		enter := func(token string) (int, string) {
			t.Helper()
			status, _, res := calls{method: "POST", host: host, path: "/petugas/bantuan/masuk", body: "k=" + url.QueryEscape(token)}.do(t, a)
			for _, c := range res.Cookies() {
				if c.Name == "sid" {
					return status, "sid=" + c.Value
				}
			}
			return status, ""
		}
		way := func() string {
			t.Helper()
			status, text, _ := open.do(t, a)
			m := wayIn.FindStringSubmatch(text)
			if status != 200 || m == nil {
				t.Fatalf("the way in: %d %s", status, text)
			}
			return m[1]
		}
		sees := func(cookie, path string, want int, has string) {
			t.Helper()
			status, text, _ := calls{method: "GET", host: host, path: path, cookie: cookie}.do(t, a)
			if status != want || !strings.Contains(text, has) {
				t.Errorf("%s: %d instead of %d, %q: %v", path, status, want, has, strings.Contains(text, has))
			}
		}

		if status, _, _ := open.do(t, a); status != 409 {
			t.Errorf("without leave: %d", status)
		}
		if status, _, _ := (calls{method: "POST", host: host, path: "/petugas/bantuan", cookie: officer, body: "hours=2"}).do(t, a); status != 403 {
			t.Errorf("an officer allows it: %d", status)
		}
		if status, _, _ := (calls{method: "POST", host: host, path: "/petugas/bantuan", cookie: admin, body: "hours=9000"}).do(t, a); status != 422 {
			t.Errorf("for a year: %d", status)
		}
		allow("look")
		sees(officer, "/petugas", 200, "boleh membantu di sini")
		token := way()
		if status, session := enter("x" + token[1:]); status != 409 || session != "" {
			t.Errorf("another way: %d", status)
		}
		status, inside := enter(token)
		if status != 303 || inside == "" {
			t.Fatalf("come in: %d", status)
		}
		if status, _ := enter(token); status != 409 {
			t.Errorf("twice: %d", status)
		}
		sees(officer, "/petugas", 200, "sedang membantu di sini")
		sees(inside, "/petugas", 200, "Pemantau operator")
		sees(inside, "/petugas/catatan", 200, "Operator Pendopo: Pemantau operator")
		// It looks, and nothing else: no numbers, no accounts, no key to come back with.
		for path, want := range map[string]int{
			"/petugas/orang": 403, "/petugas/bantuan": 403, "/petugas/meja-depan": 403, "/petugas/akun/aplikasi-kode": 303, "/petugas/akun/passkey": 303,
		} {
			if status, _, res := (calls{method: "GET", host: host, path: path, cookie: inside}).do(t, a); status != want && status != 404 {
				t.Errorf("the operator at %s: %d %s", path, status, res.Header.Get("Location"))
			}
		}
		if status, _, _ := (calls{method: "GET", host: other.Host("localhost"), path: "/petugas", cookie: inside}).do(t, a); status == 200 {
			t.Error("the session opens another region")
		}
		if until, _ := a.Operator.Helped(t.Context(), there); !until.IsZero() {
			t.Error("the other region has allowed nothing")
		}

		if status, _, _ := (calls{method: "POST", host: host, path: "/petugas/bantuan/tarik", cookie: admin, body: "x=1"}).do(t, a); status != 303 {
			t.Fatalf("withdraw: %d", status)
		}
		if status, _, _ := (calls{method: "GET", host: host, path: "/petugas", cookie: inside}).do(t, a); status == 200 {
			t.Error("the session goes on after it was withdrawn")
		}
		if status, text, _ := (calls{method: "GET", host: host, path: "/petugas", cookie: officer}).do(t, a); status != 200 || strings.Contains(text, "membantu di sini") {
			t.Errorf("after it was withdrawn: %d, or the note is still there", status)
		}
		if status, _, _ := open.do(t, a); status != 409 {
			t.Errorf("after it was withdrawn: %d", status)
		}

		// Its time ends it as well.
		allow("full")
		_, inside = enter(way())
		sees(inside, "/petugas", 200, "sedang membantu")
		sees(inside, "/petugas/meja-depan", 200, "")
		// In the queue, and in nothing that makes accounts: a draft names who is to be invited, as what.
		sees(inside, "/petugas/persiapan/petugas", 403, "")
		sees(inside, "/petugas/orang", 403, "")
		add := calls{method: "POST", host: host, path: "/petugas/persiapan/petugas", cookie: inside, body: "act=add-person&name=Orang&email=orang@uji.test&role=admin"}
		if status, _, _ := add.do(t, a); status != 403 {
			t.Errorf("the operator puts an administrator into the draft: %d", status)
		}
		later := testkit.NewClock(db.Now().Add(2*time.Hour + time.Minute))
		after := newApp(t, testkit.Again(t, testkit.URLs(db), testkit.WithClock(later)))
		if status, _, _ := (calls{method: "GET", host: host, path: "/petugas", cookie: inside}).do(t, after); status == 200 {
			t.Error("the session outlives its time")
		}
		if err := after.Operator.SweepHelp(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		if status, _, _ := (calls{method: "GET", host: host, path: "/petugas", cookie: inside}).do(t, newApp(t, db)); status == 200 {
			t.Error("the account outlives its time")
		}
		in := installed(t, db)
		in.run(t, "mengizinkan bantuan operator", "audit", "list", r.Code, "--action", "operator:help:allow")
		in.run(t, "Operator Pendopo: Pemantau operator membuka sesi bantuan", "audit", "list", r.Code, "--action", "operator:help:open")
		in.run(t, "Pemantau operator membuka sesi bantuan", "audit", "list", "id", "--action", "operator:help:open")
	})
}
