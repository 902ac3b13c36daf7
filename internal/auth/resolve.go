package auth

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

const (
	// fresh is how long a process believes what it has read of a session. The promise is that a revocation
	// holds everywhere after a second; the other half of it is for a database that is slow to answer.
	fresh = 500 * time.Millisecond
	// maxCached bounds the memory of the cache.
	maxCached = 20_000
	// tokenLen is the length of 32 bytes in base64url.
	tokenLen = 43
)

// cache remembers actors for half a second. It counts by the machine's clock, for it guards against
// repetition and says nothing about the time of day.
type cache struct {
	mu     sync.Mutex
	actors map[cacheKey]cached
}

// cacheKey names the tenant and the kind beside the token: a token of one is unknown in another, here too.
type cacheKey struct {
	tenant tenant.ID
	kind   Kind
	token  [sha256.Size]byte
}

type cached struct {
	actor  *authz.Actor
	until  time.Time
	unseen *found // the session, when its use is still to be written down
}

func newCache() *cache { return &cache{actors: map[cacheKey]cached{}} }

func (c *cache) get(k cacheKey, now time.Time) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Not later than fresh from now: a machine's clock that is set back must not make it last.
	if e, ok := c.actors[k]; ok && now.Before(e.until) && e.until.Sub(now) <= fresh {
		return e, true
	}
	return cached{}, false
}

func (c *cache) put(k cacheKey, e cached, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.actors) >= maxCached {
		for old, e := range c.actors {
			if !now.Before(e.until) {
				delete(c.actors, old)
			}
		}
		if len(c.actors) >= maxCached {
			clear(c.actors)
		}
	}
	c.actors[k] = e
}

// seen notes that a session's use has been written down.
func (c *cache) seen(k cacheKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.actors[k]; ok {
		e.unseen = nil
		c.actors[k] = e
	}
}

func (c *cache) drop(which func(cacheKey, *authz.Actor) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.actors {
		if which(k, e.actor) {
			delete(c.actors, k)
		}
	}
}

type found struct {
	ID        id.ID     `bun:"id"`
	UserID    id.ID     `bun:"user_id"`
	SeenAt    time.Time `bun:"seen_at"`
	ExpiresAt time.Time `bun:"expires_at"`
	Name      seal.Box  `bun:"name"`
	Email     seal.Box  `bun:"email"`
	CreatedAt time.Time `bun:"created_at"`
	ProvedAt  time.Time `bun:"proved_at"`
	Factor    string    `bun:"factor"` // the one that the session's person has shown, a Method
	Has       bool      `bun:"has"`    // the person has a second factor
	Via       string    `bun:"via"`    // the agency by whose provider it began
}

// Resolve finds who holds a token in a tenant, and counts as use of the session. A token that is unknown there, came
// another way than it was made for, has ended, or belongs to somebody who was retired is the fault "auth.session" (401).
func (s *Service) Resolve(ctx context.Context, t *tenant.Tenant, token string, kind Kind) (*authz.Actor, error) {
	return s.resolve(ctx, t, token, kind, true)
}

// Look is Resolve for what is open by itself, such as a screen: it keeps no session from ending unused.
func (s *Service) Look(ctx context.Context, t *tenant.Tenant, token string, kind Kind) (*authz.Actor, error) {
	return s.resolve(ctx, t, token, kind, false)
}

func (s *Service) resolve(ctx context.Context, t *tenant.Tenant, token string, kind Kind, use bool) (*authz.Actor, error) {
	if len(token) != tokenLen {
		return nil, ended()
	}
	now := clock.System.Now() // before the read: what is read is believed from here on
	key := cacheKey{t.ID, kind, sha256.Sum256([]byte(token))}
	e, known := s.cache.get(key, now)
	if !known {
		var err error
		if e, err = s.read(ctx, t, key); err != nil {
			return nil, err
		}
		e.until = now.Add(fresh)
		s.cache.put(key, e, now)
	}
	if use && e.unseen != nil {
		s.seen(ctx, t, *e.unseen)
		s.cache.seen(key)
	}
	return e.actor, nil
}

