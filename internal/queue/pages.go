package queue

import (
	_ "embed"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var pageText []byte

var _ = i18n.Register("internal/queue/text.yaml", pageText)

// Pages are the queue's screens: the citizen's ticket, the hall's boards and the officer's counter.
// They stand on the same Hall as the API.
type Pages struct {
	hall  *Hall
	dirs  *tenant.Directories
	hub   *events.Hub
	notes counterNotes
}

// NewPages makes the screens.
func NewPages(hall *Hall, hub *events.Hub) *Pages {
	return &Pages{hall: hall, dirs: hall.dirs, hub: hub}
}

// The addresses of the screens. A ticket's is its QR code's content, so it stays what it is.
const (
	pathTickets  = "/antrean"
	pathBoards   = "/papan"
	pathCounters = "/petugas"
)

// Routes registers the screens on the regions' hosts.
func (s *Pages) Routes(r *web.Router) {
	r.Get("/antrean", authz.Public, s.listMine, web.Reads)
	r.Post("/antrean/lupakan", authz.Public, s.forgetMine, web.Reads)
	r.Post("/antrean", authz.Public, s.takeTicket, ticketLimit)
	r.Get("/antrean/:id", authz.Public, s.showTicket, web.Reads)
	r.Get("/antrean/:id/langsung", authz.Public, s.followTicket, web.Streams)
	r.Get("/antrean/:id/cetak", authz.Public, s.printTicket, web.Reads)
	r.Get("/antrean/:id/batal", authz.Public, s.askWithdraw, web.Reads)
	r.Post("/antrean/:id/batal", authz.Public, s.withdraw, web.Reads)

	r.Get("/papan", authz.Public, s.listBoards, web.Reads)
	r.Get("/papan/:zone", authz.Public, s.showBoard, web.Reads)
	r.Get("/papan/:zone/berikutnya", authz.Public, s.boardComing, web.Reads)
	r.Get("/papan/:zone/langsung", authz.Public, s.followBoard, web.Streams)

	r.Get("/petugas", permCounter, s.listCounters, web.Desk("queue.desk"))
	s.switchRoutes(r)
	r.Get("/petugas/loket/:id", permCounter, s.showCounter)
	r.Get("/petugas/loket/:id/langsung", permCounter, s.followCounter)
	r.Post("/petugas/loket/:id/berikutnya", permCall, s.callNext)
	r.Post("/petugas/loket/:id/panggil-lagi", permCall, s.callAgain)
	// A second call asks for permCall, the other moves for permFinish; the hall does.
	r.Post("/petugas/loket/:id/:move", permCounter, s.moveTicket)
}

// page is what every screen here has in common: nobody but its owner finds it, and no cache keeps it.
func page(c *web.Ctx, title string) ui.Page {
	p := c.UI(title)
	p.NoIndex = true
	return p
}

func ticketPath(p Place) string { return pathTickets + "/" + p.ID.String() }

func counterPath(d *tenant.Counter) string { return pathCounters + "/loket/" + d.ID.String() }

// boardPath is a board's short address, for people who type it with a television's remote control:
// "/papan/sungailiat-a".
func boardPath(z *tenant.Zone) string { return pathBoards + "/" + z.Venue.Code + "-" + z.Code }

// servicePath is where a service's standard is.
func servicePath(o *tenant.Service) string {
	return ui.PathServices + "/" + o.Agency.Code + "/" + o.Code
}
