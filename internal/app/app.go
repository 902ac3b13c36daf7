package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/catalog"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/devices"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/platform"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/subscription"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// refreshEvery is how soon a region that another process applied is served at the latest.
const refreshEvery = time.Second

// App is the service, put together. Web has every route.
type App struct {
	DB       *store.DB
	Registry *tenant.Registry
	Dirs     *tenant.Directories
	Hall     *queue.Hall
	Auth     *auth.Service
	Records  *auditlog.Log
	Jobs     *jobs.Runner
	Messages *notify.Service
	Domains  *domains.Keeper
	Billing  *billing.Service
	Tally    *operator.Tally
	Operator *operator.Service
	Web      *web.App

	cfg    config.Config
	log    *slog.Logger
	ways   map[notify.Channel]notify.Carrier
	seller billing.Seller // whom invoices name
	// files is the platform's own certificate, secure where TLS is listened for; nil: not here.
	files  *domains.Files
	secure net.Listener
	setup  *onboarding.Service
	site   atomic.Pointer[func(host string) string] // the address of a host, once it is known where we listen
}

// New wires the service on an open database that has been checked. It starts nothing.
func New(ctx context.Context, cfg config.Config, db *store.DB, log *slog.Logger) (*App, error) {
	if err := authz.Compile(); err != nil {
		return nil, err
	}
	a := &App{DB: db, cfg: cfg, log: log}
	if _, err := tenant.OpenPlatform(ctx, db); err != nil {
		return nil, fmt.Errorf("open the platform's own tenant: %w", err)
	}
	a.Registry = tenant.NewRegistry(db, cfg.Domain, log)
	if err := a.Registry.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("read the list of regions: %w", err)
	}
	hasher, err := hasherOf(ctx, db)
	if err != nil {
		return nil, err
	}
	a.Dirs = tenant.NewDirectories(db)
	a.Hall = queue.New(db, a.Dirs)
	if err := a.background(); err != nil {
		return nil, err
	}
	a.Auth = auth.New(db, auth.Options{LimitsOff: !cfg.Limits, Log: log, Hasher: hasher, Notices: notices{a.Messages}, Providers: newProviders(cfg)})
	a.Records = newRecords(db, a.Dirs, a.Hall, hasher)
	if a.setup, err = a.newSetup(ctx); err != nil {
		return nil, err
	}
	hub := events.NewHub(db, log)
	front := platform.New(a.Registry)
	if err := a.certificates(); err != nil {
		return nil, err
	}
	a.Operator = operator.New(db, a.Registry, a.Auth)
	a.Tally = operator.NewTally(db, log)
	a.Web = web.New(web.Config{
		Registry: a.Registry, Sessions: a.Auth, Log: log, Scheme: cfg.Scheme, TrustedProxies: cfg.TrustedProxies,
		LimitsOff: !cfg.Limits, Concurrency: cfg.Concurrency, MaxStreams: cfg.Streams,
		Drain: cfg.Drain, NotHere: front.NotHere, Suspended: front.Suspended, Ready: db.Ping, Origin: hasher.Origin,
		Secured: a.secured, Count: a.Tally.Count, Helped: a.Operator.Helped,
	})
	if err := a.routes(hub, front); err != nil {
		return nil, err
	}
	return a, a.Web.Ready()
}

// background wires what runs without a request.
func (a *App) background() (err error) {
	a.Jobs = jobs.New(a.DB, jobs.Options{Log: a.log, Tenants: func() (active []store.TenantID) {
		for _, t := range a.Registry.Tenants() {
			if t.State != tenant.Suspended {
				active = append(active, t.ID)
			}
		}
		return active
	}})
	if a.ways, err = carriers(a.cfg); err != nil {
		return err
	}
	site := func(host string) string { return a.cfg.Scheme + "://" + host }
	a.site.Store(&site)
	a.Messages, err = newMessages(a.DB, notify.Options{
		Registry: a.Registry, Carriers: a.ways, Log: a.log, Site: func(host string) string { return (*a.site.Load())(host) },
	})
	if err == nil {
		a.Messages.Work(a.Jobs)
		err = a.startBilling()
	}
	return err
}

