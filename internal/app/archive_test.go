package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// installation is a database with a master key and a folder of checkpoints of its own.
type installation struct {
	db     *store.DB
	env    []string
	points string
}

// abroad is an installation that knows nothing of the others, under another master key.
func abroad(t *testing.T, dialect string, key byte) installation {
	t.Helper()
	db := testkit.Open(t, dialect)
	master := make([]byte, seal.MasterLen)
	for i := range master {
		master[i] = key
	}
	ring, err := seal.NewKeyring(master)
	if err != nil {
		t.Fatal(err)
	}
	seal.Use(db, ring)
	in := installed(t, db)
	in.env = append(in.env, "PENDOPO_MASTER_KEY="+base64.StdEncoding.EncodeToString(master))
	return in
}

func installed(t *testing.T, db *store.DB) installation {
	t.Helper()
	in := installation{db: db, points: t.TempDir()}
	in.env = append(serveEnv(db), "PENDOPO_CHECKPOINTS="+in.points, "PENDOPO_MAIL_FOLDER="+t.TempDir())
	if a := testkit.URLs(db); a.Schema != "" {
		in.env = append(in.env, "PENDOPO_OWNER_DATABASE_URL="+a.Owner)
	}
	return in
}

func (in installation) run(t *testing.T, want string, args ...string) string {
	t.Helper()
	code, out := command(t, in.env, "", args...)
	if code != 0 || !strings.Contains(out, want) {
		t.Fatalf("pendopo %s: exit %d, wanted %q in\n%s", strings.Join(args, " "), code, want, out)
	}
	return out
}

func (in installation) refuses(t *testing.T, want string, args ...string) {
	t.Helper()
	if code, out := command(t, in.env, "", args...); code != 1 || !strings.Contains(out, want) {
		t.Errorf("pendopo %s: exit %d, wanted 1 and %q in\n%s", strings.Join(args, " "), code, want, out)
	}
}

