package tenants

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWriteThenLoadIsIdentity(t *testing.T) {
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		r := genRegion(t)
		n++
		dir := filepath.Join(root, "run", r.FolderName())
		defer os.RemoveAll(dir)
		if err := Write(dir, r); err != nil {
			t.Fatal(err)
		}
		got, problems := LoadWith(testCat, os.DirFS(filepath.Dir(dir)), r.FolderName())
		if problems.Err() != nil {
			text, _ := os.ReadFile(filepath.Join(dir, regionFile))
			t.Fatalf("%v\n%s", problems, text)
		}
		if !Equal(got, r) {
			t.Fatalf("not equal: %v", Diff(r, got))
		}
		if changes := Diff(r, got); len(changes) != 0 {
			t.Fatalf("equal, and yet: %v", changes)
		}
		// Writing what was read changes no byte.
		before := texts(t, dir)
		if err := Write(dir, got); err != nil {
			t.Fatal(err)
		}
		if after := texts(t, dir); !sameTexts(before, after) {
			t.Fatal("a second Write wrote something else")
		}
	})
}

func TestWriteReplacesTheSameRegion(t *testing.T) {
	r := valid(t)
	dir := filepath.Join(t.TempDir(), "bangka")
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"region.yaml", "logo.svg", "agencies/dukcapil.yaml", "agencies/imigrasi.yaml", "agencies/rumah-bumn.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	// Fewer agencies in another order, no crest; a note of the region's own stays.
	note := filepath.Join(dir, "agencies", "CATATAN.md")
	if err := os.WriteFile(note, []byte("catatan"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Agencies = []Agency{r.Agencies[2], r.Agencies[0]}
	r.Logo = ""
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "agencies"))
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "01-rumah-bumn.yaml 02-dukcapil.yaml CATATAN.md" {
		t.Errorf("agencies: %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, logoFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the crest is still there: %v", err)
	}
	r.Staff = r.Staff[:3]
	r.Staff = append(r.Staff, Person{Email: "x@contoh.go.id", Name: "X", Role: RoleAgencyAdmin, Agency: "dukcapil"})
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	got, problems := LoadWith(testCat, os.DirFS(filepath.Dir(dir)), "bangka")
	if problems.Err() != nil || !Equal(got, r) {
		t.Errorf("%v %v", problems, Diff(r, got))
	}
}

func TestWriteRefusesForeignFolders(t *testing.T) {
	r := valid(t)
	for name, fill := range map[string]func(dir string) error{
		"something else": func(dir string) error { return os.WriteFile(filepath.Join(dir, "main.go"), []byte("package x"), 0o644) },
		"another region": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, regionFile), []byte("code: \"19.02\"\n"), 0o644)
		},
		"an unreadable manifest": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, regionFile), []byte("code: [\n"), 0o644)
		},
	} {
		dir := t.TempDir()
		if err := fill(dir); err != nil {
			t.Fatal(err)
		}
		if err := Write(dir, r); !errors.Is(err, ErrNotManifest) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s: touched: %v", name, entries)
		}
	}
}

func TestWriteRefusesWhatWouldNotReadBack(t *testing.T) {
	for name, spoil := range map[string]func(*Region){
		"a path for a code": func(r *Region) { r.Agencies[0].Code = "../../x" },
		"a code twice":      func(r *Region) { r.Agencies[1].Code = r.Agencies[0].Code },
		"NUL":               func(r *Region) { r.Organiser = "a\x00b" },
		"two lines":         func(r *Region) { r.Organiser = "a\nb" },
		"not UTF-8":         func(r *Region) { r.Organiser = "a\xff" },
		"script":            func(r *Region) { r.Logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script/></svg>` },
	} {
		r := valid(t)
		spoil(r)
		dir := filepath.Join(t.TempDir(), "x")
		if err := Write(dir, r); err == nil {
			t.Errorf("%s: written", name)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the folder was made", name)
		}
	}
}

func TestEqual(t *testing.T) {
	a, b := valid(t), valid(t)
	a.Closures, b.Closures = nil, []Closure{}
	if !Equal(a, b) || Equal(a, nil) || !Equal(nil, nil) {
		t.Error("nil and empty lists declare the same; nil and a region do not")
	}
	b.Agencies[0].Services[0].Standard.Fee = "Rp1"
	if Equal(a, b) {
		t.Error("a fee was not seen")
	}
}

func texts(t interface{ Fatal(...any) }, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameTexts(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return true
}
