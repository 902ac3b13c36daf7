package queue

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// The change-over's page, for the mall's manager and regional IT.
const (
	pathSwitch       = "/petugas/peralihan"
	pathSwitchBack   = pathSwitch + "/kembali"
	pathSwitchCancel = pathSwitch + "/batal"
	pathSwitchReport = pathSwitch + "/laporan"
	pathSwitchSheet  = pathSwitch + "/berkas"
)

// switchBody is a request with a workbook.
const switchBody = sheets.MaxSize*4/3 + 64<<10

func (s *Pages) switchRoutes(r *web.Router) {
	r.Get(pathSwitch, permSwitch, s.showSwitch, web.Desk("queue.switch.title"))
	r.Post(pathSwitch, permSwitch, s.planSwitch)
	r.Post(pathSwitchSheet, permSwitch, s.readNumbers, web.Uploads(switchBody))
	r.Post(pathSwitchBack, permSwitch, s.rollBack)
	r.Post(pathSwitchCancel, permSwitch, s.cancelSwitch)
	r.Get(pathSwitchReport, permSwitch, s.switchReport)
}

// switchView is the page.
type switchView struct {
	Switchover
	Now      time.Time
	Loc      *time.Location
	Later    bool // a time is set; else at once
	Date     string
	Clock    string
	Rows     []switchLine
	Problems []sheets.Problem // in a sheet that was read
	Read     bool             // the numbers come from a sheet, and are not saved yet
	Done     string
	Wrong    string
}

// switchLine is a series with what was typed for it.
type switchLine struct {
	SwitchSeries
	GivenText, CalledText string
}

// past tells that the newest change-over is of another day, and another may be planned.
func (v switchView) past() bool { return v.State == SwitchDone && !v.Today }

// asks tells whether a time can be chosen.
func (v switchView) asks() bool { return v.State != SwitchDone || v.past() }

// backs tells whether it can be taken back.
func (v switchView) backs() bool { return v.State == SwitchDone && v.Today }

// corrects tells whether there is a number that can still be corrected.
func (v switchView) corrects() bool {
	return slices.ContainsFunc(v.Rows, func(r switchLine) bool { return !r.Fixed })
}

func (v switchView) at(p ui.Page) string { return opens(p, v.At, v.Loc) }

// switchNews are the words that ?kabar= may bring.
var switchNews = []string{"alih", "kembali", "batal"}

