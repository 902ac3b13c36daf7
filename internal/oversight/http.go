package oversight

import (
	_ "embed"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/oversight/text.yaml", text)

// Where the pages live, on the bare domain.
const (
	pathAgency   = "/petugas/instansi"
	pathRegions  = "/petugas/daerah"
	pathPlatform = "/petugas/platform"
)

// Routes registers the pages and the calls; they stand on the bare domain only.
func (s *Service) Routes(r *web.Router) {
	r.Get(ui.PathCounters, authz.SignedIn, s.begin)
	r.Get(pathAgency, permAgency, s.showAgency, web.Desk("oversight.desk_agency"))
	r.Get(pathRegions, permRegions, s.showRegions, web.Desk("oversight.desk_regions"))
	r.Get(pathPlatform, permPlatform, s.showPlatform, web.Desk("oversight.desk_platform"))
	r.Get("/api/v1/oversight/agencies/:code", permAgency, s.getAgency)
	r.Get("/api/v1/oversight/regions", permRegions, s.getRegions)
	r.Get("/api/v1/oversight/platform", permPlatform, s.getPlatform)
}

func looker(c *web.Ctx) Looker { return Looker{c.Tenant, c.Actor} }

// begin leads somebody who has signed in to the first page that is theirs.
func (s *Service) begin(c *web.Ctx) error {
	for _, path := range []string{pathRegions, pathAgency, pathPlatform} {
		if c.Opens(c.Actor, path) {
			return c.SeeOther(path)
		}
	}
	return c.SeeOther(ui.PathAccount)
}

// agenciesOf are the codes of the agencies that somebody oversees, sorted.
func agenciesOf(a *authz.Actor) (codes []string) {
	for _, scope := range a.Scopes(permAgency) {
		if code, ok := strings.CutPrefix(scope, tenant.AgencyAxis+"/"); ok && !strings.Contains(code, "/") {
			codes = append(codes, code)
		}
	}
	return codes
}

func (s *Service) showAgency(c *web.Ctx) error {
	mine := agenciesOf(c.Actor)
	if len(mine) == 0 {
		return fault.New(fault.Forbidden, "authz.forbidden")
	}
	code := c.Query("instansi")
	if code == "" {
		code = mine[0]
	}
	view, err := s.Agency(c.Std(), looker(c), code)
	if err != nil {
		return err
	}
	v := newAgencyPage(c.P, c.App(), view, mine)
	return c.Page(200, agencyPage(s.page(c, v.Title), v))
}

func (s *Service) showRegions(c *web.Ctx) error {
	view, err := s.Regions(c.Std(), looker(c))
	if err != nil {
		return err
	}
	return c.Page(200, regionsPage(s.page(c, c.P.T("oversight.regions")), newRegionsPage(c.P, c.App(), view)))
}

func (s *Service) showPlatform(c *web.Ctx) error {
	view, err := s.Platform(c.Std(), looker(c))
	if err != nil {
		return err
	}
	return c.Page(200, platformPage(s.page(c, c.P.T("oversight.platform")), newPlatformPage(c.P, view)))
}

// page is one of ours: where a region is an example, or is simulated, it says so.
func (s *Service) page(c *web.Ctx, title string) ui.Page {
	p := c.UI(title)
	p.NoIndex = true
	for _, t := range s.reg.All() {
		p.Example, p.Demo = p.Example || t.Region.Example, p.Demo || t.Demo
	}
	return p
}
