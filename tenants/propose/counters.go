package propose

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// perZone is how many counters a hall board still shows well; with more, the venue is divided.
const perZone = 8

// guestPatience is by how much longer a guest's visitors may wait: they know its day, and no second officer comes with it.
const guestPatience = 2

// always are agencies of the region's own that come each day, however few visit them: people expect them.
var always = []string{"dukcapil", "dpmptsp"}

// placed is a counter that was added.
type placed struct {
	agency, counter int // indices in the region
	desk            int // which place of the venue
}

// floor is a venue while counters are put into it.
type floor struct {
	venue tenants.Venue
	had   bool // had counters before
	next  int  // the next counter's number
	desks int
	added []placed
	free  []bench         // shared desks
	codes map[string]bool // of counters
}

// bench is a desk that agencies share on different days.
type bench struct {
	number, desk int
	used         tenants.Week
	name, zone   string // of the counters that are there
	sharers      int
}

// counters gives each series that nobody calls its counters, venue by venue: those of each day first, then guests at
// shared desks.
func (p *planner) counters(parts []part) {
	for _, v := range p.out.Region.Venues {
		f := p.floor(v)
		var guests []part
		for _, at := range parts {
			if at.venue.Code != v.Code {
				continue
			}
			lacking := p.lacking(at)
			switch {
			case len(lacking) == 0:
				p.remark(at)
			case p.guestDays(at) > 0:
				guests = append(guests, at)
			default:
				p.daily(f, at, lacking)
			}
		}
		for _, at := range guests {
			p.guest(f, at)
		}
		p.zones(f)
	}
}

func (p *planner) floor(v tenants.Venue) *floor {
	f := &floor{venue: v, next: 1, codes: map[string]bool{}}
	everyDay := map[int]bool{} // numbers of which a counter is served each day
	for _, a := range p.out.Region.Agencies {
		for _, c := range a.Counters {
			if c.Venue != v.Code {
				continue
			}
			n := leading(c.Code)
			f.had, f.codes[c.Code] = true, true
			f.next = max(f.next, n+1)
			week, some := someDays(c, v)
			everyDay[n] = everyDay[n] || !some || n == 0
			i := slices.IndexFunc(f.free, func(b bench) bool { return b.number == n })
			if i < 0 {
				f.free = append(f.free, bench{number: n, name: c.Name, zone: c.Zone})
				i = len(f.free) - 1
			}
			f.free[i].sharers++
			for d := range week {
				f.free[i].used[d] = f.free[i].used[d] || week[d]
			}
		}
	}
	f.free = slices.DeleteFunc(f.free, func(b bench) bool { return everyDay[b.number] })
	return f
}

// leading is the number with which a counter's code begins: "7b" is 7; 0 for none.
func leading(code string) int {
	n := 0
	for n < len(code) && n < 6 && code[n] >= '0' && code[n] <= '9' {
		n++
	}
	number, _ := strconv.Atoi(code[:n])
	return number
}

// lacking are the codes of the series of a part that no counter calls and that services use.
func (p *planner) lacking(at part) (out []string) {
	a := &p.out.Region.Agencies[at.agency]
	for _, s := range a.Series {
		if used, _ := p.slow(a, s.Code); s.Venue == at.venue.Code && used && !called(a, s.Code) {
			out = append(out, s.Code)
		}
	}
	return out
}

func called(a *tenants.Agency, series string) bool {
	return slices.ContainsFunc(a.Counters, func(c tenants.Counter) bool { return slices.Contains(c.Series, series) })
}

// bears is what some of an agency's series at a venue have to bear: visits a day and minutes a visit. Visits are shared
// out by services.
func (p *planner) bears(at part, series []string) (visits, minutes float64) {
	a := &p.out.Region.Agencies[at.agency]
	all, some, sum := 0, 0, 0
	for _, s := range a.Services {
		if !p.given(a, s, at.venue.Code) {
			continue
		}
		all++
		if slices.ContainsFunc(series, func(code string) bool { return slices.Contains(s.Series, code) }) {
			some++
			sum += Minutes(p.cat, a.Code, s)
		}
	}
	if some == 0 {
		return 0, UnknownMinutes
	}
	return at.visits * float64(some) / float64(all), float64(sum) / float64(some)
}

