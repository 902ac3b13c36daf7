package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
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

// endsSoon is how long before its end a certificate is held against whoever should have renewed it by then.
const endsSoon = 7 * 24 * time.Hour

// mends says what to do about an order that failed.
var mends = map[string]string{
	domains.FaultProof:   "Have the TXT record set again, or give the domain back: pendopo tenant domain CODE HOST --drop",
	domains.FaultLookup:  "Is the name server right (PENDOPO_NAME_SERVER), and does the firewall let DNS through?",
	domains.FaultAddress: "The region points the host at this service: a CNAME or an A record",
	domains.FaultRefused: "Do ports 80 and 443 of the host's address lead to --addr and --tls-addr? Old AAAA records and CAA records are the usual causes",
	domains.FaultLimited: "Nothing: it is ordered again by itself, later",
	domains.FaultServer:  "Can this machine reach PENDOPO_ACME_DIRECTORY, and is it right?",
	domains.FaultKeys:    "The region's keys were destroyed: pendopo keys reopen makes new ones",
}

// certificates looks at those of the regions' own domains, and at the platform's own.
func (d *diagnosis) certificates(ctx context.Context, db *store.DB, cfg config.Config) {
	now := clock.System.Now()
	if cfg.TLSCert != "" {
		switch files, err := domains.OpenFiles(cfg.TLSCert, cfg.TLSKey, slog.New(slog.DiscardHandler)); {
		case err != nil:
			d.wrong("certificate", err.Error(), "PENDOPO_TLS_CERT and PENDOPO_TLS_KEY name files in PEM that this user may read")
		case files.NotAfter().Before(now.Add(endsSoon)):
			d.wrong("certificate", "the platform's own ends "+files.NotAfter().UTC().Format(time.RFC3339), "Write a new one to "+cfg.TLSCert+" and "+cfg.TLSKey+"; it is read without a restart")
		default:
			d.good("certificate", "the platform's own holds until "+files.NotAfter().UTC().Format(time.DateOnly))
		}
	}
	all, err := domains.All(ctx, db)
	if err != nil || cfg.ACMEDirectory == "" && len(all) == 0 {
		return // the database has been found wanting already; or certificates are somebody else's
	}
	bound, err := (&tenant.Provisioner{DB: db}).Domains(ctx, "")
	if err != nil {
		return
	}
	hold := 0
	for _, b := range bound {
		if b.State != tenant.DomainBound {
			continue
		}
		i := slices.IndexFunc(all, func(c domains.Standing) bool { return c.Code == b.Code && c.Host == b.Host })
		what := b.Host + " of " + b.Code
		switch {
		case i < 0 && now.Sub(b.ProvedAt) < time.Hour:
		case i < 0:
			d.wrong("certificates", what+" has none, and none was ordered", "Is pendopo serve running with PENDOPO_ACME_DIRECTORY?")
		case all[i].Fault != "":
			c := all[i]
			d.wrong("certificates", fmt.Sprintf("%s: %s, %d times; again %s. %s", what, c.Fault, c.Failures, c.NextAt.Format(time.RFC3339), c.Detail), mends[c.Fault])
		case all[i].Chain != "" && all[i].NotAfter.Before(now.Add(endsSoon)) && now.After(all[i].RenewAt.Add(time.Hour)):
			d.wrong("certificates", what+" ends "+all[i].NotAfter.Format(time.RFC3339)+" and was not renewed", "Is pendopo serve running with PENDOPO_ACME_DIRECTORY?")
		case all[i].Chain != "":
			hold++
		}
	}
	if hold > 0 {
		d.good("certificates", fmt.Sprintf("%d of the regions' own domains, renewed by themselves", hold))
	}
}
