package catalog

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
)

// said is a text that a region or the catalogue wrote, with the language that it is in where that is not the page's.
type said struct {
	Text string
	lang string
}

// attrs says the language, so that a screen reader does not read Indonesian with English sounds.
func (s said) attrs() templ.Attributes { return langAttrs(s.lang) }

func langAttrs(lang string) templ.Attributes {
	if lang == "" {
		return nil
	}
	return templ.Attributes{"lang": lang}
}

// local marks an Indonesian text on a page in another language.
func local(p *i18n.Printer, text string) said {
	if p.Locale() == i18n.EN && text != "" {
		return said{text, string(i18n.ID)}
	}
	return said{Text: text}
}

// either is the English text on an English page if there is one, else the Indonesian one.
func either(p *i18n.Printer, indonesian, english string) said {
	if p.Locale() == i18n.EN && english != "" {
		return said{Text: english}
	}
	return local(p, indonesian)
}

func venueName(p *i18n.Printer, v *tenant.Venue) said { return either(p, v.Name, v.NameEN) }

// list is a list of texts in one language.
type list struct {
	Texts []string
	lang  string
}

func (l list) attrs() templ.Attributes { return langAttrs(l.lang) }

func eitherList(p *i18n.Printer, indonesian, english []string) list {
	if p.Locale() != i18n.EN {
		return list{Texts: indonesian}
	}
	if len(english) > 0 {
		return list{Texts: english}
	}
	return list{indonesian, string(i18n.ID)}
}

// when says a coming moment as people do: "pukul 13.00 WIB", "besok pukul 08.00 WIB", "Senin, 28 Desember 2026,
// pukul 08.00 WIB".
func when(p *i18n.Printer, at, now time.Time) string {
	local := p.Local(at)
	day, today := clock.DayOf(local, local.Location()), clock.DayOf(now, local.Location())
	switch day {
	case today:
		return p.T("catalog.at_today", p.TimeZone(at))
	case today.Add(1):
		return p.T("catalog.at_tomorrow", p.TimeZone(at))
	}
	return p.T("catalog.at_day", p.Date(day), p.TimeZone(at))
}

// standingLine is how a venue stands in words: a dot, what is the case, and what that means for numbers.
type standingLine struct {
	Open bool
	Head string
	Note string
}

// standingOf puts a venue's opening into words. today are the venue's periods of the day.
func standingOf(p *i18n.Printer, o tenant.Opening, next time.Time, today []tenants.Period, now time.Time) standingLine {
	if o.Always && !o.Old {
		return standingLine{true, p.T("catalog.always"), p.T("catalog.always_note")}
	}
	if o.Open {
		l := standingLine{Open: true, Head: p.T("catalog.open_until", p.TimeZone(o.Until))}
		var notes []string
		if again, ok := resumes(o, today); ok {
			notes = append(notes, p.T("catalog.opens_again", minute(p, again)))
		}
		switch {
		case o.Old && next.IsZero():
			notes = append(notes, p.T("catalog.numbers_old"))
		case o.Old:
			notes = append(notes, p.T("catalog.numbers_old_until", when(p, next, now)))
		case o.Tickets && o.TicketsUntil.Equal(o.Until):
		case o.Tickets:
			notes = append(notes, p.T("catalog.numbers_until", p.Time(o.TicketsUntil)))
		case next.IsZero():
			notes = append(notes, p.T("catalog.numbers_over"))
		default:
			notes = append(notes, p.T("catalog.numbers_next", when(p, next, now)))
		}
		l.Note = strings.Join(notes, " ")
		return l
	}
	if o.Tickets { // a break at noon
		return standingLine{Head: p.T("catalog.break", p.TimeZone(o.Next)), Note: p.T("catalog.break_note")}
	}
	l := standingLine{Head: p.T("catalog.closed")}
	if o.Next.IsZero() {
		l.Note = p.T("catalog.no_opening")
		return l
	}
	l.Note = p.T("catalog.opens", when(p, o.Next, now))
	return l
}

// resumes is the minute of the day at which the venue opens again after the period that runs now.
func resumes(o tenant.Opening, today []tenants.Period) (int, bool) {
	local := o.Until
	end := local.Hour()*60 + local.Minute()
	for _, q := range today {
		if q.Open > end {
			return q.Open, true
		}
	}
	return 0, false
}

// minute is a time of day as the locale writes it: "13.00".
func minute(p *i18n.Printer, m int) string {
	return strings.Replace(tenants.FormatClock(m), ":", p.TimeSep(), 1)
}

func period(p *i18n.Printer, q tenants.Period) string {
	return p.Range(minute(p, q.Open), minute(p, q.Close))
}

// hoursRow is a row of a venue's table: a day, or a run of days with the same hours.
type hoursRow struct {
	Days   string
	Today  bool
	Hours  []string // none: closed
	Reason said     // of a closure
}

// hoursRows joins neighbouring days of a week with the same hours. Today stands alone.
func hoursRows(p *i18n.Printer, week []DayHours) (rows []hoursRow) {
	for i := 0; i < len(week); {
		d := week[i]
		last := i
		for last+1 < len(week) && !d.Today && !week[last+1].Today && sameHours(d, week[last+1]) {
			last++
		}
		row := hoursRow{Days: p.Range(p.Weekday(d.Day), p.Weekday(week[last].Day)), Today: d.Today, Reason: reasonOf(p, d.Closure)}
		if d.Today {
			row.Days = p.T("catalog.today", row.Days)
		}
		for _, q := range d.Periods {
			row.Hours = append(row.Hours, period(p, q))
		}
		rows = append(rows, row)
		i = last + 1
	}
	return rows
}

func sameHours(a, b DayHours) bool {
	if len(a.Periods) != len(b.Periods) || (a.Closure == nil) != (b.Closure == nil) {
		return false
	}
	if a.Closure != nil && a.Closure.Reason != b.Closure.Reason {
		return false
	}
	for i := range a.Periods {
		if a.Periods[i] != b.Periods[i] {
			return false
		}
	}
	return true
}

// reasonOf is why a venue is closed on a day; nothing where no closure does it.
func reasonOf(p *i18n.Printer, c *tenant.Closure) said {
	if c == nil {
		return said{}
	}
	return either(p, c.Reason, c.ReasonEN)
}

// days is a closure's day or run of days.
func days(p *i18n.Printer, x tenant.Closure) string {
	if x.FirstDay == x.LastDay {
		return p.Date(x.FirstDay)
	}
	first, last := p.DateLong(x.FirstDay), p.DateLong(x.LastDay)
	day, month, _ := strings.Cut(first, " ")
	if _, other, _ := strings.Cut(last, " "); other == month {
		return p.Range(day, last)
	}
	return p.Range(first, last)
}
