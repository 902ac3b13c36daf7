package catalogue

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/tenants/nearest"
)

//go:embed agencies/*.yaml
var embedded embed.FS

// Catalogue is the loaded starter catalogue. It is safe for use by several goroutines; what its methods
// point to is shared and must not be written to.
type Catalogue struct {
	agencies []Agency // by code
	byCode   map[string]*Agency
	services map[string]map[string]*Service // agency's code, service's code
}

// Default gives the embedded catalogue, read once. It panics when the embedded files are broken, which
// this package's tests exclude.
var Default = sync.OnceValue(func() *Catalogue {
	c, err := Load()
	if err != nil {
		panic(fmt.Sprintf("catalogue: embedded files: %v", err))
	}
	return c
})

// Load reads the embedded catalogue strictly: an unknown field, a code that is given twice, an unknown
// execution, or a front-desk or hand-off service without its owner's system is an error. The error names
// everything that is wrong, each with its file.
func Load() (*Catalogue, error) { return read(embedded) }

// Agencies gives all agencies, sorted by code.
func (c *Catalogue) Agencies() []Agency { return slices.Clone(c.agencies) }

// Agency gives the agency with this code.
func (c *Catalogue) Agency(code string) (*Agency, bool) {
	a, ok := c.byCode[code]
	return a, ok
}

// Service gives an agency's service by both codes.
func (c *Catalogue) Service(agency, code string) (*Service, bool) {
	s, ok := c.services[agency][code]
	return s, ok
}

// NearestAgency gives the agency's code that a mistyped one most likely stands for.
func (c *Catalogue) NearestAgency(code string) (string, bool) {
	codes := make([]string, len(c.agencies))
	for i := range c.agencies {
		codes[i] = c.agencies[i].Code
	}
	return nearest.Of(code, codes)
}

// NearestService gives the code of the agency's service that a mistyped one most likely stands for;
// false as well when the agency itself is unknown.
func (c *Catalogue) NearestService(agency, code string) (string, bool) {
	a, ok := c.byCode[agency]
	if !ok {
		return "", false
	}
	codes := make([]string, len(a.Services))
	for i := range a.Services {
		codes[i] = a.Services[i].Code
	}
	return nearest.Of(code, codes)
}

// read takes the files agencies/*.yaml of fsys.
func read(fsys fs.FS) (*Catalogue, error) {
	files, err := fs.Glob(fsys, "agencies/*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no files in agencies/")
	}
	c := &Catalogue{byCode: map[string]*Agency{}, services: map[string]map[string]*Service{}}
	var wrong []error
	for _, file := range files {
		a, err := decode(fsys, file)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", file, err))
			continue
		}
		for _, w := range check(a, strings.TrimSuffix(path.Base(file), ".yaml")) {
			wrong = append(wrong, fmt.Errorf("%s: %s", file, w))
		}
		c.agencies = append(c.agencies, *a)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	slices.SortFunc(c.agencies, func(a, b Agency) int { return strings.Compare(a.Code, b.Code) })
	for i := range c.agencies {
		a := &c.agencies[i]
		c.byCode[a.Code] = a
		c.services[a.Code] = make(map[string]*Service, len(a.Services))
		for j := range a.Services {
			c.services[a.Code][a.Services[j].Code] = &a.Services[j]
		}
	}
	return c, nil
}

// decode reads one file that holds one agency. Keys given twice are refused by the YAML package itself.
func decode(fsys fs.FS, file string) (*Agency, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	a := new(Agency)
	if err := d.Decode(a); err != nil {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document in the file")
	}
	return a, nil
}

var (
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	owners   = []string{"daerah", "vertikal", "bumn", "bumd", "lembaga"}
	proxies  = []string{"", "ya", "tidak", "dengan surat kuasa"}
)

// check says in words what is wrong with an agency read from the file of this name, without its ending.
// The file's name is the code: so no two agencies can share one.
func check(a *Agency, file string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if !codeForm.MatchString(a.Code) {
		say("code %q: want lower case letters, digits and single hyphens", a.Code)
	}
	if a.Code != file {
		say("code %q: want the file's name, %q", a.Code, file)
	}
	for _, f := range [][2]string{{"name", a.Name}, {"short", a.Short}, {"name_en", a.NameEN}, {"short_en", a.ShortEN}, {"icon", a.Icon}} {
		if strings.TrimSpace(f[1]) == "" {
			say("%s is missing", f[0])
		}
	}
	if !slices.Contains(owners, a.Owner) {
		say("owner %q: want one of %s", a.Owner, strings.Join(owners, ", "))
	}
	if len(a.Services) == 0 {
		say("services are missing")
	}
	seen := map[string]bool{}
	for i := range a.Services {
		s := &a.Services[i]
		if seen[s.Code] {
			say("service %q is there twice", s.Code)
		}
		seen[s.Code] = true
		for _, w := range checkService(s) {
			say("service %q: %s", s.Code, w)
		}
	}
	return wrong
}

func checkService(s *Service) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if !codeForm.MatchString(s.Code) {
		say("code: want lower case letters, digits and single hyphens")
	}
	if strings.TrimSpace(s.Name) == "" {
		say("name is missing")
	}
	if strings.TrimSpace(s.NameEN) == "" {
		say("name_en is missing")
	}
	switch s.Execution {
	case Native:
		if s.System != "" || s.Receipt != "" {
			say("native, so no other system and no receipt of its own")
		}
	case FrontDesk, HandOff:
		if strings.TrimSpace(s.System) == "" {
			say("%s, so system must name the owner's system", s.Execution)
		}
		if strings.TrimSpace(s.Receipt) == "" {
			say("%s, so receipt must say what the owner's system calls its number", s.Execution)
		}
	default:
		say("execution %q: want %s, %s or %s", s.Execution, Native, FrontDesk, HandOff)
	}
	if s.Minutes < 0 || s.Minutes > 240 {
		say("minutes %d: want the time at the counter, 0 to 240", s.Minutes)
	}
	if t := s.Standard; t != nil {
		if !t.Complete() {
			say("standard: requirements, procedure, time, fee and product must all be there")
		}
		if !slices.Contains(proxies, t.Proxy) {
			say("proxy %q: want %s", t.Proxy, strings.Join(proxies[1:], ", "))
		}
		if t.ComplaintsEN != "" && t.Complaints == "" {
			say("complaints_en without complaints")
		}
	}
	return wrong
}

// Complete says whether the components that the catalogue can know are all there. The sixth, complaints,
// may be empty: it then is the region's own complaint desk.
func (t *Standard) Complete() bool {
	filled := func(s string) bool { return strings.TrimSpace(s) != "" }
	all := func(list []string) bool {
		return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !filled(s) })
	}
	return all(t.Requirements) && all(t.Procedure) && filled(t.Time) && filled(t.Fee) && filled(t.Product)
}
