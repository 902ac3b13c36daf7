package app

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

const keysUsage = `pendopo keys: kunci data pribadi · the keys of personal data

  new                   cetak kunci utama baru (PENDOPO_MASTER_KEY) · print a new master key
  rotate CODE|--all     kunci baru untuk daerah itu, selagi layanan berjalan; bila terputus, ulangi
                        · a new key for the region while the service runs; cut short, run it again
                        --index: juga untuk kolom pencarian · also for the look-up columns
  rewrap                bungkus kunci semua daerah dengan kunci utama yang pertama, dan jamin titik periksanya
                        · wrap all regions' keys with the first master key, and vouch for the checkpoints
  destroy CODE          musnahkan kunci daerah: data pribadinya tidak terbaca lagi, untuk selamanya
                        · destroy the region's keys: its personal data can never be read again
                        --yes: tanpa mengetik ulang kodenya · without typing its code again
  reopen CODE           kunci baru setelah dimusnahkan; yang lama tetap tidak terbaca
                        · new keys after that; what was sealed before stays unreadable

Pilihan basis data sama dengan "pendopo serve" · the database options are those of "pendopo serve";
--lang id|en. docs/security.md.
`

// keysEnv is what a keys command works with.
type keysEnv struct {
	tenantEnv
	vault           *seal.Vault
	all, index, yes bool
}

func keysCommand(ctx context.Context, e env, args []string) error {
	k := &keysEnv{}
	v := func(name string, words int, run func(context.Context, *keysEnv) error) verb {
		return verb{name: name, min: words, max: words, run: func(ctx context.Context) error {
			k.vault = seal.Of(k.db)
			return run(ctx, k)
		}}
	}
	rotate, destroy := v("rotate", 0, keysRotate), v("destroy", 1, keysDestroy)
	rotate.max, rotate.right = 1, func(words int) bool { return k.all == (words == 0) }
	rotate.flags = func(fs *flag.FlagSet) {
		fs.BoolVar(&k.all, "all", false, "semua daerah · all regions")
		fs.BoolVar(&k.index, "index", false, "juga kunci kolom pencarian · the look-up columns' key too")
	}
	destroy.flags = func(fs *flag.FlagSet) {
		fs.BoolVar(&k.yes, "yes", false, "tanpa mengetik ulang kode daerah · without typing the code again")
	}
	fresh := verb{name: "new", offline: true, run: func(context.Context) error {
		fmt.Fprintln(e.stdout, newMasterKey())
		return nil
	}}
	return group{"keys", keysUsage, []verb{fresh, rotate, v("rewrap", 0, keysRewrap), destroy, v("reopen", 1, keysReopen)}}.run(ctx, e, args, &k.tenantEnv)
}

// rows are the regions that a command is about.
func (k *keysEnv) rows(ctx context.Context) ([]tenant.Row, error) {
	if len(k.args) == 0 {
		return k.prov.Tenants(ctx)
	}
	row, _, err := k.find(ctx, k.args[0])
	if err != nil {
		return nil, err
	}
	return []tenant.Row{*row}, nil
}

func keysRotate(ctx context.Context, k *keysEnv) error {
	rows, err := k.rows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		done, err := k.vault.Rotate(ctx, row.ID, seal.Options{Actor: cliActor, Index: k.index})
		if k.all && errors.Is(err, seal.ErrErased) {
			k.say("%s %s: kuncinya sudah dimusnahkan, dilewati.", "%s %s: its keys were destroyed, left out.", row.Code, row.Name)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", row.Code, row.Name, err)
		}
		var counts []string
		for _, field := range slices.Sorted(maps.Keys(done.Rows)) {
			counts = append(counts, fmt.Sprintf("%s %d", field, done.Rows[field]))
		}
		k.say("%s %s: kunci versi %d berlaku; disegel ulang: %s.", "%s %s: keys of version %d are in force; sealed anew: %s.",
			row.Code, row.Name, done.Version, strings.Join(counts, ", "))
		if done.Resumed {
			k.say("  Ini menyelesaikan pergantian yang terputus; ulangi bila ingin kunci yang lebih baru lagi.", "  This finished a rotation that was cut short; run it again for a newer key still.")
		}
	}
	return nil
}

