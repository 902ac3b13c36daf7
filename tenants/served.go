package tenants

import "slices"

// Served is on which days a series is served: those on which its venue is open and a counter that calls it is served.
// some is false where that is each day on which the venue is open, and where nobody calls the series on any.
func (r *Region) Served(agency, series string) (week Week, some bool) {
	i := slices.IndexFunc(r.Agencies, func(a Agency) bool { return a.Code == agency })
	if i < 0 {
		return Week{}, false
	}
	a := &r.Agencies[i]
	j := slices.IndexFunc(a.Series, func(s Series) bool { return s.Code == series })
	if j < 0 {
		return Week{}, false
	}
	v := slices.IndexFunc(r.Venues, func(v Venue) bool { return v.Code == a.Series[j].Venue })
	if v < 0 {
		return Week{}, false
	}
	for _, c := range a.Counters {
		if !slices.Contains(c.Series, series) {
			continue
		}
		for d, on := range c.Week() {
			week[d] = week[d] || on
		}
	}
	for _, d := range weekdays {
		open := len(r.Venues[v].Periods(d.day)) > 0
		some = some || open && !week[d.day]
		week[d.day] = week[d.day] && open
	}
	return week, some && week != (Week{})
}
