package spell

import "testing"

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Pangkal Pinang": "pangkalpinang", "TOLI-TOLI": "tolitoli", "Hu'u": "huu", "Málaka": "malaka",
		"2 x 11": "2x11", "": "", "-!": "", "ﬁ": "fi",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"bangka", "bangka", 0}, {"bangka", "bangak", 1}, {"bangka", "bngka", 1},
		{"bangka", "bangkaa", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}, {"ab", "ba", 1},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
