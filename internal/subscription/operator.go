package subscription

import (
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const pathProvince = path + "/provinsi"

// PathWebhook is where Stripe tells what has happened, on the bare domain.
const PathWebhook = "/stripe/webhook"

// OperatorRoutes registers what the bare domain has: for who runs the platform.
func (h *Pages) OperatorRoutes(r *web.Router) {
	r.Get(path, billing.PermPayers, h.payers, web.Desk("subscription.payers"))
	r.Get(pathProvince, billing.PermManage, h.pickProvince)
	r.Get(pathProvince+"/:province", billing.PermPayers, h.province)
	r.Post(pathProvince+"/:province/data", billing.PermManage, h.provinceDetails, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(pathProvince+"/:province/daerah", billing.PermManage, h.provinceRegions, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(pathProvince+"/:province/mulai", billing.PermManage, h.provinceStart, web.Sudo, web.Within(slow), web.OwnPace)
	r.Get(pathInvoice+"/:region/:id", billing.PermPayers, h.theirInvoice)
	r.Get(pathInvoice+"/:region/:id/:document", billing.PermPayers, h.theirDocument)
	r.Post(pathInvoice+"/:region/:id/lunas", billing.PermManage, h.markPaid, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(pathInvoice+"/:region/:id/pajak", billing.PermManage, h.taxNumber, web.Sudo)
	r.Post(path+"/kabar/:event/ulang", billing.PermManage, h.retry, web.Sudo)
	r.Post(PathWebhook, authz.Public, h.webhook, web.Limited("webhook", 50, 1000), web.Within(slow), web.OwnPace)
	h.operatorAPI(r)
}

// webhook takes in what Stripe tells. Its signature is who asks; there is no session.
func (h *Pages) webhook(c *web.Ctx) error {
	if err := h.svc.Receive(c.Std(), c.Body(), c.Header("Stripe-Signature")); err != nil {
		return err
	}
	return c.NoContent()
}

func operator(c *web.Ctx) billing.Operator {
	return billing.Operator{Platform: c.Tenant, Actor: c.Actor.String()}
}

// payersView is the list of who pays.
type payersView struct {
	Facts     []ui.Pair
	Payers    []payerLine
	Invoices  []theirLine
	Letters   []letterLine
	Provinces []ui.Option
	Manage    bool
	Done      string
	Form      form
}

type payerLine struct {
	Name, URL, Plan, Status, Owed, Note string
	Late                                bool
}

type theirLine struct {
	Number, URL, Payer, DueDay, Amount, State string
	Kind                                      ui.Kind
	Icon                                      string
}

type letterLine struct{ ID, Kind, Why, Region, At string }

func (h *Pages) payers(c *web.Ctx) error { return h.showPayers(c, 200, form{}) }

func (h *Pages) showPayers(c *web.Ctx, status int, f form) error {
	o, err := h.svc.Overview(c.Std(), operator(c))
	if err != nil {
		return err
	}
	v := newPayers(c.P, o)
	v.Manage, v.Done, v.Form = c.Actor.Can(billing.PermManage, c.Tenant.Scope), done(c), f
	for _, code := range o.Free {
		v.Provinces = append(v.Provinces, ui.Option{Value: code, Label: billing.ProvinceName(code)})
	}
	return c.Page(status, payersPage(h.ui(c, c.P.T("subscription.payers")), v))
}

func newPayers(pr *i18n.Printer, o billing.Overview) payersView {
	var v payersView
	var owed billing.Sen
	late := 0
	for _, p := range o.Payers {
		line := payerLine{Name: p.Name, Plan: "–", Status: pr.T("subscription.status." + string(p.Status)), Owed: money(pr, p.Owed), Late: p.Overdue}
		if p.Plan != "" {
			line.Plan = planName(pr, p.Plan)
		}
		if p.Province {
			line.URL, line.Note = pathProvince+"/"+strings.TrimPrefix(p.Scope, tenant.PlatformCode+"/"), pr.T("subscription.pays_for", len(p.Regions))
		}
		if p.Overdue {
			late++
		}
		owed += p.Owed
		v.Payers = append(v.Payers, line)
	}
	for _, i := range o.Invoices {
		line := theirLine{Number: i.Number, URL: pathInvoice + "/" + i.Code + "/" + i.ID.String(), Payer: i.Payer, DueDay: short(pr, i.DueAt), Amount: money(pr, i.Due)}
		if line.Number == "" {
			line.Number = pr.T("subscription.unnumbered")
		}
		line.State, line.Kind, line.Icon = stateWord(pr, i.Status, i.Disputed, i.Overdue)
		v.Invoices = append(v.Invoices, line)
	}
	for _, l := range o.Letters {
		why := "subscription.letter." + l.Code
		if !i18n.Has(why) {
			why = "subscription.letter.other"
		}
		v.Letters = append(v.Letters, letterLine{l.ID, l.Kind, pr.T(why), l.Region, pr.DateTime(l.At)})
	}
	v.Facts = []ui.Pair{
		{Term: pr.T("subscription.payers"), Value: pr.Number(len(o.Payers))}, {Term: pr.T("subscription.owed"), Value: money(pr, owed)},
		{Term: pr.T("subscription.late"), Value: pr.Number(late)}, {Term: pr.T("subscription.letters"), Value: pr.Number(len(o.Letters))},
	}
	return v
}

// pickProvince leads to the page of a province that was chosen from the list.
func (h *Pages) pickProvince(c *web.Ctx) error {
	code := c.Query("provinsi")
	if _, err := h.svc.ProvincePayer(code); err != nil {
		return c.SeeOther(path)
	}
	return c.SeeOther(pathProvince + "/" + code)
}

// provinceView is a province as a payer.
type provinceView struct {
	Overview overview
	Details  detailsView
	Regions  []regionPick
	Path     string
	Manage   bool
	Start    string // what starting would cost; "": it runs, or cannot start yet
	Draft    bool
	Done     string
	Form     form
}

type regionPick struct {
	Code, Name string
	Checked    bool
}

func (h *Pages) province(c *web.Ctx) error {
	p, err := h.svc.ProvincePayer(c.Param("province"))
	if err != nil {
		return err
	}
	view, err := h.svc.View(c.Std(), p)
	if err != nil {
		return err
	}
	d := view.Account.Details
	if !view.Has {
		d.Name, d.Treasurer = "Pemerintah "+billing.ProvinceName(c.Param("province")), true
	}
	return h.showProvince(c, 200, p, view, d, view.Covered, form{})
}

func (h *Pages) showProvince(c *web.Ctx, status int, payer billing.Payer, view billing.View, d billing.Details, chosen []string, f form) error {
	code := c.Param("province")
	v := provinceView{
		Overview: newOverview(c.P, view, view.Entitled, 0), Path: pathProvince + "/" + code, Manage: c.Actor.Can(billing.PermManage, c.Tenant.Scope),
		Draft: !billing.Confirmed(), Done: done(c), Form: f,
	}
	v.Details = detailsView{Details: d, Form: f, Action: v.Path + "/data", Back: path}
	for i := range v.Overview.Invoices {
		v.Overview.Invoices[i].moveTo(c.Tenant.Code)
	}
	if !v.Overview.Running {
		v.Overview.Facts[0].Value = "–"
	}
	v.Overview.Facts = slices.Delete(v.Overview.Facts, 2, 3) // a province has no venues
	for _, t := range h.reg.All() {
		if t.Province.Code == code {
			v.Regions = append(v.Regions, regionPick{t.Code, t.Name, slices.Contains(chosen, t.Code)})
		}
	}
	if plan, ok := billing.PlanOf(billing.Province); ok && view.Has && !v.Overview.Running && len(view.Covered) > 0 {
		v.Start = c.P.T("subscription.start_province", len(view.Covered), money(c.P, plan.Price(int64(len(view.Covered)))))
	}
	return c.Page(status, provincePage(h.ui(c, billing.ProvinceName(code)), v))
}

// moveTo makes a line's addresses those of the bare domain, where an invoice is named with whose it is.
func (l *invoiceLine) moveTo(code string) {
	for i := range l.Documents {
		l.Documents[i].Href = strings.Replace(l.Documents[i].Href, pathInvoice+"/", pathInvoice+"/"+code+"/", 1)
	}
	l.ID = code + "/" + l.ID
}

// again shows a province's page with what went wrong.
func (h *Pages) again(c *web.Ctx, p billing.Payer, d *billing.Details, chosen []string, err error) error {
	var f form
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	view, err := h.svc.View(c.Std(), p)
	if err != nil {
		return err
	}
	if d == nil {
		d = &view.Account.Details
	}
	if chosen == nil {
		chosen = view.Covered
	}
	return h.showProvince(c, status, p, view, *d, chosen, f)
}

func (h *Pages) provinceDetails(c *web.Ctx) error {
	p, err := h.svc.ProvincePayer(c.Param("province"))
	if err != nil {
		return err
	}
	d := readDetails(c)
	if err := h.svc.SaveDetails(c.Std(), p, c.Actor.String(), d); err != nil {
		return h.again(c, p, &d, nil, err)
	}
	return c.SeeOther(pathProvince + "/" + c.Param("province") + "?kabar=data")
}

func (h *Pages) provinceRegions(c *web.Ctx) error {
	code := c.Param("province")
	p, err := h.svc.ProvincePayer(code)
	if err != nil {
		return err
	}
	chosen := c.FormAll("regions")
	if err := h.svc.Cover(c.Std(), operator(c), code, chosen); err != nil {
		return h.again(c, p, nil, chosen, err)
	}
	return c.SeeOther(pathProvince + "/" + code + "?kabar=daerah")
}

func (h *Pages) provinceStart(c *web.Ctx) error {
	p, err := h.svc.ProvincePayer(c.Param("province"))
	if err != nil {
		return err
	}
	view, err := h.svc.View(c.Std(), p)
	if err == nil {
		err = h.svc.Choose(c.Std(), p, c.Actor.String(), billing.Province, int64(len(view.Covered)), time.Time{})
	}
	if err != nil {
		return h.again(c, p, nil, nil, err)
	}
	return c.SeeOther(pathProvince + "/" + c.Param("province") + "?kabar=paket")
}

// theirs finds an invoice and whose it is.
func (h *Pages) theirs(c *web.Ctx) (p billing.Payer, invoice invoiceID, err error) {
	if invoice, err = c.ID("id"); err != nil {
		return p, invoice, err
	}
	p, err = h.svc.PayerOf(c.Std(), c.Param("region"), invoice)
	return p, invoice, err
}

// theirView is an invoice as who runs the platform sees it.
type theirView struct {
	invoiceView
	Payer     string
	Path      string
	Open      bool
	Reference string
	Tax       string
	Manage    bool
}

func (h *Pages) theirInvoice(c *web.Ctx) error { return h.showTheirs(c, 200, "", "", form{}) }

func (h *Pages) showTheirs(c *web.Ctx, status int, reference, tax string, f form) error {
	p, id, err := h.theirs(c)
	if err != nil {
		return err
	}
	account, i, err := h.svc.Invoice(c.Std(), p, id)
	if err != nil {
		return err
	}
	at := pathInvoice + "/" + c.Param("region") + "/" + id.String()
	v := theirView{invoiceView: newInvoice(c.P, i, at, path), Payer: account.Details.Name, Path: at, Open: i.Status == billing.Open || i.Status == billing.Uncollectible, Reference: reference, Tax: tax}
	if v.Tax == "" {
		v.Tax = i.TaxNumber
	}
	v.Manage, v.Done, v.Form = c.Actor.Can(billing.PermManage, c.Tenant.Scope), done(c), f
	return c.Page(status, theirInvoicePage(h.ui(c, v.Title), v))
}

func (h *Pages) theirDocument(c *web.Ctx) error {
	p, id, err := h.theirs(c)
	if err != nil {
		return err
	}
	return h.send(c, p, id, c.Param("document"))
}

func (h *Pages) markPaid(c *web.Ctx) error {
	id, err := c.ID("id")
	if err == nil {
		err = h.svc.MarkPaid(c.Std(), operator(c), c.Param("region"), id, c.Form("reference"))
	}
	return h.afterPapers(c, err, "lunas")
}

func (h *Pages) taxNumber(c *web.Ctx) error {
	id, err := c.ID("id")
	if err == nil {
		err = h.svc.SetTaxNumber(c.Std(), operator(c), c.Param("region"), id, c.Form("tax_number"))
	}
	return h.afterPapers(c, err, "pajak")
}

func (h *Pages) afterPapers(c *web.Ctx, err error, word string) error {
	if err == nil {
		return c.SeeOther(pathInvoice + "/" + c.Param("region") + "/" + c.Param("id") + "?kabar=" + word)
	}
	var f form
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	return h.showTheirs(c, status, c.Form("reference"), c.Form("tax_number"), f)
}

func (h *Pages) retry(c *web.Ctx) error {
	event := c.Param("event")
	if event == "" || len(event) > 100 {
		return fault.New(fault.NotFound, "not_found")
	}
	if err := h.svc.Retry(c.Std(), operator(c), event); err != nil {
		return err
	}
	return c.SeeOther(path + "?kabar=ulang")
}
