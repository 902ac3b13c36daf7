package web

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"

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
		step <- struct{}{}
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
