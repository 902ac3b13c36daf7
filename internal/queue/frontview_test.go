package queue

import (
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

func TestWhatPeopleTypeIsANumberOrACode(t *testing.T) {
	ticket := id.New()
	for text, want := range map[string]wanted{
		"A-027": {Prefix: "A", Number: 27}, "a27": {Prefix: "A", Number: 27}, " a 027 ": {Prefix: "A", Number: 27},
		"AB-1027": {Prefix: "AB", Number: 1027}, "27": {Number: 27}, "0": {}, "A": {}, "A-000": {}, "": {}, "A-02X": {},
		"KB7-4QX": {Code: "KB7-4QX"}, "kb74qx": {Code: "KB7-4QX"}, "kb7 4qx": {Code: "KB7-4QX"}, "KB7–4QX": {Code: "KB7-4QX"},
		"ABC-234": {Prefix: "ABC", Number: 234, Code: "ABC-234"}, "234567": {Number: 234567, Code: "234-567"},
		"KB7-4QXX": {}, "1234567890": {}, "<script>": {}, "A'; drop": {},
		"https://bangka.pendopo.id/antrean/" + ticket.String():                 {ID: ticket},
		"http://bangka.localhost:8080/antrean/" + ticket.String() + "?lang=en": {ID: ticket},
		"/antrean/" + ticket.String()[:35]:                                     {},
	} {
		got, ok := parseWanted(text)
		if ok != (want != wanted{}) || ok && got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
}

func FuzzWanted(f *testing.F) {
	for _, s := range []string{"A-027", "kb7-4qx", "https://x/antrean/0198c0de-0000-7000-8000-000000000000", "\xff", "27"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, ok := parseWanted(s)
		if ok != (w.Number > 0 || w.Code != "" || !w.ID.IsZero()) || len(w.Prefix) > 3 || w.Code != "" && len(w.Code) != 7 {
			t.Errorf("%q: %+v, %v", s, w, ok)
		}
	})
}

func (s *sample) frontTicket(p Place, state Status) frontTicket {
	p.Channel = Web
	v := frontTicket{ticketView: newTicketView(p, s.dir, s.t, nine), Can: frontRights{true, true, true}}
	v.Key = "kunci"
	if state != "" {
		v.State = state
	}
	return v
}

func TestTheDesksTicketOffersWhatFits(t *testing.T) {
	s := newSample(4)
	third := s.place(Waiting, 27)
	third.Ahead = 4
	missed := s.place(NoShow, 27)
	yesterday := s.place(NoShow, 27)
	yesterday.Day = yesterday.Day.Add(-1)
	unused := s.place(NoShow, 27)
	retired := *unused.Series
	retired.Retired = true
	unused.Series = &retired
	for name, c := range map[string]struct {
		place  Place
		id, en string
		has    []string
		not    []string
	}{
		"waiting": {third, "4 orang di depannya", "4 people ahead", []string{"/cetak", "/batal"}, []string{"/kembali", "di depan Anda"}},
		"called":  {s.place(Called, 27), "Loket 3", "Loket 3", []string{"/cetak", "/batal", "p-calling"}, []string{"/kembali"}},
		"serving": {s.place(Serving, 27), "Sedang dilayani", "Being served", nil, []string{"/cetak", "/batal", "/kembali", "p-calling"}},
		"missed":  {missed, "Tidak hadir saat dipanggil", "Not there when called", []string{"/kembali", `data-key="k"`}, []string{"/cetak", "/batal"}},
		"unused":  {unused, "Tidak hadir saat dipanggil", "Not there when called", []string{`name="layanan"`}, []string{"/kembali", "/cetak", "/batal"}},
		"done":    {s.place(Finished, 27), "Selesai dilayani", "Finished", []string{`name="layanan"`}, []string{"/cetak", "/kembali", "/batal"}},
		"gone":    {s.place(Cancelled, 27), "Dibatalkan", "Cancelled", []string{`name="layanan"`}, []string{"/cetak", "/kembali", "/batal"}},
		"past":    {yesterday, "Tidak berlaku lagi", "No longer valid", []string{`name="layanan"`}, []string{"/cetak", "/kembali", "/batal"}},
	} {
		t.Run(name, func(t *testing.T) {
			for l, want := range map[i18n.Locale]string{i18n.ID: c.id, i18n.EN: c.en} {
				v := s.frontTicket(c.place, "")
				p := s.page(l)
				p.Title = v.sentence(p)
				html := drawn(t, frontTicketPage(p, v))
				has(t, html, append(c.has, want, "A-027", Code(c.place.ID), pathFront)...)
				hasNot(t, html, c.not...)
				uitest.Fragment(t, uitest.Render(t, frontActions(p, v)))
			}
		})
	}
	// Who may less is offered less.
	v := s.frontTicket(missed, "")
	v.Can = frontRights{}
	hasNot(t, drawn(t, frontTicketPage(s.page(i18n.ID), v)), "/kembali")
	v = s.frontTicket(third, "")
	v.Can.Cancel = false
	hasNot(t, drawn(t, frontTicketPage(s.page(i18n.ID), v)), "/batal")
	drawn(t, frontCancel(s.page(i18n.EN), s.frontTicket(third, "")))
}

func TestNewsIsOfTheTicketAsItStands(t *testing.T) {
	s := newSample(4)
	p := s.page(i18n.ID)
	for news, c := range map[string]struct {
		state Status
		says  string
	}{
		newsGiven: {Waiting, "Nomor baru sudah diberikan."}, newsSame: {Waiting, "bukan nomor baru"}, newsReturned: {Waiting, "sudah kembali ke antrean"},
		newsCancelled: {Cancelled, "sudah dibatalkan"}, newsIllegal: {Called, "Sekarang: A-027 dipanggil ke Loket 3."},
		newsGone: {NoShow, "sudah tidak dipakai"},
	} {
		v := s.frontTicket(s.place(c.state, 27), "")
		v.News = news
		if text, _, _ := v.news(p); !strings.Contains(text, c.says) {
			t.Errorf("%s: %q", news, text)
		}
		v = s.frontTicket(s.place(Serving, 27), "")
		v.News = news
		if text, _, _ := v.news(p); text != "" && news != newsSame && news != newsIllegal {
			t.Errorf("%s of a ticket that is served: %q", news, text)
		}
		if !knownNews[news] {
			t.Errorf("%s is not known", news)
		}
	}
}

func TestTheDeskShowsAllQueues(t *testing.T) {
	s := newSample(4)
	line := s.service.Series[0]
	other := &tenant.Venue{VenueRow: tenant.VenueRow{ID: id.New(), Name: "MPP Keliling", Sort: 1}}
	car := &tenant.Series{SeriesRow: tenant.SeriesRow{ID: id.New(), Prefix: "KUA", Quota: 30}, Agency: line.Agency, Venue: other}
	v := frontView{Now: nine, Queues: []QueueNow{
		{Series: line, Waiting: 12, Since: nine.Add(-23 * time.Minute), Given: 27, Busy: 3},
		{Series: car, Given: 30},
	}, Missed: []Place{s.place(NoShow, 5)}}
	v.Pick.Search = ui.SearchBox{Action: pathFront, Label: "x", Target: "pilihan", Fragment: pathFront, Key: "l"}
	html := drawn(t, frontPage(s.page(i18n.ID), v))
	has(t, html, "Kantor Sungailiat", "MPP Keliling", ">12</b>", "09.19", "3 dari 4", "3/4", "Habis: 30 nomor", "Keadaan 09.42 WIB", "A-005", "09.41, Loket 3")
	drawn(t, frontPage(s.page(i18n.EN), v))
	for text, want := range map[string]string{
		"A-099": "Hari ini belum ada nomor A-099. Nomor terakhir yang diberikan adalah A-027.", "C-001": "Hari ini tidak ada nomor C-001.",
		"99": "Hari ini tidak ada nomor 99.", "KB7-4QX": "Hari ini tidak ada nomor dengan kode KB7-4QX.", "xyz": "Mohon tuliskan nomor",
	} {
		w, ok := parseWanted(text)
		f := frontFind{Text: text, Wanted: w, Unreadable: !ok}
		if got := f.wrong(s.page(i18n.ID), v.Queues); !strings.Contains(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
	for code, want := range map[string]string{"queue.full": "sudah habis", "queue.closed": "Selasa, 24 November 2026", "queue.no_numbers": "tidak memakai nomor"} {
		r := refusal{Code: code, Service: s.service, Now: nine, Loc: s.t.Loc, Next: nine.Add(24 * time.Hour)}
		has(t, drawn(t, frontRefused(s.page(i18n.ID), r)), want, pathFront)
	}
}
