package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/billing"
)

// Doctor says what is wrong with the endpoint that Stripe tells, and how to mend it.
func TestDoctorLooksAtTheWebhookEndpoint(t *testing.T) {
	const url = "https://pendopo.test/stripe/webhook"
	for want, endpoint := range map[string]map[string]any{
		"has no webhook endpoint":     {"url": "https://elsewhere.test/", "status": "enabled", "api_version": billing.APIVersion, "enabled_events": billing.Events},
		"is disabled":                 {"url": url, "status": "disabled", "api_version": billing.APIVersion, "enabled_events": billing.Events},
		"API version 2022-11-15":      {"url": url, "status": "enabled", "api_version": "2022-11-15", "enabled_events": billing.Events},
		"API version of the account":  {"url": url, "status": "enabled", "api_version": nil, "enabled_events": billing.Events},
		"is not told of invoice.paid": {"url": url, "status": "enabled", "api_version": billing.APIVersion, "enabled_events": without("invoice.paid")},
		"baik · ok":                   {"url": url, "status": "enabled", "api_version": billing.APIVersion, "enabled_events": []string{"*"}},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": []any{endpoint}, "has_more": false})
		}))
		var out bytes.Buffer
		d := &diagnosis{out: &out}
		d.endpoint(t.Context(), billing.NewStripe(billing.StripeOptions{Key: "sk_test_0123456789", Secret: "whsec_x", URL: srv.URL, Quick: true}), url)
		srv.Close()
		if !strings.Contains(out.String(), want) || (d.bad == 0) != (want == "baik · ok") {
			t.Errorf("%q is missing in %s", want, out.String())
		}
	}
}

func without(kind string) (out []string) {
	for _, k := range billing.Events {
		if k != kind {
			out = append(out, k)
		}
	}
	return out
}