func keysRewrap(ctx context.Context, k *keysEnv) error {
	rows, err := k.rows(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, row := range rows {
		one, err := k.vault.Rewrap(ctx, row.ID, cliActor)
		if err != nil {
			return fmt.Errorf("%s %s: %w", row.Code, row.Name, err)
		}
		if one > 0 {
			n++
		}
	}
	if err := k.vouch(ctx, rows); err != nil {
		return err
	}
	if n == 0 {
		k.say("Tidak ada yang perlu dibungkus ulang: kunci semua daerah sudah di bawah kunci utama yang pertama.",
			"Nothing to wrap: the keys of all regions are under the first master key already.")
		return nil
	}
	k.say("Kunci %d dari %d daerah dibungkus ulang. Kunci utama yang lama boleh dihapus dari PENDOPO_MASTER_KEY setelah setiap proses memakai yang baru.",
		"The keys of %d of %d regions were wrapped anew. The old master key may go from PENDOPO_MASTER_KEY once every process has the new one.", n, len(rows))
	return nil
}

// vouch has the newest key vouch for the checkpoints that older ones have made, so that these can go.
func (k *keysEnv) vouch(ctx context.Context, rows []tenant.Row) error {
	folder, err := openCheckpoints(ctx, k.cfg, k.db)
	if err != nil || folder == nil {
		return err
	}
	ids := make([]store.TenantID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	_, err = audit.NewWriter(k.db, func() []store.TenantID { return ids }, k.log, folder).Make(ctx)
	return err
}

func keysDestroy(ctx context.Context, k *keysEnv) error {
	row, _, err := k.find(ctx, k.args[0])
	if err != nil {
		return err
	}
	if !k.yes {
		k.say("Kunci %s akan dimusnahkan. Nama dan surel petugas serta semua data pribadi warganya tidak akan terbaca lagi oleh siapa pun, dan tidak ada petugas yang dapat masuk. Ini tidak dapat dibatalkan.\nKetik kode daerah untuk melanjutkan (%s):",
			"The keys of %s will be destroyed. Nobody will ever read its people's names and addresses again, staff's or citizens', and no staff can sign in. This cannot be undone.\nType the region's code to go on (%s):", row.Name, row.Code)
		typed, err := bufio.NewReader(k.stdin).ReadString('\n')
		if strings.TrimSpace(typed) != row.Code {
			k.say("Tidak ada yang diubah: kodenya tidak sama.", "Nothing has been changed: that is not the code.")
			return errors.Join(errSaid, err)
		}
	}
	err = k.vault.Destroy(ctx, row.ID, cliActor)
	if errors.Is(err, seal.ErrErased) {
		k.say("Tidak ada yang berubah: kunci %s sudah dimusnahkan.", "Nothing changed: the keys of %s were destroyed before.", row.Name)
		return nil
	}
	if err != nil {
		return err
	}
	k.say("Kunci %s dimusnahkan. Salinan cadangan basis data masih menyimpannya, terbungkus kunci utama: lihat docs/security.md.",
		"The keys of %s are destroyed. Backups of the database still hold them, wrapped by the master key: see docs/security.md.", row.Name)
	return nil
}

func keysReopen(ctx context.Context, k *keysEnv) error {
	row, _, err := k.find(ctx, k.args[0])
	if err != nil {
		return err
	}
	if err := k.vault.Reopen(ctx, row.ID, cliActor); err != nil {
		return err
	}
	k.say("%s mendapat kunci baru. Terapkan foldernya agar petugas dapat masuk lagi: pendopo tenant apply FOLDER", "%s has new keys. Apply its folder so that staff can sign in again: pendopo tenant apply DIR", row.Name)
	return nil
}
