package audit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Every is how often checkpoints are made: what somebody rewrites sooner than that nothing finds.
const Every = time.Minute

// Writer makes checkpoints of the tenants whose chains have grown.
type Writer struct {
	db      *store.DB
	tenants func() []store.TenantID
	sinks   []Sink
	log     *slog.Logger

	done   map[store.TenantID]int64 // the last record that every sink has
	warned map[store.TenantID]bool  // of a chain that is behind its checkpoints
}

// NewWriter makes a writer for the tenants that a function lists each time.
func NewWriter(db *store.DB, tenants func() []store.TenantID, log *slog.Logger, sinks ...Sink) *Writer {
	return &Writer{db: db, tenants: tenants, sinks: sinks, log: log, done: map[store.TenantID]int64{}, warned: map[store.TenantID]bool{}}
}

// Run makes checkpoints until ctx ends. The last ones, after the last request, are the caller's: Make.
func (w *Writer) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// Half the time: several processes make one a minute together, not one each.
		if _, err := w.make(ctx, every/2); err != nil && ctx.Err() == nil {
			w.log.Error("checkpoints of the audit chain were not made", "error", err)
		}
	}
}

// Make makes a checkpoint of every tenant whose chain has grown since its last one, and tells how many. One
// tenant's failure does not keep the others from theirs. It must not run beside Run.
func (w *Writer) Make(ctx context.Context) (int, error) { return w.make(ctx, 0) }

func (w *Writer) make(ctx context.Context, every time.Duration) (made int, err error) {
	for _, t := range w.tenants() {
		grown, terr := w.one(ctx, t, every)
		if grown {
			made++
		}
		err = errors.Join(err, terr)
		if ctx.Err() != nil {
			break
		}
	}
	return made, err
}

func (w *Writer) one(ctx context.Context, t store.TenantID, every time.Duration) (grown bool, err error) {
	head, err := Head(ctx, w.db, t)
	if err != nil || head.Seq == 0 || head.Seq == w.done[t] {
		return false, err
	}
	all := true
	for _, sink := range w.sinks {
		c := Checkpoint{Tenant: t, Seq: head.Seq, Hash: head.Hash, At: w.db.Now()}
		newest, perr := sink.Put(ctx, c, every)
		if perr != nil {
			err, all = errors.Join(err, perr), false
			continue
		}
		switch {
		case newest.At.Equal(c.At) && newest.Seq == c.Seq && bytes.Equal(newest.Hash, c.Hash):
			grown = true
		case newest.Seq < c.Seq:
			all = false // another process has just made one
		default:
			w.behind(ctx, t, newest)
		}
	}
	if all && err == nil {
		w.done[t] = head.Seq
	}
	return grown, err
}

// behind looks again when a checkpoint is of the record at which the chain ends, or a later one: it was made of
// the database's own head, so a chain that is another one there, or ends before, is not the one that was written.
func (w *Writer) behind(ctx context.Context, t store.TenantID, c Checkpoint) {
	head, err := Head(ctx, w.db, t)
	if err != nil || head.Seq > c.Seq || head.Seq == c.Seq && bytes.Equal(head.Hash, c.Hash) || w.warned[t] {
		return
	}
	w.warned[t] = true
	w.log.Error("the audit chain is not the one that its newest checkpoint saw: run pendopo audit verify", "tenant", t.String(), "record", head.Seq, "checkpoint", c.Seq)
}
