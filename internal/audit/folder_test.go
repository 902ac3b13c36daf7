package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

var quiet = slog.New(slog.DiscardHandler)

func addr(s string) netip.Addr { a, _ := netip.ParseAddr(s); return a }

var noon = time.Date(2026, 11, 23, 5, 0, 0, 123456000, time.UTC)

func point(t store.TenantID, seq int64, at time.Time) audit.Checkpoint {
	return audit.Checkpoint{Tenant: t, Seq: seq, Hash: bytes.Repeat([]byte{byte(seq)}, 32), At: at}
}

// said is what a sink says of a tenant: the numbers, and what is wrong between them.
func said(t *testing.T, f *audit.Folder, at store.TenantID) string {
	t.Helper()
	var out []string
	for c, err := range f.Read(t.Context(), at) {
		var line *audit.LineError
		switch {
		case errors.As(err, &line):
			out = append(out, fmt.Sprintf("[%d: %s]", line.Line, line.What))
		case err != nil:
			t.Fatal(err)
		default:
			if c.Tenant != at || len(c.Hash) != 32 || c.Hash[0] != byte(c.Seq) || c.At.Nanosecond() != 123456000 {
				t.Errorf("read %+v", c)
			}
			out = append(out, fmt.Sprint(c.Seq))
		}
	}
	return strings.Join(out, " ")
}

func put(t *testing.T, f *audit.Folder, c audit.Checkpoint, every time.Duration) int64 {
	t.Helper()
	newest, err := f.Put(t.Context(), c, every)
	if err != nil {
		t.Fatal(err)
	}
	return newest.Seq
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	f, err := audit.NewFolder(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := store.NewTenantID(), store.NewTenantID()
	if got := said(t, f, a); got != "" {
		t.Errorf("before the first: %q", got)
	}
	for i, c := range []struct {
		point audit.Checkpoint
		every time.Duration
		want  int64
	}{
		{point(a, 3, noon), 0, 3},
		{point(a, 3, noon.Add(time.Hour)), 0, 3},                                // it has that one
		{point(a, 2, noon.Add(time.Hour)), 0, 3},                                // and a later one
		{point(a, 5, noon.Add(10*time.Second)), 30 * time.Second, 3},            // too soon
		{point(a, 5, noon.Add(31*time.Second)), 30 * time.Second, 5},            //
		{point(a, 9, noon.AddDate(0, 1, 0)), 0, 9},                              // in December
		{point(a, 11, noon.AddDate(0, 0, 1)), 0, 11},                            // a clock that was set back
		{point(a, 12, noon.AddDate(0, 2, 0)), 0, 12}, {point(b, 4, noon), 0, 4}, //
	} {
		if got := put(t, f, c.point, c.every); got != c.want {
			t.Errorf("%d: the newest is %d, not %d", i, got, c.want)
		}
	}
	if got := said(t, f, a); got != "3 5 9 11 12" {
		t.Errorf("A has %q", got)
	}
	if got := said(t, f, b); got != "4" {
		t.Errorf("B has %q", got)
	}
	var names []string
	entries, _ := os.ReadDir(filepath.Join(dir, a.String()))
	for _, e := range entries {
		info, _ := e.Info()
		names = append(names, e.Name()+" "+info.Mode().String())
	}
	if got := strings.Join(names, ", "); got != "2026-11.jsonl -rw-------, 2026-12.jsonl -rw-------, 2027-01.jsonl -rw-------" {
		t.Errorf("files: %s", got)
	}
	// Another process goes on with the same files; one with another key reads nothing as proof.
	again, _ := audit.NewFolder(dir, key)
	if put(t, again, point(a, 20, noon.AddDate(0, 2, 1)), 0); said(t, f, a) != "3 5 9 11 12 20" {
		t.Errorf("after another process: %q", said(t, f, a))
	}
	foreign, _ := audit.NewFolder(dir, bytes.Repeat([]byte("x"), 32))
	if got := said(t, foreign, a); got != "[1: the line was made with another key]" {
		t.Errorf("with another key: %q", got)
	}
	if _, err := audit.NewFolder(dir, []byte("short")); err == nil {
		t.Error("a short key is taken")
	}
	if _, err := audit.NewFolder(filepath.Join(dir, a.String(), "2026-11.jsonl", "x"), key); err == nil {
		t.Error("a folder within a file is taken")
	}
}

func TestFolderFindsTampering(t *testing.T) {
	a, b := store.NewTenantID(), store.NewTenantID()
	for name, c := range map[string]struct {
		tamper func(lines [][]byte) [][]byte
		want   string
	}{
		"nothing": {func(l [][]byte) [][]byte { return l }, "1 2 3 4 5"},
		"a number": {func(l [][]byte) [][]byte {
			l[2] = bytes.Replace(l[2], []byte(`"seq":3`), []byte(`"seq":7`), 1)
			return l
		}, "1 2 [3: the line is not what was written] 4 5"},
		"a time":        {func(l [][]byte) [][]byte { l[2] = bytes.Replace(l[2], []byte("2026"), []byte("2025"), 1); return l }, "1 2 [3: the line is not what was written] 4 5"},
		"one taken out": {func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) }, "1 2 [3: a line before this one is missing] 4 5"},
		"two exchanged": {func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }, "1 [2: a line before this one is missing] 3 [3: a line before this one is missing] 2 [4: a line before this one is missing] 4 5"},
		"one spoilt":    {func(l [][]byte) [][]byte { l[2] = []byte("{"); return l }, "1 2 [4: line 3 before it was spoilt] 4 5"},
		"one invented": {func(l [][]byte) [][]byte {
			return append(l, bytes.Replace(l[4], []byte(`"seq":5`), []byte(`"seq":9`), 1))
		}, "1 2 3 4 5 [6: the line is not what was written]"},
		"torn at the end":     {func(l [][]byte) [][]byte { return append(l, l[4][:40]) }, "1 2 3 4 5"},
		"the beginning apart": {func(l [][]byte) [][]byte { return l[2:] }, "3 4 5"},
		"an empty line":       {func(l [][]byte) [][]byte { return append(l[:2:2], append([][]byte{nil}, l[2:]...)...) }, "1 2 3 4 5"},
		"everything":          {func(l [][]byte) [][]byte { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := audit.NewFolder(dir, key)
			if err != nil {
				t.Fatal(err)
			}
			for seq := range int64(5) {
				put(t, f, point(a, seq+1, noon.Add(time.Duration(seq)*time.Minute)), 0)
			}
			file := filepath.Join(dir, a.String(), "2026-11.jsonl")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := c.tamper(bytes.Split(bytes.TrimSpace(text), []byte("\n")))
			if err := os.WriteFile(file, append(bytes.Join(lines, []byte("\n")), '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "torn at the end" {
				_ = os.Truncate(file, int64(len(bytes.Join(lines, []byte("\n")))))
			}
			if got := said(t, f, a); got != c.want {
				t.Errorf("read %q, not %q", got, c.want)
			}
			// Whatever was done, the next checkpoint is added, after the last one that holds.
			if put(t, f, point(a, 6, noon.Add(time.Hour)), 0) != 6 || said(t, f, a) != strings.TrimSpace(c.want+" 6") {
				t.Errorf("after one more: %q", said(t, f, a))
			}
			// Another tenant's file in this one's place.
			put(t, f, point(b, 9, noon), 0)
			foreign, err := os.ReadFile(filepath.Join(dir, b.String(), "2026-11.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, foreign, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := said(t, f, a); got != "[1: the line belongs to another tenant]" {
				t.Errorf("another tenant's file: %q", got)
			}
		})
	}
}

