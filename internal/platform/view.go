package platform

import (
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// The platform's addresses on the bare domain.
const (
	pathSearch   = "/daerah"
	pathProvince = "/provinsi/"
)

// target takes the results as one types.
const target = "hasil"

// homeView is the hall in words.
type homeView struct {
	Search    ui.SearchBox
	Islands   []islandView
	Provinces []groupView
	Counts    []ui.Pair
}

type islandView struct {
	Name, Class string
	Tiles       []tileView
}

// tileView is a province on the cartogram.
type tileView struct {
	Class, URL, Shade string
	Short, Name       string
	Open, Of          string
}

// groupView is a province with the regions that are here.
type groupView struct {
	ID, Name, URL string
	Seats         []seatView
}

// seatView is a region in a list.
type seatView struct {
	Name     string
	URL      string // empty: not here
	Province string
	Note     string // what else must be known: Jakarta's six
	State    string
	Claim    string // where its government begins, if it is not here
	Example  bool
}

// resultView is the answer to a search.
type resultView struct {
	Query string
	Title string
	Count string
	Seats []seatView
	Blank bool // nothing was looked for: the regions by province stand there
	All   []groupView
}

// provinceView is one province.
type provinceView struct {
	Name   string
	Lead   string
	Here   []seatView
	Absent []string
}

func (p *Platform) homeView(pr *i18n.Printer, sites Sites) homeView {
	all := p.Provinces()
	byCode := make(map[string]Province, len(all))
	open, seats, with := 0, 0, 0
	for _, v := range all {
		byCode[v.Code] = v
		open, seats = open+v.Open, seats+len(v.Seats)
		if v.Open > 0 {
			with++
		}
	}
	h := homeView{
		Search: ui.SearchBox{
			Action: pathSearch, Label: pr.T("platform.search"), Placeholder: pr.T("platform.search_hint"), Suggest: p.suggest(),
		},
		Provinces: p.groups(pr, sites, all),
		Counts: []ui.Pair{
			{Term: pr.T("platform.count_regions"), Value: pr.T("platform.of", open, seats)},
			{Term: pr.T("platform.count_provinces"), Value: pr.T("platform.of", with, len(all))},
		},
	}
	for _, i := range islands {
		v := islandView{Name: pr.T(i.key), Class: i.class}
		for _, t := range i.tiles {
			x := byCode[t.code]
			v.Tiles = append(v.Tiles, tileView{
				Class: t.class, URL: pathProvince + x.Code, Shade: shade(x.Open, len(x.Seats)),
				Short: x.Short, Name: x.Name, Open: pr.Number(x.Open), Of: pr.Number(len(x.Seats)),
			})
		}
		h.Islands = append(h.Islands, v)
	}
	return h
}

// suggest are the names for the search box: the regions that are here, and then every other, for the browser
// to filter as one types.
func (p *Platform) suggest() []string {
	all := p.seats(areas.Seats())
	out := make([]string, 0, len(all))
	for _, open := range []bool{true, false} {
		for _, s := range all {
			if s.Open() == open {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

// groups are the provinces in which a region is here, each with them.
func (p *Platform) groups(pr *i18n.Printer, sites Sites, all []Province) (out []groupView) {
	for _, v := range all {
		g := groupView{ID: "p-" + v.Code, Name: v.Name, URL: pathProvince + v.Code}
		for _, s := range v.Seats {
			if s.Tenant != nil {
				g.Seats = append(g.Seats, newSeatView(pr, sites, s))
			}
		}
		if len(g.Seats) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func newSeatView(pr *i18n.Printer, sites Sites, s Seat) seatView {
	v := seatView{Name: s.Name}
	if prov, ok := areas.ProvinceByCode(s.Province); ok && s.Code != prov.Code {
		v.Province = prov.Name
	}
	if s.Code == areas.Jakarta {
		v.Note = pr.T("platform.jakarta")
	}
	switch {
	case s.Open():
		v.URL, v.Example = sites.Origin(s.Tenant)+"/", s.Tenant.Region.Example
	case s.Tenant != nil && s.Tenant.State == tenant.Preparing:
		v.URL, v.State = sites.Origin(s.Tenant)+"/", pr.T("platform.preparing_word")
	case s.Tenant != nil: // its own page says why
		v.URL, v.State = sites.Origin(s.Tenant)+"/", pr.T("platform.paused")
	default:
		v.State, v.Claim = pr.T("platform.absent"), sites.BareOrigin()+ui.PathClaim+"?daerah="+s.Code
	}
	return v
}

func newSeatViews(pr *i18n.Printer, sites Sites, list []Seat) []seatView {
	out := make([]seatView, len(list))
	for i, s := range list {
		out[i] = newSeatView(pr, sites, s)
	}
	return out
}

func (p *Platform) resultView(pr *i18n.Printer, sites Sites, query string) resultView {
	if query == "" {
		return resultView{Title: pr.T("platform.all"), Blank: true, All: p.groups(pr, sites, p.Provinces())}
	}
	list := newSeatViews(pr, sites, p.Search(query))
	v := resultView{Query: query, Seats: list, Title: pr.T("platform.results", query)}
	v.Count = pr.T("platform.found", len(list), query)
	if len(list) == 0 {
		v.Count = pr.T("platform.nothing", query)
	}
	return v
}

func newProvinceView(pr *i18n.Printer, sites Sites, v Province) provinceView {
	out := provinceView{Name: v.Name, Lead: pr.T("platform.province_lead", pr.T("platform.of", v.Open, len(v.Seats)))}
	if v.Code == areas.Jakarta {
		out.Lead = pr.T("platform.jakarta_lead")
	}
	for _, s := range v.Seats {
		if s.Tenant != nil {
			here := newSeatView(pr, sites, s)
			here.Province = "" // the page's own
			out.Here = append(out.Here, here)
		} else {
			out.Absent = append(out.Absent, s.Name)
		}
	}
	return out
}
