package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// HotSpec describes an operation of the hot path: one PostgreSQL statement, and the same steps in Go
// for SQLite, which has no data-modifying CTE.
//
// The statement must not raise an error for what is expected (full, closed, a replay): those are
// result rows. It locks in the order tenant, series, audit head, the head last.
type HotSpec[Q, R any] struct {
	Name string
	SQL  string // $1 is the tenant, $2 the moment, the rest comes from Args
	// Lock is run before SQL, in the same transaction and round trip: $1 is the tenant, the rest comes from
	// LockArgs. SQL then sees what whoever held the lock has committed; a lock taken inside SQL would not
	// renew its snapshot. Empty: none.
	Lock     string
	LockArgs func(qs []Q) []any
	// Max is how many requests of one tenant share a statement; 1: each runs by itself, at once.
	Max  int
	Args func(now time.Time, qs []Q) []any
	// Lite does the same for SQLite. It gives one answer a request, in order.
	Lite func(ctx context.Context, tx *Tx, qs []Q) ([]R, error)
	// Ord is the place in qs that an answer row belongs to, from 0.
	Ord func(R) int
	// Missing is the answer to a request for which the statement gave no row.
	Missing func(Q) R
	// Key: two requests with the same key never share a statement, the later sees the earlier's.
	Key func(Q) string
	// Compare orders the requests of a tenant, so that every process locks in the same order.
	Compare func(a, b Q) int
	// Wrote tells whether an answer means that something was written.
	Wrote func(R) bool
}

// Hot runs a HotSpec.
type Hot[Q, R any] struct {
	db   *DB
	spec HotSpec[Q, R]
	jobs chan *job[Q, R]
	gone chan struct{} // closed when the coalescer has answered its last
}

type job[Q, R any] struct {
	tenant TenantID
	q      Q
	done   chan struct{}
	r      R
	err    error
}

const lockSuffix = "_lock"

// maxBatch bounds what one transaction carries, over all tenants.
const maxBatch = 128

// NewHot prepares an operation. Call it before the first request is served.
func NewHot[Q, R any](db *DB, spec HotSpec[Q, R]) *Hot[Q, R] {
	h := &Hot[Q, R]{db: db, spec: spec}
	db.prepared[spec.Name] = spec.SQL
	if spec.Lock != "" {
		db.prepared[spec.Name+lockSuffix] = spec.Lock
	}
	if spec.Max > 1 {
		h.jobs, h.gone = make(chan *job[Q, R], 4*maxBatch), make(chan struct{})
		db.workers.Add(1)
		go h.work()
	}
	return h
}

// Do runs one request and answers after the commit. When ctx ends first the outcome is unknown: the
// caller asks again with the same idempotency key.
func (h *Hot[Q, R]) Do(ctx context.Context, t TenantID, q Q) (R, error) {
	j := &job[Q, R]{tenant: t, q: q, done: make(chan struct{})}
	if ctx.Value(inTx{}) != nil {
		return j.r, errors.New("store: a transaction within a transaction") // SQLite's one writer would wait for itself
	}
	if h.spec.Max <= 1 {
		h.alone(ctx, j)
		return j.r, h.db.dialect.translate(j.err)
	}
	select {
	case h.jobs <- j:
	case <-ctx.Done():
		return j.r, h.db.dialect.translate(ctx.Err())
	case <-h.db.closing:
		return j.r, fault.New(fault.Unavailable, "busy")
	}
	select {
	case <-j.done:
		if locked(j.err) {
			h.alone(ctx, j) // the batch does not wait for it a second time
		}
		return j.r, h.db.dialect.translate(j.err)
	case <-ctx.Done():
		var zero R
		return zero, h.db.dialect.translate(ctx.Err())
	case <-h.gone:
	}
	select {
	case <-j.done: // it was the last
		return j.r, h.db.dialect.translate(j.err)
	default:
		var zero R
		return zero, fault.New(fault.Unavailable, "busy")
	}
}

// patience bounds a request that has no deadline of its own, and a batch.
const patience = 15 * time.Second

