package app_test

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The operator's pages, and what a region sees of them, on a phone, a tablet and a desk.
func TestTheOperatorsPagesInABrowser(t *testing.T) {
	c := testkit.Browser(t)
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.Open(t, testkit.SQLite)
	r, _ := testkit.Two(t, db, testkit.PasswordHash(hash))
	a := newApp(t, db)
	invitePlatform(t, db)
	prov := &tenant.Provisioner{DB: db}
	now := db.Now()
	for _, audience := range []string{tenant.ForStaff, tenant.ForEveryone} {
		if _, err := prov.Announce(t.Context(), tenant.Announcement{Audience: audience, Text: "Layanan diperbarui Sabtu malam pukul 22.00 sampai 23.00 WIB, nomor antrean tidak terpengaruh.",
			TextEN: "The service is updated on Saturday night from 22.00 to 23.00 WIB; numbers are not affected.", From: now, Until: now.Add(time.Hour)}, "system:test"); err != nil {
			t.Fatal(err)
		}
	}
	a.Tally.Count(r.ID, "auth.busy", true)
	a.Tally.Count(r.ID, "internal", false)
	if err := a.Tally.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Registry.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Web.Serve(ln) }()
	t.Cleanup(func() {
		_ = a.Web.Shutdown(t.Context())
		<-done
	})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	bare, home := "http://localhost:"+port, "http://"+r.Host("localhost")+":"+port
	enter := func(site, next, email string) {
		t.Helper()
		p := c.Page(site+"/masuk?next="+url.QueryEscape(next), 1280, 900)
		p.MustElement("#email").MustInput(email)
		p.MustElement("#password").MustInput(password)
		p.Press(t, "main button")
		p.MustElement("#code").MustInput(testkit.AppCode(t, testkit.TOTPSecret, db.Now()))
		p.Press(t, "main button")
		p.MustClose()
	}
	enter(bare, "/petugas/platform", overseerEmail("operator"))
	enter(home, "/petugas/bantuan", r.Email("admin"))
	for _, size := range [][2]int{{360, 800}, {768, 1024}, {1280, 900}} {
		for _, page := range []struct{ name, address string }{
			{"platform", bare + "/petugas/platform"}, {"region", bare + "/petugas/platform/" + r.Code}, {"announcements", bare + "/petugas/pengumuman"},
			{"announcements-en", bare + "/petugas/pengumuman?lang=en"}, {"help", home + "/petugas/bantuan?lang=id"}, {"staff", home + "/petugas"}, {"citizens", home + "/layanan"},
		} {
			p := c.Page(page.address, size[0], size[1])
			inspect(t, p, fmt.Sprintf("operator-%s-%d", page.name, size[0]))
			p.MustClose()
		}
	}
	p := c.Page(home+"/petugas/bantuan?lang=id", 360, 800)
	p.Press(t, `form[action="/petugas/bantuan"] button`)
	inspect(t, p, "operator-help-allowed-360")
	p = c.Page(bare+"/petugas/platform/"+r.Code+"?lang=id", 1280, 900)
	p.Press(t, `form[action$="/bantuan"] button`)
	inspect(t, p, "operator-way-1280")
	p.Press(t, `a[href*="/petugas/bantuan/masuk"]`)
	inspect(t, p, "operator-enter-1280")
	p.Press(t, `form[action="/petugas/bantuan/masuk"] button`)
	inspect(t, p, "operator-inside-1280")
	p = c.Page(bare+"/petugas/pengumuman?lang=id", 360, 800)
	p.Press(t, `form[action="/petugas/pengumuman"] button`)
	p.Accessible(t) // not inspect: the console tells of the 422
	shot(t, p, "operator-announce-wrong-360")
}
