package sheets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Running are the last numbers of a series in the system that a mall used until now; 0 is none.
type Running struct {
	Prefix        string // "A"
	Venue         string // its code; empty: the only one
	Given, Called int
	Row           int
}

const (
	colSeries = iota
	colGiven
	colCalled
	colAt
)

var numberFields = []field{
	{name: "Seri", en: "Series", required: true, words: []string{"seri", "kode seri", "seri antrean", "seri antrian", "awalan", "huruf", "kode antrean", "kode antrian", "antrean", "antrian", "prefix", "series"}},
	{name: "Terakhir diberikan", en: "Last given", required: true, words: []string{
		"terakhir diberikan", "nomor terakhir diberikan", "terakhir diambil", "nomor terakhir diambil", "nomor terakhir", "terakhir", "diberikan", "diambil", "last given", "last issued", "last number"}},
	{name: "Terakhir dipanggil", en: "Last called", required: true, words: []string{
		"terakhir dipanggil", "nomor terakhir dipanggil", "dipanggil", "sedang dipanggil", "nomor dipanggil", "last called", "called", "now serving"}},
	{name: "Lokasi", en: "Venue", words: []string{"lokasi", "kode lokasi", "tempat", "gedung", "venue"}},
}

// numbersSheet is what the sheet of a day's numbers is called.
const numbersSheet = "Nomor hari ini"

var numberForm = regexp.MustCompile(`^([A-Za-z]{0,3})[-. ]?0*(\d{1,6})$`)

// Numbers reads the day's running numbers. prefixes are those of the region's series; nil: any.
func (f *File) Numbers(prefixes []string) (out []Running, wrong []Problem) {
	var t table
	fit := 0
	for _, s := range f.sheets {
		one, n := find(s, numberFields)
		if fold(s.name) == fold(numbersSheet) && n > 1 {
			n += 5
		}
		if n > fit {
			t, fit = one, n
		}
	}
	if fit < 20 {
		return nil, whole(RuleSheet, say("Lembar %q tidak ditemukan. Judul kolomnya: Seri, Terakhir diberikan, Terakhir dipanggil.",
			"There is no sheet %q. Its headings are: Seri, Terakhir diberikan, Terakhir dipanggil.", numbersSheet))
	}
	wrong = t.lacks()
	if Wrong(wrong) {
		return nil, wrong
	}
	first := map[string]int{}
	for _, r := range t.lines() {
		before := len(wrong)
		n := Running{Prefix: strings.ToUpper(t.in(r, colSeries)), Venue: strings.ToLower(t.in(r, colAt)), Row: r.n}
		switch {
		case n.Prefix == "":
			wrong = append(wrong, t.at(r, colSeries, RuleRequired, say("Seri belum diisi.", "The series is missing.")))
		case prefixes != nil && !slices.Contains(prefixes, n.Prefix):
			wrong = append(wrong, t.at(r, colSeries, RuleSeries, say("Daerah ini tidak punya seri %q. Pilihannya: %s.", "This region has no series %q. It is one of: %s.", Short(n.Prefix), example(prefixes))))
		case first[n.Prefix+"/"+n.Venue] > 0:
			wrong = append(wrong, t.at(r, colSeries, RuleDuplicate, say("Seri ini sudah ada di baris %d.", "This series stands in row %d already.", first[n.Prefix+"/"+n.Venue])))
		}
		first[n.Prefix+"/"+n.Venue] = r.n
		for _, c := range []struct {
			field int
			to    *int
		}{{colGiven, &n.Given}, {colCalled, &n.Called}} {
			var ok bool
			if *c.to, ok = running(t.in(r, c.field), n.Prefix); !ok {
				wrong = append(wrong, t.at(r, c.field, RuleNumber, say("%q bukan nomor seri %s. Tulis misalnya 41 atau %[2]s-041; kosong atau 0 bila belum ada.",
					"%q is no number of series %s. Write for example 41 or %[2]s-041; empty or 0 if there is none yet.", Short(t.in(r, c.field)), n.Prefix)))
			}
		}
		if len(wrong) == before && n.Called > n.Given {
			wrong = append(wrong, t.at(r, colCalled, RuleNumber, say("Nomor yang dipanggil (%d) lebih besar daripada yang diberikan (%d).", "The number called (%d) is larger than the number given (%d).", n.Called, n.Given)))
		}
		if len(wrong) == before {
			out = append(out, n)
		}
	}
	sortProblems(wrong, f.sheets)
	return out, wrong
}

// running reads "41", "041" or "A-041".
func running(text, prefix string) (int, bool) {
	if text == "" || text == "-" {
		return 0, true
	}
	m := numberForm.FindStringSubmatch(text)
	if m == nil || m[1] != "" && !strings.EqualFold(m[1], prefix) {
		return 0, false
	}
	n, err := strconv.Atoi(m[2])
	return n, err == nil && n <= 9999
}
