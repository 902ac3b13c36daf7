package signin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// Every new page on a phone, a tablet and a desk: nothing that axe finds, nothing wider than the screen, no word from
// the console.
func TestPagesInABrowser(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite, testkit.WithModels(models))
	d := open(t, db, "http")
	home := d.serve(t)
	c := testkit.Browser(t)
	look := func(p *testkit.Page, name string) {
		t.Helper()
		for _, width := range []int{360, 768, 1280} {
			p.MustSetViewport(width, 800, 1, false)
			p.Accessible(t)
			if wide := p.Wide(t); wide > 0 {
				t.Errorf("%s at %d: %d pixels too wide", name, width, wide)
			}
			p.Screenshot(t, fmt.Sprintf("%s-%d", name, width))
		}
		for _, problem := range p.Problems() {
			if !strings.Contains(problem, "status of 4") {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
	p := c.Page(home+"/masuk?next=/petugas/akun", 1280, 800)
	look(p, "masuk")
	p.Visit(t, home+"/masuk/lupa")
	look(p, "lupa")
	p.MustElement("#email").MustInput("nama")
	p.Press(t, ".p-form .p-btn")
	look(p, "lupa-salah")
	p.MustElement("#email").MustInput("@contoh.go.id")
	p.Press(t, ".p-form .p-btn")
	look(p, "lupa-dikirim")
	p.Visit(t, home+"/masuk/sandi-baru?k=lama")
	look(p, "tautan-lama")
	var token string
	err := db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		token, _, err = auth.MakeLink(ctx, tx, d.a.Officer, auth.LetterInvitation)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Visit(t, home+"/masuk/sandi-baru?k="+token)
	look(p, "undangan")
	p.MustElement("#new").MustInput("pendek")
	p.Press(t, ".p-form .p-btn")
	look(p, "undangan-salah")
	p.MustElement("#new").MustInput("gerbang lontar biru 71")
	p.Press(t, ".p-form .p-btn")
	look(p, "masuk-lagi")
	p.Visit(t, home+"/masuk?next=/petugas/akun")
	p.MustElement("#email").MustInput(d.a.Email("admin"))
	p.MustElement("#password").MustInput(password)
	p.Press(t, ".p-form .p-btn")
	look(p, "langkah-kedua")
	p.MustElement("#code").MustInput("000000")
	p.Press(t, ".p-form .p-btn")
	look(p, "langkah-kedua-salah")
	p.MustElement("#code").MustInput(code(t, 0))
	p.Press(t, ".p-form .p-btn")
	look(p, "akun")
	for _, page := range []struct{ name, path string }{
		{"sandi", "/petugas/akun/sandi"}, {"aplikasi", "/petugas/akun/aplikasi-kode"}, {"passkey", "/petugas/akun/passkey"},
		{"pastikan", "/petugas/akun/pastikan"}, {"orang", "/petugas/orang"}, {"orang-satu", "/petugas/orang/" + d.a.Officer.String()},
		{"orang-sendiri", "/petugas/orang/" + d.a.Admin.String()}, {"akun-en", "/petugas/akun?lang=en"},
	} {
		p.Visit(t, home+page.path)
		look(p, page.name)
	}
	p.Visit(t, home+"/petugas/orang/impor?lang=id")
	look(p, "impor")
	for name, text := range map[string]string{
		"impor-salah": "Nama;Surel;Peran;Instansi;HP\nSiti Rahayu;siti@;petugas lokett;dukcapil;0812\n;budi@baru.test;manajer mpp;;\nAyu Lestari;ayu@baru.test;meja depan;;\n",
		"impor-benar": "Nama;Surel;Peran;Instansi\nSiti Rahayu;siti@baru.test;petugas loket;dukcapil\n",
	} {
		file := filepath.Join(t.TempDir(), "petugas.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.Visit(t, home+"/petugas/orang/impor")
		p.MustElement("#berkas").MustSetFiles(file)
		p.Press(t, ".p-form .p-btn")
		look(p, name)
	}
	p.Visit(t, home+"/petugas/akun?lang=id")
	p.Press(t, `form[action="/petugas/akun/kode-cadangan"] button`)
	look(p, "kode-cadangan")
	p.Visit(t, home+"/petugas/orang/"+d.a.Officer.String())
	p.MustElement("#reason").MustInput("Pindah tugas ke kantor lain")
	p.Press(t, `form[action$="/bekukan"] .p-btn`)
	look(p, "orang-dibekukan")
}

// The region asks its officers for a second step while one of them is signed in: at the next request they are led to
// one, and after it to where they wanted to go. Without JavaScript, too.
func TestPolicyReachesWhoIsSignedIn(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite, testkit.WithModels(models))
	d := open(t, db, "http")
	home := d.serve(t)
	c := testkit.Browser(t)
	p := c.Page(home+"/masuk?next=/petugas", 360, 740, testkit.JSOff)
	types := func(selector, text string) {
		t.Helper()
		p.Tap(t, selector)
		p.MustInsertText(text)
	}
	types("#email", d.a.Email("officer"))
	types("#password", password)
	p.Press(t, ".p-form .p-btn")
	signedIn(t, p, d.a.Email("officer"))

	d.asks(t, db, tenants.RoleOfficer)
	p.Visit(t, home+"/petugas?x=1")
	if got := p.MustInfo().URL; got != home+"/petugas/akun/wajib?next=%2Fpetugas%3Fx%3D1" {
		t.Fatalf("led to %s", got)
	}
	for _, width := range []int{360, 768, 1280} {
		q := c.Page(home+"/petugas/akun/wajib", width, 740) // axe needs JavaScript
		q.Accessible(t)
		if wide := q.Wide(t); wide > 0 {
			t.Errorf("at %d: %d pixels too wide", width, wide)
		}
		q.Screenshot(t, fmt.Sprintf("wajib-%d", width))
		q.MustClose()
	}
	for _, path := range []string{"/petugas/akun", "/petugas/akun/sandi"} {
		p.Visit(t, home+path)
		if got := p.MustInfo().URL; !strings.Contains(got, "/petugas/akun/wajib") {
			t.Errorf("%s is open: %s", path, got)
		}
	}
	p.Visit(t, home+"/petugas?x=1")
	p.Press(t, ".p-row .p-btn")
	secret := strings.ReplaceAll(p.MustElement(".p-code-s").MustText(), " ", "")
	types("#code", testkit.AppCode(t, secret, time.Now()))
	p.Press(t, ".p-form-end button")
	p.Press(t, ".p-row .p-btn")
	signedIn(t, p, d.a.Email("officer"))
	if got := p.MustInfo().URL; got != home+"/petugas?x=1" {
		t.Errorf("then led to %s", got)
	}
}
