package queue

import (
	"fmt"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// callAgain is a press of "Panggil kembali A-005".
func (s *Pages) callAgain(c *web.Ctx) error {
	counter, err := c.ID("id")
	if err != nil {
		return err
	}
	ticket, err := id.Parse(c.Form("nomor"))
	if err != nil {
		return fault.New(fault.NotFound, "not_found")
	}
	press := Press{CounterID: counter, Key: c.Form("kunci")}
	if seen := c.Form("lihat"); seen != "" {
		if press.Seen, err = id.Parse(seen); err != nil {
			return fault.New(fault.Malformed, "queue.bad_seen")
		}
	} else {
		press.SawNobody = press.Key != ""
	}
	_, err = s.hall.CallAgain(c.Std(), c.Tenant, c.Actor, press, ticket)
	if err == nil || fault.KindOf(err) == fault.Conflict {
		s.hall.seen(c.Tenant, counter)
	}
	switch {
	case fault.Is(err, "queue.stale"), fault.Is(err, "queue.counter_busy"):
		return s.after(c, counter, noteStale)
	case fault.Is(err, "queue.illegal_move"):
		return s.after(c, counter, noteBack)
	case err != nil:
		return err
	}
	return s.after(c, counter, "")
}

// again is whom the line about the last ticket offers to call again: who was not there, as long as nobody
// stands at the counter.
func (v counterScreen) again() *Place {
	if v.Last == nil || v.Last.Status != NoShow || v.Current != nil || !v.CanCall {
		return nil
	}
	return v.Last
}

func (v counterScreen) pastIcon() string {
	if v.Last != nil && v.Last.Status != Finished {
		return "user-off"
	}
	return "check"
}

// missedMark is what the list of the absent shows and sends, without the key, which is new in every rendering.
func (v counterScreen) missedMark(p ui.Page) string {
	mark := fmt.Sprint(v.Seen, v.Current != nil)
	for _, m := range v.Missed {
		mark += "|" + m.ID.String() + missedText(p, m)
	}
	return mark
}

// missedText is when and where somebody was missed: "10.04, Loket 3".
func missedText(p ui.Page, m Place) string {
	if m.Counter == nil {
		return p.Print().Time(m.EndedAt)
	}
	return p.T("queue.missed_row", p.Print().Time(m.EndedAt), m.Counter.Name)
}
