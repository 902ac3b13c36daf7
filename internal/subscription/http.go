// Package subscription shows what a region or a province subscribes to, what it uses and what it owes, and lets who may
// change it: pages and calls over package billing. On the bare domain who runs the platform looks after payers.
package subscription

import (
	_ "embed"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/subscription/text.yaml", text)

// Where the pages live. The bare domain has the operator's under the same path.
const (
	path        = "/petugas/langganan"
	pathDetails = path + "/data"
	pathChange  = path + "/ubah"
	pathInvoice = path + "/tagihan"
)

// Registry finds regions; tenant.Registry is one.
type Registry interface {
	All() []*tenant.Tenant
	ByCode(code string) (*tenant.Tenant, bool)
}

// Pages are the pages and the calls.
type Pages struct {
	svc    *billing.Service
	reg    Registry
	seller billing.Seller
}

// New makes them. seller is who documents say is paid.
func New(svc *billing.Service, reg Registry, seller billing.Seller) *Pages {
	return &Pages{svc, reg, seller}
}

// slow is the deadline of what asks a provider.
const slow = 40 * time.Second

// Routes registers what a region's host has.
func (h *Pages) Routes(r *web.Router) {
	r.Get(path, billing.PermView, h.show, web.Desk("subscription.title"))
	r.Get(pathDetails, billing.PermEdit, h.detailsPage, web.Sudo)
	r.Post(pathDetails, billing.PermEdit, h.saveDetails, web.Sudo, web.Within(slow), web.OwnPace)
	r.Get(pathChange, billing.PermEdit, h.changePage, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(pathChange, billing.PermEdit, h.change, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(path+"/berhenti", billing.PermEdit, h.cancel, web.Sudo, web.Within(slow), web.OwnPace)
	r.Post(path+"/lanjutkan", billing.PermEdit, h.keep, web.Sudo, web.Within(slow), web.OwnPace)
	if h.svc.Pages() { // a provider has pages of its own
		r.Post(path+"/bayar", billing.PermEdit, h.checkout, web.Sudo, web.Within(slow), web.OwnPace)
		r.Post(path+"/kelola", billing.PermEdit, h.portal, web.Sudo, web.Within(slow), web.OwnPace)
	}
	r.Get(pathInvoice+"/:id", billing.PermView, h.invoice)
	r.Post(pathInvoice+"/:id/bast", billing.PermEdit, h.handover, web.Sudo)
	r.Get(pathInvoice+"/:id/:document", billing.PermView, h.document)
	h.apiRoutes(r)
}

// form is what a page shows again when something was wrong.
type form struct {
	Fields map[string]string
	Note   string
}

// fields are all that the forms have, in their order.
var fields = []string{
	"name", "address", "npwp", "nitku", "contract", "contract_day", "purchase_order", "treasurer", "signatory", "email",
	"plan", "handover", "handover_day", "reference", "tax_number", "regions",
}

func (f form) wrong() (out []ui.Wrong) {
	for _, name := range fields {
		if text := f.Fields[name]; text != "" {
			out = append(out, ui.Wrong{ID: name, Text: text})
		}
	}
	return out
}

// say puts what went wrong into the form and gives the status. What is nobody's mistake is given back.
func (f *form) say(c *web.Ctx, err error) (int, error) {
	e := fault.Of(err)
	switch e.Kind {
	case fault.Internal, fault.NotFound, fault.Forbidden:
		return 0, err
	}
	f.Fields = map[string]string{}
	for _, field := range e.Fields {
		f.Fields[field.Name] = c.FieldText(field)
	}
	if len(e.Fields) == 0 {
		f.Note = c.Problem(err).Detail
	}
	c.RetryAfter(e.RetryAfter)
	return e.Kind.Status(), nil
}

// knownDone are the words of ?kabar=, each a text subscription.done.<word>.
var knownDone = []string{"data", "paket", "berhenti", "lanjut", "bast", "lunas", "pajak", "daerah", "ulang"}

func done(c *web.Ctx) string {
	for _, w := range knownDone {
		if c.Query("kabar") == w {
			return w
		}
	}
	return ""
}

func (h *Pages) ui(c *web.Ctx, title string) ui.Page {
	p := c.UI(title)
	p.NoIndex, p.Surface = true, "staff"
	return p
}

func venues(t *tenant.Tenant) int {
	if t.Region == nil {
		return 0
	}
	return len(t.Region.Venues)
}

func (h *Pages) show(c *web.Ctx) error { return h.showWith(c, 200, form{}) }

func (h *Pages) showWith(c *web.Ctx, status int, f form) error {
	view, err := h.svc.View(c.Std(), billing.Own(c.Tenant))
	if err != nil {
		return err
	}
	held, err := h.svc.Entitlements(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	p := h.ui(c, c.P.T("subscription.title"))
	v := newOverview(c.P, view, held.Used(venues(c.Tenant)), venues(c.Tenant))
	v.Edit = c.Actor.Can(billing.PermEdit, c.Tenant.Scope)
	v.Portal = h.svc.Pages() && view.Account.Customer != ""
	v.Done, v.Form = done(c), f
	return c.Page(status, overviewPage(p, v))
}

// readDetails reads a form of billing details. A day that is none is left out, and said to be missing.
func readDetails(c *web.Ctx) billing.Details {
	day, _ := clock.ParseDay(c.Form("contract_day"))
	return billing.Details{
		Name: c.Form("name"), Address: c.Form("address"), NPWP: c.Form("npwp"), NITKU: c.Form("nitku"), Contract: c.Form("contract"),
		ContractDay: day, PurchaseOrder: c.Form("purchase_order"), Treasurer: c.Form("treasurer") == "ya", Signatory: c.Form("signatory"), Email: c.Form("email"),
	}
}

func (h *Pages) detailsPage(c *web.Ctx) error {
	view, err := h.svc.View(c.Std(), billing.Own(c.Tenant))
	if err != nil {
		return err
	}
	d := view.Account.Details
	if !view.Has { // most of it is known
		d.Name, d.Treasurer = "Pemerintah "+c.Tenant.Name, true
	}
	return h.showDetails(c, 200, d, form{})
}

func (h *Pages) showDetails(c *web.Ctx, status int, d billing.Details, f form) error {
	return c.Page(status, detailsPage(h.ui(c, c.P.T("subscription.details")), detailsView{d, f, pathDetails, path, c.Query("lanjut")}))
}

func (h *Pages) saveDetails(c *web.Ctx) error {
	d := readDetails(c)
	if err := h.svc.SaveDetails(c.Std(), billing.Own(c.Tenant), c.Actor.String(), d); err != nil {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showDetails(c, status, d, f)
	}
	if plan, ok := billing.PlanOf(c.Form("next")); ok {
		return c.SeeOther(pathChange + "?paket=" + plan.Code)
	}
	return c.SeeOther(path + "?kabar=data")
}

func (h *Pages) changePage(c *web.Ctx) error { return h.showChange(c, 200, c.Query("paket"), form{}) }

func (h *Pages) showChange(c *web.Ctx, status int, plan string, f form) error {
	change, err := h.svc.Preview(c.Std(), billing.Own(c.Tenant), plan, 1)
	if fault.Is(err, "invalid") {
		return fault.New(fault.NotFound, "page")
	}
	if err != nil {
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showWith(c, status, f)
	}
	view, err := h.svc.View(c.Std(), billing.Own(c.Tenant))
	if err != nil {
		return err
	}
	if change.Plan.Yearly > 0 && view.Account.Details.Name == "" {
		return c.SeeOther(pathDetails + "?lanjut=" + change.Plan.Code)
	}
	return c.Page(status, changePage(h.ui(c, c.P.T("subscription.change_to", planName(c.P, plan))), newChange(c.P, change, h.svc.Pages(), f)))
}

// shownAt is the moment for which a preview was worked out, as its form sends it back.
func shownAt(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func (h *Pages) change(c *web.Ctx) error {
	plan := c.Form("plan")
	err := h.svc.Choose(c.Std(), billing.Own(c.Tenant), c.Actor.String(), plan, 1, shownAt(c.Form("at")))
	if err != nil {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		if f.Note == "" { // no such plan
			return fault.New(fault.Invalid, "invalid").Field("plan", "wrong")
		}
		return h.showChange(c, status, plan, f)
	}
	return c.SeeOther(path + "?kabar=paket")
}

// then leads back with a word, or shows the overview with what went wrong.
func (h *Pages) then(c *web.Ctx, err error, word string) error {
	if err == nil {
		return c.SeeOther(path + "?kabar=" + word)
	}
	var f form
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	return h.showWith(c, status, f)
}

func (h *Pages) cancel(c *web.Ctx) error {
	return h.then(c, h.svc.Cancel(c.Std(), billing.Own(c.Tenant), c.Actor.String()), "berhenti")
}

func (h *Pages) keep(c *web.Ctx) error {
	return h.then(c, h.svc.Keep(c.Std(), billing.Own(c.Tenant), c.Actor.String()), "lanjut")
}

func (h *Pages) checkout(c *web.Ctx) error {
	url, err := h.svc.Checkout(c.Std(), billing.Own(c.Tenant), c.Form("plan"), 1, c.Origin()+path)
	return h.away(c, url, err)
}

func (h *Pages) portal(c *web.Ctx) error {
	url, err := h.svc.Portal(c.Std(), billing.Own(c.Tenant), c.Origin()+path)
	return h.away(c, url, err)
}

// away shows the way to the provider's own page. It is a link and no redirect: the browser's rules for where a form
// may lead stay as strict as everywhere.
func (h *Pages) away(c *web.Ctx, url string, err error) error {
	if err != nil {
		return h.then(c, err, "")
	}
	if !strings.HasPrefix(url, "https://") {
		return fault.New(fault.Unavailable, "billing.provider")
	}
	return c.Page(200, awayPage(h.ui(c, c.P.T("subscription.away")), url))
}

func (h *Pages) invoice(c *web.Ctx) error { return h.showInvoice(c, 200, form{}) }

func (h *Pages) showInvoice(c *web.Ctx, status int, f form) error {
	id, err := c.ID("id")
	if err != nil {
		return err
	}
	_, i, err := h.svc.Invoice(c.Std(), billing.Own(c.Tenant), id)
	if err != nil {
		return err
	}
	v := newInvoice(c.P, i, pathInvoice+"/"+id.String(), path)
	v.Edit, v.Done, v.Form = c.Actor.Can(billing.PermEdit, c.Tenant.Scope), done(c), f
	return c.Page(status, invoicePage(h.ui(c, v.Title), v))
}

func (h *Pages) handover(c *web.Ctx) error {
	id, err := c.ID("id")
	if err != nil {
		return err
	}
	day, _ := clock.ParseDay(c.Form("handover_day"))
	err = h.svc.Handover(c.Std(), billing.Own(c.Tenant), c.Actor.String(), id, strings.TrimSpace(c.Form("handover")), day)
	if err != nil {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showInvoice(c, status, f)
	}
	return c.SeeOther(pathInvoice + "/" + id.String() + "?kabar=bast")
}

func (h *Pages) document(c *web.Ctx) error {
	id, err := c.ID("id")
	if err != nil {
		return err
	}
	return h.send(c, billing.Own(c.Tenant), id, c.Param("document"))
}

// send answers with a document of an invoice, as a PDF.
func (h *Pages) send(c *web.Ctx, p billing.Payer, invoice invoiceID, name string) error {
	kind, ok := strings.CutSuffix(name, ".pdf")
	if !ok {
		return fault.New(fault.NotFound, "page")
	}
	account, i, err := h.svc.Invoice(c.Std(), p, invoice)
	if err != nil {
		return err
	}
	body, err := billing.Document(billing.Kind(kind), h.seller, account, i)
	if err != nil {
		return err
	}
	c.SetHeader("Content-Disposition", `attachment; filename="`+fileName(kind, i)+`"`)
	return c.Blob(200, "application/pdf", body)
}

// fileName is a document's, of letters that every system takes.
func fileName(kind string, i billing.Invoice) string {
	no := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, i.Number)
	return kind + "-" + no + ".pdf"
}
