package tenants

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The emitter is ours because a manifest is read by people: keys in the order of the types, short
// entries on one line, quotes only where YAML would read something else, and a word of explanation above
// each part. What it writes it reads back (see Write), so a mistake here cannot leave the house.

// emitter writes one file.
type emitter struct {
	b        strings.Builder
	comments map[string]string // path without indexes -> line above
}

const (
	maxFlow    = 140 // characters of an entry on one line
	indentStep = "  "
)

var regionComments = map[string]string{
	"contact":  "Cara warga menghubungi MPP.",
	"brand":    "Satu warna; warna lain diturunkan darinya.",
	"venues":   "Lokasi: kantor, tempat bersama, ruko, kendaraan, atau digital.",
	"closures": "Hari tutup, menurut tanggal setempat.",
	"security": "Peran yang harus memakai langkah kedua saat masuk; admin selalu harus.",
	"staff":    "Yang dapat masuk. Kata sandi tidak pernah ditulis di sini.",
}

var agencyComments = map[string]string{
	"series":   "Seri nomor antrean. Awalan tidak boleh sama di satu lokasi.",
	"counters": "Loket dan seri yang dipanggilnya.",
	"services": "Layanan. Yang kosong diambil dari katalog nasional.",
	"sign_in":  "Penyedia identitas instansi sendiri. Rahasia kliennya tidak ditulis di sini: pendopo tenant sign-in.",
}

// encodeRegion gives the text of region.yaml.
func encodeRegion(r *Region) []byte {
	e := emitter{comments: regionComments}
	e.line(0, "# "+r.Seat().Name+": penyelenggara, lokasi, jam buka, dan petugas.")
	e.line(0, "# Arti setiap kunci: pendopo tenant schema")
	e.mapping(0, "", reflect.ValueOf(*r))
	return []byte(e.b.String())
}

// encodeAgency gives the text of one agency's file.
func encodeAgency(a *Agency) []byte {
	e := emitter{comments: agencyComments}
	e.mapping(0, "", reflect.ValueOf(*a))
	return []byte(e.b.String())
}

func (e *emitter) line(depth int, text string) {
	e.b.WriteString(strings.Repeat(indentStep, depth) + text + "\n")
}

// mapping writes a struct's fields as lines at a depth.
func (e *emitter) mapping(depth int, path string, v reflect.Value) {
	for _, f := range emitted(v) {
		sub := join(path, f.name)
		if comment := e.comments[sub]; comment != "" {
			e.b.WriteString("\n")
			e.line(depth, "# "+comment)
		}
		e.field(depth, sub, f.name, f.value)
	}
}

func (e *emitter) field(depth int, path, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		e.field(depth, path, name, v.Elem())
	case reflect.Struct:
		if len(emitted(v)) == 0 {
			e.line(depth, name+": {}")
			return
		}
		e.line(depth, name+":")
		e.mapping(depth+1, path, v)
	case reflect.Slice:
		if isOne(v) {
			e.line(depth, name+": "+plain(v.Index(0), false))
			return
		}
		e.list(depth, path, name, v)
	default:
		e.line(depth, name+": "+plain(v, false))
	}
}

// isOne tells codes that are one, which stands without brackets.
func isOne(v reflect.Value) bool { return v.Type() == reflect.TypeFor[Codes]() && v.Len() == 1 }

func (e *emitter) list(depth int, path, name string, v reflect.Value) {
	if v.Len() == 0 {
		e.line(depth, name+": []")
		return
	}
	if one := flow(v); v.Type().Elem().Kind() == reflect.String && len(one) <= maxFlow && !strings.Contains(path, "standard.") {
		e.line(depth, name+": "+one)
		return
	}
	e.line(depth, name+":")
	for i := range v.Len() {
		item := v.Index(i)
		if item.Kind() != reflect.Struct {
			e.line(depth+1, "- "+plain(item, false))
			continue
		}
		if one := flow(item); oneLine[item.Type()] && len(one) <= maxFlow {
			e.line(depth+1, "- "+one)
			continue
		}
		// The first key stands behind the dash, the others below it.
		inner := emitter{}
		inner.mapping(0, path, item)
		for j, text := range strings.Split(strings.TrimSuffix(inner.b.String(), "\n"), "\n") {
			if j == 0 {
				e.line(depth+1, "- "+text)
			} else {
				e.line(depth+2, text)
			}
		}
	}
}

// oneLine are the entries that read best on one line.
var oneLine = map[reflect.Type]bool{
	reflect.TypeFor[Hours](): true, reflect.TypeFor[Zone](): true, reflect.TypeFor[Closure](): true,
	reflect.TypeFor[Series](): true, reflect.TypeFor[Counter](): true, reflect.TypeFor[Person](): true,
	reflect.TypeFor[Post]():    true,
	reflect.TypeFor[Service](): true,
}

type emittedField struct {
	name  string
	value reflect.Value
}

// emitted lists the fields to write: all but those that are empty and may be left out.
func emitted(v reflect.Value) []emittedField {
	var out []emittedField
	for i := range v.NumField() {
		name := yamlName(v.Type().Field(i))
		_, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		empty := v.Field(i).IsZero() || v.Field(i).Kind() == reflect.Slice && v.Field(i).Len() == 0
		if name == "" || empty && strings.Contains(options, "omitempty") {
			continue
		}
		out = append(out, emittedField{name, v.Field(i)})
	}
	return out
}

// flow writes a value on one line: {days: mon-thu, open: "08:00"}, [a, b]. A nested pointer has no such
// form and gives a line that is too long to be used.
func flow(v reflect.Value) string {
	var parts []string
	switch v.Kind() {
	case reflect.Pointer:
		return strings.Repeat("x", maxFlow+1)
	case reflect.Slice:
		if isOne(v) {
			return flow(v.Index(0))
		}
		for i := range v.Len() {
			parts = append(parts, flow(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Struct:
		for _, f := range emitted(v) {
			parts = append(parts, f.name+": "+flow(f.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return plain(v, true)
}

var (
	bareText = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9 _./()&,;@+'-]*[A-Za-z0-9_./)])?$`)
	reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
)

// plain writes a scalar, in quotes unless YAML can read it as nothing but the same text. inFlow is true
// within brackets, where a comma ends the text.
func plain(v reflect.Value, inFlow bool) string {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.String:
	default:
		panic(fmt.Sprintf("tenants: no way to write a %s", v.Type()))
	}
	s := v.String()
	if bareText.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) && (!inFlow || !strings.Contains(s, ",")) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
