package config

import (
	"errors"
	"io"
	"strings"
	"testing"
)

const (
	goodKey    = "sk_test_0123456789abcdef"
	goodSecret = "whsec_0123456789abcdef0123"
)

// Stripe's key and secret are refused in another shape, alone, or twice, and nothing of them is shown.
func TestStripe(t *testing.T) {
	for _, c := range []struct {
		key, keyFile, secret, secretFile string
		want                             string // what the error says; "": none
	}{
		{"", "", "", "", ""},
		{goodKey, "", goodSecret, "", ""},
		{"", "k", "", "s", ""},
		{"pk_test_0123456789abcdef", "", goodSecret, "", "PENDOPO_STRIPE_KEY"},
		{"rahasia", "", goodSecret, "", "PENDOPO_STRIPE_KEY"},
		{goodKey, "", "rahasia", "", "PENDOPO_STRIPE_WEBHOOK_SECRET"},
		{goodKey, "", "", "", "one of them is missing"},
		{"", "", goodSecret, "", "one of them is missing"},
		{goodKey, "k", goodSecret, "", "keep one"},
		{goodKey, "", goodSecret, "s", "keep one"},
	} {
		env := map[string]string{
			"PENDOPO_STRIPE_KEY": c.key, "PENDOPO_STRIPE_KEY_FILE": c.keyFile, "PENDOPO_STRIPE_WEBHOOK_SECRET": c.secret, "PENDOPO_STRIPE_WEBHOOK_SECRET_FILE": c.secretFile,
		}
		_, _, err := Load("serve", Default(), nil, func(name string) string { return env[name] }, io.Discard, nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		for _, s := range []string{c.key, c.secret} {
			if err != nil && s != "" && strings.Contains(err.Error(), s) {
				t.Errorf("the error shows %q", s)
			}
		}
	}
}

func TestStripeFromFiles(t *testing.T) {
	read := func(files map[string]string) func(string) ([]byte, error) {
		return func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, errors.New("not there")
		}
	}
	c := Config{StripeKeyFile: "k", StripeSecretFile: "s"}
	key, secret, err := c.Stripe(read(map[string]string{"k": goodKey + "\n", "s": goodSecret + "\n"}))
	if err != nil || key != goodKey || secret != goodSecret {
		t.Errorf("%q %q %v", key, secret, err)
	}
	for _, files := range []map[string]string{{"k": goodKey}, {"k": "rahasia", "s": goodSecret}, {"k": goodKey, "s": "\n"}} {
		if _, _, err := c.Stripe(read(files)); err == nil || strings.Contains(err.Error(), "rahasia") {
			t.Errorf("%v: %v", files, err)
		}
	}
	if key, _, err := (Config{}).Stripe(read(nil)); key != "" || err != nil {
		t.Errorf("%q %v", key, err)
	}
}
