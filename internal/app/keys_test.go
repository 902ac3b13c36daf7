package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// command runs a command in this process, with an environment and something typed.
func command(t *testing.T, env []string, typed string, args ...string) (code int, out string) {
	t.Helper()
	get := func(name string) (value string) { // the last counts, as for a process
		for _, e := range env {
			if set, ok := strings.CutPrefix(e, name+"="); ok {
				value = set
			}
		}
		return value
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a serve that should not have started
	defer cancel()
	var b bytes.Buffer
	code = app.Main(ctx, args, get, strings.NewReader(typed), &b, &b)
	return code, b.String()
}

// lacking is an environment without one of its variables.
func lacking(env []string, name string) (out []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, name+"=") {
			out = append(out, e)
		}
	}
	return slices.Clip(out)
}

// page asks for a page as somebody who has signed in.
func page(t *testing.T, a *app.App, host, path, sid string) (int, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Host = host
	if sid != "" {
		req.AddCookie(&http.Cookie{Name: "sid", Value: sid})
	}
	res, err := a.Web.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// What an operator does with a region's keys, and what staff and citizens see of it.
func TestTheLifeOfARegionsKeys(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		row, env := apply(t, db, oneSeries("19.05", "WIB")), append(serveEnv(db), "PENDOPO_CHECKPOINTS="+t.TempDir(), "PENDOPO_MAIL_FOLDER="+t.TempDir())
		run := func(want, typed string, args ...string) string {
			t.Helper()
			code, out := command(t, env, typed, args...)
			if code != 0 || !strings.Contains(out, want) {
				t.Fatalf("pendopo %s: exit %d, wanted %q in\n%s", strings.Join(args, " "), code, want, out)
			}
			return out
		}
		a := newApp(t, db)
		here, _ := a.Registry.ByCode("19.05")
		signIn := func() (string, error) {
			s, err := a.Auth.SignIn(t.Context(), here, "loket1@contoh.test", password, auth.Cookie, auth.From{})
			return s.Token, err
		}
		sid, err := signIn()
		if err != nil {
			t.Fatal(err)
		}
		sees := func(want string) {
			t.Helper()
			b := newApp(t, db) // without what the first has in memory
			if status, text := page(t, b, row.Slug+".localhost", "/petugas", sid); status != 200 || !strings.Contains(text, want) {
				t.Errorf("%d, no %q in\n%s", status, want, text)
			}
			if status, _ := page(t, b, row.Slug+".localhost", "/", ""); status != 200 {
				t.Errorf("the citizens' page answers %d", status)
			}
		}
		sees("Petugas 1")

		run("users.email 9", "", "keys", "rotate", "19.05")
		run("versi 3", "", "keys", "rotate", "--all", "--index")
		run("version 4", "", "keys", "rotate", "--all", "--lang", "en")
		sees("Petugas 1")
		if _, err := signIn(); err != nil {
			t.Errorf("after a rotation: %v", err)
		}
		run("Tidak ada yang berubah", "", "tenant", "plan", folder(t, oneSeries("19.05", "WIB")))

		if code, out := command(t, env, "19.06\n", "keys", "destroy", "19.05"); code != 1 || !strings.Contains(out, "Tidak ada yang diubah") {
			t.Errorf("another code was typed: %d %s", code, out)
		}
		if code, out := command(t, env, "", "keys", "destroy", "19.05"); code != 1 || !strings.Contains(out, "19.05") {
			t.Errorf("nothing was typed: %d %s", code, out)
		}
		sees("Petugas 1")
		run("dimusnahkan", "19.05\n", "keys", "destroy", "19.05")
		run("sudah dimusnahkan", "", "keys", "destroy", "19.05", "--yes")
		sees("Data telah dihapus")
		if _, err := signIn(); !fault.Is(err, "auth.wrong") {
			t.Errorf("signed in with an address that nobody can read: %v", err)
		}
		if code, out := command(t, env, "", "tenant", "password", "19.05", "loket1@contoh.test"); code != 1 || !strings.Contains(out, "tidak ada di") {
			t.Errorf("%d %s", code, out)
		}
		exported := filepath.Join(t.TempDir(), "19.05-bangka-barat")
		run("Ditulis ke", "", "tenant", "export", "19.05", exported)
		if text, err := os.ReadFile(filepath.Join(exported, "region.yaml")); err != nil || strings.Contains(string(text), "@contoh.test") || !strings.Contains(string(text), "DPMPTSP") {
			t.Errorf("the export has people, or nothing: %v\n%s", err, text)
		}
		if code, out := command(t, env, "", "tenant", "apply", folder(t, oneSeries("19.05", "WIB"))); code != 1 || !strings.Contains(out, "pendopo keys reopen") {
			t.Errorf("applied without keys: %d %s", code, out)
		}
		run("dilewati", "", "keys", "rotate", "--all")
		run("destroyed: 19.05", "", "doctor")
		run("aktif", "", "tenant", "list") // nothing else of the region is touched
		run("kunci baru", "", "keys", "reopen", "19.05")
		run("Kata sandi pertama", "", "tenant", "apply", folder(t, oneSeries("19.05", "WIB")))
		run("opens those of 1 regions", "", "doctor")
	})
}

