package app

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

const auditUsage = `pendopo audit: catatan kegiatan · activity records

  verify [CODE|--all]   periksa rantai catatan satu daerah, atau semuanya; sebut catatan pertama yang salah
                        · check a region's chain, or all; name the first record that is wrong
                        catatan yang lebih dari 10 menit belum dicakup titik periksa dianggap temuan, dengan
                        --strict semuanya; kecuali titik periksa dimatikan
                        · records that no checkpoint covers after 10 minutes are findings, with --strict all
                        of them; unless checkpoints are off
  list CODE             catatan terbaru · the newest records
                        --since --until (2026-11-23 atau · or 2026-11-23T10:04), --actor EMAIL,
                        --action queue:ticket:call (queue: untuk semuanya · for all of them),
                        --target A-027, --limit 50
  export CODE FILE.csv  semua catatan sebagai CSV, dengan pilihan yang sama; - ke layar
                        · all records as CSV, with the same options; - to the screen
  checkpoint [CODE]     buat titik periksa sekarang · make checkpoints now

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve";
--checkpoints; --format json; --lang id|en.
`

// auditEnv is what an audit command works with.
type auditEnv struct {
	tenantEnv
	reg *tenant.Registry

	all, strict                         bool
	since, until, actor, action, target string
	limit                               int
}

func auditCommand(ctx context.Context, e env, args []string) error {
	a := &auditEnv{}
	v := func(name string, least, most int, flags func(*flag.FlagSet), run func(context.Context, *auditEnv) error) verb {
		return verb{name: name, min: least, max: most, flags: flags, right: func(words int) bool { return !a.all || words == 0 }, run: func(ctx context.Context) error {
			a.reg = tenant.NewRegistry(a.db, a.cfg.Domain, a.log)
			if err := a.reg.Refresh(ctx); err != nil {
				return err
			}
			return run(ctx, a)
		}}
	}
	all := func(fs *flag.FlagSet) { fs.BoolVar(&a.all, "all", false, "semua daerah · all regions") }
	filter := func(fs *flag.FlagSet) {
		fs.StringVar(&a.since, "since", "", "sejak hari atau waktu ini · from this day or moment on")
		fs.StringVar(&a.until, "until", "", "sampai hari ini, atau sebelum waktu ini · until this day, or before this moment")
		fs.StringVar(&a.actor, "actor", "", "surel, public, atau user:ID · an e-mail, public, or user:ID")
		fs.StringVar(&a.action, "action", "", "kegiatan, atau awalnya dengan titik dua · an action, or its beginning with a colon")
		fs.StringVar(&a.target, "target", "", "nomor antrean, surel, atau sasaran · a queue number, an e-mail, or a target")
	}
	verify := func(fs *flag.FlagSet) {
		all(fs)
		fs.BoolVar(&a.strict, "strict", false, "catatan tanpa titik periksa dianggap temuan · records without a checkpoint are findings")
	}
	list := func(fs *flag.FlagSet) {
		filter(fs)
		fs.IntVar(&a.limit, "limit", 50, "paling banyak sekian catatan · at most so many records")
	}
	return group{"audit", auditUsage, []verb{
		v("verify", 0, 1, verify, auditVerify), v("list", 1, 1, list, auditList), v("export", 2, 2, filter, auditExport), v("checkpoint", 0, 1, all, auditCheckpoint),
	}}.run(ctx, e, args, &a.tenantEnv)
}

// region is the tenant of the code that was typed.
func (a *auditEnv) region(ctx context.Context) (*tenant.Tenant, error) {
	if t, ok := a.reg.ByCode(a.args[0]); ok {
		return t, nil
	}
	if _, _, err := a.find(ctx, a.args[0]); err != nil { // says which one may be meant
		return nil, err
	}
	return nil, fmt.Errorf("region %s cannot be read by this program", a.args[0])
}

// regions are the one that was typed, or all.
func (a *auditEnv) regions(ctx context.Context) ([]*tenant.Tenant, error) {
	if len(a.args) == 0 {
		return a.reg.Tenants(), nil
	}
	t, err := a.region(ctx)
	return []*tenant.Tenant{t}, err
}

