package seal

import (
	"context"
	"errors"
	"fmt"

	"github.com/pendopo-id/pendopo/internal/store"
)

// KeysTable is the table whose rows Outward and Inward change on their way between installations.
const KeysTable = "keysets"

// Outward wraps a tenant's keys, a row of KeysTable as store.Carry gives it, by another master key than the service's: that
// of an archive. Keys that were destroyed stay so. The keys are in clear in memory only, and within this call.
func (v *Vault) Outward(ctx context.Context, t store.TenantID, c store.Cells, by Master) error {
	return rewrapCells(ctx, t, c, v.master, by)
}

// Inward wraps the keys of an archive by the service's master key, in the tenant that they were made for and no other.
func (v *Vault) Inward(ctx context.Context, t store.TenantID, c store.Cells, by Master) error {
	return rewrapCells(ctx, t, c, by, v.master)
}

func rewrapCells(ctx context.Context, t store.TenantID, c store.Cells, from, to Master) error {
	for _, column := range []string{"seal_keys", "index_keys"} {
		var wrapped []byte
		switch v := c[column].(type) {
		case nil:
			if _, there := c[column]; there {
				continue
			}
			return fmt.Errorf("seal: a row of keys without %s", column)
		case []byte:
			wrapped = v
		default:
			return errors.New("seal: a row of keys that holds none")
		}
		h, err := unwrapOne(ctx, from, wrapped, keysFor(t, column))
		if err != nil {
			return err
		}
		if c[column], err = wrapOne(ctx, to, h, keysFor(t, column)); err != nil {
			return err
		}
	}
	return nil
}
