package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// The providers.
const (
	Offline = "offline" // our own numbered invoices, paid by transfer
	Stripe  = "stripe"
)

// Provider is who takes the money. It is asked outside of any transaction; what it answers is how things stand then, as
// a whole, and Service applies it. An answer that is not known, because the connection was lost, is ErrUnknown: the same
// is then asked again under the same key.
type Provider interface {
	Name() string
	// Open makes the payer known and gives its name for it, or tells the provider its details anew; "" where payers
	// have none.
	Open(context.Context, Order) (customer string, err error)
	// Start begins a subscription to the order's plan, with a trial where the payer has had none.
	Start(context.Context, Order) (Snapshot, error)
	// Upgrade changes the plan or the quantity now, and invoices the difference for the rest of the period.
	Upgrade(context.Context, Order) (Snapshot, error)
	// Downgrade changes them when the period ends.
	Downgrade(context.Context, Order) (Snapshot, error)
	// Cancel ends the subscription when the period ends.
	Cancel(context.Context, Order) (Snapshot, error)
	// Keep takes back a downgrade or a cancellation that has not happened yet.
	Keep(context.Context, Order) (Snapshot, error)
	// Preview is what Upgrade would invoice at the order's moment.
	Preview(context.Context, Order) (Preview, error)
	// Paid records that an invoice was paid by transfer, with the transfer's reference.
	Paid(context.Context, Order, Invoice) (Snapshot, error)
	// Fetch is how things stand.
	Fetch(context.Context, Order) (Snapshot, error)
	// Checkout and Portal give an address of the provider's own pages; the fault "billing.no_pages" (409) where it
	// has none.
	Checkout(context.Context, Order) (url string, err error)
	Portal(context.Context, Order) (url string, err error)
}

// ErrUnknown is that it is not known whether a provider has done what it was asked.
var ErrUnknown = errors.New("billing: the provider's answer was lost")

// Order is what a provider is asked.
type Order struct {
	Tenant   store.TenantID
	Account  Account
	Invoices []Invoice // the account's, newest first
	Plan     Plan
	Quantity int64
	Now      time.Time
	At       time.Time // of a preview that was shown: the moment for which the difference is worked out; zero: Now
	Purpose  string    // "start:kota:1"
	Back     string    // where the provider's own pages lead back to
	Ref      string    // of a transfer
}

// Key names a write at a provider: the same for the same tenant, purpose and attempt, so that asking twice does it once.
// part tells the writes of one order apart.
func (o Order) Key(part string) string {
	return fmt.Sprintf("pendopo:%s:%s:%s:%s:%d", o.Tenant, o.Account.ID, o.Purpose, part, o.Account.Attempt)
}

// moment is when the difference of a change is worked out.
func (o Order) moment() time.Time {
	if o.At.IsZero() {
		return o.Now
	}
	return o.At
}

// Account is a payer with its subscription.
type Account struct {
	ID           id.ID
	Scope        string // "id/19/19.01" of a region, "id/19" of a province
	Provider     string
	Customer     string
	Subscription string
	Plan         string
	Status       Status
	Quantity     int64
	TrialEnd     time.Time
	PeriodStart  time.Time
	PeriodEnd    time.Time
	NextPlan     string // from the next period on; "": as now
	NextQuantity int64
	CancelAtEnd  bool
	Attempt      int64
	Details      Details
}

// Snapshot is how a subscription stands at a provider.
type Snapshot struct {
	Customer     string
	Subscription string
	Plan         string
	Status       Status
	Quantity     int64
	TrialEnd     time.Time
	PeriodStart  time.Time
	PeriodEnd    time.Time
	NextPlan     string
	NextQuantity int64
	CancelAtEnd  bool
	Invoices     []Invoice // those that are new or may have changed

	local bool // it follows from what was read, and counts only while that is so
}

// snapshot is how the account stood, to be changed.
func (a Account) snapshot() Snapshot {
	return Snapshot{
		Customer: a.Customer, Subscription: a.Subscription, Plan: a.Plan, Status: a.Status, Quantity: a.Quantity, TrialEnd: a.TrialEnd,
		PeriodStart: a.PeriodStart, PeriodEnd: a.PeriodEnd, NextPlan: a.NextPlan, NextQuantity: a.NextQuantity, CancelAtEnd: a.CancelAtEnd,
	}
}

// Invoice is an invoice. Amounts are in sen.
type Invoice struct {
	ID            id.ID
	External      string // the provider's name of it
	Number        string
	Year, No      int64
	Plan          string
	Quantity      int64
	PeriodStart   time.Time
	PeriodEnd     time.Time
	Status        InvoiceStatus
	Disputed      bool
	Subtotal      Sen // without VAT
	VAT           Sen
	Due           Sen // what the payer pays us: with VAT, or without where its treasurer collects it
	Rules         string
	Treasurer     bool
	Buyer         string
	PurchaseOrder string
	Contract      string
	IssuedAt      time.Time
	DueAt         time.Time
	PaidAt        time.Time
	DisputedAt    time.Time
	Reference     string
	TaxNumber     string
	Handover      string // number of the handover's minutes (BAST)
	HandoverDay   clock.Day
	FileURL       string // the provider's own file; "": we make it
}

// owed tells whether the invoice waits to be paid, and since when it should have been.
func (i Invoice) owed() (due time.Time, ok bool) {
	switch {
	case i.Status == Void || i.Status == Draft || i.Due <= 0:
		return time.Time{}, false
	case i.Status == Paid && i.Disputed:
		return i.DisputedAt, true
	case i.Status == Paid:
		return time.Time{}, false
	}
	return i.DueAt, true
}

// Preview is what a change would cost now.
type Preview struct {
	At       time.Time // the moment for which it was worked out; sent back with the change
	Lines    []Line
	Subtotal Sen // may be negative: a credit
	VAT      Sen
	Due      Sen
	Next     Sen       // a year from the next period on, without VAT
	From     time.Time // when the change holds
}

// Line is one line of a preview.
type Line struct {
	Plan     string
	Quantity int64
	Amount   Sen
	From, To time.Time
	Credit   bool // what was paid for and is not used
}

// unpaidDue is the earliest day by which something had to be paid that is not; zero: nothing is owed.
func unpaidDue(invoices []Invoice) (due time.Time, disputed bool) {
	for _, i := range invoices {
		if at, ok := i.owed(); ok && !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
		disputed = disputed || i.Disputed
	}
	return due, disputed
}

// state is what an account entitles to follows from.
func (a Account) state(invoices []Invoice) State {
	s := State{Plan: a.Plan, Status: a.Status, TrialEnd: a.TrialEnd}
	if a.CancelAtEnd {
		s.CancelAt = a.PeriodEnd
	}
	s.UnpaidDue, s.Disputed = unpaidDue(invoices)
	return s
}

// noPages is that a provider has no pages of its own.
func noPages() error { return fault.New(fault.Conflict, "billing.no_pages") }
