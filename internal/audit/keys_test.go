package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A master key takes the place of another: OLD; OLD,NEW; NEW,OLD; NEW. At each step processes of the step before still
// run, and nothing that anybody writes looks like tampering to anybody.
func TestTheLifeOfACheckpointsKey(t *testing.T) {
	before, after := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("n"), 32)
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db) // B does nothing any more
		dir := t.TempDir()
		all := func() []store.TenantID { return []store.TenantID{a.ID, b.ID} }
		type process struct {
			*audit.Folder
			*audit.Writer
		}
		start := func(keys ...[]byte) process {
			t.Helper()
			f, err := audit.NewFolder(dir, keys...)
			if err != nil {
				t.Fatal(err)
			}
			return process{f, audit.NewWriter(db, all, quiet, f)}
		}
		step := func(p process, grow int) {
			t.Helper()
			if grow > 0 {
				write(t, db, a.ID, grow)
			}
			if _, err := p.Make(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		whole := func(p process, gone int64) {
			t.Helper()
			for _, at := range all() {
				r, err := audit.Verify(t.Context(), db, at, p.Read(t.Context(), at))
				if err != nil || !r.OK() || r.Uncovered != 0 || r.Checkpoints == 0 || (r.KeyGone > 0) != (gone > 0) || at == a.ID && r.KeyGone != gone {
					t.Errorf("%v %+v", err, r)
				}
			}
		}
		old := start(before)
		step(old, 3)
		step(old, 1)
		both := start(before, after)
		step(both, 1)
		step(old, 1) // not restarted yet
		whole(both, 0)
		whole(old, 0)
		turned := start(after, before)
		step(turned, 1)
		step(both, 1) // not restarted yet
		whole(turned, 0)
		whole(both, 0)
		if current, err := turned.Current(a.ID); current || err != nil {
			t.Errorf("the older key made the newest line, and is said not to be needed: %v", err)
		}
		step(start(after, before), 0) // what keys rewrap does
		for _, at := range all() {
			if current, err := turned.Current(at); !current || err != nil {
				t.Errorf("the older key is still needed: %v", err)
			}
		}
		whole(turned, 0)
		now := start(after)
		whole(now, 5)
		step(now, 2)
		whole(now, 5)

		// Who has been left with the older key alone writes nothing, says so, and does not break what is there.
		file := filepath.Join(dir, a.ID.String())
		size := func() (n int64) {
			names, _ := filepath.Glob(filepath.Join(file, "*.jsonl"))
			for _, name := range names {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				n += info.Size()
			}
			return n
		}
		was := size()
		write(t, db, a.ID, 1)
		if _, err := start(before).Make(t.Context()); !errors.Is(err, audit.ErrOtherKey) || size() != was {
			t.Errorf("%d bytes were added; %v", size()-was, err)
		}
		var log bytes.Buffer
		w := audit.NewWriter(db, all, slog.New(slog.NewTextHandler(&log, nil)), start(before).Folder)
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		w.Run(ctx, 5*time.Millisecond)
		stop()
		if !strings.Contains(log.String(), "key that is not given") {
			t.Errorf("the log: %s", log.String())
		}
		step(now, 0)
		whole(now, 5)
	})
}

// What no later line vouches for stays a finding, and so does what does not follow.
func TestAnUnknownKeysLinesAreFindings(t *testing.T) {
	before, after := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("n"), 32)
	for name, c := range map[string]struct {
		tamper func(lines []string) []string
		want   string
	}{
		"nothing":            {func(l []string) []string { return l }, "(3) 3 4 5"},
		"the vouching line":  {func(l []string) []string { return append(l[:3:3], l[4:]...) }, "[1: the line was made with another key] 4 5"},
		"one taken out":      {func(l []string) []string { return append(l[:1:1], l[2:]...) }, "[1: the line was made with another key] 3 4 5"},
		"the last taken out": {func(l []string) []string { return append(l[:2:2], l[3:]...) }, "[1: the line was made with another key] 3 4 5"},
		"moved behind":       {func(l []string) []string { return append(l[3:len(l):len(l)], l[2]) }, "3 4 5 [4: the line was made with another key]"},
		"the vouch undone":   {func(l []string) []string { l[3] = strings.Replace(l[3], `"vouches":"`, `"vouches":"0`, 1); return l }, "[4: the line is not what was written] [1: the line was made with another key] 4 5"},
		"archived":           {func(l []string) []string { return l[2:] }, "(1) 3 4 5"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, at := t.TempDir(), store.NewTenantID()
			old, _ := audit.NewFolder(dir, before)
			turned, _ := audit.NewFolder(dir, after, before)
			for seq := range int64(3) {
				put(t, old, point(at, seq+1, noon.Add(time.Duration(seq)*time.Minute)), 0)
			}
			put(t, turned, point(at, 3, noon.Add(time.Hour)), time.Hour)
			put(t, turned, point(at, 4, noon.Add(2*time.Hour)), 0)
			put(t, turned, point(at, 5, noon.Add(3*time.Hour)), 0)
			file := filepath.Join(dir, at.String(), "2026-11.jsonl")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := c.tamper(strings.Split(strings.TrimSpace(string(text)), "\n"))
			if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			now, _ := audit.NewFolder(dir, after)
			var got []string
			for p, err := range now.Read(t.Context(), at) {
				var line *audit.LineError
				var gone audit.KeyGone
				switch {
				case errors.As(err, &line):
					got = append(got, fmt.Sprintf("[%d: %s]", line.Line, line.What))
				case errors.As(err, &gone):
					got = append(got, fmt.Sprintf("(%d)", int64(gone)))
				case err != nil:
					t.Fatal(err)
				default:
					got = append(got, fmt.Sprint(p.Seq))
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("read %q, not %q", s, c.want)
			}
		})
	}
}
