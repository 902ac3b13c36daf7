package web

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

// pageKey says whose page it is. The tenant's version is in it, so that a change of the tenant shows at
// once, and the path, so that two routes cannot meet under one key.
type pageKey struct {
	tenant  tenant.ID
	version int64
	locale  i18n.Locale
	path    string
	key     string
	notes   string // the announcements that it shows: they begin and end at their own times
}

// cachedPage is a page as it goes over the wire. It is made once and then only read.
type cachedPage struct {
	key     pageKey
	ready   chan struct{} // closed when the fields below are there
	err     error
	expires time.Time
	raw     []byte
	hash    string

	bytes int // counted for it; the cache's lock guards it

	packing sync.Mutex
	packed  map[string][]byte // by coding, made when first asked for
}

// pageCache holds rendered public pages, up to a number of bytes.
type pageCache struct {
	mu    sync.Mutex
	max   int
	size  int
	pages map[pageKey]*list.Element
	order *list.List // of *cachedPage, the latest used first
}

func newPageCache(max int) *pageCache {
	return &pageCache{max: max, pages: map[pageKey]*list.Element{}, order: list.New()}
}

// Cached answers a GET with a page that is the same for everyone who is not signed in, rendered at most
// once in ttl for each tenant and language however many ask at once. key tells apart what the path does
// not, written as a query: "q=paspor"; take only what the page really depends on, since each is kept.
//
// Who is signed in gets a page of their own, rendered now. render must not use what is this request's
// alone, apart from language and tenant.
func (c *Ctx) Cached(key string, ttl time.Duration, render func() (templ.Component, error)) error {
	if c.Actor != nil || c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead || c.IsHTMX() {
		page, err := render()
		if err != nil {
			return err
		}
		return c.Page(fiber.StatusOK, page)
	}
	c.shared, c.sharedKey = true, key
	k := pageKey{locale: c.Locale, path: c.Path(), key: key}
	if c.Tenant != nil {
		k.tenant, k.version, k.notes = c.Tenant.ID, c.Tenant.Version, noteKey(c.Tenant.Announcements(c.Now(), false))
	}
	page, err := c.app.pages.get(c, k, ttl, render)
	if err != nil {
		return err
	}
	return page.send(c)
}

// get finds a page that is fresh, or waits for whoever renders it, or renders it.
func (p *pageCache) get(c *Ctx, k pageKey, ttl time.Duration, render func() (templ.Component, error)) (*cachedPage, error) {
	now := c.Now()
	p.mu.Lock()
	if el, ok := p.pages[k]; ok {
		page := el.Value.(*cachedPage)
		select {
		case <-page.ready:
			if now.Before(page.expires) {
				p.order.MoveToFront(el)
				p.mu.Unlock()
				return page, nil
			}
			p.remove(el)
		default:
			p.mu.Unlock()
			select {
			case <-page.ready:
				return page, page.err
			case <-c.std.Done():
				return nil, c.std.Err()
			}
		}
	}
	page := &cachedPage{key: k, ready: make(chan struct{}), packed: map[string][]byte{}}
	el := p.order.PushFront(page)
	p.pages[k] = el
	p.mu.Unlock()

	page.err = errRender
	defer func() { // also when render panics: nobody may wait for ever
		page.expires = now.Add(ttl)
		p.mu.Lock()
		if page.err != nil {
			p.remove(el)
		} else {
			p.grow(page, len(page.raw))
		}
		p.mu.Unlock()
		close(page.ready)
	}()
	page.raw, page.err = draw(c.std, render)
	if page.err == nil {
		sum := sha256.Sum256(page.raw)
		page.hash = hex.EncodeToString(sum[:8])
	}
	return page, page.err
}

var errRender = &statusError{fiber.StatusInternalServerError, "internal"}

func draw(ctx context.Context, render func() (templ.Component, error)) ([]byte, error) {
	component, err := render()
	if err != nil {
		return nil, err
	}
	b := getBuffer()
	defer putBuffer(b)
	if err := component.Render(ctx, b); err != nil {
		return nil, err
	}
	return bytes.Clone(b.Bytes()), nil
}

// grow counts bytes to a page and lets go of what was used longest ago. The caller holds the lock.
func (p *pageCache) grow(page *cachedPage, n int) {
	if _, ok := p.pages[page.key]; !ok || p.pages[page.key].Value != page {
		return // somebody has taken it out meanwhile
	}
	page.bytes += n
	p.size += n
	for p.size > p.max && p.order.Len() > 1 {
		last := p.order.Back()
		p.remove(last)
	}
}

// remove takes a page out. The caller holds the lock.
func (p *pageCache) remove(el *list.Element) {
	page := el.Value.(*cachedPage)
	if p.pages[page.key] == el {
		delete(p.pages, page.key)
		p.order.Remove(el)
		p.size -= page.bytes
	}
}

// send answers with the page in the coding that the client takes, or says that the client has it.
func (page *cachedPage) send(c *Ctx) error {
	c.Vary(fiber.HeaderAcceptEncoding, fiber.HeaderCookie)
	// The browser may keep it and asks each time: what a page says of a queue must not be old.
	c.SetHeader(fiber.HeaderCacheControl, "private, no-cache")
	coding := c.coding()
	body := page.raw
	if coding != "" {
		var err error
		if body, err = page.as(coding, c.app.pages); err != nil {
			return err
		}
	}
	etag := `"` + page.hash + `"`
	if coding != "" {
		etag = `"` + page.hash + "-" + coding + `"`
	}
	c.SetHeader(fiber.HeaderETag, etag)
	if matches(c.Header(fiber.HeaderIfNoneMatch), etag) {
		c.f.Status(fiber.StatusNotModified)
		return nil
	}
	if coding != "" {
		c.SetHeader(fiber.HeaderContentEncoding, coding)
	}
	return c.Blob(fiber.StatusOK, fiber.MIMETextHTMLCharsetUTF8, body)
}

// as gives the page in a coding, packed once.
func (page *cachedPage) as(coding string, p *pageCache) ([]byte, error) {
	page.packing.Lock()
	defer page.packing.Unlock()
	if b, ok := page.packed[coding]; ok {
		return b, nil
	}
	b := getBuffer()
	defer putBuffer(b)
	if err := pack(b, coding, page.raw); err != nil {
		return nil, err
	}
	out := bytes.Clone(b.Bytes())
	page.packed[coding] = out
	p.mu.Lock()
	p.grow(page, len(out))
	p.mu.Unlock()
	return out, nil
}

// matches tells whether an If-None-Match names the tag, by the weak comparison.
func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	etag = strings.TrimPrefix(etag, "W/")
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == etag {
			return true
		}
	}
	return false
}
