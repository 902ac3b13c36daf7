package queue_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A counter is attended while an officer has its screen open, and for a while after they have done anything
// there. Who only looks on does not count, nor does what happens past the screens.
func TestACounterKnowsThatSomebodySitsThere(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	attended := func(counter int) bool { return h.hall.Attended(h.tenant, h.Counters[counter], 5*time.Minute) }
	want := func(what string, first, second bool) {
		t.Helper()
		if attended(0) != first || attended(1) != second {
			t.Errorf("%s: %v and %v, want %v and %v", what, attended(0), attended(1), first, second)
		}
	}
	first := h.issue(t, "a")
	h.issue(t, "b")
	h.call(t, 0)
	h.see(t, "/petugas", "manager")
	h.see(t, h.counter(0), "manager")
	if resp, _ := h.ask(t, http.MethodPost, h.counter(0)+"/berikutnya", "manager", url.Values{}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("the manager called: %d", resp.StatusCode)
	}
	want("nobody has come", false, false)

	// Who opens the list of their counters is about to sit down at one of them.
	h.see(t, "/petugas", "bound")
	want("somebody of the first counter has come", true, false)
	h.see(t, "/petugas", "officer")
	want("somebody of both has come", true, true)

	// Without a script: the page, and each press.
	recall := url.Values{"nomor": {first.ID.String()}}
	for _, use := range []struct {
		name string
		do   func()
	}{
		{"opened", func() { h.see(t, h.counter(0), "officer") }},
		{"pressed", func() { h.send(t, h.counter(0)+"/panggil-ulang", "officer", recall) }},
		{"called", func() { h.send(t, h.counter(0)+"/berikutnya", "officer", url.Values{}) }},
		{"pressed in vain", func() { h.send(t, h.counter(0)+"/panggil-ulang", "officer", recall) }},
	} {
		h.clock.Advance(5 * time.Minute)
		want("long before it was "+use.name, false, false)
		use.do()
		want(use.name, true, false)
		h.clock.Advance(5*time.Minute - time.Second)
		want(use.name+" a while ago", true, false)
	}

	// With one: as long as the screen is open, and then for a while.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.app.Serve(ln) }()
	t.Cleanup(func() { _ = h.app.Shutdown(context.Background()) })
	h.clock.Advance(5 * time.Minute)
	looks := h.listen(t, ln.Addr().String(), h.counter(1)+"/langsung", "manager")
	hear(t, "the manager's screen", looks, `"target":"antre"`)
	want("a manager looks on", false, false)
	gone, leave := context.WithCancel(t.Context())
	screen := h.listenUntil(gone, t, ln.Addr().String(), h.counter(1)+"/langsung", "officer")
	hear(t, "the screen", screen, `"target":"antre"`)
	want("the screen is open", false, true)
	h.clock.Advance(24 * time.Hour)
	want("the screen has been open for a day", false, true)
	leave()
	for late := time.After(10 * time.Second); ; {
		select {
		case <-late:
			t.Fatal("the counter is attended though the screen was closed")
		default:
		}
		if attended(1) && !h.hall.Attended(h.tenant, h.Counters[1], 0) {
			break
		}
	}
	h.clock.Advance(5 * time.Minute)
	want("the screen was closed", false, false)

	// Another region's counters, and counters that nobody knows.
	other := *h.tenant
	other.ID = testkit.Tenant(t, h.db, testkit.Slug("uji-lain"), testkit.Code("96.03")).ID
	h.see(t, h.counter(0), "officer")
	if h.hall.Attended(&other, h.Counters[0], time.Hour) || h.hall.Attended(h.tenant, id.New(), time.Hour) {
		t.Error("another counter is attended")
	}
}
