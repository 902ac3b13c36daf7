package billing_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/pendopo-id/pendopo/internal/billing"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

const (
	testKey    = "sk_test_pendopotests0001"
	testSecret = "whsec_pendopotests000000001"
)

type object = map[string]any

// fake is Stripe as far as this program speaks with it: it keeps state, and answers in Stripe's JSON.
type fake struct {
	tb    testing.TB
	clock *testkit.Clock
	srv   *httptest.Server

	mu        sync.Mutex
	n         int
	customers map[string]object
	prices    map[string]object // by id
	taxes     []object
	subs      map[string]object
	schedules map[string]object
	invoices  []object
	charges   map[string]object
	disputes  []object
	answers   map[string][2]string // by idempotency key: what was asked, what was answered
	writes    map[string]int       // how often each kind of write was done, and not answered from answers
	loseNext  int                  // so many writes are done, and their answers lost
	refuse    string               // writes to a path that begins so are declined
	told      []event              // in the order in which they came to be
}

// event is one that a webhook tells.
type event struct {
	ID, Kind string
	Object   object
}

func newFake(tb testing.TB, clk *testkit.Clock) *fake {
	tb.Helper()
	f := &fake{
		tb: tb, clock: clk, customers: map[string]object{}, prices: map[string]object{}, subs: map[string]object{}, schedules: map[string]object{},
		charges: map[string]object{}, answers: map[string][2]string{}, writes: map[string]int{},
	}
	f.srv = httptest.NewServer(f)
	tb.Cleanup(f.srv.Close)
	return f
}

func (f *fake) provider() *billing.StripeProvider {
	return billing.NewStripe(billing.StripeOptions{Key: testKey, Secret: testSecret, URL: f.srv.URL, Quick: true})
}

func (f *fake) id(prefix string) string {
	f.n++
	return fmt.Sprintf("%s_%04d", prefix, f.n)
}

func (f *fake) tell(kind string, o object) {
	f.told = append(f.told, event{f.id("evt"), kind, o})
}

