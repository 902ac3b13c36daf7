package tenants

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unicode"

	"github.com/invopop/jsonschema"

	"github.com/pendopo-id/pendopo/tenants/catalogue"
)

const (
	schemaBase   = "https://github.com/pendopo-id/pendopo/tenants/"
	schemaRegion = schemaBase + "region.schema.json"
	schemaAgency = schemaBase + "agency.schema.json"
)

// Schema is the JSON Schema (draft 2020-12) of region.yaml, with that of an agency's file under
// $defs/agency. Editors complete a manifest with it and explain each key; what needs more than one file
// to judge is left to Load.
func Schema() ([]byte, error) {
	s := reflectSchema(&Region{}, schemaRegion, "Daerah (region.yaml)",
		"Apa yang dinyatakan satu kabupaten atau kota tentang MPP-nya: penyelenggara, lokasi, jam buka, dan petugas.")
	agency := reflectSchema(&Agency{}, "", "", "")
	for name, def := range agency.Definitions {
		s.Definitions[name] = def
	}
	agency.Definitions, agency.Version = nil, ""
	agency.Title, agency.Description = "Instansi (agencies/*.yaml)", agencyDescription
	s.Definitions["agency"] = agency
	return marshalSchema(s)
}

// SchemaAgency is the JSON Schema of one file in agencies/.
func SchemaAgency() ([]byte, error) {
	return marshalSchema(reflectSchema(&Agency{}, schemaAgency, "Instansi (agencies/*.yaml)", agencyDescription))
}

const agencyDescription = "Satu instansi di daerah ini: seri nomor, loket, dan layanannya. Yang kosong diambil dari katalog nasional."

func marshalSchema(s *jsonschema.Schema) ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("tenants: schema: %w", err)
	}
	return append(text, '\n'), nil
}

func reflectSchema(v any, id, title, description string) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		FieldNameTag:   "yaml",
		Anonymous:      true,
		ExpandedStruct: true,
		Namer:          func(t reflect.Type) string { return defName(t) },
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[Codes]() { // said where it stands, and not by reference
				p := &jsonschema.Schema{}
				asCodeOrCodes(p)
				return p
			}
			return nil
		},
	}
	s := r.Reflect(v)
	own := defName(reflect.TypeOf(v).Elem())
	delete(s.Definitions, own)
	s.ID, s.Title, s.Description = jsonschema.ID(id), title, description
	describe(own, s)
	for name, def := range s.Definitions {
		describe(name, def)
	}
	return s
}

func defName(t reflect.Type) string {
	name := []rune(t.Name())
	if len(name) == 0 {
		return "" // a list has no name, and then no definition of its own
	}
	name[0] = unicode.ToLower(name[0])
	return string(name)
}

// describe explains each property of a definition and narrows it to what Load takes.
func describe(def string, s *jsonschema.Schema) {
	if s.Properties == nil {
		return
	}
	if d := defDescriptions[def]; d != "" && s.Description == "" {
		s.Description = d
	}
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		key := def + "." + pair.Key
		p := pair.Value
		p.Description = descriptions[key]
		if narrow := narrowings()[key]; narrow != nil {
			narrow(p)
		} else if isCode(pair.Key) && p.Type == "string" {
			asCode(p)
		}
	}
	if def == "agency" {
		// Both may be missing: an agency can offer hand-off services only.
		s.Required = slices.DeleteFunc(s.Required, func(name string) bool { return name == "series" || name == "counters" })
	}
}

// isCode tells keys whose value is a code, which YAML reads as a number when it looks like one.
func isCode(key string) bool { return key == "code" || key == "venue" || key == "zone" }

// asCode takes a number too: counters are usually called 1, 2, 3, and nobody quotes them.
func asCode(p *jsonschema.Schema) {
	p.Type = ""
	most := uint64(maxCode)
	p.AnyOf = []*jsonschema.Schema{
		{Type: "string", Pattern: codeForm.String(), MaxLength: &most},
		{Type: "integer", Minimum: "0"},
	}
}

func enum[T ~string](values ...T) func(*jsonschema.Schema) {
	return func(p *jsonschema.Schema) {
		p.Enum = nil
		for _, v := range values {
			p.Enum = append(p.Enum, string(v))
		}
	}
}

func pattern(form string, examples ...any) func(*jsonschema.Schema) {
	return func(p *jsonschema.Schema) { p.Pattern, p.Examples = form, examples }
}

func atLeastOne(p *jsonschema.Schema) {
	one := uint64(1)
	p.MinItems = &one
}

func between(from, to int) func(*jsonschema.Schema) {
	return func(p *jsonschema.Schema) {
		p.Minimum, p.Maximum = json.Number(fmt.Sprint(from)), json.Number(fmt.Sprint(to))
	}
}

func examples(values ...any) func(*jsonschema.Schema) {
	return func(p *jsonschema.Schema) { p.Examples = values }
}