func (s *Pages) switchOf(c *web.Ctx) (v switchView, err error) {
	v = switchView{Now: c.Now(), Loc: c.Tenant.Loc, Later: true}
	if v.Switchover, err = s.hall.Switchover(c.Std(), c.Tenant, c.Actor); err != nil {
		return v, err
	}
	if word := c.Query("kabar"); slices.Contains(switchNews, word) {
		v.Done = word
	}
	v.Date, v.Clock = c.Tenant.Today(v.Now).Add(1).String(), "07:00"
	if v.State == SwitchParallel {
		local := v.At.In(v.Loc)
		v.Date, v.Clock = clock.DayOf(v.At, v.Loc).String(), local.Format("15:04")
	}
	for _, x := range v.Series {
		row := switchLine{SwitchSeries: x}
		if x.Given {
			row.GivenText, row.CalledText = number(x.Running.Given), number(x.Called)
		}
		if v.State == SwitchBack || v.past() { // what is typed now is of another switch
			row.GivenText, row.CalledText, row.Fixed = "", "", false
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func (s *Pages) showSwitch(c *web.Ctx) error {
	v, err := s.switchOf(c)
	if err != nil {
		return err
	}
	return s.drawSwitch(c, http.StatusOK, v)
}

func (s *Pages) drawSwitch(c *web.Ctx, status int, v switchView) error {
	p := page(c, c.P.T("queue.switch.title"))
	p.Surface, p.Path = "staff", pathSwitch
	return c.Page(status, switchPage(p, v))
}

// typed are the numbers of the form. A series without numbers is left as it is. The fault is "invalid" (422: given,
// called) or "not_found".
func typed(c *web.Ctx) (out []Running, texts map[id.ID][2]string, err error) {
	series, given, called := c.FormAll("seri"), c.FormAll("diberikan"), c.FormAll("dipanggil")
	texts = map[id.ID][2]string{}
	if len(series) != len(given) || len(series) != len(called) {
		return nil, texts, fault.New(fault.Malformed, "malformed")
	}
	for i, text := range series {
		n := Running{}
		if n.SeriesID, err = id.Parse(text); err != nil {
			return nil, texts, fault.New(fault.NotFound, "not_found")
		}
		g, k := strings.TrimSpace(given[i]), strings.TrimSpace(called[i])
		texts[n.SeriesID] = [2]string{g, k}
		if g == "" && k == "" {
			continue
		}
		if n.Given, err = runningNumber(g); err != nil {
			return nil, texts, fault.New(fault.Invalid, "invalid").Field("given", "queue.switch_number", maxRunning)
		}
		if n.Called, err = runningNumber(k); err != nil {
			return nil, texts, fault.New(fault.Invalid, "invalid").Field("called", "queue.switch_number", maxRunning)
		}
		out = append(out, n)
	}
	return out, texts, nil
}

// runningNumber reads "41", "041", "A-041" or nothing, which is 0.
func runningNumber(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if w, ok := parseWanted(text); ok && w.Number > 0 {
		return w.Number, nil
	}
	return strconv.ParseInt(text, 10, 32)
}

func (s *Pages) planSwitch(c *web.Ctx) error {
	v, err := s.switchOf(c)
	if err != nil {
		return err
	}
	numbers, texts, err := typed(c)
	at := v.At
	if v.asks() {
		v.Later, v.Date, v.Clock = c.Form("kapan") != "sekarang", c.Form("tanggal"), c.Form("jam")
		at = time.Time{}
		if v.Later && err == nil {
			at, err = moment(v.Date, v.Clock, c.Tenant)
		}
	}
	if err == nil {
		err = s.hall.PlanSwitch(c.Std(), c.Tenant, c.Actor, at, numbers)
	}
	if err == nil {
		return c.SeeOther(pathSwitch + "?kabar=alih")
	}
	for i, r := range v.Rows {
		if t, ok := texts[r.ID]; ok {
			v.Rows[i].GivenText, v.Rows[i].CalledText = t[0], t[1]
		}
	}
	return s.wrongSwitch(c, v, err)
}

// wrongSwitch shows the page again with what was typed and what is wrong with it.
func (s *Pages) wrongSwitch(c *web.Ctx, v switchView, err error) error {
	e := fault.Of(err)
	if e.Kind != fault.Invalid && e.Kind != fault.Conflict {
		return err
	}
	var text []string
	for _, f := range e.Fields {
		text = append(text, c.FieldText(f))
	}
	if len(text) == 0 {
		text = append(text, c.Problem(err).Detail)
	}
	v.Wrong = strings.Join(text, " ")
	return s.drawSwitch(c, e.Kind.Status(), v)
}

// moment is a local day and time. The fault is "invalid" (422: at).
func moment(date, hour string, t *tenant.Tenant) (time.Time, error) {
	day, err := clock.ParseDay(date)
	at, herr := time.Parse("15:04", strings.ReplaceAll(hour, ".", ":"))
	if err != nil || herr != nil {
		return time.Time{}, fault.New(fault.Invalid, "invalid").Field("at", "queue.switch_time")
	}
	return day.At(at.Hour()*60+at.Minute(), t.Loc), nil
}

func (s *Pages) rollBack(c *web.Ctx) error {
	return s.actSwitch(c, s.hall.RollBack(c.Std(), c.Tenant, c.Actor), "kembali")
}

func (s *Pages) cancelSwitch(c *web.Ctx) error {
	return s.actSwitch(c, s.hall.CancelSwitch(c.Std(), c.Tenant, c.Actor), "batal")
}

func (s *Pages) actSwitch(c *web.Ctx, err error, news string) error {
	if err == nil {
		return c.SeeOther(pathSwitch + "?kabar=" + news)
	}
	v, verr := s.switchOf(c)
	if verr != nil {
		return verr
	}
	return s.wrongSwitch(c, v, err)
}

// readNumbers fills the form with the numbers of a workbook. Nothing is saved.
func (s *Pages) readNumbers(c *web.Ctx) error {
	v, err := s.switchOf(c)
	if err != nil {
		return err
	}
	_, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		v.Wrong = c.P.T("queue.switch.no_file")
		return s.drawSwitch(c, http.StatusUnprocessableEntity, v)
	}
	f, wrong := sheets.OpenBytes(raw)
	if f != nil {
		var known []string
		for _, r := range v.Rows {
			known = append(known, r.Prefix)
		}
		var numbers []sheets.Running
		numbers, wrong = f.Numbers(known)
		for _, n := range numbers {
			for i, r := range v.Rows {
				if r.Prefix == n.Prefix && !r.Fixed && (n.Venue == "" || n.Venue == r.Venue.Code) {
					v.Rows[i].GivenText, v.Rows[i].CalledText, v.Read = strconv.Itoa(n.Given), strconv.Itoa(n.Called), true
				}
			}
		}
	}
	v.Problems = wrong
	status := http.StatusOK
	if sheets.Wrong(wrong) {
		status = http.StatusUnprocessableEntity
	}
	return s.drawSwitch(c, status, v)
}

// switchReport is what happened on the day of the switch, as a file: ?bentuk=xlsx, or csv.
func (s *Pages) switchReport(c *web.Ctx) error {
	r, err := s.hall.SwitchReport(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	name := "peralihan-" + c.Tenant.Slug + "-" + r.Day.String()
	series, tickets := r.seriesRows(c.P.T), r.ticketRows(c.P.T, c.Tenant.Loc)
	if c.Query("bentuk") == "csv" {
		content, err := sheets.WriteCSV(slices.Concat(series, [][]string{{}}, tickets))
		if err != nil {
			return err
		}
		return c.Attachment(name+".csv", "text/csv; charset=utf-8", content)
	}
	content, err := sheets.WriteXLSX(
		sheets.Table{Name: c.P.T("queue.switch.sheet_series"), Header: series[0], Rows: series[1:], Widths: []float64{8, 28, 28, 16, 16, 16, 16, 12, 12}},
		sheets.Table{Name: c.P.T("queue.switch.sheet_tickets"), Header: tickets[0], Rows: tickets[1:], Widths: []float64{12, 8, 10, 16, 20, 12, 12, 12, 12, 24}},
	)
	if err != nil {
		return err
	}
	return c.Attachment(name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content)
}

func sheetProblem(p ui.Page, w sheets.Problem) string {
	if p.Locale == i18n.EN {
		return w.English()
	}
	return w.String()
}

func switchFormTitle(p ui.Page, v switchView) string {
	if v.asks() {
		return p.T("queue.switch.form")
	}
	return p.T("queue.switch.form_correct")
}

func switchSave(p ui.Page, v switchView) string {
	if v.asks() {
		return p.T("queue.switch.save")
	}
	return p.T("queue.switch.save_numbers")
}
