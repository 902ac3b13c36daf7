package auth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// How long a sign-in waits for its second step, and a passkey's challenge for its answer.
const (
	stepHolds     = 10 * time.Minute
	ceremonyHolds = 5 * time.Minute
)

// What a challenge is for.
const (
	forSecondStep  = "second-step"
	forPasskeyIn   = "passkey-sign-in"
	forPasskeyStep = "passkey-second-step"
	forPasskeyNew  = "passkey-add"
	forPasskeyNow  = "passkey-prove"
)

// waiting is what a sign-in remembers that waits for its second step.
type waiting struct {
	Via string `json:"via,omitempty"` // the agency whose provider was the first
}

// via is which provider was the first step of a sign-in that waits; "" is the password.
func (c challenge) via() string {
	var w waiting
	_ = json.Unmarshal([]byte(c.Data), &w) // empty, where it was the password
	return w.Via
}

// Step is a sign-in that waits for its second step. It is no session: all it can become is one. Challenge is an
// opaque token, bound to the tenant; only its hash is kept.
type Step struct {
	Challenge string
	Methods   []Method // what the person has, the best first
	Via       string   // the agency whose provider was the first step; "" was the password
	ExpiresAt time.Time
}

// StepOf gives the step that a fault "mfa_required" stands for.
func StepOf(err error) (Step, bool) {
	var s *stepError
	if !errors.As(err, &s) {
		return Step{}, false
	}
	return s.step, true
}

// stepError carries a step in a fault. Its text has no token: errors are logged.
type stepError struct{ step Step }

func (*stepError) Error() string { return "auth: the sign-in waits for its second step" }

func (s *Step) fault(t *tenant.Tenant) error {
	return fault.Wrap(&stepError{*s}, fault.Unauthenticated, "mfa_required").
		With("challenge", s.Challenge).With("methods", s.Methods).With("expires_at", s.ExpiresAt.In(t.Loc).Format(time.RFC3339))
}

// wait stores that a person's sign-in waits; via is as in Step.
func (s *Service) wait(ctx context.Context, tx *store.Tx, user id.ID, kind Kind, via string, f Factors) (*Step, error) {
	row := &challenge{Purpose: forSecondStep, UserID: user, Kind: kind}
	if via != "" {
		data, err := json.Marshal(waiting{via})
		if err != nil {
			return nil, err
		}
		row.Data = string(data)
	}
	token, err := putChallenge(ctx, tx, row, stepHolds)
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: token, Methods: f.methods(), Via: via, ExpiresAt: tx.Now().Add(stepHolds)}, nil
}

// putChallenge stores what waits and gives the token that goes on with it. What has expired goes on this occasion,
// so that somebody who only ever begins fills nothing.
func putChallenge(ctx context.Context, tx *store.Tx, row *challenge, holds time.Duration) (token string, err error) {
	if _, err := store.Delete[challenge](ctx, tx, "expires_at <= ?", tx.Now()); err != nil {
		return "", err
	}
	row.ID, row.CreatedAt, row.ExpiresAt = id.New(), tx.Now(), tx.Now().Add(holds)
	token, row.TokenHash = newToken()
	return token, store.Insert(ctx, tx, row)
}

// findChallenge reads what waits under a token. The fault is "auth.step" (401).
func findChallenge(ctx context.Context, tx *store.Tx, token, purpose string) (challenge, error) {
	if len(token) != tokenLen {
		return challenge{}, stepEnded()
	}
	rows, err := store.Select[challenge](tx).Where("token_hash = ? and purpose = ? and expires_at > ?", tokenHash(token), purpose, tx.Now()).All(ctx)
	if err == nil && len(rows) == 0 {
		err = stepEnded()
	}
	if err != nil {
		return challenge{}, err
	}
	return rows[0], nil
}

// useChallenge takes what waits, once for all processes. The fault is "auth.step".
func useChallenge(ctx context.Context, tx *store.Tx, row challenge) error {
	n, err := store.Delete[challenge](ctx, tx, "id = ?", row.ID)
	if err == nil && n == 0 {
		err = stepEnded()
	}
	return err
}

func stepEnded() error { return fault.New(fault.Unauthenticated, "auth.step") }

