package platform_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/platform"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// world is a service with regions and only the platform on it.
type world struct {
	prov tenant.Provisioner
	reg  *tenant.Registry
	plat *platform.Platform
	app  *web.App
}

func newWorld(tb testing.TB, codes ...string) *world {
	tb.Helper()
	clock := testkit.NewClock(testkit.Morning)
	db := testkit.Open(tb, testkit.SQLite, testkit.WithClock(clock))
	w := &world{
		prov: tenant.Provisioner{DB: db, Password: func() (string, string, error) { return "x", "x", nil }},
		reg:  tenant.NewRegistry(db, "localhost", nil),
	}
	all, err := tenants.Regions()
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range all {
		if !slices.Contains(codes, r.Code) {
			continue
		}
		if _, err := w.prov.Apply(context.Background(), r, tenant.Options{Actor: "system:test"}); err != nil {
			tb.Fatal(err)
		}
	}
	w.refresh(tb)
	w.plat = platform.New(w.reg)
	w.app = web.New(web.Config{Registry: w.reg, Clock: clock, NotHere: w.plat.NotHere, Suspended: w.plat.Suspended})
	w.plat.Routes(w.app.Bare())
	return w
}

func (w *world) refresh(tb testing.TB) {
	tb.Helper()
	if err := w.reg.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

func (w *world) suspend(tb testing.TB, code, reason string) {
	tb.Helper()
	if _, err := w.prov.SetState(context.Background(), code, tenant.Suspended, reason, "system:test"); err != nil {
		tb.Fatal(err)
	}
	w.refresh(tb)
}

// get asks for a page; headers are name and value in turn.
func (w *world) get(tb testing.TB, url string, headers ...string) (status int, body string) {
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
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(text)
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
