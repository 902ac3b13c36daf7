package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/pendopo-id/pendopo/internal/archive"
	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/migrations"
)

// archiveFlags are those of archive, restore and erase.
type archiveFlags struct {
	passphraseFile, keyFile string
	force                   bool   // archive: over a file that is there
	suspended               bool   // restore
	yes, file               string // erase: the region's name, its archive
	by                      string // who, by e-mail among the platform's people
}

func (f *archiveFlags) keys(fs *flag.FlagSet) {
	fs.StringVar(&f.passphraseFile, "passphrase-file", "", "berkas dengan frasa sandi arsip, - untuk masukan baku · a file with the archive's passphrase, - is the standard input")
	fs.StringVar(&f.keyFile, "key-file", "", "berkas kunci arsip, seperti dicetak keys new · a file with the archive's key, as keys new prints one")
	fs.StringVar(&f.by, "by", "", "siapa yang melakukannya, surel orang platform, untuk catatan · who does it, the e-mail of one of the platform's people, for the record")
}

// archiveVerbs are the commands by which a region leaves an installation and comes into another.
func archiveVerbs(t *tenantEnv, v func(string, int, int, func(context.Context, *tenantEnv) error) verb) []verb {
	take, put, erase, scrub := v("archive", 2, 2, tenantArchive), v("restore", 1, 1, tenantRestore), v("erase", 1, 1, tenantErase), v("scrub", 0, 0, tenantScrub)
	take.flags = func(fs *flag.FlagSet) {
		t.arc.keys(fs)
		fs.BoolVar(&t.arc.force, "force", false, "ganti berkas yang sudah ada · replace a file that is there")
	}
	put.flags = func(fs *flag.FlagSet) {
		t.arc.keys(fs)
		fs.BoolVar(&t.arc.suspended, "suspended", false, "pulihkan dalam keadaan dihentikan, misalnya untuk diperiksa dulu · restore it suspended, such as to look at it first")
	}
	put.open = openDB
	erase.flags = func(fs *flag.FlagSet) {
		t.arc.keys(fs)
		fs.StringVar(&t.arc.yes, "yes", "", "nama daerah, tanpa mengetiknya lagi · the region's name, instead of typing it")
		fs.StringVar(&t.arc.file, "archive", "", "arsip daerah itu, diperiksa dulu dan dicatat · the region's archive, which is checked first and recorded")
	}
	erase.open, scrub.open = openOwner, openOwner
	return []verb{take, put, erase, scrub}
}

// openOwner opens the database as its owner, who may take away what the serving role may not.
func openOwner(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.DB, error) {
	if cfg.DatabaseURL == "" {
		return openThere(ctx, cfg, log)
	}
	if cfg.OwnerDatabaseURL == "" {
		return nil, errors.New("PENDOPO_OWNER_DATABASE_URL is missing: the role that serves may not take records away, only the owner's role that migrates may")
	}
	db, err := store.Open(ctx, store.Config{URL: cfg.OwnerDatabaseURL, Models: Models, Log: log, ReadConns: 4})
	if err == nil {
		err = useMasterKey(ctx, cfg, db, log, func(string) {})
	}
	if err != nil && db != nil {
		_ = db.Close()
	}
	return db, err
}

// place is this installation, for an archive.
func (t *tenantEnv) place(ctx context.Context) (p archive.Place, err error) {
	m, err := store.NewMigrator(t.db, migrations.Files)
	if err != nil {
		return p, err
	}
	p = archive.Place{DB: t.db, Actor: cliActor}
	if p.Schema, err = m.Latest(ctx); err != nil {
		return p, err
	}
	if p.Points, err = openCheckpoints(ctx, t.cfg, t.db); err != nil || t.arc.by == "" {
		return p, err
	}
	people, err := t.prov.PlatformPeople(ctx)
	for _, m := range people {
		if m.Email == seal.Email(t.arc.by) {
			p.Actor = "user:" + m.ID.String()
		}
	}
	if err == nil && p.Actor == cliActor {
		err = t.refuse("%s bukan orang platform: lihat pendopo platform list", "%s is none of the platform's people: see pendopo platform list", t.arc.by)
	}
	return p, err
}

