package tenants

// defDescriptions say what each part of a manifest is, in the words of those who write one.
var defDescriptions = map[string]string{
	"contact":  "Cara warga menghubungi MPP.",
	"brand":    "Warna daerah.",
	"venue":    "Lokasi pelayanan: kantor yang sudah ada, tempat bersama, lantai ruko, kendaraan, atau digital.",
	"hours":    "Satu rentang jam buka pada hari tertentu, waktu setempat.",
	"zone":     "Bagian lokasi yang mempunyai layar panggilan sendiri.",
	"closure":  "Hari tutup, satu hari atau beberapa hari berurutan.",
	"security": "Yang diminta dari orang yang masuk.",
	"person":   "Orang yang dapat masuk. Kata sandi tidak pernah ditulis di manifes.",
	"post":     "Peran lain orang yang sama.",
	"series":   "Seri nomor antrean di satu lokasi: awalan A memberi A-001, A-002, dan seterusnya setiap hari.",
	"counter":  "Loket, tempat petugas melayani.",
	"signIn":   "Penyedia identitas instansi sendiri (OpenID Connect), agar orangnya masuk dengan akun instansinya.",
	"service":  "Layanan yang ditawarkan daerah ini. Yang kosong diambil dari katalog nasional.",
	"standard": "Standar pelayanan: enam komponen yang wajib dipublikasikan. Menggantikan standar katalog seluruhnya.",
}

