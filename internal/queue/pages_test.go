package queue_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants"
)

// badges are who is signed in, by the session's token.
type badges map[string]*authz.Actor

func (b badges) Look(ctx context.Context, t *tenant.Tenant, token string, kind authz.Kind) (*authz.Actor, error) {
	return b.Resolve(ctx, t, token, kind)
}

func (b badges) Resolve(_ context.Context, _ *tenant.Tenant, token string, _ authz.Kind) (*authz.Actor, error) {
	if a := b[token]; a != nil {
		return a, nil
	}
	return nil, fault.New(fault.Unauthenticated, "auth.session")
}

// byName finds services by a part of their names.
type byName struct{}

func (byName) Find(d *tenant.Directory, query string) (out []*tenant.Service) {
	for _, o := range d.Services() {
		if strings.Contains(strings.ToLower(o.Name), strings.ToLower(query)) {
			out = append(out, o)
		}
	}
	return out
}

// house is a mall with its screens on a server.
type house struct {
	*mall
	app   *web.App
	clock *testkit.Clock
	reg   *tenant.Registry
}

// newHouse opens the database again with a clock that the test sets.
func newHouse(t *testing.T, db *store.DB, opts ...testkit.RegionOption) *house {
	t.Helper()
	h := &house{clock: testkit.NewClock(testkit.Morning)}
	db = testkit.Again(t, testkit.URLs(db), testkit.WithClock(h.clock))
	h.mall = newMall(t, db, opts...)
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.reg = reg
	who := func(user id.ID, role, scope string) *authz.Actor {
		return authz.NewActor(authz.Identity{Tenant: h.ID, UserID: user, Name: "Orang " + h.Canary, Channel: "counter"}, []authz.Grant{{Role: role, Scope: scope}})
	}
	h.app = web.New(web.Config{Registry: reg, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Sessions: badges{
		"bound":    who(h.Officer, authz.RoleOfficer, h.Scope+"/dukcapil"),
		"officer":  who(id.New(), authz.RoleOfficer, h.Scope+"/dukcapil"),
		"stranger": who(id.New(), authz.RoleOfficer, h.Scope+"/imigrasi"),
		"manager":  who(id.New(), authz.RoleManager, h.Scope),
		"front":    who(id.New(), authz.RoleFrontOffice, h.Scope),
		"both": authz.NewActor(authz.Identity{Tenant: h.ID, UserID: h.Officer, Name: "Orang " + h.Canary, Channel: "counter"}, []authz.Grant{
			{Role: authz.RoleManager, Scope: h.Scope}, {Role: authz.RoleOfficer, Scope: h.Scope + "/dukcapil"},
		}),
		"it": who(id.New(), authz.RoleAdmin, h.Scope),

		"elsewhere": who(id.New(), authz.RoleFrontOffice, h.Scope+"/imigrasi"),
	}})
	hub := events.NewHub(db, slog.New(slog.DiscardHandler))
	pages := queue.NewPages(h.hall, hub)
	pages.Routes(h.app.Tenant())
	pages.FrontOffice(byName{}).Routes(h.app.Tenant())
	queue.NewAPI(h.hall, hub).Routes(h.app.Tenant())
	return h
}

// ask sends a request as somebody ("" is the public) and gives the answer and its body.
func (h *house) ask(t *testing.T, method, path, badge string, form url.Values, header ...string) (*http.Response, string) {
	t.Helper()
	return h.answer(t, method, path, badge, form != nil, form.Encode(), header...)
}

// askJSON posts to the API.
func (h *house) askJSON(t *testing.T, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	return h.answer(t, http.MethodPost, path, "", false, body, header...)
}

