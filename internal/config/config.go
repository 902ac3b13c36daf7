// Package config is the service's configuration: one struct, filled from defaults, then environment
// variables PENDOPO_*, then flags. A wrong value is refused at start with its name and what is
// allowed.
package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Config is what an operator can set.
type Config struct {
	Addr             string        // where to listen
	TLSAddr          string        // where to listen for TLS; "": whoever stands in front ends it
	TLSCert          string        // the platform's own certificate, a file in PEM; "": none
	TLSKey           string        // its key
	ACMEDirectory    string        // the certificate authority for regions' own domains, its directory's address; "": none
	ACMEEmail        string        // where it writes to
	ACMETerms        bool          // the operator agrees to its terms
	Data             string        // folder of the SQLite database
	DatabaseURL      string        // "": SQLite in Data
	OwnerDatabaseURL string        // PostgreSQL: the role that owns the tables; for migrate
	AppRole          string        // PostgreSQL: the role that serves; migrate gives it its rights
	MasterKey        string        // master keys of what is sealed, as MasterKeys reads them
	MasterKeyFile    string        // a file with them instead
	Domain           string        // the bare domain; regions are its subdomains
	NameServer       string        // the DNS server that is asked for proofs of domains; "": the machine's
	Scheme           string        // http or https, as browsers see it
	TrustedProxies   []string      // addresses or networks whose X-Forwarded-For is believed
	Log              string        // text or json
	LogLevel         string        // debug, info, warn, error
	Limits           bool          // limits on public calls and on guessing
	Concurrency      int           // requests worked on at once
	Streams          int           // open event streams a process
	Officials        []string      // domains under which an official e-mail address is: "go.id"
	SecurityContact  string        // where to report a weakness: mailto: or https:
	Grace            time.Duration // how long a stop takes at most, Drain included
	Drain            time.Duration // how long a stop goes on accepting while /readyz says no
	Checkpoints      string        // folder of the audit chain's checkpoints; "": in Data; "off": none
	Format           string        // table or json: how the start is announced
	SMTPURL          string        // the mail server; "": none
	MailFrom         string        // the sender's address
	MailFolder       string        // where messages are kept that nothing is configured for; see Outbox
	GatewayURL       string        // SMS and WhatsApp; "": none
	GatewaySecret    string        // signs what goes to the gateway
	StripeKey        string        // the secret key at Stripe; "": subscriptions are invoiced offline
	StripeKeyFile    string        // a file with it instead
	StripeSecret     string        // checks what Stripe tells us
	StripeSecretFile string        // a file with it instead
	SellerFile       string        // who invoices name as the seller
	SSONetworks      []string      // networks in which agencies' identity providers may be reached, beside the public internet
}

// value is one setting: how it is named, explained, read and checked.
type value struct {
	env, flag string
	doc       string
	allowed   string
	secret    bool
	show      func(*Config) string
	set       func(*Config, string) error
}

func oneOf(get func(*Config) *string, allowed ...string) (string, func(*Config) string, func(*Config, string) error) {
	return strings.Join(allowed, ", "), func(c *Config) string { return *get(c) }, func(c *Config, s string) error {
		if !slices.Contains(allowed, s) {
			return errors.New("not one of them")
		}
		*get(c) = s
		return nil
	}
}

func choice(env, flag, doc string, get func(*Config) *string, allowed ...string) value {
	a, show, set := oneOf(get, allowed...)
	return value{env: env, flag: flag, doc: doc, allowed: a, show: show, set: set}
}

func duration(env, flag, doc string, least time.Duration, get func(*Config) *time.Duration) value {
	return value{env, flag, doc, fmt.Sprintf("a duration from %v to 10m, such as 30s", least), false,
		func(c *Config) string { return get(c).String() },
		func(c *Config, s string) error {
			d, err := time.ParseDuration(s)
			if err == nil && (d < least || d > 10*time.Minute) {
				err = errors.New("out of range")
			}
			*get(c) = d
			return err
		}}
}

func number(env, flag, doc string, least, most int, get func(*Config) *int) value {
	return value{env, flag, doc, fmt.Sprintf("a whole number from %d to %d", least, most), false,
		func(c *Config) string { return strconv.Itoa(*get(c)) },
		func(c *Config, s string) (err error) {
			*get(c), err = strconv.Atoi(s)
			if err == nil && (*get(c) < least || *get(c) > most) {
				err = errors.New("out of range")
			}
			return err
		}}
}

