package app

import (
	"context"
	"fmt"
	"net"

	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/web"
)

// certificates wires who orders and gives out certificates, and reads the platform's own.
func (a *App) certificates() (err error) {
	a.Domains = domains.NewKeeper(a.DB, a.Registry, domains.Options{
		Directory: a.cfg.ACMEDirectory, Email: a.cfg.ACMEEmail, Resolver: domains.NameServer(a.cfg.NameServer), Log: a.log, LimitsOff: !a.cfg.Limits,
	})
	if a.cfg.TLSCert != "" {
		a.files, err = domains.OpenFiles(a.cfg.TLSCert, a.cfg.TLSKey, a.log)
	}
	return err
}

// secured tells whether this process has a certificate for a host. Without --tls-addr somebody in front ends TLS.
func (a *App) secured(ctx context.Context, host string) bool {
	if a.cfg.TLSAddr == "" || host == "" {
		return false
	}
	if a.Domains.Has(ctx, host) {
		return true
	}
	if a.files == nil {
		return false
	}
	_, err := a.files.For(host)
	return err == nil
}

// listenTLS opens the second address, if there is one.
func (a *App) listenTLS() (err error) {
	if a.cfg.TLSAddr == "" {
		return nil
	}
	if a.secure, err = net.Listen("tcp", a.cfg.TLSAddr); err != nil {
		return fmt.Errorf("%w; choose another address for TLS with --tls-addr", err)
	}
	return nil
}

// domainRoutes are the page of a region's own domains, its calls, and what a certificate authority asks for.
func (a *App) domainRoutes(region *web.Router) {
	domains.Routes(region, a.Domains)
	domains.Challenges(a.Web.Any(), a.Domains)
}
