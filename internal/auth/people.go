package auth

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// SignedIn is a session as its owner, or an administrator, sees it.
type SignedIn struct {
	ID        id.ID
	Kind      Kind
	Factor    Method // "" is a password alone
	Via       string // the agency by whose provider it began, or ""
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
}

// Key is a passkey as its owner sees it.
type Key struct {
	ID        id.ID
	Name      string
	Cloned    bool
	CreatedAt time.Time
	UsedAt    time.Time // zero: never yet
}

// FactorsOf tells what somebody has beside their password.
func (s *Service) FactorsOf(ctx context.Context, t *tenant.Tenant, user id.ID) (f Factors, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		f, err = factorsOf(ctx, tx, user)
		return err
	})
	return f, err
}

// Sessions are the sessions of a person that hold, the one used last first.
func (s *Service) Sessions(ctx context.Context, t *tenant.Tenant, user id.ID) (out []SignedIn, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		rows, err := holding(ctx, tx, user)
		for _, r := range rows {
			out = append(out, SignedIn{r.ID, r.Kind, Method(r.Factor), r.Via, r.Agent, r.CreatedAt, r.SeenAt})
		}
		return err
	})
	return out, err
}

func holding(ctx context.Context, tx *store.Tx, user id.ID) ([]session, error) {
	grants, err := grantsOf(ctx, tx, user)
	if err != nil {
		return nil, err
	}
	l := limitOf(grants)
	return store.Select[session](tx).Where("user_id = ? and expires_at > ? and created_at > ? and seen_at > ?",
		user, tx.Now(), tx.Now().Add(-l.absolute), tx.Now().Add(-l.idle)).Order("seen_at desc", "id").All(ctx)
}

type endData struct {
	Sessions int `json:"sessions"`
}

// EndSession ends one of a person's sessions; by is who asks, its owner or an administrator. The fault is
// "not_found" for one that is not this person's, and for a person whom by does not look after.
func (s *Service) EndSession(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user, which id.ID) error {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if by.UserID != user {
			if _, err := s.begun(ctx, tx, t, by, user); err != nil {
				return err
			}
		}
		n, err := store.Delete[session](ctx, tx, "id = ? and user_id = ?", which, user)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "auth:session:end", Target: "user:" + user.String()})
		return s.told(ctx, tx, by, user, NoticeSessionsEnded, nil)
	})
	s.dropSession(t.ID, which)
	return err
}

// EndOthers ends all sessions of the actor but this one, and tells how many.
func (s *Service) EndOthers(ctx context.Context, t *tenant.Tenant, a *authz.Actor) (n int, err error) {
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if n, err = store.Delete[session](ctx, tx, "user_id = ? and id <> ?", a.UserID, a.SessionID); err != nil || n == 0 {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:sessions:end", Target: "user:" + a.UserID.String(), Data: endData{n}})
		return nil
	})
	s.Forget(t.ID, a.UserID)
	return n, err
}

// endAll ends a person's sessions, what waits to become one, and what was being set up in them.
func endAll(ctx context.Context, tx *store.Tx, user id.ID) (int, error) {
	if err := dropOpen(ctx, tx, user); err != nil {
		return 0, err
	}
	if _, err := store.Delete[challenge](ctx, tx, "user_id = ?", user); err != nil {
		return 0, err
	}
	return store.Delete[session](ctx, tx, "user_id = ?", user)
}

// told tells a person what somebody else did to their account.
func (s *Service) told(ctx context.Context, tx *store.Tx, by *authz.Actor, user id.ID, kind string, data map[string]string) error {
	if by.UserID == user {
		return nil
	}
	if data == nil {
		data = map[string]string{}
	}
	data["by"] = by.String()
	return s.opt.Notices.Notice(ctx, tx, user, kind, data)
}

