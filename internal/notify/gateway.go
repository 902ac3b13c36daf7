package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// Gateway carries SMS and WhatsApp messages to an HTTP service, as signed JSON.
type Gateway struct {
	url    string
	secret []byte
	clock  clock.Clock
	client *http.Client
}

// posted is the body.
type posted struct {
	ID      string  `json:"id"`
	To      string  `json:"to"`
	Channel Channel `json:"channel"`
	Text    string  `json:"text"`
	Locale  Locale  `json:"locale"`
}

// gatewayPatience bounds a call.
const gatewayPatience = 20 * time.Second

// longestWait bounds what a Retry-After may ask for.
const longestWait = time.Hour

// NewGateway makes the carrier from PENDOPO_GATEWAY_URL and PENDOPO_GATEWAY_SECRET.
func NewGateway(url, secret string) *Gateway {
	return &Gateway{url: url, secret: []byte(secret), clock: clock.System, client: &http.Client{
		Timeout: gatewayPatience,
		// The signature is for this address, and the message for nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Idempotent implements Carrier: the gateway takes an Idempotency-Key.
func (*Gateway) Idempotent() bool { return true }

// Check implements Carrier: it asks for the address's options, which sends nothing. Any answer will do.
func (g *Gateway) Check(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, g.url, nil)
	if err != nil {
		return err
	}
	res, err := g.client.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Signature is the value of Pendopo-Signature: "t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">".
func Signature(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

var providerID = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,200}$`)

// Carry implements Carrier.
func (g *Gateway) Carry(ctx context.Context, l Letter) (string, error) {
	body, err := json.Marshal(posted{l.ID.String(), l.To, l.Channel, l.Text, l.Locale})
	if err != nil {
		return "", &Refusal{Outcome: Permanent, Code: "gateway.body"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return "", &Refusal{Outcome: Permanent, Code: "gateway.address"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", l.ID.String())
	req.Header.Set("Pendopo-Signature", Signature(g.secret, g.clock.Now(), body))
	res, err := g.client.Do(req)
	if err != nil {
		return "", &Refusal{Outcome: Uncertain, Code: "gateway.unanswered"}
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // the status has said it; this is only the name
	code := fmt.Sprintf("gateway.%d", res.StatusCode)
	switch {
	case res.StatusCode >= 500, slices.Contains(passing, res.StatusCode):
		return "", &Refusal{Outcome: Temporary, Code: code, After: retryAfter(res.Header.Get("Retry-After"), g.clock.Now())}
	case res.StatusCode >= 300:
		return "", &Refusal{Outcome: Permanent, Code: code}
	}
	var said struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &said) != nil || !providerID.MatchString(said.ID) {
		return "", nil
	}
	return said.ID, nil
}

// passing are the refusals below 500 that another time may bring an end to: a secret or an address that is being
// changed on one side before the other, a proxy before the gateway, too much at once. They say nothing of the message.
var passing = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict,
	http.StatusTooEarly, http.StatusTooManyRequests,
}

// retryAfter reads seconds or a date, at most an hour.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(s); err == nil {
		d = time.Duration(min(n, 3600)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestWait)
}
