package app_test

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// demoSite is a running demo without its simulated day, as a browser sees it.
type demoSite struct {
	*testkit.Process
	dir     string
	regions map[string]demoRegion // by slug
}

type demoRegion struct {
	Code, Name, Host string
	Logins           []struct {
		Role, Email, Password string
		TOTPSecret            string `json:"totp_secret"`
	}
}

func startDemo(t *testing.T, args ...string) *demoSite {
	t.Helper()
	dir := t.TempDir()
	p := testkit.Serve(t, append([]string{"demo", "--data", dir}, args...), "PENDOPO_LOG_LEVEL=warn")
	var said struct{ Regions []demoRegion }
	if err := json.Unmarshal(p.Ready, &said); err != nil {
		t.Fatal(err)
	}
	d := &demoSite{p, dir, map[string]demoRegion{}}
	for _, r := range said.Regions {
		slug, _, _ := strings.Cut(r.Host, ".")
		d.regions[slug] = r
	}
	if len(d.regions) != 10 {
		t.Fatalf("the demo has %d regions", len(d.regions))
	}
	return d
}

// at is the address of a path on a region's host; an empty slug is the bare domain.
func (d *demoSite) at(slug, path string) string {
	host := "localhost"
	if slug != "" {
		host = slug + ".localhost"
	}
	return d.At(host, path)
}

// shot takes a picture when somebody wants to look (PENDOPO_TEST_SHOTS).
func shot(t *testing.T, p *testkit.Page, name string) {
	t.Helper()
	if os.Getenv("PENDOPO_TEST_SHOTS") != "" {
		p.Screenshot(t, name)
	}
}

var links = regexp.MustCompile(`href="(/layanan/[a-z0-9-]+/[a-z0-9-]+)"`)

// signIn signs an officer in by the form, as a person does.
func (d *demoSite) signIn(t *testing.T, p *testkit.Page, role string) {
	t.Helper()
	u, _ := url.Parse(p.MustInfo().URL)
	slug, _, _ := strings.Cut(u.Hostname(), ".")
	for _, l := range d.regions[slug].Logins {
		if l.Role == role {
			p.MustElement("input[name=email]").MustInput(l.Email)
			p.MustElement("input[name=password]").MustInput(l.Password)
			p.Press(t, "main form button")
			return
		}
	}
	t.Fatalf("no login for %s", role)
}

// A citizen without JavaScript takes a number; an officer calls it; phone, counter and hall see it at
// once.
func TestATicketReachesACounter(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)

	// The board and the officer are there before the citizen comes.
	desk := c.Page(d.at("bangka", "/masuk?next=/petugas"), 1280, 800)
	d.signIn(t, desk, "officer")
	desk.Press(t, "main .p-reg a")
	desk.MustElement(".p-next")
	boardPath := desk.MustEval(`() => fetch('/papan').then(r => r.text()).then(t => /href="(\/papan\/[^"]+)"/.exec(t)[1])`).Str()
	board := c.Page(d.at("bangka", boardPath), 1920, 1080)
	shot(t, board, "board-idle")

	// JavaScript off: search, standard, number.
	citizen := c.Page(d.at("bangka", "/"), 360, 800, testkit.JSOff)
	citizen.Tap(t, "input[name=q]")
	citizen.MustInsertText("ktp hilang")
	citizen.Press(t, "form[role=search] button")
	citizen.Press(t, "main .p-reg a")
	citizen.Press(t, "form.p-act button") // on a phone the button stands at the foot
	address := citizen.MustInfo().URL
	label := strings.TrimSpace(citizen.MustElement(".p-no").MustText())
	if !regexp.MustCompile(`/antrean/[0-9a-f-]{36}$`).MatchString(address) || label != "A-001" {
		t.Fatalf("the number is %q at %s", label, address)
	}
	shot(t, citizen, "ticket-nojs-360")

	// The same ticket on a phone with JavaScript, live.
	phone := c.Page(address, 360, 800)
	shot(t, phone, "ticket-waiting-360")
	desk.MustWait(`() => document.body.innerText.includes('A-001')`) // the officer's line shows it by itself
	desk.Tap(t, ".p-next:not([disabled])")
	desk.MustWait(`() => (document.querySelector('.p-cno') || {}).textContent?.includes('A-001')`)
	phone.MustWait(`() => !!document.querySelector('.p-called') && document.body.innerText.includes('Loket 1')`)
	board.MustWait(`() => document.body.innerText.includes('A-001')`)
	shot(t, phone, "ticket-called-360")
	shot(t, board, "board-called-1920")
	shot(t, desk, "counter-called-1280")

	// Finished: the phone says so.
	desk.Tap(t, `[data-key="s"]`)
	phone.MustWait(`() => !document.querySelector('.p-called')`)
	shot(t, phone, "ticket-finished-360")
	for name, p := range map[string]*testkit.Page{"desk": desk, "phone": phone, "board": board} {
		if wrong := p.Problems(); len(wrong) > 0 {
			t.Errorf("%s: the console says %q", name, wrong)
		}
	}
}

