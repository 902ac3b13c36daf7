package auth

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// SignInAround is SignIn, with something that happens between the look at the password and what follows from it.
func (s *Service) SignInAround(ctx context.Context, t *tenant.Tenant, email, password string, kind Kind, from From, between func()) (Session, error) {
	return s.signIn(ctx, t, email, password, kind, from, between)
}

// HashAtCost is Hash as another release would have made it.
func HashAtCost(password string, memory, passes uint32) string {
	return hashAt(password, memory, passes)
}
