package queue

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Held is how many wait in each series and stand at each counter on a local day. With End it answers
// tenant.Queues: what becomes of people when a manifest takes their series or counter away.
func (h *Hall) Held(ctx context.Context, tx *store.Tx, day clock.Day, series, counters []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	waiting, standing, err := held(ctx, tx, day, series, counters)
	for _, t := range waiting {
		out[t.SeriesID]++
	}
	for _, t := range standing {
		out[t.CounterID]++
	}
	return out, err
}

// End cancels the tickets of those who wait there, and finishes those of who stands there.
func (h *Hall) End(ctx context.Context, tx *store.Tx, day clock.Day, series, counters []id.ID, actor string) error {
	waiting, standing, err := held(ctx, tx, day, series, counters)
	if err != nil {
		return err
	}
	for _, t := range standing {
		at, err := store.Select[callState](tx).Where("id = ?", t.CounterID).One(ctx)
		if err != nil {
			return err
		}
		if err := moveIn(ctx, tx, t.ID, at.ID, at.ZoneID, change{Move: Finish, Actor: actor}); err != nil && !fault.Is(err, "queue.illegal_move") {
			return err
		}
	}
	for _, t := range waiting {
		if err := moveIn(ctx, tx, t.ID, id.ID{}, id.ID{}, change{Cancel, ByMall, actor}); err != nil && !fault.Is(err, "queue.illegal_move") {
			return err
		}
	}
	return nil
}

func held(ctx context.Context, tx *store.Tx, day clock.Day, series, counters []id.ID) (waiting, standing []Ticket, err error) {
	if len(series) > 0 {
		waiting, err = store.Select[Ticket](tx).Where("series_id in ?", bun.Tuple(series)).Where("day = ?", day).
			Where("status = 'waiting'").Order("created_at").All(ctx)
		if err != nil {
			return nil, nil, err
		}
	}
	if len(counters) > 0 {
		standing, err = store.Select[Ticket](tx).Where("counter_id in ?", bun.Tuple(counters)).Where("day = ?", day).
			Where("status in ('called', 'serving')").Order("created_at").All(ctx)
	}
	return waiting, standing, err
}
