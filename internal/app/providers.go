package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

// newProviders asks agencies' identity providers, in the networks that the operator allows.
func newProviders(cfg config.Config) *idp.Client {
	opt := idp.Options{Now: clock.System.Now}
	for _, n := range cfg.SSONetworks {
		opt.Networks = append(opt.Networks, netip.MustParsePrefix(n)) // config has checked it
	}
	return idp.New(opt)
}

// asksFor is how long a command waits for all providers together.
const asksFor = 30 * time.Second

// answered is what an issuer said when a command asked.
type answered struct {
	needsSecret bool
	err         error
}

// askIssuers asks each issuer once for its discovery document.
func askIssuers(ctx context.Context, cfg config.Config, issuers []string) map[string]answered {
	ctx, cancel := context.WithTimeout(ctx, asksFor)
	defer cancel()
	client, out := newProviders(cfg), map[string]answered{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	slots := make(chan struct{}, idp.PerOwner) // a command asks as one
	slices.Sort(issuers)
	for _, issuer := range slices.Compact(issuers) {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			needs, err := client.Look(ctx, idp.Registration{Issuer: issuer})
			mu.Lock()
			defer mu.Unlock()
			out[issuer] = answered{needs, err}
		})
	}
	asking.Wait()
	return out
}

// providersOf are a region's agencies that have a provider.
func providersOf(r *tenants.Region) (out []tenants.Agency) {
	for _, a := range r.Agencies {
		if a.SignIn.Given() {
			out = append(out, a)
		}
	}
	return out
}

func issuersOf(agencies []tenants.Agency) (out []string) {
	for _, a := range agencies {
		out = append(out, a.SignIn.Issuer)
	}
	return out
}

// regionOrigin is a region's site as browsers reach it, as far as a command can tell: without a proxy the port is the
// one that serve is told to listen on.
func regionOrigin(cfg config.Config, slug string) string {
	host := slug + "." + cfg.Domain
	if _, port, err := net.SplitHostPort(cfg.Addr); err == nil && cfg.Scheme == "http" && port != "80" && port != "0" {
		host += ":" + port
	}
	return cfg.Scheme + "://" + host
}

// showProviders says of each agency that has a provider where browsers come back to, whether its secret is here, and
// whether it answers. row is nil for a region that is not here yet. Whether anything is missing is told.
func (t *tenantEnv) showProviders(ctx context.Context, row *tenant.Row, region *tenants.Region, agencies []tenants.Agency) (missing bool, err error) {
	code, slug := region.Code, region.Seat().Slug
	if len(agencies) == 0 {
		return false, nil
	}
	said := askIssuers(ctx, t.cfg, issuersOf(agencies))
	t.say("\nMasuk dengan akun instansi:", "\nSigning in with agencies' own accounts:")
	for _, a := range agencies {
		state := auth.SecretNone
		if row != nil {
			if state, err = auth.ProviderSecret(ctx, t.db, row.ID, a.Code, a.SignIn); err != nil {
				return true, err
			}
		}
		t.say("  %s: %s, klien %s", "  %s: %s, client %s", a.Code, a.SignIn.Issuer, a.SignIn.ClientID)
		t.say("    alamat kembali yang didaftarkan pada penyedia: %s", "    redirect address to register with the provider: %s", regionOrigin(t.cfg, slug)+auth.ProviderReturn(a.Code))
		answer := said[a.SignIn.Issuer]
		switch {
		case state == auth.SecretStale:
			missing = true
			t.say("    PERHATIAN, rahasia yang tersimpan milik penerbit atau klien lain, jadi tidak dikirim. Berikan lagi: pendopo tenant sign-in %[1]s %[2]s --secret-file BERKAS",
				"    NOTE, the secret that is kept belongs to another issuer or client, so it is not sent. Give it again: pendopo tenant sign-in %[1]s %[2]s --secret-file FILE", code, a.Code)
		case state == auth.SecretGiven:
			t.say("    rahasia klien tersimpan", "    the client's secret is kept")
		case answer.err == nil && answer.needsSecret:
			missing = true
			t.say("    PERHATIAN, rahasia klien belum ada, dan penyedia memerlukannya. Setelah folder ini diterapkan: pendopo tenant sign-in %[1]s %[2]s --secret-file BERKAS",
				"    NOTE, there is no client secret yet, and the provider needs one. Once the folder is applied: pendopo tenant sign-in %[1]s %[2]s --secret-file FILE", code, a.Code)
		default:
			t.say("    tanpa rahasia klien (klien publik dengan PKCE)", "    without a client secret (a public client with PKCE)")
		}
		if answer.err != nil {
			missing = true
			t.say("    PERHATIAN, penyedia tidak dapat dihubungi: %v", "    NOTE, the provider cannot be asked: %v", answer.err)
		} else {
			t.say("    penyedia menjawab", "    the provider answers")
		}
	}
	return missing, nil
}

// maxSecretFile bounds what is read for a secret.
const maxSecretFile = 4096

