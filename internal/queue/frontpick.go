package queue

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// frontChoice is where a service is chosen: all agencies, one of them, or what a search has found.
type frontChoice struct {
	Key      string // of this rendering, see issue
	Search   ui.SearchBox
	Count    string // "12 layanan", announced as one types
	Back     bool   // leads back to all agencies
	Shut     []frontShut
	Groups   []frontGroup
	Agencies []frontAgency
}

// frontShut is a place that gives no numbers now.
type frontShut struct {
	Venue *tenant.Venue
	Why   refusal
}

// frontGroup is a run of services under a heading.
type frontGroup struct {
	ID, Title, Note string
	EN              string // the agency's English name, if there is one
	Ours            bool   // the title is ours, in the page's language, and the services are of any agency
	Services        []frontService
}

// frontService is a service at one of its places.
type frontService struct {
	*tenant.Service
	At      *tenant.Series // whose numbers it gives; nil: it has none
	Several bool           // it is given at other places too
	Why     *refusal       // no number now, and why; nil: one press gives it
	Short   bool           // the place is closed: Shut says the rest
}

// value is what its button sends, see chosen.
func (s frontService) value() string {
	if s.Several {
		return s.ID.String() + "/" + s.At.ID.String()
	}
	return s.ID.String()
}

// chosen reads what a button has sent: a service, and the series where it has several.
func chosen(value string) (service, series id.ID, err error) {
	text, at, several := strings.Cut(value, "/")
	if service, err = id.Parse(text); err == nil && several {
		series, err = id.Parse(at)
	}
	return service, series, err
}

type frontAgency struct {
	*tenant.Agency
	Waiting int
}

// title is the heading, and the language in which it stands on an English page.
func (g frontGroup) title(p ui.Page) string { return english(p, g.Title, g.EN) }

func (g frontGroup) lang(p ui.Page) templ.Attributes {
	if g.Ours {
		return nil
	}
	return inIndonesian(p, g.EN)
}

// frontWhole is the number of services up to which all stand on one page, as on the citizens' list.
const frontWhole = 45

// pick reads what the desk may give numbers for.
func (f *FrontOffice) pick(c *web.Ctx, queues []QueueNow) (v frontChoice, err error) {
	dir, err := f.dirs.Of(c.Std(), c.Tenant)
	if err != nil {
		return v, err
	}
	b := &frontBuilder{dir: dir, t: c.Tenant, now: c.Now(), full: map[id.ID]bool{}, shut: map[id.ID]bool{}, v: &v}
	for _, q := range queues {
		b.full[q.ID] = q.full()
	}
	query := c.Query("q")
	if r := []rune(query); len(r) > 80 {
		query = string(r[:80])
	}
	p := frontUI(c, "")
	v.Key = id.New().String()
	v.Search = ui.SearchBox{
		Action: pathFront, Label: p.T("queue.front.search"), Placeholder: p.T("queue.front.search_hint"), Value: query,
		Fragment: pathFront, Target: "pilihan", KeepURL: true, Key: "l",
	}
	mine := func(o *tenant.Agency) bool { return c.Actor.Can(permIssue, AgencyScope(c.Tenant, o)) }
	var all []*tenant.Service
	var agencies []*tenant.Agency
	for _, o := range dir.Agencies {
		if mine(o) && len(o.Services) > 0 {
			agencies = append(agencies, o)
			all = append(all, o.Services...)
		}
	}
	if query != "" {
		var found []*tenant.Service
		for _, o := range f.finder.Find(dir, query) {
			if mine(o.Agency) {
				found = append(found, o)
			}
		}
		v.Back = true
		v.Count = p.T("queue.front.services", len(found))
		if len(found) == 0 {
			v.Count = p.T("queue.front.nothing", query)
			return v, nil
		}
		b.group("h-hasil", p.T("queue.front.found_for", query), v.Count, found)
		return v, nil
	}
	for _, o := range agencies {
		if o.Code == c.Query("instansi") {
			v.Back = true
			v.Count = p.T("queue.front.services", len(o.Services))
			b.agency("h-instansi", v.Count, o)
			return v, nil
		}
	}
	v.Count = p.T("queue.front.services", len(all))
	often, err := f.hall.often(c.Std(), c.Tenant)
	if err != nil {
		return v, err
	}
	var handy []*tenant.Service
	for _, o := range often {
		if mine(o.Agency) {
			handy = append(handy, o)
		}
	}
	if len(handy) > 0 && len(all) > 2*oftenMost {
		b.group("h-sering", p.T("queue.front.often"), "", handy)
	}
	if len(all) <= frontWhole {
		for i, o := range agencies {
			b.agency("h-"+strconv.Itoa(i), "", o)
		}
		return v, nil
	}
	waiting := map[id.ID]int{}
	for _, q := range queues {
		waiting[q.AgencyID] += q.Waiting
	}
	for _, o := range agencies {
		v.Agencies = append(v.Agencies, frontAgency{o, waiting[o.ID]})
	}
	slices.SortStableFunc(v.Agencies, func(a, b frontAgency) int {
		return strings.Compare(strings.ToLower(english(p, a.Short, a.ShortEN)), strings.ToLower(english(p, b.Short, b.ShortEN)))
	})
	return v, nil
}

// frontBuilder judges which services give a number now.
type frontBuilder struct {
	dir  *tenant.Directory
	t    *tenant.Tenant
	now  time.Time
	full map[id.ID]bool // by series
	shut map[id.ID]bool // venues that v.Shut has
	v    *frontChoice
}

// group adds services under a heading of ours.
func (b *frontBuilder) group(headingID, title, note string, services []*tenant.Service) {
	b.add(frontGroup{ID: headingID, Title: title, Note: note, Ours: true}, services)
}

func (b *frontBuilder) agency(headingID, note string, o *tenant.Agency) {
	b.add(frontGroup{ID: headingID, Title: o.Name, EN: o.NameEN, Note: note}, o.Services)
}

func (b *frontBuilder) add(g frontGroup, services []*tenant.Service) {
	for _, o := range services {
		if len(o.Series) == 0 {
			g.Services = append(g.Services, frontService{Service: o, Why: &refusal{Code: "queue.no_numbers", Service: o, Now: b.now, Loc: b.t.Loc}})
		}
		for _, s := range o.Series {
			g.Services = append(g.Services, b.service(o, s))
		}
	}
	b.v.Groups = append(b.v.Groups, g)
}

func (b *frontBuilder) service(o *tenant.Service, at *tenant.Series) frontService {
	row := frontService{Service: o, At: at, Several: len(o.Series) > 1}
	open := b.dir.Opening(b.t, at.Venue, b.now)
	why := refusal{Service: o, Series: at, Now: b.now, Loc: b.t.Loc, Closure: open.Closure, Next: b.dir.NextTickets(b.t, at.Venue, b.now)}
	periods, _ := b.dir.Periods(at.Venue, b.t.Today(b.now))
	why.Off = len(periods) == 0
	switch {
	case !open.Tickets:
		why.Code = closedBy(open)
		row.Why, row.Short = &why, true
		if !b.shut[at.VenueID] {
			b.shut[at.VenueID] = true
			b.v.Shut = append(b.v.Shut, frontShut{at.Venue, why})
		}
	case b.full[at.ID]:
		why.Code = "queue.full"
		row.Why = &why
	}
	return row
}
