package billing

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
)

// offline is the provider without anybody else: we issue the invoices ourselves, numbered in one run without gaps, and
// who runs the platform marks them as paid when the transfer has arrived. What it answers follows from the order alone;
// numbers are given where the answer is applied.
type offline struct{}

// NewOffline makes the provider that works without a key.
func NewOffline() Provider { return offline{} }

// ours is how the account stood, to be changed by an answer that follows from what was read.
func ours(o Order) Snapshot {
	s := o.Account.snapshot()
	s.local = true
	return s
}

func (offline) Name() string { return Offline }

func (offline) Open(context.Context, Order) (string, error) { return "", nil }

func (offline) Checkout(context.Context, Order) (string, error) { return "", noPages() }

func (offline) Portal(context.Context, Order) (string, error) { return "", noPages() }

// Start begins with a trial, once, and with a first invoice after it. A plan without a price needs neither.
func (offline) Start(_ context.Context, o Order) (Snapshot, error) {
	s := ours(o)
	s.Plan, s.Quantity, s.NextPlan, s.NextQuantity, s.CancelAtEnd = o.Plan.Code, o.Quantity, "", 0, false
	switch {
	case o.Plan.Yearly > 0 && o.Account.TrialEnd.IsZero():
		s.Status, s.TrialEnd = Trialing, o.Now.AddDate(0, 0, terms.TrialDays)
		s.PeriodStart, s.PeriodEnd = o.Now, s.TrialEnd
	default:
		s.Status = Active
		s.PeriodStart, s.PeriodEnd = o.Now, o.Now.AddDate(1, 0, 0)
		s.bill(o, o.Plan, o.Quantity, o.Plan.Price(o.Quantity), o.Now)
	}
	return s, nil
}

// bill adds an invoice, issued now, for the period that begins at a moment; of nothing there is none.
func (s *Snapshot) bill(o Order, p Plan, quantity int64, price Sen, at time.Time) {
	if price <= 0 {
		return
	}
	r, d := RulesAt(o.Now), o.Account.Details
	_, vat := r.VAT(price)
	i := Invoice{
		ID: id.New(), Plan: p.Code, Quantity: quantity, PeriodStart: at, PeriodEnd: s.PeriodEnd, Status: Open, Subtotal: price, VAT: vat,
		Rules: r.Version, Treasurer: r.Collected(price, vat, d.Treasurer), Buyer: d.Name, PurchaseOrder: d.PurchaseOrder, Contract: d.Contract,
		IssuedAt: o.Now, DueAt: o.Now.AddDate(0, 0, terms.DueDays),
	}
	i.External = i.ID.String()
	if i.Due = price + vat; i.Treasurer {
		i.Due = price
	}
	s.Invoices = append(s.Invoices, i)
}

// difference is what a change costs for the rest of the period: what the new plan costs, less what is left of the old.
func difference(o Order) (Preview, error) {
	a := o.Account
	old, ok := PlanOf(a.Plan)
	if !ok {
		return Preview{}, fault.New(fault.Conflict, "billing.changed")
	}
	at := o.moment()
	out := Preview{At: at, From: at, Next: o.Plan.Price(o.Quantity)}
	if a.Status != Active || !at.Before(a.PeriodEnd) { // a trial costs nothing, so nothing is left of it
		return out, nil
	}
	left, whole := int64(a.PeriodEnd.Sub(at)/time.Second), int64(a.PeriodEnd.Sub(a.PeriodStart)/time.Second)
	left = min(left, whole)
	credit, charge := -old.Price(a.Quantity).share(left, whole), o.Plan.Price(o.Quantity).share(left, whole)
	out.Lines = []Line{
		{Plan: old.Code, Quantity: a.Quantity, Amount: credit, From: at, To: a.PeriodEnd, Credit: true},
		{Plan: o.Plan.Code, Quantity: o.Quantity, Amount: charge, From: at, To: a.PeriodEnd},
	}
	out.Subtotal = credit + charge
	if out.Subtotal <= 0 {
		return out, nil
	}
	r := RulesAt(at)
	_, out.VAT = r.VAT(out.Subtotal)
	if out.Due = out.Subtotal + out.VAT; r.Collected(out.Subtotal, out.VAT, a.Details.Treasurer) {
		out.Due = out.Subtotal
	}
	return out, nil
}

func (offline) Preview(_ context.Context, o Order) (Preview, error) { return difference(o) }

func (offline) Upgrade(_ context.Context, o Order) (Snapshot, error) {
	p, err := difference(o)
	if err != nil {
		return Snapshot{}, err
	}
	s := ours(o)
	s.Plan, s.Quantity, s.NextPlan, s.NextQuantity, s.CancelAtEnd = o.Plan.Code, o.Quantity, "", 0, false
	if o.Account.Status == Active && s.PeriodEnd.IsZero() { // from a plan that has no end
		s.PeriodStart, s.PeriodEnd = o.Now, o.Now.AddDate(1, 0, 0)
	}
	s.bill(o, o.Plan, o.Quantity, p.Subtotal, o.Now)
	return s, nil
}

func (offline) Downgrade(_ context.Context, o Order) (Snapshot, error) {
	s := ours(o)
	s.NextPlan, s.NextQuantity, s.CancelAtEnd = o.Plan.Code, o.Quantity, false
	if s.Status == Trialing { // nothing has been invoiced
		s.Plan, s.Quantity, s.NextPlan, s.NextQuantity = o.Plan.Code, o.Quantity, "", 0
	}
	return s, nil
}

func (offline) Cancel(_ context.Context, o Order) (Snapshot, error) {
	s := ours(o)
	s.CancelAtEnd, s.NextPlan, s.NextQuantity = true, "", 0
	return s, nil
}

func (offline) Keep(_ context.Context, o Order) (Snapshot, error) {
	s := ours(o)
	s.CancelAtEnd, s.NextPlan, s.NextQuantity = false, "", 0
	return s, nil
}

// Paid marks an invoice. The fault is "billing.not_open" (409) for one that does not wait to be paid.
func (offline) Paid(_ context.Context, o Order, i Invoice) (Snapshot, error) {
	if i.Status != Open && i.Status != Uncollectible {
		return Snapshot{}, fault.New(fault.Conflict, "billing.not_open")
	}
	s := ours(o)
	i.Status, i.PaidAt, i.Reference = Paid, o.Now, o.Ref
	s.Invoices = []Invoice{i}
	return s, nil
}

// Fetch goes on from the period that has ended to the one that has begun: with what was to change then, and an invoice
// for it. A service that stood still for years catches up, year by year.
func (offline) Fetch(_ context.Context, o Order) (Snapshot, error) {
	s := ours(o)
	for (s.Status == Active || s.Status == Trialing) && !s.PeriodEnd.IsZero() && !o.Now.Before(s.PeriodEnd) {
		if s.CancelAtEnd {
			s.Status, s.CancelAtEnd, s.NextPlan, s.NextQuantity = Ended, false, "", 0
			break
		}
		if s.NextPlan != "" {
			s.Plan, s.Quantity, s.NextPlan, s.NextQuantity = s.NextPlan, s.NextQuantity, "", 0
		}
		p, ok := PlanOf(s.Plan)
		if !ok {
			return Snapshot{}, fault.New(fault.Conflict, "billing.changed")
		}
		at := s.PeriodEnd
		s.Status, s.PeriodStart, s.PeriodEnd = Active, at, at.AddDate(1, 0, 0)
		s.bill(o, p, s.Quantity, p.Price(s.Quantity), at)
	}
	return s, nil
}
