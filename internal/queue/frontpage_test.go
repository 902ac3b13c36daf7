package queue_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants"
)

const front = "/petugas/meja-depan"

// give presses the button of a service on a page of the desk.
func (h *house) give(t *testing.T, body string, service int) string {
	t.Helper()
	return h.send(t, front+"/nomor", "front", url.Values{"layanan": {h.Services[service].String()}, "kunci": {field(t, body, "kunci")}})
}

func TestTheDeskGivesANumberOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		body := h.see(t, front, "front", "Meja depan", "Layanan "+h.Canary, h.Services[0].String(), "Dinas "+h.Canary)
		first := h.give(t, body, 0)
		if again := h.give(t, body, 0); again != first || !strings.HasSuffix(first, "?kabar=baru") {
			t.Errorf("the second press leads to %s after %s", again, first)
		}
		page := h.see(t, first, "front", "A-001", "Nomor baru sudah diberikan.", "Dipanggil berikutnya", "di meja depan", "/cetak", "Nomor berikutnya untuk orang lain", "/langsung")
		ticket, _, _ := strings.Cut(strings.TrimPrefix(first, front+"/nomor/"), "?")
		tid, err := id.Parse(ticket)
		if err != nil {
			t.Fatal(err)
		}
		if p := h.place(t, tid); p.Channel != queue.AtCounter || !strings.Contains(page, queue.Code(tid)) {
			t.Errorf("the channel is %s", p.Channel)
		}
		// Another service of the same page is another number; a fresh page too.
		if other := h.give(t, body, 1); other == first {
			t.Error("another service gave the same number")
		}
		if next := h.give(t, h.see(t, front, "front"), 0); next == first {
			t.Error("a fresh page gave the same number")
		}
		// Whoever goes back to the old page for the next person is told so.
		h.clock.Advance(time.Minute)
		old := h.give(t, body, 0)
		h.see(t, old, "front", "A-001 sudah diberikan pukul 09.00 dengan tombol yang sama")
		h.see(t, strings.Split(first, "?")[0]+"/cetak", "front", "A-001", "p-thermal", "data-print", front)
		if rec, _ := h.count(t, tid, "ticket.issued", "queue:ticket:issue"); rec != 1 {
			t.Errorf("%d numbers were given", rec)
		}
	})
}

func TestTheDeskSaysWhyThereIsNoNumber(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db, testkit.Hours(tenants.Hours{Days: "mon-fri", Open: "08:00", Close: "12:00"}))
		for range 3 {
			h.give(t, h.see(t, front, "front"), 1)
		}
		body := h.see(t, front, "front", "Nomor antrean hari ini sudah habis. Nomor diberikan lagi Selasa, 24 November 2026 pukul 08.00 WIB.", "Habis: 3 nomor")
		if strings.Contains(body, `value="`+h.Services[1].String()) {
			t.Error("a full series has a button")
		}
		post := func(service int) (int, string) {
			resp, body := h.ask(t, "POST", front+"/nomor", "front", url.Values{"layanan": {h.Services[service].String()}, "kunci": {id.New().String()}})
			return resp.StatusCode, body
		}
		status, body := post(1)
		if status != http.StatusConflict || !strings.Contains(body, "sudah habis") || !strings.Contains(body, "Selasa, 24 November 2026 pukul 08.00 WIB") {
			t.Errorf("full: %d\n%s", status, body)
		}
		uitest.Page(t, body)
		h.clock.Set(time.Date(2026, 11, 23, 13, 0, 0, 0, clock.WIB))
		body = h.see(t, front, "front", "Nomor antrean hari ini sudah ditutup", "Nomor diberikan lagi Selasa, 24 November 2026 pukul 08.00 WIB.")
		if strings.Contains(body, `name="layanan"`) {
			t.Error("a closed place has buttons")
		}
		if status, body = post(0); status != http.StatusConflict || !strings.Contains(body, "Selasa, 24 November 2026") {
			t.Errorf("closed: %d\n%s", status, body)
		}
		h.clock.Set(time.Date(2026, 11, 23, 7, 0, 0, 0, clock.WIB))
		h.see(t, front, "front", "Nomor antrean belum dibuka", "hari ini pukul 08.00 WIB")
		for _, service := range []string{"", "x", id.New().String(), h.Services[0].String() + "/", h.Services[0].String() + "/x"} {
			if resp, _ := h.ask(t, "POST", front+"/nomor", "front", url.Values{"layanan": {service}}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("service %q: %d", service, resp.StatusCode)
			}
		}
	})
}

