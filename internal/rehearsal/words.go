package rehearsal

import (
	"fmt"

	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

// Sentence is a line of the report in words.
type Sentence struct {
	Level Level
	Text  string
}

// Summary says in a few sentences how the day went.
func (r Report) Summary(p *i18n.Printer) []string {
	if len(r.Lines) == 0 {
		return []string{p.T("rehearsal.sum.none", p.Date(r.Day))}
	}
	out := []string{p.T("rehearsal.sum.day", r.Visitors, p.Date(r.Day), p.Number(r.Served), p.Number(r.Absent))}
	switch {
	case r.P90 == 0:
		out = append(out, p.T("rehearsal.sum.at_once"))
	case r.P50 == 0:
		out = append(out, p.T("rehearsal.sum.half", p.Minutes(r.P90)))
	default:
		out = append(out, p.T("rehearsal.sum.wait", p.Minutes(r.P50), p.Minutes(r.P90)))
	}
	if l := r.Longest; l.Most > 0 {
		out = append(out, p.T("rehearsal.sum.longest", in(p, l.Agency), l.Prefix, l.Most, clockTime(p, l.At)))
	}
	if r.Left+r.Refused > 0 {
		out = append(out, p.T("rehearsal.sum.unserved", r.Left+r.Refused, p.Number(r.Left), p.Number(r.Refused)))
	}
	return out
}

// Sentences says the findings, and with each what to do, in order.
func (r Report) Sentences(p *i18n.Printer) []Sentence {
	out := make([]Sentence, len(r.Findings))
	for i, f := range r.Findings {
		out[i] = Sentence{f.Level, f.say(p)}
	}
	return out
}

func (f Finding) say(p *i18n.Printer) string {
	agency, venue := in(p, f.Agency), in(p, f.Venue)
	from, to := clockTime(p, f.From), clockTime(p, f.To)
	switch f.Kind {
	case fewCounters:
		return p.T("rehearsal.find.few", f.N, agency, f.Prefix, from, to, p.Minutes(f.Minutes), p.Minutes(f.Then)) + f.leftToo(p)
	case alsoCalls:
		return p.T("rehearsal.find.also", f.Names[0], p.Percent(f.M), f.Prefix, agency, p.Minutes(f.Minutes), p.Minutes(f.Then))
	case hopeless:
		return p.T("rehearsal.find.hopeless", f.N, agency, f.Prefix, p.Minutes(f.Minutes)) + f.leftToo(p)
	case leftWaiting:
		if f.Minutes > 120 || f.Minutes <= f.M {
			return p.T("rehearsal.find.left", f.N, venue, to)
		}
		return p.T("rehearsal.find.left_stop", f.N, venue, to, p.Minutes(f.Minutes), p.Minutes(f.M))
	case cameLate:
		return p.T("rehearsal.find.late", f.N, venue, from, to)
	case seriesFull:
		return p.T("rehearsal.find.full", f.N, f.Prefix, agency, p.Number(f.M))
	case idleCounters:
		return p.T("rehearsal.find.idle", f.N, p.List(f.Names...))
	case noPause:
		return p.T("rehearsal.find.busy", f.N, p.List(f.Names...))
	case notToday:
		return p.T("rehearsal.find.today", p.List(f.named(p)...))
	case noOfficer:
		if f.M == 0 {
			return p.T("rehearsal.find.officer_none", agency, p.List(f.Names...))
		}
		return p.T("rehearsal.find.officer", f.N, agency, p.List(f.Names...))
	case noPeople:
		return p.T("rehearsal.find.people", f.N)
	case fewPeople:
		return p.T("rehearsal.find.hands", f.N, agency, p.Number(f.M))
	case friday:
		return p.T("rehearsal.find.friday", venue, from, to)
	case overBreak:
		return p.T("rehearsal.find.break", f.N, venue, from, to)
	case nobodyCame:
		return p.T("rehearsal.find.nobody")
	default:
		return p.T("rehearsal.find.enough", p.Minutes(f.Minutes))
	}
}

// leftToo adds who was not served at all: of a line that is not served to its end the waits say too little.
func (f Finding) leftToo(p *i18n.Printer) string {
	if f.M == 0 {
		return ""
	}
	return " " + p.T("rehearsal.find.left_too", f.M)
}

func (f Finding) named(p *i18n.Printer) (out []string) {
	for _, t := range f.Texts {
		out = append(out, in(p, t))
	}
	return out
}

// in is a name in the printer's language.
func in(p *i18n.Printer, t Text) string {
	if p.Locale() == i18n.EN {
		return t.EN
	}
	return t.ID
}

// clockTime is a minute of the day as the language writes it: "09.30".
func clockTime(p *i18n.Printer, minute int) string {
	return fmt.Sprintf("%02d%s%02d", minute/60, p.TimeSep(), minute%60)
}
