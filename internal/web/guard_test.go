package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
)

func TestCSRF(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Post("/x", authz.Public, say("done"))
	s.Tenant().Get("/x", authz.Public, say("read"))
	s.Tenant().Post("/api/v1/x", authz.Public, say("done"))
	s.Bare().Post("/x", authz.Public, say("done"))
	cookie, bearer := "Cookie: sid=officer", "Authorization: Bearer officer"
	for _, c := range []struct {
		name, host, path string
		header           []string
		ok               bool
	}{
		{"our own page", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: same-origin", cookie}, true},
		{"typed by a person", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: none", cookie}, true},
		{"another site", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: cross-site", cookie}, false},
		{"a sibling region", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: same-site", cookie}, false},
		{"another site, nobody signed in", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"another site, though Origin says ours", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: cross-site", "Origin: http://bangka.localhost:8080"}, false},
		{"what no browser says", "bangka.localhost:8080", "/x", []string{"Sec-Fetch-Site: Same-Origin", cookie}, false},
		{"an older browser on our page", "bangka.localhost:8080", "/x", []string{"Origin: http://bangka.localhost:8080", cookie}, true},
		{"an older browser behind TLS", "bangka.localhost", "/x", []string{"Origin: https://bangka.localhost", cookie}, true},
		{"an older browser elsewhere", "bangka.localhost:8080", "/x", []string{"Origin: http://evil.test", cookie}, false},
		{"an older browser at a sibling", "bangka.localhost:8080", "/x", []string{"Origin: http://belitung.localhost:8080", cookie}, false},
		{"an older browser at another port", "bangka.localhost:8080", "/x", []string{"Origin: http://bangka.localhost:9090", cookie}, false},
		{"a sandboxed frame", "bangka.localhost:8080", "/x", []string{"Origin: null", cookie}, false},
		{"a host in the user's place", "bangka.localhost:8080", "/x", []string{"Origin: http://bangka.localhost:8080@evil.test", cookie}, false},
		{"no browser, no cookie", "bangka.localhost:8080", "/x", nil, true},
		{"no browser, a cookie", "bangka.localhost:8080", "/x", []string{cookie}, false},
		{"no browser, a bearer", "bangka.localhost:8080", "/api/v1/x", []string{bearer}, true},
		{"a bearer from another site", "bangka.localhost:8080", "/api/v1/x", []string{bearer, "Sec-Fetch-Site: cross-site"}, false},
		{"the API with a cookie only", "bangka.localhost:8080", "/api/v1/x", []string{cookie}, false},
		{"the bare domain from a region", "localhost:8080", "/x", []string{"Sec-Fetch-Site: same-site"}, false},
		{"the bare domain", "localhost:8080", "/x", []string{"Sec-Fetch-Site: same-origin"}, true},
	} {
		res, body := s.ask(t, "POST", c.host, c.path, "", c.header...)
		if c.ok && (res.StatusCode != http.StatusOK || body != "done") || !c.ok && (res.StatusCode != http.StatusForbidden || strings.Contains(body, "done")) {
			t.Errorf("%s: %d %.200s", c.name, res.StatusCode, body)
		}
	}
	if res, _ := s.ask(t, "GET", "bangka.localhost", "/x", "", "Sec-Fetch-Site: cross-site", cookie); res.StatusCode != http.StatusOK {
		t.Errorf("a link from elsewhere: %d", res.StatusCode)
	}
}

type body struct {
	ServiceID id.ID    `json:"service_id"`
	Name      string   `json:"name"`
	Count     int      `json:"count"`
	Tags      []string `json:"tags"`
}

func TestBindJSON(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Post("/api/v1/x", authz.Public, func(c *Ctx) error {
		var b body
		if err := c.BindJSON(&b); err != nil {
			return err
		}
		return c.JSON(200, b)
	})
	one := id.New().String()
	const json = "Content-Type: application/json"
	for name, c := range map[string]struct {
		body, kind string
		status     int
		want       string
	}{
		"good":                  {`{"service_id":"` + one + `","name":"Siti","count":2,"tags":["a","b"]}`, json, 200, `"name":"Siti"`},
		"good, with a charset":  {`{"name":"Siti"}`, json + "; charset=utf-8", 200, "Siti"},
		"spaces after it":       {`{"name":"Siti"}` + " \n\t", json, 200, "Siti"},
		"a form":                {`name=Siti`, "Content-Type: application/x-www-form-urlencoded", 400, "json.type"},
		"no type":               {`{"name":"Siti"}`, "X-A: b", 400, "json.type"},
		"text":                  {`{"name":"Siti"}`, "Content-Type: text/plain", 400, "json.type"},
		"empty":                 {``, json, 400, "json.syntax"},
		"broken":                {`{"name":"Siti"`, json, 400, "json.syntax"},
		"an unknown field":      {`{"name":"Siti","status":"done"}`, json, 422, `"errors":[{"field":"status","code":"unknown"`},
		"a wrong type":          {`{"count":"two"}`, json, 422, `"errors":[{"field":"count","code":"type"`},
		"no object":             {`[1]`, json, 400, "json.syntax"},
		"a bad identifier":      {`{"service_id":"1"}`, json, 422, `"code":"invalid"`},
		"two values":            {`{"name":"a"}{"name":"b"}`, json, 400, "json.syntax"},
		"something after it":    {`{"name":"a"}x`, json, 400, "json.syntax"},
		"a name twice":          {`{"name":"a","name":"b"}`, json, 400, "json.syntax"},
		"a name twice, by case": {`{"name":"a","NAME":"b"}`, json, 400, "json.syntax"},
		"a NUL sign":            {`{"name":"a\u0000b"}`, json, 400, "json.syntax"},
		"too deep":              {`{"tags":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`, json, 400, "json.syntax"},
		"null":                  {`null`, json, 200, `"name":""`},
	} {
		res, got := s.ask(t, "POST", "bangka.localhost", "/api/v1/x", c.body, c.kind)
		if res.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `[[]]`, `{"a":{"a":"\u0000"}}`, `"x"`, `{"a":1,"a":2}`, ``, `{]`, `1 2`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := checkJSON(b); err == nil && !json.Valid(b) {
			t.Errorf("taken, and is no JSON: %q", b)
		}
	})
}

func TestProblems(t *testing.T) {
	s := newSite(t, func(c *Config) { c.TrustedProxies = []string{"0.0.0.0"} }) // where app.Test comes from
	secret := errors.New("pq: relation dapur_rahasia")
	add := func(path string, err error) {
		s.Tenant().Get("/api/v1"+path, authz.Public, func(c *Ctx) error { c.SetHeader("X-Half", "done"); return err })
		s.Tenant().Get(path, authz.Public, func(*Ctx) error { return err })
	}
	add("/internal", secret)
	add("/full", fault.Wrap(secret, fault.Conflict, "busy").With("next_opening", "2026-11-24T08:00:00+07:00").With("status", 200))
	add("/form", fault.New(fault.Invalid, "invalid").Field("email", "required").Field("x", "nowhere"))
	add("/slow", fault.New(fault.TooMany, "limited").Retry(90*time.Second+time.Millisecond))
	add("/wordless", fault.New(fault.Conflict, "no.words"))
	s.Tenant().Get("/api/v1/panic", authz.Public, func(*Ctx) error { panic("dapur rahasia") })

	res, text := s.ask(t, "GET", "bangka.localhost", "/api/v1/full", "", "X-Request-Id: req-12345", "Accept-Language: en")
	p := problemOf(t, text)
	if res.StatusCode != http.StatusConflict || res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %s", res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"))
	}
	for k, want := range map[string]any{
		"type": "https://pendopo.id/problems/busy", "title": "Not possible right now", "status": 409.0, "code": "busy",
		"detail": "The system is busy. Please try again shortly.", "instance": "req-12345", "next_opening": "2026-11-24T08:00:00+07:00",
	} {
		if p[k] != want {
			t.Errorf("%s is %v", k, p[k])
		}
	}
	_, text = s.ask(t, "GET", "bangka.localhost", "/api/v1/form", "")
	if got := fmt.Sprint(problemOf(t, text)["errors"]); got != "[map[code:required detail:Mohon isi bagian ini. field:email] map[code:nowhere detail:Isian ini tidak sesuai. field:x]]" {
		t.Errorf("errors: %s", got)
	}
	if res, _ := s.ask(t, "GET", "bangka.localhost", "/slow", ""); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "91" {
		t.Errorf("%d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	if _, text := s.ask(t, "GET", "bangka.localhost", "/api/v1/wordless", ""); problemOf(t, text)["detail"] != "Saat ini belum dapat dilakukan" {
		t.Errorf("a code without words: %s", text)
	}
	for _, path := range []string{"/api/v1/internal", "/internal", "/api/v1/panic"} {
		res, text := s.ask(t, "GET", "bangka.localhost", path, "")
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(text, "dapur") || strings.Contains(text, "goroutine") || res.Header.Get("X-Half") != "" {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
		if !strings.Contains(text, res.Header.Get("X-Request-Id")) {
			t.Errorf("%s does not name the request: %s", path, text)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "dapur_rahasia") || !strings.Contains(log, "dapur rahasia") || !strings.Contains(log, "guard_test.go") {
		t.Errorf("the log lacks the causes:\n%s", log)
	}
	res, text = s.ask(t, "GET", "bangka.localhost", "/full", "", "HX-Request: true")
	if res.StatusCode != http.StatusConflict || strings.Contains(text, "<html") || !strings.Contains(text, "Sistem sedang sibuk") {
		t.Errorf("htmx: %d %s", res.StatusCode, text)
	}
	res, text = s.ask(t, "GET", "bangka.localhost", "/full", "")
	if res.StatusCode != http.StatusConflict || !strings.Contains(text, "<html") || !strings.Contains(text, "Sistem sedang sibuk") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("page: %d %s", res.StatusCode, text)
	}
}

// TestOversized: what is refused before a handler is a problem like any other.
func TestOversized(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Post("/api/v1/x", authz.Public, say("x"))
	url := start(t, s)
	for name, c := range map[string]struct {
		body   string
		header string
		status int
	}{
		"body": {strings.Repeat("x", 65<<10), "", 413},
		"head": {"", strings.Repeat("x", 17<<10), 431},
	} {
		req, _ := http.NewRequest(http.MethodPost, url+"/api/v1/x", strings.NewReader(c.body))
		req.Host = "bangka.localhost"
		req.Header.Set("X-Long", c.header)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v %s", name, res.StatusCode, res.Header, b)
		}
	}
}

func TestSafePath(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/petugas": true, "/petugas?a=b&c=//d": true, "/a#b": true,
		"": false, "petugas": false, "//evil.test": false, `/\evil.test`: false, "https://evil.test": false, "javascript:alert(1)": false,
		"/\t/evil.test": false, "/\n/evil.test": false, " /x": false, "/a\\b": false, "/x\r\nSet-Cookie: a=b": false, "/%zz": false,
		"/" + strings.Repeat("a", 2000): false,
	} {
		if got := SafePath(path, "") != ""; got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
	s := newSite(t, nil)
	s.Tenant().Get("/go", authz.Public, func(c *Ctx) error { return c.SeeOther(c.Query("to")) })
	if res, _ := s.ask(t, "GET", "bangka.localhost", "/go?to=//evil.test", ""); res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
		t.Errorf("%d %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res, _ := s.ask(t, "GET", "bangka.localhost", "/go?to=/x", ""); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/x" {
		t.Errorf("%d %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func FuzzSafePath(f *testing.F) {
	for _, s := range []string{"/x", "//x", `/\x`, "/%2f/x", "https://x", "/a?b#c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		safe := SafePath(path, "")
		if safe == "" {
			return
		}
		base, _ := http.NewRequest(http.MethodGet, "http://ours.test/page", nil)
		u, err := base.URL.Parse(safe)
		if err != nil || u.Host != "ours.test" || u.Scheme != "http" {
			t.Errorf("%q leads to %v", path, u)
		}
	})
}

func TestLimit(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Post("/api/v1/tickets", authz.Public, say("x"), Limited("ticket", 1, 3))
	s.Tenant().Post("/ambil", authz.Public, say("x"), Limited("ticket", 1, 3))
	s.Tenant().Post("/api/v1/other", authz.Public, say("x"), Limited("other", 1, 3))
	post := func(host, path string, header ...string) *http.Response {
		res, _ := s.ask(t, "POST", host, path, "", header...)
		return res
	}
	for i := range 3 {
		if res := post("bangka.localhost", "/api/v1/tickets"); res.StatusCode != http.StatusOK {
			t.Fatalf("call %d: %d", i, res.StatusCode)
		}
	}
	res := post("bangka.localhost", "/ambil")
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "1" {
		t.Errorf("the fourth: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	for name, res := range map[string]*http.Response{
		"another class":   post("bangka.localhost", "/api/v1/other"),
		"another region":  post("belitung.localhost", "/api/v1/tickets"),
		"an officer":      post("bangka.localhost", "/api/v1/tickets", "Authorization: Bearer officer"),
		"not a forwarder": post("belitung.localhost", "/api/v1/tickets", "X-Forwarded-For: 198.51.100.9"),
	} {
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	s.clock.advance(time.Second)
	if res := post("bangka.localhost", "/api/v1/tickets"); res.StatusCode != http.StatusOK {
		t.Errorf("a second later: %d", res.StatusCode)
	}
	off := newSite(t, func(c *Config) { c.LimitsOff = true })
	off.Tenant().Post("/x", authz.Public, say("x"), Limited("x", 1, 1))
	for range 5 {
		if res, _ := off.ask(t, "POST", "bangka.localhost", "/x", ""); res.StatusCode != http.StatusOK {
			t.Errorf("limits off: %d", res.StatusCode)
		}
	}
}

// A mall's phones come from one address. When its line was down for a moment they all load their page and open
// their stream at once, more than once; a script that does nothing else is stopped.
func TestAMallComesBackAtOnce(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/antrean", authz.Public, say("x"), Reads)
	s.Tenant().Get("/langsung", authz.Public, say("x"), Streams)
	get := func(path string, header ...string) int {
		res, _ := s.ask(t, "GET", "bangka.localhost", path, "", header...)
		return res.StatusCode
	}
	for range 3 {
		for phone := range 100 {
			if page, stream := get("/antrean"), get("/langsung"); page != http.StatusOK || stream != http.StatusOK {
				t.Fatalf("phone %d: page %d, stream %d", phone, page, stream)
			}
		}
	}
	n := 0
	for n < 5000 && get("/langsung") == http.StatusOK {
		n++
	}
	if n == 5000 {
		t.Error("a script opens streams without end")
	}
	if page, officer := get("/antrean"), get("/langsung", "Authorization: Bearer officer"); page != http.StatusOK || officer != http.StatusOK {
		t.Errorf("after it a page is %d, and a stream of somebody signed in %d", page, officer)
	}
}

// A host that is no region's draws a page that searches: it is counted too.
func TestLimitElsewhere(t *testing.T) {
	s := newSite(t, func(c *Config) { c.NotHere = func(c *Ctx, _ string) error { return say("no region")(c) } })
	last := 0
	for i := 0; i < 5000 && last != http.StatusTooManyRequests; i++ {
		res, _ := s.ask(t, "GET", "nowhere.localhost", "/?q=bangka", "")
		last = res.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("without end: %d", last)
	}
}

func TestLimitsAreBounded(t *testing.T) {
	l := newLimits()
	now := time.Now()
	for i := range maxBuckets + 1000 {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		l.take(limitKey{addr: network(addr), class: "x"}, 1, 1, now)
	}
	if len(l.buckets) != maxBuckets || l.order.Len() != maxBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
	for in, want := range map[string]string{"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "198.51.100.7": "198.51.100.7/32"} {
		if got := network(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s is counted as %s", in, got)
		}
	}
}

func TestAddress(t *testing.T) {
	s := newSite(t, func(c *Config) { c.TrustedProxies = []string{"0.0.0.0", "10.0.0.0/8", "fd00::/8"} })
	plain := newSite(t, nil)
	show := func(c *Ctx) error { return say(c.IP().String())(c) }
	s.Tenant().Get("/", authz.Public, show)
	plain.Tenant().Get("/", authz.Public, show)
	for _, c := range []struct {
		forwarded []string
		want      string
	}{
		{nil, "0.0.0.0"},
		{[]string{"198.51.100.7"}, "198.51.100.7"},
		{[]string{"1.2.3.4, 198.51.100.7"}, "198.51.100.7"},
		{[]string{"1.2.3.4, 198.51.100.7, 10.1.1.1"}, "198.51.100.7"},
		{[]string{"1.2.3.4", "198.51.100.7, 10.1.1.1"}, "198.51.100.7"},
		{[]string{"1.2.3.4, spoof, 10.1.1.1"}, "10.1.1.1"},
		{[]string{"2001:db8::1"}, "2001:db8::1"},
		{[]string{"::ffff:198.51.100.7"}, "198.51.100.7"},
	} {
		var header []string
		for _, f := range c.forwarded {
			header = append(header, "X-Forwarded-For: "+f)
		}
		if _, got := s.ask(t, "GET", "bangka.localhost", "/", "", header...); got != c.want {
			t.Errorf("%v: %s", c.forwarded, got)
		}
		if _, got := plain.ask(t, "GET", "bangka.localhost", "/", "", header...); got != "0.0.0.0" {
			t.Errorf("no proxy is trusted, and %v made %s", c.forwarded, got)
		}
	}
}

func TestClean(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Post("/x/:p", authz.Public, func(c *Ctx) error {
		return say(fmt.Sprintf("%q %q %q", c.Param("p"), c.Query("q"), c.Form("f")))(c)
	})
	r := httptest.NewRequest(http.MethodPost, "/x/a%00b?q=a%00%ffb%07&f=query", strings.NewReader("f=a%00b%0Ac%E2%82%AC"))
	r.Host = "bangka.localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	if string(b) != `"ab" "ab" "ab\nc€"` {
		t.Errorf("%s", b)
	}
}
