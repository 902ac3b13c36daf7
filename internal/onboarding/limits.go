package onboarding

import (
	"context"
	"strings"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// Limits are what a region may set up by what is paid.
type Limits struct {
	NewVenues bool // may add a venue
	Branding  bool // may change its colour and crest
	Venues    int  // as many as are paid for: more are warned of, and work; 0: nothing is said of it
}

// limits are those that hold for a region now. One that is being prepared is held back in nothing: it is only told.
func (s *Service) limits(ctx context.Context, t *tenant.Tenant) (Limits, error) {
	if s.opt.Allowed == nil {
		return Limits{NewVenues: true, Branding: true}, nil
	}
	l, err := s.opt.Allowed(ctx, t)
	if t.State != tenant.Active {
		l.NewVenues, l.Branding = true, true
	}
	return l, err
}

// limited tells changes that may be held back, so that nothing is asked for the others.
func limited(path string) bool { return isLook(path) || isVenue(path) }

func isLook(path string) bool { return path == "brand/colour" || path == crestField }

// isVenue tells a venue's own path, by which it is there or not.
func isVenue(path string) bool {
	code, ok := strings.CutPrefix(path, "venues/")
	return ok && !strings.Contains(code, "/")
}

// heldBack is the code of a fault where a change waits for a payment; "" where it does not. What takes back what was typed
// never waits, nor does anything else that is typed or applied.
func (l Limits) heldBack(e *editor, d *Draft, path, value string) string {
	switch {
	case isLook(path) && !l.Branding && value != e.live[path]:
		return "onboarding.unpaid_look"
	case isVenue(path) && !l.NewVenues && d.Fields[path] == "" && value != "" && e.live[path] == "":
		return "onboarding.unpaid_venue"
	}
	return ""
}

// pathBilling is where a region sees what is owed and how to pay.
const pathBilling = "/petugas/langganan"

// paidView says on a screen what waits for a payment, or that there is more than is paid for.
type paidView struct{ Text, Href string }

// paid is what a screen says of it; nil where there is nothing to say.
func (h handlers) paid(c *web.Ctx, p ui.Page, d *Draft, at step) (*paidView, error) {
	if at != stepRegion && at != stepVenues {
		return nil, nil
	}
	l, err := h.limits(c.Std(), c.Tenant)
	if err != nil {
		return nil, err
	}
	venues := len(d.list("venues"))
	switch {
	case at == stepRegion && !l.Branding:
		return &paidView{p.T("fault.onboarding.unpaid_look"), pathBilling}, nil
	case at == stepVenues && !l.NewVenues:
		return &paidView{p.T("fault.onboarding.unpaid_venue"), pathBilling}, nil
	case at == stepVenues && l.Venues > 0 && venues > l.Venues:
		return &paidView{p.T("onboarding.more_venues", venues, l.Venues), pathBilling}, nil
	}
	return nil, nil
}

// mayAddVenue is the fault for which a venue is not added.
func (s *Service) mayAddVenue(ctx context.Context, t *tenant.Tenant) error {
	l, err := s.limits(ctx, t)
	if err == nil && !l.NewVenues {
		err = fault.New(fault.Conflict, "onboarding.unpaid_venue")
	}
	return err
}
