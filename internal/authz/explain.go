package authz

import (
	"slices"
	"strings"
)

// Reason is why somebody may do something: a grant, and the rules that lead from its role to the permission.
type Reason struct {
	Grant Grant    // the zero Grant: everyone may, without one
	Path  []string // "role:manager", "role:front-office", "perm:queue:ticket:issue"
}

// Roles are the roles on the way to the permission, the one that was given first.
func (r Reason) Roles() (out []string) {
	for _, step := range r.Path[:len(r.Path)-1] {
		out = append(out, strings.TrimPrefix(step, rolePrefix))
	}
	return out
}

// May is something that somebody may do in a scope and below it, and why.
type May struct {
	Permission Permission
	Scope      string
	Why        []Reason // never empty
}

// Allowed lists what somebody with these grants may do beyond what everyone may, by permission: what the page about a
// person and the command "access list" say.
func Allowed(grants []Grant) (out []May) {
	a := NewActor(Identity{}, grants)
	for _, p := range All() {
		for _, scope := range a.Scopes(p) {
			if why := Explain(grants, p, scope); len(why) > 0 && why[0].Grant != (Grant{}) {
				out = append(out, May{p, scope, why})
			}
		}
	}
	return out
}

// Everything is Allowed, and what everyone may do in a scope.
func Everything(grants []Grant, scope string) []May {
	out := Allowed(grants)
	for _, p := range All() {
		if (*Actor)(nil).Can(p, scope) {
			out = append(out, May{p, scope, Explain(grants, p, scope)})
		}
	}
	slices.SortStableFunc(out, func(a, b May) int { return strings.Compare(a.Permission.Name(), b.Permission.Name()) })
	return out
}

// Parse finds a declared permission by its name.
func Parse(name string) (Permission, bool) {
	for _, p := range All() {
		if p.Name() == name {
			return p, true
		}
	}
	return Permission{}, false
}

// Explain tells why somebody with these grants may do p in a scope; there is no reason where they may not. What
// decides is Can, and so Casbin: a rule that it does not confirm is no reason.
func Explain(grants []Grant, p Permission, scope string) (out []Reason) {
	a := NewActor(Identity{}, grants)
	if !a.Can(p, scope) || p.n < firstDeclared {
		return nil
	}
	rules := inForce().rules
	if path := rules.path(rolePrefix+rolePublic, permPrefix+p.Name()); path != nil {
		return []Reason{{Path: path}}
	}
	for _, g := range grants {
		if !NewActor(Identity{}, []Grant{g}).Can(p, scope) {
			continue
		}
		if path := rules.path(rolePrefix+g.Role, permPrefix+p.Name()); path != nil {
			out = append(out, Reason{g, path})
		}
	}
	return out
}

// graph is what each role has, in the order of the rules.
type graph map[string][]string

func graphOf(rules [][]string) graph {
	out := graph{}
	for _, r := range rules {
		out[r[0]] = append(out[r[0]], r[1])
	}
	return out
}

// path is the shortest way from one to the other; nil when there is none.
func (g graph) path(from, to string) []string {
	came := map[string]string{from: ""}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		for _, has := range g[next[0]] {
			if _, seen := came[has]; seen {
				continue
			}
			came[has] = next[0]
			if has == to {
				var path []string
				for at := to; at != ""; at = came[at] {
					path = append(path, at)
				}
				slices.Reverse(path)
				return path
			}
			if strings.HasPrefix(has, rolePrefix) {
				next = append(next, has)
			}
		}
	}
	return nil
}
