package billing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// eachStripe runs a test on both databases with a Stripe of its own.
func eachStripe(t *testing.T, fn func(t *testing.T, w *world, f *fake)) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			clk := testkit.NewClock(testkit.Morning)
			f := newFake(t, clk)
			fn(t, newWorld(t, testkit.Open(t, dialect, testkit.WithClock(clk)), clk, f.provider()), f)
		})
	}
}

// hear takes in all that the fake has told so far, as webhooks, and processes it.
func (w *world) hear(tb testing.TB, f *fake) {
	tb.Helper()
	f.mu.Lock()
	told := f.told
	f.told = nil
	f.mu.Unlock()
	for _, e := range told {
		body, header := signed(e, billing.APIVersion)
		must(tb, w.svc.Receive(tb.Context(), body, header))
	}
	w.process(tb)
}

// process runs the jobs that wait.
func (w *world) process(tb testing.TB) {
	tb.Helper()
	r := jobs.New(w.db, jobs.Options{Tenants: func() []store.TenantID { return []store.TenantID{w.a.ID, w.b.ID, w.platform.ID} }})
	w.svc.Work(r)
	must(tb, billing.Drain(tb.Context(), w.db, r, w.a.ID, w.b.ID, w.platform.ID))
}

// Trial, invoice, failure, warnings, payment: each is felt when Stripe has told of it.
func TestStripeFlow(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		if e := w.entitled(t, w.a); e.Plan != "kabupaten" || e.Status != billing.Trialing {
			t.Fatalf("trial: %+v", e)
		}
		for id, p := range f.prices {
			if p["unit_amount"] != int64(12_000_000_000) || p["currency"] != "idr" {
				t.Errorf("%s: Rp120.000.000 are 12.000.000.000 at Stripe: %v", id, p)
			}
		}
		w.hear(t, f)
		w.clock.Advance(30 * days)
		f.happens(func() { f.renew(f.sub()) })
		w.hear(t, f)
		v := w.view(t, w.own())
		if len(v.Invoices) != 1 || v.Invoices[0].Due != billing.Rupiah(133_200_000) || v.Invoices[0].VAT != billing.Rupiah(13_200_000) || v.Invoices[0].Status != billing.Open {
			t.Fatalf("%+v", v.Invoices)
		}
		w.clock.Advance(31 * days)
		f.happens(func() { f.fails(f.sub(), f.last()) })
		w.hear(t, f)
		if e := w.entitled(t, w.a); e.Standing != billing.Overdue || e.Plan != "kabupaten" || !e.NewVenues {
			t.Errorf("failed: %+v", e)
		}
		w.clock.Advance(30 * days)
		if e := w.entitled(t, w.a); e.Standing != billing.Restricted {
			t.Errorf("for long: %+v", e)
		}
		f.happens(func() { f.settle(f.last()) })
		w.hear(t, f)
		if e := w.entitled(t, w.a); e.Standing != billing.Good || !e.NewVenues {
			t.Errorf("paid: %+v", e)
		}
		// Disputed: owed again from then on; won: paid.
		var d object
		f.happens(func() { d = f.disputed(f.last()) })
		w.hear(t, f)
		w.clock.Advance(time.Hour)
		if e := w.entitled(t, w.a); e.Standing != billing.Overdue || !slices.Contains(e.Warnings, billing.WarnDisputed) {
			t.Errorf("disputed: %+v", e)
		}
		f.happens(func() { d["status"] = "won"; f.tell("charge.dispute.closed", d) })
		w.hear(t, f)
		if e := w.entitled(t, w.a); e.Standing != billing.Good || len(e.Warnings) != 0 {
			t.Errorf("won: %+v", e)
		}
		must(t, w.svc.Cancel(ctx, w.own(), actor))
		if v := w.view(t, w.own()); !v.Account.CancelAtEnd {
			t.Errorf("%+v", v.Account)
		}
		w.clock.Set(w.view(t, w.own()).Account.PeriodEnd.Add(time.Hour))
		f.happens(func() { f.renew(f.sub()) })
		w.hear(t, f)
		if e := w.entitled(t, w.a); e.Status != billing.Ended || e.Plan != billing.Pilot {
			t.Errorf("cancelled: %+v", e)
		}
	})
}

