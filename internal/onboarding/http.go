package onboarding

import (
	"cmp"
	"context"
	_ "embed"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
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
	d, err := h.Whole(c.Std(), c.Tenant)
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
	return c.Drawing(d.Fields[crestField])
}

// export gives the manifest of the draft as one file: a folder that "pendopo tenant apply" takes.
func (h handlers) export(c *web.Ctx) error {
	d, err := h.Whole(c.Std(), c.Tenant)
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
