// Package authz says who may do what. Casbin is the authority: roles are Casbin rules (roles.csv), and
// Compile asks it about every role and permission once. What serves requests is the answer, one bit a
// permission, so that a check costs nanoseconds and allocates nothing.
//
// A grant is a role in a scope. A scope is a path: "id" (the nation), "id/19" (a province),
// "id/19/19.01" (a region), "id/19/19.01/dukcapil" (an agency in it), or "agency/imigrasi" (an
// agency's own axis). A grant reaches its scope and everything below it.
package authz

import (
	"fmt"
	"regexp"
	"sort"
	"sync"
)

// Permission is something that a person may be allowed to do. Its zero value is no permission: a route
// that has it stops the boot.
type Permission struct{ n uint16 }

// The two permissions that no rule gives.
var (
	Public   = Permission{1} // anyone, signed in or not
	SignedIn = Permission{2} // anyone who is signed in to this tenant
)

// firstDeclared is the number of the first permission that a vertical declares.
const firstDeclared = 3

type declaration struct{ name, id, en string }

var (
	declaredMu sync.RWMutex
	declared   []declaration // the permission with number n is declared[n-firstDeclared]
)

var nameShape = regexp.MustCompile(`^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*){2}$`)

// Declare makes a permission, named subject:thing:verb as in "queue:ticket:call", with a sentence in
// both languages that says what it allows. It belongs into a package variable of the vertical that
// asks for it; a name that is malformed or taken panics when the program starts.
func Declare(name, indonesian, english string) Permission {
	if !nameShape.MatchString(name) {
		panic(fmt.Sprintf("authz: permission %q: a name is subject:thing:verb", name))
	}
	if indonesian == "" || english == "" {
		panic(fmt.Sprintf("authz: permission %q needs its sentence in both languages", name))
	}
	declaredMu.Lock()
	defer declaredMu.Unlock()
	for _, d := range declared {
		if d.name == name {
			panic(fmt.Sprintf("authz: permission %q is declared twice", name))
		}
	}
	if len(declared)+firstDeclared == maxPermissions {
		panic(fmt.Sprintf("authz: more than %d permissions: widen the type bits", maxPermissions))
	}
	declared = append(declared, declaration{name, indonesian, english})
	return Permission{uint16(len(declared) - 1 + firstDeclared)}
}

// All gives the declared permissions, by name.
func All() []Permission {
	declaredMu.RLock()
	defer declaredMu.RUnlock()
	all := make([]Permission, len(declared))
	for i := range declared {
		all[i] = Permission{uint16(i + firstDeclared)}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].decl().name < all[j].decl().name })
	return all
}

// decl is the permission's declaration; ok only for declared ones. The caller holds no lock, or reads.
func (p Permission) decl() declaration {
	switch {
	case p == Public:
		return declaration{"public", "Terbuka untuk siapa saja", "Open to anyone"}
	case p == SignedIn:
		return declaration{"signed-in", "Semua yang telah masuk di daerah ini", "Anyone signed in to this region"}
	case p.n < firstDeclared || int(p.n)-firstDeclared >= len(declared):
		return declaration{}
	}
	return declared[p.n-firstDeclared]
}

// IsZero tells whether this is no permission.
func (p Permission) IsZero() bool { return p.n == 0 }

// Name is "queue:ticket:call"; "public" and "signed-in" for the two that no rule gives.
func (p Permission) Name() string {
	declaredMu.RLock()
	defer declaredMu.RUnlock()
	return p.decl().name
}

// String is Name.
func (p Permission) String() string { return p.Name() }

// Text is the sentence that says what the permission allows, in Indonesian unless locale is "en".
func (p Permission) Text(locale string) string {
	declaredMu.RLock()
	defer declaredMu.RUnlock()
	if locale == "en" {
		return p.decl().en
	}
	return p.decl().id
}
