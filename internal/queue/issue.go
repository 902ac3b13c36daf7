package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// issueQuery is one request for a number.
type issueQuery struct {
	ID        id.ID
	SeriesID  id.ID
	ServiceID id.ID
	Day       clock.Day
	Key       string
	Channel   Channel
	Actor     string
	From      string // where the request came from, for the record
}

// issueRow is the answer. Outcome is "new", "same" (the key had been used: the ticket of then) or
// "full".
type issueRow struct {
	Ord       int       `db:"ord"`
	Outcome   string    `db:"outcome"`
	ID        string    `db:"id"`
	ServiceID string    `db:"service_id"`
	SeriesID  string    `db:"series_id"`
	Number    int64     `db:"number"`
	Status    string    `db:"status"`
	Ahead     int64     `db:"ahead"`
	CreatedAt time.Time `db:"created_at"`
}

const actionIssue = "queue:ticket:issue"

// issued is what the event and the record say about a new ticket. Number comes last, because the hot
// statement appends it to a text that was made before the number was known.
type issued struct {
	Ticket  id.ID   `json:"ticket"`
	Series  id.ID   `json:"series"`
	Service id.ID   `json:"service"`
	Channel Channel `json:"channel"`
	Number  int64   `json:"number"`
}

// head is the JSON of v up to where its last member's number begins.
func head(v any) string {
	b, _ := json.Marshal(v) // our own struct of strings and numbers
	return strings.TrimSuffix(string(b), "0}")
}

func issueTopics(q issueQuery) []string {
	return []string{"series:" + q.SeriesID.String(), "ticket:" + q.ID.String()}
}

// issueSQL issues all of one tenant's requests at once. Arrays: $3 ordinal, $4 series, $5 service,
// $6 day, $7 ticket, $8 key, $9 channel, $10 actor, $11 record's head, $12 event's head, $13 topics.
// A series that is full gives what is left and no row for the rest. Who is ahead are those who wait in the
// series and in those that its counters call too, in the order of calling: by age, number and identifier.
// The lock on the series is the one that its foreign key would take; taken here, a series that an apply is
// just taking away, or that a change back to another system is just shutting, is looked at again once that has committed.
const issueSQL = `
with req as (
  select ord, series_id::uuid as series_id, service_id::uuid as service_id, day::date as day, id::uuid as id, key, channel, actor, record, data, topics
  from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
    as r (ord, series_id, service_id, day, id, key, channel, actor, record, data, topics)
), old as materialized (
  select r.ord, t.id, t.service_id, t.series_id, t.number, t.status, t.created_at
  from req r join tickets t on t.tenant_id = $1::uuid and t.idem_key = r.key
), fresh as materialized (
  select r.*, row_number() over (partition by r.series_id, r.day order by r.ord) as k
  from req r where not exists (select 1 from old o where o.ord = r.ord)
), want as (
  select series_id, day, count(*) as n from fresh group by series_id, day
), line as materialized (
  select w.series_id, w.day, (
    select count(*) from series_peers sp
    join tickets t on t.tenant_id = sp.tenant_id and t.series_id = sp.peer_id and t.day = w.day and t.status = 'waiting'
    where sp.tenant_id = $1::uuid and sp.series_id = w.series_id) as n
  from want w
), c as (
  insert into series_days as d (tenant_id, series_id, day, n, prev)
  select $1::uuid, w.series_id, w.day, least(w.n, coalesce(nullif(s.quota, 0), w.n)), 0
  from want w join series s on s.tenant_id = $1::uuid and s.id = w.series_id and not s.retired and (s.gives_from is null or s.gives_from <= $2::timestamptz)
  order by w.series_id, w.day
  for key share of s
  on conflict (tenant_id, series_id, day) do update set
    prev = d.n,
    n = greatest(d.n, least(d.n + excluded.n, coalesce((select nullif(s.quota, 0) from series s where s.tenant_id = $1::uuid and s.id = d.series_id), d.n + excluded.n)))
  returning series_id, day, prev, n
), t as (
  insert into tickets (tenant_id, id, series_id, service_id, day, number, status, channel, idem_key, calls, created_at)
  select $1::uuid, f.id, f.series_id, f.service_id, f.day, c.prev + f.k, 'waiting', f.channel, f.key, 0, $2::timestamptz
  from fresh f join c on c.series_id = f.series_id and c.day = f.day
  where c.prev + f.k <= c.n
  returning id, number
), made as materialized (
  select f.*, t.number, row_number() over (order by f.ord) as i,
    f.record || t.number || '}}' as record_text, f.data || t.number || '}' as data_text
  from t join fresh f on f.id = t.id
), block as materialized (
  select count(*) as k, string_agg(record_text, E'\n' order by i) as text from made
), h as (
  update audit_heads a set seq = a.seq + b.k, event_seq = a.event_seq + b.k, hash = sha256(a.hash || convert_to(b.text, 'UTF8'))
  from block b where a.tenant_id = $1::uuid and b.k > 0
  returning a.seq, a.event_seq, a.hash, b.k
), au as (
  insert into audit (tenant_id, seq, block, at, actor, action, target, record, hash)
  select $1::uuid, h.seq - h.k + m.i, h.seq, $2::timestamptz, m.actor, '` + actionIssue + `', 'ticket:' || m.id, m.record_text, case when m.i = h.k then h.hash end
  from made m, h
), ev as (
  insert into events (tenant_id, seq, at, kind, topics, data)
  select $1::uuid, h.event_seq - h.k + m.i, $2::timestamptz, 'ticket.issued', m.topics, m.data_text from made m, h
)
select m.ord, 'new' as outcome, m.id::text as id, m.service_id::text as service_id, m.series_id::text as series_id, m.number, 'waiting' as status,
  l.n + case when (select count(*) from want) = 1 then m.k - 1 else (
    select count(*) from made o join series_peers sp on sp.tenant_id = $1::uuid and sp.series_id = m.series_id and sp.peer_id = o.series_id
    where o.day = m.day and (o.number, o.id) < (m.number, m.id)) end as ahead, $2::timestamptz as created_at
from made m join line l on l.series_id = m.series_id and l.day = m.day
union all
select o.ord, 'same', o.id::text, o.service_id::text, o.series_id::text, o.number, o.status, -1, o.created_at from old o`

