package billing_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

const days = 24 * time.Hour

// A year of a region without a payment provider: trial, invoice, warnings, nothing new, paid, and all open at once.
func TestARegionPaysByTransfer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if e := w.entitled(t, w.a); e.Plan != billing.Pilot || e.Status != billing.None || !e.NewVenues {
			t.Fatalf("before anything: %+v", e)
		}
		if err := w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}); !fault.Is(err, "billing.details") {
			t.Fatalf("a plan that costs without details: %v", err)
		}
		w.subscribe(t, w.own(), "kabupaten")
		e := w.entitled(t, w.a)
		if e.Plan != "kabupaten" || e.Status != billing.Trialing || e.Venues != 12 || !slices.Contains(e.Warnings, billing.WarnTrial) {
			t.Fatalf("in its trial: %+v", e)
		}
		if v := w.view(t, w.own()); len(v.Invoices) != 0 {
			t.Fatalf("invoiced in the trial: %+v", v.Invoices)
		}
		w.clock.Advance(31 * days)
		changed, err := w.svc.Reconcile(ctx, w.a.ID)
		if must(t, err); changed != 1 {
			t.Errorf("%d accounts moved on after the trial", changed)
		}
		v := w.view(t, w.own())
		if len(v.Invoices) != 1 || v.Account.Status != billing.Active {
			t.Fatalf("after the trial: %+v", v)
		}
		i := v.Invoices[0]
		if i.Number != "PDP/2026/00001" || i.Subtotal != billing.Rupiah(120_000_000) || i.VAT != billing.Rupiah(13_200_000) || i.Due != billing.Rupiah(133_200_000) || i.Status != billing.Open {
			t.Errorf("%+v", i)
		}
		if changed, err := w.svc.Reconcile(ctx, w.a.ID); err != nil || changed != 0 || len(w.view(t, w.own()).Invoices) != 1 {
			t.Errorf("the same night again: %d, %v", changed, err)
		}
		w.clock.Advance(31 * days)
		if e := w.entitled(t, w.a); e.Standing != billing.Overdue || !e.NewVenues || !e.Branding || !e.Exports {
			t.Errorf("a day overdue: %+v", e)
		}
		w.clock.Advance(30 * days)
		if e := w.entitled(t, w.a); e.Standing != billing.Restricted || e.NewVenues || e.Branding || e.Exports {
			t.Errorf("31 days overdue: %+v", e)
		}
		if e := w.entitled(t, w.b); e.Standing != billing.Good || !e.NewVenues {
			t.Errorf("the neighbour feels it: %+v", e)
		}
		if err := w.svc.MarkPaid(ctx, w.operator(), w.a.Code, i.ID, " "); !fault.Is(err, "invalid") {
			t.Errorf("without a reference: %v", err)
		}
		if err := w.svc.MarkPaid(ctx, w.operator(), w.b.Code, i.ID, "TRF-1"); !fault.Is(err, "not_found") {
			t.Errorf("as another region's: %v", err)
		}
		must(t, w.svc.MarkPaid(ctx, w.operator(), w.a.Code, i.ID, "TRF-1"))
		if e := w.entitled(t, w.a); e.Standing != billing.Good || !e.NewVenues || len(e.Warnings) != 0 {
			t.Errorf("paid: %+v", e)
		}
		if err := w.svc.MarkPaid(ctx, w.operator(), w.a.Code, i.ID, "TRF-2"); !fault.Is(err, "billing.not_open") {
			t.Errorf("paid twice: %v", err)
		}
		if got := w.view(t, w.own()).Invoices[0]; got.Reference != "TRF-1" || got.PaidAt.IsZero() {
			t.Errorf("%+v", got)
		}
	})
}

