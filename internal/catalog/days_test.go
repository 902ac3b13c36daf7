package catalog_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/tenants"
)

// Where nobody serves on some of the days on which the place is open, the service's page says on which somebody does.
func TestServiceSaysOnWhichDays(t *testing.T) {
	w := newWorld(t)
	days := ""
	served := func() string {
		w.real(t, false, func(r *tenants.Region) {
			for i := range r.Agencies {
				for j := range r.Agencies[i].Counters {
					if r.Agencies[i].Code == "dukcapil" {
						r.Agencies[i].Counters[j].Days = days
					}
				}
			}
		}, "19.01")
		return w.page(t, "http://bangka.localhost/layanan/dukcapil/ktp-hilang-rusak")
	}
	if body := served(); strings.Contains(body, "Dilayani Senin") {
		t.Error("days are named where each is served")
	}
	days = "mon,thu"
	if body := served(); !strings.Contains(body, "Dilayani Senin dan Kamis.") {
		t.Error("the days are not named")
	}
	if body := w.page(t, "http://bangka.localhost/layanan/dukcapil/ktp-hilang-rusak?lang=en", "Accept-Language", "en"); !strings.Contains(body, "Served on Monday and Thursday.") {
		t.Error("the days are not named in English")
	}
	// At several places each says its own: the vehicle is out on Tuesdays and Thursdays.
	if body := w.page(t, "http://bangka.localhost/layanan/dukcapil/ktp-baru"); !strings.Contains(body, "Dilayani Senin dan Kamis.") || !strings.Contains(body, "Dilayani Kamis.") {
		t.Error("the days of each place are not named")
	}
	days = "mon-sun"
	if body := served(); strings.Contains(body, "Dilayani ") {
		t.Error("days are named where the whole week is")
	}
}
