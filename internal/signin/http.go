// Package signin is where staff sign in and out: a page for browsers, and the calls of the API that give
// and take a bearer token.
package signin

import (
	"context"
	_ "embed"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/signin/text.yaml", text)

// home is where staff begin after signing in: the page that shows what they may do. Who has no page for staff, such
// as an overseer, begins on the region's own.
const home = "/petugas"

// landing is where somebody who has signed in is led: to the page that they came for, else to their first.
func landing(c *web.Ctx, a *authz.Actor, next string) string {
	next = web.SafePath(next, home)
	if next == home && !c.Opens(a, home) {
		return "/"
	}
	return next
}

// Door is what lets people in; auth.Service is one.
type Door interface {
	SignIn(ctx context.Context, t *tenant.Tenant, email, password string, kind auth.Kind, ip netip.Addr) (auth.Session, error)
	SignOut(ctx context.Context, t *tenant.Tenant, a *authz.Actor) error
}

// Routes registers the pages and the calls.
func Routes(r *web.Router, door Door) {
	h := handlers{door}
	r.Get(ui.PathSignIn, authz.Public, h.page)
	r.Post(ui.PathSignIn, authz.Public, h.signIn, web.Limited("sign-in", 5, 60), web.OwnPace)
	r.Post(ui.PathSignOut, authz.SignedIn, h.signOut)
	r.Post("/api/v1/sessions", authz.Public, h.create, web.Limited("sign-in", 5, 60), web.OwnPace)
	r.Delete("/api/v1/sessions/current", authz.SignedIn, h.delete)
}

type handlers struct{ door Door }

// form is what the page shows again when something was wrong. A password is never shown again.
type form struct {
	Email  string
	Next   string
	Fields map[string]string // what is wrong, by field
	Note   string            // what is wrong with the whole
}

func (h handlers) page(c *web.Ctx) error {
	next := web.SafePath(c.Query("next"), "")
	if c.Actor != nil {
		return c.SeeOther(landing(c, c.Actor, next))
	}
	return c.Page(fiber.StatusOK, signInPage(h.ui(c), form{Next: next}))
}

func (h handlers) ui(c *web.Ctx) ui.Page {
	p := c.UI(c.P.T("signin.title"))
	p.Surface = "staff"
	return p
}

func (h handlers) signIn(c *web.Ctx) error {
	f := form{Email: c.Form("email"), Next: web.SafePath(c.Form("next"), ""), Fields: map[string]string{}}
	s, err := h.door.SignIn(c.Std(), c.Tenant, f.Email, c.FormRaw("password"), auth.Cookie, c.IP())
	if err != nil {
		e := fault.Of(err)
		if e.Kind == fault.Internal {
			return err
		}
		for _, field := range e.Fields {
			f.Fields[field.Name] = c.FieldText(field)
		}
		if len(e.Fields) == 0 {
			f.Note = c.Problem(err).Detail
		}
		c.RetryAfter(e.RetryAfter)
		return c.Page(e.Kind.Status(), signInPage(h.ui(c), f))
	}
	if c.Actor != nil { // the browser held another session: it gets a new one, the old one ends
		if err := h.door.SignOut(c.Std(), c.Tenant, c.Actor); err != nil {
			return err
		}
	}
	c.SetSession(s.Token, s.ExpiresAt)
	return c.SeeOther(landing(c, s.Actor, f.Next))
}

func (h handlers) signOut(c *web.Ctx) error {
	if err := h.door.SignOut(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	c.ClearSession()
	return c.SeeOther("/")
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type created struct {
	Token     string `json:"token"`
	ExpiresAt string `json:"expires_at"`
}

func (h handlers) create(c *web.Ctx) error {
	var in credentials
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	s, err := h.door.SignIn(c.Std(), c.Tenant, in.Email, in.Password, auth.Bearer, c.IP())
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, created{s.Token, s.ExpiresAt.In(c.Tenant.Loc).Format(time.RFC3339)})
}

func (h handlers) delete(c *web.Ctx) error {
	if err := h.door.SignOut(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.NoContent()
}