var (
	domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	roleName   = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)
)

var values = []value{
	{"PENDOPO_ADDR", "addr", "where to listen; port 0 takes a free one", "HOST:PORT", false,
		func(c *Config) string { return c.Addr },
		func(c *Config, s string) error {
			c.Addr = s
			return listenAddress(s)
		}},
	{"PENDOPO_TLS_ADDR", "tls-addr", "where to listen for TLS as well, such as :443; then --addr, such as :80, answers certificate authorities and leads to https. Empty: whoever stands in front ends TLS", "empty or HOST:PORT", false,
		func(c *Config) string { return c.TLSAddr },
		func(c *Config, s string) error {
			if c.TLSAddr = s; s == "" {
				return nil
			}
			return listenAddress(s)
		}},
	path("PENDOPO_TLS_CERT", "tls-cert", "the platform's own certificate for the bare domain and everything under it, in PEM with its chain; read again when it changes", func(c *Config) *string { return &c.TLSCert }),
	path("PENDOPO_TLS_KEY", "tls-key", "the file with its key, in PEM", func(c *Config) *string { return &c.TLSKey }),
	{"PENDOPO_ACME_DIRECTORY", "acme-directory", "the certificate authority from which regions' own domains get their certificates, by ACME", "empty, letsencrypt, letsencrypt-staging or https://HOST/PATH", false,
		func(c *Config) string { return c.ACMEDirectory },
		func(c *Config, s string) error {
			if known, ok := authorities[s]; ok {
				s = known
			}
			c.ACMEDirectory = s
			if u, err := url.Parse(s); s != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
				return errors.New("not such an address")
			}
			return nil
		}},
	{"PENDOPO_ACME_EMAIL", "acme-email", "where the certificate authority writes to", "empty or an e-mail address", false,
		func(c *Config) string { return c.ACMEEmail },
		func(c *Config, s string) error {
			if a, err := mail.ParseAddress(s); s != "" && (err != nil || a.Address != s) {
				return errors.New("not an e-mail address")
			}
			c.ACMEEmail = s
			return nil
		}},
	{"PENDOPO_ACME_TERMS", "acme-terms", "agreed: you have read the certificate authority's terms and agree to them; without it none is asked", "empty or agreed", false,
		func(c *Config) string { return map[bool]string{true: agreed}[c.ACMETerms] },
		func(c *Config, s string) error {
			if s != "" && s != agreed {
				return errors.New("not one of them")
			}
			c.ACMETerms = s == agreed
			return nil
		}},
	{"PENDOPO_DATA", "data", "folder for the SQLite database, when no PostgreSQL is set", "a path", false,
		func(c *Config) string { return c.Data },
		func(c *Config, s string) error {
			if s == "" {
				return errors.New("empty")
			}
			c.Data = filepath.Clean(s)
			return nil
		}},
	{"PENDOPO_DATABASE_URL", "database-url", "the database: empty is SQLite in the data folder; PostgreSQL is reached with the role that serves", "empty or postgres://USER:PASSWORD@HOST/NAME", true,
		func(c *Config) string { return c.DatabaseURL }, databaseURL(func(c *Config) *string { return &c.DatabaseURL })},
	{"PENDOPO_OWNER_DATABASE_URL", "owner-database-url", "PostgreSQL for migrate, with the role that owns the tables; never given to serve", "empty or postgres://USER:PASSWORD@HOST/NAME", true,
		func(c *Config) string { return c.OwnerDatabaseURL }, databaseURL(func(c *Config) *string { return &c.OwnerDatabaseURL })},
	{"PENDOPO_APP_ROLE", "app-role", "PostgreSQL role that serves; migrate gives it its rights", "a role name: lower case letters, digits, underscores", false,
		func(c *Config) string { return c.AppRole },
		func(c *Config, s string) error {
			if !roleName.MatchString(s) {
				return errors.New("not a role name")
			}
			c.AppRole = s
			return nil
		}},
	{"PENDOPO_MASTER_KEY", "", "the key under which the regions' own keys are wrapped; pendopo keys new makes one. Several take turns: the first wraps, each unwraps. Empty: the file; SQLite makes itself one, master.key in the data folder", "base64 of 32 bytes; several separated by commas", true,
		func(c *Config) string { return c.MasterKey },
		func(c *Config, s string) error {
			_, err := MasterKeys(s)
			c.MasterKey = s
			return err
		}},
	{"PENDOPO_MASTER_KEY_FILE", "master-key-file", "a file that holds the master key instead, such as a mounted secret", "a path", false,
		func(c *Config) string { return c.MasterKeyFile },
		func(c *Config, s string) error { c.MasterKeyFile = s; return nil }},
	{"PENDOPO_DOMAIN", "domain", "the bare domain; each region is served on a subdomain of it", "a domain name in lower case, without a port", false,
		func(c *Config) string { return c.Domain },
		func(c *Config, s string) error {
			if len(s) > 190 || !domainName.MatchString(s) {
				return errors.New("not a domain name")
			}
			c.Domain = s
			return nil
		}},
	{"PENDOPO_NAME_SERVER", "name-server", "the DNS server that is asked whether a region may have a domain of its own; empty is the machine's", "empty or ADDRESS:PORT", false,
		func(c *Config) string { return c.NameServer },
		func(c *Config, s string) error {
			c.NameServer = s
			if s == "" {
				return nil
			}
			_, err := netip.ParseAddrPort(s)
			return err
		}},
	choice("PENDOPO_PUBLIC_SCHEME", "public-scheme", "how browsers reach the service; https makes cookies Secure and sends HSTS", func(c *Config) *string { return &c.Scheme }, "http", "https"),
	{"PENDOPO_TRUSTED_PROXIES", "trusted-proxies", "proxies whose X-Forwarded-For is believed", "addresses or networks, separated by commas", false,
		func(c *Config) string { return strings.Join(c.TrustedProxies, ",") },
		func(c *Config, s string) error {
			c.TrustedProxies = nil
			for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
				if _, err := netip.ParsePrefix(p); err != nil {
					if _, err := netip.ParseAddr(p); err != nil {
						return fmt.Errorf("%q is neither an address nor a network", p)
					}
				}
				c.TrustedProxies = append(c.TrustedProxies, p)
			}
			return nil
		}},
	choice("PENDOPO_LOG", "log", "how the log is written", func(c *Config) *string { return &c.Log }, "text", "json"),
	choice("PENDOPO_LOG_LEVEL", "log-level", "from which level on the log is written", func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error"),
	{"PENDOPO_LIMITS", "limits", "limits on public calls and on guessing; off is for races and benchmarks only", "on, off", false,
		func(c *Config) string { return map[bool]string{true: "on", false: "off"}[c.Limits] },
		func(c *Config, s string) error {
			if s != "on" && s != "off" {
				return errors.New("not one of them")
			}
			c.Limits = s == "on"
			return nil
		}},
	number("PENDOPO_CONCURRENCY", "concurrency", "how many requests one process works on at once; further ones wait, region by region in turn", 1, 10_000, func(c *Config) *int { return &c.Concurrency }),
	number("PENDOPO_STREAMS", "streams", "how many screens one process follows at once", 1, 1_000_000, func(c *Config) *int { return &c.Streams }),
	{"PENDOPO_OFFICIAL_DOMAINS", "official-domains", "the domains of official e-mail addresses: who asks to set a region up has one of them", "domains with commas, such as go.id,desa.id; off takes any address", false,
		func(c *Config) string {
			if len(c.Officials) == 0 {
				return Off
			}
			return strings.Join(c.Officials, ",")
		},
		func(c *Config, s string) error {
			if c.Officials = nil; s == Off {
				return nil
			}
			for d := range strings.SplitSeq(strings.ToLower(s), ",") {
				if d = strings.TrimSpace(d); !strings.Contains(d, ".") || strings.ContainsAny(d, " @/:") || strings.HasPrefix(d, ".") {
					return errors.New("not domains")
				}
				c.Officials = append(c.Officials, d)
			}
			return nil
		}},
	{"PENDOPO_SECURITY_CONTACT", "security-contact", "where weaknesses are reported, for /.well-known/security.txt; empty: there is none", "empty, mailto:ADDRESS or https://...", false,
		func(c *Config) string { return c.SecurityContact },
		func(c *Config, s string) error {
			if s != "" && (!strings.HasPrefix(s, "mailto:") && !strings.HasPrefix(s, "https://") || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })) {
				return errors.New("neither mailto: nor https:")
			}
			c.SecurityContact = s
			return nil
		}},
	duration("PENDOPO_GRACE", "grace", "how long a stop takes at most: the drain first, then what is left for open requests", time.Second, func(c *Config) *time.Duration { return &c.Grace }),
	duration("PENDOPO_DRAIN", "drain", "how long a stop goes on accepting while /readyz says no, so that a load balancer hears of it; shorter than the grace", 0, func(c *Config) *time.Duration { return &c.Drain }),
	{"PENDOPO_CHECKPOINTS", "checkpoints", "folder for the audit chain's checkpoints, best on another machine's disk; they find a chain that was rewritten as a whole", "a path, empty for the folder checkpoints in the data folder, or off", false,
		func(c *Config) string { return c.Checkpoints },
		func(c *Config, s string) error {
			if c.Checkpoints = s; s != "" && s != Off {
				c.Checkpoints = filepath.Clean(s)
			}
			return nil
		}},
	{"PENDOPO_SMTP_URL", "", "the mail server; smtp:// demands STARTTLS unless it is on this machine, smtps:// is TLS from the start", "empty, smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT (ports 587 and 465; reserved signs in a password percent-encoded)", true,
		func(c *Config) string { return c.SMTPURL },
		func(c *Config, s string) error {
			c.SMTPURL = s
			if s == "" {
				return nil
			}
			_, err := ParseSMTP(s)
			return err
		}},
	{"PENDOPO_MAIL_FROM", "mail-from", "whom e-mail comes from; the region's name is put before it", "an e-mail address, such as mpp@example.go.id", false,
		func(c *Config) string { return c.MailFrom },
		func(c *Config, s string) error {
			if a, err := mail.ParseAddress(s); s != "" && (err != nil || a.Address != s) {
				return errors.New("not an e-mail address")
			}
			c.MailFrom = s
			return nil
		}},
	{"PENDOPO_MAIL_FOLDER", "mail-folder", "folder for messages for which neither a mail server nor a gateway is configured: they are written there and not sent, secret links too; empty is DATA/mail with SQLite, and with PostgreSQL nothing: messages wait", "a path", false,
		func(c *Config) string { return c.MailFolder },
		func(c *Config, s string) error {
			if c.MailFolder = s; s != "" {
				c.MailFolder = filepath.Clean(s)
			}
			return nil
		}},
	{"PENDOPO_GATEWAY_URL", "", "gateway for SMS and WhatsApp, to which messages are posted as signed JSON (docs/messages.md)", "empty or https://HOST/PATH (http:// on this machine only)", true,
		func(c *Config) string { return c.GatewayURL },
		func(c *Config, s string) error {
			c.GatewayURL = s
			if s == "" {
				return nil
			}
			u, err := url.Parse(s) // its error would show what was given
			if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
				return errors.New("not such an address")
			}
			return nil
		}},
	{"PENDOPO_GATEWAY_SECRET", "", "signs what is posted to the gateway", "empty or at least 32 signs, such as of openssl rand -hex 16", true,
		func(c *Config) string { return c.GatewaySecret },
		func(c *Config, s string) error {
			if s != "" && len(s) < 32 {
				return errors.New("too short")
			}
			c.GatewaySecret = s
			return nil
		}},
	{"PENDOPO_STRIPE_KEY", "", "the secret key at Stripe, through which subscriptions are then paid; empty: numbered invoices of our own, marked as paid by hand (docs/billing.md)", "empty, sk_live_... , sk_test_... , rk_live_... or rk_test_...", true,
		func(c *Config) string { return c.StripeKey },
		func(c *Config, s string) error { c.StripeKey = s; return shaped(s, stripeKey) }},
	{"PENDOPO_STRIPE_KEY_FILE", "stripe-key-file", "a file that holds it instead, such as a mounted secret", "a path", false,
		func(c *Config) string { return c.StripeKeyFile },
		func(c *Config, s string) error { c.StripeKeyFile = s; return nil }},
	{"PENDOPO_STRIPE_WEBHOOK_SECRET", "", "the signing secret of the webhook endpoint https://DOMAIN/stripe/webhook", "empty or whsec_...", true,
		func(c *Config) string { return c.StripeSecret },
		func(c *Config, s string) error { c.StripeSecret = s; return shaped(s, stripeSecret) }},
	{"PENDOPO_STRIPE_WEBHOOK_SECRET_FILE", "stripe-webhook-secret-file", "a file that holds it instead", "a path", false,
		func(c *Config) string { return c.StripeSecretFile },
		func(c *Config, s string) error { c.StripeSecretFile = s; return nil }},
	{"PENDOPO_SELLER_FILE", "seller-file", "a YAML file with whom invoices and receipts name as the seller: name, address, npwp, bank, signatory, place", "a path", false,
		func(c *Config) string { return c.SellerFile },
		func(c *Config, s string) error { c.SellerFile = s; return nil }},
	{"PENDOPO_SSO_NETWORKS", "sso-networks", "networks in which agencies' own identity providers may be reached; a region writes their addresses, so that others than the public internet's are refused unless they stand here. Without TLS only one on this machine is asked, with 127.0.0.0/8", "networks, separated by commas, such as 10.20.0.0/16", false,
		func(c *Config) string { return strings.Join(c.SSONetworks, ",") },
		func(c *Config, s string) error {
			c.SSONetworks = nil
			for _, n := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
				if p, err := netip.ParsePrefix(n); err != nil || p.Masked() != p {
					return fmt.Errorf("%q is no network", n)
				}
				c.SSONetworks = append(c.SSONetworks, n)
			}
			return nil
		}},
	choice("PENDOPO_FORMAT", "format", "how the start is announced: a table, or one line of JSON once requests are accepted", func(c *Config) *string { return &c.Format }, "table", "json"),
}

