package auth

import (
	"context"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// Letters with a one-time link, beside the notices: whoever sends them makes the link by MakeLink at that moment.
const (
	LetterInvitation = "auth.invitation"
	LetterReset      = "auth.reset"
)

// How long a link holds, by the letter that carries it.
var linkHolds = map[string]time.Duration{
	LetterInvitation: 7 * 24 * time.Hour, // whoever is invited may be on leave
	LetterReset:      time.Hour,
}

// Asking for a letter is slowed as guessing is, and as little tells who has an account: what is counted is an
// address that was typed, not an account.
var (
	resetAccount = rule{"reset-account", time.Hour, 5}
	resetAddress = rule{"reset-address", 15 * time.Minute, 60}
	resetPair    = rule{"reset-pair", 15 * time.Minute, 3}
	resetTenant  = rule{"reset-tenant", 15 * time.Minute, 500}
)

func resetGuess(email string, from From) guess {
	g := passwordGuess(email, from)
	g.rules, g.device = []rule{resetAddress, resetAccount, resetPair, resetTenant}, rule{}
	return g
}

// Link is what a one-time link opens: a new password for somebody.
type Link struct {
	Letter      string // LetterInvitation or LetterReset
	Name, Email string
	Until       time.Time
}

// RequestReset sends a letter with a link for a new password to whoever has an account by that address. The answer is
// the same where nobody has. Faults: "invalid" (422), "auth.slow" (429).
func (s *Service) RequestReset(ctx context.Context, t *tenant.Tenant, email string, from From) error {
	email = seal.Email(email)
	if email == "" || len(email) > maxEmail || strings.ContainsRune(email, 0) || !strings.Contains(email, "@") {
		return fault.New(fault.Invalid, "invalid").Field("email", "email")
	}
	return s.counted(ctx, t, resetGuess(email, from), func(ctx context.Context, tx *store.Tx, who attempt) error {
		tx.Audit(store.Record{Actor: "public", Action: "auth:reset:request", Target: Account(s.opt.Hasher, t.ID, email)})
		if who.user == nil || who.user.Retired || who.user.Suspended { // nobody who could sign in
			return nil
		}
		// Whom only their agency's provider lets in has no password to forget: whoever reads their mail would get one,
		// past what the agency asks of them. An administrator may send them an invitation.
		if who.user.PasswordHash == "" && who.user.Source == tenant.FromProvider {
			return nil
		}
		return s.opt.Notices.Notice(ctx, tx, who.user.ID, LetterReset, nil)
	})
}

// Invite sends another person an invitation: a link by which they choose a password. Faults: "not_found", "auth.self".
func (s *Service) Invite(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
	return s.administer(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, _ affair) error {
		if err := s.countInvitation(ctx, tx, by, user); err != nil {
			return err
		}
		return s.InviteIn(ctx, tx, user, by.String())
	})
}

// Letters that one person makes us send: to all, more than any mall has people; to one, a few that got lost.
const (
	invitationsBy = 200
	invitationsTo = 5
)

// countInvitation bounds them. The fault is "auth.letters" (429). What a command sends is the operator's.
func (s *Service) countInvitation(ctx context.Context, tx *store.Tx, by *authz.Actor, user id.ID) error {
	if s.opt.LimitsOff || by.System != "" {
		return nil
	}
	if err := takeLetter(ctx, tx, "invitation-by/"+by.UserID.String(), time.Hour, invitationsBy); err != nil {
		return err
	}
	return takeLetter(ctx, tx, "invitation-to/"+user.String(), time.Hour, invitationsTo)
}

func takeLetter(ctx context.Context, tx *store.Tx, key string, window time.Duration, most int) error {
	ok, wait, err := throttle.Take(ctx, tx, key, window, most)
	if err == nil && !ok {
		err = fault.New(fault.TooMany, "auth.letters").Retry(wait)
	}
	return err
}

// InviteIn is Invite within a transaction, such as an apply's; actor is who invites, as records name them.
func (s *Service) InviteIn(ctx context.Context, tx *store.Tx, user id.ID, actor string) error {
	tx.Audit(store.Record{Actor: actor, Action: "auth:invitation:send", Target: "user:" + user.String()})
	return s.opt.Notices.Notice(ctx, tx, user, LetterInvitation, nil)
}

