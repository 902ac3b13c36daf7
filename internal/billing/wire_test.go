package billing_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// stripeMock starts stripe-mock, Stripe's own program that holds each request against the description of the API, and
// gives its address. Both its ports are said, or it would open a public one.
func stripeMock(t *testing.T) string {
	t.Helper()
	root, err := testkit.Root()
	must(t, err)
	found := exec.Command("go", "-C", filepath.Join(root, "tools"), "tool", "-n", "stripe-mock")
	found.Stderr = os.Stderr
	out, err := found.Output()
	if err != nil {
		t.Fatalf("stripe-mock is built by the Go command out of the module tools: %v", err)
	}
	port := func() string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer ln.Close()
		return ln.Addr().String()
	}
	plain, tls := port(), port()
	cmd := exec.Command(strings.TrimSpace(string(out)), "-http-addr", plain, "-https-addr", tls)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 400 {
		conn, err := net.Dial("tcp", plain)
		if err == nil {
			_ = conn.Close()
			return "http://" + plain
		}
		time.Sleep(25 * time.Millisecond) // until the other process listens
	}
	t.Fatal("stripe-mock does not listen")
	return ""
}

// wiretap stands before stripe-mock: it notes what is asked, and changes what the mock, which knows no state, answers.
type wiretap struct {
	to     string
	mu     sync.Mutex
	asked  map[string]int
	bad    []string
	change func(call string, answer object) object
}

var named = regexp.MustCompile(`/[a-z]+(_[A-Za-z0-9]+)+`)

func (w *wiretap) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req, _ := http.NewRequest(r.Method, w.to+r.URL.RequestURI(), bytes.NewReader(body))
	req.Header = r.Header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	for _, keep := range []string{"/tax_rates", "/webhook_endpoints", "/subscription_schedules", "/billing_portal"} {
		path = strings.Replace(path, keep, strings.ReplaceAll(keep, "_", "-"), 1)
	}
	call := r.Method + " " + strings.ReplaceAll(named.ReplaceAllString(path, "/:id"), "-", "_")
	w.mu.Lock()
	w.asked[call]++
	if res.StatusCode >= 400 {
		w.bad = append(w.bad, call+": "+string(text))
	}
	w.mu.Unlock()
	var answer object
	if json.Unmarshal(text, &answer) == nil && w.change != nil {
		if changed := w.change(call, answer); changed != nil {
			text, _ = json.Marshal(changed)
		}
	}
	rw.WriteHeader(res.StatusCode)
	_, _ = rw.Write(text)
}

// calls is every call that the provider makes: in the source as in the API.
var calls = map[string]string{
	"Customers.New": "POST /customers", "Customers.Update": "POST /customers/:id", "Prices.List": "GET /prices", "Prices.New": "POST /prices",
	"Products.New": "POST /products", "TaxRates.List": "GET /tax_rates", "TaxRates.New": "POST /tax_rates",
	"Subscriptions.List": "GET /subscriptions", "Subscriptions.New": "POST /subscriptions", "Subscriptions.Update": "POST /subscriptions/:id",
	"SubscriptionSchedules.New": "POST /subscription_schedules", "SubscriptionSchedules.Update": "POST /subscription_schedules/:id",
	"SubscriptionSchedules.Release": "POST /subscription_schedules/:id/release", "Invoices.List": "GET /invoices", "Invoices.Upcoming": "GET /invoices/upcoming",
	"Invoices.Update": "POST /invoices/:id", "Invoices.Pay": "POST /invoices/:id/pay", "CheckoutSessions.New": "POST /checkout/sessions",
	"BillingPortalSessions.New": "POST /billing_portal/sessions", "Charges.Get": "GET /charges/:id", "Disputes.List": "GET /disputes",
	"WebhookEndpoints.List": "GET /webhook_endpoints",
}

