package queue

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const (
	fewCounters                   = 4                // up to so many one big call is the better board
	gridCounters                  = 12               // and so many fit the board of counters
	comingMost                    = 3                // next numbers of a series
	seriesBig                     = 3                // series that fit below the call
	seriesGrid                    = 5                // and beside the counters
	seriesBigMost, seriesGridMost = 6, 10            // the same close together, one number of each
	stillCalled                   = 2 * time.Minute  // so long a call stays big after the person has come
	oldCall                       = 30 * time.Minute // after so long nobody is "being called" any more
	afterClosing                  = time.Hour        // so long after closing a hall may still be serving
)

// boardView is a hall's board.
type boardView struct {
	Zone    *tenant.Zone
	Now     time.Time
	Grid    bool // one field a counter
	Opening tenant.Opening
	Night   bool // nobody is served before or long after these hours
	Loc     *time.Location
	Host    string // where numbers are taken: "bangka.pendopo.id"
	Coming  []waitingSeries
	boardCalls
}

// night tells that a venue has been closed for a while, or is not open yet: who still waits then is not
// called any more today, and the board does not promise it.
func night(dir *tenant.Directory, t *tenant.Tenant, v *tenant.Venue, now time.Time) bool {
	if t.Demo {
		return false
	}
	today := t.Today(now)
	periods, _ := dir.Periods(v, today)
	if len(periods) == 0 {
		return true
	}
	from, to := today.At(periods[0].Open, t.Loc), today.At(periods[len(periods)-1].Close, t.Loc)
	return now.Before(from) || now.After(to.Add(afterClosing))
}

// shown are the series that a board shows: all in which somebody waits, and of the others, which stand last, as many as
// fill it up.
func shown(all []waitingSeries, fill int) []waitingSeries {
	busy := len(all)
	for busy > 0 && all[busy-1].Waiting == 0 {
		busy--
	}
	return all[:max(busy, min(len(all), fill))]
}

// comingLayout is how the next numbers of so many series stand: three wide, or six close together, or all of them
// small. board.js shows the last in turns, so many at once as stand close together.
type comingLayout struct {
	Class string
	Turn  int // series a turn; 0: all are shown at once
}

func layoutOf(series int, grid bool) comingLayout {
	wide, close := seriesBig, seriesBigMost
	if grid {
		wide, close = seriesGrid, seriesGridMost
	}
	switch {
	case series <= wide:
		return comingLayout{}
	case series <= close:
		return comingLayout{Class: "p-close"}
	}
	return comingLayout{Class: "p-all", Turn: close}
}

// fitting leaves out what would not stand in one row: wide numbers come in fewer, and one of each where series stand
// close together.
func fitting(next []string, grid, close bool) []string {
	most := comingMost
	for _, n := range next {
		switch {
		case close, len(n) > 6 && grid:
			most = min(most, 1)
		case len(n) > 5 || grid:
			most = min(most, 2)
		}
	}
	return next[:min(len(next), most)]
}

// boardSeries counts the series of a zone.
func boardSeries(zone *tenant.Zone) int {
	seen := map[id.ID]bool{}
	for _, d := range zone.Counters {
		for _, s := range d.Series {
			seen[s.ID] = true
		}
	}
	return len(seen)
}

// The first sign of a shape: whether a number is big.
const (
	shapeCall = "c"
	shapeIdle = "i"
)