func (h *house) answer(t *testing.T, method, path, badge string, form bool, content string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+h.Host("localhost")+path, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Origin", "http://"+r.Host)
	if badge != "" {
		r.AddCookie(&http.Cookie{Name: "sid", Value: badge})
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := h.app.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// see gets a page that must be there, with all of these in it.
func (h *house) see(t *testing.T, path, badge string, want ...string) string {
	t.Helper()
	resp, body := h.ask(t, "GET", path, badge, nil)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d\n%.400s", path, resp.StatusCode, body)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control %q", path, got)
	}
	if strings.Contains(body, "<html") {
		uitest.Page(t, body)
		if !strings.Contains(body, `<meta name="robots" content="noindex"`) {
			t.Errorf("%s may be found by search engines", path)
		}
	}
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("%s: %q is missing", path, w)
		}
	}
	return body
}

// send posts a form without htmx and gives where the answer leads.
func (h *house) send(t *testing.T, path, badge string, form url.Values) string {
	t.Helper()
	resp, body := h.ask(t, "POST", path, badge, form)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("POST %s: %d\n%.400s", path, resp.StatusCode, body)
	}
	return resp.Header.Get("Location")
}

func (h *house) take(t *testing.T, key string) string {
	t.Helper()
	return h.send(t, "/antrean", "", url.Values{"layanan": {h.Services[0].String()}, "kunci": {key}})
}

func TestCitizenTakesAndGivesBackANumberWithoutAScript(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		first := h.take(t, "a")
		if again := h.take(t, "a"); again != first {
			t.Errorf("the second press gave %s after %s", again, first)
		}
		second := h.take(t, "b")
		h.see(t, first, "", "A-001", "Anda berikutnya", "/langsung?tampil=waiting-0", `http-equiv="refresh" content="30"`)
		h.see(t, second+"?lang=en", "", "A-002", "1 person ahead of you", `lang="en"`)
		h.see(t, second+"/cetak", "", "A-002", "p-thermal")
		h.see(t, second+"/batal", "", "Batalkan nomor A-002?")
		if to := h.send(t, second+"/batal", "", url.Values{}); to != second {
			t.Errorf("cancelling leads to %s", to)
		}
		h.see(t, second, "", "Nomor ini dibatalkan", `name="layanan" value="`+h.Services[0].String())
		for _, path := range []string{second + "/batal", second + "/cetak"} {
			if resp, _ := h.ask(t, "GET", path, "", nil); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != second {
				t.Errorf("%s of a cancelled number: %d", path, resp.StatusCode)
			}
		}
		// Twice is once, and what has been served stays served.
		h.send(t, second+"/batal", "", url.Values{})
		h.call(t, 0)
		h.see(t, first, "", "Giliran Anda", "p-called", "Loket "+h.Canary)
		h.clock.Advance(24 * time.Hour)
		h.see(t, first, "", "hanya berlaku pada Senin, 23 November 2026")
		for _, path := range []string{"/antrean/" + id.New().String(), "/antrean/x", "/antrean/" + id.New().String() + "/langsung"} {
			if resp, _ := h.ask(t, "GET", path, "", nil); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
		}
	})
}

func TestNoNumberIsNoDeadEnd(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db, testkit.Hours(tenants.Hours{Days: "mon-fri", Open: "08:00", Close: "12:00"}))
		limited := url.Values{"layanan": {h.Services[1].String()}}
		for range 3 {
			h.send(t, "/antrean", "", limited)
		}
		resp, body := h.ask(t, "POST", "/antrean", "", limited)
		if resp.StatusCode != http.StatusConflict || !strings.Contains(body, "sudah habis") || !strings.Contains(body, "Selasa, 24 November 2026 pukul 08.00 WIB") {
			t.Errorf("full: %d\n%s", resp.StatusCode, body)
		}
		uitest.Page(t, body)
		h.clock.Set(time.Date(2026, 11, 23, 13, 0, 0, 0, clock.WIB))
		resp, body = h.ask(t, "POST", "/antrean", "", url.Values{"layanan": {h.Services[0].String()}}, "Cookie", "lang=en")
		if resp.StatusCode != http.StatusConflict || !strings.Contains(body, "Tuesday, 24 November 2026 at 08:00 WIB") || !strings.Contains(body, `href="/layanan/dukcapil/layanan-a"`) {
			t.Errorf("closed: %d\n%s", resp.StatusCode, body)
		}
		for _, service := range []string{"", "x", id.New().String()} {
			if resp, _ := h.ask(t, "POST", "/antrean", "", url.Values{"layanan": {service}}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("service %q: %d", service, resp.StatusCode)
			}
		}
	})
}

