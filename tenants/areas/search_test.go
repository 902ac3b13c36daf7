package areas

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []string // the first results' codes, in this order
	}{
		{"Pangkal Pinang", []string{"19.71"}},
		{"pangkalpinang", []string{"19.71"}},
		{"PANGKAL-PINANG", []string{"19.71"}},
		{"kota pangkalpinang", []string{"19.71"}},
		{"pankal pinang", []string{"19.71"}},
		{"pangkal pinag", []string{"19.71"}},
		{"kab bangka", []string{"19.01"}},
		{"Kab. Bangka", []string{"19.01"}},
		{"kabupaten bangka", []string{"19.01"}},
		{"bangka", []string{"19.01", "19.05", "19.04", "19.03", "35.26"}},
		{"bangka bar", []string{"19.05"}},
		{"barat bangka", []string{"19.05"}},
		{"bangka induk", []string{"19.01"}},
		{"bangak", []string{"19.01"}},
		{"kota bogor", []string{"32.71"}},
		{"kab bogor", []string{"32.01"}},
		{"bogor", []string{"32.01", "32.71"}},
		{"kota-bogor", []string{"32.71"}},
		{"kotabogor", []string{"32.71"}},
		{"kodya bogor", []string{"32.71"}},
		{"Kotamadya Bogor", []string{"32.71"}},
		{"kotabaru", []string{"63.02"}},
		{"jogja", []string{"34.71"}},
		{"yogyakarta", []string{"34.71"}},
		{"Yogjakarta", []string{"34.71"}},
		{"solo", []string{"33.72"}},
		{"surakarta", []string{"33.72"}},
		{"tanjung pinang", []string{"21.72"}},
		{"tanjungpinang", []string{"21.72"}},
		{"Tj. Pinang", []string{"21.72"}},
		{"tanjungbalai", []string{"12.74"}},
		{"jakarta", []string{"31"}},
		{"jakarta selatan", []string{"31"}},
		{"Jaksel", []string{"31"}},
		{"Kota Administrasi Jakarta Pusat", []string{"31"}},
		{"kep. seribu", []string{"31"}},
		{"DKI", []string{"31"}},
		{"daerah khusus ibukota jakarta", []string{"31"}},
		{"PALI", []string{"16.12"}},
		{"OKU", []string{"16.01", "16.08", "16.09"}},
		{"oku timur", []string{"16.08"}},
		{"babar", []string{"19.05"}},
		{"basel", []string{"19.03"}},
		{"tangsel", []string{"36.74"}},
		{"mura", []string{"16.05", "62.12"}},
		{"sidrap", []string{"73.14"}},
		{"fakfak", []string{"92.03"}},
		{"tolitoli", []string{"72.04"}},
		{"baubau", []string{"74.72"}},
		{"palangka raya", []string{"62.71"}},
		{"gunung kidul", []string{"34.03"}},
		{"kulonprogo", []string{"34.01"}},
		{"pematang siantar", []string{"12.72"}},
		{"limapuluh kota", []string{"13.07"}},
		{"kabupaten surabaya", []string{"35.78"}},
		{"Surabáya", []string{"35.78"}},
		{"19.01", []string{"19.01"}},
		{" 31.74 ", []string{"31"}},
		{"sungailiat", []string{"19.01"}}, // a district, and its regency's capital
		{"babel", []string{"19.01", "19.02", "19.71"}},
		{"raja ampat", []string{"96.03"}},
		{"manggarai", []string{"53.10", "53.15", "53.19"}},
	} {
		got := codes(Search(c.query, 0))
		if len(got) < len(c.want) || !slices.Equal(got[:len(c.want)], c.want) {
			t.Errorf("Search(%q) = %v, want it to begin with %v", c.query, got[:min(len(got), 8)], c.want)
		}
	}
}

