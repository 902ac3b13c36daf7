package store

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/uptrace/bun"
)

// Sel is a select of a tenant's rows. It never hands out bun's own query: with that in hand a join, a
// second table or a union would read foreign rows.
type Sel[T any] struct {
	tx   *Tx
	q    *bun.SelectQuery
	rows []T
	err  error
}

// Select starts a select of T.
func Select[T any, P owned[T]](tx *Tx) *Sel[T] {
	s := &Sel[T]{tx: tx}
	s.q = selecting(tx, reflect.TypeFor[T](), &s.rows)
	return s
}

// selecting selects a model's rows into a slice of it.
func selecting(tx *Tx, model reflect.Type, rows any) *bun.SelectQuery {
	t := tx.db.write.Table(model)
	q := tx.bun.NewSelect().Model(rows)
	if predicate {
		q = q.ModelTableExpr("(select * from "+tx.db.dialect.table(t.Name)+" where tenant_id = ?) as ?", tx.tenant, bun.Ident(t.Alias))
	}
	return q
}

// Where adds a condition in SQL with ? placeholders, joined by AND. A condition that names a table of
// tenants is refused: use Query.
func (s *Sel[T]) Where(cond string, args ...any) *Sel[T] {
	if s.check(cond) {
		s.q = s.q.Where(cond, args...)
	}
	return s
}

// Order orders by columns, such as "number", "created_at desc".
func (s *Sel[T]) Order(by ...string) *Sel[T] {
	for _, b := range by {
		if s.check(b) {
			s.q = s.q.OrderExpr(b)
		}
	}
	return s
}

// Limit bounds the rows.
func (s *Sel[T]) Limit(n int) *Sel[T] { s.q = s.q.Limit(int64(n)); return s }

// Hold keeps the rows that are read from being deleted until the transaction ends; others may go on reading
// and changing them. In a View it does nothing, and on SQLite nobody else writes meanwhile.
func (s *Sel[T]) Hold() *Sel[T] {
	if how := s.tx.db.dialect.keepRow(); how != "" && !s.tx.readOnly {
		s.q = s.q.For(strings.TrimPrefix(how, " for "))
	}
	return s
}

// Claim holds the rows until the transaction ends and passes over those that another one holds, so that
// several processes that take work from one table never wait for one another. SQLite has one writer.
func (s *Sel[T]) Claim() *Sel[T] {
	if s.tx.db.dialect.lockRow() != "" {
		s.q = s.q.For("update skip locked")
	}
	return s
}

func (s *Sel[T]) check(sql string) bool {
	if err := s.tx.db.tables.guard(sql, nil); err != nil && s.err == nil {
		s.err = err
	}
	return s.err == nil
}

// All reads the rows.
func (s *Sel[T]) All(ctx context.Context) ([]T, error) {
	if s.err != nil {
		return nil, s.err
	}
	err := s.q.Scan(ctx)
	return s.rows, err
}

// One reads the first row; none is the fault "not_found".
func (s *Sel[T]) One(ctx context.Context) (T, error) {
	rows, err := s.Limit(1).All(ctx)
	if err == nil && len(rows) == 0 {
		err = errNoRows
	}
	if err != nil {
		var zero T
		return zero, s.tx.db.dialect.translate(err)
	}
	return rows[0], nil
}

// Count counts the rows.
func (s *Sel[T]) Count(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.q.Count(ctx)
	return int(n), err
}

// Exists tells whether there is a row.
func (s *Sel[T]) Exists(ctx context.Context) (bool, error) {
	n, err := s.Limit(1).All(ctx)
	return len(n) > 0, err
}

// target is the table of T as a writing statement names it.
func target[T any](tx *Tx) string { return targetOf(tx, reflect.TypeFor[T]()) }

func targetOf(tx *Tx, model reflect.Type) string {
	return tx.db.dialect.table(tx.db.write.Table(model).Name)
}

// Insert writes rows as the tenant's, whatever tenant they said before.
func Insert[T any, P owned[T]](ctx context.Context, tx *Tx, rows ...P) error {
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		r.stamp(tx.tenant)
	}
	return inserting(ctx, tx, reflect.TypeFor[T](), &rows)
}

