package subscription_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/subscription"
)

var invoicePath = regexp.MustCompile(`/petugas/langganan/tagihan/[0-9.]*/?[0-9a-f-]{36}`)

// A region gives its details, sees what a plan costs, subscribes, gets an invoice with its papers; who runs the platform
// marks it paid, and the region's page and the API say so.
func TestFromDetailsToPaid(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		const path = "/petugas/langganan"
		if status, text := w.get(t, "admin", w.host(), path); status != 200 {
			t.Fatalf("%d %s", status, text)
		} else {
			contains(t, text, "Rintisan", "Rp120.000.000", "Belum ada tagihan", "Belum diisi", "menunggu penetapan")
		}
		if status, _, to := w.do(t, "admin", "GET", w.host(), path+"/ubah?paket=kabupaten", "", nil); status != 303 || to.Get("Location") != path+"/data?lanjut=kabupaten" {
			t.Errorf("details come first: %d %v", status, to)
		}
		wrong := details()
		wrong.Set("npwp", "123")
		wrong.Set("name", "")
		status, text, _ := w.post(t, "admin", w.host(), path+"/data", wrong)
		if status != 422 {
			t.Errorf("%d", status)
		}
		contains(t, text, "Terdiri atas 16 angka. Anda memasukkan 3 angka.", `href="#npwp"`, `href="#name"`, "Ratna Dewi")
		form := details()
		form.Set("next", "kabupaten")
		if status, text, to := w.post(t, "admin", w.host(), path+"/data", form); status != 303 || to != path+"/ubah?paket=kabupaten" {
			t.Fatalf("%d %s %s", status, to, text)
		}
		if status, text := w.get(t, "admin", w.host(), path+"/ubah?paket=kabupaten"); status != 200 {
			t.Fatalf("%d %s", status, text)
		} else {
			contains(t, text, "Tanpa biaya sampai Rabu, 23 Desember 2026", "Mulai berlangganan")
		}
		if status, text, to := w.post(t, "admin", w.host(), path+"/ubah", url.Values{"plan": {"kabupaten"}}); status != 303 || to != path+"?kabar=paket" {
			t.Fatalf("%d %s %s", status, to, text)
		}
		w.clock.Advance(31 * day)
		must(t, second(w.svc.Reconcile(t.Context(), w.a.ID)))
		status, text = w.get(t, "manager", w.host(), path)
		if status != 200 || strings.Contains(text, path+"/data") || strings.Contains(text, "/berhenti") {
			t.Errorf("the manager sees it and changes nothing: %d", status)
		}
		contains(t, text, "PDP/2026/00001", "Rp120.000.000", "Menunggu pembayaran")
		invoice := invoicePath.FindString(text)
		status, text = w.get(t, "admin", w.host(), invoice)
		if status != 200 {
			t.Fatalf("%s: %d", invoice, status)
		}
		contains(t, text, "027/SPK/2026", "Pemungut PPN", "Bendahara", "bast.pdf")
		if status, text, _ := w.post(t, "admin", w.host(), invoice+"/bast", url.Values{"handover": {""}}); status != 422 || !strings.Contains(text, `href="#handover"`) {
			t.Errorf("%d", status)
		}
		if status, _, to := w.post(t, "admin", w.host(), invoice+"/bast", url.Values{"handover": {"900/1"}, "handover_day": {"2026-12-24"}}); status != 303 || !strings.HasSuffix(to, "?kabar=bast") {
			t.Errorf("%d %s", status, to)
		}
		for document, want := range map[string]int{"tagihan.pdf": 200, "bast.pdf": 200, "berkas.pdf": 200, "kuitansi.pdf": 409, "lain.pdf": 404, "tagihan": 404} {
			status, text, h := w.do(t, "manager", "GET", w.host(), invoice+"/"+document, "", nil)
			if status != want || status == 200 && (!strings.HasPrefix(text, "%PDF-") || h.Get("Content-Type") != "application/pdf") {
				t.Errorf("%s: %d %v", document, status, h)
			}
		}

		status, text = w.get(t, "operator", "localhost", path)
		if status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		contains(t, text, "PDP/2026/00001", "Kabupaten Uji 19.01", "Rp120.000.000")
		theirs := invoicePath.FindString(text)
		if status, text, _ := w.post(t, "operator", "localhost", theirs+"/lunas", url.Values{"reference": {" "}}); status != 422 || !strings.Contains(text, `href="#reference"`) {
			t.Errorf("%d", status)
		}
		if status, text, to := w.post(t, "operator", "localhost", theirs+"/lunas", url.Values{"reference": {"TRF 77"}}); status != 303 || !strings.HasSuffix(to, "?kabar=lunas") {
			t.Fatalf("%d %s %s", status, to, text)
		}
		if status, _, _ := w.post(t, "operator", "localhost", theirs+"/pajak", url.Values{"tax_number": {"123"}}); status != 422 {
			t.Errorf("%d", status)
		}
		if status, _, _ := w.post(t, "operator", "localhost", theirs+"/pajak", url.Values{"tax_number": {"04002500000000017"}}); status != 303 {
			t.Errorf("%d", status)
		}
		_, text = w.get(t, "admin", w.host(), invoice)
		contains(t, text, "Lunas", "TRF 77", "04002500000000017", "kuitansi.pdf")
		_, text = w.get(t, "admin", w.host(), "/api/v1/subscription")
		var got subscription.SubscriptionJSON
		must(t, json.Unmarshal([]byte(text), &got))
		if got.Plan != "kabupaten" || got.Standing != "good" || !got.NewVenues || len(got.Invoices) != 1 || got.Invoices[0].Status != "paid" || got.Invoices[0].Due != 120_000_000 {
			t.Errorf("%+v", got)
		}
	})
}

