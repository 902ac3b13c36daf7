package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

const platformUsage = `pendopo platform: orang-orang platform, yang masuk di domain utama · the platform's own people, who sign in on the bare domain

  invite EMAIL          undang seseorang, atau beri peran lagi kepada yang sudah ada · invite somebody, or give them one more role
                        --name NAMA --role PERAN --at LINGKUP
                          agency-overseer    di · at agency/imigrasi: loket instansi itu di semua daerah · its counters in every region
                          province-overseer  di · at id/19: jumlah daerah di provinsi itu · counts of that province's regions
                          national-overseer  di · at id: jumlah semua daerah · counts of all regions
                          operator           di · at id: keadaan platform dan akun orang-orangnya · how it stands, and its people's accounts
  list                  siapa saja dan perannya · who they are and what they hold
  take EMAIL            cabut semua perannya, atau satu saja dengan --role dan --at · take all roles away, or one with --role and --at

Semuanya wajib memakai langkah kedua. Kehilangan ponsel: pendopo tenant factors id EMAIL. Catatan: pendopo audit list id
· all of them must have a second factor. A lost phone: pendopo tenant factors id EMAIL. Records: pendopo audit list id

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve"; --lang id|en.
`

// platformRoles are the roles that are held on the platform, with the scope that each goes with.
var platformRoles = []string{authz.RoleAgencyOverseer, authz.RoleProvinceOverseer, authz.RoleNationalOverseer, authz.RoleOperator}

type platformEnv struct {
	tenantEnv
	name, asRole, at string
}

func platformCommand(ctx context.Context, e env, args []string) error {
	p := &platformEnv{}
	v := func(name string, words int, run func(context.Context, *platformEnv) error) verb {
		return verb{name: name, min: words, max: words, run: func(ctx context.Context) error { return run(ctx, p) }}
	}
	post := func(fs *flag.FlagSet) {
		fs.StringVar(&p.asRole, "role", "", "peran · role: "+strings.Join(platformRoles, ", "))
		fs.StringVar(&p.at, "at", "", "lingkup · scope: id, id/19, agency/imigrasi")
	}
	invite, take := v("invite", 1, platformInvite), v("take", 1, platformTake)
	take.flags = post
	invite.flags = func(fs *flag.FlagSet) {
		post(fs)
		fs.StringVar(&p.name, "name", "", "nama lengkap · full name")
	}
	// The platform's first people may come before the first region: a database is made, once it is known what for.
	invite.open = func(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.DB, error) {
		if err := p.check(); err != nil {
			return nil, err
		}
		return openDB(ctx, cfg, log)
	}
	return group{"platform", platformUsage, []verb{invite, v("list", 0, platformList), take}}.run(ctx, e, args, &p.tenantEnv)
}

// check refuses a role that is none of the platform's, or in a scope in which it is not held.
func (p *platformEnv) check() error {
	if !auth.IsAddress(seal.Email(p.args[0])) {
		return p.refuse("%q bukan alamat surel.", "%q is no e-mail address.", p.args[0])
	}
	if !slices.Contains(platformRoles, p.asRole) {
		hint := ""
		if best, ok := nearest.Of(p.asRole, platformRoles); ok {
			hint = " (" + best + "?)"
		}
		return p.refuse("--role %q bukan peran platform%s: pilih %s.", "--role %q is none of the platform's%s: choose %s.", p.asRole, hint, strings.Join(platformRoles, ", "))
	}
	area, inNation := strings.CutPrefix(p.at, tenant.PlatformCode+"/")
	code, onAxis := strings.CutPrefix(p.at, tenant.AgencyAxis+"/")
	switch p.asRole {
	case authz.RoleAgencyOverseer:
		if _, known := catalogue.Default().Agency(code); onAxis && known {
			return nil
		}
		hint := ""
		if best, ok := catalogue.Default().NearestAgency(strings.TrimPrefix(code, tenant.AgencyAxis)); ok {
			hint = " (agency/" + best + "?)"
		}
		return p.refuse("--at %q: pemantau instansi memerlukan agency/KODE dari katalog nasional, seperti agency/imigrasi%s.",
			"--at %q: an agency overseer needs agency/CODE of the national catalogue, such as agency/imigrasi%s.", p.at, hint)
	case authz.RoleProvinceOverseer:
		if _, known := areas.ProvinceByCode(area); inNation && known {
			return nil
		}
		return p.refuse("--at %q: pemantau provinsi memerlukan id/KODE provinsi, seperti id/19.", "--at %q: a provincial overseer needs id/CODE of a province, such as id/19.", p.at)
	}
	if p.at != tenant.PlatformCode {
		return p.refuse("--at %q: peran %s hanya ada di id.", "--at %q: the role %s is held at id only.", p.at, p.asRole)
	}
	return nil
}

