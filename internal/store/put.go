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
	have, err := present(ctx, Select[T, P](tx))
	if err != nil {
		return err
	}
	return Upsert(ctx, tx, missing(tx, have, rows)...)
}

// Replace makes the tenant's rows of T these and no others. What is there as given is neither written nor
// locked, and nor is what it refers to. T has no times.
func Replace[T comparable, P owned[T]](ctx context.Context, tx *Tx, rows ...P) error {
	return ReplaceAmong(ctx, tx, "true", nil, rows...)
}

// ReplaceAmong is Replace of those rows that a condition is true of: of the others, those stay that are not among the
// given ones, and those that are become as given.
func ReplaceAmong[T comparable, P owned[T]](ctx context.Context, tx *Tx, cond string, args []any, rows ...P) error {
	have, err := present(ctx, Select[T, P](tx).Where(cond, args...))
	if err != nil {
		return err
	}
	add := missing(tx, have, rows)
	for _, r := range rows {
		delete(have, *r)
	}
	if err := deleteRows[T, P](ctx, tx, have); err != nil {
		return err
	}
	if cond == "true" {
		return Insert(ctx, tx, add...)
	}
	return Upsert(ctx, tx, add...)
}

func present[T comparable](ctx context.Context, sel *Sel[T]) (map[T]bool, error) {
	rows, err := sel.All(ctx)
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
