package app_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// hallOf serves a sample region as a demo, without its simulated day, and finds one of its zones.
func hallOf(t *testing.T, code, venue, zone string) (a *app.App, region *tenant.Tenant, z *tenant.Zone, at func(path string) string) {
	t.Helper()
	db := testkit.Open(t, testkit.SQLite)
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		if r.Code == code {
			prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return password, "", nil }}
			if _, err := prov.Apply(t.Context(), r, tenant.Options{Actor: "system:test", Demo: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	a = newApp(t, db)
	region, ok := a.Registry.ByCode(code)
	if !ok {
		t.Fatalf("no region %s", code)
	}
	dir, err := a.Dirs.Of(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range dir.Venues {
		for _, h := range v.Zones {
			if v.Code == venue && h.Code == zone {
				z = h
			}
		}
	}
	address := serveApp(t, a)
	return a, region, z, func(path string) string { return address(region.Slug, path) }
}

// serveApp serves an app in this process; address gives where a browser finds a path on a region's host.
func serveApp(t *testing.T, a *app.App) (address func(slug, path string) string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served, ready := make(chan error, 1), make(chan struct{})
	go func() { served <- a.Serve(ctx, ln, func() { close(ready) }) }()
	t.Cleanup(func() { stop(); <-served })
	<-ready
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return func(slug, path string) string { return "http://" + slug + ".localhost:" + port + path }
}

// Twelve counters call within a moment. Each board shows all of it at once, while its one announcement
// goes through them.
func TestABoardShowsABurstAtOnce(t *testing.T) {
	a, region, zone, at := hallOf(t, "35.78", "genteng", "a")
	c := testkit.Browser(t)
	dir, err := a.Dirs.Of(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	if len(zone.Counters) != 12 {
		t.Fatalf("%d counters", len(zone.Counters))
	}
	in := map[id.ID]bool{}
	for _, d := range zone.Counters {
		for _, l := range d.Series {
			in[l.ID] = true
		}
	}
	for _, s := range dir.Services() {
		here := slices.IndexFunc(s.Series, func(l *tenant.Series) bool { return in[l.ID] })
		if here < 0 {
			continue
		}
		for i := range 4 {
			if _, err := a.Hall.Issue(t.Context(), region, queue.Request{ServiceID: s.ID, SeriesID: s.Series[here].ID, Key: fmt.Sprint(s.ID, i), Channel: queue.Kiosk}); err != nil {
				t.Fatal(err)
			}
		}
	}
	actor := authz.NewActor(authz.Identity{UserID: id.New()}, []authz.Grant{{Role: authz.RoleOfficer, Scope: region.Scope}})
	call := func(d *tenant.Counter) string {
		p, ok, err := a.Hall.CallNext(t.Context(), region, actor, queue.Press{CounterID: d.ID})
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", d.Name, ok, err)
		}
		return p.Label
	}
	// The pages' time stands still: the one announcement cannot go on to the second call.
	still := func(p *testkit.Page) error {
		_, err := p.EvalOnNewDocument(`performance.now = () => 0; window.later = setTimeout; window.setTimeout = () => 0`)
		return err
	}
	big := c.Page(at("/papan/genteng-a?tata=1"), 1920, 1080, still)
	grid := c.Page(at("/papan/genteng-a?tata=12"), 1920, 1080, still)
	shot(t, big, "board-quiet-1920")
	var called []string
	for _, d := range zone.Counters {
		called = append(called, call(d))
	}
	all := strings.Join(called, " ")
	big.MustWait(`(all) => all.split(' ').every((n) => [...document.querySelectorAll('[data-call-number], [data-recent] .p-new b')].some((b) => b.textContent === n))`, all)
	grid.MustWait(`(all) => [...document.querySelectorAll('.p-on b, .p-new b')].map((b) => b.textContent).join(' ') === all`, all)
	shot(t, big, "board-burst-1920")
	shot(t, grid, "board-burst-12-1920")
	for name, p := range map[string]*testkit.Page{"big": big, "grid": grid} {
		p.MustEval(`() => { window.setTimeout = window.later }`) // axe waits
		inspect(t, p, "board-burst-"+name)
		if tall := p.MustEval(`() => [...document.querySelectorAll('[data-recent], [data-recent] li, .p-grid12, .p-grid12 li')]
			.filter((el) => el.scrollHeight > el.clientHeight + 1).map((el) => el.outerHTML).join()`).Str(); tall != "" {
			t.Errorf("%s: %s do not fit", name, tall)
		}
	}
}