// daily gives a part that comes each day its counters: one for all where that is enough, else each series its own.
func (p *planner) daily(f *floor, at part, lacking []string) {
	groups := make([][]string, len(lacking))
	for i, s := range lacking {
		groups[i] = []string{s}
	}
	visits, minutes := p.bears(at, lacking)
	if Need(perHour(at.venue, visits), minutes, p.want.Wait) == 1 {
		groups = [][]string{lacking}
	}
	a := &p.out.Region.Agencies[at.agency]
	for _, g := range groups {
		visits, minutes := p.bears(at, g)
		rate := perHour(at.venue, visits)
		n := Need(rate, minutes, p.want.Wait)
		for range n {
			f.codes[strconv.Itoa(f.next)] = true
			p.add(f, at.agency, tenants.Counter{Code: strconv.Itoa(f.next), Venue: at.venue.Code, Series: slices.Clone(g)}, f.desks)
			f.next++
			f.desks++
		}
		p.because(Places, a.Code, at.venue.Code, with("%s: %s. Sekitar %s orang sehari, masing-masing %s menit; pada jam ramai petugas melayani %s dari waktunya dan orang menunggu rata-rata %s menit.",
			"%s: %s. About %s people a day, %s minutes each; in the busy hours officers serve for %s of their time and people wait %s minutes on average.",
			p.names(a), counters(n), whole(visits), whole(minutes), percent(rate*minutes/60/float64(n)), whole(Wait(rate, minutes, n))))
	}
}

func (p *planner) add(f *floor, agency int, c tenants.Counter, desk int) {
	a := &p.out.Region.Agencies[agency]
	a.Counters = append(a.Counters, c)
	f.added = append(f.added, placed{agency, len(a.Counters) - 1, desk})
	p.out.Counters++
}

// remark says where there are fewer counters than the figures ask for. What is set stays.
func (p *planner) remark(at part) {
	a := &p.out.Region.Agencies[at.agency]
	var series []string
	for _, s := range a.Series {
		if s.Venue == at.venue.Code {
			series = append(series, s.Code)
		}
	}
	there := 0
	for _, c := range a.Counters {
		if c.Venue == at.venue.Code {
			there++
		}
	}
	visits, minutes := p.bears(at, series)
	rate := perHour(at.venue, p.onADay(at, visits))
	if n := Need(rate, minutes, p.want.Wait); n > there {
		p.because(Remark, a.Code, at.venue.Code, with("%s: Anda menyiapkan %s; menurut hitungan kami perlu %s pada jam ramai.",
			"%s: you have %s; by our figures it needs %s in the busy hours.", p.names(a), counters(there), counters(n)))
	}
}

// onADay is how many of a part's visits fall on a day on which it is served, where its counters are served on some only.
func (p *planner) onADay(at part, visits float64) float64 {
	a := &p.out.Region.Agencies[at.agency]
	var served tenants.Week
	for _, c := range a.Counters {
		if c.Venue != at.venue.Code {
			continue
		}
		week, some := someDays(c, at.venue)
		if !some {
			return visits
		}
		for d := range week {
			served[d] = served[d] || week[d]
		}
	}
	open, on := openDays(at.venue), 0
	for _, d := range open {
		if served[d] {
			on++
		}
	}
	if on == 0 {
		return visits
	}
	return visits * float64(len(open)) / float64(on)
}

// someDays tells whether a counter is served on some only of the days on which its venue is open, and on which days it is.
func someDays(c tenants.Counter, v tenants.Venue) (week tenants.Week, some bool) {
	week = c.Week()
	return week, slices.ContainsFunc(openDays(v), func(d time.Weekday) bool { return !week[d] })
}

// key names a counter within the region: "utama/3".
func key(c tenants.Counter) string { return c.Venue + "/" + c.Code }

// zones divides a venue that has many counters, and says of each added counter in which zone it stands.
func (p *planner) zones(f *floor) {
	v := &p.out.Region.Venues[slices.IndexFunc(p.out.Region.Venues, func(o tenants.Venue) bool { return o.Code == f.venue.Code })]
	if v.Kind == tenants.Digital || len(f.added) == 0 {
		return
	}
	if len(v.Zones) == 0 && !f.had && f.desks > perZone {
		p.divide(v, f)
		return
	}
	if len(v.Zones) < 2 {
		return
	}
	for _, c := range f.added {
		if k := &p.out.Region.Agencies[c.agency].Counters[c.counter]; k.Zone == "" { // else a shared desk that stands
			k.Zone = p.quietest(v, c)
		}
	}
}

// divide makes zones of about as many counters each. An agency stays in one zone.
func (p *planner) divide(v *tenants.Venue, f *floor) {
	n := (f.desks + perZone - 1) / perZone
	size := (f.desks + n - 1) / n
	zone, inZone, last := 0, map[int]bool{}, -1
	for i, c := range f.added {
		if shared := i > 0 && f.added[i-1].desk == c.desk; len(inZone) >= size && c.agency != last && !shared && zone < len(letters)-1 {
			zone, inZone = zone+1, map[int]bool{}
		}
		inZone[c.desk], last = true, c.agency
		p.out.Region.Agencies[c.agency].Counters[c.counter].Zone = zoneCode(zone)
	}
	if zone == 0 { // one agency alone: its counters have one board
		for _, c := range f.added {
			p.out.Region.Agencies[c.agency].Counters[c.counter].Zone = ""
		}
		return
	}
	for i := range zone + 1 {
		letter := string(letters[i])
		v.Zones = append(v.Zones, tenants.Zone{Code: zoneCode(i), Name: "Zona " + letter, NameEN: "Zone " + letter})
	}
	p.because(Zones, "", v.Code, say("%d loket terlalu banyak untuk satu layar: dibagi menjadi %d zona, masing-masing dengan layar sendiri, dan loket satu instansi tetap berdekatan.",
		"%d counters are too many for one board: divided into %d zones, each with a board of its own, and an agency's counters stay together.", f.desks, zone+1))
}