// Numbers of all payers are one run without a gap, also when many are issued at once and some fail.
func TestNumbersHaveNoGap(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.subscribe(t, w.own(), "kabupaten")
		w.subscribe(t, billing.Own(w.b), "kota")
		w.clock.Advance(31 * days)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				// All but one of each region's meet that somebody else was faster.
				_, err := w.svc.Reconcile(t.Context(), []tenant.ID{w.a.ID, w.b.ID}[n%2])
				if err != nil && !fault.Is(err, "billing.changed") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		_, err := w.svc.Reconcile(t.Context(), w.a.ID)
		must(t, err)
		_, err = w.svc.Reconcile(t.Context(), w.b.ID)
		must(t, err)
		var numbers []string
		for _, p := range []billing.Payer{w.own(), billing.Own(w.b)} {
			for _, i := range w.view(t, p).Invoices {
				numbers = append(numbers, i.Number)
			}
		}
		slices.Sort(numbers)
		if want := []string{"PDP/2026/00001", "PDP/2026/00002"}; !slices.Equal(numbers, want) {
			t.Errorf("%v, not %v", numbers, want)
		}
	})
}

// A number can neither be left out nor be taken away: the database refuses it, whoever asks.
func TestTheDatabaseKeepsNumbersGapless(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		put := func(n, prev int64) error {
			return w.db.System(t.Context(), "test", func(ctx context.Context, sys *store.SysTx) error {
				return billing.PutNumber(ctx, sys, 2026, n, prev, w.a.Code)
			})
		}
		if put(2, 0) == nil || put(2, 1) == nil {
			t.Error("the second number was given before the first")
		}
		must(t, put(1, 0))
		if put(1, 0) == nil || put(3, 2) == nil || put(3, 1) == nil {
			t.Error("a number was given twice, or one was left out")
		}
		must(t, put(2, 1))
	})
}

// What a change costs is shown first, is what is invoiced then, and a downgrade waits for the period's end.
func TestUpgradeAndDowngrade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		w.clock.Advance(30 * days)
		_, err := w.svc.Reconcile(ctx, w.a.ID)
		must(t, err)
		start := w.view(t, w.own()).Account
		half := start.PeriodEnd.Sub(start.PeriodStart) / 2
		w.clock.Advance(half)
		c, err := w.svc.Preview(ctx, w.own(), "kota", 1)
		must(t, err)
		if c.How != billing.Upgrades || c.Preview.Subtotal != billing.Rupiah(30_000_000) || c.Preview.Due != billing.Rupiah(33_300_000) {
			t.Fatalf("half a year of the difference is 30 million: %+v", c)
		}
		w.clock.Advance(20 * time.Minute) // who pays reads it, and presses
		must(t, w.svc.Choose(ctx, w.own(), actor, "kota", 1, c.Preview.At))
		v := w.view(t, w.own())
		if v.Account.Plan != "kota" || len(v.Invoices) != 2 || v.Invoices[0].Due != c.Preview.Due {
			t.Fatalf("the upgrade was invoiced otherwise than shown: %+v", v.Invoices)
		}
		if err := w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, w.clock.Now().Add(-2*time.Hour)); !fault.Is(err, "billing.stale") {
			t.Errorf("an old preview: %v", err)
		}
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		if v := w.view(t, w.own()); v.Account.Plan != "kota" || v.Account.NextPlan != "kabupaten" || len(v.Invoices) != 2 {
			t.Errorf("a downgrade waits: %+v", v.Account)
		}
		must(t, w.svc.Keep(ctx, w.own(), actor))
		if v := w.view(t, w.own()); v.Account.NextPlan != "" {
			t.Errorf("taken back: %+v", v.Account)
		}
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		w.clock.Set(start.PeriodEnd.Add(time.Hour))
		_, err = w.svc.Reconcile(ctx, w.a.ID)
		must(t, err)
		v = w.view(t, w.own())
		if v.Account.Plan != "kabupaten" || v.Account.NextPlan != "" || v.Invoices[0].Subtotal != billing.Rupiah(120_000_000) || v.Invoices[0].Year != 2027 || v.Invoices[0].No != 2 {
			t.Errorf("the next year: %+v %+v", v.Account, v.Invoices[0])
		}
	})
}

