package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
)

// named is what records say of billing details: nothing of a person's.
type named struct {
	Name      string `json:"name"`
	NPWP      string `json:"npwp"`
	NITKU     string `json:"nitku"`
	Contract  string `json:"contract,omitempty"`
	Order     string `json:"purchase_order,omitempty"`
	Treasurer bool   `json:"treasurer"`
}

// SaveDetails checks and keeps a payer's billing details; the first time this opens its account. A provider that knows
// the payer is told. The fault is "invalid" (422) with each field that is wrong.
func (s *Service) SaveDetails(ctx context.Context, p Payer, actor string, d Details) error {
	d, err := d.Clean(RulesAt(s.db.Now()))
	if err != nil {
		return err
	}
	had := false
	err = s.db.Provision(ctx, "billing details", p.At.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
		var before any
		rows, err := store.Select[accountRow](tx).Where("scope = ?", p.Scope).All(ctx)
		if err != nil {
			return err
		}
		if had = len(rows) > 0; !had {
			row, err := s.open(ctx, sys, tx, p)
			if err != nil {
				return err
			}
			rows = []accountRow{row}
		} else {
			r := rows[0]
			before = named{r.Name, r.NPWP, r.NITKU, r.Contract, r.PurchaseOrder, r.Treasurer}
		}
		if err := writeDetails(ctx, tx, rows[0].ID, d); err != nil {
			return err
		}
		tx.Audit(store.Record{
			Actor: actor, Action: actionDetails, Target: "tenant:" + p.At.Code, Before: before,
			After: named{d.Name, d.NPWP, d.NITKU, d.Contract, d.PurchaseOrder, d.Treasurer},
		})
		return nil
	})
	if err != nil || !had {
		return err
	}
	return s.tell(ctx, p)
}

// open makes a payer's account, in the caller's transaction.
func (s *Service) open(ctx context.Context, sys *store.SysTx, tx *store.Tx, p Payer) (accountRow, error) {
	row := accountRow{ID: id.New(), Scope: p.Scope, Provider: s.current.Name(), Status: None, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	err := store.Insert(ctx, tx, &row)
	if err == nil {
		err = store.SysInsert(ctx, sys, &payerRow{AccountID: row.ID, RegionCode: p.At.Code, Scope: p.Scope, Provider: row.Provider, Status: None, ChangedAt: tx.Now()})
	}
	return row, err
}

func writeDetails(ctx context.Context, tx *store.Tx, account id.ID, d Details) error {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	signatory, err := keys.Seal(accountSignatory, account, d.Signatory)
	if err != nil {
		return err
	}
	email, err := keys.Seal(accountEmail, account, d.Email)
	if err != nil {
		return err
	}
	var day any
	if d.ContractDay != (clock.Day{}) {
		day = d.ContractDay
	}
	_, err = store.Update[accountRow](tx).
		Set("name = ?", d.Name).Set("address = ?", d.Address).Set("npwp = ?", d.NPWP).Set("nitku = ?", d.NITKU).Set("contract = ?", d.Contract).
		Set("contract_day = ?", day).Set("purchase_order = ?", d.PurchaseOrder).Set("treasurer = ?", d.Treasurer).
		Set("signatory = ?", signatory).Set("email = ?", email).Set("updated_at = ?", tx.Now()).
		Where("id = ?", account).Exec(ctx)
	return err
}

// tell gives a provider that knows the payer its details anew.
func (s *Service) tell(ctx context.Context, p Payer) error {
	o, _, prov, err := s.turn(ctx, p, "details")
	if err != nil || o.Account.Customer == "" {
		return err
	}
	_, err = prov.Open(ctx, o)
	return s.settle(ctx, p, o.Account.ID, err)
}

// turn begins a question to the payer's provider.
func (s *Service) turn(ctx context.Context, p Payer, purpose string) (o Order, turn int64, prov Provider, err error) {
	err = s.db.In(ctx, p.At.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.Select[accountRow](tx).Where("scope = ?", p.Scope).One(ctx)
		if err != nil {
			return err
		}
		if row, err = begin(ctx, tx, row.ID); err != nil {
			return err
		}
		turn = row.Begun
		o = Order{Tenant: p.At.ID, Now: tx.Now(), Purpose: purpose}
		if o.Account, err = opened(ctx, tx, row); err != nil {
			return err
		}
		o.Invoices, err = invoicesOf(ctx, tx, row.ID)
		return err
	})
	if fault.Is(err, "not_found") {
		err = fault.New(fault.Conflict, "billing.details")
	}
	if err == nil {
		prov, err = s.provider(o.Account.Provider)
	}
	return o, turn, prov, err
}