// inserting writes rows that are stamped.
func inserting(ctx context.Context, tx *Tx, model reflect.Type, rows any) error {
	_, err := tx.bun.NewInsert().Model(rows).ModelTableExpr(targetOf(tx, model)).Exec(ctx)
	return err
}

// InsertNew writes those rows whose keys are not there yet, and tells how many that were. Of two
// transactions that write the same key at once, the later waits for the earlier and writes nothing.
func InsertNew[T any, P owned[T]](ctx context.Context, tx *Tx, rows ...P) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	for _, r := range rows {
		r.stamp(tx.tenant)
	}
	return affected(tx.bun.NewInsert().Model(&rows).ModelTableExpr(target[T](tx)).On("conflict do nothing").Exec(ctx))
}

// Upsert inserts rows, or replaces the columns of those whose primary key is there, but for columns that
// are tagged unique: those name the row and do not change. Assigning them, even to what they are, would
// make PostgreSQL lock the row against everyone who refers to it, such as whoever issues a number.
func Upsert[T any, P owned[T]](ctx context.Context, tx *Tx, rows ...P) error {
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		r.stamp(tx.tenant)
	}
	t := tx.db.write.Table(reflect.TypeFor[T]())
	var keys, sets []string
	for _, f := range t.PKs {
		keys = append(keys, f.Name)
	}
	for _, f := range t.DataFields {
		if _, fixed := f.Tag.Options["unique"]; fixed {
			continue
		}
		sets = append(sets, fmt.Sprintf("%[1]s = excluded.%[1]s", f.Name))
	}
	q := tx.bun.NewInsert().Model(&rows).ModelTableExpr(target[T](tx))
	if len(sets) == 0 {
		q = q.On("conflict (" + strings.Join(keys, ", ") + ") do nothing")
	} else {
		q = q.On("conflict (" + strings.Join(keys, ", ") + ") do update set " + strings.Join(sets, ", "))
	}
	_, err := q.Exec(ctx)
	return err
}

// Upd is an update of a tenant's rows.
type Upd[T any] struct {
	tx    *Tx
	q     *bun.UpdateQuery
	where bool
	err   error
}

// Update starts an update of T's rows.
func Update[T any, P owned[T]](tx *Tx) *Upd[T] {
	return &Upd[T]{tx: tx, q: updating(tx, reflect.TypeFor[T]())}
}

func updating(tx *Tx, model reflect.Type) *bun.UpdateQuery {
	t := tx.db.write.Table(model)
	q := tx.bun.NewUpdate().Model(none(model)).ModelTableExpr(targetOf(tx, model)+" as ?", bun.Ident(t.Alias))
	if predicate {
		q = q.Where("?.tenant_id = ?", bun.Ident(t.Alias), tx.tenant)
	}
	return q
}

// none is a model without a row, which names its table.
func none(model reflect.Type) any { return reflect.Zero(reflect.PointerTo(model)).Interface() }

// Set adds an assignment, such as "status = ?". The tenant cannot be assigned.
func (u *Upd[T]) Set(expr string, args ...any) *Upd[T] {
	if u.err = firstErr(u.err, u.tx.db.tables.guard(expr, nil)); u.err == nil && strings.Contains(strings.ToLower(expr), "tenant_id") {
		u.err = fmt.Errorf("store: a row cannot change its tenant")
	}
	if u.err == nil {
		u.q = u.q.Set(expr, args...)
	}
	return u
}

// Where adds a condition, joined by AND with the tenant's.
func (u *Upd[T]) Where(cond string, args ...any) *Upd[T] {
	if u.err = firstErr(u.err, u.tx.db.tables.guard(cond, nil)); u.err == nil {
		u.where = true
		u.q = u.q.WhereGroup(" and ", func(g *bun.UpdateQuery) *bun.UpdateQuery { return g.Where(cond, args...) })
	}
	return u
}

// Exec runs the update and tells how many rows changed. Without a Where it is refused.
func (u *Upd[T]) Exec(ctx context.Context) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	if !u.where {
		return 0, fmt.Errorf("store: an update without a condition")
	}
	return affected(u.q.Exec(ctx))
}

