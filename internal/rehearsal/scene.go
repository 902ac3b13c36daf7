package rehearsal

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

// scene is a day before it is played: who serves what when, and who will come.
type scene struct {
	region   *tenants.Region
	resolved *tenants.Resolved
	day      clock.Day
	seed     uint64

	venues   []*venue
	series   map[string]*series
	lines    []*series // in the region's order
	counters map[string]*counter
	desks    []*counter // in the region's order
	people   []person   // by arrival
	away     []string   // series that nobody calls on this day
}

type venue struct {
	tenants.ResolvedVenue
	periods []tenants.Period // on the day; none: closed
}

type series struct {
	tenants.ResolvedSeries
	key, agency string
	venue       *venue
	services    []*tenants.ResolvedService
	agencyName  Text
}

type counter struct {
	tenants.ResolvedCounter
	key, agency string
	venue       *venue
	periods     []tenants.Period // in which somebody serves there
	lines       []string         // keys of the series that it calls
}

func (c *counter) calls(series string) bool { return slices.Contains(c.lines, series) }

// Text is a name in both languages.
type Text struct{ ID, EN string }

// person comes once. All that chance decides about them is decided before the day, so that a what-if has the same people.
type person struct {
	at      float64 // minutes from midnight
	series  string
	service string
	minutes float64 // at the counter
	way     float64
	away    bool // does not come when called
}

func itoa(n int) string { return strconv.Itoa(n) }

// newScene sets a day up. Fault: "rehearsal.closed".
func newScene(region *tenants.Region, cat tenants.Catalogue, opt Options) (*scene, error) {
	resolved, err := tenants.Resolve(region, cat)
	if err != nil {
		return nil, err
	}
	s := &scene{region: region, resolved: resolved, seed: opt.Seed, series: map[string]*series{}, counters: map[string]*counter{}}
	if s.day, err = s.choose(opt.Day); err != nil {
		return nil, err
	}
	at := map[string]*venue{}
	for _, v := range resolved.Venues {
		place := &venue{ResolvedVenue: v, periods: s.periods(v, s.day)}
		s.venues, at[v.Code] = append(s.venues, place), place
	}
	for i := range resolved.Agencies {
		s.agency(&resolved.Agencies[i], at)
	}
	s.invite(cat, opt)
	return s, nil
}

// choose is the day that is played: the given one, else the next on which a venue is open.
func (s *scene) choose(day clock.Day) (clock.Day, error) {
	days := 1
	if day == (clock.Day{}) {
		day, days = clock.DayOf(clock.System.Now(), s.resolved.Location), 31
	}
	for n := range days {
		for _, v := range s.resolved.Venues {
			if v.Kind != tenants.Digital && len(s.periods(v, day.Add(n))) > 0 {
				return day.Add(n), nil
			}
		}
	}
	for _, v := range s.resolved.Venues { // purely digital
		if len(s.periods(v, day)) > 0 {
			return day, nil
		}
	}
	return day, fault.New(fault.Conflict, "rehearsal.closed")
}

// periods are a venue's on a local day.
func (s *scene) periods(v tenants.ResolvedVenue, day clock.Day) []tenants.Period {
	for _, c := range s.resolved.Closures {
		if (c.Venue == "" || c.Venue == v.Code) && c.From <= day.String() && day.String() <= c.To {
			return nil
		}
	}
	return v.Week[day.Weekday()]
}

func (s *scene) agency(a *tenants.ResolvedAgency, at map[string]*venue) {
	for _, r := range a.Series {
		line := &series{ResolvedSeries: r, key: a.Code + "/" + r.Code, agency: a.Code, venue: at[r.Venue], agencyName: Text{a.Short, cmp.Or(a.ShortEN, a.Short)}}
		for i := range a.Services {
			if slices.Contains(a.Services[i].Series, r.Code) {
				line.services = append(line.services, &a.Services[i])
			}
		}
		s.series[line.key], s.lines = line, append(s.lines, line)
	}
	for _, k := range a.Counters {
		c := &counter{ResolvedCounter: k, key: k.Key(), agency: a.Code, venue: at[k.Venue]}
		if k.Days[s.day.Weekday()] {
			c.periods = c.venue.periods
		}
		for _, code := range k.Series {
			c.lines = append(c.lines, a.Code+"/"+code)
		}
		s.counters[c.key], s.desks = c, append(s.desks, c)
	}
}

