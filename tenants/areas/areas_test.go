package areas

import (
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCounts(t *testing.T) {
	kinds := map[Kind]int{}
	for _, r := range Regencies() {
		kinds[r.Kind]++
	}
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"provinces", len(Provinces()), 38},
		{"regencies", len(Regencies()), 514},
		{"kabupaten", kinds[Kabupaten], 416},
		{"kota", kinds[Kota], 98},
		{"districts", len(load().districts), 7285},
		{"seats", len(Seats()), 509},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}

func TestEveryAreaHasItsParent(t *testing.T) {
	for _, r := range Regencies() {
		p, ok := ProvinceByCode(r.Province)
		if !ok || !strings.HasPrefix(r.Code, p.Code+".") {
			t.Errorf("%s %s: province %q", r.Code, r.Name, r.Province)
		}
		if len(DistrictsOf(r.Code)) == 0 {
			t.Errorf("%s %s has no district", r.Code, r.Name)
		}
		number := r.Code[3:]
		if kota := number > "70"; kota != (r.Kind == Kota) {
			t.Errorf("%s %s: kind %s does not fit the code", r.Code, r.Name, r.Kind)
		}
	}
	n := 0
	for _, p := range Provinces() {
		n += len(DistrictsOf(p.Code))
	}
	if n != 7285 {
		t.Errorf("districts by province: %d, want 7285 (are the rows still in the order of codes?)", n)
	}
	for _, d := range load().districts {
		if _, ok := RegencyByCode(d.Regency); !ok || !strings.HasPrefix(d.Code, d.Regency+".") {
			t.Errorf("%s %s: regency %q", d.Code, d.Name, d.Regency)
		}
		if got, ok := DistrictByCode(d.Code); !ok || got != d {
			t.Errorf("DistrictByCode(%s) = %v %v", d.Code, got, ok)
		}
	}
}

func TestHosts(t *testing.T) {
	label := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	seen := map[string]string{}
	doubled := map[string]int{}
	for _, s := range Seats() {
		if !label.MatchString(s.Slug) {
			t.Errorf("%s: slug %q is not a DNS label", s.Code, s.Slug)
		}
		if other, ok := seen[s.Slug]; ok {
			t.Errorf("slug %q: both %s and %s", s.Slug, other, s.Code)
		}
		seen[s.Slug] = s.Code
		if slices.Contains(Reserved, s.Slug) {
			t.Errorf("%s: slug %q is the platform's", s.Code, s.Slug)
		}
		if got, ok := SeatBySlug(s.Slug); !ok || got != s {
			t.Errorf("SeatBySlug(%q) = %v %v", s.Slug, got, ok)
		}
		if got, ok := SeatByCode(s.Code); !ok || got != s {
			t.Errorf("SeatByCode(%q) = %v %v", s.Code, got, ok)
		}
		for _, prefix := range []string{"kab-", "kota-"} {
			if rest, ok := strings.CutPrefix(s.Slug, prefix); ok {
				doubled[rest]++
			}
		}
	}
	if len(seen) != 509 {
		t.Errorf("%d hosts, want 509", len(seen))
	}
	if len(doubled) != 26 {
		t.Errorf("%d doubled names, want 26", len(doubled))
	}
	for name, n := range doubled {
		if n != 2 {
			t.Errorf("%q has %d bearers", name, n)
		}
		if _, taken := seen[name]; taken {
			t.Errorf("%q stands without its kind too", name)
		}
	}
}

func TestSeats(t *testing.T) {
	for _, c := range []struct{ code, seat, slug, name, zone string }{
		{"19.01", "19.01", "bangka", "Kabupaten Bangka", "WIB"},
		{"19.05", "19.05", "bangka-barat", "Kabupaten Bangka Barat", "WIB"},
		{"19.71", "19.71", "pangkal-pinang", "Kota Pangkal Pinang", "WIB"},
		{"32.01", "32.01", "kab-bogor", "Kabupaten Bogor", "WIB"},
		{"32.71", "32.71", "kota-bogor", "Kota Bogor", "WIB"},
		{"63.03", "63.03", "kab-banjar", "Kabupaten Banjar", "WITA"},
		{"32.79", "32.79", "kota-banjar", "Kota Banjar", "WIB"},
		{"72.04", "72.04", "toli-toli", "Kabupaten Toli-Toli", "WITA"},
		{"35.79", "35.79", "batu", "Kota Batu", "WIB"},
		{"96.03", "96.03", "raja-ampat", "Kabupaten Raja Ampat", "WIT"},
		{"31", "31", "jakarta", "Daerah Khusus Jakarta", "WIB"},
		{"31.71", "31", "jakarta", "Daerah Khusus Jakarta", "WIB"},
		{"31.01", "31", "jakarta", "Daerah Khusus Jakarta", "WIB"},
		{"31.71.01", "31", "jakarta", "Daerah Khusus Jakarta", "WIB"},
		{"19.01.01", "19.01", "bangka", "Kabupaten Bangka", "WIB"},
	} {
		s, ok := SeatFor(c.code)
		if !ok || s.Code != c.seat || s.Slug != c.slug || s.Name != c.name || s.Zone != c.zone {
			t.Errorf("SeatFor(%q) = %+v %v, want %+v", c.code, s, ok, c)
		}
	}
	for _, code := range []string{"31.01", "31.71", "31.72", "31.73", "31.74", "31.75"} {
		if _, ok := SeatByCode(code); ok {
			t.Errorf("%s is a seat", code)
		}
		if _, ok := RegencyByCode(code); !ok {
			t.Errorf("%s cannot be looked up", code)
		}
	}
	for _, code := range []string{"", "19", "99.01", "19.99", "bangka", "31.99"} {
		if s, ok := SeatFor(code); ok {
			t.Errorf("SeatFor(%q) = %v", code, s)
		}
	}
	if n := len(SeatsOf("19")); n != 7 {
		t.Errorf("Babel has %d seats, want 7", n)
	}
	if n := len(DistrictsOf("31")); n != 44 {
		t.Errorf("Jakarta has %d districts, want 44", n)
	}
}

