package auditlog

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// The chain has one index, its key: each further one would cost every call and every ticket a write. So days
// are found by halving, since numbers follow time, and what else is asked for by reading on from there, a
// bounded number of records at a time.
const (
	defaultStep   = 20_000  // records that one statement goes through at the most
	defaultBudget = 200_000 // and one page; beyond it the reader is asked to go on
	// disorder is how far apart the order of numbers and that of times may be: a transaction's moment is its
	// beginning, its number its end.
	disorder = 10 * time.Minute
)

// Found is a page of records, newest first.
type Found struct {
	Records []Record
	Older   int64     // there are records before this number; 0: there are none
	Newer   int64     // there are records after this number; 0: this is the newest page
	Until   time.Time // the search went back to here and stopped, for it had read enough; zero: it did not stop
}

type row struct {
	Seq    int64     `bun:"seq"`
	Block  int64     `bun:"block"`
	At     time.Time `bun:"at"`
	Actor  string    `bun:"actor"`
	Action string    `bun:"action"`
	Target string    `bun:"target"`
	Text   string    `bun:"record"`
	Hash   []byte    `bun:"hash"`
}

// parsed takes a record's text apart. One that cannot be read, because somebody has spoilt it, shows its columns.
func parsed(r row) Record {
	out := Record{Seq: r.Seq, Block: r.Block, At: r.At, Actor: r.Actor, Action: r.Action, Target: r.Target, Hash: r.Hash}
	var said struct {
		From                string
		Data, Before, After json.RawMessage
	}
	if json.Unmarshal([]byte(r.Text), &said) == nil {
		out.From, out.Data, out.Before, out.After = said.From, said.Data, said.Before, said.After
		out.facts, out.then = factsOf(said.Data), factsOf(said.After)
	}
	return out
}

// Page reads a page of at most limit records that the filter lets through: those before a number, those after it,
// or, when both are 0, the newest.
func (l *Log) Page(ctx context.Context, t *tenant.Tenant, f Filter, before, after int64, limit int) (found Found, err error) {
	err = l.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		s, err := l.scan(ctx, tx, f)
		if err != nil {
			return err
		}
		if after > 0 {
			rows, end, err := s.up(max(after+1, s.low), limit+1)
			if err != nil {
				return err
			}
			// With nothing left above this is the newest page, which is shown whole.
			if len(rows) >= limit || end <= s.high {
				if len(rows) > limit {
					rows = rows[:limit]
					end = rows[limit-1].Seq + 1
				}
				slices.Reverse(rows)
				found.fill(rows)
				if found.Older = after + 1; len(rows) > 0 {
					found.Older = rows[len(rows)-1].Seq
				}
				if end <= s.high {
					found.Newer = end - 1
				}
				return nil
			}
			before = 0
		}
		top := s.high
		if before > 0 {
			top = min(top, before-1)
		}
		rows, end, err := s.down(top, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			found.Older = rows[limit-1].Seq
		} else if end >= s.low {
			found.Older, found.Until = end+1, s.until
		}
		found.fill(rows)
		if before > 0 && top < s.high {
			if found.Newer = top; len(rows) > 0 {
				found.Newer = rows[0].Seq
			}
		}
		return nil
	})
	return found, err
}

func (f *Found) fill(rows []row) {
	f.Records = make([]Record, len(rows))
	for i, r := range rows {
		f.Records[i] = parsed(r)
	}
}

// exportChunk is how many records Each holds at once.
const exportChunk = 1000

// Each gives all records that the filter lets through, in the order in which they were written, some at a time.
// What is written meanwhile is left out.
func (l *Log) Each(ctx context.Context, t *tenant.Tenant, f Filter, fn func(context.Context, []Record) error) error {
	var s *scan
	for from := int64(0); ; {
		var rows []row
		err := l.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			if s == nil {
				if s, err = l.scan(ctx, tx, f); err != nil {
					return err
				}
				from = s.low
			}
			s.ctx, s.tx, s.read = ctx, tx, 0
			rows, from, err = s.up(from, exportChunk)
			return err
		})
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			var found Found
			found.fill(rows)
			if err := fn(ctx, found.Records); err != nil {
				return err
			}
		}
		if from > s.high {
			return nil
		}
	}
}