// Who may not does not, and another region's invoice is not there.
func TestWhoMay(t *testing.T) {
	w := newWorld(t, "sqlite")
	must(t, w.svc.SaveDetails(t.Context(), ownOf(w), "system:test", cleanDetails()))
	subscribed(t, w)
	_, text := w.get(t, "admin", w.host(), "/petugas/langganan")
	invoice := invoicePath.FindString(text)
	for _, c := range []struct {
		who, method, host, path string
		want                    int
	}{
		{"", "GET", w.host(), "/petugas/langganan", 303},
		{"officer", "GET", w.host(), "/petugas/langganan", 403},
		{"manager", "POST", w.host(), "/petugas/langganan/ubah", 403},
		{"manager", "PUT", w.host(), "/api/v1/subscription/plan", 403},
		{"other", "GET", w.b.Host("localhost"), invoice, 404},
		{"other", "GET", w.b.Host("localhost"), invoice + "/tagihan.pdf", 404},
		{"other", "POST", w.b.Host("localhost"), invoice + "/bast", 404},
		{"admin", "GET", "localhost", "/petugas/langganan", 401},
		{"overseer", "GET", "localhost", "/petugas/langganan", 403},
		{"overseer", "GET", "localhost", "/api/v1/billing/payers", 403},
		{"operator", "GET", w.host(), "/petugas/langganan", 401},
		{"", "POST", "localhost", "/stripe/webhook", 404},
	} {
		kind := "application/x-www-form-urlencoded"
		if strings.HasPrefix(c.path, "/api/") {
			kind = "application/json"
		}
		status, text, _ := w.do(t, c.who, c.method, c.host, c.path, kind, []byte("{}"))
		if status != c.want || strings.Contains(text, w.a.Canary) && c.host != w.host() {
			t.Errorf("%s %s %s%s: %d, not %d", c.who, c.method, c.host, c.path, status, c.want)
		}
	}
}

// A province's account is made, its regions are chosen and it starts, on the bare domain.
func TestAProvince(t *testing.T) {
	w := newWorld(t, "sqlite")
	const path = "/petugas/langganan/provinsi/19"
	if status, text := w.get(t, "operator", "localhost", path); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text, _ := w.post(t, "operator", "localhost", path+"/daerah", url.Values{"regions": {w.a.Code}}); status != 409 || !strings.Contains(text, "data penagihan") {
		t.Errorf("%d", status)
	}
	if status, text, _ := w.post(t, "operator", "localhost", path+"/data", details()); status != 303 {
		t.Fatalf("%d %s", status, text)
	}
	if status, _, _ := w.post(t, "operator", "localhost", path+"/daerah", url.Values{"regions": {w.a.Code, w.b.Code}}); status != 303 {
		t.Errorf("%d", status)
	}
	_, text := w.get(t, "operator", "localhost", path)
	contains(t, text, "2 daerah, Rp180.000.000 setahun", "Mulai berlangganan")
	if status, text, to := w.post(t, "operator", "localhost", path+"/mulai", nil); status != 303 {
		t.Fatalf("%d %s %s", status, to, text)
	}
	_, text = w.get(t, "admin", w.host(), "/petugas/langganan")
	contains(t, text, "dibayar oleh provinsi", "Provinsi")
	_, text = w.get(t, "operator", "localhost", "/petugas/langganan?lang=en")
	contains(t, text, "pays for 2 regions", "Trial")
	if status, _ := w.get(t, "operator", "localhost", "/petugas/langganan/provinsi/98"); status != 404 {
		t.Errorf("%d", status)
	}
}
