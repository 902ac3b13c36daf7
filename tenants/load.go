package tenants

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pendopo-id/pendopo/tenants/areas"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// The names in a region's folder.
const (
	regionFile = "region.yaml"
	agencyDir  = "agencies"
	logoFile   = "logo.svg"
	yamlEnding = ".yaml"
)

// Catalogue is what a manifest needs to know of the national starter catalogue.
type Catalogue interface {
	Agency(code string) (*catalogue.Agency, bool)
	Service(agency, code string) (*catalogue.Service, bool)
	Agencies() []catalogue.Agency
}

// Load reads the region in the folder dir of fsys against the embedded catalogue. Everything that is
// wrong is listed in one run, by file and line; a file that is not YAML only loses its own content.
//
// The region is nil when anything but a warning was found, so that nothing half-read can be applied:
// use Problems.Err as the error. It has defaults as they are declared; Resolve fills them in.
func Load(fsys fs.FS, dir string) (*Region, Problems) {
	return LoadWith(catalogue.Default(), fsys, dir)
}

// LoadDir is Load for a folder on disk. A link that leads out of the folder is not followed.
func LoadDir(name string) (*Region, Problems) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, Problems{noFolder(name, err)}
	}
	defer root.Close()
	base := filepath.Base(name)
	if full, err := filepath.Abs(name); err == nil {
		base = filepath.Base(full)
	}
	return load(catalogue.Default(), root.FS(), ".", base)
}

// LoadWith is Load against another catalogue.
func LoadWith(cat Catalogue, fsys fs.FS, dir string) (*Region, Problems) {
	base := path.Base(dir)
	if base == "." {
		base = ""
	}
	return load(cat, fsys, dir, base)
}

func load(cat Catalogue, fsys fs.FS, dir, base string) (*Region, Problems) {
	var c collector
	f, ok := readFolder(fsys, dir, &c)
	if !ok {
		return nil, c.done()
	}
	f.base = base
	return f.region(cat, &c)
}

// collector gathers problems up to a number that a person can still read.
type collector struct {
	problems Problems
	more     int
}

func (c *collector) add(p Problem) {
	if len(c.problems) >= maxProblems {
		c.more++
		return
	}
	c.problems = append(c.problems, p)
}

func (c *collector) done() Problems {
	if c.more > 0 {
		w := say("dan %d masalah lain; perbaiki dahulu yang di atas", "and %d more problems; mend those above first", c.more)
		c.problems = append(c.problems, Problem{File: regionFile, Rule: RuleFile, Message: w.id, MessageEN: w.en})
	}
	c.problems.sort()
	return c.problems
}

func noFolder(name string, err error) Problem {
	w := say("folder ini tidak dapat dibuka", "this folder cannot be opened")
	if errors.Is(err, fs.ErrNotExist) {
		w = say("folder ini tidak ada", "this folder does not exist")
	}
	return Problem{File: filepath.Base(name), Rule: RuleFile, Value: name, Message: w.id, MessageEN: w.en}
}

// folder is a region's files as text, from disk or from memory.
type folder struct {
	base     string // the folder's own name; empty when it has none
	root     []byte // nil: missing or refused
	agencies []textFile
	logo     []byte
	whole    bool // every agency file was read
}

type textFile struct {
	name string
	text []byte
}

// readFolder takes the files that make up a manifest. Where replacing one was cut short, they stand in a
// folder of their own.
func readFolder(fsys fs.FS, dir string, c *collector) (f folder, ok bool) {
	if staged := path.Join(dir, stagedDir); exists(fsys, path.Join(staged, regionFile)) {
		w := say("penulisan folder ini terhenti di tengah jalan; yang dibaca adalah isi barunya di %s (ulangi ekspornya dengan --force agar rapi)",
			"writing this folder was cut short; what is read is its new content in %s (export it again with --force to tidy up)", stagedDir)
		c.add(Problem{File: stagedDir, Rule: RuleFile, Message: w.id, MessageEN: w.en, Warning: true})
		dir = staged
	}
	return readFiles(fsys, dir, c)
}

// readFiles looks out for files that were meant to be a manifest's, too.
func readFiles(fsys fs.FS, dir string, c *collector) (f folder, ok bool) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		c.add(noFolder(dir, err))
		return f, false
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	f.whole = true
	if names[regionFile] {
		f.root, _ = readFile(fsys, dir, regionFile, maxFile, c)
	} else {
		suggestion := ""
		for _, near := range []string{"region.yml", "Region.yaml", "regions.yaml"} {
			if names[near] {
				suggestion = regionFile
				c.add(misnamed(near, regionFile))
			}
		}
		w := say("berkas ini tidak ada; setiap daerah memerlukannya", "this file is missing; every region needs it")
		c.add(Problem{File: regionFile, Rule: RuleFile, Suggestion: suggestion, Message: w.id, MessageEN: w.en})
	}
	if names[logoFile] {
		f.logo, _ = readFile(fsys, dir, logoFile, maxLogo, c)
	} else {
		for name := range names {
			if strings.HasPrefix(strings.ToLower(name), "logo.") {
				p := misnamed(name, logoFile)
				p.Warning = true
				c.add(p)
			}
		}
	}
	if names[agencyDir] {
		f.readAgencies(fsys, dir, c)
	}
	return f, true
}

