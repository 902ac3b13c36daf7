package domains_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

const password = "kunci pendopo 2026"

var hashed = sync.OnceValue(func() string {
	h, err := auth.Hash(context.Background(), tenant.ID{}, password)
	if err != nil {
		panic(err)
	}
	return h
})

// zone is what the DNS says.
type zone struct {
	mu    sync.Mutex
	texts map[string]string
	hosts map[string][]string
	down  bool
}

func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.down {
		return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
	}
	if v, ok := z.texts[strings.TrimSuffix(name, ".")]; ok {
		return []string{v}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z *zone) LookupHost(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if v, ok := z.hosts[strings.TrimSuffix(name, ".")]; ok {
		return v, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// desk is two regions whose regional IT are signed in.
type desk struct {
	*web.App
	db    *store.DB
	clock *testkit.Clock
	auth  *auth.Service
	reg   *tenant.Registry
	zone  *zone
	keep  *domains.Keeper
	a, b  *testkit.Region
	token map[*testkit.Region]string
}

func newDesk(t *testing.T, dialect string, opt domains.Options) *desk {
	t.Helper()
	d := &desk{clock: testkit.NewClock(clock.System.Now()), zone: &zone{texts: map[string]string{}, hosts: map[string][]string{}}, token: map[*testkit.Region]string{}}
	d.db = testkit.Open(t, dialect, testkit.WithClock(d.clock))
	d.a, d.b = testkit.Two(t, d.db, testkit.PasswordHash(hashed()))
	d.reg = tenant.NewRegistry(d.db, "localhost", nil)
	if err := d.reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.auth = auth.New(d.db, auth.Options{})
	opt.Resolver = d.zone
	d.keep = domains.NewKeeper(d.db, d.reg, opt)
	d.App = web.New(web.Config{Registry: d.reg, Sessions: d.auth, Clock: d.clock})
	signin.Routes(d.Tenant(), d.auth)
	domains.Routes(d.Tenant(), d.keep)
	domains.Challenges(d.Any(), d.keep)
	for _, r := range []*testkit.Region{d.a, d.b} {
		d.token[r] = testkit.SignIn(t, d.db, d.auth, d.of(t, r), r.Email("admin"), password, auth.Bearer).Token
	}
	return d
}

func (d *desk) of(t *testing.T, r *testkit.Region) *tenant.Tenant {
	t.Helper()
	tn, ok := d.reg.ByHost(r.Host("localhost"))
	if !ok {
		t.Fatal("the region is not in the registry")
	}
	return tn
}

type said struct {
	Host, State, Code string
	Proof             struct{ Name, Value string }
	Certificate       *struct {
		NotAfter string `json:"not_after"`
		Fault    string `json:"fault"`
		Detail   string `json:"detail"`
	}
	Domains []said
	Errors  []struct{ Field, Code string }
}

// call makes a call of the API as the region's regional IT.
func (d *desk) call(t *testing.T, r *testkit.Region, method, path, body string) (status int, out said) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Host = r.Host("localhost")
	req.Header.Set("Authorization", "Bearer "+d.token[r])
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := d.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode, out
}

func (d *desk) show(s said) {
	d.zone.mu.Lock()
	defer d.zone.mu.Unlock()
	d.zone.texts[s.Proof.Name] = s.Proof.Value
}

// A region asks, proves and gives back by the API with the command's rules; another region's domain is nothing to it,
// and goes over only when the first proof has gone.
func TestADomainByTheAPI(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, dialect, domains.Options{})
			const path, one = "/api/v1/domains", "/api/v1/domains/mpp.bangka.go.id"
			expect := func(want int, code string, r *testkit.Region, method, path, body string) said {
				t.Helper()
				status, out := d.call(t, r, method, path, body)
				if status != want || out.Code != code {
					t.Fatalf("%s %s %s: %d %q, want %d %q", method, path, body, status, out.Code, want, code)
				}
				return out
			}
			for _, bad := range []string{"https://mpp.bangka.go.id", "go.id", "10.0.0.1", "", "mpp.bangka.go.id/x", d.b.Host("localhost"), "localhost"} {
				out := expect(422, "invalid", d.a, "POST", path, fmt.Sprintf(`{"host":%q}`, bad))
				if len(out.Errors) != 1 || out.Errors[0].Field != "host" {
					t.Errorf("%q: %+v", bad, out.Errors)
				}
			}
			first := expect(201, "", d.a, "POST", path, `{"host":" MPP.bangka.GO.id. "}`)
			if again := expect(200, "", d.a, "POST", path, `{"host":"mpp.bangka.go.id"}`); again.Proof != first.Proof || again.Host != "mpp.bangka.go.id" || again.State != "asked" {
				t.Errorf("asked again: %+v, first %+v", again, first)
			}
			expect(409, "domains.proof", d.a, "POST", one+"/check", "")
			expect(404, "not_found", d.b, "GET", one, "")
			expect(404, "not_found", d.b, "POST", one+"/check", "")
			expect(404, "not_found", d.b, "DELETE", one, "")
			d.zone.down = true
			expect(503, "domains.lookup", d.a, "POST", one+"/check", "")
			d.zone.down = false
			d.show(first)
			if out := expect(200, "", d.a, "POST", one+"/check", ""); out.State != "bound" {
				t.Errorf("proved: %+v", out)
			}
			// The other region wants it too, and has shown nothing yet; then its record takes the first one's place.
			other := expect(201, "", d.b, "POST", path, `{"host":"mpp.bangka.go.id"}`)
			expect(409, "domains.proof", d.b, "POST", one+"/check", "")
			d.show(other)
			if out := expect(200, "", d.b, "POST", one+"/check", ""); out.State != "bound" {
				t.Errorf("went over: %+v", out)
			}
			if out := expect(200, "", d.a, "GET", path, ""); len(out.Domains) != 0 {
				t.Errorf("the first region still has %+v", out.Domains)
			}
			expect(204, "", d.b, "DELETE", one, "")
			expect(404, "not_found", d.b, "DELETE", one, "")
			for i := range 5 {
				expect(201, "", d.a, "POST", path, fmt.Sprintf(`{"host":"mpp%d.bangka.go.id"}`, i))
			}
			expect(409, "domains.many", d.a, "POST", path, `{"host":"mpp5.bangka.go.id"}`)
		})
	}
}

