package catalogue

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEmbeddedCatalogueLoads(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	agencies := c.Agencies()
	if !slices.IsSortedFunc(agencies, func(a, b Agency) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("agencies are not sorted by code")
	}
	services := 0
	for i := range agencies {
		services += len(agencies[i].Services)
	}
	t.Logf("%d agencies, %d services", len(agencies), services)
	if len(agencies) < 34 || services < 260 {
		t.Errorf("%d agencies and %d services: something was lost", len(agencies), services)
	}
	for _, code := range strings.Fields(`dukcapil imigrasi polri samsat bpjs-kesehatan bpjs-ketenagakerjaan atr-bpn djp
		kejaksaan pengadilan-agama pengadilan-negeri kemenag dpmptsp disnaker dinsos bapenda pupr dinkes taspen pln pdam
		bank-daerah pos pekerja-migran bea-cukai bpom disdik dishub dlh diskop-ukm bnn kemenkum jasa-raharja asabri
		disperindag arsip-perpustakaan`) {
		if _, ok := c.Agency(code); !ok {
			t.Errorf("agency %q is missing", code)
		}
	}
	if Default() == nil || Default() != Default() {
		t.Error("Default is not read once")
	}
}

func TestLookUp(t *testing.T) {
	c := Default()
	if s, ok := c.Service("dukcapil", "ktp-hilang-rusak"); !ok || s.Name != "KTP-el hilang atau rusak" || s.System != "SIAK" {
		t.Errorf("Service(dukcapil, ktp-hilang-rusak) = %+v, %v", s, ok)
	}
	if _, ok := c.Service("dukcapil", "paspor-baru"); ok {
		t.Error("a service is found in an agency that does not have it")
	}
	if _, ok := c.Service("nobody", "ktp-hilang-rusak"); ok {
		t.Error("a service is found in an unknown agency")
	}
	if _, ok := c.Agency("Dukcapil"); ok {
		t.Error("codes are exact")
	}
	first := c.Agencies()
	first[0].Code = "changed"
	if c.Agencies()[0].Code == "changed" {
		t.Error("Agencies hands out its own slice")
	}
}

func TestNearest(t *testing.T) {
	c := Default()
	for in, want := range map[string]string{
		"dukcapli": "dukcapil", "imigrsi": "imigrasi", "bpjs-kesehtan": "bpjs-kesehatan", "samsta": "samsat",
		"bpjs-ketenagakerjan": "bpjs-ketenagakerjaan", "atr": "atr-bpn", "pengadilan-negri": "pengadilan-negeri",
	} {
		if got, ok := c.NearestAgency(in); !ok || got != want {
			t.Errorf("NearestAgency(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
	if got, ok := c.NearestAgency("xyzzy"); ok {
		t.Errorf("NearestAgency(xyzzy) = %q", got)
	}
	if got, ok := c.NearestService("dukcapil", "ktp-hilang"); !ok || got != "ktp-hilang-rusak" {
		t.Errorf("NearestService = %q, %v", got, ok)
	}
	if got, ok := c.NearestService("nobody", "ktp-baru"); ok {
		t.Errorf("NearestService in an unknown agency = %q", got)
	}
}

// TestIconsExist keeps to names that were looked up in the icon set; a wrong one would be an empty tile.
func TestIconsExist(t *testing.T) {
	text, err := os.ReadFile("testdata/icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(commentLines.ReplaceAllString(string(text), ""))
	for _, a := range Default().Agencies() {
		if !slices.Contains(known, a.Icon) {
			t.Errorf("%s: icon %q is not in testdata/icons.txt", a.Code, a.Icon)
		}
	}
}

const good = `code: capil
name: "Dinas {region}"
short: Kependudukan
name_en: Office
short_en: Registry
owner: daerah
icon: id
services:
  - code: ktp
    name: KTP-el
    name_en: Identity card
    execution: front-desk
    system: SIAK
    receipt: Nomor permohonan
`

func TestReadRefuses(t *testing.T) {
	second := strings.ReplaceAll(good, "code: capil", "code: imigrasi")
	for _, c := range []struct {
		name, file, text string
		want             []string // parts of the error; none: it is accepted
	}{
		{"a good file", "capil", good, nil},
		{"unknown field", "capil", good + "    sytem: SIAK\n", []string{"capil.yaml", "sytem"}},
		{"unknown field on top", "capil", "colour: red\n" + good, []string{"colour"}},
		{"key given twice", "capil", "short: Lain\n" + good, []string{"short"}},
		{"broken YAML", "capil", good + "  - : [", []string{"capil.yaml"}},
		{"empty file", "capil", "", []string{"capil.yaml"}},
		{"two documents", "capil", good + "---\n" + second, []string{"more than one document"}},
		{"code is not the file's name", "dukcapil", good, []string{`"dukcapil"`}},
		{"code with capitals", "Capil", strings.Replace(good, "code: capil", "code: Capil", 1), []string{"lower case"}},
		{"service twice", "capil", good + good[strings.Index(good, "  - code: ktp"):], []string{`service "ktp" is there twice`}},
		{"unknown execution", "capil", strings.Replace(good, "front-desk", "frontdesk", 1), []string{`execution "frontdesk"`, "hand-off"}},
		{"no execution", "capil", strings.Replace(good, "    execution: front-desk\n", "", 1), []string{`execution ""`}},
		{"front desk without a system", "capil", strings.Replace(good, "    system: SIAK\n", "", 1), []string{"front-desk, so system"}},
		{"hand-off without a receipt", "capil", strings.NewReplacer("front-desk", "hand-off", "    receipt: Nomor permohonan\n", "").Replace(good), []string{"hand-off, so receipt"}},
		{"native with a system", "capil", strings.Replace(good, "front-desk", "native", 1), []string{"native, so no other system"}},
		{"unknown owner", "capil", strings.Replace(good, "owner: daerah", "owner: swasta", 1), []string{`owner "swasta"`}},
		{"no English name", "capil", strings.Replace(good, "    name_en: Identity card\n", "", 1), []string{"name_en is missing"}},
		{"no services", "capil", good[:strings.Index(good, "  - code")], []string{"services are missing"}},
		{"half a standard", "capil", good + "    standard:\n      fee: Gratis\n", []string{"must all be there"}},
		{"empty requirement", "capil", good + "    standard: {requirements: [KTP, ''], procedure: [a], time: 1 hari, fee: Gratis, product: Surat}\n", []string{"must all be there"}},
		{"unknown proxy", "capil", good + "    standard: {requirements: [KTP], procedure: [a], time: 1 hari, fee: Gratis, product: Surat, proxy: boleh}\n", []string{`proxy "boleh"`}},
		{"complaints in English only", "capil", good + "    standard: {requirements: [KTP], procedure: [a], time: 1 hari, fee: Gratis, product: Surat, complaints_en: Ask}\n", []string{"complaints_en without complaints"}},
		{"several mistakes at once", "capil", strings.NewReplacer("owner: daerah", "owner: x", "front-desk", "y").Replace(good), []string{`owner "x"`, `execution "y"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(fstest.MapFS{
				"agencies/" + c.file + ".yaml": {Data: []byte(c.text)},
				"agencies/imigrasi.yaml":       {Data: []byte(second)},
			})
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			if got != nil {
				t.Error("a catalogue beside the error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not name %q", err, w)
				}
			}
		})
	}
	if _, err := read(fstest.MapFS{}); err == nil {
		t.Error("an empty catalogue is accepted")
	}
}