// tenantSignIn shows agencies' providers, or keeps or forgets the secret of one: CODE [AGENCY].
func tenantSignIn(ctx context.Context, t *tenantEnv) error {
	row, region, err := t.find(ctx, t.args[0])
	if err != nil {
		return err
	}
	agencies := providersOf(region)
	if len(t.args) == 2 {
		if agencies, err = t.oneProvider(agencies, row, t.args[1]); err != nil {
			return err
		}
	}
	if t.secretFile == "" && !t.forgetSecret {
		if len(agencies) == 0 {
			t.say("Belum ada instansi %s yang punya penyedia identitas sendiri. Isi sign_in di agencies/*.yaml: docs/sso.md.",
				"No agency of %s has an identity provider of its own yet. Give sign_in in agencies/*.yaml: docs/sso.md.", row.Name)
			return nil
		}
		missing, err := t.showProviders(ctx, row, region, agencies)
		if err == nil && missing {
			err = errSaid
		}
		return err
	}
	if len(t.args) != 2 || t.secretFile != "" && t.forgetSecret {
		fmt.Fprint(t.stderr, tenantUsage)
		return errUsage
	}
	secret := ""
	if !t.forgetSecret {
		if secret, err = t.readSecret(); err != nil {
			return err
		}
	}
	err = auth.SetProviderSecret(ctx, t.db, row.ID, agencies[0].Code, agencies[0].SignIn, secret, cliActor)
	switch {
	case fault.KindOf(err) == fault.Invalid && err != nil:
		return t.refuse("Itu bukan rahasia klien: paling panjang 1000 tanda, tanpa spasi khusus atau huruf di luar ASCII.", "That is no client secret: at most 1000 signs, ASCII, in one line.")
	case err != nil:
		return err
	case t.forgetSecret:
		t.say("Rahasia klien %s dihapus.", "The client secret of %s is forgotten.", agencies[0].Code)
	default:
		t.say("Rahasia klien %s tersimpan, tersegel, hanya untuk %s.", "The client secret of %s is kept, sealed, for %s only.", agencies[0].Code, agencies[0].SignIn.Issuer)
	}
	return nil
}

// oneProvider finds the agency that was named, and suggests the nearest.
func (t *tenantEnv) oneProvider(agencies []tenants.Agency, row *tenant.Row, code string) ([]tenants.Agency, error) {
	var known []string
	for _, a := range agencies {
		if a.Code == code {
			return []tenants.Agency{a}, nil
		}
		known = append(known, a.Code)
	}
	hint := ""
	if best, ok := nearest.Of(code, known); ok {
		hint = " (" + best + "?)"
	}
	return nil, t.refuse("Instansi %[1]s di %[2]s tidak punya sign_in%[3]s. Tulis di agencies/%[1]s.yaml, lalu terapkan foldernya.",
		"The agency %[1]s of %[2]s has no sign_in%[3]s. Write it in agencies/%[1]s.yaml, then apply the folder.", code, row.Name, hint)
}

// readSecret reads a secret from a file, or from the standard input: a command line is everybody's to read.
func (t *tenantEnv) readSecret() (string, error) {
	in := t.stdin
	if t.secretFile != "-" {
		f, err := os.Open(t.secretFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecretFile))
	if err != nil {
		return "", err
	}
	if text = bytes.TrimRight(text, "\r\n"); len(text) == 0 {
		return "", errors.New("rahasianya kosong; untuk menghapusnya pakai --forget-secret · the secret is empty; to forget it use --forget-secret")
	}
	return string(text), nil
}

// providers tells doctor of agencies' identity providers: whether each answers, and has the secret that it asks for.
func (d *diagnosis) providers(ctx context.Context, cfg config.Config, db *store.DB) {
	reg := tenant.NewRegistry(db, "localhost", nil)
	if err := reg.Refresh(ctx); err != nil {
		return // said above
	}
	var issuers []string
	for _, t := range reg.All() {
		issuers = append(issuers, issuersOf(providersOf(t.Region))...)
	}
	if len(issuers) == 0 {
		return
	}
	said, good := askIssuers(ctx, cfg, issuers), 0
	for _, t := range reg.All() {
		for _, a := range providersOf(t.Region) {
			who := t.Code + " " + a.Code + ": " + a.SignIn.Issuer
			state, err := auth.ProviderSecret(ctx, db, t.ID, a.Code, a.SignIn)
			answer := said[a.SignIn.Issuer]
			give := "pendopo tenant sign-in " + t.Code + " " + a.Code + " --secret-file FILE"
			switch {
			case err != nil:
				d.wrong("sign-in", who+": "+err.Error(), "Run pendopo migrate")
			case answer.err != nil:
				d.wrong("sign-in", who+": "+answer.err.Error(), "Is the issuer right, does the firewall let us out, and if it is in a private network: PENDOPO_SSO_NETWORKS")
			case state == auth.SecretStale:
				d.wrong("sign-in", who+": the secret that is kept is another issuer's or client's", give)
			case state == auth.SecretNone && answer.needsSecret:
				d.wrong("sign-in", who+": it has no secret yet, and the provider asks for one", give)
			default:
				good++
			}
		}
	}
	if good > 0 {
		d.good("sign-in", fmt.Sprintf("%d agencies' identity providers answer", good))
	}
}
