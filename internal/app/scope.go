package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// scopeOf reads a scope as people write it: a region's code or path, either with an agency behind it, a province, the
// nation, or an agency everywhere. code is that of the tenant in which such a role is held: the platform's, "id", for
// what lies over regions.
func scopeOf(text string) (code, scope string) {
	text = strings.Trim(text, "/")
	parts := strings.Split(text, "/")
	switch {
	case parts[0] == tenant.AgencyAxis:
		return tenant.PlatformCode, text
	case parts[0] != tenant.PlatformCode:
		if len(parts[0]) < 2 {
			return parts[0], text
		}
		return parts[0], strings.Join(append([]string{tenant.ScopeOf(parts[0])}, parts[1:]...), "/")
	case len(parts) == 1:
		return tenant.PlatformCode, text
	case len(parts) > 2 && strings.HasPrefix(parts[2], parts[1]+"."):
		return parts[2], text
	}
	if _, itself := areas.SeatByCode(parts[1]); itself { // a province that is a region, as Jakarta is
		return parts[1], text
	}
	return tenant.PlatformCode, text
}

// scopeName is a scope with what it is called, in one of the two languages: "id/19/19.01/dukcapil (Kependudukan, Kabupaten
// Bangka)". region is whose agencies may have names of their own; nil: the catalogue's.
func scopeName(scope string, en bool, region *tenants.Region) string {
	say := func(id, inEnglish string) string {
		if en && inEnglish != "" {
			return inEnglish
		}
		return id
	}
	code, path := scopeOf(scope)
	name := ""
	switch {
	case path == tenant.PlatformCode:
		name = say("seluruh Indonesia", "all of Indonesia")
	case code == tenant.PlatformCode && strings.HasPrefix(path, tenant.AgencyAxis+"/"):
		agency := strings.TrimPrefix(path, tenant.AgencyAxis+"/")
		if a, ok := catalogue.Default().Agency(agency); ok {
			name = say(a.Short+" di semua daerah", cmp.Or(a.ShortEN, a.Short)+" in all regions")
		}
	case code == tenant.PlatformCode:
		if p, ok := areas.ProvinceByCode(strings.TrimPrefix(path, tenant.PlatformCode+"/")); ok {
			name = say("provinsi "+p.Name, "province "+p.Name)
		}
	default:
		seat, ok := areas.SeatByCode(code)
		if !ok {
			break
		}
		name = seat.Name
		if agency := strings.TrimPrefix(strings.TrimPrefix(path, tenant.ScopeOf(code)), "/"); agency != "" {
			name = say(agencyNames(agency, region)) + ", " + name
		}
	}
	if name == "" {
		return scope
	}
	return scope + " (" + name + ")"
}

// agencyNames are an agency's short names in both languages; its code where nobody has named it.
func agencyNames(code string, region *tenants.Region) (id, en string) {
	if region != nil {
		if i := slices.IndexFunc(region.Agencies, func(a tenants.Agency) bool { return a.Code == code }); i >= 0 {
			a := region.Agencies[i]
			id, en = cmp.Or(a.Short, a.Name), cmp.Or(a.ShortEN, a.NameEN)
		}
	}
	if a, ok := catalogue.Default().Agency(code); ok && id == "" {
		id, en = a.Short, a.ShortEN
	}
	return cmp.Or(id, code), cmp.Or(en, id, code)
}
