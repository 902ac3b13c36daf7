package catalog_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants"
)

// TestMarkup looks at every page in both languages: tags, labels, references, one h1, no inline style.
func TestMarkup(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil)
	for _, host := range []string{"bangka", "belitung", "bangka-selatan", "belitung-timur", "surabaya", "raja-ampat"} {
		for _, path := range []string{
			"/", "/layanan", "/layanan?q=ktp", "/layanan?q=zebra", "/layanan?instansi=dukcapil", "/layanan/dukcapil/akta-lahir",
		} {
			for _, lang := range []string{"id", "en"} {
				src := w.page(t, "http://"+host+".localhost"+path, "Cookie", "lang="+lang)
				for _, p := range uitest.Problems(src, true) {
					t.Errorf("%s%s %s: %s", host, path, lang, p)
				}
				if !strings.Contains(src, `<html lang="`+lang+`"`) {
					t.Errorf("%s%s: the page is not in %q", host, path, lang)
				}
				if missing := regexp.MustCompile(`\[(\?|catalog\.[a-z_.0-9]*)\]`).FindString(src); missing != "" {
					t.Errorf("%s%s %s: %s", host, path, lang, missing)
				}
			}
		}
	}
}

// TestTexts holds our sentences and our sources together. Other packages' sentences are registered as well, and
// looked at by their own tests.
func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if strings.Contains(p, "nothing uses fault.") {
			continue // the kit puts these keys together
		}
		if !strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "internal/catalog/") {
			t.Error(p)
		}
	}
}

func TestHomeSaysWhatIsTheCase(t *testing.T) {
	at := func(day string, hour, minute int) time.Time {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(time.Duration(hour-7)*time.Hour + time.Duration(minute)*time.Minute) // WIB
	}
	w := newWorld(t)
	w.real(t, false, nil, "19.03", "19.06", "19.01")
	for _, c := range []struct {
		name, host string
		now        time.Time
		contains   []string
		not        []string
	}{
		{"early", "bangka-selatan", at("2026-11-23", 6, 0), []string{"Tutup", "Buka pukul 08.30 WIB."}, []string{"Ambil nomor antrean"}},
		{"open", "bangka-selatan", at("2026-11-23", 9, 0),
			[]string{"Buka sampai 12.00 WIB", "Buka lagi pukul 13.00.", "Pengambilan nomor ditutup pukul 14.30.", "Ambil nomor antrean", "Senin (hari ini)", "Kabupaten Bangka Selatan"}, nil},
		{"break", "bangka-selatan", at("2026-11-23", 12, 30), []string{"Istirahat sampai 13.00 WIB", "tetap dapat diambil", "Ambil nomor antrean"}, nil},
		{"numbers are over", "bangka-selatan", at("2026-11-23", 14, 45),
			[]string{"Buka sampai 15.00 WIB", "Nomor berikutnya besok pukul 08.30 WIB", "Lihat layanan dan syaratnya"}, []string{"Ambil nomor antrean"}},
		{"evening", "bangka-selatan", at("2026-11-23", 20, 0), []string{"Buka besok pukul 08.30 WIB."}, nil},
		{"weekend", "bangka-selatan", at("2026-11-27", 20, 0), []string{"Buka Senin, 30 November 2026, pukul 08.30 WIB."}, nil},
		{"closure", "bangka-selatan", at("2026-12-25", 9, 0), []string{"Hari Raya Natal.", "Buka Senin, 28 Desember 2026, pukul 08.30 WIB."}, []string{"Ambil nomor antrean"}},
		{"digital", "belitung-timur", at("2026-11-23", 19, 0), []string{"Buka sampai 20.00 WIB", "Jam layanan", "tanpa perlu datang"}, nil},
		{"one of two", "bangka", at("2026-11-23", 9, 0), []string{"Buka sampai 15.30 WIB", "MPP Keliling", "Buka besok pukul 09.00 WIB."}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.clock.Set(c.now)
			src := w.page(t, "http://"+c.host+".localhost/")
			for _, want := range c.contains {
				if !strings.Contains(src, want) {
					t.Errorf("%q is missing in\n%s", want, plain(src))
				}
			}
			for _, not := range c.not {
				if strings.Contains(src, not) {
					t.Errorf("%q stands there", not)
				}
			}
		})
	}
}

