// Package config is the service's configuration: one struct, filled from defaults, then environment
// variables PENDOPO_*, then flags. A wrong value is refused at start with its name and what is
// allowed.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Config is what an operator can set.
type Config struct {
	Addr             string        // where to listen
	Data             string        // folder of the SQLite database
	DatabaseURL      string        // "": SQLite in Data
	OwnerDatabaseURL string        // PostgreSQL: the role that owns the tables; for migrate
	AppRole          string        // PostgreSQL: the role that serves; migrate gives it its rights
	Domain           string        // the bare domain; regions are its subdomains
	Scheme           string        // http or https, as browsers see it
	TrustedProxies   []string      // addresses or networks whose X-Forwarded-For is believed
	Log              string        // text or json
	LogLevel         string        // debug, info, warn, error
	Limits           bool          // limits on public calls and on guessing
	Concurrency      int           // requests worked on at once
	Streams          int           // open event streams a process
	SecurityContact  string        // where to report a weakness: mailto: or https:
	Grace            time.Duration // how long a stop takes at most, Drain included
	Drain            time.Duration // how long a stop goes on accepting while /readyz says no
	Format           string        // table or json: how the start is announced
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
			_, port, err := net.SplitHostPort(s)
			if err == nil {
				_, err = strconv.ParseUint(port, 10, 16)
			}
			c.Addr = s
			return err
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
	{"PENDOPO_DOMAIN", "domain", "the bare domain; each region is served on a subdomain of it", "a domain name in lower case, without a port", false,
		func(c *Config) string { return c.Domain },
		func(c *Config, s string) error {
			if len(s) > 190 || !domainName.MatchString(s) {
				return errors.New("not a domain name")
			}
			c.Domain = s
			return nil
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
	choice("PENDOPO_FORMAT", "format", "how the start is announced: a table, or one line of JSON once requests are accepted", func(c *Config) *string { return &c.Format }, "table", "json"),
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

// Default is what holds when nothing is set.
func Default() Config {
	return Config{
		Addr: "127.0.0.1:8080", Data: "data", AppRole: "pendopo_app", Domain: "localhost", Scheme: "http",
		Log: "text", LogLevel: "info", Limits: true, Concurrency: 64, Streams: 10000, Grace: 30 * time.Second, Format: "table",
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
		wrong = append(wrong, c.stop())
	}
	return c, rest, errors.Join(wrong...)
}

// stop compares what a stop is made of. A drain that takes all of the grace cuts every open request.
func (c Config) stop() error {
	if c.Drain < c.Grace {
		return nil
	}
	return fmt.Errorf("PENDOPO_DRAIN=%v takes all of PENDOPO_GRACE=%v, and open requests would be cut: set PENDOPO_GRACE (--grace) above %v, or PENDOPO_DRAIN (--drain) below %v",
		c.Drain, c.Grace, c.Drain, c.Grace)
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
	known := map[string]bool{}
	for _, v := range values {
		known[v.flag] = true
		fmt.Fprintf(w, "--%s\t%s\t%s\n\t\tallowed: %s; default: %s\n", v.flag, v.env, v.doc, v.allowed, orNone(v.show(&def)))
	}
	fs.VisitAll(func(f *flag.Flag) {
		if !known[f.Name] {
			fmt.Fprintf(w, "--%s\t\t%s\n", f.Name, f.Usage)
		}
	})
	_ = w.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// SQLitePath is the file of the embedded database.
func (c Config) SQLitePath() string { return filepath.Join(c.Data, "pendopo.db") }
