package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
)

// Options of a Runner.
type Options struct {
	// Tenants gives those whose jobs run; the others' wait. It is asked once a second.
	Tenants func() []store.TenantID
	Log     *slog.Logger
	// Lease is how long a job belongs to a process that shows no sign of life; 0 is 1 minute.
	Lease time.Duration
	// Sweep is how often each tenant is looked at even when nothing was heard of it; 0 is 30 s.
	Sweep time.Duration
	// Chance gives numbers from 0 to 1 for the jitter; nil is a random one.
	Chance func() float64
}

// Runner runs jobs. Any number of processes run one on the same database.
//
// No query sees more than one tenant, so the runner looks at them one by one: at once when a commit in this
// process or (PostgreSQL) in another one says so, when a job of theirs falls due, and in turn as the
// safety net. A look only reads. What is due is then claimed by the kind's driver, a few jobs of one
// tenant at a time and in turn between tenants, so that nobody's backlog keeps another waiting.
type Runner struct {
	db    *store.DB
	opt   Options
	lanes map[string]*lane
	names []string // of the lanes, in order of registration

	mu      sync.Mutex
	active  map[store.TenantID]bool
	next    map[store.TenantID]time.Time // when to look; missing: at once
	running map[*Run]struct{}

	kick     chan struct{}
	started  bool
	stopOnce sync.Once
	stopping chan struct{} // closed: nothing more is claimed
	handling context.Context
	abandon  context.CancelFunc // ends the handlers
	drivers  sync.WaitGroup
	handlers sync.WaitGroup

	observe func(what string, t store.TenantID) // what tests wait for; nil otherwise
}

const (
	tick = time.Second // the list of tenants is read this often
	// rest is between two rounds of looks, so that a burst of commits is one look and not one each.
	rest     = 10 * time.Millisecond
	patience = 10 * time.Second // for one transaction of the runner's own
	farewell = 5 * time.Second  // for handlers whose context has ended
)

// New makes a runner. Register kinds, then Start it.
func New(db *store.DB, opt Options) *Runner {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Lease == 0 {
		opt.Lease = time.Minute
	}
	if opt.Sweep == 0 {
		opt.Sweep = 30 * time.Second
	}
	if opt.Chance == nil {
		opt.Chance = rand.Float64
	}
	r := &Runner{
		db: db, opt: opt, lanes: map[string]*lane{},
		active: map[store.TenantID]bool{}, next: map[store.TenantID]time.Time{}, running: map[*Run]struct{}{},
		kick: make(chan struct{}, 1), stopping: make(chan struct{}),
	}
	r.handling, r.abandon = context.WithCancel(context.Background())
	db.OnWake(func(t store.TenantID) { r.lookAt(t, time.Time{}) })
	return r
}

// Register tells how a kind's jobs are run. Jobs of a kind that nobody registers wait: in a rolling update an
// older process leaves them to a newer one.
func (r *Runner) Register(k Kind) {
	if _, twice := r.lanes[k.Name]; twice || k.Handler == nil || !safeCode.MatchString(k.Name) || r.started {
		panic(fmt.Sprintf("jobs: kind %q: registered twice, too late, or without a name or a handler", k.Name))
	}
	k = k.complete()
	r.lanes[k.Name] = &lane{kind: k, slots: make(chan struct{}, k.Concurrency), waits: map[store.TenantID]bool{}, bell: make(chan struct{}, 1)}
	r.names = append(r.names, k.Name)
}

// Start begins to run jobs.
func (r *Runner) Start() {
	r.started = true
	if len(r.lanes) == 0 {
		return
	}
	r.drivers.Go(r.follow)
	for _, name := range r.names {
		r.drivers.Go(func() { r.drive(r.lanes[name]) })
	}
	go r.renew()
}

