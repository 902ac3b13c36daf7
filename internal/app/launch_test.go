package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// launch is a person who brings a region on, in a browser, and what it took.
type launch struct {
	t       *testing.T
	d       *demoSite
	p       *testkit.Page
	screens int
	typed   int
	signs   int
	presses int
}

func (l *launch) fill(selector, text string) {
	l.t.Helper()
	l.p.MustActivate() // a page behind another draws nothing, and typing waits for that
	el := l.p.MustElement(selector)
	el.MustSelectAllText().MustInput(text)
	l.typed++
	l.signs += len(text)
}

func (l *launch) press(selector string) {
	l.t.Helper()
	l.p.Press(l.t, selector)
	l.presses++
	l.screen()
}

// screen looks at a new page: it must be one that everybody can use.
func (l *launch) screen() {
	l.t.Helper()
	l.screens++
	if title := l.p.MustEval(`() => document.title`).Str(); strings.Contains(title, "kesalahan") {
		l.t.Fatalf("screen %d: %s: %s", l.screens, title, l.p.MustElement("main").MustText())
	}
}

var letterLink = regexp.MustCompile(`https?://[^\s]+\?k=[A-Za-z0-9_-]+`)

// letter waits for a letter to somebody and gives the link in it.
func (d *demoSite) letter(t *testing.T, to, subject string) string {
	t.Helper()
	folder := notify.NewFolder(filepath.Join(d.dir, "mail"))
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		all, err := folder.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			if strings.Contains(k.To, to) && strings.Contains(k.Subject, subject) {
				whole, _, err := folder.Show(k.ID)
				if err != nil {
					t.Fatal(err)
				}
				if link := letterLink.FindString(whole.Text); link != "" {
					return link
				}
			}
		}
	}
	t.Fatalf("no letter to %s about %q", to, subject)
	return ""
}

// secret is the demo's second factor.
func (d *demoSite) secret(t *testing.T) string {
	t.Helper()
	for _, r := range d.regions {
		for _, x := range r.Logins {
			if x.TOTPSecret != "" {
				return x.TOTPSecret
			}
		}
	}
	t.Fatal("no login of the demo has a second factor")
	return ""
}

