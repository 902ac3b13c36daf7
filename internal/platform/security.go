package platform

import (
	"fmt"
	"net/http"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
)

// securityExpires is how long a copy of security.txt may be believed. RFC 9116 asks for less than a year.
const securityExpires = 180 * 24 * time.Hour

// Security registers /.well-known/security.txt (RFC 9116) on every host: whoever finds a weakness in a
// region's site sees where to report it. contact is a mailto: or https: address; empty: there is none.
func (p *Platform) Security(r *web.Router, contact string) {
	r.Get("/.well-known/security.txt", authz.Public, func(c *web.Ctx) error {
		if contact == "" {
			return fault.New(fault.NotFound, "page")
		}
		// By the day, so that the same text is given all day long.
		until := c.Now().UTC().Truncate(24 * time.Hour).Add(securityExpires)
		text := fmt.Sprintf("Contact: %s\nExpires: %s\nPreferred-Languages: id, en\n", contact, until.Format(time.RFC3339))
		return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
	})
}
