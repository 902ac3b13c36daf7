package auth

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// A password is known in clear only while somebody signs in: that is when what is stored for it is brought to the cost
// that this release asks. So a release that asks for more reaches everybody who still comes, and nobody has to choose anew.

// outdated tells whether a stored hash was made at another cost than today's.
func outdated(stored string) bool {
	h, err := parse(stored)
	return err == nil && (h.memory != memory || h.passes != passes || h.threads != threads || len(h.salt) != saltLen || len(h.key) != keyLen)
}

// renew is the hash at today's cost of a password that was found right, or "" where what is stored is as it should be. It
// is "" too when nothing is free for the work: the sign-in does not fail for it, and the next one tries again.
func renew(ctx context.Context, t tenant.ID, user *account, password string, now time.Time) string {
	if !outdated(user.PasswordHash) || user.expired(now) {
		return ""
	}
	fresh, err := Hash(ctx, t, password)
	if err != nil {
		return ""
	}
	return fresh
}

// keepRenewed stores the same password's hash at today's cost. It is no other password: a first one still runs out, and
// links and sessions stay. It is recorded, for an auditor compares what is stored with what was set.
func (s *Service) keepRenewed(ctx context.Context, tx *store.Tx, t tenant.ID, person *account, renewed string) error {
	if _, err := store.Update[account](tx).Set("password_hash = ?", renewed).Where("id = ?", person.ID).Exec(ctx); err != nil {
		return err
	}
	hashed := func(stored string) passwordState { return passwordState{s.opt.Hasher.Personal(t, "password", stored)} }
	tx.Audit(store.Record{Actor: "system:signin", Action: "auth:password:renew", Target: "user:" + person.ID.String(),
		Before: hashed(person.PasswordHash), After: hashed(renewed)})
	person.PasswordHash = renewed // a browser's mark is bound to it
	return nil
}
