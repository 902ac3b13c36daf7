package oversight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

// An agency's head office sees its own numbers of today in each region, on both databases alike: no other agency's, no
// other day's, no suspended region's. An average is told of five people and not of four.
func TestAgencySeesItsCountersEverywhere(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01", "19.71", "35.78", "53.15")
		w.take(t, "19.01", "imigrasi", w.today("19.01"), "waiting", "waiting", "serving", "finished", "finished", "no_show", "cancelled")
		w.take(t, "19.01", "imigrasi", w.today("19.01").Add(-1), "waiting", "finished")
		w.take(t, "19.01", w.neighbour(t, "19.01", "imigrasi"), w.today("19.01"), "waiting", "waiting", "serving")
		w.take(t, "19.71", "imigrasi", w.today("19.71"), "called", "finished", "finished", "finished", "no_show")
		got, err := w.svc.Agency(t.Context(), w.look("imigrasi"), "imigrasi")
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]oversight.Counts{}
		waits := map[string]string{}
		serving := 0
		for _, r := range got.Regions {
			counts[r.Tenant.Code] = r.Counts
			d, ok := r.Counts.Wait()
			waits[r.Tenant.Code] = fmt.Sprint(d, ok)
			for _, v := range r.Venues {
				for _, c := range v.Counters {
					if c.Serving {
						serving++
					}
				}
			}
		}
		want := map[string]oversight.Counts{
			"19.01": {Issued: 7, Waiting: 2, Called: 1, Finished: 2, Absent: 1, Waited: 4, WaitedSeconds: 2400},
			"19.71": {Issued: 5, Called: 1, Finished: 3, Absent: 1, Waited: 5, WaitedSeconds: 3000},
			"35.78": {},
		}
		for code, c := range want {
			if counts[code] != c {
				t.Errorf("%s: %+v, want %+v", code, counts[code], c)
			}
		}
		if waits["19.01"] != "0s false" || waits["19.71"] != "10m0s true" {
			t.Errorf("waits: %v", waits)
		}
		if got.Counts.Issued != 12 || serving != 1 || got.Of == 0 || got.Open != got.Of {
			t.Errorf("all: %+v, %d serve, %d of %d open", got.Counts, serving, got.Open, got.Of)
		}
		w.suspend(t, "19.71")
		if got, err = w.svc.Agency(t.Context(), w.look("imigrasi"), "imigrasi"); err != nil || got.Counts.Issued != 7 {
			t.Errorf("with one suspended: %+v %v", got.Counts, err)
		}
	})
}

// Provinces and the nation see the regions that lie in what they hold, and no others.
func TestOverseersSeeTheirProvinces(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01", "19.02", "35.78")
		w.take(t, "19.01", "dukcapil", w.today("19.01"), "waiting", "finished", "serving")
		w.take(t, "19.01", "imigrasi", w.today("19.01"), "no_show")
		w.take(t, "35.78", "dukcapil", w.today("35.78"), "waiting")
		w.suspend(t, "19.02")
		for who, want := range map[string]string{
			"babel": "19 1/7 19.01:4,1,1,1,1 19.02:0,0,0,0,0", "jatim": "35 1/38 35.78:1,1,0,0,0", "aceh": "11 0/23",
			"satu": "19 1/1 19.01:4,1,1,1,1", // whose grant is of one region alone sees that one
		} {
			got, err := w.svc.Regions(t.Context(), w.look(who))
			if err != nil || len(got.Provinces) != 1 {
				t.Fatalf("%s: %d provinces %v", who, len(got.Provinces), err)
			}
			if text := told(got.Provinces[0]); text != want {
				t.Errorf("%s sees %q, want %q", who, text, want)
			}
		}
		all, err := w.svc.Regions(t.Context(), w.look("nasional"))
		if err != nil || len(all.Provinces) != 38 || all.Sum.Counts.Issued != 5 || all.Sum.On != 2 || all.Sum.Seats != 509 {
			t.Errorf("the nation: %d provinces, %+v %v", len(all.Provinces), all.Sum, err)
		}
		for _, who := range []string{"imigrasi", "operator", "kosong"} {
			if _, err := w.svc.Regions(t.Context(), w.look(who)); !fault.Is(err, "authz.forbidden") {
				t.Errorf("%s sees regions: %v", who, err)
			}
		}
	})
}

