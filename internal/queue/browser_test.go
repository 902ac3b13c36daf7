package queue_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// open serves the house and shows a path to somebody in a browser.
func (h *house) open(t *testing.T, path, badge string) *testkit.Page {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.app.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = h.app.Shutdown(ctx)
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	site := "http://" + h.Host("localhost") + ":" + port
	return testkit.Browser(t).Page(site+path, 1280, 800, func(p *testkit.Page) error {
		return p.SetCookies([]*proto.NetworkCookieParam{{Name: "sid", Value: badge, URL: site}})
	})
}

// One person waits. The officer presses the big button again and again, by key, mouse and Enter: they are
// called, and stay called.
func TestPressesRightAfterACallFinishNobody(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	waiting := h.issue(t, "a")
	p := h.open(t, h.counter(0), "officer")
	status := func() queue.Status {
		t.Helper()
		at, err := h.hall.Place(t.Context(), h.tenant, waiting.ID)
		if err != nil {
			t.Fatal(err)
		}
		return at.Status
	}
	// As soon as the screen shows the call there are more presses, before anybody could lift a finger.
	p.MustEval(`() => {
		window.sent = [];
		document.addEventListener('htmx:beforeRequest', (e) => window.sent.push(e.detail.requestConfig.path.split('/').pop()));
		document.addEventListener('htmx:afterSettle', () => {
			if (window.pressed || !document.querySelector('.p-calling')) return;
			document.getElementById('t-berikutnya').click();
			document.body.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', bubbles: true}));
			window.pressed = true;
		});
	}`)
	p.KeyActions().Press(input.Space).Release(input.Space).Press(input.Space).Release(input.Space).MustDo()
	p.MustWait(`() => window.pressed`)
	sent := func() string { return p.MustEval(`() => window.sent.join(' ')`).Str() }
	if got := sent(); got != "berikutnya" || status() != queue.Called {
		t.Fatalf("sent: %s, the ticket is %s", got, status())
	}
	// It rests where it stands, says why, and keeps its name in the same place when it is ready.
	const box = `() => { const r = document.getElementById('t-berikutnya').getBoundingClientRect(); return [r.x, r.y, r.width, r.height].join() + document.getElementById('t-berikutnya').innerText.split('\n')[0]; }`
	p.MustWait(`() => document.getElementById('t-berikutnya').getAttribute('aria-disabled') === 'true'`)
	resting := p.MustEval(box).Str()
	p.Screenshot(t, "counter-resting-1280")
	p.Accessible(t)
	p.MustWait(`() => !document.getElementById('t-berikutnya').hasAttribute('aria-disabled')`)
	if ready := p.MustEval(box).Str(); ready != resting {
		t.Errorf("the button was %s and is %s", resting, ready)
	}
	if got := sent(); got != "berikutnya" || status() != queue.Called {
		t.Errorf("sent while it rests: %s, the ticket is %s", got, status())
	}
	// A second call rests as the first one did, and is called once however often R is pressed.
	h.clock.Advance(time.Minute)
	p.KeyActions().Press(input.KeyR).Release(input.KeyR).MustDo()
	p.MustWait(`() => document.querySelector('.p-cinfo').innerText.includes('dipanggil 2 kali')`)
	p.MustEval(`() => ['r', 'R', ' '].forEach((key) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})))`)
	p.MustWait(`() => ['t-berikutnya', 't-panggil-ulang'].every((x) => document.getElementById(x).getAttribute('aria-disabled') === 'true')`)
	p.Screenshot(t, "counter-recalled-1280")
	p.MustWait(`() => ['t-berikutnya', 't-panggil-ulang'].every((x) => !document.getElementById(x).hasAttribute('aria-disabled'))`)
	if got := sent(); got != "berikutnya panggil-ulang" || status() != queue.Called {
		t.Errorf("sent after a second call: %s, the ticket is %s", got, status())
	}
	// Later the same press does what the button says, and who has not come has a button beside it that is as high.
	if wrong := p.MustEval(`() => {
		const a = document.getElementById('t-berikutnya').getBoundingClientRect(), b = document.getElementById('t-tidak-hadir').getBoundingClientRect();
		return Math.abs(a.top - b.top) < 1 && Math.abs(a.height - b.height) < 1 && b.left > a.right ? '' : JSON.stringify([a, b]);
	}`).Str(); wrong != "" {
		t.Errorf("the two ends of a call do not stand side by side: %s", wrong)
	}
	h.clock.Advance(time.Minute)
	p.KeyActions().Press(input.Space).Release(input.Space).MustDo()
	p.MustWait(`() => !document.querySelector('.p-cur')`)
	if got := sent(); got != "berikutnya panggil-ulang selesai" || status() != queue.Finished {
		t.Errorf("sent: %s, the ticket is %s", got, status())
	}
	if wrong := p.Problems(); len(wrong) > 0 {
		t.Errorf("the console says %q", wrong)
	}
}

// A key that is held down is one press, also Enter on the button that has the focus, which stays there.
func TestAKeyHeldDownIsOnePress(t *testing.T) {
	h := newHouse(t, testkit.Open(t, testkit.SQLite))
	for _, k := range []string{"a", "b", "c"} {
		h.issue(t, k)
	}
	p := h.open(t, h.counter(0), "officer")
	p.MustEval(`() => {
		window.sent = 0;
		window.clicks = 0;
		document.addEventListener('htmx:beforeRequest', () => window.sent++);
		document.addEventListener('click', () => window.clicks++, true);
		document.getElementById('t-berikutnya').focus();
	}`)
	hold := func(repeat bool) {
		t.Helper()
		err := proto.InputDispatchKeyEvent{Type: proto.InputDispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13, AutoRepeat: repeat}.Call(p)
		if err != nil {
			t.Fatal(err)
		}
	}
	hold(false)
	p.MustWait(`() => !!document.querySelector('.p-calling')`)
	for range 3 {
		hold(true)
	}
	p.MustWait(`() => document.activeElement.id === 't-berikutnya'`)
	p.MustWait(`() => !document.getElementById('t-berikutnya').hasAttribute('aria-disabled')`)
	h.clock.Advance(time.Minute)
	for range 3 {
		hold(true)
	}
	if got := p.MustEval(`() => window.sent + ' ' + window.clicks`).Str(); got != "1 1" {
		t.Errorf("requests and clicks of one press: %s", got)
	}
	if _, body := h.ask(t, "GET", h.counter(0), "officer", nil); field(t, body, "nomor") == "" {
		t.Error("nobody is called")
	}
}
