package tenants

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// A crest is drawn into pages of every citizen, so it may hold a drawing and nothing else. What is not
// listed here is refused, not removed: a crest that silently lost its text or its shadow would go
// unnoticed until the inauguration.
var (
	logoElements = []string{
		"svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline",
		"polygon", "linearGradient", "radialGradient", "stop", "clipPath", "mask",
	}
	logoAttributes = []string{
		"viewBox", "preserveAspectRatio", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy",
		"r", "rx", "ry", "fx", "fy", "d", "points", "transform", "fill", "fill-rule", "fill-opacity",
		"stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
		"stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity", "clip-path", "clip-rule",
		"clipPathUnits", "mask", "maskUnits", "maskContentUnits", "gradientUnits", "gradientTransform",
		"spreadMethod", "offset", "stop-color", "stop-opacity", "color",
	}
	// Harmless and of no effect here: left out without a word.
	logoIgnored = []string{"version", "baseProfile", "enable-background", "class", "role", "focusable", "data-name"}

	logoFunctions = []string{
		"rgb", "rgba", "hsl", "hsla", "url", "matrix", "translate", "scale", "rotate", "skewX", "skewY",
	}
)

const (
	svgSpace    = "http://www.w3.org/2000/svg"
	xlinkSpace  = "http://www.w3.org/1999/xlink"
	xmlSpace    = "http://www.w3.org/XML/1998/namespace"
	logoPrefix  = "logo-" // keeps a crest's ids apart from the page's
	maxLogoTags = 2000
	maxLogoDeep = 32
)

var (
	logoValue    = regexp.MustCompile(`^[A-Za-z0-9\s#.,()%+_-]*$`) // no quotes, colons, slashes or CSS escapes
	logoFunction = regexp.MustCompile(`([A-Za-z][A-Za-z-]*)\s*\(`)
	logoURL      = regexp.MustCompile(`^url\(#([A-Za-z_][A-Za-z0-9_.-]*)\)$`)
	logoHref     = regexp.MustCompile(`^#([A-Za-z_][A-Za-z0-9_.-]*)$`)
	logoID       = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	logoViewBox  = regexp.MustCompile(`^-?[0-9.]+[\s,]+-?[0-9.]+[\s,]+[0-9.]+[\s,]+[0-9.]+$`)
)

// logoTag is one element of a crest.
type logoTag struct {
	name     string
	attrs    [][2]string
	id       string
	text     string // of title and desc
	refused  bool   // what stands in it is not told as well
	children []*logoTag
}

// logoReader reads a crest and notes everything in it that is refused.
type logoReader struct {
	text  []byte
	doc   *document
	tags  int
	ids   map[string]*logoTag
	refs  map[string]int // id -> where it is used, as an offset
	order []string       // of refs, for a stable order of problems
}

// readLogo checks an SVG and gives it back in one plain form: no comments, no spaces between elements,
// ids of its own. Reading that form again gives the same text. It reports to doc what it refuses and
// then gives "".
func readLogo(text []byte, doc *document) string {
	text = unixLines(trimBOM(text))
	if at, w, bad := badText(text); bad {
		doc.reportAt(at, "", RuleLogo, "", "", w)
		return ""
	}
	r := &logoReader{text: text, doc: doc, ids: map[string]*logoTag{}, refs: map[string]int{}}
	fine := true
	doc.sink = counting(doc.sink, &fine)
	root := r.read()
	for _, id := range r.order {
		if r.ids[id] == nil {
			r.refuse(r.refs[id], "", id, say("rujukan ke %q, tetapi tidak ada bagian dengan id itu", "refers to %q, but nothing has that id", id))
		}
	}
	if root == nil || !fine {
		return ""
	}
	var b strings.Builder
	r.write(&b, root, true)
	return b.String()
}

// counting passes problems on and notes that there was one.
func counting(sink func(Problem), fine *bool) func(Problem) {
	return func(p Problem) {
		*fine = false
		sink(p)
	}
}

func (r *logoReader) refuse(offset int, path, value string, w words) {
	r.doc.reportAt(positionAt(r.text, offset), path, RuleLogo, value, "", w)
}

// read walks the XML. It goes on after what it refuses, so that one run lists everything.
func (r *logoReader) read() *logoTag {
	dec := xml.NewDecoder(bytes.NewReader(r.text))
	var root *logoTag
	var open []*logoTag
	for {
		start := int(dec.InputOffset())
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var se *xml.SyntaxError
			message := err.Error()
			if errors.As(err, &se) {
				message = se.Msg
			}
			r.refuse(int(dec.InputOffset()), "", "", words{
				"SVG tidak dapat dibaca di sini (" + message + ")", "the SVG cannot be read here: " + message,
			})
			return nil
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			var parent *logoTag
			if n := len(open); n > 0 {
				parent = open[n-1]
			}
			tag := r.element(tok, start, int(dec.InputOffset()), len(open), parent)
			if r.tags > maxLogoTags || len(open) > maxLogoDeep {
				r.refuse(start, "", "", say("gambar ini terlalu rumit: paling banyak %d bagian, %d tingkat",
					"this drawing is too complex: at most %d elements, %d levels", maxLogoTags, maxLogoDeep))
				return nil
			}
			if parent != nil {
				parent.children = append(parent.children, tag)
			} else {
				root = tag
			}
			open = append(open, tag)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			r.charData(string(tok), start, open)
		case xml.Directive:
			r.refuse(start, "", "", say("hapus baris <!DOCTYPE ...>", "remove the <!DOCTYPE ...> line"))
		case xml.ProcInst:
			if tok.Target != "xml" {
				r.refuse(start, "", tok.Target, say("hapus baris <?%s ...?>", "remove the <?%s ...?> line", tok.Target))
			}
		}
	}
	if root == nil {
		r.refuse(0, "", "", say("berkas ini tidak memuat gambar SVG", "this file holds no SVG drawing"))
	}
	return root
}

