package notify_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// texts are those of the tests' kinds.
const texts = `
test.link:
  id: {subject: "Undangan {region}", text: "Silakan buka:\n\n{link}", short: "Buka {link}"}
  en: {subject: "Invitation {region}", text: "Please open:\n\n{link}", short: "Open {link}"}
test.hold:
  id: {subject: "Kuitansi", text: "Kuitansi Anda: {link}"}
  en: {subject: "Receipt", text: "Your receipt: {link}"}
`

// box is a carrier that keeps what it is given and answers what it is told to.
type box struct {
	idempotent bool
	mu         sync.Mutex
	letters    []notify.Letter
	answers    []error // in turn; then nil
	panics     int
}

func (b *box) Idempotent() bool            { return b.idempotent }
func (b *box) Check(context.Context) error { return nil }
func (b *box) Carry(_ context.Context, l notify.Letter) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, l)
	if b.panics > 0 {
		b.panics--
		panic("the process is gone")
	}
	if len(b.answers) > 0 {
		err := b.answers[0]
		b.answers = b.answers[1:]
		return "", err
	}
	return "provider-" + l.ID.String(), nil
}

func (b *box) got() []notify.Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]notify.Letter(nil), b.letters...)
}

// world is a region, with a service that writes to its people and a runner that hands it over.
type world struct {
	t       testing.TB
	db      *store.DB
	now     *testkit.Clock
	region  *testkit.Region
	service *notify.Service
	runner  *jobs.Runner
	made    *tokens
	log     *strings.Builder
}

// tokens are what Content has made: the "hash" of each is stored, as auth would, in the same transaction.
type tokens struct {
	mu   sync.Mutex
	made []string
}

// content makes a link with a token. A closure's reason stands for the table of hashes.
func (k *tokens) content(ctx context.Context, tx *store.Tx, d notify.Delivery) (notify.Vars, error) {
	var data struct {
		Obsolete bool
		Broken   bool
	}
	if err := d.Into(&data); err != nil {
		return nil, err
	}
	if data.Obsolete {
		return nil, notify.ErrObsolete
	}
	token := "rahasia" + strings.ReplaceAll(id.New().String(), "-", "")
	if err := store.Insert(ctx, tx, &tenant.Closure{
		ID: id.New(), FirstDay: clock.DayOf(testkit.Morning, time.UTC), LastDay: clock.DayOf(testkit.Morning, time.UTC), Reason: hex.EncodeToString([]byte(token)),
	}); err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.made = append(k.made, token)
	k.mu.Unlock()
	if data.Broken {
		return notify.Vars{}, nil
	}
	return notify.Vars{"link": d.Region.URL + "/undangan/" + token}, nil
}

type syncWriter struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (w *syncWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// newWorld makes it on a database whose clock the test sets.
func newWorld(t testing.TB, dialect string, opt notify.Options, kinds ...notify.Kind) *world {
	t.Helper()
	w := &world{t: t, now: testkit.NewClock(testkit.Morning), made: &tokens{}, log: &strings.Builder{}}
	w.db = testkit.Open(t, dialect, testkit.WithClock(w.now))
	w.region = testkit.Tenant(t, w.db)
	w.service, w.runner = w.process(w.db, opt, kinds...)
	return w
}

// process is a service and its runner, as a process of the product has them.
func (w *world) process(db *store.DB, opt notify.Options, kinds ...notify.Kind) (*notify.Service, *jobs.Runner) {
	w.t.Helper()
	reg := tenant.NewRegistry(db, "mpp.test", nil)
	if err := reg.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(&syncWriter{b: w.log}, nil))
	opt.Registry, opt.Log = reg, logger
	opt.Site = func(host string) string { return "https://" + host }
	if opt.Resolve == nil {
		opt.Resolve = resolve
	}
	service := notify.New(db, opt)
	if len(kinds) == 0 {
		kinds = []notify.Kind{{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend}}
	}
	for _, k := range kinds {
		if k.Content == nil {
			k.Content = w.made.content
		}
		if err := service.Register("test", []byte(texts), k); err != nil {
			w.t.Fatal(err)
		}
	}
	runner := jobs.New(db, jobs.Options{
		Tenants: func() []store.TenantID { return []store.TenantID{w.region.ID} }, Sweep: 24 * time.Hour, Chance: func() float64 { return 0 }, Log: logger,
	})
	service.Work(runner)
	runner.Start()
	w.t.Cleanup(func() {
		_ = runner.Stop(w.t.Context())
		if w.t.Failed() {
			w.t.Logf("%s", w.log)
		}
	})
	return service, runner
}

