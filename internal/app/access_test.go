package app_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web"
)

//go:generate go test . -run TestTheAccessTable -update

var update = flag.Bool("update", false, "write docs/access.md instead of comparing it")

const accessFile = "../../docs/access.md"

// docs/access.md says who may use which route. It is made from the routes and from Casbin's answers, so it
// cannot be forgotten: go test ./internal/app -run TestTheAccessTable -update
func TestTheAccessTableIsTrue(t *testing.T) {
	a := newApp(t, testkit.Open(t, testkit.SQLite))
	want := accessTable(a.Web.Routes())
	if *update {
		if err := os.WriteFile(accessFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/access.md is stale: go test ./internal/app -run TestTheAccessTable -update")
	}
}

func accessTable(routes []web.Route) string {
	var b strings.Builder
	fmt.Fprint(&b, `# Who may use which route

Made from the routes and the roles by a test, which fails when this page is stale. A mark says that the role
has the permission in its own scope; a handler asks again where a grant reaches a part of a region only,
such as one agency. Everyone is a person who has not signed in. On the bare domain the platform's own people sign in
(agency-overseer, province-overseer, national-overseer, operator): a session there is worth nothing on a region's host,
and a region's is worth nothing there.

`)
	roles := authz.Roles()
	fmt.Fprintf(&b, "| route | permission | everyone | %s |\n|---|---|:-:|%s\n", strings.Join(roles, " | "), strings.Repeat(":-:|", len(roles)))
	rows := slices.Clone(routes)
	slices.SortStableFunc(rows, func(x, y web.Route) int {
		return strings.Compare(string(x.Kind)+x.Path+x.Method, string(y.Kind)+y.Path+y.Method)
	})
	kind := web.Kind("")
	for _, r := range rows {
		if r.Kind != kind {
			kind = r.Kind
			where := map[web.Kind]string{web.OnAny: "every host", web.OnBare: "the bare domain", web.OnTenant: "a region's host"}[kind]
			fmt.Fprintf(&b, "| **%s** | |%s\n", where, strings.Repeat(" |", len(roles)+1))
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s |", r.Method, r.Path, r.Permission, mark(r.Permission == authz.Public || (*authz.Actor)(nil).Can(r.Permission, "id")))
		for _, role := range roles {
			fmt.Fprintf(&b, " %s |", mark(authz.NewActor(authz.Identity{}, []authz.Grant{{Role: role, Scope: "id"}}).Can(r.Permission, "id")))
		}
		b.WriteString("\n")
	}
	giveTable(&b)
	b.WriteString("\n## What each permission allows\n\n| permission | Indonesian | English |\n|---|---|---|\n")
	for _, p := range append([]authz.Permission{authz.Public, authz.SignedIn}, authz.All()...) {
		if strings.HasPrefix(p.Name(), "test:") || strings.HasPrefix(p.Name(), "web:") {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p, p.Text("id"), p.Text("en"))
	}
	return b.String()
}

// giveTable says which role gives which: what "access:ROLE:give" in roles.csv comes to.
func giveTable(b *strings.Builder) {
	b.WriteString(`
## Who gives which role

Giving is a permission of its own for each role, in the scope where it is held: ` + "`access:officer:give`" + ` and so on in
` + "`internal/authz/roles.csv`" + `, so Casbin decides it as it decides everything else. It is not what the role itself allows:
regional IT appoints officers and calls nobody. The service (` + "`internal/auth/rights.go`" + `) asks it again within the transaction
of the change, for the page, the API and the commands alike. As people meet it:

- One cannot give or take a role outside one's own scope, nor one that one's own roles are not entitled to give.
- Nobody changes their own roles, whatever they hold; nobody raises themselves by way of somebody else, since from no role
  one gets by giving to one that is not in its row here.
- Regional IT looks after everybody in the region. An agency's administrator looks after those all of whose roles lie
  within the agency: who also works elsewhere, and who holds no role, is regional IT's.
- Overseers' and operators' roles are given nowhere in a region.
- The last administrator who can sign in stays; so does anybody's last role, for who works here no longer is removed.

`)
	given := auth.GivenRoles
	fmt.Fprintf(b, "| who gives | %s |\n|---|%s\n", strings.Join(given, " | "), strings.Repeat(":-:|", len(given)))
	here := &tenant.Tenant{Scope: "id/19/19.01"}
	for _, role := range authz.Roles() {
		scope := here.Scope
		if auth.OfAgency(role) {
			scope += "/dukcapil"
		}
		a := authz.NewActor(authz.Identity{}, []authz.Grant{{Role: role, Scope: scope}})
		fmt.Fprintf(b, "| %s |", role)
		for _, g := range given {
			p := auth.Post{Role: g}
			if auth.OfAgency(g) {
				p.Agency = "dukcapil"
			}
			fmt.Fprintf(b, " %s |", mark(auth.MayGive(a, here, p)))
		}
		b.WriteString("\n")
	}
}

func mark(ok bool) string {
	if ok {
		return "x"
	}
	return ""
}
