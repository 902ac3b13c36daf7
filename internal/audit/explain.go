package audit

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// explain finds out which of the records that do not fit are whole records in each other's places: then
// somebody reordered them, which says more than that each of them was changed.
func (v *verifier) explain() error {
	for _, m := range v.wrong {
		rows, err := v.c.records(v.ctx, m.start-1, m.start-1+2*maxRows)
		if err != nil {
			return err
		}
		prev := m.prev
		if prev == nil && m.start > 1 {
			before, err := v.c.records(v.ctx, m.start-2, m.start-1)
			if err != nil {
				return err
			}
			if len(before) == 1 {
				prev = whole(before[0].Hash)
			}
		}
		if prev == nil || len(rows) == 0 || rows[0].Seq != m.start {
			continue
		}
		f := &v.report.Findings[m.finding]
		if at, other := v.fits(prev, rows); other > 0 {
			f.Kind, f.Seq, f.Last, f.Other, f.Detail = Reordered, at, at, other, ""
		}
	}
	v.pair()
	return nil
}

// fits tries what would make the first block of rows right: two of its records exchanged, or one of them
// replaced by a record from elsewhere. It gives the place and where the record that belongs there is.
func (v *verifier) fits(prev []byte, rows []record) (at, other int64) {
	n := 1 // of the block, as its first record says it
	for n < len(rows) && n < maxRows && rows[n].Block == rows[0].Block && rows[n].Seq == rows[n-1].Seq+1 {
		n++
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			try := slices.Clone(rows)
			try[i], try[j] = moved(rows[j], rows[i]), moved(rows[i], rows[j])
			if holds(prev, try) {
				return rows[i].Seq, rows[j].Seq
			}
		}
	}
	for i := range n {
		for _, s := range v.suspects {
			if s.Seq >= rows[0].Seq && s.Seq < rows[0].Seq+int64(n) {
				continue
			}
			try := slices.Clone(rows)
			try[i] = moved(s, rows[i]) // what it says has moved
			if holds(prev, try) {
				return rows[i].Seq, s.Seq
			}
			try[i] = s // the whole row has
			try[i].Seq = rows[i].Seq
			if holds(prev, try) {
				return rows[i].Seq, s.Seq
			}
		}
	}
	return 0, 0
}

// moved is what a record says, in the place of another.
func moved(says, place record) record {
	says.Seq, says.Block, says.Hash = place.Seq, place.Block, place.Hash
	return says
}

// holds tells whether the first block of rows follows from prev.
func holds(prev []byte, rows []record) bool {
	h := sha256.New()
	h.Write(prev)
	for i, r := range rows {
		if r.Block != rows[0].Block || r.Block < r.Seq || (r.Seq == r.Block) != (r.Hash != nil) {
			return false
		}
		if i > 0 {
			h.Write(newline)
		}
		h.Write([]byte(r.Text))
		if r.Seq == r.Block {
			return bytes.Equal(h.Sum(nil), r.Hash)
		}
	}
	return false
}

// pair leaves out the second finding of two records that stand in each other's places.
func (v *verifier) pair() {
	seen := map[[2]int64]bool{}
	v.report.Findings = slices.DeleteFunc(v.report.Findings, func(f Finding) bool {
		if f.Kind != Reordered {
			return false
		}
		if seen[[2]int64{f.Other, f.Seq}] {
			v.report.Total--
			return true
		}
		seen[[2]int64{f.Seq, f.Other}] = true
		return false
	})
}
