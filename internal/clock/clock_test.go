package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The day boundary that other systems get wrong: 17.00 UTC is already tomorrow in Jakarta.
func TestADayIsLocal(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 11, 23, h, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		utc  time.Time
		loc  *time.Location
		want string
	}{
		{at(16, 59), WIB, "2026-11-23"}, {at(17, 0), WIB, "2026-11-24"},
		{at(15, 59), WITA, "2026-11-23"}, {at(16, 0), WITA, "2026-11-24"},
		{at(14, 59), WIT, "2026-11-23"}, {at(15, 0), WIT, "2026-11-24"},
	} {
		if got := DayOf(c.utc, c.loc).String(); got != c.want {
			t.Errorf("%v in %v is %s, want %s", c.utc, c.loc, got, c.want)
		}
	}
}

func TestDaysAddAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := DayOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "unix"), 0), WIB)
		n := rapid.IntRange(-4000, 4000).Draw(t, "n")
		if got := start.Add(n).Add(-n); got != start {
			t.Fatalf("%v + %d - %d = %v", start, n, n, got)
		}
		back, err := ParseDay(start.String())
		if err != nil || back != start {
			t.Fatalf("%v reads back as %v, %v", start, back, err)
		}
		if n > 0 && !start.Before(start.Add(n)) {
			t.Fatalf("%v is not before %v", start, start.Add(n))
		}
	})
}

func TestMidnightAtTheEndOfADay(t *testing.T) {
	d, _ := ParseDay("2026-12-31")
	if got := d.At(1440, WIT); !got.Equal(d.Add(1).At(0, WIT)) {
		t.Fatalf("24:00 is %v", got)
	}
}
