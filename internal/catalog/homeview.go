package catalog

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
)

// homeView is the region's home in words.
type homeView struct {
	Search   ui.SearchBox
	Chips    []ui.Link
	Date     string
	Places   []venueView
	Alike    bool // all venues stand the same way, which one line can say
	Take     takeView
	Updated  string
	Agencies []agencyLine
	All      string // "Lihat semua 24 instansi dan 148 layanan"; empty when all stand there
	Closures []closureView
	Digital  bool // no venue is a place that one goes to
}

// takeView is the first thing to do.
type takeView struct{ Title, Text string }

// venueView is a venue.
type venueView struct {
	Name    said
	Address said
	Kind    string // what must be said of it: that it moves, or that nobody needs to come
	Now     standingLine
	Reason  said // why it is closed today
	Rows    []hoursRow
	Caption string
	Column  string // "Jam (WIB)"
}

// agencyLine is a row of the register of queues.
type agencyLine struct {
	Name     said
	Official said // beneath the name by subject, in a list of many
	URL      string
	Icon     string
	Size     string // "12 layanan, 4 loket"
	Level    ui.Level
	Word     string // "Sedang"; "Tutup"
	Waiting  string
}

type closureView struct {
	Days   string
	Reason said
	Where  said
}

// officesAtHome is how many agencies the home page shows at most. One or two more than that are shown as well: a link
// that leads to two further rows is no help.
const officesAtHome = 8

// suggestionsMost bounds the search box's suggestions, which weigh on every first load.
const suggestionsMost = 60

func newHomeView(p *i18n.Printer, t *tenant.Tenant, h Home) homeView {
	v := homeView{
		Date:    p.Date(t.Today(h.Now)),
		Updated: p.T("catalog.updated", p.TimeZone(h.Now)),
		Search:  searchBox(p, "", h.Services),
		Chips:   chips(p, h.Popular),
		Digital: !slices.ContainsFunc(h.Venues, func(x VenueNow) bool { return !x.Digital() }),
	}
	for _, x := range h.Venues {
		v.Places = append(v.Places, newVenueView(p, x, h.Now))
	}
	v.Alike = len(v.Places) > 0 && !slices.ContainsFunc(v.Places, func(x venueView) bool {
		return x.Now != v.Places[0].Now || x.Reason != v.Places[0].Reason
	})
	v.Take = newTakeView(p, t, h)
	shown := h.Agencies
	if len(shown) > officesAtHome+2 {
		shown = shown[:officesAtHome]
		v.All = p.T("catalog.all_of", p.T("catalog.agencies", len(h.Agencies)), p.T("catalog.services", h.Count))
	}
	for _, x := range shown {
		v.Agencies = append(v.Agencies, newAgencyLine(p, x))
	}
	for _, x := range h.Closures {
		c := closureView{Days: days(p, x), Reason: reasonOf(p, &x)}
		if i := slices.IndexFunc(h.Venues, func(q VenueNow) bool { return q.ID == x.VenueID }); i >= 0 && len(h.Venues) > 1 {
			c.Where = venueName(p, h.Venues[i].Venue)
		}
		v.Closures = append(v.Closures, c)
	}
	return v
}

// newTakeView says what taking a number means right now: for today, or from when on.
func newTakeView(p *i18n.Printer, t *tenant.Tenant, h Home) takeView {
	if !t.On(tenant.WebTickets) {
		return takeView{p.T("catalog.look"), p.T("catalog.on_the_spot")}
	}
	var next time.Time
	for _, x := range h.Venues {
		if x.Opening.Tickets {
			return takeView{p.T("catalog.take"), p.T("catalog.take_text")}
		}
		if next.IsZero() || !x.NextTickets.IsZero() && x.NextTickets.Before(next) {
			next = x.NextTickets
		}
	}
	if next.IsZero() {
		return takeView{p.T("catalog.look"), p.T("catalog.look_text")}
	}
	return takeView{p.T("catalog.look"), p.T("catalog.numbers_again", when(p, next, h.Now))}
}

func newVenueView(p *i18n.Printer, x VenueNow, now time.Time) venueView {
	v := venueView{
		Name: venueName(p, x.Venue), Address: local(p, addressOf(x.Venue)),
		Now:    standingOf(p, x.Opening, x.NextTickets, x.Today, now),
		Rows:   hoursRows(p, x.Week),
		Column: p.T("catalog.hours_in", p.Zone(now)),
		Reason: reasonOf(p, x.Opening.Closure),
	}
	v.Caption = p.T("catalog.hours_of", v.Name.Text)
	switch {
	case x.Digital():
		v.Kind = p.T("catalog.kind.digital")
	case x.Kind == string(tenants.Vehicle) && x.Address == "":
		v.Kind = p.T("catalog.kind.vehicle")
	}
	return v
}

// addressOf is a venue's address with its district's name, unless the address says it already. The name alone:
// it is a kecamatan in most provinces, a distrik in Papua, a kapanewon in Yogyakarta.
func addressOf(v *tenant.Venue) string {
	if v.District == "" || v.Address == "" || containsFold(v.Address, v.District) {
		return v.Address
	}
	return v.Address + ", " + v.District
}

func newAgencyLine(p *i18n.Printer, x AgencyNow) agencyLine {
	v := agencyLine{
		Name: either(p, x.Name, x.NameEN), URL: listURL("", x.Code), Icon: x.Icon,
		Size: p.T("catalog.services", len(x.Services)),
	}
	if n := len(x.Counters); n > 0 {
		v.Size += ", " + p.T("catalog.counters", n)
	}
	switch {
	case len(x.Series) == 0:
		v.Word = p.T("catalog.no_queue")
	case x.Tickets || x.Waiting > 0:
		v.Level, v.Word = ui.Level(x.Load), p.T("catalog.load."+strconv.Itoa(int(x.Load)))
		v.Waiting = p.T("catalog.waiting", x.Waiting)
		if x.Waiting == 0 {
			v.Waiting = p.T("catalog.nobody")
		}
	default:
		v.Word = p.T("catalog.no_numbers")
	}
	return v
}

// searchBox is the search for services. It suggests names, for the browser to filter.
func searchBox(p *i18n.Printer, value string, services []*tenant.Service) ui.SearchBox {
	s := ui.SearchBox{
		Action: ui.PathServices, Label: p.T("catalog.search"), Placeholder: p.T("catalog.search_hint"), Value: value,
	}
	for _, o := range services[:min(len(services), suggestionsMost)] {
		s.Suggest = append(s.Suggest, either(p, o.Name, o.NameEN).Text)
	}
	return s
}

// listURL is the list of services for a query, or of one agency.
func listURL(query, agency string) string {
	q := url.Values{}
	if query != "" {
		q.Set("q", query)
	}
	if agency != "" {
		q.Set("instansi", agency)
	}
	if len(q) == 0 {
		return ui.PathServices
	}
	return ui.PathServices + "?" + q.Encode()
}

// serviceURL is a service's page.
func serviceURL(o *tenant.Service) string {
	return ui.PathServices + "/" + o.Agency.Code + "/" + o.Code
}
