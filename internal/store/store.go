// Package store is the database: the only package that imports a driver or makes a bun.DB. It opens
// SQLite or PostgreSQL, runs transactions that see one tenant, and keeps the chain of audit records
// and events that each transaction adds to.
//
// A tenant's rows are reached through In and View only; what belongs to no tenant through System and
// SystemView. See docs/isolation.md for the layers.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Config says which database and how.
type Config struct {
	URL    string // "": SQLite at Path; "postgres://...": PostgreSQL; in tests "sqlite:/path/file.db" too
	Path   string // SQLite's file when URL is empty
	Schema string // PostgreSQL: search_path; "" is the role's own
	Models Models
	Clock  clock.Clock
	Log    *slog.Logger
	// ReadConns bounds SQLite's reader pool and PostgreSQL's pool; 0 is a sensible default.
	ReadConns int
	// Fleeting says that nothing need outlive this process: on SQLite a commit does not wait for the disk. It is for a
	// copy that is thrown away, never for anybody's data.
	Fleeting bool
}

// DB is an open database.
type DB struct {
	cfg      Config
	log      *slog.Logger
	clock    clock.Clock
	tables   *tables
	dialect  dialect
	write    *bun.DB // SQLite: one connection; PostgreSQL: the pool
	read     *bun.DB // SQLite: readers; PostgreSQL: the same pool
	hot      atomic.Pointer[pgxpool.Pool]
	hotMu    sync.Mutex
	prepared map[string]string // hot statements by name, prepared on every hot connection
	singles  chan struct{}     // hot connections that requests outside a batch may hold
	turns    sync.Map          // TenantID -> chan struct{}: those that one tenant's may hold

	hooksMu sync.RWMutex
	hooks   map[signal][]func(TenantID)
	notify  *notifier
	kept    sync.Map // what Keep put by

	closing   chan struct{}
	closeOnce sync.Once
	workers   sync.WaitGroup
}

// dialect is what the two databases do differently. It has a handful of members and stays so.
type dialect interface {
	name() string
	// scope makes the open transaction see the tenant's rows and no others; readOnly tells the pool.
	scope(ctx context.Context, tx bun.Tx, t TenantID, readOnly bool) error
	// unscope takes the tenant off the connection before it goes back to the pool.
	unscope(ctx context.Context, tx bun.Tx) error
	// table is the name under which a statement of the scoped handle reaches a table.
	table(name string) string
	// lockRow is appended to a select that must hold its rows until commit.
	lockRow() string
	// keepRow is the same for rows that others may keep and change too, but nobody lock or delete.
	keepRow() string
	// retry tells whether the whole transaction may be run again after err.
	retry(err error) bool
	translate(err error) error
}

// Open opens the database. It does not migrate; see Migrate.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	db := &DB{cfg: cfg, log: cfg.Log, clock: cfg.Clock, prepared: map[string]string{}, hooks: map[signal][]func(TenantID){}, singles: make(chan struct{}, hotConns-1), closing: make(chan struct{})}
	var err error
	switch {
	case strings.HasPrefix(cfg.URL, "postgres://"), strings.HasPrefix(cfg.URL, "postgresql://"):
		err = db.openPostgres(ctx)
	case cfg.URL == "" || strings.HasPrefix(cfg.URL, "sqlite:"):
		if p, ok := strings.CutPrefix(cfg.URL, "sqlite:"); ok {
			db.cfg.Path = p
		}
		err = db.openSQLite(ctx)
	default:
		err = fmt.Errorf("store: PENDOPO_DATABASE_URL must be postgres://... or empty, which is SQLite in the data folder (PENDOPO_DATA), not %q", redact(cfg.URL))
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// redact keeps a URL's scheme only: the rest may hold a password.
func redact(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return scheme + ":..."
}

// Dialect is "sqlite" or "postgres".
func (db *DB) Dialect() string { return db.dialect.name() }

// Now is the database's clock, which a test chooses.
func (db *DB) Now() time.Time { return db.clock.Now() }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.dialect.translate(db.read.PingContext(ctx)) }

// Keep puts something by for the database's transactions, under a key of the caller's own type as in a
// context: what a package above store needs in each of them. Call it before the first one.
func (db *DB) Keep(key, value any) { db.kept.Store(key, value) }

// Kept gives what Keep put by, or nil.
func (db *DB) Kept(key any) any { v, _ := db.kept.Load(key); return v }

// OnCommit registers a function that is called after a transaction with events has been committed, in
// this process or (PostgreSQL) in another one. It must not block.
func (db *DB) OnCommit(fn func(TenantID)) { db.on(newEvents, fn) }

// OnWake registers a function that is called when a transaction that said Wake has been committed, in
// this process or (PostgreSQL) in another one. It must not block.
func (db *DB) OnWake(fn func(TenantID)) { db.on(newWork, fn) }

func (db *DB) on(s signal, fn func(TenantID)) {
	db.hooksMu.Lock()
	defer db.hooksMu.Unlock()
	db.hooks[s] = append(db.hooks[s], fn)
}

// heard calls whoever listens in this process.
func (db *DB) heard(s signal, t TenantID) {
	db.hooksMu.RLock()
	for _, fn := range db.hooks[s] {
		fn(t)
	}
	db.hooksMu.RUnlock()
}

func (db *DB) published(t TenantID) { db.tell(newEvents, t) }
func (db *DB) woken(t TenantID)     { db.tell(newWork, t) }

func (db *DB) tell(s signal, t TenantID) {
	db.heard(s, t)
	if db.notify != nil {
		db.notify.kick(s, t)
	}
}

// Close ends the workers and closes the pools.
func (db *DB) Close() error {
	db.closeOnce.Do(func() { close(db.closing) })
	db.workers.Wait()
	if p := db.hot.Swap(nil); p != nil {
		p.Close()
	}
	var err error
	if db.write != nil {
		err = db.write.Close()
	}
	if db.read != nil && db.read != db.write {
		if e := db.read.Close(); err == nil {
			err = e
		}
	}
	return err
}

func tune(pool *sql.DB, conns int) {
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
}
