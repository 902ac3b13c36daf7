package subscription

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

type invoiceID = id.ID

// money is an amount in whole rupiah.
func money(pr *i18n.Printer, s billing.Sen) string { return pr.Rupiah(s.Whole()) }

// date is the day on which a moment falls for who reads the page.
func date(pr *i18n.Printer, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return pr.Date(clock.DayOf(t, pr.Local(t).Location()))
}

// short is date where there is little room.
func short(pr *i18n.Printer, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return pr.DateShort(clock.DayOf(t, pr.Local(t).Location()))
}

// planName is a plan's name; its code where a newer program made it.
func planName(pr *i18n.Printer, code string) string {
	if p, ok := billing.PlanOf(code); ok {
		return p.Name.In(string(pr.Locale()))
	}
	return code
}

// overview is the page of a payer's subscription.
type overview struct {
	Warnings []string
	Bad      bool
	Facts    []ui.Pair
	Next     string // what happens when the period ends
	Paid     bool   // by the province
	Plans    []planView
	Invoices []invoiceLine
	Details  []ui.Pair
	Has      bool // details were given
	Running  bool
	Cancel   bool // may be cancelled
	Keep     bool // something may be taken back
	Edit     bool
	Portal   bool
	Draft    bool // prices and rules are not confirmed
	Done     string
	Form     form
}

type planView struct {
	Code, Name, About, Price string
	Current                  bool
}

type invoiceLine struct {
	ID        string
	Number    string
	Issued    string
	DueDay    string
	Amount    string
	State     string
	Kind      ui.Kind
	Icon      string
	Documents []documentLink
}

type documentLink struct{ Label, Href string }

func newOverview(pr *i18n.Printer, v billing.View, e billing.Entitlements, venues int) overview {
	out := overview{Paid: e.Province, Has: v.Has && v.Account.Details.Name != "", Draft: !billing.Confirmed()}
	for _, w := range e.Warnings {
		out.Warnings = append(out.Warnings, warning(pr, w, e, venues))
		out.Bad = out.Bad || w == billing.WarnOverdue || w == billing.WarnRestricted || w == billing.WarnDisputed
	}
	a := v.Account
	out.Running = a.Status == billing.Active || a.Status == billing.Trialing
	until := "–"
	if out.Running && !a.PeriodEnd.IsZero() {
		until = short(pr, a.PeriodEnd)
	}
	out.Facts = []ui.Pair{
		{Term: pr.T("subscription.plan"), Value: planName(pr, e.Plan)},
		{Term: pr.T("subscription.standing"), Value: pr.T("subscription.standing." + string(e.Standing))},
		{Term: pr.T("subscription.venues"), Value: pr.T("subscription.of", venues, e.Venues)},
		{Term: pr.T("subscription.until"), Value: until},
	}
	switch {
	case a.CancelAtEnd:
		out.Next = pr.T("subscription.next_end", date(pr, a.PeriodEnd))
	case a.NextPlan != "":
		out.Next = pr.T("subscription.next_plan", date(pr, a.PeriodEnd), planName(pr, a.NextPlan))
	}
	out.Cancel, out.Keep = out.Running && out.Next == "", out.Next != ""
	for _, p := range billing.Plans("region") {
		out.Plans = append(out.Plans, planView{
			Code: p.Code, Name: p.Name.In(string(pr.Locale())), About: p.About.In(string(pr.Locale())), Price: price(pr, p),
			Current: out.Running && p.Code == a.Plan || !out.Running && p.Code == billing.Pilot && !e.Province,
		})
	}
	for _, i := range v.Invoices {
		out.Invoices = append(out.Invoices, newLine(pr, i, v.Now, pathInvoice+"/"+i.ID.String()))
	}
	if out.Has {
		out.Details = detailPairs(pr, a.Details)
	}
	return out
}

func price(pr *i18n.Printer, p billing.Plan) string {
	switch {
	case p.Yearly == 0:
		return pr.T("subscription.free")
	case p.Code == billing.Province:
		return pr.T("subscription.yearly_each", pr.Rupiah(p.Yearly))
	}
	return pr.T("subscription.yearly", pr.Rupiah(p.Yearly))
}