// A subscription that was cancelled ends with its period; nothing is deleted, and it can begin again without a trial.
func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		must(t, w.svc.Cancel(ctx, w.own(), actor))
		if e := w.entitled(t, w.a); e.Plan != "kabupaten" || !slices.Contains(e.Warnings, billing.WarnCancel) {
			t.Errorf("%+v", e)
		}
		w.clock.Advance(31 * days)
		_, err := w.svc.Reconcile(ctx, w.a.ID)
		must(t, err)
		if e := w.entitled(t, w.a); e.Plan != billing.Pilot || e.Status != billing.Ended || !e.NewVenues {
			t.Errorf("ended: %+v", e)
		}
		if err := w.svc.Cancel(ctx, w.own(), actor); !fault.Is(err, "billing.none") {
			t.Errorf("ended twice: %v", err)
		}
		must(t, w.svc.Choose(ctx, w.own(), actor, "kabupaten", 1, time.Time{}))
		if v := w.view(t, w.own()); v.Account.Status != billing.Active || len(v.Invoices) != 1 {
			t.Errorf("a second trial: %+v", v.Account)
		}
	})
}

// A province pays for its regions: they are entitled by it, and feel it when it does not pay. Its account is among the
// platform's rows, and not among theirs.
func TestAProvincePaysForItsRegions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, err := w.svc.ProvincePayer("19")
		must(t, err)
		must(t, w.svc.SaveDetails(ctx, p, actor, good()))
		if err := w.svc.Cover(ctx, w.operator(), "19", []string{"35.78"}); !fault.Is(err, "invalid") {
			t.Errorf("another province's region: %v", err)
		}
		must(t, w.svc.Cover(ctx, w.operator(), "19", []string{w.a.Code}))
		if e := w.entitled(t, w.a); e.Province {
			t.Errorf("before anything runs: %+v", e)
		}
		must(t, w.svc.Choose(ctx, p, actor, billing.Province, 1, time.Time{}))
		if e := w.entitled(t, w.a); !e.Province || e.Plan != billing.Province || e.Venues != 12 {
			t.Errorf("covered: %+v", e)
		}
		if e := w.entitled(t, w.b); e.Province {
			t.Errorf("not covered: %+v", e)
		}
		w.clock.Advance(31 * days)
		_, err = w.svc.Reconcile(ctx, w.platform.ID)
		must(t, err)
		must(t, w.svc.Cover(ctx, w.operator(), "19", []string{w.a.Code, w.b.Code}))
		v := w.view(t, p)
		if v.Account.Quantity != 2 || len(v.Invoices) != 2 || v.Invoices[1].Subtotal != billing.Rupiah(90_000_000) {
			t.Fatalf("two regions: %+v", v)
		}
		w.clock.Advance(62 * days)
		for _, r := range []*tenant.Tenant{w.a, w.b} {
			if e := w.entitled(t, r); e.Standing != billing.Restricted || e.NewVenues {
				t.Errorf("the province has not paid: %+v", e)
			}
		}
		for _, i := range v.Invoices {
			must(t, w.svc.MarkPaid(ctx, w.operator(), tenant.PlatformCode, i.ID, "TRF"))
		}
		for _, r := range []*tenant.Tenant{w.a, w.b} {
			if e := w.entitled(t, r); e.Standing != billing.Good || !e.NewVenues || !e.Province {
				t.Errorf("the province has paid: %+v", e)
			}
		}
		must(t, w.svc.Cover(ctx, w.operator(), "19", []string{w.b.Code}))
		if e := w.entitled(t, w.a); e.Province {
			t.Errorf("left out: %+v", e)
		}
		if v := w.view(t, p); v.Account.NextQuantity != 1 {
			t.Errorf("fewer are paid for from the next period on: %+v", v.Account)
		}
		must(t, w.svc.Cover(ctx, w.operator(), "19", []string{w.a.Code, w.b.Code}))
		if e := w.entitled(t, w.a); !e.Province {
			t.Errorf("taken in again: %+v", e)
		}
		if w.view(t, w.own()).Has {
			t.Error("the province's account shows in the region")
		}
	})
}

