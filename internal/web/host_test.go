package web_test

import (
	"fmt"
	"testing"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// BenchmarkHost finds one of 514 tenants by a Host header, in the registry that serves.
func BenchmarkHost(b *testing.B) {
	db := testkit.Open(b, testkit.SQLite)
	for i := range 514 {
		testkit.Tenant(b, db, testkit.Code(fmt.Sprintf("%02d.%02d", 11+i%38, 1+i/38)), testkit.Slug(fmt.Sprintf("daerah-%d", i)))
	}
	registry := tenant.NewRegistry(db, "localhost", nil)
	if err := registry.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	header := []byte("daerah-217.localhost:8080")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := registry.ByHost(web.PlainHost(header)); !ok {
			b.Fatal("not found")
		}
	}
}
