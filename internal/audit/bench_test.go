package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// fill writes a long chain past the service, as fast as the database takes it: one record a block, as a queue's
// mostly are.
func fill(b *testing.B, db *store.DB, at store.TenantID, n int) {
	b.Helper()
	prev := store.GenesisHash(at)
	row := func(seq int) []any {
		when := noon.Add(time.Duration(seq) * 7 * time.Second)
		actor, target := "user:"+id.Named(at, fmt.Sprint(seq%40)).String(), "ticket:"+id.Named(at, fmt.Sprint("t", seq)).String()
		text := store.RecordHead(when, actor, "queue:ticket:call", target, "0123456789abcdef") +
			fmt.Sprintf(`{"ticket":"%s","series":"%s","counter":"%s","number":%d}}`, target[7:], at, at, seq%900)
		prev = store.BlockHash(prev, text)
		return []any{at.String(), seq, seq, when, actor, "queue:ticket:call", target, text, prev}
	}
	a := testkit.URLs(db)
	const columns = "tenant_id, seq, block, at, actor, action, target, record, hash"
	if a.Schema == "" {
		file, err := sql.Open("sqlite", strings.TrimPrefix(a.App, "sqlite:"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		file.SetMaxOpenConns(1)
		exec := func(text string, args ...any) {
			if _, err := file.Exec(text, args...); err != nil {
				b.Fatal(err)
			}
		}
		exec("drop trigger audit_kept_delete")
		exec("begin")
		exec("delete from audit where tenant_id = ?", at.String())
		insert, err := file.Prepare("insert into audit (" + columns + ") values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			b.Fatal(err)
		}
		defer insert.Close()
		for seq := 1; seq <= n; seq++ {
			r := row(seq)
			r[3] = r[3].(time.Time).Format("2006-01-02 15:04:05.000000+00:00") // as bun writes it
			if _, err := insert.Exec(r...); err != nil {
				b.Fatal(err)
			}
		}
		exec("update audit_heads set seq = ?, hash = ? where tenant_id = ?", n, prev, at.String())
		exec("commit")
		return
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testkit.Postgres(b))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(ctx)
	exec := func(text string, args ...any) {
		if _, err := conn.Exec(ctx, text, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("set search_path = " + a.Schema)
	exec("delete from audit where tenant_id = $1", at.String())
	seq := 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"audit"}, strings.Split(columns, ", "), pgx.CopyFromFunc(func() ([]any, error) {
		if seq++; seq > n {
			return nil, nil
		}
		return row(seq), nil
	}))
	if err != nil {
		b.Fatal(err)
	}
	exec("update audit_heads set seq = $2, hash = $3 where tenant_id = $1", at.String(), n, prev)
	exec("analyze audit")
}

// BenchmarkVerify goes through a region's chain: go test -bench Verify -benchtime 1x ./internal/audit. The number
// of records is PENDOPO_BENCH_RECORDS, or a million. It tells how much memory the process held at the most.
func BenchmarkVerify(b *testing.B) {
	n := 1_000_000
	if s := os.Getenv("PENDOPO_BENCH_RECORDS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			db := testkit.Open(b, dialect)
			r := testkit.Tenant(b, db)
			fill(b, db, r.ID, n)
			runtime.GC()
			var most atomic.Uint64
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			go func() {
				var m runtime.MemStats
				for ctx.Err() == nil {
					runtime.ReadMemStats(&m)
					most.Store(max(most.Load(), m.HeapAlloc))
					time.Sleep(20 * time.Millisecond)
				}
			}()
			for b.Loop() {
				report, err := audit.Verify(ctx, db, r.ID, nil)
				if err != nil || !report.OK() || report.Records != int64(n) {
					b.Fatal(err, report)
				}
				b.ReportMetric(report.Rate(), "records/s")
			}
			b.ReportMetric(float64(most.Load())/(1<<20), "MB-most")
		})
	}
}

// BenchmarkOrigin is what saying from where adds to a ticket or a call.
func BenchmarkOrigin(b *testing.B) {
	h, t := audit.NewHasher(key), store.NewTenantID()
	ctx := store.WithOrigin(context.Background(), h.Origin(addr("203.0.113.7")))
	b.ReportAllocs()
	for b.Loop() {
		if len(store.Origin(ctx, t)) != 16 {
			b.Fatal("no hash")
		}
	}
}
