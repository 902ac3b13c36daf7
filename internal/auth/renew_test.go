package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// stored is what stands for a person's password.
func (w *world) stored(t *testing.T, who string) (hash string) {
	t.Helper()
	type row struct {
		Hash string `bun:"password_hash"`
	}
	err := w.db.View(t.Context(), w.a.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[row](ctx, tx, store.From{"users"}, "select password_hash from users where id = ?", who)
		if err == nil {
			hash = rows[0].Hash
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func (w *world) store(t *testing.T, who, hash string, until *time.Time) {
	t.Helper()
	w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[tenant.User](tx).Set("password_hash = ?, password_until = ?", hash, until).Where("id = ?", who).Exec(ctx)
		return err
	})
}

// TestAHashIsBroughtToTodaysCost: by a right password and nothing else, once, recorded, and it stays the same password.
func TestAHashIsBroughtToTodaysCost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const today = "$argon2id$v=19$m=19456,t=2,p=1$"
		old := auth.HashAtCost(password, 9<<10, 1)
		in := func(who, secret string) error {
			_, err := w.s.SignIn(t.Context(), of(w.a), w.a.Email(who), secret, auth.Cookie, home)
			return err
		}
		renewals := func() (n int) {
			for _, r := range w.records(t, w.a) {
				if r.Action == "auth:password:renew" {
					n++
				}
			}
			return n
		}
		officer, admin := w.a.Officer.String(), w.a.Admin.String()

		w.store(t, officer, old, nil)
		is(t, "a wrong one", in("officer", "bukan itu"), "auth.wrong")
		if w.stored(t, officer) != old {
			t.Error("a wrong password changed what is stored")
		}
		is(t, "the right one", in("officer", password), "")
		fresh := w.stored(t, officer)
		if !strings.HasPrefix(fresh, today) || renewals() != 1 {
			t.Errorf("%d renewals, %q", renewals(), strings.Split(fresh, "$")[3])
		}
		is(t, "again", in("officer", password), "")
		if w.stored(t, officer) != fresh || renewals() != 1 {
			t.Errorf("renewed again: %d", renewals())
		}

		// Who has a second factor still has to show it.
		w.store(t, admin, old, nil)
		is(t, "with an app", in("admin", password), "mfa_required")
		if !strings.HasPrefix(w.stored(t, admin), today) {
			t.Error("of who has a second factor nothing was renewed")
		}

		// A first password that has run out opens nothing and is left alone; one in time goes on running out.
		past, soon := w.clock.Now().Add(-time.Hour), w.clock.Now().Add(time.Hour)
		w.store(t, officer, old, &past)
		is(t, "run out", in("officer", password), "auth.expired")
		if w.stored(t, officer) != old {
			t.Error("a password that has run out was renewed")
		}
		w.store(t, officer, old, &soon)
		is(t, "in time", in("officer", password), "")
		w.clock.Advance(2 * time.Hour)
		is(t, "a renewed first password", in("officer", password), "auth.expired")

		// Two sign-ins at once: the one that comes second finds another hash of the same password, and looks again.
		w.store(t, officer, old, nil)
		_, err := w.s.SignInAround(t.Context(), of(w.a), w.a.Email("officer"), password, auth.Cookie, home, func() {
			is(t, "the other", in("officer", password), "")
		})
		is(t, "overtaken", err, "")
	})
}
