package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// Two regions in one application. A request that is the first region's in one thing and the second's in another shows
// nothing of the second and changes nothing of it: every route of the running app, in every role, in every way. And
// each route lets somebody in at home, with the same call: without that a refusal would prove nothing.
func TestNoRouteShowsOrChangesAnotherRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		j := newJudge(newWorld(t, db))
		j.run(t, j.w.ap.Web.Routes(), routeCases)
		j.report(t)
	})
}

// Every stream at home, in every role, over a connection, while the queues of both regions move.
func TestNoStreamCarriesAnotherRegion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		j := newJudge(newWorld(t, db))
		j.streams(t, j.w.ap.Web.Routes(), routeCases)
		j.report(t)
	})
}

// report prints what was asked, and fails the test for each finding.
func (j *judge) report(t *testing.T) {
	t.Helper()
	for _, f := range j.findings {
		t.Error(f)
	}
	var ways []string
	for what, n := range j.counts {
		ways = append(ways, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(ways)
	t.Logf("%d routes x %d roles x %d ways: %d requests (%s); %d were let in at home; the other region's rows were compared %d times; %d leaks",
		j.routes, len(j.roles), len(j.counts), j.total(), strings.Join(ways, ", "), j.homes, j.rows, len(j.findings))
}

// The suite's own judge, shown what it is there to find. Each of these routes is wrong in one way, on purpose, and is
// in this application only.
func TestTheIsolationSuiteFindsWhatIsWrong(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		region := w.ap.Web.Tenant()
		byID := func(c *web.Ctx) (row tenant.Row, err error) {
			err = db.SystemView(c.Std(), func(ctx context.Context, s *store.SysTx) error {
				rows, err := store.SysSelect[tenant.Row](ctx, s, "id = ?", c.Param("id"))
				if err == nil && len(rows) == 0 {
					err = fault.New(fault.NotFound, "not_found")
				}
				if err == nil {
					row = rows[0]
				}
				return err
			})
			return row, err
		}
		leak := func(answer func(*web.Ctx, tenant.Row) error) web.Handler {
			return func(c *web.Ctx) error {
				row, err := byID(c)
				if err != nil {
					return err
				}
				return answer(c, row)
			}
		}
		region.Get("/uji/isi/:id", authz.Public, leak(func(c *web.Ctx, row tenant.Row) error { return c.JSON(200, row) }))
		region.Get("/uji/terlarang/:id", authz.Public, leak(func(c *web.Ctx, row tenant.Row) error {
			return c.Blob(404, "application/json", fmt.Appendf(nil, `{"isi":"\u006b%s"}`, strings.TrimPrefix(canaryOf(w, row), "k")))
		}))
		region.Get("/uji/kepala/:id", authz.Public, leak(func(c *web.Ctx, row tenant.Row) error {
			c.SetHeader("X-Uji", canaryOf(w, row))
			return c.NoContent()
		}))
		region.Get("/uji/catatan/:id", authz.Public, leak(func(c *web.Ctx, row tenant.Row) error {
			if row.ID != c.Tenant.ID {
				slog.New(slog.NewTextHandler(w.log, nil)).Info("uji", "isi", canaryOf(w, row))
				return fault.New(fault.NotFound, "not_found")
			}
			return c.NoContent()
		}))
		region.Post("/uji/ubah/:id", authz.SignedIn, leak(func(c *web.Ctx, row tenant.Row) error {
			err := db.In(c.Std(), row.ID, func(ctx context.Context, tx *store.Tx) error {
				_, err := store.Delete[tenant.Closure](ctx, tx, "true")
				return err
			})
			if err == nil && row.ID != c.Tenant.ID {
				err = fault.New(fault.NotFound, "not_found") // as if nothing had been
			}
			if err != nil {
				return err
			}
			return c.NoContent()
		}))
		region.Get("/uji/siapa", authz.SignedIn, func(c *web.Ctx) error { // lets the other's session in
			return c.JSON(200, "halo")
		})
		region.Get("/uji/inang", authz.Public, func(c *web.Ctx) error { // believes a header
			for _, s := range []*side{w.a, w.b} {
				if c.Header("X-Forwarded-Host") == s.Host("localhost") {
					return c.JSON(200, s.Canary)
				}
			}
			return c.JSON(200, "")
		})
		region.Get("/uji/buntu", authz.Public, func(*web.Ctx) error { return fault.New(fault.NotFound, "not_found") })
		region.Get("/uji/tanpa", authz.Public, func(c *web.Ctx) error { return c.NoContent() })
		w.ap.Web.Bare().Get("/uji/pusat", authz.Public, func(c *web.Ctx) error { return c.NoContent() })
		region.Get("/uji/domain", authz.Public, func(c *web.Ctx) error { // takes the domain for a sign that all is well
			if c.Host() == w.b.domain {
				return c.JSON(200, w.a.Canary)
			}
			return c.NoContent()
		})
		which := named("id", func(_ *testing.T, s *side) string { return s.ID.String() })
		cases := []routeCase{
			{route: "GET /uji/isi/:id", as: all, call: which}, {route: "GET /uji/terlarang/:id", as: all, call: which}, {route: "GET /uji/kepala/:id", as: all, call: which},
			{route: "GET /uji/catatan/:id", as: all, call: which}, {route: "POST /uji/ubah/:id", as: signed, call: which},
			{route: "GET /uji/siapa", as: signed, call: nothing}, {route: "GET /uji/inang", as: all, call: nothing}, {route: "GET /uji/buntu", as: all, call: nothing},
			{route: "GET /uji/domain", as: all, call: nothing}, {route: "GET /uji/hilang", as: all, call: nothing},
		}
		var routes []web.Route
		for _, r := range w.ap.Web.Routes() {
			if strings.HasPrefix(r.Path, "/uji/") {
				routes = append(routes, r)
			}
		}
		j := newJudge(w)
		j.run(t, routes, cases)
		for route, what := range map[string]string{
			"GET /uji/isi/:id": foreignID, "GET /uji/terlarang/:id": foreignID, "GET /uji/kepala/:id": foreignID, "the log": "all requests",
			"POST /uji/ubah/:id": "requests in the first region", "GET /uji/inang": foreignClaimed, "GET /uji/domain": foreignDomain, "GET /uji/buntu": atHome, "GET /uji/tanpa": "no case", "bare GET /uji/pusat": "no case", "GET /uji/hilang": "no route",
		} {
			if !slices.ContainsFunc(j.findings, func(f finding) bool { return f.route == route && f.what == what }) {
				t.Errorf("%s: the suite finds nothing by %q", route, what)
			}
		}
		for _, f := range j.findings {
			if f.route == "GET /uji/siapa" {
				t.Errorf("nothing is wrong with %s", f)
			}
		}
		t.Logf("%d findings of %d routes that are wrong on purpose", len(j.findings), len(routes)-1)
	})
}

// canaryOf is what must not be seen of a region.
func canaryOf(w *world, row tenant.Row) string {
	if row.ID == w.b.ID {
		return w.b.Canary
	}
	return w.a.Canary
}
