package web

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// streams are the open streams of the process.
type streams struct {
	mu     sync.Mutex
	max    int
	each   int // for one address, or one network of IPv6
	open   map[*Stream]struct{}
	from   map[netip.Prefix]int
	closed bool
	empty  chan struct{} // closed when the last one has gone, once closed is set
}

// newStreams bounds the streams. One address gets a quarter: enough for a mall whose visitors share one,
// and whoever opens connections for sport leaves the boards of others alone.
func newStreams(most int, limitsOff bool) *streams {
	each := max(64, most/4)
	if limitsOff {
		each = most
	}
	return &streams{max: most, each: each, open: map[*Stream]struct{}{}, from: map[netip.Prefix]int{}, empty: make(chan struct{})}
}

func (set *streams) enter(s *Stream) error {
	set.mu.Lock()
	defer set.mu.Unlock()
	switch {
	case set.closed:
		return fault.New(fault.Unavailable, "draining").Retry(2 * time.Second)
	case len(set.open) >= set.max, set.from[s.from] >= set.each:
		return fault.New(fault.Unavailable, "streams").Retry(5 * time.Second)
	}
	set.open[s] = struct{}{}
	set.from[s.from]++
	return nil
}

func (set *streams) exit(s *Stream) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if _, ok := set.open[s]; !ok {
		return
	}
	delete(set.open, s)
	if set.from[s.from]--; set.from[s.from] == 0 {
		delete(set.from, s.from)
	}
	if set.closed && len(set.open) == 0 {
		close(set.empty)
	}
}

func (set *streams) count() int {
	set.mu.Lock()
	defer set.mu.Unlock()
	return len(set.open)
}

// shutdown asks every client to come back in a moment, each in its own, and waits until all have been
// told. Whoever does not listen is cut when ctx ends.
func (set *streams) shutdown(ctx context.Context) error {
	set.mu.Lock()
	if set.closed {
		set.mu.Unlock()
		return nil
	}
	set.closed = true
	if len(set.open) == 0 {
		set.mu.Unlock()
		return nil
	}
	for s := range set.open {
		retry := strconv.Itoa(500 + rand.IntN(4500))
		s.leave([]byte("retry: " + retry + "\nevent: reconnect\ndata: {\"retry\":" + retry + "}\n\n"))
	}
	set.mu.Unlock()
	select {
	case <-set.empty:
		return nil
	case <-ctx.Done():
	}
	set.mu.Lock()
	n := len(set.open)
	for s := range set.open {
		s.close()
	}
	set.mu.Unlock()
	return fmt.Errorf("web: %d streams were cut: %w", n, ctx.Err())
}

// all gives the streams that are open now.
func (set *streams) all() []*Stream {
	set.mu.Lock()
	defer set.mu.Unlock()
	out := make([]*Stream, 0, len(set.open))
	for s := range set.open {
		out = append(out, s)
	}
	return out
}

// lookEvery is how often what allowed a stream is looked at again, as a request would be: one may live for hours, and
// what is revoked holds everywhere after a second.
const lookEvery = time.Second

// holder is on whose behalf a stream is open.
type holder struct {
	host   string
	tenant *tenant.Tenant
	actor  *authz.Actor
	token  string
	kind   authz.Kind
	route  *Route
}

// watchStreams closes streams whose tenant was suspended or whose session no longer allows them. The
// client then comes back and gets the answer that a request gets.
func (a *App) watchStreams(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.lookAtStreams(ctx)
		}
	}
}

func (a *App) lookAtStreams(ctx context.Context) {
	type session struct {
		tenant tenant.ID
		kind   authz.Kind
		token  string
	}
	found := map[session]*authz.Actor{} // one person has several screens open
	for _, s := range a.streams.all() {
		h := s.holder
		if h.tenant == nil {
			continue
		}
		if t, ok := a.cfg.Registry.ByHost(h.host); !ok || t.ID != h.tenant.ID || t.State != tenant.Active {
			s.close()
			continue
		}
		if h.actor == nil || a.cfg.Sessions == nil {
			continue
		}
		key := session{h.tenant.ID, h.kind, h.token}
		actor, ok := found[key]
		if !ok {
			var err error
			actor, err = a.cfg.Sessions.Look(ctx, h.tenant, h.token, h.kind)
			if err != nil && fault.KindOf(err) != fault.Unauthenticated {
				a.log.Warn("a stream's session was not looked up", slog.String("id", s.id), slog.String("error", err.Error()))
				continue // the database is away, which is no reason to refuse anybody
			}
			found[key] = actor
		}
		// With other grants the client asks anew, since a handler may have asked for a narrower scope.
		if actor == nil || actor.Tenant != h.tenant.ID || actor.MustEnrol && !h.route.enrolling || !slices.Equal(actor.Grants(), h.actor.Grants()) || !actor.CanWithin(h.route.Permission, h.tenant.Scope) {
			s.close()
		}
	}
}
