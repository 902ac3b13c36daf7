package onboarding

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/brand"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

// presentFor is how long somebody counts as being at a screen after they have changed something there.
const presentFor = 3 * time.Minute

// frameView is what stands round every screen.
type frameView struct {
	Step     step
	Steps    []stepView
	Number   int
	Person   string // who fills in, so that a browser keeps each one's text apart
	Saved    string // "Tersimpan 10.14 oleh Rina"
	Version  int64
	Live     bool // the region is open: this is a change of what is in force
	Changes  int  // fields that are not applied yet
	Previous string
	NextWord string
	Wrong    []ui.Wrong
	Done     string
	Paid     *paidView
	Lost     []string // what was typed into things that are not there any more
}

type stepView struct {
	Title   string
	Href    string
	Number  string
	Now     bool
	Done    bool
	Trouble bool
	By      string // "Rina sedang mengisi"
}

// fieldView is one input of a screen.
type fieldView struct {
	ui.Input
	Path     string
	Was      string // as it is shown when nothing is typed
	Check    bool
	Theirs   string // what somebody else has saved meanwhile
	TheirsBy string
	Conflict bool
}

// form makes the fields of a screen.
type form struct {
	p       ui.Page
	d       *Draft
	names   map[id.ID]string
	trouble map[string]string // path -> what is wrong
	typed   map[string]string // what was sent and not stored, by path
	failed  map[string]Result
}

// fieldID is a path as an identifier in a page.
func fieldID(path string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r == '/' || r == ':' || r == '_' || r == '.' {
			return '-'
		}
		return r
	}, path)
}

// show is a stored value as people read and type it.
func show(l i18n.Locale, path, value string) string {
	switch {
	case strings.Contains(path, "/counters/") && strings.HasSuffix(path, "/days"):
		return showDays(l, value)
	case strings.Contains(path, "/hours/"):
		return fields.ShowDay(value)
	case strings.HasSuffix(path, "/series"):
		return strings.Join(codesOf(value), ", ")
	case strings.Contains(path, "/standard/requirements"), strings.Contains(path, "/standard/procedure"):
		return strings.Join(codesOf(value), "\n")
	}
	return value
}

// showDays names days: "Senin dan Kamis". What a folder has written that names none stays.
func showDays(l i18n.Locale, value string) string {
	week, err := tenants.ParseDays(value)
	if err != nil {
		return value
	}
	indonesian, english := week.Words()
	if l == i18n.EN {
		return english
	}
	return indonesian
}

// field makes one input. fallback is what holds where nothing is stored, such as the catalogue's text.
func (f *form) field(path string, in ui.Input, fallback ...string) fieldView {
	stored := f.d.Fields[path]
	if stored == "" && len(fallback) > 0 {
		stored = fallback[0]
	}
	v := fieldView{Input: in, Path: path, Was: show(f.p.Locale, path, stored)}
	v.ID, v.Name, v.Value = fieldID(path), "v:"+path, v.Was
	if v.Error == "" {
		v.Error = f.trouble[path]
	}
	if typed, ok := f.typed[path]; ok {
		v.Value = typed
	}
	if r, ok := f.failed[path]; ok {
		switch r.Outcome {
		case Conflict:
			v.Conflict, v.Theirs, v.TheirsBy = true, cmp.Or(show(f.p.Locale, path, r.Value), f.p.T("onboarding.empty")), f.names[r.By]
		case Refused:
			v.Error = f.p.T("fault." + r.Problem)
		}
	}
	attrs := templ.Attributes{"data-path": path}
	for k, a := range v.Attrs {
		attrs[k] = a
	}
	v.Attrs = attrs
	return v
}

// check makes a box to tick.
func (f *form) check(path, label, help string) fieldView {
	v := f.field(path, ui.Input{Label: label, Help: help})
	v.Check = true
	return v
}

