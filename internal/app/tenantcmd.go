package app

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

const tenantUsage = `pendopo tenant: daerah · regions

  plan DIR              apa yang akan berubah, baris demi baris · what would change, line by line
  apply DIR             terapkan folder itu; mengulangnya tidak mengubah apa pun · apply the folder; again changes nothing
                        --end-tickets: akhiri nomor orang yang menunggu pada seri atau loket yang dihapus, atau pada
                        seri yang pindah lokasi atau berganti awalan · end the tickets of who waits in a series or stands
                        at a counter that goes away, or in a series that moves or gets another prefix
                        --confirm dukcapil/ktp-baru,... | all: teks katalog yang berubah sudah diperiksa lagi
                        · the catalogue's new text has been checked
  list                  daerah yang ada · the regions that are here
  export CODE DIR       tulis folder yang sama; --force mengganti manifes yang sudah ada di situ
                        · write a folder that applies back to the same; --force replaces the manifest in it
  services CODE FILE.xlsx
                        layanan dan loket daerah itu sebagai lembar kerja; --into DIR: baca berkas itu dan tulis
                        folder daerah, untuk diperiksa dengan plan · the region's services and counters as a spreadsheet; --into DIR: read that file and write a region's folder, to be looked at by plan
  suspend CODE [reason] hentikan sementara dengan halaman yang jelas · pause, with a clear page
  resume CODE           lanjutkan · go on
  password CODE EMAIL   kata sandi baru untuk seseorang, ditampilkan sekali · a new password for somebody, shown once
  invite CODE EMAIL     kirim tautan untuk membuat kata sandi · send a link with which they choose a password
  factors CODE EMAIL    hapus langkah kedua seseorang yang kehilangan ponselnya · take away a person's second factors
  account CODE EMAIL resume|loosen
                        resume: pulihkan akun seseorang yang dibekukan · let somebody who is suspended sign in again
                        loosen: lepas akun instansinya, bila ia mendapat yang baru · loosen their agency's account, for
                        somebody who has got a new one
  sign-in CODE [AGENCY] masuk dengan akun instansi: alamat kembali, rahasia, apakah penyedianya menjawab
                        · agencies' identity providers: redirect address, secret, whether they answer
                        --secret-file FILE: simpan rahasia klien dari berkas, - dari masukan baku
                        · keep the client's secret from a file, - is the standard input
                        --forget-secret: hapus rahasianya · forget it
  domain CODE [HOST]    domain sendiri: catatan TXT yang membuktikannya, lalu dilayani; --drop mengembalikannya
                        · a domain of its own: the TXT record that proves it, then it is served; --drop gives it back
  archive CODE FILE     seluruh data daerah dalam satu berkas, selagi bekerja, dengan --passphrase-file atau --key-file
                        · all of a region's data as one file, while it works, with --passphrase-file or --key-file
  restore FILE          pulihkan daerah dari berkas itu, di pemasangan ini atau lain · put that region back, here or elsewhere
                        --suspended: tetap dihentikan dulu · suspended at first
  erase CODE            hapus seluruh data daerah, untuk selamanya; perlu PENDOPO_OWNER_DATABASE_URL pada PostgreSQL
                        · erase all of a region's data, for good; on PostgreSQL with PENDOPO_OWNER_DATABASE_URL
                        --archive FILE: periksa arsipnya dulu · check its archive first; --yes NAME, --by EMAIL
  scrub                 tulis ulang berkas basis data tanpa sisa yang dihapus · rid the database's files of what was deleted
  schema [agency]       JSON Schema manifes, untuk editor · the manifest's JSON Schema, for editors

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve":
--data, --database-url; --lang id|en.
`

// tenantEnv is what a tenant command works with.
type tenantEnv struct {
	env
	db     *store.DB
	prov   *tenant.Provisioner
	cfg    config.Config
	args   []string
	en     bool
	end    bool // --end-tickets of apply
	force  bool // --force of export
	invite bool // --invite of apply
	drop   bool // --drop of domain

	confirm string // --confirm of apply
	log     *slog.Logger

	into string // --into of services
	arc  archiveFlags

	secretFile   string // of sign-in
	forgetSecret bool
}

