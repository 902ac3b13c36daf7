package onboarding

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// Where a region begins, on the bare domain.
const (
	pathSent   = ui.PathClaim + "/terkirim"
	PathProof  = ui.PathClaim + "/bukti"
	PathClaims = "/petugas/pendaftaran"
)

// maxFound is how many regions a search offers.
const maxFound = 12

// BareRoutes registers the pages of the bare domain: asking for a region, and confirming who does.
func (s *Service) BareRoutes(r *web.Router) {
	h := handlers{s}
	slowed := web.Limited("claim", 0.2, 20)
	r.Get(ui.PathClaim, authz.Public, h.askPage, web.Reads)
	r.Post(ui.PathClaim, authz.Public, h.ask, web.Limited("claim-ask", 0.01, 10))
	r.Get(pathSent, authz.Public, h.sentPage, web.Reads)
	r.Get(PathProof, authz.Public, h.proofPage, slowed)
	r.Post(PathProof, authz.Public, h.prove, slowed)
	r.Get(PathClaims, permClaims, h.claims, web.Sudo, web.Desk("onboarding.claims"))
	r.Post(PathClaims+"/:id/konfirmasi", permClaims, h.confirm, web.Sudo)
	r.Post(PathClaims+"/:id/tolak", permClaims, h.refuse, web.Sudo)
	s.claimAPI(r)
}

// askView is the page on which somebody says which region, and who they are.
type askView struct {
	Query  string
	Found  []areas.Seat
	Here   []bool
	Region *areas.Seat
	IsHere bool
	Values map[string]string
	Errors map[string]string
	Wrong  []ui.Wrong
	Ends   string // how an official address ends
}

func (h handlers) askPage(c *web.Ctx) error { return h.drawAsk(c, http.StatusOK, nil) }

func (h handlers) drawAsk(c *web.Ctx, status int, err error) error {
	p := c.UI(c.P.T("onboarding.claim_title"))
	v := askView{Query: strings.TrimSpace(c.Query("q")), Values: map[string]string{}, Errors: map[string]string{}}
	if r := []rune(v.Query); len(r) > 80 {
		v.Query = string(r[:80])
	}
	if len(h.opt.Officials) > 0 {
		v.Ends = c.P.T("onboarding.claim_ends", strings.Join(h.opt.Officials, ", "))
	}
	code := c.Query("daerah")
	if err != nil {
		code = c.Form("region")
		for _, name := range []string{"name", "post", "email"} {
			v.Values[name] = c.Form(name)
		}
		pr := c.Problem(err)
		for _, x := range pr.Fields {
			v.Errors[x.Name] = x.Detail
			v.Wrong = append(v.Wrong, ui.Wrong{ID: x.Name, Text: x.Detail})
		}
		if len(pr.Fields) == 0 {
			v.Wrong = append(v.Wrong, ui.Wrong{ID: "name", Text: pr.Detail})
		}
	}
	if seat, ok := areas.SeatByCode(code); ok {
		v.Region = &seat
		_, v.IsHere = h.reg.ByCode(seat.Code)
	} else if v.Query != "" {
		for _, a := range areas.Search(v.Query, maxFound) {
			_, here := h.reg.ByCode(a.Code)
			v.Found, v.Here = append(v.Found, a), append(v.Here, here)
		}
	}
	p.NoIndex = v.Query != "" || v.Region != nil
	p.Scripts = []string{"form.js"}
	return c.Page(status, askScreen(p, v))
}

func (h handlers) ask(c *web.Ctx) error {
	w := Wish{Region: c.Form("region"), Name: c.Form("name"), Post: c.Form("post"), Email: c.Form("email"), Locale: string(c.Locale)}
	if err := h.Ask(c.Std(), w); err != nil {
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.Conflict || k == fault.TooMany {
			return h.drawAsk(c, k.Status(), err)
		}
		return err
	}
	return c.SeeOther(pathSent)
}

func (h handlers) sentPage(c *web.Ctx) error {
	p := c.UI(c.P.T("onboarding.claim_sent"))
	p.NoIndex = true
	return c.Page(http.StatusOK, saidScreen(p, c.P.T("onboarding.claim_sent_text"), ui.PathClaim, c.P.T("onboarding.claim_other")))
}

// proofPage asks before it takes the link: mail programs open links by themselves.
func (h handlers) proofPage(c *web.Ctx) error {
	claim, err := h.Proof(c.Std(), c.Query("k"))
	if err != nil {
		return err
	}
	c.SetHeader("Referrer-Policy", "no-referrer") // the address is the key
	p := c.UI(c.P.T("onboarding.proof_title"))
	p.NoIndex, p.Path = true, PathProof
	return c.Page(http.StatusOK, proofScreen(p, claim, c.Query("k")))
}

func (h handlers) prove(c *web.Ctx) error {
	claim, err := h.Prove(c.Std(), c.Form("k"))
	if err != nil {
		return err
	}
	province, err := h.Decider(c.Std(), claim.Region)
	if err != nil {
		return err
	}
	key := "onboarding.proven_platform"
	if province {
		key = "onboarding.proven_province"
	}
	name := ""
	if a, ok := areas.ProvinceByCode(claim.Region.Province); ok {
		name = a.Name
	}
	p := c.UI(c.P.T("onboarding.proven_title"))
	p.NoIndex, p.Path = true, ui.PathHome
	return c.Page(http.StatusOK, saidScreen(p, c.P.T(key, name), ui.PathHome, "Pendopo"))
}

// claimsView is the list of those who decide.
type claimsView struct {
	Waiting, Decided []Claim
	Said             string
	Wrong            []ui.Wrong
	Which            string // the claim whose reason is missing
}

func (h handlers) claims(c *web.Ctx) error {
	said := ""
	if seat, ok := areas.SeatByCode(c.Query("dikonfirmasi")); ok {
		said = c.P.T("onboarding.said_confirmed", seat.Name)
	} else if c.Query("ditolak") != "" {
		said = c.P.T("onboarding.said_refused")
	}
	return h.drawClaims(c, http.StatusOK, claimsView{Said: said})
}

func (h handlers) drawClaims(c *web.Ctx, status int, v claimsView) (err error) {
	p := c.UI(c.P.T("onboarding.claims"))
	p.NoIndex, p.Path, p.Scripts = true, PathClaims, []string{"form.js"}
	if v.Waiting, v.Decided, err = h.Claims(c.Std(), c.Actor); err != nil {
		return err
	}
	return c.Page(status, claimsScreen(p, v))
}

func (h handlers) confirm(c *web.Ctx) error {
	which, err := c.ID("id")
	if err != nil {
		return err
	}
	seat, err := h.Confirm(c.Std(), c.Actor, which)
	if err != nil {
		return err
	}
	return c.SeeOther(PathClaims + "?dikonfirmasi=" + seat.Code)
}

func (h handlers) refuse(c *web.Ctx) error {
	which, err := c.ID("id")
	if err != nil {
		return err
	}
	err = h.Refuse(c.Std(), c.Actor, which, c.Form("reason"))
	if pr := c.Problem(err); err != nil && slices.ContainsFunc(pr.Fields, func(f web.ProblemField) bool { return f.Name == "reason" }) {
		return h.drawClaims(c, http.StatusUnprocessableEntity, claimsView{Which: which.String(), Wrong: []ui.Wrong{{ID: "alasan-" + which.String(), Text: pr.Fields[0].Detail}}})
	}
	if err != nil {
		return err
	}
	return c.SeeOther(PathClaims + "?ditolak=1")
}
