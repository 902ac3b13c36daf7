package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Rotate gives a tenant a new key and seals its rows with that, while the service goes on.
//
//  1. A new version of the keys has a key more, which seals from now on; the older ones still open. The old
//     version's row stays, held by the transactions that began with it.
//  2. The old version's row is deleted, which waits for those who hold it. After that everybody knows the new
//     key, and nothing is sealed with an old one.
//  3. The rows are sealed anew, a few in a transaction. A row that somebody changes meanwhile is left alone:
//     it has been sealed with the new key.
//  4. When nothing old is left the old keys go.
//
// Cut short anywhere, it is finished by the next call.

// Options of Rotate.
type Options struct {
	Actor string // who rotates, for the record: "system:cli"
	Index bool   // the indexes get a new key too
	Batch int    // rows a transaction; 0 is 100

	between func(*Field) error // called between transactions: a test interrupts there
}

// Rotation is what Rotate did.
type Rotation struct {
	Version int64          // of the keys that are in force now
	Resumed bool           // an earlier one was finished
	Rows    map[string]int // sealed anew, by field
}

// Rotate gives a tenant a new key: see above. What does not open, because somebody changed it behind the
// service's back, is an error at the end, and then the old key stays.
func (v *Vault) Rotate(ctx context.Context, t store.TenantID, opt Options) (Rotation, error) {
	out := Rotation{Rows: map[string]int{}}
	tables := v.db.OwnedTables()
	for _, f := range declared {
		if !slices.Contains(tables, f.Table) {
			return out, fmt.Errorf("seal: %s is sealed, and the database was opened without its model", f)
		}
	}
	if opt.Batch == 0 {
		opt.Batch = 100
	}
	if err := v.add(ctx, t, opt, &out); err != nil {
		return out, err
	}
	if err := v.fence(ctx, t); err != nil {
		return out, err
	}
	var broken []string
	for _, f := range Fields() {
		bad, err := v.reseal(ctx, t, f, opt, &out)
		if err != nil {
			return out, err
		}
		broken = append(broken, bad...)
	}
	if len(broken) > 0 {
		return out, fmt.Errorf("seal: the old key stays, for these do not open: %q", broken)
	}
	return out, v.prune(ctx, t, opt, &out)
}

// add is the first step. Of two at once the second finds what the first has begun.
func (v *Vault) add(ctx context.Context, t store.TenantID, opt Options, out *Rotation) error {
	begin := func() error {
		return v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
			k, err := In(ctx, tx)
			if err != nil {
				return err
			}
			if err := k.ready(); err != nil {
				return err
			}
			if out.Resumed = k.set.turning(); out.Resumed {
				return nil
			}
			h, err := unwrap(ctx, v.master, t, k.set.row)
			if err != nil {
				return err
			}
			if h.seal, err = added(h.seal, func(m *keyset.Manager) (uint32, error) { return m.Add(aead.AES256GCMKeyTemplate()) }); err != nil {
				return err
			}
			if opt.Index {
				if h.index, err = added(h.index, func(m *keyset.Manager) (uint32, error) { return m.Add(prf.HMACSHA256PRFKeyTemplate()) }); err != nil {
					return err
				}
			}
			next := &row{Version: k.set.row.Version + 1, Erasures: k.set.row.Erasures, CreatedAt: tx.Now()}
			if err := h.wrap(ctx, v.master, t, next); err != nil {
				return err
			}
			tx.Audit(record(opt.Actor, "keys:keyset:rotate", next.Version, opt.Index))
			return store.Insert(ctx, tx, next)
		})
	}
	err := begin()
	if fault.Is(err, "duplicate") {
		err = begin()
	}
	return err
}

// fence is the second step. The database waits for some seconds at a time.
func (v *Vault) fence(ctx context.Context, t store.TenantID) (err error) {
	for range 5 {
		err = v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
			k, err := In(ctx, tx)
			if err != nil {
				return err
			}
			if err := k.ready(); err != nil {
				return err
			}
			_, err = store.Delete[row](ctx, tx, "version < ?", k.set.row.Version)
			return err
		})
		if !fault.Is(err, "busy") {
			return err
		}
	}
	return fmt.Errorf("seal: somebody has been sealing for long: rotate again to finish: %w", err)
}

