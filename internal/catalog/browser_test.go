package catalog_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// budget is what the region's home may weigh on first load, in bytes over the wire: fit for 2G.
const budget = 60 << 10

// TestPagesInABrowser opens the pages at the widths of a phone, a tablet and a desk: nothing is scrolled sideways,
// axe finds nothing serious, no request and no script fails, and the policy is kept.
func TestPagesInABrowser(t *testing.T) {
	w := newWorld(t)
	w.real(t, false, nil, "19.01", "19.02", "19.06", "35.78")
	chrome := testkit.Browser(t) // before serving: a test that is left out here has no server to wait for
	at := w.serve(t)
	for _, x := range []struct{ name, host, path string }{
		{"home", "bangka", "/"},
		{"home-two-venues", "belitung", "/"},
		{"home-digital", "belitung-timur", "/"},
		{"home-large", "surabaya", "/"},
		{"list", "bangka", "/layanan"},
		{"list-large", "surabaya", "/layanan"},
		{"list-agency", "bangka", "/layanan?instansi=dukcapil"},
		{"list-found", "bangka", "/layanan?q=ktp"},
		{"list-nothing", "bangka", "/layanan?q=pasporr+zebra"},
		{"service", "bangka", "/layanan/dukcapil/ktp-hilang-rusak"},
		{"service-unconfirmed", "bangka", "/layanan/dukcapil/kk-hilang-rusak"},
		{"service-two-places", "bangka", "/layanan/dukcapil/ktp-baru"}, // one of them gives numbers
		{"service-two-open", "belitung", "/layanan/dukcapil/kk-baru"},
		{"service-two-open-en", "belitung", english("/layanan/dukcapil/kk-baru")},
		{"service-elsewhere", "belitung-timur", "/layanan/dpmptsp/pbg"},
	} {
		for _, width := range []int{360, 768, 1280} {
			t.Run(fmt.Sprintf("%s-%d", x.name, width), func(t *testing.T) {
				p := chrome.Page(at(x.host+".localhost")+x.path, width, 800)
				if x.name == "home" && width == 360 {
					p.Budget(t, budget)
				}
				look(t, p)
			})
		}
	}
}

// look looks at a page and closes it.
func look(t *testing.T, p *testkit.Page) {
	t.Helper()
	defer func() { _ = p.Close() }()
	if n := p.Wide(t); n > 0 {
		t.Errorf("the page is %d px too wide", n)
	}
	p.Screenshot(t, t.Name())
	p.Accessible(t)
	for _, problem := range p.Problems() {
		t.Error(problem)
	}
}

// TestHardPagesInABrowser is about what seldom happens at once: forty agencies, the longest names that there are, a
// demo, English over Indonesian texts, a closure, and a phone of 320 pixels.
func TestHardPagesInABrowser(t *testing.T) {
	w := newWorld(t)
	w.real(t, true, crowded, "35.78")
	w.real(t, false, nil, "19.04")
	w.clock.Set(time.Date(2026, 12, 24, 17, 30, 0, 0, time.UTC)) // Friday 25 December, 00.30 WIB
	chrome := testkit.Browser(t)                                 // before serving: a test that is left out here has no server to wait for
	at := w.serve(t)
	for _, x := range []struct{ name, host, path string }{
		{"long-home", "penukal-abab-lematang-ilir", "/"},
		{"long-list", "penukal-abab-lematang-ilir", "/layanan"},
		{"long-service", "penukal-abab-lematang-ilir", "/layanan/dpmptsp/nib-perorangan"},
		{"closed-home", "bangka-tengah", "/"},
		{"closed-service", "bangka-tengah", "/layanan/dukcapil/kk-baru"},
	} {
		for _, width := range []int{320, 1280} {
			t.Run(fmt.Sprintf("%s-%d", x.name, width), func(t *testing.T) {
				look(t, chrome.Page(at(x.host+".localhost")+x.path, width, 800))
			})
			t.Run(fmt.Sprintf("%s-en-%d", x.name, width), func(t *testing.T) {
				look(t, chrome.Page(at(x.host+".localhost")+english(x.path), width, 800))
			})
		}
	}
}

// crowded makes Kabupaten Penukal Abab Lematang Ilir of a region, with every agency of the catalogue.
func crowded(r *tenants.Region) {
	r.Code = "16.12"
	r.Organiser = "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kabupaten Penukal Abab Lematang Ilir"
	r.Venues[0].Name = "Kantor Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kabupaten Penukal Abab Lematang Ilir"
	r.Venues[0].Address = "Kompleks Perkantoran Pemerintah Kabupaten, Jalan Merdeka Kilometer 10, Handayani Mulia, Talang Ubi Selatan"
	here := map[string]bool{}
	for i := range r.Agencies {
		here[r.Agencies[i].Code] = true
		for j := range r.Agencies[i].Services {
			if s := &r.Agencies[i].Services[j]; s.Code == "nib-perorangan" {
				s.Name = "Perpanjangan Surat Izin Praktik Tenaga Kesehatan dan Pendaftaran Ulang Fasilitas Pelayanan Kesehatan Swasta"
				s.NameEN, s.Confirmed = s.Name, false
			}
		}
	}
	for i, a := range catalogue.Default().Agencies() {
		if here[a.Code] {
			continue
		}
		desk := strconv.Itoa(100 + i)
		x := tenants.Agency{
			Code:     a.Code,
			Series:   []tenants.Series{{Code: "umum", Prefix: "X" + string(rune('A'+i%26)), Venue: r.Venues[0].Code}},
			Counters: []tenants.Counter{{Code: desk, Venue: r.Venues[0].Code, Zone: "a", Series: []string{"umum"}}},
		}
		for _, s := range a.Services {
			x.Services = append(x.Services, tenants.Service{Code: s.Code, Series: tenants.Codes{"umum"}})
		}
		r.Agencies = append(r.Agencies, x)
	}
}

// english is a page's address under which it is in English.
func english(path string) string {
	if strings.Contains(path, "?") {
		return path + "&lang=en"
	}
	return path + "?lang=en"
}
