package billing

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// Events are what the endpoint is told of.
var Events = []string{
	"charge.dispute.closed", "charge.dispute.created", "checkout.session.completed",
	"customer.subscription.created", "customer.subscription.deleted", "customer.subscription.updated",
	"invoice.finalized", "invoice.marked_uncollectible", "invoice.paid", "invoice.payment_failed", "invoice.updated", "invoice.voided",
}

// news is what Stripe has told: what happened, of which customer's. What is so now is asked anew.
type news struct {
	row     eventRow
	matters bool
}

// read checks the signature, which is over the raw body, and reads what is told. Faults: "billing.signature" (400) for
// what was not signed by Stripe, or too long ago, or at another version of the API; "billing.provider" (503).
func (s *StripeProvider) read(ctx context.Context, body []byte, signature string) (news, error) {
	e, err := webhook.ConstructEvent(body, signature, s.opt.Secret)
	if err != nil {
		return news{}, fault.Wrap(err, fault.Malformed, "billing.signature")
	}
	out := news{row: eventRow{ID: e.ID, Kind: string(e.Type), MadeAt: moment(e.Created)}, matters: e.Livemode == s.live && slices.Contains(Events, string(e.Type))}
	if out.row.ID == "" || len(out.row.ID) > 100 || len(out.row.Kind) > 100 || e.Data == nil {
		return news{}, fault.New(fault.Malformed, "billing.signature")
	}
	if !out.matters {
		return out, nil
	}
	var object struct {
		Customer json.RawMessage `json:"customer"`
		Charge   json.RawMessage `json:"charge"`
	}
	if err := json.Unmarshal(e.Data.Raw, &object); err != nil {
		return news{}, fault.Wrap(err, fault.Malformed, "billing.signature")
	}
	out.row.Customer = nameIn(object.Customer)
	if out.row.Customer == "" && strings.HasPrefix(out.row.Kind, "charge.dispute.") { // a dispute says a charge only
		c, err := s.api.Charges.Get(nameIn(object.Charge), &stripe.ChargeParams{Params: reads(ctx)})
		if err != nil {
			return news{}, lost(told(err))
		}
		if c.Customer != nil {
			out.row.Customer = c.Customer.ID
		}
	}
	return out, nil
}

// nameIn is the name of an object that stands as its name or as a whole.
func nameIn(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var whole struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &whole) // neither: no name
	return whole.ID
}

// Receive takes in what Stripe tells: it checks the signature on the raw body, keeps the event by its name, and leaves
// the rest to a job. Told again, it is known. Faults: "billing.signature" (400), "not_found" (404: there is no Stripe
// here), "billing.provider" and "busy" (503), after which Stripe tells it again.
func (s *Service) Receive(ctx context.Context, body []byte, signature string) error {
	p, ok := s.ways[Stripe].(*StripeProvider)
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	n, err := p.read(ctx, body, signature)
	if err != nil {
		return err
	}
	return s.receive(ctx, n.row, n.matters)
}
