package rehearsal_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/rehearsal"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
)

func TestTexts(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if strings.HasPrefix(p, "internal/rehearsal/") && !strings.Contains(p, "fault.") {
			t.Error(p)
		}
	}
}

// small is a region with one agency at one venue, which a test changes.
func small(t *testing.T, change func(*tenants.Region, *tenants.Agency)) *tenants.Region {
	t.Helper()
	r := *sample(t, "19.01")
	r.Venues, r.Closures, r.Staff = slices.Clone(r.Venues[:1]), nil, nil
	i := slices.IndexFunc(r.Agencies, func(a tenants.Agency) bool { return a.Code == "dukcapil" })
	a := r.Agencies[i]
	a.Series, a.Counters, a.Services = slices.Clone(a.Series[:1]), slices.Clone(a.Counters[:4]), slices.Clone(a.Services)
	for j := range a.Services {
		a.Services[j].Series = tenants.Codes{a.Series[0].Code}
	}
	r.Agencies = []tenants.Agency{a}
	change(&r, &r.Agencies[0])
	return &r
}

func reckoned(t *testing.T, r *tenants.Region, opt rehearsal.Options) rehearsal.Report {
	t.Helper()
	report, err := rehearsal.Reckoned(t.Context(), r, opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func finding(r rehearsal.Report, kind string) (rehearsal.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f rehearsal.Finding) bool { return f.Kind == kind })
	if i < 0 {
		return rehearsal.Finding{}, false
	}
	return r.Findings[i], true
}

// Each finding is made where there is reason for it, and not where there is none.
func TestFindings(t *testing.T) {
	t.Parallel()
	friday, _ := clock.ParseDay("2026-12-04")
	all := func(*tenants.Region, *tenants.Agency) {}
	one := func(_ *tenants.Region, a *tenants.Agency) { a.Counters = a.Counters[:1] }
	mondays := func(_ *tenants.Region, a *tenants.Agency) {
		a.Counters = slices.Clone(a.Counters[:1])
		a.Counters[0].Days = "mon"
	}
	through := func(r *tenants.Region, _ *tenants.Agency) {
		r.Venues[0].Hours = []tenants.Hours{{Days: "mon-fri", Open: "08:00", Close: "16:00"}}
	}
	officer := tenants.Person{Email: "a@contoh.go.id", Name: "Seseorang", Role: tenants.RoleOfficer, Agency: "dukcapil"}
	bound := officer
	bound.Counters = []string{"sungailiat/1"}
	with := func(people ...tenants.Person) func(*tenants.Region, *tenants.Agency) {
		return func(r *tenants.Region, _ *tenants.Agency) { r.Staff = people }
	}
	for _, c := range []struct {
		name    string
		change  func(*tenants.Region, *tenants.Agency)
		opt     rehearsal.Options
		kind    string
		not     bool
		figures func(rehearsal.Finding) bool
		words   string
	}{
		{name: "nobody declared", change: all, kind: "people", figures: func(f rehearsal.Finding) bool { return f.N == 4 }, words: "4 loket"},
		{name: "one officer for all", change: with(officer), kind: "hands", figures: func(f rehearsal.Finding) bool { return f.N == 1 && f.M == 4 }},
		{name: "one officer for one counter", change: with(bound), kind: "officer", figures: func(f rehearsal.Finding) bool { return f.N == 3 }, words: "Loket 2, Loket 3, dan Loket 4"},
		{name: "people there", change: with(officer), kind: "people", not: true},
		{name: "a Friday without a break", change: through, kind: "friday", words: "pukul 11.45–12.45"},
		{name: "a Friday with a break", change: all, kind: "friday", not: true},
		{name: "waiting through a break", change: one, opt: rehearsal.Options{Day: friday, Visitors: 60}, kind: "break", figures: func(f rehearsal.Finding) bool { return f.N > 5 && f.From == 11*60+30 && f.To == 13*60 }},
		{name: "no break on Wednesdays", change: one, opt: rehearsal.Options{Visitors: 60}, kind: "break", not: true},
		{name: "left at closing", change: one, opt: rehearsal.Options{Visitors: 100}, kind: "left", figures: func(f rehearsal.Finding) bool { return f.N > 20 }},
		{name: "nobody left", change: all, opt: rehearsal.Options{Visitors: 40}, kind: "left", not: true},
		{name: "no number of counters helps", change: one, opt: rehearsal.Options{Visitors: 900}, kind: "hopeless"},
		{name: "a quota", change: func(_ *tenants.Region, a *tenants.Agency) { a.Series[0].Quota = 10 }, opt: rehearsal.Options{Visitors: 60}, kind: "full", figures: func(f rehearsal.Finding) bool { return f.M == 10 && f.N > 40 }},
		{name: "idle", change: all, opt: rehearsal.Options{Visitors: 4}, kind: "idle", words: "hampir tidak terpakai"},
		{name: "without a pause", change: one, opt: rehearsal.Options{Visitors: 60}, kind: "busy", figures: func(f rehearsal.Finding) bool { return f.N == 1 }},
		{name: "served on Mondays", change: mondays, opt: rehearsal.Options{Visitors: 60}, kind: "today", words: "Kependudukan"},
		{name: "nothing at all on Wednesdays", change: mondays, kind: "nobody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.opt.Day == (clock.Day{}) {
				c.opt.Day = wednesday(t)
			}
			c.opt.Seed = 1
			report := reckoned(t, small(t, c.change), c.opt)
			f, found := finding(report, c.kind)
			if found == c.not {
				t.Fatalf("%s found: %t\n%s", c.kind, found, said(report, i18n.ID))
			}
			if c.figures != nil && !c.figures(f) {
				t.Errorf("%+v", f)
			}
			if words := said(report, i18n.ID); !strings.Contains(words, c.words) {
				t.Errorf("%q is not in\n%s", c.words, words)
			}
			for _, l := range i18n.Locales {
				if words := said(report, l); strings.Contains(words, "[rehearsal") || strings.Contains(words, "%!") {
					t.Error(words)
				}
			}
		})
	}
}

// A counter of the agency's own that has little to do is named where it could help.
func TestAQuietCounterCouldHelp(t *testing.T) {
	t.Parallel()
	r := small(t, func(_ *tenants.Region, a *tenants.Agency) {
		a.Series = append(a.Series, tenants.Series{Code: "ikd", Prefix: "AA", Venue: "sungailiat"})
		for i := range a.Services {
			if a.Services[i].Code == "ikd" {
				a.Services[i].Series = tenants.Codes{"ikd"}
			}
		}
		a.Counters = a.Counters[:2]
		a.Counters[1].Series = []string{"ikd"}
	})
	report := reckoned(t, r, rehearsal.Options{Seed: 1, Day: wednesday(t), Visitors: 38})
	f, ok := finding(report, "also")
	if !ok || f.Names[0] != "Loket 2" || f.Then >= f.Minutes {
		t.Errorf("%+v\n%s", f, said(report, i18n.ID))
	}
}
