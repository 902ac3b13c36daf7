package operator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

var (
	permAllow = authz.Declare("operator:help:allow",
		"Mengizinkan operator Pendopo membantu di daerah untuk sementara, dan menariknya kembali", "Let Pendopo's operator help in the region for a while, and withdraw it")
	permHelp = authz.Declare("operator:help:open",
		"Membuka sesi di daerah yang mengizinkannya", "Open a session in a region that allows it")
)

// Help is when and for how long a region lets an operator in.
type Help struct {
	bun.BaseModel `bun:"table:helps,alias:help"`
	store.Owned
	ID          id.ID     `bun:"id,pk"`
	UserID      id.ID     `bun:"user_id"` // who allowed it
	Whole       bool      `bun:"whole"`   // may work in the queue too; else only look
	CreatedAt   time.Time `bun:"created_at"`
	UntilAt     time.Time `bun:"until_at"`
	WithdrawnAt time.Time `bun:"withdrawn_at,nullzero"`
	HelperID    id.ID     `bun:"helper_id"` // the operator's account here, once one has come
	TokenHash   []byte    `bun:"token_hash"`
	TokenUntil  time.Time `bun:"token_until,nullzero"`
	OpenedAt    time.Time `bun:"opened_at,nullzero"`
}

// hours are for how long help can be allowed.
var hours = []int{1, 2, 4, 8, 24}

// tokenHolds is how long the way in from the platform's page stays open.
const tokenHolds = 2 * time.Minute

// role is what the operator may do.
func (h *Help) role() string {
	if h.Whole {
		return authz.RoleHelperFull
	}
	return authz.RoleHelper
}

type helpRecord struct {
	Whole bool   `json:"whole"`
	Until string `json:"until"`
}

// active is the help that a region allows at the transaction's moment; nil: none.
func active(ctx context.Context, tx *store.Tx) (*Help, error) {
	rows, err := store.Select[Help](tx).Where("withdrawn_at is null and until_at > ?", tx.Now()).Order("created_at desc").Limit(1).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Help is what a region allows now; nil: nothing.
func (s *Service) Help(ctx context.Context, t *tenant.Tenant) (h *Help, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		h, err = active(ctx, tx)
		return err
	})
	return h, err
}

// Allow lets an operator in for some hours, in the place of what was allowed before. Faults: "authz.forbidden", "invalid".
func (s *Service) Allow(ctx context.Context, t *tenant.Tenant, actor *authz.Actor, forHours int, whole bool) error {
	if !actor.Can(permAllow, t.Scope) {
		return fault.New(fault.Forbidden, "authz.forbidden")
	}
	if !slices.Contains(hours, forHours) {
		return fault.New(fault.Invalid, "invalid").Field("hours", "choose")
	}
	return s.changeHelp(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		if err := withdraw(ctx, tx); err != nil {
			return err
		}
		h := &Help{ID: id.New(), UserID: actor.UserID, Whole: whole, CreatedAt: tx.Now(), UntilAt: tx.Now().Add(time.Duration(forHours) * time.Hour)}
		tx.Audit(store.Record{Actor: actor.String(), Action: "operator:help:allow", Target: "tenant:" + t.Code, Data: helpRecord{whole, store.TimeText(h.UntilAt)}})
		return store.Insert(ctx, tx, h)
	})
}

// Withdraw ends what is allowed, and the operator's session with it. It is no fault where nothing was.
func (s *Service) Withdraw(ctx context.Context, t *tenant.Tenant, actor *authz.Actor) error {
	if !actor.Can(permAllow, t.Scope) {
		return fault.New(fault.Forbidden, "authz.forbidden")
	}
	return s.changeHelp(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: actor.String(), Action: "operator:help:withdraw", Target: "tenant:" + t.Code})
		return withdraw(ctx, tx)
	})
}

// changeHelp changes what is allowed, and has this process forget what it knew of it.
func (s *Service) changeHelp(ctx context.Context, t *tenant.Tenant, fn func(context.Context, *store.Tx) error) error {
	var gone []id.ID
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[Help](tx).Where("helper_id is not null and withdrawn_at is null").All(ctx)
		if err != nil {
			return err
		}
		gone = nil
		for _, h := range rows {
			gone = append(gone, h.HelperID)
		}
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, user := range gone {
		s.door.Forget(t.ID, user)
	}
	s.helped.drop(t.ID)
	return nil
}

