package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/throttle"
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

// attempt is whom and from where somebody tries.
type attempt struct {
	account string // sha256 of the e-mail
	address string // sha256 of the network, cut short
}

func newAttempt(email string, ip netip.Addr) attempt {
	bits := 64 // who has one address of an IPv6 network has all of it
	if ip.Is4() {
		bits = 32
	}
	network, _ := ip.Prefix(bits)
	return attempt{digest(email), digest(network.String())[:32]}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (a attempt) keys() map[rule]string {
	return map[rule]string{
		perPair:    perPair.name + ":" + a.account + ":" + a.address,
		perAccount: perAccount.name + ":" + a.account,
		perAddress: perAddress.name + ":" + a.address,
	}
}

// order is that in which every process takes the rows.
var order = []rule{perAddress, perAccount, perPair}

// count counts the attempt before it is made, so that many at once do not slip through. The fault is
// "auth.slow" (429), and then nothing is counted.
func (a attempt) count(ctx context.Context, tx *store.Tx) error {
	keys := a.keys()
	for _, r := range order {
		ok, wait, err := throttle.Take(ctx, tx, keys[r], r.window, r.most)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.TooMany, "auth.slow", minutes(wait)).Retry(wait)
		}
	}
	return nil
}

// forgive takes back what count has counted, for an attempt that was right.
func (a attempt) forgive(ctx context.Context, tx *store.Tx, countedAt time.Time) error {
	keys := a.keys()
	for _, r := range order {
		if err := throttle.GiveBack(ctx, tx, keys[r], r.window, countedAt); err != nil {
			return err
		}
	}
	return nil
}

func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
