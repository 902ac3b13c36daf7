package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// page is a component of a text, long enough to be worth packing.
func page(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, text+strings.Repeat(" pendopo", 400))
		return err
	})
}

func unpack(t *testing.T, coding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		var err error
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// counted is a site whose home page tells how often it has been drawn, for whom and in which language.
func counted(t testing.TB, change func(*Config)) (*site, *atomic.Int32) {
	s := newSite(t, change)
	n := new(atomic.Int32)
	home := func(c *Ctx) error {
		return c.Cached("", 10*time.Second, func() (templ.Component, error) {
			slug := ""
			if c.Tenant != nil {
				slug = c.Tenant.Slug
			}
			return page(fmt.Sprintf("%s %s %d %s", slug, c.Locale, n.Add(1), c.Actor.String()[:4])), nil
		})
	}
	s.Tenant().Get("/", authz.Public, home)
	s.Tenant().Get("/layanan", authz.Public, home)
	s.Bare().Get("/", authz.Public, home)
	return s, n
}

func TestCache(t *testing.T) {
	s, n := counted(t, nil)
	want := func(host, path, start string, header ...string) {
		t.Helper()
		res, body := s.ask(t, "GET", host, path, "", header...)
		if body = unpack(t, res.Header.Get("Content-Encoding"), body); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, start) {
			t.Errorf("%s%s %v: %d %.40s, not %s", host, path, header, res.StatusCode, body, start)
		}
		if c := res.Header.Get("Set-Cookie"); c != "" {
			t.Errorf("a page for everyone sets %s", c)
		}
	}
	want("bangka.localhost", "/", "bangka id 1 publ")
	want("bangka.localhost", "/", "bangka id 1 publ")
	want("bangka.localhost", "/", "bangka id 1 publ", "Accept-Encoding: gzip")
	want("bangka.localhost", "/", "bangka id 1 publ", "Accept-Encoding: gzip, deflate, br")
	want("bangka.localhost", "/?utm_source=x", "bangka id 1 publ")
	want("bangka.localhost", "/", "bangka en 2 publ", "Cookie: lang=en")
	want("belitung.localhost", "/", "belitung id 3 publ")
	want("localhost", "/", " id 4 publ")
	want("bangka.localhost", "/layanan", "bangka id 5 publ")
	want("bangka.localhost", "/", "bangka id 6 user", "Cookie: sid=officer")
	want("bangka.localhost", "/", "bangka id 1 publ")
	s.bangka.Version++
	want("bangka.localhost", "/", "bangka id 7 publ")
	s.clock.advance(10 * time.Second)
	want("bangka.localhost", "/", "bangka id 8 publ")
	if n.Load() != 8 {
		t.Errorf("drawn %d times", n.Load())
	}
}

func TestCacheETag(t *testing.T) {
	s, _ := counted(t, nil)
	seen := map[string]bool{}
	for _, accept := range []string{"", "gzip", "br"} {
		res, _ := s.ask(t, "GET", "bangka.localhost", "/", "", "Accept-Encoding: "+accept)
		tag := res.Header.Get("ETag")
		if seen[tag] || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: the tag %s", accept, tag)
		}
		seen[tag] = true
		if got := res.Header.Get("Content-Encoding"); got != accept {
			t.Errorf("asked for %q, got %q", accept, got)
		}
		if v := res.Header.Get("Vary"); !strings.Contains(v, "Accept-Encoding") || !strings.Contains(v, "Cookie") {
			t.Errorf("Vary: %s", v)
		}
		for _, match := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			res, body := s.ask(t, "GET", "bangka.localhost", "/", "", "Accept-Encoding: "+accept, "If-None-Match: "+match)
			if res.StatusCode != http.StatusNotModified || body != "" || res.Header.Get("ETag") != tag {
				t.Errorf("%s, If-None-Match %s: %d, %d bytes", accept, match, res.StatusCode, len(body))
			}
		}
		if res, _ := s.ask(t, "GET", "bangka.localhost", "/", "", "Accept-Encoding: "+accept, `If-None-Match: "x"`); res.StatusCode != http.StatusOK {
			t.Errorf("another tag: %d", res.StatusCode)
		}
	}
}

// TestCacheDrawsOnce asks many times at once for a page that takes a moment.
func TestCacheDrawsOnce(t *testing.T) {
	s := newSite(t, nil)
	var n atomic.Int32
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error {
		return c.Cached("", time.Minute, func() (templ.Component, error) {
			n.Add(1)
			time.Sleep(50 * time.Millisecond)
			return page(c.Tenant.Slug), nil
		})
	})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if res, body := s.ask(t, "GET", "bangka.localhost", "/", ""); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, "bangka") {
				t.Errorf("%d %.20s", res.StatusCode, body)
			}
		})
	}
	wg.Wait()
	if n.Load() != 1 {
		t.Errorf("drawn %d times", n.Load())
	}
}

