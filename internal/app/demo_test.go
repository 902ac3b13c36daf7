package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A folder that somebody applies to a running demo is no demo: the next start leaves it alone and says so. A
// database without any demo region is not the demo's.
func TestADemoStartsBesideARegionOfSomebodys(t *testing.T) {
	dir := t.TempDir()
	ours := oneSeries("35.01", "WIB")
	if out, err := pendopoIn(t, dir, "tenant", "apply", folder(t, ours)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := pendopoIn(t, dir, "demo", "--still", "--addr", "127.0.0.1:0"); err == nil || !strings.Contains(out, "a real region (35.01") {
		t.Fatalf("a demo on a database with a real region: %v\n%s", err, out)
	}

	dir = t.TempDir()
	first := testkit.Serve(t, []string{"demo", "--still", "--data", dir})
	if out, err := pendopoIn(t, dir, "tenant", "apply", folder(t, ours)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	again := testkit.Serve(t, []string{"demo", "--still", "--data", dir})
	if log := again.Log(); !strings.Contains(log, "35.01 Kabupaten Pacitan bukan daerah demo") {
		t.Errorf("it says nothing of the region that is left alone:\n%s", log)
	}
	var said struct {
		Regions []struct {
			Code   string
			Demo   bool
			Logins []any
		}
	}
	if err := json.Unmarshal([]byte(again.Ready), &said); err != nil {
		t.Fatal(err)
	}
	if len(said.Regions) != 11 {
		t.Errorf("%d regions", len(said.Regions))
	}
	for _, r := range said.Regions {
		if theirs := r.Code == "35.01"; r.Demo == theirs || theirs != (len(r.Logins) == 0) {
			t.Errorf("%+v", r)
		}
	}
}

// Somebody whom the manifest no longer has cannot sign in: there is no new password for them.
func TestNoPasswordForWhoIsGone(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r := oneSeries("19.01", "WIB")
		apply(t, db, r)
		gone := r.Staff[7].Email
		r.Staff = append(r.Staff[:7:7], r.Staff[8:]...)
		apply(t, db, r)
		if out, err := pendopo(t, db, "tenant", "password", "19.01", gone); err == nil || !strings.Contains(out, gone+" tidak ada di Kabupaten Bangka") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// Whoever starts a demo hears from it at once, is not warned of a key that keeps nothing, and finds a manager's login
// and a command that they can paste.
func TestADemoSaysWhatItDoes(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, to := io.Pipe()
	var all strings.Builder
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&all, lines.Text())
			if strings.Contains(lines.Text(), "Ctrl+C") {
				stop()
			}
		}
	}()
	app.Main(ctx, []string{"demo", "--still", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, func(string) string { return "" }, strings.NewReader(""), to, to)
	said := all.String()
	if !strings.HasPrefix(said, "Menyiapkan daerah contoh") || strings.Contains(said, "master key") || !strings.Contains(said, "MANAJER MPP") {
		t.Error(said)
	}
	for path, want := range map[string]string{"/usr/bin/pendopo": "pendopo", "/tmp/go-build12/b001/exe/pendopo": "go run ./cmd/pendopo", "/root/.cache/go-build/ab/cd-d/pendopo": "go run ./cmd/pendopo"} {
		if got := app.Self(path); got != want {
			t.Errorf("%s is called %s", path, got)
		}
	}
}
