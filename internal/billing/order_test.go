package billing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// errUndone takes an order back, so that the next begins where this one began.
var errUndone = errors.New("undone")

// history is what Stripe says of a subscription, one change after the other.
func history(now time.Time) (out []Snapshot) {
	at := func(days int) time.Time { return now.AddDate(0, 0, days) }
	s := Snapshot{Customer: "cus_1", Subscription: "sub_1", Plan: "kabupaten", Status: Trialing, Quantity: 1, TrialEnd: at(30), PeriodStart: now, PeriodEnd: at(30)}
	add := func() {
		c := s
		c.Invoices = append([]Invoice{}, s.Invoices...)
		out = append(out, c)
	}
	add()
	s.Status, s.PeriodStart, s.PeriodEnd = Active, at(30), at(395)
	s.Invoices = []Invoice{{External: "in_1", Number: "A-1", Status: Open, Subtotal: 100, VAT: 11, Due: 111, IssuedAt: at(30), DueAt: at(60)}}
	add()
	s.Invoices[0].Status = Uncollectible
	add()
	s.Invoices[0].Status, s.Invoices[0].PaidAt = Paid, at(70)
	add()
	s.Plan = "kota"
	s.Invoices = append(s.Invoices, Invoice{External: "in_2", Number: "A-2", Status: Open, Subtotal: 50, VAT: 5, Due: 55, IssuedAt: at(80), DueAt: at(110)})
	add()
	s.Invoices[1].Status, s.Invoices[1].PaidAt = Paid, at(90)
	add()
	s.Invoices[1].Disputed, s.Invoices[1].DisputedAt = true, at(95)
	add()
	s.NextPlan, s.NextQuantity = "kabupaten", 1
	add()
	s.NextPlan, s.NextQuantity, s.CancelAtEnd = "", 0, true
	add()
	return out
}

// What comes of it is the same whatever the order in which news comes, however often it is told, and however the
// questions that it makes overlap: each asks Stripe how things stand, one that was asked later counts, and each change is
// followed by news of it. The last change may be any of the history.
func TestAnyOrderOfNewsEndsAlike(t *testing.T) {
	for dialect, orders := range orderCounts(t) {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db, tenant, region, now := orderWorld(t, dialect)
			all := history(now)
			var account id.ID
			s := &Service{db: db}
			err := db.Provision(t.Context(), "test", tenant, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
				row := accountRow{ID: id.New(), Scope: "id/19/19.01", Provider: Stripe, Status: None, Customer: "cus_1", CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
				account = row.ID
				if err := store.Insert(ctx, tx, &row); err != nil {
					return err
				}
				return store.SysInsert(ctx, sys, &payerRow{AccountID: row.ID, RegionCode: region, Scope: row.Scope, Provider: Stripe, Status: None, ChangedAt: tx.Now()})
			})
			if err != nil {
				t.Fatal(err)
			}
			stale := 0
			for n := range orders {
				err := db.Provision(t.Context(), "test", tenant, func(ctx context.Context, sys *store.SysTx, tx *store.Tx) error {
					o := newOrder(n, all)
					if err := o.check(stored{ctx, s, sys, tx, region, account}, now); err != nil {
						return fmt.Errorf("order %d: %w", n, err)
					}
					stale += o.stale
					return errUndone
				})
				if !errors.Is(err, errUndone) {
					t.Fatal(err)
				}
			}
			if stale < orders/10 {
				t.Errorf("only %d answers of %d orders came too late: the test tries nothing", stale, orders)
			}
			t.Logf("%d orders, %d answers that came too late", orders, stale)
		})
	}
}

// order is one order of events: Stripe changes, tells of it, and is asked, in steps that overlap.
type order struct {
	rand    *rand.Rand
	history []Snapshot
	at      int // how far Stripe is
	stale   int
}

func (o *order) last() Snapshot { return o.history[len(o.history)-1] }

// asking is one question: begun with its turn, then answered, then applied.
type asking struct {
	turn int64
	snap *Snapshot
}

// books are where questions are begun and answers applied.
type books interface {
	begin() (turn int64, err error)
	applied() (turn int64, err error)
	apply(turn int64, snap Snapshot) error
	state() (State, error)
}

