package app

import "testing"

// A scope is written in one way for every command: short or as a path, with an agency or without.
func TestScopesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string][3]string{
		"19.01":                {"19.01", "id/19/19.01", "id/19/19.01 (Kabupaten Bangka)"},
		"id/19/19.01":          {"19.01", "id/19/19.01", "id/19/19.01 (Kabupaten Bangka)"},
		"19.01/dukcapil":       {"19.01", "id/19/19.01/dukcapil", "id/19/19.01/dukcapil (Kependudukan, Kabupaten Bangka)"},
		"id/19/19.01/dukcapil": {"19.01", "id/19/19.01/dukcapil", "id/19/19.01/dukcapil (Kependudukan, Kabupaten Bangka)"},
		"id/31":                {"31", "id/31", "id/31 (Daerah Khusus Jakarta)"},
		"31/dukcapil":          {"31", "id/31/dukcapil", "id/31/dukcapil (Kependudukan, Daerah Khusus Jakarta)"},
		"id/31/dukcapil":       {"31", "id/31/dukcapil", "id/31/dukcapil (Kependudukan, Daerah Khusus Jakarta)"},
		"id/19":                {"id", "id/19", "id/19 (provinsi Kepulauan Bangka Belitung)"},
		"id":                   {"id", "id", "id (seluruh Indonesia)"},
		"agency/imigrasi":      {"id", "agency/imigrasi", "agency/imigrasi (Imigrasi di semua daerah)"},
		"19.01/":               {"19.01", "id/19/19.01", "id/19/19.01 (Kabupaten Bangka)"},
		"x":                    {"x", "x", "x"},
		"99.99/tiada":          {"99.99", "id/99/99.99/tiada", "id/99/99.99/tiada"},
	} {
		code, scope := scopeOf(text)
		if got := [3]string{code, scope, scopeName(scope, false, nil)}; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
