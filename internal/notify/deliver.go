package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/throttle"
)

// Letter is a message ready to be handed over.
type Letter struct {
	ID      id.ID // the same at every attempt
	Region  Region
	Channel Channel
	To      string
	Locale  Locale
	Subject string // of an e-mail
	Text    string
	At      time.Time
}

// Carrier hands letters over.
type Carrier interface {
	// Carry gives the other side's name for the letter, if it has one. Its errors are *Refusal; any other
	// counts as an unknown outcome.
	Carry(ctx context.Context, l Letter) (providerID string, err error)
	// Idempotent tells whether a letter that is carried twice arrives once.
	Idempotent() bool
	// Check tells whether the other side is there and lets us in. It sends nothing.
	Check(ctx context.Context) error
}

// Outcome is what an error of a Carrier means.
type Outcome int

// The outcomes of a failure.
const (
	Uncertain Outcome = iota // it may have gone out
	Temporary                // it has not, and may another time
	Permanent                // it has not, and will not
)

// Refusal is how a Carrier fails. Code is kept and shown, so it holds nothing personal.
type Refusal struct {
	Outcome Outcome
	Code    string        // "smtp.451"
	After   time.Duration // Temporary: not before
}

func (r *Refusal) Error() string { return "notify: " + r.Code }

// prepared is a message that is about to be handed over. Without a letter there is nothing to be sent, and
// the job is done.
type prepared struct {
	kind    kind
	letter  *Letter
	attempt int  // which of the message's
	held    bool // nobody knows whether it went out before, and a person decides
}

// deliver is the job: it marks the message as being sent and commits, hands it over, and marks what came of
// it. A message that is found as being sent is one whose outcome nobody knows.
func (s *Service) deliver(ctx context.Context, run *jobs.Run) error {
	var w work
	if err := run.Into(&w); err != nil {
		return err
	}
	var p prepared
	err := s.db.In(ctx, run.Tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		p, err = s.prepare(ctx, tx, run, w.Message)
		return err
	})
	var bad *textError
	switch {
	case errors.As(err, &bad):
		// Our own mistake. What Content wrote has been taken back with the rest.
		if err := s.fail(ctx, run, w.Message, "notify.text"); err != nil {
			return err
		}
		return jobs.Permanent("notify.text", bad)
	case err != nil:
		if run.Last {
			_ = s.fail(ctx, run, w.Message, "notify.prepare") // the job keeps the error's code
		}
		return err
	case p.held:
		return jobs.Permanent("notify.unknown", nil)
	case p.letter == nil:
		return nil
	}
	provider, err := s.opt.Carriers[p.letter.Channel].Carry(ctx, *p.letter)
	if err == nil {
		return s.arrived(ctx, run, p, provider)
	}
	return s.refused(ctx, run, p, err)
}

// prepare makes the letter and marks its message as being sent.
func (s *Service) prepare(ctx context.Context, tx *store.Tx, run *jobs.Run, message id.ID) (p prepared, err error) {
	if err := store.Lock[row](ctx, tx, message); err != nil {
		if fault.Is(err, "not_found") {
			return p, run.Done(ctx, tx) // it is so old that it has been swept
		}
		return p, err
	}
	m, err := store.Select[row](tx).Where("id = ?", message).One(ctx)
	if err != nil {
		return p, err
	}
	if m.State == sent || m.State == dropped {
		return p, run.Done(ctx, tx)
	}
	drop := func(why string) (prepared, error) {
		return prepared{}, errors.Join(set(ctx, tx, m.ID, dropped, why), run.Done(ctx, tx))
	}
	k, ok := s.kinds[m.Kind]
	t, known := s.opt.Registry.ByID(run.Tenant)
	if !ok || !known {
		return p, jobs.Again("notify.kind", 0, nil) // a newer process may know it
	}
	if m.State == sending && k.Unknown == Hold && !s.opt.Carriers[m.Channel].Idempotent() {
		return prepared{held: true}, set(ctx, tx, m.ID, unknown, "notify.unknown")
	}
	if k.Within > 0 && tx.Now().Sub(m.CreatedAt) > k.Within {
		return drop("notify.late")
	}
	to, err := s.opt.Resolve(ctx, tx, m.Recipient, m.Channel)
	if fault.Is(err, "not_found") {
		return drop("notify.gone")
	}
	if err != nil {
		return p, err
	}
	if to.Locale != EN {
		to.Locale = ID
	}
	if m.Attempts == 0 {
		key, err := countKey(ctx, tx, k.Name, m.Channel, to.Address)
		if err != nil {
			return p, err
		}
		ok, _, err := throttle.Take(ctx, tx, key, time.Hour, k.PerHour)
		if err != nil {
			return p, err
		}
		if !ok {
			return drop("notify.limit")
		}
	}
	region := Region{Code: t.Code, Name: t.Name, Host: s.opt.Registry.Host(t), Loc: t.Loc}
	region.URL = s.opt.Site(region.Host)
	vars, err := k.Content(ctx, tx, Delivery{
		ID: m.ID, Kind: m.Kind, Key: m.Key, Channel: m.Channel, To: m.Recipient, Data: json.RawMessage(m.Data), Created: m.CreatedAt,
		Locale: to.Locale, Region: region,
	})
	if errors.Is(err, ErrObsolete) {
		return drop("notify.obsolete")
	}
	if err != nil {
		return p, err
	}
	p = prepared{kind: k, attempt: m.Attempts + 1, letter: &Letter{
		ID: m.ID, Region: region, Channel: m.Channel, To: to.Address, Locale: to.Locale, At: tx.Now(),
	}}
	if p.letter.Subject, p.letter.Text, err = k.texts.render(m.Channel, to.Locale, region, vars); err != nil {
		return p, err
	}
	if m.Attempts == 0 {
		// The last row that is taken: every message of the tenant counts in it.
		ok, wait, err := throttle.Take(ctx, tx, "notify:"+string(m.Channel), time.Hour, s.opt.TenantPerHour)
		if err != nil {
			return p, err
		}
		if !ok {
			return p, jobs.Postpone("notify.busy", wait)
		}
	}
	_, err = store.Update[row](tx).Set("state = 'sending', attempts = ?", p.attempt).Where("id = ?", m.ID).Exec(ctx)
	return p, err
}

