package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/id"
)

// Cells are a row as it is carried between databases, by column, without tenant_id: nil, string (texts, identifiers,
// days as "2006-01-02"), int64, bool, []byte, or time.Time in UTC.
type Cells map[string]any

// Carry gives every row of a tenant, as one moment shows them and without holding up anybody: first its row in the list
// of tenants, then table by table in the order in which they can be written, the control plane's rows of it last. The rows
// of a table come in the order of their keys, the same on both databases. Memory does not grow with the tenant. begin is
// called before each table's first row, also of one that has none.
func (db *DB) Carry(ctx context.Context, t TenantID, begin func(table string) error, row func(table string, c Cells) error) error {
	if t.IsZero() {
		return errors.New("store: a transaction without a tenant")
	}
	// Not View, which begins anew where it was disturbed: what has been given out cannot be taken back.
	return db.dialect.translate(db.once(ctx, t, true, func(ctx context.Context, tx *Tx) error {
		at, err := db.knownShape(ctx, tx.bun)
		if err != nil {
			return err
		}
		codes := ""
		for _, name := range slices.Concat([]string{tenantsTable}, at.order, at.named) {
			if err := begin(name); err != nil {
				return err
			}
			shape := at.tables[name]
			where, arg := "tenant_id = ?", any(t)
			switch {
			case name == tenantsTable:
				where = "id = ?"
			case !shape.owned:
				if where, arg, err = named(shape, t, codes); err != nil {
					return err
				}
			}
			err := tx.carry(ctx, shape, where, arg, func(c Cells) error {
				if name == tenantsTable {
					codes, _ = c["code"].(string)
				}
				return row(name, c)
			})
			if err != nil {
				return fmt.Errorf("store: %s: %w", name, err)
			}
		}
		return nil
	}))
}

// named is the condition for a tenant's rows in a table of the control plane, which refers to its id or its code.
func named(t *tableShape, of TenantID, code string) (where string, arg any, err error) {
	for _, r := range t.refers {
		if r.table != tenantsTable {
			continue
		}
		switch r.to {
		case "code":
			return r.from + " = ?", code, nil
		case "id":
			return r.from + " = ?", of, nil
		}
	}
	return "", nil, fmt.Errorf("store: how %s names a tenant is not known", t.name)
}