// settle ends a question whose answer is known, so that the next one is another; of one whose answer was lost it keeps
// the name. It gives the error as a person reads it.
func (s *Service) settle(ctx context.Context, p Payer, account id.ID, err error) error {
	if errors.Is(err, ErrUnknown) {
		return fault.Wrap(err, fault.Unavailable, "billing.unknown").Retry(time.Minute)
	}
	werr := s.db.In(ctx, p.At.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[accountRow](tx).Set("attempt = attempt + 1").Where("id = ?", account).Exec(ctx)
		return err
	})
	return errors.Join(err, werr)
}

// ask asks the payer's provider and applies what it answers.
func (s *Service) ask(ctx context.Context, p Payer, actor, action, purpose string, what func(context.Context, Provider, *Order) (Snapshot, error)) error {
	o, turn, prov, err := s.turn(ctx, p, purpose)
	if err != nil {
		return err
	}
	snap, err := what(ctx, prov, &o)
	if err != nil {
		return s.settle(ctx, p, o.Account.ID, err)
	}
	if err := s.finish(ctx, p, answer{o.Account.ID, turn, snap, actor, action}); err != nil {
		return err
	}
	return s.settle(ctx, p, o.Account.ID, nil)
}

// finish applies an answer. Of two that begin a year's numbers at once one is run again.
func (s *Service) finish(ctx context.Context, p Payer, a answer) error {
	once := func() error {
		return s.db.Provision(ctx, "billing", p.At.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
			return s.apply(ctx, sys, tx, p.At.Code, a)
		})
	}
	err := once()
	if fault.Is(err, "duplicate") {
		err = once()
	}
	return err
}

// How a change of plan happens.
type How string

// The ways.
const (
	Same      How = "same"      // nothing changes
	Starts    How = "start"     // a new subscription
	Upgrades  How = "upgrade"   // at once, and the difference is invoiced
	Downgrade How = "downgrade" // when the period ends
)

// Change is a change of plan before it happens.
type Change struct {
	How      How
	Plan     Plan
	Quantity int64
	Trial    time.Time // until when it is free; zero: it is not
	From     time.Time // from when it holds
	Preview  Preview
}

// way tells how an account would come to a plan.
func way(a Account, plan Plan, quantity int64) How {
	old, ok := PlanOf(a.Plan)
	running := a.Status == Active || a.Status == Trialing
	switch {
	case !running || !ok, old.Yearly == 0 && plan.Yearly > 0:
		return Starts
	case a.Plan == plan.Code && a.Quantity == quantity:
		return Same
	case plan.Price(quantity) > old.Price(a.Quantity):
		return Upgrades
	}
	return Downgrade
}

// choice checks what a payer wants.
func (s *Service) choice(p Payer, code string, quantity int64) (Plan, error) {
	plan, ok := PlanOf(code)
	if !ok || plan.Payer != p.kind() {
		return Plan{}, fault.New(fault.Invalid, "invalid").Field("plan", "wrong")
	}
	if quantity < 1 {
		return Plan{}, fault.New(fault.Conflict, "billing.no_regions")
	}
	return plan, nil
}

// Preview tells what choosing a plan would do and cost. quantity is 1 for a region, and the number of its regions for a
// province. Faults: "invalid" (422: no such plan), "billing.no_regions" (409), "billing.details" (409: the billing
// details are missing), "billing.provider" (503).
func (s *Service) Preview(ctx context.Context, p Payer, code string, quantity int64) (Change, error) {
	plan, err := s.choice(p, code, quantity)
	if err != nil {
		return Change{}, err
	}
	v, err := s.View(ctx, p)
	if err != nil {
		return Change{}, err
	}
	out := Change{How: way(v.Account, plan, quantity), Plan: plan, Quantity: quantity, From: v.Now}
	switch out.How {
	case Starts:
		out.Preview = Preview{At: v.Now, From: v.Now, Next: plan.Price(quantity)}
		if plan.Yearly > 0 && v.Account.TrialEnd.IsZero() {
			out.Trial = v.Now.AddDate(0, 0, terms.TrialDays)
			return out, nil
		}
		if out.Preview.Subtotal = plan.Price(quantity); out.Preview.Subtotal > 0 {
			r := RulesAt(v.Now)
			_, out.Preview.VAT = r.VAT(out.Preview.Subtotal)
			if out.Preview.Due = out.Preview.Subtotal + out.Preview.VAT; r.Collected(out.Preview.Subtotal, out.Preview.VAT, v.Account.Details.Treasurer) {
				out.Preview.Due = out.Preview.Subtotal
			}
		}
	case Upgrades:
		prov, err := s.provider(v.Account.Provider)
		if err != nil {
			return Change{}, err
		}
		out.Preview, err = prov.Preview(ctx, Order{Tenant: p.At.ID, Account: v.Account, Invoices: v.Invoices, Plan: plan, Quantity: quantity, Now: v.Now})
		if err != nil {
			return Change{}, lost(err)
		}
	case Downgrade:
		out.Preview = Preview{At: v.Now, Next: plan.Price(quantity)}
		if out.From = v.Now; v.Account.Status == Active {
			out.From = v.Account.PeriodEnd
		}
		out.Preview.From = out.From
	}
	return out, nil
}

