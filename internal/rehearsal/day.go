package rehearsal

import (
	"container/heap"
	"context"
	"fmt"
	"time"
)

// trace is what happened to one person, in minutes from midnight; a moment that did not come is negative.
type trace struct {
	person
	given                         bool // got a number
	issued, called, served, ended float64
	counter                       string
	absent                        bool
	ticket                        string
}

// played is a day after it was played.
type played struct {
	traces []trace
	busy   map[string]float64 // minutes in which a counter had somebody, by key
	done   map[string]int     // people served at a counter
}

// event is something that happens at a moment: somebody arrives, a counter opens, or goes on with whom it called.
type event struct {
	at      float64
	order   int // events of one moment happen in the order in which they were planned
	person  int // index; -1: a counter's
	counter *seat
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}

// seat is a counter during the day.
type seat struct {
	*counter
	free float64 // since when nobody stands there
	who  int     // index of who stands there; -1: nobody
	next Move    // what happens to them next
}

// director plays a scene.
type director struct {
	scene  *scene
	mall   Mall
	clock  *hand
	last   time.Time
	agenda agenda
	order  int
	seats  []*seat
	ticket map[string]int
	out    *played
}

// play lets the day of a scene happen in a mall, whose clock it sets.
func play(ctx context.Context, s *scene, m Mall, clock *hand) (*played, error) {
	d := &director{scene: s, mall: m, clock: clock, ticket: map[string]int{}, out: &played{busy: map[string]float64{}, done: map[string]int{}}}
	for _, c := range s.desks {
		k := &seat{counter: c, who: -1}
		d.seats = append(d.seats, k)
		for _, p := range c.periods {
			d.plan(float64(p.Open), -1, k)
		}
	}
	for i, p := range s.people {
		d.out.traces = append(d.out.traces, trace{person: p, issued: -1, called: -1, served: -1, ended: -1})
		d.plan(p.at, i, nil)
	}
	for d.agenda.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e := heap.Pop(&d.agenda).(event)
		var err error
		switch {
		case e.person >= 0:
			err = d.arrive(ctx, e.at, e.person)
		case e.counter.who < 0:
			err = d.call(ctx, e.at, e.counter)
		case e.counter.next != "":
			err = d.goOn(ctx, e.at, e.counter)
		}
		if err != nil {
			return nil, err
		}
	}
	return d.out, nil
}

func (d *director) plan(at float64, person int, counter *seat) {
	d.order++
	heap.Push(&d.agenda, event{at: at, order: d.order, person: person, counter: counter})
}

// now sets the clock. No two things happen at one moment, so that a line has one order.
func (d *director) now(at float64) {
	t := d.scene.midnight().Add(time.Duration(at * float64(time.Minute))).Truncate(time.Microsecond)
	if !t.After(d.last) {
		t = d.last.Add(time.Microsecond)
	}
	d.last = t
	d.clock.set(t)
}

// arrive lets somebody take a number, and calls them where somebody sits idle.
func (d *director) arrive(ctx context.Context, at float64, i int) error {
	t := &d.out.traces[i]
	d.now(at)
	ticket, given, err := d.mall.Issue(ctx, t.person.series, t.service)
	if err != nil || !given {
		return err
	}
	t.given, t.issued, t.ticket = true, at, ticket
	d.ticket[ticket] = i
	var idle *seat
	for _, k := range d.seats {
		if k.who < 0 && k.calls(t.person.series) && k.sits(at) && (idle == nil || k.free < idle.free) {
			idle = k
		}
	}
	if idle == nil {
		return nil
	}
	return d.call(ctx, at, idle)
}

// sits tells whether an officer sits at the counter.
func (c *counter) sits(at float64) bool {
	for _, p := range c.periods {
		if float64(p.Open) <= at && at < float64(p.Close) {
			return true
		}
	}
	return false
}

func (d *director) call(ctx context.Context, at float64, k *seat) error {
	if k.who >= 0 || !k.sits(at) {
		return nil
	}
	d.now(at)
	ticket, ok, err := d.mall.Call(ctx, k.key)
	if err != nil || !ok {
		return err
	}
	i, known := d.ticket[ticket]
	if !known {
		return fmt.Errorf("rehearsal: counter %s called a ticket that nobody took", k.key)
	}
	t := &d.out.traces[i]
	t.called, t.counter = at, k.key
	k.who, k.next = i, Serve
	if t.away {
		k.next = Recall
	}
	d.plan(at+t.way, -1, k)
	return nil
}

// goOn makes the next move of who stands at a counter.
func (d *director) goOn(ctx context.Context, at float64, k *seat) error {
	t := &d.out.traces[k.who]
	d.now(at)
	if err := d.mall.Move(ctx, t.ticket, k.next); err != nil {
		return err
	}
	switch k.next {
	case Recall:
		k.next = Absent
		d.plan(at+RecallFor, -1, k)
		return nil
	case Serve:
		t.served, k.next = at, Finish
		d.plan(at+t.minutes, -1, k)
		return nil
	case Absent:
		t.absent = true
	case Finish:
		d.out.done[k.key]++
	}
	t.ended = at
	d.out.busy[k.key] += at - t.called
	k.who, k.next, k.free = -1, "", at
	return d.call(ctx, at, k)
}
