package store

import (
	"fmt"
	"slices"
	"strings"
)

// guard reads a piece of hand-written SQL and refuses what would step around the scope: a table of
// tenants that the caller did not name, a table of the control plane or of the database itself, a name
// qualified by a schema, parentheses that close what others opened, or more than one statement. It
// protects against mistakes in our own code; input never becomes SQL.
func (t *tables) guard(sql string, allowed []string) error { return t.scan(sql, allowed, false) }

// guardShared is guard for conditions on the control plane: its tables may be named, tenants' not.
func (t *tables) guardShared(sql string) error { return t.scan(sql, nil, true) }

func (t *tables) scan(sql string, allowed []string, control bool) error {
	words, err := lex(sql)
	if err != nil {
		return err
	}
	depth := 0
	at := func(i int) string {
		if i < 0 || i >= len(words) {
			return ""
		}
		return words[i]
	}
	for i, w := range words {
		before, after := at(i-1), at(i+1)
		table := t.isOwned(w) || t.isShared(w)
		switch {
		case w == "(":
			depth++
		case w == ")":
			if depth--; depth < 0 {
				return fmt.Errorf("store: a parenthesis closes what this piece did not open")
			}
		case w == ";":
			return fmt.Errorf("store: more than one statement")
		case before == "." && table:
			return fmt.Errorf("store: table %q is qualified: tables are scoped by their plain name", w)
		case before == ".":
			// a column
		case after == "." && slices.Contains(schemas, w):
			return fmt.Errorf("store: %q names a schema: tables are scoped by their plain name", w)
		case w == "set_config":
			return fmt.Errorf("store: a statement cannot change its scope")
		case strings.HasPrefix(w, across):
			return fmt.Errorf("store: %q asks several tenants: only Across does", w)
		case after == "(":
			// a function
		case strings.HasPrefix(w, "pg_"), strings.HasPrefix(w, "sqlite_"):
			return fmt.Errorf("store: %q belongs to the database", w)
		case t.isOwned(w) && !slices.Contains(allowed, w):
			return fmt.Errorf("store: table %q is not named in From", w)
		case t.isShared(w) && !control:
			return fmt.Errorf("store: table %q belongs to the control plane", w)
		}
	}
	if depth != 0 {
		return fmt.Errorf("store: a parenthesis is not closed")
	}
	return nil
}

var schemas = []string{"main", "temp", "public", "pg_catalog", "information_schema"}

// writing are the words with which a statement, or a part of it, writes. A CTE shadows a table only
// where it is read: "delete from tickets" would reach the table itself.
var writing = []string{"insert", "update", "delete", "merge", "truncate", "into"}

// readsOnly refuses a query that writes.
func readsOnly(sql string) error {
	words, err := lex(sql)
	if err != nil {
		return err
	}
	for _, w := range words {
		if slices.Contains(writing, w) {
			return fmt.Errorf("store: a Query only reads, and this one says %q", w)
		}
	}
	return nil
}

// lex gives the words and the punctuation that guard looks at, in lower case, without strings,
// comments and placeholders.
func lex(sql string) ([]string, error) {
	var words []string
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"':
			end := quoted(sql, i, c)
			if end < 0 {
				return nil, fmt.Errorf("store: a string or a name is not closed")
			}
			if i > 0 && (letter(sql[i-1]) || digit(sql[i-1]) || sql[i-1] == '&') {
				return nil, fmt.Errorf("store: strings with a prefix are not read here") // e'\'' ends elsewhere
			}
			if strings.Contains(sql[i:end], "?") {
				return nil, fmt.Errorf("store: a placeholder within quotes") // bun would fill it in, and close the quotes
			}
			if c == '"' {
				words = append(words, strings.ToLower(sql[i+1:end-1]))
			}
			i = end
		case c == '?' && i+1 < len(sql) && (letter(sql[i+1]) || sql[i+1] == '('):
			return nil, fmt.Errorf("store: only plain placeholders") // ?TableName would name a table
		case c == '-' && strings.HasPrefix(sql[i:], "--"), c == '/' && strings.HasPrefix(sql[i:], "/*"), c == '$' && i+1 < len(sql) && !digit(sql[i+1]), c == '`', c == '[' && !strings.Contains(sql, "array["):
			return nil, fmt.Errorf("store: comments, dollar quotes, backquotes and brackets are not read here")
		case letter(c):
			j := i + 1
			for j < len(sql) && (letter(sql[j]) || digit(sql[j])) {
				j++
			}
			words = append(words, strings.ToLower(sql[i:j]))
			i = j
		case c == '.' || c == '(' || c == ')' || c == ';':
			words = append(words, string(c))
			i++
		default:
			i++
		}
	}
	return words, nil
}

func quoted(sql string, i int, q byte) int {
	for j := i + 1; j < len(sql); j++ {
		if sql[j] != q {
			continue
		}
		if j+1 < len(sql) && sql[j+1] == q {
			j++
			continue
		}
		return j + 1
	}
	return -1
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