func (tx *Tx) carry(ctx context.Context, t *tableShape, where string, arg any, row func(Cells) error) error {
	d := tx.db.dialect
	var columns, order []string
	var kept []columnShape
	for _, c := range t.columns {
		if t.owned && c.name == "tenant_id" {
			continue
		}
		kept = append(kept, c)
		columns = append(columns, asCarried(d, c))
	}
	for _, k := range t.key {
		if c, _ := t.column(k); d.name() == "postgres" && c.kind == "text" {
			k += `::text collate "C"`
		}
		order = append(order, k)
	}
	text := "select " + strings.Join(columns, ", ") + " from " + plain(d, t.name) + " where " + where
	if len(order) > 0 {
		text += " order by " + strings.Join(order, ", ")
	}
	rows, err := tx.bun.QueryContext(ctx, text, arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, targets := make([]any, len(kept)), make([]any, len(kept))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		c := make(Cells, len(kept))
		for i, col := range kept {
			if c[col.name], err = carried(col, values[i]); err != nil {
				return err
			}
		}
		if err := row(c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// asCarried selects a column in a form that both drivers give alike.
func asCarried(d dialect, c columnShape) string {
	switch {
	case c.kind == "date" && d.name() == "sqlite":
		return "cast(" + c.name + " as text)" // else the driver makes it a moment
	case d.name() == "postgres" && (c.kind == "date" || c.kind == "text"):
		return c.name + "::text"
	}
	return c.name
}

func carried(c columnShape, v any) (any, error) {
	wrong := func() (any, error) { return nil, fmt.Errorf("column %s is %s and holds a %T", c.name, c.kind, v) }
	if v == nil {
		return nil, nil //nolint:nilnil // it is what the column holds
	}
	switch c.kind {
	case "text", "date":
		s, ok := v.(string)
		if b, is := v.([]byte); is {
			s, ok = string(b), true
		}
		if !ok {
			return wrong()
		}
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return nil, fmt.Errorf("column %s holds what is no text", c.name)
		}
		return s, nil
	case "integer":
		if n, ok := v.(int64); ok {
			return n, nil
		}
	case "boolean":
		switch b := v.(type) {
		case bool:
			return b, nil
		case int64:
			return b != 0, nil
		}
	case "blob":
		if b, ok := v.([]byte); ok {
			return append([]byte{}, b...), nil
		}
	case "time":
		if at, ok := v.(time.Time); ok {
			return at.UTC().Truncate(time.Microsecond), nil
		}
	}
	return wrong()
}

// Restoring writes the rows of a tenant that was carried from elsewhere.
type Restoring struct {
	db     *DB
	tx     *Tx
	shape  *shape
	table  string
	code   any
	cols   []columnShape
	values []string
	args   []any
	size   int
}

// Restore makes a tenant out of rows that Carry gave, in one transaction: all of it or nothing. of is the tenant's
// identifier, as it was: the only place where one is made of a text. fn puts the rows. A tenant with this identifier, code or
// host that is there already is the fault "duplicate".
func (db *DB) Restore(ctx context.Context, reason, of string, fn func(context.Context, *SysTx, *Restoring) error) error {
	parsed, err := id.Parse(of)
	if err != nil || parsed.IsZero() {
		return fmt.Errorf("store: %q names no tenant", of)
	}
	t := TenantID{parsed}
	return db.dialect.translate(db.once(ctx, t, false, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.bun.NewRaw("insert into system_log (id, at, reason) values (?, ?, ?)", id.New(), tx.now, reason).Exec(ctx); err != nil {
			return err
		}
		at, err := db.knownShape(ctx, tx.bun)
		if err != nil {
			return err
		}
		r := &Restoring{db: db, tx: tx, shape: at}
		if err := fn(ctx, &SysTx{db: db, bun: tx.bun, now: tx.now}, r); err != nil {
			return err
		}
		return r.flush(ctx)
	}))
}

// Tenant is the tenant that is being restored.
func (r *Restoring) Tenant() TenantID { return r.tx.tenant }

// What is written at once: few enough bytes for a statement, few enough rows that SQLite parses them quickly.
const (
	rowsAtOnce  = 200
	bytesAtOnce = 1 << 20
)

// Put writes a row. Rows may come only in the order in which Carry gives them.
func (r *Restoring) Put(ctx context.Context, table string, c Cells) error {
	if table != r.table {
		if err := r.flush(ctx); err != nil {
			return err
		}
		at := r.shape.tables[table]
		if at == nil || table != tenantsTable && !at.owned && !slices.Contains(r.shape.named, table) {
			return fmt.Errorf("store: %q is no table of a tenant", table)
		}
		r.table, r.cols = table, nil
		for _, col := range at.columns {
			if !at.owned || col.name != "tenant_id" {
				r.cols = append(r.cols, col)
			}
		}
	}
	if err := r.belongs(c); err != nil {
		return err
	}
	if len(c) != len(r.cols) {
		return fmt.Errorf("store: %s: a row of %d columns instead of %d", table, len(c), len(r.cols))
	}
	marks := make([]string, 0, len(r.cols)+1)
	if r.shape.tables[table].owned {
		marks = append(marks, "?")
		r.args = append(r.args, r.tx.tenant)
	}
	for _, col := range r.cols {
		v, ok := c[col.name]
		if !ok {
			return fmt.Errorf("store: %s: a row without %s", table, col.name)
		}
		if _, err := carried(col, v); err != nil {
			return fmt.Errorf("store: %s: %w", table, err)
		}
		marks = append(marks, "?")
		r.args = append(r.args, v)
		r.size += 16
		switch x := v.(type) {
		case string:
			r.size += len(x)
		case []byte:
			r.size += 2 * len(x)
		}
	}
	r.values = append(r.values, "("+strings.Join(marks, ", ")+")")
	if len(r.values) >= rowsAtOnce || r.size >= bytesAtOnce {
		return r.flush(ctx)
	}
	return nil
}

// belongs refuses a row of the control plane that is another tenant's.
func (r *Restoring) belongs(c Cells) error {
	at := r.shape.tables[r.table]
	switch {
	case r.table == tenantsTable:
		r.code = c["code"]
		if c["id"] != r.tx.tenant.String() {
			return errors.New("store: the list's row is another tenant's")
		}
	case !at.owned:
		for _, ref := range at.refers {
			if mine := map[string]any{"id": r.tx.tenant.String(), "code": r.code}[ref.to]; ref.table == tenantsTable && c[ref.from] != mine {
				return fmt.Errorf("store: a row of %s is another tenant's", r.table)
			}
		}
	}
	return nil
}

func (r *Restoring) flush(ctx context.Context) error {
	if len(r.values) == 0 {
		return nil
	}
	var names []string
	if r.shape.tables[r.table].owned {
		names = append(names, "tenant_id")
	}
	for _, c := range r.cols {
		names = append(names, c.name)
	}
	_, err := r.tx.bun.NewRaw("insert into "+plain(r.db.dialect, r.table)+" ("+strings.Join(names, ", ")+") values "+strings.Join(r.values, ", "), r.args...).Exec(ctx)
	r.values, r.args, r.size = nil, nil, 0
	if err != nil {
		return fmt.Errorf("store: %s: %w", r.table, err)
	}
	return nil
}
