package rehearsal

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// Level is how much a finding matters.
type Level string

// The levels.
const (
	Bad  Level = "bad"  // people wait too long, or in vain
	Warn Level = "warn" // worth a look
	Good Level = "good"
)

// Finding is one thing that the day showed, with its figures. Report.Sentences says it in words.
type Finding struct {
	Kind    string
	Level   Level
	Agency  Text     // whose
	Venue   Text     // where
	Prefix  string   // of the series
	Names   []string // of counters, with their figures: "Loket 7 (4%)"
	Texts   []Text   // names of agencies
	N, M    int
	From    int // minutes from midnight
	To      int
	Minutes int // as it was
	Then    int // as it would be
}

// The kinds of findings.
const (
	fewCounters  = "few"      // N more from From to To: Minutes becomes Then
	alsoCalls    = "also"     // Names[0] (M per cent busy) calls this series too: Minutes becomes Then
	hopeless     = "hopeless" // even N more are not enough: fewer people or shorter matters
	leftWaiting  = "left"     // N still waited at closing; numbers might stop Minutes before it
	cameLate     = "late"     // N came after numbers had stopped
	seriesFull   = "full"     // N got no number of a series whose quota is M
	idleCounters = "idle"
	noPause      = "busy"
	notToday     = "today"   // agencies that nobody serves on this weekday
	noOfficer    = "officer" // counters to which nobody is assigned
	noPeople     = "people"  // no officers are declared at all
	fewPeople    = "hands"   // N officers for M counters
	friday       = "friday"  // open through the Friday prayer
	overBreak    = "break"   // N waited through a break
	enough       = "enough"  // nine of ten waited at most Minutes
	nobodyCame   = "nobody"
)

const (
	idleBelow = 15 // per cent
	busyAbove = 90
	mostTried = 4 // counters more that are tried
	mostLines = 8 // lines for which that is done, the worst first
)

// advise looks for what to change. declared is the region with its people, of whom only the number matters.
func (r *Report) advise(ctx context.Context, s *scene, p *played, declared *tenants.Region) error {
	worst := slices.Clone(r.Lines)
	worst = slices.DeleteFunc(worst, func(l Line) bool { return l.P90 <= patience && l.Left == 0 })
	slices.SortStableFunc(worst, func(a, b Line) int { return cmp.Compare(b.hardship(), a.hardship()) })
	for _, l := range worst[:min(len(worst), mostLines)] {
		if err := r.relieve(ctx, s, p, l); err != nil {
			return err
		}
	}
	r.atTheEnd(s, p)
	r.desks()
	for _, v := range s.venues {
		r.gaps(s, p, v)
	}
	r.missing(s, declared)
	if len(r.Lines) == 0 {
		r.find(Finding{Kind: nobodyCame, Level: Warn})
	} else if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Bad }) {
		r.Findings = slices.Insert(r.Findings, 0, Finding{Kind: enough, Level: Good, Minutes: r.P90})
	}
	return nil
}

// hardship orders lines: by how many wait how long, and who was not called counts as a whole day.
func (l Line) hardship() int { return l.Visitors*l.P90 + l.Left*8*60 }

func (r *Report) find(f Finding) { r.Findings = append(r.Findings, f) }

// relieve finds what would shorten a line: how many counters more and when, or a quiet counter of the agency's own.
func (r *Report) relieve(ctx context.Context, s *scene, p *played, l Line) error {
	f := Finding{Kind: hopeless, Level: Bad, Agency: l.Agency, Venue: l.Name, Prefix: l.Prefix, N: mostTried, Minutes: l.P90, M: l.Left}
	from, to := window(s.series[l.Key], p)
	day := s.series[l.Key].venue.periods
	whole := tenants.Period{Open: day[0].Open, Close: day[len(day)-1].Close}
	for _, span := range []tenants.Period{{Open: from, Close: to}, whole} {
		for n := 1; n <= mostTried && f.Kind == hopeless; n++ {
			then, err := s.with(ctx, l.Key, n, span)
			if err != nil {
				return err
			}
			if then.P90 <= patience && then.Left == 0 {
				f.Kind, f.N, f.From, f.To, f.Then = fewCounters, n, span.Open, span.Close, then.P90
			}
		}
	}
	r.find(f)
	for _, c := range r.Counters {
		k := s.counters[c.Key]
		if c.Busy >= 2*idleBelow || !c.Open || k.calls(l.Key) || k.agency != s.series[l.Key].agency || k.venue != s.series[l.Key].venue {
			continue
		}
		then, err := s.calling(ctx, l.Key, c.Key)
		if err != nil {
			return err
		}
		if then.P90 < l.P90 && then.Left <= l.Left {
			r.find(Finding{Kind: alsoCalls, Level: Warn, Agency: l.Agency, Prefix: l.Prefix, Names: []string{c.Name}, M: c.Busy, Minutes: l.P90, Then: then.P90})
			break
		}
	}
	return nil
}

