package auth

import (
	"context"
	"strings"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Method is a way to prove who one is beside the password.
type Method string

// The methods.
const (
	TOTP     Method = "totp"          // a code of an app
	Recovery Method = "recovery_code" // one of the codes that were shown once
	Passkey  Method = "passkey"
	// ByProvider is the second factor that an agency's own identity provider has asked for.
	ByProvider Method = "provider"
)

// Factors are what a person has beside the password. Recovery codes alone are none: they stand in for one.
type Factors struct {
	TOTP     bool `bun:"totp"`
	Passkeys int  `bun:"keys"`
	Codes    int  `bun:"codes"` // recovery codes that are left
}

// Any tells whether the person is asked for a second step.
func (f Factors) Any() bool { return f.TOTP || f.Passkeys > 0 }

func (f Factors) methods() (out []Method) {
	if f.Passkeys > 0 {
		out = append(out, Passkey)
	}
	if f.TOTP {
		out = append(out, TOTP)
	}
	if f.Codes > 0 {
		out = append(out, Recovery)
	}
	return out
}

func factorsOf(ctx context.Context, tx *store.Tx, user id.ID) (Factors, error) {
	rows, err := store.Query[Factors](ctx, tx, store.From{"totps", "passkeys", "recovery_codes"}, `
		select exists (select 1 from totps where user_id = ? and confirmed) as totp,
			(select count(*) from passkeys where user_id = ?) as keys,
			(select count(*) from recovery_codes where user_id = ? and used_at is null) as codes`, user, user, user)
	if err != nil {
		return Factors{}, err
	}
	return rows[0], nil
}

// mayLose asks whether a person may do without what lose takes away; with the last factor the recovery codes go
// as well. Of two removals at once one waits for the other. The fault is "auth.last_factor".
func (s *Service) mayLose(ctx context.Context, tx *store.Tx, t *tenant.Tenant, user id.ID, lose func(*Factors)) error {
	if err := store.Lock[account](ctx, tx, user); err != nil {
		return err
	}
	f, err := factorsOf(ctx, tx, user)
	if err != nil {
		return err
	}
	had := f.Any()
	if lose(&f); f.Any() || !had {
		return nil
	}
	grants, err := grantsOf(ctx, tx, user)
	if err != nil {
		return err
	}
	if mustHave(t, grants) {
		return fault.New(fault.Conflict, "auth.last_factor")
	}
	_, err = store.Delete[recoveryCode](ctx, tx, "user_id = ?", user)
	return err
}

// takeCode takes a code of the app or a recovery code, whichever it looks like. "" is that it is neither.
func (s *Service) takeCode(ctx context.Context, tx *store.Tx, user id.ID, typed string) (Method, error) {
	code := strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, typed))
	switch len(code) {
	case digits:
		ok, err := takeTOTP(ctx, tx, user, code)
		if ok {
			return TOTP, err
		}
		return "", err
	case codeLen:
		ok, err := s.takeRecovery(ctx, tx, user, code)
		if ok {
			return Recovery, err
		}
		return "", err
	}
	return "", nil
}
