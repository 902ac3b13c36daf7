package store_test

import (
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
)

func TestEavesdropped(t *testing.T) {
	for url, want := range map[string]bool{
		"": false, "postgres://u:p@localhost/x": false, "postgres://u@127.0.0.1:5433/x": false, "postgres:///x?host=/run/postgresql": false,
		"postgres://u:p@db/x": true, "postgres://u:p@db.contoh.go.id/x?sslmode=disable": true, "postgres://u:p@db/x?sslmode=require": true,
		"postgres://u:p@db/x?sslmode=prefer": true, "postgres://u:p@db/x?sslmode=verify-full": false, "nonsense": false,
	} {
		if got := store.Eavesdropped(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