// A service at several places has a button for each, which says which.
func TestTheDesksButtonNamesThePlace(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		err := db.In(t.Context(), h.ID, func(ctx context.Context, tx *store.Tx) error {
			return store.Insert(ctx, tx, &tenant.ServiceSeries{ServiceID: h.Services[0], SeriesID: h.Series[1], Sort: 1})
		})
		if err != nil {
			t.Fatal(err)
		}
		body := h.see(t, front, "front", h.Services[0].String()+"/"+h.Series[0].String(), h.Services[0].String()+"/"+h.Series[1].String())
		press := func(series int) string {
			return h.send(t, front+"/nomor", "front", url.Values{"layanan": {h.Services[0].String() + "/" + h.Series[series].String()}, "kunci": {field(t, body, "kunci")}})
		}
		first, second := press(0), press(1)
		h.see(t, first, "front", "A-001")
		h.see(t, second, "front", "B-001")
		if again := press(1); again != second {
			t.Errorf("pressed again: %s after %s", again, second)
		}
		resp, _ := h.ask(t, "POST", front+"/nomor", "front", url.Values{"layanan": {h.Services[1].String() + "/" + h.Series[0].String()}, "kunci": {"k"}})
		if resp.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a place where the service is not given: %d", resp.StatusCode)
		}
	})
}

func TestTheDeskFindsAService(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.see(t, front+"?q="+h.Canary, "front", h.Services[0].String(), "2 layanan", "Semua instansi")
		h.see(t, front+"?q=zzzz", "front", "Tidak ada layanan yang cocok dengan &#34;zzzz&#34;.", "Semua instansi")
		h.see(t, front+"?instansi=dukcapil", "front", h.Services[1].String(), "Semua instansi")
		h.see(t, front+"?instansi=tidak-ada", "front", h.Services[1].String())
		resp, body := h.ask(t, "GET", front+"?q="+h.Canary, "front", nil, "HX-Request", "true")
		if resp.StatusCode != http.StatusOK || strings.Contains(body, "<html") || !strings.Contains(body, `data-count="2 layanan"`) {
			t.Errorf("as one types: %d\n%s", resp.StatusCode, body)
		}
		uitest.Fragment(t, body)
		h.see(t, front+"?lang=en", "front", "Front desk", "Queues now")
	})
}

func TestTheDeskFindsTodaysTickets(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.issue(t, "a")
		h.clock.Advance(24 * time.Hour)
		today := h.issue(t, "b")
		b, err := h.hall.Issue(t.Context(), h.tenant, queue.Request{ServiceID: h.Services[1], Channel: queue.Web})
		if err != nil {
			t.Fatal(err)
		}
		look := func(text string) (int, string, string) {
			resp, body := h.ask(t, "GET", front+"?nomor="+url.QueryEscape(text), "front", nil)
			return resp.StatusCode, resp.Header.Get("Location"), body
		}
		code := queue.Code(today.ID)
		for _, text := range []string{"A-001", "a1", " A 001 ", code, strings.ToLower(strings.ReplaceAll(code, "-", "")), "http://x.localhost/antrean/" + today.ID.String(),
			strings.NewReplacer("5", "S", "2", "Z", "8", "B", "6", "G").Replace(code)} {
			if status, to, body := look(text); status != http.StatusSeeOther || to != front+"/nomor/"+today.ID.String() {
				t.Errorf("%q: %d %s\n%.300s", text, status, to, body)
			}
		}
		if status, _, body := look("1"); status != http.StatusOK || !strings.Contains(body, "2 nomor yang cocok") || !strings.Contains(body, front+"/nomor/"+b.ID.String()) {
			t.Errorf("a number of two series: %d", status)
		}
		for text, want := range map[string]string{
			"A-002": "Nomor terakhir yang diberikan adalah A-001.", "Z-001": "Hari ini tidak ada nomor Z-001.", "bukan": "Mohon tuliskan nomor",
			queue.Code(a.ID): "Hari ini tidak ada nomor ", // yesterday's
		} {
			if status, _, body := look(text); status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `aria-invalid="true"`) {
				t.Errorf("%q: %d, %q is missing", text, status, want)
			}
		}
		if resp, _ := h.ask(t, "GET", front+"?nomor=A-001", "stranger", nil); resp.StatusCode != http.StatusForbidden {
			t.Errorf("an officer searches: %d", resp.StatusCode)
		}
	})
}

