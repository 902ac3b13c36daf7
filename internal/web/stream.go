package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/clock"
)

const (
	heartbeat  = 15 * time.Second // proxies and phones drop what is silent for longer
	patience   = 10 * time.Second // for one write
	maxPending = 256 << 10        // bytes that a client may be behind
)

// ErrStreamClosed is what a stream whose client has gone, or is too far behind, answers.
var ErrStreamClosed = errors.New("web: the stream is closed")

// Stream is a connection that stays open and is told what happens (Server-Sent Events). Send never
// waits: what the client has not taken yet lies in a queue of its own, and a client that lets it fill
// is cut and resumes with Last-Event-ID. So no client can hold up another, whoever calls Send.
type Stream struct {
	lastID string
	id     string // of the request
	from   netip.Prefix
	holder holder
	conn   net.Conn
	done   chan struct{}
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc

	wake    chan struct{}
	mu      sync.Mutex
	pending []byte
	leaving bool // write what is pending, then close
}

// LastEventID is the last event that the client has seen, or "".
func (s *Stream) LastEventID() string { return s.lastID }

// Done is closed when the client has gone or the process stops.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Context ends when Done is closed. It carries no deadline.
func (s *Stream) Context() context.Context { return s.ctx }

// Send queues an event. id is what the client resumes after, event its name; "" leaves either out.
func (s *Stream) Send(id, event string, data []byte) error {
	return s.Write(AppendEvent(nil, id, event, data))
}

// Write queues frames that AppendEvent has made. The same bytes may go to many streams.
func (s *Stream) Write(frames []byte) error {
	s.mu.Lock()
	full := len(s.pending)+len(frames) > maxPending
	ok := !s.leaving && !full
	if ok {
		s.pending = append(s.pending, frames...)
	}
	s.mu.Unlock()
	if !ok {
		if full {
			s.close()
		}
		return ErrStreamClosed
	}
	s.nudge()
	return nil
}

// AppendEvent adds an event in its form on the wire. Line breaks in id and event are left out.
func AppendEvent(to []byte, id, event string, data []byte) []byte {
	line := func(name, value string) {
		if value != "" {
			to = append(to, name...)
			for i := 0; i < len(value); i++ {
				if c := value[i]; c != '\n' && c != '\r' && c != 0 {
					to = append(to, c)
				}
			}
			to = append(to, '\n')
		}
	}
	line("id: ", id)
	line("event: ", event)
	for part := range bytes.SplitSeq(data, []byte("\n")) {
		to = append(to, "data: "...)
		to = append(append(to, bytes.TrimSuffix(part, []byte("\r"))...), '\n')
	}
	return append(to, '\n')
}

func (s *Stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close ends the stream at once: a write that hangs fails.
func (s *Stream) close() {
	s.once.Do(func() {
		s.cancel()
		close(s.done)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.conn != nil {
			_ = s.conn.Close()
		}
	})
}

// leave lets the client have what is pending, and ends the stream then.
func (s *Stream) leave(frames []byte) {
	s.mu.Lock()
	if !s.leaving {
		s.leaving = true
		s.pending = append(s.pending, frames...)
	}
	s.mu.Unlock()
	s.nudge()
}

// Stream keeps the connection open and runs fn, which sends what happens until Done; fn's end closes
// the stream. The Ctx must not be used in fn: take out of it before what fn needs. A fault before the
// stream has begun ("streams", "draining") is answered like any other.
func (c *Ctx) Stream(fn func(*Stream) error) error {
	if c.Method() == fiber.MethodHead {
		c.SetHeader(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
		c.noStore()
		return nil
	}
	set, log := c.app.streams, c.app.log
	s := &Stream{id: c.requestID, from: network(c.addr), lastID: c.Header("Last-Event-ID"), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	if s.lastID == "" {
		s.lastID = c.Query("last_event_id") // where a script opens the stream anew
	}
	s.holder = holder{host: strings.Clone(plainHost(c.f.Request().Header.Host())), tenant: c.Tenant, actor: c.Actor, token: c.token, kind: c.travels(), route: c.route}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := set.enter(s); err != nil {
		s.cancel()
		return err
	}
	head := c.app.streamHead(c)
	c.streaming = true
	// A connection that breaks in this moment is never handed over.
	never := time.AfterFunc(patience, func() {
		s.close()
		set.exit(s)
	})
	c.f.Context().HijackSetNoResponse(true)
	c.f.Context().Hijack(func(hijacked net.Conn) {
		conn := hijacked.(interface{ UnsafeConn() net.Conn }).UnsafeConn()
		if !never.Stop() {
			_ = conn.Close()
			return
		}
		// The server keeps hijacked connections, so its buffers go back to their pools now and this
		// goroutine's end closes nothing.
		s.attach(conn)
		go s.read()
		go func() {
			defer set.exit(s)
			s.write(head)
		}()
		go s.run(fn, log)
	})
	return nil
}

// attach gives the stream its connection; a stop may have come before it.
func (s *Stream) attach(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	select {
	case <-s.done:
		_ = conn.Close()
	default:
	}
}

// run runs fn. It stands in a goroutine without the server's recover: a panic here would end the process.
func (s *Stream) run(fn func(*Stream) error, log *slog.Logger) {
	defer s.leave(nil)
	defer func() {
		if p := recover(); p != nil {
			log.Error("stream failed", slog.String("id", s.id), slog.String("error", fmt.Sprintf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	if err := fn(s); err != nil && !errors.Is(err, ErrStreamClosed) && !errors.Is(err, context.Canceled) {
		log.Warn("stream ended", slog.String("id", s.id), slog.String("error", err.Error()))
	}
}

// read notices that the client has gone. Nothing is expected from it.
func (s *Stream) read() {
	defer s.close()
	var b [64]byte
	for {
		if _, err := s.conn.Read(b[:]); err != nil {
			return
		}
	}
}

// ping is an event and not a comment, so that a page can tell silence from a cable pulled out.
var ping = []byte("event: ping\ndata: 1\n\n")

// write is the only writer of the connection.
func (s *Stream) write(head []byte) {
	defer s.close()
	if !s.put(head) {
		return
	}
	// Streams that began together must not all beat at once.
	beat := time.NewTimer(heartbeat/2 + rand.N(heartbeat/2))
	defer beat.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-beat.C:
			if !s.put(ping) {
				return
			}
		case <-s.wake:
			s.mu.Lock()
			out, leaving := s.pending, s.leaving
			s.pending = nil
			s.mu.Unlock()
			if len(out) > 0 && !s.put(out) || leaving {
				return
			}
		}
		beat.Reset(heartbeat)
	}
}

func (s *Stream) put(b []byte) bool {
	if err := s.conn.SetWriteDeadline(clock.System.Now().Add(patience)); err != nil {
		return false
	}
	_, err := s.conn.Write(b)
	return err == nil
}

// streamHead is the response's head, which the server does not write for a connection that it gave
// away. The body ends with the connection.
func (a *App) streamHead(c *Ctx) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" +
		"Cache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n")
	for _, h := range a.headers {
		if h[0] == fiber.HeaderStrictTransportSecurity && c.strict() != "" {
			h[1] = c.strict()
		}
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString(fiber.HeaderXRequestID + ": " + c.requestID + "\r\n")
	b.WriteString(fiber.HeaderDate + ": " + clock.System.Now().Format("Mon, 02 Jan 2006 15:04:05 GMT") + "\r\n\r\n")
	return b.Bytes()
}
