package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// afterIdle is how long after its session has ended a screen that was left alone is asked for anew: the last use is
// written down by the minute.
const afterIdle = 2 * time.Minute

// UI is what the layouts need to know of this request: language, region, who is signed in. The handler
// adds what is the page's own.
func (c *Ctx) UI(title string) ui.Page {
	p := ui.Page{Title: title, Locale: c.Locale, P: c.P, Path: c.address()}
	if t := c.Tenant; t != nil && !t.IsPlatform() {
		p.Region = &ui.Region{
			Name: t.Name, Slug: t.Slug, Province: t.Province.Name, Organiser: t.Region.Organiser,
			Phone: t.Region.Contact.Phone, Email: t.Region.Contact.Email, Complaints: t.Region.Contact.Complaints,
			ComplaintsEN: t.Region.Contact.ComplaintsEN,
			PlatformURL:  c.app.BareOrigin(),
		}
		if t.Code == t.Province.Code { // Jakarta is its own province
			p.Region.Province = ""
		}
		p.Region.BrandURL, p.Region.ThemeColour, p.Region.LogoURL = c.app.brandOf(t)
		p.Example, p.Demo = t.Region.Example, t.Demo
	}
	p.Notes = c.notes()
	if c.Actor != nil {
		p.User = &ui.User{Name: cmp.Or(c.Actor.Name, c.P.T("web.erased")), Role: c.RoleText()}
		p.Desks = c.desks()
		if c.Actor.Idle > 0 && !c.bearer {
			p.Idle = int((c.Actor.Idle + afterIdle) / time.Second)
		}
	}
	return p
}

// desks are the staff's pages that the actor may open, in the order of their registration.
func (c *Ctx) desks() (out []ui.Link) {
	for i := range c.app.routes {
		r := &c.app.routes[i]
		if r.desk != "" && r.Kind == c.kind && c.Tenant != nil && c.holds(c.Actor, r.Permission) {
			out = append(out, ui.Link{Label: c.P.T(r.desk), Href: r.Path, Current: c.Path() == r.Path})
		}
	}
	return out
}

// RoleText is a role of the actor's in words: the one by which they are on this page, for who holds several; else the
// first.
func (c *Ctx) RoleText() string {
	if c.route == nil || c.route.Permission == authz.Public || c.route.Permission == authz.SignedIn {
		return c.roleBy(func(*authz.Actor) bool { return true })
	}
	return c.roleBy(func(a *authz.Actor) bool { return c.holds(a, c.route.Permission) })
}

// RoleAt is RoleText where the page is about one place: the role by which the actor may do p in its scope, if any may.
func (c *Ctx) RoleAt(p authz.Permission, scope string) string {
	if !c.Actor.Can(p, scope) {
		return c.RoleText()
	}
	return c.roleBy(func(a *authz.Actor) bool { return a.Can(p, scope) })
}

// roleBy is the first role with which alone the actor would fit; the first of all if none is.
func (c *Ctx) roleBy(fits func(*authz.Actor) bool) string {
	grants := c.Actor.Grants()
	if len(grants) == 0 {
		return ""
	}
	by := 0
	if len(grants) > 1 {
		by = max(0, slices.IndexFunc(grants, func(g authz.Grant) bool { return fits(authz.NewActor(c.Actor.Identity, []authz.Grant{g})) }))
	}
	return c.P.T("web.role." + grants[by].Role)
}

// address is the page's path and query. On a page that is kept for everyone it has no more of the query
// than the page's key: one visitor's query is not for the next.
func (c *Ctx) address() string {
	switch {
	case !c.shared:
		return string(c.f.Request().Header.RequestURI())
	case strings.Contains(c.sharedKey, "="):
		return c.Path() + "?" + c.sharedKey
	}
	return c.Path()
}
