package auth_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// try signs in by a browser that shows what it keeps.
func (w *world) try(t *testing.T, r *testkit.Region, email, secret, address, device string) (auth.Session, error) {
	t.Helper()
	return w.s.SignIn(t.Context(), of(r), email, secret, auth.Cookie, auth.From{IP: netip.MustParseAddr(address), Device: device})
}

// use counts as strangers would, n times, without the work of their passwords. key is named by the region's keys.
func (w *world) use(t *testing.T, key func(*seal.Keys) (string, error), window time.Duration, n int) {
	t.Helper()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		name, err := key(keys)
		for range n {
			if err == nil {
				_, _, err = throttle.Take(ctx, tx, name, window, n)
			}
		}
		return err
	})
}

// Strangers who guess lock nobody out at a browser in which they have signed in; and what such a browser keeps is worth
// nothing to others.
func TestStrangersDoNotLockOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, admin := w.a.Email("officer"), w.a.Email("admin")
		s, err := w.try(t, w.a, officer, password, "203.0.113.7", "")
		if err != nil || s.Device == "" {
			t.Fatal(s.Device, err)
		}
		if b := w.signIn(t, w.a, "officer"); b.Device != "" {
			t.Error("a program is a known device")
		}
		own := s.Device
		slow := func(what string, err error) {
			t.Helper()
			if !fault.Is(err, "auth.slow") {
				t.Errorf("%s: %v", what, err)
			}
		}
		// Six networks of IPv6, ten guesses each.
		for network := range 6 {
			for i := range 10 {
				if _, err := w.try(t, w.a, officer, "salah", fmt.Sprintf("2001:db8:%d::%d", network, i+1), ""); !fault.Is(err, "auth.wrong") {
					t.Fatal(network, i, err)
				}
			}
		}
		_, err = w.try(t, w.a, officer, password, "203.0.113.7", "")
		slow("a browser that is not known", err)
		if _, err = w.try(t, w.a, officer, password, "203.0.113.7", own); err != nil {
			t.Errorf("their own browser: %v", err)
		}
		// The mall's own address, and the whole region.
		w.use(t, func(k *seal.Keys) (string, error) {
			name, err := k.Pseudonym("address", "203.0.113.7/32")
			return "address:" + name, err
		}, 15*time.Minute, 300)
		_, err = w.try(t, w.a, admin, password, "203.0.113.7", own)
		slow("somebody else's browser", err)
		if _, err = w.try(t, w.a, officer, password, "203.0.113.7", own); err != nil {
			t.Errorf("at the mall: %v", err)
		}
		w.use(t, func(*seal.Keys) (string, error) { return "tenant", nil }, 15*time.Minute, 2000)
		_, err = w.try(t, w.a, "nobody@contoh.test", "salah", "198.51.100.1", "")
		slow("the whole region", err)
		if s, err = w.try(t, w.a, officer, password, "198.51.100.2", own); err != nil {
			t.Errorf("under a flood: %v", err)
		}
		if _, err = w.try(t, w.b, w.b.Email("officer"), password, "198.51.100.2", own); err != nil {
			t.Errorf("another region is slowed: %v", err)
		}
		// To show again who one is, and to choose another password, is no harder than to sign in.
		flooded := auth.From{IP: netip.MustParseAddr("198.51.100.2")}
		_, err = w.s.Prove(t.Context(), of(w.a), s.Actor, password, flooded)
		slow("a proof from a browser that is not known", err)
		flooded.Device = own
		if _, err = w.s.Prove(t.Context(), of(w.a), s.Actor, password, flooded); err != nil {
			t.Errorf("a proof under a flood: %v", err)
		}
		// It stays the same device, whose own mistakes count.
		for range 10 {
			if _, err := w.try(t, w.a, officer, "salah", "198.51.100.2", s.Device); !fault.Is(err, "auth.wrong") {
				t.Fatal(err)
			}
		}
		_, err = w.try(t, w.a, officer, password, "198.51.100.3", own)
		slow("ten mistakes at their own", err)
		w.clock.Advance(15 * time.Minute)
		w.use(t, func(*seal.Keys) (string, error) { return "tenant", nil }, 15*time.Minute, 2000)
		if _, err = w.try(t, w.a, officer, password, "198.51.100.3", own); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
		// What was changed, made up, or is too old is no mark.
		changed := func(at int) string {
			other := "A"
			if own[at] == 'A' {
				other = "B"
			}
			return own[:at] + other + own[at+1:]
		}
		for _, bad := range []string{own[:len(own)-1], changed(0), changed(20), strings.Repeat("A", len(own)), strings.Repeat(".", 9) + own, "\x00"} {
			_, err = w.try(t, w.a, officer, password, "198.51.100.4", bad)
			slow(fmt.Sprintf("%q", bad), err)
		}
		w.clock.Advance(auth.Known)
		w.use(t, func(*seal.Keys) (string, error) { return "tenant", nil }, 15*time.Minute, 2000)
		_, err = w.try(t, w.a, officer, password, "198.51.100.3", own)
		slow("after half a year", err)
	})
}

