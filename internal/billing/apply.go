package billing

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// begin takes a turn with an account: a number that orders the answers of its provider. Of two answers the one that was
// asked for later says how things stand; the other, when it comes after, is thrown away. Each change at the provider is
// followed by news of it and so by a later question, so that what is kept in the end is how things stand in the end.
func begin(ctx context.Context, tx *store.Tx, account id.ID) (accountRow, error) {
	if err := store.Lock[accountRow](ctx, tx, account); err != nil {
		return accountRow{}, err
	}
	if _, err := store.Update[accountRow](tx).Set("begun = begun + 1").Where("id = ?", account).Exec(ctx); err != nil {
		return accountRow{}, err
	}
	return store.Select[accountRow](tx).Where("id = ?", account).One(ctx)
}

// answer is a provider's, to be applied.
type answer struct {
	account id.ID
	turn    int64
	snap    Snapshot
	actor   string
	action  string // what is recorded when something has changed; "" is actionChange
}

// standing is what records say of a subscription.
type standing struct {
	Plan     string `json:"plan"`
	Status   Status `json:"status"`
	Quantity int64  `json:"quantity,omitempty"`
	Next     string `json:"next,omitempty"`
	Cancel   bool   `json:"cancel,omitempty"`
}

func (r accountRow) standing() standing {
	return standing{r.Plan, r.Status, r.Quantity, r.NextPlan, r.CancelAtEnd}
}

// billed is what records say of an invoice.
type billed struct {
	Number string        `json:"number"`
	Due    int64         `json:"due_rupiah"`
	State  InvoiceStatus `json:"state"`
}

// apply writes an answer down, unless a later one has been. Doing it twice is doing it once.
func (s *Service) apply(ctx context.Context, sys *store.SysTx, tx *store.Tx, region string, a answer) error {
	if err := store.Lock[accountRow](ctx, tx, a.account); err != nil {
		return err
	}
	row, err := store.Select[accountRow](tx).Where("id = ?", a.account).One(ctx)
	if err != nil {
		return err
	}
	switch {
	case (row.Provider == Offline || a.snap.local) && row.Begun != a.turn:
		// The answer follows from what was read, and somebody has changed it since.
		return fault.New(fault.Conflict, "billing.changed")
	case a.turn <= row.Applied:
		return nil
	}
	next, before := row, row.standing()
	next.take(a.snap)
	n, err := store.Update[accountRow](tx).
		Set("customer = ?", next.Customer).Set("subscription = ?", next.Subscription).Set("plan = ?", next.Plan).Set("status = ?", next.Status).
		Set("quantity = ?", next.Quantity).Set("trial_end = ?", null(next.TrialEnd)).Set("period_start = ?", null(next.PeriodStart)).
		Set("period_end = ?", null(next.PeriodEnd)).Set("next_plan = ?", next.NextPlan).Set("next_quantity = ?", next.NextQuantity).
		Set("cancel_at_end = ?", next.CancelAtEnd).Set("applied = ?", a.turn).Set("updated_at = ?", tx.Now()).
		Where("id = ?", row.ID).Exec(ctx)
	if err != nil || n != 1 {
		return fmt.Errorf("billing: account not written: %d rows: %w", n, err)
	}
	if next.standing() != before {
		action := a.action
		if action == "" {
			action = actionChange
		}
		tx.Audit(store.Record{Actor: a.actor, Action: action, Target: "tenant:" + region, Data: struct {
			Scope string `json:"scope"`
		}{row.Scope}, Before: before, After: next.standing()})
	}
	for _, i := range a.snap.Invoices {
		if err := s.putInvoice(ctx, sys, tx, region, row, i, a.actor); err != nil {
			return err
		}
	}
	return s.publish(ctx, sys, tx, next)
}

// take makes the row what a snapshot says.
func (r *accountRow) take(s Snapshot) {
	r.Customer, r.Subscription, r.Plan, r.Status, r.Quantity = s.Customer, s.Subscription, s.Plan, s.Status, s.Quantity
	r.TrialEnd, r.PeriodStart, r.PeriodEnd = s.TrialEnd, s.PeriodStart, s.PeriodEnd
	r.NextPlan, r.NextQuantity, r.CancelAtEnd = s.NextPlan, s.NextQuantity, s.CancelAtEnd
}

