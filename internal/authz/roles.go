package authz

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// The roles that a grant may name.
const (
	RoleCitizen            = "citizen"
	RoleOfficer            = "officer"      // counter officer of an agency
	RoleAgencyAdmin        = "agency-admin" // runs one agency's part of a mall
	RoleFrontOffice        = "front-office"
	RoleManager            = "manager"         // mall manager
	RoleAdmin              = "admin"           // regional IT
	RoleAgencyOverseer     = "agency-overseer" // an agency's head office: its counters in every region
	RoleProvinceOverseer   = "province-overseer"
	RoleNationalOverseer   = "national-overseer"
	RoleOperator           = "operator"    // runs the platform
	RoleHelper             = "helper"      // the platform's operator in a region that has asked for help: looks
	RoleHelperFull         = "helper-full" // and works in the queue too
	rolePublic             = "public"      // everyone, without a grant
	rolePrefix, permPrefix = "role:", "perm:"
)

// roles are numbered by their place here. Citizens come first, the public's set is beside them.
var roles = []string{
	RoleCitizen, RoleOfficer, RoleAgencyAdmin, RoleFrontOffice, RoleManager, RoleAdmin,
	RoleAgencyOverseer, RoleProvinceOverseer, RoleNationalOverseer, RoleOperator, RoleHelper, RoleHelperFull, rolePublic,
}

// Roles are the names of the roles that a grant may give.
func Roles() []string { return slices.Clone(roles[:len(roles)-1]) }

func roleNumber(name string) (int, bool) {
	n := slices.Index(roles, name)
	return n, n >= 0
}

// modelText has no p in its matcher: Enforce is linear in p-rules, and roles are a graph anyway.
const modelText = `
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
`

//go:embed roles.csv
var rolesFile string

// table is what Casbin answered: which role has which permission. It is immutable.
type table struct {
	sets   [maxRoles]bits
	anyone bits // what the role "public" has
	rules  graph
}

var (
	current   atomic.Pointer[table]
	compileMu sync.Mutex
)

// Compile reads the roles, asks Casbin about each role and permission, and puts the answer in force,
// for the actors that exist already too. The application calls it at boot, when every vertical has
// declared what it asks for. It fails, and changes nothing, when a rule names a permission that nobody
// declares, or when nobody holds a permission that somebody declares.
func Compile() error {
	t, err := compile(rolesFile, true)
	if err != nil {
		return err
	}
	current.Store(t)
	return nil
}

// inForce is the table that Compile made. A program that holds only some of the verticals, such as a
// test of one, never calls it and gets the rules about what these have declared.
func inForce() *table {
	if t := current.Load(); t != nil {
		return t
	}
	compileMu.Lock()
	defer compileMu.Unlock()
	if t := current.Load(); t != nil {
		return t
	}
	t, err := compile(rolesFile, false)
	if err != nil {
		panic(err) // the embedded file is malformed
	}
	current.Store(t)
	return t
}

func compile(file string, strict bool) (*table, error) {
	rules, err := readRules(file)
	if err != nil {
		return nil, err
	}
	enforcer, err := newEnforcer(rules)
	if err != nil {
		return nil, err
	}
	permissions := All()
	if strict {
		if err := checkNames(rules, permissions); err != nil {
			return nil, err
		}
	}
	t := &table{rules: graphOf(rules)}
	var unheld []error
	for _, p := range permissions {
		held := false
		for n, role := range roles {
			ok, err := enforcer.Enforce(rolePrefix+role, permPrefix+p.Name())
			if err != nil {
				return nil, fmt.Errorf("authz: %s, %s: %w", role, p, err)
			}
			if ok {
				held = true
				t.sets[n].add(p)
			}
		}
		if !held && strict {
			unheld = append(unheld, fmt.Errorf("authz: no role in roles.csv has %s", p))
		}
	}
	n, _ := roleNumber(rolePublic)
	t.anyone = t.sets[n]
	return t, errors.Join(unheld...)
}

// newEnforcer gives a Casbin enforcer for g-rules: role to permission, role to role, and, for editing
// and for proof, "user:<id>@<scope>" to role. Never a cached one: those still allow after a revocation.
func newEnforcer(rules [][]string) (*casbin.SyncedEnforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("authz: model: %w", err)
	}
	e, err := casbin.NewSyncedEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("authz: %w", err)
	}
	if len(rules) > 0 {
		if _, err := e.AddGroupingPolicies(rules); err != nil {
			return nil, fmt.Errorf("authz: rules: %w", err)
		}
	}
	return e, nil
}

// readRules reads lines such as
//
//	g, role:officer, perm:queue:ticket:call
//	g, role:manager, role:front-office
//
// and gives their subjects and objects.
func readRules(file string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(file))
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, 3
	var rules [][]string
	seen := map[string]bool{}
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return rules, nil
		}
		if err != nil {
			return nil, fmt.Errorf("authz: roles.csv: %w", err)
		}
		line, _ := r.FieldPos(0)
		role, isRole := strings.CutPrefix(rec[1], rolePrefix)
		other, toRole := strings.CutPrefix(rec[2], rolePrefix)
		_, known := roleNumber(role)
		_, otherKnown := roleNumber(other)
		switch {
		case rec[0] != "g":
			return nil, fmt.Errorf("authz: roles.csv:%d: a rule begins with g", line)
		case !isRole || !known:
			return nil, fmt.Errorf("authz: roles.csv:%d: %q is no role: role:%s", line, rec[1], strings.Join(roles, ", role:"))
		case toRole && !otherKnown:
			return nil, fmt.Errorf("authz: roles.csv:%d: %q is no role", line, rec[2])
		case !toRole && !strings.HasPrefix(rec[2], permPrefix):
			return nil, fmt.Errorf("authz: roles.csv:%d: %q is neither role:... nor perm:...", line, rec[2])
		case seen[rec[1]+" "+rec[2]]:
			return nil, fmt.Errorf("authz: roles.csv:%d: the rule stands there twice", line)
		}
		seen[rec[1]+" "+rec[2]] = true
		rules = append(rules, rec[1:])
	}
}

func checkNames(rules [][]string, declared []Permission) error {
	names := map[string]bool{}
	for _, p := range declared {
		names[p.Name()] = true
	}
	var errs []error
	for _, r := range rules {
		if name, ok := strings.CutPrefix(r[1], permPrefix); ok && !names[name] {
			errs = append(errs, fmt.Errorf("authz: roles.csv: %s has %s, which nobody declares", r[0], name))
		}
	}
	return errors.Join(errs...)
}
