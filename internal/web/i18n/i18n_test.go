package i18n

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/text/language"
	cldr "golang.org/x/text/message"
	"golang.org/x/text/number"

	"github.com/pendopo-id/pendopo/internal/clock"
)

var _ = Register("test", []byte(`
test.plain: {id: "Selamat datang", en: "Welcome"}
test.ahead: {id: "%d orang di depan Anda", en: {one: "%d person ahead of you", other: "%d people ahead of you"}}
test.swap: {id: "%s di %s", en: "%[2]s has %[1]s"}
test.score: {id: "%.2f dari 100, %d%% puas", en: "%.2f of 100, %d%% satisfied"}
test.state.open: {id: "Buka", en: "Open"}
`))

func TestT(t *testing.T) {
	for _, c := range []struct {
		l    Locale
		key  string
		args []any
		want string
	}{
		{ID, "test.plain", nil, "Selamat datang"},
		{EN, "test.plain", nil, "Welcome"},
		{"", "test.plain", nil, "Selamat datang"},
		{ID, "test.ahead", []any{1}, "1 orang di depan Anda"},
		{EN, "test.ahead", []any{1}, "1 person ahead of you"},
		{EN, "test.ahead", []any{0}, "0 people ahead of you"},
		{EN, "test.ahead", []any{1234}, "1,234 people ahead of you"},
		{ID, "test.ahead", []any{int64(1234)}, "1.234 orang di depan Anda"},
		{ID, "test.swap", []any{"A-001", clock.Day{}.Add(0)}, "A-001 di " + clock.Day{}.Add(0).String()},
		{EN, "test.swap", []any{"A-001", "Loket 3"}, "Loket 3 has A-001"},
		{ID, "test.score", []any{88.415, 91}, "88,42 dari 100, 91% puas"},
		{EN, "test.score", []any{88.0, 91}, "88.00 of 100, 91% satisfied"},
		{ID, "test.ahead", nil, "[?] orang di depan Anda"},
		{ID, "test.ahead", []any{"4"}, "[?] orang di depan Anda"},
		{ID, "test.nothing", nil, "[test.nothing]"},
	} {
		if got := For(c.l).T(c.key, c.args...); got != c.want {
			t.Errorf("%s %s %v = %q, want %q", c.l, c.key, c.args, got, c.want)
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	for yaml, says := range map[string]string{
		`a.b: {id: "x"}`:                           "a.b needs both",
		`a.b: {id: "", en: "x"}`:                   "empty",
		`a.b: {id: "%x", en: "x"}`:                 "verbs are",
		`a.b: {id: "50%", en: "x"}`:                "verbs are",
		`a.b: {id: "%.2d", en: "x"}`:               "digits",
		`a.b: {id: "%[0]d", en: "x"}`:              "index",
		`a.b: {id: "x", en: {one: "y"}}`:           "one and other",
		`a.b: {id: "x", en: "y", su: "z"}`:         "su",
		`test.plain: {id: "x", en: "y"}`:           "in test already",
		"a.b: {id: x, en: y}\na.b: {id: x, en: y}": "a.b",
		"a.b: [": "test2",
	} {
		func() {
			defer func() {
				r := fmt.Sprint(recover())
				if !strings.Contains(r, says) || !strings.Contains(r, "test2") {
					t.Errorf("%s: panicked with %q, want %q", yaml, r, says)
				}
			}()
			Register("test2", []byte(yaml))
		}()
	}
	if Has("a.b") {
		t.Error("a refused file left a key behind")
	}
}

// TestNumbersAgreeWithCLDR holds our grouping equal to x/text's.
func TestNumbersAgreeWithCLDR(t *testing.T) {
	for l, tag := range map[Locale]language.Tag{ID: language.Indonesian, EN: language.English} {
		theirs := cldr.NewPrinter(tag)
		for _, n := range []int{0, 1, 12, 123, 1234, 12345, 123456, 1234567, -1, -1234, -123456, math.MaxInt64, math.MinInt64} {
			if got, want := For(l).Number(n), theirs.Sprint(n); got != want {
				t.Errorf("%s: %d = %s, want %s", l, n, got, want)
			}
		}
		for _, v := range []float64{0, .5, 88.42, 1234.5, -0.25, -1234.75} {
			want := theirs.Sprint(number.Decimal(v, number.Scale(2)))
			if got := For(l).Decimal(v, 2); got != want {
				t.Errorf("%s: %v = %s, want %s", l, v, got, want)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	day, err := clock.ParseDay("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 3, 4, 5, 0, time.UTC)
	id, en := For(ID).In(clock.WIB), For(EN).In(clock.WITA)
	for got, want := range map[string]string{
		id.Date(day):                               "Senin, 23 November 2026",
		en.Date(day):                               "Monday, 23 November 2026",
		id.DateShort(day.Add(35)):                  "28 Des 2026",
		en.DateShort(day.Add(35)):                  "28 Dec 2026",
		id.DateLong(day.Add(60)):                   "22 Januari 2027",
		id.Time(at):                                "10.04",
		en.Time(at):                                "11:04",
		id.TimeZone(at):                            "10.04 WIB",
		en.TimeZone(at):                            "11:04 WITA",
		For(ID).In(clock.WIT).TimeZone(at):         "12.04 WIT",
		For(ID).TimeZone(at):                       "03.04 UTC",
		id.TimeRange(at, at.Add(90*time.Minute)):   "10.04–11.34 WIB",
		id.DateTime(at.Add(14 * time.Hour)):        "Selasa, 24 November 2026, 00.04 WIB",
		id.Rupiah(150000):                          "Rp150.000",
		en.Rupiah(150000):                          "Rp150,000",
		id.Rupiah(-5000):                           "-Rp5.000",
		id.Minutes(35):                             "35 menit",
		en.Minutes(1):                              "1 minute",
		id.Minutes(65):                             "1 jam 5 menit",
		en.Minutes(120):                            "2 hours",
		id.MinutesRange(18, 35):                    "18–35 menit",
		en.MinutesRange(5, 5):                      "5 minutes",
		id.MinutesShort(14):                        "14 mnt",
		id.List("KTP", "KK", "akta"):               "KTP, KK, dan akta",
		en.List("ID", "passport"):                  "ID and passport",
		id.List("KTP") + id.List():                 "KTP",
		id.Range("08.00", "15.30") + id.Percent(9): "08.00–15.309%",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPick(t *testing.T) {
	for _, c := range []struct {
		cookie, header string
		want           Locale
	}{
		{"", "", ID},
		{"en", "id-ID,id;q=0.9", EN},
		{"id", "en-US", ID},
		{"fr", "en-US,en;q=0.9", EN},
		{"", "en-US,en;q=0.9", EN},
		{"", "en-US,en;q=0.9,id;q=0.8", ID},
		{"", "en-US,en;q=0.9,id;q=0", EN},
		{"", "in-ID", ID},
		{"", "en-ID,en;q=0.9", ID},
		{"", "jv,en;q=0.5", ID},
		{"", "zh-CN,zh;q=0.9", ID},
		{"", "zh-CN,en;q=0.2", EN},
		{"", "*", ID},
		{"", ";;;,,,q=", ID},
		{"", strings.Repeat("en-", 100), ID},
	} {
		if got := Pick(c.cookie, c.header); got != c.want {
			t.Errorf("Pick(%q, %q) = %s, want %s", c.cookie, c.header, got, c.want)
		}
	}
}

func FuzzPick(f *testing.F) {
	f.Add("id", "en-US,en;q=0.9,id;q=0.8")
	f.Fuzz(func(t *testing.T, cookie, header string) {
		if l := Pick(cookie, header); l != ID && l != EN {
			t.Errorf("Pick(%q, %q) = %q", cookie, header, l)
		}
	})
}

func TestCheck(t *testing.T) {
	src := fstest.MapFS{
		"a.templ":       {Data: []byte(`<p>{ p.T("test.plain") } { p.T("test.state." + s) } { p.T("test.missing", 1) }</p>`)},
		"b.go":          {Data: []byte("\n// p.T(\"test.comment\")\n" + `var keys = []string{"test.ahead", "test.score"}; x := p.T("test.st" + s)`)},
		"b_test.go":     {Data: []byte(`p.T("test.swap")`)},
		"c_templ.go":    {Data: []byte(`p.T("test.swap")`)},
		".git/x.go":     {Data: []byte(`p.T("test.swap")`)},
		"testdata/x.go": {Data: []byte(`p.T("test.swap")`)},
	}
	got := strings.Join(Check(src), "\n")
	for _, want := range []string{
		`a.templ:1: no text for "test.missing"`,
		`test: nothing uses test.swap`,
		`b.go:3: a key that is put together begins with a literal that ends in a dot, not "test.st"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Count(got, "\n") != 2 {
		t.Errorf("more than three problems:\n%s", got)
	}
	var a, b message
	if a.other.parse("%s dan %d") != nil || b.other.parse("%s — and %s ") != nil {
		t.Fatal("parse")
	}
	if faults := (&entry{texts: [2]message{a, b}}).faults(); len(faults) != 2 {
		t.Errorf("faults = %q", faults)
	}
}

func BenchmarkT(b *testing.B) {
	p := For(EN)
	b.ReportAllocs()
	for b.Loop() {
		if p.T("test.ahead", 1) == "" {
			b.Fatal()
		}
	}
}
