package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/tenants"
)

func main(ctx context.Context, args ...string) (code int, out string) {
	var b bytes.Buffer
	code = app.Main(ctx, args, func(string) string { return "" }, strings.NewReader(""), &b, &b)
	return code, b.String()
}

// Whoever started a command that was cut short, such as a migrate Job, must not take that for success.
func TestAnInterruptedCommandIsNoSuccess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, command := range []string{"migrate", "doctor"} {
		if code, out := main(ctx, command, "--data", t.TempDir()); code == 0 || out == "" {
			t.Errorf("%s: exit %d, %q", command, code, out)
		}
	}
	if code, out := main(ctx, "migrate", "--data", t.TempDir()); code != 130 || !strings.Contains(out, "interrupted") {
		t.Errorf("migrate: exit %d, %q", code, out)
	}
}

func TestAWrongCallSaysWhatThereIs(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 0, "demo"}, {[]string{"help"}, 0, "doctor"}, {[]string{"srve"}, 2, "srve"},
		{[]string{"serve", "--help"}, 0, "PENDOPO_TRUSTED_PROXIES"}, {[]string{"serve", "--log", "xml"}, 1, "allowed: text, json"},
		{[]string{"serve", "--lgo", "text"}, 1, "pendopo serve --help"}, {[]string{"tenant"}, 0, "plan DIR"},
		{[]string{"access"}, 0, "explain EMAIL"}, {[]string{"access", "explian"}, 2, "explian"}, {[]string{"access", "permissions", "--lang", "en"}, 0, "queue:ticket:call"},
		{[]string{"access", "permissions", "--lang", "fr"}, 1, "choose id or en"},
		{[]string{"audit"}, 0, "verify [CODE|--all]"}, {[]string{"audit", "verfiy"}, 2, "verfiy"}, {[]string{"audit", "export", "19.01"}, 1, "FILE.csv"},
		{[]string{"jobs"}, 0, "retry CODE"}, {[]string{"mail"}, 0, "show ID"}, {[]string{"jobs", "lsit"}, 2, "lsit"}, {[]string{"keys", "trun"}, 2, "trun"}, {[]string{"mail", "shw"}, 2, "show ID"},
		{[]string{"serve", "--smtp-url", "smtp://siti:geheim@x/y"}, 1, "pendopo serve --help"}, {[]string{"serve", "--gateway-secret=0123456789abcdef"}, 1, "pendopo serve --help"},
		{[]string{"tenant", "aply"}, 2, "aply"}, {[]string{"tenant", "schema"}, 0, "json-schema.org"},
	} {
		if code, out := main(t.Context(), c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("pendopo %s: exit %d, %.300s", strings.Join(c.args, " "), code, out)
		}
	}
}

// A folder that somebody mistyped is said to have no data, and gets none.
func TestNothingIsMadeInAMistypedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{
		{"tenant", "list"}, {"tenant", "password", "19.01", "a@b.test"}, {"tenant", "suspend", "19.01"}, {"tenant", "export", "19.01"}, {"jobs", "list"},
		{"audit", "verify"}, {"keys", "rotate", "--all"}, {"access", "list", "a@b.test", "19.01"}, {"doctor"},
	} {
		code, out := main(t.Context(), append(args, "--data", dir)...)
		if _, err := os.Stat(dir); err == nil {
			t.Fatalf("pendopo %s made %s", strings.Join(args, " "), dir)
		}
		if code != 1 || !strings.Contains(out, "no data in that folder") || !strings.Contains(out, dir) {
			t.Errorf("pendopo %s: exit %d, %s", strings.Join(args, " "), code, out)
		}
	}
	// A plan may come before everything.
	code, out := main(t.Context(), "tenant", "plan", folder(t, oneSeries("19.05", "WIB")), "--data", dir)
	if _, err := os.Stat(dir); err == nil || code != 0 || !strings.Contains(out, "+ region") || !strings.Contains(out, "Belum ada data") || strings.Contains(out, "master key") {
		t.Errorf("the first plan: exit %d, %s", code, out)
	}
}

// A region without regional IT is planned and applied, and it is said what that means.
func TestARegionWithoutAnAdminIsWarnedOf(t *testing.T) {
	dir, r := t.TempDir(), oneSeries("19.05", "WIB")
	const warning = "nobody has the role admin"
	run := func(verb string) string {
		t.Helper()
		code, out := main(t.Context(), "tenant", verb, "--lang", "en", "--data", dir, folder(t, r))
		if code != 0 {
			t.Fatalf("%s: exit %d %s", verb, code, out)
		}
		return out
	}
	for _, verb := range []string{"plan", "apply"} {
		if out := run(verb); strings.Contains(out, warning) {
			t.Errorf("%s with an admin: %s", verb, out)
		}
	}
	r.Staff = slices.DeleteFunc(r.Staff, func(p tenants.Person) bool { return p.Role == tenants.RoleAdmin })
	for _, verb := range []string{"plan", "apply"} {
		if out := run(verb); !strings.Contains(out, warning) {
			t.Errorf("%s without an admin: %s", verb, out)
		}
	}
	if code, out := main(t.Context(), "keys", "rewrap", "--lang", "en", "--data", dir); code != 0 || !strings.Contains(out, "Nothing to wrap") {
		t.Errorf("keys rewrap: exit %d %s", code, out)
	}
}

// The help of a sub-command is about it: the settings of the service are those of serve.
func TestTheHelpOfASubCommandIsItsOwn(t *testing.T) {
	for _, c := range []struct {
		args   string
		begins string
		says   []string
	}{
		{"keys destroy", "pendopo keys destroy CODE ", []string{"musnahkan kunci daerah", "can never be read again", "--yes", "--lang"}},
		{"tenant apply", "pendopo tenant apply DIR ", []string{"--end-tickets", "--confirm", "--lang"}},
		{"audit list", "pendopo audit list CODE ", []string{"--since", "--limit"}},
		{"jobs retry", "pendopo jobs retry CODE [ID] ", []string{"ulangi", "try what has failed again"}},
		{"access explain", "pendopo access explain EMAIL PERMISSION SCOPE ", []string{"may this person"}},
		{"mail show", "pendopo mail show ID ", []string{"one message"}},
	} {
		code, out := main(t.Context(), append(strings.Fields(c.args), "--help")...)
		if code != 0 || !strings.HasPrefix(out, c.begins) || strings.Contains(out, "PENDOPO_GRACE") || !strings.HasSuffix(out, "those of \"pendopo serve --help\"\n") || strings.Count(out, "\n") > 20 {
			t.Errorf("pendopo %s --help: exit %d\n%s", c.args, code, out)
		}
		for _, s := range c.says {
			if !strings.Contains(out, s) {
				t.Errorf("pendopo %s --help lacks %q\n%s", c.args, s, out)
			}
		}
	}
}
