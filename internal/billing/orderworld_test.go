package billing

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// orderCounts is how many orders are tried, by dialect: PENDOPO_TEST_ORDERS of SQLite, and a tenth of PostgreSQL.
func orderCounts(tb testing.TB) map[string]int {
	tb.Helper()
	n := 400
	if s := os.Getenv("PENDOPO_TEST_ORDERS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			tb.Fatal(err)
		}
	}
	return map[string]int{"sqlite": n, "postgres": n / 10}
}

// OrderWorld gives a database with a region; the tests outside the package set it, which may import testkit.
var OrderWorld func(tb testing.TB, dialect string) (db *store.DB, tenant store.TenantID, code string, now time.Time)

func orderWorld(tb testing.TB, dialect string) (*store.DB, store.TenantID, string, time.Time) {
	tb.Helper()
	return OrderWorld(tb, dialect)
}