// set changes a message's state, but never that it has been sent.
func set(ctx context.Context, tx *store.Tx, message id.ID, s state, code string) error {
	_, err := store.Update[row](tx).Set("state = ?, last_error = ?", s, code).Where("id = ? and state <> 'sent'", message).Exec(ctx)
	return err
}

func (s *Service) fail(ctx context.Context, run *jobs.Run, message id.ID, code string) error {
	return s.db.In(ctx, run.Tenant, func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, message, failed, code) })
}

// arrived marks the message as sent and its job as done, in one.
func (s *Service) arrived(ctx context.Context, run *jobs.Run, p prepared, provider string) error {
	return s.persist(ctx, run, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[row](tx).Set("state = 'sent', sent_at = ?, provider_id = ?, last_error = ''", tx.Now(), provider).
			Where("id = ?", p.letter.ID).Exec(ctx)
		if err != nil {
			return err
		}
		if err := run.Done(ctx, tx); !errors.Is(err, jobs.ErrLost) {
			return err
		}
		return nil // whoever has the job now finds the message sent
	})
}

// refused marks what an error of the carrier means, and says what becomes of the job.
func (s *Service) refused(ctx context.Context, run *jobs.Run, p prepared, err error) error {
	var why *Refusal
	if !errors.As(err, &why) {
		why = &Refusal{Outcome: Uncertain, Code: "notify.carrier"}
	}
	resend := p.kind.Unknown == Resend || s.opt.Carriers[p.letter.Channel].Idempotent()
	to, answer := sending, jobs.Again(why.Code, why.After, nil)
	switch {
	case why.Outcome == Permanent:
		to, answer = failed, jobs.Permanent(why.Code, nil)
	case why.Outcome == Temporary && run.Last:
		to = failed
	case why.Outcome == Temporary:
		to = queued
	case !resend:
		to, answer = unknown, jobs.Permanent(why.Code, nil)
	case run.Last:
		to = unknown
	}
	werr := s.persist(ctx, run, func(ctx context.Context, tx *store.Tx) error {
		// Unless another process has taken it over, and is at a later attempt.
		_, err := store.Update[row](tx).Set("state = ?, last_error = ?", to, why.Code).
			Where("id = ? and state = 'sending' and attempts = ?", p.letter.ID, p.attempt).Exec(ctx)
		return err
	})
	if werr != nil {
		return werr // found as being sent by whoever is next
	}
	return answer
}

const persistence = 30 * time.Second

// persist runs a transaction until the database has taken it, whatever ends ctx: a success that is forgotten
// is sent twice.
func (s *Service) persist(ctx context.Context, run *jobs.Run, fn func(context.Context, *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), persistence)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := s.db.In(ctx, run.Tenant, fn)
		if err == nil || ctx.Err() != nil {
			return err
		}
		s.opt.Log.Warn("a message's state was not written; trying again", "job", run.ID.String(), "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// countKey is under which an address's messages of a kind are counted. The region's own keys make it: addresses are so
// few that anybody could try them all against a plain hash.
func countKey(ctx context.Context, tx *store.Tx, kind string, c Channel, address string) (string, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return "", err
	}
	name, err := keys.Pseudonym("notify", string(c)+" "+address)
	return "notify:" + kind + ":" + name, err
}
