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

// Finder finds a region's services by what people call them. The catalog is one.
type Finder interface {
	Find(d *tenant.Directory, query string) []*tenant.Service
}

// FrontOffice are the screens of the mall's front desk: numbers for people without a phone, today's tickets, all
// queues at a glance.
type FrontOffice struct {
	*Pages
	finder Finder
}

// FrontOffice makes the front desk's screens.
func (s *Pages) FrontOffice(f Finder) *FrontOffice { return &FrontOffice{s, f} }

const pathFront = "/petugas/meja-depan"

// Routes registers the screens on the regions' hosts.
func (f *FrontOffice) Routes(r *web.Router) {
	r.Get(pathFront, permFind, f.show, web.Desk("queue.front.title"))
	r.Get(pathFront+"/langsung", permFind, f.follow)
	r.Post(pathFront+"/nomor", permIssue, f.issue)
	r.Get(pathFront+"/nomor/:id", permFind, f.showTicket)
	r.Get(pathFront+"/nomor/:id/langsung", permFind, f.followTicket)
	r.Get(pathFront+"/nomor/:id/cetak", permFind, f.printTicket)
	r.Get(pathFront+"/nomor/:id/batal", permCancel, f.askCancel)
	r.Post(pathFront+"/nomor/:id/batal", permCancel, f.cancel)
	r.Post(pathFront+"/nomor/:id/kembali", permReturn, f.giveBack)
}

func frontTicketPath(p Place) string { return pathFront + "/nomor/" + p.ID.String() }

// frontUI is a page of the front desk.
func frontUI(c *web.Ctx, title string) ui.Page {
	p := page(c, title)
	p.Surface = "staff"
	return p
}

// show is the desk: a service's number, a ticket's state, all queues.
func (f *FrontOffice) show(c *web.Ctx) error {
	v := frontView{Now: c.Now(), Loc: c.Tenant.Loc}
	var err error
	if text := c.Query("nomor"); text != "" {
		if v.Find, err = f.look(c, text); err != nil {
			return err
		}
		if len(v.Find.Found) == 1 {
			return c.SeeOther(frontTicketPath(v.Find.Found[0]))
		}
	}
	if err := f.now(c.Std(), c.Tenant, c.Actor, &v); err != nil {
		return err
	}
	p := frontUI(c, c.P.T("queue.front.title"))
	if v.Pick, err = f.pick(c, v.Queues); err != nil {
		return err
	}
	if c.IsHTMX() {
		return c.Fragment(http.StatusOK, frontPick(p, v.Pick))
	}
	p.Live = pathFront + "/langsung"
	p.Scripts = []string{"counter.js", "live.js", "search.js"}
	p.Icons = []string{"ticket"} // of a search as one types
	return c.Page(http.StatusOK, frontPage(p, v))
}

// now reads what the desk shows of the queues, as far as the actor may see them.
func (f *FrontOffice) now(ctx context.Context, t *tenant.Tenant, a *authz.Actor, v *frontView) error {
	mine := func(o *tenant.Agency) bool { return a.Can(permFind, AgencyScope(t, o)) }
	queues, err := f.hall.queues(ctx, t)
	if err != nil {
		return err
	}
	v.Queues = slices.DeleteFunc(queues, func(q QueueNow) bool { return !mine(q.Agency) })
	if v.Missed, err = f.hall.missedToday(ctx, t); err != nil {
		return err
	}
	v.Missed = slices.DeleteFunc(v.Missed, func(p Place) bool { return !mine(p.Series.Agency) })
	return nil
}

// look answers a search for a ticket.
func (f *FrontOffice) look(c *web.Ctx, text string) (v frontFind, err error) {
	v.Text = text
	w, ok := parseWanted(text)
	if !ok {
		v.Unreadable = true
		return v, nil
	}
	if v.Found, err = f.hall.find(c.Std(), c.Tenant, w); err != nil {
		return v, err
	}
	v.Found = slices.DeleteFunc(v.Found, func(p Place) bool { return !c.Actor.Can(permFind, AgencyScope(c.Tenant, p.Series.Agency)) })
	v.Wanted = w
	return v, nil
}

