package onboarding

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/fields"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

// Proposal is what would complete the draft's series and counters, reckoned with so many visitors a day; 0: what is
// usual.
func (s *Service) Proposal(d *Draft, visitors int) propose.Proposal {
	region, _ := d.Region()
	return propose.Propose(region, s.cat, propose.Expect{Visitors: visitors})
}

// TakeProposal puts into the draft what a proposal adds. What somebody has set stays, unless all of it is to be proposed
// anew.
func (s *Service) TakeProposal(ctx context.Context, t *tenant.Tenant, by *authz.Actor, visitors int, anew bool) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		if anew {
			for _, a := range d.list("agencies") {
				at := "agencies/" + a
				for _, list := range []string{"series", "counters"} {
					for _, key := range d.list(at + "/" + list) {
						e.set(d, at+"/"+list+"/"+key, "")
					}
				}
				for _, key := range d.list(at + "/services") {
					e.set(d, at+"/services/"+key+"/series", "")
				}
			}
		}
		region, _ := d.Region()
		for path, value := range fields.Of(propose.Propose(region, s.cat, propose.Expect{Visitors: visitors}).Region) {
			e.set(d, path, value)
		}
		return nil
	}, new(int64))
}
