// Package queue is the queue of a mall: tickets are issued, called to a counter, served and finished,
// and boards and phones see it as it happens.
//
// A number belongs to a series, a local day and nobody else. It is taken by moving the series' counter
// for that day (series_days), never by counting tickets; unique constraints stand behind it.
package queue

import (
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Status is where a ticket stands.
type Status string

const (
	Waiting   Status = "waiting"
	Called    Status = "called"  // shown on the board, the person is on the way
	Serving   Status = "serving" // the person is at the counter
	Finished  Status = "finished"
	NoShow    Status = "no_show"
	Cancelled Status = "cancelled"
)

// Move is what is done to a ticket after it has been called, or while it waits by whoever gives it back.
type Move string

const (
	Recall    Move = "recall"    // called again, same counter
	Serve     Move = "serve"     // the person has come
	Finish    Move = "finish"    // done
	Absent    Move = "no_show"   // did not come
	Cancel    Move = "cancel"    // the place is given back, see Canceller
	Reinstate Move = "reinstate" // has come after all: a free counter calls again
	Return    Move = "return"    // has come after all: back into the line
)

// moves is the state machine: what each move does from each status. A move that leads to the status
// in which the ticket already is repeats an answer that was lost, and changes nothing.
var moves = map[Move]struct {
	from []Status
	to   Status
}{
	Recall:    {[]Status{Called}, Called},
	Serve:     {[]Status{Called}, Serving},
	Finish:    {[]Status{Called, Serving}, Finished},
	Absent:    {[]Status{Called}, NoShow},
	Cancel:    {[]Status{Waiting, Called}, Cancelled},
	Reinstate: {[]Status{NoShow}, Called},
	Return:    {[]Status{NoShow}, Waiting},
}

// next gives the status after a move. changed is false when the ticket is there already. An illegal
// move is the fault "queue.illegal_move".
func (s Status) next(m Move) (to Status, changed bool, err error) {
	rule, ok := moves[m]
	if !ok {
		return s, false, fmt.Errorf("queue: no move %q", m)
	}
	for _, from := range rule.from {
		if s == from {
			return rule.to, true, nil
		}
	}
	if s == rule.to {
		return s, false, nil
	}
	return s, false, s.refuse(m)
}

// refuse is the fault of a move that does not fit the status.
func (s Status) refuse(m Move) error {
	return fault.New(fault.Conflict, "queue.illegal_move").With("status", string(s)).With("move", string(m))
}

// Channel is how a ticket was taken. It follows from the credential, never from the request.
type Channel string

const (
	Web       Channel = "web"
	Kiosk     Channel = "kiosk"
	AtCounter Channel = "counter"
	Vehicle   Channel = "vehicle"
)

// Canceller is who gave a place back.
type Canceller string

const (
	ByOwner Canceller = "own"  // whoever has the ticket's address
	ByDesk  Canceller = "desk" // the front desk, for the person
	ByMall  Canceller = "mall" // the region does not use the series any more
)

// Ticket is a person's place in a queue. It names nobody.
type Ticket struct {
	bun.BaseModel `bun:"table:tickets,alias:ticket"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	SeriesID  id.ID     `bun:"series_id"`
	ServiceID id.ID     `bun:"service_id"`
	Day       clock.Day `bun:"day"` // local
	Number    int64     `bun:"number"`
	Status    Status    `bun:"status"`
	Channel   Channel   `bun:"channel"`
	IdemKey   string    `bun:"idem_key"`
	CounterID id.ID     `bun:"counter_id"`
	Calls     int       `bun:"calls"`
	CreatedAt time.Time `bun:"created_at"`
	CalledAt  time.Time `bun:"called_at,nullzero"`
	ServedAt  time.Time `bun:"served_at,nullzero"`
	EndedAt   time.Time `bun:"ended_at,nullzero"`

	CancelledBy Canceller `bun:"cancelled_by,nullzero"`
	Origin      Origin    `bun:"origin"`
}

// Origin is which system gave a number.
type Origin string

// OldSystem gave numbers before a mall changed over; "" is ours.
const OldSystem Origin = "old"

// SeriesDay is how many numbers a series has given on a day.
type SeriesDay struct {
	bun.BaseModel `bun:"table:series_days,alias:series_day"`
	store.Owned
	SeriesID id.ID     `bun:"series_id,pk"`
	Day      clock.Day `bun:"day,pk"`
	N        int64     `bun:"n"`
	Prev     int64     `bun:"prev"` // n before the last update, for the statement that made it
}

// callState is the queue's part of a counter's row: the ticket that it called last.
type callState struct {
	bun.BaseModel `bun:"table:counters,alias:call_state"`
	store.Owned
	ID       id.ID `bun:"id,pk"`
	ZoneID   id.ID `bun:"zone_id"`
	TicketID id.ID `bun:"ticket_id"`
	Retired  bool  `bun:"retired"`
}

// pressed is whom a press of a counter's button called, so that the same press calls nobody else.
type pressed struct {
	bun.BaseModel `bun:"table:presses,alias:press"`
	store.Owned
	CounterID id.ID     `bun:"counter_id,pk"`
	Key       string    `bun:"key,pk"`
	TicketID  id.ID     `bun:"ticket_id"`
	At        time.Time `bun:"at"`
}

// Models are this package's tables.
var Models = store.Models{(*Ticket)(nil), (*SeriesDay)(nil), (*callState)(nil), (*pressed)(nil), (*switchRow)(nil), (*switchSeriesRow)(nil)}

// Label is a number as people read it: "A-027", "AB-1027".
func Label(prefix string, number int64) string { return fmt.Sprintf("%s-%03d", prefix, number) }
