package jobs

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Observe calls fn when something has happened: "looked" at a tenant, "settled" an attempt. Before Start.
func (r *Runner) Observe(fn func(what string, t store.TenantID)) { r.observe = fn }

// RenewAll renews leases now.
func (r *Runner) RenewAll() { r.renewAll() }

// Relist reads the list of tenants now.
func (r *Runner) Relist() { r.list(); r.ring() }

// Look is what the runner does when it is a tenant's turn.
func (r *Runner) Look(t store.TenantID) { _ = r.look(t) }

// Waits tells whether a tenant stands in a kind's queue.
func (r *Runner) Waits(kind string, t store.TenantID) bool {
	l := r.lanes[kind]
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.waits[t]
	return ok
}

// After is the time after the n-th failure.
func (b Backoff) After(n int, chance float64) time.Duration { return b.after(n, chance) }