// read reads a session and who holds it.
func (s *Service) read(ctx context.Context, t *tenant.Tenant, key cacheKey) (out cached, err error) {
	err = s.db.View(ctx, s.home(ctx, t, key), func(ctx context.Context, tx *store.Tx) error {
		out = cached{}
		rows, err := store.Query[found](ctx, tx, store.From{"sessions", "users", "totps", "passkeys"}, `
			select s.id, s.user_id, s.seen_at, s.expires_at, s.created_at, s.proved_at, s.factor, s.via, u.name, u.email,
				exists (select 1 from totps f where f.user_id = s.user_id and f.confirmed)
				or exists (select 1 from passkeys k where k.user_id = s.user_id) as has
			from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
			where s.token_hash = ? and s.kind = ? and not u.retired and not u.suspended`, key.token[:], key.kind)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return ended()
		}
		row := rows[0]
		grants, err := grantsOf(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		// Nor does a provider open what it did not at sign-in: who was given more since, or whose agency has none any more.
		if row.Via != "" && !within(t, row.Via, grants) {
			return ended()
		}
		// By the roles of this moment: who was made an administrator at noon has an administrator's limits.
		l := limitOf(grants)
		if !tx.Now().Before(row.ExpiresAt) || !tx.Now().Before(row.CreatedAt.Add(l.absolute)) || !tx.Now().Before(row.SeenAt.Add(l.idle)) {
			return ended()
		}
		if !tx.Now().Before(row.SeenAt.Add(seenEvery)) {
			out.unseen = &row
		}
		// What counts is the session: one that began with a password alone does not become better by a factor that
		// its person has got otherwhere. It is asked for that factor wherever somebody must prove who they are.
		if row.Has && row.Factor == "" {
			row.ProvedAt = time.Time{}
		}
		shown := row.Factor != "" && row.Has || row.Factor == string(ByProvider)
		out.actor, err = newActor(ctx, tx, row, grants, !shown && mustHave(t, grants))
		return err
	})
	return out, err
}

func ended() error { return fault.New(fault.Unauthenticated, "auth.session") }

// seen writes down that the session is in use. Of several requests at once the first one does. A failure
// costs nothing but a minute of the idle time.
func (s *Service) seen(ctx context.Context, t *tenant.Tenant, row found) {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[session](tx).Set("seen_at = ?", tx.Now()).
			Where("id = ? and seen_at <= ?", row.ID, row.SeenAt).Exec(ctx)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.opt.Log.Warn("session not marked as seen", slog.String("tenant", t.Code), slog.String("error", err.Error()))
	}
}

// SignOut ends the actor's session.
func (s *Service) SignOut(ctx context.Context, t *tenant.Tenant, a *authz.Actor) error {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if _, err := store.Delete[totpRow](ctx, tx, "session_id = ?", a.SessionID); err != nil {
			return err
		}
		n, err := store.Delete[session](ctx, tx, "id = ?", a.SessionID)
		if err == nil && n > 0 {
			tx.Audit(store.Record{Actor: a.String(), Action: "auth:session:delete", Target: "session:" + a.SessionID.String()})
		}
		return err
	})
	s.dropSession(t.ID, a.SessionID)
	return err
}

func (s *Service) dropSession(t tenant.ID, session id.ID) {
	s.cache.drop(func(k cacheKey, a *authz.Actor) bool { return k.tenant == t && a.SessionID == session })
}

// Forget makes this process look again at once at what a person may do. Other processes do within a second.
func (s *Service) Forget(t tenant.ID, user id.ID) {
	s.cache.drop(func(k cacheKey, a *authz.Actor) bool { return k.tenant == t && a.UserID == user })
}

// Sweep deletes a tenant's ended sessions, steps that nobody took, apps that nobody went on to set up, and windows
// that count no longer. Run it now and then.
func (s *Service) Sweep(ctx context.Context, t tenant.ID) error {
	return s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		now := tx.Now()
		if _, err := store.Delete[session](ctx, tx, "expires_at <= ? or seen_at <= ?", now, now.Add(-Idle)); err != nil {
			return err
		}
		if _, err := store.Delete[challenge](ctx, tx, "expires_at <= ?", now); err != nil {
			return err
		}
		if _, err := store.Delete[link](ctx, tx, "expires_at <= ?", now); err != nil {
			return err
		}
		if _, err := store.Delete[totpRow](ctx, tx, "not confirmed and created_at <= ?", now.Add(-setUp)); err != nil {
			return err
		}
		return throttle.Sweep(ctx, tx, now.Add(-2*perAccount.window))
	})
}
