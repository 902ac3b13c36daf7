package tenant

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/tenants"
)

// Opening is how a venue stands at a moment.
type Opening struct {
	Open         bool      // somebody serves now
	Tickets      bool      // numbers are given now
	Until        time.Time // end of the current period, when open
	TicketsUntil time.Time // when today's numbers stop; zero when today has no period left
	Next         time.Time // next opening, when not open; zero when none is in sight
	Closure      *Closure  // what closes the venue today; nil: nothing but its hours
	Always       bool      // a demo is open at any hour
	Old          bool      // another system gives the numbers, see Venue.GivesFrom
}

// Schedule is a directory of a region's venues and closures alone, made of what it declares: what Opening needs,
// without a look into the region's rows.
func Schedule(t ID, declared *tenants.Region, r *tenants.Resolved) (*Directory, error) {
	d := &Directory{}
	for i, v := range r.Venues {
		d.Venues = append(d.Venues, &Venue{
			VenueRow: VenueRow{ID: VenueID(t, v.Code), Code: v.Code, Name: v.Name, NameEN: v.NameEN, Kind: string(v.Kind), TicketsStop: v.TicketsStop, Sort: i},
			Hours:    declared.Venues[i].Hours,
		})
	}
	for _, c := range r.Closures {
		row, err := closureRow(t, c)
		if err != nil {
			return nil, err
		}
		d.Closures = append(d.Closures, *row)
	}
	return d, nil
}

// horizon is how far ahead an opening is looked for, in days.
const horizon = 30

// Periods are a venue's opening periods on a local day, in order. A closed day has none; closure is what
// closes it, if not its hours.
func (d *Directory) Periods(v *Venue, day clock.Day) (periods []tenants.Period, closure *Closure) {
	for i := range d.Closures {
		c := &d.Closures[i]
		if (c.VenueID.IsZero() || c.VenueID == v.ID) && !day.Before(c.FirstDay) && !c.LastDay.Before(day) {
			return nil, c
		}
	}
	return tenants.Venue{Hours: v.Hours}.Periods(day.Weekday()), nil
}

// Opening tells how a venue stands now. A demo's venues are open all day, whatever the hours say. While another system
// gives the numbers, none are given here.
func (d *Directory) Opening(t *Tenant, v *Venue, now time.Time) Opening {
	o := d.opening(t, v, now)
	if now.Before(v.GivesFrom) {
		o.Old, o.Tickets, o.TicketsUntil = true, false, time.Time{}
	}
	return o
}

func (d *Directory) opening(t *Tenant, v *Venue, now time.Time) Opening {
	today := t.Today(now)
	if t.Demo {
		end := today.At(24*60, t.Loc)
		return Opening{Open: true, Tickets: true, Until: end, TicketsUntil: end, Always: true}
	}
	var o Opening
	periods, closure := d.Periods(v, today)
	o.Closure = closure
	for _, p := range periods {
		from, to := today.At(p.Open, t.Loc), today.At(p.Close, t.Loc)
		if !now.Before(from) && now.Before(to) {
			o.Open, o.Until = true, to
		}
		if o.Next.IsZero() && now.Before(from) {
			o.Next = from
		}
	}
	if len(periods) > 0 {
		// Numbers are given from the first opening on, through a break, until they stop before the
		// last closing.
		first := today.At(periods[0].Open, t.Loc)
		stop := today.At(periods[len(periods)-1].Close-v.TicketsStop, t.Loc)
		if now.Before(stop) {
			o.TicketsUntil = stop
			o.Tickets = !now.Before(first)
		}
	}
	if o.Open {
		o.Next = time.Time{}
		return o
	}
	if o.Next.IsZero() {
		o.Next = d.nextOpening(t, v, today)
	}
	return o
}

// Default is the one of a service's series that is meant where nobody says which: the first that gives
// numbers now, else the first. nil: the service gives none.
func (d *Directory) Default(t *Tenant, o *Service, now time.Time) *Series {
	for _, s := range o.Series {
		if d.Opening(t, s.Venue, now).Tickets {
			return s
		}
	}
	if len(o.Series) > 0 {
		return o.Series[0]
	}
	return nil
}

func (d *Directory) nextOpening(t *Tenant, v *Venue, today clock.Day) time.Time {
	for n := 1; n <= horizon; n++ {
		day := today.Add(n)
		if periods, _ := d.Periods(v, day); len(periods) > 0 {
			return day.At(periods[0].Open, t.Loc)
		}
	}
	return time.Time{}
}

// NextTickets is when numbers are given again, when they are not given now: the opening of today or
// of a later day.
func (d *Directory) NextTickets(t *Tenant, v *Venue, now time.Time) time.Time {
	if now.Before(v.GivesFrom) {
		if v.GivesFrom.Equal(Never) {
			return time.Time{}
		}
		if now = v.GivesFrom; d.opening(t, v, now).Tickets {
			return now
		}
	}
	today := t.Today(now)
	if periods, _ := d.Periods(v, today); len(periods) > 0 {
		if first := today.At(periods[0].Open, t.Loc); now.Before(first) {
			return first
		}
	}
	return d.nextOpening(t, v, today)
}