// counter is the address of one of the region's counters.
// Who is signed in takes a number from the web like everybody, unless it is their work to give it.
func TestTheChannelIsOfWhoMayGiveNumbers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		for badge, want := range map[string]queue.Channel{
			"": queue.Web, "it": queue.Web, "stranger": queue.Web, "elsewhere": queue.Web, "officer": queue.Web,
			"front": queue.AtCounter, "manager": queue.AtCounter,
		} {
			to := h.send(t, "/antrean", badge, url.Values{"layanan": {h.Services[0].String()}, "kunci": {"page " + badge}})
			ticket, err := id.Parse(strings.TrimPrefix(to, "/antrean/"))
			if err != nil {
				t.Fatal(err)
			}
			if got := h.place(t, ticket).Channel; got != want {
				t.Errorf("%q takes it from %s, want %s", badge, got, want)
			}
			header := []string{"Content-Type", "application/json"}
			if badge != "" {
				header = append(header, "Authorization", "Bearer "+badge)
			}
			p := struct {
				Channel queue.Channel `json:"channel"`
			}{}
			resp, body := h.askJSON(t, "/api/v1/tickets", `{"service_id":"`+h.Services[0].String()+`"}`, header...)
			if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != http.StatusCreated || p.Channel != want {
				t.Errorf("%q takes it by the API from %s, want %s (%d %v)", badge, p.Channel, want, resp.StatusCode, err)
			}
		}
	})
}

// What went wrong in the store is not told as a closed door.
func TestOnlyTheQueueRefusesANumber(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		if err := h.db.In(t.Context(), h.ID, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, &queue.Ticket{ // whose number the series does not know of
				ID: id.New(), SeriesID: h.Series[0], ServiceID: h.Services[0], Day: h.tenant.Today(tx.Now()), Number: 1,
				Status: queue.Waiting, Channel: queue.Web, IdemKey: "stray", CreatedAt: tx.Now(),
			})
		}); err != nil {
			t.Fatal(err)
		}
		for path, badge := range map[string]string{"/antrean": "", front + "/nomor": "front"} {
			resp, body := h.ask(t, "POST", path, badge, url.Values{"layanan": {h.Services[0].String()}, "kunci": {"x"}})
			if resp.StatusCode != http.StatusConflict || strings.Contains(body, "Nomor antrean hari ini") || strings.Contains(body, "Siapkan persyaratan") {
				t.Errorf("%s: %d\n%s", path, resp.StatusCode, body)
			}
		}
	})
}

func (h *house) counter(n int) string { return "/petugas/loket/" + h.Counters[n].String() }

