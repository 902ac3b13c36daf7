package auth_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

func newID() id.ID { return id.New() }

func TestHash(t *testing.T) {
	ctx := t.Context()
	one, err := auth.Hash(ctx, tenant.ID{}, "rahasia")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := auth.Hash(ctx, tenant.ID{}, "rahasia")
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") || one == two {
		t.Errorf("%s, %s", one, two)
	}
	for password, want := range map[string]bool{"rahasia": true, "Rahasia": false, "": false, "rahasia ": false} {
		if got, err := auth.Verify(ctx, tenant.ID{}, one, password); got != want || err != nil {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	for _, bad := range []string{"", "x", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l$", "$2a$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"} {
		if ok, err := auth.Verify(ctx, tenant.ID{}, bad, "x"); ok || err == nil {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

// TestFlood asks for more passwords at once than can be worked on in two seconds: the rest is told to
// come back, and nobody waits for ever.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var done, busy atomic.Int32
	var wg sync.WaitGroup
	for range 600 {
		wg.Go(func() {
			_, err := auth.Hash(t.Context(), tenant.ID{}, "x")
			switch {
			case err == nil:
				done.Add(1)
			case fault.Is(err, "auth.busy") && fault.Of(err).RetryAfter > 0:
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d hashed, %d told to come back", done.Load(), busy.Load())
	if done.Load() == 0 || busy.Load() == 0 {
		t.Errorf("%d hashed, %d told to come back", done.Load(), busy.Load())
	}
}

func BenchmarkHash(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.Hash(b.Context(), tenant.ID{}, "kunci pendopo"); err != nil {
			b.Fatal(err)
		}
	}
}
