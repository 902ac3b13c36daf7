package web

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// maxBuckets bounds the memory of the limits: about 10 MB. The bucket that was used longest ago goes
// first, and by then it has filled again.
const maxBuckets = 50_000

// limits counts public calls in this process. Behind several processes a client gets the rate several
// times; what must be exact (guessing passwords) is counted in the database.
type limits struct {
	mu      sync.Mutex
	buckets map[limitKey]*list.Element
	order   *list.List // of *bucket, the latest used first
}

type limitKey struct {
	tenant tenant.ID
	addr   netip.Prefix
	class  string
}

type bucket struct {
	key limitKey
	*rate.Limiter
}

func newLimits() *limits { return &limits{buckets: map[limitKey]*list.Element{}, order: list.New()} }

func (c *Ctx) limitKey(class string) limitKey {
	k := limitKey{class: class, addr: network(c.addr)}
	if c.Tenant != nil {
		k.tenant = c.Tenant.ID
	}
	return k
}

// network is what one client holds: an IPv4 address, or an IPv6 network of 64 bits, in which it can
// take any address it likes.
func network(addr netip.Addr) netip.Prefix {
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}

// take takes a call from a bucket; if there is none it says after how long there will be.
func (l *limits) take(key limitKey, perSecond, burst float64, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	el, ok := l.buckets[key]
	if ok {
		l.order.MoveToFront(el)
	} else {
		el = l.order.PushFront(&bucket{key, rate.NewLimiter(rate.Limit(perSecond), int(burst))})
		l.buckets[key] = el
		if l.order.Len() > maxBuckets {
			last := l.order.Back()
			l.order.Remove(last)
			delete(l.buckets, last.Value.(*bucket).key)
		}
	}
	l.mu.Unlock()
	b := el.Value.(*bucket)
	r := b.ReserveN(now, 1)
	if !r.OK() {
		return time.Minute
	}
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
