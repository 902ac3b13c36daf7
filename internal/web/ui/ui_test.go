package ui

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

func testPage(l i18n.Locale) Page {
	return Page{
		Title: "Paspor & <visa>", Description: "Satu kalimat", Locale: l, P: i18n.For(l).In(clock.WIB),
		Path: "/layanan?q=ktp+hilang", Example: true, Demo: true, RefreshSeconds: 15, Live: "/tiket/1/events",
		Scripts: []string{"live.js", "search.js"},
		Region: &Region{
			Name: "Kabupaten Bangka", Slug: "bangka", LogoURL: "/logo.svg", BrandURL: "/brand.css", ThemeColour: "#64162a",
			Organiser: "DPMPTSP", Province: "Kepulauan Bangka Belitung", Phone: "(0717) 123 456", Email: "mpp@bangka.example",
			Complaints: "Di meja depan.", PlatformURL: "http://localhost:8080/",
		},
		User: &User{"Dewi Anggraini", "Petugas loket"},
	}
}

func h1(s string) templ.Component { return templ.Raw("<h1>" + s + "</h1>") }

func join(all ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, c := range all {
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// with gives a layout its children, as a templ file's braces do.
func with(layout templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return layout.Render(templ.WithChildren(ctx, join(children...)), w)
	})
}

// pieces is every piece once.
func pieces(p Page) []templ.Component {
	at := time.Date(2026, 11, 23, 3, 4, 0, 0, time.UTC)
	return []templ.Component{
		with(Section("antre", "Antrean", "09.42 WIB"), Load(Steady, "Sedang")),
		Dot(true), Dot(false),
		Tag(Plain, "clock", "Menunggu"), Tag(Good, "", "Aktif"), Tag(Bad, "alert-circle", "Tutup"),
		with(Note(Plain, "info-circle"), templ.Raw("<p>Catatan</p>")),
		with(Note(Bad, "alert-triangle"), templ.Raw("<p>Catatan</p>")),
		with(Blank("Belum ada", "Akan tampil di sini."), templ.Raw(`<a class="p-btn" href="/">Mulai</a>`)),
		Steps([]Step{{Title: "Satu", Text: "teks", Now: true}, {Text: "dua"}, {Body: Icon("check")}}),
		Pairs([]Pair{{"Senin", "08.00–15.30"}}), Facts([]Pair{{"Biaya", "Gratis"}}),
		Pager(p, "?h=1", "?h=3", "21–40"), Pager(p, "", "", "1"),
		LiveState(p, "p-small"), KeysToggle(p),
		Field(p, Input{Name: "nama", Label: "Nama", Help: "Sesuai KTP-el", Error: "Nama belum diisi.", Required: true}),
		Field(p, Input{Name: "sandi", Label: "Kata sandi", Type: "password", Value: "rahasia"}),
		Field(p, Input{Name: "cat", Label: "Catatan", Type: "textarea", Value: "a < b", Optional: true}),
		Field(p, Input{Name: "pilih", Label: "Pilihan", Type: "select", Value: "b", Options: []Option{{"a", "A"}, {"b", "B"}}}),
		ErrorSummary(p, []Wrong{{"nama", "Nama belum diisi"}}), ErrorSummary(p, nil),
		with(Gone(), templ.Raw("<p>Tidak di sini</p>")),
		Search(p, SearchBox{Action: "/layanan", Label: "Cari", Value: `"><script>`, Fragment: "/layanan", Target: "hasil", KeepURL: true, Suggest: []string{"KTP"}}),
		templ.Raw(`<div id="hasil"></div>`),
		Clock(p, HallBoard{Now: at}),
	}
}

func layouts(p Page) map[string]templ.Component {
	at := time.Date(2026, 11, 23, 3, 4, 0, 0, time.UTC)
	hall := HallBoard{Zone: "Zona A", Place: "Lantai 1", Now: at}
	bare := p
	bare.Region, bare.User = nil, nil
	return map[string]templ.Component{
		"citizen":  with(Citizen(p, Title(p, []Link{{Label: "Beranda", Href: "/"}}, "Judul", "Instansi")), pieces(p)...),
		"low roof": with(Citizen(p, nil), h1("x")),
		"platform": with(Platform(bare), append(pieces(bare), with(Hall(), h1("Silakan masuk.")))...),
		"staff":    with(Staff(p), append(pieces(p), h1("x"))...),
		"nobody":   with(Staff(bare), h1("x")),
		"desk":     with(CounterScreen(p, templ.Raw("<p>Loket 3</p>")), templ.Raw(`<main id="isi"><h1>Loket 3</h1></main>`)),
		"board": with(Board(p), BoardTop(p, hall), h1("Papan"), BoardCall(p, Call{"AB-1027", "Loket 3", "Dukcapil", at}),
			BoardRecent(p, []Call{{"A-1", "Loket 1", "", at}}), BoardFoot(p, "Catatan")),
		"idle board": with(Board(p), h1("Papan"), BoardCall(p, Call{})),
		"bare":       with(Bare(p), h1("A-027")),
	}
}

