package signin

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// accountView is "Akun saya".
type accountView struct {
	Name, Email string
	Password    bool     // has one
	ByOwn       bool     // the session began by means of their own, not at an agency's provider
	Bound       []string // names of the agencies by whose accounts they may sign in
	Sessions    []sessionRow
	Factors     auth.Factors
	Keys        []auth.Key
	MustHave    bool
	Until       time.Time // of a password that somebody else chose; zero: it is their own
	People      bool      // may look after others' accounts
	Done        string    // what has just been done: a key of knownDone
}

type sessionRow struct {
	auth.SignedIn
	Mine bool // the one that looks
	End  string
	Name string // of the agency by whose account it began, or ""
}

// knownDone are the words that ?kabar= may bring: the address is anybody's to write.
var knownDone = []string{"sandi", "aplikasi", "aplikasi-hapus", "passkey", "passkey-hapus", "sesi", "sesi-lain", "kode", "atur-ulang", "bekukan", "pulihkan", "sandi-baru", "undangan",
	"diundang", "peran", "peran-ambil", "loket", "keluar", "kembali", "lepas", "impor"}

func done(c *web.Ctx) string {
	if word := c.Query("kabar"); slices.Contains(knownDone, word) {
		return word
	}
	return ""
}

// elevated puts the session's new token into the browser. A program has no browser to put it in.
func elevated(c *web.Ctx, s auth.Session) { c.SetSession(s.Token, s.ExpiresAt) }

// browserOnly refuses programs what would leave them with a token that is worth nothing any more.
func browserOnly(c *web.Ctx) error {
	if c.IsBearer() {
		return fault.New(fault.Forbidden, "auth.browser")
	}
	return nil
}

func (h handlers) account(c *web.Ctx) error {
	me, err := h.door.Person(c.Std(), c.Tenant, c.Actor, c.Actor.UserID)
	if err != nil {
		return err
	}
	v := accountView{
		Name: me.Name, Email: me.Email, Password: me.Password, ByOwn: c.Actor.Via == "", Factors: me.Factors, MustHave: me.MustHave, Done: done(c),
		People: c.Actor.CanWithin(auth.PermPeople, c.Tenant.Scope), Until: me.PasswordUntil,
	}
	if v.Bound, err = h.doorNames(c, me.Bound); err != nil {
		return err
	}
	if v.Keys, err = h.door.Keys(c.Std(), c.Tenant, c.Actor.UserID); err != nil {
		return err
	}
	rows, err := h.door.Sessions(c.Std(), c.Tenant, c.Actor.UserID)
	if err != nil {
		return err
	}
	for _, s := range rows {
		name, err := h.doorName(c, s.Via)
		if err != nil {
			return err
		}
		v.Sessions = append(v.Sessions, sessionRow{s, s.ID == c.Actor.SessionID, pathSession + "/" + s.ID.String() + "/akhiri", name})
	}
	return c.Page(fiber.StatusOK, accountPage(h.ui(c, "signin.account"), v))
}

func (h handlers) endSession(c *web.Ctx) error {
	which, err := c.ID("id")
	if err != nil {
		return err
	}
	// Whoever sits at an open screen may close it, and not put the owner out everywhere else.
	if which != c.Actor.SessionID {
		if err := c.Proved(); err != nil {
			return err
		}
	}
	if err := h.door.EndSession(c.Std(), c.Tenant, c.Actor, c.Actor.UserID, which); err != nil {
		return err
	}
	if which == c.Actor.SessionID {
		c.ClearSession()
		return c.SeeOther(ui.PathSignIn)
	}
	return c.SeeOther(ui.PathAccount + "?kabar=sesi")
}

