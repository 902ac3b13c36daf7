package tenants

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// Every scalar of every manifest that we have is where the loader says it is: the text there begins with
// the value itself. The YAML package's positions have been wrong before, so this asks all of them.
func TestPositionsAreExact(t *testing.T) {
	names, _ := filepath.Glob("regions/*/region.yaml")
	more, _ := filepath.Glob("regions/*/agencies/*.yaml")
	ours, _ := filepath.Glob("testdata/valid/*/*.yaml")
	agencies, _ := filepath.Glob("testdata/valid/*/agencies/*.yaml")
	names = append(append(append(names, more...), ours...), agencies...)
	if len(names) < 4 {
		t.Fatalf("only %d manifests", len(names))
	}
	seen := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		seen += checkPositions(t, name, text)
		// Windows' line ends must not shift anything, nor must signs of more than one byte before a value.
		seen += checkPositions(t, name+" with CRLF", []byte(strings.ReplaceAll(string(text), "\n", "\r\n")))
	}
	odd := "code: \"19.01\"\ntimezone: WIB\norganiser: \"É 日本 \\\"x\\\" y\"\ncontact: {phone: 'a''b', email:   x@contoh.go.id , website: \"https://é.id\"}\n" +
		"venues:\n-   code: a   # é\n    name: >-\n      satu\n      dua\n    kind:\n      office\n    hours: [{days: mon, open: \"é\", close: \"24:00\"}, {days: tue,\n      open: 08:00, close: \"09:00\"}]\n"
	seen += checkPositions(t, "odd", []byte(odd))
	t.Logf("%d values", seen)
}

// Every region that we write, too, with whatever texts stand before a value on its line.
func TestPositionsAreExactInWhatWeWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genRegion(t)
		checkPositions(t, regionFile, encodeRegion(r))
		for i := range r.Agencies {
			checkPositions(t, "agencies", encodeAgency(&r.Agencies[i]))
		}
	})
}

func checkPositions(t rapid.TB, name string, text []byte) int {
	t.Helper()
	d := newDocument(name, func(p Problem) { t.Errorf("%s: %v", name, p) })
	budget := maxTotal
	if !d.parse(text, &budget) {
		return 0
	}
	var v any = &Region{}
	if strings.Contains(name, "agencies") {
		v = &Agency{}
	}
	d.decode(v)
	lines := strings.Split(string(text), "\n")
	seen := 0
	for path, at := range d.at {
		value, ok := lookup(reflect.ValueOf(v).Elem(), path)
		if !ok {
			continue
		}
		rest := string([]rune(lines[at.line-1])[at.column-1:])
		want := strings.Fields(value)[0]
		quoted, _ := strings.CutPrefix(rest, `"`)
		quoted = strings.TrimLeftFunc(quoted, unicode.IsSpace)
		if rest == "" || !(strings.HasPrefix(rest, want) || rest[0] == '"' && strings.HasPrefix(quoted, escaped(want)) ||
			strings.HasPrefix(rest, "'"+strings.ReplaceAll(want, "'", "''")) || rest[0] == '>' || rest[0] == '|') {
			t.Errorf("%s:%d:%d: %s is %q, but there stands %q", name, at.line, at.column, path, value, rest)
		}
		seen++
	}
	return seen
}

func escaped(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// lookup finds the scalar at a path, as text.
func lookup(v reflect.Value, path string) (string, bool) {
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' }) {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if number, ok := strings.CutSuffix(part, "]"); ok {
			i, _ := strconv.Atoi(number)
			v = v.Index(i)
			continue
		}
		v = fieldByName(v, part)
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), strings.TrimSpace(v.String()) != ""
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	}
	return "", false
}