// lost is how a person reads of an answer that was lost, of a question that changes nothing.
func lost(err error) error {
	if errors.Is(err, ErrUnknown) {
		return fault.Wrap(err, fault.Unavailable, "billing.provider").Retry(time.Minute)
	}
	return err
}

// previewLives is how long a previewed moment may be ordered: its price is then what is charged.
const previewLives = time.Hour

// Choose subscribes to a plan: a new subscription starts, an upgrade holds at once, a downgrade when the period ends. at
// is the moment of the preview that was shown, or zero. Faults: those of Preview, "billing.changed" (409: somebody else
// has changed it meanwhile), "billing.stale" (409: the preview is too old), "billing.unknown" (503: whether it was done
// is not known; the same again does it once).
func (s *Service) Choose(ctx context.Context, p Payer, actor, code string, quantity int64, at time.Time) error {
	plan, err := s.choice(p, code, quantity)
	if err != nil {
		return err
	}
	if now := s.db.Now(); !at.IsZero() && (now.Sub(at) > previewLives || at.After(now)) {
		return fault.New(fault.Conflict, "billing.stale")
	}
	if err := s.prepare(ctx, p, plan); err != nil {
		return err
	}
	return s.ask(ctx, p, actor, actionChange, fmt.Sprintf("choose:%s:%d", code, quantity), func(ctx context.Context, prov Provider, o *Order) (Snapshot, error) {
		o.Plan, o.Quantity, o.At = plan, quantity, at
		switch way(o.Account, plan, quantity) {
		case Starts:
			return prov.Start(ctx, *o)
		case Upgrades:
			return prov.Upgrade(ctx, *o)
		case Downgrade:
			return prov.Downgrade(ctx, *o)
		}
		if o.Account.NextPlan != "" || o.Account.CancelAtEnd {
			return prov.Keep(ctx, *o)
		}
		return o.Account.snapshot(), nil
	})
}

