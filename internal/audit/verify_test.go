package audit

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pendopo-id/pendopo/internal/store"
)

// memory is a chain without a database.
type memory struct {
	rows    []record
	head    *Point
	genesis []byte
}

func (m *memory) end(context.Context) (end, error) {
	e := end{head: m.head}
	for _, r := range m.rows {
		e.last = max(e.last, r.Seq)
	}
	return e, nil
}

func (m *memory) records(_ context.Context, after, through int64) (out []record, err error) {
	for _, r := range m.rows {
		if r.Seq > after && r.Seq <= through && len(out) < 7 { // blocks lie across the reads
			out = append(out, r)
		}
	}
	return out, nil
}

var began = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// written is a chain of blocks of these sizes, as store writes it.
func written(sizes ...int) *memory {
	m := &memory{genesis: bytes.Repeat([]byte{7}, 32), head: &Point{}}
	prev := m.genesis
	for _, n := range sizes {
		var texts []string
		at := began.Add(time.Duration(len(m.rows)) * time.Second)
		first := int64(len(m.rows)) + 1
		for i := range n {
			seq := first + int64(i)
			r := record{Seq: seq, Block: first + int64(n) - 1, At: at, Actor: fmt.Sprint("user:", seq%5), Action: "queue:ticket:call", Target: fmt.Sprint("ticket:", seq)}
			r.Text = store.RecordHead(r.At, r.Actor, r.Action, r.Target, "") + fmt.Sprintf(`{"n":%d}}`, seq)
			texts = append(texts, r.Text)
			m.rows = append(m.rows, r)
		}
		prev = store.BlockHash(prev, strings.Join(texts, "\n"))
		m.rows[len(m.rows)-1].Hash = prev
	}
	m.mend()
	return m
}

// mend makes the head what the last record says.
func (m *memory) mend() {
	m.head = &Point{Hash: m.genesis}
	if len(m.rows) > 0 {
		last := m.rows[len(m.rows)-1]
		m.head = &Point{Seq: last.Seq, Hash: last.Hash}
	}
}

// rehash makes every hash from a record on, and the head, what the texts say.
func (m *memory) rehash() {
	prev, from := m.genesis, 0
	for i := range m.rows {
		if m.rows[i].Seq == m.rows[i].Block {
			var texts []string
			for _, r := range m.rows[from : i+1] {
				texts = append(texts, r.Text)
			}
			prev = store.BlockHash(prev, strings.Join(texts, "\n"))
			m.rows[i].Hash, from = prev, i+1
		} else {
			m.rows[i].Hash = nil
		}
	}
	m.mend()
}

func (m *memory) clone() *memory {
	head := *m.head
	return &memory{slices.Clone(m.rows), &head, m.genesis}
}

// points are checkpoints at the ends of blocks, one in so many.
func (m *memory) points(one int) (out []Checkpoint) {
	n := 0
	for _, r := range m.rows {
		if r.Seq == r.Block {
			if n++; n%one == 0 {
				out = append(out, Checkpoint{Seq: r.Seq, Hash: r.Hash, At: r.At.Add(time.Minute)})
			}
		}
	}
	return out
}

