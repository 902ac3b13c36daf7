package app_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

// slowLine is another way to a test's database, on which every message takes its time: PostgreSQL is seldom on
// the machine from which somebody applies a region. SQLite's file is always here.
func slowLine(t *testing.T, db *store.DB, each time.Duration) *store.DB {
	t.Helper()
	a := testkit.URLs(db)
	if a.Schema == "" {
		return testkit.Again(t, a)
	}
	u, err := url.Parse(a.App)
	if err != nil {
		t.Fatal(err)
	}
	network, server := "tcp", u.Host
	if dir := u.Query().Get("host"); dir != "" {
		network, server = "unix", dir+"/.s.PGSQL."+cmp.Or(u.Query().Get("port"), "5432")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, server)
			if err != nil {
				t.Errorf("the slow line: %v", err)
				in.Close()
				continue
			}
			go func() { _, _ = io.Copy(in, out); in.Close() }()
			go func() {
				defer out.Close()
				buf := make([]byte, 1<<20)
				for {
					n, err := in.Read(buf)
					time.Sleep(each)
					if _, werr := out.Write(buf[:n]); err != nil || werr != nil {
						return
					}
				}
			}()
		}
	}()
	u.Host = ln.Addr().String()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	u.RawQuery = q.Encode()
	a.App = u.String()
	return testkit.Again(t, a)
}

// busy is the largest sample region, open at all hours; round changes every counter, series and service of it.
func busy(t *testing.T, round int) *tenants.Region {
	t.Helper()
	all, err := tenants.Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Code != "35.78" {
			continue
		}
		for i := range r.Venues {
			r.Venues[i].Hours = []tenants.Hours{{Days: "mon-sun", Open: "00:00", Close: "24:00"}}
			r.Venues[i].TicketsStop = 0
		}
		r.Closures = nil
		for i := range r.Agencies {
			a := &r.Agencies[i]
			for j := range a.Counters {
				a.Counters[j].Place = fmt.Sprint("Lantai ", round)
			}
			for j := range a.Series {
				a.Series[j].Name, a.Series[j].Quota = fmt.Sprint("Antrean ", round), 0
			}
			for j := range a.Services {
				a.Services[j].Minutes = 10 + round
			}
		}
		return r
	}
	t.Fatal("no sample region 35.78")
	return nil
}

// A large region is applied, with a change in every row, while people take numbers and all its counters call:
// nobody's press and nobody's number fails.
func TestALargeRegionIsAppliedWhileItsCountersCall(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		row := apply(t, db, busy(t, 0))
		dirs := tenant.NewDirectories(db)
		hall := queue.New(db, dirs)
		reg := tenant.NewRegistry(db, "localhost", nil)
		if err := reg.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		here, _ := reg.ByCode("35.78")
		dir, err := dirs.Of(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var wg sync.WaitGroup
		var stop atomic.Bool
		var calls, numbers atomic.Int64
		var slowest atomic.Int64
		timed := func(what func() error) bool {
			begin := time.Now()
			err := what()
			if took := int64(time.Since(begin)); took > slowest.Load() {
				slowest.Store(took)
			}
			if err != nil {
				t.Errorf("while the region was applied: %v", err)
			}
			return err == nil && !stop.Load()
		}
		for n, a := range dir.Agencies[:8] {
			officer := authz.NewActor(authz.Identity{}, []authz.Grant{{Role: authz.RoleOfficer, Scope: tenant.ScopeOf("35.78") + "/" + a.Code}})
			if len(a.Counters) > 0 {
				wg.Go(func() {
					for timed(func() error {
						_, _, err := hall.CallNext(ctx, here, officer, queue.Press{CounterID: a.Counters[0].ID})
						calls.Add(1)
						return err
					}) {
						time.Sleep(5 * time.Millisecond)
					}
				})
			}
			for _, s := range a.Services {
				if len(s.Series) == 0 {
					continue
				}
				wg.Go(func() {
					for i := 0; timed(func() error {
						_, err := hall.Issue(ctx, here, queue.Request{ServiceID: s.ID, Key: fmt.Sprint(n, "-", i), Channel: queue.Web})
						numbers.Add(1)
						return err
					}); i++ {
						time.Sleep(5 * time.Millisecond)
					}
				})
				break
			}
		}
		far := slowLine(t, db, 1500*time.Microsecond)
		prov := &tenant.Provisioner{DB: far, Queues: queue.New(far, tenant.NewDirectories(far)), Password: func() (string, string, error) { return password, "x", nil }}
		for round := 1; round <= 3; round++ {
			if _, err := prov.Apply(t.Context(), busy(t, round), tenant.Options{Actor: "system:test"}); err != nil {
				t.Errorf("apply: %v", err)
			}
		}
		stop.Store(true)
		wg.Wait()
		t.Logf("%s: %d calls and %d numbers, the slowest took %v", row.Name, calls.Load(), numbers.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
	})
}

func TestATenantCommandSpeaksTwoLanguages(t *testing.T) {
	dir := t.TempDir()
	r := oneSeries("19.01", "WIB")
	if out, err := pendopoIn(t, dir, "tenant", "apply", folder(t, r)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.Agencies[0].Services[0].Minutes = 20
	if out, err := pendopoIn(t, dir, "tenant", "plan", "--lang", "en", folder(t, r)); err != nil || !strings.Contains(out, "ktp-baru: minutes (catalogue) → 20\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := pendopoIn(t, dir, "tenant", "plan", "--lang", "fr", folder(t, r)); err == nil || !strings.Contains(out, `"fr"`) || !strings.Contains(out, "choose id or en") {
		t.Errorf("%v\n%s", err, out)
	}
}
