package seal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// crowd adds people to a region and gives their names.
func crowd(t *testing.T, db *store.DB, r *testkit.Region, n int) map[id.ID]string {
	t.Helper()
	names := map[id.ID]string{}
	in(t, db, r, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
		for i := range n {
			u := tenant.User{ID: id.New(), CreatedAt: tx.Now()}
			names[u.ID] = fmt.Sprint("Orang ", i)
			if err := testkit.AddUser(ctx, tx, u, fmt.Sprintf("orang%d@contoh.test", i), names[u.ID]); err != nil {
				return err
			}
		}
		return nil
	})
	return names
}

// whole opens everything that a region has and compares the names.
func whole(t *testing.T, db *store.DB, r *testkit.Region, want map[id.ID]string) {
	t.Helper()
	view(t, db, r, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
		users, err := store.Select[tenant.User](tx).All(ctx)
		if err != nil {
			return err
		}
		for _, u := range users {
			name, err := k.Open(ctx, tenant.UserName, u.ID, u.Name)
			if want[u.ID] != "" && name != want[u.ID] || err != nil {
				t.Errorf("%s is %q instead of %q: %v", u.ID, name, want[u.ID], err)
			}
			email, err := k.Open(ctx, tenant.UserEmail, u.ID, u.Email)
			if err != nil {
				t.Error(err)
			}
			if again, err := tenant.UserByEmail(ctx, tx, email); err != nil || again == nil || again.ID != u.ID {
				t.Errorf("%s is not found by e-mail: %v", u.ID, err)
			}
		}
		m, err := store.Select[tenant.Manifest](tx).One(ctx)
		if err != nil {
			return err
		}
		_, err = k.Open(ctx, tenant.ManifestRegion, id.ID{}, m.Region)
		return err
	})
}

// settled tells the name of the key in force, and fails when there is another.
func settled(t *testing.T, db *store.DB, r *testkit.Region) (name string) {
	t.Helper()
	view(t, db, r, func(_ context.Context, _ *store.Tx, k *seal.Keys) error {
		if seals, indexes := k.KeyCount(); seals != 1 || indexes != 1 {
			t.Errorf("%d keys seal and %d index", seals, indexes)
		}
		name = k.NameOfKey()
		return nil
	})
	return name
}

func TestRotate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		names := crowd(t, db, a, 25)
		first, foreign := settled(t, db, a), settled(t, db, b)
		var index seal.Index
		look := func() seal.Index {
			in(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) (err error) {
				index, err = k.Index(tenant.UserEmail, "orang3@contoh.test")
				return err
			})
			return index
		}
		before := look()
		done, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test", Batch: 10})
		if err != nil {
			t.Fatal(err)
		}
		want := seal.Rotation{Version: 2, Rows: map[string]int{"manifests.region": 1, "users.email": 27, "users.name": 27}}
		maps.DeleteFunc(done.Rows, func(_ string, n int) bool { return n == 0 })
		if done.Version != want.Version || done.Resumed || !maps.Equal(done.Rows, want.Rows) {
			t.Errorf("%+v", done)
		}
		whole(t, db, a, names)
		if second := settled(t, db, a); second == first {
			t.Error("the key is the same")
		}
		if look() != before {
			t.Error("the indexes changed with the key that seals")
		}
		done, err = seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test", Batch: 10, Index: true})
		if err != nil || done.Version != 3 {
			t.Fatalf("%+v %v", done, err)
		}
		whole(t, db, a, names)
		settled(t, db, a)
		if look() == before {
			t.Error("the indexes did not change with their key")
		}
		if got := actions(t, db, a); got != "keys:keyset:rotate keys:keyset:prune keys:keyset:rotate keys:keyset:prune" {
			t.Errorf("recorded %q", got)
		}
		if settled(t, db, b) != foreign || actions(t, db, b) != "" {
			t.Error("the other region's keys changed")
		}
	})
}

