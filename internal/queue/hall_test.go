package queue_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// mall is a region with its hall and an officer who may work at every counter of the agency.
type mall struct {
	*testkit.Region
	db      *store.DB
	hall    *queue.Hall
	tenant  *tenant.Tenant
	officer *authz.Actor
}

func newMall(t *testing.T, db *store.DB, opts ...testkit.RegionOption) *mall {
	t.Helper()
	m := &mall{Region: testkit.Tenant(t, db, opts...), db: db, hall: queue.New(db, tenant.NewDirectories(db))}
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ok bool
	if m.tenant, ok = reg.ByHost(m.Host("localhost")); !ok {
		t.Fatal("the region is not in the registry")
	}
	// A user without bindings to counters: the agency's scope decides.
	m.officer = authz.NewActor(authz.Identity{UserID: m.Admin}, []authz.Grant{{Role: authz.RoleOfficer, Scope: m.Scope + "/dukcapil"}})
	return m
}

func (m *mall) issue(t *testing.T, key string) queue.Place {
	t.Helper()
	p, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: key, Channel: queue.Web})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (m *mall) call(t *testing.T, counter int) (queue.Place, bool) {
	t.Helper()
	p, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[counter]})
	if err != nil {
		t.Fatal(err)
	}
	return p, ok
}

func TestNumbersAreGaplessUnderParallelLoadAndBlocksVerify(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		const clients, each = 16, 25
		var mu sync.Mutex
		seen := map[int64]id.ID{}
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				for i := range each {
					key := fmt.Sprintf("%d-%d", c, i)
					p, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: key, Channel: queue.Web})
					if err != nil {
						t.Error(err)
						return
					}
					again, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: key, Channel: queue.Web})
					if err != nil || again.ID != p.ID || again.Number != p.Number {
						t.Errorf("the same key gave %v and %v (%v)", p.Label, again.Label, err)
					}
					mu.Lock()
					if other, dup := seen[p.Number]; dup {
						t.Errorf("number %d went to %v and %v", p.Number, other, p.ID)
					}
					seen[p.Number] = p.ID
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for n := int64(1); n <= clients*each; n++ {
			if _, ok := seen[n]; !ok {
				t.Errorf("number %d is missing", n)
			}
		}
		m.verifyChain(t, clients*each)
	})
}