// prepare makes sure that there is an account that can pay for a plan, and that its provider knows it.
func (s *Service) prepare(ctx context.Context, p Payer, plan Plan) error {
	v, err := s.View(ctx, p)
	if err != nil {
		return err
	}
	if plan.Yearly > 0 && v.Account.Details.Name == "" {
		return fault.New(fault.Conflict, "billing.details")
	}
	old, _ := PlanOf(v.Account.Plan)
	if v.Account.Status != None && v.Account.Status != Ended && !(old.Yearly == 0 && plan.Yearly > 0) {
		return nil // what runs stays where it is
	}
	by := s.current.Name()
	if plan.Yearly == 0 && v.Account.Customer == "" {
		by = Offline // what costs nothing needs no provider; who is known to one stays with it, for what is still owed there
	}
	err = s.db.Provision(ctx, "billing account", p.At.ID, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
		rows, err := store.Select[accountRow](tx).Where("scope = ?", p.Scope).All(ctx)
		if err == nil && len(rows) == 0 {
			_, err = s.open(ctx, sys, tx, p)
		}
		if err != nil {
			return err
		}
		_, err = store.Update[accountRow](tx).Set("provider = ?", by).Where("scope = ? and (status in ('none', 'ended') or plan = ?)", p.Scope, Pilot).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.introduce(ctx, p)
}

// introduce makes a payer known to its provider before anything is bought, and commits who it is: what the provider tells
// us of the customer finds the payer then.
func (s *Service) introduce(ctx context.Context, p Payer) error {
	o, turn, prov, err := s.turn(ctx, p, "open")
	if err != nil || o.Account.Customer != "" || prov.Name() == Offline {
		return err
	}
	customer, err := prov.Open(ctx, o)
	if err != nil {
		return s.settle(ctx, p, o.Account.ID, err)
	}
	snap := o.Account.snapshot()
	snap.Customer = customer
	return s.finish(ctx, p, answer{account: o.Account.ID, turn: turn, snap: snap, actor: byProvider})
}

// Cancel ends the subscription when its period ends. The fault is "billing.none" (409) where nothing runs.
func (s *Service) Cancel(ctx context.Context, p Payer, actor string) error {
	return s.ask(ctx, p, actor, actionChange, "cancel", func(ctx context.Context, prov Provider, o *Order) (Snapshot, error) {
		if o.Account.Status != Active && o.Account.Status != Trialing {
			return Snapshot{}, fault.New(fault.Conflict, "billing.none")
		}
		return prov.Cancel(ctx, *o)
	})
}

// Keep takes back what was to happen when the period ends.
func (s *Service) Keep(ctx context.Context, p Payer, actor string) error {
	return s.ask(ctx, p, actor, actionChange, "keep", func(ctx context.Context, prov Provider, o *Order) (Snapshot, error) {
		if o.Account.NextPlan == "" && !o.Account.CancelAtEnd {
			return o.Account.snapshot(), nil
		}
		return prov.Keep(ctx, *o)
	})
}

// Checkout gives the address of the provider's page on which a new subscription is paid by card or virtual account, and
// which leads back. Faults: those of Choose, "billing.no_pages" (409), "billing.running" (409: one runs already).
func (s *Service) Checkout(ctx context.Context, p Payer, code string, quantity int64, back string) (string, error) {
	plan, err := s.choice(p, code, quantity)
	if err != nil {
		return "", err
	}
	if plan.Yearly == 0 || !s.Pages() {
		return "", noPages()
	}
	if err := s.prepare(ctx, p, plan); err != nil {
		return "", err
	}
	return s.page(ctx, p, fmt.Sprintf("checkout:%s:%d", code, quantity), func(prov Provider, o Order) (string, error) {
		if way(o.Account, plan, quantity) != Starts {
			return "", fault.New(fault.Conflict, "billing.running")
		}
		o.Plan, o.Quantity, o.Back = plan, quantity, back
		return prov.Checkout(ctx, o)
	})
}

// Portal gives the address of the provider's page on which a payer looks after how it pays.
func (s *Service) Portal(ctx context.Context, p Payer, back string) (string, error) {
	return s.page(ctx, p, "portal", func(prov Provider, o Order) (string, error) {
		if o.Account.Customer == "" {
			return "", noPages()
		}
		o.Back = back
		return prov.Portal(ctx, o)
	})
}

func (s *Service) page(ctx context.Context, p Payer, purpose string, of func(Provider, Order) (string, error)) (string, error) {
	o, _, prov, err := s.turn(ctx, p, purpose)
	if err != nil {
		return "", err
	}
	url, err := of(prov, o)
	return url, s.settle(ctx, p, o.Account.ID, err)
}

// Handover notes the number and the day of the minutes by which a government confirms that it has what it pays for
// (BAST). The fault is "invalid" (422).
func (s *Service) Handover(ctx context.Context, p Payer, actor string, invoice id.ID, no string, day clock.Day) error {
	wrong := fault.New(fault.Invalid, "invalid")
	if no == "" {
		wrong = wrong.Field("handover", "required")
	} else if len([]rune(no)) > maxPaper {
		wrong = wrong.Field("handover", "billing.long", maxPaper)
	}
	if day == (clock.Day{}) {
		wrong = wrong.Field("handover_day", "required")
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	if _, _, err := s.Invoice(ctx, p, invoice); err != nil {
		return err
	}
	return s.papers(ctx, p, actor, invoice, func(u *store.Upd[invoiceRow]) *store.Upd[invoiceRow] {
		return u.Set("handover = ?", no).Set("handover_day = ?", day)
	})
}

func (s *Service) papers(ctx context.Context, p Payer, actor string, invoice id.ID, set func(*store.Upd[invoiceRow]) *store.Upd[invoiceRow]) error {
	return s.db.In(ctx, p.At.ID, func(ctx context.Context, tx *store.Tx) error {
		n, err := set(store.Update[invoiceRow](tx)).Where("id = ?", invoice).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err == nil {
			tx.Audit(store.Record{Actor: actor, Action: actionPapers, Target: "invoice:" + invoice.String()})
		}
		return err
	})
}
