package catalog

import (
	"slices"
	"strings"
	"unicode"

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

// small words that say nothing about the service.
var stopwords = map[string]bool{
	"mau": true, "saya": true, "ingin": true, "cara": true, "untuk": true, "di": true, "ke": true, "yang": true,
	"dan": true, "atau": true, "buat": true, "bikin": true, "urus": true, "mengurus": true, "membuat": true,
	"the": true, "a": true, "an": true, "of": true, "for": true, "how": true, "to": true, "my": true, "get": true, "dari": true,
}

// index is the folded text of one service.
type index struct {
	service *tenant.Service
	name    []string // words of its names
	words   []string // words that people also use for it, and its owner's system
	agency  []string // its agency's names and words
	all     string   // its own without spaces, for words written together
}

func newIndex(d *tenant.Directory) []index {
	var out []index
	for _, o := range d.Services() {
		name := wordsBoth(o.Name + " " + o.NameEN)
		words := wordsBoth(o.Words + " " + o.System)
		a := o.Agency
		out = append(out, index{
			o, name, words, wordsBoth(a.Name + " " + a.Short + " " + a.NameEN + " " + a.ShortEN + " " + a.Words),
			strings.ReplaceAll(fold(o.Name)+"|"+fold(o.NameEN)+"|"+fold(o.Words), " ", ""),
		})
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

// search finds services by what people type, the best first. Every word must be found somewhere: as
// the beginning of a word, inside words written together, or with one mistake in a word of four signs
// or more. What is found by its agency's words alone counts only where nothing is found by its own: "ktp" is
// not everything that the civil registry does. An empty query finds nothing.
func search(idx []index, query string) []*tenant.Service {
	words := wordsOf(query)
	if len(words) == 0 {
		return nil
	}
	type hit struct {
		service *tenant.Service
		score   int
		place   int
		own     bool
	}
	var hits []hit
	owned := false
	for i, x := range idx {
		h := hit{service: x.service, place: i}
		for _, w := range words {
			score, own := x.score(w)
			if score == 0 {
				h.score = 0
				break
			}
			h.score += score
			h.own = h.own || own
		}
		if h.score == 0 && len(words) > 1 && strings.Contains(x.all, strings.Join(words, "")) {
			h.score, h.own = 3*len(words), true
		}
		if h.score > 0 {
			hits = append(hits, h)
			owned = owned || h.own
		}
	}
	if owned {
		hits = slices.DeleteFunc(hits, func(h hit) bool { return !h.own })
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.score != b.score {
			return b.score - a.score
		}
		return a.place - b.place
	})
	out := make([]*tenant.Service, len(hits))
	for i, h := range hits {
		out[i] = h.service
	}
	return out
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
		known = append(append(append(known, x.name...), x.words...), x.agency...)
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
func (x index) score(w string) (score int, own bool) {
	for _, field := range []struct {
		words                  []string
		exact, begins, mistake int
	}{{x.name, 12, 9, 4}, {x.words, 8, 6, 2}} {
		for _, n := range field.words {
			switch {
			case n == w:
				score = max(score, field.exact)
			case strings.HasPrefix(n, w):
				score = max(score, field.begins)
			case len(w) >= 4 && oneMistake(n, w):
				score = max(score, field.mistake)
			}
		}
	}
	if score == 0 && len(w) >= 4 && strings.Contains(x.all, w) {
		score = 3
	}
	if score > 0 {
		return score, true
	}
	for _, n := range x.agency {
		switch {
		case n == w:
			score = max(score, 5)
		case strings.HasPrefix(n, w):
			score = max(score, 4)
		case len(w) >= 4 && oneMistake(n, w):
			score = max(score, 1)
		}
	}
	return score, false
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
