package notify_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

func mailTo(b *box) notify.Options {
	return notify.Options{Carriers: map[notify.Channel]notify.Carrier{notify.Email: b, notify.SMS: b, notify.WhatsApp: b}}
}

func TestAMessageGoesOutOnceForEachChannelWithItsChange(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		w := newWorld(t, dialect, mailTo(b), notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email, notify.SMS}, Unknown: notify.Resend})
		gone := errors.New("rolled back")
		err := w.db.In(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(w.service.Send(ctx, tx, notify.Message{Kind: "test.link", Key: "x", To: notify.User(w.region.Officer)}), gone)
		})
		if !errors.Is(err, gone) {
			t.Fatal(err)
		}
		w.send(notify.Message{Key: "x"})
		w.send(notify.Message{Key: "x"})
		sent := func(n int) func([]message) bool {
			return func(all []message) bool {
				done := 0
				for _, m := range all {
					if m.State == "sent" && m.Job == "done" && m.ProviderID == "provider-"+m.ID {
						done++
					}
				}
				return done == n && len(all) == n
			}
		}
		w.until("both channels", sent(2))
		w.send(notify.Message{Key: "x"}) // when it has arrived, too
		// Nor does its job, run again by a process that had lost it, send it again.
		again := w.messages()[0]
		err = w.db.In(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
			return jobs.Add(ctx, tx, jobs.Job{Kind: "notify." + again.Channel, Key: "again", Data: map[string]string{"message": again.ID}})
		})
		if err != nil {
			t.Fatal(err)
		}
		w.until("that job", func([]message) (done bool) {
			_ = w.db.View(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
				list, err := jobs.List(ctx, tx, jobs.Finished, 100)
				for _, j := range list {
					done = done || j.Key == "again"
				}
				return err
			})
			return done
		})
		w.send(notify.Message{Key: "y", To: notify.User(w.region.Admin)})
		w.until("another event", sent(4))
		officer, admin := w.region.Email("officer"), w.region.Email("admin")
		got := map[string]string{}
		for _, l := range b.got() {
			got[string(l.Channel)+" "+l.To+" "+string(l.Locale)] = l.Text
		}
		if len(b.got()) != 4 {
			t.Errorf("%d letters", len(b.got()))
		}
		name, host := w.region.Name, w.region.Host("mpp.test")
		for who, says := range map[string][]string{
			"email " + officer + " id": {"Silakan buka:", "Hormat kami", "https://" + host + "/undangan/rahasia"},
			"sms +628110000000 id":     {"Buka https://", "Alamat resmi"},
			"email " + admin + " en":   {"Please open:", "Yours sincerely", "https://" + host + "/undangan/rahasia"},
			"sms +628110000000 en":     {"Open https://", "Official address"},
		} {
			for _, s := range append(says, name, host) {
				if !strings.Contains(got[who], s) {
					t.Errorf("%s does not say %q: %q", who, s, got[who])
				}
			}
		}
		if err := w.db.In(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, wrong := range []notify.Message{{Kind: "test.none", To: notify.User(w.region.Officer)}, {Kind: "test.link", To: "siti@contoh.test"}, {Kind: "test.link"}} {
				if err := w.service.Send(ctx, tx, wrong); err == nil || strings.Contains(err.Error(), "siti") {
					t.Errorf("%+v: %v", wrong, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// What is stored and what is logged holds neither an address nor a secret: only the token's hash, which Content
// has stored in the transaction that marks the message as being sent.
func TestTheOutboxHoldsNoAddressAndNoSecret(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{answers: []error{
			&notify.Refusal{Outcome: notify.Temporary, Code: "test.busy"},
			errors.New("550 no such user officer@" + "x"), // a carrier's mistake: its words go nowhere
		}}
		w := newWorld(t, dialect, mailTo(b))
		w.send(notify.Message{Key: "x"})
		w.until("the first failure", func(all []message) bool { return all[0].LastError == "test.busy" && all[0].Job == "queued" })
		w.after(time.Minute)
		w.until("the second", func(all []message) bool { return all[0].LastError == "notify.carrier" && all[0].Job == "queued" })
		w.after(time.Minute)
		m := w.one("sent", "done")
		if m.Attempts != 3 || m.Tries != 3 {
			t.Errorf("%+v", m)
		}
		letters := b.got()
		if len(letters) != 3 || len(w.made.made) != 3 || letters[0].ID != letters[2].ID || letters[0].Text == letters[2].Text {
			t.Fatalf("%d letters, %d tokens: a retry is the same message with a fresh token", len(letters), len(w.made.made))
		}
		err := w.db.View(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
			for _, table := range []string{"jobs", "messages", "audit", "events", "throttles"} {
				rows, err := store.Query[map[string]any](ctx, tx, store.From{table}, "select * from "+table)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("%s", rows)
				for _, s := range append([]string{w.region.Email("officer"), "550"}, w.made.made...) {
					if strings.Contains(text, s) {
						t.Errorf("%s holds %q", table, s)
					}
				}
			}
			stored, err := store.Select[tenant.Closure](tx).Where("reason like ?", hex.EncodeToString([]byte("rahasia"))+"%").Count(ctx)
			if stored != 3 {
				t.Errorf("%d hashes are stored", stored)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		_ = w.runner.Stop(t.Context())
		for _, s := range append([]string{w.region.Email("officer"), "550"}, w.made.made...) {
			if strings.Contains(w.log.String(), s) {
				t.Errorf("the log holds %q:\n%s", s, w.log)
			}
		}
	})
}

// How each outcome ends, on a channel where a letter that is carried twice arrives twice, and on one where not.
func TestOutcomes(t *testing.T) {
	refusal := func(o notify.Outcome) error { return &notify.Refusal{Outcome: o, Code: "test.no"} }
	each(t, func(t *testing.T, dialect string) {
		for name, c := range map[string]struct {
			kind       string
			idempotent bool
			answer     error // nil: the process is gone
			state, job string
			retries    bool // it goes out by itself, later
			carried    int  // in all, after a person has sent it back if need be
		}{
			"temporary":                   {"test.link", false, refusal(notify.Temporary), "queued", "queued", true, 2},
			"permanent":                   {"test.link", false, refusal(notify.Permanent), "failed", "dead", false, 2},
			"uncertain, resent":           {"test.link", false, refusal(notify.Uncertain), "sending", "queued", true, 2},
			"uncertain, held":             {"test.hold", false, refusal(notify.Uncertain), "unknown", "dead", false, 2},
			"uncertain, idempotent":       {"test.hold", true, refusal(notify.Uncertain), "sending", "queued", true, 2},
			"gone while sending, resent":  {"test.link", false, nil, "sending", "queued", true, 2},
			"gone while sending, held":    {"test.hold", false, nil, "sending", "queued", true, 1},
			"gone while sending, no harm": {"test.hold", true, nil, "sending", "queued", true, 2},
		} {
			t.Run(name, func(t *testing.T) {
				b := &box{idempotent: c.idempotent}
				if c.answer != nil {
					b.answers = []error{c.answer}
				} else {
					b.panics = 1
				}
				w := newWorld(t, dialect, mailTo(b),
					notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend},
					notify.Kind{Name: "test.hold", Channels: []notify.Channel{notify.Email}, Unknown: notify.Hold})
				w.send(notify.Message{Kind: c.kind, Key: "x"})
				w.until("the first outcome", func(all []message) bool {
					return len(all) == 1 && all[0].State == c.state && all[0].Job == c.job && all[0].Tries == 1
				})
				w.after(10 * time.Second)
				if name == "gone while sending, held" {
					// Nobody knows whether it went out, so a person decides.
					if m := w.one("unknown", "dead"); m.LastError != "notify.unknown" || len(b.got()) != 1 {
						t.Errorf("%v, carried %d times", m, len(b.got()))
					}
					return
				}
				if !c.retries {
					w.after(24 * time.Hour)
					if m := w.one(c.state, c.job); len(b.got()) != 1 || m.LastError != "test.no" {
						t.Errorf("%v, carried %d times", m, len(b.got()))
					}
					w.retry()
				}
				w.one("sent", "done")
				letters := b.got()
				if len(letters) != c.carried || letters[0].ID != letters[1].ID {
					t.Errorf("carried %d times", len(letters))
				}
			})
		}
	})
}

// stuck is a carrier that answers when it is let.
type stuck struct {
	box
	began, answer chan struct{}
}

func (c *stuck) Carry(context.Context, notify.Letter) (string, error) {
	c.began <- struct{}{}
	<-c.answer
	return "", &notify.Refusal{Outcome: notify.Temporary, Code: "test.late"}
}

// A process that was away for longer than its lease, while another one sent the message, does not undo that.
func TestAProcessThatWasAwayUndoesNothing(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		slow := &stuck{began: make(chan struct{}, 9), answer: make(chan struct{})}
		quick := &box{}
		w := newWorld(t, dialect, notify.Options{Carriers: map[notify.Channel]notify.Carrier{notify.Email: slow}})
		w.send(notify.Message{Key: "x"})
		<-slow.began
		w.now.Advance(2 * time.Minute)
		other := testkit.Again(t, testkit.URLs(w.db), testkit.WithClock(w.now))
		w.process(other, mailTo(quick))
		// Whichever process looks first may take it over; the first one may do so as well, and be stuck again.
		deadline := time.After(60 * time.Second)
		for len(quick.got()) == 0 {
			if err := other.In(t.Context(), w.region.ID, func(_ context.Context, tx *store.Tx) error { tx.Wake(); return nil }); err != nil {
				t.Fatal(err)
			}
			select {
			case <-slow.began:
				w.now.Advance(2 * time.Minute)
			case <-time.After(10 * time.Millisecond):
			case <-deadline:
				t.Fatal("nobody took it over")
			}
		}
		w.one("sent", "done")
		close(slow.answer)
		if err := w.runner.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m := w.one("sent", "done"); m.LastError != "" || m.ProviderID == "" {
			t.Errorf("%+v", m)
		}
	})
}

// After its last attempt a message says so, and a person can send it back.
func TestAMessageThatFailsTooOftenIsDead(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		for range 20 {
			b.answers = append(b.answers, &notify.Refusal{Outcome: notify.Temporary, Code: "test.busy"})
		}
		w := newWorld(t, dialect, mailTo(b))
		w.send(notify.Message{Key: "x"})
		for n := 1; n < 20; n++ {
			w.until(fmt.Sprint("failure ", n), func(all []message) bool { return all[0].Tries == n && all[0].Job == "queued" })
			w.after(time.Hour)
		}
		if m := w.one("failed", "dead"); m.LastError != "test.busy" || m.Attempts != 20 {
			t.Errorf("%+v", m)
		}
		w.retry()
		w.one("sent", "done")
	})
}