func TestSearchKeepsToTheQuestion(t *testing.T) {
	for query, want := range map[string][]string{
		"kota bogor":      {"32.71"},
		"tanjungpinang":   {"21.72"},
		"jakarta selatan": {"31"},
		"babar":           {"19.05"},
		"":                nil,
		"  -- ":           nil,
		"xqzzyw":          nil,
		"'; drop table":   nil,
	} {
		if got := codes(Search(query, 0)); !slices.Equal(got, want) {
			t.Errorf("Search(%q) = %v, want %v", query, got, want)
		}
	}
	if n := len(Search("a", 5)); n != 5 {
		t.Errorf("limit 5 gave %d", n)
	}
	if n := len(SeatsOf("75")); len(Search("gorontalo", 0)) != n {
		t.Errorf("a province's name should find its %d seats: %v", n, codes(Search("gorontalo", 0)))
	}
}

func TestEverySeatIsFoundByItsOwnNames(t *testing.T) {
	for _, s := range Seats() {
		for _, query := range []string{s.Name, s.Slug, spell.Fold(s.Name), s.Code} {
			if got := Search(query, 1); len(got) != 1 || got[0] != s {
				t.Errorf("Search(%q) = %v, want %s first", query, codes(got), s.Code)
			}
		}
	}
}

func TestSpellingsAreOfUse(t *testing.T) {
	for name, seats := range spellings {
		if len(seats) == 0 {
			t.Errorf("%q means nothing", name)
		}
		for _, code := range seats {
			s, ok := SeatByCode(code)
			if !ok {
				t.Errorf("%q: %s is no seat", name, code)
			} else if spell.Fold(bareName(s.Name)) == spell.Fold(name) {
				t.Errorf("%q is the name itself", name)
			} else if got := codes(Search(name, len(seats))); !slices.Contains(got, code) {
				t.Errorf("Search(%q) = %v, want %s among them", name, got, code)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		code, want string
		ok         bool
	}{
		{"19.01", "19.01", true},
		{"19.1", "19.01", true},
		{"1901", "19.01", true},
		{"19-01", "19.01", true},
		{"19.07", "19.06", true},
		{"19.70", "19.71", true},
		{"91.01", "91.03", true},
		{"31.71", "31", true},
		{"31.71.01.1001", "31", true},
		{"19.01.01", "19.01", true},
		{"190101", "19.01", true},
		{"bngka", "bangka", true},
		{"bangkabarat", "bangka-barat", true},
		{"Kabupaten Bangka Barat", "bangka-barat", true},
		{"kota-bogr", "kota-bogor", true},
		{"", "", false},
		{"zzzzzzzz", "", false},
		{"7", "", false},
	} {
		if got, ok := Nearest(c.code); ok != c.ok || ok && got != c.want {
			t.Errorf("Nearest(%q) = %q %v, want %q %v", c.code, got, ok, c.want, c.ok)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range []string{"bangka", "kab. bogor", "", "Ra\"as", "\xff\xfe", "ÅÅÅ", "19.01", "kota kota kota", "0"} {
		f.Add(q, 5)
	}
	f.Fuzz(func(t *testing.T, query string, limit int) {
		got := Search(query, limit)
		if limit > 0 && len(got) > limit {
			t.Errorf("%d results for limit %d", len(got), limit)
		}
		seen := map[string]bool{}
		for _, s := range got {
			if _, ok := SeatByCode(s.Code); !ok || seen[s.Code] {
				t.Errorf("Search(%q) gave %q", query, s.Code)
			}
			seen[s.Code] = true
		}
		if !slices.Equal(got, Search(query, limit)) {
			t.Errorf("Search(%q) is not deterministic", query)
		}
		if best, ok := Nearest(query); ok && !utf8.ValidString(best) {
			t.Errorf("Nearest(%q) = %q", query, best)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	for _, q := range []string{"pangkalpinang", "kab", "bangak"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				Search(q, 10)
			}
		})
	}
}

func codes(seats []Seat) []string {
	var all []string
	for _, s := range seats {
		all = append(all, s.Code)
	}
	return all
}