// warning is a warning in words.
func warning(pr *i18n.Printer, w billing.Warning, e billing.Entitlements, venues int) string {
	switch w {
	case billing.WarnTrial:
		return pr.T("subscription.warn.trial", date(pr, e.TrialEnd))
	case billing.WarnCancel:
		return pr.T("subscription.warn.cancel", date(pr, e.CancelAt))
	case billing.WarnOverdue:
		return pr.T("subscription.warn.overdue", date(pr, e.Since), date(pr, e.RestrictedFrom))
	case billing.WarnRestricted:
		return pr.T("subscription.warn.restricted", date(pr, e.Since))
	case billing.WarnVenues:
		return pr.T("subscription.warn.venues", venues, e.Venues)
	}
	return pr.T("subscription.warn." + string(w))
}

func newLine(pr *i18n.Printer, i billing.Invoice, now time.Time, href string) invoiceLine {
	out := invoiceLine{ID: i.ID.String(), Number: i.Number, Issued: short(pr, i.IssuedAt), DueDay: short(pr, i.DueAt), Amount: money(pr, i.Due)}
	if out.Number == "" {
		out.Number = pr.T("subscription.unnumbered")
	}
	out.State, out.Kind, out.Icon = stateWord(pr, i.Status, i.Disputed, !i.DueAt.IsZero() && now.After(i.DueAt))
	for _, k := range i.Available() {
		out.Documents = append(out.Documents, documentLink{pr.T("subscription.document." + string(k)), href + "/" + string(k) + ".pdf"})
	}
	return out
}

// stateWord is how an invoice stands, with its colour and its icon.
func stateWord(pr *i18n.Printer, s billing.InvoiceStatus, disputed, late bool) (string, ui.Kind, string) {
	switch {
	case disputed:
		return pr.T("subscription.state.disputed"), ui.Bad, "alert-triangle"
	case s == billing.Paid:
		return pr.T("subscription.state.paid"), ui.Good, "check"
	case s == billing.Open && late:
		return pr.T("subscription.state.overdue"), ui.Bad, "alert-triangle"
	case s == billing.Uncollectible:
		return pr.T("subscription.state.uncollectible"), ui.Bad, "alert-triangle"
	case s == billing.Open:
		return pr.T("subscription.state.open"), ui.Warn, "clock"
	}
	return pr.T("subscription.state." + string(s)), ui.Plain, "file-text"
}

func detailPairs(pr *i18n.Printer, d billing.Details) []ui.Pair {
	out := []ui.Pair{
		{Term: pr.T("subscription.name"), Value: d.Name}, {Term: pr.T("subscription.address"), Value: d.Address},
		{Term: "NPWP", Value: d.NPWP}, {Term: "NITKU", Value: d.NITKU},
	}
	if d.Contract != "" {
		out = append(out, ui.Pair{Term: pr.T("subscription.contract"), Value: d.Contract + ", " + pr.Date(d.ContractDay)})
	}
	if d.PurchaseOrder != "" {
		out = append(out, ui.Pair{Term: pr.T("subscription.purchase_order"), Value: d.PurchaseOrder})
	}
	who := "subscription.vat_us"
	if d.Treasurer {
		who = "subscription.vat_treasurer"
	}
	return append(out, ui.Pair{Term: pr.T("subscription.vat_by"), Value: pr.T(who)}, ui.Pair{Term: pr.T("subscription.signatory"), Value: d.Signatory},
		ui.Pair{Term: pr.T("subscription.email"), Value: d.Email})
}

// detailsView is the form of the billing details.
type detailsView struct {
	billing.Details
	Form   form
	Action string
	Back   string
	Next   string // the plan that was being chosen
}

func (v detailsView) day() string { return v.ContractDay.String() }

// changeView is a change of plan before it happens.
type changeView struct {
	Plan   string
	Name   string
	Lead   string
	Lines  []ui.Pair
	Total  []ui.Pair
	At     string
	Verb   string
	Same   bool
	Online bool // may be paid on the provider's page
	Form   form
}

