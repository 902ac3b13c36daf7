package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pendopo-id/pendopo/internal/id"
)

// notifier tells other processes that a tenant has new events or new work, and hears it from them. It
// has two connections of its own: a notification inside the transaction would cost most of the
// throughput, and LISTEN needs a session. It carries no data, so a lost one delays a screen until the
// next look at the log, or a job until the next sweep, and loses nothing.
type notifier struct {
	db      *DB
	mu      sync.Mutex
	pending map[signal]map[TenantID]struct{}
	wake    chan struct{}
}

// signal is what processes tell one another; its text is PostgreSQL's channel.
type signal string

const (
	newEvents signal = "pendopo_events"
	newWork   signal = "pendopo_work"
)

// StartNotifier begins to tell and to hear. On SQLite, where one process serves, it does nothing.
func (db *DB) StartNotifier() {
	if db.Dialect() != "postgres" || db.notify != nil {
		return
	}
	n := &notifier{db: db, pending: map[signal]map[TenantID]struct{}{newEvents: {}, newWork: {}}, wake: make(chan struct{}, 1)}
	db.notify = n
	db.workers.Add(2)
	go n.tell()
	go n.hear()
}

func (n *notifier) kick(s signal, t TenantID) {
	n.mu.Lock()
	n.pending[s][t] = struct{}{}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take gives the tenants to be told about, as many as fit into one payload (8,000 bytes).
func (n *notifier) take(s signal) (payload string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var b strings.Builder
	for t := range n.pending[s] {
		if b.Len()+37 > 7900 {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(t.String())
		delete(n.pending[s], t)
	}
	return b.String()
}

func (n *notifier) tell() {
	defer n.db.workers.Done()
	n.hold("tell", func(ctx context.Context, conn *pgx.Conn) error {
		for {
			select {
			case <-n.wake:
			case <-ctx.Done():
				return nil
			}
			for _, s := range []signal{newEvents, newWork} {
				for payload := n.take(s); payload != ""; payload = n.take(s) {
					if _, err := conn.Exec(ctx, "select pg_notify($1, $2)", string(s), payload); err != nil {
						listed(payload, func(t TenantID) { n.kick(s, t) })
						return err
					}
				}
			}
		}
	})
}

func (n *notifier) hear() {
	defer n.db.workers.Done()
	n.hold("hear", func(ctx context.Context, conn *pgx.Conn) error {
		for _, s := range []signal{newEvents, newWork} {
			if _, err := conn.Exec(ctx, "listen "+string(s)); err != nil {
				return err
			}
		}
		for {
			msg, err := conn.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			listed(msg.Payload, func(t TenantID) { n.db.heard(signal(msg.Channel), t) })
		}
	})
}

func listed(payload string, do func(TenantID)) {
	for _, s := range strings.Split(payload, ",") {
		if i, err := id.Parse(s); err == nil {
			do(TenantID{i})
		}
	}
}

// hold keeps a connection and runs fn on it, again and again until the database is closed.
func (n *notifier) hold(what string, fn func(context.Context, *pgx.Conn) error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-n.db.closing; cancel() }()
	for ctx.Err() == nil {
		cfg, err := n.db.pgConfig()
		if err == nil {
			var conn *pgx.Conn
			if conn, err = pgx.ConnectConfig(ctx, cfg); err == nil {
				err = fn(ctx, conn)
				_ = conn.Close(context.WithoutCancel(ctx))
			}
		}
		if ctx.Err() != nil {
			return
		}
		n.db.log.Warn("notifier lost its connection", "side", what, "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}
