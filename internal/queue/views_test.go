package queue

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants"
)

// nine is a working Monday, 09.42.07 WIB.
var nine = time.Date(2026, 11, 23, 9, 42, 7, 0, clock.WIB)

// sample is a hall built by hand: four counters in Zona A, one agency, one series.
type sample struct {
	t        *tenant.Tenant
	dir      *tenant.Directory
	zone     *tenant.Zone
	counters []*tenant.Counter
	service  *tenant.Service
}

func newSample(counters int) *sample {
	s := &sample{
		t:   &tenant.Tenant{Name: "Kabupaten Bangka", Loc: clock.WIB, Region: &tenants.Region{}},
		dir: &tenant.Directory{},
	}
	venue := &tenant.Venue{
		VenueRow: tenant.VenueRow{ID: id.New(), Code: "sungailiat", Name: "Kantor Sungailiat", Address: "Jalan Contoh 1"},
		Hours:    []tenants.Hours{{Days: "mon-fri", Open: "08:00", Close: "15:30"}},
	}
	agency := &tenant.Agency{AgencyRow: tenant.AgencyRow{Code: "dukcapil", Name: "Dinas Kependudukan", NameEN: "Civil Registry", Short: "Kependudukan"}}
	line := &tenant.Series{SeriesRow: tenant.SeriesRow{ID: id.New(), Name: "Kependudukan", Prefix: "A"}, Agency: agency, Venue: venue}
	s.zone = &tenant.Zone{ZoneRow: tenant.ZoneRow{ID: id.New(), Code: "a", Name: "Zona A", Place: "Lantai 1"}, Venue: venue}
	for n := range counters {
		d := &tenant.Counter{
			CounterRow: tenant.CounterRow{ID: id.New(), Name: "Loket " + string(rune('1'+n))},
			Agency:     agency, Venue: venue, Zone: s.zone, Series: []*tenant.Series{line},
		}
		s.counters = append(s.counters, d)
	}
	line.Counters, s.zone.Counters = s.counters, s.counters
	s.service = &tenant.Service{ServiceRow: tenant.ServiceRow{ID: id.New(), Code: "ktp", Name: "KTP-el hilang", NameEN: "Lost identity card", Minutes: 15}, Agency: agency, Series: []*tenant.Series{line}}
	return s
}

func (s *sample) place(status Status, number int64) Place {
	p := Place{Ticket: Ticket{ID: id.New(), SeriesID: s.service.Series[0].ID, Day: s.t.Today(nine), Number: number, Status: status, CreatedAt: nine.Add(-20 * time.Minute)}}
	p.Service, p.Series, p.Label = s.service, s.service.Series[0], Label("A", number)
	if status != Waiting {
		p.Counter, p.CounterID, p.Calls, p.CalledAt = s.counters[2], s.counters[2].ID, 1, nine.Add(-4*time.Minute)
	}
	switch status {
	case Serving:
		p.ServedAt = nine.Add(-3 * time.Minute)
	case Finished, NoShow, Cancelled:
		p.EndedAt = nine.Add(-time.Minute)
	}
	if status == Cancelled {
		p.CancelledBy = ByOwner
	}
	return p
}

func (s *sample) page(l i18n.Locale) ui.Page {
	return ui.Page{Title: "x", Locale: l, P: i18n.For(l).In(clock.WIB), Region: &ui.Region{Name: s.t.Name, Slug: "bangka"}, Path: "/antrean/x", User: &ui.User{Name: "Dewi", Role: "Petugas"}}
}

// drawn renders a whole page, checks its markup and that it says everything in words, and gives its HTML.
func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	html := uitest.Render(t, c)
	uitest.Page(t, html)
	for _, missing := range []string{"[queue.", "[ui.", "%!"} {
		if strings.Contains(html, missing) {
			at := strings.Index(html, missing)
			t.Errorf("a text is missing: %s", html[at:min(at+60, len(html))])
		}
	}
	return html
}

func has(t *testing.T, html string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(html, w) {
			t.Errorf("%q is missing", w)
		}
	}
}

func hasNot(t *testing.T, html string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(html, w) {
			t.Errorf("%q stands there", w)
		}
	}
}

