package billing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// StripeOptions say how Stripe is reached.
type StripeOptions struct {
	Key    string // sk_... or rk_...
	Secret string // whsec_...: checks what Stripe tells
	URL    string // of the API; "" is Stripe's own
	HTTP   *http.Client
	// Quick makes a lost connection be told at once instead of trying again twice.
	Quick bool
}

// StripeProvider takes money through Stripe, at API version 2023-10-16. The key belongs to its client, never to the
// process. Each write has an idempotency key of tenant, purpose and attempt.
type StripeProvider struct {
	api  *client.API
	opt  StripeOptions
	live bool
}

// patience bounds one call.
const patience = 20 * time.Second

// NewStripe makes the provider.
func NewStripe(opt StripeOptions) *StripeProvider {
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Timeout: patience}
	}
	cfg := &stripe.BackendConfig{
		HTTPClient: opt.HTTP, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, // what it would log is personal
		EnableTelemetry: stripe.Bool(false), MaxNetworkRetries: stripe.Int64(2),
	}
	if opt.Quick {
		cfg.MaxNetworkRetries = stripe.Int64(0)
	}
	if opt.URL != "" {
		cfg.URL = stripe.String(opt.URL)
	}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, cfg)
	api := client.New(opt.Key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
	return &StripeProvider{api: api, opt: opt, live: strings.Contains(opt.Key, "_live_")}
}

// Name implements Provider.
func (*StripeProvider) Name() string { return Stripe }

// reads are the parameters of a call that changes nothing.
func reads(ctx context.Context) stripe.Params { return stripe.Params{Context: ctx} }

// writes are those of one that does.
func writes(ctx context.Context, key string) stripe.Params {
	return stripe.Params{Context: ctx, IdempotencyKey: stripe.String(key)}
}

// told puts an error of Stripe's into ours: ErrUnknown where it may have been done, or may be later; else a fault.
func told(err error) error {
	if err == nil {
		return nil
	}
	var e *stripe.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	// The message may repeat what was sent; the code and the request's name do not.
	short := fmt.Errorf("stripe: %d %s %s, request %s", e.HTTPStatusCode, e.Type, e.Code, e.RequestID)
	switch {
	case e.HTTPStatusCode == http.StatusUnauthorized || e.HTTPStatusCode == http.StatusForbidden:
		return fault.Wrap(short, fault.Unavailable, "billing.provider").Retry(15 * time.Minute)
	case e.HTTPStatusCode >= 500 || e.HTTPStatusCode == http.StatusConflict || e.HTTPStatusCode == http.StatusTooManyRequests || e.HTTPStatusCode == 0:
		return fmt.Errorf("%w: %w", ErrUnknown, short)
	}
	return fault.Wrap(short, fault.Conflict, "billing.declined")
}

// lookupKey names a plan's price at Stripe; a price that changes is another.
func lookupKey(p Plan) string { return "pendopo-" + p.Code + "-" + terms.Version }

// price finds or makes a plan's price. Made twice at once it is made once: by its idempotency key, and by its lookup key.
func (s *StripeProvider) price(ctx context.Context, p Plan) (string, error) {
	key := lookupKey(p)
	list := s.api.Prices.List(&stripe.PriceListParams{
		ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(1)}, LookupKeys: stripe.StringSlice([]string{key}), Active: stripe.Bool(true),
	})
	if list.Next() {
		return list.Price().ID, nil
	}
	if err := list.Err(); err != nil {
		return "", told(err)
	}
	product := "pendopo-" + p.Code
	_, err := s.api.Products.New(&stripe.ProductParams{Params: writes(ctx, "pendopo:product:"+p.Code), ID: stripe.String(product), Name: stripe.String("Pendopo " + p.Name.ID)})
	var e *stripe.Error
	if err != nil && !(errors.As(err, &e) && e.Code == stripe.ErrorCodeResourceAlreadyExists) {
		return "", told(err)
	}
	made, err := s.api.Prices.New(&stripe.PriceParams{
		Params: writes(ctx, "pendopo:price:"+key), Product: stripe.String(product), LookupKey: stripe.String(key), Currency: stripe.String(string(stripe.CurrencyIDR)),
		UnitAmount: stripe.Int64(int64(Rupiah(p.Yearly))), // in sen: Stripe counts rupiah with two decimals
		Recurring:  &stripe.PriceRecurringParams{Interval: stripe.String(string(stripe.PriceRecurringIntervalYear))},
		Metadata:   map[string]string{"plan": p.Code, "version": terms.Version},
	})
	if err != nil {
		return "", told(err)
	}
	return made.ID, nil
}

