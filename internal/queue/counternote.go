package queue

import (
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
)

// The notes that a screen may carry after a press, by their names in the address.
const (
	noteStale   = "berubah" // the counter has moved on since the officer looked
	noteIllegal = "langkah" // the move does not fit what the ticket is now
	noteNobody  = "kosong"  // nobody waits any more
	noteTwice   = "ganda"   // pressed twice
	noteBack    = "kembali" // who was not there is not absent any more
)

var knownNotes = map[string]bool{noteStale: true, noteIllegal: true, noteNobody: true, noteTwice: true, noteBack: true}

// noteStays is how long a screen that is drawn again keeps its note.
const noteStays = 8 * time.Second

// counterNotes remember for a moment what a screen was just told. What makes a press stale, a call from
// another screen, is also what draws the screen again over its stream, and that would take the note away
// before anybody has read it. Each process remembers its own: where the stream is served by another
// one, the note goes with the next drawing, and has still been spoken.
type counterNotes struct {
	mu sync.Mutex
	m  map[noteKey]counterNote
}

type noteKey struct{ counter, user id.ID }

type counterNote struct {
	note string
	at   time.Time
}

// put remembers a note; "" is a press that did what it said, and takes an older note away.
func (n *counterNotes) put(counter, user id.ID, note string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.m == nil {
		n.m = map[noteKey]counterNote{}
	}
	for k, old := range n.m {
		if now.Sub(old.at) > noteStays {
			delete(n.m, k)
		}
	}
	if delete(n.m, noteKey{counter, user}); note != "" {
		n.m[noteKey{counter, user}] = counterNote{note, now}
	}
}

func (n *counterNotes) of(counter, user id.ID, now time.Time) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	d, ok := n.m[noteKey{counter, user}]
	if !ok || now.Sub(d.at) > noteStays {
		return ""
	}
	return d.note
}
