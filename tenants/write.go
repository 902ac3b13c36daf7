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

// ErrNotEmpty is what Write answers for a folder that holds something already.
var ErrNotEmpty = errors.New("tenants: the folder is not empty")

// ErrNotManifest is what Replace answers for a folder whose agencies/ are no region's: replacing would
// remove them.
var ErrNotManifest = errors.New("tenants: the folder has agencies/*.yaml and no region.yaml, so it is no region's")

// Write writes a region as a folder: region.yaml, agencies/*.yaml and logo.svg, in a stable order, such
// that reading it gives an equal Region. The folder is made if it is not there; one that is not empty is
// ErrNotEmpty and stays as it is.
//
// Write does not check the region's meaning, so that one can be exported that a newer catalogue would
// refuse. It does read back what it is about to write, and fails without touching the folder where the
// files would not say the same.
func Write(dir string, r *Region) error {
	return write(dir, r, func(fsys fs.FS) error {
		entries, err := fs.ReadDir(fsys, ".")
		if err == nil && len(entries) > 0 {
			err = ErrNotEmpty
		}
		return err
	})
}

// Replace is Write into a folder that may hold a manifest already, whichever region's: its region.yaml,
// agencies/*.yaml and logo.svg become this region's, and those that the region has not are removed.
// Nothing else in the folder is touched. Whoever reads it, at any moment and also after a crash, reads
// the old manifest or the new one.
func Replace(dir string, r *Region) error { return write(dir, r, mayReplace) }

func write(dir string, r *Region, may func(fs.FS) error) error {
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
	if err := may(root.FS()); err != nil {
		return fmt.Errorf("%w: %s", err, dir)
	}
	for _, step := range steps(root, files) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// encode gives the region's files, agencies first and region.yaml last, and makes sure that they say the same.
func encode(r *Region) ([]textFile, error) {
	files, err := written(r)
	if err != nil {
		return nil, err
	}
	return files, readsBack(r, files)
}

// written gives the files as they would be written.
func written(r *Region) ([]textFile, error) {
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
	return append(files, textFile{regionFile, encodeRegion(r)}), nil
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
	f.add(files)
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
