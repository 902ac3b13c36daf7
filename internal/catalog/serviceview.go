package catalog

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// serviceView is a service's page in words.
type serviceView struct {
	Name     said
	Agency   said
	Crumb    []ui.Link
	Facts    []fact
	Panel    panelView
	How      said // how it is executed, in plain words
	Away     bool // it goes on elsewhere, which people should know first
	Receipt  said // what the owner's system calls its number
	Standard *standardView
	Examples bool // time, fee and requirements are not confirmed by the region
	Ask      askView
	Others   []serviceLine
}

// fact is one of the few things that people want to know first.
type fact struct {
	Term  string
	Value said
}

// panelView is what can be done now.
type panelView struct {
	Now     standingLine
	Reason  said
	Where   said
	Waiting string // "7"
	Word    string // "orang menunggu di 4 loket"
	Level   ui.Level
	Load    string
	Quota   string
	Give    bool // numbers are given
	Service string
	Key     string
	Why     string // instead of the button
	System  string // the service needs no number: it is in this system
}

// standardView is the published half of the service's standard.
type standardView struct {
	Requirements list
	Procedure    list
	Time         said
	Fee          said
	Product      said
	Complaints   said
	Basis        said
}

// askView is where to ask and to complain.
type askView struct {
	Venue      said
	Phone      string
	Email      string
	Complaints said
}

// shortFact is how long a component may be to stand among the facts: longer ones are read below.
const shortFact = 36

// othersMost is how many further services of the agency stand beside.
const othersMost = 5

func newServiceView(p *i18n.Printer, t *tenant.Tenant, o ServiceNow, now time.Time) serviceView {
	v := serviceView{
		Name: either(p, o.Name, o.NameEN), Agency: either(p, o.Agency.Name, o.Agency.NameEN),
		Crumb: []ui.Link{
			home0(p), {Label: p.T("catalog.list"), Href: ui.PathServices},
			{Label: either(p, o.Agency.Short, o.Agency.ShortEN).Text, Href: listURL("", o.Agency.Code)},
		},
		Examples: !o.Confirmed,
	}
	c := t.Region.Contact
	v.Ask = askView{Phone: c.Phone, Email: c.Email, Complaints: either(p, c.Complaints, c.ComplaintsEN)}
	if o.Series != nil {
		v.Ask.Venue = venueName(p, o.Series.Venue)
	}
	v.Panel = newPanelView(p, o, now)
	v.How, v.Receipt = execution(p, o.Service)
	v.Away = o.Execution == string(catalogue.HandOff)
	if o.Standard != nil {
		v.Standard = newStandardView(p, o.Standard)
	}
	v.Facts = facts(p, o.Service)
	for _, s := range o.Agency.Services {
		if s.ID != o.ID && len(v.Others) < othersMost {
			v.Others = append(v.Others, newServiceLine(p, s, false))
		}
	}
	return v
}

// newPanelView says what can be done now. A number costs a fresh idempotency key with each rendering, so that pressing
// twice, or going back and pressing again, gives the same ticket, and a later visit another.
func newPanelView(p *i18n.Printer, o ServiceNow, now time.Time) panelView {
	if o.Series == nil {
		return panelView{System: o.System}
	}
	v := panelView{
		Now:    standingOf(p, o.Opening, o.NextTickets, o.Today, now),
		Reason: reasonOf(p, o.Opening.Closure),
		Where:  venueName(p, o.Series.Venue),
		Give:   o.Opening.Tickets,
	}
	if o.Series.Quota > 0 {
		v.Quota = p.T("catalog.quota", o.Series.Quota)
	}
	if v.Give || o.Waiting > 0 {
		v.Level, v.Load = ui.Level(o.Load), p.T("catalog.load."+strconv.Itoa(int(o.Load)))
		v.Waiting = p.Number(o.Waiting)
		v.Word = join(p.T("catalog.people", o.Waiting), p.T("catalog.counters", len(o.Series.Counters)))
	}
	switch {
	case v.Give:
		v.Service, v.Key = o.ID.String(), id.New().String()
	case o.NextTickets.IsZero():
		v.Why = p.T("catalog.no_opening")
	default:
		v.Why = p.T("catalog.numbers_again", when(p, o.NextTickets, now))
	}
	return v
}

// execution says in plain words who works the service, and what its owner calls the receipt.
func execution(p *i18n.Printer, o *tenant.Service) (how, receipt said) {
	switch catalogue.Execution(o.Execution) {
	case catalogue.FrontDesk:
		return said{Text: p.T("catalog.how.front_desk", o.System)}, local(p, o.Receipt)
	case catalogue.HandOff:
		if o.Series == nil {
			return said{Text: p.T("catalog.how.elsewhere", o.System)}, local(p, o.Receipt)
		}
		return said{Text: p.T("catalog.how.hand_off", o.System)}, local(p, o.Receipt)
	}
	return said{Text: p.T("catalog.how.native")}, said{}
}

func newStandardView(p *i18n.Printer, s *catalogue.Standard) *standardView {
	return &standardView{
		Requirements: eitherList(p, s.Requirements, s.RequirementsEN),
		Procedure:    eitherList(p, s.Procedure, s.ProcedureEN),
		Time:         either(p, s.Time, s.TimeEN),
		Fee:          either(p, s.Fee, s.FeeEN),
		Product:      either(p, s.Product, s.ProductEN),
		Complaints:   either(p, s.Complaints, s.ComplaintsEN),
		Basis:        local(p, s.Basis),
	}
}

// facts are what people look for first, as far as it can be said in a few words.
func facts(p *i18n.Printer, o *tenant.Service) (out []fact) {
	add := func(term string, value said) {
		if value.Text != "" && utf8.RuneCountInString(value.Text) <= shortFact {
			out = append(out, fact{term, value})
		}
	}
	if o.Minutes > 0 && o.Series != nil {
		add(p.T("catalog.fact.minutes"), said{Text: p.Minutes(o.Minutes)})
	}
	s := o.Standard
	if s == nil {
		return out
	}
	add(p.T("catalog.fact.fee"), either(p, s.Fee, s.FeeEN))
	add(p.T("catalog.fact.product"), either(p, s.Product, s.ProductEN))
	switch s.Proxy {
	case "ya":
		add(p.T("catalog.fact.proxy"), said{Text: p.T("catalog.proxy.yes")})
	case "tidak":
		add(p.T("catalog.fact.proxy"), said{Text: p.T("catalog.proxy.no")})
	case "dengan surat kuasa":
		add(p.T("catalog.fact.proxy"), said{Text: p.T("catalog.proxy.letter")})
	}
	return out
}