// added is a keyset with one key more, which is the first from now on.
func added(h *keyset.Handle, add func(*keyset.Manager) (uint32, error)) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	name, err := add(m)
	if err == nil {
		err = m.SetPrimary(name)
	}
	if err == nil {
		h, err = m.Handle()
	}
	if err != nil {
		return nil, fmt.Errorf("seal: new key: %w", err)
	}
	return h, nil
}

// only is a keyset's first key, without the others.
func only(h *keyset.Handle) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("seal: keys: %w", err)
		}
		if e.IsPrimary() {
			continue
		}
		if err := m.Delete(e.KeyID()); err != nil {
			return nil, fmt.Errorf("seal: keys: %w", err)
		}
	}
	return m.Handle()
}

func record(actor, action string, version int64, index bool) store.Record {
	return store.Record{Actor: actor, Action: action, Target: fmt.Sprintf("keyset:%d", version), Data: struct {
		Index bool `json:"index"`
	}{index}}
}

// old is the condition for rows that an older key has sealed or indexed.
func (f *Field) old(s *set) (cond string, args []any) {
	cond, args = "substr("+f.Column+", 1, 5) in ?", []any{bun.Tuple(s.others)}
	if f.IndexColumn == "" {
		return cond, args
	}
	var prefixes [][]byte
	for _, k := range s.index[1:] {
		prefixes = append(prefixes, k.prefix())
	}
	return "(" + cond + " or substr(" + f.IndexColumn + ", 1, 4) in ?)", append(args, bun.Tuple(prefixes))
}

// page reads at most n rows that an older key has sealed, after a row.
func (f *Field) page(ctx context.Context, tx *store.Tx, s *set, after id.ID, n int) ([]found, error) {
	sql := "select " + f.Column + " as box"
	if f.byID {
		sql += ", id"
	}
	if f.IndexColumn != "" {
		sql += ", " + f.IndexColumn + " as looked_up"
	}
	cond, args := f.old(s)
	sql += " from " + f.Table + " where " + cond
	if !after.IsZero() {
		sql, args = sql+" and id > ?", append(args, after)
	}
	if f.byID {
		sql += " order by id"
	}
	return store.Query[found](ctx, tx, store.From{f.Table}, sql+" limit ?", append(args, n)...)
}

// reseal is the third step, for one field: it names the rows that do not open.
func (v *Vault) reseal(ctx context.Context, t store.TenantID, f *Field, opt Options, out *Rotation) (broken []string, err error) {
	var after id.ID
	for more := true; more; {
		if opt.between != nil {
			if err := opt.between(f); err != nil {
				return broken, err
			}
		}
		changed, last := 0, after
		var bad []string
		err := v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
			changed, last, bad, more = 0, after, nil, false
			k, err := In(ctx, tx)
			if err != nil {
				return err
			}
			if err := k.ready(); err != nil {
				return err
			}
			if !k.set.turning() {
				return nil // somebody else has finished it
			}
			rows, err := f.page(ctx, tx, k.set, after, opt.Batch)
			if err != nil {
				return err
			}
			for _, r := range rows {
				last = r.ID
				n, err := k.again(ctx, f, r)
				if errors.Is(err, errBroken) {
					bad = append(bad, f.String()+" "+r.ID.String())
				} else if err != nil {
					return err
				}
				changed += n
			}
			more = f.byID && len(rows) == opt.Batch
			return nil
		})
		if err != nil {
			return broken, err
		}
		after, broken = last, append(broken, bad...)
		out.Rows[f.String()] += changed
	}
	return broken, nil
}

var errBroken = errors.New("does not open")

// again seals a row with the newest key.
func (k *Keys) again(ctx context.Context, f *Field, r found) (int, error) {
	text, err := k.Open(ctx, f, r.ID, r.Box)
	if err != nil {
		return 0, errBroken
	}
	box, err := k.Seal(f, r.ID, text)
	if err != nil {
		return 0, err
	}
	index := r.Index
	if f.IndexColumn != "" {
		if index, err = k.Index(f, text); err != nil {
			return 0, err
		}
	}
	return f.put(ctx, k.tx, r, box, index)
}

