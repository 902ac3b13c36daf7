package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants"
)

const password = "kata-sandi-uji-2026"

// oneSeries is a region that is always open, whose eight counters call one series.
func oneSeries(code, zone string) *tenants.Region {
	r := &tenants.Region{
		Code: code, Timezone: zone, Example: true, Organiser: "DPMPTSP",
		Venues: []tenants.Venue{{Code: "mal", Name: "Mal", Kind: tenants.Office, Address: "Jalan Contoh 1",
			Hours: []tenants.Hours{{Days: "mon-sun", Open: "00:00", Close: "24:00"}}}},
		Agencies: []tenants.Agency{{Code: "dukcapil",
			Series:   []tenants.Series{{Code: "umum", Prefix: "A", Venue: "mal"}},
			Services: []tenants.Service{{Code: "ktp-baru", Series: tenants.Codes{"umum"}}, {Code: "kk-baru", Series: tenants.Codes{"umum"}}},
		}},
	}
	for i := range 8 {
		n := fmt.Sprint(i + 1)
		r.Agencies[0].Counters = append(r.Agencies[0].Counters, tenants.Counter{Code: n, Venue: "mal", Series: []string{"umum"}})
		r.Staff = append(r.Staff, tenants.Person{Email: "loket" + n + "@contoh.test", Name: "Petugas " + n, Role: tenants.RoleOfficer, Agency: "dukcapil", Counters: []string{"mal/" + n}})
	}
	r.Staff = append(r.Staff, tenants.Person{Email: "ti@contoh.test", Name: "TI", Role: tenants.RoleAdmin})
	return r
}

func apply(t testing.TB, db *store.DB, r *tenants.Region) tenant.Row {
	t.Helper()
	hash, err := auth.Hash(t.Context(), tenant.ID{}, password)
	if err != nil {
		t.Fatal(err)
	}
	prov := &tenant.Provisioner{DB: db, Password: func() (string, string, error) { return password, hash, nil }}
	res, err := prov.Apply(t.Context(), r, tenant.Options{Actor: "system:test"})
	if err != nil {
		t.Fatal(err)
	}
	return res.Tenant
}

// site talks to one process on a region's host. Names under localhost are not resolved here.
type site struct {
	*http.Client
	base, host, token string
}

func siteOf(p *testkit.Process, slug string) *site { return siteAt(p.URL, slug) }

func siteAt(address, slug string) *site {
	u, _ := url.Parse(address)
	dial := &net.Dialer{}
	return &site{
		Client: &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dial.DialContext(ctx, "tcp", "127.0.0.1:"+u.Port())
			},
		}},
		base: "http://127.0.0.1:" + u.Port(), host: slug + ".localhost:" + u.Port(),
	}
}

// do sends a request and decodes a JSON answer into out.
func (s *site) do(method, path, key string, body, out any) (int, error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, s.base+path, in)
	if err != nil {
		return 0, err
	}
	req.Host = s.host
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := s.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && out != nil && res.StatusCode < 300 && len(text) > 0 {
		err = json.Unmarshal(text, out)
	}
	if res.StatusCode >= 400 && err == nil {
		err = fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode, err
}

func (s *site) signIn(t *testing.T, email string) {
	t.Helper()
	var session struct{ Token string }
	if _, err := s.do("POST", "/api/v1/sessions", "", map[string]string{"email": email, "password": password}, &session); err != nil {
		t.Fatal(err)
	}
	s.token = session.Token
}

type ticket struct {
	ID     string
	Number int64
	Label  string
	Status string
}

// The promise across processes: 32 clients take 2,000 numbers of one series over four servers on one
// PostgreSQL, and eight counters over the four call each of them once. On SQLite one server does it.
func TestTwoThousandTicketsOverFourProcesses(t *testing.T) {
	t.Run("postgres", func(t *testing.T) { raceTickets(t, testkit.PostgreSQL, 4) })
	t.Run("sqlite", func(t *testing.T) { raceTickets(t, testkit.SQLite, 1) })
}

func raceTickets(t *testing.T, dialect string, processes int) {
	const tickets, clients, counters = 2000, 32, 8
	db := testkit.Open(t, dialect)
	row := apply(t, db, oneSeries("19.01", "WIB"))
	var servers []*testkit.Process
	for range processes {
		servers = append(servers, testkit.Serve(t, []string{"serve"}, serveEnv(db)...))
	}
	var list struct {
		Services []struct{ ID string }
	}
	if _, err := siteOf(servers[0], row.Slug).do("GET", "/api/v1/services", "", nil, &list); err != nil || len(list.Services) == 0 {
		t.Fatal("no services", err)
	}
	service := list.Services[0].ID

	begin := time.Now()
	numbers := make([]ticket, tickets)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			s := siteOf(servers[c%processes], row.Slug)
			for i := c; i < tickets; i += clients {
				status, err := s.do("POST", "/api/v1/tickets", fmt.Sprintf("uji-%d", i), map[string]string{"service_id": service}, &numbers[i])
				if err != nil || status != 201 {
					t.Error(status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%s: %d tickets in %v", dialect, tickets, time.Since(begin).Round(time.Millisecond))
	seen := map[int64]bool{}
	for _, n := range numbers {
		seen[n.Number] = true
	}
	for n := int64(1); n <= tickets; n++ {
		if !seen[n] {
			t.Errorf("number %d is missing", n)
		}
	}
	if len(seen) != tickets || t.Failed() {
		t.Fatalf("%d distinct numbers of %d", len(seen), tickets)
	}

	begin = time.Now()
	var mu sync.Mutex
	called := map[string]int{}
	for c := range counters {
		wg.Go(func() {
			s := siteOf(servers[c%processes], row.Slug)
			s.signIn(t, fmt.Sprintf("loket%d@contoh.test", c+1))
			var mine struct {
				Counters []struct{ ID string }
			}
			if _, err := s.do("GET", "/api/v1/counters", "", nil, &mine); err != nil || len(mine.Counters) != 1 {
				t.Error("counters of one officer:", mine, err)
				return
			}
			for {
				var got ticket
				status, err := s.do("POST", "/api/v1/counters/"+mine.Counters[0].ID+"/next", "", nil, &got)
				if err != nil {
					t.Error(err)
					return
				}
				if status == http.StatusNoContent {
					return
				}
				mu.Lock()
				called[got.ID]++
				mu.Unlock()
				if _, err := s.do("POST", "/api/v1/tickets/"+got.ID+"/finish", "", nil, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%s: %d calls and finishes in %v", dialect, tickets, time.Since(begin).Round(time.Millisecond))
	for ticket, n := range called {
		if n != 1 {
			t.Errorf("%s was called %d times", ticket, n)
		}
	}
	if len(called) != tickets {
		t.Errorf("%d of %d were called", len(called), tickets)
	}
}

// serveEnv points a server at a test's database.
func serveEnv(db *store.DB) []string {
	a := testkit.URLs(db)
	env := []string{"PENDOPO_LIMITS=off", "PENDOPO_LOG_LEVEL=warn"}
	if a.Schema != "" {
		// Nothing is written beside the test's sources.
		return append(env, "PENDOPO_DATABASE_URL="+a.App, "PENDOPO_MASTER_KEY="+testkit.MasterKey, "PENDOPO_CHECKPOINTS=off")
	}
	return append(env, "PENDOPO_DATA="+dirOf(a.App))
}
