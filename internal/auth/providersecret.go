package auth

import (
	"context"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

const maxSecret = 1000

// SecretState is how a provider's secret stands.
type SecretState string

// The states of a secret.
const (
	SecretNone  SecretState = "none"
	SecretGiven SecretState = "given"
	SecretStale SecretState = "stale" // given for another issuer or client than the manifest names now
)

// secretOf reads an agency's row; nil: there is none.
func secretOf(ctx context.Context, tx *store.Tx, agency string) (*providerRow, error) {
	rows, err := store.Select[providerRow](tx).Where("agency = ?", agency).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// SetProviderSecret keeps the secret with which an agency's provider knows us, sealed, for the issuer and the client
// that the manifest names now: it never goes to another. "" takes it away. The fault is "invalid" (422) for what cannot
// be a secret.
func SetProviderSecret(ctx context.Context, db *store.DB, t tenant.ID, agency string, declared tenants.SignIn, secret, actor string) error {
	secret = strings.TrimRight(secret, "\r\n")
	if len(secret) > maxSecret || strings.ContainsFunc(secret, func(r rune) bool { return r < 0x20 || r > 0x7e }) { // RFC 6749, appendix A.2
		return fault.New(fault.Invalid, "invalid").Field("secret", "wrong")
	}
	return db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		had, err := store.Delete[providerRow](ctx, tx, "agency = ?", agency)
		if err != nil {
			return err
		}
		if secret == "" {
			if had > 0 {
				tx.Audit(store.Record{Actor: actor, Action: "auth:provider:secret", Target: "provider:" + agency, Before: secretState{SecretGiven}, After: secretState{SecretNone}})
			}
			return nil
		}
		row := &providerRow{ID: id.New(), Agency: agency, Issuer: declared.Issuer, ClientID: declared.ClientID, CreatedAt: tx.Now()}
		if row.Secret, err = sealed(ctx, tx, providerSecret, row.ID, secret); err != nil {
			return err
		}
		before := SecretNone
		if had > 0 {
			before = SecretGiven
		}
		tx.Audit(store.Record{Actor: actor, Action: "auth:provider:secret", Target: "provider:" + agency, Before: secretState{before}, After: secretState{SecretGiven}})
		return store.Insert(ctx, tx, row)
	})
}

type secretState struct {
	Secret SecretState `json:"client_secret"`
}

// ProviderSecret tells how the secret for an agency's provider stands.
func ProviderSecret(ctx context.Context, db *store.DB, t tenant.ID, agency string, declared tenants.SignIn) (state SecretState, err error) {
	err = db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		row, err := secretOf(ctx, tx, agency)
		switch {
		case err != nil:
			return err
		case row == nil:
			state = SecretNone
		case row.Issuer != declared.Issuer || row.ClientID != declared.ClientID:
			state = SecretStale
		default:
			state = SecretGiven
		}
		return nil
	})
	return state, err
}

// Loosen takes away what binds another person to accounts at agencies' providers: the next sign-in by one binds them
// anew. What they began by a provider ends. Faults: "not_found", "auth.self".
func (s *Service) Loosen(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, _ affair) error {
		_, err := s.loosen(ctx, tx, by.String(), user)
		return err
	})
}

// LoosenOf is Loosen from the command line; changed is false for somebody who was not bound. The fault is "not_found".
func (s *Service) LoosenOf(ctx context.Context, t tenant.ID, email, actor string) (changed bool, err error) {
	var user id.ID
	err = s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		row, err := heldByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		user = row.ID
		changed, err = s.loosen(ctx, tx, actor, user)
		return err
	})
	s.Forget(t, user)
	return changed, err
}

func (s *Service) loosen(ctx context.Context, tx *store.Tx, actor string, user id.ID) (changed bool, err error) {
	n, err := store.Delete[identity](ctx, tx, "user_id = ?", user)
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := store.Delete[session](ctx, tx, "user_id = ? and via <> ''", user); err != nil {
		return false, err
	}
	if _, err := store.Delete[challenge](ctx, tx, "user_id = ?", user); err != nil {
		return false, err
	}
	tx.Audit(store.Record{Actor: actor, Action: "auth:identity:delete", Target: "user:" + user.String()})
	return true, s.opt.Notices.Notice(ctx, tx, user, NoticeIdentityRemoved, map[string]string{"by": actor})
}

// providers asks agencies' identity providers; it is *idp.Client.
type providers interface {
	Begin(context.Context, idp.Registration, idp.Attempt) (string, error)
	Finish(context.Context, idp.Registration, idp.Attempt, idp.Answer) (idp.Person, error)
}

// sameText leaves a text as it is: subjects are compared sign by sign (OpenID Connect Core 1.0, section 2).
func sameText(s string) string { return s }

// The sealed fields of this file's tables.
var (
	providerSecret  = seal.Declare[providerRow]("secret")
	identitySubject = seal.Declare[identity]("subject", seal.Indexed("subject_index", sameText))
)
