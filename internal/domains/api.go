package domains

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

const apiDomains = "/api/v1/domains"

// recordJSON is a record of the DNS.
type recordJSON struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// certificateJSON is how a domain's certificate stands.
type certificateJSON struct {
	NotAfter string `json:"not_after,omitempty" jsonschema_description:"Until when the one that is served holds; absent: there is none."`
	RenewAt  string `json:"renew_at,omitempty" jsonschema_description:"From when on it is renewed."`
	Fault    string `json:"fault,omitempty" jsonschema_description:"Why the last order failed: proof, lookup, address, refused, limited, server or keys."`
	Detail   string `json:"detail,omitempty" jsonschema_description:"What the certificate authority said."`
	NextAt   string `json:"next_at,omitempty" jsonschema_description:"When it is ordered again."`
}

// domainJSON is one of the region's own domains.
type domainJSON struct {
	Host        string           `json:"host"`
	State       State            `json:"state" jsonschema_description:"asked (waits for its proof), bound (served; its certificate comes, or is looked after in front of this service), failed (served, and its certificate could not be had) or secured."`
	Proof       recordJSON       `json:"proof" jsonschema_description:"The record that its name server shows, and goes on showing."`
	Points      recordJSON       `json:"points" jsonschema_description:"Where the domain leads."`
	Certificate *certificateJSON `json:"certificate,omitempty"`
}

// domainsJSON are all of them.
type domainsJSON struct {
	Domains []domainJSON `json:"domains"`
	Orders  bool         `json:"orders_certificates" jsonschema_description:"Whether this service orders certificates itself; otherwise whoever runs it has one at the ingress."`
}

// askJSON is a domain that is asked for.
type askJSON struct {
	Host string `json:"host" jsonschema_description:"Without scheme, port and path."`
}

func (h handlers) jsonOf(c *web.Ctx, o Own) domainJSON {
	name, value := o.Record()
	out := domainJSON{
		Host: o.Host, State: o.State, Proof: recordJSON{name, "TXT", value}, Points: recordJSON{o.Host, "CNAME", h.k.Home(c.Tenant)},
	}
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(c.Tenant.Loc).Format(time.RFC3339)
	}
	if !o.NotAfter.IsZero() || o.Fault != "" {
		out.Certificate = &certificateJSON{when(o.NotAfter), when(o.RenewAt), o.Fault, o.Detail, when(o.NextAt)}
	}
	return out
}

func (h handlers) apiList(c *web.Ctx) error {
	list, err := h.k.List(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	out := domainsJSON{Domains: []domainJSON{}, Orders: h.k.Orders()}
	for _, o := range list {
		out.Domains = append(out.Domains, h.jsonOf(c, o))
	}
	return c.JSON(fiber.StatusOK, out)
}

func (h handlers) apiOne(c *web.Ctx, status int, host string) error {
	o, err := h.k.Get(c.Std(), c.Tenant, host)
	if err != nil {
		return err
	}
	return c.JSON(status, h.jsonOf(c, o))
}

func (h handlers) apiAsk(c *web.Ctx) error {
	var in askJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	d, made, err := h.k.Ask(c.Std(), c.Tenant, c.Actor.String(), in.Host)
	if err != nil {
		return err
	}
	if !made {
		return h.apiOne(c, fiber.StatusOK, d.Host)
	}
	c.SetHeader(fiber.HeaderLocation, apiDomains+"/"+d.Host)
	return h.apiOne(c, fiber.StatusCreated, d.Host)
}

func (h handlers) apiGet(c *web.Ctx) error { return h.apiOne(c, fiber.StatusOK, c.Param("host")) }

func (h handlers) apiCheck(c *web.Ctx) error {
	host := c.Param("host")
	if err := h.k.Check(c.Std(), c.Tenant, c.Actor.String(), host); err != nil {
		return err
	}
	return h.apiOne(c, fiber.StatusOK, host)
}

func (h handlers) apiDrop(c *web.Ctx) error {
	if err := h.k.Drop(c.Std(), c.Tenant, c.Actor.String(), c.Param("host")); err != nil {
		return err
	}
	return c.NoContent()
}

const recent = "Asks for a sign-in within the last ten minutes: auth.prove otherwise. "

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: apiDomains, ID: "listDomains", Tag: "domains", Auth: openapi.Bearer,
		Summary: "The region's own domains, and how far each has come", Response: domainsJSON{}, Errors: []string{"403 authz.forbidden"},
	},
	{
		Method: "POST", Path: apiDomains, ID: "askDomain", Tag: "domains", Auth: openapi.Bearer,
		Summary:     "Ask for a domain of the region's own",
		Description: recent + "It is served once its proof shows: set the record that the answer names, then call checkDomain. Asked for again it is given as it stands, with 200.",
		Request:     askJSON{}, Response: domainJSON{}, Status: 201,
		Also:    []openapi.Reply{{Status: 200, Description: "It was asked for before.", Response: domainJSON{}}},
		Headers: []openapi.Header{{Name: "Location", Description: "The domain's address in the API."}},
		Errors:  []string{"403 auth.prove", "403 authz.forbidden", "409 domains.many", "422 invalid"},
	},
	{
		Method: "GET", Path: apiDomains + "/:host", ID: "getDomain", Tag: "domains", Auth: openapi.Bearer,
		Summary: "One of the region's own domains", Response: domainJSON{}, Errors: []string{"403 authz.forbidden", "404 not_found"},
	},
	{
		Method: "POST", Path: apiDomains + "/:host/check", ID: "checkDomain", Tag: "domains", Auth: openapi.Bearer,
		Summary:     "Look for the domain's proof now, and order its certificate",
		Description: recent + "A domain that is proved is served within seconds. Called again after a failed order it lets the next one begin at once, three times an hour.",
		Response:    domainJSON{},
		Errors:      []string{"403 auth.prove", "403 authz.forbidden", "404 not_found", "409 domains.proof", "409 domains.taken", "429 domains.slow", "503 domains.lookup"},
	},
	{
		Method: "DELETE", Path: apiDomains + "/:host", ID: "dropDomain", Tag: "domains", Auth: openapi.Bearer,
		Summary:     "Give a domain back: it is not served any more, and its certificate goes",
		Description: recent, Status: 204, Errors: []string{"403 auth.prove", "403 authz.forbidden", "404 not_found"},
	},
}
