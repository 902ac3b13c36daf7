package onboarding

import (
	"cmp"
	"context"
	_ "embed"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/onboarding/text.yaml", text)

func dayOf(t time.Time) clock.Day { return clock.DayOf(t, time.UTC) }

const (
	pathSince   = ui.PathSetup + "/perubahan"
	pathLook    = ui.PathSetup + "/tampilan"
	pathExport  = ui.PathSetup + "/manifes.zip"
	pathDiscard = ui.PathSetup + "/batalkan"
	pathCrest   = ui.PathSetup + "/lambang.svg"
)

// rehearsalWithin is for a rehearsal, the one thing here that takes its time.
const rehearsalWithin = 2 * time.Minute

type handlers struct {
	*Service
}

// Routes registers the screens on the regions' hosts.
func (s *Service) Routes(r *web.Router) {
	h := handlers{s}
	r.Get(ui.PathSetup, permEdit, h.begin, web.Desk("onboarding.desk"))
	r.Get(pathSince, permEdit, h.since, web.Watching)
	r.Get(pathLook, permEdit, h.look)
	r.Get(pathCrest, permEdit, h.crest)
	r.Post(pathCrestFile, permEdit, h.saveCrest, web.Uploads(crestBody))
	r.Get(pathExport, permOpen, h.export, web.Sudo)
	r.Post(pathDiscard, permOpen, h.discard)
	h.sheetRoutes(r)
	r.Get(ui.PathSetup+"/:step", permEdit, h.show)
	r.Post(ui.PathSetup+"/:step", permEdit, h.save, web.Within(rehearsalWithin), web.Uploads(maxForm))
	s.draftAPI(r)
}

// begin leads to the first screen that is not finished.
func (h handlers) begin(c *web.Ctx) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	how := d.standings(h.Check(d))
	for _, s := range steps {
		if how[s] != finished && s != stepDevices && s != stepPeople {
			return c.SeeOther(s.path())
		}
	}
	return c.SeeOther(stepOpen.path())
}

// sent is what a form brought: fields as they were typed, beside what they showed before.
func sent(c *web.Ctx) (out []Change) {
	for _, name := range c.FormNames() {
		path, ok := strings.CutPrefix(name, "w:")
		if !ok {
			continue
		}
		ch := Change{Path: path, Was: c.FormRaw(name), Value: c.FormRaw("v:" + path)}
		if ch.Was != ch.Value {
			out = append(out, ch)
		}
	}
	return out
}

// maxForm is for the screen of all counters of a large region, whose fields go twice: as typed and as they were shown.
const maxForm = 512 << 10

// maxSent bounds the fields of one request.
const maxSent = 2000

func stepNamed(c *web.Ctx) (step, error) {
	s := step(c.Param("step"))
	if !slices.Contains(steps, s) {
		return "", fault.New(fault.NotFound, "page")
	}
	return s, nil
}

func (h handlers) show(c *web.Ctx) error {
	at, err := stepNamed(c)
	if err != nil {
		return err
	}
	// What an open screen in an empty office must not give away: who works here, and the button that opens the region. It
	// is asked before anything is typed.
	if at == stepPeople && c.Tenant.State == tenant.Preparing || at == stepOpen && c.Actor.Can(permOpen, c.Tenant.Scope) {
		if err := c.Proved(); err != nil {
			return err
		}
	}
	return h.draw(c, http.StatusOK, at, nil, nil, nil)
}

// saved is what a page's script is told about what it sent.
type savedJSON struct {
	Version int64       `json:"version"`
	Saved   string      `json:"saved"`
	Fields  []fieldJSON `json:"fields"`
	Steps   []stepJSON  `json:"steps"`
}

type fieldJSON struct {
	Path    string  `json:"path"`
	Outcome Outcome `json:"outcome"`
	Shown   string  `json:"shown"`
	Message string  `json:"message,omitempty"`
	By      string  `json:"by,omitempty"`
}

