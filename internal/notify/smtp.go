package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
)

// SMTP carries e-mail to a mail server.
type SMTP struct {
	server config.SMTP
	from   string
	domain string // of from
	plain  bool   // no TLS: the server is on this machine
	roots  *x509.CertPool
}

// smtpPatience bounds each of the steps: dialling, the greeting, the letter.
const smtpPatience = 20 * time.Second

// NewSMTP makes the carrier from PENDOPO_SMTP_URL and PENDOPO_MAIL_FROM.
func NewSMTP(address, from string) (*SMTP, error) {
	server, err := config.ParseSMTP(address)
	if err != nil {
		return nil, fmt.Errorf("notify: mail server: %w", err)
	}
	_, domain, ok := strings.Cut(from, "@")
	if !ok {
		return nil, errors.New("notify: the sender is no e-mail address")
	}
	return &SMTP{server: server, from: from, domain: domain, plain: !server.TLS && server.Loopback()}, nil
}

// Idempotent implements Carrier: a mail server takes a letter as often as it is given.
func (*SMTP) Idempotent() bool { return false }

// session is a connection on which letters can be given.
type session struct {
	client *mail.Client
	conn   net.Conn
	keep   func() bool // stops watching the context
}

// end says good-bye, if the other side listens, and lets go of the connection.
func (s *session) end() {
	s.keep()
	_ = s.conn.SetDeadline(clock.System.Now().Add(time.Second))
	_ = s.client.Close()
	_ = s.conn.Close()
}

// dial connects, greets, secures the connection and signs in. The connection is ours and ends with ctx: the
// library would keep one on which something went wrong.
func (s *SMTP) dial(ctx context.Context) (*session, error) {
	out := &session{keep: func() bool { return true }}
	tlsConfig := &tls.Config{ServerName: s.server.Host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
	opts := []mail.Option{
		mail.WithPort(s.server.Port), mail.WithTimeout(smtpPatience), mail.WithHELO(s.domain),
		mail.WithoutNoop(), mail.WithoutRset(), mail.WithTLSConfig(tlsConfig),
		mail.WithDialContextFunc(func(step context.Context, network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(step, network, address)
			if err != nil {
				return nil, err
			}
			out.conn, out.keep = raw, context.AfterFunc(ctx, func() { _ = raw.Close() })
			if !s.server.TLS {
				return raw, nil
			}
			secure := tls.Client(raw, tlsConfig)
			return secure, secure.HandshakeContext(step)
		}),
	}
	if s.plain || s.server.TLS { // then it is the dialler's
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	} else {
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.server.User != "" {
		opts = append(opts, mail.WithUsername(s.server.User), mail.WithPassword(s.server.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	var err error
	if out.client, err = mail.NewClient(s.server.Host, opts...); err != nil {
		return nil, err
	}
	if err := out.client.DialWithContext(ctx); err != nil {
		out.keep()
		if out.conn != nil {
			_ = out.conn.Close()
		}
		return nil, err
	}
	return out, nil
}

// Check implements Carrier: it connects, greets, secures the connection and signs in.
func (s *SMTP) Check(ctx context.Context) error {
	session, err := s.dial(ctx)
	if err == nil {
		session.end()
	}
	return err
}

// Carry implements Carrier. The Message-ID is the message's own at each attempt, so that who gets it twice,
// or their mail program, can see that it is one.
func (s *SMTP) Carry(ctx context.Context, l Letter) (string, error) {
	msg, err := s.compose(l)
	if err != nil {
		return "", &Refusal{Outcome: Permanent, Code: "smtp.address"}
	}
	session, err := s.dial(ctx)
	if err != nil {
		return "", &Refusal{Outcome: Temporary, Code: notConnected(err)} // a wrong password too: somebody mends it
	}
	defer session.end()
	if err := session.client.Send(msg); err != nil && !msg.IsDelivered() {
		return "", refusalOf(err)
	}
	return msg.GetMessageID(), nil
}

// notConnected says how far it came: "smtp.connect", or with the server's code, "smtp.connect-535".
func notConnected(err error) string {
	var said *textproto.Error
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &said):
		return "smtp.connect-" + strconv.Itoa(said.Code)
	case errors.As(err, &cert):
		return "smtp.certificate"
	}
	return "smtp.connect"
}

// refusalOf reads a mail server's answer. Its own words stay out: they often hold the address.
func refusalOf(err error) *Refusal {
	var e *mail.SendError
	if !errors.As(err, &e) {
		return &Refusal{Outcome: Uncertain, Code: "smtp.unknown"}
	}
	code := "smtp." + strconv.Itoa(e.ErrorCode())
	if x := e.EnhancedStatusCode(); x != "" {
		code += "-" + x
	}
	switch {
	case e.ErrorCode() >= 500:
		return &Refusal{Outcome: Permanent, Code: code}
	case e.ErrorCode() >= 400:
		return &Refusal{Outcome: Temporary, Code: code}
	case e.Reason == mail.ErrSMTPDataClose: // it had the whole, and did not answer
		return &Refusal{Outcome: Uncertain, Code: "smtp.unanswered"}
	case e.Reason == mail.ErrGetSender, e.Reason == mail.ErrGetRcpts:
		return &Refusal{Outcome: Permanent, Code: "smtp.address"}
	}
	return &Refusal{Outcome: Temporary, Code: "smtp.cut"} // before the end of the letter: it must not be delivered
}

func (s *SMTP) compose(l Letter) (*mail.Msg, error) { return compose(l, s.from, s.domain) }

// compose writes the letter as an e-mail, in plain text and in HTML.
func compose(l Letter, from, domain string) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	sender := netmail.Address{Name: l.Region.Name, Address: from}
	msg.FromMailAddress(&sender)
	to, err := netmail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return nil, errors.New("notify: not an address")
	}
	msg.ToMailAddress(to)
	msg.Subject(l.Subject)
	msg.SetMessageIDWithValue(l.ID.String() + "@" + domain)
	msg.SetDateWithValue(l.At.In(l.Region.Loc))
	// No answers from machines, which would go in circles.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", string(l.Locale))
	msg.SetBodyString(mail.TypeTextPlain, l.Text)
	msg.AddAlternativeString(mail.TypeTextHTML, htmlOf(l))
	return msg, nil
}
