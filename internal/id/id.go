// Package id makes and reads identifiers: UUIDs of version 7 (RFC 9562) for rows, in time order so
// that indexes grow at one end, with 62 random bits so that nobody guesses one; and version 5 for
// what a manifest declares, so that applying it twice names the same row.
package id

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// ID names a row. Its zero value names nothing and is stored as NULL.
type ID [16]byte

// New makes an identifier of version 7.
func New() ID { return ID(uuid.Must(uuid.NewV7())) }

// Named makes the identifier of version 5 for a name within a space.
func Named(space fmt.Stringer, name string) ID {
	return ID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(space.String()+"/"+name)))
}

// Parse reads the form that String gives: 36 signs, in lower case. Anything else is an error, so that one row
// has one address.
func Parse(s string) (ID, error) {
	if len(s) != 36 {
		return ID{}, fmt.Errorf("id: %d signs instead of 36", len(s))
	}
	if strings.ToLower(s) != s {
		return ID{}, errors.New("id: not in lower case")
	}
	u, err := uuid.Parse(s)
	return ID(u), err
}

// IsZero tells whether the identifier names nothing.
func (i ID) IsZero() bool { return i == ID{} }

// String is the 36-sign form, or "" for the zero value.
func (i ID) String() string {
	if i.IsZero() {
		return ""
	}
	return uuid.UUID(i).String()
}

// MarshalText implements encoding.TextMarshaler.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*i = ID{}
		return nil
	}
	*i, err = Parse(string(b))
	return err
}

// Value implements driver.Valuer.
func (i ID) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.String(), nil
}

// Scan implements sql.Scanner for the text form of both databases.
func (i *ID) Scan(src any) (err error) {
	switch v := src.(type) {
	case nil:
		*i = ID{}
	case string:
		*i, err = Parse(v)
	case []byte:
		if len(v) == 16 {
			*i = ID(v)
			return nil
		}
		*i, err = Parse(string(v))
	case [16]byte:
		*i = v
	default:
		err = fmt.Errorf("id: cannot scan %T", src)
	}
	return err
}
