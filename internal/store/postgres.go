package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/pendopo-id/pendopo/internal/fault"
)

type pgDialect struct{}

func (pgDialect) name() string             { return "postgres" }
func (pgDialect) table(name string) string { return name }
func (pgDialect) lockRow() string          { return " for update" }
func (pgDialect) keepRow() string          { return " for key share" }

// scope sets the tenant for this transaction only. SET LOCAL takes no parameter; the text is a UUID
// that TenantID guarantees. Never per session: a pooled connection would carry it to the next user.
func (pgDialect) scope(ctx context.Context, tx bun.Tx, t TenantID, readOnly bool) error {
	_, err := tx.Tx.ExecContext(ctx, setLocal(t))
	return err
}

func setLocal(t TenantID) string { return "set local app.tenant_id = '" + t.String() + "'" }

func (pgDialect) unscope(context.Context, bun.Tx) error { return nil } // the transaction's end does it

func (pgDialect) retry(err error) bool {
	// database/sql hands out a connection that somebody else's cancelled request has closed once more
	// than it looks for a good one; nothing has been sent on it.
	if errors.Is(err, driver.ErrBadConn) {
		return true
	}
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

func (pgDialect) translate(err error) error {
	if isFault(err) {
		return err
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case e.Code == "23505":
			return fault.Wrap(err, fault.Conflict, "duplicate")
		case e.Code == "42501":
			return err // row level security or a missing right: a bug, never an answer
		case e.Code[:2] == "23":
			return fault.Wrap(err, fault.Conflict, "constraint")
		case e.Code == "55P03", e.Code[:2] == "08", e.Code[:2] == "53", e.Code[:2] == "57":
			return fault.Wrap(err, fault.Unavailable, "busy")
		}
	}
	var c *pgconn.ConnectError
	if errors.As(err, &c) {
		return fault.Wrap(err, fault.Unavailable, "busy")
	}
	return translateCommon(err)
}

func (db *DB) pgConfig() (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(db.cfg.URL)
	if err != nil {
		return nil, errors.New("store: PENDOPO_DATABASE_URL cannot be read as a PostgreSQL address") // pgx's text may hold the password
	}
	cfg.RuntimeParams["application_name"] = "pendopo"
	cfg.RuntimeParams["timezone"] = "UTC"
	if db.cfg.Schema != "" {
		cfg.RuntimeParams["search_path"] = db.cfg.Schema
	}
	return cfg, nil
}

func (db *DB) openPostgres(ctx context.Context) error {
	db.dialect = pgDialect{}
	cfg, err := db.pgConfig()
	if err != nil {
		return err
	}
	// bun writes its arguments into the text: preparing each distinct text would fill the server.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.RuntimeParams["lock_timeout"] = "8000" // less than a request has
	pool := stdlib.OpenDB(*cfg)
	conns := db.cfg.ReadConns
	if conns == 0 {
		conns = max(8, 4*runtime.NumCPU())
	}
	tune(pool, conns)
	db.write = bun.NewDB(pool, pgdialect.New())
	db.write.RegisterModel(db.cfg.Models...)
	db.read = db.write
	db.tables = newTables(db.write.Table, db.cfg.Models)
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("store: PostgreSQL does not answer: %w", err)
	}
	return nil
}

// hotConns is how many connections the hot path has: one for the coalescer, the rest for single calls.
const hotConns = 4

// turnsEach is how many of them the single calls of one tenant may hold.
const turnsEach = hotConns - 2

// hotPool is opened at first use, which is after the migrations: its generic plans are made once and
// for good, and must not be made on tables that are not there yet.
func (db *DB) hotPool(ctx context.Context) (*pgxpool.Pool, error) {
	if p := db.hot.Load(); p != nil {
		return p, nil
	}
	db.hotMu.Lock()
	defer db.hotMu.Unlock()
	if p := db.hot.Load(); p != nil {
		return p, nil
	}
	conn, err := db.pgConfig()
	if err != nil {
		return nil, err
	}
	conn.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	// One tenant's held lock must not hold the batch that carries the others. Who meets one asks again.
	conn.RuntimeParams["lock_timeout"] = "250"
	cfg, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("store: hot pool: %w", err)
	}
	cfg.ConnConfig = conn
	cfg.MaxConns = hotConns
	cfg.MaxConnIdleTime = 10 * time.Minute
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		for name, text := range db.prepared {
			if _, err := c.Prepare(ctx, name, text); err != nil {
				return fmt.Errorf("store: prepare %s: %w", name, err)
			}
		}
		return nil
	}
	p, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("store: hot pool: %w", err)
	}
	db.hot.Store(p)
	return p, nil
}