func zoneCode(i int) string { return string(letters[i] + 'a' - 'A') }

// quietest is the zone of an added counter: where its agency stands already, else the one with the fewest counters.
func (p *planner) quietest(v *tenants.Venue, c placed) string {
	at := map[string]int{}
	for i, a := range p.out.Region.Agencies {
		for j, k := range a.Counters {
			if k.Venue != v.Code || k.Zone == "" {
				continue
			}
			if i == c.agency && j != c.counter {
				return k.Zone
			}
			at[k.Zone]++
		}
	}
	best := v.Zones[0].Code
	for _, z := range v.Zones[1:] {
		if at[z.Code] < at[best] {
			best = z.Code
		}
	}
	return best
}

// guestDays is on how many days a week an agency need come, 1 or 2; 0: each day.
func (p *planner) guestDays(at part) int {
	a := &p.out.Region.Agencies[at.agency]
	open := openDays(at.venue)
	if at.existing || at.venue.Kind == tenants.Digital || slices.Contains(always, a.Code) || slices.Contains(p.want.Daily, a.Code) {
		return 0
	}
	visits, minutes := p.bears(at, p.lacking(at))
	for days := 1; days <= 2 && days < len(open); days++ {
		if Need(perHour(at.venue, visits*float64(len(open))/float64(days)), minutes, guestPatience*p.want.Wait) == 1 {
			return days
		}
	}
	return 0
}

// guest puts an agency that comes on one day or two at a desk that is free then, or at a new one.
func (p *planner) guest(f *floor, at part) {
	a := &p.out.Region.Agencies[at.agency]
	lacking, open := p.lacking(at), openDays(at.venue)
	n := p.guestDays(at)
	b, days := f.desk(open, n)
	code, name := strconv.Itoa(b.number), b.name
	for i := 1; f.codes[code]; i++ { // "7", then "7b": a code stands once at a venue, the sign says "Loket 7"
		code = fmt.Sprintf("%d%c", b.number, 'a'+i)
	}
	f.codes[code] = true
	if b.sharers > 0 && name == "" {
		name = fmt.Sprintf("Loket %d", b.number)
	}
	b.sharers++
	var week tenants.Week
	for _, d := range days {
		week[d], b.used[d] = true, true
	}
	c := tenants.Counter{Code: code, Name: name, Venue: at.venue.Code, Zone: b.zone, Days: tenants.FormatDays(week), Series: lacking}
	visits, minutes := p.bears(at, lacking)
	onADay := visits * float64(len(open)) / float64(n)
	p.add(f, at.agency, c, b.desk)
	p.because(Places, a.Code, at.venue.Code, with("%s: cukup datang hari %s, di Loket %s. Sekitar %s orang seminggu, masing-masing %s menit; pada hari itu petugas melayani %s dari waktunya pada jam ramai. Di hari lain meja itu dapat dipakai instansi lain.",
		"%s: coming on %s is enough, at Loket %s. About %s people a week, %s minutes each; on that day the officer serves for %s of the time in the busy hours. On other days other agencies can use the desk.",
		p.names(a), DaysText(days), plain(strconv.Itoa(b.number)), whole(visits*float64(len(open))), whole(minutes),
		percent(perHour(at.venue, onADay)*minutes/60)))
}

// desk finds a shared desk that is free on n days, and which: two days lie apart.
func (f *floor) desk(open []time.Weekday, n int) (*bench, []time.Weekday) {
	for i := range f.free {
		if days := freeDays(open, f.free[i].used, n); days != nil {
			return &f.free[i], days
		}
	}
	f.free = append(f.free, bench{number: f.next, desk: f.desks})
	f.next++
	f.desks++
	b := &f.free[len(f.free)-1]
	return b, freeDays(open, b.used, n)
}

func freeDays(open []time.Weekday, used tenants.Week, n int) []time.Weekday {
	if n == 1 {
		for _, d := range open {
			if !used[d] {
				return []time.Weekday{d}
			}
		}
		return nil
	}
	// Monday and Thursday, Tuesday and Friday; then what is nearest to that.
	for apart := len(open)/2 + 1; apart >= 1; apart-- {
		for i := 0; i+apart < len(open); i++ {
			if !used[open[i]] && !used[open[i+apart]] {
				return []time.Weekday{open[i], open[i+apart]}
			}
		}
	}
	return nil
}
