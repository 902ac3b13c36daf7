package propose_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

var cat = catalogue.Default()

var (
	office  = tenants.Venue{Code: "utama", Name: "Kantor", Kind: tenants.Office, Hours: []tenants.Hours{{Days: "mon-thu", Open: "08:00", Close: "15:30"}, {Days: "fri", Open: "08:00", Close: "11:30"}}}
	vehicle = tenants.Venue{Code: "keliling", Name: "Keliling", Kind: tenants.Vehicle, Hours: []tenants.Hours{{Days: "tue,thu", Open: "09:00", Close: "13:00"}}}
	digital = tenants.Venue{Code: "daring", Name: "Daring", Kind: tenants.Digital, Hours: []tenants.Hours{{Days: "mon-sun", Open: "00:00", Close: "24:00"}}}
)

// region takes agencies with all their services from the catalogue.
func region(venues []tenants.Venue, agencies ...string) *tenants.Region {
	seat, _ := areas.SeatByCode("19.01")
	r := &tenants.Region{Code: seat.Code, Timezone: seat.Zone, Organiser: "DPMPTSP", Venues: venues}
	for _, code := range agencies {
		known, ok := cat.Agency(code)
		if !ok {
			panic(code)
		}
		a := tenants.Agency{Code: code}
		for _, s := range known.Services {
			a.Services = append(a.Services, tenants.Service{Code: s.Code})
		}
		r.Agencies = append(r.Agencies, a)
	}
	return r
}

// checks writes a region and reads it with everything that tenants checks.
func checks(t interface{ Fatal(...any) }, r *tenants.Region) tenants.Problems {
	dir, err := os.MkdirTemp("", "propose-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, r.FolderName())
	if err := tenants.Write(dir, r); err != nil {
		t.Fatal(err)
	}
	_, problems := tenants.LoadDir(dir)
	return problems
}

func same(a, b tenants.Counter) bool { return reflect.DeepEqual(a, b) }

func drawRegion(t *rapid.T) *tenants.Region {
	venues := []tenants.Venue{office, vehicle, digital}[:rapid.IntRange(1, 3).Draw(t, "venues")]
	if rapid.Bool().Draw(t, "zones") {
		venues = slices.Clone(venues)
		venues[0].Zones = []tenants.Zone{{Code: "x", Name: "X"}, {Code: "y", Name: "Y"}}
	}
	r := region(venues)
	for _, known := range rapid.SliceOfNDistinct(rapid.SampledFrom(cat.Agencies()), 1, 9, func(a catalogue.Agency) string { return a.Code }).Draw(t, "agencies") {
		a := tenants.Agency{Code: known.Code}
		for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom(known.Services), 1, len(known.Services), func(s catalogue.Service) string { return s.Code }).Draw(t, "services") {
			a.Services = append(a.Services, tenants.Service{Code: s.Code, Minutes: rapid.SampledFrom([]int{0, 0, 5, 10, 20, 45}).Draw(t, "minutes")})
		}
		r.Agencies = append(r.Agencies, a)
	}
	return r
}

func drawExpect(t *rapid.T, r *tenants.Region) propose.Expect {
	e := propose.Expect{Visitors: rapid.SampledFrom([]int{0, 1, 60, 300, 1500}).Draw(t, "visitors"), At: map[string][]string{}}
	for _, a := range r.Agencies {
		if rapid.IntRange(0, 3).Draw(t, "elsewhere") == 0 {
			e.At[a.Code] = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"utama", "keliling", "daring", "tidak-ada"}), 1, 3, rapid.ID[string]).Draw(t, "at")
		}
	}
	return e
}