// TestAddresses: an address names its district, unless it does so already.
func TestAddresses(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "53.15", "19.01")
	for host, want := range map[string]string{
		"manggarai-barat": "Jalan Contoh Pelabuhan No. 2, Labuan Bajo, Komodo<",
		"bangka":          "Jalan Contoh No. 1, Sungailiat<",
	} {
		if src := w.page(t, "http://"+host+".localhost/"); !strings.Contains(src, want) {
			t.Errorf("%s: %q is missing in\n%s", host, want, plain(src))
		}
	}
}

func TestDemoIsAlwaysOpen(t *testing.T) {
	w := newWorld(t)
	w.real(t, true, nil, "19.03")
	w.clock.Set(time.Date(2026, 12, 25, 20, 0, 0, 0, time.UTC)) // a closure, at night
	src := w.page(t, "http://bangka-selatan.localhost/")
	for _, want := range []string{"Buka sepanjang waktu", "Demo", "Contoh", "Ambil nomor antrean"} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if src := w.page(t, "http://bangka-selatan.localhost/layanan/dukcapil/ktp-baru"); !strings.Contains(src, `action="/antrean"`) {
		t.Error("no number can be taken in a demo at night")
	}
}

func TestServicePage(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.01", "19.06")
	page := func(host, path string, headers ...string) string {
		return w.page(t, "http://"+host+".localhost/layanan/"+path, headers...)
	}
	has := func(name, src string, want ...string) {
		t.Helper()
		for _, s := range want {
			if !strings.Contains(src, s) {
				t.Errorf("%s: %q is missing in\n%s", name, s, plain(src))
			}
		}
	}
	hasNot := func(name, src string, not ...string) {
		t.Helper()
		for _, s := range not {
			if strings.Contains(src, s) {
				t.Errorf("%s: %q stands there", name, s)
			}
		}
	}

	confirmed := page("bangka", "dukcapil/ktp-hilang-rusak")
	has("confirmed", confirmed, "Persyaratan", "Prosedur", "Waktu", "Biaya", "Produk", "Pengaduan, saran, dan masukan",
		"Kartu Keluarga asli", "SIAK", "Nomor permohonan SIAK", "Dasar hukum", `method="post" action="/antrean"`, `name="layanan"`, `name="kunci"`)
	hasNot("confirmed", confirmed, "belum dikonfirmasi")

	unconfirmed := page("bangka", "dukcapil/ktp-ubah-data")
	has("unconfirmed", unconfirmed, "Contoh, belum dikonfirmasi daerah")

	named := page("bangka", "dukcapil/kk-hilang-rusak")
	has("named only", named, "belum dimuat di sini", "(0717) 000 000", "Kantor Pelayanan Sungailiat", `action="/antrean"`)
	hasNot("named only", named, "Persyaratan</h2>")

	away := page("belitung-timur", "dpmptsp/pbg")
	has("handed off", away, "Tanpa nomor antrean", "SIMBG")
	hasNot("handed off", away, `action="/antrean"`)

	video := page("belitung-timur", "disnaker/karier-video")
	has("native", video, "dari awal sampai selesai")

	english := page("bangka", "dukcapil/ktp-hilang-rusak", "Cookie", "lang=en")
	has("english", english, "Lost or damaged identity card", "Family card (original)", "Requirements", `lang="id">Nomor permohonan SIAK`,
		"Contact us, Halo Dukcapil (1500537)", "Sungailiat Service Office")
	hasNot("english", english, "Kartu Keluarga asli", "Sampaikan kepada kami", "Kantor Pelayanan Sungailiat")

	key := regexp.MustCompile(`name="kunci" value="([0-9a-f-]{36})"`)
	first, second := key.FindAllStringSubmatch(confirmed, -1), key.FindAllStringSubmatch(page("bangka", "dukcapil/ktp-hilang-rusak"), -1)
	if len(first) != 2 || first[0][1] != first[1][1] {
		t.Errorf("the two forms of one page have the keys %v; pressing either must give the same ticket", first)
	}
	if len(second) == 0 || first[0][1] == second[0][1] {
		t.Error("two visitors share an idempotency key")
	}
	if resp, _ := w.get(t, "http://bangka.localhost/layanan/dukcapil/ktp-hilang-rusak"); resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page with a key may be kept: %q", resp.Header.Get("Cache-Control"))
	}

	w.clock.Set(time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)) // 20.00 WIB
	closed := page("bangka", "dukcapil/ktp-hilang-rusak")
	has("closed", closed, "Nomor diberikan lagi besok pukul 08.00 WIB.")
	hasNot("closed", closed, `action="/antrean"`)

	for _, path := range []string{"dukcapil/nothing", "nobody/ktp-baru", "dukcapil/%00", "%2e%2e/x"} {
		if resp, _ := w.get(t, "http://bangka.localhost/layanan/"+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// What a region has named in English stands on English pages; what it has not is marked as Indonesian.
func TestPlacesInEnglish(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, func(r *tenants.Region) {
		if r.Code != "19.02" {
			return
		}
		r.Contact.ComplaintsEN = ""
		for i := range r.Venues {
			r.Venues[i].NameEN = ""
		}
		for i := range r.Closures {
			r.Closures[i].ReasonEN = ""
		}
	}, "19.01", "19.02")
	src := w.page(t, "http://bangka.localhost/?lang=en")
	for _, want := range []string{
		">Sungailiat Service Office<", "Opening hours of Mobile Service Unit", ">The vehicle is being serviced<", ">Christmas Day<", "<p>Please tell the front desk",
		`lang="id">Jalan Contoh No. 1, Sungailiat<`,
	} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is missing in\n%s", want, plain(src))
		}
	}
	for _, not := range []string{"Kantor Pelayanan Sungailiat", "MPP Keliling", "Hari Raya Natal", "Silakan sampaikan"} {
		if strings.Contains(src, not) {
			t.Errorf("%q stands on the English page", not)
		}
	}
	src = w.page(t, "http://belitung.localhost/?lang=en")
	for _, want := range []string{`lang="id">Kantor Pelayanan Tanjungpandan<`, `lang="id">Hari Raya Natal<`, `<p lang="id">Silakan isi lembar pengaduan`} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is missing in\n%s", want, plain(src))
		}
	}
	if src := w.page(t, "http://bangka.localhost/"); strings.Contains(src, "Service Office") || !strings.Contains(src, "Kantor Pelayanan Sungailiat") {
		t.Error("the Indonesian page is not Indonesian")
	}
}

