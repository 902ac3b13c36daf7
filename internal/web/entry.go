package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

type ctxKey struct{}

// of is the Ctx that entry has put beside fiber's.
func of(f *fiber.Ctx) *Ctx { return f.Locals(ctxKey{}).(*Ctx) }

// errNoHost is what an unknown host meets where no route of any host answers.
var errNoHost = errors.New("web: no such host")

// entry stands before every route: it makes the Ctx, finds the tenant, and answers errors.
func (a *App) entry(f *fiber.Ctx) error {
	defer a.lastResort(f)
	start := clock.System.Now() // how long it took, by the machine's clock
	// Words from the beginning: what goes wrong before the request's own are known is told too.
	c := &Ctx{app: a, f: f, Locale: i18n.ID, P: i18n.For(i18n.ID)}
	f.Locals(ctxKey{}, c)
	given := ""
	if a.viaProxy(f) {
		given = f.Get(fiber.HeaderXRequestID)
	}
	c.requestID = requestID(given)
	c.addr = a.address(f)
	if c.base = a.base; a.cfg.Origin != nil {
		c.base = store.WithOrigin(a.base, a.cfg.Origin(c.addr))
	}
	var cancel context.CancelFunc
	c.std, cancel = context.WithTimeout(c.base, a.cfg.Deadline)
	defer cancel()
	a.prepare(c)
	if err := a.run(c); err != nil {
		a.fail(c, err)
	}
	a.logAccess(c, clock.System.Now().Sub(start))
	return nil
}

