package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
)

// A region that sends twenty times another's share makes the other wait for one turn, counted in the
// server: in the order in which handlers begin.
func TestANoisyRegionTakesTurns(t *testing.T) {
	step := make(chan struct{})
	var mu sync.Mutex
	var began []string
	s := newSite(t, func(c *Config) { c.Concurrency = 2; c.LimitsOff = true })
	s.Tenant().Get("/kerja", authz.Public, func(c *Ctx) error {
		mu.Lock()
		began = append(began, c.Tenant.Slug)
		mu.Unlock()
		<-step
		return c.NoContent()
	})
	s.Tenant().Get("/sendiri", authz.Public, func(c *Ctx) error { return c.NoContent() }, OwnPace)
	s.Bare().Get("/kerja", authz.Public, func(c *Ctx) error {
		mu.Lock()
		began = append(began, "bare")
		mu.Unlock()
		<-step
		return c.NoContent()
	})
	ask := func(host, path string) int {
		req := httptest.NewRequest("GET", path, nil)
		req.Host = host
		res, err := s.Test(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		return res.StatusCode
	}
	var wg sync.WaitGroup
	send := func(host string, n int) {
		for range n {
			before := s.gate.Waiting()
			mu.Lock()
			started := len(began)
			mu.Unlock()
			ended := make(chan struct{})
			wg.Go(func() {
				defer close(ended)
				if status := ask(host, "/kerja"); status != http.StatusNoContent {
					t.Errorf("%s: %d", host, status)
				}
			})
			for { // until it works or waits
				mu.Lock()
				now := len(began)
				mu.Unlock()
				if s.gate.Waiting() > before || now > started {
					break
				}
				select {
				case <-ended:
					return
				default:
					runtime.Gosched()
				}
			}
		}
	}
	send("bangka.localhost", 20)
	send("localhost", 5)
	send("belitung.localhost", 1)
	if status := ask("bangka.localhost", "/sendiri"); status != http.StatusNoContent {
		t.Errorf("a route at its own pace waited: %d", status)
	}
	for range 26 {
		mu.Lock()
		before := len(began)
		mu.Unlock()
		step <- struct{}{}
		for { // the next one begins before another ends: handlers begin in the order in which they are let in
			mu.Lock()
			now := len(began)
			mu.Unlock()
			if now > before || before == 26 {
				break
			}
			runtime.Gosched()
		}
	}
	wg.Wait()
	// Two of the noisy region's worked already; one more of its own has its turn first, and one of the bare
	// domain's, which stands in the line like a region.
	if at := slices.Index(began, "bare"); at < 2 || at > 4 {
		t.Errorf("the bare domain's first request was number %d: %v", at+1, began)
	}
	if at := slices.Index(began, "belitung"); at < 2 || at > 4 {
		t.Errorf("the quiet region's request was number %d: %v", at+1, began)
	}
}

// BenchmarkQuietBesideNoisy sends a region's requests at a fixed rate, alone and beside another region that sends
// twenty times as many, more than the server can work: how long the quiet one's wait in the server, in turns (the time
// that one request is worked on). With two places one comes free every half turn; a fair turn of the other is one.
//
//	go test -run '^$' -bench QuietBesideNoisy -benchtime 1x ./internal/web
func BenchmarkQuietBesideNoisy(b *testing.B) {
	const turn = 10 * time.Millisecond
	var mu sync.Mutex
	waits := []time.Duration{}
	came := sync.Map{}
	s := newSite(b, func(c *Config) { c.Concurrency = 2; c.LimitsOff = true })
	s.Tenant().Get("/kerja/:id", authz.Public, func(c *Ctx) error {
		if at, ok := came.LoadAndDelete(c.Path()); ok {
			mu.Lock()
			waits = append(waits, time.Since(at.(time.Time)))
			mu.Unlock()
		}
		time.Sleep(turn) // the place is held; the processor is not, so that both rates can be sent
		return c.NoContent()
	})
	var wg sync.WaitGroup
	send := func(host, path string) {
		wg.Go(func() {
			req := httptest.NewRequest("GET", path, nil)
			req.Host = host
			if res, err := s.Test(req); err != nil {
				b.Error(err)
			} else if res.StatusCode != http.StatusNoContent && host == "belitung.localhost" {
				b.Errorf("the quiet region's request: %d", res.StatusCode)
			}
		})
	}
	run := func(noisy int) (median, worst float64) {
		waits = waits[:0]
		const quiet, gap = 100, 80 * time.Millisecond // 12.5 a second: a sixteenth of what two places work
		next := time.Now()
		for i := range quiet {
			for j := range noisy { // spread over the gap
				time.Sleep(time.Until(next.Add(gap * time.Duration(j) / time.Duration(noisy+1))))
				send("bangka.localhost", fmt.Sprintf("/kerja/n%d-%d", i, j))
			}
			next = next.Add(gap)
			time.Sleep(time.Until(next))
			path := fmt.Sprintf("/kerja/q%d", i)
			came.Store(path, time.Now())
			send("belitung.localhost", path)
		}
		wg.Wait()
		slices.Sort(waits)
		return float64(waits[len(waits)/2]) / float64(turn), float64(waits[len(waits)*98/100]) / float64(turn)
	}
	for b.Loop() {
		median, worst := run(0)
		b.ReportMetric(median, "alone-median-turns")
		b.ReportMetric(worst, "alone-p98-turns")
		median, worst = run(20)
		b.ReportMetric(median, "beside-median-turns")
		b.ReportMetric(worst, "beside-p98-turns")
	}
	b.ReportMetric(0, "ns/op")
}
