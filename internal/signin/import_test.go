package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// upload sends a file as a browser does.
func (s *staffed) upload(t *testing.T, cookie, name string, content []byte) (int, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("berkas", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	res, text := s.ask(t, "POST", s.a.Host("localhost"), "/petugas/orang/impor", &body, "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin", "Cookie", cookie)
	return res.StatusCode, text
}

// again is what the page's own form sends on.
var again = regexp.MustCompile(`name="isi" value="([^"]*)"`)

func (s *staffed) goOn(t *testing.T, cookie, page, to string) (int, string, []byte) {
	t.Helper()
	m := again.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page does not keep the file: %.500s", page)
	}
	content := strings.NewReplacer("&#43;", "+", "&#34;", `"`).Replace(m[1])
	res, body := s.form(t, s.a.Host("localhost"), "/petugas/orang/impor/"+to, url.Values{"isi": {content}, "nama": {"x.xlsx"}}, "Cookie", cookie)
	return res.StatusCode, res.Header.Get("Location"), []byte(body)
}

func (s *staffed) people(t *testing.T) (n int, letters int) {
	t.Helper()
	err := s.db.View(t.Context(), s.a.ID, func(ctx context.Context, tx *store.Tx) error {
		users, err := store.Select[tenant.User](tx).Where("not retired").Count(ctx)
		if err != nil {
			return err
		}
		rows, err := store.Query[struct {
			N int `bun:"n"`
		}](ctx, tx, store.From{"audit"}, "select count(*) as n from audit where action = 'auth:invitation:send'")
		n, letters = users, rows[0].N
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, letters
}

// Forty people with seven kinds of mistakes: each is named by row and column and nobody is invited; mended, all are.
func TestFortyPeopleByASheet(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		boss := s.cookie(t, "admin")
		table := [][]any{{"No", "Nama Lengkap", "Alamat Surel", "Peran", "Instansi", "Loket", "No. HP"}}
		for i := 1; i <= 40; i++ {
			table = append(table, []any{i, fmt.Sprintf("Orang Ke-%d", i), fmt.Sprintf("orang%d@baru.test", i), "Petugas loket", "dukcapil", "1-2", "0812"})
		}
		right := map[string]any{}
		spoil := func(row, column int, with any) {
			cell, _ := excelize.CoordinatesToCellName(column, row)
			right[cell] = table[row-1][column-1]
			table[row-1][column-1] = with
		}
		spoil(3, 2, "")                    // no name
		spoil(7, 3, "orang6@baru,test")    // no address
		spoil(12, 3, "ORANG9@baru.test")   // stands in row 10
		spoil(15, 4, "petugas lokett")     // no role
		spoil(20, 5, "dukcapli")           // no agency
		spoil(25, 6, "1, 77")              // no counter
		spoil(30, 6, "9")                  // the other agency's
		spoil(35, 3, s.a.Email("officer")) // there already
		spoil(38, 5, "")                   // an officer without an agency

		book := excelize.NewFile()
		write := func() []byte {
			var out bytes.Buffer
			if err := book.Write(&out); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}
		for i, r := range table {
			if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
				t.Fatal(err)
			}
		}
		before, sent := s.people(t)
		status, page := s.upload(t, boss, "petugas.xlsx", write())
		if status != 422 {
			t.Fatalf("%d %.3000s", status, page)
		}
		for _, place := range []string{
			"baris 3, kolom B (Nama Lengkap)", "baris 7, kolom C (Alamat Surel)", "baris 12, kolom C (Alamat Surel)", "baris 15, kolom D (Peran)", "baris 20, kolom E (Instansi)",
			"baris 25, kolom F (Loket)", "baris 30, kolom F (Loket)", "baris 35, kolom C (Alamat Surel)", "baris 38, kolom E (Instansi)",
			"orang6@baru.test", "baris 10", "Petugas loket", "dukcapil", "Imigrasi", "9 hal perlu diperbaiki di 9 baris", "Nomor telepon petugas tidak disimpan",
		} {
			if !strings.Contains(page, place) {
				t.Errorf("not named: %s", place)
			}
		}
		if strings.Contains(page, "impor/undang") {
			t.Error("what is wrong can be agreed to")
		}
		if status, to, _ := s.goOn(t, boss, page, "undang"); status != 422 || to != "" {
			t.Errorf("invited with mistakes: %d %s", status, to)
		}
		if n, letters := s.people(t); n != before || letters != sent {
			t.Errorf("%d people, %d letters before; %d, %d after", before, sent, n, letters)
		}
		// The file back, with what is wrong beside each row.
		status, _, marked := s.goOn(t, boss, page, "berkas")
		x, err := excelize.OpenReader(bytes.NewReader(marked))
		if status != 200 || err != nil {
			t.Fatalf("%d %v", status, err)
		}
		for cell, want := range map[string]string{"H1": "Masalah", "H3": "Nama Lengkap: Nama belum diisi", "H25": "Loket: Tidak ada loket", "H4": "", "B4": "Orang Ke-3"} {
			if got, _ := x.GetCellValue("Sheet1", cell); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%s: %q", cell, got)
			}
		}
		// Mended in that very file.
		book = x
		for cell, value := range right {
			if err := book.SetCellValue("Sheet1", cell, value); err != nil {
				t.Fatal(err)
			}
		}
		status, page = s.upload(t, boss, "petugas.xlsx", write())
		if status != 200 || !strings.Contains(page, "40 orang siap diundang") || !strings.Contains(page, "orang40@baru.test") {
			t.Fatalf("%d %.3000s", status, page)
		}
		if n, _ := s.people(t); n != before {
			t.Error("looking invites")
		}
		status, to, body := s.goOn(t, boss, page, "undang")
		if status != 303 || !strings.Contains(to, "kabar=impor") {
			t.Fatalf("%d %s %.2000s", status, to, body)
		}
		if n, letters := s.people(t); n != before+40 || letters != sent+40 {
			t.Errorf("%d people and %d letters more", n-before, letters-sent)
		}
		// Agreed to twice, nobody gets a second letter.
		if status, _, _ := s.goOn(t, boss, page, "undang"); status != 422 {
			t.Errorf("a second time: %d", status)
		}
		if _, letters := s.people(t); letters != sent+40 {
			t.Errorf("%d letters", letters-sent)
		}
	})
}

