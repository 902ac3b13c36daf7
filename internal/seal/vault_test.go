package seal_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// in and view run fn with the keys of a region and fail the test on an error.
func in(t *testing.T, db *store.DB, r *testkit.Region, fn func(context.Context, *store.Tx, *seal.Keys) error) {
	t.Helper()
	if err := db.In(t.Context(), r.ID, withKeys(fn)); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, db *store.DB, r *testkit.Region, fn func(context.Context, *store.Tx, *seal.Keys) error) {
	t.Helper()
	if err := db.View(t.Context(), r.ID, withKeys(fn)); err != nil {
		t.Fatal(err)
	}
}

func withKeys(fn func(context.Context, *store.Tx, *seal.Keys) error) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		k, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		return fn(ctx, tx, k)
	}
}

func user(ctx context.Context, tx *store.Tx, i id.ID) (tenant.User, error) {
	return store.Select[tenant.User](tx).Where("id = ?", i).One(ctx)
}

// A value opens in its own place and nowhere else: not in another column, row, table or region.
func TestAValueOpensInItsPlaceOnly(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		var officer tenant.User
		view(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) (err error) {
			if officer, err = user(ctx, tx, a.Officer); err != nil {
				return err
			}
			if text, err := k.Open(ctx, tenant.UserEmail, a.Officer, officer.Email); err != nil || text != a.Email("officer") {
				t.Errorf("%q %v", text, err)
			}
			for what, open := range map[string]func() (string, error){
				"another column": func() (string, error) { return k.Open(ctx, tenant.UserName, a.Officer, officer.Email) },
				"another row":    func() (string, error) { return k.Open(ctx, tenant.UserEmail, a.Admin, officer.Email) },
				"another table":  func() (string, error) { return k.Open(ctx, tenant.ManifestRegion, a.Officer, officer.Email) },
				"no row":         func() (string, error) { return k.Open(ctx, tenant.UserEmail, id.ID{}, officer.Email) },
				"changed": func() (string, error) {
					raw := bytes.Clone(officer.Email.Raw())
					raw[len(raw)-1] ^= 1
					return k.Open(ctx, tenant.UserEmail, a.Officer, seal.BoxOf(raw))
				},
				"cut": func() (string, error) {
					return k.Open(ctx, tenant.UserEmail, a.Officer, seal.BoxOf(officer.Email.Raw()[:7]))
				},
			} {
				if text, err := open(); err == nil || strings.Contains(err.Error(), a.Canary) {
					t.Errorf("%s: opens to %q, %v", what, text, err)
				}
			}
			if text, err := k.Open(ctx, tenant.UserEmail, a.Officer, seal.Box{}); text != "" || err != nil {
				t.Errorf("nothing is %q, %v", text, err)
			}
			if _, err := k.Seal(tenant.UserName, a.Officer, "x"); err == nil {
				t.Error("a View seals")
			}
			return nil
		})
		view(t, db, b, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			for _, row := range []id.ID{a.Officer, b.Officer} {
				if text, err := k.Open(ctx, tenant.UserEmail, row, officer.Email); err == nil {
					t.Errorf("the other region reads %q", text)
				}
			}
			return nil
		})
		// Copied within the database, past the handle: the page that shows it fails, and shows nothing.
		in(t, db, b, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
			_, err := store.Update[tenant.User](tx).Set("name = ?", officer.Name.Raw()).Where("id = ?", b.Officer).Exec(ctx)
			return err
		})
		view(t, db, b, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			u, err := user(ctx, tx, b.Officer)
			if text, err := k.Show(ctx, tenant.UserName, b.Officer, u.Name); err == nil || text != "" {
				t.Errorf("a copied name shows as %q, %v", text, err)
			}
			return err
		})
	})
}

// What was read is not written back: that would undo a rotation.
func TestAReadBoxIsNotWritten(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			u, err := user(ctx, tx, a.Officer)
			if err != nil {
				return err
			}
			u.PasswordHash = "x"
			return store.Upsert(ctx, tx, &u)
		})
		if err == nil {
			t.Error("a box that was read was written back")
		}
		view(t, db, a, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
			u, err := user(ctx, tx, a.Officer)
			if u.PasswordHash == "x" {
				t.Error("and so was the rest of the row")
			}
			return err
		})
	})
}