// Upgrade at once, at the price that was shown; downgrade when the period ends.
func TestStripeUpgradeAndDowngrade(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		w.clock.Advance(30 * days)
		f.happens(func() { f.renew(f.sub()); f.settle(f.last()) })
		w.hear(t, f)
		w.clock.Advance(180 * days)
		c, err := w.svc.Preview(ctx, w.own(), "kota", 1)
		must(t, err)
		if c.How != billing.Upgrades || len(c.Preview.Lines) != 2 || !c.Preview.Lines[0].Credit || c.Preview.Due <= 0 {
			t.Fatalf("%+v", c)
		}
		w.clock.Advance(40 * time.Minute)
		must(t, w.svc.Choose(ctx, w.own(), actor, "kota", 1, c.Preview.At))
		v := w.view(t, w.own())
		if v.Account.Plan != "kota" || len(v.Invoices) != 2 || v.Invoices[0].Due != c.Preview.Due {
			t.Fatalf("shown %d, invoiced %d: %+v", c.Preview.Due, v.Invoices[0].Due, v.Account)
		}
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		if v := w.view(t, w.own()); v.Account.Plan != "kota" || v.Account.NextPlan != "kabupaten" {
			t.Errorf("%+v", v.Account)
		}
		must(t, w.svc.Keep(ctx, w.own(), actor))
		if v := w.view(t, w.own()); v.Account.NextPlan != "" {
			t.Errorf("taken back: %+v", v.Account)
		}
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		w.clock.Set(v.Account.PeriodEnd.Add(time.Hour))
		f.happens(func() { f.renew(f.sub()) })
		w.hear(t, f)
		if v := w.view(t, w.own()); v.Account.Plan != "kabupaten" || v.Account.NextPlan != "" || v.Invoices[0].Subtotal != billing.Rupiah(120_000_000) {
			t.Errorf("%+v", v.Account)
		}
	})
}

// An answer that is lost is asked for again under the same key: what was done is done once.
func TestALostAnswerIsNotDoneTwice(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		ctx := t.Context()
		must(t, w.svc.SaveDetails(ctx, w.own(), actor, good()))
		for range 12 { // each of the writes of a start is lost once
			f.happens(func() { f.loseNext = 1 })
			err := w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{})
			if err == nil {
				break
			}
			if !fault.Is(err, "billing.unknown") {
				t.Fatal(err)
			}
		}
		f.happens(func() { f.loseNext = 0 })
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		if len(f.customers) != 1 || len(f.subs) != 1 || len(f.prices) != 1 || len(f.taxes) != 1 {
			t.Errorf("%d customers, %d subscriptions, %d prices, %d tax rates", len(f.customers), len(f.subs), len(f.prices), len(f.taxes))
		}
		// A refusal is an answer: what is asked next is another request.
		w.clock.Advance(30 * days)
		f.happens(func() { f.renew(f.sub()); f.refuse = "/v1/subscriptions/" })
		w.hear(t, f)
		if err := w.svc.Choose(ctx, w.own(), actor, "kota", 1, time.Time{}); !fault.Is(err, "billing.declined") {
			t.Errorf("%v", err)
		}
		f.happens(func() { f.refuse = "" })
		must(t, w.svc.Choose(ctx, w.own(), actor, "kota", 1, time.Time{}))
	})
}

// The signature is asked for, of the raw body; another version of the API and an old event are refused; told twice is
// told once; what cannot be processed is kept in sight and can be tried again.
func TestWebhooks(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		e := f.told[0]
		body, header := signed(e, billing.APIVersion)
		for what, err := range map[string]error{
			"no signature":       w.svc.Receive(ctx, body, ""),
			"another body":       w.svc.Receive(ctx, append(slices.Clone(body), ' '), header),
			"another version":    func() error { b, h := signed(e, "2022-11-15"); return w.svc.Receive(ctx, b, h) }(),
			"somebody's own key": w.svc.Receive(ctx, body, "t=1,v1=00"),
		} {
			if !fault.Is(err, "billing.signature") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for range 3 {
			must(t, w.svc.Receive(ctx, body, header))
		}
		if n := billing.CountEvents(t, w.db, "queued"); n != 1 {
			t.Errorf("%d events of one", n)
		}
		w.process(t)
		if n := billing.CountEvents(t, w.db, "done"); n != 1 {
			t.Errorf("%d events are done", n)
		}
		b, h := signed(event{"evt_x", "customer.tax_id.created", object{"customer": "cus_1"}}, billing.APIVersion)
		must(t, w.svc.Receive(ctx, b, h))
		if n := billing.CountEvents(t, w.db, "ignored"); n != 1 {
			t.Errorf("%d events are of no interest", n)
		}
		b, h = signed(event{"evt_stray", "invoice.paid", object{"customer": "cus_nobody"}}, billing.APIVersion)
		must(t, w.svc.Receive(ctx, b, h))
		o, err := w.svc.Overview(ctx, w.operator())
		must(t, err)
		if len(o.Letters) != 1 || o.Letters[0].ID != "evt_stray" || o.Letters[0].Code != "customer" {
			t.Fatalf("%+v", o.Letters)
		}
		must(t, w.svc.Retry(ctx, w.operator(), "evt_stray"))
		if err := w.svc.Retry(ctx, w.operator(), "evt_none"); !fault.Is(err, "not_found") {
			t.Errorf("%v", err)
		}
	})
}

