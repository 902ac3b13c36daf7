package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/onboarding"
	"github.com/pendopo-id/pendopo/internal/rehearsal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// newSetup wires how regions come here. Who is added by it chooses a password by an invitation's link, so nobody gets a
// first one, and nothing is hashed while a page waits.
func (a *App) newSetup(ctx context.Context) (*onboarding.Service, error) {
	prov, err := newProvisioner(ctx, a.DB)
	if err != nil {
		return nil, err
	}
	prov.Password = func() (string, string, error) { return "", "", nil }
	return onboarding.New(a.DB, a.Registry, onboarding.Options{
		Provisioner: prov, Rehearsal: rehearse{NewRehearsals()}, Letters: letters{a}, Log: a.log, LimitsOff: !a.cfg.Limits, Officials: a.cfg.Officials,
		Allowed: a.allowed,
	}), nil
}

// allowed is what a region may set up by what is paid.
func (a *App) allowed(ctx context.Context, t *tenant.Tenant) (onboarding.Limits, error) {
	e, err := a.Billing.Entitlements(ctx, t)
	return onboarding.Limits{NewVenues: e.NewVenues, Branding: e.Branding, Venues: e.Venues}, err
}

// rehearse plays a day of a draft. What the region's checks would say has been said before.
type rehearse struct{ runner *rehearsal.Runner }

// Run implements onboarding.Rehearsal.
func (r rehearse) Run(ctx context.Context, region *tenants.Region, visitors int) (string, error) {
	report, err := r.runner.Run(ctx, region, rehearsal.Options{Seed: 1, Visitors: visitors})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(report)
	return string(text), err
}

// Say implements onboarding.Rehearsal.
func (r rehearse) Say(text string, p *i18n.Printer) (out onboarding.Rehearsed, err error) {
	var report rehearsal.Report
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		return out, fmt.Errorf("a kept report of a rehearsal: %w", err)
	}
	out.Summary = report.Summary(p)
	kinds := map[rehearsal.Level]ui.Kind{rehearsal.Bad: ui.Bad, rehearsal.Warn: ui.Warn, rehearsal.Good: ui.Good}
	for _, s := range report.Sentences(p) {
		out.Findings = append(out.Findings, onboarding.Finding{Kind: kinds[s.Level], Text: s.Text})
	}
	for _, l := range report.Lines {
		name := l.Agency.ID
		if p.Locale() == i18n.EN {
			name = cmp.Or(l.Agency.EN, name)
		}
		out.Lines = append(out.Lines, onboarding.LineRow{
			Name: name + " (" + l.Prefix + ")", Visitors: p.Number(l.Visitors), P50: p.Minutes(l.P50), P90: p.Minutes(l.P90), Most: p.Number(l.Most),
		})
	}
	return out, nil
}

// letters are what is written about bringing a region on.
type letters struct{ a *App }

// Invite implements onboarding.Letters.
func (l letters) Invite(ctx context.Context, tx *store.Tx, user id.ID, actor string) error {
	return l.a.Auth.InviteIn(ctx, tx, user, actor)
}

// claimRef names a claim as somebody to write to.
func claimRef(claim id.ID) notify.Ref { return notify.Ref("claim:" + claim.String()) }

// Claim implements onboarding.Letters.
func (l letters) Claim(ctx context.Context, tx *store.Tx, claim id.ID, kind string) error {
	return l.a.Messages.Send(ctx, tx, notify.Message{Kind: kind, To: claimRef(claim)})
}

// waitingFor is what is stored of a letter to who confirms.
type waitingFor struct {
	Area string `json:"area"` // a region's code
}

// Waiting implements onboarding.Letters.
func (l letters) Waiting(ctx context.Context, tx *store.Tx, user id.ID, region string) error {
	return l.a.Messages.Send(ctx, tx, notify.Message{Kind: onboarding.LetterWaiting, To: notify.User(user), Data: waitingFor{region}})
}

// setupKinds are the letters about bringing a region on.
func setupKinds() []notify.Kind {
	kind := func(name string, within time.Duration, content func(context.Context, *store.Tx, notify.Delivery) (notify.Vars, error)) notify.Kind {
		return notify.Kind{Name: name, Channels: []notify.Channel{notify.Email}, Content: content, Unknown: notify.Resend, Within: within}
	}
	return []notify.Kind{
		kind(onboarding.LetterProve, 24*time.Hour, proveLetter),
		kind(onboarding.LetterRefused, 7*24*time.Hour, refusedLetter),
		kind(onboarding.LetterWaiting, 7*24*time.Hour, waitingLetter),
	}
}

func proveLetter(ctx context.Context, tx *store.Tx, d notify.Delivery) (notify.Vars, error) {
	_, claim, err := d.To.Parse()
	if err != nil {
		return nil, err
	}
	token, until, area, ok, err := onboarding.ProofOf(ctx, tx, claim)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notify.ErrObsolete
	}
	p := i18n.For(i18n.Locale(d.Locale)).In(d.Region.Loc)
	return notify.Vars{"area": area.Name, "link": d.Region.URL + onboarding.PathProof + "?k=" + token, "until": p.DateTime(until)}, nil
}

func refusedLetter(ctx context.Context, tx *store.Tx, d notify.Delivery) (notify.Vars, error) {
	_, claim, err := d.To.Parse()
	if err != nil {
		return nil, err
	}
	area, reason, err := onboarding.RefusalOf(ctx, tx, claim)
	if fault.Is(err, "not_found") {
		return nil, notify.ErrObsolete
	}
	return notify.Vars{"area": area.Name, "reason": reason}, err
}

func waitingLetter(_ context.Context, _ *store.Tx, d notify.Delivery) (notify.Vars, error) {
	var of waitingFor
	if err := d.Into(&of); err != nil {
		return nil, err
	}
	area, ok := areas.SeatByCode(of.Area)
	if !ok {
		return nil, notify.ErrObsolete
	}
	return notify.Vars{"area": area.Name, "link": d.Region.URL + onboarding.PathClaims}, nil
}

// reachClaim finds the mailbox of who claims a region.
func reachClaim(ctx context.Context, tx *store.Tx, claim id.ID) (notify.Recipient, error) {
	email, locale, err := onboarding.ReachOf(ctx, tx, claim)
	if err == nil && email == "" {
		err = fault.New(fault.NotFound, "not_found")
	}
	return notify.Recipient{Address: email, Locale: notify.Locale(locale)}, err
}

var _ onboarding.Registry = (*tenant.Registry)(nil)
