// Package templates keeps the committed *_templ.go files equal to what their .templ files say.
package templates

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
)

//go:generate go test . -run TestTemplatesAreGenerated -update

const regenerate = "go generate ./..."

var update = flag.Bool("update", false, "write the *_templ.go files instead of comparing them")

// fileName is what templ writes into its error messages: the path from wherever it was run.
var fileName = regexp.MustCompile("FileName: `[^`]*`")

// generate gives the Go code of a template, as `templ generate` writes it.
func generate(path string) ([]byte, error) {
	file, err := parser.Parse(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := generator.Generate(file, &b, generator.WithVersion(templ.Version()), generator.WithFileName(filepath.Base(path))); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// stale tells what is wrong with the generated files under a folder.
func stale(root string) (out []string, templates int, err error) {
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == ".git" || e.Name() == "testdata") {
			return fs.SkipDir
		}
		say := func(format string, args ...any) { out = append(out, path+": "+fmt.Sprintf(format, args...)) }
		if source, ok := strings.CutSuffix(path, "_templ.go"); ok {
			if _, err := os.Stat(source + ".templ"); err != nil {
				say("its template is gone: remove it")
			}
			return nil
		}
		source, ok := strings.CutSuffix(path, ".templ")
		if !ok {
			return nil
		}
		templates++
		want, err := generate(path)
		if err != nil {
			say("%v", err)
			return nil
		}
		got, err := os.ReadFile(source + "_templ.go")
		if err != nil {
			say("was never generated: " + regenerate)
			return nil
		}
		if !bytes.Equal(fileName.ReplaceAll(got, nil), fileName.ReplaceAll(want, nil)) {
			say("differs from its %s_templ.go: "+regenerate, filepath.Base(source))
		}
		return nil
	})
	return out, templates, err
}

// write generates what is there anew and removes what lost its template.
func write(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "testdata"):
			return fs.SkipDir
		}
		if source, ok := strings.CutSuffix(path, "_templ.go"); ok {
			if _, err := os.Stat(source + ".templ"); err != nil {
				return os.Remove(path)
			}
			return nil
		}
		source, ok := strings.CutSuffix(path, ".templ")
		if !ok {
			return nil
		}
		code, err := generate(path)
		if err != nil {
			return err
		}
		return os.WriteFile(source+"_templ.go", code, 0o644)
	})
}

func TestTemplatesAreGenerated(t *testing.T) {
	if *update {
		if err := write("../../.."); err != nil {
			t.Fatal(err)
		}
	}
	out, n, err := stale("../../..")
	if err != nil || n == 0 {
		t.Fatalf("%d templates: %v", n, err)
	}
	for _, s := range out {
		t.Error(s)
	}
}

func TestStaleTemplatesAreSeen(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	template := "package x\n\ntempl greeting(name string) {\n\t<p>Halo { name }</p>\n}\n"
	file("fresh.templ", template)
	code, err := generate(filepath.Join(dir, "fresh.templ"))
	if err != nil {
		t.Fatal(err)
	}
	file("fresh_templ.go", strings.ReplaceAll(string(code), "`fresh.templ`", "`internal/x/fresh.templ`")) // run from elsewhere
	file("changed.templ", strings.Replace(template, "Halo", "Selamat datang", 1))
	file("changed_templ.go", string(code))
	file("never.templ", template)
	file("wrong.templ", "package x\n\ntempl greeting( {\n")
	file("gone_templ.go", string(code))
	out, n, err := stale(dir)
	if err != nil || n != 4 {
		t.Fatalf("%d templates: %v", n, err)
	}
	text := strings.Join(out, "\n")
	for _, want := range []string{"changed.templ: differs", "never.templ: was never generated", "wrong.templ: ", "gone_templ.go: its template is gone"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if len(out) != 4 {
		t.Errorf("seen:\n%s", text)
	}
}
