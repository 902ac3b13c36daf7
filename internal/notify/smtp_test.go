package notify_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// step is what the server does with a delivery.
type step struct {
	rcpt, data *smtp.SMTPError
	cut        string // "before": within the letter; "after": it has it and does not say so
}

// mailServer is a mail server that does what it is told.
type mailServer struct {
	addr  string
	roots *x509.CertPool

	mu    sync.Mutex
	steps []step
	mails []string
	seen  []string // MAIL, AUTH, TLS, in order
}

type serverOptions struct{ starttls, implicit, auth bool }

func newMailServer(t testing.TB, o serverOptions, steps ...step) *mailServer {
	t.Helper()
	m := &mailServer{steps: steps}
	cert, roots := selfSigned(t)
	m.roots = roots
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		ses := &mailSession{m: m, c: c}
		if o.auth {
			return &authSession{ses}, nil
		}
		return ses, nil
	}))
	s.Domain = "mail.test"
	s.AllowInsecureAuth = true
	s.ErrorLog = quiet{}
	if o.starttls {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.implicit {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	m.addr = ln.Addr().String()
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close() })
	return m
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (m *mailServer) note(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, what)
}

func (m *mailServer) got() (mails, seen []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...), append([]string(nil), m.seen...)
}

type mailSession struct {
	m   *mailServer
	c   *smtp.Conn
	now step
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if _, secure := s.c.TLSConnectionState(); secure {
		s.m.note("TLS")
	}
	s.m.note("MAIL " + from + " as " + s.c.Hostname())
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.now = (step{}); len(s.m.steps) > 0 {
		s.now, s.m.steps = s.m.steps[0], s.m.steps[1:]
	}
	return nil
}

func (s *mailSession) Rcpt(string, *smtp.RcptOptions) error {
	if s.now.rcpt != nil {
		return s.now.rcpt
	}
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	if s.now.cut == "before" {
		return errors.Join(s.c.Conn().Close(), errors.New("cut"))
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.now.data != nil {
		return s.now.data
	}
	s.m.mu.Lock()
	s.m.mails = append(s.m.mails, string(raw))
	s.m.mu.Unlock()
	if s.now.cut == "after" {
		return s.c.Conn().Close()
	}
	return nil
}

type authSession struct{ *mailSession }

func (*authSession) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		_, secure := s.c.TLSConnectionState()
		if user != "mpp" || password != "r@hasia" {
			return smtp.ErrAuthFailed
		}
		s.m.note("AUTH " + map[bool]string{true: "secure", false: "in the clear"}[secure])
		return nil
	}), nil
}

// selfSigned is a certificate for 127.0.0.1, and who trusts it.
func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func smtpOf(t testing.TB, url string) *notify.SMTP {
	t.Helper()
	s, err := notify.NewSMTP(url, "mpp@pendopo.test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mailing(s notify.Carrier) notify.Options {
	return notify.Options{Carriers: map[notify.Channel]notify.Carrier{notify.Email: s}}
}

// parsed is an e-mail as a mail program reads it.
type parsed struct {
	header netmail.Header
	text   string
	html   string
}

func parse(t testing.TB, raw string) (p parsed) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p.header = msg.Header
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q %v", kind, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			p.html = text
		} else {
			p.text = text
		}
	}
}

