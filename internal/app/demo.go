package app

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
)

// announcement is the line that --format json prints once requests are accepted.
type announcement struct {
	URL     string            `json:"url"`
	Logins  []login           `json:"logins"` // of the platform's own people, on the bare domain; none where they are somebody's
	Regions []announcedRegion `json:"regions"`
}

type announcedRegion struct {
	Code   string  `json:"code"`
	Name   string  `json:"name"`
	Host   string  `json:"host"`
	URL    string  `json:"url"`
	Demo   bool    `json:"demo"` // a sample of this program's; else somebody applied it, and it is left alone
	Logins []login `json:"logins"`
}

type login struct {
	Role     string `json:"role"`
	Scope    string `json:"scope,omitempty"` // where the role holds, of the platform's people
	Email    string `json:"email"`
	Password string `json:"password"`
	// TOTPSecret is that of the app of a login that needs a second step; such an app, or
	// "oathtool --totp -b SECRET", makes its codes.
	TOTPSecret string `json:"totp_secret,omitempty"`
}

func (a *App) announced(ln net.Listener, logins map[string][]login) []announcedRegion {
	out := []announcedRegion{}
	for _, t := range a.Registry.All() {
		host := a.Registry.Host(t)
		r := announcedRegion{Code: t.Code, Name: t.Name, Host: host, URL: siteURL(a.cfg, ln, host), Demo: t.Demo, Logins: logins[t.Code]}
		if r.Logins == nil {
			r.Logins = []login{}
		}
		out = append(out, r)
	}
	return out
}

// demoPassword opens every account of a demo. It is printed, and a demo is never anything but a demo.
const demoPassword = "pendopo-demo-2026"

// demoSecret makes the codes of every demo login that needs a second step. It is as public as the password.
const demoSecret = "PENDOPODEMOPENDOPODEMOPENDOPODEM"

// demoPace is how long a simulated minute takes: a morning passes in about half an hour.
const demoPace = 5 * time.Second

