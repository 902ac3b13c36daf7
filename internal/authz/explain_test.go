package authz

import (
	"strings"
	"testing"
)

// A reason stands exactly where Can allows, and its rules are those in force.
func TestExplainSaysWhatCanSays(t *testing.T) {
	force(t)
	scopes := []string{"id", "id/19", "id/19/19.01", "id/19/19.01/dukcapil", "id/19/19.02", "agency/imigrasi"}
	allowed := 0
	for _, role := range Roles() {
		for _, held := range scopes {
			grants := []Grant{{Role: role, Scope: held}}
			a := NewActor(Identity{}, grants)
			for _, p := range All() {
				for _, asked := range scopes {
					why := Explain(grants, p, asked)
					if (len(why) > 0) != a.Can(p, asked) {
						t.Fatalf("%s in %s, %s in %s: %v", role, held, p, asked, why)
					}
					allowed += len(why)
				}
			}
		}
	}
	if allowed == 0 {
		t.Error("nobody may do anything: the test asks nothing")
	}
	why := Explain([]Grant{{RoleOfficer, "id/19/19.02"}, {RoleAdmin, "id/19/19.01"}}, finish, "id/19/19.01/dukcapil")
	if len(why) != 1 || why[0].Grant.Role != RoleAdmin || strings.Join(why[0].Path, " ") != "role:admin role:manager perm:test:ticket:finish" {
		t.Errorf("%+v", why)
	}
	if why := Explain(nil, issue, "id/31"); len(why) != 1 || why[0].Grant != (Grant{}) {
		t.Errorf("what everyone may: %+v", why)
	}
	if p, ok := Parse("test:ticket:issue"); !ok || p != issue {
		t.Error("a permission is not found by its name")
	}
	if _, ok := Parse("test:ticket:eat"); ok {
		t.Error("a permission that nobody declares is found")
	}
}
