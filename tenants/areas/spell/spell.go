// Package spell compares words as people write them: it folds spellings together and measures how far
// two words are apart.
package spell

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold lowers s and drops everything that is not a letter or a digit, diacritics included, so that
// "Pangkal Pinang", "pangkalpinang" and "PANGKAL-PINANG" become the same word.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// Words splits s at everything that is not a letter, a digit or an apostrophe and folds each part.
// "Kab. Toli-Toli" gives kab, toli, toli; "Hu'u" stays one word.
func Words(s string) []string {
	parts := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && r != '\'' && r != '’'
	})
	words := parts[:0]
	for _, p := range parts {
		if f := Fold(p); f != "" {
			words = append(words, f)
		}
	}
	return words
}

// Distance counts the fewest insertions, deletions, replacements and swaps of neighbours that turn a
// into b (optimal string alignment), in runes. A swap counts once because it is what fingers do:
// "bangak" is one slip away from "bangka", not two.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(y) == 0 {
		return len(x)
	}
	width := len(y) + 1
	rows := make([]int, 3*width)
	before, last, now := rows[:width], rows[width:2*width], rows[2*width:]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(now[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}

// Slack is how many slips are forgiven in a word of n runes: none in very short ones, where every
// other word would be near, and at most three.
func Slack(n int) int {
	switch {
	case n <= 2:
		return 0
	case n <= 5:
		return 1
	case n <= 9:
		return 2
	default:
		return 3
	}
}
