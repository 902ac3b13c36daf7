package billing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The days count to the moment: due is not overdue, and 30 days of warnings are 30.
func TestComputeAtTheBoundaries(t *testing.T) {
	due := time.Date(2027, 1, 23, 2, 0, 0, 0, time.UTC)
	s := billing.State{Plan: "kota", Status: billing.Active, UnpaidDue: due}
	for _, c := range []struct {
		at       time.Time
		standing billing.Standing
		new      bool
	}{
		{due.Add(-time.Hour), billing.Good, true}, {due, billing.Good, true}, {due.Add(time.Microsecond), billing.Overdue, true},
		{due.AddDate(0, 0, 30).Add(-time.Microsecond), billing.Overdue, true}, {due.AddDate(0, 0, 30), billing.Restricted, false}, {due.AddDate(9, 0, 0), billing.Restricted, false},
	} {
		e := billing.Compute(s, c.at)
		if e.Standing != c.standing || e.NewVenues != c.new || e.Branding != c.new || e.Exports != c.new || e.Plan != "kota" || e.Venues != 24 {
			t.Errorf("%v: %+v", c.at, e)
		}
	}
}

// A suspension is a state of its own, with its own reason, whatever is paid; too many venues are warned of and nothing else;
// a plan that only a newer program knows limits nothing.
func TestComputeTheRest(t *testing.T) {
	now := testkit.Morning
	e := billing.Compute(billing.State{Plan: "kota", Status: billing.Active, Suspended: "pelanggaran ketentuan"}, now)
	if e.Standing != billing.Suspended || e.Reason != "pelanggaran ketentuan" || len(e.Warnings) != 0 || !e.NewVenues {
		t.Errorf("%+v", e)
	}
	e = billing.Compute(billing.State{}, now).Used(2)
	if e.Plan != billing.Pilot || e.Venues != 1 || !e.NewVenues || !slices.Equal(e.Warnings, []billing.Warning{billing.WarnVenues}) {
		t.Errorf("%+v", e)
	}
	if e := billing.Compute(billing.State{Plan: "bulan", Status: billing.Active}, now).Used(500); len(e.Warnings) != 0 || e.Plan != "bulan" {
		t.Errorf("%+v", e)
	}
}

// Who runs the platform suspends a region: it is told as that, and not as something unpaid.
func TestSuspendedIsNotUnpaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		prov := tenant.Provisioner{DB: w.db}
		_, err := prov.SetState(t.Context(), w.a.Code, tenant.Suspended, "pindah gedung", "system:test")
		must(t, err)
		must(t, w.reg.Refresh(t.Context()))
		a, _ := w.reg.ByCode(w.a.Code)
		if e := w.entitled(t, a); e.Standing != billing.Suspended || e.Reason != "pindah gedung" || !e.Since.IsZero() {
			t.Errorf("%+v", e)
		}
	})
}

// What is in the rows of one payer is not found in another's.
func TestAnInvoiceIsItsPayersOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.subscribe(t, w.own(), "kabupaten")
		w.clock.Advance(31 * days)
		_, err := w.svc.Reconcile(t.Context(), w.a.ID)
		must(t, err)
		i := w.view(t, w.own()).Invoices[0]
		if _, _, err := w.svc.Invoice(t.Context(), billing.Own(w.b), i.ID); err == nil {
			t.Error("the neighbour finds it")
		}
		if err := w.svc.Handover(t.Context(), billing.Own(w.b), actor, i.ID, "1", day(2026, 12, 1)); err == nil {
			t.Error("the neighbour writes on it")
		}
	})
}
