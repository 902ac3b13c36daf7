package app_test

import (
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// columns are all that the database has, but for the migrator's own tables.
func columns(t *testing.T) (out []string) {
	t.Helper()
	file, err := sql.Open("sqlite", strings.TrimPrefix(testkit.URLs(testkit.Open(t, testkit.SQLite)).App, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := file.QueryContext(t.Context(), `select t.name || '.' || c.name from sqlite_master t join pragma_table_info(t.name) c
		where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like 'schema_migration%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Somebody has decided of every column whether it holds personal data: a new one fails here until it stands
// in data-map.yaml.
func TestDataMapKnowsEveryColumn(t *testing.T) {
	m := readDataMap(t)
	known := map[string]bool{}
	put := func(name string) {
		if known[name] {
			t.Errorf("%s stands in data-map.yaml twice", name)
		}
		known[name] = true
	}
	for _, f := range m.Personal {
		put(f.Field)
	}
	for table, names := range m.NotPersonal {
		for _, name := range names {
			put(table + "." + name)
		}
	}
	for _, name := range columns(t) {
		if !known[name] {
			t.Errorf("%s: is this personal data? Say so in internal/app/data-map.yaml, under personal or not_personal", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s stands in data-map.yaml and not in the database", name)
	}
}

// What the map calls sealed is sealed, and what is sealed stands in the map.
func TestDataMapTellsTheTruth(t *testing.T) {
	m := readDataMap(t)
	stored := map[string]string{}
	roles := append(authz.Roles(), "self", "host", "nobody")
	for _, f := range m.Personal {
		stored[f.Field] = f.Stored
		for name, text := range map[string]string{
			"what.id": f.What.ID, "what.en": f.What.EN, "whose": f.Whose, "purpose.id": f.Purpose.ID, "purpose.en": f.Purpose.EN,
			"basis": f.Basis, "retention.id": f.Retention.ID, "retention.en": f.Retention.EN, "seen_by": strings.Join(f.SeenBy, ""),
		} {
			if text == "" {
				t.Errorf("%s: %s is empty", f.Field, name)
			}
		}
		if !slices.Contains([]string{"sealed", "index", "pseudonym", "hash", "identifier", "clear"}, f.Stored) {
			t.Errorf("%s: stored %q", f.Field, f.Stored)
		}
		if (f.Stored == "clear") != (f.Why.ID != "" && f.Why.EN != "") {
			t.Errorf("%s: what is kept in clear says why, and nothing else does", f.Field)
		}
		if f.Basis != "to be confirmed" && !strings.HasPrefix(f.Basis, "Pasal ") {
			t.Errorf("%s: basis %q", f.Field, f.Basis)
		}
		for _, who := range f.SeenBy {
			if !slices.Contains(roles, who) {
				t.Errorf("%s: seen by %q, who is no role", f.Field, who)
			}
		}
	}
	// What a passkey's challenge holds names its person and their keys, in a column that could hold anything.
	if stored["challenges.data"] != "identifier" {
		t.Errorf("challenges.data is stored as %q", stored["challenges.data"])
	}
	// By the columns' types.
	types := map[reflect.Type]string{reflect.TypeFor[seal.Box](): "sealed", reflect.TypeFor[seal.Index](): "index"}
	typed := map[string]string{}
	tables := sqlitedialect.New().Tables()
	for _, model := range app.Models {
		table := tables.Get(reflect.TypeOf(model).Elem())
		for _, f := range table.Fields {
			if how, ok := types[f.StructField.Type]; ok {
				typed[table.Name+"."+f.Name] = how
			}
		}
	}
	// By what the packages have declared, and so what a rotation reaches.
	declared := map[string]string{}
	for _, f := range seal.Fields() {
		declared[f.String()] = "sealed"
		if f.IndexColumn != "" {
			declared[f.Table+"."+f.IndexColumn] = "index"
		}
	}
	maps.DeleteFunc(stored, func(_, how string) bool { return how != "sealed" && how != "index" })
	if !maps.Equal(stored, typed) || !maps.Equal(typed, declared) {
		t.Errorf("sealed\nin the map    %v\nby their type %v\ndeclared      %v", stored, typed, declared)
	}
}

func TestDataMapIsWritten(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "data-map.md")
	want := readDataMap(t).Markdown(true)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != want {
		t.Errorf("docs/data-map.md is not what data-map.yaml says: go test ./internal/app -run DataMap -update (%v)", err)
	}
	// Nothing of the Indonesian table is left in English.
	for _, row := range strings.Split(readDataMap(t).Markdown(false), "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) < 8 || cells[0] == "| Kolom" {
			continue
		}
		for _, cell := range []string{cells[2], cells[6], cells[7]} {
			for _, word := range []string{"staff", "self", "host", "nobody", "admin,", "manager", "sealed", "index ", "pseudonym", "hash", "identifier", "clear", "whoever"} {
				if strings.Contains(cell+" ", word) {
					t.Errorf("%q in %s", word, row)
				}
			}
		}
	}
	if code, out := main(t.Context(), "data-map"); code != 0 || !strings.Contains(out, "Peta data pribadi") || !strings.Contains(out, "users.email") {
		t.Errorf("pendopo data-map: exit %d, %.200s", code, out)
	}
}

func readDataMap(t *testing.T) app.DataMap {
	t.Helper()
	m, err := app.ReadDataMap()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
