package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Finding is something that a check found to be wrong, and how to mend it.
type Finding struct {
	What string
	Mend string
}

func (f Finding) String() string { return f.What + ". " + f.Mend }

// CheckIsolation tells what in the database's set-up would let one tenant see another. The service
// refuses to start while it finds anything.
func (db *DB) CheckIsolation(ctx context.Context) ([]Finding, error) {
	if db.Dialect() == "sqlite" {
		return nil, nil // the guard is made on every connection
	}
	var out []Finding
	var role string
	var super, bypass bool
	err := db.read.QueryRowContext(ctx, "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user").Scan(&role, &super, &bypass)
	if err != nil {
		return nil, db.dialect.translate(err)
	}
	if super || bypass {
		out = append(out, Finding{
			fmt.Sprintf("the role %q is a superuser or has BYPASSRLS, so row level security does not hold for it", role),
			"Serve with a plain role: create role pendopo_app login password '...' nosuperuser nobypassrls; then set PENDOPO_DATABASE_URL to it and run pendopo migrate with the owner's address in PENDOPO_OWNER_DATABASE_URL",
		})
	}
	type row struct {
		Name     string `bun:"name"`
		Enabled  bool   `bun:"enabled"`
		Forced   bool   `bun:"forced"`
		Policies int    `bun:"policies"`
		Strange  int    `bun:"strange"`
		Owned    bool   `bun:"owned"`
	}
	var rows []row
	err = db.read.NewRaw(`select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
		  (select count(*) from pg_policy p where p.polrelid = c.oid) as policies,
		  -- Policies are joined by OR: one that lets more through undoes the others.
		  (select count(*) from pg_policy p where p.polrelid = c.oid and not (p.polcmd = '*'
		    and coalesce(pg_get_expr(p.polqual, p.polrelid), '') like '(tenant_id = %app.tenant_id%'
		    and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') like '(tenant_id = %app.tenant_id%')) as strange,
		  pg_has_role(current_user, c.relowner, 'member') as owned
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
		where n.nspname = current_schema() and c.relkind in ('r', 'p') order by 1`).Scan(ctx, &rows)
	if err != nil {
		return nil, db.dialect.translate(err)
	}
	there := map[string]bool{}
	for _, r := range rows {
		there[r.Name] = true
		if !r.Enabled || !r.Forced || r.Policies == 0 {
			out = append(out, Finding{
				fmt.Sprintf("table %q holds tenants' rows without row level security (enabled %v, forced %v, policies %d)", r.Name, r.Enabled, r.Forced, r.Policies),
				"Call isolate_by_tenant for it in a migration and run pendopo migrate",
			})
		} else if r.Strange > 0 || r.Policies > 1 {
			out = append(out, Finding{
				fmt.Sprintf("table %q has a policy that isolate_by_tenant did not make", r.Name),
				"Drop it: policies are joined by OR, and it may let foreign rows through",
			})
		}
		if r.Owned && !super {
			out = append(out, Finding{
				fmt.Sprintf("the role %q owns table %q and could switch its protection off", role, r.Name),
				"Migrate with an owner role and serve with another",
			})
		}
	}
	var missing []string
	for _, name := range db.tables.ownedNames() {
		if !there[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		out = append(out, Finding{"tables are missing: " + strings.Join(missing, ", "), "Run pendopo migrate"})
	}
	if !super { // who is one has been told enough
		kept, err := db.checkKept(ctx, role)
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
	}
	return out, nil
}

// keptTables are only ever added to.
var keptTables = []string{"audit", "system_log"}

// checkKept tells where the serving role could change what has been recorded.
func (db *DB) checkKept(ctx context.Context, role string) (out []Finding, err error) {
	type row struct {
		Name string `bun:"name"`
	}
	var rows []row
	err = db.read.NewRaw(`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = current_schema() and c.relname in ? and c.relkind in ('r', 'p')
		  and (has_any_column_privilege(c.oid, 'update') or has_table_privilege(c.oid, 'delete') or has_table_privilege(c.oid, 'truncate'))
		order by 1`, bun.Tuple(keptTables)).Scan(ctx, &rows)
	for _, r := range rows {
		out = append(out, Finding{
			fmt.Sprintf("the role %q may change or delete records in %q", role, r.Name),
			"Run pendopo migrate, which takes the right away",
		})
	}
	return out, db.dialect.translate(err)
}

// ClockSkew is how far the database's clock is ahead of this process's.
func (db *DB) ClockSkew(ctx context.Context) (time.Duration, error) {
	if db.Dialect() == "sqlite" {
		return 0, nil
	}
	var there time.Time
	before := clock.System.Now()
	if err := db.read.QueryRowContext(ctx, "select clock_timestamp()").Scan(&there); err != nil {
		return 0, db.dialect.translate(err)
	}
	here := before.Add(clock.System.Now().Sub(before) / 2) // half-way through the round trip
	return there.Sub(here), nil
}

// OwnedTables names the tables that have a tenant, for tests that walk them all.
func (db *DB) OwnedTables() []string { return db.tables.ownedNames() }

// Version is the database server's own version text.
func (db *DB) Version(ctx context.Context) (v string, err error) {
	sql := "select sqlite_version()"
	if db.Dialect() == "postgres" {
		sql = "select current_setting('server_version')"
	}
	err = db.read.QueryRowContext(ctx, sql).Scan(&v)
	return v, err
}
