package app

import (
	"context"
	"flag"
	"fmt"
	"log/slog"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/store"
)

// verb is a command of a command, such as "apply" of "tenant".
type verb struct {
	name     string
	min, max int // how many words it takes
	flags    func(*flag.FlagSet)
	right    func(words int) bool // nil: what min and max say is enough
	// open opens the database; nil is openThere. offline verbs have none.
	open    func(context.Context, config.Config, *slog.Logger) (*store.DB, error)
	offline bool
	run     func(context.Context) error
}

// group is a command with verbs.
type group struct {
	name  string
	usage string
	verbs []verb
}

// run finds the verb, reads its flags and words, opens what it needs and runs it. t is what the verbs work with; it is
// filled here. Without a verb it shows the usage.
func (g group) run(ctx context.Context, e env, args []string, t *tenantEnv) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		fmt.Fprint(e.stdout, g.usage)
		return nil
	}
	var v *verb
	for i := range g.verbs {
		if g.verbs[i].name == args[0] {
			v = &g.verbs[i]
		}
	}
	if v == nil {
		fmt.Fprintf(e.stderr, "pendopo %s: %q tidak ada · no such command\n\n%s", g.name, args[0], g.usage)
		return errUsage
	}
	var lang *language
	cfg, rest, log, err := subSettings(g.name+" "+v.name, g.usage, e, args[1:], func(fs *flag.FlagSet) {
		lang = languageFlag(fs)
		if v.flags != nil {
			v.flags(fs)
		}
	})
	if err != nil {
		return err
	}
	if len(rest) < v.min || len(rest) > v.max || v.right != nil && !v.right(len(rest)) {
		fmt.Fprint(e.stderr, g.usage)
		return errSaid
	}
	t.env, t.cfg, t.args, t.en, t.log = e, cfg, rest, lang.en(), log
	if v.offline {
		return v.run(ctx)
	}
	open := openThere
	if v.open != nil {
		open = v.open
	}
	if t.db, err = open(ctx, cfg, log); err != nil {
		return err
	}
	defer t.db.Close()
	if t.prov, err = newProvisioner(ctx, t.db); err != nil {
		return err
	}
	return v.run(ctx)
}