type stepJSON struct {
	Step string `json:"step"`
	By   string `json:"by"`
}

// save stores what was typed, each field by itself, and then does what the button says.
func (h handlers) save(c *web.Ctx) error {
	at, err := stepNamed(c)
	if err != nil {
		return err
	}
	changes := sent(c)
	if len(changes) > maxSent {
		return fault.New(fault.Invalid, "onboarding.full")
	}
	var results []Result
	if len(changes) > 0 {
		if results, _, err = h.Save(c.Std(), c.Tenant, c.Actor, changes); err != nil {
			return err
		}
	}
	if c.Header("X-Pendopo-Save") != "" {
		return h.told(c, results)
	}
	failed, typed := map[string]Result{}, map[string]string{}
	for i, r := range results {
		if r.Outcome != Saved {
			failed[r.Path], typed[r.Path] = r, changes[i].Value
		}
	}
	if len(failed) > 0 {
		return h.draw(c, http.StatusConflict, at, failed, typed, nil)
	}
	act, of, _ := strings.Cut(c.Form("act"), " ")
	to, err := h.act(c, at, act, of)
	if err != nil {
		if fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Conflict {
			return h.draw(c, fault.KindOf(err).Status(), at, nil, nil, err)
		}
		return err
	}
	return c.SeeOther(to)
}

// told answers a page's script.
func (h handlers) told(c *web.Ctx, results []Result) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	names, err := h.names(c.Std(), c.Tenant, d)
	if err != nil {
		return err
	}
	out := savedJSON{Version: d.Version, Saved: c.P.T("onboarding.saved", c.P.Time(c.Now())), Fields: []fieldJSON{}, Steps: []stepJSON{}}
	wrong := troublesAt(h.Check(d), c.Locale)
	for _, r := range results {
		f := fieldJSON{Path: r.Path, Outcome: r.Outcome, Shown: show(c.Locale, r.Path, r.Value), By: names[r.By]}
		switch r.Outcome {
		case Conflict:
			f.Message = c.P.T("onboarding.conflict", cmp.Or(f.By, c.P.T("onboarding.somebody")), cmp.Or(f.Shown, c.P.T("onboarding.empty")))
		case Gone:
			f.Message = c.P.T("onboarding.gone", cmp.Or(f.By, c.P.T("onboarding.somebody")))
		case Refused:
			f.Message = c.P.T("fault." + r.Problem)
		case Saved:
			f.Message = wrong[r.Path]
		}
		out.Fields = append(out.Fields, f)
	}
	return c.JSON(http.StatusOK, out)
}

// since tells a page that stays open what others have changed.
func (h handlers) since(c *web.Ctx) error {
	version, err := strconv.ParseInt(c.Query("versi"), 10, 64)
	if err != nil {
		return fault.New(fault.Malformed, "onboarding.version")
	}
	now, touched, values, err := h.Since(c.Std(), c.Tenant, c.Actor, version)
	if err != nil {
		return err
	}
	names, err := h.names(c.Std(), c.Tenant, &Draft{Changed: touched})
	if err != nil {
		return err
	}
	out := savedJSON{Version: now, Fields: []fieldJSON{}, Steps: []stepJSON{}}
	at := map[step]string{}
	for path, touch := range touched {
		out.Fields = append(out.Fields, fieldJSON{Path: path, Outcome: Saved, Shown: show(c.Locale, path, values[path]), By: names[touch.By]})
		if c.Now().Sub(touch.At) < presentFor {
			at[stepOf(path)] = names[touch.By]
		}
	}
	slices.SortFunc(out.Fields, func(a, b fieldJSON) int { return strings.Compare(a.Path, b.Path) })
	for s, who := range at {
		out.Steps = append(out.Steps, stepJSON{string(s), c.P.T("onboarding.is_at", who)})
	}
	return c.JSON(http.StatusOK, out)
}

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

// draw makes a screen. failed and typed are what could not be stored; wrong is why a button did nothing.
func (h handlers) draw(c *web.Ctx, status int, at step, failed map[string]Result, typed map[string]string, wrong error) error {
	return h.drawWith(c, status, at, failed, typed, wrong, nil)
}

