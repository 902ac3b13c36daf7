package web

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// sameOrigin refuses an unsafe request that another site made a browser send. It needs no token, since
// pages are cached for everyone: browsers say where a request comes from. A sibling region is another
// site here, though browsers call it the same one.
//
// Where a client says nothing (curl, a kiosk's program) it is no browser, and only a request that
// carries no cookie of ours is taken.
func (c *Ctx) sameOrigin() error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return nil
	}
	if site := c.Header("Sec-Fetch-Site"); site != "" {
		if site == "same-origin" || site == "none" {
			return nil
		}
		return fault.New(fault.Forbidden, "csrf")
	}
	if origin := c.Header(fiber.HeaderOrigin); origin != "" {
		u, err := url.Parse(origin)
		if err == nil && u.Host != "" && strings.EqualFold(u.Host, c.Host()) {
			return nil
		}
		return fault.New(fault.Forbidden, "csrf")
	}
	if c.Cookie(c.app.cookie) != "" {
		return fault.New(fault.Forbidden, "csrf")
	}
	return nil
}
