package brand

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestDeriveMatchesReference(t *testing.T) {
	raw, err := os.ReadFile("testdata/accent-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []map[string]string
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 8 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		a, err := Derive(v["brand"])
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{
			"accent": a.Accent, "accent-press": a.Press, "accent-ink": a.Ink, "accent-deep": a.Deep,
			"accent-tint": a.Tint, "accent-line": a.Line, "accent-night": a.Night,
		} {
			if got != v[name] {
				t.Errorf("%s: %s = %s, want %s", v["brand"], name, got, v[name])
			}
		}
	}
}

// TestContrastHolds goes through 16 steps of each channel: 4,096 colours, none may fail.
func TestContrastHolds(t *testing.T) {
	rules := []struct {
		name  string
		of    func(Accents) string
		on    string
		least float64
	}{
		{"accent", func(a Accents) string { return a.Accent }, white, 5},
		{"press", func(a Accents) string { return a.Press }, white, 5},
		{"ink", func(a Accents) string { return a.Ink }, paper, 5.5},
		{"deep", func(a Accents) string { return a.Deep }, white, 10},
		{"night", func(a Accents) string { return a.Night }, night, 7},
		{"ink on tint", func(a Accents) string { return a.Ink }, "", 4.5},
	}
	seen := 0
	for r := range 16 {
		for g := range 16 {
			for b := range 16 {
				hex := fmt.Sprintf("#%02x%02x%02x", r*17, g*17, b*17)
				a, err := Derive(hex)
				if err != nil {
					t.Fatal(err)
				}
				for _, rule := range rules {
					on := rule.on
					if on == "" {
						on = a.Tint
					}
					if c := Contrast(rule.of(a), on); c < rule.least {
						t.Errorf("%s: %s on %s is %.2f, want %.1f", hex, rule.of(a), on, c, rule.least)
					}
				}
				seen++
			}
		}
	}
	if seen != 4096 {
		t.Fatalf("saw %d colours", seen)
	}
}

func TestChanged(t *testing.T) {
	for hex, want := range map[string]bool{Default: false, "#8A1538": false, "#e8590c": true, "#fc0": true} {
		a, err := Derive(hex)
		if err != nil {
			t.Fatal(err)
		}
		if a.Changed() != want {
			t.Errorf("%s changed to %s: %v, want %v", hex, a.Accent, a.Changed(), want)
		}
	}
}

func TestDeriveRefuses(t *testing.T) {
	for _, hex := range []string{"", "#", "0b6b5f", "#0b6b5", "#0b6b5g", "red", "#0b6b5f ", "#é6b5f", "#\x10\x11\x12", "#}*{color:red"} {
		if a, err := Derive(hex); err == nil {
			t.Errorf("Derive(%q) = %v, want an error", hex, a)
		} else if !strings.Contains(err.Error(), "#rrggbb") {
			t.Errorf("Derive(%q): %v does not say how to write it", hex, err)
		}
	}
}

func TestCSS(t *testing.T) {
	a, err := Derive("#8a1538")
	if err != nil {
		t.Fatal(err)
	}
	want := ":root{--p-accent:#8a1538;--p-accent-press:#6e0328;--p-accent-ink:#8a1538;--p-accent-deep:#64162a;" +
		"--p-accent-tint:#ffeff1;--p-accent-line:#f0c4c9;--p-accent-night:#f58b9c;--p-on-accent:#ffffff;}\n"
	if got := a.CSS(":root"); got != want {
		t.Errorf("CSS = %s", got)
	}
}

func FuzzDerive(f *testing.F) {
	f.Add("#8a1538")
	f.Add("#fff")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := Derive(s); err == nil && strings.ContainsAny(a.CSS(":root")[6:], "<@\\") {
			t.Errorf("%q reached the sheet: %s", s, a.CSS(":root"))
		}
	})
}

func BenchmarkDerive(b *testing.B) {
	for b.Loop() {
		if _, err := Derive("#e8590c"); err != nil {
			b.Fatal(err)
		}
	}
}
