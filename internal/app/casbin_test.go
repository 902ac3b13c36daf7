package app_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// The roles as they are, with every permission that there is, on both axes: what an actor may is what Casbin says of the
// rules in roles.csv and of the same grant, at the nation, every province, every region and its agencies, and on the
// agencies' own axis. The rules and the model are read here anew, so that a slip in how authz reads them shows too.
func TestTheRealRolesEqualCasbin(t *testing.T) {
	newApp(t, testkit.Open(t, testkit.SQLite)) // every vertical has declared what it asks for
	m, err := model.NewModelFromString(`
[request_definition]
r = sub, obj
[policy_definition]
p = sub, obj
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, r.obj)
`)
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../authz/roles.csv")
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(string(text)))
	r.Comment, r.TrimLeadingSpace = '#', true
	rules, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		rules[i] = rules[i][1:]
	}
	// One person a role: what Casbin says of a role does not depend on where it is held, and that is asked apart.
	people := map[string]id.ID{}
	for _, role := range authz.Roles() {
		people[role] = id.New()
		rules = append(rules, []string{"user:" + people[role].String() + "@here", "role:" + role})
	}
	if _, err := enforcer.AddGroupingPolicies(rules); err != nil {
		t.Fatal(err)
	}
	may := map[string]map[authz.Permission]bool{} // of a role, in the scope of its grant
	anyone := map[authz.Permission]bool{}
	for _, p := range authz.All() {
		if anyone[p], err = enforcer.Enforce("role:public", "perm:"+p.Name()); err != nil {
			t.Fatal(err)
		}
		for role, who := range people {
			if may[role] == nil {
				may[role] = map[authz.Permission]bool{}
			}
			if may[role][p], err = enforcer.Enforce("user:"+who.String()+"@here", "perm:"+p.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	scopes := []string{"id"}
	for _, p := range areas.Provinces() {
		scopes = append(scopes, "id/"+p.Code)
	}
	for i, s := range areas.Seats() {
		scope := "id/" + s.Province + "/" + s.Code
		if s.Code == s.Province {
			continue
		}
		scopes = append(scopes, scope)
		if i%25 == 0 {
			scopes = append(scopes, scope+"/dukcapil", scope+"/imigrasi")
		}
	}
	for i, a := range catalogue.Default().Agencies() {
		if i%8 == 0 {
			scopes = append(scopes, "agency/"+a.Code)
		}
	}
	asked, allowed := 0, 0
	for _, role := range authz.Roles() {
		for i, at := range scopes {
			actor := authz.NewActor(authz.Identity{UserID: people[role]}, []authz.Grant{{Role: role, Scope: at}})
			// All scopes for some grants, a neighbourhood for the others.
			in := []string{at, at + "/dukcapil", at + "2", scopes[(i+1)%len(scopes)], scopes[(i*7)%len(scopes)], "id", "agency/" + "imigrasi"}
			if i%40 == 0 {
				in = scopes
			}
			for _, scope := range in {
				reaches := scope == at || strings.HasPrefix(scope, at+"/")
				for _, p := range authz.All() {
					want := anyone[p] || reaches && may[role][p]
					if got := actor.Can(p, scope); got != want {
						t.Errorf("%s at %s may %s in %s: %v, Casbin says %v", role, at, p, scope, got, want)
					}
					asked++
					if want {
						allowed++
					}
				}
			}
		}
	}
	if allowed == 0 || allowed == asked || len(scopes) < 1+38+508 {
		t.Errorf("%d of %d allowed at %d scopes: the test asks nothing", allowed, asked, len(scopes))
	}
	t.Logf("%d roles, %d permissions, %d scopes: %d questions, %d allowed, none different", len(authz.Roles()), len(authz.All()), len(scopes), asked, allowed)
}
