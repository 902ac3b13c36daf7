package assets_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/web/assets"
)

// The scripts are tried in a real browser, under the CSP that the product sends.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// site is a small server for one test: pages of plain HTML, the assets, and what the test adds.
type site struct {
	*http.ServeMux
	url string
}

func newSite(t *testing.T) *site {
	s := &site{ServeMux: http.NewServeMux()}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections) // before Close, which waits for streams
	s.url = srv.URL
	s.HandleFunc(assets.Prefix, func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets.Find(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		_, _ = w.Write(a.Raw)
	})
	return s
}

func (s *site) page(path, script, body string) {
	s.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="id"><title>t</title><link rel="icon" href="data:,"><script src="%s" defer></script><body>%s</body></html>`,
			assets.URL(script), body)
	})
}

// events serves a stream; each connection runs f, which sends until it returns.
func (s *site) events(path string, f func(r *http.Request, send func(id, event, data string))) {
	s.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		f(r, func(id, event, data string) {
			fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", id, event, data)
			w.(http.Flusher).Flush()
		})
	})
}

var browser = sync.OnceValues(func() (*rod.Browser, error) {
	const bin = "/usr/bin/chromium"
	if _, err := os.Stat(bin); err != nil {
		return nil, fmt.Errorf("the scripts are tested in Chromium: apt-get install chromium (%w)", err)
	}
	dir, err := os.MkdirTemp("", "pendopo-assets-")
	if err != nil {
		return nil, err
	}
	l := launcher.New().Bin(bin).Leakless(false).NoSandbox(true).UserDataDir(dir).
		Set("disable-gpu").Set("disable-quic").Set("no-first-run").Set("disable-background-networking").
		Set("disable-component-update").Set("disable-sync")
	at, err := l.Launch()
	if err != nil {
		return nil, err
	}
	stop = func() { l.Kill(); l.Cleanup() }
	b := rod.New().ControlURL(at)
	return b, b.Connect()
})

var stop = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// open shows a page and fails the test if the browser complains about anything, the CSP first. What is
// given besides runs before the page's own scripts.
func open(t *testing.T, url string, before ...string) *rod.Page {
	t.Helper()
	b, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	p := b.MustPage("")
	p = p.Timeout(30 * time.Second)
	go p.EachEvent(func(e *proto.RuntimeExceptionThrown) {
		t.Errorf("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	}, func(e *proto.LogEntryAdded) {
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			t.Errorf("console: %s", e.Entry.Text)
		}
	})()
	_ = proto.LogEnable{}.Call(p)
	for _, script := range before {
		p.MustEvalOnNewDocument(script)
	}
	p.MustNavigate(url).MustWaitLoad()
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// until waits for a JavaScript expression to be true.
func until(t *testing.T, p *rod.Page, js string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if p.MustEval("() => !!(" + js + ")").Bool() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never true: %s\n%s", js, p.MustEval("() => document.body.innerHTML").Str())
}

func TestLive(t *testing.T) {
	s := newSite(t)
	s.page("/", "live.js", `<div data-live="/events"><p data-live-state data-on="Tersambung" data-off="Terputus" hidden><span data-live-text>Menyambungkan</span></p>
		<p data-clock data-offset="420" data-now="1795401840">.</p>
		<div data-live-target="ticket" role="status"><a id="a" href="/x">A-001</a></div></div>`)
	var mu sync.Mutex
	var asked []string
	s.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Query().Get("last_event_id")+"/"+r.Header.Get("Last-Event-ID"))
		n := len(asked)
		mu.Unlock()
		if n == 2 { // an HTTP error, after which browsers give up by themselves
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		send := func(id, event, data string) {
			fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", id, event, data)
			w.(http.Flusher).Flush()
		}
		if n == 1 {
			time.Sleep(300 * time.Millisecond) // until the test has set the focus
			send("7", "html", `{"target":"ticket","title":"3 di depan","html":"<a id=\"a\" href=\"/x\">3 orang</a>"}`)
			send("8", "html", `not json`)
			time.Sleep(300 * time.Millisecond)
			send("9", "reconnect", `{}`)
		} else {
			send("10", "html", `{"target":"ticket","html":"<p class=\"p-called\">Loket 3</p>"}`)
		}
		<-r.Context().Done()
	})
	p := open(t, s.url+"/")
	p.MustEval(`() => document.getElementById('a').focus()`)
	until(t, p, `document.title === '3 di depan' && document.body.textContent.includes('3 orang')`)
	until(t, p, `document.activeElement.id === 'a'`)
	until(t, p, `document.querySelector('[data-live-text]').textContent === 'Tersambung' && !document.querySelector('[data-live-state]').hidden`)
	if clock := p.MustElement("[data-clock]").MustText(); clock != "09.44" && clock != "09.45" {
		t.Errorf("the clock shows %s", clock)
	}
	until(t, p, `document.querySelector('.p-called')`)
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"/", "9/", "9/"}; fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("connected with %q, want %q", asked, want)
	}
}

func TestCounterKeys(t *testing.T) {
	s := newSite(t)
	s.page("/", "counter.js", `<button data-keys-toggle hidden><span data-on="nyala" data-off="mati">nyala</span></button>
		<form id="f" method="post" action="/next"><button id="next" name="how" value="key" data-key="Space">Panggil</button></form>
		<button id="s" data-key="s">Selesai</button><button disabled data-key="x">Tidak hadir</button>
		<form><input id="note" data-key="c" aria-label="Catatan"></form>
		<p data-since="1000" data-now="1252" data-max="900"><span data-since-text></span><svg><rect data-since-bar data-width="150" width="0" height="8"/></svg></p>`)
	var posts atomic.Int32
	var sent atomic.Value
	s.HandleFunc("/next", func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		sent.Store(r.FormValue("how"))
		time.Sleep(300 * time.Millisecond)
		w.WriteHeader(http.StatusNoContent)
	})
	p := open(t, s.url+"/")
	p.MustEval(`() => { window.done = 0; document.getElementById('s').onclick = () => window.done++; }`)
	press := func(k input.Key) { p.KeyActions().Press(k).Release(k).MustDo() }

	press(input.KeyS)
	until(t, p, `window.done === 1`)
	press(input.KeyX) // a disabled button has no key
	press(input.KeyC)
	until(t, p, `document.activeElement.id === 'note'`)
	press(input.KeyS)
	until(t, p, `window.done === 1 && document.getElementById('note').value === 's'`)
	press(input.Escape)
	until(t, p, `document.activeElement === document.body`)

	p.MustElement("[data-keys-toggle]").MustClick()
	until(t, p, `document.documentElement.classList.contains('p-keys-off') && document.querySelector('[data-keys-toggle]').innerText === 'mati'`)
	press(input.KeyS)
	until(t, p, `window.done === 1`)
	p.MustElement("[data-keys-toggle]").MustClick()
	until(t, p, `document.querySelector('[data-keys-toggle]').innerText === 'nyala'`)
	p.MustEval(`() => document.activeElement.blur()`)

	press(input.Space)
	press(input.Space) // while the first is under way
	p.MustEval(`() => document.getElementById('f').requestSubmit()`)
	until(t, p, `document.getElementById('next').disabled`)
	time.Sleep(500 * time.Millisecond)
	if posts.Load() != 1 || sent.Load() != "key" {
		t.Errorf("%d posts with %v; want one, with the button's value", posts.Load(), sent.Load())
	}
	until(t, p, `/^04.1[2-9]$/.test(document.querySelector('[data-since-text]').textContent)`)
	until(t, p, `document.querySelector('rect').getAttribute('width') >= 42`)
}

func TestSearch(t *testing.T) {
	s := newSite(t)
	s.page("/", "search.js", `<form data-search="/cari" data-search-target="hasil" data-search-url action="/cari"><label for="q">Cari</label>
		<input id="q" name="q"><p role="status" data-search-count></p></form><div id="hasil">awal</div>`)
	var asked atomic.Int32
	s.HandleFunc("/cari", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("HX-Request") != "true" {
			t.Error("a fragment was asked for without HX-Request")
		}
		if r.FormValue("q") == "rusak" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `<p data-count="1 layanan untuk %s">%s</p>`, r.FormValue("q"), r.FormValue("q"))
	})
	p := open(t, s.url+"/")
	p.MustElement("#q").MustInput("paspor")
	until(t, p, `document.getElementById('hasil').textContent === 'paspor'`)
	until(t, p, `document.querySelector('[role=status]').textContent === '1 layanan untuk paspor'`)
	until(t, p, `location.search === '?q=paspor' && !document.getElementById('hasil').hasAttribute('aria-busy')`)
	p.MustElement("#q").MustSelectAllText().MustInput("rusak")
	time.Sleep(400 * time.Millisecond)
	until(t, p, `document.getElementById('hasil').textContent === 'paspor'`)
	p.MustEval(`() => { const q = document.getElementById('q'); q.value = ''; q.dispatchEvent(new Event('input', {bubbles: true})); }`)
	until(t, p, `document.getElementById('hasil').textContent === 'awal' && location.search === ''`)
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times, want 2: typing is one question", n)
	}
}