func TestTicketSaysItsState(t *testing.T) {
	s := newSample(4)
	yesterday := s.place(Waiting, 27)
	yesterday.Day = yesterday.Day.Add(-1)
	first, third := s.place(Waiting, 27), s.place(Waiting, 27)
	third.Ahead = 4
	again := s.place(Called, 27)
	again.Calls = 2
	long := s.place(Waiting, 1027)
	desk, mall, remote := s.place(Cancelled, 27), s.place(Cancelled, 27), s.place(Cancelled, 27)
	desk.CancelledBy, mall.CancelledBy, remote.CancelledBy = ByDesk, ByMall, ByMall
	nowhere, venue := *remote.Series, *remote.Series.Venue
	venue.Address, nowhere.Venue = "", &venue
	remote.Series = &nowhere
	long.Label = "AB-1027"
	for name, c := range map[string]struct {
		place  Place
		id, en string
		called bool
		live   bool
	}{
		"waiting":  {third, "4 orang di depan Anda", "4 people ahead of you", false, true},
		"next":     {first, "Anda berikutnya", "You are next", false, true},
		"called":   {s.place(Called, 27), "Giliran Anda", "It is your turn", true, true},
		"again":    {again, "Sudah dipanggil 2 kali, terakhir pukul 09.38 WIB", "Called 2 times, last at 09:38 WIB", true, true},
		"serving":  {s.place(Serving, 27), "Anda di Loket 3", "You are at Loket 3", false, true},
		"finished": {s.place(Finished, 27), "Terima kasih", "Thank you", false, false},
		"no show":  {s.place(NoShow, 27), "meja depan Kantor Sungailiat", "front desk of Kantor Sungailiat", false, true},
		"cancel":   {s.place(Cancelled, 27), "Nomor ini dibatalkan", "This number was cancelled", false, false},
		"own":      {s.place(Cancelled, 27), "Berubah pikiran?", "Changed your mind?", false, false},
		"desk":     {desk, "Petugas meja depan membatalkan nomor ini untuk Anda.", "The front desk cancelled this number for you.", false, false},
		"mall":     {mall, "kami batalkan. Silakan ambil nomor baru, atau datang ke meja depan Kantor Sungailiat", "come to the front desk of Kantor Sungailiat", false, false},
		"remote":   {remote, "atau hubungi kami lewat kontak di bawah", "or contact us as given below", false, false},
		"past":     {yesterday, "Nomor ini hanya berlaku pada Minggu, 22 November 2026", "valid on Sunday, 22 November 2026 only", false, false},
		"long":     {long, "AB-1027", "AB-1027", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newTicketView(c.place, s.dir, s.t, nine)
			v.Key, v.QR = "kunci", ui.NewQR("https://bangka.pendopo.id"+ticketPath(c.place))
			for l, want := range map[i18n.Locale]string{i18n.ID: c.id, i18n.EN: c.en} {
				html := drawn(t, ticketPage(s.page(l), v))
				has(t, html, want, v.Label)
				if got := strings.Contains(html, "p-called"); got != c.called {
					t.Errorf("kunyit: %v", got)
				}
				if got := strings.Contains(html, "data-live-target=\"kabar\""); got != c.live || v.live() != c.live {
					t.Errorf("live: %v", got)
				}
				if c.place.CancelledBy == ByMall || c.place.CancelledBy == ByDesk {
					hasNot(t, html, "Berubah pikiran", "Changed your mind")
				}
				if c.place.CancelledBy == ByMall {
					has(t, html, map[i18n.Locale]string{i18n.ID: "Mohon maaf", i18n.EN: "We are sorry"}[l], `name="layanan"`)
				}
				// What is not known is not said.
				hasNot(t, html, "perkiraan", "Perkiraan", "estimate")
			}
		})
	}
	v := newTicketView(third, s.dir, s.t, nine)
	v.QR = ui.NewQR("https://bangka.pendopo.id" + ticketPath(third))
	html := drawn(t, ticketPage(s.page(i18n.EN), v))
	has(t, html, "Lost identity card", "Civil Registry", "Loket 1–4", "Open until 15:30 WIB", `lang="id"`, Code(third.ID), "/layanan/dukcapil/ktp")
	drawn(t, withdrawPage(s.page(i18n.ID), v))
	has(t, drawn(t, printedTicket(s.page(i18n.ID), v)), "p-thermal", "A-027", Code(third.ID), "<path d=\"M")
	if long := newTicketView(long, s.dir, s.t, nine); !strings.Contains(uitest.Render(t, stub(s.page(i18n.ID), long)), "p-long") {
		t.Error("a long number is as large as a short one")
	}
}

