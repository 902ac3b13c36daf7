package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// What README and docs/region.md tell people to type works in a clean checkout, line by line and in that
// order. The command itself is built once for all tests; what runs until it is stopped is left out.
func TestTheLinesInTheDocumentsCanBePasted(t *testing.T) {
	binary := testkit.Build(t)
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	for doc, least := range map[string]int{"README.md": 11, "docs/region.md": 7} {
		t.Run(doc, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, doc))
			if err != nil {
				t.Fatal(err)
			}
			checkout := t.TempDir()
			for _, link := range [][2]string{{binary, "pendopo"}, {filepath.Join(root, "tenants"), "tenants"}} {
				if err := os.Symlink(link[0], filepath.Join(checkout, link[1])); err != nil {
					t.Fatal(err)
				}
			}
			ran := 0
			for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
				for _, line := range strings.Split(block[1], "\n") {
					if strings.HasPrefix(line, "pendopo ") {
						t.Errorf("%q needs a command that a clean checkout has not", line)
					}
					if !strings.HasPrefix(line, "./pendopo ") || strings.HasPrefix(line, "./pendopo serve ") && !strings.Contains(line, "--help") {
						continue
					}
					ran++
					cmd := exec.Command("sh", "-c", line)
					cmd.Dir = checkout
					for _, e := range os.Environ() {
						if !strings.HasPrefix(e, "PENDOPO_") {
							cmd.Env = append(cmd.Env, e)
						}
					}
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%s: %v\n%s", line, err, out)
					}
				}
			}
			if ran < least {
				t.Errorf("%d lines were found, not %d", ran, least)
			}
		})
	}
}

// Each direct dependency earns one line in docs/dependencies.md, and nothing else stands there.
func TestDependenciesAreExplained(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var required, explained []string
	for _, line := range strings.Split(read("go.mod"), "\n") {
		if m := regexp.MustCompile(`^\t(\S+) v\S+$`).FindStringSubmatch(line); m != nil {
			required = append(required, m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(read("docs/dependencies.md"), -1) {
		explained = append(explained, m[1])
	}
	slices.Sort(required)
	slices.Sort(explained)
	if !slices.Equal(required, explained) {
		t.Errorf("go.mod: %q\ndocs/dependencies.md: %q", required, explained)
	}
}

// The image is built by the toolchain that go.mod asks for, and runs as the user that the chart sets.
func TestTheImageIsTheCharts(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	find := func(name, pattern string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s has no %s", name, pattern)
		}
		return string(m[1])
	}
	if image, mod := find("Dockerfile", `FROM golang:(\S+) AS`), find("go.mod", `(?m)^go (\S+)$`); image != mod {
		t.Errorf("the image is built with Go %s, go.mod asks for %s", image, mod)
	}
	if image, chart := find("Dockerfile", `(?m)^USER (\d+):`), find("charts/pendopo/templates/_helpers.tpl", `runAsUser: (\d+)`); image != chart {
		t.Errorf("the image's user is %s, the chart's %s", image, chart)
	}
	find("Dockerfile", `(CGO_ENABLED=0) go build`)
	find("Dockerfile", `(?m)^(ENTRYPOINT) \["/usr/local/bin/pendopo"\]$`) // the chart's args follow it
}