// lockAdmins makes administrators act one after the other, and gives those of them who may sign in.
func lockAdmins(ctx context.Context, tx *store.Tx) (active []id.ID, err error) {
	admins := func() ([]id.ID, error) {
		grants, err := store.Select[tenant.Grant](tx).Where("role = ?", authz.RoleAdmin).Order("user_id").All(ctx)
		users := make([]id.ID, len(grants))
		for i, g := range grants {
			users[i] = g.UserID
		}
		return slices.Compact(users), err
	}
	users, err := admins()
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if err := store.Lock[account](ctx, tx, u); err != nil {
			return nil, err
		}
	}
	// Read again: whoever was waited for may have taken the role from one of them.
	if users, err = admins(); err != nil {
		return nil, err
	}
	for _, u := range users {
		a, err := accountByID(ctx, tx, u)
		if err != nil {
			return nil, err
		}
		if a != nil && !a.Retired && !a.Suspended && a.PasswordHash != "" && !a.expired(tx.Now()) {
			active = append(active, u)
		}
	}
	return active, nil
}

// administer does something to another person's account. Faults: "not_found" (also of somebody whom by does not look
// after), "auth.self" (409: one's own account is not managed so, or the last administrator could lock themselves out),
// "authz.forbidden".
func (s *Service) administer(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, fn func(context.Context, *store.Tx, affair) error) error {
	if by.UserID == user {
		return fault.New(fault.Conflict, "auth.self")
	}
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		a, err := s.begun(ctx, tx, t, by, user)
		if err != nil {
			return err
		}
		return fn(ctx, tx, a)
	})
	s.Forget(t.ID, user)
	return err
}

// EndAll ends all sessions of another person. Faults: "not_found", "auth.self".
func (s *Service) EndAll(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, _ affair) error {
		n, err := endAll(ctx, tx, user)
		if err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "auth:sessions:end", Target: "user:" + user.String(), Data: endData{n}})
		return s.told(ctx, tx, by, user, NoticeSessionsEnded, nil)
	})
}

// Recognised is how somebody who has lost their second factor was recognised, before it is taken away for them: without
// it their password alone opens the account until they set up another one.
type Recognised string

// The ways to recognise somebody: they stood there, or they were called at the number that their office is known by. An
// e-mail or a call of theirs is none: whoever has the password may have the mailbox too.
const (
	ByMeeting Recognised = "met"
	ByCalling Recognised = "called"
)

// Recognitions are all of them, in the order in which they are offered.
var Recognitions = []Recognised{ByMeeting, ByCalling}

type resetData struct {
	Recognised Recognised `json:"recognised,omitempty"`
}

// ResetFactors takes away another person's app, passkeys and recovery codes, and ends their sessions: for somebody
// who has lost them all. how they were recognised is recorded. Faults: "invalid" (422: not said how), "not_found",
// "auth.self".
func (s *Service) ResetFactors(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, how Recognised) error {
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, _ affair) error {
		if !slices.Contains(Recognitions, how) {
			return fault.New(fault.Invalid, "invalid").Field("recognised", "recognised")
		}
		return s.reset(ctx, tx, by.String(), user, how)
	})
}

// ResetFactorsOf is ResetFactors from the command line, for the administrator whom no other can help. The fault is
// "not_found".
func (s *Service) ResetFactorsOf(ctx context.Context, t tenant.ID, email, actor string) error {
	var user id.ID
	err := s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		row, err := heldByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		user = row.ID
		return s.reset(ctx, tx, actor, user, "")
	})
	s.Forget(t, user)
	return err
}

// Left deletes what people who leave a region sign in with beside their password, and ends their sessions: what
// tenant.Provisioner asks. Their accounts are locked already, by the apply that changes them.
func Left(ctx context.Context, tx *store.Tx, people []id.ID) error {
	for _, user := range people {
		if err := forgetFactors(ctx, tx, user); err != nil {
			return err
		}
		if _, err := store.Delete[identity](ctx, tx, "user_id = ?", user); err != nil {
			return err
		}
		if _, err := store.Delete[link](ctx, tx, "user_id = ?", user); err != nil {
			return err
		}
	}
	return nil
}

