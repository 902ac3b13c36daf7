package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

// Authority is a certificate authority that speaks ACME: Let's Encrypt's Pebble, in a process of its own.
type Authority struct {
	Directory string         // its address
	RootFile  string         // the root of its own TLS, in PEM: what SSL_CERT_FILE takes
	Client    *http.Client   // trusts that
	Issues    *x509.CertPool // the root of what it issues
}

// pebble is built, or found in the build cache, once a test process.
var pebble = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "tool", "-n", "pebble")
	cmd.Dir = filepath.Join(root, "tools", "pebble")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("testkit: pebble: %w\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// NewAuthority starts one that looks for hosts by the name server, and for challenges on the given ports of where they
// lead.
func NewAuthority(tb testing.TB, dns *NameServer, httpPort, tlsPort int) *Authority {
	tb.Helper()
	notQuick(tb)
	path, err := pebble()
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	a := &Authority{RootFile: filepath.Join(dir, "root.pem")}
	pool := x509.NewCertPool()
	pool.AddCert(SelfSigned(tb, a.RootFile, filepath.Join(dir, "key.pem"), time.Now().Add(time.Hour), "localhost"))
	a.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}, Timeout: 10 * time.Second}
	wfe, manage := freePort(tb), freePort(tb)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprint("127.0.0.1:", wfe), "managementListenAddress": fmt.Sprint("127.0.0.1:", manage),
		"certificate": a.RootFile, "privateKey": filepath.Join(dir, "key.pem"), "httpPort": httpPort, "tlsPort": tlsPort,
		"keyAlgorithm": "ecdsa", "domainBlocklist": []string{"ditolak.contoh.go.id"}, "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"description": "90 days", "validityPeriod": 90 * 24 * 3600}},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(path, "-config", file, "-dnsserver", dns.Address)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=0")
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	child, err := leash.Start(cmd, syscall.SIGKILL, "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = child.Stop(10 * time.Second)
		if tb.Failed() {
			tb.Logf("pebble:\n%s", log.String())
		}
	})
	a.Directory = fmt.Sprintf("https://localhost:%d/dir", wfe)
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := a.get(fmt.Sprintf("https://localhost:%d/roots/0", manage))
		if err == nil {
			if a.Issues = x509.NewCertPool(); !a.Issues.AppendCertsFromPEM(text) {
				tb.Fatalf("pebble's root: %q", text)
			}
			return a
		}
		if time.Since(begin) > 30*time.Second {
			tb.Fatalf("pebble does not answer: %v\n%s", err, log.String())
		}
	}
}

func (a *Authority) get(url string) ([]byte, error) {
	res, err := a.Client.Get(url) //nolint:noctx // the client has a time-out
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

func freePort(tb testing.TB) int {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// SelfSigned writes a certificate for hosts, "*.localhost" among them if asked, and its key, both in PEM.
func SelfSigned(tb testing.TB, certFile, keyFile string, until time.Time, hosts ...string) *x509.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		tb.Fatal(err)
	}
	draft := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return cert
}

// lockedBuffer is written by a process while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
