package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// settler makes a day's series go on from the old system's numbers. The series are held.
type settler struct {
	tx  *store.Tx
	dir *tenant.Directory
	loc *time.Location
	row *switchRow
	day clock.Day
}

// all settles each series that is named, and the others that were named before for another day.
func (s settler) all(ctx context.Context, numbers []Running) error {
	have, err := store.Select[switchSeriesRow](s.tx).Where("switchover_id = ?", s.row.ID).All(ctx)
	if err != nil {
		return err
	}
	want := map[id.ID]Running{}
	for _, h := range have {
		want[h.SeriesID] = Running{h.SeriesID, h.LastGiven, h.LastCalled}
	}
	for _, n := range numbers {
		want[n.SeriesID] = n
	}
	ours, err := givenSince(ctx, s.tx, s.day, s.row.CreatedAt)
	if err != nil {
		return err
	}
	for _, h := range have {
		if n := want[h.SeriesID]; ours[h.SeriesID] {
			if n.Given != h.LastGiven || n.Called != h.LastCalled {
				return s.refuse("queue.switch.fixed", h.SeriesID)
			}
			delete(want, h.SeriesID)
		}
	}
	for _, series := range inUse(s.dir) { // in an order that people know, whatever is wrong first
		n, named := want[series.ID]
		if !named {
			continue
		}
		if ours[series.ID] {
			return s.refuse("queue.switch.fixed", series.ID)
		}
		if err := s.one(ctx, series, n); err != nil {
			return err
		}
	}
	return nil
}

func (s settler) refuse(code string, series id.ID) error {
	prefix := ""
	if x, ok := s.dir.Series(series); ok {
		prefix = x.Prefix
	}
	return fault.New(fault.Conflict, code, prefix)
}

// one makes a series go on after n.Given, with a ticket that waits for each number that was given and not called. It
// can be done again with other numbers.
func (s settler) one(ctx context.Context, series *tenant.Series, n Running) error {
	tickets, err := store.Select[Ticket](s.tx).Where("series_id = ? and day = ?", series.ID, s.day).All(ctx)
	if err != nil {
		return err
	}
	held := func(number int64) bool { return number > n.Called && number <= n.Given }
	there := map[int64]bool{}
	for _, t := range tickets {
		untouched := t.Origin == OldSystem && (t.Status == Waiting || t.Status == Cancelled) && t.CalledAt.IsZero()
		switch {
		case untouched && !held(t.Number):
			if _, err := store.Delete[Ticket](ctx, s.tx, "id = ?", t.ID); err != nil {
				return err
			}
			continue
		case untouched && t.Status == Cancelled: // taken back with a switch that now comes again
			_, err = store.Update[Ticket](s.tx).Set("status = ?, cancelled_by = null, ended_at = null", Waiting).Where("id = ?", t.ID).Exec(ctx)
		case t.Status == Waiting && t.Number <= n.Called: // ours, and called by the old system meanwhile
			_, err = store.Update[Ticket](s.tx).Set("status = ?, cancelled_by = ?, ended_at = ?", Cancelled, ByMall, s.tx.Now()).Where("id = ?", t.ID).Exec(ctx)
		}
		if err != nil {
			return err
		}
		if t.Number > n.Given {
			return fault.New(fault.Conflict, "queue.switch.low", Label(series.Prefix, t.Number))
		}
		there[t.Number] = true
	}
	if err := s.insert(ctx, series, n, there); err != nil {
		return err
	}
	if err := store.Upsert(ctx, s.tx, &SeriesDay{SeriesID: series.ID, Day: s.day, N: n.Given, Prev: n.Given}); err != nil {
		return err
	}
	return store.Upsert(ctx, s.tx, &switchSeriesRow{SwitchoverID: s.row.ID, SeriesID: series.ID, LastGiven: n.Given, LastCalled: n.Called})
}

// insertedAtOnce bounds one statement.
const insertedAtOnce = 200

func (s settler) insert(ctx context.Context, series *tenant.Series, n Running, there map[int64]bool) error {
	if n.Called >= n.Given {
		return nil
	}
	// A paper says the number and not what for: it stands under the first service that gives the series' numbers.
	service, ok := s.service(series)
	if !ok {
		return s.refuse("queue.switch.no_service", series.ID)
	}
	var rows []*Ticket
	for number := n.Called + 1; number <= n.Given; number++ {
		if there[number] {
			continue
		}
		rows = append(rows, &Ticket{
			ID: id.New(), SeriesID: series.ID, ServiceID: service, Day: s.day, Number: number, Status: Waiting, Channel: AtCounter, Origin: OldSystem,
			IdemKey: fmt.Sprintf("old/%s/%s/%s/%d", s.row.ID, series.ID, s.day, number), CreatedAt: s.tx.Now(),
		})
	}
	for len(rows) > 0 {
		k := min(len(rows), insertedAtOnce)
		if err := store.Insert(ctx, s.tx, rows[:k]...); err != nil {
			return err
		}
		rows = rows[k:]
	}
	return nil
}

func (s settler) service(series *tenant.Series) (id.ID, bool) {
	for _, o := range series.Agency.Services {
		if o.At(series.ID) != nil {
			return o.ID, true
		}
	}
	return id.ID{}, false
}

// withdraw takes away what was settled for a day that comes to nothing: the papers that wait, and the numbers beyond
// those that were really given.
func (s settler) withdraw(ctx context.Context, day clock.Day) error {
	if _, err := store.Delete[Ticket](ctx, s.tx, "day = ? and origin = ? and status = ? and called_at is null", day, OldSystem, Waiting); err != nil {
		return err
	}
	type last struct {
		SeriesID id.ID `bun:"series_id"`
		N        int64 `bun:"n"`
	}
	rows, err := store.Query[last](ctx, s.tx, store.From{"tickets"}, "select t.series_id, max(t.number) as n from tickets t where t.day = ? group by t.series_id", day)
	if err != nil {
		return err
	}
	given := map[id.ID]int64{}
	for _, r := range rows {
		given[r.SeriesID] = r.N
	}
	days, err := store.Select[SeriesDay](s.tx).Where("day = ?", day).All(ctx)
	if err != nil {
		return err
	}
	for _, d := range days {
		if err := store.Upsert(ctx, s.tx, &SeriesDay{SeriesID: d.SeriesID, Day: day, N: given[d.SeriesID], Prev: given[d.SeriesID]}); err != nil {
			return err
		}
	}
	return nil
}
