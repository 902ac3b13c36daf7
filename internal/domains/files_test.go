package domains_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The platform's own certificate is for its names only, is read again when its files change, and goes on while they are
// half written or gone.
func TestThePlatformsOwnFiles(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if _, err := domains.OpenFiles(cert, key, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("files that are not there were opened")
	}
	first := testkit.SelfSigned(t, cert, key, time.Now().Add(time.Hour), "pendopo.test", "*.pendopo.test")
	f, err := domains.OpenFiles(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{"pendopo.test": true, "bangka.pendopo.test": true, "": true, "a.b.pendopo.test": false, "mpp.bangka.go.id": false} {
		if pair, err := f.For(host); (err == nil) != want || want && !pair.Leaf.Equal(first) {
			t.Errorf("%q: %v", host, err)
		}
	}
	second := testkit.SelfSigned(t, cert, key, time.Now().Add(48*time.Hour), "pendopo.test")
	f.Forgotten()
	if pair, err := f.For("pendopo.test"); err != nil || !pair.Leaf.Equal(second) {
		t.Errorf("after a renewal: %v", err)
	}
	if err := os.WriteFile(cert, []byte("setengah"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.Forgotten()
	if pair, err := f.For("pendopo.test"); err != nil || !pair.Leaf.Equal(second) {
		t.Errorf("while a file is half written: %v", err)
	}
	third := testkit.SelfSigned(t, cert, key, time.Now().Add(72*time.Hour), "pendopo.test")
	f.Forgotten()
	if pair, err := f.For("pendopo.test"); err != nil || !pair.Leaf.Equal(third) {
		t.Errorf("once it is whole: %v", err)
	}
}
