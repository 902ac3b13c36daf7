package testkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/testkit/axe"
)

// Page is a page in a browser, with what it has fetched and what went wrong in it.
type Page struct {
	*rod.Page
	mu       sync.Mutex
	traffic  map[proto.NetworkRequestID]*exchange
	order    []*exchange
	problems []string
	last     time.Time
}

// exchange is one request. A stream does not end by itself.
type exchange struct {
	url    string
	bytes  int
	ended  bool
	stream bool
}

// watch collects the page's traffic, its scripts' errors and the violations of its content policy.
func (p *Page) watch() error {
	if err := (proto.NetworkEnable{}).Call(p); err != nil {
		return err
	}
	if err := (proto.LogEnable{}).Call(p); err != nil {
		return err
	}
	if err := (proto.RuntimeEnable{}).Call(p); err != nil {
		return err
	}
	locked := func(fn func()) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.last = time.Now()
		fn()
	}
	wait := p.EachEvent(
		func(e *proto.NetworkRequestWillBeSent) {
			locked(func() {
				x := &exchange{url: e.Request.URL, stream: e.Type == proto.NetworkResourceTypeEventSource}
				if before := p.traffic[e.RequestID]; before != nil {
					before.ended = true // a redirect goes on under the same id
					if e.RedirectResponse != nil {
						before.bytes = int(e.RedirectResponse.EncodedDataLength)
					}
				}
				p.traffic[e.RequestID], p.order = x, append(p.order, x)
			})
		},
		func(e *proto.NetworkDataReceived) {
			locked(func() {
				if x := p.traffic[e.RequestID]; x != nil {
					x.bytes += e.EncodedDataLength
				}
			})
		},
		func(e *proto.NetworkLoadingFinished) {
			locked(func() {
				if x := p.traffic[e.RequestID]; x != nil {
					x.bytes, x.ended = int(e.EncodedDataLength), true
				}
			})
		},
		func(e *proto.NetworkLoadingFailed) {
			locked(func() {
				if x := p.traffic[e.RequestID]; x != nil {
					x.ended = true
					if !e.Canceled {
						p.problems = append(p.problems, fmt.Sprintf("%s: %s %s", x.url, e.ErrorText, e.BlockedReason))
					}
				}
			})
		},
		func(e *proto.LogEntryAdded) {
			if e.Entry.Level == proto.LogLogEntryLevelError {
				locked(func() { p.problems = append(p.problems, e.Entry.URL+": "+e.Entry.Text) })
			}
		},
		func(e *proto.RuntimeExceptionThrown) {
			locked(func() {
				text := e.ExceptionDetails.Text
				if x := e.ExceptionDetails.Exception; x != nil {
					text += " " + x.Description
				}
				p.problems = append(p.problems, text)
			})
		},
	)
	go wait()
	return nil
}

// Tap clicks with the mouse in the middle of an element, which it first brings into view.
func (p *Page) Tap(tb testing.TB, selector string) {
	tb.Helper()
	if err := p.tap(selector); err != nil {
		tb.Fatalf("testkit: tap %s: %v", selector, err)
	}
}

func (p *Page) tap(selector string) error {
	el, err := p.Element(selector)
	if err != nil {
		return err
	}
	// Not rod's own click: it waits for an animation frame, which never comes without JavaScript.
	if err := (proto.DOMScrollIntoViewIfNeeded{ObjectID: el.Object.ObjectID}).Call(p); err != nil {
		return err
	}
	shape, err := el.Shape()
	if err != nil {
		return err
	}
	at := shape.OnePointInside()
	if at == nil {
		return errors.New("it has no size")
	}
	if err := p.Mouse.MoveTo(*at); err != nil {
		return err
	}
	return p.Mouse.Click(proto.InputMouseButtonLeft, 1)
}

// Press taps a link or a button and waits until the page that follows has loaded.
func (p *Page) Press(tb testing.TB, selector string) {
	tb.Helper()
	p.Follow(tb, "press "+selector, func() { p.Tap(tb, selector) })
}

// Follow does something that leads to another page, such as typing a key, and waits until that has loaded. It knows
// the new page by its loader, so that it cannot take the old one for it, however slow the machine is.
func (p *Page) Follow(tb testing.TB, what string, do func()) {
	tb.Helper()
	before, err := p.loader()
	if err != nil {
		tb.Fatalf("testkit: %s: %v", what, err)
	}
	do()
	if err := p.loaded(before); err != nil {
		tb.Fatalf("testkit: %s: no page followed: %v", what, err)
	}
}

