// Package notify writes to people: by e-mail, and by SMS or WhatsApp through a gateway.
//
// A message is a row in the transaction of the change that it tells of, and a job that hands it over
// afterwards. Neither holds an address or a secret: whom a message is for is a reference, which is
// resolved at the moment of sending, and what it says is made then, by the function of its kind. See
// docs/messages.md.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// Channel is a way to a person.
type Channel string

// The channels.
const (
	Email    Channel = "email"
	SMS      Channel = "sms"
	WhatsApp Channel = "whatsapp"
)

// Channels are all channels.
var Channels = []Channel{Email, SMS, WhatsApp}

// Locale is a language of messages.
type Locale string

// The locales; the zero Locale counts as Indonesian.
const (
	ID Locale = "id"
	EN Locale = "en"
)

// Ref says who a message is for, and not where they are reached: "user:<id>".
type Ref string

// User refers to a user of the tenant.
func User(u id.ID) Ref { return Ref("user:" + u.String()) }

// Parse takes a reference apart.
func (r Ref) Parse() (kind string, of id.ID, err error) {
	kind, text, _ := strings.Cut(string(r), ":")
	of, err = id.Parse(text)
	if err != nil || kind == "" {
		return "", id.ID{}, errors.New("notify: who a message is for is a reference, such as user:<id>") // and what it was stays unsaid
	}
	return kind, of, nil
}

// Recipient is where and in which language somebody is reached.
type Recipient struct {
	Address string
	Locale  Locale
}

// Resolver finds where a reference is reached on a channel. The fault "not_found" means that they are not
// there any more, or not by this channel: the message is dropped.
type Resolver func(ctx context.Context, tx *store.Tx, to Ref, by Channel) (Recipient, error)

// Message is what Send takes.
type Message struct {
	Kind string
	// Key names the event: sending twice is sending once. Empty: an event of its own.
	Key string
	To  Ref
	// Data becomes JSON for the kind's Content. It names rows; nothing personal and no secret.
	Data any
}

// Vars fill the {names} of a kind's texts. region and host are always there.
type Vars map[string]string

// ErrObsolete is what a Content gives when the message makes no sense any more: the invitation was taken
// back, the question answered. It is dropped.
var ErrObsolete = errors.New("notify: the message makes no sense any more")

// Delivery is what a Content may know.
type Delivery struct {
	ID      id.ID
	Kind    string
	Key     string
	Channel Channel
	To      Ref
	Data    json.RawMessage
	Created time.Time // of the event
	Locale  Locale
	Region  Region
}

// Into reads the message's data.
func (d Delivery) Into(v any) error {
	if err := json.Unmarshal(d.Data, v); err != nil {
		return fmt.Errorf("notify: %s: %w", d.Kind, err)
	}
	return nil
}

// Region is the region in whose name a message goes out.
type Region struct {
	Code string
	Name string // "Kabupaten Bangka"
	Host string // "bangka.pendopo.id"
	URL  string // "https://bangka.pendopo.id", for links
	Loc  *time.Location
}

// Unknown says what happens to a message when nobody knows whether it went out: the process was killed while
// it sent, or the server did not answer after it had the whole. On a channel that is idempotent it is
// simply handed over again; the choice is for the others, e-mail above all.
type Unknown int

const (
	// Resend hands it over again. Once in a while somebody gets it twice, with one Message-ID. For what
	// must not be lost: an invitation, a reset.
	Resend Unknown = iota + 1
	// Hold leaves it to a person, as a dead letter. For what must not come twice.
	Hold
)

// Kind describes messages of a kind.
type Kind struct {
	Name     string // "auth.invitation"
	Channels []Channel
	// Content makes what the texts need, at the moment of sending and in the transaction that marks the
	// message as being sent. One-time tokens are made here, and their hashes stored. It may run several
	// times for one message, and the recipient may get any of the results: what an earlier run made
	// stays valid until it is used or runs out.
	Content func(ctx context.Context, tx *store.Tx, d Delivery) (Vars, error)
	Unknown Unknown
	// PerHour is how many of this kind one recipient gets in an hour; more are dropped. 0 is 5.
	PerHour int
	// Within is for how long after the event the message makes sense; 0 is always.
	Within time.Duration
}

// Options of a Service.
type Options struct {
	Registry *tenant.Registry
	// Site is the address of a host for links: "https://bangka.pendopo.id".
	Site     func(host string) string
	Resolve  Resolver
	Carriers map[Channel]Carrier
	// TenantPerHour is how many messages a region sends in an hour by one channel; more wait. 0 is 2000.
	TenantPerHour int
	Log           *slog.Logger
}

// Service knows the kinds and sends messages.
type Service struct {
	db    *store.DB
	opt   Options
	kinds map[string]kind
}

type kind struct {
	Kind
	texts texts
}

// New makes a service. Register kinds, then Work for a runner.
func New(db *store.DB, opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.TenantPerHour == 0 {
		opt.TenantPerHour = 2000
	}
	return &Service{db: db, opt: opt, kinds: map[string]kind{}}
}

