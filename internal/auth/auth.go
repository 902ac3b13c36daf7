// Package auth says who somebody is: it signs staff in by e-mail and password, keeps their sessions and
// finds the actor of a token. It knows nothing of HTTP; internal/signin has the pages.
package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Kind says how a session's token travels.
type Kind = authz.Kind

// The kinds of sessions.
const (
	Cookie = authz.Cookie
	Bearer = authz.Bearer
)

// seenEvery is how often a session's last request is written down.
const seenEvery = time.Minute

const maxEmail = 254

// Options are what a service may be told.
type Options struct {
	LimitsOff bool // does not slow guessing, for races and benchmarks
	Log       *slog.Logger
	Notices   Notices       // nil: nobody is told
	Hasher    *audit.Hasher // makes what stands for an account and a password in records
	Providers providers     // asks agencies' identity providers; nil: nobody signs in by one
}

// From is where somebody signs in from.
type From struct {
	IP    netip.Addr
	Agent string // the kind of device, in coarse words, as the list of sessions shows it
	// Device is what Session.Device gave this browser the last time; "" if it has nothing, or is none.
	Device string
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
	if opt.Notices == nil {
		opt.Notices = nobodyTold{}
	}
	return &Service{db: db, opt: opt, cache: newCache()}
}

// Session is a fresh sign-in. The token is shown once, here.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Actor     *authz.Actor
	Device    string // what a browser keeps for as long as Known, and shows at the next sign-in; see From.Device
}

type signInData struct {
	OK   bool   `json:"ok"`
	Kind Kind   `json:"kind"`
	By   Method `json:"by,omitempty"`
	Via  string `json:"via,omitempty"` // the agency whose provider it was
	Why  string `json:"why,omitempty"` // it was refused: the fault's last words
	// Times is which failure it is of this account from this network within ten minutes; 0 is the first.
	Times int `json:"times,omitempty"`
}

// passwordState is a keyed hash of what is stored for a password: it tells an auditor whether what is stored now
// is what was set here, and nothing of the password.
type passwordState struct {
	Password string `json:"password"`
}

// SignIn checks a password. Somebody without a second factor gets a session; for everybody else the sign-in
// waits for its second step: the fault "mfa_required" (401), of which StepOf gives what Verify takes.
//
// An account that does not exist, one without a password, one that was retired or suspended and a wrong password
// give the same answer after the same work. Faults: "invalid" (422: a field is empty), "auth.wrong" (401),
// "auth.slow" (429, with Retry-After), "auth.busy" (503), "auth.expired" (401: the password was chosen by somebody else,
// too long ago), "mfa_enrol" (403: a program's sign-in of somebody who
// must have a second factor and has none; a browser gets a session that leads there).
func (s *Service) SignIn(ctx context.Context, t *tenant.Tenant, email, password string, kind Kind, from From) (Session, error) {
	return s.signIn(ctx, t, email, password, kind, from, func() {})
}

// signIn is SignIn; between is called after the first look at the password.
func (s *Service) signIn(ctx context.Context, t *tenant.Tenant, email, password string, kind Kind, from From, between func()) (Session, error) {
	email = seal.Email(email)
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
	user, who, countedAt, err := s.begin(ctx, t, email, from)
	if err != nil {
		return Session{}, err
	}
	for again := false; ; again = true {
		right, err := s.verify(ctx, t, user, password)
		if err != nil {
			return Session{}, err
		}
		if !right {
			if err := s.refused(ctx, t, user, email, kind, who); err != nil {
				return Session{}, err
			}
			return Session{}, wrong()
		}
		if !again {
			between()
		}
		renewed := renew(ctx, t.ID, user, password, countedAt)
		out, now, err := s.afterPassword(ctx, t, user, renewed, kind, who, from, countedAt)
		// Another sign-in at the same moment may have made the same password's hash anew: one more look tells.
		if now == nil || again {
			return out, err
		}
		user = now
	}
}

func wrong() error { return fault.New(fault.Unauthenticated, "auth.wrong") }

// verify compares a password with an account's, and does the same work where there is none.
func (s *Service) verify(ctx context.Context, t *tenant.Tenant, user *account, password string) (bool, error) {
	stored, has := nobody(), false
	if user != nil && user.PasswordHash != "" {
		if _, err := parse(user.PasswordHash); err == nil {
			stored, has = user.PasswordHash, true
		} else {
			s.opt.Log.Error("stored password not readable", slog.String("tenant", t.Code), slog.String("user", user.ID.String()))
		}
	}
	right, err := Verify(ctx, t.ID, stored, password)
	return right && has, err
}

// begin counts the attempt and finds the account of somebody who may sign in; nil if there is none.
func (s *Service) begin(ctx context.Context, t *tenant.Tenant, email string, from From) (user *account, who attempt, at time.Time, err error) {
	err = s.counted(ctx, t, passwordGuess(email, from), func(_ context.Context, tx *store.Tx, counted attempt) error {
		who, at, user = counted, tx.Now(), counted.user
		if user != nil && (user.Retired || user.Suspended) {
			user = nil
		}
		return nil
	})
	return user, who, at, err
}

