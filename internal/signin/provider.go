package signin

import (
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// pathProvider is where a sign-in by an agency's own identity provider begins.
const pathProvider = ui.PathSignIn + "/instansi"

// providerCookie binds a sign-in at a provider to the browser that began it.
const providerCookie = "provider"

// providerWithin bounds how long a request waits for a provider: each of its questions is bounded by itself.
const providerWithin = 15 * time.Second

// fewProviders are as many as stand on the sign-in page as a button each.
const fewProviders = 3

// door is one agency's button.
type door struct{ Code, Name string }

// comesBack tells whether a provider leads back to the host that the request came to. Providers know a region's host
// under the bare domain, where staff sign in; a domain of its own has another cookie.
func comesBack(c *web.Ctx) bool {
	at, err := url.Parse(c.Origin())
	here, _, _ := strings.Cut(c.Host(), ":")
	return err == nil && strings.EqualFold(strings.TrimSuffix(here, "."), at.Hostname())
}

// doors are the agencies by whose accounts one may sign in, as the page calls them.
func (h handlers) doors(c *web.Ctx) ([]door, error) {
	all, err := h.door.Providers(c.Std(), c.Tenant)
	out := make([]door, len(all))
	for i, a := range all {
		if out[i] = (door{a.Agency, a.Name}); c.Locale == i18n.EN && a.NameEN != "" {
			out[i].Name = a.NameEN
		}
	}
	return out, err
}

// doorName is what the page calls an agency; its code where it has no button any more.
func (h handlers) doorName(c *web.Ctx, agency string) (string, error) {
	if agency == "" {
		return "", nil
	}
	all, err := h.doors(c)
	for _, d := range all {
		if d.Code == agency {
			return d.Name, err
		}
	}
	return agency, err
}

// doorNames is doorName of several.
func (h handlers) doorNames(c *web.Ctx, agencies []string) (out []string, err error) {
	for _, a := range agencies {
		name, err := h.doorName(c, a)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// showSignIn is the sign-in page, with the form as it came back.
func (h handlers) showSignIn(c *web.Ctx, status int, f form) error {
	doors, err := h.doors(c)
	if err != nil {
		return err
	}
	if !comesBack(c) {
		doors = nil
	}
	p := h.ui(c, titleOf(c))
	if c.Path() != ui.PathSignIn {
		p.Path = withNext(ui.PathSignIn, f.Next) // what a provider wrote into the address stays out of the page's links
	}
	return c.Page(status, signInPage(p, f, doors))
}

// providerBegin sends the browser to an agency's provider. It goes there from a page of ours and not by a redirect:
// browsers hold a form's redirects to the policy's form-action too, which is our own site alone.
func (h handlers) providerBegin(c *web.Ctx) error {
	f := form{Next: next(c)}
	fresh := c.Actor != nil && c.Form("fresh") != ""
	step, err := h.door.BeginProvider(c.Std(), c.Tenant, site(c), c.Form("agency"), f.Next, fresh, from(c))
	if err != nil {
		return h.providerFailed(c, f.Next, err)
	}
	name, err := h.doorName(c, c.Form("agency"))
	if err != nil {
		return err
	}
	c.SetOwnCookie(providerCookie, step.Token, step.ExpiresAt)
	c.SetHeader("Refresh", "0; url="+step.URL)
	c.SetHeader(fiber.HeaderReferrerPolicy, "no-referrer")
	p := h.ui(c, "signin.provider_title")
	p.Path = ui.PathSignIn
	return c.Page(fiber.StatusOK, providerPage(p, name, step))
}

// providerReturn is where browsers come back to.
func (h handlers) providerReturn(c *web.Ctx) error {
	token := c.OwnCookie(providerCookie)
	if token != "" {
		c.SetOwnCookie(providerCookie, "", time.Time{})
	}
	said := idp.Answer{Code: c.Query("code"), State: c.Query("state"), Issuer: c.Query("iss"), Error: c.Query("error")}
	c.SetHeader(fiber.HeaderReferrerPolicy, "no-referrer") // the address has a code in it, used or not
	s, next, err := h.door.FinishProvider(c.Std(), c.Tenant, site(c), c.Param("agency"), token, said, from(c))
	if step, waits := auth.StepOf(err); waits {
		c.SetOwnCookie(stepCookie, step.Challenge, step.ExpiresAt)
		return c.SeeOther(withNext(pathStep, next))
	}
	if err != nil {
		return h.providerFailed(c, next, err)
	}
	return h.enter(c, s, next)
}

// providerFailed says on the sign-in page what has happened, and what to do.
func (h handlers) providerFailed(c *web.Ctx, next string, err error) error {
	f := form{Next: web.SafePath(next, "")}
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	return h.showSignIn(c, status, f)
}

func (h handlers) loosen(c *web.Ctx) error { return h.act(c, "lepas", h.door.Loosen) }

// provable tells how somebody who is signed in by an agency's provider may show again who they are.
type provable struct {
	Via      string // the agency's code; "" is that no provider is asked
	Name     string
	Password bool // a password may be asked for
}

func (h handlers) provable(c *web.Ctx, have auth.Factors) (provable, error) {
	if c.Actor.Via == "" || have.Any() {
		return provable{Password: true}, nil
	}
	me, err := h.door.Person(c.Std(), c.Tenant, c.Actor, c.Actor.UserID)
	if err != nil {
		return provable{}, err
	}
	name, err := h.doorName(c, c.Actor.Via)
	return provable{c.Actor.Via, name, me.Password}, err
}
