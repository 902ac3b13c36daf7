package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

const (
	codeCount = 10
	// Signs of five bits: 120 bits. From 112 on a plain hash keeps what is random (NIST SP 800-63B, look-up secrets):
	// nobody tries them out, with the whole table in hand. A hash keyed by the region would do with fewer, but who
	// turns the region's keys would make every code that lies in a drawer worthless.
	codeLen   = 24
	codeGroup = 4
)

// newCodes replaces a person's recovery codes and gives them as they are shown, this once: "abcd-efgh-ijkl-mnop-qrst-uvwx".
func newCodes(ctx context.Context, tx *store.Tx, user id.ID) ([]string, error) {
	if _, err := store.Delete[recoveryCode](ctx, tx, "user_id = ?", user); err != nil {
		return nil, err
	}
	var shown []string
	var rows []*recoveryCode
	for range codeCount {
		code := strings.ToLower(rand.Text()[:codeLen])
		rows = append(rows, &recoveryCode{ID: id.New(), UserID: user, CodeHash: codeHash(user, code)})
		var groups []string
		for g := range slices.Chunk([]byte(code), codeGroup) {
			groups = append(groups, string(g))
		}
		shown = append(shown, strings.Join(groups, "-"))
	}
	return shown, store.Insert(ctx, tx, rows...)
}

func codeHash(user id.ID, code string) []byte {
	sum := sha256.Sum256(append(user[:], code...))
	return sum[:]
}

// RenewCodes gives a new set of recovery codes; the old ones are worth nothing. The fault is "auth.no_factor"
// (409) for somebody without a second factor, who would not be asked for one.
func (s *Service) RenewCodes(ctx context.Context, t *tenant.Tenant, a *authz.Actor) (codes []string, err error) {
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		f, err := factorsOf(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		if !f.Any() {
			return fault.New(fault.Conflict, "auth.no_factor")
		}
		if codes, err = newCodes(ctx, tx, a.UserID); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:codes:create", Target: "user:" + a.UserID.String()})
		return s.opt.Notices.Notice(ctx, tx, a.UserID, NoticeCodesRenewed, nil)
	})
	return codes, err
}

// takeRecovery takes one of a person's codes, once.
func (s *Service) takeRecovery(ctx context.Context, tx *store.Tx, user id.ID, code string) (bool, error) {
	n, err := store.Update[recoveryCode](tx).Set("used_at = ?", tx.Now()).
		Where("user_id = ? and code_hash = ? and used_at is null", user, codeHash(user, code)).Exec(ctx)
	if err != nil || n == 0 {
		return false, err
	}
	left, err := store.Select[recoveryCode](tx).Where("user_id = ? and used_at is null", user).Count(ctx)
	if err != nil {
		return false, err
	}
	return true, s.opt.Notices.Notice(ctx, tx, user, NoticeCodeUsed, map[string]string{"left": strconv.Itoa(left)})
}
