// Package audit proves what a tenant's chain of records says: it goes through a chain and names the first
// record that is not what was written, keeps checkpoints outside the database, so that a chain that was
// rewritten or cut as a whole is found too, and makes the keyed hashes that stand in records for where
// somebody was and for personal values. The records themselves are written by internal/store, in the
// transaction of the change.
//
// What a chain alone proves: nobody changed, removed or reordered a record and left the rest. Whoever can
// write to the database can make a whole new chain; that is found by the checkpoints, back to the last one,
// as long as they do not have the key too. docs/security.md says what follows from this.
package audit

import (
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Point is a place in a chain.
type Point struct {
	Seq  int64     // the record's number; 0 before the first
	At   time.Time // when it was written
	Hash []byte
}

// end is where a chain ends, as one moment shows it.
type end struct {
	head *Point // as audit_heads says it; nil: there is no such row
	last int64  // the highest number of a record
}

// record is a record as it lies in the database.
type record struct {
	Seq    int64     `bun:"seq"`
	Block  int64     `bun:"block"`
	At     time.Time `bun:"at"`
	Actor  string    `bun:"actor"`
	Action string    `bun:"action"`
	Target string    `bun:"target"`
	Text   string    `bun:"record"`
	Hash   []byte    `bun:"hash"`
}

// chain is what a verification reads.
type chain interface {
	// end sees head and records at the same moment.
	end(ctx context.Context) (end, error)
	// records gives what follows after a number, in order, up to and with through; none when there are none.
	records(ctx context.Context, after, through int64) ([]record, error)
}

// chunk is how many records are read at once: enough that the transaction around them costs nothing, few
// enough that they fit into memory whatever they say.
const chunk = 1000

// stored is a tenant's chain in the database.
type stored struct {
	db     *store.DB
	tenant store.TenantID
}

func (s stored) end(ctx context.Context) (e end, err error) {
	err = s.db.View(ctx, s.tenant, func(ctx context.Context, tx *store.Tx) error {
		if e.head, err = headIn(ctx, tx); err != nil {
			return err
		}
		// Not max(seq): PostgreSQL reads every record for it where a policy stands before the table.
		rows, err := store.Query[headRow](ctx, tx, store.From{"audit"}, "select seq from audit order by seq desc limit 1")
		if err == nil && len(rows) > 0 {
			e.last = rows[0].Seq
		}
		return err
	})
	return e, err
}

type headRow struct {
	Seq  int64  `bun:"seq"`
	Hash []byte `bun:"hash"`
}

// headIn is the head as it is stored; nil when there is none.
func headIn(ctx context.Context, tx *store.Tx) (*Point, error) {
	rows, err := store.Query[headRow](ctx, tx, store.From{"audit_heads"}, "select seq, hash from audit_heads")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &Point{Seq: rows[0].Seq, Hash: rows[0].Hash}, nil
}

func (s stored) records(ctx context.Context, after, through int64) (rows []record, err error) {
	err = s.db.View(ctx, s.tenant, func(ctx context.Context, tx *store.Tx) error {
		rows, err = store.Query[record](ctx, tx, store.From{"audit"}, `
			select seq, block, at, actor, action, target, record, hash from audit where seq > ? and seq <= ? order by seq limit ?`, after, through, chunk)
		return err
	})
	return rows, err
}

// Head is where a tenant's chain ends.
func Head(ctx context.Context, db *store.DB, t store.TenantID) (p Point, err error) {
	err = db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		head, err := headIn(ctx, tx)
		if head != nil {
			p = *head
		}
		return err
	})
	return p, err
}