func tenantCommand(ctx context.Context, e env, args []string) error {
	t := &tenantEnv{}
	v := func(name string, least, most int, run func(context.Context, *tenantEnv) error) verb {
		return verb{name: name, min: least, max: most, run: func(ctx context.Context) error { return run(ctx, t) }}
	}
	plan, apply, export, schema := v("plan", 1, 1, tenantPlan), v("apply", 1, 1, tenantApply), v("export", 1, 2, tenantExport), v("schema", 0, 1, tenantSchema)
	apply.open, schema.offline = openDB, true
	apply.flags = func(fs *flag.FlagSet) {
		fs.BoolVar(&t.end, "end-tickets", false, "akhiri nomor yang seri atau loketnya dihapus, pindah, atau berganti awalan · end tickets whose series or counter goes away, moves or changes its prefix")
		fs.BoolVar(&t.invite, "invite", false, "undang orang baru lewat surel, tanpa menampilkan kata sandi pertama · invite new people by e-mail instead of showing first passwords")
		fs.StringVar(&t.confirm, "confirm", "", "layanan yang teks katalognya sudah diperiksa lagi, dukcapil/ktp-baru,... atau all · services whose new catalogue text you have checked")
	}
	domain := v("domain", 1, 2, tenantDomain)
	domain.flags = func(fs *flag.FlagSet) {
		fs.BoolVar(&t.drop, "drop", false, "kembalikan domain itu; tidak dilayani lagi · give the domain back; it is not served any more")
	}
	signIn := v("sign-in", 1, 2, tenantSignIn)
	signIn.flags = func(fs *flag.FlagSet) {
		fs.StringVar(&t.secretFile, "secret-file", "", "berkas dengan rahasia klien, - untuk masukan baku · a file with the client's secret, - is the standard input")
		fs.BoolVar(&t.forgetSecret, "forget-secret", false, "hapus rahasia klien · forget the client's secret")
	}
	export.flags = func(fs *flag.FlagSet) {
		fs.BoolVar(&t.force, "force", false, "ganti manifes yang sudah ada di folder itu · replace the manifest that the folder holds")
	}
	services := v("services", 2, 2, tenantServices)
	services.flags = func(fs *flag.FlagSet) {
		fs.StringVar(&t.into, "into", "", "baca berkas itu, dan tulis folder daerah ini · read the file, and write this region's folder")
	}
	var made string // a folder for the first plan of all, which leaves nothing behind
	plan.open = func(ctx context.Context, cfg config.Config, log *slog.Logger) (db *store.DB, err error) {
		if noData(cfg) == nil {
			return openThere(ctx, cfg, log)
		}
		t.warn("Belum ada data di folder %[1]s: semuanya tampak baru.", "There is no data in the folder %[1]s yet: all of it shows as new.", cfg.Data)
		if made, err = os.MkdirTemp("", "pendopo-plan-"); err != nil {
			return nil, err
		}
		cfg.Data, cfg.MasterKey, cfg.MasterKeyFile = made, newMasterKey(), ""
		return openDB(ctx, cfg, log)
	}
	defer func() {
		if made != "" {
			_ = os.RemoveAll(made)
		}
	}()
	return group{"tenant", tenantUsage, append([]verb{
		plan, apply, v("list", 0, 0, tenantList), export, services, v("suspend", 1, 99, tenantSuspend), v("resume", 1, 1, tenantResume),
		v("invite", 2, 2, tenantInvite), v("password", 2, 2, tenantPassword), v("factors", 2, 2, tenantFactors), v("account", 3, 3, tenantAccount), signIn, domain, schema,
	}, archiveVerbs(t, v)...)}.run(ctx, e, args, t)
}

// newPassword makes a password that nobody guesses and everybody can read out: 80 bits.
func newPassword() string { return rand.Text()[:16] }