// Equal values are found within a field and a region; between two there is nothing to compare.
func TestIndex(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		const email = "sama@contoh.test"
		indexes := map[*testkit.Region]seal.Index{}
		for _, r := range []*testkit.Region{a, b} {
			in(t, db, r, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
				if err := testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, email, "Sama"); err != nil {
					return err
				}
				u, err := tenant.UserByEmail(ctx, tx, " SAMA@contoh.test ")
				if err != nil || u == nil {
					t.Fatalf("not found: %v", err)
				}
				indexes[r] = u.EmailIndex
				if again, err := k.Index(tenant.UserEmail, "sama@CONTOH.test"); err != nil || again != u.EmailIndex {
					t.Errorf("the same value has another index: %v", err)
				}
				if other, err := k.Index(tenant.UserEmail, "lain@contoh.test"); err != nil || other == u.EmailIndex {
					t.Errorf("another value has the same index: %v", err)
				}
				if none, err := k.Index(tenant.UserEmail, "  "); err != nil || !none.IsZero() {
					t.Errorf("an empty value has an index: %v", err)
				}
				if found, err := k.Lookup(tenant.UserEmail, ""); err != nil || len(found) > 0 {
					t.Errorf("an empty value is looked up: %v", err)
				}
				if u, err := tenant.UserByEmail(ctx, tx, r.Canary); err != nil || u != nil {
					t.Errorf("found somebody who is not there: %v", err)
				}
				one, err := k.Pseudonym("account", email)
				if other, _ := k.Pseudonym("address", email); err != nil || one == other || len(one) != 32 {
					t.Errorf("pseudonyms %q, %q: %v", one, other, err)
				}
				return nil
			})
			err := db.In(t.Context(), r.ID, func(ctx context.Context, tx *store.Tx) error {
				return testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, strings.ToUpper(email), "Dua")
			})
			if !fault.Is(err, "duplicate") {
				t.Errorf("the same address twice: %v", err)
			}
		}
		if indexes[a] == indexes[b] {
			t.Error("two regions have the same index")
		}
		// As a key of another field the same value looks otherwise.
		other := seal.Field{Table: "users", Column: "phone"}
		in(t, db, a, func(_ context.Context, _ *store.Tx, k *seal.Keys) error {
			if i, err := seal.IndexAs(k, &other, email); err != nil || i == indexes[a] {
				t.Errorf("two fields have the same index: %v", err)
			}
			return nil
		})
	})
}

// Keys are made where there are none, once, however many ask at the same time.
func TestKeysAreMadeOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a := testkit.Tenant(t, db)
		if err := seal.DropKeys(t.Context(), db, a.ID); err != nil {
			t.Fatal(err)
		}
		view(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			if u, err := tenant.UserByEmail(ctx, tx, a.Email("officer")); u != nil || err != nil {
				t.Errorf("found without keys: %v", err)
			}
			if _, err := k.Index(tenant.UserEmail, "x@y.test"); err == nil {
				t.Error("an index without keys")
			}
			return nil
		})
		vaults := []*seal.Vault{seal.Of(db), seal.Of(testkit.Again(t, testkit.URLs(db)))}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := vaults[i%2].Ensure(t.Context(), a.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		st, err := vaults[0].Status(t.Context(), a.ID)
		if err != nil || st != (seal.Status{Version: 1, Current: true}) {
			t.Errorf("%+v %v", st, err)
		}
		if has, err := seal.HasKeys(t.Context(), db, a.ID); err != nil || !has {
			t.Errorf("%v %v", has, err)
		}
	})
}

