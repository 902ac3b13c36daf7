package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// start serves a site on a port of this machine and gives its address.
func start(t testing.TB, s *site) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}

// client is one that follows a stream.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	head string
}

func follow(t testing.TB, url, path string, header ...string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: bangka.localhost\r\n%s\r\n", path, strings.Join(append(header, ""), "\r\n"))
	c := &client{conn: conn, r: bufio.NewReader(conn)}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatalf("head: %v after %q", err, c.head)
		}
		c.head += line
		if line == "\r\n" {
			return c
		}
	}
}

// event reads the next event that is no ping.
func (c *client) event(within time.Duration) (string, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(within))
	var b strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return b.String(), err
		}
		if line == "\n" {
			if b.String() != strings.TrimSuffix(string(ping), "\n") {
				return b.String(), nil
			}
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
}

// channel is a stand-in for the hub: everyone who follows gets what is said.
type channel struct {
	mu   sync.Mutex
	open map[*Stream]bool
	last []string
	gone chan struct{}
}

func newChannel() *channel {
	return &channel{open: map[*Stream]bool{}, gone: make(chan struct{}, 10_000)}
}

func (h *channel) handle(c *Ctx) error {
	return c.Stream(func(s *Stream) error {
		h.mu.Lock()
		h.open[s] = true
		h.last = append(h.last, s.LastEventID())
		h.mu.Unlock()
		<-s.Done()
		h.mu.Lock()
		delete(h.open, s)
		h.mu.Unlock()
		h.gone <- struct{}{}
		return nil
	})
}

// say sends to all, one after the other, as a shared loop would.
func (h *channel) say(id, data string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.open {
		_ = s.Send(id, "call", []byte(data))
	}
}

func (h *channel) wait(t testing.TB, n int) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		open := len(h.open)
		h.mu.Unlock()
		if open == n {
			return
		}
		if time.Since(start) > 5*time.Second {
			t.Fatalf("%d streams, not %d", open, n)
		}
	}
}

func TestStream(t *testing.T) {
	s := newSite(t, nil)
	h := newChannel()
	s.Tenant().Get("/api/v1/boards/:id/events", authz.Public, h.handle)
	url := start(t, s)
	c := follow(t, url, "/api/v1/boards/x/events", "Last-Event-ID: 41")
	for _, want := range []string{
		"HTTP/1.1 200 OK\r\n", "Content-Type: text/event-stream; charset=utf-8\r\n", "Cache-Control: no-store\r\n",
		"X-Accel-Buffering: no\r\n", "Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff\r\n", "X-Request-ID: ",
	} {
		if !strings.Contains(c.head, want) {
			t.Errorf("the head lacks %q:\n%s", want, c.head)
		}
	}
	h.wait(t, 1)
	h.say("42", "{\"n\":1}\nmore")
	if got, err := c.event(time.Second); err != nil || got != "id: 42\nevent: call\ndata: {\"n\":1}\ndata: more\n" {
		t.Errorf("%q, %v", got, err)
	}
	if h.last[0] != "41" {
		t.Errorf("resumes after %q", h.last[0])
	}
	follow(t, url, "/api/v1/boards/x/events?last_event_id=7")
	h.wait(t, 2)
	if h.last[1] != "7" {
		t.Errorf("resumes after %q", h.last[1])
	}
	// A client that goes is noticed, by what its stream does next.
	c.conn.Close()
	begun := time.Now()
	select {
	case <-h.gone:
		t.Logf("noticed after %v", time.Since(begun))
	case <-time.After(2 * time.Second):
		t.Error("two seconds later nobody has noticed that the client is gone")
	}
	if res, err := http.NewRequest(http.MethodHead, url+"/api/v1/boards/x/events", nil); err == nil {
		res.Host = "bangka.localhost"
		if r, err := http.DefaultClient.Do(res); err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %v %v", r, err)
		}
	}
}