func newIssuer(db *store.DB) *store.Hot[issueQuery, issueRow] {
	return store.NewHot(db, store.HotSpec[issueQuery, issueRow]{
		Name: "queue_issue", SQL: issueSQL, Max: 128, Args: issueArgs, Lite: issueLite,
		Ord:     func(r issueRow) int { return r.Ord },
		Missing: func(issueQuery) issueRow { return issueRow{Outcome: "full"} },
		Key:     func(q issueQuery) string { return q.Key },
		Compare: func(a, b issueQuery) int {
			return cmp.Or(strings.Compare(a.SeriesID.String(), b.SeriesID.String()), strings.Compare(a.Day.String(), b.Day.String()))
		},
		Wrote: func(r issueRow) bool { return r.Outcome == "new" },
	})
}

func issueArgs(now time.Time, qs []issueQuery) []any {
	n := len(qs)
	ord := make([]int32, n)
	cols := make([][]string, 10)
	for i := range cols {
		cols[i] = make([]string, n)
	}
	for i, q := range qs {
		ord[i] = int32(i)
		d := issued{q.ID, q.SeriesID, q.ServiceID, q.Channel, 0}
		for c, v := range []string{
			q.SeriesID.String(), q.ServiceID.String(), q.Day.String(), q.ID.String(), q.Key, string(q.Channel), q.Actor,
			store.RecordHead(now, q.Actor, actionIssue, "ticket:"+q.ID.String(), q.From) + head(d), head(d), store.TopicText(issueTopics(q)),
		} {
			cols[c][i] = v
		}
	}
	args := []any{ord}
	for _, c := range cols {
		args = append(args, c)
	}
	return args
}

// issueLite is the same for SQLite, where the one writer makes locks unnecessary.
func issueLite(ctx context.Context, tx *store.Tx, qs []issueQuery) ([]issueRow, error) {
	out := make([]issueRow, len(qs))
	for i, q := range qs {
		r, err := issueOne(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		r.Ord = i
		out[i] = r
	}
	for i := range out { // now that all of them stand in the line
		if out[i].Outcome != "new" {
			continue
		}
		n, err := ahead(ctx, tx, qs[i].ID)
		if err != nil {
			return nil, err
		}
		out[i].Ahead = int64(n)
	}
	return out, nil
}

func issueOne(ctx context.Context, tx *store.Tx, q issueQuery) (issueRow, error) {
	old, err := store.Select[Ticket](tx).Where("idem_key = ?", q.Key).Limit(1).All(ctx)
	if err != nil {
		return issueRow{}, err
	}
	if len(old) > 0 {
		o := old[0]
		return issueRow{Outcome: "same", ID: o.ID.String(), ServiceID: o.ServiceID.String(), SeriesID: o.SeriesID.String(),
			Number: o.Number, Status: string(o.Status), Ahead: -1, CreatedAt: o.CreatedAt}, nil
	}
	type state struct {
		Quota int64 `bun:"quota"`
		N     int64 `bun:"n"`
	}
	now, err := store.Query[state](ctx, tx, store.From{"series", "series_days"}, `
		select s.quota, coalesce((select d.n from series_days d where d.series_id = s.id and d.day = ?), 0) as n
		from series s where s.id = ? and not s.retired and (s.gives_from is null or s.gives_from <= ?)`, q.Day, q.SeriesID, tx.Now())
	if err != nil {
		return issueRow{}, err
	}
	if len(now) == 0 || now[0].Quota > 0 && now[0].N >= now[0].Quota {
		return issueRow{Outcome: "full"}, nil
	}
	number := now[0].N + 1
	if err := store.Upsert(ctx, tx, &SeriesDay{SeriesID: q.SeriesID, Day: q.Day, N: number, Prev: now[0].N}); err != nil {
		return issueRow{}, err
	}
	t := &Ticket{ID: q.ID, SeriesID: q.SeriesID, ServiceID: q.ServiceID, Day: q.Day, Number: number, Status: Waiting,
		Channel: q.Channel, IdemKey: q.Key, CreatedAt: tx.Now()}
	if err := store.Insert(ctx, tx, t); err != nil {
		return issueRow{}, err
	}
	d := issued{q.ID, q.SeriesID, q.ServiceID, q.Channel, number}
	tx.Audit(store.Record{Actor: q.Actor, Action: actionIssue, Target: "ticket:" + q.ID.String(), From: q.From, Data: d})
	tx.Emit("ticket.issued", d, issueTopics(q)...)
	return issueRow{Outcome: "new", ID: q.ID.String(), ServiceID: q.ServiceID.String(), SeriesID: q.SeriesID.String(),
		Number: number, Status: string(Waiting), CreatedAt: tx.Now()}, nil
}