func told(p oversight.Province) string {
	out := fmt.Sprintf("%s %d/%d", p.Code, p.Sum.On, p.Sum.Seats)
	for _, r := range p.Regions {
		c := r.Counts
		out += fmt.Sprintf(" %s:%d,%d,%d,%d,%d", r.Tenant.Code, c.Issued, c.Waiting, c.Called, c.Finished, c.Absent)
	}
	return out
}

// Whatever is not theirs is refused, as a page and as a call; whoever is nobody here is asked to sign in.
func TestWhoSeesWhat(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01", "35.78")
		pages := map[string][]string{
			"/petugas/instansi": {"imigrasi", "dua"}, "/petugas/instansi?instansi=imigrasi": {"imigrasi", "dua"},
			"/petugas/instansi?instansi=dukcapil": {"dua"}, "/api/v1/oversight/agencies/imigrasi": {"imigrasi", "dua"},
			"/api/v1/oversight/agencies/dukcapil": {"dua"}, "/petugas/daerah": {"babel", "jatim", "aceh", "satu", "nasional"},
			"/api/v1/oversight/regions": {"babel", "jatim", "aceh", "satu", "nasional"}, "/petugas/platform": {"operator"}, "/api/v1/oversight/platform": {"operator"},
		}
		for path, may := range pages {
			for who := range holders {
				want := http.StatusForbidden
				for _, m := range may {
					if m == who {
						want = http.StatusOK
					}
				}
				if status, body := w.get(t, who, "localhost", path); status != want {
					t.Errorf("%s as %s: %d, want %d\n%.200s", path, who, status, want, body)
				}
			}
			// A token of the platform is worth nothing on a region's host, and none of it stands there.
			if status, _ := w.get(t, "nasional", "bangka.localhost", path); status != http.StatusNotFound {
				t.Errorf("%s on a region's host: %d", path, status)
			}
			if status, _ := w.get(t, "orang-lain", "localhost", path); status != http.StatusUnauthorized {
				t.Errorf("%s with a token of elsewhere: %d", path, status)
			}
		}
		if status, _ := w.get(t, "imigrasi", "localhost", "/api/v1/oversight/agencies/tidak-ada"); status != http.StatusForbidden {
			t.Errorf("an agency that there is not: %d", status)
		}
		for who, first := range map[string]string{"babel": "/petugas/daerah", "imigrasi": "/petugas/instansi", "operator": "/petugas/platform", "kosong": "/petugas/akun"} {
			r, _ := http.NewRequest(http.MethodGet, "http://localhost/petugas", nil)
			r.Header.Set("Authorization", "Bearer "+who)
			res, err := w.app.Test(r)
			if err != nil {
				t.Fatal(err)
			}
			if at := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || at != first {
				t.Errorf("%s begins at %q (%d), want %q", who, at, res.StatusCode, first)
			}
		}
	})
}

// Nothing that is a person's, a number's or a case's stands in any answer: what the regions' rows hold of them is
// looked for in all pages and calls.
func TestNothingPersonalIsShown(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01", "19.71")
		var never []string
		for _, code := range []string{"19.01", "19.71"} {
			for _, row := range w.take(t, code, "imigrasi", w.today(code), "waiting", "serving", "finished", "no_show", "cancelled") {
				never = append(never, row.ID.String(), row.IdemKey)
			}
			never = append(never, w.peopleOf(t, code)...)
		}
		if len(never) < 40 {
			t.Fatalf("only %d things to look for", len(never))
		}
		for path, who := range map[string]string{
			"/petugas/instansi": "imigrasi", "/petugas/instansi?lang=en": "imigrasi", "/petugas/daerah": "nasional", "/petugas/platform": "operator",
			"/api/v1/oversight/agencies/imigrasi": "imigrasi", "/api/v1/oversight/regions": "nasional", "/api/v1/oversight/platform": "operator",
		} {
			status, body := w.get(t, who, "localhost", path)
			if status != http.StatusOK || len(body) < 200 {
				t.Fatalf("%s: %d", path, status)
			}
			for _, secret := range never {
				if strings.Contains(body, secret) {
					t.Errorf("%s shows %q", path, secret)
				}
			}
			if strings.Contains(body, "A-001") || strings.Contains(body, "I-001") {
				t.Errorf("%s shows a number", path)
			}
		}
	})
}

