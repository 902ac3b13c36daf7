package tenants

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Longest texts, in characters: a name or a sentence, and a paragraph of a service standard.
const (
	maxLine = 300
	maxText = 4000
	maxList = 2000 // entries of one list
)

// decode fills v (a pointer to a struct of the manifest) from the document's tree and reports everything
// that does not fit. We walk the tree ourselves because a decoder of the YAML package stops at the first
// mistake and forgets where the rest stood.
func (d *document) decode(v any) {
	d.value("", d.root, position{1, 1}, reflect.ValueOf(v).Elem())
}

// value decodes one node. key is where its key stands: an empty value has no place of its own.
func (d *document) value(path string, n ast.Node, key position, v reflect.Value) {
	d.at[path] = d.begin(n, key)
	if n == nil || n.Type() == ast.NullType {
		return // as if it were not there; the checker knows whether it may be missing
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(path, n, key, p.Elem())
		if !d.broken[path] {
			v.Set(p)
		}
	case reflect.Struct:
		d.fields(path, n, v)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[Codes]() {
			d.codes(path, n, v)
			return
		}
		d.list(path, n, v)
	case reflect.String:
		d.text(path, n, v)
	case reflect.Bool:
		d.boolean(path, n, v)
	case reflect.Int:
		d.number(path, n, v)
	default:
		panic(fmt.Sprintf("tenants: %s: no way to read a %s", path, v.Type()))
	}
}

// begin is where a person sees a node begin: a block mapping at its first key, everything else at its
// own sign. The parser hands out the colon for the former.
func (d *document) begin(n ast.Node, key position) position {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return key
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return place(n.Key.GetToken())
	}
	return place(n.GetToken())
}

// fields decodes a mapping into a struct.
func (d *document) fields(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.mismatch(path, n, say("di sini seharusnya beberapa isian \"kunci: isi\"", "this should be a group of \"key: value\" entries"), "")
		return
	}
	names := fieldNames(v.Type())
	first := map[string]position{}
	var meant []string
	for it := m.MapRange(); it.Next(); {
		keyNode := it.Key()
		name, at := keyText(keyNode), place(keyNode.GetToken())
		sub := join(path, name)
		index := slices.Index(names, name)
		if name == "" || index < 0 {
			suggestion := nearestKey(name, names)
			meant = append(meant, suggestion)
			d.reportAt(at, sub, RuleUnknownKey, name, suggestion,
				say("kunci %q tidak dikenal", "unknown key %q", shown(name)).meant(suggestion))
			continue
		}
		if before, again := first[name]; again {
			d.reportAt(at, sub, RuleDuplicateKey, name, "",
				say("kunci %q sudah ada di baris %d", "key %q is already on line %d", name, before.line))
			continue
		}
		first[name] = at
		d.keys[sub] = at
		d.value(sub, it.Value(), at, fieldByName(v, name))
	}
	for _, name := range meant {
		if _, given := first[name]; !given && name != "" {
			d.broken[join(path, name)] = true // it is there, under a wrong name: one mistake, one line
		}
	}
}

// list decodes a sequence.
func (d *document) list(path string, n ast.Node, v reflect.Value) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		suggestion := ""
		if text, isText := scalar(n); isText && v.Type().Elem().Kind() == reflect.String {
			suggestion = "[" + text + "]"
		}
		d.mismatch(path, n, say("di sini seharusnya daftar", "this should be a list"), suggestion)
		return
	}
	if len(s.Values) > maxList {
		d.unreadable(path, RuleTooLong, strconv.Itoa(len(s.Values)), "", say(
			"daftar ini memuat %d isian; paling banyak %d", "this list has %d entries; at most %d", len(s.Values), maxList))
		return
	}
	if len(s.Values) == 0 {
		return // nil and empty mean the same, and nil is what Write leaves out
	}
	out := reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values))
	for i, item := range s.Values {
		sub := fmt.Sprintf("%s[%d]", path, i)
		at := d.at[path]
		if item == nil || item.Type() == ast.NullType {
			if item != nil {
				at = place(item.GetToken())
			}
			d.at[sub] = at
			d.unreadable(sub, RuleRequired, "", "", say("isian daftar ini kosong; isi atau hapus", "this list entry is empty; fill it in or remove it"))
			continue
		}
		d.value(sub, item, at, out.Index(i))
	}
	v.Set(out)
}

// codes decodes one code or a list of them. The paths of one have no index, because it stands in no list.
func (d *document) codes(path string, n ast.Node, v reflect.Value) {
	if _, ok := n.(*ast.SequenceNode); ok {
		d.list(path, n, v)
		return
	}
	var one string
	if d.text(path, n, reflect.ValueOf(&one).Elem()); one != "" {
		v.Set(reflect.ValueOf(Codes{one}))
	}
}

