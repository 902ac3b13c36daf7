package openapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
)

type order struct {
	ServiceID id.ID `json:"service_id" jsonschema_description:"From GET /api/v1/services."`
}

type ticket struct {
	ID      id.ID      `json:"id"`
	Day     clock.Day  `json:"day"`
	Desk    *desk      `json:"desk" jsonschema:"nullable"`
	Opens   *time.Time `json:"opens_at,omitempty"`
	Waiting int        `json:"waiting"`
}

type desk struct {
	Name string `json:"name"`
}

var good = []Operation{
	{
		Method: "POST", Path: "/api/v1/tickets", ID: "createTicket", Tag: "tickets", Summary: "Take a number", Auth: Optional,
		Params:  []Param{{Name: "Idempotency-Key", In: "header", Required: true, Description: "One per wish.", Example: "b1946ac9"}},
		Request: order{}, Response: ticket{}, Status: 201, Errors: []string{"409 queue.full", "409 queue.closed", "422 queue.key_reused", "odd"},
		Headers: []Header{{"Location", "The ticket's address."}},
	},
	{Method: "GET", Path: "/api/v1/tickets/:id", ID: "getTicket", Summary: "A ticket", Response: ticket{}, Errors: []string{"404 not_found"}},
	{
		Method: "POST", Path: "/api/v1/counters/:id/next", ID: "callNext", Summary: "Call", Auth: Bearer, Response: ticket{},
		Also: []Reply{{Status: 204, Description: "Nobody waits."}},
	},
	{Method: "GET", Path: "/api/v1/boards/:id/events", ID: "watchBoard", Summary: "Stream", ContentType: "text/event-stream"},
}

func TestDocument(t *testing.T) {
	text, err := Document("Pendopo", "1", good)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Document("Pendopo", "1", good)
	if string(text) != string(again) {
		t.Error("two runs differ")
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	at := func(path ...string) any {
		var v any = doc
		for _, p := range path {
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v: no %s", path, p)
			}
			v = m[p]
		}
		return v
	}
	if got := at("openapi"); got != Version {
		t.Errorf("openapi %v", got)
	}
	post := []string{"paths", "/api/v1/tickets", "post"}
	for want, got := range map[any]any{
		"#/components/schemas/Order":   at(append(post, "requestBody", "content", jsonType, "schema", "$ref")...),
		"#/components/schemas/Ticket":  at(append(post, "responses", "201", "content", jsonType, "schema", "$ref")...),
		"#/components/schemas/Problem": at(append(post, "responses", "409", "content", problemType, "schema", "$ref")...),
		"uuid":                         at("components", "schemas", "Order", "properties", "service_id", "format"),
		"date":                         at("components", "schemas", "Ticket", "properties", "day", "format"),
		"date-time":                    at("components", "schemas", "Ticket", "properties", "opens_at", "format"),
		false:                          at("components", "schemas", "Order", "additionalProperties"),
		nil:                            at("components", "schemas", "Ticket", "additionalProperties"),
		"Nobody waits.":                at("paths", "/api/v1/counters/{id}/next", "post", "responses", "204", "description"),
		"string":                       at("paths", "/api/v1/boards/{id}/events", "get", "responses", "200", "content", "text/event-stream", "schema", "type"),
		"http":                         at("components", "securitySchemes", "bearer", "type"),
	} {
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if codes := at(append(post, "responses", "409", "x-codes")...).([]any); len(codes) != 2 || codes[0] != "queue.closed" {
		t.Errorf("codes %v", codes)
	}
	if s := at("paths", "/api/v1/counters/{id}/next", "post", "security").([]any); len(s) != 1 {
		t.Errorf("security %v", s)
	}
	if p := at("paths", "/api/v1/tickets/{id}", "get", "parameters").([]any)[0].(map[string]any); p["name"] != "id" || p["required"] != true {
		t.Errorf("path parameter %v", p)
	}
	if required := at("components", "schemas", "Ticket", "required").([]any); len(required) != 4 {
		t.Errorf("required %v: what may be left out is the opening alone", required)
	}
	// Every reference leads somewhere.
	for part := range strings.SplitSeq(string(text), `"$ref":"`) {
		ref, _, _ := strings.Cut(part, `"`)
		if name, ok := strings.CutPrefix(ref, "#/components/schemas/"); ok && at("components", "schemas", name) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	if strings.Contains(string(text), "$defs") {
		t.Error("a definition was left where OpenAPI does not look")
	}
}

func TestDocumentRefuses(t *testing.T) {
	type Ticket struct{ Other bool }
	op := func(change func(*Operation)) []Operation {
		o := Operation{Method: "GET", Path: "/x/:id", ID: "x", Summary: "x", Response: ticket{}}
		change(&o)
		return []Operation{{Method: "GET", Path: "/y", ID: "y", Summary: "y", Response: ticket{}}, o}
	}
	for says, ops := range map[string][]Operation{
		"needs an ID":        op(func(o *Operation) { o.Summary = "" }),
		`both "y"`:           op(func(o *Operation) { o.ID = "y" }),
		"there twice":        op(func(o *Operation) { o.Path = "/y" }),
		`schema "Ticket"`:    op(func(o *Operation) { o.Response = Ticket{} }),
		"sent and answered":  op(func(o *Operation) { o.Request = ticket{} }),
		"status first":       op(func(o *Operation) { o.Errors = []string{"full 409"} }),
		"answer and an err":  op(func(o *Operation) { o.Status, o.Errors = 409, []string{"409 full"} }),
		"no [key] in":        op(func(o *Operation) { o.Params = []Param{{Name: "key", In: "path"}} }),
		"query, a header or": op(func(o *Operation) { o.Params = []Param{{Name: "key", In: "cookie"}} }),
		"unsupported type":   op(func(o *Operation) { o.Response = struct{ C chan int }{} }),
	} {
		if _, err := Document("t", "1", ops); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if got := Paths(good); len(got) != 4 || got[0] != "GET /api/v1/boards/:id/events" {
		t.Errorf("Paths = %v", got)
	}
}
