package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/archive"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

const schema = "test"

var secret = archive.Secret{Key: bytes.Repeat([]byte{7}, 32)}

func keyOf(t *testing.T, s archive.Secret) *archive.Key {
	t.Helper()
	k, err := archive.NewKey(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rowOf(t *testing.T, db *store.DB, of store.TenantID) tenant.Row {
	t.Helper()
	var rows []tenant.Row
	err := db.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) (err error) {
		rows, err = store.SysSelect[tenant.Row](ctx, s, "id = ?", of)
		return err
	})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return rows[0]
}

func take(t *testing.T, db *store.DB, of store.TenantID) []byte {
	t.Helper()
	var b bytes.Buffer
	p := archive.Place{DB: db, Schema: schema, Actor: "system:test"}
	if _, err := p.Take(t.Context(), rowOf(t, db, of), keyOf(t, secret), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, db *store.DB, file []byte, s archive.Secret) error {
	t.Helper()
	a, err := archive.Open(bytes.NewReader(file))
	if err != nil {
		return err
	}
	k, err := a.Key(t.Context(), s)
	if err != nil {
		return err
	}
	_, _, err = archive.Place{DB: db, Schema: schema, Actor: "system:test"}.Put(t.Context(), a, k, "")
	return err
}

// rewrite changes an archive's entries, or leaves one out.
func rewrite(t *testing.T, file []byte, change func(name string, text []byte) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(file))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(h.Name, text); text == nil {
			continue
		}
		h.Size = int64(len(text))
		if err := errors.Join(w.WriteHeader(h), func() error { _, err := w.Write(text); return err }()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// An archive that somebody changed, cut or mixed leaves nothing behind, and neither does a wrong key.
func TestAnArchiveThatIsNotAsItWasWrittenIsRefused(t *testing.T) {
	from := testkit.Open(t, testkit.SQLite)
	r, other := testkit.Two(t, from)
	whole, foreign := take(t, from, r.ID), take(t, from, other.ID)
	to := testkit.Open(t, testkit.SQLite)
	for name, c := range map[string]struct {
		file []byte
		with archive.Secret
		want error
	}{
		"another key":   {whole, archive.Secret{Key: bytes.Repeat([]byte{8}, 32)}, archive.ErrKey},
		"a changed row": {rewrite(t, whole, replacing("rows/venues", r.Canary, strings.Repeat("x", len(r.Canary)))), secret, archive.ErrSpoilt},
		"a row less": {rewrite(t, whole, func(name string, text []byte) []byte {
			if strings.HasPrefix(name, "rows/user_counters") {
				_, text, _ = bytes.Cut(text, []byte("\n"))
			}
			return text
		}), secret, archive.ErrSpoilt},
		"a table less":       {rewrite(t, whole, without("rows/grants")), secret, archive.ErrSpoilt},
		"a changed manifest": {rewrite(t, whole, replacing("manifest.json", `"rows": 1`, `"rows": 2`)), secret, archive.ErrKey},
		"no seal":            {rewrite(t, whole, without("manifest.mac")), secret, archive.ErrSpoilt},
		"its end cut off":    {whole[:len(whole)*2/3], secret, archive.ErrSpoilt},
		"another's head": {rewrite(t, whole, func(name string, text []byte) []byte {
			if name == "head.json" {
				return bytes.ReplaceAll(text, []byte(r.ID.String()), []byte(other.ID.String()))
			}
			return text
		}), secret, nil},
		"another schema": {rewrite(t, whole, replacing("head.json", `"`+schema+`"`, `"older"`)), secret, archive.ErrFormat},
		"another form":   {rewrite(t, whole, replacing("head.json", `"format": 1`, `"format": 2`)), secret, archive.ErrFormat},
	} {
		err := put(t, to, c.file, c.with)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v instead of %v", name, err, c.want)
		}
	}
	err := to.SystemView(t.Context(), func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[tenant.Row](ctx, s, "code <> ?", tenant.PlatformCode)
		if len(rows) > 0 {
			t.Errorf("%d regions are there after nothing but refusals", len(rows))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(put(t, to, whole, secret), put(t, to, foreign, secret)); err != nil {
		t.Errorf("the archives themselves: %v", err)
	}
}

func replacing(entry, old, by string) func(string, []byte) []byte {
	return func(name string, text []byte) []byte {
		if strings.HasPrefix(name, entry) {
			return bytes.ReplaceAll(text, []byte(old), []byte(by))
		}
		return text
	}
}

func without(entry string) func(string, []byte) []byte {
	return func(name string, text []byte) []byte {
		if strings.HasPrefix(name, entry) {
			return nil
		}
		return text
	}
}

// A passphrase makes the same key again, and a short one makes none.
func TestAPassphraseKeepsAnArchive(t *testing.T) {
	if _, err := archive.NewKey(t.Context(), archive.Secret{Passphrase: "pendek sekali"}); err == nil {
		t.Error("a short passphrase is taken")
	}
	db := testkit.Open(t, testkit.SQLite)
	r := testkit.Tenant(t, db)
	words := archive.Secret{Passphrase: "empat kata yang tidak ditebak"}
	var b bytes.Buffer
	if _, err := (archive.Place{DB: db, Schema: schema, Actor: "system:test"}).Take(t.Context(), rowOf(t, db, r.ID), keyOf(t, words), &b); err != nil {
		t.Fatal(err)
	}
	to := testkit.Open(t, testkit.SQLite)
	if err := put(t, to, b.Bytes(), archive.Secret{Passphrase: "empat kata yang lain sekali"}); !errors.Is(err, archive.ErrKey) {
		t.Errorf("another passphrase: %v", err)
	}
	if err := put(t, to, b.Bytes(), words); err != nil {
		t.Error(err)
	}
	if bytes.Contains(b.Bytes(), []byte("Orang "+r.Canary)) {
		t.Error("a sealed name stands in clear in the archive")
	}
}
