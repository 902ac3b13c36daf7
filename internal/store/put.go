package store

import (
	"context"
	"reflect"
	"strings"
)

// Put writes those of the rows that the table does not have as they are given, as Upsert does, in one
// statement. A row that is as given is not even locked: "on conflict do update" locks a row also where a
// condition then leaves it alone. The comparison is of values as they are read back, so T has no times.
func Put[T comparable, P owned[T]](ctx context.Context, tx *Tx, rows ...P) error {
	have, err := present[T, P](ctx, tx)
	if err != nil {
		return err
	}
	return Upsert(ctx, tx, missing(tx, have, rows)...)
}

// Replace makes the tenant's rows of T these and no others. What is there as given is neither written nor
// locked, and nor is what it refers to. T has no times.
func Replace[T comparable, P owned[T]](ctx context.Context, tx *Tx, rows ...P) error {
	return ReplaceMine(ctx, tx, func(T) bool { return true }, rows...)
}

// ReplaceMine is Replace among the rows of which mine says that they are the caller's: others stay, but one that has
// the key of a given row becomes that row.
func ReplaceMine[T comparable, P owned[T]](ctx context.Context, tx *Tx, mine func(T) bool, rows ...P) error {
	have, err := present[T, P](ctx, tx)
	if err != nil {
		return err
	}
	for r := range have {
		if !mine(r) {
			delete(have, r)
		}
	}
	add := missing(tx, have, rows)
	for _, r := range rows {
		delete(have, *r)
	}
	if err := deleteRows[T, P](ctx, tx, have); err != nil {
		return err
	}
	return Upsert(ctx, tx, add...)
}

func present[T comparable, P owned[T]](ctx context.Context, tx *Tx) (map[T]bool, error) {
	rows, err := Select[T, P](tx).All(ctx)
	have := make(map[T]bool, len(rows))
	for _, r := range rows {
		have[r] = true
	}
	return have, err
}

func missing[T comparable, P owned[T]](tx *Tx, have map[T]bool, rows []P) (out []P) {
	for _, r := range rows {
		if r.stamp(tx.tenant); !have[*r] {
			out = append(out, r)
		}
	}
	return out
}

// deletedAtOnce bounds the length of a condition: SQLite reads it one level deeper for each row.
const deletedAtOnce = 200

func deleteRows[T comparable, P owned[T]](ctx context.Context, tx *Tx, rows map[T]bool) error {
	keys := tx.db.write.Table(reflect.TypeFor[T]()).PKs
	var conds []string
	var args []any
	flush := func() error {
		if len(conds) == 0 {
			return nil
		}
		_, err := Delete[T, P](ctx, tx, strings.Join(conds, " or "), args...)
		conds, args = nil, nil
		return err
	}
	for r := range rows {
		var parts []string
		for _, k := range keys {
			parts = append(parts, k.Name+" = ?")
			args = append(args, k.Value(reflect.ValueOf(r)).Interface())
		}
		if conds = append(conds, "("+strings.Join(parts, " and ")+")"); len(conds) == deletedAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