// scan goes through a tenant's records between two numbers.
type scan struct {
	ctx       context.Context
	tx        *store.Tx
	low, high int64
	cond      string
	args      []any
	step      int64
	budget    int64
	read      int64 // how many numbers have been gone through
	until     time.Time
}

func (l *Log) scan(ctx context.Context, tx *store.Tx, f Filter) (*scan, error) {
	s := &scan{ctx: ctx, tx: tx, low: 1, step: l.step, budget: l.budget}
	// Not max(seq): PostgreSQL reads every record for it where a policy stands before the table.
	ends, err := store.Query[row](ctx, tx, store.From{"audit"}, "select seq from audit order by seq desc limit 1")
	if err != nil {
		return nil, err
	}
	if len(ends) > 0 {
		s.high = ends[0].Seq
	}
	if !f.Since.IsZero() {
		if s.low, err = s.first(f.Since.Add(-disorder)); err != nil {
			return nil, err
		}
		s.where("at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		next, err := s.first(f.Until.Add(disorder))
		if err != nil {
			return nil, err
		}
		s.high = next - 1
		s.where("at < ?", f.Until)
	}
	s.begins("actor", f.Actor)
	s.begins("action", f.Action)
	if f.Only != "" {
		s.where("substr(action, 1, ?) = ?", len(f.Only), f.Only)
	}
	if f.Targets != nil {
		s.where("target in ?", bun.Tuple(f.Targets))
	}
	return s, nil
}

func (s *scan) where(cond string, args ...any) {
	s.cond += " and " + cond
	s.args = append(s.args, args...)
}

// begins asks for a value, or, when it ends in a colon, for what begins with it.
func (s *scan) begins(column, value string) {
	switch {
	case value == "":
	case strings.HasSuffix(value, ":"):
		s.where("substr("+column+", 1, ?) = ?", len(value), value)
	default:
		s.where(column+" = ?", value)
	}
}

// first is the number of the first record at or after a moment, high+1 when there is none.
func (s *scan) first(at time.Time) (int64, error) {
	low, high := s.low, s.high+1
	for low < high {
		mid := low + (high-low)/2
		rows, err := store.Query[row](s.ctx, s.tx, store.From{"audit"}, "select seq, at from audit where seq >= ? order by seq limit 1", mid)
		if err != nil {
			return 0, err
		}
		if len(rows) == 0 || !rows[0].At.Before(at) {
			high = mid
		} else {
			low = rows[0].Seq + 1
		}
	}
	return low, nil
}

// between reads at most limit records between two numbers that the filter lets through.
func (s *scan) between(order string, from, to int64, limit int) ([]row, error) {
	s.read += to - from + 1
	return store.Query[row](s.ctx, s.tx, store.From{"audit"},
		"select seq, block, at, actor, action, target, record, hash from audit where seq >= ? and seq <= ?"+s.cond+" order by seq "+order+" limit ?",
		append(append([]any{from, to}, s.args...), limit)...)
}

// down reads at most limit records from a number downwards and gives the number from which it did not read on:
// below low when it has seen all.
func (s *scan) down(from int64, limit int) (rows []row, end int64, err error) {
	for from >= s.low && len(rows) < limit && s.read < s.budget {
		to := max(s.low, from-s.step+1)
		some, err := s.between("desc", to, from, limit-len(rows))
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, some...)
		if from = to - 1; len(rows) == limit {
			from = rows[limit-1].Seq - 1
		}
	}
	if len(rows) < limit && from >= s.low {
		at, err := store.Query[row](s.ctx, s.tx, store.From{"audit"}, "select at from audit where seq > ? order by seq limit 1", from)
		if err != nil {
			return nil, 0, err
		}
		if len(at) > 0 {
			s.until = at[0].At
		}
	}
	return rows, from, nil
}

// up is down the other way; it gives the number at which it would read on.
func (s *scan) up(from int64, limit int) (rows []row, end int64, err error) {
	for from <= s.high && len(rows) < limit && s.read < s.budget {
		to := min(s.high, from+s.step-1)
		some, err := s.between("asc", from, to, limit-len(rows))
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, some...)
		if from = to + 1; len(rows) == limit {
			from = rows[limit-1].Seq + 1
		}
	}
	return rows, from, nil
}