// People may hurry a failed order three times an hour, and the failure is told with what the authority said.
func TestAFailedOrderIsToldAndHurried(t *testing.T) {
	d := newDesk(t, testkit.SQLite, domains.Options{Directory: "https://localhost:1/dir"})
	const one = "/api/v1/domains/mpp.bangka.go.id"
	_, asked := d.call(t, d.a, "POST", "/api/v1/domains", `{"host":"mpp.bangka.go.id"}`)
	d.show(asked)
	if status, _ := d.call(t, d.a, "POST", one+"/check", ""); status != 200 {
		t.Fatal(status)
	}
	if status, out := d.call(t, d.a, "GET", one, ""); status != 200 || out.Certificate != nil {
		t.Fatalf("before an order: %d %+v", status, out.Certificate)
	}
	d.order(t, domains.Certificate{Fault: domains.FaultRefused, Failures: 3, Detail: "connection refused", FailedAt: d.clock.Now(), NextAt: d.clock.Now().Add(4 * time.Hour)}, "")
	if _, out := d.call(t, d.a, "GET", one, ""); out.State != "failed" || out.Certificate == nil || out.Certificate.Fault != "refused" || out.Certificate.Detail != "connection refused" {
		t.Errorf("failed: %+v %+v", out, out.Certificate)
	}
	for i := range 4 {
		status, out := d.call(t, d.a, "POST", one+"/check", "")
		if want := map[bool]int{true: 200, false: 429}[i < 3]; status != want || i == 3 && out.Code != "domains.slow" {
			t.Errorf("hurried %d times: %d %q", i+1, status, out.Code)
		}
	}
	if c := d.certificate(t); c.NextAt.After(d.clock.Now()) {
		t.Errorf("the order still waits until %v", c.NextAt)
	}
}

