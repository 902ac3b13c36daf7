package onboarding

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// Where a region's draft is filled by spreadsheets. Between the steps the file stays in the browser, in the page's own
// form: what was not agreed to is kept nowhere.
const (
	pathPeopleSheet    = ui.PathSetup + "/petugas/impor"
	pathPeopleTemplate = ui.PathSetup + "/petugas/templat.xlsx"
	pathMallSheet      = ui.PathSetup + "/mal"
	pathMallTemplate   = ui.PathSetup + "/mal/templat.xlsx"
)

const (
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	csvType  = "text/csv; charset=utf-8"

	// sheetBody is a request with a file, as it is or in base64, and the form around it.
	sheetBody = sheets.MaxSize*4/3 + 64<<10
	// sheetTime is for a workbook of a whole mall on a slow disk.
	sheetTime = 60 * time.Second
)

// What the buttons of a page with a file do; without one the file is looked at.
const (
	sheetAdd    = "add"
	sheetMarked = "marked"
)

// sheetRoutes stand before those of the steps, one of which "mal" would be.
func (h handlers) sheetRoutes(r *web.Router) {
	r.Get(pathPeopleSheet, permEdit, h.peopleSheet, web.Sudo)
	r.Post(pathPeopleSheet, permEdit, h.readPeople, web.Sudo, web.Within(sheetTime), web.Uploads(sheetBody))
	r.Get(pathPeopleTemplate, permEdit, h.peopleTemplate, web.Sudo)
	r.Get(pathMallSheet, permEdit, h.mallSheet)
	r.Post(pathMallSheet, permEdit, h.readMall, web.Within(sheetTime), web.Uploads(sheetBody))
	r.Get(pathMallTemplate, permEdit, h.mallTemplate)
}

// sheetView is what the pages with a file have in common: an empty form, or what was found in a file.
type sheetView struct {
	Action  string // where the file goes
	Sample  string // where its template is
	Read    bool   // a file was read
	Name    string
	Content string // the file in base64, for the next step; empty: nothing can be done with it
	Wrong   []sheets.Problem
	Left    []sheets.Problem // what is left out of the file
	Error   string           // of the form's field
	Help    string
}

// found puts what was read into the view, and tells the status of the answer.
func (v *sheetView) found(name string, raw []byte, file *sheets.File, problems []sheets.Problem) (status int) {
	v.Read, v.Name = true, name
	if file != nil {
		v.Content = base64.StdEncoding.EncodeToString(raw)
	}
	for _, p := range problems {
		if p.Warning {
			v.Left = append(v.Left, p)
		} else {
			v.Wrong = append(v.Wrong, p)
		}
	}
	if len(v.Wrong) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// marked gives a file back with its mistakes beside the rows.
func marked(c *web.Ctx, name string, file *sheets.File, problems []sheets.Problem) error {
	content, err := file.Annotated(problems, c.Locale == i18n.EN)
	if err != nil {
		return err
	}
	if file.IsCSV() {
		return c.Attachment(name+".csv", csvType, content)
	}
	return c.Attachment(name+".xlsx", xlsxType, content)
}

// problemText is a problem's text in the page's language.
func problemText(p ui.Page, w sheets.Problem) string {
	if p.Locale == i18n.EN {
		return cmp.Or(w.MessageEN, w.Message)
	}
	return w.Message
}

// problemColumn is "C (Peran)".
func problemColumn(w sheets.Problem) string {
	switch {
	case w.Column != "" && w.Header != "":
		return w.Column + " (" + w.Header + ")"
	case w.Header != "":
		return w.Header
	}
	return w.Column
}

// sheetScreen is the frame of a page with a file: that of the step to which it belongs.
func (h handlers) sheetScreen(c *web.Ctx, at step, title string) (p ui.Page, v frameView, d *Draft, err error) {
	if d, err = h.Whole(c.Std(), c.Tenant); err != nil {
		return p, v, nil, err
	}
	names, err := h.names(c.Std(), c.Tenant, d)
	if err != nil {
		return p, v, nil, err
	}
	p = c.UI(c.P.T(title))
	p.NoIndex = true
	return p, h.frame(c, p, d, names, h.Check(d), at), d, nil
}
