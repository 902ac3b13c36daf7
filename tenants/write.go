package tenants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
)

// ErrNotManifest is what Write answers for a folder that holds something else, or another region.
var ErrNotManifest = errors.New("tenants: the folder is not empty and does not hold this region's manifest")

// Write writes a region as a folder: region.yaml, agencies/*.yaml and logo.svg, in a stable order, such
// that reading it gives an equal Region. The folder is made if it is not there. An existing one must be
// empty or hold the same region, whose files are then replaced and whose other agencies removed; else
// the error is ErrNotManifest and nothing is touched.
//
// Write does not check the region's meaning, so that one can be exported that a newer catalogue would
// refuse. It does read back what it is about to write, and fails without touching the folder where the
// files would not say the same.
func Write(dir string, r *Region) error {
	files, err := encode(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := mayWrite(root.FS(), r.Code); err != nil {
		return fmt.Errorf("%w: %s", err, dir)
	}
	if err := root.MkdirAll(agencyDir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := replace(root, f); err != nil {
			return err
		}
	}
	return removeStale(root, files)
}

// encode gives the region's files, agencies first and region.yaml last: a folder without it is no
// manifest yet, so a write that was cut short is not taken for one.
func encode(r *Region) ([]textFile, error) {
	var files []textFile
	names, err := agencyNames(r.Agencies)
	if err != nil {
		return nil, err
	}
	for i := range r.Agencies {
		files = append(files, textFile{path.Join(agencyDir, names[i]), encodeAgency(&r.Agencies[i])})
	}
	if r.Logo != "" {
		files = append(files, textFile{logoFile, []byte(r.Logo)})
	}
	files = append(files, textFile{regionFile, encodeRegion(r)})
	if err := readsBack(r, files); err != nil {
		return nil, err
	}
	return files, nil
}

// agencyNames are the file names: the codes where their order is the region's, else with a number
// before them that keeps it.
func agencyNames(agencies []Agency) ([]string, error) {
	names := make([]string, len(agencies))
	seen := map[string]bool{}
	for i, a := range agencies {
		if !codeForm.MatchString(a.Code) || seen[a.Code] {
			return nil, fmt.Errorf("tenants: agency %q: the code is not valid or there twice, and it names the file", a.Code)
		}
		seen[a.Code] = true
		names[i] = a.Code + yamlEnding
	}
	if slices.IsSorted(names) {
		return names, nil
	}
	width := max(2, len(fmt.Sprint(len(agencies))))
	for i := range names {
		names[i] = fmt.Sprintf("%0*d-%s", width, i+1, names[i])
	}
	return names, nil
}

func readsBack(r *Region, files []textFile) error {
	f := folder{whole: true}
	for _, file := range files {
		switch file.name {
		case regionFile:
			f.root = file.text
		case logoFile:
			f.logo = file.text
		default:
			f.agencies = append(f.agencies, file)
		}
	}
	var c collector
	got := f.decode(&c).region
	if err := c.done().Err(); err != nil {
		return fmt.Errorf("tenants: %s: would not read back:\n%w", r.Code, err)
	}
	if !Equal(got, r) {
		lines := []string{}
		for _, change := range Diff(r, got) {
			lines = append(lines, change.Text)
		}
		return fmt.Errorf("tenants: %s: would read back differently:\n%s", r.Code, strings.Join(lines, "\n"))
	}
	return nil
}

// Equal tells whether two regions declare the same. An empty list is the same as none.
func Equal(a, b *Region) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equal(reflect.ValueOf(*a), reflect.ValueOf(*b))
}

func equal(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// mayWrite refuses folders that hold something else than this region's manifest.
func mayWrite(fsys fs.FS, code string) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	var c collector
	f, ok := readFolder(fsys, ".", &c)
	if !ok || f.root == nil {
		return ErrNotManifest
	}
	f.agencies, f.logo = nil, nil
	if f.decode(&c).region.Code != code {
		return ErrNotManifest
	}
	return nil
}

// replace writes a file beside its place and moves it there, so that a reader sees the old text or the
// new one, never half.
func replace(root *os.Root, f textFile) error {
	draft := f.name + ".tmp"
	if err := root.WriteFile(draft, f.text, 0o644); err != nil {
		return err
	}
	return root.Rename(draft, f.name)
}

// removeStale removes agency files and a crest that the region no longer has.
func removeStale(root *os.Root, files []textFile) error {
	keep := map[string]bool{}
	for _, f := range files {
		keep[f.name] = true
	}
	entries, err := fs.ReadDir(root.FS(), agencyDir)
	if err != nil {
		return err
	}
	stale := []string{logoFile}
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == yamlEnding && !strings.HasPrefix(e.Name(), ".") {
			stale = append(stale, path.Join(agencyDir, e.Name()))
		}
	}
	for _, name := range stale {
		if keep[name] {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
