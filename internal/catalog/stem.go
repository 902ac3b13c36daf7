package catalog

import (
	"slices"
	"strings"
	"unique"
)

// Indonesian puts a word together from a root and what stands before and behind it: kehilangan, hilangkan and
// menghilangkan are all about what is hilang. People type one form and a service's name has another.

// rootLeast is how long a root is at the least, in bytes: what is left of a shorter word is another word.
const rootLeast = 4

// prefixes stand before a root, with what they have swallowed of it: mencari is cari, menulis tulis. The longest
// that fits is not always the right one, so that each gives a root that may be.
var prefixes = []struct {
	text      string
	swallowed []string
}{
	{"meng", []string{"", "k"}}, {"peng", []string{"", "k"}}, {"meny", []string{"s"}}, {"peny", []string{"s"}},
	{"mem", []string{"", "p"}}, {"pem", []string{"", "p"}}, {"men", []string{"", "t"}}, {"pen", []string{"", "t"}},
	{"ber", []string{""}}, {"per", []string{""}}, {"ter", []string{""}}, {"me", []string{""}}, {"pe", []string{""}}, {"di", []string{""}},
}

// roots are what a word may be about, the word itself first. It needs no dictionary: a root that is none, such as
// hilangan of kehilangan, is no harm, since no other word has it.
func roots(w string) []string {
	out := []string{w}
	add := func(r string) {
		if len(r) >= rootLeast && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, ending := range []string{"nya", "kan", "an"} {
		for _, r := range slices.Clone(out) {
			if short, ok := strings.CutSuffix(r, ending); ok {
				add(short)
				if inner, ok := strings.CutPrefix(short, "ke"); ok && ending == "an" {
					add(inner)
				}
			}
		}
	}
	for from := 0; from < 2; from++ { // memperpanjang: mem and per
		for _, r := range slices.Clone(out) {
			for _, p := range prefixes {
				inner, ok := strings.CutPrefix(r, p.text)
				if !ok || inner == "" {
					continue
				}
				for _, s := range p.swallowed {
					if s == "" || strings.IndexByte("aeiou", inner[0]) >= 0 {
						add(s + inner)
					}
				}
			}
		}
	}
	return out
}

// term is a word with its roots.
type term struct {
	word  string
	roots []unique.Handle[string] // compared thousands of times a search
}

func termOf(w string) term {
	t := term{word: w}
	for _, r := range roots(w) {
		t.roots = append(t.roots, unique.Make(r))
	}
	return t
}

func termsOf(words []string) []term {
	out := make([]term, len(words))
	for i, w := range words {
		out[i] = termOf(w)
	}
	return out
}

// related tells whether two words are forms of one.
func (t term) related(o term) bool {
	for _, r := range t.roots {
		if slices.Contains(o.roots, r) {
			return true
		}
	}
	return false
}
