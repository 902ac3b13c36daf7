package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
)

// Tx is a transaction that sees one tenant. It carries one moment: every time written in it is Now.
type Tx struct {
	db       *DB
	bun      bun.Tx
	tenant   TenantID
	now      time.Time
	readOnly bool
	records  []Record
	events   []Event
	after    []func()
	kept     map[any]any
	wakes    bool
}

// Tenant is the tenant whose rows the transaction sees.
func (tx *Tx) Tenant() TenantID { return tx.tenant }

// Now is the moment of the transaction.
func (tx *Tx) Now() time.Time { return tx.now }

// Dialect is "sqlite" or "postgres".
func (tx *Tx) Dialect() string { return tx.db.Dialect() }

// ReadOnly tells whether the transaction is a View.
func (tx *Tx) ReadOnly() bool { return tx.readOnly }

// Keep puts something by until the transaction ends. Run again after a conflict, it begins without.
func (tx *Tx) Keep(key, value any) {
	if tx.kept == nil {
		tx.kept = map[any]any{}
	}
	tx.kept[key] = value
}

// Kept gives what the transaction's Keep put by, else the database's, else nil.
func (tx *Tx) Kept(key any) any {
	if v, ok := tx.kept[key]; ok {
		return v
	}
	return tx.db.Kept(key)
}

// After registers what happens once the transaction has been committed, and not otherwise.
func (tx *Tx) After(fn func()) { tx.after = append(tx.after, fn) }

// Wake tells, once the transaction has been committed, whoever listens with OnWake that the tenant has
// work to be done: in this process at once, in others through the notifier.
func (tx *Tx) Wake() { tx.wakes = true }

type inTx struct{}

const attempts = 5

// In runs fn in a transaction that reads and writes the tenant's rows. Records and events that fn
// added are written last, just before the commit. When two transactions stand in each other's way the
// whole is run again, so fn must have no effect outside the transaction but through After.
//
// Errors of fn come back as they are; the database's as faults: "duplicate", "constraint", "busy",
// "not_found".
func (db *DB) In(ctx context.Context, t TenantID, fn func(context.Context, *Tx) error) error {
	return db.run(ctx, t, false, fn)
}

// View runs fn in a transaction that only reads the tenant's rows.
func (db *DB) View(ctx context.Context, t TenantID, fn func(context.Context, *Tx) error) error {
	return db.run(ctx, t, true, fn)
}

func (db *DB) run(ctx context.Context, t TenantID, readOnly bool, fn func(context.Context, *Tx) error) error {
	if t.IsZero() {
		return errors.New("store: a transaction without a tenant")
	}
	if ctx.Value(inTx{}) != nil {
		return errors.New("store: a transaction within a transaction")
	}
	for i := 1; ; i++ {
		err := db.once(ctx, t, readOnly, fn)
		if err == nil || i == attempts || !db.dialect.retry(err) || ctx.Err() != nil {
			return db.dialect.translate(err)
		}
		pause(ctx, i)
	}
}

