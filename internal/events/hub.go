// Package events lets screens follow what happens to a tenant: one ordered log in the database, one
// reader of it a tenant in each process, and a bounded queue for each screen.
//
// A commit only says "look again"; what is delivered always comes out of the log, in its order, so a
// screen that resumes misses nothing and gets nothing twice, whichever process it resumes at.
package events

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// ErrBehind ends a subscription that does not keep up, or that asks for more than the log gives at
// once. Its owner starts afresh.
var ErrBehind = errors.New("events: the subscriber is too far behind")

const (
	queueLen = 256             // events that one screen may be behind
	maxCatch = 1000            // events that a resuming screen may have missed
	lookEach = 500             // events read at once
	safety   = 1 * time.Second // the log is looked at this often even when nobody says so
	patience = 5 * time.Second // for one look
)

// Hub delivers events to the subscribers of one process.
type Hub struct {
	db    *store.DB
	log   *slog.Logger
	mu    sync.Mutex
	feeds map[store.TenantID]*feed
}

// NewHub makes a hub that hears of commits through the database.
func NewHub(db *store.DB, log *slog.Logger) *Hub {
	h := &Hub{db: db, log: log, feeds: map[store.TenantID]*feed{}}
	db.OnCommit(h.wake)
	return h
}

// feed follows one tenant's log while it has subscribers.
type feed struct {
	tenant store.TenantID
	kick   chan struct{}
	stop   context.CancelFunc
	last   int64 // everything up to here has been handed out
	subs   map[*Sub]struct{}
}

// Sub is a subscription. Next gives its events; Close ends it.
type Sub struct {
	hub     *Hub
	feed    *feed
	topics  []string
	backlog []store.Event
	live    chan store.Event
	behind  chan struct{}
	once    sync.Once
	start   int64 // the feed's place when the subscription joined it
	after   int64 // what the subscriber has seen
}

func (h *Hub) wake(t store.TenantID) {
	h.mu.Lock()
	f := h.feeds[t]
	h.mu.Unlock()
	if f != nil {
		select {
		case f.kick <- struct{}{}:
		default:
		}
	}
}

// Now asks for what comes from here on.
const Now = int64(-1)

// After reads a Last-Event-ID: none is Now. One that is not ours lies beyond every log, so that its follower
// begins afresh (ErrBehind) and misses nothing without knowing.
func After(lastEventID string) int64 {
	if lastEventID == "" {
		return Now
	}
	n, err := strconv.ParseInt(lastEventID, 10, 64)
	if err != nil || n < 0 {
		return math.MaxInt64
	}
	return n
}

// Subscribe follows the tenant's events that have one of the topics, after a sequence number or from
// Now on. ErrBehind when the log has gone on too far since.
func (h *Hub) Subscribe(ctx context.Context, t store.TenantID, after int64, topics ...string) (*Sub, error) {
	last, err := h.lastEvent(ctx, t)
	if err != nil {
		return nil, err
	}
	if after > last {
		return nil, ErrBehind // of another life of this database: a backup was restored, a demo began anew
	}
	if after == Now {
		after = last // what is committed between this look and the subscription is still delivered
	}
	h.mu.Lock()
	f := h.feeds[t]
	if f == nil {
		fctx, stop := context.WithCancel(context.Background())
		f = &feed{tenant: t, kick: make(chan struct{}, 1), stop: stop, last: last, subs: map[*Sub]struct{}{}}
		h.feeds[t] = f
		go h.follow(fctx, f)
	}
	s := &Sub{hub: h, feed: f, topics: topics, live: make(chan store.Event, queueLen), behind: make(chan struct{}), start: f.last, after: after}
	f.subs[s] = struct{}{}
	h.mu.Unlock()
	if after < s.start {
		if s.start-after > maxCatch {
			s.Close()
			return nil, ErrBehind
		}
		missed, err := h.read(ctx, t, after, int(s.start-after))
		if err != nil {
			s.Close()
			return nil, err
		}
		for _, e := range missed {
			if e.Seq <= s.start && s.wants(e) {
				s.backlog = append(s.backlog, e)
			}
		}
	}
	return s, nil
}

// Start is the sequence number up to which the subscriber's own first look must reach to miss nothing.
func (s *Sub) Start() int64 { return s.start }

func (s *Sub) wants(e store.Event) bool {
	if e.Seq <= s.after {
		return false // a process can be asked for more than its feed has read
	}
	for _, t := range e.Topics {
		if slices.Contains(s.topics, t) {
			return true
		}
	}
	return false
}

// Next waits for the next event. ErrBehind when the subscriber did not keep up.
func (s *Sub) Next(ctx context.Context) (store.Event, error) {
	if len(s.backlog) > 0 {
		e := s.backlog[0]
		s.backlog = s.backlog[1:]
		return e, nil
	}
	select {
	case e := <-s.live:
		return e, nil
	default:
	}
	select {
	case e := <-s.live:
		return e, nil
	case <-s.behind:
		return store.Event{}, ErrBehind
	case <-ctx.Done():
		return store.Event{}, ctx.Err()
	}
}

// Drain gives what is there without waiting, so that a screen that only shows the latest state can
// draw once for many events.
func (s *Sub) Drain() (out []store.Event) {
	out, s.backlog = s.backlog, nil
	for {
		select {
		case e := <-s.live:
			out = append(out, e)
		default:
			return out
		}
	}
}

// Close ends the subscription. The last subscriber of a tenant ends its feed.
func (s *Sub) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.feed.subs, s)
	if len(s.feed.subs) == 0 && s.hub.feeds[s.feed.tenant] == s.feed {
		delete(s.hub.feeds, s.feed.tenant)
		s.feed.stop()
	}
}

func (h *Hub) follow(ctx context.Context, f *feed) {
	tick := time.NewTicker(safety)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.kick:
		case <-tick.C:
		}
		for more := true; more && ctx.Err() == nil; {
			look, cancel := context.WithTimeout(ctx, patience)
			events, err := h.read(look, f.tenant, f.last, lookEach)
			cancel()
			if err != nil {
				if ctx.Err() == nil {
					h.log.Warn("events not read", "error", err)
				}
				break
			}
			h.hand(f, events)
			more = len(events) == lookEach
		}
	}
}

// hand gives events to the subscribers. One that is full is ended, so that it delays nobody.
func (h *Hub) hand(f *feed, events []store.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		for s := range f.subs {
			if !s.wants(e) {
				continue
			}
			select {
			case s.live <- e:
			default:
				s.once.Do(func() { close(s.behind) })
				delete(f.subs, s)
			}
		}
		f.last = e.Seq
	}
}

func (h *Hub) read(ctx context.Context, t store.TenantID, after int64, limit int) (events []store.Event, err error) {
	err = h.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		events, err = tx.EventsAfter(ctx, after, limit)
		return err
	})
	return events, err
}

// Last is the identifier of the tenant's newest event, for a subscriber that starts afresh.
func (h *Hub) Last(ctx context.Context, t store.TenantID) (string, error) {
	last, err := h.lastEvent(ctx, t)
	return strconv.FormatInt(last, 10), err
}

func (h *Hub) lastEvent(ctx context.Context, t store.TenantID) (last int64, err error) {
	err = h.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		last, err = tx.LastEvent(ctx)
		return err
	})
	return last, err
}

// ID is an event's identifier on the wire, which comes back as Last-Event-ID.
func ID(e store.Event) string { return strconv.FormatInt(e.Seq, 10) }
