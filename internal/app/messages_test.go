package app_test

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/pendopo-id/pendopo/internal/app"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// The texts about accounts fit in both languages, also those whose sender is still to come.
func TestMessagesAboutAccounts(t *testing.T) {
	kinds := map[string][]string{"auth.invitation": {"link", "until", "mall"}, "auth.reset": {"link", "until"}}
	for _, kind := range auth.AllNotices {
		kinds[kind] = []string{"time", "help"}
	}
	kinds[auth.NoticeCodeUsed] = []string{"time", "left", "help"}
	for _, kind := range []string{auth.NoticeFactorsReset, auth.NoticeSessionsEnded, auth.NoticeResumed, auth.NoticeRemoved, auth.NoticeIdentityRemoved} {
		kinds[kind] = []string{"time", "by", "help"}
	}
	kinds[auth.NoticeSuspended] = []string{"time", "by", "reason", "help"}
	kinds[auth.NoticeRoleGiven] = []string{"time", "by", "role", "allows", "help"}
	kinds[auth.NoticeRoleTaken] = []string{"time", "by", "role", "help"}
	kinds[auth.NoticeCounters] = []string{"time", "by", "agency", "help"}
	for kind, want := range kinds {
		db := testkit.Open(t, testkit.SQLite)
		region := testkit.Tenant(t, db)
		ap := newApp(t, db)
		vars := notify.Vars{}
		for _, v := range want {
			vars[v] = "nilai-" + v
		}
		dir := t.TempDir()
		for _, locale := range []notify.Locale{notify.ID, notify.EN} {
			s := notify.New(db, notify.Options{
				Registry: ap.Registry, Carriers: map[notify.Channel]notify.Carrier{notify.Email: notify.NewFolder(dir)},
				Site: func(host string) string { return "https://" + host },
				Resolve: func(context.Context, *store.Tx, notify.Ref, notify.Channel) (notify.Recipient, error) {
					return notify.Recipient{Address: "siti@contoh.test", Locale: locale}, nil
				},
			})
			err := s.Register("internal/auth/messages.yaml", auth.Messages, notify.Kind{
				Name: kind, Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend,
				Content: func(context.Context, *store.Tx, notify.Delivery) (notify.Vars, error) { return vars, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.In(t.Context(), region.ID, func(ctx context.Context, tx *store.Tx) error {
				return s.Send(ctx, tx, notify.Message{Kind: kind, To: notify.User(region.Officer)})
			}); err != nil {
				t.Fatal(err)
			}
			r := jobs.New(db, jobs.Options{Tenants: func() []store.TenantID { return []store.TenantID{region.ID} }})
			s.Work(r)
			r.Start()
			k := kept(t, dir, func(k notify.Kept) bool { return (locale == notify.EN) == strings.Contains(k.Text, "Yours sincerely") })
			_ = r.Stop(t.Context())
			for _, v := range append(want, region.Name, region.Host("localhost")) {
				if !strings.Contains(k.Text, v) {
					t.Errorf("%s in %s has no %s:\n%s", kind, locale, v, k.Text)
				}
			}
			for _, line := range append(strings.Split(k.Text, "\n"), k.Subject) {
				if strings.Contains(line, "—") || strings.ContainsAny(line, "{}") || line != strings.TrimSpace(line) {
					t.Errorf("%s in %s: %q", kind, locale, line)
				}
			}
		}
	}
}

// kept waits for a message in a folder.
func kept(t *testing.T, dir string, wanted func(notify.Kept) bool) notify.Kept {
	t.Helper()
	f := notify.NewFolder(dir)
	deadline := time.After(90 * time.Second)
	for {
		list, err := f.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list {
			if k, ok, err := f.Show(k.ID); err == nil && ok && wanted(k) {
				return k
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("no such message among %d", len(list))
		}
	}
}

// The command leaves a notice for the person whose password it changes; the service sends it when it runs,
// and nobody but the service needs to be able to.
func TestWhoseAccountGetsAnotherPasswordIsTold(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db := testkit.Open(t, dialect)
			row := apply(t, db, oneSeries("19.01", "WIB"))
			dir := filepath.Join(t.TempDir(), "mail")
			run := func(args ...string) string {
				t.Helper()
				code, out := command(t, serveEnv(db), "", args...)
				if code != 0 {
					t.Fatalf("pendopo %v: %d %s", args, code, out)
				}
				return out
			}
			said := run("tenant", "password", "19.01", "loket1@contoh.test")
			secret := strings.TrimSpace(said[strings.LastIndex(said, ":")+1:])
			if out := run("jobs", "list", "19.01"); strings.Count(out, "notify.email") != 1 || !strings.Contains(out, "menunggu") {
				t.Errorf("jobs list: %s", out)
			}
			if out := run("jobs", "list"); !strings.Contains(out, row.Name) {
				t.Errorf("jobs list: %s", out)
			}
			server := testkit.Serve(t, []string{"serve", "--mail-folder", dir}, serveEnv(db)...)
			k := kept(t, dir, func(notify.Kept) bool { return true })
			if k.To != "loket1@contoh.test" || k.Region != "19.01" || k.Subject != "Kata sandi akun Anda di Kabupaten Bangka telah diganti" ||
				!strings.Contains(k.Text, " WIB.") || !strings.Contains(k.Text, "bangka.localhost") || strings.Contains(k.Text, secret) || len(secret) < 16 {
				t.Errorf("%+v", k)
			}
			if err := server.Stop(); err != nil {
				t.Errorf("the server stopped with %v", err)
			}
			if out := run("jobs", "list", "19.01"); !strings.Contains(out, "Tidak ada yang menunggu") {
				t.Errorf("jobs list: %s", out)
			}
			if out := run("mail", "list", "--mail-folder", dir); !strings.Contains(out, k.ID) || !strings.Contains(out, k.Subject) {
				t.Errorf("mail list: %s", out)
			}
			if out := run("mail", "show", k.ID, "--mail-folder", dir); !strings.Contains(out, strings.TrimSpace(k.Text)) {
				t.Errorf("mail show: %s", out)
			}
		})
	}
}

// Who is given a role, loses one or is removed is told so in words: what it allows, where, and by whom.
func TestWhoseRoleChangesIsTold(t *testing.T) {
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			db := testkit.Open(t, dialect)
			row := apply(t, db, oneSeries("19.01", "WIB"))
			for _, args := range [][]string{
				{"access", "give", "loket1@contoh.test", "manager", "--at", "19.01"},
				{"access", "take", "loket1@contoh.test", "officer", "--at", "id/19/19.01/dukcapil"},
			} {
				if code, out := command(t, serveEnv(db), "", args...); code != 0 {
					t.Fatalf("%v: %d %s", args, code, out)
				}
			}
			here, by, gone := people(t, db, row, "loket2@contoh.test")
			messages, err := app.NewMessages(db, notify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			door := auth.New(db, auth.Options{Notices: app.Notices(messages)})
			if _, err := door.Give(t.Context(), here, by, gone, auth.Post{Role: authz.RoleManager}); err != nil { // not sent: they are removed before
				t.Fatal(err)
			}
			if err := door.Remove(t.Context(), here, by, gone); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "mail")
			server := testkit.Serve(t, []string{"serve", "--mail-folder", dir}, serveEnv(db)...)
			for subject, want := range map[string][]string{
				"Peran baru untuk akun Anda di Kabupaten Bangka":     {"loket1@contoh.test", "pengelola layanan", "Manajer MPP. Seperti meja depan"},
				"Sebuah peran akun Anda di Kabupaten Bangka diambil": {"loket1@contoh.test", "Petugas loket, Dinas Kependudukan dan Pencatatan Sipil"},
				"Akun Anda di Kabupaten Bangka ditutup":              {"loket2@contoh.test", "TI daerah menutup akun Anda"},
			} {
				k := kept(t, dir, func(k notify.Kept) bool { return k.Subject == subject })
				for _, w := range want {
					if !strings.Contains(k.To+" "+strings.ReplaceAll(k.Text, "\n", " "), w) {
						t.Errorf("%s lacks %q: %s", subject, w, k.Text)
					}
				}
			}
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
			list, err := notify.NewFolder(dir).List()
			if err != nil || len(list) != 3 {
				t.Errorf("%d messages, %v", len(list), err)
			}
		})
	}
}