// A rotation that is cut short anywhere leaves everything readable, and the next call finishes it.
func TestARotationIsResumed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		names := crowd(t, db, a, 30)
		first := settled(t, db, a)
		cut := errors.New("cut")
		for _, after := range []int{0, 1, 2, 3} {
			n := 0
			opt := seal.Between(seal.Options{Actor: "system:test", Batch: 8, Index: true}, func(*seal.Field) error {
				if n++; n > after {
					return cut
				}
				return nil
			})
			// Each time in another process.
			other := testkit.Again(t, testkit.URLs(db))
			done, err := seal.Of(other).Rotate(t.Context(), a.ID, opt)
			if !errors.Is(err, cut) || done.Resumed != (after > 0) {
				t.Fatalf("cut after %d: %+v %v", after, done, err)
			}
			whole(t, testkit.Again(t, testkit.URLs(db)), a, names)
			if st, err := seal.Of(db).Status(t.Context(), a.ID); err != nil || !st.Turning {
				t.Errorf("%+v %v", st, err)
			}
		}
		done, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test"})
		if err != nil || !done.Resumed || done.Version != 2 {
			t.Fatalf("%+v %v", done, err)
		}
		whole(t, db, a, names)
		if settled(t, db, a) == first {
			t.Error("the key is the same")
		}
		if got := actions(t, db, a); got != "keys:keyset:rotate keys:keyset:prune" {
			t.Errorf("recorded %q", got)
		}
	})
}

// Whoever began to seal before the rotation stores what the old key sealed, after the rows have been sealed
// anew: the old key waits for them.
func TestARotationWaitsForWhoeverSeals(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	a := testkit.Tenant(t, db)
	names := crowd(t, db, a, 5)
	late := tenant.User{ID: id.New()}
	sealed, stored := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.In(t.Context(), a.ID, withKeys(func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			late.CreatedAt = tx.Now()
			err := late.Seal(k, "terlambat@contoh.test", "Terlambat")
			close(sealed)
			<-stored
			return errors.Join(err, store.Insert(ctx, tx, &late))
		}))
		if err != nil {
			t.Error(err)
		}
	})
	<-sealed
	rotated := make(chan struct{})
	var done seal.Rotation
	wg.Go(func() {
		defer close(rotated)
		var err error
		if done, err = seal.Of(testkit.Again(t, testkit.URLs(db))).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test"}); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-rotated:
		t.Error("the rotation did not wait")
	case <-time.After(500 * time.Millisecond):
	}
	// Others seal meanwhile, with the new key, and wait for nobody.
	begin := time.Now()
	in(t, db, a, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
		return testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, "lain@contoh.test", "Lain")
	})
	if took := time.Since(begin); took > 400*time.Millisecond {
		t.Errorf("somebody else waited %v", took)
	}
	close(stored)
	wg.Wait()
	if done.Rows["users.name"] != 8 { // officer, admin, five and the late one; not who came meanwhile
		t.Errorf("%+v", done)
	}
	names[late.ID] = "Terlambat"
	whole(t, db, a, names)
	settled(t, db, a)
}

