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
func Regions() ([]*Region, error) {
	entries, err := fs.ReadDir(embedded, "regions")
	if err != nil {
		return nil, err
	}
	var regions []*Region
	var wrong Problems
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		r, problems := Load(embedded, path.Join("regions", e.Name()))
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
		return nil, fmt.Errorf("tenants: embedded regions:\n%w", wrong)
	}
	return regions, nil
}
