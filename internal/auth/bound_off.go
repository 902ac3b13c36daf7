//go:build pendopo_layers

package auth

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

var bound = true

// Bind puts the binding of sessions to their hosts in force, or takes it out: then a token of any region is found at
// every host. Only a build for tests of the layers below has it.
func Bind(on bool) { bound = on }

func (s *Service) home(ctx context.Context, t *tenant.Tenant, key cacheKey) tenant.ID {
	if bound {
		return t.ID
	}
	var all []tenant.Row
	err := s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) (err error) {
		all, err = store.SysSelect[tenant.Row](ctx, sys, "")
		return err
	})
	for _, row := range all {
		_ = s.db.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
			if there, err := store.Select[session](tx).Where("token_hash = ?", key.token[:]).Exists(ctx); err == nil && there {
				t = &tenant.Tenant{ID: row.ID}
			}
			return nil
		})
	}
	if err != nil {
		panic(err)
	}
	return t.ID
}
