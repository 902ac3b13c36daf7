package config

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"strings"
	"testing"
)

func load(t *testing.T, env map[string]string, args ...string) (Config, []string, error) {
	t.Helper()
	return Load("serve", Default(), args, func(k string) string { return env[k] }, &bytes.Buffer{}, nil)
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	c, rest, err := load(t, map[string]string{"PENDOPO_DOMAIN": "pendopo.id", "PENDOPO_LIMITS": "off"}, "dir", "--domain", "mpp.test", "more")
	if err != nil || c.Domain != "mpp.test" || c.Limits || strings.Join(rest, " ") != "dir more" {
		t.Fatalf("%+v %v %v", c, rest, err)
	}
}

func TestAWrongValueIsRefusedWithItsNameAndWhatIsAllowed(t *testing.T) {
	for name, s := range map[string]string{
		"PENDOPO_ADDR": "8080", "PENDOPO_LOG": "xml", "PENDOPO_LIMITS": "maybe", "PENDOPO_DOMAIN": "Pendopo.id:80",
		"PENDOPO_TRUSTED_PROXIES": "10.0.0.0/99", "PENDOPO_STREAMS": "0", "PENDOPO_GRACE": "fast",
		"PENDOPO_DATABASE_URL": "mysql://x", "PENDOPO_PUBLIC_SCHEME": "ftp", "PENDOPO_APP_ROLE": "x; drop",
		"PENDOPO_MASTER_KEY": "c2hvcnQ=",
		"PENDOPO_SMTP_URL":   "mail.example.go.id:25", "PENDOPO_MAIL_FROM": "Siti", "PENDOPO_GATEWAY_URL": "http://example.go.id/", "PENDOPO_GATEWAY_SECRET": "short",
	} {
		_, _, err := load(t, map[string]string{name: s})
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "allowed:") {
			t.Errorf("%s=%q: %v", name, s, err)
		}
	}
	// All of them are listed, and a password never is.
	_, _, err := load(t, map[string]string{"PENDOPO_LOG": "xml", "PENDOPO_DATABASE_URL": "mysql://u:geheim@x"})
	if err == nil || strings.Count(err.Error(), "\n") != 1 || strings.Contains(err.Error(), "geheim") {
		t.Fatalf("%v", err)
	}
}

