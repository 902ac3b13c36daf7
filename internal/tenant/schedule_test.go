package tenant

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/tenants"
)

func moment(t *testing.T, s string, loc *time.Location) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func day(s string) clock.Day {
	d, err := clock.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

var week = []tenants.Hours{
	{Days: "mon-thu", Open: "08:00", Close: "15:30"},
	{Days: "fri", Open: "08:00", Close: "11:30"},
	{Days: "fri", Open: "13:00", Close: "15:30"},
}

func TestOpening(t *testing.T) {
	tn := &Tenant{Loc: clock.WITA}
	office := &Venue{VenueRow: VenueRow{ID: id.New(), TicketsStop: 60}, Hours: week}
	d := &Directory{Closures: []Closure{{FirstDay: day("2026-12-25"), LastDay: day("2026-12-25"), Reason: "Hari Raya Natal"}}}
	for _, c := range []struct {
		at            string
		open, tickets bool
		next          string // of the venue
		nextTickets   string
	}{
		{"2026-11-23 07:59", false, false, "2026-11-23 08:00", "2026-11-23 08:00"}, // Monday
		{"2026-11-23 08:00", true, true, "", ""},
		{"2026-11-23 14:29", true, true, "", ""},
		{"2026-11-23 14:30", true, false, "", "2026-11-24 08:00"},
		{"2026-11-23 15:30", false, false, "2026-11-24 08:00", "2026-11-24 08:00"},
		{"2026-11-27 12:00", false, true, "2026-11-27 13:00", ""}, // Friday's break: numbers for the afternoon
		{"2026-11-27 23:00", false, false, "2026-11-30 08:00", "2026-11-30 08:00"},
		{"2026-12-24 16:00", false, false, "2026-12-28 08:00", "2026-12-28 08:00"}, // Christmas on a Friday
		{"2026-12-25 09:00", false, false, "2026-12-28 08:00", "2026-12-28 08:00"},
	} {
		now := moment(t, c.at, clock.WITA)
		o := d.Opening(tn, office, now)
		show := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.In(clock.WITA).Format("2006-01-02 15:04")
		}
		if o.Open != c.open || o.Tickets != c.tickets || show(o.Next) != c.next {
			t.Errorf("%s: open %v, tickets %v, next %q; want %v, %v, %q", c.at, o.Open, o.Tickets, show(o.Next), c.open, c.tickets, c.next)
		}
		if !o.Tickets {
			if got := show(d.NextTickets(tn, office, now)); got != c.nextTickets {
				t.Errorf("%s: next tickets %q, want %q", c.at, got, c.nextTickets)
			}
		}
		if (c.at[:10] == "2026-12-25") != (o.Closure != nil) {
			t.Errorf("%s: closure %v", c.at, o.Closure)
		}
	}
	if o := d.Opening(&Tenant{Loc: clock.WIB, Demo: true}, office, moment(t, "2026-12-25 03:00", clock.WIB)); !o.Open || !o.Tickets || !o.Always {
		t.Error("a demo is open at any hour")
	}
}

func TestAClosureShutsItsVenueOnly(t *testing.T) {
	tn := &Tenant{Loc: clock.WIB}
	a, b := &Venue{VenueRow: VenueRow{ID: id.New()}, Hours: week}, &Venue{VenueRow: VenueRow{ID: id.New()}, Hours: week}
	d := &Directory{Closures: []Closure{{VenueID: a.ID, FirstDay: day("2026-11-23"), LastDay: day("2026-11-24"), Reason: "x"}}}
	now := moment(t, "2026-11-24 10:00", clock.WIB)
	if d.Opening(tn, a, now).Open || !d.Opening(tn, b, now).Open {
		t.Error("the wrong venue is closed")
	}
}

func TestTheDefaultIsTheFirstThatGivesNumbers(t *testing.T) {
	tn := &Tenant{Loc: clock.WIB}
	at := func(hours ...tenants.Hours) *Series {
		return &Series{SeriesRow: SeriesRow{ID: id.New()}, Venue: &Venue{VenueRow: VenueRow{ID: id.New()}, Hours: hours}}
	}
	office, vehicle := at(week...), at(tenants.Hours{Days: "sat,sun,mon", Open: "09:00", Close: "13:00"})
	d, o := &Directory{}, &Service{Series: []*Series{office, vehicle}}
	for when, want := range map[string]*Series{
		"2026-11-23 10:00": office,  // Monday: both
		"2026-11-24 10:00": office,  // Tuesday: the office alone
		"2026-11-28 10:00": vehicle, // Saturday: the vehicle alone
		"2026-11-28 20:00": office,  // nobody: the first
	} {
		if got := d.Default(tn, o, moment(t, when, clock.WIB)); got != want {
			t.Errorf("%s: the wrong series", when)
		}
	}
	if d.Default(tn, &Service{}, moment(t, "2026-11-23 10:00", clock.WIB)) != nil {
		t.Error("a service without series has one")
	}
}

// Whatever the hours: numbers are never promised for a moment at which the venue then gives none.
func TestTheNextOpeningIsOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		open := rapid.IntRange(0, 22).Draw(t, "open")
		hours := []tenants.Hours{{
			Days: rapid.SampledFrom([]string{"mon", "mon-fri", "sat,sun", "wed", "sat-mon"}).Draw(t, "days"),
			Open: tenants.FormatClock(open * 60), Close: tenants.FormatClock(rapid.IntRange(open+1, 24).Draw(t, "close") * 60),
		}}
		loc := rapid.SampledFrom([]*time.Location{clock.WIB, clock.WITA, clock.WIT}).Draw(t, "zone")
		v := &Venue{VenueRow: VenueRow{ID: id.New()}, Hours: hours}
		d, tn := &Directory{}, &Tenant{Loc: loc}
		now := time.Unix(rapid.Int64Range(1.7e9, 1.9e9).Draw(t, "now"), 0).UTC()
		if o := d.Opening(tn, v, now); !o.Open {
			if !o.Next.After(now) || !d.Opening(tn, v, o.Next).Open || d.Opening(tn, v, o.Next.Add(-time.Second)).Open {
				t.Fatalf("%v is not the next opening of %v at %v", o.Next, hours, now)
			}
		}
		if o := d.Opening(tn, v, now); !o.Tickets {
			next := d.NextTickets(tn, v, now)
			if !next.After(now) || !d.Opening(tn, v, next).Tickets {
				t.Fatalf("no numbers at %v, the next are promised for %v", now, next)
			}
		}
	})
}
