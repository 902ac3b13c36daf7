package oversight_test

import (
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Looks within a few seconds make one reading, also at once; the moment that is told is that of the reading, and nobody
// is shown what was read for somebody else's regions.
func TestFiguresAreReadOnce(t *testing.T) {
	moving(t, func(t *testing.T, db *store.DB, c *testkit.Clock) {
		w := newWorld(t, db, "19.01", "19.71", "35.78")
		w.take(t, "19.01", "dukcapil", w.today("19.01"), "waiting")
		look := func(who string) oversight.RegionsView {
			t.Helper()
			v, err := w.svc.Regions(t.Context(), w.look(who))
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if v, err := w.svc.Regions(t.Context(), w.look("babel")); err != nil || v.Sum.Counts.Issued != 1 {
					t.Errorf("%+v %v", v.Sum, err)
				}
			})
		}
		wg.Wait()
		if n := w.reads(t); n != 1 {
			t.Errorf("eight looks at once made %d readings", n)
		}

		began := c.Now()
		w.take(t, "19.01", "dukcapil", w.today("19.01"), "waiting")
		c.Advance(oversight.Kept - 1000)
		if v := look("babel"); v.Sum.Counts.Issued != 1 || !v.At.Equal(began) || w.reads(t) != 1 {
			t.Errorf("within %v: %d numbers at %v, %d readings", oversight.Kept, v.Sum.Counts.Issued, v.At, w.reads(t))
		}
		// Others' regions are other questions.
		if v := look("satu"); v.Sum.Counts.Issued != 2 || len(v.Provinces[0].Regions) != 1 {
			t.Errorf("one region: %+v", v.Sum)
		}
		if v := look("jatim"); v.Sum.Counts.Issued != 0 || v.Provinces[0].Code != "35" {
			t.Errorf("another province: %+v", v.Sum)
		}
		c.Advance(1000)
		if v := look("babel"); v.Sum.Counts.Issued != 2 || !v.At.Equal(c.Now()) || w.reads(t) != 4 {
			t.Errorf("after it: %d numbers at %v, %d readings", v.Sum.Counts.Issued, v.At, w.reads(t))
		}
		// A suspended region leaves at once, without the time having passed.
		w.suspend(t, "19.01")
		if v := look("babel"); v.Sum.Counts.Issued != 0 || v.Sum.On != 1 {
			t.Errorf("with it suspended: %+v", v.Sum)
		}

		w.take(t, "19.71", "imigrasi", w.today("19.71"), "waiting")
		for _, want := range []int64{1, 1} {
			v, err := w.svc.Agency(t.Context(), w.look("imigrasi"), "imigrasi")
			if err != nil || v.Counts.Issued != want {
				t.Errorf("an agency: %d %v", v.Counts.Issued, err)
			}
			w.take(t, "19.71", "imigrasi", w.today("19.71"), "waiting")
		}
		if v, err := w.svc.Agency(t.Context(), w.look("dua"), "dukcapil"); err != nil || v.Counts.Issued != 0 {
			t.Errorf("another agency: %d %v", v.Counts.Issued, err)
		}
	})
}
