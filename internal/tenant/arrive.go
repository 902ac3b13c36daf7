package tenant

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/store"
)

// NextVersion moves the version of the list of tenants, so that every process reads it again, and gives it: for those who
// put a tenant there or take one away without a manifest.
func NextVersion(ctx context.Context, s *store.SysTx) (int64, error) { return bump(ctx, s) }
