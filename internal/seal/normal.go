package seal

import "strings"

// Email is an e-mail address as it is compared: without spaces around, in lower case.
func Email(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Digits keeps the figures of a number that people write in groups, such as a NIK.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Phone is an Indonesian telephone number as it is compared, "628123456789": of 0812-3456-789,
// +62 812 3456 789, 0062812... and +62 (0) 812...
func Phone(s string) string {
	d := Digits(s)
	if international, ok := strings.CutPrefix(d, "00"); ok {
		d = international
	}
	switch {
	case strings.HasPrefix(d, "620"):
		return "62" + d[3:]
	case strings.HasPrefix(d, "0"):
		return "62" + d[1:]
	}
	return d
}
