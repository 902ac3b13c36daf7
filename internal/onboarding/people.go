package onboarding

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// codesOf reads a list of codes as JSON: one, or several.
func codesOf(text string) (out []string) {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		out = []string{strings.Trim(text, `"`)}
	}
	return out
}

// Invitee is somebody who is invited once the region is applied.
type Invitee struct {
	Key string
	tenants.Person
}

// invitees are those who are to be invited, by name.
func (d *Draft) invitees() (out []Invitee) {
	for _, key := range d.list(staffList) {
		var p tenants.Person
		if json.Unmarshal([]byte(d.Fields[staffList+"/"+key]), &p) == nil {
			out = append(out, Invitee{key, p})
		}
	}
	slices.SortStableFunc(out, func(a, b Invitee) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

func (d *Draft) people() (out []tenants.Person) {
	for _, i := range d.invitees() {
		out = append(out, i.Person)
	}
	return out
}

// AddPeople adds people who are invited when the region is applied, all of them or none. Faults: "invalid" (422) with the
// field and the number of the first who is wrong, from 0: "2.email".
func (s *Service) AddPeople(ctx context.Context, t *tenant.Tenant, by *authz.Actor, people []tenants.Person) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error { return e.addPeople(d, people) }, new(int64))
}

func (e *editor) addPeople(d *Draft, people []tenants.Person) error {
	taken := d.listed()
	invalid := fault.New(fault.Invalid, "invalid")
	for _, p := range people {
		p.Email, p.Name = seal.Email(p.Email), strings.TrimSpace(p.Name)
		switch {
		case p.Name == "" || len(p.Name) > maxText || strings.ContainsFunc(p.Name, forbidden):
			return invalid.Field("name", "required")
		case !auth.IsAddress(p.Email):
			return invalid.Field("email", "email")
		case taken[p.Email]:
			return invalid.Field("email", "onboarding.taken")
		case !slices.Contains(roles, p.Role):
			return invalid.Field("role", "required")
		case auth.OfAgency(string(p.Role)) && d.Fields["agencies/"+p.Agency] == "":
			return invalid.Field("agency", "onboarding.of_agency")
		}
		if !auth.OfAgency(string(p.Role)) {
			p.Agency, p.Counters = "", nil
		}
		taken[p.Email] = true
		text, err := json.Marshal(p)
		if err != nil {
			return err
		}
		e.set(d, staffList+"/"+id.New().String(), string(text))
	}
	return nil
}

// roles are those that people are invited to.
var roles = []tenants.Role{tenants.RoleOfficer, tenants.RoleAgencyAdmin, tenants.RoleFrontOffice, tenants.RoleManager, tenants.RoleAdmin}