// alone runs one request, by itself. Where somebody holds a lock that it needs, such as an apply that changes
// the counter, it asks again until ctx ends, and holds no connection in between.
func (h *Hot[Q, R]) alone(ctx context.Context, j *job[Q, R]) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i := 1; ; i++ {
		leave, err := h.turn(ctx, j.tenant)
		if err != nil {
			if j.err == nil {
				j.err = err
			}
			return
		}
		j.err = nil
		h.run(ctx, []*job[Q, R]{j})
		leave()
		if !locked(j.err) || ctx.Err() != nil {
			return
		}
		pause(ctx, min(i, 5))
	}
}

// turn waits for the right to one of the hot path's connections, outside of the coalescer. One is left for the
// coalescer, and a tenant has at most two: counters of one that wait for a lock keep neither another's counters
// from calling nor its citizens from taking numbers. SQLite's one writer needs none.
func (h *Hot[Q, R]) turn(ctx context.Context, t TenantID) (leave func(), err error) {
	if h.db.Dialect() == "sqlite" {
		return func() {}, nil
	}
	own, _ := h.db.turns.LoadOrStore(t, make(chan struct{}, turnsEach))
	mine := own.(chan struct{})
	select {
	case mine <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case h.db.singles <- struct{}{}:
		return func() { <-h.db.singles; <-mine }, nil
	case <-ctx.Done():
		<-mine
		return nil, ctx.Err()
	}
}

// locked tells whether somebody else held what the statement needed, for longer than it waits.
func locked(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "55P03"
}

// work is the coalescer: it takes what is waiting, and only that, so a lone request waits for nobody.
func (h *Hot[Q, R]) work() {
	defer h.db.workers.Done()
	defer close(h.gone)
	var held []*job[Q, R] // for the next round: a key that this round already has
	for {
		var batch []*job[Q, R]
		if len(held) > 0 {
			batch = held
		} else {
			select {
			case j := <-h.jobs:
				batch = append(batch, j)
			case <-h.db.closing:
				return
			}
		}
	drain:
		for len(batch) < maxBatch {
			select {
			case j := <-h.jobs:
				batch = append(batch, j)
			default:
				break drain
			}
		}
		batch, held = h.distinct(batch)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		h.run(ctx, batch)
		cancel()
		for _, j := range batch {
			close(j.done)
		}
	}
}

// distinct puts aside what has a key that the batch already has.
func (h *Hot[Q, R]) distinct(batch []*job[Q, R]) (now, later []*job[Q, R]) {
	type key struct {
		t TenantID
		k string
	}
	seen := make(map[key]bool, len(batch))
	for _, j := range batch {
		k := key{j.tenant, h.spec.Key(j.q)}
		if seen[k] {
			later = append(later, j)
			continue
		}
		seen[k] = true
		now = append(now, j)
	}
	return now, later
}

// run answers the jobs, sorted by tenant and by the spec's order. After an error nothing of the batch
// is in the database: it is halved and run again, down to one job, which gets a few tries.
func (h *Hot[Q, R]) run(ctx context.Context, jobs []*job[Q, R]) {
	slices.SortStableFunc(jobs, func(a, b *job[Q, R]) int {
		if c := strings.Compare(a.tenant.String(), b.tenant.String()); c != 0 || h.spec.Compare == nil {
			return c
		}
		return h.spec.Compare(a.q, b.q)
	})
	if h.db.Dialect() == "sqlite" {
		for _, group := range h.groups(jobs) {
			h.lite(ctx, group)
		}
		return
	}
	h.batch(ctx, jobs, 1)
}

func (h *Hot[Q, R]) groups(jobs []*job[Q, R]) (out [][]*job[Q, R]) {
	for len(jobs) > 0 {
		n := 1
		for n < len(jobs) && n < max(h.spec.Max, 1) && jobs[n].tenant == jobs[0].tenant {
			n++
		}
		out, jobs = append(out, jobs[:n]), jobs[n:]
	}
	return out
}

func queries[Q, R any](jobs []*job[Q, R]) []Q {
	qs := make([]Q, len(jobs))
	for i, j := range jobs {
		qs[i] = j.q
	}
	return qs
}

