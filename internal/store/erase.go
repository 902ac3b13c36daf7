package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
)

// Erasure says whom Erase takes away and what is left of it.
type Erasure struct {
	Tenant TenantID
	Reason string // for system_log
	// Keeper is the tenant in whose chain Record is written, in the same transaction: the platform's.
	Keeper TenantID
	Record Record
	// Also runs in the same transaction, to tell others that the list of tenants has changed.
	Also func(context.Context, *SysTx) error
}

// Erase deletes every row of a tenant: in each table that has tenant_id, registered or not, in those of the control plane
// that name it, and last its row in the list. It gives the numbers of rows by table. On PostgreSQL it needs the owner's
// role, since the one that serves may not take a record away; on SQLite the triggers that keep records stand aside
// within the transaction. Whoever writes for the tenant meanwhile is waited for, and afterwards finds no tenant.
//
// The bytes are still in the database's files afterwards: Scrub.
func (db *DB) Erase(ctx context.Context, e Erasure) (gone map[string]int, err error) {
	if e.Tenant.IsZero() || e.Keeper.IsZero() || e.Tenant == e.Keeper {
		return nil, errors.New("store: an erasure without a tenant, or of the one that keeps its record")
	}
	if db.Dialect() == "sqlite" {
		// What is deleted is overwritten. The connection is the only one that writes.
		if _, err := db.write.ExecContext(ctx, "pragma secure_delete = on"); err != nil {
			return nil, db.dialect.translate(err)
		}
	}
	err = db.In(ctx, e.Keeper, func(ctx context.Context, tx *Tx) error {
		gone = map[string]int{}
		if _, err := tx.bun.NewRaw("insert into system_log (id, at, reason) values (?, ?, ?)", id.New(), tx.now, e.Reason).Exec(ctx); err != nil {
			return err
		}
		at, err := readShape(ctx, db.dialect, tx.bun)
		if err != nil {
			return err
		}
		// Every row that is written for a tenant holds the list's row, by its foreign key: from here on nobody writes.
		var codes []string
		if err := tx.bun.NewRaw("select code from "+plain(db.dialect, tenantsTable)+" where id = ?"+db.dialect.lockRow(), e.Tenant).Scan(ctx, &codes); err != nil {
			return err
		}
		if len(codes) == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := tx.erase(ctx, at, e.Tenant, codes[0], gone); err != nil {
			return err
		}
		// Back to the tenant that keeps the record, which is written when this returns.
		if err := db.dialect.scope(ctx, tx.bun, e.Keeper, false); err != nil {
			return err
		}
		tx.Audit(e.Record)
		return e.Also(ctx, &SysTx{db: db, bun: tx.bun, now: tx.now})
	})
	return gone, err
}

func (tx *Tx) erase(ctx context.Context, at *shape, t TenantID, code string, gone map[string]int) error {
	d := tx.db.dialect
	if err := d.scope(ctx, tx.bun, t, false); err != nil {
		return err
	}
	triggers, err := tx.standAside(ctx, at)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(slices.Concat(at.order, at.named)) {
		where, arg := "tenant_id = ?", any(t)
		if shape := at.tables[name]; !shape.owned {
			if where, arg, err = named(shape, t, code); err != nil {
				return err
			}
		}
		res, err := tx.bun.NewRaw("delete from "+plain(d, name)+" where "+where, arg).Exec(ctx)
		if gone[name], err = affected(res, err); err != nil {
			return fmt.Errorf("store: erase %s: %w", name, err)
		}
	}
	for _, sql := range triggers {
		if _, err := tx.bun.Tx.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("store: a trigger: %w", err)
		}
	}
	res, err := tx.bun.NewRaw("delete from "+plain(d, tenantsTable)+" where id = ?", t).Exec(ctx)
	if gone[tenantsTable], err = affected(res, err); err != nil {
		return fmt.Errorf("store: erase %s: %w", tenantsTable, err)
	}
	return nil
}

