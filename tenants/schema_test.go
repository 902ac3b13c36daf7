package tenants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t testing.TB, text []byte, err error, url string) *jsonschema.Schema {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler() // 2020-12 unless the document says otherwise, and checked against it
	if err := c.AddResource(url, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(url)
	if err != nil {
		t.Fatalf("%#v", err)
	}
	return s
}

func schemas(t testing.TB) (region, agency *jsonschema.Schema) {
	text, err := Schema()
	region = compileSchema(t, text, err, schemaRegion)
	text, err = SchemaAgency()
	agency = compileSchema(t, text, err, schemaAgency)
	return region, agency
}

// yamlAsJSON reads YAML as an editor's schema check does: 19.01 without quotes is a number there.
func yamlAsJSON(t testing.TB, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestManifestsFitTheSchema(t *testing.T) {
	region, agency := schemas(t)
	n := 0
	for _, root := range []string{"regions", "testdata/valid"} {
		err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(name) != yamlEnding {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			s := region
			if strings.Contains(name, agencyDir) {
				s = agency
			}
			n++
			if err := s.Validate(yamlAsJSON(t, text)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 4 {
		t.Errorf("only %d manifests", n)
	}
	t.Logf("%d files", n)
}

// The schema and the loader must agree on what the schema can see.
func TestSchemaFindsMistakes(t *testing.T) {
	region, agency := schemas(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(validFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct{ file, old, new string }{
		{regionFile, "timezone: WIB", "timezone: WITE"},
		{regionFile, "organiser: ", "organizer: "},
		{regionFile, `"#8a1538"`, "red"},
		{regionFile, "kind: shared", "kind: toko"},
		{regionFile, `open: "09:00"`, `open: "9:00"`},
		{regionFile, "days: tue-fri", "days: selasa"},
		{regionFile, "role: manager", "role: boss"},
		{regionFile, "tickets_stop: 60", "tickets_stop: banyak"},
		{regionFile, "code: gerai", "code: Gerai Baru"},
		{regionFile, `from: "2026-12-25"`, `from: "25-12-2026"`},
		{capil, "prefix: D", "prefix: d"},
		{capil, "quota: 80", "quota: -1"},
		{capil, "execution: native", "execution: sendiri"},
		{capil, "      fee: Gratis\n", ""},
		{capil, "confirmed: true", "confirmed: ya"},
		{capil, "series: [umum]", "series: umum"},
		{capil, "series: [umum, keliling]", "series: [umum, umum]"},
		{capil, "series: [umum, keliling]", "series: {umum: 1}"},
		{capil, "series: [umum, keliling]", "series: Umum"},
	} {
		text := strings.Replace(read(c.file), c.old, c.new, 1)
		if text == read(c.file) {
			t.Fatalf("%q is not in %s", c.old, c.file)
		}
		s := region
		if c.file != regionFile {
			s = agency
		}
		if s.Validate(yamlAsJSON(t, []byte(text))) == nil {
			t.Errorf("%s with %q is taken", c.file, c.new)
		}
	}
}

func TestEverythingInTheSchemaIsExplained(t *testing.T) {
	for name, make := range map[string]func() ([]byte, error){"region": Schema, "agency": SchemaAgency} {
		text, err := make()
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		if doc["$schema"] != "https://json-schema.org/draft/2020-12/schema" || doc["title"] == nil || doc["$id"] == nil {
			t.Errorf("%s: %v %v %v", name, doc["$schema"], doc["$id"], doc["title"])
		}
		defs := map[string]any{name: doc}
		for def, s := range doc["$defs"].(map[string]any) {
			defs[def] = s
		}
		if name == "region" && defs["agency"] == nil {
			t.Error("no $defs/agency")
		}
		for def, s := range defs {
			object := s.(map[string]any)
			if object["description"] == nil || object["additionalProperties"] != false {
				t.Errorf("%s: %v, additionalProperties %v", def, object["description"], object["additionalProperties"])
			}
			for key, p := range object["properties"].(map[string]any) {
				if d, _ := p.(map[string]any)["description"].(string); d == "" {
					t.Errorf("%s.%s is not explained", def, key)
				}
			}
		}
		again, _ := make()
		if !bytes.Equal(text, again) {
			t.Errorf("%s: not the same twice", name)
		}
	}
	// A text for a key that is gone misleads the next reader.
	text, _ := Schema()
	for key := range descriptions {
		def, name, _ := strings.Cut(key, ".")
		if !bytes.Contains(text, fmt.Appendf(nil, "%q: {", name)) || def == "" {
			t.Errorf("%s is explained but not there", key)
		}
	}
}
