package queue

import (
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

func TestBoardShowsTheCallTheHallAndTheNight(t *testing.T) {
	big, grid := newSample(4), newSample(9)
	calls := func(s *sample, age time.Duration, status Status) boardView {
		v := boardView{Zone: s.zone, Now: nine, Loc: clock.WIB, Host: "bangka.pendopo.id", Grid: len(s.counters) > fewCounters}
		v.Opening = s.dir.Opening(s.t, s.zone.Venue, nine)
		v.Coming = []waitingSeries{{Series: s.service.Series[0], Next: []string{"A-028", "A-029", "A-030"}, Waiting: 3}}
		p := s.place(status, 27)
		p.CalledAt = nine.Add(-age)
		before := s.place(Finished, 26)
		v.boardCalls = boardCalls{Seq: 41, Recent: []Place{p, before}, ByCounter: map[id.ID]Place{p.Counter.ID: p}}
		return v
	}
	p := big.page(i18n.ID)
	html := drawn(t, boardPage(p, calls(big, 10*time.Second, Called)))
	has(t, html, "Loket 3", `data-number="A-027"`, "events?last_event_id=41", `data-seq="41"`, "A-028", "A-030", "Loket 1–4", "data-lost")
	hasNot(t, html, "p-idle")
	// What is drawn on each call is no live region: the script says fewer sentences than there are calls.
	has(t, html, `<p class="p-sr" aria-live="assertive" data-call-said></p>`)
	if got := strings.Count(html, "aria-live"); got != 1 {
		t.Errorf("%d live regions", got)
	}
	// Served a while ago, or called and forgotten: nobody is being called.
	has(t, drawn(t, boardPage(p, calls(big, 3*time.Minute, Serving))), "p-idle", "A-027")
	has(t, drawn(t, boardPage(p, calls(big, time.Hour, Called))), "p-idle", "A-027")
	first := calls(big, 0, Called)
	first.boardCalls = boardCalls{}
	has(t, drawn(t, boardPage(p, first)), "p-idle", "Belum ada panggilan hari ini")
	shut := first
	shut.Opening = big.dir.Opening(big.t, big.zone.Venue, nine.Add(10*time.Hour))
	has(t, drawn(t, boardPage(p, shut)), "Pelayanan tutup", "Buka lagi Selasa, 24 November 2026 pukul 08.00 WIB")
	has(t, drawn(t, boardPage(big.page(i18n.EN), shut)), "Closed", "Opens again Tuesday, 24 November 2026 at 08:00 WIB")

	p12 := grid.page(i18n.ID)
	html = drawn(t, boardPage(p12, calls(grid, 10*time.Second, Called)))
	has(t, html, `class="p-on" data-counter="Loket 3" data-counter-id="`+grid.counters[2].ID.String()+`"`, "data-call-said", "Kosong")
	if got := strings.Count(html, "data-counter="); got != 9 {
		t.Errorf("%d fields", got)
	}
	night := calls(grid, 10*time.Hour, Called)
	night.Night, night.Coming, night.Opening = true, nil, shut.Opening
	html = drawn(t, boardPage(p12, night))
	has(t, html, "Tutup", "Pelayanan tutup. Buka lagi Selasa")
	hasNot(t, html, "p-on", "A-027")
	drawn(t, boardList(p, []*tenant.Venue{big.zone.Venue}, "bangka.pendopo.id"))
}

func TestBoardLoadsItselfAgainWhereNoScriptDraws(t *testing.T) {
	s := newSample(4)
	v := boardView{Zone: s.zone, Now: nine, Loc: clock.WIB, Opening: s.dir.Opening(s.t, s.zone.Venue, nine)}
	p := s.page(i18n.ID)
	idle := v.shape(p)
	called := s.place(Called, 1)
	called.CalledAt = nine
	v.Recent = []Place{called}
	busy := v.shape(p)
	v.Recent, v.Opening = nil, s.dir.Opening(s.t, s.zone.Venue, nine.Add(10*time.Hour))
	shut := v.shape(p)
	for _, c := range []struct {
		shown, shape string
		want         bool
	}{{idle, idle, false}, {idle, busy, false}, {busy, idle, true}, {idle, shut, true}, {busy, shut, true}, {"", shut, false}, {"x", idle, true}} {
		if got := v.changed(c.shown, c.shape); got != c.want {
			t.Errorf("%q to %q: %v", c.shown, c.shape, got)
		}
	}
}

func TestBoardShowsEverySeriesInWhichSomebodyWaits(t *testing.T) {
	lines := func(waiting ...int) (out []waitingSeries) {
		for i, n := range waiting {
			out = append(out, waitingSeries{Series: &tenant.Series{SeriesRow: tenant.SeriesRow{Prefix: string(rune('A' + i))}}, Waiting: n})
		}
		return out
	}
	names := func(ls []waitingSeries) (s string) {
		for _, l := range ls {
			s += l.Prefix
		}
		return s
	}
	for _, c := range []struct {
		all  []waitingSeries
		want string
	}{
		{nil, ""},
		{lines(2, 0), "AB"},
		{lines(2, 1, 0, 0, 0), "ABC"},
		{lines(1, 1, 1, 1, 0), "ABCD"},
		{lines(1, 1, 1, 1, 1, 1, 1), "ABCDEFG"},
	} {
		if got := names(shown(c.all, seriesBig)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for _, c := range []struct {
		series int
		grid   bool
		want   comingLayout
	}{
		{3, false, comingLayout{}}, {4, false, comingLayout{Class: "p-close"}}, {6, false, comingLayout{Class: "p-close"}}, {7, false, comingLayout{"p-all", 6}},
		{5, true, comingLayout{}}, {6, true, comingLayout{Class: "p-close"}}, {10, true, comingLayout{Class: "p-close"}}, {11, true, comingLayout{"p-all", 10}},
	} {
		if got := layoutOf(c.series, c.grid); got != c.want {
			t.Errorf("%d series: %v, want %v", c.series, got, c.want)
		}
	}
	for _, c := range []struct {
		next        []string
		grid, close bool
		want        int
	}{
		{[]string{"A-001", "A-002", "A-003"}, false, false, 3}, {[]string{"ES-001", "ES-002", "ES-003"}, false, false, 2}, {[]string{"A-001", "A-002", "A-003"}, true, false, 2},
		{[]string{"AB-1027", "AB-1028"}, true, false, 1}, {[]string{"A-001", "A-002"}, false, true, 1}, {nil, true, false, 0},
	} {
		if got := len(fitting(c.next, c.grid, c.close)); got != c.want {
			t.Errorf("%v: %d fit, want %d", c.next, got, c.want)
		}
	}
}
