package oversight

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// fewest is of how many people an average waiting time is told at the least. Of one or two it would be theirs, and
// whoever saw them come would know it.
const fewest = 5

// Counts are numbers of one local day by how they stand now. They are counts of numbers, not of people: nobody's
// name, number or case is read for them.
type Counts struct {
	Issued   int64 `bun:"issued"`   // given so far, cancelled ones too
	Waiting  int64 `bun:"waiting"`  // wait now
	Called   int64 `bun:"called"`   // are called or being served now
	Finished int64 `bun:"finished"` // have been served
	Absent   int64 `bun:"absent"`   // were not there when called

	Waited        int64 `bun:"waited"`         // how many have been called at least once
	WaitedSeconds int64 `bun:"waited_seconds"` // for how long they waited for it, all together
}

// Wait is how long people waited on average, to the minute. It is not ok of fewer than five.
func (c Counts) Wait() (time.Duration, bool) {
	if c.Waited < fewest {
		return 0, false
	}
	return (time.Duration(c.WaitedSeconds/c.Waited) * time.Second).Round(time.Minute), true
}

func (c *Counts) add(o Counts) {
	c.Issued, c.Waiting, c.Called, c.Finished, c.Absent = c.Issued+o.Issued, c.Waiting+o.Waiting, c.Called+o.Called, c.Finished+o.Finished, c.Absent+o.Absent
	c.Waited, c.WaitedSeconds = c.Waited+o.Waited, c.WaitedSeconds+o.WaitedSeconds
}

// What is asked of several regions at once; the migrations 0007_across and 0013_operator have the same questions for PostgreSQL.
type (
	venueRow struct {
		TenantID store.TenantID `bun:"tenant_id"`
		VenueID  id.ID          `bun:"venue_id"`
		Issued   int64          `bun:"issued"`
		Waiting  int64          `bun:"waiting"`
		Called   int64          `bun:"called"`
		Finished int64          `bun:"finished"`
		Absent   int64          `bun:"absent"`
		Waited   int64          `bun:"waited"`
		Seconds  int64          `bun:"waited_seconds"`
	}
	counterRow struct {
		TenantID  store.TenantID `bun:"tenant_id"`
		CounterID id.ID          `bun:"counter_id"`
	}
	regionRow struct {
		TenantID store.TenantID `bun:"tenant_id"`
		Issued   int64          `bun:"issued"`
		Waiting  int64          `bun:"waiting"`
		Called   int64          `bun:"called"`
		Finished int64          `bun:"finished"`
		Absent   int64          `bun:"absent"`
	}
	workRow struct {
		TenantID store.TenantID `bun:"tenant_id"`
		Queued   int64          `bun:"queued"`
		Dead     int64          `bun:"dead"`
	}
)

// healthRow is how a region's service does: when something was last recorded (seconds since 1970, 0: never), and counts.
type healthRow struct {
	TenantID store.TenantID `bun:"tenant_id"`
	LastAt   int64          `bun:"last_at"`
	Unsent   int64          `bun:"unsent"`
	Failed   int64          `bun:"failed"`
	Shed     int64          `bun:"shed"`
}

func (r venueRow) counts() Counts {
	return Counts{r.Issued, r.Waiting, r.Called, r.Finished, r.Absent, r.Waited, r.Seconds}
}

func (r regionRow) counts() Counts {
	return Counts{Issued: r.Issued, Waiting: r.Waiting, Called: r.Called, Finished: r.Finished, Absent: r.Absent}
}

var agencyFigures = store.DeclareAggregate[venueRow]("agency", store.From{"agencies", "series", "tickets"}, `
	select t.tenant_id, s.venue_id, count(*) as issued,
		count(*) filter (where t.status = 'waiting') as waiting, count(*) filter (where t.status in ('called', 'serving')) as called,
		count(*) filter (where t.status = 'finished') as finished, count(*) filter (where t.status = 'no_show') as absent,
		count(t.called_at) as waited, coalesce(sum(unixepoch(t.called_at) - unixepoch(t.created_at)), 0) as waited_seconds
	from asked a
	cross join agencies g on g.tenant_id = a.tenant_id and g.code = ?
	cross join series s on s.tenant_id = g.tenant_id and s.agency_id = g.id
	cross join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = a.day
	group by t.tenant_id, s.venue_id`)

var agencyCounters = store.DeclareAggregate[counterRow]("counters", store.From{"agencies", "counters", "tickets"}, `
	select c.tenant_id, c.id as counter_id
	from asked a
	cross join agencies g on g.tenant_id = a.tenant_id and g.code = ?
	cross join counters c on c.tenant_id = g.tenant_id and c.agency_id = g.id
	cross join tickets t on t.tenant_id = c.tenant_id and t.id = c.ticket_id
	where t.day = a.day and t.status in ('called', 'serving')`)

var regionFigures = store.DeclareAggregate[regionRow]("regions", store.From{"series", "tickets"}, `
	select t.tenant_id, count(*) as issued,
		count(*) filter (where t.status = 'waiting') as waiting, count(*) filter (where t.status in ('called', 'serving')) as called,
		count(*) filter (where t.status = 'finished') as finished, count(*) filter (where t.status = 'no_show') as absent
	from asked a
	cross join series s on s.tenant_id = a.tenant_id
	cross join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = a.day
	group by t.tenant_id`)

var regionWork = store.DeclareAggregate[workRow]("work", store.From{"jobs"}, `
	select j.tenant_id, count(*) filter (where j.state = 'queued') as queued, count(*) filter (where j.state = 'dead') as dead
	from asked a
	cross join jobs j on j.tenant_id = a.tenant_id and j.state in ('queued', 'dead')
	group by j.tenant_id`)

var regionHealth = store.DeclareAggregate[healthRow]("health", store.From{"audit", "messages", "fault_counts"}, `
	select a.tenant_id,
		coalesce((select unixepoch(r.at) from audit r where r.tenant_id = a.tenant_id order by r.seq desc limit 1), 0) as last_at,
		(select count(*) from messages m where m.tenant_id = a.tenant_id and m.state in ('failed', 'unknown')) as unsent,
		coalesce((select sum(f.n) from fault_counts f where f.tenant_id = a.tenant_id and f.hour >= w.since and not f.shed), 0) as failed,
		coalesce((select sum(f.n) from fault_counts f where f.tenant_id = a.tenant_id and f.hour >= w.since and f.shed), 0) as shed
	from asked a
	cross join (select ? as since) w`)
