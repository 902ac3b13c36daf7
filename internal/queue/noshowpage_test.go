package queue_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

// online serves the house on a real connection, for streams.
func (h *house) online(t *testing.T) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.app.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = h.app.Shutdown(ctx)
	})
	return ln.Addr().String()
}

// againForm is the first form of a page that calls somebody again, as a browser sends it.
func againForm(t *testing.T, body string) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(body, `/panggil-lagi" hx-post`)
	if !ok {
		t.Fatal("nobody can be called again")
	}
	form, _, _ = strings.Cut(form, "</form>")
	return url.Values{"nomor": {field(t, form, "nomor")}, "kunci": {field(t, form, "kunci")}, "lihat": {field(t, form, "lihat")}}
}

func TestOfficerCallsAgainWithoutAScript(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		again := h.counter(0) + "/panggil-lagi"
		a := h.miss(t, "a", 0)
		body := h.see(t, h.counter(0), "officer", "A-001 dicatat tidak hadir pukul 09.00", "Panggil kembali A-001", `data-key="l"`, ">L</kbd>", "Tidak hadir", `id="lagi-`+a.ID.String())
		press := againForm(t, body)
		if to := h.send(t, again, "officer", press); to != h.counter(0) {
			t.Errorf("it leads to %s", to)
		}
		h.send(t, again, "officer", press) // the same press, sent once more
		h.see(t, h.counter(0), "officer", "Sedang dipanggil", "p-calling", "dipanggil 2 kali")
		// A screen from before, on which the counter was free, calls nobody.
		h.take(t, "b")
		old := url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}, "kosong": {field(t, body, "kosong")}}
		old.Set("kunci", "another screen")
		h.clock.Advance(time.Minute)
		if to := h.send(t, h.counter(0)+"/berikutnya", "officer", old); to != h.counter(0)+"?kabar=berubah" {
			t.Errorf("the old screen: %s", to)
		}
		// Busy: the list still says who was not there, and calls nobody.
		h.send(t, h.counter(0)+"/tidak-hadir", "officer", url.Values{"nomor": {a.ID.String()}})
		press = againForm(t, h.see(t, h.counter(0), "officer"))
		h.call(t, 1)
		h.take(t, "c")
		c, _ := h.call(t, 0)
		body = h.see(t, h.counter(0), "officer", c.Label, "dicatat tidak hadir")
		if strings.Contains(body, `data-key="l"`) || !strings.Contains(body, `aria-label="Panggil kembali A-001" disabled`) {
			t.Error("a counter that is not free offers a call")
		}
		if to := h.send(t, again, "officer", press); to != h.counter(0)+"?kabar=berubah" {
			t.Errorf("a stale press: %s", to)
		}
		h.send(t, h.counter(0)+"/selesai", "officer", url.Values{"nomor": {c.ID.String()}})
		press = againForm(t, h.see(t, h.counter(0), "officer", "selesai pukul"))
		if _, err := h.giveBack(a.ID); err != nil {
			t.Fatal(err)
		}
		if to := h.send(t, again, "officer", press); to != h.counter(0)+"?kabar=kembali" {
			t.Errorf("who is back in the line: %s", to)
		}
		body = h.see(t, h.counter(0)+"?kabar=kembali", "officer", "sudah kembali ke antrean")
		if strings.Contains(body, "panggil-lagi") {
			t.Error("who is back in the line can be called again")
		}
		h.see(t, h.counter(0)+"?lang=en", "officer")
		for _, x := range []struct {
			badge string
			want  int
		}{{"stranger", 403}, {"manager", 403}, {"front", 403}, {"", 303}} {
			if resp, _ := h.ask(t, "POST", again, x.badge, press); resp.StatusCode != x.want {
				t.Errorf("as %q: %d", x.badge, resp.StatusCode)
			}
		}
	})
}

func TestOfficerCallsAgainWithHTMX(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	h.miss(t, "a", 0)
	press := againForm(t, h.see(t, h.counter(0), "officer"))
	resp, body := h.ask(t, "POST", h.counter(0)+"/panggil-lagi", "officer", press, "HX-Request", "true")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "p-calling") || !strings.Contains(body, `id="absen" hx-swap-oob`) {
		t.Fatalf("%d\n%s", resp.StatusCode, body)
	}
	uitest.Fragment(t, body)
}

// The list is of the counter's series, wherever they were missed, the last three.
func TestTheListOfTheAbsentIsShort(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	for i, key := range []string{"a", "b", "c", "d"} {
		h.miss(t, key, i%2)
		h.clock.Advance(time.Minute)
	}
	body := h.see(t, h.counter(0), "officer", "A-004", "A-003", "A-002", "09.03, Loket "+h.Canary)
	if strings.Contains(body, "A-001") {
		t.Error("the list is long")
	}
	if strings.Index(body, `aria-label="Panggil kembali A-004"`) > strings.Index(body, `aria-label="Panggil kembali A-003"`) {
		t.Error("the newest is not first")
	}
	h.clock.Advance(24 * time.Hour)
	if body := h.see(t, h.counter(0), "officer"); strings.Contains(body, "Tidak hadir</h2>") {
		t.Error("yesterday's are listed")
	}
}

func TestWhoIsBackInTheLineSeesItAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		addr := h.online(t)
		a := h.miss(t, "a", 0)
		address := "/antrean/" + a.ID.String()
		body := h.see(t, address, "", "Anda terlewat", queue.Code(a.ID), "live.js")
		_, live, _ := strings.Cut(body, `data-live="`)
		live, _, _ = strings.Cut(live, `"`)
		phone := h.listen(t, addr, live, "")
		desk := h.listen(t, addr, h.counter(1)+"/langsung", "officer")
		hear(t, "the counter", desk, `"target":"absen"`, "A-001")
		if _, err := h.giveBack(a.ID); err != nil {
			t.Fatal(err)
		}
		hear(t, "the phone", phone, `"target":"kabar"`, "A-001, Anda berikutnya")
		hear(t, "the phone", phone, `"target":"nomor"`, "Anda berikutnya", "<svg class=\\\"p-qr\\\"")
		hear(t, "the counter", desk, `"target":"antre"`, "A-001")
		hear(t, "the counter", desk, `"target":"absen"`, `"html":""`)
		// Called a second time with the same words, a screen reader says them a second time.
		h.call(t, 1)
		hear(t, "the phone", phone, `"target":"panggilan"`, "A-001 dipanggil ke Loket")
		if _, err := h.hall.Do(t.Context(), h.tenant, h.officer, a.ID, queue.Absent); err != nil {
			t.Fatal(err)
		}
		hear(t, "the phone", phone, `"target":"panggilan"`, `"html":""`)
		hear(t, "the phone", phone, `"target":"nomor"`, "Anda terlewat")
		if _, err := h.giveBack(a.ID); err != nil {
			t.Fatal(err)
		}
		hear(t, "the phone", phone, `"target":"nomor"`, "Anda berikutnya")
		h.call(t, 1)
		hear(t, "the phone", phone, `"target":"panggilan"`, "A-001 dipanggil ke Loket")
	})
}