func TestKeysCalledWrongly(t *testing.T) {
	for _, args := range [][]string{{"keys", "turn"}, {"keys", "rotate"}, {"keys", "rotate", "19.01", "--all"}, {"keys", "destroy"}, {"keys", "rewrap", "19.01"}, {"keys", "new", "x"}} {
		if code, out := command(t, nil, "", append(args, "--data", t.TempDir())...); code != map[bool]int{true: 2, false: 1}[args[1] == "turn"] || !strings.Contains(out, "rotate CODE|--all") {
			t.Errorf("%v: exit %d %s", args, code, out)
		}
	}
	code, out := command(t, nil, "", "keys", "new")
	if keys, err := config.MasterKeys(out); code != 0 || err != nil || len(keys) != 1 {
		t.Errorf("exit %d: %v", code, err)
	}
	if _, again := command(t, nil, "", "keys", "new"); again == out {
		t.Error("the same key twice")
	}
}

// PostgreSQL has no place beside it for a key: without one nothing starts, and it is said how to make one.
func TestServeRefusesToStartWithoutAMasterKey(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	apply(t, db, oneSeries("19.05", "WIB"))
	env := lacking(serveEnv(db), "PENDOPO_MASTER_KEY")
	_, fresh := command(t, nil, "", "keys", "new")
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		env  []string
		says string
	}{
		"none":       {env, "pendopo keys new"},
		"no file":    {append(env, "PENDOPO_MASTER_KEY_FILE=/nowhere/key"), "/nowhere/key"},
		"another's":  {append(env, "PENDOPO_MASTER_KEY_FILE="+file), "does not open"},
		"the demo's": {append(env, "PENDOPO_MASTER_KEY=cGVuZG9wbyBkZW1vLCBrbm93biB0byBldmVyeWJvZHk="), "everybody knows"},
		"no key":     {append(env, "PENDOPO_MASTER_KEY=abc"), "base64 of 32 bytes"},
	} {
		code, out := command(t, c.env, "", "serve", "--addr", "127.0.0.1:0")
		if code != 1 || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d %s", what, code, out)
		}
	}
	for _, args := range [][]string{{"tenant", "list"}, {"keys", "rotate", "--all"}} {
		if code, out := command(t, env, "", args...); code != 1 || !strings.Contains(out, "PENDOPO_MASTER_KEY") {
			t.Errorf("%v: exit %d %s", args, code, out)
		}
	}
	// What is read from a file or the environment is the same.
	if err := os.WriteFile(file, []byte(testkit.MasterKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, append(env, "PENDOPO_MASTER_KEY_FILE="+file), "", "tenant", "plan", folder(t, oneSeries("19.05", "WIB"))); code != 0 {
		t.Errorf("exit %d %s", code, out)
	}
}

// SQLite's key is made beside the database at the first start, and never again.
func TestSQLiteMakesItsMasterKeyOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(dir, "master.key")
	env := []string{"PENDOPO_DATA=" + dir}
	if code, out := command(t, env, "", "tenant", "apply", folder(t, oneSeries("19.05", "WIB"))); code != 0 || !strings.Contains(out, "a master key was made") || !strings.Contains(out, file) {
		t.Fatalf("exit %d %s", code, out)
	}
	key, err := os.ReadFile(file)
	info, serr := os.Stat(file)
	if err != nil || serr != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v %v", err, serr, info.Mode())
	}
	if keys, err := config.MasterKeys(string(key)); err != nil || len(keys) != 1 {
		t.Error(err)
	}
	if code, out := command(t, env, "", "tenant", "list"); code != 0 || strings.Contains(out, "master key") {
		t.Errorf("exit %d %s", code, out)
	}
	if code, out := command(t, env, "", "doctor"); code != 0 || !strings.Contains(out, "the master key opens those of 1 regions") {
		t.Errorf("exit %d %s", code, out)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, env, "", "doctor"); code != 1 || !strings.Contains(out, "chmod 600") {
		t.Errorf("exit %d %s", code, out)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"serve"}, {"tenant", "list"}, {"doctor"}} {
		if code, out := command(t, env, "", c...); code != 1 || !strings.Contains(out, "master") {
			t.Errorf("%v without its key: exit %d %s", c, code, out)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("another key was made, which opens nothing")
	}
	// From its copy, as the old key of two.
	_, fresh := command(t, nil, "", "keys", "new")
	both := append(env, "PENDOPO_MASTER_KEY="+strings.TrimSpace(fresh)+","+strings.TrimSpace(string(key)))
	if code, out := command(t, both, "", "doctor"); code != 1 || !strings.Contains(out, "pendopo keys rewrap") {
		t.Errorf("exit %d %s", code, out)
	}
	if code, out := command(t, both, "", "keys", "rewrap", "--lang", "en"); code != 0 || !strings.Contains(out, "1 of 1 regions") {
		t.Errorf("exit %d %s", code, out)
	}
	only := append(env, "PENDOPO_MASTER_KEY="+fresh)
	if code, out := command(t, only, "", "doctor"); code != 0 {
		t.Errorf("exit %d %s", code, out)
	}
	old := append(env, "PENDOPO_MASTER_KEY="+string(key))
	if code, out := command(t, old, "", "doctor"); code != 1 || !strings.Contains(out, "does not open the keys of 19.05") {
		t.Errorf("exit %d %s", code, out)
	}
}