// A webhook that was lost is found at night.
func TestReconciliationFindsWhatWasLost(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		w.subscribe(t, w.own(), "kabupaten")
		w.clock.Advance(30 * days)
		f.happens(func() { f.renew(f.sub()); f.told = nil })
		must(t, w.svc.Nightly(t.Context(), w.a.ID))
		must(t, w.svc.Nightly(t.Context(), w.a.ID))
		must(t, w.svc.Nightly(t.Context(), w.b.ID)) // has no account
		w.clock.Advance(days)
		w.process(t)
		if v := w.view(t, w.own()); len(v.Invoices) != 1 || v.Account.Status != billing.Active {
			t.Errorf("%+v", v)
		}
		if n := billing.CountJobs(t, w.db, w.a.ID, "queued"); n != 1 {
			t.Errorf("%d looks are planned for the next night", n)
		}
	})
}

// Paid by transfer though Stripe invoices: recorded there with the reference. A treasurer who collects the VAT owes the
// price without it.
func TestStripePaidByTransfer(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		d := good()
		d.Treasurer = true
		must(t, w.svc.SaveDetails(t.Context(), w.own(), actor, d))
		must(t, w.svc.Choose(t.Context(), w.own(), actor, "kabupaten", 1, time.Time{}))
		w.clock.Advance(30 * days)
		f.happens(func() { f.renew(f.sub()) })
		w.hear(t, f)
		i := w.view(t, w.own()).Invoices[0]
		if i.Due != billing.Rupiah(120_000_000) || i.VAT != billing.Rupiah(13_200_000) || !i.Treasurer {
			t.Fatalf("%+v", i)
		}
		must(t, w.svc.MarkPaid(t.Context(), w.operator(), w.a.Code, i.ID, "TRF-5"))
		if i := w.view(t, w.own()).Invoices[0]; i.Status != billing.Paid || i.Reference != "TRF-5" {
			t.Errorf("%+v", i)
		}
		url, err := w.svc.Portal(t.Context(), w.own(), "https://x.test")
		must(t, err)
		if url == "" || f.writes["billing_portal/sessions"] != 1 {
			t.Errorf("%q", url)
		}
		if _, err := w.svc.Checkout(t.Context(), w.own(), "kota", 1, "https://x.test"); !fault.Is(err, "billing.running") {
			t.Errorf("a second subscription: %v", err)
		}
		if err := w.svc.SaveDetails(t.Context(), billing.Own(w.b), actor, good()); err != nil {
			t.Fatal(err)
		}
		if url, err := w.svc.Checkout(t.Context(), billing.Own(w.b), "kota", 1, "https://x.test"); err != nil || url == "" {
			t.Errorf("%q %v", url, err)
		}
	})
}

// Who paid by transfer before there was a key goes on with Stripe at the next start: from the free plan, too. What was
// invoiced before is still paid by transfer, and what is owed at Stripe is still heard of from there.
func TestFromTransfersToStripe(t *testing.T) {
	eachStripe(t, func(t *testing.T, w *world, f *fake) {
		ctx := t.Context()
		before := billing.New(w.db, billing.Options{Registry: w.reg})
		must(t, before.SaveDetails(ctx, w.own(), actor, good()))
		must(t, before.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		w.clock.Advance(30 * days)
		_, err := before.Reconcile(ctx, w.a.ID)
		must(t, err)
		must(t, w.svc.Cancel(ctx, w.own(), actor))
		if len(f.customers) != 0 {
			t.Error("what runs went to Stripe")
		}
		w.clock.Set(w.view(t, w.own()).Account.PeriodEnd)
		_, err = w.svc.Reconcile(ctx, w.a.ID)
		must(t, err)
		must(t, w.svc.Choose(ctx, w.own(), actor, "kota", 1, time.Time{}))
		v := w.view(t, w.own())
		if v.Account.Provider != billing.Stripe || len(f.subs) != 1 || len(v.Invoices) != 2 {
			t.Fatalf("%+v", v)
		}
		ours := v.Invoices[1]
		if ours.No != 1 {
			ours = v.Invoices[0]
		}
		must(t, w.svc.MarkPaid(ctx, w.operator(), w.a.Code, ours.ID, "TRF-1"))
		if f.writes["invoices/"+ours.External+"/pay"] != 0 {
			t.Error("Stripe was told of an invoice that is not its own")
		}
		w.clock.Advance(40 * days)
		must(t, w.svc.Sync(ctx, w.own()))
		if e := w.entitled(t, w.a); e.Standing != billing.Overdue {
			t.Errorf("Stripe's own is unpaid: %+v", e)
		}
		f.happens(func() { f.settle(f.last()) })
		w.hear(t, f)
		if e := w.entitled(t, w.a); e.Standing != billing.Good {
			t.Errorf("all is paid: %+v", e)
		}
		must(t, w.svc.Choose(ctx, billing.Own(w.b), actor, billing.Pilot, 1, time.Time{}))
		if v := w.view(t, billing.Own(w.b)); v.Account.Provider != billing.Offline || v.Account.Status != billing.Active {
			t.Errorf("free: %+v", v.Account)
		}
		w.subscribe(t, billing.Own(w.b), "kota")
		if v := w.view(t, billing.Own(w.b)); v.Account.Provider != billing.Stripe || v.Account.Status != billing.Trialing || v.Account.Plan != "kota" {
			t.Errorf("from free: %+v", v.Account)
		}
	})
}
