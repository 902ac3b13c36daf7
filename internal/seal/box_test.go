package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

func TestABoxShowsNothing(t *testing.T) {
	const secret = "rahasia-kenari"
	box, index := Box{b: []byte(secret)}, Index{s: secret}
	row := struct {
		Name  Box
		Index Index
		Many  []Box
		By    map[string]Box
	}{box, index, []Box{box}, map[string]Box{"a": box}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10v"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", box, &box, row)
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "box", box, "row", row, "index", index, "ptr", &box)
	}
	for _, leak := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret)), "cmFoYXNpYS"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q shows in\n%s", leak, out.String())
		}
	}
	if !strings.Contains(out.String(), shown) {
		t.Errorf("nothing tells that something is there: %s", out.String())
	}
	if err := json.Unmarshal([]byte(`{"Name": "x"}`), &row); err == nil {
		t.Error("a box came out of JSON")
	}
}

func TestColumns(t *testing.T) {
	raw := []byte{1, 2, 3}
	got, err := column(raw)
	raw[0] = 9 // the driver uses its bytes again
	if err != nil || !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("%v %v", got, err)
	}
	if got, err := column("abc"); err != nil || string(got) != "abc" {
		t.Errorf("%v %v", got, err)
	}
	if got, err := column(nil); err != nil || got != nil {
		t.Errorf("NULL: %v %v", got, err)
	}
	if _, err := column(3); err == nil {
		t.Error("a number is no box")
	}
	if _, err := BoxOf(raw).Value(); err == nil {
		t.Error("a box that was read was written back")
	}
	if v, err := (Box{}).Value(); v != nil || err != nil {
		t.Errorf("an empty box is %v, %v", v, err)
	}
	if v, err := BoxOf(nil).Value(); v != nil || err != nil {
		t.Errorf("NULL that was read is %v, %v", v, err)
	}
	if v, err := (Index{}).Value(); v != nil || err != nil {
		t.Errorf("an empty index is %v, %v", v, err)
	}
}

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		"0812-3456-789": "628123456789", "+62 812 3456 789": "628123456789", "62812 3456789": "628123456789", "0062 812 3456 789": "628123456789",
		"+62 (0) 812 3456 789": "628123456789", "(0717) 555 0100": "627175550100", "": "", "-": "", "+65 6123 4567": "6561234567", "0": "62",
	} {
		if got := Phone(in); got != want {
			t.Errorf("Phone(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Email("  Ibu.Ani@Contoh.TEST\n"); got != "ibu.ani@contoh.test" {
		t.Error(got)
	}
	if got := Digits(" 3271 0456-0190 0001 "); got != "3271045601900001" {
		t.Error(got)
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"0812", "+62 812", "0062", "620", "۰۱۲"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Phone(s)
		if strings.Trim(got, "0123456789") != "" || len(got) > len(s)+1 {
			t.Errorf("%q -> %q", s, got)
		}
	})
}

// FuzzBox reads whatever may stand in a column: it opens nothing that was not sealed, and does not panic.
func FuzzBox(f *testing.F) {
	s, tenant, field := loose(f), store.NewTenantID(), &Field{Table: "t", Column: "c"}
	bound := field.bound(tenant, id.ID{})
	whole, err := s.aead.Encrypt([]byte("Ani"), bound)
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{nil, {1}, whole, whole[:5], whole[:20], s.first} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := BoxOf(raw)
		_ = s.knows(b.b)
		if text, err := s.aead.Decrypt(b.b, bound); err == nil && (string(text) != "Ani" || !bytes.Equal(raw, whole)) {
			t.Errorf("%x opened to %q", raw, text)
		}
	})
}

// loose is a tenant's keys without a database.
func loose(tb testing.TB) *set {
	tb.Helper()
	ring, err := NewKeyring(bytes.Repeat([]byte{7}, MasterLen))
	if err != nil {
		tb.Fatal(err)
	}
	h, err := newHandles()
	if err != nil {
		tb.Fatal(err)
	}
	t, r := store.NewTenantID(), row{Version: 1}
	if err := h.wrap(tb.Context(), ring, t, &r); err != nil {
		tb.Fatal(err)
	}
	s, err := newSet(tb.Context(), ring, t, r)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

type fits struct {
	bun.BaseModel `bun:"table:fits,alias:fit"`
	store.Owned
	ID    id.ID  `bun:"id,pk"`
	Phone Box    `bun:"phone"`
	Text  string `bun:"text"`
	Found Index  `bun:"phone_index"`
}

type byText struct {
	bun.BaseModel `bun:"table:by_text,alias:by_text"`
	store.Owned
	Code  string `bun:"code,pk"`
	Phone Box    `bun:"phone"`
}

type nameless struct {
	store.Owned
	Phone Box `bun:"phone"`
}

func TestDeclare(t *testing.T) {
	was := declared
	defer func() { declared = was }()
	f := Declare[fits]("phone", Indexed("phone_index", Phone))
	if f.String() != "fits.phone" || f.IndexColumn != "phone_index" || !f.byID {
		t.Errorf("%+v", f)
	}
	for name, wrong := range map[string]func(){
		"twice":         func() { Declare[fits]("phone") },
		"no box":        func() { Declare[fits]("text") },
		"no column":     func() { Declare[fits]("email") },
		"no index":      func() { Declare[fits]("phone", Indexed("text", Phone)) },
		"another key":   func() { Declare[byText]("phone") },
		"a table is it": func() { Declare[nameless]("phone") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: was taken", name)
				}
			}()
			wrong()
		}()
	}
}

