package web

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/assets"
	"github.com/pendopo-id/pendopo/internal/web/brand"
)

// look is what a region's pages wear: its colours as a sheet, and its crest.
type look struct {
	version           int64
	css, logo         []byte
	cssURL, logoURL   string
	theme             string
	cssETag, logoETag string
}

// looks keeps one look a tenant, made when its first page is drawn and again when the tenant changes.
type looks struct{ byTenant sync.Map } // tenant.ID -> *look

func (l *looks) of(t *tenant.Tenant) *look {
	if v, ok := l.byTenant.Load(t.ID); ok && v.(*look).version == t.Version {
		return v.(*look)
	}
	k := &look{version: t.Version}
	colour := t.Region.Brand.Colour
	if colour == "" {
		colour = brand.Default
	}
	if accents, err := brand.Derive(colour); err == nil { // the manifest's check has read it before
		k.css, k.theme = []byte(accents.CSS(":root")), accents.Deep
		k.cssURL, k.cssETag = hashed(k.css, "brand.css")
	}
	if t.Region.Logo != "" {
		k.logo = []byte(t.Region.Logo)
		k.logoURL, k.logoETag = hashed(k.logo, "logo.svg")
	}
	l.byTenant.Store(t.ID, k)
	return k
}

const looksPath = assets.Prefix + "t/"

func hashed(content []byte, name string) (url, etag string) {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:5])
	return looksPath + hash + "/" + name, `"` + hash + `"`
}

// brandOf gives the addresses of a tenant's sheet and crest and the colour of its roof.
func (a *App) brandOf(t *tenant.Tenant) (css, theme, logo string) {
	k := a.looks.of(t)
	return k.cssURL, k.theme, k.logoURL
}

// brandCSS serves the sheet. It stands on a route of any host, since the page of a suspended tenant
// wears it too.
func (a *App) brandCSS(c *Ctx) error {
	if c.Tenant == nil || c.Tenant.IsPlatform() {
		return fault.New(fault.NotFound, "page")
	}
	k := a.looks.of(c.Tenant)
	return c.file(k.cssURL, k.cssETag, "text/css; charset=utf-8", k.css)
}

// logo serves the crest. It was drawn by somebody else: opened by itself it may run and load nothing.
func (a *App) logo(c *Ctx) error {
	if c.Tenant == nil || c.Tenant.IsPlatform() {
		return fault.New(fault.NotFound, "page")
	}
	c.drawn()
	k := a.looks.of(c.Tenant)
	return c.file(k.logoURL, k.logoETag, "image/svg+xml; charset=utf-8", k.logo)
}

// drawn keeps a drawing of somebody else's from running and loading anything, also where it is opened by itself.
func (c *Ctx) drawn() {
	c.SetHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
}

// Drawing answers with an SVG that a person has brought.
func (c *Ctx) Drawing(svg string) error {
	c.drawn()
	return c.Blob(fiber.StatusOK, "image/svg+xml; charset=utf-8", []byte(svg))
}

// file answers with content whose address carries its hash. An older address gets what is there now,
// and it is not kept.
func (c *Ctx) file(url, etag, contentType string, body []byte) error {
	if len(body) == 0 {
		return fault.New(fault.NotFound, "page")
	}
	cache := "public, max-age=31536000, immutable"
	if c.Path() != url {
		cache = "no-cache"
	}
	c.SetHeader(fiber.HeaderCacheControl, cache)
	c.SetHeader(fiber.HeaderETag, etag)
	if matches(c.Header(fiber.HeaderIfNoneMatch), etag) {
		c.f.Status(fiber.StatusNotModified)
		return nil
	}
	return c.Blob(fiber.StatusOK, contentType, body)
}
