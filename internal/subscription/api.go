package subscription

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

const (
	apiPath    = "/api/v1/subscription"
	apiPayers  = "/api/v1/billing/payers"
	apiInvoice = "/api/v1/billing/invoices/:region/:id"
)

func (h *Pages) apiRoutes(r *web.Router) {
	r.Get(apiPath, billing.PermView, h.getSubscription)
	r.Get(apiPath+"/preview", billing.PermEdit, h.getPreview, web.Sudo, web.Within(slow), web.OwnPace)
	r.Put(apiPath+"/plan", billing.PermEdit, h.putPlan, web.Sudo, web.Within(slow), web.OwnPace)
	r.Put(apiPath+"/details", billing.PermEdit, h.putDetails, web.Sudo, web.Within(slow), web.OwnPace)
	r.Delete(apiPath, billing.PermEdit, h.deleteSubscription, web.Sudo, web.Within(slow), web.OwnPace)
}

func (h *Pages) operatorAPI(r *web.Router) {
	r.Get(apiPayers, billing.PermPayers, h.listPayers)
	r.Post(apiInvoice+"/payment", billing.PermManage, h.postPayment, web.Sudo, web.Within(slow), web.OwnPace)
}

// SubscriptionJSON is a region's subscription.
type SubscriptionJSON struct {
	Plan           string        `json:"plan" jsonschema_description:"What holds now; pilot where nothing was subscribed to."`
	ByProvince     bool          `json:"by_province" jsonschema_description:"The province pays."`
	Status         string        `json:"status" jsonschema:"enum=none,enum=trialing,enum=active,enum=ended"`
	Standing       string        `json:"standing" jsonschema:"enum=good,enum=overdue,enum=restricted,enum=suspended"`
	Warnings       []string      `json:"warnings"`
	Venues         int           `json:"venues"`
	VenuesOfPlan   int           `json:"venues_of_plan" jsonschema_description:"More are warned of, and work."`
	NewVenues      bool          `json:"may_add_venues"`
	Branding       bool          `json:"may_change_branding"`
	Exports        bool          `json:"may_export_to_third_parties"`
	PeriodEnd      string        `json:"period_end,omitempty"`
	TrialEnd       string        `json:"trial_end,omitempty"`
	RestrictedFrom string        `json:"restricted_from,omitempty" jsonschema_description:"From when new things are held back unless what is overdue is paid."`
	NextPlan       string        `json:"next_plan,omitempty"`
	EndsWithPeriod bool          `json:"ends_with_period"`
	Invoices       []InvoiceJSON `json:"invoices"`
}

