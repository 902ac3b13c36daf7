package queue

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

const (
	boardRefresh = 15               // seconds, where a television knows no JavaScript
	fewCounters  = 4                // up to so many one big call is the better board
	gridCounters = 12               // and so many fit the board of counters
	comingMost   = 3                // next numbers of a series
	linesBig     = 3                // series that fit below the call
	linesGrid    = 5                // and beside the counters
	stillCalled  = 2 * time.Minute  // so long a call stays big after the person has come
	oldCall      = 30 * time.Minute // after so long nobody is "being called" any more
	afterClosing = time.Hour        // so long after closing a hall may still be serving
)

// boardView is a hall's board.
type boardView struct {
	Zone    *tenant.Hall
	Now     time.Time
	Grid    bool // one field a counter
	Opening tenant.Opening
	Night   bool // nobody is served before or long after these hours
	Loc     *time.Location
	Host    string // where numbers are taken: "bangka.pendopo.id"
	Lines   []waitingLine
	boardCalls
}

// listBoards lists the region's boards for whoever sets up a television.
func (s *Pages) listBoards(c *web.Ctx) error {
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, boardList(page(c, c.P.T("queue.boards")), dir.Venues, c.Host()))
}

// zoneOf finds the board that the address names, by its short name or by the zone's identifier.
func (s *Pages) zoneOf(c *web.Ctx) (*tenant.Hall, *tenant.Directory, error) {
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return nil, nil, err
	}
	name := c.Param("zone")
	if zone, err := id.Parse(name); err == nil {
		if z, ok := dir.Hall(zone); ok && !z.Retired {
			return z, dir, nil
		}
	}
	for _, v := range dir.Venues {
		for _, z := range v.Zones {
			if v.Code+"-"+z.Code == name {
				return z, dir, nil
			}
		}
	}
	return nil, nil, fault.New(fault.NotFound, "not_found")
}

// showBoard is the board of a zone. ?tata=12 asks for a field a counter and ?tata=1 for one big call; by
// itself the number of counters and series decides.
func (s *Pages) showBoard(c *web.Ctx) error {
	zone, _, err := s.zoneOf(c)
	if err != nil {
		return err
	}
	n := len(zone.Counters)
	grid := (n > fewCounters || boardSeries(zone) > linesBig) && n <= gridCounters
	switch c.Query("tata") {
	case "12":
		grid = n <= gridCounters
	case "1":
		grid = false
	}
	v, err := s.readBoard(c.Std(), c.Tenant, zone, grid)
	if err != nil {
		return err
	}
	v.Host = c.Host()
	p := page(c, c.P.T("queue.board", zone.Name))
	p.Scripts = []string{"board.js", "live.js"}
	p.RefreshSeconds = boardRefresh
	p.Live = pathBoards + "/" + zone.ID.String() + "/langsung" + layoutQuery(v.Grid) + "&tampil=" + v.shape(p)
	if v.Grid {
		p.Class = "p-board-12"
	}
	return c.Page(http.StatusOK, boardPage(p, v))
}

// readBoard reads what a board shows now, as the newest directory declares the zone.
func (s *Pages) readBoard(ctx context.Context, t *tenant.Tenant, zone *tenant.Hall, grid bool) (boardView, error) {
	dir, err := s.dirs.Of(ctx, t)
	if err != nil {
		return boardView{}, err
	}
	if z, ok := dir.Hall(zone.ID); ok {
		zone = z
	}
	now := s.dirs.Now()
	v := boardView{Zone: zone, Now: now, Grid: grid, Loc: t.Loc}
	v.Opening, v.Night = dir.Opening(t, zone.Venue, now), night(dir, t, zone.Venue, now)
	if v.boardCalls, err = s.hall.boardCalls(ctx, t, zone); err != nil {
		return v, err
	}
	if v.Night {
		return v, nil
	}
	all, err := s.hall.waitingLines(ctx, t, zone, comingMost)
	most := linesBig
	if grid {
		most = linesGrid
	}
	v.Lines = turned(all, most, now.Minute())
	return v, err
}

func layoutQuery(grid bool) string {
	if grid {
		return "?tata=12"
	}
	return "?tata=1"
}