// follow keeps the queues and the absent up to date. The services do not move under the hand.
func (f *FrontOffice) follow(c *web.Ctx) error {
	p, t, actor := frontUI(c, c.P.T("queue.front.title")), c.Tenant, c.Actor
	dir, err := f.dirs.Of(c.Std(), t)
	if err != nil {
		return err
	}
	var topics []string
	for _, o := range dir.Agencies {
		for _, s := range o.Series {
			topics = append(topics, "series:"+s.ID.String())
		}
	}
	return f.stream(c, topics, func(ctx context.Context, e *easel) error {
		v := frontView{Now: f.dirs.Now(), Loc: t.Loc}
		if err := f.now(ctx, t, actor, &v); err != nil {
			return err
		}
		if err := e.put(ctx, "antrean", "", "", frontQueues(p, v)); err != nil {
			return err
		}
		return e.put(ctx, "absen", "", "", frontMissed(p, v))
	})
}

// stream draws at each event, and asks now and then anew who is signed in, as the officer's screen does.
func (f *FrontOffice) stream(c *web.Ctx, topics []string, draw func(context.Context, *easel) error) error {
	t := c.Tenant
	return c.Stream(func(stream *web.Stream) error {
		e := newEasel(stream)
		ctx, cancel := context.WithTimeout(stream.Context(), counterStream)
		defer cancel()
		err := follow(ctx, f.hub, t, topics, func(ctx context.Context) error { return draw(ctx, e) })
		if ctx.Err() != nil && stream.Context().Err() == nil {
			return stream.Send("", "reconnect", []byte("{}"))
		}
		return err
	})
}

// stalePress is how long after a number was given the same button cannot have been pressed twice by accident:
// somebody has gone back to an old page for the next person.
const stalePress = 10 * time.Second

// issue gives a number. The page's key and the service together name the press: pressed twice it is one number, and
// another service on the same page is another.
func (f *FrontOffice) issue(c *web.Ctx) error {
	service, series, err := chosen(c.Form("layanan"))
	if err != nil {
		return fault.New(fault.NotFound, "queue.no_service")
	}
	dir, err := f.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	if o, ok := dir.Service(service); ok {
		if err := c.Must(permIssue, AgencyScope(c.Tenant, o.Agency)); err != nil {
			return err
		}
	}
	key := c.Form("kunci")
	if key != "" {
		key += "/" + c.Form("layanan")
	}
	channel, err := f.hall.channelOf(c.Std(), c.Tenant, c.Actor, service)
	if err != nil {
		return err
	}
	p, err := f.hall.Issue(c.Std(), c.Tenant, Request{ServiceID: service, SeriesID: series, Key: key, Channel: channel, Actor: c.Actor})
	if noNumber(err) {
		v, rerr := f.refusal(c, service, series, fault.Of(err))
		if rerr != nil {
			return rerr
		}
		u := frontUI(c, "")
		u.Title, u.Path = v.title(u), pathFront
		return c.Page(http.StatusConflict, frontRefused(u, v))
	}
	if err != nil {
		return err
	}
	news := newsGiven
	if c.Now().Sub(p.CreatedAt) > stalePress {
		news = newsSame
	}
	return c.SeeOther(frontTicketPath(p) + "?kabar=" + news)
}

// ticket reads the ticket that the address names, as the desk sees it.
func (f *FrontOffice) ticket(c *web.Ctx, perm authz.Permission) (frontTicket, error) {
	v, err := f.ticketOf(c)
	if err != nil {
		return frontTicket{}, err
	}
	scope := AgencyScope(c.Tenant, v.Series.Agency)
	if err := c.Must(perm, scope); err != nil {
		return frontTicket{}, err
	}
	return frontTicket{ticketView: v, Can: frontRights{
		Issue: c.Actor.Can(permIssue, scope), Cancel: c.Actor.Can(permCancel, scope), Return: c.Actor.Can(permReturn, scope),
	}}, nil
}

