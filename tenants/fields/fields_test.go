package fields_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

// Taking the sample regions apart and putting them together again changes nothing.
func TestBackAndForth(t *testing.T) {
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		f := fields.Of(r)
		again, problems := fields.Build(r, f)
		if len(problems) > 0 {
			t.Errorf("%s: %v", r.Code, problems)
		}
		for _, c := range tenants.Diff(r, again) {
			t.Errorf("%s: %s", r.Code, c.Text)
		}
		// Without the old one, hours are written anew, and say the same.
		fresh, _ := fields.Build(&tenants.Region{Code: r.Code, Staff: r.Staff}, f)
		for _, c := range tenants.Diff(r, fresh) {
			if c.Field != "hours" {
				t.Errorf("%s from nothing: %s", r.Code, c.Text)
			}
		}
		for i, v := range fresh.Venues {
			for _, d := range fields.Days {
				if a, b := r.Venues[i].Periods(d.Day), v.Periods(d.Day); len(a) != len(b) || len(a) > 0 && a[0] != b[0] {
					t.Errorf("%s %s %s: %v, not %v", r.Code, v.Code, d.Code, b, a)
				}
			}
		}
	}
}

// On which days a counter is served is a field of it.
func TestDaysOfACounter(t *testing.T) {
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	r, _ := fields.Build(regions[0], fields.Of(regions[0]))
	c := &r.Agencies[0].Counters[0]
	c.Days = "mon,thu"
	at := fields.Join("agencies", r.Agencies[0].Code, "counters", fields.CounterKey(c.Venue, c.Code), "days")
	f := fields.Of(r)
	if f[at] != "mon,thu" {
		t.Errorf("%s is %q", at, f[at])
	}
	again, problems := fields.Build(r, f)
	if len(problems) > 0 || !tenants.Equal(r, again) {
		t.Errorf("%v, %v", problems, tenants.Diff(r, again))
	}
}

// A change of one field is one change of the manifest.
func TestOneField(t *testing.T) {
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	r := regions[0]
	f := fields.Of(r)
	venue := r.Venues[0].Code
	f[fields.Join("venues", venue, "hours", "sat")] = "09:00-12:00"
	delete(f, fields.Join("venues", venue, "address"))
	again, problems := fields.Build(r, f)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range tenants.Diff(r, again) {
		if c.Path != "venues/"+venue || c.Field != "hours" && c.Field != "address" {
			t.Errorf("also %s", c.Text)
		}
	}
	if got := again.Venues[0].Periods(fields.Days[5].Day); len(got) != 1 || got[0].String() != "09:00-12:00" {
		t.Errorf("Saturday %v", got)
	}
}

// What cannot be read is told by its path and leaves the rest as it is.
func TestUnreadable(t *testing.T) {
	f := fields.Fields{
		"organiser": "DPMPTSP", "venues/a": fields.Order(10), "venues/a/tickets_stop": "sejam", "venues/a/hours/mon": "pagi", "venues/a/name": "A",
	}
	r, problems := fields.Build(&tenants.Region{Code: "19.01"}, f)
	if len(problems) != 2 || problems[0].Path != "venues/a/hours/mon" || problems[1].Path != "venues/a/tickets_stop" {
		t.Errorf("problems %v", problems)
	}
	if len(r.Venues) != 1 || r.Venues[0].Name != "A" || r.Organiser != "DPMPTSP" || r.Code != "19.01" {
		t.Errorf("region %+v", r)
	}
}

// A field of something that is not there does not make it.
func TestAFieldWithoutItsThing(t *testing.T) {
	r, _ := fields.Build(&tenants.Region{}, fields.Fields{"venues/a/name": "A", "agencies/x/services/y/minutes": "5"})
	if len(r.Venues)+len(r.Agencies) > 0 {
		t.Errorf("made %+v", r)
	}
	got := fields.Holders("agencies/dukcapil/services/ktp-baru/minutes")
	if len(got) != 2 || got[0] != "agencies/dukcapil" || got[1] != "agencies/dukcapil/services/ktp-baru" {
		t.Errorf("holders %v", got)
	}
	if got := fields.Holders("venues/services/name"); len(got) != 1 || got[0] != "venues/services" {
		t.Errorf("holders of a venue called services: %v", got)
	}
	if got := fields.Holders("contact/phone"); len(got) != 0 {
		t.Errorf("holders %v", got)
	}
}

func TestParseDay(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "tutup": "", "08.00-15.30": "08:00-15:30", "8 - 12, 13.00–15.30": "08:00-12:00 13:00-15:30",
		"08:00 s.d. 11:30 dan 13:00 s.d. 15:30": "08:00-11:30 13:00-15:30", "0-24": "00:00-24:00", "pukul 8 sampai 15.30 WIB": "08:00-15:30",
	} {
		if got, ok := fields.ParseDay(in); !ok || got != want {
			t.Errorf("%q: %q %v, not %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"pagi", "8", "15.30-08.00", "08.00-12.00, 11.00-15.00", "25-26", "8-9 <b>", "08.99-10.00"} {
		if got, ok := fields.ParseDay(in); ok {
			t.Errorf("%q was read as %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, ok := fields.ParseDay(rapid.String().Draw(t, "text"))
		if again, same := fields.ParseDay(text); ok && (!same || again != text) {
			t.Errorf("%q is read as %q", text, again)
		}
		if shown, same := fields.ParseDay(fields.ShowDay(text)); ok && (!same || shown != text) {
			t.Errorf("%q is shown as what is read as %q", text, shown)
		}
	})
}
