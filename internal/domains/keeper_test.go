package domains_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

// node is one process of the service, as an authority and a browser meet it.
type node struct {
	keeper        *domains.Keeper
	reg           *tenant.Registry
	httpAt, tlsAt string
}

type place struct {
	db        *store.DB
	clock     *testkit.Clock
	dns       *testkit.NameServer
	authority *testkit.Authority
	region    tenant.Row
	prov      *tenant.Provisioner
	nodes     []*node
	orders    atomic.Int32 // that the authority has taken
}

// RoundTrip counts the orders on their way.
func (p *place) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.authority.Client.Transport.RoundTrip(req)
	if err == nil && res.StatusCode == http.StatusCreated && req.URL.Path == "/order-plz" {
		p.orders.Add(1)
	}
	return res, err
}

const host = "mpp.bangka.go.id"

// newPlace is an hour ahead, so that what the authority issues now holds. It is a region with a domain that is bound, an authority, and a process that orders from it.
func newPlace(t *testing.T, dialect string, ways ...string) *place {
	t.Helper()
	p := &place{clock: testkit.NewClock(clock.System.Now().Add(time.Hour)), dns: testkit.NewNameServer(t)}
	p.db = testkit.Open(t, dialect, testkit.WithClock(p.clock))
	if _, err := tenant.OpenPlatform(t.Context(), p.db); err != nil {
		t.Fatal(err)
	}
	region := testkit.Tenant(t, p.db)
	p.prov = &tenant.Provisioner{DB: p.db}
	row, _, err := p.prov.Find(t.Context(), region.Code)
	if err != nil {
		t.Fatal(err)
	}
	p.region = *row
	httpLn, tlsLn := listen(t), listen(t)
	p.authority = testkit.NewAuthority(t, p.dns, portOf(httpLn), portOf(tlsLn))
	p.node(t, httpLn, tlsLn, ways...)
	return p
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func portOf(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }

// node starts a process.
func (p *place) node(t *testing.T, httpLn, tlsLn net.Listener, ways ...string) *node {
	t.Helper()
	n := &node{reg: tenant.NewRegistry(p.db, "localhost", nil), httpAt: httpLn.Addr().String(), tlsAt: tlsLn.Addr().String()}
	n.keeper = domains.NewKeeper(p.db, n.reg, domains.Options{
		Directory: p.authority.Directory, Email: "ti@contoh.go.id", Client: &http.Client{Transport: p, Timeout: 10 * time.Second}, Resolver: domains.NameServer(p.dns.Address), Ways: ways,
		Log: slog.New(slog.NewTextHandler(testWriter{t}, nil)),
	})
	app := web.New(web.Config{Registry: n.reg, Scheme: "https", Secured: n.keeper.Has, LimitsOff: true})
	domains.Challenges(app.Any(), n.keeper)
	served := make(chan error, 2)
	go func() { served <- app.Serve(httpLn) }()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", n.httpAt); err == nil {
			_ = conn.Close()
			break
		} else if time.Since(begin) > 10*time.Second {
			t.Fatal(err)
		}
	}
	go func() { served <- app.ServeTLS(tlsLn, n.keeper.TLS(nil)) }()
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		if err := app.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
	})
	p.nodes = append(p.nodes, n)
	return n
}

// testWriter puts the log where a failed test shows it.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Helper()
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// bind asks for a host, shows its record, and proves it.
func (p *place) bind(t *testing.T, host string) tenant.Domain {
	t.Helper()
	d, err := p.prov.AskDomain(t.Context(), p.region, host, "system:test")
	if err != nil {
		t.Fatal(err)
	}
	name, value := d.Record()
	p.dns.Show(name, value)
	p.dns.Point(host)
	if d, err = p.prov.ProveDomain(t.Context(), tenant.NameServer(p.dns.Address), p.region, host, "system:test"); err != nil {
		t.Fatal(err)
	}
	p.refresh(t)
	return d
}

