// Package billing is what regions and provinces subscribe to and pay for, and what follows from it. It owns all that is
// said to Stripe; without a key the same works by our own numbered invoices, paid by transfer.
//
// A provider is asked outside of any transaction and answers how things stand; apply writes that down, once, in the
// order in which it was asked. What a region may do follows from it by a pure function (Compute). Nothing of a citizen's
// depends on it: no queue, no case, no board, and nothing is ever deleted for money.
package billing

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// The permissions.
var (
	PermView = authz.Declare("billing:subscription:view",
		"Melihat langganan, pemakaian, dan tagihan", "See the subscription, its use and its invoices")
	PermEdit = authz.Declare("billing:subscription:edit",
		"Mengubah langganan dan data penagihan", "Change the subscription and the billing details")
	PermPayers = authz.Declare("billing:payer:list",
		"Melihat siapa yang berlangganan, tagihannya, dan kabar pembayaran yang gagal diproses", "See who subscribes, their invoices, and news of payments that could not be processed")
	PermManage = authz.Declare("billing:payer:manage",
		"Mencatat pembayaran dan mengurus langganan provinsi", "Record payments and look after provinces' subscriptions")
)

// What is recorded.
const (
	actionChange   = "billing:subscription:change"
	actionDetails  = "billing:details:change"
	actionIssue    = "billing:invoice:issue"
	actionPaid     = "billing:invoice:pay"
	actionPapers   = "billing:invoice:papers"
	actionCoverage = "billing:coverage:change"
	actionRetry    = "billing:event:retry"
	actionAct      = "billing:payer:manage"
)

// Who is told in a region's records for what who runs the platform does: the person's name is the platform's to know.
const (
	byPlatform = "system:platform"
	byProvider = "system:billing"
)

// Registry knows the tenants; tenant.Registry is one.
type Registry interface {
	All() []*tenant.Tenant
	Tenants() []*tenant.Tenant
	ByCode(code string) (*tenant.Tenant, bool)
	ByID(id tenant.ID) (*tenant.Tenant, bool)
	Platform() (*tenant.Tenant, bool)
}

// Options of New.
type Options struct {
	Registry Registry
	// Stripe takes the money of new subscriptions; nil: our own invoices do.
	Stripe Provider
	Log    *slog.Logger
}

// Service is billing.
type Service struct {
	db      *store.DB
	opt     Options
	ways    map[string]Provider
	current Provider
	log     *slog.Logger
}

// New makes the service.
func New(db *store.DB, opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: db, opt: opt, log: opt.Log, ways: map[string]Provider{}, current: NewOffline()}
	s.ways[Offline] = s.current
	if opt.Stripe != nil {
		s.ways[opt.Stripe.Name()], s.current = opt.Stripe, opt.Stripe
	}
	return s
}

// Pages tells whether new subscriptions have pages of the provider's own, for cards and virtual accounts.
func (s *Service) Pages() bool { return s.current.Name() != Offline }

// Entitlements are what a region may do by what is paid, now: by itself or by its province. Paid is felt at once.
func (s *Service) Entitlements(ctx context.Context, t *tenant.Tenant) (Entitlements, error) {
	var own State
	err := s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		own, err = ownState(ctx, tx, t.Scope)
		return err
	})
	if err != nil {
		return Entitlements{}, err
	}
	covered, err := s.coverage(ctx, "region_code = ?", t.Code)
	if err != nil {
		return Entitlements{}, err
	}
	if t.State != tenant.Active {
		own.Suspended = t.SuspendedReason
	}
	now := s.db.Now()
	out := Compute(own, now)
	for _, c := range covered {
		st := c.state()
		st.Suspended = own.Suspended
		out = better(out, Compute(st, now))
	}
	return out, nil
}

// ownState is the state of a scope's account among the tenant's rows; of none it is that nothing is subscribed to.
func ownState(ctx context.Context, tx *store.Tx, scope string) (State, error) {
	rows, err := store.Select[accountRow](tx).Where("scope = ?", scope).All(ctx)
	if err != nil || len(rows) == 0 {
		return State{Status: None}, err
	}
	invoices, err := invoicesOf(ctx, tx, rows[0].ID)
	if err != nil {
		return State{}, err
	}
	return rows[0].account(Details{}).state(invoices), nil
}

func (s *Service) coverage(ctx context.Context, where string, args ...any) (rows []coverageRow, err error) {
	err = s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) error {
		rows, err = store.SysSelect[coverageRow](ctx, sys, where, args...)
		return err
	})
	return rows, err
}

// state is what a province's payment entitles one of its regions to follows from.
func (c coverageRow) state() State {
	return State{Plan: c.Plan, Status: c.Status, UnpaidDue: c.OverdueSince, Province: true}
}

// View is a payer with all that its pages show.
type View struct {
	Account  Account
	Has      bool // there is an account: details were given
	Invoices []Invoice
	Entitled Entitlements // of the payer itself
	Covered  []string     // codes of the regions that a province pays for
	Now      time.Time
}

// Payer is whose account is asked for: a region, which is the tenant itself, or a province, whose account the platform
// keeps.
type Payer struct {
	At    *tenant.Tenant
	Scope string
}

