package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/store"
)

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	Removed   Kind = "removed"    // records are missing between others, or before the head
	Changed   Kind = "changed"    // a record is not what was written; Detail says what of it
	Reordered Kind = "reordered"  // a record stands where Other belongs
	WrongHash Kind = "hash"       // the record, or its block, does not have the hash that is stored with it
	Added     Kind = "added"      // records stand beyond the head
	WrongHead Kind = "head"       // the head is not the last record's
	Cut       Kind = "cut"        // the chain ends before a checkpoint
	Rewritten Kind = "rewritten"  // the chain holds in itself and is another one than a checkpoint saw
	BadLine   Kind = "checkpoint" // a checkpoint is not what was written, or one before it is missing
)

// Finding is something wrong, from one record on.
type Finding struct {
	Kind   Kind
	Seq    int64  // the first record that may be wrong
	Last   int64  // the last one that the finding is about; for one record the same
	Other  int64  // Reordered: where the record is that belongs here
	Detail string // Changed: "text", "block", "hash", or columns: "actor, at"; BadLine: where and what
}

// maxFindings are kept one by one; more are counted.
const maxFindings = 50

// Report is what a verification found.
type Report struct {
	Records     int64 // that were read
	Blocks      int64
	Checkpoints int64     // that were compared
	Total       int64     // findings; Findings has the first of them
	Findings    []Finding // by record
	Head        Point     // as the database says it
	Chained     Point     // up to here the chain follows from its beginning
	Proven      Point     // up to here a checkpoint says the same: the chain is the one that was written
	ProvenAt    time.Time // when that checkpoint was made
	KeyGone     int64     // checkpoints that were not, for their key is no longer given; later ones vouch for them
	Uncovered   int64     // records after it, which the next checkpoint will cover
	Waiting     time.Time // when the first of them was written
	Took        time.Duration
}

// OK tells whether nothing is wrong.
func (r *Report) OK() bool { return r.Total == 0 }

// First is the first record that may be wrong. A checkpoint that is wrong says nothing about the records, so
// it is the first finding only where there is no other. nil: nothing is wrong.
func (r *Report) First() *Finding {
	for i := range r.Findings {
		if r.Findings[i].Kind != BadLine {
			return &r.Findings[i]
		}
	}
	if len(r.Findings) > 0 {
		return &r.Findings[0]
	}
	return nil
}

// Patience is how long a record may wait for a checkpoint before that is a finding: some times Every.
const Patience = 10 * time.Minute

// Late tells whether records have waited longer for a checkpoint than those that make them need. A record that says that
// it is from the future has, too.
func (r *Report) Late(now time.Time) bool {
	return r.Uncovered > 0 && now.Sub(r.Waiting).Abs() > Patience
}

// Rate is how many records were read a second.
func (r *Report) Rate() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Records) / r.Took.Seconds()
}

// Verify goes through a tenant's chain in constant memory, from its first record to the head that it finds
// when it begins, and on after a finding. Whoever writes meanwhile raises no alarm: what is behind the head
// does not change, and what comes after it is left for the next time.
//
// checkpoints are the tenant's, in order; nil: there are none. An error among them that is a *LineError
// is a finding. Its reader must open them before Verify looks for the head (Folder.Read does when it is called).
func Verify(ctx context.Context, db *store.DB, t store.TenantID, checkpoints iter.Seq2[Checkpoint, error]) (*Report, error) {
	return verify(ctx, stored{db, t}, store.GenesisHash(t), checkpoints)
}

func verify(ctx context.Context, c chain, genesis []byte, checkpoints iter.Seq2[Checkpoint, error]) (*Report, error) {
	began := clock.System.Now()
	v := &verifier{ctx: ctx, c: c, prev: genesis, sound: true, hash: sha256.New(), alt: sha256.New(), report: &Report{}}
	if checkpoints != nil {
		next, stop := iter.Pull2(checkpoints)
		defer stop()
		v.pull = next
		if err := v.draw(); err != nil {
			return nil, err
		}
	}
	if err := v.walk(); err != nil {
		return nil, err
	}
	if err := v.explain(); err != nil {
		return nil, err
	}
	v.report.Uncovered = max(0, v.report.Head.Seq-v.report.Proven.Seq)
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int { return int(min(max(a.Seq-b.Seq, -1), 1)) })
	v.report.Took = clock.System.Now().Sub(began)
	return v.report, nil
}

