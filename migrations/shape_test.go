package migrations_test

import (
	"cmp"
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
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