// withdraw ends every help that is not withdrawn yet, also those whose time is over, with the accounts that were made for them.
func withdraw(ctx context.Context, tx *store.Tx) error {
	rows, err := store.Select[Help](tx).Where("withdrawn_at is null").All(ctx)
	if err != nil {
		return err
	}
	for _, h := range rows {
		if !h.HelperID.IsZero() {
			if err := auth.EndHelp(ctx, tx, h.HelperID); err != nil {
				return err
			}
		}
	}
	_, err = store.Update[Help](tx).Set("withdrawn_at = ?", tx.Now()).Set("token_hash = null").Where("withdrawn_at is null").Exec(ctx)
	return err
}

// Open makes the way into a region that allows it, for two minutes and once, and gives its token. In the region's records
// the operator stands by name; the platform's have it too. Faults: "authz.forbidden", "not_found", "operator.not_allowed" (409).
func (s *Service) Open(ctx context.Context, who Who, code string) (token string, t *tenant.Tenant, err error) {
	if err := who.must(permHelp); err != nil {
		return "", nil, err
	}
	if t, err = s.region(code); err != nil {
		return "", nil, err
	}
	err = s.changeHelp(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		h, err := active(ctx, tx)
		if err == nil && h == nil {
			err = fault.New(fault.Conflict, "operator.not_allowed")
		}
		if err != nil {
			return err
		}
		if !h.HelperID.IsZero() { // another operator's, or an earlier one: each coming has an account of its own
			if err := auth.EndHelp(ctx, tx, h.HelperID); err != nil {
				return err
			}
		}
		helper, err := auth.OpenHelp(ctx, tx, t, "Operator Pendopo: "+who.Actor.Name, h.role())
		if err != nil {
			return err
		}
		b := make([]byte, 32)
		_, _ = rand.Read(b) // does not fail
		token = base64.RawURLEncoding.EncodeToString(b)
		sum := sha256.Sum256([]byte(token))
		n, err := store.Update[Help](tx).Set("helper_id = ?", helper).Set("token_hash = ?", sum[:]).Set("token_until = ?", tx.Now().Add(tokenHolds)).
			Set("opened_at = null").Where("id = ? and withdrawn_at is null", h.ID).Exec(ctx)
		if err == nil && n == 0 { // withdrawn meanwhile: nothing of it stays
			err = fault.New(fault.NotFound, "not_found")
		}
		tx.Audit(store.Record{Actor: "user:" + helper.String(), Action: "operator:help:open", Target: "tenant:" + t.Code, Data: helpRecord{h.Whole, store.TimeText(h.UntilAt)}})
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return token, t, s.record(ctx, who, "operator:help:open", "tenant:"+code, struct{}{})
}

// Enter begins the operator's session in the region. The fault is "operator.not_allowed" for a token that is unknown, used or
// too old, and where the help was withdrawn meanwhile.
func (s *Service) Enter(ctx context.Context, t *tenant.Tenant, token string, from auth.From) (out auth.Session, err error) {
	sum := sha256.Sum256([]byte(token))
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		h, err := active(ctx, tx)
		if err != nil {
			return err
		}
		if h == nil || h.HelperID.IsZero() || !tx.Now().Before(h.TokenUntil) {
			return fault.New(fault.Conflict, "operator.not_allowed")
		}
		n, err := store.Update[Help](tx).Set("token_hash = null").Set("opened_at = ?", tx.Now()).Where("id = ? and token_hash = ?", h.ID, sum[:]).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "operator.not_allowed")
		}
		if err != nil {
			return err
		}
		out, err = s.door.BeginHelp(ctx, tx, t, h.HelperID, h.UntilAt, from)
		return err
	})
	s.helped.drop(t.ID)
	return out, err
}

// SweepHelp ends the accounts of help whose time is over.
func (s *Service) SweepHelp(ctx context.Context, t store.TenantID) error {
	return s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[Help](tx).Where("withdrawn_at is null and until_at <= ?", tx.Now()).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, h := range rows {
			if !h.HelperID.IsZero() {
				if err := auth.EndHelp(ctx, tx, h.HelperID); err != nil {
					return err
				}
			}
		}
		_, err = store.Update[Help](tx).Set("withdrawn_at = until_at").Set("token_hash = null").Where("withdrawn_at is null and until_at <= ?", tx.Now()).Exec(ctx)
		return err
	})
}
