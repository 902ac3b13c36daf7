package app_test

import (
	"strings"
	"testing"

	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// deskRegion is a region with a front desk, a series that has one number a day, and one officer.
func deskRegion() *tenants.Region {
	r := oneSeries("19.01", "WIB")
	a := &r.Agencies[0]
	a.Series = append(a.Series, tenants.Series{Code: "sedikit", Prefix: "B", Venue: "mal", Quota: 1})
	a.Services = append(a.Services, tenants.Service{Code: "akta-lahir", Series: tenants.Codes{"sedikit"}})
	a.Counters[0].Series = []string{"umum", "sedikit"}
	r.Staff = append(r.Staff, tenants.Person{Email: "meja@contoh.test", Name: "Meja Depan", Role: tenants.RoleFrontOffice})
	return r
}

// desk is a server of that region, and a way to sign in to it.
type deskSite struct {
	*testkit.Process
	slug string
}

func startDesk(t *testing.T) *deskSite {
	t.Helper()
	db := testkit.Open(t, testkit.SQLite)
	row := apply(t, db, deskRegion())
	return &deskSite{testkit.Serve(t, []string{"serve"}, serveEnv(db)...), row.Slug}
}

func (d *deskSite) at(path string) string { return d.At(d.slug+".localhost", path) }

func (d *deskSite) open(t *testing.T, c *testkit.Chrome, email, path string, w, h int, opts ...func(*testkit.Page) error) *testkit.Page {
	t.Helper()
	p := c.Page(d.at("/masuk?next="+path), w, h, opts...)
	typeInto(t, p, "input[name=email]", email)
	typeInto(t, p, "input[name=password]", password)
	p.Press(t, "main form button")
	return p
}

// typeInto types as a person does, also where there is no JavaScript.
func typeInto(t *testing.T, p *testkit.Page, selector, text string) {
	t.Helper()
	p.Tap(t, selector)
	if err := (proto.InputInsertText{Text: text}).Call(p); err != nil {
		t.Fatal(err)
	}
}

// toFront goes to the front desk by the menu, which is folded on a tablet.
func toFront(t *testing.T, p *testkit.Page) {
	t.Helper()
	p.Tap(t, ".p-menu > summary")
	p.Press(t, `.p-menu a[href="/petugas/meja-depan"]`)
}

// The front desk gives a number to somebody without a phone, prints it, finds it again by number and by code, and
// gives the place back: all without JavaScript, on a tablet.
func TestTheFrontDeskServesWithoutJavaScript(t *testing.T) {
	d := startDesk(t)
	p := d.open(t, testkit.Browser(t), "meja@contoh.test", "/petugas", 768, 1024, testkit.JSOff)
	text := func(selector string) string { return strings.TrimSpace(p.MustElement(selector).MustText()) }
	toFront(t, p)
	typeInto(t, p, "#q", "akta lahir")
	p.Press(t, ".p-search button")
	p.Press(t, ".p-give button")
	if got := text(".p-cno"); got != "B-001" || !strings.Contains(text("main"), "Nomor baru sudah diberikan") {
		t.Fatalf("the number is %q\n%s", got, text("main"))
	}
	ticket := p.MustInfo().URL
	code := text(".p-pairs dd")
	p.Press(t, "#t-cetak")
	if got := text("h1"); got != "B-001" || !p.MustHas(".p-qr") {
		t.Errorf("the paper says %q", got)
	}
	p.Press(t, `main a[href="/petugas/meja-depan"]`)
	// Full: the next one is told so, and when.
	typeInto(t, p, "#q", "akta lahir")
	p.Press(t, ".p-search button")
	if list := text(".p-give"); !strings.Contains(list, "Nomor antrean hari ini sudah habis. Nomor diberikan lagi") {
		t.Errorf("a full series: %s", list)
	}
	for _, what := range []string{"b1", strings.ToLower(strings.ReplaceAll(code, "-", ""))} {
		toFront(t, p)
		typeInto(t, p, "#nomor", what)
		p.Press(t, ".p-find button")
		if got := text(".p-cno"); got != "B-001" {
			t.Errorf("%q finds %q", what, got)
		}
	}
	p.Press(t, "#t-batal")
	p.Press(t, "main form button")
	if !strings.Contains(text("main"), "B-001 sudah dibatalkan") || !strings.HasPrefix(p.MustInfo().URL, strings.Split(ticket, "?")[0]) {
		t.Errorf("after cancelling: %s", text("main"))
	}
}

// Somebody who was missed comes to the desk: one key puts them back into the line, and their phone, the desk's list
// and the counter see it at once.
func TestTheFrontDeskPutsBackWhoWasMissed(t *testing.T) {
	d := startDesk(t)
	c := testkit.Browser(t)
	officer := siteOf(d.Process, d.slug)
	officer.signIn(t, "loket1@contoh.test")
	var services struct {
		Services []struct{ ID, Code string }
	}
	var mine struct{ Counters []struct{ ID string } }
	if _, err := officer.do("GET", "/api/v1/services", "", nil, &services); err != nil {
		t.Fatal(err)
	}
	if _, err := officer.do("GET", "/api/v1/counters", "", nil, &mine); err != nil || len(mine.Counters) != 1 {
		t.Fatal(mine, err)
	}
	service := ""
	for _, s := range services.Services {
		if s.Code == "ktp-baru" {
			service = s.ID
		}
	}
	public := siteOf(d.Process, d.slug)
	var a ticket
	if _, err := public.do("POST", "/api/v1/tickets", "k", map[string]string{"service_id": service}, &a); err != nil {
		t.Fatal(err)
	}
	phone := c.Page(d.at("/antrean/"+a.ID), 360, 800)
	front := d.open(t, c, "meja@contoh.test", "/petugas/meja-depan", 1024, 600)
	front.MustWait(`() => /A\s+Kependudukan\s+1\s/.test(document.querySelector('[data-live-target=antrean]').innerText)`)
	counter := d.open(t, testkit.Browser(t), "loket1@contoh.test", "/petugas/loket/"+mine.Counters[0].ID, 1024, 600)
	counter.MustElement(".p-next")
	counter.Keyboard.MustType(input.Space)
	counter.MustWait(`() => (document.querySelector('.p-cno') || {}).textContent === 'A-001'`)
	counter.Keyboard.MustType(input.KeyX)
	phone.MustWait(`() => document.body.innerText.includes('Anda terlewat')`)
	front.MustWait(`() => !!document.querySelector('.p-front-missed a')`) // by itself
	inspect(t, front, "front-missed-1024")
	front.Press(t, ".p-front-missed a")
	sizes(t, c, d.at(strings.TrimPrefix(front.MustInfo().URL, d.at(""))), "front-ticket-missed")
	counterText := `() => document.querySelector('#antre').innerText.includes('A-001')`
	front.Follow(t, "K", func() { front.Keyboard.MustType(input.KeyK) })
	front.MustWait(`() => document.body.innerText.includes('A-001 sudah kembali ke antrean')`)
	phone.MustWait(`() => document.body.innerText.includes('Anda berikutnya') && !!document.querySelector('.p-qr')`)
	counter.MustWait(counterText)
	counter.Keyboard.MustType(input.Space)
	front.MustWait(`() => !!document.querySelector('.p-calling') && document.body.innerText.includes('Loket 1')`)
	inspect(t, front, "front-ticket-called-1024")
	for name, p := range map[string]*testkit.Page{"front": front, "phone": phone, "counter": counter} {
		if wrong := p.Problems(); len(wrong) > 0 {
			t.Errorf("%s: the console says %q", name, wrong)
		}
	}
}

// sizes looks at a page on a phone, a tablet, an old desk and a new one.
func sizes(t *testing.T, c *testkit.Chrome, address, name string) {
	t.Helper()
	for _, s := range [][2]int{{360, 800}, {768, 1024}, {1024, 600}, {1280, 800}} {
		p := c.Page(address, s[0], s[1])
		inspect(t, p, name+"-"+itoa(s[0]))
		p.MustClose()
	}
}

// Every page of the front desk, in four sizes.
func TestTheFrontDeskIsAccessible(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	p := c.Page(d.at("bangka", "/masuk"), 1280, 800)
	d.signIn(t, p, "front-office")
	inspect(t, p, "front-landing-1280")
	const base = "/petugas/meja-depan"
	p.Press(t, `a[href="`+base+`"]`)
	p.Press(t, ".p-give-a a")
	p.Press(t, ".p-give button")
	ticket := p.MustInfo().URL
	sizes(t, c, ticket, "front-ticket")
	ticket, _, _ = strings.Cut(ticket, "?")
	sizes(t, c, ticket+"/batal", "front-cancel")
	sizes(t, c, ticket+"/cetak", "front-print")
	sizes(t, c, d.at("bangka", base), "front")
	sizes(t, c, d.at("bangka", base+"?instansi=dukcapil"), "front-agency")
	sizes(t, c, d.at("bangka", base+"?nomor=A-999&lang=en"), "front-not-found")
}

// By keyboard: L looks for a service as one types, Tab leads to its button, Enter gives the number, N is for the next
// person, and C finds the number again.
func TestTheFrontDeskIsWorkedByKeyboard(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	p := c.Page(d.at("bangka", "/masuk?next=/petugas"), 1024, 600)
	d.signIn(t, p, "front-office")
	p.Press(t, `a[href="/petugas/meja-depan"]`)
	key := func(k input.Key) { p.Follow(t, string(k), func() { p.Keyboard.MustType(k) }) }
	for _, label := range []string{"A-001", "A-002"} {
		p.Keyboard.MustType(input.KeyL)
		p.MustWait(`() => document.activeElement.id === 'q'`)
		p.MustInsertText("ktp hilang")
		p.MustWait(`() => !!document.querySelector('#h-hasil')`)
		p.Keyboard.MustType(input.Tab, input.Tab) // the search's own button, then the first service's
		p.MustWait(`() => document.activeElement.name === 'layanan'`)
		key(input.Enter)
		if got := p.MustElement(".p-cno").MustText(); got != label {
			t.Errorf("the number is %s, want %s", got, label)
		}
		key(input.KeyN)
	}
	p.Keyboard.MustType(input.KeyC)
	p.MustWait(`() => document.activeElement.id === 'nomor'`)
	p.MustInsertText("a2")
	key(input.Enter)
	if got := p.MustElement(".p-cno").MustText(); got != "A-002" {
		t.Errorf("a2 finds %s", got)
	}
	if wrong := p.Problems(); len(wrong) > 0 {
		t.Errorf("the console says %q", wrong)
	}
}
