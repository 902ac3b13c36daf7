package assets_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-rod/rod"
)

// stoppedClock lets the page's time pass only when a test says so: advance(seconds).
const stoppedClock = `(() => {
	let now = 0, last = 0;
	const timers = new Map();
	performance.now = () => now;
	window.setTimeout = (f, ms = 0, ...args) => { timers.set(++last, {at: now + ms, run: () => f(...args)}); return last; };
	window.clearTimeout = (n) => timers.delete(n);
	window.advance = async (seconds) => {
		const end = now + Math.round(seconds * 1000);
		for (;;) {
			const due = [...timers].filter((t) => t[1].at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
			if (!due) break;
			timers.delete(due[0]);
			now = Math.max(now, due[1].at);
			due[1].run();
			await null; // whoever watches the page sees each change by itself
		}
		now = end;
	};
})()`

// board is a hall's board in a browser, with every part that board.js fills, both kinds in one.
type board struct {
	t    *testing.T
	p    *rod.Page
	feed chan string
	seq  int
}

const boardPage = `<main data-board="/events" data-seq="2" data-patience="0.2">
	<p data-call-said></p>
	<section class="p-idle" data-call><b data-call-number></b><span data-call-counter></span><i data-call-agency></i></section>
	<ol data-recent><template><li><b data-recent-number></b> <span data-recent-counter></span> <time data-recent-time></time></li></template>
		<li class="p-empty">Belum ada</li></ol>
	<ul><li data-counter="Loket 1" data-counter-id="c1" class="p-off"><b>Kosong</b></li><li data-counter="Loket 2" class="p-on"><b>A-000</b></li></ul>
	<i data-live-target="mark"></i></main><p data-lost hidden>Terputus</p>`

// watch notes what is announced and what is said, each with the second.
const watch = `() => ['call-number', 'call-said'].forEach((name) => {
	const el = document.querySelector('[data-' + name + ']');
	window[name] = [];
	new MutationObserver(() => window[name].push(el.textContent + '@' + performance.now() / 1000)).observe(el, {childList: true});
})`

func newBoard(t *testing.T) *board {
	t.Helper()
	b := &board{t: t, feed: make(chan string), seq: 2}
	s := newSite(t)
	s.page("/", "board.js", boardPage)
	s.events("/events", func(r *http.Request, send func(id, event, data string)) {
		for {
			select {
			case data := <-b.feed:
				event, data, _ := strings.Cut(data, " ")
				send("", event, data)
			case <-r.Context().Done():
				return
			}
		}
	})
	b.p = open(t, s.url+"/", stoppedClock)
	b.p.MustEval(watch)
	return b
}

// send sends events and waits until the page has had them.
func (b *board) send(events ...string) {
	b.t.Helper()
	for _, e := range events {
		b.feed <- e
	}
	mark := fmt.Sprint("m", b.seq)
	b.feed <- `html {"target":"mark","html":"` + mark + `"}`
	until(b.t, b.p, `document.querySelector('[data-live-target=mark]').textContent === '`+mark+`'`)
}

// call calls a number to a counter; its identifier follows from its name.
func (b *board) call(number, counter int) {
	b.t.Helper()
	b.seq++
	b.send(callEvent(b.seq, number, counter))
}

func callEvent(seq, number, counter int) string {
	return fmt.Sprintf(`call {"seq":%d,"number":"A-%03d","counter":"Loket %d","counter_id":"c%d","agency":"<b>Imigrasi</b>","at":"2026-11-23T09:%02d:00+07:00"}`,
		seq, number, counter, counter, number%60)
}

// burst calls numbers from one to another in one moment, each to a counter of its own.
func (b *board) burst(from, to int) {
	b.t.Helper()
	var all []string
	for n := from; n <= to; n++ {
		b.seq++
		all = append(all, callEvent(b.seq, n, n))
	}
	b.send(all...)
}

