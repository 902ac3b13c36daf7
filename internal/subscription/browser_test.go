package subscription_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func ownOf(w *world) billing.Payer { return billing.Own(w.at) }

func cleanDetails() billing.Details {
	d := details()
	contractDay, _ := clock.ParseDay(d.Get("contract_day"))
	return billing.Details{
		Name: d.Get("name"), Address: d.Get("address"), NPWP: d.Get("npwp"), NITKU: d.Get("nitku"), Contract: d.Get("contract"), ContractDay: contractDay,
		Signatory: d.Get("signatory"), Email: d.Get("email"), Treasurer: true,
	}
}

// subscribed gives the region a running subscription with an invoice.
func subscribed(t *testing.T, w *world) {
	t.Helper()
	must(t, w.svc.Choose(t.Context(), ownOf(w), "system:test", "kabupaten", 1, time.Time{}))
	w.clock.Advance(31 * day)
	must(t, second(w.svc.Reconcile(t.Context(), w.a.ID)))
}

// Every page on a phone, a tablet and a desk: nothing that axe finds, nothing wider than the screen, no word from the
// console.
func TestInABrowser(t *testing.T) {
	c := testkit.Browser(t)
	w := newWorld(t, testkit.SQLite)
	must(t, w.svc.SaveDetails(t.Context(), ownOf(w), "system:test", cleanDetails()))
	subscribed(t, w)
	w.clock.Advance(32 * day)
	must(t, w.svc.Choose(t.Context(), ownOf(w), "system:test", "kota", 1, time.Time{}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- w.app.Serve(ln) }()
	t.Cleanup(func() {
		_ = w.app.Shutdown(context.Background())
		<-done
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	home, bare := "http://"+w.host()+":"+port, "http://localhost:"+port
	_, text := w.get(t, "admin", w.host(), "/petugas/langganan")
	invoice := invoicePath.FindString(text)
	_, text = w.get(t, "operator", "localhost", "/petugas/langganan")
	theirs := invoicePath.FindString(text)
	must(t, w.svc.SaveDetails(t.Context(), provinceOf(t, w), "system:test", cleanDetails()))
	for who, pages := range map[string][][2]string{
		"admin": {
			{"langganan", home + "/petugas/langganan"}, {"data", home + "/petugas/langganan/data"}, {"ubah", home + "/petugas/langganan/ubah?paket=kabupaten"},
			{"tagihan", home + invoice}, {"langganan-en", home + "/petugas/langganan?lang=en"},
		},
		"operator": {{"pelanggan", bare + "/petugas/langganan"}, {"lunas", bare + theirs}, {"provinsi", bare + "/petugas/langganan/provinsi/19"}},
	} {
		for _, page := range pages {
			for _, width := range []int{360, 768, 1280} {
				name := fmt.Sprintf("%s-%d", page[0], width)
				p := c.Page("about:blank", width, 800, func(p *testkit.Page) error {
					return p.SetCookies([]*proto.NetworkCookieParam{{Name: "sid", Value: who, URL: page[1]}})
				})
				p.Visit(t, page[1])
				if title := p.MustElement("h1").MustText(); title == "" || strings.Contains(p.MustInfo().URL, "/masuk") {
					t.Fatalf("%s: %q at %s", name, title, p.MustInfo().URL)
				}
				p.Accessible(t)
				if wide := p.Wide(t); wide > 0 {
					t.Errorf("%s: %d pixels too wide", name, wide)
				}
				for _, problem := range p.Problems() {
					t.Errorf("%s: %s", name, problem)
				}
				p.Screenshot(t, name)
				p.MustClose()
			}
		}
	}
}

func provinceOf(t *testing.T, w *world) billing.Payer {
	t.Helper()
	p, err := w.svc.ProvincePayer("19")
	must(t, err)
	return p
}
