package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"
)

// requestID takes the identifier that a proxy of ours has given, if it is one, or makes one. Of others none is
// taken: they could make their lines look like somebody else's request.
func requestID(given string) string {
	ok := len(given) >= 8 && len(given) <= 64
	for i := 0; i < len(given) && ok; i++ {
		c := given[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
	}
	if ok {
		return given
	}
	return rand.Text()[:16]
}

// logAccess writes one line a request, without what a person sent: the route's pattern and not the
// path, no query, no address, nobody's name.
func (a *App) logAccess(c *Ctx, took time.Duration) {
	level := slog.LevelInfo
	if c.route != nil && c.route.Kind == OnAny {
		level = slog.LevelDebug // probes and assets
	}
	ctx := context.Background()
	if !a.log.Enabled(ctx, level) {
		return
	}
	code := ""
	if c.Tenant != nil {
		code = c.Tenant.Code
	}
	res, size := c.f.Response(), 0
	if !res.IsBodyStream() { // asking for the size of a download would read it whole
		size = len(res.Body())
	}
	attrs := []slog.Attr{
		slog.String("id", c.requestID), slog.String("tenant", code), slog.String("method", c.Method()),
		slog.String("route", c.Route()), slog.Int("status", res.StatusCode()), slog.Bool("stream", c.streaming),
		slog.Int("bytes", size), slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if c.refused != "" && res.StatusCode() != http.StatusNotFound {
		// Who was refused and why: an account's identifier, which says nothing to who has only the log.
		attrs = append(attrs, slog.String("code", c.refused), slog.String("who", c.Actor.String()))
	}
	a.log.LogAttrs(ctx, level, "request", attrs...)
}
