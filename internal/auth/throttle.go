package auth

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// rule bounds attempts in a fixed window.
type rule struct {
	name   string
	window time.Duration
	most   int
}

// Guessing by strangers is slowed in four ways. One address gets few tries at one account. All addresses together
// get more of them, so that many machines cannot guess for long. One address gets a bounded number of tries at all
// accounts: a mall's whole staff signs in from one address at eight in the morning. And all of them together get a
// bounded number in a region, which no mall reaches. Each of these strangers can use up, so a device of the owner's is
// not held to them but to a count of its own: nobody is locked out at their own desk by what others do.
var (
	perPair    = rule{"pair", 15 * time.Minute, 10}
	perAccount = rule{"account", time.Hour, 60}
	perAddress = rule{"address", 15 * time.Minute, 300}
	perTenant  = rule{"tenant", 15 * time.Minute, 2000}
	perDevice  = rule{"device", 15 * time.Minute, 10}
)

// A code has six digits, and three of a million are right at any time: whoever guesses knows the password
// already, so their account is slowed sooner, wherever they guess from.
var (
	codePair    = rule{"code-pair", 15 * time.Minute, 10}
	codeAccount = rule{"code-account", time.Hour, 20}
	codeAddress = rule{"code-address", 15 * time.Minute, 300}
	codeDevice  = rule{"code-device", 15 * time.Minute, 10}
)

// attempt is whom and from where somebody tries.
type attempt struct {
	account string   // pseudonym of the e-mail, or of a person's identifier
	address string   // pseudonym of the network
	user    *account // whom it is about, also one that was retired or suspended; nil is nobody
	device  string   // the owner's own, or ""
	rules   []rule   // in the order in which every process takes the rows
}

// guess is an attempt that is still to be named: the region's keys do that, within a transaction.
type guess struct {
	who    string
	from   From
	find   func(context.Context, *store.Tx) (*account, error) // nil: there is nobody
	rules  []rule                                             // for strangers
	device rule                                               // for whoever shows a device of the person's; zero: none
}

func passwordGuess(email string, from From) guess {
	find := func(ctx context.Context, tx *store.Tx) (*account, error) { return accountByEmail(ctx, tx, email) }
	return guess{email, from, find, []rule{perAddress, perAccount, perPair, perTenant}, perDevice}
}

// codeGuess is a guess at a person's second factor.
func codeGuess(user id.ID, from From) guess {
	find := func(ctx context.Context, tx *store.Tx) (*account, error) { return accountByID(ctx, tx, user) }
	return guess{user.String(), from, find, []rule{codeAddress, codeAccount, codePair, perTenant}, codeDevice}
}

// named says whom and from where in words that only the region's keys relate to anybody: a plain hash of an
// e-mail or of an address is found by trying them all. Whoever shows a device of the person's is no stranger.
func (g guess) named(ctx context.Context, tx *store.Tx, k *seal.Keys) (a attempt, err error) {
	bits := 64 // who has one address of an IPv6 network has all of it
	if g.from.IP.Is4() {
		bits = 32
	}
	network, _ := g.from.IP.Prefix(bits)
	if a.account, err = k.Pseudonym("account", g.who); err != nil {
		return a, err
	}
	if a.address, err = k.Pseudonym("address", network.String()); err != nil {
		return a, err
	}
	if a.user, err = g.find(ctx, tx); err != nil {
		return a, err
	}
	if a.rules = g.rules; g.device == (rule{}) {
		return a, nil
	}
	if a.device, err = knownDevice(k, g.from.Device, a.user, tx.Now()); a.device != "" {
		a.rules = []rule{g.device}
	}
	return a, err
}

// key names the row that a rule counts in.
func (a attempt) key(r rule) string {
	switch r {
	case perTenant, resetTenant, providerTenant: // the last row that is taken: every stranger's attempt counts in it
		return r.name
	case perDevice, codeDevice:
		return r.name + ":" + a.account + ":" + a.device
	case perAddress, codeAddress, resetAddress, providerAddress:
		return r.name + ":" + a.address
	case perAccount, codeAccount, resetAccount:
		return r.name + ":" + a.account
	}
	return r.name + ":" + a.account + ":" + a.address
}

// count counts the attempt before it is made, so that many at once do not slip through. The fault is
// "auth.slow" (429), and then nothing is counted.
func (a attempt) count(ctx context.Context, tx *store.Tx) error {
	for _, r := range a.rules {
		ok, wait, err := throttle.Take(ctx, tx, a.key(r), r.window, r.most)
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
	for _, r := range a.rules {
		if err := throttle.GiveBack(ctx, tx, a.key(r), r.window, countedAt); err != nil {
			return err
		}
	}
	return nil
}

func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
