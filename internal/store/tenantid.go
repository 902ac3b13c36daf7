package store

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/pendopo-id/pendopo/internal/id"
)

// TenantID names the tenant in whose rows a transaction lives. Its only field is out of reach and it
// has no Unmarshal, so nothing that arrives in a request can become one: it comes out of the registry
// of tenants, or new from NewTenantID.
type TenantID struct{ id id.ID }

// NewTenantID makes the identifier of a tenant that does not exist yet.
func NewTenantID() TenantID { return TenantID{id.New()} }

// IsZero tells whether no tenant is named.
func (t TenantID) IsZero() bool { return t.id.IsZero() }

// String is the 36-sign form of the UUID.
func (t TenantID) String() string { return t.id.String() }

// MarshalText implements encoding.TextMarshaler. There is no UnmarshalText on purpose.
func (t TenantID) MarshalText() ([]byte, error) { return t.id.MarshalText() }

// Value implements driver.Valuer. A zero tenant is an error: it must never reach a query.
func (t TenantID) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, errors.New("store: a query without a tenant")
	}
	return t.id.Value()
}

// Scan implements sql.Scanner, for the database's own rows. The architecture test refuses calls to it
// outside this package.
func (t *TenantID) Scan(src any) error {
	if err := t.id.Scan(src); err != nil {
		return fmt.Errorf("store: tenant: %w", err)
	}
	return nil
}
