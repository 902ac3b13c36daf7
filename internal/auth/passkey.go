package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// maxKeys bounds a person's passkeys, and maxKeyName what one is called.
const (
	maxKeys    = 10
	maxKeyName = 60
)

// Site is a tenant's site as browsers reach it. A passkey belongs to its host: each region's is another.
type Site struct {
	Origin string // "https://bangka.pendopo.id", with the port where there is one
	Name   string
}

// party is the site as the library knows it.
func (s Site) party() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(s.Origin)
	if err != nil {
		return nil, fmt.Errorf("auth: the site's origin: %w", err)
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: s.Name, RPOrigins: []string{s.Origin}})
}

// owner is a person with their keys, as the library asks for them. The handle is the row's identifier, which says
// nothing about the person.
type owner struct {
	user        *account
	name, email string
	keys        []passkeyRow
}

func (o owner) WebAuthnID() []byte          { return o.user.ID[:] }
func (o owner) WebAuthnName() string        { return o.email }
func (o owner) WebAuthnDisplayName() string { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, len(o.keys))
	for i, k := range o.keys {
		out[i] = webauthn.Credential{
			ID: k.CredentialID, PublicKey: k.PublicKey, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: uint32(k.SignCount)},
		}
		for _, t := range strings.FieldsFunc(k.Transports, func(r rune) bool { return r == ',' }) {
			out[i].Transport = append(out[i].Transport, protocol.AuthenticatorTransport(t))
		}
	}
	return out
}

func ownerOf(ctx context.Context, tx *store.Tx, user *account) (owner, error) {
	o := owner{user: user}
	var err error
	if o.name, o.email, err = user.open(ctx, tx); err != nil {
		return o, err
	}
	o.keys, err = store.Select[passkeyRow](tx).Where("user_id = ?", user.ID).Order("created_at", "id").All(ctx)
	return o, err
}

// Ceremony is a passkey's challenge. Token goes into a cookie of the browser that asked, and comes back with the
// answer: it is taken once, there and nowhere else, and only for what it was made for.
type Ceremony struct {
	Options any // for the browser, as JSON
	Token   string
}

// ceremony stores what the answer is checked against.
func (s *Service) ceremony(ctx context.Context, tx *store.Tx, row *challenge, data *webauthn.SessionData, options any) (Ceremony, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return Ceremony{}, err
	}
	row.Data = string(text)
	token, err := putChallenge(ctx, tx, row, ceremonyHolds)
	return Ceremony{Options: options, Token: token}, err
}

// answered takes a challenge, whatever the answer is worth: a second try gets another one.
func (s *Service) answered(ctx context.Context, t *tenant.Tenant, token, purpose string) (row challenge, data webauthn.SessionData, err error) {
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if row, err = findChallenge(ctx, tx, token, purpose); err != nil {
			return err
		}
		return useChallenge(ctx, tx, row)
	})
	if err == nil {
		err = json.Unmarshal([]byte(row.Data), &data)
	}
	return row, data, err
}

var errNoKey = errors.New("auth: no such key here")

// badKey is an answer that does not fit. The library's reason is logged, not shown.
func (s *Service) badKey(t *tenant.Tenant, err error) error {
	s.opt.Log.Info("passkey refused", slog.String("tenant", t.Code), slog.String("error", err.Error()))
	return fault.Wrap(err, fault.Unauthenticated, "auth.passkey")
}

func noKeyByProvider() error { return fault.New(fault.Conflict, "auth.provider.no_key") }

// BeginPasskey starts the registration of a passkey for somebody who is signed in. The device must check who holds
// it (a fingerprint, a PIN) and keep the key by itself, so that the key can be all that a sign-in needs. Faults:
// "auth.keys" (409: they have ten), "auth.provider.no_key" (409: the session began at an agency's provider, and a key
// would go on opening the account when the provider does not any more, or may not).
func (s *Service) BeginPasskey(ctx context.Context, t *tenant.Tenant, a *authz.Actor, site Site) (out Ceremony, err error) {
	if a.Via != "" {
		return out, noKeyByProvider()
	}
	party, err := site.party()
	if err != nil {
		return out, err
	}
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		user, err := active(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		o, err := ownerOf(ctx, tx, user)
		if err != nil {
			return err
		}
		if len(o.keys) >= maxKeys {
			return tooManyKeys()
		}
		var known []protocol.CredentialDescriptor
		for _, c := range o.WebAuthnCredentials() {
			known = append(known, c.Descriptor())
		}
		options, data, err := party.BeginRegistration(o,
			webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
				ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
				UserVerification: protocol.VerificationRequired,
			}),
			webauthn.WithConveyancePreference(protocol.PreferNoAttestation), webauthn.WithExclusions(known))
		if err != nil {
			return err
		}
		out, err = s.ceremony(ctx, tx, &challenge{Purpose: forPasskeyNew, UserID: a.UserID, SessionID: a.SessionID}, data, options)
		return err
	})
	return out, err
}

