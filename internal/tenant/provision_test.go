package tenant_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// sample is one of the regions that come with Pendopo.
func sample(t *testing.T, code string) *tenants.Region {
	t.Helper()
	all, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Code == code {
			return r
		}
	}
	t.Fatalf("no sample region %s", code)
	return nil
}

// applied applies a region and reads what became of it: its directory, and the manifest that it gives back.
func applied(t *testing.T, db *store.DB, r *tenants.Region) (*tenant.Directory, *tenants.Region) {
	t.Helper()
	p := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }}
	if _, err := p.Apply(t.Context(), r, tenant.Options{Actor: "system:test"}); err != nil {
		t.Fatal(err)
	}
	_, back, err := p.Find(t.Context(), r.Code)
	if err != nil {
		t.Fatal(err)
	}
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	tn, ok := reg.ByCode(r.Code)
	if !ok {
		t.Fatal("not in the registry")
	}
	d, err := tenant.NewDirectories(db).Of(t.Context(), tn)
	if err != nil {
		t.Fatal(err)
	}
	return d, back
}

func TestWhatIsNamedInEnglishIsKept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := sample(t, "19.01")
		d, back := applied(t, db, r)
		if changes := tenants.Diff(r, back); len(changes) > 0 {
			t.Errorf("the manifest comes back otherwise: %v", changes)
		}
		office := d.Venues[0]
		if z := office.Zones[1]; office.NameEN != "Sungailiat Service Office" || z.NameEN != "Zone B" || z.PlaceEN != "Floor 2" {
			t.Errorf("venue %q, zone %q, place %q", office.NameEN, z.NameEN, z.PlaceEN)
		}
		if z := d.Venues[1].Zones[0]; z.NameEN != "Mobile Service Unit" {
			t.Errorf("the whole venue as a zone is called %q", z.NameEN)
		}
		if c := d.Closures[0]; c.ReasonEN != "The vehicle is being serviced" {
			t.Errorf("closure %+v", c)
		}
		for _, a := range d.Agencies {
			for _, s := range a.Series {
				if s.NameEN == "" {
					t.Errorf("%s/%s has no English name", a.Code, s.Code)
				}
			}
			for _, k := range a.Counters {
				if (k.Place == "") != (k.PlaceEN == "") {
					t.Errorf("%s: place %q, %q", k.Code, k.Place, k.PlaceEN)
				}
			}
		}
	})
}

func TestAServiceAtTwoVenues(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := sample(t, "19.01")
		prefixes := func(d *tenant.Directory, code string) (out []string) {
			for _, o := range d.Services() {
				if o.Agency.Code == "dukcapil" && o.Code == code {
					for _, s := range o.Series {
						out = append(out, s.Prefix+"@"+s.Venue.Code)
						if o.At(s.ID) != s {
							t.Errorf("%s has not its own series %s", code, s.Code)
						}
					}
					if o.At(o.ID) != nil {
						t.Errorf("%s has a series that is none", code)
					}
				}
			}
			return out
		}
		d, _ := applied(t, db, r)
		if got := prefixes(d, "ktp-baru"); !slices.Equal(got, []string{"A@sungailiat", "KA@keliling"}) {
			t.Errorf("series of ktp-baru: %v", got)
		}
		if got := prefixes(d, "kk-baru"); !slices.Equal(got, []string{"A@sungailiat"}) {
			t.Errorf("series of kk-baru: %v", got)
		}
		// In another order, and at one venue less.
		for i := range r.Agencies {
			for j := range r.Agencies[i].Services {
				switch s := &r.Agencies[i].Services[j]; {
				case r.Agencies[i].Code != "dukcapil":
				case s.Code == "ktp-baru":
					s.Series = tenants.Codes{"keliling", "umum"}
				case s.Code == "ikd":
					s.Series = tenants.Codes{"keliling"}
				}
			}
		}
		d, back := applied(t, db, r)
		if got := prefixes(d, "ktp-baru"); !slices.Equal(got, []string{"KA@keliling", "A@sungailiat"}) {
			t.Errorf("series of ktp-baru in another order: %v", got)
		}
		if got := prefixes(d, "ikd"); !slices.Equal(got, []string{"KA@keliling"}) {
			t.Errorf("series of ikd: %v", got)
		}
		if changes := tenants.Diff(r, back); len(changes) > 0 {
			t.Errorf("the manifest comes back otherwise: %v", changes)
		}
	})
}

// A password that is set while the region is applied is not set back to the one that the apply has read.
func TestAnApplyLeavesPasswordsAlone(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := sample(t, "19.01")
		applied(t, db, r)
		p := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "y", "y", nil }}
		row, _, err := p.Find(t.Context(), r.Code)
		if err != nil {
			t.Fatal(err)
		}
		email := strings.ToLower(r.Staff[0].Email)
		done := make(chan error, 1)
		err = db.In(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
			u, err := tenant.UserByEmail(ctx, tx, email)
			if err == nil {
				_, err = store.Update[tenant.User](tx).Set("password_hash = 'theirs'").Where("id = ?", u.ID).Exec(ctx)
			}
			go func() {
				r.Staff[0].Name = "Nama Baru"
				_, err := p.Apply(context.Background(), r, tenant.Options{Actor: "system:test"})
				done <- err
			}()
			testkit.Waiting(t, db, 1) // the apply has read what it reads; on SQLite it has not begun
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
			u, err := tenant.UserByEmail(ctx, tx, email)
			if err != nil {
				return err
			}
			keys, err := seal.In(ctx, tx)
			if err != nil {
				return err
			}
			name, _, err := u.Open(ctx, keys)
			if u.PasswordHash != "theirs" || name != "Nama Baru" {
				t.Errorf("%s has the password %q", name, u.PasswordHash)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