func TestZones(t *testing.T) {
	offsets := map[string]int{"WIB": 7, "WITA": 8, "WIT": 9}
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for zone, hours := range offsets {
		loc, ok := Location(zone)
		if !ok {
			t.Fatalf("no location for %s", zone)
		}
		if name, offset := at.In(loc).Zone(); name != zone || offset != hours*3600 {
			t.Errorf("%s is %s %+d s", zone, name, offset)
		}
	}
	for _, wrong := range []string{"", "wib", "UTC", "Asia/Jakarta"} {
		if _, ok := Location(wrong); ok {
			t.Errorf("Location(%q) is known", wrong)
		}
	}
	count := map[string]int{}
	for _, p := range Provinces() {
		count[zoneOf(p.Code)]++
	}
	// 10 in Sumatra, 6 in Java, 2 in Kalimantan; 3 in Bali and Nusa Tenggara, 3 in Kalimantan, 6 in
	// Sulawesi; 2 in Maluku, 6 in Papua.
	for zone, want := range map[string]int{"WIB": 18, "WITA": 12, "WIT": 8} {
		if count[zone] != want {
			t.Errorf("%s: %d provinces, want %d", zone, count[zone], want)
		}
	}
	for code, want := range map[string]string{
		"61.71": "WIB", "62.71": "WIB", "63.71": "WITA", "64.71": "WITA", "65.71": "WITA",
		"51.71": "WITA", "53.71": "WITA", "35.78": "WIB", "73.71": "WITA", "81.71": "WIT", "92.02": "WIT",
	} {
		if r, _ := RegencyByCode(code); r.Zone != want {
			t.Errorf("%s %s: %s, want %s", code, r.Name, r.Zone, want)
		}
	}
}

func TestShortNamesFitTheirTiles(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Provinces() {
		if p.Short == "" || len(p.Short) > 13 || seen[p.Short] {
			t.Errorf("%s: short %q", p.Name, p.Short)
		}
		seen[p.Short] = true
	}
	for code, want := range map[string]string{"19": "Babel", "12": "Sumut", "95": "Papua Peg.", "11": "Aceh", "31": "Jakarta"} {
		if p, _ := ProvinceByCode(code); p.Short != want {
			t.Errorf("%s: %q, want %q", code, p.Short, want)
		}
	}
}

// The data is another project's, under a licence that wants changes declared: NOTICE.md names the
// bytes, and this finds an edit that forgot to.
func TestDataIsWhatTheNoticeSays(t *testing.T) {
	notice, err := os.ReadFile("NOTICE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"provinces.csv", "regencies.csv", "districts.csv"} {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(data)); !strings.Contains(string(notice), sum) {
			t.Errorf("%s: %s is not in NOTICE.md", name, sum)
		}
	}
}

func TestResultsAreCopies(t *testing.T) {
	Provinces()[0].Name = "x"
	Regencies()[0].Name = "x"
	Seats()[0].Slug = "x"
	DistrictsOf("19.01")[0].Name = "x"
	Search("bangka", 1)[0].Name = "x"
	if Provinces()[0].Name == "x" || Regencies()[0].Name == "x" || Seats()[0].Slug == "x" ||
		DistrictsOf("19.01")[0].Name == "x" || Search("bangka", 1)[0].Name == "x" {
		t.Error("a caller's edit reached the tables")
	}
}

func TestNearestSeats(t *testing.T) {
	near := NearestSeats("19.01", 10)
	if len(near) != 10 {
		t.Fatalf("%d seats, want 10", len(near))
	}
	for i, s := range near {
		if s.Code == "19.01" {
			t.Error("a seat is not near itself")
		}
		if i < 6 && s.Province != "19" {
			t.Errorf("%d: %s before the province is used up", i, s.Code)
		}
		if i >= 6 && islands(s.Province) != '1' {
			t.Errorf("%d: %s before the islands are used up", i, s.Code)
		}
	}
	if n := len(NearestSeats("31.71", 1000)); n != 508 {
		t.Errorf("%d seats beside Jakarta, want 508", n)
	}
	if NearestSeats("99", 3) != nil || NearestSeats("19.01", 0) != nil || NearestSeats("19.01", -1) != nil {
		t.Error("nothing was expected")
	}
}