// taxRate finds or makes the rate of VAT of today's rules. A payer whose treasurer collects the VAT has none.
func (s *StripeProvider) taxRate(ctx context.Context, o Order) ([]*string, error) {
	r := RulesAt(o.Now)
	if o.Account.Details.Treasurer {
		return nil, nil
	}
	list := s.api.TaxRates.List(&stripe.TaxRateListParams{ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}, Active: stripe.Bool(true)})
	for list.Next() {
		if t := list.TaxRate(); t.Metadata["pendopo_rules"] == r.Version {
			return []*string{stripe.String(t.ID)}, nil
		}
	}
	if err := list.Err(); err != nil {
		return nil, told(err)
	}
	made, err := s.api.TaxRates.New(&stripe.TaxRateParams{
		Params: writes(ctx, "pendopo:tax:"+r.Version), DisplayName: stripe.String("PPN"), Country: stripe.String("ID"), Inclusive: stripe.Bool(false),
		Percentage: stripe.Float64(float64(r.VATPercent*r.BaseOf) / float64(r.BaseIn)), // 12 % of 11/12 of the price
		Metadata:   map[string]string{"pendopo_rules": r.Version},
	})
	if err != nil {
		return nil, told(err)
	}
	return []*string{stripe.String(made.ID)}, nil
}

// Open makes the payer a customer, or tells Stripe its details anew.
func (s *StripeProvider) Open(ctx context.Context, o Order) (string, error) {
	d := o.Account.Details
	p := &stripe.CustomerParams{
		Name: stripe.String(d.Name), Email: stripe.String(d.Email), Address: &stripe.AddressParams{Line1: stripe.String(d.Address), Country: stripe.String("ID")},
		PreferredLocales: stripe.StringSlice([]string{"id"}), Metadata: map[string]string{"account": o.Account.ID.String(), "scope": o.Account.Scope},
		InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{CustomFields: customFields(d)},
	}
	if o.Account.Customer != "" {
		p.Params = writes(ctx, o.Key("customer-update"))
		c, err := s.api.Customers.Update(o.Account.Customer, p)
		if err != nil {
			return "", told(err)
		}
		return c.ID, nil
	}
	p.Params = writes(ctx, o.Key("customer"))
	c, err := s.api.Customers.New(p)
	if err != nil {
		return "", told(err)
	}
	return c.ID, nil
}

// customFields stand on every invoice: at most four.
func customFields(d Details) (out []*stripe.CustomerInvoiceSettingsCustomFieldParams) {
	for _, f := range [][2]string{{"NPWP", d.NPWP}, {"NITKU", d.NITKU}, {fieldContract, d.Contract}, {fieldOrder, d.PurchaseOrder}} {
		if f[1] != "" {
			out = append(out, &stripe.CustomerInvoiceSettingsCustomFieldParams{Name: stripe.String(f[0]), Value: stripe.String(f[1])})
		}
	}
	return out
}

const (
	fieldContract = "Kontrak/SPK"
	fieldOrder    = "Nomor pesanan"
)