// frame makes what stands round a screen.
func (h handlers) frame(c *web.Ctx, p ui.Page, d *Draft, names map[id.ID]string, all []Trouble, at step) frameView {
	v := frameView{Step: at, Number: slices.Index(steps, at) + 1, Person: c.Actor.UserID.String(), Version: d.Version, Live: c.Tenant.State == tenant.Active, Changes: len(d.Changed)}
	how := d.standings(all)
	now := c.Now()
	by := map[step]string{}
	var last Touch
	for path, touch := range d.Changed {
		if touch.At.After(last.At) {
			last = touch
		}
		if touch.By != c.Actor.UserID && now.Sub(touch.At) < presentFor {
			by[stepOf(path)] = names[touch.By]
		}
	}
	if !last.At.IsZero() {
		if who := names[last.By]; last.By == c.Actor.UserID || who == "" {
			v.Saved = p.T("onboarding.saved", p.Print().Time(last.At))
		} else {
			v.Saved = p.T("onboarding.saved_by", p.Print().Time(last.At), who)
		}
	}
	wrong := map[step]bool{}
	for _, t := range all {
		if !t.Warning {
			wrong[stepOf(t.Path)] = true
		}
	}
	for i, s := range steps {
		sv := stepView{
			Title: p.T("onboarding.step." + string(s)), Href: s.path(), Number: strconv.Itoa(i + 1),
			Now: s == at, Done: how[s] == finished && !wrong[s], Trouble: how[s] != untouched && wrong[s],
		}
		if who := by[s]; who != "" {
			sv.By = p.T("onboarding.is_at", who)
		}
		v.Steps = append(v.Steps, sv)
	}
	if at != stepRegion {
		v.Previous = at.previous().path()
	}
	if at != stepOpen {
		v.NextWord = p.T("onboarding.next", p.T("onboarding.step."+string(at.next())))
	}
	return v
}

// text is a trouble in the page's language.
func (t Trouble) text(l i18n.Locale) string {
	if l == i18n.EN {
		return t.TextEN
	}
	return t.Text
}

// troublesAt are the troubles that stand beside a field of their own, and those that do not, for the top of a screen.
func troublesAt(all []Trouble, l i18n.Locale) map[string]string {
	out := map[string]string{}
	for _, t := range all {
		if !t.Warning && out[t.Path] == "" {
			out[t.Path] = t.text(l)
		}
	}
	return out
}

// regionView is the first screen.
type regionView struct {
	Fields  []fieldView
	Contact []fieldView
	Colour  fieldView
	Look    lookView
	Crest   crestView
}

// crestView is the draft's crest and the form by which it is changed.
type crestView struct {
	Src    string // empty: there is none
	Action string
}

// lookView shows what becomes of a region's colour.
type lookView struct {
	Region  string
	Brand   string
	Accents brand.Accents
	Changed bool
	Rows    []contrastRow
	Crest   string // its address; empty: there is none
}

type contrastRow struct{ Use, Colour, Ratio string }

// crestSrc is where the crest is shown; another crest has another address, so that none is shown that was kept.
func crestSrc(svg string) string {
	if svg == "" {
		return ""
	}
	return pathCrest + "?k=" + crestMark(svg)
}

func newLook(p ui.Page, region, colour, crest string) lookView {
	a, err := brand.Derive(cmp.Or(colour, brand.Default))
	if err != nil {
		a, _ = brand.Derive(brand.Default)
	}
	ratio := func(x, y string) string { return p.Print().Decimal(brand.Contrast(x, y), 1) + " : 1" }
	return lookView{Region: region, Brand: a.Brand, Accents: a, Changed: a.Changed(), Crest: crestSrc(crest), Rows: []contrastRow{
		{p.T("onboarding.use_button"), a.Accent, ratio(a.Accent, "#ffffff")},
		{p.T("onboarding.use_link"), a.Ink, ratio(a.Ink, "#ffffff")},
		{p.T("onboarding.use_roof"), a.Deep, ratio(a.Deep, "#ffffff")},
		{p.T("onboarding.use_board"), a.Night, ratio(a.Night, "#161a18")},
	}}
}

