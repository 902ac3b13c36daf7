package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/events"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
)

const (
	drawEvery = time.Second      // a screen is not drawn more often than this
	drawIdle  = time.Minute      // nor less: minutes of waiting, the time of the last look, the day's end
	drawLimit = 10 * time.Second // for the reads of one drawing
)

// ticketTopics are the events that may change what a ticket's page shows: its own, and those of every series
// that the counters of its series call. Whoever waits there longer is ahead of it, see aheadSQL.
func ticketTopics(p Place) []string {
	topics := []string{"ticket:" + p.ID.String(), "series:" + p.SeriesID.String()}
	for _, c := range p.Series.Counters {
		for _, s := range c.Series {
			if topic := "series:" + s.ID.String(); !slices.Contains(topics, topic) {
				topics = append(topics, topic)
			}
		}
	}
	return topics
}

// follow draws a screen now and whenever one of its topics has had an event. It draws once for many
// events: what is shown is the state and not the history, so whatever came while it was drawing is
// drawn together.
func follow(ctx context.Context, hub *events.Hub, t *tenant.Tenant, topics []string, draw func(context.Context) error) error {
	for {
		err := followOnce(ctx, hub, t, topics, draw)
		if !errors.Is(err, events.ErrBehind) {
			return err
		}
		// So many events at once that the queue was full. The state is what counts: look again.
	}
}

func followOnce(ctx context.Context, hub *events.Hub, t *tenant.Tenant, topics []string, draw func(context.Context) error) error {
	sub, err := hub.Subscribe(ctx, t.ID, events.Now, topics...)
	if err != nil {
		return err
	}
	defer sub.Close()
	for {
		sub.Drain() // the drawing that comes now shows all of it
		rest := time.NewTimer(drawEvery)
		if err := drawOnce(ctx, draw); err != nil {
			rest.Stop()
			return err
		}
		if err := happens(ctx, sub); err != nil {
			rest.Stop()
			return err
		}
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

func drawOnce(ctx context.Context, draw func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, drawLimit)
	defer cancel()
	return draw(ctx)
}

// happens waits for the next event, or until the clock alone may have changed the screen.
func happens(ctx context.Context, sub *events.Sub) error {
	idle, cancel := context.WithTimeout(ctx, drawIdle)
	defer cancel()
	_, err := sub.Next(idle)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// easel sends the parts of a screen to live.js and board.js, each only when it has changed.
type easel struct {
	stream *web.Stream
	last   map[string]string
}

func newEasel(s *web.Stream) *easel { return &easel{stream: s, last: map[string]string{}} }

// part is the data of an "html" event, see live.js.
type part struct {
	Target string `json:"target"`
	HTML   string `json:"html"`
	Title  string `json:"title,omitempty"`
}

// put sends a part. seen decides whether it is another one than before; "" compares the HTML, which
// does not do where each rendering carries a key of its own.
func (e *easel) put(ctx context.Context, target, title, seen string, c templ.Component) error {
	var html bytes.Buffer
	if err := c.Render(ctx, &html); err != nil {
		return err
	}
	if seen == "" {
		seen = html.String()
	}
	if e.last[target] == seen+"\x00"+title {
		return nil
	}
	e.know(target, title, seen)
	return e.send(part{target, html.String(), title})
}

// know remembers a part that the page has already.
func (e *easel) know(target, title, seen string) { e.last[target] = seen + "\x00" + title }

// say fills a live region with one sentence. An empty one leaves it as it is.
func (e *easel) say(target, sentence string) error {
	if sentence == "" || e.last[target] == sentence {
		return nil
	}
	e.last[target] = sentence
	return e.send(part{Target: target, HTML: templ.EscapeString(sentence)})
}

func (e *easel) send(p part) error {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false) // it stands in no page; escaped it is a third larger
	if err := enc.Encode(p); err != nil {
		return err
	}
	return e.stream.Send("", "html", bytes.TrimSpace(data.Bytes()))
}