// order puts a certificate's row where an order would have left it.
func (d *desk) order(t *testing.T, c domains.Certificate, key string) {
	t.Helper()
	c.ID, c.Host = id.New(), "mpp.bangka.go.id"
	err := d.db.In(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) error {
		if _, err := store.Delete[domains.Certificate](ctx, tx, "host = ?", c.Host); err != nil {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err == nil && key != "" {
			c.Key, err = keys.Seal(domains.SealedKey, c.ID, key)
		}
		if err != nil {
			return err
		}
		return store.Insert(ctx, tx, &c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) certificate(t *testing.T) (c domains.Certificate) {
	t.Helper()
	err := d.db.View(t.Context(), d.a.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = store.Select[domains.Certificate](tx).Where("host = ?", "mpp.bangka.go.id").One(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The page as regional IT sees it, from nothing to a domain that is secure, and behind an ingress.
func TestThePageInABrowser(t *testing.T) {
	c := testkit.Browser(t)
	for name, opt := range map[string]domains.Options{"acme": {Directory: "https://localhost:1/dir"}, "ingress": {}} {
		d := newDesk(t, testkit.SQLite, opt)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- d.Serve(ln) }()
		t.Cleanup(func() {
			_ = d.Shutdown(context.Background())
			<-done
		})
		d.clock.Advance(time.Minute) // a code is taken once
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		home := "http://" + d.a.Host("localhost") + ":" + port
		p := c.Page(home+"/masuk?next="+url.QueryEscape("/petugas/domain"), 1280, 900)
		p.MustElement("#email").MustInput(d.a.Email("admin"))
		p.MustElement("#password").MustInput(password)
		p.Press(t, "main button")
		p.MustElement("#code").MustInput(testkit.AppCode(t, testkit.TOTPSecret, d.clock.Now()))
		p.Press(t, "main button")
		look := func(state, query string) {
			t.Helper()
			for _, width := range []int{360, 768, 1280} {
				q := c.Page(home+"/petugas/domain"+query, width, 900)
				q.Accessible(t)
				if wide := q.Wide(t); wide > 0 {
					t.Errorf("%s at %d is %d pixels too wide", state, width, wide)
				}
				for _, problem := range q.Problems() {
					t.Errorf("%s at %d: %s", state, width, problem)
				}
				q.Screenshot(t, fmt.Sprintf("domain-%s-%s-%d", name, state, width))
				q.MustClose()
			}
		}
		text := func() string { return p.MustElement("main").MustText() }
		if name == "acme" {
			look("none", "?lang=id")
		}
		p.MustElement("#host").MustInput("https://mpp.bangka.go.id/")
		p.Press(t, "main form .p-btn")
		if !strings.Contains(text(), "tanpa https://") {
			t.Errorf("%s: %s", name, text())
		}
		p.MustElement("#host").MustSelectAllText().MustInput("mpp.bangka.go.id")
		p.Press(t, "main form .p-btn")
		if !strings.Contains(text(), "_pendopo.mpp.bangka.go.id") || !strings.Contains(text(), "Domain dicatat") {
			t.Errorf("%s: %s", name, text())
		}
		if name == "acme" {
			look("asked", "?lang=id")
		}
		p.Press(t, `form[action$="/periksa"] button`)
		if !strings.Contains(text(), "belum tampil") {
			t.Errorf("%s: %s", name, text())
		}
		_, asked := d.call(t, d.a, "GET", "/api/v1/domains/mpp.bangka.go.id", "")
		d.show(asked)
		p.Press(t, `form[action$="/periksa"] button`)
		if !strings.Contains(text(), "Bukti ditemukan") {
			t.Errorf("%s: %s", name, text())
		}
		if name == "ingress" {
			look("bound", "?lang=en")
			p.MustNavigate(home + "/petugas/domain?lang=id").MustWaitLoad()
		}
		d.zone.mu.Lock()
		d.zone.hosts["mpp.bangka.go.id"], d.zone.hosts[d.a.Host("localhost")] = []string{"203.0.113.5"}, []string{"198.51.100.7"}
		d.zone.mu.Unlock()
		if name == "acme" {
			d.order(t, domains.Certificate{Fault: domains.FaultRefused, Failures: 1, Detail: "203.0.113.5: Fetching http://mpp.bangka.go.id/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ: Connection refused", FailedAt: d.clock.Now(), NextAt: d.clock.Now().Add(30 * time.Minute)}, "")
			look("failed", "?lang=id")
			d.order(t, domains.Certificate{Chain: "x", NotAfter: d.clock.Now().Add(80 * 24 * time.Hour), RenewAt: d.clock.Now().Add(50 * 24 * time.Hour)}, "x")
			d.zone.mu.Lock()
			d.zone.hosts[d.a.Host("localhost")] = []string{"203.0.113.5"}
			d.zone.mu.Unlock()
			look("secured", "?lang=id")
		}
		p.MustEval(`() => { document.querySelectorAll('main details').forEach(d => { d.open = true }) }`)
		p.Press(t, `form[action$="/kembalikan"] button`)
		if !strings.Contains(text(), "Domain sudah dikembalikan") || strings.Contains(text(), "_pendopo.") {
			t.Errorf("%s: %s", name, text())
		}
		p.MustClose()
	}
}
