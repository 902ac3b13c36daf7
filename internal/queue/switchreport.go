package queue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// SwitchReport is what happened on the day of a change-over: what whoever goes on with the old system needs.
type SwitchReport struct {
	Day     clock.Day
	Series  []SeriesReport
	Tickets []Place // by series and number
}

// SeriesReport is a series' day.
type SeriesReport struct {
	*tenant.Series
	Old        Running // where the old system stood
	LastIssued int64   // the last number of the day, the old system's or ours; 0: none
	LastCalled int64   // the number that was called last, by us; else the old system's
	Issued     int     // numbers that we gave
	Waiting    int     // were not called yet
}

// SwitchReport reads the day of the newest change-over. Faults: "authz.forbidden", "queue.switch.none" (404: there was
// none).
func (h *Hall) SwitchReport(ctx context.Context, t *tenant.Tenant, a *authz.Actor) (r SwitchReport, err error) {
	if !a.Can(permSwitch, t.Scope) {
		return r, fault.New(fault.Forbidden, "authz.forbidden")
	}
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return r, err
	}
	var rows []Ticket
	var old []switchSeriesRow
	var days []SeriesDay
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		row, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if row == nil {
			return fault.New(fault.NotFound, "queue.switch.none")
		}
		r.Day = clock.DayOf(row.SwitchAt, t.Loc)
		if old, err = store.Select[switchSeriesRow](tx).Where("switchover_id = ?", row.ID).All(ctx); err != nil {
			return err
		}
		if days, err = store.Select[SeriesDay](tx).Where("day = ?", r.Day).All(ctx); err != nil {
			return err
		}
		rows, err = store.Query[Ticket](ctx, tx, store.From{"tickets", "series"}, `
			select t.* from series s join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = ? order by s.prefix, t.number, t.id`, r.Day)
		return err
	})
	if err != nil {
		return r, err
	}
	at := map[id.ID]*SeriesReport{}
	for _, s := range inUse(dir) {
		at[s.ID] = &SeriesReport{Series: s}
	}
	for _, o := range old {
		if s := at[o.SeriesID]; s != nil {
			s.Old, s.LastCalled = Running{o.SeriesID, o.LastGiven, o.LastCalled}, o.LastCalled
		}
	}
	for _, d := range days {
		if s := at[d.SeriesID]; s != nil {
			s.LastIssued = d.N
		}
	}
	r.count(dir, rows, at)
	for _, s := range inUse(dir) {
		r.Series = append(r.Series, *at[s.ID])
	}
	return r, nil
}

func (r *SwitchReport) count(dir *tenant.Directory, rows []Ticket, at map[id.ID]*SeriesReport) {
	called := map[id.ID]time.Time{}
	for _, t := range rows {
		r.Tickets = append(r.Tickets, place(dir, t, 0))
		s := at[t.SeriesID]
		if s == nil { // of a series that is not in use any more: its tickets are told all the same
			continue
		}
		if t.Origin == "" {
			s.Issued++
		}
		if t.Status == Waiting || t.Status == Cancelled && t.CancelledBy == ByMall && t.CalledAt.IsZero() {
			s.Waiting++
		}
		if !t.CalledAt.IsZero() && !t.CalledAt.Before(called[t.SeriesID]) { // at one moment the higher number
			called[t.SeriesID], s.LastCalled = t.CalledAt, t.Number
		}
	}
	slices.SortStableFunc(r.Tickets, func(a, b Place) int {
		return cmp.Or(strings.Compare(a.Series.Prefix, b.Series.Prefix), cmp.Compare(a.Number, b.Number))
	})
}

// word is a text of the report.
type word func(key string, args ...any) string

// SeriesRows are the series as lines of a table, the headings first.
func (r SwitchReport) seriesRows(w word) (out [][]string) {
	out = append(out, strings.Split(w("queue.switch.series_columns"), "|"))
	for _, s := range r.Series {
		out = append(out, []string{
			s.Prefix, s.Name, s.Venue.Name, number(s.Old.Given), number(s.Old.Called), number(s.LastIssued), number(s.LastCalled), strconv.Itoa(s.Issued), strconv.Itoa(s.Waiting),
		})
	}
	return out
}

// ticketRows are the numbers as lines of a table, the headings first; times are local.
func (r SwitchReport) ticketRows(w word, loc *time.Location) (out [][]string) {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(loc).Format("15:04:05")
	}
	out = append(out, strings.Split(w("queue.switch.ticket_columns"), "|"))
	for _, t := range r.Tickets {
		origin := w("queue.switch.ours")
		if t.Origin == OldSystem {
			origin = w("queue.switch.theirs")
		}
		state := string(t.Status)
		if t.CancelledBy == ByMall && t.CalledAt.IsZero() {
			state = "given_back"
		}
		counter := ""
		if t.Counter != nil {
			counter = t.Counter.Name
		}
		out = append(out, []string{
			t.Label, t.Series.Prefix, number(t.Number), origin, w("queue.switch.state." + state), at(t.CreatedAt), at(t.CalledAt), at(t.ServedAt), at(t.EndedAt), counter,
		})
	}
	return out
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
