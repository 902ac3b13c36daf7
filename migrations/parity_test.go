package migrations_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/migrations"
)

// shape is what a database has, in words that both dialects share.
type shape map[string]*table

type table struct {
	columns map[string]string // name -> "type [not null] [default x]"
	primary string            // "tenant_id, id"
	unique  []string          // sorted
	foreign []string          // "tenant_id, venue_id -> venues (tenant_id, id)", sorted
	indexes []string          // "name (columns)", also unique ones that a statement made
	checks  int
}

// types are PostgreSQL's names for what SQLite calls otherwise.
var types = map[string]string{"uuid": "text", "timestamp with time zone": "timestamp", "bytea": "blob", "jsonb": "text"}

var cast = regexp.MustCompile(`::[a-z ]+(\[\])?`)

func postgresShape(t *testing.T, db *store.DB) shape {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, testkit.URLs(db).Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	out := shape{}
	type column struct {
		Table, Name, Type, Default string
		NotNull                    bool
	}
	for _, c := range rowsOf[column](t, conn, `
		select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
		  coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default, a.attnotnull as not_null
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
		where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'`) {
		if out[c.Table] == nil {
			out[c.Table] = &table{columns: map[string]string{}}
		}
		out[c.Table].columns[c.Name] = columnText(cmp.Or(types[c.Type], c.Type), c.NotNull, cast.ReplaceAllString(c.Default, ""))
	}
	type constraint struct{ Table, Kind, Columns, Target, TargetColumns string }
	for _, c := range rowsOf[constraint](t, conn, `
		select r.relname as table, k.contype::text as kind,
		  (select string_agg(a.attname, ', ' order by o.n) from unnest(k.conkey) with ordinality o(num, n) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.num) as columns,
		  coalesce(f.relname, '') as target,
		  coalesce((select string_agg(a.attname, ', ' order by o.n) from unnest(k.confkey) with ordinality o(num, n) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.num), '') as target_columns
		from pg_constraint k join pg_class r on r.oid = k.conrelid left join pg_class f on f.oid = k.confrelid
		where k.connamespace = current_schema()::regnamespace`) {
		at := out[c.Table]
		switch c.Kind {
		case "p":
			at.primary = c.Columns
		case "u":
			at.unique = append(at.unique, c.Columns)
		case "f":
			at.foreign = append(at.foreign, c.Columns+" -> "+c.Target+" ("+c.TargetColumns+")")
		case "c":
			at.checks++
		}
	}
	type index struct{ Table, Name, Columns string }
	for _, i := range rowsOf[index](t, conn, `
		select t.relname as table, c.relname as name,
		  (select string_agg(a.attname, ', ' order by o.n) from unnest(i.indkey::int[]) with ordinality o(num, n) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = o.num) as columns
		from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
		where c.relnamespace = current_schema()::regnamespace and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))`) {
		out[i.Table].indexes = append(out[i.Table].indexes, i.Name+" ("+i.Columns+")")
	}
	return out.sorted()
}