func TestRefusalsSayWhenAndWhatElse(t *testing.T) {
	s := newSample(4)
	elsewhere := &tenant.Service{ServiceRow: tenant.ServiceRow{Name: "NIB", System: "OSS"}, Agency: s.service.Agency}
	for name, c := range map[string]struct {
		v      refusal
		id, en string
	}{
		"early":   {refusal{Code: "queue.closed", Service: s.service, Next: nine.Add(time.Hour)}, "hari ini pukul 10.42 WIB", "today at 10:42 WIB"},
		"closed":  {refusal{Code: "queue.closed", Service: s.service, Next: nine.Add(24 * time.Hour)}, "Selasa, 24 November 2026 pukul 09.42 WIB", "Tuesday, 24 November 2026 at 09:42 WIB"},
		"off":     {refusal{Code: "queue.closed", Service: s.service, Off: true, Next: nine.Add(24 * time.Hour)}, "tidak buka setiap hari", "not open every day"},
		"holiday": {refusal{Code: "queue.closed", Service: s.service, Closure: &tenant.Closure{Reason: "Hari Raya Natal", ReasonEN: "Christmas Day"}, Next: nine.Add(24 * time.Hour)}, "Hari Raya Natal", "Christmas Day"},
		"never":   {refusal{Code: "queue.closed", Service: s.service}, "belum ditetapkan", "not set yet"},
		"full":    {refusal{Code: "queue.full", Service: s.service, Next: nine.Add(24 * time.Hour)}, "sudah habis", "all taken"},
		"system":  {refusal{Code: "queue.no_numbers", Service: elsewhere}, "lewat OSS", "through OSS"},
		"none":    {refusal{Code: "queue.no_numbers"}, "langsung kepada instansinya", "with its agency directly"},
	} {
		t.Run(name, func(t *testing.T) {
			c.v.Now, c.v.Loc, c.v.Phone = nine, clock.WIB, "(0717) 555 010"
			for l, want := range map[i18n.Locale]string{i18n.ID: c.id, i18n.EN: c.en} {
				p := s.page(l)
				p.Title = c.v.title(p)
				has(t, drawn(t, refusedPage(p, c.v)), want, `href="/layanan"`, `href="tel:+62717555010"`)
			}
		})
	}
}

