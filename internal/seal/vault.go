package seal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// maxAge is how long unwrapped keys stay in memory. Whether they are still in force is asked of the database
// in each transaction; this only bounds how long a key lies about that nobody uses, and how long one is used
// that a key management service would not unwrap any more.
const maxAge = 10 * time.Minute

// Vault is a database's master key and, for a while, the keys that it has unwrapped.
type Vault struct {
	db     *store.DB
	master Master
	mu     sync.Mutex
	sets   map[store.TenantID]*set
}

type vaultKey struct{}

// Use gives a database its master key. It is called once, before the first transaction that seals.
func Use(db *store.DB, m Master) *Vault {
	v := &Vault{db: db, master: m, sets: map[store.TenantID]*set{}}
	db.Keep(vaultKey{}, v)
	return v
}

// Of is the vault that Use made; nil without one.
func Of(db *store.DB) *Vault {
	v, _ := db.Kept(vaultKey{}).(*Vault)
	return v
}

// Derive makes keys of 32 bytes for another purpose out of the master keys: see Master.
func (v *Vault) Derive(ctx context.Context, purpose string) ([][]byte, error) {
	keys, err := v.master.Derive(ctx, purpose)
	if err == nil && len(keys) == 0 {
		err = errors.New("none was derived")
	}
	if err != nil {
		return nil, fmt.Errorf("seal: keys for %s: %w", purpose, err)
	}
	return keys, nil
}

// set gives the keys of a row as it has just been read. It unwraps them where that has not been done.
func (v *Vault) set(ctx context.Context, t store.TenantID, r row) (*set, error) {
	now := clock.System.Now()
	v.mu.Lock()
	s := v.sets[t]
	v.mu.Unlock()
	if s != nil && now.Before(s.until) && s.until.Sub(now) <= maxAge && s.row.Version == r.Version &&
		bytes.Equal(s.row.SealKeys, r.SealKeys) && bytes.Equal(s.row.IndexKeys, r.IndexKeys) {
		return s, nil
	}
	s, err := newSet(ctx, v.master, t, r)
	if err != nil {
		return nil, err
	}
	s.until = now.Add(maxAge)
	v.mu.Lock()
	defer v.mu.Unlock()
	for other, old := range v.sets {
		if !now.Before(old.until) {
			delete(v.sets, other)
		}
	}
	if s.erased() {
		delete(v.sets, t)
	} else {
		v.sets[t] = s
	}
	return s, nil
}

// ErrErased says that a tenant's keys have been destroyed: what they sealed is gone. It comes as the fault
// "erased".
var ErrErased = errors.New("this region's keys were destroyed: what was sealed cannot be read any more, and nothing more is sealed (pendopo keys reopen makes new ones)")

func erased() error { return fault.Wrap(ErrErased, fault.Conflict, "erased") }

// Keys are a tenant's keys within one transaction.
type Keys struct {
	vault *Vault
	tx    *store.Tx
	set   *set // nil: the tenant has none yet, and a View makes none
}

type keysKey struct{}

// In gives the keys of the transaction's tenant, as they are in force in this transaction. A tenant that has
// none gets them, unless the transaction is a View. Until the transaction ends the keys that it seals with
// are neither taken out of use nor destroyed.
func In(ctx context.Context, tx *store.Tx) (*Keys, error) {
	if k, ok := tx.Kept(keysKey{}).(*Keys); ok {
		return k, nil
	}
	v, ok := tx.Kept(vaultKey{}).(*Vault)
	if !ok {
		return nil, errors.New("seal: the database was opened without a master key")
	}
	k := &Keys{vault: v, tx: tx}
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	tx.Keep(keysKey{}, k)
	return k, nil
}

func (k *Keys) load(ctx context.Context) error {
	// Whoever deletes the newest row between its being found and its being held leaves a newer one: a second
	// look sees that.
	for range 2 {
		rows, err := store.Select[row](k.tx).Order("version desc").Limit(1).Hold().All(ctx)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			k.set, err = k.vault.set(ctx, k.tx.Tenant(), rows[0])
			return err
		}
	}
	if k.tx.ReadOnly() {
		return nil
	}
	return k.begin(ctx, row{})
}

// begin gives the tenant new keys, as the version after last.
func (k *Keys) begin(ctx context.Context, last row) error {
	h, err := newHandles()
	if err != nil {
		return err
	}
	r := &row{Version: last.Version + 1, Erasures: last.Erasures, CreatedAt: k.tx.Now()}
	if err := h.wrap(ctx, k.vault.master, k.tx.Tenant(), r); err != nil {
		return err
	}
	if err := store.Insert(ctx, k.tx, r); err != nil {
		return err
	}
	k.set, err = newSet(ctx, k.vault.master, k.tx.Tenant(), *r) // not kept: this may still be rolled back
	return err
}

// Erased tells whether the tenant's keys have been destroyed.
func (k *Keys) Erased() bool { return k.set != nil && k.set.erased() }

// MaySeal is ErrErased where nothing can be sealed any more: it spares work that would come to nothing.
func (k *Keys) MaySeal() error {
	if k.Erased() {
		return erased()
	}
	return nil
}

// ready is an error where there are no keys to work with.
func (k *Keys) ready() error {
	switch {
	case k.set == nil:
		return errors.New("seal: the tenant has no keys yet")
	case k.set.erased():
		return erased()
	}
	return nil
}

