package auth

import (
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// How long an officer's session holds: in all, and without a request. No other role's holds longer.
const (
	Absolute = 12 * time.Hour
	Idle     = 4 * time.Hour
)

// limit is how long a session holds.
type limit struct{ absolute, idle time.Duration }

// limits by role. Who holds several roles has the shortest of each.
var limits = map[string]limit{
	// A counter is open from before eight until after four, with prayers and lunch between: who signs in when
	// the mall opens is not thrown out with a citizen in front of them.
	authz.RoleOfficer:     {Absolute, Idle},
	authz.RoleFrontOffice: {Absolute, Idle},
	authz.RoleAgencyAdmin: {Absolute, Idle},
	// A manager walks about the hall; an open screen in the office shows more than a counter's.
	authz.RoleManager: {Absolute, 2 * time.Hour},
	// These change what others may do, or see across agencies or regions, and rarely in a hurry.
	authz.RoleAdmin:            {8 * time.Hour, time.Hour},
	authz.RoleAgencyOverseer:   {8 * time.Hour, time.Hour},
	authz.RoleProvinceOverseer: {8 * time.Hour, time.Hour},
	authz.RoleNationalOverseer: {8 * time.Hour, time.Hour},
	authz.RoleOperator:         {4 * time.Hour, 30 * time.Minute},
	authz.RoleHelper:           {4 * time.Hour, 30 * time.Minute},
	authz.RoleHelperFull:       {4 * time.Hour, 30 * time.Minute},
}

func limitOf(grants []tenant.Grant) limit {
	out := limit{Absolute, Idle}
	for _, g := range grants {
		if l, ok := limits[g.Role]; ok {
			out.absolute, out.idle = min(out.absolute, l.absolute), min(out.idle, l.idle)
		}
	}
	return out
}

// always are the roles that must have a second factor: regional IT's in every region, and all of the platform's.
var always = []string{authz.RoleAdmin, authz.RoleAgencyOverseer, authz.RoleProvinceOverseer, authz.RoleNationalOverseer, authz.RoleOperator}

// NeedsFactor tells whether a role must have a second factor in a region.
func NeedsFactor(t *tenant.Tenant, role string) bool {
	return slices.Contains(always, role) || t.Region != nil && slices.Contains(t.Region.Security.SecondFactor, tenants.Role(role))
}

func mustHave(t *tenant.Tenant, grants []tenant.Grant) bool {
	return slices.ContainsFunc(grants, func(g tenant.Grant) bool { return NeedsFactor(t, g.Role) })
}
