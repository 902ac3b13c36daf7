package authz

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// The rules of these tests: their own permissions, under the roles that are there.
var (
	call   = Declare("test:ticket:call", "Memanggil", "Call")
	finish = Declare("test:ticket:finish", "Menyelesaikan", "Finish")
	issue  = Declare("test:ticket:issue", "Mengambil nomor", "Take a ticket")
	region = Declare("test:region:edit", "Mengubah daerah", "Edit a region")
	_      = Declare("test:figures:read", "Melihat angka", "See figures")
)

const testRules = `
g, role:public, perm:test:ticket:issue
g, role:officer, perm:test:ticket:call
g, role:officer, perm:test:ticket:finish
g, role:agency-admin, role:officer
g, role:manager, perm:test:ticket:finish
g, role:manager, perm:test:figures:read
g, role:admin, role:manager
g, role:admin, perm:test:region:edit
g, role:agency-overseer, perm:test:figures:read
g, role:province-overseer, perm:test:figures:read
g, role:national-overseer, role:province-overseer
`

// force puts the test's rules in force.
func force(t testing.TB) {
	t.Helper()
	was := current.Load()
	next, err := compile(testRules, true)
	if err != nil {
		t.Fatal(err)
	}
	current.Store(next)
	t.Cleanup(func() { current.Store(was) })
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		scope, top string
		want       bool
	}{
		{"id/19/19.01/dukcapil", "id/19/19.01", true},
		{"id/19/19.01", "id/19/19.01", true},
		{"id/19/19.01/dukcapil", "id/19/19.0", false},
		{"id/19/19.01", "id/1", false},
		{"id/19", "id/19/19.01", false},
		{"id", "id", true},
		{"idx/19", "id", false},
		{"agency/imigrasi", "id", false},
		{"", "id", false},
	} {
		if got := Within(c.scope, c.top); got != c.want {
			t.Errorf("Within(%q, %q) = %v", c.scope, c.top, got)
		}
	}
}

