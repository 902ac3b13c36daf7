package app_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// heldBy is what each person holds, by e-mail: "officer id/19/19.01/dukcapil manifest", and the counters' keys.
func heldBy(t *testing.T, db *store.DB, row tenant.Row, source bool) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
		users, err := store.Select[tenant.User](tx).Where("not retired").All(ctx)
		if err != nil {
			return err
		}
		for _, u := range users {
			found := "?"
			for _, email := range []string{"siti@baru.test", "budi@baru.test"} {
				if o, err := tenant.UserByEmail(ctx, tx, email); err == nil && o != nil && o.ID == u.ID {
					found = email
				}
			}
			if found == "?" {
				found = u.ID.String()
			}
			grants, err := store.Select[tenant.Grant](tx).Where("user_id = ?", u.ID).Order("role", "scope").All(ctx)
			if err != nil {
				return err
			}
			counters, err := store.Select[tenant.UserCounter](tx).Where("user_id = ?", u.ID).Order("counter_id").All(ctx)
			if err != nil {
				return err
			}
			var words []string
			for _, g := range grants {
				words = append(words, g.Role+" "+g.Scope)
				if source {
					words = append(words, string(g.Source))
				}
			}
			for _, c := range counters {
				words = append(words, c.CounterID.String())
			}
			out[found] = strings.Join(words, " ")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What is given and taken beside the folder: an apply leaves it alone, says what it would give back, and what is
// exported applies back to the same.
func TestRolesBesideTheFolder(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		regions, err := tenants.Regions()
		if err != nil {
			t.Fatal(err)
		}
		r := *regions[slices.IndexFunc(regions, func(r *tenants.Region) bool { return r.Code == "19.01" })]
		env := serveEnv(db)
		run := func(want int, args ...string) string {
			t.Helper()
			code, out := command(t, env, "", args...)
			if code != want {
				t.Fatalf("%v: %d\n%s", args, code, out)
			}
			return out
		}
		says := func(out string, all ...string) {
			t.Helper()
			for _, s := range all {
				if !strings.Contains(out, s) {
					t.Errorf("wanted %q in\n%s", s, out)
				}
			}
		}
		folder := func(r *tenants.Region) string {
			t.Helper()
			dir := filepath.Join(t.TempDir(), r.FolderName())
			if err := tenants.Write(dir, r); err != nil {
				t.Fatal(err)
			}
			return dir
		}
		first := folder(&r)
		run(0, "tenant", "apply", first)
		prov, err := app.NewProvisioner(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		row, _, err := prov.Find(t.Context(), "19.01")
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(r.Staff, func(p tenants.Person) bool { return p.Role == tenants.RoleOfficer && len(p.Counters) > 0 })
		who := r.Staff[at]
		theirs := "id/19/19.01/" + who.Agency

		// By the command, as on the page.
		says(run(0, "access", "give", who.Email, "manager", "--at", "19.01"), "kini Manajer MPP")
		says(run(0, "access", "give", who.Email, "manager", "--at", "19.01"), "Tidak ada yang berubah")
		says(run(0, "access", "take", "--lang", "en", who.Email, "officer", "--at", theirs), "no more")
		says(run(0, "access", "take", who.Email, "officer", "--at", theirs), "tidak memegang")
		says(run(1, "access", "take", who.Email, "manager", "--at", "19.01"), "satu-satunya perannya")
		says(run(1, "access", "give", who.Email, "officer", "--at", "19.01"), "satu instansi")
		says(run(1, "access", "give", who.Email, "officer", "--at", "19.01/kua-tiada"), "tidak ada di daerah ini")
		says(run(0, "access", "give", who.Email, "officer", "--at", "19.01/"+who.Agency), "kini Petugas loket di "+theirs+" (", ", Kabupaten Bangka)")
		says(run(0, "access", "take", who.Email, "officer", "--at", "19.01/"+who.Agency), "tidak lagi Petugas loket di "+theirs)
		says(run(1, "access", "give", who.Email, "officer", "--at", "id/19/19.01/kua-tiada"), "tidak ada di daerah ini")
		says(run(1, "access", "give", who.Email, "manajer", "--at", "19.01"), "tidak dapat diberikan")
		says(run(1, "access", "give", who.Email, "national-overseer", "--at", "19.01"), "tidak dapat diberikan")
		says(run(1, "access", "give", "tiada@contoh.test", "manager", "--at", "19.01"), "tidak ada di")
		says(run(1, "access", "give", who.Email, "manager"), "--at")
		says(run(0, "access", "list", who.Email, "19.01"), "role:manager > perm:audit:record:list")
		says(run(0, "audit", "list", "19.01", "--action", "tenant:person:change"), "Operator lewat baris perintah")

		// Two people who stand in no folder.
		reg := tenant.NewRegistry(db, "localhost", nil)
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		here, _ := reg.ByCode("19.01")
		door := auth.New(db, auth.Options{})
		operator := authz.NewActor(authz.Identity{System: "system:cli"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
		counter := tenant.CounterID(row.ID, who.Counters[0])
		siti, _, err := door.Add(t.Context(), here, operator, auth.Newcomer{Name: "Siti", Email: "siti@baru.test", Post: auth.Post{Role: "officer", Agency: who.Agency}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := door.SetCounters(t.Context(), here, operator, siti, who.Agency, []id.ID{counter}); err != nil {
			t.Fatal(err)
		}
		if _, err := door.Give(t.Context(), here, operator, siti, auth.Post{Role: "front-office"}); err != nil {
			t.Fatal(err)
		}
		budi, _, err := door.Add(t.Context(), here, operator, auth.Newcomer{Name: "Budi", Email: "budi@baru.test", Post: auth.Post{Role: "front-office"}})
		if err != nil {
			t.Fatal(err)
		}

		// The folder as it is gives back what was taken, and says so before.
		says(run(0, "tenant", "plan", first), "+ staff/"+strings.ToLower(who.Email)+": petugas loket", "(diambil di halaman, folder ini mengembalikannya)")
		says(run(0, "tenant", "plan", "--lang", "en", first), "(taken away on the page, this folder gives it back)")

		// What is exported is what holds now, and applies back to the same.
		held := heldBy(t, db, *row, false)
		second := filepath.Join(t.TempDir(), r.FolderName())
		run(0, "tenant", "export", "19.01", second)
		// What holds already is no change, though the folder comes to say so: no line promises anything new.
		planned := run(0, "tenant", "plan", second)
		says(planned, "= staff/siti@baru.test: Siti", "(sudah berlaku lewat halaman; folder ini mencatatnya)", "Hak siapa pun tidak berubah")
		if strings.Contains(planned, "\n+ ") || strings.Contains(planned, "\n- ") || strings.HasPrefix(planned, "+ ") {
			t.Errorf("an export, planned at once: %s", planned)
		}
		says(run(0, "tenant", "plan", "--lang", "en", second), "(holds already, by the page; the folder notes it)", "Nobody's rights would change")
		says(run(0, "tenant", "apply", second), "Hak siapa pun di Kabupaten Bangka tidak berubah")
		if now := heldBy(t, db, *row, false); !maps.Equal(held, now) {
			t.Errorf("before %v\nafter %v", held, now)
		}
		says(run(0, "tenant", "apply", second), "Tidak ada yang berubah")
		third := filepath.Join(t.TempDir(), r.FolderName())
		run(0, "tenant", "export", "19.01", third)
		a, _ := tenants.LoadDir(second)
		b, _ := tenants.LoadDir(third)
		if a == nil || b == nil || !tenants.Equal(a, b) {
			t.Errorf("exported twice: %v", tenants.Diff(a, b))
		}
		for email, want := range map[string]string{
			"siti@baru.test": "front-office id/19/19.01 manifest officer " + theirs + " manifest " + counter.String(),
			"budi@baru.test": "front-office id/19/19.01 manifest",
		} {
			if got := heldBy(t, db, *row, true)[email]; got != want {
				t.Errorf("%s holds %q, want %q", email, got, want)
			}
		}

		// A folder that names Siti no longer takes her with what the page gave her since; whom it never named stays.
		if _, err := door.Give(t.Context(), here, operator, siti, auth.Post{Role: "manager"}); err != nil {
			t.Fatal(err)
		}
		if err := door.Remove(t.Context(), here, operator, budi); err != nil {
			t.Fatal(err)
		}
		gone := *a
		gone.Staff = slices.DeleteFunc(slices.Clone(a.Staff), func(p tenants.Person) bool { return p.Email == "siti@baru.test" })
		fourth := folder(&gone)
		says(run(0, "tenant", "plan", fourth), "- staff/siti@baru.test: Siti", "- staff/siti@baru.test: manajer", "ikut diambil)", "+ staff/budi@baru.test: Budi (dikeluarkan di halaman, folder ini mengembalikannya)")
		nina, _, err := door.Add(t.Context(), here, operator, auth.Newcomer{Name: "Nina", Email: "nina@baru.test", Post: auth.Post{Role: "front-office"}})
		if err != nil {
			t.Fatal(err)
		}
		run(0, "tenant", "apply", fourth)
		now := heldBy(t, db, *row, true)
		if _, there := now["siti@baru.test"]; there || now["budi@baru.test"] == "" || now[nina.String()] != "front-office id/19/19.01 page" {
			t.Errorf("%v", now)
		}
		if rows := countGrants(t, db, *row, siti.String()); rows != 0 {
			t.Errorf("%d roles wait for who has left", rows)
		}
	})
}

func countGrants(t *testing.T, db *store.DB, row tenant.Row, user string) (n int) {
	t.Helper()
	err := db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = store.Select[tenant.Grant](tx).Where("user_id = ?", user).Count(ctx)
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("grants: %w", err))
	}
	return n
}
