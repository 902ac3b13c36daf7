package i18n

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	callT   = regexp.MustCompile(`\.T\(\s*"([^"]*)"\s*([,)+])`)
	literal = regexp.MustCompile(`"([a-z][a-zA-Z0-9_.-]*)"`)
	comment = regexp.MustCompile(`(?m)^\s*//.*$`)
)

// Check is for a test: it reads all .go and .templ files under root (tests and generated files apart) and
// reports, a line each,
//   - a key given to T("...") that no registered file has;
//   - a registered key that no source names. A key that is put together needs its beginning as a literal
//     that ends in a dot: T("queue.state." + s) uses every queue.state.*;
//   - languages that differ in their verbs;
//   - a long dash, an empty sentence, or spaces at an end.
//
// Only registered files are known, so the packages that own them must be imported by the test.
func Check(root fs.FS) []string {
	var problems []string
	named := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := path.Base(name); base != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !isSource(name) {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		src = comment.ReplaceAllFunc(src, func(c []byte) []byte { // \s may have taken line breaks with it
			return bytes.Repeat([]byte("\n"), bytes.Count(c, []byte("\n")))
		})
		for _, m := range literal.FindAllSubmatch(src, -1) {
			named[string(m[1])] = true
		}
		for _, m := range callT.FindAllSubmatchIndex(src, -1) {
			key, after := string(src[m[2]:m[3]]), src[m[4]]
			line := 1 + strings.Count(string(src[:m[0]]), "\n")
			switch {
			case after == '+' && !strings.HasSuffix(key, "."):
				problems = append(problems, fmt.Sprintf("%s:%d: a key that is put together begins with a literal that ends in a dot, not %q", name, line, key))
			case after != '+' && !Has(key):
				problems = append(problems, fmt.Sprintf("%s:%d: no text for %q", name, line, key))
			}
		}
		return nil
	})
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, key := range Keys() {
		e := lookup(key)
		if !isNamed(key, named) && !strings.HasPrefix(key, "i18n.") {
			problems = append(problems, fmt.Sprintf("%s: nothing uses %s", e.source, key))
		}
		for _, p := range e.faults() {
			problems = append(problems, fmt.Sprintf("%s: %s: %s", e.source, key, p))
		}
	}
	slices.Sort(problems)
	return problems
}

func isSource(name string) bool {
	switch path.Ext(name) {
	case ".templ":
		return true
	case ".go":
		return !strings.HasSuffix(name, "_templ.go") && !strings.HasSuffix(name, "_test.go")
	}
	return false
}

func isNamed(key string, named map[string]bool) bool {
	if named[key] {
		return true
	}
	for i, c := range key {
		if c == '.' && named[key[:i+1]] {
			return true
		}
	}
	return false
}

// faults are what is wrong with an entry by itself.
func (e *entry) faults() (out []string) {
	want := e.texts[0].other.verbs()
	for i, m := range e.texts {
		if got := m.other.verbs(); !maps.Equal(got, want) {
			out = append(out, fmt.Sprintf("verbs differ: %s has %v, %s has %v", Locales[0], sorted(want), Locales[i], sorted(got)))
		}
		for v := range m.one.verbs() { // "one person" may leave its number out, and may not add anything
			if !want[v] {
				out = append(out, fmt.Sprintf("verbs differ: one has %%%s", v))
			}
		}
		for _, f := range []form{m.one, m.other} {
			s := f.plain()
			if strings.Contains(s, "—") {
				out = append(out, fmt.Sprintf("%q has a long dash", s))
			}
			if s != strings.TrimSpace(s) && f[0].verb == 0 && f[len(f)-1].verb == 0 {
				out = append(out, fmt.Sprintf("%q has a space at an end", s))
			}
		}
	}
	return out
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
