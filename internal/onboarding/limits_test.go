package onboarding_test

import (
	"context"
	"testing"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// Of an open region that owes for too long, new venues and another look wait; everything else is typed and applied, what
// was typed can be taken back, and it ends with the payment. A region that is being prepared is held back in nothing.
func TestWhatWaitsForAPayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		limits := onboarding.Limits{Venues: 1}
		svc := onboarding.New(w.db, w.reg, onboarding.Options{Provisioner: w.prov, Letters: w.letters, Allowed: func(context.Context, *tenant.Tenant) (onboarding.Limits, error) {
			return limits, nil
		}})
		w.svc = svc
		venue, err := svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office)
		if err != nil {
			t.Fatalf("while preparing: %v", err)
		}
		if got := w.save(t, tn, rina, onboarding.Change{Path: "brand/colour", Value: "#8a1538"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("a colour while preparing: %+v", got)
		}
		if err := svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil"}); err != nil {
			t.Fatal(err)
		}
		if err := svc.TakeProposal(t.Context(), tn, rina, 100, false); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Apply(t.Context(), tn, rina, w.draft(t, tn).Version, w.draft(t, tn).Base); err != nil {
			t.Fatal(err)
		}
		tn, _ = w.reg.ByCode("34.02")

		if _, err := svc.AddVenue(t.Context(), tn, rina, "Gerai Kedua", tenants.Office); !fault.Is(err, "onboarding.unpaid_venue") {
			t.Errorf("a venue: %v", err)
		}
		for path, problem := range map[string]string{"brand/colour": "onboarding.unpaid_look", "logo": "onboarding.unpaid_look", "venues/gerai": "onboarding.unpaid_venue"} {
			was, value := w.draft(t, tn).Fields[path], map[string]string{"brand/colour": "#123456", "logo": oneCrest, "venues/gerai": "000020"}[path]
			if got := w.save(t, tn, rina, onboarding.Change{Path: path, Was: was, Value: value}); got[0].Outcome != onboarding.Refused || got[0].Problem != problem {
				t.Errorf("%s: %+v", path, got)
			}
		}
		if err := svc.Remove(t.Context(), tn, rina, "brand/colour"); !fault.Is(err, "not_found") {
			t.Errorf("a colour removed as a thing is: %v", err)
		}
		if d := w.draft(t, tn); len(d.Changed) > 0 {
			t.Errorf("changed: %v", d.Changed)
		}
		got := w.save(t, tn, rina, onboarding.Change{Path: "contact/phone", Value: "112"}, onboarding.Change{Path: "venues/" + venue + "/name", Was: "Balai Pelayanan", Value: "Balai Baru"})
		if got[0].Outcome != onboarding.Saved || got[1].Outcome != onboarding.Saved {
			t.Errorf("other changes: %+v", got)
		}
		if _, err := svc.Apply(t.Context(), tn, rina, w.draft(t, tn).Version, w.draft(t, tn).Base); err != nil {
			t.Errorf("other changes applied: %v", err)
		}
		tn, _ = w.reg.ByCode("34.02")
		if tn.Region.Contact.Phone != "112" {
			t.Errorf("in force: %+v", tn.Region.Contact)
		}

		limits = onboarding.Limits{NewVenues: true, Branding: true, Venues: 1}
		if got := w.save(t, tn, rina, onboarding.Change{Path: "brand/colour", Was: "#8a1538", Value: "#123456"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("paid: %+v", got)
		}
		if _, err := svc.AddVenue(t.Context(), tn, rina, "Gerai Kedua", tenants.Office); err != nil {
			t.Errorf("more than the plan has, paid: %v", err)
		}
		// Owed again: what was typed meanwhile can be taken back.
		limits = onboarding.Limits{}
		if got := w.save(t, tn, rina, onboarding.Change{Path: "brand/colour", Was: "#123456", Value: "#8a1538"}); got[0].Outcome != onboarding.Saved {
			t.Errorf("taken back: %+v", got)
		}
	})
}