// Register adds kinds with their texts, a YAML file that has both languages of each. What is missing or does
// not agree is refused.
func (s *Service) Register(source string, data []byte, kinds ...Kind) error {
	file, err := parseTexts(data)
	if err != nil {
		return fmt.Errorf("notify: %s: %w", source, err)
	}
	for _, k := range kinds {
		t, ok := file[k.Name]
		_, twice := s.kinds[k.Name]
		switch {
		case !ok:
			err = errors.New("no texts")
		case twice:
			err = errors.New("registered twice")
		case k.Content == nil || len(k.Channels) == 0:
			err = errors.New("no content or no channel")
		case k.Unknown != Resend && k.Unknown != Hold:
			err = errors.New("decide what happens when the outcome is unknown: Resend or Hold")
		default:
			err = t.fits(k.Channels)
		}
		if err != nil {
			return fmt.Errorf("notify: %s: %s: %w", source, k.Name, err)
		}
		if k.PerHour == 0 {
			k.PerHour = 5
		}
		s.kinds[k.Name] = kind{k, t}
	}
	return nil
}

// state of a message.
type state string

const (
	queued  state = "queued"
	sending state = "sending" // handed over, and nothing heard yet
	sent    state = "sent"
	failed  state = "failed"  // refused, or tried too often; a person may send the job back
	unknown state = "unknown" // held: it may have gone out
	dropped state = "dropped" // not sent, and rightly so
)

// row is a message as it is stored.
type row struct {
	bun.BaseModel `bun:"table:messages,alias:message"`
	store.Owned
	ID         id.ID     `bun:"id,pk"`
	Kind       string    `bun:"kind"`
	Key        string    `bun:"key"`
	Channel    Channel   `bun:"channel"`
	Recipient  Ref       `bun:"recipient"`
	Data       string    `bun:"data"`
	State      state     `bun:"state"`
	Attempts   int       `bun:"attempts"`
	ProviderID string    `bun:"provider_id"`
	LastError  string    `bun:"last_error"`
	CreatedAt  time.Time `bun:"created_at"`
	SentAt     time.Time `bun:"sent_at,nullzero"`
}

// Models are this package's tables.
var Models = store.Models{(*row)(nil)}

// work names a message in its job.
type work struct {
	Message id.ID `json:"message"`
}

func jobKind(c Channel) string { return "notify." + string(c) }

// Send writes a message in the caller's transaction, once for each channel of its kind. It goes out after
// the commit; a message with the same kind and key goes out once.
func (s *Service) Send(ctx context.Context, tx *store.Tx, m Message) error {
	k, ok := s.kinds[m.Kind]
	if !ok {
		return fmt.Errorf("notify: no kind %q", m.Kind)
	}
	if _, _, err := m.To.Parse(); err != nil {
		return err
	}
	data := []byte("{}")
	if m.Data != nil {
		var err error
		if data, err = json.Marshal(m.Data); err != nil {
			return fmt.Errorf("notify: %s: %w", m.Kind, err)
		}
	}
	if m.Key == "" {
		m.Key = id.New().String()
	}
	for _, c := range k.Channels {
		r := &row{
			ID: id.New(), Kind: m.Kind, Key: m.Key, Channel: c, Recipient: m.To, Data: string(data), State: queued, CreatedAt: tx.Now(),
		}
		added, err := store.InsertNew(ctx, tx, r)
		if err != nil {
			return err
		}
		if added == 0 {
			continue // it is on its way, or has arrived
		}
		if err := jobs.Add(ctx, tx, jobs.Job{Kind: jobKind(c), Key: r.ID.String(), Data: work{r.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// Work tells a runner to hand messages over, by each channel that has a carrier. Messages for the others
// wait until one is configured.
func (s *Service) Work(r *jobs.Runner) {
	for _, c := range Channels {
		if s.opt.Carriers[c] != nil {
			r.Register(jobs.Kind{Name: jobKind(c), Handler: s.deliver})
		}
	}
}

// Kinds are the names of the registered kinds, sorted.
func (s *Service) Kinds() []string {
	var names []string
	for n := range s.kinds {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Keep is how long a message's row is kept. Until then its key keeps the same message from going out again.
const Keep = 180 * 24 * time.Hour

// swept are how many messages one transaction drops.
const swept = 500

// Sweep drops a tenant's messages that have waited longer than their kind allows, as where no carrier is configured,
// with their jobs, and deletes old ones. Run it now and then.
func (s *Service) Sweep(ctx context.Context, t store.TenantID) error {
	for _, name := range s.Kinds() {
		within := s.kinds[name].Within
		for n := swept; within > 0 && n == swept; {
			err := s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
				late, err := store.Select[row](tx).Where("kind = ? and state = ? and created_at < ?", name, queued, tx.Now().Add(-within)).
					Order("created_at").Limit(swept).All(ctx)
				if n = len(late); err != nil || n == 0 {
					return err
				}
				return dropAll(ctx, tx, late)
			})
			if err != nil {
				return err
			}
		}
	}
	return s.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[row](ctx, tx, "created_at <= ?", tx.Now().Add(-Keep))
		return err
	})
}

// dropAll drops messages that are late. A job that is being run finds its message dropped, and is done.
func dropAll(ctx context.Context, tx *store.Tx, late []row) error {
	ids, keys := make([]id.ID, len(late)), map[Channel][]string{}
	for i, r := range late {
		ids[i] = r.ID
		keys[r.Channel] = append(keys[r.Channel], r.ID.String())
	}
	_, err := store.Update[row](tx).Set("state = ?, last_error = 'notify.late'", dropped).Where("id in ? and state = ?", bun.Tuple(ids), queued).Exec(ctx)
	for _, c := range Channels {
		if err == nil && len(keys[c]) > 0 {
			err = jobs.Drop(ctx, tx, jobKind(c), keys[c]...)
		}
	}
	return err
}