// Start begins a subscription that is invoiced, with days to pay; one that runs already is left as it is.
func (s *StripeProvider) Start(ctx context.Context, o Order) (Snapshot, error) {
	have, err := s.subscription(ctx, o.Account.Customer)
	if err != nil {
		return Snapshot{}, err
	}
	if have != nil && running(have) {
		return s.Fetch(ctx, o)
	}
	price, err := s.price(ctx, o.Plan)
	if err != nil {
		return Snapshot{}, err
	}
	tax, err := s.taxRate(ctx, o)
	if err != nil {
		return Snapshot{}, err
	}
	p := &stripe.SubscriptionParams{
		Params: writes(ctx, o.Key("subscription")), Customer: stripe.String(o.Account.Customer),
		Items:            []*stripe.SubscriptionItemsParams{{Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
		CollectionMethod: stripe.String(string(stripe.SubscriptionCollectionMethodSendInvoice)), DaysUntilDue: stripe.Int64(int64(terms.DueDays)),
		DefaultTaxRates: tax, Metadata: map[string]string{"account": o.Account.ID.String()},
	}
	if o.Account.TrialEnd.IsZero() {
		p.TrialPeriodDays = stripe.Int64(int64(terms.TrialDays))
	}
	if _, err := s.api.Subscriptions.New(p); err != nil {
		return Snapshot{}, told(err)
	}
	return s.Fetch(ctx, o)
}

// now gives the subscription that runs. The fault is "billing.none" where none does.
func (s *StripeProvider) now(ctx context.Context, o Order) (*stripe.Subscription, error) {
	sub, err := s.subscription(ctx, o.Account.Customer)
	if err == nil && (sub == nil || !running(sub) || len(sub.Items.Data) == 0) {
		err = fault.New(fault.Conflict, "billing.none")
	}
	return sub, err
}

// release frees a subscription of the schedule by which it would change later.
func (s *StripeProvider) release(ctx context.Context, o Order, sub *stripe.Subscription) error {
	if sub.Schedule == nil {
		return nil
	}
	_, err := s.api.SubscriptionSchedules.Release(sub.Schedule.ID, &stripe.SubscriptionScheduleReleaseParams{Params: writes(ctx, o.Key("release"))})
	return told(err)
}

// Upgrade implements Provider. The difference is invoiced at once.
func (s *StripeProvider) Upgrade(ctx context.Context, o Order) (Snapshot, error) {
	sub, err := s.now(ctx, o)
	if err != nil {
		return Snapshot{}, err
	}
	price, err := s.price(ctx, o.Plan)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.release(ctx, o, sub); err != nil {
		return Snapshot{}, err
	}
	p := &stripe.SubscriptionParams{
		Params: writes(ctx, o.Key("upgrade")), CancelAtPeriodEnd: stripe.Bool(false), ProrationBehavior: stripe.String("always_invoice"),
		Items: []*stripe.SubscriptionItemsParams{{ID: stripe.String(sub.Items.Data[0].ID), Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
	}
	if !o.At.IsZero() {
		p.ProrationDate = stripe.Int64(o.At.Unix()) // what was shown is what is invoiced
	}
	if _, err := s.api.Subscriptions.Update(sub.ID, p); err != nil {
		return Snapshot{}, told(err)
	}
	return s.Fetch(ctx, o)
}

// Downgrade implements Provider: by a schedule of two phases, this period as it is and then the plan that was chosen. A
// trial, of which nothing was paid, changes at once.
func (s *StripeProvider) Downgrade(ctx context.Context, o Order) (Snapshot, error) {
	sub, err := s.now(ctx, o)
	if err != nil {
		return Snapshot{}, err
	}
	if o.Plan.Yearly == 0 { // what costs nothing needs no subscription there
		return s.Cancel(ctx, o)
	}
	price, err := s.price(ctx, o.Plan)
	if err != nil {
		return Snapshot{}, err
	}
	item := sub.Items.Data[0]
	if sub.Status == stripe.SubscriptionStatusTrialing {
		_, err := s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{
			Params: writes(ctx, o.Key("trial")), ProrationBehavior: stripe.String("none"),
			Items: []*stripe.SubscriptionItemsParams{{ID: stripe.String(item.ID), Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
		})
		if err != nil {
			return Snapshot{}, told(err)
		}
		return s.Fetch(ctx, o)
	}
	var schedule string
	if sub.Schedule != nil {
		schedule = sub.Schedule.ID
	} else {
		made, err := s.api.SubscriptionSchedules.New(&stripe.SubscriptionScheduleParams{Params: writes(ctx, o.Key("schedule")), FromSubscription: stripe.String(sub.ID)})
		if err != nil {
			return Snapshot{}, told(err)
		}
		schedule = made.ID
	}
	_, err = s.api.SubscriptionSchedules.Update(schedule, &stripe.SubscriptionScheduleParams{
		Params: writes(ctx, o.Key("phases")), EndBehavior: stripe.String("release"), ProrationBehavior: stripe.String("none"),
		Metadata: map[string]string{"next_plan": o.Plan.Code, "next_quantity": strconv.FormatInt(o.Quantity, 10)},
		Phases: []*stripe.SubscriptionSchedulePhaseParams{
			{
				StartDate: stripe.Int64(sub.CurrentPeriodStart), EndDate: stripe.Int64(sub.CurrentPeriodEnd),
				Items: []*stripe.SubscriptionSchedulePhaseItemParams{{Price: stripe.String(item.Price.ID), Quantity: stripe.Int64(item.Quantity)}},
			},
			{
				Iterations: stripe.Int64(1), ProrationBehavior: stripe.String("none"),
				Items: []*stripe.SubscriptionSchedulePhaseItemParams{{Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
			},
		},
	})
	if err != nil {
		return Snapshot{}, told(err)
	}
	return s.Fetch(ctx, o)
}

// Cancel implements Provider.
func (s *StripeProvider) Cancel(ctx context.Context, o Order) (Snapshot, error) {
	return s.ending(ctx, o, true)
}

// Keep implements Provider.
func (s *StripeProvider) Keep(ctx context.Context, o Order) (Snapshot, error) {
	return s.ending(ctx, o, false)
}

func (s *StripeProvider) ending(ctx context.Context, o Order, ends bool) (Snapshot, error) {
	sub, err := s.now(ctx, o)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.release(ctx, o, sub); err != nil {
		return Snapshot{}, err
	}
	if sub.CancelAtPeriodEnd != ends {
		_, err := s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Params: writes(ctx, o.Key("ending")), CancelAtPeriodEnd: stripe.Bool(ends)})
		if err != nil {
			return Snapshot{}, told(err)
		}
	}
	return s.Fetch(ctx, o)
}

// Preview implements Provider.
func (s *StripeProvider) Preview(ctx context.Context, o Order) (Preview, error) {
	sub, err := s.now(ctx, o)
	if err != nil {
		return Preview{}, err
	}
	at := o.moment().Truncate(time.Second)
	out := Preview{At: at, From: at, Next: o.Plan.Price(o.Quantity)}
	if sub.Status == stripe.SubscriptionStatusTrialing {
		return out, nil
	}
	price, err := s.price(ctx, o.Plan)
	if err != nil {
		return Preview{}, err
	}
	inv, err := s.api.Invoices.Upcoming(&stripe.InvoiceUpcomingParams{
		Params: reads(ctx), Customer: stripe.String(o.Account.Customer), Subscription: stripe.String(sub.ID),
		SubscriptionItems:             []*stripe.SubscriptionItemsParams{{ID: stripe.String(sub.Items.Data[0].ID), Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
		SubscriptionProrationBehavior: stripe.String("always_invoice"), SubscriptionProrationDate: stripe.Int64(at.Unix()),
	})
	if err != nil {
		return Preview{}, told(err)
	}
	out.Subtotal, out.VAT, out.Due = Sen(inv.Subtotal), Sen(inv.Tax), Sen(inv.AmountDue)
	if inv.Lines != nil {
		for _, l := range inv.Lines.Data {
			line := Line{Plan: planOf(l.Price), Quantity: l.Quantity, Amount: Sen(l.Amount), Credit: l.Amount < 0}
			if l.Period != nil {
				line.From, line.To = moment(l.Period.Start), moment(l.Period.End)
			}
			out.Lines = append(out.Lines, line)
		}
	}
	return out, nil
}

// Paid implements Provider: the reference first, so that an invoice that is paid always has one.
func (s *StripeProvider) Paid(ctx context.Context, o Order, i Invoice) (Snapshot, error) {
	_, err := s.api.Invoices.Update(i.External, &stripe.InvoiceParams{Params: writes(ctx, o.Key("reference")), Metadata: map[string]string{"reference": o.Ref}})
	if err != nil {
		return Snapshot{}, told(err)
	}
	_, err = s.api.Invoices.Pay(i.External, &stripe.InvoicePayParams{Params: writes(ctx, o.Key("pay")), PaidOutOfBand: stripe.Bool(true)})
	if err != nil {
		return Snapshot{}, told(err)
	}
	return s.Fetch(ctx, o)
}

// Checkout implements Provider.
func (s *StripeProvider) Checkout(ctx context.Context, o Order) (string, error) {
	price, err := s.price(ctx, o.Plan)
	if err != nil {
		return "", err
	}
	tax, err := s.taxRate(ctx, o)
	if err != nil {
		return "", err
	}
	p := &stripe.CheckoutSessionParams{
		Params: writes(ctx, o.Key("checkout")), Mode: stripe.String(string(stripe.CheckoutSessionModeSubscription)), Customer: stripe.String(o.Account.Customer),
		LineItems:  []*stripe.CheckoutSessionLineItemParams{{Price: stripe.String(price), Quantity: stripe.Int64(o.Quantity)}},
		SuccessURL: stripe.String(o.Back + "?kabar=paket"), CancelURL: stripe.String(o.Back), Locale: stripe.String("id"),
		SubscriptionData: &stripe.CheckoutSessionSubscriptionDataParams{DefaultTaxRates: tax, Metadata: map[string]string{"account": o.Account.ID.String()}},
	}
	if o.Account.TrialEnd.IsZero() {
		p.SubscriptionData.TrialPeriodDays = stripe.Int64(int64(terms.TrialDays))
	}
	session, err := s.api.CheckoutSessions.New(p)
	if err != nil {
		return "", told(err)
	}
	return session.URL, nil
}

// Portal implements Provider.
func (s *StripeProvider) Portal(ctx context.Context, o Order) (string, error) {
	session, err := s.api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{
		Params: writes(ctx, o.Key("portal")), Customer: stripe.String(o.Account.Customer), ReturnURL: stripe.String(o.Back), Locale: stripe.String("id"),
	})
	if err != nil {
		return "", told(err)
	}
	return session.URL, nil
}

// Endpoint is a webhook endpoint as Stripe has it.
type Endpoint struct {
	Found   bool
	Enabled bool
	Version string   // of the API; "" is the account's own
	Missing []string // events that are not told
}

// APIVersion is the version of Stripe's API that this program speaks.
const APIVersion = "2023-10-16"

// Endpoint looks the endpoint of an address up.
func (s *StripeProvider) Endpoint(ctx context.Context, url string) (Endpoint, error) {
	list := s.api.WebhookEndpoints.List(&stripe.WebhookEndpointListParams{ListParams: stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}})
	for list.Next() {
		e := list.WebhookEndpoint()
		if e.URL != url {
			continue
		}
		out := Endpoint{Found: true, Enabled: e.Status == "enabled", Version: e.APIVersion}
		for _, kind := range Events {
			if !slices.Contains(e.EnabledEvents, kind) && !slices.Contains(e.EnabledEvents, "*") {
				out.Missing = append(out.Missing, kind)
			}
		}
		return out, nil
	}
	return Endpoint{}, told(list.Err())
}
