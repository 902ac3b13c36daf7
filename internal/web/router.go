package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Kind says on which hosts a route answers.
type Kind string

// The kinds of routes.
const (
	OnTenant Kind = "tenant" // a region's host
	OnBare   Kind = "bare"   // the bare domain, which is the platform's own
	OnAny    Kind = "any"    // every host, known or not; such a route has no tenant and no session
)

// Handler answers a request. An error becomes a status and a page, a fragment or problem JSON.
type Handler = func(*Ctx) error

// Route is one line of the table of routes.
type Route struct {
	Method     string
	Path       string // with ":id" for parameters
	Kind       Kind
	Permission authz.Permission
	Class      string // of the limit on public calls; "" is none

	desk        string // key of its name in the staff's menu; "": it does not stand there
	rate, burst float64
	deadline    time.Duration
	body        int // bytes that a request may have; 0: the server's limit
	ownPace     bool
	door        bool
	watching    bool
	sudo        bool
	enrolling   bool
	feature     tenant.Feature
	handler     Handler
}

// Option is a further property of a route.
type Option func(*Route)

// Limited bounds how often the public may call the route: a bucket for each tenant and client address
// that holds burst calls and fills at rate calls a second. Routes with the same class share a bucket.
//
// Whole villages, and every visitor on a mall's Wi-Fi, come from one address (CGNAT): a limit is there
// to stop a script, not a crowd. For taking a ticket, 5 a second with a burst of 100 lets a bus empty
// itself at the door and keeps one script below what a mall could serve. People who are signed in
// are not counted.
func Limited(class string, rate float64, burst int) Option {
	return func(r *Route) { r.Class, r.rate, r.burst = class, rate, float64(burst) }
}

// Reads bounds public reading that is done anew for each request: search, a ticket, the API's lists. It is
// wide: a mall's visitors, who share one address, look often, and a phone looks at its ticket by a stream.
var Reads = Limited("read", 100, 1000)

// Streams bounds how often the public opens streams: each opening reads where things stand. It is no lower
// in its burst than Reads, and apart from it, because a mall's phones and boards all come back at once when
// its one line was down for a moment, and load their pages too. A page's script asks again by itself.
var Streams = Limited("stream", 50, 1000)

// Within gives the route a deadline of its own.
func Within(d time.Duration) Option { return func(r *Route) { r.deadline = d } }

// Desk puts the page into the menu of those staff who may open it, under the text of a key.
func Desk(key string) Option { return func(r *Route) { r.desk = key } }

// OwnPace lets the route wait for something of its own, such as the slow hash of a password, without
// holding one of the places in which the other requests are worked on.
func OwnPace(r *Route) { r.ownPace = true }

// Sudo asks who opens the route to have shown who they are within the last minutes, by their second factor or
// their password: for what an open screen in an empty office must not give away. A browser is led to the page that
// asks, and back. Put it on the page with the form too: what was typed is lost on the way.
func Sudo(r *Route) { r.sudo = true }

// Enrolling lets in somebody who must have a second factor and has none yet: the few routes on which they get one.
// On all others they are led there; public ones see them as the public.
func Enrolling(r *Route) { r.enrolling = true }

// staffs tells routes that answer while the region is being prepared: those of staff, and those by which staff sign in.
func (r *Route) staffs() bool {
	return r.Permission != authz.Public || r.door
}

// Watching marks a route by which a page that stays open asks for news by itself: it is no use of the session, which
// ends as if nobody were there.
func Watching(r *Route) { r.watching = true }

// Door marks a public route by which staff come in: it answers while a region is being prepared.
func Door(r *Route) { r.door = true }

// Switched lets the route be switched off for a region by the operator of the platform: the fault is then
// "feature.off" (403) for the public. Who is signed in there works on.
func Switched(f tenant.Feature) Option { return func(r *Route) { r.feature = f } }

// Router registers routes of one kind.
type Router struct {
	app  *App
	kind Kind
}

// Tenant is the router of the regions' hosts.
func (a *App) Tenant() *Router { return &Router{a, OnTenant} }

// Bare is the router of the bare domain. Its tenant is the platform, whose people sign in there.
func (a *App) Bare() *Router { return &Router{a, OnBare} }

// Any is the router of what every host answers. Its routes are public.
func (a *App) Any() *Router { return &Router{a, OnAny} }

// Get registers a route for GET and HEAD.
func (r *Router) Get(path string, p authz.Permission, h Handler, opts ...Option) {
	r.add(fiber.MethodGet, path, p, h, opts)
}

// Post registers a route for POST.
func (r *Router) Post(path string, p authz.Permission, h Handler, opts ...Option) {
	r.add(fiber.MethodPost, path, p, h, opts)
}

// Put registers a route for PUT.
func (r *Router) Put(path string, p authz.Permission, h Handler, opts ...Option) {
	r.add(fiber.MethodPut, path, p, h, opts)
}

// Patch registers a route for PATCH.
func (r *Router) Patch(path string, p authz.Permission, h Handler, opts ...Option) {
	r.add(fiber.MethodPatch, path, p, h, opts)
}

// Delete registers a route for DELETE.
func (r *Router) Delete(path string, p authz.Permission, h Handler, opts ...Option) {
	r.add(fiber.MethodDelete, path, p, h, opts)
}

func (r *Router) add(method, path string, p authz.Permission, h Handler, opts []Option) {
	route := &Route{Method: method, Path: path, Kind: r.kind, Permission: p, handler: h}
	for _, o := range opts {
		o(route)
	}
	a := r.app
	name := method + " " + path
	switch {
	case p.IsZero():
		a.bootErrs = append(a.bootErrs, fmt.Errorf("web: %s on %s hosts declares no permission: a route for everyone says authz.Public", name, r.kind))
		return
	case r.kind == OnAny && p != authz.Public:
		a.bootErrs = append(a.bootErrs, fmt.Errorf("web: %s asks for %s, but a route of every host knows no session", name, p))
		return
	case slices.ContainsFunc(a.routes, func(o Route) bool { return o.Method == method && o.Path == path && o.Kind == r.kind }):
		a.bootErrs = append(a.bootErrs, fmt.Errorf("web: %s on %s hosts is registered twice", name, r.kind))
		return
	}
	if route.body > 0 {
		fixed, last, _ := strings.Cut(path, ":")
		if strings.ContainsAny(last, ":/") {
			a.bootErrs = append(a.bootErrs, fmt.Errorf("web: %s takes files, and so has no parameter but the last part", name))
			return
		}
		a.uploads[method+" "+fixed] = max(a.uploads[method+" "+fixed], route.body)
	}
	a.routes = append(a.routes, *route)
	handler := func(f *fiber.Ctx) error { return a.serve(of(f), route) }
	if method == fiber.MethodGet {
		a.fiber.Get(path, handler) // and HEAD
		return
	}
	a.fiber.Add(method, path, handler)
}

// Routes is the table of routes, in the order of their registration.
func (a *App) Routes() []Route { return slices.Clone(a.routes) }
