package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// What comes in the clear to a host that is served over TLS here is led there, but for what a certificate authority
// asks, and for what one of our proxies brings: it has ended TLS, and would be led round for ever.
func TestWhatIsLedToTLS(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	r := testkit.Tenant(t, db)
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	home := r.Host("localhost")
	answer := func(proxies []string, host, path string) *http.Response {
		t.Helper()
		app := web.New(web.Config{Registry: reg, Scheme: "https", TrustedProxies: proxies, Secured: func(_ context.Context, h string) bool { return h == home }})
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		req.Host = host
		res, err := app.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	for _, c := range []struct {
		host, path string
		to         string // "": it is answered
	}{
		{home, "/healthz?x=1", "https://" + home + "/healthz?x=1"},
		{home + ":8080", "/healthz", "https://" + home + "/healthz"},
		{home, "/tidak-ada", "https://" + home + "/tidak-ada"},
		{home, web.ChallengePath + "abc", ""},
		{"localhost", "/healthz", ""},
		{"10.1.2.3", "/healthz", ""},
		{"", "/healthz", ""},
	} {
		res := answer(nil, c.host, c.path)
		if got := res.Header.Get("Location"); got != c.to || (res.StatusCode == http.StatusPermanentRedirect) != (c.to != "") {
			t.Errorf("%s%s: %d to %q, not %q", c.host, c.path, res.StatusCode, got, c.to)
		}
	}
	if res := answer([]string{"0.0.0.0/0"}, home, "/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("through a proxy of ours: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
}
