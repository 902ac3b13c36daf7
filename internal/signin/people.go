package signin

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// personView is one person's account, as an administrator sees it.
type personView struct {
	auth.Person
	Path     string
	Self     bool // the administrator's own, which is looked after elsewhere
	Sessions []sessionRow
	May      []mayRow
	Bonds    []string // names of the agencies at whose providers they have an account
	Done     string
	Form     form
}

func (h handlers) people(c *web.Ctx) error {
	all, err := h.door.People(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	return c.Page(fiber.StatusOK, peoplePage(h.ui(c, "signin.people"), all))
}

func (h handlers) person(c *web.Ctx) error { return h.showPerson(c, fiber.StatusOK, form{}) }

func (h handlers) showPerson(c *web.Ctx, status int, f form) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	person, err := h.door.Person(c.Std(), c.Tenant, user)
	if err != nil {
		return err
	}
	v := personView{Person: person, Path: personPath(user), Self: user == c.Actor.UserID, Done: done(c), Form: f}
	rows, err := h.door.Sessions(c.Std(), c.Tenant, user)
	if err != nil {
		return err
	}
	for _, s := range rows {
		name, err := h.doorName(c, s.Via)
		if err != nil {
			return err
		}
		v.Sessions = append(v.Sessions, sessionRow{s, s.ID == c.Actor.SessionID, v.Path + "/sesi/" + s.ID.String() + "/akhiri", name})
	}
	if v.Bonds, err = h.doorNames(c, person.Bound); err != nil {
		return err
	}
	v.May = mayDo(c, person.Grants)
	p := h.ui(c, "signin.people")
	p.Title = person.Name
	return c.Page(status, personPage(p, v))
}

// mayRow is something that a person may do.
type mayRow struct {
	What  string // the permission's sentence
	Where string // a part of the region; "" is all of it
	Why   string // the roles that lead to it: "Manajer MPP, Meja depan"
}

// mayDo lists what somebody may do beyond what everyone may, and through which roles.
func mayDo(c *web.Ctx, grants []authz.Grant) (out []mayRow) {
	actor := authz.NewActor(authz.Identity{}, grants)
	for _, p := range authz.All() {
		for _, scope := range actor.Scopes(p) {
			why := authz.Explain(grants, p, scope)
			if len(why) == 0 {
				continue
			}
			row := mayRow{What: p.Text(string(c.Locale))}
			if part, inside := strings.CutPrefix(scope, c.Tenant.Scope+"/"); inside {
				row.Where = part
			}
			var roles []string
			for _, step := range why[0].Path[:len(why[0].Path)-1] {
				roles = append(roles, c.P.T("web.role."+strings.TrimPrefix(step, "role:")))
			}
			row.Why = strings.Join(roles, ", ")
			out = append(out, row)
		}
	}
	return out
}

func personPath(user id.ID) string { return pathPeople + "/" + user.String() }

// endTheirs ends one session of another person. One's own are ended on one's own page.
func (h handlers) endTheirs(c *web.Ctx) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	which, err := c.ID("session")
	if err != nil {
		return err
	}
	if user == c.Actor.UserID {
		return fault.New(fault.Conflict, "auth.self")
	}
	if err := h.door.EndSession(c.Std(), c.Tenant, c.Actor, user, which); err != nil {
		return err
	}
	return c.SeeOther(personPath(user) + "?kabar=sesi")
}

// act does something to a person's account and shows it again.
func (h handlers) act(c *web.Ctx, word string, do func(context.Context, *tenant.Tenant, *authz.Actor, id.ID) error) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := do(c.Std(), c.Tenant, c.Actor, user); err != nil {
		return err
	}
	return c.SeeOther(personPath(user) + "?kabar=" + word)
}

func (h handlers) endAll(c *web.Ctx) error { return h.act(c, "sesi-lain", h.door.EndAll) }
func (h handlers) reset(c *web.Ctx) error  { return h.act(c, "atur-ulang", h.door.ResetFactors) }
func (h handlers) resume(c *web.Ctx) error { return h.act(c, "pulihkan", h.door.Resume) }

func (h handlers) suspend(c *web.Ctx) error {
	err := h.act(c, "bekukan", func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		return h.door.Suspend(ctx, t, by, user, c.Form("reason"))
	})
	if fault.KindOf(err) == fault.Invalid && err != nil {
		var f form
		status, err := f.say(c, err)
		if err != nil {
			return err
		}
		return h.showPerson(c, status, f)
	}
	return err
}

// factorWords says what somebody has beside the password, or beside their agency's account.
func factorWords(p ui.Page, a auth.Person) string {
	f, have := a.Factors, []string(nil)
	if f.TOTP {
		have = append(have, p.T("signin.has_app"))
	}
	if f.Passkeys > 0 {
		have = append(have, p.T("signin.has_keys", f.Passkeys))
	}
	if len(have) == 0 && !a.Password && len(a.Bound) > 0 {
		return p.T("signin.has_provider")
	}
	if len(have) == 0 {
		return p.T("signin.has_none")
	}
	return p.Print().List(have...)
}