// Who runs the platform sees who owes what, across payers, and in the records of neither region stands another's.
func TestOverview(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.subscribe(t, w.own(), "kabupaten")
		w.subscribe(t, billing.Own(w.b), "kota")
		w.clock.Advance(31 * days)
		for _, r := range []*tenant.Tenant{w.a, w.b} {
			_, err := w.svc.Reconcile(ctx, r.ID)
			must(t, err)
		}
		w.clock.Advance(31 * days)
		o, err := w.svc.Overview(ctx, w.operator())
		must(t, err)
		if len(o.Payers) != 2 || len(o.Invoices) != 2 || o.Payers[0].Owed != billing.Rupiah(133_200_000) || !o.Payers[0].Overdue || o.Payers[1].Plan != "kota" {
			t.Fatalf("%+v", o)
		}
		for _, i := range o.Invoices {
			if !i.Ours || !i.Overdue || !strings.HasPrefix(i.Number, "PDP/2026/") {
				t.Errorf("%+v", i)
			}
		}
		must(t, w.svc.MarkPaid(ctx, w.operator(), o.Invoices[0].Code, o.Invoices[0].ID, "TRF-9"))
		if o, err = w.svc.Overview(ctx, w.operator()); err != nil || o.Payers[0].Owed+o.Payers[1].Owed == billing.Rupiah(133_200_000+199_800_000) {
			t.Errorf("%+v %v", o, err)
		}
	})
}

// Two who change a subscription at once: one does, the other is told; what is invoiced is invoiced once.
func TestTwoChangeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		must(t, w.svc.SaveDetails(t.Context(), w.own(), actor, good()))
		must(t, w.svc.Choose(t.Context(), w.own(), actor, "kabupaten", 1, time.Time{}))
		w.clock.Advance(31 * days)
		_, err := w.svc.Reconcile(t.Context(), w.a.ID)
		must(t, err)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if err := w.svc.Choose(t.Context(), w.own(), actor, "kota", 1, time.Time{}); err != nil && !fault.Is(err, "billing.changed") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := w.svc.Choose(t.Context(), w.own(), actor, "kota", 1, time.Time{}); err != nil {
			t.Error(err)
		}
		if v := w.view(t, w.own()); v.Account.Plan != "kota" || len(v.Invoices) != 2 {
			t.Errorf("%d invoices: %+v", len(v.Invoices), v.Account)
		}
	})
}

