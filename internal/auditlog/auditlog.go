// Package auditlog shows what has been recorded in a region: who did what to what, from where, and what it was
// before and is after. It reads the chain that store writes and changes nothing in it, but for one thing:
// that somebody has looked is recorded too.
//
// How a record reads as a sentence stands in text.yaml as record.<action>, with dots for colons, and may have
// variants: record.queue.ticket.finish.no_show. A vertical that records an action of its own adds a sentence to
// its own text.yaml; without one the record is told by its permission's sentence.
package auditlog

import (
	"context"
	_ "embed"
	"encoding/json"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/auditlog/text.yaml", text)

var (
	permList   = authz.Declare("audit:record:list", "Melihat catatan kegiatan antrean", "See the records of the queue")
	permAll    = authz.Declare("audit:record:all", "Melihat seluruh catatan kegiatan, juga tentang akun dan pengaturan", "See all records, those of accounts and settings too")
	permExport = authz.Declare("audit:record:export", "Mengunduh catatan kegiatan", "Download records")
)

const (
	actionList   = "audit:record:list"
	actionExport = "audit:record:export"
)

// Options wire the log to those who know what stands in records.
type Options struct {
	// Label is a ticket's number as people read it: "A-027".
	Label func(prefix string, number int64) string
	// Tickets finds the tickets that had such a number on some local days.
	Tickets func(ctx context.Context, t *tenant.Tenant, label string, first, last clock.Day) ([]id.ID, error)
	// Accounts are the targets under which failed sign-ins to an account are recorded: one of each key.
	Accounts func(t tenant.ID, email string) []string
}

// Log reads the records of all tenants.
type Log struct {
	db    *store.DB
	dirs  *tenant.Directories
	opt   Options
	reads *audit.Reads

	step, budget int64
}

// readWindow is how long a person may go on reading under one record. Paging, reloading and coming back from a
// record's details are one reading; a record for each click would bury what people did under who looked
// at it. Looking at another person's records, or at another ticket's, is another reading at once.
const readWindow = 10 * time.Minute

// New makes the log.
func New(db *store.DB, dirs *tenant.Directories, opt Options) *Log {
	return &Log{db: db, dirs: dirs, opt: opt, reads: audit.NewReads(db, readWindow), step: defaultStep, budget: defaultBudget}
}

// Record is a record as it was written.
type Record struct {
	Seq    int64
	Block  int64
	At     time.Time
	Actor  string
	Action string
	Target string
	From   string // keyed hash of the network; "" when it is not known
	Data   json.RawMessage
	Before json.RawMessage // nil: nothing to tell
	After  json.RawMessage
	Hash   []byte // of the block, with its last record

	facts, then facts // what sentences need to know of Data and of After
}

// Filter says which records are asked for. The zero Filter is all of them.
type Filter struct {
	Since   time.Time // zero: no bound
	Until   time.Time // not included; zero: no bound
	Actor   string    // "user:<id>", "public", "system:cli"; one that ends in a colon is all that begin so
	Action  string    // "queue:ticket:call"; one that ends in a colon likewise
	Targets []string  // any of them; nil: all
	Only    string    // what the actions that may be seen begin with; "": all
}

// Days bounds a filter by local days, both included; a zero day is no bound.
func (f *Filter) Days(first, last clock.Day, loc *time.Location) {
	f.Since, f.Until = time.Time{}, time.Time{}
	if first != (clock.Day{}) {
		f.Since = first.At(0, loc)
	}
	if last != (clock.Day{}) {
		f.Until = last.Add(1).At(0, loc)
	}
}

// about is what a filter is about, for the record of a reading.
func (f Filter) about() string {
	switch {
	case len(f.Targets) > 0:
		return "records:" + f.Targets[0]
	case f.Actor != "":
		return "records:" + f.Actor
	}
	return "records"
}

// asked is what the record of a reading says of its filter.
type asked struct {
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Actor  string    `json:"actor,omitempty"`
	Action string    `json:"action,omitempty"`
}

func (f Filter) asked() asked { return asked{f.Since, f.Until, f.Actor, f.Action} }
