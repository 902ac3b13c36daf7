package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Folder keeps checkpoints in files, one a tenant and month: DIR/<tenant>/2026-11.jsonl, a line each. Lines
// are only ever added, under a lock, and are on the disk when Put returns.
type Folder struct {
	dir    string
	sealer sealer
}

var _ Sink = (*Folder)(nil)

// NewFolder makes the folder if it is not there and makes sure that it can be written.
func NewFolder(dir string, keys ...[]byte) (*Folder, error) {
	s, err := newSealer(keys...)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("audit: the folder of checkpoints: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("audit: the folder of checkpoints: %w", err)
	}
	return &Folder{dir, s}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Dir is where the files are.
func (f *Folder) Dir() string { return f.dir }

const suffix = ".jsonl"

// lockWait is how long Put waits for another process that writes.
const lockWait = 10 * time.Second

// Put implements Sink.
func (f *Folder) Put(ctx context.Context, c Checkpoint, every time.Duration) (Checkpoint, error) {
	dir := filepath.Join(f.dir, c.Tenant.String())
	newest, err := f.put(ctx, dir, c, every)
	if err != nil {
		err = fmt.Errorf("audit: checkpoint: %w", err)
	}
	return newest, err
}

func (f *Folder) put(ctx context.Context, dir string, c Checkpoint, every time.Duration) (Checkpoint, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Checkpoint{}, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return Checkpoint{}, err
	}
	defer d.Close() // and the lock with it
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	if err := lock(waiting, d); err != nil {
		return Checkpoint{}, err
	}
	last, err := f.last(dir, c.Tenant)
	if err != nil {
		return Checkpoint{}, err
	}
	if last.found && (last.point.Seq >= c.Seq || every > 0 && c.At.Sub(last.point.At).Abs() < every) {
		if last.key == f.sealer.name {
			return last.point, nil
		}
		// Nothing new, but a new key: this line vouches for what the older one has made.
		c = Checkpoint{Tenant: c.Tenant, Seq: last.point.Seq, Hash: last.point.Hash, At: c.At}
	}
	// A clock that was set back must not make a file that sorts before the last one.
	name := max(c.At.UTC().Format("2006-01")+suffix, last.file)
	text, err := json.Marshal(f.sealer.seal(c, last.mac, last.key))
	if err != nil {
		return Checkpoint{}, err
	}
	text = append(text, '\n')
	if last.torn && name == last.file {
		text = append([]byte{'\n'}, text...) // what a power cut left stands in a line of its own
	}
	return c, appendTo(d, filepath.Join(dir, name), text)
}

// appendTo adds text to a file and waits until the disk has it, and the file's name if it is new.
func appendTo(dir *os.File, name string, text []byte) error {
	_, err := os.Stat(name)
	fresh := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, werr := file.Write(text)
	err = errors.Join(werr, file.Sync(), file.Close())
	if err == nil && fresh {
		err = dir.Sync()
	}
	return err
}

// newest is the last line that holds, and where the next one goes.
type newest struct {
	found bool
	point Checkpoint
	mac   string
	key   string // the name of the key that made it
	file  string // the last file, whether or not it has a line that holds
	torn  bool   // that file does not end with a line's end
}

// last finds the newest line that holds: what was tampered with must not keep others from being added. A line of a
// key that is not given must: another process has it, and what followed from an older line would look like
// tampering for ever.
func (f *Folder) last(dir string, t store.TenantID) (n newest, err error) {
	names, err := files(dir)
	if err != nil {
		return n, err
	}
	for i := len(names) - 1; i >= 0 && !n.found; i-- {
		// A file's end has it, unless lines there are wrong.
		for _, size := range []int64{16 << 10, 1 << 62} {
			text, err := ending(filepath.Join(dir, names[i]), size)
			if err != nil {
				return n, err
			}
			if i == len(names)-1 {
				n.file, n.torn = names[i], len(text) > 0 && text[len(text)-1] != '\n'
			}
			lines := bytes.Split(text, newline)
			for k := len(lines) - 1; k >= 0 && !n.found; k-- {
				l, c, err := f.sealer.open(t, lines[k])
				switch {
				case err == nil:
					n.found, n.point, n.mac, n.key = true, c, l.MAC, l.Key
				case errors.Is(err, errOtherKey) && l.Tenant == t.String():
					return n, ErrOtherKey
				}
			}
			if n.found || int64(len(text)) < size {
				break
			}
		}
	}
	return n, nil
}

// Others are the identifiers of tenants of which there are checkpoints, and which are none of these.
func (f *Folder) Others(known []store.TenantID) (others []string, err error) {
	names := map[string]bool{}
	for _, t := range known {
		names[t.String()] = true
	}
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if _, err := id.Parse(e.Name()); err == nil && e.IsDir() && !names[e.Name()] {
			others = append(others, e.Name())
		}
	}
	return others, err
}