func rowsOf[T any](t *testing.T, conn *pgx.Conn, query string) []T {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sqliteShape(t *testing.T, db *store.DB) shape {
	t.Helper()
	file, err := sql.Open("sqlite", strings.TrimPrefix(testkit.URLs(db).App, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := func(query string, args ...any) (out [][]string) {
		rows, err := file.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, _ := rows.Columns()
		for rows.Next() {
			row, into := make([]sql.NullString, len(names)), make([]any, len(names))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			texts := make([]string, len(names))
			for i, s := range row {
				texts[i] = s.String
			}
			out = append(out, texts)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := shape{}
	for _, r := range all("select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%'") {
		at := &table{columns: map[string]string{}, checks: len(regexp.MustCompile(`(?i)\bcheck\s*\(`).FindAllString(r[1], -1))}
		out[r[0]] = at
		for _, c := range all("select name, lower(type), \"notnull\", dflt_value from pragma_table_info(?) order by cid", r[0]) {
			at.columns[c[0]] = columnText(c[1], c[2] == "1", c[3])
		}
		for _, c := range all("select name from pragma_table_info(?) where pk > 0 order by pk", r[0]) {
			at.primary = join(at.primary, c[0])
		}
		for _, i := range all("select name, origin from pragma_index_list(?)", r[0]) {
			columns := ""
			for _, c := range all("select name from pragma_index_info(?) order by seqno", i[0]) {
				columns = join(columns, c[0])
			}
			switch i[1] {
			case "u":
				at.unique = append(at.unique, columns)
			case "c":
				at.indexes = append(at.indexes, i[0]+" ("+columns+")")
			}
		}
		keys := map[string][3]string{}
		for _, f := range all("select id, \"table\", \"from\", \"to\" from pragma_foreign_key_list(?) order by id, seq", r[0]) {
			k := keys[f[0]]
			keys[f[0]] = [3]string{join(k[0], f[2]), f[1], join(k[2], f[3])}
		}
		for _, k := range keys {
			at.foreign = append(at.foreign, k[0]+" -> "+k[1]+" ("+k[2]+")")
		}
	}
	return out.sorted()
}

func join(list, next string) string {
	if list == "" {
		return next
	}
	return list + ", " + next
}

func columnText(kind string, notNull bool, value string) string {
	if notNull {
		kind += " not null"
	}
	if value != "" {
		kind += " default " + value
	}
	return kind
}

func (s shape) sorted() shape {
	// The migrator's own tables are made by the migrator.
	delete(s, "schema_migrations")
	delete(s, "schema_migration_locks")
	for _, t := range s {
		slices.Sort(t.unique)
		slices.Sort(t.foreign)
		slices.Sort(t.indexes)
	}
	return s
}

// both are the two databases, migrated.
func both(t *testing.T) (lite, pg *store.DB) {
	t.Helper()
	return testkit.Open(t, testkit.SQLite), testkit.Open(t, testkit.PostgreSQL)
}

func TestBothDialectsMakeTheSame(t *testing.T) {
	lite, pg := both(t)
	for _, d := range differences(sqliteShape(t, lite), postgresShape(t, pg)) {
		t.Error(d)
	}
}

// differences tells in what SQLite's shape and PostgreSQL's differ.
func differences(lite, pg shape) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(union(lite, pg))) {
		l, p := lite[name], pg[name]
		if l == nil || p == nil {
			say("table %s: on SQLite %v, on PostgreSQL %v", name, l != nil, p != nil)
			continue
		}
		for _, column := range slices.Sorted(maps.Keys(union(l.columns, p.columns))) {
			if a, b := l.columns[column], p.columns[column]; a != b {
				say("%s.%s: %q on SQLite, %q on PostgreSQL", name, column, a, b)
			}
		}
		for what, pair := range map[string][2]any{
			"primary key": {l.primary, p.primary}, "unique keys": {l.unique, p.unique}, "foreign keys": {l.foreign, p.foreign},
			"indexes": {l.indexes, p.indexes}, "number of checks": {l.checks, p.checks},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				say("%s, %s: %v on SQLite, %v on PostgreSQL", name, what, pair[0], pair[1])
			}
		}
	}
	return out
}

func union[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// Every tenant's table is keyed and linked through its tenant, so that a reference across tenants
// cannot be stored and the tables can be distributed; and it is known to the guards.
func TestTenantsTablesAreKeyedByTenant(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	for _, p := range unkeyed(postgresShape(t, db), db.OwnedTables()) {
		t.Error(p)
	}
}

func unkeyed(s shape, known []string) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	leads := func(columns string) bool { return columns == "tenant_id" || strings.HasPrefix(columns, "tenant_id, ") }
	for _, name := range slices.Sorted(maps.Keys(s)) {
		at := s[name]
		if _, owned := at.columns["tenant_id"]; !owned {
			if slices.Contains(known, name) {
				say("%s is registered as a tenant's table and has no tenant_id", name)
			}
			continue
		}
		if !slices.Contains(known, name) {
			say("%s has tenant_id and no model that embeds store.Owned: SQLite has no guard for it", name)
		}
		if at.columns["tenant_id"] != "text not null" {
			say("%s.tenant_id is %q", name, at.columns["tenant_id"])
		}
		if !leads(at.primary) {
			say("%s: the primary key (%s) does not begin with the tenant", name, at.primary)
		}
		for _, u := range at.unique {
			if !leads(u) {
				say("%s: the unique key (%s) does not begin with the tenant", name, u)
			}
		}
		for _, i := range at.indexes {
			if _, columns, _ := strings.Cut(strings.TrimSuffix(i, ")"), " ("); !leads(columns) {
				say("%s: the index %s does not begin with the tenant", name, i)
			}
		}
		toTenants := false
		for _, f := range at.foreign {
			columns, target, _ := strings.Cut(f, " -> ")
			to, keys, _ := strings.Cut(strings.TrimSuffix(target, ")"), " (")
			if to == "tenants" {
				toTenants = columns == "tenant_id" && keys == "id"
				continue
			}
			if s[to] != nil && s[to].columns["tenant_id"] == "" {
				continue
			}
			if !leads(columns) || !leads(keys) {
				say("%s: the foreign key %s does not carry the tenant", name, f)
			}
		}
		if !toTenants {
			say("%s does not refer to tenants (id)", name)
		}
	}
	return out
}

// Every column that a model names is there, with a type that takes the model's.
func TestModelsFitTheirTables(t *testing.T) {
	s := postgresShape(t, testkit.Open(t, testkit.PostgreSQL))
	tables := pgdialect.New().Tables()
	fits := map[string]string{
		"bool": "boolean", "string": "text", "time.Time": "timestamp", "clock.Day": "date", "id.ID": "text", "store.TenantID": "text", "[]uint8": "blob",
		"int": "integer bigint", "int64": "bigint",
	}
	for _, m := range testkit.Models {
		model := tables.Get(reflect.TypeOf(m).Elem())
		at := s[model.Name]
		if at == nil {
			t.Errorf("%s: no table %s", model.TypeName, model.Name)
			continue
		}
		for _, f := range model.Fields {
			have, ok := at.columns[f.Name]
			if !ok {
				t.Errorf("%s: no column %s.%s", model.TypeName, model.Name, f.Name)
				continue
			}
			goType := strings.TrimPrefix(f.StructField.Type.String(), "*")
			want, known := fits[goType]
			if !known {
				want = fits[f.StructField.Type.Kind().String()]
			}
			if kind, _, _ := strings.Cut(have, " "); !slices.Contains(strings.Fields(want), kind) {
				t.Errorf("%s.%s is %s, its field %s.%s is %s", model.Name, f.Name, have, model.TypeName, f.GoName, goType)
			}
		}
		var keys []string
		for _, f := range model.PKs {
			keys = append(keys, f.Name)
		}
		if got := strings.Join(keys, ", "); got != at.primary {
			t.Errorf("%s: the model's key is (%s), the table's (%s)", model.TypeName, got, at.primary)
		}
	}
}

// What the tests open with is what the service opens with. testkit has a list of its own only so that
// the tests of a package build while app does not.
func TestModelsAreTheService(t *testing.T) {
	names := func(models store.Models) (out []string) {
		for _, m := range models {
			out = append(out, reflect.TypeOf(m).String())
		}
		slices.Sort(out)
		return out
	}
	if a, k := names(app.Models), names(testkit.Models); !slices.Equal(a, k) {
		t.Errorf("app has\n%v, testkit has\n%v", a, k)
	}
}

// Both folders have the same numbers and names, each in a transaction of its own.
func TestBothDialectsHaveTheSameSteps(t *testing.T) {
	list := func(dialect string) (names []string) {
		entries, err := migrations.Files.ReadDir(dialect)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if !regexp.MustCompile(fmt.Sprintf(`^%04d_[a-z_]+\.tx\.up\.sql$`, i+1)).MatchString(e.Name()) {
				t.Errorf("%s/%s: want %04d_name.tx.up.sql", dialect, e.Name(), i+1)
			}
			names = append(names, e.Name())
		}
		return names
	}
	if l, p := list("sqlite"), list("postgres"); !slices.Equal(l, p) {
		t.Errorf("SQLite has %v, PostgreSQL %v", l, p)
	}
}

// The comparison sees what it is there for.
func TestDifferencesAreSeen(t *testing.T) {
	good := func() shape {
		return shape{
			"tenants": {columns: map[string]string{"id": "text not null"}, primary: "id"},
			"places":  {columns: map[string]string{"tenant_id": "text not null", "id": "text not null"}, primary: "tenant_id, id", foreign: []string{"tenant_id -> tenants (id)"}},
			"zones": {
				columns: map[string]string{"tenant_id": "text not null", "id": "text not null", "place_id": "text"}, primary: "tenant_id, id", unique: []string{"tenant_id, place_id"},
				foreign: []string{"tenant_id -> tenants (id)", "tenant_id, place_id -> places (tenant_id, id)"}, indexes: []string{"zones_x (tenant_id, place_id)"}, checks: 1,
			},
		}
	}
	known := []string{"places", "zones"}
	if d, u := differences(good(), good()), unkeyed(good(), known); len(d)+len(u) > 0 {
		t.Errorf("out of nothing: %v %v", d, u)
	}
	for name, spoil := range map[string]func(shape){
		"table zones":             func(s shape) { delete(s, "zones") },
		"zones.place_id":          func(s shape) { s["zones"].columns["place_id"] = "text not null" },
		"zones.extra":             func(s shape) { s["zones"].columns["extra"] = "text" },
		"zones, primary key":      func(s shape) { s["zones"].primary = "id" },
		"zones, unique keys":      func(s shape) { s["zones"].unique = nil },
		"zones, foreign keys":     func(s shape) { s["zones"].foreign = s["zones"].foreign[1:] },
		"zones, indexes":          func(s shape) { s["zones"].indexes = nil },
		"zones, number of checks": func(s shape) { s["zones"].checks = 0 },
	} {
		s := good()
		if spoil(s); !strings.HasPrefix(strings.Join(differences(s, good()), "\n"), name) {
			t.Errorf("%s: %q", name, differences(s, good()))
		}
	}
	for want, spoil := range map[string]func(shape){
		"primary key (id, tenant_id) does not begin": func(s shape) { s["zones"].primary = "id, tenant_id" },
		"unique key (place_id) does not begin":       func(s shape) { s["zones"].unique = []string{"place_id"} },
		"does not carry the tenant":                  func(s shape) { s["zones"].foreign[1] = "place_id -> places (id)" },
		"does not refer to tenants":                  func(s shape) { s["zones"].foreign = s["zones"].foreign[1:] },
		"no model that embeds":                       func(s shape) { s["halls"] = s["zones"] },
		"index zones_x (place_id) does not begin":    func(s shape) { s["zones"].indexes[0] = "zones_x (place_id)" },
		"has no tenant_id":                           func(s shape) { delete(s["zones"].columns, "tenant_id") },
		"zones.tenant_id is":                         func(s shape) { s["zones"].columns["tenant_id"] = "text" },
	} {
		s := good()
		if spoil(s); !strings.Contains(strings.Join(unkeyed(s, known), "\n"), want) {
			t.Errorf("%s: %q", want, unkeyed(s, known))
		}
	}
}
