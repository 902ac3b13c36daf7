package auth

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// The sealed fields of this package's tables. Of an account the name and the e-mail are package tenant's.
var (
	totpSecret      = seal.Declare[totpRow]("secret")
	passkeyName     = seal.Declare[passkeyRow]("name")
	suspendedReason = seal.Declare[account]("suspended_reason")
)

// sealed seals a text for a row.
func sealed(ctx context.Context, tx *store.Tx, f *seal.Field, row id.ID, text string) (seal.Box, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return seal.Box{}, err
	}
	return keys.Seal(f, row, text)
}

// shown opens what sealed has sealed; "" once the region's keys have been destroyed.
func shown(ctx context.Context, tx *store.Tx, f *seal.Field, row id.ID, box seal.Box) (string, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return "", err
	}
	return keys.Show(ctx, f, row, box)
}

// open opens who an account is, as tenant.User does.
func (a account) open(ctx context.Context, tx *store.Tx) (name, email string, err error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return "", "", err
	}
	person := tenant.User{ID: a.ID, Name: a.Name, Email: a.Email}
	return person.Open(ctx, keys)
}

// accountByEmail finds an account, also one that was retired or suspended; nil if there is none.
func accountByEmail(ctx context.Context, tx *store.Tx, email string) (*account, error) {
	indexes, err := tenant.EmailIndexes(ctx, tx, email)
	if err != nil || len(indexes) == 0 {
		return nil, err
	}
	rows, err := store.Select[account](tx).Where("email_index in ?", bun.Tuple(indexes)).Limit(1).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// accountByID is accountByEmail by the person's identifier.
func accountByID(ctx context.Context, tx *store.Tx, user id.ID) (*account, error) {
	rows, err := store.Select[account](tx).Where("id = ?", user).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
