package store

import "github.com/uptrace/bun"

// What the external tests need to look behind the handle's back. No other package can.

// Predicate tells whether this build's tests write the tenant into every statement.
func Predicate() bool { return predicate }

// Readers and Writer are the pools.
func (db *DB) Readers() *bun.DB { return db.read }
func (db *DB) Writer() *bun.DB  { return db.write }

// Raw is the transaction below the scoped handle.
func (tx *Tx) Raw() bun.Tx { return tx.bun }

// Raw is the transaction below the door to the control plane.
func (s *SysTx) Raw() bun.Tx { return s.bun }

// Guard reads a piece of SQL as the handle does.
func (db *DB) Guard(sql string, allowed ...string) error { return db.tables.guard(sql, allowed) }

// ScopedText is the statement that Query would send.
func (tx *Tx) ScopedText(from From, sql string, args ...any) (string, error) {
	text, _, err := tx.scoped(from, sql, args)
	return text, err
}