// peopleOf are names, addresses and identifiers of a region's staff.
func (w *world) peopleOf(t *testing.T, code string) (out []string) {
	t.Helper()
	_, region, err := w.prov.Find(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range region.Staff {
		out = append(out, p.Name, p.Email)
	}
	at, _ := w.reg.ByCode(code)
	err = w.db.View(t.Context(), at.ID, func(ctx context.Context, tx *store.Tx) error {
		users, err := store.Select[tenant.User](tx).All(ctx)
		for _, u := range users {
			out = append(out, u.ID.String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Who looks is recorded in the platform's own chain, and each reading across regions in the log of the one door.
func TestLookingIsRecorded(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01")
		for range 3 {
			if _, err := w.svc.Agency(t.Context(), w.look("imigrasi"), "imigrasi"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.svc.Agency(t.Context(), w.look("babel"), "imigrasi"); !fault.Is(err, "authz.forbidden") {
			t.Fatal(err)
		}
		var records []struct {
			Actor  string `bun:"actor"`
			Target string `bun:"target"`
		}
		err := w.db.View(t.Context(), w.platform.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[struct {
				Actor  string `bun:"actor"`
				Target string `bun:"target"`
			}](ctx, tx, store.From{"audit"}, "select actor, target from audit where action = 'oversight:agency:view'")
			records = rows
			return err
		})
		if err != nil || len(records) != 1 || records[0].Target != "agency:imigrasi" || records[0].Actor != w.people["id imigrasi"].String() {
			t.Errorf("%+v %v", records, err)
		}
	})
}

func TestMarkup(t *testing.T) {
	both(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, "19.01", "19.02", "35.78")
		w.suspend(t, "19.02")
		for path, who := range map[string]string{"/petugas/instansi": "dua", "/petugas/daerah": "nasional", "/petugas/platform": "operator"} {
			for _, lang := range []string{"id", "en"} {
				_, body := w.get(t, who, "localhost", path+"?lang="+lang)
				for _, p := range uitest.Problems(body, true) {
					t.Errorf("%s %s: %s", path, lang, p)
				}
				if strings.Contains(body, "[oversight.") || !strings.Contains(body, `<html lang="`+lang+`"`) {
					t.Errorf("%s %s: a text is missing", path, lang)
				}
			}
		}
		if _, body := w.get(t, "aceh", "localhost", "/petugas/daerah"); !strings.Contains(body, "0 dari 23") || !strings.Contains(body, "Belum ada daerah") {
			t.Error("a province without a region does not say so")
		}
	})
}

func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if strings.Contains(p, "nothing uses fault.") || strings.Contains(p, "nothing uses record.") {
			continue
		}
		if !strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "internal/oversight/") {
			t.Error(p)
		}
	}
}

// The JSON says null where an average is not told.
func TestAverageIsNull(t *testing.T) {
	moving(t, func(t *testing.T, db *store.DB, c *testkit.Clock) {
		w := newWorld(t, db, "19.01")
		w.take(t, "19.01", "imigrasi", w.today("19.01"), "finished", "finished", "finished", "finished")
		wait := func() any {
			_, body := w.get(t, "imigrasi", "localhost", "/api/v1/oversight/agencies/imigrasi")
			var got struct {
				Regions []struct {
					Venues []map[string]any `json:"venues"`
				} `json:"regions"`
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Regions) != 1 {
				t.Fatalf("%v %s", err, body)
			}
			return got.Regions[0].Venues[0]["average_wait_minutes"]
		}
		if n := wait(); n != nil {
			t.Errorf("of four: %v", n)
		}
		w.take(t, "19.01", "imigrasi", w.today("19.01"), "finished")
		c.Advance(oversight.Kept)
		if n := wait(); n != 10.0 {
			t.Errorf("of five: %v", n)
		}
	})
}