func (h handlers) endOthers(c *web.Ctx) error {
	if _, err := h.door.EndOthers(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.SeeOther(ui.PathAccount + "?kabar=sesi-lain")
}

// proved asks somebody who has a second factor to have shown it lately: an old password that leaked must not be enough
// to choose a new one at an open screen. Who has none is asked for the old one by the form.
func (h handlers) proved(c *web.Ctx) error {
	have, err := h.door.FactorsOf(c.Std(), c.Tenant, c.Actor.UserID)
	if err != nil || !have.Any() {
		return err
	}
	return c.Proved()
}

func (h handlers) passwordPage(c *web.Ctx) error {
	if err := h.proved(c); err != nil {
		return err
	}
	return c.Page(fiber.StatusOK, passwordPage(h.ui(c, "signin.password_title"), c.Actor.Email, form{}))
}

func (h handlers) changePassword(c *web.Ctx) error {
	if err := errors.Join(browserOnly(c), h.proved(c)); err != nil {
		return err
	}
	s, err := h.door.ChangePassword(c.Std(), c.Tenant, c.Actor, c.FormRaw("current"), c.FormRaw("new"), from(c))
	if err != nil {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		if n := auth.Strength(c.Tenant, c.Actor, c.FormRaw("new")); c.FormRaw("new") != "" {
			f.Meter = &n
		}
		return c.Page(status, passwordPage(h.ui(c, "signin.password_title"), c.Actor.Email, f))
	}
	elevated(c, s)
	return c.SeeOther(ui.PathAccount + "?kabar=sandi")
}

// passwordStrength shows the page with how strong the new password is. With scripts only that part is exchanged, and
// what is typed stays.
func (h handlers) passwordStrength(c *web.Ctx) error {
	n := auth.Strength(c.Tenant, c.Actor, c.FormRaw("new"))
	return c.Page(fiber.StatusOK, passwordPage(h.ui(c, "signin.password_title"), c.Actor.Email, form{Meter: &n}))
}

func (h handlers) provePage(c *web.Ctx) error {
	return h.showProve(c, fiber.StatusOK, form{Next: next(c)})
}

func (h handlers) showProve(c *web.Ctx, status int, f form) error {
	have, err := h.door.FactorsOf(c.Std(), c.Tenant, c.Actor.UserID)
	if err != nil {
		return err
	}
	by, err := h.provable(c, have)
	if err != nil {
		return err
	}
	return c.Page(status, provePage(h.ui(c, "signin.prove_title"), have, by, c.Actor.Email, f))
}

func (h handlers) prove(c *web.Ctx) error {
	if err := browserOnly(c); err != nil {
		return err
	}
	f := form{Next: next(c)}
	s, err := h.door.Prove(c.Std(), c.Tenant, c.Actor, c.FormRaw("secret"), from(c))
	if err != nil {
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showProve(c, status, f)
	}
	elevated(c, s)
	return c.SeeOther(web.SafePath(f.Next, ui.PathAccount))
}

func (h handlers) enrolPage(c *web.Ctx) error {
	if !c.Actor.MustEnrol {
		return c.SeeOther(web.SafePath(next(c), ui.PathAccount))
	}
	have, err := h.door.FactorsOf(c.Std(), c.Tenant, c.Actor.UserID)
	if err != nil {
		return err
	}
	if have.Any() { // got in another session, and this one has not shown it yet
		return c.SeeOther(withNext(web.ProvePath, next(c)))
	}
	return c.Page(fiber.StatusOK, enrolPage(h.ui(c, "signin.enrol_title"), next(c), c.Actor.Via == ""))
}

// appView is the page on which an app is set up.
type appView struct {
	QR     ui.QR
	Open   string // otpauth://totp/..., which an app on this device opens by itself
	Secret string // in groups of four, to type
	Email  string
	Again  bool // the person has an app already, which this one replaces
	form
}

func (h handlers) appPage(c *web.Ctx) error {
	return h.showApp(c, fiber.StatusOK, form{Next: next(c)})
}

func (h handlers) showApp(c *web.Ctx, status int, f form) error {
	e, err := h.door.StartTOTP(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	have, err := h.door.FactorsOf(c.Std(), c.Tenant, c.Actor.UserID)
	if err != nil {
		return err
	}
	v := appView{QR: ui.NewQR(e.URL), Open: e.URL, Secret: grouped(e.Secret), Email: c.Actor.Email, Again: have.TOTP, form: f}
	return c.Page(status, appPage(h.ui(c, "signin.app_title"), v))
}

// grouped puts a space after every four signs.
func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (h handlers) confirmApp(c *web.Ctx) error {
	if err := browserOnly(c); err != nil {
		return err
	}
	f := form{Next: next(c)}
	s, codes, err := h.door.ConfirmTOTP(c.Std(), c.Tenant, c.Actor, plainCode(c.Form("code")), from(c))
	if err != nil {
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showApp(c, status, f)
	}
	elevated(c, s)
	if len(codes) == 0 {
		return c.SeeOther(web.SafePath(f.Next, ui.PathAccount+"?kabar=aplikasi"))
	}
	return h.showCodes(c, codes, f.Next)
}

// plainCode is a code without the spaces that apps show in it.
func plainCode(s string) string { return strings.ReplaceAll(s, " ", "") }

// showCodes shows recovery codes, this once.
func (h handlers) showCodes(c *web.Ctx, codes []string, next string) error {
	return c.Page(fiber.StatusOK, codesPage(h.ui(c, "signin.codes_title"), codes, web.SafePath(next, ui.PathAccount)))
}

func (h handlers) removeApp(c *web.Ctx) error {
	if err := h.door.RemoveTOTP(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.SeeOther(ui.PathAccount + "?kabar=aplikasi-hapus")
}

func (h handlers) renewCodes(c *web.Ctx) error {
	codes, err := h.door.RenewCodes(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	return h.showCodes(c, codes, "")
}
