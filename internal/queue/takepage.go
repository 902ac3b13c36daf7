package queue

import (
	"net/http"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// takeTicket gives a number and leads to its page. The form's key makes a second press the same ticket. The
// field "seri" says at which of the service's places, where there are several; "lagi" that a second number is meant.
func (s *Pages) takeTicket(c *web.Ctx) error {
	service, err := id.Parse(c.Form("layanan"))
	if err != nil {
		return fault.New(fault.NotFound, "queue.no_service")
	}
	var series id.ID
	if at := c.Form("seri"); at != "" {
		if series, err = id.Parse(at); err != nil || series.IsZero() {
			return fault.New(fault.Invalid, "invalid").Field("seri", "not_an_id")
		}
	}
	if c.Actor == nil && c.Form("lagi") == "" {
		held, ok, err := s.holds(c, service)
		if err != nil {
			return err
		}
		if ok {
			return s.secondNumber(c, held, series)
		}
	}
	channel, err := s.hall.channelOf(c.Std(), c.Tenant, c.Actor, service)
	if err != nil {
		return err
	}
	p, err := s.hall.Issue(c.Std(), c.Tenant, Request{ServiceID: service, SeriesID: series, Key: c.Form("kunci"), Channel: channel, Actor: c.Actor})
	if noNumber(err) {
		return s.refuse(c, service, series, fault.Of(err))
	}
	if err != nil {
		return err
	}
	if c.Actor == nil { // a counter's and a front desk's numbers are other people's
		remember(c, p)
	}
	return c.SeeOther(ticketPath(p))
}

// noNumber tells whether an error says that no number is given now, and a refusal why. No other conflict does.
func noNumber(err error) bool {
	return fault.Is(err, "queue.closed") || fault.Is(err, "queue.old_system") || fault.Is(err, "queue.web_off") || fault.Is(err, "queue.full") || fault.Is(err, "queue.no_numbers")
}

// refusal is why there is no number now.
type refusal struct {
	Code    string // "queue.closed", "queue.old_system", "queue.full", "queue.web_off", "queue.no_numbers"
	Service *tenant.Service
	Series  *tenant.Series  // that gives none; nil: the service has no numbers
	Other   bool            // another place of the service gives numbers now
	Next    time.Time       // when numbers are given again; zero: not in sight
	Closure *tenant.Closure // what closes today, if not the hours
	Off     bool            // it is not open on this day of the week
	Now     time.Time
	Loc     *time.Location
	Phone   string
}

// refusal is what to say of a number that was not given.
func (s *Pages) refusal(c *web.Ctx, service, series id.ID, f *fault.Error) (refusal, error) {
	dir, err := s.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return refusal{}, err
	}
	v := refusal{Code: f.Code, Now: c.Now(), Loc: c.Tenant.Loc, Phone: c.Tenant.Region.Contact.Phone}
	v.Service, _ = dir.Service(service)
	if at, ok := f.Extra["next_opening"].(string); ok {
		v.Next, _ = time.Parse(time.RFC3339, at)
	}
	if v.Service != nil {
		if v.Series = v.Service.At(series); v.Series == nil {
			v.Series = dir.Default(c.Tenant, v.Service, v.Now)
		}
		for _, o := range v.Service.Series {
			v.Other = v.Other || o != v.Series && dir.Opening(c.Tenant, o.Venue, v.Now).Tickets
		}
	}
	if v.Series != nil {
		periods, closure := dir.Periods(v.Series.Venue, c.Tenant.Today(v.Now))
		v.Off, v.Closure = len(periods) == 0, closure
	}
	return v, nil
}

func (s *Pages) refuse(c *web.Ctx, service, series id.ID, f *fault.Error) error {
	v, err := s.refusal(c, service, series, f)
	if err != nil {
		return err
	}
	p := page(c, "")
	p.Title = v.title(p)
	p.Path = ui.PathServices // this address has nothing to read again; the language switch leads on
	if v.Service != nil {
		p.Path = servicePath(v.Service)
	}
	return c.Page(http.StatusConflict, refusedPage(p, v))
}

// today tells whether numbers are given again later today.
func (v refusal) today() bool {
	return !v.Next.IsZero() && clock.DayOf(v.Next, v.Loc) == clock.DayOf(v.Now, v.Loc)
}

func (v refusal) title(p ui.Page) string {
	switch v.Code {
	case "queue.full":
		return p.T("queue.refused.full.title")
	case "queue.no_numbers":
		return p.T("queue.refused.no_numbers.title")
	case "queue.old_system":
		return p.T("queue.refused.old.title")
	case "queue.web_off":
		return p.T("queue.refused.web_off.title")
	}
	switch {
	case v.today():
		return p.T("queue.refused.early.title")
	case v.Closure != nil:
		return p.T("queue.refused.closure.title")
	case v.Off:
		return p.T("queue.refused.off.title")
	}
	return p.T("queue.refused.closed.title")
}

func (v refusal) under(p ui.Page) string {
	if v.Service == nil {
		return ""
	}
	return serviceName(p, v.Service)
}

func (v refusal) text(p ui.Page) string {
	switch {
	case v.Code == "queue.old_system":
		return p.T("queue.refused.old.text")
	case v.Code == "queue.full":
		return p.T("queue.refused.full.text")
	case v.Code == "queue.no_numbers" && v.Service != nil && v.Service.System != "":
		return p.T("queue.refused.no_numbers.system", v.Service.System)
	case v.Code == "queue.no_numbers":
		return p.T("queue.refused.no_numbers.text")
	case v.Code == "queue.web_off":
		return p.T("queue.refused.web_off.text")
	case v.today():
		return p.T("queue.refused.early.text")
	case v.Closure != nil:
		return p.T("queue.refused.closure.text", english(p, v.Closure.Reason, v.Closure.ReasonEN))
	case v.Off:
		return p.T("queue.refused.off.text")
	}
	return p.T("queue.refused.closed.text")
}

// when is the one thing that a refused person wants to know.
func (v refusal) when(p ui.Page) string {
	switch {
	case v.Code == "queue.no_numbers", v.Code == "queue.web_off":
		return ""
	case v.Code == "queue.old_system" && v.Next.IsZero():
		return p.T("queue.refused.old.open")
	case v.Code == "queue.old_system":
		return p.T("queue.refused.old.when", opens(p, v.Next, v.Loc))
	case v.Next.IsZero():
		return p.T("queue.refused.no_day")
	case v.today():
		return p.T("queue.refused.today", p.Print().TimeZone(v.Next))
	}
	return p.T("queue.refused.on", opens(p, v.Next, v.Loc))
}

// ways are what can be done until then: nobody is left at a wall.
func (v refusal) ways(p ui.Page) (out []ui.Link) {
	if v.Other && v.Code != "queue.web_off" {
		out = append(out, ui.Link{Label: p.T("queue.way_elsewhere"), Href: servicePath(v.Service), Icon: "ticket"})
	}
	if v.Service != nil {
		out = append(out, ui.Link{Label: p.T("queue.way_prepare"), Href: servicePath(v.Service), Icon: "list-check"})
	}
	out = append(out,
		ui.Link{Label: p.T("queue.way_services"), Href: ui.PathServices, Icon: "search"},
		ui.Link{Label: p.T("queue.way_places"), Href: ui.PathPlaces, Icon: "map-pin"})
	if v.Phone != "" {
		out = append(out, ui.Link{Label: p.T("queue.way_phone", v.Phone), Href: ui.TelURL(v.Phone), Icon: "phone"})
	}
	return out
}
