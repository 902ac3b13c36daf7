package billing

import (
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// inWords is an amount of rupiah in Indonesian words, as a receipt has it beside the figures: "seratus dua puluh juta
// rupiah". It knows amounts below a thousand trillion.
func inWords(n int64) string {
	if n == 0 {
		return "nol rupiah"
	}
	sign := ""
	if n < 0 {
		sign, n = "minus ", -n
	}
	var parts []string
	for _, unit := range []struct {
		size int64
		name string
	}{{1_000_000_000_000, "triliun"}, {1_000_000_000, "miliar"}, {1_000_000, "juta"}, {1000, "ribu"}} {
		if q := n / unit.size; q > 0 {
			if q == 1 && unit.size == 1000 {
				parts = append(parts, "seribu")
			} else {
				parts = append(parts, hundreds(q), unit.name)
			}
			n %= unit.size
		}
	}
	if n > 0 {
		parts = append(parts, hundreds(n))
	}
	return sign + strings.Join(parts, " ") + " rupiah"
}

var ones = [...]string{"", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas"}

// hundreds are the words of a number below a thousand.
func hundreds(n int64) string {
	switch {
	case n < 12:
		return ones[n]
	case n < 20:
		return ones[n-10] + " belas"
	case n < 100:
		return strings.TrimSpace(ones[n/10] + " puluh " + ones[n%10])
	case n < 200:
		return strings.TrimSpace("seratus " + hundreds(n-100))
	case n < 1000:
		return strings.TrimSpace(ones[n/100] + " ratus " + hundreds(n%100))
	}
	return strconv.FormatInt(n, 10)
}

var monthNames = [...]string{"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}

// longDay is "23 November 2026"; "" for no day.
func longDay(d clock.Day) string {
	if d == (clock.Day{}) {
		return ""
	}
	t := d.At(0, clock.WIB)
	return strconv.Itoa(t.Day()) + " " + monthNames[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// rupiah is "Rp150.000" on a document.
func rupiah(s Sen) string {
	n := s.Whole()
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "." + text[i:]
	}
	return sign + "Rp" + text
}

// grouped writes a long number as people check it: 16 digits in fours, 22 with the last six apart.
func grouped(s string) string {
	if len(s) < 16 {
		return s
	}
	out := s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:16]
	if len(s) > 16 {
		out += " " + s[16:]
	}
	return out
}
