// Package openapi describes the HTTP API as an OpenAPI 3.1 document. Each vertical lists its calls
// beside its handlers:
//
//	var Operations = []openapi.Operation{{
//		Method: "GET", Path: "/api/v1/services", ID: "listServices", Summary: "Services with ...",
//		Response: ServiceList{}, Errors: []string{"422 invalid"},
//	}}
//
// and Document joins the lists. Schemas are reflected from the Go types that the handlers really read and
// write, so the document cannot drift from them; a test of the application holds the paths equal to the routes.
package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Version is the version of OpenAPI that Document writes.
const Version = "3.1.0"

// Auth says what a call asks of who makes it.
type Auth string

// The kinds of Auth. The zero value is a call for everyone.
const (
	Public   Auth = ""
	Optional Auth = "optional" // a bearer token is regarded if there is one
	Bearer   Auth = "bearer"   // a bearer token is needed
)

// Operation is one call of the API.
type Operation struct {
	Method      string // "GET"
	Path        string // as the router has it: "/api/v1/tickets/:id"
	ID          string // unique: "getTicket"
	Tag         string // the subject it belongs to: "tickets"
	Summary     string // one line
	Description string // what else a caller must know; may be empty
	Auth        Auth
	Params      []Param // of the query and the headers; those of the path are found in Path
	Request     any     // a value of the body's type; nil: the call takes no body
	Response    any     // a value of the answer's type; nil: no body
	Status      int     // of the answer; 0 is 200
	ContentType string  // of the answer; empty is "application/json"
	Headers     []Header
	Also        []Reply // other answers that are no errors: 204
	// Errors are fault codes, each after the status that it comes with: "409 queue.full". Those that the kit gives on
	// every call need no mention.
	Errors []string
}

// Param is a parameter of the query, a header that is sent, or a closer word on one of the path.
type Param struct {
	Name        string // "q", "Idempotency-Key"
	In          string // "query", "header" or "path"
	Required    bool
	Description string
	Example     any // its type is the parameter's: a string, a number or an id.ID
}

// Header is a header of the answer.
type Header struct{ Name, Description string }

// Reply is a further answer.
type Reply struct {
	Status      int
	Description string
	Response    any // nil: no body
}

// names that parts of the document have.
const (
	bearerScheme  = "bearer"
	problemSchema = "Problem"
	problemType   = "application/problem+json"
	jsonType      = "application/json"
)

// object is a JSON object; encoding/json sorts its keys, so the same calls give the same document.
type object map[string]any

// Document makes the OpenAPI document. It fails on a call without an ID or a summary, on two calls with one ID or
// one address, and on two Go types that would share a schema's name.
func Document(title, version string, ops []Operation) ([]byte, error) {
	var wrong []error
	schemas := newSchemas()
	paths := map[string]object{}
	ids := map[string]string{}
	tags := map[string]bool{}
	for _, op := range ops {
		at := op.Method + " " + op.Path
		if op.ID == "" || op.Summary == "" {
			wrong = append(wrong, fmt.Errorf("openapi: %s needs an ID and a summary", at))
		}
		if other, ok := ids[op.ID]; ok {
			wrong = append(wrong, fmt.Errorf("openapi: %s and %s are both %q", other, at, op.ID))
		}
		ids[op.ID] = at
		if op.Tag != "" {
			tags[op.Tag] = true
		}
		path := braces(op.Path)
		if paths[path] == nil {
			paths[path] = object{}
		}
		method := strings.ToLower(op.Method)
		if paths[path][method] != nil {
			wrong = append(wrong, fmt.Errorf("openapi: %s is there twice", at))
		}
		described, err := op.describe(schemas)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("openapi: %s: %w", at, err))
		}
		paths[path][method] = described
	}
	components, err := schemas.all()
	if err := errors.Join(append(wrong, err)...); err != nil {
		return nil, err
	}
	components[problemSchema] = problem
	doc := object{
		"openapi": Version,
		"info":    object{"title": title, "version": version, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers": []object{{"url": "/", "description": "The region's own host; another region's data is on another host."}},
		"paths":   paths,
		"components": object{
			"schemas": components,
			"securitySchemes": object{bearerScheme: object{
				"type": "http", "scheme": "bearer", "description": "The token that POST /api/v1/sessions gives.",
			}},
		},
	}
	if len(tags) > 0 {
		var list []object
		for _, t := range slices.Sorted(maps.Keys(tags)) {
			list = append(list, object{"name": t})
		}
		doc["tags"] = list
	}
	return json.Marshal(doc)
}

// describe is the operation object.
func (op Operation) describe(schemas *schemas) (object, error) {
	o := object{"operationId": op.ID, "summary": op.Summary, "security": op.security()}
	if op.Description != "" {
		o["description"] = op.Description
	}
	if op.Tag != "" {
		o["tags"] = []string{op.Tag}
	}
	params, err := op.params(schemas)
	if err != nil {
		return nil, err
	}
	if len(params) > 0 {
		o["parameters"] = params
	}
	if op.Request != nil {
		schema, err := schemas.of(op.Request, strict)
		if err != nil {
			return nil, err
		}
		o["requestBody"] = object{"required": true, "content": object{jsonType: object{"schema": schema}}}
	}
	o["responses"], err = op.responses(schemas)
	return o, err
}