// drawCrest makes the first screen again with what is wrong with a crest.
func (h handlers) drawCrest(c *web.Ctx, status int, wrong []string) error {
	return h.drawWith(c, status, stepRegion, nil, nil, nil, wrong)
}

func (h handlers) drawWith(c *web.Ctx, status int, at step, failed map[string]Result, typed map[string]string, wrong error, crest []string) error {
	d, err := h.Draft(c.Std(), c.Tenant)
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

// look shows what becomes of a colour while it is being chosen.
func (h handlers) look(c *web.Ctx) error {
	p := c.UI("")
	colour, problem := normal("brand/colour", c.Query("warna"))
	if problem != "" {
		return fault.New(fault.Invalid, "onboarding.colour")
	}
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	return c.Fragment(http.StatusOK, lookPanel(p, newLook(p, c.Tenant.Name, colour, d.Fields[crestField])))
}

// crest is the draft's crest.
func (h handlers) crest(c *web.Ctx) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	if d.Fields[crestField] == "" {
		return fault.New(fault.NotFound, "page")
	}
	return c.Blob(http.StatusOK, "image/svg+xml", []byte(d.Fields[crestField]))
}

// export gives the manifest of the draft as one file: a folder that "pendopo tenant apply" takes.
func (h handlers) export(c *web.Ctx) error {
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	region, _ := d.Region()
	if err := h.exported(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.Download(region.FolderName()+".zip", "application/zip", func(_ context.Context, w io.Writer) error { return tenants.Zip(w, region) })
}

func (h handlers) discard(c *web.Ctx) error {
	if err := h.Discard(c.Std(), c.Tenant, c.Actor); err != nil {
		return err
	}
	return c.SeeOther(stepOpen.path())
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
		v.Roles = append(v.Roles, ui.Option{Value: string(r), Label: p.T("web.role." + string(r))})
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
			row.Href += "?instansi=" + code
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
		v.Warnings = append(v.Warnings, h.unready(p, d, c.Tenant.Name)...)
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
func (h handlers) unready(p ui.Page, d *Draft, region string) (out []troubleRow) {
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
		if said, err := h.opt.Rehearsal.Say(d.Report, p.Print()); err == nil {
			for _, f := range said.Findings {
				if f.Kind == ui.Bad {
					row(stepRehearsal, f.Text)
				}
			}
		}
	}
	return out
}

// nameOf names what a trouble is about: a venue, an agency's service.
func (h handlers) nameOf(p ui.Page, d *Draft, path, region string) string {
	parts := strings.Split(path, "/")
	switch {
	case len(parts) > 1 && parts[0] == "venues":
		return cmp.Or(d.Fields["venues/"+parts[1]+"/name"], parts[1])
	case len(parts) > 3 && parts[0] == "agencies" && parts[2] == "services":
		f := &form{p: p, d: d}
		return h.agencyName(p, d, parts[1], region) + ", " + h.service(f, parts[1], parts[3]).Name
	case len(parts) > 1 && parts[0] == "agencies":
		return h.agencyName(p, d, parts[1], region)
	}
	return ""
}

func (h handlers) servicesScreen(c *web.Ctx, p ui.Page, v frameView, f *form, fails map[string]string) templ.Component {
	all := h.agencies(f, c.Tenant.Name)
	code := cmp.Or(c.Query("instansi"), c.Form("instansi"))
	if i := slices.IndexFunc(all, func(a agencyView) bool { return a.Code == code }); i >= 0 {
		p.Path = stepServices.path() + "?instansi=" + code
		next := stepServices.path()
		if i+1 < len(all) {
			next += "?instansi=" + all[i+1].Code
		}
		return agencyServicesScreen(p, v, all[i], h.services(f, code), typedHere(c, fails, "name", "execution"), next)
	}
	return servicesScreen(p, v, all)
}
