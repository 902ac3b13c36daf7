package queue

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

var labelShape = regexp.MustCompile(`^([A-Z]{1,3})-?([0-9]{1,9})$`)

// maxLabelled bounds how many tickets a label finds: one a day and series with that prefix.
const maxLabelled = 100

// Labelled finds the tickets that had a number on the local days from first to last, the newest first. A zero
// day is no bound. Text that is no number finds none.
func (h *Hall) Labelled(ctx context.Context, t *tenant.Tenant, label string, first, last clock.Day) ([]id.ID, error) {
	m := labelShape.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(label)))
	if m == nil {
		return nil, nil
	}
	number, _ := strconv.ParseInt(m[2], 10, 64) // nine digits always fit
	var out []id.ID
	err := h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		series, err := store.Select[tenant.SeriesRow](tx).Where("prefix = ?", m[1]).All(ctx) // retired ones too
		if err != nil || len(series) == 0 {
			return err
		}
		ids := make([]id.ID, len(series))
		for i, s := range series {
			ids[i] = s.ID
		}
		q := store.Select[Ticket](tx).Where("series_id in ?", bun.Tuple(ids)).Where("number = ?", number)
		if first != (clock.Day{}) {
			q = q.Where("day >= ?", first)
		}
		if last != (clock.Day{}) {
			q = q.Where("day <= ?", last)
		}
		found, err := q.Order("day desc").Limit(maxLabelled).All(ctx)
		for _, f := range found {
			out = append(out, f.ID)
		}
		return err
	})
	return out, err
}