// AddPasskey ends the registration with the browser's answer. Like ConfirmTOTP it gives the session a new token,
// and with the first factor recovery codes. Faults: "auth.step", "auth.passkey" (401), "auth.keys" (409), "invalid"
// (422: no name).
func (s *Service) AddPasskey(ctx context.Context, t *tenant.Tenant, a *authz.Actor, site Site, token, name string, answer []byte) (out Session, codes []string, err error) {
	if a.Via != "" {
		return out, nil, noKeyByProvider()
	}
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return out, nil, fault.New(fault.Invalid, "invalid").Field("name", "required")
	case len([]rune(name)) > maxKeyName:
		return out, nil, fault.New(fault.Invalid, "invalid").Field("name", "long")
	}
	party, err := site.party()
	if err != nil {
		return out, nil, err
	}
	row, data, err := s.answered(ctx, t, token, forPasskeyNew)
	if err != nil {
		return out, nil, err
	}
	if row.SessionID != a.SessionID { // somebody else signed in, in the same browser
		return out, nil, stepEnded()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return out, nil, s.badKey(t, err)
	}
	key, err := party.CreateCredential(owner{user: &account{ID: a.UserID}, name: a.Name, email: a.Email}, data, parsed)
	if err != nil {
		return out, nil, s.badKey(t, err)
	}
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if _, err := held(ctx, tx, a.UserID); err != nil {
			return err
		}
		had, err := factorsOf(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		if had.Passkeys >= maxKeys { // again: several may have begun when there was room for one
			return tooManyKeys()
		}
		var transports []string
		for _, t := range key.Transport {
			transports = append(transports, string(t))
		}
		row := id.New()
		box, err := sealed(ctx, tx, passkeyName, row, name)
		if err != nil {
			return err
		}
		err = store.Insert(ctx, tx, &passkeyRow{
			ID: row, UserID: a.UserID, CredentialID: key.ID, PublicKey: key.PublicKey, SignCount: int64(key.Authenticator.SignCount),
			Flags: int(key.Flags.ProtocolValue()), Transports: strings.Join(transports, ","), Name: box, CreatedAt: tx.Now(),
		})
		if err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:passkey:create", Target: "user:" + a.UserID.String()})
		if err := s.opt.Notices.Notice(ctx, tx, a.UserID, NoticePasskeyAdded, map[string]string{"name": name}); err != nil {
			return err
		}
		codes, out, err = s.enrolled(ctx, tx, t, a, Passkey, had)
		return err
	})
	s.Forget(t.ID, a.UserID)
	return out, codes, err
}

func tooManyKeys() error { return fault.New(fault.Conflict, "auth.keys", maxKeys) }

// Keys are a person's passkeys, the oldest first.
func (s *Service) Keys(ctx context.Context, t *tenant.Tenant, user id.ID) (out []Key, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		rows, err := store.Select[passkeyRow](tx).Where("user_id = ?", user).Order("created_at", "id").All(ctx)
		if err != nil {
			return err
		}
		for _, k := range rows {
			name, err := shown(ctx, tx, passkeyName, k.ID, k.Name)
			if err != nil {
				return err
			}
			out = append(out, Key{k.ID, name, k.Cloned, k.CreatedAt, k.UsedAt})
		}
		return nil
	})
	return out, err
}

// RemovePasskey takes one of the actor's passkeys away. Faults: "not_found", "auth.last_factor".
func (s *Service) RemovePasskey(ctx context.Context, t *tenant.Tenant, a *authz.Actor, key id.ID) error {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.Select[passkeyRow](tx).Where("id = ? and user_id = ?", key, a.UserID).One(ctx)
		if err != nil {
			return err
		}
		if err := s.mayLose(ctx, tx, t, a.UserID, func(f *Factors) { f.Passkeys-- }); err != nil {
			return err
		}
		name, err := shown(ctx, tx, passkeyName, key, row.Name)
		if err != nil {
			return err
		}
		if _, err := store.Delete[passkeyRow](ctx, tx, "id = ?", key); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:passkey:delete", Target: "user:" + a.UserID.String()})
		return s.opt.Notices.Notice(ctx, tx, a.UserID, NoticePasskeyRemoved, map[string]string{"name": name})
	})
	s.Forget(t.ID, a.UserID)
	return err
}

