package tenants

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Resolved is a region with everything filled in that its folder leaves to the catalogue and to custom:
// what the service makes its rows from. It shares nothing that may be written with the Region or the
// catalogue.
type Resolved struct {
	Seat      areas.Seat
	Province  areas.Province
	Name      string         // "Kabupaten Bangka"
	NameEN    string         // "Bangka Regency"
	Location  *time.Location // the region's clock: WIB, WITA or WIT
	Example   bool           // figures are fictional; pages say "contoh"
	Organiser string
	Contact   Contact
	Brand     Brand
	Logo      string // the SVG's text; may be empty
	Venues    []ResolvedVenue
	Closures  []Closure // To is always given
	Agencies  []ResolvedAgency
	Staff     []Person
}

// ResolvedVenue is a lokasi. A venue with a place has at least one zone; a digital one has none.
type ResolvedVenue struct {
	Code        string
	Name        string
	NameEN      string // empty when none is declared
	Kind        VenueKind
	Address     string
	District    areas.District // the zero District when none is declared
	Week        [7][]Period    // opening periods by time.Weekday, in order
	TicketsStop int            // minutes before the day's last closing
	Zones       []Zone
}

// ResolvedAgency is an instansi in this region.
type ResolvedAgency struct {
	Code     string
	Name     string // official, with the region's name: "Dinas Sosial Kabupaten Bangka"
	Short    string // by subject, for tiles and boards
	NameEN   string // empty where neither the catalogue nor the region has one
	ShortEN  string
	Owner    string   // the catalogue's: daerah, vertikal, bumn, bumd, lembaga; empty for the region's own
	Icon     string   // Tabler icon's name
	Words    []string // what people type when they mean the agency
	Own      bool     // not in the catalogue
	Series   []ResolvedSeries
	Counters []ResolvedCounter
	Services []ResolvedService
}

// ResolvedSeries is a run of queue numbers at a venue.
type ResolvedSeries struct {
	Code     string
	Name     string // the agency's short name where none is declared
	NameEN   string // that name's English; empty when there is none
	Prefix   string
	Venue    string
	Quota    int      // tickets a day; 0: no limit
	Services []string // codes of the services whose numbers it gives
	Counters []string // "venue/3": who calls it
}

// ResolvedCounter is a loket.
type ResolvedCounter struct {
	Code    string
	Name    string // "Loket 3"
	Venue   string
	Zone    string // empty at a digital venue only
	Place   string
	PlaceEN string
	Days    Week // on which it is served; all seven where none are named, also those on which its venue is closed
	Series  []string
}

// Key names the counter within the region: "utama/3".
func (c ResolvedCounter) Key() string { return c.Venue + "/" + c.Code }

// ResolvedService is a layanan as the region offers it.
type ResolvedService struct {
	Code      string
	Name      string
	NameEN    string // empty where there is none
	Words     []string
	Execution catalogue.Execution
	System    string   // the owner's system; empty for native
	Receipt   string   // what that system calls its receipt number; empty for native
	Minutes   int      // usual time at the counter; 0: not known
	Confirmed bool     // the region has checked time, fee and requirements; else they are shown as examples
	Series    []string // as declared, one at a venue; none: hand-off without a counter
	Venues    []string // of the series, in their order
	Standard  *catalogue.Standard
	Own       bool // not in the catalogue
}

// MainZone is the zone of a venue that declares none; a digital one's counters stand there too.
const MainZone = "utama"

// Resolve fills a region in. It expects one that loaded without a problem and refuses one whose code is
// no seat; what else could be wrong was found by Load.
func Resolve(r *Region, cat Catalogue) (*Resolved, error) {
	seat, ok := areas.SeatByCode(r.Code)
	if !ok {
		return nil, fmt.Errorf("tenants: %q is no region's code", r.Code)
	}
	location, ok := areas.Location(r.Timezone)
	if !ok {
		return nil, fmt.Errorf("tenants: %s: %q is no time zone", r.Code, r.Timezone)
	}
	province, _ := areas.ProvinceByCode(seat.Province)
	out := &Resolved{
		Seat: seat, Province: province, Name: seat.Name, NameEN: englishName(seat), Location: location,
		Example: r.Example, Organiser: r.Organiser, Contact: r.Contact, Brand: r.Brand, Logo: r.Logo,
		Closures: slices.Clone(r.Closures), Staff: slices.Clone(r.Staff),
	}
	for i := range out.Closures {
		if out.Closures[i].To == "" {
			out.Closures[i].To = out.Closures[i].From
		}
	}
	for i := range out.Staff {
		out.Staff[i].Counters = slices.Clone(out.Staff[i].Counters)
		out.Staff[i].Also = slices.Clone(out.Staff[i].Also)
		for j := range out.Staff[i].Also {
			out.Staff[i].Also[j].Counters = slices.Clone(out.Staff[i].Also[j].Counters)
		}
	}
	for _, v := range r.Venues {
		out.Venues = append(out.Venues, resolveVenue(v))
	}
	for i := range r.Agencies {
		out.Agencies = append(out.Agencies, out.resolveAgency(&r.Agencies[i], cat))
	}
	return out, nil
}

// englishName is how English speaks of a region: "Bangka Regency", "City of Bogor", "Jakarta".
func englishName(s areas.Seat) string {
	switch s.Kind {
	case areas.Kabupaten:
		return strings.TrimPrefix(s.Name, "Kabupaten ") + " Regency"
	case areas.Kota:
		return "City of " + strings.TrimPrefix(s.Name, "Kota ")
	default:
		return "Jakarta"
	}
}

