package signin

import (
	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const (
	pathForgot = ui.PathSignIn + "/lupa"
	// PathLink is the page that a letter's link opens, with the token as its query's k.
	PathLink = ui.PathSignIn + "/sandi-baru"
)

func (h handlers) forgotPage(c *web.Ctx) error {
	return c.Page(fiber.StatusOK, forgotPage(h.ui(c, "signin.forgot_title"), form{}, false))
}

// forgot answers the same whether there is such an account or not.
func (h handlers) forgot(c *web.Ctx) error {
	f := form{Email: c.Form("email")}
	if err := h.door.RequestReset(c.Std(), c.Tenant, f.Email, from(c)); err != nil {
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return c.Page(status, forgotPage(h.ui(c, "signin.forgot_title"), f, false))
	}
	return c.Page(fiber.StatusOK, forgotPage(h.ui(c, "signin.forgot_title"), f, true))
}

// linkView is the page of a link. Gone: it was used, or has expired.
type linkView struct {
	auth.Link
	Token string
	Gone  bool
	Form  form
}

func (v linkView) title() string {
	if v.Letter == auth.LetterInvitation {
		return "signin.invited_title"
	}
	return "signin.reset_title"
}

// linkPage shows the form. It uses nothing up: programs that look at letters open their links too.
func (h handlers) linkPage(c *web.Ctx) error {
	return h.showLink(c, fiber.StatusOK, c.Query("k"), form{})
}

func (h handlers) showLink(c *web.Ctx, status int, token string, f form) error {
	of, err := h.door.LinkOf(c.Std(), c.Tenant, token)
	v := linkView{Link: of, Token: token, Form: f}
	switch {
	case fault.Is(err, "auth.link"):
		v.Gone, status = true, fiber.StatusNotFound
	case err != nil:
		return err
	}
	p := h.ui(c, v.title())
	p.Path = PathLink // the token stays out of the language switch and the canonical address
	return c.Page(status, linkPage(p, v))
}

func (h handlers) useLink(c *web.Ctx) error {
	token := c.FormRaw("k")
	if err := h.door.UseLink(c.Std(), c.Tenant, token, c.FormRaw("new")); err != nil && !fault.Is(err, "auth.link") {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showLink(c, status, token, f)
	} else if err != nil {
		return h.showLink(c, fiber.StatusNotFound, token, form{})
	}
	c.ClearSession()
	return c.SeeOther(ui.PathSignIn + "?kabar=sandi-baru")
}

func (h handlers) invite(c *web.Ctx) error { return h.act(c, "undangan", h.door.Invite) }
