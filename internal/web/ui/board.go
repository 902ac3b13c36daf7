package ui

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// HallBoard is what a board says about where it hangs and what time it is there.
type HallBoard struct {
	Zone  string // "Zona A"
	Place string // "Lantai 1"
	Now   time.Time

	ZoneLang, PlaceLang string // their language where it is not the page's
}

// Call is a number that is being called, or was.
type Call struct {
	Number  string    // "A-027"; empty: nobody is being called
	Counter string    // "Loket 3"
	Agency  string    // whose counter it is
	At      time.Time // when
}

// offset is the hall's distance from UTC in minutes, for the script's clock.
func offset(p Page, t time.Time) string {
	_, seconds := p.Print().Local(t).Zone()
	return strconv.Itoa(seconds / 60)
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func today(p Page, t time.Time) string {
	local := p.Print().Local(t)
	return p.Print().Date(clock.DayOf(local, local.Location()))
}

// longName tells that a counter's name is too long for the board's biggest letters. board.js counts the same.
func longName(counter string) bool { return utf8.RuneCountInString(counter) > 10 }
