package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to tamper behind the handle's back

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// intruder changes a database behind the service's back, with every right: PostgreSQL's superuser, or somebody
// who has SQLite's file.
type intruder struct {
	t    *testing.T
	db   *store.DB
	exec func(sql string, args ...any) error
}

func intrude(t *testing.T, db *store.DB) *intruder {
	t.Helper()
	i := &intruder{t: t, db: db}
	a := testkit.URLs(db)
	if a.Schema == "" {
		file, err := sql.Open("sqlite", strings.TrimPrefix(a.App, "sqlite:")+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		i.exec = func(text string, args ...any) error { _, err := file.Exec(text, args...); return err }
		i.do("drop trigger if exists audit_kept_update")
		i.do("drop trigger if exists audit_kept_delete")
		i.do("drop trigger if exists audit_kept_insert")
		return i
	}
	conn, err := pgx.Connect(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	i.exec = func(text string, args ...any) error {
		_, err := conn.Exec(context.Background(), text, args...)
		return err
	}
	i.do("set search_path = " + a.Schema)
	return i
}

func (i *intruder) do(text string, args ...any) {
	i.t.Helper()
	if err := i.exec(text, args...); err != nil {
		i.t.Fatalf("%s: %v", text, err)
	}
}

// row is what an intruder reads and writes.
type row struct {
	Seq    int64  `bun:"seq"`
	Block  int64  `bun:"block"`
	Record string `bun:"record"`
	Hash   []byte `bun:"hash"`
}

func rowsOf(t *testing.T, db *store.DB, at store.TenantID) (rows []row) {
	t.Helper()
	err := db.View(t.Context(), at, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"audit"}, "select seq, block, record, hash from audit order by seq")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// rehash makes every hash of a tenant, and its head, what the records say now.
func (i *intruder) rehash(at store.TenantID) {
	prev := store.GenesisHash(at)
	var texts []string
	var last int64
	for _, r := range rowsOf(i.t, i.db, at) {
		if texts = append(texts, r.Record); r.Seq == r.Block {
			prev = store.BlockHash(prev, strings.Join(texts, "\n"))
			texts, last = nil, r.Seq
			i.do("update audit set hash = $1 where tenant_id = $2 and seq = $3", prev, at.String(), r.Seq)
		}
	}
	i.do("update audit_heads set seq = $1, hash = $2 where tenant_id = $3", last, prev, at.String())
}

// write adds blocks of these sizes.
func write(t *testing.T, db *store.DB, at store.TenantID, sizes ...int) {
	t.Helper()
	for b, n := range sizes {
		err := db.In(t.Context(), at, func(_ context.Context, tx *store.Tx) error {
			for k := range n {
				tx.Audit(store.Record{Actor: fmt.Sprint("user:", k), Action: "queue:ticket:call", Target: fmt.Sprintf("ticket:%d-%d", b, k), Data: struct {
					Note string `json:"note"`
				}{"kutip \" <é>"}})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

var key = bytes.Repeat([]byte("k"), 32)

func folder(t *testing.T) *audit.Folder {
	t.Helper()
	f, err := audit.NewFolder(t.TempDir(), key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// checkpoint makes one of a tenant's chain as it stands.
func checkpoint(t *testing.T, db *store.DB, f *audit.Folder, at ...store.TenantID) {
	t.Helper()
	w := audit.NewWriter(db, func() []store.TenantID { return at }, quiet, f)
	if _, err := w.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, db *store.DB, f *audit.Folder, at store.TenantID) *audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), db, at, f.Read(t.Context(), at))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTamperingIsFound(t *testing.T) {
	// The region's own first record, then blocks that end at 2, 5, 6, 8, 9; checkpoints at 5 and 9.
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		for name, c := range map[string]struct {
			tamper func(i *intruder, at string, id store.TenantID)
			kind   audit.Kind
			seq    int64
			detail string
			proven int64
		}{
			"deleted": {func(i *intruder, at string, _ store.TenantID) {
				i.do("delete from audit where tenant_id = $1 and seq = 4", at)
			}, audit.Removed, 4, "", 0},
			"the newest deleted": {func(i *intruder, at string, _ store.TenantID) {
				i.do("delete from audit where tenant_id = $1 and seq = 9", at)
			}, audit.Removed, 9, "", 5},
			"text changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set record = replace(record, 'kutip', 'lain') where tenant_id = $1 and seq = 6", at)
			}, audit.Changed, 6, "text", 5},
			"a column changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set actor = 'user:innocent' where tenant_id = $1 and seq = 7", at)
			}, audit.Changed, 7, "actor", 5},
			"the time changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set at = '2020-01-01 00:00:00.000000+00:00' where tenant_id = $1 and seq = 7", at)
			}, audit.Changed, 7, "at", 5},
			"text and column changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set actor = 'user:x', record = replace(record, 'user:0', 'user:x') where tenant_id = $1 and seq = 2", at)
			}, audit.Changed, 2, "text", 0},
			"swapped": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set seq = -1 where tenant_id = $1 and seq = 2", at)
				i.do("update audit set seq = 2 where tenant_id = $1 and seq = 9", at)
				i.do("update audit set seq = 9 where tenant_id = $1 and seq = -1", at)
			}, audit.Reordered, 2, "", 0},
			"what they say swapped": {func(i *intruder, at string, _ store.TenantID) {
				i.do(`update audit set actor = o.actor, action = o.action, target = o.target, at = o.at, record = o.record
					from audit o where o.tenant_id = audit.tenant_id and o.seq = 15 - audit.seq and audit.tenant_id = $1 and audit.seq in (6, 9)`, at)
			}, audit.Reordered, 6, "", 5},
			"appended with a wrong hash": {func(i *intruder, at string, _ store.TenantID) {
				i.do("insert into audit select tenant_id, 10, 10, at, actor, action, target, record, $2 from audit where tenant_id = $1 and seq = 9", at, bytes.Repeat([]byte{1}, 32))
			}, audit.Added, 10, "", 9},
			"appended with a wrong hash, the head mended": {func(i *intruder, at string, _ store.TenantID) {
				i.do("insert into audit select tenant_id, 10, 10, at, actor, action, target, record, $2 from audit where tenant_id = $1 and seq = 9", at, bytes.Repeat([]byte{1}, 32))
				i.do("update audit_heads set seq = 10, hash = $2 where tenant_id = $1", at, bytes.Repeat([]byte{1}, 32))
			}, audit.WrongHash, 10, "", 9},
			"inserted, and every hash made anew": {func(i *intruder, at string, id store.TenantID) {
				i.do("update audit set seq = -seq - 1, block = block + 1 where tenant_id = $1 and seq >= 6", at)
				i.do("update audit set seq = -seq where tenant_id = $1 and seq < 0", at)
				i.do("insert into audit select tenant_id, 6, 6, at, actor, action, target, record, hash from audit where tenant_id = $1 and seq = 7", at)
				i.rehash(id)
			}, audit.Rewritten, 6, "", 5},
			"changed, and every hash made anew": {func(i *intruder, at string, id store.TenantID) {
				i.do("update audit set record = replace(record, 'kutip', 'lain') where tenant_id = $1 and seq = 2", at)
				i.rehash(id)
			}, audit.Rewritten, 1, "", 0},
			"the end cut off, the head mended": {func(i *intruder, at string, id store.TenantID) {
				i.do("delete from audit where tenant_id = $1 and seq > 6", at)
				i.rehash(id)
			}, audit.Cut, 7, "", 5},
			"everything deleted, the head mended": {func(i *intruder, at string, id store.TenantID) {
				i.do("delete from audit where tenant_id = $1", at)
				i.do("update audit_heads set seq = 0, hash = $2 where tenant_id = $1", at, store.GenesisHash(id))
			}, audit.Cut, 1, "", 0},
			"the head changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit_heads set hash = $2 where tenant_id = $1", at, bytes.Repeat([]byte{1}, 32))
			}, audit.WrongHead, 9, "", 9},
			"the head deleted": {func(i *intruder, at string, _ store.TenantID) {
				i.do("delete from audit_heads where tenant_id = $1", at)
			}, audit.WrongHead, 10, "", 9},
			"a hash changed": {func(i *intruder, at string, _ store.TenantID) {
				i.do("update audit set hash = $2 where tenant_id = $1 and seq = 8", at, bytes.Repeat([]byte{1}, 32))
			}, audit.WrongHash, 7, "", 5},
		} {
			t.Run(name, func(t *testing.T) {
				r, other := testkit.Tenant(t, db, testkit.Code("x"+name), testkit.Slug("x"+name)), testkit.Tenant(t, db, testkit.Code("y"+name), testkit.Slug("y"+name))
				f := folder(t)
				write(t, db, other.ID, 2, 1)
				write(t, db, r.ID, 1, 3)
				checkpoint(t, db, f, r.ID, other.ID)
				write(t, db, r.ID, 1, 2, 1)
				checkpoint(t, db, f, r.ID, other.ID)
				if got := verify(t, db, f, r.ID); !got.OK() || got.Records != 9 || got.Proven.Seq != 9 || got.Uncovered != 0 || got.Checkpoints != 2 || got.Blocks != 6 {
					t.Fatalf("before: %+v", got)
				}
				i := intrude(t, db)
				c.tamper(i, r.ID.String(), r.ID)
				got := verify(t, db, f, r.ID)
				first := got.First()
				if first == nil || first.Kind != c.kind || first.Seq != c.seq || first.Detail != c.detail || got.Proven.Seq != c.proven {
					t.Errorf("found %+v, wanted %s at %d (%s); proven to %d, wanted %d", got.Findings, c.kind, c.seq, c.detail, got.Proven.Seq, c.proven)
				}
				if c.proven > 0 && (got.Proven.At.IsZero() || got.ProvenAt.IsZero()) {
					t.Errorf("proven up to no time: %+v", got.Proven)
				}
				if got := verify(t, db, f, other.ID); !got.OK() || got.Records != 4 {
					t.Errorf("the other region: %+v", got)
				}
			})
		}
	})
}