// Stop claims nothing more and waits for what runs. When ctx ends, the handlers' contexts end, and what
// they have not finished goes back to the queue and counts no attempt.
func (r *Runner) Stop(ctx context.Context) error {
	r.stopOnce.Do(func() { close(r.stopping) })
	r.drivers.Wait()
	ended := make(chan struct{})
	go func() {
		r.handlers.Wait()
		close(ended)
	}()
	defer r.abandon()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	r.abandon()
	select {
	case <-ended:
		return nil
	case <-time.After(farewell):
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Errorf("jobs: %d did not end; another process takes them when their lease is over", len(r.running))
	}
}

// lane is what a kind has of its own: room, and the tenants that wait for some of it.
type lane struct {
	kind  Kind
	slots chan struct{}

	mu    sync.Mutex
	queue []store.TenantID        // first come, first served; each once
	waits map[store.TenantID]bool // in queue; true: there are leases that have run out
	bell  chan struct{}
}

func (l *lane) push(t store.TenantID, expired bool) {
	l.mu.Lock()
	was, in := l.waits[t]
	l.waits[t] = was || expired
	if !in {
		l.queue = append(l.queue, t)
	}
	l.mu.Unlock()
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// pop gives the tenant whose turn it is, and whether others wait behind it.
func (l *lane) pop() (t store.TenantID, expired, others, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return t, false, false, false
	}
	t = l.queue[0]
	expired = l.waits[t]
	l.queue = l.queue[1:]
	delete(l.waits, t)
	return t, expired, len(l.queue) > 0, true
}

// drive claims and starts a kind's jobs, as there is room.
func (r *Runner) drive(l *lane) {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-r.stopping:
			return
		}
		t, expired, others, ok := l.pop()
		for !ok {
			select {
			case <-l.bell:
			case <-r.stopping:
				return
			}
			t, expired, others, ok = l.pop()
		}
		if !r.isActive(t) {
			<-l.slots
			continue
		}
		room := 1
		for more := !others; more && room < l.kind.Concurrency; { // nobody else waits: all the room there is
			select {
			case l.slots <- struct{}{}:
				room++
			default:
				more = false
			}
		}
		runs, err := r.claim(t, l.kind, room, expired)
		for range room - len(runs) {
			<-l.slots
		}
		now := r.db.Now()
		switch {
		case err != nil:
			r.opt.Log.Warn("jobs not claimed", "kind", l.kind.Name, "error", err)
			r.lookAt(t, now.Add(2*time.Second))
		case len(runs) == room:
			l.push(t, false) // there may be more
		case len(runs) > 0:
			r.lookAt(t, now) // for those that fall due later
		default:
			r.lookAt(t, now.Add(time.Duration(100+r.opt.Chance()*200)*time.Millisecond)) // another process is at it
		}
		for _, run := range runs {
			r.handlers.Go(func() {
				defer func() { <-l.slots }()
				r.attempt(l.kind, run)
			})
		}
	}
}

var errStopping = errors.New("jobs: the process is being stopped")

// attempt runs the handler once and writes down what came of it.
func (r *Runner) attempt(k Kind, run *Run) {
	ctx, cancel := context.WithTimeout(r.handling, k.Timeout)
	defer cancel()
	ctx, run.cancel = context.WithCancelCause(ctx)
	defer run.cancel(nil)
	r.mu.Lock()
	r.running[run] = struct{}{}
	r.mu.Unlock()
	err := errStopping
	select {
	case <-r.stopping: // claimed while the stop began: it goes back unseen
	default:
		err = r.call(ctx, k, run)
	}
	r.mu.Lock()
	delete(r.running, run)
	r.mu.Unlock()
	if !run.done.Load() {
		r.settle(k, run, err)
	}
	r.seen("settled", run.Tenant)
}

func (r *Runner) seen(what string, t store.TenantID) {
	if r.observe != nil {
		r.observe(what, t)
	}
}

// call runs the handler; a panic in it is a failure like others.
func (r *Runner) call(ctx context.Context, k Kind, run *Run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// The value may hold what a person sent; the stack does not.
			r.opt.Log.Error("a job panicked", "kind", k.Name, "job", run.ID.String(), "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = Again("panic", 0, nil)
		}
	}()
	return k.Handler(ctx, run)
}
