package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/subscription"
)

// startBilling wires what regions pay for: through Stripe where there is a key, else by invoices of our own.
func (a *App) startBilling() (err error) {
	if a.seller, err = seller(a.cfg); err != nil {
		return err
	}
	opt := billing.Options{Registry: a.Registry, Log: a.log}
	stripe, err := stripeOf(a.cfg)
	if err != nil {
		return err
	}
	if stripe != nil {
		opt.Stripe = stripe
	}
	a.Billing = billing.New(a.DB, opt)
	a.Billing.Work(a.Jobs)
	return nil
}

// stripeOf is Stripe, or nil where it is not used.
func stripeOf(cfg config.Config) (*billing.StripeProvider, error) {
	key, secret, err := cfg.Stripe(os.ReadFile)
	if err != nil || key == "" {
		return nil, err
	}
	return billing.NewStripe(billing.StripeOptions{Key: key, Secret: secret}), nil
}

// billing looks whether Stripe tells us what happens, in the version of its API that we read.
func (d *diagnosis) billing(ctx context.Context, cfg config.Config) {
	if _, err := seller(cfg); err != nil {
		d.wrong("billing", err.Error(), "See docs/billing.md for what the file holds")
	}
	stripe, err := stripeOf(cfg)
	switch {
	case err != nil:
		d.wrong("billing", err.Error(), "Both come from Stripe's dashboard: the secret key, and the signing secret of the webhook endpoint")
		return
	case stripe == nil:
		d.good("billing", "offline: numbered invoices, marked as paid by hand")
		return
	}
	d.endpoint(ctx, stripe, cfg.Scheme+"://"+cfg.Domain+subscription.PathWebhook)
}

// endpoint holds the webhook endpoint against what the program reads.
func (d *diagnosis) endpoint(ctx context.Context, stripe *billing.StripeProvider, url string) {
	e, err := stripe.Endpoint(ctx, url)
	switch {
	case err != nil:
		d.wrong("billing", "Stripe: "+err.Error(), "Is PENDOPO_STRIPE_KEY right, and may it read webhook endpoints?")
	case !e.Found:
		d.wrong("billing", "Stripe has no webhook endpoint "+url, "Add it in Stripe's dashboard, with API version "+billing.APIVersion+" and the events of docs/billing.md")
	case !e.Enabled:
		d.wrong("billing", "the webhook endpoint "+url+" is disabled", "Enable it in Stripe's dashboard")
	case e.Version != billing.APIVersion:
		d.wrong("billing", "the webhook endpoint tells API version "+cmp.Or(e.Version, "of the account")+", and "+billing.APIVersion+" is read", "Make the endpoint anew with API version "+billing.APIVersion+": it cannot be changed")
	case len(e.Missing) > 0:
		d.wrong("billing", "the webhook endpoint is not told of "+strings.Join(e.Missing, ", "), "Add these events to it in Stripe's dashboard")
	default:
		d.good("billing", "Stripe, its webhook endpoint tells API version "+e.Version)
	}
}

// seller is whom invoices name; without a file it stands there that it is missing.
func seller(cfg config.Config) (billing.Seller, error) {
	if cfg.SellerFile == "" {
		return billing.Seller{}, nil
	}
	text, err := os.ReadFile(cfg.SellerFile)
	if err != nil {
		return billing.Seller{}, fmt.Errorf("PENDOPO_SELLER_FILE: %w", err)
	}
	return billing.ReadSeller(text)
}
