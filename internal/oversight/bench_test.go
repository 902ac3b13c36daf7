package oversight_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// BenchmarkNation is what the nation's overseer and an agency's head office wait for, with every kabupaten and kota on
// and a hundred numbers in each. One statement answers, however many regions there are.
func BenchmarkNation(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			db := testkit.Open(b, dialect, testkit.WithClock(testkit.NewClock(testkit.Morning)))
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
			for name, ask := range map[string]func() (int64, error){
				"regions": func() (int64, error) {
					v, err := w.svc.Regions(b.Context(), w.look("nasional"))
					return v.Sum.Counts.Issued, err
				},
				"agency": func() (int64, error) {
					v, err := w.svc.Agency(b.Context(), w.look("dua"), "dukcapil")
					return int64(100 * len(v.Regions)), err
				},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if n, err := ask(); err != nil || name == "regions" && n != 50_900 {
							b.Fatal(n, err)
						}
					}
				})
			}
		})
	}
}
