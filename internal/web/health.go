package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// ownRoutes are those that the kit answers itself, on every host.
func (a *App) ownRoutes() {
	every := a.Any()
	every.Get("/healthz", authz.Public, a.healthz)
	every.Get("/readyz", authz.Public, a.readyz)
	every.Get(looksPath+":hash/brand.css", authz.Public, a.brandCSS)
	every.Get(looksPath+":hash/logo.svg", authz.Public, a.logo)
	every.Get(assets.Prefix+"*", authz.Public, a.asset)
}

// healthz says that the process is up. It asks nobody else: a database that is away is no reason to
// restart the process.
func (a *App) healthz(c *Ctx) error {
	return c.Blob(fiber.StatusOK, fiber.MIMETextPlainCharsetUTF8, []byte("ok\n"))
}

// readyz says whether requests should be sent here.
func (a *App) readyz(c *Ctx) error {
	answer := func(status int, text string) error {
		return c.Blob(status, fiber.MIMETextPlainCharsetUTF8, []byte(text+"\n"))
	}
	if a.Draining() {
		return answer(fiber.StatusServiceUnavailable, "draining")
	}
	if a.cfg.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Std(), 3*time.Second)
		defer cancel()
		if err := a.cfg.Ready(ctx); err != nil {
			a.log.Warn("not ready", slog.String("error", err.Error()))
			return answer(fiber.StatusServiceUnavailable, "not ready")
		}
	}
	return answer(fiber.StatusOK, "ready")
}

// asset serves a file of package assets, packed as the client takes it.
func (a *App) asset(c *Ctx) error {
	file, ok := assets.Find(c.Path())
	if !ok {
		return fault.New(fault.NotFound, "page")
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	c.SetHeader(fiber.HeaderCacheControl, file.CacheControl)
	c.SetHeader(fiber.HeaderETag, file.ETag)
	if matches(c.Header(fiber.HeaderIfNoneMatch), file.ETag) {
		c.f.Status(fiber.StatusNotModified)
		return nil
	}
	body, coding := file.Encoded(c.Header(fiber.HeaderAcceptEncoding))
	if coding != "" {
		c.SetHeader(fiber.HeaderContentEncoding, coding)
	}
	return c.Blob(fiber.StatusOK, file.ContentType, body)
}
