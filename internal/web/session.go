package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
)

const localeCookie = "lang"

// maxToken bounds what is looked up at all.
const maxToken = 256

// findActor finds who is signed in: by a bearer token if one was sent, else, outside the API, by the
// session cookie. The API knows no cookies, so a page elsewhere cannot make a browser use it.
func (c *Ctx) findActor() error {
	if header := c.Header(fiber.HeaderAuthorization); header != "" {
		c.bearer = true
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return fault.New(fault.Unauthenticated, "auth.bearer")
		}
		return c.resolve(strings.TrimSpace(token))
	}
	if c.IsAPI() {
		return nil
	}
	token := c.Cookie(c.app.cookie)
	if token == "" {
		return nil
	}
	err := c.resolve(token)
	if err != nil && fault.KindOf(err) == fault.Unauthenticated {
		// An old cookie is no reason to refuse a public page: it goes, and the person is the public.
		c.staleSID = true
		c.ClearSession()
		return nil
	}
	return err
}

func (c *Ctx) resolve(token string) error {
	if c.app.cfg.Sessions == nil || token == "" || len(token) > maxToken {
		return fault.New(fault.Unauthenticated, "auth.session")
	}
	resolve := c.app.cfg.Sessions.Resolve
	if c.route != nil && c.route.watching {
		resolve = c.app.cfg.Sessions.Look
	}
	actor, err := resolve(c.Std(), c.Tenant, token, c.travels())
	if err != nil {
		return err
	}
	// Looked for among this host's sessions, it cannot be another region's. Should it ever be, it is nobody's here.
	if actor.Tenant != c.Tenant.ID {
		return fault.New(fault.Unauthenticated, "auth.session")
	}
	c.Actor, c.token = actor, token
	return nil
}

// travels is how the request's token came.
func (c *Ctx) travels() authz.Kind {
	if c.bearer {
		return authz.Bearer
	}
	return authz.Cookie
}

// SetSession gives the browser the session's token.
func (c *Ctx) SetSession(token string, expires time.Time) {
	c.staleSID = false
	c.setCookie(c.app.cookie, token, expires)
}

// ClearSession takes the session's token off the browser.
func (c *Ctx) ClearSession() { c.setCookie(c.app.cookie, "", time.Unix(1, 0)) }

// SetOwnCookie keeps something small in this browser, for this host alone, out of scripts' reach; the zero time
// takes it away. Over https its name gets the prefix of the session's.
func (c *Ctx) SetOwnCookie(name, value string, expires time.Time) {
	if value == "" || expires.IsZero() {
		value, expires = "", time.Unix(1, 0)
	}
	c.setCookie(c.app.prefix()+name, value, expires)
}

// OwnCookie is what SetOwnCookie has kept, or "".
func (c *Ctx) OwnCookie(name string) string { return c.Cookie(c.app.prefix() + name) }

// IsBearer tells whether the actor came with a token in a header: a program, to which no cookie is given.
func (c *Ctx) IsBearer() bool { return c.bearer }

// setCookie sets a cookie for this host alone: no Domain, and over https the name of the session's
// begins with __Host-, so that a sibling region can neither read it nor plant one.
func (c *Ctx) setCookie(name, value string, expires time.Time) {
	c.f.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", Expires: expires,
		HTTPOnly: true, Secure: c.app.https(), SameSite: fiber.CookieSameSiteLaxMode,
	})
}
