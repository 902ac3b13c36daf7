package platform_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/platform"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// TestMarkup looks at every page in both languages: tags, labels, references, one h1, no inline style.
func TestMarkup(t *testing.T) {
	w := newWorld(t, "19.01", "19.05")
	w.suspend(t, "19.05", "Pindah gedung")
	for url, status := range map[string]int{
		"http://localhost/": 200, "http://localhost/daerah": 200, "http://localhost/daerah?q=bangka": 200, "http://localhost/daerah?q=zzzz": 200,
		"http://localhost/provinsi/19": 200, "http://localhost/provinsi/31": 200, "http://localhost/provinsi/95": 200,
		"http://penukal-abab-lematang-ilir.localhost/": 404, "http://pali.localhost/x/y": 404, "http://bangkka.localhost/": 404, "http://xqzw.localhost/?q=bogor": 404,
		"http://elsewhere.example/": 404, "http://bangka-barat.localhost/": 503, "http://bangka-barat.localhost/layanan": 503,
	} {
		for _, lang := range []string{"id", "en"} {
			got, src := w.get(t, url, "Cookie", "lang="+lang)
			if got != status {
				t.Errorf("%s: %d, want %d", url, got, status)
			}
			for _, p := range uitest.Problems(src, true) {
				t.Errorf("%s %s: %s", url, lang, p)
			}
			if !strings.Contains(src, `<html lang="`+lang+`"`) {
				t.Errorf("%s: the page is not in %q", url, lang)
			}
			if missing := regexp.MustCompile(`\[(\?|platform\.[a-z_.0-9]*)\]`).FindString(src); missing != "" {
				t.Errorf("%s %s: %s", url, lang, missing)
			}
		}
	}
	if status, _ := w.get(t, "http://localhost/provinsi/99"); status != http.StatusNotFound {
		t.Errorf("a province that there is not: %d", status)
	}
}

// TestTexts holds our sentences and our sources together; see the catalog's.
func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if strings.Contains(p, "nothing uses fault.") {
			continue
		}
		if !strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "internal/platform/") {
			t.Error(p)
		}
	}
}

func TestHallCountsWhatIsThere(t *testing.T) {
	w := newWorld(t, "19.01", "19.02", "19.05", "35.78")
	w.suspend(t, "19.05", "")
	_, src := w.get(t, "http://localhost/")
	for _, want := range []string{
		"3 dari 509", "2 dari 38", `href="http://bangka.localhost/"`, `href="http://surabaya.localhost/"`, "Dihentikan sementara", "contoh", "Angka dan petugas di sini fiktif.",
	} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is missing", want)
		}
	}
	babel := regexp.MustCompile(`<a href="/provinsi/19" data-k="(.)">.*?</a>`).FindStringSubmatch(src)
	if len(babel) == 0 || babel[1] != "1" || !strings.Contains(babel[0], "<b>2<") || !strings.Contains(babel[0], "</i>7<") {
		t.Errorf("the tile of Bangka Belitung is %q, want 2 of 7", babel)
	}
	if n := strings.Count(src, `data-k="0"`); n != 36+1 { // and the legend's
		t.Errorf("%d empty tiles", n)
	}
	if n := strings.Count(src, "<option "); n != 509 || !strings.Contains(src, `<option value="Kabupaten Bangka"`) {
		t.Errorf("%d suggestions", n)
	}
	_, prov := w.get(t, "http://localhost/provinsi/19")
	for _, want := range []string{"2 dari 7", "Kabupaten Belitung Timur", "Belum ada di Pendopo"} {
		if !strings.Contains(prov, want) {
			t.Errorf("province: %q is missing", want)
		}
	}
	empty := newWorld(t)
	if _, src := empty.get(t, "http://localhost/"); !strings.Contains(src, "0 dari 509") || !strings.Contains(src, "Belum ada daerah yang membuka") || strings.Contains(src, "fiktif") {
		t.Error("a platform without regions does not say so")
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t, "19.71", "19.03")
	for query, want := range map[string]string{
		"pangkalpinang": "Kota Pangkal Pinang", "Pangkal Pinang": "Kota Pangkal Pinang", "toboali": "Kabupaten Bangka Selatan",
		"jakarta selatan": "Daerah Khusus Jakarta", "Kepulauan Seribu": "Daerah Khusus Jakarta", "jogja": "Kota Yogyakarta",
		"pali": "Kabupaten Penukal Abab Lematang Ilir", "bangka": "Kabupaten Bangka Selatan", "surabya": "Kota Surabaya",
	} {
		got := w.plat.Search(query)
		if len(got) == 0 || got[0].Name != want {
			t.Errorf("%q finds %v, want %q first", query, got, want)
		}
		if i := slices.IndexFunc(got, func(s platform.Seat) bool { return !s.Open() }); i >= 0 &&
			slices.ContainsFunc(got[i:], platform.Seat.Open) {
			t.Errorf("%q: a region that is open stands behind one that is not", query)
		}
	}
	_, src := w.get(t, "http://localhost/daerah?q=jakarta+barat")
	if !strings.Contains(src, "keenam kota dan kabupaten administrasi") {
		t.Error("nobody says why Jakarta is found")
	}
	_, part := w.get(t, "http://localhost/daerah?q=pangkal", "HX-Request", "true")
	uitest.Fragment(t, part)
	if strings.Contains(part, "<html") || !strings.Contains(part, `data-count="`) || !strings.Contains(part, "http://pangkal-pinang.localhost/") {
		t.Errorf("%s", part)
	}
	for _, evil := range []string{"%22%3E%3Cscript%3E", "%00%ff", strings.Repeat("a+", 3000)} {
		if status, src := w.get(t, "http://localhost/daerah?q="+evil); status != 200 || strings.Contains(src, "<script>") || len(src) > 40_000 {
			t.Errorf("%.20s: %d, %d bytes", evil, status, len(src))
		}
	}
}