func (b *board) pass(seconds float64) { b.p.MustEval(`(s) => window.advance(s)`, seconds) }

// announced is what was announced so far, and when: "A-003@0 A-004@5".
func (b *board) announced() string {
	return b.p.MustEval(`() => window['call-number'].join(' ')`).Str()
}

// recent is the list, with a ! after each row that is new.
func (b *board) recent() string {
	return b.p.MustEval(`() => [...document.querySelectorAll('[data-recent] li:not(.p-empty)')]
		.map((x) => x.textContent + (x.className ? '!' : '')).join(', ')`).Str()
}

func (b *board) want(what, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

// What is so is shown at once, though only one call is announced at a time.
func TestBoardShowsEveryCallAtOnce(t *testing.T) {
	b := newBoard(t)
	b.send(callEvent(2, 99, 9)) // the page shows it already
	b.burst(3, 9)
	b.call(8, 1)                   // called again, by another counter
	b.send(callEvent(b.seq, 8, 1)) // repeats itself
	// The first is announced and stands above the list; all others are in it, as new, each once.
	b.want("announced", b.announced(), "A-003@0")
	b.want("recent", b.recent(), "A-008 Loket 1 09.08!, A-009 Loket 9 09.09!, A-007 Loket 7 09.07!, A-006 Loket 6 09.06!, A-005 Loket 5 09.05!, A-004 Loket 4 09.04!")
	until(t, b.p, `!document.querySelector('.p-idle') && document.querySelector('[data-call-agency]').children.length === 0`) // text, never markup
	until(t, b.p, `document.querySelector('[data-recent]').className === 'p-many'`)
	until(t, b.p, `document.querySelector('[data-counter-id=c1]').className === 'p-new' && document.querySelector('[data-counter-id=c1] b').textContent === 'A-008'`)
	b.burst(10, 30)
	b.call(31, 2)
	until(t, b.p, `document.querySelector('[data-counter="Loket 2"]').className === 'p-new' && document.querySelector('[data-counter="Loket 2"] b').textContent === 'A-031'`)
	until(t, b.p, `document.querySelectorAll('[data-recent] li.p-new').length === 12 && document.querySelector('[data-recent]').className === 'p-many p-most'`)
	// Half a minute later nothing is new, and the list has its five rows.
	b.pass(30)
	b.want("recent", b.recent(), "A-030 Loket 30 09.30, A-029 Loket 29 09.29, A-028 Loket 28 09.28, A-027 Loket 27 09.27, A-026 Loket 26 09.26")
	until(t, b.p, `document.querySelectorAll('.p-new').length === 0 && document.querySelector('[data-counter="Loket 2"]').classList.contains('p-on')`)
}

// One announcement at a time, in order, and each for the whole of its time while nobody is in a hurry.
func TestBoardAnnouncesInTurn(t *testing.T) {
	b := newBoard(t)
	b.call(3, 3)
	b.pass(1)
	b.call(4, 4)
	b.call(4, 4) // and once more
	b.pass(3.9)
	b.want("recent", b.recent(), "A-004 Loket 4 09.04!")
	b.pass(.1)
	b.want("recent", b.recent(), "A-003 Loket 3 09.03") // it had its time
	b.pass(60)
	b.call(5, 5)
	b.want("announced", b.announced(), "A-003@0 A-004@5 A-004@10 A-005@65")
}

func TestBoardHurriesWhileOthersWait(t *testing.T) {
	for _, c := range []struct {
		name string
		last int
		want string
	}{
		{"a few share the time", 7, "A-003@0 A-004@3.75 A-005@7.5 A-006@11.25 A-007@15"},
		{"as many as can be read", 13, "A-003@0 A-004@1.5 A-005@3 A-006@4.5 A-007@6 A-008@7.5 A-009@9 A-010@10.5 A-011@12 A-012@13.5 A-013@15"},
		{"more than can be read", 16, "A-003@0 A-007@1.5 A-008@3 A-009@4.5 A-010@6 A-011@7.5 A-012@9 A-013@10.5 A-014@12 A-015@13.5 A-016@15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.burst(3, c.last)
			b.pass(20)
			b.want("announced", b.announced(), c.want)
			if !strings.Contains(b.recent(), "A-004 Loket 4 09.04!") {
				t.Errorf("who was not announced, or not for long, is not in the list as new: %s", b.recent())
			}
			if words := b.p.MustEval(`() => window['call-said'].length`).Int(); words > 6 {
				t.Errorf("a screen reader hears %d sentences in 20 s", words)
			}
		})
	}
}