// Own is a region as the payer of its own subscription.
func Own(t *tenant.Tenant) Payer { return Payer{t, t.Scope} }

// kind is which plans the payer chooses from.
func (p Payer) kind() string {
	if p.At.IsPlatform() {
		return Province
	}
	return "region"
}

// View reads a payer's account. Without one it is empty.
func (s *Service) View(ctx context.Context, p Payer) (out View, err error) {
	out.Now = s.db.Now()
	err = s.db.View(ctx, p.At.ID, func(ctx context.Context, tx *store.Tx) error {
		out.Account, out.Has, out.Invoices = Account{Scope: p.Scope, Status: None, Provider: s.current.Name()}, false, nil
		rows, err := store.Select[accountRow](tx).Where("scope = ?", p.Scope).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		out.Has = true
		if out.Account, err = opened(ctx, tx, rows[0]); err != nil {
			return err
		}
		out.Invoices, err = invoicesOf(ctx, tx, rows[0].ID)
		return err
	})
	if err != nil {
		return View{}, err
	}
	out.Entitled = Compute(out.Account.state(out.Invoices), out.Now)
	if out.Has && p.At.IsPlatform() {
		covered, err := s.coverage(ctx, "account_id = ?", out.Account.ID)
		if err != nil {
			return View{}, err
		}
		for _, c := range covered {
			out.Covered = append(out.Covered, c.RegionCode)
		}
		slices.Sort(out.Covered)
	}
	return out, nil
}

// account is the row as others know it.
func (r accountRow) account(d Details) Account {
	return Account{
		ID: r.ID, Scope: r.Scope, Provider: r.Provider, Customer: r.Customer, Subscription: r.Subscription, Plan: r.Plan, Status: r.Status,
		Quantity: r.Quantity, TrialEnd: r.TrialEnd, PeriodStart: r.PeriodStart, PeriodEnd: r.PeriodEnd, NextPlan: r.NextPlan,
		NextQuantity: r.NextQuantity, CancelAtEnd: r.CancelAtEnd, Attempt: r.Attempt, Details: d,
	}
}

// opened is the account with its details; what was sealed is "" once the tenant's keys have been destroyed.
func opened(ctx context.Context, tx *store.Tx, r accountRow) (Account, error) {
	d := Details{
		Name: r.Name, Address: r.Address, NPWP: r.NPWP, NITKU: r.NITKU, Contract: r.Contract, ContractDay: r.ContractDay,
		PurchaseOrder: r.PurchaseOrder, Treasurer: r.Treasurer,
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return Account{}, err
	}
	if d.Signatory, err = keys.Show(ctx, accountSignatory, r.ID, r.Signatory); err != nil {
		return Account{}, err
	}
	d.Email, err = keys.Show(ctx, accountEmail, r.ID, r.Email)
	return r.account(d), err
}

func invoicesOf(ctx context.Context, tx *store.Tx, account id.ID) ([]Invoice, error) {
	rows, err := store.Select[invoiceRow](tx).Where("account_id = ?", account).Order("issued_at desc", "id desc").All(ctx)
	out := make([]Invoice, len(rows))
	for i, r := range rows {
		out[i] = r.invoice()
	}
	return out, err
}

func (r invoiceRow) invoice() Invoice {
	return Invoice{
		ID: r.ID, External: r.External, Number: r.Number, Year: r.Year, No: r.No, Plan: r.Plan, Quantity: r.Quantity, PeriodStart: r.PeriodStart,
		PeriodEnd: r.PeriodEnd, Status: r.Status, Disputed: r.Disputed, Subtotal: Sen(r.Subtotal), VAT: Sen(r.VAT), Due: Sen(r.Due), Rules: r.Rules,
		Treasurer: r.Treasurer, Buyer: r.Buyer, PurchaseOrder: r.PurchaseOrder, Contract: r.Contract, IssuedAt: r.IssuedAt, DueAt: r.DueAt,
		PaidAt: r.PaidAt, DisputedAt: r.DisputedAt, Reference: r.Reference, TaxNumber: r.TaxNumber, Handover: r.Handover,
		HandoverDay: r.HandoverDay, FileURL: r.FileURL,
	}
}

// Invoice reads one of a payer's invoices with its account. The fault is "not_found".
func (s *Service) Invoice(ctx context.Context, p Payer, invoice id.ID) (a Account, i Invoice, err error) {
	err = s.db.View(ctx, p.At.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.Select[invoiceRow](tx).Where("id = ?", invoice).One(ctx)
		if err != nil {
			return err
		}
		acc, err := store.Select[accountRow](tx).Where("id = ? and scope = ?", row.AccountID, p.Scope).One(ctx)
		if err != nil {
			return err
		}
		i = row.invoice()
		a, err = opened(ctx, tx, acc)
		return err
	})
	return a, i, err
}

func (s *Service) provider(name string) (Provider, error) {
	if p := s.ways[name]; p != nil {
		return p, nil
	}
	return nil, fault.Wrap(errors.New("billing: "+name+" is not configured"), fault.Unavailable, "billing.provider").Retry(15 * time.Minute)
}
