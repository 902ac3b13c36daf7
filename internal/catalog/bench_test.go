package catalog_test

import (
	"context"
	"testing"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// BenchmarkSurabaya is the largest example, with 248 services: a search that finds, one that does not and needs help, and
// the whole home page past the cache.
func BenchmarkSurabaya(b *testing.B) {
	w := newWorld(b)
	w.real(b, false, nil, "35.78")
	t, _ := w.reg.ByCode("35.78")
	d, err := tenant.NewDirectories(w.db).Of(context.Background(), t)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("find", func(b *testing.B) {
		for b.Loop() {
			w.cat.Find(d, "ktp hilang")
		}
	})
	b.Run("help", func(b *testing.B) {
		for b.Loop() {
			w.cat.Help(d, "pasporr zebra jerapah gajahh")
		}
	})
	b.Run("home", func(b *testing.B) {
		for b.Loop() {
			w.page(b, "http://surabaya.localhost/", "Cookie", "sid=petugas")
		}
	})
	b.Run("home-kept", func(b *testing.B) {
		for b.Loop() {
			w.page(b, "http://surabaya.localhost/")
		}
	})
}