// half is the grain in which times are advised, in minutes.
const half = 30

// window is when people come who wait long, in half hours.
func window(line *series, p *played) (from, to int) {
	first, last := math.MaxFloat64, 0.0
	for _, t := range p.traces {
		if t.person.series == line.key && t.given && (t.called < 0 || t.called-t.issued > patience/2) {
			first, last = min(first, t.issued), max(last, t.issued)
		}
	}
	open, closes := line.venue.periods[0].Open, line.venue.closing()
	from = max(int(first)/half*half, open)
	to = min((int(last)/half+2)*half, closes)
	return from, to
}

// with is a line on the same day with n counters more, open in a span.
func (s *scene) with(ctx context.Context, key string, n int, span tenants.Period) (Line, error) {
	other, line := s.copy(), s.series[key]
	for i := range n {
		c := &counter{key: line.venue.Code + "/+" + itoa(i+1), agency: line.agency, venue: line.venue, lines: []string{key}}
		for _, p := range line.venue.periods {
			if open, closes := max(p.Open, span.Open), min(p.Close, span.Close); open < closes {
				c.periods = append(c.periods, tenants.Period{Open: open, Close: closes})
			}
		}
		other.desks, other.counters[c.key] = append(other.desks, c), c
	}
	return other.reckon(ctx, key)
}

// calling is a line on the same day with another counter calling it too.
func (s *scene) calling(ctx context.Context, key, at string) (Line, error) {
	other := s.copy()
	for i, c := range other.desks {
		if c.key == at {
			more := *c
			more.lines = append(slices.Clone(c.lines), key)
			other.desks[i], other.counters[at] = &more, &more
		}
	}
	return other.reckon(ctx, key)
}

func (s *scene) copy() *scene {
	other := *s
	other.desks, other.counters = slices.Clone(s.desks), map[string]*counter{}
	for _, c := range s.desks {
		other.counters[c.key] = c
	}
	return &other
}

func (s *scene) reckon(ctx context.Context, key string) (Line, error) {
	clock := &hand{}
	p, err := play(ctx, s, newReckoning(s, clock), clock)
	if err != nil {
		return Line{}, err
	}
	return lineOf(s, p, s.series[key]), nil
}

// atTheEnd tells who went away without having been served, by venue.
func (r *Report) atTheEnd(s *scene, p *played) {
	for _, v := range s.venues {
		left, late, first := 0, 0, math.MaxFloat64
		full := map[string]int{}
		for _, t := range p.traces {
			line := s.series[t.person.series]
			switch {
			case line.venue != v || t.called >= 0:
			case t.given:
				left, first = left+1, min(first, t.issued)
			case t.at >= float64(v.stop()):
				late++
			default:
				full[line.key]++
			}
		}
		name := Text{v.Name, cmp.Or(v.NameEN, v.Name)}
		if left > 0 {
			before := (v.closing() - int(first) + slot - 1) / slot * slot
			r.find(Finding{Kind: leftWaiting, Level: Bad, Venue: name, N: left, Minutes: before, M: v.TicketsStop, To: v.closing()})
		}
		if late > 0 {
			r.find(Finding{Kind: cameLate, Level: Warn, Venue: name, N: late, From: v.stop(), To: v.closing()})
		}
		for _, line := range s.lines {
			if n := full[line.key]; n > 0 {
				r.find(Finding{Kind: seriesFull, Level: Bad, Agency: line.agencyName, Prefix: line.Prefix, N: n, M: line.Quota})
			}
		}
	}
}

