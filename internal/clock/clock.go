// Package clock is where the time comes from, so that tests can choose it, and where days are days:
// a service day is the tenant's local calendar day, never a UTC one.
package clock

import (
	"database/sql/driver"
	"fmt"
	"time"
	_ "time/tzdata" // the binary runs where no zone files are
)

// Clock tells the time.
type Clock interface{ Now() time.Time }

// System is the machine's clock, in UTC and whole microseconds, as both databases keep it.
var System Clock = system{}

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Fixed is a clock that stands still.
type Fixed time.Time

// Now implements Clock.
func (f Fixed) Now() time.Time { return time.Time(f).UTC().Truncate(time.Microsecond) }

// Shifted is a clock that runs beside the machine's, ahead of it by the duration.
type Shifted time.Duration

// Now implements Clock.
func (s Shifted) Now() time.Time { return System.Now().Add(time.Duration(s)) }

// Indonesia's three time zones (Keppres 41/1987).
var (
	WIB  = mustLoad("Asia/Jakarta")  // UTC+7
	WITA = mustLoad("Asia/Makassar") // UTC+8
	WIT  = mustLoad("Asia/Jayapura") // UTC+9
)

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// Zone finds a time zone by the name that people use: WIB, WITA or WIT.
func Zone(name string) (*time.Location, error) {
	switch name {
	case "WIB":
		return WIB, nil
	case "WITA":
		return WITA, nil
	case "WIT":
		return WIT, nil
	}
	return nil, fmt.Errorf("zona waktu %q tidak dikenal: pilih WIB, WITA, atau WIT", name)
}

// Day is a calendar day without a zone. The zero Day is no day.
type Day struct {
	year  int16
	month uint8
	day   uint8
}

// DayOf is the calendar day on which t falls in loc.
func DayOf(t time.Time, loc *time.Location) Day {
	y, m, d := t.In(loc).Date()
	return Day{int16(y), uint8(m), uint8(d)}
}

// ParseDay reads "2026-11-23".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fmt.Errorf("clock: %q is no day", s)
	}
	return DayOf(t, time.UTC), nil
}

// String is "2026-11-23"; "" for the zero Day.
func (d Day) String() string {
	if d == (Day{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// At is the moment of the day's local time, given in minutes since midnight (0 to 1440).
func (d Day) At(minutes int, loc *time.Location) time.Time {
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, minutes, 0, 0, loc)
}

// Add is the day n days later.
func (d Day) Add(n int) Day {
	return DayOf(time.Date(int(d.year), time.Month(d.month), int(d.day)+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.At(0, time.UTC).Weekday() }

// Before tells whether d comes before o.
func (d Day) Before(o Day) bool { return d.String() < o.String() }

// MarshalText implements encoding.TextMarshaler.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(b []byte) (err error) { *d, err = ParseDay(string(b)); return err }

// Value implements driver.Valuer.
func (d Day) Value() (driver.Value, error) {
	if d == (Day{}) {
		return nil, nil
	}
	return d.String(), nil
}

// Scan implements sql.Scanner: PostgreSQL's DATE arrives as a time at UTC midnight, SQLite's as text.
func (d *Day) Scan(src any) (err error) {
	switch v := src.(type) {
	case nil:
		*d = Day{}
	case time.Time:
		*d = DayOf(v, time.UTC)
	case string:
		*d, err = scanText(v)
	case []byte:
		*d, err = scanText(string(v))
	default:
		err = fmt.Errorf("clock: cannot scan %T", src)
	}
	return err
}

func scanText(s string) (Day, error) {
	if len(s) > len(time.DateOnly) {
		s = s[:len(time.DateOnly)]
	}
	return ParseDay(s)
}
