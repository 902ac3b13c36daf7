// Package rehearsal plays a day of a region before it opens: made-up people take numbers, made-up officers call and
// serve them, by a clock of its own and on a copy that is thrown away. The report says in plain words how long people
// wait, who cannot be served, and what to change, each with its figure.
//
// What is rehearsed is the region's own declaration through the real services of the queue, which app lends (Stage). What
// "with one counter more" would be is reckoned by the same day on a plain model (reckoning), which answers as the real
// services do; a test holds the two together.
package rehearsal

import (
	"context"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/propose"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/rehearsal/text.yaml", text)

// Options of Run.
type Options struct {
	Seed     uint64         // the same seed gives the same day
	Day      clock.Day      // the local day that is played; zero: the next one on which a venue is open
	Visitors int            // on a working day, all venues together; 0: what is usual (propose.UsualVisitors). At most 3000
	Agencies map[string]int // visitors a day of agencies whose figure is known, by code
	// Limit bounds the whole rehearsal; 0: 90 seconds.
	Limit time.Duration
}

const (
	mostVisitors = 3000
	usualLimit   = 90 * time.Second
	// atOnce is how many rehearsals run in this process at once: each keeps a processor busy for some seconds.
	atOnce = 2
	// prefix begins the names of the folders that rehearsals make and delete.
	prefix = "pendopo-rehearsal-"
	// forgotten is after how long a folder must be one of a process that was killed.
	forgotten = time.Hour
)

// Stage opens a mall in an empty folder: the region's services on a database of its own, in which nobody is anybody. now
// is its clock. close is called once, also after a failure of the day; the folder is deleted after it.
type Stage func(ctx context.Context, dir string, region *tenants.Region, now clock.Clock) (mall Mall, close func() error, err error)

// Runner runs rehearsals, one at a time for each region. Its zero Base is the system's folder for temporary files.
type Runner struct {
	Stage     Stage
	Catalogue tenants.Catalogue // nil: the embedded one
	Base      string            // where the copies are made

	mu    sync.Mutex
	busy  map[string]bool // regions, by code
	slots chan struct{}
}

// Run plays a day of the region and reports. Nothing of it stays, whatever happens. Of the region's people it takes
// only how many serve where. Faults: "rehearsal.busy" (409: this region is being rehearsed, or too many others),
// "rehearsal.slow" (503: the limit has passed), "rehearsal.closed" (409: no venue is open on the day, or in the next
// month). A region that does not pass tenants' checks is its tenants.Problems.
func (r *Runner) Run(ctx context.Context, region *tenants.Region, opt Options) (Report, error) {
	leave, err := r.enter(region.Code)
	if err != nil {
		return Report{}, err
	}
	defer leave()
	if opt.Limit <= 0 {
		opt.Limit = usualLimit
	}
	limited, cancel := context.WithTimeout(ctx, opt.Limit)
	defer cancel()
	report, err := r.run(limited, region, opt)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return Report{}, fault.Wrap(err, fault.Unavailable, "rehearsal.slow")
	}
	return report, err
}

// enter waits for nobody: who rehearses presses a button and can press it again.
func (r *Runner) enter(code string) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots, r.busy = make(chan struct{}, atOnce), map[string]bool{}
	}
	if r.busy[code] {
		return nil, fault.New(fault.Conflict, "rehearsal.busy").Retry(10 * time.Second)
	}
	select {
	case r.slots <- struct{}{}:
	default:
		return nil, fault.New(fault.Conflict, "rehearsal.busy").Retry(10 * time.Second)
	}
	r.busy[code] = true
	return func() {
		r.mu.Lock()
		delete(r.busy, code)
		r.mu.Unlock()
		<-r.slots
	}, nil
}

func (r *Runner) run(ctx context.Context, region *tenants.Region, opt Options) (report Report, err error) {
	base := r.Base
	if base == "" {
		base = os.TempDir()
	}
	sweep(base)
	dir, err := os.MkdirTemp(base, prefix+"*")
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	cat := r.Catalogue
	if cat == nil {
		cat = catalogue.Default()
	}
	bare := nameless(region)
	if err := check(filepath.Join(dir, "manifest"), cat, bare); err != nil {
		return Report{}, err
	}
	scene, err := newScene(bare, cat, opt)
	if err != nil {
		return Report{}, err
	}
	hand := &hand{}
	hand.set(scene.begins())
	mall, stop, err := r.Stage(ctx, dir, bare, hand)
	if err != nil {
		return Report{}, err
	}
	played, err := play(ctx, scene, mall, hand)
	if err := errors.Join(err, stop()); err != nil {
		return Report{}, err
	}
	report = figures(scene, played)
	return report, report.advise(ctx, scene, played, region)
}

// nameless is a copy of a region without its people and how to reach them, its crest and its providers.
func nameless(r *tenants.Region) *tenants.Region {
	out := *r
	out.Staff, out.Logo, out.Contact, out.Security = nil, "", tenants.Contact{}, tenants.Security{}
	out.Agencies = append([]tenants.Agency(nil), r.Agencies...)
	for i := range out.Agencies {
		out.Agencies[i].SignIn = tenants.SignIn{}
	}
	return &out
}

// check refuses what apply would refuse.
func check(dir string, cat tenants.Catalogue, region *tenants.Region) error {
	if err := tenants.Write(dir, region); err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer root.Close()
	_, problems := tenants.LoadWith(cat, root.FS(), filepath.Base(dir))
	return problems.Err()
}

// sweep deletes what a process that was killed in the middle has left.
func sweep(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), prefix) && clock.System.Now().Sub(info.ModTime()) > forgotten {
			_ = os.RemoveAll(filepath.Join(base, e.Name()))
		}
	}
}

// visitors is how many come on a working day.
func (o Options) visitors() int {
	if o.Visitors <= 0 {
		return propose.UsualVisitors(0)
	}
	return min(o.Visitors, mostVisitors)
}
