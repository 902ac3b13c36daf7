package tenant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

func region(quota int, staff ...tenants.Person) *tenants.Region {
	return &tenants.Region{
		Code: "19.01", Timezone: "WIB", Organiser: "DPMPTSP", Staff: staff,
		Venues: []tenants.Venue{{Code: "mal", Name: "Mal", Kind: tenants.Office, Address: "Jalan Contoh 1", Hours: []tenants.Hours{{Days: "mon-sun", Open: "00:00", Close: "24:00"}}}},
		Agencies: []tenants.Agency{{
			Code: "dukcapil", Series: []tenants.Series{{Code: "umum", Prefix: "A", Venue: "mal", Quota: quota}},
			Counters: []tenants.Counter{{Code: "1", Venue: "mal", Series: []string{"umum"}}}, Services: []tenants.Service{{Code: "ktp-baru", Series: tenants.Codes{"umum"}}},
		}},
	}
}

// What an administration changes is recorded as it was and as it is, and people stand there as keyed hashes.
func TestAdministrationIsRecordedWithoutNamingAnybody(t *testing.T) {
	h := audit.NewHasher([]byte("a key of the tests"))
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		prov := &tenant.Provisioner{DB: db, Hasher: h, Password: func() (string, string, error) { return "x", "x", nil }}
		var id tenant.ID
		apply := func(r *tenants.Region) {
			t.Helper()
			res, err := prov.Apply(t.Context(), r, tenant.Options{Actor: "system:test"})
			if err != nil {
				t.Fatal(err)
			}
			id = res.Tenant.ID
		}
		budi := tenants.Person{Email: "Budi@rahasia.test", Name: "Budi Rahasia", Role: tenants.RoleOfficer, Agency: "dukcapil", Counters: []string{"mal/1"}}
		ani := tenants.Person{Email: "ani@rahasia.test", Name: "Ani Rahasia", Role: tenants.RoleAdmin}
		apply(region(10, budi, ani))
		budi.Role, budi.Agency, budi.Counters = tenants.RoleManager, "", nil
		apply(region(20, budi))
		if _, err := prov.SetState(t.Context(), "19.01", tenant.Suspended, "pemeliharaan", "system:test"); err != nil {
			t.Fatal(err)
		}
		type row struct {
			Action string `bun:"action"`
			Target string `bun:"target"`
			Record string `bun:"record"`
		}
		type told struct{ Before, After map[string]any }
		said := map[string][]told{}
		err := db.View(t.Context(), id, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select action, target, record from audit order by seq")
			for _, r := range rows {
				if strings.Contains(strings.ToLower(r.Record+r.Target), "rahasia") {
					t.Errorf("somebody is named: %s", r.Record)
				}
				var x told
				if err := json.Unmarshal([]byte(r.Record), &x); err != nil {
					t.Error(err)
				}
				said[r.Action] = append(said[r.Action], x)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := fmt.Sprint(len(said["tenant:manifest:apply"]), len(said["tenant:person:change"]), len(said["tenant:state:change"])); n != "2 4 1" {
			t.Fatalf("records: %s", n)
		}
		series := "agencies/dukcapil/series/umum.quota"
		if a := said["tenant:manifest:apply"][1]; a.Before[series] != "10" || a.After[series] != "20" || len(a.After) != 1 {
			t.Errorf("the second apply: %v", a)
		}
		if s := said["tenant:state:change"][0]; s.Before["state"] != "active" || s.After["state"] != "suspended" || s.After["reason"] != "pemeliharaan" {
			t.Errorf("the suspension: %v", s)
		}
		var came, went, changed int
		for _, p := range said["tenant:person:change"] {
			switch {
			case p.Before == nil:
				came++
			case p.After == nil:
				went++
				if p.Before["email"] != h.Personal(id, "email", "ani@rahasia.test") || fmt.Sprint(p.Before["roles"]) != "[admin id/19/19.01]" {
					t.Errorf("who went: %v", p)
				}
			default:
				changed++
				if p.After["email"] != h.Personal(id, "email", "budi@rahasia.test") || fmt.Sprint(p.Before["roles"]) != "[officer id/19/19.01/dukcapil]" ||
					fmt.Sprint(p.After["roles"]) != "[manager id/19/19.01]" || p.Before["counters"] == nil || p.After["counters"] != nil {
					t.Errorf("who changed: %v", p)
				}
			}
		}
		if came != 2 || went != 1 || changed != 1 {
			t.Errorf("%d came, %d went, %d changed", came, went, changed)
		}
		if r, err := audit.Verify(t.Context(), db, id, nil); err != nil || !r.OK() {
			t.Errorf("%+v %v", r, err)
		}
	})
}
