package migrations_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/migrations"
)

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
		"seal.Box": "blob", "seal.Index": "blob",
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
