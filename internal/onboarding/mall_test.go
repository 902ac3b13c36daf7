package onboarding_test

import (
	"slices"
	"testing"

	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// workbook is a mall that runs already: two agencies, three counters, three services, two people, the day's numbers.
func workbook(t *testing.T, change func(counters, services, people [][]string)) []byte {
	t.Helper()
	counters := [][]string{{"1", "dukcapil", "", "A"}, {"2", "dukcapil", "", "A"}, {"3", "imigrasi", "", "B"}}
	services := [][]string{
		{"dukcapil", "Legalisir surat adat", "10", "1. Surat asli 2. KTP", "Rp5.000", "A", "1. Ambil nomor", "1 hari", "Surat legalisir"},
		{"dukcapil", "KTP-el pertama kali", "12", "", "", "A", "", "", ""},
		{"imigrasi", "Surat undangan adat", "20", "1. Paspor", "Gratis", "B", "1. Ambil nomor", "1 hari", "Surat undangan"},
	}
	people := [][]string{{"Sari", "sari@bantulkab.go.id", "Petugas loket", "dukcapil", "1"}, {"Rina", "rina@bantulkab.go.id", "TI daerah", "", ""}}
	if change != nil {
		change(counters, services, people)
	}
	raw, err := sheets.WriteXLSX(
		sheets.Table{Name: "Loket", Header: []string{"Loket", "Instansi", "Lokasi", "Seri"}, Rows: counters},
		sheets.Table{Name: "Layanan", Header: []string{"Instansi", "Nama Layanan", "Menit", "Persyaratan", "Biaya", "Seri", "Prosedur", "Jangka Waktu", "Produk"}, Rows: services},
		sheets.Table{Name: "Petugas", Header: []string{"Nama", "Surel", "Peran", "Instansi", "Loket"}, Rows: people},
		sheets.Table{Name: "Nomor hari ini", Header: []string{"Seri", "Terakhir diberikan", "Terakhir dipanggil"}, Rows: [][]string{{"A", "12", "10"}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A mall that runs already comes in by a workbook: first it is told how much there is, then all of it is added; what
// somebody has typed is not overwritten, and told.
func TestAMallByAWorkbook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		raw := workbook(t, nil)
		if got, err := w.svc.ImportMall(t.Context(), tn, rina, raw); err != nil || !sheets.Wrong(got.Wrong) || len(w.draft(t, tn).Changed) > 0 {
			t.Errorf("without a venue: %v %v", got.Wrong, err)
		}
		venue, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office)
		if err != nil {
			t.Fatal(err)
		}
		before := w.draft(t, tn)
		got, err := w.svc.ReadMall(t.Context(), tn, rina, raw)
		if err != nil || sheets.Wrong(got.Wrong) {
			t.Fatalf("%v %v", got.Wrong, err)
		}
		m := got.Merged
		if m.Agencies != 2 || m.Services != 3 || m.Series != 2 || m.Counters != 3 || m.People != 1 || m.Known != 1 || m.Numbers != 1 || m.Filled != 0 || len(m.Differs) > 0 {
			t.Errorf("told: %+v", m)
		}
		if after := w.draft(t, tn); after.Version != before.Version || len(after.Changed) != len(before.Changed) {
			t.Error("looking changes the draft")
		}
		if got, err = w.svc.ImportMall(t.Context(), tn, rina, raw); err != nil || sheets.Wrong(got.Wrong) {
			t.Fatalf("%v %v", got.Wrong, err)
		}
		d := w.draft(t, tn)
		region, _ := d.Region()
		if len(region.Agencies) != 2 || region.Agencies[0].Code != "dukcapil" || len(region.Agencies[0].Counters) != 2 || len(region.Agencies[0].Services) != 2 || len(region.Staff) != 1 {
			t.Errorf("the draft: %+v", region)
		}
		for _, x := range w.svc.Check(d) {
			if !x.Warning {
				t.Errorf("wrong: %s: %s", x.Path, x.TextEN)
			}
		}
		// The same again adds nothing.
		if got, err = w.svc.ImportMall(t.Context(), tn, rina, raw); err != nil || !got.Merged.Empty() || len(got.Merged.Differs) > 0 || w.draft(t, tn).Version != d.Version {
			t.Errorf("again: %+v %v", got.Merged, err)
		}
		// Budi changes a fee and the minutes; the workbook, with a counter more, says another thing of them.
		at := "agencies/dukcapil/services/legalisir-surat-adat/"
		w.save(t, tn, budi, onboarding.Change{Path: at + "standard/fee", Was: "Rp5.000", Value: "Gratis"}, onboarding.Change{Path: at + "minutes", Was: "10", Value: "15"})
		got, err = w.svc.ImportMall(t.Context(), tn, rina, workbook(t, func(counters, _, _ [][]string) { counters[1][0] = "9" }))
		if err != nil || sheets.Wrong(got.Wrong) {
			t.Fatalf("%v %v", got.Wrong, err)
		}
		var differs []string
		for _, x := range got.Merged.Differs {
			differs = append(differs, x.Path+" "+x.Here+" "+x.File)
		}
		if want := []string{at + "minutes 15 10", at + "standard/fee Gratis Rp5.000"}; !slices.Equal(differs, want) {
			t.Errorf("differs: %v", differs)
		}
		f := w.draft(t, tn).Fields
		if f[at+"standard/fee"] != "Gratis" || f[at+"minutes"] != "15" || f["agencies/dukcapil/counters/"+venue+":9"] == "" || got.Merged.Counters != 1 {
			t.Errorf("after: fee %q, minutes %q, %+v", f[at+"standard/fee"], f[at+"minutes"], got.Merged)
		}
	})
}

// What is wrong in a workbook is named, all of it, and nothing comes in.
func TestMistakesInAWorkbook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		before := w.draft(t, tn)
		got, err := w.svc.ImportMall(t.Context(), tn, rina, workbook(t, func(counters, services, _ [][]string) {
			counters[1][1], counters[2][3] = "dukcapli", "ABCD"
			services[0][2] = "sepuluh"
		}))
		if err != nil {
			t.Fatal(err)
		}
		var at []string
		for _, p := range got.Wrong {
			if !p.Warning {
				at = append(at, p.Sheet+" "+p.Cell())
			}
		}
		for _, want := range []string{"Loket B3", "Loket D4", "Layanan C2"} {
			if !slices.Contains(at, want) {
				t.Errorf("not named: %s in %v", want, at)
			}
		}
		got, err = w.svc.ImportMall(t.Context(), tn, rina, workbook(t, func(_, _, people [][]string) { people[0][1] = "sari" }))
		if err != nil || len(got.Wrong) == 0 || got.Wrong[0].Sheet+" "+got.Wrong[0].Cell() != "Petugas B2" {
			t.Errorf("a person: %v %v", got.Wrong, err)
		}
		if after := w.draft(t, tn); after.Version != before.Version {
			t.Error("something came in")
		}
	})
}