// The server is busy at first, and takes it then: one e-mail, whole, in both forms.
func TestAMailServerThatIsBusyAtFirst(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		m := newMailServer(t, serverOptions{},
			step{rcpt: &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}},
			step{data: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}},
			step{cut: "before"})
		w := newWorld(t, dialect, mailing(smtpOf(t, "smtp://"+m.addr)))
		w.send(notify.Message{Key: "x"})
		for i, code := range []string{"smtp.450-4.2.0", "smtp.451-4.3.0", "smtp.cut"} {
			got := w.until(code, func(all []message) bool {
				return all[0].Tries == i+1 && all[0].Job == "queued" && all[0].LastError != ""
			})[0]
			// An unfinished letter that is cut may be seen as an unanswered one, when all of it was under way.
			if got.LastError != code && !(code == "smtp.cut" && got.LastError == "smtp.unanswered") {
				t.Errorf("attempt %d: %v instead of %s", i+1, got, code)
			}
			w.after(time.Minute)
		}
		sent := w.one("sent", "done")
		mails, seen := m.got()
		if len(mails) != 1 {
			t.Fatalf("%d e-mails", len(mails))
		}
		if seen[0] != "MAIL mpp@pendopo.test as pendopo.test" {
			t.Errorf("%q", seen)
		}
		p := parse(t, mails[0])
		words := mime.WordDecoder{}
		subject, _ := words.DecodeHeader(p.header.Get("Subject"))
		from, err := p.header.AddressList("From")
		to, _ := p.header.AddressList("To")
		if subject != "Undangan "+w.region.Name || err != nil || from[0].Name != w.region.Name || from[0].Address != "mpp@pendopo.test" || to[0].Address != w.region.Email("officer") {
			t.Errorf("%q from %v to %v", subject, from, to)
		}
		if got := p.header.Get("Message-ID"); got != "<"+sent.ID+"@pendopo.test>" || sent.ProviderID != got {
			t.Errorf("Message-ID %q, kept as %q", got, sent.ProviderID)
		}
		if p.header.Get("Auto-Submitted") != "auto-generated" || p.header.Get("Content-Language") != "id" || !strings.HasSuffix(p.header.Get("Date"), "+0700") {
			t.Errorf("%v", p.header)
		}
		link := "https://" + w.region.Host("mpp.test") + "/undangan/" + w.made.made[len(w.made.made)-1]
		if !strings.Contains(p.text, "\n"+link+"\n") || !strings.Contains(p.html, `<a href="`+link+`">`+link+`</a>`) || !strings.Contains(p.html, `<html lang="id">`) {
			t.Errorf("%s\n%s", p.text, p.html)
		}
	})
}

// A mail server that refuses for good: a dead letter, which a person sends back once it is mended.
func TestAMailServerThatRefuses(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		m := newMailServer(t, serverOptions{},
			step{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<officer@x> unknown"}},
			step{data: &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}})
		w := newWorld(t, dialect, mailing(smtpOf(t, "smtp://"+m.addr)))
		w.send(notify.Message{Key: "x"})
		for i, code := range []string{"smtp.550-5.1.1", "smtp.554-5.7.1"} {
			if got := w.one("failed", "dead"); got.LastError != code || got.Attempts != i+1 {
				t.Errorf("%v instead of %s", got, code)
			}
			w.after(24 * time.Hour)
			if mails, seen := m.got(); len(mails) != 0 || len(seen) != i+1 {
				t.Errorf("%q", seen)
			}
			w.retry()
			w.until("the next", func(all []message) bool { return all[0].Attempts == i+2 })
		}
		w.one("sent", "done")
	})
}

// The connection is cut after the server has the whole letter. An invitation is given again, and the two are
// recognisable as one; a receipt is held until a person decides.
func TestAMailServerThatDoesNotAnswer(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		m := newMailServer(t, serverOptions{}, step{cut: "after"}, step{}, step{cut: "after"})
		w := newWorld(t, dialect, mailing(smtpOf(t, "smtp://"+m.addr)),
			notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend},
			notify.Kind{Name: "test.hold", Channels: []notify.Channel{notify.Email}, Unknown: notify.Hold})
		w.send(notify.Message{Kind: "test.link", Key: "x"})
		w.until("the cut", func(all []message) bool {
			return all[0].State == "sending" && all[0].LastError == "smtp.unanswered" && all[0].Job == "queued"
		})
		w.after(time.Minute)
		w.one("sent", "done")
		mails, _ := m.got()
		if len(mails) != 2 || parse(t, mails[0]).header.Get("Message-ID") != parse(t, mails[1]).header.Get("Message-ID") {
			t.Fatalf("%d e-mails", len(mails))
		}

		w.send(notify.Message{Kind: "test.hold", Key: "x"})
		w.until("the second cut", func(all []message) bool { return len(all) == 2 && all[1].State == "unknown" && all[1].Job == "dead" })
		w.after(24 * time.Hour)
		if mails, _ := m.got(); len(mails) != 3 {
			t.Fatalf("%d e-mails: it was given again though it must not be", len(mails))
		}
		w.retry()
		w.until("a person's decision", func(all []message) bool { return all[1].State == "sent" && all[1].Job == "done" })
	})
}

