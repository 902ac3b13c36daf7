package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// What a transaction keeps is its own and hides the database's; what the database keeps, all find.
func TestKept(t *testing.T) {
	type key struct{}
	db := testkit.Open(t, testkit.SQLite)
	a := testkit.Tenant(t, db)
	db.Keep(key{}, "database")
	for range 2 {
		in(t, db, a.ID, func(_ context.Context, tx *store.Tx) error {
			if got := tx.Kept(key{}); got != "database" || tx.ReadOnly() {
				t.Errorf("%v", got)
			}
			tx.Keep(key{}, "transaction")
			if got := tx.Kept(key{}); got != "transaction" {
				t.Errorf("%v", got)
			}
			return nil
		})
	}
	view(t, db, a.ID, func(_ context.Context, tx *store.Tx) error {
		if got := tx.Kept("nothing"); got != nil || !tx.ReadOnly() {
			t.Errorf("%v", got)
		}
		return nil
	})
}

// A held row can be read, held and changed by others, and not deleted before the holder has ended.
func TestHold(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	a := testkit.Tenant(t, db)
	row := venue("dipegang")
	in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error { return store.Insert(ctx, tx, row) })
	hold := func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.VenueRow](tx).Where("id = ?", row.ID).Hold().All(ctx)
		if err == nil && len(rows) != 1 {
			err = errors.New("not there")
		}
		return err
	}
	held, release, deleted := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			err := hold(ctx, tx)
			close(held)
			<-release
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	in(t, db, a.ID, hold)
	view(t, db, a.ID, hold)
	in(t, db, a.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[tenant.VenueRow](tx).Set("name = ?", "diubah").Where("id = ?", row.ID).Exec(ctx)
		return err
	})
	wg.Go(func() {
		defer close(deleted)
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Delete[tenant.VenueRow](ctx, tx, "id = ?", row.ID)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	select {
	case <-deleted:
		t.Error("the row was deleted while it was held")
	case <-time.After(300 * time.Millisecond):
	}
	close(release)
	wg.Wait()
}
