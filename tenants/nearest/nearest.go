// Package nearest finds the known word that a mistyped one most likely stands for, so that a mistake in
// a manifest can be answered with the right value.
package nearest

import (
	"strings"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

// Of gives the candidate closest to s, and false when none is close enough to be worth proposing. Case
// and surrounding space do not count. A letter added, left out, exchanged, or swapped with its neighbour
// costs one; a third of the longer word may be wrong, at most four letters. When nothing is that close,
// a candidate that s is the beginning of is taken, if there is only one. Between equals the first in
// candidates wins.
func Of(s string, candidates []string) (best string, ok bool) {
	want := fold(s)
	if want == "" {
		return "", false
	}
	bestDistance := -1
	for _, c := range candidates {
		have := fold(c)
		long := utf8.RuneCountInString(have)
		limit := min(4, (max(utf8.RuneCountInString(want), long)+1)/3)
		d := spell.Distance(want, have)
		if d <= limit && d < long && (bestDistance < 0 || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if bestDistance >= 0 {
		return best, true
	}
	if utf8.RuneCountInString(want) < 3 {
		return "", false
	}
	for _, c := range candidates {
		if !strings.HasPrefix(fold(c), want) {
			continue
		}
		if ok {
			return "", false
		}
		best, ok = c, true
	}
	return best, ok
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