// A hand scanner reads yesterday's paper too, and another region's.
func TestTheDeskSaysWhatAnOldQRCodeIs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.issue(t, "a")
		scan := func(ticket id.ID) string {
			return front + "?nomor=" + url.QueryEscape("http://"+h.Host("localhost")+"/antrean/"+ticket.String())
		}
		h.clock.Advance(24 * time.Hour)
		h.issue(t, "b")
		resp, _ := h.ask(t, "GET", scan(a.ID), "front", nil)
		if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || to != front+"/nomor/"+a.ID.String() {
			t.Errorf("yesterday's: %d %s", resp.StatusCode, to)
		}
		h.see(t, front+"/nomor/"+a.ID.String(), "front", "Tidak berlaku lagi", "Senin, 23 November 2026")
		h.see(t, front+"/nomor/"+a.ID.String()+"?lang=en", "front", "No longer valid", "Monday, 23 November 2026")
		h.see(t, scan(id.New()), "front", "Nomor antrean dari QR ini tidak ditemukan di sini.")
		h.see(t, scan(a.ID), "elsewhere", "Nomor antrean dari QR ini tidak ditemukan di sini.") // not theirs to see
	})
}

func TestTheDeskPutsBackAndCancels(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.miss(t, "a", 0)
		ticket := front + "/nomor/" + a.ID.String()
		h.see(t, front, "front", ticket, "09.00, Loket "+h.Canary)
		h.see(t, ticket, "front", "Tidak hadir saat dipanggil", "Kembalikan ke antrean", ticket+"/kembali", queue.Code(a.ID))
		for range 2 { // the second finds it done
			if to := h.send(t, ticket+"/kembali", "front", url.Values{}); to != ticket+"?kabar=kembali" {
				t.Errorf("it leads to %s", to)
			}
		}
		h.see(t, ticket+"?kabar=kembali", "front", "A-001 sudah kembali ke antrean.", "Dipanggil berikutnya", "/cetak")
		h.call(t, 1)
		if to := h.send(t, ticket+"/kembali", "front", url.Values{}); to != ticket+"?kabar=langkah" {
			t.Errorf("an illegal move: %s", to)
		}
		h.see(t, ticket+"?kabar=langkah", "front", "Sekarang: A-001 dipanggil ke Loket", "p-calling")
		h.see(t, ticket+"/batal", "front", "Batalkan nomor A-001?", queue.Code(a.ID))
		h.send(t, ticket+"/batal", "front", url.Values{})
		h.see(t, ticket+"?kabar=batal", "front", "A-001 sudah dibatalkan.", "Beri nomor baru untuk layanan ini")
		h.send(t, ticket+"/batal", "front", url.Values{}) // once more is no more
		if events, records := h.count(t, a.ID, "ticket.cancelled", "queue:ticket:cancel"); events != 1 || records != 1 {
			t.Errorf("%d events, %d records", events, records)
		}
		for _, path := range []string{"/batal", "/cetak"} {
			if resp, _ := h.ask(t, "GET", ticket+path, "front", nil); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != ticket {
				t.Errorf("%s of a cancelled number: %d", path, resp.StatusCode)
			}
		}
		// The record says who did it.
		err := db.View(t.Context(), h.ID, func(ctx context.Context, tx *store.Tx) error {
			type row struct {
				Actor string `bun:"actor"`
			}
			rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select actor from audit where action in ('queue:ticket:cancel', 'queue:ticket:return')")
			for _, r := range rows {
				if !strings.HasPrefix(r.Actor, "user:") {
					t.Errorf("it was %s", r.Actor)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// Yesterday's is shown, and nothing is done to it.
		b := h.miss(t, "b", 0)
		h.clock.Advance(24 * time.Hour)
		ticket = front + "/nomor/" + b.ID.String()
		if body := h.see(t, ticket, "front", "Tidak berlaku lagi"); strings.Contains(body, "/kembali") || strings.Contains(body, "/batal") {
			t.Error("yesterday's ticket offers something")
		}
		if to := h.send(t, ticket+"/batal", "front", url.Values{}); to != ticket+"?kabar=langkah" {
			t.Errorf("yesterday's is cancelled: %s", to)
		}
	})
}

func TestTheDeskIsForWhoWorksThere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.issue(t, "a")
		ticket := front + "/nomor/" + a.ID.String()
		none := front + "/nomor/" + id.New().String()
		for badge, want := range map[string]int{"front": 200, "manager": 200, "officer": 403, "stranger": 403, "it": 403, "": 303} {
			for _, path := range []string{front, ticket, ticket + "/cetak", ticket + "/batal"} {
				if resp, _ := h.ask(t, "GET", path, badge, nil); resp.StatusCode != want {
					t.Errorf("GET %s as %q: %d", path, badge, resp.StatusCode)
				}
			}
			if want == 200 {
				continue
			}
			for _, path := range []string{front + "/langsung", ticket + "/langsung"} {
				if resp, _ := h.ask(t, "GET", path, badge, nil); resp.StatusCode != want {
					t.Errorf("GET %s as %q: %d", path, badge, resp.StatusCode)
				}
			}
			for _, path := range []string{front + "/nomor", ticket + "/batal", ticket + "/kembali"} {
				if resp, _ := h.ask(t, "POST", path, badge, url.Values{"layanan": {h.Services[0].String()}}); resp.StatusCode != want {
					t.Errorf("POST %s as %q: %d", path, badge, resp.StatusCode)
				}
			}
		}
		for _, path := range []string{none, none + "/cetak", none + "/batal", none + "/langsung", front + "/nomor/x"} {
			if resp, _ := h.ask(t, "GET", path, "front", nil); resp.StatusCode != http.StatusNotFound {
				t.Errorf("GET %s: %d", path, resp.StatusCode)
			}
		}
		for _, path := range []string{none + "/batal", none + "/kembali"} {
			if resp, _ := h.ask(t, "POST", path, "front", url.Values{}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("POST %s: %d", path, resp.StatusCode)
			}
		}
		if p := h.place(t, a.ID); p.Status != queue.Waiting {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
		// The page where staff begin leads there, whom it is for.
		link := `href="` + front + `"`
		for badge, want := range map[string]bool{"front": true, "manager": true, "officer": false, "it": false} {
			if got := strings.Contains(h.see(t, "/petugas", badge), link); got != want {
				t.Errorf("the link for %s: %v", badge, got)
			}
		}
		// Somebody at the desk of one agency sees, and moves, that agency's.
		for _, x := range []struct{ path, want string }{{front, "Tidak ada"}, {ticket, ""}} {
			resp, body := h.ask(t, "GET", x.path, "elsewhere", nil)
			if x.path == ticket && resp.StatusCode != http.StatusForbidden || x.path == front && (resp.StatusCode != 200 || strings.Contains(body, "Seri "+h.Canary)) {
				t.Errorf("GET %s at another agency's desk: %d", x.path, resp.StatusCode)
			}
		}
		if resp, _ := h.ask(t, "POST", front+"/nomor", "elsewhere", url.Values{"layanan": {h.Services[0].String()}}); resp.StatusCode != http.StatusForbidden {
			t.Errorf("a number of another agency: %d", resp.StatusCode)
		}
		if resp, _ := h.ask(t, "GET", front+"?nomor=A-001", "elsewhere", nil); resp.StatusCode != http.StatusOK {
			t.Errorf("a ticket of another agency is found: %d", resp.StatusCode)
		}
	})
}

