package domains

import (
	_ "embed"
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/domains/text.yaml", text)

const pathDomains = "/petugas/domain"

// checkTime is how long a request waits for name servers: two questions of ten seconds at the most.
const checkTime = 25 * time.Second

// what the page says of what was done just before.
var knownDone = []string{"diminta", "terbukti", "dikembalikan"}

type handlers struct{ k *Keeper }

// Routes registers the page and the calls.
func Routes(r *web.Router, k *Keeper) {
	h := handlers{k}
	r.Get(pathDomains, Permission, h.page, web.Sudo, web.Desk("domains.title"))
	r.Post(pathDomains, Permission, h.ask, web.Sudo)
	r.Post(pathDomains+"/:host/periksa", Permission, h.check, web.Sudo, web.OwnPace, web.Within(checkTime))
	r.Post(pathDomains+"/:host/kembalikan", Permission, h.drop, web.Sudo)

	r.Get(apiDomains, Permission, h.apiList)
	r.Post(apiDomains, Permission, h.apiAsk, web.Sudo)
	r.Get(apiDomains+"/:host", Permission, h.apiGet)
	r.Post(apiDomains+"/:host/check", Permission, h.apiCheck, web.Sudo, web.OwnPace, web.Within(checkTime))
	r.Delete(apiDomains+"/:host", Permission, h.apiDrop, web.Sudo)
}

// form is what comes back when something was wrong.
type form struct {
	Host  string // as it was typed
	Wrong string // what is wrong with it
	Note  string // what is wrong otherwise, with the domain About
	About string
}

func (h handlers) page(c *web.Ctx) error { return h.show(c, fiber.StatusOK, form{}) }

func (h handlers) show(c *web.Ctx, status int, f form) error {
	v := pageView{Home: h.k.Home(c.Tenant), Orders: h.k.Orders(), Form: f}
	if word := c.Query("kabar"); slices.Contains(knownDone, word) {
		v.Done = word
	}
	list, err := h.k.List(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	v.May = len(list) < mostDomains
	h.look(c, &v, list)
	p := c.UI(c.P.T("domains.title"))
	p.Path = pathDomains
	p.Scripts = []string{"form.js", "copy.js"}
	return c.Page(status, page(p, v))
}

func (h handlers) ask(c *web.Ctx) error {
	_, _, err := h.k.Ask(c.Std(), c.Tenant, c.Actor.String(), c.Form("host"))
	if err != nil {
		return h.again(c, err, form{Host: c.Form("host")})
	}
	return c.SeeOther(pathDomains + "?kabar=diminta")
}

func (h handlers) check(c *web.Ctx) error {
	host := c.Param("host")
	if err := h.k.Check(c.Std(), c.Tenant, c.Actor.String(), host); err != nil {
		return h.again(c, err, form{About: host})
	}
	return c.SeeOther(pathDomains + "?kabar=terbukti")
}

func (h handlers) drop(c *web.Ctx) error {
	if err := h.k.Drop(c.Std(), c.Tenant, c.Actor.String(), c.Param("host")); err != nil {
		return err
	}
	return c.SeeOther(pathDomains + "?kabar=dikembalikan")
}

// again shows the page with what is wrong. What names nothing here, and outages, are answered as everywhere.
func (h handlers) again(c *web.Ctx, err error, f form) error {
	e := fault.Of(err)
	if e.Kind == fault.Internal || e.Kind == fault.NotFound || e.Kind == fault.Unavailable && e.Code != "domains.lookup" {
		return err
	}
	if len(e.Fields) > 0 {
		f.Wrong = c.FieldText(e.Fields[0])
	} else {
		f.Note = c.Problem(err).Detail
	}
	c.RetryAfter(e.RetryAfter)
	return h.show(c, e.Kind.Status(), f)
}

// pathOf is where something is done with a domain.
func pathOf(host, verb string) string { return pathDomains + "/" + url.PathEscape(host) + "/" + verb }