// desks tells which counters had hardly anything to do, and which never a pause.
func (r *Report) desks() {
	var idle, busy []string
	for _, c := range r.Counters {
		name := c.Name + " " + c.Agency.ID + " (" + itoa(c.Busy) + "%)"
		switch {
		case !c.Open:
		case c.Busy < idleBelow:
			idle = append(idle, name)
		case c.Busy > busyAbove:
			busy = append(busy, name)
		}
	}
	if len(busy) > 0 {
		r.find(Finding{Kind: noPause, Level: Warn, Names: busy, N: len(busy)})
	}
	if len(idle) > 0 {
		r.find(Finding{Kind: idleCounters, Level: Warn, Names: idle, N: len(idle)})
	}
}

// The hour of the Friday prayer, roughly, everywhere in the country and at any time of the year.
const (
	prayerFrom = 11*60 + 45
	prayerTo   = 12*60 + 45
)

// gaps tells about hours: a Friday without a break, and who waits through one.
func (r *Report) gaps(s *scene, p *played, v *venue) {
	name := Text{v.Name, cmp.Or(v.NameEN, v.Name)}
	if v.Kind != tenants.Digital {
		for _, period := range v.Week[time.Friday] {
			if period.Open <= prayerFrom && period.Close >= prayerTo {
				r.find(Finding{Kind: friday, Level: Warn, Venue: name, From: prayerFrom, To: prayerTo})
			}
		}
	}
	for i, period := range v.periods[:max(len(v.periods)-1, 0)] {
		n := 0
		for _, t := range p.traces {
			if s.series[t.person.series].venue == v && t.given && t.issued < float64(period.Close) && (t.called < 0 || t.called >= float64(period.Close)) {
				n++
			}
		}
		if n > 0 {
			r.find(Finding{Kind: overBreak, Level: Warn, Venue: name, N: n, From: period.Close, To: v.periods[i+1].Open})
		}
	}
}

// missing tells what nobody serves: agencies that do not come on this day, and counters without an officer.
func (r *Report) missing(s *scene, declared *tenants.Region) {
	var away []Text
	for _, key := range s.away {
		if name := s.series[key].agencyName; !slices.Contains(away, name) {
			away = append(away, name)
		}
	}
	if len(away) > 0 {
		r.find(Finding{Kind: notToday, Level: Warn, Texts: away, N: len(away)})
	}
	officers := map[string]int{} // by agency
	bound := map[string]bool{}   // counters with somebody of their own
	free := map[string]bool{}    // agencies with somebody for any counter
	for _, person := range declared.Staff {
		for _, post := range person.Posts() {
			if post.Role != tenants.RoleOfficer {
				continue
			}
			officers[post.Agency]++
			free[post.Agency] = free[post.Agency] || len(post.Counters) == 0
			for _, key := range post.Counters {
				bound[post.Agency+" "+key] = true
			}
		}
	}
	if len(officers) == 0 {
		r.find(Finding{Kind: noPeople, Level: Warn, N: len(s.desks)})
		return
	}
	for _, a := range s.resolved.Agencies {
		var without []string
		open := 0
		for _, c := range s.desks {
			if c.agency != a.Code {
				continue
			}
			if len(c.periods) > 0 {
				open++
			}
			if !free[a.Code] && !bound[a.Code+" "+c.key] {
				without = append(without, c.Name)
			}
		}
		name := Text{a.Short, cmp.Or(a.ShortEN, a.Short)}
		switch {
		case len(without) > 0:
			level := Warn
			if officers[a.Code] == 0 {
				level = Bad // its services cannot be had at all
			}
			r.find(Finding{Kind: noOfficer, Level: level, Agency: name, Names: without, N: len(without), M: officers[a.Code]})
		case officers[a.Code] < open:
			r.find(Finding{Kind: fewPeople, Level: Warn, Agency: name, N: officers[a.Code], M: open})
		}
	}
}