func (r *logoReader) charData(text string, start int, open []*logoTag) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if n := len(open); n > 0 {
		in := open[n-1]
		if in.refused {
			return
		}
		if in.name == "title" || in.name == "desc" {
			in.text += text
			return
		}
	}
	r.refuse(start, "", shown(strings.TrimSpace(text)), say(
		"teks %q di luar <title>; ubah huruf menjadi bentuk (path) lebih dahulu",
		"text %q outside <title>; convert letters to paths first", shown(strings.TrimSpace(text))))
}

// element checks one start tag, which stands in text[start:end].
func (r *logoReader) element(e xml.StartElement, start, end, depth int, parent *logoTag) *logoTag {
	r.tags++
	tag := &logoTag{name: e.Name.Local}
	switch {
	case depth == 0 && (e.Name.Local != "svg" || e.Name.Space != svgSpace):
		r.refuse(start, "", e.Name.Local, say(
			"gambar harus diawali <svg xmlns=%q>", "the drawing must begin with <svg xmlns=%q>", svgSpace))
	case parent != nil && parent.refused:
		tag.refused = true
		return tag
	case parent != nil && (parent.name == "title" || parent.name == "desc"):
		r.refuse(start, "", e.Name.Local, say("<%s> memuat teks saja", "<%s> holds text only", parent.name))
		tag.refused = true
		return tag
	case depth > 0 && e.Name.Local == "svg", e.Name.Space != svgSpace, !slices.Contains(logoElements, e.Name.Local):
		near, _ := nearestOf(e.Name.Local, logoElements)
		if near == e.Name.Local {
			near = ""
		}
		r.refuse(start, "", e.Name.Local, say(
			"<%s> tidak boleh ada dalam lambang; simpan sebagai \"SVG polos\" dan hapus bagian ini",
			"<%s> is not allowed in a crest; save as \"plain SVG\" and remove this part", e.Name.Local).meant(near))
		tag.refused = true
		return tag
	}
	at := attributeOffsets(r.text[start:end])
	hasViewBox := false
	for i, a := range e.Attr {
		offset := start
		if i < len(at) {
			offset += at[i]
		}
		hasViewBox = hasViewBox || a.Name.Local == "viewBox" && logoViewBox.MatchString(strings.TrimSpace(a.Value))
		r.attribute(tag, a, offset)
	}
	if depth == 0 && !hasViewBox && e.Name.Local == "svg" {
		r.refuse(start, "", "", say("<svg> memerlukan viewBox, misalnya viewBox=\"0 0 40 40\"",
			"<svg> needs a viewBox, for example viewBox=\"0 0 40 40\""))
	}
	return tag
}

func (r *logoReader) attribute(tag *logoTag, a xml.Attr, offset int) {
	name, value := a.Name.Local, strings.Join(strings.Fields(a.Value), " ")
	switch {
	case a.Name.Space == "" && name == "xmlns", a.Name.Space == "xmlns", a.Name.Space == xmlSpace && name == "space":
		return
	case a.Name.Space == "" && (slices.Contains(logoIgnored, name) || strings.HasPrefix(name, "aria-")):
		return
	case a.Name.Space == "" && name == "id":
		r.identify(tag, value, offset)
		return
	case name == "href" && (a.Name.Space == "" || a.Name.Space == xlinkSpace):
		m := logoHref.FindStringSubmatch(value)
		if m == nil || !strings.HasSuffix(tag.name, "Gradient") {
			r.refuse(offset, "", shown(a.Value), say(
				"%q: lambang tidak boleh merujuk ke luar berkasnya; hapus atribut %s",
				"%q: a crest may not refer outside its file; remove the attribute %s", shown(a.Value), name))
			return
		}
		tag.attrs = append(tag.attrs, [2]string{"href", r.refer(m[1], offset)})
		return
	case a.Name.Space != "" || !slices.Contains(logoAttributes, name):
		r.refuse(offset, "", name, logoAttributeWords(name))
		return
	}
	if slices.ContainsFunc(tag.attrs, func(o [2]string) bool { return o[0] == name }) {
		r.refuse(offset, "", name, say("atribut %s ditulis dua kali", "the attribute %s is there twice", name))
		return
	}
	if strings.Contains(strings.ToLower(value), "url") {
		m := logoURL.FindStringSubmatch(value)
		if m == nil {
			r.refuse(offset, "", shown(a.Value), say("%s=%q: lambang tidak boleh merujuk ke luar berkasnya",
				"%s=%q: a crest may not refer outside its file", name, shown(a.Value)))
			return
		}
		tag.attrs = append(tag.attrs, [2]string{name, "url(" + r.refer(m[1], offset) + ")"})
		return
	}
	if !logoValue.MatchString(value) {
		r.refuse(offset, "", shown(a.Value), say("%s=%q memuat tanda yang tidak boleh ada dalam lambang",
			"%s=%q holds signs that are not allowed in a crest", name, shown(a.Value)))
		return
	}
	for _, f := range logoFunction.FindAllStringSubmatch(value, -1) {
		if !slices.Contains(logoFunctions, f[1]) {
			r.refuse(offset, "", shown(a.Value), say("%s=%q: %s(...) tidak boleh ada dalam lambang",
				"%s=%q: %s(...) is not allowed in a crest", name, shown(a.Value), f[1]))
			return
		}
	}
	tag.attrs = append(tag.attrs, [2]string{name, value})
}