// prune is the last step.
func (v *Vault) prune(ctx context.Context, t store.TenantID, opt Options, out *Rotation) error {
	return v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		k, err := In(ctx, tx)
		if err != nil {
			return err
		}
		if err := k.ready(); err != nil {
			return err
		}
		now := k.set.row
		if out.Version = now.Version; !k.set.turning() {
			return nil // somebody else has finished it
		}
		for _, f := range declared {
			rows, err := f.page(ctx, tx, k.set, id.ID{}, 1)
			if err != nil {
				return err
			}
			if len(rows) > 0 { // from a backup, say, while this ran
				return fmt.Errorf("seal: the old key stays, for %s still needs it: rotate again to finish", f)
			}
		}
		h, err := unwrap(ctx, v.master, t, now)
		if err != nil {
			return err
		}
		if h.seal, err = only(h.seal); err != nil {
			return err
		}
		if h.index, err = only(h.index); err != nil {
			return err
		}
		next := now
		if err := h.wrap(ctx, v.master, t, &next); err != nil {
			return err
		}
		n, err := replace(ctx, tx, now, next)
		if n > 0 {
			tx.Audit(record(opt.Actor, "keys:keyset:prune", now.Version, len(k.set.index) > 1))
		}
		return err
	})
}

// replace writes keys over a version of them, unless somebody else has.
func replace(ctx context.Context, tx *store.Tx, was, now row) (int, error) {
	return store.Update[row](tx).Set("seal_keys = ?", now.SealKeys).Set("index_keys = ?", now.IndexKeys).
		Where("version = ? and seal_keys = ? and index_keys = ?", was.Version, was.SealKeys, was.IndexKeys).Exec(ctx)
}

// Rewrap wraps a tenant's keys with the first master key and tells how many versions of them were not. The
// keys themselves stay, and so does what they have sealed.
func (v *Vault) Rewrap(ctx context.Context, t store.TenantID, actor string) (n int, err error) {
	err = v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		n = 0
		rows, err := store.Select[row](tx).Order("version").All(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.SealKeys == nil || v.master.Current(r.SealKeys) && v.master.Current(r.IndexKeys) {
				continue
			}
			h, err := unwrap(ctx, v.master, t, r)
			if err != nil {
				return err
			}
			next := r
			if err := h.wrap(ctx, v.master, t, &next); err != nil {
				return err
			}
			done, err := replace(ctx, tx, r, next)
			if err != nil {
				return err
			}
			if done == 1 {
				tx.Audit(record(actor, "keys:keyset:rewrap", r.Version, false))
			}
			n += done
		}
		return nil
	})
	return n, err
}

// Destroy destroys a tenant's keys. It waits for the transactions that seal with them; after it nothing that
// they sealed can be read by anybody who has not kept both a copy of them and the master key, and nothing is
// found by an index. Again: ErrErased.
func (v *Vault) Destroy(ctx context.Context, t store.TenantID, actor string) error {
	return v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		// Not through In: keys that the master key does not open can be destroyed as well.
		rows, err := store.Select[row](tx).Order("version desc").Limit(1).All(ctx)
		if err != nil {
			return err
		}
		var last row
		if len(rows) > 0 {
			last = rows[0]
			if last.SealKeys == nil {
				return erased()
			}
		}
		if _, err := store.Delete[row](ctx, tx, "true"); err != nil {
			return err
		}
		next := &row{Version: last.Version + 1, Erasures: last.Erasures + 1, CreatedAt: tx.Now()}
		tx.Audit(record(actor, "keys:keyset:destroy", next.Version, true))
		tx.After(func() { v.forget(t) })
		return store.Insert(ctx, tx, next)
	})
}

func (v *Vault) forget(t store.TenantID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.sets, t)
}

// Reopen gives a tenant new keys after its own were destroyed. What was sealed stays unreadable.
func (v *Vault) Reopen(ctx context.Context, t store.TenantID, actor string) error {
	return v.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		k, err := In(ctx, tx)
		if err != nil {
			return err
		}
		if !k.Erased() {
			return errors.New("the region's keys were not destroyed: it needs no new ones")
		}
		if err := k.begin(ctx, k.set.row); err != nil {
			return err
		}
		tx.Audit(record(actor, "keys:keyset:reopen", k.set.row.Version, true))
		return nil
	})
}