// secret reads the passphrase or the key file that was named; none of them is an empty secret.
func (t *tenantEnv) secret() (s archive.Secret, err error) {
	switch f := t.arc; {
	case f.keyFile != "" && f.passphraseFile != "":
		return s, t.refuse("Pilih satu: --passphrase-file atau --key-file.", "Choose one: --passphrase-file or --key-file.")
	case f.keyFile != "":
		text, err := os.ReadFile(f.keyFile)
		if err != nil {
			return s, err
		}
		keys, err := config.MasterKeys(string(text))
		if err != nil || len(keys) != 1 {
			return s, t.refuse("%s tidak memuat tepat satu kunci: buat dengan (umask 077; pendopo keys new > %[1]s)", "%s does not hold exactly one key: make it with (umask 077; pendopo keys new > %[1]s)", f.keyFile)
		}
		s.Key = keys[0]
	case f.passphraseFile == "-":
		line, err := bufio.NewReader(t.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return s, err
		}
		s.Passphrase = strings.TrimRight(line, "\r\n")
	case f.passphraseFile != "":
		text, err := os.ReadFile(f.passphraseFile)
		if err != nil {
			return s, err
		}
		s.Passphrase = string(bytes.TrimRight(text, "\r\n"))
	}
	return s, nil
}

// key makes the secret that a new or an old archive needs.
func (t *tenantEnv) needSecret() (archive.Secret, error) {
	s, err := t.secret()
	if err == nil && s.Passphrase == "" && len(s.Key) == 0 {
		err = t.refuse("Arsip disimpan dengan frasa sandi atau berkas kunci: tambahkan --passphrase-file BERKAS (paling sedikit %d tanda) atau --key-file BERKAS. Tanpanya data pribadi di dalamnya tidak dapat dibaca lagi.",
			"An archive is kept with a passphrase or a key file: add --passphrase-file FILE (at least %d signs) or --key-file FILE. Without it nobody reads the personal data in it any more.", archive.PassphraseLen)
	}
	return s, err
}

func tenantArchive(ctx context.Context, t *tenantEnv) error {
	row, err := t.regionRow(ctx, t.args[0])
	if err != nil {
		return err
	}
	s, err := t.needSecret()
	if err != nil {
		return err
	}
	key, err := archive.NewKey(ctx, s)
	if err != nil {
		return err
	}
	if _, err := os.Stat(t.args[1]); !errors.Is(err, fs.ErrNotExist) && !t.arc.force {
		return t.refuse("%s sudah ada. Sebutkan nama lain, atau tambahkan --force.", "%s is there already. Name another one, or add --force.", t.args[1])
	}
	place, err := t.place(ctx)
	if err != nil {
		return err
	}
	var out archive.Taken
	if err := writeWhole(t.args[1], func(w io.Writer) (err error) {
		buffered := bufio.NewWriterSize(w, 1<<20)
		if out, err = place.Take(ctx, *row, key, buffered); err != nil {
			return err
		}
		return buffered.Flush()
	}); err != nil {
		return err
	}
	// What nobody can open is no archive: it is read again, as it lies there.
	if _, sum, _, err := checkArchive(ctx, t.args[1], s); err != nil {
		return err
	} else if sum != out.SHA256 {
		return fmt.Errorf("%s: %w", t.args[1], archive.ErrSpoilt)
	}
	t.say("%s, %d baris, ditulis ke %s dan diperiksa.\nSHA-256: %s\nSimpan frasa sandi atau kuncinya terpisah dari arsip.",
		"%s, %d rows, written to %s and checked.\nSHA-256: %s\nKeep the passphrase or key apart from the archive.", row.Name, out.Rows, t.args[1], out.SHA256)
	return nil
}

// checkArchive reads an archive through, with its key where a secret is given.
func checkArchive(ctx context.Context, path string, s archive.Secret) (h archive.Head, sum string, m archive.Manifest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return h, "", m, err
	}
	defer file.Close()
	a, err := archive.Open(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return h, "", m, err
	}
	var key *archive.Key
	if s.Passphrase != "" || len(s.Key) > 0 {
		if key, err = a.Key(ctx, s); err != nil {
			return h, "", m, err
		}
	}
	m, sum, err = a.Each(ctx, key, func(string, store.Cells) error { return nil })
	return a.Head, sum, m, err
}

