package tenants

import (
	"archive/zip"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Check tells what is wrong with a region that was put together in memory, as Load would of its folder, and gives it as
// Load would read it; nil where more than warnings were found. Places are those of the files that Write would make; use
// Where to find what a problem is about.
func Check(r *Region, cat Catalogue) (*Region, Problems) {
	files, err := written(r) // what they read as is the answer
	if err != nil {
		return nil, Problems{{File: regionFile, Rule: RuleFile, Message: err.Error(), MessageEN: err.Error()}}
	}
	f := folder{whole: true}
	f.add(files)
	var c collector
	return f.region(cat, &c)
}

// add takes files as they were encoded.
func (f *folder) add(files []textFile) {
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
}

var indexed = regexp.MustCompile(`^([a-z_]+)\[(\d+)\]$`)

// Where gives a problem's place by codes in place of indexes, as Diff names things: "venues/utama/hours" for
// venues[0].hours[1].open, "agencies/dukcapil/services/ktp-baru/minutes". It is as much of it as the region has.
func Where(r *Region, p Problem) string {
	var out []string
	parts := strings.Split(p.Path, ".")
	a := (*Agency)(nil)
	if dir, file := path.Split(p.File); strings.TrimSuffix(dir, "/") == agencyDir {
		if a = agencyOf(r, file); a == nil {
			return agencyDir
		}
		out = append(out, agencyDir, a.Code)
	} else if p.File == logoFile {
		return "logo"
	}
	venue := (*Venue)(nil)
	for _, part := range parts {
		m := indexed.FindStringSubmatch(part)
		if m == nil {
			if part != "" {
				out = append(out, part)
			}
			continue
		}
		i, _ := strconv.Atoi(m[2])
		var code string
		switch {
		case m[1] == "venues" && i < len(r.Venues):
			venue = &r.Venues[i]
			code = venue.Code
		case m[1] == "zones" && venue != nil && i < len(venue.Zones):
			code = venue.Zones[i].Code
		case m[1] == "closures" && i < len(r.Closures):
			if code = r.Closures[i].From; r.Closures[i].Venue != "" {
				code += ":" + r.Closures[i].Venue
			}
		case a != nil && m[1] == "series" && i < len(a.Series):
			code = a.Series[i].Code
		case a != nil && m[1] == "services" && i < len(a.Services):
			code = a.Services[i].Code
		case a != nil && m[1] == "counters" && i < len(a.Counters):
			code = a.Counters[i].Venue + ":" + a.Counters[i].Code
		default:
			return strings.Join(append(out, m[1]), "/")
		}
		out = append(out, m[1], code)
	}
	return strings.Join(out, "/")
}

func agencyOf(r *Region, file string) *Agency {
	names, err := agencyNames(r.Agencies)
	if err != nil {
		return nil
	}
	for i, name := range names {
		if name == file {
			return &r.Agencies[i]
		}
	}
	return nil
}

// Zip writes a region's folder as one file, such as a browser downloads: what Write would make, in a folder of its
// usual name.
func Zip(w io.Writer, r *Region) error {
	files, err := encode(r)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, file := range files {
		out, err := z.Create(path.Join(r.FolderName(), file.name))
		if err == nil {
			_, err = out.Write(file.text)
		}
		if err != nil {
			return fmt.Errorf("tenants: zip: %w", err)
		}
	}
	return z.Close()
}