func (f *folder) readAgencies(fsys fs.FS, dir string, c *collector) {
	entries, err := fs.ReadDir(fsys, path.Join(dir, agencyDir))
	if err != nil {
		f.whole = false
		w := say("folder ini tidak dapat dibuka", "this folder cannot be opened")
		c.add(Problem{File: agencyDir, Rule: RuleFile, Message: w.id, MessageEN: w.en})
		return
	}
	total := 0
	for _, e := range entries { // ReadDir sorts by name
		name := e.Name()
		if strings.HasPrefix(name, ".") {
			continue // an editor's
		}
		file := path.Join(agencyDir, name)
		switch ending := path.Ext(name); {
		case e.IsDir():
			continue
		case ending == yamlEnding:
		case strings.EqualFold(ending, ".yml") || strings.EqualFold(ending, yamlEnding):
			f.whole = false
			c.add(misnamed(file, strings.TrimSuffix(file, ending)+yamlEnding))
			continue
		default:
			continue // a note beside the manifest
		}
		if total++; total > maxFiles {
			f.whole = false
			w := say("lebih dari %d berkas instansi", "more than %d agency files", maxFiles)
			c.add(Problem{File: agencyDir, Rule: RuleFile, Message: w.id, MessageEN: w.en})
			return
		}
		text, ok := readFile(fsys, dir, file, maxFile, c)
		if !ok {
			f.whole = false
			continue
		}
		f.agencies = append(f.agencies, textFile{file, text})
	}
}

func misnamed(file, right string) Problem {
	w := say("berkas ini tidak dibaca; beri nama %q", "this file is not read; call it %q", right)
	return Problem{File: file, Rule: RuleFile, Value: file, Suggestion: right, Message: w.id, MessageEN: w.en}
}

// readFile reads at most limit bytes, so that neither a huge file nor a device can fill the memory.
func readFile(fsys fs.FS, dir, name string, limit int, c *collector) ([]byte, bool) {
	bad := func(w words) ([]byte, bool) {
		c.add(Problem{File: name, Rule: RuleFile, Message: w.id, MessageEN: w.en})
		return nil, false
	}
	unreadable := say("berkas ini tidak dapat dibaca", "this file cannot be read")
	full := path.Join(dir, name)
	info, err := fs.Stat(fsys, full)
	if err != nil {
		return bad(unreadable)
	}
	if !info.Mode().IsRegular() {
		return bad(say("ini bukan berkas biasa", "this is not a regular file"))
	}
	file, err := fsys.Open(full)
	if err != nil {
		return bad(unreadable)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return bad(unreadable)
	}
	if len(text) > limit {
		return bad(say("berkas ini lebih dari %d KiB", "this file is larger than %d KiB", limit>>10))
	}
	return text, true
}

// region decodes and checks the folder's files.
func (f folder) region(cat Catalogue, c *collector) (*Region, Problems) {
	ck := f.decode(c)
	ck.cat = cat
	ck.check()
	problems := c.done()
	if problems.Err() != nil || !ck.rooted {
		return nil, problems
	}
	return ck.region, problems
}

// decode reads the files and reports what cannot be read. What they mean is the checker's question.
func (f folder) decode(c *collector) *checker {
	ck := &checker{region: &Region{}, sink: c.add, whole: f.whole, base: f.base}
	budget := maxTotal
	ck.root = newDocument(regionFile, c.add)
	if f.root != nil && ck.root.parse(f.root, &budget) {
		ck.root.decode(ck.region)
		ck.rooted = true
	}
	for _, file := range f.agencies {
		d := newDocument(file.name, c.add)
		if !d.parse(file.text, &budget) {
			ck.whole = false
			continue
		}
		var a Agency
		d.decode(&a)
		ck.region.Agencies = append(ck.region.Agencies, a)
		ck.agencies = append(ck.agencies, d)
	}
	if f.logo != nil {
		ck.region.Logo = readLogo(f.logo, newDocument(logoFile, c.add))
	}
	return ck
}

// Seat is the area that the region is. It is the zero Seat for a code that is none, which a region that
// loaded without a problem never has.
func (r *Region) Seat() areas.Seat {
	s, _ := areas.SeatByCode(r.Code)
	return s
}

// FolderName is what the region's folder is called: "19.01-bangka".
func (r *Region) FolderName() string {
	s := r.Seat()
	return fmt.Sprintf("%s-%s", s.Code, s.Slug)
}
