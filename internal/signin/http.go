// Package signin is where staff sign in and out, with a second step where there is one, and where they look after
// their account: its sessions, its factors, its password. Administrators look after other people's. A page for
// browsers, and the calls of the API that give and take a bearer token.
package signin

import (
	_ "embed"
	"errors"
	"net/url"
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

// Where the vertical's pages live, besides those that the layouts and the kit name.
const (
	pathStep     = "/masuk/langkah-kedua"
	pathSession  = ui.PathAccount + "/sesi"
	pathPassword = ui.PathAccount + "/sandi"
	pathStrength = pathPassword + "/kekuatan"
	pathApp      = ui.PathAccount + "/aplikasi-kode"
	pathCodes    = ui.PathAccount + "/kode-cadangan"
)

// stepCookie holds what a sign-in that waits for its second step goes on with.
const stepCookie = "step"

// deviceCookie marks the browsers in which somebody has signed in, so that strangers who guess do not lock them out.
const deviceCookie = "device"

// landing is where somebody who has signed in is led: to the page that they came for, else to their first.
func landing(c *web.Ctx, a *authz.Actor, next string) string {
	next = web.SafePath(next, home)
	if next == home && c.Tenant.State == tenant.Preparing && c.Opens(a, ui.PathSetup) {
		return ui.PathSetup // nothing else is there yet
	}
	if next == home && !c.Opens(a, home) {
		return "/"
	}
	return next
}

// Routes registers the pages and the calls.
func Routes(r *web.Router, door *auth.Service) {
	h := handlers{door}
	slowed := web.Limited("sign-in", 5, 60)
	r.Get(ui.PathSignIn, authz.Public, h.page, web.Door)
	r.Post(ui.PathSignIn, authz.Public, h.signIn, slowed, web.OwnPace, web.Enrolling, web.Door)
	r.Get(pathForgot, authz.Public, h.forgotPage, web.Reads, web.Door)
	r.Post(pathForgot, authz.Public, h.forgot, slowed, web.Enrolling, web.Door)
	r.Get(PathLink, authz.Public, h.linkPage, slowed, web.Door)
	r.Post(PathLink, authz.Public, h.useLink, slowed, web.OwnPace, web.Enrolling, web.Door)
	r.Get(pathStep, authz.Public, h.stepPage, slowed, web.Door)
	r.Post(pathStep, authz.Public, h.step, slowed, web.Enrolling, web.Door)
	r.Post(pathPasskey+begin, authz.Public, h.passkeyBegin, slowed, web.Door)
	r.Post(pathPasskey, authz.Public, h.passkeySignIn, slowed, web.Enrolling, web.Door)
	r.Post(pathStepPasskey+begin, authz.Public, h.passkeyStepBegin, slowed, web.Door)
	r.Post(pathStepPasskey, authz.Public, h.passkeyStep, slowed, web.Enrolling, web.Door)
	r.Post(pathProvider, authz.Public, h.providerBegin, slowed, web.OwnPace, web.Within(providerWithin), web.Enrolling, web.Door)
	r.Get(auth.ProviderReturn(":agency"), authz.Public, h.providerReturn, slowed, web.OwnPace, web.Within(providerWithin), web.Enrolling, web.Door)
	r.Post(ui.PathSignOut, authz.SignedIn, h.signOut, web.Enrolling)

	r.Get(ui.PathAccount, authz.SignedIn, h.account)
	r.Post(pathSession+"/:id/akhiri", authz.SignedIn, h.endSession)
	r.Post(pathSession+"/akhiri-lain", authz.SignedIn, h.endOthers, web.Sudo)
	r.Get(pathPassword, authz.SignedIn, h.passwordPage)
	r.Post(pathPassword, authz.SignedIn, h.changePassword, web.OwnPace)
	r.Post(pathStrength, authz.SignedIn, h.passwordStrength, web.Limited("password-strength", 2, 60))
	r.Get(web.ProvePath, authz.SignedIn, h.provePage, web.Enrolling)
	r.Post(web.ProvePath, authz.SignedIn, h.prove, web.OwnPace, web.Enrolling)
	r.Post(pathProvePasskey+begin, authz.SignedIn, h.passkeyProofBegin, web.Enrolling)
	r.Post(pathProvePasskey, authz.SignedIn, h.passkeyProof, web.Enrolling)
	r.Get(web.EnrolPath, authz.SignedIn, h.enrolPage, web.Enrolling)
	r.Get(pathApp, authz.SignedIn, h.appPage, web.Sudo, web.Enrolling)
	r.Post(pathApp, authz.SignedIn, h.confirmApp, web.Sudo, web.Enrolling)
	r.Post(pathApp+"/hapus", authz.SignedIn, h.removeApp, web.Sudo)
	r.Get(pathKeys, authz.SignedIn, h.keyPage, web.Sudo, web.Enrolling)
	r.Post(pathKeys+begin, authz.SignedIn, h.keyBegin, web.Sudo, web.Enrolling)
	r.Post(pathKeys, authz.SignedIn, h.addKey, web.Sudo, web.Enrolling)
	r.Post(pathKeys+"/:id/hapus", authz.SignedIn, h.removeKey, web.Sudo)
	r.Post(pathCodes, authz.SignedIn, h.renewCodes, web.Sudo)

	// Whose people these are, the service asks: an agency's administrator is let in and meets the agency's own.
	r.Get(pathPeople, auth.PermPeople, h.people, web.Sudo, web.Desk("signin.people"))
	r.Post(pathFind, auth.PermPeople, h.find, web.Sudo)
	r.Get(pathInvite, auth.PermPeople, h.invitePage, web.Sudo)
	r.Post(pathInvite, auth.PermPeople, h.add, web.Sudo)
	importRoutes(r, h)
	one := pathPeople + "/:id"
	r.Get(one, auth.PermPeople, h.person, web.Sudo)
	r.Post(one+"/peran", auth.PermPeople, h.give, web.Sudo)
	r.Post(one+"/peran/ambil", auth.PermPeople, h.take, web.Sudo)
	r.Post(one+"/loket", auth.PermPeople, h.counters, web.Sudo)
	r.Post(one+"/keluarkan", auth.PermPeople, h.remove, web.Sudo)
	r.Post(one+"/kembali", auth.PermPeople, h.bringBack, web.Sudo)
	r.Post(one+"/sesi/:session/akhiri", auth.PermPeople, h.endTheirs, web.Sudo)
	r.Post(one+"/akhiri-sesi", auth.PermPeople, h.endAll, web.Sudo)
	r.Post(one+"/atur-ulang", auth.PermPeople, h.reset, web.Sudo)
	r.Post(one+"/undang", auth.PermPeople, h.invite, web.Sudo)
	r.Post(one+"/bekukan", auth.PermPeople, h.suspend, web.Sudo)
	r.Post(one+"/lepas-akun-instansi", auth.PermPeople, h.loosen, web.Sudo)
	r.Post(one+"/pulihkan", auth.PermPeople, h.resume, web.Sudo)

	peopleRoutes(r, h)
	r.Post("/api/v1/sessions", authz.Public, h.create, slowed, web.OwnPace, web.Door)
	r.Post("/api/v1/sessions/verify", authz.Public, h.verify, slowed, web.Door)
	r.Delete("/api/v1/sessions/current", authz.SignedIn, h.delete, web.Enrolling)
}

type handlers struct{ door *auth.Service }

// from is where the request comes from.
func from(c *web.Ctx) auth.From {
	return auth.From{IP: c.IP(), Agent: device(c.Header(fiber.HeaderUserAgent)), Device: c.OwnCookie(deviceCookie)}
}

// form is what a page shows again when something was wrong. A secret is never shown again.
type form struct {
	Email  string
	Next   string
	Done   string            // what was done just before, a word of knownDone
	Fields map[string]string // what is wrong, by field
	Note   string            // what is wrong with the whole
	Meter  *int              // how strong the new password was that somebody typed; nil: nobody asked
}

// next is the page of this site to which a person wants to go on, or "".
func next(c *web.Ctx) string {
	if c.Method() == fiber.MethodPost {
		return web.SafePath(c.Form("next"), "")
	}
	return web.SafePath(c.Query("next"), "")
}

// withNext adds it to an address.
func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// say puts what went wrong into the form and gives the status. What is nobody's mistake is given back.
func (f *form) say(c *web.Ctx, err error) (status int, _ error) {
	e := fault.Of(err)
	if e.Kind == fault.Internal {
		return 0, err
	}
	f.Fields = map[string]string{}
	for _, field := range e.Fields {
		f.Fields[field.Name] = c.FieldText(field)
	}
	if len(e.Fields) == 0 {
		f.Note = c.Problem(err).Detail
	}
	c.RetryAfter(e.RetryAfter)
	return e.Kind.Status(), nil
}

func (h handlers) page(c *web.Ctx) error {
	if c.Actor != nil {
		return c.SeeOther(landing(c, c.Actor, next(c)))
	}
	return h.showSignIn(c, fiber.StatusOK, form{Next: next(c), Done: done(c)})
}

func (h handlers) ui(c *web.Ctx, title string) ui.Page {
	p := c.UI(c.P.T(title))
	p.Surface = "staff"
	p.Scripts = []string{"form.js", "passkey.js"}
	return p
}

// titleOf names the page on which one signs in.
func titleOf(c *web.Ctx) string {
	if c.Tenant != nil && c.Tenant.IsPlatform() {
		return "signin.title_platform"
	}
	return "signin.title"
}

func (h handlers) signIn(c *web.Ctx) error {
	f := form{Email: c.Form("email"), Next: next(c)}
	s, err := h.door.SignIn(c.Std(), c.Tenant, f.Email, c.FormRaw("password"), auth.Cookie, from(c))
	if step, waits := auth.StepOf(err); waits {
		c.SetOwnCookie(stepCookie, step.Challenge, step.ExpiresAt)
		return c.SeeOther(withNext(pathStep, f.Next))
	}
	if err != nil {
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showSignIn(c, status, f)
	}
	return h.enter(c, s, f.Next)
}

// enter gives the browser its session. One that it held before ends.
func (h handlers) enter(c *web.Ctx, s auth.Session, next string) error {
	if c.Actor != nil {
		if err := h.door.SignOut(c.Std(), c.Tenant, c.Actor); err != nil {
			return err
		}
	}
	if c.OwnCookie(stepCookie) != "" {
		c.SetOwnCookie(stepCookie, "", time.Time{})
	}
	c.SetSession(s.Token, s.ExpiresAt)
	if s.Device != "" {
		c.SetOwnCookie(deviceCookie, s.Device, c.Now().Add(auth.Known))
	}
	return c.SeeOther(landing(c, s.Actor, next))
}

// again is the sign-in page for somebody whose second step is over.
func (h handlers) again(c *web.Ctx, err error) error {
	f := form{Next: next(c)}
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	c.SetOwnCookie(stepCookie, "", time.Time{})
	return h.showSignIn(c, status, f)
}

func (h handlers) stepPage(c *web.Ctx) error {
	if c.OwnCookie(stepCookie) == "" {
		return c.SeeOther(withNext(ui.PathSignIn, next(c)))
	}
	step, err := h.door.Waiting(c.Std(), c.Tenant, c.OwnCookie(stepCookie))
	if err != nil {
		return h.again(c, err)
	}
	return c.Page(fiber.StatusOK, stepPage(h.ui(c, "signin.step_title"), step, form{Next: next(c)}))
}

func (h handlers) step(c *web.Ctx) error {
	token := c.OwnCookie(stepCookie)
	f := form{Next: next(c)}
	s, err := h.door.Verify(c.Std(), c.Tenant, token, c.Form("code"), auth.Cookie, from(c))
	switch {
	case fault.Is(err, "auth.step"):
		return h.again(c, err)
	case err != nil:
		status, failed := f.say(c, err)
		step, gone := h.door.Waiting(c.Std(), c.Tenant, token)
		if err := errors.Join(failed, gone); err != nil {
			return err
		}
		if fault.Is(err, "auth.code") {
			f.Note, f.Fields = "", map[string]string{"code": f.Note}
		}
		return c.Page(status, stepPage(h.ui(c, "signin.step_title"), step, f))
	}
	return h.enter(c, s, f.Next)
}

func (h handlers) signOut(c *web.Ctx) error {
	if err := h.door.SignOut(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	c.ClearSession()
	c.SetHeader("Clear-Site-Data", `"cache", "storage"`) // what the browser kept of pages that only they may see
	return c.SeeOther("/")
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type secondStep struct {
	Challenge string `json:"challenge" jsonschema_description:"From the problem mfa_required."`
	Code      string `json:"code" jsonschema_description:"Six digits of the app, or a recovery code."`
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
	s, err := h.door.SignIn(c.Std(), c.Tenant, in.Email, in.Password, auth.Bearer, from(c))
	return h.created(c, s, err)
}

func (h handlers) verify(c *web.Ctx) error {
	var in secondStep
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	s, err := h.door.Verify(c.Std(), c.Tenant, in.Challenge, in.Code, auth.Bearer, from(c))
	return h.created(c, s, err)
}

func (h handlers) created(c *web.Ctx, s auth.Session, err error) error {
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
