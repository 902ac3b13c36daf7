package operator

import (
	"context"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// helpedFor is how long a process believes what it has read of a region's help, for the note on the staff's pages. The
// session itself is looked up each time.
const helpedFor = 2 * time.Second

// helped remembers, by the machine's clock, which regions let an operator in.
type helped struct {
	mu    sync.Mutex
	known map[tenant.ID]helpedAt
}

type helpedAt struct {
	help *Help
	read time.Time
}

func (h *helped) drop(t tenant.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, t)
}

func (h *helped) get(t tenant.ID, now time.Time) (*Help, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.known[t]
	return at.help, ok && now.Sub(at.read).Abs() < helpedFor
}

func (h *helped) put(t tenant.ID, help *Help, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known[t] = helpedAt{help, now}
}

// Helped tells until when a region lets an operator in, and whether one is there: for the note on every page of its staff.
func (s *Service) Helped(ctx context.Context, t *tenant.Tenant) (until time.Time, inside bool) {
	now := clock.System.Now()
	h, ok := s.helped.get(t.ID, now)
	if !ok {
		var err error
		if h, err = s.Help(ctx, t); err != nil {
			return time.Time{}, false // the page stands without it, and the next one asks again
		}
		s.helped.put(t.ID, h, now)
	}
	if h == nil || !s.db.Now().Before(h.UntilAt) {
		return time.Time{}, false
	}
	return h.UntilAt, !h.OpenedAt.IsZero()
}
