package onboarding

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants/fields"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

// addZone adds a part of a venue that has a board of its own.
func (s *Service) addZone(ctx context.Context, t *tenant.Tenant, by *authz.Actor, venue, name string) (code string, err error) {
	name, problem := normal("venues/x/zones/x/name", name)
	if problem != "" || name == "" {
		return "", fault.New(fault.Invalid, "invalid").Field("zone:"+venue, "required")
	}
	return code, s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		list := "venues/" + venue + "/zones"
		if d.Fields["venues/"+venue] == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		code = codeOf(d, list, strings.TrimPrefix(strings.ToLower(name), "zona "))
		e.set(d, list+"/"+code, d.Fields.Next(list))
		e.set(d, list+"/"+code+"/name", name)
		return nil
	}, new(int64))
}

// copyHours gives a venue's other working days the hours of its Monday, but for Friday, which has its own.
func (s *Service) copyHours(ctx context.Context, t *tenant.Tenant, by *authz.Actor, venue string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		at := "venues/" + venue
		if d.Fields[at] == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		for _, day := range []string{"tue", "wed", "thu"} {
			e.set(d, at+"/hours/"+day, d.Fields[at+"/hours/mon"])
		}
		return nil
	}, new(int64))
}

// addSeries adds a run of numbers to an agency at the first venue, with a prefix that is free there.
func (s *Service) addSeries(ctx context.Context, t *tenant.Tenant, by *authz.Actor, agency string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		venues := d.list("venues")
		if d.Fields["agencies/"+agency] == "" || len(venues) == 0 {
			return fault.New(fault.Invalid, "onboarding.no_venue")
		}
		list := "agencies/" + agency + "/series"
		code := codeOf(d, list, "seri")
		taken := map[string]bool{}
		for _, a := range d.list("agencies") {
			for _, other := range d.list("agencies/" + a + "/series") {
				taken[d.Fields["agencies/"+a+"/series/"+other+"/prefix"]] = true
			}
		}
		e.set(d, list+"/"+code, d.Fields.Next(list))
		e.set(d, list+"/"+code+"/venue", venues[0])
		e.set(d, list+"/"+code+"/prefix", freePrefix(taken))
		return nil
	}, new(int64))
}

// freePrefix is the first that is not taken: A to Z, then AA, AB.
func freePrefix(taken map[string]bool) string {
	for n := 0; ; n++ {
		p := string(rune('A' + n%26))
		if n >= 26 {
			p = string(rune('A'+(n/26-1)%26)) + p
		}
		if !taken[p] {
			return p
		}
	}
}

// addCounter adds a counter to an agency where its first series is, with the next number that is free there.
func (s *Service) addCounter(ctx context.Context, t *tenant.Tenant, by *authz.Actor, agency string) error {
	return s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		series := d.list("agencies/" + agency + "/series")
		if len(series) == 0 {
			return fault.New(fault.Invalid, "onboarding.no_series")
		}
		venue := d.Fields["agencies/"+agency+"/series/"+series[0]+"/venue"]
		number := 1
		for _, a := range d.list("agencies") {
			for _, key := range d.list("agencies/" + a + "/counters") {
				at, code, _ := strings.Cut(key, ":")
				if n, err := strconv.Atoi(code); err == nil && at == venue {
					number = max(number, n+1)
				}
			}
		}
		list := "agencies/" + agency + "/counters"
		at := list + "/" + fields.CounterKey(venue, strconv.Itoa(number))
		e.set(d, at, d.Fields.Next(list))
		e.set(d, at+"/series", `["`+series[0]+`"]`)
		return nil
	}, new(int64))
}

// proposalView is what would complete the series and counters, and why.
type proposalView struct {
	Ready    bool // there are venues and services to reckon with
	Visitors int
	Series   int
	Counters int
	Reasons  []string
	More     []string // the reasons after the first few
	Week     []weekRow
	Days     []string
}

type weekRow struct {
	Desk, Venue string
	Cells       []string
}

func pick(t propose.Text, l i18n.Locale) string {
	if l == i18n.EN {
		return t.EN
	}
	return t.ID
}

func (h handlers) proposalView(p ui.Page, d *Draft, visitors int) proposalView {
	if len(d.list("venues")) == 0 || len(d.list("agencies")) == 0 {
		return proposalView{}
	}
	pr := h.Proposal(d, visitors)
	v := proposalView{Ready: true, Visitors: pr.Visitors, Series: pr.Series, Counters: pr.Counters}
	const first = 4
	for _, r := range pr.Reasons {
		if text := pick(r.Why, p.Locale); len(v.Reasons) < first {
			v.Reasons = append(v.Reasons, text)
		} else {
			v.More = append(v.More, text)
		}
	}
	for _, day := range fields.Days[:6] {
		v.Days = append(v.Days, p.Print().Weekday(day.Day))
	}
	for _, desk := range pr.Week {
		row := weekRow{Desk: desk.Name, Venue: cmp.Or(d.Fields["venues/"+desk.Venue+"/name"], desk.Venue)}
		for _, day := range fields.Days[:6] {
			var who []string
			for _, a := range desk.Agency[day.Day] {
				who = append(who, h.shortName(p, d, a))
			}
			row.Cells = append(row.Cells, strings.Join(slices.Compact(who), ", "))
		}
		v.Week = append(v.Week, row)
	}
	return v
}

func (h handlers) shortName(p ui.Page, d *Draft, code string) string {
	if short := d.Fields["agencies/"+code+"/short"]; short != "" {
		return short
	}
	if a, ok := h.cat.Agency(code); ok {
		if p.Locale == i18n.EN && a.ShortEN != "" {
			return a.ShortEN
		}
		return a.Short
	}
	return cmp.Or(d.Fields["agencies/"+code+"/name"], code)
}