func logoAttributeWords(name string) words {
	switch {
	case name == "style":
		return say("atribut style tidak boleh ada dalam lambang; pindahkan isinya ke atribut tersendiri, misalnya fill=\"#8a1538\"",
			"the attribute style is not allowed in a crest; move its values to attributes, such as fill=\"#8a1538\"")
	case strings.HasPrefix(strings.ToLower(name), "on"):
		return say("atribut %s menjalankan skrip; hapus", "the attribute %s runs a script; remove it", name)
	}
	return say("atribut %s tidak boleh ada dalam lambang; simpan sebagai \"SVG polos\" dan hapus atribut ini",
		"the attribute %s is not allowed in a crest; save as \"plain SVG\" and remove it", name)
}

func (r *logoReader) identify(tag *logoTag, id string, offset int) {
	own := logoPrefix + strings.TrimPrefix(id, logoPrefix)
	switch {
	case !logoID.MatchString(id):
		r.refuse(offset, "", shown(id), say("id %q bukan nama yang sah", "id %q is not a valid name", shown(id)))
	case r.ids[own] != nil:
		r.refuse(offset, "", id, say("id %q sudah dipakai", "id %q is used already", id))
	default:
		r.ids[own], tag.id = tag, own
	}
}

// refer notes a use of an id and gives it as the plain form writes it.
func (r *logoReader) refer(id string, offset int) string {
	own := logoPrefix + strings.TrimPrefix(id, logoPrefix)
	if _, seen := r.refs[own]; !seen {
		r.refs[own] = offset
		r.order = append(r.order, own)
	}
	return "#" + own
}

func (r *logoReader) write(b *strings.Builder, tag *logoTag, root bool) {
	b.WriteString("<" + tag.name)
	if root {
		b.WriteString(` xmlns="` + svgSpace + `"`)
	}
	if _, used := r.refs[tag.id]; used && tag.id != "" {
		b.WriteString(` id="` + tag.id + `"`)
	}
	for _, a := range tag.attrs {
		b.WriteString(" " + a[0] + `="` + a[1] + `"`) // logoValue leaves nothing to escape
	}
	text := strings.Join(strings.Fields(tag.text), " ")
	if text == "" && len(tag.children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	_ = xml.EscapeText(b, []byte(text))
	for _, c := range tag.children {
		r.write(b, c, false)
	}
	b.WriteString("</" + tag.name + ">")
}

// attributeOffsets finds where the attributes of a start tag begin, in order. encoding/xml does not
// tell; the tag is well formed, since it has read it.
func attributeOffsets(tag []byte) []int {
	var at []int
	i := bytes.IndexAny(tag, " \t\r\n/>")
	for i >= 0 && i < len(tag) {
		switch c := tag[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '/' || c == '>':
			i++
		default:
			at = append(at, i)
			quote := bytes.IndexAny(tag[i:], `"'`)
			if quote < 0 {
				return at
			}
			i += quote
			end := bytes.IndexByte(tag[i+1:], tag[i])
			if end < 0 {
				return at
			}
			i += end + 2
		}
	}
	return at
}

// positionAt turns a byte offset into a line and a column.
func positionAt(text []byte, offset int) position {
	before := text[:min(max(offset, 0), len(text))]
	line := bytes.Count(before, []byte("\n"))
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i+1:]
	}
	return position{line + 1, len([]rune(string(before))) + 1}
}

// ReadLogo checks a crest by itself, as Load does a folder's: svg is the plain form that a manifest keeps, and "" where
// something in the drawing is refused. Places are those of the text that was given.
func ReadLogo(text []byte) (svg string, problems Problems) {
	var c collector
	if len(text) > maxLogo {
		w := say("berkas ini lebih dari %d KiB", "this file is larger than %d KiB", maxLogo>>10)
		c.add(Problem{File: logoFile, Rule: RuleFile, Message: w.id, MessageEN: w.en})
		return "", c.done()
	}
	svg = readLogo(text, newDocument(logoFile, c.add))
	return svg, c.done()
}
