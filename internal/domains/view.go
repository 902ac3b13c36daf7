package domains

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// pageView is "Domain sendiri".
type pageView struct {
	Home    string // the region's host under the bare domain
	HomeAt  []string
	Orders  bool // this service orders certificates itself
	May     bool // another one may be asked for
	Domains []ownView
	Done    string
	Form    form
}

// ownView is a domain with its three steps.
type ownView struct {
	Own
	Anchor      string
	Name, Value string   // of the record that proves it
	At          []string // where it leads now
	Here        bool     // to where the region's own host does
}

// look asks where the hosts lead, all at once.
func (h handlers) look(c *web.Ctx, v *pageView, list []Own) {
	var all sync.WaitGroup
	if len(list) > 0 {
		all.Go(func() { v.HomeAt = h.k.addresses(c.Std(), v.Home) })
	}
	v.Domains = make([]ownView, len(list))
	for i, o := range list {
		x := &v.Domains[i]
		x.Own, x.Anchor = o, "domain-"+strings.ReplaceAll(o.Host, ".", "-")
		x.Name, x.Value = o.Record()
		all.Go(func() { x.At = h.k.addresses(c.Std(), o.Host) })
	}
	all.Wait()
	for i := range v.Domains {
		x := &v.Domains[i]
		x.Here = slices.ContainsFunc(x.At, func(a string) bool { return slices.Contains(v.HomeAt, a) })
	}
}

// proved tells whether the first step is done.
func (v ownView) proved() bool { return v.State != StateAsked }

// now is the step that waits: 1 the proof, 2 where it leads, 3 the certificate; 0: none.
func (v ownView) now(orders bool) int {
	switch {
	case !v.proved():
		return 1
	case v.State == StateSecured:
		return 0
	case len(v.At) == 0:
		return 2
	case orders:
		return 3
	}
	return 0
}

// tag is the domain's state in a word.
func (v ownView) tag(p ui.Page) (kind ui.Kind, icon, word string) {
	switch v.State {
	case StateSecured:
		return ui.Good, "shield-check", p.T("domains.state.secured")
	case StateFailed:
		return ui.Bad, "alert-triangle", p.T("domains.state.failed")
	case StateBound:
		return ui.Good, "circle-check", p.T("domains.state.bound")
	}
	return ui.Warn, "hourglass", p.T("domains.state.asked")
}

// leads says where the host leads now.
func (v ownView) leads(p ui.Page) string {
	switch {
	case len(v.At) == 0:
		return p.T("domains.leads_nowhere", v.Host)
	case v.Here:
		return p.T("domains.leads_here", v.Host)
	}
	return p.T("domains.leads_to", v.Host, p.Print().List(v.At...))
}

// until is the certificate that is served.
func (v ownView) until(p ui.Page) string {
	return p.T("domains.until", day(p, v.NotAfter), day(p, v.RenewAt))
}

// why is what the last order failed at, and what to do.
func (v ownView) why(p ui.Page) string { return p.T("domains.fault." + v.Fault) }

// next is when it is ordered again.
func (v ownView) next(p ui.Page) string { return p.T("domains.next", p.Print().DateTime(v.NextAt)) }

func day(p ui.Page, at time.Time) string {
	return p.Print().Date(clock.DayOf(at, p.Print().Local(at).Location()))
}

// steps are what makes a domain work, in their order.
func steps(p ui.Page, v pageView, d ownView) []ui.Step {
	now := d.now(v.Orders)
	return []ui.Step{
		{Title: p.T("domains.step_proof"), Body: proofStep(p, d), Now: now == 1},
		{Title: p.T("domains.step_point"), Body: pointStep(p, v, d), Now: now == 2},
		{Title: p.T("domains.step_certificate"), Body: certificateStep(p, v, d), Now: now == 3},
	}
}