func (op Operation) security() []object {
	need := object{bearerScheme: []string{}}
	switch op.Auth {
	case Bearer:
		return []object{need}
	case Optional:
		return []object{need, {}}
	}
	return []object{}
}

// params are those of the path, in its order, and then those that the operation names.
func (op Operation) params(schemas *schemas) ([]object, error) {
	var out []object
	named := map[string]Param{}
	for _, p := range op.Params {
		if p.In == "path" {
			named[p.Name] = p
		}
	}
	add := func(p Param, otherwise object) error {
		var schema any = otherwise
		if p.Example != nil {
			reflected, err := schemas.of(p.Example, lax)
			if err != nil {
				return err
			}
			schema = reflected
		}
		o := object{"name": p.Name, "in": p.In, "required": p.Required, "schema": schema}
		if p.Description != "" {
			o["description"] = p.Description
		}
		if s, ok := p.Example.(string); ok && s != "" {
			o["example"] = s
		}
		out = append(out, o)
		return nil
	}
	for part := range strings.SplitSeq(op.Path, "/") {
		name, ok := strings.CutPrefix(part, ":")
		if !ok {
			continue
		}
		p := named[name]
		p.Name, p.In, p.Required = name, "path", true
		delete(named, name)
		kind := object{"type": "string"}
		if name == "id" || strings.HasSuffix(name, "_id") {
			kind["format"] = "uuid"
		}
		if err := add(p, kind); err != nil {
			return nil, err
		}
	}
	if len(named) > 0 {
		return nil, fmt.Errorf("no %v in the path", slices.Sorted(maps.Keys(named)))
	}
	for _, p := range op.Params {
		if p.In == "path" {
			continue
		}
		if p.In != "query" && p.In != "header" {
			return nil, fmt.Errorf("parameter %q is in the query, a header or the path, not %q", p.Name, p.In)
		}
		if err := add(p, object{"type": "string"}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (op Operation) responses(schemas *schemas) (object, error) {
	out := object{}
	add := func(status int, description string, body any, contentType string) (object, error) {
		if status == 0 {
			status = http.StatusOK
		}
		if description == "" {
			description = http.StatusText(status)
		}
		r := object{"description": description}
		switch {
		case body != nil:
			schema, err := schemas.of(body, lax)
			if err != nil {
				return nil, err
			}
			r["content"] = object{contentType: object{"schema": schema}}
		case contentType != jsonType: // a stream
			r["content"] = object{contentType: object{"schema": object{"type": "string"}}}
		}
		out[strconv.Itoa(status)] = r
		return r, nil
	}
	contentType := op.ContentType
	if contentType == "" {
		contentType = jsonType
	}
	success, err := add(op.Status, "", op.Response, contentType)
	if err != nil {
		return nil, err
	}
	if len(op.Headers) > 0 {
		headers := object{}
		for _, h := range op.Headers {
			headers[h.Name] = object{"description": h.Description, "schema": object{"type": "string"}}
		}
		success["headers"] = headers
	}
	for _, r := range op.Also {
		if _, err := add(r.Status, r.Description, r.Response, jsonType); err != nil {
			return nil, err
		}
	}
	byStatus, err := op.errors()
	if err != nil {
		return nil, err
	}
	for status, codes := range byStatus {
		if out[status] != nil {
			return nil, fmt.Errorf("status %s is an answer and an error", status)
		}
		out[status] = problemResponse(codes)
	}
	return out, nil
}

// errors are the fault codes by status. What is left is under "default".
func (op Operation) errors() (map[string][]string, error) {
	out := map[string][]string{"default": nil}
	for _, e := range op.Errors {
		status, code, ok := strings.Cut(e, " ")
		if !ok {
			status, code = "default", e
		} else if n, err := strconv.Atoi(status); err != nil || n < 400 || n > 599 {
			return nil, fmt.Errorf("error %q: write its status first, 400 to 599: \"409 queue.full\"", e)
		}
		out[status] = append(out[status], code)
	}
	if op.Auth == Bearer {
		out["401"] = append(out["401"], "auth.needed", "auth.session")
	}
	return out, nil
}

func problemResponse(codes []string) object {
	r := object{
		"description": "A problem (RFC 9457).",
		"content":     object{problemType: object{"schema": object{"$ref": "#/components/schemas/" + problemSchema}}},
	}
	if len(codes) > 0 {
		slices.Sort(codes)
		codes = slices.Compact(codes)
		r["description"] = "A problem (RFC 9457) with the code " + strings.Join(codes, " or ") + "."
		r["x-codes"] = codes
	}
	return r
}

// braces turns the router's parameters into OpenAPI's: ":id" into "{id}".
func braces(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// Paths are the operations' methods and paths as the router has them, for the test that compares them
// with the table of routes: "GET /api/v1/tickets/:id".
func Paths(ops []Operation) []string {
	out := make([]string, len(ops))
	for i, op := range ops {
		out[i] = op.Method + " " + op.Path
	}
	slices.Sort(out)
	return out
}
