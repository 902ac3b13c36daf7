package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// world is billing with a platform and two regions of one province.
type world struct {
	db       *store.DB
	clock    *testkit.Clock
	reg      *tenant.Registry
	svc      *billing.Service
	a, b     *tenant.Tenant
	platform *tenant.Tenant
}

const actor = "user:0192f0c1-0000-7000-8000-000000000001"

// good are billing details with which nothing is wrong.
func good() billing.Details {
	return billing.Details{
		Name: "DPMPTSP Kabupaten Bangka", Address: "Jalan Jenderal Sudirman 1, Sungailiat", NPWP: "0012345678901000", NITKU: "0012345678901000000001",
		Contract: "027/SPK/2026", ContractDay: day(2026, 11, 2), PurchaseOrder: "PO-7", Signatory: "Ratna Dewi", Email: "keuangan@bangka.test",
	}
}

func day(y int, m time.Month, d int) clock.Day {
	return clock.DayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), time.UTC)
}

func newWorld(tb testing.TB, db *store.DB, clk *testkit.Clock, stripe billing.Provider) *world {
	tb.Helper()
	ctx := context.Background()
	if _, err := tenant.OpenPlatform(ctx, db); err != nil {
		tb.Fatal(err)
	}
	ra, rb := testkit.Two(tb, db)
	w := &world{db: db, clock: clk, reg: tenant.NewRegistry(db, "localhost", nil)}
	if err := w.reg.Refresh(ctx); err != nil {
		tb.Fatal(err)
	}
	w.a, _ = w.reg.ByID(ra.ID)
	w.b, _ = w.reg.ByID(rb.ID)
	w.platform, _ = w.reg.Platform()
	w.svc = billing.New(db, billing.Options{Registry: w.reg, Stripe: stripe})
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			clk := testkit.NewClock(testkit.Morning)
			fn(t, newWorld(t, testkit.Open(t, dialect, testkit.WithClock(clk)), clk, nil))
		})
	}
}

func (w *world) own() billing.Payer { return billing.Own(w.a) }

func (w *world) operator() billing.Operator {
	return billing.Operator{Platform: w.platform, Actor: actor}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) view(tb testing.TB, p billing.Payer) billing.View {
	tb.Helper()
	v, err := w.svc.View(tb.Context(), p)
	must(tb, err)
	return v
}

func (w *world) entitled(tb testing.TB, t *tenant.Tenant) billing.Entitlements {
	tb.Helper()
	e, err := w.svc.Entitlements(tb.Context(), t)
	must(tb, err)
	return e
}

// subscribe gives a payer details and a plan.
func (w *world) subscribe(tb testing.TB, p billing.Payer, plan string) {
	tb.Helper()
	must(tb, w.svc.SaveDetails(tb.Context(), p, actor, good()))
	must(tb, w.svc.Choose(tb.Context(), p, actor, plan, 1, time.Time{}))
}

func init() {
	billing.OrderWorld = func(tb testing.TB, dialect string) (*store.DB, store.TenantID, string, time.Time) {
		clk := testkit.NewClock(testkit.Morning)
		w := newWorld(tb, testkit.Open(tb, dialect, testkit.WithClock(clk)), clk, nil)
		return w.db, w.a.ID, w.a.Code, testkit.Morning
	}
}