// A counter's browser is several people's, and another password makes what it keeps worthless.
func TestMarksOfADevice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, admin := w.a.Email("officer"), w.a.Email("admin")
		first, err := w.try(t, w.a, officer, password, "203.0.113.7", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.try(t, w.a, admin, password, "203.0.113.7", first.Device)
		step, _ := auth.StepOf(err)
		both, err := w.s.Verify(t.Context(), of(w.a), step.Challenge, w.code(t, 0), auth.Cookie, auth.From{IP: netip.MustParseAddr("203.0.113.7"), Device: first.Device})
		if err != nil {
			t.Fatal(err)
		}
		flood := func() {
			w.use(t, func(*seal.Keys) (string, error) { return "tenant", nil }, 15*time.Minute, 2000)
		}
		flood()
		for _, email := range []string{officer, admin} {
			if _, err := w.try(t, w.a, email, password, "203.0.113.7", both.Device); err != nil && !fault.Is(err, "mfa_required") {
				t.Errorf("%s: %v", email, err)
			}
		}
		if strings.Contains(both.Device, w.a.Officer.String()) || strings.Count(both.Device, ".") != 1 {
			t.Errorf("it keeps %q", both.Device)
		}
		if err := w.s.SetPassword(t.Context(), w.a.ID, officer, "kata sandi yang lain", "system:test"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.try(t, w.a, officer, "kata sandi yang lain", "203.0.113.7", both.Device); !fault.Is(err, "auth.slow") {
			t.Errorf("after another password: %v", err)
		}
	})
}

// The owner is told once a day, and what strangers do is recorded once, and then at each power of ten.
func TestGuessesAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var said told
		w.s = auth.New(w.db, auth.Options{Hasher: hasher, Notices: &said})
		officer := w.a.Email("officer")
		guess := func(n int, email, network string) {
			t.Helper()
			for range n {
				if _, err := w.try(t, w.a, email, "salah", network, ""); !fault.Is(err, "auth.wrong") {
					t.Fatal(err)
				}
			}
		}
		times := func(email string) (n int, tens int) {
			for _, r := range w.records(t, w.a) {
				if r.Target == auth.Account(hasher, w.a.ID, email) {
					n++
					tens += strings.Count(r.Record, `"times":10`)
				}
			}
			return n, tens
		}
		guess(9, officer, "198.51.100.1")
		if n, tens := times(officer); n != 1 || tens != 0 || len(said.kinds()) != 0 {
			t.Errorf("after nine: %d records, %d of the tenth, told %v", n, tens, said.kinds())
		}
		guess(1, officer, "198.51.100.1")
		if n, tens := times(officer); n != 2 || tens != 1 || strings.Join(said.kinds(), " ") != auth.NoticeGuessed {
			t.Errorf("after ten: %d records, %d of the tenth, told %v", n, tens, said.kinds())
		}
		guess(10, officer, "198.51.100.2")
		guess(10, "nobody@contoh.test", "198.51.100.3")
		if n, _ := times(officer); n != 4 || len(said.kinds()) != 1 {
			t.Errorf("from elsewhere: %d records, told %v", n, said.kinds())
		}
		if n, tens := times("nobody@contoh.test"); n != 2 || tens != 1 {
			t.Errorf("of nobody: %d, %d", n, tens)
		}
		if err := w.s.Sweep(t.Context(), w.a.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(5 * time.Hour) // the windows have been swept, but not that somebody was told
		if err := w.s.Sweep(t.Context(), w.a.ID); err != nil {
			t.Fatal(err)
		}
		guess(10, officer, "198.51.100.1")
		if len(said.kinds()) != 1 {
			t.Errorf("twice on one day: %v", said.kinds())
		}
		w.clock.Advance(24 * time.Hour)
		guess(10, officer, "198.51.100.1")
		if len(said.kinds()) != 2 {
			t.Errorf("on the next day: %v", said.kinds())
		}
	})
}

// Whoever types wrong codes knows the password: the owner hears of the third.
func TestWrongCodesAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enrol(t, w.signIn(t, w.a, "officer"))
		var said told
		w.s = auth.New(w.db, auth.Options{Hasher: hasher, Notices: &said})
		step := w.first(t, w.a, "officer")
		for i := range 3 {
			if len(said.kinds()) != 0 {
				t.Errorf("told after %d", i)
			}
			_, err := w.verify(t, w.a, step, "000000")
			is(t, "a wrong code", err, "auth.code")
		}
		if strings.Join(said.kinds(), " ") != auth.NoticeGuessed {
			t.Errorf("told %v", said.kinds())
		}
	})
}

// kinds are those of the notices so far.
func (n *told) kinds() (out []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.said {
		out = append(out, strings.Fields(s)[1])
	}
	return out
}