func TestWhatIsDropped(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		w := newWorld(t, dialect, mailTo(b), notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, Within: time.Hour})
		state := func(key string) func([]message) bool {
			return func(all []message) bool {
				for _, m := range all {
					if m.Key == key && m.Job != "queued" && m.Job != "running" {
						return true
					}
				}
				return false
			}
		}
		w.send(notify.Message{Key: "gone", To: notify.User(id.New())})
		w.until("gone", state("gone"))
		w.send(notify.Message{Key: "obsolete", Data: map[string]bool{"Obsolete": true}})
		w.until("obsolete", state("obsolete"))
		w.send(notify.Message{Key: "broken", Data: map[string]bool{"Broken": true}})
		w.until("broken", state("broken"))
		// One that comes to its turn only when it is too late.
		b.mu.Lock()
		b.answers = []error{&notify.Refusal{Outcome: notify.Temporary, Code: "test.busy", After: 61 * time.Minute}}
		b.mu.Unlock()
		w.send(notify.Message{Key: "late"})
		w.until("a failure", func(all []message) bool {
			return all[len(all)-1].LastError == "test.busy" && all[len(all)-1].Job == "queued"
		})
		w.after(61 * time.Minute)
		all := w.until("late", state("late"))
		got := map[string]string{}
		for _, m := range all {
			got[m.Key] = m.String()
		}
		for key, want := range map[string]string{
			"gone": "dropped, job done 1, notify.gone", "obsolete": "dropped, job done 1, notify.obsolete",
			"broken": "failed, job dead 1, notify.text", "late": "dropped, job done 2, notify.late",
		} {
			if got[key] != want {
				t.Errorf("%s: %q instead of %q", key, got[key], want)
			}
		}
		if n := len(b.got()); n != 1 {
			t.Errorf("%d letters", n)
		}
		// What Content wrote for a text that could not be made has been taken back.
		err := w.db.View(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
			n, err := store.Select[tenant.Closure](tx).Where("reason like ?", hex.EncodeToString([]byte("rahasia"))+"%").Count(ctx)
			if n != 1 {
				t.Errorf("%d tokens are stored", n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A flood to one person reaches them a few times an hour and is dropped beyond; others are not touched by it.
func TestAFloodToOnePersonStops(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		w := newWorld(t, dialect, mailTo(b), notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, PerHour: 3},
			notify.Kind{Name: "test.hold", Channels: []notify.Channel{notify.Email}, Unknown: notify.Hold})
		ended := func(n int) func([]message) bool {
			return func(all []message) bool {
				for _, m := range all {
					if m.Job != "done" {
						return false
					}
				}
				return len(all) == n
			}
		}
		for range 12 {
			w.send(notify.Message{})
		}
		w.until("the flood", ended(12))
		w.send(notify.Message{To: notify.User(w.region.Admin)})
		w.send(notify.Message{Kind: "test.hold"}) // another kind, such as the notice that it happens
		all := w.until("the others", ended(14))
		states := map[string]int{}
		for _, m := range all {
			states[m.State+" "+m.LastError]++
		}
		if states["sent "] != 3+1+1 || states["dropped notify.limit"] != 9 || len(b.got()) != 5 {
			t.Errorf("%v, %d letters", states, len(b.got()))
		}
		w.after(time.Hour)
		w.send(notify.Message{})
		w.until("the next hour", ended(15))
		if len(b.got()) != 6 {
			t.Errorf("%d letters: the next hour is free again", len(b.got()))
		}
	})
}

