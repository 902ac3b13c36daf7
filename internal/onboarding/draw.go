package onboarding

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// draw makes a screen. failed and typed are what could not be stored; wrong is why a button did nothing.
func (h handlers) draw(c *web.Ctx, status int, at step, failed map[string]Result, typed map[string]string, wrong error) error {
	return h.drawWith(c, status, at, failed, typed, wrong, nil)
}

// drawCrest makes the first screen again with what is wrong with a crest.
func (h handlers) drawCrest(c *web.Ctx, status int, wrong []string) error {
	return h.drawWith(c, status, stepRegion, nil, nil, nil, wrong)
}

func (h handlers) drawWith(c *web.Ctx, status int, at step, failed map[string]Result, typed map[string]string, wrong error, crest []string) error {
	d, err := h.Whole(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	names, err := h.names(c.Std(), c.Tenant, d)
	if err != nil {
		return err
	}
	all := h.Check(d)
	p := c.UI(c.P.T("onboarding.step." + string(at)))
	p.NoIndex, p.Path, p.Scripts = true, at.path(), []string{"wizard.js"}
	f := &form{p: p, d: d, names: names, trouble: troublesAt(all, c.Locale), typed: typed, failed: failed}
	if len(d.Changed) == 0 && c.Tenant.State == tenant.Preparing {
		f.trouble = nil // nobody has begun: nothing is wrong yet
	}
	v := h.frame(c, p, d, names, all, at)
	if v.Paid, err = h.paid(c, p, d, at); err != nil {
		return err
	}
	if c.Query("kabar") == "lembar" {
		v.Done = p.T("onboarding.sheet_added")
	}
	for path, r := range failed {
		v.Wrong = append(v.Wrong, ui.Wrong{ID: fieldID(path), Text: f.why(r)})
		if r.Outcome == Gone {
			v.Lost = append(v.Lost, typed[path])
		}
	}
	fails := map[string]string{}
	if wrong != nil {
		if list := c.Problem(wrong).Fields; len(list) > 0 {
			for _, x := range list {
				fails[x.Name] = x.Detail
				v.Wrong = append(v.Wrong, ui.Wrong{ID: x.Name, Text: x.Detail})
			}
		} else {
			v.Wrong = append(v.Wrong, ui.Wrong{ID: "isi", Text: c.Problem(wrong).Detail})
		}
	}
	slices.SortFunc(v.Wrong, func(a, b ui.Wrong) int { return strings.Compare(a.ID, b.ID) })
	var body templ.Component
	switch at {
	case stepRegion:
		for _, text := range crest {
			v.Wrong = append(v.Wrong, ui.Wrong{ID: "berkas", Text: text})
		}
		body = regionScreen(p, v, f.region(c))
	case stepVenues:
		body = venuesScreen(p, v, f.venues(c.Tenant.Code), typedHere(c, fails, "name", "kind"))
	case stepHours:
		body = hoursScreen(p, v, f.venues(c.Tenant.Code), f.closures(), typedHere(c, fails, "from", "to", "venue", "reason"))
	case stepAgencies:
		body = agenciesScreen(p, v, h.agencies(f, c.Tenant.Name), h.agencyGroups(p, d, c.Tenant.Name), typedHere(c, fails, "name"))
	case stepServices:
		body = h.servicesScreen(c, p, v, f, fails)
	case stepCounters:
		visitors, _ := strconv.Atoi(cmp.Or(c.Form("visitors"), c.Query("pengunjung")))
		body = countersScreen(p, v, h.desks(f, c.Tenant.Name), h.proposalView(p, d, min(max(visitors, 0), 20_000)))
	case stepPeople:
		body = peopleScreen(p, v, h.peopleView(c, p, d), typedHere(c, fails, "name", "email", "role", "agency"))
	case stepDevices:
		body = devicesScreen(p, v)
	case stepRehearsal:
		view, err := h.rehearsalView(c, d, all)
		if err != nil {
			return err
		}
		body = rehearsalScreen(p, v, view)
	case stepOpen:
		view, err := h.openView(c, p, d, all)
		if err != nil {
			return err
		}
		body = openScreen(p, v, view)
	}
	return c.Page(status, body)
}

// why says in a sentence why a field was not stored.
func (f *form) why(r Result) string {
	who := cmp.Or(f.names[r.By], f.p.T("onboarding.somebody"))
	switch r.Outcome {
	case Conflict:
		return f.p.T("onboarding.conflict", who, cmp.Or(show(f.p.Locale, r.Path, r.Value), f.p.T("onboarding.empty")))
	case Gone:
		return f.p.T("onboarding.gone", who)
	}
	return f.p.T("fault." + r.Problem)
}

// addForm is a form by which something is added: what was typed into it comes back when it is wrong.
type addForm struct{ Values, Errors map[string]string }

func typedHere(c *web.Ctx, fails map[string]string, names ...string) addForm {
	f := addForm{map[string]string{}, fails}
	if len(fails) > 0 {
		for _, n := range names {
			f.Values[n] = c.Form(n)
		}
	}
	return f
}

func (h handlers) servicesScreen(c *web.Ctx, p ui.Page, v frameView, f *form, fails map[string]string) templ.Component {
	all := h.agencies(f, c.Tenant.Name)
	code := cmp.Or(c.Query("instansi"), c.Form("instansi"))
	if i := slices.IndexFunc(all, func(a agencyView) bool { return a.Code == code }); i >= 0 {
		p.Path = stepServices.path() + ofAgency(code)
		next := stepServices.path()
		if i+1 < len(all) {
			next += ofAgency(all[i+1].Code)
		}
		return agencyServicesScreen(p, v, all[i], h.services(f, code), typedHere(c, fails, "name", "execution"), next)
	}
	return servicesScreen(p, v, all)
}

// peopleListView is the screen of those who are to be invited.
type peopleListView struct {
	People   []personRow
	Live     bool
	Roles    []ui.Option
	Agencies []ui.Option
}

type personRow struct{ Path, Name, About string }

func (h handlers) peopleView(c *web.Ctx, p ui.Page, d *Draft) peopleListView {
	v := peopleListView{Live: c.Tenant.State != tenant.Preparing}
	for _, r := range roles {
		if auth.MayGiveSomewhere(c.Actor, c.Tenant, string(r)) {
			v.Roles = append(v.Roles, ui.Option{Value: string(r), Label: p.T("web.role." + string(r))})
		}
	}
	v.Agencies = []ui.Option{{Label: p.T("onboarding.no_agency")}}
	for _, a := range d.list("agencies") {
		v.Agencies = append(v.Agencies, ui.Option{Value: a, Label: h.agencyName(p, d, a, c.Tenant.Name)})
	}
	for _, i := range d.invitees() {
		v.People = append(v.People, personRow{staffList + "/" + i.Key, i.Name, h.about(p, d, i.Person, c.Tenant.Name)})
	}
	return v
}
