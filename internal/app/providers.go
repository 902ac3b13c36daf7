package app

import (
	"net/netip"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/idp"
)

// newProviders asks agencies' identity providers, in the networks that the operator allows.
func newProviders(cfg config.Config) *idp.Client {
	opt := idp.Options{Now: clock.System.Now}
	for _, n := range cfg.SSONetworks {
		opt.Networks = append(opt.Networks, netip.MustParsePrefix(n)) // config has checked it
	}
	return idp.New(opt)
}
