package tenants

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed all:regions
var embedded embed.FS

// Regions loads the regions that come with Pendopo, by folder name. The error names every problem with
// its folder; warnings are none.
func Regions() ([]*Region, error) { return loadAll(embedded, "regions") }

func loadAll(fsys fs.FS, dir string) ([]*Region, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var regions []*Region
	var wrong Problems
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		r, problems := Load(fsys, path.Join(dir, e.Name()))
		for _, p := range problems {
			if !p.Warning {
				p.File = path.Join(e.Name(), p.File)
				wrong = append(wrong, p)
			}
		}
		if r != nil {
			regions = append(regions, r)
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("tenants: %s:\n%w", dir, wrong)
	}
	return regions, nil
}
