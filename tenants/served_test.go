package tenants

import "testing"

func TestServed(t *testing.T) {
	r := valid(t)
	at := func(days ...string) string {
		r.Agencies[0].Counters = nil
		for _, d := range days {
			r.Agencies[0].Counters = append(r.Agencies[0].Counters, Counter{Venue: "utama", Days: d, Series: []string{"umum"}})
		}
		week, some := r.Served("dukcapil", "umum")
		if !some {
			return ""
		}
		return FormatDays(week)
	}
	// The venue is open from Monday to Friday.
	for _, c := range []struct {
		counters []string
		want     string
	}{
		{nil, ""}, {[]string{""}, ""}, {[]string{"mon,thu"}, "mon,thu"}, {[]string{"mon,thu", ""}, ""}, {[]string{"mon", "thu"}, "mon,thu"},
		{[]string{"mon,thu", "tue-wed,fri"}, ""}, {[]string{"mon-fri"}, ""}, {[]string{"fri,sat"}, "fri"}, {[]string{"sat"}, ""},
	} {
		if got := at(c.counters...); got != c.want {
			t.Errorf("counters of %q: %q, not %q", c.counters, got, c.want)
		}
	}
	if _, some := r.Served("dukcapil", "tiada"); some {
		t.Error("a series that is not there")
	}
	if _, some := r.Served("tiada", "umum"); some {
		t.Error("an agency that is not there")
	}
}