// InviteOf is Invite from the command line. The fault is "not_found".
func (s *Service) InviteOf(ctx context.Context, t tenant.ID, email, actor string) error {
	return s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		user, err := heldByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		return s.InviteIn(ctx, tx, user.ID, actor)
	})
}

// MakeLink makes the token of a letter's link, of which only the hash is kept. A letter that is sent twice has two
// tokens, and either works; a password that is set ends them all. The fault "auth.step" means that there is nobody to
// send it to any more.
func MakeLink(ctx context.Context, tx *store.Tx, user id.ID, letter string) (token string, until time.Time, err error) {
	if _, err := active(ctx, tx, user); err != nil {
		return "", until, err
	}
	if _, err := store.Delete[link](ctx, tx, "expires_at <= ?", tx.Now()); err != nil {
		return "", until, err
	}
	row := &link{ID: id.New(), UserID: user, Letter: letter, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(linkHolds[letter])}
	token, row.TokenHash = newToken()
	return token, row.ExpiresAt, store.Insert(ctx, tx, row)
}

// findLink reads a link. The fault is "auth.link" (404): it was used, has expired, or never was.
func findLink(ctx context.Context, tx *store.Tx, token string) (link, *account, error) {
	if len(token) != tokenLen {
		return link{}, nil, noLink()
	}
	rows, err := store.Select[link](tx).Where("token_hash = ? and expires_at > ?", tokenHash(token), tx.Now()).All(ctx)
	if err == nil && len(rows) == 0 {
		err = noLink()
	}
	if err != nil {
		return link{}, nil, err
	}
	person, err := active(ctx, tx, rows[0].UserID)
	return rows[0], person, linkGone(err)
}

func noLink() error { return fault.New(fault.NotFound, "auth.link") }

// linkGone is what a link says of somebody who was retired or suspended since it was sent.
func linkGone(err error) error {
	if fault.Is(err, "auth.step") {
		return noLink()
	}
	return err
}

// LinkOf tells what a link opens, and leaves it as it is. The fault is "auth.link" (404).
func (s *Service) LinkOf(ctx context.Context, t *tenant.Tenant, token string) (out Link, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, person, err := findLink(ctx, tx, token)
		if err != nil {
			return err
		}
		out = Link{Letter: row.Letter, Until: row.ExpiresAt}
		out.Name, out.Email, err = person.open(ctx, tx)
		return err
	})
	return out, err
}

// UseLink sets the password of whom the link was sent to, once, and ends their sessions. It signs nobody in: a second
// factor is asked for as ever. Faults: "auth.link" (404), "invalid" (422, with the field new), "auth.busy".
func (s *Service) UseLink(ctx context.Context, t *tenant.Tenant, token, replacement string) error {
	of, err := s.LinkOf(ctx, t, token)
	if err != nil {
		return err
	}
	if err := checkNew(t, authz.NewActor(authz.Identity{Name: of.Name, Email: of.Email}, nil), replacement, ""); err != nil {
		return err
	}
	stored, err := Hash(ctx, t.ID, replacement)
	if err != nil {
		return err
	}
	var user id.ID
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, _, err := findLink(ctx, tx, token)
		if err != nil {
			return err
		}
		person, err := held(ctx, tx, row.UserID)
		if err != nil {
			return linkGone(err)
		}
		// Whoever comes second with the same link, in whichever process, deletes no row.
		n, err := store.Delete[link](ctx, tx, "id = ?", row.ID)
		if err == nil && n == 0 {
			err = noLink()
		}
		if err != nil {
			return err
		}
		user = person.ID
		if err := s.storePassword(ctx, tx, t.ID, *person, stored, "user:"+user.String()); err != nil {
			return err
		}
		if _, err := endAll(ctx, tx, user); err != nil {
			return err
		}
		return s.opt.Notices.Notice(ctx, tx, user, NoticePassword, nil)
	})
	if err == nil {
		s.Forget(t.ID, user)
	}
	return err
}
