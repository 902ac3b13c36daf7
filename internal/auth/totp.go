package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

const (
	period = 30 // seconds that a code lasts (RFC 6238); a neighbour's is taken too, for clocks that differ
	drift  = 1
	digits = 6
	// setUp is how long the same secret is shown to somebody who is setting up their app.
	setUp = 15 * time.Minute
)

// Enrolment is an app that is being set up: what it is told.
type Enrolment struct {
	Secret string // base32, to type
	URL    string // otpauth://totp/..., to scan
}

// StartTOTP gives the secret for a person's new app. What they had stays in force until ConfirmTOTP. Asked again
// within a while, it gives the same, so that a page that is loaded again fits what was scanned; but to this session
// alone: whoever else is signed in as this person, with a password that they should not have, reads another secret.
func (s *Service) StartTOTP(ctx context.Context, t *tenant.Tenant, a *authz.Actor) (Enrolment, error) {
	var secret string
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		open, err := openTOTP(ctx, tx, a)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			// Only the old one: another page of this moment may have put its own there by now.
			if _, err := store.Delete[totpRow](ctx, tx, "user_id = ? and session_id = ? and created_at <= ?", a.UserID, a.SessionID, tx.Now().Add(-setUp)); err != nil {
				return err
			}
			key, err := totp.Generate(totp.GenerateOpts{Issuer: "MPP " + t.Name, AccountName: a.Email, SecretSize: 20})
			if err != nil {
				return err
			}
			// The page may be asked for twice at once: the first one's secret is what both show.
			if err := putTOTP(ctx, tx, a.UserID, a.SessionID, key.Secret()); err != nil {
				return err
			}
			if open, err = openTOTP(ctx, tx, a); err != nil {
				return err
			}
			if len(open) == 0 {
				return enrolmentEnded()
			}
		}
		secret, err = open[0].open(ctx, tx)
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: secret, URL: keyURL(t, a.Email, secret)}, nil
}

// openTOTP is the app that the actor is setting up in their session, if that began a short while ago.
func openTOTP(ctx context.Context, tx *store.Tx, a *authz.Actor) ([]totpRow, error) {
	return store.Select[totpRow](tx).Where("user_id = ? and session_id = ? and not confirmed and created_at > ?",
		a.UserID, a.SessionID, tx.Now().Add(-setUp)).All(ctx)
}

// dropOpen deletes the apps that a person is setting up, in all their sessions.
func dropOpen(ctx context.Context, tx *store.Tx, user id.ID) error {
	_, err := store.Delete[totpRow](ctx, tx, "user_id = ? and not confirmed", user)
	return err
}

func enrolmentEnded() error { return fault.New(fault.Conflict, "auth.enrolment") }

// keyURL is what an app scans. The issuer is the region's mall, so that who serves two regions tells them apart.
func keyURL(t *tenant.Tenant, email, secret string) string {
	escape := strings.NewReplacer("%", "%25", " ", "%20", ":", "%3A", "?", "%3F", "&", "%26", "#", "%23", "/", "%2F").Replace
	issuer := escape("MPP " + t.Name)
	return "otpauth://totp/" + issuer + ":" + escape(email) + "?secret=" + secret + "&issuer=" + issuer
}

// putTOTP stores an app's secret, unless there is one already: for the session that sets it up, or for none, in force.
func putTOTP(ctx context.Context, tx *store.Tx, user, session id.ID, secret string) error {
	row := &totpRow{ID: id.New(), UserID: user, Confirmed: session.IsZero(), SessionID: session, CreatedAt: tx.Now()}
	var err error
	if row.Secret, err = sealed(ctx, tx, totpSecret, row.ID, secret); err != nil {
		return err
	}
	_, err = store.InsertNew(ctx, tx, row)
	return err
}

// GiveTOTP gives a person an app with a known secret, for demos and tests. Who has one keeps it.
func GiveTOTP(ctx context.Context, tx *store.Tx, user id.ID, secret string) error {
	return putTOTP(ctx, tx, user, id.ID{}, secret)
}

