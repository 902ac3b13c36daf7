package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

const secret = "rahasia-gerbang-0123456789"

// gateway is the other side: it checks what it gets and honours the Idempotency-Key.
type gateway struct {
	*httptest.Server
	t testing.TB

	mu      sync.Mutex
	answers []func(http.ResponseWriter, *http.Request) // in turn; then it takes what comes
	calls   int
	texts   map[string]string // by key: what went out
	by      map[string]int    // calls by process

	victim  string
	nth     int
	caught  chan struct{}
	release chan struct{}
}

func newGateway(t testing.TB, answers ...func(http.ResponseWriter, *http.Request)) *gateway {
	t.Helper()
	g := &gateway{t: t, answers: answers, texts: map[string]string{}, by: map[string]int{}, caught: make(chan struct{}), release: make(chan struct{})}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// signed checks a signature as docs/messages.md says.
func signed(header string, body []byte) bool {
	t, rest, _ := strings.Cut(header, ",")
	stamp, ok := strings.CutPrefix(t, "t=")
	mac, ok2 := strings.CutPrefix(rest, "v1=")
	if _, err := strconv.ParseInt(stamp, 10, 64); err != nil || !ok || !ok2 {
		return false
	}
	want := hmac.New(sha256.New, []byte(secret))
	want.Write([]byte(stamp + "." + string(body)))
	return mac == hex.EncodeToString(want.Sum(nil))
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var said struct{ ID, To, Channel, Text, Locale string }
	if err != nil || json.Unmarshal(body, &said) != nil || !signed(r.Header.Get("Pendopo-Signature"), body) || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != said.ID {
		g.t.Errorf("a call that is not signed, or is no JSON: %v %q", r.Header, body)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	process := r.URL.Query().Get("process")
	g.mu.Lock()
	g.calls++
	g.by[process]++
	if len(g.answers) > 0 {
		answer := g.answers[0]
		g.answers = g.answers[1:]
		g.mu.Unlock()
		answer(w, r)
		return
	}
	if _, again := g.texts[said.ID]; !again {
		g.texts[said.ID] = said.Channel + " " + said.To + " " + said.Locale + " " + said.Text
	}
	catch := g.nth > 0 && process == g.victim && g.by[process] == g.nth
	middle := g.nth > 0 && process != g.victim && len(g.texts) > 20
	g.mu.Unlock()
	switch {
	case catch:
		close(g.caught)
		select {
		case <-g.release:
		case <-r.Context().Done():
		}
	case middle:
		select {
		case <-g.caught:
		case <-r.Context().Done():
		}
	}
	_, _ = w.Write([]byte(`{"id":"gw-` + said.ID + `"}`))
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"error":"+628110000000"}`))
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestWhatTheGatewayAnswers(t *testing.T) {
	elsewhere := newGateway(t)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   notify.Refusal
	}{
		"takes it":        {nil, notify.Refusal{}},
		"too many":        {status(429, "Retry-After", "90"), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.429", After: 90 * time.Second}},
		"down":            {status(503), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.503"}},
		"broken":          {status(500, "Retry-After", "a while"), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.500"}},
		"wrong":           {status(400, "Retry-After", "90"), notify.Refusal{Outcome: notify.Permanent, Code: "gateway.400"}},
		"wrong signature": {status(401), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.401"}},
		"not let in":      {status(403), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.403"}},
		"not there":       {status(404, "Retry-After", "90"), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.404", After: 90 * time.Second}},
		"timed out":       {status(408), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.408"}},
		"at once":         {status(409), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.409"}},
		"too early":       {status(425), notify.Refusal{Outcome: notify.Temporary, Code: "gateway.425"}},
		"unprocessable":   {status(422), notify.Refusal{Outcome: notify.Permanent, Code: "gateway.422"}},
		"elsewhere":       {status(307, "Location", elsewhere.URL), notify.Refusal{Outcome: notify.Permanent, Code: "gateway.307"}},
		"hangs up":        {hangUp, notify.Refusal{Outcome: notify.Uncertain, Code: "gateway.unanswered"}},
	} {
		var answers []func(http.ResponseWriter, *http.Request)
		if c.answer != nil {
			answers = append(answers, c.answer)
		}
		g := newGateway(t, answers...)
		l := letter()
		l.Channel, l.To, l.Text, l.Locale = notify.WhatsApp, "+628110000000", "Halo \"Siti\"", notify.EN
		provider, err := notify.NewGateway(g.URL, secret).Carry(t.Context(), l)
		if c.answer == nil {
			if err != nil || provider != "gw-"+l.ID.String() || g.texts[l.ID.String()] != "whatsapp +628110000000 en Halo \"Siti\"" {
				t.Errorf("%s: %q %v %v", name, provider, err, g.texts)
			}
			continue
		}
		if got := refusal(t, err); got != c.want || strings.Contains(err.Error(), "+62") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if elsewhere.calls != 0 {
		t.Error("it followed a redirect with what is for one address")
	}
	now := testkit.Morning
	for s, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "0": 0, "30": 30 * time.Second, "999999999": time.Hour, "99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0, now.Add(1000 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		if got := notify.RetryAfter(s, now); got != want {
			t.Errorf("Retry-After %q is %v", s, got)
		}
	}
}

// Through the whole: it waits as long as it is asked to, and after an answer that was lost the same message
// goes out once, with the text of its first call.
func TestTheGatewayThroughTheWhole(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		var g *gateway
		lost := func(_ http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			g.texts[r.Header.Get("Idempotency-Key")] = "the first"
			g.mu.Unlock()
			hangUp(nil, nil)
		}
		// Twice: the HTTP client sees the Idempotency-Key, and asks once more by itself.
		g = newGateway(t, status(429, "Retry-After", "1800"), lost, lost)
		carrier := notify.NewGateway(g.URL, secret)
		w := newWorld(t, dialect, notify.Options{Carriers: map[notify.Channel]notify.Carrier{notify.SMS: carrier}},
			notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.SMS}, Unknown: notify.Hold}) // which the gateway never needs
		w.send(notify.Message{Key: "x"})
		w.until("429", func(all []message) bool { return all[0].LastError == "gateway.429" && all[0].Job == "queued" })
		w.after(1799 * time.Second)
		if g.calls != 1 {
			t.Errorf("%d calls before the time that was asked for", g.calls)
		}
		w.after(time.Second)
		w.until("the lost answer", func(all []message) bool { return all[0].LastError == "gateway.unanswered" && all[0].Job == "queued" })
		w.after(10 * time.Minute) // once, and past its pause: a clock that goes on while it is sent takes the job away
		m := w.until("its being sent", func(all []message) bool { return all[0].State == "sent" && all[0].Job == "done" })[0]
		if m.ProviderID != "gw-"+m.ID || len(g.texts) != 1 || g.texts[m.ID] != "the first" || g.calls != 4 {
			t.Errorf("%+v, %v, %d calls", m, g.texts, g.calls)
		}
	})
}

// TestMain lets the test's own binary be a process of the service.
func TestMain(m *testing.M) {
	if os.Getenv("NOTIFY_TEST_DATABASE") == "" {
		os.Exit(m.Run())
	}
	if err := serveMessages(os.Getenv("NOTIFY_TEST_DATABASE"), os.Getenv("NOTIFY_TEST_GATEWAY")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Four processes, 300 messages, one process killed while the gateway has one of its messages and has not
// said so: each message goes out once, none is lost, all are marked as sent.
func TestMessagesOverProcesses(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		if os.Getenv("PENDOPO_TEST_QUICK") != "" {
			t.Skip("left out by scripts/test quick")
		}
		g := newGateway(t)
		g.mu.Lock()
		g.victim, g.nth = "0", 5
		g.mu.Unlock()
		w := newWorld(t, dialect, notify.Options{}, notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.SMS}, Unknown: notify.Resend, PerHour: 10000})
		var children []*leash.Child
		for i := range 4 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "NOTIFY_TEST_DATABASE="+testkit.URLs(w.db).App, "NOTIFY_TEST_GATEWAY="+g.URL+"?process="+strconv.Itoa(i))
			out := &strings.Builder{} // read once the child has ended
			cmd.Stdout, cmd.Stderr = out, out
			child, err := leash.Start(cmd, syscall.SIGTERM, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = child.Stop(20 * time.Second)
				if t.Failed() {
					t.Logf("process %d:\n%s", i, out)
				}
			})
			children = append(children, child)
		}
		const total = 300
		for range total / 10 {
			err := w.db.In(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
				for range 10 {
					if err := w.service.Send(ctx, tx, notify.Message{Kind: "test.link", To: notify.User(w.region.Officer)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-g.caught:
		case <-time.After(time.Minute):
			t.Fatal("the first process was not caught in the middle")
		}
		if err := children[0].Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-children[0].Done()
		close(g.release)
		all := w.until("all to be sent", func(all []message) bool {
			for _, m := range all {
				if m.State != "sent" || m.Job != "done" {
					return false
				}
			}
			return len(all) == total
		})
		for i, c := range children[1:] {
			if err := c.Stop(20 * time.Second); err != nil {
				t.Errorf("process %d ended with %v", i+1, err)
			}
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if len(g.texts) != total || g.calls <= total {
			t.Errorf("%d went out in %d calls", len(g.texts), g.calls)
		}
		for _, m := range all {
			if g.texts[m.ID] == "" || m.ProviderID != "gw-"+m.ID {
				t.Errorf("%+v did not go out", m)
			}
		}
		t.Logf("%d messages, %d calls, by process %v", len(g.texts), g.calls, g.by)
	})
}