func (o *order) run(b books) (State, error) {
	news := []int{0} // changes of which has not been told yet
	var open []*asking
	for o.at < len(o.history)-1 || len(news)+len(open) > 0 {
		switch step := o.rand.IntN(4); {
		case step == 0 && o.at < len(o.history)-1:
			o.at++
			news = append(news, o.at)
		case step == 1 && len(news) > 0:
			i := o.rand.IntN(len(news))
			if o.rand.IntN(4) > 0 { // else it is told once more
				news = append(news[:i], news[i+1:]...)
			}
			turn, err := b.begin()
			if err != nil {
				return State{}, err
			}
			open = append(open, &asking{turn: turn})
		case step >= 2 && len(open) > 0:
			i := o.rand.IntN(len(open))
			a := open[i]
			if a.snap == nil {
				now := o.history[o.at]
				a.snap = &now
				continue
			}
			open = append(open[:i], open[i+1:]...)
			applied, err := b.applied()
			if err != nil {
				return State{}, err
			}
			if a.turn <= applied {
				o.stale++
			}
			if err := b.apply(a.turn, *a.snap); err != nil {
				return State{}, err
			}
		}
	}
	return b.state()
}

// stored are the real ones, in a transaction.
type stored struct {
	ctx     context.Context
	s       *Service
	sys     *store.SysTx
	tx      *store.Tx
	region  string
	account id.ID
}

func (b stored) begin() (int64, error) {
	row, err := begin(b.ctx, b.tx, b.account)
	return row.Begun, err
}

func (b stored) applied() (int64, error) {
	row, err := store.Select[accountRow](b.tx).Where("id = ?", b.account).One(b.ctx)
	return row.Applied, err
}

func (b stored) apply(turn int64, snap Snapshot) error {
	return b.s.apply(b.ctx, b.sys, b.tx, b.region, answer{account: b.account, turn: turn, snap: snap, actor: byProvider})
}

func (b stored) state() (State, error) { return ownState(b.ctx, b.tx, "id/19/19.01") }

// remembered are the same rule without a database: the answer to a later question stands.
type remembered struct {
	row      accountRow
	invoices map[string]Invoice
}

func (b *remembered) begin() (int64, error)   { b.row.Begun++; return b.row.Begun, nil }
func (b *remembered) applied() (int64, error) { return b.row.Applied, nil }

func (b *remembered) apply(turn int64, snap Snapshot) error {
	if turn <= b.row.Applied {
		return nil
	}
	b.row.take(snap)
	b.row.Applied = turn
	for _, i := range snap.Invoices {
		b.invoices[i.External] = i
	}
	return nil
}

func (b *remembered) state() (State, error) {
	return b.row.account(Details{}).state(slices.Collect(maps.Values(b.invoices))), nil
}

// check runs an order and tells where its end is another than Stripe's last word entitles to.
func (o *order) check(b books, now time.Time) error {
	got, err := o.run(b)
	if err != nil {
		return err
	}
	l := o.last()
	want := Account{Plan: l.Plan, Status: l.Status, TrialEnd: l.TrialEnd, PeriodEnd: l.PeriodEnd, CancelAtEnd: l.CancelAtEnd}.state(l.Invoices)
	for _, days := range []int{0, 65, 100, 200} {
		at := now.AddDate(0, 0, days)
		if a, b := fmt.Sprintf("%+v", Compute(got, at)), fmt.Sprintf("%+v", Compute(want, at)); a != b {
			return fmt.Errorf("after %d days:\n%s, not\n%s", days, a, b)
		}
	}
	return nil
}

func newOrder(seed int, all []Snapshot) *order {
	return &order{rand: rand.New(rand.NewPCG(uint64(seed), 7)), history: all[:1+seed%len(all)]}
}

// The rule by itself, over more orders than a database is asked for in the usual run; PENDOPO_TEST_ORDERS asks it for
// as many.
func TestAnyOrderByTheRuleAlone(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	all := history(now)
	for n := range 20_000 {
		if err := newOrder(n, all).check(&remembered{invoices: map[string]Invoice{}}, now); err != nil {
			t.Fatalf("order %d: %v", n, err)
		}
	}
}
