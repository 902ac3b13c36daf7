package fields

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// Days are the days of the week as they stand in paths, Monday first.
var Days = []struct {
	Code string
	Day  time.Weekday
}{
	{"mon", time.Monday}, {"tue", time.Tuesday}, {"wed", time.Wednesday}, {"thu", time.Thursday},
	{"fri", time.Friday}, {"sat", time.Saturday}, {"sun", time.Sunday},
}

// takeHours writes one field for each day that is open, with what that day's lines say: periods that touch stay two, as
// they were written.
func (f Fields) takeHours(path string, hours []tenants.Hours) {
	for _, d := range Days {
		if text := dayText(hours, d.Day); text != "" {
			f[path+"/"+d.Code] = text
		}
	}
}

func dayText(hours []tenants.Hours, day time.Weekday) string {
	var periods []string
	for _, h := range hours {
		if week, err := tenants.ParseDays(h.Days); err == nil && week[day] {
			periods = append(periods, h.Open+"-"+h.Close)
		}
	}
	slices.Sort(periods)
	return strings.Join(periods, " ")
}

func sameHours(a, b []tenants.Hours) bool {
	return !slices.ContainsFunc(Days, func(d struct {
		Code string
		Day  time.Weekday
	}) bool {
		return dayText(a, d.Day) != dayText(b, d.Day)
	})
}

// hours makes the manifest's lines of the days: days that are alike stand on one line, runs as runs.
func (b *builder) hours(path string) (out []tenants.Hours) {
	var order []string
	days := map[string]tenants.Week{}
	for _, d := range Days {
		text := b.fields[path+"/"+d.Code]
		if text == "" {
			continue
		}
		if !dayForm.MatchString(text) {
			b.problems = append(b.problems, Problem{path + "/" + d.Code, text})
			continue
		}
		week, known := days[text]
		if !known {
			order = append(order, text)
		}
		week[d.Day] = true
		days[text] = week
	}
	for _, text := range order {
		for period := range strings.FieldsSeq(text) {
			from, to, _ := strings.Cut(period, "-")
			out = append(out, tenants.Hours{Days: tenants.FormatDays(days[text]), Open: from, Close: to})
		}
	}
	return out
}

var (
	dayForm = regexp.MustCompile(`^\d\d:\d\d-\d\d:\d\d( \d\d:\d\d-\d\d:\d\d)*$`)
	clock   = regexp.MustCompile(`(\d{1,2})(?:[.:h](\d{2}))?`)
)

// ParseDay reads the opening hours of one day as people write them: "08.00-15.30", "8–12, 13.00 s.d. 15.30", "tutup".
// ok is false for what is none of that; a day that is closed is "".
func ParseDay(text string) (canonical string, ok bool) {
	t := strings.ToLower(strings.TrimSpace(text))
	switch t {
	case "", "-", "tutup", "libur", "closed":
		return "", true
	}
	found := clock.FindAllStringSubmatch(t, -1)
	if len(found) == 0 || len(found)%2 != 0 || len(found) > 8 {
		return "", false
	}
	rest := clock.ReplaceAllString(t, "")
	for _, word := range []string{"sampai", "hingga", "s.d.", "s/d", "sd", "dan", "to", "and", "pukul", "wib", "wita", "wit"} {
		rest = strings.ReplaceAll(rest, word, "")
	}
	if strings.Trim(rest, " \t-–—,;&+.") != "" {
		return "", false
	}
	var minutes []int
	for _, m := range found {
		hour, _ := strconv.Atoi(m[1])
		minute, _ := strconv.Atoi(m[2])
		if minute > 59 || hour*60+minute > tenants.Midnight {
			return "", false
		}
		minutes = append(minutes, hour*60+minute)
	}
	var periods []string
	for i := 0; i < len(minutes); i += 2 {
		if minutes[i+1] <= minutes[i] || i > 0 && minutes[i] < minutes[i-1] {
			return "", false
		}
		periods = append(periods, tenants.FormatClock(minutes[i])+"-"+tenants.FormatClock(minutes[i+1]))
	}
	return strings.Join(periods, " "), true
}

// ShowDay is a day's field as it is shown: "08.00-11.30, 13.00-15.30".
func ShowDay(canonical string) string {
	return strings.ReplaceAll(strings.ReplaceAll(canonical, " ", ", "), ":", ".")
}