func (a *auditEnv) printer(t *tenant.Tenant) *i18n.Printer { return i18n.For(a.locale()).In(t.Loc) }

func (a *auditEnv) locale() i18n.Locale {
	if a.en {
		return i18n.EN
	}
	return i18n.ID
}

// moment is a time to the second, as clocks in the region show it.
func moment(p *i18n.Printer, at time.Time) string {
	local := p.Local(at)
	return p.DateShort(clock.DayOf(local, local.Location())) + " " + p.Time(at) + p.TimeSep() + local.Format("05") + " " + p.Zone(at)
}

func auditVerify(ctx context.Context, a *auditEnv) error {
	regions, err := a.regions(ctx)
	if err != nil {
		return err
	}
	folder, err := openCheckpoints(ctx, a.cfg, a.db)
	if err != nil {
		return err
	}
	bad := 0
	for _, t := range regions {
		r, err := verifyOne(ctx, a.db, t, folder)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Code, err)
		}
		late := folder != nil && r.Late(a.db.Now())
		wrong := !r.OK() || late || a.strict && r.Uncovered > 0
		if wrong {
			bad++
		}
		if a.cfg.Format == "json" {
			if err := json.NewEncoder(a.stdout).Encode(verdictOf(t, r, !wrong, late)); err != nil {
				return err
			}
			continue
		}
		a.verdict(t, r, folder != nil, late)
	}
	if len(a.args) == 0 && folder != nil {
		n, err := a.lost(ctx, folder)
		if err != nil {
			return err
		}
		bad += n
	}
	if bad > 0 {
		return errSaid
	}
	return nil
}