// active reads the account of somebody who may sign in. The fault is "auth.step": who was retired or suspended
// since the first step begins again, and is refused there.
func active(ctx context.Context, tx *store.Tx, user id.ID) (*account, error) {
	found, err := store.Select[account](tx).Where("id = ? and not retired and not suspended", user).All(ctx)
	if err == nil && len(found) == 0 {
		err = stepEnded()
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// held is active for whoever goes on to change what somebody signs in with, or begins a session: it locks the account,
// so that of a sign-in and another password, a suspension or a new factor one waits for the other. It comes before
// whatever else the transaction locks of the person's.
func held(ctx context.Context, tx *store.Tx, user id.ID) (*account, error) {
	if err := store.Lock[account](ctx, tx, user); err != nil {
		return nil, err
	}
	return active(ctx, tx, user)
}

// heldByEmail is held for the command line, where somebody who is suspended is helped too. The fault is "not_found".
func heldByEmail(ctx context.Context, tx *store.Tx, email string) (account, error) {
	found, err := tenant.UserByEmail(ctx, tx, email)
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return account{}, err
	}
	return heldAnyhow(ctx, tx, found.ID)
}

// heldAnyhow is held, also of somebody who is suspended. The fault is "not_found".
func heldAnyhow(ctx context.Context, tx *store.Tx, user id.ID) (account, error) {
	if err := store.Lock[account](ctx, tx, user); err != nil {
		return account{}, err
	}
	return store.Select[account](tx).Where("id = ? and not retired", user).One(ctx)
}

// Waiting tells what a sign-in that waits may go on with. The fault is "auth.step" (401).
func (s *Service) Waiting(ctx context.Context, t *tenant.Tenant, token string) (out Step, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := findChallenge(ctx, tx, token, forSecondStep)
		if err != nil {
			return err
		}
		f, err := factorsOf(ctx, tx, row.UserID)
		out = Step{Challenge: token, Methods: f.methods(), Via: row.via(), ExpiresAt: row.ExpiresAt}
		return err
	})
	return out, err
}

// Verify is the second step by a code: of the app, or a recovery code. Guesses are slowed as passwords are, and a
// wrong one leaves the step waiting. Faults: "invalid" (422: no code), "auth.code" (401), "auth.step" (401: begin
// again), "auth.slow" (429).
func (s *Service) Verify(ctx context.Context, t *tenant.Tenant, token, code string, kind Kind, from From) (out Session, err error) {
	if code == "" {
		return Session{}, fault.New(fault.Invalid, "invalid").Field("code", "required")
	}
	var user id.ID
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := findChallenge(ctx, tx, token, forSecondStep)
		if err == nil && row.Kind != kind { // a program's step gives no cookie, nor a page's a bearer token
			err = stepEnded()
		}
		user = row.UserID
		return err
	})
	if err != nil {
		return Session{}, err
	}
	wrongCode := false
	err = s.counted(ctx, t, codeGuess(user, from), func(ctx context.Context, tx *store.Tx, who attempt) error {
		wrongCode, out = false, Session{}
		row, err := findChallenge(ctx, tx, token, forSecondStep)
		if err != nil {
			return err
		}
		person, err := held(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		by, err := s.takeCode(ctx, tx, person.ID, code)
		if err != nil {
			return err
		}
		if wrongCode = by == ""; wrongCode {
			return s.wrongCode(ctx, tx, person.ID, kind, who)
		}
		if err := useChallenge(ctx, tx, row); err != nil {
			return err
		}
		if err := s.forgive(ctx, tx, who, tx.Now()); err != nil {
			return err
		}
		out, err = s.start(ctx, tx, t, person, kind, how{by, row.via(), tx.Now()}, from)
		return err
	})
	if err == nil && wrongCode {
		err = fault.New(fault.Unauthenticated, "auth.code")
	}
	if err != nil {
		return Session{}, err
	}
	return out, nil
}

// proofData is by what somebody tried to show who they are; "" is what they typed.
type proofData struct {
	OK bool   `json:"ok"`
	By Method `json:"by,omitempty"`
}

// auditNoProof records that somebody who is signed in did not know what its owner knows: perhaps another person at
// their desk.
func auditNoProof(tx *store.Tx, a *authz.Actor) {
	tx.Audit(store.Record{Actor: a.String(), Action: "auth:session:prove", Target: "user:" + a.UserID.String(), Data: proofData{OK: false}})
}

// Prove lets somebody who is signed in show again who they are, before they do what is sensitive: by a code if
// they have a second factor, else by their password. The session goes on under a new token. Faults: "invalid"
// (422), "auth.slow", "auth.busy".
func (s *Service) Prove(ctx context.Context, t *tenant.Tenant, a *authz.Actor, secret string, from From) (Session, error) {
	if secret == "" {
		return Session{}, fault.New(fault.Invalid, "invalid").Field("secret", "required")
	}
	f, err := s.FactorsOf(ctx, t, a.UserID)
	if err != nil {
		return Session{}, err
	}
	if f.Any() {
		return s.proveByCode(ctx, t, a, secret, from)
	}
	_, who, at, err := s.ownPassword(ctx, t, a, secret, "secret", from)
	if err != nil {
		return Session{}, err
	}
	var out Session
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := s.forgive(ctx, tx, who, at); err != nil {
			return err
		}
		out, err = s.proved(ctx, tx, t, a, "")
		return err
	})
	return out, err
}