// field is the value of a hidden field in a page.
func field(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("no field %s in\n%s", name, body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// Who holds two roles reads at the top the one by which they are here: an officer's at their counter, the manager's at
// the front desk.
func TestTheHeaderNamesTheRoleThatApplies(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	for path, want := range map[string]string{h.counter(0): "Petugas loket", "/petugas/meja-depan": "Manajer MPP"} {
		body := h.see(t, path, "both")
		if !strings.Contains(body, want) || want == "Petugas loket" && strings.Contains(body, "Manajer MPP") {
			t.Errorf("%s does not say %s", path, want)
		}
	}
}

func TestOfficerServesWithoutAScript(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		next := h.counter(0) + "/berikutnya"
		body := h.see(t, h.counter(0), "officer", "Belum ada yang menunggu")
		if to := h.send(t, next, "officer", url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}}); to != h.counter(0)+"?kabar=kosong" {
			t.Errorf("nobody waits: %s", to)
		}
		h.see(t, h.counter(0)+"?kabar=kosong", "officer", "jadi tidak ada yang dipanggil")
		for _, k := range []string{"a", "b", "c", "d"} {
			h.take(t, k)
			h.clock.Advance(time.Minute)
		}
		body = h.see(t, h.counter(0), "officer", "A-001 dipanggil ke Loket")
		press := url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}}
		if to := h.send(t, next, "officer", press); to != h.counter(0) {
			t.Errorf("the call leads to %s", to)
		}
		h.clock.Advance(time.Minute)
		h.send(t, next, "officer", press) // the same press, sent once more
		body = h.see(t, h.counter(0), "officer", "A-001", "Sedang dipanggil", "p-calling", "A-001 dicatat selesai dilayani, A-002 dipanggil")

		ticket := url.Values{"nomor": {field(t, body, "nomor")}}
		for _, step := range []struct{ move, want string }{
			{"panggil-ulang", "dipanggil 2 kali"}, {"layani", "Sedang dilayani"}, {"layani", "Sedang dilayani"},
		} {
			h.send(t, h.counter(0)+"/"+step.move, "officer", ticket)
			h.see(t, h.counter(0), "officer", step.want)
		}
		if to := h.send(t, h.counter(0)+"/tidak-hadir", "officer", ticket); to != h.counter(0)+"?kabar=langkah" {
			t.Errorf("an illegal move: %s", to)
		}
		h.see(t, h.counter(0)+"?kabar=langkah", "officer", "Sekarang: A-001, sedang dilayani.")
		h.send(t, h.counter(0)+"/selesai", "officer", ticket)
		body = h.see(t, h.counter(0), "officer", "Loket kosong", "A-001 selesai pukul")

		// Another screen of this counter has called in the meantime.
		press = url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}}
		h.call(t, 0)
		h.clock.Advance(time.Minute)
		if to := h.send(t, next, "officer", press); to != h.counter(0)+"?kabar=berubah" {
			t.Errorf("a stale press: %s", to)
		}
		// A ticket of another counter is not moved from here.
		if to := h.send(t, h.counter(1)+"/selesai", "officer", ticket); to != h.counter(1)+"?kabar=berubah" {
			t.Errorf("a move from another counter: %s", to)
		}
	})
}

// What htmx gets is the screen's part, the line beside it, and what a screen reader says. A second press
// that comes before a person can have meant it calls nobody.
func TestOfficerServesWithHTMX(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	for _, k := range []string{"a", "b", "c"} {
		h.take(t, k)
	}
	press := func(body string) (int, string) {
		resp, out := h.ask(t, "POST", h.counter(0)+"/berikutnya", "officer",
			url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}}, "HX-Request", "true")
		return resp.StatusCode, out
	}
	status, body := press(h.see(t, h.counter(0), "officer"))
	if status != 200 || strings.Contains(body, "<html") || !strings.Contains(body, `id="antre" hx-swap-oob`) || !strings.Contains(body, "A-001") {
		t.Fatalf("%d\n%s", status, body)
	}
	h.clock.Advance(2 * time.Second)
	if _, body = press(body); !strings.Contains(body, "Penekanan kedua tidak dihitung. Sekarang: A-001, sedang dipanggil.") {
		t.Errorf("the second press:\n%s", body)
	}
	h.clock.Advance(time.Second)
	if _, body = press(body); !strings.Contains(body, "A-002 dicatat selesai dilayani, A-003 dipanggil") {
		t.Errorf("the third press:\n%s", body)
	}
	uitest.Fragment(t, body)
}

