package onboarding_test

import (
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/tenants"
)

// The days of a counter are typed as people write them; a proposal that was taken leaves its own, and they are what the
// next proposal and the region that opens have.
func TestDaysOfCounters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn, rina, _ := w.prepared(t, "34.02")
		if _, err := w.svc.AddVenue(t.Context(), tn, rina, "Balai Pelayanan", tenants.Office); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.AddAgencies(t.Context(), tn, rina, []string{"dukcapil", "dpmptsp", "samsat", "imigrasi", "polri", "taspen", "asabri", "pos", "bnn"}); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.TakeProposal(t.Context(), tn, rina, 60, false); err != nil {
			t.Fatal(err)
		}
		d := w.draft(t, tn)
		at, proposed := "", ""
		for path, value := range d.Fields {
			if strings.HasSuffix(path, "/days") && path > at {
				at, proposed = path, value
			}
		}
		if _, err := tenants.ParseDays(proposed); at == "" || err != nil {
			t.Fatalf("no counter has days after the proposal: %q %q", at, proposed)
		}
		before := w.svc.Proposal(d, 60)
		if before.Counters > 0 {
			t.Errorf("%d counters more are proposed", before.Counters)
		}
		shared := false
		for _, desk := range before.Week {
			shared = shared || len(desk.Counters) > 1
			for day, agencies := range desk.Agency {
				if len(agencies) > 1 {
					t.Errorf("%s on %s: %v", desk.Name, day, agencies)
				}
			}
		}
		if !shared {
			t.Error("the picture shows no shared desk")
		}
		was := proposed
		for _, c := range [][2]string{{"Rabu dan Jumat", "wed,fri"}, {"sel, kam", "tue,thu"}, {"mon,thu", "mon,thu"}, {"Senin sampai Rabu", "mon-wed"}, {"Monday to Wednesday, Friday", "mon-wed,fri"}, {"setiap hari", ""}, {"Jumat", "fri"}, {"", ""}} {
			if got := w.save(t, tn, rina, onboarding.Change{Path: at, Was: was, Value: c[0]}); got[0].Outcome != onboarding.Saved {
				t.Errorf("%q: %+v", c[0], got[0])
			}
			if was = w.draft(t, tn).Fields[at]; was != c[1] {
				t.Errorf("%q is kept as %q", c[0], was)
			}
		}
		if got := w.save(t, tn, rina, onboarding.Change{Path: at, Value: "kadang-kadang"}); got[0].Outcome != onboarding.Refused || got[0].Problem != "onboarding.days" {
			t.Errorf("no day: %+v", got[0])
		}
		// What the page shows is what was there before, in either language.
		w.save(t, tn, rina, onboarding.Change{Path: at, Value: "mon,thu"})
		for _, shown := range []string{"Senin dan Kamis", "Monday and Thursday"} {
			if got := w.save(t, tn, rina, onboarding.Change{Path: at, Was: shown, Value: "mon,thu"}); got[0].Outcome != onboarding.Saved {
				t.Errorf("as shown: %+v", got[0])
			}
		}
	})
}
