package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
)

// mode says whether unknown members are refused. A body that is sent is read strictly; an answer may grow members,
// and a client must not break then.
type mode int

const (
	lax mode = iota
	strict
)

// schemas collects the components that the operations refer to.
type schemas struct {
	reflectors [2]*jsonschema.Reflector
	found      map[string]json.RawMessage
	owner      map[string]reflect.Type
	clashes    []error
}

func newSchemas() *schemas {
	s := &schemas{found: map[string]json.RawMessage{}, owner: map[string]reflect.Type{}}
	for m := range s.reflectors {
		s.reflectors[m] = &jsonschema.Reflector{
			Anonymous: true, AllowAdditionalProperties: mode(m) == lax, Mapper: ours, Namer: s.name,
		}
	}
	return s
}

// ours are the types that write themselves as text.
func ours(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[id.ID]():
		return &jsonschema.Schema{Type: "string", Format: "uuid"}
	case reflect.TypeFor[clock.Day]():
		return &jsonschema.Schema{Type: "string", Format: "date"}
	}
	return nil
}

// name is a Go type's name as a component's. Two types of one name, of two verticals for example, are a mistake that
// only a longer name in Go can mend.
func (s *schemas) name(t reflect.Type) string {
	name := t.Name()
	switch t.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
	default:
		return name // becomes no component
	}
	if name == "" || t == reflect.TypeFor[time.Time]() || ours(t) != nil {
		return name
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if other, ok := s.owner[name]; ok && other != t {
		s.clashes = append(s.clashes, fmt.Errorf("openapi: %s and %s would both be the schema %q", other, t, name))
	}
	if name == problemSchema {
		s.clashes = append(s.clashes, fmt.Errorf("openapi: %s would be the schema %q, which is the errors'", t, name))
	}
	s.owner[name] = t
	return name
}

const (
	defs       = `"#/$defs/`
	components = `"#/components/schemas/`
)

// of gives the schema of a value's type; named types become components and a reference to them.
func (s *schemas) of(v any, m mode) (out json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil { // a channel or a function in a type
			err = fmt.Errorf("%T: %v", v, p)
		}
	}()
	root := s.reflectors[m].Reflect(v)
	root.Version = ""
	for name, def := range root.Definitions {
		text, err := moved(def)
		if err != nil {
			return nil, err
		}
		if old, ok := s.found[name]; ok && !bytes.Equal(old, text) {
			s.clashes = append(s.clashes, fmt.Errorf("openapi: %s is sent and answered; give the request a type of its own", name))
		}
		s.found[name] = text
	}
	root.Definitions = nil
	return moved(root)
}

// moved is a schema with its references pointing into the components.
func moved(s *jsonschema.Schema) (json.RawMessage, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(text, []byte(defs), []byte(components)), nil
}

// all gives the components by name.
func (s *schemas) all() (object, error) {
	if len(s.clashes) > 0 {
		return nil, s.clashes[0]
	}
	out := object{}
	for name, text := range s.found {
		out[name] = text
	}
	return out, nil
}

// problem is what web.Problem writes: RFC 9457's members, and ours beside them.
var problem = object{
	"type":        "object",
	"description": "An error as problem details (RFC 9457). Further members may stand beside these, such as the next opening.",
	"required":    []string{"type", "title", "status", "detail", "instance", "code"},
	"properties": object{
		"type":     object{"type": "string", "format": "uri", "description": "Names the problem; ends in its code."},
		"title":    object{"type": "string", "description": "The kind of problem, in the language of Accept-Language (id or en)."},
		"status":   object{"type": "integer", "minimum": 400, "maximum": 599},
		"detail":   object{"type": "string", "description": "What it means here and how to go on, for a person to read."},
		"instance": object{"type": "string", "description": "The request's identifier, also in X-Request-ID. Mention it when asking about the problem."},
		"code":     object{"type": "string", "description": "The problem's name for programs: queue.full, not_found."},
		"errors": object{
			"type": "array", "description": "The members of the request that are wrong.",
			"items": object{
				"type": "object", "required": []string{"field", "code", "detail"},
				"properties": object{
					"field": object{"type": "string"}, "code": object{"type": "string"}, "detail": object{"type": "string"},
				},
			},
		},
	},
}
