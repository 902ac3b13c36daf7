package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Record says who did what to what, from where, and what it was before and is after. It is written in the
// same transaction as the change. Data is what an auditor needs to understand it; personal values stand
// there, in Before and in After as keyed hashes, never in clear.
type Record struct {
	Actor  string // "user:<id>", "public" or "system:<reason>"
	Action string // the permission's name: "queue:ticket:call"
	Target string // "ticket:<id>"
	From   string // where the request came from, as a keyed hash; empty: what the context says, see WithOrigin
	Data   any    // a struct, so that its fields keep their order
	Before any    // what a change found; nil: nothing, or nothing to tell
	After  any    // what it left
}

// Event tells screens and other parts what has changed. Topics filter it: "series:<id>".
type Event struct {
	Seq    int64
	At     time.Time
	Kind   string // "ticket.called"
	Topics []string
	Data   json.RawMessage
}

// Audit adds a record to the transaction's block.
func (tx *Tx) Audit(r Record) { tx.records = append(tx.records, r) }

// Emit adds an event, which screens see after the commit. Data is marshalled to JSON.
func (tx *Tx) Emit(kind string, data any, topics ...string) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("store: event %s: %v", kind, err)) // our own struct
	}
	tx.events = append(tx.events, Event{Kind: kind, Topics: topics, Data: raw})
}

// TimeText is the form in which a time stands in records: UTC, microseconds, RFC 3339.
func TimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// text is the record as it is stored and hashed. The statements of the hot path build the same text
// in SQL (a parity test compares them), so the order of the members is part of the format. A member that
// has nothing to say is left out.
func (r Record) text(at time.Time) (string, error) {
	out := []byte(RecordHead(at, r.Actor, r.Action, r.Target, r.From))
	if r.Data == nil {
		r.Data = struct{}{}
	}
	for _, member := range []struct {
		name  string
		value any
	}{{"", r.Data}, {`,"before":`, r.Before}, {`,"after":`, r.After}} {
		if member.value == nil {
			continue
		}
		text, err := json.Marshal(member.value)
		if err != nil {
			return "", fmt.Errorf("store: record %s: %w", r.Action, err)
		}
		out = append(append(out, member.name...), text...)
	}
	return string(append(out, '}')), nil
}

// RecordHead is the text of a record up to and without its data.
func RecordHead(at time.Time, actor, action, target, from string) string {
	return RecordColumns(at, actor, action, target) + FromMember(from) + `,"data":`
}

// RecordColumns is the beginning of a record's text: what stands in columns of its own too.
func RecordColumns(at time.Time, actor, action, target string) string {
	return `{"at":"` + TimeText(at) + `","actor":` + quote(actor) + `,"action":` + quote(action) + `,"target":` + quote(target)
}

// FromMember is what a record's text says of its origin, between target and data.
func FromMember(from string) string {
	if from == "" {
		return ""
	}
	return `,"from":` + quote(from)
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// BlockHash chains a block of records to the block before it. The block's text is its records' texts
// in order, joined by newlines.
func BlockHash(prev []byte, text string) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// GenesisHash is the hash before a tenant's first block.
func GenesisHash(t TenantID) []byte {
	h := sha256.Sum256([]byte("pendopo audit " + t.String()))
	return h[:]
}

// TopicText is how topics are stored: " a b c ", so that one of them is found by " a ".
func TopicText(topics []string) string { return " " + strings.Join(topics, " ") + " " }

type headRow struct {
	Seq      int64  `bun:"seq"`
	EventSeq int64  `bun:"event_seq"`
	Hash     []byte `bun:"hash"`
}

// flush writes the transaction's records and events. It takes the tenant's head, on which every
// writer of the tenant waits, as the last lock before the commit.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.records) == 0 && len(tx.events) == 0 {
		return nil
	}
	texts := make([]string, len(tx.records))
	for i, r := range tx.records {
		if r.From == "" {
			r.From = Origin(ctx, tx.tenant)
		}
		var err error
		if texts[i], err = r.text(tx.now); err != nil {
			return err
		}
	}
	heads := tx.db.dialect.table("audit_heads")
	var head []headRow
	err := tx.bun.NewRaw("select seq, event_seq, hash from "+heads+" where tenant_id = ?"+tx.db.dialect.lockRow(), tx.tenant).Scan(ctx, &head)
	if err != nil {
		return err
	}
	if len(head) == 0 {
		return errors.New("store: the tenant has no audit head")
	}
	seq, evSeq, hash := head[0].Seq, head[0].EventSeq, head[0].Hash
	if len(texts) > 0 {
		hash = BlockHash(hash, strings.Join(texts, "\n"))
	}
	last := seq + int64(len(texts))
	_, err = tx.bun.NewRaw("update "+heads+" set seq = ?, event_seq = ?, hash = ? where tenant_id = ?",
		last, evSeq+int64(len(tx.events)), hash, tx.tenant).Exec(ctx)
	if err != nil {
		return err
	}
	for i, r := range tx.records {
		var blockHash []byte
		if i == len(tx.records)-1 {
			blockHash = hash
		}
		_, err := tx.bun.NewRaw("insert into "+tx.db.dialect.table("audit")+
			" (tenant_id, seq, block, at, actor, action, target, record, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			tx.tenant, seq+int64(i)+1, last, tx.now, r.Actor, r.Action, r.Target, texts[i], blockHash).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for i, e := range tx.events {
		_, err := tx.bun.NewRaw("insert into "+tx.db.dialect.table("events")+
			" (tenant_id, seq, at, kind, topics, data) values (?, ?, ?, ?, ?, ?)",
			tx.tenant, evSeq+int64(i)+1, tx.now, e.Kind, TopicText(e.Topics), string(e.Data)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// StartChain writes the head of a tenant that is being made. It is the first thing in its first
// transaction.
func (tx *Tx) StartChain(ctx context.Context) error {
	_, err := tx.bun.NewRaw("insert into "+tx.db.dialect.table("audit_heads")+
		" (tenant_id, seq, event_seq, hash) values (?, 0, 0, ?)", tx.tenant, GenesisHash(tx.tenant)).Exec(ctx)
	return err
}

// EventsAfter reads the tenant's events after a sequence number, in order, at most limit.
func (tx *Tx) EventsAfter(ctx context.Context, seq int64, limit int) ([]Event, error) {
	type row struct {
		Seq    int64     `bun:"seq"`
		At     time.Time `bun:"at"`
		Kind   string    `bun:"kind"`
		Topics string    `bun:"topics"`
		Data   string    `bun:"data"`
	}
	rows, err := Query[row](ctx, tx, From{"events"},
		"select seq, at, kind, topics, data from events where seq > ? order by seq limit ?", seq, limit)
	out := make([]Event, len(rows))
	for i, r := range rows {
		out[i] = Event{Seq: r.Seq, At: r.At, Kind: r.Kind, Topics: strings.Fields(r.Topics), Data: json.RawMessage(r.Data)}
	}
	return out, err
}

// LastEvent is the sequence number of the tenant's newest event; 0 before the first.
func (tx *Tx) LastEvent(ctx context.Context) (int64, error) {
	rows, err := Query[headRow](ctx, tx, From{"audit_heads"}, "select event_seq from audit_heads")
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].EventSeq, nil
}