// Two processes read, write and look up while a third rotates again and again: nobody fails, and what was
// stored last is what is read.
func TestRotationUnderLoad(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		names := crowd(t, db, a, 60)
		ids := slices.Collect(maps.Keys(names))
		processes := []*store.DB{db, testkit.Again(t, testkit.URLs(db))}
		var stop atomic.Bool
		var reads, writes atomic.Int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		for w := range 4 {
			db := processes[w%2]
			wg.Go(func() { // each writes people of its own, so that it knows what must be there
				for n := w; !stop.Load(); n += 4 {
					who, name := ids[n%len(ids)], fmt.Sprint("nama ", n)
					err := db.In(t.Context(), a.ID, withKeys(func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
						box, err := k.Seal(tenant.UserName, who, name)
						if err != nil {
							return err
						}
						if n%3 == 0 {
							time.Sleep(time.Millisecond) // across a step of the rotation
						}
						_, err = store.Update[tenant.User](tx).Set("name = ?", box).Where("id = ?", who).Exec(ctx)
						return err
					}))
					if err != nil {
						t.Errorf("write: %v", err)
						return
					}
					mu.Lock()
					names[who] = name
					mu.Unlock()
					writes.Add(1)
				}
			})
			wg.Go(func() {
				for n := 0; !stop.Load(); n++ {
					do := db.View
					if n%2 == 0 {
						do = db.In // sees a rotation that begins while it reads
					}
					err := do(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
						u, err := tenant.UserByEmail(ctx, tx, fmt.Sprintf("orang%d@contoh.test", n%60))
						if err != nil || u == nil {
							return fmt.Errorf("not found: %w", err)
						}
						k, err := seal.In(ctx, tx)
						if err != nil {
							return err
						}
						again, err := user(ctx, tx, u.ID)
						if err != nil {
							return err
						}
						_, err = k.Open(ctx, tenant.UserName, u.ID, again.Name)
						return err
					})
					if err != nil {
						t.Errorf("read: %v", err)
						return
					}
					reads.Add(1)
				}
			})
		}
		keys := map[string]bool{}
		var longest time.Duration
		third := seal.Of(testkit.Again(t, testkit.URLs(db)))
		for i := range 6 {
			begin := time.Now()
			if _, err := third.Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test", Batch: 7, Index: i%2 == 1}); err != nil {
				t.Error(err)
			}
			longest = max(longest, time.Since(begin))
			keys[settled(t, db, a)] = true
		}
		stop.Store(true)
		wg.Wait()
		whole(t, db, a, names)
		if len(keys) != 6 {
			t.Errorf("%d keys in six rotations", len(keys))
		}
		t.Logf("%d reads, %d writes, a rotation of 60 people took at most %v", reads.Load(), writes.Load(), longest.Round(time.Millisecond))
	})
}

// Two operators rotate at once: one begins, both finish.
func TestTwoRotationsAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		names := crowd(t, db, a, 20)
		other := testkit.Again(t, testkit.URLs(db))
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				v := seal.Of([]*store.DB{db, other}[i%2])
				if _, err := v.Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test", Batch: 3}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		whole(t, db, a, names)
		settled(t, db, a)
	})
}

// A row that somebody changed behind the service's back keeps the old key, and is named.
func TestARotationNamesWhatDoesNotOpen(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		in(t, db, a, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
			u, err := user(ctx, tx, a.Admin)
			if err != nil {
				return err
			}
			_, err = store.Update[tenant.User](tx).Set("name = ?", u.Name.Raw()).Where("id = ?", a.Officer).Exec(ctx)
			return err
		})
		_, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test"})
		if err == nil || !containsAll(err.Error(), "users.name", a.Officer.String(), "the old key stays") {
			t.Errorf("%v", err)
		}
		in(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			box, err := k.Seal(tenant.UserName, a.Officer, "Orang")
			if err != nil {
				return err
			}
			_, err = store.Update[tenant.User](tx).Set("name = ?", box).Where("id = ?", a.Officer).Exec(ctx)
			return err
		})
		if done, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{Actor: "system:test"}); err != nil || !done.Resumed {
			t.Errorf("%+v %v", done, err)
		}
		settled(t, db, a)
	})
}

// How many people a second are sealed anew, two values and an index each, on an idle machine.
func BenchmarkRotate(b *testing.B) {
	const people = 1000
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		b.Run(dialect, func(b *testing.B) {
			db := testkit.Open(b, dialect)
			a := testkit.Tenant(b, db)
			err := db.In(b.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				for i := range people {
					if err := testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, fmt.Sprintf("orang%d@contoh.test", i), "Orang"); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := seal.Of(db).Rotate(b.Context(), a.ID, seal.Options{Actor: "system:test"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "people/s")
		})
	}
}
