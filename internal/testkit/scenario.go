package testkit

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// Do sends a request: to a handler, an app in memory or a real process.
type Do func(*http.Request) (*http.Response, error)

// Handler makes a Do of an http.Handler.
func Handler(h http.Handler) Do {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// Scenario is one request and what must and must not come back.
type Scenario struct {
	Name   string // empty: method, host and path
	Method string // empty: GET
	Host   string // "uji-a.localhost"
	Path   string
	Header map[string]string
	Body   string

	Status   int
	Location string   // of a redirect, when not empty
	Contains []string // each stands in the body
	// NotContains stands nowhere in the body or the headers. It names the other tenant's canary, and a
	// scenario without one fails: a leak that nobody looked for is not a pass.
	NotContains []string

	Check func(t *testing.T, r *http.Response, body string) // what else there is to say
}

// Run runs the scenarios in order, each as a subtest.
func Run(t *testing.T, do Do, scenarios ...Scenario) {
	t.Helper()
	for _, s := range scenarios {
		if s.Method == "" {
			s.Method = http.MethodGet
		}
		if s.Name == "" {
			s.Name = s.Method + " " + s.Host + s.Path
		}
		t.Run(s.Name, func(t *testing.T) { s.run(t, do) })
	}
}

func (s Scenario) run(t *testing.T, do Do) {
	t.Helper()
	resp, body, wrong := s.ask(do)
	for _, w := range wrong {
		t.Error(w)
	}
	if s.Check != nil && resp != nil {
		s.Check(t, resp, body)
	}
}

// ask sends the request and tells what is wrong with the answer.
func (s Scenario) ask(do Do) (resp *http.Response, body string, wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(s.NotContains) == 0 || slices.Contains(s.NotContains, "") {
		say("the scenario does not say whose canary must not be there (NotContains)")
		return nil, "", wrong
	}
	r, err := http.NewRequest(s.Method, "http://"+cmp.Or(s.Host, "localhost")+s.Path, strings.NewReader(s.Body))
	if err != nil {
		say("%v", err)
		return nil, "", wrong
	}
	if s.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range s.Header {
		r.Header.Set(k, v)
	}
	if resp, err = do(r); err != nil {
		say("%v", err)
		return nil, "", wrong
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		say("%v", err)
	}
	body = string(raw)
	if resp.StatusCode != s.Status {
		say("status %d, want %d\n%s", resp.StatusCode, s.Status, clip(body))
	}
	if at := resp.Header.Get("Location"); s.Location != "" && at != s.Location {
		say("sent to %q, want %q", at, s.Location)
	}
	for _, want := range s.Contains {
		if !strings.Contains(body, want) {
			say("%q is missing in\n%s", want, clip(body))
		}
	}
	var head strings.Builder
	_ = resp.Header.Write(&head)
	for _, leak := range s.NotContains {
		if strings.Contains(head.String()+body, leak) {
			say("LEAK: %q stands in the answer\n%s\n%s", leak, head.String(), clip(body))
		}
	}
	return resp, body, wrong
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "..."
	}
	return s
}
