package tenants

import (
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/tenants/areas"
)

func TestParseDays(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []time.Weekday
	}{
		{"mon", []time.Weekday{1}},
		{"sun", []time.Weekday{0}},
		{"mon-thu", []time.Weekday{1, 2, 3, 4}},
		{"mon-thu,sat", []time.Weekday{1, 2, 3, 4, 6}},
		{"mon , wed", []time.Weekday{1, 3}},
		{"mon-sun", []time.Weekday{0, 1, 2, 3, 4, 5, 6}},
		{"sat-mon", []time.Weekday{0, 1, 6}},
		{"sun-thu", []time.Weekday{0, 1, 2, 3, 4}},
		{"fri-fri", []time.Weekday{5}},
	} {
		week, err := ParseDays(c.in)
		var got []time.Weekday
		for day, on := range week {
			if on {
				got = append(got, time.Weekday(day))
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("ParseDays(%q) = %v, %v", c.in, got, err)
		}
	}
	for _, in := range []string{"", "Mon", "monday", "mon-", "-mon", "mon-thu-fri", "mon,,tue", "mon tue", "senin"} {
		if week, err := ParseDays(in); err == nil {
			t.Errorf("ParseDays(%q) = %v", in, week)
		}
	}
}

func TestParseClock(t *testing.T) {
	for in, want := range map[string]int{"00:00": 0, "08:00": 480, "15:30": 930, "23:59": 1439, "24:00": 1440} {
		got, err := ParseClock(in)
		if err != nil || got != want || FormatClock(got) != in {
			t.Errorf("ParseClock(%q) = %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "8:00", "08.00", "24:01", "25:00", "08:60", "0800", "08:0", " 8:00", "08:00 ", "-1:00", "８:00"} {
		if got, err := ParseClock(in); err == nil {
			t.Errorf("ParseClock(%q) = %d", in, got)
		}
	}
}

func TestPeriods(t *testing.T) {
	v := Venue{Code: "v", TicketsStop: 30, Hours: []Hours{
		{"fri", "13:00", "15:30"},
		{"mon-fri", "08:00", "11:30"},
		{"mon-thu", "11:30", "15:00"}, // touches the one before
		{"sat", "20:00", "24:00"},
		{"sun", "09:00", "08:00"}, // no hours
	}}
	for day, want := range map[time.Weekday][]Period{
		time.Monday:   {{480, 900}},
		time.Friday:   {{480, 690}, {780, 930}},
		time.Saturday: {{1200, 1440}},
		time.Sunday:   nil,
	} {
		if got := v.Periods(day); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", day, got, want)
		}
	}
	if minute, ok := v.TicketsUntil(time.Friday); !ok || minute != 900 {
		t.Errorf("tickets until %d %v", minute, ok)
	}
	if _, ok := v.TicketsUntil(time.Sunday); ok {
		t.Error("tickets on a closed day")
	}
	if !(Period{480, 900}).Contains(480) || (Period{480, 900}).Contains(900) || (Period{480, 900}).String() != "08:00-15:00" {
		t.Error("a period holds its opening and not its closing")
	}
}

// The day is the region's: the same moment is Friday in Jayapura and Thursday in Jakarta.
func TestOpenAndNextOpening(t *testing.T) {
	r := valid(t)
	wib, _ := areas.Location("WIB")
	at := func(s string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04", s, wib)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	main, mobile, online := r.Venues[0], r.Venues[2], r.Venues[3]
	for _, c := range []struct {
		venue Venue
		at    string
		open  bool
		next  string
	}{
		{main, "2026-11-23 07:59", false, "2026-11-23 08:00"}, // Monday
		{main, "2026-11-23 08:00", true, "2026-11-24 08:00"},
		{main, "2026-11-23 15:30", false, "2026-11-24 08:00"},
		{main, "2026-11-27 12:00", false, "2026-11-27 13:00"}, // Friday noon
		{main, "2026-11-27 23:00", false, "2026-11-30 08:00"},
		{main, "2026-12-24 16:00", false, "2026-12-28 08:00"},   // Christmas on a Friday
		{mobile, "2027-03-09 13:30", false, "2027-03-18 09:00"}, // repairs until the 16th
		{online, "2026-11-23 23:59", true, "2026-11-24 00:00"},
		{online, "2026-12-25 12:00", false, "2026-12-26 00:00"},
	} {
		if got := r.Open(c.venue, at(c.at)); got != c.open {
			t.Errorf("%s at %s: open %v", c.venue.Code, c.at, got)
		}
		next, ok := r.NextOpening(c.venue, at(c.at))
		if !ok || next.Format("2006-01-02 15:04") != c.next {
			t.Errorf("%s at %s: next %v %v, want %s", c.venue.Code, c.at, next, ok, c.next)
		}
	}
	if _, ok := r.NextOpening(Venue{}, at("2026-11-23 08:00")); ok {
		t.Error("a venue without hours opens")
	}
	if c, ok := r.Closed("utama", "2026-12-25"); !ok || c.Reason != "Hari Raya Natal" {
		t.Errorf("closed: %v %v", c, ok)
	}
	if _, ok := r.Closed("utama", "2027-03-12"); ok {
		t.Error("another venue's closure")
	}
}