// putInvoice writes an invoice: a new one whole, of one that is there what can still change.
func (s *Service) putInvoice(ctx context.Context, sys *store.SysTx, tx *store.Tx, region string, account accountRow, i Invoice, actor string) error {
	have, err := store.Select[invoiceRow](tx).Where("external = ?", i.External).All(ctx)
	if err != nil {
		return err
	}
	if len(have) > 0 {
		old := have[0]
		if old.AccountID != account.ID {
			return fmt.Errorf("billing: an invoice of another account")
		}
		if i.Reference == "" {
			i.Reference = old.Reference
		}
		if old.says(i) {
			return nil
		}
		_, err := store.Update[invoiceRow](tx).
			Set("status = ?", i.Status).Set("disputed = ?", i.Disputed).Set("disputed_at = ?", null(i.DisputedAt)).Set("paid_at = ?", null(i.PaidAt)).
			Set("reference = ?", i.Reference).Set("number = ?", i.Number).Set("due_at = ?", null(i.DueAt)).Set("subtotal = ?", int64(i.Subtotal)).
			Set("vat = ?", int64(i.VAT)).Set("due = ?", int64(i.Due)).Set("file_url = ?", i.FileURL).
			Where("id = ?", old.ID).Exec(ctx)
		if err == nil && (old.Status != i.Status || old.Disputed != i.Disputed) {
			action := actionIssue
			if i.Status == Paid {
				action = actionPaid
			}
			tx.Audit(store.Record{
				Actor: actor, Action: action, Target: "invoice:" + old.ID.String(), Before: billed{i.Number, i.Due.Whole(), old.Status},
				After: billed{i.Number, i.Due.Whole(), i.Status},
			})
		}
		return err
	}
	if i.ID.IsZero() {
		i.ID = id.New()
	}
	if account.Provider == Offline {
		if i.Year, i.No, err = number(ctx, sys, tx, region, i.ID); err != nil {
			return err
		}
		i.Number = Number(i.Year, i.No)
	}
	row := &invoiceRow{
		ID: i.ID, AccountID: account.ID, External: i.External, Number: i.Number, Year: i.Year, No: i.No, Plan: i.Plan, Quantity: i.Quantity,
		PeriodStart: i.PeriodStart, PeriodEnd: i.PeriodEnd, Status: i.Status, Disputed: i.Disputed, Subtotal: int64(i.Subtotal), VAT: int64(i.VAT),
		Due: int64(i.Due), Rules: i.Rules, Treasurer: i.Treasurer, Buyer: i.Buyer, PurchaseOrder: i.PurchaseOrder, Contract: i.Contract,
		IssuedAt: i.IssuedAt, DueAt: i.DueAt, PaidAt: i.PaidAt, DisputedAt: i.DisputedAt, Reference: i.Reference, FileURL: i.FileURL,
	}
	if err := store.Insert(ctx, tx, row); err != nil {
		return err
	}
	tx.Audit(store.Record{Actor: actor, Action: actionIssue, Target: "invoice:" + row.ID.String(), After: billed{i.Number, i.Due.Whole(), i.Status}})
	return nil
}

// says tells whether the row says already what a provider says of the invoice.
func (r invoiceRow) says(i Invoice) bool {
	return r.Status == i.Status && r.Disputed == i.Disputed && r.DisputedAt.Equal(i.DisputedAt) && r.PaidAt.Equal(i.PaidAt) && r.Reference == i.Reference &&
		r.Number == i.Number && r.DueAt.Equal(i.DueAt) && r.Subtotal == int64(i.Subtotal) && r.VAT == int64(i.VAT) && r.Due == int64(i.Due) && r.FileURL == i.FileURL
}

// number takes the next number of the year, in WIB, for an invoice. The year's row is held until the commit, so that the
// numbers follow one another without a gap whatever fails; the keys of billing_numbers see to it too.
func number(ctx context.Context, sys *store.SysTx, tx *store.Tx, region string, invoice id.ID) (year, n int64, err error) {
	year = int64(tx.Now().In(clock.WIB).Year())
	held, err := store.SysUpdate[yearRow](ctx, sys, "n = n + 1", nil, "year = ?", year)
	if err != nil {
		return 0, 0, err
	}
	if held == 0 { // of two that begin the year at once one meets the other's row, and is run again
		if err := store.SysInsert(ctx, sys, &yearRow{Year: year, N: 1}); err != nil {
			return 0, 0, err
		}
	}
	rows, err := store.SysSelect[yearRow](ctx, sys, "year = ?", year)
	if err != nil {
		return 0, 0, err
	}
	if len(rows) != 1 {
		return 0, 0, fmt.Errorf("billing: no numbers of %d", year)
	}
	n = rows[0].N
	return year, n, store.SysInsert(ctx, sys, &numberRow{Year: year, N: n, Prev: n - 1, RegionCode: region, InvoiceID: invoice})
}

// Number is how an invoice's number reads: "PDP/2026/00012".
func Number(year, n int64) string {
	s := strconv.FormatInt(n, 10)
	for len(s) < 5 {
		s = "0" + s
	}
	return "PDP/" + strconv.FormatInt(year, 10) + "/" + s
}

// publish tells the control plane how an account stands: for the list of payers, for webhooks, and for the regions that
// it pays for.
func (s *Service) publish(ctx context.Context, sys *store.SysTx, tx *store.Tx, row accountRow) error {
	_, err := store.SysUpdate[payerRow](ctx, sys, "provider = ?, customer = ?, plan = ?, status = ?, changed_at = ?",
		[]any{row.Provider, orNull(row.Customer), row.Plan, row.Status, tx.Now()}, "account_id = ?", row.ID)
	if err != nil {
		return err
	}
	invoices, err := invoicesOf(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	due, _ := unpaidDue(invoices)
	_, err = store.SysUpdate[coverageRow](ctx, sys, "plan = ?, status = ?, overdue_since = ?, changed_at = ?",
		[]any{row.Plan, row.Status, null(due), tx.Now()}, "account_id = ?", row.ID)
	return err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
