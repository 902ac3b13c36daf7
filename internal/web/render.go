package web

import (
	"bytes"
	"encoding/json"
	"net/url"
	"sync"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// buffers hold pages while they are rendered: a component that fails half-way must not leave half a
// page before the error's.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps one huge page from staying in memory for good.
const maxPooled = 1 << 20

func getBuffer() *bytes.Buffer {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		buffers.Put(b)
	}
}

// Page answers with a whole HTML page.
func (c *Ctx) Page(status int, page templ.Component) error {
	b := getBuffer()
	defer putBuffer(b)
	if err := page.Render(c.std, b); err != nil {
		return err
	}
	return c.html(status, b.Bytes())
}

// Fragment answers with a part of a page, for htmx and for search as one types.
func (c *Ctx) Fragment(status int, part templ.Component) error {
	c.Vary("HX-Request")
	return c.Page(status, part)
}

func (c *Ctx) html(status int, body []byte) error {
	return c.packed(status, fiber.MIMETextHTMLCharsetUTF8, body)
}

// worthPacking is the size from which compressing saves a packet.
const worthPacking = 1 << 10

// packed answers with text, compressed if the client takes it. The body is copied.
func (c *Ctx) packed(status int, contentType string, body []byte) error {
	c.f.Status(status)
	c.SetHeader(fiber.HeaderContentType, contentType)
	c.noStore()
	c.Vary(fiber.HeaderAcceptEncoding)
	coding := c.coding()
	if len(body) < worthPacking || coding == "" {
		c.f.Response().SetBody(body)
		return nil
	}
	b := getBuffer()
	defer putBuffer(b)
	if err := pack(b, coding, body); err != nil {
		return err
	}
	c.SetHeader(fiber.HeaderContentEncoding, coding)
	c.f.Response().SetBody(b.Bytes())
	return nil
}

// noStore keeps a response out of every cache unless the handler has said otherwise.
func (c *Ctx) noStore() {
	if len(c.f.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		c.SetHeader(fiber.HeaderCacheControl, "no-store")
	}
}

// coding is the compression that the client takes: "br", "gzip" or "".
func (c *Ctx) coding() string {
	accept := c.Header(fiber.HeaderAcceptEncoding)
	switch {
	case assets.Accepts(accept, "br"):
		return "br"
	case assets.Accepts(accept, "gzip"):
		return "gzip"
	}
	return ""
}

var (
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 5) }}
	gzips   = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, 5); return w }}
)

// pack compresses at level 5: brotli at 11 takes 60 ms a page, at 5 0.14.
func pack(to *bytes.Buffer, coding string, body []byte) error {
	if coding == "br" {
		w := brotlis.Get().(*brotli.Writer)
		defer brotlis.Put(w)
		w.Reset(to)
		if _, err := w.Write(body); err != nil {
			return err
		}
		return w.Close()
	}
	w := gzips.Get().(*gzip.Writer)
	defer gzips.Put(w)
	w.Reset(to)
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// JSON answers with a value as JSON.
func (c *Ctx) JSON(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.packed(status, "application/json", body)
}

// Blob answers with bytes of any kind, which must not be changed afterwards.
func (c *Ctx) Blob(status int, contentType string, body []byte) error {
	c.f.Status(status)
	c.SetHeader(fiber.HeaderContentType, contentType)
	c.noStore()
	c.f.Response().SetBodyRaw(body)
	return nil
}

// NoContent answers 204.
func (c *Ctx) NoContent() error {
	c.f.Status(fiber.StatusNoContent)
	c.noStore()
	return nil
}

// SeeOther leads to another page of this site, as after a form. A path that leads elsewhere is the
// fault "redirect". htmx is told to go there as a whole page.
func (c *Ctx) SeeOther(path string) error {
	if SafePath(path, "") == "" {
		return fault.New(fault.Malformed, "redirect")
	}
	c.noStore()
	if c.IsHTMX() {
		c.SetHeader("HX-Redirect", path)
		c.f.Status(fiber.StatusOK)
		return nil
	}
	c.SetHeader(fiber.HeaderLocation, path)
	c.f.Status(fiber.StatusSeeOther)
	return nil
}

// SafePath is path if it leads to a page of the same site, else the fallback. Browsers read "//host"
// and "/\host" as another site, and leave out tabs and newlines before they look.
func SafePath(path, fallback string) string {
	if path == "" || path[0] != '/' || len(path) > 2000 {
		return fallback
	}
	if len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
		return fallback
	}
	for i := 0; i < len(path); i++ {
		if path[i] <= 0x20 || path[i] == 0x7f || path[i] == '\\' {
			return fallback
		}
	}
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil {
		return fallback
	}
	return path
}