var (
	stripeKey    = regexp.MustCompile(`^(sk|rk)_(live|test)_[A-Za-z0-9]{10,200}$`)
	stripeSecret = regexp.MustCompile(`^whsec_[A-Za-z0-9+/=]{16,200}$`)
)

// shaped refuses a secret of another shape, without showing it.
func shaped(s string, shape *regexp.Regexp) error {
	if s != "" && !shape.MatchString(s) {
		return errors.New("not of that shape")
	}
	return nil
}

// Stripe gives the key and the webhook's secret, of which a file may hold either; read reads one. Both are "" where
// Stripe is not used. An error names the variable and shows nothing of a secret.
func (c Config) Stripe(read func(string) ([]byte, error)) (key, secret string, err error) {
	key, secret = c.StripeKey, c.StripeSecret
	for _, from := range []struct {
		file, env string
		into      *string
		shape     *regexp.Regexp
	}{
		{c.StripeKeyFile, "PENDOPO_STRIPE_KEY_FILE", &key, stripeKey}, {c.StripeSecretFile, "PENDOPO_STRIPE_WEBHOOK_SECRET_FILE", &secret, stripeSecret},
	} {
		if from.file == "" {
			continue
		}
		text, err := read(from.file)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", from.env, err)
		}
		*from.into = strings.TrimSpace(string(text))
		if *from.into == "" || shaped(*from.into, from.shape) != nil {
			return "", "", fmt.Errorf("%s: what the file holds is not of the right shape", from.env)
		}
	}
	if (key == "") != (secret == "") {
		return "", "", errors.New("PENDOPO_STRIPE_KEY and PENDOPO_STRIPE_WEBHOOK_SECRET belong together, and one of them is missing")
	}
	return key, secret, nil
}

