package testkit_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// site is a small page under a strict content policy, with mistakes on request.
func site(t *testing.T) (at func(host, path string) string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := `<h1>Mal</h1><p id="host">` + r.Host + `</p><p id="js">tanpa</p><script src="/s.js"></script>`
		switch r.URL.Path {
		case "/bad":
			body += `<img src="/s.js"><script>document.title = "inline"</script>`
		case "/form":
			body += `<form action="/slow"><input name="q"><button>Cari</button></form>`
		case "/slow":
			time.Sleep(300 * time.Millisecond)
			if r.URL.Query().Get("next") == "" { // and a redirect on the way
				http.Redirect(w, r, "/slow?next=1&q="+r.URL.Query().Get("q"), http.StatusSeeOther)
				return
			}
			body += `<p id="q">` + r.URL.Query().Get("q") + `</p>`
		case "/wide":
			body += `<div><svg width="900" height="1"></svg></div>`
		}
		fmt.Fprintf(w, `<!doctype html><html lang="id"><head><title>Uji</title><link rel="icon" href="data:,"></head><body><main>%s</main></body></html>`, body)
	})
	mux.HandleFunc("/s.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `document.getElementById("js").textContent = "dengan"; new EventSource("/events") // `+strings.Repeat("x", 5000))
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: "+strings.Repeat("y", 300)+"\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	return func(host, path string) string { return "http://" + host + port + path }
}

func text(t *testing.T, p *testkit.Page, selector string) string {
	t.Helper()
	el, err := p.Element(selector)
	if err != nil {
		t.Fatal(err)
	}
	s, err := el.Text()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBrowser(t *testing.T) {
	at, chrome := site(t), testkit.Browser(t)

	good := chrome.Page(at("uji-a.localhost", "/"), 360, 740)
	if host := text(t, good, "#host"); !strings.HasPrefix(host, "uji-a.localhost:") {
		t.Errorf("host %q", host)
	}
	if js := text(t, good, "#js"); js != "dengan" {
		t.Errorf("the script did not run: %q", js)
	}
	good.Accessible(t)
	if p := good.Problems(); len(p) > 0 {
		t.Error(p)
	}
	all, total := good.Transferred()
	if len(all) != 3 || total < 5500 || total > 7000 {
		t.Errorf("%d bytes: %v", total, all)
	}
	if png := good.Screenshot(t, "testkit"); !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Error("no picture")
	}
	if w := good.Wide(t); w != 0 {
		t.Errorf("%d pixels too wide", w)
	}

	bad := chrome.Page(at("uji-b.localhost", "/bad"), 1280, 800)
	if v := bad.Axe(t); len(v) == 0 || v[0].ID != "image-alt" || v[0].Impact != "critical" {
		t.Errorf("axe did not see the picture without words: %v", v)
	}
	if p := fmt.Sprint(bad.Problems()); !strings.Contains(p, "Content Security Policy") {
		t.Errorf("the inline script went unnoticed: %s", p)
	}
	if w := chrome.Page(at("localhost", "/wide"), 360, 740).Wide(t); w < 500 {
		t.Errorf("a page that is too wide went unnoticed: %d", w)
	}

	off := chrome.Page(at("uji-a.localhost", "/"), 360, 740, testkit.JSOff)
	if js := text(t, off, "#js"); js != "tanpa" {
		t.Errorf("the script ran: %q", js)
	}
	// A form that leads to a slow page, with and without JavaScript.
	for _, opts := range [][]func(*testkit.Page) error{nil, {testkit.JSOff}} {
		form := chrome.Page(at("uji-a.localhost", "/form"), 360, 740, opts...)
		form.Tap(t, "input")
		if err := form.InsertText("ktp"); err != nil {
			t.Fatal(err)
		}
		form.Press(t, "button")
		if q := text(t, form, "#q"); q != "ktp" {
			t.Errorf("searched for %q", q)
		}
	}
}
