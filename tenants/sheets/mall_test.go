package sheets_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

func load(t *testing.T) (*tenants.Region, *tenants.Resolved, *catalogue.Catalogue) {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	region, problems := tenants.LoadDir("../regions/19.01-bangka")
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	resolved, err := tenants.Resolve(region, cat)
	if err != nil {
		t.Fatal(err)
	}
	return region, resolved, cat
}

// A region's services, counters, people and numbers, written and read again: the same, and a manifest that has no
// mistake.
func TestAMallComesBackAsItWas(t *testing.T) {
	region, resolved, cat := load(t)
	people := sheets.Table{Name: "Petugas", Header: []string{"Nama", "Surel", "Peran", "Instansi", "Loket"}}
	for _, p := range region.Staff {
		people.Rows = append(people.Rows, []string{p.Name, p.Email, string(p.Role), p.Agency, strings.Join(p.Counters, ", ")})
	}
	raw, err := sheets.WriteXLSX(sheets.ServicesTable(resolved), sheets.CountersTable(resolved), people,
		sheets.Table{Name: "Nomor hari ini", Header: []string{"Seri", "Nomor terakhir", "Dipanggil"}, Rows: [][]string{{"A", "A-041", "39"}, {"KA", "", ""}}},
		sheets.Table{Name: "Reservasi", Header: []string{"Nama", "Jam"}, Rows: [][]string{{"x", "09.00"}}})
	if err != nil {
		t.Fatal(err)
	}
	f, wrong := sheets.Open(bytes.NewReader(raw))
	if f == nil {
		t.Fatal(wrong)
	}
	mall, wrong := f.Mall(region, cat)
	if sheets.Wrong(wrong) {
		t.Fatalf("%v", wrong)
	}
	if !slices.ContainsFunc(wrong, func(p sheets.Problem) bool { return p.Sheet == "Reservasi" && p.Warning }) {
		t.Errorf("it is not said that bookings are left out: %v", wrong)
	}
	if fmt.Sprint(mall.Numbers) != "[{A  41 39 2} {KA  0 0 3}]" || mall.Own != 0 || len(mall.Staff) != len(region.Staff) {
		t.Errorf("%v, %d of its own, %d people", mall.Numbers, mall.Own, len(mall.Staff))
	}
	again := *region
	again.Agencies, again.Staff = mall.Agencies, mall.Staff
	if !tenants.Equal(&again, region) {
		for _, c := range tenants.Diff(region, &again) {
			t.Errorf("changed: %v", c)
		}
	}
	// The same into a region that has nothing yet: all of it is new, and right.
	empty := *region
	empty.Agencies = nil
	for _, a := range region.Agencies {
		empty.Agencies = append(empty.Agencies, tenants.Agency{Code: a.Code, Name: a.Name, Short: a.Short})
	}
	if mall, wrong = f.Mall(&empty, cat); sheets.Wrong(wrong) {
		t.Fatalf("%v", wrong)
	}
	again.Agencies = mall.Agencies
	dir := filepath.Join(t.TempDir(), "19.01-bangka")
	if err := tenants.Write(dir, &again); err != nil {
		t.Fatal(err)
	}
	if _, problems := tenants.LoadDir(dir); problems.Err() != nil {
		t.Fatal(problems.Err())
	}
	back, err := tenants.Resolve(&again, cat)
	if err != nil {
		t.Fatal(err)
	}
	services := func(r *tenants.Resolved) (out []string) {
		for _, a := range r.Agencies {
			for _, s := range a.Services {
				text := a.Code + "/" + s.Code
				if s.Standard != nil && len(s.Series) > 0 {
					text += fmt.Sprint(s.Standard.Requirements, s.Standard.Procedure, s.Standard.Time, s.Standard.Fee)
				}
				out = append(out, text)
			}
		}
		slices.Sort(out)
		return out
	}
	was, is := services(resolved), services(back)
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) || was[i] != is[i] {
			t.Fatalf("%d and %d services; the first that differs:\n%v\n%v", len(was), len(is), was[min(i, len(was)-1)], is[min(i, len(is)-1)])
		}
	}
}

func TestMistakesInAMall(t *testing.T) {
	region, _, cat := load(t)
	raw, err := sheets.WriteXLSX(
		sheets.Table{Name: "Loket", Header: []string{"Loket", "Instansi", "Lokasi", "Seri"}, Rows: [][]string{
			{"1", "dukcapil", "", "A"}, {"2", "dukcapli", "", "A"}, {"3", "imigrasi", "", "A"}, {"1", "dukcapil", "", "A"}, {"5", "dukcapil", "sungailiatt", "A"}, {"", "dukcapil", "", "ABCD"},
		}},
		sheets.Table{Name: "Layanan", Header: []string{"Instansi", "Nama Layanan", "Menit", "Persyaratan", "Jumlah Pelaksana"}, Rows: [][]string{
			{"dukcapil", "KTP-el baru", "lima", "", "3"}, {"dukcapil", "", "", "", ""}, {"imigrasi", "Paspor baru", "", "", ""}, {"dukcapil", "Legalisir surat adat", "10", "1. Surat asli 2. KTP", ""},
		}})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := sheets.Open(bytes.NewReader(raw))
	mall, wrong := f.Mall(region, cat)
	want := []string{"B3 agency", "D4 series", "A5 duplicate", "C6 counter", "A7 required", "D7 series", "C2 number", "B3 required", " series"}
	if list := at(wrong); !slices.Equal(list[:8], want[:8]) || len(list) != 9 || !strings.HasSuffix(list[8], "series") {
		t.Errorf("%v\n%v", list, wrong)
	}
	i := slices.IndexFunc(mall.Agencies, func(a tenants.Agency) bool { return a.Code == "dukcapil" })
	own := mall.Agencies[i].Services[len(mall.Agencies[i].Services)-1]
	if mall.Own != 1 || own.Code != "legalisir-surat-adat" || fmt.Sprint(own.Standard.Requirements) != "[Surat asli KTP]" || own.Minutes != 10 {
		t.Errorf("the region's own: %+v", own)
	}
	if !slices.ContainsFunc(wrong, func(p sheets.Problem) bool { return p.Header == "Jumlah Pelaksana" && p.Warning }) {
		t.Error("it is not said what is left out")
	}
	if _, err := sheets.Template(sheets.KindMall, known()); err != nil {
		t.Error(err)
	}
}

func FuzzMall(f *testing.F) {
	f.Add([]byte("Seri,Terakhir diberikan,Terakhir dipanggil\nA,5,4\n"))
	region, problems := tenants.LoadDir("../regions/19.01-bangka")
	cat, err := catalogue.Load()
	if err != nil || problems.Err() != nil {
		f.Fatal(err, problems)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, _ := sheets.OpenBytes(raw)
		if file == nil {
			return
		}
		numbers, _ := file.Numbers(nil)
		for _, n := range numbers {
			if n.Called > n.Given || n.Given > 9999 || n.Prefix == "" {
				t.Fatalf("taken: %+v", n)
			}
		}
		file.Mall(region, cat)
	})
}
