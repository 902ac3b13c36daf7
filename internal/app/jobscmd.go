package app

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

const jobsUsage = `pendopo jobs: pekerjaan latar, seperti pengiriman surel · work in the background, such as sending e-mail

  list              daerah yang pekerjaannya menunggu atau gagal · regions with work that waits or has failed
  list CODE         pekerjaan yang gagal dan yang menunggu di satu daerah · what has failed and what waits in a region
  retry CODE [ID]   ulangi yang gagal, semuanya atau yang disebut · try what has failed again, all or those named

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve":
--data, --database-url; --lang id|en.
`

// shownMost is how many jobs of a state are listed.
const shownMost = 100

func jobsCommand(ctx context.Context, e env, args []string) error {
	t := &tenantEnv{}
	return group{"jobs", jobsUsage, []verb{
		{name: "list", max: 1, run: func(ctx context.Context) error {
			if len(t.args) == 0 {
				return jobsOverview(ctx, t)
			}
			row, _, err := t.find(ctx, t.args[0])
			if err != nil {
				return err
			}
			return jobsList(ctx, t, row)
		}},
		{name: "retry", min: 1, max: 1000, run: func(ctx context.Context) error {
			row, _, err := t.find(ctx, t.args[0])
			if err != nil {
				return err
			}
			return jobsRetry(ctx, t, row, t.args[1:])
		}},
	}}.run(ctx, e, args, t)
}

func jobsOverview(ctx context.Context, t *tenantEnv) error {
	rows, err := t.prov.Tenants(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	none := true
	for _, r := range rows {
		var n map[jobs.State]int
		err := t.db.View(ctx, r.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = jobs.Counts(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		if n[jobs.Dead]+n[jobs.Queued]+n[jobs.Running] > 0 {
			fmt.Fprintf(w, "%s\t%s\t%s %d\t%s %d\t%s %d\n", r.Code, r.Name,
				t.job(jobs.Dead), n[jobs.Dead], t.job(jobs.Queued), n[jobs.Queued], t.job(jobs.Running), n[jobs.Running])
			none = false
		}
	}
	if none {
		t.say("Tidak ada yang menunggu atau gagal.", "Nothing waits, and nothing has failed.")
	}
	return w.Flush()
}

// job is a job's state in words.
func (t *tenantEnv) job(s jobs.State) string {
	if t.en {
		return string(s)
	}
	return map[jobs.State]string{jobs.Dead: "gagal", jobs.Queued: "menunggu", jobs.Running: "berjalan"}[s]
}

func jobsList(ctx context.Context, t *tenantEnv, row *tenant.Row) error {
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	none := true
	for _, s := range []jobs.State{jobs.Dead, jobs.Running, jobs.Queued} {
		var list []jobs.Entry
		err := t.db.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			list, err = jobs.List(ctx, tx, s, shownMost)
			return err
		})
		if err != nil {
			return err
		}
		for _, j := range list {
			when := j.RunAt // from then on, or since then
			if s == jobs.Dead {
				when = j.DoneAt
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", t.job(s), j.ID, j.Kind, j.Attempts, when.UTC().Format(time.RFC3339), j.LastError)
			none = false
		}
	}
	if none {
		t.say("Tidak ada yang menunggu atau gagal.", "Nothing waits, and nothing has failed.")
	}
	return w.Flush()
}

func jobsRetry(ctx context.Context, t *tenantEnv, row *tenant.Row, named []string) error {
	var which []id.ID
	for _, s := range named {
		i, err := id.Parse(s)
		if err != nil {
			t.say("%q bukan nomor pekerjaan. Lihat: pendopo jobs list %s", "%q is no job. See: pendopo jobs list %s", s, row.Code)
			return errSaid
		}
		which = append(which, i)
	}
	var n int
	err := t.db.In(ctx, row.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = jobs.Retry(ctx, tx, cliActor, which...)
		return err
	})
	switch {
	case err != nil:
	case n == 0:
		t.say("Tidak ada pekerjaan yang perlu diulangi.", "No job needs another try.")
	default:
		t.say("%d pekerjaan diulangi dalam setengah menit.", "%d jobs are tried again within half a minute.", n)
	}
	return err
}

const mailUsage = `pendopo mail: pesan yang disimpan di folder alih-alih dikirim · messages kept in a folder instead of being sent

  list      yang terbaru dahulu · the newest first
  show ID   isi satu pesan · one message

Untuk demo dan pengembangan; --data atau --mail-folder menunjukkan foldernya · for a demo and development.
`

func mailCommand(ctx context.Context, e env, args []string) error {
	t := &tenantEnv{}
	return group{"mail", mailUsage, []verb{
		{name: "list", offline: true, run: func(context.Context) error { return mailList(t) }},
		{name: "show", min: 1, max: 1, offline: true, run: func(context.Context) error { return mailShow(t) }},
	}}.run(ctx, e, args, t)
}

// outbox is the folder of messages.
func (t *tenantEnv) outbox() (string, error) {
	dir := t.cfg.Outbox()
	if dir == "" {
		return "", fmt.Errorf("no messages are kept here: with PostgreSQL that is so only where PENDOPO_MAIL_FOLDER names a folder")
	}
	return dir, nil
}

func mailList(t *tenantEnv) error {
	dir, err := t.outbox()
	if err != nil {
		return err
	}
	list, err := notify.NewFolder(dir).List()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintf(t.stdout, "Belum ada pesan di %s · no messages yet\n", dir)
		return nil
	}
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	for _, k := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.At.Format("2006-01-02 15:04:05"), k.Region, k.Channel, k.To, k.Subject)
	}
	return w.Flush()
}

func mailShow(t *tenantEnv) error {
	dir, err := t.outbox()
	if err != nil {
		return err
	}
	k, ok, err := notify.NewFolder(dir).Show(t.args[0])
	if err != nil {
		return err
	}
	if !ok {
		fmt.Fprintf(t.stderr, "%q tidak ada di %s · is not there; see: pendopo mail list\n", t.args[0], dir)
		return errSaid
	}
	fmt.Fprintf(t.stdout, "Dari · from:    %s\nKepada · to:    %s\nWaktu · at:     %s\nSaluran · by:   %s\n", k.From, k.To, k.At.Format(time.RFC1123Z), k.Channel)
	if k.Subject != "" {
		fmt.Fprintf(t.stdout, "Perihal · re:   %s\n", k.Subject)
	}
	fmt.Fprintf(t.stdout, "\n%s\n", strings.TrimSpace(k.Text))
	return nil
}
