package catalog

import (
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

func TestWhen(t *testing.T) {
	id, en := i18n.For(i18n.ID).In(clock.WIT), i18n.For(i18n.EN).In(clock.WIT)
	now := time.Date(2026, 11, 23, 15, 30, 0, 0, time.UTC) // Tuesday 00.30 WIT
	for _, c := range []struct {
		p    *i18n.Printer
		at   time.Time
		want string
	}{
		{id, now.Add(8 * time.Hour), "pukul 08.30 WIT"},
		{id, now.Add(23*time.Hour + 29*time.Minute), "pukul 23.59 WIT"},
		{id, now.Add(31 * time.Hour), "besok pukul 07.30 WIT"},
		{id, now.Add(55 * time.Hour), "Kamis, 26 November 2026, pukul 07.30 WIT"},
		{en, now.Add(31 * time.Hour), "tomorrow at 07:30 WIT"},
		{en, now.Add(55 * time.Hour), "on Thursday, 26 November 2026, at 07:30 WIT"},
	} {
		if got := when(c.p, c.at, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.at, got, c.want)
		}
	}
}

func TestHoursRows(t *testing.T) {
	long, short := []tenants.Period{{Open: 480, Close: 690}, {Open: 780, Close: 930}}, []tenants.Period{{Open: 480, Close: 930}}
	week := []DayHours{
		{Day: time.Monday, Periods: short}, {Day: time.Tuesday, Periods: short, Today: true}, {Day: time.Wednesday, Periods: short},
		{Day: time.Thursday, Periods: short}, {Day: time.Friday, Periods: long}, {Day: time.Saturday}, {Day: time.Sunday, Closure: &tenant.Closure{Reason: "Libur"}},
	}
	rows := hoursRows(i18n.For(i18n.ID), week)
	var got []string
	for _, r := range rows {
		line := r.Days
		for _, h := range r.Hours {
			line += " " + h
		}
		got = append(got, line+r.Reason.Text)
	}
	want := []string{"Senin 08.00–15.30", "Selasa (hari ini) 08.00–15.30", "Rabu–Kamis 08.00–15.30", "Jumat 08.00–11.30 13.00–15.30", "Sabtu", "MingguLibur"}
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	if r := hoursRows(i18n.For(i18n.EN), week)[6-1]; r.Reason.lang != "id" {
		t.Errorf("a closure's reason has no language on an English page: %+v", r)
	}
	week[6].Closure.ReasonEN = "Holiday"
	if r := hoursRows(i18n.For(i18n.EN), week)[6-1].Reason; r.Text != "Holiday" || r.lang != "" {
		t.Errorf("a closure's English reason is not used: %+v", r)
	}
}

func TestDays(t *testing.T) {
	day := func(s string) clock.Day {
		d, err := clock.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range [][3]string{
		{"2026-12-25", "2026-12-25", "Jumat, 25 Desember 2026"},
		{"2026-12-25", "2026-12-26", "25–26 Desember 2026"},
		{"2026-12-31", "2027-01-01", "31 Desember 2026–1 Januari 2027"},
	} {
		if got := days(i18n.For(i18n.ID), tenant.Closure{FirstDay: day(c[0]), LastDay: day(c[1])}); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
}

// An English page has the facts of the Indonesian one.
func TestFactsAreThoseOfBothLanguages(t *testing.T) {
	o := &tenant.Service{ServiceRow: tenant.ServiceRow{Name: "KTP-el"}}
	o.Standard = &catalogue.Standard{Fee: "Gratis", FeeEN: "Free", Product: "KTP-el", ProductEN: "A new identity card (KTP-el) with the same number", Proxy: "tidak"}
	id, en := facts(i18n.For(i18n.ID), o), facts(i18n.For(i18n.EN), o)
	if len(id) != 3 || len(en) != len(id) {
		t.Errorf("%+v\n%+v", id, en)
	}
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		waiting, counters int
		want              Load
	}{{0, 0, Quiet}, {1, 0, Quiet}, {2, 2, Quiet}, {3, 2, Steady}, {8, 2, Steady}, {9, 2, Busy}, {5, 1, Busy}} {
		if got := loadOf(c.waiting, c.counters); got != c.want {
			t.Errorf("%d wait for %d counters: %d, want %d", c.waiting, c.counters, got, c.want)
		}
	}
}