// TestStuckStream has clients that read nothing among those that do. Whoever reads gets everything, at
// once, and the others are let go of.
func TestStuckStream(t *testing.T) {
	s := newSite(t, nil)
	h := newChannel()
	s.Tenant().Get("/events", authz.Public, h.handle)
	url := start(t, s)
	stuck := []*client{follow(t, url, "/events"), follow(t, url, "/events"), follow(t, url, "/events")}
	good := follow(t, url, "/events")
	h.wait(t, 4)
	data := strings.Repeat("x", 8<<10)
	worst := time.Duration(0)
	for i := range 2000 { // 16 MB: more than the sockets and the queue hold
		begun := time.Now()
		h.say(fmt.Sprint(i), data)
		got, err := good.event(2 * time.Second)
		if err != nil || !strings.HasPrefix(got, fmt.Sprintf("id: %d\n", i)) {
			t.Fatalf("event %d: %.40q, %v", i, got, err)
		}
		worst = max(worst, time.Since(begun))
	}
	t.Logf("the slowest of 2,000 events took %v beside %d stuck clients", worst, len(stuck))
	if worst > time.Second {
		t.Errorf("an event took %v", worst)
	}
	h.wait(t, 1) // the stuck ones were cut when their queues were full
}

func TestStreamPanics(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/events", authz.Public, func(c *Ctx) error {
		return c.Stream(func(s *Stream) error {
			_ = s.Send("", "hello", []byte("1"))
			panic("dapur rahasia")
		})
	})
	url := start(t, s)
	c := follow(t, url, "/events")
	if got, err := c.event(time.Second); err != nil || !strings.Contains(got, "hello") {
		t.Errorf("%q %v", got, err)
	}
	if got, err := c.event(time.Second); !errors.Is(err, io.EOF) || got != "" {
		t.Errorf("after the panic: %q %v", got, err)
	}
	if c := follow(t, url, "/events"); !strings.Contains(c.head, "200 OK") {
		t.Errorf("afterwards: %s", c.head)
	}
	if !strings.Contains(s.log.String(), "dapur rahasia") {
		t.Error("the panic is not in the log")
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := newSite(t, func(c *Config) { c.MaxStreams = 2 })
	h := newChannel()
	s.Tenant().Get("/api/v1/events", authz.Public, h.handle)
	url := start(t, s)
	one := follow(t, url, "/api/v1/events")
	follow(t, url, "/api/v1/events")
	if c := follow(t, url, "/api/v1/events"); !strings.Contains(c.head, "503 ") || !strings.Contains(c.head, "Retry-After: 5") {
		t.Errorf("the third: %s", c.head)
	}
	h.wait(t, 2)
	one.conn.Close()
	<-h.gone
	h.wait(t, 1)
	for begun := time.Now(); s.streams.count() != 1 && time.Since(begun) < time.Second; time.Sleep(time.Millisecond) {
	}
	if c := follow(t, url, "/api/v1/events"); !strings.Contains(c.head, "200 OK") {
		t.Errorf("after one has gone: %s", c.head)
	}
}

