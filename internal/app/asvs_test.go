package app_test

import (
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// asvsIDs are the requirements of levels 1 and 2 of the OWASP ASVS 5.0.0, one a line.
//
//go:embed testdata/asvs-5.0.0.txt
var asvsIDs string

var asvsStates = []string{"holds", "open", "operator", "not applicable"}

var (
	asvsRow     = regexp.MustCompile(`(?m)^\| (V\d+\.\d+\.\d+) \|(.*)\|$`)
	asvsChapter = regexp.MustCompile(`(?m)^\| (V\d+|all)\b[^|.]*\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)
	// What a row names: a file or folder, in backticks, or a test.
	asvsNamed = regexp.MustCompile("`([^`]+)`|\\b(Test[A-Z][A-Za-z0-9]*)\\b")
	asvsPath  = regexp.MustCompile(`^([.A-Za-z][\w.-]*/[\w./-]*\w|[\w-]*\.(go|md|mod|sum|dockerignore)|Dockerfile)$`)
)

// asvsProblems says what is wrong with the table: an identifier without its row or with two, a state that is none,
// an empty answer, counts that are not those of the rows, a file that is not there, and a test that is not in the
// test file named before it, or else in that file's folder.
func asvsProblems(doc string, root fs.FS) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	ids := strings.Fields(asvsIDs)
	seen, counted := map[string]int{}, map[string]int{}
	for _, m := range asvsRow.FindAllStringSubmatch(doc, -1) {
		id, cells := m[1], strings.Split(m[2], "|")
		if seen[id]++; !slices.Contains(ids, id) {
			say("%s is no requirement of levels 1 and 2", id)
		}
		if len(cells) != 3 {
			say("%s has %d cells besides its identifier, not 3", id, len(cells))
			continue
		}
		asked, state, answer := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		if !slices.Contains(asvsStates, state) {
			say("%s: %q is no state", id, state)
		}
		if asked == "" || answer == "" {
			say("%s says not what is asked, or not what answers it", id)
		}
		chapter, _, _ := strings.Cut(id, ".")
		counted[chapter+" "+state]++
		counted["all "+state]++
		files, problems := asvsEvidence(root, answer)
		for _, p := range problems {
			say("%s: %s", id, p)
		}
		if state == "holds" && files == 0 {
			say("%s holds, and names no file", id)
		}
	}
	for _, id := range ids {
		if seen[id] != 1 {
			say("%s has %d rows", id, seen[id])
		}
	}
	chapters := map[string]bool{"all": true}
	for _, id := range ids {
		chapter, _, _ := strings.Cut(id, ".")
		chapters[chapter] = true
	}
	for _, m := range asvsChapter.FindAllStringSubmatch(doc, -1) {
		delete(chapters, m[1])
		for i, state := range asvsStates {
			if want := fmt.Sprint(counted[m[1]+" "+state]); m[2+i] != want {
				say("%s: %s stands for %s, and %s rows say so", m[1], m[2+i], state, want)
			}
		}
	}
	for chapter := range chapters {
		say("%s is not counted", chapter)
	}
	return wrong
}

// asvsEvidence counts the files that an answer names, and says which files and tests are not there.
func asvsEvidence(root fs.FS, answer string) (files int, wrong []string) {
	last := "" // the file or folder named before
	for _, m := range asvsNamed.FindAllStringSubmatch(answer, -1) {
		name, test := m[1], m[2]
		switch {
		case test != "" && last == "":
			wrong = append(wrong, test+" stands before any file")
		case test != "":
			if !asvsTestIn(root, last, test) {
				wrong = append(wrong, test+" is not in "+last)
			}
		case asvsPath.MatchString(name):
			info, err := fs.Stat(root, name)
			if err != nil {
				wrong = append(wrong, name+" is not there")
				continue
			}
			if last = name; !info.IsDir() {
				files++
			}
		}
	}
	return files, wrong
}

func asvsTestIn(root fs.FS, at, test string) bool {
	in := []string{at}
	if !strings.HasSuffix(at, "_test.go") {
		if info, err := fs.Stat(root, at); err == nil && !info.IsDir() {
			at = path.Dir(at)
		}
		in, _ = fs.Glob(root, at+"/*_test.go")
	}
	return slices.ContainsFunc(in, func(name string) bool {
		text, err := fs.ReadFile(root, name)
		return err == nil && strings.Contains(string(text), "func "+test+"(")
	})
}

// docs/asvs.md answers each requirement once, and what it names is there.
func TestASVSIsAnswered(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	files := os.DirFS(root)
	text, err := fs.ReadFile(files, "docs/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	if n := len(strings.Fields(asvsIDs)); n != 253 {
		t.Errorf("%d requirements, not 253", n)
	}
	for _, p := range asvsProblems(doc, files) {
		t.Error(p)
	}

	// The same document with a mistake in it.
	row := asvsRow.FindString(doc)
	cells := strings.Split(row, "|")
	with := func(cell int, text string) string {
		c := slices.Clone(cells)
		c[cell] = " " + text + " "
		return strings.Replace(doc, row, strings.Join(c, "|"), 1)
	}
	for want, wrong := range map[string]string{
		"V1.1.1 has 0 rows":                              strings.Replace(doc, row+"\n", "", 1),
		"V1.1.1 has 2 rows":                              strings.Replace(doc, row, row+"\n"+row, 1),
		"V9.9.9 is no requirement":                       with(1, "V9.9.9"),
		`V1.1.1: "done" is no state`:                     with(3, "done"),
		"V1.1.1 says not what is asked":                  with(4, ""),
		"V1.1.1 holds, and names no file":                with(4, "it is so in `internal/web`"),
		"V1.1.1: internal/web/none.go is not there":      with(4, "`internal/web/none.go`"),
		"TestNone is not in internal/web/web_test.go":    with(4, "`internal/web/web_test.go` TestNone"),
		"TestAddress is not in internal/web/web_test.go": with(4, "`internal/web/web_test.go` TestHosts, TestAddress"),
		"TestNone is not in internal/web/host.go":        with(4, "`internal/web/host.go` TestNone"),
		"V1.1.1: TestHosts stands before any file":       with(4, "TestHosts, `internal/web/web_test.go`"),
		"rows say so":        with(3, "operator"),
		"V17 is not counted": regexp.MustCompile(`(?m)^\| V17 .*\n`).ReplaceAllString(doc, ""),
		"V1.1.1 has 4 cells besides its identifier, not 3": with(4, "`a` | `b`"),
	} {
		if problems := asvsProblems(wrong, files); !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("not seen: %s; instead %q", want, problems)
		}
	}
	if problems := asvsProblems(with(4, "`internal/web/host.go`; `/masuk`, `internal/web` TestAddress"), files); len(problems) > 0 {
		t.Errorf("a test in a folder: %q", problems)
	}
}
