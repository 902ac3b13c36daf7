package onboarding

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// act does what a button of a screen says, and tells which screen comes next.
func (h handlers) act(c *web.Ctx, at step, act, of string) (to string, err error) {
	ctx, t, by := c.Std(), c.Tenant, c.Actor
	to = at.path()
	switch act {
	case "", "next":
		return at.next().path(), nil
	case "stay":
		if agency := c.Form("instansi"); agency != "" {
			to += ofAgency(agency)
		}
		return to, nil
	case "remove":
		if at == stepServices {
			to = stepServices.path() + ofAgency(inList(of))
		}
		return to, h.Remove(ctx, t, by, of)
	case "add-venue":
		code, err := h.AddVenue(ctx, t, by, c.Form("name"), tenants.VenueKind(c.Form("kind")))
		return to + "#" + fieldID("venues/"+code), err
	case "add-zone":
		code, err := h.addZone(ctx, t, by, of, c.Form("zone:"+of))
		return to + "#" + fieldID("venues/"+of+"/zones/"+code), err
	case "copy-hours":
		return to, h.copyHours(ctx, t, by, of)
	case "add-closure":
		return to, h.AddClosure(ctx, t, by, c.Form("from"), c.Form("to"), c.Form("venue"), c.Form("reason"))
	case "add-agencies":
		return to, h.AddAgencies(ctx, t, by, c.FormAll("agency"))
	case "add-agency":
		code, err := h.AddAgency(ctx, t, by, c.Form("name"))
		return stepServices.path() + ofAgency(code), err
	case "offer":
		return to + ofAgency(of), h.Offer(ctx, t, by, of, c.FormAll("service"))
	case "add-service":
		_, err := h.AddService(ctx, t, by, of, c.Form("name"), catalogue.Execution(c.Form("execution")))
		return to + ofAgency(of), err
	case "confirm-all":
		return to + ofAgency(of), h.ConfirmAll(ctx, t, by, of)
	case "propose", "repropose":
		visitors, err := visitorsOf(c)
		if err != nil {
			return to, err
		}
		return to + "?pengunjung=" + strconv.Itoa(visitors), h.TakeProposal(ctx, t, by, visitors, act == "repropose" && t.State == tenant.Preparing)
	case "add-series":
		return to + "#" + fieldID("agencies/"+of), h.addSeries(ctx, t, by, of)
	case "add-counter":
		return to + "#" + fieldID("agencies/"+of), h.addCounter(ctx, t, by, of)
	case "add-person":
		if err := c.Proved(); err != nil {
			return to, err
		}
		p := tenants.Person{Name: c.Form("name"), Email: c.Form("email"), Role: tenants.Role(c.Form("role")), Agency: c.Form("agency")}
		return to, h.AddPeople(ctx, t, by, []tenants.Person{p})
	case "rehearse":
		visitors, err := visitorsOf(c)
		if err != nil {
			return to, err
		}
		return to, h.Rehearse(ctx, t, by, min(visitors, 3000))
	case "open":
		if err := c.Must(permOpen, t.Scope); err != nil {
			return to, err
		}
		version, bad := strconv.ParseInt(c.Form("version"), 10, 64)
		if bad != nil {
			return to, fault.New(fault.Malformed, "onboarding.version")
		}
		if err := c.Proved(); err != nil {
			return to, err
		}
		if _, err := h.Apply(ctx, t, by, version, c.Form("base")); err != nil {
			return to, err
		}
		return to + "?selesai=1", nil
	}
	return to, fault.New(fault.Malformed, "onboarding.act")
}

// visitorsOf reads how many are expected a day; empty is 0, what is usual.
func visitorsOf(c *web.Ctx) (int, error) {
	text := strings.TrimSpace(c.Form("visitors"))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, ".", ""))
	if err != nil || n < 1 || n > 20_000 {
		return 0, fault.New(fault.Invalid, "invalid").Field("visitors", "onboarding.visitors")
	}
	return n, nil
}

// ofAgency is the query of an agency's services.
func ofAgency(code string) string { return "?instansi=" + url.QueryEscape(code) }

// inList is the code of the thing in the first list of a path: "dukcapil" of "agencies/dukcapil/series/a".
func inList(path string) string {
	if parts := strings.Split(path, "/"); len(parts) > 1 {
		return parts[1]
	}
	return ""
}