func TestDetails(t *testing.T) {
	r := billing.RulesAt(testkit.Morning)
	if d, err := (func() (billing.Details, error) {
		d := good()
		d.NPWP, d.NITKU = "00.123.456.7-8901.000", "0012345678901000 000001"
		return d.Clean(r)
	})(); err != nil || d.NPWP != "0012345678901000" || d.NITKU != "0012345678901000000001" {
		t.Errorf("%+v %v", d, err)
	}
	for field, spoil := range map[string]func(*billing.Details){
		"npwp":         func(d *billing.Details) { d.NPWP = "12345678901234" },
		"nitku":        func(d *billing.Details) { d.NITKU = "9912345678901000000001" },
		"name":         func(d *billing.Details) { d.Name = "  " },
		"contract_day": func(d *billing.Details) { d.ContractDay = clock.Day{} },
		"contract":     func(d *billing.Details) { d.Contract = "" },
		"email":        func(d *billing.Details) { d.Email = "Ratna <ratna@x.test>" },
		"signatory":    func(d *billing.Details) { d.Signatory = "" },
		"address":      func(d *billing.Details) { d.Address = strings.Repeat("a", 301) },
	} {
		d := good()
		spoil(&d)
		_, err := d.Clean(r)
		f := fault.Of(err)
		if f == nil || len(f.Fields) != 1 || f.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Papers: each says what a government's files need, the same invoice makes the same bytes, and a receipt waits.
func TestDocuments(t *testing.T) {
	a := billing.Account{Details: good()}
	i := billing.Invoice{
		Number: "PDP/2026/00001", Plan: "kabupaten", Quantity: 1, Status: billing.Open, Subtotal: billing.Rupiah(120_000_000), VAT: billing.Rupiah(13_200_000),
		Due: billing.Rupiah(120_000_000), Treasurer: true, Rules: "2025-1", Buyer: good().Name, Contract: good().Contract, IssuedAt: testkit.Morning,
		DueAt: testkit.Morning.AddDate(0, 0, 30), PeriodStart: testkit.Morning, PeriodEnd: testkit.Morning.AddDate(1, 0, 0),
	}
	seller := billing.Seller{Name: "PT Contoh Pendopo", Bank: "Bank Contoh 123 a.n. PT Contoh Pendopo", NPWP: "0099999999999000", Place: "Jakarta"}
	if _, err := billing.Document(billing.DocReceipt, seller, a, i); !fault.Is(err, "billing.unpaid") {
		t.Errorf("a receipt for what is not paid: %v", err)
	}
	if _, err := billing.Document("lain", seller, a, i); !fault.Is(err, "not_found") {
		t.Errorf("%v", err)
	}
	i.Status, i.PaidAt, i.Reference = billing.Paid, testkit.Morning.AddDate(0, 0, 9), "TRF-1"
	for _, k := range billing.Kinds {
		one, err := billing.Document(k, seller, a, i)
		must(t, err)
		two, err := billing.Document(k, seller, a, i)
		must(t, err)
		if !bytes.Equal(one, two) || !bytes.HasPrefix(one, []byte("%PDF-")) || len(one) < 1000 {
			t.Errorf("%s: %d and %d bytes", k, len(one), len(two))
		}
		text := written(t, one)
		for _, want := range map[billing.Kind][]string{
			billing.DocInvoice:  {"TAGIHAN", "PDP/2026/00001", "0012 3456 7890 1000", "000001", "027/SPK/2026", "Rp133.200.000", "-Rp13.200.000", "Rp120.000.000", "seratus dua puluh juta rupiah", "Bank Contoh 123", "menunggu penetapan", "23 Desember 2026"},
			billing.DocReceipt:  {"KUITANSI", "DPMPTSP Kabupaten Bangka", "TRF-1", "2 Desember 2026", "seratus dua puluh juta rupiah"},
			billing.DocHandover: {"BERITA ACARA SERAH TERIMA", "Ratna Dewi", "PT Contoh Pendopo"},
			billing.DocSet:      {"TAGIHAN", "KUITANSI", "BERITA ACARA SERAH TERIMA"},
		}[k] {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q: %s", k, want, text)
			}
		}
	}
}

// written is what stands on a PDF's pages, with the strings of its lines one after the other.
func written(t *testing.T, pdf []byte) string {
	t.Helper()
	var out strings.Builder
	for rest := pdf; ; {
		_, after, found := bytes.Cut(rest, []byte("stream\n"))
		if !found {
			break
		}
		body, next, _ := bytes.Cut(after, []byte("\nendstream"))
		rest = next
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			continue // no page
		}
		text, _ := io.ReadAll(z)
		for _, m := range regexp.MustCompile(`\((.*?[^\\])\) ?Tj`).FindAllSubmatch(text, -1) {
			out.Write(m[1])
			out.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func TestInWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "nol rupiah", 11: "sebelas rupiah", 19: "sembilan belas rupiah", 100: "seratus rupiah", 1000: "seribu rupiah", 1_001_000: "satu juta seribu rupiah",
		2026: "dua ribu dua puluh enam rupiah", 133_200_000: "seratus tiga puluh tiga juta dua ratus ribu rupiah", 111_111: "seratus sebelas ribu seratus sebelas rupiah",
		2_000_000_015: "dua miliar lima belas rupiah",
	} {
		if got := billing.InWords(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		s    billing.Sen
		want int64
	}{{billing.Rupiah(150_000), 150_000}, {149, 1}, {150, 2}, {-150, -2}, {0, 0}} {
		if got := c.s.Whole(); got != c.want {
			t.Errorf("%d sen are %d, not %d", c.s, got, c.want)
		}
	}
	if billing.Rupiah(1) != 100 {
		t.Error("a rupiah has 100 sen at Stripe")
	}
	r := billing.RulesAt(testkit.Morning)
	base, vat := r.VAT(billing.Rupiah(12_000_000))
	if base != billing.Rupiah(11_000_000) || vat != billing.Rupiah(1_320_000) {
		t.Errorf("12%% of 11/12: %d, %d", base, vat)
	}
	for price, want := range map[int64]bool{2_000_000: true, 1_000_000: false} {
		_, vat := r.VAT(billing.Rupiah(price))
		if got := r.Collected(billing.Rupiah(price), vat, true); got != want {
			t.Errorf("Rp%d: the treasurer collects: %v", price, got)
		}
		if r.Collected(billing.Rupiah(price), vat, false) {
			t.Error("nobody's treasurer collects")
		}
	}
}