func TestCan(t *testing.T) {
	force(t)
	officer := NewActor(Identity{UserID: id.New()}, []Grant{{RoleOfficer, "id/19/19.01/dukcapil"}})
	admin := NewActor(Identity{UserID: id.New()}, []Grant{{RoleAdmin, "id/19/19.01"}})
	var public *Actor
	for _, c := range []struct {
		name  string
		actor *Actor
		p     Permission
		scope string
		want  bool
	}{
		{"own agency", officer, call, "id/19/19.01/dukcapil", true},
		{"another agency", officer, call, "id/19/19.01/samsat", false},
		{"an agency with a longer name", officer, call, "id/19/19.01/dukcapil2", false},
		{"the region from below", officer, call, "id/19/19.01", false},
		{"another region", officer, call, "id/19/19.02/dukcapil", false},
		{"through another role", admin, finish, "id/19/19.01/dukcapil", true},
		{"not through a role", admin, call, "id/19/19.01/dukcapil", false},
		{"a region whose code begins alike", admin, region, "id/19/19.011", false},
		{"the public, what everyone may", public, issue, "id/19/19.01", true},
		{"an officer, what everyone may", officer, issue, "id/31", true},
		{"the public, else", public, call, "id/19/19.01", false},
		{"Public", public, Public, "", true},
		{"SignedIn, nobody", public, SignedIn, "", false},
		{"SignedIn, somebody", officer, SignedIn, "", true},
		{"no permission", admin, Permission{}, "id/19/19.01", false},
		{"a permission that was never declared", admin, Permission{200}, "id/19/19.01", false},
	} {
		if got := c.actor.Can(c.p, c.scope); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !officer.CanWithin(call, "id/19/19.01") || officer.CanWithin(call, "id/19/19.02") || public.CanWithin(call, "id") {
		t.Error("CanWithin: an officer may call somewhere in the own region, and nowhere else")
	}
}

func TestScopesAndRoles(t *testing.T) {
	force(t)
	a := NewActor(Identity{}, []Grant{
		{RoleOfficer, "id/19/19.01/samsat"}, {RoleAgencyAdmin, "id/19/19.01/dukcapil"}, {RoleOfficer, "id/19/19.01/dukcapil"},
		{RoleManager, "id/19/19.02"}, {RoleOfficer, "id/19/19.02/dukcapil"},
		{"emperor", "id"}, {"public", "id"}, {RoleAdmin, ""}, {RoleAdmin, "id/"},
	})
	if got := strings.Join(a.Scopes(finish), " "); got != "id/19/19.01/dukcapil id/19/19.01/samsat id/19/19.02" {
		t.Errorf("Scopes: %s", got)
	}
	if !a.HasRole(RoleManager) || a.HasRole(RoleAdmin) || a.HasRole("emperor") {
		t.Error("HasRole: what is malformed or unknown gives nothing")
	}
	if n := len(a.Grants()); n != 5 {
		t.Errorf("%d grants", n)
	}
	if a.Can(region, "id") {
		t.Error("a grant without a scope gave something")
	}
}

// TestEqualsCasbin asks both, about every role, at the nation, every province, every region that there can be, agencies
// in some of them and agencies on their own axis: the bitsets, and an enforcer that holds the grants too, asked for the
// scope and each one above it. Somebody with a grant in a scope is asked about there, above, below, and beside it.
func TestEqualsCasbin(t *testing.T) {
	force(t)
	scopes := []string{"id", "id/1", "id/19/19.0", "agency", "agency/imigrasi", "agency/dukcapil", "agency/imigrasi2"}
	for _, p := range areas.Provinces() {
		scopes = append(scopes, "id/"+p.Code)
	}
	for i, s := range areas.Seats() {
		if s.Code != s.Province { // Jakarta is its own province
			scopes = append(scopes, "id/"+s.Province+"/"+s.Code)
		}
		if i%50 == 0 {
			scopes = append(scopes, "id/"+s.Province+"/"+s.Code+"/dukcapil", "id/"+s.Province+"/"+s.Code+"/imigrasi")
		}
	}
	if len(scopes) < 1+38+508+20 {
		t.Fatalf("only %d scopes", len(scopes))
	}
	rules, err := readRules(testRules)
	if err != nil {
		t.Fatal(err)
	}
	type person struct {
		actor  *Actor
		grants []Grant
	}
	var people []person
	for _, role := range Roles() {
		for _, s := range scopes {
			g := []Grant{{role, s}}
			people = append(people, person{NewActor(Identity{UserID: id.New()}, g), g})
		}
	}
	two := []Grant{{RoleOfficer, "id/19/19.01/dukcapil"}, {RoleManager, "id/19/19.02"}, {RoleAgencyOverseer, "agency/imigrasi"}}
	people = append(people, person{NewActor(Identity{UserID: id.New()}, two), two})
	for _, p := range people {
		for _, g := range p.grants {
			rules = append(rules, []string{p.actor.String() + "@" + g.Scope, "role:" + g.Role})
		}
	}
	enforcer, err := newEnforcer(rules)
	if err != nil {
		t.Fatal(err)
	}
	casbin := map[[2]string]bool{} // an answer is the same however often it is asked
	enforce := func(subject, permission string) bool {
		key := [2]string{subject, permission}
		ok, known := casbin[key]
		if !known {
			var err error
			if ok, err = enforcer.Enforce(subject, "perm:"+permission); err != nil {
				t.Fatal(err)
			}
			casbin[key] = ok
		}
		return ok
	}
	asked, allowed := 0, 0
	for i, p := range people {
		for _, perm := range All() {
			for _, scope := range around(p.grants[0].Scope, scopes[i%len(scopes)]) {
				want := enforce("role:public", perm.Name())
				for s := scope; s != "" && !want; s = above(s) {
					want = enforce(p.actor.String()+"@"+s, perm.Name())
				}
				asked++
				if want {
					allowed++
				}
				if got := p.actor.Can(perm, scope); got != want {
					t.Errorf("%v may %s in %s: %v, Casbin says %v", p.grants, perm, scope, got, want)
				}
			}
		}
	}
	if allowed == 0 || allowed == asked {
		t.Errorf("%d of %d allowed: the test asks nothing", allowed, asked)
	}
	t.Logf("%d questions at %d scopes, %d allowed, none different", asked, len(scopes), allowed)
}

// around are scopes about a grant's own: it, those above it, below it, beside it, of a longer name, of the other axis.
func around(scope, other string) []string {
	axis := "agency/imigrasi"
	if strings.HasPrefix(scope, "agency") {
		axis = "id/19/19.01"
	}
	out := []string{scope, scope + "/dukcapil", scope + "2", axis, other}
	for s := above(scope); s != ""; s = above(s) {
		out = append(out, s)
	}
	return out
}

// What an agency's head office holds on its own axis gives nothing in the tree of areas, nor there to another agency.
func TestTheAxesAreApart(t *testing.T) {
	force(t)
	for _, role := range Roles() {
		a := NewActor(Identity{}, []Grant{{role, "agency/imigrasi"}})
		for _, p := range All() {
			if a.Can(p, "agency/imigrasi") == a.Can(p, "id") && !a.Can(p, "id") {
				continue // the role has not got it at all
			}
			for _, s := range []string{"id", "id/19", "id/19/19.01", "id/19/19.01/imigrasi", "agency", "agency/dukcapil", "agency/imigrasi2", "imigrasi"} {
				if a.Can(p, s) && !(*Actor)(nil).Can(p, s) {
					t.Errorf("%s at agency/imigrasi may %s in %s", role, p, s)
				}
			}
		}
	}
}

func above(scope string) string {
	i := strings.LastIndex(scope, "/")
	if i < 0 {
		return ""
	}
	return scope[:i]
}

func TestEditsReachLivingActors(t *testing.T) {
	force(t)
	a := NewActor(Identity{UserID: id.New()}, []Grant{{RoleOfficer, "id/19"}})
	if !a.Can(call, "id/19") {
		t.Fatal("an officer may call")
	}
	next, err := compile(strings.Replace(testRules, "g, role:officer, perm:test:ticket:call\n", "", 1), false)
	if err != nil {
		t.Fatal(err)
	}
	current.Store(next)
	if a.Can(call, "id/19") {
		t.Error("the role has lost the permission and the actor still has it")
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ rules, want string }{
		"unknown permission": {testRules + "g, role:officer, perm:test:ticket:eat\n", "test:ticket:eat, which nobody declares"},
		"unknown role":       {testRules + "g, role:emperor, perm:test:ticket:call\n", "role:emperor"},
		"unknown other role": {testRules + "g, role:officer, role:emperor\n", "role:emperor"},
		"p-rule":             {testRules + "p, role:officer, perm:test:ticket:call\n", "begins with g"},
		"no permission":      {testRules + "g, role:officer, test:ticket:call\n", "neither"},
		"twice":              {testRules + "g, role:officer, perm:test:ticket:call\n", "twice"},
		"short":              {testRules + "g, role:officer\n", "fields"},
		"nobody holds it":    {strings.Replace(testRules, "g, role:admin, perm:test:region:edit\n", "", 1), "no role in roles.csv has test:region:edit"},
	} {
		if _, err := compile(c.rules, true); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRolesFile reads the real file: it must compile for whatever part of the verticals is there.
func TestRolesFile(t *testing.T) {
	rules, err := readRules(rolesFile)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range rules {
		seen[strings.TrimPrefix(r[0], "role:")] = true
	}
	for _, role := range Roles() {
		if !seen[role] {
			t.Errorf("roles.csv says nothing of %s", role)
		}
	}
	if _, err := compile(rolesFile, false); err != nil {
		t.Error(err)
	}
}

func TestDeclareRefuses(t *testing.T) {
	for name, fn := range map[string]func(){
		"twice":     func() { Declare("test:ticket:call", "a", "b") },
		"malformed": func() { Declare("test:call", "a", "b") },
		"wordless":  func() { Declare("test:ticket:sell", "a", "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			fn()
		}()
	}
	if call.Name() != "test:ticket:call" || call.Text("id") != "Memanggil" || call.Text("en") != "Call" || Public.Name() != "public" {
		t.Error("a permission's name and sentences")
	}
}

func TestCanAllocatesNothing(t *testing.T) {
	force(t)
	a := crowded()
	if n := testing.AllocsPerRun(100, func() { sink = a.Can(finish, "id/19/19.01/dukcapil") }); n != 0 {
		t.Errorf("%v allocations a check", n)
	}
}

var sink bool

// crowded is somebody with more grants than anyone should have; the last one decides.
func crowded() *Actor {
	var grants []Grant
	for i := range 7 {
		grants = append(grants, Grant{RoleOfficer, fmt.Sprintf("id/19/19.01/agency-%d", i)})
	}
	return NewActor(Identity{UserID: id.New()}, append(grants, Grant{RoleOfficer, "id/19/19.01/dukcapil"}))
}

func BenchmarkCan(b *testing.B) {
	force(b)
	one := NewActor(Identity{UserID: id.New()}, []Grant{{RoleOfficer, "id/19/19.01/dukcapil"}})
	for name, a := range map[string]*Actor{"one grant": one, "eight grants": crowded()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = a.Can(finish, "id/19/19.01/dukcapil")
			}
		})
	}
	b.Run("refused", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = one.Can(finish, "id/19/19.02/dukcapil")
		}
	})
	// 514 regions with 60 people each, so that the actors do not all lie in the processor's cache.
	b.Run("514 x 60 actors", func(b *testing.B) {
		var actors []*Actor
		var scopes []string
		for r := range 514 {
			scope := fmt.Sprintf("id/%02d/%02d.%02d", 11+r%38, 11+r%38, 1+r/38)
			scopes = append(scopes, scope+"/dukcapil")
			for range 60 {
				actors = append(actors, NewActor(Identity{UserID: id.New()}, []Grant{{RoleOfficer, scope + "/dukcapil"}}))
			}
		}
		// A request has its actor in hand when it asks: the session has just been resolved. So are these, some at a
		// time, before the clock runs; what it costs to fetch them from memory is shown beside it.
		var taken, fetched time.Duration
		var resolved [64]int
		next, checks := 0, 0
		b.ReportAllocs()
		for b.Loop() {
			for i := range resolved {
				next = (next + 7919) % len(actors)
				resolved[i] = next
			}
			begin := time.Now()
			for _, n := range resolved {
				sink = actors[n].few[0].role == 0 && scopes[n/60] == ""
			}
			mid := time.Now()
			for _, n := range resolved {
				sink = actors[n].Can(finish, scopes[n/60])
			}
			fetched, taken, checks = fetched+mid.Sub(begin), taken+time.Since(mid), checks+len(resolved)
		}
		b.ReportMetric(float64(taken.Nanoseconds())/float64(checks), "ns/check")
		b.ReportMetric(float64(fetched.Nanoseconds())/float64(checks), "ns/fetch")
		b.ReportMetric(0, "ns/op")
	})
}
