package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func emit(t *testing.T, db *store.DB, tenant store.TenantID, kind string, topics ...string) {
	t.Helper()
	err := db.In(context.Background(), tenant, func(_ context.Context, tx *store.Tx) error {
		tx.Emit(kind, map[string]string{}, topics...)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func hub(db *store.DB) *events.Hub { return events.NewHub(db, slog.New(slog.DiscardHandler)) }

func next(t *testing.T, s *events.Sub, n int) (out []store.Event) {
	t.Helper()
	for range n {
		e, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// Many writers at once: a follower gets every event of its topics once and in the log's order, another
// topic's and another region's not at all; resuming anywhere continues exactly there.
func TestAFollowerMissesNothingAndGetsNothingTwice(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		h := hub(db)
		live, err := h.Subscribe(t.Context(), a.ID, events.Now, "zone:1")
		if err != nil {
			t.Fatal(err)
		}
		defer live.Close()
		const writers, each = 6, 20
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					emit(t, db, a.ID, fmt.Sprintf("mine.%d.%d", w, i), "zone:1", "x")
					emit(t, db, a.ID, "other", "zone:2")
					emit(t, db, b.ID, "foreign", "zone:1")
				}
			})
		}
		got := next(t, live, writers*each)
		wg.Wait()
		seen := map[string]bool{}
		for i, e := range got {
			if seen[e.Kind] || e.Kind == "other" || e.Kind == "foreign" {
				t.Errorf("%s came and should not have", e.Kind)
			}
			seen[e.Kind] = true
			if i > 0 && e.Seq <= got[i-1].Seq {
				t.Errorf("%d came after %d", e.Seq, got[i-1].Seq)
			}
		}
		for _, from := range []int{0, 1, writers * each / 2, writers*each - 1} {
			// Another process's hub, whose feed begins only now.
			s, err := hub(db).Subscribe(t.Context(), a.ID, events.After(events.ID(got[from])), "zone:1")
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range next(t, s, len(got)-from-1) {
				if e.Seq != got[from+1+i].Seq {
					t.Errorf("resumed after %d: %d instead of %d", got[from].Seq, e.Seq, got[from+1+i].Seq)
				}
			}
			emit(t, db, a.ID, "after", "zone:1")
			if e := next(t, s, 1)[0]; e.Kind != "after" {
				t.Errorf("then came %s", e.Kind)
			}
			s.Close()
		}
	})
}

func TestAFollowerOfAnotherLifeStartsAfresh(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	a := testkit.Tenant(t, db)
	if _, err := hub(db).Subscribe(t.Context(), a.ID, 5000, "zone:1"); !errors.Is(err, events.ErrBehind) {
		t.Errorf("an identifier beyond the log's end: %v", err)
	}
	if events.After("") != events.Now {
		t.Error("without an identifier it does not begin now")
	}
	for _, text := range []string{"x", "-3", "9999999999999999999999", "1 2"} {
		if _, err := hub(db).Subscribe(t.Context(), a.ID, events.After(text), "zone:1"); !errors.Is(err, events.ErrBehind) {
			t.Errorf("%q, which is not one of ours: %v", text, err)
		}
	}
}

// One that does not read is ended; another at its side gets everything.
func TestASlowFollowerDelaysNobody(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	a := testkit.Tenant(t, db)
	h := hub(db)
	slow, err := h.Subscribe(t.Context(), a.ID, events.Now, "zone:1")
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	quick, err := h.Subscribe(t.Context(), a.ID, events.Now, "zone:1")
	if err != nil {
		t.Fatal(err)
	}
	defer quick.Close()
	const many = 400
	for range many {
		emit(t, db, a.ID, "e", "zone:1")
		next(t, quick, 1)
	}
	var ended error
	for n := 0; n <= many && ended == nil; n++ {
		_, ended = slow.Next(t.Context())
	}
	if !errors.Is(ended, events.ErrBehind) {
		t.Errorf("the slow one ended with %v", ended)
	}
}
