package queue

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
)

// API is the queue's part of the HTTP API. The pages use the same Hall.
type API struct {
	hall *Hall
	hub  *events.Hub
}

// NewAPI makes the API.
func NewAPI(hall *Hall, hub *events.Hub) *API { return &API{hall, hub} }

// Routes registers the API on a tenant's host.
func (a *API) Routes(r *web.Router) {
	r.Post("/api/v1/tickets", authz.Public, a.issueTicket, ticketLimit, web.Switched(tenant.PublicAPI))
	r.Get("/api/v1/tickets/:id", authz.Public, a.getTicket, web.Reads, web.Switched(tenant.PublicAPI))
	r.Post("/api/v1/tickets/:id/finish", permFinish, a.finishTicket)
	r.Post("/api/v1/tickets/:id/return", permReturn, a.returnTicket)
	r.Get("/api/v1/counters", permCounter, a.listCounters)
	r.Post("/api/v1/counters/:id/next", permCall, a.callNext)
	r.Get("/api/v1/boards/:id/events", authz.Public, a.followBoard, web.Streams, web.Switched(tenant.PublicAPI))
}

// ticketLimit bounds what one address takes: a bus that empties itself at the door gets through, a
// script does not.
var ticketLimit = web.Limited("ticket", 5, 100)

// TicketJSON is a ticket in the API. Number is the number in its series and day, Label what is called.
type TicketJSON struct {
	ID        id.ID        `json:"id"`
	Number    int64        `json:"number"`
	Label     string       `json:"label"`
	Series    string       `json:"series"`
	SeriesID  id.ID        `json:"series_id"`
	ServiceID id.ID        `json:"service_id"`
	Service   string       `json:"service"`
	Status    Status       `json:"status"`
	Position  int          `json:"position"`
	Channel   Channel      `json:"channel"`
	Day       string       `json:"day"`
	Counter   *CounterName `json:"counter,omitempty"`
	CreatedAt string       `json:"created_at"`
	CalledAt  string       `json:"called_at,omitempty"`
	ServedAt  string       `json:"served_at,omitempty"`
	EndedAt   string       `json:"ended_at,omitempty"`
	Cancelled Canceller    `json:"cancelled_by,omitempty" jsonschema:"enum=own,enum=desk,enum=mall" jsonschema_description:"Who cancelled it: whoever has its address, the front desk for the person, or the mall, which does not use the series any more."`
	URL       string       `json:"url"`
}

// CounterName says which counter.
type CounterName struct {
	ID      id.ID  `json:"id"`
	Name    string `json:"name"`
	Place   string `json:"place,omitempty"`
	PlaceEN string `json:"place_en,omitempty"`
}

func ticketJSON(t *tenant.Tenant, p Place) TicketJSON {
	stamp := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.In(t.Loc).Format(time.RFC3339Nano)
	}
	out := TicketJSON{
		ID: p.ID, Number: p.Number, Label: p.Label, Series: p.Series.Prefix, SeriesID: p.SeriesID, ServiceID: p.ServiceID,
		Service: p.Service.Name, Status: p.Status, Position: p.Position(), Channel: p.Channel, Day: p.Day.String(),
		CreatedAt: stamp(p.CreatedAt), CalledAt: stamp(p.CalledAt), ServedAt: stamp(p.ServedAt), EndedAt: stamp(p.EndedAt),
		Cancelled: p.CancelledBy,
		URL:       "/antrean/" + p.ID.String(),
	}
	if p.Counter != nil {
		out.Counter = &CounterName{p.Counter.ID, p.Counter.Name, p.Counter.Place, p.Counter.PlaceEN}
	}
	return out
}

// IssueRequest is the body of POST /api/v1/tickets. The channel follows from the credential.
type IssueRequest struct {
	ServiceID string `json:"service_id" jsonschema:"format=uuid"`
	SeriesID  string `json:"series_id,omitempty" jsonschema:"format=uuid" jsonschema_description:"Which of the service's series, as its places say. Without it the first that gives numbers now, else the first."`
}

func (a *API) issueTicket(c *web.Ctx) error {
	var body IssueRequest
	if err := c.BindJSON(&body); err != nil {
		return err
	}
	if body.ServiceID == "" {
		return fault.New(fault.Invalid, "invalid").Field("service_id", "required")
	}
	service, err := id.Parse(body.ServiceID)
	if err != nil {
		return fault.New(fault.Invalid, "invalid").Field("service_id", "not_an_id")
	}
	var series id.ID
	if body.SeriesID != "" {
		if series, err = id.Parse(body.SeriesID); err != nil || series.IsZero() {
			return fault.New(fault.Invalid, "invalid").Field("series_id", "not_an_id")
		}
	}
	channel, err := a.hall.channelOf(c.Std(), c.Tenant, c.Actor, service)
	if err != nil {
		return err
	}
	p, err := a.hall.Issue(c.Std(), c.Tenant, Request{
		ServiceID: service, SeriesID: series, Key: c.Header("Idempotency-Key"), Channel: channel, Actor: c.Actor,
	})
	if err != nil {
		return err
	}
	c.SetHeader("Location", "/api/v1/tickets/"+p.ID.String())
	return c.JSON(201, ticketJSON(c.Tenant, p))
}

