package queue

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// mineCookie keeps the addresses of today's numbers in the browser that took them: there is no account that would
// find them again. It ends with the region's day.
const mineCookie = "nomor"

// maxMine is how many numbers a browser keeps, the newest: a family's.
const maxMine = 8

// remember keeps a number in the browser.
func remember(c *web.Ctx, p Place) {
	kept := []string{p.ID.String()}
	for _, ticket := range taken(c) {
		if len(kept) < maxMine && ticket != p.ID {
			kept = append(kept, ticket.String())
		}
	}
	c.SetOwnCookie(mineCookie, strings.Join(kept, "."), p.Day.Add(1).At(0, c.Tenant.Loc))
}

// taken are the identifiers that the browser has kept, whatever they are worth.
func taken(c *web.Ctx) (out []id.ID) {
	for text := range strings.SplitSeq(c.OwnCookie(mineCookie), ".") {
		if ticket, err := id.Parse(text); err == nil && !ticket.IsZero() && len(out) < maxMine && !slices.Contains(out, ticket) {
			out = append(out, ticket)
		}
	}
	return out
}

// mine are today's numbers that this browser has taken, the newest first.
func (s *Pages) mine(c *web.Ctx) (out []ticketView, err error) {
	tickets := taken(c)
	if len(tickets) == 0 {
		return nil, nil
	}
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return nil, err
	}
	for _, ticket := range tickets {
		p, err := s.hall.Place(c.Std(), c.Tenant, ticket)
		switch {
		case fault.Is(err, "not_found"):
			continue
		case err != nil:
			return nil, err
		}
		if p.Day == c.Tenant.Today(c.Now()) {
			out = append(out, newTicketView(p, dir, c.Tenant, c.Now()))
		}
	}
	return out, nil
}

// holds finds a number of this browser that still waits for, or has been called to, a service.
func (s *Pages) holds(c *web.Ctx, service id.ID) (v ticketView, ok bool, err error) {
	tickets := taken(c)
	if len(tickets) == 0 {
		return ticketView{}, false, nil
	}
	var held []Ticket
	err = s.hall.db.View(c.Std(), c.Tenant.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		held, err = store.Select[Ticket](tx).Where("id in ? and service_id = ? and day = ? and status in ?",
			bun.Tuple(tickets), service, c.Tenant.Today(c.Now()), bun.Tuple([]Status{Waiting, Called})).Order("created_at desc").Limit(1).All(ctx)
		return err
	})
	if err != nil || len(held) == 0 {
		return ticketView{}, false, err
	}
	v, err = s.ticketView(c, held[0].ID)
	return v, err == nil && v.withdrawable(), err
}

// secondNumber asks whoever takes a second number of a service whether they mean it: mostly they have lost sight of the
// first. Who comes for two people goes on.
func (s *Pages) secondNumber(c *web.Ctx, v ticketView, series id.ID) error {
	p := page(c, c.P.T("queue.second_title", v.Label))
	p.Path = servicePath(v.Service) // this address has nothing to read again; the language switch leads on
	p.Scripts = []string{"form.js"}
	v.Key = id.New().String() // the form's own would be the first number again
	at := ""
	if !series.IsZero() {
		at = series.String()
	}
	return c.Page(http.StatusOK, secondPage(p, v, at))
}

// listMine shows the numbers that this browser has taken today.
func (s *Pages) listMine(c *web.Ctx) error {
	all, err := s.mine(c)
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, minePage(page(c, c.P.T("queue.mine")), all))
}

// forgetMine takes the numbers off this browser, such as one that others use too. They stay valid.
func (s *Pages) forgetMine(c *web.Ctx) error {
	c.SetOwnCookie(mineCookie, "", time.Time{})
	return c.SeeOther(pathTickets)
}

// stateLine is how a number stands, in a list.
func (v ticketView) stateLine(p ui.Page) string {
	switch v.State {
	case Waiting:
		return aheadText(p, v.Ahead)
	case Called:
		return p.T("queue.go_to", v.Counter.Name)
	}
	return ui.Capital(stateText(p, v.State))
}

// at is where a number is served.
func (v ticketView) at(p ui.Page) string { return venueName(p, v.Series.Venue) }