func (h *Hot[Q, R]) lite(ctx context.Context, jobs []*job[Q, R]) {
	var rs []R
	err := h.db.In(ctx, jobs[0].tenant, func(ctx context.Context, tx *Tx) (err error) {
		rs, err = h.spec.Lite(ctx, tx, queries(jobs))
		return err
	})
	if err == nil && len(rs) != len(jobs) {
		err = errors.New("store: " + h.spec.Name + ": answers and requests differ in number")
	}
	if err != nil && len(jobs) > 1 {
		for _, j := range jobs { // find the one that spoils it
			h.lite(ctx, []*job[Q, R]{j})
		}
		return
	}
	for i, j := range jobs {
		j.err = err
		if err == nil {
			j.r = rs[i]
		}
	}
}

func (h *Hot[Q, R]) batch(ctx context.Context, jobs []*job[Q, R], try int) {
	groups := h.groups(jobs)
	answers, err := h.send(ctx, groups)
	switch {
	case err == nil:
		for g, group := range groups {
			h.answer(group, answers[g])
		}
	case len(jobs) > 1 && ctx.Err() == nil:
		h.batch(ctx, jobs[:len(jobs)/2], 1)
		h.batch(ctx, jobs[len(jobs)/2:], 1)
	case try < attempts && ctx.Err() == nil && again(err):
		pause(ctx, try)
		h.batch(ctx, jobs, try+1)
	default:
		for _, j := range jobs {
			j.err = err
		}
	}
}

// again tells whether a lone request is worth another try: somebody was in the way, another process
// has just stored the same key, or the connection was lost and the outcome is unknown.
func again(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		// A lock that is held is asked for again by alone, not here: others may wait for this batch.
		return e.Code == "40001" || e.Code == "40P01" || e.Code == "23505" || e.Code[:2] == "08" || e.Code[:2] == "57"
	}
	return true
}

func (h *Hot[Q, R]) answer(group []*job[Q, R], rows []R) {
	for _, j := range group {
		j.r = h.spec.Missing(j.q)
	}
	wrote := false
	for _, r := range rows {
		if i := h.spec.Ord(r); i >= 0 && i < len(group) {
			group[i].r = r
		}
		wrote = wrote || h.spec.Wrote(r)
	}
	if wrote {
		h.db.published(group[0].tenant)
	}
}

// send is one round trip and one commit: begin, for each tenant its scope and its one statement,
// commit.
func (h *Hot[Q, R]) send(ctx context.Context, groups [][]*job[Q, R]) (answers [][]R, err error) {
	pool, err := h.db.hotPool(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	now := h.db.clock.Now()
	var b pgx.Batch
	b.Queue("begin")
	for _, g := range groups {
		b.Queue(setLocal(g[0].tenant))
		if h.spec.Lock != "" {
			b.Queue(h.spec.Name+lockSuffix, append([]any{g[0].tenant.String()}, h.spec.LockArgs(queries(g))...)...)
		}
		args := append([]any{g[0].tenant.String(), now}, h.spec.Args(now, queries(g))...)
		b.Queue(h.spec.Name, args...)
	}
	b.Queue("commit")
	defer func() {
		if err != nil && !conn.Conn().IsClosed() {
			// A pipeline that failed leaves the connection in an aborted transaction; without this the
			// pool would throw the connection away.
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			_, _ = conn.Exec(end, "rollback")
			cancel()
		}
	}()
	res := conn.SendBatch(ctx, &b)
	defer func() {
		if cerr := res.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := res.Exec(); err != nil {
		return nil, err
	}
	for range groups {
		if _, err := res.Exec(); err != nil {
			return nil, err
		}
		if h.spec.Lock != "" {
			if _, err := res.Exec(); err != nil {
				return nil, err
			}
		}
		rows, err := res.Query()
		if err != nil {
			return nil, err
		}
		got, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[R])
		if err != nil {
			return nil, err
		}
		answers = append(answers, got)
	}
	_, err = res.Exec()
	return answers, err
}