// Every page of the slice, in three sizes, without a serious finding of axe-core and without a sideways
// scroll; the region's home within 60 KB.
func TestPagesAreAccessible(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	res, err := d.Client().Get(d.at("bangka", "/layanan?q=ktp"))
	if err != nil {
		t.Fatal(err)
	}
	list := new(strings.Builder)
	if _, err := copyAll(list, res.Body); err != nil {
		t.Fatal(err)
	}
	found := links.FindStringSubmatch(list.String())
	if found == nil {
		t.Fatal("no link to a service")
	}
	service := found[1]
	ticket := takeTicket(t, d, "bangka", service)
	if out, err := pendopoIn(t, d.dir, "tenant", "suspend", "19.02", "pemeliharaan"); err != nil {
		t.Fatal(out)
	}

	sizes := [][2]int{{360, 800}, {768, 1024}, {1280, 900}}
	public := []struct{ name, slug, path string }{
		{"platform", "", "/"}, {"province", "", "/provinsi/19"}, {"find-region", "", "/daerah?q=pangkalpinang"},
		{"not-here", "kab-bogor", "/"}, {"unknown-host", "tidak-ada", "/"}, {"suspended", "belitung", "/"},
		{"home", "bangka", "/"}, {"home-digital", "belitung-timur", "/"}, {"home-large", "surabaya", "/"},
		{"home-en", "bangka", "/?lang=en"},
		{"list", "bangka", "/layanan"}, {"search", "bangka", "/layanan?q=ktp"}, {"nothing-found", "bangka", "/layanan?q=zzzz"},
		{"service", "bangka", service}, {"service-en", "bangka", service + "?lang=en"},
		{"ticket", "bangka", ticket}, {"withdraw", "bangka", ticket + "/batal"},
		{"boards", "bangka", "/papan"}, {"login", "bangka", "/masuk"}, {"not-found", "bangka", "/tidak-ada"},
	}
	for _, s := range public {
		for _, size := range sizes {
			p := c.Page(d.at(s.slug, s.path), size[0], size[1])
			t.Run(s.name+"-"+itoa(size[0]), func(t *testing.T) { inspect(t, p, s.name+"-"+itoa(size[0])) })
			p.MustClose()
		}
	}
	t.Run("numbers", func(t *testing.T) {
		c := testkit.Browser(t)
		empty := c.Page(d.at("bangka", "/antrean"), 360, 800)
		inspect(t, empty, "numbers-none-360")
		p := c.Page(d.at("bangka", service), 1280, 900)
		p.Press(t, `form[action="/antrean"] button`)
		p.Visit(t, d.at("bangka", service))
		p.Press(t, `form[action="/antrean"] button`)
		if !strings.Contains(p.MustElement("h1").MustText(), "sudah memegang nomor") {
			t.Errorf("a second number is given without a question: %q", p.MustElement("h1").MustText())
		}
		inspect(t, p, "numbers-second-1280")
		p.MustSetViewport(360, 800, 1, true)
		inspect(t, p, "numbers-second-360")
		p.Press(t, `form[action="/antrean"] button`)
		for _, size := range sizes {
			q := c.Page(d.at("bangka", "/antrean"), size[0], size[1])
			inspect(t, q, "numbers-"+itoa(size[0]))
			if n := len(q.MustElements("main .p-reg li")); n != 2 {
				t.Errorf("%d numbers are listed, not 2", n)
			}
		}
	})
	t.Run("budget", func(t *testing.T) {
		c := testkit.Browser(t)
		c.Page(d.at("bangka", "/"), 360, 800).Budget(t, 60_000)
	})
	t.Run("staff", func(t *testing.T) {
		c := testkit.Browser(t)
		p := c.Page(d.at("bangka", "/masuk"), 1280, 900)
		p.MustElement("input[name=email]").MustInput("bukan@contoh.id")
		p.MustElement("input[name=password]").MustInput("salah")
		p.Press(t, "main form button")
		inspect(t, p, "login-wrong-1280")
		p = c.Page(d.at("bangka", "/masuk"), 1280, 900)
		d.signIn(t, p, "officer")
		inspect(t, p, "counters-1280")
		p.Press(t, "main .p-reg a")
		p.MustElement(".p-next")
		inspect(t, p, "counter-1280")
		screen := p.MustInfo().URL
		for _, size := range [][2]int{{1024, 600}, {768, 1024}, {360, 800}} {
			q := c.Page(screen, size[0], size[1])
			inspect(t, q, "counter-"+itoa(size[0]))
			// What keys do is said where there are keys, and with them.
			if key, list := q.MustElement(".p-keylist kbd").MustVisible(), q.MustElement(".p-keylist").MustVisible(); key != list {
				t.Errorf("at %d the list of keys is shown (%v) and its keys are not (%v), or the other way", size[0], list, key)
			}
			if size[0] == 1024 {
				if h := q.MustEval(`() => document.documentElement.scrollHeight`).Int(); h > 600 {
					t.Errorf("the officer's screen is %d px high at 1024 x 600", h)
				}
			}
		}
		board := c.Page(d.at("bangka", p.MustEval(`() => fetch('/papan').then(r => r.text()).then(t => /href="(\/papan\/[^"]+)"/.exec(t)[1])`).Str()), 1920, 1080)
		inspect(t, board, "board-1920")
	})
	t.Run("devices", func(t *testing.T) {
		c := testkit.Browser(t)
		p := c.Page(d.at("bangka", "/masuk?next=/petugas/perangkat"), 1280, 900)
		d.signIn(t, p, "manager")
		p.MustElement(".p-dev")
		tryDevices(t, c, d)
		for _, size := range sizes {
			for _, page := range []string{"?lang=id", "/layar?inci=55", "/cetak?lebar=58", "/cetak", "/tablet", "?lang=en"} {
				q := c.Page(d.at("bangka", "/petugas/perangkat"+page), size[0], size[1])
				q.MustWait(`() => ![...document.querySelectorAll('[data-said]')].some((e) => e.textContent === '–')`)
				inspect(t, q, "devices"+strings.NewReplacer("/", "-", "?", "-", "=", "").Replace(page)+"-"+itoa(size[0]))
				q.MustClose()
			}
		}
	})
}

