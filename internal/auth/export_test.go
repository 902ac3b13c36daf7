package auth

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// SignInAround is SignIn, with something that happens between the look at the password and what follows from it.
func (s *Service) SignInAround(ctx context.Context, t *tenant.Tenant, email, password string, kind Kind, from From, between func()) (Session, error) {
	user, who, at, err := s.begin(ctx, t, email, from)
	if err != nil {
		return Session{}, err
	}
	if right, err := s.verify(ctx, t, user, password); err != nil || !right {
		return Session{}, wrong()
	}
	between()
	return s.afterPassword(ctx, t, user, kind, who, from, at)
}