func TestMean(t *testing.T) {
	w := newWorld(t, "19.01", "19.04")
	for label, want := range map[string]struct {
		seat    string
		own     bool
		perhaps string
	}{
		"penukal-abab-lematang-ilir": {"Kabupaten Penukal Abab Lematang Ilir", true, ""},
		"pali":                       {"Kabupaten Penukal Abab Lematang Ilir", false, ""},
		"kota-bogor":                 {"Kota Bogor", true, ""},
		"bogor":                      {"", false, "Kota Bogor"},
		"bangkka":                    {"", false, "Kabupaten Bangka"},
		"mpp-bangka-tengah":          {"", false, "Kabupaten Bangka Tengah"},
		"kabupaten-bangka":           {"", false, "Kabupaten Bangka"},
		"surabya":                    {"", false, "Kota Surabaya"},
		"xqzw":                       {}, "": {}, "www": {}, "api": {}, strings.Repeat("bangka", 20): {},
	} {
		got := w.plat.Mean(label)
		switch {
		case want.seat != "":
			if got.Seat == nil || got.Seat.Name != want.seat || got.Own != want.own {
				t.Errorf("%q means %+v, want %q", label, got, want.seat)
			}
		case want.perhaps != "":
			if got.Seat != nil || !slices.ContainsFunc(got.Perhaps, func(s platform.Seat) bool { return s.Name == want.perhaps }) {
				t.Errorf("%q means %+v, want perhaps %q", label, got, want.perhaps)
			}
		default:
			if got.Seat != nil || len(got.Perhaps) > 0 {
				t.Errorf("%q means %+v, want nothing", label, got)
			}
		}
	}
}

func TestNear(t *testing.T) {
	w := newWorld(t, "19.01", "19.71", "35.78")
	w.suspend(t, "19.71", "")
	var got []string
	seat, _ := areas.SeatBySlug("belitung")
	for _, s := range w.plat.Near(seat.Code, 3) {
		got = append(got, s.Name)
	}
	if !slices.Equal(got, []string{"Kabupaten Bangka", "Kota Surabaya"}) {
		t.Errorf("near Belitung: %v; what is suspended is no help", got)
	}
}

func TestNotHere(t *testing.T) {
	w := newWorld(t, "19.01", "19.02")
	has := func(url string, want ...string) {
		t.Helper()
		_, src := w.get(t, url)
		for _, s := range want {
			if !strings.Contains(src, s) {
				t.Errorf("%s: %q is missing", url, s)
			}
		}
	}
	has("http://bangka-barat.localhost/", "Kabupaten Bangka Barat", "belum ada di Pendopo", "sudah benar", "Yang sudah ada di Kepulauan Bangka Belitung",
		"http://bangka.localhost/", `name="robots" content="noindex"`, "bangka-barat.localhost")
	has("http://bangkka.localhost/antrean/x", "Maksud Anda", "http://bangka.localhost/")
	has("http://nowhere.localhost/?q=belitung", "Hasil untuk", "http://belitung.localhost/", `action="/"`)
	has("http://nowhere.localhost/?lang=en", "We do not know this address")
	has("http://a.b.localhost/", "belum kami kenal")
	if status, src := w.get(t, "http://nowhere.localhost/api/v1/services"); status != 404 || !strings.Contains(src, "not_here") {
		t.Errorf("the API: %d %s", status, src)
	}
}

func TestSuspended(t *testing.T) {
	w := newWorld(t, "19.01", "19.02")
	w.suspend(t, "19.01", "Pindah gedung <b>")
	status, src := w.get(t, "http://bangka.localhost/layanan/dukcapil/ktp-baru", "Cookie", "lang=en")
	if status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"Kabupaten Bangka", "has paused its online service", `lang="id">Pindah gedung &lt;b&gt;`, "Nothing that was saved is lost", "(0717) 000 000", "/brand.css"} {
		if !strings.Contains(src, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if status, _ := w.get(t, "http://belitung.localhost/"); status == http.StatusServiceUnavailable {
		t.Error("another region is suspended too")
	}
}