// A person in regional IT opens a region from nothing, alone, in a browser; then a citizen takes the first number there.
// What they made is a manifest that makes the same region elsewhere.
func TestARegionLaunchesItself(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	began := time.Now()
	l := &launch{t: t, d: d, p: c.Page(d.at("", "/"), 1280, 800)}
	l.screen()

	// Which region, and who.
	const email = "rina@bantulkab.go.id"
	l.press(`.p-invite a.p-btn`)
	l.fill("#q", "bantul")
	l.press("main form button")
	shot(t, l.p, "claim-found-1280")
	l.press(`main .p-reg a`)
	l.fill("#name", "Rina Puspita")
	l.fill("#post", "Pranata Komputer, DPMPTSP")
	l.fill("#email", email)
	shot(t, l.p, "claim-who-1280")
	l.press("main form button")
	l.p.Visit(t, d.letter(t, email, "Bantul"))
	l.screen()
	l.press("main form button")
	if text := l.p.MustElement("main").MustText(); !strings.Contains(text, "pengelola Pendopo") {
		t.Errorf("no Biro Organisasi is there, and the page says: %s", text)
	}
	shot(t, l.p, "claim-proven-1280")

	// Whoever runs the platform confirms.
	operator := c.Page(d.at("", "/masuk"), 1280, 800)
	operator.MustElement("#email").MustInput("operator@contoh.go.id")
	operator.MustElement("#password").MustInput("pendopo-demo-2026")
	operator.Press(t, "main form button")
	operator.MustElement("#code").MustInput(testkit.AppCode(t, d.secret(t), time.Now()))
	operator.Press(t, "main form button")
	operator.Visit(t, d.at("", "/petugas/pendaftaran"))
	shot(t, operator, "claims-1280")
	operator.Accessible(t)
	operator.Press(t, ".p-end form button")
	if text := operator.MustElement("main").MustText(); !strings.Contains(text, "Kabupaten Bantul disiapkan") {
		t.Fatalf("after confirming: %s", text)
	}

	// The public sees that it is coming.
	early := c.Page(d.at("bantul", "/"), 360, 800)
	if text := early.MustElement("main").MustText(); !strings.Contains(text, "sedang menyiapkan") {
		t.Errorf("before it opens, the region's page says: %s", text)
	}
	shot(t, early, "preparing-360")
	early.Accessible(t)

	// The invitation: a password, a second step, and the set-up.
	const password = "gapura kunyit lumbung 73"
	l.p.Visit(t, d.letter(t, email, "Undangan"))
	l.screen()
	l.fill("#new", password)
	l.press("main form button")
	l.fill("#email", email)
	l.fill("#password", password)
	l.press("main form button")
	l.press("main .p-row a.p-btn") // an app for codes
	secret := strings.ReplaceAll(strings.TrimSpace(l.p.MustElement(".p-code-s code").MustText()), " ", "")
	l.fill("#code", testkit.AppCode(t, secret, time.Now()))
	l.press("main form button")
	l.press("main .p-row a.p-btn") // the codes are kept
	at := func(step string) {
		t.Helper()
		if u := l.p.MustInfo().URL; !strings.Contains(u, "/petugas/persiapan/"+step) {
			t.Fatalf("at %s, not %s: %s", u, step, l.p.MustElement("main").MustText())
		}
		for _, width := range []int{360, 768, 1280} {
			l.p.MustSetViewport(width, 800, 1, false)
			shot(t, l.p, fmt.Sprintf("%s-%d", step, width))
			if wide := l.p.Wide(t); wide > 0 {
				t.Errorf("%s scrolls sideways by %d at %d", step, wide, width)
			}
		}
		l.p.Accessible(t)
	}
	at("daerah")
	l.fill("#f-contact-phone", "(0274) 555 010")
	l.fill("#f-contact-complaints", "Silakan sampaikan ke meja depan.")
	l.fill("#f-brand-colour", "#f2c14e")
	l.p.MustWait(`() => document.querySelector('[data-saved]').textContent.trim().startsWith('Tersimpan')`)
	at("daerah")
	l.press("button[value=next]")
	at("lokasi")
	l.fill("#name", "Kantor Pelayanan Bantul")
	l.press("button[value=add-venue]")
	l.fill("#f-venues-kantor-pelayanan-bantul-address", "Jalan Robert Wolter Monginsidi 1")
	at("lokasi")
	l.press("button[value=next]")
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} { // so that the first number can be taken now
		l.fill("#f-venues-kantor-pelayanan-bantul-hours-"+day, "0-24")
	}
	l.fill("#f-venues-kantor-pelayanan-bantul-tickets-stop", "0")
	at("jam")
	l.press("button[value=next]")
	at("instansi")
	l.p.Tap(t, "[data-usual-all]")
	l.presses++
	l.press("button[value=add-agencies]")
	at("instansi")
	l.press("button[value=next]")
	at("layanan")
	l.press("main .p-reg a")
	at("layanan")
	l.press("button[value^=confirm-all]")
	l.press("main .p-crumb a")
	l.press("button[value=next]")
	at("loket")
	l.press("button[value=propose]")
	at("loket")
	l.press("button[value=next]")
	at("petugas")
	l.fill("#name", "Sari Wulandari")
	l.fill("#email", "sari@bantulkab.go.id")
	l.p.MustElement("#agency").MustSelect("Dinas Kependudukan dan Pencatatan Sipil Kabupaten Bantul")
	l.press("button[value=add-person]")
	at("petugas")
	l.press("button[value=next]")
	at("perangkat")
	l.press("button[value=next]")
	at("gladi")
	l.press("button[value=next]")
	at("buka")
	archive := l.p.MustEval(`() => fetch('/petugas/persiapan/manifes.zip').then(r => r.arrayBuffer()).then(b => btoa(String.fromCharCode(...new Uint8Array(b))))`).Str()
	l.press("button[value=open]")
	if text := l.p.MustElement("main").MustText(); !strings.Contains(text, "Kabupaten Bantul sudah buka") {
		t.Fatalf("after opening: %s", text)
	}
	shot(t, l.p, "open-1280")
	t.Logf("from the bare domain to an open region: %d screens, %d fields of %d signs typed, %d presses, %s in this browser",
		l.screens, l.typed, l.signs, l.presses, time.Since(began).Round(time.Second))
	d.letter(t, "sari@bantulkab.go.id", "Undangan")

	// The first number.
	citizen := c.Page(d.at("bantul", "/"), 360, 800)
	shot(t, citizen, "bantul-360")
	citizen.Tap(t, "input[name=q]")
	citizen.MustInsertText("ktp hilang")
	citizen.Press(t, "form[role=search] button")
	citizen.Press(t, "main .p-reg a")
	citizen.Press(t, "form.p-act button")
	if no := strings.TrimSpace(citizen.MustElement(".p-no").MustText()); !strings.HasSuffix(no, "-001") {
		t.Errorf("the first number is %q", no)
	}

	// The manifest makes the same region elsewhere.
	raw, err := base64.StdEncoding.DecodeString(archive)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	region, problems := tenants.Load(z, "34.02-bantul")
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	folder, elsewhere, back := filepath.Join(t.TempDir(), "34.02-bantul"), t.TempDir(), filepath.Join(t.TempDir(), "34.02-bantul")
	if err := tenants.Write(folder, region); err != nil {
		t.Fatal(err)
	}
	if out, err := pendopoIn(t, elsewhere, "tenant", "apply", folder); err != nil {
		t.Fatal(out)
	}
	if out, err := pendopoIn(t, elsewhere, "tenant", "export", "34.02", back); err != nil {
		t.Fatal(out)
	}
	here := filepath.Join(t.TempDir(), "34.02-bantul")
	if out, err := pendopoIn(t, d.dir, "tenant", "export", "34.02", here); err != nil {
		t.Fatal(out)
	}
	a, p1 := tenants.LoadDir(back)
	b, p2 := tenants.LoadDir(here)
	if p1.Err() != nil || p2.Err() != nil {
		t.Fatal(p1, p2)
	}
	// Who set the region up has an account by the invitation, which no manifest gave.
	b.Staff = slices.DeleteFunc(b.Staff, func(p tenants.Person) bool { return p.Email == email })
	if !tenants.Equal(a, b) {
		for _, ch := range tenants.Diff(a, b) {
			t.Error(ch.Text)
		}
	}
	// And a plan of it here has nothing to do.
	if out, err := pendopoIn(t, d.dir, "tenant", "plan", folder); err != nil || !strings.Contains(out, "tidak ada") && !strings.Contains(out, "Tidak ada") {
		t.Errorf("plan: %v %s", err, out)
	}
}

