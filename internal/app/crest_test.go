package app_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A crest is optional. Without one Pendopo's mark stands in on every page, in the crest's size, and
// nothing is asked for that is not there.
func TestARegionWithoutACrest(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	row := apply(t, db, oneSeries("19.01", "WIB"))
	a := newApp(t, db)
	address := serveApp(t, a)
	region, _ := a.Registry.ByCode("19.01")
	dir, err := a.Dirs.Of(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	service := dir.Services()[0]
	p, err := a.Hall.Issue(t.Context(), region, queue.Request{ServiceID: service.ID, Channel: queue.Web})
	if err != nil {
		t.Fatal(err)
	}
	board := "/papan/mal-" + dir.Venues[0].Zones[0].Code
	look := func(t *testing.T, page *testkit.Page, name string, crest float64) {
		t.Helper()
		// The largest mark in the head, 0 when there is none, and whatever picture is broken.
		got := page.MustEval(`() => ({
			mark: Math.max(0, ...[...document.querySelectorAll('header .p-mark')].flatMap((el) => [el.getBoundingClientRect().width, el.getBoundingClientRect().height])),
			asked: performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('logo')).join(' '),
			broken: [...document.images].filter((i) => !i.naturalWidth).map((i) => i.src).join(' '),
		})`)
		if mark := got.Get("mark").Num(); mark != crest {
			t.Errorf("%s: the mark is %v px large, want %v", name, mark, crest)
		}
		if broken := got.Get("broken").Str(); broken != "" {
			t.Errorf("%s: broken pictures: %s", name, broken)
		}
		if asked := got.Get("asked").Str(); asked != "" {
			t.Errorf("%s asks for %s", name, asked)
		}
		if wide := page.Wide(t); wide > 0 {
			t.Errorf("%s scrolls sideways by %d px", name, wide)
		}
		shot(t, page, "no-crest-"+name)
	}
	c := testkit.Browser(t)
	for _, s := range []struct {
		name, path    string
		width, height int
		crest         float64 // px
	}{
		{"home", "/", 360, 800, 40}, {"home-wide", "/", 1280, 900, 40}, {"services", "/layanan", 360, 800, 40},
		{"ticket", "/antrean/" + p.ID.String(), 360, 800, 40}, {"print", "/antrean/" + p.ID.String() + "/cetak", 360, 800, 0},
		{"sign-in", "/masuk", 1280, 800, 40}, {"boards", "/papan", 1280, 800, 40}, {"not-found", "/tidak-ada", 360, 800, 40},
		{"board", board + "?tata=1", 1920, 1080, 72}, {"board-12", board + "?tata=12", 1920, 1080, 72}, {"board-720", board, 1280, 720, 48},
	} {
		page := c.Page(address(row.Slug, s.path), s.width, s.height)
		look(t, page, s.name, s.crest)
		if strings.HasPrefix(s.name, "board") && s.name != "boards" {
			if head := page.MustEval(`() => document.querySelector('header').getBoundingClientRect().height / innerHeight`).Num(); head > .11 {
				t.Errorf("%s: the head takes %.0f %% of the board", s.name, 100*head)
			}
		}
		page.MustClose()
	}
	desk := c.Page(address(row.Slug, "/masuk?next=/petugas"), 1280, 800)
	desk.MustElement("input[name=email]").MustInput("loket1@contoh.test")
	desk.MustElement("input[name=password]").MustInput(password)
	desk.Press(t, "main form button")
	look(t, desk, "counters", 40)
	desk.Press(t, "main .p-reg a")
	look(t, desk, "counter", 32)

	if out, err := pendopo(t, db, "tenant", "suspend", "19.01", "pemeliharaan"); err != nil {
		t.Fatal(out)
	}
	if err := a.Registry.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	look(t, c.Page(address(row.Slug, "/"), 360, 800), "suspended", 40)
}