func newChange(pr *i18n.Printer, c billing.Change, pages bool, f form) changeView {
	v := changeView{Plan: c.Plan.Code, Name: c.Plan.Name.In(string(pr.Locale())), Form: f, Same: c.How == billing.Same}
	p := c.Preview
	switch c.How {
	case billing.Starts:
		v.Verb = pr.T("subscription.do_start")
		switch {
		case c.Plan.Yearly == 0:
			v.Lead = pr.T("subscription.lead_free")
		case !c.Trial.IsZero():
			v.Lead = pr.T("subscription.lead_trial", date(pr, c.Trial))
		default:
			v.Lead = pr.T("subscription.lead_start")
		}
		v.Online = pages && c.Plan.Yearly > 0
	case billing.Upgrades:
		v.Verb, v.Lead, v.At = pr.T("subscription.do_upgrade"), pr.T("subscription.lead_upgrade"), strconv.FormatInt(p.At.UnixMicro(), 10)
	case billing.Downgrade:
		v.Verb, v.Lead = pr.T("subscription.do_downgrade"), pr.T("subscription.lead_downgrade", date(pr, c.From))
	default:
		v.Verb, v.Lead = pr.T("subscription.do_keep"), pr.T("subscription.lead_same")
	}
	for _, l := range p.Lines {
		key := "subscription.line_charge"
		if l.Credit {
			key = "subscription.line_credit"
		}
		v.Lines = append(v.Lines, ui.Pair{Term: pr.T(key, planName(pr, l.Plan), date(pr, l.From), date(pr, l.To)), Value: money(pr, l.Amount)})
	}
	if p.Due > 0 {
		v.Total = []ui.Pair{
			{Term: pr.T("subscription.subtotal"), Value: money(pr, p.Subtotal)}, {Term: pr.T("subscription.vat_amount"), Value: money(pr, p.VAT)},
			{Term: pr.T("subscription.due_now"), Value: money(pr, p.Due)},
		}
	}
	if p.Next > 0 {
		v.Total = append(v.Total, ui.Pair{Term: pr.T("subscription.each_year"), Value: money(pr, p.Next)})
	}
	return v
}

// invoiceView is one invoice with its papers.
type invoiceView struct {
	Title     string
	Back      string
	Facts     []ui.Pair
	Pairs     []ui.Pair
	State     string
	Kind      ui.Kind
	Icon      string
	Documents []documentLink
	File      string // the provider's own file
	Handover  string
	Day       string
	Action    string
	Edit      bool
	Done      string
	Form      form
}

func newInvoice(pr *i18n.Printer, i billing.Invoice, href, back string) invoiceView {
	line := newLine(pr, i, i.IssuedAt, href)
	v := invoiceView{Title: pr.T("subscription.invoice", line.Number), Back: back, State: line.State, Kind: line.Kind, Icon: line.Icon, Documents: line.Documents, File: i.FileURL, Action: href + "/bast", Handover: i.Handover, Day: i.HandoverDay.String()}
	v.Facts = []ui.Pair{
		{Term: pr.T("subscription.due"), Value: line.Amount}, {Term: pr.T("subscription.due_day"), Value: line.DueDay}, {Term: pr.T("subscription.issued"), Value: line.Issued},
	}
	v.Pairs = []ui.Pair{
		{Term: pr.T("subscription.plan"), Value: planName(pr, i.Plan)}, {Term: pr.T("subscription.subtotal"), Value: money(pr, i.Subtotal)},
		{Term: pr.T("subscription.vat_amount"), Value: money(pr, i.VAT)},
	}
	if i.Treasurer {
		v.Pairs = append(v.Pairs, ui.Pair{Term: pr.T("subscription.vat_by"), Value: pr.T("subscription.vat_treasurer")})
	}
	for _, x := range []ui.Pair{
		{Term: pr.T("subscription.buyer"), Value: i.Buyer}, {Term: pr.T("subscription.contract"), Value: i.Contract}, {Term: pr.T("subscription.purchase_order"), Value: i.PurchaseOrder},
		{Term: pr.T("subscription.tax_number"), Value: i.TaxNumber}, {Term: pr.T("subscription.reference"), Value: i.Reference},
	} {
		if x.Value != "" {
			v.Pairs = append(v.Pairs, x)
		}
	}
	if !i.PaidAt.IsZero() {
		v.Pairs = append(v.Pairs, ui.Pair{Term: pr.T("subscription.paid_on"), Value: date(pr, i.PaidAt)})
	}
	return v
}

// most is the attribute of an input that takes so many signs.
func most(n string) templ.Attributes { return templ.Attributes{"maxlength": n} }
