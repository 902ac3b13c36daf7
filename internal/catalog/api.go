package catalog

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Service is a service in the API, as it stands at the moment.
type Service struct {
	ID        id.ID          `json:"id" jsonschema_description:"Take a number with it: POST /api/v1/tickets."`
	Code      string         `json:"code" jsonschema_description:"Unique within the agency."`
	Name      string         `json:"name" jsonschema_description:"In Indonesian."`
	NameEN    string         `json:"name_en" jsonschema_description:"In English; empty if there is none."`
	Agency    ServiceAgency  `json:"agency"`
	Places    []ServicePlace `json:"places" jsonschema_description:"Where it is given, a series at each; empty: it gives no numbers."`
	Series    *ServiceSeries `json:"series" jsonschema:"nullable" jsonschema_description:"Of the first place; null: it gives no numbers."`
	Venue     *ServiceVenue  `json:"venue" jsonschema:"nullable" jsonschema_description:"Of the first place; null: it is given in its owner's system only."`
	Execution string         `json:"execution" jsonschema:"enum=native,enum=front-desk,enum=hand-off" jsonschema_description:"native: worked here. front-desk: received here, worked in the owner's system. hand-off: sent to the owner's system."`
	System    string         `json:"system,omitempty" jsonschema_description:"The owner's system."`
	Confirmed bool           `json:"confirmed" jsonschema_description:"The region has checked time, fee and requirements; otherwise they are examples."`
	OpenNow   bool           `json:"open_now" jsonschema_description:"Numbers are given now at the first place."`
	OpensAt   *time.Time     `json:"opens_at,omitempty" jsonschema_description:"When numbers are given again at the first place, if they are not now and an opening is in sight. With the region's offset."`
	Waiting   int            `json:"waiting" jsonschema_description:"People who wait in the first place's series, for any of its services."`
}

// ServicePlace is one of the venues where a service is given, with the series of its numbers there.
type ServicePlace struct {
	Series  ServiceSeries `json:"series" jsonschema_description:"Name it as series_id when taking a number."`
	Venue   ServiceVenue  `json:"venue"`
	OpenNow bool          `json:"open_now" jsonschema_description:"Numbers are given now."`
	OpensAt *time.Time    `json:"opens_at,omitempty" jsonschema_description:"When numbers are given again, if they are not now and an opening is in sight. With the region's offset."`
	Waiting int           `json:"waiting" jsonschema_description:"People who wait in the series, for any of its services."`
}

// ServiceAgency is an agency, shortly.
type ServiceAgency struct {
	ID     id.ID  `json:"id"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	NameEN string `json:"name_en" jsonschema_description:"In English; empty if there is none."`
}

// ServiceSeries is a run of numbers, shortly.
type ServiceSeries struct {
	ID     id.ID  `json:"id"`
	Prefix string `json:"prefix" jsonschema_description:"What numbers begin with: A gives A-001."`
	Name   string `json:"name"`
	NameEN string `json:"name_en" jsonschema_description:"In English; empty if there is none."`
}

// ServiceVenue is a venue, shortly.
type ServiceVenue struct {
	ID     id.ID  `json:"id"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	NameEN string `json:"name_en" jsonschema_description:"In English; empty if there is none."`
	Kind   string `json:"kind" jsonschema:"enum=office,enum=shared,enum=shophouse,enum=vehicle,enum=digital"`
}

// ServiceList is the answer of GET /api/v1/services.
type ServiceList struct {
	Services []Service `json:"services"`
}

// ServiceDetail is a service with what its page says.
type ServiceDetail struct {
	Service
	Receipt  string           `json:"receipt,omitempty" jsonschema_description:"What the owner's system calls its number."`
	Minutes  int              `json:"minutes,omitempty" jsonschema_description:"Usual time at the counter."`
	Standard *ServiceStandard `json:"standard" jsonschema:"nullable" jsonschema_description:"The six published components (PermenPANRB 15/2014); null: known by name only."`
	URL      string           `json:"url" jsonschema:"format=uri" jsonschema_description:"The service's page."`
}

// ServiceStandard is the published half of a service standard. English where there is some.
type ServiceStandard struct {
	catalogue.Standard
}

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: "/api/v1/services", ID: "listServices", Tag: "services",
		Summary:     "Services with their agency, series, whether numbers are given now and how many wait",
		Description: "All services by agency; with q those that the words find, the best first.",
		Params:      []openapi.Param{{Name: "q", In: "query", Description: "Words as people type them, in Indonesian or English.", Example: "ktp hilang"}},
		Response:    ServiceList{}, Errors: []string{"429 limited", "503 suspended"},
	},
	{
		Method: "GET", Path: "/api/v1/services/:id", ID: "getService", Tag: "services",
		Summary: "A service with its standard", Response: ServiceDetail{},
		Errors: []string{"404 not_found", "429 limited", "503 suspended"},
	},
}

func (c *Catalog) listServicesJSON(x *web.Ctx) error {
	services, err := c.Services(x.Std(), x.Tenant, x.Query("q"), "")
	if err != nil {
		return err
	}
	out := ServiceList{Services: make([]Service, 0, len(services))}
	for _, o := range services {
		out.Services = append(out.Services, newService(x.Tenant, o))
	}
	return x.JSON(200, out)
}

func (c *Catalog) getServiceJSON(x *web.Ctx) error {
	i, err := x.ID("id")
	if err != nil {
		return err
	}
	o, ok, err := c.ServiceByID(x.Std(), x.Tenant, i)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	out := ServiceDetail{Service: newService(x.Tenant, o), Receipt: o.Receipt, Minutes: o.Minutes, URL: x.Origin() + serviceURL(o.Service)}
	if o.Standard != nil {
		out.Standard = &ServiceStandard{*o.Standard}
	}
	return x.JSON(200, out)
}

func newService(t *tenant.Tenant, o ServiceNow) Service {
	s := Service{
		ID: o.ID, Code: o.Code, Name: o.Name, NameEN: o.NameEN,
		Agency:    ServiceAgency{o.Agency.ID, o.Agency.Code, o.Agency.Name, o.Agency.NameEN},
		Execution: o.Execution, System: o.System, Confirmed: o.Confirmed, Places: make([]ServicePlace, 0, len(o.Places)),
	}
	for _, at := range o.Places {
		s.Places = append(s.Places, newServicePlace(t, at))
	}
	if len(s.Places) > 0 {
		first := s.Places[0]
		s.Series, s.Venue, s.OpenNow, s.OpensAt, s.Waiting = &first.Series, &first.Venue, first.OpenNow, first.OpensAt, first.Waiting
	}
	return s
}

func newServicePlace(t *tenant.Tenant, at PlaceNow) ServicePlace {
	v := at.Venue
	p := ServicePlace{
		Series:  ServiceSeries{at.ID, at.Prefix, at.Name, at.NameEN},
		Venue:   ServiceVenue{v.ID, v.Code, v.Name, v.NameEN, v.Kind},
		OpenNow: at.Opening.Tickets, Waiting: at.Waiting,
	}
	if !at.NextTickets.IsZero() {
		next := at.NextTickets.In(t.Loc)
		p.OpensAt = &next
	}
	return p
}
