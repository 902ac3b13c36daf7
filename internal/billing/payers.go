package billing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// figure is an invoice as it is told across tenants: identifiers and numbers. Migration 0010_billing has the same
// question for PostgreSQL.
type figure struct {
	TenantID  store.TenantID `bun:"tenant_id"`
	AccountID id.ID          `bun:"account_id"`
	InvoiceID id.ID          `bun:"invoice_id"`
	Year      int64          `bun:"year"`
	No        int64          `bun:"no"`
	State     int64          `bun:"state"`
	Due       int64          `bun:"due"`
	IssuedAt  int64          `bun:"issued_at"`
	DueAt     int64          `bun:"due_at"`
	PaidAt    int64          `bun:"paid_at"`
}

var figures = store.DeclareAggregate[figure]("invoices", store.From{"billing_invoices"}, `
	select i.tenant_id, i.account_id, i.id as invoice_id, i.year, i.no,
		case when i.disputed then 5 when i.status = 'draft' then 0 when i.status = 'open' then 1 when i.status = 'paid' then 2 when i.status = 'void' then 3 else 4 end as state,
		i.due, unixepoch(i.issued_at) as issued_at, coalesce(unixepoch(i.due_at), 0) as due_at, coalesce(unixepoch(i.paid_at), 0) as paid_at
	from asked a
	cross join billing_invoices i on i.tenant_id = a.tenant_id
	where i.status = 'open' or i.disputed or unixepoch(i.issued_at) >= ?`)

var stateOf = []InvoiceStatus{Draft, Open, Paid, Void, Uncollectible, Paid}

const disputedFigure = 5

// recent is how far back settled invoices are listed.
const recent = 400 * 24 * time.Hour

// PayerLine is a payer as who runs the platform sees it.
type PayerLine struct {
	Code     string // of the tenant that keeps the account: the region's, or the platform's
	Scope    string
	Name     string // of the region or the province
	Province bool
	Provider string
	Plan     string
	Status   Status
	Owed     Sen
	Overdue  bool
	Regions  []string // codes of those that a province pays for
}

// InvoiceLine is an invoice as who runs the platform sees it.
type InvoiceLine struct {
	Code     string // of the tenant that keeps it
	Payer    string // name
	ID       id.ID
	Number   string // "" where the provider numbers
	Status   InvoiceStatus
	Disputed bool
	Due      Sen
	IssuedAt time.Time
	DueAt    time.Time
	PaidAt   time.Time
	Overdue  bool
	Ours     bool // may be marked as paid
}

// Letter is news of the provider's that could not be processed.
type Letter struct {
	ID, Kind, Code, Region string
	Tries                  int64
	At                     time.Time
}

// Overview is what who runs the platform sees.
type Overview struct {
	Now      time.Time
	Payers   []PayerLine
	Invoices []InvoiceLine // unsettled ones first, by day due
	Letters  []Letter
	Free     []string // provinces without an account, by code
}

// Operator is who runs the platform.
type Operator struct {
	Platform *tenant.Tenant
	Actor    string
}