func TestCacheKeepsNoFailure(t *testing.T) {
	s := newSite(t, nil)
	how := "error"
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error {
		return c.Cached("", time.Minute, func() (templ.Component, error) {
			switch how {
			case "error":
				return nil, errors.New("no")
			case "panic":
				panic("no")
			case "half":
				return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
					_, _ = io.WriteString(w, "half a page")
					return errors.New("no")
				}), nil
			}
			return page("whole"), nil
		})
	})
	for _, how = range []string{"error", "panic", "half"} {
		if res, body := s.ask(t, "GET", "bangka.localhost", "/", ""); res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "half a page") {
			t.Errorf("%s: %d %s", how, res.StatusCode, body)
		}
	}
	how = ""
	if res, body := s.ask(t, "GET", "bangka.localhost", "/", ""); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, "whole") {
		t.Errorf("afterwards: %d %.40s", res.StatusCode, body)
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := newSite(t, func(c *Config) { c.CacheBytes = 20_000 })
	s.Tenant().Get("/:n", authz.Public, func(c *Ctx) error {
		return c.Cached("", time.Minute, func() (templ.Component, error) { return page(c.Param("n")), nil })
	})
	for i := range 50 {
		s.ask(t, "GET", "bangka.localhost", fmt.Sprintf("/p%d", i), "", "Accept-Encoding: br")
	}
	p := s.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0
	for el := p.order.Front(); el != nil; el = el.Next() {
		sum += el.Value.(*cachedPage).bytes
	}
	if p.size > 20_000 || sum != p.size || len(p.pages) != p.order.Len() || len(p.pages) == 0 {
		t.Errorf("%d bytes, counted %d, %d pages", p.size, sum, len(p.pages))
	}
}

// TestCacheRepeatsNobodysQuery: a page for everyone must not carry what one visitor typed.
func TestCacheRepeatsNobodysQuery(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error {
		return c.Cached("", time.Minute, func() (templ.Component, error) { return page(c.UI("").Path), nil })
	})
	s.Tenant().Get("/cari", authz.Public, func(c *Ctx) error {
		return c.Cached("q="+c.Query("q"), time.Minute, func() (templ.Component, error) { return page(c.UI("").Path), nil })
	})
	if _, body := s.ask(t, "GET", "bangka.localhost", "/?nik=1901", ""); !strings.HasPrefix(body, "/ ") {
		t.Errorf("%.40s", body)
	}
	if _, body := s.ask(t, "GET", "bangka.localhost", "/cari?nik=1901&q=paspor", ""); !strings.HasPrefix(body, "/cari?q=paspor ") {
		t.Errorf("%.40s", body)
	}
}

func TestPagePacks(t *testing.T) {
	s := newSite(t, nil)
	s.Tenant().Get("/", authz.Public, func(c *Ctx) error { return c.Page(200, page("halo")) })
	s.Tenant().Get("/api/v1/long", authz.Public, func(c *Ctx) error { return c.JSON(200, strings.Repeat("halo ", 400)) })
	if res, body := s.ask(t, "GET", "bangka.localhost", "/api/v1/long", "", "Accept-Encoding: br"); res.Header.Get("Content-Encoding") != "br" || !strings.HasPrefix(unpack(t, "br", body), `"halo`) {
		t.Errorf("JSON: %v", res.Header)
	}
	for _, accept := range []string{"", "gzip", "br", "gzip;q=0"} {
		res, body := s.ask(t, "GET", "bangka.localhost", "/", "", "Accept-Encoding: "+accept)
		got := res.Header.Get("Content-Encoding")
		if want := strings.TrimSuffix(accept, "gzip;q=0"); got != want || !strings.HasPrefix(unpack(t, got, body), "halo") {
			t.Errorf("%q: %q", accept, got)
		}
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control: %s", res.Header.Get("Cache-Control"))
		}
	}
}

func TestAssets(t *testing.T) {
	s := newSite(t, nil)
	url := assets.URL("citizen.css")
	for _, host := range []string{"bangka.localhost", "localhost", "nowhere.test"} {
		res, body := s.ask(t, "GET", host, url, "", "Accept-Encoding: br")
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != "br" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") ||
			!strings.Contains(unpack(t, "br", body), "--p-") {
			t.Errorf("%s: %d %v", host, res.StatusCode, res.Header)
		}
		if res, _ := s.ask(t, "GET", host, url, "", "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", host, res.StatusCode)
		}
	}
	if res, _ := s.ask(t, "GET", "bangka.localhost", "/_/0/nothing.css", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("an asset that is none: %d", res.StatusCode)
	}
}

func TestBrand(t *testing.T) {
	s := newSite(t, nil)
	s.tutup.Region.Brand.Colour = "#123456"
	s.bangka.Region.Logo = `<svg xmlns="http://www.w3.org/2000/svg"/>`
	css, theme, logo := s.brandOf(s.bangka)
	if theme == "" || !bytes.HasPrefix([]byte(css), []byte("/_/t/")) {
		t.Fatalf("%q %q %q", css, theme, logo)
	}
	res, body := s.ask(t, "GET", "bangka.localhost", css, "")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "--p-accent:") || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	res, _ = s.ask(t, "GET", "bangka.localhost", logo, "")
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") || res.Header.Get("Content-Type") != "image/svg+xml; charset=utf-8" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	// The same address on another host is that region's, and not kept for good.
	if res, _ := s.ask(t, "GET", "belitung.localhost", logo, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("another region's crest: %d", res.StatusCode)
	}
	if res, _ := s.ask(t, "GET", "tutup.localhost", css, ""); res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("a suspended region's sheet: %d %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	s.bangka.Version++
	s.bangka.Region.Brand.Colour = "#0b6b5f"
	if next, _, _ := s.brandOf(s.bangka); next == css {
		t.Error("a new colour has the old address")
	}
}

func BenchmarkCached(b *testing.B) {
	s, _ := counted(b, func(c *Config) { c.Log = nil })
	if err := s.Ready(); err != nil {
		b.Fatal(err)
	}
	h := s.fiber.Handler()
	ctx := newRequestCtx("bangka.localhost", "/")
	ctx.Request.Header.Set("Accept-Encoding", "br")
	b.ReportAllocs()
	for b.Loop() {
		h(ctx)
		ctx.Response.Reset()
	}
}
