package fair

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// enter begins to enter and returns once the caller waits, or is in.
func enter(t interface{ Fatal(...any) }, g *Gate[string], ctx context.Context, key string) <-chan error {
	before := g.Waiting()
	done := make(chan error, 1)
	go func() { done <- g.Enter(ctx, key) }()
	for g.Waiting() == before && len(done) == 0 {
		runtime.Gosched()
	}
	return done
}

// A quiet tenant comes while a noisy one has twenty times as many waiting: it is let in after at most one
// of the noisy one's, wherever in the noise it comes.
func TestTheQuietWaitForOneTurn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		places := rapid.IntRange(1, 4).Draw(rt, "places")
		noisy := rapid.SliceOfN(rapid.IntRange(5, 40), 1, 4).Draw(rt, "waiting, of each noisy tenant")
		gone := rapid.IntRange(0, 10).Draw(rt, "let in before the quiet one comes")
		g := New[string](places, 1000)
		var order []string
		g.let = func(key string) { order = append(order, key) }
		for range places {
			<-enter(rt, g, t.Context(), "first")
		}
		for i, n := range noisy {
			for range n {
				enter(rt, g, t.Context(), string(rune('A'+i)))
			}
		}
		total := g.Waiting()
		for range min(gone, total) {
			g.Leave()
		}
		from := len(order)
		others := map[string]bool{}
		for k := range g.waiting {
			others[k] = true
		}
		quiet := enter(rt, g, t.Context(), "quiet")
		for len(quiet) == 0 && !slices.Contains(order[from:], "quiet") {
			g.Leave()
		}
		if turn := slices.Index(order[from:], "quiet"); turn > len(others) {
			rt.Fatalf("let in after %d, with %d others waiting: %v", turn, len(others), order[from:])
		}
	})
}

func TestOneKeyIsServedInItsOrder(t *testing.T) {
	g := New[string](1, 100)
	<-enter(t, g, t.Context(), "x")
	var all []<-chan error
	for range 20 {
		all = append(all, enter(t, g, t.Context(), "x"))
	}
	for i, c := range all {
		g.Leave()
		if err := <-c; err != nil {
			t.Fatal(err)
		}
		for j, later := range all[i+1:] {
			if len(later) > 0 {
				t.Fatalf("%d came before %d", i+1+j, i)
			}
		}
	}
}

func TestTooManyOfOneKey(t *testing.T) {
	g := New[string](1, 2)
	<-enter(t, g, t.Context(), "a")
	enter(t, g, t.Context(), "a")
	enter(t, g, t.Context(), "a")
	if err := g.Enter(t.Context(), "a"); !errors.Is(err, ErrFull) {
		t.Errorf("a third waits: %v", err)
	}
	other := enter(t, g, t.Context(), "b")
	g.Leave()
	g.Leave()
	if err := <-other; err != nil {
		t.Errorf("another key: %v", err)
	}
}

// Many come, some give up, and in the end every place is free and nobody was let in above the number.
func TestNoPlaceIsLost(t *testing.T) {
	const places = 3
	g := New[int](places, 1000)
	var in, most atomic.Int32
	var wg sync.WaitGroup
	for i := range 400 {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := g.Enter(ctx, i%7); err != nil {
				return
			}
			n := in.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			runtime.Gosched()
			in.Add(-1)
			g.Leave()
		})
		if i%3 == 0 {
			wg.Go(cancel)
		} else {
			defer cancel()
		}
	}
	wg.Wait()
	if most.Load() > places || g.free != places || g.Waiting() != 0 || len(g.turns) != 0 {
		t.Errorf("%d at once, %d free, %d waiting, turns %v", most.Load(), g.free, g.Waiting(), g.turns)
	}
}

func BenchmarkOpen(b *testing.B) {
	g := New[[16]byte](1<<30, 1)
	b.ReportAllocs()
	for b.Loop() {
		_ = g.Enter(b.Context(), [16]byte{1})
		g.Leave()
	}
}
