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
	"github.com/pendopo-id/pendopo/internal/store"
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

// maxPeople bounds those who are invited when a region opens.
const maxPeople = 500

// post is what a person of a draft would hold.
func post(p tenants.Person) auth.Post { return auth.Post{Role: string(p.Role), Agency: p.Agency} }

// mayGive asks whether somebody may give a person of a draft their role: what a draft gives, its editor could have given
// on the page of accounts, and whoever applies it too. The fault is "onboarding.not_yours" (403).
func mayGive(by *authz.Actor, t *tenant.Tenant, p tenants.Person) error {
	if !auth.MayGive(by, t, post(p)) {
		return fault.New(fault.Forbidden, "onboarding.not_yours")
	}
	return nil
}

// AddPeople adds people who are invited when the region opens, all of them or none; of a region that is open people are
// invited on the page of accounts. Faults: "invalid" (422) with the field of the first who is wrong,
// "onboarding.not_yours" (403), "onboarding.open" (409).
func (s *Service) AddPeople(ctx context.Context, t *tenant.Tenant, by *authz.Actor, people []tenants.Person) error {
	return s.editIn(ctx, t, by, func(ctx context.Context, _ *store.Tx, d *Draft, e *editor) error { return e.addPeople(ctx, d, people) }, new(int64))
}

func (e *editor) addPeople(ctx context.Context, d *Draft, people []tenants.Person) error {
	if e.t.State != tenant.Preparing {
		return fault.New(fault.Conflict, "onboarding.open")
	}
	if len(people)+len(d.list(staffList)) > maxPeople {
		return fault.New(fault.Invalid, "onboarding.full")
	}
	taken := d.listed()
	emails := make([]string, len(people))
	for i, p := range people {
		emails[i] = p.Email
	}
	here, err := tenant.HaveAccounts(ctx, e.tx, emails)
	if err != nil {
		return err
	}
	invalid := fault.New(fault.Invalid, "invalid")
	for _, p := range people {
		p.Email, p.Name = seal.Email(p.Email), strings.Join(strings.Fields(p.Name), " ")
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
		if err := mayGive(e.by, e.t, p); err != nil {
			return err
		}
		if here[p.Email] {
			return invalid.Field("email", "onboarding.has_account")
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