// proved records that somebody has shown again who they are, and gives their session its new token.
func (s *Service) proved(ctx context.Context, tx *store.Tx, t *tenant.Tenant, a *authz.Actor, by Method) (Session, error) {
	tx.Audit(store.Record{Actor: a.String(), Action: "auth:session:prove", Target: "user:" + a.UserID.String(), Data: proofData{OK: true, By: by}})
	return s.rotate(ctx, tx, t, a, by)
}

func (s *Service) proveByCode(ctx context.Context, t *tenant.Tenant, a *authz.Actor, code string, from From) (out Session, err error) {
	wrongCode := false
	err = s.counted(ctx, t, codeGuess(a.UserID, from), func(ctx context.Context, tx *store.Tx, who attempt) error {
		by, err := s.takeCode(ctx, tx, a.UserID, code)
		if err != nil {
			return err
		}
		if wrongCode = by == ""; wrongCode {
			auditNoProof(tx, a)
			return nil
		}
		if err := s.forgive(ctx, tx, who, tx.Now()); err != nil {
			return err
		}
		out, err = s.proved(ctx, tx, t, a, by)
		return err
	})
	if err == nil && wrongCode {
		err = fault.New(fault.Invalid, "invalid").Field("secret", "code")
	}
	return out, err
}

// ownPassword checks the password of somebody who is signed in, and tells what it was compared with, and how and when
// the guess was counted.
func (s *Service) ownPassword(ctx context.Context, t *tenant.Tenant, a *authz.Actor, password, field string, from From) (stored string, who attempt, at time.Time, err error) {
	user, who, at, err := s.begin(ctx, t, a.Email, from)
	if err != nil {
		return "", who, at, err
	}
	if len(password) > MaxPassword {
		password = ""
	}
	right, err := s.verify(ctx, t, user, password)
	if err == nil && !right {
		err = s.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error {
			auditNoProof(tx, a)
			return nil
		})
		if err == nil {
			err = wrongOwn(field)
		}
	}
	if err != nil {
		return "", who, at, err
	}
	return user.PasswordHash, who, at, nil
}

func wrongOwn(field string) error {
	return fault.New(fault.Invalid, "invalid").Field(field, "password")
}

// checkNew tells what is wrong with a password that somebody chooses: the fault "invalid" (422) with the field new.
func checkNew(t *tenant.Tenant, a *authz.Actor, replacement, current string) error {
	invalid := fault.New(fault.Invalid, "invalid")
	switch {
	case replacement == "":
		return invalid.Field("new", "required")
	case len([]rune(replacement)) < MinPassword:
		return invalid.Field("new", "short", MinPassword)
	case len(replacement) > MaxPassword:
		return invalid.Field("new", "long")
	case replacement == current, seal.Email(replacement) == a.Email:
		return invalid.Field("new", "same")
	case Strength(t, a, replacement) < MinStrength:
		return invalid.Field("new", "weak")
	}
	return nil
}

// ChangePassword gives somebody who is signed in another password, and ends their other sessions. The session goes
// on under a new token. Faults: "invalid" (422) with the fields current and new, "auth.slow", "auth.busy".
func (s *Service) ChangePassword(ctx context.Context, t *tenant.Tenant, a *authz.Actor, current, replacement string, from From) (out Session, err error) {
	invalid := fault.New(fault.Invalid, "invalid")
	if current == "" {
		invalid = invalid.Field("current", "required")
	}
	if err := checkNew(t, a, replacement, current); err != nil {
		invalid.Fields = append(invalid.Fields, fault.Of(err).Fields...)
	}
	if len(invalid.Fields) > 0 {
		return Session{}, invalid
	}
	was, who, at, err := s.ownPassword(ctx, t, a, current, "current", from)
	if err != nil {
		return Session{}, err
	}
	stored, err := Hash(ctx, t.ID, replacement)
	if err != nil {
		return Session{}, err
	}
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := s.forgive(ctx, tx, who, at); err != nil {
			return err
		}
		person, err := held(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		if person.PasswordHash != was { // another one was set since it was checked
			return wrongOwn("current")
		}
		if err := s.storePassword(ctx, tx, t.ID, *person, stored, a.String()); err != nil {
			return err
		}
		if err := dropOpen(ctx, tx, a.UserID); err != nil {
			return err
		}
		if _, err := store.Delete[session](ctx, tx, "user_id = ? and id <> ?", a.UserID, a.SessionID); err != nil {
			return err
		}
		if _, err := store.Delete[challenge](ctx, tx, "user_id = ?", a.UserID); err != nil {
			return err
		}
		if err := s.opt.Notices.Notice(ctx, tx, a.UserID, NoticePassword, nil); err != nil {
			return err
		}
		out, err = s.rotate(ctx, tx, t, a, "")
		return err
	})
	s.Forget(t.ID, a.UserID)
	return out, err
}