// A region that was made before there were keys gets them when the service starts; and one region whose keys
// are spoilt does not keep the others from being served.
func TestOneRegionsKeysAreItsOwnMatter(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, _ := testkit.Two(t, db)
		if err := newApp(t, db).CheckKeys(t.Context()); err != nil {
			t.Error(err)
		}
		spoil(t, db, a)
		if err := newApp(t, db).CheckKeys(t.Context()); err != nil {
			t.Errorf("one of two: %v", err)
		}
		if st, err := seal.Of(db).Status(t.Context(), a.ID); err != nil || st.Unopened == nil {
			t.Errorf("%+v %v", st, err)
		}
	})
}

// spoil overwrites a region's wrapped keys, past the service.
func spoil(t *testing.T, db *store.DB, r *testkit.Region) {
	t.Helper()
	statement := "update keysets set seal_keys = index_keys where tenant_id = '" + r.ID.String() + "'"
	a := testkit.URLs(db)
	var err error
	if db.Dialect() == testkit.SQLite {
		file, oerr := sql.Open("sqlite", strings.TrimPrefix(a.App, "sqlite:")+"?_pragma=busy_timeout(10000)")
		if oerr != nil {
			t.Fatal(oerr)
		}
		defer file.Close()
		_, err = file.ExecContext(t.Context(), statement)
	} else {
		conn, oerr := pgx.Connect(t.Context(), testkit.Postgres(t))
		if oerr != nil {
			t.Fatal(oerr)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		_, err = conn.Exec(t.Context(), "set search_path = "+a.Schema+"; "+statement, pgx.QueryExecModeSimpleProtocol)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The master key is changed as docs/security.md says, and neither doctor nor verify finds anything wrong with it.
func TestTheMasterKeyIsChanged(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, oneSeries("19.05", "WIB"))
		env := slices.Clip(append(serveEnv(db), "PENDOPO_CHECKPOINTS="+t.TempDir(), "PENDOPO_MAIL_FOLDER="+t.TempDir()))
		_, fresh := command(t, nil, "", "keys", "new")
		after, before := strings.TrimSpace(fresh), testkit.MasterKey
		with := func(keys string, code int, want string, args ...string) {
			t.Helper()
			got, out := command(t, append(env, "PENDOPO_MASTER_KEY="+keys), "", args...)
			if got != code || !strings.Contains(out, want) {
				t.Errorf("pendopo %s: exit %d, wanted %d and %q in\n%s", strings.Join(args, " "), got, code, want, out)
			}
		}
		with(before, 0, "1 titik periksa baru", "audit", "checkpoint")
		both := before + "," + after
		with(both, 0, "", "doctor")
		with(both, 0, "utuh", "audit", "verify", "--strict")
		turned := after + "," + before
		with(turned, 1, "an older master key made the newest ones of 19.05", "doctor")
		with(turned, 0, "dibungkus ulang", "keys", "rewrap")
		with(turned, 0, "", "doctor")
		with(turned, 0, "utuh", "audit", "verify", "--strict")
		with(after, 0, "", "doctor")
		with(after, 0, "Dibuat dengan kunci yang tidak diberikan lagi: 1 titik periksa", "audit", "verify", "--strict")
		with(after, 0, `"key_gone":1`, "audit", "verify", "--strict", "--format", "json")
		with(before, 1, "made with another key", "audit", "verify")
	})
}
