package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// ChallengePath is where a certificate authority looks whether a host is ours (RFC 8555, 8.3). It comes in the clear.
const ChallengePath = "/.well-known/acme-challenge/"

// secure leads a request that came in the clear to the same address over TLS, where this process serves its host so.
// One that a proxy of ours has brought is left alone: the proxy has ended TLS, or would lead it back here for ever.
func (a *App) secure(c *Ctx) (led bool) {
	if a.cfg.Secured == nil || c.f.Context().IsTLS() || a.viaProxy(c.f) || strings.HasPrefix(c.Path(), ChallengePath) {
		return false
	}
	host := strings.Clone(plainHost(c.f.Request().Header.Host()))
	if !a.cfg.Secured(c.std, host) {
		return false
	}
	c.SetHeader(fiber.HeaderLocation, "https://"+host+a.port+string(c.f.Request().Header.RequestURI()))
	c.f.Status(fiber.StatusPermanentRedirect)
	return true
}
