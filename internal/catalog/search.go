package catalog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unique"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// maxQuery bounds what is looked for, in signs. People type a few words.
const maxQuery = 80

// fold makes text comparable: lower case, without accents, letters and digits only, single spaces.
func fold(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), s)
	if err != nil {
		plain = s
	}
	var b strings.Builder
	space := false
	for _, r := range strings.ToLower(plain) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		case r == '-' || r == '\'' || r == '.': // "KTP-el" is "ktpel", "S.K.C.K." is "skck"
		default:
			space = true
		}
	}
	return b.String()
}

// stopwords are small words that say nothing about the service.
var stopwords = setOf("mau saya aku kami kita ingin pengen pengin tolong mohon bagaimana gimana cara apa bisa untuk utk di ke yang yg " +
	"dan atau dari dengan karena sudah sdh perlu butuh punya itu ini dimana mana kah dong ya orang " +
	"the a an of for how to my get i need want")

// weak words say what one wants done, as nearly every service does it: one that has them comes first, and one
// that has not is found too.
var weak = setOf("buat bikin urus cetak baru syarat biaya layan minta aju")

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// index is the folded text of one service.
type index struct {
	service *tenant.Service
	name    []term   // words of its names
	words   []term   // words that people also use for it, and its owner's system
	phrases [][]term // its name, and what people also call it, one by one
	agency  []term   // its agency's names and words
	all     string   // its own without spaces, for words written together
}

func newIndex(d *tenant.Directory) []index {
	var out []index
	for _, o := range d.Services() {
		a := o.Agency
		x := index{
			service: o,
			name:    termsOf(wordsBoth(o.Name + " " + o.NameEN)),
			words:   termsOf(wordsBoth(o.Words + " " + o.System)),
			agency:  termsOf(wordsBoth(a.Name + " " + a.Short + " " + a.NameEN + " " + a.ShortEN + " " + a.Words)),
			all:     strings.ReplaceAll(fold(o.Name)+"|"+fold(o.NameEN)+"|"+fold(o.Words), " ", ""),
		}
		for _, phrase := range strings.Split(o.Name+"\n"+o.Words, "\n") {
			if terms := termsOf(wordsBoth(phrase)); len(terms) > 0 {
				x.phrases = append(x.phrases, terms)
			}
		}
		out = append(out, x)
	}
	return out
}

// wordsBoth are a text's words, those with a hyphen as one word and as two: "KTP-el" is found by ktp and by ktpel.
func wordsBoth(text string) []string {
	words := strings.Fields(fold(text))
	if strings.Contains(text, "-") {
		words = append(words, strings.Fields(fold(strings.ReplaceAll(text, "-", " ")))...)
	}
	return words
}

// hit is a service that a search has found.
type hit struct {
	service *tenant.Service
	place   int
	needed  int  // how many of the words that say something it has
	matched int  // how many of all
	score   int  // how well
	own     bool // not by its agency's words alone
}

// search finds services by what people type, the best first: what has more of the words before what has fewer,
// and nothing that has fewer of those that say something than another has. A word is found in another form
// (kehilangan: hilang), as the beginning of a word, inside words written together, or with one mistake in a
// word of four signs or more. What is found by its agency's words alone counts only where nothing is found by
// its own: "ktp" is not everything that the civil registry does. An empty query finds nothing.
func search(idx []index, query string) []*tenant.Service {
	hits, _ := find(idx, query)
	return servicesOf(hits)
}

// searchWhole is a search for what has all of the words.
func searchWhole(idx []index, query string) []*tenant.Service {
	hits, whole := find(idx, query)
	if !whole {
		return nil
	}
	return servicesOf(hits)
}

func servicesOf(hits []hit) []*tenant.Service {
	out := make([]*tenant.Service, len(hits))
	for i, h := range hits {
		out[i] = h.service
	}
	return out
}

// find is search, and tells whether what it has found has all the words that say something.
func find(idx []index, query string) (hits []hit, whole bool) {
	words := termsOf(wordsOf(query))
	must := make([]bool, len(words))
	needed := 0
	for i, w := range words {
		if must[i] = !slices.ContainsFunc(w.roots, func(r unique.Handle[string]) bool { return weak[r.Value()] }); must[i] {
			needed++
		}
	}
	if needed == 0 { // "cetak" alone
		for i := range must {
			must[i] = true
		}
		needed = len(words)
	}
	joined := ""
	for _, w := range words {
		joined += w.word
	}
	most, owned := 0, false
	for i, x := range idx {
		h := hit{service: x.service, place: i}
		for j, w := range words {
			score, own := x.score(w)
			if score == 0 {
				continue
			}
			h.matched++
			if must[j] {
				h.needed++
				h.own = h.own || own
			}
			h.score += score
		}
		if h.needed < needed && len(words) > 1 && strings.Contains(x.all, joined) {
			h.needed, h.matched, h.score, h.own = needed, len(words), 3*len(words), true
		}
		if h.needed > 0 {
			h.score += x.together(words)
			hits = append(hits, h)
		}
	}
	for _, h := range hits {
		switch {
		case h.needed > most:
			most, owned = h.needed, h.own
		case h.needed == most:
			owned = owned || h.own
		}
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return h.needed < most || owned && !h.own })
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(b.matched-a.matched, b.score-a.score, a.place-b.place)
	})
	return hits, most == needed
}

