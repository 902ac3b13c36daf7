package auth

import (
	"context"
	_ "embed"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Messages are the texts of what is written to people about their accounts, for notify:
//   - the security notices, by the Notice constants: {time}, and where they say so {by}, {left}, {reason};
//   - auth.invitation and auth.reset, with a one-time link: {link}, {until}.
//
//go:embed messages.yaml
var Messages []byte

// SuspendedReason is why an account is suspended; "" when it is not.
func SuspendedReason(ctx context.Context, tx *store.Tx, user id.ID) (string, error) {
	row, err := store.Select[account](tx).Where("id = ?", user).One(ctx)
	if err != nil || !row.Suspended {
		return "", err
	}
	return shown(ctx, tx, suspendedReason, user, row.SuspendedReason)
}
