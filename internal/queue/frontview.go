package queue

import (
	"slices"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// frontView is the front desk.
type frontView struct {
	Now    time.Time
	Loc    *time.Location
	Find   frontFind
	Pick   frontChoice
	Queues []QueueNow
	Missed []Place
}

// venues tells whether the queues are in several places.
func (v frontView) venues() bool { return len(v.places()) > 1 }

// frontPlace are the queues of one place.
type frontPlace struct {
	Venue  *tenant.Venue
	Queues []QueueNow
}

// places are the queues by place, each in their order.
func (v frontView) places() (out []frontPlace) {
	for _, q := range v.Queues {
		i := slices.IndexFunc(out, func(g frontPlace) bool { return g.Venue == q.Venue })
		if i < 0 {
			i = len(out)
			out = append(out, frontPlace{Venue: q.Venue})
		}
		out[i].Queues = append(out[i].Queues, q)
	}
	slices.SortStableFunc(out, func(a, b frontPlace) int { return a.Venue.Sort - b.Venue.Sort })
	return out
}

// frontFind is a search for a ticket.
type frontFind struct {
	Text       string
	Wanted     wanted
	Unreadable bool // neither a number nor a code
	Found      []Place
}

// wrong says why nothing was found. A number that was not given yet shows how far its series is.
func (v frontFind) wrong(p ui.Page, queues []QueueNow) string {
	switch {
	case v.Text == "" || len(v.Found) > 0:
		return ""
	case v.Unreadable:
		return p.T("queue.front.find_what")
	case !v.Wanted.ID.IsZero():
		return p.T("queue.front.find_no_scan")
	case v.Wanted.Number == 0:
		return p.T("queue.front.find_no_code", v.Wanted.Code)
	case v.Wanted.Prefix == "":
		return p.T("queue.front.find_none", strconv.FormatInt(v.Wanted.Number, 10))
	}
	label := Label(v.Wanted.Prefix, v.Wanted.Number)
	for _, q := range queues {
		if q.Prefix == v.Wanted.Prefix && q.Given > 0 {
			return p.T("queue.front.find_none_last", label, Label(q.Prefix, q.Given))
		}
	}
	return p.T("queue.front.find_none", label)
}

// The news that a ticket's page may begin with, by their names in the address.
const (
	newsGiven     = "baru"    // a number has just been given
	newsSame      = "lama"    // the press had given it before
	newsReturned  = "kembali" // it is back in the line
	newsCancelled = "batal"
	newsIllegal   = "langkah" // the move does not fit what the ticket is now
	newsGone      = "seri"    // its series is not used any more
)

var knownNews = map[string]bool{
	newsGiven: true, newsSame: true, newsReturned: true, newsCancelled: true, newsIllegal: true, newsGone: true,
}

// frontRights are what the person at the desk may do with a ticket.
type frontRights struct{ Issue, Cancel, Return bool }

// frontTicket is a ticket as the front desk sees it.
type frontTicket struct {
	ticketView
	Can  frontRights
	News string
}

// news is the sentence about what was just done, its kind and its icon. What has changed since is not news.
func (v frontTicket) news(p ui.Page) (text string, kind ui.Kind, icon string) {
	switch {
	case v.News == newsGiven && v.State == Waiting:
		return p.T("queue.front.news.baru"), ui.Good, "circle-check"
	case v.News == newsSame:
		return p.T("queue.front.news.lama", v.Label, p.Print().Time(v.CreatedAt)), ui.Warn, "alert-circle"
	case v.News == newsReturned && v.State == Waiting:
		return p.T("queue.front.news.kembali", v.Label), ui.Good, "circle-check"
	case v.News == newsCancelled && v.State == Cancelled:
		return p.T("queue.front.news.batal", v.Label), ui.Good, "circle-check"
	case v.News == newsGone && v.State == NoShow:
		return p.T("queue.front.news.seri"), ui.Warn, "alert-circle"
	case v.News == newsIllegal:
		return p.T("queue.front.news.langkah", v.sentence(p)), ui.Warn, "info-circle"
	}
	return "", ui.Plain, ""
}

// sentence is the ticket's state for somebody who is not its person.
func (v frontTicket) sentence(p ui.Page) string {
	if v.State == Waiting {
		return p.T("queue.number_is", v.Label, v.ahead(p))
	}
	return v.ticketView.sentence(p)
}

// ahead is "3 orang di depannya" or "dipanggil berikutnya".
func (v frontTicket) ahead(p ui.Page) string {
	if v.Ahead == 0 {
		return p.T("queue.front.first")
	}
	return p.T("queue.front.ahead", v.Ahead)
}

// state is what stands under the number.
func (v frontTicket) state(p ui.Page) string {
	switch v.State {
	case Waiting:
		return ui.Capital(v.ahead(p))
	case Called, Serving:
		return v.Counter.Name
	}
	return ui.Capital(stateText(p, v.State))
}

// details are what the desk tells the person, or asks for.
func (v frontTicket) details(p ui.Page) []ui.Pair {
	pr := p.Print()
	out := []ui.Pair{{Term: p.T("queue.code"), Value: v.code()}}
	if v.Day != clock.DayOf(v.Now, v.Loc) {
		out = append(out, ui.Pair{Term: p.T("queue.front.day"), Value: pr.Date(v.Day)})
	}
	switch {
	case v.State == Waiting || v.State == past:
		if where := v.ticketView.where(p); where != "" {
			out = append(out, ui.Pair{Term: p.T("queue.served_at"), Value: where})
		}
	case v.Counter != nil:
		if at, en := counterPlace(v.Counter); at != "" {
			out = append(out, ui.Pair{Term: p.T("queue.front.where"), Value: english(p, at, en)})
		}
	}
	out = append(out,
		ui.Pair{Term: p.T("queue.front.venue"), Value: venueName(p, v.Series.Venue)},
		ui.Pair{Term: p.T("queue.taken"), Value: p.T("queue.front.taken", pr.Time(v.CreatedAt), p.T("queue.channel."+string(v.Channel)))})
	if !v.CalledAt.IsZero() {
		out = append(out, ui.Pair{Term: p.T("queue.front.called"), Value: p.T("queue.front.called_to", pr.Time(v.CalledAt), v.Counter.Name)})
	}
	switch v.Status {
	case Finished:
		out = append(out, ui.Pair{Term: p.T("queue.front.ended"), Value: pr.Time(v.EndedAt)})
	case Cancelled:
		by := p.T("queue.cancelled_by." + string(v.CancelledBy))
		out = append(out, ui.Pair{Term: p.T("queue.front.cancelled"), Value: p.T("queue.front.ended_by", pr.Time(v.EndedAt), by)})
	}
	return out
}

// printable tells whether paper leads anywhere.
func (v frontTicket) printable() bool { return v.withdrawable() }

// again is what a button for the same service sends: at the same place, as long as it is given there.
func (v frontTicket) again() string {
	return frontService{Service: v.Service, At: v.Series, Several: len(v.Service.Series) > 1 && v.Service.At(v.SeriesID) != nil}.value()
}

// returnable tells whether the ticket can go back into the line: into one that is called.
func (v frontTicket) returnable() bool { return v.State == NoShow && v.Can.Return && !v.Series.Retired }

// anew tells whether a new number for the same service helps.
func (v frontTicket) anew() bool {
	over := v.State == Cancelled || v.State == past || v.State == Finished || v.State == NoShow && v.Series.Retired
	return over && v.Can.Issue && v.Opening.Tickets && !v.Service.Retired
}

// openCounters is "2 dari 4": of a series' counters those at which somebody stands.
func openCounters(p ui.Page, q QueueNow) string {
	return p.T("queue.front.of", q.Busy, len(q.Counters))
}

func openShort(q QueueNow) string { return strconv.Itoa(q.Busy) + "/" + strconv.Itoa(len(q.Counters)) }

// seriesName is a series beside its prefix.
func seriesName(p ui.Page, s *tenant.Series) string {
	if s.Name != "" {
		return english(p, s.Name, s.NameEN)
	}
	return english(p, s.Agency.Short, s.Agency.ShortEN)
}

// seriesEN is the English of seriesName, if there is one.
func seriesEN(s *tenant.Series) string {
	if s.Name != "" {
		return s.NameEN
	}
	return s.Agency.ShortEN
}

// foundText is a ticket in a list: "KTP-el hilang, menunggu".
func foundText(p ui.Page, n Place) string {
	return p.T("queue.number_is", serviceName(p, n.Service), stateText(p, n.Status))
}
