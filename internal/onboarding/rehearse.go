package onboarding

import (
	"context"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
)

// Rehearse plays a day of what the draft would be and keeps the report. Faults: "onboarding.wrong" (422), and the
// rehearsal's own.
func (s *Service) Rehearse(ctx context.Context, t *tenant.Tenant, by *authz.Actor, visitors int) error {
	d, err := s.Whole(ctx, t)
	if err != nil {
		return err
	}
	if blocked(s.Check(d)) {
		return fault.New(fault.Invalid, "onboarding.wrong")
	}
	region, _ := d.Region()
	report, err := s.opt.Rehearsal.Run(ctx, region, visitors)
	if err != nil {
		return err
	}
	return s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		_, err := store.Update[draftHead](tx).Set("report = ?", report).Set("report_version = ?", d.Version).Set("report_at = ?", tx.Now()).Where("true").Exec(ctx)
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:rehearsal:run", Target: "tenant:" + t.Code})
		return err
	})
}

// rehearsalView is the screen of the rehearsal.
type rehearsalView struct {
	Ready    bool // nothing is wrong with the draft
	Visitors int
	Ran      bool
	Stale    bool
	At       string
	Report   Rehearsed
}

func (h handlers) rehearsalView(c *web.Ctx, d *Draft, all []Trouble) (v rehearsalView, err error) {
	v.Ready, v.Stale = !blocked(all), d.Stale
	v.Visitors = h.Proposal(d, 0).Visitors
	if d.Report == "" {
		return v, nil
	}
	v.Ran, v.At = true, c.P.DateTime(d.ReportAt)
	v.Report, err = h.opt.Rehearsal.Say(d.Report, c.P)
	return v, err
}