// Dead letters are listed and sent back by a person.
func TestDeadLettersAreListedAndSentBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		row := apply(t, db, oneSeries("19.01", "WIB"))
		r := jobs.New(db, jobs.Options{Tenants: func() []store.TenantID { return []store.TenantID{row.ID} }})
		ran := make(chan struct{}, 1)
		r.Register(jobs.Kind{Name: "test", Handler: func(context.Context, *jobs.Run) error {
			ran <- struct{}{}
			return jobs.Permanent("smtp.550", nil)
		}})
		if err := db.In(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
			return jobs.Add(ctx, tx, jobs.Job{Kind: "test", Key: "x"})
		}); err != nil {
			t.Fatal(err)
		}
		r.Start()
		<-ran
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		var entry jobs.Entry
		_ = db.View(t.Context(), row.ID, func(ctx context.Context, tx *store.Tx) error {
			list, err := jobs.List(ctx, tx, jobs.Dead, 10)
			if err == nil && len(list) == 1 {
				entry = list[0]
			}
			return err
		})
		for _, c := range []struct {
			args []string
			code int
			says string
		}{
			{[]string{"jobs", "lst"}, 2, "retry CODE"}, {[]string{"jobs", "retry"}, 1, "retry CODE"},
			{[]string{"jobs", "list", "19.02"}, 1, "belum ada di sini"},
			{[]string{"jobs", "list", "19.01"}, 0, "smtp.550"},
			{[]string{"jobs", "retry", "19.01", "x"}, 1, "pendopo jobs list 19.01"},
			{[]string{"jobs", "retry", "19.01", row.ID.String()}, 0, "Tidak ada pekerjaan yang perlu diulangi."},
			{[]string{"jobs", "retry", "19.01", entry.ID.String()}, 0, "1 pekerjaan"},
			{[]string{"jobs", "list", "19.01"}, 0, "menunggu"},
			{[]string{"jobs", "retry", "19.01"}, 0, "Tidak ada pekerjaan yang perlu diulangi."},
		} {
			if code, out := command(t, serveEnv(db), "", c.args...); code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("pendopo %v: %d %s", c.args, code, out)
			}
		}
	})
}

