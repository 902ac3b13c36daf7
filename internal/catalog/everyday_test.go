package catalog_test

import (
	"context"
	"slices"
	"testing"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

// What people type, and what they must see first, in a small region and in the largest.
func TestEverydayQueries(t *testing.T) {
	w := newWorld(t)
	w.real(t, true, nil, "19.01", "35.78")
	for code, queries := range map[string][][2]string{
		"19.01": {
			{"kehilangan ktp", "KTP-el hilang atau rusak"},
			{"KTP hilang", "KTP-el hilang atau rusak"},
			{"ktp hilng", "KTP-el hilang atau rusak"},
			{"ktp saya hilang", "KTP-el hilang atau rusak"},
			{"mau cetak ktp", "KTP-el hilang atau rusak"},
			{"mencetak ktp", "KTP-el hilang atau rusak"},
			{"pindah rumah", "Pindah keluar daerah"},
			{"perpindahan penduduk", "Pindah keluar daerah"},
			{"surat pindah", "Pindah keluar daerah"},
			{"bikin ktp", "KTP-el pertama kali"},
			{"membuat ktp baru", "KTP-el pertama kali"},
			{"cara mengurus kk", "Kartu Keluarga baru"},
			{"kk hilang", "Kartu Keluarga hilang atau rusak"},
			{"kartu keluarga rusak", "Kartu Keluarga hilang atau rusak"},
			{"menambah anggota keluarga", "Menambah anggota keluarga"},
			{"akte lahir", "Akta kelahiran"},
			{"akta kelahiran anak", "Akta kelahiran"},
			{"kematian", "Akta kematian"},
			{"orang meninggal", "Akta kematian"},
			{"akta mati", "Akta kematian"},
			{"perpanjang sim", "Perpanjangan SIM A"},
			{"memperpanjang sim", "Perpanjangan SIM A"},
			{"perpanjangan sim c", "Perpanjangan SIM C"},
			{"buat sim", "SIM baru"},
			{"sim hilang", "Surat keterangan hilang"},
			{"skck", "SKCK baru"},
			{"perpanjang skck", "Perpanjangan SKCK"},
			{"pembuatan skck", "SKCK baru"},
			{"kehilangan", "Surat keterangan hilang"},
			{"kehilangan stnk", "Surat keterangan hilang"},
			{"surat kehilangan", "Surat keterangan hilang"},
			{"bayar pajak motor", "Pajak kendaraan tahunan"},
			{"pembayaran pbb", "Pembayaran PBB"},
			{"membayar pbb", "Pembayaran PBB"},
			{"balik nama sertifikat", "Balik nama sertipikat karena waris"},
			{"npwp", "Pendaftaran NPWP"},
			{"daftar npwp", "Pendaftaran NPWP"},
			{"lapor pajak", "Bantuan lapor SPT Tahunan pribadi"},
			{"daftar bpjs", "Pendaftaran peserta mandiri"},
			{"pendaftaran bpjs", "Pendaftaran peserta mandiri"},
			{"bpjs mati", "Mengaktifkan kembali kepesertaan"},
			{"nib", "NIB usaha mikro dan kecil perorangan"},
			{"izin usaha", "NIB usaha mikro dan kecil perorangan"},
			{"cairkan jht", "Pencairan Jaminan Hari Tua (JHT)"},
			{"pencairan jht", "Pencairan Jaminan Hari Tua (JHT)"},
			{"ganti alamat ktp", "Perubahan data KTP-el"},
			{"KIA", "Kartu Identitas Anak"},
			{"menikah", "Pendaftaran nikah"},
		},
		"35.78": {
			{"kehilangan", "Surat keterangan hilang"},
			{"kehilangan pekerjaan", "Klaim kehilangan pekerjaan (JKP)"},
			{"kehilangan ktp", "KTP-el hilang atau rusak"},
			{"pindah rumah", "Pindah keluar daerah"},
			{"cetak ktp", "KTP-el hilang atau rusak"},
			{"paspor", "Paspor baru untuk dewasa"},
			{"paspor hilang", "Paspor hilang atau rusak"},
			{"memperpanjang paspor", "Penggantian paspor habis masa berlaku"},
			{"perpanjangan paspor", "Penggantian paspor habis masa berlaku"},
			{"kehilangan paspor", "Paspor hilang atau rusak"},
			{"bikin paspor anak", "Paspor anak"},
			{"listrik mati", "Laporan gangguan listrik"},
			{"pasang listrik", "Pasang baru listrik"},
			{"pemasangan air", "Sambungan baru air minum"},
			{"menikah di kua", "Pendaftaran nikah"},
			{"surat nikah hilang", "Buku nikah hilang atau rusak"},
			{"perceraian", "Pendaftaran cerai gugat (dari istri)"},
			{"mendaftarkan merek", "Pendaftaran merek"},
			{"halal", "Pendampingan sertifikat halal"},
			{"mengirim paket", "Kirim surat dan paket"},
			{"ambil tilang", "Pengambilan barang bukti tilang"},
		},
	} {
		r, _ := w.reg.ByCode(code)
		d, err := tenant.NewDirectories(w.db).Of(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			got := w.cat.Find(d, q[0])
			if len(got) == 0 || got[0].Name != q[1] {
				first := ""
				for _, o := range got[:min(len(got), 4)] {
					first += " | " + o.Agency.Code + ": " + o.Name
				}
				t.Errorf("%s %q: want %q, got %d:%s", code, q[0], q[1], len(got), first)
			}
		}
		// Who wants a card printed has perhaps never had one.
		if found := w.cat.Find(d, "cetak ktp"); !slices.ContainsFunc(found, func(o *tenant.Service) bool { return o.Name == "KTP-el pertama kali" }) {
			t.Errorf("%s: a word for what every service does hides services", code)
		}
	}
}