// Whatever was chosen, the proposal is a region that tenants takes, and that again is proposed nothing.
func TestTheProposalIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRegion(t)
		want := drawExpect(t, r)
		before := fmt.Sprintf("%+v", r)
		p := propose.Propose(r, cat, want)
		if fmt.Sprintf("%+v", r) != before {
			t.Fatal("the region itself was changed")
		}
		if problems := checks(t, p.Region); problems.Err() != nil {
			t.Fatal(problems.Err())
		}
		prefixes := map[string]bool{}
		for _, a := range p.Region.Agencies {
			for _, s := range a.Series {
				if at := s.Venue + "/" + s.Prefix; prefixes[at] {
					t.Fatalf("prefix %s twice", at)
				} else {
					prefixes[at] = true
				}
				if !slices.ContainsFunc(a.Counters, func(c tenants.Counter) bool { return slices.Contains(c.Series, s.Code) }) {
					t.Fatalf("%s: no counter calls %s", a.Code, s.Code)
				}
			}
			for _, s := range a.Services {
				if propose.AtCounter(cat, a.Code, s) && len(s.Series) == 0 {
					t.Fatalf("%s/%s has no series", a.Code, s.Code)
				}
			}
		}
		for _, reason := range p.Reasons {
			if reason.Why.ID == "" || reason.Why.EN == "" || strings.Contains(reason.Why.ID+reason.Why.EN, "%!") {
				t.Fatalf("a reason says nothing: %+v", reason)
			}
		}
		if !reflect.DeepEqual(p, propose.Propose(r, cat, want)) {
			t.Fatal("the same region gave another proposal")
		}
		if again := propose.Propose(p.Region, cat, want); again.Series+again.Counters != 0 || !tenants.Equal(again.Region, p.Region) {
			t.Fatalf("a complete region was proposed %d series and %d counters more", again.Series, again.Counters)
		}
	})
}

// A service more, also of an agency more, leaves every counter and series that is there as it is.
func TestAServiceMoreRemovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRegion(t)
		want := drawExpect(t, r)
		i := rapid.IntRange(0, len(r.Agencies)-1).Draw(t, "agency")
		less := *r
		less.Agencies = slices.Clone(r.Agencies)
		if n := len(r.Agencies[i].Services); n > 1 {
			less.Agencies[i].Services = r.Agencies[i].Services[:n-1]
		} else {
			less.Agencies = slices.Delete(less.Agencies, i, i+1)
		}
		first := propose.Propose(&less, cat, want)
		next := *first.Region
		next.Agencies = slices.Clone(first.Region.Agencies)
		if len(next.Agencies) == len(r.Agencies) {
			a := &next.Agencies[i]
			a.Services = append(slices.Clone(a.Services), r.Agencies[i].Services[len(a.Services)])
		} else {
			next.Agencies = slices.Insert(next.Agencies, i, r.Agencies[i])
		}
		second := propose.Propose(&next, cat, want)
		if problems := checks(t, second.Region); problems.Err() != nil {
			t.Fatal(problems.Err())
		}
		for _, a := range first.Region.Agencies {
			now := second.Region.Agencies[slices.IndexFunc(second.Region.Agencies, func(o tenants.Agency) bool { return o.Code == a.Code })]
			if len(now.Counters) < len(a.Counters) || len(now.Series) < len(a.Series) || !slices.EqualFunc(now.Counters[:len(a.Counters)], a.Counters, same) || !slices.Equal(now.Series[:len(a.Series)], a.Series) {
				t.Fatalf("%s had %+v and has %+v", a.Code, a.Counters, now.Counters)
			}
		}
	})
}

// No desk has two agencies on one day where the proposal put them there.
func TestADeskHasOneAgencyADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRegion(t)
		p := propose.Propose(r, cat, drawExpect(t, r))
		for _, d := range p.Week {
			for day, agencies := range d.Agency {
				if len(agencies) > 1 {
					t.Fatalf("%s %s: %v on %s", d.Venue, d.Name, agencies, day)
				}
			}
		}
	})
}

func TestMoreVisitorsNeedMoreCounters(t *testing.T) {
	count := func(visitors int) int {
		return propose.Propose(region([]tenants.Venue{office}, "dukcapil", "imigrasi", "dpmptsp"), cat, propose.Expect{Visitors: visitors}).Counters
	}
	if few, many := count(60), count(400); few >= many || few < 3 {
		t.Errorf("60 visitors: %d counters, 400: %d", few, many)
	}
}

// Small agencies come on different days and share a desk; the region's own come each day.
func TestSmallAgenciesShareADesk(t *testing.T) {
	p := propose.Propose(region([]tenants.Venue{office}, "dukcapil", "dpmptsp", "samsat", "imigrasi", "polri", "taspen", "asabri", "pos", "bnn"), cat, propose.Expect{Visitors: 60})
	shared := ""
	for _, d := range p.Week {
		if len(d.Counters) > 1 {
			shared = d.Name
		}
		for _, own := range []string{"dukcapil", "dpmptsp"} {
			if slices.Contains(d.Agency[time.Monday], own) && !slices.Contains(d.Agency[time.Friday], own) {
				t.Errorf("%s does not come on Friday", own)
			}
		}
	}
	if shared == "" {
		t.Fatalf("no desk is shared: %+v", p.Week)
	}
	for _, d := range p.Week { // who shares says so in the region itself
		for _, a := range p.Region.Agencies {
			for _, c := range a.Counters {
				some := slices.Contains(d.Counters, c.Venue+"/"+c.Code) && len(d.Counters) > 1
				if some && (c.Days == "" || !slices.Contains(d.Agency[dayOf(t, c.Days)], a.Code)) {
					t.Errorf("%s at %s is served on %q", a.Code, d.Name, c.Days)
				}
			}
		}
	}
	said := false
	for _, r := range p.Reasons {
		said = said || strings.Contains(r.Why.ID, "cukup datang hari Senin") && strings.Contains(r.Why.EN, "coming on Monday")
	}
	if !said {
		t.Error("nothing says on which day who comes")
	}
}

