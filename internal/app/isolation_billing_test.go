package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// payerDetails are billing details with which nothing is wrong, the same in every region.
var payerDetails = texts{
	"name": "Pemerintah Kabupaten Uji", "address": "Jalan Uji 1", "npwp": "0012345678901000", "nitku": "0012345678901000000001", "signatory": "Penanda Tangan",
	"email": "keuangan@uji.test",
}

// invoiceRow mirrors an invoice, as far as the suite writes it.
type invoiceRow struct {
	bun.BaseModel `bun:"table:billing_invoices,alias:invoice"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	AccountID id.ID     `bun:"account_id"`
	External  string    `bun:"external"`
	Number    string    `bun:"number"`
	Status    string    `bun:"status"`
	Subtotal  int64     `bun:"subtotal"`
	VAT       int64     `bun:"vat"`
	Due       int64     `bun:"due"`
	Buyer     string    `bun:"buyer"`
	IssuedAt  time.Time `bun:"issued_at"`
}

// coverageRow mirrors a province's payment for a region.
type coverageRow struct {
	bun.BaseModel `bun:"table:billing_coverage,alias:coverage"`
	store.Shared
	RegionCode string    `bun:"region_code,pk"`
	Plan       string    `bun:"plan"`
	Status     string    `bun:"status"`
	ChangedAt  time.Time `bun:"changed_at"`
}

// covered leaves what is known of a province's payment for the region: none goes on.
func (s *side) covered(t *testing.T) {
	t.Helper()
	err := s.w.db.System(t.Context(), "a test's coverage", func(ctx context.Context, sys *store.SysTx) error {
		return store.SysInsert(ctx, sys, &coverageRow{RegionCode: s.t.Code, Status: "none", ChangedAt: sys.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// subscribed gives the region a subscription that goes on.
func (s *side) subscribed(t *testing.T) {
	t.Helper()
	svc, p := s.w.ap.Billing, billing.Own(s.t)
	d := payerDetails
	err := svc.SaveDetails(t.Context(), p, "system:test", billing.Details{
		Name: d["name"], Address: d["address"], NPWP: d["npwp"], NITKU: d["nitku"], Signatory: d["signatory"], Email: d["email"],
	})
	if err == nil {
		err = svc.Choose(t.Context(), p, "system:test", billing.Pilot, 1, time.Time{})
	}
	if err == nil {
		err = svc.Keep(t.Context(), p, "system:test")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// invoice gives the region an invoice that names it.
func (s *side) invoice(t *testing.T) string {
	t.Helper()
	s.subscribed(t)
	v, err := s.w.ap.Billing.View(t.Context(), billing.Own(s.t))
	if err != nil {
		t.Fatal(err)
	}
	row := &invoiceRow{ID: id.New(), AccountID: v.Account.ID, Number: "PDP/" + s.Canary, Status: "open", Subtotal: 100, VAT: 11, Due: 111, Buyer: "DPMPTSP " + s.Canary}
	row.External = row.ID.String()
	err = s.w.db.In(t.Context(), s.ID, func(ctx context.Context, tx *store.Tx) error {
		row.IssuedAt = tx.Now()
		return store.Insert(ctx, tx, row)
	})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID.String()
}

func invoiceAt(t *testing.T, s *side) string { return s.invoice(t) }
