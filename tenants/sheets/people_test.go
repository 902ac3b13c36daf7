package sheets_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// known is a region with two agencies at two venues.
func known() sheets.Known {
	return sheets.Known{
		Agencies: []sheets.Agency{
			{Code: "dukcapil", Names: []string{"Dinas Kependudukan dan Pencatatan Sipil Kabupaten Uji", "Kependudukan"}, Counters: []sheets.Counter{
				{Key: "mal/1", Name: "Loket 1"}, {Key: "mal/2", Name: "Loket 2"}, {Key: "mal/3", Name: "Loket 3"}, {Key: "keliling/1", Name: "Loket keliling 1"}}},
			{Code: "imigrasi", Names: []string{"Kantor Imigrasi", "Imigrasi"}, Counters: []sheets.Counter{{Key: "mal/7", Name: "Loket 7"}}},
		},
		There: func(email string) bool { return email == "lama@uji.go.id" },
	}
}

func book(t *testing.T, rows [][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func at(list []sheets.Problem) (out []string) {
	for _, p := range list {
		if strings.Contains(p.Message+p.MessageEN, "%!") {
			out = append(out, "BROKEN "+p.Message+p.MessageEN)
		}
		if !p.Warning {
			out = append(out, p.Cell()+" "+string(p.Rule))
		}
	}
	return out
}

// Headings in another order, under a title, in other words; roles, agencies and counters as people write them.
func TestPeopleAsPeopleWriteThem(t *testing.T) {
	raw := book(t, [][]any{
		{"DAFTAR PETUGAS MPP KABUPATEN UJI"},
		{},
		{"No.", "OPD", "Alamat E-mail", "Nama Lengkap *", "Hak akses", "No. Loket"},
		{1, "Dukcapil", "SITI@uji.go.id", "Siti  Rahayu", "Petugas Loket", "mal/1, 2"},
		{2, "kependudukan", "budi@uji.go.id", "Budi", "operator", "1 s.d. 3"},
		{3, "KANTOR IMIGRASI", "ayu@uji.go.id", "Ayu", "Admin Instansi", ""},
		{4, "", "dewi@uji.go.id", "Dewi", "front office", "-"},
		{},
		{5, "imigrasi", "joko@uji.go.id", "Joko", "officer", 7},
		{6, "imigrasi", "contoh@uji.go.id", "Contoh: Nama", "officer", 99},
	})
	got, wrong := sheets.People(bytes.NewReader(raw), known())
	if list := at(wrong); !slices.Equal(list, []string{"F5 counter"}) { // counter 1 stands at two venues
		t.Fatalf("wrong: %v\n%v", list, wrong)
	}
	want := []tenants.Person{
		{Email: "siti@uji.go.id", Name: "Siti Rahayu", Role: "officer", Agency: "dukcapil", Counters: []string{"mal/1", "mal/2"}},
		{Email: "ayu@uji.go.id", Name: "Ayu", Role: "agency-admin", Agency: "imigrasi"},
		{Email: "dewi@uji.go.id", Name: "Dewi", Role: "front-office"},
		{Email: "joko@uji.go.id", Name: "Joko", Role: "officer", Agency: "imigrasi", Counters: []string{"mal/7"}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("people:\n%v\nwant\n%v", got, want)
	}
	if !strings.Contains(wrong[len(wrong)-1].Message, "mal/1, keliling/1") {
		t.Errorf("the choice is not named: %v", wrong)
	}
}

func TestEveryMistakeIsNamedWhereItIs(t *testing.T) {
	raw := book(t, [][]any{
		{"Nama", "Surel", "Peran", "Instansi", "Loket", "HP"},
		{"", "a@uji.go.id", "petugas loket", "dukcapil", "2", ""},
		{"B", "b(at)uji.go.id", "petugas loket", "dukcapil", "2", "0812"},
		{"C", "C@uji.go.id", "petugas lokett", "dukcapil", "2", ""},
		{"D", "c@uji.go.id", "petugas loket", "dukcapli", "2", ""},
		{"E", "e@uji.go.id", "petugas loket", "dukcapil", "9", ""},
		{"F", "f@uji.go.id", "petugas loket", "dukcapil", "7", ""},
		{"G", "g@uji.go.id", "admin instansi", "", "", ""},
		{"H", "lama@uji.go.id", "manajer mpp", "imigrasi", "1", ""},
		{"I", "i@gmail.con", "petugas loket", "imigrasi", 46082, ""},
		{"J", "", "", "", "", ""},
	})
	got, wrong := sheets.People(bytes.NewReader(raw), known())
	if len(got) != 0 {
		t.Errorf("taken: %v", got)
	}
	want := []string{"A2 required", "B3 email", "C4 role", "B5 duplicate", "D5 agency", "E6 counter", "E7 foreign", "D8 required", "B9 there", "D9 agency", "E9 counter", "B10 email", "E10 counter",
		"B11 required", "C11 required"}
	if list := at(wrong); !slices.Equal(list, want) {
		t.Fatalf("wrong:\n%v\nwant\n%v", list, want)
	}
	for cell, right := range map[string]string{"B3": "b@uji.go.id", "C4": "Petugas loket", "D5": "dukcapil", "B10": "i@gmail.com"} {
		i := slices.IndexFunc(wrong, func(p sheets.Problem) bool { return p.Cell() == cell })
		if i < 0 || wrong[i].Suggestion != right || !strings.Contains(wrong[i].Message, right) || !strings.Contains(wrong[i].MessageEN, right) {
			t.Errorf("%s: %+v", cell, wrong[i])
		}
	}
	if _, wrong := sheets.People(strings.NewReader("Nama,Surel,Peran\nA,a@uji.go.id,xyzzy"), known()); wrong[0].Suggestion != "" || strings.Contains(wrong[0].Message, "maksud") {
		t.Errorf("a guess at nothing: %v", wrong)
	}
	for _, p := range wrong {
		if p.Cell() == "B5" && !strings.Contains(p.Message, "baris 4") || p.Cell() == "E7" && !strings.Contains(p.Message, "Kantor Imigrasi") {
			t.Errorf("not said where: %s", p)
		}
	}
}

// The same table as people's programs save it as text.
func TestCSVAsItIsSaved(t *testing.T) {
	text := "Nama,Surel,Peran,Instansi,Loket\r\n\r\n\"Renée \"\"Rere\"\"\n Dewi\",rere@uji.go.id,petugas loket,dukcapil,\"2,3\"\r\nBudi,budi@uji.go.id,salah,dukcapil,2\r\n"
	semicolon := strings.ReplaceAll(strings.ReplaceAll(text, `"2,3"`, "2-3"), ",", ";")
	latin, err := charmap.Windows1252.NewEncoder().String(semicolon)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(semicolon, ";", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"comma": text, "mark": "\xef\xbb\xbf" + text, "semicolon": semicolon, "tab": strings.ReplaceAll(semicolon, ";", "\t"), "Windows-1252": latin, "UTF-16": wide,
		"unix": strings.ReplaceAll(text, "\r", ""),
	} {
		got, wrong := sheets.People(strings.NewReader(raw), known())
		// The name goes over two lines, so the second person stands in the spreadsheet's row 4.
		if list := at(wrong); !slices.Equal(list, []string{"C4 role"}) {
			t.Errorf("%s: %v", name, list)
		}
		if len(got) != 1 || got[0].Name != `Renée "Rere" Dewi` || !slices.Equal(got[0].Counters, []string{"mal/2", "mal/3"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	_, wrong := sheets.People(strings.NewReader("sep=;\n"+strings.ReplaceAll(semicolon, "\r", "")), known())
	if list := at(wrong); !slices.Equal(list, []string{"C5 role"}) {
		t.Errorf("sep: %v", list)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	var bomb bytes.Buffer
	f := excelize.NewFile()
	for i := 1; i <= 20; i++ {
		if err := f.SetCellStr("Sheet1", fmt.Sprintf("A%d", i), strings.Repeat(" nol", 8000)); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStr("Sheet1", fmt.Sprintf("B%d", i), strings.Repeat("x", 30_000+i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write(&bomb); err != nil {
		t.Fatal(err)
	}
	far := excelize.NewFile()
	if err := far.SetCellStr("Sheet1", "A9000", "x"); err != nil {
		t.Fatal(err)
	}
	var low bytes.Buffer
	if err := far.Write(&low); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw  string
		rule sheets.Rule
	}{
		"empty": {"", sheets.RuleFile}, "old xls": {"\xd0\xcf\x11\xe0\xa1\xb1", sheets.RuleFile}, "pdf": {"%PDF-1.7", sheets.RuleFile}, "zip": {"PK\x03\x04nonsense", sheets.RuleFile},
		"large": {strings.Repeat("a,b\n", 1<<19), sheets.RuleSize}, "binary": {"a\x00b\n", sheets.RuleFile}, "far below": {low.String(), sheets.RuleSize},
		"no headings": {"a,b\n1,2\n", sheets.RuleHeader}, "no rows": {"Nama,Surel,Peran\n", sheets.RuleRequired}, "a column short": {"Nama,Surell,Instansi\nx,y,z\n", sheets.RuleHeader},
		"long lines": {bomb.String(), sheets.RuleHeader},
	} {
		got, wrong := sheets.People(strings.NewReader(c.raw), known())
		if len(got) > 0 || !sheets.Wrong(wrong) || wrong[0].Rule != c.rule {
			t.Errorf("%s: %v %v", name, got, wrong)
		}
	}
	_, wrong := sheets.People(strings.NewReader("Nama,Surell,Instansi\nx,y,z\n"), known())
	if !strings.Contains(wrong[0].Message, `ganti judul kolom "Surell" menjadi "Surel"`) || wrong[1].Header != "Peran" {
		t.Errorf("headings: %v", wrong)
	}
}

// What unpacks to more than a person's table holds is refused before it is unpacked.
func TestZipBombs(t *testing.T) {
	f := excelize.NewFile()
	long := strings.Repeat("0", 32_000)
	for i := 1; i <= 400; i++ {
		if err := f.SetCellStr("Sheet1", fmt.Sprintf("A%d", i), fmt.Sprint(i, long)); err != nil {
			t.Fatal(err)
		}
	}
	var raw bytes.Buffer
	if err := f.Write(&raw); err != nil {
		t.Fatal(err)
	}
	if raw.Len() > sheets.MaxSize {
		t.Fatalf("the file itself is too large: %d", raw.Len())
	}
	if _, wrong := sheets.Open(&raw); len(wrong) != 1 || wrong[0].Rule != sheets.RuleSize {
		t.Errorf("a bomb: %v", wrong)
	}
}

// The template read as it is brings in nobody, filled in it brings in who was added; its lists are the region's own.
func TestTemplate(t *testing.T) {
	raw, err := sheets.Template(sheets.KindPeople, known())
	if err != nil {
		t.Fatal(err)
	}
	if got, wrong := sheets.People(bytes.NewReader(raw), known()); len(got) > 0 || len(at(wrong)) != 1 || wrong[0].Rule != sheets.RuleRequired {
		t.Errorf("empty: %v %v", got, wrong)
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for cell, text := range map[string]string{"A3": "Siti", "B3": "siti@uji.go.id", "C3": "Petugas loket", "D3": "imigrasi", "E3": "mal/7"} {
		if err := f.SetCellStr("Petugas", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	choices, err := f.GetCols("Pilihan")
	if err != nil || fmt.Sprint(choices[1:]) != "[[Instansi dukcapil imigrasi  ] [Loket mal/1 mal/2 mal/3 keliling/1 mal/7]]" {
		t.Errorf("lists: %v %v", choices, err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	got, wrong := sheets.People(&out, known())
	if len(got) != 1 || len(at(wrong)) > 0 || got[0].Counters[0] != "mal/7" {
		t.Errorf("filled: %v %v", got, wrong)
	}
}

// An agency's administrator brings in the agency's own people, in the roles that are theirs to give.
func TestOthersPeople(t *testing.T) {
	k := known()
	k.Agencies[0].Closed, k.Roles = true, []tenants.Role{tenants.RoleOfficer}
	_, wrong := sheets.People(strings.NewReader("Nama,Surel,Peran,Instansi\nA,a@uji.go.id,petugas,dukcapil\nB,b@uji.go.id,manajer,\nC,c@uji.go.id,petugas,imigrasi"), k)
	if list := at(wrong); !slices.Equal(list, []string{"D2 agency", "C3 role"}) {
		t.Errorf("%v", wrong)
	}
}

// The file comes back as it was, with a column of what is wrong; once mended it is read as if the column were not there.
func TestAnnotated(t *testing.T) {
	rows := [][]any{{"Daftar"}, {"Nama", "Surel", "Peran"}, {"A", "a@uji.go.id", "salah"}, {}, {"=1+1", "b@", "manajer mpp"}}
	csv := "Daftar\nNama;Surel;Peran\nA;a@uji.go.id;salah\n\n=1+1;b@;manajer mpp\n"
	for name, raw := range map[string][]byte{"xlsx": book(t, rows), "csv": []byte(csv)} {
		f, wrong := sheets.OpenBytes(raw)
		if f == nil {
			t.Fatalf("%s: %v", name, wrong)
		}
		for range 2 { // a second time writes over the first
			_, wrong = f.People(known())
			if list := at(wrong); !slices.Equal(list, []string{"C3 role", "B5 email"}) {
				t.Fatalf("%s: %v", name, list)
			}
			marked, err := f.Annotated(wrong, false)
			if err != nil {
				t.Fatal(err)
			}
			if f, wrong = sheets.OpenBytes(marked); f == nil {
				t.Fatalf("%s: %v", name, wrong)
			}
			again, err := f.Annotated(nil, false)
			if err != nil {
				t.Fatal(err)
			}
			if name == "csv" {
				text := string(marked)
				if !strings.Contains(text, "\nNama;Surel;Peran;Masalah\r\n") || !strings.Contains(text, "\r\n;;;\r\n") || !strings.Contains(text, "'=1+1;b@;manajer mpp;\"Surel: ") || len(again) == 0 {
					t.Errorf("%s", text)
				}
				continue
			}
			x, err := excelize.OpenReader(bytes.NewReader(marked))
			if err != nil {
				t.Fatal(err)
			}
			for cell, want := range map[string]string{"D2": "Masalah", "D3": "Peran: \"salah\" bukan peran", "D5": "Surel: \"b@\" bukan alamat surel", "E2": ""} {
				if got, err := x.GetCellValue("Sheet1", cell); err != nil || !strings.HasPrefix(got, want) || want == "" && got != "" {
					t.Errorf("%s: %q %v", cell, got, err)
				}
			}
		}
	}
}

// Whatever is sent, reading ends, and nobody comes out whose row is wrong.
func FuzzPeople(f *testing.F) {
	f.Add([]byte("Nama,Surel,Peran,Instansi,Loket\nA,a@uji.go.id,petugas,dukcapil,\"1-3\"\n"))
	f.Add([]byte("sep=;\nNama;Surel;Peran\n\"x\n"))
	f.Add([]byte("\xff\xfeN\x00a\x00"))
	if raw, err := sheets.Template(sheets.KindPeople, known()); err == nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, wrong := sheets.OpenBytes(raw)
		if file == nil {
			if !sheets.Wrong(wrong) {
				t.Fatal("refused without a word")
			}
			return
		}
		people, wrong := file.People(known())
		for _, p := range people {
			if p.Name == "" || !strings.Contains(p.Email, "@") || p.Role == "" || p.Agency == "" && (p.Role == tenants.RoleOfficer || p.Role == tenants.RoleAgencyAdmin) {
				t.Fatalf("taken: %+v", p)
			}
		}
		for _, p := range wrong {
			if p.Message == "" || p.MessageEN == "" || strings.Contains(p.Message, "%!") {
				t.Fatalf("no words: %+v", p)
			}
		}
		if _, err := file.Annotated(wrong, true); err != nil && file.IsCSV() {
			t.Fatal(err)
		}
	})
}
