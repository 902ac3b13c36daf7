package app

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// tenantDomain lists a region's own domains, or takes one a step further: it is asked for, then bound as soon as its
// name server shows the proof. Called again it goes on from where it stands.
func tenantDomain(ctx context.Context, t *tenantEnv) error {
	row, _, err := t.findRegion(ctx, t.args[0])
	if err != nil {
		return err
	}
	if len(t.args) == 1 {
		if t.drop {
			return t.refuse("Domain yang mana? pendopo tenant domain %s HOST --drop", "Which domain? pendopo tenant domain %s HOST --drop", row.Code)
		}
		return t.listDomains(ctx, row)
	}
	host, err := tenant.DomainHost(t.args[1], t.cfg.Domain)
	switch {
	case errors.Is(err, tenant.ErrDomainOurs):
		return t.refuse("%s adalah alamat layanan ini sendiri; daerah memakainya tanpa diminta.", "%s is an address of this service itself; a region has its own there without asking.", t.args[1])
	case err != nil:
		return t.refuse("%q bukan nama domain. Tulis tanpa https:// dan tanpa jalur, misalnya mpp.bangka.go.id.", "%q is no domain name. Write it without https:// and without a path, such as mpp.bangka.go.id.", t.args[1])
	}
	if t.drop {
		switch err := t.prov.DropDomain(ctx, *row, host, cliActor); {
		case errors.Is(err, tenant.ErrNoDomain):
			return t.refuse("%s tidak memakai %s. Lihat: pendopo tenant domain %s", "%s does not have %s. See: pendopo tenant domain %s", row.Name, host, row.Code)
		case err != nil:
			return err
		}
		t.say("%s tidak dilayani lagi untuk %s.", "%s is not served for %s any more.", host, row.Name)
		return nil
	}
	if _, err := t.prov.AskDomain(ctx, *row, host, cliActor); err != nil {
		return err
	}
	d, err := t.prov.ProveDomain(ctx, tenant.NameServer(t.cfg.NameServer), *row, host, cliActor)
	name, value := d.Record()
	switch {
	case errors.Is(err, tenant.ErrDomainProof):
		t.say("%[1]s belum terbukti milik %[2]s. Mintalah pengelola DNS menambahkan catatan ini:\n\n  %[3]s.  TXT  \"%[4]s\"\n\nCatatan itu tetap dipasang selama domain dipakai. Mintalah juga agar %[1]s diarahkan ke server ini (CNAME ke %[5]s, atau A ke alamatnya), dan siapkan sertifikat untuk nama itu. Catatan DNS biasanya tampil dalam beberapa menit, kadang satu jam; setelah itu jalankan perintah yang sama sekali lagi.",
			"%[1]s is not proved to be %[2]s's yet. Ask whoever runs its DNS to add this record:\n\n  %[3]s.  TXT  \"%[4]s\"\n\nThe record stays as long as the domain is used. Ask for %[1]s to point at this server too (a CNAME to %[5]s, or an A to its address), and have a certificate for the name. DNS records usually show within minutes, sometimes an hour; then run the same command again.", host, row.Name, name, value, row.Slug+"."+t.cfg.Domain)
		return errSaid
	case errors.Is(err, tenant.ErrDomainTaken):
		return t.refuse("%s sudah dipakai daerah lain, dan buktinya masih tampil. Hapus catatan TXT daerah itu dari %s dahulu.", "%s is another region's, and its proof still shows. Take that region's TXT record out of %s first.", host, name)
	case errors.Is(err, tenant.ErrDomainLookup):
		return t.refuse("Server DNS tidak menjawab tentang %s: %v. Coba lagi, atau sebutkan server lain dengan --name-server.", "The name server did not answer about %s: %v. Try again, or name another with --name-server.", name, err)
	case err != nil:
		return err
	}
	t.say("%[1]s dilayani untuk %[2]s dalam 5 detik. Biarkan catatan TXT itu: doctor memeriksanya.\nArahkan juga %[1]s ke server ini, dengan sertifikat untuk nama itu. Petugas tetap masuk lewat %[3]s.%[4]s.",
		"%[1]s is served for %[2]s within 5 s. Leave the TXT record there: doctor looks at it.\nPoint %[1]s at this server too, with a certificate for the name. Staff go on signing in at %[3]s.%[4]s.", host, row.Name, row.Slug, t.cfg.Domain)
	return nil
}

func (t *tenantEnv) listDomains(ctx context.Context, row *tenant.Row) error {
	list, err := t.prov.Domains(ctx, row.Code)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		t.say("%s belum punya domain sendiri. Minta satu dengan: pendopo tenant domain %s mpp.contoh.go.id", "%s has no domain of its own yet. Ask for one: pendopo tenant domain %s mpp.example.go.id", row.Name, row.Code)
		return nil
	}
	words := map[string][2]string{tenant.DomainAsked: {"menunggu bukti", "waits for its proof"}, tenant.DomainBound: {"dilayani", "served"}}
	w := tabwriter.NewWriter(t.stdout, 0, 4, 2, ' ', 0)
	for _, d := range list {
		word := words[d.State][0]
		if t.en {
			word = words[d.State][1]
		}
		name, value := d.Record()
		fmt.Fprintf(w, "%s\t%s\t%s.\tTXT\t%q\n", d.Host, word, name, value)
	}
	return w.Flush()
}
