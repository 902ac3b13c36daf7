package devices

import (
	"os"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if strings.HasPrefix(p, "internal/devices/") || !strings.Contains(p, "nothing uses") {
			t.Error(p)
		}
	}
}

// The list that comes with the program can be read, and what is needed costs less than all of it.
func TestTheShoppingList(t *testing.T) {
	l := Shopping()
	needed, icons := 0, 0
	tried := map[string]bool{}
	for _, d := range l.Devices {
		if d.Needed {
			needed++
		}
		if ui.HasIcon(d.Icon) {
			icons++
		}
		tried[d.Test] = true
	}
	if needed == 0 || needed == len(l.Devices) || icons != len(l.Devices) {
		t.Errorf("%d of %d devices are needed, %d have an icon", needed, len(l.Devices), icons)
	}
	for _, test := range tests {
		if !tried[test] {
			t.Errorf("nothing on the list leads to %s", test)
		}
	}
	if l.old(l.day.Add(365)) || !l.old(l.day.Add(366)) {
		t.Error("prices are old after a year, not before")
	}
}

func TestAMistakeInTheListIsFound(t *testing.T) {
	good := string(listed)
	for name, change := range map[string][2]string{
		"a language":   {"en: Television for the board", `en: ""`},
		"a price":      {"to: 3_500_000", "to: 3"},
		"a test":       {"test: layar", "test: suara"},
		"a day":        {`priced: "2026-11-20"`, "priced: kemarin"},
		"another name": {"needed: true", "neded: true"},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatalf("%s: %q is not there", name, change[0])
		}
		if _, err := parse([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// How far a text can be read grows with it and with the screen. On 43 inches (a screen of 535 mm) a quarter of its height
// is 90 mm of capital, which is read at 20 minutes of arc from 15.5 metres.
func TestMetres(t *testing.T) {
	if m := metres(43, 24); m != 15.5 {
		t.Errorf("%v metres, not 15.5", m)
	}
	for _, n := range inches {
		for i, share := range shares[1:] {
			if metres(n, share) >= metres(n, shares[i]) {
				t.Errorf("on %d inches %d per cent are read from as far as %d", n, share, shares[i])
			}
		}
	}
	for given, want := range map[string]int{"": 43, "55": 55, "54": 43, "x": 43} {
		if got := newScreen(given).Inches; got != want {
			t.Errorf("%q is %d inches", given, got)
		}
	}
}

// A ruler has a line for each millimetre, its ends among them.
func TestTheRuler(t *testing.T) {
	for width, mm := range map[string]int{"80": 72, "58": 48, "": 72, "57": 72} {
		v := newSlip(width)
		if n := strings.Count(v.ruler(), "M"); v.printable() != mm || n != mm+1 {
			t.Errorf("%q mm: a ruler of %d mm with %d lines", width, v.printable(), n)
		}
	}
	if newSlip("58").other() != 80 || newSlip("80").other() != 58 {
		t.Error("the other width is not the other")
	}
	if _, err := clock.ParseDay(Shopping().Priced); err != nil {
		t.Error(err)
	}
}