// lost names the folders of regions that the database does not have, or no longer, and counts them.
func (a *auditEnv) lost(ctx context.Context, folder *audit.Folder) (int, error) {
	rows, err := a.prov.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	ids := make([]store.TenantID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	others, err := folder.Others(ids)
	for _, name := range others {
		if a.cfg.Format == "json" {
			if err := json.NewEncoder(a.stdout).Encode(lostJSON{name, false, "region"}); err != nil {
				return 0, err
			}
			continue
		}
		a.say("%s: ada titik periksanya, tetapi daerah ini tidak ada di basis data.", "%s: there are checkpoints of it, and the database has no such region.", filepath.Join(folder.Dir(), name))
	}
	return len(others), err
}

// lostJSON is a region of which only checkpoints are left.
type lostJSON struct {
	Tenant string `json:"tenant"`
	OK     bool   `json:"ok"`
	Kind   string `json:"kind"`
}

func verifyOne(ctx context.Context, db *store.DB, t *tenant.Tenant, folder *audit.Folder) (*audit.Report, error) {
	if folder == nil {
		return audit.Verify(ctx, db, t.ID, nil)
	}
	return audit.Verify(ctx, db, t.ID, folder.Read(ctx, t.ID))
}

// verdict says what a verification found.
func (a *auditEnv) verdict(t *tenant.Tenant, r *audit.Report, points, late bool) {
	p := a.printer(t)
	n := func(i int64) string { return p.Number(int(i)) }
	if first := r.First(); first == nil {
		a.say("%s %s: utuh, %s catatan dalam %s blok.", "%s %s: whole, %s records in %s blocks.", t.Code, t.Name, n(r.Records), n(r.Blocks))
	} else {
		a.say("%s %s: TIDAK UTUH. %s catatan dibaca, %s temuan. Catatan pertama yang salah: nomor %s.",
			"%s %s: NOT WHOLE. %s records read, %s findings. The first record that is wrong: number %s.",
			t.Code, t.Name, n(r.Records), n(r.Total), n(first.Seq))
		for _, f := range r.Findings {
			a.say("  %s", "  %s", a.finding(p, f))
		}
		if more := r.Total - int64(len(r.Findings)); more > 0 {
			a.say("  dan %s temuan lagi", "  and %s more findings", n(more))
		}
		if r.Chained.Seq > 0 {
			a.say("  Rantai tidak terputus dari awal sampai catatan %s (%s).", "  The chain is unbroken from its beginning to record %s (%s).", n(r.Chained.Seq), moment(p, r.Chained.At))
		}
	}
	switch {
	case r.Proven.Seq > 0:
		a.say("  Terbukti sampai catatan %s (%s), oleh titik periksa %s; %s catatan sesudahnya belum dicakup.",
			"  Proven up to record %s (%s), by the checkpoint of %s; %s records after it are not covered yet.",
			n(r.Proven.Seq), moment(p, r.Proven.At), moment(p, r.ProvenAt), n(r.Uncovered))
	case r.Records > 0 && !points:
		a.say("  Titik periksa dimatikan: rantai yang ditulis ulang seluruhnya tidak akan ditemukan.", "  Checkpoints are switched off: a chain that was rewritten as a whole would not be found.")
	case r.Records > 0 && r.Checkpoints == 0:
		a.say("  Belum ada titik periksa: rantai yang ditulis ulang seluruhnya tidak akan ditemukan.", "  There is no checkpoint yet: a chain that was rewritten as a whole would not be found.")
	case r.Records > 0:
		a.say("  Tidak satu pun titik periksa membenarkan rantai ini.", "  No checkpoint agrees with this chain.")
	}
	if late {
		a.say("  TEMUAN: %s catatan menunggu titik periksa sejak %s. Titik periksa tidak dibuat, atau dihapus.",
			"  FINDING: %s records wait for a checkpoint since %s. Checkpoints are not made, or were deleted.", n(r.Uncovered), moment(p, r.Waiting))
	}
	if r.KeyGone > 0 {
		a.say("  Dibuat dengan kunci yang tidak diberikan lagi: %s titik periksa; yang sesudahnya menjaminnya.",
			"  Made with a key that is no longer given: %s checkpoints; later ones vouch for them.", n(r.KeyGone))
	}
	if r.Took > time.Second { // sooner it says nothing about the machine
		a.say("  %s catatan per detik", "  %s records a second", n(int64(r.Rate())))
	}
}

// finding says what is wrong, from which record on.
func (a *auditEnv) finding(p *i18n.Printer, f audit.Finding) string {
	pick := func(id, en string, args ...any) string {
		if a.en {
			id = en
		}
		return fmt.Sprintf(id, args...)
	}
	n := func(i int64) string { return p.Number(int(i)) }
	where := n(f.Seq)
	if f.Last > f.Seq {
		where = p.Range(n(f.Seq), n(f.Last))
	}
	switch f.Kind {
	case audit.Removed:
		return pick("%s: dihapus", "%s: removed", where)
	case audit.Reordered:
		return pick("%s: urutan diubah, catatan yang seharusnya di sini ada di nomor %s", "%s: reordered, the record that belongs here is at number %s", where, n(f.Other))
	case audit.WrongHash:
		return pick("%s: hash-nya salah; catatan diubah, atau ditambahkan tanpa lewat layanan", "%s: the hash is wrong; the record was changed, or added past the service", where)
	case audit.Added:
		return pick("%s: ada sesudah akhir rantai, ditambahkan tanpa lewat layanan", "%s: behind the end of the chain, added past the service", where)
	case audit.WrongHead:
		return pick("%s: akhir rantai yang tersimpan bukan catatan terakhir", "%s: the stored end of the chain is not its last record", where)
	case audit.Cut:
		return pick("%s: dipotong; titik periksa pernah melihatnya", "%s: cut off; a checkpoint has seen them", where)
	case audit.Rewritten:
		return pick("%s: ditulis ulang; rantainya runtut, tetapi bukan yang dilihat titik periksa", "%s: rewritten; the chain is consistent, and not the one that a checkpoint saw", where)
	case audit.BadLine:
		return pick("titik periksa: %s", "checkpoint: %s", f.Detail)
	}
	switch f.Detail {
	case "text":
		return pick("%s: isinya diubah, atau catatan tepat sebelumnya diganti bersama hash-nya", "%s: the text was changed, or the record just before was replaced together with its hash", where)
	case "block", "hash":
		return pick("%s: diubah (blok)", "%s: changed (block)", where)
	}
	return pick("%s: kolom %s diubah, isinya mengatakan lain", "%s: column %s was changed, the text says otherwise", where, f.Detail)
}

// verdictJSON is a verification for a program that watches.
type verdictJSON struct {
	Code        string        `json:"code"`
	OK          bool          `json:"ok"`
	Records     int64         `json:"records"`
	Blocks      int64         `json:"blocks"`
	Checkpoints int64         `json:"checkpoints"`
	KeyGone     int64         `json:"key_gone"`        // checkpoints of a key that is no longer given, and that later ones vouch for
	First       *findingJSON  `json:"first,omitempty"` // the first record that is wrong
	Findings    []findingJSON `json:"findings"`
	Total       int64         `json:"total"`
	Chained     *pointJSON    `json:"chained,omitempty"`
	Proven      *pointJSON    `json:"proven,omitempty"`
	Uncovered   int64         `json:"uncovered"`
	Late        bool          `json:"late"` // of them, some for too long
	PerSecond   int64         `json:"records_per_second"`
}

type findingJSON struct {
	Kind   audit.Kind `json:"kind"`
	Seq    int64      `json:"seq"`
	Last   int64      `json:"last"`
	Other  int64      `json:"other,omitempty"`
	Detail string     `json:"detail,omitempty"`
}

type pointJSON struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
}

