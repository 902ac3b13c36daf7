package app_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/web"
)

// listening is an open stream, whose lines come as they are sent.
type listening struct {
	route string
	role  string
	lines chan string
	said  []string
}

// streams opens every stream of the first region in every role that it lets in, and some of the second's, over real
// connections. The second region's queue moves, its own stream says so, then the first's moves: a stream of the
// first that has said so by then has had the time to say what is not its own.
func (j *judge) streams(t *testing.T, routes []web.Route, cases []routeCase) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- j.w.ap.Web.Serve(ln) }()
	ctx, cancel := context.WithCancel(t.Context())
	defer func() {
		cancel()
		_ = j.w.ap.Web.Shutdown(context.WithoutCancel(t.Context()))
		<-done
	}()
	j.w.db.StartNotifier()
	open := func(r web.Route, at *side, c call, role string, who *person) *listening {
		t.Helper()
		req := j.request(r, at, c, who).WithContext(ctx)
		req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", ln.Addr().String()
		req.Header.Del("Accept-Encoding")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		l := &listening{route: nameOf(r), role: role, lines: make(chan string, 10_000)}
		if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || !strings.HasPrefix(kind, "text/event-stream") {
			j.hold(l.route, role, atHome, "is to be let in and is answered with %d %s", res.StatusCode, kind)
			close(l.lines)
			return l
		}
		go func() {
			defer close(l.lines)
			defer res.Body.Close()
			for in := bufio.NewScanner(res.Body); in.Scan(); {
				l.lines <- in.Text()
			}
		}()
		return l
	}
	// hears waits for the next event that says more than that the stream lives.
	hears := func(l *listening) {
		t.Helper()
		for {
			select {
			case line, ok := <-l.lines:
				if !ok {
					j.hold(l.route, l.role, "stream", "it ended")
					return
				}
				l.said = append(l.said, line)
				if strings.HasPrefix(line, "data:") && len(line) > len("data: {}") {
					return
				}
			case <-time.After(20 * time.Second): // a bound for a stream that is broken
				j.hold(l.route, l.role, "stream", "it says nothing of what has happened: %.300s", strings.Join(l.said, "|"))
				return
			}
		}
	}
	// All at once: one after the other, those that say nothing would add up.
	all := func(streams []*listening) {
		var waits sync.WaitGroup
		for _, l := range streams {
			waits.Go(func() { hears(l) })
		}
		waits.Wait()
	}
	var ours, theirs []*listening
	for _, r := range routes {
		for _, c := range cases {
			if c.route != nameOf(r) || !c.stream {
				continue
			}
			j.routes++
			for _, role := range c.as {
				if !slices.Contains(j.roles, role) {
					continue
				}
				ours = append(ours, open(r, j.w.a, j.make(t, c, j.w.a, role), role, j.w.a.people[role]))
				j.counts["stream at home"]++
			}
			theirs = append(theirs, open(r, j.w.b, j.make(t, c, j.w.b, c.as[0]), c.as[0], j.w.b.people[c.as[0]]))
		}
	}
	for _, s := range []*side{j.w.b, j.w.a, j.w.a} { // the first may hear what it begins with
		// Whatever a stream is about, some of this is: a number is given, called, served and given back.
		s.served(t)
		s.missed(t)
		s.called(t)
		streams := theirs
		if s == j.w.a {
			streams = ours
		}
		all(streams)
	}
	j.homes = len(ours)
	for _, l := range ours {
		if found := j.w.b.seenIn(plainText(strings.Join(l.said, "\n")), nil); found != "" {
			j.hold(l.route, l.role, "stream", "it says %q of the other region", found)
		}
		// A ticket's stream names its number and nobody.
		if !strings.HasPrefix(l.route, "GET /antrean/") && j.w.a.seenIn(plainText(strings.Join(l.said, "\n")), nil) == "" {
			j.hold(l.route, l.role, "stream", "it says nothing of its own region: %.200s", strings.Join(l.said, "|"))
		}
	}
}
