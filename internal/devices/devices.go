// Package devices helps a region to choose and to try out what stands in the hall: the television with its stick, the
// printer of tickets, the tablet. A list says what is the cheapest that works; a page for each device tries it on the
// device itself, with nothing but our own files, and says what is missing.
package devices

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/devices/text.yaml", text)

//go:embed devices.yaml
var listed []byte

var permTest = authz.Declare("devices:device:test", "Melihat daftar belanja perangkat dan mencobanya", "See the shopping list of devices and try them out")

// Text is a sentence in both languages.
type Text struct {
	ID string `yaml:"id"`
	EN string `yaml:"en"`
}

// In gives the sentence in a language.
func (t Text) In(l i18n.Locale) string {
	if l == i18n.EN {
		return t.EN
	}
	return t.ID
}

// Device is a thing to buy, or better, to find in a cupboard.
type Device struct {
	Code     string `yaml:"code"`
	Icon     string `yaml:"icon"`
	Name     Text   `yaml:"name"`
	For      Text   `yaml:"for"`
	Cheapest Text   `yaml:"cheapest"` // that works
	Look     []Text `yaml:"look"`     // what to look for
	From     int64  `yaml:"from"`     // Rupiah, roughly, apiece
	To       int64  `yaml:"to"`
	Needed   bool   `yaml:"needed"` // a hall cannot do without
	Test     string `yaml:"test"`   // the page that tries it out: "layar", "cetak", "tablet"; empty: none
}

// List is the shopping list. Its prices are of a day and to be confirmed where one buys.
type List struct {
	Priced  string   `yaml:"priced"` // local day: "2026-11-20"
	Devices []Device `yaml:"devices"`

	day clock.Day
}

// Shopping is the list that comes with the program.
var Shopping = sync.OnceValue(func() List {
	l, err := parse(listed)
	if err != nil {
		panic("devices: devices.yaml: " + err.Error()) // a mistake in the source, which a test finds
	}
	return l
})

func parse(data []byte) (l List, err error) {
	if err := yaml.UnmarshalWithOptions(data, &l, yaml.Strict()); err != nil {
		return l, err
	}
	if l.day, err = clock.ParseDay(l.Priced); err != nil {
		return l, err
	}
	for _, d := range l.Devices {
		for _, t := range slices.Concat([]Text{d.Name, d.For, d.Cheapest}, d.Look) {
			if t.ID == "" || t.EN == "" {
				return l, fmt.Errorf("%s: a text lacks a language", d.Code)
			}
		}
		switch {
		case d.Code == "" || len(d.Look) == 0:
			return l, fmt.Errorf("%q: no code, or nothing to look for", d.Code)
		case d.From <= 0 || d.To < d.From:
			return l, fmt.Errorf("%s: a price from %d to %d", d.Code, d.From, d.To)
		case d.Test != "" && !slices.Contains(tests, d.Test):
			return l, fmt.Errorf("%s: no page tries out %q", d.Code, d.Test)
		}
	}
	return l, nil
}

// old tells whether prices are so old that nobody should trust them.
func (l List) old(today clock.Day) bool { return l.day.Add(365).Before(today) }