// Several processes write at once: each line follows from the one before, and no record has two.
func TestFolderTakesWritersAtOnce(t *testing.T) {
	dir, a := t.TempDir(), store.NewTenantID()
	var wg sync.WaitGroup
	for range 4 {
		f, err := audit.NewFolder(dir, key)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for seq := int64(1); seq <= 20; seq++ {
				if newest, err := f.Put(context.Background(), point(a, seq, noon), 0); err != nil || newest.Seq < seq {
					t.Error(newest.Seq, err)
				}
			}
		})
	}
	wg.Wait()
	f, _ := audit.NewFolder(dir, key)
	if got := said(t, f, a); strings.Contains(got, "[") || !strings.HasSuffix(got, " 20") {
		t.Errorf("read %q", got)
	}
	file, err := os.Open(filepath.Join(dir, a.String(), "2026-11.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := map[int64]bool{}
	for d := json.NewDecoder(file); ; {
		var l struct{ Seq int64 }
		if err := d.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if seen[l.Seq] {
			t.Errorf("record %d has two", l.Seq)
		}
		seen[l.Seq] = true
	}
}

// The writer makes one for each tenant that has moved, and says so when a chain is behind what it was.
func TestWriter(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		a, b := testkit.Two(t, db)
		f := folder(t)
		var log bytes.Buffer
		w := audit.NewWriter(db, func() []store.TenantID { return []store.TenantID{a.ID, b.ID} }, slog.New(slog.NewTextHandler(&log, nil)), f)
		makes := func(want int) {
			t.Helper()
			if n, err := w.Make(t.Context()); n != want || err != nil {
				t.Errorf("%d checkpoints, %v; wanted %d", n, err, want)
			}
		}
		makes(2)
		makes(0)
		write(t, db, a.ID, 1)
		makes(1)
		if log.Len() > 0 {
			t.Errorf("said %s", log.String())
		}
		// Cut, mended and written on: another chain of the same length.
		i := intrude(t, db)
		i.do("delete from audit where tenant_id = $1 and seq = 2", a.ID.String())
		i.rehash(a.ID)
		makes(0)
		write(t, db, a.ID, 1)
		makes(0)
		if n := strings.Count(log.String(), "pendopo audit verify"); n != 1 {
			t.Errorf("said %d times: %s", n, log.String())
		}
		// It goes on all the same.
		write(t, db, a.ID, 1)
		makes(1)
		if r := verify(t, db, f, a.ID); r.First() == nil || r.First().Kind != audit.Rewritten || r.First().Seq != 2 {
			t.Errorf("%+v", r)
		}
	})
}
