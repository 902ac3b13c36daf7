package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun/schema"
)

var guarded = &tables{
	owned:  map[string]*schema.Table{"venues": nil, "tickets": nil, "series": nil, "events": nil},
	shared: map[string]*schema.Table{"tenants": nil, "system_log": nil},
}

func TestGuardRefuses(t *testing.T) {
	for _, c := range []struct {
		sql  string
		from []string
		want string
	}{
		// Tables that were not named.
		{"id in (select id from venues)", nil, "not named in From"},
		{"select * from tickets, venues", []string{"tickets"}, "not named in From"},
		{"select * from VENUES", nil, "not named in From"},
		{"select * from Venues v", nil, "not named in From"},
		{`select * from "venues"`, nil, "not named in From"},
		{`select * from "VENUES"`, nil, "not named in From"},
		{"exists(select 1 from venues)", nil, "not named in From"},
		{"select * from tickets join venues on true", []string{"tickets"}, "not named in From"},
		{"select 1 union all select n from venues", []string{"tickets"}, "not named in From"},
		// Tables of the control plane and of the database.
		{"select * from tenants", []string{"tickets"}, "control plane"},
		{"select * from system_log", []string{"tickets"}, "control plane"},
		{"select * from pg_stat_activity", []string{"tickets"}, "belongs to the database"},
		{"select * from sqlite_master", []string{"tickets"}, "belongs to the database"},
		{"select set_config('app.tenant_id', ?, true)", []string{"tickets"}, "cannot change its scope"},
		// What asks several tenants.
		{"select * from across_agency(array[1], array[2], 'x')", []string{"tickets"}, "only Across does"},
		{"select * from ACROSS_regions (?, ?)", []string{"tickets"}, "only Across does"},
		{"id in (select tenant_id from across_work(?, ?))", nil, "only Across does"},
		// Names with a schema.
		{"select * from main.venues", []string{"venues"}, "plain name"},
		{"select * from main . venues", []string{"venues"}, "plain name"},
		{"select * from public.venues", []string{"venues"}, "plain name"},
		{`select * from "main"."venues"`, []string{"venues"}, "plain name"},
		{`select * from "Public".venues`, []string{"venues"}, "plain name"},
		{"select * from pendopo.venues", []string{"venues"}, "plain name"},
		{"select * from mpp.public.venues", []string{"venues"}, "plain name"},
		{"select * from temp.scope", []string{"venues"}, "plain name"},
		{"select * from information_schema.columns", []string{"venues"}, "plain name"},
		{"select * from pg_catalog.pg_class", []string{"venues"}, "plain name"},
		// Breaking out of the group around the condition.
		{"1=1) or (1=1", nil, "closes what"},
		{"1=1)) or ((1=1", nil, "closes what"},
		{")", nil, "closes what"},
		{"(a = 1", nil, "not closed"},
		{"a = 1; delete from venues", nil, "more than one statement"},
		{"a = 1;", nil, "more than one statement"},
		// What would hide words, or make the text mean something else than what was read.
		{"a = 1 -- and tenant_id = ?", nil, "not read here"},
		{"a = 1 /* ", nil, "not read here"},
		{"a = $$venues$$", nil, "not read here"},
		{"a = $x$ venues $x$", nil, "not read here"},
		{"select * from `venues`", nil, "not read here"},
		{"select * from [venues]", nil, "not read here"},
		{"a = 'b", nil, "not closed"},
		{`"a = b`, nil, "not closed"},
		{`a = e'\' or id in (select id from venues) --'`, nil, "prefix"},
		{`select * from u&"\0076enues"`, nil, "prefix"},
		{"exists (select 1 from ?TableName)", nil, "plain placeholders"},
		{"exists (select 1 from ?(TableName))", nil, "plain placeholders"},
		{"name like '%?%'", nil, "placeholder within quotes"},
		{`"?" = 1`, nil, "placeholder within quotes"},
	} {
		err := guarded.guard(c.sql, c.from)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n\tgot  %v\n\twant %s", c.sql, err, c.want)
		}
	}
}