// Delete deletes the tenant's rows that meet the condition and tells how many.
func Delete[T any, P owned[T]](ctx context.Context, tx *Tx, cond string, args ...any) (int, error) {
	return deleting(ctx, tx, reflect.TypeFor[T](), cond, args)
}

func deleting(ctx context.Context, tx *Tx, model reflect.Type, cond string, args []any) (int, error) {
	if err := tx.db.tables.guard(cond, nil); err != nil {
		return 0, err
	}
	t := tx.db.write.Table(model)
	q := tx.bun.NewDelete().Model(none(model)).ModelTableExpr(targetOf(tx, model)+" as ?", bun.Ident(t.Alias))
	if predicate {
		q = q.Where("?.tenant_id = ?", bun.Ident(t.Alias), tx.tenant)
	}
	q = q.WhereGroup(" and ", func(g *bun.DeleteQuery) *bun.DeleteQuery { return g.Where(cond, args...) })
	return affected(q.Exec(ctx))
}

// From names the tables that a Query reads.
type From []string

// Query runs a hand-written select over the named tables, each of which is shadowed by the tenant's
// own rows under the same name. Joins and aggregates go here. The SQL takes ? placeholders; R's
// fields are matched by bun tags. A table that is not named, or a name with a schema, is refused.
func Query[R any](ctx context.Context, tx *Tx, from From, sql string, args ...any) ([]R, error) {
	text, all, err := tx.scoped(from, sql, args)
	if err != nil {
		return nil, err
	}
	var rows []R
	err = tx.bun.NewRaw(text, all...).Scan(ctx, &rows)
	return rows, err
}

func (tx *Tx) scoped(from From, sql string, args []any) (string, []any, error) {
	if len(from) == 0 {
		return "", nil, fmt.Errorf("store: a query from no table")
	}
	if err := firstErr(tx.db.tables.guard(sql, from), readsOnly(sql)); err != nil {
		return "", nil, err
	}
	var b strings.Builder
	var all []any
	for i, name := range from {
		if !tx.db.tables.isOwned(name) {
			return "", nil, fmt.Errorf("store: %q is no table of a tenant", name)
		}
		b.WriteString(map[bool]string{true: "with ", false: ", "}[i == 0])
		if predicate {
			b.WriteString(name + " as not materialized (select * from " + tx.db.dialect.table(name) + " where tenant_id = ?)")
			all = append(all, tx.tenant)
		} else {
			// A view cannot shadow itself in SQLite: name it through its schema.
			schema := map[string]string{"sqlite": "temp.", "postgres": ""}[tx.Dialect()]
			if !viewed && schema != "" {
				schema = "main."
			}
			b.WriteString(name + " as not materialized (select * from " + schema + name + ")")
		}
	}
	rest := strings.TrimSpace(sql)
	if len(rest) > 5 && strings.EqualFold(rest[:4], "with") && strings.ContainsRune(" \t\n", rune(rest[4])) {
		b.WriteString(", " + rest[5:])
	} else {
		b.WriteString(" " + rest)
	}
	return b.String(), append(all, args...), nil
}

// Lock holds the row of T with this primary key until the transaction ends, so that others wait.
// SQLite has one writer and needs none. No such row: the fault "not_found".
func Lock[T any, P owned[T]](ctx context.Context, tx *Tx, rowID any) error {
	return held[T, P](ctx, tx, rowID, tx.db.dialect.lockRow())
}

// Keep lets nobody Lock the row until the transaction ends. Others may keep it as well, as a foreign key does
// that is written.
func Keep[T any, P owned[T]](ctx context.Context, tx *Tx, rowID any) error {
	return held[T, P](ctx, tx, rowID, tx.db.dialect.keepRow())
}

func held[T any, P owned[T]](ctx context.Context, tx *Tx, rowID any, how string) error {
	var found []int
	err := tx.bun.NewRaw("select 1 from "+target[T](tx)+" where tenant_id = ? and id = ?"+how, tx.tenant, rowID).Scan(ctx, &found)
	if err == nil && len(found) == 0 {
		err = errNoRows
	}
	return tx.db.dialect.translate(err)
}

func firstErr(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}
