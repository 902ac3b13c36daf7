package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Whoever signs in is led to a page that opens: staff to their work, who has none, such as an overseer, to the
// region's home. So is whoever was sent to the sign-in by the staff's page, and who is in already.
func TestEveryRoleLandsOnAPageThatOpens(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	r := testkit.Tenant(t, db, testkit.PasswordHash(hash))
	ap := newApp(t, db)
	everyRole(t, db, r, hash)
	ask := func(method, path, cookie string, form url.Values) *http.Response {
		req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		req.Host = r.Host("localhost")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if cookie != "" {
			req.Header.Set("Cookie", cookie)
		}
		res, err := ap.Web.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	staff := map[string]bool{
		authz.RoleOfficer: true, authz.RoleAgencyAdmin: true, authz.RoleFrontOffice: true, authz.RoleManager: true, authz.RoleAdmin: true, authz.RoleHelper: true, authz.RoleHelperFull: true,
	}
	for _, role := range authz.Roles() {
		want := "/"
		if staff[role] {
			want = "/petugas"
		}
		for i, next := range []string{"", "/petugas"} {
			res := ask("POST", "/masuk", "", url.Values{"email": {r.Email(role)}, "password": {password}, "next": {next}})
			if step := res.Header.Get("Location"); strings.HasPrefix(step, "/masuk/langkah-kedua") {
				// A code is taken once: the second sign-in shows the next one.
				code := testkit.AppCode(t, testkit.TOTPSecret, time.Now().Add(time.Duration(i-1)*30*time.Second))
				res = ask("POST", "/masuk/langkah-kedua", cookies(res), url.Values{"code": {code}, "next": {next}})
			}
			if len(res.Cookies()) == 0 || res.Header.Get("Location") != want {
				t.Errorf("%s, on the way to %q, is led to %q (%d)", role, next, res.Header.Get("Location"), res.StatusCode)
				continue
			}
			sid := cookies(res)
			if res := ask("GET", want, sid, nil); res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s is %d", role, want, res.StatusCode)
			}
			if res := ask("GET", "/masuk", sid, nil); res.Header.Get("Location") != want {
				t.Errorf("%s, in already, is led to %q", role, res.Header.Get("Location"))
			}
		}
	}
}

// cookies are those that an answer sets, as the next request sends them.
func cookies(res *http.Response) string {
	var out []string
	for _, c := range res.Cookies() {
		if c.Value != "" {
			out = append(out, c.Name+"="+c.Value)
		}
	}
	return strings.Join(out, "; ")
}