// shape is what of a board only a new page can change. The page tells it to its stream.
func (v boardView) shape(p ui.Page) string {
	all := []string{zoneName(p, v.Zone), english(p, v.Zone.Place, v.Zone.PlaceEN), p.Print().Date(clock.DayOf(v.Now, v.Loc)), strconv.FormatBool(v.Night)}
	if v.shut() {
		all = append(all, v.shutText(p))
	}
	for _, d := range v.Zone.Counters {
		all = append(all, d.Name)
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	call := shapeIdle
	if _, ok := v.now(); ok {
		call = shapeCall
	}
	return call + hex.EncodeToString(sum[:4])
}

// changed tells whether a board that shows one shape must load itself again to show another. A call that
// begins is drawn by the script; one that is over is not.
func (v boardView) changed(shown, shape string) bool {
	if shown == "" || shown == shape {
		return false
	}
	return shown[1:] != shape[1:] || strings.HasPrefix(shape, shapeIdle)
}

// busyFirst puts those first in which somebody waits.
func busyFirst(all []*waitingSeries) []waitingSeries {
	slices.SortStableFunc(all, func(a, b *waitingSeries) int {
		return cmp.Or(cmp.Compare(min(b.Waiting, 1), min(a.Waiting, 1)), cmp.Compare(a.Prefix, b.Prefix))
	})
	out := make([]waitingSeries, len(all))
	for i, s := range all {
		out[i] = *s
	}
	return out
}

// now is the number that is big: one that is being called, or was a moment ago.
func (v boardView) now() (p Place, ok bool) {
	if len(v.Recent) == 0 {
		return p, false
	}
	p = v.Recent[0]
	age := v.Now.Sub(p.CalledAt)
	return p, p.Status == Called && age < oldCall || age < stillCalled
}

func (v boardView) call(p ui.Page) ui.Call {
	n, ok := v.now()
	if !ok {
		return ui.Call{}
	}
	return callOf(p, n)
}

func callOf(p ui.Page, n Place) ui.Call {
	return ui.Call{Number: n.Label, Counter: n.Counter.Name, Agency: agencyName(p, n.Counter.Agency), At: n.CalledAt}
}

// before are the calls before the one that is big.
func (v boardView) before(p ui.Page) (out []ui.Call) {
	rows := v.Recent
	if _, ok := v.now(); ok {
		rows = rows[1:]
	}
	for _, n := range rows[:min(len(rows), boardRecent)] {
		out = append(out, callOf(p, n))
	}
	return out
}

// shut tells that the hall is closed: nobody serves now and no number is given.
func (v boardView) shut() bool { return !v.Opening.Open && !v.Opening.Tickets }

// shutText is when the hall opens, for the board of a closed hall.
func (v boardView) shutText(p ui.Page) string {
	switch {
	case v.Opening.Next.IsZero():
		return p.T("queue.board_shut_text")
	case clock.DayOf(v.Opening.Next, v.Loc) == clock.DayOf(v.Now, v.Loc):
		return p.T("queue.board_opens_at", p.Print().TimeZone(v.Opening.Next))
	}
	return p.T("queue.board_opens_on", opens(p, v.Opening.Next, v.Loc))
}

// events is where the calls come from, beginning with what this page does not show.
func (v boardView) events() string {
	return "/api/v1/boards/" + v.Zone.ID.String() + "/events?last_event_id=" + v.seq()
}

func (v boardView) seq() string { return strconv.FormatInt(v.Seq, 10) }

// field is a counter on the board of counters.
type field struct {
	ID      id.ID
	Counter string
	Number  string // its latest call; empty: none today
	On      bool   // being called right now, the latest of the hall
}

func (v boardView) fields() []field {
	out := make([]field, len(v.Zone.Counters))
	for i, d := range slices.SortedFunc(slices.Values(v.Zone.Counters), byName) {
		out[i].ID, out[i].Counter = d.ID, d.Name
		if n, ok := v.ByCounter[d.ID]; ok && !v.Night {
			out[i].Number = n.Label
			newest, called := v.now()
			out[i].On = called && newest.ID == n.ID
		}
	}
	return out
}

// idleWord is what stands in the field of a counter without a number.
func (v boardView) idleWord(p ui.Page) string {
	if v.shut() {
		return p.T("queue.board_counter_shut")
	}
	return p.T("queue.board_free")
}

// hall says on the board's head where it hangs.
func (v boardView) hall(p ui.Page) ui.HallBoard {
	h := ui.HallBoard{Zone: zoneName(p, v.Zone), Place: english(p, v.Zone.Place, v.Zone.PlaceEN), Now: v.Now}
	h.ZoneLang, h.PlaceLang = foreign(p, v.Zone.NameEN), foreign(p, v.Zone.PlaceEN)
	return h
}

func hasBoards(venues []*tenant.Venue) bool {
	return slices.ContainsFunc(venues, func(v *tenant.Venue) bool { return len(v.Zones) > 0 })
}

// boardFoot is what is always true in a hall: what to do about a missed call, and where numbers are.
func boardFoot(p ui.Page, v boardView) string {
	if v.shut() && !v.Grid {
		return p.T("queue.board_foot_shut", v.Host)
	}
	if v.shut() {
		return p.T("queue.board_shut") + ". " + v.shutText(p)
	}
	return p.T("queue.board_foot", v.Host)
}
