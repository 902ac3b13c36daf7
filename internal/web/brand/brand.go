// Package brand turns the one colour that a region gives into the eight accent tokens of its pages,
// with contrast that is guaranteed and not hoped for. It keeps the colour's hue and moves its lightness in
// OKLCH until every rule holds, so that white text on a button and a link on paper are always readable.
// Pure functions; nothing is computed in the browser.
package brand

import (
	"fmt"
	"strings"
	"unicode"
)

// Default is Pendopo's own colour, used where a region gives none.
const Default = "#0b6b5f"

// Accents are the eight tokens, each "#rrggbb", and the colour that they came from.
type Accents struct {
	Brand  string // as the region gave it
	Accent string // fills; white on it >= 5:1
	Press  string // a fill that is pressed or hovered
	Ink    string // text and links on any light surface, >= 5.5:1
	Deep   string // the roof; white on it >= 10:1, calm
	Tint   string // quiet surface
	Line   string // decoration, never text
	Night  string // text on dark boards, >= 7:1
}

// The surfaces that text in an accent may stand on, as tokens.css has them.
const (
	white = "#ffffff"
	ink   = "#121917" // batu-900
	paper = "#eef1ef" // batu-50, the darkest light surface
	night = "#16211e" // the lightest dark surface
)

// Derive gives the tokens for a colour "#rrggbb" or "#rgb", in any case. It fails on anything else.
func Derive(hex string) (Accents, error) {
	c, err := parse(hex)
	if err != nil {
		return Accents{}, err
	}
	given := c.toLCH()
	l, chroma, hue := given.l, given.c, given.h
	if chroma < .025 { // a grey has no hue: borrow the platform's
		chroma, hue = .03, 175
	}
	// Kunyit stays reserved for calls, so yellows go darker; black stays tellable from ink.
	most := .62
	if l > .7 && hue > 60 && hue < 105 {
		most = .55
	}
	accent := seek(lch{max(.3, min(l, most)), chroma, hue}, -1, func(h string) bool { return Contrast(h, white) >= 5 })
	a := mustParse(accent).toLCH()
	return Accents{
		Brand:  c.hex(),
		Accent: accent,
		Press:  lch{a.l - .07, a.c, a.h}.hex(),
		Ink:    seek(a, -1, func(h string) bool { return Contrast(h, paper) >= 5.5 }),
		Deep:   seek(lch{min(a.l, .34), min(a.c, .11), a.h}, -1, func(h string) bool { return Contrast(h, white) >= 10 }),
		Tint:   lch{.965, min(chroma, .018), hue}.hex(),
		Line:   lch{.86, min(chroma, .05), hue}.hex(),
		Night:  seek(lch{max(l, .7), min(chroma, .13), hue}, 1, func(h string) bool { return Contrast(h, night) >= 7 }),
	}, nil
}

// seek moves the lightness in steps of 0.005, down (-1) or up (+1), until the rule holds.
func seek(c lch, dir float64, holds func(hex string) bool) string {
	for range 200 {
		if h := c.hex(); holds(h) {
			return h
		}
		c.l += dir * .005
		if c.l < .05 || c.l > .98 {
			break
		}
	}
	if dir < 0 {
		return ink
	}
	return white
}

// Changed tells whether the region's colour had to be moved for buttons: the page then says so
// ("Warna Anda digelapkan sedikit"). The crest keeps its own colours in any case.
func (a Accents) Changed() bool { return a.Brand != a.Accent }

// CSS is the sheet that sets the tokens for a selector: ":root" for a region's pages, ".p-preview" for a
// preview. It is served as a file of its own, because the pages allow no inline style.
func (a Accents) CSS(selector string) string {
	var b strings.Builder
	b.Grow(320)
	b.WriteString(selector)
	b.WriteByte('{')
	for _, t := range []struct{ name, value string }{
		{"accent", a.Accent}, {"accent-press", a.Press}, {"accent-ink", a.Ink}, {"accent-deep", a.Deep},
		{"accent-tint", a.Tint}, {"accent-line", a.Line}, {"accent-night", a.Night}, {"on-accent", white},
	} {
		b.WriteString("--p-" + t.name + ":" + t.value + ";")
	}
	b.WriteString("}\n")
	return b.String()
}

// Contrast is the WCAG contrast ratio of two colours "#rrggbb", from 1 to 21. A malformed colour
// counts as black.
func Contrast(a, b string) float64 {
	x, _ := parse(a)
	y, _ := parse(b)
	lx, ly := x.luminance(), y.luminance()
	if lx < ly {
		lx, ly = ly, lx
	}
	return (lx + .05) / (ly + .05)
}

func mustParse(hex string) rgb {
	c, err := parse(hex)
	if err != nil {
		panic(err) // only ever given what this package printed
	}
	return c
}

func parse(s string) (rgb, error) {
	bad := fmt.Errorf("%q is not a colour: write it as #rrggbb, for example %s", s, Default)
	if !strings.HasPrefix(s, "#") || (len(s) != 7 && len(s) != 4) {
		return rgb{}, bad
	}
	var c rgb
	digits, each := s[1:], len(s)/3 // 2 digits a channel, or 1
	for i := range c {
		for _, d := range digits[i*each : (i+1)*each] {
			v := strings.IndexRune("0123456789abcdef", unicode.ToLower(d))
			if v < 0 {
				return rgb{}, bad
			}
			c[i] = c[i]<<4 | uint8(v)
		}
		if each == 1 {
			c[i] *= 17
		}
	}
	return c, nil
}
