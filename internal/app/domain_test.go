package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// A region asks for a host of its own, its name server shows the proof, and the running server serves it; until
// then, and after it was given back, the host is nobody's.
func TestARegionsOwnDomain(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	apply(t, db, oneSeries("19.01", "WIB"))
	apply(t, db, oneSeries("19.02", "WIB"))
	dir := dirOf(testkit.URLs(db).App)
	server := testkit.Serve(t, []string{"serve"}, serveEnv(db)...)
	dns := testkit.NewNameServer(t)
	domain := func(args ...string) (string, error) {
		return pendopoIn(t, dir, append(append([]string{"tenant", "domain"}, args...), "--name-server", dns.Address)...)
	}
	own, other := siteOf(server, "bangka"), siteOf(server, "belitung")
	own.signIn(t, "loket1@contoh.test")
	other.signIn(t, "loket1@contoh.test")
	const host = "mpp.bangka.go.id"
	at := func(token string) int {
		s := *own
		s.host, s.token = host, token
		status, _ := s.do("GET", "/api/v1/counters", "", nil, nil)
		return status
	}
	until := func(want int) {
		t.Helper()
		for begin := time.Now(); at(own.token) != want; time.Sleep(20 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("after 20 s %s still answers %d, not %d", host, at(own.token), want)
			}
		}
	}
	if got := at(own.token); got != 404 {
		t.Fatalf("before anybody asked: %d", got)
	}
	said, err := domain("19.01", "MPP.bangka.go.id")
	name, value, ok := strings.Cut(said, ".  TXT  \"")
	if err == nil || !ok {
		t.Fatalf("asked without a record: %v\n%s", err, said)
	}
	name = name[strings.LastIndex(name, " ")+1:]
	value, _, _ = strings.Cut(value, `"`)
	if name != "_pendopo."+host || !strings.HasPrefix(value, "pendopo-domain=") {
		t.Fatalf("the record to set: %q %q", name, value)
	}
	dns.Show(name, value)
	if said, err := domain("19.02", host); err == nil {
		t.Fatalf("another region proved it by this one's record:\n%s", said)
	}
	if said, err := domain("19.01", host, "--lang", "en"); err != nil || !strings.Contains(said, "is served for Kabupaten Bangka") {
		t.Fatalf("%v\n%s", err, said)
	}
	until(200)
	if got := at(other.token); got != 401 {
		t.Errorf("another region's token at this region's own host: %d", got)
	}
	if got := at(""); got != 401 {
		t.Errorf("nobody's token: %d", got)
	}
	// Staff sign in at the region's own host only: the domain may be somebody else's one day, with its cookies.
	page := func(method, path string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, own.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := own.Transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode, res.Header.Get("Location")
	}
	home := "http://" + own.host
	for path, want := range map[string]string{"/masuk?next=/petugas": home + "/masuk?next=/petugas", "/petugas": home + "/petugas"} {
		if status, to := page("GET", path); status != 303 || to != want {
			t.Errorf("GET %s at the domain: %d to %q", path, status, to)
		}
	}
	for _, path := range []string{"/masuk", "/keluar", "/petugas/akun/sandi"} {
		if status, to := page("POST", path); status != 404 || to != "" {
			t.Errorf("POST %s at the domain: %d to %q", path, status, to)
		}
	}
	if status, _ := page("GET", "/"); status != 200 {
		t.Errorf("the region's home at its domain: %d", status)
	}
	if said, err := domain("19.01"); err != nil || !strings.Contains(said, host+"  dilayani") {
		t.Errorf("the list: %v\n%s", err, said)
	}
	doctor := func() string {
		said, _ := pendopoIn(t, dir, "doctor", "--name-server", dns.Address)
		return said
	}
	if said := doctor(); !strings.Contains(said, "1 of the regions' own, each shows its proof") {
		t.Errorf("doctor:\n%s", said)
	}
	dns.Show(name, "v=spf1 -all")
	if said := doctor(); !strings.Contains(said, "does not show its proof any more") || !strings.Contains(said, value) {
		t.Errorf("doctor, when the proof has gone:\n%s", said)
	}
	if said, err := domain("19.01", host, "--drop"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	until(404)
	for _, bad := range [][]string{{"19.01", "https://mpp.bangka.go.id"}, {"19.01", "x.localhost"}, {"19.01", host, "--drop"}, {"19.99", host}, {"19.01", "--drop"}} {
		if said, err := domain(bad...); err == nil || strings.TrimSpace(said) == "" {
			t.Errorf("%v: %v %q", bad, err, said)
		}
	}
}