// A record with the right hash, appended behind the last checkpoint as the service itself would do it, is found by
// nothing: whoever can write to the database can do what the service does. What a verification says of it
// is that no checkpoint covers it, and from which record on.
func TestWhatNoCheckpointCoversIsSaid(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		r, f := testkit.Tenant(t, db), folder(t)
		write(t, db, r.ID, 1, 1)
		checkpoint(t, db, f, r.ID)
		i := intrude(t, db)
		i.do("insert into audit select tenant_id, 4, 4, at, actor, action, target, record, hash from audit where tenant_id = $1 and seq = 3", r.ID.String())
		i.rehash(r.ID)
		got := verify(t, db, f, r.ID)
		if !got.OK() || got.Proven.Seq != 3 || got.Uncovered != 1 || got.Chained.Seq != 4 {
			t.Errorf("%+v", got)
		}
		// Without any checkpoint nothing is proven.
		if got := verify(t, db, folder(t), r.ID); !got.OK() || got.Proven.Seq != 0 || got.Uncovered != 4 {
			t.Errorf("%+v", got)
		}
	})
}

// The role that serves can add records and nothing else.
func TestTheServingRoleCannotChangeRecords(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	r := testkit.Tenant(t, db)
	write(t, db, r.ID, 2)
	conn, err := pgx.Connect(t.Context(), testkit.URLs(db).App)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, text := range []string{
		"update audit set record = 'x'", "update audit set hash = null where seq = 2", "delete from audit", "truncate audit", "truncate audit cascade",
		"delete from audit_heads", "alter table audit disable row level security", "drop table audit", "alter table audit owner to current_user",
		"update system_log set reason = 'x'", "delete from system_log",
		"insert into audit (tenant_id, seq, block, at, actor, action, target, record) values ('" + r.ID.String() + "', 1, 1, now(), '', '', '', '') on conflict (tenant_id, seq) do update set record = 'x'",
		"grant update on audit to current_user", "set session_replication_role = replica", "set role pendopo_owner",
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), "set local app.tenant_id = '"+r.ID.String()+"'")
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), text)
		if err == nil && strings.HasPrefix(text, "grant") { // PostgreSQL only warns
			_, err = tx.Exec(t.Context(), "update audit set record = 'x'")
		}
		if err == nil {
			t.Errorf("the serving role may: %s", text)
		}
		_ = tx.Rollback(t.Context())
	}
	if got := verify(t, db, folder(t), r.ID); !got.OK() || got.Records != 3 {
		t.Errorf("afterwards: %+v", got)
	}
}

