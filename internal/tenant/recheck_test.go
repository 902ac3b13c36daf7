package tenant_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// corrected is the part of the catalogue that a region uses, with another fee for one service.
func corrected(t *testing.T, r *tenants.Region, service, fee string) *tenants.Subset {
	t.Helper()
	text, err := json.Marshal(tenants.Used(r, catalogue.Default()))
	if err != nil {
		t.Fatal(err)
	}
	var cat tenants.Subset
	if err := json.Unmarshal(text, &cat); err != nil {
		t.Fatal(err)
	}
	s, ok := cat.Service("dukcapil", service)
	if !ok {
		t.Fatal(service)
	}
	s.Standard.Fee = fee
	return &cat
}

// A newer program brings another text of a service that the region has confirmed: plan and apply say so, and the
// page calls it confirmed only after the region has confirmed the new text.
func TestTheCataloguesTextChangesUnderAConfirmedService(t *testing.T) {
	const key = "dukcapil/ktp-hilang-rusak"
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := sample(t, "19.01")
		applied(t, db, r)
		p := &tenant.Provisioner{DB: db, Catalogue: corrected(t, r, "ktp-hilang-rusak", "Rp10.000")}
		row, _, err := p.Find(t.Context(), r.Code)
		if err != nil {
			t.Fatal(err)
		}
		is := func(fee string, confirmed bool) {
			t.Helper()
			err := db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
				s, err := store.Select[tenant.ServiceRow](tx).Where("id = ?", id.Named(row.ID, "service/"+key)).One(ctx)
				if err == nil && (s.Confirmed != confirmed || !strings.Contains(s.Standard, `"fee":"`+fee+`"`)) {
					t.Errorf("confirmed is %v, the standard %s", s.Confirmed, s.Standard)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		apply := func(confirm ...string) tenant.Result {
			t.Helper()
			res, err := p.Apply(t.Context(), r, tenant.Options{Actor: "system:test", Confirm: confirm})
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		is("Gratis", true)
		want := []string{
			"~ agencies/dukcapil/services/ktp-hilang-rusak: katalog: biaya Gratis → Rp10.000",
			"~ agencies/dukcapil/services/ktp-hilang-rusak: perlu dipastikan lagi, teks katalognya berubah",
		}
		plan, err := p.Plan(t.Context(), r)
		if err != nil || !slices.Equal(texts(plan.Changes), want) || !slices.Equal(plan.Recheck, []string{key}) {
			t.Errorf("the plan: %q, %q (%v)", texts(plan.Changes), plan.Recheck, err)
		}
		if res := apply(); !slices.Equal(texts(res.Changes), want) {
			t.Errorf("applied: %q", texts(res.Changes))
		}
		is("Rp10.000", false)
		// Again, and with a line that has nothing to do with it: it stays to be confirmed.
		if res := apply(); len(res.Changes) > 0 || !slices.Equal(res.Recheck, []string{key}) {
			t.Errorf("applied again: %q, %q", texts(res.Changes), res.Recheck)
		}
		r.Contact.Phone = "(0717) 111 111"
		apply()
		is("Rp10.000", false)
		if _, err := p.Apply(t.Context(), r, tenant.Options{Actor: "system:test", Confirm: []string{"dukcapil/ktp-hilang"}}); err == nil {
			t.Error("a service that is not there was confirmed")
		}
		if res := apply(key); len(res.Changes) != 1 || len(res.Recheck) > 0 {
			t.Errorf("confirmed: %q, %q", texts(res.Changes), res.Recheck)
		}
		is("Rp10.000", true)
		if res := apply(); len(res.Changes) > 0 {
			t.Errorf("applied again: %q", texts(res.Changes))
		}
	})
}

func texts(changes []tenants.Change) (out []string) {
	for _, c := range changes {
		out = append(out, c.Text)
	}
	return out
}