// forgetFactors deletes all that somebody has shown or may show but their password.
func forgetFactors(ctx context.Context, tx *store.Tx, user id.ID) error {
	if _, err := endAll(ctx, tx, user); err != nil {
		return err
	}
	if _, err := store.Delete[totpRow](ctx, tx, "user_id = ?", user); err != nil {
		return err
	}
	if _, err := store.Delete[passkeyRow](ctx, tx, "user_id = ?", user); err != nil {
		return err
	}
	_, err := store.Delete[recoveryCode](ctx, tx, "user_id = ?", user)
	return err
}

func (s *Service) reset(ctx context.Context, tx *store.Tx, actor string, user id.ID, how Recognised) error {
	if err := forgetFactors(ctx, tx, user); err != nil {
		return err
	}
	tx.Audit(store.Record{Actor: actor, Action: "auth:factors:delete", Target: "user:" + user.String(), Data: resetData{how}})
	return s.opt.Notices.Notice(ctx, tx, user, NoticeFactorsReset, map[string]string{"by": actor})
}

// standing is an account before and after it is suspended. The reason stays out of records that nobody can take back.
type standing struct {
	State string `json:"state"`
}

var (
	stands    = standing{"active"}
	suspended = standing{"suspended"}
)

const maxReason = 300

// Suspend pauses another person's account and ends their sessions, with a reason that they are told. Faults:
// "invalid" (422: no reason), "not_found", "auth.self", "auth.last_admin" (409: nobody would be left who can resume
// anybody; of two administrators who suspend each other at once, one is refused).
func (s *Service) Suspend(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, reason string) error {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return fault.New(fault.Invalid, "invalid").Field("reason", "required")
	case len(reason) > maxReason:
		return fault.New(fault.Invalid, "invalid").Field("reason", "long")
	}
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, a affair) error {
		if err := a.lastAdmin(); err != nil {
			return err
		}
		box, err := sealed(ctx, tx, suspendedReason, user, reason)
		if err != nil {
			return err
		}
		if _, err := store.Update[account](tx).Set("suspended = ?, suspended_reason = ?", true, box).Where("id = ?", user).Exec(ctx); err != nil {
			return err
		}
		if _, err := endAll(ctx, tx, user); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "auth:account:suspend", Target: "user:" + user.String(), Before: stands, After: suspended})
		return s.told(ctx, tx, by, user, NoticeSuspended, map[string]string{"reason": reason})
	})
}

// Resume lets somebody who was suspended sign in again. Faults: "not_found", "auth.self".
func (s *Service) Resume(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, _ affair) error {
		_, err := s.resume(ctx, tx, by.String(), user)
		return err
	})
}

// ResumeOf is Resume from the command line, for the administrator whom no other can help; changed is false for somebody
// who was not suspended. The fault is "not_found".
func (s *Service) ResumeOf(ctx context.Context, t tenant.ID, email, actor string) (changed bool, err error) {
	err = s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		row, err := heldByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		changed, err = s.resume(ctx, tx, actor, row.ID)
		return err
	})
	return changed, err
}

func (s *Service) resume(ctx context.Context, tx *store.Tx, actor string, user id.ID) (changed bool, err error) {
	n, err := store.Update[account](tx).Set("suspended = ?, suspended_reason = ?", false, seal.Box{}).Where("id = ? and suspended", user).Exec(ctx)
	if err != nil || n == 0 {
		return false, err
	}
	tx.Audit(store.Record{Actor: actor, Action: "auth:account:resume", Target: "user:" + user.String(), Before: suspended, After: stands})
	return true, s.opt.Notices.Notice(ctx, tx, user, NoticeResumed, map[string]string{"by": actor})
}

// SuspendedOf tells whether somebody is suspended, for the command line. The fault is "not_found".
func (s *Service) SuspendedOf(ctx context.Context, t tenant.ID, email string) (is bool, err error) {
	err = s.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		found, err := tenant.UserByEmail(ctx, tx, email)
		if err == nil && found == nil {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		row, err := store.Select[account](tx).Where("id = ?", found.ID).One(ctx)
		is = row.Suspended
		return err
	})
	return is, err
}