// showTicket is a ticket big enough to be read across the desk, and what can be done with it.
func (f *FrontOffice) showTicket(c *web.Ctx) error {
	v, err := f.ticket(c, permFind)
	if err != nil {
		return err
	}
	if knownNews[c.Query("kabar")] {
		v.News = c.Query("kabar")
	}
	p := frontUI(c, "")
	p.Title, p.Path = v.sentence(p), frontTicketPath(v.Place)
	p.Scripts = []string{"counter.js"}
	if v.live() {
		p.Live = frontTicketPath(v.Place) + "/langsung"
		p.Scripts = append(p.Scripts, "live.js")
		p.RefreshSeconds = ticketRefresh
	}
	return c.Page(http.StatusOK, frontTicketPage(p, v))
}

func (f *FrontOffice) followTicket(c *web.Ctx) error {
	v, err := f.ticket(c, permFind)
	if err != nil {
		return err
	}
	p, t, said := frontUI(c, ""), c.Tenant, v.sentence(frontUI(c, ""))
	return f.stream(c, ticketTopics(v.Place), func(ctx context.Context, e *easel) error {
		place, err := f.hall.Place(ctx, t, v.ID)
		if err != nil {
			return err
		}
		dir, err := f.dirs.Of(ctx, t)
		if err != nil {
			return err
		}
		now := frontTicket{ticketView: newTicketView(place, dir, t, f.dirs.Now()), Can: v.Can}
		now.Key = v.Key
		sentence := now.sentence(p)
		if sentence != said { // what the page said by itself is not said again
			said = sentence
			if err := e.say("kabar", sentence); err != nil {
				return err
			}
		}
		title := headed(p, sentence)
		if now.State != v.State { // what was just done is news no more
			if err := e.put(ctx, "berita", title, "", frontNews(p, now)); err != nil {
				return err
			}
		}
		if err := e.put(ctx, "nomor", title, "", frontTicketPaper(p, now)); err != nil {
			return err
		}
		return e.put(ctx, "tindakan", title, "", frontActions(p, now))
	})
}

// printTicket is the ticket on paper. The printer's dialog opens by itself: the desk came here to print.
func (f *FrontOffice) printTicket(c *web.Ctx) error {
	v, err := f.ticket(c, permFind)
	if err != nil {
		return err
	}
	if !v.withdrawable() {
		return c.SeeOther(frontTicketPath(v.Place))
	}
	p := page(c, c.P.T("queue.print_title", v.Label))
	p.Scripts = []string{"form.js"}
	v.Print = true
	v.Ways = []ui.Link{
		{Label: p.T("queue.front.back", v.Label), Href: frontTicketPath(v.Place)},
		{Label: p.T("queue.front.next"), Href: pathFront},
	}
	return c.Page(http.StatusOK, printedTicket(p, v.ticketView))
}

// askCancel asks once more before a place is given back.
func (f *FrontOffice) askCancel(c *web.Ctx) error {
	v, err := f.ticket(c, permCancel)
	if err != nil {
		return err
	}
	if !v.withdrawable() {
		return c.SeeOther(frontTicketPath(v.Place))
	}
	p := frontUI(c, c.P.T("queue.withdraw_title", v.Label))
	p.Scripts = []string{"form.js"}
	return c.Page(http.StatusOK, frontCancel(p, v))
}

func (f *FrontOffice) cancel(c *web.Ctx) error {
	return f.move(c, newsCancelled, f.hall.CancelFor)
}

// giveBack puts somebody who was not there back into the line.
func (f *FrontOffice) giveBack(c *web.Ctx) error {
	return f.move(c, newsReturned, f.hall.Return)
}

// move does something to a ticket and leads to its page, which says how it stands now.
func (f *FrontOffice) move(c *web.Ctx, news string, do func(context.Context, *tenant.Tenant, *authz.Actor, id.ID) (Place, error)) error {
	ticket, err := c.ID("id")
	if err != nil {
		return err
	}
	_, err = do(c.Std(), c.Tenant, c.Actor, ticket)
	switch {
	case fault.Is(err, "queue.illegal_move"):
		news = newsIllegal
	case fault.Is(err, "queue.series_gone"):
		news = newsGone
	case err != nil:
		return err
	}
	return c.SeeOther(pathFront + "/nomor/" + ticket.String() + "?kabar=" + news)
}
