// Package app puts the service together: it opens what there is, wires the verticals to one another,
// lists every route and carries the commands. It is the only package that may import all others.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
)

// env is what a command is given.
type env struct {
	get    func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

type command struct {
	name string
	help string
	run  func(context.Context, env, []string) error
}

func commands() []command {
	return []command{
		{"demo", "sepuluh daerah contoh dengan hari kerja tiruan · ten sample regions with a simulated day", demo},
		{"serve", "menjalankan layanan · run the service", serve},
		{"migrate", "menyiapkan atau memperbarui basis data · set up or update the database", migrate},
		{"tenant", "daerah: plan, apply, list, export, suspend, resume, invite, password, factors, account, sign-in, domain, schema, archive, restore, erase, scrub · regions", tenantCommand},
		{"access", "siapa boleh melakukan apa: explain, list, give, take, permissions · who may do what, and why", accessCommand},
		{"platform", "orang-orang platform: invite, list, take · the platform's own people: overseers and operators", platformCommand},
		{"keys", "kunci data pribadi: new, rotate, rewrap, destroy, reopen · the keys of personal data", keysCommand},
		{"data-map", "data pribadi apa yang disimpan, untuk apa, siapa yang melihat · what personal data is kept, and why", dataMap},
		{"audit", "catatan kegiatan: verify, list, export, checkpoint · activity records", auditCommand},
		{"jobs", "pekerjaan latar: list, retry · work in the background", jobsCommand},
		{"mail", "pesan demo yang tidak dikirim: list, show · messages of a demo, which are not sent", mailCommand},
		{"doctor", "memeriksa semuanya dan memberi tahu cara memperbaikinya · check everything and say how to mend it", doctor},
	}
}

// errSaid ends a command that has already said what is wrong.
var errSaid = errors.New("said")

// Main runs the program and gives its exit code: 0, 1 for a failure, 2 for a wrong
// call, 130 when it was interrupted.
func Main(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := env{getenv, stdin, stdout, stderr}
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(stdout)
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, e, args[1:])
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case ctx.Err() != nil:
			// serve and demo end without an error when they are told to stop; anything else was cut short,
			// and whoever started it (a migrate Job) must not take that for success.
			fmt.Fprintf(stderr, "pendopo %s: dihentikan sebelum selesai · interrupted before it was done: %v\n", c.name, err)
			return 130
		case errors.Is(err, errUsage):
			return 2
		case errors.Is(err, errSaid):
			return 1
		}
		fmt.Fprintf(stderr, "pendopo %s: %v\n", c.name, plain(err))
		return 1
	}
	fmt.Fprintf(stderr, "pendopo: perintah %q tidak ada · no such command\n\n", args[0])
	usage(stderr)
	return 2
}

// plain shows a fault's cause too: whoever runs a command may see it.
func plain(err error) error {
	if f := fault.Of(err); f.Kind == fault.Unavailable {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return err
}

func usage(out io.Writer) {
	fmt.Fprint(out, "Pendopo: Mal Pelayanan Publik untuk setiap kabupaten dan kota\n\nPemakaian · usage: pendopo PERINTAH [pilihan]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-8s %s\n", c.name, c.help)
	}
	fmt.Fprint(out, "\npendopo PERINTAH --help menjelaskan pilihannya · explains the options\n")
}

// subSettings is settings of a sub-command: its --help shows its part of the command's usage and its own flags, for
// the fifty lines of settings are those of serve.
func subSettings(name, usage string, e env, args []string, more func(*flag.FlagSet)) (config.Config, []string, *slog.Logger, error) {
	own := e
	own.stdout = io.Discard
	var flags *flag.FlagSet
	cfg, rest, log, err := settings(name, own, config.Default(), args, func(fs *flag.FlagSet) {
		flags = fs
		if more != nil {
			more(fs)
		}
	})
	if errors.Is(err, flag.ErrHelp) {
		command, verb, _ := strings.Cut(name, " ")
		fmt.Fprintf(e.stdout, "pendopo %s %s\n\n", command, usageOf(usage, verb))
		if config.OwnHelp(e.stdout, flags) {
			fmt.Fprintln(e.stdout)
		}
		fmt.Fprintln(e.stdout, `Pilihan basis data sama dengan "pendopo serve --help" · the database options are those of "pendopo serve --help"`)
	}
	return cfg, rest, log, err
}

// usageOf is what a command's usage says of one of its sub-commands: the lines that begin with it, and those under them.
func usageOf(usage, verb string) string {
	var out []string
	within := false
	for _, line := range strings.Split(usage, "\n") {
		text := strings.TrimSpace(line)
		switch depth := len(line) - len(strings.TrimLeft(line, " ")); {
		case text == "" || depth == 0:
			within = false
		case depth == 2:
			within = strings.HasPrefix(text+" ", verb+" ")
		}
		if within {
			out = append(out, strings.TrimPrefix(line, "  "))
		}
	}
	if len(out) == 0 {
		return verb
	}
	return strings.Join(out, "\n")
}

// errUsage ends a command that was called wrongly and has said so.
var errUsage = fmt.Errorf("%w: a wrong call", errSaid)

// settings reads the configuration of a command and makes its logger.
func settings(name string, e env, def config.Config, args []string, more func(*flag.FlagSet)) (config.Config, []string, *slog.Logger, error) {
	cfg, rest, err := config.Load(name, def, args, e.get, e.stdout, more)
	if err != nil {
		return cfg, rest, nil, err
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // config has checked it
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(e.stderr, opts)
	if cfg.Log == "json" {
		h = slog.NewJSONHandler(e.stderr, opts)
	}
	return cfg, rest, slog.New(h), nil
}

// language is the flag --lang: the language of a command's messages.
type language string

func languageFlag(fs *flag.FlagSet) *language {
	l := language("id")
	fs.Var(&l, "lang", "bahasa pesan: id atau en · language of the messages")
	return &l
}

func (l *language) en() bool { return *l == "en" }

func (l *language) String() string { return string(*l) }

// Set implements flag.Value.
func (l *language) Set(s string) error {
	if s != "id" && s != "en" {
		return errors.New("pilih id atau en · choose id or en")
	}
	*l = language(s)
	return nil
}
