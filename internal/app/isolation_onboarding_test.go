package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
)

// drafted is a field of a region's draft that the suite changes. It stands in the manifest only, and so in no row that
// another route of the suite reads.
const drafted = "contact/complaints"

// newComplaints is what the suite types there: the same in every region, for it may be stored in either.
const newComplaints = "Sampaikan di meja pengaduan."

// ownPlatform says that a region is the platform, so that it gets rows that only the platform has.
type ownPlatform struct {
	*tenant.Registry
	is *tenant.Tenant
}

func (o ownPlatform) Platform() (*tenant.Tenant, bool) { return o.is, true }

// unsent are letters that nobody gets.
type unsent struct{}

func (unsent) Invite(context.Context, *store.Tx, id.ID, string) error  { return nil }
func (unsent) Claim(context.Context, *store.Tx, id.ID, string) error   { return nil }
func (unsent) Waiting(context.Context, *store.Tx, id.ID, string) error { return nil }

// marked is a rehearsal whose report says one thing.
type marked string

func (m marked) Run(context.Context, *tenants.Region, int) (string, error) {
	return `{"uji":"` + string(m) + `"}`, nil
}

func (marked) Say(string, *i18n.Printer) (onboarding.Rehearsed, error) {
	return onboarding.Rehearsed{}, nil
}

// setup is the service of a region's set-up, on the same rows as the app's own.
func (s *side) setup() *onboarding.Service {
	return onboarding.New(s.w.db, ownPlatform{s.w.ap.Registry, s.t}, onboarding.Options{Provisioner: &tenant.Provisioner{DB: s.w.db}, Letters: unsent{}, Rehearsal: marked(s.Canary), LimitsOff: true})
}

// drafts leaves something of this region's in its draft, and gives what stands in the field that the suite changes.
func (s *side) drafts(t *testing.T) (was string) {
	t.Helper()
	svc, boss := s.setup(), s.actor(t, s.people[authz.RoleAdmin])
	d, err := svc.Draft(t.Context(), s.t)
	if err != nil {
		t.Fatal(err)
	}
	was = "Sampaikan lewat " + s.Canary + " " + id.New().String()
	res, _, err := svc.Save(t.Context(), s.t, boss, []onboarding.Change{{Path: drafted, Was: d.Fields[drafted], Value: was}})
	if err != nil || res[0].Outcome != onboarding.Saved {
		t.Fatal(res, err)
	}
	return was
}

// crest names the crest in the draft, as the screen does: the manifest's own, which is there whatever was done before.
func (s *side) crest(t *testing.T) string {
	t.Helper()
	s.discarded(t)
	d, err := s.setup().Draft(t.Context(), s.t)
	if err != nil {
		t.Fatal(err)
	}
	if d.Fields["logo"] == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(d.Fields["logo"]))
	return hex.EncodeToString(sum[:8])
}

// discarded takes the draft back, and gives its version.
func (s *side) discarded(t *testing.T) (version string) {
	t.Helper()
	s.drafts(t)
	svc := s.setup()
	if err := svc.Discard(t.Context(), s.t, s.actor(t, s.people[authz.RoleAdmin])); err != nil {
		t.Fatal(err)
	}
	d, err := svc.Draft(t.Context(), s.t)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(d.Version, 10)
}

// rehearsed leaves the report of a rehearsal.
func (s *side) rehearsed(t *testing.T) {
	t.Helper()
	s.drafts(t)
	if err := s.setup().Rehearse(t.Context(), s.t, s.actor(t, s.people[authz.RoleAdmin]), 10); err != nil {
		t.Fatal(err)
	}
}

// claimed leaves somebody's wish to set a region up.
func (s *side) claimed(t *testing.T) {
	t.Helper()
	wish := onboarding.Wish{Region: "34.02", Name: "Calon " + s.Canary, Post: "Pranata " + s.Canary, Email: "calon@" + s.Canary + ".test", Locale: "id"}
	if err := s.setup().Ask(t.Context(), wish); err != nil {
		t.Fatal(err)
	}
}

// atStep is a call of a screen of the set-up, with a draft in which this region's things stand.
func atStep(step string) func(*testing.T, *side, string) call {
	return func(t *testing.T, s *side, _ string) call {
		s.rehearsed(t)
		return call{params: texts{"step": step}}
	}
}

func withDraft(t *testing.T, s *side, _ string) call { s.drafts(t); return call{} }

// setupCases are the routes of a region's set-up. Who types against what the other region shows is told of a conflict,
// and nothing is stored.
func setupCases() []routeCase {
	editors := []string{authz.RoleManager, authz.RoleAdmin}
	cases := []routeCase{
		{route: "GET /petugas/persiapan", as: editors, call: withDraft},
		{route: "GET /petugas/persiapan/perubahan", as: editors, call: func(t *testing.T, s *side, _ string) call {
			s.drafts(t)
			return call{query: texts{"versi": "0"}}
		}},
		{route: "GET /petugas/persiapan/tampilan", as: editors, call: func(*testing.T, *side, string) call { return call{query: texts{"warna": "#114455"}} }},
		{route: "GET /petugas/persiapan/lambang.svg", as: editors, call: func(t *testing.T, s *side, _ string) call {
			s.discarded(t) // the manifest's own, as nobody has changed it
			return call{}
		}},
		{route: "GET /petugas/persiapan/manifes.zip", as: admins, call: withDraft},
		{route: "GET /api/v1/draft", as: editors, call: withDraft},
		{route: "PATCH /api/v1/draft", as: editors, call: func(t *testing.T, s *side, _ string) call {
			was := s.drafts(t)
			return call{json: texts{"fields": `[{"path":"` + drafted + `","was":"` + was + `","value":"` + newComplaints + `"}]`}}
		}, said: map[string]int{"fields": 200}}, // with the outcome "conflict"
		{route: "POST /petugas/persiapan/:step", as: editors, call: func(t *testing.T, s *side, _ string) call {
			was := s.drafts(t)
			return call{params: texts{"step": "daerah"}, form: texts{"w:" + drafted: was, "v:" + drafted: newComplaints, "act": "stay"}}
		}, said: map[string]int{"w:" + drafted: 409}},
	}
	for _, step := range []string{"daerah", "lokasi", "jam", "instansi", "layanan", "loket", "petugas", "perangkat", "gladi", "buka"} {
		cases = append(cases, routeCase{route: "GET /petugas/persiapan/:step", as: editors, call: atStep(step)})
	}
	// Applying is shown here to be refused to strangers and to change nothing elsewhere; that it succeeds at home is not:
	// testkit's rows are not those that a manifest makes, and the answer is a conflict (409). TestARegionLaunchesItself applies.
	return append(cases,
		routeCase{route: "POST /petugas/persiapan/:step", nobody: true, call: func(t *testing.T, s *side, _ string) call {
			return call{params: texts{"step": "buka"}, form: texts{"act": "open", "version": s.discarded(t)}}
		}, said: map[string]int{"version": 409}},
		routeCase{route: "POST /api/v1/draft/apply", nobody: true, call: func(t *testing.T, s *side, _ string) call {
			return call{json: texts{"version": s.discarded(t)}}
		}, said: map[string]int{"version": 409}},
		routeCase{route: "POST /petugas/persiapan/batalkan", as: admins, call: withDraft},
	)
}