// lastResort answers when answering itself has panicked. Nothing above would stop it: the panic of one
// request would end the process.
func (a *App) lastResort(f *fiber.Ctx) {
	p := recover()
	if p == nil {
		return
	}
	a.log.Error("the answer panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	f.Response().Reset()
	for _, h := range a.headers {
		f.Set(h[0], h[1])
	}
	f.Context().SetConnectionClose()
	f.Status(fiber.StatusInternalServerError)
	f.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	_ = f.SendString("Terjadi kesalahan di sisi kami. Mohon coba lagi.\n")
}

// prepare puts on the response what stands on every one.
func (a *App) prepare(c *Ctx) {
	for _, h := range a.headers {
		c.f.Set(h[0], h[1])
	}
	c.f.Set(fiber.HeaderXRequestID, c.requestID)
	if c.staleSID {
		c.ClearSession()
	}
}

// run answers the request; a panic becomes an error.
func (a *App) run(c *Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if target := c.f.Request().Header.RequestURI(); len(target) == 0 || target[0] != '/' {
		// "GET http://elsewhere/ HTTP/1.1": a target with a host of its own beside the Host header.
		return fault.New(fault.Malformed, "target")
	}
	if !framed(c.f.Request().Header.RawHeaders()) {
		c.f.Context().SetConnectionClose()
		return fault.New(fault.Malformed, "framing")
	}
	if a.secure(c) {
		return nil
	}
	a.findHost(c)
	if c.strict() != "" {
		c.f.Set(fiber.HeaderStrictTransportSecurity, c.strict())
	}
	c.pickLocale()
	if c.Tenant != nil && c.staffPath() && !c.atHome() {
		return c.goHome()
	}
	err = c.f.Next()
	var fe *fiber.Error
	if errors.As(err, &fe) && c.route == nil {
		return a.unmatched(c, fe)
	}
	return err
}

// findHost tells whose host was asked for. Only the Host header counts: a client can write anything
// into X-Forwarded-Host, and not every proxy takes it out.
func (a *App) findHost(c *Ctx) {
	host := plainHost(c.f.Request().Header.Host())
	if t, ok := a.cfg.Registry.ByHost(host); ok {
		c.Tenant, c.kind = t, OnTenant
		if t.IsPlatform() {
			c.kind = OnBare
		}
		return
	}
	if host == a.domain { // before the platform's own tenant is there
		c.kind = OnBare
		return
	}
	label, _ := a.cfg.Registry.Label(host)
	c.label = strings.Clone(label)
}

// atHome tells whether the request came to the tenant's host under the bare domain, and not to a domain of its own.
func (c *Ctx) atHome() bool {
	home := c.app.cfg.Registry.Host(c.Tenant)
	return c.Tenant.IsPlatform() || plainHost(c.f.Request().Header.Host()) == home
}

// staffPath tells whether a page is one of those that staff sign in at and for.
func (c *Ctx) staffPath() bool {
	for _, top := range []string{ui.PathSignIn, ui.PathCounters, ui.PathSignOut} {
		if rest, ok := strings.CutPrefix(c.Path(), top); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// goHome leads staff to the tenant's own host. Nobody signs in at a domain of a region's own: it may be given to
// somebody else one day, to whom browsers would then send the sessions' cookies; and passkeys and agencies' providers
// know one host.
func (c *Ctx) goHome() error {
	if m := c.Method(); m != fiber.MethodGet && m != fiber.MethodHead {
		return fault.New(fault.NotFound, "page")
	}
	c.noStore()
	c.SetHeader(fiber.HeaderLocation, c.Origin()+string(c.f.Request().Header.RequestURI()))
	c.f.Status(fiber.StatusSeeOther)
	return nil
}

// pickLocale chooses the language: the link that was pressed (?lang=en, kept in a cookie), the choice
// made before, else Indonesian. On pages it does not count what the browser asks for: many phones here
// are set to English by their shop, and their owners came for a page in Indonesian. A program that asks
// the API for English means it.
func (c *Ctx) pickLocale() {
	if l, ok := i18n.Parse(string(c.f.Request().URI().QueryArgs().Peek("lang"))); ok && c.kind != "" {
		c.Locale = l
		if !c.IsAPI() && c.OwnCookie(localeCookie) != string(l) {
			c.SetOwnCookie(localeCookie, string(l), c.Now().AddDate(1, 0, 0))
		}
	} else {
		asked := ""
		if c.IsAPI() {
			asked = c.Header(fiber.HeaderAcceptLanguage)
		}
		c.Locale = i18n.Pick(c.OwnCookie(localeCookie), asked)
	}
	c.P = i18n.For(c.Locale)
	if c.Tenant != nil {
		c.P = c.P.In(c.Tenant.Loc)
	}
}

// unmatched answers where no route did.
func (a *App) unmatched(c *Ctx, fe *fiber.Error) error {
	switch {
	case c.kind == "":
		return a.notHere(c)
	case c.Tenant != nil && c.Tenant.State != tenant.Active:
		return a.suspended(c)
	case fe.Code == fiber.StatusMethodNotAllowed:
		return &statusError{fiber.StatusMethodNotAllowed, "method"}
	}
	return fault.New(fault.NotFound, "page")
}

// notHere answers on a host that is no tenant's. The page searches, as the bare domain's does, so it waits and
// is counted as that.
func (a *App) notHere(c *Ctx) error {
	if c.IsAPI() || a.cfg.NotHere == nil {
		return fault.Wrap(errNoHost, fault.NotFound, "not_here")
	}
	if err := a.enter(c); err != nil {
		return err
	}
	defer a.gate.Leave()
	if err := a.withinLimit(c, &a.elsewhere); err != nil {
		return err
	}
	return a.cfg.NotHere(c, c.label)
}

// enter waits for a place in which the request is worked on; a.gate.Leave gives it back. The hosts that are
// no tenant's wait in one line, under the zero tenant.
func (a *App) enter(c *Ctx) error {
	var key tenant.ID
	if c.Tenant != nil {
		key = c.Tenant.ID
	}
	if err := a.gate.Enter(c.std, key); err != nil {
		return fault.Wrap(err, fault.Unavailable, "busy").Retry(2 * time.Second)
	}
	return nil
}

// withinLimit counts a public call by the route's class.
func (a *App) withinLimit(c *Ctx, r *Route) error {
	if c.Actor != nil || r.Class == "" || a.cfg.LimitsOff {
		return nil
	}
	if wait := a.limits.take(c.limitKey(r.Class), r.rate, r.burst, c.Now()); wait > 0 {
		return fault.New(fault.TooMany, "limited").Retry(wait)
	}
	return nil
}

// suspended answers for a tenant that is suspended, or not open yet: nothing of it is run or read.
func (a *App) suspended(c *Ctx) error {
	if c.IsAPI() || c.IsHTMX() || a.cfg.Suspended == nil {
		code := "suspended"
		if c.Tenant.State == tenant.Preparing {
			code = "preparing"
		}
		return fault.New(fault.Unavailable, code).Retry(15 * time.Minute)
	}
	c.SetHeader(fiber.HeaderRetryAfter, "900")
	return a.cfg.Suspended(c)
}

// serve leads a request that has met a route through everything that stands before its handler.
func (a *App) serve(c *Ctx, r *Route) error {
	if r.Kind != OnAny && r.Kind != c.kind {
		return c.f.Next() // the same path may be another page on the other kind of host
	}
	c.route = r
	if r.deadline > 0 {
		std, cancel := context.WithTimeout(c.base, r.deadline)
		defer cancel()
		c.std = std
	}
	if r.Kind == OnTenant && c.Tenant.State != tenant.Active && !(c.Tenant.State == tenant.Preparing && r.staffs()) {
		return a.suspended(c)
	}
	if r.Kind != OnAny && !r.ownPace {
		if err := a.enter(c); err != nil {
			return err
		}
		defer a.gate.Leave()
	}
	switch {
	case r.Kind == OnAny:
	case c.Tenant != nil:
		if err := c.findActor(); err != nil {
			return err
		}
	case r.Permission != authz.Public: // the platform's own tenant is not there yet
		return fault.New(fault.Unavailable, "busy").Retry(2 * time.Second)
	}
	if r.Kind != OnAny {
		if err := c.sameOrigin(); err != nil {
			return err
		}
	}
	if err := c.admit(r); err != nil {
		return err
	}
	if err := c.proven(r); err != nil {
		return err
	}
	if r.feature != "" && c.Actor == nil && c.Tenant != nil && !c.Tenant.On(r.feature) {
		return fault.New(fault.Forbidden, "feature.off")
	}
	if err := a.withinLimit(c, r); err != nil {
		return err
	}
	return r.handler(c)
}

// admit asks for the route's permission. Where it is held in a part of the tenant only, such as one
// agency, the handler asks again with Must.
func (c *Ctx) admit(r *Route) error {
	if r.Permission == authz.Public {
		return nil
	}
	switch {
	case c.holds(c.Actor, r.Permission):
		return nil
	case c.Actor == nil:
		return fault.New(fault.Unauthenticated, "auth.needed")
	}
	return fault.New(fault.Forbidden, "authz.forbidden")
}

// holds tells whether somebody has a permission anywhere in the tenant: in a region below its own scope, on the platform
// on either axis.
func (c *Ctx) holds(a *authz.Actor, p authz.Permission) bool {
	return a.CanWithin(p, c.Tenant.Scope) || c.Tenant.IsPlatform() && a.CanWithin(p, tenant.AgencyAxis)
}