func verdictOf(t *tenant.Tenant, r *audit.Report, ok, late bool) verdictJSON {
	v := verdictJSON{Code: t.Code, OK: ok, Records: r.Records, Blocks: r.Blocks, Checkpoints: r.Checkpoints, KeyGone: r.KeyGone, Total: r.Total,
		Uncovered: r.Uncovered, Late: late, PerSecond: int64(r.Rate()), Findings: []findingJSON{}}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, findingJSON(f))
	}
	if f := r.First(); f != nil {
		first := findingJSON(*f)
		v.First = &first
	}
	point := func(p audit.Point) *pointJSON {
		if p.Seq == 0 {
			return nil
		}
		return &pointJSON{p.Seq, p.At.In(t.Loc)}
	}
	v.Chained, v.Proven = point(r.Chained), point(r.Proven)
	return v
}

func auditCheckpoint(ctx context.Context, a *auditEnv) error {
	regions, err := a.regions(ctx)
	if err != nil {
		return err
	}
	folder, err := openCheckpoints(ctx, a.cfg, a.db)
	if err != nil {
		return err
	}
	if folder == nil {
		a.say("Titik periksa dimatikan (PENDOPO_CHECKPOINTS=off).", "Checkpoints are switched off (PENDOPO_CHECKPOINTS=off).")
		return errSaid
	}
	ids := make([]store.TenantID, len(regions))
	for i, t := range regions {
		ids[i] = t.ID
	}
	n, err := audit.NewWriter(a.db, func() []store.TenantID { return ids }, a.log, folder).Make(ctx)
	a.say("%d titik periksa baru dalam %s", "%d new checkpoints in %s", n, folder.Dir())
	return err
}

// filter makes a filter of the options.
func (a *auditEnv) filter(ctx context.Context, l *auditlog.Log, t *tenant.Tenant) (f auditlog.Filter, err error) {
	first, since, err := dayOrMoment(a.since, t.Loc)
	if err != nil {
		return f, err
	}
	last, until, err := dayOrMoment(a.until, t.Loc)
	if err != nil {
		return f, err
	}
	f.Days(first, last, t.Loc)
	if !since.IsZero() {
		f.Since, first = since, t.Today(since)
	}
	if !until.IsZero() {
		f.Until, last = until, t.Today(until)
	}
	f.Action = a.action
	if a.actor != "" {
		actor, ok, err := l.FindPeople(ctx, t, a.actor)
		if err != nil {
			return f, err
		}
		if !ok {
			a.say("%s tidak ada di %s.", "There is no %s in %s.", a.actor, t.Name)
			return f, errSaid
		}
		f.Actor = actor
	}
	if a.target != "" {
		if f.Targets, err = l.Targets(ctx, t, a.target, first, last); err != nil {
			return f, err
		}
		if len(f.Targets) == 0 {
			a.say("Tidak ada sasaran %q pada waktu itu. Tulis nomor antrean seperti A-027, surel, atau sasaran seperti ticket:ID.",
				"There is no target %q at that time. Write a queue number like A-027, an e-mail, or a target like ticket:ID.", a.target)
			return f, errSaid
		}
	}
	return f, nil
}

