package testkit

import (
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Morning is a working morning on which every example is open: Monday 2026-11-23, 09.00 WIB.
var Morning = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// Clock is a clock that a test sets. It stands still by itself.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ clock.Clock = (*Clock)(nil)

// NewClock makes a clock that shows a moment.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.Set(at)
	return c
}

// Now implements clock.Clock, in UTC and whole microseconds as the databases keep it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set puts the clock to a moment.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at.UTC().Truncate(time.Microsecond)
}

// Advance moves the clock on and tells the new moment.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