// Each call that the code makes is one that Stripe's description of API 2023-10-16 knows, with each of its parameters.
func TestEveryCallAgainstStripeMock(t *testing.T) {
	tap := &wiretap{to: stripeMock(t), asked: map[string]int{}}
	srv := httptest.NewServer(tap)
	defer srv.Close()
	p := billing.NewStripe(billing.StripeOptions{Key: "sk_test_123", Secret: testSecret, URL: srv.URL, Quick: true})
	ctx := t.Context()
	kota, _ := billing.PlanOf("kota")
	order := billing.Order{
		Tenant: store.NewTenantID(), Account: billing.Account{ID: id.New(), Scope: "id/19/19.01", Details: good()}, Plan: kota, Quantity: 1, Now: time.Now(),
		At: time.Now(), Purpose: "test", Back: "https://uji.test/petugas/langganan", Ref: "TRF-1",
	}
	// A world with nothing in it: all is made.
	tap.change = func(call string, _ object) object {
		if strings.HasPrefix(call, "GET ") && call != "GET /invoices/upcoming" && !strings.HasPrefix(call, "GET /charges") {
			return list(nil)
		}
		return nil
	}
	customer, err := p.Open(ctx, order)
	must(t, err)
	order.Account.Customer = customer
	_, err = p.Open(ctx, order)
	must(t, err)
	_, err = p.Start(ctx, order)
	must(t, err)
	url, err := p.Checkout(ctx, order)
	must(t, err)
	if url == "" {
		t.Error("no page to pay on")
	}
	_, err = p.Portal(ctx, order)
	must(t, err)
	// One with a subscription that runs, on which all is changed.
	tap.change = func(call string, answer object) object {
		switch call {
		case "GET /subscriptions":
			s := answer["data"].([]any)[0].(object)
			s["status"], s["schedule"] = "active", nil
			return answer
		case "GET /invoices":
			i := answer["data"].([]any)[0].(object)
			i["status"], i["total"], i["charge"] = "paid", 100, object{"id": "ch_1", "object": "charge", "disputed": true}
			return answer
		}
		return nil
	}
	for what, do := range map[string]func() error{
		"upgrade":   func() error { _, err := p.Upgrade(ctx, order); return err },
		"downgrade": func() error { _, err := p.Downgrade(ctx, order); return err },
		"cancel":    func() error { _, err := p.Cancel(ctx, order); return err },
		"preview":   func() error { _, err := p.Preview(ctx, order); return err },
		"paid":      func() error { _, err := p.Paid(ctx, order, billing.Invoice{External: "in_1"}); return err },
		"endpoint":  func() error { _, err := p.Endpoint(ctx, "https://uji.test/stripe/webhook"); return err },
		"dispute": func() error {
			b, h := signed(event{"evt_1", "charge.dispute.created", object{"id": "dp_1", "charge": "ch_1"}}, billing.APIVersion)
			return billing.Read(ctx, p, b, h)
		},
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	// And one that is to change later, which is taken back; one in its trial.
	tap.change = func(call string, answer object) object {
		if call == "GET /subscriptions" {
			s := answer["data"].([]any)[0].(object)
			s["status"], s["schedule"] = "active", object{"id": "sub_sched_1", "object": "subscription_schedule"}
			return answer
		}
		return nil
	}
	_, err = p.Keep(ctx, order)
	must(t, err)
	for _, b := range tap.bad {
		t.Error(b)
	}
	want := slices.Sorted(maps.Values(calls))
	if got := slices.Sorted(maps.Keys(tap.asked)); !slices.Equal(got, want) {
		t.Errorf("asked\n%v, to be asked\n%v", got, want)
	}
}

// What the source calls is what the test above knows.
func TestNoCallIsForgotten(t *testing.T) {
	in := map[string]bool{}
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		must(t, err)
		for _, m := range regexp.MustCompile(`\bapi\.(\w+\.\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			in[m[1]] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(in)), slices.Sorted(maps.Keys(calls)); !slices.Equal(got, want) {
		t.Errorf("the source calls\n%v, the test knows\n%v", got, want)
	}
}