func TestGuardAllows(t *testing.T) {
	for _, c := range []struct {
		sql  string
		from []string
	}{
		{"", nil},
		{"code = ?", nil},
		{"(a = ? or b = ?) and (c is null or c < ?)", nil},
		{"name = 'main.venues; -- (it''s text'", nil},
		{"t.series_id = ? and t.number > 3.5", nil},
		{"created_at desc", nil},
		{"id = any(array[?, ?])", nil},
		{"select v.name, count(*) from venues v join tickets t on t.venue_id = v.id group by v.name", []string{"venues", "tickets"}},
		{"select venues.name from venues", []string{"venues"}},
		{`select "venues"."name" from "venues"`, []string{"venues"}},
		{"select * from VENUES", []string{"venues"}},
		{"with recent as (select * from tickets where number > ?) select * from recent", []string{"tickets"}},
		{"select g from generate_series(1, 10) as g", []string{"venues"}},
		{"select pg_advisory_xact_lock(1)", []string{"venues"}},
		{"select series(1)", nil}, // a function of a table's name
	} {
		if err := guarded.guard(c.sql, c.from); err != nil {
			t.Errorf("%s\n\t%v", c.sql, err)
		}
	}
}

func TestQueryOnlyReads(t *testing.T) {
	for _, sql := range []string{
		"delete from venues returning id", "DELETE FROM venues", "update venues set name = 'x'", "insert into venues values (1)",
		"with x as (insert into tickets select * from venues returning id) select * from x", "select * into leak from venues",
		"merge into venues using x on true when matched then do nothing",
	} {
		if err := readsOnly(sql); err == nil || !strings.Contains(err.Error(), "only reads") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if err := readsOnly("select updated_at, 'delete' as word from venues"); err != nil {
		t.Error(err)
	}
}

// FuzzGuard feeds the guard what nobody would write. Whatever passes has one statement, balanced
// parentheses outside its strings, and no table by a name that was not given.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{
		"code = ?", "1=1) or (1=1", "select * from main.venues", "a = 'x'' or ' = \"b\"", `"venues"`, "e'\\'", "ve\x00nues",
		"array[1]", "select * from tickets t where t.id = ? and exists (select 1 from venues)", "?TableName", "''''", "é.venues",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if guarded.guard(sql, []string{"tickets"}) != nil {
			return
		}
		// Read it once more, in the simplest way there is: strings become a space, and of quoted names
		// only the letters stay. Then look.
		var bare strings.Builder
		in := byte(0)
		for i := 0; i < len(sql); i++ {
			switch c := sql[i]; {
			case in == 0 && (c == '\'' || c == '"'):
				in = c
				bare.WriteByte(' ')
			case c == in:
				in = 0
				bare.WriteByte(' ')
			case in == '"' && !letter(c) && !digit(c):
				bare.WriteByte('x')
			case in != '\'':
				bare.WriteByte(c)
			}
		}
		text := strings.ToLower(bare.String())
		if in != 0 || strings.ContainsAny(text, ";`") || strings.Contains(text, "--") || strings.Contains(text, "/*") {
			t.Fatalf("passed: %q", sql)
		}
		depth := 0
		for _, c := range text {
			switch c {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth < 0 {
				t.Fatalf("closes too much: %q", sql)
			}
		}
		if depth != 0 {
			t.Fatalf("not balanced: %q", sql)
		}
		words := strings.FieldsFunc(text, func(r rune) bool {
			return r < 0x80 && r != '_' && r != '(' && !(r >= 'a' && r <= 'z') && !(r >= '0' && r <= '9')
		})
		for _, name := range []string{"venues", "tenants", "system_log"} {
			if slices.Contains(words, name) {
				t.Fatalf("names %s: %q", name, sql)
			}
		}
	})
}
