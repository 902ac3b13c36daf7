package auditlog_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// TestInABrowser looks at the page as regional IT does, on a phone, a tablet and a desk: with axe, for what is wider
// than the window, with details that open by a press and by the keyboard.
func TestInABrowser(t *testing.T) {
	c := testkit.Browser(t)
	w := newWorld(t, testkit.SQLite)
	w.clock.Set(time.Now().Add(-26 * time.Hour)) // the browser counts a cookie's hours by its own clock
	w.day(t)
	w.records(t, store.Record{Actor: "system:cli", Action: "tenant:manifest:apply", Target: "tenant:" + w.a.Code,
		Data:   map[string]any{"manifest_sha256": strings.Repeat("0f1e2d3c", 8), "changes": 3},
		Before: map[string]string{"agencies/dukcapil/series/umum.quota": "100", "venues/mal.hours": "Senin–Kamis 08.00–15.30"},
		After:  map[string]string{"agencies/dukcapil/series/umum.quota": "150", "venues/mal.hours": "Senin–Kamis 08.00–16.00", "agencies/imigrasi": "Kantor Imigrasi, 2 layanan, 1 loket"}})
	w.records(t, many(60, "public", "queue:ticket:issue")...)
	w.clock.Set(time.Now())
	w.signIn(t)
	w.day(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.Serve(ln) }()
	t.Cleanup(func() {
		_ = w.Shutdown(context.Background())
		<-done
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	home := "http://" + w.a.Host("localhost") + ":" + port

	p := c.Page(home+"/masuk?next="+url.QueryEscape("/petugas/catatan"), 1280, 900)
	p.MustElement("#email").MustInput(w.a.Email("admin"))
	p.MustElement("#password").MustInput(password)
	p.Press(t, "main button")
	p.MustElement("#code").MustInput(testkit.AppCode(t, testkit.TOTPSecret, w.clock.Now()))
	p.Press(t, "main button")
	for _, width := range []int{360, 768, 1280} {
		look := func(name, query, press string) *testkit.Page {
			q := c.Page(home+"/petugas/catatan"+query, width, 800)
			if press != "" {
				q.Tap(t, press)
			}
			q.Accessible(t)
			if wide := q.Wide(t); wide > 0 {
				t.Errorf("%s at %d is %d pixels too wide", name, width, wide)
			}
			for _, problem := range q.Problems() {
				if !strings.Contains(problem, "422") {
					t.Errorf("%s at %d: %s", name, width, problem)
				}
			}
			q.Screenshot(t, fmt.Sprintf("records-%s-%d", name, width))
			return q
		}
		look("list", "?lang=id", ".p-log li:nth-child(3) summary").MustClose()
		look("apply", "?kegiatan=tenant:manifest:apply", ".p-log summary").MustClose()
		look("ticket", "?sasaran=A-001&lang=en", ".p-log summary").MustClose()
		look("none", "?sasaran=ZZ-1&lang=id", "").MustClose()
		look("wrong", "?dari=2026-13-01&sasaran=!", "").MustClose()
		q := look("older", "?sebelum=40", "")
		// Every target is big enough for a finger, and opens by Enter.
		small := q.MustEval(`() => [...document.querySelectorAll('.p-log summary, .p-filter .p-in, .p-filter .p-btn, .p-pager a')].filter(e => e.getBoundingClientRect().height < 44).length`).Int()
		if small > 0 {
			t.Errorf("%d targets are too small at %d", small, width)
		}
		opened := q.MustEval(`() => { const s = document.querySelector('.p-log summary'); s.focus(); return document.activeElement === s }`).Bool()
		if !opened {
			t.Error("a record cannot be focused")
		}
		q.MustClose()
	}
}
