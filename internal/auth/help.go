package auth

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// OpenHelp makes an account by which somebody of the platform's works in a region that has asked for help, with a role
// there. It has no password and an address that no letter reaches; BeginHelp is the only way in.
func OpenHelp(ctx context.Context, tx *store.Tx, t *tenant.Tenant, name, role string) (id.ID, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return id.ID{}, err
	}
	user := &tenant.User{ID: id.New(), CreatedAt: tx.Now(), Source: tenant.FromPage}
	if err := user.Seal(keys, "bantuan-"+user.ID.String()+"@pendopo.invalid", name); err != nil {
		return id.ID{}, err
	}
	if err := store.Insert(ctx, tx, user); err != nil {
		return id.ID{}, err
	}
	return user.ID, store.Insert(ctx, tx, &tenant.Grant{UserID: user.ID, Role: role, Scope: t.Scope, Source: tenant.FromPage})
}

// BeginHelp begins a browser's session of such an account, which ends at a moment at the latest. It counts as no proof of who
// somebody is, so nothing can be had with it that asks for one: no passkey, no code, no account of others.
func (s *Service) BeginHelp(ctx context.Context, tx *store.Tx, t *tenant.Tenant, user id.ID, until time.Time, from From) (Session, error) {
	who, err := held(ctx, tx, user)
	if err != nil {
		return Session{}, err
	}
	out, err := s.start(ctx, tx, t, who, Cookie, how{}, from)
	if err != nil || out.ExpiresAt.Before(until) {
		return out, err
	}
	out.ExpiresAt = until
	_, err = store.Update[session](tx).Set("expires_at = ?", until).Where("user_id = ? and expires_at > ?", user, until).Exec(ctx)
	return out, err
}

// EndHelp ends such an account with its sessions: nobody signs in with it any more.
func EndHelp(ctx context.Context, tx *store.Tx, user id.ID) error {
	if err := Left(ctx, tx, []id.ID{user}); err != nil {
		return err
	}
	if _, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ?", user); err != nil {
		return err
	}
	_, err := store.Update[tenant.User](tx).Set("retired = ?", true).Where("id = ?", user).Exec(ctx)
	return err
}
