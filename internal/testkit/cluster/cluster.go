// Package cluster starts a private PostgreSQL for tests: in a folder of its own, on a Unix socket that
// nobody else reaches, without durability, and gone when the process ends.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

// Missing is what a person does when there is no PostgreSQL.
const Missing = "PostgreSQL is not installed: apt-get install postgresql (or set PENDOPO_TEST_POSTGRES to the address of a superuser)"

// Cluster is a running server.
type Cluster struct {
	URL   string // of its superuser
	child *leash.Child
}

// Start makes a cluster and waits until it answers.
func Start(ctx context.Context) (*Cluster, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := folder(as)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c, err := start(ctx, bin, dir, as)
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return c, err
}

func start(ctx context.Context, bin, dir string, as *syscall.Credential) (*Cluster, error) {
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cluster: initdb: %w\n%s", err, out)
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off",
		"-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB",
		"-c", "max_locks_per_transaction=256", "-c", "log_min_messages=fatal", "-c", "log_min_error_statement=panic")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	logFile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	defer logFile.Close()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	child, err := leash.Start(cmd, syscall.SIGQUIT, dir) // at once: nothing here is worth a checkpoint
	if err != nil {
		return nil, err
	}
	c := &Cluster{URL: "postgres://postgres@/postgres?host=" + url.QueryEscape(dir), child: child}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		conn, err := pgx.Connect(ctx, c.URL)
		if err == nil {
			_ = conn.Close(ctx)
			return c, nil
		}
		select {
		case <-child.Done():
			text, _ := os.ReadFile(logFile.Name())
			return nil, fmt.Errorf("cluster: postgres ended: %w\n%s", child.Err(), text)
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("cluster: postgres does not answer: %w", err), child.Stop(time.Second))
		case <-time.After(wait):
		}
	}
}

// Stop ends the server and removes its folder.
func (c *Cluster) Stop() { _ = c.child.Stop(10 * time.Second) }

// find gives the folder of the newest server programs.
func find() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	for _, dir := range dirs {
		_, err1 := os.Stat(filepath.Join(dir, "initdb"))
		_, err2 := os.Stat(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir, nil
		}
	}
	return "", errors.New(Missing)
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// unprivileged is whom to run as: PostgreSQL refuses root. nil means as ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("cluster: PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// folder makes the cluster's folder where the user can reach it and the socket's path stays short:
// a Unix socket has room for 107 bytes.
func folder(as *syscall.Credential) (string, error) {
	base := os.TempDir()
	if len(base) > 60 || as != nil && !open(base) {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "pendopo-pg-")
	if err == nil && as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	return dir, err
}

// open tells whether every folder on the way may be entered by anybody.
func open(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&1 == 0 {
			return false
		}
		if dir == "/" || !strings.Contains(dir, "/") {
			return true
		}
	}
}
