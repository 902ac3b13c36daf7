package domains

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web"
)

// Challenges registers what a certificate authority asks for by HTTP-01, on every host.
func Challenges(r *web.Router, k *Keeper) {
	r.Get(web.ChallengePath+":token", authz.Public, func(c *web.Ctx) error {
		host, _, _ := strings.Cut(strings.ToLower(c.Host()), ":")
		text, ok, err := k.Answer(c.Std(), strings.TrimSuffix(host, "."), c.Param("token"))
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.NotFound, "page")
		}
		return c.Blob(fiber.StatusOK, fiber.MIMEOctetStream, []byte(text))
	}, web.Reads)
}
