package app

import (
	"slices"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/catalog"
	"github.com/pendopo-id/pendopo/internal/domains"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/operator"
	"github.com/pendopo-id/pendopo/internal/oversight"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/signin"
	"github.com/pendopo-id/pendopo/internal/subscription"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

// apiVersion is the version of the HTTP API, not of the program.
const apiVersion = "1.0.0"

// Operations are all calls of the HTTP API. A test holds them equal to the routes.
func Operations() []openapi.Operation {
	return slices.Concat(catalog.Operations, queue.Operations, signin.Operations, oversight.Operations, domains.Operations, subscription.Operations, onboarding.Operations, operator.Operations, []openapi.Operation{{
		Method: "GET", Path: "/api/v1/openapi.json", ID: "getDocument", Tag: "document",
		Summary: "This document", Response: map[string]any{},
	}})
}

// document serves the OpenAPI document, which is made once, on every kind of host.
func (a *App) document(on ...*web.Router) error {
	text, err := openapi.Document("Pendopo", apiVersion, Operations())
	if err != nil {
		return err
	}
	for _, r := range on {
		r.Get("/api/v1/openapi.json", authz.Public, func(c *web.Ctx) error {
			c.SetHeader("Cache-Control", "public, max-age=300")
			return c.Blob(200, "application/json", text)
		})
	}
	return nil
}
