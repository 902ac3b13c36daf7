package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// BenchmarkPagesInALoginFlood tells which part of their throughput a region's pages keep while eight sign in at
// once without end, with a wrong password, on the same host. Calm and flood take turns within a run, so that a
// noisy machine is noisy to both: "kept" is the ratio, and the rest is for orientation.
//
//	go test -run '^$' -bench PagesInALoginFlood -benchtime 5x ./internal/app
func BenchmarkPagesInALoginFlood(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			db := testkit.Open(b, dialect)
			row := apply(b, db, oneSeries("19.01", "WIB"))
			server := testkit.Serve(b, []string{"serve"}, serveEnv(db)...)
			s := siteOf(server, row.Slug)
			var list struct{ Services []struct{ ID string } }
			if _, err := s.do("GET", "/api/v1/services", "", nil, &list); err != nil || len(list.Services) == 0 {
				b.Fatal("no services", err)
			}
			var mine ticket
			if _, err := s.do("POST", "/api/v1/tickets", "banjir", map[string]string{"service_id": list.Services[0].ID}, &mine); err != nil {
				b.Fatal(err)
			}
			// A page that is kept, a search, a page that is read anew each time, and the API.
			paths := []string{"/", "/layanan?q=ktp", "/antrean/" + mine.ID, "/api/v1/tickets/" + mine.ID}
			const round = time.Second
			var calm, flooded, signIns int64
			b.ResetTimer()
			for b.Loop() {
				calm += pagesWithin(b, s, paths, round)
				ctx, stop := context.WithCancel(b.Context())
				var wg sync.WaitGroup
				var n atomic.Int64
				for i := range 8 {
					wg.Go(func() {
						for ctx.Err() == nil {
							n.Add(guess(ctx, b, s, fmt.Sprintf("loket%d@contoh.test", i+1)))
						}
					})
				}
				flooded += pagesWithin(b, s, paths, round)
				stop()
				wg.Wait()
				signIns += n.Load()
			}
			seconds := float64(b.N) * round.Seconds()
			b.ReportMetric(float64(flooded)/float64(calm), "kept")
			b.ReportMetric(float64(calm)/seconds, "calm-pages/s")
			b.ReportMetric(float64(flooded)/seconds, "flooded-pages/s")
			b.ReportMetric(float64(signIns)/seconds, "sign-ins/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// pagesWithin is how many pages four clients get within a time.
func pagesWithin(b *testing.B, s *site, paths []string, within time.Duration) int64 {
	ctx, stop := context.WithTimeout(b.Context(), within)
	defer stop()
	var n atomic.Int64
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := c; ctx.Err() == nil; i++ {
				req, err := http.NewRequestWithContext(b.Context(), "GET", s.base+paths[i%len(paths)], nil)
				if err != nil {
					b.Error(err)
					return
				}
				req.Host = s.host
				res, err := s.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := copyAll(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
					b.Errorf("%s: %d %v", req.URL.Path, res.StatusCode, err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return n.Load()
}

// guess signs in with a wrong password and tells whether it was refused for that.
func guess(ctx context.Context, b *testing.B, s *site, email string) int64 {
	body := strings.NewReader(`{"email":"` + email + `","password":"bukan kata sandinya"}`)
	req, err := http.NewRequestWithContext(ctx, "POST", s.base+"/api/v1/sessions", body)
	if err != nil {
		b.Error(err)
		return 0
	}
	req.Host = s.host
	req.Header.Set("Content-Type", "application/json")
	res, err := s.Do(req)
	if err != nil {
		return 0 // the flood is over
	}
	_, _ = copyAll(io.Discard, res.Body)
	if res.StatusCode != http.StatusUnauthorized {
		b.Errorf("a guess: %d", res.StatusCode)
	}
	return 1
}