// standAside takes SQLite's triggers off tenants' tables and gives what makes them again, within the same transaction.
func (tx *Tx) standAside(ctx context.Context, at *shape) (again []string, err error) {
	if tx.db.Dialect() != "sqlite" {
		return nil, nil
	}
	type row struct {
		Name  string `bun:"name"`
		Table string `bun:"tbl_name"`
		SQL   string `bun:"sql"`
	}
	var rows []row
	if err := tx.bun.NewRaw("select name, tbl_name, sql from main.sqlite_master where type = 'trigger'").Scan(ctx, &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if t := at.tables[r.Table]; t == nil || !t.owned {
			continue
		}
		if _, err := tx.bun.Tx.ExecContext(ctx, `drop trigger main."`+r.Name+`"`); err != nil {
			return nil, fmt.Errorf("store: a trigger: %w", err)
		}
		// "create trigger x" would belong to the temporary view of the table's name.
		again = append(again, inMain(r.SQL, r.Name))
	}
	return again, nil
}

// inMain is the statement that makes a trigger, with its name in the file's schema.
func inMain(sql, name string) string {
	i := strings.Index(sql, name)
	if i < 0 || strings.HasSuffix(sql[:i], "main.") {
		return sql
	}
	return sql[:i] + "main." + sql[i:]
}

// scrubPatience is how long Scrub waits for those who use the database.
const scrubPatience = 30 * time.Second

// Scrub takes what has been deleted out of the database's files, for whatever table tenants have rows in. PostgreSQL: the
// tables are written anew, one after the other, by their owner, and their statistics with them; each is locked meanwhile,
// so the service waits. What a reader that began before still sees stays until the next time. SQLite: the whole file is written anew
// and the write-ahead log emptied. The fault "busy" says that somebody kept it from doing so.
func (db *DB) Scrub(ctx context.Context) error {
	if db.Dialect() == "sqlite" {
		return db.scrubSQLite(ctx)
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return db.dialect.translate(err)
	}
	defer conn.Close()
	at, err := readShape(ctx, db.dialect, conn)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("set lock_timeout = %d", scrubPatience.Milliseconds())); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "reset lock_timeout") }()
	for _, name := range slices.Concat(at.order, at.named, []string{tenantsTable}) {
		// Statistics hold values of the columns, so they are made anew too.
		if _, err := conn.ExecContext(ctx, "vacuum (full, analyze) "+pgName(name)); err != nil {
			return fmt.Errorf("store: write %s anew: %w", name, db.dialect.translate(err))
		}
	}
	return nil
}

func (db *DB) scrubSQLite(ctx context.Context) error {
	pool, err := db.plainSQLite()
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return db.dialect.translate(err)
	}
	defer conn.Close()
	// The copy that VACUUM makes goes to a file that has no name: memory must not grow with the database.
	for _, sql := range []string{"pragma secure_delete = on", "pragma temp_store = default"} {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return db.dialect.translate(err)
		}
	}
	if _, err := conn.ExecContext(ctx, "vacuum main"); err != nil {
		return fmt.Errorf("store: write the file anew: %w", db.dialect.translate(err))
	}
	// A reader in another process keeps the log from being emptied; it is asked again until it has gone.
	for i := 1; ; i++ {
		busy, err := truncateLog(ctx, conn)
		if err != nil || busy == 0 {
			return db.dialect.translate(err)
		}
		if i == 40 || ctx.Err() != nil {
			return fault.Wrap(errors.New("store: somebody reads the file, so its log could not be emptied"), fault.Unavailable, "busy")
		}
		pause(ctx, i)
	}
}

func truncateLog(ctx context.Context, conn bun.Conn) (busy int, err error) {
	var log, done int
	err = conn.QueryRowContext(ctx, "pragma main.wal_checkpoint(truncate)").Scan(&busy, &log, &done)
	return busy, err
}