func pause(ctx context.Context, i int) {
	timer := time.NewTimer(time.Duration(i*i) * time.Duration(1+rand.IntN(4)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (db *DB) once(ctx context.Context, t TenantID, readOnly bool, fn func(context.Context, *Tx) error) (err error) {
	pool := db.write
	if readOnly {
		pool = db.read
	}
	var opts *sql.TxOptions
	if readOnly && db.Dialect() == "postgres" {
		// One view, one state of the database, as SQLite gives by itself.
		opts = &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	}
	btx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	tx := &Tx{db: db, bun: btx, tenant: t, now: db.clock.Now(), readOnly: readOnly}
	done := false
	defer func() {
		if !done { // an error, or a panic on its way up
			_ = btx.Rollback()
		}
	}()
	if err := db.dialect.scope(ctx, btx, t, readOnly); err != nil {
		return err
	}
	if err := fn(context.WithValue(ctx, inTx{}, true), tx); err != nil {
		return err
	}
	if readOnly {
		if len(tx.records)+len(tx.events) > 0 {
			return errors.New("store: a record or an event in a view, which writes nothing")
		}
		return nil // rolled back above: nothing was written, and the scope goes with it
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	if err := db.dialect.unscope(ctx, btx); err != nil {
		return err
	}
	if err := btx.Commit(); err != nil {
		return err
	}
	done = true
	for _, f := range tx.after {
		f()
	}
	if len(tx.events) > 0 {
		db.published(t)
	}
	if tx.wakes {
		db.woken(t)
	}
	return nil
}

// SysTx is a transaction on the control plane: the tables that belong to no tenant. It cannot reach a
// tenant's rows.
type SysTx struct {
	db  *DB
	bun bun.Tx
	now time.Time
}

// Now is the moment of the transaction.
func (s *SysTx) Now() time.Time { return s.now }

// System is the one door to what belongs to no tenant. The reason is written to system_log in the
// same transaction. Row level security holds inside it too: a tenant's rows are not visible.
func (db *DB) System(ctx context.Context, reason string, fn func(context.Context, *SysTx) error) error {
	return db.system(ctx, db.write, reason, fn)
}

// SystemView reads the control plane. It leaves no trace, since it shows no tenant's rows.
func (db *DB) SystemView(ctx context.Context, fn func(context.Context, *SysTx) error) error {
	return db.system(ctx, db.read, "", fn)
}

func (db *DB) system(ctx context.Context, pool *bun.DB, reason string, fn func(context.Context, *SysTx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errors.New("store: a transaction within a transaction")
	}
	for i := 1; ; i++ {
		err := pool.RunInTx(ctx, nil, func(ctx context.Context, btx bun.Tx) error {
			s := &SysTx{db: db, bun: btx, now: db.clock.Now()}
			if reason != "" {
				if _, err := btx.NewRaw("insert into system_log (id, at, reason) values (?, ?, ?)", id.New(), s.now, reason).Exec(ctx); err != nil {
					return err
				}
			}
			return fn(context.WithValue(ctx, inTx{}, true), s)
		})
		if err == nil || i == attempts || !db.dialect.retry(err) || ctx.Err() != nil {
			return db.dialect.translate(err)
		}
		pause(ctx, i)
	}
}

// SysSelect reads rows of the control plane. where is SQL with ? placeholders; "" is all.
func SysSelect[T any, P shared[T]](ctx context.Context, s *SysTx, where string, args ...any) ([]T, error) {
	var rows []T
	if err := s.db.tables.guardShared(where); err != nil {
		return nil, err
	}
	q := s.bun.NewSelect().Model(&rows)
	if where != "" {
		q = q.Where(where, args...)
	}
	return rows, q.Scan(ctx)
}

// SysInsert writes rows of the control plane.
func SysInsert[T any, P shared[T]](ctx context.Context, s *SysTx, rows ...P) error {
	for _, row := range rows {
		if _, err := s.bun.NewInsert().Model(row).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// SysUpdate changes rows of the control plane and tells how many.
func SysUpdate[T any, P shared[T]](ctx context.Context, s *SysTx, set string, setArgs []any, where string, args ...any) (int, error) {
	if err := firstErr(s.db.tables.guardShared(set), s.db.tables.guardShared(where)); err != nil {
		return 0, err
	}
	res, err := s.bun.NewUpdate().Model((*T)(nil)).Set(set, setArgs...).Where(where, args...).Exec(ctx)
	return affected(res, err)
}

func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("store: rows affected: %w", err)
	}
	return int(n), nil
}

// Provision runs fn in one transaction that has both doors: the control plane, and one tenant's rows.
// It is how a tenant is made, changed and suspended as a whole or not at all.
func (db *DB) Provision(ctx context.Context, reason string, t TenantID, fn func(context.Context, *SysTx, *Tx) error) error {
	return db.run(ctx, t, false, func(ctx context.Context, tx *Tx) error {
		s := &SysTx{db: db, bun: tx.bun, now: tx.now}
		if _, err := tx.bun.NewRaw("insert into system_log (id, at, reason) values (?, ?, ?)", id.New(), tx.now, reason).Exec(ctx); err != nil {
			return err
		}
		return fn(ctx, s, tx)
	})
}
