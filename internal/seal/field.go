package seal

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Field is a sealed column of a table. It is declared once, in a package's variable.
type Field struct {
	Table, Column string
	IndexColumn   string // "" when nothing looks it up
	normal        func(string) string
	byID          bool // rows have an id; else there is one row a tenant
	put           func(context.Context, *store.Tx, found, Box, Index) (int, error)
}

// String is "table.column".
func (f *Field) String() string { return f.Table + "." + f.Column }

// Option of Declare.
type Option func(*Field)

// Indexed gives the field a column of type Index, by which equal values are found. normal makes one text of
// the spellings of a value: Email, Phone, Digits.
func Indexed(column string, normal func(string) string) Option {
	return func(f *Field) { f.IndexColumn, f.normal = column, normal }
}

var declared []*Field

// Fields lists what has been declared, by table and column.
func Fields() []*Field {
	out := slices.Clone(declared)
	slices.SortFunc(out, func(a, b *Field) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// Declare says that a column of a tenant's model is sealed. The model's key is (tenant_id, id), or tenant_id
// alone: it names the row to which a value is bound. What does not fit panics, when the program starts.
func Declare[T any, P store.OwnedRow[T]](column string, opts ...Option) *Field {
	f := &Field{Column: column}
	for _, opt := range opts {
		opt(f)
	}
	types := map[string]reflect.Type{}
	f.read(reflect.TypeFor[T](), types)
	switch {
	case f.Table == "":
		panic(fmt.Sprintf("seal: %v names no table", reflect.TypeFor[T]()))
	case types[column] != reflect.TypeFor[Box]():
		panic(fmt.Sprintf("seal: %s is no seal.Box", f))
	case f.IndexColumn != "" && types[f.IndexColumn] != reflect.TypeFor[Index]():
		panic(fmt.Sprintf("seal: %s.%s is no seal.Index", f.Table, f.IndexColumn))
	}
	if slices.ContainsFunc(declared, func(o *Field) bool { return o.String() == f.String() }) {
		panic(fmt.Sprintf("seal: %s is declared twice", f))
	}
	f.put = func(ctx context.Context, tx *store.Tx, was found, box Box, index Index) (int, error) {
		u := store.Update[T, P](tx).Set(column+" = ?", box)
		if index != was.Index {
			u = u.Set(f.IndexColumn+" = ?", index)
		}
		if f.byID {
			u = u.Where("id = ?", was.ID)
		}
		// Whoever has written the row since it was read has sealed it with the newest key.
		return u.Where(column+" = ?", was.Box.b).Exec(ctx)
	}
	declared = append(declared, f)
	return f
}

// read reads the table's name and the types of the columns out of a model's tags.
func (f *Field) read(t reflect.Type, types map[string]reflect.Type) {
	for i := range t.NumField() {
		at := t.Field(i)
		tag := strings.Split(at.Tag.Get("bun"), ",")
		if name, ok := strings.CutPrefix(tag[0], "table:"); ok {
			f.Table = name
			continue
		}
		if at.Anonymous && at.Type.Kind() == reflect.Struct && tag[0] == "" {
			f.read(at.Type, types)
			continue
		}
		types[tag[0]] = at.Type
		if !slices.Contains(tag[1:], "pk") || tag[0] == "tenant_id" {
			continue
		}
		if f.byID = tag[0] == "id" && at.Type == reflect.TypeFor[id.ID](); !f.byID {
			panic(fmt.Sprintf("seal: %v is named by %q, and a sealed row only by its tenant or its id", t, tag[0]))
		}
	}
}

// bound is what a value is tied to: sealed for one row of one column, it opens nowhere else.
func (f *Field) bound(t store.TenantID, row id.ID) []byte {
	return []byte("pendopo sealed 1\n" + t.String() + "\n" + f.Table + "\n" + f.Column + "\n" + row.String())
}

// found is a row's sealed column, read without its model.
type found struct {
	ID    id.ID `bun:"id"`
	Box   Box   `bun:"box"`
	Index Index `bun:"looked_up"`
}