// Off switches checkpoints off.
const Off = "off"

const agreed = "agreed"

// authorities are those that have a name here.
var authorities = map[string]string{
	"letsencrypt":         "https://acme-v02.api.letsencrypt.org/directory",
	"letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

func listenAddress(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err
}

func path(env, flag, doc string, get func(*Config) *string) value {
	return value{env, flag, doc, "a path", false,
		func(c *Config) string { return *get(c) },
		func(c *Config, s string) error {
			if *get(c) = s; s != "" {
				*get(c) = filepath.Clean(s)
			}
			return nil
		}}
}

func databaseURL(get func(*Config) *string) func(*Config, string) error {
	return func(c *Config, s string) error {
		if s != "" && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
			return errors.New("not a PostgreSQL address")
		}
		*get(c) = s
		return nil
	}
}

// MasterKeys reads master keys: base64 of 32 bytes, several separated by commas or white space. The error
// shows nothing of them.
func MasterKeys(text string) ([][]byte, error) {
	var out [][]byte
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		key, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("key %d is not base64 of 32 bytes", len(out)+1)
		}
		if slices.ContainsFunc(out, func(k []byte) bool { return bytes.Equal(k, key) }) {
			return nil, fmt.Errorf("key %d is there twice", len(out)+1)
		}
		out = append(out, key)
	}
	if len(out) == 0 {
		return nil, errors.New("no key")
	}
	return out, nil
}

