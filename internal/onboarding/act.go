package onboarding

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas/spell"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

// Usual office hours, as a new venue begins with: Fridays leave time for prayer. A vehicle goes out two mornings.
var (
	officeHours = map[string]string{
		"mon": "08:00-15:30", "tue": "08:00-15:30", "wed": "08:00-15:30", "thu": "08:00-15:30", "fri": "08:00-11:30 13:00-15:30",
	}
	vehicleHours = map[string]string{"tue": "09:00-13:00", "thu": "09:00-13:00"}
)

// ticketsStop is how many minutes before closing a new venue gives its last numbers.
const ticketsStop = "30"

// codeOf makes a code of a name that is free in a list.
func codeOf(d *Draft, list, name string) string {
	code := strings.Join(spell.Words(name), "-")
	if len(code) > 32 {
		code = strings.Trim(code[:32], "-")
	}
	if code == "" {
		code = "baru"
	}
	free := code
	for n := 2; d.Fields[list+"/"+free] != ""; n++ {
		free = code + "-" + strconv.Itoa(n)
	}
	return free
}

// AddVenue adds a place with the hours that such places usually have, and gives its code. Faults:
// "invalid" (422), "onboarding.unpaid_venue" (409: an open region owes for too long).
func (s *Service) AddVenue(ctx context.Context, t *tenant.Tenant, by *authz.Actor, name string, kind tenants.VenueKind) (code string, err error) {
	name, problem := normal("venues/x/name", name)
	if problem != "" || name == "" {
		return "", fault.New(fault.Invalid, "invalid").Field("name", "required")
	}
	hours := officeHours
	switch kind {
	case tenants.Office, tenants.Shared, tenants.ShopHouse, tenants.Digital:
	case tenants.Vehicle:
		hours = vehicleHours
	default:
		return "", fault.New(fault.Invalid, "invalid").Field("kind", "required")
	}
	if err := s.mayAddVenue(ctx, t); err != nil {
		return "", err
	}
	return code, s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		code = codeOf(d, "venues", name)
		at := "venues/" + code
		e.set(d, at, d.Fields.Next("venues"))
		e.set(d, at+"/name", name)
		e.set(d, at+"/kind", string(kind))
		e.set(d, at+"/tickets_stop", ticketsStop)
		for day, text := range hours {
			e.set(d, at+"/hours/"+day, text)
		}
		return nil
	}, new(int64))
}

// AddAgencies adds agencies of the national catalogue with all that they usually offer, to be looked through.
func (s *Service) AddAgencies(ctx context.Context, t *tenant.Tenant, by *authz.Actor, codes []string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		for _, code := range codes {
			known, ok := s.cat.Agency(code)
			at := "agencies/" + code
			if !ok {
				return fault.New(fault.Invalid, "onboarding.agency")
			}
			if d.Fields[at] != "" {
				continue
			}
			e.set(d, at, d.Fields.Next("agencies"))
			for i, service := range known.Services {
				e.set(d, at+"/services/"+service.Code, fields.Order((i+1)*10))
			}
		}
		return nil
	}, new(int64))
}

// AddAgency adds an agency that the catalogue does not have.
func (s *Service) AddAgency(ctx context.Context, t *tenant.Tenant, by *authz.Actor, name string) (code string, err error) {
	name, problem := normal("agencies/x/name", name)
	if problem != "" || name == "" {
		return "", fault.New(fault.Invalid, "invalid").Field("name", "required")
	}
	return code, s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		if code = codeOf(d, "agencies", name); code != "" {
			if _, known := s.cat.Agency(code); known { // a namesake of the catalogue's is another agency
				code += "-daerah"
			}
		}
		at := "agencies/" + code
		e.set(d, at, d.Fields.Next("agencies"))
		e.set(d, at+"/name", name)
		return nil
	}, new(int64))
}

// AddService adds a service to an agency: one of the catalogue's by its code, or the region's own by its name.
func (s *Service) AddService(ctx context.Context, t *tenant.Tenant, by *authz.Actor, agency, name string, how catalogue.Execution) (code string, err error) {
	name, problem := normal("agencies/x/name", name)
	if problem != "" || name == "" {
		return "", fault.New(fault.Invalid, "invalid").Field("name", "required")
	}
	switch how {
	case catalogue.Native, catalogue.FrontDesk, catalogue.HandOff:
	default:
		how = catalogue.Native
	}
	return code, s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		list := "agencies/" + agency + "/services"
		if d.Fields["agencies/"+agency] == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		if code = codeOf(d, list, name); code != "" {
			if _, known := s.cat.Service(agency, code); known {
				code += "-daerah"
			}
		}
		at := list + "/" + code
		e.set(d, at, d.Fields.Next(list))
		e.set(d, at+"/name", name)
		e.set(d, at+"/execution", string(how))
		return nil
	}, new(int64))
}

// Offer adds services of an agency, by the catalogue's codes.
func (s *Service) Offer(ctx context.Context, t *tenant.Tenant, by *authz.Actor, agency string, put []string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		list := "agencies/" + agency + "/services/"
		if d.Fields["agencies/"+agency] == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		for _, code := range put {
			if _, known := s.cat.Service(agency, code); known && d.Fields[list+code] == "" {
				e.set(d, list+code, d.Fields.Next(strings.TrimSuffix(list, "/")))
			}
		}
		return nil
	}, new(int64))
}

