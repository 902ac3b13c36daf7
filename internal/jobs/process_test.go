package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

// TestMain lets the test's own binary be a process that runs jobs.
func TestMain(m *testing.M) {
	if os.Getenv("JOBS_TEST_DATABASE") == "" {
		os.Exit(m.Run())
	}
	if err := work(os.Getenv("JOBS_TEST_DATABASE"), os.Getenv("JOBS_TEST_EFFECTS"), os.Getenv("JOBS_TEST_NAME")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// work runs jobs, each of which is a call to the counting server, until it is told to stop.
func work(database, effects, name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	db, err := store.Open(ctx, store.Config{URL: database, Models: testkit.Models, ReadConns: 6})
	if err != nil {
		return err
	}
	defer db.Close()
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(ctx); err != nil {
		return err
	}
	db.StartNotifier()
	r := jobs.New(db, jobs.Options{
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Lease: 3 * time.Second, Sweep: time.Second,
		Tenants: func() (out []store.TenantID) {
			for _, t := range reg.All() {
				out = append(out, t.ID)
			}
			return out
		},
	})
	r.Register(jobs.Kind{Name: "test.effect", Handler: func(ctx context.Context, run *jobs.Run) error {
		req, err := http.NewRequestWithContext(ctx, "POST", effects, strings.NewReader(""))
		if err != nil {
			return err
		}
		req.Header.Set("Idempotency-Key", run.Key)
		req.Header.Set("X-Process", name)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return jobs.Again("unanswered", 0, nil)
		}
		return res.Body.Close()
	}})
	r.Start()
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return r.Stop(grace)
}

// effects counts what is done, once for each key.
type effects struct {
	*httptest.Server
	mu      sync.Mutex
	done    map[string]int // by key: how often it was asked for
	by      map[string]int // by process
	victim  string
	caught  chan struct{} // closed while the victim waits for an answer
	release chan struct{}
}

// newEffects makes the server. It keeps the victim's n-th call waiting, after its effect; after a hundred
// calls it lets the others wait for that, so that it happens in the middle.
func newEffects(t *testing.T, victim string, n int) *effects {
	e := &effects{done: map[string]int{}, by: map[string]int{}, victim: victim, caught: make(chan struct{}), release: make(chan struct{})}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		process := r.Header.Get("X-Process")
		e.mu.Lock()
		e.done[r.Header.Get("Idempotency-Key")]++
		e.by[process]++
		catch := process == victim && e.by[process] == n
		middle := len(e.done) > 100
		e.mu.Unlock()
		if process != victim && middle {
			select {
			case <-e.caught:
			case <-r.Context().Done():
			}
		}
		if catch {
			close(e.caught)
			select {
			case <-e.release:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func spawn(t *testing.T, name string, env ...string) *leash.Child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "JOBS_TEST_NAME="+name), env...)
	var out strings.Builder // written by the child's own goroutine, read once it has ended
	cmd.Stdout, cmd.Stderr = &out, &out
	child, err := leash.Start(cmd, syscall.SIGTERM, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Stop(20 * time.Second)
		if t.Failed() {
			t.Logf("process %s:\n%s", name, out.String())
		}
	})
	return child
}

// Four processes, 500 jobs of two tenants, one process killed while one of its jobs has had its effect and
// has not heard so: every effect is there, each once by its key, and every job is done.
func TestNothingIsLostAndEachEffectIsThereOnce(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("PENDOPO_TEST_QUICK") != "" {
				t.Skip("left out by scripts/test quick")
			}
			db := testkit.Open(t, dialect)
			tenants := []store.TenantID{testkit.Tenant(t, db).ID, testkit.Tenant(t, db).ID}
			e := newEffects(t, "0", 10)
			var children []*leash.Child
			for i := range 4 {
				children = append(children, spawn(t, fmt.Sprint(i), "JOBS_TEST_DATABASE="+testkit.URLs(db).App, "JOBS_TEST_EFFECTS="+e.URL))
			}
			const total = 500
			for i := range total / 10 {
				var some []jobs.Job
				for j := range 10 {
					some = append(some, jobs.Job{Kind: "test.effect", Key: fmt.Sprintf("effect-%d-%d", i, j)})
				}
				add(t, db, tenants[i%2], some...)
			}
			next(t, "the victim's call", e.caught)
			if err := children[0].Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-children[0].Done()
			close(e.release)
			left := func() int {
				n := 0
				for _, at := range tenants {
					for _, s := range []jobs.State{jobs.Queued, jobs.Running, jobs.Dead} {
						n += len(list(t, db, at, s))
					}
				}
				return n
			}
			deadline := time.After(2 * time.Minute)
			for left() > 0 {
				select {
				case <-time.After(50 * time.Millisecond): // another process's database: there is nothing to wait on
				case <-deadline:
					t.Fatalf("%d jobs are left", left())
				}
			}
			for i, c := range children[1:] {
				if err := c.Stop(20 * time.Second); err != nil {
					t.Errorf("process %d ended with %v", i+1, err)
				}
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			asked := 0
			for _, n := range e.done {
				asked += n
			}
			if len(e.done) != total {
				t.Errorf("%d effects instead of %d", len(e.done), total)
			}
			if asked == total {
				t.Error("nothing was asked for twice: the test has not caught a job in the middle")
			}
			t.Logf("%d effects, %d asked for again, by process %v", len(e.done), asked-total, e.by)
		})
	}
}