type verifier struct {
	ctx    context.Context
	c      chain
	report *Report
	end    end

	pull      func() (Checkpoint, error, bool)
	point     *Checkpoint // the next one
	agreed    int64       // the last record at which a checkpoint agreed
	rewritten bool        // a checkpoint has disagreed: all that follow do

	seq   int64  // of the record before
	prev  []byte // the hash that the next block follows from; nil: unknown, after what is missing
	sound bool   // nothing was wrong so far

	run       run
	hash, alt hash.Hash
	text      []byte // of the record that is being hashed
	doubt     *doubt
	wrong     []mark   // places to explain
	suspects  []record // records that stand in wrong places
}

// run is a block as it is being read: the records that name the same last record.
type run struct {
	open    bool
	start   int64
	block   int64
	n       int
	prev    []byte
	damaged bool // records of it are missing
	finding *Finding
	rows    []record // as long as they are few
}

// doubt is a block that did not have its hash. Which of the two is wrong the next block knows.
type doubt struct {
	finding  int // its place in the report; -1: not kept
	computed []byte
	stored   []byte
}

// mark is a finding that a record in a wrong place may explain.
type mark struct {
	finding int
	prev    []byte // nil: the hash that is stored with the record before
	start   int64
}

const (
	maxMarks    = 20
	maxRows     = 32 // of a block that explanations look at
	maxSuspects = 128
)

func (v *verifier) walk() (err error) {
	if v.end, err = v.c.end(v.ctx); err != nil {
		return err
	}
	through := v.end.last
	if v.end.head != nil {
		v.report.Head = *v.end.head
		through = v.end.head.Seq
	}
	for v.seq < through {
		rows, err := v.c.records(v.ctx, v.seq, through)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			if err := v.record(&rows[i]); err != nil {
				return err
			}
		}
	}
	if v.run.open && v.seq >= through { // the block goes on beyond the head
		v.broken()
	}
	if v.seq < through {
		v.leaveRun()
		v.find(Finding{Kind: Removed, Seq: v.seq + 1, Last: through})
	}
	return v.finish(through)
}

// find adds a finding and gives its place, or -1 when there are too many.
func (v *verifier) find(f Finding) int {
	v.sound = false
	v.report.Total++
	if len(v.report.Findings) == maxFindings {
		return -1
	}
	v.report.Findings = append(v.report.Findings, f)
	return len(v.report.Findings) - 1
}

func (v *verifier) record(r *record) error {
	v.report.Records++
	if r.Seq > v.seq+1 {
		v.find(Finding{Kind: Removed, Seq: v.seq + 1, Last: r.Seq - 1})
		if v.run.open && v.run.block == r.Block {
			v.run.damaged = true
		} else {
			v.leaveRun()
			v.prev = nil
		}
	}
	if v.run.open && v.run.block != r.Block {
		v.broken()
	}
	if !v.run.open {
		v.begin(r)
	}
	v.take(r)
	v.seq = r.Seq
	if v.report.Waiting.IsZero() {
		v.report.Waiting = r.At
	}
	if r.Seq == v.report.Head.Seq {
		v.report.Head.At = r.At
	}
	if r.Seq >= r.Block {
		return v.complete(r)
	}
	return nil
}

func (v *verifier) begin(r *record) {
	v.run = run{open: true, start: r.Seq, block: r.Block, prev: v.prev, rows: v.run.rows[:0]}
	v.hash.Reset()
	v.hash.Write(v.prev)
	if v.doubt != nil {
		v.alt.Reset()
		v.alt.Write(v.doubt.computed)
	}
}

var newline = []byte("\n")

