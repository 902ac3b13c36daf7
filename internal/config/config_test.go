package config

import (
	"bytes"
	"errors"
	"flag"
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
