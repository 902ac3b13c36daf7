package oversight

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Kept is how long figures are shown again without being read anew: the whole country's take a third of a second, and
// a page that many people leave open would otherwise read them for each. The moment they are of stands beside them.
const Kept = 15 * time.Second

// shelf keeps figures by what was asked: which regions, of which day, about which agency. So nobody is shown what was
// read for somebody who may see more, and a region that has just been suspended is in nobody's figures.
type shelf struct {
	mu   sync.Mutex
	held map[figuresKey]*held
}

type figuresKey [sha256.Size]byte

// held are figures of one question. Who holds turn reads them; the others wait for that, and no longer than they may.
type held struct {
	turn chan struct{}
	at   time.Time // zero: never read
	what any
}

// keyOf tells questions apart. Days and identifiers have no separator in them.
func keyOf(question string, asked []store.Asked) (k figuresKey) {
	h := sha256.New()
	h.Write([]byte(question))
	for _, a := range asked {
		h.Write([]byte("\n" + a.Tenant.String() + " " + a.Day.String()))
	}
	h.Sum(k[:0])
	return k
}

func (s *shelf) of(k figuresKey, now time.Time) *held {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.held[k]; h != nil {
		return h
	}
	for old, h := range s.held { // what nobody has asked for lately
		select {
		case h.turn <- struct{}{}:
			if !now.Before(h.at.Add(Kept)) {
				delete(s.held, old)
			}
			<-h.turn
		default: // it is being read
		}
	}
	h := &held{turn: make(chan struct{}, 1)}
	if s.held == nil {
		s.held = map[figuresKey]*held{}
	}
	s.held[k] = h
	return h
}

// keep gives the answer to a question about regions and the moment that it is of. Within Kept it is read once, however
// many ask at the same time; what failed is not kept. The answer is shared: it must not be written to.
func keep[V any](ctx context.Context, s *Service, question string, asked []store.Asked, read func(context.Context) (V, error)) (V, time.Time, error) {
	var none V
	h := s.shelf.of(keyOf(question, asked), s.db.Now())
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return none, time.Time{}, ctx.Err()
	}
	if v, ok := h.what.(V); ok && s.db.Now().Before(h.at.Add(Kept)) {
		return v, h.at, nil
	}
	at := s.db.Now()
	v, err := read(ctx)
	if err != nil {
		return none, time.Time{}, err
	}
	h.at, h.what = at, v
	return v, at, nil
}
