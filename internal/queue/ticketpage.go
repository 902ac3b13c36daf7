package queue

import (
	"context"
	"net/http"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// ticketRefresh is how often a ticket's page loads itself again where there is no JavaScript, in seconds.
const ticketRefresh = 30

// ticketOf reads the ticket that the address names.
func (s *Pages) ticketOf(c *web.Ctx) (ticketView, error) {
	ticket, err := c.ID("id")
	if err != nil {
		return ticketView{}, err
	}
	return s.ticketView(c, ticket)
}

func (s *Pages) ticketView(c *web.Ctx, ticket id.ID) (ticketView, error) {
	p, err := s.hall.Place(c.Std(), c.Tenant, ticket)
	if err != nil {
		return ticketView{}, err
	}
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return ticketView{}, err
	}
	v := newTicketView(p, dir, c.Tenant, c.Now())
	v.Key = id.New().String()
	v.QR = ui.NewQR(c.Origin() + ticketPath(p))
	return v, nil
}

// showTicket is the person's page: where the number stands, and what to do.
func (s *Pages) showTicket(c *web.Ctx) error {
	v, err := s.ticketOf(c)
	if err != nil {
		return err
	}
	p := page(c, "")
	p.Title = v.sentence(p)
	if v.live() {
		// The drawing says what this page shows, so that the stream need not send it again.
		p.Live = ticketPath(v.Place) + "/langsung?tampil=" + v.shape()
		p.Scripts = []string{"live.js", "form.js"}
		p.RefreshSeconds = ticketRefresh
	} else {
		p.Scripts = []string{"form.js"}
	}
	return c.Page(http.StatusOK, ticketPage(p, v))
}

// printTicket is the ticket on 80 mm paper, as long as it leads to a call.
func (s *Pages) printTicket(c *web.Ctx) error {
	v, err := s.ticketOf(c)
	if err != nil {
		return err
	}
	if !v.withdrawable() {
		return c.SeeOther(ticketPath(v.Place)) // nobody needs it on paper any more
	}
	p := page(c, c.P.T("queue.print_title", v.Label))
	v.Ways = []ui.Link{{Label: p.T("queue.back"), Href: ticketPath(v.Place)}}
	return c.Page(http.StatusOK, printedTicket(p, v))
}

// followTicket keeps the page up to date.
func (s *Pages) followTicket(c *web.Ctx) error {
	v, err := s.ticketOf(c)
	if err != nil {
		return err
	}
	d := &ticketDrawing{pages: s, p: page(c, ""), t: c.Tenant, first: v, shown: c.Query("tampil")}
	return c.Stream(func(stream *web.Stream) error {
		d.easel = newEasel(stream)
		return follow(stream.Context(), s.hub, d.t, ticketTopics(v.Place), d.draw)
	})
}

// ticketDrawing is one open ticket page.
type ticketDrawing struct {
	*easel
	pages *Pages
	p     ui.Page
	t     *tenant.Tenant
	first ticketView // as the stream began
	shown string     // the shape that the page shows
	drawn bool
}

// draw sends what has changed: the stub and the facts while the person waits, the whole ticket when its
// shape is another. What a screen reader says comes apart, so that it does not read the QR code again.
func (d *ticketDrawing) draw(ctx context.Context) error {
	place, err := d.pages.hall.Place(ctx, d.t, d.first.ID)
	if err != nil {
		return err
	}
	dir, err := d.pages.dirs.Of(ctx, d.t)
	if err != nil {
		return err
	}
	v := newTicketView(place, dir, d.t, d.pages.dirs.Now())
	v.QR, v.Key = d.first.QR, d.first.Key
	sentence, same, drawn := v.sentence(d.p), v.shape() == d.shown, d.drawn
	title := headed(d.p, sentence)
	d.shown, d.drawn = v.shape(), true
	if err := d.speak(v, sentence, same && !drawn); err != nil {
		return err
	}
	switch {
	case !same:
		if err := d.put(ctx, "nomor", title, "", ticketPaper(d.p, v)); err != nil {
			return err
		}
		return d.put(ctx, "panel", title, "", ticketPanel(d.p, v))
	case v.State == Waiting:
		if err := d.put(ctx, "sobekan", title, "", stub(d.p, v)); err != nil {
			return err
		}
		return d.put(ctx, "keterangan", title, "", ticketFacts(d.p, v))
	}
	return nil
}

// speak says the ticket's state, a call at once, everything else when there is a pause. What the page
// itself has said already is only remembered.
func (d *ticketDrawing) speak(v ticketView, sentence string, said bool) error {
	target := "kabar"
	if v.State == Called {
		target = "panggilan"
		if v.Calls > 1 {
			sentence = d.p.T("queue.called_times", sentence, v.Calls)
		}
	} else if d.last["panggilan"] != "" {
		// Over. Whoever comes back into the line may be called by the same sentence, and must hear it again.
		d.last["panggilan"] = ""
		if err := d.send(part{Target: "panggilan"}); err != nil {
			return err
		}
	}
	if said {
		d.last[target] = sentence
		return nil
	}
	return d.say(target, sentence)
}

// askWithdraw asks once more before a place is given back.
func (s *Pages) askWithdraw(c *web.Ctx) error {
	v, err := s.ticketOf(c)
	if err != nil {
		return err
	}
	if !v.withdrawable() {
		return c.SeeOther(ticketPath(v.Place)) // which says how it stands
	}
	p := page(c, c.P.T("queue.withdraw_title", v.Label))
	p.Scripts = []string{"form.js"}
	return c.Page(http.StatusOK, withdrawPage(p, v))
}

// withdraw gives the place back. Somebody who has been served in the meantime sees that instead.
func (s *Pages) withdraw(c *web.Ctx) error {
	ticket, err := c.ID("id")
	if err != nil {
		return err
	}
	v, err := s.ticketView(c, ticket)
	if err != nil {
		return err
	}
	if v.withdrawable() {
		if _, err := s.hall.Withdraw(c.Std(), c.Tenant, ticket); err != nil && !fault.Is(err, "queue.illegal_move") {
			return err
		}
	}
	return c.SeeOther(ticketPath(v.Place))
}
