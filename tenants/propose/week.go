package propose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// loads reckons what each series has to bear in the busiest hours, as the region now stands. Series that share counters
// are one line to them.
func (p *planner) loads() {
	for i := range p.out.Region.Agencies {
		a := &p.out.Region.Agencies[i]
		venues := p.venues(a)
		if !serves(p.cat, a) {
			continue
		}
		share := weights(venues)
		for k, v := range venues {
			at := part{agency: i, venue: v, visits: p.share[a.Code] * share[k]}
			for _, s := range a.Series {
				if s.Venue != v.Code {
					continue
				}
				line, n := pool(a, s.Code)
				visits, minutes := p.bears(at, line)
				own, _ := p.bears(at, []string{s.Code})
				rate := perHour(v, p.onADay(at, visits))
				l := Load{Agency: a.Code, Series: s.Code, Venue: v.Code, Visits: p.onADay(at, own), Minutes: minutes, Counters: n, Wait: Wait(rate, minutes, n)}
				if n > 0 {
					l.Busy = rate * minutes / 60 / float64(n)
				}
				p.out.Loads = append(p.out.Loads, l)
			}
		}
	}
}

// pool are the series that share counters with one, itself too, and how many counters that are.
func pool(a *tenants.Agency, series string) (line []string, n int) {
	line = []string{series}
	for grown := true; grown; {
		grown, n = false, 0
		for _, c := range a.Counters {
			if !slices.ContainsFunc(c.Series, func(s string) bool { return slices.Contains(line, s) }) {
				continue
			}
			n++
			for _, s := range c.Series {
				if !slices.Contains(line, s) {
					line, grown = append(line, s), true
				}
			}
		}
	}
	return line, n
}

// week draws who sits where on which weekday.
func (p *planner) week() {
	for _, v := range p.out.Region.Venues {
		var desks []Desk
		for _, a := range p.out.Region.Agencies {
			for _, c := range a.Counters {
				if c.Venue == v.Code {
					desks = p.seat(desks, v, a.Code, c)
				}
			}
		}
		slices.SortStableFunc(desks, func(a, b Desk) int { return cmp.Compare(deskNumber(a), deskNumber(b)) })
		p.out.Week = append(p.out.Week, desks...)
	}
}

// deskNumber is the number of a desk's first counter.
func deskNumber(d Desk) int {
	_, code, _ := strings.Cut(d.Counters[0], "/")
	return leading(code)
}

// seat adds a counter to the picture. Counters of one name that are served on different days are one desk.
func (p *planner) seat(desks []Desk, v tenants.Venue, agency string, c tenants.Counter) []Desk {
	name := cmp.Or(c.Name, "Loket "+c.Code)
	days := openDays(v)
	week, some := someDays(c, v)
	i := -1
	if some {
		i = slices.IndexFunc(desks, func(d Desk) bool { return d.Name == name })
	}
	if i < 0 {
		desks = append(desks, Desk{Venue: v.Code, Name: name, Agency: map[time.Weekday][]string{}})
		i = len(desks) - 1
	}
	d := &desks[i]
	d.Counters = append(d.Counters, key(c))
	for _, day := range days {
		if !some || week[day] {
			d.Agency[day] = append(d.Agency[day], agency)
		}
	}
	return desks
}
