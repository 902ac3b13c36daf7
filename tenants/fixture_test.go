package tenants

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// testCatalogue is a small catalogue of our own, so that these tests do not follow the national one's
// every edit.
type testCatalogue []catalogue.Agency

func (c testCatalogue) Agencies() []catalogue.Agency { return c }

func (c testCatalogue) Agency(code string) (*catalogue.Agency, bool) {
	for i := range c {
		if c[i].Code == code {
			return &c[i], true
		}
	}
	return nil, false
}

func (c testCatalogue) Service(agency, code string) (*catalogue.Service, bool) {
	a, ok := c.Agency(agency)
	if !ok {
		return nil, false
	}
	for i := range a.Services {
		if a.Services[i].Code == code {
			return &a.Services[i], true
		}
	}
	return nil, false
}

var testCat = testCatalogue{
	{
		Code: "dukcapil", Name: "Dinas Kependudukan dan Pencatatan Sipil {region}", Short: "Kependudukan",
		NameEN: "Civil Registry of {region}", ShortEN: "Civil registry", Owner: "daerah", Icon: "id",
		Words: []string{"capil"},
		Services: []catalogue.Service{
			{Code: "ktp-baru", Name: "KTP-el baru", NameEN: "New identity card", Words: []string{"ktp"}, Execution: catalogue.FrontDesk, System: "SIAK", Receipt: "Nomor permohonan SIAK", Minutes: 15, Standard: &catalogue.Standard{Requirements: []string{"KK"}, Procedure: []string{"Datang"}, Time: "20 menit", Fee: "Gratis", Product: "KTP-el"}},
			{Code: "kk-baru", Name: "Kartu Keluarga baru", NameEN: "New family card", Execution: catalogue.FrontDesk, System: "SIAK", Receipt: "Nomor permohonan SIAK", Minutes: 12, Standard: &catalogue.Standard{Requirements: []string{"Buku nikah"}, Procedure: []string{"Datang"}, Time: "1 hari", Fee: "Gratis", Product: "KK"}},
			{Code: "legalisasi", Name: "Legalisasi dokumen", Execution: catalogue.Native},
		},
	},
	{
		Code: "imigrasi", Name: "Kantor Imigrasi", Short: "Paspor", NameEN: "Immigration Office", ShortEN: "Passports", Owner: "vertikal", Icon: "plane",
		Services: []catalogue.Service{
			{Code: "paspor-baru", Name: "Paspor baru", Execution: catalogue.FrontDesk, System: "M-Paspor", Receipt: "Kode pembayaran"},
			{Code: "paspor-daring", Name: "Permohonan lewat M-Paspor", Execution: catalogue.HandOff, System: "M-Paspor", Receipt: "Kode pembayaran"},
		},
	},
}

const validFolder = "testdata/valid/19.01-bangka"

// folderFS reads a folder of testdata into memory, under its own name.
func folderFS(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	base := filepath.Base(dir)
	out := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		out[base+"/"+name] = &fstest.MapFile{Data: text, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// valid loads the region that everything here starts from.
func valid(t testing.TB) *Region {
	t.Helper()
	r, problems := LoadWith(testCat, folderFS(t, validFolder), "19.01-bangka")
	if len(problems) > 0 {
		t.Fatalf("the valid region has problems:\n%v", problems)
	}
	return r
}

// mark is put into a test's text where a problem is expected; it is taken out before loading.
const mark = "§"

// unmark gives the text without its mark and where the mark stood, from 1.
func unmark(text string) (clean string, line, column int) {
	before, after, found := strings.Cut(text, mark)
	if !found {
		return text, 0, 0
	}
	line = strings.Count(before, "\n") + 1
	column = len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
	return before + after, line, column
}
