package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

// Migrator applies migrations. It takes the files as a parameter, since the migrations package stands
// beside internal and knows nothing of it.
type Migrator struct {
	db *DB
	fs fs.FS
}

// NewMigrator reads migrations from the folder of the database's dialect: postgres/ or sqlite/.
func NewMigrator(db *DB, files fs.FS) (*Migrator, error) {
	sub, err := fs.Sub(files, db.Dialect())
	return &Migrator{db, sub}, err
}

func (m *Migrator) open(handle *bun.DB) (*migrate.Migrator, error) {
	all := migrate.NewMigrations()
	if err := all.Discover(m.fs); err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	return migrate.NewMigrator(handle, all,
		migrate.WithMarkAppliedOnSuccess(true),
		migrate.WithTableName("schema_migrations"),
		migrate.WithLocksTableName("schema_migration_locks")), nil
}

// advisoryLock is the key under which processes that migrate wait for one another.
const advisoryLock = 0x50656e646f706f // "Pendopo"

// Up applies what is missing and gives the names. PostgreSQL: it is run with the owner role; appRole
// is the role that serves, and gets its rights here ("" grants nothing). Two runs at once are safe.
func (m *Migrator) Up(ctx context.Context, appRole string) ([]string, error) {
	handle := m.db.write
	if m.db.Dialect() == "postgres" {
		conn, err := handle.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		if err := awaitOthers(ctx, conn); err != nil {
			return nil, err
		}
		defer func() {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("select pg_advisory_unlock(%d)", advisoryLock))
		}()
	} else {
		plain, err := m.db.plainSQLite()
		if err != nil {
			return nil, err
		}
		defer plain.Close()
		handle = plain
	}
	mig, err := m.open(handle)
	if err != nil {
		return nil, err
	}
	if err := mig.Init(ctx); err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	group, err := mig.Migrate(ctx)
	// SQLite has no lock for this. Who runs at the same time makes a migration fail here, as a whole, because
	// it is there already; looked at again it is applied.
	for i := 1; err != nil && m.db.Dialect() == "sqlite" && i < 10 && ctx.Err() == nil; i++ {
		pause(ctx, i)
		group, err = mig.Migrate(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("store: migrate: %w", err)
	}
	var names []string
	for _, one := range group.Migrations {
		names = append(names, one.Name+"_"+one.Comment)
	}
	if m.db.Dialect() == "postgres" && appRole != "" {
		if err := m.grant(ctx, appRole); err != nil {
			return names, err
		}
	}
	return names, nil
}

// awaitOthers takes the lock of those who migrate. Whoever has it is waited for, however long it takes; the
// migrations themselves wait for a table no longer than any statement, or all who read it would stand behind
// them. So the connection, which goes back to the pool, keeps nothing of it.
func awaitOthers(ctx context.Context, conn bun.Conn) error {
	if _, err := conn.ExecContext(ctx, "set lock_timeout = 0"); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("select pg_advisory_lock(%d)", advisoryLock))
	_, reset := conn.ExecContext(context.WithoutCancel(ctx), "reset lock_timeout")
	return errors.Join(err, reset)
}

// Pending gives the names of the migrations that have not been applied.
func (m *Migrator) Pending(ctx context.Context) ([]string, error) {
	mig, err := m.open(m.db.write)
	if err != nil {
		return nil, err
	}
	status, err := mig.MigrationsWithStatus(ctx)
	if err != nil {
		// No table yet: everything is missing.
		all := migrate.NewMigrations()
		if derr := all.Discover(m.fs); derr != nil {
			return nil, derr
		}
		status = all.Sorted()
	}
	var names []string
	for _, one := range status {
		if !one.IsApplied() {
			names = append(names, one.Name+"_"+one.Comment)
		}
	}
	return names, nil
}

// Latest is the name of the newest migration that has been applied: "0013_operator"; "" before the first.
func (m *Migrator) Latest(ctx context.Context) (latest string, err error) {
	mig, err := m.open(m.db.write)
	if err != nil {
		return "", err
	}
	applied, err := mig.MigrationsWithStatus(ctx)
	if err != nil {
		return "", m.db.dialect.translate(err)
	}
	for _, one := range applied {
		if name := one.Name + "_" + one.Comment; one.IsApplied() && name > latest {
			latest = name
		}
	}
	return latest, nil
}

func pgName(name string) string { return pgx.Identifier{name}.Sanitize() }

// grant gives the serving role what it needs and no more: it reads and writes rows, it cannot change
// or remove what the chain holds, and it owns nothing.
func (m *Migrator) grant(ctx context.Context, role string) error {
	var exists, same bool
	var schema string
	err := m.db.write.QueryRowContext(ctx, "select exists (select 1 from pg_roles where rolname = ?), ? = current_user, current_schema()", role, role).Scan(&exists, &same, &schema)
	if err != nil {
		return err
	}
	if !exists {
		return fmt.Errorf("store: PostgreSQL has no role %q; make it with: create role %s login password '...'", role, pgName(role))
	}
	if same {
		return errors.New("store: the owner role cannot be the role that serves")
	}
	schema, role = pgName(schema), pgName(role)
	for _, sql := range []string{
		"grant usage on schema " + schema + " to " + role,
		"grant select, insert, update, delete on all tables in schema " + schema + " to " + role,
		"revoke update, delete, truncate on audit from " + role,
		"revoke delete, truncate on audit_heads from " + role,
		"revoke update, delete, truncate on events from " + role,
		"revoke update, delete, truncate on system_log from " + role,
		"revoke insert, update, delete on schema_migrations, schema_migration_locks from " + role,
	} {
		if _, err := m.db.write.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("store: grant to %s: %w", role, err)
		}
	}
	return nil
}