func TestADatabaseWithoutAMasterKeySealsNothing(t *testing.T) {
	db, err := store.Open(t.Context(), store.Config{URL: testkit.Empty(t, testkit.SQLite).App, Models: testkit.Models})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(t.Context(), store.NewTenantID(), func(ctx context.Context, tx *store.Tx) error {
		_, err := seal.In(ctx, tx)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "without a master key") || seal.Of(db) != nil {
		t.Errorf("%v", err)
	}
}

// Destroyed keys are gone for every process at once; pages have a placeholder, and the rest goes on.
func TestDestroy(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		other := testkit.Again(t, testkit.URLs(db))
		for _, db := range []*store.DB{db, other} { // both have the keys in memory
			view(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
				u, err := user(ctx, tx, a.Officer)
				if text, err := k.Open(ctx, tenant.UserName, a.Officer, u.Name); err != nil || text == "" {
					t.Error(err)
				}
				return err
			})
		}
		if err := seal.Of(db).Destroy(t.Context(), a.ID, "system:test"); err != nil {
			t.Fatal(err)
		}
		if err := seal.Of(other).Destroy(t.Context(), a.ID, "system:test"); !errors.Is(err, seal.ErrErased) {
			t.Errorf("again: %v", err)
		}
		gone := func(db *store.DB) {
			t.Helper()
			in(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
				u, err := user(ctx, tx, a.Officer)
				if err != nil {
					return err
				}
				if text, err := k.Open(ctx, tenant.UserName, a.Officer, u.Name); text != "" || !errors.Is(err, seal.ErrErased) || !fault.Is(err, "erased") {
					t.Errorf("opened to %q: %v", text, err)
				}
				if text, err := k.Show(ctx, tenant.UserName, a.Officer, u.Name); text != "" || err != nil {
					t.Errorf("a page fails: %q %v", text, err)
				}
				if u, err := tenant.UserByEmail(ctx, tx, a.Email("officer")); u != nil || err != nil {
					t.Errorf("still found by e-mail: %v", err)
				}
				return nil
			})
		}
		for _, db := range []*store.DB{db, other} {
			gone(db)
			err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
				return tenant.PutManifest(ctx, tx, tenant.Manifest{}, "{}")
			})
			if !errors.Is(err, seal.ErrErased) {
				t.Errorf("sealed with destroyed keys: %v", err)
			}
			view(t, db, b, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
				u, err := user(ctx, tx, b.Officer)
				if text, err := k.Open(ctx, tenant.UserName, b.Officer, u.Name); err != nil || text == "" {
					t.Errorf("the other region cannot read any more: %v", err)
				}
				return err
			})
		}
		if _, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{}); !errors.Is(err, seal.ErrErased) {
			t.Errorf("rotated: %v", err)
		}
		if got := actions(t, db, a); got != "keys:keyset:destroy" {
			t.Errorf("recorded %q", got)
		}
		if err := seal.Of(other).Reopen(t.Context(), a.ID, "system:test"); err != nil {
			t.Fatal(err)
		}
		gone(db) // new keys open nothing old
		in(t, db, a, func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			if err := testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, a.Email("officer"), "Baru"); err != nil {
				return err
			}
			if u, err := tenant.UserByEmail(ctx, tx, a.Email("officer")); u == nil || err != nil {
				t.Errorf("not found with the new keys: %v", err)
			}
			return nil
		})
		if done, err := seal.Of(db).Rotate(t.Context(), a.ID, seal.Options{}); err != nil || done.Rows["users.name"] != 1 {
			t.Errorf("the unreadable rows stand in the way of a rotation: %+v %v", done, err)
		}
		if err := seal.Of(db).Reopen(t.Context(), a.ID, "system:test"); err == nil {
			t.Error("reopened what was not destroyed")
		}
	})
}

// Destroying waits for whoever is sealing: what they store is not sealed with keys that are gone.
func TestDestroyWaitsForWhoeverSeals(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL)
	a := testkit.Tenant(t, db)
	sealed, stored, destroyed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.In(t.Context(), a.ID, withKeys(func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
			err := testkit.AddUser(ctx, tx, tenant.User{ID: id.New(), CreatedAt: tx.Now()}, "sela@contoh.test", "Sela")
			close(sealed)
			<-stored
			return err
		}))
		if err != nil {
			t.Error(err)
		}
	})
	<-sealed
	wg.Go(func() {
		if err := seal.Of(db).Destroy(t.Context(), a.ID, "system:test"); err != nil {
			t.Error(err)
		}
		close(destroyed)
	})
	select {
	case <-destroyed:
		t.Error("did not wait")
	case <-time.After(300 * time.Millisecond):
	}
	// Meanwhile nobody begins to seal with them either, and nobody fails: they wait and then hear of it.
	wg.Go(func() {
		err := db.In(t.Context(), a.ID, func(ctx context.Context, tx *store.Tx) error {
			return tenant.PutManifest(ctx, tx, tenant.Manifest{}, "{}")
		})
		if err != nil && !errors.Is(err, seal.ErrErased) {
			t.Error(err)
		}
	})
	time.Sleep(100 * time.Millisecond)
	close(stored)
	wg.Wait()
}