// counted counts a guess and runs fn in the same transaction. What fn gives back as an error undoes the count:
// a guess that was wrong is told after it. A region whose keys have been destroyed has nothing to guess at.
func (s *Service) counted(ctx context.Context, t *tenant.Tenant, g guess, fn func(context.Context, *store.Tx, attempt) error) (err error) {
	return s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		if keys.Erased() {
			return wrong()
		}
		who, err := g.named(ctx, tx, keys)
		if err != nil {
			return err
		}
		if !s.opt.LimitsOff {
			if err := who.count(ctx, tx); err != nil {
				return err
			}
		}
		return fn(ctx, tx, who)
	})
}

// forgive takes back what counted has counted.
func (s *Service) forgive(ctx context.Context, tx *store.Tx, who attempt, countedAt time.Time) error {
	if s.opt.LimitsOff {
		return nil
	}
	return who.forgive(ctx, tx, countedAt)
}

// afterPassword begins a session, or the wait for the second step, and keeps what renew gave. Where something else is
// stored for the password than what was checked, the fault is "auth.wrong" and other is the account as it is now.
func (s *Service) afterPassword(ctx context.Context, t *tenant.Tenant, user *account, renewed string, kind Kind, who attempt, from From, countedAt time.Time) (out Session, other *account, err error) {
	var waits *Step
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		waits, out, other = nil, Session{}, nil
		if err := s.forgive(ctx, tx, who, countedAt); err != nil {
			return err
		}
		// Read again: since the password was checked it may have been replaced, the account suspended, or sealed anew.
		now, err := held(ctx, tx, user.ID)
		if fault.Is(err, "auth.step") {
			return wrong()
		}
		if err != nil {
			return err
		}
		if now.PasswordHash != user.PasswordHash {
			other = now
			return wrong()
		}
		if now.expired(tx.Now()) {
			return fault.New(fault.Unauthenticated, "auth.expired") // and the attempt stays counted
		}
		if renewed != "" {
			if err := s.keepRenewed(ctx, tx, t.ID, now, renewed); err != nil {
				return err
			}
		}
		f, err := factorsOf(ctx, tx, user.ID)
		if err != nil {
			return err
		}
		if f.Any() {
			waits, err = s.wait(ctx, tx, user.ID, kind, "", f)
			return err
		}
		out, err = s.start(ctx, tx, t, now, kind, how{proved: tx.Now()}, from)
		return err
	})
	switch {
	case fault.Is(err, "auth.expired"): // who knows the password is told that it opens nothing any more
		return Session{}, nil, errors.Join(s.noteExpired(ctx, t, user.ID, kind), err)
	case err != nil:
		return Session{}, other, err
	case waits != nil:
		return Session{}, nil, waits.fault(t)
	}
	return out, nil, nil
}

func (s *Service) noteExpired(ctx context.Context, t *tenant.Tenant, user id.ID, kind Kind) error {
	return s.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: "public", Action: "auth:session:create", Target: "user:" + user.String(), Data: signInData{OK: false, Kind: kind}})
		return nil
	})
}

// newToken makes a token and the hash under which it is kept.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // does not fail
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, tokenHash(token)
}

// how somebody has shown who they are.
type how struct {
	by     Method    // the second factor; "" is none
	via    string    // the agency whose provider says so; "" is a password or a passkey of ours
	proved time.Time // when they did; zero: a provider that does not say when it asked
}

// start begins a session of somebody who has shown who they are.
func (s *Service) start(ctx context.Context, tx *store.Tx, t *tenant.Tenant, user *account, kind Kind, as how, from From) (Session, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return Session{}, err
	}
	if keys.Erased() { // by passkey too: there is nobody any more
		return Session{}, wrong()
	}
	grants, err := grantsOf(ctx, tx, user.ID)
	if err != nil {
		return Session{}, err
	}
	if as.via != "" && !within(t, as.via, grants) {
		return Session{}, fault.New(fault.Forbidden, "auth.provider.elsewhere")
	}
	enrol := as.by == "" && mustHave(t, grants)
	if enrol && kind == Bearer {
		return Session{}, fault.New(fault.Forbidden, "mfa_enrol")
	}
	// What has ended of this person's goes on this occasion.
	if _, err := store.Delete[session](ctx, tx, "user_id = ? and expires_at <= ?", user.ID, tx.Now()); err != nil {
		return Session{}, err
	}
	var out Session
	row := &session{ID: id.New(), UserID: user.ID, Kind: kind, Factor: string(as.by), Via: as.via, Agent: from.Agent}
	out.Token, row.TokenHash = newToken()
	row.CreatedAt, row.SeenAt, row.ProvedAt = tx.Now(), tx.Now(), as.proved
	row.ExpiresAt = tx.Now().Add(limitOf(grants).absolute)
	if err := store.Insert(ctx, tx, row); err != nil {
		return Session{}, err
	}
	out.ExpiresAt = row.ExpiresAt
	if kind == Cookie {
		if out.Device, err = remember(keys, from.Device, user, tx.Now()); err != nil {
			return Session{}, err
		}
	}
	out.Actor, err = newActor(ctx, tx, found{ID: row.ID, UserID: user.ID, Name: user.Name, Email: user.Email, ProvedAt: row.ProvedAt, Via: as.via}, grants, enrol)
	if err != nil {
		return Session{}, err
	}
	tx.Audit(store.Record{
		Actor: out.Actor.String(), Action: "auth:session:create", Target: "session:" + row.ID.String(),
		Data: signInData{OK: true, Kind: kind, By: as.by, Via: as.via},
	})
	return out, nil
}