// text decodes a scalar as it is written: a code such as 19.10 need not be quoted to stay 19.10.
func (d *document) text(path string, n ast.Node, v reflect.Value) {
	s, ok := scalar(n)
	if !ok {
		if b, isBool := n.(*ast.BoolNode); isBool {
			written := b.GetToken().Value
			d.unreadable(path, RuleType, written, strconv.Quote(written), say(
				"%[1]s dibaca sebagai benar/salah; bila maksud Anda teks, tulis %[1]q dengan tanda petik",
				"%[1]s is read as a truth value; if you mean text, write %[1]q with quotes", written))
			return
		}
		d.mismatch(path, n, say("di sini seharusnya teks", "this should be text"), "")
		return
	}
	most, lines := maxLine, strings.Contains(path, "standard.")
	if lines {
		most = maxText
	}
	for _, r := range s {
		if forbidden(r) || !lines && (r == '\n' || r == '\t') {
			w := say("teks ini memuat tanda yang tidak terlihat (U+%04X); hapus tanda itu", "this text holds an invisible sign (U+%04X); remove it", r)
			if r == '\n' {
				w = say("teks ini harus satu baris", "this text must be one line")
			}
			d.unreadable(path, RuleText, shown(s), "", w)
			return
		}
	}
	if count := len([]rune(s)); count > most {
		d.unreadable(path, RuleTooLong, shown(s), "", say(
			"teks ini %d huruf; paling banyak %d", "this text has %d characters; at most %d", count, most))
		return
	}
	v.SetString(s)
}

func (d *document) boolean(path string, n ast.Node, v reflect.Value) {
	if b, ok := n.(*ast.BoolNode); ok {
		v.SetBool(b.Value)
		return
	}
	suggestion := ""
	if s, ok := scalar(n); ok {
		switch strings.ToLower(s) {
		case "ya", "yes", "y", "on", "benar", "1":
			suggestion = "true"
		case "tidak", "no", "n", "off", "salah", "0":
			suggestion = "false"
		}
	}
	d.mismatch(path, n, say("tulis true atau false", "write true or false"), suggestion)
}

func (d *document) number(path string, n ast.Node, v reflect.Value) {
	s, ok := scalar(n)
	i, err := strconv.Atoi(s)
	// 0123 and +3 mean different numbers to different readers: only the plain form is taken.
	if !ok || err != nil || strconv.Itoa(i) != s || n.Type() != ast.IntegerType {
		suggestion := ""
		if digits := strings.TrimLeft(firstDigits(s), "0"); ok && digits != "" && len(digits) < 10 {
			suggestion = digits
		}
		if suggestion != "" && suggestion == s {
			d.unreadable(path, RuleType, s, suggestion, say("tulis %s tanpa tanda petik", "write %s without quotes", s))
			return
		}
		d.mismatch(path, n, say("di sini seharusnya bilangan bulat", "this should be a whole number"), suggestion)
		return
	}
	v.SetInt(int64(i))
}

func (d *document) mismatch(path string, n ast.Node, w words, suggestion string) {
	value := "[...]"
	switch n := n.(type) {
	case ast.MapNode:
		value = "{...}"
	case *ast.SequenceNode:
	default:
		if s, ok := scalar(n); ok {
			value = shown(s)
		} else {
			value = shown(n.GetToken().Value)
		}
	}
	d.unreadable(path, RuleType, value, suggestion, words{
		id: quoteScalar(value) + ": " + w.id, en: quoteScalar(value) + ": " + w.en,
	}.meant(suggestion))
}

func quoteScalar(value string) string {
	if value == "[...]" || value == "{...}" {
		return value
	}
	return strconv.Quote(value)
}

// scalar is the text of a node that may stand for text: words, and numbers as they are written. The
// truth values may not: "ya" is text and true is not.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		if n.Value == nil {
			return "", true
		}
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func keyText(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return strings.TrimSpace(n.GetToken().Value)
}

func firstDigits(s string) string {
	from := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if from < 0 {
		return ""
	}
	s = s[from:]
	if to := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }); to >= 0 {
		s = s[:to]
	}
	return s
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fieldNames lists the keys that a struct of the manifest takes, in order.
func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := yamlName(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func fieldByName(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if yamlName(v.Type().Field(i)) == name {
			return v.Field(i)
		}
	}
	panic("tenants: no field " + name)
}

// yamlName is a field's key, empty for one that stands in no file.
func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// translated are Indonesian words that people write where the manifest's key is English.
var translated = map[string]string{
	"kode": "code", "nama": "name", "zona_waktu": "timezone", "zona waktu": "timezone", "contoh": "example",
	"penyelenggara": "organiser", "organizer": "organiser", "kontak": "contact", "telepon": "phone",
	"surel": "email", "situs": "website", "pengaduan": "complaints", "warna": "colour", "color": "colour",
	"merek": "brand", "tampilan": "brand", "lokasi": "venues", "jenis": "kind", "alamat": "address",
	"kecamatan": "district", "jam": "hours", "hari": "days", "buka": "open", "tutup": "close",
	"zona": "zones", "tempat": "place", "libur": "closures", "penutupan": "closures", "dari": "from",
	"sampai": "to", "alasan": "reason", "petugas": "staff", "pegawai": "staff", "peran": "role",
	"instansi": "agency", "loket": "counters", "seri": "series", "layanan": "services", "kuota": "quota",
	"awalan": "prefix", "menit": "minutes", "sistem": "system", "standar": "standard", "kata": "words",
	"persyaratan": "requirements", "prosedur": "procedure", "waktu": "time", "biaya": "fee", "tarif": "fee",
	"produk": "product", "penerbit": "issuer", "domain": "domains", "masuk": "sign_in", "klien": "client_id", "langkah_kedua": "second_factor", "singkatan": "short", "ikon": "icon", "pelaksanaan": "execution",
}

// nearestKey is the key that a wrong one most probably means; empty when nothing is near.
func nearestKey(name string, names []string) string {
	if t, ok := translated[strings.ToLower(name)]; ok && slices.Contains(names, t) {
		return t
	}
	best, _ := nearestOf(name, names)
	return best
}