// ConfirmTOTP puts the app in force, by a code that it made. The session goes on under a new token. Somebody who
// had no second factor before gets recovery codes, shown this once, and their other sessions end: those began
// without one. Faults: "invalid" (422, with the field code), "auth.slow", "auth.enrolment" (409: begin again).
func (s *Service) ConfirmTOTP(ctx context.Context, t *tenant.Tenant, a *authz.Actor, code string, from From) (out Session, codes []string, err error) {
	wrongCode := false
	err = s.counted(ctx, t, codeGuess(a.UserID, from), func(ctx context.Context, tx *store.Tx, who attempt) error {
		wrongCode, codes = false, nil
		if _, err := held(ctx, tx, a.UserID); err != nil {
			return err
		}
		open, err := openTOTP(ctx, tx, a)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return enrolmentEnded()
		}
		step, err := matches(ctx, tx, open[0], code)
		if err != nil {
			return err
		}
		if wrongCode = step == 0; wrongCode {
			return nil
		}
		had, err := factorsOf(ctx, tx, a.UserID)
		if err != nil {
			return err
		}
		if _, err := store.Delete[totpRow](ctx, tx, "user_id = ? and confirmed", a.UserID); err != nil {
			return err
		}
		n, err := store.Update[totpRow](tx).Set("confirmed = ?, session_id = null, step = ?", true, step).
			Where("id = ? and not confirmed", open[0].ID).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 { // somebody pressed twice, and the other press was first
			return enrolmentEnded()
		}
		if err := s.forgive(ctx, tx, who, tx.Now()); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:totp:create", Target: "user:" + a.UserID.String()})
		if err := s.opt.Notices.Notice(ctx, tx, a.UserID, NoticeTOTPAdded, nil); err != nil {
			return err
		}
		codes, out, err = s.enrolled(ctx, tx, t, a, TOTP, had)
		return err
	})
	if err == nil && wrongCode {
		err = fault.New(fault.Invalid, "invalid").Field("code", "code")
	}
	if err == nil {
		s.Forget(t.ID, a.UserID)
	}
	return out, codes, err
}

// enrolled is what follows a person's new factor: recovery codes with the first, an end to the sessions that began
// without it and to what was being set up in any of them, and a new token for this one.
func (s *Service) enrolled(ctx context.Context, tx *store.Tx, t *tenant.Tenant, a *authz.Actor, by Method, had Factors) (codes []string, out Session, err error) {
	if err := dropOpen(ctx, tx, a.UserID); err != nil {
		return nil, out, err
	}
	if !had.Any() {
		if codes, err = newCodes(ctx, tx, a.UserID); err != nil {
			return nil, out, err
		}
		if _, err := store.Delete[session](ctx, tx, "user_id = ? and id <> ?", a.UserID, a.SessionID); err != nil {
			return nil, out, err
		}
	}
	out, err = s.rotate(ctx, tx, t, a, by)
	return codes, out, err
}

// RemoveTOTP takes the app away. The fault is "auth.last_factor" (409) for somebody who must have one.
func (s *Service) RemoveTOTP(ctx context.Context, t *tenant.Tenant, a *authz.Actor) error {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := s.mayLose(ctx, tx, t, a.UserID, func(f *Factors) { f.TOTP = false }); err != nil {
			return err
		}
		n, err := store.Delete[totpRow](ctx, tx, "user_id = ?", a.UserID)
		if err != nil || n == 0 {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: "auth:totp:delete", Target: "user:" + a.UserID.String()})
		return s.opt.Notices.Notice(ctx, tx, a.UserID, NoticeTOTPRemoved, nil)
	})
	s.Forget(t.ID, a.UserID)
	return err
}

func (r totpRow) open(ctx context.Context, tx *store.Tx) (string, error) {
	return shown(ctx, tx, totpSecret, r.ID, r.Secret)
}

// takeTOTP takes a person's code, once and for all processes.
func takeTOTP(ctx context.Context, tx *store.Tx, user id.ID, code string) (bool, error) {
	rows, err := store.Select[totpRow](tx).Where("user_id = ? and confirmed", user).All(ctx)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	step, err := matches(ctx, tx, rows[0], code)
	if err != nil || step == 0 {
		return false, err
	}
	// Whoever comes second with the same code, in whichever process, changes no row.
	n, err := store.Update[totpRow](tx).Set("step = ?", step).Where("id = ? and step < ?", rows[0].ID, step).Exec(ctx)
	return n == 1, err
}

// matches gives the step whose code this is, if it comes after the last one that was taken; else 0.
func matches(ctx context.Context, tx *store.Tx, row totpRow, code string) (int64, error) {
	secret, err := row.open(ctx, tx)
	if err != nil {
		return 0, err
	}
	now := tx.Now().Unix() / period
	for step := now - drift; step <= now+drift; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return 0, err
		}
		if ok && step > row.Step {
			return step, nil
		}
	}
	return 0, nil
}