// dayOrMoment reads "2026-11-23", or "2026-11-23T10:04" in the region's time, with seconds and zone if given.
func dayOrMoment(text string, loc *time.Location) (day clock.Day, at time.Time, err error) {
	if text == "" {
		return day, at, nil
	}
	if day, err = clock.ParseDay(text); err == nil {
		return day, at, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if at, err = time.ParseInLocation(layout, text, loc); err == nil {
			return clock.Day{}, at, nil
		}
	}
	return day, at, fmt.Errorf("%q: tulis 2026-11-23 atau 2026-11-23T10:04 · write 2026-11-23 or 2026-11-23T10:04", text)
}

func (a *auditEnv) records(ctx context.Context) (*auditlog.Log, error) {
	hasher, err := hasherOf(ctx, a.db)
	dirs := tenant.NewDirectories(a.db)
	return newRecords(a.db, dirs, queue.New(a.db, dirs), hasher), err
}

// asked is what a command asks of a region's records, and who tells them.
type asked struct {
	log    *auditlog.Log
	region *tenant.Tenant
	filter auditlog.Filter
	teller *auditlog.Teller
}

// ask prepares it; note records that it was asked.
func (a *auditEnv) ask(ctx context.Context, note func(*auditlog.Log, context.Context, *tenant.Tenant, string, auditlog.Filter) error) (q asked, err error) {
	if q.region, err = a.region(ctx); err != nil {
		return q, err
	}
	if q.log, err = a.records(ctx); err != nil {
		return q, err
	}
	if q.filter, err = a.filter(ctx, q.log, q.region); err != nil {
		return q, err
	}
	if err = note(q.log, ctx, q.region, cliActor, q.filter); err != nil {
		return q, err
	}
	q.teller, err = q.log.Teller(ctx, q.region, a.locale())
	return q, err
}

func auditList(ctx context.Context, a *auditEnv) error {
	q, err := a.ask(ctx, (*auditlog.Log).NoteList)
	if err != nil {
		return err
	}
	p := a.printer(q.region)
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	for left, before := a.limit, int64(0); left > 0; {
		found, err := q.log.Page(ctx, q.region, q.filter, before, 0, min(left, 500))
		if err != nil {
			return err
		}
		if err := q.teller.Learn(ctx, found.Records); err != nil {
			return err
		}
		for _, r := range found.Records {
			if a.cfg.Format == "json" {
				if err := json.NewEncoder(a.stdout).Encode(recordJSON{r.Seq, r.At.In(q.region.Loc), q.teller.Who(r.Actor), q.teller.Sentence(r), r.Action, r.Actor, r.Target, r.From, r.Data, r.Before, r.After}); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", r.Seq, moment(p, r.At), q.teller.Sentence(r), r.Action)
		}
		left -= len(found.Records)
		if before = found.Older; before == 0 {
			break
		}
	}
	return w.Flush()
}

type recordJSON struct {
	Seq      int64           `json:"seq"`
	Time     time.Time       `json:"time"`
	Who      string          `json:"who"`
	Sentence string          `json:"sentence"`
	Action   string          `json:"action"`
	Actor    string          `json:"actor"`
	Target   string          `json:"target"`
	From     string          `json:"from,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

func auditExport(ctx context.Context, a *auditEnv) error {
	q, err := a.ask(ctx, (*auditlog.Log).NoteExport)
	if err != nil {
		return err
	}
	if a.args[1] == "-" {
		_, err = q.log.Export(ctx, q.region, q.filter, q.teller, a.stdout)
		return err
	}
	var n int64
	err = writeWhole(a.args[1], func(w io.Writer) error {
		n, err = q.log.Export(ctx, q.region, q.filter, q.teller, w)
		return err
	})
	if err == nil {
		a.say("%d catatan ditulis ke %s", "%d records written to %s", n, a.args[1])
	}
	return err
}

// writeWhole writes a file that nobody finds half written, for its owner alone: records name people.
func writeWhole(path string, fn func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimPrefix(filepath.Base(path), ".")+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(fn(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
