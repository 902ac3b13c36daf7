package app

import (
	"context"
	"errors"
	"os"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// tenantServices writes a region's services and counters as a spreadsheet, or reads one and writes the folder that it
// makes of the region. Nothing is applied: plan shows what would change.
func tenantServices(ctx context.Context, t *tenantEnv) error {
	if _, _, err := t.findRegion(ctx, t.args[0]); err != nil {
		return err
	}
	region, _, err := t.prov.Current(ctx, t.args[0])
	if err != nil {
		return err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return err
	}
	if t.into != "" {
		return t.readServices(region, cat, t.args[1])
	}
	resolved, err := tenants.Resolve(region, cat)
	if err != nil {
		return err
	}
	content, err := sheets.WriteXLSX(sheets.ServicesTable(resolved), sheets.CountersTable(resolved))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(t.args[1], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return t.refuse("Berkas %s sudah ada, jadi tidak ditulis. Sebutkan nama lain.", "The file %s exists, so nothing was written. Name another one.", t.args[1])
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	t.say("Ditulis ke %s", "Written to %s", t.args[1])
	return nil
}

// readServices writes a folder of the region as a spreadsheet says. With a mistake nothing is written, and all are named.
func (t *tenantEnv) readServices(region *tenants.Region, cat *catalogue.Catalogue, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	file, wrong := sheets.Open(f)
	var mall sheets.Mall
	if file != nil {
		mall, wrong = file.Mall(region, cat)
	}
	for _, p := range wrong {
		t.warn("%[1]s", "%[2]s", p.String(), p.English())
	}
	if sheets.Wrong(wrong) {
		return t.refuse("Tidak ada yang ditulis.", "Nothing was written.")
	}
	region.Agencies = mall.Agencies
	if len(mall.Staff) > 0 {
		region.Staff = mall.Staff
	}
	err = tenants.Write(t.into, region)
	if errors.Is(err, tenants.ErrNotEmpty) {
		return t.refuse("Folder %s tidak kosong, jadi tidak ada yang ditulis.", "The folder %s is not empty, so nothing was written.", t.into)
	}
	if err != nil {
		return err
	}
	t.say("Ditulis ke %[1]s. Periksa dengan: pendopo tenant plan %[1]s", "Written to %[1]s. Look at it with: pendopo tenant plan %[1]s", t.into)
	if len(mall.Numbers) > 0 {
		t.say("Nomor hari ini diisikan di halaman Peralihan sistem.", "The day's numbers are given on the page of the change-over.")
	}
	return nil
}
