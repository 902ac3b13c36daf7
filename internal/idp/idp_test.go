package idp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What is not on the public internet is reached only where the operator says so.
func TestPublic(t *testing.T) {
	for _, ip := range []string{
		"127.0.0.1", "127.1.2.3", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
		"0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "240.0.0.1", "224.0.0.1", "ff02::1", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1", "fec0::1",
	} {
		if c := New(Options{Now: time.Now}); c.may(netip.MustParseAddr(ip)) {
			t.Errorf("%s is asked", ip)
		}
	}
	for _, ip := range []string{"103.10.66.1", "8.8.8.8", "172.32.0.1", "2404:6800:4003::1", "::ffff:8.8.8.8"} {
		if c := New(Options{Now: time.Now}); !c.may(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not asked", ip)
		}
	}
	c := New(Options{Now: time.Now, Networks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}})
	if !c.may(netip.MustParseAddr("10.20.3.4")) || !c.may(netip.MustParseAddr("::ffff:10.20.3.4")) || c.may(netip.MustParseAddr("10.21.0.1")) {
		t.Error("the operator's network is not what is asked")
	}
}

// It is the address of the connection that counts, whatever the name was.
func TestPrivateAddressesAreNotAsked(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	c := New(Options{Now: time.Now})
	for _, issuer := range []string{"http://127.0.0.1:" + port, "http://localhost:" + port, "https://127.0.0.1:" + port, "https://[::ffff:127.0.0.1]:" + port} {
		_, err := c.Look(t.Context(), Registration{Owner: "a", Issuer: issuer, ClientID: "x"})
		if !errors.Is(err, ErrDown) || !errors.Is(err, errPrivate) || !strings.Contains(err.Error(), "PENDOPO_SSO_NETWORKS") {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	// Without TLS nothing but this machine is asked, though its network is allowed.
	all := New(Options{Now: time.Now, Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
	for _, issuer := range []string{"http://sso.contoh.test", "http://10.0.0.1:" + port, "ftp://127.0.0.1"} {
		if _, err := all.Look(t.Context(), Registration{Owner: "a", Issuer: issuer}); !errors.Is(err, ErrDown) || !errors.Is(err, errPlain) {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	if asked > 0 {
		t.Errorf("asked %d times", asked)
	}
}

// TLS is checked: a certificate that nobody vouches for is refused.
func TestCertificatesAreChecked(t *testing.T) {
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	server.Config.ErrorLog = quietLog()
	server.StartTLS()
	defer server.Close()
	c := New(Options{Now: time.Now, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if _, err := c.Look(t.Context(), Registration{Owner: "a", Issuer: server.URL}); !errors.Is(err, ErrDown) || asked > 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// Only so many of one region ask at once, whatever its providers: the others are told at once, and another region asks
// all the same.
func TestBusy(t *testing.T) {
	c := New(Options{Now: time.Now})
	k := key{"a", "https://one.test"}
	var leave []func()
	for range PerOwner {
		l, err := c.enter(k)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	if _, err := c.Begin(t.Context(), Registration{Owner: "a", Issuer: k.issuer}, Attempt{}); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	if l, err := c.enter(key{"b", k.issuer}); err != nil {
		t.Errorf("another region: %v", err)
	} else {
		l()
	}
	for _, l := range leave {
		l()
	}
	if l, err := c.enter(k); err != nil || len(c.busy) != 1 || c.all != 1 {
		t.Errorf("%v %v", err, c.busy)
	} else {
		l()
	}
	for i := range altogether {
		if _, err := c.enter(key{fmt.Sprint(i), "one"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.enter(key{"z", "z"}); !errors.Is(err, ErrBusy) {
		t.Errorf("all together: %v", err)
	}
}

// What a provider says of itself is remembered for some minutes, for the region that asked, and errors show no body.
func TestDiscovery(t *testing.T) {
	asked, secret := 0, "rahasia-yang-tidak-boleh-tampil"
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if body == "" {
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(secret))
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	now := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	c := New(Options{Now: func() time.Time { return now }, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	r := Registration{Owner: "a", Issuer: server.URL, ClientID: "x"}
	_, err := c.Begin(t.Context(), r, Attempt{})
	if !errors.Is(err, ErrDown) || strings.Contains(err.Error(), secret) {
		t.Errorf("%v", err)
	}
	body = `{"issuer":"` + server.URL + `","authorization_endpoint":"` + server.URL + `/a","token_endpoint":"` + server.URL + `/t","jwks_uri":"` + server.URL + `/k",
		"token_endpoint_auth_methods_supported":["client_secret_basic","none"]}`
	// Who does not answer is left alone for a moment: a page that everybody presses again does not hold places.
	asked = 0
	if _, err := c.Begin(t.Context(), r, Attempt{}); !errors.Is(err, ErrDown) || asked != 0 {
		t.Errorf("asked again at once: %d times, %v", asked, err)
	}
	now = now.Add(silent)
	begin := func(r Registration) {
		t.Helper()
		if _, err := c.Begin(t.Context(), r, Attempt{State: "s", Nonce: "n", Verifier: "v"}); err != nil {
			t.Fatal(err)
		}
	}
	begin(r)
	begin(r)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	other := r
	other.Owner = "b"
	begin(other)
	if asked != 2 {
		t.Errorf("another region: asked %d times", asked)
	}
	now = now.Add(known)
	begin(r)
	if asked != 3 {
		t.Errorf("after a while: asked %d times", asked)
	}
	now = now.Add(-24 * time.Hour) // a clock that was set back does not make it last
	begin(r)
	if asked != 4 {
		t.Errorf("set back: asked %d times", asked)
	}
	if needs, err := c.Look(t.Context(), r); err != nil || needs {
		t.Errorf("needs a secret %v: %v", needs, err)
	}
	for name, wrong := range map[string]string{
		"no keys":         strings.Replace(body, server.URL+"/k", "", 1),
		"a user":          strings.Replace(body, server.URL+"/t", "https://u:p@a.test", 1),
		"an issuer's own": strings.Replace(body, `"issuer":"`+server.URL, `"issuer":"`+server.URL+"/", 1),
	} {
		body = wrong
		if _, err := c.Look(t.Context(), r); !errors.Is(err, ErrDown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Look(ended, r); !errors.Is(err, ErrDown) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What a provider names as its algorithms never lets in one that is none, or whose key we have too.
func TestAlgorithms(t *testing.T) {
	for _, c := range []struct{ says, want string }{
		{"", "RS256"}, {"none", "RS256"}, {"HS256 none", "RS256"}, {"ES256 HS256 none EdDSA", "ES256 EdDSA"}, {"rs256", "RS256"}, {"PS512", "PS512"},
	} {
		if got := strings.Join(metadata{Signs: strings.Fields(c.says)}.signs(), " "); got != c.want {
			t.Errorf("%q: %q", c.says, got)
		}
	}
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