// routes lists every route of the service.
func (a *App) routes(hub *events.Hub, front *platform.Platform) error {
	cat := catalog.New(a.Dirs, a.Hall)
	bare := a.Web.Bare()
	front.Routes(bare)
	oversight.New(a.DB, a.Registry, a.log).Routes(bare)
	a.setup.BareRoutes(bare)
	a.Operator.Routes(bare)
	signin.Routes(bare, a.Auth)
	front.Security(a.Web.Any(), a.cfg.SecurityContact)
	region := a.Web.Tenant()
	cat.Routes(region)
	pages := queue.NewPages(a.Hall, hub)
	pages.Routes(region)
	pages.FrontOffice(cat).Routes(region)
	queue.NewAPI(a.Hall, hub).Routes(region)
	a.setup.Routes(region)
	auditlog.Routes(region, a.Records)
	devices.Routes(region)
	signin.Routes(region, a.Auth)
	a.domainRoutes(region)
	subs := subscription.New(a.Billing, a.Registry, a.seller)
	subs.Routes(region)
	subs.OperatorRoutes(bare)
	a.Operator.RegionRoutes(region)
	return a.document(region, bare)
}

// Serve answers requests on ln until ctx ends, then stops gracefully: open requests finish, streams
// are told to reconnect, nothing that was acknowledged is lost. ready is called once requests are
// accepted.
func (a *App) Serve(ctx context.Context, ln net.Listener, ready func()) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	assets.Warm()
	site := func(host string) string { return siteURL(a.cfg, ln, host) }
	a.site.Store(&site)
	a.DB.StartNotifier()
	go a.Registry.Watch(background, refreshEvery)
	go a.sweep(background)
	go a.Tally.Run(background)
	checkpoints := a.startCheckpoints(background)
	failed := make(chan error, 2)
	go func() { failed <- a.Web.Serve(ln) }()
	if err := accepting(ctx, ln.Addr().String(), failed); err != nil {
		return err
	}
	if a.secure != nil {
		go func() { failed <- a.Web.ServeTLS(a.secure, a.Domains.TLS(a.files)) }()
		go a.Domains.Run(background)
	}
	warnWaiting(a.ways, a.log)
	a.Jobs.Start()
	ready()
	select {
	case err := <-failed:
		a.stopJobs(ctx)
		return err
	case <-ctx.Done():
	}
	a.log.Info("stopping", "grace", a.cfg.Grace)
	var ending sync.WaitGroup
	ending.Go(func() { a.stopJobs(ctx) })
	defer ending.Wait() // beside the open requests, in the same grace
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Grace)
	defer cancel()
	err := a.Web.Shutdown(grace)
	if ferr := a.Tally.Flush(grace); ferr != nil {
		a.log.Warn("counts of failed requests were not written", "error", ferr)
	}
	checkpoints(grace) // of what the last requests have written
	return err
}

// stopJobs lets what runs end, and gives back what does not within the grace.
func (a *App) stopJobs(ctx context.Context) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Grace)
	defer cancel()
	if err := a.Jobs.Stop(grace); err != nil {
		a.log.Warn("stopping", "error", err)
	}
}

// sweep clears away ended sessions, old counts of guesses, old presses, and jobs and messages that were long
// ago, tenant by tenant, once an hour.
func (a *App) sweep(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.setup.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old requests of regions not cleared", "error", err)
		}
		for _, t := range a.Registry.Tenants() {
			if err := errors.Join(a.Auth.Sweep(ctx, t.ID), a.Hall.Sweep(ctx, t.ID), jobs.Sweep(ctx, a.DB, t.ID), a.Messages.Sweep(ctx, t.ID), a.Billing.Nightly(ctx, t.ID), a.Tally.Sweep(ctx, t.ID), a.Operator.SweepHelp(ctx, t.ID)); err != nil && ctx.Err() == nil {
				a.log.Warn("old rows not cleared", "tenant", t.Code, "error", err)
			}
		}
	}
}

// accepting waits until the listener answers.
func accepting(ctx context.Context, addr string, failed <-chan error) error {
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// listen opens the address, and says so when somebody else has it.
func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --addr, or --addr 127.0.0.1:0 for a free port", errors.Unwrap(err))
	}
	return ln, nil
}

// baseURL is where browsers find the bare domain: behind a proxy without a port, else on the
// listener's.
func baseURL(cfg config.Config, ln net.Listener) string {
	return siteURL(cfg, ln, cfg.Domain)
}

func siteURL(cfg config.Config, ln net.Listener, host string) string {
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil || cfg.Scheme == "https" || port == "80" {
		return cfg.Scheme + "://" + host
	}
	return cfg.Scheme + "://" + strings.TrimSuffix(host, ".") + ":" + port
}
