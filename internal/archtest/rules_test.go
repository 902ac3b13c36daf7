package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// rules by name. Each gives its violations, as "file:line: what is wrong".
var rules = map[string]func(*tree) []string{
	"layers":      layers,
	"drivers":     drivers,
	"tenant":      tenantIDs,
	"clock":       clocks,
	"main":        mains,
	"test-only":   testOnly,
	"exceptions":  exceptions,
	"inline":      inline,
	"environment": environment,
}

// layer is the height of a package in the house (design.md, section 1). A package imports what is
// lower, and the rest of its own folder. What has no line here is a vertical.
var layer = map[string]int{
	"config": 0, "fault": 0, "id": 0, "clock": 0, "fair": 0, "idp": 0,
	"store": 1,
	"audit": 2, "events": 2, "seal": 2, "throttle": 2,
	"tenant": 3,
	"authz":  4,
	"auth":   5,
	"jobs":   6,
	"notify": 7, "billing": 7,
	"web": 8,
	// verticals: 9
	"app": 10,
}

const verticals = 9

// home is the folder right below internal, and its height; ok is false outside internal.
func home(dir string) (name string, height int, ok bool) {
	rest, ok := strings.CutPrefix(dir, "internal/")
	if !ok {
		return "", 0, false
	}
	name, _, _ = strings.Cut(rest, "/")
	height, known := layer[name]
	if !known {
		height = verticals
	}
	return name, height, true
}

// layers: leaves <- store <- seal, audit, events, throttle <- tenant <- authz <- auth <- jobs <- notify, billing <- web <-
// verticals <- app <- cmd. tenants and migrations know nothing of internal.
func layers(t *tree) (out []string) {
	for _, f := range t.product() {
		from, height, inside := home(f.dir)
		for _, i := range f.imported() {
			to, below, ok := home(i.path)
			if !i.own || !ok || to == "testkit" {
				continue
			}
			switch {
			case within(f.dir, "cmd"):
				if to != "app" {
					out = append(out, t.at(f, i.spec)+": a command imports "+i.path+": it only starts internal/app")
				}
			case !inside:
				out = append(out, t.at(f, i.spec)+": "+f.dir+" imports "+i.path+": it knows nothing of internal")
			case from == to:
			case height == verticals && below == verticals:
				out = append(out, t.at(f, i.spec)+": the vertical "+from+" imports the vertical "+to+": declare the interface that you need, and let app wire it")
			case below >= height:
				out = append(out, t.at(f, i.spec)+": "+from+" imports "+to+", which is not below it")
			}
		}
	}
	return out
}

var driverPaths = []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "modernc.org/libc", "github.com/uptrace/bun/dialect", "github.com/uptrace/bun/driver", "github.com/uptrace/bun/migrate"}

// drivers: only store reaches the database past the scoped handle. Others use bun to tag their models
// and to list values (bun.List; never bun.Safe, which would be SQL in an argument's place), and
// database/sql/driver to say how a type is stored.
func drivers(t *tree) (out []string) {
	for _, f := range t.product() {
		if within(f.dir, "internal/store") {
			continue
		}
		for _, i := range f.imported() {
			if i.path == "database/sql/driver" {
				continue
			}
			if slices.ContainsFunc(driverPaths, func(d string) bool { return within(i.path, d) }) {
				out = append(out, t.at(f, i.spec)+": imports "+i.path+": only store reaches the database")
			}
		}
		f.uses("github.com/uptrace/bun", func(s *ast.SelectorExpr) {
			if !slices.Contains([]string{"BaseModel", "In", "List", "Tuple"}, s.Sel.Name) {
				out = append(out, t.at(f, s)+": uses bun."+s.Sel.Name+": outside store bun tags models and lists values")
			}
		})
	}
	return out
}

// tenantIDs: Scan would make a tenant of any text. It is exported because database/sql calls it; nobody
// else does. There are no types here, so every Scan with arguments counts, and every Scan that is
// handed on; a bufio.Scanner's has none.
func tenantIDs(t *tree) (out []string) {
	for _, f := range t.files {
		if within(f.dir, "internal/store") || within(f.dir, "internal/id") || within(f.dir, "internal/clock") || !within(f.dir, "internal") {
			continue
		}
		bare := map[*ast.SelectorExpr]bool{} // called without arguments
		ast.Inspect(f.File, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && len(c.Args) == 0 {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok {
					bare[s] = true
				}
			}
			return true
		})
		ast.Inspect(f.File, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if ok && s.Sel.Name == "Scan" && !bare[s] && !(f.test && readsRows(f)) {
				out = append(out, t.at(f, s)+": calls Scan: outside store nothing becomes a tenant")
			}
			if ok && s.Sel.Name == "WalkOf" && !f.test {
				out = append(out, t.at(f, s)+": uses store.WalkOf: only tests know a model by its value alone")
			}
			return true
		})
		for _, i := range f.imported() {
			if i.path == "unsafe" && !f.test {
				out = append(out, t.at(f, i.spec)+": imports unsafe")
			}
		}
	}
	return out
}