// On SQLite triggers refuse it, also to who opens the file by itself, until they are dropped.
func TestSQLiteRefusesChanges(t *testing.T) {
	t.Parallel()
	db := testkit.Open(t, testkit.SQLite)
	r := testkit.Tenant(t, db)
	file, err := sql.Open("sqlite", strings.TrimPrefix(testkit.URLs(db).App, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, text := range []string{
		"update audit set record = 'x'", "delete from audit", "delete from audit where seq = 1", "update audit set seq = 9", "update system_log set reason = 'x'", "delete from system_log",
		"insert or replace into audit select tenant_id, seq, block, at, actor, action, target, 'x', hash from audit",
		"replace into audit select * from audit where seq = 1",
		"insert or replace into audit (rowid, tenant_id, seq, block, at, actor, action, target, record, hash) select rowid, tenant_id, 77, 77, at, actor, action, target, 'x', hash from audit",
		"insert into audit select * from audit where true on conflict do update set record = 'x'",
		"insert or replace into system_log select id, at, 'x' from system_log",
		"insert or replace into system_log (rowid, id, at, reason) select rowid, 'x', at, reason from system_log",
	} {
		if _, err := file.Exec(text); err == nil || !strings.Contains(err.Error(), "only ever added") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := verify(t, db, folder(t), r.ID); !got.OK() || got.Records != 1 {
		t.Errorf("afterwards: %+v", got)
	}
}

var errGiveUp = errors.New("give up")

// Whoever verifies while others write, some of them in vain, and while checkpoints are made, is told of nothing.
func TestVerifyWhileOthersWrite(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		f := folder(t)
		dbs := []*store.DB{db, testkit.Again(t, testkit.URLs(db))}
		var stop atomic.Bool
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := 0; !stop.Load(); i++ {
					at := a.ID
					if w == 3 {
						at = b.ID
					}
					err := dbs[w%2].In(t.Context(), at, func(_ context.Context, tx *store.Tx) error {
						for range 1 + i%3 {
							tx.Audit(store.Record{Actor: fmt.Sprint("user:", w), Action: "test", Target: fmt.Sprint(i)})
						}
						if i%7 == 6 {
							return errGiveUp
						}
						return nil
					})
					if err != nil && !errors.Is(err, errGiveUp) {
						t.Error(err)
						return
					}
				}
			})
		}
		for _, one := range dbs {
			wg.Go(func() {
				w := audit.NewWriter(one, func() []store.TenantID { return []store.TenantID{a.ID, b.ID} }, quiet, f)
				for !stop.Load() {
					if _, err := w.Make(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var records, points int64
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
			for _, at := range []store.TenantID{a.ID, b.ID} {
				r := verify(t, db, f, at)
				if !r.OK() {
					t.Fatalf("a false alarm: %+v", r)
				}
				records, points = max(records, r.Records), max(points, r.Checkpoints)
			}
		}
		stop.Store(true)
		wg.Wait()
		checkpoint(t, db, f, a.ID, b.ID)
		if r := verify(t, db, f, a.ID); !r.OK() || r.Uncovered != 0 || r.Checkpoints < 2 {
			t.Errorf("at the end: %+v", r)
		}
		t.Logf("%d records and %d checkpoints verified meanwhile", records, points)
	})
}

func TestReadsAreRecordedOnceAWhile(t *testing.T) {
	clock := testkit.NewClock(testkit.Morning)
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		reads := audit.NewReads(db, 10*time.Minute)
		note := func(at store.TenantID, actor, target string) {
			t.Helper()
			if err := reads.Note(t.Context(), at, store.Record{Actor: actor, Action: "x:y:read", Target: target}); err != nil {
				t.Fatal(err)
			}
		}
		count := func(at store.TenantID) int { return len(rowsOf(t, db, at)) - 1 }
		for range 3 {
			note(a.ID, "user:1", "person:1")
		}
		note(a.ID, "user:1", "person:2")
		note(a.ID, "user:2", "person:1")
		note(b.ID, "user:1", "person:1")
		if count(a.ID) != 3 || count(b.ID) != 1 {
			t.Errorf("%d and %d records", count(a.ID), count(b.ID))
		}
		if err := reads.Note(t.Context(), store.NewTenantID(), store.Record{Actor: "user:1"}); err == nil {
			t.Error("what cannot be recorded passes")
		}
	}, testkit.WithClock(clock))
	db := testkit.Open(t, testkit.SQLite, testkit.WithClock(clock))
	r, reads := testkit.Tenant(t, db), audit.NewReads(db, 10*time.Minute)
	for range 4 {
		if err := reads.Note(t.Context(), r.ID, store.Record{Actor: "user:1"}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(6 * time.Minute)
	}
	if n := len(rowsOf(t, db, r.ID)) - 1; n != 2 {
		t.Errorf("%d records in 24 minutes", n)
	}
}

func TestHashes(t *testing.T) {
	h, other := audit.NewHasher(key), audit.NewHasher([]byte("another key"))
	a, b := store.NewTenantID(), store.NewTenantID()
	v := h.Personal(a, "email", "budi@contoh.test")
	for name, differs := range map[string]string{
		"tenant": h.Personal(b, "email", "budi@contoh.test"), "kind": h.Personal(a, "name", "budi@contoh.test"),
		"value": h.Personal(a, "email", "ani@contoh.test"), "key": other.Personal(a, "email", "budi@contoh.test"),
	} {
		if v == differs {
			t.Errorf("another %s gives the same hash", name)
		}
	}
	if v != h.Personal(a, "email", "budi@contoh.test") || len(v) != len(audit.Masked)+32 || h.Personal(a, "email", "") != "" {
		t.Errorf("%q", v)
	}
	if (*audit.Hasher)(nil).Personal(a, "email", "budi") != "hash:?" {
		t.Error("without a key it says something")
	}
	from := func(ip string) string { return h.Origin(addr(ip))(a) }
	if from("203.0.113.7") == from("203.0.113.8") || from("203.0.113.7") != from("::ffff:203.0.113.7") || len(from("203.0.113.7")) != 16 ||
		from("2001:db8::1") != from("2001:db8::ffff:1") || from("2001:db8::1") == from("2001:db8:0:1::1") || h.Origin(addr("203.0.113.7"))(b) == from("203.0.113.7") {
		t.Error("networks are not told apart as they should")
	}
	if h.Origin(addr(""))(a) != "" || (*audit.Hasher)(nil).Origin(addr("203.0.113.7"))(a) != "" {
		t.Error("from nowhere")
	}
}
