package catalog

import (
	"strconv"
	"strings"
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
	Places []placeView // where the service is given
	Main   placeView   // the one that is meant where nobody says which
	Give   bool        // numbers are given at one of them
	System string      // the service needs no number: it is in this system
}

// several tells that there is a choice.
func (v panelView) several() bool { return len(v.Places) > 1 }

// placeView is a service at one of its venues.
type placeView struct {
	Now     standingLine
	Reason  said
	Where   said
	Hours   string // "Hari ini 08.00–15.30."; empty: none today
	Waiting string // "7"
	Word    string // "orang menunggu di 4 loket"
	Line    string // "7 orang menunggu, 4 loket"
	Level   ui.Level
	Load    string
	Quota   string
	Days    string // "Dilayani Senin dan Kamis."; empty: each day on which the venue is open
	Give    bool   // numbers are given
	Main    bool   // the one that is meant where nobody says which
	Service string
	Series  string // empty where there is no choice
	Key     string
	Why     string // instead of the button
	Told    bool   // the note has said that already
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
	if len(o.Places) > 0 {
		v.Ask.Venue = venueName(p, o.Places[0].Venue)
	}
	v.Panel = newPanelView(p, t, o, now)
	v.How, v.Receipt = execution(p, o.Service)
	v.Away = o.Execution == string(catalogue.HandOff)
	if o.Standard != nil {
		v.Standard = newStandardView(p, o.Standard)
		if v.Standard.Complaints == v.Ask.Complaints {
			v.Standard.Complaints = said{} // the region's own desk, which stands there anyway
		}
	}
	v.Facts = facts(p, o.Service)
	for _, s := range o.Agency.Services {
		if s.ID != o.ID && len(v.Others) < othersMost {
			v.Others = append(v.Others, newServiceLine(p, s, false))
		}
	}
	return v
}

// newPanelView says what can be done now, and where.
func newPanelView(p *i18n.Printer, t *tenant.Tenant, o ServiceNow, now time.Time) panelView {
	if len(o.Places) == 0 {
		return panelView{System: o.System}
	}
	v := panelView{}
	for i, at := range o.Places {
		x := newPlaceView(p, at, now)
		if x.Give && !t.On(tenant.WebTickets) {
			x.Give, x.Key, x.Why, x.Told = false, "", p.T("catalog.on_the_spot"), false
		}
		x.Service, x.Main, x.Days = o.ID.String(), i == o.Default, servedOn(p, t, at)
		if len(o.Places) > 1 {
			x.Series = at.ID.String()
		}
		v.Places, v.Give = append(v.Places, x), v.Give || x.Give
	}
	v.Main = v.Places[o.Default]
	return v
}

// servedOn says on which days somebody serves at a place where that is not each open day.
func servedOn(p *i18n.Printer, t *tenant.Tenant, at PlaceNow) string {
	week, some := t.Region.Served(at.Agency.Code, at.Code)
	if !some {
		return ""
	}
	indonesian, english := week.Words()
	return p.T("catalog.served", either(p, indonesian, english).Text)
}

// newPlaceView says what can be done at one place. A number costs a fresh idempotency key with each rendering, so that
// pressing twice, or going back and pressing again, gives the same ticket, and a later visit, or another place, another.
func newPlaceView(p *i18n.Printer, at PlaceNow, now time.Time) placeView {
	v := placeView{
		Now:    standingOf(p, at.Opening, at.NextTickets, at.Today, now),
		Reason: reasonOf(p, at.Opening.Closure),
		Where:  venueName(p, at.Venue),
		Give:   at.Opening.Tickets,
	}
	if len(at.Today) > 0 && !at.Opening.Always {
		var hours []string
		for _, q := range at.Today {
			hours = append(hours, period(p, q))
		}
		v.Hours = p.T("catalog.hours_today", strings.Join(hours, ", "))
	}
	if at.Quota > 0 {
		v.Quota = p.T("catalog.quota", at.Quota)
	}
	if v.Give || at.Waiting > 0 {
		counters := p.T("catalog.counters", len(at.Counters))
		v.Level, v.Load = ui.Level(at.Load), p.T("catalog.load."+strconv.Itoa(int(at.Load)))
		v.Waiting = p.Number(at.Waiting)
		v.Word = join(p.T("catalog.people", at.Waiting), counters)
		v.Line = join(p.T("catalog.waiting", at.Waiting), counters)
		if at.Waiting == 0 {
			v.Line = join(ui.Capital(p.T("catalog.nobody")), counters)
		}
	}
	switch {
	case v.Give:
		v.Key = id.New().String()
	case at.Opening.Old:
		v.Why, v.Told = p.T("catalog.numbers_old"), v.Now.Open
	case at.NextTickets.IsZero():
		v.Why, v.Told = p.T("catalog.no_opening"), !v.Now.Open
	default:
		v.Why, v.Told = p.T("catalog.numbers_again", when(p, at.NextTickets, now)), v.Now.Open || at.Opening.Next.Equal(at.NextTickets)
	}
	return v
}

// execution says in plain words who works the service, and what its owner calls the receipt.
func execution(p *i18n.Printer, o *tenant.Service) (how, receipt said) {
	switch catalogue.Execution(o.Execution) {
	case catalogue.FrontDesk:
		return said{Text: p.T("catalog.how.front_desk", o.System)}, local(p, o.Receipt)
	case catalogue.HandOff:
		if len(o.Series) == 0 {
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
	// What is short in Indonesian is a fact in both languages: English takes a few words more.
	addEither := func(term, indonesian, english string) {
		if indonesian != "" && utf8.RuneCountInString(indonesian) <= shortFact && utf8.RuneCountInString(english) <= 2*shortFact {
			out = append(out, fact{term, either(p, indonesian, english)})
		}
	}
	if o.Minutes > 0 && len(o.Series) > 0 {
		add(p.T("catalog.fact.minutes"), said{Text: p.Minutes(o.Minutes)})
	}
	s := o.Standard
	if s == nil {
		return out
	}
	addEither(p.T("catalog.fact.fee"), s.Fee, s.FeeEN)
	addEither(p.T("catalog.fact.product"), s.Product, s.ProductEN)
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
