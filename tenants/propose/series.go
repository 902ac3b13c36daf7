package propose

import (
	"fmt"
	"slices"

	"github.com/pendopo-id/pendopo/tenants"
)

// long is from how many minutes on a matter is a long one: somebody with a short one does not like to wait behind it.
const long = 21

// agency gives each of an agency's services that needs one a series at each of its venues, and tells what the agency
// has to bear there.
func (p *planner) agency(i int) (parts []part) {
	a := &p.out.Region.Agencies[i]
	if !serves(p.cat, a) {
		return nil
	}
	venues := p.venues(a)
	var open []int // services that have no series yet
	for j, s := range a.Services {
		if AtCounter(p.cat, a.Code, s) && len(s.Series) == 0 {
			open = append(open, j)
		}
	}
	share := weights(venues)
	for k, v := range venues {
		at := part{agency: i, venue: v, visits: p.share[a.Code] * share[k]}
		at.existing = slices.ContainsFunc(a.Counters, func(c tenants.Counter) bool { return c.Venue == v.Code })
		if len(open) > 0 {
			p.series(a, at, open)
		}
		parts = append(parts, at)
	}
	return parts
}

// series puts services into series at a venue: one for all, or the long ones apart where that costs no counter more.
func (p *planner) series(a *tenants.Agency, at part, open []int) {
	v := at.venue
	minutes, slowMinutes, short, slow := 0, 0, 0, 0
	for j, s := range a.Services {
		if !slices.Contains(open, j) && !p.given(a, s, v.Code) {
			continue
		}
		m := Minutes(p.cat, a.Code, s)
		minutes += m
		if m >= long {
			slow++
			slowMinutes += m
		} else {
			short++
		}
	}
	mean := float64(minutes) / float64(short+slow)
	rate := perHour(v, at.visits)
	need := Need(rate, mean, p.want.Wait)
	mixed := short > 0 && slow > 0
	apart := false
	if mixed {
		part := float64(slow) / float64(short+slow)
		separate := Need(rate*part, float64(slowMinutes)/float64(slow), p.want.Wait) +
			Need(rate*(1-part), float64(minutes-slowMinutes)/float64(short), p.want.Wait)
		apart = separate <= need
	}
	for _, j := range open {
		s := &a.Services[j]
		slowly := apart && Minutes(p.cat, a.Code, *s) >= long
		s.Series = append(s.Series, p.find(a, v, apart, slowly))
	}
	name := p.names(a)
	switch {
	case apart:
		p.because(Numbers, a.Code, v.Code, with("%s: urusan yang lebih dari 20 menit mendapat seri sendiri, agar urusan singkat tidak menunggu di belakangnya.",
			"%s: matters of more than 20 minutes have a series of their own, so that short ones do not wait behind them.", name))
	case mixed:
		p.because(Numbers, a.Code, v.Code, with("%s: semua layanan satu seri. Memisahkan urusan yang lama akan memerlukan loket tambahan.",
			"%s: all services share one series. Keeping the long matters apart would need one more counter.", name))
	default:
		p.because(Numbers, a.Code, v.Code, with("%s: semua layanan satu seri, karena lamanya hampir sama (rata-rata %s menit).",
			"%s: all services share one series, because they take about as long (%s minutes on average).", name, whole(mean)))
	}
}

// given tells whether a service has a series at a venue.
func (p *planner) given(a *tenants.Agency, s tenants.Service, venue string) bool {
	return slices.ContainsFunc(a.Series, func(o tenants.Series) bool { return o.Venue == venue && slices.Contains(s.Series, o.Code) })
}

// find gives the series of a venue that fits, or adds one: one that has such services, else one that has none yet.
func (p *planner) find(a *tenants.Agency, v tenants.Venue, apart, slowly bool) string {
	unused := ""
	for _, s := range a.Series {
		if s.Venue != v.Code {
			continue
		}
		used, slow := p.slow(a, s.Code)
		switch {
		case !used && unused == "":
			unused = s.Code
		case used && (!apart || slow == slowly):
			return s.Code
		}
	}
	if unused != "" {
		return unused
	}
	base := "umum"
	s := tenants.Series{Venue: v.Code, Prefix: p.prefix(a, v.Code)}
	if slowly {
		base = "lama"
		name := p.names(a)
		s.Name, s.NameEN = name.ID+": urusan lebih lama", name.EN+": longer matters"
	}
	s.Code = freeCode(base, v.Code, func(code string) bool {
		return slices.ContainsFunc(a.Series, func(o tenants.Series) bool { return o.Code == code })
	})
	a.Series = append(a.Series, s)
	p.out.Series++
	return s.Code
}

// slow tells whether a series has services, and whether all of them are long.
func (p *planner) slow(a *tenants.Agency, series string) (used, slow bool) {
	slow = true
	for _, s := range a.Services {
		if slices.Contains(s.Series, series) {
			used = true
			slow = slow && Minutes(p.cat, a.Code, s) >= long
		}
	}
	return used, used && slow
}

// freeCode is "umum", else "umum-keliling", else "umum-2" and so on.
func freeCode(base, venue string, taken func(string) bool) string {
	const most = 40 // of a code in a manifest
	if !taken(base) {
		return base
	}
	if code := base + "-" + venue; len(code) <= most && !taken(code) {
		return code
	}
	for n := 2; ; n++ {
		if code := fmt.Sprintf("%s-%d", base, n); !taken(code) {
			return code
		}
	}
}

// letters are those that a proposed prefix begins with. I and O read as 1 and 0 and come last.
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZIO"

// prefix is the next free letter at a venue, agencies in their order: A, B, C. An agency that has one there gets it with
// a second letter: A, then AA.
func (p *planner) prefix(a *tenants.Agency, venue string) string {
	taken := map[string]bool{}
	for _, o := range p.out.Region.Agencies {
		for _, s := range o.Series {
			if s.Venue == venue {
				taken[s.Prefix] = true
			}
		}
	}
	for _, s := range a.Series {
		if s.Venue == venue && len(s.Prefix) == 1 {
			if second := free(taken, s.Prefix); second != "" {
				return second
			}
		}
	}
	if first := free(taken, ""); first != "" {
		return first
	}
	for _, l := range letters {
		if pair := free(taken, string(l)); pair != "" {
			return pair
		}
	}
	for _, l := range letters {
		for _, m := range letters {
			if triple := free(taken, string(l)+string(m)); triple != "" {
				return triple
			}
		}
	}
	return "" // more than 18,000 series at one venue: the checks say so
}

func free(taken map[string]bool, before string) string {
	for _, l := range letters {
		if !taken[before+string(l)] {
			return before + string(l)
		}
	}
	return ""
}
