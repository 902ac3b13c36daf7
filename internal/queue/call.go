package queue

import (
	"cmp"
	"context"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// callQuery is one press of "Panggil berikutnya".
type callQuery struct {
	CounterID id.ID
	ZoneID    id.ID
	Day       clock.Day
	Key       string // the press; pressed twice it calls once
	Seen      string // the ticket that the officer saw at the counter; "": does not matter; nobody: none
	Free      bool   // the officer saw that nobody stands there
	Actor     string
	From      string // where the press came from, for the record
}

// callRow is the answer. Outcome is "called"; "same" (this press was done already); "none" (nobody
// waits); "stale" (the counter stands elsewhere than the officer saw). Done is the ticket that the
// call finished, if any. The rest is of the ticket that was called: whoever called it is told so without a second
// look, which could fail.
type callRow struct {
	Outcome   string    `db:"outcome"`
	ID        string    `db:"id"`
	Done      string    `db:"done"`
	SeriesID  string    `db:"series_id"`
	ServiceID string    `db:"service_id"`
	Number    int64     `db:"number"`
	Channel   string    `db:"channel"`
	Origin    string    `db:"origin"`
	CreatedAt time.Time `db:"created_at"`
	CalledAt  time.Time `db:"called_at"`
}

// ticket is the ticket that was called.
func (r callRow) ticket(q callQuery) (t Ticket, err error) {
	t = Ticket{
		Day: q.Day, Number: r.Number, Status: Called, Channel: Channel(r.Channel), Origin: Origin(r.Origin), CounterID: q.CounterID, Calls: 1,
		CreatedAt: r.CreatedAt, CalledAt: r.CalledAt,
	}
	for _, p := range []struct {
		to   *id.ID
		text string
	}{{&t.ID, r.ID}, {&t.SeriesID, r.SeriesID}, {&t.ServiceID, r.ServiceID}} {
		if *p.to, err = id.Parse(p.text); err != nil {
			return t, err
		}
	}
	return t, nil
}

// nobody is what an officer saw at a counter that had called no ticket yet.
const nobody = "00000000-0000-0000-0000-000000000000"

const (
	actionCall   = "queue:ticket:call"
	actionFinish = "queue:ticket:finish"
)

// called is what the event and the record say about a call or a move. Number comes last.
type called struct {
	Ticket  id.ID `json:"ticket"`
	Series  id.ID `json:"series"`
	Counter id.ID `json:"counter"`
	Number  int64 `json:"number"`
}

func callTopics(series, ticket, counter, zone id.ID) []string {
	return []string{"series:" + series.String(), "ticket:" + ticket.String(), "counter:" + counter.String(), "zone:" + zone.String()}
}

// callSQL calls the oldest waiting ticket of the counter's series. $3 counter, $4 day, $5 key, $6 the
// ticket that the officer saw, $7 actor as JSON, $8 zone, $9 whether the officer saw nobody there: a
// ticket that did not come and is called again is the same ticket, and still another state, $10 the record's
// member that says from where. A press that was done already answers with whom it called then, however many
// presses ago.
//
// The counter's row is locked by a statement before this one, so that two presses at one counter run one
// after the other and the second sees what the first did; not against those who only refer to it, such as an
// apply that gives an officer this counter. The ticket is
// taken with SKIP LOCKED: a ticket that another counter is just taking is not waiting any more.
const callSQL = `
with c as materialized (
  select c.id, c.ticket_id, p.ticket_id as pressed from counters c
  left join presses p on p.tenant_id = c.tenant_id and p.counter_id = c.id and p.key = $5::text
  where c.tenant_id = $1::uuid and c.id = $3::uuid and not c.retired
), state as materialized (
  select c.id, c.ticket_id, c.pressed, case
    when c.pressed is not null then 'same'
    when $6::text <> '' and coalesce(c.ticket_id::text, '` + nobody + `') <> $6::text then 'stale'
    when $9::bool and exists (select 1 from tickets t where t.tenant_id = $1::uuid and t.id = c.ticket_id and t.counter_id = c.id
      and t.day = $4::date and t.status in ('called', 'serving')) then 'stale'
    else 'go' end as what
  from c
), nxt as materialized (
  select t.id, t.series_id, t.number from tickets t
  where t.tenant_id = $1::uuid and t.day = $4::date and t.status = 'waiting'
    and exists (select 1 from state where what = 'go')
    and t.series_id in (select cs.series_id from counter_series cs where cs.tenant_id = $1::uuid and cs.counter_id = $3::uuid)
    and (t.origin = '' or exists (select 1 from series s where s.tenant_id = $1::uuid and s.id = t.series_id and (s.gives_from is null or s.gives_from <= $2::timestamptz)))
  order by t.created_at, t.number, t.id limit 1
  for update of t skip locked
), done as (
  update tickets t set status = 'finished', ended_at = $2::timestamptz
  from state s, nxt
  where t.tenant_id = $1::uuid and t.id = s.ticket_id and t.counter_id = $3::uuid and t.status in ('called', 'serving')
  returning t.id, t.series_id, t.number
), taken as (
  update tickets t set status = 'called', counter_id = $3::uuid, called_at = $2::timestamptz, calls = 1
  from nxt where t.tenant_id = $1::uuid and t.id = nxt.id
  returning t.id, t.series_id, t.number, t.service_id, t.channel, t.origin, t.created_at
), cu as (
  update counters set ticket_id = taken.id from taken where counters.tenant_id = $1::uuid and counters.id = $3::uuid
), pr as (
  insert into presses (tenant_id, counter_id, key, ticket_id, at)
  select $1::uuid, $3::uuid, $5::text, taken.id, $2::timestamptz from taken where $5::text <> ''
), entry as materialized (
  select 1 as i, 'ticket.finished' as kind, '` + actionFinish + `' as action, d.* from done d
  union all
  select 2, 'ticket.called', '` + actionCall + `', t.id, t.series_id, t.number from taken t
), made as materialized (
  select e.kind, e.action, e.id, row_number() over (order by e.i) as i,
    '{"ticket":"' || e.id || '","series":"' || e.series_id || '","counter":"' || $3::uuid || '","number":' || e.number || '}' as data,
    ' series:' || e.series_id || ' ticket:' || e.id || ' counter:' || $3::uuid || ' zone:' || $8::uuid || ' ' as topics
  from entry e
), texts as materialized (
  select m.*, '{"at":"' || to_char($2::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","actor":' || $7::text ||
    ',"action":"' || m.action || '","target":"ticket:' || m.id || '"' || $10::text || ',"data":' || m.data || '}' as record
  from made m
), block as materialized (
  select count(*) as k, string_agg(record, E'\n' order by i) as text from texts
), h as (
  update audit_heads a set seq = a.seq + b.k, event_seq = a.event_seq + b.k, hash = sha256(a.hash || convert_to(b.text, 'UTF8'))
  from block b where a.tenant_id = $1::uuid and b.k > 0
  returning a.seq, a.event_seq, a.hash, b.k
), au as (
  insert into audit (tenant_id, seq, block, at, actor, action, target, record, hash)
  select $1::uuid, h.seq - h.k + x.i, h.seq, $2::timestamptz, $7::json #>> '{}', x.action, 'ticket:' || x.id, x.record, case when x.i = h.k then h.hash end
  from texts x, h
), ev as (
  insert into events (tenant_id, seq, at, kind, topics, data)
  select $1::uuid, h.event_seq - h.k + x.i, $2::timestamptz, x.kind, x.topics, x.data from texts x, h
)
select case when s.what = 'go' then case when t.id is null then 'none' else 'called' end else s.what end as outcome,
  coalesce(coalesce(t.id, case s.what when 'same' then s.pressed when 'stale' then s.ticket_id end)::text, '') as id, coalesce(d.id::text, '') as done,
  coalesce(t.series_id::text, '') as series_id, coalesce(t.service_id::text, '') as service_id, coalesce(t.number, 0) as number,
  coalesce(t.channel, '') as channel, coalesce(t.origin, '') as origin, coalesce(t.created_at, $2::timestamptz) as created_at, $2::timestamptz as called_at
from state s left join taken t on true left join done d on true`

func newCaller(db *store.DB) *store.Hot[callQuery, callRow] {
	return store.NewHot(db, store.HotSpec[callQuery, callRow]{
		Name: "queue_call", SQL: callSQL, Max: 1,
		Lock:     "select 1 from counters where tenant_id = $1::uuid and id = $2::uuid for no key update",
		LockArgs: func(qs []callQuery) []any { return []any{qs[0].CounterID.String()} }, Args: callArgs, Lite: callLite,
		Ord:     func(callRow) int { return 0 },
		Missing: func(callQuery) callRow { return callRow{Outcome: "gone"} },
		Key:     func(q callQuery) string { return q.Key },
		Wrote:   func(r callRow) bool { return r.Outcome == "called" },
	})
}

func callArgs(_ time.Time, qs []callQuery) []any {
	q := qs[0]
	return []any{q.CounterID.String(), q.Day.String(), q.Key, q.Seen, `"` + q.Actor + `"`, q.ZoneID.String(), q.Free, store.FromMember(q.From)}
}

func callLite(ctx context.Context, tx *store.Tx, qs []callQuery) ([]callRow, error) {
	q := qs[0]
	counters, err := store.Select[callState](tx).Where("id = ?", q.CounterID).Where("not retired").All(ctx)
	if err != nil {
		return nil, err
	}
	if len(counters) == 0 {
		return []callRow{{Outcome: "gone"}}, nil
	}
	d := counters[0]
	earlier, err := store.Select[pressed](tx).Where("counter_id = ?", q.CounterID).Where("key = ?", q.Key).All(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case len(earlier) > 0:
		return []callRow{{Outcome: "same", ID: earlier[0].TicketID.String()}}, nil
	case q.Seen != "" && cmp.Or(d.TicketID.String(), nobody) != q.Seen:
		return []callRow{{Outcome: "stale", ID: d.TicketID.String()}}, nil
	}
	cur, err := standing(ctx, tx, d)
	if err != nil {
		return nil, err
	}
	if q.Free && cur != nil && cur.Day == q.Day {
		return []callRow{{Outcome: "stale", ID: d.TicketID.String()}}, nil
	}
	next, err := store.Query[Ticket](ctx, tx, store.From{"tickets", "counter_series", "series"}, `
		select t.* from tickets t where t.day = ? and t.status = 'waiting'
		  and t.series_id in (select cs.series_id from counter_series cs where cs.counter_id = ?) and `+oursNow+`
		order by t.created_at, t.number, t.id limit 1`, q.Day, q.CounterID, tx.Now())
	if err != nil {
		return nil, err
	}
	if len(next) == 0 {
		return []callRow{{Outcome: "none"}}, nil
	}
	n := next[0]
	out := callRow{
		Outcome: "called", ID: n.ID.String(), SeriesID: n.SeriesID.String(), ServiceID: n.ServiceID.String(), Number: n.Number,
		Channel: string(n.Channel), Origin: string(n.Origin), CreatedAt: n.CreatedAt, CalledAt: tx.Now(),
	}
	if cur != nil {
		if err := finish(ctx, tx, q.Actor, *cur, q.CounterID, q.ZoneID); err != nil {
			return nil, err
		}
		out.Done = cur.ID.String()
	}
	_, err = store.Update[Ticket](tx).Set("status = ?", Called).Set("counter_id = ?", q.CounterID).Set("called_at = ?", tx.Now()).
		Set("calls = 1").Where("id = ?", next[0].ID).Exec(ctx)
	if err != nil {
		return nil, err
	}
	_, err = store.Update[callState](tx).Set("ticket_id = ?", next[0].ID).Where("id = ?", q.CounterID).Exec(ctx)
	if err != nil {
		return nil, err
	}
	if q.Key != "" {
		if err := store.Insert(ctx, tx, &pressed{CounterID: q.CounterID, Key: q.Key, TicketID: next[0].ID, At: tx.Now()}); err != nil {
			return nil, err
		}
	}
	note(tx, q.Actor, actionCall, "ticket.called", next[0], q.CounterID, q.ZoneID)
	return []callRow{out}, nil
}

// oursNow leaves out numbers that another system gave and still calls: until a mall has changed over they wait there.
const oursNow = `(t.origin = '' or exists (select 1 from series s where s.id = t.series_id and (s.gives_from is null or s.gives_from <= ?)))`

// standing is who stands at a counter, called or served; nil: nobody. It may be left over from another day.
func standing(ctx context.Context, tx *store.Tx, d callState) (*Ticket, error) {
	if d.TicketID.IsZero() {
		return nil, nil
	}
	rows, err := store.Select[Ticket](tx).Where("id = ?", d.TicketID).Where("counter_id = ?", d.ID).
		Where("status in ('called', 'serving')").All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// finish ends what stands at a counter.
func finish(ctx context.Context, tx *store.Tx, actor string, t Ticket, counter, zone id.ID) error {
	_, err := store.Update[Ticket](tx).Set("status = ?", Finished).Set("ended_at = ?", tx.Now()).Where("id = ?", t.ID).Exec(ctx)
	if err == nil {
		note(tx, actor, actionFinish, "ticket.finished", t, counter, zone)
	}
	return err
}

// statusThen is a ticket's status in a record, before a move or after it. One permission covers several moves: without it
// nobody could tell who was served from who was marked as absent. A call's action says it all.
type statusThen struct {
	Status Status `json:"status"`
}

// note adds the record and the event of what happened to a ticket at a counter.
func note(tx *store.Tx, actor, action, kind string, t Ticket, counter, zone id.ID) {
	noteMove(tx, actor, action, kind, t, counter, zone, nil, nil)
}

// noteMove is note with the status before and after, each a change or nil.
func noteMove(tx *store.Tx, actor, action, kind string, t Ticket, counter, zone id.ID, before, after any) {
	d := called{t.ID, t.SeriesID, counter, t.Number}
	tx.Audit(store.Record{Actor: actor, Action: action, Target: "ticket:" + t.ID.String(), Data: d, Before: before, After: after})
	tx.Emit(kind, d, callTopics(t.SeriesID, t.ID, counter, zone)...)
}