func (f *fake) now() int64 { return f.clock.Now().Unix() }

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+testKey || r.Header.Get("Stripe-Version") != billing.APIVersion {
		f.tb.Errorf("%s %s: key or version %q", r.Method, r.URL.Path, r.Header.Get("Stripe-Version"))
	}
	if err := r.ParseForm(); err != nil {
		f.tb.Error(err)
	}
	key, asked := r.Header.Get("Idempotency-Key"), r.URL.Path+"?"+r.PostForm.Encode()
	if r.Method == http.MethodPost {
		if !strings.HasPrefix(key, "pendopo:") {
			f.tb.Errorf("%s is written under the key %q", r.URL.Path, key)
		}
		if was, ok := f.answers[key]; ok {
			if was[0] != asked {
				f.answer(w, 400, object{"error": object{"type": "idempotency_error", "message": "another request"}})
				return
			}
			fmt.Fprint(w, was[1])
			return
		}
		if f.refuse != "" && strings.HasPrefix(r.URL.Path, f.refuse) {
			body := f.answer(w, 402, object{"error": object{"type": "card_error", "code": "card_declined", "message": "declined"}})
			f.answers[key] = [2]string{asked, body}
			return
		}
		f.writes[strings.TrimPrefix(r.URL.Path, "/v1/")]++
	}
	out := f.do(r.Method, strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/"), r.Form)
	if out == nil {
		f.tb.Errorf("the fake does not know %s %s", r.Method, r.URL.Path)
		f.answer(w, 404, object{"error": object{"type": "invalid_request_error", "message": "not known"}})
		return
	}
	text, _ := json.Marshal(out)
	if r.Method == http.MethodPost {
		f.answers[key] = [2]string{asked, string(text)}
		if f.loseNext > 0 {
			f.loseNext--
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = w.Write(text)
}

func (f *fake) answer(w http.ResponseWriter, status int, o object) string {
	text, _ := json.Marshal(o)
	w.WriteHeader(status)
	_, _ = w.Write(text)
	return string(text)
}

func list(data []object) object {
	if data == nil {
		data = []object{}
	}
	return object{"object": "list", "data": data, "has_more": false}
}

func whole(v url.Values, name string) int64 {
	n, _ := strconv.ParseInt(v.Get(name), 10, 64)
	return n
}

func (f *fake) do(method string, path []string, v url.Values) object {
	switch method + " " + path[0] + strings.Repeat("/x", len(path)-1) {
	case "POST customers":
		c := object{"id": f.id("cus"), "object": "customer", "name": v.Get("name"), "invoice_settings": object{}}
		f.customers[c["id"].(string)] = c
		return c
	case "POST customers/x":
		c := f.customers[path[1]]
		c["name"] = v.Get("name")
		return c
	case "GET prices":
		for _, p := range f.prices {
			if p["lookup_key"] == v.Get("lookup_keys[0]") {
				return list([]object{p})
			}
		}
		return list(nil)
	case "POST products":
		return object{"id": v.Get("id"), "object": "product"}
	case "POST prices":
		p := object{"id": f.id("price"), "object": "price", "lookup_key": v.Get("lookup_key"), "unit_amount": whole(v, "unit_amount"), "currency": v.Get("currency"), "metadata": object{"plan": v.Get("metadata[plan]")}}
		f.prices[p["id"].(string)] = p
		return p
	case "GET tax_rates":
		return list(f.taxes)
	case "POST tax_rates":
		pc, _ := strconv.ParseFloat(v.Get("percentage"), 64)
		t := object{"id": f.id("txr"), "object": "tax_rate", "percentage": pc, "metadata": object{"pendopo_rules": v.Get("metadata[pendopo_rules]")}}
		f.taxes = append(f.taxes, t)
		return t
	case "GET subscriptions":
		var out []object
		for _, s := range f.subs {
			if s["customer"] == v.Get("customer") {
				out = append(out, f.shown(s))
			}
		}
		return list(out)
	case "POST subscriptions":
		return f.shown(f.subscribe(v.Get("customer"), v.Get("items[0][price]"), max(1, whole(v, "items[0][quantity]")), whole(v, "trial_period_days"), v.Get("default_tax_rates[0]") != ""))
	case "POST subscriptions/x":
		return f.shown(f.update(f.subs[path[1]], v))
	case "POST subscription_schedules":
		s := object{"id": f.id("sub_sched"), "object": "subscription_schedule", "subscription": v.Get("from_subscription"), "metadata": object{}}
		f.schedules[s["id"].(string)] = s
		f.subs[v.Get("from_subscription")]["schedule"] = s["id"]
		return s
	case "POST subscription_schedules/x":
		s := f.schedules[path[1]]
		s["metadata"] = object{"next_plan": v.Get("metadata[next_plan]"), "next_quantity": v.Get("metadata[next_quantity]")}
		s["next"] = v.Get("phases[1][items][0][price]")
		s["next_n"] = whole(v, "phases[1][items][0][quantity]")
		f.tell("customer.subscription.updated", f.shown(f.subs[s["subscription"].(string)]))
		return s
	case "POST subscription_schedules/x/x":
		s := f.schedules[path[1]]
		f.subs[s["subscription"].(string)]["schedule"] = nil
		return s
	case "GET invoices":
		var out []object
		for _, i := range f.invoices {
			if i["customer"] == v.Get("customer") {
				out = append(out, f.withCharge(i))
			}
		}
		return list(out)
	case "GET invoices/x":
		if path[1] == "upcoming" {
			s := f.subs[v.Get("subscription")]
			lines, sum := f.proration(s, v.Get("subscription_items[0][price]"), whole(v, "subscription_items[0][quantity]"), whole(v, "subscription_proration_date"))
			tax := f.tax(s, sum)
			return object{"object": "invoice", "subtotal": sum, "tax": tax, "total": sum + tax, "amount_due": max(0, sum+tax), "lines": list(lines)}
		}
		return nil
	case "POST invoices/x":
		i := f.invoice(path[1])
		i["metadata"] = object{"reference": v.Get("metadata[reference]")}
		return i
	case "POST invoices/x/x":
		return f.settle(f.invoice(path[1]))
	case "GET charges/x":
		return f.charges[path[1]]
	case "GET disputes":
		var out []object
		for _, d := range f.disputes {
			if d["charge"] == v.Get("charge") {
				out = append(out, d)
			}
		}
		return list(out)
	case "POST checkout/x":
		return object{"id": f.id("cs"), "object": "checkout.session", "url": "https://checkout.test/" + v.Get("line_items[0][price]")}
	case "POST billing_portal/x":
		return object{"id": f.id("bps"), "object": "billing_portal.session", "url": "https://portal.test/" + v.Get("customer")}
	case "GET webhook_endpoints":
		return list([]object{{"id": "we_1", "object": "webhook_endpoint", "url": "https://pendopo.test/stripe/webhook", "status": "enabled", "api_version": "2022-11-15", "enabled_events": []string{"invoice.paid"}}})
	}
	return nil
}

// shown is a subscription as the list gives it, with its schedule.
func (f *fake) shown(s object) object {
	out := object{}
	for k, v := range s {
		out[k] = v
	}
	if id, ok := s["schedule"].(string); ok {
		out["schedule"] = f.schedules[id]
	}
	return out
}

func (f *fake) withCharge(i object) object {
	out := object{}
	for k, v := range i {
		out[k] = v
	}
	if id, ok := i["charge"].(string); ok {
		out["charge"] = f.charges[id]
	}
	return out
}

func (f *fake) subscribe(customer, price string, quantity, trial int64, taxed bool) object {
	now := f.clock.Now()
	s := object{
		"id": f.id("sub"), "object": "subscription", "customer": customer, "created": now.Unix(), "status": "active", "cancel_at_period_end": false, "taxed": taxed,
		"current_period_start": now.Unix(), "current_period_end": now.AddDate(1, 0, 0).Unix(),
		"items": list([]object{{"id": f.id("si"), "object": "subscription_item", "price": f.prices[price], "quantity": quantity}}),
	}
	if trial > 0 {
		end := now.AddDate(0, 0, int(trial)).Unix()
		s["status"], s["trial_end"], s["current_period_end"] = "trialing", end, end
	}
	f.subs[s["id"].(string)] = s
	f.tell("customer.subscription.created", s)
	if trial == 0 {
		f.bill(s, nil)
	}
	return s
}

func item(s object) object { return s["items"].(object)["data"].([]object)[0] }

func (f *fake) update(s object, v url.Values) object {
	if c := v.Get("cancel_at_period_end"); c != "" {
		s["cancel_at_period_end"] = c == "true"
	}
	if price := v.Get("items[0][price]"); price != "" {
		n := whole(v, "items[0][quantity]")
		if v.Get("proration_behavior") == "always_invoice" && s["status"] == "active" {
			at := whole(v, "proration_date")
			if at == 0 {
				at = f.now()
			}
			lines, _ := f.proration(s, price, n, at)
			item(s)["price"], item(s)["quantity"] = f.prices[price], n
			f.bill(s, lines)
		}
		item(s)["price"], item(s)["quantity"] = f.prices[price], n
	}
	f.tell("customer.subscription.updated", s)
	return s
}

func (f *fake) proration(s object, price string, quantity, at int64) (lines []object, sum int64) {
	from, to := s["current_period_start"].(int64), s["current_period_end"].(int64)
	part := func(p object, n int64) int64 {
		return int64(math.Round(float64(p["unit_amount"].(int64)*n) * float64(to-at) / float64(to-from)))
	}
	it := item(s)
	credit, charge := -part(it["price"].(object), it["quantity"].(int64)), part(f.prices[price], quantity)
	period := object{"start": at, "end": to}
	return []object{
		{"object": "line_item", "amount": credit, "price": it["price"], "quantity": it["quantity"], "period": period},
		{"object": "line_item", "amount": charge, "price": f.prices[price], "quantity": quantity, "period": period},
	}, credit + charge
}

func (f *fake) tax(s object, sum int64) int64 {
	if s["taxed"] != true || sum <= 0 {
		return 0
	}
	return int64(math.Round(float64(sum) * f.taxes[0]["percentage"].(float64) / 100))
}

// bill makes an invoice that waits to be paid: of the period, or of lines.
func (f *fake) bill(s object, lines []object) object {
	if lines == nil {
		it := item(s)
		lines = []object{{
			"object": "line_item", "amount": it["price"].(object)["unit_amount"].(int64) * it["quantity"].(int64), "price": it["price"], "quantity": it["quantity"],
			"period": object{"start": s["current_period_start"], "end": s["current_period_end"]},
		}}
	}
	var sum int64
	for _, l := range lines {
		sum += l["amount"].(int64)
	}
	tax := f.tax(s, sum)
	i := object{
		"id": f.id("in"), "object": "invoice", "customer": s["customer"], "subscription": s["id"], "status": "open", "subtotal": sum, "tax": tax, "total": sum + tax,
		"amount_due": sum + tax, "created": f.now(), "due_date": f.clock.Now().AddDate(0, 0, 30).Unix(), "number": f.id("INV"), "lines": list(lines),
		"status_transitions": object{"finalized_at": f.now()}, "invoice_pdf": "https://files.test/x.pdf", "metadata": object{}, "customer_name": f.customers[s["customer"].(string)]["name"],
	}
	f.invoices = append(f.invoices, i)
	f.tell("invoice.finalized", i)
	return i
}

func (f *fake) invoice(id string) object {
	for _, i := range f.invoices {
		if i["id"] == id {
			return i
		}
	}
	return nil
}

func (f *fake) settle(i object) object {
	ch := object{"id": f.id("ch"), "object": "charge", "customer": i["customer"], "disputed": false}
	f.charges[ch["id"].(string)] = ch
	i["status"], i["charge"], i["status_transitions"] = "paid", ch["id"], object{"finalized_at": i["created"], "paid_at": f.now()}
	for _, s := range f.subs {
		if s["id"] == i["subscription"] && s["status"] == "past_due" {
			s["status"] = "active"
			f.tell("customer.subscription.updated", s)
		}
	}
	f.tell("invoice.paid", i)
	return i
}

// What happens at Stripe by itself, under the lock.
func (f *fake) happens(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what()
}

// renew begins the next period, as the schedule or the cancellation says.
func (f *fake) renew(s object) {
	if s["cancel_at_period_end"] == true {
		s["status"] = "canceled"
		f.tell("customer.subscription.deleted", s)
		return
	}
	if id, ok := s["schedule"].(string); ok && f.schedules[id]["next"] != nil {
		item(s)["price"], item(s)["quantity"] = f.prices[f.schedules[id]["next"].(string)], f.schedules[id]["next_n"]
		s["schedule"] = nil
	}
	start := s["current_period_end"].(int64)
	s["status"], s["current_period_start"], s["current_period_end"] = "active", start, time.Unix(start, 0).UTC().AddDate(1, 0, 0).Unix()
	f.tell("customer.subscription.updated", s)
	f.bill(s, nil)
}

func (f *fake) fails(s, i object) {
	s["status"] = "past_due"
	f.tell("invoice.payment_failed", i)
	f.tell("customer.subscription.updated", s)
}

func (f *fake) disputed(i object) object {
	ch := f.charges[i["charge"].(string)]
	ch["disputed"] = true
	d := object{"id": f.id("dp"), "object": "dispute", "charge": ch["id"], "status": "needs_response", "created": f.now()}
	f.disputes = append(f.disputes, d)
	f.tell("charge.dispute.created", d)
	return d
}

func (f *fake) sub() object {
	for _, s := range f.subs {
		return s
	}
	return nil
}

func (f *fake) last() object { return f.invoices[len(f.invoices)-1] }

// signed is an event as a webhook's body and header.
func signed(e event, version string) ([]byte, string) {
	body, _ := json.Marshal(object{"id": e.ID, "object": "event", "type": e.Kind, "api_version": version, "created": time.Now().Unix(), "livemode": false, "data": object{"object": e.Object}})
	p := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: testSecret})
	return p.Payload, p.Header
}