// dotted is a Kemendagri code, quoted or not.
func dotted(form string, example ...any) func(*jsonschema.Schema) {
	return func(p *jsonschema.Schema) {
		p.Type, p.Examples = "", example
		p.AnyOf = []*jsonschema.Schema{{Type: "string", Pattern: form}, {Type: "number"}}
	}
}

const (
	clockForm = `^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$`
	dateForm  = `^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`
	dayForm   = `(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?`
	daysForm  = `^` + dayForm + `( *, *` + dayForm + `)*$`
)

// narrowings is lazy because it lists the catalogue's agencies, which only a schema needs at start-up.
var narrowings = sync.OnceValue(func() map[string]func(*jsonschema.Schema) {
	var agencies []any
	for _, a := range catalogue.Default().Agencies() {
		agencies = append(agencies, a.Code)
	}
	return map[string]func(*jsonschema.Schema){
		"region.code":        dotted(`^[0-9]{2}(\.[0-9]{2})?$`, "19.01", "31"),
		"region.timezone":    enum("WIB", "WITA", "WIT"),
		"region.venues":      atLeastOne,
		"region.organiser":   examples("Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kabupaten Bangka"),
		"contact.email":      func(p *jsonschema.Schema) { p.Format = "email" },
		"contact.website":    pattern(`^https?://`, "https://mpp.bangka.go.id"),
		"brand.colour":       pattern(colourForm.String(), "#8a1538"),
		"venue.kind":         enum(Office, Shared, ShopHouse, Vehicle, Digital),
		"venue.district":     pattern(`^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$`, "19.01.01"),
		"venue.hours":        atLeastOne,
		"venue.tickets_stop": between(0, Midnight-1),
		"hours.days":         pattern(daysForm, "mon-thu", "mon-fri", "fri", "mon-thu,sat"),
		"hours.open":         pattern(clockForm, "08:00"),
		"hours.close":        pattern(clockForm, "15:30"),
		"closure.from":       pattern(dateForm, "2026-12-25"),
		"closure.to":         pattern(dateForm, "2026-12-31"),
		"person.email":       func(p *jsonschema.Schema) { p.Format = "email" },
		"person.role":        enum(RoleOfficer, RoleAgencyAdmin, RoleFrontOffice, RoleManager, RoleAdmin),
		"person.agency":      examples(agencies...),
		"security.second_factor": func(p *jsonschema.Schema) {
			enum(RoleOfficer, RoleAgencyAdmin, RoleFrontOffice, RoleManager, RoleAdmin)(p.Items)
			p.UniqueItems = true
			p.Examples = []any{[]any{"manager", "front-office"}}
		},
		"person.counters":   atCounters,
		"post.role":         enum(RoleOfficer, RoleAgencyAdmin, RoleFrontOffice, RoleManager, RoleAdmin),
		"post.agency":       examples(agencies...),
		"post.counters":     atCounters,
		"agency.code":       func(p *jsonschema.Schema) { p.Pattern = codeForm.String(); p.Examples = agencies },
		"agency.services":   atLeastOne,
		"series.prefix":     pattern(prefixForm.String(), "A"),
		"series.quota":      between(0, maxQuota),
		"counter.days":      pattern(daysForm, "mon,thu", "fri"),
		"counter.series":    func(p *jsonschema.Schema) { atLeastOne(p); asCodes(p) },
		"service.execution": enum(catalogue.Native, catalogue.FrontDesk, catalogue.HandOff),
		"service.minutes":   between(0, maxMinutes),
		"signIn.issuer":     pattern(issuerForm, "https://sso.contoh.go.id/realms/pegawai"),
		"signIn.client_id":  examples("pendopo-bangka"),
		"signIn.role":       enum(RoleOfficer, RoleAgencyAdmin),
		"signIn.domains": func(p *jsonschema.Schema) {
			atLeastOne(p)
			p.Items.Pattern = domainForm.String()
			p.UniqueItems = true
			p.Examples = []any{[]any{"contoh.go.id"}}
		},
		"signIn.second_factor": func(p *jsonschema.Schema) {
			p.UniqueItems = true
			p.Examples = []any{[]any{"mfa", "otp"}}
		},
		"standard.requirements": atLeastOne,
		"standard.procedure":    atLeastOne,
	}
})

func asCodes(p *jsonschema.Schema) { asCode(p.Items) }

// asCodeOrCodes takes one code, or a list of them.
func asCodeOrCodes(p *jsonschema.Schema) {
	one := &jsonschema.Schema{Type: "string"}
	asCode(one)
	p.Type, p.Items = "", nil
	p.AnyOf = append(one.AnyOf, &jsonschema.Schema{Type: "array", Items: one, UniqueItems: true})
	p.Examples = []any{"umum", []any{"umum", "keliling"}}
}

// atCounters takes counters as they are called in the whole region: venue/counter.
func atCounters(p *jsonschema.Schema) {
	p.Items.Pattern = `^[a-z0-9-]+/[a-z0-9-]+$`
	p.Examples = []any{[]any{"utama/3"}}
}
