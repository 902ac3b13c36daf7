package queue_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// listen opens a stream over a real connection and gives what it says, an event each.
func (h *house) listen(t *testing.T, addr, path, badge string) <-chan string {
	t.Helper()
	return h.listenUntil(t.Context(), t, addr, path, badge)
}

// listenUntil closes the connection when ctx ends.
func (h *house) listenUntil(ctx context.Context, t *testing.T, addr, path, badge string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h.Host("localhost")
	if badge != "" {
		r.AddCookie(&http.Cookie{Name: "sid", Value: badge})
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %v", path, resp, err)
	}
	out := make(chan string, 100)
	go func() {
		defer resp.Body.Close()
		defer close(out)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: {"); ok {
				out <- data
			}
		}
	}()
	return out
}

// hear waits until an event contains all of these.
func hear(t *testing.T, what string, from <-chan string, want ...string) string {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case data, ok := <-from:
			if !ok {
				t.Fatalf("%s: the stream has ended", what)
			}
			found := true
			for _, w := range want {
				found = found && strings.Contains(data, w)
			}
			if found {
				return data
			}
		case <-late:
			t.Fatalf("%s: nobody said %q", what, want)
		}
	}
}

func TestACallReachesTheScreens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = h.app.Serve(ln) }()
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = h.app.Shutdown(ctx)
		})
		first, second := h.take(t, "a"), h.take(t, "b")
		addr := ln.Addr().String()
		called := h.listen(t, addr, first+"/langsung?tampil=waiting-0", "")
		waits := h.listen(t, addr, second+"/langsung?tampil=waiting-0", "")
		desk := h.listen(t, addr, h.counter(0)+"/langsung", "officer")
		board := h.listen(t, addr, "/papan/mal-a/langsung?tata=1", "")
		hear(t, "the second", waits, `"target":"sobekan"`, "1 orang di depan Anda", `"title":"A-002, 1 orang di depan Anda · MPP `)
		hear(t, "the counter", desk, `"target":"antre"`, "A-001", "A-002")
		hear(t, "the board", board, `"target":"berikutnya"`, "A-001")
		calls := h.listen(t, addr, "/api/v1/boards/"+h.Hall.String()+"/events?last_event_id=0", "")

		h.call(t, 0)
		if data := hear(t, "the call", calls, `"number":"A-001"`, `"counter_id":"`+h.Counters[0].String()+`"`); strings.Contains(data, strings.TrimPrefix(first, "/antrean/")) {
			t.Errorf("a board is told the ticket's address: %s", data)
		}
		hear(t, "the first", called, `"target":"panggilan"`, "A-001 dipanggil ke Loket "+h.Canary)
		hear(t, "the first", called, `"target":"nomor"`, "p-called", "Giliran Anda")
		hear(t, "the first", called, `"target":"panel"`)
		hear(t, "the second", waits, `"target":"kabar"`, "A-002, Anda berikutnya")
		hear(t, "the second", waits, `"target":"sobekan"`, "Anda berikutnya")
		hear(t, "the counter", desk, `"target":"loket"`, "p-calling", "A-001 dicatat selesai dilayani, A-002 dipanggil")
		hear(t, "the board", board, `"target":"berikutnya"`, "A-002")
	})
}

// Whoever waits in a series that the same counters call is ahead too: their call moves the ticket's place at once.
func TestACallInAPeerSeriesMovesThePlace(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		addr := h.online(t)
		h.send(t, "/antrean", "", url.Values{"layanan": {h.Services[1].String()}, "kunci": {"peer"}})
		h.clock.Advance(time.Minute)
		mine := h.take(t, "mine")
		phone := h.listen(t, addr, mine+"/langsung?tampil=waiting-0", "")
		hear(t, "the phone", phone, `"target":"sobekan"`, "1 orang di depan Anda")
		desk := h.listen(t, addr, front+"/nomor/"+strings.TrimPrefix(mine, "/antrean/")+"/langsung", "front")
		hear(t, "the desk", desk, `"target":"nomor"`, "1 orang di depannya")
		if p, ok := h.call(t, 0); !ok || p.Label != "B-001" {
			t.Fatal(p.Label, ok)
		}
		hear(t, "the phone", phone, `"target":"sobekan"`, "Anda berikutnya")
		hear(t, "the desk", desk, `"target":"nomor"`, "ipanggil berikutnya")
	})
}

// Many events are one drawing: a screen is drawn at once, and then at most once a second.
func TestAStreamDrawsOnceForManyEvents(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.app.Serve(ln) }()
	t.Cleanup(func() { _ = h.app.Shutdown(context.Background()) })
	for i := range 30 {
		h.issue(t, "k"+string(rune('a'+i)))
	}
	last := h.take(t, "last")
	stream := h.listen(t, ln.Addr().String(), last+"/langsung?tampil=waiting-0", "")
	hear(t, "the ticket", stream, "30 orang di depan Anda")
	start := time.Now()
	for i := range 20 {
		h.call(t, i%2)
	}
	drawn := 0
	for late := time.After(10 * time.Second); ; {
		select {
		case data := <-stream:
			if !strings.Contains(data, `"target":"sobekan"`) {
				continue
			}
			drawn++
			if !strings.Contains(data, "10 orang di depan Anda") {
				continue
			}
			// The first at once, then one a second.
			if most := 2 + int(time.Since(start)/time.Second); drawn > most {
				t.Errorf("%d drawings of 20 calls in %v", drawn, time.Since(start))
			}
			return
		case <-late:
			t.Fatalf("after %d drawings the last position is not there", drawn)
		}
	}
}

// A call from another screen makes a press stale and draws the screen again at the same moment: the note
// is still there.
func TestANoteOutlivesTheDrawingThatItIsAbout(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.app.Serve(ln) }()
	t.Cleanup(func() { _ = h.app.Shutdown(context.Background()) })
	for _, k := range []string{"a", "b", "c"} {
		h.take(t, k)
	}
	h.call(t, 0)
	body := h.see(t, h.counter(0), "officer", "A-001")
	_, live, _ := strings.Cut(body, `data-live="`)
	live, _, _ = strings.Cut(live, `"`)
	stream := h.listen(t, ln.Addr().String(), live, "officer")
	hear(t, "the counter", stream, `"target":"antre"`, "A-002")
	press := url.Values{"kunci": {field(t, body, "kunci")}, "lihat": {field(t, body, "lihat")}}
	h.clock.Advance(time.Minute)
	h.call(t, 0)
	_, body = h.ask(t, "POST", h.counter(0)+"/berikutnya", "officer", press, "HX-Request", "true")
	if !strings.Contains(body, "Sekarang: A-002, sedang dipanggil.") {
		t.Errorf("the stale press:\n%s", body)
	}
	for {
		data := hear(t, "the counter", stream, `"target":"loket"`, "A-002")
		if strings.Contains(data, "Sekarang: A-002, sedang dipanggil.") {
			return
		}
		h.take(t, "d") // draws once more
	}
}
