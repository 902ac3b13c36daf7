package signin

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// Where passkeys are asked for. Each path has a part below it that begins: a script asks it for a challenge.
const (
	pathPasskey      = "/masuk/passkey"
	pathStepPasskey  = pathStep + "/passkey"
	pathProvePasskey = web.ProvePath + "/passkey"
	pathKeys         = ui.PathAccount + "/passkey"
	begin            = "/mulai"
)

// keyCookie binds a challenge to the browser that asked for it.
const keyCookie = "passkey"

func site(c *web.Ctx) auth.Site { return auth.Site{Origin: c.Origin(), Name: "MPP " + c.Tenant.Name} }

// challenge gives a script what the device is asked.
func challenge(c *web.Ctx, ceremony auth.Ceremony, err error) error {
	if err != nil {
		return err
	}
	c.SetOwnCookie(keyCookie, ceremony.Token, c.Now().Add(5*time.Minute))
	return c.JSON(fiber.StatusOK, ceremony.Options)
}

// answer is what the device said, and the challenge that it is for, which goes off the browser.
func answer(c *web.Ctx) (token string, said []byte) {
	token = c.OwnCookie(keyCookie)
	if token != "" {
		c.SetOwnCookie(keyCookie, "", time.Time{})
	}
	return token, []byte(c.FormRaw("answer"))
}

func (h handlers) passkeyBegin(c *web.Ctx) error {
	ceremony, err := h.door.BeginPasskeySignIn(c.Std(), c.Tenant, site(c))
	return challenge(c, ceremony, err)
}

func (h handlers) passkeySignIn(c *web.Ctx) error {
	token, said := answer(c)
	s, err := h.door.PasskeySignIn(c.Std(), c.Tenant, site(c), token, said, from(c))
	if err != nil {
		return h.again(c, err)
	}
	return h.enter(c, s, next(c))
}

func (h handlers) passkeyStepBegin(c *web.Ctx) error {
	ceremony, err := h.door.BeginPasskeyStep(c.Std(), c.Tenant, site(c), c.OwnCookie(stepCookie))
	return challenge(c, ceremony, err)
}

func (h handlers) passkeyStep(c *web.Ctx) error {
	token, said := answer(c)
	waits := c.OwnCookie(stepCookie)
	s, err := h.door.PasskeyStep(c.Std(), c.Tenant, site(c), waits, token, said, from(c))
	if err != nil {
		step, gone := h.door.Waiting(c.Std(), c.Tenant, waits)
		if gone != nil {
			return h.again(c, err)
		}
		f := form{Next: next(c)}
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return c.Page(status, stepPage(h.ui(c, "signin.step_title"), step, f))
	}
	return h.enter(c, s, next(c))
}

func (h handlers) passkeyProofBegin(c *web.Ctx) error {
	ceremony, err := h.door.BeginPasskeyProof(c.Std(), c.Tenant, c.Actor, site(c))
	return challenge(c, ceremony, err)
}

func (h handlers) passkeyProof(c *web.Ctx) error {
	if err := browserOnly(c); err != nil {
		return err
	}
	token, said := answer(c)
	s, err := h.door.ProveByPasskey(c.Std(), c.Tenant, c.Actor, site(c), token, said)
	if err != nil {
		f := form{Next: next(c)}
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showProve(c, status, f)
	}
	elevated(c, s)
	return c.SeeOther(web.SafePath(next(c), ui.PathAccount))
}

// keyView is the page on which a passkey is added.
type keyView struct {
	Name string
	form
}

func (h handlers) keyPage(c *web.Ctx) error {
	return c.Page(fiber.StatusOK, keyPage(h.ui(c, "signin.key_title"), keyView{Name: device(c.Header(fiber.HeaderUserAgent)), form: form{Next: next(c)}}))
}

func (h handlers) keyBegin(c *web.Ctx) error {
	ceremony, err := h.door.BeginPasskey(c.Std(), c.Tenant, c.Actor, site(c))
	return challenge(c, ceremony, err)
}

func (h handlers) addKey(c *web.Ctx) error {
	if err := browserOnly(c); err != nil {
		return err
	}
	token, said := answer(c)
	v := keyView{Name: c.Form("name"), form: form{Next: next(c)}}
	s, codes, err := h.door.AddPasskey(c.Std(), c.Tenant, c.Actor, site(c), token, v.Name, said)
	if err != nil {
		status, err := v.say(c, err)
		if err != nil {
			return err
		}
		return c.Page(status, keyPage(h.ui(c, "signin.key_title"), v))
	}
	elevated(c, s)
	if len(codes) == 0 {
		return c.SeeOther(web.SafePath(v.Next, ui.PathAccount+"?kabar=passkey"))
	}
	return h.showCodes(c, codes, v.Next)
}

func (h handlers) removeKey(c *web.Ctx) error {
	which, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := h.door.RemovePasskey(c.Std(), c.Tenant, c.Actor, which); err != nil {
		return err
	}
	return c.SeeOther(ui.PathAccount + "?kabar=passkey-hapus")
}
