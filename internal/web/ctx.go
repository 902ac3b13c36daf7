package web

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

// Ctx is one request. It must not be kept after the handler has returned; a stream copies what it needs.
type Ctx struct {
	Tenant *tenant.Tenant // nil on the bare domain and on routes of any host
	Actor  *authz.Actor   // nil is the public
	Locale i18n.Locale
	P      *i18n.Printer // prints times in the tenant's zone

	app       *App
	f         *fiber.Ctx
	base      context.Context // carries where the request comes from, and no deadline
	std       context.Context
	kind      Kind
	route     *Route
	label     string // of a host that is nobody's
	requestID string
	addr      netip.Addr
	shared    bool // the page is kept for everyone, under sharedKey
	sharedKey string
	streaming bool
	bearer    bool   // an Authorization header was sent
	token     string // the one that Actor came from
	refused   string // the code of the problem that was answered; "" is none
	staleSID  bool   // the session cookie names no session: take it off the browser
}

// Std is the context for what the handler calls. It ends with the request's deadline.
func (c *Ctx) Std() context.Context { return c.std }

// Now is the moment by the application's clock.
func (c *Ctx) Now() time.Time { return c.app.clock.Now() }

// RequestID names the request in the log and in problems.
func (c *Ctx) RequestID() string { return c.requestID }

// Route is the pattern that the request met, such as "/api/v1/tickets/:id".
func (c *Ctx) Route() string {
	if c.route == nil {
		return ""
	}
	return c.route.Path
}

// Method is "GET", "POST" ...
func (c *Ctx) Method() string { return c.f.Method() }

// Path is the request's path, as it was sent.
func (c *Ctx) Path() string { return c.f.Path() }

// Host is the Host header as it was sent: "bangka.localhost:8080".
func (c *Ctx) Host() string { return string(c.f.Request().Header.Host()) }

// Origin is the address of the site that the request came to: "http://bangka.localhost:8080". It is made
// of what we know, not of what the request said.
func (c *Ctx) Origin() string {
	if c.Tenant != nil {
		return c.app.Origin(c.Tenant)
	}
	return c.app.BareOrigin()
}

// App is the server that the request came to.
func (c *Ctx) App() *App { return c.app }

// IP is the client's address; of a proxied request the one before our own proxies.
func (c *Ctx) IP() netip.Addr { return c.addr }

// IsAPI tells whether the answer is JSON: everything under /api/.
func (c *Ctx) IsAPI() bool { return strings.HasPrefix(c.f.Path(), "/api/") }

// IsHTMX tells whether htmx asks for a fragment.
func (c *Ctx) IsHTMX() bool { return c.Header("HX-Request") == "true" }

// Header is a request header.
func (c *Ctx) Header(name string) string { return c.f.Get(name) }

// SetHeader sets a response header.
func (c *Ctx) SetHeader(name, value string) { c.f.Set(name, value) }

// Vary adds a request header to those on which the response depends.
func (c *Ctx) Vary(names ...string) { c.f.Vary(names...) }

// Cookie is a cookie's value, or "".
func (c *Ctx) Cookie(name string) string { return c.f.Cookies(name) }

// Param is a part of the path, unescaped. What no database would keep is left out.
func (c *Ctx) Param(name string) string {
	s, err := url.PathUnescape(c.f.Params(name))
	if err != nil {
		return ""
	}
	return clean(s)
}

// ID is a part of the path that names a row. Anything but a whole identifier is the fault "not_found".
func (c *Ctx) ID(name string) (id.ID, error) {
	v, err := id.Parse(c.f.Params(name))
	if err != nil {
		return id.ID{}, fault.New(fault.NotFound, "not_found")
	}
	return v, nil
}

// Query is a parameter of the query string, or "".
func (c *Ctx) Query(name string) string {
	return clean(string(c.f.Request().URI().QueryArgs().Peek(name)))
}

// Opens tells whether somebody may open a page of this site: one that has a route of its own, without parameters,
// and a permission that they hold somewhere in the tenant.
func (c *Ctx) Opens(a *authz.Actor, path string) bool {
	i := slices.IndexFunc(c.app.routes, func(r Route) bool {
		return r.Kind == c.kind && r.Method == fiber.MethodGet && r.Path == path
	})
	return i >= 0 && (c.Tenant == nil || a.CanWithin(c.app.routes[i].Permission, c.Tenant.Scope))
}

// Must is the fault "authz.forbidden" unless the actor may do p in a scope that is narrower than the
// tenant's, such as an agency's.
func (c *Ctx) Must(p authz.Permission, scope string) error {
	if c.Actor.Can(p, scope) {
		return nil
	}
	if c.Actor == nil {
		return fault.New(fault.Unauthenticated, "auth.needed")
	}
	return fault.New(fault.Forbidden, "authz.forbidden")
}

// clean leaves out what databases refuse or a person cannot have meant: bytes that are no UTF-8, and
// control signs but tab and newlines.
func clean(s string) string {
	ok := true
	for i := 0; i < len(s) && ok; i++ {
		ok = s[i] >= 0x20 && s[i] < 0x7f
	}
	if ok {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
