// Package propose fills in what a region has not declared yet of its queues: which services share a run of numbers,
// which prefixes, how many counters, which agencies share one on different days, and zones where there are many.
// It proposes only what is missing and keeps what somebody has set. The same region gives the same proposal, and each
// part says why, in both languages. Whoever knows better changes it: these are figures to begin with.
package propose

import (
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Expect is what the proposal reckons with. The zero Expect reckons with what is usual.
type Expect struct {
	Visitors   int // a working day, all venues together; 0: by Population, else 60
	Population int // of the region; 0: not known

	// Agencies are visitors a day of agencies whose figure is known; the others share the rest.
	Agencies map[string]int
	// At are the venues at which an agency serves, by agency: codes. None: the region's main venue, or where the
	// agency has a series.
	At map[string][]string
	// Daily are agencies that come each day whatever the figures say, beside those of the region's own that always do.
	Daily []string
	// Wait is the mean wait in the busiest hours that is aimed at, in minutes; 0: 15.
	Wait int
}

// Text is a sentence in both languages.
type Text struct{ ID, EN string }

// Kind is what a reason is about.
type Kind string

const (
	Visitors Kind = "visitors" // how many come, and how they are shared out
	Numbers  Kind = "series"   // a series
	Places   Kind = "counters" // how many counters, or a shared one
	Zones    Kind = "zones"
	Remark   Kind = "remark" // something that is set already and reckons differently
)

// Reason says why a part of the proposal is as it is.
type Reason struct {
	Kind   Kind
	Agency string // code; empty: the whole region or venue
	Venue  string // code; may be empty
	Why    Text
}

// Load is what a series has to bear in the busiest hours.
type Load struct {
	Agency, Series, Venue string  // codes
	Visits                float64 // a day on which it is served
	Minutes               float64 // a visit, on average
	Counters              int     // that call it
	Busy                  float64 // share of the time in which they serve, 0 to 1 and above
	Wait                  float64 // mean minutes; negative: the line only grows
}

// Desk is a place with one officer, and who sits there on which weekday.
type Desk struct {
	Venue    string
	Name     string                    // "Loket 7"
	Counters []string                  // "venue/code" of the manifest; several where agencies share it
	Agency   map[time.Weekday][]string // agencies by weekday; a day on which the venue is closed has none
}

// Proposal is a region whose queues are complete, and why they are so.
type Proposal struct {
	// Region is a copy of the region with what was missing. Where every service and venue is in order it passes the
	// checks of tenants.
	Region   *tenants.Region
	Visitors int // a day, as reckoned with
	Series   int // that were added
	Counters int // that were added
	Loads    []Load
	Week     []Desk // the weekly picture, by venue and desk
	Reasons  []Reason
}

// Propose fills in the series and counters that a region lacks. It changes nothing of region, removes nothing and
// renames nothing. A region without venues comes back as it is.
func Propose(region *tenants.Region, cat tenants.Catalogue, want Expect) Proposal {
	p := &planner{
		cat: cat, want: want,
		out: Proposal{Region: clone(region)},
	}
	if want.Wait <= 0 {
		p.want.Wait = usualWait
	}
	p.visits()
	if len(p.out.Region.Venues) == 0 {
		return p.out
	}
	var parts []part
	for i := range p.out.Region.Agencies {
		parts = append(parts, p.agency(i)...)
	}
	p.counters(parts)
	p.loads()
	p.week()
	return p.out
}

// planner is a proposal in the making.
type planner struct {
	cat   tenants.Catalogue
	want  Expect
	share map[string]float64 // visits a day by agency
	out   Proposal
}

// part is an agency at a venue, with what it has to bear there.
type part struct {
	agency   int // index in the region
	venue    tenants.Venue
	visits   float64 // a day
	existing bool    // has counters there already
}

func (p *planner) because(kind Kind, agency, venue string, why Text) {
	p.out.Reasons = append(p.out.Reasons, Reason{kind, agency, venue, why})
}

// clone copies what the proposal adds to.
func clone(r *tenants.Region) *tenants.Region {
	out := *r
	out.Venues, out.Agencies = slices.Clone(r.Venues), slices.Clone(r.Agencies)
	for i := range out.Venues {
		out.Venues[i].Zones = slices.Clone(out.Venues[i].Zones)
	}
	for i := range out.Agencies {
		a := &out.Agencies[i]
		a.Series, a.Counters, a.Services = slices.Clone(a.Series), slices.Clone(a.Counters), slices.Clone(a.Services)
		for j := range a.Counters {
			a.Counters[j].Series = slices.Clone(a.Counters[j].Series)
		}
		for j := range a.Services {
			a.Services[j].Series = slices.Clone(a.Services[j].Series)
		}
	}
	return &out
}

// execution is how a service is worked, as the region or else the catalogue says.
func execution(cat tenants.Catalogue, agency string, s tenants.Service) catalogue.Execution {
	if s.Execution != "" {
		return s.Execution
	}
	if known, ok := cat.Service(agency, s.Code); ok {
		return known.Execution
	}
	return ""
}

// AtCounter tells whether people come to a counter for a service: it is worked or received there.
func AtCounter(cat tenants.Catalogue, agency string, s tenants.Service) bool {
	e := execution(cat, agency, s)
	return e == catalogue.Native || e == catalogue.FrontDesk || len(s.Series) > 0
}

// Minutes is a service's usual time at the counter, as the region or else the catalogue says; where neither does it is
// taken for 15.
func Minutes(cat tenants.Catalogue, agency string, s tenants.Service) int {
	if s.Minutes > 0 {
		return s.Minutes
	}
	if known, ok := cat.Service(agency, s.Code); ok && known.Minutes > 0 {
		return known.Minutes
	}
	return UnknownMinutes
}

// UnknownMinutes is taken for a service whose time nobody knows: the middle of the catalogue's figures.
const UnknownMinutes = 15

// names are an agency's short name in both languages, as boards show it.
func (p *planner) names(a *tenants.Agency) Text {
	t := Text{a.Short, a.ShortEN}
	known, ok := p.cat.Agency(a.Code)
	if t.ID == "" && ok {
		t.ID = known.Short
	}
	if t.ID == "" {
		t.ID = a.Name
	}
	if t.ID == "" {
		t.ID = a.Code
	}
	if t.EN == "" && ok {
		t.EN = known.ShortEN
	}
	if t.EN == "" {
		t.EN = t.ID
	}
	return t
}

// main is the venue at which an agency serves where nobody says: the first that is neither a vehicle nor digital.
func (p *planner) main() tenants.Venue {
	for _, v := range p.out.Region.Venues {
		if v.Kind != tenants.Vehicle && v.Kind != tenants.Digital {
			return v
		}
	}
	return p.out.Region.Venues[0]
}

func (p *planner) venue(code string) (tenants.Venue, bool) {
	for _, v := range p.out.Region.Venues {
		if v.Code == code {
			return v, true
		}
	}
	return tenants.Venue{}, false
}

// venues are those at which an agency serves.
func (p *planner) venues(a *tenants.Agency) (out []tenants.Venue) {
	add := func(code string) {
		if v, ok := p.venue(code); ok && !slices.ContainsFunc(out, func(o tenants.Venue) bool { return o.Code == code }) {
			out = append(out, v)
		}
	}
	for _, code := range p.want.At[a.Code] {
		add(code)
	}
	if len(out) == 0 {
		for _, s := range a.Series {
			add(s.Venue)
		}
	}
	if len(out) == 0 {
		add(p.main().Code)
	}
	return out
}
