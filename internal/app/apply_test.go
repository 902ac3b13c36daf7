package app_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// pendopo runs a command of the binary against a test's database.
func pendopo(t *testing.T, db *store.DB, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(testkit.Build(t), args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PENDOPO_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, serveEnv(db)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// folder writes a region as a manifest folder.
func folder(t *testing.T, r *tenants.Region) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), r.FolderName())
	if err := tenants.Write(dir, r); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A region is applied while the server works: it is served within 5 s without a restart, and nobody
// elsewhere notices.
func TestARegionIsAppliedUnderLoad(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			db := testkit.Open(t, dialect)
			row := apply(t, db, oneSeries("19.01", "WIB"))
			server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
			service := id.Named(row.ID, "service/dukcapil/ktp-baru").String()

			var stop atomic.Bool
			var sent atomic.Int64
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					s := siteOf(server, row.Slug)
					for !stop.Load() {
						if status, err := s.do("POST", "/api/v1/tickets", "", map[string]string{"service_id": service}, nil); err != nil || status != 201 {
							t.Errorf("a request elsewhere failed: %d %v", status, err)
							return
						}
						if status, err := s.do("GET", "/api/v1/services", "", nil, nil); err != nil || status != 200 {
							t.Errorf("a request elsewhere failed: %d %v", status, err)
							return
						}
						sent.Add(2)
					}
				})
			}
			next := siteOf(server, "merauke")
			if status, _ := next.do("GET", "/api/v1/services", "", nil, nil); status != 404 {
				t.Errorf("a region that is not here answers %d", status)
			}
			dir := folder(t, oneSeries("93.01", "WIT"))
			begin := time.Now()
			out, err := pendopo(t, db, "tenant", "apply", dir)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			applied := time.Since(begin)
			for deadline := time.Now().Add(5 * time.Second); ; {
				status, _ := next.do("GET", "/api/v1/services", "", nil, nil)
				if status == 200 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("not served after 5 s: %d", status)
				}
			}
			t.Logf("applied in %v, served %v after the command began, %d requests elsewhere", applied.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond), sent.Load())
			// The region that is busy is applied again and again: nobody waits for it long enough to fail.
			again := oneSeries("19.01", "WIB")
			for i := range 5 {
				again.Agencies[0].Services[0].Minutes = 10 + i
				if out, err := pendopo(t, db, "tenant", "apply", folder(t, again)); err != nil || !strings.Contains(out, "diperbarui") {
					t.Errorf("%v\n%s", err, out)
				}
			}
			stop.Store(true)
			wg.Wait()
		})
	}
}

// What regional IT does with a region, in the order of the README.
func TestTheLifeOfARegionOnTheCommandLine(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			db := testkit.Open(t, dialect)
			dir := folder(t, oneSeries("19.05", "WIB"))
			run := func(want string, args ...string) string {
				t.Helper()
				out, err := pendopo(t, db, args...)
				if err != nil || !strings.Contains(out, want) {
					t.Fatalf("pendopo %s: %v, wanted %q in\n%s", strings.Join(args, " "), err, want, out)
				}
				return out
			}
			run("Belum ada daerah", "tenant", "list")
			run("+ region", "tenant", "plan", dir)
			out := run("dibuka di bangka-barat.localhost", "tenant", "apply", dir)
			if _, first, _ := strings.Cut(out, "Kata sandi pertama"); strings.Count(first, "@contoh.test") != 9 {
				t.Errorf("nine people get a password each:\n%s", out)
			}
			run("Tidak ada yang berubah", "tenant", "plan", dir)
			if out := run("Tidak ada yang berubah", "tenant", "apply", dir); strings.Contains(out, "@contoh.test") {
				t.Errorf("applied again, passwords were shown again:\n%s", out)
			}
			copied := filepath.Join(t.TempDir(), "19.05-bangka-barat")
			run("Ditulis ke", "tenant", "export", "19.05", copied)
			run("Tidak ada yang berubah", "tenant", "plan", copied)
			note := filepath.Join(copied, "agencies", "CATATAN.md")
			for name, text := range map[string]string{note: "catatan", filepath.Join(copied, "agencies", "pln.yaml"): "code: pln\n"} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for lang, want := range map[string]string{"id": "tidak kosong", "en": "is not empty"} {
				out, err := pendopo(t, db, "tenant", "export", "19.05", copied, "--lang", lang)
				if err == nil || !strings.Contains(out, want) || !strings.Contains(out, "--force") {
					t.Errorf("export into a folder that is not empty: %v %s", err, out)
				}
			}
			if _, err := os.Stat(filepath.Join(copied, "agencies", "pln.yaml")); err != nil {
				t.Error("a refused export has changed the folder")
			}
			run("Ditulis ke", "tenant", "export", "19.05", copied, "--force")
			run("Tidak ada yang berubah", "tenant", "plan", copied)
			if _, err := os.Stat(note); err != nil {
				t.Errorf("the note is gone: %v", err)
			}

			reset := run("hanya ditampilkan kali ini", "tenant", "password", "19.05", "Loket1@contoh.test")
			if out, err := pendopo(t, db, "tenant", "password", "19.05", "loket11@contoh.test"); err == nil || !strings.Contains(out, "loket1@contoh.test") {
				t.Errorf("a mistyped address: %v %s", err, out)
			}
			server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
			s := siteOf(server, "bangka-barat")
			fields := strings.Fields(reset)
			login := map[string]string{"email": "loket1@contoh.test", "password": fields[len(fields)-1]}
			if status, err := s.do("POST", "/api/v1/sessions", "", login, nil); status != 200 {
				t.Errorf("the new password does not open: %d %v", status, err)
			}
			expect := func(want int) {
				t.Helper()
				for deadline := time.Now().Add(5 * time.Second); ; {
					status, err := s.do("GET", "/api/v1/services", "", nil, nil)
					if status == want {
						return
					}
					if time.Now().After(deadline) {
						t.Fatalf("%d instead of %d: %v", status, want, err)
					}
				}
			}
			expect(200)
			run("dihentikan sementara", "tenant", "suspend", "19.05", "perbaikan")
			run("dihentikan sementara", "tenant", "list")
			expect(503)
			run("dilanjutkan", "tenant", "resume", "19.05")
			expect(200)

			if out, err := pendopo(t, db, "tenant", "suspend", "19.5"); err == nil || !strings.Contains(out, "19.05") {
				t.Errorf("a mistyped code: %v %s", err, out)
			}
		})
	}
}

// A folder with mistakes changes nothing, and each of them is named.
func TestMistakesAreNamedAndNothingIsApplied(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	dir := folder(t, oneSeries("19.05", "WIB"))
	file := filepath.Join(dir, "region.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(strings.Replace(string(text), "timezone: WIB", "timezone: WITA", 1), "kind: office", "kind: ofice", 1)
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := pendopo(t, db, "tenant", "apply", dir)
	if err == nil || !strings.Contains(out, "region.yaml:") || !strings.Contains(out, "WITA") || !strings.Contains(out, "office") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _ := pendopo(t, db, "tenant", "list"); !strings.Contains(out, "Belum ada daerah") {
		t.Errorf("something was applied:\n%s", out)
	}
}