// A series of the workbook that has the code of another in the draft gets a code of its own, and its counters call it.
func TestAWorkbooksSeriesKeepApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		if _, err := w.svc.ImportMall(t.Context(), tn, rina, workbook(t, nil)); err != nil {
			t.Fatal(err)
		}
		at := "agencies/dukcapil/series/a"
		w.save(t, tn, rina, onboarding.Change{Path: at + "/prefix", Was: "A", Value: "K"})
		got, err := w.svc.ImportMall(t.Context(), tn, rina, workbook(t, func(counters, _, _ [][]string) { counters[1][0] = "7" }))
		if err != nil || sheets.Wrong(got.Wrong) {
			t.Fatalf("%v %v", got.Wrong, err)
		}
		region, _ := w.draft(t, tn).Region()
		a := region.Agencies[slices.IndexFunc(region.Agencies, func(a tenants.Agency) bool { return a.Code == "dukcapil" })]
		prefix := map[string]string{}
		for _, s := range a.Series {
			prefix[s.Code] = s.Prefix
		}
		i := slices.IndexFunc(a.Counters, func(c tenants.Counter) bool { return c.Code == "7" })
		if len(prefix) != 2 || prefix["a"] != "K" || i < 0 || len(a.Counters[i].Series) != 1 || prefix[a.Counters[i].Series[0]] != "A" {
			t.Errorf("series %v, counters %+v", prefix, a.Counters)
		}
	})
}

// A standard that the region has looked at and confirmed is not replaced; one that nobody has confirmed is.
func TestAConfirmedStandardStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil"}); err != nil {
			t.Fatal(err)
		}
		service := "agencies/dukcapil/services/ktp-baru"
		w.save(t, tn, rina, onboarding.Change{Path: service + "/confirmed", Value: "true"})
		raw := workbook(t, func(_, services, _ [][]string) {
			services[1] = []string{"dukcapil", "KTP-el pertama kali", "", "1. Surat adat", "Rp1.000", "A", "1. Ambil nomor", "1 hari", "KTP"}
		})
		got, err := w.svc.ImportMall(t.Context(), tn, rina, raw)
		if err != nil || sheets.Wrong(got.Wrong) {
			t.Fatalf("%v %v", got.Wrong, err)
		}
		if len(got.Merged.Differs) != 1 || got.Merged.Differs[0].Path != service+"/standard" || len(w.draft(t, tn).Fields.Under(service+"/standard")) > 0 {
			t.Errorf("confirmed: %+v", got.Merged.Differs)
		}
		w.save(t, tn, rina, onboarding.Change{Path: service + "/confirmed", Was: "true"})
		if got, err = w.svc.ImportMall(t.Context(), tn, rina, raw); err != nil || len(got.Merged.Differs) > 0 || w.draft(t, tn).Fields[service+"/standard/fee"] != "Rp1.000" {
			t.Errorf("not confirmed: %+v %v", got.Merged, err)
		}
	})
}