func demo(ctx context.Context, e env, args []string) error {
	def := config.Default()
	def.Data, def.LogLevel = "data/demo", "warn"
	still := false
	cfg, rest, log, err := settings("demo", e, def, args, func(fs *flag.FlagSet) {
		fs.BoolVar(&still, "still", false, "run no simulated day")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("demo takes no arguments, not %q", rest)
	}
	if cfg.DatabaseURL != "" && cfg.OwnerDatabaseURL != "" {
		if _, err := migrateUp(ctx, cfg, log); err != nil {
			return err
		}
	}
	if cfg.MasterKey == "" && cfg.MasterKeyPath() == "" {
		cfg.MasterKey = demoMasterKey
	}
	if cfg.MailFolder == "" {
		cfg.MailFolder = filepath.Join(cfg.Data, "mail") // on PostgreSQL too: a demo's messages are for whoever runs it
	}
	// A demo charges nobody.
	cfg.StripeKey, cfg.StripeKeyFile, cfg.StripeSecret, cfg.StripeSecretFile = "", "", "", ""
	ln, err := listen(cfg.Addr) // before the work, so that a taken port is said at once
	if err != nil {
		return err
	}
	defer ln.Close()
	fmt.Fprintln(e.stderr, "Menyiapkan daerah contoh ... · preparing the sample regions ...")
	db, err := openMaking(ctx, cfg, log, func(string) {}) // nobody's data depends on a demo's key
	if err != nil {
		return err
	}
	defer db.Close()
	logins, others, err := seed(ctx, db)
	if err != nil {
		return err
	}
	people, err := seedPlatform(ctx, db)
	if err != nil {
		return err
	}
	for _, row := range others {
		fmt.Fprintf(e.stderr, "%s %s bukan daerah demo: dibiarkan seperti adanya, tanpa simulasi · is no demo region: left as it is, without a simulated day\n", row.Code, row.Name)
	}
	a, err := New(ctx, cfg, db, log)
	if err != nil {
		return err
	}
	day, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	return a.Serve(ctx, ln, func() {
		if cfg.Format == "json" {
			_ = json.NewEncoder(e.stdout).Encode(announcement{baseURL(cfg, ln), people, a.announced(ln, logins)})
		} else {
			a.table(e, ln, logins, people)
		}
		if !still {
			sim := &simulation{hall: a.Hall, dirs: a.Dirs, regions: a.Registry, log: log, pace: demoPace}
			running.Go(func() { sim.run(day) })
		}
	})
}

// seed applies the sample regions as demos and gives their logins, by code. It does nothing twice. Others are
// regions that somebody applied to the demo's database: they are left alone, a sample of the same code too. A
// database that has such regions and no demo is none of the demo's, and is refused.
func seed(ctx context.Context, db *store.DB) (out map[string][]login, others []tenant.Row, err error) {
	regions, err := tenants.Regions()
	if err != nil {
		return nil, nil, err
	}
	prov, err := demoProvisioner(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	have, err := prov.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range have {
		if !row.Demo {
			others = append(others, row)
		}
	}
	if len(others) > 0 && len(others) == len(have) {
		return nil, nil, fmt.Errorf("this database has a real region (%s %s): a demo's passwords are public, run it on another database, such as --data data/demo with PENDOPO_DATABASE_URL empty", have[0].Code, have[0].Name)
	}
	out = map[string][]login{}
	for _, r := range regions {
		if slices.ContainsFunc(others, func(row tenant.Row) bool { return row.Code == r.Code }) {
			continue
		}
		res, err := prov.Apply(ctx, r, tenant.Options{Actor: "system:demo", Demo: true, Confirm: []string{tenant.ConfirmAll}})
		if err != nil {
			return nil, nil, fmt.Errorf("region %s: %w", r.Code, err)
		}
		if err := simulator(ctx, db, res.Tenant); err != nil {
			return nil, nil, err
		}
		if err := giveFactors(ctx, db, res.Tenant, r); err != nil {
			return nil, nil, err
		}
		out[r.Code] = logins(r)
	}
	return out, others, nil
}

// demoProvisioner gives everybody the demo's password. One hash for all: the password is public, and two hundred of
// them would take ten seconds.
func demoProvisioner(ctx context.Context, db *store.DB) (*tenant.Provisioner, error) {
	hash := sync.OnceValues(func() (string, error) { return auth.Hash(ctx, tenant.ID{}, demoPassword) })
	hasher, err := hasherOf(ctx, db)
	return &tenant.Provisioner{DB: db, Hasher: hasher, Left: auth.Left, Password: func() (string, string, error) {
		h, err := hash()
		return demoPassword, h, err
	}}, err
}

// demoPeople sign in on a demo's bare domain, one of each role.
var demoPeople = []tenant.Membership{
	{Name: "Ratna Kusuma", Email: "imigrasi.pusat@contoh.go.id", Role: authz.RoleAgencyOverseer, Scope: "agency/imigrasi"},
	{Name: "Hendra Saputra", Email: "biro.organisasi.babel@contoh.go.id", Role: authz.RoleProvinceOverseer, Scope: "id/19"},
	{Name: "Maya Anggraini", Email: "kementerian@contoh.go.id", Role: authz.RoleNationalOverseer, Scope: "id"},
	{Name: "Yusuf Maulana", Email: "operator@contoh.go.id", Role: authz.RoleOperator, Scope: "id"},
}

// seedPlatform adds a demo's people of the platform, and gives their logins. It does nothing twice. Where somebody
// invited people of their own, they are left alone and no others are added.
func seedPlatform(ctx context.Context, db *store.DB) ([]login, error) {
	out := []login{}
	prov, err := demoProvisioner(ctx, db)
	if err != nil {
		return nil, err
	}
	row, err := tenant.OpenPlatform(ctx, db)
	if err != nil {
		return nil, err
	}
	if !row.Demo {
		there, err := prov.PlatformPeople(ctx)
		if err != nil || len(there) > 0 {
			return out, err
		}
		if err := prov.DemoPlatform(ctx); err != nil {
			return nil, err
		}
	}
	for _, m := range demoPeople {
		_, err := prov.GivePlatform(ctx, m, "system:demo", func(ctx context.Context, tx *store.Tx, given tenant.Given) error {
			if given.Fresh {
				return auth.GiveTOTP(ctx, tx, given.User, demoSecret)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, login{Role: m.Role, Scope: m.Scope, Email: m.Email, Password: demoPassword, TOTPSecret: demoSecret})
	}
	return out, nil
}

// logins are the accounts that the demo prints: one of each role, an officer first.
func logins(r *tenants.Region) []login {
	var out []login
	for _, role := range []tenants.Role{tenants.RoleOfficer, tenants.RoleAgencyAdmin, tenants.RoleFrontOffice, tenants.RoleManager, tenants.RoleAdmin} {
		for _, p := range r.Staff {
			if p.Role == role {
				l := login{Role: string(role), Email: seal.Email(p.Email), Password: demoPassword}
				if needsFactor(r, p.Role) {
					l.TOTPSecret = demoSecret
				}
				out = append(out, l)
				break
			}
		}
	}
	return out
}

func needsFactor(r *tenants.Region, role tenants.Role) bool {
	return auth.NeedsFactor(&tenant.Tenant{Region: r}, string(role))
}

// giveFactors gives everybody who must have a second factor an app whose secret is known.
func giveFactors(ctx context.Context, db *store.DB, row tenant.Row, r *tenants.Region) error {
	return db.In(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		for _, p := range r.Staff {
			if !needsFactor(r, p.Role) {
				continue
			}
			u, err := tenant.UserByEmail(ctx, tx, p.Email)
			if err != nil {
				return err
			}
			if u == nil || u.Retired {
				continue
			}
			if err := auth.GiveTOTP(ctx, tx, u.ID, demoSecret); err != nil {
				return err
			}
		}
		return nil
	})
}

// simulator adds the user in whose name the simulated day happens. Nobody can sign in as it.
func simulator(ctx context.Context, db *store.DB, row tenant.Row) error {
	return db.In(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		user := &tenant.User{ID: id.Named(row.ID, simulatorUser), CreatedAt: row.CreatedAt}
		if err := user.Seal(keys, "simulasi@demo.invalid", simulatorName); err != nil {
			return err
		}
		return store.Upsert(ctx, tx, user)
	})
}

// table prints where the regions are and how to sign in.
func (a *App) table(e env, ln net.Listener, logins map[string][]login, people []login) {
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "\nPendopo demo: %s\nSemua angka adalah contoh · all figures are samples. Kata sandi · password: %s\n\n", baseURL(a.cfg, ln), demoPassword)
	fmt.Fprintln(w, "KODE\tDAERAH\tALAMAT\tPETUGAS LOKET\tMEJA DEPAN\tMANAJER MPP\tTI DAERAH")
	for _, r := range a.announced(ln, logins) {
		mail := map[string]string{}
		for _, l := range r.Logins {
			mail[l.Role] = l.Email
		}
		if !r.Demo {
			mail["officer"] = "(bukan demo · no demo)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Code, r.Name, r.URL, mail["officer"], mail["front-office"], mail["manager"], mail["admin"])
	}
	_ = w.Flush()
	if len(people) > 0 {
		fmt.Fprintf(e.stdout, "\nDi domain utama · on the bare domain, %s/masuk:\n", baseURL(a.cfg, ln))
		w = tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
		for _, l := range people {
			fmt.Fprintf(w, "%s\t%s\t%s\n", i18n.For(i18n.ID).T("web.role."+l.Role), l.Scope, l.Email)
		}
		_ = w.Flush()
	}
	fmt.Fprintf(e.stdout, "\nTI daerah dan orang-orang di domain utama memerlukan kode langkah kedua; rahasia TOTP · regional IT and who signs in on the bare domain need a second step; TOTP secret: %s\n", demoSecret)
	if a.cfg.SMTPURL == "" {
		fmt.Fprintf(e.stdout, "\nSurel tidak dikirim, baca di sini · e-mail is not sent, read it with: %s mail list --mail-folder %s\n", self(os.Executable()), a.cfg.Outbox())
	}
	fmt.Fprintln(e.stdout, "\nMasuk · sign in: /masuk   Papan · boards: /papan   Berhenti · stop: Ctrl+C")
}

// self is how this program is called: by its name, or as somebody who builds and runs it in one does.
func self(path string, err error) string {
	if err == nil && strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/pendopo"
	}
	return "pendopo"
}
