package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pendopo-id/pendopo/internal/fault"
)

type sqliteDialect struct{}

func (sqliteDialect) name() string { return "sqlite" }

// table: the plain name is a temporary view that shows the connection's tenant and cannot be written;
// only this package says main.x, and only together with the tenant.
func (sqliteDialect) table(name string) string {
	if predicate {
		return "main." + name
	}
	return name
}

func (sqliteDialect) lockRow() string { return "" } // one writer
func (sqliteDialect) keepRow() string { return "" }

// scope keeps the connection's tenant in a temporary table that the views read. The statement is part
// of the transaction: a rollback takes it back.
func (sqliteDialect) scope(ctx context.Context, tx bun.Tx, t TenantID, readOnly bool) error {
	set := "delete from temp.scope; insert into temp.scope values ('" + t.String() + "')"
	if readOnly {
		set = "pragma query_only = 0; " + set + "; pragma query_only = 1"
	}
	_, err := tx.Tx.ExecContext(ctx, set)
	return err
}

func (sqliteDialect) unscope(ctx context.Context, tx bun.Tx) error {
	_, err := tx.Tx.ExecContext(ctx, "delete from temp.scope")
	return err
}

func (sqliteDialect) retry(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

func (sqliteDialect) translate(err error) error {
	if isFault(err) {
		return err
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch {
		case e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE, e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return fault.Wrap(err, fault.Conflict, "duplicate")
		case e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT:
			return fault.Wrap(err, fault.Conflict, "constraint")
		case e.Code()&0xff == sqlite3.SQLITE_BUSY:
			return fault.Wrap(err, fault.Unavailable, "busy")
		}
	}
	return translateCommon(err)
}

// pragmas are those of every connection. A fleeting database does not wait for the disk.
func (db *DB) pragmas() string {
	if db.cfg.Fleeting {
		return strings.Replace(sqlitePragmas, "synchronous(FULL)", "synchronous(OFF)", 1)
	}
	return sqlitePragmas
}

// The order of the pragmas matters: without busy_timeout first, setting WAL itself fails while
// another process opens the file.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)"

func (db *DB) openSQLite(ctx context.Context) error {
	if db.cfg.Path == "" {
		return errors.New("store: no path for SQLite")
	}
	if err := os.MkdirAll(filepath.Dir(db.cfg.Path), 0o700); err != nil {
		return fmt.Errorf("store: the data folder: %w", err)
	}
	db.dialect = sqliteDialect{}
	file := "file:" + (&url.URL{Path: db.cfg.Path}).EscapedPath() + "?" + db.pragmas()

	// bun needs a DB to know the tables; the views need the tables. So the models come first, on a
	// handle that has no connection yet.
	probe := bun.NewDB(sql.OpenDB(noConnector{}), sqlitedialect.New())
	db.tables = newTables(probe.Table, db.cfg.Models)
	views := db.sqliteViews()

	open := func(dsn string, readOnly bool, conns int) (*bun.DB, error) {
		drv := &sqlite.Driver{}
		drv.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
			setup := views
			if readOnly {
				setup += "; pragma query_only = 1"
			}
			_, err := conn.ExecContext(context.Background(), setup, nil)
			return err
		})
		pool := sql.OpenDB(connector{drv, dsn})
		tune(pool, conns)
		b := bun.NewDB(pool, sqlitedialect.New())
		b.RegisterModel(db.cfg.Models...)
		return b, pool.PingContext(ctx)
	}
	var err error
	if db.write, err = open(file+"&_txlock=immediate", false, 1); err != nil {
		return fmt.Errorf("store: open %s: %w", db.cfg.Path, err)
	}
	readers := db.cfg.ReadConns
	if readers == 0 {
		readers = max(4, 2*runtime.NumCPU())
	}
	if db.read, err = open(file, true, readers); err != nil {
		return fmt.Errorf("store: open %s for reading: %w", db.cfg.Path, err)
	}
	return nil
}

// plainSQLite opens the file without the guard's views, for migrations, which name tables plainly.
func (db *DB) plainSQLite() (*bun.DB, error) {
	dsn := "file:" + (&url.URL{Path: db.cfg.Path}).EscapedPath() + "?" + db.pragmas() + "&_txlock=immediate"
	pool := sql.OpenDB(connector{&sqlite.Driver{}, dsn})
	tune(pool, 1)
	return bun.NewDB(pool, sqlitedialect.New()), nil
}

// sqliteViews is the guard of a connection: each tenant table's plain name is a view of the tenant
// that the connection is scoped to, and of nothing when it is not.
func (db *DB) sqliteViews() string {
	var b strings.Builder
	b.WriteString("create temp table scope (tenant_id text not null)")
	if !viewed {
		return b.String()
	}
	for _, name := range db.tables.ownedNames() {
		fmt.Fprintf(&b, "; create temp view %[1]s as select * from main.%[1]s where tenant_id = (select tenant_id from temp.scope)", name)
	}
	return b.String()
}

// connector opens connections with a driver of our own, so that the hook is ours alone.
type connector struct {
	drv driver.Driver
	dsn string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.drv.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.drv }

type noConnector struct{}

func (noConnector) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("store: no connection")
}
func (noConnector) Driver() driver.Driver { return nil }
