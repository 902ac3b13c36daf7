// Package leash starts child processes that do not outlive the tests. A test process has no hook at
// its end, and may be killed or panic after a timeout: so beside each child stands a shell that reads
// a pipe which only this process holds. When the pipe ends, however that came about, the shell ends
// the child and removes its folder.
package leash

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// watch: $1 pid, $2 signal, $3 folder or "". A line on the pipe means that the child is gone already.
const watch = `
trap '' HUP INT TERM
if ! read -r word; then
  kill -s "$2" "$1" 2>/dev/null
  n=0
  while kill -0 "$1" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
  kill -s KILL "$1" 2>/dev/null
fi
[ -z "$3" ] || rm -rf "$3"
`

// Child is a process on the leash.
type Child struct {
	cmd    *exec.Cmd
	signal syscall.Signal
	end    chan struct{}
	err    error
	once   sync.Once
}

// Start starts cmd in a session of its own, so that a Ctrl-C at the terminal reaches us first. sig is
// what asks it to end; dir, unless "", is removed once it has ended.
func Start(cmd *exec.Cmd, sig syscall.Signal, dir string) (*Child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("leash: %w", err)
	}
	watcher := exec.Command("/bin/sh", "-c", watch, "leash", strconv.Itoa(cmd.Process.Pid), strconv.Itoa(int(sig)), dir)
	watcher.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := watcher.StdinPipe()
	if err == nil {
		err = watcher.Start()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("leash: %w", err)
	}
	c := &Child{cmd: cmd, signal: sig, end: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		_, _ = io.WriteString(pipe, "gone\n")
		_ = pipe.Close()
		_ = watcher.Wait()
		close(c.end)
	}()
	return c, nil
}

// PID is the child's process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed once the child has ended and its folder is gone.
func (c *Child) Done() <-chan struct{} { return c.end }

// Err is how the child ended; read it after Done.
func (c *Child) Err() error { return c.err }

// Signal sends a signal to the child, and to nobody else.
func (c *Child) Signal(sig syscall.Signal) error {
	select {
	case <-c.end:
		return os.ErrProcessDone
	default:
		return c.cmd.Process.Signal(sig)
	}
}

// Stop asks the child to end, kills it if it has not within the patience, and tells how it ended.
func (c *Child) Stop(patience time.Duration) error {
	c.once.Do(func() { _ = c.Signal(c.signal) })
	select {
	case <-c.end:
		return c.err
	case <-time.After(patience):
	}
	_ = c.Signal(syscall.SIGKILL)
	<-c.end
	return errors.Join(fmt.Errorf("leash: %s did not end within %s", c.cmd.Path, patience), c.err)
}