// A service at several places shows each with how it stands and a button of its own; the filled one, and the one at a
// phone's foot, is for the first that gives numbers.
func TestServiceAtSeveralPlaces(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, func(r *tenants.Region) {
		r.Closures = append(r.Closures, tenants.Closure{From: "2026-12-01", Venue: "sungailiat", Reason: "Pindah ruang", ReasonEN: "Moving rooms"})
	}, "19.01")
	const url = "http://bangka.localhost/layanan/dukcapil/ktp-baru"
	at := func(day string, hour, minute int) {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Set(d.Add(time.Duration(hour-7)*time.Hour + time.Duration(minute)*time.Minute)) // WIB
	}
	forms := func(src string) (series, keys []string) {
		for _, m := range regexp.MustCompile(`name="seri" value="([0-9a-f-]{36})"`).FindAllStringSubmatch(src, -1) {
			series = append(series, m[1])
		}
		for _, m := range regexp.MustCompile(`name="kunci" value="([0-9a-f-]{36})"`).FindAllStringSubmatch(src, -1) {
			keys = append(keys, m[1])
		}
		return series, keys
	}
	has := func(src string, want ...string) {
		t.Helper()
		for _, s := range want {
			if !strings.Contains(src, s) {
				t.Errorf("%q is missing in\n%s", s, plain(src))
			}
		}
	}

	at("2026-11-24", 9, 30) // Tuesday: both are open
	both := w.page(t, url)
	uitest.Page(t, both)
	has(both, "Diberikan di 2 lokasi", "<h3>Kantor Pelayanan Sungailiat</h3>", "<h3>MPP Keliling</h3>", "Hari ini 08.00–15.30.", "Hari ini 09.00–13.00.",
		"Buka sampai 13.00 WIB", "1 loket", "4 loket", "Paling banyak 60 nomor sehari.", "di lokasi yang Anda pilih", "<small>Kantor Pelayanan Sungailiat</small>")
	series, keys := forms(both)
	if len(series) != 3 || len(keys) != 3 || series[0] == series[1] || keys[0] == keys[1] || series[2] != series[0] || keys[2] != keys[0] {
		t.Errorf("two places and the foot have the series %v and the keys %v", series, keys)
	}
	if n := strings.Count(both, `class="p-btn p-btn-wide p-btn-2"`); n != 1 || strings.Index(both, `class="p-btn p-btn-wide"`) > strings.Index(both, `p-btn-2`) {
		t.Errorf("%d buttons are not filled, or the wrong one", n)
	}
	has(w.page(t, url+"?lang=en"), "Given at 2 places", "<h3>Sungailiat Service Office</h3>", "<h3>Mobile Service Unit</h3>", "Today 08:00–15:30.", "at the place that you choose")

	at("2026-11-25", 9, 30) // Wednesday: the vehicle stays at home
	one := w.page(t, url)
	has(one, "Buka besok pukul 09.00 WIB.", "<small>Kantor Pelayanan Sungailiat</small>")
	if s, _ := forms(one); len(s) != 2 || s[0] != series[0] || s[1] != series[0] {
		t.Errorf("one place of two gives numbers, the forms have %v", s)
	}
	if strings.Contains(one, "Nomor diberikan lagi") {
		t.Error("what opens at a time says twice when it does")
	}
	at("2026-11-25", 15, 0)
	has(w.page(t, url), "Buka sampai 15.30 WIB", "Nomor berikutnya besok pukul 08.00 WIB.")

	at("2026-12-01", 9, 30) // Tuesday, and the office is closed
	other := w.page(t, url)
	has(other, "Pindah ruang.", "<small>MPP Keliling</small>")
	if s, _ := forms(other); len(s) != 2 || s[0] != series[1] || s[1] != series[1] || strings.Contains(other, "p-btn-2") {
		t.Errorf("the vehicle alone gives numbers, the forms have %v", s)
	}
	has(w.page(t, url+"?lang=en"), "Moving rooms.")

	at("2026-11-28", 9, 30) // Saturday
	none := w.page(t, url)
	has(none, "Diberikan di 2 lokasi", "Senin, 30 November 2026, pukul 08.00 WIB", "Selasa, 1 Desember 2026, pukul 09.00 WIB")
	if strings.Contains(none, `action="/antrean"`) || strings.Contains(none, "di lokasi yang Anda pilih") {
		t.Error("numbers are given on a Saturday")
	}

	if single := w.page(t, "http://bangka.localhost/layanan/dukcapil/ktp-hilang-rusak"); strings.Contains(single, `name="seri"`) || strings.Contains(single, "p-at") {
		t.Error("a service at one place asks for a choice")
	}
}