func TestOneAddressDoesNotTakeAllStreams(t *testing.T) {
	set := newStreams(1000, false)
	from := func(addr string) error { return set.enter(&Stream{from: network(netip.MustParseAddr(addr))}) }
	for i := range 250 {
		if err := from("198.51.100.7"); err != nil {
			t.Fatalf("stream %d: %v", i, err)
		}
	}
	if err := from("198.51.100.7"); !fault.Is(err, "streams") {
		t.Errorf("one more: %v", err)
	}
	if err := from("198.51.100.8"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	for _, s := range set.all() {
		set.exit(s)
		set.exit(s) // the second does nothing
	}
	if len(set.from) != 0 || set.count() != 0 {
		t.Errorf("%v is left", set.from)
	}
}

// TestShutdown stops with a stream open, a stuck one, and a request under way.
func TestShutdown(t *testing.T) {
	s := newSite(t, nil)
	h := newChannel()
	s.Tenant().Get("/events", authz.Public, h.handle)
	began, finish := make(chan struct{}), make(chan struct{})
	s.Tenant().Get("/slow", authz.Public, func(c *Ctx) error {
		close(began)
		<-finish
		return say("acknowledged")(c)
	})
	url := start(t, s)
	c := follow(t, url, "/events")
	h.wait(t, 1)
	h.say("9", "before")
	answer := make(chan string, 1)
	go func() {
		r, _ := http.NewRequest(http.MethodGet, url+"/slow", nil)
		r.Host = "bangka.localhost"
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		answer <- string(b)
	}()
	<-began
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- s.Shutdown(ctx)
	}()
	if got, err := c.event(2 * time.Second); err != nil || !strings.Contains(got, "before") {
		t.Errorf("what was sent before the stop: %q %v", got, err)
	}
	got, err := c.event(2 * time.Second)
	if err != nil || !strings.HasPrefix(got, "retry: ") || !strings.Contains(got, "event: reconnect\n") {
		t.Errorf("what the stream is told: %q %v", got, err)
	}
	if _, err := c.event(2 * time.Second); !errors.Is(err, io.EOF) {
		t.Errorf("the stream stays open: %v", err)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		conn.Close()
		t.Error("it still accepts")
	}
	select {
	case err := <-stopped:
		t.Errorf("stopped before the open request was done: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(finish)
	if got := <-answer; got != "acknowledged" {
		t.Errorf("the request under way: %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestShutdownEnds: a stop has an end, whatever clients do.
func TestShutdownEnds(t *testing.T) {
	s := newSite(t, nil)
	h := newChannel()
	s.Tenant().Get("/events", authz.Public, h.handle)
	url := start(t, s)
	follow(t, url, "/events")
	h.wait(t, 1)
	for range 24 { // it reads nothing, so what is sent fills the sockets
		h.say("", strings.Repeat("x", 200<<10))
		time.Sleep(5 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_ = s.Shutdown(ctx)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// TestStreamMemory tells what an open stream holds.
func TestStreamMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 500 connections")
	}
	s := newSite(t, nil)
	h := newChannel()
	s.Tenant().Get("/events", authz.Public, h.handle)
	url := start(t, s)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	const n = 500
	conns := make([]net.Conn, n)
	before := heap()
	for i := range conns {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n")
		conns[i] = conn
	}
	h.wait(t, n)
	time.Sleep(50 * time.Millisecond)
	each := (heap() - before) / n
	t.Logf("%d bytes a stream, the test's own end of it included", each)
	if each > 20<<10 {
		t.Errorf("%d bytes a stream", each)
	}
}

// TestStreamEndsWithWhatAllowedIt: a session that ends, a grant that is taken away and a region that is
// suspended close the streams that are open.
func TestStreamEndsWithWhatAllowedIt(t *testing.T) {
	var mu sync.Mutex
	var answer error
	var actor *authz.Actor
	set := func(a *authz.Actor, err error) {
		mu.Lock()
		defer mu.Unlock()
		actor, answer = a, err
	}
	s := newSite(t, func(c *Config) {
		c.Sessions = resolver(func() (*authz.Actor, error) {
			mu.Lock()
			defer mu.Unlock()
			return actor, answer
		})
	})
	current := authz.NewActor(authz.Identity{Tenant: s.bangka.ID}, nil)
	changed := authz.NewActor(authz.Identity{Tenant: s.bangka.ID}, []authz.Grant{{Role: authz.RoleOfficer, Scope: "id/19/19.01/samsat"}})
	set(current, nil)
	h := newChannel()
	s.Tenant().Get("/public", authz.Public, h.handle)
	s.Tenant().Get("/staff", authz.SignedIn, h.handle)
	url := start(t, s)
	staff := func() { follow(t, url, "/staff", "Cookie: sid=x") }
	follow(t, url, "/public")
	staff()
	h.wait(t, 2)
	s.lookAtStreams(t.Context())
	set(nil, errors.New("the database is away"))
	s.lookAtStreams(t.Context())
	h.wait(t, 2)
	set(nil, fault.New(fault.Unauthenticated, "auth.session"))
	s.lookAtStreams(t.Context())
	h.wait(t, 1)
	set(current, nil)
	staff()
	h.wait(t, 2)
	set(changed, nil)
	s.lookAtStreams(t.Context())
	h.wait(t, 1)
	set(current, nil)
	staff()
	h.wait(t, 2)
	set(authz.NewActor(authz.Identity{Tenant: s.bangka.ID, MustEnrol: true}, nil), nil)
	s.lookAtStreams(t.Context())
	h.wait(t, 1)
	set(current, nil)
	staff()
	h.wait(t, 2)
	set(authz.NewActor(authz.Identity{Tenant: s.belitung.ID}, nil), nil) // another region's
	s.lookAtStreams(t.Context())
	h.wait(t, 1)
	closed := *s.bangka
	closed.State = tenant.Suspended
	s.registry.set("bangka.localhost", &closed)
	s.lookAtStreams(t.Context())
	h.wait(t, 0)
}