func (v *verifier) take(r *record) {
	if v.run.n > 0 {
		v.hash.Write(newline)
	}
	v.text = append(v.text[:0], r.Text...)
	v.hash.Write(v.text)
	if v.doubt != nil {
		if v.run.n > 0 {
			v.alt.Write(newline)
		}
		v.alt.Write(v.text)
	}
	v.run.n++
	if len(v.run.rows) < maxRows {
		v.run.rows = append(v.run.rows, *r)
	}
	if v.run.finding != nil {
		return
	}
	switch {
	case r.Block < r.Seq:
		v.run.finding = &Finding{Kind: Changed, Seq: r.Seq, Last: r.Seq, Detail: "block"}
	case r.Block > r.Seq && r.Hash != nil:
		v.run.finding = &Finding{Kind: Changed, Seq: r.Seq, Last: r.Seq, Detail: "hash"}
	case !sameColumns(r):
		v.run.finding = &Finding{Kind: Changed, Seq: r.Seq, Last: r.Seq, Detail: columns(r)}
	}
}

// suspect remembers the run's records and where they should be looked at again.
func (v *verifier) suspect(finding int) {
	if finding >= 0 && len(v.wrong) < maxMarks {
		v.wrong = append(v.wrong, mark{finding, v.run.prev, v.run.start})
	}
	for _, r := range v.run.rows {
		if len(v.suspects) < maxSuspects {
			v.suspects = append(v.suspects, r)
		}
	}
}

// leaveRun ends a block whose end is missing.
func (v *verifier) leaveRun() {
	if v.run.open && v.run.finding != nil {
		v.suspect(v.find(*v.run.finding))
	}
	v.run.open = false
	v.doubt = nil
}

// broken ends a block after which another one begins too early.
func (v *verifier) broken() {
	if v.run.finding == nil || v.run.finding.Detail == "hash" {
		v.run.finding = &Finding{Kind: Changed, Seq: v.run.start, Last: v.seq, Detail: "block"}
	}
	v.leaveRun()
	v.prev = nil
}

// complete ends a block at its last record.
func (v *verifier) complete(r *record) error {
	v.report.Blocks++
	v.run.open = false
	before := v.doubt
	v.doubt = nil
	var computed []byte
	switch {
	case r.Block < r.Seq:
		v.suspect(v.find(*v.run.finding))
		v.prev = nil
		return nil
	case v.run.damaged, v.run.prev == nil:
		// What it followed from is gone: its own hash is believed, and what comes after is held to it.
		if v.run.finding != nil {
			v.suspect(v.find(*v.run.finding))
		}
		v.prev = whole(r.Hash)
		if v.prev == nil {
			v.find(Finding{Kind: WrongHash, Seq: r.Seq, Last: r.Seq})
		}
	default:
		computed = v.hash.Sum(nil)
		v.prev = computed
		if bytes.Equal(computed, r.Hash) {
			if v.run.finding != nil {
				v.find(*v.run.finding)
			}
			break
		}
		if before != nil && bytes.Equal(v.alt.Sum(nil), r.Hash) {
			// The block before was as it had been written: only its hash had been changed.
			v.onlyHash(before)
			v.prev = r.Hash
			break
		}
		f := Finding{Kind: Changed, Seq: v.run.start, Last: r.Seq, Detail: "text"}
		if v.run.finding != nil {
			f = *v.run.finding
		}
		if whole(r.Hash) == nil {
			v.onlyHash(&doubt{finding: v.find(f)})
			break
		}
		place := v.find(f)
		v.suspect(place)
		v.doubt = &doubt{place, computed, r.Hash}
		v.prev = r.Hash
	}
	if v.sound {
		v.report.Chained = Point{r.Seq, r.At, r.Hash}
	}
	return v.compare(r, computed)
}

// onlyHash says of a doubt that what is known to be wrong is its hash.
func (v *verifier) onlyHash(d *doubt) {
	if d.finding < 0 {
		return
	}
	if f := &v.report.Findings[d.finding]; f.Detail == "text" {
		f.Kind, f.Detail = WrongHash, ""
	}
}

func whole(hash []byte) []byte {
	if len(hash) != sha256.Size {
		return nil
	}
	return hash
}

