package tenants

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
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
		if n%4 > 0 {
			return // each write waits for the disk; a few of them twice will do
		}
		// Writing what was read changes no byte.
		before := texts(t, dir)
		if err := Replace(dir, got); err != nil {
			t.Fatal(err)
		}
		if after := texts(t, dir); !sameTexts(before, after) {
			t.Fatal("writing it again wrote something else")
		}
	})
}

// old is a manifest in a folder with what a region keeps beside it.
func old(t testing.TB) (dir string, r *Region) {
	t.Helper()
	r, dir = valid(t), filepath.Join(t.TempDir(), "19.01-bangka")
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, name := range beside {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("catatan "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, r
}

// beside are files that are no manifest's, some of them where one's are.
var beside = []string{"CATATAN.md", ".git/config", "region.yaml.bak", "agencies/CATATAN.md", "agencies/.dukcapil.yaml.swp", "agencies/lama/x.yaml", "foto/logo.png"}

// renewed is the same region with fewer agencies in another order, no crest, and another name.
func renewed(t testing.TB) *Region {
	t.Helper()
	r := valid(t)
	r.Agencies, r.Logo, r.Organiser = []Agency{r.Agencies[2], r.Agencies[0]}, "", "Sekretariat Daerah"
	r.Staff = append(r.Staff[:3], Person{Email: "x@contoh.go.id", Name: "X", Role: RoleAgencyAdmin, Agency: "dukcapil"})
	return r
}

func reads(dir string) (*Region, Problems) {
	return LoadWith(testCat, os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
}

// files lists what is in a folder, and says what of it was not the manifest's and has changed.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	for full, text := range texts(t, dir) {
		name, _ := filepath.Rel(dir, full)
		names = append(names, filepath.ToSlash(name))
		if slices.Contains(beside, name) && text != "catatan "+name {
			t.Errorf("%s has changed", name)
		}
	}
	slices.Sort(names)
	return names
}

func TestReplaceTouchesTheManifestOnly(t *testing.T) {
	dir, _ := old(t)
	for _, name := range []string{"region.yaml", "logo.svg", "agencies/dukcapil.yaml", "agencies/imigrasi.yaml", "agencies/rumah-bumn.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	r := renewed(t)
	if err := Replace(dir, r); err != nil {
		t.Fatal(err)
	}
	if got, problems := reads(dir); len(problems) > 0 || !Equal(got, r) {
		t.Errorf("%v %v", problems, Diff(r, got))
	}
	want := append([]string{"region.yaml", "agencies/01-rumah-bumn.yaml", "agencies/02-dukcapil.yaml"}, beside...)
	slices.Sort(want)
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// Another region's manifest is one too: whoever asks for it by name gets it replaced.
	r.Code, r.Venues[0].District = "19.02", ""
	if err := Replace(dir, r); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "x")
	if err := Replace(empty, valid(t)); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
}

// At every moment the folder reads as the old manifest or as the new one, whichever step the process
// dies before, and the next attempt leaves no trace of it.
func TestACrashLeavesTheOldOrTheNew(t *testing.T) {
	r := renewed(t)
	text, err := encode(r)
	if err != nil {
		t.Fatal(err)
	}
	sawOld, sawNew := 0, 0
	for n := 0; ; n++ {
		dir, before := old(t)
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		all := steps(root, text)
		for _, step := range all[:n] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		root.Close()
		got, problems := reads(dir)
		switch {
		case problems.Err() != nil:
			t.Errorf("after %d steps it cannot be read: %v", n, problems)
		case Equal(got, before):
			sawOld++
			if sawNew > 0 {
				t.Errorf("after %d steps the old manifest is back", n)
			}
		case Equal(got, r):
			sawNew++
		default:
			t.Errorf("after %d steps it is neither: %v", n, Diff(before, got))
		}
		files(t, dir)
		third := valid(t)
		third.Organiser = "Yang ketiga"
		if err := Replace(dir, third); err != nil {
			t.Fatalf("after %d steps: %v", n, err)
		}
		if got, problems := reads(dir); len(problems) > 0 || !Equal(got, third) {
			t.Errorf("after %d steps and another export: %v %v", n, problems, Diff(third, got))
		}
		for _, name := range files(t, dir) {
			if strings.HasPrefix(name, ".manifest") || strings.HasPrefix(name, "agencies/0") {
				t.Errorf("after %d steps and another export %s is left", n, name)
			}
		}
		if n == len(all) {
			break
		}
	}
	if sawOld < 3 || sawNew < 3 {
		t.Errorf("old %d times, new %d times", sawOld, sawNew)
	}
}

func TestAWritingCutShortIsSaid(t *testing.T) {
	dir, _ := old(t)
	if err := os.CopyFS(filepath.Join(dir, stagedDir), os.DirFS(validFolder)); err != nil {
		t.Fatal(err)
	}
	_, problems := reads(dir)
	if len(problems) != 1 || !problems[0].Warning || !strings.Contains(problems[0].String(), "--force") {
		t.Errorf("%v", problems)
	}
}

func TestWriteRefusesWhatIsNotEmpty(t *testing.T) {
	r := valid(t)
	for name, fill := range map[string]func(dir string) error{
		"something else": func(dir string) error { return os.WriteFile(filepath.Join(dir, "main.go"), []byte("package x"), 0o644) },
		"the same region": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, regionFile), []byte("code: \"19.01\"\n"), 0o644)
		},
		"a hidden file": func(dir string) error { return os.WriteFile(filepath.Join(dir, ".keep"), nil, 0o644) },
		"a folder":      func(dir string) error { return os.Mkdir(filepath.Join(dir, agencyDir), 0o755) },
	} {
		dir := t.TempDir()
		if err := fill(dir); err != nil {
			t.Fatal(err)
		}
		before := texts(t, dir)
		if err := Write(dir, r); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 || !sameTexts(before, texts(t, dir)) {
			t.Errorf("%s: touched: %v", name, entries)
		}
	}
}

// A folder of agencies that are no region's, such as the catalogue's, must not be emptied.
func TestReplaceRefusesForeignAgencies(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("catalogue")); err != nil {
		t.Fatal(err)
	}
	before := texts(t, dir)
	if err := Replace(dir, valid(t)); !errors.Is(err, ErrNotManifest) {
		t.Errorf("%v", err)
	}
	if !sameTexts(before, texts(t, dir)) {
		t.Error("touched")
	}
}

// One series stands without brackets, several in them, on one line.
func TestSeriesOfAServiceAreWrittenAsPeopleWriteThem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	if err := Write(dir, valid(t)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, capil))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"{code: kk-baru, series: umum}", "{code: legalisasi, series: [umum, keliling]}", "    series: umum\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
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
