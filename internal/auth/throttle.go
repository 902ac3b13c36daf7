package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// rule bounds attempts in a fixed window.
type rule struct {
	name   string
	window time.Duration
	most   int
}

// Guessing is slowed in three ways. One address gets few tries at one account. All addresses together
// get more of them, so that a person who keeps failing elsewhere does not lock the owner out at their
// own desk, while many machines still cannot guess for long. And one address gets a bounded number of
// tries at all accounts: a mall's whole staff signs in from one address at eight in the morning.
var (
	perPair    = rule{"pair", 15 * time.Minute, 10}
	perAccount = rule{"account", time.Hour, 60}
	perAddress = rule{"address", 15 * time.Minute, 300}
)

// A code has six digits, and three of a million are right at any time: whoever guesses knows the password
// already, so their account is slowed sooner, wherever they guess from.
var (
	codePair    = rule{"code-pair", 15 * time.Minute, 10}
	codeAccount = rule{"code-account", time.Hour, 20}
	codeAddress = rule{"code-address", 15 * time.Minute, 300}
)

// attempt is whom and from where somebody tries.
type attempt struct {
	account string // sha256 of the e-mail, or of a person's identifier
	address string // sha256 of the network, cut short
	rules   []rule // in the order in which every process takes the rows
}

func newAttempt(email string, ip netip.Addr) attempt {
	return attempt{digest(email), network(ip), []rule{perAddress, perAccount, perPair}}
}

// codeAttempt is a guess at a person's second factor.
func codeAttempt(user id.ID, ip netip.Addr) attempt {
	return attempt{digest(user.String()), network(ip), []rule{codeAddress, codeAccount, codePair}}
}

func network(ip netip.Addr) string {
	bits := 64 // who has one address of an IPv6 network has all of it
	if ip.Is4() {
		bits = 32
	}
	prefix, _ := ip.Prefix(bits)
	return digest(prefix.String())[:32]
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// key names the row that a rule counts in.
func (a attempt) key(r rule) string {
	switch r {
	case perAddress, codeAddress:
		return r.name + ":" + a.address
	case perAccount, codeAccount:
		return r.name + ":" + a.account
	}
	return r.name + ":" + a.account + ":" + a.address
}

// count counts the attempt before it is made, so that many at once do not slip through. The fault is
// "auth.slow" (429), and then nothing is counted.
func (a attempt) count(ctx context.Context, tx *store.Tx) error {
	for _, r := range a.rules {
		key := a.key(r)
		start := tx.Now().Truncate(r.window)
		n, err := store.Update[throttle](tx).Set("n = n + 1").
			Where("key = ? and window_start = ? and n < ?", key, start, r.most).Exec(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		full, err := store.Select[throttle](tx).Where("key = ? and window_start = ?", key, start).Exists(ctx)
		if err != nil {
			return err
		}
		if full {
			wait := start.Add(r.window).Sub(tx.Now())
			return fault.New(fault.TooMany, "auth.slow", minutes(wait)).Retry(wait)
		}
		// Somebody may insert the same row at this moment: then the fault is "duplicate", and the caller
		// counts once more.
		if err := store.Insert(ctx, tx, &throttle{Key: key, WindowStart: start, N: 1}); err != nil {
			return err
		}
	}
	return nil
}

// forgive takes back what count has counted, for an attempt that was right.
func (a attempt) forgive(ctx context.Context, tx *store.Tx, countedAt time.Time) error {
	for _, r := range a.rules {
		key := a.key(r)
		_, err := store.Update[throttle](tx).Set("n = n - 1").
			Where("key = ? and window_start = ? and n > 0", key, countedAt.Truncate(r.window)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
