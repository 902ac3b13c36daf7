// Package web is the HTTP kit that the verticals stand on: it finds the tenant by the host, the person
// by the session, asks for the permission that a route declares, and turns what a handler gives back,
// a page, a fragment, JSON, a stream or an error, into a response.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fair"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// maxWaiting is how many requests of one tenant wait to be worked on: more than any mall sends, and a
// bound to what a flood holds in memory.
const maxWaiting = 1024

// Registry finds tenants; tenant.Registry is one.
type Registry interface {
	ByHost(host string) (*tenant.Tenant, bool)
	Domain() string
	Label(host string) (string, bool)
	Host(t *tenant.Tenant) string
}

// Sessions finds who holds a token in a tenant; auth.Service is one. A token that is unknown there, or that came
// another way than it was made for, is a fault of the kind Unauthenticated. Look is no use of the session: it ends
// unused as if nobody had looked.
type Sessions interface {
	Resolve(ctx context.Context, t *tenant.Tenant, token string, kind authz.Kind) (*authz.Actor, error)
	Look(ctx context.Context, t *tenant.Tenant, token string, kind authz.Kind) (*authz.Actor, error)
}

// Config is what the kit needs to know. Only Registry is required.
type Config struct {
	Registry Registry
	Sessions Sessions
	Clock    clock.Clock
	Log      *slog.Logger

	// Scheme is how people reach the service: "https" behind a proxy that ends TLS, else "http".
	Scheme string
	// Port stands in the addresses that pages give; "" is none, or over http the one that Serve listens on.
	Port string
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed. Who the client
	// asked for is read from the Host header alone, also behind a proxy: pass it on unchanged.
	TrustedProxies []string

	Deadline  time.Duration // of a request; 10 s
	BodyLimit int           // bytes; 64 KiB
	LimitsOff bool          // lifts the limits on public calls, for races and benchmarks

	// Drain is how long a stop goes on answering after /readyz has begun to refuse, so that whoever sends
	// requests here has noticed before the door closes. 0 behind nothing; some seconds in Kubernetes.
	Drain time.Duration

	// Concurrency is how many requests are worked on at once; 64. Further ones wait, tenant by tenant in turn;
	// the bare domain has its turn like a tenant.
	Concurrency int

	MaxStreams int // open streams in this process; 20,000
	CacheBytes int // of public pages; 64 MiB

	// NotHere answers on a host that is no tenant's. label is the first label of a host under the bare
	// domain, or "". Suspended answers pages of a tenant that is suspended.
	NotHere   func(c *Ctx, label string) error
	Suspended func(c *Ctx) error
	// ErrorPage draws a problem as a whole page, ErrorNote as a fragment for htmx.
	ErrorPage func(c *Ctx, p Problem) templ.Component
	ErrorNote func(c *Ctx, p Problem) templ.Component

	// Origin is what a tenant's records say of a client's address; nil: nothing.
	Origin func(netip.Addr) func(tenant.ID) string
	// Secured tells whether a host is served over TLS by this process itself: a request that comes to it in the clear is
	// led there. nil: none is.
	Secured func(ctx context.Context, host string) bool
	// Count is told of each request of a tenant's that failed (500 and above), or was turned away because there were too many
	// (429, 503), by the problem's code. It must not block. Nil: nobody counts.
	Count func(t tenant.ID, code string, shed bool)
	// Helped tells until when the platform's operator may work in a tenant, and whether one does: every page of its staff
	// says so. A zero moment: nobody may. Nil: nobody ever.
	Helped func(ctx context.Context, t *tenant.Tenant) (until time.Time, inside bool)
	// Ready tells whether requests can be served: the database answers.
	Ready func(ctx context.Context) error
}

// App is the server with its routes.
type App struct {
	cfg      Config
	fiber    *fiber.App
	log      *slog.Logger
	clock    clock.Clock
	domain   string
	port     string // ":8080" or ""
	trusted  []netip.Prefix
	headers  [][2]string
	cookie   string // the session cookie's name
	routes   []Route
	uploads  map[string]int // "POST /path" of routes that take files: bytes
	bootErrs []error

	elsewhere Route // how calls on hosts that are no tenant's are counted

	gate     *fair.Gate[tenant.ID]
	limits   *limits
	pages    *pageCache
	looks    looks
	streams  *streams
	started  chan struct{} // closed once Serve has begun
	draining atomic.Bool
	base     context.Context // of every request; cancelled when a shutdown runs out of time
	cancel   context.CancelFunc
}

