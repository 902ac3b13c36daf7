package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/signin"
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
	var kinds []notify.Kind
	for _, name := range auth.AllNotices {
		kinds = append(kinds, notify.Kind{
			Name: name, Channels: []notify.Channel{notify.Email}, Content: notice,
			Unknown: notify.Resend, // two warnings are better than none
			Within:  72 * time.Hour,
		})
	}
	for _, name := range []string{auth.LetterInvitation, auth.LetterReset} {
		kinds = append(kinds, notify.Kind{
			Name: name, Channels: []notify.Channel{notify.Email}, Content: letter,
			Unknown: notify.Resend, // either of two links works
			Within:  letterWithin[name],
		})
	}
	if err := s.Register("internal/onboarding/messages.yaml", onboarding.Messages, setupKinds()...); err != nil {
		return nil, err
	}
	return s, s.Register("internal/auth/messages.yaml", auth.Messages, kinds...)
}

// letterWithin is for how long a letter with a link is worth sending: who asked an hour ago has asked again.
var letterWithin = map[string]time.Duration{auth.LetterInvitation: 7 * 24 * time.Hour, auth.LetterReset: time.Hour}

// letter makes the link that a letter carries.
func letter(ctx context.Context, tx *store.Tx, d notify.Delivery) (notify.Vars, error) {
	_, user, err := d.To.Parse()
	if err != nil {
		return nil, err
	}
	token, until, err := auth.MakeLink(ctx, tx, user, d.Kind)
	if fault.Is(err, "auth.step") { // suspended or gone in the meantime
		return nil, notify.ErrObsolete
	}
	if err != nil {
		return nil, err
	}
	p := i18n.For(i18n.Locale(d.Locale)).In(d.Region.Loc)
	return notify.Vars{"link": d.Region.URL + signin.PathLink + "?k=" + token, "until": p.DateTime(until), "mall": mall(p, d.Region), "help": help(p, d.Region)}, nil
}

// mall is where somebody works: a region's mall, or the platform.
func mall(p *i18n.Printer, r notify.Region) string {
	if r.Code == tenant.PlatformCode {
		return r.Name
	}
	return p.T("web.mall_of", r.Name)
}

// help is who helps with an account.
func help(p *i18n.Printer, r notify.Region) string {
	if r.Code == tenant.PlatformCode {
		return p.T("web.help_platform")
	}
	return p.T("web.help_region")
}

// reach finds where a reference is reached.
func reach(ctx context.Context, tx *store.Tx, to notify.Ref, by notify.Channel) (notify.Recipient, error) {
	kind, of, err := to.Parse()
	switch {
	case err != nil:
		return notify.Recipient{}, err
	case kind == "claim" && by == notify.Email:
		return reachClaim(ctx, tx, of)
	case kind != "user" || by != notify.Email:
		return notify.Recipient{}, fault.New(fault.NotFound, "not_found")
	}
	u, err := store.Select[tenant.User](tx).Where("id = ?", of).One(ctx) // also who was removed: they are told so
	if err != nil {
		return notify.Recipient{}, err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return notify.Recipient{}, err
	}
	_, address, err := u.Open(ctx, keys)
	if err == nil && address == "" { // the region's keys have been destroyed
		err = fault.New(fault.NotFound, "not_found")
	}
	return notify.Recipient{Address: address}, err
}

// notices tell people what happened to their accounts.
type notices struct{ messages *notify.Service }

// noticed is what is stored of a notice until it is sent.
type noticed struct {
	By     string `json:"by,omitempty"`
	Left   string `json:"left,omitempty"`
	Role   string `json:"role,omitempty"`
	Agency string `json:"agency,omitempty"` // its code
}

// Notice implements auth.Notices.
func (n notices) Notice(ctx context.Context, tx *store.Tx, user id.ID, kind string, data map[string]string) error {
	return n.messages.Send(ctx, tx, notify.Message{Kind: kind, To: notify.User(user), Data: noticed{By: data["by"], Left: data["left"], Role: data["role"], Agency: data["agency"]}})
}

// notice fills a notice's text. A person is told that somebody else did it, and not who.
func notice(ctx context.Context, tx *store.Tx, d notify.Delivery) (notify.Vars, error) {
	var of noticed
	if err := d.Into(&of); err != nil {
		return nil, err
	}
	p := i18n.For(i18n.Locale(d.Locale)).In(d.Region.Loc)
	_, user, err := d.To.Parse()
	if err != nil {
		return nil, err
	}
	by, err := byWhom(ctx, tx, p, d.Region, of.By)
	if err != nil {
		return nil, err
	}
	out := notify.Vars{"time": p.DateTime(d.Created), "by": by, "left": of.Left, "help": help(p, d.Region)}
	// Who was removed is told that, and of nothing that happened to the account before.
	switch u, err := store.Select[tenant.User](tx).Where("id = ?", user).One(ctx); {
	case err != nil:
		return nil, err
	case u.Retired != (d.Kind == auth.NoticeRemoved):
		return nil, notify.ErrObsolete
	}
	switch d.Kind {
	case auth.NoticeRoleGiven, auth.NoticeRoleTaken, auth.NoticeCounters:
		return out, rights(ctx, tx, p, of, out)
	case auth.NoticeSuspended:
	default:
		return out, nil
	}
	if out["reason"], err = auth.SuspendedReason(ctx, tx, user); err == nil && out["reason"] == "" {
		err = notify.ErrObsolete // resumed in the meantime
	}
	return out, err
}

// byWhom says who did something to an account, and not who that is.
func byWhom(ctx context.Context, tx *store.Tx, p *i18n.Printer, in notify.Region, by string) (string, error) {
	switch {
	case strings.HasPrefix(by, "system:"):
		return p.T("web.by_operator"), nil
	case in.Code == tenant.PlatformCode:
		return help(p, in), nil
	}
	// Otherwise it is their own doing, of which the letter does not say by whom.
	if user, bad := id.Parse(strings.TrimPrefix(by, "user:")); bad == nil {
		grants, err := store.Select[tenant.Grant](tx).Where("user_id = ?", user).All(ctx)
		ofAgency := func(g tenant.Grant) bool { return g.Role == authz.RoleAgencyAdmin }
		ofRegion := func(g tenant.Grant) bool { return g.Role == authz.RoleAdmin }
		if err != nil || slices.ContainsFunc(grants, ofAgency) && !slices.ContainsFunc(grants, ofRegion) {
			return p.T("web.by_agency"), err
		}
	}
	return p.T("web.by_admin"), nil
}

// rights names a role, and what it allows, in a notice.
func rights(ctx context.Context, tx *store.Tx, p *i18n.Printer, of noticed, out notify.Vars) error {
	out["role"], out["allows"], out["agency"] = "", "", of.Agency
	if of.Role != "" {
		out["role"], out["allows"] = p.T("web.role."+of.Role), p.T("web.role_about."+of.Role)
	}
	if of.Agency == "" {
		return nil
	}
	a, err := store.Select[tenant.AgencyRow](tx).Where("code = ?", of.Agency).All(ctx)
	if err == nil && len(a) > 0 {
		out["agency"] = a[0].Name
	}
	if out["role"] != "" {
		out["role"] += ", " + out["agency"]
	}
	return err
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