// rotate gives a session a new token and marks that its person has just shown who they are, by a second factor or ""
// by their password. The old token is worth nothing, here at once and in other processes within a second.
func (s *Service) rotate(ctx context.Context, tx *store.Tx, t *tenant.Tenant, a *authz.Actor, by Method) (Session, error) {
	row, err := store.Select[session](tx).Where("id = ? and user_id = ?", a.SessionID, a.UserID).One(ctx)
	if err != nil {
		return Session{}, err
	}
	token, hash := newToken()
	n, err := store.Update[session](tx).Set("token_hash = ?, proved_at = ?, factor = ?", hash, tx.Now(), cmp.Or(string(by), row.Factor)).
		Where("id = ? and token_hash = ?", row.ID, row.TokenHash).Exec(ctx)
	if err != nil {
		return Session{}, err
	}
	if n == 0 {
		return Session{}, ended()
	}
	tx.After(func() { s.dropSession(t.ID, row.ID) })
	return Session{Token: token, ExpiresAt: row.ExpiresAt, Actor: a}, nil
}

func grantsOf(ctx context.Context, tx *store.Tx, user id.ID) ([]tenant.Grant, error) {
	return store.Select[tenant.Grant](tx).Where("user_id = ?", user).Order("role", "scope").All(ctx)
}

// newActor opens who somebody is. Their name and e-mail are "" once the region's keys have been destroyed.
func newActor(ctx context.Context, tx *store.Tx, row found, rows []tenant.Grant, enrol bool) (*authz.Actor, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	// Staff stand at a counter: what they issue is the counter's. Devices get a credential of their own.
	who := authz.Identity{Tenant: tx.Tenant(), UserID: row.UserID, SessionID: row.ID, Channel: "counter", ProvedAt: row.ProvedAt, MustEnrol: enrol, Idle: limitOf(rows).idle, Via: row.Via}
	person := tenant.User{ID: row.UserID, Name: row.Name, Email: row.Email}
	if who.Name, who.Email, err = person.Open(ctx, keys); err != nil {
		return nil, err
	}
	grants := make([]authz.Grant, len(rows))
	for i, g := range rows {
		grants[i] = authz.Grant{Role: g.Role, Scope: g.Scope}
	}
	return authz.NewActor(who, grants), nil
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// FirstPassword is how long a password that somebody else chose opens an account: as long as an invitation's link holds,
// for whoever is handed one may be on leave as well. After it only a link helps, which goes to their own mailbox.
const FirstPassword = 7 * 24 * time.Hour

// SetPassword gives an account a password that holds for FirstPassword unless its owner chooses another, and ends its
// sessions. actor is who does it, as audit records name them. Faults: "not_found", "auth.busy".
func (s *Service) SetPassword(ctx context.Context, t tenant.ID, email, password, actor string) error {
	stored, err := Hash(ctx, t, password)
	if err != nil {
		return err
	}
	var user account
	err = s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		if user, err = heldByEmail(ctx, tx, email); err != nil {
			return err
		}
		if err := s.storePassword(ctx, tx, t, user, stored, actor); err != nil {
			return err
		}
		if _, err := store.Update[account](tx).Set("password_until = ?", tx.Now().Add(FirstPassword)).Where("id = ?", user.ID).Exec(ctx); err != nil {
			return err
		}
		if _, err := endAll(ctx, tx, user.ID); err != nil {
			return err
		}
		return s.opt.Notices.Notice(ctx, tx, user.ID, NoticePassword, map[string]string{"by": actor})
	})
	if err == nil {
		s.Forget(t, user.ID)
	}
	return err
}

// storePassword keeps what is stored for a person's password, and records that it is another one.
func (s *Service) storePassword(ctx context.Context, tx *store.Tx, t tenant.ID, person account, stored, actor string) error {
	if _, err := store.Update[account](tx).Set("password_hash = ?, password_until = null", stored).Where("id = ?", person.ID).Exec(ctx); err != nil {
		return err
	}
	// A link that was sent for another password would undo this one.
	if _, err := store.Delete[link](ctx, tx, "user_id = ?", person.ID); err != nil {
		return err
	}
	hashed := func(stored string) passwordState { return passwordState{s.opt.Hasher.Personal(t, "password", stored)} }
	tx.Audit(store.Record{Actor: actor, Action: "auth:password:set", Target: "user:" + person.ID.String(),
		Before: hashed(person.PasswordHash), After: hashed(stored)})
	return nil
}
