package rehearsal

import (
	"cmp"
	"math"
	"slices"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Report is what a rehearsed day showed. It names nobody.
type Report struct {
	Region   string // code
	Day      clock.Day
	Seed     uint64
	Visitors int // came
	Served   int
	Absent   int // were called and did not come
	Refused  int // came and got no number: too late, or the series was full
	Left     int // still waited when the last counter closed
	P50, P90 int // minutes of waiting, of everybody who was called: half, and nine of ten, waited at most so long
	Lines    []Line
	Counters []Counter
	Longest  Line // the series with the longest line
	Findings []Finding
}

// Line is a series on the day.
type Line struct {
	Key      string // "agency/series"
	Prefix   string
	Agency   Text // short name
	Venue    string
	Name     Text // of the venue
	Visitors int
	P50, P90 int // minutes of waiting
	Most     int // how many waited at once at the most
	At       int // when that was, minutes from midnight
	Left     int
	Refused  int
	Counters int // that called it
}

// Counter is a counter on the day.
type Counter struct {
	Key    string // "venue/code"
	Name   string // "Loket 3"
	Agency Text
	Served int
	Busy   int // per cent of the time in which it was open; it may be more, for who is there at closing is served
	Open   bool
}

// patience is the wait, in minutes, that nine of ten people should not exceed. It is the platform's own measure; a region's
// service standard may promise less.
const patience = 30

func figures(s *scene, p *played) Report {
	r := Report{Region: s.region.Code, Day: s.day, Seed: s.seed, Visitors: len(p.traces)}
	var waits []float64
	for _, t := range p.traces {
		switch {
		case !t.given:
			r.Refused++
		case t.called < 0:
			r.Left++
		case t.absent:
			r.Absent++
		default:
			r.Served++
		}
		if t.called >= 0 {
			waits = append(waits, t.called-t.issued)
		}
	}
	r.P50, r.P90 = percentile(waits, 50), percentile(waits, 90)
	for _, line := range s.lines {
		if l := lineOf(s, p, line); l.Visitors > 0 {
			r.Lines = append(r.Lines, l)
			if l.Most > r.Longest.Most {
				r.Longest = l
			}
		}
	}
	for _, c := range s.desks {
		k := Counter{Key: c.key, Name: c.Name, Served: p.done[c.key], Open: len(c.periods) > 0}
		for _, line := range s.lines {
			if line.agency == c.agency {
				k.Agency = line.agencyName
			}
		}
		open := 0
		for _, period := range c.periods {
			open += period.Close - period.Open
		}
		if open > 0 {
			k.Busy = int(math.Round(p.busy[c.key] / float64(open) * 100))
		}
		r.Counters = append(r.Counters, k)
	}
	return r
}

func lineOf(s *scene, p *played, line *series) Line {
	l := Line{Key: line.key, Prefix: line.Prefix, Agency: line.agencyName, Venue: line.venue.Code, Name: Text{line.venue.Name, cmp.Or(line.venue.NameEN, line.venue.Name)}}
	for _, c := range s.desks {
		if len(c.periods) > 0 && c.calls(line.key) {
			l.Counters++
		}
	}
	var waits []float64
	for _, t := range p.traces {
		if t.person.series != line.key {
			continue
		}
		l.Visitors++
		switch {
		case !t.given:
			l.Refused++
		case t.called < 0:
			l.Left++
		default:
			waits = append(waits, t.called-t.issued)
		}
	}
	l.P50, l.P90 = percentile(waits, 50), percentile(waits, 90)
	for _, step := range p.waiting(line.key) {
		if step.n > l.Most {
			l.Most, l.At = step.n, int(step.at)
		}
	}
	return l
}

// percentile is the least wait that the given per cent did not exceed, in whole minutes upwards; 0 for nobody.
func percentile(waits []float64, percent int) int {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	i := (len(sorted)*percent + 99) / 100
	return int(math.Ceil(sorted[max(i, 1)-1] - 1e-9))
}

// step is how many wait from a moment on.
type step struct {
	at float64
	n  int
}

// waiting is the length of a line over the day. Of who is called in the moment of coming nobody notices a line.
func (p *played) waiting(series string) []step {
	type change struct {
		at float64
		by int
	}
	var changes []change
	for _, t := range p.traces {
		if t.person.series != series || !t.given || t.called >= 0 && t.called <= t.issued {
			continue
		}
		changes = append(changes, change{t.issued, 1})
		if t.called >= 0 {
			changes = append(changes, change{t.called, -1})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	var out []step
	n := 0
	for _, c := range changes {
		n += c.by
		out = append(out, step{c.at, n})
	}
	return out
}
