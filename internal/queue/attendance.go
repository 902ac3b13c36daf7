package queue

import (
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// attendance knows at which counters somebody sits who may call or finish there: whose screen is open, and
// when one was last asked for or pressed. Whoever only looks on does not sit there. Each process knows its
// own screens.
type attendance struct {
	mu    sync.Mutex
	seats map[seat]sitting // at most one a counter
}

type seat struct {
	tenant  store.TenantID
	counter id.ID
}

type sitting struct {
	open int       // streams of the counter's screen
	last time.Time // when somebody was there last
}

// note changes a seat: streams that open or close, or 0 for a page or a press.
func (a *attendance) note(at seat, streams int, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seats == nil {
		a.seats = map[seat]sitting{}
	}
	s := a.seats[at]
	s.open, s.last = s.open+streams, now
	a.seats[at] = s
}

func (a *attendance) of(at seat) sitting {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seats[at]
}

// Attended tells whether somebody works at a counter in this process: its screen is open, or a person has
// opened it, called or moved a ticket there within d. What is done through the Hall itself does not count.
func (h *Hall) Attended(t *tenant.Tenant, counter id.ID, d time.Duration) bool {
	s := h.attendance.of(seat{t.ID, counter})
	return s.open > 0 || !s.last.IsZero() && h.db.Now().Sub(s.last) < d
}

// seen notes that a person has used a counter just now.
func (h *Hall) seen(t *tenant.Tenant, counter id.ID) {
	h.attendance.note(seat{t.ID, counter}, 0, h.db.Now())
}

// sits notes that a person has a counter's screen open, until leave is called.
func (h *Hall) sits(t *tenant.Tenant, counter id.ID) (leave func()) {
	at := seat{t.ID, counter}
	h.attendance.note(at, 1, h.db.Now())
	return func() { h.attendance.note(at, -1, h.db.Now()) }
}