func TestSearchPage(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.01")
	const list = "http://bangka.localhost/layanan"
	whole := w.page(t, list+"?q=ktp+hilang")
	if !strings.Contains(whole, "KTP-el hilang atau rusak") || !strings.Contains(whole, `value="ktp hilang"`) {
		t.Errorf("the search forgets what was asked or what was found:\n%s", plain(whole))
	}
	if !strings.Contains(whole, `hreflang="en"`) || !strings.Contains(whole, "lang=en&amp;q=ktp+hilang") {
		t.Error("the language switch loses the search")
	}
	part := w.page(t, list+"?q=ktp+hilang", "HX-Request", "true")
	if strings.Contains(part, "<html") || !strings.Contains(part, `data-count="`) || !strings.Contains(part, "KTP-el hilang atau rusak") {
		t.Errorf("no fragment:\n%s", part)
	}
	uitest.Fragment(t, part)
	if all := w.page(t, list+"?q=", "HX-Request", "true"); strings.Contains(all, "<html") || !strings.Contains(all, "72 layanan") {
		t.Errorf("an emptied search gives no list:\n%s", all)
	}
	for query, near := range map[string]bool{"ktp+hilang": false, "ktp+zebra": true, "ktp": false} {
		if src := w.page(t, list+"?q="+query, "HX-Request", "true"); strings.Contains(src, "dengan semua kata") != near {
			t.Errorf("%s: says that only some of the words are found: %v\n%.300s", query, !near, src)
		}
	}
	nothing := w.page(t, list+"?q=pasporrr+zebra")
	for _, want := range []string{"Belum ada layanan yang cocok", "Mungkin maksud Anda:", ">paspor<", "(0717) 000 000"} {
		if !strings.Contains(nothing, want) {
			t.Errorf("%q is missing in\n%s", want, plain(nothing))
		}
	}
	for _, evil := range []string{`"><script>alert(1)</script>`, `'onfocus=x`, strings.Repeat("ktp ", 500), "\x00\xff"} {
		src := w.page(t, list+"?q="+queryEscape(evil))
		if strings.Contains(src, "<script>") || len(src) > 60_000 {
			t.Errorf("%q comes back as it was (%d bytes)", evil[:min(20, len(evil))], len(src))
		}
	}
	if resp, _ := w.get(t, list+"?instansi=nobody"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an agency that is not there: %s", resp.Status)
	}
	agency := w.page(t, list+"?instansi=dukcapil")
	if !strings.Contains(agency, "13 layanan") || strings.Contains(agency, "SKCK") {
		t.Errorf("one agency's list is\n%s", plain(agency))
	}
}

