package audit

import (
	"context"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Reads records that somebody has looked at something: a citizen's data, or the records themselves. Who looks
// through twenty pages of one list, or reloads a page, has looked once: a record for each would bury those
// that matter. So the same person, action and target make one record in a window of time (in each process).
type Reads struct {
	db    *store.DB
	every time.Duration

	mu   sync.Mutex
	seen map[readKey]time.Time
}

type readKey struct {
	tenant                store.TenantID
	actor, action, target string
}

// maxSeen bounds the memory; beyond it something is recorded once more than needed.
const maxSeen = 10_000

// NewReads makes one for a window.
func NewReads(db *store.DB, every time.Duration) *Reads {
	return &Reads{db: db, every: every, seen: map[readKey]time.Time{}}
}

// Note records a reading, unless it has just been recorded. Call it before what is read is shown: what cannot be
// recorded must not be seen.
func (r *Reads) Note(ctx context.Context, t store.TenantID, rec store.Record) error {
	key, now := readKey{t, rec.Actor, rec.Action, rec.Target}, r.db.Now()
	if r.recent(key, now) {
		return nil
	}
	err := r.db.In(ctx, t, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(rec)
		return nil
	})
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen[key] = now
	}
	return err
}

func (r *Reads) recent(key readKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.seen[key]; ok && now.Sub(at).Abs() < r.every {
		return true
	}
	if len(r.seen) >= maxSeen {
		for k, at := range r.seen {
			if now.Sub(at).Abs() >= r.every {
				delete(r.seen, k)
			}
		}
		if len(r.seen) >= maxSeen {
			clear(r.seen)
		}
	}
	return false
}
