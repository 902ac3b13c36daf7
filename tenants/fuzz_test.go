package tenants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzLoad feeds the loader anything. It must not panic or hang, every problem must stand somewhere in
// the file, and what it takes must resolve, encode and read back.
func FuzzLoad(f *testing.F) {
	seeds, _ := filepath.Glob("testdata/*/19.01-bangka")
	for _, dir := range seeds {
		region, _ := os.ReadFile(filepath.Join(dir, regionFile))
		agency, _ := os.ReadFile(filepath.Join(dir, agencyDir, "dukcapil.yaml"))
		logo, _ := os.ReadFile(filepath.Join(dir, logoFile))
		f.Add(region, agency, logo)
	}
	for _, odd := range []string{"", "\n", "-", "? a", "a: &b", "{", "[", "a: |", "a: >-\n", "\t", "%", "---\n---\n", "a: {b: [", "'", "\"\\", "<<: *a", "a:\r\nb:\r", "\xef\xbb\xbfcode: x", "code: !!binary x", "- - - -", "venues: [{}]", "venues: [~]", "venues:\n- \n- a",
		"\t\"\t\t\t\t\t\t\t\t\t\t\t@\t\t\t\t\t\t\t\"uCYcnuu\t\n\t@uuYu\tc\t\t\tn\t@Y~C"} {
		f.Add([]byte(odd), []byte(odd), []byte(odd))
	}
	f.Fuzz(func(t *testing.T, region, agency, logo []byte) {
		files := fstest.MapFS{
			"19.01-bangka/region.yaml":          {Data: region},
			"19.01-bangka/agencies/agency.yaml": {Data: agency},
			"19.01-bangka/logo.svg":             {Data: logo},
		}
		r, problems := LoadWith(testCat, files, "19.01-bangka")
		texts := map[string][]byte{"region.yaml": region, "agencies/agency.yaml": agency, "logo.svg": logo}
		for _, p := range problems {
			if p.Message == "" || p.MessageEN == "" || p.Rule == "" {
				t.Errorf("%+v", p)
			}
			if p.Line == 0 {
				continue
			}
			lines := strings.Split(string(unixLines(trimBOM(texts[p.File]))), "\n")
			if p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
				t.Errorf("%d:%d is outside %q: %v", p.Line, p.Column, texts[p.File], p)
			}
		}
		if (r == nil) != (problems.Err() != nil) {
			t.Fatalf("region %v with %v", r != nil, problems)
		}
		if r == nil {
			return
		}
		if _, err := Resolve(r, testCat); err != nil {
			t.Error(err)
		}
		if _, err := encode(r); err != nil {
			t.Error(err)
		}
	})
}
