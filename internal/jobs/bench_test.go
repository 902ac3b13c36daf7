package jobs_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// What a look costs: 509 regions are looked at every 30 s, which is 17 looks a second.
func BenchmarkLook(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		for _, waiting := range []int{0, 10000} {
			b.Run(fmt.Sprintf("%s/%d", dialect, waiting), func(b *testing.B) {
				db := testkit.Open(b, dialect)
				a := testkit.Tenant(b, db)
				for range waiting / 1000 {
					list := make([]jobs.Job, 1000)
					for i := range list {
						list[i].Kind = "bench.1"
					}
					add(b, db, a.ID, list...)
				}
				r := jobs.New(db, jobs.Options{Tenants: func() []store.TenantID { return nil }})
				for i := range 4 {
					r.Register(jobs.Kind{Name: fmt.Sprint("bench.", i), Handler: func(context.Context, *jobs.Run) error { return nil }})
				}
				b.ResetTimer()
				for range b.N {
					r.Look(a.ID)
				}
			})
		}
	}
}

// What a job costs from its commit to its end, one at a time.
func BenchmarkJob(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			db := testkit.Open(b, dialect)
			a := testkit.Tenant(b, db)
			w := newWorker(b, db, a.ID)
			w.Register(jobs.Kind{Name: "bench", Handler: func(context.Context, *jobs.Run) error { return nil }})
			w.Start()
			b.ResetTimer()
			for range b.N {
				add(b, db, a.ID, jobs.Job{Kind: "bench"})
				<-w.settled
			}
		})
	}
}
