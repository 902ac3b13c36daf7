package catalog_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/catalog"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// crowd is a queue that stands still. Without an entry people wait as the series' place in it says.
type crowd struct {
	dirs *tenant.Directories
	asks int
	err  error
}

func (c *crowd) Crowd(ctx context.Context, t *tenant.Tenant) (catalog.Waiting, error) {
	c.asks++
	d, err := c.dirs.Of(ctx, t)
	if err != nil || c.err != nil {
		return nil, firstOf(err, c.err)
	}
	out := catalog.Waiting{}
	for i, o := range d.Agencies {
		for _, l := range o.Series {
			out[l.ID] = (i * 5) % 23
		}
	}
	return out, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// sessions knows one token, "petugas".
type sessions struct{}

func (s sessions) Look(ctx context.Context, t *tenant.Tenant, token string, kind authz.Kind) (*authz.Actor, error) {
	return s.Resolve(ctx, t, token, kind)
}

func (sessions) Resolve(_ context.Context, t *tenant.Tenant, token string, _ authz.Kind) (*authz.Actor, error) {
	if token != "petugas" {
		return nil, fault.New(fault.Unauthenticated, "auth.session")
	}
	return authz.NewActor(authz.Identity{Tenant: t.ID, UserID: id.New(), Name: "Petugas Uji"}, nil), nil
}

// world is a service with some regions and only the catalog on it.
type world struct {
	db    *store.DB
	clock *testkit.Clock
	reg   *tenant.Registry
	cat   *catalog.Catalog
	crowd *crowd
	app   *web.App
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{clock: testkit.NewClock(testkit.Morning)}
	w.db = testkit.Open(tb, testkit.SQLite, testkit.WithClock(w.clock))
	w.reg = tenant.NewRegistry(w.db, "localhost", nil)
	dirs := tenant.NewDirectories(w.db)
	w.crowd = &crowd{dirs: dirs}
	w.cat = catalog.New(dirs, w.crowd)
	w.app = web.New(web.Config{Registry: w.reg, Sessions: sessions{}, Clock: w.clock})
	w.cat.Routes(w.app.Tenant())
	return w
}

// real applies regions of tenants/regions, all of them without a code. change may change each before.
func (w *world) real(tb testing.TB, demo bool, change func(*tenants.Region), codes ...string) {
	tb.Helper()
	all, err := tenants.Regions()
	if err != nil {
		tb.Fatal(err)
	}
	p := tenant.Provisioner{DB: w.db, Password: func() (string, string, error) { return "x", "x", nil }}
	for _, r := range all {
		if len(codes) > 0 && !contains(codes, r.Code) {
			continue
		}
		if change != nil {
			change(r)
		}
		if _, err := p.Apply(context.Background(), r, tenant.Options{Actor: "system:test", Demo: demo}); err != nil {
			tb.Fatal(err)
		}
	}
	w.refresh(tb)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (w *world) refresh(tb testing.TB) {
	tb.Helper()
	if err := w.reg.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

// get asks for a page; headers are name and value in turn.
func (w *world) get(tb testing.TB, url string, headers ...string) (*http.Response, string) {
	tb.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.app.Test(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp, string(body)
}

// page is a page's HTML, which must be there.
func (w *world) page(tb testing.TB, url string, headers ...string) string {
	tb.Helper()
	resp, body := w.get(tb, url, headers...)
	if resp.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %s\n%s", url, resp.Status, body)
	}
	return body
}

// serve opens a port and gives the address of a host on it.
func (w *world) serve(tb testing.TB) func(host string) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.app.Serve(ln) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.app.Shutdown(ctx); err != nil {
			tb.Error(err)
		}
		<-done
	})
	_, port, _ := strings.Cut(ln.Addr().String(), ":")
	return func(host string) string { return "http://" + host + ":" + port }
}