// Default is what holds when nothing is set.
func Default() Config {
	return Config{
		Addr: "127.0.0.1:8080", Data: "data", AppRole: "pendopo_app", Domain: "localhost", Scheme: "http",
		Log: "text", LogLevel: "info", Limits: true, Officials: []string{"go.id"}, Concurrency: 64, Streams: 10000, Grace: 30 * time.Second, Format: "table",
	}
}

// Load reads the environment and then the flags in args into def's copy. What is left of args after
// the flags is given back. Flags that are not the configuration's come from more. -h gives
// flag.ErrHelp after printing Help to out.
func Load(name string, def Config, args []string, env func(string) string, out io.Writer, more func(*flag.FlagSet)) (Config, []string, error) {
	c := def
	var wrong []error
	for _, v := range values {
		if s := env(v.env); s != "" {
			if err := v.set(&c, s); err != nil {
				wrong = append(wrong, v.refuse(v.env, s, err))
			}
		}
	}
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, v := range values {
		if v.flag == "" {
			continue // not on a command line, which every user of the machine can read
		}
		fs.Func(v.flag, v.doc, func(s string) error {
			if err := v.set(&c, s); err != nil {
				wrong = append(wrong, v.refuse("--"+v.flag, s, err))
			}
			return nil
		})
	}
	if more != nil {
		more(fs)
	}
	rest, err := parseMixed(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		Help(out, name, def, fs)
		return c, nil, err
	}
	if err != nil {
		wrong = append(wrong, fmt.Errorf("%w (pendopo %s --help shows what there is)", err, name))
	}
	if len(wrong) == 0 {
		wrong = c.together()
	}
	return c, rest, errors.Join(wrong...)
}

