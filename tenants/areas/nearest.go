package areas

import (
	"strings"

	"github.com/pendopo-id/pendopo/tenants/areas/spell"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// Nearest gives the code or the slug that a mistaken one most probably means: a code for what begins
// with a digit, a slug (or, for a name, its seat's slug) for the rest. ok is false when nothing is near.
func Nearest(code string) (best string, ok bool) {
	code = strings.TrimSpace(code)
	if code == "" || len(code) > maxQuery {
		return "", false
	}
	if code[0] >= '0' && code[0] <= '9' {
		return nearestCode(code)
	}
	if s, ok := SeatBySlug(slugify(code)); ok {
		return s.Slug, true
	}
	if found := Search(code, 1); len(found) == 1 {
		return found[0].Slug, true
	}
	slugs := make([]string, 0, len(load().seats))
	for _, s := range load().seats {
		slugs = append(slugs, s.Slug)
	}
	return nearest.Of(code, slugs)
}

// nearestCode prefers the same province over the smallest distance: who writes 19.07 has the right
// province and the wrong number, and 11.07 would only look alike.
func nearestCode(code string) (string, bool) {
	if s, ok := SeatFor(dotted(code)); ok {
		return s.Code, true
	}
	code = dotted(code)
	// A district's or a village's code: its seat.
	for cut := code; strings.Contains(cut, "."); {
		cut = cut[:strings.LastIndexByte(cut, '.')]
		if s, ok := SeatFor(cut); ok {
			return s.Code, true
		}
	}
	if len(code) < 4 {
		return "", false // "19" is a province, "7" could be anything
	}
	best, least := "", 100
	for _, s := range load().seats {
		d := spell.Distance(code, s.Code) * 10
		if len(code) >= 2 && s.Province != code[:2] {
			d += 5
		}
		// Of equals the one that stands closest in the list, which for 19.07 is 19.06.
		if d < least || d == least && s.Code <= code {
			best, least = s.Code, d
		}
	}
	return best, least <= 25
}

// dotted repairs the ways in which people write a code: "1901", "19-01", "19.1".
func dotted(code string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
	parts := strings.FieldsFunc(code, func(r rune) bool { return r < '0' || r > '9' })
	switch {
	case len(parts) == 1 && len(digits) == 4:
		return digits[:2] + "." + digits[2:]
	case len(parts) == 1 && len(digits) == 6:
		return digits[:2] + "." + digits[2:4] + "." + digits[4:]
	case len(parts) == 2 && len(parts[1]) == 1:
		return parts[0] + ".0" + parts[1]
	case len(parts) > 1:
		return strings.Join(parts, ".")
	}
	return code
}