// tryDevices uses the test pages as somebody in front of the device does.
func tryDevices(t *testing.T, c *testkit.Chrome, d *demoSite) {
	said := func(p *testkit.Page, check string) string {
		return p.MustElement(`[data-check="` + check + `"] [data-said]`).MustText()
	}
	p := c.Page(d.at("bangka", "/petugas/perangkat/tablet"), 1280, 800)
	p.MustWait(`() => ![...document.querySelectorAll('[data-said]')].some((e) => e.textContent === '–')`)
	if s := said(p, "size"); s != "Baik: 1280 × 800 piksel." {
		t.Errorf("the size is told as %q", s)
	}
	if s := said(p, "line"); !strings.HasPrefix(s, "Baik: sedikitnya") || strings.Contains(s, "{") {
		t.Errorf("the connection is told as %q", s)
	}
	if s := said(p, "clock"); !strings.HasPrefix(s, "Tepat") {
		t.Errorf("the clock is told as %q", s)
	}
	p.MustElement("#ketik").MustInput("loket 4")
	p.MustWait(`() => document.querySelector('[data-type-said]').textContent.startsWith('Belum')`)
	p.MustElement("#ketik").MustSelectAllText().MustInput("Loket 3")
	p.MustWait(`() => document.querySelector('[data-type-said]').textContent.startsWith('Papan ketik bekerja')`)
	for i := range 12 {
		p.Tap(t, ".p-touch button:nth-child("+itoa(i+1)+")")
		if i == 4 {
			p.MustWait(`() => document.querySelector('[data-touch-said]').textContent.startsWith('Masih 7 kotak')`)
		}
	}
	p.MustWait(`() => document.querySelector('[data-touch-said]').textContent.startsWith('Semua kotak')`)
	// A clock that is half an hour slow is told so.
	p.MustEvalOnNewDocument(`{ const real = Date.now; Date.now = () => real() - 1800000; }`)
	p.MustReload()
	p.MustWait(`() => document.querySelector('[data-check=clock] [data-said]').textContent.startsWith('Terlambat 30 menit')`)

	p = c.Page(d.at("bangka", "/petugas/perangkat/layar"), 1920, 1080)
	p.Tap(t, "[data-sound]")
	p.MustWait(`() => document.querySelector('[data-sound-said]').textContent.startsWith('Bunyi')`)
	edge := p.MustEval(`() => { const r = document.querySelector('.p-edge').getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom].join() }`).Str()
	if edge != "0,0,1920,1080" {
		t.Errorf("the line at the edges is at %s", edge)
	}
	for width, want := range map[string]string{"58": "48", "80": "72"} {
		p = c.Page(d.at("bangka", "/petugas/perangkat/cetak?lebar="+width), 1024, 768)
		mm := p.MustEval(`() => Math.round(document.querySelector('.p-mm').getBoundingClientRect().width / 96 * 25.4)`).Int()
		if itoa(mm) != want {
			t.Errorf("on %s mm paper the ruler is %d mm, not %s", width, mm, want)
		}
	}
	if wrong := p.Problems(); len(wrong) > 0 {
		t.Errorf("the console says %q", wrong)
	}
}