// served tells whether anybody calls a series on the day.
func (s *scene) served(line *series) bool {
	return slices.ContainsFunc(s.desks, func(c *counter) bool { return len(c.periods) > 0 && c.calls(line.key) })
}

// invite draws who comes: how many to which series, when, and with what.
func (s *scene) invite(cat tenants.Catalogue, opt Options) {
	rng := rand.New(rand.NewPCG(opt.Seed, uint64(s.day.At(0, time.UTC).Unix())))
	visits := propose.Visits(s.region, cat, opt.visitors(), opt.Agencies)
	for _, a := range s.resolved.Agencies {
		var open []*series
		total := 0.0
		for _, line := range s.lines {
			if line.agency != a.Code || len(line.venue.periods) == 0 {
				continue
			}
			if !s.served(line) {
				s.away = append(s.away, line.key)
				continue
			}
			open, total = append(open, line), total+line.weight()
		}
		for _, line := range open {
			n := visits[a.Code] * line.weight() / total * s.crowding(line)
			for range round(n, rng) {
				s.people = append(s.people, line.draw(rng))
			}
		}
	}
	slices.SortStableFunc(s.people, func(a, b person) int { return cmp.Compare(a.at, b.at) })
}

// weight is the part of an agency's visits that a series draws: by its services and how long its venue is open.
func (line *series) weight() float64 {
	minutes := 0
	for _, p := range line.venue.periods {
		minutes += p.Close - p.Open
	}
	return float64(minutes * max(len(line.services), 1))
}

// crowding is by how much more come on a day because a series is served on some days only.
func (s *scene) crowding(line *series) float64 {
	var served [7]bool
	for _, c := range s.desks {
		if !c.calls(line.key) {
			continue
		}
		for d := range served {
			served[d] = served[d] || c.Days[d] && len(line.venue.Week[d]) > 0
		}
	}
	open, on := 0, 0
	for d := range served {
		if len(line.venue.Week[d]) > 0 {
			open++
		}
		if served[d] {
			on++
		}
	}
	if on == 0 || open == 0 {
		return 1
	}
	return float64(open) / float64(on)
}

// round leaves it to chance whether a part of a person comes.
func round(n float64, rng *rand.Rand) int {
	whole := math.Floor(n)
	if rng.Float64() < n-whole {
		whole++
	}
	return int(whole)
}

func (line *series) draw(rng *rand.Rand) person {
	s := line.services[rng.IntN(len(line.services))]
	minutes := s.Minutes
	if minutes == 0 {
		minutes = propose.UnknownMinutes
	}
	return person{
		at: line.venue.arrival(rng), series: line.key, service: line.agency + "/" + s.Code,
		way: Way(rng), away: StaysAway(rng), minutes: Serving(rng, minutes),
	}
}

// slot is the grain of arrivals, in minutes.
const slot = 15

// arrival draws when somebody comes: some wait at the door when it opens, most come in the morning, few at noon and in a
// break, and a few too late. These shares are assumptions, as malls tell of themselves.
func (v *venue) arrival(rng *rand.Rand) float64 {
	from, to := v.periods[0].Open, v.closing()
	if rng.IntN(10) == 0 {
		return float64(from) + rng.Float64() // at the door
	}
	total := 0.0
	for at := from; at < to; at += slot {
		total += v.crowd(at)
	}
	pick := rng.Float64() * total
	for at := from; at < to; at += slot {
		if w := v.crowd(at); pick < w {
			return float64(at) + rng.Float64()*float64(min(slot, to-at))
		} else {
			pick -= w
		}
	}
	return float64(to) - rng.Float64()*slot
}

// crowd is how many come in a slot, against an ordinary one.
func (v *venue) crowd(minute int) float64 {
	from, to := v.periods[0].Open, v.closing()
	w := 0.5
	switch part := float64(minute-from) / float64(to-from); {
	case part < 0.4:
		w = 1.5
	case part < 0.75:
		w = 0.9
	}
	if _, open := v.serves(minute); !open || minute >= 12*60 && minute < 13*60 {
		w *= 0.4
	}
	if minute >= v.stop() {
		w *= 0.2
	}
	return w
}

// midnight is the beginning of the day.
func (s *scene) midnight() time.Time { return s.day.At(0, s.resolved.Location).UTC() }

// begins is a moment before anybody comes.
func (s *scene) begins() time.Time { return s.midnight() }
