// Package nearest finds the known word that a mistyped one most likely stands for, so that a mistake in
// a manifest can be answered with the right value. A leaf: it imports nothing of ours.
package nearest

import "strings"

// Of gives the candidate closest to s, and false when none is close enough to be worth proposing. Case
// and surrounding space do not count. A letter added, left out, exchanged, or swapped with its neighbour
// costs one; a third of the longer word may be wrong, at most four letters. When nothing is that close,
// a candidate that s is the beginning of is taken, if there is only one. Between equals the first in
// candidates wins.
func Of(s string, candidates []string) (best string, ok bool) {
	want := []rune(fold(s))
	if len(want) == 0 {
		return "", false
	}
	bestDistance := -1
	for _, c := range candidates {
		have := []rune(fold(c))
		limit := min(4, (max(len(want), len(have))+1)/3)
		d := distance(want, have)
		if d <= limit && d < len(have) && (bestDistance < 0 || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if bestDistance >= 0 {
		return best, true
	}
	if len(want) < 3 {
		return "", false
	}
	for _, c := range candidates {
		if !strings.HasPrefix(fold(c), string(want)) {
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

// distance is Levenshtein's with a swap of neighbours as one step (optimal string alignment).
func distance(a, b []rune) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
