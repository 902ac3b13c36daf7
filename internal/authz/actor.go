package authz

import (
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Identity is who an actor is.
type Identity struct {
	Tenant    store.TenantID // whose the person is: there, and nowhere else, they are signed in
	UserID    id.ID
	SessionID id.ID
	Name      string
	Email     string
	Channel   string // how a ticket that this actor takes came about: counter, kiosk, vehicle

	ProvedAt  time.Time // when this session's person last showed who they are
	MustEnrol bool      // must have a second factor and has none: nothing else until then

	Idle time.Duration // how long the session holds without a request; 0: it is not said

	// System names a command that acts for whoever runs the service, as records do: "system:cli". It is "" for people.
	System string
	Via    string // the agency by whose identity provider the session began; "" by our own means
}

// Grant gives a role in a scope.
type Grant struct{ Role, Scope string }

// Actor is a person, or a device, that has signed in to a tenant. It is immutable and shared between
// requests. A nil Actor is the public, and every method but the fields may be asked of it.
type Actor struct {
	grants []grant // in few, where they fit: a check then reads one piece of memory
	few    [2]grant
	Identity
}

type grant struct {
	scope string
	role  uint8
}

// NewActor makes an actor. A grant of a role that does not exist, or in a malformed scope, gives nothing.
func NewActor(who Identity, grants []Grant) *Actor {
	inForce()
	a := &Actor{Identity: who}
	a.grants = a.few[:0]
	for _, g := range grants {
		n, ok := roleNumber(g.Role)
		if ok && g.Role != rolePublic && g.Scope != "" && g.Scope == strings.Trim(g.Scope, "/") {
			// A region's people share their scopes, so that these stay in the processor's cache.
			a.grants = append(a.grants, grant{unique.Make(g.Scope).Value(), uint8(n)})
		}
	}
	return a
}

// Can tells whether the actor may do p in a scope: whether a grant of that scope, or of one above it,
// holds a role that has p. What everyone may do, everyone may do in every scope.
func (a *Actor) Can(p Permission, scope string) bool {
	if p.n < firstDeclared {
		return p == Public || p == SignedIn && a != nil
	}
	t := inForce()
	if t.anyone.has(p) {
		return true
	}
	if a == nil {
		return false
	}
	for i := range a.grants {
		g := &a.grants[i]
		if Within(scope, g.scope) && t.sets[g.role&(maxRoles-1)].has(p) {
			return true
		}
	}
	return false
}

// CanWithin tells whether the actor may do p in a scope or anywhere below it.
func (a *Actor) CanWithin(p Permission, scope string) bool {
	if a.Can(p, scope) {
		return true
	}
	if a == nil || p.n < firstDeclared {
		return false
	}
	t := inForce()
	for i := range a.grants {
		g := &a.grants[i]
		if Within(g.scope, scope) && t.sets[g.role&(maxRoles-1)].has(p) {
			return true
		}
	}
	return false
}

// Within tells whether scope is top or lies below it, by whole segments: "id/19/19.01" is within
// "id/19" and not within "id/1".
func Within(scope, top string) bool {
	return strings.HasPrefix(scope, top) && (len(scope) == len(top) || scope[len(top)] == '/')
}

// Scopes are the scopes in which the actor's grants give p, sorted, without those that lie within
// another. What everyone may do has none.
func (a *Actor) Scopes(p Permission) []string {
	if a == nil {
		return nil
	}
	t := inForce()
	var all []string
	for _, g := range a.grants {
		if t.sets[g.role&(maxRoles-1)].has(p) {
			all = append(all, g.scope)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(a) - len(b) })
	var out []string
	for _, s := range all {
		if !slices.ContainsFunc(out, func(top string) bool { return Within(s, top) }) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// HasRole tells whether the actor holds a role in any scope.
func (a *Actor) HasRole(role string) bool {
	n, ok := roleNumber(role)
	return ok && a != nil && slices.ContainsFunc(a.grants, func(g grant) bool { return int(g.role) == n })
}

// Grants are the actor's roles and where they hold.
func (a *Actor) Grants() []Grant {
	if a == nil {
		return nil
	}
	out := make([]Grant, len(a.grants))
	for i, g := range a.grants {
		out[i] = Grant{roles[g.role], g.scope}
	}
	return out
}

// String is the actor as audit records name it: "user:<id>", "system:cli", or "public" for nil.
func (a *Actor) String() string {
	switch {
	case a == nil:
		return "public"
	case a.System != "":
		return a.System
	}
	return "user:" + a.UserID.String()
}
