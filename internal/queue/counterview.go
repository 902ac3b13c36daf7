package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// counterList are the counters that a person may open, by agency.
type counterList struct {
	Now    time.Time
	Front  bool // the person works at the front desk
	Groups []counterGroup
}

type counterGroup struct {
	Agency *tenant.Agency
	Rows   []counterRow
}

type counterRow struct {
	*tenant.Counter
	Current *Place
	Waiting int
	CanCall bool
}

func (l *counterList) add(r counterRow) {
	if n := len(l.Groups); n == 0 || l.Groups[n-1].Agency != r.Agency {
		l.Groups = append(l.Groups, counterGroup{Agency: r.Agency})
	}
	g := &l.Groups[len(l.Groups)-1]
	g.Rows = append(g.Rows, r)
}

// place is where the counter is: "Kantor Pelayanan Sungailiat, Lantai 1".
func (r counterRow) place(p ui.Page) string {
	if at, en := counterPlace(r.Counter); at != "" {
		return venueName(p, r.Venue) + ", " + english(p, at, en)
	}
	return venueName(p, r.Venue)
}

// lookOnly tells that the person calls at none of them.
func (l counterList) lookOnly() bool {
	for _, g := range l.Groups {
		for _, r := range g.Rows {
			if r.CanCall {
				return false
			}
		}
	}
	return len(l.Groups) > 0
}

func (l counterList) title(p ui.Page) string {
	if l.lookOnly() {
		return p.T("queue.counters_all")
	}
	return p.T("queue.counters")
}

// counterScreen is a counter as its officer sees it, and what the officer may do.
type counterScreen struct {
	CounterView
	counterPast
	Missed    []Place // who was not there today, of the series that are called here: the last few
	Now       time.Time
	Loc       *time.Location
	Key       string // of this rendering: the same press sent twice calls once
	Opening   tenant.Opening
	CanCall   bool
	CanFinish bool
	More      bool // the person has further counters
	Note      string
}

// works tells that the person does something here and does not only look on.
func (v counterScreen) works() bool { return v.CanCall || v.CanFinish }

// next is who the big button calls; nil: nobody waits.
func (v counterScreen) next() *Place {
	if len(v.Line) == 0 {
		return nil
	}
	return &v.Line[0]
}

// title is the window's: "Loket 3 · A-024 Sedang dilayani".
func (v counterScreen) title(p ui.Page) string {
	if v.Current == nil {
		return v.Counter.Name + " · " + p.T("queue.counter_free")
	}
	return v.Counter.Name + " · " + v.Current.Label + " " + stateText(p, v.Current.Status)
}

// heading is the page's h1.
func (v counterScreen) heading(p ui.Page) string {
	switch {
	case v.Current == nil:
		return p.T("queue.counter_h1_free", v.Counter.Name)
	case v.Current.Status == Called:
		return p.T("queue.counter_h1_called", v.Counter.Name, v.Current.Label)
	}
	return p.T("queue.counter_h1_serving", v.Counter.Name, v.Current.Label)
}

// mark is what the main part shows, without what is new in every rendering.
func (v counterScreen) mark(p ui.Page) string {
	mark := v.bigText(p) + "|" + v.pastText(p) + "|" + v.Seen.String() + "|" + v.Note
	if c := v.Current; c != nil {
		mark += fmt.Sprint("|", c.ID, c.Status, c.Calls, c.CalledAt.UnixMicro())
	}
	return mark
}

// shape is the mark without the note, short enough for an address. The page tells it to its stream.
func (v counterScreen) shape(p ui.Page) string {
	v.Note = ""
	sum := sha256.Sum256([]byte(v.mark(p)))
	return hex.EncodeToString(sum[:4])
}

// waited says when the person came and how long they waited: the time between what it shows, to the minute.
func (v counterScreen) waited(p ui.Page) string {
	c, pr := v.Current, p.Print()
	return p.T("queue.waited", pr.Time(c.CreatedAt), pr.Time(c.CalledAt), pr.Minutes(whole(c.CreatedAt.Truncate(time.Minute), c.CalledAt.Truncate(time.Minute))))
}

// since is when the timer began: the service's, or, until the person is there, the call's.
func (v counterScreen) since() time.Time {
	if v.Current.Status == Serving {
		return v.Current.ServedAt
	}
	return v.Current.CalledAt
}

func (v counterScreen) elapsed() int { return max(0, int(v.Now.Sub(v.since())/time.Second)) }