// Seal seals a text for one row of a field. A View seals nothing, since nobody keeps its keys from being
// destroyed before what it sealed is stored. After the tenant's keys have been destroyed: ErrErased.
func (k *Keys) Seal(f *Field, rowID id.ID, text string) (Box, error) {
	if k.tx.ReadOnly() {
		return Box{}, errors.New("seal: a View seals nothing")
	}
	if err := k.ready(); err != nil {
		return Box{}, err
	}
	sealed, err := k.set.aead.Encrypt([]byte(text), f.bound(k.tx.Tenant(), rowID))
	if err != nil {
		return Box{}, fmt.Errorf("seal: %s: %w", f, err)
	}
	return Box{b: sealed}, nil
}

// Open opens what was sealed for this row of this field, as this transaction read it; a zero box is "". What belongs to another tenant,
// field or row, or was changed, is an error; what keys sealed that were destroyed since is ErrErased.
func (k *Keys) Open(ctx context.Context, f *Field, rowID id.ID, b Box) (string, error) {
	if b.IsZero() {
		return "", nil
	}
	if err := k.ready(); err != nil {
		return "", err
	}
	if !k.set.knows(b.b) {
		// A rotation that has begun since this transaction did.
		if err := k.load(ctx); err != nil {
			return "", err
		}
		if err := k.ready(); err != nil {
			return "", err
		}
		if !k.set.knows(b.b) && k.set.row.Erasures > 0 {
			return "", erased()
		}
	}
	text, err := k.set.aead.Decrypt(b.b, f.bound(k.tx.Tenant(), rowID))
	if err != nil {
		return "", fmt.Errorf("seal: %s of row %s does not open: it was sealed for another place, or changed", f, rowID)
	}
	return string(text), nil
}

// Show is Open for pages: what cannot be read any more, because the keys were destroyed, is "".
func (k *Keys) Show(ctx context.Context, f *Field, rowID id.ID, b Box) (string, error) {
	text, err := k.Open(ctx, f, rowID, b)
	if errors.Is(err, ErrErased) {
		return "", nil
	}
	return text, err
}

// Index is what stands in the field's index column for a value. That of an empty value is zero.
func (k *Keys) Index(f *Field, value string) (Index, error) {
	if err := k.ready(); err != nil {
		return Index{}, err
	}
	if value = f.normal(value); value == "" {
		return Index{}, nil
	}
	return k.set.index[0].of(f, value)
}

// Lookup is what to look for in the field's index column, with bun.Tuple: where email_index in ?. It is one
// index, two while the indexes are being made anew, and none where nothing can be found.
func (k *Keys) Lookup(f *Field, value string) ([]Index, error) {
	if k.set == nil || k.set.erased() {
		return nil, nil
	}
	if value = f.normal(value); value == "" {
		return nil, nil
	}
	var out []Index
	for _, key := range k.set.index {
		i, err := key.of(f, value)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

func (k *indexKey) of(f *Field, value string) (Index, error) {
	sum, err := k.hash("index "+f.String(), value)
	return Index{s: string(append(k.prefix(), sum...))}, err
}

// Pseudonym stands for a value where it is counted or recorded and never shown, 32 signs: equal for equal
// values of one tenant and purpose, and meaningless to whoever has not the tenant's keys. Without keys it is
// "none".
func (k *Keys) Pseudonym(purpose, value string) (string, error) {
	if k.set == nil || k.set.erased() {
		return "none", nil
	}
	sum, err := k.set.index[0].hash("pseudonym "+purpose, value)
	return hex.EncodeToString(sum), err
}

// hash is the keyed hash of a value, with a key that is the purpose's own.
func (k *indexKey) hash(purpose, value string) ([]byte, error) {
	key, ok := k.mine.Load(purpose)
	if !ok {
		made, err := k.prf.ComputePRF([]byte(purpose), sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("seal: %s: %w", purpose, err)
		}
		key, _ = k.mine.LoadOrStore(purpose, made)
	}
	h := hmac.New(sha256.New, key.([]byte))
	h.Write([]byte(value))
	return h.Sum(nil)[:indexLen], nil
}

// Status is how a tenant's keys stand.
type Status struct {
	Version  int64
	None     bool // no keys yet: the first transaction that seals makes them
	Erased   bool
	Turning  bool // a rotation has begun and not ended
	Current  bool // wrapped by the first master key
	Unopened error
}

// Status looks at a tenant's keys and opens them. Keys that do not open are no error of the call.
func (v *Vault) Status(ctx context.Context, t store.TenantID) (st Status, err error) {
	err = v.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[row](tx).Order("version desc").Limit(1).All(ctx)
		if err != nil {
			return err
		}
		if st = (Status{None: len(rows) == 0, Current: true}); st.None {
			return nil
		}
		st.Version, st.Erased = rows[0].Version, rows[0].SealKeys == nil
		if st.Erased {
			return nil
		}
		st.Current = v.master.Current(rows[0].SealKeys) && v.master.Current(rows[0].IndexKeys)
		s, err := newSet(ctx, v.master, t, rows[0])
		if err != nil {
			st.Unopened = err
			return nil //nolint:nilerr // it is what the status says
		}
		st.Turning = s.turning()
		return nil
	})
	return st, err
}

// Ensure gives a tenant keys that has none.
func (v *Vault) Ensure(ctx context.Context, t store.TenantID) error {
	err := v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := In(ctx, tx)
		return err
	})
	if fault.Is(err, "duplicate") {
		return nil // another process has
	}
	return err
}

// HasKeys tells whether a tenant has keys, also destroyed ones. It needs no master key.
func HasKeys(ctx context.Context, db *store.DB, t store.TenantID) (has bool, err error) {
	err = db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		has, err = store.Select[row](tx).Exists(ctx)
		return err
	})
	return has, err
}