// descriptions explain every key; a test finds a key without one.
var descriptions = map[string]string{
	"region.code":      "Kode Kemendagri kabupaten atau kota, misalnya \"19.01\"; Jakarta \"31\".",
	"region.timezone":  "Zona waktu daerah: WIB, WITA, atau WIT.",
	"region.example":   "true bila isinya contoh dan angkanya rekaan; halaman menampilkan tulisan \"contoh\".",
	"region.organiser": "Penyelenggara MPP, biasanya DPMPTSP.",
	"region.contact":   "Cara warga menghubungi MPP.",
	"region.brand":     "Warna daerah.",
	"region.venues":    "Lokasi pelayanan, sedikitnya satu.",
	"region.closures":  "Hari tutup di luar jam buka biasa.",
	"region.security":  "Yang diminta dari orang yang masuk, di luar yang berlaku di semua daerah.",
	"region.staff":     "Orang yang dapat masuk beserta perannya.",

	"security.second_factor": "Peran yang harus memakai langkah kedua saat masuk (kode dari ponsel atau passkey). TI daerah (admin) selalu harus.",

	"contact.phone":      "Nomor telepon seperti yang ditulis untuk warga.",
	"contact.email":      "Alamat surel.",
	"contact.website":    "Alamat situs, lengkap dengan https://.",
	"contact.complaints": "Ke mana dan bagaimana mengadu, satu kalimat. Dipakai layanan yang tidak menyebutkannya sendiri.",

	"contact.complaints_en": "Kalimat pengaduan yang sama dalam bahasa Inggris.",

	"brand.colour": "Satu warna daerah, # dan enam angka heksadesimal. Warna lain diturunkan darinya agar teks selalu terbaca.",

	"venue.code":         "Kode lokasi: huruf kecil, angka, dan tanda hubung.",
	"venue.name":         "Nama lokasi seperti yang dikenal warga.",
	"venue.name_en":      "Nama lokasi dalam bahasa Inggris; kosong berarti halaman Inggris menampilkan nama Indonesianya.",
	"venue.kind":         "Jenis lokasi: office (kantor yang sudah ada), shared (tempat bersama), shophouse (lantai ruko), vehicle (MPP Keliling), digital (tanpa tempat).",
	"venue.address":      "Alamat lengkap.",
	"venue.district":     "Kode Kemendagri kecamatan, misalnya \"19.01.01\".",
	"venue.hours":        "Jam buka, sedikitnya satu rentang.",
	"venue.tickets_stop": "Berapa menit sebelum tutup nomor tidak diberikan lagi.",
	"venue.zones":        "Zona dengan layar panggilan sendiri; kosong berarti seluruh lokasi satu zona.",

	"hours.days":  "Hari: mon, tue, wed, thu, fri, sat, sun; rentang mon-thu; gabungan \"mon-thu,sat\".",
	"hours.open":  "Jam buka, misalnya \"08:00\".",
	"hours.close": "Jam tutup, misalnya \"15:30\"; tengah malam \"24:00\".",

	"zone.code":  "Kode zona, tidak boleh sama di satu lokasi.",
	"zone.name":  "Nama zona, misalnya Zona A.",
	"zone.place": "Di mana zona itu, misalnya Lantai 1.",

	"zone.name_en":  "Nama zona dalam bahasa Inggris, misalnya Zone A.",
	"zone.place_en": "Di mana zona itu dalam bahasa Inggris, misalnya Ground floor.",

	"closure.from":   "Hari pertama tutup, tahun-bulan-hari.",
	"closure.to":     "Hari terakhir tutup, ikut tutup; kosong berarti hanya hari pertama.",
	"closure.venue":  "Kode lokasi yang tutup; kosong berarti semua lokasi.",
	"closure.reason": "Alasan yang dibaca warga.",

	"closure.reason_en": "Alasan dalam bahasa Inggris.",

	"person.email":    "Alamat surel untuk masuk, tidak boleh sama.",
	"person.name":     "Nama lengkap.",
	"person.role":     "Peran: officer (petugas loket), agency-admin (pengelola instansi), front-office (penerima), manager (manajer MPP), admin (TI daerah).",
	"person.agency":   "Kode instansi; wajib untuk officer dan agency-admin.",
	"person.counters": "Loket petugas, ditulis lokasi/loket; kosong berarti semua loket instansinya.",
	"person.also":     "Peran lain orang yang sama, bila lebih dari satu.",

	"post.role":     "Peran, seperti role di atas.",
	"post.agency":   "Kode instansi; wajib untuk officer dan agency-admin.",
	"post.counters": "Loket petugas dalam peran ini, ditulis lokasi/loket.",

	"agency.code":     "Kode instansi dari katalog nasional, atau kode sendiri dengan name.",
	"agency.name":     "Nama resmi; kosong berarti nama dari katalog.",
	"agency.short":    "Nama pendek menurut urusan, untuk ubin dan layar: Kependudukan.",
	"agency.name_en":  "Nama resmi dalam bahasa Inggris.",
	"agency.short_en": "Nama pendek dalam bahasa Inggris.",
	"agency.icon":     "Nama ikon Tabler, misalnya id.",
	"agency.series":   "Seri nomor antrean instansi ini.",
	"agency.counters": "Loket instansi ini.",
	"agency.services": "Layanan yang ditawarkan, sedikitnya satu.",

	"agency.sign_in": "Masuk dengan akun instansi sendiri (OpenID Connect); kosong berarti hanya dengan kata sandi. docs/sso.md.",

	"signIn.issuer":        "Alamat penerbit persis seperti yang disebut penyedia, diawali https://. Dokumen penemuannya ada di bawah alamat ini, di /.well-known/openid-configuration.",
	"signIn.client_id":     "Pengenal klien yang didaftarkan pada penyedia. Rahasianya tidak ditulis di sini: pendopo tenant sign-in.",
	"signIn.role":          "Peran orang baru di instansi ini: officer (petugas loket) atau agency-admin (pengelola instansi).",
	"signIn.domains":       "Domain alamat surel yang boleh masuk lewat penyedia ini, sedikitnya satu. Subdomain disebut sendiri.",
	"signIn.create":        "true bila orang yang belum terdaftar mendapat akun saat pertama masuk; tanpa ini hanya yang sudah terdaftar.",
	"signIn.second_factor": "Nilai klaim acr atau amr yang berarti penyedia sudah meminta langkah kedua; kosong berarti langkah kedua mengikuti aturan daerah.",

	"series.code":    "Kode seri, tidak boleh sama dalam satu instansi.",
	"series.name":    "Nama seri; kosong berarti nama pendek instansi.",
	"series.name_en": "Nama seri dalam bahasa Inggris; kosong tanpa name berarti nama pendek instansi dalam bahasa Inggris.",
	"series.prefix":  "Awalan nomor, 1 sampai 3 huruf besar, tidak boleh sama di satu lokasi.",
	"series.venue":   "Kode lokasi tempat nomor ini berlaku.",
	"series.quota":   "Paling banyak berapa nomor sehari; 0 atau kosong berarti tanpa batas.",

	"counter.code":     "Kode loket, biasanya nomornya; tidak boleh sama di satu lokasi.",
	"counter.name":     "Nama loket; kosong berarti Loket dan kodenya.",
	"counter.venue":    "Kode lokasi loket.",
	"counter.zone":     "Kode zona; wajib bila lokasinya mempunyai beberapa zona.",
	"counter.place":    "Petunjuk tempat, misalnya Lantai 1, sebelah kanan pintu masuk.",
	"counter.place_en": "Petunjuk tempat dalam bahasa Inggris, misalnya Second floor, by the stairs.",
	"counter.series":   "Kode seri yang dipanggil loket ini.",

	"service.code":      "Kode layanan dari katalog nasional, atau kode sendiri dengan name dan execution.",
	"service.series":    "Kode seri yang memberi nomornya; bila diberikan di beberapa lokasi, daftar kode, satu seri di setiap lokasi: [umum, keliling]. Hanya hand-off yang boleh tanpa seri.",
	"service.confirmed": "true bila daerah sudah memeriksa persyaratan, waktu, dan biayanya.",
	"service.name":      "Nama layanan; kosong berarti nama dari katalog.",
	"service.name_en":   "Nama layanan dalam bahasa Inggris.",
	"service.words":     "Kata lain yang dipakai warga saat mencari.",
	"service.execution": "Cara pelaksanaan: native (dikerjakan di sini), front-desk (diterima di loket, dikerjakan di sistem pemilik), hand-off (diteruskan ke sistem pemilik).",
	"service.system":    "Nama sistem pemilik, misalnya SIAK; wajib untuk front-desk dan hand-off.",
	"service.receipt":   "Sebutan nomor tanda terima di sistem pemilik.",
	"service.minutes":   "Waktu yang lazim di loket, dalam menit.",
	"service.standard":  "Standar pelayanan daerah ini; menggantikan standar katalog seluruhnya.",

	"standard.requirements":    "Persyaratan, satu butir satu syarat.",
	"standard.procedure":       "Sistem, mekanisme, dan prosedur, satu butir satu langkah.",
	"standard.time":            "Jangka waktu penyelesaian, misalnya 15 menit sejak berkas lengkap.",
	"standard.fee":             "Biaya atau tarif, misalnya Gratis.",
	"standard.product":         "Produk pelayanan, misalnya KTP-el.",
	"standard.complaints":      "Penanganan pengaduan, saran, dan masukan; kosong berarti meja pengaduan daerah.",
	"standard.requirements_en": "Persyaratan dalam bahasa Inggris.",
	"standard.procedure_en":    "Prosedur dalam bahasa Inggris.",
	"standard.time_en":         "Jangka waktu dalam bahasa Inggris.",
	"standard.fee_en":          "Biaya dalam bahasa Inggris.",
	"standard.product_en":      "Produk dalam bahasa Inggris.",
	"standard.complaints_en":   "Penanganan pengaduan dalam bahasa Inggris.",
	"standard.proxy":           "Dapat diwakilkan atau tidak: ya, tidak, dengan surat kuasa.",
	"standard.basis":           "Dasar hukum; kosongkan bila tidak yakin.",
}
