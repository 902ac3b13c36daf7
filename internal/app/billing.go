package app

import (
	"fmt"
	"os"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/config"
)

// startBilling wires what regions pay for: through Stripe where there is a key, else by invoices of our own.
func (a *App) startBilling() (err error) {
	if a.seller, err = seller(a.cfg); err != nil {
		return err
	}
	a.Billing = billing.New(a.DB, billing.Options{Registry: a.Registry, Log: a.log})
	a.Billing.Work(a.Jobs)
	return nil
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
