package platform

import (
	"strings"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// notHereView is what stands on a host that is no region's.
type notHereView struct {
	Host      string // as it was asked for
	Region    string // the region that would be here
	Claim     string // where its government begins, on the bare domain
	Title     string
	Lead      string
	Query     string
	Found     *resultView // what was searched for on this very page
	Perhaps   []seatView
	Near      []seatView
	NearTitle string
	Home      string // the bare domain
}

// nearMost is how many other regions stand on the page.
const nearMost = 4

// NotHere answers on a host that is no region's; it is for web.Config. label is the first label of the host
// under the bare domain, or "".
//
// The page's own links and its form stay on this host, where nothing but this page answers: so it searches itself, by
// ?q=, and changes the language itself.
func (p *Platform) NotHere(c *web.Ctx, label string) error {
	if l, ok := i18n.Parse(c.Query("lang")); ok {
		c.Locale, c.P = l, i18n.For(l)
	}
	query := strings.TrimSpace(c.Query("q"))
	v := p.notHereView(c.P, c.App(), label, query)
	page := c.UI(v.Title)
	if v.Region != "" {
		page.Title = v.Region + " " + v.Title
	}
	page.Path, page.NoIndex = "/", true
	page.Home = strings.TrimSuffix(v.Home, "/")
	return c.Page(404, notHere(page, v))
}

func (p *Platform) notHereView(pr *i18n.Printer, sites Sites, label, query string) notHereView {
	v := notHereView{Home: sites.BareOrigin() + "/", Query: query}
	if label != "" && len(label) <= maxLabel {
		_, domain, _ := strings.Cut(sites.BareOrigin(), "://")
		v.Host = label + "." + domain
	}
	meant := p.Mean(label)
	switch {
	case meant.Seat != nil:
		v.Region, v.Title, v.Lead = meant.Seat.Name, pr.T("platform.not_yet"), pr.T("platform.offices_open")
		v.Claim = v.Home[:len(v.Home)-1] + ui.PathClaim + "?daerah=" + meant.Seat.Code
		if meant.Own {
			v.Lead += " " + pr.T("platform.right_address")
		}
		p.near(&v, pr, sites, meant.Seat.Seat)
	case len(meant.Perhaps) > 0:
		v.Title, v.Lead = pr.T("platform.unknown"), pr.T("platform.unknown_near")
		v.Perhaps = newSeatViews(pr, sites, meant.Perhaps)
		if !meant.Perhaps[0].Open() {
			p.near(&v, pr, sites, meant.Perhaps[0].Seat)
		}
	default:
		v.Title, v.Lead = pr.T("platform.unknown"), pr.T("platform.unknown_text")
	}
	if query != "" {
		r := p.resultView(pr, sites, query)
		v.Found = &r
	}
	return v
}

// near adds regions that are open: those of the seat's province or, where it has none, others.
func (p *Platform) near(v *notHereView, pr *i18n.Printer, sites Sites, s areas.Seat) {
	list := p.Near(s.Code, nearMost)
	if len(list) == 0 {
		return
	}
	v.NearTitle = pr.T("platform.near_other")
	if list[0].Province == s.Province {
		n := 0
		for n < len(list) && list[n].Province == s.Province {
			n++
		}
		list = list[:n]
		prov, _ := areas.ProvinceByCode(s.Province)
		v.NearTitle = pr.T("platform.near_province", prov.Name)
	}
	v.Near = newSeatViews(pr, sites, list)
}

// suspendedView is what stands on the host of a region that is suspended.
type suspendedView struct {
	Region    string
	Preparing bool // it was never open yet
	Reason    string
	Lang      templ.Attributes // the reason's language, where it is not the page's
	Phone     string
	Email     string
	Home      string
}

// Suspended answers pages of a region that is suspended; it is for web.Config. Nothing of the region is read but
// what its manifest says about contact.
func (p *Platform) Suspended(c *web.Ctx) error {
	t := c.Tenant
	v := suspendedView{
		Region: t.Name, Reason: t.SuspendedReason, Home: c.App().BareOrigin() + "/",
		Phone: t.Region.Contact.Phone, Email: t.Region.Contact.Email,
	}
	if c.Locale == i18n.EN {
		v.Lang = templ.Attributes{"lang": string(i18n.ID)}
	}
	if v.Preparing = t.State == tenant.Preparing; v.Preparing {
		page := c.UI(c.P.T("platform.preparing_title"))
		page.NoIndex, page.Nav = true, []ui.Link{}
		return c.Page(503, preparing(page, v))
	}
	page := c.UI(c.P.T("platform.suspended_title"))
	page.NoIndex = true
	page.Nav = []ui.Link{} // none of them would answer
	return c.Page(503, suspended(page, v))
}
