// Package fair shares a scarce thing among tenants: when many want in, each tenant has its turn, however
// many of its own are waiting.
package fair

import (
	"context"
	"errors"
	"sync"
)

// ErrFull says that a key has as many waiting as it may have.
var ErrFull = errors.New("fair: too many are waiting")

// Gate lets a number of holders in at once. Whoever finds it full waits in the queue of their key; places
// that become free go to the keys in turn, within a key in the order of arrival. So one who comes while
// another key has a thousand waiting is let in after at most one of each other key that waits.
type Gate[K comparable] struct {
	mu      sync.Mutex
	free    int
	most    int            // waiting, of one key
	waiting map[K][]waiter // never empty
	turns   []K            // keys with somebody waiting, the next one first
	let     func(K)        // for tests: called, under the lock, for each that is let in
}

type waiter struct{ in chan struct{} }

// New makes a gate for n holders at once, at which at most most of one key wait.
func New[K comparable](n, most int) *Gate[K] {
	return &Gate[K]{free: n, most: most, waiting: map[K][]waiter{}}
}

// Enter waits for a place. It ends with ctx's error when ctx ends first, and with ErrFull when too many of
// this key wait already; otherwise Leave must follow.
func (g *Gate[K]) Enter(ctx context.Context, key K) error {
	g.mu.Lock()
	if g.free > 0 { // then nobody waits
		g.free--
		g.mark(key)
		g.mu.Unlock()
		return nil
	}
	q := g.waiting[key]
	if len(q) >= g.most {
		g.mu.Unlock()
		return ErrFull
	}
	if len(q) == 0 {
		g.turns = append(g.turns, key)
	}
	w := waiter{make(chan struct{})}
	g.waiting[key] = append(q, w)
	g.mu.Unlock()
	select {
	case <-w.in:
		return nil
	case <-ctx.Done():
	}
	if g.withdraw(key, w) {
		return ctx.Err()
	}
	return nil // let in at the same moment: the caller holds a place
}

// Leave gives a place back.
func (g *Gate[K]) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.turns) == 0 {
		g.free++
		return
	}
	key := g.turns[0]
	q := g.waiting[key]
	g.turns = g.turns[1:]
	if len(q) > 1 {
		g.waiting[key], g.turns = q[1:], append(g.turns, key)
	} else {
		delete(g.waiting, key)
	}
	g.mark(key)
	close(q[0].in)
}

// Waiting is how many wait, over all keys.
func (g *Gate[K]) Waiting() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range g.waiting {
		n += len(q)
	}
	return n
}

// withdraw takes a waiter out; false: it has been let in.
func (g *Gate[K]) withdraw(key K, w waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.waiting[key]
	for i := range q {
		if q[i] != w {
			continue
		}
		if len(q) > 1 {
			g.waiting[key] = append(q[:i:i], q[i+1:]...)
			return true
		}
		delete(g.waiting, key)
		for j, k := range g.turns {
			if k == key {
				g.turns = append(g.turns[:j:j], g.turns[j+1:]...)
				break
			}
		}
		return true
	}
	return false
}

func (g *Gate[K]) mark(key K) {
	if g.let != nil {
		g.let(key)
	}
}