// inspect looks at a page as axe-core does, and for what is wider than the screen.
func inspect(t *testing.T, p *testkit.Page, name string) {
	t.Helper()
	p.Accessible(t)
	if over := p.MustEval(`() => document.documentElement.scrollWidth - document.documentElement.clientWidth`).Int(); over > 0 {
		t.Errorf("%s scrolls sideways by %d px", name, over)
	}
	for _, w := range p.Problems() {
		if !strings.Contains(w, "status of 404") && !strings.Contains(w, "status of 503") && !strings.Contains(w, "status of 401") {
			t.Errorf("%s: the console says %s", name, w)
		}
	}
	shot(t, p, name)
}

// takeTicket takes a number by the form of a service's page and gives the ticket's path.
func takeTicket(t *testing.T, d *demoSite, slug, service string) string {
	t.Helper()
	client := d.Client()
	res, err := client.Get(d.at(slug, service))
	if err != nil {
		t.Fatal(err)
	}
	page := new(strings.Builder)
	if _, err := copyAll(page, res.Body); err != nil {
		t.Fatal(err)
	}
	hidden := regexp.MustCompile(`name="(layanan|kunci)" value="([^"]+)"`)
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page.String(), -1) {
		form.Set(m[1], m[2])
	}
	res, err = client.PostForm(d.at(slug, "/antrean"), form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 303 {
		t.Fatalf("taking a number answers %d", res.StatusCode)
	}
	return res.Header.Get("Location")
}
