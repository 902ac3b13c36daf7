package seal

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/store"
)

// What the external tests need. No other package can.

// Raw is what stands in the column.
func (b Box) Raw() []byte { return b.b }

// BoxOf is a box as the database would give it.
func BoxOf(raw []byte) Box { return Box{b: raw, read: true} }

// Between interrupts a rotation between its transactions.
func Between(opt Options, fn func(*Field) error) Options {
	opt.between = fn
	return opt
}

// NameOfKey is how everything begins that the keys seal now.
func (k *Keys) NameOfKey() string { return string(k.set.first) }

// KeyCount is how many keys seal or open, and how many index.
func (k *Keys) KeyCount() (seal, index int) { return 1 + len(k.set.others), len(k.set.index) }

// IndexAs is an index without the field's normal form.
func IndexAs(k *Keys, f *Field, value string) (Index, error) { return k.set.index[0].of(f, value) }

// DropKeys takes a tenant's keys away, as if it had been made before there were any.
func DropKeys(ctx context.Context, db *store.DB, t store.TenantID) error {
	return db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[row](ctx, tx, "true")
		return err
	})
}

// CopyKeys puts a tenant's wrapped keys in the place of another's.
func CopyKeys(ctx context.Context, db *store.DB, from, to store.TenantID) error {
	var rows []row
	err := db.View(ctx, from, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Select[row](tx).All(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return db.In(ctx, to, func(ctx context.Context, tx *store.Tx) error {
		return store.Upsert(ctx, tx, &rows[0])
	})
}
