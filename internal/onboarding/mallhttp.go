package onboarding

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// mallSheetView is the page on which a mall that runs already is brought in.
type mallSheetView struct {
	sheetView
	NoVenue bool // counters and series stand at a venue: it is declared first
	Empty   bool // the file has nothing that is not there
	Adds    []ui.Pair
	Known   int
	Numbers int
	Differs []differView
	Later   []troubleRow
}

// differView is a field that stays as it is.
type differView struct{ What, Here, File string }

func (h handlers) mallSheet(c *web.Ctx) error {
	return h.showMall(c, http.StatusOK, sheetView{}, MallFile{})
}

func (h handlers) showMall(c *web.Ctx, status int, sheet sheetView, got MallFile) error {
	p, frame, d, err := h.sheetScreen(c, stepRegion, "onboarding.sheet_mall")
	if err != nil {
		return err
	}
	v := mallSheetView{sheetView: sheet, NoVenue: len(d.list("venues")) == 0}
	p.Path, v.Action, v.Sample, v.Help = pathMallSheet, pathMallSheet, pathMallTemplate, p.T("onboarding.sheet_help_mall", sheets.MaxPeople)
	h.mallFound(p, &v, d, got.Merged, c.Tenant.Name)
	return c.Page(status, mallSheetScreen(p, frame, v))
}

// mallFound puts into words what a workbook adds.
func (h handlers) mallFound(p ui.Page, v *mallSheetView, d *Draft, m Merged, region string) {
	v.Empty, v.Known, v.Numbers = m.Empty(), m.Known, m.Numbers
	n := p.Print().Number
	v.Adds = []ui.Pair{
		{Term: p.T("onboarding.n_agencies"), Value: n(m.Agencies)}, {Term: p.T("onboarding.n_services"), Value: n(m.Services)},
		{Term: p.T("onboarding.series"), Value: n(m.Series)}, {Term: p.T("onboarding.n_counters"), Value: n(m.Counters)},
		{Term: p.T("onboarding.n_people"), Value: n(m.People)}, {Term: p.T("onboarding.sheet_filled"), Value: n(m.Filled)},
	}
	for _, x := range m.Differs {
		v.Differs = append(v.Differs, differView{
			h.fieldName(p, d, x.Path, region), cmp.Or(show(p.Locale, x.Path, x.Here), p.T("onboarding.sheet_catalogue")), cmp.Or(show(p.Locale, x.Path, x.File), p.T("onboarding.sheet_own_standard")),
		})
	}
	for _, t := range m.Later {
		s := stepOf(t.Path)
		row := troubleRow{t.text(p.Locale), p.T("onboarding.step." + string(s)), s.path()}
		if name := h.nameOf(p, d, t.Path, region); name != "" {
			row.Text = name + ": " + row.Text
		}
		v.Later = append(v.Later, row)
	}
}

// fieldWords are what the fields are called that a workbook may fill.
var fieldWords = map[string]string{
	"prefix": "prefix", "venue": "venue", "quota": "quota", "place": "place", "zone": "zone", "execution": "execution", "system": "system", "minutes": "minutes",
	"time": "time", "fee": "fee", "product": "product", "requirements": "requirements", "procedure": "procedure", "complaints": "complaints", "series": "series",
	"standard": "sheet_standard",
}

// fieldName says which field a path is: "Dinas Kependudukan, KTP-el baru: Biaya".
func (h handlers) fieldName(p ui.Page, d *Draft, path, region string) string {
	parts := strings.Split(path, "/")
	name := h.nameOf(p, d, path, region)
	if len(parts) > 3 {
		switch parts[2] {
		case "series":
			name += ", " + p.T("onboarding.sheet_series", cmp.Or(d.Fields["agencies/"+parts[1]+"/series/"+parts[3]+"/prefix"], parts[3]))
		case "counters":
			venue, code, _ := strings.Cut(parts[3], ":")
			name += ", " + p.T("onboarding.counter_at", code, cmp.Or(d.Fields["venues/"+venue+"/name"], venue))
		}
	}
	return name + ": " + p.T("onboarding."+cmp.Or(fieldWords[parts[len(parts)-1]], "sheet_other"))
}

func (h handlers) mallTemplate(c *web.Ctx) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	known, err := h.knownIn(d)
	if err != nil {
		return err
	}
	content, err := sheets.Template(sheets.KindMall, known)
	if err != nil {
		return err
	}
	return c.Attachment("mpp-contoh.xlsx", xlsxType, content)
}

// readMall looks at a workbook, gives it back with its mistakes, or adds what is in it: as the button says.
func (h handlers) readMall(c *web.Ctx) error {
	name, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return h.showMall(c, http.StatusUnprocessableEntity, sheetView{Error: c.P.T("onboarding.sheet_none")}, MallFile{})
	}
	var got MallFile
	if c.Form("act") == sheetAdd {
		if got, err = h.ImportMall(c.Std(), c.Tenant, c.Actor, raw); err == nil && got.File != nil && !sheets.Wrong(got.Wrong) {
			return c.SeeOther(stepAgencies.path() + "?kabar=lembar")
		}
	} else {
		got, err = h.ReadMall(c.Std(), c.Tenant, c.Actor, raw)
	}
	if err != nil {
		return err
	}
	if c.Form("act") == sheetMarked && got.File != nil {
		return marked(c, "mpp-masalah", got.File, got.Wrong)
	}
	var v sheetView
	status := v.found(name, raw, got.File, got.Wrong)
	return h.showMall(c, status, v, got)
}