// newProvisioner gives every new person a password of their own.
func newProvisioner(ctx context.Context, db *store.DB) (*tenant.Provisioner, error) {
	hasher, err := hasherOf(ctx, db)
	return &tenant.Provisioner{DB: db, Hasher: hasher, Left: auth.Left, PasswordHolds: auth.FirstPassword, Queues: queue.New(db, tenant.NewDirectories(db)), Password: func() (string, string, error) {
		clear := newPassword()
		hash, err := auth.Hash(ctx, tenant.ID{}, clear)
		return clear, hash, err
	}}, err
}

func (t *tenantEnv) say(id, en string, args ...any) {
	if t.en {
		id = en
	}
	fmt.Fprintf(t.stdout, id+"\n", args...)
}

// warn says something on the error output.
func (t *tenantEnv) warn(id, en string, args ...any) { _ = t.refuse(id, en, args...) }

// refuse says on the error output why nothing was done.
func (t *tenantEnv) refuse(id, en string, args ...any) error {
	if t.en {
		id = en
	}
	fmt.Fprintf(t.stderr, id+"\n", args...)
	return errSaid
}

// load reads a folder and prints everything that is wrong with it.
func (t *tenantEnv) load(dir string) (*tenants.Region, error) {
	region, problems := tenants.LoadDir(dir)
	for _, p := range problems {
		if t.en {
			fmt.Fprintln(t.stderr, p.English())
		} else {
			fmt.Fprintln(t.stderr, p.String())
		}
	}
	if problems.Err() != nil {
		if t.en {
			fmt.Fprintln(t.stderr, "Nothing has been changed. Mend the lines above and try again.")
		} else {
			fmt.Fprintln(t.stderr, "Tidak ada yang diubah. Mohon perbaiki baris di atas, lalu coba lagi.")
		}
		return nil, errSaid
	}
	return region, nil
}

func tenantPlan(ctx context.Context, t *tenantEnv) error {
	region, err := t.load(t.args[0])
	if err != nil {
		return err
	}
	plan, err := t.prov.Plan(ctx, region)
	if err != nil {
		return err
	}
	row, _, err := t.prov.Find(ctx, region.Code)
	if err != nil {
		return err
	}
	if err := t.edited(ctx, row, region, plan.Changes); err != nil {
		return err
	}
	t.changes(plan.Changes)
	switch n := noted(plan.Changes); {
	case len(plan.Changes) == 0:
		t.say("Tidak ada yang berubah.", "Nothing would change.")
	case n == len(plan.Changes):
		t.say("Hak siapa pun tidak berubah: apply hanya mencatat %d hal yang sudah berlaku di folder ini.", "Nobody's rights would change: apply only notes %d things that hold already as this folder's.", n)
	}
	t.noAdmin(region)
	t.recheck(plan.Recheck)
	t.held(plan.Held)
	_, err = t.showProviders(ctx, row, region, providersOf(region))
	return err
}

// edited says on the lines that would undo what somebody changed on the pages who that was, and when.
func (t *tenantEnv) edited(ctx context.Context, row *tenant.Row, region *tenants.Region, changes []tenants.Change) error {
	if row == nil || len(changes) == 0 {
		return nil
	}
	edits, err := t.prov.Edits(ctx, row.ID, changes)
	if err != nil {
		return err
	}
	loc, _ := areas.Location(region.Timezone)
	for i, e := range edits {
		id, en := e.Name, e.Name
		if e.Name == "" {
			id, en = "seseorang yang sudah keluar", "somebody who has left"
		}
		does, doesEN := "menggantinya", "replaces it"
		if e.Back {
			does, doesEN = "mengembalikannya", "changes it back"
		}
		when := func(p *i18n.Printer) string {
			return p.DateLong(clock.DayOf(e.At, loc)) + " " + p.Time(e.At)
		}
		c := &changes[i]
		c.Text += fmt.Sprintf(" (diubah di halaman oleh %s, %s; folder ini %s)", id, when(i18n.For(i18n.ID).In(loc)), does)
		c.TextEN += fmt.Sprintf(" (changed on the pages by %s, %s; this folder %s)", en, when(i18n.For(i18n.EN).In(loc)), doesEN)
	}
	return nil
}