// Overview lists payers, invoices and dead letters.
func (s *Service) Overview(ctx context.Context, who Operator) (Overview, error) {
	out := Overview{Now: s.db.Now()}
	var payers []payerRow
	var covered []coverageRow
	var dead []eventRow
	err := s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) (err error) {
		if payers, err = store.SysSelect[payerRow](ctx, sys, ""); err != nil {
			return err
		}
		if covered, err = store.SysSelect[coverageRow](ctx, sys, ""); err != nil {
			return err
		}
		dead, err = store.SysSelect[eventRow](ctx, sys, "state = 'dead'")
		return err
	})
	if err != nil {
		return Overview{}, err
	}
	var asked []store.Asked
	codes := map[store.TenantID]string{}
	lines := map[id.ID]*PayerLine{}
	taken := map[string]bool{}
	out.Payers = make([]PayerLine, 0, len(payers)) // never grows: lines points into it
	for _, p := range payers {
		t, ok := s.opt.Registry.ByCode(p.RegionCode)
		if !ok {
			continue
		}
		if codes[t.ID] == "" {
			codes[t.ID] = t.Code
			asked = append(asked, store.Asked{Tenant: t.ID, Day: t.Today(out.Now)})
		}
		line := PayerLine{Code: t.Code, Scope: p.Scope, Name: t.Name, Province: t.IsPlatform(), Provider: p.Provider, Plan: p.Plan, Status: p.Status}
		if line.Province {
			code := provinceOf(p.Scope)
			taken[code] = true
			line.Name = ProvinceName(code)
			for _, c := range covered {
				if c.AccountID == p.AccountID {
					line.Regions = append(line.Regions, c.RegionCode)
				}
			}
			slices.Sort(line.Regions)
		}
		out.Payers = append(out.Payers, line)
		lines[p.AccountID] = &out.Payers[len(out.Payers)-1]
	}
	rows, err := store.Across(ctx, s.db, PermPayers.Name()+" "+who.Actor, figures, asked, out.Now.Add(-recent).Unix())
	if err != nil {
		return Overview{}, err
	}
	for _, f := range rows {
		line := lines[f.AccountID]
		if line == nil || f.State < 0 || int(f.State) >= len(stateOf) {
			continue
		}
		i := InvoiceLine{
			Code: codes[f.TenantID], Payer: line.Name, ID: f.InvoiceID, Status: stateOf[f.State], Disputed: f.State == disputedFigure, Due: Sen(f.Due),
			IssuedAt: moment(f.IssuedAt), DueAt: moment(f.DueAt), PaidAt: moment(f.PaidAt),
		}
		if f.No > 0 {
			i.Number = Number(f.Year, f.No)
		}
		if i.Ours = i.Status == Open || i.Status == Uncollectible; i.Ours || i.Disputed {
			line.Owed += i.Due
			i.Overdue = !i.DueAt.IsZero() && out.Now.After(i.DueAt)
			line.Overdue = line.Overdue || i.Overdue
		}
		out.Invoices = append(out.Invoices, i)
	}
	slices.SortFunc(out.Invoices, func(a, b InvoiceLine) int {
		if a.Ours != b.Ours {
			return map[bool]int{true: -1, false: 1}[a.Ours]
		}
		return cmp.Or(map[bool]int{true: a.DueAt.Compare(b.DueAt), false: b.IssuedAt.Compare(a.IssuedAt)}[a.Ours], strings.Compare(a.ID.String(), b.ID.String()))
	})
	slices.SortFunc(out.Payers, func(a, b PayerLine) int { return strings.Compare(a.Scope, b.Scope) })
	for _, e := range dead {
		out.Letters = append(out.Letters, Letter{e.ID, e.Kind, e.Code, e.RegionCode, e.Tries, e.ReceivedAt})
	}
	slices.SortFunc(out.Letters, func(a, b Letter) int { return b.At.Compare(a.At) })
	for _, p := range areas.Provinces() {
		if !taken[p.Code] {
			out.Free = append(out.Free, p.Code)
		}
	}
	return out, nil
}

func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// provinceOf is the code of the province whose scope a province's account has.
func provinceOf(scope string) string { return strings.TrimPrefix(scope, tenant.PlatformCode+"/") }

// ProvinceName is what a province is called as a payer.
func ProvinceName(code string) string {
	p, ok := areas.ProvinceByCode(code)
	if !ok {
		return code
	}
	return "Provinsi " + p.Name
}

// ProvincePayer is a province as a payer. The fault is "not_found".
func (s *Service) ProvincePayer(code string) (Payer, error) {
	platform, ok := s.opt.Registry.Platform()
	if _, known := areas.ProvinceByCode(code); !ok || !known {
		return Payer{}, fault.New(fault.NotFound, "not_found")
	}
	return Payer{platform, tenant.ScopeOf(code)}, nil
}

// PayerOf is whose invoice it is, among those that a tenant keeps. The fault is "not_found".
func (s *Service) PayerOf(ctx context.Context, code string, invoice id.ID) (p Payer, err error) {
	t, ok := s.opt.Registry.ByCode(code)
	if !ok {
		return Payer{}, fault.New(fault.NotFound, "not_found")
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		i, err := store.Select[invoiceRow](tx).Where("id = ?", invoice).One(ctx)
		if err != nil {
			return err
		}
		a, err := store.Select[accountRow](tx).Where("id = ?", i.AccountID).One(ctx)
		p = Payer{t, a.Scope}
		return err
	})
	return p, err
}