func (p *place) refresh(t *testing.T) {
	t.Helper()
	for _, n := range p.nodes {
		if err := n.reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *place) round(t *testing.T, n *node) {
	t.Helper()
	if err := n.keeper.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *place) row(t *testing.T, host string) (c domains.Certificate, ok bool) {
	t.Helper()
	err := p.db.View(t.Context(), p.region.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[domains.Certificate](tx).Where("host = ?", host).All(ctx)
		if ok = len(rows) > 0; ok {
			c = rows[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, ok
}

// shake opens a connection over TLS as a browser does, and gives the certificate that it was shown.
func (n *node) shake(t *testing.T, p *place, host string) (*x509.Certificate, error) {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: p.authority.Issues, MinVersion: tls.VersionTLS12, Time: p.clock.Now}}
	conn, err := d.DialContext(t.Context(), "tcp", n.tlsAt)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// An own domain gets its certificate by either challenge alone, and is served over TLS with it: in the process that
// ordered it, and in another one that has only the database.
func TestACertificateIsOrderedAndServed(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		for _, way := range []string{domains.WayHTTP, domains.WayTLS} {
			t.Run(dialect+"/"+way, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, dialect, way)
				first := p.nodes[0]
				p.round(t, first)
				if _, ok := p.row(t, host); ok {
					t.Fatal("ordered for a host that nobody has proved")
				}
				p.bind(t, host)
				if _, err := first.shake(t, p, host); err == nil {
					t.Fatal("served before it was ordered")
				}
				p.round(t, first)
				c, _ := p.row(t, host)
				if c.Fault != "" || c.Way != way || c.Challenge+c.Token != "" || c.NotAfter.Sub(p.clock.Now()) < 89*24*time.Hour {
					t.Fatalf("%+v", c)
				}
				leaf, err := first.shake(t, p, host)
				if err != nil {
					t.Fatal(err)
				}
				second := p.node(t, listen(t), listen(t), way)
				p.refresh(t)
				other, err := second.shake(t, p, host)
				if err != nil || !other.Equal(leaf) {
					t.Errorf("the second process: %v", err)
				}
				p.round(t, second)
				if after, _ := p.row(t, host); after.Chain != c.Chain {
					t.Error("the second process ordered another one")
				}
				for _, stranger := range []string{"lain.bangka.go.id", "localhost", p.region.Slug + ".localhost"} {
					if _, err := first.shake(t, p, stranger); err == nil {
						t.Errorf("%s was shown a certificate", stranger)
					}
				}
				secured(t, p, first)
			})
		}
	}
}

// secured looks that what comes in the clear is led to TLS, but for what an authority asks; and what comes there.
func secured(t *testing.T, p *place, n *node) {
	t.Helper()
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: p.authority.Issues, MinVersion: tls.VersionTLS12, Time: p.clock.Now}}
			return d.DialContext(ctx, "tcp", n.tlsAt)
		}},
	}
	get := func(url, host string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	if res, _ := get("http://"+n.httpAt+"/layanan?q=ktp", host); res.StatusCode != 308 || res.Header.Get("Location") != "https://"+host+"/layanan?q=ktp" {
		t.Errorf("in the clear: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	for _, at := range []string{host, "localhost", "asing.contoh.id"} {
		if res, body := get("http://"+n.httpAt+web.ChallengePath+"tidak-ada", at); res.StatusCode != 404 || res.Header.Get("Location") != "" {
			t.Errorf("a challenge that nobody set at %s: %d %q", at, res.StatusCode, body)
		}
	}
	if res, _ := get("http://"+n.httpAt+"/healthz", p.region.Slug+".localhost"); res.StatusCode != 200 {
		t.Errorf("a host without a certificate of its own: %d", res.StatusCode)
	}
	res, body := get("https://"+host+"/healthz", host)
	if res.StatusCode != 200 || body != "ok\n" || res.ProtoMajor != 1 {
		t.Errorf("over TLS: %d %q %s", res.StatusCode, body, res.Proto)
	}
}

// It is renewed with a third of its life left, by one process of several, and the new one is seen everywhere.
func TestACertificateIsRenewed(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, dialect)
			second := p.node(t, listen(t), listen(t))
			p.bind(t, host)
			p.round(t, p.nodes[0])
			first, _ := p.row(t, host)
			p.clock.Advance(59 * 24 * time.Hour)
			p.round(t, second)
			if same, _ := p.row(t, host); same.Chain != first.Chain {
				t.Fatal("renewed too early")
			}
			p.clock.Advance(2 * 24 * time.Hour)
			var all sync.WaitGroup
			for _, n := range p.nodes {
				all.Go(func() { p.round(t, n) })
			}
			all.Wait()
			renewed, _ := p.row(t, host)
			if renewed.Chain == first.Chain || renewed.Fault != "" {
				t.Fatalf("not renewed: %+v", renewed)
			}
			if n, orders := p.issues(t), p.orders.Load(); n != 2 || orders != 2 {
				t.Errorf("by two processes %d were ordered in all and %d kept, not 2", orders, n)
			}
		})
	}
}

