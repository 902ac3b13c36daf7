package queue

import "github.com/pendopo-id/pendopo/internal/web/openapi"

// Operations describe the queue's calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "POST", Path: "/api/v1/tickets", ID: "issueTicket", Tag: "tickets", Auth: openapi.Optional,
		Summary: "Take a number for a service",
		Description: "The number belongs to one of the service's series and the region's local day. A service that is given at several " +
			"places has a series at each: name it with series_id, or take the first that gives numbers now. The channel follows from the " +
			"credential: for who may give the service's numbers at the front desk it is counter, for a paired device its own, else web. With the same Idempotency-Key the same ticket comes back, also after closing time; the same " +
			"key with another service or another series_id is refused.",
		Params:  []openapi.Param{{Name: "Idempotency-Key", In: "header", Description: "Names this request, at most 128 characters. Send one and repeat it after a lost connection. Without signing in it must be one that nobody else thinks of, such as a random UUID: the public shares one set of keys.", Example: "7f3c2b1a-6a0e-4b53-9f0e-2d1c8a7b5e44"}},
		Request: IssueRequest{}, Response: TicketJSON{}, Status: 201,
		Headers: []openapi.Header{{Name: "Location", Description: "The ticket's address in the API."}},
		Errors: []string{
			"400 queue.bad_key", "400 queue.key_text", "404 queue.no_service", "409 queue.closed", "409 queue.old_system", "409 queue.full", "409 queue.no_numbers",
			"422 queue.key_reused", "422 invalid", "429 limited",
		},
	},
	{
		Method: "GET", Path: "/api/v1/tickets/:id", ID: "getTicket", Tag: "tickets",
		Summary: "A ticket with its position in the line", Response: TicketJSON{}, Errors: []string{"404 not_found", "429 limited"},
	},
	{
		Method: "POST", Path: "/api/v1/tickets/:id/finish", ID: "finishTicket", Tag: "tickets", Auth: openapi.Bearer,
		Summary: "Finish a ticket that stands at one of your counters", Description: "A ticket that is finished already stays so.",
		Response: TicketJSON{}, Errors: []string{"403 authz.forbidden", "403 queue.not_your_counter", "404 not_found", "409 queue.illegal_move"},
	},
	{
		Method: "POST", Path: "/api/v1/tickets/:id/return", ID: "returnTicket", Tag: "tickets", Auth: openapi.Bearer,
		Summary: "Put somebody who was not there when called back into the line",
		Description: "The ticket keeps its number and the moment it was taken, by which it is called, to any counter of its series. " +
			"One that waits already stays as it is. Only on the ticket's own local day; the problem's member status says what the ticket is now.",
		Response: TicketJSON{}, Errors: []string{"403 authz.forbidden", "404 not_found", "409 queue.illegal_move", "409 queue.series_gone"},
	},
	{
		Method: "GET", Path: "/api/v1/counters", ID: "listCounters", Tag: "counters", Auth: openapi.Bearer,
		Summary: "The counters at which you may work", Response: CountersJSON{},
	},
	{
		Method: "POST", Path: "/api/v1/counters/:id/next", ID: "callNext", Tag: "counters", Auth: openapi.Bearer,
		Summary: "Call the ticket that has waited longest",
		Description: "The ticket that stands at the counter is finished with it. When nobody waits nothing changes. " +
			"With the same Idempotency-Key the same ticket comes back and nobody else is called.",
		Params:   []openapi.Param{{Name: "Idempotency-Key", In: "header", Description: "Names this press at this counter, at most 128 characters. It is remembered for two days.", Example: "7f3c2b1a-6a0e-4b53-9f0e-2d1c8a7b5e44"}},
		Response: TicketJSON{}, Also: []openapi.Reply{{Status: 204, Description: "Nobody waits."}},
		Errors: []string{"400 queue.bad_key", "400 queue.key_text", "403 authz.forbidden", "403 queue.not_your_counter", "404 not_found"},
	},
	{
		Method: "GET", Path: "/api/v1/boards/:id/events", ID: "followBoard", Tag: "boards",
		Summary: "Follow a hall board's calls (Server-Sent Events)",
		Description: "Events: call, with the data described here; ping, so that silence can be told from a lost connection; " +
			"reconnect, when the server stops; reset, when too much was missed: load the board again.",
		Params: []openapi.Param{
			{Name: "Last-Event-ID", In: "header", Description: "Resume after this event.", Example: "1027"},
			{Name: "last_event_id", In: "query", Description: "The same for a stream that a script opens, which can send no header. The header goes before it.", Example: "1027"},
		},
		Response: CallJSON{}, ContentType: "text/event-stream", Errors: []string{"404 not_found", "429 limited", "503 streams"},
	},
}
