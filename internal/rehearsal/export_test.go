package rehearsal

import (
	"context"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Reckoned is what Run would report if the model of what-ifs were the queue.
func Reckoned(ctx context.Context, region *tenants.Region, opt Options) (Report, error) {
	s, err := newScene(nameless(region), catalogue.Default(), opt)
	if err != nil {
		return Report{}, err
	}
	clock := &hand{}
	p, err := play(ctx, s, newReckoning(s, clock), clock)
	if err != nil {
		return Report{}, err
	}
	r := figures(s, p)
	return r, r.advise(ctx, s, p, region)
}
