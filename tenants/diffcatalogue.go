package tenants

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

// Subset is what a region takes from a catalogue: its agencies and services as they were at some moment. It
// is a Catalogue itself, and JSON.
type Subset struct {
	List []catalogue.Agency `json:"agencies"`
}

// Used gives what a region takes from a catalogue.
func Used(r *Region, cat Catalogue) *Subset {
	out := &Subset{}
	for i := range r.Agencies {
		a, ok := cat.Agency(r.Agencies[i].Code)
		if !ok {
			continue
		}
		taken := *a
		taken.Services = nil
		for _, s := range r.Agencies[i].Services {
			if known, ok := cat.Service(a.Code, s.Code); ok {
				taken.Services = append(taken.Services, *known)
			}
		}
		out.List = append(out.List, taken)
	}
	return out
}

// Agencies lists them.
func (s *Subset) Agencies() []catalogue.Agency { return s.List }

// Agency finds one.
func (s *Subset) Agency(code string) (*catalogue.Agency, bool) {
	i := slices.IndexFunc(s.List, func(a catalogue.Agency) bool { return a.Code == code })
	if i < 0 {
		return nil, false
	}
	return &s.List[i], true
}

// Service finds one of an agency.
func (s *Subset) Service(agency, code string) (*catalogue.Service, bool) {
	a, ok := s.Agency(agency)
	if !ok {
		return nil, false
	}
	i := slices.IndexFunc(a.Services, func(v catalogue.Service) bool { return v.Code == code })
	if i < 0 {
		return nil, false
	}
	return &a.Services[i], true
}

// ServicePath names a service in Changes.
func ServicePath(agency, service string) string {
	return "agencies/" + agency + "/services/" + service
}

// DiffCatalogue lists what becomes of a region because the catalogue is another one than it was: of the agencies
// and services that both manifests have, what new's manifest leaves to the catalogue. Fields begin with
// "catalogue.", lines say "katalog:".
func DiffCatalogue(old, new *Region, before, after Catalogue) ([]Change, error) {
	was, err := Resolve(new, before)
	if err != nil {
		return nil, err
	}
	is, err := Resolve(new, after)
	if err != nil {
		return nil, err
	}
	var d differ
	for i := range is.Agencies {
		a, b := &was.Agencies[i], &is.Agencies[i]
		j := slices.IndexFunc(old.Agencies, func(o Agency) bool { return o.Code == b.Code })
		if j < 0 {
			continue
		}
		path := "agencies/" + b.Code
		d.fields(path, "catalogue", reflect.ValueOf(a.declared()), reflect.ValueOf(b.declared()))
		if !slices.Equal(a.Words, b.Words) {
			d.modify(path, "catalogue.words", strings.Join(a.Words, ", "), strings.Join(b.Words, ", "), both{"kata kunci diubah", "words changed"})
		}
		for k := range b.Services {
			x, y := &a.Services[k], &b.Services[k]
			if slices.ContainsFunc(old.Agencies[j].Services, func(o Service) bool { return o.Code == y.Code }) {
				d.catalogueService(ServicePath(b.Code, y.Code), x, y)
			}
		}
	}
	for i := range d.changes {
		c := &d.changes[i]
		c.Text = strings.ReplaceAll(strings.Replace(c.Text, c.Path+": ", c.Path+": katalog: ", 1), "(katalog)", "(kosong)")
		c.TextEN = strings.ReplaceAll(strings.Replace(c.TextEN, c.Path+": ", c.Path+": catalogue: ", 1), "(catalogue)", "(none)")
	}
	return d.changes, nil
}

func (d *differ) catalogueService(path string, was, is *ResolvedService) {
	d.fields(path, "catalogue", reflect.ValueOf(was.declared()), reflect.ValueOf(is.declared()))
	switch {
	case was.Standard == nil && is.Standard == nil:
	case was.Standard == nil:
		d.modify(path, "catalogue.standard", "", "ada", both{"standar layanan kini ada", "there is a standard now"})
	case is.Standard == nil:
		d.modify(path, "catalogue.standard", "ada", "", both{"standar layanan tidak ada lagi", "there is no standard any more"})
	default:
		d.fields(path, "catalogue.standard", reflect.ValueOf(*was.Standard), reflect.ValueOf(*is.Standard))
	}
}

// declared is the agency as a manifest would say it, but for what the catalogue has no part in.
func (a *ResolvedAgency) declared() Agency {
	return Agency{Name: a.Name, Short: a.Short, NameEN: a.NameEN, ShortEN: a.ShortEN, Icon: a.Icon}
}

func (s *ResolvedService) declared() Service {
	return Service{
		Name: s.Name, NameEN: s.NameEN, Words: s.Words, Execution: s.Execution, System: s.System, Receipt: s.Receipt, Minutes: s.Minutes,
	}
}
