package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

// carriers are the ways out: what is configured, and the folder for the rest, where there is one.
func carriers(cfg config.Config) (map[notify.Channel]notify.Carrier, error) {
	out := map[notify.Channel]notify.Carrier{}
	if dir := cfg.Outbox(); dir != "" {
		for _, c := range notify.Channels {
			out[c] = notify.NewFolder(dir)
		}
	}
	if cfg.SMTPURL != "" {
		smtp, err := notify.NewSMTP(cfg.SMTPURL, cfg.MailFrom)
		if err != nil {
			return nil, err
		}
		out[notify.Email] = smtp
	}
	if cfg.GatewayURL != "" {
		gateway := notify.NewGateway(cfg.GatewayURL, cfg.GatewaySecret)
		out[notify.SMS], out[notify.WhatsApp] = gateway, gateway
	}
	return out, nil
}

// newMessages knows everything that is written to people. A command that only leaves messages for the
// service to send needs no registry, site or carriers.
func newMessages(db *store.DB, opt notify.Options) (*notify.Service, error) {
	opt.Resolve = reach
	s := notify.New(db, opt)
	err := s.Register("internal/auth/messages.yaml", auth.Messages, notify.Kind{
		Name: "auth.password", Channels: []notify.Channel{notify.Email}, Content: passwordSet,
		Unknown: notify.Resend, // two warnings are better than none
		Within:  72 * time.Hour,
	})
	return s, err
}

// reach finds where a reference is reached.
func reach(ctx context.Context, tx *store.Tx, to notify.Ref, by notify.Channel) (notify.Recipient, error) {
	kind, of, err := to.Parse()
	switch {
	case err != nil:
		return notify.Recipient{}, err
	case kind != "user" || by != notify.Email:
		return notify.Recipient{}, fault.New(fault.NotFound, "not_found")
	}
	u, err := store.Select[tenant.User](tx).Where("id = ? and not retired", of).One(ctx)
	return notify.Recipient{Address: u.Email}, err
}

// tellPasswordSet leaves the notice that an account has another password.
func tellPasswordSet(s *notify.Service) func(context.Context, *store.Tx, id.ID) error {
	return func(ctx context.Context, tx *store.Tx, user id.ID) error {
		return s.Send(ctx, tx, notify.Message{Kind: "auth.password", To: notify.User(user)})
	}
}

func passwordSet(_ context.Context, _ *store.Tx, d notify.Delivery) (notify.Vars, error) {
	return notify.Vars{"time": i18n.For(i18n.Locale(d.Locale)).In(d.Region.Loc).DateTime(d.Created)}, nil
}

// warnWaiting says at the start which messages will wait.
func warnWaiting(ways map[notify.Channel]notify.Carrier, log *slog.Logger) {
	if ways[notify.Email] == nil {
		log.Warn("no mail server is configured, so e-mail waits: set PENDOPO_SMTP_URL and PENDOPO_MAIL_FROM")
	}
}

// mail tells doctor whether messages can go out.
func (d *diagnosis) mail(ctx context.Context, cfg config.Config) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ways, err := carriers(cfg)
	if err != nil {
		d.wrong("mail", err.Error(), "Is PENDOPO_SMTP_URL right?")
		return
	}
	switch way := ways[notify.Email]; {
	case way == nil:
		d.wrong("mail", "no mail server is configured: e-mail waits", "Set PENDOPO_SMTP_URL and PENDOPO_MAIL_FROM; or, for a trial, PENDOPO_MAIL_FOLDER")
	case cfg.SMTPURL == "":
		d.reached("mail", way.Check(ctx), "kept in "+cfg.Outbox()+" and not sent; set PENDOPO_SMTP_URL to send it", "Give the user that runs pendopo the right to write there")
	default:
		server, _ := config.ParseSMTP(cfg.SMTPURL) // config has checked it
		how := "STARTTLS"
		if server.TLS {
			how = "TLS"
		} else if server.Loopback() {
			how = "no TLS, on this machine"
		}
		if server.User != "" {
			how += ", signed in"
		}
		d.reached("mail", way.Check(ctx), fmt.Sprintf("%s:%d answers (%s)", server.Host, server.Port, how),
			"Check host, port, user and password in PENDOPO_SMTP_URL, the server's certificate, and the firewall")
	}
	if cfg.GatewayURL != "" {
		d.reached("gateway", ways[notify.SMS].Check(ctx), "answers", "Check PENDOPO_GATEWAY_URL and the firewall")
	}
}

func (d *diagnosis) reached(what string, err error, good, mend string) {
	if err != nil {
		d.wrong(what, err.Error(), mend)
		return
	}
	d.good(what, good)
}