// noAdmin warns of a region in which nobody could help the others to sign in.
func (t *tenantEnv) noAdmin(region *tenants.Region) {
	if !slices.ContainsFunc(region.Staff, func(p tenants.Person) bool { return p.Role == tenants.RoleAdmin }) {
		t.warn("Perhatian: tidak ada seorang pun dengan peran admin (TI daerah), jadi tidak ada yang dapat membantu petugas yang kehilangan langkah kedua atau harus dibekukan akunnya. Tambahkan satu di bawah staff.",
			"Note: nobody has the role admin (regional IT), so nobody can help staff who lose their second step, or suspend an account. Add one under staff.")
	}
}

// recheck says which services the region has to confirm again, and how.
func (t *tenantEnv) recheck(list []string) {
	if len(list) == 0 {
		return
	}
	t.say("\nTeks katalog berubah sejak dipastikan, jadi halamannya kembali menyebutnya contoh: %[1]s\nSetelah diperiksa: pendopo tenant apply --confirm %[2]s FOLDER (atau --confirm all)",
		"\nThe catalogue's text has changed since they were confirmed, so their pages call it an example again: %[1]s\nOnce checked: pendopo tenant apply --confirm %[2]s DIR (or --confirm all)", strings.Join(list, ", "), strings.Join(list, ","))
}

// held says whom a change would leave waiting, and what to do about it.
func (t *tenantEnv) held(list []tenant.Stranded) {
	if len(list) == 0 {
		return
	}
	t.say("\nPerhatian, masih ada orang di antrean yang dihapus atau diubah:", "\nPeople still wait in what would go away or change:")
	for _, h := range list {
		switch {
		case h.Venue != "":
			t.say("  %d orang menunggu pada seri %s, yang pindah ke %s", "  %d waiting in series %s, which moves to %s", h.People, h.Series, h.Venue)
		case h.Prefix != "":
			t.say("  %d orang menunggu pada seri %s, yang awalannya menjadi %s", "  %d waiting in series %s, whose prefix becomes %s", h.People, h.Series, h.Prefix)
		case h.Series != "":
			t.say("  %d orang menunggu pada seri %s", "  %d waiting in series %s", h.People, h.Series)
		default:
			t.say("  %d orang di %s", "  %d at %s", h.People, h.Counter)
		}
	}
	t.say("Terapkan setelah mereka dilayani, misalnya sesudah jam tutup. Untuk mengakhiri nomor mereka sekarang: pendopo tenant apply --end-tickets FOLDER",
		"Apply once they have been served, such as after closing. To end their tickets now: pendopo tenant apply --end-tickets DIR")
}

// noted counts the changes that only say what holds already.
func noted(changes []tenants.Change) (n int) {
	for _, c := range changes {
		if c.Noted {
			n++
		}
	}
	return n
}

func (t *tenantEnv) changes(changes []tenants.Change) {
	for _, c := range changes {
		t.say("%s", "%s", map[bool]string{true: c.TextEN, false: c.Text}[t.en])
	}
}

