package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// calls sends one request: token is a bearer's, cookie a browser's session; a body that is JSON goes to the API.
type calls struct{ method, host, path, token, cookie, body string }

func (q calls) do(t *testing.T, a *app.App) (int, string, *http.Response) {
	t.Helper()
	req := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	req.Host = q.host
	switch {
	case strings.HasPrefix(q.path, "/api/"):
		req.Header.Set("Content-Type", "application/json")
	case q.body != "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if q.method != http.MethodGet {
		req.Header.Set("Origin", "http://"+q.host)
	}
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.cookie != "" {
		req.Header.Set("Cookie", q.cookie)
	}
	res, err := a.Web.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text), res
}

// What an operator switches and tells holds at once in the process that was asked, in another one with its next look at the
// list, on pages that were kept too; nobody else may, and the region's own records say so.
func TestAnOperatorSwitchesPausesAndTells(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		hash, err := passwordHash()
		if err != nil {
			t.Fatal(err)
		}
		r, other := testkit.Two(t, db, testkit.PasswordHash(hash))
		a, second := newApp(t, db), newApp(t, db)
		invitePlatform(t, db)
		tokens := platformTokens(t, a)
		host, away := r.Host("localhost"), other.Host("localhost")
		here, _ := a.Registry.ByCode(r.Code)
		staff := testkit.SignIn(t, db, a.Auth, here, r.Email("officer"), password, auth.Bearer).Token
		sid := "sid=" + testkit.SignIn(t, db, a.Auth, here, r.Email("officer"), password, auth.Cookie).Token
		operator := func(want int, method, path, body string) string {
			t.Helper()
			status, text, _ := calls{method: method, host: "localhost", path: "/api/v1/platform" + path, token: tokens["operator"], body: body}.do(t, a)
			if status != want {
				t.Errorf("%s %s: %d instead of %d: %s", method, path, status, want, text)
			}
			if err := second.Registry.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			return text
		}
		// both looks at a page in each process.
		both := func(q calls, status int, has, not string) {
			t.Helper()
			for i, p := range []*app.App{a, second} {
				got, text, _ := q.do(t, p)
				if got != status || !strings.Contains(text, has) || not != "" && strings.Contains(text, not) {
					t.Errorf("process %d, %s %s: %d instead of %d, with %v, without %v", i, q.method, q.path, got, status, strings.Contains(text, has), !strings.Contains(text, not))
				}
			}
		}
		home, take := calls{method: "GET", host: host, path: "/"}, calls{method: "POST", host: host, path: "/antrean", body: "layanan=" + r.Services[0].String()}
		service := calls{method: "GET", host: host, path: "/layanan/dukcapil/layanan-a"}
		region := "/regions/" + r.Code

		for who, token := range tokens {
			for _, q := range []calls{
				{method: "PUT", path: "/api/v1/platform" + region + "/state", body: `{"state":"suspended","reason":"x"}`},
				{method: "PUT", path: "/api/v1/platform" + region + "/features/web-tickets", body: `{"on":false}`},
				{method: "GET", path: "/api/v1/platform/announcements"},
			} {
				if q.host, q.token = "localhost", token; who == "operator" {
					continue
				}
				if status, _, _ := q.do(t, a); status != 403 {
					t.Errorf("%s, %s: %d", who, q.path, status)
				}
			}
		}

		both(home, 200, "Ambil nomor", "diambil di lokasi untuk sementara")
		both(service, 200, `action="/antrean"`, "diambil di lokasi untuk sementara")
		operator(204, "PUT", region+"/features/web-tickets", `{"on":false}`)
		operator(404, "PUT", region+"/features/none", `{"on":false}`)
		operator(422, "PUT", region+"/features/web-tickets", `{}`)
		operator(404, "PUT", "/regions/id/features/web-tickets", `{"on":false}`)
		both(home, 200, "diambil di lokasi untuk sementara", "")
		both(service, 200, "diambil di lokasi untuk sementara", `action="/antrean"`)
		both(take, 409, "Nomor diambil di tempat", "")
		if status, _, _ := (calls{method: "POST", host: away, path: "/antrean", body: "layanan=" + other.Services[0].String()}).do(t, a); status != 303 {
			t.Errorf("the other region: %d", status)
		}
		operator(204, "PUT", region+"/features/web-tickets", `{"on":true}`)
		both(take, 303, "", "")

		list := calls{method: "GET", host: host, path: "/api/v1/services"}
		both(list, 200, r.Canary, "")
		operator(204, "PUT", region+"/features/public-api", `{"on":false}`)
		both(list, 403, "feature.off", r.Canary)
		list.token = staff
		both(list, 200, r.Canary, "")

		until := db.Now().Add(time.Hour).Format(time.RFC3339)
		say := func(want int, region, audience, text string) string {
			return operator(want, "POST", "/announcements", `{"region":"`+region+`","audience":"`+audience+`","text":"`+text+`","text_en":"`+text+` EN","until":"`+until+`"}`)
		}
		work := calls{method: "GET", host: host, path: "/petugas", cookie: sid}
		say(201, r.Code, "staff", "khusus-petugas")
		made := say(201, "", "everyone", "untuk-semua")
		say(422, "", "nobody", "x")
		say(404, "99.99", "staff", "x")
		both(home, 200, "untuk-semua", "khusus-petugas")
		both(calls{method: "GET", host: away, path: "/"}, 200, "untuk-semua", "")
		both(calls{method: "GET", host: host, path: "/?lang=en"}, 200, "untuk-semua EN", "")
		both(work, 200, "khusus-petugas", "")
		both(work, 200, "untuk-semua", "")
		_, rest, _ := strings.Cut(made, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		status, _, res := calls{method: "POST", host: host, path: "/petugas/pengumuman/" + id + "/tutup", cookie: sid, body: "next=" + url.QueryEscape("/petugas/akun")}.do(t, a)
		if status != 303 || res.Header.Get("Location") != "/petugas/akun" || len(res.Cookies()) != 1 {
			t.Fatalf("put away: %d %v", status, res.Header)
		}
		work.cookie += "; " + res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
		both(work, 200, "khusus-petugas", "untuk-semua")
		operator(204, "DELETE", "/announcements/"+id, "")
		operator(404, "DELETE", "/announcements/"+id, "")
		both(home, 200, r.Canary, "untuk-semua")

		a.Tally.Count(r.ID, "busy", true)
		a.Tally.Count(r.ID, "internal", false)
		a.Tally.Count(r.ID, "internal", false)
		if err := a.Tally.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		text := operator(200, "GET", region, "")
		for _, want := range []string{`"failed":2`, `"shed":1`, `{"code":"internal","shed":false,"n":2}`, `"keys":"good"`, `"on":false`, `"issued":2`} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		if strings.Contains(text, r.Canary) {
			t.Error("what an operator sees has something of the region in it")
		}

		operator(422, "PUT", region+"/state", `{"state":"suspended","reason":" "}`)
		operator(204, "PUT", region+"/state", `{"state":"suspended","reason":"Pemeliharaan terencana"}`)
		both(home, 503, "Pemeliharaan terencana", "")
		both(calls{method: "GET", host: away, path: "/"}, 200, other.Canary, "")
		operator(204, "PUT", region+"/state", `{"state":"active"}`)
		both(home, 200, r.Canary, "")

		in := installed(t, db)
		in.run(t, "Operator Pendopo", "audit", "list", r.Code, "--action", "tenant:state:change")
		in.run(t, "fitur web-tickets", "audit", "list", r.Code, "--action", "tenant:feature:switch")
		in.run(t, "Pemantau operator", "audit", "list", tenant.PlatformCode, "--action", "operator:state:change")
	})
}