// An administrator of an agency brings in its own people and no others; who looks after nobody is not let in.
func TestAnAgencysOwnPeopleByASheet(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	s := openStaffed(t, db)
	chief := s.cookie(t, "kepala")
	status, page := s.upload(t, chief, "a.csv", []byte("Nama;Surel;Peran;Instansi\nA;a@baru.test;petugas;imigrasi\nB;b@baru.test;manajer;\nC;c@baru.test;petugas;dukcapil\n"))
	if status != 422 || !strings.Contains(page, "Anda tidak mengurus orang instansi") || !strings.Contains(page, "tidak dapat Anda berikan") || !strings.Contains(page, "2 hal perlu diperbaiki") {
		t.Errorf("%d %.3000s", status, page)
	}
	status, page = s.upload(t, chief, "a.csv", []byte("Nama;Surel;Peran;Instansi\nC;c@baru.test;petugas;dukcapil\n"))
	if status != 200 {
		t.Fatalf("%d %.2000s", status, page)
	}
	if status, to, _ := s.goOn(t, chief, page, "undang"); status != 303 {
		t.Errorf("%d %s", status, to)
	}
	if status, _ := s.upload(t, s.cookie(t, "officer"), "a.csv", []byte("x")); status != 403 {
		t.Errorf("an officer: %d", status)
	}
	if status, page := s.upload(t, chief, "a.csv", bytes.Repeat([]byte("a;b\n"), 270_000)); status != 422 || !strings.Contains(page, "lebih besar dari 1024 KB") || len(page) > 100_000 {
		t.Errorf("more than a megabyte: %d, a page of %d bytes", status, len(page))
	}
	res, _ := s.ask(t, "GET", s.a.Host("localhost"), "/petugas/orang/impor/contoh", nil, "Cookie", chief)
	if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Disposition"), "petugas-contoh.xlsx") {
		t.Errorf("the template: %d", res.StatusCode)
	}
}

// By the API: all at once or none, and everything that is wrong in one answer. 300 people fit an hour.
func TestManyPeopleByTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		s := openStaffed(t, db)
		boss := "Bearer " + testkit.SignIn(t, s.db, s.auth, s.here, s.a.Email("admin"), password, auth.Bearer).Token
		type person struct {
			Name     string   `json:"name"`
			Email    string   `json:"email"`
			Role     string   `json:"role"`
			Agency   string   `json:"agency,omitempty"`
			Counters []string `json:"counters,omitempty"`
		}
		send := func(want int, dry bool, list ...person) string {
			t.Helper()
			body, err := json.Marshal(map[string]any{"people": list, "dry_run": dry})
			if err != nil {
				t.Fatal(err)
			}
			res, text := s.ask(t, "POST", s.a.Host("localhost"), "/api/v1/people/import", bytes.NewReader(body), "Content-Type", "application/json", "Authorization", boss)
			if res.StatusCode != want {
				t.Fatalf("%d %.1500s", res.StatusCode, text)
			}
			return text
		}
		text := send(422, false,
			person{"A", "a@baru.test", "officer", "dukcapil", nil}, person{"", "b", "officer", "dukcapil", nil}, person{"C", "c@baru.test", "dukun", "", nil},
			person{"D", "A@baru.test", "manager", "", nil}, person{"E", s.a.Email("officer"), "manager", "", nil}, person{"F", "f@baru.test", "officer", "dukcapil", []string{s.foreignCounter.String()}})
		for _, want := range []string{"people[1].name", "people[1].email", "people[2].role", "people[3]", "people[4]", "people[5]"} {
			if !strings.Contains(text, `"`+want+`"`) {
				t.Errorf("not named: %s in %s", want, text)
			}
		}
		if strings.Contains(text, "people[0]") {
			t.Errorf("what is right is refused: %s", text)
		}
		before, _ := s.people(t)
		var many []person
		for i := range 300 {
			many = append(many, person{fmt.Sprint("Orang ", i), fmt.Sprintf("o%d@baru.test", i), "officer", "dukcapil", []string{s.a.Counters[0].String()}})
		}
		send(200, true, many...)
		if n, _ := s.people(t); n != before {
			t.Errorf("%d came by looking", n-before)
		}
		send(201, false, many...)
		if n, letters := s.people(t); n != before+300 || letters < 300 {
			t.Errorf("%d people, %d letters", n-before, letters)
		}
		send(422, false)
	})
}
