package billing

import (
	"context"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v76"
)

// running tells whether a subscription is one that goes on, paid or not.
func running(s *stripe.Subscription) bool {
	switch s.Status {
	case stripe.SubscriptionStatusTrialing, stripe.SubscriptionStatusActive, stripe.SubscriptionStatusPastDue, stripe.SubscriptionStatusUnpaid, stripe.SubscriptionStatusPaused:
		return true
	}
	return false
}

// subscription is the customer's: the one that runs, else the one that was begun last; nil: there is none.
func (s *StripeProvider) subscription(ctx context.Context, customer string) (best *stripe.Subscription, err error) {
	p := &stripe.SubscriptionListParams{ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}, Customer: stripe.String(customer), Status: stripe.String("all")}
	p.AddExpand("data.schedule")
	list := s.api.Subscriptions.List(p)
	for list.Next() {
		sub := list.Subscription()
		switch {
		case best == nil, running(sub) && !running(best), running(sub) == running(best) && sub.Created > best.Created:
			best = sub
		}
	}
	return best, told(list.Err())
}

// planOf is the plan whose price it is; "" of a price that is not ours.
func planOf(p *stripe.Price) string {
	if p == nil {
		return ""
	}
	if code := p.Metadata["plan"]; code != "" {
		return code
	}
	if rest, ok := strings.CutPrefix(p.LookupKey, "pendopo-"); ok {
		code, _, _ := strings.Cut(rest, "-")
		return code
	}
	return ""
}

// Fetch implements Provider: the subscription and all invoices, as they are now.
func (s *StripeProvider) Fetch(ctx context.Context, o Order) (Snapshot, error) {
	out := o.Account.snapshot()
	if out.Customer == "" {
		return out, nil
	}
	sub, err := s.subscription(ctx, out.Customer)
	if err != nil {
		return Snapshot{}, err
	}
	if sub != nil {
		out.take(sub)
	}
	out.Invoices, err = s.invoices(ctx, o)
	return out, err
}

// take reads a subscription.
func (out *Snapshot) take(sub *stripe.Subscription) {
	out.Subscription, out.CancelAtEnd, out.NextPlan, out.NextQuantity = sub.ID, sub.CancelAtPeriodEnd, "", 0
	out.PeriodStart, out.PeriodEnd = moment(sub.CurrentPeriodStart), moment(sub.CurrentPeriodEnd)
	if sub.TrialEnd > 0 {
		out.TrialEnd = moment(sub.TrialEnd)
	}
	switch {
	case sub.Status == stripe.SubscriptionStatusTrialing:
		out.Status = Trialing
	case running(sub):
		out.Status = Active
	case sub.Status == stripe.SubscriptionStatusIncomplete, sub.Status == stripe.SubscriptionStatusIncompleteExpired:
		out.Status = None // the first payment was not made: nothing has begun
	default:
		out.Status, out.CancelAtEnd = Ended, false
	}
	if sub.Items != nil && len(sub.Items.Data) > 0 {
		item := sub.Items.Data[0]
		if code := planOf(item.Price); code != "" {
			out.Plan = code
		}
		out.Quantity = item.Quantity
	}
	if sub.Schedule != nil && running(sub) {
		if next := sub.Schedule.Metadata["next_plan"]; next != "" {
			n, _ := strconv.ParseInt(sub.Schedule.Metadata["next_quantity"], 10, 64)
			if next != out.Plan || n != out.Quantity { // else it has happened
				out.NextPlan, out.NextQuantity = next, n
			}
		}
	}
}

// invoices are all of a customer's that are more than drafts and about more than nothing.
func (s *StripeProvider) invoices(ctx context.Context, o Order) (out []Invoice, err error) {
	known := map[string]Invoice{}
	for _, i := range o.Invoices {
		known[i.External] = i
	}
	p := &stripe.InvoiceListParams{ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}, Customer: stripe.String(o.Account.Customer)}
	p.AddExpand("data.charge")
	list := s.api.Invoices.List(p)
	for list.Next() {
		inv := list.Invoice()
		if inv.Status == stripe.InvoiceStatusDraft || inv.Total == 0 && inv.Subtotal == 0 {
			continue
		}
		i := invoiceOf(inv, o.Account)
		if was, ok := known[inv.ID]; ok { // what was invoiced stays as it was, whatever the payer's details are now
			i.ID, i.Rules, i.Treasurer = was.ID, was.Rules, was.Treasurer
			if inv.Tax == 0 {
				i.VAT = was.VAT
			}
		}
		if inv.Charge != nil && inv.Charge.Disputed {
			if err := s.dispute(ctx, inv.Charge.ID, &i); err != nil {
				return nil, err
			}
		}
		out = append(out, i)
	}
	return out, told(list.Err())
}

// dispute tells whether an invoice's charge is disputed still: one that was won is not, and one that was lost is owed.
func (s *StripeProvider) dispute(ctx context.Context, charge string, i *Invoice) error {
	list := s.api.Disputes.List(&stripe.DisputeListParams{ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(10)}, Charge: stripe.String(charge)})
	for list.Next() {
		switch d := list.Dispute(); d.Status {
		case stripe.DisputeStatusWon, stripe.DisputeStatusWarningClosed:
		default:
			if at := moment(d.Created); !i.Disputed || at.Before(i.DisputedAt) {
				i.Disputed, i.DisputedAt = true, at
			}
		}
	}
	return told(list.Err())
}

// invoiceOf reads an invoice of Stripe's.
func invoiceOf(inv *stripe.Invoice, a Account) Invoice {
	i := Invoice{
		External: inv.ID, Number: inv.Number, Status: InvoiceStatus(inv.Status), Subtotal: Sen(inv.Subtotal), VAT: Sen(inv.Tax), Due: Sen(inv.Total),
		Buyer: inv.CustomerName, IssuedAt: moment(inv.Created), DueAt: moment(inv.DueDate), Reference: inv.Metadata["reference"], FileURL: inv.InvoicePDF,
	}
	if inv.StatusTransitions != nil {
		i.PaidAt = moment(inv.StatusTransitions.PaidAt)
		if at := inv.StatusTransitions.FinalizedAt; at > 0 {
			i.IssuedAt = moment(at)
		}
	}
	if i.DueAt.IsZero() { // charged by itself: due when it is issued
		i.DueAt = i.IssuedAt
	}
	r := RulesAt(i.IssuedAt)
	i.Rules = r.Version
	if inv.Tax == 0 && a.Details.Treasurer {
		_, i.VAT = r.VAT(i.Subtotal)
		i.Treasurer = true
	}
	for _, f := range inv.CustomFields {
		switch f.Name {
		case fieldContract:
			i.Contract = f.Value
		case fieldOrder:
			i.PurchaseOrder = f.Value
		}
	}
	if inv.Lines != nil {
		for _, l := range inv.Lines.Data {
			if l.Amount < 0 || planOf(l.Price) == "" {
				continue
			}
			i.Plan, i.Quantity = planOf(l.Price), l.Quantity
			if l.Period != nil {
				i.PeriodStart, i.PeriodEnd = moment(l.Period.Start), moment(l.Period.End)
			}
		}
	}
	return i
}
