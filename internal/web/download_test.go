package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// asker serves a site on a port of its own and asks it for a path of Bangka's.
func asker(t *testing.T, s *site) func(path string) (*http.Response, error) {
	url := start(t, s)
	return func(path string) (*http.Response, error) {
		r, err := http.NewRequest(http.MethodGet, url+path, nil)
		if err != nil {
			return nil, err
		}
		r.Host = "bangka.localhost"
		return http.DefaultClient.Do(r)
	}
}

func TestDownload(t *testing.T) {
	s := newSite(t, nil)
	const size = 64 << 20
	written, gone := 0, make(chan error, 1)
	r := s.Tenant()
	r.Get("/big.csv", authz.Public, func(c *Ctx) error {
		return c.Download("big.csv", "text/csv; charset=utf-8", func(_ context.Context, w io.Writer) error {
			line := []byte(strings.Repeat("x", 1023) + "\n")
			for range size >> 10 {
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
	})
	r.Get("/broken.csv", authz.Public, func(c *Ctx) error {
		return c.Download("broken.csv", "text/csv", func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			return errors.New("the database has gone")
		})
	})
	r.Get("/panics.csv", authz.Public, func(c *Ctx) error {
		return c.Download("panics.csv", "text/csv", func(context.Context, io.Writer) error { panic("no") })
	})
	r.Get("/slow.csv", authz.Public, func(c *Ctx) error {
		return c.Download("slow.csv", "text/csv", func(ctx context.Context, w io.Writer) error {
			for {
				n, err := io.WriteString(w, strings.Repeat("x", 1000))
				if written += n; err != nil {
					gone <- ctx.Err()
					return err
				}
			}
		})
	})
	get := asker(t, s)

	res, err := get("/big.csv")
	if err != nil {
		t.Fatal(err)
	}
	var before, most runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, res.Body)
	runtime.ReadMemStats(&most)
	res.Body.Close()
	if n != size || err != nil || res.StatusCode != 200 || res.Header.Get("Content-Disposition") != `attachment; filename="big.csv"` || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d bytes, %v, %d %v", n, err, res.StatusCode, res.Header)
	}
	if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("sending %d MB took %d MB of memory", size>>20, grown>>20)
	}
	for _, path := range []string{"/broken.csv", "/panics.csv"} {
		if res, err = get(path); err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s looks whole", path)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "the database has gone") || !strings.Contains(log, "panic: no") {
		t.Errorf("the log says %s", log)
	}
	if res, err = get("/slow.csv"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadFull(res.Body, make([]byte, 10))
	res.Body.Close()
	select {
	case err := <-gone:
		if err == nil {
			t.Error("the context goes on after the client has gone")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on writing to a client that has gone")
	}
	if res, body := s.ask(t, "HEAD", "bangka.localhost", "/slow.csv", ""); res.StatusCode != 200 || body != "" || res.Header.Get("Content-Type") != "text/csv" {
		t.Errorf("HEAD: %d %q %v", res.StatusCode, body, res.Header)
	}
}

func TestWhatHandlersWriteSaysFromWhere(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Origin = func(a netip.Addr) func(tenant.ID) string {
			return func(of tenant.ID) string { return fmt.Sprint(a, " ", of) }
		}
	})
	show := func(c *Ctx) error { return say(store.Origin(c.Std(), c.Tenant.ID))(c) }
	s.Tenant().Get("/", authz.Public, show)
	s.Tenant().Get("/long", authz.Public, show, Within(time.Minute))
	for _, path := range []string{"/", "/long"} {
		if _, body := s.ask(t, "GET", "bangka.localhost", path, ""); body != "0.0.0.0 "+s.bangka.ID.String() {
			t.Errorf("%s: %q", path, body)
		}
	}
}

func TestTheStaffsMenuHasWhatOneMayOpen(t *testing.T) {
	s := newSite(t, nil)
	s.sessions[s.bangka.ID]["nobody"] = authz.NewActor(authz.Identity{Tenant: s.bangka.ID, UserID: id.New(), Name: "Ani"}, nil)
	list := func(c *Ctx) error {
		var b strings.Builder
		for _, l := range c.UI("x").Desks {
			fmt.Fprintf(&b, "%s %s %v; ", l.Label, l.Href, l.Current)
		}
		return say(b.String())(c)
	}
	r := s.Tenant()
	r.Get("/petugas", authz.SignedIn, list, Desk("ui.home"))
	r.Get("/petugas/loket", permDesk, list, Desk("ui.services"))
	r.Get("/petugas/lain", permOther, list, Desk("ui.contact"))
	r.Get("/biasa", authz.Public, list)
	for _, c := range []struct{ token, path, want string }{
		{"nobody", "/petugas", "Beranda /petugas true; "},
		{"", "/biasa", ""},
	} {
		_, body := s.ask(t, "GET", "bangka.localhost", c.path, "", "Cookie: sid="+c.token)
		if body != c.want {
			t.Errorf("%s: %q", c.path, body)
		}
	}
}
