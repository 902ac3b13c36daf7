package operator

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// helpView is the page on which a region lets an operator in.
type helpView struct {
	Allowed bool
	Inside  bool
	Kind    string
	Until   string
	Hours   []ui.Option
	Kinds   []ui.Option
	Wrong   map[string]string
	Done    string
}

func kindText(c *web.Ctx, h *Help) string {
	if h.Whole {
		return c.P.T("operator.help_full")
	}
	return c.P.T("operator.help_look")
}

func (s *Service) showHelp(c *web.Ctx) error { return s.help(c, http.StatusOK, nil) }

func (s *Service) help(c *web.Ctx, status int, wrong *fault.Error) error {
	h, err := s.Help(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	v := helpView{Wrong: wrongOf(c, wrong), Done: done(c), Kinds: []ui.Option{
		{Value: "look", Label: c.P.T("operator.help_look")}, {Value: "full", Label: c.P.T("operator.help_full")},
	}}
	for _, n := range hours {
		v.Hours = append(v.Hours, ui.Option{Value: strconv.Itoa(n), Label: c.P.T("operator.hours", n)})
	}
	if h != nil {
		v.Allowed, v.Inside, v.Until, v.Kind = true, !h.OpenedAt.IsZero(), c.P.DateTime(h.UntilAt), kindText(c, h)
	}
	return c.Page(status, helpPage(page(c, c.P.T("operator.help")), v))
}

func (s *Service) allow(c *web.Ctx) error {
	n, _ := strconv.Atoi(c.Form("hours")) // what is no number is none of the choices
	err := s.Allow(c.Std(), c.Tenant, c.Actor, n, c.Form("kind") == "full")
	if fault.KindOf(err) == fault.Invalid {
		return s.help(c, http.StatusUnprocessableEntity, fault.Of(err))
	}
	if err != nil {
		return err
	}
	return c.SeeOther(pathHelp + "?kabar=izin")
}

func (s *Service) withdraw(c *web.Ctx) error {
	if err := s.Withdraw(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.SeeOther(pathHelp + "?kabar=tarik")
}

// openHelp gives the operator the way into the region: a link to its host, for no site can sign somebody in at another.
func (s *Service) openHelp(c *web.Ctx) error {
	token, t, err := s.Open(c.Std(), who(c), c.Param("code"))
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, wayPage(page(c, t.Name), t.Name, regionPath(t.Code), c.App().Origin(t)+pathEnter+"?k="+url.QueryEscape(token)))
}

// showEnter asks once more, for following a link must not sign anybody in.
func (s *Service) showEnter(c *web.Ctx) error {
	p := page(c, c.P.T("operator.enter"))
	return c.Page(http.StatusOK, enterPage(p, c.Query("k")))
}

func (s *Service) enter(c *web.Ctx) error {
	out, err := s.Enter(c.Std(), c.Tenant, c.Form("k"), auth.From{IP: c.IP(), Agent: c.P.T("operator.agent"), Device: ""})
	if err != nil {
		return err
	}
	c.SetSession(out.Token, out.ExpiresAt)
	c.SetHeader(fiber.HeaderCacheControl, "no-store")
	return c.SeeOther(ui.PathCounters)
}
