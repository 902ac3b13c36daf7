package web

import (
	"cmp"
	"strings"

	"github.com/pendopo-id/pendopo/internal/web/ui"
)

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

// RoleText is the actor's role in words: the first of those that they hold.
func (c *Ctx) RoleText() string {
	for _, g := range c.Actor.Grants() {
		return c.P.T("web.role." + g.Role)
	}
	return ""
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