// BeginPasskeySignIn starts a sign-in by passkey alone: nobody has said yet who they are, and the device must check
// who holds it.
func (s *Service) BeginPasskeySignIn(ctx context.Context, t *tenant.Tenant, site Site) (out Ceremony, err error) {
	party, err := site.party()
	if err != nil {
		return out, err
	}
	options, data, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return out, err
	}
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out, err = s.ceremony(ctx, tx, &challenge{Purpose: forPasskeyIn, Kind: Cookie}, data, options)
		return err
	})
	return out, err
}

// PasskeySignIn ends a sign-in by passkey alone. Faults: "auth.step", "auth.passkey" (401).
func (s *Service) PasskeySignIn(ctx context.Context, t *tenant.Tenant, site Site, token string, answer []byte, from From) (Session, error) {
	_, data, err := s.answered(ctx, t, token, forPasskeyIn)
	if err != nil {
		return Session{}, err
	}
	return s.passkey(ctx, t, site, data, answer, id.ID{}, "public", func(ctx context.Context, tx *store.Tx, user *account) (Session, error) {
		return s.start(ctx, tx, t, user, Cookie, how{by: Passkey, proved: tx.Now()}, from)
	})
}

// BeginPasskeyStep starts the second step by passkey of a sign-in that waits. The fault is "auth.step".
func (s *Service) BeginPasskeyStep(ctx context.Context, t *tenant.Tenant, site Site, waiting string) (Ceremony, error) {
	return s.beginKnown(ctx, t, site, func(ctx context.Context, tx *store.Tx) (*challenge, error) {
		row, err := findChallenge(ctx, tx, waiting, forSecondStep)
		return &challenge{Purpose: forPasskeyStep, UserID: row.UserID, Kind: Cookie}, err
	})
}

// PasskeyStep ends it. Faults: "auth.step", "auth.passkey" (401).
func (s *Service) PasskeyStep(ctx context.Context, t *tenant.Tenant, site Site, waiting, token string, answer []byte, from From) (Session, error) {
	row, data, err := s.answered(ctx, t, token, forPasskeyStep)
	if err != nil {
		return Session{}, err
	}
	return s.passkey(ctx, t, site, data, answer, row.UserID, "public", func(ctx context.Context, tx *store.Tx, user *account) (Session, error) {
		step, err := findChallenge(ctx, tx, waiting, forSecondStep)
		if err != nil {
			return Session{}, err
		}
		if step.UserID != user.ID || step.Kind != Cookie {
			return Session{}, stepEnded()
		}
		if err := useChallenge(ctx, tx, step); err != nil {
			return Session{}, err
		}
		return s.start(ctx, tx, t, user, Cookie, how{Passkey, step.via(), tx.Now()}, from)
	})
}

// BeginPasskeyProof starts what Prove does, by passkey.
func (s *Service) BeginPasskeyProof(ctx context.Context, t *tenant.Tenant, a *authz.Actor, site Site) (Ceremony, error) {
	return s.beginKnown(ctx, t, site, func(context.Context, *store.Tx) (*challenge, error) {
		return &challenge{Purpose: forPasskeyNow, UserID: a.UserID, SessionID: a.SessionID}, nil
	})
}

// ProveByPasskey ends it. Faults: "auth.step", "auth.passkey" (401).
func (s *Service) ProveByPasskey(ctx context.Context, t *tenant.Tenant, a *authz.Actor, site Site, token string, answer []byte) (Session, error) {
	row, data, err := s.answered(ctx, t, token, forPasskeyNow)
	if err != nil {
		return Session{}, err
	}
	if row.SessionID != a.SessionID {
		return Session{}, stepEnded()
	}
	return s.passkey(ctx, t, site, data, answer, a.UserID, a.String(), func(ctx context.Context, tx *store.Tx, _ *account) (Session, error) {
		return s.proved(ctx, tx, t, a, Passkey)
	})
}

