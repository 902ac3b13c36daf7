package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// A region's services as a spreadsheet and back: nothing changes. A file with a mistake writes nothing.
func TestServicesAsASpreadsheet(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		if out, err := pendopo(t, db, "tenant", "apply", "../../tenants/regions/19.01-bangka"); err != nil {
			t.Fatal(out, err)
		}
		dir := t.TempDir()
		file, folder := filepath.Join(dir, "layanan.xlsx"), filepath.Join(dir, "19.01-bangka")
		if out, err := pendopo(t, db, "tenant", "services", "19.01", file); err != nil {
			t.Fatal(out, err)
		}
		if out, err := pendopo(t, db, "tenant", "services", "19.01", file); err == nil || !strings.Contains(out, "sudah ada") {
			t.Errorf("over a file that is there: %s", out)
		}
		if out, err := pendopo(t, db, "tenant", "services", "--into", folder, "19.01", file); err != nil {
			t.Fatal(out, err)
		}
		if out, err := pendopo(t, db, "tenant", "plan", folder); err != nil || strings.Contains(out, "~") || strings.Contains(out, "+ ") || strings.Contains(out, "- ") {
			t.Errorf("the same comes back changed: %s %v", out, err)
		}
		content, err := sheets.WriteXLSX(
			sheets.Table{Name: "Loket", Header: []string{"Loket", "Instansi", "Seri"}, Rows: [][]string{{"1", "dukcapli", "A"}}},
			sheets.Table{Name: "Layanan", Header: []string{"Instansi", "Nama Layanan"}, Rows: [][]string{{"dukcapil", ""}}})
		if err != nil {
			t.Fatal(err)
		}
		wrong, none := filepath.Join(dir, "salah.xlsx"), filepath.Join(dir, "tidak-ada")
		if err := os.WriteFile(wrong, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := pendopo(t, db, "tenant", "services", "--into", none, "19.01", wrong)
		if err == nil || !strings.Contains(out, "Loket B2 Instansi") || !strings.Contains(out, "Layanan B2 Nama Layanan") || !strings.Contains(out, "dukcapil") {
			t.Errorf("mistakes: %s %v", out, err)
		}
		if _, err := os.Stat(none); !os.IsNotExist(err) {
			t.Error("a folder was written")
		}
	})
}
