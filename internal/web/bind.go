package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// maxDepth bounds how deep a JSON body may nest; ours are flat.
const maxDepth = 16

// BindJSON reads the body into v, strictly. Faults: "json.type" (400: it is not said to be JSON),
// "json.syntax" (400: it is none, or more than one value, or has a name twice, or nests too deep),
// "invalid" (422) with the field that is unknown or of the wrong type.
func (c *Ctx) BindJSON(v any) error {
	kind, _, err := mime.ParseMediaType(c.Header(fiber.HeaderContentType))
	if err != nil || kind != "application/json" {
		return fault.New(fault.Malformed, "json.type")
	}
	body := c.f.Request().Body()
	if err := checkJSON(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		if wrong.Field == "" {
			return fault.Wrap(err, fault.Malformed, "json.syntax")
		}
		return fault.Wrap(err, fault.Invalid, "invalid").Field(wrong.Field, "type")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.Wrap(err, fault.Invalid, "invalid").Field(strings.Trim(name, `"`), "unknown")
	}
	// An UnmarshalText of ours, of an identifier for example, has refused a value.
	return fault.Wrap(err, fault.Invalid, "invalid")
}

// checkJSON refuses what the decoder would take: a second value, a name that stands twice, signs that no
// database keeps. It names no input in its errors.
func checkJSON(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		object bool
		names  map[string]bool
		value  bool // the next token of an object is a value
	}
	var stack []level
	bad := func(err error) error { return fault.Wrap(err, fault.Malformed, "json.syntax") }
	for {
		t, err := d.Token()
		if err == io.EOF {
			return bad(io.ErrUnexpectedEOF)
		}
		if err != nil {
			return bad(err)
		}
		top := len(stack) - 1
		isName := top >= 0 && stack[top].object && !stack[top].value
		if s, ok := t.(string); ok {
			if strings.ContainsRune(s, 0) {
				return bad(errors.New("a NUL sign"))
			}
			if isName {
				name := strings.ToLower(s) // the decoder takes names in any case
				if stack[top].names[name] {
					return bad(errors.New("a name twice"))
				}
				stack[top].names[name], stack[top].value = true, true
				continue
			}
		}
		if top >= 0 && t != json.Delim('}') && t != json.Delim(']') {
			stack[top].value = false
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, level{object: true, names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if len(stack) > maxDepth {
			return bad(errors.New("nested too deep"))
		}
		if len(stack) == 0 {
			break
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return bad(errors.New("more than one value"))
	}
	return nil
}

// Form is a field of a form that was posted, or "". A parameter of the query does not count.
func (c *Ctx) Form(name string) string { return clean(string(c.f.Request().PostArgs().Peek(name))) }

// FormAll are the values of a field that may be chosen several times.
func (c *Ctx) FormAll(name string) []string {
	var out []string
	for _, v := range c.f.Request().PostArgs().PeekMulti(name) {
		out = append(out, clean(string(v)))
	}
	return out
}

// FormNames are the names of the fields that a form sent, in their order, each once.
func (c *Ctx) FormNames() (names []string) {
	seen := map[string]bool{}
	c.f.Request().PostArgs().VisitAll(func(name, _ []byte) {
		if n := clean(string(name)); !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	})
	return names
}

// Body is the request's body, as it was sent. The slice lives as long as the request.
func (c *Ctx) Body() []byte { return c.f.Request().Body() }

// FormRaw is a field of a form byte for byte, for what is only compared, such as a password.
func (c *Ctx) FormRaw(name string) string { return string(c.f.Request().PostArgs().Peek(name)) }
