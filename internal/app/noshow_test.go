package app_test

import (
	"strings"
	"testing"

	"github.com/go-rod/rod/lib/input"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// Somebody who was not there comes after all, and is called again by one key. The person's phone, which said that
// they were missed, says so at once.
func TestAnAbsentPersonIsCalledAgainByAKey(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	desk := c.Page(d.at("bangka", "/masuk?next=/petugas"), 1024, 600)
	d.signIn(t, desk, "officer")
	desk.Press(t, "main .p-reg a")
	desk.MustElement(".p-next")
	var phones []*testkit.Page
	for range 2 {
		phones = append(phones, c.Page(d.at("bangka", takeTicket(t, d, "bangka", "/layanan/dukcapil/ktp-hilang-rusak")), 360, 800))
	}
	phone := phones[0]
	desk.MustWait(`() => document.querySelector('#antre').innerText.includes('A-002')`)
	key := func(k input.Key) { desk.Keyboard.MustType(k) }
	key(input.Space)
	desk.MustWait(`() => (document.querySelector('.p-cno') || {}).textContent === 'A-001'`)
	key(input.KeyX)
	desk.MustWait(`() => document.querySelector('.p-undo').innerText.includes('A-001 dicatat tidak hadir')`)
	phone.MustWait(`() => document.body.innerText.includes('Anda terlewat')`)
	shot(t, phone, "ticket-missed-360")
	inspect(t, desk, "counter-missed-1024")
	if text := desk.MustElement(".p-undo button").MustText(); !strings.Contains(text, "Panggil kembali A-001") || !strings.Contains(text, "L") {
		t.Errorf("the button says %q", text)
	}
	for _, size := range [][2]int{{1280, 800}, {768, 1024}, {360, 800}} {
		q := c.Page(desk.MustInfo().URL, size[0], size[1])
		inspect(t, q, "counter-missed-"+itoa(size[0]))
		q.MustClose()
	}
	key(input.KeyL)
	desk.MustWait(`() => !!document.querySelector('.p-calling') && document.querySelector('.p-cno').textContent === 'A-001'`)
	phone.MustWait(`() => !!document.querySelector('.p-called') && document.body.innerText.includes('2 kali')`)
	inspect(t, desk, "counter-again-1024")
	// The list keeps its place while the counter is not free, and its buttons rest.
	key(input.KeyX)
	desk.MustWait(`() => !document.querySelector('.p-cno')`)
	key(input.Space)
	desk.MustWait(`() => (document.querySelector('.p-cno') || {}).textContent === 'A-002'`)
	desk.MustWait(`() => document.querySelector('.p-missed button').disabled`)
	inspect(t, desk, "counter-busy-1024")
	if h := desk.MustEval(`() => document.documentElement.scrollHeight`).Int(); h > 600 {
		t.Errorf("the screen is %d px high at 1024 x 600", h)
	}
	for name, p := range map[string]*testkit.Page{"desk": desk, "phone": phone} {
		if wrong := p.Problems(); len(wrong) > 0 {
			t.Errorf("%s: the console says %q", name, wrong)
		}
	}
}
