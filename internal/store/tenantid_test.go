package store_test

import (
	"encoding"
	"encoding/gob"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Nothing that arrives from outside can become a tenant.
func TestTenantIDCannotBeRead(t *testing.T) {
	var at any = new(store.TenantID)
	for name, can := range map[string]bool{
		"UnmarshalText":   is[encoding.TextUnmarshaler](at),
		"UnmarshalBinary": is[encoding.BinaryUnmarshaler](at),
		"UnmarshalJSON":   is[json.Unmarshaler](at),
		"GobDecode":       is[gob.GobDecoder](at),
		"Set":             is[interface{ Set(string) error }](at),
	} {
		if can {
			t.Errorf("TenantID has %s", name)
		}
	}
	typ := reflect.TypeFor[*store.TenantID]()
	for i := range typ.NumMethod() {
		switch name := typ.Method(i).Name; name {
		case "IsZero", "String", "MarshalText", "Value", "Scan":
		default:
			t.Errorf("TenantID has a method %s: can a request reach it?", name)
		}
	}
	for i := range typ.Elem().NumField() {
		if f := typ.Elem().Field(i); f.IsExported() || f.Anonymous {
			t.Errorf("TenantID's field %s can be set from outside", f.Name)
		}
	}
	var row struct{ ID store.TenantID }
	if err := json.Unmarshal([]byte(`{"ID":"`+store.NewTenantID().String()+`"}`), &row); err == nil || !row.ID.IsZero() {
		t.Errorf("JSON became the tenant %s: %v", row.ID, err)
	}
	if err := json.Unmarshal([]byte(`{"ID":{"id":"`+store.NewTenantID().String()+`"}}`), &row); !row.ID.IsZero() {
		t.Errorf("JSON became the tenant %s: %v", row.ID, err)
	}
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

func TestTenantID(t *testing.T) {
	a, zero := store.NewTenantID(), store.TenantID{}
	if a.IsZero() || a == store.NewTenantID() || len(a.String()) != 36 {
		t.Errorf("new: %s", a)
	}
	if v, err := a.Value(); v != a.String() || err != nil {
		t.Errorf("Value: %v %v", v, err)
	}
	if text, err := a.MarshalText(); string(text) != a.String() || err != nil {
		t.Errorf("MarshalText: %s %v", text, err)
	}
	if !zero.IsZero() || zero.String() != "" {
		t.Errorf("zero: %q", zero.String())
	}
	if v, err := zero.Value(); err == nil || !strings.Contains(err.Error(), "without a tenant") {
		t.Errorf("a zero tenant reaches a query as %v: %v", v, err)
	}
	var back store.TenantID
	if err := back.Scan("'; drop table venues; --"); err == nil {
		t.Errorf("scanned %s", back)
	}
}