func TestMailServers(t *testing.T) {
	for in, want := range map[string]SMTP{
		"smtp://mail.example.go.id":                   {Host: "mail.example.go.id", Port: 587},
		"smtps://u:p%40ss@mail.example.go.id/":        {Host: "mail.example.go.id", Port: 465, TLS: true, User: "u", Password: "p@ss"},
		"smtp://mpp%40example.go.id:x@127.0.0.1:1025": {Host: "127.0.0.1", Port: 1025, User: "mpp@example.go.id", Password: "x"},
	} {
		if got, err := ParseSMTP(in); err != nil || got != want {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "smtp://", "smtp:///x", "http://x", "smtp://u@x", "smtp://x:0", "smtp://x:99999", "smtp://x/path", "smtp://geheim:geh%eim@x"} {
		if got, err := ParseSMTP(in); err == nil || strings.Contains(err.Error(), "geh") {
			t.Errorf("%q: %+v %v", in, got, err)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "10.0.0.1": false, "localhost.example.go.id": false} {
		if (SMTP{Host: host}).Loopback() != want {
			t.Errorf("%s: loopback is not %v", host, want)
		}
	}
}

func TestValuesThatBelongTogether(t *testing.T) {
	for missing, env := range map[string]map[string]string{
		"PENDOPO_MAIL_FROM":      {"PENDOPO_SMTP_URL": "smtp://x:geheim@mail.example.go.id"},
		"PENDOPO_GATEWAY_SECRET": {"PENDOPO_GATEWAY_URL": "https://gateway.example.go.id/"},
		"PENDOPO_GATEWAY_URL":    {"PENDOPO_GATEWAY_SECRET": "0123456789abcdef0123456789abcdef"},
	} {
		if _, _, err := load(t, env); err == nil || !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	c, _, err := load(t, map[string]string{
		"PENDOPO_SMTP_URL": "smtps://u:p@mail.example.go.id", "PENDOPO_MAIL_FROM": "mpp@example.go.id",
		"PENDOPO_GATEWAY_URL": "http://127.0.0.1:9000/kirim", "PENDOPO_GATEWAY_SECRET": "0123456789abcdef0123456789abcdef",
	}, "--data", "d")
	if err != nil || c.Outbox() != "d/mail" {
		t.Errorf("%q %v", c.Outbox(), err)
	}
	if c, _, _ := load(t, map[string]string{"PENDOPO_DATABASE_URL": "postgres://x/y"}); c.Outbox() != "" {
		t.Errorf("with PostgreSQL messages are kept in %q though nobody said so", c.Outbox())
	}
	if c, _, _ := load(t, map[string]string{"PENDOPO_DATABASE_URL": "postgres://x/y", "PENDOPO_MAIL_FOLDER": "/var/mail/"}); c.Outbox() != "/var/mail" {
		t.Errorf("the folder that was named is not used: %q", c.Outbox())
	}
}

// Nothing listens for TLS that has nothing to show or lets cookies go in the clear, and no authority is asked whose terms
// nobody has agreed to.
func TestTLSIsWholeOrNot(t *testing.T) {
	whole := map[string]string{
		"PENDOPO_TLS_ADDR": ":443", "PENDOPO_PUBLIC_SCHEME": "https", "PENDOPO_TLS_CERT": "tls.crt", "PENDOPO_TLS_KEY": "tls.key",
		"PENDOPO_ACME_DIRECTORY": "letsencrypt", "PENDOPO_ACME_TERMS": "agreed",
	}
	c, _, err := load(t, whole)
	if err != nil || c.ACMEDirectory != "https://acme-v02.api.letsencrypt.org/directory" || !c.ACMETerms {
		t.Fatalf("%+v %v", c, err)
	}
	for _, without := range []string{"PENDOPO_TLS_ADDR", "PENDOPO_PUBLIC_SCHEME", "PENDOPO_TLS_CERT", "PENDOPO_TLS_KEY", "PENDOPO_ACME_TERMS"} {
		env := maps.Clone(whole)
		delete(env, without)
		if _, _, err := load(t, env); err == nil || !strings.Contains(err.Error(), without) {
			t.Errorf("without %s: %v", without, err)
		}
	}
	for name, value := range map[string]string{"PENDOPO_ACME_DIRECTORY": "http://ca.example.id/dir", "PENDOPO_ACME_TERMS": "yes", "PENDOPO_ACME_EMAIL": "ti", "PENDOPO_TLS_ADDR": "443"} {
		env := maps.Clone(whole)
		env[name] = value
		if _, _, err := load(t, env); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

// A drain is a part of the grace: one that leaves open requests no time is refused, wherever the two come from.
func TestADrainThatTakesAllOfTheGraceIsRefused(t *testing.T) {
	for _, c := range []struct {
		drain, grace string
		args         []string
		ok           bool
	}{
		{"60s", "", nil, false},
		{"60s", "60s", nil, false},
		{"5s", "", []string{"--grace", "2s"}, false},
		{"60s", "61s", nil, true},
		{"60s", "", []string{"--drain", "5s"}, true},
		{"", "1s", nil, true},
	} {
		_, _, err := load(t, map[string]string{"PENDOPO_DRAIN": c.drain, "PENDOPO_GRACE": c.grace}, c.args...)
		if c.ok != (err == nil) || err != nil && (!strings.Contains(err.Error(), "set PENDOPO_GRACE (--grace) above") || !strings.Contains(err.Error(), "PENDOPO_DRAIN (--drain) below")) {
			t.Errorf("drain %q, grace %q, %v: %v", c.drain, c.grace, c.args, err)
		}
	}
}

func TestHelpDocumentsEveryValue(t *testing.T) {
	var out bytes.Buffer
	_, _, err := Load("serve", Default(), []string{"--help"}, func(string) string { return "" }, &out, nil)
	if !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, v := range values {
		if !strings.Contains(out.String(), v.env) || !strings.Contains(out.String(), v.allowed) || v.doc == "" {
			t.Errorf("%s is not documented", v.env)
		}
	}
}

func TestWhereCheckpointsAre(t *testing.T) {
	for set, want := range map[string]string{"": "d/checkpoints", "off": "", "/var/x/": "/var/x"} {
		c, _, err := load(t, map[string]string{"PENDOPO_DATA": "d", "PENDOPO_CHECKPOINTS": set})
		if got := c.CheckpointDir(); err != nil || got != want {
			t.Errorf("%q: %q, %v", set, got, err)
		}
	}
}

func TestMasterKeys(t *testing.T) {
	a, b := strings.Repeat("A", 43)+"=", strings.Repeat("B", 42)+"A="
	for text, want := range map[string]int{a: 1, a + "\n": 1, a + "," + b: 2, " " + a + "\n" + b + "\n": 2} {
		if keys, err := MasterKeys(text); err != nil || len(keys) != want || len(keys[0]) != 32 {
			t.Errorf("%q: %d keys, %v", text, len(keys), err)
		}
	}
	for _, text := range []string{"", " , ", a[:40], a + a, a + "," + a, "geheim", strings.Repeat("A", 64)} {
		if _, err := MasterKeys(text); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", text, err)
		}
	}
	// Neither it nor what mail and messages go out with is a flag, and a wrong one is not shown.
	for _, args := range [][]string{{"--smtp-url", "smtp://siti:geheim@mail.example.go.id"}, {"--gateway-secret=geheim-geheim-geheim"}, {"--gateway-url", "https://siti:geheim@gateway.example.go.id/"}} {
		if _, _, err := load(t, map[string]string{"PENDOPO_MAIL_FROM": "mpp@contoh.test"}, args...); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", args[0], err)
		}
	}
	if _, _, err := load(t, nil, "--master-key", a); err == nil {
		t.Error("the master key may stand on a command line")
	}
	if _, _, err := load(t, map[string]string{"PENDOPO_MASTER_KEY": "geheim"}); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
	if _, _, err := load(t, map[string]string{"PENDOPO_MASTER_KEY": a, "PENDOPO_MASTER_KEY_FILE": "f"}); err == nil {
		t.Error("both at once")
	}
	c, _, err := load(t, map[string]string{"PENDOPO_DATA": "d"})
	if err != nil || c.MasterKeyPath() != "d/master.key" {
		t.Errorf("%q %v", c.MasterKeyPath(), err)
	}
	c.DatabaseURL = "postgres://x"
	if c.MasterKeyPath() != "" {
		t.Errorf("PostgreSQL has no key beside it, not %q", c.MasterKeyPath())
	}
}
