package app

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

const accessUsage = `pendopo access: siapa boleh melakukan apa, dan mengapa · who may do what, and why

  explain EMAIL PERMISSION SCOPE   bolehkah orang ini, dan lewat peran dan aturan mana
                                   · may this person, and through which role and rules
  list EMAIL SCOPE                 semua yang boleh dilakukan orang ini di situ
                                   · all that this person may do there
  give EMAIL ROLE --at SCOPE       beri peran · give a role
  take EMAIL ROLE --at SCOPE       ambil peran · take it away
                                   ROLE: officer, agency-admin, front-office, manager, admin
                                   seperti di halaman Akun petugas, atas nama operator
                                   · as on the page Staff accounts, in the operator's name
                                   SCOPE, di mana saja ditulis sama · is written the same everywhere:
                                     19.01            daerah · a region         = id/19/19.01
                                     19.01/dukcapil   instansi · an agency      = id/19/19.01/dukcapil
                                     id, id/19, agency/imigrasi   milik platform · the platform's
  permissions                      semua izin, dengan penjelasannya · all permissions, explained

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve";
--lang id|en. docs/access.md.
`

// accessEnv is what an access command works with.
type accessEnv struct {
	tenantEnv
	user   tenant.User
	name   string
	grants []authz.Grant
	paused bool
	region *tenants.Region
	at     string // --at of give and take
}

func accessCommand(ctx context.Context, e env, args []string) error {
	if err := authz.Compile(); err != nil {
		return err
	}
	a := &accessEnv{}
	at := func(fs *flag.FlagSet) {
		fs.StringVar(&a.at, "at", "", "di mana perannya berlaku · where the role holds: 19.01, 19.01/dukcapil, id/19/19.01/dukcapil")
	}
	return group{"access", accessUsage, []verb{
		{name: "explain", min: 3, max: 3, run: a.explain}, {name: "list", min: 2, max: 2, run: a.list},
		{name: "give", min: 2, max: 2, flags: at, run: func(ctx context.Context) error { return a.change(ctx, true) }},
		{name: "take", min: 2, max: 2, flags: at, run: func(ctx context.Context) error { return a.change(ctx, false) }},
		{name: "permissions", offline: true, run: func(context.Context) error {
			for _, p := range authz.All() {
				fmt.Fprintf(a.stdout, "%-28s %s\n", p, p.Text(a.lang()))
			}
			return nil
		}},
	}}.run(ctx, e, args, &a.tenantEnv)
}

// change gives or takes a role by the service that the page uses, in the operator's name. The operator meets the same
// rules, but for whose people these are.
func (a *accessEnv) change(ctx context.Context, give bool) error {
	email, role := seal.Email(a.args[0]), a.args[1]
	if a.at == "" {
		return a.refuse("Sebutkan di mana perannya berlaku, misalnya --at 19.01 atau --at 19.01/dukcapil", "Say where the role holds, such as --at 19.01 or --at 19.01/dukcapil")
	}
	if !slices.Contains(auth.GivenRoles, role) {
		hint := ""
		if best, ok := nearest.Of(role, auth.GivenRoles); ok {
			hint = " (" + best + "?)"
		}
		return a.refuse("Peran %q tidak dapat diberikan di daerah%s: pilihannya %s", "The role %q is not given in a region%s: it is one of %s", role, hint, strings.Join(auth.GivenRoles, ", "))
	}
	code, scope := scopeOf(a.at)
	row, region, err := a.findRegion(ctx, code)
	if err != nil {
		return err
	}
	reg := tenant.NewRegistry(a.db, a.cfg.Domain, a.log)
	if err := reg.Refresh(ctx); err != nil {
		return err
	}
	here, ok := reg.ByCode(row.Code)
	if !ok {
		return fmt.Errorf("region %s cannot be read by this program", row.Code)
	}
	post := auth.Post{Role: role, Agency: strings.TrimPrefix(strings.TrimPrefix(scope, here.Scope), "/")}
	switch {
	case auth.OfAgency(role) && post.Agency == "":
		return a.refuse("Peran %s berlaku di satu instansi: --at %s/KODE-INSTANSI", "The role %s holds in one agency: --at %s/AGENCY", role, here.Code)
	case !auth.OfAgency(role) && post.Agency != "":
		return a.refuse("Peran %s berlaku di seluruh daerah: --at %s", "The role %s holds in the whole region: --at %s", role, here.Code)
	}
	door, err := a.door()
	if err != nil {
		return err
	}
	var user id.ID
	err = a.db.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		u, err := tenant.UserByEmail(ctx, tx, email)
		if err == nil && (u == nil || u.Retired) {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err == nil {
			user = u.ID
		}
		return err
	})
	if err != nil {
		return a.person(row, region, email, err)
	}
	do := door.Take
	if give {
		do = door.Give
	}
	operator := authz.NewActor(authz.Identity{System: cliActor}, []authz.Grant{{Role: authz.RoleAdmin, Scope: here.Scope}})
	changed, err := do(ctx, here, operator, user, post)
	at := scopeName(scope, a.en, region)
	if f := fault.Of(err); err != nil && f.Kind != fault.Internal && f.Kind != fault.Unavailable {
		return a.refused(f)
	}
	switch {
	case err != nil:
		return err
	case !changed && give:
		a.say("Tidak ada yang berubah: %s sudah memegang peran itu di %s.", "Nothing changed: %s holds that role in %s already.", email, at)
	case !changed:
		a.say("Tidak ada yang berubah: %s tidak memegang peran itu di %s.", "Nothing changed: %s does not hold that role in %s.", email, at)
	case give:
		a.say("%s kini %s di %s, dan diberi tahu lewat surel.", "%s is %s in %s now, and is told by e-mail.", email, a.role(role), at)
	default:
		a.say("%s tidak lagi %s di %s, dan diberi tahu lewat surel.", "%s is %s in %s no more, and is told by e-mail.", email, a.role(role), at)
	}
	return nil
}

