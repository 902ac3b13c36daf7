package app

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants/nearest"
)

const accessUsage = `pendopo access: siapa boleh melakukan apa, dan mengapa · who may do what, and why

  explain EMAIL PERMISSION SCOPE   bolehkah orang ini, dan lewat peran dan aturan mana
                                   · may this person, and through which role and rules
                                   SCOPE: 19.01, id/19/19.01, id/19/19.01/dukcapil
  list EMAIL CODE                  semua yang boleh dilakukan orang ini di daerah itu
                                   · all that this person may do in that region
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
}

func accessCommand(ctx context.Context, e env, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		fmt.Fprint(e.stdout, accessUsage)
		return nil
	}
	verb := args[0]
	need, ok := map[string]int{"explain": 3, "list": 2, "permissions": 0}[verb]
	if !ok {
		fmt.Fprintf(e.stderr, "pendopo access: %q tidak ada · no such command\n\n%s", verb, accessUsage)
		return errUsage
	}
	ae := &accessEnv{tenantEnv: tenantEnv{env: e}}
	var lang *language
	cfg, rest, log, err := subSettings("access "+verb, accessUsage, e, args[1:], func(fs *flag.FlagSet) {
		lang = languageFlag(fs)
	})
	if err != nil {
		return err
	}
	if len(rest) != need {
		fmt.Fprint(e.stderr, accessUsage)
		return errSaid
	}
	if err := authz.Compile(); err != nil {
		return err
	}
	ae.cfg, ae.args, ae.en = cfg, rest, lang.en()
	if verb == "permissions" {
		for _, p := range authz.All() {
			fmt.Fprintf(e.stdout, "%-28s %s\n", p, p.Text(lang.String()))
		}
		return nil
	}
	if ae.db, err = openThere(ctx, cfg, log); err != nil {
		return err
	}
	defer ae.db.Close()
	if ae.prov, err = newProvisioner(ctx, ae.db); err != nil {
		return err
	}
	if verb == "list" {
		return ae.list(ctx)
	}
	return ae.explain(ctx)
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
	code, scope := codeOf(a.args[2])
	if err := a.load(ctx, a.args[0], code); err != nil {
		return err
	}
	why := authz.Explain(a.grants, p, scope)
	a.header()
	if len(why) == 0 {
		a.say("TIDAK: %s di %s", "NO: %s in %s", p.Text(a.lang()), scope)
		for _, role := range authz.Roles() {
			if len(authz.Explain([]authz.Grant{{Role: role, Scope: scope}}, p, scope)) > 0 {
				a.say("  yang boleh: peran %s di %s, atau di atasnya", "  who may: the role %s in %s, or above it", a.role(role), scope)
			}
		}
		return nil
	}
	a.say("YA: %s di %s", "YES: %s in %s", p.Text(a.lang()), scope)
	for _, r := range why {
		a.reason(r)
	}
	return nil
}

func (a *accessEnv) list(ctx context.Context) error {
	code, _ := codeOf(a.args[1])
	if err := a.load(ctx, a.args[0], code); err != nil {
		return err
	}
	a.header()
	actor := authz.NewActor(authz.Identity{}, a.grants)
	for _, p := range authz.All() {
		scopes := actor.Scopes(p)
		if len(scopes) == 0 && actor.Can(p, tenant.ScopeOf(code)) {
			scopes = []string{tenant.ScopeOf(code)} // what everyone may
		}
		for _, scope := range scopes {
			fmt.Fprintf(a.stdout, "%-28s %s (%s)\n", p, p.Text(a.lang()), scope)
			for _, r := range authz.Explain(a.grants, p, scope) {
				a.reason(r)
			}
		}
	}
	return nil
}

// codeOf reads a scope, or a region's code for one, and gives both.
func codeOf(text string) (code, scope string) {
	parts := strings.Split(text, "/")
	switch {
	case parts[0] != "id" && len(text) >= 2:
		return text, tenant.ScopeOf(text)
	case len(parts) < 2:
		return text, text // the nation is no tenant: find says so
	case len(parts) > 2 && strings.HasPrefix(parts[2], parts[1]+"."):
		return parts[2], text
	}
	return parts[1], text // a province that is a tenant, such as id/31
}

// load finds a person and what they hold in a region.
func (a *accessEnv) load(ctx context.Context, email, code string) error {
	row, region, err := a.find(ctx, code)
	if err != nil {
		return err
	}
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
		held[i] = a.role(g.Role) + " " + g.Scope
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
	a.say("  karena %s di %s: %s", "  because of %s in %s: %s", a.role(r.Grant.Role), r.Grant.Scope, strings.Join(r.Path, " > "))
}

func (a *accessEnv) lang() string {
	if a.en {
		return "en"
	}
	return "id"
}
