package testkit_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func TestEach(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect() == testkit.PostgreSQL {
			findings, err := db.CheckIsolation(t.Context())
			if err != nil || len(findings) > 0 {
				t.Fatal(findings, err)
			}
		}
		// A second process reaches the same rows by the address alone.
		other := testkit.Again(t, testkit.URLs(db))
		a := testkit.Tenant(t, db)
		if err := other.View(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Select[tenant.VenueRow](tx).Where("id = ?", a.Venue).One(ctx)
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			start := time.Now()
			testkit.Postgres(b)
			b.Logf("server: %s", time.Since(start))
			b.ResetTimer()
			for range b.N {
				_ = testkit.Open(b, dialect)
			}
		})
	}
}