// did records in the platform's own chain what one of its people does to a payer, before it is done: with their name,
// which the payer's records do not have.
func (s *Service) did(ctx context.Context, who Operator, action, target string) error {
	return s.db.In(ctx, who.Platform.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: who.Actor, Action: action, Target: target})
		return nil
	})
}

// MarkPaid records that an invoice was paid by transfer. It entitles at once. Faults: "not_found", "invalid" (422: the
// reference is missing or too long), "billing.not_open" (409).
func (s *Service) MarkPaid(ctx context.Context, who Operator, code string, invoice id.ID, reference string) error {
	reference = strings.Join(strings.Fields(reference), " ")
	if n := utf8.RuneCountInString(reference); n == 0 {
		return fault.New(fault.Invalid, "invalid").Field("reference", "required")
	} else if n > maxPaper {
		return fault.New(fault.Invalid, "invalid").Field("reference", "billing.long", maxPaper)
	}
	p, err := s.PayerOf(ctx, code, invoice)
	if err != nil {
		return err
	}
	if err := s.did(ctx, who, actionAct, "invoice:"+invoice.String()); err != nil {
		return err
	}
	return s.ask(ctx, p, byPlatform, actionPaid, "paid:"+invoice.String(), func(ctx context.Context, prov Provider, o *Order) (Snapshot, error) {
		i := slices.IndexFunc(o.Invoices, func(i Invoice) bool { return i.ID == invoice })
		if i < 0 {
			return Snapshot{}, fault.New(fault.NotFound, "not_found")
		}
		if o.Invoices[i].Status == Paid || o.Invoices[i].Status == Void {
			return Snapshot{}, fault.New(fault.Conflict, "billing.not_open")
		}
		o.Ref = reference
		if o.Invoices[i].No > 0 { // one of our own numbers, of before Stripe
			prov = s.ways[Offline]
		}
		return prov.Paid(ctx, *o, o.Invoices[i])
	})
}

// SetTaxNumber notes the serial number of the tax invoice that was made for an invoice. Faults: "not_found", "invalid".
func (s *Service) SetTaxNumber(ctx context.Context, who Operator, code string, invoice id.ID, no string) error {
	no = digits(no)
	r := RulesAt(s.db.Now())
	if !onlyDigits(no) || len(no) != r.TaxNumberDigits {
		return fault.New(fault.Invalid, "invalid").Field("tax_number", "billing.count", r.TaxNumberDigits, len(no))
	}
	p, err := s.PayerOf(ctx, code, invoice)
	if err != nil {
		return err
	}
	if err := s.did(ctx, who, actionAct, "invoice:"+invoice.String()); err != nil {
		return err
	}
	return s.papers(ctx, p, byPlatform, invoice, func(u *store.Upd[invoiceRow]) *store.Upd[invoiceRow] {
		return u.Set("tax_number = ?", no)
	})
}

