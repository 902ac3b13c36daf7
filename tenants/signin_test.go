package tenants

import (
	"reflect"
	"strings"
	"testing"
)

// An agency's provider is read, compared, written and read again; a secret has no key to stand under.
func TestSignIn(t *testing.T) {
	files := folderFS(t, validFolder)
	at := "19.01-bangka/agencies/imigrasi.yaml"
	base := string(files[at].Data)
	load := func(lines string) (*Region, Problems) {
		files[at].Data = []byte(strings.TrimRight(base, "\n") + "\n" + lines)
		return LoadWith(testCat, files, "19.01-bangka")
	}
	agency := func(r *Region) Agency {
		for _, a := range r.Agencies {
			if a.Code == "imigrasi" {
				return a
			}
		}
		t.Fatal("no imigrasi")
		return Agency{}
	}
	plain := valid(t)
	if agency(plain).SignIn.Given() {
		t.Error("a provider that nobody wrote")
	}
	r, problems := load(`sign_in:
  issuer: https://sso.imigrasi.go.id/realms/pegawai
  client_id: pendopo-bangka
  role: officer
  domains: [imigrasi.go.id]
  create: true
  second_factor: [mfa, otp]
`)
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	want := SignIn{"https://sso.imigrasi.go.id/realms/pegawai", "pendopo-bangka", RoleOfficer, []string{"imigrasi.go.id"}, true, []string{"mfa", "otp"}}
	if got := agency(r).SignIn; !reflect.DeepEqual(got, want) || !got.Given() {
		t.Errorf("%+v", got)
	}
	var lines []string
	for _, c := range Diff(plain, r) {
		lines = append(lines, c.Text)
	}
	if got := strings.Join(lines, "\n"); got != `~ agencies/imigrasi: penerbit (kosong) → https://sso.imigrasi.go.id/realms/pegawai
~ agencies/imigrasi: pengenal klien (kosong) → pendopo-bangka
~ agencies/imigrasi: peran (kosong) → petugas loket
~ agencies/imigrasi: domain surel (kosong) → imigrasi.go.id
~ agencies/imigrasi: akun baru otomatis tidak → ya
~ agencies/imigrasi: langkah kedua menurut (kosong) → mfa, otp` {
		t.Error(got)
	}
	if len(Diff(r, plain)) != 6 || len(Diff(r, r)) != 0 {
		t.Error(Diff(r, plain))
	}
	a := agency(r)
	text := string(encodeAgency(&a))
	files[at].Data = []byte(text)
	again, problems := LoadWith(testCat, files, "19.01-bangka")
	if problems.Err() != nil || len(Diff(r, again)) != 0 {
		t.Errorf("%v\n%s", problems, text)
	}
	if a := agency(plain); strings.Contains(string(encodeAgency(&a)), "sign_in") {
		t.Error("an agency without a provider writes one")
	}
	for lines, want := range map[string]string{
		"sign_in: {issuer: \"http://127.0.0.1:8081/realms/a\", client_id: a, role: officer, domains: [a.go.id]}\n": "",
		"sign_in:\n":                "",
		"sign_in: {create: true}\n": "sign_in.issuer",
		"sign_in: {issuer: \"https://a.go.id\", client_id: a, role: officer, domains: [a.go.id], client_secret: rahasia}\n":    `kunci "client_secret" tidak dikenal`,
		"sign_in: {issuer: \"https://u:p@a.go.id\", client_id: a, role: officer, domains: [a.go.id]}\n":                        "bukan alamat penerbit",
		"sign_in: {issuer: \"https://a.go.id?x=1\", client_id: a, role: officer, domains: [a.go.id]}\n":                        `"https://a.go.id"`,
		"sign_in: {issuer: \"ftp://a.go.id\", client_id: a, role: officer, domains: [a.go.id]}\n":                              "bukan alamat penerbit",
		"sign_in: {issuer: \"https://a.go.id\", client_id: a, role: officer, domains: [\"*.a.go.id\"]}\n":                      `"a.go.id"`,
		"sign_in: {issuer: \"https://a.go.id\", client_id: a, role: officer, domains: [a.go.id, a.go.id]}\n":                   "sudah ada",
		"sign_in: {issuer: \"https://a.go.id\", client_id: a, role: manager, domains: [a.go.id]}\n":                            "tidak dapat diberikan",
		"sign_in: {issuer: \"https://a.go.id\", client_id: a, role: officer, domains: [a.go.id], second_factor: [mfa, mfa]}\n": "sudah ada",
	} {
		_, problems := load(lines)
		if want == "" && problems.Err() != nil || want != "" && (problems.Err() == nil || !strings.Contains(problems.Error(), want)) {
			t.Errorf("%s: %v", lines, problems)
		}
	}
}
