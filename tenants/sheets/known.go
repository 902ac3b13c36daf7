package sheets

import (
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/tenants"
)

// Known is what a region has already, against which a sheet is read.
type Known struct {
	Agencies []Agency
	There    func(email string) bool // whether somebody has an account by this address, in lower case; nil: nobody has
	Roles    []tenants.Role          // that may be given; nil: all
}

// Agency is an instansi of the region.
type Agency struct {
	Code     string
	Names    []string // official, short, English: what people write for it; the first is shown
	Counters []Counter
	Closed   bool // it is known, and not the reader's: an agency's administrator brings in no other agency's people
}

// Counter is a loket. Key is unique in the region: "utama/3".
type Counter struct{ Key, Name string }

// Code is the counter's own within its venue: "3".
func (c Counter) Code() string { return c.Key[strings.LastIndexByte(c.Key, '/')+1:] }

// KnownOf is what a manifest declares, with the catalogue's names.
func KnownOf(r *tenants.Resolved) Known {
	var k Known
	for _, a := range r.Agencies {
		one := Agency{Code: a.Code, Names: filled(a.Name, a.Short, a.NameEN, a.ShortEN)}
		for _, c := range a.Counters {
			one.Counters = append(one.Counters, Counter{c.Key(), c.Name})
		}
		k.Agencies = append(k.Agencies, one)
	}
	return k
}

func filled(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// Shown is what an agency is called where a person reads it.
func (a Agency) Shown() string {
	if len(a.Names) > 0 {
		return a.Names[0]
	}
	return a.Code
}

// agency finds an agency by its code or one of its names. Where none fits, guess is what was probably meant.
func (k Known) agency(text string) (a *Agency, guess string) {
	want := fold(text)
	var all []string
	for i := range k.Agencies {
		a := &k.Agencies[i]
		if fold(a.Code) == want || slices.ContainsFunc(a.Names, func(n string) bool { return fold(n) == want }) {
			return a, ""
		}
		all = append(all, a.Code)
		all = append(all, a.Names...)
	}
	if guess = closest(text, all); guess != "" {
		return nil, guess
	}
	for _, a := range k.Agencies { // "Disdukcapil Kab. Bangka" for "dukcapil"
		if len(a.Code) >= 4 && strings.Contains(strings.ReplaceAll(want, " ", ""), strings.ReplaceAll(fold(a.Code), " ", "")) {
			return nil, a.Code
		}
	}
	return nil, ""
}

// open are the codes of the agencies whose people may be brought in.
func (k Known) open() (out []string) {
	for _, a := range k.Agencies {
		if !a.Closed {
			out = append(out, a.Code)
		}
	}
	return out
}

// owner is the agency that has a counter by this text.
func (k Known) owner(text string) *Agency {
	for i := range k.Agencies {
		if len(k.Agencies[i].counters(text)) > 0 {
			return &k.Agencies[i]
		}
	}
	return nil
}

// counters are the agency's counters that a text may mean: "3", "Loket 3", "utama/3". A counter of that code may stand
// at several venues.
func (a *Agency) counters(text string) (out []Counter) {
	want := strings.ToLower(text)
	short := strings.TrimSpace(strings.TrimPrefix(fold(text), "loket"))
	if short == "" {
		short = fold(text)
	}
	for _, c := range a.Counters {
		switch {
		case strings.ToLower(c.Key) == want:
			return []Counter{c}
		case strings.ToLower(c.Code()) == want, fold(c.Name) == fold(text), fold(c.Code()) == short, trimZero(short) == fold(c.Code()):
			out = append(out, c)
		}
	}
	return out
}

func trimZero(s string) string { return strings.TrimLeft(s, "0") }

func (a *Agency) list() string {
	if len(a.Counters) == 0 {
		return "-"
	}
	twice := map[string]int{}
	for _, c := range a.Counters {
		twice[c.Code()]++
	}
	var out []string
	for i, c := range a.Counters {
		if i == 20 {
			out = append(out, "…")
			break
		}
		if twice[c.Code()] > 1 {
			out = append(out, c.Key)
		} else {
			out = append(out, c.Code())
		}
	}
	return strings.Join(out, ", ")
}