// beginKnown starts a ceremony of somebody of whom we know who they say they are. The device must check who holds it
// here as well: a key that lies on a desk is no second factor.
func (s *Service) beginKnown(ctx context.Context, t *tenant.Tenant, site Site, who func(context.Context, *store.Tx) (*challenge, error)) (out Ceremony, err error) {
	party, err := site.party()
	if err != nil {
		return out, err
	}
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := who(ctx, tx)
		if err != nil {
			return err
		}
		user, err := active(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		o, err := ownerOf(ctx, tx, user)
		if err != nil {
			return err
		}
		if len(o.keys) == 0 {
			return stepEnded()
		}
		options, data, err := party.BeginLogin(o, webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return err
		}
		out, err = s.ceremony(ctx, tx, row, data, options)
		return err
	})
	return out, err
}

// refusedKey is badKey, recorded of the person whose account somebody tried to enter or to prove theirs; actor is who
// that is in records. Of a key that nobody has here there is nothing to say.
func (s *Service) refusedKey(ctx context.Context, t *tenant.Tenant, actor string, user id.ID, cause error) error {
	refusal := s.badKey(t, cause)
	if user.IsZero() {
		return refusal
	}
	err := s.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: actor, Action: "auth:passkey:verify", Target: "user:" + user.String(), Data: proofData{OK: false, By: Passkey}})
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// passkey checks a browser's answer and goes on with whoever gave it. want is who it must be; the zero value is
// whoever holds the key. actor is who gives it, as records name them.
func (s *Service) passkey(ctx context.Context, t *tenant.Tenant, site Site, data webauthn.SessionData, answer []byte, want id.ID, actor string, on func(context.Context, *store.Tx, *account) (Session, error)) (out Session, err error) {
	party, err := site.party()
	if err != nil {
		return Session{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Session{}, s.refusedKey(ctx, t, actor, want, err)
	}
	var who owner
	var key passkeyRow
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[passkeyRow](tx).Where("credential_id = ?", parsed.RawID).All(ctx)
		if err != nil {
			return err
		}
		if len(rows) == 0 || !want.IsZero() && rows[0].UserID != want {
			return errNoKey
		}
		key = rows[0]
		user, err := active(ctx, tx, key.UserID)
		if err != nil {
			return err
		}
		who, err = ownerOf(ctx, tx, user)
		return err
	})
	if errors.Is(err, errNoKey) {
		err = s.refusedKey(ctx, t, actor, want, err)
	}
	if err != nil {
		return Session{}, err
	}
	var used *webauthn.Credential
	if want.IsZero() {
		_, used, err = party.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return who, nil }, data, parsed)
	} else {
		used, err = party.ValidateLogin(who, data, parsed)
	}
	if err != nil {
		return Session{}, s.refusedKey(ctx, t, actor, key.UserID, err)
	}
	cloned := false
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out = Session{}
		user, err := held(ctx, tx, who.user.ID) // once more: suspended in between is suspended
		if err != nil {
			return err
		}
		// A device counts its uses, or says 0 always. Who comes with a number that was seen holds a copy of the
		// key, and so does the slower of two who come at once with the same one.
		count := int64(used.Authenticator.SignCount)
		cloned = used.Authenticator.CloneWarning
		if !cloned {
			n, err := store.Update[passkeyRow](tx).Set("sign_count = ?, flags = ?, used_at = ?", count, int(used.Flags.ProtocolValue()), tx.Now()).
				Where("id = ? and (sign_count < ? or sign_count = 0 and ? = 0)", key.ID, count, count).Exec(ctx)
			if err != nil {
				return err
			}
			cloned = n == 0
		}
		if cloned { // or removed a moment ago, which nobody need be warned of
			if there, err := store.Select[passkeyRow](tx).Where("id = ?", key.ID).Exists(ctx); err != nil || !there {
				return errors.Join(err, s.badKey(t, errNoKey))
			}
		}
		if cloned {
			if _, err := store.Update[passkeyRow](tx).Set("cloned = ?", true).Where("id = ?", key.ID).Exec(ctx); err != nil {
				return err
			}
			tx.Audit(store.Record{Actor: "public", Action: "auth:passkey:cloned", Target: "user:" + user.ID.String()})
			name, err := shown(ctx, tx, passkeyName, key.ID, key.Name)
			if err != nil {
				return err
			}
			return s.opt.Notices.Notice(ctx, tx, user.ID, NoticePasskeyCloned, map[string]string{"name": name})
		}
		out, err = on(ctx, tx, user)
		return err
	})
	if err == nil && cloned {
		err = fault.New(fault.Unauthenticated, "auth.passkey_cloned")
	}
	if err != nil {
		return Session{}, err
	}
	return out, nil
}
