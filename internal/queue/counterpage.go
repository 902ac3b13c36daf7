package queue

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const (
	counterRefresh = 20 // seconds, without JavaScript
	// counterStream is how long an officer's screen is served without asking again who is signed in.
	counterStream = 10 * time.Minute
	// callSettles is how long after a call the big button does nothing. The call has put a new screen with a
	// new key under the officer's finger: a press that comes so soon was one more for the call, and must not
	// finish a person who is still on the way. The screen rests as long, from when it shows the call.
	callSettles = 3 * time.Second
	// stillNew is how old a call may be for a screen that shows it to rest at all: also one that travelled
	// through a slow network or a busy machine.
	stillNew = 10 * time.Second
)

// callFresh tells that a ticket was called, for the first time or again, less than d ago and the person has not come.
func callFresh(t Ticket, now time.Time, d time.Duration) bool {
	return t.Status == Called && now.Sub(t.CalledAt) < d
}

// moveWords are the moves in the addresses of the officer's screen.
var moveWords = map[string]Move{"panggil-ulang": Recall, "layani": Serve, "tidak-hadir": Absent, "selesai": Finish}

// listCounters shows the counters at which the person works, or may look on.
func (s *Pages) listCounters(c *web.Ctx) error {
	counters, err := s.hall.Counters(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	at, err := s.hall.atCounters(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	crowd, err := s.hall.Crowd(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	// Who has just come is about to open a counter of theirs. With many to choose from nobody knows which.
	mine := slices.DeleteFunc(slices.Clone(counters), func(d *tenant.Counter) bool { return !c.Actor.Can(permCall, AgencyScope(c.Tenant, d.Agency)) })
	if len(mine) <= fewCounters {
		for _, d := range mine {
			s.hall.seen(c.Tenant, d.ID)
		}
	}
	v := counterList{Now: c.Now(), Front: c.Actor.CanWithin(permFind, c.Tenant.Scope)}
	for _, d := range counters {
		row := counterRow{Counter: d, CanCall: c.Actor.Can(permCall, AgencyScope(c.Tenant, d.Agency))}
		for _, l := range d.Series {
			row.Waiting += crowd[l.ID]
		}
		if p, ok := at[d.ID]; ok {
			row.Current = &p
		}
		v.add(row)
	}
	p := page(c, "")
	p.Title = v.title(p)
	p.RefreshSeconds = counterRefresh
	return c.Page(http.StatusOK, counterListPage(p, v))
}

// showCounter is the officer's screen.
func (s *Pages) showCounter(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	v, err := s.counterScreen(c, counter)
	if err != nil {
		return err
	}
	counters, err := s.hall.Counters(c.Std(), c.Tenant, c.Actor)
	if err != nil {
		return err
	}
	v.More = len(counters) > 1
	if v.works() {
		s.hall.seen(c.Tenant, counter) // without a script it is opened anew every counterRefresh
	}
	p := s.counterPage(c, v)
	if knownNotes[c.Query("kabar")] {
		v.Note = c.Query("kabar")
	}
	return c.Page(http.StatusOK, counterScreenPage(p, v))
}

func (s *Pages) counterPage(c *web.Ctx, v counterScreen) ui.Page {
	p := page(c, "")
	if p.User != nil { // somebody who is also a manager works here as the agency's officer
		p.User.Role = c.RoleAt(permCall, AgencyScope(c.Tenant, v.Counter.Agency))
	}
	p.Title = v.title(p)
	p.Path = counterPath(v.Counter)
	p.Live = counterPath(v.Counter) + "/langsung?tampil=" + v.shape(p)
	p.Scripts = []string{"counter.js", "live.js"}
	p.RefreshSeconds = counterRefresh
	return p
}

// counterScreen reads a counter as the request's officer may see it.
func (s *Pages) counterScreen(c *web.Ctx, counter id.ID) (counterScreen, error) {
	return s.readCounter(c.Std(), c.Tenant, c.Actor, counter, c.Now())
}

func (s *Pages) readCounter(ctx context.Context, t *tenant.Tenant, a *authz.Actor, counter id.ID, now time.Time) (counterScreen, error) {
	view, err := s.hall.View(ctx, t, a, counter)
	if err != nil {
		return counterScreen{}, err
	}
	dir, err := s.dirs.Of(ctx, t)
	if err != nil {
		return counterScreen{}, err
	}
	v := counterScreen{CounterView: view, Now: now, Loc: t.Loc, Key: id.New().String()}
	if v.counterPast, err = s.hall.counterPast(ctx, t, counter); err != nil {
		return counterScreen{}, err
	}
	if v.Missed, err = s.hall.missedAt(ctx, t, counter); err != nil {
		return counterScreen{}, err
	}
	scope := AgencyScope(t, view.Counter.Agency)
	v.CanCall, v.CanFinish = a.Can(permCall, scope), a.Can(permFinish, scope)
	v.Opening = dir.Opening(t, view.Counter.Venue, now)
	return v, nil
}

// callNext is a press of the big button.
func (s *Pages) callNext(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	press := Press{CounterID: counter, Key: c.Form("kunci")}
	if seen := c.Form("lihat"); seen != "" {
		if press.Seen, err = id.Parse(seen); err != nil {
			return fault.New(fault.Malformed, "queue.bad_seen")
		}
	} else {
		press.SawNobody = press.Key != "" // the screen's own form, drawn when nobody had been called here
	}
	press.SawFree = c.Form("kosong") != ""
	before, err := s.counterScreen(c, counter)
	if err != nil {
		return err
	}
	if before.works() {
		s.hall.seen(c.Tenant, counter)
	}
	if cur := before.Current; cur != nil && cur.ID == press.Seen && callFresh(cur.Ticket, c.Now(), callSettles) {
		return s.after(c, counter, noteTwice)
	}
	_, called, err := s.hall.CallNext(c.Std(), c.Tenant, c.Actor, press)
	switch {
	case fault.Is(err, "queue.stale"):
		return s.after(c, counter, noteStale)
	case err != nil:
		return err
	case !called:
		return s.after(c, counter, noteNobody)
	}
	return s.after(c, counter, "")
}

// moveTicket is one of the other moves, of the ticket that the officer saw.
func (s *Pages) moveTicket(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	move, ok := moveWords[c.Param("move")]
	if !ok {
		return fault.New(fault.NotFound, "page")
	}
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	if _, here := dir.Counter(counter); !here {
		return fault.New(fault.NotFound, "not_found")
	}
	ticket, err := id.Parse(c.Form("nomor"))
	if err != nil {
		return fault.New(fault.NotFound, "not_found")
	}
	place, err := s.hall.Place(c.Std(), c.Tenant, ticket)
	if err != nil {
		return err
	}
	if place.CounterID != counter {
		return s.after(c, counter, noteStale) // it stands, or waits, elsewhere
	}
	// The button "Selesai" means what it says. The big one was "Panggil berikutnya" a moment ago.
	if move == Finish && c.Form("besar") != "" && callFresh(place.Ticket, c.Now(), callSettles) {
		return s.after(c, counter, noteTwice)
	}
	// And nobody can have come, nor has the board said it, before a call is called again.
	if move == Recall && callFresh(place.Ticket, c.Now(), callSettles) {
		return s.after(c, counter, noteTwice)
	}
	_, err = s.hall.Do(c.Std(), c.Tenant, c.Actor, ticket, move)
	illegal := fault.Is(err, "queue.illegal_move")
	if err == nil || illegal {
		s.hall.seen(c.Tenant, counter)
	}
	if illegal {
		return s.after(c, counter, noteIllegal)
	}
	if err != nil {
		return err
	}
	return s.after(c, counter, "")
}

// after shows the counter as it stands now: as a fragment to htmx, else by leading back to the screen,
// so that a reload presses nothing again.
func (s *Pages) after(c *web.Ctx, counter id.ID, note string) error {
	if c.Actor != nil {
		s.notes.put(counter, c.Actor.UserID, note, c.Now())
	}
	if !c.IsHTMX() {
		path := pathCounters + "/loket/" + counter.String()
		if note != "" {
			path += "?kabar=" + note
		}
		return c.SeeOther(path)
	}
	v, err := s.counterScreen(c, counter)
	if err != nil {
		return err
	}
	v.Note = note
	return c.Fragment(http.StatusOK, counterFragment(s.counterPage(c, v), v))
}

// followCounter keeps the officer's screen up to date: other counters take from the same line, people come.
func (s *Pages) followCounter(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	v, err := s.counterScreen(c, counter)
	if err != nil {
		return err
	}
	p, t, actor, shown, works := s.counterPage(c, v), c.Tenant, c.Actor, c.Query("tampil"), v.works()
	topics := []string{"counter:" + counter.String()}
	for _, l := range v.Counter.Series {
		topics = append(topics, "series:"+l.ID.String())
	}
	return c.Stream(func(stream *web.Stream) error {
		if works {
			defer s.hall.sits(t, counter)()
		}
		e, first := newEasel(stream), true
		ctx, cancel := context.WithTimeout(stream.Context(), counterStream)
		defer cancel()
		err := follow(ctx, s.hub, t, topics, func(ctx context.Context) error {
			v, err := s.readCounter(ctx, t, actor, counter, s.dirs.Now())
			if err != nil {
				return err
			}
			title := headed(p, v.title(p))
			v.Note = s.notes.of(counter, actor.UserID, v.Now)
			// The key is new in each rendering and the timer runs by itself: neither is a change.
			if first && v.shape(p) == shown {
				e.know("loket", title, v.mark(p)) // the page shows it, perhaps with a note of its own
			} else if err := e.put(ctx, "loket", title, v.mark(p), counterMain(p, v)); err != nil {
				return err
			}
			first = false
			if err := e.put(ctx, "antre-judul", title, "", counterWaiting(p, v)); err != nil {
				return err
			}
			if err := e.put(ctx, "antre", title, "", counterLine(p, v)); err != nil {
				return err
			}
			if err := e.put(ctx, "absen", title, v.missedMark(p), counterMissed(p, v)); err != nil {
				return err
			}
			return e.put(ctx, "hari", title, "", counterDay(p, v))
		})
		if ctx.Err() != nil && stream.Context().Err() == nil {
			return stream.Send("", "reconnect", []byte("{}"))
		}
		return err
	})
}
