package onboarding_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// Forty people with eight kinds of mistakes, while the region is being prepared: each is named by sheet, row and column
// and nobody is added; mended, all are in the draft, and they are invited when the region opens, and not before.
func TestFortyPeopleWhilePreparing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, budi := w.prepared(t, "34.02")
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil", "imigrasi"}); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.TakeProposal(t.Context(), tn, rina, 400, false); err != nil {
			t.Fatal(err)
		}
		region, _ := w.draft(t, tn).Region()
		own, other := "", ""
		for _, a := range region.Agencies {
			for _, c := range a.Counters {
				if a.Code == "dukcapil" && own == "" {
					own = c.Code
				} else if a.Code == "imigrasi" && other == "" {
					other = c.Code
				}
			}
		}
		if own == "" || other == "" {
			t.Fatalf("no counters: %+v", region.Agencies)
		}
		var rows [][]string
		for i := 1; i <= 40; i++ {
			rows = append(rows, []string{fmt.Sprintf("Orang Ke-%d", i), fmt.Sprintf("orang%d@baru.test", i), "Petugas loket", "dukcapil", own})
		}
		right := map[[2]int]string{}
		spoil := func(row, column int, with string) {
			right[[2]int{row, column}] = rows[row-2][column]
			rows[row-2][column] = with
		}
		spoil(3, 0, "")                      // no name
		spoil(7, 1, "orang6@baru,test")      // no address
		spoil(12, 1, "ORANG9@baru.test")     // stands in row 10
		spoil(15, 2, "petugas lokett")       // no role
		spoil(20, 3, "dukcapli")             // no agency
		spoil(25, 4, "77")                   // no counter
		spoil(30, 4, other)                  // the other agency's
		spoil(35, 1, "rina@bantulkab.go.id") // has an account: she sets the region up
		write := func() []byte {
			raw, err := sheets.WriteXLSX(sheets.Table{Name: "Petugas", Header: []string{"Nama", "Surel", "Peran", "Instansi", "Loket"}, Rows: rows})
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		got, err := w.svc.ImportPeople(t.Context(), tn, rina, write())
		if err != nil {
			t.Fatal(err)
		}
		var at []string
		for _, p := range got.Wrong {
			at = append(at, p.Sheet+" "+p.Cell()+" "+string(p.Rule))
			if p.Message == "" || p.MessageEN == "" || p.Header == "" {
				t.Errorf("not said: %+v", p)
			}
		}
		want := []string{
			"Petugas A3 required", "Petugas B7 email", "Petugas B12 duplicate", "Petugas C15 role", "Petugas D20 agency", "Petugas E25 counter", "Petugas E30 foreign", "Petugas B35 there",
		}
		if !slices.Equal(at, want) {
			t.Errorf("named %v, not %v", at, want)
		}
		if d := w.draft(t, tn); len(d.People()) > 0 {
			t.Errorf("%d people of a file with mistakes", len(d.People()))
		}
		for cell, text := range right {
			rows[cell[0]-2][cell[1]] = text
		}
		if got, err = w.svc.ReadPeople(t.Context(), tn, write()); err != nil || len(got.Wrong) > 0 || len(got.People) != 40 || len(w.draft(t, tn).People()) > 0 {
			t.Fatalf("looking at it: %v %v", got.Wrong, err)
		}
		if got, err = w.svc.ImportPeople(t.Context(), tn, budi, write()); err != nil || len(got.Wrong) > 0 {
			t.Fatalf("mended: %v %v", got.Wrong, err)
		}
		d := w.draft(t, tn)
		if n := len(d.People()); n != 40 {
			t.Fatalf("%d people in the draft", n)
		}
		if len(w.letters.all()) > 0 {
			t.Errorf("written before the region opens: %v", w.letters.all())
		}
		// Pressed twice, nobody stands there twice; the sentence says that they are in the list.
		got, err = w.svc.ImportPeople(t.Context(), tn, budi, write())
		if err != nil || len(got.Wrong) != 40 || !strings.Contains(got.Wrong[0].Message, "sudah ada di daftar") || len(w.draft(t, tn).People()) != 40 {
			t.Errorf("a second time: %d %v", len(got.Wrong), err)
		}
		for _, x := range w.svc.Check(d) {
			if !x.Warning {
				t.Errorf("wrong: %s: %s", x.Path, x.TextEN)
			}
		}
		if _, err := w.svc.Apply(t.Context(), tn, rina, d.Version, d.Base); err != nil {
			t.Fatal(err)
		}
		invited := map[string]bool{}
		for _, x := range w.letters.all() {
			if strings.HasPrefix(x, "invite ") {
				invited[x] = true
			}
		}
		if len(invited) != 40 || len(w.letters.all()) != 40 {
			t.Errorf("%d invitations to %d people", len(w.letters.all()), len(invited))
		}
	})
}

// What is no spreadsheet is said so, and changes nothing.
func TestNoSheetOfPeople(t *testing.T) {
	w := newWorld(t, testkit.Open(t, testkit.SQLite), testkit.NewClock(testkit.Morning))
	tn, rina, _ := w.prepared(t, "34.02")
	for _, raw := range []string{"", "%PDF-1.7", "\xd0\xcf\x11\xe0", "satu;dua\n1;2\n"} {
		got, err := w.svc.ImportPeople(t.Context(), tn, rina, []byte(raw))
		if err != nil || !sheets.Wrong(got.Wrong) || len(w.draft(t, tn).Changed) > 0 {
			t.Errorf("%q: %+v %v", raw, got, err)
		}
	}
}
