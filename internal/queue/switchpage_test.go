package queue_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// heard is what a process does within a second: it reads the list of regions again.
func (h *house) heard(t *testing.T) {
	t.Helper()
	if err := h.reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The whole way by forms: planned, told to people, numbers from a sheet, switched, taken back, the report.
func TestChangingOverByForms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		const path = "/petugas/peralihan"
		h.see(t, path, "manager", "Pendopo memberi nomor.", "Simpan rencana", `name="diberikan"`)
		for badge, want := range map[string]int{"front": 403, "officer": 403, "it": 200} {
			if resp, _ := h.ask(t, "GET", path, badge, nil); resp.StatusCode != want {
				t.Errorf("%s: %d", badge, resp.StatusCode)
			}
		}
		if resp, _ := h.ask(t, "GET", path+"/laporan", "manager", nil); resp.StatusCode != 404 {
			t.Errorf("a report of nothing: %d", resp.StatusCode)
		}
		form := func(given, called string) url.Values {
			return url.Values{"kapan": {"nanti"}, "tanggal": {"2026-11-23"}, "jam": {"10:00"}, "seri": {h.Series[0].String(), h.Series[1].String()}, "diberikan": {given, ""}, "dipanggil": {called, ""}}
		}
		for _, wrong := range []struct{ given, called, says string }{
			{"5", "7", "Pada seri A nomor yang dipanggil lebih besar"}, {"banyak", "", "Nomor terakhir harus bilangan"}, {"9000", "1", "belum dipanggil; mohon periksa"},
		} {
			resp, body := h.ask(t, "POST", path, "manager", form(wrong.given, wrong.called))
			if resp.StatusCode != 422 || !strings.Contains(body, wrong.says) || !strings.Contains(body, fmt.Sprintf(`value="%s"`, wrong.given)) {
				t.Errorf("%s of %s: %d, and not said: %s", wrong.called, wrong.given, resp.StatusCode, wrong.says)
			}
		}
		past := form("", "")
		past.Set("jam", "08:00")
		if resp, body := h.ask(t, "POST", path, "manager", past); resp.StatusCode != 422 || !strings.Contains(body, "jam yang akan datang") {
			t.Errorf("in the past: %d", resp.StatusCode)
		}
		sheet := "Seri;Terakhir diberikan;Terakhir dipanggil\nA;A-041;039\nX;1;1\nB;2;\n"
		resp, body := h.ask(t, "POST", path+"/berkas", "manager", url.Values{"isi": {base64.StdEncoding.EncodeToString([]byte(sheet))}})
		if resp.StatusCode != 422 || !strings.Contains(body, "A3 Seri: Daerah ini tidak punya seri") || !strings.Contains(body, `value="41"`) || !strings.Contains(body, "belum disimpan") {
			t.Errorf("from a sheet: %d %.3000s", resp.StatusCode, body)
		}
		if to := h.send(t, path, "manager", form("A-041", "39")); to != path+"?kabar=alih" {
			t.Errorf("led to %s", to)
		}
		h.heard(t)
		h.see(t, path, "manager", "Sistem lama memberi nomor.", "Senin, 23 November 2026 pukul 10.00 WIB", `value="41"`, "Akhiri tanpa sistem lama")
		take := url.Values{"layanan": {h.Services[0].String()}}
		resp, body = h.ask(t, "POST", "/antrean", "", take)
		if resp.StatusCode != 409 || !strings.Contains(body, "Nomor masih diberikan sistem lama") || !strings.Contains(body, "10.00 WIB") {
			t.Errorf("who takes a number is told: %d %.2000s", resp.StatusCode, body)
		}
		if resp, body := h.ask(t, "GET", "/petugas/meja-depan", "front", nil); resp.StatusCode != 200 || !strings.Contains(body, "sistem lama") {
			t.Errorf("the desk is not told: %d", resp.StatusCode)
		}
		h.clock.Set(testkit.Morning.Add(time.Hour))
		if to := h.send(t, "/antrean", "", take); !strings.HasPrefix(to, "/antrean/") {
			t.Errorf("led to %s", to)
		}
		h.see(t, path, "it", "Sudah beralih.", "Kembalikan ke sistem lama", "Pendopo sudah memberi nomor; terakhir A-042.")
		// The paper is called first, by its number.
		h.send(t, h.counter(0)+"/berikutnya", "officer", url.Values{"kunci": {"satu"}})
		h.see(t, h.counter(0), "officer", "A-040")
		if to := h.send(t, path+"/kembali", "manager", url.Values{}); to != path+"?kabar=kembali" {
			t.Errorf("led to %s", to)
		}
		h.heard(t)
		h.see(t, path, "manager", "Dikembalikan ke sistem lama.", "10.00 WIB", "laporan?bentuk=csv")
		if resp, _ := h.ask(t, "POST", "/antrean", "", take); resp.StatusCode != 409 {
			t.Errorf("a number after it was taken back: %d", resp.StatusCode)
		}
		resp, body = h.ask(t, "GET", path+"/laporan?bentuk=csv", "manager", nil)
		for _, line := range []string{
			"A;Seri " + h.Canary + ";Mal " + h.Canary + ";41;39;42;40;1;2\r\n", "A-040;A;40;sistem lama;dipanggil;09:00:00;10:00:00;;;Loket " + h.Canary, "A-041;A;41;sistem lama;dikembalikan ke sistem lama;09:00:00;;;10:00:00;",
			"A-042;A;42;Pendopo;menunggu;10:00:00;;;;",
		} {
			if !strings.Contains(body, line) {
				t.Errorf("the report lacks %q", line)
			}
		}
		if resp, body := h.ask(t, "GET", path+"/laporan?bentuk=xlsx", "manager", nil); resp.StatusCode != 200 || !strings.HasPrefix(body, "PK") || !strings.Contains(resp.Header.Get("Content-Disposition"), "-2026-11-23.xlsx") {
			t.Errorf("xlsx: %d %s", resp.StatusCode, resp.Header.Get("Content-Disposition"))
		}
		if t.Failed() {
			t.Logf("%.3000s", body)
		}
		h.send(t, path+"/batal", "manager", url.Values{})
		h.heard(t)
		h.send(t, "/antrean", "", take)
		_ = resp
	})
}

// The page on a phone, a tablet and a desktop.
func TestTheChangeOversPageIsAccessible(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	p := h.open(t, "/petugas/peralihan", "manager")
	site := strings.TrimSuffix(p.MustInfo().URL, "/petugas/peralihan")
	look := func(name string) {
		t.Helper()
		for _, width := range []int{360, 768, 1280} {
			p.MustSetViewport(width, 800, 1, false)
			p.Accessible(t)
			if wide := p.Wide(t); wide > 0 {
				t.Errorf("%s at %d: %d pixels too wide", name, width, wide)
			}
			p.Screenshot(t, fmt.Sprintf("peralihan-%s-%d", name, width))
		}
	}
	look("rencana")
	h.send(t, "/petugas/peralihan", "manager", url.Values{"kapan": {"sekarang"}, "seri": {h.Series[0].String()}, "diberikan": {"41"}, "dipanggil": {"39"}})
	h.heard(t)
	p.Visit(t, site+"/petugas/peralihan?kabar=alih")
	look("sudah")
}
