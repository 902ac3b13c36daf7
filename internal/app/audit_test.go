package app_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to tamper behind the service's back

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// tamper runs statements with every right: PostgreSQL's superuser, or who has SQLite's file.
func tamper(t *testing.T, db *store.DB, statements ...string) {
	t.Helper()
	a := testkit.URLs(db)
	if a.Schema == "" {
		file, err := sql.Open("sqlite", strings.TrimPrefix(a.App, "sqlite:")+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, s := range append([]string{"drop trigger if exists audit_kept_update", "drop trigger if exists audit_kept_delete", "drop trigger if exists audit_kept_insert"}, statements...) {
			if _, err := file.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		return
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, s := range append([]string{"set search_path = " + a.Schema}, statements...) {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// What an operator does with the records: they are made while the service runs, vouched for when it stops, verified,
// listed, taken away; and whatever somebody changes in the database is named.
func TestRecordsOnTheCommandLine(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db := testkit.Open(t, dialect)
			row, other := apply(t, db, oneSeries("19.01", "WIB")), apply(t, db, oneSeries("19.02", "WIB"))
			points := filepath.Join(t.TempDir(), "points")
			env := append(serveEnv(db), "PENDOPO_CHECKPOINTS="+points)
			run := func(args ...string) (int, string) {
				cmd := exec.Command(testkit.Build(t), append([]string{"audit"}, args...)...)
				for _, e := range os.Environ() {
					if !strings.HasPrefix(e, "PENDOPO_") {
						cmd.Env = append(cmd.Env, e)
					}
				}
				cmd.Env = append(cmd.Env, env...)
				out, err := cmd.CombinedOutput()
				if err != nil && cmd.ProcessState == nil {
					t.Fatal(err)
				}
				return cmd.ProcessState.ExitCode(), string(out)
			}
			want := func(code int, contains string, args ...string) string {
				t.Helper()
				got, out := run(args...)
				if got != code || !strings.Contains(out, contains) {
					t.Errorf("pendopo audit %s: exit %d, wanted %d and %q in\n%s", strings.Join(args, " "), got, code, contains, out)
				}
				return out
			}
			want(0, "Belum ada titik periksa", "verify", "19.01")
			want(1, "19.01 Kabupaten Bangka: utuh", "verify", "--strict")
			want(1, "19.01", "verify", "19.1")

			server := testkit.Serve(t, []string{"serve"}, env...)
			s := siteOf(server, row.Slug)
			service := id.Named(row.ID, "service/dukcapil/ktp-baru").String()
			for i := range 5 {
				if _, err := s.do("POST", "/api/v1/tickets", itoa(i), map[string]string{"service_id": service}, nil); err != nil {
					t.Fatal(err)
				}
			}
			s.signIn(t, "loket1@contoh.test")
			if err := server.Stop(); err != nil {
				t.Fatal(err)
			}
			// A graceful stop has made the last checkpoints: every record is vouched for.
			want(0, "0 catatan sesudahnya belum dicakup", "verify", "--strict", "--all")
			want(0, "19.01 Kabupaten Bangka: whole", "verify", "19.01", "--lang", "en")

			// A public caller's network stands in the record, as a hash.
			out := want(0, "Warga mengambil A-003", "list", "19.01", "--limit", "8")
			if strings.Contains(out, "127.0.0.1") || strings.Count(out, "\n") != 8 {
				t.Errorf("the list:\n%s", out)
			}
			out = want(0, `"sentence":"A citizen took A-003"`, "list", "19.01", "--format", "json", "--action", "queue:", "--lang", "en")
			var first struct{ From, Sentence string }
			if err := json.Unmarshal([]byte(strings.Split(out, "\n")[0]), &first); err != nil || len(first.From) != 16 || first.Sentence != "A citizen took A-005" {
				t.Errorf("%v %+v", err, first)
			}
			if out := want(0, "mengambil A-002", "list", "19.01", "--target", "a-002", "--since", "2020-01-01"); strings.Contains(out, "A-003") {
				t.Errorf("more than A-002:\n%s", out)
			}
			want(0, "Petugas 1 masuk", "list", "19.01", "--actor", "LOKET1@contoh.test")
			want(1, "bukan@contoh.test", "list", "19.01", "--actor", "bukan@contoh.test")
			want(1, "A-900", "list", "19.01", "--target", "A-900")
			want(1, "2026-11-23", "list", "19.01", "--since", "kemarin")
			file := filepath.Join(t.TempDir(), "catatan.csv")
			want(0, "catatan ditulis ke", "export", "19.01", file, "--action", "queue:ticket:issue")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll(); err != nil || len(rows) != 6 || rows[1][3] != "Warga mengambil A-001" {
				t.Errorf("%v %v", err, rows)
			}
			want(0, "Warga mengambil A-005", "export", "19.01", "-")
			want(0, "Operator lewat baris perintah mengunduh catatan kegiatan", "list", "19.01")
			// Looking has made records; those are vouched for when asked.
			want(1, "belum dicakup", "verify", "19.01", "--strict")
			want(0, "1 titik periksa baru", "checkpoint", "19.01")
			want(0, "utuh", "verify", "19.01", "--strict")

			mine := "tenant_id = '" + row.ID.String() + "'"
			tamper(t, db, "update audit set actor = 'user:x' where "+mine+" and seq = 3")
			out = want(1, "Catatan pertama yang salah: nomor 3", "verify")
			if !strings.Contains(out, "3: kolom actor diubah") || !strings.Contains(out, "19.02 Kabupaten Belitung: utuh") {
				t.Errorf("the verdict:\n%s", out)
			}
			tamper(t, db, "delete from audit where "+mine+" and seq = 2")
			want(1, "The first record that is wrong: number 2", "verify", "19.01", "--lang", "en")
			want(0, "utuh", "verify", "19.02")
			out = want(1, `"kind":"removed"`, "verify", "19.01", "--format", "json")
			var verdict struct {
				OK    bool
				First struct{ Seq int64 }
			}
			if err := json.Unmarshal([]byte(out), &verdict); err != nil || verdict.OK || verdict.First.Seq != 2 {
				t.Errorf("%v %s", err, out)
			}
			// Cut as a whole: only the checkpoints know.
			tamper(t, db, "delete from audit where tenant_id = '"+other.ID.String()+"' and seq > 1",
				"update audit_heads set seq = 0 where tenant_id = '"+other.ID.String()+"'", "delete from audit where tenant_id = '"+other.ID.String()+"'")
			want(1, "dipotong", "verify", "19.02")
			if out, err := pendopoWith(t, env, "doctor"); err == nil || !strings.Contains(out, "the chain ends before its newest checkpoint") {
				t.Errorf("doctor: %v\n%s", err, out)
			}
		})
	}
}

// pendopoWith runs a command with an environment of its own.
func pendopoWith(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(testkit.Build(t), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// What the daily cron runs finds a folder that was emptied, and one of a region that the database no longer has.
func TestVerifyMissesCheckpoints(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		row := apply(t, db, oneSeries("19.01", "WIB"))
		points := t.TempDir()
		env := append(serveEnv(db), "PENDOPO_MASTER_KEY="+testkit.MasterKey, "PENDOPO_CHECKPOINTS="+points)
		want := func(code int, contains string, args ...string) {
			t.Helper()
			got, out := command(t, env, "", append([]string{"audit"}, args...)...)
			if got != code || !strings.Contains(out, contains) {
				t.Errorf("pendopo audit %s: exit %d, wanted %d and %q in\n%s", strings.Join(args, " "), got, code, contains, out)
			}
		}
		want(0, "1 titik periksa baru", "checkpoint")
		want(0, "utuh", "verify")
		gone := filepath.Join(points, id.New().String())
		if err := os.Rename(filepath.Join(points, row.ID.String()), gone); err != nil {
			t.Fatal(err)
		}
		want(1, gone+": ada titik periksanya", "verify")
		want(1, `"kind":"region"`, "verify", "--all", "--format", "json")
		want(0, "utuh", "verify", "19.01") // made a moment ago
		if err := os.Rename(gone, filepath.Join(t.TempDir(), "x")); err != nil {
			t.Fatal(err)
		}
		// The records are older than the minutes that a checkpoint may take.
		ageAudit(t, db, row.ID)
		want(1, "TEMUAN: ", "verify")
		want(1, `"late":true`, "verify", "--format", "json")
		want(0, "dimatikan", "verify", "--checkpoints", "off")
	})
}

// ageAudit makes a region's whole chain an hour older, as somebody would who makes it anew.
func ageAudit(t *testing.T, db *store.DB, at store.TenantID) {
	t.Helper()
	type row struct {
		Seq    int64     `bun:"seq"`
		Block  int64     `bun:"block"`
		At     time.Time `bun:"at"`
		Record string    `bun:"record"`
	}
	var rows []row
	err := db.View(t.Context(), at, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"audit"}, "select seq, block, at, record from audit order by seq")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	mine, statements := " where tenant_id = '"+at.String()+"'", []string{}
	prev, texts := store.GenesisHash(at), []string(nil)
	for _, r := range rows {
		was, is := store.TimeText(r.At), store.TimeText(r.At.Add(-time.Hour))
		text := strings.Replace(r.Record, was, is, 1)
		set := "update audit set at = '" + strings.Replace(strings.Replace(is, "T", " ", 1), "Z", "+00:00", 1) + "', record = '" + strings.ReplaceAll(text, "'", "''") + "'"
		texts = append(texts, text)
		if r.Seq == r.Block {
			prev = store.BlockHash(prev, strings.Join(texts, "\n"))
			texts = nil
			lit := fmt.Sprintf("x'%x'", prev)
			if testkit.URLs(db).Schema != "" {
				lit = fmt.Sprintf("'\\x%x'", prev)
			}
			set += ", hash = " + lit
			statements = append(statements, "update audit_heads set hash = "+lit+mine)
		}
		statements = append(statements, set+mine+" and seq = "+strconv.FormatInt(r.Seq, 10))
	}
	tamper(t, db, statements...)
}
