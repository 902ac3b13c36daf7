package oversight

import (
	"strings"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Sites gives a region's address; web.App is one.
type Sites interface{ Origin(t *tenant.Tenant) string }

// fact is one large figure, and of how many it is.
type fact struct{ Term, Value, Of string }

// row is one line of a table of figures.
type row struct {
	ID    string
	Name  string
	At    string // where on this page the rest stands; empty: nowhere
	URL   string // what citizens see; empty: no link
	Note  string // what else must be known: paused
	Cells []string
}

// agencyPageView is "Loket Imigrasi di semua daerah".
type agencyPageView struct {
	Title   string
	Lead    string
	At      string
	Others  []ui.Link // the other agencies that the person oversees
	Facts   []fact
	Rows    []row
	Regions []agencyRegionView
}

type agencyRegionView struct {
	ID, Name string
	Office   string // what the region calls the agency
	Venues   []agencyVenueView
}

type agencyVenueView struct {
	Name     string
	Open     bool
	Opening  string
	Pairs    []ui.Pair
	Counters []counterView
	Services string
}

type counterView struct {
	Name  string
	State string
	Open  bool
}

// named is a name in the printer's language, Indonesian where there is no English.
func named(pr *i18n.Printer, id, en string) string {
	if pr.Locale() == i18n.EN && en != "" {
		return en
	}
	return id
}

func number(pr *i18n.Printer, n int64) string { return pr.Number(int(n)) }

// wait is the average waiting time in words.
func wait(pr *i18n.Printer, c Counts) string {
	d, ok := c.Wait()
	switch {
	case c.Waited == 0:
		return "–"
	case !ok:
		return pr.T("oversight.too_few")
	}
	return pr.MinutesShort(int(d.Minutes()))
}

func opening(pr *i18n.Printer, t *tenant.Tenant, o tenant.Opening) string {
	switch {
	case o.Open && o.Always:
		return pr.T("oversight.open")
	case o.Open:
		return pr.T("oversight.open_until", pr.In(t.Loc).TimeZone(o.Until))
	}
	return pr.T("oversight.shut")
}

func newAgencyPage(pr *i18n.Printer, sites Sites, v AgencyView, mine []string) agencyPageView {
	short := named(pr, v.Agency.Short, v.Agency.ShortEN)
	out := agencyPageView{
		Title: pr.T("oversight.agency", short), Lead: pr.T("oversight.agency_lead"), At: pr.T("oversight.at", pr.TimeZone(v.At)),
		Facts: []fact{
			{Term: pr.T("oversight.regions_with"), Value: pr.Number(len(v.Regions))},
			{Term: pr.T("oversight.counters_open"), Value: pr.Number(v.Open), Of: pr.T("oversight.of_all", v.Of)},
			{Term: pr.T("oversight.waiting"), Value: number(pr, v.Counts.Waiting)},
			{Term: pr.T("oversight.finished"), Value: number(pr, v.Counts.Finished)},
			{Term: pr.T("oversight.wait"), Value: wait(pr, v.Counts)},
		},
	}
	for _, code := range mine {
		if len(mine) > 1 {
			out.Others = append(out.Others, ui.Link{Label: agencyName(pr, code), Href: pathAgency + "?instansi=" + code, Current: code == v.Agency.Code})
		}
	}
	for _, r := range v.Regions {
		one := agencyRegionView{ID: "d-" + strings.ReplaceAll(r.Tenant.Code, ".", "-"), Name: r.Tenant.Name, Office: named(pr, r.Name, r.NameEN)}
		out.Rows = append(out.Rows, row{
			ID: one.ID, Name: r.Tenant.Name, At: "#" + one.ID,
			Cells: []string{
				pr.T("oversight.of", r.Open, r.Of), number(pr, r.Counts.Waiting), number(pr, r.Counts.Called),
				number(pr, r.Counts.Finished), wait(pr, r.Counts),
			},
		})
		for _, x := range r.Venues {
			one.Venues = append(one.Venues, newAgencyVenue(pr, r.Tenant, x))
		}
		out.Regions = append(out.Regions, one)
	}
	return out
}

func newAgencyVenue(pr *i18n.Printer, t *tenant.Tenant, x AgencyVenue) agencyVenueView {
	v := agencyVenueView{
		Name: named(pr, x.Name, x.NameEN), Open: x.Opening.Open, Opening: opening(pr, t, x.Opening),
		Pairs: []ui.Pair{
			{Term: pr.T("oversight.waiting"), Value: number(pr, x.Counts.Waiting)},
			{Term: pr.T("oversight.called"), Value: number(pr, x.Counts.Called)},
			{Term: pr.T("oversight.finished"), Value: number(pr, x.Counts.Finished)},
			{Term: pr.T("oversight.absent"), Value: number(pr, x.Counts.Absent)},
			{Term: pr.T("oversight.wait"), Value: wait(pr, x.Counts)},
		},
	}
	for _, c := range x.Counters {
		k := counterView{Name: c.Name, Open: c.Open || c.Serving, State: pr.T("oversight.counter_shut")}
		switch {
		case c.Serving:
			k.State = pr.T("oversight.counter_serving")
		case c.Open:
			k.State = pr.T("oversight.counter_open")
		}
		v.Counters = append(v.Counters, k)
	}
	names := make([]string, len(x.Services))
	for i, o := range x.Services {
		names[i] = named(pr, o.Name, o.NameEN)
	}
	v.Services = strings.Join(names, "; ")
	return v
}

// regionsPageView is the table of regions, by province.
type regionsPageView struct {
	At        string
	Facts     []fact
	Provinces []provinceView
}

type provinceView struct {
	ID, Name string
	Note     string
	Rows     []row
}

func newRegionsPage(pr *i18n.Printer, sites Sites, v RegionsView) regionsPageView {
	out := regionsPageView{
		At: pr.T("oversight.at", pr.TimeZone(v.At)),
		Facts: []fact{
			{Term: pr.T("oversight.on"), Value: pr.Number(v.Sum.On), Of: pr.T("oversight.of_all", v.Sum.Seats)},
			{Term: pr.T("oversight.counters_open"), Value: pr.Number(v.Sum.Open), Of: pr.T("oversight.of_all", v.Sum.Of)},
			{Term: pr.T("oversight.issued"), Value: number(pr, v.Sum.Counts.Issued)},
			{Term: pr.T("oversight.waiting"), Value: number(pr, v.Sum.Counts.Waiting)},
			{Term: pr.T("oversight.finished"), Value: number(pr, v.Sum.Counts.Finished)},
		},
	}
	for _, p := range v.Provinces {
		if len(p.Regions) == 0 && len(v.Provinces) > 1 {
			continue // the nation's page lists where something is
		}
		one := provinceView{ID: "p-" + p.Code, Name: p.Name, Note: pr.T("oversight.on_note", p.Sum.On, p.Sum.Seats)}
		for _, r := range p.Regions {
			x := row{Name: r.Tenant.Name, URL: sites.Origin(r.Tenant) + "/"}
			if r.Tenant.State != tenant.Active {
				x.Note = pr.T("oversight.paused")
			}
			x.Cells = []string{
				pr.T("oversight.of", r.Open, r.Of), number(pr, r.Counts.Issued), number(pr, r.Counts.Waiting),
				number(pr, r.Counts.Called), number(pr, r.Counts.Finished),
			}
			one.Rows = append(one.Rows, x)
		}
		out.Provinces = append(out.Provinces, one)
	}
	return out
}

// platformPageView is how the regions stand.
type platformPageView struct {
	At    string
	Facts []fact
	Rows  []standingView
}

type standingView struct {
	Code, Name, URL string
	State, Reason   string
	Bad             bool
	Demo            bool
	Queued, Dead    string
	DeadBad         bool

	Last, Issued, Failed, Shed string
	FailedBad                  bool
}

func newPlatformPage(pr *i18n.Printer, v PlatformView) platformPageView {
	out := platformPageView{At: pr.T("oversight.at", pr.TimeZone(v.At))}
	var queued, dead int64
	for _, r := range v.Regions {
		x := standingView{
			Code: r.Tenant.Code, Name: r.Tenant.Name, URL: pathPlatform + "/" + r.Tenant.Code, State: pr.T("oversight.served"), Demo: r.Tenant.Demo,
			Queued: number(pr, r.Queued), Dead: number(pr, r.Dead), DeadBad: r.Dead > 0,
			Last: "–", Issued: number(pr, r.Issued), Failed: number(pr, r.Failed), Shed: number(pr, r.Shed), FailedBad: r.Failed > 0,
		}
		if !r.Last.IsZero() {
			x.Last = pr.TimeZone(r.Last)
			if day := clock.DayOf(r.Last, r.Tenant.Loc); day != r.Tenant.Today(v.At) {
				x.Last = pr.DateShort(day)
			}
		}
		if r.Tenant.State != tenant.Active {
			x.State, x.Reason, x.Bad = pr.T("oversight.paused"), r.Tenant.SuspendedReason, true
		}
		queued, dead = queued+r.Queued, dead+r.Dead
		out.Rows = append(out.Rows, x)
	}
	out.Facts = []fact{
		{Term: pr.T("oversight.regions_here"), Value: pr.Number(len(v.Regions))},
		{Term: pr.T("oversight.served"), Value: pr.Number(v.Served)},
		{Term: pr.T("oversight.paused"), Value: pr.Number(len(v.Regions) - v.Served)},
		{Term: pr.T("oversight.queued"), Value: number(pr, queued)},
		{Term: pr.T("oversight.dead"), Value: number(pr, dead)},
	}
	return out
}

// agencyName is an agency's short name; its code where the catalogue knows it no longer.
func agencyName(pr *i18n.Printer, code string) string {
	a, ok := catalogue.Default().Agency(code)
	if !ok {
		return code
	}
	return named(pr, a.Short, a.ShortEN)
}