func TestLayouts(t *testing.T) {
	for _, l := range i18n.Locales {
		p := testPage(l)
		for name, c := range layouts(p) {
			t.Run(string(l)+" "+name, func(t *testing.T) {
				got := uitest.Render(t, c)
				uitest.Page(t, got)
				for _, want := range []string{"<!doctype html>", `lang="` + string(l) + `"`, "noindex", ".css", "</html>"} {
					if want == "noindex" && (strings.Contains(name, "citizen") || name == "low roof" || name == "platform") {
						continue
					}
					if !strings.Contains(got, want) {
						t.Errorf("no %s", want)
					}
				}
				if m := regexp.MustCompile(`\[(ui|i18n)\.[a-z_.]*\]|\[\?\]`).FindString(got); m != "" {
					t.Errorf("a text is missing: %s", m)
				}
				if strings.Contains(got, "rahasia") {
					t.Error("a password was written into the page")
				}
				if strings.Contains(got, `"><script>`) {
					t.Error("a value was not escaped")
				}
				if name != "bare" && !strings.Contains(name, "idle") && name != "nobody" && name != "platform" && !strings.Contains(got, l2("Contoh", "Example", l)) {
					t.Error("figures are made up and the page does not say so")
				}
			})
		}
	}
}

func l2(id, en string, l i18n.Locale) string {
	if l == i18n.EN {
		return en
	}
	return id
}

func TestFragmentsAreWhole(t *testing.T) {
	p := testPage(i18n.ID)
	for _, c := range pieces(p) {
		uitest.Fragment(t, uitest.Render(t, c))
	}
	if got := uitest.Render(t, Icon("check")); strings.Contains(got, "<use") || !strings.Contains(got, "<path") {
		t.Errorf("an icon in a fragment refers to a sprite that may not be there: %s", got)
	}
}

func TestSprite(t *testing.T) {
	p := Page{Title: "x", Icons: []string{"bell", "no-such-icon"}}
	got := uitest.Render(t, with(Bare(p), h1("x"), Icon("check"), Icon("check"), Icon("no-such-icon")))
	uitest.Page(t, got)
	for _, name := range []string{"check", "bell", unknownIcon} {
		if n := strings.Count(got, `<symbol id="i-`+name+`"`); n != 1 {
			t.Errorf("%s is %d times in the sprite", name, n)
		}
	}
	if n := strings.Count(got, "<symbol"); n != 3 {
		t.Errorf("%d symbols, want 3", n)
	}
}

func TestProblemPages(t *testing.T) {
	for _, l := range i18n.Locales {
		for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 502, 503} {
			p := testPage(l)
			for name, p := range map[string]Page{"region": p, "platform": {Locale: l, Path: "/x"}, "staff": {Locale: l, Surface: "staff", Region: p.Region, User: p.User}} {
				got := uitest.Render(t, Problem(p, Trouble{Status: status, Reference: "7F3K"}))
				uitest.Page(t, got)
				if !strings.Contains(got, "7F3K") || !strings.Contains(got, `class="p-btn"`) || strings.Contains(got, "[ui.") {
					t.Errorf("%s %d: a dead end", name, status)
				}
			}
		}
	}
}

func TestLanguageSwitchKeepsThePage(t *testing.T) {
	for path, want := range map[string]string{
		"/layanan?q=ktp+hilang":  "/layanan?lang=en&q=ktp+hilang",
		"/?lang=id":              "/?lang=en",
		"":                       "/?lang=en",
		"//evil.example/x":       "/?lang=en",
		"https://evil.example/":  "/?lang=en",
		"javascript:alert(1)":    "/?lang=en",
		"/%zz":                   "/?lang=en",
		"/a#b":                   "/a?lang=en",
		"/\\evil.example":        "/%5Cevil.example?lang=en",
		"/tiket/abc?lang=id&x=1": "/tiket/abc?lang=en&x=1",
	} {
		if got := (Page{Path: path}).In(i18n.EN); got != want {
			t.Errorf("In(%q) = %q, want %q", path, got, want)
		}
	}
	if got := (Page{Path: "/a?lang=en&q=1"}).canonical(); got != "/a?q=1" {
		t.Errorf("canonical = %s", got)
	}
}

func TestTelURL(t *testing.T) {
	for phone, want := range map[string]string{
		"(0717) 123 456": "tel:+62717123456", "+62 812-3456": "tel:+628123456", "1500537": "tel:1500537", "112": "tel:112",
	} {
		if got := TelURL(phone); got != want {
			t.Errorf("%s: %s, want %s", phone, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		t.Error(p)
	}
}

// TestIconsExist looks at every icon that our sources and the tenants' files name.
func TestIconsExist(t *testing.T) {
	inSource := regexp.MustCompile(`\bIcon\("([^"]+)"\)|\bIcon:\s*"([^"]+)"|\bNote\([^,()]+, "([^"]+)"|\bTag\([^,()]+, "([^"]+)"`)
	inYAML := regexp.MustCompile(`(?m)^\s*(?:- )?icon:\s*["']?([a-z0-9-]+)`)
	seen := 0
	root := filepath.Join("..", "..", "..")
	for _, dir := range []string{"internal", "tenants"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			re := inSource
			switch {
			case strings.HasSuffix(name, ".yaml"):
				re = inYAML
			case strings.HasSuffix(name, "_templ.go"), strings.HasSuffix(name, "_test.go"):
				return nil
			case strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".templ"):
			default:
				return nil
			}
			src, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, m := range re.FindAllSubmatch(src, -1) {
				for _, icon := range m[1:] {
					if len(icon) == 0 {
						continue
					}
					seen++
					if !HasIcon(string(icon)) {
						t.Errorf("%s: no icon is called %s: add it to internal/web/assets/icons.txt if it is not in a tenant's file, and run scripts/vendor-assets", name, icon)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Errorf("saw only %d icons", seen)
	}
}

func BenchmarkPage(b *testing.B) {
	p := testPage(i18n.ID)
	c := with(Citizen(p, nil), pieces(p)...)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Render(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
