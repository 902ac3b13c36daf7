package tenants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Midnight is the end of a day in minutes: "24:00".
const Midnight = 24 * 60

// Period is an opening period within one local day, in minutes from midnight: Open <= t < Close.
type Period struct{ Open, Close int }

// Contains tells whether a minute of the day lies in the period.
func (p Period) Contains(minute int) bool { return p.Open <= minute && minute < p.Close }

// String is the period as people write it: "08:00-15:30".
func (p Period) String() string { return FormatClock(p.Open) + "-" + FormatClock(p.Close) }

// weekdays are the days as a manifest writes them, Monday first, which is how the week is read here.
var weekdays = []struct {
	code, id string
	day      time.Weekday
}{
	{"mon", "senin", time.Monday}, {"tue", "selasa", time.Tuesday}, {"wed", "rabu", time.Wednesday},
	{"thu", "kamis", time.Thursday}, {"fri", "jumat", time.Friday}, {"sat", "sabtu", time.Saturday},
	{"sun", "minggu", time.Sunday},
}

// Week is a set of weekdays, by time.Weekday.
type Week [7]bool

// dayError is a part of a days text that is no day.
type dayError struct{ part string }

func (e dayError) Error() string { return fmt.Sprintf("%q is not a day", e.part) }

// ParseDays reads "mon", "mon-thu" or "mon-thu,sat". A run may pass the weekend ("sat-mon"). Spaces
// around the commas do not matter. The error names the part that is no day.
func ParseDays(s string) (Week, error) {
	var week Week
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		first, last, run := strings.Cut(part, "-")
		from := dayIndex(first)
		if from < 0 {
			return Week{}, dayError{first}
		}
		to := from
		if run {
			if to = dayIndex(last); to < 0 {
				return Week{}, dayError{last}
			}
		}
		for i := from; ; i = (i + 1) % 7 {
			week[weekdays[i].day] = true
			if i == to {
				break
			}
		}
	}
	return week, nil
}

// daysWords is a days text in Indonesian: "mon-thu,sat" is "Senin-Kamis,Sabtu". What is no day stays.
func daysWords(s string) string {
	return dayCode.ReplaceAllStringFunc(s, func(code string) string {
		if i := dayIndex(code); i >= 0 {
			return strings.ToUpper(weekdays[i].id[:1]) + weekdays[i].id[1:]
		}
		return code
	})
}

var dayCode = regexp.MustCompile(`[a-z]+`)

func dayIndex(code string) int {
	for i, d := range weekdays {
		if d.code == code {
			return i
		}
	}
	return -1
}

// ParseClock reads a time of day, "08:00" to "24:00", as minutes from midnight. Two digits each, so that
// one text means one time everywhere.
func ParseClock(s string) (int, error) {
	if len(s) != 5 || s[2] != ':' {
		return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
	}
	digits := [4]int{}
	for i, at := range []int{0, 1, 3, 4} {
		if s[at] < '0' || s[at] > '9' {
			return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
		}
		digits[i] = int(s[at] - '0')
	}
	hour, minute := digits[0]*10+digits[1], digits[2]*10+digits[3]
	if minute > 59 || hour*60+minute > Midnight {
		return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
	}
	return hour*60 + minute, nil
}

// FormatClock is ParseClock's inverse: 480 gives "08:00".
func FormatClock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// Periods are a venue's opening periods on a weekday, in order; periods that touch are one. A closed day
// has none. Hours that could not be read are left out, so ask only a region that loaded without a
// problem.
func (v Venue) Periods(day time.Weekday) []Period {
	var periods []Period
	for _, h := range v.Hours {
		week, err := ParseDays(h.Days)
		if err != nil || !week[day] {
			continue
		}
		from, errOpen := ParseClock(h.Open)
		to, errClose := ParseClock(h.Close)
		if errOpen != nil || errClose != nil || to <= from {
			continue
		}
		periods = append(periods, Period{from, to})
	}
	slices.SortFunc(periods, func(a, b Period) int { return a.Open - b.Open })
	var joined []Period
	for _, p := range periods {
		if n := len(joined); n > 0 && p.Open <= joined[n-1].Close {
			joined[n-1].Close = max(joined[n-1].Close, p.Close)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}