func tenantApply(ctx context.Context, t *tenantEnv) error {
	region, err := t.load(t.args[0])
	if err != nil {
		return err
	}
	old, _, err := t.prov.Find(ctx, region.Code)
	if err != nil {
		return err
	}
	res, err := t.prov.Apply(ctx, region, tenant.Options{Actor: cliActor, Demo: old != nil && old.Demo, EndTickets: t.end, Confirm: strings.Split(t.confirm, ",")})
	var stranded *tenant.StrandedError
	if errors.As(err, &stranded) {
		t.say("Tidak ada yang diubah.", "Nothing has been changed.")
		t.held(stranded.Held)
		return errSaid
	}
	if err != nil {
		return err
	}
	t.changes(res.Changes)
	host := res.Tenant.Slug + "." + t.cfg.Domain
	switch {
	case res.Created:
		t.say("%s dibuka di %s. Server yang sedang berjalan melayaninya dalam 5 detik.", "%s is open at %s. A running server serves it within 5 s.", res.Tenant.Name, host)
	case len(res.Changes) == 0:
		t.say("Tidak ada yang berubah: %s sudah sesuai folder ini.", "Nothing changed: %s is as the folder says.", res.Tenant.Name)
	case noted(res.Changes) == len(res.Changes):
		t.say("Hak siapa pun di %s tidak berubah: %d hal yang sudah berlaku kini dicatat dari folder ini.", "Nobody's rights in %s have changed: %d things that held already are this folder's now.", res.Tenant.Name, len(res.Changes))
	default:
		t.say("%s diperbarui, %d perubahan.", "%s updated, %d changes.", res.Tenant.Name, len(res.Changes)-noted(res.Changes))
	}
	t.noAdmin(region)
	t.recheck(res.Recheck)
	if len(res.Changes) > 0 {
		if _, err := t.showProviders(ctx, &res.Tenant, region, providersOf(region)); err != nil {
			return err
		}
	}
	if !t.invite {
		t.accounts(res.Accounts)
		return nil
	}
	door, err := t.door()
	if err != nil {
		return err
	}
	for _, a := range res.Accounts {
		if err := t.invited(ctx, door, res.Tenant.ID, a.Email); err != nil {
			return err
		}
	}
	return nil
}

// accounts prints first passwords, once.
func (t *tenantEnv) accounts(list []tenant.Account) {
	if len(list) == 0 {
		return
	}
	t.say("\nKata sandi pertama, hanya ditampilkan kali ini. Mohon sampaikan langsung kepada yang bersangkutan:", "\nFirst passwords, shown this once. Hand them over in person:")
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	for _, a := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Name, t.role(a.Role), a.Email, a.Password)
	}
	_ = w.Flush()
}

func tenantList(ctx context.Context, t *tenantEnv) error {
	rows, err := t.prov.List(ctx)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		t.say("Belum ada daerah. Mulai dengan: pendopo tenant apply FOLDER", "No region yet. Begin with: pendopo tenant apply DIR")
		return nil
	}
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		note := ""
		if r.Demo {
			note = "demo"
		}
		if r.State == tenant.Suspended {
			note = r.SuspendedReason
		}
		fmt.Fprintf(w, "%s\t%s\t%s.%s\t%s\t%s\n", r.Code, r.Name, r.Slug, t.cfg.Domain, t.state(r.State), note)
	}
	return w.Flush()
}

// role is a role in words.
func (t *tenantEnv) role(role string) string {
	if t.en || !i18n.Has("web.role."+role) {
		return role
	}
	return i18n.For(i18n.ID).T("web.role." + role)
}

// state is a region's state in words.
func (t *tenantEnv) state(state string) string {
	if t.en {
		return state
	}
	return map[string]string{tenant.Active: "aktif", tenant.Suspended: "dihentikan sementara"}[state]
}

// find reads a tenant by the code that was typed, and suggests the nearest one.
func (t *tenantEnv) find(ctx context.Context, code string) (*tenant.Row, *tenants.Region, error) {
	row, region, err := t.prov.Find(ctx, code)
	if err != nil || row != nil {
		return row, region, err
	}
	hint := ""
	if best, ok := areas.Nearest(code); ok && best != code {
		hint = map[bool]string{true: " (did you mean " + best + "?)", false: " (mungkin maksud Anda " + best + ")"}[t.en]
	}
	if seat, ok := areas.SeatByCode(code); ok {
		t.say("%s belum ada di sini. Terapkan foldernya dahulu: pendopo tenant apply FOLDER", "%s is not here yet. Apply its folder first: pendopo tenant apply DIR", seat.Name)
	} else {
		t.say("Kode %q tidak dikenal%s. Lihat: pendopo tenant list", "Code %q is not known%s. See: pendopo tenant list", code, hint)
	}
	return nil, nil, errSaid
}

