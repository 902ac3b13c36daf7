package audit_test

import (
	"os"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Records that no checkpoint covers after some minutes are late, whether none was made or the folder is gone.
func TestLateRecords(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, _ := testkit.Two(t, db)
		f := folder(t)
		w := audit.NewWriter(db, func() []store.TenantID { return []store.TenantID{a.ID} }, quiet, f)
		late := func(after time.Duration) bool {
			t.Helper()
			r, err := audit.Verify(t.Context(), db, a.ID, f.Read(t.Context(), a.ID))
			if err != nil || !r.OK() {
				t.Fatal(err, r)
			}
			return r.Late(db.Now().Add(after))
		}
		write(t, db, a.ID, 2)
		if late(9*time.Minute) || !late(11*time.Minute) || !late(-11*time.Minute) {
			t.Error("before the first checkpoint")
		}
		if _, err := w.Make(t.Context()); err != nil {
			t.Fatal(err)
		}
		if late(time.Hour) {
			t.Error("all are covered")
		}
		write(t, db, a.ID, 1)
		if late(9*time.Minute) || !late(11*time.Minute) {
			t.Error("one is not covered")
		}
		if _, err := w.Make(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(f.Dir()); err != nil {
			t.Fatal(err)
		}
		if late(9*time.Minute) || !late(11*time.Minute) {
			t.Error("the folder is gone")
		}
	})
}