func seqOf(list []Checkpoint) iter.Seq2[Checkpoint, error] {
	return func(yield func(Checkpoint, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (m *memory) verify(points []Checkpoint) *Report {
	r, err := verify(context.Background(), m, m.genesis, seqOf(points))
	if err != nil {
		panic(err)
	}
	return r
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	sizes := []int{1, 1, 3, 1, 2, 1, 1, 4, 1} // 15 records, ending at 1 2 5 6 8 9 10 14 15
	none := func(m *memory) []Checkpoint { return nil }
	each := func(m *memory) []Checkpoint { return m.points(1) }
	third := func(m *memory) []Checkpoint { return m.points(3) } // 5, 9, 15
	says := func(s string) func(*record) {
		return func(r *record) { r.Text = strings.Replace(r.Text, `"n":`, `"n":9`, 1) + s }
	}
	at := func(m *memory, seq int64) *record { return &m.rows[seq-1] }
	for name, c := range map[string]struct {
		points func(*memory) []Checkpoint
		tamper func(*memory)
		want   string // findings
		proven int64
	}{
		"nothing":                 {each, func(*memory) {}, "", 15},
		"nothing, no checkpoints": {none, func(*memory) {}, "", 0},
		"some uncovered":          {func(m *memory) []Checkpoint { return m.points(4) }, func(*memory) {}, "", 14},

		"one removed":              {each, func(m *memory) { m.rows = slices.Delete(m.rows, 1, 2) }, "removed 2-2", 1},
		"the first removed":        {each, func(m *memory) { m.rows = m.rows[1:] }, "removed 1-1", 0},
		"one within a block":       {each, func(m *memory) { m.rows = slices.Delete(m.rows, 3, 4) }, "removed 4-4", 2},
		"a block's end":            {each, func(m *memory) { m.rows = slices.Delete(m.rows, 4, 5) }, "removed 5-5", 2},
		"several blocks":           {each, func(m *memory) { m.rows = slices.Delete(m.rows, 3, 9) }, "removed 4-9", 2},
		"the last, head untouched": {each, func(m *memory) { m.rows = m.rows[:14] }, "removed 15-15", 14},
		"within the last block":    {each, func(m *memory) { m.rows = m.rows[:12]; m.head = &Point{Seq: 14, Hash: m.head.Hash} }, "removed 13-14, cut 15-15", 10},
		"two places":               {each, func(m *memory) { m.rows = slices.Delete(slices.Delete(m.rows, 9, 10), 1, 2) }, "removed 2-2, removed 10-10", 1},

		"text":                {each, func(m *memory) { says("")(at(m, 6)) }, "changed 6-6 text", 5},
		"text within a block": {each, func(m *memory) { says("")(at(m, 4)) }, "changed 3-5 text", 2},
		"text of the last":    {each, func(m *memory) { says("")(at(m, 15)) }, "hash 15-15", 14},
		"text of the first":   {each, func(m *memory) { says("")(at(m, 1)) }, "changed 1-1 text", 0},
		"columns only":        {each, func(m *memory) { at(m, 4).Actor = "user:9"; at(m, 4).At = began }, "changed 4-4 at, actor", 2},
		"column of the last":  {each, func(m *memory) { at(m, 15).Target = "ticket:1" }, "changed 15-15 target", 14},
		"text and columns": {each, func(m *memory) {
			r := at(m, 9)
			r.Actor, r.Text = "user:x", strings.Replace(r.Text, r.Actor, "user:x", 1)
		}, "changed 9-9 text", 8},
		"the block's number, up":   {each, func(m *memory) { at(m, 6).Block = 8 }, "changed 6-6 hash", 5},
		"the block's number, down": {each, func(m *memory) { at(m, 6).Block = 5 }, "changed 6-6 block", 5},
		"not JSON":                 {each, func(m *memory) { at(m, 6).Text = "{" }, "changed 6-6 text", 5},

		"a hash":             {each, func(m *memory) { at(m, 6).Hash = bytes.Repeat([]byte{1}, 32) }, "hash 6-6", 5},
		"the last hash":      {each, func(m *memory) { at(m, 15).Hash = bytes.Repeat([]byte{1}, 32) }, "hash 15-15", 14},
		"no hash":            {each, func(m *memory) { at(m, 6).Hash = nil }, "hash 6-6", 5},
		"a hash in a block":  {each, func(m *memory) { at(m, 4).Hash = at(m, 5).Hash }, "changed 4-4 hash", 2},
		"hash of many":       {each, func(m *memory) { at(m, 14).Hash = bytes.Repeat([]byte{1}, 32) }, "hash 11-14", 10},
		"every second text":  {none, func(m *memory) { says("")(at(m, 2)); says("")(at(m, 9)) }, "changed 2-2 text, changed 9-9 text", 0},
		"the same, the last": {none, func(m *memory) { says("")(at(m, 1)); says("")(at(m, 15)) }, "changed 1-1 text, hash 15-15", 0},

		"two exchanged, what they say": {each, func(m *memory) {
			a, b := *at(m, 2), *at(m, 9)
			*at(m, 2), *at(m, 9) = moved(b, a), moved(a, b)
		}, "reordered 2-2 <- 9", 1},
		"two exchanged, whole rows": {each, func(m *memory) {
			a, b := *at(m, 2), *at(m, 9)
			a.Seq, b.Seq = 9, 2
			*at(m, 2), *at(m, 9) = b, a
		}, "reordered 2-2 <- 9", 1},
		"neighbours": {each, func(m *memory) {
			a, b := *at(m, 9), *at(m, 10)
			*at(m, 9), *at(m, 10) = moved(b, a), moved(a, b)
		}, "reordered 9-9 <- 10", 8},
		"within a block": {each, func(m *memory) {
			a, b := *at(m, 12), *at(m, 14)
			*at(m, 12), *at(m, 14) = moved(b, a), moved(a, b)
		}, "reordered 12-12 <- 14", 10},
		"from block to block": {each, func(m *memory) {
			a, b := *at(m, 4), *at(m, 12)
			*at(m, 4), *at(m, 12) = moved(b, a), moved(a, b)
		}, "reordered 4-4 <- 12", 2},
		"with the last": {each, func(m *memory) {
			a, b := *at(m, 6), *at(m, 15)
			*at(m, 6), *at(m, 15) = moved(b, a), moved(a, b)
		}, "reordered 6-6 <- 15", 5},
		"three in a ring": {each, func(m *memory) {
			a, b, c := *at(m, 2), *at(m, 6), *at(m, 9)
			*at(m, 2), *at(m, 6), *at(m, 9) = moved(c, a), moved(a, b), moved(b, c)
		}, "reordered 2-2 <- 6, reordered 6-6 <- 9, reordered 9-9 <- 2", 1},

		"one added, head untouched": {each, func(m *memory) {
			m.rows = append(m.rows, record{Seq: 16, Block: 16, Text: "{}", Hash: bytes.Repeat([]byte{1}, 32)})
		}, "added 16-16", 15},
		"one added with an invented hash": {each, func(m *memory) {
			r := m.rows[14]
			r.Seq, r.Block, r.Hash = 16, 16, bytes.Repeat([]byte{1}, 32)
			m.rows = append(m.rows, r)
			m.mend()
		}, "hash 16-16", 15},
		"one inserted, all after it made anew": {third, func(m *memory) {
			forged := m.rows[9]
			m.rows = slices.Insert(m.rows, 9, forged)
			for i := 10; i < len(m.rows); i++ {
				m.rows[i].Seq++
				m.rows[i].Block++
			}
			m.rehash()
		}, "rewritten 10-15", 9},
		"the last but one made anew, head mended": {third, func(m *memory) { says("")(at(m, 11)); m.rehash() }, "rewritten 10-15", 9},
		"a whole new chain":                       {each, func(m *memory) { says("")(at(m, 1)); m.rehash() }, "rewritten 1-1", 0},
		"other blocks":                            {third, func(m *memory) { at(m, 9).Block = 10; m.rehash() }, "rewritten 6-9", 5},
		"cut, head mended":                        {each, func(m *memory) { m.rows = m.rows[:10]; m.mend() }, "cut 11-15", 10},
		"cut at a checkpoint's":                   {third, func(m *memory) { m.rows = m.rows[:9]; m.mend() }, "cut 10-15", 9},
		"emptied":                                 {third, func(m *memory) { m.rows = nil; m.mend() }, "cut 1-15", 0},
		"emptied, head untouched":                 {third, func(m *memory) { m.rows = nil }, "removed 1-15", 0},
		"cut and written on": {third, func(m *memory) {
			m.rows = m.rows[:10]
			n := written(10, 8)
			m.rows = append(m.rows, n.rows[10:]...)
			m.rehash()
		}, "rewritten 10-15", 9},

		"the head's hash":     {each, func(m *memory) { m.head.Hash = bytes.Repeat([]byte{1}, 32) }, "head 15-15", 15},
		"the head set back":   {each, func(m *memory) { m.head = &Point{Seq: 10, Hash: m.rows[9].Hash} }, "added 11-15", 10},
		"the head in a block": {each, func(m *memory) { m.head = &Point{Seq: 12, Hash: m.rows[9].Hash} }, "changed 11-12 block, added 13-15", 10},
		"the head ahead":      {each, func(m *memory) { m.head.Seq = 20 }, "removed 16-20", 15},
		"no head":             {each, func(m *memory) { m.head = nil }, "head 16-16", 15},
	} {
		t.Run(name, func(t *testing.T) {
			m := written(sizes...)
			points := c.points(m)
			c.tamper(m)
			r := m.verify(points)
			var got []string
			for _, f := range r.Findings {
				s := fmt.Sprintf("%s %d-%d", f.Kind, f.Seq, f.Last)
				if f.Other > 0 {
					s += fmt.Sprintf(" <- %d", f.Other)
				}
				got = append(got, strings.TrimSpace(s+" "+f.Detail))
			}
			if strings.Join(got, ", ") != c.want || r.Proven.Seq != c.proven || r.Total != int64(len(r.Findings)) {
				t.Errorf("found %q, wanted %q; proven to %d, wanted %d", strings.Join(got, ", "), c.want, r.Proven.Seq, c.proven)
			}
		})
	}
}

// Any chain as it was written is found to be so; tampered with once, in any way, it is not, and the first
// finding names the place.
func TestVerifyFindsAnySingleTampering(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := written(rapid.SliceOfN(rapid.IntRange(1, 5), 1, 20).Draw(t, "blocks")...)
		points := m.points(rapid.IntRange(1, 4).Draw(t, "one checkpoint in"))
		n := int64(len(m.rows))
		if r := m.verify(points); !r.OK() || r.Records != n || r.Chained.Seq != n {
			t.Fatalf("a false alarm: %+v", r)
		}
		good := m.clone()
		i := rapid.IntRange(0, int(n)-1).Draw(t, "record")
		r := &m.rows[i]
		other := func(s string) string { return s + "x" }
		latest := r.Block // up to where the first finding may be
		switch what := rapid.SampledFrom([]string{"remove", "text", "actor", "action", "target", "at", "block", "hash", "swap", "swap rows", "add", "cut", "rewrite", "one block anew", "move"}).Draw(t, "what"); what {
		case "remove":
			k := rapid.IntRange(1, int(n)-i).Draw(t, "how many")
			m.rows = slices.Delete(m.rows, i, i+k)
			latest = int64(i) + 1
		case "text":
			r.Text = strings.Replace(r.Text, `"n"`, `"m"`, 1)
		case "actor":
			r.Actor, latest = other(r.Actor), r.Seq
		case "action":
			r.Action, latest = other(r.Action), r.Seq
		case "target":
			r.Target, latest = other(r.Target), r.Seq
		case "at":
			r.At, latest = r.At.Add(time.Microsecond), r.Seq
		case "block":
			r.Block += rapid.Int64Range(1, 3).Draw(t, "by") * rapid.SampledFrom([]int64{-1, 1}).Draw(t, "sign")
			latest = max(latest, r.Block)
		case "hash":
			r.Hash = bytes.Repeat([]byte{byte(rapid.IntRange(0, 255).Draw(t, "byte"))}, rapid.SampledFrom([]int{0, 31, 32}).Draw(t, "length"))
			if len(r.Hash) == 0 {
				r.Hash = nil
			}
		case "swap", "swap rows":
			j := rapid.IntRange(0, int(n)-1).Draw(t, "with")
			a, b := m.rows[i], m.rows[j]
			if what == "swap" {
				m.rows[i], m.rows[j] = moved(b, a), moved(a, b)
			} else {
				a.Seq, b.Seq = b.Seq, a.Seq
				m.rows[i], m.rows[j] = b, a
			}
			latest = max(good.rows[i].Block, good.rows[j].Block)
		case "add":
			f := *r
			f.Seq, f.Block, f.Hash = n+1, n+1, bytes.Repeat([]byte{9}, 32)
			m.rows = append(m.rows, f)
			if rapid.Bool().Draw(t, "mend") {
				m.mend()
			}
			latest = n + 1
		case "cut":
			m.rows = m.rows[:i]
			for len(m.rows) > 0 && m.rows[len(m.rows)-1].Hash == nil {
				m.rows = m.rows[:len(m.rows)-1]
			}
			m.mend()
			if len(points) == 0 || points[len(points)-1].Seq <= m.head.Seq {
				return // nobody can know
			}
			latest = m.head.Seq + 1
		case "rewrite":
			r.Text = strings.Replace(r.Text, `"n"`, `"m"`, 1)
			m.rehash()
			if len(points) == 0 || points[len(points)-1].Seq < r.Seq {
				return
			}
		case "one block anew":
			// The block is consistent in itself then: the one after it, or a checkpoint, does not follow.
			r.Text = strings.Replace(r.Text, `"n"`, `"m"`, 1)
			anew := m.clone()
			anew.rehash()
			m.rows[r.Block-1].Hash = anew.rows[r.Block-1].Hash
			if r.Block < n {
				latest = m.rows[r.Block].Block
			}
		case "move":
			j := rapid.IntRange(0, int(n)-1).Draw(t, "to")
			row := m.rows[i]
			m.rows = slices.Insert(slices.Delete(m.rows, i, i+1), j, row)
			for k := range m.rows {
				m.rows[k].Seq = int64(k) + 1
			}
			latest = max(good.rows[i].Block, good.rows[j].Block)
		}
		same := func(a, b record) bool {
			return a.Seq == b.Seq && a.Block == b.Block && a.At.Equal(b.At) && a.Actor == b.Actor && a.Action == b.Action && a.Target == b.Target && a.Text == b.Text && bytes.Equal(a.Hash, b.Hash) && (a.Hash == nil) == (b.Hash == nil)
		}
		if slices.EqualFunc(m.rows, good.rows, same) && m.head.Seq == good.head.Seq {
			return // exchanged with itself, or the like
		}
		got := m.verify(points)
		if got.OK() {
			t.Fatal("not found")
		}
		if f := got.First(); f.Seq < 1 || f.Seq > latest {
			t.Fatalf("named %+v, expected at or before %d", f, latest)
		}
		if got.Proven.Seq > 0 && !bytes.Equal(got.Proven.Hash, good.rows[got.Proven.Seq-1].Hash) {
			t.Fatalf("what was tampered with is called proven: %+v", got.Proven)
		}
		// What is called proven is as it was written.
		for k := range m.rows {
			if m.rows[k].Seq <= got.Proven.Seq && !same(m.rows[k], good.rows[m.rows[k].Seq-1]) {
				t.Fatalf("record %d was tampered with and is called proven (%d)", m.rows[k].Seq, got.Proven.Seq)
			}
		}
	})
}

func TestManyFindingsAreCounted(t *testing.T) {
	sizes := make([]int, 4000)
	for i := range sizes {
		sizes[i] = 1
	}
	m := written(sizes...)
	for i := 0; i < len(m.rows); i += 2 {
		m.rows[i].Text += " "
	}
	r := m.verify(nil)
	if r.Total != 2000 || len(r.Findings) != maxFindings || r.Records != 4000 {
		t.Errorf("%d findings, %d kept, %d records", r.Total, len(r.Findings), r.Records)
	}
}