// A region sends so many in an hour; more are not lost, they wait.
func TestARegionsMessagesWaitBeyondItsLimit(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		opt := mailTo(b)
		opt.TenantPerHour = 4
		w := newWorld(t, dialect, opt, notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, PerHour: 100})
		w.now.Advance(20 * time.Minute)
		for range 6 {
			w.send(notify.Message{})
		}
		count := func(state, code string) (n int) {
			for _, m := range w.messages() {
				if m.State == state && m.LastError == code {
					n++
				}
			}
			return n
		}
		w.until("the limit", func(all []message) bool {
			put, done := 0, 0
			for _, m := range all {
				switch {
				case m.Job == "done":
					done++
				case m.Job == "queued" && m.Tries == 0 && w.putOff(m.ID):
					put++
				}
			}
			return done == 4 && put == 2
		})
		w.after(39 * time.Minute)
		if len(b.got()) != 4 {
			t.Errorf("%d letters before the hour is over", len(b.got()))
		}
		w.after(time.Minute)
		w.until("the next hour", func([]message) bool { return count("sent", "") == 6 })
	})
}

// putOff tells whether a message's job waits for the next hour.
func (w *world) putOff(message string) (yes bool) {
	w.t.Helper()
	type line struct {
		LastError string `bun:"last_error"`
	}
	err := w.db.View(context.Background(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[line](ctx, tx, store.From{"jobs"}, "select last_error from jobs where key = ?", message)
		yes = len(rows) == 1 && rows[0].LastError == "notify.busy"
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return yes
}

// Without a carrier messages wait, and go out once there is one.
func TestMessagesWaitForACarrier(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		w := newWorld(t, dialect, notify.Options{})
		w.send(notify.Message{Key: "x"})
		if m := w.one("queued", "queued"); m.Tries != 0 {
			t.Errorf("%+v", m)
		}
	})
}