// dayOf is the first of a counter's days.
func dayOf(t *testing.T, days string) time.Weekday {
	t.Helper()
	week, err := tenants.ParseDays(days)
	if err != nil {
		t.Fatal(err)
	}
	return time.Weekday(slices.Index(week[:], true))
}

// Days that the region has given a counter are what is reckoned with: its desk is free on the others.
func TestTheRegionsOwnDaysAreReckonedWith(t *testing.T) {
	r := region([]tenants.Venue{office}, "taspen", "dukcapil", "dpmptsp", "samsat", "imigrasi", "polri", "asabri", "pos", "bnn")
	a := &r.Agencies[0]
	a.Series = []tenants.Series{{Code: "umum", Prefix: "Q", Venue: "utama"}}
	a.Counters = []tenants.Counter{{Code: "1", Venue: "utama", Days: "fri", Series: []string{"umum"}}}
	for i := range a.Services {
		a.Services[i].Series = tenants.Codes{"umum"}
	}
	desk := func() propose.Desk {
		p := propose.Propose(r, cat, propose.Expect{Visitors: 60})
		i := slices.IndexFunc(p.Week, func(d propose.Desk) bool { return slices.Contains(d.Counters, "utama/1") })
		if i < 0 {
			t.Fatalf("the picture is %+v", p.Week)
		}
		return p.Week[i]
	}
	if d := desk(); !slices.Equal(d.Agency[time.Friday], []string{"taspen"}) || len(d.Counters) < 2 || len(d.Agency[time.Monday]) != 1 || d.Agency[time.Monday][0] == "taspen" {
		t.Errorf("a desk that is free but on Fridays: %+v", d)
	}
	a.Counters[0].Days = "mon-sun"
	if d := desk(); len(d.Counters) > 1 || !slices.Equal(d.Agency[time.Monday], []string{"taspen"}) {
		t.Errorf("a desk of each day: %+v", d)
	}
}

// What is set already is told about, not changed.
func TestTooFewCountersAreRemarked(t *testing.T) {
	r := region([]tenants.Venue{office}, "dukcapil")
	r.Agencies[0].Series = []tenants.Series{{Code: "umum", Prefix: "Q", Venue: "utama"}}
	r.Agencies[0].Counters = []tenants.Counter{{Code: "1", Venue: "utama", Series: []string{"umum"}}}
	p := propose.Propose(r, cat, propose.Expect{Visitors: 200})
	if got := p.Region.Agencies[0]; len(got.Counters) != 1 || got.Series[0].Prefix != "Q" {
		t.Errorf("what was set has changed: %+v", got)
	}
	i := slices.IndexFunc(p.Reasons, func(r propose.Reason) bool { return r.Kind == propose.Remark })
	if i < 0 || !strings.Contains(p.Reasons[i].Why.ID, "menyiapkan satu loket") {
		t.Errorf("nothing says that one counter is too few: %+v", p.Reasons)
	}
}

// The figures of Erlang C, by a textbook's example: 2 calls a minute of 3 minutes each, 8 agents: a quarter waits or so.
func TestErlang(t *testing.T) {
	// a = 6, n = 8: C = 0.3570, mean wait = C*3/(8-6) = 0.5355 minutes.
	if w := propose.Wait(120, 3, 8); math.Abs(w-0.5355) > 0.001 {
		t.Errorf("mean wait %.4f", w)
	}
	// One counter is M/M/1: rho/(1-rho) service times.
	if w := propose.Wait(3, 10, 1); math.Abs(w-10) > 1e-9 {
		t.Errorf("M/M/1 at half load waits %.3f minutes, not 10", w)
	}
	if w := propose.Wait(12, 10, 2); w >= 0 {
		t.Errorf("two counters for two erlangs wait %.3f", w)
	}
	if n := propose.Need(120, 3, 15); n != 8 { // 6/7 is more than 85 % busy
		t.Errorf("needs %d counters", n)
	}
}