// resolve finds users, with an English name for those who want English.
func resolve(ctx context.Context, tx *store.Tx, to notify.Ref, by notify.Channel) (notify.Recipient, error) {
	kind, of, err := to.Parse()
	if err != nil {
		return notify.Recipient{}, err
	}
	if kind != "user" {
		return notify.Recipient{}, fault.New(fault.NotFound, "not_found")
	}
	u, err := store.Select[tenant.User](tx).Where("id = ? and not retired", of).One(ctx)
	if err != nil {
		return notify.Recipient{}, err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return notify.Recipient{}, err
	}
	_, email, err := u.Open(ctx, keys)
	out := notify.Recipient{Address: email, Locale: notify.ID}
	if strings.HasPrefix(email, "admin") {
		out.Locale = notify.EN
	}
	if by != notify.Email {
		out.Address = "+628110000000"
	}
	return out, err
}

func (w *world) send(m notify.Message) {
	w.t.Helper()
	if m.Kind == "" {
		m.Kind = "test.link"
	}
	if m.To == "" {
		m.To = notify.User(w.region.Officer)
	}
	err := w.db.In(context.Background(), w.region.ID, func(ctx context.Context, tx *store.Tx) error { return w.service.Send(ctx, tx, m) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// after moves the clock on and lets the runner see it.
func (w *world) after(d time.Duration) {
	w.t.Helper()
	w.now.Advance(d)
	if err := w.db.In(context.Background(), w.region.ID, func(_ context.Context, tx *store.Tx) error { tx.Wake(); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

// message is a row, and the state of its job.
type message struct {
	ID         string `bun:"id"`
	Key        string `bun:"key"`
	Channel    string `bun:"channel"`
	State      string `bun:"state"`
	Attempts   int    `bun:"attempts"`
	ProviderID string `bun:"provider_id"`
	LastError  string `bun:"last_error"`
	Job        string `bun:"job"`
	Tries      int    `bun:"tries"`
}

func (m message) String() string {
	return fmt.Sprintf("%s, job %s %d, %s", m.State, m.Job, m.Tries, m.LastError)
}

func (w *world) messages() (out []message) {
	w.t.Helper()
	err := w.db.View(context.Background(), w.region.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = store.Query[message](ctx, tx, store.From{"messages", "jobs"}, `
			select m.id, m.key, m.channel, m.state, m.attempts, m.provider_id, m.last_error, j.state as job, j.attempts as tries
			from messages m join jobs j on j.key = cast(m.id as text) and j.kind like 'notify.%' where m.kind like 'test.%' order by m.created_at, m.id`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// until waits until the messages are as a test wants them, and gives them. The database is what is waited
// for, so it is asked again and again; the time is for a test that would hang otherwise.
func (w *world) until(what string, ok func([]message) bool) []message {
	w.t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		all := w.messages()
		if ok(all) {
			return all
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			w.t.Fatalf("waited in vain for %s: %v", what, all)
		}
	}
}

// one waits until the only message is in a state, and its job.
func (w *world) one(state, job string) message {
	w.t.Helper()
	return w.until(state+" "+job, func(all []message) bool { return len(all) == 1 && all[0].State == state && all[0].Job == job })[0]
}

// retry sends what is dead back, as a person would.
func (w *world) retry() {
	w.t.Helper()
	err := w.db.In(context.Background(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := jobs.Retry(ctx, tx, "system:test")
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func each(t *testing.T, fn func(t *testing.T, dialect string)) {
	t.Helper()
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			fn(t, dialect)
		})
	}
}