// Current tells whether a tenant's newest line, if there is one, was made with the newest key. Until it is, the older
// keys are needed.
func (f *Folder) Current(t store.TenantID) (bool, error) {
	last, err := f.last(filepath.Join(f.dir, t.String()), t)
	return !last.found || last.key == f.sealer.name, err
}

// ending reads at most the last size bytes of a file.
func ending(name string, size int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > size {
		if _, err := file.Seek(-size, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(file)
}

// files are a tenant's files by month; none when there is no folder.
func files(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir) // sorted
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Read implements Sink. Which lines there are is settled when it is called, so that a reader who then looks
// for a chain's head finds it at or behind the last of them.
func (f *Folder) Read(ctx context.Context, t store.TenantID) iter.Seq2[Checkpoint, error] {
	dir := filepath.Join(f.dir, t.String())
	names, err := files(dir)
	sizes := make([]int64, len(names))
	for i, name := range names {
		info, serr := os.Stat(filepath.Join(dir, name))
		if err = errors.Join(err, serr); serr == nil {
			sizes[i] = info.Size()
		}
	}
	return func(yield func(Checkpoint, error) bool) {
		if err != nil {
			yield(Checkpoint{}, fmt.Errorf("audit: checkpoints: %w", err))
			return
		}
		r := &reader{sealer: f.sealer, tenant: t, yield: yield}
		for i, name := range names {
			if !r.file(ctx, filepath.Join(dir, name), sizes[i]) {
				return
			}
		}
		r.uncovered()
	}
}

// reader goes through a tenant's lines in order.
type reader struct {
	sealer sealer
	tenant store.TenantID
	yield  func(Checkpoint, error) bool

	begun  bool
	mac    string     // of the last line that holds
	broken *LineError // a line since then that cannot be read
	told   bool       // one since then that was wrong, and has been told of
	gone   gone       // lines since then of keys that are not given
}

// gone are lines in a row that were made with keys that are not given.
type gone struct {
	lines int64
	first LineError
	key   string // of the last of them
	mac   string
	torn  bool // one does not follow from the one before it
}

// uncovered tells of lines whose keys are not given and for which no later line vouches.
func (r *reader) uncovered() bool {
	if r.gone.lines == 0 {
		return true
	}
	wrong := r.gone.first
	r.gone, r.told = gone{}, true
	return r.yield(Checkpoint{}, &wrong)
}

func (r *reader) file(ctx context.Context, name string, size int64) bool {
	file, err := os.Open(name)
	if err != nil {
		return r.yield(Checkpoint{}, fmt.Errorf("audit: checkpoints: %w", err))
	}
	defer file.Close()
	lines := bufio.NewScanner(io.LimitReader(file, size))
	lines.Buffer(make([]byte, 0, 4096), 1<<20)
	for n := 1; lines.Scan(); n++ {
		if ctx.Err() != nil {
			return r.yield(Checkpoint{}, ctx.Err()) && false
		}
		if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 && !r.line(name, n, text) {
			return false
		}
	}
	if err := lines.Err(); err != nil {
		return r.yield(Checkpoint{}, &LineError{File: name, What: err.Error()})
	}
	return true
}

func (r *reader) line(name string, n int, text []byte) bool {
	wrong := func(seq int64, what string) bool {
		return r.yield(Checkpoint{}, &LineError{File: name, Line: n, Seq: seq, What: what})
	}
	l, c, err := r.sealer.open(r.tenant, text)
	switch {
	case errors.Is(err, errUnreadable):
		// What a power cut left of a line that was just being written. The next one does not follow from it; if
		// it does not follow from the one before either, a line that had been whole was spoilt.
		r.broken = &LineError{File: name, Line: n, What: err.Error()}
		return true
	case errors.Is(err, errOtherKey):
		// Whether it is whole nobody can tell; that it follows from the one before can be seen.
		g, follows := &r.gone, !r.begun || r.told || l.Prev == r.mac
		if g.lines == 0 {
			*g = gone{first: LineError{File: name, Line: n, Seq: l.Seq, What: err.Error()}}
		} else {
			follows = l.Prev == g.mac
		}
		g.lines, g.key, g.mac = g.lines+1, l.Key, l.MAC
		g.torn = g.torn || !follows || l.Tenant != r.tenant.String()
		return true
	case err != nil:
		r.told = true
		return wrong(l.Seq, err.Error())
	}
	if g := r.gone; g.lines > 0 && !g.torn && l.Vouches == g.key && l.Prev == g.mac {
		r.gone, r.mac = gone{}, g.mac
		if !r.yield(Checkpoint{}, KeyGone(g.lines)) {
			return false
		}
	} else if !r.uncovered() {
		return false
	}
	// The beginning may have been put into an archive: a later line vouches for all before it.
	if r.begun && l.Prev != r.mac && !r.told {
		what := "a line before this one is missing"
		if r.broken != nil {
			what = fmt.Sprintf("line %d before it was spoilt", r.broken.Line)
		}
		if !wrong(l.Seq, what) {
			return false
		}
	}
	r.begun, r.mac, r.broken, r.told = true, l.MAC, nil, false
	return r.yield(c, nil)
}