func (f *form) region(c *web.Ctx) regionView {
	t := f.p.T
	v := regionView{
		Fields: []fieldView{f.field("organiser", ui.Input{Label: t("onboarding.organiser"), Help: t("onboarding.organiser_help")})},
		Contact: []fieldView{
			f.field("contact/phone", ui.Input{Label: t("onboarding.phone"), Help: t("onboarding.phone_help"), Type: "tel"}),
			f.field("contact/email", ui.Input{Label: t("onboarding.email"), Type: "email", Optional: true}),
			f.field("contact/website", ui.Input{Label: t("onboarding.website"), Optional: true, Attrs: templ.Attributes{"placeholder": "https://"}}),
			f.field("contact/complaints", ui.Input{Label: t("onboarding.complaints"), Help: t("onboarding.complaints_help"), Type: "textarea"}),
		},
		Colour: f.field("brand/colour", ui.Input{Label: t("onboarding.colour"), Help: t("onboarding.colour_help"), Attrs: templ.Attributes{"placeholder": "#0b6b5f", "spellcheck": "false"}}),
		Look:   newLook(f.p, c.Tenant.Name, f.d.Fields["brand/colour"], f.d.Fields[crestField]),
		Crest:  crestView{crestSrc(f.d.Fields[crestField]), pathCrestFile + "?tampak=" + crestMark(f.d.Fields[crestField])},
	}
	return v
}

// venueView is one place.
type venueView struct {
	Path, Title, Kind string
	Fields            []fieldView
	Days              []fieldView
	Stop              fieldView
	Zones             []zoneView
	Digital           bool
}

type zoneView struct {
	Path   string
	Fields []fieldView
}

func kindOptions(p ui.Page) (out []ui.Option) {
	for _, k := range []tenants.VenueKind{tenants.Office, tenants.Shared, tenants.ShopHouse, tenants.Vehicle, tenants.Digital} {
		out = append(out, ui.Option{Value: string(k), Label: p.T("onboarding.kind." + string(k))})
	}
	return out
}

func (f *form) venues(code string) (out []venueView) {
	t := f.p.T
	districts := []ui.Option{{Label: t("onboarding.district_none")}}
	for _, k := range areas.DistrictsOf(code) {
		districts = append(districts, ui.Option{Value: k.Code, Label: k.Name})
	}
	for _, code := range f.d.list("venues") {
		at := "venues/" + code
		v := venueView{Path: at, Title: cmp.Or(f.d.Fields[at+"/name"], code), Kind: f.d.Fields[at+"/kind"]}
		v.Digital = v.Kind == string(tenants.Digital)
		v.Fields = []fieldView{
			f.field(at+"/name", ui.Input{Label: t("onboarding.venue_name")}),
			f.field(at+"/kind", ui.Input{Label: t("onboarding.venue_kind"), Type: "select", Options: kindOptions(f.p)}),
		}
		if !v.Digital {
			v.Fields = append(v.Fields,
				f.field(at+"/address", ui.Input{Label: t("onboarding.address"), Help: t("onboarding.address_help"), Optional: v.Kind == string(tenants.Vehicle)}),
				f.field(at+"/district", ui.Input{Label: t("onboarding.district"), Type: "select", Options: districts, Optional: true}),
			)
			for _, z := range f.d.list(at + "/zones") {
				zone := at + "/zones/" + z
				v.Zones = append(v.Zones, zoneView{zone, []fieldView{
					f.field(zone+"/name", ui.Input{Label: t("onboarding.zone_name")}),
					f.field(zone+"/place", ui.Input{Label: t("onboarding.zone_place"), Optional: true}),
				}})
			}
		}
		v.Fields = append(v.Fields, f.field(at+"/name_en", ui.Input{Label: t("onboarding.name_en"), Optional: true}))
		for _, d := range fields.Days {
			v.Days = append(v.Days, f.field(at+"/hours/"+d.Code, ui.Input{Label: f.p.Print().Weekday(d.Day), Attrs: templ.Attributes{"placeholder": t("onboarding.closed"), "inputmode": "text"}}))
		}
		if e := f.trouble[at+"/hours"]; e != "" && len(v.Days) > 0 && v.Days[0].Error == "" {
			v.Days[0].Error = e
		}
		v.Stop = f.field(at+"/tickets_stop", ui.Input{Label: t("onboarding.tickets_stop"), Help: t("onboarding.tickets_stop_help"), Mode: "numeric"})
		out = append(out, v)
	}
	return out
}

// closureView is one run of closed days.
type closureView struct {
	Path, When, Where string
	Reason            fieldView
}