// letter is one for the tests that need no database.
func letter() notify.Letter {
	return notify.Letter{
		ID: id.New(), Channel: notify.Email, To: "siti@contoh.test", Locale: notify.ID, Subject: "Halo", Text: "Teks", At: testkit.Morning,
		Region: notify.Region{Code: "19.01", Name: "Kabupaten Bangka", Host: "bangka.mpp.test", Loc: time.UTC},
	}
}

func refusal(t testing.TB, err error) notify.Refusal {
	t.Helper()
	var r *notify.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("no refusal: %v", err)
	}
	return *r
}

// Beyond this machine nothing is sent in the clear, nor to a server that cannot show who it is.
func TestMailIsSecuredBeyondThisMachine(t *testing.T) {
	named := func(url string, roots *x509.CertPool) *notify.SMTP {
		s, err := notify.SMTPNamed(url, "mpp@pendopo.test", roots)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, c := range map[string]struct {
		server  serverOptions
		scheme  string
		trusted bool
		code    string // "" arrives
		seen    string
	}{
		"STARTTLS":                        {serverOptions{starttls: true, auth: true}, "smtp://mpp:r%40hasia@", true, "", "AUTH secure, TLS, MAIL mpp@pendopo.test as pendopo.test"},
		"STARTTLS, nobody knows who":      {serverOptions{starttls: true, auth: true}, "smtp://mpp:r%40hasia@", false, "smtp.certificate", ""},
		"no STARTTLS":                     {serverOptions{auth: true}, "smtp://mpp:r%40hasia@", true, "smtp.connect", ""},
		"TLS from the start":              {serverOptions{implicit: true, auth: true}, "smtps://mpp:r%40hasia@", true, "", "AUTH secure, TLS, MAIL mpp@pendopo.test as pendopo.test"},
		"TLS from the start, not trusted": {serverOptions{implicit: true, auth: true}, "smtps://mpp:r%40hasia@", false, "smtp.certificate", ""},
		"a wrong password":                {serverOptions{starttls: true, auth: true}, "smtp://mpp:salah@", true, "smtp.connect-535", ""},
		"no password asked for":           {serverOptions{starttls: true}, "smtp://mpp:salah@", true, "smtp.connect", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailServer(t, c.server)
			roots := m.roots
			if !c.trusted {
				roots = x509.NewCertPool()
			}
			s := named(c.scheme+m.addr, roots)
			check := s.Check(t.Context())
			_, err := s.Carry(t.Context(), letter())
			mails, seen := m.got()
			if c.code == "" {
				if err != nil || check != nil || len(mails) != 1 {
					t.Fatalf("%v, %v, %d e-mails", err, check, len(mails))
				}
				seen = seen[1:] // Check's own AUTH
			} else {
				if check == nil || strings.Contains(check.Error(), "salah") || strings.Contains(check.Error(), "hasia") {
					t.Errorf("doctor would see %v", check)
				}
				if got := refusal(t, err); got.Outcome != notify.Temporary || got.Code != c.code {
					t.Errorf("%+v instead of %s", got, c.code)
				}
			}
			if got := strings.Join(seen, ", "); got != c.seen {
				t.Errorf("the server saw %q", got)
			}
		})
	}
}

// A server that accepts a connection and says nothing is let go of when the time is over.
func TestASilentMailServerIsLetGoOf(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	held := make(chan net.Conn, 1)
	go func() {
		if conn, err := ln.Accept(); err == nil {
			held <- conn
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := smtpOf(t, "smtp://"+ln.Addr().String()).Carry(ctx, letter())
		ended <- err
	}()
	conn := <-held
	cancel()
	if got := refusal(t, <-ended); got.Outcome != notify.Temporary {
		t.Errorf("%+v", got)
	}
	// The connection is closed, not left to the garbage collector.
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Log(err)
	}
}

func TestAnAddressThatIsNone(t *testing.T) {
	m := newMailServer(t, serverOptions{})
	for _, to := range []string{"", "siti", "siti@contoh.test, budi@contoh.test", "Siti <siti@contoh.test>", "siti@contoh.test\r\nBcc: budi@contoh.test"} {
		l := letter()
		l.To = to
		_, err := smtpOf(t, "smtp://"+m.addr).Carry(t.Context(), l)
		if got := refusal(t, err); got.Outcome != notify.Permanent || got.Code != "smtp.address" {
			t.Errorf("%q: %+v", to, got)
		}
	}
	if mails, seen := m.got(); len(mails)+len(seen) != 0 {
		t.Errorf("%q", seen)
	}
}
