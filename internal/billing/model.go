package billing

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
)

// accountRow is who pays, for what, and how that stands. A region has one of its own; the platform has one for each
// province that pays.
type accountRow struct {
	bun.BaseModel `bun:"table:billing_accounts,alias:account"`
	store.Owned
	ID            id.ID     `bun:"id,pk"`
	Scope         string    `bun:"scope"`
	Provider      string    `bun:"provider"`
	Customer      string    `bun:"customer"`
	Subscription  string    `bun:"subscription"`
	Plan          string    `bun:"plan"`
	Status        Status    `bun:"status"`
	Quantity      int64     `bun:"quantity"`
	TrialEnd      time.Time `bun:"trial_end,nullzero"`
	PeriodStart   time.Time `bun:"period_start,nullzero"`
	PeriodEnd     time.Time `bun:"period_end,nullzero"`
	NextPlan      string    `bun:"next_plan"`
	NextQuantity  int64     `bun:"next_quantity"`
	CancelAtEnd   bool      `bun:"cancel_at_end"`
	Begun         int64     `bun:"begun"`
	Applied       int64     `bun:"applied"`
	Attempt       int64     `bun:"attempt"`
	Name          string    `bun:"name"`
	Address       string    `bun:"address"`
	NPWP          string    `bun:"npwp"`
	NITKU         string    `bun:"nitku"`
	Contract      string    `bun:"contract"`
	ContractDay   clock.Day `bun:"contract_day,nullzero"`
	PurchaseOrder string    `bun:"purchase_order"`
	Treasurer     bool      `bun:"treasurer"`
	Signatory     seal.Box  `bun:"signatory"`
	Email         seal.Box  `bun:"email"`
	CreatedAt     time.Time `bun:"created_at"`
	UpdatedAt     time.Time `bun:"updated_at"`
}

// The sealed fields of this package's tables.
var (
	accountSignatory = seal.Declare[accountRow]("signatory")
	accountEmail     = seal.Declare[accountRow]("email")
)

// InvoiceStatus is how an invoice stands.
type InvoiceStatus string

// The states of an invoice.
const (
	Draft         InvoiceStatus = "draft"
	Open          InvoiceStatus = "open"
	Paid          InvoiceStatus = "paid"
	Void          InvoiceStatus = "void"
	Uncollectible InvoiceStatus = "uncollectible"
)

// invoiceRow is an invoice as it was issued: what it says of the payer stays as it was then.
type invoiceRow struct {
	bun.BaseModel `bun:"table:billing_invoices,alias:invoice"`
	store.Owned
	ID            id.ID         `bun:"id,pk"`
	AccountID     id.ID         `bun:"account_id"`
	External      string        `bun:"external"`
	Number        string        `bun:"number"`
	Year          int64         `bun:"year"`
	No            int64         `bun:"no"`
	Plan          string        `bun:"plan"`
	Quantity      int64         `bun:"quantity"`
	PeriodStart   time.Time     `bun:"period_start,nullzero"`
	PeriodEnd     time.Time     `bun:"period_end,nullzero"`
	Status        InvoiceStatus `bun:"status"`
	Disputed      bool          `bun:"disputed"`
	Subtotal      int64         `bun:"subtotal"`
	VAT           int64         `bun:"vat"`
	Due           int64         `bun:"due"`
	Rules         string        `bun:"rules"`
	Treasurer     bool          `bun:"treasurer"`
	Buyer         string        `bun:"buyer"`
	PurchaseOrder string        `bun:"purchase_order"`
	Contract      string        `bun:"contract"`
	IssuedAt      time.Time     `bun:"issued_at"`
	DueAt         time.Time     `bun:"due_at,nullzero"`
	PaidAt        time.Time     `bun:"paid_at,nullzero"`
	DisputedAt    time.Time     `bun:"disputed_at,nullzero"`
	Reference     string        `bun:"reference"`
	TaxNumber     string        `bun:"tax_number"`
	Handover      string        `bun:"handover"`
	HandoverDay   clock.Day     `bun:"handover_day,nullzero"`
	FileURL       string        `bun:"file_url"`
}

// yearRow and numberRow are the run of our own invoices' numbers.
type yearRow struct {
	bun.BaseModel `bun:"table:billing_years,alias:year"`
	store.Shared
	Year int64 `bun:"year,pk"`
	N    int64 `bun:"n"`
}

type numberRow struct {
	bun.BaseModel `bun:"table:billing_numbers,alias:number"`
	store.Shared
	Year       int64  `bun:"year,pk"`
	N          int64  `bun:"n,pk"`
	Prev       int64  `bun:"prev,nullzero"`
	RegionCode string `bun:"region_code"`
	InvoiceID  id.ID  `bun:"invoice_id"`
}

// payerRow is an account as the control plane knows it: whose it is, by the customer that webhooks name.
type payerRow struct {
	bun.BaseModel `bun:"table:billing_payers,alias:payer"`
	store.Shared
	AccountID  id.ID     `bun:"account_id,pk"`
	RegionCode string    `bun:"region_code"`
	Scope      string    `bun:"scope"`
	Provider   string    `bun:"provider"`
	Customer   string    `bun:"customer,nullzero"`
	Plan       string    `bun:"plan"`
	Status     Status    `bun:"status"`
	ChangedAt  time.Time `bun:"changed_at"`
}

// coverageRow is a region for which its province pays, and how that stands.
type coverageRow struct {
	bun.BaseModel `bun:"table:billing_coverage,alias:coverage"`
	store.Shared
	RegionCode   string    `bun:"region_code,pk"`
	AccountID    id.ID     `bun:"account_id"`
	Plan         string    `bun:"plan"`
	Status       Status    `bun:"status"`
	OverdueSince time.Time `bun:"overdue_since,nullzero"`
	ChangedAt    time.Time `bun:"changed_at"`
}

// eventRow is something that Stripe has told, by Stripe's own name of it.
type eventRow struct {
	bun.BaseModel `bun:"table:billing_events,alias:event"`
	store.Shared
	ID         string    `bun:"id,pk"`
	Kind       string    `bun:"kind"`
	Customer   string    `bun:"customer"`
	RegionCode string    `bun:"region_code"`
	State      string    `bun:"state"`
	Code       string    `bun:"code"`
	Tries      int64     `bun:"tries"`
	MadeAt     time.Time `bun:"made_at"`
	ReceivedAt time.Time `bun:"received_at"`
	DoneAt     time.Time `bun:"done_at,nullzero"`
}

// Models are this package's tables.
var Models = store.Models{
	(*accountRow)(nil), (*invoiceRow)(nil),
	(*yearRow)(nil), (*numberRow)(nil), (*payerRow)(nil), (*coverageRow)(nil), (*eventRow)(nil),
}

// null is a time for a statement: a zero one is none.
func null(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
