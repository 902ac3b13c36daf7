// Package fault is the one way in which an expected failure travels from a rule to a person.
//
// A fault has a kind, which decides the HTTP status, and a code, which names the sentence that a
// person reads ("fault.<code>" in the message catalogues) and stands as the type of the RFC 9457
// problem. Anything that is not a fault is a bug or an outage: it is logged with its cause and shown
// as "internal" without it.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind decides the HTTP status.
type Kind uint8

const (
	Internal        Kind = iota // 500
	Invalid                     // 422: the request is understood and wrong
	Malformed                   // 400: the request cannot be read
	Unauthenticated             // 401
	Forbidden                   // 403
	NotFound                    // 404: also for what belongs to somebody else
	Conflict                    // 409: right in itself, impossible now
	TooMany                     // 429
	Unavailable                 // 503
	TooLarge                    // 413
)

var status = [...]int{500, 422, 400, 401, 403, 404, 409, 429, 503, 413}

// Status is the HTTP status code of k.
func (k Kind) Status() int { return status[k] }

// Field is one wrong field of a form or a JSON body.
type Field struct {
	Name string // as it was sent: "service_id"
	Code string // names the sentence: "fault.field.<code>"
	Args []any
}

// Error is a fault. Build it with a kind's constructor and the With methods.
type Error struct {
	Kind       Kind
	Code       string
	Args       []any          // for the sentence's verbs
	Fields     []Field        // for Invalid
	Extra      map[string]any // further members of the problem object, safe to show
	RetryAfter time.Duration  // for TooMany and Unavailable
	cause      error          // logged, never shown
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code
}

// Unwrap gives the internal cause.
func (e *Error) Unwrap() error { return e.cause }

// New makes a fault of a kind.
func New(k Kind, code string, args ...any) *Error { return &Error{Kind: k, Code: code, Args: args} }

// Wrap makes a fault that keeps an internal cause for the log.
func Wrap(err error, k Kind, code string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Args: args, cause: err}
}

// With adds a member to the problem object. The value is shown to the caller.
func (e *Error) With(key string, value any) *Error {
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	e.Extra[key] = value
	return e
}

// Field adds a wrong field.
func (e *Error) Field(name, code string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{name, code, args})
	return e
}

// Retry says when trying again makes sense.
func (e *Error) Retry(after time.Duration) *Error { e.RetryAfter = after; return e }

// Of finds the fault in err's chain. Anything else becomes an Internal fault around err.
// Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", cause: err}
}

// Is tells whether err is a fault with this code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// KindOf is the kind of err; Internal when it is no fault. Ask it of an error only: nil has no kind, and
// is Internal too.
func KindOf(err error) Kind {
	if err == nil {
		return Internal
	}
	return Of(err).Kind
}
