package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func TestNotifierTellsTheOtherProcess(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		other := testkit.Again(t, testkit.URLs(db))
		db.StartNotifier()
		other.StartNotifier()
		heard := make(chan store.TenantID, 64)
		listener := other
		if db.Dialect() == testkit.SQLite {
			listener = db // one process serves there
		}
		listener.OnCommit(func(at store.TenantID) {
			select {
			case heard <- at:
			default:
			}
		})
		// LISTEN begins when it begins: until it is heard, every commit tells again.
		for range 200 {
			in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error { tx.Emit("x", 1); return nil })
			select {
			case at := <-heard:
				if at == a.ID {
					return
				}
			case <-time.After(50 * time.Millisecond):
			}
		}
		t.Fatal("not heard")
	})
}
