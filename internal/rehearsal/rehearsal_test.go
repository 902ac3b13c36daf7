package rehearsal_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/rehearsal"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

// sample is one of the sample regions.
func sample(t testing.TB, code string) *tenants.Region {
	t.Helper()
	regions, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		if r.Code == code {
			return r
		}
	}
	t.Fatal("no region " + code)
	return nil
}

func rehearsals(t testing.TB) (*rehearsal.Runner, string) {
	r := app.NewRehearsals()
	r.Base = t.TempDir()
	return r, r.Base
}

// A Wednesday without a closure.
func wednesday(t testing.TB) clock.Day {
	d, err := clock.ParseDay("2026-12-02")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rehearse(t testing.TB, r *rehearsal.Runner, region *tenants.Region, opt rehearsal.Options) rehearsal.Report {
	t.Helper()
	opt.Limit = time.Hour // a busy machine is slow, and that is no finding
	report, err := r.Run(t.Context(), region, opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func said(r rehearsal.Report, l i18n.Locale) string {
	p := i18n.For(l)
	out := r.Summary(p)
	for _, s := range r.Sentences(p) {
		out = append(out, s.Text)
	}
	return strings.Join(out, "\n")
}

func empty(t testing.TB, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s is left", e.Name())
	}
}

// The real queue and the model that what-ifs are reckoned with tell the same story of one day, and the same seed tells it
// again.
func TestARehearsalIsTheSameAgain(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	region, opt := sample(t, "19.01"), rehearsal.Options{Seed: 7, Day: wednesday(t), Visitors: 300}
	first := rehearse(t, runner, region, opt)
	empty(t, base)
	if first.Visitors < 250 || first.Served < first.Visitors/2 || first.P90 < 20 {
		t.Fatalf("a strange day, or too quiet a one to tell anything: %+v", first)
	}
	again := rehearse(t, runner, region, opt)
	one, _ := json.Marshal(first)
	two, _ := json.Marshal(again)
	if string(one) != string(two) {
		t.Errorf("the same seed gave\n%s\nand\n%s", one, two)
	}
	model, err := rehearsal.Reckoned(t.Context(), region, opt)
	if err != nil {
		t.Fatal(err)
	}
	three, _ := json.Marshal(model)
	if string(one) != string(three) {
		t.Errorf("the queue tells\n%s\nand the model\n%s", one, three)
	}
	opt.Seed = 8
	if other, _ := json.Marshal(rehearse(t, runner, region, opt)); string(other) == string(one) {
		t.Error("another seed gave the same day")
	}
	if t.Failed() {
		return
	}
	for _, l := range i18n.Locales {
		if words := said(first, l); strings.Contains(words, "[rehearsal") || strings.Contains(words, "%!") {
			t.Errorf("%s: %s", l, words)
		}
	}
	for _, p := range region.Staff { // nobody is named
		if strings.Contains(string(one)+said(first, i18n.ID), p.Name) {
			t.Error("the report names somebody of the staff")
		}
	}
}

// So they do on a Friday with its break, on a day of the vehicle, and with guests who come on some days.
func TestQueueAndModelAgreeOnOtherDays(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	region := served(sample(t, "19.01"), "sungailiat/17", "mon,fri")
	for i, day := range []string{"2026-12-04", "2026-12-01"} {
		opt := rehearsal.Options{Seed: uint64(i), Visitors: 150}
		opt.Day, _ = clock.ParseDay(day)
		model, err := rehearsal.Reckoned(t.Context(), region, opt)
		if err != nil {
			t.Fatal(err)
		}
		one, _ := json.Marshal(rehearse(t, runner, region, opt))
		two, _ := json.Marshal(model)
		if string(one) != string(two) {
			t.Errorf("%s: the queue tells\n%s\nand the model\n%s", day, one, two)
		}
	}
	empty(t, base)
}

// A mall that cannot be opened leaves nothing either.
func TestAMallThatCannotBeOpenedLeavesNothing(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	broken := errors.New("no room on the disk")
	runner.Stage = func(_ context.Context, dir string, _ *tenants.Region, _ clock.Clock) (rehearsal.Mall, func() error, error) {
		return nil, nil, errors.Join(broken, os.WriteFile(filepath.Join(dir, "half.db"), []byte("x"), 0o600))
	}
	if _, err := runner.Run(t.Context(), sample(t, "19.01"), rehearsal.Options{Day: wednesday(t)}); !errors.Is(err, broken) {
		t.Error(err)
	}
	empty(t, base)
}

// One counter for a crowd: the report says how many more are needed and when, and what that changes. With those counters
// it says that they are enough.
func TestARehearsalTellsWhetherCountersAreEnough(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	region := sample(t, "19.01")
	few := *region
	few.Agencies = nil
	for _, a := range region.Agencies {
		if a.Code == "dukcapil" {
			a.Counters = []tenants.Counter{a.Counters[0], a.Counters[4]}
			few.Agencies = append(few.Agencies, a)
		}
	}
	few.Staff = nil
	opt := rehearsal.Options{Seed: 3, Day: wednesday(t), Visitors: 60}
	report := rehearse(t, runner, &few, opt)
	i := slices.IndexFunc(report.Findings, func(f rehearsal.Finding) bool { return f.Kind == "few" })
	if i < 0 {
		t.Fatalf("one counter for 60 people is called enough:\n%s", said(report, i18n.ID))
	}
	f := report.Findings[i]
	if f.Minutes <= 30 || f.Then > 30 || f.N < 1 || f.From >= f.To {
		t.Errorf("the advice is %+v", f)
	}
	if words := said(report, i18n.ID); !strings.Contains(words, "loket untuk Kependudukan (seri A) pukul") {
		t.Error(words)
	}
	for range 6 {
		a := &few.Agencies[0]
		c := a.Counters[0]
		c.Code = "9" + string(rune('0'+len(a.Counters)))
		a.Counters = append(slices.Clone(a.Counters), c)
	}
	report = rehearse(t, runner, &few, opt)
	if len(report.Findings) == 0 || report.Findings[0].Kind != "enough" || report.Left != 0 {
		t.Errorf("seven counters are not enough:\n%s", said(report, i18n.ID))
	}
	empty(t, base)
}

// What a proposal proposes holds on its own rehearsal, for people and days as it reckoned with.
func TestAProposalHoldsInItsRehearsal(t *testing.T) {
	t.Parallel()
	runner, _ := rehearsals(t)
	region := *sample(t, "19.01")
	region.Venues, region.Staff = slices.Clone(region.Venues[:1]), nil
	region.Venues[0].Zones = nil
	region.Closures = nil
	region.Agencies = slices.Clone(region.Agencies)
	for i, a := range region.Agencies {
		a.Series, a.Counters, a.Services = nil, nil, slices.Clone(a.Services)
		for j := range a.Services {
			a.Services[j].Series = nil
		}
		region.Agencies[i] = a
	}
	p := propose.Propose(&region, catalogue.Default(), propose.Expect{Visitors: 150})
	report := rehearse(t, runner, p.Region, rehearsal.Options{Seed: 1, Day: wednesday(t), Visitors: 150})
	if report.P90 > 30 {
		t.Errorf("nine in ten wait up to %d minutes with the counters that were proposed:\n%s", report.P90, said(report, i18n.ID))
	}
	if shared(p.Region) && !slices.ContainsFunc(report.Findings, func(f rehearsal.Finding) bool { return f.Kind == "today" }) {
		t.Error("nothing says that guests come on other days")
	}
}

// served is the region with one of its counters served on some days only.
func served(r *tenants.Region, counter, days string) *tenants.Region {
	out := *r
	out.Agencies = slices.Clone(r.Agencies)
	for i, a := range out.Agencies {
		out.Agencies[i].Counters = slices.Clone(a.Counters)
		for j, c := range a.Counters {
			if c.Venue+"/"+c.Code == counter {
				out.Agencies[i].Counters[j].Days = days
			}
		}
	}
	return &out
}

// shared tells whether some counter is served on some days only.
func shared(r *tenants.Region) bool {
	return slices.ContainsFunc(r.Agencies, func(a tenants.Agency) bool {
		return slices.ContainsFunc(a.Counters, func(c tenants.Counter) bool { return c.Days != "" })
	})
}

// Whatever goes wrong, nothing stays: not of a day that is cancelled, that takes too long, or whose region is refused.
func TestNothingStaysOfARehearsalThatFails(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	region, opt := sample(t, "19.01"), rehearsal.Options{Seed: 1, Day: wednesday(t), Visitors: 100}

	ctx, cancel := context.WithCancel(t.Context())
	whole := runner.Stage
	runner.Stage = func(ctx context.Context, dir string, r *tenants.Region, now clock.Clock) (rehearsal.Mall, func() error, error) {
		m, stop, err := whole(ctx, dir, r, now)
		return &stopping{Mall: m, after: 20, stop: cancel}, stop, err
	}
	if _, err := runner.Run(ctx, region, opt); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled rehearsal: %v", err)
	}
	empty(t, base)

	runner.Stage = func(ctx context.Context, dir string, r *tenants.Region, now clock.Clock) (rehearsal.Mall, func() error, error) {
		m, stop, err := whole(ctx, dir, r, now)
		return &stopping{Mall: m, after: 20, stop: func() { <-ctx.Done() }}, stop, err
	}
	limited := opt
	limited.Limit = 3 * time.Second
	if _, err := runner.Run(t.Context(), region, limited); !fault.Is(err, "rehearsal.slow") {
		t.Errorf("a rehearsal that takes too long: %v", err)
	}
	empty(t, base)

	runner.Stage = whole
	broken := *region
	broken.Agencies = slices.Clone(broken.Agencies)
	broken.Agencies[0].Counters = nil
	var problems tenants.Problems
	if _, err := runner.Run(t.Context(), &broken, opt); !errors.As(err, &problems) {
		t.Errorf("a region that apply would refuse: %v", err)
	}
	holiday := opt
	holiday.Day, _ = clock.ParseDay("2026-12-25")
	if _, err := runner.Run(t.Context(), region, holiday); !fault.Is(err, "rehearsal.closed") {
		t.Errorf("Christmas Day: %v", err)
	}
	empty(t, base)
}

// A region has one rehearsal at a time, and an old folder of a process that was killed goes away with the next.
func TestARegionHasOneRehearsalAtATime(t *testing.T) {
	t.Parallel()
	runner, base := rehearsals(t)
	old := filepath.Join(base, "pendopo-rehearsal-killed")
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	region, opt := sample(t, "19.01"), rehearsal.Options{Seed: 1, Day: wednesday(t), Visitors: 20}
	inner := runner.Stage
	runner.Stage = func(ctx context.Context, dir string, r *tenants.Region, now clock.Clock) (rehearsal.Mall, func() error, error) {
		if _, err := runner.Run(ctx, region, opt); !fault.Is(err, "rehearsal.busy") {
			t.Errorf("a second one beside the first: %v", err)
		}
		if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the old folder: %v", err)
		}
		return inner(ctx, dir, r, now)
	}
	rehearse(t, runner, region, opt)
	runner.Stage = inner
	rehearse(t, runner, region, opt)
	empty(t, base)
}

