package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

type auditRow struct {
	Seq    int64     `bun:"seq"`
	Block  int64     `bun:"block"`
	At     time.Time `bun:"at"`
	Actor  string    `bun:"actor"`
	Action string    `bun:"action"`
	Target string    `bun:"target"`
	Record string    `bun:"record"`
	Hash   []byte    `bun:"hash"`
}

// verify reads a tenant's chain from its beginning, fails the test where it does not hold, and gives
// the records and the events.
func verify(t *testing.T, db *store.DB, at store.TenantID) (records []auditRow, events []store.Event) {
	t.Helper()
	view(t, db, at, func(ctx context.Context, tx *store.Tx) (err error) {
		if records, err = store.Query[auditRow](ctx, tx, store.From{"audit"}, "select seq, block, at, actor, action, target, record, hash from audit order by seq"); err != nil {
			return err
		}
		if events, err = tx.EventsAfter(ctx, 0, 1_000_000); err != nil {
			return err
		}
		head, err := store.Query[auditRow](ctx, tx, store.From{"audit_heads"}, "select seq, hash from audit_heads")
		if err != nil {
			return err
		}
		last, err := tx.LastEvent(ctx)
		if err != nil {
			return err
		}
		hash := store.GenesisHash(at)
		var block []string
		for i, r := range records {
			if r.Seq != int64(i)+1 {
				t.Fatalf("record %d has the number %d", i+1, r.Seq)
			}
			if !strings.HasPrefix(r.Record, store.RecordColumns(r.At, r.Actor, r.Action, r.Target)) {
				t.Errorf("record %d says %s, its columns %+v", r.Seq, r.Record, r)
			}
			if block = append(block, r.Record); r.Seq < r.Block {
				if r.Hash != nil {
					t.Errorf("record %d has a hash inside its block", r.Seq)
				}
				continue
			}
			hash = store.BlockHash(hash, strings.Join(block, "\n"))
			if block = nil; !bytes.Equal(hash, r.Hash) {
				t.Fatalf("the block that ends with record %d does not verify", r.Seq)
			}
		}
		if len(head) != 1 || head[0].Seq != int64(len(records)) || !bytes.Equal(head[0].Hash, hash) || len(block) > 0 {
			t.Errorf("the head says %+v after %d records", head, len(records))
		}
		for i, e := range events {
			if e.Seq != int64(i)+1 {
				t.Fatalf("event %d has the number %d", i+1, e.Seq)
			}
		}
		if last != int64(len(events)) {
			t.Errorf("the last event is %d of %d", last, len(events))
		}
		return nil
	})
	return records, events
}

