package platform

import (
	_ "embed"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/platform/text.yaml", text)

// fresh is how long a page for everyone is kept: a region that is applied shows within it.
const fresh = 2 * time.Second

// maxQuery bounds what is looked for, in signs. No region's name is half as long.
const maxQuery = 80

// Routes registers the pages of the bare domain.
func (p *Platform) Routes(r *web.Router) {
	r.Get("/", authz.Public, p.showHome)
	r.Get(pathSearch, authz.Public, p.searchRegions, web.Reads)
	r.Get(pathProvince+":code", authz.Public, p.showProvince)
}

func (p *Platform) showHome(c *web.Ctx) error {
	return c.Cached("", fresh, func() (templ.Component, error) {
		page := p.page(c, "")
		page.Description = c.P.T("platform.lead")
		return home(page, p.homeView(c.P, c.App())), nil
	})
}

// page is a page that lists regions: where one of them is an example, or is simulated, the page says so.
func (p *Platform) page(c *web.Ctx, title string) ui.Page {
	page := c.UI(title)
	page.Example = slices.ContainsFunc(p.reg.All(), func(t *tenant.Tenant) bool { return t.Region.Example })
	page.Demo = slices.ContainsFunc(p.reg.All(), func(t *tenant.Tenant) bool { return t.Demo })
	return page
}

// searchRegions finds regions by name. A query is anything that anybody types, so only the empty one is kept.
func (p *Platform) searchRegions(c *web.Ctx) error {
	query := strings.TrimSpace(c.Query("q"))
	if r := []rune(query); len(r) > maxQuery {
		query = string(r[:maxQuery])
	}
	if c.IsHTMX() {
		return c.Fragment(200, results(c.UI(""), p.resultView(c.P, c.App(), query)))
	}
	draw := func() (templ.Component, error) {
		page := p.page(c, c.P.T("platform.find"))
		page.Scripts = []string{"search.js"}
		page.NoIndex = query != ""
		return search(page, p.resultView(c.P, c.App(), query)), nil
	}
	if query == "" {
		return c.Cached("", fresh, draw)
	}
	view, err := draw()
	if err != nil {
		return err
	}
	return c.Page(200, view)
}

func (p *Platform) showProvince(c *web.Ctx) error {
	v, ok := p.Province(c.Param("code"))
	if !ok {
		return fault.New(fault.NotFound, "platform.province")
	}
	return c.Cached("", fresh, func() (templ.Component, error) {
		return province(p.page(c, v.Name), newProvinceView(c.P, c.App(), v)), nil
	})
}
