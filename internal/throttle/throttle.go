// Package throttle counts what may happen only so often in a window of time, for all processes together:
// guesses at a password, messages to one person.
package throttle

import (
	"context"
	"math"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/store"
)

// row counts in one window.
type row struct {
	bun.BaseModel `bun:"table:throttles,alias:throttle"`
	store.Owned
	Key         string    `bun:"key,pk"`
	WindowStart time.Time `bun:"window_start,pk"`
	N           int       `bun:"n"`
}

// Models are this package's tables.
var Models = store.Models{(*row)(nil)}

// Take counts one more of key in the present window, unless most have been counted: then ok is false, and
// wait is how long the window lasts. The key holds nothing personal in clear.
func Take(ctx context.Context, tx *store.Tx, key string, window time.Duration, most int) (ok bool, wait time.Duration, err error) {
	start := tx.Now().Truncate(window)
	for {
		n, err := store.Update[row](tx).Set("n = n + 1").
			Where("key = ? and window_start = ? and n < ?", key, start, most).Exec(ctx)
		if err != nil || n > 0 {
			return n > 0, 0, err
		}
		// The first in its window, or one too many. Somebody else may be the first at this moment: then we
		// have waited for them, and count after them.
		n, err = store.InsertNew(ctx, tx, &row{Key: key, WindowStart: start, N: 1})
		if err != nil || n > 0 {
			return n > 0, 0, err
		}
		full, err := store.Select[row](tx).Where("key = ? and window_start = ? and n >= ?", key, start, most).Exists(ctx)
		if err != nil || full {
			return false, start.Add(window).Sub(tx.Now()), err
		}
	}
}

// Count counts one more of key in the present window, without an end, and gives how many there are.
func Count(ctx context.Context, tx *store.Tx, key string, window time.Duration) (n int, err error) {
	if _, _, err := Take(ctx, tx, key, window, math.MaxInt32); err != nil {
		return 0, err
	}
	r, err := store.Select[row](tx).Where("key = ? and window_start = ?", key, tx.Now().Truncate(window)).One(ctx)
	return r.N, err
}

// GiveBack takes back one that was counted at a moment.
func GiveBack(ctx context.Context, tx *store.Tx, key string, window time.Duration, at time.Time) error {
	_, err := store.Update[row](tx).Set("n = n - 1").
		Where("key = ? and window_start = ? and n > 0", key, at.Truncate(window)).Exec(ctx)
	return err
}

// Long is how keys begin whose windows are as long as a day: they are kept so much longer.
const Long = "day:"

// Sweep deletes the windows that began by a moment, and the long ones that did a day before.
func Sweep(ctx context.Context, tx *store.Tx, by time.Time) error {
	_, err := store.Delete[row](ctx, tx, "window_start <= ? and (key not like 'day:%' or window_start <= ?)", by, by.Add(-24*time.Hour))
	return err
}
