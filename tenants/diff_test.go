package tenants

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*Region)
		want []string
	}{
		{"nothing", func(*Region) {}, nil},
		{"minutes", func(r *Region) { r.Agencies[0].Services[0].Minutes = 20 }, []string{"~ agencies/dukcapil/services/ktp-baru: waktu 10 → 20 menit"}},
		{"minutes back to the catalogue's", func(r *Region) { r.Agencies[0].Services[0].Minutes = 0 }, []string{"~ agencies/dukcapil/services/ktp-baru: waktu 10 → (katalog)"}},
		{"confirmed", func(r *Region) { r.Agencies[0].Services[1].Confirmed = true }, []string{"~ agencies/dukcapil/services/kk-baru: dipastikan tidak → ya"}},
		{"quota", func(r *Region) { r.Agencies[1].Series[0].Quota = 0 }, []string{"~ agencies/imigrasi/series/paspor: kuota 40 → tanpa batas"}},
		{"name", func(r *Region) { r.Venues[1].Name = "Gerai Pasar" }, []string{`~ venues/gerai: nama "Gerai Perpustakaan" → "Gerai Pasar"`}},
		{"names in English", func(r *Region) {
			r.Venues[1].NameEN, r.Venues[0].Zones[0].PlaceEN = "Library Desk", "Ground floor"
			r.Closures[0].ReasonEN, r.Contact.ComplaintsEN = "Christmas Day", "Tell us."
			r.Agencies[0].Series[0].NameEN, r.Agencies[0].Counters[1].PlaceEN = "Civil registry", "By the door"
		}, []string{
			`~ region: pengaduan (Inggris) (kosong) → "Tell us."`,
			`~ venues/utama/zones/a: tempat (Inggris) (kosong) → "Ground floor"`,
			`~ venues/gerai: nama Inggris (kosong) → "Library Desk"`,
			`~ closures/2026-12-25: alasan (Inggris) (kosong) → "Christmas Day"`,
			`~ agencies/dukcapil/series/umum: nama Inggris (kosong) → "Civil registry"`,
			`~ agencies/dukcapil/counters/utama/2: tempat (Inggris) (kosong) → "By the door"`,
		}},
		{"hours", func(r *Region) { r.Venues[2].Hours[0].Close = "14:00" }, []string{"~ venues/keliling: jam buka Selasa,Kamis 09:00-13:00 → Selasa,Kamis 09:00-14:00"}},
		{"zone added", func(r *Region) {
			r.Venues[0].Zones = append(r.Venues[0].Zones, Zone{Code: "c", Name: "Zona C", Place: "Lantai 3"})
		}, []string{"+ venues/utama/zones/c: Zona C, Lantai 3"}},
		{"venue removed", func(r *Region) { r.Venues = slices.Delete(r.Venues, 2, 3) }, []string{"- venues/keliling: MPP Keliling (kendaraan), Selasa,Kamis 09:00-13:00"}},
		{"venues rearranged", func(r *Region) { r.Venues[0], r.Venues[1] = r.Venues[1], r.Venues[0] }, []string{"~ venues: urutan menjadi gerai, utama, keliling, daring"}},
		{"agency removed", func(r *Region) { r.Agencies = r.Agencies[:2] }, []string{"- agencies/rumah-bumn: Rumah BUMN, 0 seri, 0 loket, 1 layanan"}},
		{"agency added", func(r *Region) {
			r.Agencies = append(r.Agencies, Agency{Code: "pln", Services: []Service{{Code: "x"}}})
		}, []string{"+ agencies/pln: pln, 0 seri, 0 loket, 1 layanan"}},
		{"counter moved", func(r *Region) { r.Agencies[0].Counters[1].Venue = "gerai" }, []string{
			"+ agencies/dukcapil/counters/gerai/2: Loket prioritas, seri umum",
			"- agencies/dukcapil/counters/utama/2: Loket prioritas, seri umum",
		}},
		{"service's series", func(r *Region) {
			r.Agencies[0].Services[1].Series = Codes{"umum", "daring"}
			r.Agencies[0].Services[4].Series = Codes{"keliling"}
		}, []string{
			"~ agencies/dukcapil/services/kk-baru: seri umum → umum, daring",
			"~ agencies/dukcapil/services/legalisasi: seri umum, keliling → keliling",
		}},
		{"service added", func(r *Region) {
			r.Agencies[0].Services = append(r.Agencies[0].Services, Service{Code: "x", Name: "X", Series: Codes{"umum", "keliling"}})
		}, []string{"+ agencies/dukcapil/services/x: X, seri umum, keliling"}},
		{"counter's days", func(r *Region) { r.Agencies[0].Counters[0].Days = "mon,thu" }, []string{"~ agencies/dukcapil/counters/utama/1: hari setiap hari buka → Senin dan Kamis"}},
		{"counter's series", func(r *Region) { r.Agencies[0].Counters[0].Series = []string{"umum", "daring"} }, []string{"~ agencies/dukcapil/counters/utama/1: seri umum → umum, daring"}},
		{"standard", func(r *Region) {
			s := r.Agencies[0].Services[0].Standard
			s.Requirements = append(s.Requirements, "Foto")
			s.Procedure[0] = "Ambil nomor antrean"
			s.Fee = "Rp0"
		}, []string{
			"~ agencies/dukcapil/services/ktp-baru: persyaratan 2 → 3 butir",
			"~ agencies/dukcapil/services/ktp-baru: prosedur diubah",
			"~ agencies/dukcapil/services/ktp-baru: biaya Gratis → Rp0",
		}},
		{"standard removed", func(r *Region) { r.Agencies[0].Services[0].Standard = nil }, []string{"~ agencies/dukcapil/services/ktp-baru: standar layanan kembali dari katalog"}},
		{"staff", func(r *Region) {
			r.Staff[5].Role, r.Staff[5].Counters = RoleAgencyAdmin, nil
			r.Staff = r.Staff[1:]
		}, []string{
			"~ staff/paspor@contoh.go.id: peran petugas loket → admin instansi",
			"- staff/ti@contoh.go.id: Rizky Putra, TI daerah",
		}},
		{"closure", func(r *Region) { r.Closures[1].To = "2027-03-18" }, []string{"~ closures/2027-03-10/keliling: sampai 2027-03-16 → 2027-03-18"}},
		{"region", func(r *Region) { r.Timezone, r.Contact.Phone, r.Brand.Colour = "WIT", "", "#000000" }, []string{
			"~ region: zona waktu WIB → WIT",
			`~ region: telepon "(0717) 000 000" → (kosong)`,
			"~ region: warna #8a1538 → #000000",
		}},
		{"crest", func(r *Region) { r.Logo = "" }, []string{"- logo.svg: lambang, " + size(testLogo)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := valid(t)
			c.edit(r)
			got := lines(Diff(valid(t), r))
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestDiffOfAWholeRegion(t *testing.T) {
	r := valid(t)
	added, removed := lines(Diff(nil, r)), lines(Diff(r, nil))
	want := []string{
		"+ region: 19.01 Kabupaten Bangka, zona waktu WIB",
		"+ venues/utama: Kantor Pelayanan Sungailiat (kantor), 2 zona, Senin-Kamis 08:00-15:30, Jumat 08:00-11:30, Jumat 13:00-15:30",
	}
	if len(added) != 1+4+2+6+1+3 || !slices.Equal(added[:2], want) || added[len(added)-1] != "+ agencies/rumah-bumn: Rumah BUMN, 0 seri, 0 loket, 1 layanan" {
		t.Errorf("%d:\n%s", len(added), strings.Join(added, "\n"))
	}
	if len(removed) != len(added) || !strings.HasPrefix(removed[0], "- region: ") {
		t.Errorf("%d:\n%s", len(removed), strings.Join(removed, "\n"))
	}
	if Diff(nil, nil) != nil {
		t.Error("nothing became something")
	}
}

func TestDiffCarriesValues(t *testing.T) {
	r := valid(t)
	r.Agencies[0].Services[0].Minutes = 20
	want := []Change{{
		Kind: Modify, Path: "agencies/dukcapil/services/ktp-baru", Field: "minutes", Old: "10", New: "20",
		Text:   "~ agencies/dukcapil/services/ktp-baru: waktu 10 → 20 menit",
		TextEN: "~ agencies/dukcapil/services/ktp-baru: minutes 10 → 20",
	}}
	if got := Diff(valid(t), r); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// A region that Load would refuse can still be compared: a code that is there twice hides nothing.
func TestDiffOfCodesThatRepeat(t *testing.T) {
	a, b := valid(t), valid(t)
	a.Venues = append(a.Venues, a.Venues[1])
	b.Venues = append(b.Venues, b.Venues[1])
	b.Venues[4].Name = "Lain"
	want := []string{`~ venues/gerai#2: nama "Gerai Perpustakaan" → Lain`}
	if got := lines(Diff(a, b)); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Nothing that Equal sees may be missing in the plan, or apply would change what nobody was shown.
func TestDiffIsEmptyIffEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genRegion(t)
		b := genRegion(t)
		if rapid.Bool().Draw(t, "same") {
			b = a
		} else if rapid.Bool().Draw(t, "near") {
			c := *a
			b = &c
			b.Venues = slices.Clone(a.Venues)
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				b.Venues[0].TicketsStop++
			case 1:
				slices.Reverse(b.Venues)
			case 2:
				b.Staff = nil
			case 3:
				b.Closures = append(slices.Clone(b.Closures), Closure{From: "2030-01-01", Reason: "x"})
			}
		}
		changes := Diff(a, b)
		if (len(changes) == 0) != Equal(a, b) {
			t.Fatalf("equal %v, changes %v", Equal(a, b), lines(changes))
		}
		if !reflect.DeepEqual(changes, Diff(a, b)) {
			t.Fatal("not the same twice")
		}
		for _, c := range changes {
			if c.Text == "" || strings.Contains(c.Text, "\n") || !strings.HasPrefix(c.Text, sigils[c.Kind]+" "+c.Path+": ") {
				t.Fatalf("%+v", c)
			}
		}
	})
}

func TestEveryKeyHasALabel(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[Region](), reflect.TypeFor[Contact](), reflect.TypeFor[Brand](), reflect.TypeFor[Venue](),
		reflect.TypeFor[Zone](), reflect.TypeFor[Closure](), reflect.TypeFor[Agency](), reflect.TypeFor[Series](),
		reflect.TypeFor[Counter](), reflect.TypeFor[Service](), reflect.TypeFor[Person](), reflect.TypeFor[catalogue.Standard](),
	} {
		for i := range typ.NumField() {
			f := typ.Field(i)
			structs := f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer ||
				f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct
			if name := yamlName(f); name != "" && !structs && labels[name] == "" {
				t.Errorf("%s.%s has no label", typ.Name(), name)
			}
		}
	}
}

