package onboarding

import (
	"context"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/fields"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// MallFile is a workbook of a mall that runs already, read against a draft.
type MallFile struct {
	File   *sheets.File     // nil: it cannot be read at all
	Wrong  []sheets.Problem // everything that is wrong in it, and what is left out
	Merged Merged           // what it adds; nothing while something is wrong
}

// Merged is what a workbook adds to a draft. Nothing that stands there is changed.
type Merged struct {
	Agencies, Services, Series, Counters, People int
	Filled                                       int          // fields that were empty, of what was there
	Known                                        int          // people who are in the list, or have an account
	Numbers                                      int          // of the running day: they wait for the day of the change-over
	Differs                                      []Difference // what stands in the draft and reads otherwise in the workbook
	Later                                        []Trouble    // what would be wrong then and is not now
}

// Empty tells that the draft would stay as it is.
func (m Merged) Empty() bool {
	return m.Agencies+m.Services+m.Series+m.Counters+m.People+m.Filled == 0
}

// Difference is a field that stays as it stands in the draft.
type Difference struct{ Path, Here, File string }

// ReadMall reads a workbook against a region's draft and tells what it would add; nothing is changed.
func (s *Service) ReadMall(ctx context.Context, t *tenant.Tenant, by *authz.Actor, raw []byte) (out MallFile, err error) {
	if out.File, out.Wrong = sheets.OpenBytes(raw); out.File == nil {
		return out, nil
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		d, err := load(ctx, tx, t)
		if err != nil {
			return err
		}
		e := s.editing(d)
		e.tx, e.by, e.t = tx, by, t
		return s.merge(ctx, tx, d, e, &out)
	})
	return out, err
}

// ImportMall adds to a region's draft what a workbook has and the draft lacks: all of it, or nothing where something in
// the workbook is wrong. Faults: "onboarding.full" (422).
func (s *Service) ImportMall(ctx context.Context, t *tenant.Tenant, by *authz.Actor, raw []byte) (out MallFile, err error) {
	if out.File, out.Wrong = sheets.OpenBytes(raw); out.File == nil {
		return out, nil
	}
	return out, s.editIn(ctx, t, by, func(ctx context.Context, tx *store.Tx, d *Draft, e *editor) error {
		return s.merge(ctx, tx, d, e, &out)
	}, new(int64))
}

// merge puts a workbook into a draft in memory.
func (s *Service) merge(ctx context.Context, tx *store.Tx, d *Draft, e *editor, out *MallFile) error {
	region, _ := d.Region()
	mall, wrong := out.File.Mall(region, s.cat)
	out.Wrong, out.Merged = wrong, Merged{Numbers: len(mall.Numbers)}
	if sheets.Wrong(wrong) {
		return nil
	}
	before := map[Trouble]bool{}
	for _, t := range s.Check(d) {
		before[t] = true
	}
	m := merger{d, e, &out.Merged, map[string]bool{}}
	m.freeSeries(mall.Agencies)
	m.fields(fields.Of(&tenants.Region{Agencies: mall.Agencies}))
	if err := m.people(ctx, tx, mall.Staff); err != nil {
		return err
	}
	for _, t := range s.Check(d) {
		if !t.Warning && !before[t] {
			out.Merged.Later = append(out.Merged.Later, t)
		}
	}
	return nil
}

// merger adds to a draft what it lacks.
type merger struct {
	d     *Draft
	e     *editor
	out   *Merged
	fresh map[string]bool // things that were not there, by their path
}

// freeSeries gives the series of a workbook codes that do not mean another series in the draft: there "a" may have
// another prefix, or be at another venue.
func (m *merger) freeSeries(agencies []tenants.Agency) {
	for i := range agencies {
		a := &agencies[i]
		list := "agencies/" + a.Code + "/series"
		for j := range a.Series {
			s, at := &a.Series[j], list+"/"+a.Series[j].Code
			if m.d.Fields[at] == "" || m.d.Fields[at+"/prefix"] == s.Prefix && m.d.Fields[at+"/venue"] == s.Venue {
				continue
			}
			old := s.Code
			s.Code = codeOf(m.d, list, old)
			for k := range a.Services {
				replace(a.Services[k].Series, old, s.Code)
			}
			for k := range a.Counters {
				replace(a.Counters[k].Series, old, s.Code)
			}
		}
	}
}

