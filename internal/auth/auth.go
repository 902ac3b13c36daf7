// Package auth says who somebody is: it signs staff in by e-mail and password, keeps their sessions and
// finds the actor of a token. It knows nothing of HTTP; internal/signin has the pages.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Kind says how a session's token travels.
type Kind string

// The kinds of sessions.
const (
	Cookie Kind = "cookie"
	Bearer Kind = "bearer"
)

// How long a session holds: in all, and without a request.
const (
	Absolute = 12 * time.Hour
	Idle     = 4 * time.Hour
	// seenEvery is how often a session's last request is written down.
	seenEvery = time.Minute
)

const maxEmail = 254

// Options are what a service may be told.
type Options struct {
	LimitsOff bool // does not slow guessing, for races and benchmarks
	Log       *slog.Logger
}

// Service signs people in and knows their sessions.
type Service struct {
	db    *store.DB
	opt   Options
	cache *cache
}

// New makes the service.
func New(db *store.DB, opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: db, opt: opt, cache: newCache()}
}

// Session is a fresh sign-in. The token is shown once, here.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Actor     *authz.Actor
}

// Email is an e-mail address as it is kept and compared: without spaces around, in lower case.
func Email(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

type signInData struct {
	OK   bool   `json:"ok"`
	Kind Kind   `json:"kind"`
	From string `json:"from"` // sha256 of the network, cut short
}

// SignIn checks a password and begins a session. An account that does not exist, one without a password,
// one that was retired and a wrong password give the same answer after the same work. Faults:
// "invalid" (422: a field is empty), "auth.wrong" (401), "auth.slow" (429, with Retry-After),
// "auth.busy" (503).
func (s *Service) SignIn(ctx context.Context, t *tenant.Tenant, email, password string, kind Kind, ip netip.Addr) (Session, error) {
	email = Email(email)
	invalid := fault.New(fault.Invalid, "invalid")
	if email == "" {
		invalid = invalid.Field("email", "required")
	}
	if password == "" {
		invalid = invalid.Field("password", "required")
	}
	if len(invalid.Fields) > 0 {
		return Session{}, invalid
	}
	if len(email) > maxEmail || len(password) > MaxPassword || strings.ContainsRune(email, 0) {
		return Session{}, wrong()
	}
	who := newAttempt(email, ip)
	user, countedAt, err := s.begin(ctx, t, email, who)
	if err != nil {
		return Session{}, err
	}
	stored, has := nobody(), false
	if user != nil && user.PasswordHash != "" {
		if _, err := parse(user.PasswordHash); err == nil {
			stored, has = user.PasswordHash, true
		} else {
			s.opt.Log.Error("stored password not readable", slog.String("tenant", t.Code), slog.String("user", user.ID.String()))
		}
	}
	right, err := Verify(ctx, t.ID, stored, password)
	if err != nil {
		return Session{}, err
	}
	if !right || !has {
		if err := s.refused(ctx, t, who, kind); err != nil {
			return Session{}, err
		}
		return Session{}, wrong()
	}
	return s.start(ctx, t, user, kind, who, countedAt)
}

func wrong() error { return fault.New(fault.Unauthenticated, "auth.wrong") }

// begin counts the attempt and finds the account; nil if there is none.
func (s *Service) begin(ctx context.Context, t *tenant.Tenant, email string, who attempt) (user *tenant.User, at time.Time, err error) {
	look := func(ctx context.Context, tx *store.Tx) error {
		at = tx.Now()
		found, err := store.Select[tenant.User](tx).Where("email = ? and not retired", email).Limit(1).All(ctx)
		if len(found) > 0 {
			user = &found[0]
		}
		return err
	}
	if s.opt.LimitsOff {
		err = s.db.View(ctx, t.ID, look)
		return user, at, err
	}
	for range 3 {
		err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
			if err := who.count(ctx, tx); err != nil {
				return err
			}
			return look(ctx, tx)
		})
		if !fault.Is(err, "duplicate") {
			break
		}
	}
	return user, at, err
}

// refused records a failed attempt, without the e-mail: an auditor who knows it finds its hash.
func (s *Service) refused(ctx context.Context, t *tenant.Tenant, who attempt, kind Kind) error {
	return s.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{
			Actor: "public", Action: "auth:session:create", Target: "account:" + who.account,
			Data: signInData{OK: false, Kind: kind, From: who.address},
		})
		return nil
	})
}

func (s *Service) start(ctx context.Context, t *tenant.Tenant, user *tenant.User, kind Kind, who attempt, countedAt time.Time) (Session, error) {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // does not fail
	out := Session{Token: base64.RawURLEncoding.EncodeToString(token)}
	row := &session{ID: id.New(), UserID: user.ID, TokenHash: tokenHash(out.Token), Kind: kind}
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row.CreatedAt, row.SeenAt, row.ExpiresAt = tx.Now(), tx.Now(), tx.Now().Add(Absolute)
		if !s.opt.LimitsOff {
			if err := who.forgive(ctx, tx, countedAt); err != nil {
				return err
			}
		}
		// What has ended of this person's goes on this occasion.
		if _, err := store.Delete[session](ctx, tx, "user_id = ? and expires_at <= ?", user.ID, tx.Now()); err != nil {
			return err
		}
		if err := store.Insert(ctx, tx, row); err != nil {
			return err
		}
		grants, err := grantsOf(ctx, tx, user.ID)
		if err != nil {
			return err
		}
		out.Actor = newActor(row.ID, user.ID, user.Name, user.Email, grants)
		tx.Audit(store.Record{
			Actor: out.Actor.String(), Action: "auth:session:create", Target: "session:" + row.ID.String(),
			Data: signInData{OK: true, Kind: kind, From: who.address},
		})
		return nil
	})
	out.ExpiresAt = row.ExpiresAt
	return out, err
}

func grantsOf(ctx context.Context, tx *store.Tx, user id.ID) ([]tenant.Grant, error) {
	return store.Select[tenant.Grant](tx).Where("user_id = ?", user).Order("role", "scope").All(ctx)
}

func newActor(session, user id.ID, name, email string, rows []tenant.Grant) *authz.Actor {
	grants := make([]authz.Grant, len(rows))
	for i, g := range rows {
		grants[i] = authz.Grant{Role: g.Role, Scope: g.Scope}
	}
	// Staff stand at a counter: what they issue is the counter's. Devices get a credential of their own.
	who := authz.Identity{UserID: user, SessionID: session, Name: name, Email: email, Channel: "counter"}
	return authz.NewActor(who, grants)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// SetPassword gives an account a password and ends its sessions. actor is who does it, as audit records
// name them. Faults: "not_found", "auth.busy".
func (s *Service) SetPassword(ctx context.Context, t tenant.ID, email, password, actor string) error {
	stored, err := Hash(ctx, t, password)
	if err != nil {
		return err
	}
	var user tenant.User
	err = s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		if user, err = store.Select[tenant.User](tx).Where("email = ?", Email(email)).Where("not retired").One(ctx); err != nil {
			return err
		}
		if _, err := store.Update[tenant.User](tx).Set("password_hash = ?", stored).Where("id = ?", user.ID).Exec(ctx); err != nil {
			return err
		}
		if _, err := store.Delete[session](ctx, tx, "user_id = ?", user.ID); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: actor, Action: "auth:password:set", Target: "user:" + user.ID.String()})
		return nil
	})
	if err == nil {
		s.Forget(t, user.ID)
	}
	return err
}