// readsRows tells whether a test reads a database's rows by itself, whose Scan is another.
func readsRows(f source) bool {
	return slices.ContainsFunc(f.imported(), func(i imported) bool {
		return i.path == "database/sql" || within(i.path, "github.com/jackc/pgx")
	})
}

// clocks: time comes from clock, so that a test and the demo choose it.
func clocks(t *tree) (out []string) {
	for _, f := range t.product("internal", "tenants", "cmd") {
		if within(f.dir, "internal/clock") {
			continue
		}
		f.uses("time", func(s *ast.SelectorExpr) {
			switch s.Sel.Name {
			case "Now", "Since", "Until":
				out = append(out, t.at(f, s)+": time."+s.Sel.Name+": take the time from clock (clock.System for the machine's own)")
			}
		})
	}
	return out
}

// mains: main starts the program; what the program does is tested elsewhere.
func mains(t *tree) (out []string) {
	for _, f := range t.product("cmd") {
		if n := strings.Count(t.text(f.path), "\n"); path.Base(f.path) == "main.go" && n > 60 {
			out = append(out, fmt.Sprintf("%s: %d lines, 60 are allowed", f.path, n))
		}
	}
	return out
}

// testOnly: what supports tests never reaches the product.
func testOnly(t *tree) (out []string) {
	for _, f := range t.product() {
		for _, i := range f.imported() {
			if i.own && support(i.path) || i.path == "testing" || strings.HasPrefix(i.path, "github.com/go-rod/") {
				out = append(out, t.at(f, i.spec)+": imports "+i.path+" outside a test")
			}
		}
	}
	return out
}

var (
	nolint = regexp.MustCompile(`^//\s*nolint\b`)
	reason = regexp.MustCompile(`^//nolint:[a-z,]+ // \S+ \S+`)
)

// exceptions: who silences a linter says which one and why.
func exceptions(t *tree) (out []string) {
	for _, f := range t.files {
		for _, group := range f.Comments {
			for _, c := range group.List {
				if nolint.MatchString(c.Text) && !reason.MatchString(c.Text) {
					out = append(out, t.at(f, c)+": write //nolint:name // and the reason")
				}
			}
		}
	}
	return out
}

// What the content policy of our pages forbids, as it stands in a template.
var inlined = []struct {
	is   *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`(?i)<style\b`), "a <style> element"},
	{regexp.MustCompile(`(?i)<[a-z][^<>]*\sstyle\s*=`), "a style attribute"},
	{regexp.MustCompile(`(?i)<[a-z][^<>]*\son[a-z]+\??\s*=`), "an on... attribute"},
	{regexp.MustCompile(`(?i)<[a-z][^<>]*\shx-on\b`), "an hx-on attribute"},
	{regexp.MustCompile(`(?i)\bjavascript:`), "a javascript: address"},
	{regexp.MustCompile(`(?i)["'{]\s*js:`), "an evaluated htmx value"},
	{regexp.MustCompile(`(?m)^(script|css) \w+\(`), "a templ script or css block, which is inlined"},
}

var script = regexp.MustCompile(`(?is)<script\b([^<>]*)>`)

// inline: pages have no inline style, script or handler; the content policy would block them.
func inline(t *tree) (out []string) {
	for _, file := range t.templ {
		text := t.text(file)
		say := func(at int, what string) {
			out = append(out, fmt.Sprintf("%s:%d: %s", file, 1+strings.Count(text[:at], "\n"), what))
		}
		for _, i := range inlined {
			for _, m := range i.is.FindAllStringIndex(text, -1) {
				say(m[1]-1, i.what)
			}
		}
		for _, m := range script.FindAllStringSubmatchIndex(text, -1) {
			attributes := text[m[2]:m[3]]
			// A data block is not run: JSON for a script of ours.
			if !strings.Contains(attributes, "src=") && !strings.Contains(attributes, `type="application/`) {
				say(m[0], "a <script> without src")
			}
		}
	}
	return out
}

// environment: configuration is read in one place, where it is documented and checked.
func environment(t *tree) (out []string) {
	for _, f := range t.product("internal", "tenants", "migrations") {
		if within(f.dir, "internal/config") {
			continue
		}
		f.uses("os", func(s *ast.SelectorExpr) {
			switch s.Sel.Name {
			case "Getenv", "LookupEnv", "Environ":
				out = append(out, t.at(f, s)+": os."+s.Sel.Name+": configuration is read by config")
			}
		})
	}
	return out
}
