package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// shape is what the database itself says of its tables. What carries, restores or erases a tenant goes by this and by no
// list of models: a column that no model names is a tenant's data too, and so is a table that somebody forgot to register.
type shape struct {
	tables map[string]*tableShape
	order  []string // those of a tenant, referred to before they are referred from
	named  []string // those of the control plane that refer to a tenant, such as domains
}

type tableShape struct {
	name    string
	columns []columnShape // by name
	key     []string      // the primary key, in its order, without the tenant
	owned   bool          // it has tenant_id
	refers  []reference
}

type columnShape struct {
	name string
	kind string // text, integer, boolean, blob, time or date
}

// reference is a foreign key to another table: of a key of several columns the last, which is not the tenant.
type reference struct{ table, from, to string }

func (t *tableShape) column(name string) (columnShape, bool) {
	i := slices.IndexFunc(t.columns, func(c columnShape) bool { return c.name == name })
	if i < 0 {
		return columnShape{}, false
	}
	return t.columns[i], true
}

type columnRow struct {
	Table  string `bun:"tbl"`
	Column string `bun:"col"`
	Type   string `bun:"typ"`
	Key    int    `bun:"nth"`
}

type referenceRow struct {
	Table string `bun:"tbl"`
	To    string `bun:"target"`
	From  string `bun:"col"`
	Key   string `bun:"target_col"`
	Nth   int    `bun:"nth"`
}

const (
	sqliteColumns = `select m.name as tbl, c.name as col, lower(c.type) as typ, c.pk as nth
		from main.sqlite_master m join pragma_table_info(m.name, 'main') c where m.type = 'table' and m.name not like 'sqlite_%' order by 1, 2`
	sqliteReferences = `select m.name as tbl, f."table" as target, f."from" as col, coalesce(f."to", '') as target_col, f.seq as nth
		from main.sqlite_master m join pragma_foreign_key_list(m.name, 'main') f where m.type = 'table' order by 1, f.id, f.seq`
	pgColumns = `select c.relname as tbl, a.attname as col, t.typname as typ, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0) as nth
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		join pg_type t on t.oid = a.atttypid
		left join pg_index i on i.indrelid = c.oid and i.indisprimary
		where n.nspname = current_schema() and c.relkind in ('r', 'p') order by 1, 2`
	pgReferences = `select c.relname as tbl, r.relname as target, a.attname as col, b.attname as target_col, k.nth::int - 1 as nth
		from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = f.confrelid
		cross join lateral unnest(f.conkey, f.confkey) with ordinality k (mine, theirs, nth)
		join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.mine
		join pg_attribute b on b.attrelid = f.confrelid and b.attnum = k.theirs
		where f.contype = 'f' and n.nspname = current_schema() order by 1, f.conname, k.nth`
)

// kinds of columns, as the two databases call their types.
var kinds = map[string]string{
	"text": "text", "uuid": "text", "integer": "integer", "bigint": "integer", "int4": "integer", "int8": "integer", "boolean": "boolean", "bool": "boolean",
	"blob": "blob", "bytea": "blob", "timestamp": "time", "timestamptz": "time", "date": "date",
}

// readShape asks the database for its tables.
func readShape(ctx context.Context, d dialect, q bun.IDB) (*shape, error) {
	columns, references := pgColumns, pgReferences
	if d.name() == "sqlite" {
		columns, references = sqliteColumns, sqliteReferences
	}
	var cols []columnRow
	var refs []referenceRow
	if err := q.NewRaw(columns).Scan(ctx, &cols); err != nil {
		return nil, fmt.Errorf("store: columns: %w", err)
	}
	if err := q.NewRaw(references).Scan(ctx, &refs); err != nil {
		return nil, fmt.Errorf("store: foreign keys: %w", err)
	}
	s := &shape{tables: map[string]*tableShape{}}
	keys := map[string]map[int]string{}
	for _, c := range cols {
		t := s.tables[c.Table]
		if t == nil {
			t = &tableShape{name: c.Table}
			s.tables[c.Table], keys[c.Table] = t, map[int]string{}
		}
		t.columns = append(t.columns, columnShape{c.Column, c.Type})
		t.owned = t.owned || c.Column == "tenant_id"
		if c.Key > 0 {
			keys[c.Table][c.Key] = c.Column
		}
	}
	for name, t := range s.tables {
		for i := 1; i <= len(keys[name]); i++ {
			if k := keys[name][i]; k != "tenant_id" {
				t.key = append(t.key, k)
			}
		}
	}
	for _, r := range refs {
		t := s.tables[r.Table]
		if r.Nth > 0 { // a longer key: its first column is the tenant
			t.refers[len(t.refers)-1] = reference{r.To, r.From, r.Key}
			continue
		}
		t.refers = append(t.refers, reference{r.To, r.From, r.Key})
	}
	return s, s.sort()
}

// sort finds the order in which rows can be written, and which tables of the control plane name a tenant.
func (s *shape) sort() error {
	var names []string
	for name, t := range s.tables {
		switch {
		case t.owned:
			names = append(names, name)
		case slices.ContainsFunc(t.refers, func(r reference) bool { return r.table == tenantsTable }):
			s.named = append(s.named, name)
		}
	}
	slices.Sort(names)
	slices.Sort(s.named)
	for done := map[string]bool{}; len(names) > 0; {
		next := slices.IndexFunc(names, func(name string) bool {
			return !slices.ContainsFunc(s.tables[name].refers, func(r reference) bool {
				to := s.tables[r.table]
				return to != nil && to.owned && !done[r.table]
			})
		})
		if next < 0 {
			return fmt.Errorf("store: %s refer to one another in a circle: no order to write them in", strings.Join(names, ", "))
		}
		done[names[next]] = true
		s.order = append(s.order, names[next])
		names = slices.Delete(names, next, next+1)
	}
	return nil
}

const tenantsTable = "tenants"

// plain is a table's name past the views of SQLite's guard.
func plain(d dialect, name string) string {
	if d.name() == "sqlite" {
		return "main." + name
	}
	return name
}

// TenantTables names the tables that hold a tenant's rows, as the database itself has them: in the order in which rows
// can be written, the control plane's last. One that no model is registered for is an error, which names it.
func (db *DB) TenantTables(ctx context.Context) (names []string, err error) {
	err = db.SystemView(ctx, func(ctx context.Context, s *SysTx) error {
		at, err := db.knownShape(ctx, s.bun)
		if err == nil {
			names = append(slices.Concat([]string{tenantsTable}, at.order), at.named...)
		}
		return err
	})
	return names, err
}

// knownShape is the database's shape, if it is the one that this program knows.
func (db *DB) knownShape(ctx context.Context, q bun.IDB) (*shape, error) {
	at, err := readShape(ctx, db.dialect, q)
	if err != nil {
		return nil, err
	}
	known := db.tables.ownedNames()
	for _, name := range at.order {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("store: table %s has tenants' rows and no registered model", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(at.order, name) {
			return nil, fmt.Errorf("store: table %s is missing: run pendopo migrate", name)
		}
	}
	for _, name := range slices.Concat(at.order, at.named, []string{tenantsTable}) {
		for i, c := range at.tables[name].columns {
			kind, ok := kinds[c.kind]
			if !ok {
				return nil, fmt.Errorf("store: %s.%s is %q, which no archive holds yet", name, c.name, c.kind)
			}
			at.tables[name].columns[i].kind = kind
		}
	}
	return at, nil
}