// actions are what the chain has of a region's keys, in order.
func actions(t *testing.T, db *store.DB, r *testkit.Region) string {
	t.Helper()
	var out []string
	view(t, db, r, func(ctx context.Context, tx *store.Tx, _ *seal.Keys) error {
		rows, err := store.Query[struct {
			Action string `bun:"action"`
		}](ctx, tx, store.From{"audit"}, "select action from audit where action like 'keys:%' order by seq")
		for _, r := range rows {
			out = append(out, r.Action)
		}
		return err
	})
	return strings.Join(out, " ")
}

// Another master key takes the place of the first while the service runs; then the first opens nothing.
func TestTheMasterKeyChanges(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		old, fresh := testkit.MasterBytes(), bytes.Repeat([]byte{9}, seal.MasterLen)
		with := func(keys ...[]byte) (*store.DB, *seal.Vault) {
			ring, err := seal.NewKeyring(keys...)
			if err != nil {
				t.Fatal(err)
			}
			db := testkit.Again(t, testkit.URLs(db))
			return db, seal.Use(db, ring)
		}
		reads := func(db *store.DB) bool {
			ok := true
			for _, r := range []*testkit.Region{a, b} {
				err := db.View(t.Context(), r.ID, withKeys(func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
					u, err := user(ctx, tx, r.Officer)
					if err != nil {
						return err
					}
					_, err = k.Open(ctx, tenant.UserEmail, r.Officer, u.Email)
					return err
				}))
				if err != nil && !errors.Is(err, seal.ErrMaster) {
					t.Fatal(err)
				}
				ok = ok && err == nil
			}
			return ok
		}
		both, vault := with(fresh, old)
		onlyNew, newVault := with(fresh)
		if !reads(db) || !reads(both) || reads(onlyNew) {
			t.Fatal("before: the old key and both read, the new one does not")
		}
		if st, err := newVault.Status(t.Context(), a.ID); err != nil || st.Unopened == nil || st.Current {
			t.Errorf("%+v %v", st, err)
		}
		if st, err := vault.Status(t.Context(), a.ID); err != nil || st.Unopened != nil || st.Current {
			t.Errorf("%+v %v", st, err)
		}
		for _, r := range []*testkit.Region{a, b} {
			for want := range 2 {
				if n, err := vault.Rewrap(t.Context(), r.ID, "system:test"); err != nil || n != 1-want {
					t.Errorf("wrapped %d: %v", n, err)
				}
			}
			if got := actions(t, both, r); got != "keys:keyset:rewrap" {
				t.Errorf("recorded %q", got)
			}
		}
		if reads(db) || !reads(both) || !reads(onlyNew) {
			t.Error("after: the new key and both read, the old one does not")
		}
		// A region's wrapped keys are of no use to another region.
		if err := seal.CopyKeys(t.Context(), both, a.ID, b.ID); err != nil {
			t.Fatal(err)
		}
		if reads(both) {
			t.Error("one region's keys were unwrapped for the other")
		}
	})
}

// What a page reads costs one small query more.
func BenchmarkIn(b *testing.B) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		db := testkit.Open(b, dialect)
		a := testkit.Tenant(b, db)
		for name, fn := range map[string]func(context.Context, *store.Tx) error{
			"bare": func(ctx context.Context, tx *store.Tx) error {
				_, err := user(ctx, tx, a.Officer)
				return err
			},
			"opened": withKeys(func(ctx context.Context, tx *store.Tx, k *seal.Keys) error {
				u, err := user(ctx, tx, a.Officer)
				if err != nil {
					return err
				}
				_, err = k.Open(ctx, tenant.UserName, a.Officer, u.Name)
				return err
			}),
		} {
			b.Run(dialect+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if err := db.View(b.Context(), a.ID, fn); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