func lines(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Text)
	}
	return out
}

func size(s string) string {
	var d differ
	d.logo("", s)
	return strings.TrimPrefix(d.changes[0].New, "lambang, ")
}

func TestDiffInEnglish(t *testing.T) {
	r := valid(t)
	r.Agencies[0].Services[0].Minutes = 20
	r.Agencies[0].Services[1].Confirmed = true
	r.Agencies[1].Series[0].Quota = 0
	r.Venues[1].NameEN = "Library Desk"
	r.Venues[0].Zones = append(r.Venues[0].Zones, Zone{Code: "c", Name: "Zona C", Place: "Lantai 3"})
	r.Agencies = r.Agencies[:2]
	r.Logo = ""
	var got []string
	for _, c := range Diff(valid(t), r) {
		got = append(got, c.TextEN)
	}
	want := []string{
		"+ venues/utama/zones/c: Zona C, Lantai 3",
		`~ venues/gerai: name (English) (none) → "Library Desk"`,
		"- logo.svg: crest, " + size(testLogo),
		"~ agencies/dukcapil/services/ktp-baru: minutes 10 → 20",
		"~ agencies/dukcapil/services/kk-baru: confirmed no → yes",
		"~ agencies/imigrasi/series/paspor: quota 40 → no limit",
		"- agencies/rumah-bumn: Rumah BUMN, series: 0, counters: 0, services: 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, c := range Diff(nil, r) {
		for _, word := range []string{"zona ", "loket", "seri ", "awalan", "kantor"} {
			if strings.Contains(strings.ReplaceAll(c.TextEN, "Loket ", ""), " "+word) {
				t.Errorf("%q", c.TextEN)
			}
		}
	}
}