// channelOf tells how a ticket was taken from who takes it: a device as it was paired; at a counter by who may
// give the service's numbers; by everybody else, signed in or not, from the web.
func (h *Hall) channelOf(ctx context.Context, t *tenant.Tenant, a *authz.Actor, service id.ID) (Channel, error) {
	if a == nil {
		return Web, nil
	}
	if paired := Channel(a.Channel); paired == Kiosk || paired == Vehicle {
		return paired, nil
	}
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return Web, err
	}
	if o, ok := dir.Service(service); ok && a.Can(permIssue, AgencyScope(t, o.Agency)) {
		return AtCounter, nil
	}
	return Web, nil
}

func (a *API) getTicket(c *web.Ctx) error {
	ticket, err := c.ID("id")
	if err != nil {
		return err
	}
	p, err := a.hall.Place(c.Std(), c.Tenant, ticket)
	if err != nil {
		return err
	}
	return c.JSON(200, ticketJSON(c.Tenant, p))
}

func (a *API) finishTicket(c *web.Ctx) error {
	ticket, err := c.ID("id")
	if err != nil {
		return err
	}
	p, err := a.hall.Do(c.Std(), c.Tenant, c.Actor, ticket, Finish)
	if err != nil {
		return err
	}
	a.hall.seen(c.Tenant, p.CounterID)
	return c.JSON(200, ticketJSON(c.Tenant, p))
}

func (a *API) returnTicket(c *web.Ctx) error {
	ticket, err := c.ID("id")
	if err != nil {
		return err
	}
	p, err := a.hall.Return(c.Std(), c.Tenant, c.Actor, ticket)
	if err != nil {
		return err
	}
	return c.JSON(200, ticketJSON(c.Tenant, p))
}

// CounterJSON is a counter in the API.
type CounterJSON struct {
	ID      id.ID    `json:"id"`
	Code    string   `json:"code"`
	Name    string   `json:"name"`
	Agency  string   `json:"agency"`
	Venue   string   `json:"venue"`
	VenueEN string   `json:"venue_en"`
	Board   id.ID    `json:"board_id"`
	Series  []string `json:"series"`
}

// CountersJSON is the answer of GET /api/v1/counters.
type CountersJSON struct {
	Counters []CounterJSON `json:"counters"`
}

func (a *API) listCounters(c *web.Ctx) error {
	counters, err := a.hall.Counters(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	out := CountersJSON{Counters: []CounterJSON{}}
	for _, d := range counters {
		j := CounterJSON{ID: d.ID, Code: d.Code, Name: d.Name, Agency: d.Agency.Name, Venue: d.Venue.Name, VenueEN: d.Venue.NameEN, Board: d.Zone.ID, Series: []string{}}
		for _, s := range d.Series {
			j.Series = append(j.Series, s.Prefix)
		}
		out.Counters = append(out.Counters, j)
	}
	return c.JSON(200, out)
}

func (a *API) callNext(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	p, ok, err := a.hall.CallNext(c.Std(), c.Tenant, c.Actor, Press{CounterID: counter, Key: c.Header("Idempotency-Key")})
	if err == nil {
		a.hall.seen(c.Tenant, counter)
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return c.NoContent()
	}
	return c.JSON(200, ticketJSON(c.Tenant, p))
}

// CallJSON is the data of a board's event "call". It names no ticket: the identifier is its holder's secret.
type CallJSON struct {
	Seq       int64  `json:"seq"`
	Number    string `json:"number"` // as it is shown: "A-027"
	Counter   string `json:"counter"`
	CounterID id.ID  `json:"counter_id"` // tells apart counters that bear the same name
	Agency    string `json:"agency"`
	At        string `json:"at"`
}

// followBoard streams a hall board's calls, in order. It resumes with Last-Event-ID; a board that was
// away for too long is told to load itself again (event "reset").
func (a *API) followBoard(c *web.Ctx) error {
	zone, err := c.ID("id")
	if err != nil {
		return err
	}
	t := c.Tenant
	dir, err := a.hall.dirs.Of(c.Std(), t)
	if err != nil {
		return err
	}
	if z, ok := dir.Zone(zone); !ok || z.Retired {
		return fault.New(fault.NotFound, "not_found")
	}
	return c.Stream(func(s *web.Stream) error {
		sub, err := a.hub.Subscribe(s.Context(), t.ID, events.After(s.LastEventID()), "zone:"+zone.String())
		if errors.Is(err, events.ErrBehind) {
			last, err := a.hub.Last(s.Context(), t.ID)
			if err != nil {
				return err
			}
			return s.Send(last, "reset", []byte("{}"))
		}
		if err != nil {
			return err
		}
		defer sub.Close()
		for {
			e, err := sub.Next(s.Context())
			if err != nil {
				return err
			}
			if e.Kind != "ticket.called" {
				continue
			}
			// The newest directory: a counter may have been renamed since the board was switched on.
			dir, err := a.hall.dirs.Of(s.Context(), t)
			if err != nil {
				return err
			}
			data, err := callJSON(t, dir, e)
			if err != nil {
				return err
			}
			if err := s.Send(events.ID(e), "call", data); err != nil {
				return err
			}
		}
	})
}

func callJSON(t *tenant.Tenant, dir *tenant.Directory, e store.Event) ([]byte, error) {
	var d called
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return nil, err
	}
	out := CallJSON{Seq: e.Seq, CounterID: d.Counter, At: e.At.In(t.Loc).Format(time.RFC3339)}
	if counter, ok := dir.Counter(d.Counter); ok {
		out.Counter, out.Agency = counter.Name, counter.Agency.Name
	}
	if line, ok := dir.Series(d.Series); ok {
		out.Number = Label(line.Prefix, d.Number)
	}
	return json.Marshal(out)
}
