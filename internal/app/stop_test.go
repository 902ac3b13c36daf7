package app_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A stop under load: what was acknowledged is stored, numbers stay gapless, and a graceful stop ends
// with exit status 0. A power cut (kill -9) loses nothing that was acknowledged either.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(fmt.Sprintf("%s-%v", dialect, sig), func(t *testing.T) {
				t.Parallel()
				db := testkit.Open(t, dialect)
				row := apply(t, db, oneSeries("19.01", "WIB"))
				server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
				service := id.Named(row.ID, "service/dukcapil/ktp-baru").String()
				var mu sync.Mutex
				acknowledged := map[string]int64{}
				enough := make(chan struct{})
				var wg sync.WaitGroup
				for c := range 8 {
					wg.Go(func() {
						s := siteOf(server, row.Slug)
						for i := 0; ; i++ {
							var got ticket
							status, err := s.do("POST", "/api/v1/tickets", fmt.Sprintf("%d-%d", c, i), map[string]string{"service_id": service}, &got)
							if err != nil || status != 201 {
								return // the server has gone
							}
							mu.Lock()
							if acknowledged[got.ID] = got.Number; len(acknowledged) == 100 {
								close(enough)
							}
							mu.Unlock()
						}
					})
				}
				<-enough
				if sig == syscall.SIGTERM {
					if err := server.Stop(); err != nil {
						t.Errorf("the stop ended with %v", err)
					}
				} else {
					server.Kill()
				}
				wg.Wait()
				stored := map[string]int64{}
				var last int64
				err := db.View(context.Background(), row.ID, func(ctx context.Context, tx *store.Tx) error {
					type line struct {
						ID     string `bun:"id"`
						Number int64  `bun:"number"`
					}
					rows, err := store.Query[line](ctx, tx, store.From{"tickets"}, "select id, number from tickets order by number")
					for i, r := range rows {
						stored[r.ID] = r.Number
						if last = r.Number; r.Number != int64(i)+1 {
							t.Errorf("ticket %d has the number %d", i+1, r.Number)
						}
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				for ticket, number := range acknowledged {
					if stored[ticket] != number {
						t.Errorf("number %d was acknowledged and is stored as %d", number, stored[ticket])
					}
				}
				t.Logf("%d acknowledged, %d stored", len(acknowledged), last)
			})
		}
	}
}
