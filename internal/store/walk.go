package store

import (
	"context"
	"errors"
	"reflect"
)

// Walk is the scoped handle for a tenant's model that is known by its value alone: for tests, which go through all
// models there are. Each method is the generic call of that name, on the same statement.
type Walk struct {
	tx    *Tx
	model reflect.Type
}

// IsOwned tells whether a model's rows belong to a tenant.
func IsOwned(model any) bool { _, owned := model.(interface{ stamp(TenantID) }); return owned }

// WalkOf gives the handle of a model of Models; of one of the control plane there is none.
func WalkOf(tx *Tx, model any) (Walk, error) {
	if !IsOwned(model) {
		return Walk{}, errors.New("store: no model of a tenant")
	}
	return Walk{tx, reflect.TypeOf(model).Elem()}, nil
}

// Table is the model's table.
func (w Walk) Table() string { return w.tx.db.write.Table(w.model).Name }

// Columns are the columns of the model's primary key beside the tenant, and those of all its fields.
func (w Walk) Columns() (key, all []string) {
	t := w.tx.db.write.Table(w.model)
	for _, f := range t.PKs {
		if f.Name != "tenant_id" {
			key = append(key, f.Name)
		}
	}
	for _, f := range t.Fields {
		all = append(all, f.Name)
	}
	return key, all
}

// Value is what a row, as All gives it, has in a column.
func (w Walk) Value(row any, column string) any {
	return w.tx.db.write.Table(w.model).FieldMap[column].Value(reflect.ValueOf(row).Elem()).Interface()
}

func (w Walk) sel(cond string, args []any) (*Sel[any], reflect.Value) {
	rows := reflect.New(reflect.SliceOf(w.model))
	return (&Sel[any]{tx: w.tx, q: selecting(w.tx, w.model, rows.Interface())}).Where(cond, args...), rows.Elem()
}

// All gives pointers to the rows that meet a condition.
func (w Walk) All(ctx context.Context, cond string, args ...any) (out []any, err error) {
	s, rows := w.sel(cond, args)
	if _, err = s.All(ctx); err != nil {
		return nil, err
	}
	for i := range rows.Len() {
		out = append(out, rows.Index(i).Addr().Interface())
	}
	return out, nil
}

// Count counts them.
func (w Walk) Count(ctx context.Context, cond string, args ...any) (int, error) {
	s, _ := w.sel(cond, args)
	return s.Count(ctx)
}

// Exists tells whether there is one.
func (w Walk) Exists(ctx context.Context, cond string, args ...any) (bool, error) {
	rows, err := w.All(ctx, cond, args...)
	return len(rows) > 0, err
}

// Update sets something in them.
func (w Walk) Update(ctx context.Context, set, cond string, args ...any) (int, error) {
	return (&Upd[any]{tx: w.tx, q: updating(w.tx, w.model)}).Set(set).Where(cond, args...).Exec(ctx)
}

// Delete deletes them.
func (w Walk) Delete(ctx context.Context, cond string, args ...any) (int, error) {
	return deleting(ctx, w.tx, w.model, cond, args)
}

// Insert writes a row, which All may have given in another tenant, as this tenant's.
func (w Walk) Insert(ctx context.Context, row any) error {
	row.(interface{ stamp(TenantID) }).stamp(w.tx.tenant)
	rows := reflect.New(reflect.SliceOf(reflect.PointerTo(w.model)))
	rows.Elem().Set(reflect.Append(rows.Elem(), reflect.ValueOf(row)))
	return inserting(ctx, w.tx, w.model, rows.Interface())
}
