package subscription_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/subscription"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// sessions are people by their token; whoever is of one tenant is nobody in another.
type sessions struct {
	clock  *testkit.Clock
	people map[string]person
}

type person struct {
	tenant tenant.ID
	grants []authz.Grant
}

func (s sessions) Resolve(_ context.Context, t *tenant.Tenant, token string, _ authz.Kind) (*authz.Actor, error) {
	p, ok := s.people[token]
	if !ok || p.tenant != t.ID {
		return nil, fault.New(fault.Unauthenticated, "auth.session")
	}
	who := authz.Identity{Tenant: t.ID, UserID: id.Named(t.ID, token), Name: "Penguji", Email: token + "@uji.test", ProvedAt: s.clock.Now()}
	return authz.NewActor(who, p.grants), nil
}

func (s sessions) Look(ctx context.Context, t *tenant.Tenant, token string, k authz.Kind) (*authz.Actor, error) {
	return s.Resolve(ctx, t, token, k)
}

// world is two regions and the platform, with nothing but subscriptions on their hosts.
type world struct {
	db    *store.DB
	clock *testkit.Clock
	reg   *tenant.Registry
	svc   *billing.Service
	app   *web.App
	a, b  *testkit.Region
	at    *tenant.Tenant // a
}

func newWorld(tb testing.TB, dialect string) *world {
	tb.Helper()
	ctx := context.Background()
	w := &world{clock: testkit.NewClock(testkit.Morning)}
	w.db = testkit.Open(tb, dialect, testkit.WithClock(w.clock))
	must(tb, second(tenant.OpenPlatform(ctx, w.db)))
	w.a, w.b = testkit.Two(tb, w.db)
	w.reg = tenant.NewRegistry(w.db, "localhost", nil)
	must(tb, w.reg.Refresh(ctx))
	w.at, _ = w.reg.ByID(w.a.ID)
	platform, _ := w.reg.Platform()
	w.svc = billing.New(w.db, billing.Options{Registry: w.reg})
	people := sessions{w.clock, map[string]person{
		"admin":    {w.a.ID, []authz.Grant{{Role: authz.RoleAdmin, Scope: w.a.Scope}}},
		"manager":  {w.a.ID, []authz.Grant{{Role: authz.RoleManager, Scope: w.a.Scope}}},
		"officer":  {w.a.ID, []authz.Grant{{Role: authz.RoleOfficer, Scope: w.a.Scope + "/dukcapil"}}},
		"other":    {w.b.ID, []authz.Grant{{Role: authz.RoleAdmin, Scope: w.b.Scope}}},
		"operator": {platform.ID, []authz.Grant{{Role: authz.RoleOperator, Scope: "id"}}},
		"overseer": {platform.ID, []authz.Grant{{Role: authz.RoleNationalOverseer, Scope: "id"}}},
	}}
	w.app = web.New(web.Config{Registry: w.reg, Sessions: people, Clock: w.clock})
	pages := subscription.New(w.svc, w.reg, billing.Seller{Name: "PT Contoh Pendopo", Bank: "Bank Contoh 123", NPWP: "0099999999999000", Place: "Jakarta"})
	pages.Routes(w.app.Tenant())
	pages.OperatorRoutes(w.app.Bare())
	return w
}

func second[T any](_ T, err error) error { return err }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) host() string { return w.a.Host("localhost") }

// do asks by a token, as a program does; form nil is a GET.
func (w *world) do(tb testing.TB, who, method, host, path, kind string, body []byte) (int, string, http.Header) {
	tb.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Host = host
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	res, err := w.app.Test(r)
	must(tb, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(tb, err)
	return res.StatusCode, string(text), res.Header
}

func (w *world) get(tb testing.TB, who, host, path string) (int, string) {
	tb.Helper()
	status, text, _ := w.do(tb, who, "GET", host, path, "", nil)
	return status, text
}

func (w *world) post(tb testing.TB, who, host, path string, form url.Values) (int, string, string) {
	tb.Helper()
	status, text, h := w.do(tb, who, "POST", host, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
	return status, text, h.Get("Location")
}

// details is a form with which nothing is wrong.
func details() url.Values {
	return url.Values{
		"name": {"DPMPTSP Kabupaten Bangka"}, "address": {"Jalan Jenderal Sudirman 1"}, "npwp": {"0012.3456.7890.1000"}, "nitku": {"0012345678901000000001"},
		"contract": {"027/SPK/2026"}, "contract_day": {"2026-11-02"}, "signatory": {"Ratna Dewi"}, "email": {"keuangan@bangka.test"}, "treasurer": {"ya"},
	}
}

func both(t *testing.T, fn func(t *testing.T, w *world)) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			fn(t, newWorld(t, dialect))
		})
	}
}

const day = 24 * time.Hour

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in\n%.1500s", p, text)
		}
	}
}
