package auditlog_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

// written finds the actions that code records: Action: "auth:session:create", actionCall = "queue:ticket:call",
// record(opt.Actor, "keys:keyset:rotate", ...).
var written = regexp.MustCompile(`(?:Action:\s*|\baction[A-Z]\w*\s*=\s*|\brecord\([\w.]+,\s*)"([a-z]+:[a-z]+:[a-z-]+)"`)

// Whatever is recorded reads as a sentence: an action that somebody adds needs one here.
func TestEveryActionHasASentence(t *testing.T) {
	found, seen := 0, map[string]bool{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testkit") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range written.FindAllSubmatch(source, -1) {
			found++
			if key := "record." + strings.ReplaceAll(string(m[1]), ":", "."); !i18n.Has(key) {
				t.Errorf("%s records %s, and no text is named %s", path, m[1], key)
			}
			seen[string(m[1])] = true
		}
		return err
	})
	if err != nil || found < 20 {
		t.Fatalf("%d actions found: %v", found, err)
	}
	for _, action := range []string{"auth:session:create", "queue:ticket:call", "keys:keyset:rotate", "keys:keyset:prune"} {
		if !seen[action] {
			t.Errorf("%s is recorded, and this test does not see where", action)
		}
	}
}