func TestKeyring(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, MasterLen), bytes.Repeat([]byte{2}, MasterLen)
	for name, keys := range map[string][][]byte{"none": nil, "short": {a[:31]}, "twice": {a, b, a}} {
		if _, err := NewKeyring(keys...); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	ring := func(keys ...[]byte) *Keyring {
		r, err := NewKeyring(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before, both, after := ring(a), ring(b, a), ring(b)
	wrapped, err := before.Wrap(t.Context(), []byte("kunci"), []byte("19.01"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := both.Unwrap(t.Context(), wrapped, []byte("19.01")); err != nil || string(got) != "kunci" || both.Current(wrapped) || !before.Current(wrapped) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := after.Unwrap(t.Context(), wrapped, []byte("19.01")); err == nil {
		t.Error("opened without the key")
	}
	if _, err := both.Unwrap(t.Context(), wrapped, []byte("19.02")); err == nil {
		t.Error("opened for another tenant")
	}
	derived := func(r *Keyring, purpose string) [][]byte {
		t.Helper()
		keys, err := (&Vault{master: r}).Derive(t.Context(), purpose)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	for purpose, want := range map[string]int{"audit checkpoints": 2, "other": 2} {
		got := derived(both, purpose)
		if len(got) != want || len(got[0]) != 32 || !bytes.Equal(got[0], derived(after, purpose)[0]) || !bytes.Equal(got[1], derived(before, purpose)[0]) {
			t.Errorf("%s: %x", purpose, got)
		}
	}
	if bytes.Equal(derived(both, "a")[0], derived(both, "b")[0]) {
		t.Error("two purposes have one key")
	}
}

// kms is a key management service that is not there.
type kms struct{ *Keyring }

var errKMS = errors.New("the key management service does not answer")

func (kms) Derive(ctx context.Context, _ string) ([][]byte, error) {
	return nil, errors.Join(errKMS, ctx.Err())
}

// A master key may be elsewhere: that it does not answer is an error, and whoever waits for it may give up.
func TestAMasterKeyElsewhere(t *testing.T) {
	ring, err := NewKeyring(bytes.Repeat([]byte("k"), MasterLen))
	if err != nil {
		t.Fatal(err)
	}
	vault := &Vault{master: kms{ring}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if keys, err := vault.Derive(ctx, "audit hashes"); !errors.Is(err, errKMS) || !errors.Is(err, context.Canceled) || keys != nil {
		t.Errorf("%x %v", keys, err)
	}
}

func BenchmarkSeal(b *testing.B) {
	s, bound := loose(b), (&Field{Table: "users", Column: "email"}).bound(store.NewTenantID(), id.New())
	for b.Loop() {
		if _, err := s.aead.Encrypt([]byte("loket1.dukcapil@bangka.contoh.id"), bound); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s, t, row, f := loose(b), store.NewTenantID(), id.New(), &Field{Table: "users", Column: "email"}
	sealed, err := s.aead.Encrypt([]byte("loket1.dukcapil@bangka.contoh.id"), f.bound(t, row))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.aead.Decrypt(sealed, f.bound(t, row)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	s, f := loose(b), &Field{Table: "users", Column: "email"}
	for b.Loop() {
		if _, err := s.index[0].of(f, "loket1.dukcapil@bangka.contoh.id"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	ring, _ := NewKeyring(bytes.Repeat([]byte{7}, MasterLen))
	h, _ := newHandles()
	t, r := store.NewTenantID(), row{Version: 1}
	if err := h.wrap(b.Context(), ring, t, &r); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := newSet(b.Context(), ring, t, r); err != nil {
			b.Fatal(err)
		}
	}
}

// counting counts how often a master key is asked to unwrap.
type counting struct {
	Master
	n int
}

func (c *counting) Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error) {
	c.n++
	return c.Master.Unwrap(ctx, wrapped, bound)
}

// Unwrapped keys are used again while the database has the same ones, for a while, and then forgotten.
func TestKeysStayInMemoryForAWhile(t *testing.T) {
	ring, err := NewKeyring(bytes.Repeat([]byte{7}, MasterLen))
	if err != nil {
		t.Fatal(err)
	}
	master := &counting{Master: ring}
	v := &Vault{master: master, sets: map[store.TenantID]*set{}}
	wrapped := func(tenant store.TenantID, version int64) row {
		h, err := newHandles()
		if err != nil {
			t.Fatal(err)
		}
		r := row{Version: version}
		if err := h.wrap(t.Context(), ring, tenant, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := store.NewTenantID(), store.NewTenantID()
	first, other := wrapped(a, 1), wrapped(b, 1)
	asked := func(tenant store.TenantID, r row, want int) {
		t.Helper()
		before := master.n
		if _, err := v.set(t.Context(), tenant, r); err != nil {
			t.Fatal(err)
		}
		if got := (master.n - before) / 2; got != want { // two keysets a row
			t.Errorf("unwrapped %d times, not %d", got, want)
		}
	}
	asked(a, first, 1)
	asked(a, first, 0)
	asked(b, other, 1)
	asked(a, wrapped(a, 1), 1) // the same version, from a backup perhaps, and other keys
	asked(a, first, 1)
	v.sets[a].until = v.sets[a].until.Add(-maxAge)
	v.sets[b].until = v.sets[b].until.Add(-maxAge)
	asked(a, first, 1)
	if v.sets[b] != nil {
		t.Error("keys that nobody uses stay in memory")
	}
	v.sets[a].until = v.sets[a].until.Add(maxAge) // the machine's clock was set back
	asked(a, first, 1)
	asked(a, row{Version: 2}, 0)
	if v.sets[a] != nil {
		t.Error("destroyed keys stay in memory")
	}
	if _, err := v.set(t.Context(), b, first); !errors.Is(err, ErrMaster) {
		t.Errorf("another tenant's keys: %v", err)
	}
}
