package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// ErrPreparing refuses what only a region can be that has been opened once.
var ErrPreparing = fault.Wrap(errors.New("this region is still being prepared: its own people open it, or an apply does"), fault.Conflict, "tenant.preparing")

// Prepare makes a region that declares nothing yet, with one person of its own who sets it up: regional IT. The public
// sees that it is coming. then runs in the same transaction, such as to invite that person. Faults: "not_found" for a
// code that is no region's, "duplicate" where the region is here already.
func (p *Provisioner) Prepare(ctx context.Context, code string, who Membership, actor string, then func(context.Context, *store.Tx, Given) error) (Row, error) {
	seat, ok := areas.SeatByCode(code)
	if !ok {
		return Row{}, fault.New(fault.NotFound, "not_found")
	}
	whole, err := json.Marshal(tenants.Region{
		Code: seat.Code, Timezone: seat.Zone,
		Organiser: "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu " + seat.Name, // ex officio: Perpres 89/2021
	})
	if err != nil {
		return Row{}, fmt.Errorf("tenant: prepare: %w", err)
	}
	row := Row{
		ID: store.NewTenantID(), Code: seat.Code, Slug: seat.Slug, Name: seat.Name, Zone: seat.Zone,
		State: Preparing, Manifest: string(whole),
	}
	first, err := p.firstPasswords(ctx, row.ID, []tenants.Person{{Email: who.Email}})
	if err != nil {
		return Row{}, err
	}
	who.Scope = ScopeOf(seat.Code)
	err = p.DB.Provision(ctx, "prepare "+code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) (err error) {
		if row.Version, err = bump(ctx, s); err != nil {
			return err
		}
		row.CreatedAt, row.UpdatedAt = tx.Now(), tx.Now()
		if err := store.SysInsert(ctx, s, &row); err != nil {
			return err
		}
		if err := tx.StartChain(ctx); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: actor, Action: "tenant:region:prepare", Target: "tenant:" + code})
		if err := PutManifest(ctx, tx, Manifest{}, string(whole)); err != nil {
			return err
		}
		given, err := p.give(ctx, tx, who, first, actor)
		if err != nil {
			return err
		}
		return then(ctx, tx, given)
	})
	return row, err
}
