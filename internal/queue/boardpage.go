package queue

import (
	"context"
	"net/http"
	"slices"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/tenants"
)

// boardRefresh is how often a board loads itself again where a television knows no JavaScript, in seconds.
const boardRefresh = 15

// listBoards lists the region's boards for whoever sets up a television.
func (s *Pages) listBoards(c *web.Ctx) error {
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	venues := slices.DeleteFunc(slices.Clone(dir.Venues), func(v *tenant.Venue) bool { return !hasHall(v) })
	return c.Page(http.StatusOK, boardList(page(c, c.P.T("queue.boards")), venues, c.Host()))
}

// hasHall tells whether people wait at a venue, before a board. Nobody does at a digital one, whose counters are
// where officers work.
func hasHall(v *tenant.Venue) bool { return v.Kind != string(tenants.Digital) }

// zoneOf finds the board that the address names, by its short name or by the zone's identifier.
func (s *Pages) zoneOf(c *web.Ctx) (*tenant.Zone, *tenant.Directory, error) {
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return nil, nil, err
	}
	name := c.Param("zone")
	if zone, err := id.Parse(name); err == nil {
		if z, ok := dir.Zone(zone); ok && !z.Retired && hasHall(z.Venue) {
			return z, dir, nil
		}
	}
	for _, v := range dir.Venues {
		for _, z := range v.Zones {
			if v.Code+"-"+z.Code == name && hasHall(v) {
				return z, dir, nil
			}
		}
	}
	return nil, nil, fault.New(fault.NotFound, "queue.no_board")
}

// showBoard is the board of a zone. ?tata=12 asks for a field a counter and ?tata=1 for one big call; by
// itself the number of counters and series decides.
func (s *Pages) showBoard(c *web.Ctx) error {
	zone, _, err := s.zoneOf(c)
	if err != nil {
		return err
	}
	n := len(zone.Counters)
	grid := (n > fewCounters || boardSeries(zone) > seriesBig) && n <= gridCounters
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
	p := page(c, "")
	p.Title = p.T("queue.board", zoneName(p, zone))
	p.Scripts = []string{"board.js", "live.js"}
	p.RefreshSeconds = boardRefresh
	p.Live = pathBoards + "/" + zone.ID.String() + "/langsung" + layoutQuery(v.Grid) + "&tampil=" + v.shape(p)
	if v.Grid {
		p.Class = "p-board-12"
	}
	return c.Page(http.StatusOK, boardPage(p, v))
}

// readBoard reads what a board shows now, as the newest directory declares the zone.
func (s *Pages) readBoard(ctx context.Context, t *tenant.Tenant, zone *tenant.Zone, grid bool) (boardView, error) {
	dir, err := s.dirs.Of(ctx, t)
	if err != nil {
		return boardView{}, err
	}
	if z, ok := dir.Zone(zone.ID); ok {
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
	all, err := s.hall.waitingIn(ctx, t, zone, comingMost)
	most := seriesBig
	if grid {
		most = seriesGrid
	}
	v.Coming = shown(all, most)
	return v, err
}

func layoutQuery(grid bool) string {
	if grid {
		return "?tata=12"
	}
	return "?tata=1"
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
	return c.Fragment(http.StatusOK, coming(page(c, ""), v.Coming, v.Grid))
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
		for _, s := range d.Series {
			if topic := "series:" + s.ID.String(); !slices.Contains(topics, topic) {
				topics = append(topics, topic)
			}
		}
	}
	return c.Stream(func(stream *web.Stream) error {
		e := newEasel(stream)
		return follow(stream.Context(), s.hub, t, topics, func(ctx context.Context) error {
			v, err := s.readBoard(ctx, t, zone, grid)
			if err != nil {
				return err
			}
			shape := v.shape(p)
			if v.changed(shown, shape) {
				return e.put(ctx, "muat", "", "", reload())
			}
			shown = shape
			return e.put(ctx, "berikutnya", "", "", coming(p, v.Coming, grid))
		})
	})
}