// timer is 04.12, or 1.04.12, as counter.js goes on with it.
func (v counterScreen) timer() string {
	s := v.elapsed()
	if h := s / 3600; h > 0 {
		return fmt.Sprintf("%d.%02d.%02d", h, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d.%02d", s/60, s%60)
}

// standard is how long the service may take, in seconds; 0: not stated, or the person is not there yet.
func (v counterScreen) standard() int {
	if v.Current.Status != Serving {
		return 0
	}
	return v.Current.Service.Minutes * 60
}

// barWidth is the width of the standard's bar when it is full, in its own units.
const barWidth = 150

func (v counterScreen) bar() string {
	return strconv.Itoa(min(barWidth, v.elapsed()*barWidth/max(v.standard(), 1)))
}

// bigText says what the big button will do, or why it does nothing.
func (v counterScreen) bigText(p ui.Page) string {
	next := v.next()
	switch {
	case next == nil && v.Current == nil && !v.Opening.Tickets && !v.Opening.Always:
		return p.T("queue.big_shut", openText(p, v.Opening, v.Now, v.Loc))
	case next == nil && v.Current == nil:
		return p.T("queue.big_nobody")
	case next == nil && v.Current.Status == Called:
		return p.T("queue.big_only_served", v.Current.Label)
	case next == nil:
		return p.T("queue.big_only_finish")
	case v.Current == nil:
		return p.T("queue.big_call", next.Label, v.Counter.Name)
	}
	if v.Current != nil && v.Current.Status == Called {
		return p.T("queue.big_served", v.Current.Label, next.Label, v.Counter.Name)
	}
	return p.T("queue.big_both", v.Current.Label, next.Label, v.Counter.Name)
}

// settles tells that somebody was called just now, so that the big button and the second call rest first.
func (v counterScreen) settles() bool {
	return v.Current != nil && callFresh(v.Current.Ticket, v.Now, stillNew)
}

// noteText is the calm line after a press that did not do what it said.
func (v counterScreen) noteText(p ui.Page) string {
	now := p.T("queue.counter_free")
	if v.Current != nil {
		now = p.T("queue.number_is", v.Current.Label, stateText(p, v.Current.Status))
	}
	switch v.Note {
	case noteNobody:
		return p.T("queue.note.kosong")
	case noteTwice:
		return p.T("queue.note.ganda", now)
	case noteIllegal:
		return p.T("queue.note.langkah", now)
	case noteStale:
		return p.T("queue.note.berubah", now)
	case noteBack:
		return p.T("queue.note.kembali", now)
	}
	return ""
}

// pastText is what happened here last.
func (v counterScreen) pastText(p ui.Page) string {
	l := v.Last
	if l == nil {
		return ""
	}
	at := p.Print().Time(l.EndedAt)
	if l.Status == Finished {
		from := l.ServedAt
		if from.IsZero() {
			from = l.CalledAt
		}
		took := p.T("queue.under_minute")
		if n := whole(from, l.EndedAt); n > 0 {
			took = p.Print().Minutes(n)
		}
		return p.T("queue.last.finished", l.Label, at, took)
	}
	if l.Status == NoShow {
		return p.T("queue.last.no_show", l.Label, at)
	}
	return p.T("queue.last.cancelled."+string(l.CancelledBy), l.Label, at)
}

// button is one of the moves beside the big one.
type button struct {
	Word, Icon, Key, Label string
	On                     bool
}

// settlesFor names the call for which they rest: a second one is another.
func (v counterScreen) settlesFor() string {
	return v.Current.ID.String() + "-" + strconv.Itoa(v.Current.Calls)
}

// buttons are always the same three in the same places, so that hands learn them; what does not fit the
// ticket's state rests.
func (v counterScreen) buttons(p ui.Page) []button {
	called := v.Current.Status == Called
	all := []button{
		{"panggil-ulang", "volume", "r", p.T("queue.move_recall"), called && v.CanCall},
		{"layani", "user-check", "m", p.T("queue.move_serve"), called && v.CanFinish},
		{"selesai", "check", "s", p.T("queue.move_finish"), v.CanFinish},
	}
	if !v.CanCall { // there is no big button to stand beside
		all = append(all, v.absent(p))
	}
	return all
}

// absent is the button beside the big one, always there with somebody at the counter. The big one counts whom it
// finishes as served; who has not come is one press away all the same.
func (v counterScreen) absent(p ui.Page) button {
	return button{"tidak-hadir", "user-off", "x", p.T("queue.move_absent"), v.Current.Status == Called && v.CanFinish}
}

// freeText is what an empty counter says.
func (v counterScreen) freeText(p ui.Page) string {
	if v.next() != nil {
		return p.T("queue.free_waiting", v.Waiting)
	}
	return p.T("queue.free_nobody")
}

func (v counterScreen) timerLabel(p ui.Page) string {
	if v.Current.Status == Serving {
		return p.T("queue.timer_serving")
	}
	return p.T("queue.timer_called")
}

// timerText is what stands under the timer.
func (v counterScreen) timerText(p ui.Page) string {
	switch {
	case v.Current.Status == Called:
		return p.T("queue.since_call")
	case v.standard() > 0:
		return p.T("queue.standard", p.Print().Minutes(v.Current.Service.Minutes))
	}
	return p.T("queue.since_serving")
}
