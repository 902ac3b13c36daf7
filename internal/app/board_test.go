package app_test

import (
	"context"
	"fmt"
	"maps"
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

// noStream gives a board's events to the test instead: feed("call", {...}). Whatever is announced gives way when skip is
// raised by a minute.
const noStream = `(() => {
	const now = performance.now.bind(performance);
	window.skip = 0;
	performance.now = () => now() + window.skip;
	const on = {};
	window.EventSource = class {
		addEventListener(type, f) { (on[type] ||= []).push(f); }
		close() {}
	};
	window.feed = (type, data) => (on[type] || []).forEach((f) => f({data: JSON.stringify(data), lastEventId: ''}));
})()`

// cramped are the texts of a board that are cut off or lie over one another: a number, a counter's name, a mark.
const cramped = `() => {
	const wrong = [], seen = (el) => el.getClientRects().length && el.textContent.trim();
	const ink = (el) => { const r = document.createRange(); r.selectNodeContents(el); return r.getBoundingClientRect(); };
	const parts = [...document.querySelectorAll('[data-call-number], [data-call-counter], [data-recent] b, [data-recent] span, [data-recent] time, [data-recent] em, .p-grid12 b, .p-coming dd, .p-coming dt')].filter(seen);
	for (const el of parts) {
		const box = el.closest('[data-recent] li, .p-grid12 li, .p-coming, .p-call').getBoundingClientRect(), at = ink(el);
		const slack = 1 + parseFloat(getComputedStyle(el).fontSize) * .15; // signs are lower than the line that they stand in
		if (el.scrollWidth > el.clientWidth && getComputedStyle(el).display !== 'inline') wrong.push(el.textContent + ' is cut off');
		if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - slack || at.bottom > box.bottom + slack) wrong.push(el.textContent + ' does not fit');
		for (const next of [...el.parentElement.children].filter((x) => x !== el && parts.includes(x))) {
			const b = ink(next);
			if (at.left < b.right && b.left < at.right && at.top + 2 < b.bottom && b.top + 2 < at.bottom) wrong.push(el.textContent + ' lies over ' + next.textContent);
		}
	}
	return wrong.join('; ');
}`

// screens are what boards hang on: 16:9 from small to 4K, 16:10, 4:3 and upright.
var screens = [][2]int{{1280, 720}, {1280, 800}, {1366, 768}, {1920, 1080}, {3840, 2160}, {1024, 768}, {1080, 1920}}

// A number and its counter are whole on every screen, with up to three letters and four digits, as the server draws them
// and as the script does.
func TestABoardsNumbersAreWhole(t *testing.T) {
	a, region, zone, at := hallOf(t, "19.01", "keliling", "utama")
	dir, err := a.Dirs.Of(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	actor := authz.NewActor(authz.Identity{UserID: id.New()}, []authz.Grant{{Role: authz.RoleOfficer, Scope: region.Scope}})
	for _, d := range zone.Counters {
		for _, s := range d.Series {
			for _, o := range dir.Services() {
				if slices.Contains(o.Series, s) {
					for range 3 {
						if _, err := a.Hall.Issue(t.Context(), region, queue.Request{ServiceID: o.ID, SeriesID: s.ID, Channel: queue.Kiosk}); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		for range 2 {
			if _, _, err := a.Hall.CallNext(t.Context(), region, actor, queue.Press{CounterID: d.ID}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := testkit.Browser(t)
	for _, layout := range []string{"1", "12"} {
		for _, size := range screens {
			name := "board-" + layout + "-" + itoa(size[0]) + "x" + itoa(size[1])
			p := c.Page(at("/papan/keliling-utama?tata="+layout), size[0], size[1], func(p *testkit.Page) error {
				_, err := p.EvalOnNewDocument(noStream)
				return err
			})
			p.MustEval(`() => document.fonts.ready.then(() => 0)`)
			look := func(what string) {
				t.Helper()
				if wrong := p.MustEval(cramped).Str(); wrong != "" {
					t.Errorf("%s, %s: %s", name, what, wrong)
				}
			}
			look("as it opens")
			shot(t, p, name)
			seq := 1 << 20
			for _, prefix := range []string{"W", "KB", "MW", "KAB", "WMW"} {
				for n, number := range []string{"025", "1027"} {
					for i := range 12 { // as many as a list has rows, and one for each field
						d := zone.Counters[i%len(zone.Counters)]
						seq++
						p.MustEval(`(e) => { window.skip += 60000; window.feed('call', e); }`, map[string]any{"seq": seq, "number": prefix + "-" + number[:len(number)-1] + itoa(i%10),
							"counter": d.Name, "counter_id": d.ID.String(), "agency": d.Agency.Name, "at": "2026-11-23T09:42:00+07:00"})
					}
					look(prefix + "-" + number)
					if n == 1 && prefix == "KAB" {
						shot(t, p, name+"-"+prefix)
					}
				}
			}
			p.MustClose()
		}
	}
}

// Every series in which somebody waits is seen: all at once where they fit, else in turns of ten seconds that say which
// part they are; without JavaScript all of them, smaller.
func TestABoardShowsEveryWaitingSeries(t *testing.T) {
	a, region, zone, at := hallOf(t, "35.78", "genteng", "a")
	dir, err := a.Dirs.Of(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	waiting := map[id.ID]string{}
	for _, o := range dir.Services() {
		for _, s := range o.Series {
			if waiting[s.ID] != "" || !slices.ContainsFunc(s.Counters, func(d *tenant.Counter) bool { return d.Zone.ID == zone.ID }) {
				continue
			}
			p, err := a.Hall.Issue(t.Context(), region, queue.Request{ServiceID: o.ID, SeriesID: s.ID, Channel: queue.Kiosk})
			if err != nil {
				t.Fatal(err)
			}
			waiting[s.ID] = p.Label
		}
	}
	want := slices.Sorted(maps.Values(waiting))
	if len(want) != 6 {
		t.Fatalf("%d series wait", len(want))
	}
	// crowd is the same hall with twelve more series, drawn as the server draws so many.
	const crowd = `(turn) => {
		const turns = document.querySelector('[data-turns]'), dl = turns.querySelector('dl').cloneNode(true);
		for (const n of ['X', 'YY', 'ZZZ']) for (let i = 0; i < 4; i++) {
			const el = dl.children[i].cloneNode(true);
			el.querySelector('dd').textContent = n + '-' + (i % 2 ? 1020 + i : '02' + i);
			el.querySelector('dd').className = ['', 'p-mid', 'p-long', 'p-long p-max'][Math.max(0, el.querySelector('dd').textContent.length - 5)];
			dl.append(el);
		}
		dl.className = 'p-all';
		dl.dataset.turn = turn;
		turns.replaceChildren(dl);
	}`
	c := testkit.Browser(t)
	const visible = `() => [...document.querySelectorAll('.p-coming dd')].filter((x) => x.getClientRects().length).map((x) => x.textContent).join(' ')`
	for _, layout := range []string{"1", "12"} {
		for _, size := range [][2]int{{1920, 1080}, {1280, 800}} {
			name := "board-waiting-" + layout + "-" + itoa(size[0])
			p := c.Page(at("/papan/genteng-a?tata="+layout), size[0], size[1], func(p *testkit.Page) error {
				_, err := p.EvalOnNewDocument(`const every = setInterval; window.setInterval = (f, ms) => ms === 10000 ? (window.turns = [...(window.turns || []), f], 0) : every(f, ms)`)
				return err
			})
			still := c.Page(at("/papan/genteng-a?tata="+layout), size[0], size[1], testkit.JSOff)
			look := func(p *testkit.Page, what string, want ...string) (seen []string) {
				t.Helper()
				if wrong := p.MustEval(cramped).Str(); wrong != "" {
					t.Errorf("%s, %s: %s", name, what, wrong)
				}
				shot(t, p, name+"-"+what)
				seen = strings.Fields(p.MustEval(visible).Str())
				if all := slices.Sorted(slices.Values(seen)); len(want) > 0 && !slices.Equal(all, want) {
					t.Errorf("%s, %s: %v are seen, %v wait", name, what, all, want)
				}
				return seen
			}
			look(p, "six", want...)
			look(still, "six-nojs", want...)
			turn := map[string]int{"1": 6, "12": 10}[layout]
			p.MustEval(crowd, turn)
			still.MustEval(crowd, turn)
			all := look(still, "many-nojs")
			var seen []string
			parts := (18 + turn - 1) / turn
			for part := range parts {
				if got, want := p.MustEval(`() => document.querySelector('[data-turn-mark]').textContent`).Str(), fmt.Sprintf("%d/%d", part+1, parts); got != want {
					t.Errorf("%s: the mark is %q, not %q", name, got, want)
				}
				seen = append(seen, look(p, "many-"+itoa(part+1))...)
				p.MustEval(`() => { window.turns.forEach((f) => f()) }`)
			}
			if !slices.Equal(seen, all) || len(all) != 18 {
				t.Errorf("%s: in turns %v are seen, %v wait", name, seen, all)
			}
			p.MustClose()
			still.MustClose()
		}
	}
}