// With nobody behind the one who is called the big button would finish them: not so soon after the call,
// with htmx or without. What says "Selesai" does it at any time, and so does the big button once they are
// there.
func TestASecondPressFinishesNobodyWhoWasJustCalled(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		status := func(ticket string) queue.Status {
			t.Helper()
			i, err := id.Parse(strings.TrimPrefix(ticket, "/antrean/"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := h.hall.Place(t.Context(), h.tenant, i)
			if err != nil {
				t.Fatal(err)
			}
			return p.Status
		}
		callOne := func(key string) (ticket string, big url.Values) {
			t.Helper()
			ticket = h.take(t, key)
			body := h.see(t, h.counter(0), "officer")
			h.send(t, h.counter(0)+"/berikutnya", "officer", url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}})
			body = h.see(t, h.counter(0), "officer", "Selesaikan A-00", `data-settles="3000"`, "baru saja dipanggil")
			return ticket, url.Values{"nomor": {field(t, body, "nomor")}, "besar": {field(t, body, "besar")}}
		}
		finish := h.counter(0) + "/selesai"

		first, big := callOne("a")
		h.clock.Advance(2 * time.Second)
		if to := h.send(t, finish, "officer", big); to != h.counter(0)+"?kabar=ganda" || status(first) != queue.Called {
			t.Errorf("the second press leads to %s, the ticket is %s", to, status(first))
		}
		if _, body := h.ask(t, "POST", finish, "officer", big, "HX-Request", "true"); !strings.Contains(body, "Penekanan kedua tidak dihitung. Sekarang: A-001, sedang dipanggil.") || status(first) != queue.Called {
			t.Errorf("with htmx: %s\n%s", status(first), body)
		}
		h.clock.Advance(time.Second)
		if to := h.send(t, finish, "officer", big); to != h.counter(0) || status(first) != queue.Finished {
			t.Errorf("later: %s, the ticket is %s", to, status(first))
		}
		// A second call, by R, rests as the first one does, and so does a third one.
		again, big := callOne("r")
		h.clock.Advance(time.Minute)
		recall := url.Values{"nomor": {big.Get("nomor")}}
		if to := h.send(t, h.counter(0)+"/panggil-ulang", "officer", recall); to != h.counter(0) {
			t.Errorf("a second call: %s", to)
		}
		h.clock.Advance(2 * time.Second)
		h.see(t, h.counter(0), "officer", "dipanggil 2 kali", "baru saja dipanggil")
		for _, press := range []struct {
			path string
			form url.Values
		}{{h.counter(0) + "/panggil-ulang", recall}, {finish, big}} {
			if to := h.send(t, press.path, "officer", press.form); to != h.counter(0)+"?kabar=ganda" || status(again) != queue.Called {
				t.Errorf("%s right after a second call: %s, the ticket is %s", press.path, to, status(again))
			}
		}
		h.see(t, h.counter(0), "officer", "dipanggil 2 kali", "dicatat selesai dilayani", "Tidak hadir")
		h.clock.Advance(time.Second)
		h.send(t, h.counter(0)+"/tidak-hadir", "officer", recall)
		// So does a call of somebody who was not there.
		body := h.see(t, h.counter(0), "officer", "Panggil kembali A-00")
		h.send(t, h.counter(0)+"/panggil-lagi", "officer", url.Values{"nomor": {big.Get("nomor")}, "kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}})
		if to := h.send(t, finish, "officer", big); to != h.counter(0)+"?kabar=ganda" || status(again) != queue.Called {
			t.Errorf("right after L: %s, the ticket is %s", to, status(again))
		}
		h.clock.Advance(time.Minute)
		h.send(t, finish, "officer", big)

		second, big := callOne("b")
		big.Del("besar")
		if h.send(t, finish, "officer", big); status(second) != queue.Finished {
			t.Errorf("the button that says so: %s", status(second))
		}
		third, big := callOne("c")
		h.send(t, h.counter(0)+"/layani", "officer", big)
		if h.send(t, finish, "officer", big); status(third) != queue.Finished {
			t.Errorf("a person who has come: %s", status(third))
		}
		// A screen that is opened later does not rest.
		callOne("d")
		h.clock.Advance(10 * time.Second)
		if body := h.see(t, h.counter(0), "officer", "Selesaikan A-005"); strings.Contains(body, "data-settles") {
			t.Error("the button rests though the call is old")
		}
	})
}