// refused says why the service did not do it, in the page's words.
func (a *accessEnv) refused(f *fault.Error) error {
	p := i18n.For(i18n.Locale(a.lang()))
	key, args := f.Code, f.Args
	if len(f.Fields) > 0 {
		key, args = "field."+f.Fields[0].Code, f.Fields[0].Args
	}
	text := p.T("fault."+key, args...)
	return a.refuse("%s", "%s", text)
}

func (a *accessEnv) explain(ctx context.Context) error {
	p, ok := authz.Parse(a.args[1])
	if !ok {
		var known []string
		for _, p := range authz.All() {
			known = append(known, p.Name())
		}
		hint := ""
		if best, ok := nearest.Of(a.args[1], known); ok {
			hint = " (" + best + "?)"
		}
		return a.refuse("Izin %q tidak dikenal%s. Lihat: pendopo access permissions", "The permission %q is not known%s. See: pendopo access permissions", a.args[1], hint)
	}
	code, scope := scopeOf(a.args[2])
	if err := a.load(ctx, a.args[0], code); err != nil {
		return err
	}
	at := a.place(scope)
	why := authz.Explain(a.grants, p, scope)
	a.header()
	if len(why) == 0 {
		a.say("TIDAK: %s di %s", "NO: %s in %s", p.Text(a.lang()), at)
		for _, role := range authz.Roles() {
			if len(authz.Explain([]authz.Grant{{Role: role, Scope: scope}}, p, scope)) > 0 {
				a.say("  yang boleh: peran %s di %s, atau di atasnya", "  who may: the role %s in %s, or above it", a.role(role), at)
			}
		}
		return nil
	}
	a.say("YA: %s di %s", "YES: %s in %s", p.Text(a.lang()), at)
	for _, r := range why {
		a.reason(r)
	}
	return nil
}

func (a *accessEnv) list(ctx context.Context) error {
	code, scope := scopeOf(a.args[1])
	if err := a.load(ctx, a.args[0], code); err != nil {
		return err
	}
	a.header()
	for _, m := range authz.Everything(a.grants, scope) {
		fmt.Fprintf(a.stdout, "%-28s %s: %s\n", m.Permission, m.Permission.Text(a.lang()), a.place(m.Scope))
		for _, r := range m.Why {
			a.reason(r)
		}
	}
	return nil
}

// place is a scope with its name, as the region calls it.
func (a *accessEnv) place(scope string) string { return scopeName(scope, a.en, a.region) }

// load finds a person and what they hold in a region.
func (a *accessEnv) load(ctx context.Context, email, code string) error {
	row, region, err := a.find(ctx, code)
	if err != nil {
		return err
	}
	a.region = region
	err = a.db.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		u, err := tenant.UserByEmail(ctx, tx, email)
		if err == nil && (u == nil || u.Retired) {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		return a.read(ctx, tx, *u)
	})
	return a.person(row, region, seal.Email(email), err)
}

func (a *accessEnv) read(ctx context.Context, tx *store.Tx, u tenant.User) (err error) {
	a.user = u
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	if a.name, _, err = u.Open(ctx, keys); err != nil {
		return err
	}
	reason, err := auth.SuspendedReason(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	a.paused = reason != ""
	rows, err := store.Select[tenant.Grant](tx).Where("user_id = ?", u.ID).Order("role", "scope").All(ctx)
	for _, g := range rows {
		a.grants = append(a.grants, authz.Grant{Role: g.Role, Scope: g.Scope})
	}
	return err
}

func (a *accessEnv) header() {
	held := make([]string, len(a.grants))
	for i, g := range a.grants {
		held[i] = a.role(g.Role) + " " + a.place(g.Scope)
	}
	a.say("%s (%s): %s", "%s (%s): %s", a.name, "user:"+a.user.ID.String(), strings.Join(held, ", "))
	if a.paused {
		a.say("Akun ini dibekukan: yang bersangkutan tidak dapat masuk.", "This account is suspended: the person cannot sign in.")
	}
}

func (a *accessEnv) reason(r authz.Reason) {
	if r.Grant == (authz.Grant{}) {
		a.say("  karena siapa pun boleh: %s", "  because everyone may: %s", strings.Join(r.Path, " > "))
		return
	}
	a.say("  karena %s di %s: %s", "  because of %s in %s: %s", a.role(r.Grant.Role), a.place(r.Grant.Scope), strings.Join(r.Path, " > "))
}

func (a *accessEnv) lang() string {
	if a.en {
		return "en"
	}
	return "id"
}
