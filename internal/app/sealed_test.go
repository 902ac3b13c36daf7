package app_test

import (
	"context"
	"crypto/md5" //nolint:gosec // hashes that may not be found, whoever made them
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// dump is everything that whoever has the database has: the bytes of SQLite's files, or the text of every
// column of PostgreSQL's tables, past row level security.
func dump(t *testing.T, db *store.DB) string {
	t.Helper()
	var all strings.Builder
	if db.Dialect() == testkit.SQLite {
		path := strings.TrimPrefix(testkit.URLs(db).App, "sqlite:")
		for _, suffix := range []string{"", "-wal", "-shm"} {
			raw, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
		}
		return all.String()
	}
	conn, err := pgx.Connect(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	list := func(sql string, args ...any) (out []string) {
		rows, err := conn.Query(t.Context(), sql, args...)
		if err == nil {
			out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return out
	}
	schema := testkit.URLs(db).Schema
	for _, sql := range list(`select format('select coalesce(%s, '''') from %I.%I',
		  case when data_type = 'bytea' then format('encode(%I, ''escape'')', column_name) else format('%I::text', column_name) end, table_schema, table_name)
		from information_schema.columns where table_schema = $1`, schema) {
		for _, text := range list(sql) {
			all.WriteString(text + "\n")
		}
	}
	return all.String()
}

// Ten regions with their staff, some of whom have signed in and some of whom somebody tried to be: whoever
// has the database without its master key learns nobody's address or name, and cannot try addresses out.
func TestADumpNamesNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		regions, err := tenants.Regions()
		if err != nil {
			t.Fatal(err)
		}
		hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
		if err != nil {
			t.Fatal(err)
		}
		derived, err := seal.Of(db).Derive(t.Context(), "a test")
		if err != nil {
			t.Fatal(err)
		}
		hasher := audit.NewHasher(derived[0])
		prov := &tenant.Provisioner{DB: db, Hasher: hasher, Password: func() (string, string, error) { return password, hash, nil }}
		door := auth.New(db, auth.Options{Hasher: hasher})
		reg := tenant.NewRegistry(db, "localhost", nil)
		var clear []string
		for _, r := range regions {
			if _, err := prov.Apply(t.Context(), r, tenant.Options{Actor: "system:test", Demo: true}); err != nil {
				t.Fatal(err)
			}
			if err := reg.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			here, _ := reg.ByCode(r.Code)
			if _, err := door.SignIn(t.Context(), here, r.Staff[0].Email, password, auth.Cookie, auth.From{IP: netip.MustParseAddr("203.0.113.77")}); err != nil {
				t.Fatal(err)
			}
			if _, err := door.SignIn(t.Context(), here, r.Staff[1].Email, "salah", auth.Cookie, auth.From{IP: netip.MustParseAddr("203.0.113.77")}); !fault.Is(err, "auth.wrong") {
				t.Fatal(err)
			}
			secret, reason := rand.Text(), "Sedang cuti "+rand.Text()
			err := db.In(t.Context(), here.ID, func(ctx context.Context, tx *store.Tx) error {
				u, err := tenant.UserByEmail(ctx, tx, r.Staff[1].Email)
				if err == nil {
					err = auth.GiveTOTP(ctx, tx, u.ID, secret)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			by := authz.NewActor(authz.Identity{System: "system:cli"}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
			people, _, err := door.People(t.Context(), here, by, auth.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			if err := door.Suspend(t.Context(), here, by, people[1].ID, reason); err != nil {
				t.Fatal(err)
			}
			clear = append(clear, secret, reason)
			for _, p := range r.Staff {
				sum := sha256.Sum256([]byte(strings.ToLower(p.Email)))
				clear = append(clear, p.Email, p.Name, hex.EncodeToString(sum[:]), id.Named(here.ID, "user/"+strings.ToLower(p.Email)).String())
			}
		}
		clear = append(clear, written(t, db, reg, regions)...)
		network := sha256.Sum256([]byte("203.0.113.77/32"))
		clear = append(clear, "203.0.113.77", hex.EncodeToString(network[:])[:32])
		all := strings.ToLower(dump(t, db))
		if !strings.Contains(all, "sungailiat") || !strings.Contains(all, "$argon2id$") || !strings.Contains(all, "auth:session:create") {
			t.Fatal("the dump is not the whole database")
		}
		for _, secret := range clear {
			if at := strings.Index(all, strings.ToLower(secret)); at >= 0 {
				t.Errorf("%q stands in the database: %q", secret, all[max(0, at-60):min(len(all), at+60)])
			}
		}
		t.Logf("%d texts looked for in %d bytes", len(clear), len(all))
		// And the region still knows its people: what was applied applies back to the same.
		for _, r := range regions {
			if plan, err := prov.Plan(t.Context(), r); err != nil || len(plan.Changes) != 0 {
				t.Errorf("%s: %d changes, %v", r.Code, len(plan.Changes), err)
			}
		}
	})
}

// written writes a message to one of each region's staff, and gives the plain hashes that may not stand anywhere for
// whom it went to.
func written(t *testing.T, db *store.DB, reg *tenant.Registry, regions []*tenants.Region) (hashes []string) {
	t.Helper()
	dir := t.TempDir()
	messages, err := app.NewMessages(db, notify.Options{
		Registry: reg, Carriers: map[notify.Channel]notify.Carrier{notify.Email: notify.NewFolder(dir)},
		Site: func(host string) string { return "https://" + host },
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []store.TenantID
	for _, r := range regions {
		here, _ := reg.ByCode(r.Code)
		ids = append(ids, here.ID)
		email := strings.ToLower(r.Staff[0].Email)
		err := db.In(t.Context(), here.ID, func(ctx context.Context, tx *store.Tx) error {
			u, err := tenant.UserByEmail(ctx, tx, email)
			if err != nil {
				return err
			}
			return messages.Send(ctx, tx, notify.Message{Kind: auth.NoticePassword, To: notify.User(u.ID), Data: struct{}{}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, sep := range []string{"", " ", ":", "\n", "/"} {
			for _, parts := range [][]string{{"email", email}, {here.ID.String(), email}, {here.ID.String(), "email", email}, {here.Code, email}} {
				text := []byte(strings.Join(parts, sep))
				long, short, old := sha256.Sum256(text), sha1.Sum(text), md5.Sum(text)
				for _, sum := range [][]byte{long[:], short[:], old[:]} {
					hashes = append(hashes, hex.EncodeToString(sum[:10]), base64.RawURLEncoding.EncodeToString(sum[:9]))
				}
			}
		}
	}
	runner := jobs.New(db, jobs.Options{Tenants: func() []store.TenantID { return ids }})
	messages.Work(runner)
	runner.Start()
	for _, r := range regions {
		kept(t, dir, func(k notify.Kept) bool { return k.To == r.Staff[0].Email })
	}
	if err := runner.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return hashes
}