// verifyChain checks the tenant's blocks, and that there are as many issue records and events as tickets.
func (m *mall) verifyChain(t *testing.T, tickets int) {
	t.Helper()
	type row struct {
		Seq    int64  `bun:"seq"`
		Block  int64  `bun:"block"`
		Action string `bun:"action"`
		Record string `bun:"record"`
		Hash   []byte `bun:"hash"`
	}
	err := m.db.View(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select seq, block, action, record, hash from audit order by seq")
		if err != nil {
			return err
		}
		prev, issues := store.GenesisHash(m.ID), 0
		var block []string
		for i, r := range rows {
			if r.Seq != int64(i)+1 {
				t.Errorf("record %d has the number %d", i+1, r.Seq)
			}
			if r.Action == "queue:ticket:issue" {
				issues++
			}
			block = append(block, r.Record)
			if (r.Seq == r.Block) != (r.Hash != nil) {
				t.Errorf("record %d of block %d: a hash stands at the end of a block only", r.Seq, r.Block)
			}
			if r.Hash != nil {
				prev = store.BlockHash(prev, strings.Join(block, "\n"))
				if !slices.Equal(prev, r.Hash) {
					t.Fatalf("block %d does not verify", r.Block)
				}
				block = nil
			}
		}
		events, err := tx.EventsAfter(ctx, 0, 100000)
		if err != nil {
			return err
		}
		emitted := 0
		for i, e := range events {
			if e.Seq != int64(i)+1 {
				t.Errorf("event %d has the number %d", i+1, e.Seq)
			}
			if e.Kind == "ticket.issued" {
				emitted++
			}
		}
		if issues != tickets || emitted != tickets {
			t.Errorf("%d tickets, %d records, %d events", tickets, issues, emitted)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCountersCallEachTicketOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		const tickets = 60
		for i := range tickets {
			m.issue(t, fmt.Sprint(i))
		}
		var mu sync.Mutex
		calls := map[id.ID]int{}
		var wg sync.WaitGroup
		for c := range 8 {
			wg.Go(func() {
				for {
					p, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[c%2]})
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						return
					}
					mu.Lock()
					calls[p.ID]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(calls) != tickets {
			t.Errorf("%d of %d tickets were called", len(calls), tickets)
		}
		for ticket, n := range calls {
			if n != 1 {
				t.Errorf("%v was called %d times", ticket, n)
			}
		}
		m.verifyChain(t, tickets)
	})
}

// Both dialects write the same records and events, to the sign, but for identifiers.
func TestBothDialectsSayTheSame(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 42, 0, 123456000, time.UTC)
	texts := map[string]string{}
	for _, dialect := range []string{testkit.SQLite, testkit.PostgreSQL} {
		db := testkit.Open(t, dialect, testkit.WithClock(testkit.NewClock(at)))
		m := newMall(t, db)
		first := m.issue(t, "a")
		m.issue(t, "b")
		m.call(t, 0)
		m.call(t, 0)
		// From somewhere: the same text again, with one member more.
		away := store.WithOrigin(t.Context(), func(of store.TenantID) string { return map[bool]string{true: "di \"sana\""}[of == m.ID] })
		if _, err := m.hall.Issue(away, m.tenant, queue.Request{ServiceID: m.Services[0], Key: "c", Channel: queue.Web}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.hall.CallNext(away, m.tenant, m.officer, queue.Press{CounterID: m.Counters[1]}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, first.ID, queue.Finish); err != nil {
			t.Fatal(err)
		}
		var all []string
		type row struct {
			Actor  string `bun:"actor"`
			Action string `bun:"action"`
			Target string `bun:"target"`
			Record string `bun:"record"`
		}
		err := db.View(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query[row](ctx, tx, store.From{"audit"}, "select actor, action, target, record from audit where action like 'queue%' order by seq")
			if err != nil {
				return err
			}
			for _, r := range rows {
				if !strings.Contains(r.Record, `"target":"`+r.Target+`"`) || !strings.Contains(r.Record, `"actor":"`+r.Actor+`"`) {
					t.Errorf("the columns differ from the record: %+v", r)
				}
				all = append(all, r.Record)
			}
			events, err := tx.EventsAfter(ctx, 0, 100)
			for _, e := range events {
				if strings.HasPrefix(e.Kind, "ticket.") {
					all = append(all, e.Kind+" "+strings.Join(e.Topics, " ")+" "+string(e.Data))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		texts[dialect] = uuids.ReplaceAllString(strings.Join(all, "\n"), "U")
		if n := strings.Count(texts[dialect], `","from":"di \"sana\"","data":{"ticket"`); n != 2 {
			t.Errorf("%d records say where they come from, 2 should:\n%s", n, texts[dialect])
		}
	}
	if texts[testkit.SQLite] != texts[testkit.PostgreSQL] {
		t.Errorf("SQLite:\n%s\n\nPostgreSQL:\n%s", texts[testkit.SQLite], texts[testkit.PostgreSQL])
	}
}

func TestAQuotaIsExact(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		var got, full atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Channel: queue.Web})
				switch {
				case err == nil:
					got.Add(1)
				case fault.Is(err, "queue.full") && fault.Of(err).Extra["next_opening"] != nil:
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 3 || full.Load() != 9 {
			t.Errorf("a quota of 3 gave %d and refused %d", got.Load(), full.Load())
		}
	})
}

func TestAKeyBelongsToOneRequest(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		m.issue(t, "k")
		_, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Key: "k", Channel: queue.Web})
		if !fault.Is(err, "queue.key_reused") || fault.KindOf(err).Status() != 422 {
			t.Errorf("another body with the same key: %v", err)
		}
		// Whoever signs in counts up keys of their own.
		mine, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Key: "k", Channel: queue.AtCounter, Actor: m.officer})
		if err != nil || mine.Label != "B-001" {
			t.Errorf("an officer's key: %s, %v", mine.Label, err)
		}
	})
}