// What a region has named in English stands on English pages, and only there; what it has not is marked as
// Indonesian, so that it is read out as such.
func TestEnglishPagesNamePlacesInEnglish(t *testing.T) {
	pages := func(s *sample, l i18n.Locale) map[string]string {
		p := s.page(l)
		waiting, called := newTicketView(s.place(Waiting, 27), s.dir, s.t, nine), newTicketView(s.place(Called, 27), s.dir, s.t, nine)
		waiting.QR, called.QR = ui.NewQR("x"), ui.NewQR("x")
		board := boardView{Zone: s.zone, Now: nine, Loc: clock.WIB, Host: "bangka.pendopo.id", Opening: s.dir.Opening(s.t, s.zone.Venue, nine)}
		board.Coming = []waitingSeries{{Series: s.service.Series[0], Next: []string{"A-028"}, Waiting: 1}}
		list := counterList{Now: nine}
		list.add(counterRow{Counter: s.counters[2]})
		return map[string]string{
			"waiting": drawn(t, ticketPage(p, waiting)), "called": drawn(t, ticketPage(p, called)), "printed": drawn(t, printedTicket(p, waiting)),
			"board": drawn(t, boardPage(p, board)), "boards": drawn(t, boardList(p, []*tenant.Venue{s.zone.Venue}, "x")),
			"counters": drawn(t, counterListPage(p, list)),
			"refused":  drawn(t, refusedPage(p, refusal{Code: "queue.full", Service: s.service, Series: s.service.Series[0], Now: nine, Loc: clock.WIB})),
		}
	}
	s := newSample(4)
	s.zone.Venue.Zones = []*tenant.Zone{s.zone}
	s.counters[2].Place = "Dekat tangga"
	bare := pages(s, i18n.EN)
	has(t, bare["waiting"], `<b lang="id">Kantor Sungailiat</b>`, `lang="id">Jalan Contoh 1<`)
	has(t, bare["called"], `<p lang="id">Dekat tangga</p>`, `<p class="p-muted" lang="id">Dekat tangga</p>`)
	has(t, bare["board"], `<p class="p-zone" lang="id">`, `<dt lang="id">`)
	has(t, bare["boards"], `lang="id">Kantor Sungailiat</h2>`, `lang="id">Zona A</a>`, `<span lang="id">Lantai 1</span>`)

	s.zone.Venue.NameEN, s.zone.NameEN, s.zone.PlaceEN = "Sungailiat Office", "Zone A", "Floor 1"
	s.service.Series[0].NameEN, s.counters[2].PlaceEN = "Civil affairs", "By the stairs"
	for l, names := range map[i18n.Locale]map[string][]string{
		i18n.EN: {
			"waiting": {"Sungailiat Office", "Come to Sungailiat Office"}, "called": {"<p>By the stairs</p>"}, "printed": {"Sungailiat Office"},
			"board": {"Zone A", "Floor 1", "Civil affairs"}, "boards": {"Sungailiat Office", "Zone A", "Floor 1"},
			"counters": {"Sungailiat Office, By the stairs"}, "refused": {"At Sungailiat Office."},
		},
		i18n.ID: {
			"waiting": {"Kantor Sungailiat"}, "called": {"Dekat tangga"}, "printed": {"Kantor Sungailiat"}, "board": {"Zona A", "Lantai 1", "Kependudukan"},
			"boards": {"Kantor Sungailiat", "Zona A", "Lantai 1"}, "counters": {"Kantor Sungailiat, Dekat tangga"}, "refused": {"Di Kantor Sungailiat."},
		},
	} {
		other := map[i18n.Locale][]string{i18n.EN: {"Kantor Sungailiat", "Zona A", "Lantai 1", "Dekat tangga"}, i18n.ID: {"Sungailiat Office", "Zone A", "Floor 1", "Civil affairs", "By the stairs"}}[l]
		for name, html := range pages(s, l) {
			has(t, html, names[name]...)
			hasNot(t, html, other...)
		}
	}
}

func (s *sample) screen(current *Place, waiting int) counterScreen {
	v := counterScreen{CounterView: CounterView{Counter: s.counters[2], Current: current, Waiting: waiting, Served: 2, Average: 9*time.Minute - time.Second}, Now: nine, Loc: clock.WIB, Key: "kunci", CanCall: true, CanFinish: true}
	v.Opening = s.dir.Opening(s.t, s.zone.Venue, nine)
	for i := range min(waiting, lineLimit) {
		v.Line = append(v.Line, s.place(Waiting, int64(25+i)))
	}
	return v
}