// ConfirmAll says that the region has looked at all services of an agency.
func (s *Service) ConfirmAll(ctx context.Context, t *tenant.Tenant, by *authz.Actor, agency string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		for _, code := range d.list("agencies/" + agency + "/services") {
			e.set(d, "agencies/"+agency+"/services/"+code+"/confirmed", "true")
		}
		return nil
	}, new(int64))
}

// Remove takes a thing away with everything that stands in it, and what refers to it: a venue's series and counters,
// a series in services and counters.
func (s *Service) Remove(ctx context.Context, t *tenant.Tenant, by *authz.Actor, at string) error {
	if _, problem := normal(at, fields.Order(10)); problem != "" && !strings.HasPrefix(at, staffList+"/") {
		return fault.New(fault.NotFound, "not_found")
	}
	if isLook(at) { // no thing, but a field: Save changes it, and asks whether it may be
		return fault.New(fault.NotFound, "not_found")
	}
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		if strings.HasPrefix(at, staffList+"/") {
			i := slices.IndexFunc(d.invitees(), func(x Invitee) bool { return staffList+"/"+x.Key == at })
			if i < 0 {
				return fault.New(fault.NotFound, "not_found")
			}
			if err := mayGive(by, t, d.invitees()[i].Person); err != nil {
				return err
			}
		}
		e.set(d, at, "")
		parts := strings.Split(at, "/")
		switch {
		case parts[0] == "venues" && len(parts) == 2:
			e.dropVenue(d, parts[1])
		case parts[0] == "venues" && len(parts) == 4: // a zone
			for _, p := range d.Fields.Under("agencies") {
				if strings.HasSuffix(p, "/zone") && strings.Contains(p, "/counters/"+parts[1]+":") && d.Fields[p] == parts[3] {
					e.set(d, p, "")
				}
			}
		case parts[0] == "agencies" && len(parts) == 4 && parts[2] == "series":
			e.dropSeries(d, parts[1], parts[3])
		}
		return nil
	}, new(int64))
}

func (e *editor) dropVenue(d *Draft, venue string) {
	for _, p := range d.Fields.Under("closures") {
		if strings.HasSuffix(p, ":"+venue) {
			e.set(d, p, "")
		}
	}
	for _, agency := range d.list("agencies") {
		for _, key := range d.list("agencies/" + agency + "/counters") {
			if strings.HasPrefix(key, venue+":") {
				e.set(d, "agencies/"+agency+"/counters/"+key, "")
			}
		}
		for _, series := range d.list("agencies/" + agency + "/series") {
			if d.Fields["agencies/"+agency+"/series/"+series+"/venue"] == venue {
				e.set(d, "agencies/"+agency+"/series/"+series, "")
				e.dropSeries(d, agency, series)
			}
		}
	}
}

// dropSeries takes a series out of what names it.
func (e *editor) dropSeries(d *Draft, agency, series string) {
	for _, list := range []string{"services", "counters"} {
		for _, key := range d.list("agencies/" + agency + "/" + list) {
			at := "agencies/" + agency + "/" + list + "/" + key + "/series"
			if left := without(d.Fields[at], series); left != d.Fields[at] {
				e.set(d, at, left)
				if left == "" && list == "counters" {
					e.set(d, strings.TrimSuffix(at, "/series"), "") // it would call nobody
				}
			}
		}
	}
}

// without takes a code out of a list as JSON.
func without(list, code string) string {
	all := codesOf(list)
	left := slices.DeleteFunc(slices.Clone(all), func(c string) bool { return c == code })
	if len(left) == len(all) {
		return list
	}
	out, _ := listed[[]string](strings.Join(left, ","))
	return out
}

// list gives the codes of what stands in a list, in order.
func (d *Draft) list(at string) (out []string) {
	for p := range d.Fields {
		if rest, ok := strings.CutPrefix(p, at+"/"); ok && !strings.Contains(rest, "/") {
			out = append(out, rest)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if c := strings.Compare(d.Fields[at+"/"+a], d.Fields[at+"/"+b]); c != 0 && at != staffList {
			return c
		}
		return strings.Compare(a, b)
	})
	return out
}

// AddClosure adds a day, or a run of days, on which a venue or all of them are closed.
func (s *Service) AddClosure(ctx context.Context, t *tenant.Tenant, by *authz.Actor, from, to, venue, reason string) error {
	reason, problem := normal("closures/2026-01-01/reason", reason)
	key := fields.ClosureKey(from, venue)
	invalid := fault.New(fault.Invalid, "invalid")
	if _, bad := normal("closures/"+key, fields.Order(10)); bad != "" {
		return invalid.Field("from", "required")
	}
	if problem != "" || reason == "" {
		return invalid.Field("reason", "required")
	}
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		at := "closures/" + key
		e.set(d, at, d.Fields.Next("closures"))
		e.set(d, at+"/reason", reason)
		if to != "" && to != from {
			e.set(d, at+"/to", to)
		}
		return nil
	}, new(int64))
}