// issues counts the records of certificates that were issued.
func (p *place) issues(t *testing.T) int {
	t.Helper()
	type line struct {
		N int `bun:"n"`
	}
	var n int
	err := p.db.View(t.Context(), p.region.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[line](ctx, tx, store.From{"audit"}, "select count(*) as n from audit where action = ?", "domains:certificate:issue")
		if len(rows) > 0 {
			n = rows[0].N
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Nothing is ordered or renewed for a host that is not shown to be the region's, and a host that is given back loses its
// certificate and the key.
func TestNoCertificateWithoutTheProof(t *testing.T) {
	p := newPlace(t, testkit.SQLite)
	n := p.nodes[0]
	if _, err := p.prov.AskDomain(t.Context(), p.region, host, "system:test"); err != nil {
		t.Fatal(err)
	}
	p.dns.Point(host)
	p.refresh(t)
	p.round(t, n)
	if _, ok := p.row(t, host); ok {
		t.Fatal("ordered for a host that was only asked for")
	}
	d := p.bind(t, host)
	name, value := d.Record()
	p.dns.Show(name, "v=spf1 -all") // proved a moment ago, and gone
	p.round(t, n)
	if c, _ := p.row(t, host); c.Fault != domains.FaultProof || c.Chain != "" {
		t.Fatalf("without its record: %+v", c)
	}
	p.dns.Show(name, value)
	p.round(t, n)
	if c, _ := p.row(t, host); c.Chain != "" {
		t.Fatal("tried again at once")
	}
	if err := n.keeper.Again(t.Context(), p.region.ID, host); err != nil {
		t.Fatal(err)
	}
	p.round(t, n)
	if _, err := n.shake(t, p, host); err != nil {
		t.Fatal(err)
	}
	if err := p.prov.DropDomain(t.Context(), p.region, host, "system:test"); err != nil {
		t.Fatal(err)
	}
	p.refresh(t)
	if _, err := n.shake(t, p, host); err == nil {
		t.Error("served after it was given back")
	}
	p.clock.Advance(time.Hour)
	p.round(t, n)
	if _, ok := p.row(t, host); ok {
		t.Error("the key is kept after the host was given back")
	}
}

// What fails is tried again later and later, says why, and takes nothing away from what is served.
func TestAFailureBacksOffAndSaysWhy(t *testing.T) {
	p := newPlace(t, testkit.SQLite)
	n := p.nodes[0]
	const refused = "ditolak.contoh.go.id"
	p.bind(t, refused)
	p.round(t, n)
	c, _ := p.row(t, refused)
	if c.Fault != domains.FaultRefused || c.Failures != 1 || !strings.Contains(c.Detail, "polic") {
		t.Fatalf("%+v", c)
	}
	for i, hours := range []float64{0.5, 1, 2, 4, 8, 16, 24, 24} {
		if c, _ = p.row(t, refused); c.Failures != i+1 || c.NextAt.Sub(c.FailedAt).Hours() != hours {
			t.Fatalf("failure %d waits %v", c.Failures, c.NextAt.Sub(c.FailedAt))
		}
		p.clock.Set(c.NextAt.Add(-time.Second))
		p.round(t, n)
		if early, _ := p.row(t, refused); early.Failures != c.Failures {
			t.Fatal("tried too early")
		}
		p.clock.Set(c.NextAt)
		p.round(t, n)
	}
	p.bind(t, host)
	p.dns.Hide(host)
	p.round(t, n)
	if c, _ := p.row(t, host); c.Fault != domains.FaultAddress {
		t.Errorf("without an address: %+v", c)
	}
	p.dns.Point(host)
	if err := n.keeper.Again(t.Context(), p.region.ID, host); err != nil {
		t.Fatal(err)
	}
	p.round(t, n)
	good, _ := p.row(t, host)
	p.clock.Set(good.RenewAt)
	p.dns.Hide(host)
	p.round(t, n)
	if c, _ := p.row(t, host); c.Fault != domains.FaultAddress || c.Chain != good.Chain {
		t.Errorf("a renewal that fails: %+v", c)
	}
	if _, err := n.shake(t, p, host); err != nil {
		t.Errorf("while a renewal fails: %v", err)
	}
	p.clock.Set(good.NotAfter)
	if _, err := n.shake(t, p, host); err == nil {
		t.Error("one that has ended is served")
	}
}