func TestOfficerScreenSaysWhatEachKeyDoes(t *testing.T) {
	s := newSample(4)
	called, serving := s.place(Called, 24), s.place(Serving, 24)
	looking, stale, quiet := s.screen(&serving, 2), s.screen(&called, 3), s.screen(nil, 0)
	looking.CanCall, looking.CanFinish = false, false
	stale.Note = noteStale
	last := s.place(Finished, 23)
	quiet.Last = &last
	for name, c := range map[string]struct {
		v        counterScreen
		id, en   string
		resting  int // disabled buttons
		bigWorks bool
	}{
		"nobody":      {quiet, "Belum ada yang menunggu", "Nobody is waiting", 1, false},
		"free":        {s.screen(nil, 2), "A-025 dipanggil ke Loket 3", "A-025 is called to Loket 3", 0, true},
		"called":      {s.screen(&called, 2), "A-024 dicatat selesai dilayani, A-025 dipanggil ke Loket 3", "A-024 is recorded as served, A-025 is called to Loket 3", 0, true},
		"serving":     {s.screen(&serving, 2), "standar 15 menit", "standard 15 minutes", 3, true},
		"only finish": {s.screen(&serving, 0), "Selesaikan A-024", "Finish A-024", 3, true},
		"looking on":  {looking, "Pemanggilan dilakukan oleh petugas loket", "Its officer does the calling", 0, false},
		"stale":       {stale, "Sekarang: A-024, sedang dipanggil.", "Now: A-024, being called.", 0, true},
		"many":        {s.screen(&serving, lineLimit+7), "dan 7 orang lagi", "and 7 more", 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			for l, want := range map[i18n.Locale]string{i18n.ID: c.id, i18n.EN: c.en} {
				p := s.page(l)
				p.Title = c.v.title(p)
				html := drawn(t, counterScreenPage(p, c.v))
				has(t, html, want, "Loket 3", `role="status"`)
				if got := strings.Count(html, " disabled"); got != c.resting {
					t.Errorf("%d buttons rest, want %d", got, c.resting)
				}
				if got := strings.Contains(html, `data-key="Space"`) && c.v.CanCall && !strings.Contains(html[strings.Index(html, `data-key="Space"`):][:80], "disabled"); got != c.bigWorks {
					t.Errorf("the big button works: %v", got)
				}
				if got := strings.Contains(html, "p-calling"); got != (c.v.Current != nil && c.v.Current.Status == Called) {
					t.Errorf("kunyit: %v", got)
				}
				uitest.Fragment(t, uitest.Render(t, counterMain(p, c.v)))
			}
		})
	}
	html := drawn(t, counterScreenPage(s.page(i18n.ID), s.screen(&serving, 1)))
	has(t, html, `role="timer"`, "03.00", `data-max="900"`, `data-key="s"`, "9 mnt", "Diambil 09.22, dipanggil 09.38. Menunggu 16 menit.", Code(serving.ID))
	has(t, drawn(t, counterScreenPage(s.page(i18n.ID), quiet)), "A-023 selesai pukul 09.41, 3 menit.")
}

func TestCounterListShowsWhatMayBeOpened(t *testing.T) {
	s := newSample(3)
	serving := s.place(Serving, 24)
	for name, c := range map[string]struct {
		canCall bool
		title   string
	}{"officer": {true, "Loket saya"}, "manager": {false, "Semua loket"}} {
		var l counterList
		l.Now = nine
		for i, d := range s.counters {
			r := counterRow{Counter: d, Waiting: 7, CanCall: c.canCall}
			if i == 0 {
				r.Current = &serving
			}
			l.add(r)
		}
		html := drawn(t, counterListPage(s.page(i18n.ID), l))
		has(t, html, c.title, counterPath(s.counters[1]), "A-024, sedang dilayani", "7 menunggu", "Loket kosong")
		if name == "manager" {
			has(t, html, "Anda dapat melihat setiap loket")
		}
	}
	has(t, drawn(t, counterListPage(s.page(i18n.EN), counterList{Now: nine})), "No counters yet", pathBoards)
}

func TestCounterNames(t *testing.T) {
	counters := func(names ...string) (out []*tenant.Counter) {
		for _, n := range names {
			out = append(out, &tenant.Counter{CounterRow: tenant.CounterRow{Name: n}})
		}
		return out
	}
	p := ui.Page{Locale: i18n.ID}
	for want, names := range map[string][]string{
		"":                       {},
		"Loket 3":                {"Loket 3"},
		"Loket 1–4":              {"Loket 4", "Loket 1", "Loket 2", "Loket 3"},
		"Loket 1–2, 7":           {"Loket 7", "Loket 1", "Loket 2"},
		"Loket 1 dan Kasir":      {"Loket 1", "Kasir"},
		"Kasir, Arsip, dan Tamu": {"Kasir", "Arsip", "Tamu"},
	} {
		if got := counterNames(p, counters(names...)); got != want {
			t.Errorf("%v: %q, want %q", names, got, want)
		}
	}
}

func TestCodesAreReadable(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		c := Code(id.New())
		if len(c) != 7 || c[3] != '-' || strings.ContainsAny(c, "01ILOU") || seen[c] {
			t.Fatalf("code %q", c)
		}
		seen[c] = true
	}
}

// The vertical's own sentences are all used, and all there.
func TestTextsMatchTheirUse(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if !strings.Contains(p, "internal/") || strings.Contains(p, "internal/queue/") {
			if strings.Contains(p, "nothing uses fault.") {
				continue // faults are looked up by their code
			}
			t.Error(p)
		}
	}
}