// findRegion is find for what only a region can be asked.
func (t *tenantEnv) findRegion(ctx context.Context, code string) (*tenant.Row, *tenants.Region, error) {
	if code == tenant.PlatformCode {
		return nil, nil, t.refuse("Kode %q adalah platform sendiri, bukan daerah, jadi perintah ini tidak berlaku untuknya. Lihat: pendopo tenant list",
			"The code %q is the platform itself and no region, so this command is not for it. See: pendopo tenant list", code)
	}
	return t.find(ctx, code)
}

func tenantExport(ctx context.Context, t *tenantEnv) error {
	if _, _, err := t.findRegion(ctx, t.args[0]); err != nil {
		return err
	}
	region, left, err := t.prov.Current(ctx, t.args[0])
	if err != nil {
		return err
	}
	dir := region.FolderName()
	if len(t.args) == 2 {
		dir = t.args[1]
	}
	write := tenants.Write
	if t.force {
		write = tenants.Replace
	}
	switch err := write(dir, region); {
	case errors.Is(err, tenants.ErrNotEmpty):
		return t.refuse("Folder %s tidak kosong, jadi tidak ada yang ditulis. Sebutkan folder lain, atau tambahkan --force: region.yaml, agencies/*.yaml, dan logo.svg di situ diganti, berkas lain tidak disentuh.",
			"The folder %s is not empty, so nothing was written. Name another one, or add --force: region.yaml, agencies/*.yaml and logo.svg in it are replaced, other files are left alone.", dir)
	case errors.Is(err, tenants.ErrNotManifest):
		return t.refuse("Folder %s memuat agencies/*.yaml tanpa region.yaml, jadi bukan folder daerah, dan --force akan menghapus berkas itu. Sebutkan folder lain.",
			"The folder %s has agencies/*.yaml and no region.yaml, so it is no region's, and --force would remove those files. Name another one.", dir)
	case err != nil:
		return err
	}
	t.say("Ditulis ke %s", "Written to %s", dir)
	if left > 0 {
		t.warn("%d orang tidak ditulis: peran mereka tidak dapat diberikan oleh manifes, dan penerapan membiarkan mereka.",
			"%d people are not in it: their roles are none that a manifest gives, and an apply leaves them alone.", left)
	}
	waits, err := t.prov.Rechecks(ctx, t.args[0])
	t.recheck(waits)
	return err
}

func tenantSuspend(ctx context.Context, t *tenantEnv) error {
	return t.setState(ctx, tenant.Suspended, strings.Join(t.args[1:], " "))
}

func tenantResume(ctx context.Context, t *tenantEnv) error { return t.setState(ctx, tenant.Active, "") }

func (t *tenantEnv) setState(ctx context.Context, state, reason string) error {
	row, _, err := t.findRegion(ctx, t.args[0])
	if err != nil {
		return err
	}
	changed, err := t.prov.SetState(ctx, row.Code, state, reason, cliActor)
	switch {
	case err != nil:
		return err
	case !changed:
		t.say("Tidak ada yang berubah: %s sudah %s.", "Nothing changed: %s is %s already.", row.Name, t.state(state))
	case state == tenant.Suspended:
		t.say("%s dihentikan sementara. Datanya tetap ada; lanjutkan dengan: pendopo tenant resume %s", "%s is suspended. Its data stays; go on with: pendopo tenant resume %s", row.Name, row.Code)
	default:
		t.say("%s dilanjutkan.", "%s goes on.", row.Name)
	}
	return nil
}

func tenantSchema(_ context.Context, t *tenantEnv) error {
	schema := tenants.Schema
	if len(t.args) == 1 {
		if t.args[0] != "agency" {
			return fmt.Errorf("schema of what? region (nothing), or agency; not %q", t.args[0])
		}
		schema = tenants.SchemaAgency
	}
	text, err := schema()
	if err != nil {
		return err
	}
	_, err = t.stdout.Write(append(text, '\n'))
	return err
}
