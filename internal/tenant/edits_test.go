package tenant_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// What a folder would undo of the pages names who changed it last; what the folder itself changes names nobody.
func TestEdits(t *testing.T) {
	clock := testkit.NewClock(testkit.Morning)
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }}
		var tn tenant.ID
		apply := func(actor string, change func(*tenants.Region)) {
			t.Helper()
			r := region(10)
			change(r)
			res, err := prov.Apply(t.Context(), r, tenant.Options{Actor: actor})
			if err != nil {
				t.Fatal(err)
			}
			tn = res.Tenant.ID
		}
		// edits plans a folder and gives, by what a line is about, who stands beside it.
		edits := func(change func(*tenants.Region)) map[string]tenant.Edit {
			t.Helper()
			r := region(10)
			change(r)
			plan, err := prov.Plan(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := prov.Edits(t.Context(), tn, plan.Changes)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]tenant.Edit{}
			for i, c := range plan.Changes {
				if e, ok := got[i]; ok {
					out[c.Path+" "+c.Field] = e
				}
			}
			return out
		}
		same := func(*tenants.Region) {}
		quota := func(n int) func(*tenants.Region) {
			return func(r *tenants.Region) { r.Agencies[0].Series[0].Quota = n }
		}
		const line = "agencies/dukcapil/series/umum quota"
		apply("system:cli", same)

		rina, budi := id.New(), id.New()
		err := db.In(t.Context(), tn, func(ctx context.Context, tx *store.Tx) error {
			for u, name := range map[id.ID]string{rina: "Rina", budi: "Budi"} {
				if err := testkit.AddUser(ctx, tx, tenant.User{ID: u, CreatedAt: tx.Now(), Source: tenant.FromPage}, name+"@contoh.test", name); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := edits(quota(15)); len(got) != 0 {
			t.Errorf("the folder's own change: %+v", got)
		}

		at := clock.Advance(time.Minute)
		apply("user:"+rina.String(), quota(20))
		clock.Advance(time.Minute)
		if got := edits(same)[line]; got.Name != "Rina" || !got.Back || !got.At.Equal(at) {
			t.Errorf("put back: %+v", got)
		}
		if got := edits(quota(30))[line]; got.Name != "Rina" || got.Back {
			t.Errorf("changed to something else: %+v", got)
		}
		got := edits(func(r *tenants.Region) { r.Organiser = "Dinas" })
		if _, named := got["region organiser"]; named || got[line].Name != "Rina" || len(got) != 1 {
			t.Errorf("beside the folder's own change: %+v", got)
		}

		// The last one is named, and back is what there was before either of them.
		apply("user:"+budi.String(), quota(25))
		if got := edits(same)[line]; got.Name != "Budi" || !got.Back {
			t.Errorf("by two people: %+v", got)
		}
		if got := edits(quota(20))[line]; got.Name != "Budi" || !got.Back {
			t.Errorf("to what one of them had set: %+v", got)
		}

		if got := edits(quota(30))[line]; got.Name != "Budi" || got.Back {
			t.Errorf("to what nobody had set: %+v", got)
		}

		// Once a folder has said it, nobody has.
		apply("system:cli", quota(40))
		if got := edits(same); len(got) != 0 {
			t.Errorf("after a folder: %+v", got)
		}

		// A thing that was added on the pages goes, and one that was removed comes back.
		other := func(r *tenants.Region) {
			r.Venues = append(r.Venues, tenants.Venue{Code: "dua", Name: "Dua", Kind: tenants.Office, Address: "Jalan Dua", Hours: r.Venues[0].Hours})
		}
		apply("user:"+rina.String(), other)
		if got := edits(same)["venues/dua "]; got.Name != "Rina" || !got.Back {
			t.Errorf("added on the pages: %+v", got)
		}
		if got := edits(func(r *tenants.Region) { other(r); r.Venues[1].Name = "Lain" }); len(got) != 0 {
			t.Errorf("the folder's change of what was added on the pages: %+v", got)
		}
		apply("system:cli", other)
		apply("user:"+budi.String(), same)
		if got := edits(other)["venues/dua "]; got.Name != "Budi" || !got.Back {
			t.Errorf("removed on the pages: %+v", got)
		}

		// Who has left is not named.
		err = db.In(t.Context(), tn, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.User](tx).Set("retired = true").Where("id = ?", budi).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, found := edits(other)["venues/dua "]; !found || got.Name != "" {
			t.Errorf("who has left: %+v %v", got, found)
		}
	}, testkit.WithClock(clock))
}
