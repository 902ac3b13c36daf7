package tenants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants/areas/spell"
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

// EveryDay is the whole week.
var EveryDay = Week{true, true, true, true, true, true, true}

// FormatDays is ParseDays's inverse, in one form for each week: runs of three days and more as runs, "mon-thu,sat". No
// day is "".
func FormatDays(week Week) string {
	return week.join(",", "-", func(i int) string { return weekdays[i].code })
}

// Words names the days, Monday first: "Senin dan Kamis", "Senin sampai Rabu dan Jumat"; in English "Monday and Thursday".
func (week Week) Words() (indonesian, english string) {
	indonesian = week.join("\n", " sampai ", func(i int) string { return capital(weekdays[i].id) })
	english = week.join("\n", " to ", func(i int) string { return weekdays[i].day.String() })
	return enumerate(indonesian, "dan"), enumerate(english, "and")
}

// join writes the days in the order in which a week is read, with runs of three and more as their first and last.
func (week Week) join(between, run string, name func(i int) string) string {
	var parts []string
	for i := 0; i < len(weekdays); i++ {
		if !week[weekdays[i].day] {
			continue
		}
		last := i
		for last+1 < len(weekdays) && week[weekdays[last+1].day] {
			last++
		}
		if last-i < 2 {
			parts = append(parts, name(i))
			continue
		}
		parts = append(parts, name(i)+run+name(last))
		i = last
	}
	return strings.Join(parts, between)
}

// enumerate makes a list of lines as a sentence has it: "a dan b", "a, b, dan c".
func enumerate(lines, and string) string {
	items := strings.Split(lines, "\n")
	switch n := len(items); n {
	case 1:
		return items[0]
	case 2:
		return items[0] + " " + and + " " + items[1]
	default:
		return strings.Join(items[:n-1], ", ") + ", " + and + " " + items[n-1]
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// ReadDays reads days as people type them: "Senin dan Kamis", "sen, kam", "Monday to Wednesday", "mon,thu", and "setiap
// hari" or "every day" as the whole week. ok is false for what names no day; nothing is guessed.
func ReadDays(text string) (week Week, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if slices.Contains([]string{"setiap hari", "tiap hari", "every day", "everyday", "daily"}, text) {
		return EveryDay, true
	}
	text = dayJoin.ReplaceAllString(text, ",")
	text = strings.Trim(dayRun.ReplaceAllString(text, "-"), ", ")
	var parts []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		first, last, run := strings.Cut(part, "-")
		if first = dayMeant(first); run {
			first += "-" + dayMeant(last)
		}
		parts = append(parts, first)
	}
	week, err := ParseDays(strings.Join(parts, ","))
	return week, err == nil
}

var (
	dayJoin = regexp.MustCompile(`\s*(?:[,;/&+]|\b(?:dan|and|serta)\b)\s*`)
	dayRun  = regexp.MustCompile(`\s*(?:[-–—]|\bs\.?\s?/?\s?d\b\.?|\bsampai dengan\b|\bsampai\b|\bhingga\b|\bto\b|\buntil\b)\s*`)
)

// dayMeant is the code of a day that is written in either language, whole or by its first letters; "" for none.
func dayMeant(day string) string {
	day = spell.Fold(day)
	if day == "ahad" {
		return "sun"
	}
	if len(day) < 3 {
		return ""
	}
	for _, d := range weekdays {
		if strings.HasPrefix(d.id, day) || strings.HasPrefix(strings.ToLower(d.day.String()), day) {
			return d.code
		}
	}
	return ""
}

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
			return capital(weekdays[i].id)
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
