package catalog

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

var _ = i18n.Register("internal/catalog/text.yaml", text)

// fresh is how long a page for everyone is kept. A queue's numbers may be that old; people do not
// notice, and a mall's Wi-Fi full of phones renders each page once.
const fresh = 2 * time.Second

// Routes registers the region's public pages and the services in the API, on the regions' hosts.
func (c *Catalog) Routes(r *web.Router) {
	r.Get("/", authz.Public, c.showHome)
	r.Get("/layanan", authz.Public, c.listServices, web.Reads)
	r.Get("/layanan/:agency/:service", authz.Public, c.showService, web.Reads)
	r.Get("/api/v1/services", authz.Public, c.listServicesJSON, web.Reads, web.Switched(tenant.PublicAPI))
	r.Get("/api/v1/services/:id", authz.Public, c.getServiceJSON, web.Reads, web.Switched(tenant.PublicAPI))
}

func (c *Catalog) showHome(x *web.Ctx) error {
	return x.Cached("", fresh, func() (templ.Component, error) {
		h, err := c.Home(x.Std(), x.Tenant, x.Now())
		if err != nil {
			return nil, err
		}
		p := x.UI("")
		p.Description = x.P.T("catalog.description", x.Tenant.Name)
		return home(p, newHomeView(x.P, x.Tenant, h)), nil
	})
}

// listServices lists what is offered. Only the two lists that many people ask for are kept: a query is
// anything that anybody types, and would push the others out.
func (c *Catalog) listServices(x *web.Ctx) error {
	query, agency := strings.TrimSpace(x.Query("q")), x.Query("instansi")
	switch {
	case query != "":
		v, err := c.found(x, query)
		if err != nil {
			return err
		}
		if x.IsHTMX() {
			return x.Fragment(200, results(x.UI(""), v))
		}
		p := listPage(x, v)
		p.NoIndex = true
		return x.Page(200, services(p, v))
	case x.IsHTMX():
		v, err := c.whole(x)
		if err != nil {
			return err
		}
		return x.Fragment(200, results(x.UI(""), v))
	case agency != "":
		return c.listAgency(x, agency)
	}
	return x.Cached("", fresh, func() (templ.Component, error) {
		v, err := c.whole(x)
		if err != nil {
			return nil, err
		}
		return services(listPage(x, v), v), nil
	})
}

func listPage(x *web.Ctx, v listView) ui.Page {
	p := x.UI(v.Title.Text)
	p.Scripts = []string{"search.js"}
	p.Description = x.P.T("catalog.description", x.Tenant.Name)
	return p
}

// listSearch is the search box on the list itself, which the results follow as one types.
func listSearch(x *web.Ctx, value string) ui.SearchBox {
	s := searchBox(x.P, value, nil)
	s.Fragment, s.Target, s.KeepURL = ui.PathServices, target, true
	return s
}

func (c *Catalog) found(x *web.Ctx, query string) (listView, error) {
	if r := []rune(query); len(r) > maxQuery {
		query = string(r[:maxQuery])
	}
	search := listSearch(x, query)
	services, whole, err := c.services(x.Std(), x.Tenant, query, "")
	if err != nil {
		return listView{}, err
	}
	if len(services) > 0 {
		return newFoundView(x.P, query, services, whole, search), nil
	}
	d, err := c.dirs.Of(x.Std(), x.Tenant)
	if err != nil {
		return listView{}, err
	}
	return newEmptyView(x.P, x.Tenant, query, c.Help(d, query), c.prepare(d).popular, search), nil
}

func (c *Catalog) whole(x *web.Ctx) (listView, error) {
	agencies, err := c.Agencies(x.Std(), x.Tenant, x.Now())
	if err != nil {
		return listView{}, err
	}
	return newWholeView(x.P, agencies, listSearch(x, "")), nil
}

// listAgency lists one agency's services. Only agencies that there are make a page that is kept.
func (c *Catalog) listAgency(x *web.Ctx, code string) error {
	d, err := c.dirs.Of(x.Std(), x.Tenant)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.Agencies, func(o *tenant.Agency) bool { return o.Code == code })
	if i < 0 {
		return fault.New(fault.NotFound, "catalog.agency")
	}
	return x.Cached("instansi="+code, fresh, func() (templ.Component, error) {
		crowd, err := c.crowd.Crowd(x.Std(), x.Tenant)
		if err != nil {
			return nil, err
		}
		v := newAgencyView(x.P, agencyNow(d, x.Tenant, d.Agencies[i], crowd, x.Now()), listSearch(x, ""))
		return services(listPage(x, v), v), nil
	})
}

// showService shows a service's standard. It is rendered for each visitor, because its form carries an
// idempotency key that is theirs alone.
func (c *Catalog) showService(x *web.Ctx) error {
	o, ok, err := c.Service(x.Std(), x.Tenant, x.Param("agency"), x.Param("service"))
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "catalog.service")
	}
	v := newServiceView(x.P, x.Tenant, o, x.Now())
	p := x.UI(v.Name.Text)
	p.Description = x.P.T("catalog.service_description", v.Name.Text, v.Agency.Text)
	return x.Page(200, service(p, v))
}