// draw takes the next checkpoint. A line that is wrong is a finding, and the one after it is taken.
func (v *verifier) draw() error {
	v.point = nil
	for v.pull != nil {
		c, err, ok := v.pull()
		var line *LineError
		var gone KeyGone
		switch {
		case !ok:
			v.pull = nil
		case errors.As(err, &line):
			// It says nothing about the records, so these stay as sound as they are.
			sound := v.sound
			v.find(Finding{Kind: BadLine, Seq: line.Seq, Last: line.Seq, Detail: line.Error()})
			v.sound = sound
		case errors.As(err, &gone):
			v.report.KeyGone += int64(gone)
		case err != nil:
			return err
		default:
			v.report.Checkpoints++
			v.point = &c
			return nil
		}
	}
	return nil
}

// compare holds the checkpoints up to a block's end against it.
func (v *verifier) compare(r *record, computed []byte) error {
	for v.point != nil && v.point.Seq <= r.Seq {
		c := v.point
		switch {
		case c.Seq == r.Seq && (bytes.Equal(c.Hash, r.Hash) || computed != nil && bytes.Equal(c.Hash, computed)):
			v.agreed = c.Seq
			if v.sound {
				v.report.Proven, v.report.ProvenAt, v.report.Waiting = Point{r.Seq, r.At, r.Hash}, c.At, time.Time{}
			}
		case c.Seq < v.run.start, c.Seq < r.Seq && v.run.finding != nil:
			// Its record is missing, or was made part of a longer block, and that has been found.
		case !v.rewritten:
			v.rewritten = true
			v.find(Finding{Kind: Rewritten, Seq: v.agreed + 1, Last: c.Seq})
		}
		if err := v.draw(); err != nil {
			return err
		}
	}
	return nil
}

// finish looks at what stands at the end: the head, what is beyond it, and checkpoints beyond that.
func (v *verifier) finish(through int64) error {
	head := v.end.head
	switch {
	case head == nil:
		v.find(Finding{Kind: WrongHead, Seq: v.end.last + 1, Last: v.end.last + 1})
	case v.seq == head.Seq && v.doubt != nil:
		// Nothing comes after it that could tell a changed record from an invented hash.
		v.onlyHash(v.doubt)
		if !bytes.Equal(head.Hash, v.doubt.computed) && !bytes.Equal(head.Hash, v.doubt.stored) {
			v.find(Finding{Kind: WrongHead, Seq: head.Seq, Last: head.Seq})
		}
	case v.seq == head.Seq && v.prev != nil && !bytes.Equal(head.Hash, v.prev):
		v.find(Finding{Kind: WrongHead, Seq: head.Seq, Last: head.Seq})
	}
	if head != nil && v.end.last > head.Seq {
		v.find(Finding{Kind: Added, Seq: head.Seq + 1, Last: v.end.last})
	}
	there := max(through, v.end.last)
	cut := Finding{Kind: Cut, Seq: there + 1}
	for v.point != nil {
		if v.point.Seq > there {
			cut.Last = v.point.Seq
		}
		if err := v.draw(); err != nil {
			return err
		}
	}
	if cut.Last > 0 {
		v.find(cut)
	}
	return nil
}

// sameColumns tells whether a record's columns are what its text says.
func sameColumns(r *record) bool {
	if plain(r.Actor) && plain(r.Action) && plain(r.Target) {
		rest, ok := strings.CutPrefix(r.Text, `{"at":"`)
		for _, part := range [...]string{store.TimeText(r.At), `","actor":"`, r.Actor, `","action":"`, r.Action, `","target":"`, r.Target, `",`} {
			if ok {
				rest, ok = strings.CutPrefix(rest, part)
			}
		}
		return ok
	}
	return strings.HasPrefix(r.Text, store.RecordColumns(r.At, r.Actor, r.Action, r.Target)+",")
}

// plain tells whether JSON writes s as it is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// columns names the columns that differ from the text.
func columns(r *record) string {
	var said struct{ At, Actor, Action, Target string }
	if json.Unmarshal([]byte(r.Text), &said) != nil {
		return "text"
	}
	var out []string
	for _, c := range [][3]string{
		{"at", said.At, store.TimeText(r.At)}, {"actor", said.Actor, r.Actor}, {"action", said.Action, r.Action}, {"target", said.Target, r.Target},
	} {
		if c[1] != c[2] {
			out = append(out, c[0])
		}
	}
	if len(out) == 0 {
		return "text"
	}
	return strings.Join(out, ", ")
}