func TestOldMessagesAreSwept(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		w := newWorld(t, dialect, mailTo(&box{}))
		w.send(notify.Message{Key: "x"})
		w.one("sent", "done")
		for _, step := range []struct {
			after time.Duration
			left  int
		}{{notify.Keep - time.Second, 1}, {time.Second, 0}} {
			w.now.Advance(step.after)
			if err := w.service.Sweep(t.Context(), w.region.ID); err != nil {
				t.Fatal(err)
			}
			if n := len(w.messages()); n != step.left {
				t.Errorf("%d messages are left", n)
			}
		}
	})
}

// Where nothing can carry a message it waits, and no longer than its kind says: then it goes, with its job.
func TestWhatWaitsTooLongIsSwept(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		w := newWorld(t, dialect, notify.Options{},
			notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, Within: 72 * time.Hour},
			notify.Kind{Name: "test.hold", Channels: []notify.Channel{notify.Email}, Unknown: notify.Hold})
		for range 3 {
			w.send(notify.Message{Kind: "test.link", To: notify.User(w.region.Officer)})
		}
		w.send(notify.Message{Kind: "test.hold", To: notify.User(w.region.Officer)})
		for _, step := range []struct {
			after   time.Duration
			dropped int
			jobs    int
		}{{71 * time.Hour, 0, 4}, {2 * time.Hour, 3, 1}, {time.Hour, 3, 1}} {
			w.now.Advance(step.after)
			if err := w.service.Sweep(t.Context(), w.region.ID); err != nil {
				t.Fatal(err)
			}
			type count struct{ Late, Messages, Jobs int }
			var got []count
			err := w.db.View(t.Context(), w.region.ID, func(ctx context.Context, tx *store.Tx) (err error) {
				got, err = store.Query[count](ctx, tx, store.From{"messages", "jobs"}, `
					select (select count(*) from messages where state = 'dropped' and last_error = 'notify.late') as late,
						(select count(*) from messages where kind like 'test.%') as messages, (select count(*) from jobs) as jobs`)
				return err
			})
			if err != nil || got[0] != (count{step.dropped, 4, step.jobs}) {
				t.Errorf("%v: %+v, %v", step.after, got, err)
			}
		}
	})
}