func TestTheDeskSeesWhatHappens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		addr := h.online(t)
		desk := h.listen(t, addr, front+"/langsung", "front")
		hear(t, "the desk", desk, `"target":"antrean"`, "<b>0</b>")
		a := h.issue(t, "a")
		hear(t, "the desk", desk, `"target":"antrean"`, "<b>1</b>", "09.00")
		ticket := h.listen(t, addr, front+"/nomor/"+a.ID.String()+"/langsung", "front")
		hear(t, "the ticket", ticket, `"target":"tindakan"`, "/cetak")
		h.call(t, 0)
		hear(t, "the desk", desk, `"target":"antrean"`, "1 dari 2")
		hear(t, "the ticket", ticket, `"target":"kabar"`, "A-001 dipanggil ke Loket")
		hear(t, "the ticket", ticket, `"target":"nomor"`, "p-calling")
		if _, err := h.hall.Do(t.Context(), h.tenant, h.officer, a.ID, queue.Absent); err != nil {
			t.Fatal(err)
		}
		hear(t, "the desk", desk, `"target":"absen"`, "A-001")
		hear(t, "the ticket", ticket, `"target":"tindakan"`, "/kembali")
	})
}

func TestAllQueuesAtAGlance(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.issue(t, "a")
		h.clock.Advance(5 * time.Minute)
		for _, k := range []string{"b", "c"} {
			h.issue(t, k)
		}
		h.call(t, 0)
		h.see(t, front, "front", ">2</b>", "09.05", "1 dari 2")
		// Who was put back is again the one that waits longest.
		if _, err := h.hall.Do(t.Context(), h.tenant, h.officer, a.ID, queue.Absent); err != nil {
			t.Fatal(err)
		}
		if _, err := h.giveBack(a.ID); err != nil {
			t.Fatal(err)
		}
		h.see(t, front, "front", ">3</b>", "09.00", "0 dari 2")
	})
}

func TestReturningByTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		a := h.miss(t, "a", 0)
		path := "/api/v1/tickets/" + a.ID.String() + "/return"
		post := func(path, badge string) (int, string) {
			header := []string{"Authorization", "Bearer " + badge}
			if badge == "" {
				header = nil
			}
			resp, body := h.ask(t, "POST", path, "", nil, header...)
			return resp.StatusCode, body
		}
		for range 2 {
			if status, body := post(path, "front"); status != 200 || !strings.Contains(body, `"status":"waiting"`) || !strings.Contains(body, `"position":1`) || strings.Contains(body, "counter\":{") {
				t.Errorf("%d %s", status, body)
			}
		}
		h.call(t, 0)
		if status, body := post(path, "front"); status != 409 || !strings.Contains(body, `"status":409`) || !strings.Contains(body, "queue.illegal_move") || !strings.Contains(body, `"move":"return"`) {
			t.Errorf("a called ticket: %d %s", status, body)
		}
		for badge, want := range map[string]int{"officer": 403, "": 401} {
			if status, _ := post(path, badge); status != want {
				t.Errorf("as %q: %d", badge, status)
			}
		}
		if status, _ := post("/api/v1/tickets/"+id.New().String()+"/return", "front"); status != 404 {
			t.Errorf("no such ticket: %d", status)
		}
		_, err := h.hall.CancelFor(t.Context(), h.tenant, h.officer, a.ID)
		if !fault.Is(err, "authz.forbidden") {
			t.Errorf("an officer cancels: %v", err)
		}
	})
}