func TestCountersAreForWhoWorksThere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.take(t, "a")
		p, _ := h.call(t, 0)
		move := url.Values{"nomor": {p.ID.String()}}
		for _, c := range []struct {
			method, path, badge string
			want                int
		}{
			{"GET", "/petugas", "", 303}, {"GET", h.counter(0), "", 303}, {"POST", h.counter(0) + "/berikutnya", "", 303}, {"GET", h.counter(0) + "/langsung", "", 303},
			{"GET", "/petugas", "stranger", 200}, {"GET", h.counter(0), "stranger", 403}, {"POST", h.counter(0) + "/berikutnya", "stranger", 403},
			{"GET", h.counter(0) + "/langsung", "stranger", 403}, {"POST", h.counter(0) + "/selesai", "stranger", 403},
			{"GET", h.counter(0), "bound", 200}, {"GET", h.counter(1), "bound", 403}, {"POST", h.counter(1) + "/berikutnya", "bound", 403},
			{"GET", h.counter(0), "manager", 200}, {"POST", h.counter(0) + "/berikutnya", "manager", 403}, {"POST", h.counter(0) + "/selesai", "manager", 403},
			{"GET", "/petugas/loket/" + id.New().String(), "officer", 404}, {"POST", "/petugas/loket/" + id.New().String() + "/selesai", "officer", 404}, {"POST", h.counter(0) + "/hapus", "officer", 404}, {"POST", h.counter(0) + "/selesai", "officer", 303},
		} {
			form := url.Values(nil)
			if c.method == "POST" {
				form = move
			}
			if resp, _ := h.ask(t, c.method, c.path, c.badge, form); resp.StatusCode != c.want {
				t.Errorf("%s %s as %q: %d, want %d", c.method, c.path, c.badge, resp.StatusCode, c.want)
			}
		}
		h.see(t, "/petugas", "stranger", "Belum ada loket")
		h.see(t, "/petugas", "manager", "Semua loket", h.counter(0), h.counter(1), "/papan")
		h.see(t, h.counter(0), "manager", "Pemanggilan dilakukan oleh petugas loket")
		if body := h.see(t, "/petugas", "bound", "Loket saya", h.counter(0)); strings.Contains(body, h.counter(1)) {
			t.Error("the officer sees a counter of somebody else")
		}
	})
}

// Nobody waits before a board at a digital venue: it has none, and a region that is purely digital is told so.
func TestADigitalVenueHasNoBoard(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		if err := h.db.In(t.Context(), h.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.VenueRow](tx).Set("kind = ?", string(tenants.Digital)).Where("id = ?", h.Venue).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if body := h.see(t, "/papan", "", "Belum ada papan", "Cari layanan lain"); strings.Contains(body, "/papan/mal-a") || strings.Contains(body, "?tata=1") {
			t.Error("a digital venue has a board")
		}
		for _, path := range []string{"/papan/mal-a", "/papan/" + h.Hall.String(), "/papan/mal-a/langsung"} {
			if resp, body := h.ask(t, "GET", path, "", nil); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "Semua papan daerah ini ada di /papan.") {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
		}
	})
}

func TestBoards(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.see(t, "/papan", "", "/papan/mal-a", h.Host("localhost")+"/papan/mal-a")
		for _, k := range []string{"a", "b", "c"} {
			h.take(t, k)
		}
		h.see(t, "/papan/mal-a", "", "Belum ada panggilan", "p-idle", "A-001", `http-equiv="refresh" content="15"`)
		h.call(t, 0)
		h.see(t, "/papan/"+h.Hall.String(), "", `data-number="A-001"`, "A-002", "/api/v1/boards/"+h.Hall.String()+"/events?last_event_id=")
		h.see(t, "/papan/mal-a?tata=12", "", "p-grid12", `class="p-on"`)
		if body := h.see(t, "/papan/mal-a/berikutnya?tata=12", "", "A-002", "A-003"); strings.Contains(body, "<html") {
			t.Error("the fragment is a page")
		}
		for _, zone := range []string{"mal-b", "mal", id.New().String()} {
			if resp, _ := h.ask(t, "GET", "/papan/"+zone, "", nil); resp.StatusCode != http.StatusNotFound {
				t.Errorf("board %s: %d", zone, resp.StatusCode)
			}
		}
	})
}
