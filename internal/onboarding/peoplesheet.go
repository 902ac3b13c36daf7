package onboarding

import (
	"context"
	"net/http"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// PeopleFile is a spreadsheet of people that was read against a draft.
type PeopleFile struct {
	File   *sheets.File     // nil: it cannot be read at all
	People []sheets.Entry   // those whose rows are right
	Wrong  []sheets.Problem // everything that is not, and what is left out
}

// knownIn is the draft against which people are read.
func (s *Service) knownIn(d *Draft) (sheets.Known, error) {
	region, _ := d.Region()
	resolved, err := tenants.Resolve(region, s.cat)
	if err != nil {
		return sheets.Known{}, err
	}
	known := sheets.KnownOf(resolved)
	known.Roles = roles
	return known, nil
}

// listed are the addresses of those who are in the draft's list, or in the manifest in force.
func (d *Draft) listed() map[string]bool {
	out := map[string]bool{}
	for _, p := range d.Live.Staff {
		out[seal.Email(p.Email)] = true
	}
	for _, p := range d.people() {
		out[seal.Email(p.Email)] = true
	}
	return out
}

// ReadPeople reads a spreadsheet of people against a region's draft, and changes nothing.
func (s *Service) ReadPeople(ctx context.Context, t *tenant.Tenant, raw []byte) (out PeopleFile, err error) {
	if out.File, out.Wrong = sheets.OpenBytes(raw); out.File == nil {
		return out, nil
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		d, err := load(ctx, tx, t)
		if err != nil {
			return err
		}
		known, err := s.knownIn(d)
		if err != nil {
			return err
		}
		listed := d.listed()
		here, err := tenant.HaveAccounts(ctx, tx, out.File.Emails())
		if err != nil {
			return err
		}
		known.There = func(email string) bool { return here[email] || listed[email] }
		out.People, out.Wrong = out.File.People(known)
		for i, w := range out.Wrong { // who is only in the list has no account yet
			if email := seal.Email(w.Value); w.Rule == sheets.RuleThere && listed[email] && !here[email] {
				const taken = "fault.field.onboarding.taken"
				out.Wrong[i].Message, out.Wrong[i].MessageEN = i18n.For(i18n.ID).T(taken), i18n.For(i18n.EN).T(taken)
			}
		}
		return nil
	})
	return out, err
}

// ImportPeople adds everybody of a spreadsheet to those who are invited when the region is applied, or nobody: then
// Wrong says why. Faults: "onboarding.full" (422).
func (s *Service) ImportPeople(ctx context.Context, t *tenant.Tenant, by *authz.Actor, raw []byte) (PeopleFile, error) {
	out, err := s.ReadPeople(ctx, t, raw)
	if err != nil || out.File == nil || sheets.Wrong(out.Wrong) {
		return out, err
	}
	people := make([]tenants.Person, len(out.People))
	for i, e := range out.People {
		people[i] = e.Person
	}
	added := s.AddPeople(ctx, t, by, people)
	if !fault.Is(added, "invalid") {
		return out, added
	}
	// Somebody else has changed the draft between the two: it is read again for what is wrong now.
	if out, err = s.ReadPeople(ctx, t, raw); err == nil && !sheets.Wrong(out.Wrong) {
		err = added
	}
	return out, err
}

// peopleSheetView is the page on which people are brought in.
type peopleSheetView struct {
	sheetView
	People []sheetPerson
}

type sheetPerson struct {
	Row         int
	Name, About string
}

// elsewhere tells whether people are invited on the page of people: once a region is open they are invited at once.
func elsewhere(c *web.Ctx) bool { return c.Tenant.State != tenant.Preparing }

// pathPeopleLive is where they are invited then.
const pathPeopleLive = "/petugas/orang/impor"

func (h handlers) peopleSheet(c *web.Ctx) error {
	if elsewhere(c) {
		return c.SeeOther(pathPeopleLive)
	}
	return h.showPeople(c, http.StatusOK, peopleSheetView{})
}

func (h handlers) showPeople(c *web.Ctx, status int, v peopleSheetView) error {
	p, frame, _, err := h.sheetScreen(c, stepPeople, "onboarding.sheet_people")
	if err != nil {
		return err
	}
	p.Path, v.Action, v.Sample, v.Help = pathPeopleSheet, pathPeopleSheet, pathPeopleTemplate, p.T("onboarding.sheet_help_people", sheets.MaxPeople)
	return c.Page(status, peopleSheetScreen(p, frame, v))
}

func (h handlers) peopleTemplate(c *web.Ctx) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	known, err := h.knownIn(d)
	if err != nil {
		return err
	}
	content, err := sheets.Template(sheets.KindPeople, known)
	if err != nil {
		return err
	}
	return c.Attachment("petugas-contoh.xlsx", xlsxType, content)
}

// readPeople looks at a file, gives it back with its mistakes, or adds who stands in it: as the button says.
func (h handlers) readPeople(c *web.Ctx) error {
	if elsewhere(c) {
		return c.SeeOther(pathPeopleLive)
	}
	name, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return h.showPeople(c, http.StatusUnprocessableEntity, peopleSheetView{sheetView: sheetView{Error: c.P.T("onboarding.sheet_none")}})
	}
	var got PeopleFile
	if c.Form("act") == sheetAdd {
		if got, err = h.ImportPeople(c.Std(), c.Tenant, c.Actor, raw); err == nil && got.File != nil && !sheets.Wrong(got.Wrong) {
			return c.SeeOther(stepPeople.path() + "?kabar=lembar")
		}
	} else {
		got, err = h.ReadPeople(c.Std(), c.Tenant, raw)
	}
	if err != nil {
		return err
	}
	if c.Form("act") == sheetMarked && got.File != nil {
		return marked(c, "petugas-masalah", got.File, got.Wrong)
	}
	var v peopleSheetView
	status := v.found(name, raw, got.File, got.Wrong)
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	p := c.UI("")
	for _, e := range got.People {
		v.People = append(v.People, sheetPerson{e.Row, e.Name, h.about(p, d, e.Person, c.Tenant.Name)})
	}
	return h.showPeople(c, status, v)
}

// about says what somebody is to be, and where they are written to.
func (h handlers) about(p ui.Page, d *Draft, x tenants.Person, region string) string {
	out := p.T("web.role." + string(x.Role))
	if x.Agency != "" {
		out += ", " + h.agencyName(p, d, x.Agency, region)
	}
	if len(x.Counters) > 0 {
		out += ", " + p.T("onboarding.sheet_counters", strings.Join(x.Counters, ", "))
	}
	return out + "; " + x.Email
}