// night tells that a venue has been closed for a while, or is not open yet: who still waits then is not
// called any more today, and the board does not promise it.
func night(dir *tenant.Directory, t *tenant.Tenant, v *tenant.Place, now time.Time) bool {
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

// turned are the series that a board shows, at most as many as fit. Where people wait for more of them,
// the board turns the page each minute, so that none is left out. Those in which nobody waits stand last and only
// fill up.
func turned(all []waitingLine, most, minute int) []waitingLine {
	busy := len(all)
	for busy > 0 && all[busy-1].Waiting == 0 {
		busy--
	}
	if busy <= most {
		return all[:min(len(all), most)]
	}
	pages := (busy + most - 1) / most
	from := minute % pages * most
	return all[min(from, busy-most):][:most]
}

// fitting leaves out what would not stand in one row: wide numbers come in fewer.
func fitting(next []string, grid bool) []string {
	most := comingMost
	for _, n := range next {
		switch {
		case len(n) > 6 && grid:
			most = min(most, 1)
		case len(n) > 5 || grid:
			most = min(most, 2)
		}
	}
	return next[:min(len(next), most)]
}

// boardSeries counts the series of a zone.
func boardSeries(zone *tenant.Hall) int {
	seen := map[id.ID]bool{}
	for _, d := range zone.Counters {
		for _, l := range d.Series {
			seen[l.ID] = true
		}
	}
	return len(seen)
}

// boardComing is who is called next, as a part of the board.
func (s *Pages) boardComing(c *web.Ctx) error {
	zone, _, err := s.zoneOf(c)
	if err != nil {
		return err
	}
	v, err := s.readBoard(c.Std(), c.Tenant, zone, c.Query("tata") == "12")
	if err != nil {
		return err
	}
	return c.Fragment(http.StatusOK, coming(page(c, ""), v.Lines, v.Grid))
}

// followBoard keeps a board up to date but for the calls: those come one by one over the stream of the
// API. It sends who is next, and lets the board load itself again where the scripts have nothing to
// draw with: the hall opens or closes, counters have changed, or the last call is over.
func (s *Pages) followBoard(c *web.Ctx) error {
	zone, _, err := s.zoneOf(c)
	if err != nil {
		return err
	}
	p, t, grid, shown := page(c, ""), c.Tenant, c.Query("tata") == "12", c.Query("tampil")
	topics := []string{"zone:" + zone.ID.String()}
	for _, d := range zone.Counters {
		for _, l := range d.Series {
			if topic := "series:" + l.ID.String(); !slices.Contains(topics, topic) {
				topics = append(topics, topic)
			}
		}
	}
	return c.Stream(func(stream *web.Stream) error {
		e := newEasel(stream)
		return follow(stream, s.hub, t, topics, func(ctx context.Context) error {
			v, err := s.readBoard(ctx, t, zone, grid)
			if err != nil {
				return err
			}
			shape := v.shape(p)
			if v.changed(shown, shape) {
				return e.put(ctx, "muat", "", "", reload())
			}
			shown = shape
			return e.put(ctx, "berikutnya", "", "", coming(p, v.Lines, grid))
		})
	})
}

// The first sign of a shape: whether a number is big.
const (
	shapeCall = "c"
	shapeIdle = "i"
)

// shape is what of a board only a new page can change. The page tells it to its stream.
func (v boardView) shape(p ui.Page) string {
	all := []string{v.Zone.Name, v.Zone.Place, p.Print().Date(clock.DayOf(v.Now, v.Loc)), strconv.FormatBool(v.Night)}
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

// sortedLines puts those first in which somebody waits.
func sortedLines(all []*waitingLine) []waitingLine {
	slices.SortStableFunc(all, func(a, b *waitingLine) int {
		return cmp.Or(cmp.Compare(min(b.Waiting, 1), min(a.Waiting, 1)), cmp.Compare(a.Prefix, b.Prefix))
	})
	out := make([]waitingLine, len(all))
	for i, l := range all {
		out[i] = *l
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
	return ui.Call{Number: n.Label, Counter: n.Desk.Name, Agency: officeName(p, n.Desk.Agency), At: n.CalledAt}
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
	Desk   string
	Number string // its latest call; empty: none today
	On     bool   // being called right now, the latest of the hall
}

func (v boardView) fields() []field {
	out := make([]field, len(v.Zone.Counters))
	for i, d := range slices.SortedFunc(slices.Values(v.Zone.Counters), byName) {
		out[i].Desk = d.Name
		if n, ok := v.ByDesk[d.ID]; ok && !v.Night {
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
		return p.T("queue.board_desk_shut")
	}
	return p.T("queue.board_free")
}

// lineName is a series on a board: its name and, where there is room, its counters.
func lineName(l waitingLine) string { return cmp.Or(l.Name, l.Agency.Short) }

func hasBoards(venues []*tenant.Place) bool {
	return slices.ContainsFunc(venues, func(v *tenant.Place) bool { return len(v.Zones) > 0 })
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
