package queue

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// A mall that runs already changes over from its old system. From when that is planned the old system alone gives
// numbers; at the set time we do, from its last number on, and counters call those who still hold its papers. Whether we
// give numbers stands on each series' row (tenant.SeriesGate) and is decided by the statement that issues, so that it
// happens in every process by itself. On the same day it can be taken back.

var permSwitch = authz.Declare("queue:switch:manage",
	"Mengatur peralihan dari sistem antrean lama, dan mengembalikannya pada hari yang sama", "Change over from an old queue system, and back on the same day")

const (
	actionPlan   = "queue:switch:plan"
	actionBack   = "queue:switch:undo"
	actionCancel = "queue:switch:cancel"
)

// Bounds of running numbers. A series that gives more in a day is none.
const (
	maxRunning = 9999
	maxHeld    = 2000                // people who hold a number that was not called yet
	planAhead  = 60 * 24 * time.Hour // how far ahead a switch is planned
)

// SwitchState is where a change-over stands.
type SwitchState string

// The states. Parallel: the old system gives the numbers, until the set time. Switched: we do, since then. RolledBack:
// the old system does again, until another time is set.
const (
	SwitchNone     SwitchState = "none"
	SwitchParallel SwitchState = "parallel"
	SwitchDone     SwitchState = "switched"
	SwitchBack     SwitchState = "rolled_back"
)

