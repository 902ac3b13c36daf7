package auth

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// When somebody is told that others guess at their account: after so many wrong passwords in an hour, or so many wrong
// codes, for who types those knows the password. At most once a day.
const (
	tellPasswords = 10
	tellCodes     = 3
	tellWithin    = time.Hour
	tellEvery     = 24 * time.Hour
)

// recordWithin is for how long failures of one account from one network count as one: the first is recorded, then the
// tenth, the hundredth and so on, each with its number. Records are kept for ever, and strangers make these.
const recordWithin = 10 * time.Minute

// refused records a wrong password, and tells the account's owner, if there is one, when there are many.
func (s *Service) refused(ctx context.Context, t *tenant.Tenant, user *account, email string, kind Kind, who attempt) error {
	return s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		owner := id.ID{}
		if user != nil {
			owner = user.ID
		}
		return s.failed(ctx, tx, who, failure{
			name: "failed", action: "auth:session:create", target: Account(s.opt.Hasher, t.ID, email), kind: kind, owner: owner, tell: tellPasswords,
		})
	})
}

// wrongCode does so for a wrong code after a right password.
func (s *Service) wrongCode(ctx context.Context, tx *store.Tx, user id.ID, kind Kind, who attempt) error {
	return s.failed(ctx, tx, who, failure{
		name: "code-failed", action: "auth:session:verify", target: "user:" + user.String(), kind: kind, owner: user, tell: tellCodes,
	})
}

// failure is what has failed.
type failure struct {
	name, action, target string
	kind                 Kind
	owner                id.ID // zero: nobody's
	tell                 int   // from how many in an hour on the owner is told
	via, why             string
}

func (s *Service) failed(ctx context.Context, tx *store.Tx, who attempt, f failure) error {
	n, err := throttle.Count(ctx, tx, f.name+":"+who.account+":"+who.address, recordWithin)
	if err != nil {
		return err
	}
	if tenfold(n) {
		data := signInData{OK: false, Kind: f.kind, Via: f.via, Why: f.why}
		if n > 1 {
			data.Times = n
		}
		tx.Audit(store.Record{Actor: "public", Action: f.action, Target: f.target, Data: data})
	}
	// Counted for everybody and nobody alike: the same work, and the same answer.
	n, err = throttle.Count(ctx, tx, f.name+":"+who.account, tellWithin)
	if err != nil || n < f.tell {
		return err
	}
	first, _, err := throttle.Take(ctx, tx, throttle.Long+"guessed:"+who.account, tellEvery, 1)
	if err != nil || !first || f.owner.IsZero() {
		return err
	}
	return s.opt.Notices.Notice(ctx, tx, f.owner, NoticeGuessed, nil)
}

// tenfold tells whether n is 1, 10, 100 and so on.
func tenfold(n int) bool {
	for n > 1 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