// Two calls a second for a minute: what is announced stays within 15 s of its call, and within reading.
func TestBoardIsNeverFarBehind(t *testing.T) {
	b := newBoard(t)
	for n := 3; n < 123; n++ {
		b.call(n, n)
		b.pass(.5)
	}
	b.pass(60)
	var numbers []int
	before := -1.5
	for _, a := range strings.Fields(b.announced()) {
		var n int
		var at float64
		if _, err := fmt.Sscanf(a, "A-%d@%g", &n, &at); err != nil {
			t.Fatal(err)
		}
		if late := at - float64(n-3)/2; late > 15 || at-before < 1.5 {
			t.Errorf("%s began %g s after its call, %g s after the one before", a, late, at-before)
		}
		before = at
		numbers = append(numbers, n)
	}
	if !slices.IsSorted(numbers) || len(slices.Compact(slices.Clone(numbers))) != len(numbers) || len(numbers) < 40 || numbers[len(numbers)-1] != 122 {
		t.Errorf("announced %v", numbers)
	}
}

// A screen reader gets a sentence when it can have said the one before.
func TestBoardSpeaksInSentences(t *testing.T) {
	b := newBoard(t)
	b.burst(3, 13)
	b.pass(40)
	b.want("said", b.p.MustEval(`() => window['call-said'].join('; ')`).Str(),
		"A-003, Loket 3@0; A-004, Loket 4. A-005, Loket 5. A-006, Loket 6@5; "+
			"A-007, Loket 7. A-008, Loket 8. A-009, Loket 9. A-010, Loket 10@11; A-011, Loket 11. A-012, Loket 12. A-013, Loket 13@19")
}

// Nobody is announced to a counter that has called the next one meanwhile.
func TestBoardAnnouncesNobodyWhoHasGone(t *testing.T) {
	b := newBoard(t)
	for i, counter := range []int{4, 5, 6, 5} {
		b.call(3+i, counter)
	}
	b.pass(60)
	b.want("announced", b.announced(), "A-003@0 A-005@5 A-006@10")
	b.want("recent", b.recent(), "A-005 Loket 6 09.05, A-004 Loket 5 09.04, A-003 Loket 4 09.03")
}

// A board without a signal says so, and after a while no longer claims to know who is called.
func TestBoardSaysThatTheSignalIsLost(t *testing.T) {
	s := newSite(t)
	s.page("/", "board.js", boardPage)
	quit := make(chan struct{})
	s.events("/events", func(r *http.Request, send func(id, event, data string)) {
		send("3", "call", strings.TrimPrefix(callEvent(3, 3, 3), "call "))
		select {
		case <-quit:
		case <-r.Context().Done():
		}
	})
	p := open(t, s.url+"/")
	until(t, p, `document.querySelector('[data-call-number]').textContent === 'A-003' && document.querySelector('[data-lost]').hidden`)
	quit <- struct{}{} // the stream ends: the browser waits 3 s before it comes back
	until(t, p, `!document.querySelector('[data-lost]').hidden && document.body.classList.contains('p-lost')`)
	until(t, p, `document.body.classList.contains('p-stale')`)
	until(t, p, `document.querySelector('[data-lost]').hidden && !document.body.classList.contains('p-stale')`)
}
