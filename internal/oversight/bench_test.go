package oversight_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// BenchmarkNation is what the nation's overseer waits for, with every kabupaten and kota on and a hundred numbers in each. One statement answers, however many regions there are.
func BenchmarkNation(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			c := testkit.NewClock(testkit.Morning)
			db := testkit.Open(b, dialect, testkit.WithClock(c))
			for _, s := range areas.Seats() {
				r := testkit.Tenant(b, db, testkit.Code(s.Code), testkit.Slug(s.Slug))
				rows := make([]*ticketRow, 100)
				err := db.In(context.Background(), r.ID, func(ctx context.Context, tx *store.Tx) error {
					for i := range rows {
						rows[i] = &ticketRow{
							ID: id.New(), SeriesID: r.Series[0], ServiceID: r.Services[0], Number: int64(i + 1), Status: "waiting", Channel: "web",
							IdemKey: id.New().String(), CreatedAt: tx.Now().Add(-time.Hour),
						}
						if err := rows[i].Day.UnmarshalText([]byte("2026-11-23")); err != nil {
							return err
						}
					}
					return store.Insert(ctx, tx, rows...)
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			w := newWorld(b, db)
			for b.Loop() {
				c.Advance(oversight.Kept) // or all but the first would be the same figures again
				if v, err := w.svc.Regions(b.Context(), w.look("nasional")); err != nil || v.Sum.Counts.Issued != 50_900 {
					b.Fatal(v.Sum, err)
				}
			}
		})
	}
}
