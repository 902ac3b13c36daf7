package catalog

import (
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// listView is the list of services: all by agency, one agency's, or what a search has found.
type listView struct {
	Title    said
	Under    said
	Crumb    []ui.Link
	Search   ui.SearchBox
	Count    string // "148 layanan di 24 instansi", announced as one types
	Agencies []agencyLine
	Groups   []groupView
	Found    []serviceLine
	Empty    *emptyView
}

// groupView is an agency with its services.
type groupView struct {
	ID       string
	Name     said
	Now      string // who waits
	Services []serviceLine
}

// serviceLine is a row of a list of services.
type serviceLine struct {
	Name said
	URL  string
	Icon string
	Note said   // the agency in a mixed list
	More string // how long it takes, or whose system it is in
	End  string // the same at the row's end, where there is room
}

// emptyView is what stands where nothing was found.
type emptyView struct {
	Title   string
	Better  *ui.Link
	Similar []serviceLine
	Chips   []ui.Link
	Phone   string
}

// wholeList is the number of services up to which all stand on one page. Beyond it people choose an
// agency first: one page holds one decision.
const wholeList = 45

// target is the id of the element that takes the results as one types.
const target = "hasil"

// newWholeView lists everything.
func newWholeView(p *i18n.Printer, agencies []AgencyNow, search ui.SearchBox) listView {
	v := listView{Title: said{Text: p.T("catalog.list")}, Search: search, Crumb: []ui.Link{home0(p)}}
	n := 0
	for _, x := range agencies {
		n += len(x.Services)
	}
	v.Count = p.T("catalog.n_in_m", p.T("catalog.services", n), p.T("catalog.agencies", len(agencies)))
	for _, x := range agencies {
		if n <= wholeList {
			v.Groups = append(v.Groups, newGroupView(p, x))
			continue
		}
		// Of many agencies most are called "Dinas" or "Kantor": people look for the subject.
		o := newAgencyLine(p, x)
		if short := either(p, x.Short, x.ShortEN); short.Text != o.Name.Text {
			o.Name, o.Official = short, o.Name
		}
		v.Agencies = append(v.Agencies, o)
	}
	slices.SortStableFunc(v.Agencies, func(a, b agencyLine) int {
		return strings.Compare(strings.ToLower(a.Name.Text), strings.ToLower(b.Name.Text))
	})
	if n == 0 {
		v.Empty = &emptyView{Title: p.T("catalog.no_agencies")}
	}
	return v
}

// newAgencyView lists one agency's services.
func newAgencyView(p *i18n.Printer, x AgencyNow, search ui.SearchBox) listView {
	v := listView{
		Title: either(p, x.Short, x.ShortEN), Under: either(p, x.Name, x.NameEN), Search: search,
		Crumb: []ui.Link{home0(p), {Label: p.T("catalog.list"), Href: ui.PathServices}},
	}
	if v.Title.Text == v.Under.Text {
		v.Under = said{}
	}
	g := newGroupView(p, x)
	v.Count = join(p.T("catalog.services", len(x.Services)), g.Now)
	v.Found = g.Services
	return v
}

// newFoundView lists what a query has found, the best first; whole tells whether that has all its words.
func newFoundView(p *i18n.Printer, query string, found []ServiceNow, whole bool, search ui.SearchBox) listView {
	v := listView{
		Title: said{Text: p.T("catalog.list")}, Search: search, Crumb: []ui.Link{home0(p)},
		Count: p.T("catalog.found", p.T("catalog.services", len(found)), query),
	}
	if !whole {
		v.Count = p.T("catalog.found_near", query, p.T("catalog.services", len(found)))
	}
	for _, o := range found {
		v.Found = append(v.Found, newServiceLine(p, o.Service, true))
	}
	return v
}

// newEmptyView helps a person whose query has found nothing.
func newEmptyView(p *i18n.Printer, t *tenant.Tenant, query string, h Help, popular []Popular, search ui.SearchBox) listView {
	v := newFoundView(p, query, nil, true, search)
	v.Count = p.T("catalog.nothing", query)
	e := &emptyView{Title: v.Count, Phone: t.Region.Contact.Phone}
	if h.Query != "" {
		e.Better = &ui.Link{Label: h.Query, Href: listURL(h.Query, "")}
	}
	for _, o := range h.Similar {
		e.Similar = append(e.Similar, newServiceLine(p, o, true))
	}
	e.Chips = chips(p, popular)
	v.Empty = e
	return v
}

func home0(p *i18n.Printer) ui.Link { return ui.Link{Label: p.T("catalog.home"), Href: ui.PathHome} }

func newGroupView(p *i18n.Printer, x AgencyNow) groupView {
	o := newAgencyLine(p, x)
	g := groupView{ID: "i-" + x.Code, Name: o.Name, Now: o.Word}
	if o.Waiting != "" {
		g.Now = o.Waiting
	}
	for _, s := range x.Services {
		g.Services = append(g.Services, newServiceLine(p, s, false))
	}
	return g
}

// newServiceLine is a service in a list; in a mixed list it says whose it is.
func newServiceLine(p *i18n.Printer, o *tenant.Service, mixed bool) serviceLine {
	v := serviceLine{Name: either(p, o.Name, o.NameEN), URL: serviceURL(o)}
	more := ""
	if len(o.Series) == 0 && o.Execution == string(catalogue.HandOff) {
		more = p.T("catalog.in_system", o.System)
	} else if o.Confirmed && o.Minutes > 0 {
		more = p.Minutes(o.Minutes)
	}
	if !mixed {
		v.End = more
		return v
	}
	v.Icon, v.Note = o.Agency.Icon, either(p, o.Agency.Short, o.Agency.ShortEN)
	if v.Note.lang == "" { // one line, one language
		v.Note.Text = join(v.Note.Text, more)
	}
	return v
}

func chips(p *i18n.Printer, popular []Popular) (out []ui.Link) {
	for _, x := range popular {
		l := ui.Link{Label: p.T(x.Key), Href: listURL(x.Query, "")}
		if x.Only != nil {
			l.Href = serviceURL(x.Only)
		}
		out = append(out, l)
	}
	return out
}

// join puts the parts that there are behind one another.
func join(parts ...string) string {
	var kept []string
	for _, s := range parts {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, ", ")
}