// switchRow is a change-over. A planned one whose time has come has happened.
type switchRow struct {
	bun.BaseModel `bun:"table:switchovers,alias:switchover"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	State     string    `bun:"state"` // planned, rolled_back, cancelled
	SwitchAt  time.Time `bun:"switch_at"`
	CreatedAt time.Time `bun:"created_at"`
	EndedAt   time.Time `bun:"ended_at,nullzero"`
}

const (
	planned    = "planned"
	rolledBack = "rolled_back"
	cancelled  = "cancelled"
)

// switchSeriesRow are the old system's running numbers in a series.
type switchSeriesRow struct {
	bun.BaseModel `bun:"table:switchover_series,alias:switchover_series"`
	store.Owned
	SwitchoverID id.ID `bun:"switchover_id,pk"`
	SeriesID     id.ID `bun:"series_id,pk"`
	LastGiven    int64 `bun:"last_given"`
	LastCalled   int64 `bun:"last_called"`
}

// Running are the old system's numbers in a series: the last that it gave and the last that it called, 0 for none.
type Running struct {
	SeriesID      id.ID
	Given, Called int64
}

// Switchover is how a change-over stands.
type Switchover struct {
	ID     id.ID
	State  SwitchState
	At     time.Time // when we begin to give numbers; of a rolled back one, when we began
	Ended  time.Time // when it was taken back
	Day    clock.Day // local, of At
	Today  bool      // Day is today: it can be taken back
	Series []SwitchSeries
}

// SwitchSeries is a series in it.
type SwitchSeries struct {
	*tenant.Series
	Running
	Given  bool  // numbers were typed
	Issued int64 // the last number of the day, ours or theirs
	Fixed  bool  // we have given numbers since: what the old system had cannot be corrected any more
}

// stateOf reads a row at a moment.
func stateOf(r *switchRow, now time.Time) SwitchState {
	switch {
	case r == nil || r.State == cancelled:
		return SwitchNone
	case r.State == rolledBack:
		return SwitchBack
	case now.Before(r.SwitchAt):
		return SwitchParallel
	}
	return SwitchDone
}

// newest is the last change-over that was planned; nil: there was none.
func newest(ctx context.Context, tx *store.Tx) (*switchRow, error) {
	rows, err := store.Select[switchRow](tx).Order("created_at desc", "id desc").Limit(1).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// shut tells whether a series gave no numbers at a moment because another system did. Whoever was refused asks for the
// moment before they asked: the time of the switch may have come since.
func (h *Hall) shut(ctx context.Context, t *tenant.Tenant, series id.ID, at time.Time) (is bool, err error) {
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		is, err = store.Select[tenant.SeriesGate](tx).Where("id = ? and gives_from > ?", series, at).Exists(ctx)
		return err
	})
	return is, err
}

// Switchover reads how the region's change-over stands. The fault is "authz.forbidden".
func (h *Hall) Switchover(ctx context.Context, t *tenant.Tenant, a *authz.Actor) (v Switchover, err error) {
	if !a.Can(permSwitch, t.Scope) {
		return v, fault.New(fault.Forbidden, "authz.forbidden")
	}
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return v, err
	}
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		v = Switchover{State: stateOf(row, tx.Now()), Day: t.Today(tx.Now())}
		given := map[id.ID]switchSeriesRow{}
		var since time.Time
		if v.State != SwitchNone {
			v.ID, v.At, v.Ended, v.Day, since = row.ID, row.SwitchAt, row.EndedAt, clock.DayOf(row.SwitchAt, t.Loc), row.CreatedAt
			rows, err := store.Select[switchSeriesRow](tx).Where("switchover_id = ?", row.ID).All(ctx)
			if err != nil {
				return err
			}
			for _, r := range rows {
				given[r.SeriesID] = r
			}
		}
		v.Today = v.Day == t.Today(tx.Now())
		days, err := store.Select[SeriesDay](tx).Where("day = ?", v.Day).All(ctx)
		if err != nil {
			return err
		}
		last := map[id.ID]int64{}
		for _, d := range days {
			last[d.SeriesID] = d.N
		}
		ours, err := givenSince(ctx, tx, v.Day, since)
		if err != nil {
			return err
		}
		for _, s := range inUse(dir) {
			g, ok := given[s.ID]
			v.Series = append(v.Series, SwitchSeries{
				Series: s, Running: Running{s.ID, g.LastGiven, g.LastCalled}, Given: ok, Issued: last[s.ID], Fixed: v.State != SwitchNone && ours[s.ID],
			})
		}
		return nil
	})
	return v, err
}

// inUse are the region's series, by venue and prefix.
func inUse(dir *tenant.Directory) (out []*tenant.Series) {
	for _, a := range dir.Agencies {
		out = append(out, a.Series...)
	}
	slices.SortStableFunc(out, func(a, b *tenant.Series) int {
		return cmp.Or(a.Venue.Sort-b.Venue.Sort, strings.Compare(a.Prefix, b.Prefix))
	})
	return out
}

// givenSince are the series in which we have given numbers of a day since a moment.
func givenSince(ctx context.Context, tx *store.Tx, day clock.Day, since time.Time) (map[id.ID]bool, error) {
	type row struct {
		SeriesID id.ID `bun:"series_id"`
	}
	rows, err := store.Query[row](ctx, tx, store.From{"tickets"}, "select distinct t.series_id from tickets t where t.day = ? and t.origin = '' and t.created_at >= ?", day, since)
	out := map[id.ID]bool{}
	for _, r := range rows {
		out[r.SeriesID] = true
	}
	return out, err
}

// switching runs a change of the change-over: all series are held, so that no number is being given meanwhile, and one
// change comes after the other.
func (h *Hall) switching(ctx context.Context, t *tenant.Tenant, a *authz.Actor, reason string, fn func(ctx context.Context, tx *store.Tx, row *switchRow) error) error {
	if !a.Can(permSwitch, t.Scope) {
		return fault.New(fault.Forbidden, "authz.forbidden")
	}
	return tenant.Changed(ctx, h.db, t.ID, reason, func(ctx context.Context, tx *store.Tx) error {
		series, err := store.Select[tenant.SeriesGate](tx).All(ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(series, func(a, b tenant.SeriesGate) int { return bytes.Compare(a.ID[:], b.ID[:]) })
		for _, s := range series {
			if err := store.Lock[tenant.SeriesGate](ctx, tx, s.ID); err != nil {
				return err
			}
		}
		row, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		return fn(ctx, tx, row)
	})
}

// shutUntil sets from when all series give numbers; zero: always.
func shutUntil(ctx context.Context, tx *store.Tx, at time.Time) error {
	u := store.Update[tenant.SeriesGate](tx)
	if at.IsZero() {
		u = u.Set("gives_from = null")
	} else {
		u = u.Set("gives_from = ?", at)
	}
	_, err := u.Where("not retired").Exec(ctx)
	return err
}

// redraw makes every screen of these series look again.
func redraw(tx *store.Tx, series []*tenant.Series, state SwitchState) {
	topics := make([]string, len(series))
	for i, s := range series {
		topics[i] = "series:" + s.ID.String()
	}
	tx.Emit("queue.switched", switchData{State: string(state)}, topics...)
}

// switchData is what a record and an event say of a change-over.
type switchData struct {
	State  string   `json:"state"`
	At     string   `json:"at,omitempty"`
	Given  []string `json:"given,omitempty"`  // the old system's last number of each series: "A-040"
	Called []string `json:"called,omitempty"` // the last that it called, likewise
}

// PlanSwitch plans a change-over, or changes one whose time has not come: until at the old system gives the numbers, from
// then on we do. Zero is now. Running numbers are those of the day of at; a series that is not named has what was given
// for it before, or none. Once the time has come the numbers alone can be corrected, until we have given one in the
// series. Faults: "authz.forbidden", "not_found" (a series), "invalid" (422: at, given, called), "queue.switch.fixed"
// and "queue.switch.low" (409: numbers that contradict those that were given), "queue.switch.done" (409: the time has
// come and another one was named).
func (h *Hall) PlanSwitch(ctx context.Context, t *tenant.Tenant, a *authz.Actor, at time.Time, numbers []Running) error {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := n.check(dir); err != nil {
			return err
		}
	}
	return h.switching(ctx, t, a, "plan a switch", func(ctx context.Context, tx *store.Tx, row *switchRow) error {
		now, state := tx.Now(), stateOf(row, tx.Now())
		at := at
		if at.IsZero() {
			at = now
		}
		set := settler{tx: tx, dir: dir, loc: t.Loc}
		switch {
		case state == SwitchDone && clock.DayOf(row.SwitchAt, t.Loc) == t.Today(now):
			if !at.Equal(row.SwitchAt) {
				return fault.New(fault.Conflict, "queue.switch.done")
			}
		case at.Before(now) || at.After(now.Add(planAhead)):
			return fault.New(fault.Invalid, "invalid").Field("at", "queue.switch_time")
		case state == SwitchParallel:
			if was := clock.DayOf(row.SwitchAt, t.Loc); was != clock.DayOf(at, t.Loc) {
				if err := set.withdraw(ctx, was); err != nil {
					return err
				}
			}
			row.SwitchAt = at
			if _, err := store.Update[switchRow](tx).Set("switch_at = ?", at).Where("id = ?", row.ID).Exec(ctx); err != nil {
				return err
			}
		default: // none, taken back, or of a day that is over
			row = &switchRow{ID: id.New(), State: planned, SwitchAt: at, CreatedAt: now}
			if err := store.Insert(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := shutUntil(ctx, tx, at); err != nil {
			return err
		}
		set.row, set.day = row, clock.DayOf(at, t.Loc)
		if err := set.all(ctx, numbers); err != nil {
			return err
		}
		data := switchData{State: string(stateOf(row, now)), At: at.UTC().Format(time.RFC3339)}
		for _, n := range numbers {
			s, _ := dir.Series(n.SeriesID)
			data.Given, data.Called = append(data.Given, Label(s.Prefix, n.Given)), append(data.Called, Label(s.Prefix, n.Called))
		}
		tx.Audit(store.Record{Actor: a.String(), Action: actionPlan, Target: "tenant", Data: data})
		redraw(tx, inUse(dir), stateOf(row, now))
		return nil
	})
}

// check reads what was typed. Faults: "not_found", "invalid" (422: given, called).
func (n Running) check(dir *tenant.Directory) error {
	s, ok := dir.Series(n.SeriesID)
	if !ok || s.Retired {
		return fault.New(fault.NotFound, "not_found")
	}
	invalid := fault.New(fault.Invalid, "invalid")
	switch {
	case n.Given < 0 || n.Given > maxRunning:
		return invalid.Field("given", "queue.switch_number", maxRunning)
	case n.Called < 0 || n.Called > n.Given:
		return invalid.Field("called", "queue.switch_called", s.Prefix)
	case n.Given-n.Called > maxHeld:
		return invalid.Field("called", "queue.switch_held", maxHeld)
	}
	return nil
}

// RollBack gives the numbers back to the old system, on the day of the switch and until another time is set. Our numbers
// stay as they are, and can be called to their end; those of the old system that were not called go back to it.
// Faults: "authz.forbidden", "queue.switch.not_yet", "queue.switch.late" (409).
func (h *Hall) RollBack(ctx context.Context, t *tenant.Tenant, a *authz.Actor) error {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return err
	}
	return h.switching(ctx, t, a, "take a switch back", func(ctx context.Context, tx *store.Tx, row *switchRow) error {
		switch stateOf(row, tx.Now()) {
		case SwitchBack:
			return nil // an answer that was lost
		case SwitchDone:
		default:
			return fault.New(fault.Conflict, "queue.switch.not_yet")
		}
		day := clock.DayOf(row.SwitchAt, t.Loc)
		if day != t.Today(tx.Now()) {
			return fault.New(fault.Conflict, "queue.switch.late")
		}
		if err := shutUntil(ctx, tx, tenant.Never); err != nil {
			return err
		}
		_, err := store.Update[switchRow](tx).Set("state = ?, ended_at = ?", rolledBack, tx.Now()).Where("id = ?", row.ID).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = store.Update[Ticket](tx).Set("status = ?, cancelled_by = ?, ended_at = ?", Cancelled, ByMall, tx.Now()).
			Where("day = ? and origin = ? and status = ?", day, OldSystem, Waiting).Exec(ctx)
		if err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: actionBack, Target: "tenant", Data: switchData{State: string(SwitchBack), At: row.SwitchAt.UTC().Format(time.RFC3339)}})
		redraw(tx, inUse(dir), SwitchBack)
		return nil
	})
}

// CancelSwitch ends a change-over without a switch: we give numbers at once. What the old system's numbers left goes
// with it. Faults: "authz.forbidden", "queue.switch.done" (409: the time has come).
func (h *Hall) CancelSwitch(ctx context.Context, t *tenant.Tenant, a *authz.Actor) error {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return err
	}
	return h.switching(ctx, t, a, "cancel a switch", func(ctx context.Context, tx *store.Tx, row *switchRow) error {
		state := stateOf(row, tx.Now())
		switch state {
		case SwitchNone:
			return nil
		case SwitchDone:
			return fault.New(fault.Conflict, "queue.switch.done")
		}
		if err := shutUntil(ctx, tx, time.Time{}); err != nil {
			return err
		}
		if state == SwitchParallel {
			set := settler{tx: tx, dir: dir, loc: t.Loc}
			if err := set.withdraw(ctx, clock.DayOf(row.SwitchAt, t.Loc)); err != nil {
				return err
			}
		}
		_, err := store.Update[switchRow](tx).Set("state = ?, ended_at = ?", cancelled, tx.Now()).Where("id = ?", row.ID).Exec(ctx)
		if err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: a.String(), Action: actionCancel, Target: "tenant", Data: switchData{State: string(SwitchNone)}})
		redraw(tx, inUse(dir), SwitchNone)
		return nil
	})
}
