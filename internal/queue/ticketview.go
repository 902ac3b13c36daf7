package queue

import (
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// past is the state of a ticket whose day went by before it was its turn. The rows know no such
// status: nothing happens to them at midnight.
const past Status = "past"

// ticketView is a ticket as its page shows it.
type ticketView struct {
	Place
	State   Status // Status, or past
	Now     time.Time
	Opening tenant.Opening
	Loc     *time.Location
	Key     string // of the form that takes a new number
	QR      qrCode
	Ways    []ui.Link // from paper back to where it was asked for
	Print   bool      // the page was opened to be printed at once
}

// newTicketView looks at a ticket at a moment.
func newTicketView(p Place, dir *tenant.Directory, t *tenant.Tenant, now time.Time) ticketView {
	v := ticketView{Place: p, State: p.Status, Now: now, Loc: t.Loc}
	v.Opening = dir.Opening(t, p.Series.Venue, now)
	if dayIsOver(p, t.Today(now)) && p.Status != Finished && p.Status != Cancelled {
		v.State = past
	}
	return v
}

// live tells whether something may still happen to the ticket. Who was not there may come back into the line.
func (v ticketView) live() bool {
	return v.State == Waiting || v.State == Called || v.State == Serving || v.State == NoShow
}

// shape is what decides how the ticket looks, numbers and times apart. The page tells it to its stream.
func (v ticketView) shape() string { return string(v.State) + "-" + strconv.Itoa(v.Calls) }

// withdrawable tells whether the person may give the place back.
func (v ticketView) withdrawable() bool { return v.State == Waiting || v.State == Called }

// sentence is the ticket's state in one sentence: for the window's title, the cancelling page and
// people who hear the page.
func (v ticketView) sentence(p ui.Page) string {
	switch v.State {
	case Waiting:
		return p.T("queue.number_is", v.Label, aheadText(p, v.Ahead))
	case Called:
		return p.T("queue.called_to", v.Label, v.Counter.Name)
	}
	return p.T("queue.number_is", v.Label, stateText(p, v.State))
}

// stateText is a state in a word or two.
func stateText(p ui.Page, s Status) string { return p.T("queue.state." + string(s)) }

// where is whose counters call the ticket: "Loket 1–4".
func (v ticketView) where(p ui.Page) string { return counterNames(p, v.Series.Counters) }

func (v ticketView) code() string { return Code(v.ID) }

// told is the time with its zone, of a moment in the ticket's day.
func told(p ui.Page, t time.Time) string { return p.Print().TimeZone(t) }

// facts are what the ticket's middle slip lists.
func (v ticketView) facts(p ui.Page) []ui.Pair {
	var out []ui.Pair
	if where := v.where(p); where != "" {
		out = append(out, ui.Pair{Term: p.T("queue.served_at"), Value: where})
	}
	return append(out,
		ui.Pair{Term: p.T("queue.place_now"), Value: openText(p, v.Opening, v.Now, v.Loc)},
		ui.Pair{Term: p.T("queue.code"), Value: v.code()})
}

// waitingSteps are what a person does until the call. A service without a place has no way to it.
func waitingSteps(p ui.Page, v ticketView) []ui.Step {
	venue := v.Series.Venue
	steps := []ui.Step{{Title: p.T("queue.step_keep"), Text: p.T("queue.step_keep_text")}}
	steps = append(steps, ui.Step{Title: p.T("queue.step_papers"), Body: serviceLink(p, v)})
	if venue.Address == "" {
		return append(steps, ui.Step{Title: p.T("queue.step_ready"), Text: p.T("queue.step_ready_text")})
	}
	come := ui.Step{Title: p.T("queue.step_come", venueName(p, venue)), Text: p.T("queue.step_come_text")}
	call := ui.Step{Title: p.T("queue.step_call"), Text: p.T("queue.step_call_text")}
	return append(steps, come, call)
}

// calledSteps are what a person does now.
func calledSteps(p ui.Page, v ticketView) []ui.Step {
	there := ui.Step{Title: p.T("queue.step_go", v.Counter.Name), Now: true}
	if at, en := counterPlace(v.Counter); at != "" {
		there.Body = placeLine(p, at, en)
	}
	return []ui.Step{
		there,
		{Title: p.T("queue.step_show"), Text: p.T("queue.step_show_text", v.code())},
	}
}

// printPage is the page of a ticket on paper.
func printPage(p ui.Page) ui.Page {
	p.Class = "p-thermal"
	return p
}
