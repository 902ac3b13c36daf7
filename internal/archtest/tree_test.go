// Package archtest keeps the rules of the house: who may import whom, where a driver, the clock and a
// tenant's identity may be touched, and what a page may not contain. Each rule is shown to fail on a
// tree of wrong files in testdata.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pendopo-id/pendopo"

// tree is a module's files, read but not type-checked: the rules look at names and imports only, so
// that they take a second and also work while a package does not build.
type tree struct {
	root  string
	fset  *token.FileSet
	files []source
	templ []string // paths of .templ files
}

// source is one Go file. Paths are relative to the module and have slashes.
type source struct {
	path string
	dir  string
	test bool // a _test.go file
	*ast.File
}

// read reads a module's tree. Folders that the go tool leaves out, and other modules, are left out.
func read(t *testing.T, root string) *tree {
	t.Helper()
	out := &tree{root: root, fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			_, module := os.Stat(filepath.Join(at, "go.mod"))
			if rel != "." && (strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_") || e.Name() == "testdata" || module == nil) {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case strings.HasSuffix(rel, ".templ"):
			out.templ = append(out.templ, rel)
		case strings.HasSuffix(rel, ".go"):
			file, err := parser.ParseFile(out.fset, at, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			out.files = append(out.files, source{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.files) == 0 {
		t.Fatalf("no Go files under %s", root)
	}
	return out
}

// at says where something stands: "internal/queue/queue.go:12".
func (t *tree) at(f source, n ast.Node) string {
	return f.path + ":" + strconv.Itoa(t.fset.Position(n.Pos()).Line)
}

// product are the files that are no tests and no support of tests.
func (t *tree) product(under ...string) (out []source) {
	for _, f := range t.files {
		if f.test || support(f.dir) {
			continue
		}
		if len(under) == 0 || slices.ContainsFunc(under, func(u string) bool { return within(f.dir, u) }) {
			out = append(out, f)
		}
	}
	return out
}

// support tells whether a folder holds support of tests: testkit, or a package named like httptest.
func support(dir string) bool {
	return within(dir, "internal/testkit") || strings.HasPrefix(dir, "internal/") && strings.HasSuffix(path.Base(dir), "test")
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// imported is one import of a file: a path within the module is given without it.
type imported struct {
	path string
	own  bool
	name string // under which the file knows it; "" when it is not written
	spec *ast.ImportSpec
}

func (f source) imported() (out []imported) {
	for _, s := range f.Imports {
		text, _ := strconv.Unquote(s.Path.Value)
		i := imported{path: text, spec: s}
		if rest, ok := strings.CutPrefix(text, module+"/"); ok {
			i.path, i.own = rest, true
		}
		if s.Name != nil {
			i.name = s.Name.Name
		}
		out = append(out, i)
	}
	return out
}

// uses gives the places in which a file says pkg.Name, for a package that it imports by this path.
func (f source) uses(importPath string, report func(*ast.SelectorExpr)) {
	name := ""
	for _, i := range f.imported() {
		if i.path == importPath && !i.own {
			if name = i.name; name == "" {
				name = path.Base(importPath)
			}
		}
	}
	if name == "" {
		return
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				report(s)
			}
		}
		return true
	})
}

func (t *tree) text(rel string) string {
	raw, err := os.ReadFile(filepath.Join(t.root, filepath.FromSlash(rel)))
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(raw)
}