// together refuses values that are right by themselves and miss another.
func (c Config) together() (wrong []error) {
	if c.SMTPURL != "" && c.MailFrom == "" {
		wrong = append(wrong, errors.New("PENDOPO_MAIL_FROM is missing: with PENDOPO_SMTP_URL it says whom e-mail comes from"))
	}
	if (c.GatewayURL == "") != (c.GatewaySecret == "") {
		wrong = append(wrong, errors.New("PENDOPO_GATEWAY_URL and PENDOPO_GATEWAY_SECRET belong together, and one of them is missing"))
	}
	if c.MasterKey != "" && c.MasterKeyFile != "" {
		wrong = append(wrong, errors.New("PENDOPO_MASTER_KEY and PENDOPO_MASTER_KEY_FILE are both set: keep one"))
	}
	wrong = append(wrong, c.tls()...)
	if c.StripeKey != "" && c.StripeKeyFile != "" {
		wrong = append(wrong, errors.New("PENDOPO_STRIPE_KEY and PENDOPO_STRIPE_KEY_FILE are both set: keep one"))
	}
	if c.StripeSecret != "" && c.StripeSecretFile != "" {
		wrong = append(wrong, errors.New("PENDOPO_STRIPE_WEBHOOK_SECRET and PENDOPO_STRIPE_WEBHOOK_SECRET_FILE are both set: keep one"))
	}
	if (c.StripeKey == "" && c.StripeKeyFile == "") != (c.StripeSecret == "" && c.StripeSecretFile == "") {
		wrong = append(wrong, errors.New("PENDOPO_STRIPE_KEY and PENDOPO_STRIPE_WEBHOOK_SECRET belong together, and one of them is missing"))
	}
	if c.Drain >= c.Grace {
		wrong = append(wrong, fmt.Errorf("PENDOPO_DRAIN=%v takes all of PENDOPO_GRACE=%v, and open requests would be cut: set PENDOPO_GRACE (--grace) above %v, or PENDOPO_DRAIN (--drain) below %v",
			c.Drain, c.Grace, c.Drain, c.Grace))
	}
	return wrong
}

