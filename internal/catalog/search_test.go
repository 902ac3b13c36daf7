package catalog

import (
	"testing"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

func someOffers() *tenant.Directory {
	capil := &tenant.Agency{AgencyRow: tenant.AgencyRow{Name: "Dinas Kependudukan dan Pencatatan Sipil", Short: "Kependudukan", Words: "capil\ndukcapil\nktp\nkk"}}
	polri := &tenant.Agency{AgencyRow: tenant.AgencyRow{Name: "Polres Bangka", Short: "Kepolisian"}}
	add := func(o *tenant.Agency, name, en, words string) {
		o.Services = append(o.Services, &tenant.Service{ServiceRow: tenant.ServiceRow{Name: name, NameEN: en, Words: words}, Agency: o})
	}
	add(capil, "KTP-el hilang atau rusak", "Lost or damaged identity card", "e-ktp\nktp elektronik")
	add(capil, "Kartu Keluarga baru", "New family card", "kk\nkk hilang")
	add(capil, "Akta kelahiran", "Birth certificate", "akte lahir")
	add(polri, "SKCK", "Police certificate", "surat kelakuan baik")
	return &tenant.Directory{Agencies: []*tenant.Agency{capil, polri}}
}

func TestSearchFindsWhatPeopleType(t *testing.T) {
	idx := newIndex(someOffers())
	for query, want := range map[string]string{
		"ktp": "KTP-el hilang atau rusak", "KTP hilang": "KTP-el hilang atau rusak", "ktpel": "KTP-el hilang atau rusak",
		"e ktp": "KTP-el hilang atau rusak", "saya mau urus kartu keluarga": "Kartu Keluarga baru", "kk": "Kartu Keluarga baru",
		"akte lahir": "Akta kelahiran", "kelahirn": "Akta kelahiran", "S.K.C.K": "SKCK", "skkc": "SKCK", "kelakuan baik": "SKCK",
		"birth": "Akta kelahiran", "kartukeluarga": "Kartu Keluarga baru", "identity card": "KTP-el hilang atau rusak",
	} {
		got := search(idx, query)
		if len(got) == 0 || got[0].Name != want {
			t.Errorf("%q finds %v, want %q first", query, names(got), want)
		}
	}
	for _, query := range []string{"", "   ", "zzzz", "!!!", "paspor"} {
		if got := search(idx, query); len(got) != 0 {
			t.Errorf("%q finds %v", query, names(got))
		}
	}
	if got := search(idx, "dukcapil"); len(got) != 3 {
		t.Errorf("an agency's word finds %v", names(got))
	}
	if got := search(idx, "ktp"); len(got) != 1 {
		t.Errorf("a word that is a service's and its agency's finds %v", names(got))
	}
	if got := search(idx, "akta capil"); len(got) != 1 || got[0].Name != "Akta kelahiran" {
		t.Errorf("a service's word with its agency's finds %v", names(got))
	}
}

func TestFormsOfAWord(t *testing.T) {
	for _, c := range [][2]string{
		{"hilang", "kehilangan"}, {"hilang", "menghilangkan"}, {"urus", "mengurus"}, {"urus", "pengurusan"}, {"pindah", "perpindahan"}, {"pindah", "pemindahan"},
		{"buat", "membuat"}, {"buat", "pembuatan"}, {"cetak", "mencetak"}, {"perpanjang", "memperpanjang"}, {"perpanjangan", "memperpanjang"}, {"perpanjang", "diperpanjang"},
		{"nikah", "pernikahan"}, {"tulis", "menulis"}, {"sewa", "penyewaan"}, {"kirim", "mengirimkan"}, {"pasang", "memasang"}, {"daftar", "terdaftar"}, {"kartu", "kartunya"},
		{"cerai", "bercerai"}, {"mati", "kematian"}, {"penduduk", "kependudukan"}, {"pinjam", "dipinjam"},
	} {
		if !termOf(c[0]).related(termOf(c[1])) {
			t.Errorf("%s is no form of %s: %q, %q", c[1], c[0], roots(c[1]), roots(c[0]))
		}
	}
	for _, c := range [][2]string{{"kepala", "pala"}, {"pajak", "ajak"}, {"berkas", "kas"}, {"kelas", "las"}, {"buku", "baku"}, {"ikan", "i"}} {
		if termOf(c[0]).related(termOf(c[1])) {
			t.Errorf("%s and %s are taken for one", c[0], c[1])
		}
	}
}

func names(os []*tenant.Service) (out []string) {
	for _, o := range os {
		out = append(out, o.Name)
	}
	return out
}

func TestHelpLeadsOn(t *testing.T) {
	idx := newIndex(someOffers())
	for query, want := range map[string]struct {
		better  string
		similar string
	}{
		"kelahiram bayi":  {"kelahiran", "Akta kelahiran"},
		"skcck zebraku":   {"skck", "SKCK"},
		"kartu keluargaa": {"kartu keluarga", "Kartu Keluarga baru"},
		"kartu merah":     {"kartu", "Kartu Keluarga baru"},
		"zzzz qqqq":       {"", ""},
		"":                {"", ""},
	} {
		got := help(idx, query)
		if got.Query != want.better {
			t.Errorf("%q: did you mean %q, want %q", query, got.Query, want.better)
		}
		if want.similar == "" && len(got.Similar) > 0 || want.similar != "" && (len(got.Similar) == 0 || got.Similar[0].Name != want.similar) {
			t.Errorf("%q: similar %v, want %q first", query, names(got.Similar), want.similar)
		}
		if got.Query != "" && len(search(idx, got.Query)) == 0 {
			t.Errorf("%q: %q finds nothing either", query, got.Query)
		}
	}
}

func FuzzSearch(f *testing.F) {
	idx := newIndex(someOffers())
	for _, s := range []string{"ktp", "é", "\x00\xff", "aa aa", "ｋｔｐ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(search(idx, s)) == 0 {
			help(idx, s)
		}
	})
}
