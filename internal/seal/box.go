// Package seal keeps personal values sealed in the database: a column of type Box holds a text that only
// its tenant's keys open, and only in its own table, column and row. A column of type Index beside it finds
// a row by the value without showing it.
//
// A field is declared once, where its model stands (Declare), and stands in the data map. In a transaction
// In gives the tenant's keys, which seal, open and look up. The keys of a tenant are wrapped by the service's
// master key and stored in the table keysets: rotated while the service runs (Rotate), and gone for good
// when they are destroyed (Destroy). See docs/security.md.
package seal

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
)

// Box is a sealed text, as a column: bytea on PostgreSQL, blob on SQLite. Its zero value is no text at all,
// stored as NULL. It shows nothing of itself, in a log, in JSON or anywhere else.
//
// A box that was read cannot be written: while keys are rotated it may be that the key which sealed it goes
// at this moment. Update the columns that change, or seal the text again.
type Box struct {
	quiet
	b    []byte
	read bool
}

// IsZero tells whether nothing is stored, which is not the same as an empty text.
func (b Box) IsZero() bool { return len(b.b) == 0 }

// Value implements driver.Valuer.
func (b Box) Value() (driver.Value, error) {
	switch {
	case b.IsZero():
		return nil, nil
	case b.read:
		return nil, errors.New("seal: a box that was read is not written back: seal the text again")
	}
	return b.b, nil
}

// Scan implements sql.Scanner.
func (b *Box) Scan(src any) error {
	raw, err := column(src)
	b.b, b.read = raw, true
	return err
}

// Index is the keyed hash of a normalised value, as a column. Equal values of one tenant and field have
// equal indexes; between tenants and fields nothing can be compared. It is comparable, and its zero value is
// stored as NULL, so that a unique key does not see it.
type Index struct {
	quiet
	s string
}

// IsZero tells whether there is none.
func (i Index) IsZero() bool { return i.s == "" }

// Value implements driver.Valuer.
func (i Index) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil
	}
	return []byte(i.s), nil
}

// Scan implements sql.Scanner.
func (i *Index) Scan(src any) error {
	raw, err := column(src)
	i.s = string(raw)
	return err
}

// quiet keeps its owner out of logs, JSON and messages. It has no Unmarshal: a box comes from Keys or from the
// database.
type quiet struct{}

const shown = "(sealed)"

// String tells nothing.
func (quiet) String() string { return shown }

// Format tells nothing, whatever the verb.
func (quiet) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(shown)) }

// LogValue tells nothing.
func (quiet) LogValue() slog.Value { return slog.StringValue(shown) }

// MarshalText tells nothing, and so does JSON.
func (quiet) MarshalText() ([]byte, error) { return []byte(shown), nil }

// column is a copy of what a driver read: the driver uses its bytes again.
func column(src any) ([]byte, error) {
	switch v := src.(type) {
	case nil:
		return nil, nil
	case []byte:
		return bytes.Clone(v), nil
	case string:
		return []byte(v), nil
	}
	return nil, errors.New("seal: a sealed column holds no bytes")
}