// New makes a server without routes but its own: /healthz, /readyz and the assets under /_/.
// Mistakes in the configuration are reported by Ready and Serve.
func New(cfg Config) *App {
	if cfg.Clock == nil {
		cfg.Clock = clock.System
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Scheme == "" {
		cfg.Scheme = "http"
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 10 * time.Second
	}
	if cfg.BodyLimit == 0 {
		cfg.BodyLimit = 64 << 10
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 64
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 20_000
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = 64 << 20
	}
	a := &App{
		uploads: map[string]int{},
		cfg:     cfg, log: cfg.Log, clock: cfg.Clock, domain: cfg.Registry.Domain(),
		gate: fair.New[tenant.ID](cfg.Concurrency, maxWaiting), limits: newLimits(), pages: newPageCache(cfg.CacheBytes), streams: newStreams(cfg.MaxStreams, cfg.LimitsOff),
	}
	Reads(&a.elsewhere)
	a.base, a.cancel = context.WithCancel(context.Background())
	a.headers = securityHeaders(a.https())
	a.cookie = a.prefix() + "sid"
	a.setPort(cfg.Port)
	for _, p := range cfg.TrustedProxies {
		prefix, err := parsePrefix(p)
		if err != nil {
			a.bootErrs = append(a.bootErrs, err)
			continue
		}
		a.trusted = append(a.trusted, prefix)
	}
	if cfg.Scheme != "http" && cfg.Scheme != "https" {
		a.bootErrs = append(a.bootErrs, fmt.Errorf("web: the scheme is http or https, not %q", cfg.Scheme))
	}
	a.fiber = fiber.New(fiber.Config{
		DisableStartupMessage: true,
		// Security, both: without Immutable a kept string becomes another request's bytes; without the
		// check a client's X-Forwarded-Host becomes the host, that is, another tenant.
		Immutable:               true,
		EnableTrustedProxyCheck: true,
		TrustedProxies:          cfg.TrustedProxies,
		CaseSensitive:           true, // one row, one address
		ReadBufferSize:          16 << 10,
		BodyLimit:               cfg.BodyLimit,
		ReadTimeout:             15 * time.Second,
		WriteTimeout:            60 * time.Second, // a slow phone; streams leave the server's hands before it counts
		IdleTimeout:             75 * time.Second, // more than the 60 s of the usual proxies
		ErrorHandler:            a.outside,
	})
	a.started = make(chan struct{})
	var once sync.Once
	a.fiber.Hooks().OnListen(func(fiber.ListenData) error {
		once.Do(func() { close(a.started) })
		return nil
	})
	server := a.fiber.Server()
	server.CloseOnShutdown = true
	server.HeaderReceived = a.received
	server.KeepHijackedConns = true // a stream owns its connection; fasthttp's buffers go back at once
	server.Logger = quiet{}
	a.fiber.Use(a.entry)
	a.ownRoutes()
	return a
}

// quiet keeps fasthttp from printing: what it has to say about broken connections is noise.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

var _ fasthttp.Logger = quiet{}

func (a *App) https() bool { return a.cfg.Scheme == "https" }

// prefix begins our cookies' names over https: browsers then keep them from every other host.
func (a *App) prefix() string {
	if a.https() {
		return "__Host-"
	}
	return ""
}

func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return p, fmt.Errorf("web: trusted proxy %q is no network: %w", s, err)
		}
		return p.Masked(), nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("web: trusted proxy %q is no address: %w", s, err)
	}
	return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
}

// Ready tells whether the routes and the configuration are in order: every route has a permission, none
// is there twice. Serve refuses to start otherwise.
func (a *App) Ready() error { return errors.Join(a.bootErrs...) }

// Serve answers requests on a listener until Shutdown.
func (a *App) Serve(ln net.Listener) error {
	if err := a.Ready(); err != nil {
		return err
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && a.cfg.Port == "" && !a.https() {
		a.setPort(strconv.Itoa(tcp.Port))
	}
	go a.watchStreams(a.base)
	return a.fiber.Listener(ln)
}

// ServeTLS answers requests over TLS on a second listener, beside Serve, for which it waits: that makes the table of
// routes ready. Shutdown ends both. It speaks HTTP/1.1 only: streams take the connection over, which HTTP/2 has not got.
func (a *App) ServeTLS(ln net.Listener, cfg *tls.Config) error {
	select {
	case <-a.started:
	case <-a.base.Done():
		return ln.Close()
	}
	return a.fiber.Server().Serve(tls.NewListener(ln, cfg))
}

// Origin is the address of a tenant's site: "http://bangka.localhost:8080".
func (a *App) Origin(t *tenant.Tenant) string {
	return a.cfg.Scheme + "://" + a.cfg.Registry.Host(t) + a.port
}

// BareOrigin is the address of the bare domain's site.
func (a *App) BareOrigin() string { return a.cfg.Scheme + "://" + a.domain + a.port }

func (a *App) setPort(port string) {
	a.port = ""
	if port != "" && port != map[bool]string{true: "443", false: "80"}[a.https()] {
		a.port = ":" + port
	}
}

// Test answers one request without a network. Streams need a real listener.
func (a *App) Test(req *http.Request) (*http.Response, error) {
	if err := a.Ready(); err != nil {
		return nil, err
	}
	return a.fiber.Test(req, -1)
}

// Shutdown says so on /readyz, stops accepting, lets open requests finish, tells streams to reconnect
// elsewhere and waits for both until ctx ends; what is open then is cut.
func (a *App) Shutdown(ctx context.Context) error {
	a.draining.Store(true)
	if a.cfg.Drain > 0 {
		select {
		case <-time.After(a.cfg.Drain):
		case <-ctx.Done():
		}
	}
	served := make(chan error, 1)
	go func() { served <- a.fiber.ShutdownWithContext(ctx) }()
	streams := a.streams.shutdown(ctx)
	err := errors.Join(<-served, streams)
	a.cancel()
	return err
}

// Draining tells whether a shutdown has begun.
func (a *App) Draining() bool { return a.draining.Load() }