// stopping calls stop when so many numbers have been taken.
type stopping struct {
	rehearsal.Mall
	after int
	stop  func()
}

func (s *stopping) Issue(ctx context.Context, series, service string) (string, bool, error) {
	if s.after--; s.after == 0 {
		s.stop()
	}
	return s.Mall.Issue(ctx, series, service)
}

// A day of 12 agencies and 40 counters.
func BenchmarkRehearsal(b *testing.B) {
	region := *sample(b, "19.01")
	region.Venues, region.Staff, region.Closures = slices.Clone(region.Venues[:1]), nil, nil
	region.Agencies = nil
	for _, code := range []string{"dukcapil", "dpmptsp", "samsat", "imigrasi", "polri", "bpjs-kesehatan", "atr-bpn", "djp", "bapenda", "bpjs-ketenagakerjaan", "kemenag", "taspen"} {
		known, _ := catalogue.Default().Agency(code)
		a := tenants.Agency{Code: code}
		for _, s := range known.Services {
			a.Services = append(a.Services, tenants.Service{Code: s.Code})
		}
		region.Agencies = append(region.Agencies, a)
	}
	p := propose.Propose(&region, catalogue.Default(), propose.Expect{Visitors: 500})
	b.Logf("%d agencies, %d counters", len(p.Region.Agencies), p.Counters)
	runner, _ := rehearsals(b)
	for b.Loop() {
		r, err := runner.Run(b.Context(), p.Region, rehearsal.Options{Seed: 1, Day: wednesday(b), Visitors: 500})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Visitors), "visitors")
	}
}