// Two requests with one key at the same moment, over two handles as two processes have them.
func TestOneKeyAtOnceInTwoProcesses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		other := queue.New(testkit.Again(t, testkit.URLs(db)), tenant.NewDirectories(db))
		for i := range 20 {
			var ids [4]id.ID
			var wg sync.WaitGroup
			for j := range ids {
				wg.Go(func() {
					hall := []*queue.Hall{m.hall, other}[j%2]
					p, err := hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Key: fmt.Sprint("same-", i), Channel: queue.Web})
					if err != nil {
						t.Error(err)
					}
					ids[j] = p.ID
				})
			}
			wg.Wait()
			if ids[0].IsZero() || ids[0] != ids[1] || ids[0] != ids[2] || ids[0] != ids[3] {
				t.Errorf("one key gave %v", ids)
			}
		}
		m.verifyChain(t, 20)
	})
}

func TestPositionMovesAndCallsFinish(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		a, b, c := m.issue(t, "a"), m.issue(t, "b"), m.issue(t, "c")
		if a.Label != "A-001" || c.Label != "A-003" || a.Position() != 1 || c.Position() != 3 {
			t.Fatalf("%s at %d, %s at %d", a.Label, a.Position(), c.Label, c.Position())
		}
		first, ok := m.call(t, 0)
		if !ok || first.ID != a.ID || first.Status != queue.Called || first.Counter == nil || first.Counter.ID != m.Counters[0] {
			t.Fatalf("called %+v", first)
		}
		second, _ := m.call(t, 0)
		if second.ID != b.ID {
			t.Fatalf("then called %s", second.Label)
		}
		for ticket, want := range map[id.ID]queue.Status{a.ID: queue.Finished, b.ID: queue.Called, c.ID: queue.Waiting} {
			p, err := m.hall.Place(t.Context(), m.tenant, ticket)
			if err != nil || p.Status != want {
				t.Errorf("%s is %s, want %s (%v)", p.Label, p.Status, want, err)
			}
			if p.ID == c.ID && p.Position() != 1 {
				t.Errorf("%s is at %d", p.Label, p.Position())
			}
		}
		// Nobody waits: nothing changes, also not what stands at the counter.
		m.call(t, 1)
		if _, ok := m.call(t, 0); ok {
			t.Error("somebody was called when nobody waited")
		}
		if p, _ := m.hall.Place(t.Context(), m.tenant, b.ID); p.Status != queue.Called {
			t.Errorf("%s is %s", p.Label, p.Status)
		}
	})
}

// Counters that call two series call by age over both, and the place in the line says so.
func TestThePlaceCountsWhomTheSameCountersCall(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		clients := []queue.Request{{ServiceID: m.Services[0], Key: "1"}, {ServiceID: m.Services[1], Key: "2"}, {ServiceID: m.Services[0], Key: "3"}, {ServiceID: m.Services[1], Key: "4"}}
		var line []queue.Place
		for i, r := range clients {
			r.Channel = queue.Web
			p, err := m.hall.Issue(t.Context(), m.tenant, r)
			if err != nil || p.Ahead != i {
				t.Fatalf("%s: %d ahead, not %d (%v)", p.Label, p.Ahead, i, err)
			}
			line = append(line, p)
		}
		for len(line) > 0 {
			for i, p := range line {
				now, err := m.hall.Place(t.Context(), m.tenant, p.ID)
				if err != nil || now.Ahead != i {
					t.Errorf("%s: %d ahead, not %d (%v)", p.Label, now.Ahead, i, err)
				}
			}
			if called, ok := m.call(t, 0); !ok || called.ID != line[0].ID {
				t.Fatalf("called %s, not %s", called.Label, line[0].Label)
			}
			line = line[1:]
		}
		// Without a counter in common nobody of the other series is in front.
		err := db.In(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			for i := range 2 {
				if _, err := store.Delete[tenant.CounterSeries](ctx, tx, "counter_id = ? and series_id = ?", m.Counters[i], m.Series[1-i]); err != nil {
					return err
				}
			}
			return tenant.LinkPeers(ctx, tx)
		})
		if err != nil {
			t.Fatal(err)
		}
		m.issue(t, "5")
		p, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[1], Key: "6", Channel: queue.Web})
		if err != nil || p.Ahead != 0 {
			t.Errorf("%s: %d ahead (%v)", p.Label, p.Ahead, err)
		}
	})
}