func replace(list []string, old, now string) {
	for i := range list {
		if list[i] == old {
			list[i] = now
		}
	}
}

// fields adds things that are not there, in the workbook's order, and then the fields that are empty.
func (m *merger) fields(got fields.Fields) {
	var things, rest []string
	for path := range got {
		switch {
		case !strings.HasPrefix(path, "agencies/"), inKey(path):
		case isThing(path):
			things = append(things, path)
		default:
			rest = append(rest, path)
		}
	}
	slices.SortFunc(things, func(a, b string) int { // what holds others comes first
		if c := strings.Count(a, "/") - strings.Count(b, "/"); c != 0 {
			return c
		}
		if c := strings.Compare(got[a], got[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	count := map[string]*int{"services": &m.out.Services, "series": &m.out.Series, "counters": &m.out.Counters}
	for _, path := range things {
		if m.d.Fields[path] != "" {
			continue
		}
		list := path[:strings.LastIndexByte(path, '/')]
		m.fresh[path] = true
		m.e.set(m.d, path, m.d.Fields.Next(list))
		if n := count[list[strings.LastIndexByte(list, '/')+1:]]; n != nil {
			*n++
		} else {
			m.out.Agencies++
		}
	}
	slices.Sort(rest)
	kept := m.confirmed(rest)
	for _, path := range rest {
		now := m.d.Fields[path]
		service, _, own := strings.Cut(path, "/standard/")
		switch {
		case now == got[path], own && kept[service]:
		case now != "":
			m.out.Differs = append(m.out.Differs, Difference{path, now, got[path]})
		default:
			m.e.set(m.d, path, got[path])
			if holders := fields.Holders(path); !m.fresh[holders[len(holders)-1]] {
				m.out.Filled++
			}
		}
	}
}

// confirmed are the services whose standard is the catalogue's and was looked at and confirmed here: a workbook's own
// does not take its place unasked.
func (m *merger) confirmed(paths []string) map[string]bool {
	out := map[string]bool{}
	for _, path := range paths {
		service, _, own := strings.Cut(path, "/standard/")
		if !own || out[service] || m.d.Fields[service+"/confirmed"] != "true" || len(m.d.Fields.Under(service+"/standard")) > 0 {
			continue
		}
		if len(standardOf(m.e.cat, service)) > 0 {
			out[service] = true
			m.out.Differs = append(m.out.Differs, Difference{Path: service + "/standard"})
		}
	}
	return out
}

// isThing tells paths of things, which say their place in an order, from those of fields.
func isThing(path string) bool {
	parts := strings.Split(path, "/")
	return len(parts) == 2 || len(parts) == 4 && slices.Contains([]string{"services", "series", "counters"}, parts[2])
}

// inKey tells fields that a thing's key in its path says already: its code, a counter's venue.
func inKey(path string) bool {
	return strings.HasSuffix(path, "/code") || strings.HasSuffix(path, "/venue") && strings.Contains(path, "/counters/")
}

// people adds those who are neither in the list nor have an account.
func (m *merger) people(ctx context.Context, tx *store.Tx, staff []tenants.Person) error {
	emails := make([]string, len(staff))
	for i, p := range staff {
		emails[i] = p.Email
	}
	there, err := tenant.HaveAccounts(ctx, tx, emails)
	if err != nil {
		return err
	}
	listed := m.d.listed()
	var add []tenants.Person
	for _, p := range staff {
		if email := seal.Email(p.Email); there[email] || listed[email] {
			m.out.Known++
			continue
		}
		add = append(add, p)
	}
	if m.e.t.State != tenant.Preparing { // of a region that is open people are invited on their own page
		return nil
	}
	m.out.People = len(add)
	switch err := m.e.addPeople(ctx, m.d, add); {
	case fault.KindOf(err) == fault.Forbidden:
		return err
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "onboarding.sheet_people") // the reader has let somebody through whom a draft does not take
	}
	return nil
}