// loaded waits until another document than the one of a loader is complete. It asks, since the browser tells no
// script of a page on which scripts are switched off.
func (p *Page) loaded(before proto.NetworkLoaderID) error {
	for deadline := time.Now().Add(pageLimit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		// In between there is no document to ask, and asking fails.
		if now, err := p.loader(); err != nil || now == before {
			continue
		}
		if state, err := p.Eval(`() => document.readyState`); err == nil && state.Value.Str() == "complete" {
			return nil
		}
	}
	return errors.New("not loaded in time")
}

// pageLimit is how long a page may take to load: rather an error than a hang.
const pageLimit = time.Minute

// loader names the document that the page shows: each navigation has another.
func (p *Page) loader() (proto.NetworkLoaderID, error) {
	tree, err := proto.PageGetFrameTree{}.Call(p)
	if err != nil {
		return "", err
	}
	return tree.FrameTree.Frame.LoaderID, nil
}

// Fetched is one request of a page.
type Fetched struct {
	URL   string
	Bytes int // over the wire, compressed, with the answer's headers
}

// Transferred waits until the page is at rest and tells what it has fetched. Streams count with what
// they have brought so far.
func (p *Page) Transferred() (all []Fetched, bytes int) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		p.mu.Lock()
		rest := time.Since(p.last) > 300*time.Millisecond &&
			!slices.ContainsFunc(p.order, func(x *exchange) bool { return !x.ended && !x.stream })
		p.mu.Unlock()
		if rest {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.order {
		all = append(all, Fetched{x.url, x.bytes})
		bytes += x.bytes
	}
	return all, bytes
}

// Budget fails the test when the page has fetched more than a number of bytes, and lists what.
func (p *Page) Budget(tb testing.TB, limit int) {
	tb.Helper()
	all, bytes := p.Transferred()
	slices.SortFunc(all, func(a, b Fetched) int { return b.Bytes - a.Bytes })
	var list strings.Builder
	for _, f := range all {
		fmt.Fprintf(&list, "\n%8d  %s", f.Bytes, f.URL)
	}
	tb.Logf("%d bytes of %d%s", bytes, limit, list.String())
	if bytes > limit {
		tb.Errorf("the page fetches %d bytes, %d are allowed", bytes, limit)
	}
}

// Problems are the script errors, failed requests and violations of the content policy so far.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// Violation is something that axe-core found.
type Violation struct {
	ID     string
	Impact string // minor, moderate, serious, critical
	Help   string
	Nodes  []string // "selector: what to mend"
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n    %s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n    "))
}

// Axe looks for what keeps people with disabilities out: WCAG 2.2 A and AA, and good practice.
func (p *Page) Axe(tb testing.TB) []Violation {
	tb.Helper()
	// Evaluated by the debugger, past the page's content policy.
	if _, err := (proto.RuntimeEvaluate{Expression: axe.Source + "\n;0"}).Call(p); err != nil {
		tb.Fatalf("testkit: axe: %v", err)
	}
	got, err := p.Eval(`() => axe.run(document, {
		resultTypes: ['violations'],
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
	}).then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary.replace(/\s+/g, ' '))}))))`)
	if err != nil {
		tb.Fatalf("testkit: axe: %v", err)
	}
	var out []Violation
	if err := json.Unmarshal([]byte(got.Value.Str()), &out); err != nil {
		tb.Fatalf("testkit: axe: %v", err)
	}
	return out
}

// Accessible fails the test for each serious or critical finding of Axe, and logs the others.
func (p *Page) Accessible(tb testing.TB) {
	tb.Helper()
	for _, v := range p.Axe(tb) {
		if v.Impact == "serious" || v.Impact == "critical" {
			tb.Errorf("axe: %s", v)
		} else {
			tb.Logf("axe: %s", v)
		}
	}
}

// Screenshot takes a picture of the whole page. It is kept as NAME.png when PENDOPO_TEST_SHOTS names a
// folder, for people who want to look.
func (p *Page) Screenshot(tb testing.TB, name string) []byte {
	tb.Helper()
	png, err := p.Page.Screenshot(true, &proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng})
	if err != nil {
		tb.Fatalf("testkit: screenshot: %v", err)
	}
	if dir := os.Getenv("PENDOPO_TEST_SHOTS"); dir != "" {
		file := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(name)+".png")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, png, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return png
}

// Wide tells how far the page is wider than its window: 0 when nothing must be scrolled sideways.
func (p *Page) Wide(tb testing.TB) int {
	tb.Helper()
	got, err := p.Eval(`() => document.documentElement.scrollWidth - document.documentElement.clientWidth`)
	if err != nil {
		tb.Fatalf("testkit: %v", err)
	}
	return got.Value.Int()
}
