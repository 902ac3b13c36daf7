package leash

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test's binary stand in for a test process that starts a child and is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LEASH_STAND_IN"); dir != "" {
		c, err := Start(exec.Command("sleep", "600"), syscall.SIGTERM, dir)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(strconv.Itoa(c.PID()) + "\n")
		<-c.Done()
	}
	os.Exit(m.Run())
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	// Nobody may have waited for it yet.
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("not so within 10 s: %s", what)
}

func gone(path string) bool { _, err := os.Stat(path); return os.IsNotExist(err) }

func TestChildEndsWithItsParent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "LEASH_STAND_IN="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(child) {
		t.Fatalf("child %q: %v", line, err)
	}
	_ = parent.Process.Kill() // as the go tool does after a timeout
	_ = parent.Wait()
	soon(t, "the child has ended", func() bool { return !alive(child) })
	soon(t, "its folder is gone", func() bool { return gone(dir) })
}

func TestStop(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := Start(exec.Command("sleep", "600"), syscall.SIGTERM, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(10 * time.Second); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("ended with %v", err)
	}
	if alive(c.PID()) || !gone(dir) {
		t.Error("something is left")
	}
	if err := c.Signal(syscall.SIGTERM); err != os.ErrProcessDone {
		t.Errorf("a signal to nobody: %v", err)
	}

	stubborn, err := Start(exec.Command("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"), syscall.SIGTERM, "")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until the trap is set
	if err := stubborn.Stop(200 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("ended with %v", err)
	}
	if alive(stubborn.PID()) {
		t.Error("still there")
	}
}