func tenantRestore(ctx context.Context, t *tenantEnv) error {
	s, err := t.needSecret()
	if err != nil {
		return err
	}
	file, err := os.Open(t.args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	a, err := archive.Open(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	if a.Head.Tenant.Code == tenant.PlatformCode {
		return tenant.ErrPlatform
	}
	key, err := a.Key(ctx, s)
	if err != nil {
		return err
	}
	place, err := t.place(ctx)
	if err != nil {
		return err
	}
	reason := ""
	if t.arc.suspended {
		reason = "Baru dipulihkan dari arsip"
	}
	out, id, err := place.Put(ctx, a, key, reason)
	switch {
	case fault.Is(err, "duplicate"):
		return t.refuse("%s (%s) sudah ada di sini, atau alamatnya dipakai daerah lain. Tidak ada yang diubah.",
			"%s (%s) is here already, or its host is another region's. Nothing has been changed.", a.Head.Tenant.Name, a.Head.Tenant.Code)
	case err != nil:
		return err
	}
	report, err := audit.Verify(ctx, t.db, id, nil)
	if err != nil {
		return err
	}
	if !report.OK() {
		t.warn("Perhatian: rantai catatannya tidak utuh, seperti sudah di tempat asalnya: pendopo audit verify %s", "Note: its chain of records does not hold, as it did not where it came from: pendopo audit verify %s", a.Head.Tenant.Code)
	}
	if place.Points != nil {
		if _, err := audit.NewWriter(t.db, func() []store.TenantID { return []store.TenantID{id} }, t.log, place.Points).Make(ctx); err != nil {
			t.warn("Titik periksa belum dibuat: %v", "No checkpoint was made: %v", err)
		}
	}
	t.say("%s (%s) dipulihkan: %d baris, %d catatan kegiatan diperiksa. Server yang sedang berjalan melayaninya dalam 5 detik.",
		"%s (%s) is restored: %d rows, %d activity records checked. A running server serves it within 5 s.", a.Head.Tenant.Name, a.Head.Tenant.Code, out.Rows, report.Records)
	return nil
}

// regionRow finds a region's row by its code, also where its keys do not open.
func (t *tenantEnv) regionRow(ctx context.Context, code string) (*tenant.Row, error) {
	rows, err := t.prov.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Code == code {
			return &rows[i], nil
		}
	}
	_, _, err = t.findRegion(ctx, code) // says why
	if err == nil {
		err = errSaid
	}
	return nil, err
}

func tenantErase(ctx context.Context, t *tenantEnv) error {
	row, err := t.regionRow(ctx, t.args[0])
	if err != nil {
		return err
	}
	archived := ""
	if t.arc.file == "" {
		t.warn("Perhatian: tanpa --archive tidak diperiksa apakah ada arsipnya.", "Note: without --archive nobody checks whether there is an archive of it.")
	} else {
		s, err := t.secret()
		if err != nil {
			return err
		}
		h, sum, _, err := checkArchive(ctx, t.arc.file, s)
		if err != nil {
			return err
		}
		if h.Tenant.ID != row.ID.String() {
			return t.refuse("%s adalah arsip %s (%s), bukan daerah ini. Tidak ada yang diubah.", "%s is the archive of %s (%s), and not of this region. Nothing has been changed.", t.arc.file, h.Tenant.Name, h.Tenant.Code)
		}
		archived = sum
	}
	if !t.named(row) {
		t.say("Tidak ada yang diubah: namanya tidak sama.", "Nothing has been changed: that is not its name.")
		return errSaid
	}
	place, err := t.place(ctx)
	if err != nil {
		return err
	}
	gone, err := place.Erase(ctx, *row, archived)
	if err != nil {
		return err
	}
	if dir := t.cfg.Outbox(); dir != "" {
		if err := notify.NewFolder(dir).Forget(row.Code); err != nil {
			return err
		}
	}
	n := 0
	for _, rows := range gone {
		n += rows
	}
	t.say("%s dihapus: %d baris dari %d tabel. Berkas basis data ditulis ulang ...", "%s is erased: %d rows of %d tables. Writing the database's files anew ...", row.Name, n, len(gone))
	if err := tenantScrub(ctx, t); err != nil {
		t.warn("Barisnya sudah dihapus, tetapi sisanya masih ada di berkas basis data. Ulangi saat sepi, atau saat layanan berhenti: pendopo tenant scrub",
			"The rows are gone, but what is left of them is still in the database's files. Again when it is quiet, or while the service is stopped: pendopo tenant scrub")
		return err
	}
	t.say("Yang tersisa hanya satu catatan (pendopo audit list id) dan cadangan Anda sendiri: hapus juga bila harus.",
		"What remains is one record (pendopo audit list id), and your own backups: delete these too if you must.")
	return nil
}

// named tells whether the region's name was given, or is typed now.
func (t *tenantEnv) named(row *tenant.Row) bool {
	if t.arc.yes != "" {
		return t.arc.yes == row.Name
	}
	t.say("Semua data %s (%s) akan dihapus: nomor antrean, petugas, catatan, kunci. Ini tidak dapat dibatalkan.\nKetik nama daerah untuk melanjutkan (%[1]s):",
		"All data of %s (%s) will be erased: tickets, staff, records, keys. This cannot be undone.\nType the region's name to go on (%[1]s):", row.Name, row.Code)
	typed, _ := bufio.NewReader(t.stdin).ReadString('\n')
	return strings.TrimSpace(typed) == row.Name
}

func tenantScrub(ctx context.Context, t *tenantEnv) error {
	if err := t.db.Scrub(ctx); err != nil {
		return err
	}
	t.say("Berkas basis data sudah ditulis ulang tanpa baris yang dihapus.", "The database's files have been written anew, without what was deleted.")
	return nil
}