// Two people fill in at once in two browsers, and the line of one of them breaks: what they typed apart is all there,
// what they typed alike is shown to whoever was second, and what was typed without a line is sent when it is back.
func TestTwoPeopleInTheSetUp(t *testing.T) {
	d := startDemo(t, "--still")
	c := testkit.Browser(t)
	address := d.at("bangka", "/petugas/persiapan/daerah")
	admin := func(c *testkit.Chrome, email string) *testkit.Page {
		p := c.Page(d.at("bangka", "/masuk?next=/petugas/persiapan/daerah"), 1280, 800)
		p.MustElement("#email").MustInput(email)
		p.MustElement("#password").MustInput("pendopo-demo-2026")
		p.Press(t, "main form button")
		if p.MustHas("#code") {
			p.MustElement("#code").MustInput(testkit.AppCode(t, d.secret(t), time.Now()))
			p.Press(t, "main form button")
		}
		p.Visit(t, address)
		p.MustElement("[data-wizard-form]")
		return p
	}
	rina := admin(c, "ti@bangka.contoh.id")
	budi := admin(testkit.Browser(t), "manajer@bangka.contoh.id")
	typed := func(p *testkit.Page, id, text string) {
		t.Helper()
		p.MustActivate()
		el := p.MustElement(id)
		el.MustSelectAllText().MustInput(text)
		el.MustBlur()
	}
	saved := func(p *testkit.Page) {
		t.Helper()
		p.MustWait(`() => document.querySelector('[data-saved]').textContent.trim().startsWith('Tersimpan') && !localStorage.length`)
	}
	typed(rina, "#f-contact-email", "mpp@bangka.contoh.id")
	saved(rina)
	typed(budi, "#f-contact-website", "https://bangka.contoh.id")
	saved(budi)

	// Budi's line breaks. He types on, and Rina changes the same field meanwhile.
	offline := func(off bool) {
		t.Helper()
		err := proto.NetworkEmulateNetworkConditions{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}.Call(budi)
		if err != nil {
			t.Fatal(err)
		}
	}
	offline(true)
	typed(budi, "#f-contact-phone", "(0717) 111")
	typed(budi, "#f-contact-complaints", "Silakan ke meja depan, lantai satu.")
	budi.MustWait(`() => document.querySelector('[data-saved]').textContent.includes('Tidak tersambung')`)
	shot(t, budi, "offline-1280")
	typed(rina, "#f-contact-phone", "(0717) 222")
	saved(rina)
	offline(false)
	budi.MustActivate()
	budi.MustWait(`() => !!document.querySelector('[data-theirs-at="contact/phone"] button')`)
	shot(t, budi, "conflict-1280")
	budi.Accessible(t)
	if text := budi.MustElement(`[data-theirs-at="contact/phone"]`).MustText(); !strings.Contains(text, "(0717) 222") {
		t.Errorf("the conflict says %q", text)
	}
	if v := budi.MustElement("#f-contact-phone").MustProperty("value").Str(); v != "(0717) 111" {
		t.Errorf("what Budi typed reads %q", v)
	}
	stored := func(id string) string {
		t.Helper()
		rina.Visit(t, address)
		return rina.MustElement(id).MustProperty("value").Str()
	}
	if v := stored("#f-contact-phone"); v != "(0717) 222" {
		t.Errorf("stored before Budi chose: %q", v)
	}
	budi.MustActivate()
	budi.Tap(t, `[data-theirs-at="contact/phone"] button:last-child`) // his own
	budi.MustWait(`() => !document.querySelector('[data-theirs-at="contact/phone"] button')`)
	saved(budi)
	for id, want := range map[string]string{
		"#f-contact-phone": "(0717) 111", "#f-contact-email": "mpp@bangka.contoh.id", "#f-contact-website": "https://bangka.contoh.id",
		"#f-contact-complaints": "Silakan ke meja depan, lantai satu.",
	} {
		if v := stored(id); v != want {
			t.Errorf("%s: stored %q, not %q", id, v, want)
		}
	}
	for name, p := range map[string]*testkit.Page{"Rina": rina, "Budi": budi} {
		for _, wrong := range p.Problems() {
			if !strings.Contains(wrong, "ERR_INTERNET_DISCONNECTED") {
				t.Errorf("%s: the console says %q", name, wrong)
			}
		}
	}
}
