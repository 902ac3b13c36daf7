package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit"
)

// secure talks to a process over TLS, whatever its certificate is, and tells which one it showed.
type secure struct {
	http.Client
	shown *tls.ConnectionState
}

func overTLS(at string) *secure {
	s := &secure{}
	s.Timeout = 30 * time.Second
	s.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at)
		},
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // what it shows is looked at
			VerifyConnection:   func(c tls.ConnectionState) error { s.shown = &c; return nil },
		},
	}
	return s
}

func (s *secure) get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Do(req)
}

func (s *secure) json(t *testing.T, method, url string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(out); err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %v", method, url, res.StatusCode, err)
	}
}

// The program itself: it serves the platform from files and a region's own domain with a certificate that it orders, by
// a command that is given while it runs; live screens work over TLS, and what comes in the clear is led there.
func TestAnOwnDomainOverTLS(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite)
	apply(t, db, oneSeries("19.01", "WIB"))
	dns := testkit.NewNameServer(t)
	plain, tlsAt := freeAddress(t), freeAddress(t)
	authority := testkit.NewAuthority(t, dns, portIn(t, plain), portIn(t, tlsAt))
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	own := testkit.SelfSigned(t, certFile, keyFile, time.Now().Add(30*24*time.Hour), "localhost", "*.localhost")
	env := append(serveEnv(db), "PENDOPO_PUBLIC_SCHEME=https", "PENDOPO_ACME_DIRECTORY="+authority.Directory, "PENDOPO_ACME_TERMS=agreed",
		"PENDOPO_NAME_SERVER="+dns.Address, "PENDOPO_TLS_CERT="+certFile, "PENDOPO_TLS_KEY="+keyFile, "SSL_CERT_FILE="+authority.RootFile)
	testkit.Serve(t, []string{"serve", "--addr", plain, "--tls-addr", tlsAt}, env...)
	const host = "mpp.bangka.go.id"
	client, clear := overTLS(tlsAt), overTLS(plain)

	res, err := client.get(t, "https://bangka.localhost/")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 || !client.shown.PeerCertificates[0].Equal(own) || client.shown.Version != tls.VersionTLS13 || client.shown.NegotiatedProtocol == "h2" {
		t.Errorf("a region's host: %d, %+v", res.StatusCode, client.shown)
	}
	if got := res.Header.Get("Strict-Transport-Security"); !strings.Contains(got, "includeSubDomains") {
		t.Errorf("under the bare domain: %q", got)
	}
	if _, err := client.get(t, "https://"+host+"/"); err == nil {
		t.Error("a host that nobody has proved is served over TLS")
	}
	old, err := tls.Dial("tcp", tlsAt, &tls.Config{ServerName: "localhost", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}) //nolint:gosec // it is to be refused
	if err == nil {
		_ = old.Close()
		t.Error("TLS 1.1 is spoken")
	}

	data := dirOf(testkit.URLs(db).App)
	command := func() (string, error) {
		return pendopoIn(t, data, "tenant", "domain", "19.01", host, "--name-server", dns.Address)
	}
	said, _ := command()
	record := regexp.MustCompile(`(_pendopo\S+)\.  TXT  "(\S+)"`).FindStringSubmatch(said)
	if record == nil {
		t.Fatal(said)
	}
	dns.Show(record[1], record[2])
	dns.Point(host)
	if said, err := command(); err != nil {
		t.Fatal(said)
	}
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if res, err = client.get(t, "https://"+host+"/"); err == nil {
			break
		}
		if time.Since(begin) > 60*time.Second {
			t.Fatal(err)
		}
	}
	leaf := client.shown.PeerCertificates[0]
	if err := leaf.VerifyHostname(host); err != nil || leaf.Equal(own) {
		t.Errorf("at the domain: %v", err)
	}
	if got := res.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("at the domain, which may be all of the government's: %q", got)
	}
	_ = res.Body.Close()
	var list struct{ Services []struct{ ID string } }
	var mine struct{ ID string }
	client.json(t, http.MethodGet, "https://"+host+"/api/v1/services", nil, &list)
	client.json(t, http.MethodPost, "https://"+host+"/api/v1/tickets", map[string]string{"service_id": list.Services[0].ID}, &mine)
	stream, err := client.get(t, "https://"+host+"/antrean/"+mine.ID+"/langsung")
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stream.Body).ReadString('\n')
	if err != nil || stream.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || !strings.Contains(line, ":") {
		t.Errorf("a live screen over TLS: %q %v", line, err)
	}
	_ = stream.Body.Close()

	for _, at := range []string{host, "bangka.localhost"} {
		res, err := clear.get(t, "http://"+at+"/layanan?q=ktp")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if want := "https://" + at + "/layanan?q=ktp"; res.StatusCode != 308 || res.Header.Get("Location") != want {
			t.Errorf("%s in the clear: %d to %q", at, res.StatusCode, res.Header.Get("Location"))
		}
	}
	doctor := func() string {
		said, _ := pendopoIn(t, data, "doctor", "--name-server", dns.Address, "--tls-addr", tlsAt, "--public-scheme", "https",
			"--acme-directory", authority.Directory, "--acme-terms", "agreed", "--tls-cert", certFile, "--tls-key", keyFile)
		return said
	}
	if said := doctor(); !strings.Contains(said, "1 of the regions' own domains, renewed by themselves") || !strings.Contains(said, "the platform's own holds until") {
		t.Errorf("doctor:\n%s", said)
	}
	testkit.SelfSigned(t, certFile, keyFile, time.Now().Add(time.Hour), "localhost")
	if said := doctor(); !strings.Contains(said, "the platform's own ends") {
		t.Errorf("doctor, of one that ends soon:\n%s", said)
	}
	if said, err := pendopoIn(t, data, "tenant", "domain", "19.01", host, "--drop"); err != nil {
		t.Fatal(said)
	}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := client.get(t, "https://"+host+"/"); err != nil {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("served over TLS after it was given back")
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func portIn(t *testing.T, address string) (port int) {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err == nil {
		_, err = fmt.Sscan(text, &port)
	}
	if err != nil {
		t.Fatal(err)
	}
	return port
}