// tls refuses what would listen for TLS and have nothing to show, or the reverse.
func (c Config) tls() (wrong []error) {
	say := func(is bool, text string) {
		if is {
			wrong = append(wrong, errors.New(text))
		}
	}
	say((c.TLSCert == "") != (c.TLSKey == ""), "PENDOPO_TLS_CERT and PENDOPO_TLS_KEY belong together, and one of them is missing")
	say(c.TLSAddr == "" && c.TLSCert != "", "PENDOPO_TLS_ADDR is missing: PENDOPO_TLS_CERT is shown to nobody without it")
	say(c.TLSAddr == "" && c.ACMEDirectory != "", "PENDOPO_TLS_ADDR is missing: certificates of PENDOPO_ACME_DIRECTORY are shown to nobody without it")
	say(c.TLSAddr != "" && c.TLSCert == "" && c.ACMEDirectory == "", "PENDOPO_TLS_ADDR has no certificate to show: set PENDOPO_TLS_CERT and PENDOPO_TLS_KEY, PENDOPO_ACME_DIRECTORY, or both")
	say(c.TLSAddr != "" && c.Scheme != "https", "PENDOPO_TLS_ADDR needs PENDOPO_PUBLIC_SCHEME=https: else cookies would go in the clear too")
	say(c.ACMEDirectory != "" && !c.ACMETerms, "PENDOPO_ACME_TERMS is missing: read the terms of the certificate authority in PENDOPO_ACME_DIRECTORY, then set it to agreed")
	return wrong
}

// parseMixed takes flags before and after the other arguments, as people type them.
func parseMixed(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return rest, err
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

func (v value) refuse(name, s string, err error) error {
	if v.secret {
		s = "..."
	}
	return fmt.Errorf("%s=%q: %w; allowed: %s", name, s, err, v.allowed)
}

// Help prints every setting with its variable, flag, default and what is allowed.
func Help(out io.Writer, name string, def Config, fs *flag.FlagSet) {
	fmt.Fprintf(out, "pendopo %s: settings. A flag wins over the variable.\n\n", name)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, v := range values {
		flagged := ""
		if v.flag != "" {
			flagged = "--" + v.flag
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n\t\tallowed: %s; default: %s\n", flagged, v.env, v.doc, v.allowed, orNone(v.show(&def)))
	}
	_ = w.Flush()
	OwnHelp(out, fs)
}

// OwnHelp prints the flags that are a command's own and none of the settings, and tells whether there are any.
func OwnHelp(out io.Writer, fs *flag.FlagSet) (any bool) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fs.VisitAll(func(f *flag.Flag) {
		if !slices.ContainsFunc(values, func(v value) bool { return v.flag == f.Name }) {
			any = true
			fmt.Fprintf(w, "  --%s\t%s\n", f.Name, f.Usage)
		}
	})
	_ = w.Flush()
	return any
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Outbox is the folder for messages for which nothing is configured; "" is none, and they wait. On
// PostgreSQL, where many people's messages would gather in it, only a folder that was named is used.
func (c Config) Outbox() string {
	if c.MailFolder == "" && c.DatabaseURL == "" {
		return filepath.Join(c.Data, "mail")
	}
	return c.MailFolder
}

// SMTP is the address of a mail server, taken apart.
type SMTP struct {
	Host     string
	Port     int
	TLS      bool // from the start; else by STARTTLS
	User     string
	Password string
}

// ParseSMTP reads PENDOPO_SMTP_URL. Its errors do not show what was given, which may hold a password.
func ParseSMTP(s string) (SMTP, error) {
	u, err := url.Parse(s)
	if err != nil {
		return SMTP{}, errors.New("not an address")
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return SMTP{}, errors.New("not a mail server's address")
	}
	out := SMTP{Host: u.Hostname(), Port: 587, TLS: u.Scheme == "smtps", User: u.User.Username()}
	out.Password, _ = u.User.Password()
	if (out.User == "") != (out.Password == "") {
		return SMTP{}, errors.New("a user without a password, or the reverse")
	}
	if out.TLS {
		out.Port = 465
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return SMTP{}, errors.New("not a port")
		}
		out.Port = int(n)
	}
	return out, nil
}

// Loopback tells whether the server is on this machine.
func (s SMTP) Loopback() bool { return loopback(s.Host) }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// SQLitePath is the file of the embedded database.
func (c Config) SQLitePath() string { return filepath.Join(c.Data, "pendopo.db") }

// CheckpointDir is the folder of the checkpoints; "" when they are off.
func (c Config) CheckpointDir() string {
	switch c.Checkpoints {
	case "":
		return filepath.Join(c.Data, "checkpoints")
	case Off:
		return ""
	}
	return c.Checkpoints
}

// MasterKeyPath is the file of the master key: the one that was set, or beside the embedded database. It is
// "" where neither is.
func (c Config) MasterKeyPath() string {
	if c.MasterKeyFile != "" || c.DatabaseURL != "" {
		return c.MasterKeyFile
	}
	return filepath.Join(c.Data, "master.key")
}
