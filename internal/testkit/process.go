package testkit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

// Build gives the path of cmd/pendopo's binary: the one that scripts/test has built
// (PENDOPO_TEST_BINARY), or one that is built once a test process.
func Build(tb testing.TB) string {
	tb.Helper()
	notQuick(tb)
	path, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PENDOPO_TEST_BINARY"); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	// One place for every process of this user and checkout, so that the linker runs once and nobody tests
	// another checkout's program; go build leaves a file alone that is fresh. The lock is held until nobody
	// can find the file half written.
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("pendopo-test-%d-%08x", os.Getuid(), crc32.ChecksumIEEE([]byte(root))))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pendopo")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/pendopo")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("testkit: go build ./cmd/pendopo: %w\n%s", err, out)
	}
	return path, nil
})

// Root is the folder of the module.
func Root() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		text, rerr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if rerr == nil && strings.HasPrefix(string(text), "module github.com/pendopo-id/pendopo\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("testkit: not inside the module")
		}
	}
	return "", err
}

// Process is a running pendopo.
type Process struct {
	URL   string          // "http://127.0.0.1:PORT"
	Ready json.RawMessage // the whole line that it printed when it was ready

	child *leash.Child
	mu    sync.Mutex
	log   []string
}

// Serve starts the product, such as Serve(t, []string{"serve"}, "PENDOPO_DATABASE_URL="+url), on a
// free port of 127.0.0.1 and waits until it accepts requests. What it says is shown when the test
// fails. Nothing of the caller's PENDOPO_* environment reaches it.
func Serve(tb testing.TB, args []string, env ...string) *Process {
	tb.Helper()
	p, err := start(Build(tb), args, env)
	if p != nil {
		tb.Cleanup(func() {
			_ = p.child.Stop(20 * time.Second)
			if tb.Failed() {
				tb.Logf("%s\n%s", strings.Join(args, " "), p.Log())
			}
		})
	}
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func start(path string, args, env []string) (*Process, error) {
	if !slices.Contains(args, "--addr") {
		args = append(slices.Clone(args), "--addr", "127.0.0.1:0")
	}
	cmd := exec.Command(path, append(args, "--format", "json")...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PENDOPO_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	out, outW := io.Pipe()
	diag, diagW := io.Pipe()
	cmd.Stdout, cmd.Stderr = outW, diagW
	cmd.WaitDelay = 5 * time.Second
	child, err := leash.Start(cmd, syscall.SIGTERM, "")
	if err != nil {
		return nil, err
	}
	p := &Process{child: child}
	go func() { // the readers end when nobody can write any more
		<-child.Done()
		_ = outW.Close()
		_ = diagW.Close()
	}()
	ready := make(chan string, 1)
	go p.read(diag, nil)
	go p.read(out, ready)
	select {
	case line := <-ready:
		var said struct{ URL string }
		if err := json.Unmarshal([]byte(line), &said); err != nil || said.URL == "" {
			return p, fmt.Errorf("testkit: the ready line is no JSON object with a url: %q", line)
		}
		p.URL, p.Ready = said.URL, json.RawMessage(line)
		return p, nil
	case <-child.Done():
		return p, fmt.Errorf("testkit: %s ended before it was ready: %w", strings.Join(args, " "), child.Err())
	case <-time.After(90 * time.Second):
		return p, fmt.Errorf("testkit: %s was not ready within 90 s", strings.Join(args, " "))
	}
}

// read keeps what the process says; the first line goes to ready.
func (p *Process) read(from io.Reader, ready chan<- string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			p.mu.Lock()
			if p.log = append(p.log, line); len(p.log) > 2000 {
				p.log = p.log[1000:]
			}
			p.mu.Unlock()
			if ready != nil {
				ready <- line
				ready = nil
			}
		}
		if err != nil {
			return
		}
	}
}

// Log is what the process has said so far, the last lines of it.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// Stop ends the process gracefully (SIGTERM) and tells how it ended; nil is exit status 0.
func (p *Process) Stop() error { return p.child.Stop(30 * time.Second) }

// Kill ends it as a power cut would.
func (p *Process) Kill() {
	_ = p.child.Signal(syscall.SIGKILL)
	<-p.child.Done()
}

// Signal sends the process a signal.
func (p *Process) Signal(sig syscall.Signal) error { return p.child.Signal(sig) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }

// Port is the port on which it listens.
func (p *Process) Port() string {
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	return u.Port()
}

// At is the address of a path on a host of the process, for a browser: "http://uji-a.localhost:PORT/".
func (p *Process) At(host, path string) string {
	return "http://" + net.JoinHostPort(host, p.Port()) + path
}

// Client makes a client whose connections all go to the process, whatever host the address names: Go
// does not resolve names under localhost as browsers do. It follows no redirects and keeps no cookies.
func (p *Process) Client() *http.Client {
	u, _ := url.Parse(p.URL)
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, network, u.Host)
			},
			MaxIdleConnsPerHost: 64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

// Do sends requests to the process, for Run.
func (p *Process) Do() Do { return p.Client().Do }

// notQuick leaves a test out of scripts/test quick, which says so; nothing else does.
func notQuick(tb testing.TB) {
	tb.Helper()
	if os.Getenv("PENDOPO_TEST_QUICK") != "" {
		tb.Skip("left out by scripts/test quick")
	}
}
