package notify_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The folder keeps what people would get, readable for who runs the program and for nobody else.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	f := notify.NewFolder(dir)
	if list, err := f.List(); err != nil || len(list) != 0 {
		t.Errorf("before the first: %v %v", list, err)
	}
	mail := letter()
	mail.Subject, mail.Text = "Undangan · Kabupaten Bangka", "Bapak/Ibu,\n\nSilakan buka:\n\nhttps://bangka.mpp.test/undangan/"+strings.Repeat("x", 100)+"\n\nSalam — é"
	sms := letter()
	sms.Channel, sms.To, sms.Subject, sms.Text, sms.Region.Code = notify.SMS, "+628110000000", "", "Nomor A-027 segera dipanggil. – é", "19.02"
	for _, l := range []notify.Letter{mail, sms, mail} { // the third is the first again
		if _, err := f.Carry(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	list, err := f.List()
	if err != nil || len(list) != 2 || list[0].ID != sms.ID.String() || list[1].ID != mail.ID.String() || list[0].Text+list[1].Text != "" {
		t.Fatalf("%+v %v", list, err)
	}
	for i, l := range []notify.Letter{sms, mail} {
		k, ok, err := f.Show(l.ID.String())
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if k.Region != l.Region.Code || k.Channel != l.Channel || k.To != l.To || k.Subject != l.Subject || strings.TrimSpace(k.Text) != l.Text || !k.At.Equal(l.At) {
			t.Errorf("%+v", k)
		}
		if i == 1 && !strings.Contains(k.From, "Kabupaten Bangka") {
			t.Errorf("from %q", k.From)
		}
	}
	for _, wrong := range []string{id.New().String(), "../x", "*", ""} {
		if k, ok, err := f.Show(wrong); ok || err != nil {
			t.Errorf("%q: %+v %v", wrong, k, err)
		}
	}
	err = filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// It does not grow for ever: of a region the newest are kept.
func TestFolderForgetsTheOldest(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "19.01"), 0o700); err != nil {
		t.Fatal(err)
	}
	old := id.New().String() + ".eml"
	for i := range notify.KeptMost {
		name := old
		if i > 0 {
			name = fmt.Sprintf("%08x-0000-7000-8000-000000000000.eml", 0xf0000000+i) // later than any other
		}
		if err := os.WriteFile(filepath.Join(dir, "19.01", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := letter()
	if _, err := notify.NewFolder(dir).Carry(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	_, gone := os.Stat(filepath.Join(dir, "19.01", old))
	_, kept := os.Stat(filepath.Join(dir, "19.01", l.ID.String()+".eml"))
	if len(names) != notify.KeptMost || !os.IsNotExist(gone) || kept != nil {
		t.Errorf("%d files, the oldest %v, the newest %v", len(names), gone, kept)
	}
}

// What a value may not do: write lines of its own into a message, or mark-up.
func TestValuesStayValues(t *testing.T) {
	var value atomic.Value
	m := newMailServer(t, serverOptions{})
	w := newWorld(t, testkit.SQLite, mailing(smtpOf(t, "smtp://"+m.addr)), notify.Kind{
		Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, PerHour: 100,
		Content: func(context.Context, *store.Tx, notify.Delivery) (notify.Vars, error) {
			return notify.Vars{"link": value.Load().(string)}, nil
		},
	})
	sent := 0
	for i, c := range []struct {
		value string
		ok    bool
	}{
		{"Siti & <b>Budi</b> {link}", true}, {"https://x.test/\"onclick=", true},
		{"a\nBcc: x@contoh.test", false}, {"a\r\n\r\nb", false}, {"a\u2028b", false}, {"a\x00b", false},
	} {
		value.Store(c.value)
		w.send(notify.Message{})
		got := w.until(c.value, func(all []message) bool { return len(all) == i+1 && (all[i].Job == "done" || all[i].Job == "dead") })[i]
		if !c.ok {
			if got.State != "failed" || got.LastError != "notify.text" {
				t.Errorf("%q: %v", c.value, got)
			}
			continue
		}
		sent++
		mails, _ := m.got()
		if got.State != "sent" || len(mails) != sent {
			t.Fatalf("%q: %v", c.value, got)
		}
		p := parse(t, mails[sent-1])
		if !strings.Contains(p.text, c.value) || strings.Contains(p.html, "<b>") || strings.Contains(p.html, `"onclick`) {
			t.Errorf("%q:\n%s\n%s", c.value, p.text, p.html)
		}
	}
}