func TestRegisterRefusesWhatIsIncomplete(t *testing.T) {
	content := func(context.Context, *store.Tx, notify.Delivery) (notify.Vars, error) { return nil, nil }
	whole := notify.Kind{Name: "test.hold", Channels: []notify.Channel{notify.Email}, Content: content, Unknown: notify.Hold}
	for want, c := range map[string]struct {
		texts  string
		change func(*notify.Kind)
	}{
		"":                          {texts, func(*notify.Kind) {}},
		"no texts":                  {texts, func(k *notify.Kind) { k.Name = "test.none" }},
		"no content or no channel":  {texts, func(k *notify.Kind) { k.Content = nil }},
		"sms needs a short text":    {texts, func(k *notify.Kind) { k.Channels = []notify.Channel{notify.Email, notify.SMS} }},
		`no channel "fax"`:          {texts, func(k *notify.Kind) { k.Channels = []notify.Channel{"fax"} }},
		"decide what happens":       {texts, func(k *notify.Kind) { k.Unknown = 0 }},
		"subject is there in one":   {`test.hold: {id: {subject: "a", text: "b"}, en: {text: "b"}}`, func(*notify.Kind) {}},
		"variables differ":          {`test.hold: {id: {subject: "a", text: "b {x}"}, en: {subject: "a", text: "b {y}"}}`, func(*notify.Kind) {}},
		"needs a subject":           {`test.hold: {id: {text: "b"}, en: {text: "b"}}`, func(*notify.Kind) {}},
		"a variable is":             {`test.hold: {id: {subject: "a {X}", text: "b"}, en: {subject: "a", text: "b"}}`, func(*notify.Kind) {}},
		"a } without":               {`test.hold: {id: {subject: "a }", text: "b"}, en: {subject: "a", text: "b"}}`, func(*notify.Kind) {}},
		"unknown field \"sujbect\"": {`test.hold: {id: {sujbect: "a"}}`, func(*notify.Kind) {}},
	} {
		k := whole
		c.change(&k)
		err := notify.New(nil, notify.Options{}).Register("a file", []byte(c.texts), k)
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "a file")) {
			t.Errorf("%q: %v", want, err)
		}
	}
	s := notify.New(nil, notify.Options{})
	if err := errors.Join(s.Register("a", []byte(texts), whole), s.Register("b", []byte(texts), whole)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("%v", err)
	}
}

// The window in which messages are counted is taken by many at once: no more pass than may.
func TestTheLimitHoldsUnderARace(t *testing.T) {
	each(t, func(t *testing.T, dialect string) {
		b := &box{}
		w := newWorld(t, dialect, mailTo(b), notify.Kind{Name: "test.link", Channels: []notify.Channel{notify.Email}, Unknown: notify.Resend, PerHour: 5})
		others := []*store.DB{w.db, testkit.Again(t, testkit.URLs(w.db), testkit.WithClock(w.now))}
		errs := make(chan error, 8)
		for i := range 8 {
			go func() {
				var err error
				for range 5 {
					err = errors.Join(err, others[i%2].In(context.Background(), w.region.ID, func(ctx context.Context, tx *store.Tx) error {
						return w.service.Send(ctx, tx, notify.Message{Kind: "test.link", To: notify.User(w.region.Officer)})
					}))
				}
				errs <- err
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		w.after(0)
		w.until("all of them", func(all []message) bool {
			for _, m := range all {
				if m.Job != "done" {
					return false
				}
			}
			return len(all) == 40
		})
		if n := len(b.got()); n != 5 {
			t.Errorf("%d letters", n)
		}
	})
}
