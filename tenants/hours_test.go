package tenants

import (
	"slices"
	"testing"
	"time"
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
	if !(Period{480, 900}).Contains(480) || (Period{480, 900}).Contains(900) || (Period{480, 900}).String() != "08:00-15:00" {
		t.Error("a period holds its opening and not its closing")
	}
}

// Each week has one form, which is read as the same week.
func TestFormatDays(t *testing.T) {
	for _, c := range [][2]string{
		{"thu,mon", "mon,thu"}, {"mon,tue", "mon,tue"}, {"mon,tue,wed", "mon-wed"}, {"sat-mon", "mon,sat,sun"}, {"mon-sun", "mon-sun"}, {"fri", "fri"},
	} {
		week, err := ParseDays(c[0])
		if err != nil {
			t.Fatal(err)
		}
		got := FormatDays(week)
		if again, err := ParseDays(got); got != c[1] || err != nil || again != week {
			t.Errorf("%q is written %q, not %q; read again %v, %v", c[0], got, c[1], again, err)
		}
	}
	if FormatDays(Week{}) != "" {
		t.Error("no day has a text")
	}
}

func TestDaysInWords(t *testing.T) {
	for _, c := range [][3]string{
		{"mon", "Senin", "Monday"}, {"mon,thu", "Senin dan Kamis", "Monday and Thursday"},
		{"mon,wed,fri", "Senin, Rabu, dan Jumat", "Monday, Wednesday, and Friday"},
		{"mon-wed,sat", "Senin sampai Rabu dan Sabtu", "Monday to Wednesday and Saturday"},
	} {
		week, _ := ParseDays(c[0])
		if id, en := week.Words(); id != c[1] || en != c[2] {
			t.Errorf("%s: %q, %q", c[0], id, en)
		}
		for _, words := range c[1:] {
			if again, ok := ReadDays(words); !ok || again != week {
				t.Errorf("%q is read as %v, %v", words, again, ok)
			}
		}
	}
}

func TestReadDays(t *testing.T) {
	for in, want := range map[string]string{
		"Senin dan Kamis": "mon,thu", "sen, kam": "mon,thu", "mon,thu": "mon,thu", "Jum'at": "fri", "ahad": "sun", "senin s.d. rabu": "mon-wed",
		"Senin–Jumat": "mon-fri", "sel & kam": "tue,thu", "Selasa sampai dengan Kamis, Sabtu": "tue-thu,sat", "selasa serta rabu": "tue,wed",
		"thurs": "thu", "MON THU": "mon,thu", "Setiap hari": "mon-sun", "every day": "mon-sun",
	} {
		if week, ok := ReadDays(in); !ok || FormatDays(week) != want {
			t.Errorf("%q is read as %q, %v", in, FormatDays(week), ok)
		}
	}
	for _, in := range []string{"", "se", "besok", "senin dan besok", "senin sampai", "- kamis", "08.00", "senim", "senin-selasa-rabu"} {
		if week, ok := ReadDays(in); ok {
			t.Errorf("%q is read as %q", in, FormatDays(week))
		}
	}
}