func platformInvite(ctx context.Context, p *platformEnv) error {
	door, err := p.door()
	if err != nil {
		return err
	}
	email := seal.Email(p.args[0])
	name := strings.Join(strings.Fields(p.name), " ")
	given, err := p.prov.GivePlatform(ctx, tenant.Membership{Name: name, Email: email, Role: p.asRole, Scope: p.at}, cliActor,
		func(ctx context.Context, tx *store.Tx, given tenant.Given) error {
			switch {
			case given.Fresh && name == "":
				return errNameless
			case given.Fresh:
				return door.InviteIn(ctx, tx, given.User, cliActor)
			}
			return nil
		})
	switch {
	case errors.Is(err, errNameless):
		return p.refuse("%s belum ada di sini: sebutkan namanya dengan --name.", "%s is not here yet: give the name with --name.", email)
	case err != nil:
		return err
	case given.Fresh:
		p.say("%s menjadi %s di %s. Undangannya dikirim oleh server yang sedang berjalan; tautannya berlaku tujuh hari dan membuka %s.",
			"%s is now %s at %s. The running server sends the invitation; its link is valid for seven days and opens %s.", email, p.role(p.asRole), p.at, p.cfg.Domain)
	case given.Had:
		p.say("Tidak ada yang berubah: %s sudah %s di %s. Undangan baru: pendopo tenant invite id %[1]s", "Nothing changed: %s is %s at %s already. For another invitation: pendopo tenant invite id %[1]s", email, p.role(p.asRole), p.at)
	default:
		p.say("%s sekarang juga %s di %s.", "%s is now %s at %s too.", email, p.role(p.asRole), p.at)
	}
	return nil
}

var errNameless = fault.New(fault.Invalid, "invalid").Field("name", "required")

func platformList(ctx context.Context, p *platformEnv) error {
	people, err := p.prov.PlatformPeople(ctx)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		p.say("Belum ada orang. Mulai dengan: pendopo platform invite EMAIL --name NAMA --role PERAN --at LINGKUP",
			"Nobody yet. Begin with: pendopo platform invite EMAIL --name NAME --role ROLE --at SCOPE")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	for _, m := range people {
		held := make([]string, len(m.Grants))
		for i, g := range m.Grants {
			held[i] = p.role(g.Role) + " " + scopeName(g.Scope, p.en, nil)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", m.Name, m.Email, strings.Join(held, ", "))
	}
	return w.Flush()
}

func platformTake(ctx context.Context, p *platformEnv) error {
	if (p.asRole == "") != (p.at == "") {
		return p.refuse("Sebutkan --role dan --at bersama-sama, atau tidak keduanya: semua peran dicabut.", "Give --role and --at together, or neither: all roles are taken away.")
	}
	email := seal.Email(p.args[0])
	left, err := p.prov.TakePlatform(ctx, email, p.asRole, p.at, cliActor)
	switch {
	case fault.Is(err, "not_found") && p.asRole != "":
		return p.refuse("%s bukan %s di %s. Lihat: pendopo platform list", "%s is not %s at %s. See: pendopo platform list", email, p.asRole, p.at)
	case fault.Is(err, "not_found"):
		return p.refuse("%s tidak ada di sini. Lihat: pendopo platform list", "There is no %s here. See: pendopo platform list", email)
	case err != nil:
		return err
	case left:
		p.say("%s tidak mempunyai peran lagi dan tidak dapat masuk; sesinya berakhir.", "%s holds nothing any more and cannot sign in; their sessions are over.", email)
	default:
		p.say("%s bukan lagi %s di %s.", "%s is no longer %s at %s.", email, p.role(p.asRole), p.at)
	}
	return nil
}