func TestChain(t *testing.T) {
	now := testkit.NewClock(testkit.Morning.Add(1234567 * time.Nanosecond))
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error {
			tx.Audit(store.Record{Actor: "user:1", Action: "queue:ticket:call", Target: "ticket:1", Data: struct {
				Note string `json:"note"`
				N    int    `json:"n"`
			}{"kutip \" dan <b> & \u2028 é", 7}})
			tx.Audit(store.Record{Actor: "public", Action: "queue:ticket:issue", Target: "ticket:2"})
			tx.Emit("ticket.called", map[string]int{"n": 7}, "series:1", "venue:1")
			tx.Emit("ticket.issued", nil)
			return nil
		})
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error { tx.Emit("only.event", 1, "x"); return nil })
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error { tx.Audit(store.Record{Action: "only:record"}); return nil })
		away := store.WithOrigin(t.Context(), func(of store.TenantID) string { return "di " + of.String() })
		if err := db.In(away, a.ID, func(_ context.Context, tx *store.Tx) error {
			tx.Audit(store.Record{Action: "x", Before: map[string]int{"n": 1}, After: []string{"b"}})
			tx.Audit(store.Record{Action: "y", From: "sini", Data: 1, After: 2})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		in(t, db, a.ID, func(context.Context, *store.Tx) error { return nil })
		_ = db.In(t.Context(), a.ID, func(_ context.Context, tx *store.Tx) error {
			tx.Audit(store.Record{Action: "never"})
			tx.Emit("never", 1)
			return errors.New("no")
		})

		records, events := verify(t, db, a.ID)
		if len(records) != 6 || len(events) != 4 { // one of each from the region itself
			t.Fatalf("%d records, %d events", len(records), len(events))
		}
		if r := records[1]; r.Block != 3 || r.Hash != nil || !r.At.Equal(now.Now()) ||
			r.Record != `{"at":"2026-11-23T02:00:00.001234Z","actor":"user:1","action":"queue:ticket:call","target":"ticket:1","data":{"note":"kutip \" dan \u003cb\u003e \u0026 \u2028 é","n":7}}` {
			t.Errorf("record 2: %+v", r)
		}
		for i, want := range []string{
			`"target":"","from":"di ` + a.ID.String() + `","data":{},"before":{"n":1},"after":["b"]}`, `"target":"","from":"sini","data":1,"after":2}`,
		} {
			if r := records[4+i]; !strings.HasSuffix(r.Record, want) {
				t.Errorf("record %d says %s, not %s", r.Seq, r.Record, want)
			}
		}
		if e := events[1]; e.Kind != "ticket.called" || fmt.Sprint(e.Topics) != "[series:1 venue:1]" || string(e.Data) != `{"n":7}` || !e.At.Equal(now.Now()) {
			t.Errorf("event 2: %+v", e)
		}
		view(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
			some, err := tx.EventsAfter(ctx, 2, 1)
			if len(some) != 1 || some[0].Seq != 3 {
				t.Errorf("after 2, one: %+v", some)
			}
			return err
		})
		if records, events := verify(t, db, b.ID); len(records) != 1 || len(events) != 1 {
			t.Errorf("B has %d records, %d events", len(records), len(events))
		}

		// A tenant whose chain was never started writes nothing at all.
		err := db.In(t.Context(), store.NewTenantID(), func(_ context.Context, tx *store.Tx) error { tx.Emit("x", 1); return nil })
		if err == nil || !strings.Contains(err.Error(), "no audit head") {
			t.Error(err)
		}
	}, testkit.WithClock(now))
}

// Writers of one tenant, in two processes' worth of pools, some of them failing: the numbers have no
// gap, every block verifies, and each committed transaction is there once.
func TestChainUnderParallelWriters(t *testing.T) {
	const workers, turns = 6, 20
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		dbs := []*store.DB{db, testkit.Again(t, testkit.URLs(db))}
		var told sync.Map
		for _, one := range dbs {
			one.OnCommit(func(at store.TenantID) { told.Store(at, true) })
		}
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				for i := range turns {
					at := a.ID
					if w == workers-1 {
						at = b.ID
					}
					err := dbs[w%2].In(t.Context(), at, func(ctx context.Context, tx *store.Tx) error {
						for k := range i % 4 {
							tx.Audit(store.Record{Actor: fmt.Sprint("user:", w), Action: "test", Target: fmt.Sprint(i), Data: k})
						}
						tx.Emit("test", [2]int{w, i}, fmt.Sprint("worker:", w))
						if _, err := store.Update[tenant.VenueRow](tx).Set("sort = sort + 1").Where("code = 'mal'").Exec(ctx); err != nil {
							return err
						}
						if i%5 == 4 {
							return errGiveUp
						}
						return nil
					})
					if err != nil && err != errGiveUp {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		for at, writers := range map[store.TenantID]int{a.ID: workers - 1, b.ID: 1} {
			records, events := verify(t, db, at)
			// Of 20 turns 16 stay; they write 0+1+2+3+1+2+3+0+2+3+0+1+3+0+1+2 = 24 records.
			if len(records) != 1+24*writers || len(events) != 1+16*writers {
				t.Errorf("%d records and %d events of %d writers", len(records), len(events), writers)
			}
			if _, ok := told.Load(at); !ok {
				t.Error("OnCommit was not told")
			}
		}
	})
}
