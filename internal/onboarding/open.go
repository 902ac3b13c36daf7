package onboarding

import (
	"cmp"
	"strings"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
)

// openView is the last screen.
type openView struct {
	Base     string
	Invited  []personRow
	Troubles []troubleRow
	Warnings []troubleRow
	Lines    []string
	More     int
	Version  int64
	People   int
	Done     bool
	Home     string
	Live     bool
	Changes  int
	Held     []string
	MayOpen  bool
	Facts    []ui.Pair
}

type troubleRow struct{ Text, Step, Href string }

// maxLines is how many lines of a plan stand on the screen.
const maxLines = 200

func (h handlers) openView(c *web.Ctx, p ui.Page, d *Draft, all []Trouble) (openView, error) {
	v := openView{
		Version: d.Version, Base: d.Base, People: len(d.invitees()), Home: c.App().Origin(c.Tenant) + "/", Done: c.Query("selesai") != "",
		Live: c.Tenant.State == tenant.Active, Changes: len(d.Changed), MayOpen: c.Actor.Can(permOpen, c.Tenant.Scope),
	}
	bare := map[string]bool{}
	for _, t := range all {
		s := stepOf(t.Path)
		if code := inList(t.Path); s == stepCounters && code != "" && len(d.list("agencies/"+code+"/series")) == 0 {
			if !bare[code] { // one line, and not one for each of its services
				bare[code] = true
				v.Troubles = append(v.Troubles, troubleRow{h.agencyName(p, d, code, c.Tenant.Name) + ": " + p.T("onboarding.no_numbers"), p.T("onboarding.step.loket"), stepCounters.path()})
			}
			continue
		}
		row := troubleRow{t.text(c.Locale), p.T("onboarding.step." + string(s)), s.path()}
		if code := inList(t.Path); s == stepServices && code != "" {
			row.Href += ofAgency(code)
		}
		if name := h.nameOf(p, d, t.Path, c.Tenant.Name); name != "" {
			row.Text = name + ": " + row.Text
		}
		if t.Warning {
			v.Warnings = append(v.Warnings, row)
		} else {
			v.Troubles = append(v.Troubles, row)
		}
	}
	if c.Tenant.State == tenant.Preparing {
		unready, err := h.unready(p, d)
		if err != nil {
			return v, err
		}
		v.Warnings = append(v.Warnings, unready...)
	}
	if v.MayOpen {
		v.Invited = h.peopleView(c, p, d).People
	}
	services, counters := 0, 0
	for _, a := range d.list("agencies") {
		services += len(d.list("agencies/" + a + "/services"))
		counters += len(d.list("agencies/" + a + "/counters"))
	}
	n := p.Print().Number
	v.Facts = []ui.Pair{
		{Term: p.T("onboarding.n_venues"), Value: n(len(d.list("venues")))}, {Term: p.T("onboarding.n_agencies"), Value: n(len(d.list("agencies")))},
		{Term: p.T("onboarding.n_services"), Value: n(services)}, {Term: p.T("onboarding.n_counters"), Value: n(counters)},
	}
	if !v.Live {
		v.Facts = append(v.Facts, ui.Pair{Term: p.T("onboarding.n_people"), Value: n(v.People)})
	}
	if len(v.Troubles) > 0 || len(d.Changed) == 0 {
		return v, nil
	}
	plan, err := h.Plan(c.Std(), d)
	if err != nil {
		return v, err
	}
	for _, ch := range plan.Changes {
		if strings.HasPrefix(ch.Path, "staff/") {
			continue // of a region that is open an apply changes nobody's rights; those who are invited stand below
		}
		if len(v.Lines) == maxLines {
			v.More++
			continue
		}
		line := ch.Text
		if c.Locale == i18n.EN {
			line = ch.TextEN
		}
		v.Lines = append(v.Lines, line)
	}
	for _, x := range plan.Held {
		v.Held = append(v.Held, p.T("onboarding.held", x.People, strings.TrimSpace(x.Series+x.Counter)))
	}
	return v, nil
}

// unready is what is worth a look before a region opens, and keeps nobody from opening it: what nobody has checked, whom
// nobody will serve, and what the rehearsal showed.
func (h handlers) unready(p ui.Page, d *Draft) (out []troubleRow, err error) {
	row := func(s step, text string) {
		out = append(out, troubleRow{text, p.T("onboarding.step." + string(s)), s.path()})
	}
	services, checked := 0, 0
	served := map[string]bool{}
	for _, x := range d.people() {
		if x.Role == tenants.RoleOfficer {
			served[x.Agency] = true
		}
	}
	var alone []string
	for _, a := range d.list("agencies") {
		for _, s := range d.list("agencies/" + a + "/services") {
			services++
			if d.Fields["agencies/"+a+"/services/"+s+"/confirmed"] == "true" {
				checked++
			}
		}
		if len(d.list("agencies/"+a+"/counters")) > 0 && !served[a] {
			alone = append(alone, h.shortName(p, d, a))
		}
	}
	if checked < services {
		row(stepServices, p.T("onboarding.unchecked", services-checked, services))
	}
	if len(alone) > 0 {
		row(stepPeople, p.T("onboarding.nobody_serves", p.Print().List(alone...)))
	}
	switch {
	case d.Report == "":
		row(stepRehearsal, p.T("onboarding.not_rehearsed"))
	case d.Stale:
		row(stepRehearsal, p.T("onboarding.report_stale"))
	default:
		said, err := h.opt.Rehearsal.Say(d.Report, p.Print())
		if err != nil {
			return nil, err
		}
		for _, f := range said.Findings {
			if f.Kind == ui.Bad {
				row(stepRehearsal, f.Text)
			}
		}
	}
	return out, nil
}

// nameOf names what a trouble is about: a venue, an agency's service.
func (h handlers) nameOf(p ui.Page, d *Draft, path, region string) string {
	parts := strings.Split(path, "/")
	switch {
	case len(parts) > 1 && parts[0] == "venues":
		return cmp.Or(d.Fields["venues/"+parts[1]+"/name"], parts[1])
	case len(parts) > 3 && parts[0] == "agencies" && parts[2] == "services":
		return h.agencyName(p, d, parts[1], region) + ", " + h.serviceLabel(p, d, parts[1], parts[3])
	case len(parts) > 1 && parts[0] == "agencies":
		return h.agencyName(p, d, parts[1], region)
	}
	return ""
}