func (f *form) closures() (out []closureView) {
	for _, key := range f.d.list("closures") {
		at := "closures/" + key
		from, venue, _ := strings.Cut(key, ":")
		v := closureView{Path: at, When: f.date(from), Reason: f.field(at+"/reason", ui.Input{Label: f.p.T("onboarding.reason")})}
		if to := f.d.Fields[at+"/to"]; to != "" {
			v.When = f.p.Print().Range(v.When, f.date(to))
		}
		v.Where = f.p.T("onboarding.everywhere")
		if venue != "" {
			v.Where = cmp.Or(f.d.Fields["venues/"+venue+"/name"], venue)
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b closureView) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (f *form) date(text string) string {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return f.p.Print().Weekday(d.Weekday()) + ", " + f.p.Print().DateLong(dayOf(d))
}

// agencyGroup are agencies of one kind that can be chosen.
type agencyGroup struct {
	Title    string
	Agencies []agencyChoice
}

// left tells whether any of them has not been chosen yet.
func (g agencyGroup) left() bool {
	return slices.ContainsFunc(g.Agencies, func(a agencyChoice) bool { return !a.Chosen })
}

type agencyChoice struct {
	Code, Name, Note string
	Chosen, Usual    bool
}

// owners are the catalogue's kinds of agencies, in the order in which they are offered.
var owners = []string{"daerah", "vertikal", "bumn", "bumd", "lembaga"}

// usual are agencies that sit in nearly every mall: what to begin with.
var usual = []string{"dukcapil", "dpmptsp", "bapenda", "polri", "samsat", "imigrasi", "bpjs-kesehatan", "bpjs-ketenagakerjaan", "kemenag", "atr-bpn", "djp", "kejaksaan", "pengadilan-agama", "pdam", "bank-daerah", "taspen", "disnaker"}

func (h handlers) agencyGroups(p ui.Page, d *Draft, region string) (out []agencyGroup) {
	for _, owner := range owners {
		g := agencyGroup{Title: p.T("onboarding.owner." + owner)}
		for _, a := range h.cat.Agencies() {
			if a.Owner != owner {
				continue
			}
			name := strings.ReplaceAll(a.Name, "{region}", region)
			if p.Locale == i18n.EN && a.NameEN != "" {
				name = strings.ReplaceAll(a.NameEN, "{region}", region)
			}
			g.Agencies = append(g.Agencies, agencyChoice{
				Code: a.Code, Name: name, Note: p.T("onboarding.services_n", len(a.Services)),
				Chosen: d.Fields["agencies/"+a.Code] != "", Usual: slices.Contains(usual, a.Code),
			})
		}
		if len(g.Agencies) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// agencyView is an agency that was chosen.
type agencyView struct {
	Code, Path, Name string
	Own              bool // not the catalogue's
	Services         int
	Confirmed        int
	Counters         int
	Fields           []fieldView
}

func (h handlers) agencyName(p ui.Page, d *Draft, code, region string) string {
	name := d.Fields["agencies/"+code+"/name"]
	if a, ok := h.cat.Agency(code); ok && name == "" {
		if name = a.Name; p.Locale == i18n.EN && a.NameEN != "" {
			name = a.NameEN
		}
		name = strings.ReplaceAll(name, "{region}", region)
	}
	return cmp.Or(name, code)
}

func (h handlers) agencies(f *form, region string) (out []agencyView) {
	for _, code := range f.d.list("agencies") {
		at := "agencies/" + code
		_, known := h.cat.Agency(code)
		v := agencyView{Code: code, Path: at, Name: h.agencyName(f.p, f.d, code, region), Own: !known, Counters: len(f.d.list(at + "/counters"))}
		for _, s := range f.d.list(at + "/services") {
			v.Services++
			if f.d.Fields[at+"/services/"+s+"/confirmed"] == "true" {
				v.Confirmed++
			}
		}
		if v.Own {
			v.Fields = []fieldView{
				f.field(at+"/name", ui.Input{Label: f.p.T("onboarding.agency_name")}),
				f.field(at+"/short", ui.Input{Label: f.p.T("onboarding.agency_short"), Help: f.p.T("onboarding.agency_short_help"), Optional: true}),
			}
		}
		out = append(out, v)
	}
	return out
}

// serviceView is one service of an agency.
type serviceView struct {
	Code, Path, Name string
	Offered          bool
	Known            bool // the catalogue has it
	Confirmed        fieldView
	IsConfirmed      bool
	Fields           []fieldView
	Summary          string
}

func executionOptions(p ui.Page) (out []ui.Option) {
	for _, e := range []catalogue.Execution{catalogue.Native, catalogue.FrontDesk, catalogue.HandOff} {
		out = append(out, ui.Option{Value: string(e), Label: p.T("onboarding.execution." + string(e))})
	}
	return out
}

// services are an agency's: those that are offered here, and then those that the catalogue has beside them.
func (h handlers) services(f *form, agency string) (out []serviceView) {
	list := "agencies/" + agency + "/services"
	for _, code := range f.d.list(list) {
		out = append(out, h.service(f, agency, code))
	}
	if a, ok := h.cat.Agency(agency); ok {
		for _, s := range a.Services {
			if f.d.Fields[list+"/"+s.Code] == "" {
				out = append(out, serviceView{Code: s.Code, Path: list + "/" + s.Code, Name: serviceName(f.p, &s), Known: true})
			}
		}
	}
	return out
}

func serviceName(p ui.Page, s *catalogue.Service) string {
	if p.Locale == i18n.EN && s.NameEN != "" {
		return s.NameEN
	}
	return s.Name
}

// serviceLabel is what a service is called: by the region, else by the catalogue, else by its code.
func (h handlers) serviceLabel(p ui.Page, d *Draft, agency, code string) string {
	known := ""
	if s, ok := h.cat.Service(agency, code); ok {
		known = serviceName(p, s)
	}
	return cmp.Or(d.Fields["agencies/"+agency+"/services/"+code+"/name"], known, code)
}

func (h handlers) service(f *form, agency, code string) serviceView {
	t, at := f.p.T, "agencies/"+agency+"/services/"+code
	known, has := h.cat.Service(agency, code)
	if !has {
		known = &catalogue.Service{}
	}
	std := standardOf(h.cat, at)
	own := len(f.d.Fields.Under(at+"/standard")) > 0
	given := func(field string) string {
		if own {
			return ""
		}
		return std[at+"/standard/"+field]
	}
	v := serviceView{Code: code, Path: at, Offered: true, Known: has, Name: h.serviceLabel(f.p, f.d, agency, code)}
	v.IsConfirmed = f.d.Fields[at+"/confirmed"] == "true"
	v.Confirmed = f.check(at+"/confirmed", t("onboarding.confirmed"), "")
	execution := cmp.Or(f.d.Fields[at+"/execution"], string(known.Execution))
	if !has {
		v.Fields = append(v.Fields, f.field(at+"/name", ui.Input{Label: t("onboarding.service_name")}))
	}
	v.Fields = append(v.Fields, f.field(at+"/execution", ui.Input{Label: t("onboarding.execution"), Help: t("onboarding.execution_help"), Type: "select", Options: executionOptions(f.p)}, string(known.Execution)))
	if execution != string(catalogue.Native) {
		v.Fields = append(v.Fields, f.field(at+"/system", ui.Input{Label: t("onboarding.system"), Help: t("onboarding.system_help")}, known.System))
	}
	minutes := ""
	if known.Minutes > 0 {
		minutes = strconv.Itoa(known.Minutes)
	}
	v.Fields = append(v.Fields,
		f.field(at+"/minutes", ui.Input{Label: t("onboarding.minutes"), Mode: "numeric"}, minutes),
		f.field(at+"/standard/time", ui.Input{Label: t("onboarding.time")}, given("time")),
		f.field(at+"/standard/fee", ui.Input{Label: t("onboarding.fee"), Help: t("onboarding.fee_help")}, given("fee")),
		f.field(at+"/standard/product", ui.Input{Label: t("onboarding.product")}, given("product")),
		f.field(at+"/standard/requirements", ui.Input{Label: t("onboarding.requirements"), Help: t("onboarding.one_a_line"), Type: "textarea"}, given("requirements")),
		f.field(at+"/standard/procedure", ui.Input{Label: t("onboarding.procedure"), Help: t("onboarding.one_a_line"), Type: "textarea"}, given("procedure")),
	)
	v.Summary = t("onboarding.execution." + execution)
	if fee := cmp.Or(f.d.Fields[at+"/standard/fee"], given("fee")); fee != "" {
		v.Summary += ", " + fee
	}
	return v
}

// seriesView and counterView are what an agency's visitors meet.
type seriesView struct {
	Path, Code string
	Services   int
	Fields     []fieldView
}

type counterView struct {
	Path   string
	Name   string
	Fields []fieldView
}

// deskView is an agency with its series and counters.
type deskView struct {
	Agency   agencyView
	Series   []seriesView
	Counters []counterView
	Services []serviceSeries // which numbers each service gives
	Missing  int             // services that have no numbers yet
	Open     bool
	Errors   []string
}

type serviceSeries struct {
	Name  string
	Field fieldView
}

func (h handlers) desks(f *form, region string) (out []deskView) {
	t := f.p.T
	var venues []ui.Option
	for _, v := range f.d.list("venues") {
		venues = append(venues, ui.Option{Value: v, Label: cmp.Or(f.d.Fields["venues/"+v+"/name"], v)})
	}
	for _, a := range h.agencies(f, region) {
		v := deskView{Agency: a}
		named := map[string]int{}
		for _, s := range f.d.list(a.Path + "/services") {
			at := a.Path + "/services/" + s
			in := codesOf(f.d.Fields[at+"/series"])
			for _, code := range in {
				named[code]++
			}
			known, has := h.cat.Service(a.Code, s)
			if !has {
				known = &catalogue.Service{}
			}
			if execution := cmp.Or(f.d.Fields[at+"/execution"], string(known.Execution)); len(in) == 0 && execution != string(catalogue.HandOff) {
				v.Missing++
			}
			label := h.serviceLabel(f.p, f.d, a.Code, s)
			v.Services = append(v.Services, serviceSeries{label, f.field(at+"/series", ui.Input{Label: t("onboarding.series_of", label), Attrs: templ.Attributes{"autocapitalize": "none"}})})
		}
		for _, s := range f.d.list(a.Path + "/series") {
			at := a.Path + "/series/" + s
			v.Series = append(v.Series, seriesView{at, s, named[s], []fieldView{
				f.field(at+"/prefix", ui.Input{Label: t("onboarding.prefix"), Attrs: templ.Attributes{"maxlength": "3", "autocapitalize": "characters"}}),
				f.field(at+"/venue", ui.Input{Label: t("onboarding.venue"), Type: "select", Options: venues}),
				f.field(at+"/name", ui.Input{Label: t("onboarding.series_name"), Optional: true}),
				f.field(at+"/quota", ui.Input{Label: t("onboarding.quota"), Help: t("onboarding.quota_help"), Mode: "numeric", Optional: true}),
			}})
		}
		for _, key := range f.d.list(a.Path + "/counters") {
			at := a.Path + "/counters/" + key
			venue, code, _ := strings.Cut(key, ":")
			fs := []fieldView{
				f.field(at+"/series", ui.Input{Label: t("onboarding.calls"), Help: t("onboarding.calls_help"), Attrs: templ.Attributes{"autocapitalize": "none"}}),
				f.field(at+"/days", ui.Input{Label: t("onboarding.days"), Help: t("onboarding.days_help"), Optional: true}),
				f.field(at+"/place", ui.Input{Label: t("onboarding.place"), Help: t("onboarding.place_help"), Optional: true}),
			}
			if zones := f.d.list("venues/" + venue + "/zones"); len(zones) > 0 {
				options := []ui.Option{{Label: t("onboarding.zone_none")}}
				for _, z := range zones {
					options = append(options, ui.Option{Value: z, Label: cmp.Or(f.d.Fields["venues/"+venue+"/zones/"+z+"/name"], z)})
				}
				fs = append(fs, f.field(at+"/zone", ui.Input{Label: t("onboarding.zone"), Type: "select", Options: options}))
			}
			v.Counters = append(v.Counters, counterView{at, t("onboarding.counter_at", code, cmp.Or(f.d.Fields["venues/"+venue+"/name"], venue)), fs})
		}
		for path, text := range f.trouble {
			// Before there is any, one word says it all: so many services without numbers.
			if len(v.Series)+len(v.Counters) > 0 && strings.HasPrefix(path, a.Path+"/") && stepOf(path) == stepCounters {
				v.Errors = append(v.Errors, text)
			}
		}
		slices.Sort(v.Errors)
		v.Errors = slices.Compact(v.Errors)
		v.Open = len(v.Errors) > 0 || v.Missing > 0
		out = append(out, v)
	}
	return out
}
