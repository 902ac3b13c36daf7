package onboarding

import (
	"net/http"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
)

// draftJSON is a draft over the API: the fields that are not empty, by path, without the people.
type draftJSON struct {
	Version int64             `json:"version"`
	Base    string            `json:"base"`
	Fields  map[string]string `json:"fields"`
	Changed []string          `json:"changed"`
	Wrong   []troubleJSON     `json:"wrong"`
}

type troubleJSON struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Warning bool   `json:"warning"`
}

type changesJSON struct {
	Fields []changeJSON `json:"fields"`
}

type changeJSON struct {
	Path  string `json:"path"`
	Was   string `json:"was"`
	Value string `json:"value"`
}

type applyJSON struct {
	Version int64  `json:"version"`
	Base    string `json:"base"`
}

type appliedJSON struct {
	Changes []string `json:"changes"`
	Invited int      `json:"invited"`
	Opened  bool     `json:"opened"`
}

// draftAPI registers the same as calls, for whoever sets many regions up by a program.
func (s *Service) draftAPI(r *web.Router) {
	h := handlers{s}
	r.Get("/api/v1/draft", permEdit, h.getDraft)
	r.Patch("/api/v1/draft", permEdit, h.patchDraft)
	r.Post("/api/v1/draft/apply", permOpen, h.applyDraft, web.Sudo)
}

func (h handlers) getDraft(c *web.Ctx) error {
	d, err := h.Whole(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	out := draftJSON{Version: d.Version, Base: d.Base, Fields: map[string]string{}, Changed: []string{}, Wrong: []troubleJSON{}}
	for path, value := range d.Fields {
		if stepOf(path) != stepPeople {
			out.Fields[path] = value
			if _, changed := d.Changed[path]; changed {
				out.Changed = append(out.Changed, path)
			}
		}
	}
	for _, t := range h.Check(d) {
		out.Wrong = append(out.Wrong, troubleJSON{t.Path, t.text(c.Locale), t.Warning})
	}
	return c.JSON(http.StatusOK, out)
}

func (h handlers) patchDraft(c *web.Ctx) error {
	var in changesJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	if len(in.Fields) > maxSent {
		return fault.New(fault.Invalid, "onboarding.full")
	}
	changes := make([]Change, len(in.Fields))
	for i, f := range in.Fields {
		changes[i] = Change(f)
	}
	results, _, err := h.Save(c.Std(), c.Tenant, c.Actor, changes)
	if err != nil {
		return err
	}
	return h.told(c, results)
}

func (h handlers) applyDraft(c *web.Ctx) error {
	var in applyJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	res, err := h.Apply(c.Std(), c.Tenant, c.Actor, in.Version, in.Base)
	if err != nil {
		return err
	}
	out := appliedJSON{Changes: []string{}, Invited: len(res.Accounts), Opened: res.Opened}
	for _, ch := range res.Changes {
		if stepOf(ch.Path) != stepPeople {
			out.Changes = append(out.Changes, ch.Text)
		}
	}
	return c.JSON(http.StatusOK, out)
}

// claimJSON is a claim over the API.
type claimJSON struct {
	ID     string `json:"id"`
	Region string `json:"region"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	Post   string `json:"post"`
	State  State  `json:"state"`
}

type claimsJSON struct {
	Waiting []claimJSON `json:"waiting"`
	Decided []claimJSON `json:"decided"`
}

func (s *Service) claimAPI(r *web.Router) {
	h := handlers{s}
	r.Get("/api/v1/claims", permClaims, h.listClaims, web.Sudo)
}

func (h handlers) listClaims(c *web.Ctx) error {
	waiting, decided, err := h.Claims(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	of := func(list []Claim) []claimJSON {
		out := make([]claimJSON, len(list))
		for i, x := range list {
			out[i] = claimJSON{x.ID.String(), x.Region.Code, x.Name, x.Email, x.Post, x.State}
		}
		return out
	}
	return c.JSON(http.StatusOK, claimsJSON{of(waiting), of(decided)})
}
