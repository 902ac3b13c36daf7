package testkit_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
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
		before := testkit.Morning
		if err := db.System(t.Context(), "testkit", func(context.Context, *store.SysTx) error { return nil }); err != nil {
			t.Fatal(err, before)
		}
		if err := other.Ping(t.Context()); err != nil {
			t.Fatal(err)
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