// InvoiceJSON is an invoice. Amounts are whole rupiah.
type InvoiceJSON struct {
	ID        string   `json:"id"`
	Number    string   `json:"number"`
	Status    string   `json:"status" jsonschema:"enum=draft,enum=open,enum=paid,enum=void,enum=uncollectible"`
	Disputed  bool     `json:"disputed"`
	Subtotal  int64    `json:"subtotal"`
	VAT       int64    `json:"vat"`
	Due       int64    `json:"due" jsonschema_description:"What is paid to us: without the VAT where the payer's treasurer collects it."`
	Issued    string   `json:"issued_at"`
	DueAt     string   `json:"due_at,omitempty"`
	PaidAt    string   `json:"paid_at,omitempty"`
	Documents []string `json:"documents" jsonschema_description:"Addresses of PDFs on this host, for a browser that is signed in."`
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func invoiceJSON(i billing.Invoice) InvoiceJSON {
	out := InvoiceJSON{
		ID: i.ID.String(), Number: i.Number, Status: string(i.Status), Disputed: i.Disputed, Subtotal: i.Subtotal.Whole(), VAT: i.VAT.Whole(),
		Due: i.Due.Whole(), Issued: stamp(i.IssuedAt), DueAt: stamp(i.DueAt), PaidAt: stamp(i.PaidAt),
	}
	for _, k := range i.Available() {
		out.Documents = append(out.Documents, pathInvoice+"/"+i.ID.String()+"/"+string(k)+".pdf")
	}
	return out
}

func (h *Pages) getSubscription(c *web.Ctx) error {
	view, err := h.svc.View(c.Std(), billing.Own(c.Tenant))
	if err != nil {
		return err
	}
	held, err := h.svc.Entitlements(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	n := venues(c.Tenant)
	held = held.Used(n)
	out := SubscriptionJSON{
		Plan: held.Plan, ByProvince: held.Province, Status: string(held.Status), Standing: string(held.Standing), Warnings: []string{}, Venues: n,
		VenuesOfPlan: held.Venues, NewVenues: held.NewVenues, Branding: held.Branding, Exports: held.Exports, PeriodEnd: stamp(view.Account.PeriodEnd),
		TrialEnd: stamp(view.Account.TrialEnd), RestrictedFrom: stamp(held.RestrictedFrom), NextPlan: view.Account.NextPlan,
		EndsWithPeriod: view.Account.CancelAtEnd, Invoices: []InvoiceJSON{},
	}
	for _, w := range held.Warnings {
		out.Warnings = append(out.Warnings, string(w))
	}
	for _, i := range view.Invoices {
		out.Invoices = append(out.Invoices, invoiceJSON(i))
	}
	return c.JSON(200, out)
}

// PreviewJSON is what choosing a plan would do. Amounts are whole rupiah.
type PreviewJSON struct {
	Plan     string     `json:"plan"`
	How      string     `json:"how" jsonschema:"enum=same,enum=start,enum=upgrade,enum=downgrade"`
	At       string     `json:"at" jsonschema_description:"Send it back with the change: the price is then this one, for an hour."`
	From     string     `json:"from" jsonschema_description:"When the change holds."`
	Trial    string     `json:"trial_until,omitempty"`
	Lines    []LineJSON `json:"lines"`
	Subtotal int64      `json:"subtotal"`
	VAT      int64      `json:"vat"`
	Due      int64      `json:"due"`
	Yearly   int64      `json:"yearly" jsonschema_description:"A year from then on, without VAT."`
}

// LineJSON is a line of a preview.
type LineJSON struct {
	Plan   string `json:"plan"`
	Amount int64  `json:"amount"`
	From   string `json:"from"`
	To     string `json:"to"`
}

func (h *Pages) getPreview(c *web.Ctx) error {
	change, err := h.svc.Preview(c.Std(), billing.Own(c.Tenant), c.Query("plan"), 1)
	if err != nil {
		return err
	}
	p := change.Preview
	out := PreviewJSON{
		Plan: change.Plan.Code, How: string(change.How), At: p.At.UTC().Format(time.RFC3339Nano), From: stamp(change.From), Trial: stamp(change.Trial), Lines: []LineJSON{},
		Subtotal: p.Subtotal.Whole(), VAT: p.VAT.Whole(), Due: p.Due.Whole(), Yearly: p.Next.Whole(),
	}
	for _, l := range p.Lines {
		out.Lines = append(out.Lines, LineJSON{l.Plan, l.Amount.Whole(), stamp(l.From), stamp(l.To)})
	}
	return c.JSON(200, out)
}

// PlanChoice is a plan that is chosen.
type PlanChoice struct {
	Plan string `json:"plan" jsonschema_description:"pilot, kabupaten or kota."`
	At   string `json:"at,omitempty" jsonschema_description:"From the preview."`
}

func (h *Pages) putPlan(c *web.Ctx) error {
	var in PlanChoice
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	var at time.Time
	if in.At != "" {
		var err error
		if at, err = time.Parse(time.RFC3339Nano, in.At); err != nil {
			return fault.New(fault.Invalid, "invalid").Field("at", "wrong")
		}
	}
	if err := h.svc.Choose(c.Std(), billing.Own(c.Tenant), c.Actor.String(), in.Plan, 1, at); err != nil {
		return err
	}
	return h.getSubscription(c)
}

// DetailsJSON are the billing details.
type DetailsJSON struct {
	Name          string `json:"name" jsonschema_description:"The institution that pays, as on its documents."`
	Address       string `json:"address"`
	NPWP          string `json:"npwp" jsonschema_description:"16 digits."`
	NITKU         string `json:"nitku" jsonschema_description:"22 digits that begin with the NPWP."`
	Contract      string `json:"contract,omitempty" jsonschema_description:"Number of the contract or SPK."`
	ContractDay   string `json:"contract_day,omitempty" jsonschema_description:"Its day, 2026-11-23."`
	PurchaseOrder string `json:"purchase_order,omitempty"`
	Treasurer     bool   `json:"treasurer" jsonschema_description:"The treasurer collects the VAT."`
	Signatory     string `json:"signatory"`
	Email         string `json:"email"`
}

func (h *Pages) putDetails(c *web.Ctx) error {
	var in DetailsJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	d := billing.Details{
		Name: in.Name, Address: in.Address, NPWP: in.NPWP, NITKU: in.NITKU, Contract: in.Contract, PurchaseOrder: in.PurchaseOrder, Treasurer: in.Treasurer,
		Signatory: in.Signatory, Email: in.Email,
	}
	if in.ContractDay != "" {
		day, err := clock.ParseDay(in.ContractDay)
		if err != nil {
			return fault.New(fault.Invalid, "invalid").Field("contract_day", "wrong")
		}
		d.ContractDay = day
	}
	if err := h.svc.SaveDetails(c.Std(), billing.Own(c.Tenant), c.Actor.String(), d); err != nil {
		return err
	}
	return c.NoContent()
}

func (h *Pages) deleteSubscription(c *web.Ctx) error {
	if err := h.svc.Cancel(c.Std(), billing.Own(c.Tenant), c.Actor.String()); err != nil {
		return err
	}
	return h.getSubscription(c)
}

// PayersJSON is who pays, as who runs the platform sees it. Amounts are whole rupiah.
type PayersJSON struct {
	Payers   []PayerJSON        `json:"payers"`
	Invoices []PayerInvoiceJSON `json:"invoices"`
	Letters  []LetterJSON       `json:"dead_letters"`
}

// PayerJSON is a payer.
type PayerJSON struct {
	Scope    string   `json:"scope"`
	Name     string   `json:"name"`
	Provider string   `json:"provider" jsonschema:"enum=offline,enum=stripe"`
	Plan     string   `json:"plan"`
	Status   string   `json:"status" jsonschema:"enum=none,enum=trialing,enum=active,enum=ended"`
	Owed     int64    `json:"owed"`
	Overdue  bool     `json:"overdue"`
	Regions  []string `json:"regions,omitempty" jsonschema_description:"For which a province pays."`
}

// PayerInvoiceJSON is an invoice with whose it is.
type PayerInvoiceJSON struct {
	Region   string `json:"region" jsonschema_description:"Whose records keep it: a region's code, or id for a province's."`
	ID       string `json:"id"`
	Number   string `json:"number"`
	Payer    string `json:"payer"`
	Status   string `json:"status"`
	Disputed bool   `json:"disputed"`
	Due      int64  `json:"due"`
	DueAt    string `json:"due_at,omitempty"`
}

// LetterJSON is news of the provider's that could not be processed.
type LetterJSON struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Code string `json:"code"`
	At   string `json:"at"`
}

func (h *Pages) listPayers(c *web.Ctx) error {
	o, err := h.svc.Overview(c.Std(), operator(c))
	if err != nil {
		return err
	}
	out := PayersJSON{Payers: []PayerJSON{}, Invoices: []PayerInvoiceJSON{}, Letters: []LetterJSON{}}
	for _, p := range o.Payers {
		out.Payers = append(out.Payers, PayerJSON{p.Scope, p.Name, p.Provider, p.Plan, string(p.Status), p.Owed.Whole(), p.Overdue, p.Regions})
	}
	for _, i := range o.Invoices {
		out.Invoices = append(out.Invoices, PayerInvoiceJSON{i.Code, i.ID.String(), i.Number, i.Payer, string(i.Status), i.Disputed, i.Due.Whole(), stamp(i.DueAt)})
	}
	for _, l := range o.Letters {
		out.Letters = append(out.Letters, LetterJSON{l.ID, l.Kind, l.Code, stamp(l.At)})
	}
	return c.JSON(200, out)
}

// PaymentJSON is a transfer that has arrived.
type PaymentJSON struct {
	Reference string `json:"reference" jsonschema_description:"Of the transfer."`
}

func (h *Pages) postPayment(c *web.Ctx) error {
	id, err := c.ID("id")
	if err != nil {
		return err
	}
	var in PaymentJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	if err := h.svc.MarkPaid(c.Std(), operator(c), c.Param("region"), id, in.Reference); err != nil {
		return err
	}
	return c.NoContent()
}

const recent = "Asks for a sign-in within the last ten minutes: auth.prove otherwise. "

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: apiPath, ID: "getSubscription", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "The region's subscription, what it entitles to, and its invoices", Response: SubscriptionJSON{}, Errors: []string{"403 authz.forbidden"},
	},
	{
		Method: "DELETE", Path: apiPath, ID: "cancelSubscription", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "End the subscription when its period ends", Description: recent, Response: SubscriptionJSON{},
		Errors: []string{"403 auth.prove", "403 authz.forbidden", "409 billing.none", "409 billing.changed", "409 billing.details", "503 billing.provider", "503 billing.unknown"},
	},
	{
		Method: "GET", Path: apiPath + "/preview", ID: "previewPlan", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "What choosing a plan would do and cost", Description: recent,
		Params:   []openapi.Param{{Name: "plan", In: "query", Required: true, Description: "pilot, kabupaten or kota.", Example: "kota"}},
		Response: PreviewJSON{}, Errors: []string{"403 auth.prove", "403 authz.forbidden", "422 invalid", "503 billing.provider"},
	},
	{
		Method: "PUT", Path: apiPath + "/plan", ID: "choosePlan", Tag: "subscription", Auth: openapi.Bearer,
		Summary:     "Choose a plan",
		Description: recent + "A new subscription starts, an upgrade holds at once, a downgrade when the period ends. Sent again, it is done once.",
		Request:     PlanChoice{}, Response: SubscriptionJSON{},
		Errors: []string{"403 auth.prove", "403 authz.forbidden", "409 billing.details", "409 billing.changed", "409 billing.stale", "422 invalid", "503 billing.provider", "503 billing.unknown"},
	},
	{
		Method: "PUT", Path: apiPath + "/details", ID: "setBillingDetails", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "Say who pays, with its tax numbers and contract", Description: recent, Request: DetailsJSON{}, Status: 204,
		Errors: []string{"403 auth.prove", "403 authz.forbidden", "422 invalid", "503 billing.provider", "503 billing.unknown"},
	},
	{
		Method: "GET", Path: apiPayers, ID: "listPayers", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "Who subscribes, what is owed, and news of payments that could not be processed", Description: "On the bare domain, for who runs the platform.",
		Response: PayersJSON{}, Errors: []string{"403 authz.forbidden"},
	},
	{
		Method: "POST", Path: apiInvoice + "/payment", ID: "markInvoicePaid", Tag: "subscription", Auth: openapi.Bearer,
		Summary: "Record that an invoice was paid by transfer", Description: recent + "On the bare domain, for who runs the platform. What is paid for holds at once.",
		Params: []openapi.Param{{Name: "region", In: "path", Description: "Whose records keep the invoice.", Example: "19.01"}}, Request: PaymentJSON{}, Status: 204,
		Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found", "409 billing.not_open", "409 billing.changed", "422 invalid", "503 billing.provider", "503 billing.unknown"},
	},
}