// Many ask at once, over both series, so that PostgreSQL takes several in one statement: what each was told
// is the order in which they are called.
func TestPlacesToldAtOnceAreTheOrderOfCalling(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		if err := db.In(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Update[tenant.SeriesRow](tx).Set("quota = 0").Where("true").Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		told := make([]queue.Place, 60)
		var wg sync.WaitGroup
		for i := range told {
			wg.Go(func() {
				p, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[i%2], Key: fmt.Sprint(i), Channel: queue.Web})
				if err != nil {
					t.Error(err)
				}
				told[i] = p
			})
		}
		wg.Wait()
		slices.SortFunc(told, func(a, b queue.Place) int { return a.Ahead - b.Ahead })
		for i, p := range told {
			if p.Ahead != i {
				t.Errorf("%s was told that %d are ahead, and is at %d", p.Label, p.Ahead, i)
			}
			if called, ok := m.call(t, 0); !ok || called.ID != p.ID {
				t.Fatalf("called %s, not %s", called.Label, p.Label)
			}
		}
	})
}

func TestAPressCallsOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		for i := range 4 {
			m.issue(t, fmt.Sprint(i))
		}
		press := queue.Press{CounterID: m.Counters[0], Key: "one"}
		var labels [6]string
		var wg sync.WaitGroup
		for i := range labels {
			wg.Go(func() {
				p, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, press)
				if err != nil {
					t.Error(err)
				}
				labels[i] = p.Label
			})
		}
		wg.Wait()
		if labels != [6]string{"A-001", "A-001", "A-001", "A-001", "A-001", "A-001"} {
			t.Errorf("one press called %v", labels)
		}
		// A press whose answer was lost comes again after the next one: it still names whom it called.
		if p, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], Key: "later"}); err != nil || p.Label != "A-002" {
			t.Errorf("the next press: %s, %v", p.Label, err)
		}
		if p, ok, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, press); err != nil || !ok || p.Label != "A-001" {
			t.Errorf("the first press again: %s, %v", p.Label, err)
		}
		// A screen that shows an older state is told so, and calls nobody.
		_, _, err := m.hall.CallNext(t.Context(), m.tenant, m.officer, queue.Press{CounterID: m.Counters[0], Key: "two", Seen: id.New()})
		if !fault.Is(err, "queue.stale") {
			t.Errorf("a stale screen: %v", err)
		}
	})
}

// A call that is committed is answered, whatever fails after it: a client without a key would call, and finish,
// the next person when it asks again.
func TestACallIsAnsweredWithoutASecondLook(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		m.issue(t, "a")
		ctx, cancel := context.WithCancel(t.Context())
		db.OnCommit(func(store.TenantID) { cancel() })
		p, ok, err := m.hall.CallNext(ctx, m.tenant, m.officer, queue.Press{CounterID: m.Counters[0]})
		if err != nil || !ok || ctx.Err() == nil {
			t.Fatal(p.Label, ok, err, ctx.Err())
		}
		now := m.place(t, p.ID)
		for _, at := range []*time.Time{&p.CreatedAt, &p.CalledAt, &now.CreatedAt, &now.CalledAt} {
			*at = at.UTC()
		}
		now.TenantID, now.IdemKey = p.TenantID, p.IdemKey // nobody is told these
		if p.Ticket != now.Ticket || p.Label != now.Label || p.Counter != now.Counter || p.Service != now.Service || p.Series != now.Series {
			t.Errorf("told:\n%+v\nis:\n%+v", p.Ticket, now.Ticket)
		}
	})
}

func TestMovesAreLegalOrRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		m := newMall(t, db)
		p := m.issue(t, "a")
		for _, move := range []queue.Move{queue.Recall, queue.Serve, queue.Finish, queue.Absent} {
			if _, err := m.hall.Do(t.Context(), m.tenant, m.officer, p.ID, move); !fault.Is(err, "queue.illegal_move") {
				t.Errorf("%s of a waiting ticket: %v", move, err)
			}
		}
		m.call(t, 0)
		for _, step := range []struct {
			move queue.Move
			want queue.Status
		}{{queue.Recall, queue.Called}, {queue.Serve, queue.Serving}, {queue.Serve, queue.Serving}, {queue.Finish, queue.Finished}, {queue.Finish, queue.Finished}} {
			got, err := m.hall.Do(t.Context(), m.tenant, m.officer, p.ID, step.move)
			if err != nil || got.Status != step.want {
				t.Errorf("%s gives %s, %v", step.move, got.Status, err)
			}
		}
		if _, err := m.hall.Withdraw(t.Context(), m.tenant, p.ID); !fault.Is(err, "queue.illegal_move") {
			t.Errorf("a finished ticket was withdrawn: %v", err)
		}
		stranger := authz.NewActor(authz.Identity{UserID: id.New()}, []authz.Grant{{Role: authz.RoleOfficer, Scope: m.Scope + "/imigrasi"}})
		if _, _, err := m.hall.CallNext(t.Context(), m.tenant, stranger, queue.Press{CounterID: m.Counters[0]}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an officer of another agency called: %v", err)
		}
		bound := authz.NewActor(authz.Identity{UserID: m.Officer}, []authz.Grant{{Role: authz.RoleOfficer, Scope: m.Scope + "/dukcapil"}})
		if _, _, err := m.hall.CallNext(t.Context(), m.tenant, bound, queue.Press{CounterID: m.Counters[1]}); !fault.Is(err, "queue.not_your_counter") {
			t.Errorf("an officer called at somebody else's counter: %v", err)
		}
	})
}

// Days turn at local midnight: 17.00, 16.00 and 15.00 UTC. The next day begins with 1 and calls nobody
// of yesterday.
func TestNumbersBeginAnewAtLocalMidnight(t *testing.T) {
	for zone, utc := range map[string]int{"WIB": 17, "WITA": 16, "WIT": 15} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			midnight := time.Date(2026, 11, 23, utc, 0, 0, 0, time.UTC)
			now := testkit.NewClock(midnight.Add(-time.Second))
			testkit.Each(t, func(t *testing.T, db *store.DB) {
				now := testkit.NewClock(now.Now())
				db = testkit.Again(t, testkit.URLs(db), testkit.WithClock(now))
				m := newMall(t, db, testkit.Zone(zone))
				a, b := m.issue(t, "a"), m.issue(t, "b")
				now.Set(midnight)
				c := m.issue(t, "c")
				if a.Number != 1 || b.Number != 2 || c.Number != 1 || !a.Day.Before(c.Day) {
					t.Errorf("%s on %s, %s on %s, %s on %s", a.Label, a.Day, b.Label, b.Day, c.Label, c.Day)
				}
				if p, ok := m.call(t, 0); !ok || p.ID != c.ID {
					t.Errorf("called %s of %s", p.Label, p.Day)
				}
			})
		})
	}
}

func TestNumbersAreGivenWhileOpen(t *testing.T) {
	// Monday 23 November 2026, open 08.00 to 12.00 WIB.
	for hour, open := range map[int]bool{7: false, 8: true, 11: true, 12: false} {
		now := testkit.NewClock(time.Date(2026, 11, 23, hour-7, 0, 0, 0, time.UTC))
		db := testkit.Open(t, testkit.SQLite, testkit.WithClock(now))
		m := newMall(t, db, testkit.Hours(tenants.Hours{Days: "mon-fri", Open: "08:00", Close: "12:00"}))
		_, err := m.hall.Issue(t.Context(), m.tenant, queue.Request{ServiceID: m.Services[0], Channel: queue.Web})
		if open != (err == nil) {
			t.Errorf("at %d.00: %v", hour, err)
		}
		if !open {
			want := map[int]string{7: "2026-11-23T08:00:00+07:00", 12: "2026-11-24T08:00:00+07:00"}[hour]
			if got := fault.Of(err).Extra["next_opening"]; !fault.Is(err, "queue.closed") || got != want {
				t.Errorf("at %d.00 the next opening is %v, want %s", hour, got, want)
			}
		}
	}
}