// lines are a region's rows by table, each as text with its types. What an installation makes its own is left out: the
// wrapping of the keys, and the version of the row in the list.
func (in installation) lines(t *testing.T, of store.TenantID) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := in.db.Carry(t.Context(), of, func(table string) error { out[table] = nil; return nil }, func(table string, c store.Cells) error {
		switch table {
		case "tenants":
			delete(c, "version")
		case seal.KeysTable:
			delete(c, "seal_keys")
			delete(c, "index_keys")
		}
		var b strings.Builder
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range c {
				if !yield(name) {
					return
				}
			}
		}) {
			fmt.Fprintf(&b, "%s %T %q; ", name, c[name], fmt.Sprint(c[name]))
		}
		out[table] = append(out[table], b.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stored is how SQLite itself keeps a region's rows: the class and the text of every value.
func (in installation) stored(t *testing.T, of store.TenantID) map[string][]string {
	t.Helper()
	file, err := sql.Open("sqlite", strings.TrimPrefix(testkit.URLs(in.db).App, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	texts := func(query string, args ...any) (all []string) {
		rows, err := file.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer rows.Close()
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	out := map[string][]string{}
	for _, table := range in.db.OwnedTables() {
		var parts []string
		for _, column := range texts("select name from pragma_table_info(?) order by name", table) {
			if table != seal.KeysTable || !strings.HasSuffix(column, "_keys") {
				parts = append(parts, "'"+column+" ' || typeof("+column+") || ' ' || quote("+column+")")
			}
		}
		order := "1"
		if table == "audit" {
			order = "seq"
		}
		out[table] = texts("select "+strings.Join(parts, " || '; ' || ")+" from "+table+" where tenant_id = ? order by "+order, of.String())
	}
	return out
}

// same compares tables but for the chain, which goes on where an archive is taken: there the earlier is the beginning of
// the later.
func same(t *testing.T, what string, before, after map[string][]string) {
	t.Helper()
	rows := 0
	for table, want := range before {
		got := after[table]
		if rows += len(want); table == "audit" && len(got) >= len(want) {
			got = got[:len(want)]
		}
		if table != "audit_heads" && !slices.Equal(got, want) {
			for i := range want {
				if i >= len(got) || got[i] != want[i] {
					t.Errorf("%s, %s, row %d: is\n%v\nand was\n%s", what, table, i, slices.Concat(got, []string{"missing"})[min(i, len(got))], want[i])
					break
				}
			}
			t.Errorf("%s: %s has %d rows instead of %d, or others", what, table, len(got), len(want))
		}
	}
	if len(after) != len(before) {
		t.Errorf("%s: %d tables instead of %d", what, len(after), len(before))
	}
	t.Logf("%s: %d rows of %d tables", what, rows, len(before))
}

// goesOn signs somebody in with the password that they had, opens a name, and takes the next number.
func (in installation) goesOn(t *testing.T, s *side) {
	t.Helper()
	a := newApp(t, in.db)
	here, ok := a.Registry.ByCode(s.Region.Code)
	if !ok {
		t.Fatal("the region is not in the list")
	}
	session, err := a.Auth.SignIn(t.Context(), here, s.Email("officer"), password, auth.Cookie, auth.From{Agent: "Uji"})
	if err != nil {
		t.Fatalf("with the old password: %v", err)
	}
	if status, text := page(t, a, s.Host("localhost"), "/petugas", session.Token); status != 200 || !strings.Contains(text, "Orang "+s.Canary) {
		t.Errorf("the officer's page: %d, without their name", status)
	}
	last := s.lastNumber(t, in.db)
	_, err = a.Hall.Issue(t.Context(), here, queue.Request{ServiceID: s.Services[0], Channel: queue.Web})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.lastNumber(t, in.db); got != last+1 {
		t.Errorf("the next number is %d after %d", got, last)
	}
	in.run(t, "", "audit", "verify", s.Region.Code)
}

// lastNumber is the last number of the first series, which has to have all before it.
func (s *side) lastNumber(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	type row struct {
		Last  int64 `bun:"last"`
		Count int64 `bun:"n"`
	}
	err := db.View(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[row](ctx, tx, store.From{"tickets"}, "select coalesce(max(number), 0) as last, count(*) as n from tickets where series_id = ?", s.Series[0])
		if err == nil {
			if n = rows[0].Last; rows[0].Count != n {
				t.Errorf("%d tickets up to number %d", rows[0].Count, n)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// absent looks for anything of a region in whatever somebody has who has the database.
func (in installation) absent(t *testing.T, s *side) {
	t.Helper()
	all := dump(t, in.db)
	if in.db.Dialect() == testkit.PostgreSQL {
		all += statistics(t, in.db) + relations(t, in.db)
	}
	n := 0
	for _, mark := range append([]string{s.Canary, s.Phone, s.Name, s.Slug, s.ID.String()}, slices.Collect(func(yield func(string) bool) {
		for k := range s.known {
			if len(k) >= 16 && !yield(k) {
				return
			}
		}
	})...) {
		if n++; strings.Contains(all, mark) {
			t.Errorf("%s: %q is still there", in.db.Dialect(), mark)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(in.points, s.ID.String())); err == nil {
		t.Errorf("%d files of checkpoints are still there", len(entries))
	}
	if raw := [16]byte(uuid.MustParse(s.ID.String())); strings.Contains(all, string(raw[:])) {
		t.Errorf("%s: the region's identifier is still there", in.db.Dialect())
	}
	t.Logf("%s: none of %d marks in %d bytes", in.db.Dialect(), n, len(all))
}

// statistics are the values of columns that PostgreSQL keeps for its planner.
func statistics(t *testing.T, db *store.DB) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), "select tablename || ' ' || coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '') from pg_stats where schemaname = $1", testkit.URLs(db).Schema)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(texts, "\n")
}

// relations are the bytes of the schema's tables and indexes as they lie on the disk, rows that are dead and their space too.
func relations(t *testing.T, db *store.DB) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "checkpoint"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `with mine as (select c.oid, c.reltoastrelid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('r', 'i'))
		select pg_read_binary_file(pg_relation_filepath(oid)) from (select oid from mine union select reltoastrelid from mine where reltoastrelid <> 0) all_of_them`, testkit.URLs(db).Schema)
	if err != nil {
		t.Fatal(err)
	}
	files, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return string(bytes.Join(files, nil))
}

// A region goes from SQLite to PostgreSQL and back with everything it has, is erased where it was, and comes back there.
func TestARegionGoesFromOneInstallationToAnother(t *testing.T) {
	home := installed(t, testkit.Open(t, testkit.SQLite))
	w := newWorld(t, home.db)
	w.a.fill(t)
	w.b.fill(t)
	bind(t, home.db, w.a)
	w.a.announced(t)
	if changed, err := (&tenant.Provisioner{DB: home.db}).SetFeature(t.Context(), w.a.Region.Code, tenant.PublicAPI, false, "system:test"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	home.run(t, "", "audit", "checkpoint")
	dir := t.TempDir()
	words := filepath.Join(dir, "frasa")
	if err := os.WriteFile(words, []byte("empat kata yang tidak ditebak\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := []string{"--passphrase-file", words}
	first, second, busy := filepath.Join(dir, "1.tar"), filepath.Join(dir, "2.tar"), filepath.Join(dir, "b.tar")
	pg, back := abroad(t, testkit.PostgreSQL, 1), abroad(t, testkit.SQLite, 2)

	// While numbers are taken: what the archive has is of one moment, or its chain would not hold.
	stop, working := make(chan struct{}), sync.WaitGroup{}
	working.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = w.ap.Hall.Issue(t.Context(), w.b.t, queue.Request{ServiceID: w.b.Services[0], Channel: queue.Web})
			}
		}
	})
	home.run(t, "SHA-256", append([]string{"tenant", "archive", w.b.Region.Code, busy}, with...)...)
	close(stop)
	working.Wait()
	pg.run(t, "dipulihkan", append([]string{"tenant", "restore", busy}, with...)...)
	pg.goesOn(t, w.b)

	home.run(t, "SHA-256", append([]string{"tenant", "archive", w.a.Region.Code, first}, with...)...)
	home.refuses(t, "--force", append([]string{"tenant", "archive", w.a.Region.Code, first}, with...)...)
	home.refuses(t, "sudah ada di sini", append([]string{"tenant", "restore", first}, with...)...)
	home.refuses(t, "--passphrase-file", "tenant", "archive", w.a.Region.Code, second)
	pg.run(t, "dipulihkan", append([]string{"tenant", "restore", first}, with...)...)
	here := home.lines(t, w.a.ID)
	for table, rows := range here {
		if len(rows) == 0 {
			t.Errorf("nothing is shown of %s: give it a row in side.fill of isolation_models_test.go", table)
		}
	}
	same(t, "SQLite to PostgreSQL", here, pg.lines(t, w.a.ID))
	pg.run(t, "SHA-256", append([]string{"tenant", "archive", w.a.Region.Code, second}, with...)...)
	back.run(t, "dipulihkan", append([]string{"tenant", "restore", second}, with...)...)
	same(t, "and to SQLite", here, back.lines(t, w.a.ID))
	same(t, "as SQLite stores it", home.stored(t, w.a.ID), back.stored(t, w.a.ID))
	pg.goesOn(t, w.a)
	back.goesOn(t, w.a)

	for _, in := range []installation{home, pg} {
		in.refuses(t, "bukan daerah ini", "tenant", "erase", w.a.Region.Code, "--archive", busy, "--yes", w.a.Name)
		in.refuses(t, "namanya tidak sama", "tenant", "erase", w.a.Region.Code, "--archive", first, "--yes", w.b.Name)
		in.refuses(t, "bukan daerah", "tenant", "erase", tenant.PlatformCode, "--yes", "Pendopo")
		in.run(t, "dihapus", append([]string{"tenant", "erase", w.a.Region.Code, "--archive", first, "--yes", w.a.Name}, with...)...)
		in.absent(t, w.a)
		if !strings.Contains(dump(t, in.db), w.b.Canary) {
			t.Error("the other region is gone too")
		}
		in.run(t, "menghapus seluruh data", "audit", "list", tenant.PlatformCode, "--action", "tenant:archive:erase")
		in.run(t, "", "audit", "checkpoint")
		in.run(t, "", "audit", "verify", "--strict")
		in.keeps(t)
		in.run(t, "dipulihkan", append([]string{"tenant", "restore", first}, with...)...)
		in.goesOn(t, w.a)
	}
	// And once more, as the triggers were made anew.
	home.run(t, "dihapus", "tenant", "erase", w.a.Region.Code, "--yes", w.a.Name)
	home.absent(t, w.a)
}

// keeps tries to take records away past the service, as the role that serves: an erasure leaves that as it was.
func (in installation) keeps(t *testing.T) {
	t.Helper()
	const tampering = "delete from audit where seq = 1"
	var err error
	if at := testkit.URLs(in.db); at.Schema != "" {
		conn, cerr := pgx.Connect(t.Context(), at.App)
		if cerr != nil {
			t.Fatal(cerr)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		_, err = conn.Exec(t.Context(), tampering)
	} else {
		file, ferr := sql.Open("sqlite", strings.TrimPrefix(at.App, "sqlite:"))
		if ferr != nil {
			t.Fatal(ferr)
		}
		defer file.Close()
		_, err = file.ExecContext(t.Context(), tampering)
	}
	if err == nil {
		t.Errorf("%s: records may be deleted now", in.db.Dialect())
	}
}

// bind gives a region a domain of its own.
func bind(t *testing.T, db *store.DB, s *side) {
	t.Helper()
	err := db.System(t.Context(), "a test", func(ctx context.Context, sys *store.SysTx) error {
		return store.SysInsert(ctx, sys, &tenant.Domain{Code: s.Region.Code, Host: s.Canary + ".contoh.go.id", Token: "bukti" + s.Canary, State: tenant.DomainBound, AskedAt: sys.Now(), ProvedAt: sys.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}