// Cover makes a province pay for exactly these regions of it. More are paid for at once, fewer from the next period on;
// a region that is left out stands for itself at once. Faults: "not_found", "invalid" (422: a region that is not of the
// province or not here), those of Choose.
func (s *Service) Cover(ctx context.Context, who Operator, province string, codes []string) error {
	p, err := s.ProvincePayer(province)
	if err != nil {
		return err
	}
	codes = slices.Compact(slices.Sorted(slices.Values(codes)))
	for _, c := range codes {
		if t, ok := s.opt.Registry.ByCode(c); !ok || t.IsPlatform() || t.Province.Code != province {
			return fault.New(fault.Invalid, "invalid").Field("regions", "wrong")
		}
	}
	v, err := s.View(ctx, p)
	if err != nil {
		return err
	}
	if !v.Has {
		return fault.New(fault.Conflict, "billing.details")
	}
	running := v.Account.Status == Active || v.Account.Status == Trialing
	if running && len(codes) == 0 {
		return fault.New(fault.Conflict, "billing.no_regions")
	}
	if err := s.did(ctx, who, actionCoverage, "tenant:"+tenant.PlatformCode); err != nil {
		return err
	}
	if want := int64(len(codes)); running && want != v.Account.Quantity {
		if err := s.Choose(ctx, p, byPlatform, Province, want, time.Time{}); err != nil {
			return err
		}
	}
	return s.db.Provision(ctx, "whom a province pays for", p.At.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
		row, err := store.Select[accountRow](tx).Where("scope = ?", p.Scope).One(ctx)
		if err != nil {
			return err
		}
		have, err := store.SysSelect[coverageRow](ctx, sys, "")
		if err != nil {
			return err
		}
		known := map[string]bool{}
		var before []string
		for _, h := range have {
			known[h.RegionCode] = true
			if h.AccountID == row.ID {
				before = append(before, h.RegionCode)
			}
		}
		slices.Sort(before)
		for _, c := range before {
			if slices.Contains(codes, c) {
				continue
			}
			_, err := store.SysUpdate[coverageRow](ctx, sys, "account_id = null, plan = '', status = ?, overdue_since = null, changed_at = ?", []any{None, tx.Now()}, "region_code = ?", c)
			if err != nil {
				return err
			}
		}
		for _, c := range codes {
			if known[c] {
				_, err = store.SysUpdate[coverageRow](ctx, sys, "account_id = ?", []any{row.ID}, "region_code = ?", c)
			} else {
				err = store.SysInsert(ctx, sys, &coverageRow{RegionCode: c, AccountID: row.ID, Status: None, ChangedAt: tx.Now()})
			}
			if err != nil {
				return err
			}
		}
		tx.Audit(store.Record{
			Actor: byPlatform, Action: actionCoverage, Target: "tenant:" + tenant.PlatformCode,
			Before: struct{ Regions []string }{before}, After: struct{ Regions []string }{codes},
		})
		return s.publish(ctx, sys, tx, row)
	})
}

// Retry sends a dead letter back to be processed. The fault is "not_found".
func (s *Service) Retry(ctx context.Context, who Operator, event string) error {
	var row eventRow
	err := s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) error {
		rows, err := store.SysSelect[eventRow](ctx, sys, "id = ? and state = 'dead'", event)
		if err == nil && len(rows) == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err == nil {
			row = rows[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.did(ctx, who, actionRetry, "tenant:"+tenant.PlatformCode); err != nil {
		return err
	}
	return s.queue(ctx, row, true)
}

// queue gives an event to the jobs of the tenant whose customer it names, or sets it aside.
func (s *Service) queue(ctx context.Context, e eventRow, again bool) error {
	var payer *payerRow
	err := s.db.SystemView(ctx, func(ctx context.Context, sys *store.SysTx) error {
		payer = nil
		rows, err := store.SysSelect[payerRow](ctx, sys, "customer = ?", e.Customer)
		if len(rows) > 0 {
			payer = &rows[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	t, ok := (*tenant.Tenant)(nil), false
	if payer != nil {
		t, ok = s.opt.Registry.ByCode(payer.RegionCode)
	}
	if !ok {
		e.State, e.Code = "dead", "customer"
		return s.db.System(ctx, "news of payments", func(ctx context.Context, sys *store.SysTx) error { return keepEvent(ctx, sys, e, again) })
	}
	e.State, e.Code, e.RegionCode = "queued", "", t.Code
	return s.db.Provision(ctx, "news of payments", t.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
		if err := keepEvent(ctx, sys, e, again); err != nil {
			return err
		}
		return jobs.Add(ctx, tx, jobs.Job{Kind: kindEvent, Key: fmt.Sprintf("%s:%d", e.ID, e.Tries), Data: eventJob{e.ID, payer.AccountID}})
	})
}

// keepEvent stores an event, or how it stands now when it is there.
func keepEvent(ctx context.Context, sys *store.SysTx, e eventRow, there bool) error {
	if !there {
		return store.SysInsert(ctx, sys, &e)
	}
	_, err := store.SysUpdate[eventRow](ctx, sys, "state = ?, code = ?, region_code = ?, tries = ?", []any{e.State, e.Code, e.RegionCode, e.Tries}, "id = ?", e.ID)
	return err
}