// wordsOf are the words of a query that say something; all of them if none does.
func wordsOf(query string) []string {
	if r := []rune(query); len(r) > maxQuery {
		query = string(r[:maxQuery])
	}
	words := strings.Fields(fold(query))
	if kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return stopwords[w] }); len(kept) > 0 {
		return kept
	}
	return words
}

// Help is what a person may try when a search has found nothing.
type Help struct {
	Query   string            // words that are known here and near to what was typed; "" if there are none
	Similar []*tenant.Service // services that a part of the words finds
}

// similarMost is how many services stand beside an empty result: a hint, not another list.
const similarMost = 5

// helpedWords bounds the words that are looked at, each against every word that is known here.
const helpedWords = 4

// help looks for a way on from a query that finds nothing.
func help(idx []index, query string) (h Help) {
	words := wordsOf(query)
	known := make([]string, 0, len(idx)*8)
	for _, x := range idx {
		for _, t := range slices.Concat(x.name, x.words, x.agency) {
			known = append(known, t.word)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	better := make([]string, 0, len(words))
	for _, w := range words[:min(len(words), helpedWords)] {
		found := search(idx, w)
		for _, o := range found {
			if len(h.Similar) < similarMost && !slices.Contains(h.Similar, o) {
				h.Similar = append(h.Similar, o)
			}
		}
		if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, w) }) {
			near, ok := nearest.Of(w, ofLength(known, len(w)))
			if !ok {
				continue
			}
			w = near
		}
		better = append(better, w)
	}
	if q := strings.Join(better, " "); q != strings.Join(words, " ") && len(search(idx, q)) > 0 {
		h.Query = q
	}
	return h
}

// ofLength are the words that are about as long as another; the rest cannot be near it.
func ofLength(words []string, n int) (out []string) {
	for _, w := range words {
		if len(w) >= n-2 && len(w) <= n+2 {
			out = append(out, w)
		}
	}
	return out
}

// score tells how well a word fits, 0 for not at all, and whether it is the service's own word.
func (x index) score(w term) (score int, own bool) {
	for _, field := range []struct {
		terms                        []term
		exact, form, begins, mistake int
	}{{x.name, 12, 11, 9, 4}, {x.words, 8, 7, 6, 2}} {
		for _, n := range field.terms {
			switch {
			case n.word == w.word:
				score = max(score, field.exact)
			case n.related(w):
				score = max(score, field.form)
			case strings.HasPrefix(n.word, w.word):
				if len(w.word) < 4 { // sim is not simkah
					score = max(score, 1)
				} else {
					score = max(score, field.begins)
				}
			case len(w.word) >= 4 && oneMistake(n.word, w.word):
				score = max(score, field.mistake)
			}
		}
	}
	if score == 0 && len(w.word) >= 4 && strings.Contains(x.all, w.word) {
		score = 3
	}
	agency := 0
	for _, n := range x.agency {
		switch {
		case n.word == w.word:
			agency = max(agency, 5)
		case n.related(w), strings.HasPrefix(n.word, w.word):
			agency = max(agency, 4)
		case len(w.word) >= 4 && oneMistake(n.word, w.word):
			agency = max(agency, 1)
		}
	}
	if score == 0 {
		return agency, false
	}
	if agency >= 4 { // what people go to that agency for
		score += 2
	}
	return score, true
}

// together weighs how much of a query one of the service's names has by itself, and whether one of them is just
// what was typed.
func (x index) together(words []term) int {
	most, whole := 0, 0
	for _, phrase := range x.phrases {
		n := 0
		for _, w := range words {
			if slices.ContainsFunc(phrase, w.related) {
				n++
			}
		}
		most = max(most, n)
		if n == len(words) && n == len(phrase) {
			whole = 3
		}
	}
	return 2*max(most-1, 0) + whole
}

// oneMistake tells whether the words differ by one sign changed, added, left out, or two swapped.
func oneMistake(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) != len(b) {
		return a[i+1:] == b[i:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// containsFold tells whether a text contains another, whatever the case and the spaces.
func containsFold(text, part string) bool {
	squeeze := func(s string) string { return strings.ReplaceAll(fold(s), " ", "") }
	return strings.Contains(squeeze(text), squeeze(part))
}