func resolveVenue(v Venue) ResolvedVenue {
	out := ResolvedVenue{
		Code: v.Code, Name: v.Name, NameEN: v.NameEN, Kind: v.Kind, Address: v.Address, TicketsStop: v.TicketsStop,
		Zones: slices.Clone(v.Zones),
	}
	out.District, _ = areas.DistrictByCode(v.District)
	for day := time.Sunday; day <= time.Saturday; day++ {
		out.Week[day] = v.Periods(day)
	}
	if v.Kind == Digital {
		out.Address, out.District = "", areas.District{}
	} else if len(out.Zones) == 0 {
		out.Zones = []Zone{{Code: MainZone, Name: v.Name, NameEN: v.NameEN}}
	}
	return out
}

func (r *Resolved) resolveAgency(a *Agency, cat Catalogue) ResolvedAgency {
	known, ok := cat.Agency(a.Code)
	if !ok {
		known = &catalogue.Agency{}
	}
	name := or(a.Name, known.Name)
	out := ResolvedAgency{
		Code:  a.Code,
		Name:  fill(name, r.Name),
		Owner: known.Owner, Icon: or(a.Icon, known.Icon), Words: slices.Clone(known.Words), Own: !ok,
	}
	out.Short = fill(or(a.Short, known.Short, name), r.Name)
	out.NameEN = fill(or(a.NameEN, known.NameEN), r.NameEN)
	out.ShortEN = fill(or(a.ShortEN, known.ShortEN), r.NameEN)
	for _, k := range a.Counters {
		out.Counters = append(out.Counters, r.resolveCounter(k))
	}
	for _, s := range a.Series {
		rs := ResolvedSeries{
			Code: s.Code, Name: or(s.Name, out.Short), NameEN: s.NameEN, Prefix: s.Prefix, Venue: s.Venue, Quota: s.Quota,
		}
		if s.Name == "" {
			rs.NameEN = or(s.NameEN, out.ShortEN)
		}
		for _, v := range a.Services {
			if slices.Contains(v.Series, s.Code) {
				rs.Services = append(rs.Services, v.Code)
			}
		}
		for _, k := range a.Counters {
			if slices.Contains(k.Series, s.Code) {
				rs.Counters = append(rs.Counters, k.Venue+"/"+k.Code)
			}
		}
		out.Series = append(out.Series, rs)
	}
	for _, s := range a.Services {
		out.Services = append(out.Services, r.resolveService(a, s, cat))
	}
	return out
}

func (r *Resolved) resolveCounter(k Counter) ResolvedCounter {
	out := ResolvedCounter{
		Code: k.Code, Name: or(k.Name, "Loket "+k.Code), Venue: k.Venue, Zone: k.Zone, Place: k.Place, PlaceEN: k.PlaceEN,
		Days: k.Week(), Series: slices.Clone(k.Series),
	}
	if out.Zone == "" {
		// With several zones the checker wants one named, so the first is the only one.
		i := slices.IndexFunc(r.Venues, func(v ResolvedVenue) bool { return v.Code == k.Venue })
		if i >= 0 && len(r.Venues[i].Zones) > 0 {
			out.Zone = r.Venues[i].Zones[0].Code
		}
	}
	return out
}

func (r *Resolved) resolveService(a *Agency, s Service, cat Catalogue) ResolvedService {
	known, ok := cat.Service(a.Code, s.Code)
	if !ok {
		known = &catalogue.Service{}
	}
	name := or(s.Name, known.Name)
	out := ResolvedService{
		Code: s.Code, Name: fill(name, r.Name), NameEN: fill(or(s.NameEN, known.NameEN), r.NameEN),
		Words:     union(s.Words, known.Words),
		Execution: s.Execution, System: or(s.System, known.System), Receipt: or(s.Receipt, known.Receipt),
		Minutes: s.Minutes, Confirmed: s.Confirmed, Series: slices.Clone(s.Series), Own: !ok,
	}
	if out.Execution == "" {
		out.Execution = known.Execution
	}
	if out.Execution == catalogue.Native {
		out.System, out.Receipt = "", "" // the region took over what the catalogue leaves to the owner
	}
	if out.Minutes == 0 {
		out.Minutes = known.Minutes
	}
	for _, code := range s.Series {
		if i := slices.IndexFunc(a.Series, func(o Series) bool { return o.Code == code }); i >= 0 {
			out.Venues = append(out.Venues, a.Series[i].Venue)
		}
	}
	if standard := firstStandard(s.Standard, known.Standard); standard != nil {
		own := *standard
		own.Requirements, own.Procedure = slices.Clone(own.Requirements), slices.Clone(own.Procedure)
		own.RequirementsEN, own.ProcedureEN = slices.Clone(own.RequirementsEN), slices.Clone(own.ProcedureEN)
		if strings.TrimSpace(own.Complaints) == "" { // with its own English: one sentence does not speak two minds
			own.Complaints, own.ComplaintsEN = r.Contact.Complaints, r.Contact.ComplaintsEN
		}
		out.Standard = &own
	}
	return out
}

func firstStandard(list ...*catalogue.Standard) *catalogue.Standard {
	for _, s := range list {
		if s != nil {
			return s
		}
	}
	return nil
}

// or is the first text that says something.
func or(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}

// fill puts the region's name where the catalogue leaves it open.
func fill(text, region string) string { return strings.ReplaceAll(text, "{region}", region) }

// union keeps the region's words before the catalogue's and each once.
func union(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, w := range list {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}