func TestDoctorAsksTheMailServer(t *testing.T) {
	data := t.TempDir()
	if code, out := main(t.Context(), "migrate", "--data", data); code != 0 {
		t.Fatal(out)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return silent{}, nil }))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(ln) }()
	at := "smtp://" + ln.Addr().String()
	with := func(code int, says string, env ...string) {
		t.Helper()
		if got, out := command(t, append(env, "PENDOPO_DATA="+data), "", "doctor"); got != code || !strings.Contains(out, says) {
			t.Errorf("doctor %v: %d %s", env, got, out)
		}
	}
	with(0, "kept in "+filepath.Join(data, "mail"))
	with(0, ln.Addr().String()+" answers", "PENDOPO_SMTP_URL="+at, "PENDOPO_MAIL_FROM=mpp@contoh.test")
	with(1, "PENDOPO_MAIL_FROM is missing", "PENDOPO_SMTP_URL="+at)
	with(1, "Check PENDOPO_GATEWAY_URL", "PENDOPO_GATEWAY_URL=http://127.0.0.1:1/", "PENDOPO_GATEWAY_SECRET=0123456789abcdef0123456789abcdef")
	_ = s.Close()
	with(1, "Check host, port, user and password in PENDOPO_SMTP_URL", "PENDOPO_SMTP_URL="+at, "PENDOPO_MAIL_FROM=mpp@contoh.test")
	if code, out := main(t.Context(), "mail", "list", "--database-url", "postgres://x/y"); code != 1 || !strings.Contains(out, "PENDOPO_MAIL_FOLDER") {
		t.Errorf("mail list on PostgreSQL: %d %s", code, out)
	}
	if code, out := main(t.Context(), "mail", "list", "--data", data); code != 0 || !strings.Contains(out, "no messages yet") {
		t.Errorf("mail list: %d %s", code, out)
	}
	if code, out := main(t.Context(), "mail", "show", "x", "--data", data); code != 1 || !strings.Contains(out, "is not there") {
		t.Errorf("mail show: %d %s", code, out)
	}
}

type silent struct{}

func (silent) Reset()                               {}
func (silent) Logout() error                        { return nil }
func (silent) Mail(string, *smtp.MailOptions) error { return nil }
func (silent) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (silent) Data(r io.Reader) error               { _, err := io.Copy(io.Discard, r); return err }
