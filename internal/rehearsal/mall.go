package rehearsal

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// Mall is what a day happens to. Series are named "agency/series", services "agency/service", counters "venue/code",
// tickets as the mall likes.
type Mall interface {
	// Issue gives a number; given is false where the venue gives none now, or the series is full.
	Issue(ctx context.Context, series, service string) (ticket string, given bool, err error)
	// Call calls whoever has waited longest for the counter; ok is false when nobody waits.
	Call(ctx context.Context, counter string) (ticket string, ok bool, err error)
	// Move recalls, serves, finishes, or marks as absent whom a counter has called.
	Move(ctx context.Context, ticket string, m Move) error
}

// Move is what happens to somebody who was called.
type Move string

// The moves, as the queue names them.
const (
	Recall Move = "recall"
	Serve  Move = "serve"
	Absent Move = "no_show"
	Finish Move = "finish"
)

// hand is a clock that is set by hand.
type hand struct{ micros atomic.Int64 }

// Now implements clock.Clock.
func (h *hand) Now() time.Time { return time.UnixMicro(h.micros.Load()).UTC() }

func (h *hand) set(t time.Time) { h.micros.Store(t.UnixMicro()) }

// reckoning is a mall in memory: the rules of the queue as far as a day needs them, without its database. What-ifs are
// played on it.
type reckoning struct {
	scene   *scene
	clock   *hand
	given   map[string]int // numbers by series
	waiting []*slip        // in the order of taking
	slips   map[string]*slip
}

type slip struct {
	ticket, series string
}

func newReckoning(s *scene, clock *hand) *reckoning {
	return &reckoning{scene: s, clock: clock, given: map[string]int{}, slips: map[string]*slip{}}
}

func (r *reckoning) Issue(_ context.Context, series, _ string) (string, bool, error) {
	s := r.scene.series[series]
	minute := int(r.clock.Now().Sub(r.scene.midnight()) / time.Minute)
	if !s.venue.gives(minute) || s.Quota > 0 && r.given[series] >= s.Quota {
		return "", false, nil
	}
	r.given[series]++
	t := &slip{ticket: series + "#" + itoa(r.given[series]), series: series}
	r.waiting, r.slips[t.ticket] = append(r.waiting, t), t
	return t.ticket, true, nil
}

func (r *reckoning) Call(_ context.Context, counter string) (string, bool, error) {
	c := r.scene.counters[counter]
	for i, t := range r.waiting {
		if c.calls(t.series) {
			r.waiting = append(r.waiting[:i:i], r.waiting[i+1:]...)
			return t.ticket, true, nil
		}
	}
	return "", false, nil
}

func (r *reckoning) Move(context.Context, string, Move) error { return nil }

// gives tells whether a venue gives numbers at a minute of the day: from its first opening, through a break, until
// they stop.
func (v *venue) gives(minute int) bool {
	if len(v.periods) == 0 {
		return false
	}
	return minute >= v.periods[0].Open && minute < v.stop()
}

// stop is the minute at which numbers stop.
func (v *venue) stop() int { return v.closing() - v.TicketsStop }

// closing is the minute of the day's last closing.
func (v *venue) closing() int { return v.periods[len(v.periods)-1].Close }

// serves is the period in which a minute lies.
func (v *venue) serves(minute int) (tenants.Period, bool) {
	for _, p := range v.periods {
		if p.Contains(minute) {
			return p, true
		}
	}
	return tenants.Period{}, false
}