func TestManyAgenciesAreARegister(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, func(r *tenants.Region) {
		r.Venues[0].Name = "Kantor Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kabupaten Penukal Abab Lematang Ilir"
	}, "35.78")
	src := w.page(t, "http://surabaya.localhost/layanan")
	if !strings.Contains(src, "248 layanan di 29 instansi") || strings.Contains(src, "/layanan/dukcapil/") {
		t.Errorf("%s", plain(src))
	}
	home := w.page(t, "http://surabaya.localhost/")
	if n := strings.Count(home, `class="p-fold"`); n != 8 {
		t.Errorf("%d agencies on the home page", n)
	}
	if !strings.Contains(home, "Lihat semua 29 instansi dan 248 layanan") {
		t.Error("no way to the others")
	}
}

// TestCacheKeepsRegionsApart asks for the same pages of two regions with the same codes, in turn and in both
// languages, and looks for the other's mark.
func TestCacheKeepsRegionsApart(t *testing.T) {
	w := newWorld(t)
	a, b := testkit.Two(t, w.db)
	w.refresh(t)
	var scenarios []testkit.Scenario
	for range 2 { // the second time from the cache
		for _, path := range []string{
			"/", "/layanan", "/layanan?instansi=dukcapil", "/layanan?q=layanan", "/layanan/dukcapil/layanan-a", "/api/v1/services", "/api/v1/services?q=layanan",
		} {
			for _, lang := range []string{"id", "en"} {
				for _, x := range [][2]*testkit.Region{{a, b}, {b, a}} {
					scenarios = append(scenarios, testkit.Scenario{
						Host: x[0].Host("localhost"), Path: path, Header: map[string]string{"Cookie": "lang=" + lang},
						Status: 200, Contains: []string{x[0].Canary}, NotContains: []string{x[1].Canary},
					})
				}
			}
		}
		for _, x := range [][2]*testkit.Region{{a, b}, {b, a}} {
			scenarios = append(scenarios,
				testkit.Scenario{Host: x[0].Host("localhost"), Path: "/api/v1/services/" + x[0].Services[0].String(), Status: 200,
					Contains: []string{x[0].Canary}, NotContains: []string{x[1].Canary}},
				testkit.Scenario{Name: "another's service", Host: x[0].Host("localhost"), Path: "/api/v1/services/" + x[1].Services[0].String(), Status: 404,
					NotContains: []string{x[1].Canary}},
			)
		}
	}
	testkit.Run(t, w.app.Test, scenarios...)
}

func TestPublicPagesAreKept(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.01")
	const home = "http://bangka.localhost/"
	resp, body := w.get(t, home, "Accept-Encoding", "br")
	if resp.Header.Get("Content-Encoding") != "br" || resp.Header.Get("ETag") == "" {
		t.Fatalf("headers %v", resp.Header)
	}
	html := new(strings.Builder)
	if _, err := copyAll(html, brotli.NewReader(strings.NewReader(body))); err != nil || !strings.Contains(html.String(), "Antrean saat ini") {
		t.Fatalf("%v: %s", err, html)
	}
	t.Logf("region home: %d bytes, %d with brotli", html.Len(), len(body))
	if resp, _ := w.get(t, home, "Accept-Encoding", "br", "If-None-Match", resp.Header.Get("ETag")); resp.StatusCode != http.StatusNotModified {
		t.Errorf("the same page again: %s", resp.Status)
	}
	before := w.crowd.asks
	for range 20 {
		w.page(t, home)
	}
	if n := w.crowd.asks - before; n > 0 {
		t.Errorf("20 visitors within a moment asked the queue %d times", n)
	}
	w.clock.Advance(3 * time.Second)
	w.page(t, home)
	if n := w.crowd.asks - before; n != 1 {
		t.Errorf("after a moment the queue was asked %d times, want once", n)
	}
	w.page(t, home, "Cookie", "sid=petugas")
	if n := w.crowd.asks - before; n != 2 {
		t.Error("who is signed in got a page that was kept for everyone")
	}

	w.clock.Advance(3 * time.Second)
	w.crowd.err = errors.New("the queue is away: secret")
	resp, body = w.get(t, home)
	if resp.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("%s\n%s", resp.Status, body)
	}
	w.crowd.err = nil
	w.page(t, home) // a failure is not kept
}
